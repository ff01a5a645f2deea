/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"
#include "guard/recorder.h"

/* After a restart: the record says what was under way, the nodes say what came of it. */

int32_t hag_cluster_restore(hag_guard *g, hag_cluster h, const uint8_t *bytes, size_t n,
                            hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__cluster *c;
    uint32_t ci;

    if (err != HAG_OK)
        return err;
    err = hag__find(g, &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    if (bytes == NULL)
        return hag__error(g, HAG_ERR_INVAL, "the record is NULL");
    if (!(c->flags & HAG__CLUSTER_OBSERVING) || c->commit_op != 0)
        return hag__error(g, HAG_ERR_BUSY,
                          "%s is at work already; give its record before time passes", c->name);
    err = hag__record_decode(g, c, bytes, n);
    if (err != HAG_OK)
        return err;
    hag__note(g, HAG__CALL_CLUSTER_RESTORE, (const uint64_t[]){h, n},
              (const char *const[]){(const char *)bytes});
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

static void enter_at(hag_guard *g, struct hag__cluster *c, uint32_t kind, uint32_t step,
                     uint32_t cause)
{
    uint8_t candidate = c->resume_candidate;

    c->number--; /* the same procedure goes on, with the same request ids */
    (void)hag__begin(g, c, kind, cause);
    c->run.candidate = candidate;
    c->run.step = (uint8_t)step;
    c->run.phase = HAG__RUN_ENTER;
    c->run.ordered = 1; /* an order may have left before the restart: it is not given up lightly */
}

static void condemn(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *p = hag__member(g, c, c->primary);
    hag_time longest = (hag_time)hag__grace(hag__of(c), p == NULL ? 0 : p->health.kind, 1);

    /* its grace had passed before the restart; the failed probes of now are all that is asked */
    if (p != NULL && p->health.since != HAG__NEVER && p->health.result != HAG_PROBE_OK) {
        p->health.since = p->health.since > longest ? p->health.since - longest : 0;
        hag__judge(g, c, p);
    }
}

static int reads_as(const struct hag__node *n, uint32_t role)
{
    return n != NULL && n->health.result == HAG_PROBE_OK && n->role == role;
}

static int any_candidate(const hag_guard *g, const struct hag__cluster *c)
{
    struct hag__elected who;

    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    return who.winner != HAG__NIL;
}

static void resume_failover(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *cand = hag__member(g, c, c->resume_candidate);
    struct hag__node *old = hag__member(g, c, c->primary);

    if (reads_as(old, HAG_ROLE_STANDBY))
        old->marks |=
            HAG__MARK_FENCED; /* the fence of that failover took; a successor, or undone */
    if (cand == NULL || c->resume_step < HAG__FAILOVER_NAME_CANDIDATE) {
        if (reads_as(old, HAG_ROLE_STANDBY) && any_candidate(g, c)) {
            (void)hag__begin(g, c, HAG_PROC_FAILOVER, HAG_WHY_RESTARTED);
            return;
        }
        condemn(g, c); /* nobody was asked yet: it begins anew, or is unwound as leftovers */
        return;
    }
    if (reads_as(cand, HAG_ROLE_PRIMARY)) {
        enter_at(g, c, HAG_PROC_FAILOVER, HAG__FAILOVER_TAKE_OVER, HAG_WHY_RESTARTED);
        return;
    }
    if (reads_as(cand, HAG_ROLE_STANDBY) && reads_as(old, HAG_ROLE_PRIMARY)) {
        cand->marks |= HAG__MARK_DETACHED; /* follow is ordered after whatever was */
        return;
    }
    if (reads_as(cand, HAG_ROLE_STANDBY)) {
        condemn(g, c);
        enter_at(g, c, HAG_PROC_FAILOVER, HAG__FAILOVER_STILL_FIT, HAG_WHY_RESTARTED);
        return;
    }
    cand->marks |= HAG__MARK_MAYBE;
    condemn(g, c);
    enter_at(g, c, HAG_PROC_FAILOVER, HAG__FAILOVER_UNSURE, HAG_WHY_RESTARTED);
}

static void resume_switchover(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *cand = hag__member(g, c, c->resume_candidate);

    if (cand == NULL)
        return;
    if (reads_as(cand, HAG_ROLE_PRIMARY)) {
        enter_at(g, c, HAG_PROC_SWITCHOVER, HAG__SWITCHOVER_TAKE_OVER, HAG_WHY_RESTARTED);
        return;
    }
    /* the old primary may serve again once the candidate is back for certain */
    cand->marks |= HAG__MARK_MAYBE;
    enter_at(g, c, HAG_PROC_SWITCHOVER, HAG__SWITCHOVER_BACK, HAG_WHY_RESTARTED);
    {
        struct hag__node *old = hag__member(g, c, c->primary);

        if (old != NULL)
            old->marks |= HAG__MARK_QUIESCED;
    }
}

void hag__resume(hag_guard *g, struct hag__cluster *c)
{
    if (!(c->flags & HAG__CLUSTER_RESUME)) {
        if (c->flags & HAG__CLUSTER_CONDEMNED)
            condemn(g, c);
        return;
    }
    c->flags &= ~(uint32_t)HAG__CLUSTER_RESUME;
    c->flags |= HAG__CLUSTER_RECORD;
    hag__event(g, c, NULL, HAG_EV_RESUMED, HAG_SEVERITY_NOTICE, HAG_WHY_RESTARTED)->procedure =
        c->resume_kind;
    if (c->resume_candidate == c->primary)
        return; /* it had been taken over: the rest is the reconciler's */
    if (c->resume_kind == HAG_PROC_FAILOVER)
        resume_failover(g, c);
    else if (c->resume_kind == HAG_PROC_SWITCHOVER)
        resume_switchover(g, c);
}
