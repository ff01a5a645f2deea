/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

/* Takes back what a procedure did, newest step first, each by the inverse of its row. What was done
 * to whom is read from the marks of the nodes. */

static const struct {
    uint8_t action; /* HAG_DO_ that left the mark */
    uint16_t mark;
} left_by[] = {
    {HAG_DO_DETACH, HAG__MARK_DETACHED},
    {HAG_DO_FENCE, HAG__MARK_FENCED},
    {HAG_DO_QUIESCE, HAG__MARK_QUIESCED},
};

static uint64_t touched(const hag_guard *g, const struct hag__cluster *c, const struct hag__step *s)
{
    uint16_t mark = 0;
    uint64_t set = 0;

    for (size_t i = 0; i < sizeof(left_by) / sizeof(left_by[0]); i++) {
        if (left_by[i].action == s->what)
            mark = left_by[i].mark;
    }
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL && (n->marks & mark) != 0)
            set |= 1ull << i;
    }
    return set;
}

/* 1: nothing is left to undo. An inverse that fails is not tried for ever: the mark stays, and the
 * reconciler comes back to the node. */
int hag__undo(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;
    const struct hag__procedure *p = hag__procedure(r->kind);

    /* S8: whoever follows an empty primary again copies its emptiness */
    if (r->cause == HAG_WHY_REBORN_EMPTY)
        return 1;
    for (;;) {
        const struct hag__step *s = &p->steps[r->step];

        if (r->phase == HAG__RUN_WAIT) {
            hag__step_feed(g, c);
            if (r->pending != 0 || r->queue != 0)
                return 0;
        } else if (s->inverse != 0 && hag__handled(g, c, s->inverse) &&
                   (s->inverse != HAG_DO_FOLLOW || hag__member(g, c, r->old) != NULL)) {
            r->queue = r->asked = touched(g, c, s);
            r->phase = HAG__RUN_WAIT;
            if (r->queue != 0)
                continue;
        }
        if (r->step == 0)
            return 1;
        r->step--;
        r->phase = HAG__RUN_ENTER;
        r->pending = r->queue = 0;
    }
}
