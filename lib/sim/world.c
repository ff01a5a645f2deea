/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* The world at its beginning: everything declared runs, replicates and is in its names. */

#define FIRST_POSITION (1000u * SIM_WRITE)
#define QUIET_RATE     10000u /* without clients: ten writes a second */

void sim_grow(void **array, uint32_t n, uint32_t *cap, size_t size)
{
    void *p;

    if (n < *cap)
        return;
    *cap = *cap == 0 ? 32 : *cap * 2;
    p = realloc(*array, *cap * size);
    if (p == NULL)
        abort(); /* a tool for tests: nothing useful can follow */
    *array = p;
}

static void *zero(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);

    if (p == NULL)
        abort();
    return p;
}

void sim_changed(struct hag_sim *w)
{
    w->stamp++;
    w->dirty = 1;
}

const char *sim_node_name(const struct hag_sim *w, uint32_t node)
{
    return node < w->nst ? w->s->nodes[node].name : "nobody";
}

uint32_t sim_node_of_addr(const struct hag_sim *w, const char *addr)
{
    for (uint32_t i = 0; i < w->nst; i++) {
        if (strcmp(w->st[i].addr, addr) == 0)
            return i;
    }
    return SIM_NOBODY;
}

void sim_address(struct hag_sim *w, uint32_t node)
{
    struct sim_store *s = &w->st[node];

    (void)snprintf(s->addr, sizeof(s->addr), "10.%u.%u.%u:%u", s->moves & 255u, node >> 8 & 255u,
                   node & 255u, s->engine == HAG_SIM_POSTGRESQL ? 5432u : 6379u);
}

static void build_store(struct hag_sim *w, uint32_t i)
{
    const struct scn_node *n = &w->s->nodes[i];
    const struct scn_cluster *c = &w->s->clusters[n->cluster];
    struct sim_store *s = &w->st[i];
    uint32_t history;

    s->cluster = n->cluster;
    s->engine = c->engine;
    s->durable = c->durable;
    s->answered_by = (uint16_t)i;
    s->upstream = s->kept_upstream = s->sync_source = SIM_NOBODY;
    s->agent = !n->agent_off;
    s->link = SIM_LINK_NONE;
    s->boot = 1;
    sim_address(w, i);
    if (n->later)
        return;
    s->there = s->machine = 1;
    s->up = !n->stopped;
    s->primary = s->kept_primary = n->primary;
    s->upstream = s->kept_upstream = n->first_upstream;
    s->lag_ms = n->lag;
    s->retry_at = 0;
    history = n->cluster + 1u; /* made before: one for each cluster */
    if (!n->empty) {
        s->history = history;
        s->position = FIRST_POSITION;
    } else if (n->primary) {
        s->history = history;
    }
    if (!n->primary && s->up && !n->empty)
        s->link = SIM_LINK_FLOWS;
    s->linked_boot = s->boot;
    s->linked_history = s->history;
}

static void build_cohorts(struct hag_sim *w, struct sim_cluster *c, uint32_t primary)
{
    for (uint32_t i = 0; i < SIM_COHORTS; i++) {
        struct sim_cohort *k = &c->cohort[i];
        int slow = i + 1 == SIM_COHORTS;

        k->cached = (uint16_t)primary;
        k->conn = SIM_NOBODY;
        k->off_since = UINT64_MAX;
        k->share = slow ? 874 : (10000 - 874) / (SIM_COHORTS - 1);
        k->ttl = w->s->world.ttl * (slow ? 10 : 1);
        k->phase =
            k->ttl == 0
                ? 0
                : (uint32_t)((uint64_t)sim_below(w, 1000) * k->ttl / (1000 * (SIM_COHORTS - 1)) +
                             i * k->ttl / (SIM_COHORTS - 1)) %
                      (uint32_t)k->ttl;
    }
}

int sim_build(struct hag_sim *w)
{
    const struct hag_scenario *s = w->s;
    uint32_t at = 0;

    w->nst = s->nnodes;
    w->ncl = s->nclusters;
    w->st = zero(w->nst, sizeof(*w->st));
    w->cl = zero(w->ncl, sizeof(*w->cl));
    w->members = zero(w->nst, sizeof(*w->members));
    w->guard.agents = zero(w->nst, sizeof(hag_source));
    w->guard.nodes = zero(w->nst, sizeof(hag_node));
    w->guard.observers = zero((size_t)w->ncl * s->nobservers, sizeof(hag_source));
    w->state_held = zero(s->nexpects, 1);
    w->state_at = zero(s->nexpects, sizeof(uint64_t));
    w->nplaces = w->nst + s->nguards + s->nobservers + s->nwitnesses + w->ncl + 3;
    w->wires = zero((size_t)w->nplaces * w->nplaces, sizeof(*w->wires));
    w->free_op = UINT32_MAX;
    w->stamp = 1;
    w->nhist = 1;
    sim_grow((void **)&w->hist, 1, &w->caphist, sizeof(*w->hist));
    memset(&w->hist[0], 0, sizeof(w->hist[0]));
    for (uint32_t c = 0; c < w->ncl; c++)
        w->cl[c].chosen = sim_new_history(w, c, 0, 0);
    for (uint32_t c = 0; c < w->ncl; c++) {
        w->cl[c].first = at;
        for (uint32_t i = 0; i < w->nst; i++) {
            if (s->nodes[i].cluster != c || w->cl[c].n == HAG_NODES_MAX)
                continue;
            w->st[i].place = w->cl[c].n++;
            w->members[at++] = (uint16_t)i;
        }
    }
    for (uint32_t i = 0; i < w->nst; i++)
        build_store(w, i);
    for (uint32_t c = 0; c < w->ncl; c++) {
        struct sim_cluster *k = &w->cl[c];
        uint32_t primary = SIM_NOBODY;
        uint64_t replicas = 0;

        for (uint32_t p = 0; p < k->n; p++) {
            const struct sim_store *n = &w->st[sim_node_at(w, c, p)];

            if (n->primary)
                primary = sim_node_at(w, c, p);
            else if (n->link == SIM_LINK_FLOWS)
                replicas |= 1ull << p;
        }
        k->rate = s->clusters[c].rate;
        k->bg_rate = QUIET_RATE;
        k->clients_place = (uint16_t)sim_place(w, SCN_P_CLIENTS, c);
        k->two_since = UINT64_MAX;
        k->promoted = k->to = SIM_NOBODY;
        k->ever_primary = primary == SIM_NOBODY ? 0 : 1ull << w->st[primary].place;
        k->named = k->ever_primary;
        for (int ns = 0; ns < 2; ns++) {
            k->answer[ns][HAG_ENDPOINT_PRIMARY] = k->ever_primary;
            k->answer[ns][HAG_ENDPOINT_REPLICA] = replicas;
        }
        build_cohorts(w, k, primary);
        w->hist[c + 1].acked = FIRST_POSITION;
        w->hist[c + 1].fork = FIRST_POSITION; /* nothing before the run counts */
        sim_refresh(w, c);
        w->hist[c + 1].fork = 0;
    }
    for (uint32_t i = 0; i < w->nst; i++)
        sim_push(
            w, (struct sim_due){.at = 100 + i * 37 % 1000, .kind = SIM_AGENT, .node = (uint16_t)i});
    for (uint32_t i = 0; i < s->nobservers; i++)
        sim_push(w, (struct sim_due){.at = 200 + i * 53 % 1000, .kind = SIM_OBSERVER, .index = i});
    w->whens = zero(s->nwhens, sizeof(*w->whens));
    w->waiting = s->nwhens;
    for (uint32_t i = 0; i < s->ndeeds - s->nwhens; i++)
        sim_push(w,
                 (struct sim_due){.at = SIM_BASE + s->deeds[i].at, .kind = SIM_DEED, .index = i});
    return s->guards[0].stopped || sim_guard_start(w);
}

void sim_drop(struct hag_sim *w)
{
    if (w->guard.g != NULL)
        sim_guard_stop(w);
    for (uint32_t c = 0; w->cl != NULL && c < w->ncl; c++)
        free(w->cl[c].record.bytes);
    free(w->st);
    free(w->cl);
    free(w->members);
    free(w->guard.agents);
    free(w->guard.nodes);
    free(w->guard.observers);
    free(w->state_held);
    free(w->state_at);
    free(w->wires);
    free(w->hist);
    free(w->ops);
    free(w->spells);
    free(w->snips);
    free(w->heap.v);
    free(w->log);
    w->st = NULL;
    w->cl = NULL;
}
