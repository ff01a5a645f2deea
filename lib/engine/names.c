/* SPDX-License-Identifier: MIT */
#include "engine/names.h"

#include "engine/actions.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const events[HAG_EV_MAX] = {
    [HAG_EV_SUSPECT] = "suspect",
    [HAG_EV_DOWN] = "down",
    [HAG_EV_UP] = "up",
    [HAG_EV_SERVING] = "serving",
    [HAG_EV_COMMIT] = "commit",
    [HAG_EV_FENCE] = "fence",
    [HAG_EV_DETACH] = "detach",
    [HAG_EV_QUIESCE] = "quiesce",
    [HAG_EV_UNQUIESCE] = "unquiesce",
    [HAG_EV_ELECT] = "elect",
    [HAG_EV_PROMOTE] = "promote",
    [HAG_EV_FOLLOW] = "follow",
    [HAG_EV_DISCONNECT] = "disconnect",
    [HAG_EV_ENDPOINT] = "endpoint",
    [HAG_EV_BEGIN] = "begin",
    [HAG_EV_END] = "end",
    [HAG_EV_ABORT] = "abort",
    [HAG_EV_ALERT] = "alert",
    [HAG_EV_CLEARED] = "cleared",
    [HAG_EV_REFUSED] = "refused",
    [HAG_EV_VETO] = "veto",
    [HAG_EV_HOLD] = "hold",
    [HAG_EV_STORM] = "storm",
    [HAG_EV_CONFLICT] = "conflict",
    [HAG_EV_RESUMED] = "resumed",
    [HAG_EV_PRIMARY] = "primary",
    [HAG_EV_ADMIT] = "admit",
    [HAG_EV_IDENTITY] = "identity",
    [HAG_EV_FAILED] = "failed",
    [HAG_EV_STALLED] = "stalled",
    [HAG_EV_UNHANDLED] = "unhandled",
    [HAG_EV_LOST] = "lost",
    [HAG_EV_PAUSE] = "pause",
    [HAG_EV_UNFENCE] = "unfence",
};

static const char *const alerts[HAG_ALERT_MAX] = {
    [HAG_ALERT_DENIED] = "denied",
    [HAG_ALERT_ROLE_MISMATCH] = "role-mismatch",
    [HAG_ALERT_REPLICATION_MISMATCH] = "replication-mismatch",
    [HAG_ALERT_TWO_PRIMARIES] = "two-primaries",
    [HAG_ALERT_CYCLE] = "cycle",
    [HAG_ALERT_READONLY] = "readonly",
    [HAG_ALERT_CONTROL_LOST] = "control-lost",
    [HAG_ALERT_NO_CANDIDATE] = "no-candidate",
    [HAG_ALERT_SEEN_BY_OTHERS] = "seen-by-others",
    [HAG_ALERT_PAUSED_UNHEALTHY] = "paused-unhealthy",
    [HAG_ALERT_NAME_STALE] = "name-stale",
    [HAG_ALERT_CONFLICT] = "conflict",
    [HAG_ALERT_ADVISING] = "advising",
    [HAG_ALERT_COMMIT_FAILED] = "commit-failed",
    [HAG_ALERT_UNKNOWN_NODE] = "unknown-node",
    [HAG_ALERT_GUARD_BLIND] = "guard-blind",
    [HAG_ALERT_ALONE] = "alone",
    [HAG_ALERT_FENCE_UNCONFIRMED] = "fence-unconfirmed",
    [HAG_ALERT_HELD] = "held",
};

static const char *const verdicts[] = {
    [HAG_VERDICT_UNKNOWN] = "unknown",
    [HAG_VERDICT_UP] = "up",
    [HAG_VERDICT_SUSPECT] = "suspect",
    [HAG_VERDICT_DOWN] = "down",
};

static const char *const kinds[] = {
    [HAG_KIND_NONE] = "none",
    [HAG_KIND_GONE] = "gone",
    [HAG_KIND_FROZEN] = "frozen",
    [HAG_KIND_SILENT] = "silent",
    [HAG_KIND_REFUSING] = "refusing",
    [HAG_KIND_NOT_SERVING] = "not-serving",
    [HAG_KIND_CONTROL_LOST] = "control-lost",
};

static const char *const states[] = {
    [HAG_STATE_OBSERVING] = "observing", [HAG_STATE_HEALTHY] = "healthy",
    [HAG_STATE_DEGRADED] = "degraded",   [HAG_STATE_SUSPECT] = "suspect",
    [HAG_STATE_FAILOVER] = "failover",   [HAG_STATE_SWITCHOVER] = "switchover",
    [HAG_STATE_RESTORE] = "restore",     [HAG_STATE_PAUSED] = "paused",
    [HAG_STATE_CONFLICT] = "conflict",   [HAG_STATE_LOST] = "lost",
};

static const char *const procedures[] = {
    [HAG_PROC_NONE] = "none",
    [HAG_PROC_FAILOVER] = "failover",
    [HAG_PROC_RESTORE] = "restore",
    [HAG_PROC_SWITCHOVER] = "switchover",
    [HAG_PROC_REPLACEMENT] = "replacement",
    [HAG_PROC_REJOIN] = "rejoin",
    [HAG_PROC_RESTART] = "restart",
    [HAG_PROC_PLANCHANGE] = "plan-change",
    [HAG_PROC_SLOTS] = "slots",
    [HAG_PROC_BACKUP] = "backup",
    [HAG_PROC_SAFEGUARD] = "safeguard",
};

static const char *const probes[] = {
    [HAG_PROBE_OK] = "ok",
    [HAG_PROBE_NOT_SERVING] = "not-serving",
    [HAG_PROBE_DENIED] = "denied",
    [HAG_PROBE_REFUSED] = "refused",
    [HAG_PROBE_UNREACHABLE] = "unreachable",
    [HAG_PROBE_TIMEOUT] = "timeout",
    [HAG_PROBE_GARBLED] = "garbled",
    [HAG_PROBE_NONE] = "none",
};

static const char *const roles[] = {
    [HAG_ROLE_UNKNOWN] = "unknown",
    [HAG_ROLE_PRIMARY] = "primary",
    [HAG_ROLE_STANDBY] = "standby",
};

static const char *const outcomes[] = {
    [HAG_RES_OK] = "ok",
    [HAG_RES_FAIL] = "fail",
    [HAG_RES_UNKNOWN] = "unknown",
};

static const char *const fences[] = {
    [HAG_FENCE_NONE] = "none",
    [HAG_FENCE_SOFT] = "soft",
    [HAG_FENCE_DEMOTED] = "demoted",
    [HAG_FENCE_OFF] = "off",
};

static const char *const endpoints[] = {
    [HAG_ENDPOINT_PRIMARY] = "primary",
    [HAG_ENDPOINT_REPLICA] = "replica",
};

static const char *const severities[] = {
    [HAG_SEVERITY_INFO] = "info",
    [HAG_SEVERITY_NOTICE] = "notice",
    [HAG_SEVERITY_WARNING] = "warning",
    [HAG_SEVERITY_ALARM] = "alarm",
};

/* Actions and reasons have tables of their own. */
static const struct {
    const char *const *names;
    uint32_t n;
} tables[] = {
    [HAG_NAMES_EVENT] = {events, COUNT(events)},
    [HAG_NAMES_ALERT] = {alerts, COUNT(alerts)},
    [HAG_NAMES_VERDICT] = {verdicts, COUNT(verdicts)},
    [HAG_NAMES_KIND] = {kinds, COUNT(kinds)},
    [HAG_NAMES_STATE] = {states, COUNT(states)},
    [HAG_NAMES_PROCEDURE] = {procedures, COUNT(procedures)},
    [HAG_NAMES_PROBE] = {probes, COUNT(probes)},
    [HAG_NAMES_ROLE] = {roles, COUNT(roles)},
    [HAG_NAMES_OUTCOME] = {outcomes, COUNT(outcomes)},
    [HAG_NAMES_FENCE] = {fences, COUNT(fences)},
    [HAG_NAMES_ENDPOINT] = {endpoints, COUNT(endpoints)},
    [HAG_NAMES_SEVERITY] = {severities, COUNT(severities)},
};

const char *hag_name(uint32_t names, uint32_t value)
{
    if (names == HAG_NAMES_ACTION) {
        const struct hag__action_row *row = hag__action(value);

        return row ? row->name : NULL;
    }
    if (names == HAG_NAMES_WHY)
        return hag__why_name(value);
    if (names >= COUNT(tables) || value >= tables[names].n)
        return NULL;
    return tables[names].names[value];
}

const char *hag__name(uint32_t names, uint32_t value)
{
    const char *name = hag_name(names, value);

    return name ? name : "?";
}

static const char *const errors[] = {
    [-HAG_OK] = "no error",
    [-HAG_ERR_INVAL] = "an argument is malformed",
    [-HAG_ERR_NOMEM] = "out of memory: the allocator refused",
    [-HAG_ERR_BAD_HANDLE] = "not a handle of this kind",
    [-HAG_ERR_STALE] = "the object or the op is gone",
    [-HAG_ERR_EXISTS] = "the name or address is taken",
    [-HAG_ERR_NOT_FOUND] = "nothing of that name",
    [-HAG_ERR_BUSY] = "not from inside a hook, or not at this moment",
    [-HAG_ERR_RANGE] = "a number is outside its bounds",
    [-HAG_ERR_LIMIT] = "a fixed limit is reached",
    [-HAG_ERR_ABI] = "a struct or a plugin of another ABI",
    [-HAG_ERR_PLUGIN] = "the plugin could not be loaded or opened",
    [-HAG_ERR_UNSUPPORTED] = "not built in, or handled by nobody",
    [-HAG_ERR_REFUSED] = "preconditions failed; the answer lists them",
    [-HAG_ERR_DAMAGED] = "the bytes of a record are not what was written",
    [-HAG_ERR_CONFLICT] = "settings contradict each other",
};

const char *hag_strerror(int32_t err)
{
    if (err > 0 || err <= -(int32_t)COUNT(errors))
        return "not an error code of haguard";
    return errors[-err];
}

uint32_t hag_version(void)
{
    return HAG_VERSION_NUM;
}
