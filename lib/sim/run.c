/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

#define MOMENT_MAX 100000u

/* One run: virtual time goes from event to event; after each the guard runs and the rules are looked
 * at. */

static void broken_connection(struct hag_sim *w, const struct sim_due *d)
{
    struct sim_guard *g = &w->guard;
    int32_t err;

    if (g->g == NULL || d->gen != g->gen || g->nodes[d->node] == 0)
        return;
    if (g->paused) {
        struct sim_due again = *d;

        again.at = g->paused_until;
        sim_push(w, again);
        return;
    }
    err = hag_observe(g->g, 0, g->nodes[d->node], HAG_SEEN_BROKEN, 0, sim_guard_now(w));
    g->touched = 1;
    if (err != HAG_OK && err != HAG_ERR_STALE)
        sim_breach(w, "S18", "hag_observe answered %s", hag_strerror(err));
}

static void guard_due(struct hag_sim *w)
{
    struct sim_guard *g = &w->guard;

    if (g->g == NULL) {
        if (w->now >= g->start_at)
            (void)sim_guard_start(w);
        return;
    }
    if (g->paused && w->now >= g->paused_until) {
        g->paused = 0;
        g->resumed_at = w->now;
        g->touched = 1;
    }
}

static void handle(struct hag_sim *w, const struct sim_due *d)
{
    switch (d->kind) {
    case SIM_DEED:
    case SIM_ORDER:
        sim_deed(w, d->index);
        return;
    case SIM_PROBE:
    case SIM_PROBE_END:
        sim_probe_due(w, d);
        return;
    case SIM_OP:
        sim_op_due(w, d);
        return;
    case SIM_ANSWER:
        sim_answer_due(w, d);
        return;
    case SIM_UNDO:
        sim_undo(w, d->index);
        return;
    case SIM_AGENT:
        sim_agent(w, d->node);
        return;
    case SIM_OBSERVER:
        sim_observer(w, d->index);
        return;
    case SIM_SIGHT:
        sim_sight(w, d);
        return;
    case SIM_RESOLVE:
        sim_resolve(w, d->node, d->index);
        return;
    case SIM_STORE:
        sim_store_due(w, d->node);
        return;
    case SIM_BROKEN:
        broken_connection(w, d);
        return;
    default:
        guard_due(w);
        return;
    }
}

static int statement_is_next(const struct hag_sim *w)
{
    return w->heap.n > 0 && w->heap.v[0].kind == SIM_DEED && w->heap.v[0].at <= w->now;
}

static void settle_moment(struct hag_sim *w, uint64_t next)
{
    if (w->now < SIM_BASE && next >= SIM_BASE) { /* the picture begins with what had settled */
        uint64_t now = w->now;

        w->now = SIM_BASE;
        sim_lanes(w);
        w->now = now;
    }
    if (w->dirty) {
        sim_rules_world(w);
        sim_lanes(w);
    }
    sim_states(w, next);
    w->dirty = 0;
}

static void play(struct hag_sim *w)
{
    struct sim_due d;
    uint32_t still = 0; /* events at one moment */

    for (;;) {
        uint64_t next;

        if (!statement_is_next(w))
            sim_guard_run(w);
        next = w->heap.n > 0 ? w->heap.v[0].at : UINT64_MAX;
        if (w->guard.g != NULL && !w->guard.paused && w->guard.wake < next)
            next = w->guard.wake;
        if (next > w->end)
            break;
        if (next > w->now) {
            settle_moment(w, next);
            w->now = next;
            still = 0;
        }
        if (still++ > MOMENT_MAX) {
            sim_breach(w, "S10", "time stands still: things of kind %u go on for ever",
                       w->heap.n > 0 ? w->heap.v[0].kind : 99u);
            break;
        }
        w->fig.events++;
        if (w->heap.n > 0 && w->heap.v[0].at <= w->now && sim_pop(w, &d))
            handle(w, &d);
        if (w->guard.touched)
            sim_when(w, NULL);
    }
    settle_moment(w, w->end + 1);
    w->now = w->end;
}

int32_t hag_sim_run(const hag_scenario *s, const struct hag_sim_options *opt, hag_sim **ret)
{
    struct hag_sim *w;

    if (s == NULL || ret == NULL)
        return HAG_ERR_INVAL;
    if (opt != NULL && opt->size < sizeof(*opt))
        return HAG_ERR_ABI;
    if (s->lacks[0] != '\0')
        return HAG_ERR_UNSUPPORTED;
    w = calloc(1, sizeof(*w));
    if (w == NULL)
        return HAG_ERR_NOMEM;
    w->s = s;
    w->flags = opt != NULL ? opt->flags : 0;
    w->seed = opt != NULL ? opt->seed : 1;
    w->rng = w->seed;
    w->end = SIM_BASE + s->until;
    w->texts = calloc(1, sizeof(*w->texts));
    w->state_said = calloc(s->nexpects > 0 ? s->nexpects : 1, sizeof(*w->state_said));
    if (w->texts == NULL || w->state_said == NULL) {
        hag_sim_free(w);
        return HAG_ERR_NOMEM;
    }
    if (sim_build(w) || w->nbreaches == 0)
        play(w);
    sim_rules_end(w);
    sim_writing_done(w);
    sim_digest(w, w->fig.lost_writes);
    sim_digest(w, w->fig.downtime);
    sim_recorded(w);
    sim_judge(w);
    sim_drop(w);
    *ret = w;
    return HAG_OK;
}

void hag_sim_free(hag_sim *w)
{
    if (w == NULL)
        return;
    hag_scenario_free(w->texts);
    free(w->state_said);
    free(w->whens);
    free(w->events);
    free(w->findings);
    free(w->changes);
    free(w->breaches);
    for (uint32_t i = 0; i < w->nrecordings; i++)
        free(w->recordings[i].bytes);
    free(w->recordings);
    free(w);
}

const struct hag_sim_event *hag_sim_event(const hag_sim *w, uint32_t i)
{
    return i < w->nevents ? &w->events[i] : NULL;
}

const struct hag_sim_finding *hag_sim_finding(const hag_sim *w, uint32_t i)
{
    return i < w->nfindings ? &w->findings[i] : NULL;
}

const struct hag_sim_change *hag_sim_change(const hag_sim *w, uint32_t i)
{
    return i < w->nchanges ? &w->changes[i] : NULL;
}

const struct hag_sim_figures *hag_sim_figures(const hag_sim *w)
{
    return &w->fig;
}

uint32_t hag_sim_failures(const hag_sim *w)
{
    return w->failures;
}

hag_time hag_sim_length(const hag_sim *w)
{
    return w->s->until;
}

const char *hag_sim_lane(const hag_sim *w, uint32_t i)
{
    const char *last = NULL;

    /* every lane has its first change at the beginning, in the order of the picture */
    for (uint32_t k = 0; k < w->nchanges && w->changes[k].at == w->changes[0].at; k++) {
        last = w->changes[k].lane;
        for (uint32_t m = 0; m < k; m++) {
            if (strcmp(w->changes[m].lane, last) == 0)
                return NULL;
        }
        if (i-- == 0)
            return last;
    }
    return NULL;
}
