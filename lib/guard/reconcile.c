/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* M6: one reconciler per cluster. It looks at what is, and begins what is missing. */

int hag__decides(const hag_guard *g, const struct hag__cluster *c, uint32_t *why)
{
    uint32_t reason = HAG_WHY_NONE;

    if (!(g->flags & HAG_OPTION_SOLE))
        reason = HAG_WHY_ADVISING;
    else if (hag__handler(g, c, HAG_DO_PROMOTE) == HAG__BY_NOBODY)
        reason = HAG_WHY_NO_HANDLER;
    else if (hag__handler(g, c, HAG_DO_COMMIT) == HAG__BY_NOBODY &&
             hag__setting_of(c, HAG_P_VOLATILE) != HAG_VOLATILE_ACCEPT)
        reason = HAG_WHY_NO_HANDLER;
    else if (c->alerts >> HAG_ALERT_CONFLICT & 1u)
        reason = HAG_WHY_CONFLICT;
    if (why != NULL)
        *why = reason;
    return reason == HAG_WHY_NONE;
}

static int keeps_nothing(const struct hag__cluster *c, const struct hag__node *p)
{
    int64_t wanted = hag__setting_of(c, HAG_P_DETACH_ON_BREAK);

    return wanted == HAG_ON || (wanted == HAG_AUTO && (p->facts & HAG_FACT_VOLATILE));
}

/* S8: the held connection broke and a fresh one is refused. */
static int safeguard_due(hag_guard *g, const struct hag__cluster *c, const struct hag__node *p)
{
    return (p->marks & HAG__MARK_BROKEN) && p->health.result == HAG_PROBE_REFUSED &&
           keeps_nothing(c, p) && c->paused_until == 0 &&
           hag__handler(g, c, HAG_DO_DETACH) != HAG__BY_NOBODY;
}

static void begin_safeguard(hag_guard *g, struct hag__cluster *c, struct hag__node *p)
{
    p->marks &= (uint16_t)~HAG__MARK_BROKEN;
    (void)hag__begin(g, c, HAG_PROC_SAFEGUARD, HAG_WHY_BROKEN);
    /* what the links say now, before they are cut, stays evidence for this series (5.7) */
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            n->marks &= (uint16_t)~HAG__MARK_ACCUSED;
    }
}

/* S7: only a member of this cluster is pointed anywhere: its data shares a history with ours, or it
 * has none, or an operator said so, of this node or by a setting of every former member. */
static int belongs(const struct hag__cluster *c, const struct hag__node *n)
{
    return (n->marks & HAG__MARK_TRUSTED) || (n->facts & HAG_FACT_EMPTY) || c->lineage == NULL ||
           hag__lineage_related(c->lineage, n->lineage) ||
           (hag__setting_of(c, HAG_P_REJOIN_UNKNOWN) == HAG_ON && (n->marks & HAG__MARK_MEMBER));
}

static int strange(const struct hag__cluster *c, const struct hag__node *n)
{
    if (n->role == HAG_ROLE_PRIMARY)
        return 1;
    return n->role == HAG_ROLE_STANDBY &&
           (n->upstream != c->primary || (n->marks & HAG__MARK_DETACHED));
}

/* What a node said before it was ordered something is no ground for another order. An answer that
 * brings nothing new wakes nobody, so the cluster looks again by itself. */
int hag__read_since_order(const hag_guard *g, struct hag__cluster *c, const struct hag__node *n)
{
    if (n->position_sent >= n->acted_at)
        return 1;
    hag__wake_by(c, g->now + (hag_time)hag__setting_of(c, HAG_P_PROBE_EVERY));
    return 0;
}

/* What somebody did by hand counts only when it lasts. */
int hag__strange_lasts(const hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    hag_time wait = 2 * (hag_time)hag__setting_of(c, HAG_P_PROBE_EVERY);

    if (n->strange_since == HAG__NEVER)
        n->strange_since = g->now;
    if (g->now >= n->strange_since + wait)
        return 1;
    hag__wake_by(c, n->strange_since + wait);
    return 0;
}

static int rejoin_due(hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    int ours = n->demoted_at != HAG__NEVER ||
               (n->marks & (HAG__MARK_DETACHED | HAG__MARK_MAYBE | HAG__MARK_FENCED));

    if (n->health.result != HAG_PROBE_OK || !hag__read_since_order(g, c, n))
        return 0;
    if (!strange(c, n)) {
        n->strange_since = HAG__NEVER;
        if (n->role == HAG_ROLE_STANDBY)
            n->marks &= (uint16_t) ~(HAG__MARK_FENCED | HAG__MARK_MAYBE | HAG__MARK_QUIESCED);
        hag__alert(g, c, n, HAG_ALERT_UNKNOWN_NODE, HAG_WHY_NONE, 0);
        return 0;
    }
    if (n->strange_since == HAG__NEVER)
        n->strange_since = g->now;
    hag__alert(g, c, n, HAG_ALERT_UNKNOWN_NODE, HAG_WHY_INCOMPARABLE, !belongs(c, n));
    if (!belongs(c, n))
        return 0;
    /* an ex-primary at once; what somebody did by hand only when it lasts */
    if (!ours && !hag__strange_lasts(g, c, n))
        return 0;
    if (g->now < n->rejoin_at) {
        hag__wake_by(c, n->rejoin_at);
        return 0;
    }
    return hag__handler(g, c, HAG_DO_FOLLOW) != HAG__BY_NOBODY || hag__handled(g, c, HAG_DO_FOLLOW);
}

static int serving(const struct hag__node *p)
{
    return p->health.result == HAG_PROBE_OK && p->health.since == HAG__NEVER &&
           p->role == HAG_ROLE_PRIMARY && !(p->marks & HAG__MARK_REBORN);
}

static void begin_rejoin(hag_guard *g, struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->primary || !rejoin_due(g, c, n))
            continue;
        (void)hag__begin(g, c, HAG_PROC_REJOIN,
                         n->role == HAG_ROLE_PRIMARY ? HAG_WHY_RETURNED : HAG_WHY_WRONG_UPSTREAM);
        c->run.node = (uint8_t)i;
        c->run.candidate = c->primary;
        return;
    }
}

/* S1: what loses its ground to a failover. */
static int preempted(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *p)
{
    const struct hag__run *r = &c->run;

    if (r->kind == 0)
        return 0;
    if (r->kind == HAG_PROC_FAILOVER) /* the promoted node itself is gone again */
        return r->candidate == c->primary && r->old != c->primary &&
               p->health.result != HAG_PROBE_OK && r->step > HAG__FAILOVER_TAKE_OVER;
    if (r->kind == HAG_PROC_SWITCHOVER)
        return r->candidate == c->primary ||
               (!r->undoing && r->step < hag__procedure(r->kind)->point_of_no_return);
    return hag__failover_hold(g, c) == HAG_WHY_NONE;
}

/* What a failover left fenced without a successor serves again: the inverse of the fence is tried
 * until it holds (S13). A fence of unknown outcome may land after it was undone (S3): a primary of
 * the old incarnation that follows no member can only have been demoted by us. */
static int unfence_due(hag_guard *g, struct hag__cluster *c, struct hag__node *p)
{
    hag_time late = 2 * (hag_time)hag__setting_of(c, HAG_P_PROBE_EVERY);

    if (p->role != HAG_ROLE_STANDBY ||
        (p->health.result != HAG_PROBE_OK && p->health.result != HAG_PROBE_NOT_SERVING) ||
        !hag__read_since_order(g, c, p))
        return 0;
    if (!(p->marks & HAG__MARK_FENCED)) {
        if (p->upstream < c->nplaces || p->fenced_term != c->term ||
            memcmp(p->identity, c->identity, HAG_ID_SIZE) != 0 || p->health.since == HAG__NEVER)
            return 0;
        if (g->now < p->health.since + late) {
            hag__wake_by(c, p->health.since + late);
            return 0;
        }
        p->marks |= HAG__MARK_FENCED;
    }
    if (g->now >= p->rejoin_at)
        return 1;
    hag__wake_by(c, p->rejoin_at);
    return 0;
}

static void begin_unfence(hag_guard *g, struct hag__cluster *c, struct hag__node *p)
{
    (void)hag__begin(g, c, HAG_PROC_FAILOVER, HAG_WHY_BROKEN);
    c->run.step = hag__failover.point_of_no_return;
    c->run.undoing = 1;
    c->run.why = HAG_WHY_NO_CANDIDATE;
    p->rejoin_at = g->now + (hag_time)hag__setting_of(c, HAG_P_RETRY_MAX);
}

static void procedures(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *p = hag__member(g, c, c->primary);

    if (p == NULL)
        return;
    if (p->verdict == HAG_VERDICT_DOWN && preempted(g, c, p))
        hag__drop_run(g, c, HAG_WHY_PREEMPTED);
    if (c->run.kind == 0) {
        int lost = hag__role_lost(g, c, p);

        if (lost && hag__begin_retake(g, c, p)) {
            c->held_why = HAG_WHY_NONE;
        } else if (p->verdict == HAG_VERDICT_DOWN) {
            hag__try_failover(g, c, p);
        } else if (lost) {
            hag__wake_by(c, g->now + 1000);
        } else {
            c->held_why = HAG_WHY_NONE;
            hag__alert(g, c, NULL, HAG_ALERT_HELD, HAG_WHY_NONE, 0);
            hag__alert(g, c, NULL, HAG_ALERT_NO_CANDIDATE, HAG_WHY_NONE, 0);
            if (c->paused_until == 0 && hag__decides(g, c, NULL)) {
                if (safeguard_due(g, c, p))
                    begin_safeguard(g, c, p);
                else if (unfence_due(g, c, p))
                    begin_unfence(g, c, p);
                else if (serving(p))
                    begin_rejoin(g, c);
            }
        }
    }
    if (c->run.kind != 0)
        hag__walk(g, c);
    if (c->run.kind == 0)
        return;
    hag__alert(g, c, NULL, HAG_ALERT_HELD, HAG_WHY_NONE, 0);
}

void hag__state_update(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    uint32_t state = HAG_STATE_HEALTHY, why = HAG_WHY_NONE;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || state == HAG_STATE_DEGRADED)
            continue;
        if (n->verdict != HAG_VERDICT_UP || n->alerts != 0 ||
            (i != c->primary && !(n->facts & HAG_FACT_LINK_UP))) {
            state = HAG_STATE_DEGRADED;
            why = n->verdict != HAG_VERDICT_UP ? n->why : HAG_WHY_NONE;
        }
    }
    if (p != NULL && p->verdict == HAG_VERDICT_SUSPECT) {
        state = HAG_STATE_SUSPECT;
        why = p->why;
    } else if (p != NULL && p->verdict == HAG_VERDICT_DOWN) {
        state = HAG_STATE_LOST;
        why = c->held_why != HAG_WHY_NONE ? c->held_why : HAG_WHY_NO_CANDIDATE;
    }
    if (c->run.kind == HAG_PROC_FAILOVER || c->run.kind == HAG_PROC_SWITCHOVER) {
        state = c->run.kind == HAG_PROC_FAILOVER ? HAG_STATE_FAILOVER : HAG_STATE_SWITCHOVER;
        why = c->run.cause;
    }
    if (c->alerts >> HAG_ALERT_CONFLICT & 1u) {
        state = HAG_STATE_CONFLICT;
        why = HAG_WHY_CONFLICT;
    } else if (c->flags & HAG__CLUSTER_OBSERVING) {
        state = HAG_STATE_OBSERVING;
        why = HAG_WHY_OBSERVING;
    } else if (c->paused_until != 0) {
        state = HAG_STATE_PAUSED;
        why = HAG_WHY_PAUSED;
    }
    c->state = (uint8_t)state;
    c->state_why = (uint8_t)why;
}

/* S16: impossible only where every earlier primary is known to be off or demoted. */
uint32_t hag__writers(const hag_guard *g, const struct hag__cluster *c)
{
    int replacing = c->run.kind == HAG_PROC_FAILOVER && c->run.ordered && c->run.old == c->primary;

    if (c->flags & HAG__CLUSTER_OBSERVING) /* what a record says was not seen yet */
        return HAG_WRITERS_UNLIKELY;
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);
        int was_primary;

        if (n == NULL || (i == c->primary && !replacing))
            continue;
        was_primary = i == c->primary || n->demoted_at != HAG__NEVER || i == c->old ||
                      (n->marks & HAG__MARK_MAYBE) || n->role == HAG_ROLE_PRIMARY;
        if (!was_primary || n->fence >= HAG_FENCE_DEMOTED || (n->marks & HAG__MARK_CONFIRMED_OFF))
            continue;
        if (n->role == HAG_ROLE_STANDBY && n->health.result == HAG_PROBE_OK &&
            n->position_sent != HAG__NEVER && n->position_sent >= g->resumed_at &&
            n->upstream == c->primary)
            continue;
        return HAG_WRITERS_UNLIKELY;
    }
    return HAG_WRITERS_IMPOSSIBLE;
}

void hag__reconcile(hag_guard *g, struct hag__cluster *c)
{
    c->wake_at = HAG__NEVER;
    if (c->paused_until != 0) {
        if (g->now >= c->paused_until) {
            c->paused_until = 0;
            hag__event(g, c, NULL, HAG_EV_RESUMED, HAG_SEVERITY_NOTICE, HAG_WHY_EXPIRED);
        } else {
            hag__wake_by(c, c->paused_until);
        }
    }
    if (c->flags & HAG__CLUSTER_OBSERVING)
        hag__adopt(g, c);
    if (!(c->flags & HAG__CLUSTER_OBSERVING))
        procedures(g, c);
    hag__names(g, c);
    hag__commit_due(g, c);
    hag__findings(g, c);
    hag__state_update(g, c);
    hag__heap_set(&g->cluster_timers, c->index, c->wake_at);
}

void hag__cluster_due(hag_guard *g, uint32_t index)
{
    hag__dirty(g, hag__cluster(g, index));
}
