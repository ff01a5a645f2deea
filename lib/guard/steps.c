/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* Starts the actions of one step and gathers their answers. */

#define COMMIT_PENDING                                                                             \
    (1ull << 63) /* with 64 places taken it is a place too: no step waits for both */

static int reachable(const struct hag__node *n)
{
    return n->health.result == HAG_PROBE_OK;
}

static uint64_t standbys(const hag_guard *g, const struct hag__cluster *c, int linkless)
{
    uint64_t set = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->run.old || !reachable(n) || n->role != HAG_ROLE_STANDBY)
            continue;
        if (linkless && ((n->facts & HAG_FACT_LINK_UP) || n->upstream != c->run.old))
            continue;
        set |= 1ull << i;
    }
    return set;
}

/* Who has to follow the new primary: whoever answers as a standby; an old primary only once it was
 * demoted (else it is fenced first, in a rejoin). */
static uint64_t rest(const hag_guard *g, const struct hag__cluster *c)
{
    uint64_t set = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->run.candidate || !reachable(n) || n->role != HAG_ROLE_STANDBY)
            continue;
        if (i == c->run.old && c->run.demoted)
            continue;
        if (n->upstream == c->run.candidate && !(n->marks & HAG__MARK_DETACHED))
            continue;
        set |= 1ull << i;
    }
    return set;
}

uint32_t hag__who(const hag_guard *g, const struct hag__cluster *c, uint32_t who, uint64_t *set)
{
    const struct hag__run *r = &c->run;
    uint32_t place = HAG__NOBODY;

    *set = 0;
    switch (who) {
    case HAG__WHO_OLD:
        place = r->old;
        break;
    case HAG__WHO_CANDIDATE:
        place = r->candidate;
        break;
    case HAG__WHO_NODE:
        place = r->node;
        break;
    case HAG__WHO_STANDBYS:
        *set = standbys(g, c, 0);
        break;
    case HAG__WHO_LATE:
        *set = standbys(g, c, 0) & ~r->detached;
        break;
    case HAG__WHO_LINKLESS:
        *set = standbys(g, c, 1);
        break;
    case HAG__WHO_REST:
        *set = rest(g, c);
        break;
    case HAG__WHO_DETACHED:
    case HAG__WHO_MEMBERS:
        for (uint32_t i = 0; i < c->nplaces; i++) {
            const struct hag__node *n = hag__member(g, c, i);

            if (n != NULL && reachable(n) &&
                (who == HAG__WHO_MEMBERS || (n->marks & HAG__MARK_DETACHED)))
                *set |= 1ull << i;
        }
        break;
    default:
        break;
    }
    if (place != HAG__NOBODY && hag__member(g, c, place) != NULL)
        *set = 1ull << place;
    return place;
}

static int passed_over(const hag_guard *g, const struct hag__cluster *c, const struct hag__step *s,
                       uint32_t place)
{
    const struct hag__node *n = hag__member(g, c, place);

    if ((s->flags & HAG__STEP_IF_ANSWERS) && (n == NULL || !reachable(n)))
        return 1;
    if ((s->flags & HAG__STEP_IF_DEMOTED) && !c->run.demoted)
        return 1;
    if ((s->flags & HAG__STEP_IF_PRIMARY) && (n == NULL || n->role != HAG_ROLE_PRIMARY))
        return 1;
    if ((s->flags & HAG__STEP_IF_QUIESCED) && (n == NULL || !(n->marks & HAG__MARK_QUIESCED)))
        return 1;
    if ((s->flags & HAG__STEP_IF_DRAINS) && n != NULL && (n->facts & HAG_FACT_SELF_DRAINS))
        return 1;
    return 0;
}

/* Starts a step: WAIT when something was asked, else what it comes to. */
uint32_t hag__step_start(hag_guard *g, struct hag__cluster *c, const struct hag__step *s)
{
    struct hag__run *r = &c->run;
    uint64_t set;
    uint32_t place;

    if (s->what == HAG_DO_COMMIT) {
        uint64_t term = c->term;

        /* another candidate in a term in which one was ordered already needs a new term (S3) */
        if ((s->flags & HAG__STEP_NEW_TERM) || (r->ordered && !(s->flags & HAG__STEP_CLOSE)))
            term = c->term + 1;
        if (hag__handler(g, c, HAG_DO_COMMIT) == HAG__BY_NOBODY) { /* volatile=accept */
            c->term = term;
            if (s->flags & HAG__STEP_NEW_TERM)
                r->ordered = 0;
            return HAG__SAID_OK;
        }
        if (!hag__commit(g, c, term, (s->flags & HAG__STEP_CLOSE) != 0, r->number))
            return HAG__SAID_FAIL;
        r->pending = COMMIT_PENDING;
        return HAG__SAID_WAIT;
    }
    place = hag__who(g, c, s->who, &set);
    if (set == 0 || (place != HAG__NOBODY && passed_over(g, c, s, place)))
        return HAG__SAID_OK;
    if (!hag__handled(g, c, s->what))
        return HAG__SAID_OK; /* done without, and said so */
    r->queue = set;
    r->asked = set;
    return HAG__SAID_WAIT;
}

static int probe(hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    (void)c;
    hag__probe_now(g, n, HAG_ACT_URGENT);
    return 1;
}

static int order(hag_guard *g, struct hag__cluster *c, const struct hag__step *s, uint32_t kind,
                 struct hag__node *n)
{
    struct hag__run *r = &c->run;
    struct hag__op *op;
    uint64_t ignored;

    op = hag__op_new(g, c, kind, NULL);
    if (op == NULL)
        return 0;
    op->node = c->nodes[n->place];
    op->number = r->number;
    op->procedure = r->kind;
    op->step = r->step;
    op->attempt = (uint8_t)r->attempt;
    op->flags = HAG_ACT_URGENT;
    if (r->undoing) {
        struct hag__node *t = hag__member(g, c, r->old);

        op->flags |= HAG_ACT_UNDO;
        op->target = t == NULL ? HAG__NIL : c->nodes[r->old];
    } else if (s->target != 0) {
        uint32_t t = hag__who(g, c, s->target, &ignored);

        op->target = hag__member(g, c, t) == NULL ? HAG__NIL : c->nodes[t];
    }
    if (kind == HAG_DO_DETACH)
        r->detached |= 1ull << n->place;
    if (kind == HAG_DO_QUIESCE) {
        op->arg = (uint64_t)hag__setting_of(c, HAG_P_QUIESCE_MAX) +
                  (uint64_t)hag__setting_of(c, HAG_P_PROMOTE_TIMEOUT);
        r->quiet_until = g->now + op->arg;
    }
    if (kind == HAG_DO_FENCE) {
        n->fenced_term = c->term;
        op->arg = (uint64_t)hag__setting_of(c, HAG_P_PROMOTE_TIMEOUT);
    }
    if (kind == HAG_DO_PROMOTE && r->kind == HAG_PROC_SWITCHOVER)
        op->flags |= HAG_ACT_PLANNED;
    if (kind == HAG_DO_PROMOTE) {
        r->ordered = 1;
        r->told = 0;
        r->tries++;
        n->fence = HAG_FENCE_NONE;
        n->marks &= (uint16_t)~HAG__MARK_FENCED;
    }
    return 1;
}

/* Asks as many of the queue as may be asked at once. */
void hag__step_feed(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;
    const struct hag__step *s = &hag__procedure(r->kind)->steps[r->step];
    uint32_t kind = r->undoing ? s->inverse : s->what;
    uint32_t room = HAG_NODES_MAX;

    if (s->parallel != 0 && !r->undoing)
        room = (uint32_t)hag__setting_of(c, s->parallel);
    for (uint64_t p = r->pending; p != 0; p &= p - 1)
        room = room > 0 ? room - 1 : 0;
    for (uint32_t i = 0; i < c->nplaces && room > 0; i++) {
        struct hag__node *n = hag__member(g, c, i);
        uint64_t bit = 1ull << i;

        if ((r->queue & bit) == 0)
            continue;
        if (n == NULL) {
            r->queue &= ~bit;
            continue;
        }
        if (kind == HAG_DO_PROBE ? !probe(g, c, n) : !order(g, c, s, kind, n)) {
            hag__wake_by(c, g->now + 100); /* no memory: once more soon */
            return;
        }
        r->queue &= ~bit;
        r->pending |= bit;
        room--;
    }
}

void hag__step_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                      const struct hag_result *res)
{
    struct hag__run *r = &c->run;
    const struct hag__node *n = op->node == HAG__NIL ? NULL : hag__node(g, op->node);

    if (n == NULL || op->step != r->step || (r->pending >> n->place & 1) == 0)
        return;
    r->pending &= ~(1ull << n->place);
    r->outcomes |= (uint16_t)(1u << res->outcome);
    if (res->outcome != HAG_RES_OK && res->reason != HAG_WHY_NONE)
        r->why = (uint8_t)res->reason;
    if (!r->undoing && n->place == r->old && res->outcome == HAG_RES_OK &&
        (op->kind == HAG_DO_FOLLOW ||
         (op->kind == HAG_DO_FENCE && res->fence >= HAG_FENCE_DEMOTED)))
        r->demoted = 1;
}

/* An answer counts for a step that reads only if it was asked for after the step began. */
void hag__step_probed(hag_guard *g, struct hag__cluster *c, struct hag__node *n, hag_time sent)
{
    struct hag__run *r = &c->run;
    const struct hag__step *s = &hag__procedure(r->kind)->steps[r->step];
    uint64_t bit = 1ull << n->place;

    /* a promotion whose answer is late or lost, but which is seen to have happened */
    if (!r->undoing && s->what == HAG_DO_PROMOTE && (r->pending & bit) != 0 &&
        n->role == HAG_ROLE_PRIMARY && n->health.result == HAG_PROBE_OK && sent >= r->step_at) {
        hag__ops_of_run(g, c, r->number);
        n->marks |= HAG__MARK_MAYBE;
        r->pending = 0;
        r->outcomes |= 1u << HAG_RES_UNKNOWN;
        return;
    }
    if (r->undoing || s->what != HAG_DO_PROBE || s->form == HAG__FORM_DECIDE ||
        (r->pending & bit) == 0)
        return;
    if (sent < r->step_at) {
        n->probe_again = 1;
        return;
    }
    r->pending &= ~bit;
    r->outcomes |= (uint16_t)(1u << (n->health.result == HAG_PROBE_OK ? HAG_RES_OK : HAG_RES_FAIL));
}

void hag__step_committed(hag_guard *g, struct hag__cluster *c, uint32_t outcome, uint32_t reason)
{
    struct hag__run *r = &c->run;
    const struct hag__step *s;

    (void)g;
    if (r->kind == 0 || r->undoing || r->phase != HAG__RUN_WAIT)
        return;
    s = &hag__procedure(r->kind)->steps[r->step];
    if (s->what != HAG_DO_COMMIT || s->form != HAG__FORM_ACT)
        return;
    r->pending = 0;
    r->outcomes |= (uint16_t)(1u << outcome);
    if (outcome == HAG_RES_OK)
        r->ordered = 0;
    else
        r->why = (uint8_t)reason;
}

/* What an action did, or may have done, stays on its node: undoing, the record and the next election
 * read it there. UNKNOWN counts as done where that is the careful reading. */
void hag__mark(hag_guard *g, struct hag__cluster *c, struct hag__node *n, const struct hag__op *op,
               const struct hag_result *r)
{
    struct hag__event *e = NULL;
    int ok = r->outcome == HAG_RES_OK;
    int maybe = r->outcome != HAG_RES_FAIL;

    n->acted_at = g->now;
    switch (op->kind) {
    case HAG_DO_DETACH:
        /* a link that was down before it was cut still accuses its primary (5.7) */
        if (maybe && !(n->marks & HAG__MARK_DETACHED) && n->upstream == c->primary &&
            !(n->facts & HAG_FACT_LINK_UP))
            n->marks |= HAG__MARK_ACCUSED;
        if (maybe)
            n->marks |= HAG__MARK_DETACHED;
        if (ok)
            e = hag__event(g, c, n, HAG_EV_DETACH, HAG_SEVERITY_INFO, HAG_WHY_NONE);
        break;
    case HAG_DO_FOLLOW:
        if (ok) {
            n->marks &= (uint16_t) ~(HAG__MARK_DETACHED | HAG__MARK_ACCUSED | HAG__MARK_MAYBE);
            n->marks &= (uint16_t) ~(HAG__MARK_FENCED);
            n->fence = HAG_FENCE_NONE;
            e = hag__event(g, c, n, HAG_EV_FOLLOW, HAG_SEVERITY_INFO, HAG_WHY_NONE);
            e->target = op->target == HAG__NIL ? 0 : hag__node_handle(g, hag__node(g, op->target));
            hag__probe_now(g, n, HAG_ACT_URGENT);
        }
        break;
    case HAG_DO_FENCE:
        if (ok) {
            n->fence = (uint16_t)r->fence;
            n->fence_until = r->fence_for == 0 ? HAG__NEVER : g->now + r->fence_for;
            if (r->fence >= HAG_FENCE_DEMOTED)
                n->marks &= (uint16_t)~HAG__MARK_MAYBE;
            e = hag__event(g, c, n, HAG_EV_FENCE, HAG_SEVERITY_INFO, HAG_WHY_NONE);
            e->arg = r->fence;
            if (r->fence == HAG_FENCE_SOFT && r->fence_for > 0)
                n->marks |= HAG__MARK_QUIESCED; /* to be lifted when it is no longer needed */
            hag__probe_now(g, n, HAG_ACT_URGENT);
        }
        if (maybe)
            n->marks |= HAG__MARK_FENCED;
        break;
    case HAG_DO_UNFENCE:
        if (ok) {
            n->marks &= (uint16_t) ~(HAG__MARK_FENCED | HAG__MARK_QUIESCED);
            n->fence = HAG_FENCE_NONE;
            n->fence_until = HAG__NEVER;
            e = hag__event(g, c, n, HAG_EV_UNFENCE, HAG_SEVERITY_INFO, HAG_WHY_NONE);
        }
        break;
    case HAG_DO_QUIESCE:
        if (maybe)
            n->marks |= HAG__MARK_QUIESCED;
        if (ok)
            e = hag__event(g, c, n, HAG_EV_QUIESCE, HAG_SEVERITY_INFO, HAG_WHY_NONE);
        break;
    case HAG_DO_UNQUIESCE:
        if (ok) {
            n->marks &= (uint16_t)~HAG__MARK_QUIESCED;
            e = hag__event(g, c, n, HAG_EV_UNQUIESCE, HAG_SEVERITY_INFO, HAG_WHY_NONE);
        }
        break;
    case HAG_DO_PROMOTE:
        if (maybe)
            n->marks |= HAG__MARK_MAYBE;
        if (ok)
            c->run.told = 1;
        if (ok)
            e = hag__event(g, c, n, HAG_EV_PROMOTE, HAG_SEVERITY_NOTICE, HAG_WHY_NONE);
        break;
    case HAG_DO_DISCONNECT:
        if (ok)
            e = hag__event(g, c, n, HAG_EV_DISCONNECT, HAG_SEVERITY_INFO, HAG_WHY_NONE);
        break;
    default:
        break;
    }
    hag__detail(e, ok ? r->text : NULL);
}
