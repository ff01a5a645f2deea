/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* Statements of the scenario take effect, and are taken back when their time has passed. */

static uint32_t node_of(const struct scn_stmt *t)
{
    return (uint32_t)t->v[0].n;
}

static struct sim_store *store_of(struct hag_sim *w, const struct scn_stmt *t)
{
    return &w->st[node_of(t)];
}

static void wake_guard(struct hag_sim *w, uint64_t at)
{
    sim_push(w, (struct sim_due){.at = at, .kind = SIM_GUARD});
}

/* The guard's plugin holds a connection; the machine closes it for the process that died. */
static void broken(struct hag_sim *w, uint32_t node)
{
    uint64_t ms = sim_travel(w, node, sim_place(w, SCN_P_GUARD, 0), w->s->world.rtt);

    if (ms != UINT64_MAX && w->st[node].machine)
        sim_push(w, (struct sim_due){.at = w->now + ms,
                                     .kind = SIM_BROKEN,
                                     .node = (uint16_t)node,
                                     .gen = w->guard.gen});
}

static void crash(struct hag_sim *w, const struct scn_stmt *t)
{
    if (!store_of(w, t)->up)
        return;
    sim_stop(w, node_of(t));
    broken(w, node_of(t));
}

static void lose(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    s->machine = 0;
    s->agent = 0;
    sim_stop(w, node_of(t));
}

static void start(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    if (!s->up || t->opt[0].type != SCN_T_NONE)
        sim_boot(w, node_of(t), t->opt[0].type != SCN_T_NONE);
    else
        sim_refresh(w, s->cluster);
}

static void restart(struct hag_sim *w, const struct scn_stmt *t)
{
    sim_stop(w, node_of(t));
    broken(w, node_of(t));
}

static void restart_end(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    if (s->up)
        return;
    if (t->opt[1].type != SCN_T_NONE && t->opt[1].n > 0) {
        s->loading_until = w->now + (uint64_t)t->opt[1].n;
        sim_push(w, (struct sim_due){
                        .at = s->loading_until, .kind = SIM_STORE, .node = (uint16_t)node_of(t)});
    }
    sim_boot(w, node_of(t), t->opt[0].type != SCN_T_NONE);
}

static void crash_end(struct hag_sim *w, const struct scn_stmt *t)
{
    if (!store_of(w, t)->up)
        sim_boot(w, node_of(t), 0);
}

/* A flag of a store that a deed sets and its end clears. */
static void set_flag(struct hag_sim *w, const struct scn_stmt *t, uint8_t on)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    switch (t->form->id) {
    case SCN_D_FREEZE:
        s->frozen = on;
        break;
    case SCN_D_FREEZE_HOST:
        s->host_frozen = on;
        break;
    case SCN_D_DENY:
        s->denied = on;
        break;
    case SCN_D_READONLY:
        s->readonly = on;
        break;
    case SCN_D_DEADLOCK:
        s->deadlock = on;
        break;
    case SCN_D_MAINTENANCE:
        s->leaving = on;
        break;
    case SCN_D_SLOW:
        s->slow_n = on ? (uint32_t)t->opt[0].n : 0;
        s->slow_m = on && t->opt[0].n != t->opt[0].m ? (uint32_t)t->opt[0].m : 0;
        s->slow_at = 1;
        break;
    case SCN_D_AGENT:
        s->agent = (uint8_t)((t->v[1].n == 0) == on) && s->machine;
        break;
    default:
        break;
    }
    sim_refresh(w, s->cluster);
}

static void flag_on(struct hag_sim *w, const struct scn_stmt *t)
{
    set_flag(w, t, 1);
}

static void flag_off(struct hag_sim *w, const struct scn_stmt *t)
{
    set_flag(w, t, 0);
}

static void thaw(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    s->frozen = s->host_frozen = 0;
    sim_refresh(w, s->cluster);
}

static void allow(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    s->denied = s->readonly = s->deadlock = 0;
    sim_refresh(w, s->cluster);
}

static void heal_place(struct hag_sim *w, const struct scn_stmt *t, uint32_t stmt)
{
    if (t->v[0].m == SCN_P_NODE) {
        struct sim_store *s = store_of(w, t);

        sim_settle(w, s->cluster);
        s->frozen = s->host_frozen = s->denied = s->readonly = s->deadlock = s->leaving = 0;
        s->slow_m = 0;
        s->lag_ms = s->lag_bytes = 0;
        s->link_stopped = 0;
    }
    sim_snip(w, SCN_D_HEAL_NODE, t, stmt);
}

static void lag(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    s->link_stopped = t->v[1].m == SCN_LAG_STOPPED;
    s->paused = t->v[1].m == SCN_LAG_PAUSED;
    s->lag_ms = t->v[1].m == SCN_LAG_TIME ? (uint64_t)t->v[1].n : 0;
    s->lag_bytes = t->v[1].m == SCN_LAG_SIZE ? (uint64_t)t->v[1].n * SIM_FINE : 0;
    s->retry_at = w->now;
    sim_refresh(w, s->cluster);
}

static void lag_end(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    s->link_stopped = s->paused = 0;
    s->lag_ms = s->lag_bytes = 0;
    s->retry_at = w->now;
    sim_refresh(w, s->cluster);
}

/* Writes of its own: its history leaves the others', by as much as `by` of writing gives. */
static void diverge(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);
    uint64_t fork;

    sim_settle(w, s->cluster);
    fork = s->position > 100 * SIM_WRITE ? s->position - 100 * SIM_WRITE : s->position / 2;
    s->history = sim_new_history(w, s->cluster, s->history, fork);
    s->position = fork + (uint64_t)t->opt[0].n * SIM_FINE;
    w->hist[s->history].acked = fork;
    s->link = SIM_LINK_NONE;
    s->link_stopped = 1;
    sim_refresh(w, s->cluster);
}

static void loading(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_store *s = store_of(w, t);

    sim_settle(w, s->cluster);
    s->loading_until = w->now + t->dur;
    sim_push(w, (struct sim_due){
                    .at = s->loading_until, .kind = SIM_STORE, .node = (uint16_t)node_of(t)});
    sim_refresh(w, s->cluster);
}

static void role(struct hag_sim *w, const struct scn_stmt *t)
{
    w->hand_made = 1;
    if (t->v[1].n == 0) {
        sim_promote(w, node_of(t));
    } else {
        const struct sim_cluster *c = &w->cl[store_of(w, t)->cluster];
        uint32_t to = SIM_NOBODY;

        for (uint32_t p = 0; p < c->n; p++) {
            uint32_t n = sim_node_at(w, store_of(w, t)->cluster, p);

            if (n != node_of(t) && w->st[n].primary)
                to = n;
        }
        sim_demote(w, node_of(t), to);
    }
}

static void follow(struct hag_sim *w, const struct scn_stmt *t)
{
    w->hand_made = 1;
    sim_demote(w, node_of(t), (uint32_t)t->v[1].n);
}

static void reuse(struct hag_sim *w, const struct scn_stmt *t)
{
    store_of(w, t)->answered_by = (uint16_t)t->v[1].n;
    w->hand_made = 1;
    sim_refresh(w, store_of(w, t)->cluster);
}

static void reuse_end(struct hag_sim *w, const struct scn_stmt *t)
{
    store_of(w, t)->answered_by = (uint16_t)node_of(t);
    sim_refresh(w, store_of(w, t)->cluster);
}

static void readdress(struct hag_sim *w, const struct scn_stmt *t)
{
    uint32_t node = node_of(t);
    const struct scn_node *n = &w->s->nodes[node];
    struct hag_node_spec spec;

    w->st[node].moves++;
    sim_address(w, node);
    sim_refresh(w, w->st[node].cluster);
    w->hand_made = 1;
    memset(&spec, 0, sizeof(spec));
    spec.size = sizeof(spec);
    spec.addr = w->st[node].addr;
    spec.zone = n->zone;
    spec.host = n->host;
    spec.priority = n->priority;
    spec.user = node;
    spec.flags =
        (n->no_promote ? HAG_NODE_NO_PROMOTE : 0u) | (n->read_replica ? HAG_NODE_READ_REPLICA : 0u);
    if (w->guard.g != NULL)
        (void)hag_node_set(w->guard.g, w->guard.nodes[node], &spec, sim_guard_now(w));
    w->guard.touched = 1;
}

static void spell(struct hag_sim *w, const struct scn_stmt *t, uint32_t stmt)
{
    struct sim_spell *p;
    uint32_t cap = w->nspells;

    sim_grow((void **)&w->spells, w->nspells, &cap, sizeof(*p));
    p = &w->spells[w->nspells++];
    memset(p, 0, sizeof(*p));
    p->deed = (uint8_t)t->form->id;
    p->action = (uint8_t)t->v[0].n;
    p->node = t->v[1].type == SCN_T_NONE ? SIM_NOBODY : (uint16_t)t->v[1].n;
    p->to_endpoint = t->v[1].m == 1;
    p->times = t->opt[0].type == SCN_T_NONE ? UINT32_MAX : (uint32_t)t->opt[0].n;
    p->reason =
        t->form->id == SCN_D_REFUSE && t->opt[1].type != SCN_T_NONE ? (uint32_t)t->opt[1].n : 0;
    p->late = (uint64_t)t->v[2].n;
    p->active = 1;
    p->stmt = stmt;
    w->faults_on_actions = 1;
}

static void end_spells(struct hag_sim *w, const struct scn_stmt *t, uint32_t stmt)
{
    for (uint32_t i = 0; i < w->nspells; i++) {
        struct sim_spell *p = &w->spells[i];

        if (t == NULL ? p->stmt == stmt
                      : p->action == t->v[0].n && p->node == t->v[1].n &&
                            p->to_endpoint == (t->v[1].m == 1))
            p->active = 0;
    }
}

static void dns_fail(struct hag_sim *w, const struct scn_stmt *t)
{
    (void)t;
    w->dns_fail++;
}

static void dns_fail_end(struct hag_sim *w, const struct scn_stmt *t)
{
    (void)t;
    if (w->dns_fail > 0)
        w->dns_fail--;
}

static void dns_stale(struct hag_sim *w, const struct scn_stmt *t)
{
    for (uint32_t c = 0; c < w->ncl; c++)
        w->cl[c].stale[t->v[0].n] = 1;
}

/* It catches up with the other one. */
static void dns_stale_end(struct hag_sim *w, const struct scn_stmt *t)
{
    uint32_t ns = (uint32_t)t->v[0].n;

    for (uint32_t c = 0; c < w->ncl; c++) {
        w->cl[c].stale[ns] = 0;
        for (uint32_t e = 0; e < 2; e++)
            sim_publish(w, c, e, w->cl[c].answer[ns ^ 1u][e]);
    }
}

static void pause_guard(struct hag_sim *w, const struct scn_stmt *t)
{
    if (w->guard.g == NULL)
        return;
    w->guard.paused = 1;
    w->guard_disturbed = 1;
    w->guard.paused_until = t->dur > 0 ? w->now + t->dur : UINT64_MAX;
    if (t->dur > 0)
        wake_guard(w, w->guard.paused_until);
}

static void kill_guard(struct hag_sim *w, const struct scn_stmt *t)
{
    if (w->guard.g == NULL)
        return;
    sim_guard_stop(w);
    w->guard_disturbed = 1;
    w->guard.paused = 0;
    /* without a time it is started again at once, as a supervisor would */
    w->guard.start_at = w->now + (t->dur > 0 ? t->dur : 1);
    wake_guard(w, w->guard.start_at);
}

static void clock_guard(struct hag_sim *w, const struct scn_stmt *t)
{
    w->guard.offset += t->v[1].n;
    w->guard_disturbed = 1;
    if ((int64_t)(w->now + SIM_CLOCK) + w->guard.offset < 1)
        w->guard.offset = 1 - (int64_t)(w->now + SIM_CLOCK);
    w->guard.touched = 1;
}

static void disk_full(struct hag_sim *w, const struct scn_stmt *t)
{
    (void)t;
    w->guard.disk_full = 1;
}

static void disk_free(struct hag_sim *w, const struct scn_stmt *t)
{
    (void)t;
    w->guard.disk_full = 0;
}

static void nothing(struct hag_sim *w, const struct scn_stmt *t)
{
    (void)w;
    (void)t;
}

static const struct {
    void (*begin)(struct hag_sim *, const struct scn_stmt *);
    void (*end)(struct hag_sim *, const struct scn_stmt *);
} rows[SCN_D_MAX] = {
    [SCN_D_CRASH] = {crash, crash_end},
    [SCN_D_LOSE] = {lose, NULL},
    [SCN_D_FREEZE] = {flag_on, flag_off},
    [SCN_D_FREEZE_HOST] = {flag_on, flag_off},
    [SCN_D_THAW] = {thaw, NULL},
    [SCN_D_START] = {start, NULL},
    [SCN_D_RESTART] = {restart, restart_end},
    [SCN_D_LAG] = {lag, lag_end},
    [SCN_D_DIVERGE] = {diverge, NULL},
    [SCN_D_SLOW] = {flag_on, flag_off},
    [SCN_D_DENY] = {flag_on, flag_off},
    [SCN_D_ALLOW] = {allow, NULL},
    [SCN_D_LOADING] = {loading, NULL},
    [SCN_D_READONLY] = {flag_on, flag_off},
    [SCN_D_DEADLOCK] = {flag_on, flag_off},
    [SCN_D_ROLE] = {role, NULL},
    [SCN_D_FOLLOW] = {follow, NULL},
    [SCN_D_READDRESS] = {readdress, NULL},
    [SCN_D_REUSE] = {reuse, reuse_end},
    [SCN_D_CLOCK] = {nothing, NULL}, /* no fact of today carries a store's wall clock */
    [SCN_D_AGENT] = {flag_on, flag_off},
    [SCN_D_MAINTENANCE] = {flag_on, flag_off},
    [SCN_D_DNS_FAIL] = {dns_fail, dns_fail_end},
    [SCN_D_DNS_STALE] = {dns_stale, dns_stale_end},
    [SCN_D_PAUSE_GUARD] = {pause_guard, NULL},
    [SCN_D_KILL_GUARD] = {kill_guard, NULL},
    [SCN_D_CLOCK_GUARD] = {clock_guard, NULL},
    [SCN_D_DISK_FULL] = {disk_full, disk_free},
};

void sim_deed(struct hag_sim *w, uint32_t stmt)
{
    const struct scn_stmt *t = &w->s->deeds[stmt];
    uint16_t id = t->form->id;

    if ((t->form->flags & SCN_F_OPERATOR) && w->guard.g != NULL && w->guard.paused) {
        /* the order waits until the guard's process goes on */
        sim_push(w,
                 (struct sim_due){.at = w->guard.paused_until, .kind = SIM_ORDER, .index = stmt});
        return;
    }
    sim_note(w, t);
    w->dirty = 1;
    if (t->form->flags & SCN_F_OPERATOR)
        sim_operate(w, t);
    else if (rows[id].begin != NULL)
        rows[id].begin(w, t);
    else if (id >= SCN_D_REFUSE && id <= SCN_D_MUTE)
        spell(w, t, stmt);
    else if (id == SCN_D_ALLOW_ACTION)
        end_spells(w, t, stmt);
    else if (id == SCN_D_HEAL_ALL)
        sim_heal_all(w);
    else if (id == SCN_D_HEAL_NODE)
        heal_place(w, t, stmt);
    else
        sim_snip(w, (uint8_t)id, t, stmt);
    if (t->dur > 0 && id != SCN_D_PAUSE_GUARD && id != SCN_D_KILL_GUARD && id != SCN_D_LOADING &&
        !(t->form->flags & SCN_F_OPERATOR))
        sim_push(w, (struct sim_due){.at = w->now + t->dur, .kind = SIM_UNDO, .index = stmt});
}

void sim_undo(struct hag_sim *w, uint32_t stmt)
{
    const struct scn_stmt *t = &w->s->deeds[stmt];
    uint16_t id = t->form->id;

    w->dirty = 1;
    if (rows[id].end != NULL)
        rows[id].end(w, t);
    else if (id >= SCN_D_REFUSE && id <= SCN_D_MUTE)
        end_spells(w, NULL, stmt);
    else
        sim_unsnip(w, stmt);
}
