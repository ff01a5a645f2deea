/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"

/* Shows the members to the election. */

static int in_zone(const struct hag__cluster *c, const struct hag__node *n)
{
    return c->zone[0] == '\0' || strcmp(c->zone, n->texts->zone) == 0;
}

static int held_down(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n)
{
    return n->demoted_at != HAG__NEVER &&
           g->now - n->demoted_at < (hag_time)hag__setting_of(c, HAG_P_HOLD_DOWN);
}

/* S5: read since the standbys were cut off, in this procedure. */
static int fresh(const struct hag__cluster *c, const struct hag__node *n)
{
    return c->run.kind != 0 && n->position_sent != HAG__NEVER &&
           n->position_sent >= c->run.begun_at && n->health.result == HAG_PROBE_OK;
}

/* S4: linked to this primary, or in possession of all that it had when it was promoted, as long as
 * it has not served for longer than `fresh` since. */
static int synced(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    hag_time since = c->nswitches > 0 ? c->switches[c->nswitches - 1] : 0;

    if (!(n->marks & HAG__MARK_SYNCED))
        return 0;
    if ((n->marks & HAG__MARK_MET) || p == NULL)
        return 1;
    return p->health.last_good == HAG__NEVER ||
           p->health.last_good <= since + (hag_time)hag__setting_of(c, HAG_P_FRESH);
}

static void view(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                 struct hag__candidate *v)
{
    uint8_t old = c->run.kind == HAG_PROC_FAILOVER || c->run.kind == HAG_PROC_SWITCHOVER
                      ? c->run.old
                      : c->primary;

    memset(v, 0, sizeof(*v));
    v->name = n->texts->name;
    v->lineage = n->lineage;
    v->position = n->position;
    v->priority = n->priority;
    v->store_priority = n->store_priority;
    v->lag = n->lag;
    v->facts = n->facts;
    v->role = n->role;
    v->verdict = n->verdict;
    v->result = n->health.result;
    v->is_primary = n->place == c->primary || n->place == old;
    v->no_promote = (n->flags & HAG_NODE_NO_PROMOTE) != 0;
    v->read_replica = (n->flags & HAG_NODE_READ_REPLICA) != 0;
    v->synced = (uint8_t)synced(g, c, n);
    v->detached = (n->marks & HAG__MARK_DETACHED) != 0;
    v->link_up = (n->facts & HAG_FACT_LINK_UP) != 0;
    v->fresh = (uint8_t)fresh(c, n);
    v->stable = (n->marks & HAG__MARK_STABLE) != 0;
    v->maybe_primary = (n->marks & HAG__MARK_MAYBE) != 0;
    v->promote_failed = (n->marks & HAG__MARK_TRIED) != 0;
    v->held_down = (uint8_t)held_down(g, c, n);
    v->in_zone = (uint8_t)in_zone(c, n);
}

/* refusal comes back by place; a place without a node keeps HAG_WHY_NONE. */
void hag__choose(const hag_guard *g, const struct hag__cluster *c, int final, int planned,
                 int data_loss, uint32_t to, struct hag__elected *out)
{
    struct hag__candidate members[HAG_NODES_MAX];
    uint8_t places[HAG_NODES_MAX];
    struct hag__elected by_index;
    struct hag__election e;
    uint32_t n = 0;

    memset(&e, 0, sizeof(e));
    e.to = HAG__NIL;
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);

        if (m == NULL)
            continue;
        if (i == to)
            e.to = n;
        places[n] = (uint8_t)i;
        view(g, c, m, &members[n++]);
    }
    e.members = members;
    e.n = n;
    e.settings = hag__of(c);
    e.lineage = c->lineage;
    e.position = c->position;
    e.primary_empty = (c->flags & HAG__CLUSTER_WAS_EMPTY) != 0;
    e.final = (uint8_t) final;
    e.planned = (uint8_t)planned;
    e.data_loss = (uint8_t)data_loss;
    memset(out, 0, sizeof(*out));
    out->winner = HAG__NIL;
    memset(&by_index, 0, sizeof(by_index));
    by_index.winner = HAG__NIL;
    hag__elect(&e, &by_index);
    for (uint32_t i = 0; i < n; i++)
        out->refusal[places[i]] = by_index.refusal[i];
    if (by_index.winner != HAG__NIL)
        out->winner = places[by_index.winner];
}
