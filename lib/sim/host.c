/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* The guard's host: makes the guard, drains its actions, turns each into something that happens after
 * its time, and brings the answers back - unless the scenario says otherwise. */

uint64_t sim_guard_now(const struct hag_sim *w)
{
    return (uint64_t)((int64_t)(w->now + SIM_CLOCK) + w->guard.offset);
}

hag_policy sim_policy(struct hag_sim *w, uint32_t cluster)
{
    const struct scn_cluster *c = &w->s->clusters[cluster];
    hag_policy p = 0;
    char ttl[32];
    uint64_t ms = w->s->world.ttl;
    size_t n = 0;

    if (hag_policy_new(w->guard.g, &p) != HAG_OK)
        abort();
    for (char digits[24]; n == 0;) { /* "5000ms" without locale or format strings */
        size_t k = 0;

        do {
            digits[k++] = (char)('0' + ms % 10);
            ms /= 10;
        } while (ms > 0);
        while (k > 0)
            ttl[n++] = digits[--k];
        memcpy(ttl + n, "ms", 3);
    }
    (void)hag_policy_set_text(w->guard.g, p, "ttl", ttl);
    for (uint32_t i = 0; i < c->nsettings; i++)
        (void)hag_policy_set_text(w->guard.g, p,
                                  scn_setting_name(c->settings[i].key, c->settings[i].value),
                                  c->settings[i].value);
    return p;
}

static int32_t add_agent(struct hag_sim *w, uint32_t node)
{
    struct sim_guard *g = &w->guard;
    uint32_t cluster = w->st[node].cluster;

    return hag_source_add(g->g, w->cl[cluster].handle, HAG_SOURCE_AGENT, g->nodes[node],
                          w->s->nodes[node].name, &g->agents[node]);
}

int32_t sim_add_node(struct hag_sim *w, uint32_t node)
{
    const struct scn_node *n = &w->s->nodes[node];
    struct sim_guard *g = &w->guard;
    struct hag_node_spec spec;
    int32_t err;

    memset(&spec, 0, sizeof(spec));
    spec.size = sizeof(spec);
    spec.name = n->name;
    spec.addr = w->st[node].addr;
    spec.zone = n->zone;
    spec.host = n->host;
    spec.priority = n->priority;
    spec.user = node;
    if (n->primary)
        spec.flags |= HAG_NODE_PRIMARY;
    if (n->no_promote)
        spec.flags |= HAG_NODE_NO_PROMOTE;
    if (n->read_replica)
        spec.flags |= HAG_NODE_READ_REPLICA;
    err = hag_node_add(g->g, w->cl[n->cluster].handle, &spec, sim_guard_now(w), &g->nodes[node]);
    if (err == HAG_OK && !n->agent_off)
        (void)add_agent(w, node); /* LIMIT: the rest is seen by the others */
    return err;
}

static void add_observers(struct hag_sim *w, uint32_t cluster)
{
    for (uint32_t i = 0; i < w->s->nobservers; i++)
        (void)hag_source_add(w->guard.g, w->cl[cluster].handle, HAG_SOURCE_OBSERVER, 0,
                             w->s->observers[i].name,
                             &w->guard.observers[cluster * w->s->nobservers + i]);
}

int sim_guard_start(struct hag_sim *w)
{
    struct sim_guard *g = &w->guard;
    struct hag_options o;

    memset(&o, 0, sizeof(o));
    o.size = sizeof(o);
    o.flags = HAG_OPTION_SOLE;
    o.seed = w->seed;
    if (w->flags & (HAG_SIM_RECORD | HAG_SIM_REPLAY)) {
        o.flags |= HAG_OPTION_RECORD;
        o.record_max = UINT64_MAX;
    }
    if (hag_guard_new(&o, &g->g) != HAG_OK)
        return 0;
    g->alive = 1;
    g->gen++;
    memset(g->agents, 0, w->nst * sizeof(*g->agents));
    memset(g->nodes, 0, w->nst * sizeof(*g->nodes));
    (void)hag_set_hook(g->g, 0, sim_hook, w);
    for (uint32_t c = 0; c < w->ncl; c++) {
        hag_policy p = sim_policy(w, c);
        struct sim_record *r = &w->cl[c].record;
        int32_t err;

        r->told = r->term;
        if (c == 0)
            (void)hag_guard_set_policy(g->g, p);
        err =
            hag_cluster_add(g->g, w->s->clusters[c].name, p, c, sim_guard_now(w), &w->cl[c].handle);
        (void)hag_policy_free(g->g, p);
        for (uint32_t n = 0; n < w->nst && err == HAG_OK; n++) {
            if (w->st[n].cluster == c && w->st[n].there)
                err = sim_add_node(w, n);
        }
        add_observers(w, c);
        if (err == HAG_OK && r->n > 0)
            err = hag_cluster_restore(g->g, w->cl[c].handle, r->bytes, r->n, sim_guard_now(w));
        if (err != HAG_OK) {
            sim_breach(w, "S18", "starting the guard: %s: %s", hag_strerror(err), hag_errmsg(g->g));
            return 0;
        }
        w->cl[c].promote_open = w->cl[c].busy_since = 0;
    }
    g->touched = 1;
    g->settled_at = w->now;
    return 1;
}

void sim_guard_stop(struct hag_sim *w)
{
    struct sim_guard *g = &w->guard;

    sim_recorded(w);
    (void)hag_guard_destroy(g->g);
    g->g = NULL;
    g->alive = g->dying = 0;
    g->gen++;
    g->wake = UINT64_MAX;
}

void sim_guard_run(struct hag_sim *w)
{
    struct sim_guard *g = &w->guard;
    int64_t wait;

    if (g->g == NULL || g->paused || (!g->touched && g->wake > w->now))
        return;
    g->touched = 0;
    for (int i = 0;; i++) {
        int32_t more = hag_dispatch(g->g, sim_guard_now(w));

        if (more < 0)
            sim_breach(w, "S18", "hag_dispatch answered %s", hag_strerror(more));
        wait = hag_timeout(g->g, sim_guard_now(w));
        if ((more <= 0 && wait != 0) || g->dying)
            break;
        if (i == 200) {
            sim_breach(w, "S10", "the guard has work without end at one moment");
            wait = 1;
            break;
        }
    }
    g->wake = wait < 0 ? UINT64_MAX : w->now + (uint64_t)wait;
    g->touched = 0;
    if (wait < 0)
        g->wild = 1;
    sim_when(w, NULL);
}

int sim_commit(struct hag_sim *w, const struct hag_action *a, uint32_t *reason)
{
    struct sim_record *r = &w->cl[a->user_cluster].record;

    if (w->guard.disk_full) {
        *reason = HAG_WHY_DISK;
        return 0;
    }
    if (a->expected != r->version &&
        !(a->version == r->version && a->nbytes == r->n && memcmp(a->bytes, r->bytes, r->n) == 0)) {
        *reason = HAG_WHY_VERSION;
        return 0;
    }
    if (a->term < r->term || a->version < r->version)
        sim_breach(w, "S2", "the record goes back from term %llu to %llu",
                   (unsigned long long)r->term, (unsigned long long)a->term);
    if (a->nbytes > r->cap) {
        free(r->bytes);
        r->cap = (size_t)a->nbytes * 2;
        r->bytes = malloc(r->cap);
        if (r->bytes == NULL)
            abort();
    }
    memcpy(r->bytes, a->bytes, a->nbytes);
    r->n = (size_t)a->nbytes;
    r->version = a->version;
    r->term = a->term;
    return 1;
}

void sim_hook(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct hag_sim *w = ud;

    (void)g;
    sim_when(w, a);
    if (w->guard.dying)
        return;
    switch (a->kind) {
    case HAG_DO_PROBE:
        sim_probe_asked(w, a);
        return;
    case HAG_DO_EVENT:
        w->dirty = 1;
        sim_rules_event(w, a);
        sim_heard(w, a);
        return;
    case HAG_DO_CANCEL:
    case HAG_DO_FORGET:
        return;
    default:
        w->dirty = 1;
        sim_told(w, a);
        sim_rules_action(w, a);
        sim_ask(w, a);
        return;
    }
}
