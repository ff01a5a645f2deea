/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

struct hag__lineage *hag__lineage_share(struct hag__lineage *l)
{
    if (l != NULL)
        l->refs++;
    return l;
}

void hag__lineage_release(hag_guard *g, struct hag__lineage **l)
{
    if (*l != NULL && --(*l)->refs == 0)
        hag__free(&g->mem, *l, sizeof(**l) + (*l)->n * sizeof((*l)->pair[0]));
    *l = NULL;
}

/* The lineage of these facts, shared with a member that has the same; a new one only when it is new
 * to the cluster, so that a healthy probe allocates nothing. */
static int32_t intern(hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                      const struct hag_facts *f, struct hag__lineage **ret)
{
    struct hag__lineage *l;

    *ret = NULL;
    if (f->nlineage == 0)
        return HAG_OK;
    if (n->lineage != NULL && hag__lineage_equal(n->lineage, f)) {
        *ret = hag__lineage_share(n->lineage);
        return HAG_OK;
    }
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);

        if (m != NULL && m->lineage != NULL && hag__lineage_equal(m->lineage, f)) {
            *ret = hag__lineage_share(m->lineage);
            return HAG_OK;
        }
    }
    l = hag__zalloc(&g->mem, sizeof(*l) + f->nlineage * sizeof(l->pair[0]));
    if (l == NULL)
        return hag__error(g, HAG_ERR_NOMEM,
                          "no memory for the lineage of %s; complete the op again", n->texts->name);
    l->refs = 1;
    l->n = f->nlineage;
    for (uint32_t i = 0; i < l->n; i++) {
        memcpy(l->pair[i].id, f->lineage[i], HAG_ID_SIZE);
        l->pair[i].fork = i == 0 ? 0 : f->fork[i];
    }
    *ret = l;
    return HAG_OK;
}

static int begins_with(const struct hag__lineage *l, const struct hag__lineage *start)
{
    if (start->n > l->n)
        return 0;
    for (uint32_t i = 0; i < start->n; i++)
        if (memcmp(l->pair[i].id, start->pair[i].id, HAG_ID_SIZE) != 0 ||
            (i > 0 && l->pair[i].fork != start->pair[i].fork))
            return 0;
    return 1;
}

/* The cluster's history is its primary's, and whatever that is known to continue: redis tells no
 * more than its last two ids, and a node that returns may come with an older one. 0: as it was. */
int hag__lineage_adopt(hag_guard *g, struct hag__cluster *c, struct hag__lineage *l)
{
    struct hag__lineage *was = c->lineage, *all = NULL;
    uint32_t tail = 0, n = l->n;

    if (was == l || (was != NULL && begins_with(was, l)))
        return 0;
    for (uint32_t i = 0; was != NULL && i < was->n; i++)
        if (hag__lineage_place(l, was->pair[i].id) != HAG__NIL)
            tail = i + 1;
    if (tail > 0)
        n += was->n - tail;
    if (n > HAG_LINEAGE_MAX)
        n = HAG_LINEAGE_MAX;
    if (n > l->n)
        all = hag__zalloc(&g->mem, sizeof(*all) + n * sizeof(all->pair[0]));
    if (all != NULL) {
        all->refs = 1;
        all->n = n;
        memcpy(all->pair, l->pair, l->n * sizeof(l->pair[0]));
        memcpy(all->pair + l->n, was->pair + tail, (n - l->n) * sizeof(l->pair[0]));
    }
    hag__lineage_release(g, &c->lineage);
    c->lineage = all != NULL ? all : hag__lineage_share(l);
    return 1;
}

static int known(const uint8_t *id)
{
    static const uint8_t none[HAG_ID_SIZE];

    return memcmp(id, none, HAG_ID_SIZE) != 0;
}

/* S8: a primary that restarted without what it held. A store that keeps nothing has lost it even if
 * clients have written since, or if it found an old file (redis keeps the one that it got as a
 * replica); one that held nothing before has lost nothing. */
static int reborn_empty(const struct hag__cluster *c, const struct hag_facts *f,
                        const struct hag__lineage *l)
{
    uint32_t before;

    if (c->flags & HAG__CLUSTER_WAS_EMPTY)
        return 0;
    if (f->flags & HAG_FACT_EMPTY)
        return 1;
    if (!(f->flags & HAG_FACT_VOLATILE) || c->lineage == NULL || l == NULL)
        return 0;
    before = hag__lineage_relate(c->lineage, c->position, l, f->position);
    return before != HAG__LINEAGE_SAME && before != HAG__LINEAGE_ANCESTOR;
}

static void new_incarnation(hag_guard *g, struct hag__cluster *c, struct hag__node *n,
                            const struct hag_facts *f, const struct hag__lineage *l)
{
    int first = !known(n->identity);

    memcpy(n->identity, f->identity, HAG_ID_SIZE);
    if (!first)
        hag__event(g, c, n, HAG_EV_IDENTITY, HAG_SEVERITY_NOTICE, HAG_WHY_IDENTITY_CHANGED);
    /* S7: the fence was that of the incarnation before; this one is fenced anew */
    if (!first && c->run.kind == HAG_PROC_REJOIN && c->run.node == n->place &&
        f->role == HAG_ROLE_PRIMARY)
        hag__drop_run(g, c, HAG_WHY_IDENTITY_CHANGED);
    n->marks &= (uint16_t) ~(HAG__MARK_SYNCED | HAG__MARK_REBORN | HAG__MARK_TRUSTED);
    /* an order answered after the last good answer may have met this incarnation: its inverse is
     * still owed (S13), though nothing is certain of its strength */
    if (n->position_sent == HAG__NEVER || n->acted_at < n->position_sent)
        n->marks &= (uint16_t) ~(HAG__MARK_FENCED | HAG__MARK_QUIESCED);
    n->fence = HAG_FENCE_NONE;
    n->fence_until = HAG__NEVER;
    if (c->primary != n->place ||
        (f->role != HAG_ROLE_PRIMARY && (!(f->flags & HAG_FACT_EMPTY) || c->run.kind != 0)))
        return;
    if (known(c->identity) && memcmp(c->identity, f->identity, HAG_ID_SIZE) != 0 &&
        reborn_empty(c, f, l)) {
        n->marks |= HAG__MARK_REBORN;
        return;
    }
    if (f->role == HAG_ROLE_PRIMARY)
        memcpy(c->identity, f->identity, HAG_ID_SIZE);
}

/* The primary as last seen serving: what an election compares with. */
static void remember_primary(hag_guard *g, struct hag__cluster *c, struct hag__node *n)
{
    if (c->primary != n->place || n->role != HAG_ROLE_PRIMARY || (n->marks & HAG__MARK_REBORN))
        return;
    if (n->lineage != NULL && hag__lineage_adopt(g, c, n->lineage))
        c->flags |= HAG__CLUSTER_RECORD;
    if (!known(c->identity))
        memcpy(c->identity, n->identity, HAG_ID_SIZE);
    if (n->facts & HAG_FACT_POSITION)
        c->position = n->position;
    if (n->facts & HAG_FACT_EMPTY)
        c->flags |= HAG__CLUSTER_WAS_EMPTY;
    else
        c->flags &= ~(uint32_t)HAG__CLUSTER_WAS_EMPTY;
}

static void note_streams(hag_guard *g, struct hag__cluster *c, const struct hag_facts *f)
{
    for (uint32_t i = 0; i < f->nstreams; i++) {
        char addr[HAG_ADDR_MAX];
        size_t host;
        struct hag__node *m;

        if (f->streams[i] == NULL || hag__addr_normal(f->streams[i], addr, &host) != HAG_OK)
            continue;
        m = hag__member(g, c, hag__place_of_addr(g, c, addr));
        if (m != NULL)
            m->streamed_at = g->now;
    }
}

static uint8_t upstream_of(const hag_guard *g, const struct hag__cluster *c,
                           const struct hag__node *n, const struct hag_facts *f)
{
    const struct hag__node *same = hag__member(g, c, n->upstream);
    char addr[HAG_ADDR_MAX];
    size_t host;
    uint32_t place;

    if (f->role != HAG_ROLE_STANDBY || f->upstream[0] == '\0')
        return HAG__NOBODY;
    if (same != NULL && strcmp(same->texts->addr, f->upstream) == 0)
        return n->upstream; /* the usual case, without reading the address */
    if (hag__addr_normal(f->upstream, addr, &host) != HAG_OK)
        return HAG__STRANGER;
    place = hag__place_of_addr(g, c, addr);
    return place == HAG__NOBODY ? HAG__STRANGER : (uint8_t)place;
}

/* A good answer goes into the node; allocates before it changes anything. */
int32_t hag__facts_take(hag_guard *g, struct hag__cluster *c, struct hag__node *n,
                        const struct hag_facts *f, hag_time sent)
{
    const uint32_t live_link = HAG_FACT_LINK_UP | HAG_FACT_POSITION;
    struct hag__lineage *l;
    int32_t err = intern(g, c, n, f, &l);
    int linked;

    if (err != HAG_OK)
        return err;
    linked = (n->facts & live_link) == live_link && (f->flags & live_link) == live_link &&
             n->role == HAG_ROLE_STANDBY && f->role == HAG_ROLE_STANDBY;
    if (linked && f->position > n->position && l == n->lineage)
        n->moved_at = g->now - (f->position_age < g->now ? f->position_age : g->now);
    if (known(f->identity) && memcmp(n->identity, f->identity, HAG_ID_SIZE) != 0)
        new_incarnation(g, c, n, f, l);
    hag__lineage_release(g, &n->lineage);
    n->lineage = l;
    n->role = (uint8_t)f->role;
    n->facts = f->flags;
    n->position = f->position;
    n->position_sent = sent;
    n->link_idle = f->link_idle;
    n->link_beat = f->link_beat;
    n->lag = f->lag;
    n->store_priority = f->priority;
    n->upstream = upstream_of(g, c, n, f);
    if (n->role == HAG_ROLE_STANDBY && n->upstream == c->primary && c->primary != HAG__NOBODY &&
        (f->flags & HAG_FACT_LINK_UP) && !(f->flags & HAG_FACT_SYNCING))
        n->marks |= HAG__MARK_SYNCED | HAG__MARK_MET | HAG__MARK_MEMBER;
    if (f->flags & HAG_FACT_SYNCING)
        n->marks &= (uint16_t)~HAG__MARK_SYNCED;
    if (n->role == HAG_ROLE_PRIMARY && c->primary == n->place) {
        n->marks &= (uint16_t)~HAG__MARK_BROKEN;
        note_streams(g, c, f);
    }
    remember_primary(g, c, n);
    return HAG_OK;
}

struct before {
    uint32_t facts;
    uint16_t marks;
    uint8_t role, upstream, verdict, result, goods;
    hag_time since;
};

static struct before snapshot(const struct hag__node *n)
{
    struct before b = {.facts = n->facts & ~(uint32_t)HAG_FACT_PRIORITY,
                       .marks = n->marks,
                       .role = n->role,
                       .upstream = n->upstream,
                       .verdict = n->verdict,
                       .result = n->health.result,
                       .goods = n->health.goods,
                       .since = n->health.since};

    return b;
}

static int differs(const struct before *a, const struct before *b)
{
    return a->facts != b->facts || a->marks != b->marks || a->role != b->role ||
           a->upstream != b->upstream || a->verdict != b->verdict || a->result != b->result ||
           a->goods != b->goods || a->since != b->since;
}

/* Whom else this answer speaks of: a standby's link of the primary, the primary's streams of its
 * standbys. Only those in trouble need judging again. */
static void judge_others(hag_guard *g, struct hag__cluster *c, const struct hag__node *n)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *m = hag__member(g, c, i);

        if (m == NULL || m == n || m->health.since == HAG__NEVER)
            continue;
        if (m->place == c->primary || n->place == c->primary)
            hag__judge(g, c, m);
    }
}

/* A primary that somebody made a standby answers, but serves nobody as a primary. */
static int demoted_by_others(const struct hag__cluster *c, const struct hag__node *n)
{
    return n->place == c->primary && n->role == HAG_ROLE_STANDBY && c->run.kind == 0 &&
           !(c->flags & HAG__CLUSTER_OBSERVING) && !(n->marks & HAG__MARK_FENCED);
}

int32_t hag__probe_ended(hag_guard *g, uint32_t index, const struct hag_facts *f)
{
    struct hag__node *n = hag__node(g, index);
    struct hag__cluster *c = hag__cluster(g, n->cluster);
    struct before was = snapshot(n), is;
    hag_time sent = n->probe_sent;
    uint32_t result = f->result;
    int answered = hag__answers(n);

    if (n->fence_until <= g->now) { /* it has ended by itself */
        n->fence = HAG_FENCE_NONE;
        n->fence_until = HAG__NEVER;
    }

    if (f->result == HAG_PROBE_OK) {
        int32_t err = hag__facts_take(g, c, n, f, sent);

        if (err != HAG_OK)
            return err;
        if (demoted_by_others(c, n))
            result = HAG_PROBE_NOT_SERVING;
    }
    n->health = hag__health_next(&n->health, result, f->flags, sent, g->now, hag__of(c));
    n->probed = sent;
    n->probe_gen = n->probe_gen == HAG__GEN_MAX ? 1 : n->probe_gen + 1;
    n->probe_state = HAG__PROBE_IDLE;
    n->probe_flags = 0;
    if (hag__answers(n) != answered) {
        g->answering += hag__answers(n) ? 1u : UINT32_MAX;
        g->recheck_blind = 1;
    }
    hag__judge(g, c, n);
    judge_others(g, c, n);
    if (c->run.kind != 0)
        hag__step_probed(g, c, n, sent);
    if (n->probe_again) {
        n->probe_again = 0;
        hag__probe_now(g, n, HAG_ACT_URGENT);
    } else if (n->place == c->primary && f->result != HAG_PROBE_OK &&
               (n->health.fails == 1 || (n->marks & HAG__MARK_BROKEN))) {
        /* 5.9: what the others see is asked for at the first doubt */
        for (uint32_t i = 0; i < c->nplaces; i++) {
            struct hag__node *m = hag__member(g, c, i);

            if (m != NULL && m != n && m->probe_state == HAG__PROBE_IDLE)
                hag__probe_now(g, m, HAG_ACT_URGENT);
        }
    }
    hag__node_arm(g, n);
    is = snapshot(n);
    if (differs(&was, &is) || c->run.kind != 0 || (c->flags & HAG__CLUSTER_OBSERVING) ||
        c->state == HAG_STATE_LOST || n->alerts != 0) /* S13: looked at again at every change */
        hag__dirty(g, c);
    return HAG_OK;
}
