/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* The record on its way to the host. One at a time; one of unknown outcome is repeated with the very
 * same bytes and version until it is known (S3), before anything newer is written. */

static int emit(hag_guard *g, struct hag__cluster *c)
{
    struct hag__op *op = hag__op_new(g, c, HAG_DO_COMMIT, &c->commit_op);

    if (op == NULL) {
        c->commit_op = 0;
        return 0;
    }
    op->number = c->run.number;
    op->procedure = c->run.kind;
    op->step = c->run.step;
    c->commit_retry_at = HAG__NEVER;
    return 1;
}

/* The bytes of an action that was handed out live until the next one. */
void hag__record_drop(hag_guard *g, struct hag__cluster *c)
{
    if (c->record != NULL && c->record == g->kept_record) {
        g->dropped_record = c->record;
        g->dropped_size = c->record_cap;
    } else {
        hag__free(&g->mem, c->record, c->record_cap);
    }
    c->record = NULL;
    c->record_cap = c->record_len = 0;
}

static int encode(hag_guard *g, struct hag__cluster *c, uint64_t term, int close)
{
    size_t need = hag__record_encode(g, c, c->version + 1, term, close, NULL, 0);

    if (need > c->record_cap || c->record == g->kept_record) {
        uint8_t *more = hag__zalloc(&g->mem, need);

        if (more == NULL)
            return 0;
        hag__record_drop(g, c);
        c->record = more;
        c->record_cap = need;
    }
    c->record_len = hag__record_encode(g, c, c->version + 1, term, close, c->record, c->record_cap);
    c->record_version = c->version + 1;
    c->record_term = term;
    c->flags &= ~(uint32_t)HAG__CLUSTER_RECORD;
    return 1;
}

/* 0: nothing could be started (no memory); try again later. number: the procedure that waits. */
int hag__commit(hag_guard *g, struct hag__cluster *c, uint64_t term, int close, uint32_t number)
{
    if (c->commit_op != 0 || c->commit_unknown) {
        c->commit_wanted = 1;
        c->wanted_term = term;
        c->wanted_close = (uint8_t)close;
        c->wanted_for = number;
        if (c->commit_op == 0)
            return emit(g, c);
        return 1;
    }
    if (!encode(g, c, term, close))
        return 0;
    c->commit_for = number;
    return emit(g, c);
}

static void later(hag_guard *g, struct hag__cluster *c)
{
    uint64_t most = (uint64_t)hag__setting_of(c, HAG_P_RETRY_MAX);

    c->commit_backoff = c->commit_backoff == 0 ? (uint32_t)hag__setting_of(c, HAG_P_RETRY_EVERY)
                                               : c->commit_backoff * 2;
    if (c->commit_backoff > most)
        c->commit_backoff = (uint32_t)most;
    c->commit_retry_at = g->now + c->commit_backoff;
}

static void done(hag_guard *g, struct hag__cluster *c)
{
    int rose = c->record_term > c->term;

    c->version = c->record_version;
    c->term = c->record_term;
    c->commit_unknown = 0;
    c->commit_backoff = 0;
    /* commits are rare: a fleet does not keep a buffer for each cluster */
    hag__record_drop(g, c);
    if (rose)
        c->flags &= ~(uint32_t)HAG__CLUSTER_NEW_TERM;
    if (rose)
        hag__event(g, c, NULL, HAG_EV_COMMIT, HAG_SEVERITY_INFO, HAG_WHY_NONE)->arg = c->term;
    hag__alert(g, c, NULL, HAG_ALERT_COMMIT_FAILED, HAG_WHY_NONE, 0);
}

void hag__commit_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                        const struct hag_result *r)
{
    uint32_t number = c->commit_for;
    uint32_t outcome = r->outcome;
    uint32_t why = r->reason != HAG_WHY_NONE ? r->reason : HAG_WHY_COMMIT_FAILED;

    (void)op;
    c->commit_op = 0;
    c->commit_for = 0;
    if (outcome == HAG_RES_OK) {
        done(g, c);
    } else {
        hag__alert(g, c, NULL, HAG_ALERT_COMMIT_FAILED, why, 1);
        /* that a repetition failed says nothing of the first one */
        if (outcome == HAG_RES_UNKNOWN || r->reason == HAG_WHY_VERSION)
            c->commit_unknown = outcome == HAG_RES_UNKNOWN;
        if (outcome == HAG_RES_FAIL && r->reason == HAG_WHY_VERSION)
            hag__alert(g, c, NULL, HAG_ALERT_CONFLICT, HAG_WHY_VERSION, 1);
        c->flags |= HAG__CLUSTER_RECORD;
        later(g, c);
    }
    if (c->commit_wanted && (outcome == HAG_RES_OK || !c->commit_unknown)) {
        c->commit_wanted = 0;
        if (hag__commit(g, c, c->wanted_term, c->wanted_close, c->wanted_for))
            return;
        number = c->wanted_for;
        outcome = HAG_RES_FAIL;
    }
    if (number != 0 && number == c->run.number)
        hag__step_committed(g, c, outcome, why);
}

/* The reconciler's own commits: whatever changed outside a procedure. */
void hag__commit_due(hag_guard *g, struct hag__cluster *c)
{
    if (c->commit_op != 0 || hag__handler(g, c, HAG_DO_COMMIT) == HAG__BY_NOBODY ||
        (c->alerts >> HAG_ALERT_CONFLICT & 1u))
        return;
    if (!c->commit_unknown && !(c->flags & HAG__CLUSTER_RECORD))
        return;
    if (c->commit_retry_at != HAG__NEVER && g->now < c->commit_retry_at) {
        hag__wake_by(c, c->commit_retry_at);
        return;
    }
    if (c->run.kind != 0 && !c->commit_unknown)
        return; /* the procedure's own commits carry it */
    if (c->term == 0)
        c->flags |= HAG__CLUSTER_NEW_TERM;
    /* an unknown one is only repeated: what a procedure wants written after it stays wanted */
    if (c->commit_unknown
            ? !emit(g, c)
            : !hag__commit(g, c, c->term + ((c->flags & HAG__CLUSTER_NEW_TERM) ? 1 : 0), 0, 0)) {
        later(g, c);
        hag__wake_by(c, c->commit_retry_at);
    }
}
