/* SPDX-License-Identifier: MIT */
#include "sim/replay.h"

#include <stdarg.h>
#include <stdio.h>

/* Entries in words, for whoever looks for the first difference. */

static const char *const names[HAG__CALL_MAX] = {
    [HAG__CALL_START] = "the beginning",
    [HAG__CALL_STOPPED] = "the end of the recording",
    [HAG__CALL_CLOCK] = "the time of day",
    [HAG__CALL_TIME] = "time passes",
    [HAG__CALL_ADVANCE] = "hag_advance",
    [HAG__CALL_DISPATCH] = "hag_dispatch",
    [HAG__CALL_NEXT] = "hag_next_action",
    [HAG__CALL_NOTHING] = "no action",
    [HAG__CALL_END] = "no further action",
    [HAG__CALL_PLUGIN_TICK] = "a plugin's timer",
    [HAG__CALL_COMPLETE] = "hag_op_complete",
    [HAG__CALL_COMPLETE_PROBE] = "hag_op_complete of a probe",
    [HAG__CALL_COMPLETE_USUAL] = "hag_op_complete of a probe",
    [HAG__CALL_SETTLE] = "hag_op_complete, refused",
    [HAG__CALL_PROGRESS] = "hag_op_progress",
    [HAG__CALL_PLUGIN_PROGRESS] = "progress, by a plugin",
    [HAG__CALL_PLUGIN_WAKE] = "wake, by a plugin",
    [HAG__CALL_PLUGIN_ADD] = "hag_plugin_add",
    [HAG__CALL_PLUGIN_REMOVE] = "hag_plugin_remove",
    [HAG__CALL_FD_READY] = "hag_fd_ready",
    [HAG__CALL_HANDLES] = "hag_handles",
    [HAG__CALL_SET_HOOK] = "hag_set_hook",
    [HAG__CALL_GUARD_POLICY] = "hag_guard_set_policy",
    [HAG__CALL_POLICY_NEW] = "hag_policy_new",
    [HAG__CALL_POLICY_FREE] = "hag_policy_free",
    [HAG__CALL_POLICY_SET] = "hag_policy_set",
    [HAG__CALL_POLICY_TEXT] = "hag_policy_set_text",
    [HAG__CALL_CLUSTER_ADD] = "hag_cluster_add",
    [HAG__CALL_CLUSTER_REMOVE] = "hag_cluster_remove",
    [HAG__CALL_CLUSTER_RESTORE] = "hag_cluster_restore",
    [HAG__CALL_CLUSTER_BIND] = "hag_cluster_bind",
    [HAG__CALL_CLUSTER_UNBIND] = "hag_cluster_unbind",
    [HAG__CALL_CLUSTER_POLICY] = "hag_cluster_set_policy",
    [HAG__CALL_CLUSTER_ZONE] = "hag_cluster_prefer_zone",
    [HAG__CALL_CLUSTER_PAUSE] = "hag_cluster_pause",
    [HAG__CALL_CLUSTER_RESUME] = "hag_cluster_resume",
    [HAG__CALL_CLUSTER_CONFIRM] = "hag_cluster_confirm",
    [HAG__CALL_NODE_ADD] = "hag_node_add",
    [HAG__CALL_NODE_REMOVE] = "hag_node_remove",
    [HAG__CALL_NODE_SET] = "hag_node_set",
    [HAG__CALL_NODE_PROBE] = "hag_node_probe",
    [HAG__CALL_SOURCE_ADD] = "hag_source_add",
    [HAG__CALL_SOURCE_REMOVE] = "hag_source_remove",
    [HAG__CALL_OBSERVE] = "hag_observe",
};

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at, t->left, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= t->left)
        n = (int)t->left - 1;
    t->at += n;
    t->left -= (size_t)n;
}

static const char *name_of(const struct replay *r, int of, uint64_t handle)
{
    uint32_t index = (uint32_t)(handle & 0xffffffu);

    if (index >= r->nnames[of] || r->names[of][index].name == NULL)
        return NULL;
    return r->names[of][index].handle == handle ? r->names[of][index].name : NULL;
}

static void put_whom(const struct replay *r, struct text *t, const uint64_t *n)
{
    const char *node = name_of(r, REPLAY_NODES, n[HAG__TAKEN_NODE]);
    const char *target = name_of(r, REPLAY_NODES, n[HAG__TAKEN_TARGET]);
    const char *cluster = name_of(r, REPLAY_CLUSTERS, n[HAG__TAKEN_CLUSTER]);

    if (node != NULL)
        put(t, " %s", node);
    if (target != NULL)
        put(t, " to %s", target);
    if (cluster != NULL)
        put(t, " in %s", cluster);
}

static const char *known(uint32_t names_of, uint64_t value)
{
    const char *s = value <= UINT32_MAX ? hag_name(names_of, (uint32_t)value) : NULL;

    return s != NULL ? s : "unknown";
}

static void put_action(const struct replay *r, struct text *t, const uint64_t *n)
{
    if (n[HAG__TAKEN_KIND] != HAG_DO_EVENT) {
        put(t, "%s", known(HAG_NAMES_ACTION, n[HAG__TAKEN_KIND]));
        put_whom(r, t, n);
    } else {
        put(t, "event %s", known(HAG_NAMES_EVENT, n[HAG__TAKEN_EVENT]));
        if (n[HAG__TAKEN_ALERT] != 0)
            put(t, " %s", known(HAG_NAMES_ALERT, n[HAG__TAKEN_ALERT]));
        put_whom(r, t, n);
        if (n[HAG__TAKEN_REASON] != 0)
            put(t, ", reason %s", known(HAG_NAMES_WHY, n[HAG__TAKEN_REASON]));
    }
    put(t, ", term %llu, op %llx, digest %016llx", (unsigned long long)n[HAG__TAKEN_TERM],
        (unsigned long long)n[HAG__TAKEN_OP], (unsigned long long)n[HAG__TAKEN_DIGEST]);
}

static void put_order(const struct replay *r, struct text *t, const struct log_entry *e)
{
    const char *cluster = name_of(r, REPLAY_CLUSTERS, e->n[0]);
    const char *node = name_of(r, REPLAY_NODES, e->n[5]);

    put(t, "%s of %s", e->call == HAG__CALL_CLUSTER_FAILOVER ? "failover" : "switchover",
        cluster != NULL ? cluster : "a cluster");
    if (e->n[3] > 0)
        put(t, " refused, reason %s", known(HAG_NAMES_WHY, e->n[4]));
    else
        put(t, " accepted, to %s", node != NULL ? node : "nobody");
}

void replay_say(const struct replay *r, const struct log_entry *e, char *buf, size_t cap)
{
    struct text t = {.at = buf, .left = cap};

    buf[0] = '\0';
    if (e == NULL) {
        put(&t, "nothing");
        return;
    }
    switch (e->call) {
    case HAG__CALL_TAKEN:
        put_action(r, &t, e->n);
        break;
    case HAG__CALL_PLUGIN_TAKEN:
        put_action(r, &t, e->n + 1);
        put(&t, ", to a plugin");
        break;
    case HAG__CALL_TAKEN_PROBE:
    case HAG__CALL_PLUGIN_PROBE:
        put(&t, "probe %s, digest %08llx",
            e->index < r->nnames[REPLAY_NODES] && r->names[REPLAY_NODES][e->index].name != NULL
                ? r->names[REPLAY_NODES][e->index].name
                : "of a node",
            (unsigned long long)e->n[2]);
        break;
    case HAG__CALL_PLUGIN_CANCEL:
        put(&t, "cancel of op %llx, to a plugin", (unsigned long long)e->n[1]);
        break;
    case HAG__CALL_PLUGIN_FORGET:
        put(&t, "forget node %llx, to a plugin", (unsigned long long)e->n[1]);
        break;
    case HAG__CALL_CLUSTER_FAILOVER:
    case HAG__CALL_CLUSTER_SWITCHOVER:
        put_order(r, &t, e);
        break;
    default:
        put(&t, "%s", names[e->call] != NULL ? names[e->call] : "nothing known");
        break;
    }
}
