/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* Keeps the names true: computes what should stand behind them, asks for updates, has them checked,
 * and tries again until it is so (U8). Nothing here waits for a procedure. */

int hag__in_debt(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n)
{
    if (n->place == c->primary)
        return 0;
    return g->now < n->debt_until || (c->names[HAG_ENDPOINT_PRIMARY].have >> n->place & 1) != 0;
}

static uint64_t want_replicas(const hag_guard *g, struct hag__cluster *c)
{
    struct hag__endpoint_member m[HAG_NODES_MAX];
    struct hag__endpoint_in in;
    uint64_t set;

    memset(m, 0, sizeof(m));
    memset(&in, 0, sizeof(in));
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL) {
            m[i].verdict = HAG_VERDICT_DOWN;
            continue;
        }
        m[i].verdict = n->verdict;
        m[i].role = n->role;
        m[i].in_sync = n->role == HAG_ROLE_STANDBY && n->upstream == c->primary &&
                       (n->facts & HAG_FACT_LINK_UP) && !(n->facts & HAG_FACT_SYNCING) &&
                       n->health.result == HAG_PROBE_OK;
        m[i].reads = (n->facts & HAG_FACT_READS) != 0;
        m[i].in_debt = (uint8_t)hag__in_debt(g, c, n);
        m[i].leaving = (n->facts & HAG_FACT_LEAVING) != 0;
        m[i].since_step = n->position_sent != HAG__NEVER &&
                          (c->run.kind == 0 || n->position_sent >= c->run.begun_at);
        if (m[i].in_debt)
            hag__wake_by(c, n->debt_until > g->now ? n->debt_until : HAG__NEVER);
    }
    in.members = m;
    in.n = c->nplaces;
    in.primary = c->primary == HAG__NOBODY ? HAG__NIL : c->primary;
    /* S6: what an update brought there, less what a later one takes out */
    in.published = c->names[HAG_ENDPOINT_REPLICA].have & c->names[HAG_ENDPOINT_REPLICA].want;
    in.unsure = !c->names[HAG_ENDPOINT_REPLICA].known;
    in.trim = (c->flags & HAG__CLUSTER_TRIM) != 0;
    in.withdraw_replica = hag__setting_of(c, HAG_P_WITHDRAW_REPLICA) == HAG_ON;
    set = hag__endpoint_replicas(&in);
    c->flags &= ~(uint32_t)HAG__CLUSTER_TRIM;
    return set;
}

static void became_true(hag_guard *g, struct hag__cluster *c, uint32_t which)
{
    struct hag__name_state *s = &c->names[which];
    struct hag__event *e =
        hag__event(g, c, NULL, HAG_EV_ENDPOINT, HAG_SEVERITY_NOTICE, HAG_WHY_NONE);

    e->endpoint = (uint8_t)which;
    e->arg = s->have;
    e->generation = s->generation;
    s->state = HAG__NAME_IDLE;
    s->untrue_since = HAG__NEVER;
    s->backoff = 0;
    s->retry_at = HAG__NEVER;
    s->check_next = 0;
}

static void written(hag_guard *g, struct hag__cluster *c, uint32_t which, uint64_t set)
{
    struct hag__name_state *s = &c->names[which];

    if (which == HAG_ENDPOINT_PRIMARY) {
        /* S14: resolvers may still answer with who was there until now */
        uint64_t debt = (uint64_t)hag__setting_of(c, HAG_P_TTL) *
                        (uint64_t)hag__setting_of(c, HAG_P_DEBT_FACTOR);

        for (uint32_t i = 0; i < c->nplaces; i++) {
            struct hag__node *n = hag__member(g, c, i);

            if (n != NULL && (s->have >> i & 1) != 0 && (set >> i & 1) == 0)
                n->debt_until = g->now + debt;
        }
    }
    s->have = set;
    s->known = 1;
    c->flags |= HAG__CLUSTER_RECORD;
}

static void retry(hag_guard *g, struct hag__cluster *c, struct hag__name_state *s, uint32_t after)
{
    uint64_t most = (uint64_t)hag__setting_of(c, HAG_P_RETRY_MAX);

    s->backoff = s->backoff == 0 ? (uint32_t)hag__setting_of(c, HAG_P_RETRY_EVERY) : s->backoff * 2;
    if (s->backoff > most)
        s->backoff = (uint32_t)most;
    s->state = HAG__NAME_WAITING;
    s->retry_at = g->now + (after > s->backoff ? after : s->backoff);
}

static int ask(hag_guard *g, struct hag__cluster *c, uint32_t which, uint32_t kind)
{
    struct hag__name_state *s = &c->names[which];
    struct hag__op *op = hag__op_new(g, c, kind, &s->op);

    if (op == NULL) {
        s->op = 0;
        s->state = HAG__NAME_WAITING;
        s->retry_at = g->now + 100;
        return 0;
    }
    op->endpoint = (uint8_t)which;
    op->arg = s->want;
    op->number = c->number;
    op->step = (uint8_t)s->generation;
    op->flags = HAG_ACT_URGENT;
    s->state = kind == HAG_DO_ENDPOINT_UPDATE ? HAG__NAME_UPDATING : HAG__NAME_CHECKING;
    return 1;
}

static void update(hag_guard *g, struct hag__cluster *c, uint32_t which)
{
    struct hag__name_state *s = &c->names[which];

    if (!hag__handled(g, c, HAG_DO_ENDPOINT_UPDATE)) {
        written(g, c, which, s->want);
        became_true(g, c, which);
        return;
    }
    (void)ask(g, c, which, HAG_DO_ENDPOINT_UPDATE);
}

static void drive(hag_guard *g, struct hag__cluster *c, uint32_t which, uint64_t want)
{
    struct hag__name_state *s = &c->names[which];
    int first = !s->known && s->state == HAG__NAME_IDLE && s->untrue_since == HAG__NEVER;

    if (want != s->want || first || s->redo) {
        if (s->state == HAG__NAME_UPDATING || s->state == HAG__NAME_CHECKING)
            hag__op_withdraw(g, s->op);
        /* an update that is not known to have failed may land later: what follows it outranks it */
        if (want != s->have || s->generation == 0 || s->redo || s->untrue_since != HAG__NEVER)
            s->generation++;
        s->redo = 0;
        s->want = want;
        if (s->untrue_since == HAG__NEVER)
            s->untrue_since = g->now;
        s->backoff = 0;
        update(g, c, which);
    } else if (s->state == HAG__NAME_WAITING) {
        if (g->now >= s->retry_at) {
            if (s->check_next)
                (void)ask(g, c, which, HAG_DO_ENDPOINT_CHECK);
            else
                update(g, c, which);
        }
    }
    if (s->state == HAG__NAME_WAITING)
        hag__wake_by(c, s->retry_at);
}

/* At the start nothing is written for a primary that does not answer, or whose replacement was under
 * way when the guard was stopped: the name may lead to its successor already. */
static int may_be_replaced(const hag_guard *g, const struct hag__cluster *c)
{
    return hag__member(g, c, c->primary)->verdict != HAG_VERDICT_UP ||
           ((c->flags & HAG__CLUSTER_RESTORED) &&
            (c->run.kind == HAG_PROC_FAILOVER || c->run.kind == HAG_PROC_SWITCHOVER));
}

void hag__names(hag_guard *g, struct hag__cluster *c)
{
    uint64_t primary;

    /* S2: nothing is published in a term that is not recorded */
    if ((c->flags & (HAG__CLUSTER_OBSERVING | HAG__CLUSTER_NEW_TERM)) ||
        c->primary == HAG__NOBODY || c->term == 0 || !hag__decides(g, c, NULL))
        return;
    if (!c->names[0].known && !(c->flags & HAG__CLUSTER_MOVED) && may_be_replaced(g, c))
        return;
    primary = 1ull << c->primary;
    drive(g, c, HAG_ENDPOINT_PRIMARY, primary);
    drive(g, c, HAG_ENDPOINT_REPLICA, want_replicas(g, c));
    for (int i = 0; i < 2; i++) {
        hag_time within = (hag_time)hag__setting_of(c, HAG_P_NAMES_WITHIN);

        if (c->names[i].untrue_since != HAG__NEVER && c->names[i].untrue_since + within > g->now)
            hag__wake_by(c, c->names[i].untrue_since + within);
    }
}

int hag__names_true(const struct hag__cluster *c)
{
    return c->names[0].untrue_since == HAG__NEVER && c->names[1].untrue_since == HAG__NEVER;
}

void hag__names_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                       const struct hag_result *r)
{
    uint32_t which = op->endpoint;
    struct hag__name_state *s = &c->names[which];

    s->op = 0;
    if (op->kind == HAG_DO_ENDPOINT_UPDATE) {
        if (r->outcome == HAG_RES_OK) {
            written(g, c, which, op->arg);
            if (hag__handler(g, c, HAG_DO_ENDPOINT_CHECK) != HAG__BY_NOBODY)
                (void)ask(g, c, which, HAG_DO_ENDPOINT_CHECK);
            else
                became_true(g, c, which);
            return;
        }
        s->check_next = 0;
        retry(g, c, s, r->retry_after);
        return;
    }
    if (r->outcome == HAG_RES_OK) {
        became_true(g, c, which);
        return;
    }
    /* read and found wrong: written again; not readable: read again (S15) */
    s->check_next = r->outcome == HAG_RES_UNKNOWN;
    retry(g, c, s, r->retry_after);
}
