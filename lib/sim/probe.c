/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* Probes: the answer is what is true when it is asked for; what cannot be answered is left to the
 * guard's deadline. */

static void complete(struct hag_sim *w, uint64_t op, uint32_t node, const struct hag_facts *f)
{
    struct sim_store *s = &w->st[node];
    struct hag_result r;
    int32_t err;

    memset(&r, 0, sizeof(r));
    r.size = sizeof(r);
    r.outcome = HAG_RES_OK;
    r.facts = f;
    s->told_at = w->now;
    s->told_result = (uint8_t)f->result;
    if (f->result == HAG_PROBE_OK) {
        s->told_role = (uint8_t)f->role;
        if (f->role == HAG_ROLE_STANDBY && w->now >= s->promotion_end)
            s->promotion_settled = 1;
        s->told_boot = w->st[s->answered_by].boot;
        if ((f->flags & (HAG_FACT_LINK_UP | HAG_FACT_SYNCING)) == HAG_FACT_LINK_UP) {
            s->linked_boot = s->told_boot;
            s->linked_history = w->st[s->answered_by].history;
        }
    }
    err = hag_op_complete(w->guard.g, op, &r, sim_guard_now(w));
    w->guard.touched = 1;
    if (err != HAG_OK && err != HAG_ERR_STALE)
        sim_breach(w, "S18", "completing a probe of %s answered %s: %s", sim_node_name(w, node),
                   hag_strerror(err), hag_errmsg(w->guard.g));
}

static void complete_bad(struct hag_sim *w, uint64_t op, uint32_t node, uint32_t result,
                         uint32_t flags)
{
    struct hag_facts f;

    memset(&f, 0, sizeof(f));
    f.size = sizeof(f);
    f.result = result;
    f.flags = flags;
    f.link_idle = f.lag = HAG_UNKNOWN_MS;
    complete(w, op, node, &f);
}

static int answers_this_time(struct sim_store *s)
{
    return s->slow_m == 0 || s->slow_at++ % s->slow_m < s->slow_n;
}

void sim_probe_asked(struct hag_sim *w, const struct hag_action *a)
{
    uint32_t node = (uint32_t)a->user_node, guard = sim_place(w, SCN_P_GUARD, 0);
    struct sim_due d = {
        .kind = SIM_PROBE, .node = (uint16_t)node, .gen = w->guard.gen, .op = a->op};
    uint64_t ms = w->s->world.rtt;

    if (w->check_links) {
        uint64_t to = sim_travel(w, guard, w->st[node].answered_by, w->s->world.rtt / 2);
        uint64_t back = sim_travel(w, w->st[node].answered_by, guard, ms - w->s->world.rtt / 2);

        if (to == UINT64_MAX || back == UINT64_MAX) {
            w->st[node].lost_at = w->now;
            return;
        }
        ms = to + back;
    }
    d.index = (uint32_t)(a->deadline - sim_guard_now(w)); /* ms that the guard waits */
    d.at = w->now + ms;
    if (ms >= d.index)
        return;
    sim_push(w, d);
}

static int guard_hears(struct hag_sim *w, const struct sim_due *d)
{
    struct sim_guard *g = &w->guard;
    struct sim_due again = *d;

    if (g->g == NULL || d->gen != g->gen)
        return 0;
    if (!g->paused)
        return 1;
    again.at = g->paused_until; /* it lies in the socket */
    sim_push(w, again);
    return 0;
}

void sim_probe_due(struct hag_sim *w, const struct sim_due *d)
{
    struct sim_store *s = &w->st[w->st[d->node].answered_by];
    const struct hag_facts *f;
    struct hag_facts copy;
    const struct sim_spell *spell = NULL;

    if (!guard_hears(w, d))
        return;
    if (d->kind == SIM_PROBE &&
        !sim_both(w, sim_place(w, SCN_P_GUARD, 0), w->st[d->node].answered_by)) {
        w->st[d->node].lost_at = w->now;
        return;
    }
    if (!s->machine || s->host_frozen || !s->there)
        return;
    for (uint32_t i = 0; i < w->nspells; i++) {
        if (w->spells[i].active && w->spells[i].action == HAG_DO_PROBE &&
            w->spells[i].node == d->node)
            spell = &w->spells[i];
    }
    if (spell != NULL)
        return; /* refused, hung, late or mute: no answer in time */
    if (!s->up) {
        complete_bad(w, d->op, d->node, HAG_PROBE_REFUSED, 0);
        return;
    }
    if (d->kind == SIM_PROBE && (s->frozen || !answers_this_time(s))) {
        struct sim_due end = *d;

        end.kind = SIM_PROBE_END;
        end.at = w->now + d->index - w->s->world.rtt - 1;
        if (end.at > w->now)
            sim_push(w, end);
        return;
    }
    if (d->kind == SIM_PROBE_END) {
        complete_bad(w, d->op, d->node, HAG_PROBE_TIMEOUT, HAG_FACT_ACCEPTED);
        return;
    }
    if (s->denied) {
        complete_bad(w, d->op, d->node, HAG_PROBE_DENIED, 0);
        return;
    }
    f = sim_facts(w, (uint32_t)(s - w->st));
    if (s->loading_until > w->now) {
        copy = *f;
        copy.result = HAG_PROBE_NOT_SERVING;
        f = &copy;
    }
    complete(w, d->op, d->node, f);
}
