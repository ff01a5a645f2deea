/* SPDX-License-Identifier: MIT */
#include "sim/replay.h"

/* Each entry of a log as the call that it was. A call that fails today where it did not then leaves no
 * entry of its own, or another one: the comparison finds that. */

typedef void call_fn(struct replay *r, const struct log_entry *e);

static void on_time(struct replay *r, const struct log_entry *e)
{
    (void)hag_node_probe(r->g, 0, e->now); /* refused, and nothing but time has passed */
}

/* A call that is told no time comes after whatever told it. */
void replay_untimed(struct replay *r, const struct log_entry *e)
{
    if (e->later)
        on_time(r, e);
}

static void on_clock(struct replay *r, const struct log_entry *e)
{
    r->unix_ms = e->n[0] - e->now;
    (void)hag_record_clock(r->g, e->n[0], e->now);
}

static void on_advance(struct replay *r, const struct log_entry *e)
{
    (void)hag_advance(r->g, e->now);
}

/* --- what foreign code did -------------------------------------------------------------------- */

static void hook(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct replay *r = ud;
    const struct log_entry *e = replay_ahead(r);

    (void)g;
    if (e == NULL)
        return;
    if (e->call != HAG__CALL_TAKEN && e->call != HAG__CALL_TAKEN_PROBE) {
        replay_compare(r); /* finds what was made instead */
        return;
    }
    (void)replay_take(r);
    replay_compare(r);
    replay_told(r, a);
    (void)replay_inside(r);
}

void replay_must_end(struct replay *r)
{
    const struct log_entry *e = replay_ahead(r);

    if (e == NULL)
        return;
    (void)replay_take(r);
    if (e->call != HAG__CALL_END)
        replay_differs(r, e, NULL);
}

static void on_dispatch(struct replay *r, const struct log_entry *e)
{
    (void)hag_dispatch(r->g, e->now);
    replay_must_end(r);
}

/* Where there is no plugin, what came of it says that there was such a call. */
static void on_taken(struct replay *r, const struct log_entry *e)
{
    struct hag_action a = {.size = sizeof(a)};
    int32_t got = hag_next_action(r->g, e->now, &a);

    replay_compare(r);
    if (got > 0)
        replay_told(r, &a);
}

static void on_next(struct replay *r, const struct log_entry *e)
{
    struct hag_action a = {.size = sizeof(a)};
    int32_t got = hag_next_action(r->g, e->now, &a);

    e = replay_ahead(r);
    if (e == NULL)
        return;
    (void)replay_take(r);
    if (e->call != HAG__CALL_NOTHING && e->call != HAG__CALL_TAKEN &&
        e->call != HAG__CALL_TAKEN_PROBE) {
        replay_differs(r, e, NULL);
        return;
    }
    replay_compare(r);
    if (got > 0)
        replay_told(r, &a);
}

/* --- ops --------------------------------------------------------------------------------------- */

static void complete(struct replay *r, const struct log_entry *e, hag_op op, int by_plugin)
{
    const struct hag_host *host;

    if (!by_plugin) {
        (void)hag_op_complete(r->g, op, &e->result, e->now);
        return;
    }
    replay_untimed(r, e);
    host = replay_host(r, e);
    if (host != NULL)
        (void)host->complete(host->ctx, op, &e->result);
}

static void on_complete(struct replay *r, const struct log_entry *e)
{
    complete(r, e, e->n[0], e->by_plugin);
}

static void on_probe_done(struct replay *r, const struct log_entry *e)
{
    complete(r, e, hag__log_probe(e->index, e->gen), e->by_plugin);
}

static void on_settle(struct replay *r, const struct log_entry *e)
{
    struct log_entry again = *e;

    again.result = (struct hag_result){.size = sizeof(again.result)};
    complete(r, &again, e->n[0], e->n[1] != 0);
}

static void on_progress(struct replay *r, const struct log_entry *e)
{
    (void)hag_op_progress(r->g, e->n[0], (uint32_t)e->n[1], e->now);
}

static void on_plugin_progress(struct replay *r, const struct log_entry *e)
{
    const struct hag_host *host = replay_host(r, e);

    replay_untimed(r, e);
    if (host != NULL)
        (void)host->progress(host->ctx, e->n[0], (uint32_t)e->n[1]);
}

/* --- the guard and its policies ---------------------------------------------------------------- */

static void on_handles(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_handles(r->g, e->n[0]);
}

static void on_set_hook(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_set_hook(r->g, (uint32_t)e->n[0], e->n[1] != 0 ? hook : NULL, r);
}

static void on_guard_policy(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_guard_set_policy(r->g, e->n[0]);
}

static void on_policy_new(struct replay *r, const struct log_entry *e)
{
    hag_policy p;

    replay_untimed(r, e);
    (void)hag_policy_new(r->g, &p);
}

static void on_policy_free(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_policy_free(r->g, e->n[0]);
}

static void on_policy_set(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_policy_set(r->g, e->n[0], (uint32_t)e->n[1], (int64_t)e->n[2]);
}

static void on_policy_text(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_policy_set_text(r->g, e->n[0], e->t[0], e->t[1]);
}

/* --- clusters ---------------------------------------------------------------------------------- */

static void on_cluster_add(struct replay *r, const struct log_entry *e)
{
    hag_cluster c;

    if (hag_cluster_add(r->g, e->t[0], e->n[0], e->n[1], e->now, &c) == HAG_OK)
        replay_name(r, REPLAY_CLUSTERS, c, e->t[0]);
}

static void on_cluster_remove(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_remove(r->g, e->n[0], e->now);
}

static void on_cluster_restore(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_restore(r->g, e->n[0], (const uint8_t *)e->t[0], (size_t)e->n[1], e->now);
}

static void on_cluster_bind(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_bind(r->g, e->n[0], e->n[1], e->now);
}

static void on_cluster_unbind(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_unbind(r->g, e->n[0], e->n[1], e->now);
}

static void on_cluster_policy(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_set_policy(r->g, e->n[0], e->n[1], e->now);
}

static void on_cluster_zone(struct replay *r, const struct log_entry *e)
{
    replay_untimed(r, e);
    (void)hag_cluster_prefer_zone(r->g, e->n[0], e->t[0]);
}

static void on_cluster_pause(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_pause(r->g, e->n[0], e->t[0], e->n[1], e->now);
}

static void on_cluster_resume(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_resume(r->g, e->n[0], e->now);
}

static void on_cluster_failover(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_failover(r->g, e->n[0], e->n[1], (uint32_t)e->n[2], e->now, NULL);
}

static void on_cluster_switchover(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_switchover(r->g, e->n[0], e->n[1], (uint32_t)e->n[2], e->now, NULL);
}

static void on_cluster_confirm(struct replay *r, const struct log_entry *e)
{
    (void)hag_cluster_confirm(r->g, e->n[0], e->n[1], e->now);
}

/* --- nodes and sources ------------------------------------------------------------------------- */

static struct hag_node_spec spec_of(const struct log_entry *e)
{
    struct hag_node_spec s = {.size = sizeof(s),
                              .flags = (uint32_t)e->n[1],
                              .priority = (int32_t)(int64_t)e->n[2],
                              .user = e->n[3],
                              .name = e->t[0],
                              .addr = e->t[1],
                              .advertised = e->t[2],
                              .zone = e->t[3],
                              .host = e->t[4]};

    return s;
}

static void on_node_add(struct replay *r, const struct log_entry *e)
{
    struct hag_node_spec s = spec_of(e);
    hag_node n;

    if (hag_node_add(r->g, e->n[0], &s, e->now, &n) == HAG_OK)
        replay_name(r, REPLAY_NODES, n, s.name);
}

static void on_node_remove(struct replay *r, const struct log_entry *e)
{
    (void)hag_node_remove(r->g, e->n[0], e->now);
}

static void on_node_set(struct replay *r, const struct log_entry *e)
{
    struct hag_node_spec s = spec_of(e);

    (void)hag_node_set(r->g, e->n[0], &s, e->now);
}

static void on_node_probe(struct replay *r, const struct log_entry *e)
{
    (void)hag_node_probe(r->g, e->n[0], e->now);
}

static void on_source_add(struct replay *r, const struct log_entry *e)
{
    hag_source s;

    replay_untimed(r, e);
    (void)hag_source_add(r->g, e->n[0], (uint32_t)e->n[1], e->n[2], e->t[0], &s);
}

static void on_source_remove(struct replay *r, const struct log_entry *e)
{
    (void)hag_source_remove(r->g, e->n[0], e->now);
}

static void on_observe(struct replay *r, const struct log_entry *e)
{
    (void)hag_observe(r->g, e->n[0], e->n[1], (uint32_t)e->n[2], (uint32_t)e->n[3], e->now);
}

static call_fn *const calls[HAG__CALL_MAX] = {
    [HAG__CALL_CLOCK] = on_clock,
    [HAG__CALL_TIME] = on_time,
    [HAG__CALL_ADVANCE] = on_advance,
    [HAG__CALL_DISPATCH] = on_dispatch,
    [HAG__CALL_NEXT] = on_next,
    [HAG__CALL_NOTHING] = on_taken,
    [HAG__CALL_TAKEN] = on_taken,
    [HAG__CALL_TAKEN_PROBE] = on_taken,
    [HAG__CALL_COMPLETE] = on_complete,
    [HAG__CALL_COMPLETE_PROBE] = on_probe_done,
    [HAG__CALL_COMPLETE_USUAL] = on_probe_done,
    [HAG__CALL_SETTLE] = on_settle,
    [HAG__CALL_PROGRESS] = on_progress,
    [HAG__CALL_PLUGIN_PROGRESS] = on_plugin_progress,
    [HAG__CALL_PLUGIN_WAKE] = replay_plugin_wake,
    [HAG__CALL_PLUGIN_ADD] = replay_plugin_add,
    [HAG__CALL_PLUGIN_REMOVE] = replay_plugin_remove,
    [HAG__CALL_FD_READY] = replay_fd_ready,
    [HAG__CALL_HANDLES] = on_handles,
    [HAG__CALL_SET_HOOK] = on_set_hook,
    [HAG__CALL_GUARD_POLICY] = on_guard_policy,
    [HAG__CALL_POLICY_NEW] = on_policy_new,
    [HAG__CALL_POLICY_FREE] = on_policy_free,
    [HAG__CALL_POLICY_SET] = on_policy_set,
    [HAG__CALL_POLICY_TEXT] = on_policy_text,
    [HAG__CALL_CLUSTER_ADD] = on_cluster_add,
    [HAG__CALL_CLUSTER_REMOVE] = on_cluster_remove,
    [HAG__CALL_CLUSTER_RESTORE] = on_cluster_restore,
    [HAG__CALL_CLUSTER_BIND] = on_cluster_bind,
    [HAG__CALL_CLUSTER_UNBIND] = on_cluster_unbind,
    [HAG__CALL_CLUSTER_POLICY] = on_cluster_policy,
    [HAG__CALL_CLUSTER_ZONE] = on_cluster_zone,
    [HAG__CALL_CLUSTER_PAUSE] = on_cluster_pause,
    [HAG__CALL_CLUSTER_RESUME] = on_cluster_resume,
    [HAG__CALL_CLUSTER_FAILOVER] = on_cluster_failover,
    [HAG__CALL_CLUSTER_SWITCHOVER] = on_cluster_switchover,
    [HAG__CALL_CLUSTER_CONFIRM] = on_cluster_confirm,
    [HAG__CALL_NODE_ADD] = on_node_add,
    [HAG__CALL_NODE_REMOVE] = on_node_remove,
    [HAG__CALL_NODE_SET] = on_node_set,
    [HAG__CALL_NODE_PROBE] = on_node_probe,
    [HAG__CALL_SOURCE_ADD] = on_source_add,
    [HAG__CALL_SOURCE_REMOVE] = on_source_remove,
    [HAG__CALL_OBSERVE] = on_observe,
};

void replay_call(struct replay *r, const struct log_entry *e)
{
    struct log_entry copy = *e; /* reading on inside a call fills it anew */

    if (e->result.facts != NULL)
        copy.result.facts = &copy.facts;
    if (calls[copy.call] != NULL)
        calls[copy.call](r, &copy);
    else
        replay_broken(r, &copy);
}
