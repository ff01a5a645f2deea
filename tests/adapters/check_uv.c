/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <check.h>
#include <stdlib.h>
#include <uv.h>

#include <haguard/adapter_uv.h>
#include <haguard/hooks.h>

#include "pair.h"

static uv_loop_t loop;
static hag_guard *g;
static hag_uv *u;
static int events;

static void setup(void)
{
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(hag_guard_new(NULL, &g), 0);
    ck_assert_int_eq(hag_uv_new(g, &loop, &u), 0);
    events = 0;
}

/* Everything that the adapter had in the loop is gone after one more turn. */
static void teardown(void)
{
    hag_uv_free(u);
    ck_assert_int_eq(hag_guard_destroy(g), 0);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void on_event(hag_guard *guard, const struct hag_action *a, void *ud)
{
    (void)guard, (void)a, (void)ud;
    events++;
}

static void on_end(uv_timer_t *t)
{
    uv_close((uv_handle_t *)t, NULL);
    uv_stop(t->loop);
}

static void run(uint64_t ms)
{
    static uv_timer_t timer;

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_end, ms, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
}

START_TEST(runs_a_guard)
{
    struct hag_cluster_info info = {.size = sizeof(info)};
    hag_cluster c = pair_cluster(g, uv_now(&loop));

    ck_assert_int_eq(hag_set_hook(g, HAG_DO_EVENT, on_event, NULL), 0);
    run(1500);
    ck_assert_int_eq(hag_cluster_get(g, c, &info), 0);
    ck_assert_uint_eq(info.state, HAG_STATE_HEALTHY);
    ck_assert_int_gt(events, 0);
    ck_assert_int_gt(pair.ready, 5);
    ck_assert_int_gt(pair.tick, 2);
    ck_assert_int_eq(pair.wrong, 0);
    ck_assert_int_lt(pair.probes, 60);
}
END_TEST

/* A call of the host's arms a timer without telling the adapter. */
static void on_call(uv_timer_t *t)
{
    pair_cluster(g, uv_now(&loop));
    uv_close((uv_handle_t *)t, NULL);
}

START_TEST(needs_no_kick)
{
    static uv_timer_t timer;

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_call, 100, 0);
    run(1000);
    ck_assert_int_gt(pair.probes, 5);
}
END_TEST

/* teardown frees the adapter with a descriptor still watched. */
START_TEST(what_is_not_watched_does_not_wake)
{
    hag_plugin_id id;

    ck_assert_int_eq(hag_plugin_add(g, &idle_plugin, NULL, uv_now(&loop), &id), 0);
    run(50);
    ck_assert_int_eq(idle.full, 1);
    ck_assert_int_eq(idle.empty, 0);
    ck_assert_int_eq(idle.broken, 1);
    ck_assert_uint_eq(idle.broken_events, HAG_FD_WRITE);
}
END_TEST

START_TEST(bad_arguments)
{
    hag_uv *none = NULL;

    ck_assert_int_eq(hag_uv_new(NULL, &loop, &none), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_uv_new(g, NULL, &none), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_uv_new(g, &loop, NULL), HAG_ERR_INVAL);
    ck_assert_ptr_null(none);
    hag_uv_free(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("uv");
    TCase *t = tcase_create("uv");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, runs_a_guard);
    tcase_add_test(t, needs_no_kick);
    tcase_add_test(t, what_is_not_watched_does_not_wake);
    tcase_add_test(t, bad_arguments);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
