/* SPDX-License-Identifier: MIT
 *
 * Every function of the interface, called inside a hook of every kind of action and inside every
 * callback of a plugin: it answers as its comment says, and the guard works on.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <haguard/plugin.h>
#include <stdio.h>

static struct rig r;
static hag_plugin_id plugin;
static hag_source eye;
static uint32_t hooked; /* kind whose hook makes the call, 0: the plugin's */
static int at_callback; /* which callback of the plugin does */
static int calls;
static int32_t said;
static int32_t (*call)(hag_guard *g, const struct hag_action *a);

enum { IN_OPEN, IN_START, IN_CANCEL, IN_FORGET, IN_READY, IN_TICK, IN_CLOSE, CALLBACKS };

static void none(void *self)
{
    (void)self;
}

static void make_call(int where)
{
    static const struct hag_action nothing = {.size = sizeof(nothing)};

    if (hooked != 0 || where != at_callback || call == NULL || calls > 0)
        return;
    calls++;
    said = call(r.g, &nothing);
}

static int32_t p_open(const struct hag_host *host, const char *config, hag_time now, void **self,
                      char *why, size_t whylen)
{
    (void)host;
    (void)config;
    (void)now;
    (void)why;
    (void)whylen;
    *self = &plugin;
    make_call(IN_OPEN);
    return HAG_OK;
}

static void p_start(void *self, const struct hag_action *a, hag_time now)
{
    none(self);
    (void)a;
    (void)now;
    make_call(IN_START);
}

static void p_cancel(void *self, hag_op op)
{
    none(self);
    (void)op;
    make_call(IN_CANCEL);
}

static void p_forget(void *self, hag_node node)
{
    none(self);
    (void)node;
    make_call(IN_FORGET);
}

static void p_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    none(self);
    (void)fd;
    (void)events;
    (void)now;
    make_call(IN_READY);
}

static void p_tick(void *self, hag_time now)
{
    none(self);
    (void)now;
    make_call(IN_TICK);
}

static void p_close(void *self)
{
    none(self);
    make_call(IN_CLOSE);
}

static const struct hag_plugin desc = {.size = sizeof(desc),
                                       .abi = HAG_PLUGIN_ABI,
                                       .name = "double",
                                       .handles = 1u << HAG_DO_EVENT,
                                       .open = p_open,
                                       .start = p_start,
                                       .cancel = p_cancel,
                                       .forget = p_forget,
                                       .ready = p_ready,
                                       .tick = p_tick,
                                       .close = p_close};

/* --- the functions --- */

#define FN(name) static int32_t name(hag_guard *g, const struct hag_action *a)
#define UNUSED   (void)g, (void)a

static int32_t ok_if(int ok)
{
    return ok ? HAG_OK : -99;
}

FN(f_version)
{
    UNUSED;
    return ok_if(hag_version() != 0 && hag_strerror(-3) != NULL && hag_errmsg(g) != NULL &&
                 hag_name(HAG_NAMES_ACTION, 1) != NULL && hag_why_text(1) != NULL);
}
FN(f_guard_new)
{
    hag_guard *other = NULL;
    int32_t err = hag_guard_new(NULL, &other);

    UNUSED;
    return err != HAG_OK ? err : hag_guard_destroy(other);
}
FN(f_guard_destroy)
{
    UNUSED;
    return hag_guard_destroy(g);
}
FN(f_advance)
{
    UNUSED;
    return ok_if(hag_advance(g, r.now) >= 0);
}
FN(f_timeout)
{
    UNUSED;
    return ok_if(hag_timeout(g, r.now) >= -1);
}
FN(f_next_action)
{
    struct hag_action out = {.size = sizeof(out)};

    UNUSED;
    return hag_next_action(g, r.now, &out);
}
FN(f_handles)
{
    UNUSED;
    return hag_handles(g, 0);
}
FN(f_guard_set_policy)
{
    UNUSED;
    return hag_guard_set_policy(g, r.p);
}
FN(f_op_complete)
{
    struct hag_result res = {.size = sizeof(res), .outcome = HAG_RES_UNKNOWN};

    if (a->op == 0 || a->kind == HAG_DO_CANCEL)
        return ok_if(hag_op_complete(g, a->op, &res, r.now) < 0);
    return hag_op_complete(g, a->op, &res, r.now);
}
FN(f_op_progress)
{
    if (a->op == 0 || a->kind == HAG_DO_CANCEL || a->kind == HAG_DO_PROBE)
        return ok_if(hag_op_progress(g, a->op, 100, r.now) < 0);
    return hag_op_progress(g, a->op, 100, r.now);
}
FN(f_policy)
{
    hag_policy p;
    int64_t v;

    UNUSED;
    return ok_if(hag_policy_new(g, &p) == 0 && hag_policy_set(g, p, HAG_P_FALL, 4) == 0 &&
                 hag_policy_set_text(g, p, "fall", "5") == 0 &&
                 hag_policy_get(g, p, HAG_P_FALL, &v) == 0 && v == 5 &&
                 hag_policy_check(g, p) == 0 && hag_policy_free(g, p) == 0);
}
FN(f_setting_get)
{
    struct hag_setting s = {.size = sizeof(s)};

    UNUSED;
    return hag_setting_get(0, &s);
}
FN(f_cluster_add)
{
    hag_cluster c;
    hag_node n;
    struct hag_node_spec s = {.size = sizeof(s), .name = "x", .addr = "127.0.0.9:1"};

    UNUSED;
    return ok_if(hag_cluster_add(g, "another", 0, 0, r.now, &c) == 0 &&
                 hag_node_add(g, c, &s, r.now, &n) == 0);
}
FN(f_cluster_remove)
{
    UNUSED;
    return hag_cluster_remove(g, r.c, r.now);
}
FN(f_cluster_restore)
{
    int32_t err = hag_cluster_restore(g, r.c, r.record, r.record_len, r.now);

    UNUSED;
    return ok_if(err == HAG_ERR_BUSY || err == HAG_OK || err == HAG_ERR_DAMAGED);
}
FN(f_cluster_bind)
{
    int32_t err = hag_cluster_bind(g, r.c, plugin, r.now);

    UNUSED;
    return ok_if(err == HAG_OK || err == HAG_ERR_EXISTS || err == HAG_ERR_BAD_HANDLE ||
                 err == HAG_ERR_STALE);
}
FN(f_cluster_unbind)
{
    int32_t err = hag_cluster_unbind(g, r.c, plugin, r.now);

    UNUSED;
    return ok_if(hag_plugin_self(g, plugin, NULL) == NULL &&
                 (err == HAG_OK || err == HAG_ERR_NOT_FOUND || err == HAG_ERR_BAD_HANDLE ||
                  err == HAG_ERR_STALE));
}
FN(f_cluster_set_policy)
{
    UNUSED;
    return hag_cluster_set_policy(g, r.c, r.p, r.now);
}
FN(f_prefer_zone)
{
    UNUSED;
    return hag_cluster_prefer_zone(g, r.c, "west");
}
FN(f_pause)
{
    UNUSED;
    return ok_if(hag_cluster_pause(g, r.c, "me", 1000, r.now) == 0 &&
                 hag_cluster_resume(g, r.c, r.now) == 0);
}
FN(f_failover)
{
    int32_t err = hag_cluster_failover(g, r.c, 0, 0, r.now, NULL);

    UNUSED;
    return ok_if(err == HAG_OK || err == HAG_ERR_REFUSED);
}
FN(f_switchover)
{
    int32_t err = hag_cluster_switchover(g, r.c, 0, 0, r.now, NULL);

    UNUSED;
    return ok_if(err == HAG_OK || err == HAG_ERR_REFUSED);
}
FN(f_confirm)
{
    int32_t err = hag_cluster_confirm(g, r.c, 0, r.now);

    UNUSED;
    return ok_if(err == HAG_OK || err == HAG_ERR_NOT_FOUND);
}
FN(f_cluster_get)
{
    struct hag_cluster_info i = {.size = sizeof(i)};

    UNUSED;
    return hag_cluster_get(g, r.c, &i);
}
FN(f_explain)
{
    char buf[4096];

    UNUSED;
    return ok_if(hag_cluster_explain(g, r.c, r.now, buf, sizeof(buf)) > 0);
}
FN(f_find_next)
{
    UNUSED;
    return ok_if(hag_cluster_find(g, "orders") == r.c && hag_cluster_next(g, 0) != 0 &&
                 hag_node_find(g, r.c, "n1") == r.s[0].node && hag_node_next(g, r.c, 0) != 0);
}
FN(f_node_remove)
{
    int32_t err = hag_node_remove(g, r.s[3].node, r.now);

    UNUSED;
    return ok_if(err == HAG_OK || err == HAG_ERR_BUSY || err == HAG_ERR_STALE);
}
FN(f_node_set)
{
    struct hag_node_spec s = {.size = sizeof(s), .addr = r.s[1].addr, .advertised = "127.0.0.7:7"};

    UNUSED;
    return hag_node_set(g, r.s[1].node, &s, r.now);
}
FN(f_node_move)
{
    struct hag_node_spec s = {.size = sizeof(s), .addr = "127.0.0.8:8"};

    UNUSED;
    return hag_node_set(g, r.s[2].node, &s, r.now);
}
FN(f_node_get)
{
    struct hag_node_info i = {.size = sizeof(i)};

    UNUSED;
    return hag_node_get(g, r.s[0].node, &i);
}
FN(f_node_probe)
{
    UNUSED;
    return hag_node_probe(g, r.s[0].node, r.now);
}
FN(f_source)
{
    hag_source s;

    UNUSED;
    return ok_if(hag_source_add(g, r.c, HAG_SOURCE_OBSERVER, 0, "second", &s) == 0 &&
                 hag_observe(g, s, r.s[1].node, HAG_SEEN_ALIVE, 0, r.now) == 0 &&
                 hag_source_remove(g, s, r.now) == 0);
}
FN(f_observe)
{
    UNUSED;
    return ok_if(hag_observe(g, eye, r.s[0].node, HAG_SEEN_FAILING, 0, r.now) == 0 &&
                 hag_observe(g, 0, r.s[0].node, HAG_SEEN_BROKEN, 0, r.now) == 0);
}
FN(f_set_hook)
{
    UNUSED;
    return hag_set_hook(g, 0, NULL, NULL);
}
FN(f_dispatch)
{
    UNUSED;
    return hag_dispatch(g, r.now);
}
FN(f_set_watch)
{
    UNUSED;
    return hag_set_watch(g, NULL, NULL);
}
FN(f_fd_ready)
{
    UNUSED;
    return hag_fd_ready(g, plugin, 3, HAG_FD_READ, r.now);
}
FN(f_plugin_add)
{
    hag_plugin_id p;

    UNUSED;
    return hag_plugin_add(g, &desc, NULL, r.now, &p);
}
FN(f_plugin_load)
{
    hag_plugin_id p;

    UNUSED;
    return hag_plugin_load(g, "/nowhere/at/all.so", NULL, r.now, &p);
}
FN(f_plugin_remove)
{
    UNUSED;
    return hag_plugin_remove(g, plugin, r.now);
}

FN(f_record)
{
    uint8_t none;
    size_t n;

    UNUSED;
    return ok_if(hag_record_clock(g, 1800000000000, r.now) == HAG_OK &&
                 hag_record_take(g, &none, 0, &n) == 1 && n == 0);
}

static const struct {
    int32_t (*fn)(hag_guard *g, const struct hag_action *a);
    int32_t says;
    uint8_t removes; /* the cluster is gone after it */
} rows[] = {
    {f_version, HAG_OK, 0},
    {f_guard_new, HAG_OK, 0},
    {f_guard_destroy, HAG_ERR_BUSY, 0},
    {f_advance, HAG_OK, 0},
    {f_timeout, HAG_OK, 0},
    {f_next_action, HAG_ERR_BUSY, 0},
    {f_handles, HAG_OK, 0},
    {f_guard_set_policy, HAG_OK, 0},
    {f_op_complete, HAG_OK, 0},
    {f_op_progress, HAG_OK, 0},
    {f_policy, HAG_OK, 0},
    {f_setting_get, HAG_OK, 0},
    {f_cluster_add, HAG_OK, 0},
    {f_cluster_remove, HAG_OK, 1},
    {f_cluster_restore, HAG_OK, 0},
    {f_cluster_bind, HAG_OK, 0},
    {f_cluster_unbind, HAG_OK, 0},
    {f_cluster_set_policy, HAG_OK, 0},
    {f_prefer_zone, HAG_OK, 0},
    {f_pause, HAG_OK, 0},
    {f_failover, HAG_OK, 0},
    {f_switchover, HAG_OK, 0},
    {f_confirm, HAG_OK, 0},
    {f_cluster_get, HAG_OK, 0},
    {f_explain, HAG_OK, 0},
    {f_find_next, HAG_OK, 0},
    {f_node_remove, HAG_OK, 0},
    {f_node_set, HAG_OK, 0},
    {f_node_move, HAG_OK, 0},
    {f_node_get, HAG_OK, 0},
    {f_node_probe, HAG_OK, 0},
    {f_source, HAG_OK, 0},
    {f_observe, HAG_OK, 0},
    {f_set_hook, HAG_OK, 0},
    {f_dispatch, HAG_ERR_BUSY, 0},
    {f_set_watch, HAG_OK, 0},
    {f_fd_ready, HAG_ERR_BUSY, 0},
    {f_plugin_add, HAG_ERR_BUSY, 0},
    {f_plugin_load, HAG_ERR_BUSY, 0},
    {f_plugin_remove, HAG_ERR_BUSY, 0},
    {f_record, HAG_OK, 0},
};

static void inside(struct rig *w, const struct hag_action *a)
{
    if (hooked != a->kind || calls > 0 || call == NULL)
        return;
    calls++;
    said = call(w->g, a);
}

/* A cluster with a failover, a rejoin and a switchover: every kind of action comes by. */
static void begin(void)
{
    rig_world(&r, 4);
    r.s[3].flags = HAG_NODE_NO_PROMOTE;
    rig_guard(&r, NULL);
    ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "eye", &eye), HAG_OK);
    ck_assert_int_eq(hag_plugin_add(r.g, &desc, NULL, 0, &plugin), HAG_OK);
    ck_assert_int_eq(hag_cluster_bind(r.g, r.c, plugin, 0), HAG_OK);
    rig_run(&r, 3000);
    calls = 0;
    r.watch = inside;
}

static void let_it_all_happen(void)
{
    r.s[1].deed[HAG_DO_DISCONNECT] = RIG_HANG; /* something is cancelled */
    r.s[0].deed[HAG_DO_DISCONNECT] = RIG_HANG;
    (void)hag_cluster_switchover(r.g, r.c, r.s[1].node, 0, r.now, NULL);
    rig_for(&r, 20000);
    r.s[0].deed[HAG_DO_FENCE] = RIG_REFUSE;
    (void)hag_cluster_failover(r.g, r.c, 0, 0, r.now, NULL);
    rig_for(&r, 60000);
    (void)hag_node_remove(r.g, r.s[3].node, r.now);
    rig_for(&r, 1000);
}

/* It still works: another cluster is guarded as ever. */
static void works_on(void)
{
    struct hag_cluster_info i = {.size = sizeof(i)};
    hag_cluster c;
    hag_node n;
    struct hag_node_spec s = {.size = sizeof(s), .name = "z", .addr = "127.0.0.5:1"};

    call = NULL;
    ck_assert_int_eq(hag_cluster_add(r.g, "last", 0, 0, r.now, &c), HAG_OK);
    ck_assert_int_eq(hag_node_add(r.g, c, &s, r.now, &n), HAG_OK);
    rig_for(&r, 3000);
    ck_assert_int_eq(hag_cluster_get(r.g, c, &i), HAG_OK);
    ck_assert_uint_eq(i.nodes, 1);
    ck_assert_int_eq(hag_cluster_remove(r.g, c, r.now), HAG_OK);
}

/* _i: kind of hook */
START_TEST(in_a_hook)
{
    static const uint32_t never = 1u << HAG_DO_FORGET | 1u << HAG_DO_UNFENCE;

    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        hooked = (uint32_t)_i;
        call = rows[k].fn;
        at_callback = CALLBACKS;
        begin();
        let_it_all_happen();
        if ((never >> _i & 1) == 0)
            ck_assert_msg(calls == 1, "no %s came by (function %u)",
                          hag_name(HAG_NAMES_ACTION, (uint32_t)_i), k);
        if (calls > 0)
            ck_assert_msg(said == rows[k].says, "function %u in a hook for %s says %d: %s", k,
                          hag_name(HAG_NAMES_ACTION, (uint32_t)_i), said, hag_errmsg(r.g));
        works_on();
        rig_end(&r);
    }
}
END_TEST

/* _i: callback of the plugin. What is told not to come from open and close is not asked there. */
START_TEST(in_a_plugin)
{
    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        hooked = 0;
        call = rows[k].fn;
        at_callback = CALLBACKS;
        begin();
        at_callback = _i;
        calls = 0;
        if (_i == IN_OPEN || _i == IN_CLOSE) {
            hag_plugin_id second;

            at_callback = CALLBACKS;
            ck_assert_int_eq(hag_plugin_add(r.g, &desc, NULL, r.now, &second), HAG_OK);
            at_callback = _i;
            if (rows[k].says == HAG_ERR_BUSY && _i == IN_CLOSE)
                ck_assert_int_eq(hag_plugin_remove(r.g, second, r.now), HAG_OK);
            if (rows[k].says == HAG_ERR_BUSY && _i == IN_OPEN)
                ck_assert_int_eq(hag_plugin_add(r.g, &desc, NULL, r.now, &second), HAG_OK);
        } else if (_i == IN_READY) {
            ck_assert_int_eq(hag_fd_ready(r.g, plugin, 5, HAG_FD_READ, r.now), HAG_OK);
        }
        let_it_all_happen();
        if (_i == IN_START || _i == IN_READY || _i == IN_FORGET)
            ck_assert_msg(calls == 1, "callback %d did not come by", _i);
        if (calls > 0)
            ck_assert_msg(said == rows[k].says, "function %u in callback %d says %d: %s", k, _i,
                          said, hag_errmsg(r.g));
        works_on();
        at_callback = CALLBACKS;
        rig_end(&r);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reentry");
    TCase *tc = tcase_create("reentry");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, in_a_hook, HAG_DO_PROBE, HAG_DO_MAX);
    tcase_add_loop_test(tc, in_a_plugin, IN_OPEN, CALLBACKS);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
