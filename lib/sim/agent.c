/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

/* Agents beside the stores and observers elsewhere: once a second each says what it sees. */

#define EVERY_MS 1000u
#define PEERS    2

static int machine_runs(const struct sim_store *s)
{
    return s->there && s->machine && !s->host_frozen;
}

/* What somebody at a place sees of a store that it asks. */
static uint32_t seen_from(const struct hag_sim *w, uint32_t place, uint32_t node)
{
    const struct sim_store *s = &w->st[node];

    return s->there && sim_running(s) && !s->frozen && sim_both(w, place, node) ? HAG_SEEN_ALIVE
                                                                                : HAG_SEEN_FAILING;
}

static uint32_t seen_by_own(const struct sim_store *s)
{
    if (!s->up)
        return HAG_SEEN_DEAD;
    return s->frozen ? HAG_SEEN_FAILING : HAG_SEEN_ALIVE;
}

static void say(struct hag_sim *w, hag_source source, uint32_t node, uint32_t seen, uint32_t age)
{
    struct sim_guard *g = &w->guard;
    int32_t err;

    if (source == 0 || g->g == NULL || g->nodes[node] == 0)
        return;
    err = hag_observe(g->g, source, g->nodes[node], seen, age, sim_guard_now(w));
    g->touched = 1;
    if (err != HAG_OK && err != HAG_ERR_STALE)
        sim_breach(w, "S18", "hag_observe answered %s", hag_strerror(err));
}

static void report(struct hag_sim *w, hag_source source, uint32_t from, uint32_t node,
                   uint32_t seen)
{
    uint64_t ms = sim_travel(w, from, sim_place(w, SCN_P_GUARD, 0), w->s->world.rtt / 2);

    if (source == 0 || ms == UINT64_MAX)
        return;
    if (ms <= w->s->world.rtt && !w->guard.paused && w->guard.g != NULL) {
        say(w, source, node, seen, (uint32_t)ms);
        return;
    }
    sim_push(w, (struct sim_due){.at = w->now + ms,
                                 .kind = SIM_SIGHT,
                                 .flags = (uint8_t)seen,
                                 .node = (uint16_t)node,
                                 .index = (uint32_t)ms,
                                 .gen = w->guard.gen,
                                 .op = source});
}

void sim_sight(struct hag_sim *w, const struct sim_due *d)
{
    struct sim_guard *g = &w->guard;

    if (g->g == NULL || d->gen != g->gen)
        return;
    if (g->paused) {
        struct sim_due again = *d;

        again.at = g->paused_until;
        sim_push(w, again);
        return;
    }
    say(w, d->op, d->node, d->flags, d->index);
}

void sim_agent(struct hag_sim *w, uint32_t node)
{
    const struct sim_store *s = &w->st[node];
    const struct sim_cluster *c = &w->cl[s->cluster];
    hag_source source = w->guard.agents[node];

    sim_push(w,
             (struct sim_due){.at = w->now + EVERY_MS, .kind = SIM_AGENT, .node = (uint16_t)node});
    if (!machine_runs(s) || !s->agent || source == 0)
        return;
    report(w, source, node, node, seen_by_own(s));
    if (c->n > 1) {
        uint32_t at = c->n <= PEERS + 1 ? 0 : sim_below(w, c->n);

        for (uint32_t k = 0, told = 0; k < c->n && told < PEERS; k++) {
            uint32_t peer = sim_node_at(w, s->cluster, (at + k) % c->n);

            if (peer == node || !w->st[peer].there)
                continue;
            report(w, source, node, peer, seen_from(w, node, peer));
            told++;
        }
    }
}

void sim_observer(struct hag_sim *w, uint32_t i)
{
    uint32_t place = sim_place(w, SCN_P_OBSERVER, i);

    sim_push(w, (struct sim_due){.at = w->now + EVERY_MS, .kind = SIM_OBSERVER, .index = i});
    for (uint32_t n = 0; n < w->nst; n++) {
        if (!w->st[n].there)
            continue;
        report(w, w->guard.observers[w->st[n].cluster * w->s->nobservers + i], place, n,
               seen_from(w, place, n));
    }
}
