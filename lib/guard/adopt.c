/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* Who is the primary: at the start, after a restart, and when a procedure has moved it. */

static int has_all_of(const struct hag__node *m, const struct hag__node *p)
{
    if (m->lineage == NULL || p->lineage == NULL)
        return 0;
    for (uint32_t i = 1; i < p->lineage->n; i++) {
        if (memcmp(p->lineage->pair[i].id, m->lineage->pair[0].id, HAG_ID_SIZE) == 0)
            return m->position >= p->lineage->pair[i].fork;
    }
    return 0;
}

static void remember_switch(hag_guard *g, struct hag__cluster *c)
{
    if (c->nswitches == HAG__SWITCHES) {
        memmove(c->switches, c->switches + 1, (HAG__SWITCHES - 1) * sizeof(c->switches[0]));
        c->nswitches--;
    }
    c->switches[c->nswitches++] = g->now;
}

void hag__set_primary(hag_guard *g, struct hag__cluster *c, uint32_t place, uint32_t why)
{
    struct hag__node *p = hag__member(g, c, place);
    uint32_t was = c->primary;
    struct hag__node *old = hag__member(g, c, was);

    if (p == NULL)
        return;
    if (was != place && old != NULL) {
        old->demoted_at = g->now;
        old->marks &= (uint16_t)~HAG__MARK_SYNCED;
        if (old->marks & HAG__MARK_REBORN) /* no stranger: its loss was seen to happen */
            old->marks |= HAG__MARK_TRUSTED;
        old->marks &= (uint16_t)~HAG__MARK_REBORN;
        old->rejoin_at = 0;
        old->rejoin_backoff = 0;
        c->old = (uint8_t)was;
        remember_switch(g, c);
        c->flags |= HAG__CLUSTER_TRIM | HAG__CLUSTER_MOVED;
        c->flags &= ~(uint32_t)HAG__CLUSTER_CONDEMNED;
    }
    c->primary = (uint8_t)place;
    p->marks &=
        (uint16_t) ~(HAG__MARK_DETACHED | HAG__MARK_FENCED | HAG__MARK_MAYBE | HAG__MARK_ACCUSED |
                     HAG__MARK_REBORN | HAG__MARK_BROKEN | HAG__MARK_QUIESCED);
    p->marks |= HAG__MARK_MEMBER;
    p->fence = HAG_FENCE_NONE;
    p->demoted_at = HAG__NEVER;
    p->rejoin_at = 0;
    p->rejoin_backoff = 0;
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *m = hag__member(g, c, i);

        /* S4: in sync with the new primary means to have all that it had when it was promoted */
        if (m != NULL && m != p && was != place && !has_all_of(m, p))
            m->marks &= (uint16_t)~HAG__MARK_SYNCED;
        if (m != NULL && was != place)
            m->marks &= (uint16_t)~HAG__MARK_MET;
        if (m != NULL)
            m->marks &= (uint16_t)~HAG__MARK_ACCUSED;
    }
    if (p->role == HAG_ROLE_PRIMARY) {
        memcpy(c->identity, p->identity, HAG_ID_SIZE);
        if (p->lineage != NULL)
            (void)hag__lineage_adopt(g, c, p->lineage);
        c->position = p->position;
        if (p->facts & HAG_FACT_EMPTY)
            c->flags |= HAG__CLUSTER_WAS_EMPTY;
        else
            c->flags &= ~(uint32_t)HAG__CLUSTER_WAS_EMPTY;
    }
    for (uint32_t i = 0; was == HAG__NOBODY && i < c->nplaces; i++) {
        struct hag__node *m = hag__member(g, c, i);

        /* a primary that is dead already: its standbys tell its history */
        if (m != NULL && c->lineage == NULL && m->role == HAG_ROLE_STANDBY && m->upstream == place)
            c->lineage = hag__lineage_share(m->lineage);
        if (m != NULL && m->role == HAG_ROLE_STANDBY && m->upstream == place &&
            (m->facts & HAG_FACT_LINK_UP) && !(m->facts & HAG_FACT_SYNCING))
            m->marks |= HAG__MARK_SYNCED | HAG__MARK_MET | HAG__MARK_MEMBER;
    }
    c->flags |= HAG__CLUSTER_RECORD;
    if (was != place || (c->flags & HAG__CLUSTER_OBSERVING))
        hag__event(g, c, p, HAG_EV_PRIMARY, HAG_SEVERITY_NOTICE, why);
    hag__judge_all(g, c);
}

/* Everybody has answered, or has failed often enough to say that it does not. */
static int all_seen(const hag_guard *g, const struct hag__cluster *c)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL)
            continue;
        if (n->health.result == HAG_PROBE_NONE ||
            (n->health.since != HAG__NEVER && n->health.result != HAG_PROBE_OK &&
             !hag__health_suspect(&n->health, hag__of(c))))
            return 0;
    }
    return 1;
}

/* Without a record: the only one that says it is, the operator's hint among several, or the one that
 * all standbys follow although it does not answer. */
static uint32_t find_primary(const hag_guard *g, const struct hag__cluster *c, int *several)
{
    uint32_t found = HAG__NOBODY, hinted = HAG__NOBODY, followed = HAG__NOBODY;
    uint32_t claims = 0;
    int split = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL)
            continue;
        if ((n->flags & HAG_NODE_PRIMARY) && hinted == HAG__NOBODY)
            hinted = i;
        if (n->health.result != HAG_PROBE_OK)
            continue;
        if (n->role == HAG_ROLE_PRIMARY) {
            claims++;
            found = i;
        } else if (n->role == HAG_ROLE_STANDBY && n->upstream < c->nplaces) {
            split |= followed != HAG__NOBODY && followed != n->upstream;
            followed = n->upstream;
        }
    }
    *several = claims > 1;
    if (claims == 1)
        return found;
    if (claims > 1) {
        const struct hag__node *h = hag__member(g, c, hinted);

        return h != NULL && h->role == HAG_ROLE_PRIMARY && h->health.result == HAG_PROBE_OK
                   ? hinted
                   : HAG__NOBODY;
    }
    if (split)
        return HAG__NOBODY;
    if (followed != HAG__NOBODY) {
        const struct hag__node *f = hag__member(g, c, followed);

        /* two that follow each other have no primary between them */
        return f != NULL && f->role != HAG_ROLE_STANDBY ? followed : HAG__NOBODY;
    }
    return HAG__NOBODY;
}

/* After a restart somebody else may have moved the primary: whoever is one now, with data that
 * continues ours, is preferred over what was recorded (OT-CONTAINER-KIT/redis-operator#513). */
static uint32_t moved_meanwhile(const hag_guard *g, const struct hag__cluster *c)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    uint32_t found = HAG__NOBODY;

    if (p == NULL || p->health.result != HAG_PROBE_OK || p->role != HAG_ROLE_STANDBY)
        return HAG__NOBODY;
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || i == c->primary || n->health.result != HAG_PROBE_OK ||
            n->role != HAG_ROLE_PRIMARY || !hag__lineage_related(c->lineage, n->lineage))
            continue;
        if (found != HAG__NOBODY)
            return HAG__NOBODY;
        found = i;
    }
    return found;
}

static void end_observing(hag_guard *g, struct hag__cluster *c)
{
    c->flags &= ~(uint32_t)HAG__CLUSTER_OBSERVING;
    if ((c->term == 0 || (c->flags & HAG__CLUSTER_NEW_TERM)) &&
        hag__handler(g, c, HAG_DO_COMMIT) == HAG__BY_NOBODY)
        c->term++; /* volatile=accept: there is no record to wait for */
    hag__judge_all(g, c);
}

void hag__adopt(hag_guard *g, struct hag__cluster *c)
{
    int several = 0;
    uint32_t place;

    if (c->nplaces == 0 || !all_seen(g, c)) {
        hag__wake_by(c, g->now + 1000);
        return;
    }
    if (c->flags & HAG__CLUSTER_RESTORED) {
        place = moved_meanwhile(g, c);
        if (place != HAG__NOBODY && !(c->flags & HAG__CLUSTER_RESUME)) {
            c->flags |= HAG__CLUSTER_NEW_TERM;
            hag__set_primary(g, c, place, HAG_WHY_FOUND);
        } else if (c->primary != HAG__NOBODY) {
            hag__set_primary(g, c, c->primary, HAG_WHY_RECORD);
        }
        if (c->primary != HAG__NOBODY) {
            end_observing(g, c);
            hag__resume(g, c);
            return;
        }
    }
    place = find_primary(g, c, &several);
    hag__alert(g, c, NULL, HAG_ALERT_TWO_PRIMARIES, HAG_WHY_CONFLICT,
               several && place == HAG__NOBODY);
    if (place == HAG__NOBODY)
        return;
    hag__set_primary(g, c, place, HAG_WHY_FOUND);
    end_observing(g, c);
}
