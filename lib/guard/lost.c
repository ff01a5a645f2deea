/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"

/* What is due when the primary is down, or answers and is none: whether a failover may begin now, who
 * has taken its place already, and what is said while nothing may be done. */

static int too_many_switches(const hag_guard *g, const struct hag__cluster *c)
{
    uint32_t recent = 0;

    for (uint32_t i = 0; i < c->nswitches; i++)
        recent += g->now - c->switches[i] < HAG__HOUR;
    return recent >= (uint64_t)hag__setting_of(c, HAG_P_MAX_SWITCHES);
}

/* S3: a node of unknown promotion may be a primary; nobody else is promoted beside it. */
static int maybe_primary_at_large(const hag_guard *g, const struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL && i != c->primary && (n->marks & HAG__MARK_MAYBE) &&
            n->verdict != HAG_VERDICT_DOWN && n->fence < HAG_FENCE_DEMOTED &&
            !(n->marks & HAG__MARK_CONFIRMED_OFF))
            return 1;
    }
    return 0;
}

/* Why an automatic failover may not begin now; HAG_WHY_NONE: it may. */
uint32_t hag__failover_hold(const hag_guard *g, const struct hag__cluster *c)
{
    uint32_t why;

    if (!hag__decides(g, c, &why))
        return why;
    if (c->paused_until != 0)
        return HAG_WHY_PAUSED;
    if (g->blind)
        return HAG_WHY_GUARD_BLIND;
    if (maybe_primary_at_large(g, c))
        return HAG_WHY_MAYBE_PRIMARY;
    if (too_many_switches(g, c))
        return HAG_WHY_MAX_SWITCHES;
    if (g->failovers >= (uint64_t)g->settings.v[HAG_P_MAX_FAILOVERS])
        return HAG_WHY_MAX_FAILOVERS;
    return HAG_WHY_NONE;
}

/* A promotion that came through although its outcome was unknown: it is taken, not repeated. */
static int take_late_promotion(hag_guard *g, struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->primary || !(n->marks & HAG__MARK_MAYBE) ||
            n->role != HAG_ROLE_PRIMARY || n->health.result != HAG_PROBE_OK)
            continue;
        (void)hag__begin(g, c, HAG_PROC_FAILOVER, HAG_WHY_FOUND);
        c->run.candidate = (uint8_t)i;
        c->run.step = HAG__FAILOVER_TAKE_OVER;
        c->run.ordered = 1;
        return 1;
    }
    return 0;
}

/* Who refused to be promoted may have changed its mind: S10, nothing waits for ever. */
static void forget_refusals(const hag_guard *g, const struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            n->marks &= (uint16_t)~HAG__MARK_TRIED;
    }
}

/* Somebody promoted a standby by hand, or it came up as a primary in possession of our newest data:
 * with the primary gone that is a fact to go on from, in a new term, not one to fight. What stands
 * beside fit standbys counts only if it has begun a history of its own (redis#3837). */
static int take_claimant(hag_guard *g, struct hag__cluster *c, int others)
{
    struct hag__node *one = NULL;
    uint32_t how;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->primary || n->health.result != HAG_PROBE_OK ||
            n->role != HAG_ROLE_PRIMARY || (n->facts & HAG_FACT_EMPTY))
            continue;
        if (one != NULL)
            return 0;
        one = n;
    }
    if (one == NULL || one->verdict != HAG_VERDICT_UP || one->fence >= HAG_FENCE_DEMOTED)
        return 0;
    how = hag__lineage_relate(one->lineage, one->position, c->lineage, c->position);
    if (how != HAG__LINEAGE_SAME && how != HAG__LINEAGE_DESCENDANT)
        return 0;
    if (others && how == HAG__LINEAGE_SAME)
        return 0;
    if (!hag__strange_lasts(g, c, one))
        return 0;
    c->flags |= HAG__CLUSTER_NEW_TERM | HAG__CLUSTER_RECORD;
    hag__set_primary(g, c, one->place, HAG_WHY_FOUND);
    return 1;
}

void hag__try_failover(hag_guard *g, struct hag__cluster *c, struct hag__node *p)
{
    int reborn = (p->marks & HAG__MARK_REBORN) != 0;
    struct hag__elected who;
    uint32_t hold;

    if (hag__decides(g, c, NULL) && c->paused_until == 0 && take_late_promotion(g, c))
        return;
    if (hag__primary_returned(g, c)) /* S13: either it is up again soon, or this is due after all */
        return;
    hold = hag__failover_hold(g, c);
    if (hold != HAG_WHY_NONE && hold != c->held_why)
        hag__event(g, c, p, HAG_EV_HOLD, HAG_SEVERITY_WARNING, hold);
    c->held_why = (uint8_t)hold;
    hag__alert(g, c, NULL, HAG_ALERT_HELD, hold,
               hold != HAG_WHY_NONE && hold != HAG_WHY_PAUSED && hold != HAG_WHY_ADVISING);
    if (g->now >= p->rejoin_at)
        forget_refusals(g, c);
    else
        hag__wake_by(c, p->rejoin_at);
    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    if (hold == HAG_WHY_NONE && take_claimant(g, c, who.winner != HAG__NIL))
        return;
    hag__alert(g, c, NULL, HAG_ALERT_NO_CANDIDATE, HAG_WHY_NO_CANDIDATE, who.winner == HAG__NIL);
    if (hold != HAG_WHY_NONE) {
        hag__wake_by(c, g->now + 1000);
        return;
    }
    /* S13: nobody eligible, nothing touched; S8: but a primary reborn empty is fenced all the same */
    if (who.winner == HAG__NIL) {
        if (!reborn || p->fence != HAG_FENCE_NONE || (p->marks & HAG__MARK_FENCED))
            return;
    }
    if (g->now < p->rejoin_at) /* the last one came to nothing a short while ago */
        return;
    (void)hag__begin(g, c, HAG_PROC_FAILOVER, reborn ? HAG_WHY_REBORN_EMPTY : HAG_WHY_PRIMARY_DOWN);
}

/* The primary answers as a standby: it was restarted with an older role, or somebody demoted it, and
 * nobody takes writes (redis#3837: the desired state always has exactly one primary). */
int hag__role_lost(hag_guard *g, struct hag__cluster *c, const struct hag__node *p)
{
    hag_time wait = (hag_time)hag__setting_of(c, HAG_P_DOWN_AFTER);

    if (p->role != HAG_ROLE_STANDBY || p->health.result != HAG_PROBE_NOT_SERVING ||
        p->health.kind != HAG_KIND_NOT_SERVING || p->health.since == HAG__NEVER ||
        hag__failover_hold(g, c) != HAG_WHY_NONE)
        return 0;
    if (g->now < p->health.since + wait) {
        hag__wake_by(c, p->health.since + wait);
        return 0;
    }
    if (g->now < p->rejoin_at) {
        hag__wake_by(c, p->rejoin_at);
        return 0;
    }
    return 1;
}

/* Whoever may be promoted takes its place; else it is ordered to be what it was, in a new term. */
int hag__begin_retake(hag_guard *g, struct hag__cluster *c, const struct hag__node *p)
{
    struct hag__elected who;
    int lost = (p->facts & HAG_FACT_EMPTY) && !(c->flags & HAG__CLUSTER_WAS_EMPTY);

    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    if (who.winner == HAG__NIL &&
        (lost || (p->marks & HAG__MARK_REBORN) || !hag__keeps_newest(c, p))) {
        hag__alert(g, c, NULL, HAG_ALERT_NO_CANDIDATE, HAG_WHY_NO_CANDIDATE, 1);
        return 0;
    }
    (void)hag__begin(g, c, HAG_PROC_FAILOVER, HAG_WHY_WRONG_ROLE);
    if (who.winner != HAG__NIL)
        return 1;
    c->run.old = HAG__NOBODY;
    c->run.candidate = p->place;
    c->run.step = HAG__FAILOVER_NAME_CANDIDATE;
    memcpy(c->run.identity, p->identity, HAG_ID_SIZE);
    c->run.ordered = 1; /* so that the commit of the candidate raises the term */
    return 1;
}
