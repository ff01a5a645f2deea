/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"

/* Read-only views for the host. */

#define CLUSTER_MIN (offsetof(struct hag_cluster_info, paused_by) + sizeof(const char *))
#define NODE_MIN    (offsetof(struct hag_node_info, host) + sizeof(const char *))

static hag_guard *writable(const hag_guard *g)
{
    return (hag_guard *)(uintptr_t)g; /* for the error message only */
}

static uint32_t ops_of(const hag_guard *g, const struct hag__cluster *c)
{
    uint32_t n = 0;

    for (uint32_t i = c->ops; i != HAG__NIL;
         i = ((struct hag__op *)hag__table_at(&g->ops, i))->next)
        n++;
    return n;
}

int32_t hag_cluster_get(const hag_guard *g, hag_cluster h, struct hag_cluster_info *out)
{
    struct hag_cluster_info i = {.size = sizeof(i)};
    const struct hag__cluster *c;
    struct hag__elected who;
    uint32_t ci;
    int32_t err;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (out == NULL)
        return hag__error(writable(g), HAG_ERR_INVAL, "out is NULL");
    err = hag__find(writable(g), &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    i.state = c->state;
    i.user = c->user;
    i.term = c->term;
    i.version = c->version;
    i.primary = hag__place_handle(g, c, c->primary);
    i.candidate = who.winner == HAG__NIL ? 0 : hag__place_handle(g, c, who.winner);
    i.procedure = c->run.kind;
    i.step = c->run.step;
    i.reason = c->state_why;
    i.writers = hag__writers(g, c);
    for (uint32_t n = 0; n < c->nplaces; n++)
        i.nodes += c->nodes[n] != HAG__NIL;
    i.ops = ops_of(g, c);
    i.failovers = c->failovers;
    i.deciding = hag__decides(g, c, NULL) ? 1 : 0;
    i.generation_primary = c->names[HAG_ENDPOINT_PRIMARY].generation;
    i.generation_replica = c->names[HAG_ENDPOINT_REPLICA].generation;
    i.alerts = c->alerts;
    i.paused_until = c->paused_until == 0 ? 0 : hag__host_time(g, c->paused_until);
    i.name = c->name;
    i.step_name = c->run.kind == 0 ? ""
                  : c->run.undoing ? "undo"
                                   : hag__procedure(c->run.kind)->steps[c->run.step].name;
    i.paused_by = c->paused_until != 0 && c->paused_by != NULL ? c->paused_by : "";
    return hag__give_struct(writable(g), &i, sizeof(i), out, CLUSTER_MIN, "hag_cluster_info");
}

int32_t hag_node_get(const hag_guard *g, hag_node h, struct hag_node_info *out)
{
    struct hag_node_info i = {.size = sizeof(i)};
    const struct hag__cluster *c;
    const struct hag__node *n;
    struct hag__elected who;
    uint32_t ni;
    int32_t err;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (out == NULL)
        return hag__error(writable(g), HAG_ERR_INVAL, "out is NULL");
    err = hag__find(writable(g), &g->nodes, h, "node", &ni);
    if (err != HAG_OK)
        return err;
    n = hag__node(g, ni);
    c = hag__cluster(g, n->cluster);
    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    i.flags = n->flags;
    i.user = n->texts->user;
    i.cluster = hag__table_handle(&g->clusters, n->cluster);
    i.role = c->primary == HAG__NOBODY ? HAG_ROLE_UNKNOWN
             : c->primary == n->place  ? HAG_ROLE_PRIMARY
                                       : HAG_ROLE_STANDBY;
    i.reported_role = n->role;
    i.verdict = n->verdict;
    i.kind = n->kind;
    i.reason = n->why;
    i.refusal = who.refusal[n->place];
    i.result = n->health.result;
    i.facts = n->facts;
    i.fails = n->health.fails;
    i.priority = n->priority;
    i.since = hag__host_time(g, n->since);
    i.grace_end = hag__host_time(g, n->grace_end);
    i.last_good = hag__host_time(g, n->health.last_good);
    i.position = n->position;
    i.alerts = n->alerts;
    i.name = n->texts->name;
    i.addr = n->texts->addr;
    i.advertised = n->texts->advertised;
    i.zone = n->texts->zone;
    i.host = n->texts->host;
    return hag__give_struct(writable(g), &i, sizeof(i), out, NODE_MIN, "hag_node_info");
}
