/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

/* Writers that follow the primary name. They are few groups, by the phase of their resolver's cache;
 * between two changes of the world each writes at its rate to one node or to none, so that everything
 * is counted in closed form. A session stays where it is until it breaks, as real ones do. */

static int session_lives(const struct hag_sim *w, const struct sim_cluster *c, uint32_t node)
{
    const struct sim_store *s = &w->st[node];

    return sim_takes_writes(w, s) && sim_both(w, c->clients_place, node);
}

/* A new session needs somebody who answers: a stopped postmaster starts none. */
static int session_begins(const struct hag_sim *w, const struct sim_cluster *c, uint32_t node)
{
    return session_lives(w, c, node) && !w->st[node].frozen;
}

/* Who has the address now: it may have been given to another. */
static uint32_t behind(const struct hag_sim *w, uint32_t node)
{
    return w->st[node].answered_by;
}

static void count_two(struct hag_sim *w, struct sim_cluster *c)
{
    uint32_t first = SIM_NOBODY;
    int two = 0;

    for (uint32_t i = 0; i < SIM_COHORTS; i++) {
        if (c->cohort[i].conn == SIM_NOBODY)
            continue;
        two |= first != SIM_NOBODY && first != c->cohort[i].conn;
        first = c->cohort[i].conn;
    }
    if (c->two_since != UINT64_MAX)
        c->two_total += w->now - c->two_since;
    c->two_since = two ? w->now : UINT64_MAX;
}

static void count_off(struct hag_sim *w, struct sim_cohort *k)
{
    uint64_t from = k->off_since < SIM_BASE ? SIM_BASE : k->off_since;

    if (k->conn != SIM_NOBODY && k->off_since != UINT64_MAX) {
        uint64_t ms = w->now > from ? w->now - from : 0;

        k->total += ms;
        if (ms > k->longest)
            k->longest = ms;
        k->off_since = UINT64_MAX;
    } else if (k->conn == SIM_NOBODY && k->off_since == UINT64_MAX) {
        k->off_since = w->now;
    }
}

/* What was acknowledged up to now. Positions are settled. */
static void acknowledge(struct hag_sim *w, struct sim_cluster *c)
{
    for (uint32_t i = 0; i < SIM_COHORTS; i++) {
        const struct sim_store *s;
        struct sim_history *h;

        if (c->cohort[i].conn == SIM_NOBODY)
            continue;
        s = &w->st[c->cohort[i].conn];
        if (s->history == 0)
            continue;
        h = &w->hist[s->history];
        if (s->position > h->acked) {
            if (w->now > SIM_BASE)
                c->writes += s->position / SIM_WRITE - h->acked / SIM_WRITE;
            h->acked = s->position;
        }
    }
}

void sim_clients(struct hag_sim *w, uint32_t cluster)
{
    struct sim_cluster *c = &w->cl[cluster];
    uint32_t rate[HAG_NODES_MAX] = {0};

    if (c->rate == 0) { /* nobody is watched, but data moves */
        for (uint32_t i = 0; i < c->n; i++) {
            struct sim_store *s = &w->st[sim_node_at(w, cluster, i)];

            s->rate = sim_takes_writes(w, s) && (c->answer[0][HAG_ENDPOINT_PRIMARY] >> i & 1)
                          ? c->bg_rate
                          : 0;
        }
        return;
    }
    acknowledge(w, c);
    for (uint32_t i = 0; i < SIM_COHORTS; i++) {
        struct sim_cohort *k = &c->cohort[i];

        if (k->conn != SIM_NOBODY && !session_lives(w, c, k->conn))
            k->conn = SIM_NOBODY;
        if (k->conn == SIM_NOBODY && k->cached != SIM_NOBODY &&
            session_begins(w, c, behind(w, k->cached)) &&
            w->st[behind(w, k->cached)].cluster == cluster)
            k->conn = (uint16_t)behind(w, k->cached);
        count_off(w, k);
        if (k->conn != SIM_NOBODY)
            rate[w->st[k->conn].place] += k->share;
    }
    count_two(w, c);
    for (uint32_t i = 0; i < c->n; i++) {
        struct sim_store *s = &w->st[sim_node_at(w, cluster, i)];

        s->rate = (uint32_t)((uint64_t)rate[i] * c->rate * (SIM_WRITE / 1000) / 10000);
    }
}

void sim_disconnect(struct hag_sim *w, uint32_t node)
{
    struct sim_cluster *c = &w->cl[w->st[node].cluster];

    for (uint32_t i = 0; i < SIM_COHORTS; i++) {
        if (c->cohort[i].conn == node)
            c->cohort[i].conn = SIM_NOBODY;
    }
    sim_refresh(w, w->st[node].cluster);
}

/* As a client of the name sees it: somebody who asks the servers now. */
int sim_writable(const struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];

    for (uint32_t i = 0; i + 1 < SIM_COHORTS; i++) {
        if (c->cohort[i].conn == SIM_NOBODY)
            return 0;
    }
    return 1;
}

int sim_readable(const struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];

    for (uint32_t p = 0; p < c->n; p++) {
        uint32_t node = sim_node_at(w, cluster, p);

        if ((c->answer[0][HAG_ENDPOINT_REPLICA] >> p & 1) && sim_serves_reads(&w->st[node]) &&
            sim_both(w, c->clients_place, node))
            return 1;
    }
    return 0;
}

/* Where the data of a cluster is at the end: behind its name. */
static const struct sim_store *survivor(const struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];

    for (uint32_t p = 0; p < c->n; p++) {
        if (c->answer[0][HAG_ENDPOINT_PRIMARY] >> p & 1)
            return &w->st[sim_node_at(w, cluster, p)];
    }
    return NULL;
}

void sim_writing_done(struct hag_sim *w)
{
    for (uint32_t i = 0; i < w->ncl; i++) {
        struct sim_cluster *c = &w->cl[i];
        const struct sim_store *s = survivor(w, i);
        uint64_t longest = 0, total = 0, lost = 0;

        if (c->rate == 0)
            continue;
        sim_settle(w, i);
        sim_clients(w, i);
        for (uint32_t k = 0; k + 1 < SIM_COHORTS; k++) {
            struct sim_cohort *h = &c->cohort[k];
            uint64_t from = h->off_since < SIM_BASE ? SIM_BASE : h->off_since;

            if (h->off_since != UINT64_MAX && w->now > from) {
                h->total += w->now - from;
                if (w->now - from > h->longest)
                    h->longest = w->now - from;
            }
            if (h->longest > longest)
                longest = h->longest;
            if (h->total > total)
                total = h->total;
        }
        for (uint32_t h = 1; h < w->nhist; h++) {
            const struct sim_history *d = &w->hist[h];
            uint64_t kept;

            /* histories of other clusters never meet this one's */
            if (d->acked <= d->fork || d->cluster != i)
                continue;
            kept = s == NULL || !s->machine ? 0 : sim_survived(w, s->history, s->position, h);
            if (kept < d->fork)
                kept = d->fork;
            if (kept < d->acked)
                lost += d->acked / SIM_WRITE - kept / SIM_WRITE;
        }
        c->downtime = longest;
        c->total_downtime = total;
        c->lost = lost;
        w->fig.downtime += longest;
        w->fig.total_downtime += total;
        w->fig.two_writers += c->two_total;
        w->fig.lost_writes += lost;
        w->fig.writes += c->writes;
    }
}
