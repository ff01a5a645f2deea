/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

int hag__answers(const struct hag__node *n)
{
    return n->health.result == HAG_PROBE_OK || n->health.result == HAG_PROBE_NOT_SERVING;
}

/* The links of a primary's standbys: one good one is a sighting, one bad one agrees (5.4, 5.7). */
static uint32_t links_say(const hag_guard *g, const struct hag__cluster *c,
                          const struct hag__node *n)
{
    hag_time fresh = (hag_time)hag__setting_of(c, HAG_P_FRESH);
    uint32_t says = HAG__SAW_NONE;

    if (n->place != c->primary) {
        if (n->streamed_at == HAG__NEVER)
            return HAG__SAW_NONE;
        return g->now - n->streamed_at <= fresh ? HAG__SAW_GOOD : HAG__SAW_NONE;
    }
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);
        struct hag__link_view v;
        uint32_t one;

        if (m == NULL || m == n || m->role != HAG_ROLE_STANDBY)
            continue;
        memset(&v, 0, sizeof(v));
        v.probed_fresh = m->health.result == HAG_PROBE_OK && m->position_sent != HAG__NEVER &&
                         g->now - m->position_sent <= fresh &&
                         (n->health.since == HAG__NEVER || m->position_sent >= n->health.since ||
                          (m->facts & HAG_FACT_LINK_UP));
        v.detached = (m->marks & HAG__MARK_DETACHED) != 0;
        v.follows_it = m->upstream == n->place || v.detached;
        v.accused_before = (m->marks & HAG__MARK_ACCUSED) != 0;
        v.link_up = (m->facts & HAG_FACT_LINK_UP) != 0;
        v.syncing = (m->facts & HAG_FACT_SYNCING) != 0;
        v.moved = m->moved_at != HAG__NEVER && g->now - m->moved_at <= fresh;
        v.link_idle = m->link_idle;
        v.link_beat = m->link_beat;
        one = hag__link_says(&v, hag__of(c));
        if (one == HAG__SAW_GOOD)
            return HAG__SAW_GOOD;
        if (one == HAG__SAW_BAD)
            says = HAG__SAW_BAD;
    }
    return says;
}

int hag__round_since(const hag_guard *g, const struct hag__cluster *c, hag_time after)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);

        if (m != NULL && (m->probed == HAG__NEVER || m->probed < after))
            return 0;
    }
    return 1;
}

/* 5.9: everybody was probed since this series began and since the last change of settings. */
static int round_done(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n)
{
    hag_time after = n->health.since;

    if (after == HAG__NEVER)
        return 1;
    if (c->config_at > after)
        after = c->config_at;
    if (g->resumed_at > after)
        after = g->resumed_at;
    return hag__round_since(g, c, after);
}

void hag__ask_round(hag_guard *g, struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *m = hag__member(g, c, i);

        if (m != NULL && m->probe_state == HAG__PROBE_IDLE)
            hag__probe_now(g, m, HAG_ACT_URGENT);
    }
}

static void tell(hag_guard *g, struct hag__cluster *c, struct hag__node *n, uint32_t was)
{
    switch (n->verdict) {
    case HAG_VERDICT_SUSPECT:
        hag__event(g, c, n, HAG_EV_SUSPECT, HAG_SEVERITY_WARNING, n->why)->arg = n->kind;
        break;
    case HAG_VERDICT_DOWN:
        hag__event(g, c, n, HAG_EV_DOWN, HAG_SEVERITY_ALARM, n->why)->arg = n->kind;
        break;
    case HAG_VERDICT_UP:
        if (was != HAG_VERDICT_UNKNOWN)
            hag__event(g, c, n, HAG_EV_UP, HAG_SEVERITY_NOTICE, HAG_WHY_ANSWERS);
        break;
    default:
        break;
    }
}

/* A series of failures is over: what was held against the node in it no longer counts. */
static void absolve(const hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    if (n->place == c->primary)
        c->flags &= ~(uint32_t)HAG__CLUSTER_CONDEMNED;
    n->marks &= (uint16_t)~HAG__MARK_CONFIRMED_OFF;
    for (uint32_t i = 0; n->place == c->primary && i < c->nplaces; i++) {
        struct hag__node *m = hag__member(g, c, i);

        if (m != NULL)
            m->marks &= (uint16_t)~HAG__MARK_ACCUSED;
    }
}

void hag__judge(hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    struct hag__verdict_in in;
    struct hag__verdict_out out;
    uint8_t was = n->verdict, was_why = n->why;

    memset(&in, 0, sizeof(in));
    in.health = &n->health;
    in.settings = hag__of(c);
    in.now = g->now;
    in.resumed_at = g->blind ? HAG__NEVER : g->resumed_at; /* what it sees now condemns nobody */
    in.links = (uint8_t)links_say(g, c, n);
    if (c->nsources > 0) {
        in.agent = (uint8_t)hag__sights_say(g, c, n, 1);
        in.others = (uint8_t)hag__sights_say(g, c, n, 0);
    }
    in.is_primary = n->place == c->primary;
    /* whoever agreed before the restart of the guard was cut off by it since: that still counts */
    if (in.is_primary && (c->flags & HAG__CLUSTER_CONDEMNED) && in.others == HAG__SAW_NONE)
        in.others = HAG__SAW_BAD;
    if (in.agent != HAG__SAW_BAD && in.others != HAG__SAW_BAD && in.links != HAG__SAW_BAD)
        n->accused_at = 0;
    else if (n->accused_at == 0 || n->accused_at < g->resumed_at)
        n->accused_at = g->now;
    in.accused_at = n->accused_at;
    in.round_done = (uint8_t)round_done(g, c, n);
    in.reborn_empty = (n->marks & HAG__MARK_REBORN) != 0;
    in.previous = n->verdict;
    out = hag__verdict(&in);
    n->verdict = out.verdict;
    n->kind = out.kind;
    n->why = out.why == HAG_WHY_GUARD_STALLED && g->blind ? HAG_WHY_GUARD_BLIND : out.why;
    n->grace_end = out.grace_end;
    n->again = out.again;
    if (out.ask_round && !g->blind)
        hag__ask_round(g, c);
    if (n->verdict != was) {
        n->since = g->now;
        tell(g, c, n, was);
        if (n->verdict == HAG_VERDICT_UP)
            absolve(g, c, n);
    }
    if (n->verdict != was || n->why != was_why)
        hag__dirty(g, c);
    hag__node_arm(g, n);
}

void hag__judge_all(hag_guard *g, struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            hag__judge(g, c, n);
    }
}

/* 5.10: many nodes on several hosts answered once and none does now: the guard is the one cut off.
 * Asked only when the last answering node has fallen silent, so the walk is rare. */
static int cut_off(const hag_guard *g)
{
    uint32_t once = 0;
    const struct hag__node *first = NULL;
    int clusters = 0, hosts = 0;

    for (uint32_t i = hag__table_next(&g->nodes, 0); i != HAG__NIL;
         i = hag__table_next(&g->nodes, i + 1)) {
        const struct hag__node *n = hag__node(g, i);

        if (n->health.last_good == HAG__NEVER)
            continue;
        once++;
        if (first == NULL)
            first = n;
        clusters |= n->cluster != first->cluster;
        hosts |= strcmp(n->texts->host, first->texts->host) != 0;
        if (once >= (uint64_t)g->settings.v[HAG_P_DOUBT_MIN] && clusters && hosts)
            return 1;
    }
    return 0;
}

/* 5.6: the time in which the guard was blind counts for no grace, and it probes again first. */
static void see_again(hag_guard *g)
{
    g->resumed_at = g->now;
    for (uint32_t i = hag__table_next(&g->nodes, 0); i != HAG__NIL;
         i = hag__table_next(&g->nodes, i + 1)) {
        struct hag__health *h = &hag__node(g, i)->health;

        if (h->since != HAG__NEVER)
            h->since += g->now - (h->since > g->blind_since ? h->since : g->blind_since);
    }
    for (uint32_t i = g->first_cluster; i != HAG__NIL; i = hag__cluster(g, i)->order_next)
        hag__judge_all(g, hag__cluster(g, i));
}

void hag__doubt(hag_guard *g)
{
    uint8_t blind;

    if (!g->recheck_blind)
        return;
    g->recheck_blind = 0;
    blind = g->answering == 0 && cut_off(g);
    if (blind == g->blind)
        return;
    g->blind = blind;
    if (blind)
        g->blind_since = g->now;
    else
        see_again(g);
    for (uint32_t i = g->first_cluster; i != HAG__NIL; i = hag__cluster(g, i)->order_next) {
        struct hag__cluster *c = hag__cluster(g, i);

        hag__alert(g, c, NULL, HAG_ALERT_GUARD_BLIND, HAG_WHY_GUARD_BLIND, blind);
        hag__dirty(g, c);
    }
}
