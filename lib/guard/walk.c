/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* Walks the table of the running procedure. It knows forms and flags, no procedure. */

#define ROUNDS 64 /* steps in one go; a table without a pause in its loops would spin */

void hag__run_clear(hag_guard *g, struct hag__cluster *c)
{
    (void)g;
    memset(&c->run, 0, sizeof(c->run));
    c->run.old = c->run.candidate = c->run.node = c->run.to = HAG__NOBODY;
    c->run.retry_at = HAG__NEVER;
}

static const struct hag__step *step_of(const struct hag__cluster *c)
{
    return &hag__procedure(c->run.kind)->steps[c->run.step];
}

int hag__begin(hag_guard *g, struct hag__cluster *c, uint32_t kind, uint32_t cause)
{
    struct hag__run *r = &c->run;
    struct hag__event *e;

    hag__run_clear(g, c);
    r->kind = (uint8_t)kind;
    r->cause = (uint8_t)cause;
    r->number = ++c->number;
    r->begun_at = r->step_at = r->loop_at = g->now;
    r->looked = g->resumed_at;
    r->old = c->primary;
    if (kind == HAG_PROC_FAILOVER)
        g->failovers++;
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            n->marks &= (uint16_t) ~(HAG__MARK_TRIED | HAG__MARK_UNSYNCED_READ | HAG__MARK_STABLE);
    }
    e = hag__event(g, c, NULL, HAG_EV_BEGIN, HAG_SEVERITY_NOTICE, cause);
    e->target = hag__place_handle(g, c, r->to);
    return 1;
}

/* What came to nothing for this node is tried again later, and later each time. */
static void back_off(const hag_guard *g, const struct hag__cluster *c, struct hag__node *n)
{
    uint64_t most = (uint64_t)hag__setting_of(c, HAG_P_RETRY_MAX);

    if (n == NULL)
        return;
    n->rejoin_backoff = n->rejoin_backoff == 0 ? (uint32_t)hag__setting_of(c, HAG_P_RETRY_EVERY)
                                               : n->rejoin_backoff * 2;
    if (n->rejoin_backoff > most)
        n->rejoin_backoff = (uint32_t)most;
    n->rejoin_at = g->now + n->rejoin_backoff;
}

void hag__run_end(hag_guard *g, struct hag__cluster *c, uint32_t how, uint32_t why)
{
    struct hag__run *r = &c->run;
    struct hag__event *e;

    hag__ops_of_run(g, c, r->number);
    e = hag__event(g, c, hag__member(g, c, r->node != HAG__NOBODY ? r->node : r->candidate), how,
                   how == HAG_EV_END ? HAG_SEVERITY_NOTICE : HAG_SEVERITY_WARNING, why);
    e->arg = g->now - r->begun_at;
    if (r->kind == HAG_PROC_FAILOVER) {
        g->failovers--;
        if (how == HAG_EV_END)
            c->failovers++;
        else if (why != HAG_WHY_PRIMARY_RETURNED && why != HAG_WHY_PREEMPTED)
            back_off(g, c, hag__member(g, c, c->primary));
    }
    if (r->kind == HAG_PROC_FAILOVER || r->kind == HAG_PROC_SWITCHOVER) {
        c->flags |= HAG__CLUSTER_RECORD;
        /* S4: who does not follow the new primary by now has to sync before it counts */
        for (uint32_t i = 0; how == HAG_EV_END && i < c->nplaces; i++) {
            struct hag__node *n = hag__member(g, c, i);

            if (n != NULL && i != c->primary && n->upstream != c->primary)
                n->marks &= (uint16_t)~HAG__MARK_SYNCED;
        }
    }
    hag__run_clear(g, c);
    hag__dirty(g, c);
}

/* S1: a higher procedure goes first. What was done to nodes stays marked on them, so the next one, or
 * the reconciler, takes it from there. */
void hag__drop_run(hag_guard *g, struct hag__cluster *c, uint32_t why)
{
    if (c->run.kind != 0)
        hag__run_end(g, c, HAG_EV_ABORT, why);
}

static void enter(hag_guard *g, struct hag__cluster *c, uint32_t step)
{
    struct hag__run *r = &c->run;
    const struct hag__procedure *p = hag__procedure(r->kind);
    struct hag__node *candidate = hag__member(g, c, r->candidate);
    uint32_t loop;

    /* whoever has to be fenced as a candidate had its chance in this procedure (S3) */
    if (p->steps[step].what == HAG_DO_FENCE && p->steps[step].who == HAG__WHO_CANDIDATE &&
        p->steps[step].form == HAG__FORM_ACT && candidate != NULL)
        candidate->marks |= HAG__MARK_TRIED;

    r->step = (uint8_t)step;
    r->phase = HAG__RUN_ENTER;
    r->attempt = 0;
    r->outcomes = 0;
    r->pending = r->queue = r->asked = 0;
    r->step_at = g->now;
    /* a loop is a step and the one before it: its clock runs from the first entry */
    loop = 0;
    if (p->steps[step].flags & HAG__STEP_PAIR)
        loop = step + 1;
    else if (step + 1u < p->n && (p->steps[step + 1].flags & HAG__STEP_PAIR))
        loop = step + 2;
    if (loop == 0) {
        r->loop = 0;
    } else if (r->loop != loop) {
        r->loop = (uint8_t)loop;
        r->loop_at = g->now;
    }
}

static uint64_t backoff(const struct hag__cluster *c, uint32_t attempt)
{
    uint64_t ms = (uint64_t)hag__setting_of(c, HAG_P_RETRY_EVERY);
    uint64_t most = (uint64_t)hag__setting_of(c, HAG_P_RETRY_MAX);

    while (attempt-- > 0 && ms < most)
        ms *= 2;
    return ms < most ? ms : most;
}

static void pause_until(hag_guard *g, struct hag__cluster *c, uint32_t next, hag_time at)
{
    (void)g;
    c->run.phase = HAG__RUN_PAUSE;
    c->run.next = (uint8_t)next;
    c->run.retry_at = at;
}

static void undo_from_here(hag_guard *g, struct hag__cluster *c, uint32_t why)
{
    struct hag__run *r = &c->run;

    hag__ops_of_run(g, c, r->number);
    r->undoing = 1;
    if (why != HAG_WHY_NONE)
        r->why = (uint8_t)why;
    r->phase = HAG__RUN_ENTER;
    r->pending = r->queue = r->asked = 0;
    r->outcomes = 0;
    r->step_at = g->now;
}

/* Where an outcome leads. */
static void follow(hag_guard *g, struct hag__cluster *c, const struct hag__step *s, uint32_t said)
{
    struct hag__run *r = &c->run;
    uint32_t next = said == HAG__SAID_OK        ? s->ok
                    : said == HAG__SAID_FAIL    ? s->fail
                    : said == HAG__SAID_UNKNOWN ? s->unknown
                                                : s->spent;

    switch (next) {
    case HAG__END_OK:
        hag__run_end(g, c, HAG_EV_END, r->cause);
        return;
    case HAG__END_REFUSED:
        hag__run_end(g, c, HAG_EV_ABORT, r->why != 0 ? r->why : HAG_WHY_NO_CANDIDATE);
        return;
    case HAG__END_RETRY:
        back_off(g, c, hag__member(g, c, r->node));
        hag__run_end(g, c, HAG_EV_ABORT, r->why != 0 ? r->why : HAG_WHY_NOT_CONFIRMED);
        return;
    case HAG__END_UNDO:
        undo_from_here(g, c, HAG_WHY_NONE);
        return;
    default:
        break;
    }
    if ((s->flags & HAG__STEP_RETRY) && next == r->step) {
        uint32_t attempt = r->attempt < 30 ? r->attempt : 30;

        r->attempt++;
        pause_until(g, c, next, g->now + backoff(c, attempt));
        return;
    }
    if (said == HAG__SAID_UNKNOWN && next < r->step) { /* a loop that reads again */
        pause_until(g, c, next, g->now + HAG__LOOP_MS);
        return;
    }
    enter(g, c, next);
}

static hag_time deadline(const struct hag__cluster *c, const struct hag__step *s)
{
    hag_time from = (s->flags & HAG__STEP_PAIR) ? c->run.loop_at : c->run.step_at;

    return from + (uint64_t)hag__setting_of(c, s->deadline);
}

static uint32_t outcome_of(const struct hag__run *r)
{
    if (r->outcomes & 1u << HAG_RES_UNKNOWN)
        return HAG__SAID_UNKNOWN;
    if (r->outcomes & 1u << HAG_RES_FAIL)
        return HAG__SAID_FAIL;
    return HAG__SAID_OK;
}

/* One look at the running step: what it says, or WAIT. */
static uint32_t look(hag_guard *g, struct hag__cluster *c, const struct hag__step *s)
{
    struct hag__run *r = &c->run;
    uint32_t said;

    if (s->form == HAG__FORM_DECIDE) {
        said = hag__ask(g, c, s->what);
        if ((said == HAG__SAID_WAIT ||
             (said == HAG__SAID_UNKNOWN && (s->flags & HAG__STEP_PAIR))) &&
            g->now >= deadline(c, s))
            return HAG__SAID_SPENT;
        if (said == HAG__SAID_WAIT)
            hag__wake_by(c, deadline(c, s));
        return said;
    }
    if (r->phase == HAG__RUN_ENTER) {
        said = hag__step_start(g, c, s);
        if (said != HAG__SAID_WAIT)
            return said;
        r->phase = HAG__RUN_WAIT;
    }
    hag__step_feed(g, c);
    if (r->pending == 0 && r->queue == 0)
        return outcome_of(r);
    if (s->what == HAG_DO_PROBE) {
        /* a probe in flight before this step may have to end first */
        hag_time end = r->step_at + 2 * (uint64_t)hag__setting_of(c, s->deadline);

        if (g->now >= end)
            return HAG__SAID_SPENT;
        hag__wake_by(c, end);
    }
    return HAG__SAID_WAIT;
}

/* S13: one good answer of the expected primary before promote has left, and everything is undone. */
static int gives_up(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;
    const struct hag__procedure *p = hag__procedure(r->kind);

    if (r->undoing || r->step > p->point_of_no_return || r->ordered)
        return 0;
    if (hag__primary_was_missed(c) && hag__primary_returned(g, c)) {
        struct hag__node *n = hag__member(g, c, r->candidate);

        /* the guard before this one may have ordered its promotion: follow is ordered after that */
        if (r->cause == HAG_WHY_RESTARTED && n != NULL)
            n->marks |= HAG__MARK_DETACHED;
        undo_from_here(g, c, HAG_WHY_PRIMARY_RETURNED);
        return 1;
    }
    return 0;
}

/* 5.9: whoever was out of reach before the guard stood still may be there again, with more data. */
static int looks_again(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;
    const struct hag__procedure *p = hag__procedure(r->kind);

    if (p->look_again == 0 || r->undoing || r->ordered || r->step <= p->look_again ||
        r->step > p->point_of_no_return || r->looked == g->resumed_at)
        return 0;
    hag__ops_of_run(g, c, r->number);
    enter(g, c, p->look_again);
    return 1;
}

void hag__walk(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;

    for (int i = 0; i < ROUNDS && r->kind != 0; i++) {
        const struct hag__step *s;
        uint32_t said;

        if (r->undoing) {
            if (!hag__undo(g, c))
                return;
            hag__run_end(g, c, HAG_EV_ABORT, r->why != 0 ? r->why : HAG_WHY_NO_CANDIDATE);
            return;
        }
        if (gives_up(g, c) || looks_again(g, c))
            continue;
        if (r->phase == HAG__RUN_PAUSE) {
            if (g->now < r->retry_at) {
                hag__wake_by(c, r->retry_at);
                return;
            }
            if (r->next == r->step) { /* the same step again keeps its attempt */
                r->phase = HAG__RUN_ENTER;
                r->outcomes = 0;
                r->pending = r->queue = 0;
                r->step_at = g->now;
            } else {
                enter(g, c, r->next);
            }
            continue;
        }
        s = step_of(c);
        said = look(g, c, s);
        if (said == HAG__SAID_WAIT)
            return;
        follow(g, c, s, said);
    }
    if (r->kind != 0)
        hag__wake_by(c, g->now + 1);
}
