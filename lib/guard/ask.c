/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"

/* The rules that DECIDE steps ask. Each says OK, FAIL, UNKNOWN (which leads to its own step) or WAIT. */

#define PROMOTE_TRIES 2
#define QUIET_MARGIN  1000u /* a quiet time that ends sooner is no basis for a promotion */

int hag__primary_was_missed(const struct hag__cluster *c)
{
    return c->run.kind == HAG_PROC_FAILOVER &&
           (c->run.cause == HAG_WHY_PRIMARY_DOWN || c->run.cause == HAG_WHY_RESTARTED);
}

int hag__primary_returned(const hag_guard *g, const struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.kind != 0 ? c->run.old : c->primary);

    return old != NULL && old->health.result == HAG_PROBE_OK && old->role == HAG_ROLE_PRIMARY &&
           old->probed >= c->run.begun_at && old->fence == HAG_FENCE_NONE &&
           !(old->marks & HAG__MARK_REBORN) && memcmp(old->identity, c->identity, HAG_ID_SIZE) == 0;
}

static uint32_t pre_elect(hag_guard *g, struct hag__cluster *c)
{
    struct hag__elected who;

    hag__choose(g, c, 0, 0, c->run.data_loss, c->run.to, &who);
    /* one that lost its data is fenced all the same (S8) */
    if (who.winner != HAG__NIL || c->run.cause == HAG_WHY_REBORN_EMPTY)
        return HAG__SAID_OK;
    c->run.why = HAG_WHY_NO_CANDIDATE;
    return HAG__SAID_FAIL;
}

static uint32_t fenced(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.old);
    int enough = hag__setting_of(c, HAG_P_FENCE) != HAG_FENCE_POLICY_REQUIRED || old == NULL ||
                 old->fence >= HAG_FENCE_DEMOTED || (old->marks & HAG__MARK_CONFIRMED_OFF);

    hag__alert(g, c, NULL, HAG_ALERT_FENCE_UNCONFIRMED, HAG_WHY_FENCE_UNCONFIRMED, !enough);
    return enough ? HAG__SAID_OK : HAG__SAID_WAIT;
}

static uint32_t looked(hag_guard *g, struct hag__cluster *c)
{
    c->run.looked = g->resumed_at;
    if (hag__round_since(g, c, g->resumed_at))
        return HAG__SAID_OK;
    hag__ask_round(g, c);
    return HAG__SAID_WAIT;
}

/* S5: who cannot be detached counts once two reads with its link down are the same. */
static int wait_for_second_read(hag_guard *g, struct hag__cluster *c)
{
    int wait = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->run.old || n->role != HAG_ROLE_STANDBY ||
            n->health.result != HAG_PROBE_OK || (n->marks & HAG__MARK_DETACHED) ||
            (n->facts & HAG_FACT_LINK_UP) || (n->marks & HAG__MARK_STABLE))
            continue;
        if ((n->marks & HAG__MARK_UNSYNCED_READ) && n->still_at == n->position) {
            n->marks |= HAG__MARK_STABLE;
            continue;
        }
        n->marks |= HAG__MARK_UNSYNCED_READ;
        n->still_at = n->position;
        wait = 1;
    }
    return wait;
}

/* S5: it came within reach after the others were detached; its link still lives. */
static int somebody_is_late(const hag_guard *g, const struct hag__cluster *c)
{
    uint64_t late;

    (void)hag__who(g, c, HAG__WHO_LATE, &late);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if ((late >> i & 1) != 0 && n != NULL && (n->facts & HAG_FACT_LINK_UP) &&
            n->upstream == c->run.old && !(n->marks & HAG__MARK_DETACHED))
            return 1;
    }
    return 0;
}

static uint32_t elect(hag_guard *g, struct hag__cluster *c)
{
    struct hag__run *r = &c->run;
    struct hag__elected who;
    struct hag__node *n;

    if (somebody_is_late(g, c) || wait_for_second_read(g, c))
        return HAG__SAID_UNKNOWN;
    hag__choose(g, c, 1, 0, r->data_loss, r->to, &who);
    if (who.winner == HAG__NIL) {
        r->why = HAG_WHY_NO_CANDIDATE;
        return HAG__SAID_FAIL;
    }
    r->candidate = (uint8_t)who.winner;
    r->tries = 0;
    n = hag__member(g, c, who.winner);
    memcpy(r->identity, n->identity, HAG_ID_SIZE);
    hag__event(g, c, n, HAG_EV_ELECT, HAG_SEVERITY_INFO, HAG_WHY_NONE)->arg = n->position;
    return HAG__SAID_OK;
}

/* It is another incarnation than the one that was chosen, or has no data of its own any more. */
static int is_another(const struct hag__cluster *c, const struct hag__node *n)
{
    static const uint8_t unknown[HAG_ID_SIZE];

    return (memcmp(c->run.identity, unknown, HAG_ID_SIZE) != 0 &&
            memcmp(c->run.identity, n->identity, HAG_ID_SIZE) != 0) ||
           (n->facts & HAG_FACT_SYNCING) != 0 ||
           ((n->facts & HAG_FACT_EMPTY) && !(c->flags & HAG__CLUSTER_WAS_EMPTY));
}

static int read_lately(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n)
{
    hag_time every = (hag_time)hag__setting_of(c, HAG_P_PROBE_EVERY);

    return n->position_sent != HAG__NEVER && n->position_sent >= c->run.begun_at &&
           n->position_sent >= g->resumed_at && n->position_sent + every >= g->now;
}

/* What it holds is what the cluster's newest primary had, or goes on from it; not a copy of older data
 * that it made since. */
int hag__keeps_newest(const struct hag__cluster *c, const struct hag__node *n)
{
    uint32_t how = hag__lineage_relate(n->lineage, n->position, c->lineage, c->position);

    return c->lineage == NULL || n->lineage == NULL || how == HAG__LINEAGE_SAME ||
           how == HAG__LINEAGE_DESCENDANT;
}

/* The primary itself, found as a standby, is ordered to be what it was. */
static uint32_t fit_again(const struct hag__cluster *c, const struct hag__node *n)
{
    return n->role == HAG_ROLE_STANDBY && hag__keeps_newest(c, n) && !is_another(c, n)
               ? HAG__SAID_OK
               : HAG__SAID_SPENT;
}

/* S13: the analysis runs again before the step that cannot be taken back. */
static uint32_t still_fit(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__run *r = &c->run;
    const struct hag__node *n = hag__member(g, c, r->candidate);
    int planned = r->kind == HAG_PROC_SWITCHOVER;
    struct hag__elected who;

    c->run.why = HAG_WHY_NO_CANDIDATE;
    if (n == NULL || !hag__answers(n))
        return n != NULL && n->place == c->primary ? HAG__SAID_SPENT : HAG__SAID_FAIL;
    if (!read_lately(g, c, n))
        return HAG__SAID_UNKNOWN;
    if (n->place == c->primary)
        return fit_again(c, n);
    if (is_another(c, n))
        return HAG__SAID_FAIL;
    /* one that may have been ordered already has no rival (S3) */
    hag__choose(g, c, !planned, planned, r->data_loss, planned || r->ordered ? r->candidate : r->to,
                &who);
    return who.winner == r->candidate ? HAG__SAID_OK : HAG__SAID_FAIL;
}

static uint32_t confirmed(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *n = hag__member(g, c, c->run.candidate);

    if (n == NULL || n->health.result != HAG_PROBE_OK || n->position_sent < c->run.loop_at)
        return HAG__SAID_UNKNOWN;
    if (n->role == HAG_ROLE_PRIMARY)
        return HAG__SAID_OK;
    /* S13: with the old primary back it is not ordered again; it has to be made a standby for certain */
    if (c->run.kind == HAG_PROC_FAILOVER && c->run.cause == HAG_WHY_PRIMARY_DOWN &&
        hag__primary_returned(g, c))
        return HAG__SAID_SPENT;
    if (c->run.kind == HAG_PROC_FAILOVER && is_another(c, n))
        return HAG__SAID_SPENT;
    return c->run.tries < PROMOTE_TRIES ? HAG__SAID_FAIL : HAG__SAID_UNKNOWN;
}

/* FAIL of a promotion means that it is no primary and will not be: the next one may be asked. */
static uint32_t next(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *n = hag__member(g, c, c->run.candidate);

    if (n != NULL) {
        n->marks |= HAG__MARK_TRIED;
        n->marks &= (uint16_t)~HAG__MARK_MAYBE;
    }
    c->run.candidate = HAG__NOBODY;
    return HAG__SAID_OK;
}

static uint32_t settled(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *n = hag__member(g, c, c->run.candidate);
    int answers, off;

    if (n == NULL)
        return HAG__SAID_OK;
    answers = n->health.result == HAG_PROBE_OK && n->probed >= c->run.step_at;
    if (answers && n->role == HAG_ROLE_PRIMARY)
        return HAG__SAID_UNKNOWN;
    off = n->fence >= HAG_FENCE_DEMOTED || n->verdict == HAG_VERDICT_DOWN ||
          (n->marks & HAG__MARK_CONFIRMED_OFF);
    /* a switchover has the quiesced old primary to fall back to as soon as the other reads standby */
    if (c->run.kind == HAG_PROC_SWITCHOVER && answers && n->role == HAG_ROLE_STANDBY)
        off = 1;
    hag__alert(g, c, NULL, HAG_ALERT_FENCE_UNCONFIRMED, HAG_WHY_MAYBE_PRIMARY, !off);
    if (!off)
        return HAG__SAID_WAIT;
    n->maybe_term = c->term;
    return HAG__SAID_OK;
}

static uint32_t take_over(hag_guard *g, struct hag__cluster *c)
{
    /* its own answer was lost or is still on the way */
    if (!c->run.told && c->run.ordered)
        hag__event(g, c, hag__member(g, c, c->run.candidate), HAG_EV_PROMOTE, HAG_SEVERITY_NOTICE,
                   HAG_WHY_FOUND);
    c->run.told = 1;
    hag__set_primary(g, c, c->run.candidate, c->run.cause);
    hag__names(g, c); /* clients wait for the name, not for the other standbys */
    /* it takes writes: a guard that restarts must not fall back to the old one. Nobody waits for it */
    if (hag__handler(g, c, HAG_DO_COMMIT) != HAG__BY_NOBODY)
        (void)hag__commit(g, c, c->term, 0, 0);
    return HAG__SAID_OK;
}

static uint32_t may_switch(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.old);
    struct hag__elected who;

    if (old == NULL || !(old->health.result == HAG_PROBE_OK && old->health.since == HAG__NEVER)) {
        c->run.why = HAG_WHY_UNSETTLED;
        return HAG__SAID_FAIL;
    }
    hag__choose(g, c, 0, 1, 0, c->run.to, &who);
    if (who.winner == HAG__NIL) {
        c->run.why = c->run.to != HAG__NOBODY ? HAG_WHY_TARGET_UNFIT : HAG_WHY_NO_CANDIDATE;
        return HAG__SAID_FAIL;
    }
    c->run.candidate = (uint8_t)who.winner;
    memcpy(c->run.identity, hag__member(g, c, who.winner)->identity, HAG_ID_SIZE);
    return HAG__SAID_OK;
}

static uint32_t drained(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.old);
    const struct hag__node *n = hag__member(g, c, c->run.candidate);

    c->run.why = HAG_WHY_NOT_DRAINED;
    if (old == NULL || n == NULL)
        return HAG__SAID_FAIL;
    if (old->facts & HAG_FACT_SELF_DRAINS)
        return HAG__SAID_OK;
    if (c->run.final_position == 0)
        c->run.final_position = old->position;
    if (!(old->facts & HAG_FACT_POSITION) || !(n->facts & HAG_FACT_POSITION) ||
        n->health.result != HAG_PROBE_OK ||
        hag__lineage_relate(n->lineage, n->position, old->lineage, old->position) !=
            HAG__LINEAGE_SAME)
        return HAG__SAID_UNKNOWN;
    return n->position >= c->run.final_position ? HAG__SAID_OK : HAG__SAID_UNKNOWN;
}

static uint32_t still_quiet(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.old);

    if (old != NULL && (old->facts & HAG_FACT_SELF_DRAINS))
        return HAG__SAID_OK;
    if (g->now + QUIET_MARGIN < c->run.quiet_until)
        return HAG__SAID_OK;
    c->run.why = HAG_WHY_EXPIRED;
    return HAG__SAID_FAIL;
}

static uint32_t follows(hag_guard *g, struct hag__cluster *c)
{
    struct hag__node *n = hag__member(g, c, c->run.node);

    if (n == NULL)
        return HAG__SAID_FAIL;
    if (n->health.result != HAG_PROBE_OK || n->role != HAG_ROLE_STANDBY ||
        n->upstream != c->primary)
        return HAG__SAID_UNKNOWN;
    n->rejoin_backoff = 0;
    return HAG__SAID_OK;
}

/* Ends a safeguard: the old incarnation answers, or somebody else has become the primary. */
static uint32_t back(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *n = hag__member(g, c, c->run.old);

    if (n == NULL || c->primary != c->run.old)
        return HAG__SAID_FAIL;
    if (n->health.result == HAG_PROBE_OK && n->role == HAG_ROLE_PRIMARY &&
        n->probed >= c->run.begun_at && !(n->marks & HAG__MARK_REBORN) &&
        memcmp(n->identity, c->identity, HAG_ID_SIZE) == 0)
        return HAG__SAID_OK;
    return HAG__SAID_WAIT;
}

static uint32_t names(hag_guard *g, struct hag__cluster *c)
{
    const struct hag__node *old = hag__member(g, c, c->run.old);

    hag__names(g, c);
    /* S7: it has to be fenced before the names are true; they are kept true without a procedure */
    if (old != NULL && old->place != c->primary && old->health.result == HAG_PROBE_OK &&
        old->role == HAG_ROLE_PRIMARY && old->probed >= c->run.step_at)
        return HAG__SAID_SPENT;
    return hag__names_true(c) ? HAG__SAID_OK : HAG__SAID_WAIT;
}

uint32_t hag__ask(hag_guard *g, struct hag__cluster *c, uint32_t what)
{
    static const struct {
        uint32_t what;
        uint32_t (*rule)(hag_guard *, struct hag__cluster *);
    } rules[] = {
        {HAG__ASK_PRE_ELECT, pre_elect}, {HAG__ASK_FENCED, fenced},
        {HAG__ASK_ROUND, looked},        {HAG__ASK_ELECT, elect},
        {HAG__ASK_CONFIRMED, confirmed}, {HAG__ASK_NEXT, next},
        {HAG__ASK_SETTLED, settled},     {HAG__ASK_TAKE_OVER, take_over},
        {HAG__ASK_NAMES, names},         {HAG__ASK_SWITCH, may_switch},
        {HAG__ASK_DRAINED, drained},     {HAG__ASK_STILL_QUIET, still_quiet},
        {HAG__ASK_FOLLOWS, follows},     {HAG__ASK_BACK, back},
        {HAG__ASK_STILL_FIT, still_fit},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].what == what)
            return rules[i].rule(g, c);
    }
    return HAG__SAID_FAIL;
}
