/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"
#include "guard/recorder.h"

/* The operator's hand: failover, switchover, confirm (K8). */

#define ANSWER_MIN (offsetof(struct hag_answer, about) + sizeof(((struct hag_answer *)0)->about))

static void reason(struct hag_answer *a, uint32_t why, hag_node about)
{
    if (a->nreasons == HAG_REASONS_MAX)
        return;
    a->reasons[a->nreasons] = why;
    a->about[a->nreasons] = about;
    a->nreasons++;
}

static int settled(const struct hag__node *p)
{
    return p->verdict == HAG_VERDICT_UP && p->health.result == HAG_PROBE_OK &&
           p->health.since == HAG__NEVER && p->role == HAG_ROLE_PRIMARY;
}

static void preconditions(const hag_guard *g, struct hag__cluster *c, uint32_t kind, uint32_t flags,
                          uint32_t to, struct hag_answer *a)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    int planned = kind == HAG_PROC_SWITCHOVER;
    struct hag__elected who;
    uint32_t why;

    if (c->flags & HAG__CLUSTER_OBSERVING)
        reason(a, HAG_WHY_OBSERVING, 0);
    if (!hag__decides(g, c, &why))
        reason(a, why, 0);
    if (c->paused_until != 0)
        reason(a, HAG_WHY_PAUSED, 0);
    if (c->run.kind == HAG_PROC_FAILOVER || c->run.kind == HAG_PROC_SWITCHOVER)
        reason(a, HAG_WHY_RUNNING, 0);
    if (p == NULL)
        reason(a, HAG_WHY_NO_PRIMARY, 0);
    if (planned && p != NULL && !settled(p))
        reason(a, HAG_WHY_UNSETTLED, hag__node_handle(g, p));
    if (planned && p != NULL && !(p->facts & HAG_FACT_SELF_DRAINS) &&
        hag__handler(g, c, HAG_DO_QUIESCE) == HAG__BY_NOBODY)
        reason(a, HAG_WHY_NO_HANDLER, 0);
    hag__choose(g, c, 0, planned, (flags & HAG_OPERATE_DATA_LOSS) != 0, to, &who);
    if (who.winner != HAG__NIL) {
        a->target = hag__place_handle(g, c, who.winner);
        return;
    }
    if (to != HAG__NOBODY) {
        reason(a, HAG_WHY_TARGET_UNFIT, hag__place_handle(g, c, to));
        reason(a, who.refusal[to], hag__place_handle(g, c, to));
        return;
    }
    reason(a, HAG_WHY_NO_CANDIDATE, 0);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        if (hag__member(g, c, i) != NULL && i != c->primary)
            reason(a, who.refusal[i], hag__place_handle(g, c, i));
    }
}

static int32_t operate(hag_guard *g, hag_cluster h, hag_node to, uint32_t flags, uint32_t allowed,
                       uint32_t kind, hag_time now, struct hag_answer *out)
{
    int32_t err = hag__enter(g, now);
    struct hag_answer a = {.size = sizeof(a)};
    struct hag__cluster *c;
    uint32_t ci, ni, place = HAG__NOBODY;

    if (err != HAG_OK)
        return err;
    err = hag__find(g, &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    if ((flags & ~allowed) != 0)
        return hag__error(g, HAG_ERR_RANGE, "flags 0x%x are not for this order", flags & ~allowed);
    if (to != 0) {
        err = hag__find(g, &g->nodes, to, "node", &ni);
        if (err != HAG_OK)
            return err;
        if (hag__node(g, ni)->cluster != ci)
            return hag__error(g, HAG_ERR_INVAL, "the target is no node of %s", c->name);
        place = hag__node(g, ni)->place;
    }
    if (out != NULL) { /* a size that cannot hold the answer is refused before anything begins */
        err = hag__give_struct(g, &a, sizeof(a), out, ANSWER_MIN, "hag_answer");
        if (err != HAG_OK)
            return err;
    }
    preconditions(g, c, kind, flags, place, &a);
    if (out != NULL)
        (void)hag__give_struct(g, &a, sizeof(a), out, ANSWER_MIN, "hag_answer");
    if (!(flags & HAG_OPERATE_DRY_RUN))
        hag__note(g,
                  kind == HAG_PROC_FAILOVER ? HAG__CALL_CLUSTER_FAILOVER
                                            : HAG__CALL_CLUSTER_SWITCHOVER,
                  (const uint64_t[]){h, to, flags, a.nreasons, a.nreasons > 0 ? a.reasons[0] : 0,
                                     a.target},
                  NULL);
    if (a.nreasons > 0) {
        if (!(flags & HAG_OPERATE_DRY_RUN)) {
            struct hag__event *e =
                hag__event(g, c, NULL, HAG_EV_REFUSED, HAG_SEVERITY_WARNING, a.reasons[0]);

            e->procedure = (uint8_t)kind;
            e->target = to;
        }
        return hag__error(g, HAG_ERR_REFUSED, "%s of %s is refused: %s",
                          hag__name(HAG_NAMES_PROCEDURE, kind), c->name,
                          hag_why_text(a.reasons[0]));
    }
    if (flags & HAG_OPERATE_DRY_RUN)
        return HAG_OK;
    hag__drop_run(g, c, HAG_WHY_PREEMPTED);
    (void)hag__begin(g, c, kind, HAG_WHY_OPERATOR);
    c->run.to = (uint8_t)place;
    c->run.data_loss = (flags & HAG_OPERATE_DATA_LOSS) != 0;
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_cluster_failover(hag_guard *g, hag_cluster c, hag_node to, uint32_t flags, hag_time now,
                             struct hag_answer *out)
{
    return operate(g, c, to, flags, HAG_OPERATE_DRY_RUN | HAG_OPERATE_DATA_LOSS, HAG_PROC_FAILOVER,
                   now, out);
}

int32_t hag_cluster_switchover(hag_guard *g, hag_cluster c, hag_node to, uint32_t flags,
                               hag_time now, struct hag_answer *out)
{
    return operate(g, c, to, flags, HAG_OPERATE_DRY_RUN, HAG_PROC_SWITCHOVER, now, out);
}

static int confirm_node(const struct hag__cluster *c, struct hag__node *n)
{
    if (c->flags & HAG__CLUSTER_OBSERVING) {
        if (n->health.result != HAG_PROBE_OK || n->role != HAG_ROLE_PRIMARY)
            return 0;
        n->flags |= HAG_NODE_PRIMARY; /* the next look takes it */
        return 1;
    }
    if (n->alerts >> HAG_ALERT_UNKNOWN_NODE & 1u) {
        n->marks |= HAG__MARK_TRUSTED;
        return 1;
    }
    if ((n->place == c->run.old || (n->marks & HAG__MARK_MAYBE)) && n->verdict != HAG_VERDICT_UP) {
        n->marks |= HAG__MARK_CONFIRMED_OFF;
        return 1;
    }
    return 0;
}

int32_t hag_cluster_confirm(hag_guard *g, hag_cluster h, hag_node node, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__cluster *c;
    uint32_t ci, ni;
    int did = 0;

    if (err != HAG_OK)
        return err;
    err = hag__find(g, &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    if (node != 0) {
        err = hag__find(g, &g->nodes, node, "node", &ni);
        if (err != HAG_OK)
            return err;
        if (hag__node(g, ni)->cluster != ci)
            return hag__error(g, HAG_ERR_INVAL, "the node is not of %s", c->name);
        did = confirm_node(c, hag__node(g, ni));
    } else if (c->run.kind != 0 && (c->alerts >> HAG_ALERT_FENCE_UNCONFIRMED & 1u)) {
        uint32_t place = c->run.candidate != HAG__NOBODY ? c->run.candidate : c->run.old;
        struct hag__node *n = hag__member(g, c, place);

        if (n != NULL) {
            n->marks |= HAG__MARK_CONFIRMED_OFF;
            did = 1;
        }
    } else if (c->alerts >> HAG_ALERT_CONFLICT & 1u) {
        hag__alert(g, c, NULL, HAG_ALERT_CONFLICT, HAG_WHY_OPERATOR, 0);
        did = 1;
    }
    if (did)
        hag__note(g, HAG__CALL_CLUSTER_CONFIRM, (const uint64_t[]){h, node}, NULL);
    if (!did)
        return hag__error(g, HAG_ERR_NOT_FOUND, "%s waits for nothing that this would answer",
                          c->name);
    hag__event(g, c, node != 0 ? hag__node(g, ni) : NULL, HAG_EV_RESUMED, HAG_SEVERITY_NOTICE,
               HAG_WHY_OPERATOR);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}
