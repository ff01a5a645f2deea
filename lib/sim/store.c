/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* Stores: roles, replication with lineage and position, syncing, restarts. */

#define RETRY_MS                                                                                   \
    1000u /* a standby tries its upstream again (Redis: replicationCron, once a second) */

int sim_running(const struct sim_store *s)
{
    return s->machine && s->up && !s->host_frozen;
}

/* A stopped postmaster does not stop its children: sessions and replication go on. */
static int replicates(const struct sim_store *s)
{
    return sim_running(s) && (!s->frozen || s->engine == HAG_SIM_POSTGRESQL) && !s->deadlock;
}

int sim_takes_writes(const struct hag_sim *w, const struct sim_store *s)
{
    return replicates(s) && s->primary && !s->fenced && !s->readonly &&
           s->loading_until <= w->now && s->quiet_until <= w->now;
}

int sim_serves_reads(const struct sim_store *s)
{
    return sim_running(s) && !s->frozen && !s->deadlock && s->loading_until == 0 &&
           s->link != SIM_LINK_SYNCS;
}

static uint64_t own_position(const struct hag_sim *w, const struct sim_store *s)
{
    return s->position + s->rate * (w->now - s->since);
}

/* Where a store stood ms ago: rates change seldom, so a few segments are enough. */
static uint64_t position_before(const struct hag_sim *w, const struct sim_store *s, uint64_t ms)
{
    uint64_t at = w->now > ms ? w->now - ms : 0;

    if (at >= s->since)
        return s->position + s->rate * (at - s->since);
    for (uint32_t i = 0; i < s->nsegs && i < SIM_SEGS; i++) {
        const struct sim_segment *g = &s->segs[(s->nsegs - 1 - i) % SIM_SEGS];

        if (at >= g->at)
            return g->position + g->rate * (at - g->at);
    }
    return s->segs[s->nsegs % SIM_SEGS].position;
}

static uint64_t position_depth(const struct hag_sim *w, const struct sim_store *s, int depth)
{
    const struct sim_store *u;
    uint64_t p;

    if (s->primary || s->link != SIM_LINK_FLOWS || s->upstream >= w->nst || depth > 8)
        return own_position(w, s);
    u = &w->st[s->upstream];
    if (u->primary && s->lag_ms > 0)
        p = position_before(w, u, s->lag_ms);
    else
        p = position_depth(w, u, depth + 1);
    if (s->lag_bytes > 0)
        p = p > s->lag_bytes ? p - s->lag_bytes : 0;
    return p > s->position ? p : s->position;
}

uint64_t sim_position(const struct hag_sim *w, const struct sim_store *s)
{
    return position_depth(w, s, 0);
}

void sim_settle(struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];
    uint64_t at[HAG_NODES_MAX];

    for (uint32_t i = 0; i < c->n; i++)
        at[i] = sim_position(w, &w->st[sim_node_at(w, cluster, i)]);
    for (uint32_t i = 0; i < c->n; i++) {
        struct sim_store *s = &w->st[sim_node_at(w, cluster, i)];

        if (s->since != w->now && s->primary) {
            struct sim_segment *g = &s->segs[s->nsegs++ % SIM_SEGS];

            g->at = s->since;
            g->position = s->position;
            g->rate = s->rate;
        }
        s->position = at[i];
        s->since = w->now;
    }
}

uint32_t sim_new_history(struct hag_sim *w, uint32_t cluster, uint32_t parent, uint64_t fork)
{
    struct sim_history *h;

    sim_grow((void **)&w->hist, w->nhist, &w->caphist, sizeof(*h));
    h = &w->hist[w->nhist];
    /* a store that was behind a fork continues the history before it */
    while (parent != 0 && fork < w->hist[parent].fork)
        parent = w->hist[parent].parent;
    h->parent = parent;
    h->cluster = cluster;
    h->fork = fork;
    h->acked = fork;
    return w->nhist++;
}

/* How much of the acknowledged part of history `of` a copy (history, position) holds. */
uint64_t sim_survived(const struct hag_sim *w, uint32_t history, uint64_t position, uint32_t of)
{
    while (history != 0 && history != of) {
        if (position > w->hist[history].fork)
            position = w->hist[history].fork;
        history = w->hist[history].parent;
    }
    if (history != of)
        return 0;
    return position;
}

/* Whether what s holds is a beginning of what u holds. */
static int continues(const struct hag_sim *w, const struct sim_store *s, const struct sim_store *u)
{
    uint32_t h = u->history;
    uint64_t end = sim_position(w, u);
    int generations = 0;

    while (h != 0 && h != s->history) {
        if (w->hist[h].fork < end)
            end = w->hist[h].fork;
        h = w->hist[h].parent;
        generations++;
    }
    if (h == 0 || s->position > end || s->position == 0)
        return 0;
    /* Redis keeps two ids; Dragonfly copies everything from another primary */
    return s->engine == HAG_SIM_POSTGRESQL || (s->engine == HAG_SIM_REDIS && generations <= 1) ||
           generations == 0;
}

static void moved(struct hag_sim *w, struct sim_store *s, uint8_t link)
{
    if (s->link == link)
        return;
    if (s->link == SIM_LINK_FLOWS)
        s->served_at = w->now;
    s->link = link;
    s->link_since = w->now;
    s->changed_at = w->now;
    sim_changed(w);
}

static void due(struct hag_sim *w, const struct sim_store *s, uint64_t at)
{
    sim_push(w, (struct sim_due){.at = at, .kind = SIM_STORE, .node = (uint16_t)(s - w->st)});
}

static void connect(struct hag_sim *w, struct sim_store *s, const struct sim_store *u)
{
    if (continues(w, s, u)) {
        s->history = u->history;
        moved(w, s, SIM_LINK_FLOWS);
        return;
    }
    if (s->engine == HAG_SIM_POSTGRESQL && s->position != 0) {
        /* diverged: the stream is refused until somebody rewinds it */
        moved(w, s, SIM_LINK_BROKEN);
        s->retry_at = w->now + 5 * RETRY_MS;
        due(w, s, s->retry_at);
        return;
    }
    /* a full copy: what was there is given up first */
    s->position = 0;
    s->history = 0;
    s->sync_source = s->upstream;
    s->sync_end = w->now + (sim_position(w, u) == 0 ? 100 : w->s->world.sync);
    moved(w, s, SIM_LINK_SYNCS);
    due(w, s, s->sync_end);
}

static uint32_t place_of(const struct hag_sim *w, const struct sim_store *s)
{
    return sim_place(w, SCN_P_NODE, (uint32_t)(s - w->st));
}

/* Who may be copied from: Redis answers -NOMASTERLINK while its own link is down, Dragonfly refuses
 * to feed from a replica at all (dragonfly#4563); PostgreSQL cascades in any case. */
static int feeds(const struct sim_store *u)
{
    if (u->primary || u->engine == HAG_SIM_POSTGRESQL)
        return 1;
    return u->engine == HAG_SIM_REDIS && (u->link == SIM_LINK_FLOWS || u->link == SIM_LINK_SILENT);
}

static void refresh_link(struct hag_sim *w, struct sim_store *s)
{
    const struct sim_store *u = s->upstream < w->nst ? &w->st[s->upstream] : NULL;
    int reach, flows;

    if (!s->there || !s->machine || !s->up || s->primary || s->fenced || u == NULL || !u->there) {
        moved(w, s, SIM_LINK_NONE);
        return;
    }
    if (s->link_stopped) {
        moved(w, s, SIM_LINK_BROKEN);
        return;
    }
    reach = sim_both(w, place_of(w, s), place_of(w, u)) && u->machine && !u->host_frozen;
    flows = reach && replicates(u) && replicates(s) && u->loading_until <= w->now && !u->fenced &&
            feeds(u);
    switch (s->link) {
    case SIM_LINK_SYNCS:
        if (!u->up || !reach || s->sync_source != s->upstream) {
            moved(w, s, SIM_LINK_BROKEN);
            s->retry_at = w->now + RETRY_MS;
            due(w, s, s->retry_at);
        }
        return;
    case SIM_LINK_FLOWS:
    case SIM_LINK_SILENT:
        if (flows) {
            int same = u->history == s->history || continues(w, s, u);

            if (same) {
                s->history = u->history;
                moved(w, s, SIM_LINK_FLOWS);
                return;
            }
        } else if (!reach || (u->up && (u->frozen || u->deadlock || s->frozen || s->host_frozen))) {
            if (s->link == SIM_LINK_FLOWS) {
                moved(w, s, SIM_LINK_SILENT);
                due(w, s, w->now + SIM_SILENCE);
            }
            if (w->now < s->link_since + SIM_SILENCE)
                return;
        }
        moved(w, s, SIM_LINK_BROKEN);
        s->retry_at = w->now + RETRY_MS / 2 + sim_below(w, RETRY_MS / 2);
        due(w, s, s->retry_at);
        return;
    case SIM_LINK_NONE:
        moved(w, s, SIM_LINK_BROKEN);
        s->retry_at = w->now;
        break;
    default:
        break;
    }
    if (flows && w->now >= s->retry_at)
        connect(w, s, u);
}

void sim_refresh(struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];

    sim_settle(w, cluster);
    sim_changed(w);
    for (uint32_t i = 0; i < c->n; i++)
        refresh_link(w, &w->st[sim_node_at(w, cluster, i)]);
    sim_clients(w, cluster);
}

/* Something of this store is due: the end of a sync, a retry, the end of loading or of a quiet time. */
void sim_store_due(struct hag_sim *w, uint32_t node)
{
    struct sim_store *s = &w->st[node];

    sim_settle(w, s->cluster);
    if (s->loading_until != 0 && s->loading_until <= w->now)
        s->loading_until = 0;
    if (s->link == SIM_LINK_SYNCS && w->now >= s->sync_end) {
        const struct sim_store *u = &w->st[s->sync_source];

        s->history = u->history;
        s->position = sim_position(w, u);
        s->since = w->now;
        moved(w, s, SIM_LINK_FLOWS);
    }
    sim_refresh(w, s->cluster);
    if (s->link == SIM_LINK_BROKEN && s->up && s->retry_at <= w->now && !s->link_stopped &&
        s->upstream < w->nst) {
        s->retry_at = w->now + RETRY_MS;
        due(w, s, s->retry_at);
    }
}

void sim_stop(struct hag_sim *w, uint32_t node)
{
    struct sim_store *s = &w->st[node];

    sim_settle(w, s->cluster);
    s->up = 0;
    s->frozen = 0;
    s->rate = 0;
    s->quiet_until = 0;
    s->changed_at = w->now;
    sim_refresh(w, s->cluster);
}

static void forget_data(struct hag_sim *w, struct sim_store *s)
{
    s->position = 0;
    s->since = w->now;
    s->history = s->primary ? sim_new_history(w, s->cluster, 0, 0) : 0;
}

/* A new incarnation, with what survives: PostgreSQL's data and role are on disk; the others come up as
 * they were configured, and hold nothing unless they are durable. */
void sim_boot(struct hag_sim *w, uint32_t node, int empty)
{
    struct sim_store *s = &w->st[node];

    if (!s->machine)
        return;
    sim_settle(w, s->cluster);
    s->up = 1;
    s->boot++;
    s->booted_at = w->now;
    s->frozen = s->deadlock = 0;
    s->fenced = 0;
    s->quiet_until = 0;
    s->rate = 0;
    s->primary = s->kept_primary;
    s->upstream = s->kept_upstream;
    s->link = SIM_LINK_NONE;
    s->linked_history = 0; /* what it holds is judged anew (S4) */
    s->changed_at = w->now;
    if (empty && (s->engine == HAG_SIM_POSTGRESQL || s->durable))
        s->wiped = 1;
    if (empty || (s->engine != HAG_SIM_POSTGRESQL && !s->durable))
        forget_data(w, s);
    else if (s->history == 0 && s->primary)
        s->history = sim_new_history(w, s->cluster, 0, 0);
    sim_refresh(w, s->cluster);
}

static void keep_role(struct sim_store *s)
{
    if (s->engine != HAG_SIM_POSTGRESQL)
        return; /* only by persist_role */
    s->kept_primary = s->primary;
    s->kept_upstream = s->upstream;
}

/* Whether somebody holds data of the last promotion: an empty store that is promoted by a late order
 * then makes no history of the cluster. */
static int data_is_elsewhere(const struct hag_sim *w, const struct sim_store *s)
{
    const struct sim_cluster *c = &w->cl[s->cluster];

    for (uint32_t p = 0; p < c->n; p++) {
        const struct sim_store *m = &w->st[sim_node_at(w, s->cluster, p)];

        if (m != s && m->machine && m->position > 0 && m->history == c->chosen)
            return 1;
    }
    return 0;
}

void sim_promote(struct hag_sim *w, uint32_t node)
{
    struct sim_store *s = &w->st[node];
    int chosen;

    sim_settle(w, s->cluster);
    s->fenced = 0;
    if (s->primary) {
        sim_refresh(w, s->cluster);
        return;
    }
    chosen = s->history != 0 || !data_is_elsewhere(w, s);
    s->history = sim_new_history(w, s->cluster, s->history, s->position);
    if (chosen)
        w->cl[s->cluster].chosen = s->history;
    s->primary = 1;
    s->upstream = SIM_NOBODY;
    s->rate = 0;
    s->nsegs = 0;
    s->changed_at = w->now;
    s->link = SIM_LINK_NONE;
    keep_role(s);
    sim_refresh(w, s->cluster);
}

/* Follows upstream, or nobody. */
void sim_demote(struct hag_sim *w, uint32_t node, uint32_t upstream)
{
    struct sim_store *s = &w->st[node];

    sim_settle(w, s->cluster);
    if (s->primary)
        s->changed_at = w->now;
    if (s->primary || s->upstream != upstream) {
        s->link = SIM_LINK_NONE;
        s->changed_at = w->now;
    }
    s->primary = 0;
    s->fenced = 0;
    s->rate = 0;
    s->upstream = (uint16_t)upstream;
    keep_role(s);
    sim_refresh(w, s->cluster);
}
