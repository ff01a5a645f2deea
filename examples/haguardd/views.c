/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "views.h"

#include <string.h>

const char *view_node_name(const struct app *app, hag_node node)
{
    struct hag_node_info i = {.size = sizeof(i)};

    return node != 0 && hag_node_get(app->guard, node, &i) == HAG_OK ? i.name : NULL;
}

static void alerts(uint64_t set, struct buf *out)
{
    json_list(out, "alerts");
    for (uint32_t a = 1; a < HAG_ALERT_MAX; a++)
        if (set >> a & 1)
            json_text(out, NULL, hag_name(HAG_NAMES_ALERT, a));
    json_list_end(out);
}

static uint64_t left(hag_time at, hag_time now)
{
    return at > now ? at - now : 0;
}

static void node(const struct app *app, const char *cluster, hag_node n, struct buf *out)
{
    struct hag_node_info i = {.size = sizeof(i)};
    hag_time now = uv_now(&app->loop);

    if (hag_node_get(app->guard, n, &i) != HAG_OK)
        return;
    json_begin(out);
    json_text(out, "type", "node");
    json_text(out, "cluster", cluster);
    json_text(out, "node", i.name);
    json_text(out, "addr", i.addr);
    json_text(out, "advertised", i.advertised);
    json_text(out, "zone", *i.zone ? i.zone : NULL);
    json_text(out, "host", i.host);
    json_text(out, "role", hag_name(HAG_NAMES_ROLE, i.role));
    json_text(out, "reported_role", hag_name(HAG_NAMES_ROLE, i.reported_role));
    json_text(out, "verdict", hag_name(HAG_NAMES_VERDICT, i.verdict));
    json_text(out, "kind", hag_name(HAG_NAMES_KIND, i.kind));
    json_text(out, "reason", hag_name(HAG_NAMES_WHY, i.reason));
    json_text(out, "probe", hag_name(HAG_NAMES_PROBE, i.result));
    json_number(out, "fails", i.fails);
    json_text(out, "refusal", i.refusal ? hag_name(HAG_NAMES_WHY, i.refusal) : NULL);
    json_signed(out, "priority", i.priority);
    json_number(out, "position", i.position);
    json_flag(out, "link_up", (i.facts & HAG_FACT_LINK_UP) != 0);
    json_number(out, "since_ms", now > i.since ? now - i.since : 0);
    json_number(out, "grace_ms", left(i.grace_end, now));
    json_flag(out, "no_promote", (i.flags & (HAG_NODE_NO_PROMOTE | HAG_NODE_READ_REPLICA)) != 0);
    alerts(i.alerts, out);
    json_end(out);
}

void view_cluster(const struct app *app, hag_cluster c, struct buf *out)
{
    struct hag_cluster_info i = {.size = sizeof(i)};
    const struct service *s;
    hag_node n = 0;

    if (hag_cluster_get(app->guard, c, &i) != HAG_OK)
        return;
    s = (const struct service *)(uintptr_t)i.user;
    json_begin(out);
    json_text(out, "type", "cluster");
    json_text(out, "cluster", i.name);
    json_text(out, "state", hag_name(HAG_NAMES_STATE, i.state));
    json_text(out, "reason", hag_name(HAG_NAMES_WHY, i.reason));
    json_number(out, "term", i.term);
    json_number(out, "version", i.version);
    json_text(out, "primary", view_node_name(app, i.primary));
    json_text(out, "candidate", view_node_name(app, i.candidate));
    json_text(out, "procedure", i.procedure ? hag_name(HAG_NAMES_PROCEDURE, i.procedure) : NULL);
    json_text(out, "step", *i.step_name ? i.step_name : NULL);
    json_text(out, "writers", i.writers == HAG_WRITERS_IMPOSSIBLE ? "impossible" : "unlikely");
    json_flag(out, "deciding", i.deciding != 0);
    json_number(out, "nodes", i.nodes);
    json_number(out, "ops", i.ops);
    json_number(out, "failovers", i.failovers);
    json_number(out, "last_failover_ms", s ? s->last_failover : 0);
    json_number(out, "last_switchover_ms", s ? s->last_switchover : 0);
    json_text(out, "paused_by", *i.paused_by ? i.paused_by : NULL);
    json_number(out, "paused_ms", left(i.paused_until, uv_now(&app->loop)));
    alerts(i.alerts, out);
    json_end(out);
    while ((n = hag_node_next(app->guard, c, n)) != 0)
        node(app, i.name, n, out);
}

void view_waiting(const struct conf_cluster *k, struct buf *out)
{
    json_begin(out);
    json_text(out, "type", "cluster");
    json_text(out, "cluster", k->name);
    json_text(out, "state", "resolving");
    json_text(out, "reason", "unresolved");
    json_number(out, "term", 0);
    json_text(out, "primary", NULL);
    json_flag(out, "deciding", 1);
    json_number(out, "nodes", k->nnodes);
    json_end(out);
    for (size_t i = 0; i < k->nnodes; i++) {
        const struct conf_node *n = &k->nodes[i];

        json_begin(out);
        json_text(out, "type", "node");
        json_text(out, "cluster", k->name);
        json_text(out, "node", n->spec.name);
        json_text(out, "addr", *n->addr ? n->addr : n->host);
        json_text(out, "role", "unknown");
        json_text(out, "reported_role", "unknown");
        json_text(out, "verdict", "unknown");
        json_text(out, "reason", *n->addr ? "not-probed" : "unresolved");
        json_text(out, "refusal", "not-probed");
        json_end(out);
    }
}
