/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

/* One probe of a node at a time. Its op is the node itself with a generation of its own, so a probe
 * costs no slot of the op table. */

static uint64_t probe_op(const hag_guard *g, const struct hag__node *n)
{
    return hag__handle(HAG__KIND_PROBE, n->probe_gen, hag__node_index(g, n));
}

static void emit(hag_guard *g, struct hag__node *n)
{
    if (n->in_ring) { /* its word is still there and will do */
        n->probe_state = HAG__PROBE_QUEUED;
        return;
    }
    if (!hag__ring_push(&g->ring, probe_op(g, n) | (uint64_t)HAG_DO_PROBE << 53)) {
        n->probe_at = g->now + HAG__LOOP_MS;
        return;
    }
    n->in_ring = 1;
    n->probe_state = HAG__PROBE_QUEUED;
}

static void try_emit(hag_guard *g, struct hag__node *n)
{
    struct hag__cluster *c = hag__cluster(g, n->cluster);

    if (hag__handler(g, c, HAG_DO_PROBE) == HAG__BY_NOBODY) {
        if (c->nsources == 0)
            (void)hag__handled(g, c, HAG_DO_PROBE);
        n->probe_at = HAG__NEVER; /* binding somebody arms it again */
        return;
    }
    emit(g, n);
}

void hag__node_arm(hag_guard *g, struct hag__node *n)
{
    hag_time at = n->again;

    if (n->probe_state == HAG__PROBE_IDLE) {
        if (n->probe_at == HAG__NEVER &&
            hag__handler(g, hag__cluster(g, n->cluster), HAG_DO_PROBE) != HAG__BY_NOBODY)
            n->probe_at = g->now;
        if (n->probe_at < at)
            at = n->probe_at;
    } else if (n->probe_state == HAG__PROBE_IN_FLIGHT && n->probe_deadline < at) {
        at = n->probe_deadline;
    }
    hag__heap_set(&g->node_timers, hag__node_index(g, n), at);
}

void hag__probe_now(hag_guard *g, struct hag__node *n, uint32_t flags)
{
    n->probe_flags |= (uint8_t)flags;
    if (n->probe_state == HAG__PROBE_IN_FLIGHT) {
        n->probe_again = 1;
        return;
    }
    if (n->probe_state == HAG__PROBE_IDLE)
        try_emit(g, n);
    hag__node_arm(g, n);
}

/* The deadline of a probe starts when it is taken. The next one keeps the phase of its period. */
void hag__probe_taken(hag_guard *g, struct hag__node *n)
{
    const struct hag__cluster *c = hag__cluster(g, n->cluster);
    uint64_t every = (uint64_t)hag__setting_of(c, HAG_P_PROBE_EVERY);

    n->probe_state = HAG__PROBE_IN_FLIGHT;
    n->probe_sent = g->now;
    n->probe_deadline = g->now + (uint64_t)hag__setting_of(c, HAG_P_PROBE_TIMEOUT);
    if (n->probe_at == HAG__NEVER)
        n->probe_at = g->now;
    if (n->probe_at <= g->now)
        n->probe_at += ((g->now - n->probe_at) / every + 1) * every;
    hag__node_arm(g, n);
}

/* Forgets the probe under way; the next one is another op. */
void hag__probe_drop(hag_guard *g, struct hag__node *n)
{
    if (n->probe_state == HAG__PROBE_IN_FLIGHT)
        n->probe_gen = n->probe_gen == HAG__GEN_MAX ? 1 : n->probe_gen + 1;
    n->probe_state = HAG__PROBE_IDLE;
    n->probe_flags = 0;
    hag__node_arm(g, n);
}

void hag__node_due(hag_guard *g, uint32_t index)
{
    struct hag__node *n = hag__node(g, index);
    struct hag__cluster *c = hag__cluster(g, n->cluster);

    if (n->probe_state == HAG__PROBE_IN_FLIGHT && n->probe_deadline <= g->now) {
        struct hag_facts f = {.size = sizeof(f),
                              .result = HAG_PROBE_TIMEOUT,
                              .link_idle = HAG_UNKNOWN_MS,
                              .lag = HAG_UNKNOWN_MS};

        (void)hag__probe_ended(g, index, &f);
    }
    if (n->again <= g->now) {
        n->again = HAG__NEVER;
        hag__judge(g, c, n);
    }
    if (n->probe_state == HAG__PROBE_IDLE && n->probe_at <= g->now)
        try_emit(g, n);
    hag__node_arm(g, n);
}
