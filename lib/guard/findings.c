/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* What a human should know (5.12), looked at whenever a cluster is reconciled. */

static void node_findings(hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    int ok = n->health.result == HAG_PROBE_OK;
    int primary = n->place == c->primary;
    int settled = c->run.kind == 0 && !(c->flags & HAG__CLUSTER_OBSERVING);
    int alone = n->verdict == HAG_VERDICT_SUSPECT && n->why == HAG_WHY_ALONE;
    int seen = n->verdict == HAG_VERDICT_SUSPECT && n->why == HAG_WHY_SEEN_BY_OTHERS;

    hag__alert(g, c, n, HAG_ALERT_DENIED, HAG_WHY_DENIED, n->health.result == HAG_PROBE_DENIED);
    hag__alert(g, c, n, HAG_ALERT_CONTROL_LOST, HAG_WHY_CONTROL_LOST,
               n->kind == HAG_KIND_CONTROL_LOST);
    hag__alert(g, c, n, HAG_ALERT_ALONE, HAG_WHY_ALONE, primary && alone);
    if (seen && n->grace_end != HAG__NEVER) {
        hag_time alarm = n->grace_end + (hag_time)hag__setting_of(c, HAG_P_VETO_LIMIT);

        hag__wake_by(c, g->now < alarm ? alarm : HAG__NEVER);
        if (g->now >= alarm)
            hag__alert(g, c, n, HAG_ALERT_SEEN_BY_OTHERS, HAG_WHY_SEEN_BY_OTHERS, 1);
    } else {
        hag__alert(g, c, n, HAG_ALERT_SEEN_BY_OTHERS, HAG_WHY_ANSWERS, 0);
    }
    if (primary && n->health.result == HAG_PROBE_NOT_SERVING && n->role == HAG_ROLE_STANDBY)
        hag__alert(g, c, n, HAG_ALERT_ROLE_MISMATCH, HAG_WHY_WRONG_ROLE, settled);
    if (!ok || !hag__read_since_order(g, c, n))
        return;
    hag__alert(g, c, n, HAG_ALERT_READONLY, HAG_WHY_READONLY,
               primary && (n->facts & HAG_FACT_READONLY));
    if (settled)
        hag__alert(g, c, n, HAG_ALERT_ROLE_MISMATCH, HAG_WHY_WRONG_ROLE,
                   primary ? n->role != HAG_ROLE_PRIMARY : n->role == HAG_ROLE_PRIMARY);
    if (settled)
        hag__alert(g, c, n, HAG_ALERT_REPLICATION_MISMATCH, HAG_WHY_WRONG_UPSTREAM,
                   !primary && n->role == HAG_ROLE_STANDBY && n->upstream != c->primary &&
                       !(n->marks & HAG__MARK_DETACHED));
}

/* A follows B and B follows A: nobody is a primary (redis#3837). */
static int cycle(const hag_guard *g, const struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);
        uint32_t steps = 0;

        while (n != NULL && n->role == HAG_ROLE_STANDBY && n->upstream < c->nplaces &&
               steps <= c->nplaces) {
            n = hag__member(g, c, n->upstream);
            steps++;
        }
        if (steps > c->nplaces)
            return 1;
    }
    return 0;
}

static int two_primaries(const hag_guard *g, const struct hag__cluster *c)
{
    uint32_t claims = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        claims += n != NULL && n->role == HAG_ROLE_PRIMARY && n->health.result == HAG_PROBE_OK &&
                  !(n->facts & HAG_FACT_EMPTY && i != c->primary);
    }
    return claims > 1;
}

static int name_stale(const hag_guard *g, const struct hag__cluster *c)
{
    uint64_t within = (uint64_t)hag__setting_of(c, HAG_P_NAMES_WITHIN);

    for (int i = 0; i < 2; i++) {
        if (c->names[i].untrue_since != HAG__NEVER && g->now >= c->names[i].untrue_since + within)
            return 1;
    }
    return 0;
}

void hag__findings(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    uint32_t why = HAG_WHY_NONE;
    int decides = hag__decides(g, c, &why);

    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            node_findings(g, c, n);
    }
    hag__alert(g, c, NULL, HAG_ALERT_CYCLE, HAG_WHY_CONFLICT, cycle(g, c));
    if (!(c->flags & HAG__CLUSTER_OBSERVING)) {
        hag__alert(g, c, NULL, HAG_ALERT_ADVISING, why, !decides);
        hag__alert(g, c, NULL, HAG_ALERT_TWO_PRIMARIES, HAG_WHY_CONFLICT,
                   c->run.kind == 0 && two_primaries(g, c));
    }
    hag__alert(g, c, NULL, HAG_ALERT_NAME_STALE, HAG_WHY_NAME_STALE, name_stale(g, c));
    hag__alert(g, c, NULL, HAG_ALERT_PAUSED_UNHEALTHY, HAG_WHY_PAUSED,
               c->paused_until != 0 && p != NULL && p->verdict != HAG_VERDICT_UP);
    if (c->run.kind == 0)
        hag__alert(g, c, NULL, HAG_ALERT_FENCE_UNCONFIRMED, HAG_WHY_NONE, 0);
}
