/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* Events as expectations name them: a name, what it is about, a subject, a reason. */

enum { ABOUT_NODE, ABOUT_ENDPOINT, ABOUT_PROCEDURE, ABOUT_ALERT, ABOUT_ORDER, ABOUT_NOTHING };

static const struct row {
    const char *name;
    uint8_t event; /* 0: cannot happen in this version */
    uint8_t about;
} rows[] = {
    {"suspect", HAG_EV_SUSPECT, ABOUT_NODE},
    {"down", HAG_EV_DOWN, ABOUT_NODE},
    {"up", HAG_EV_UP, ABOUT_NODE},
    {"serving", HAG_EV_SERVING, ABOUT_NODE},
    {"commit", HAG_EV_COMMIT, ABOUT_NOTHING},
    {"fence", HAG_EV_FENCE, ABOUT_NODE},
    {"unfence", HAG_EV_UNFENCE, ABOUT_NODE},
    {"detach", HAG_EV_DETACH, ABOUT_NODE},
    {"quiesce", HAG_EV_QUIESCE, ABOUT_NODE},
    {"unquiesce", HAG_EV_UNQUIESCE, ABOUT_NODE},
    {"elect", HAG_EV_ELECT, ABOUT_NODE},
    {"fetch", 0, ABOUT_NODE},
    {"promote", HAG_EV_PROMOTE, ABOUT_NODE},
    {"follow", HAG_EV_FOLLOW, ABOUT_NODE},
    {"disconnect", HAG_EV_DISCONNECT, ABOUT_NODE},
    {"restart", 0, ABOUT_NODE},
    {"stop", 0, ABOUT_NODE},
    {"rewind", 0, ABOUT_NODE},
    {"clone", 0, ABOUT_NODE},
    {"create", 0, ABOUT_NODE},
    {"ready", 0, ABOUT_NODE},
    {"admit", HAG_EV_ADMIT, ABOUT_NODE},
    {"destroy", 0, ABOUT_NODE},
    {"restore", 0, ABOUT_NODE},
    {"backup", 0, ABOUT_NODE},
    {"expire", 0, ABOUT_NODE},
    {"sync-quorum", 0, ABOUT_NODE},
    {"sync-async", 0, ABOUT_NODE},
    {"forward-on", 0, ABOUT_NODE},
    {"forward-off", 0, ABOUT_NODE},
    {"slots-prepared", 0, ABOUT_NODE},
    {"slots-synced", 0, ABOUT_NODE},
    {"slots-restored", 0, ABOUT_NODE},
    {"endpoint", HAG_EV_ENDPOINT, ABOUT_ENDPOINT},
    {"begin", HAG_EV_BEGIN, ABOUT_PROCEDURE},
    {"end", HAG_EV_END, ABOUT_PROCEDURE},
    {"abort", HAG_EV_ABORT, ABOUT_PROCEDURE},
    {"alert", HAG_EV_ALERT, ABOUT_ALERT},
    {"cleared", HAG_EV_CLEARED, ABOUT_ALERT},
    {"refused", HAG_EV_REFUSED, ABOUT_ORDER},
    {"veto", HAG_EV_VETO, ABOUT_NODE},
    {"hold", HAG_EV_HOLD, ABOUT_NODE},
    {"storm", HAG_EV_STORM, ABOUT_NOTHING},
    {"zone-lost", 0, ABOUT_NOTHING},
    {"discount", 0, ABOUT_NODE},
    {"conflict", HAG_EV_CONFLICT, ABOUT_NODE},
    {"resumed", HAG_EV_RESUMED, ABOUT_NODE},
    {"primary", HAG_EV_PRIMARY, ABOUT_NODE},
    {"identity", HAG_EV_IDENTITY, ABOUT_NODE},
    {"failed", HAG_EV_FAILED, ABOUT_NODE},
    {"stalled", HAG_EV_STALLED, ABOUT_NOTHING},
    {"pause", HAG_EV_PAUSE, ABOUT_NOTHING},
};

/* What an order that was refused was. The procedures' own numbers, then these. */
static const struct {
    const char *name;
    uint8_t what;
} orders[] = {
    {"failover", HAG_PROC_FAILOVER}, {"switchover", HAG_PROC_SWITCHOVER},
    {"plan", SIM_ORDER_PLAN},        {"policy", SIM_ORDER_POLICY},
    {"add", SIM_ORDER_ADD},          {"forget", SIM_ORDER_FORGET},
    {"pause", SIM_ORDER_PAUSE},      {"resume", SIM_ORDER_RESUME},
    {"confirm", SIM_ORDER_CONFIRM},
};

static const char *const later_alerts[] = {
    "deadlock",   "stalled",      "cpu",         "memory",        "imbalance",
    "backup-old", "config-drift", "slot-unsafe", "restore-waits", "lost-writes",
};

static const struct row *find(const char *w)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, w) == 0)
            return &rows[i];
    }
    return NULL;
}

int scn_is_event(const char *w)
{
    return find(w) != NULL || strncmp(w, "ask-", 4) == 0;
}

/* "x" or "cluster/x": the cluster goes into the event. */
static const char *split_cluster(const struct hag_scenario *s, const char *w, uint16_t *cluster)
{
    const char *slash = strchr(w, '/');
    char name[HAG_NAME_MAX];
    uint32_t c;

    if (slash == NULL || (size_t)(slash - w) >= sizeof(name))
        return w;
    memcpy(name, w, (size_t)(slash - w));
    name[slash - w] = '\0';
    c = scn_find_cluster(s, name);
    if (c == SCN_NONE)
        return w;
    *cluster = (uint16_t)c;
    return slash + 1;
}

static int about(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                 const struct row *r, struct scn_event *e)
{
    char allowed[400] = "";
    const char *w;

    if (r->about == ABOUT_NODE || r->about == ABOUT_NOTHING)
        return 1;
    if (*i >= end) {
        if (r->about == ABOUT_ENDPOINT)
            return scn_fail(s, l->line, l->w[*i - 1].col, "endpoint primary or endpoint replica?");
        return 1;
    }
    w = split_cluster(s, l->w[*i].text, &e->cluster);
    if (r->about == ABOUT_ENDPOINT) {
        e->what = strcmp(w, "replica") == 0 ? HAG_ENDPOINT_REPLICA : HAG_ENDPOINT_PRIMARY;
        e->has_what = 1;
        if (!e->what && strcmp(w, "primary") != 0)
            return scn_fail(s, l->line, l->w[*i].col,
                            "'%.60s' is no endpoint; allowed: primary replica", w);
    } else if (r->about == ABOUT_PROCEDURE) {
        e->what = (uint8_t)scn_find_name(HAG_NAMES_PROCEDURE, HAG_PROC_SAFEGUARD + 1, w);
        scn_list_names(HAG_NAMES_PROCEDURE, HAG_PROC_SAFEGUARD + 1, allowed, sizeof(allowed));
    } else if (r->about == ABOUT_ALERT) {
        e->what = (uint8_t)scn_find_name(HAG_NAMES_ALERT, HAG_ALERT_MAX, w);
        scn_list_names(HAG_NAMES_ALERT, HAG_ALERT_MAX, allowed, sizeof(allowed));
        for (size_t k = 0; k < sizeof(later_alerts) / sizeof(later_alerts[0]); k++) {
            if (strcmp(later_alerts[k], w) == 0) {
                e->impossible = 1;
                e->what = 255;
            }
        }
    } else {
        for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
            size_t at = strlen(allowed);

            (void)snprintf(allowed + at, sizeof(allowed) - at, "%s%s", k > 0 ? " " : "",
                           orders[k].name);
            if (strcmp(orders[k].name, w) == 0)
                e->what = orders[k].what;
        }
    }
    if (r->about != ABOUT_ENDPOINT && e->what == 0) {
        /* "alert pg2": any alert of that node */
        if (scn_find_node(s, w) != SCN_NONE)
            return 1;
        return scn_fail(s, l->line, l->w[*i].col, "'%.60s' cannot follow %s; allowed: %s", w,
                        r->name, allowed);
    }
    e->has_what = 1;
    ++*i;
    return 1;
}

/* Subject, target and reason, in this order; each may be left out. */
static int subject(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                   const char *name, struct scn_event *e)
{
    for (; *i < end; ++*i) {
        const char *w = l->w[*i].text;
        uint32_t node = scn_find_node(s, w), c = scn_find_cluster(s, w);
        uint32_t why = scn_find_name(HAG_NAMES_WHY, HAG_WHY_MAX, w);

        if (node != SCN_NONE && e->node == SCN_NONE) {
            e->node = (uint16_t)node;
            e->cluster = s->nodes[node].cluster;
        } else if (node != SCN_NONE && e->target == SCN_NONE && strstr(name, "follow") != NULL) {
            e->target = (uint16_t)node;
        } else if (c != SCN_NONE && e->cluster == SCN_NONE) {
            e->cluster = (uint16_t)c;
        } else if (why != 0 && e->reason == 0) {
            e->reason = (uint8_t)why;
        } else {
            char nodes[300];

            scn_list_nodes(s, nodes, sizeof(nodes));
            return scn_fail(s, l->line, l->w[*i].col,
                            "'%.60s' cannot follow %s; a node (%s), a cluster or a reason may", w,
                            name, nodes);
        }
    }
    return 1;
}

int scn_event(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
              struct scn_event *e)
{
    const char *w = *i < end ? l->w[*i].text : "";
    const struct row *r = find(w);

    memset(e, 0, sizeof(*e));
    e->node = e->target = e->cluster = SCN_NONE;
    e->text = w;
    if (strncmp(w, "ask-", 4) == 0) {
        e->event = SIM_EV_ASK;
        e->what = (uint8_t)scn_find_name(HAG_NAMES_ACTION, HAG_DO_CANCEL, w + 4);
        e->has_what = 1;
        e->impossible = (uint8_t)(e->what == 0 && scn_action_later(w + 4));
        if (e->what == 0 && !e->impossible) {
            char allowed[300];

            scn_list_names(HAG_NAMES_ACTION, HAG_DO_CANCEL, allowed, sizeof(allowed));
            return scn_fail(s, l->line, l->w[*i].col, "'%.60s' is no action; allowed: %s", w + 4,
                            allowed);
        }
        ++*i;
        return subject(s, l, i, end, w, e);
    }
    if (r == NULL) {
        char allowed[500] = "";

        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            size_t at = strlen(allowed);

            (void)snprintf(allowed + at, sizeof(allowed) - at, "%s%s", k > 0 ? " " : "",
                           rows[k].name);
        }
        return scn_fail(s, l->line, *i < end ? l->w[*i].col : l->w[l->n - 1].col,
                        "'%.60s' is no event; allowed: %s ask-ACTION", w, allowed);
    }
    e->event = r->event;
    e->impossible = r->event == 0;
    ++*i;
    return about(s, l, i, end, r, e) && subject(s, l, i, end, r->name, e);
}
