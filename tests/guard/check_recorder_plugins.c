/* SPDX-License-Identifier: MIT
 *
 * The recorder beside plugins: what a plugin does inside its callbacks and outside of them is recorded
 * and played again, its settings are not recorded.
 */
#include "recorded.h"

#include <haguard/plugin.h>

static const struct hag_host *host;
static hag_op open_op[64];
static uint32_t nopen;
static uint32_t ticks, cancels, forgets;
static hag_node broken;
static uint32_t p_does; /* HAG_DO_ that it completes at once */
static int p_refuses;

static int32_t p_open(const struct hag_host *h, const char *config, hag_time now, void **self,
                      char *why, size_t whylen)
{
    (void)config;
    if (p_refuses) {
        h->wake(h->ctx, now + 5); /* it has changed its mind */
        (void)snprintf(why, whylen, "not today");
        return HAG_ERR_INVAL;
    }
    host = h;
    *self = &nopen;
    h->wake(h->ctx, now + 300);
    return HAG_OK;
}

static void p_start(void *self, const struct hag_action *a, hag_time now)
{
    struct hag_result res = {.size = sizeof(res), .text = "done by a plugin"};
    struct hag_facts f = {.size = sizeof(f), .role = HAG_ROLE_PRIMARY, .position = now};

    (void)self;
    if (a->kind == HAG_DO_EVENT)
        return;
    if (a->kind == HAG_DO_PROBE) {
        res.facts = &f;
        res.text = NULL;
        f.flags = HAG_FACT_POSITION | HAG_FACT_WRITES | HAG_FACT_READS;
        f.nlineage = 1;
        memset(f.lineage[0], 3, HAG_ID_SIZE);
        memset(f.identity, (int)(4 + a->user_node), HAG_ID_SIZE);
        if (a->user_node == 1) {
            f.role = HAG_ROLE_STANDBY;
            f.flags = HAG_FACT_POSITION | HAG_FACT_LINK_UP | HAG_FACT_READS;
            (void)snprintf(f.upstream, sizeof(f.upstream), "127.0.0.1:98");
        }
    } else if ((p_does >> a->kind & 1) == 0) {
        if (host->progress(host->ctx, a->op, 30000) == HAG_OK && nopen < UNIT_COUNT(open_op))
            open_op[nopen++] = a->op;
        return;
    }
    ck_assert_int_eq(host->complete(host->ctx, a->op, &res), HAG_OK);
    ck_assert_int_eq(host->complete(host->ctx, a->op, &res), HAG_ERR_STALE);
}

static void p_cancel(void *self, hag_op op)
{
    struct hag_result res = {.size = sizeof(res)};

    (void)self;
    cancels++;
    (void)host->complete(host->ctx, op, &res); /* too late */
}

static void p_forget(void *self, hag_node node)
{
    (void)self, (void)node;
    forgets++;
}

static void p_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    struct hag_result res = {.size = sizeof(res)};

    (void)self, (void)fd, (void)events;
    while (nopen > 0)
        (void)host->complete(host->ctx, open_op[--nopen], &res);
    if (broken != 0)
        host->notice(host->ctx, broken, HAG_SEEN_BROKEN);
    host->wake(host->ctx, now + 100);
}

static void p_tick(void *self, hag_time now)
{
    (void)self;
    ticks++;
    host->wake(host->ctx, ticks < 8 ? now + 700 : 0);
}

static void p_close(void *self)
{
    (void)self;
    host = NULL;
}

static const struct hag_plugin desc = {.size = sizeof(desc),
                                       .abi = HAG_PLUGIN_ABI,
                                       .name = "busy",
                                       .handles = 1u << HAG_DO_PROBE | 1u << HAG_DO_COMMIT |
                                                  1u << HAG_DO_ENDPOINT_UPDATE |
                                                  1u << HAG_DO_FENCE | 1u << HAG_DO_EVENT,
                                       .open = p_open,
                                       .start = p_start,
                                       .cancel = p_cancel,
                                       .forget = p_forget,
                                       .ready = p_ready,
                                       .tick = p_tick,
                                       .close = p_close};

/* A cluster of two nodes that the plugin answers for. */
static void with_plugin(void)
{
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "p1", .addr = "127.0.0.1:99"};
    struct hag_node_spec second = {
        .size = sizeof(second), .name = "p2", .addr = "127.0.0.1:97", .user = 1};
    struct hag_result res = {.size = sizeof(res)};
    hag_plugin_id p, none = 0;
    hag_cluster c;
    hag_node n, m;

    nopen = ticks = cancels = forgets = 0;
    p_does = 1u << HAG_DO_ENDPOINT_UPDATE;
    p_refuses = 1;
    ck_assert_int_eq(hag_plugin_add(r.g, &desc, "x=1", r.now, &none), HAG_ERR_PLUGIN);
    p_refuses = 0;
    ck_assert_int_eq(hag_plugin_add(r.g, &desc, "password=hunter2", r.now, &p), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(r.g, "plugged", 0, 3, r.now, &c), HAG_OK);
    ck_assert_int_eq(hag_node_add(r.g, c, &spec, r.now, &n), HAG_OK);
    ck_assert_int_eq(hag_node_add(r.g, c, &second, r.now, &m), HAG_OK);
    ck_assert_int_eq(hag_cluster_bind(r.g, c, p, r.now), HAG_OK);
    broken = n;
    rig_for(&r, 5000); /* its commit is at work */
    ck_assert_uint_gt(nopen, 0);
    ck_assert_uint_gt(ticks, 0);
    ck_assert_int_eq(hag_fd_ready(r.g, p, 3, HAG_FD_READ, r.now), HAG_OK);
    host->wake(host->ctx, r.now + 50); /* what a function of its own does for the host */
    ck_assert_int_eq(host->complete(host->ctx, 1, &res), HAG_ERR_BAD_HANDLE);
    rig_for(&r, 3000);
    spec.addr = "127.0.0.1:98";
    ck_assert_int_eq(hag_node_set(r.g, n, &spec, r.now), HAG_OK);
    rig_for(&r, 2000);
    ck_assert_uint_gt(forgets, 0);
    p_does = 1u << HAG_DO_ENDPOINT_UPDATE | 1u << HAG_DO_COMMIT;
    ck_assert_int_eq(hag_node_probe(r.g, n, r.now), HAG_OK);
    rig_for(&r, 2000);
    ck_assert_int_eq(hag_cluster_failover(r.g, c, m, HAG_OPERATE_DATA_LOSS, r.now, NULL), HAG_OK);
    rig_for(&r, 60000); /* the fence that it never answers ends, and is answered too late */
    ck_assert_uint_gt(cancels, 0);
    ck_assert_int_eq(hag_cluster_unbind(r.g, c, p, r.now), HAG_OK);
    rig_for(&r, 1000);
    ck_assert_int_eq(hag_cluster_bind(r.g, c, p, r.now), HAG_OK);
    rig_for(&r, 1000);
    ck_assert_int_eq(hag_plugin_remove(r.g, p, r.now), HAG_OK);
    rig_for(&r, 1000);
    ck_assert_int_eq(hag_cluster_remove(r.g, c, r.now), HAG_OK);
}

/* Bytes in a log that are those of a text. */
static int has_text(const struct recording *l, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= l->n; i++) {
        if (memcmp(l->v + i, text, strlen(text)) == 0)
            return 1;
    }
    return 0;
}

/* A host that polls, with a plugin for some of it. */
START_TEST(polling_beside)
{
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "a", .addr = "127.0.0.1:1"};
    hag_guard *g;
    hag_plugin_id p;
    hag_cluster c;
    hag_node n;
    hag_time now = 1000;

    options = (struct hag_options){
        .size = sizeof(options), .flags = HAG_OPTION_RECORD | HAG_OPTION_SOLE, .seed = 3};
    nopen = ticks = 0;
    p_does = 1u << HAG_DO_COMMIT;
    ck_assert_int_eq(hag_guard_new(&options, &g), HAG_OK);
    ck_assert_int_eq(hag_handles(g, 1u << HAG_DO_ENDPOINT_UPDATE | 1u << HAG_DO_EVENT), HAG_OK);
    ck_assert_int_eq(hag_plugin_add(g, &desc, NULL, now, &p), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(g, "one", 0, 5, now, &c), HAG_OK);
    ck_assert_int_eq(hag_cluster_bind(g, c, p, now), HAG_OK);
    ck_assert_int_eq(hag_node_add(g, c, &spec, now, &n), HAG_OK);
    for (int i = 0; i < 200; i++)
        poll(g, now += 97, 1);
    ck_assert_uint_gt(ticks, 0);
    take_all(g, &whole);
    must_be_same(&whole);
    has_all(&whole, IN_BESIDE);
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    drop_recording(&whole);
    npolled = 0;
}
END_TEST

/* A life with a plugin. */
static void live(void)
{
    hag_source eye, agent;
    hag_op late = 0;
    struct hag_result res = {.size = sizeof(res)};

    begin(3);
    ck_assert_int_eq(hag_record_clock(r.g, 1800000000000, r.now), HAG_OK);
    ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "eye", &eye), HAG_OK);
    ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_AGENT, r.s[1].node, "agent", &agent),
                     HAG_OK);
    rig_settle(&r);
    ck_assert_int_eq(hag_observe(r.g, eye, r.s[0].node, HAG_SEEN_ALIVE, 10, r.now), HAG_OK);
    ck_assert_int_eq(hag_op_progress(r.g, late, 10, r.now), HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, 0, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 30000);
    rig_kill(&r, rig_primary(&r));
    rig_for(&r, 120000);
    rig_revive(&r, 0, 0);
    rig_revive(&r, 1, 0);
    rig_for(&r, 20000);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 20000);
    with_plugin();
    ck_assert_int_eq(hag_source_remove(r.g, eye, r.now), HAG_OK);
    ck_assert_int_eq(hag_set_hook(r.g, HAG_DO_DISCONNECT, NULL, NULL), HAG_OK);
    ck_assert_int_eq(hag_cluster_pause(r.g, r.c, "me", 1000, r.now), HAG_OK);
    rig_for(&r, 3000);
    (void)hag_op_complete(r.g, 12345, &res, r.now);
}

START_TEST(a_life)
{
    live();
    take_all(r.g, &whole);
    must_be_same(&whole);
    has_all(&whole, IN_LIFE);
    ck_assert_int_eq(has_text(&whole, "orders"), 1);
    ck_assert_int_eq(has_text(&whole, "hunter2"), 0); /* settings of plugins stay outside */
    rig_end(&r);
    drop_recording(&whole);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {polling_beside, a_life, NULL};

    return unit_run("recorder_plugins", tests);
}
