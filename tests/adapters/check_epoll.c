/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <haguard/adapter_epoll.h>
#include <haguard/hooks.h>

#include "pair.h"

static hag_guard *g;
static hag_epoll *e;
static int events, inside;

static hag_time now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (hag_time)t.tv_sec * 1000 + (hag_time)t.tv_nsec / 1000000;
}

static void setup(void)
{
    ck_assert_int_eq(hag_guard_new(NULL, &g), 0);
    ck_assert_int_eq(hag_epoll_new(g, &e), 0);
    events = inside = 0;
}

static void teardown(void)
{
    hag_epoll_free(e);
    ck_assert_int_eq(hag_guard_destroy(g), 0);
}

static uint32_t state_of(hag_cluster c)
{
    struct hag_cluster_info info = {.size = sizeof(info)};

    ck_assert_int_eq(hag_cluster_get(g, c, &info), 0);
    return info.state;
}

/* Sleeps on the one descriptor only, so that a lost wake-up is a timeout. */
static void wait_readable(void)
{
    struct pollfd p = {.fd = (int)hag_epoll_fd(e), .events = POLLIN};

    ck_assert_int_eq(poll(&p, 1, 1000), 1);
}

static void on_any(hag_guard *guard, const struct hag_action *a, void *ud)
{
    (void)guard, (void)a, (void)ud;
    events++;
    inside = hag_epoll_run(e, now());
}

START_TEST(with_hooks)
{
    hag_cluster c = pair_cluster(g, now());
    hag_time end = now() + 1500;

    ck_assert_int_eq(hag_set_hook(g, HAG_DO_EVENT, on_any, NULL), 0);
    ck_assert_int_ge(hag_epoll_run(e, now()), 0);
    while (now() < end) {
        wait_readable();
        ck_assert_int_ge(hag_epoll_run(e, now()), 0);
    }
    ck_assert_uint_eq(state_of(c), HAG_STATE_HEALTHY);
    ck_assert_int_gt(events, 0);
    ck_assert_int_eq(inside, HAG_ERR_BUSY);
    ck_assert_int_gt(pair.ready, 5);
    ck_assert_int_gt(pair.tick, 2);
    ck_assert_int_eq(pair.wrong, 0);
    ck_assert_int_lt(pair.probes, 60); /* it slept in between */
}
END_TEST

START_TEST(without_hooks)
{
    hag_cluster c = pair_cluster(g, now());
    struct hag_action a = {.size = sizeof(a)};
    hag_time end = now() + 1500;
    int taken = 0;

    ck_assert_int_eq(hag_handles(g, UINT64_C(1) << HAG_DO_EVENT), 0);
    while (now() < end) {
        ck_assert_int_eq(hag_epoll_ready(e, now()), 0);
        hag_advance(g, now());
        while (hag_next_action(g, now(), &a) == 1) {
            taken++;
        }
        ck_assert_int_eq(hag_epoll_arm(e, now()), 0);
        wait_readable();
    }
    ck_assert_uint_eq(state_of(c), HAG_STATE_HEALTHY);
    ck_assert_int_gt(taken, 0);
    ck_assert_int_eq(pair.wrong, 0);
}
END_TEST

/* Two descriptors are ready in one batch; the first to be told closes the other and opens one that
 * gets the same number. Nobody asked for what that number was ready for. */
static const struct hag_host *host;
static int ends[2][2], told, told_anew, renewed;

static int32_t open_two(const struct hag_host *h, const char *config, hag_time at, void **self,
                        char *why, size_t whylen)
{
    (void)config, (void)at, (void)why, (void)whylen;
    host = h;
    *self = ends;
    for (int i = 0; i < 2; i++) {
        if (pipe(ends[i]) != 0 || write(ends[i][1], "x", 1) != 1) {
            return HAG_ERR_PLUGIN;
        }
        host->watch(host->ctx, ends[i][0], HAG_FD_READ);
    }
    return HAG_OK;
}

static void ready_two(void *self, int64_t fd, uint32_t what, hag_time at)
{
    int other = fd == ends[0][0] ? 1 : 0;

    (void)self, (void)what, (void)at;
    if (told++ > 0) {
        told_anew++;
        return;
    }
    host->watch(host->ctx, fd, 0);
    host->watch(host->ctx, ends[other][0], 0);
    close(ends[other][0]);
    renewed = dup(ends[other][1]); /* the lowest free number */
    host->watch(host->ctx, renewed, HAG_FD_READ);
}

static void on_op(void *self, hag_op op)
{
    (void)self, (void)op;
}

static void on_start(void *self, const struct hag_action *a, hag_time at)
{
    (void)self, (void)a, (void)at;
}

static void on_tick(void *self, hag_time at)
{
    (void)self, (void)at;
}

static void on_close(void *self)
{
    (void)self;
}

START_TEST(a_number_is_used_again)
{
    static const struct hag_plugin two = {.size = sizeof(two),
                                          .abi = HAG_PLUGIN_ABI,
                                          .name = "two",
                                          .handles = UINT64_C(1) << HAG_DO_PROBE,
                                          .open = open_two,
                                          .start = on_start,
                                          .cancel = on_op,
                                          .forget = on_op,
                                          .ready = ready_two,
                                          .tick = on_tick,
                                          .close = on_close};
    hag_plugin_id id;
    int was[2];

    told = told_anew = 0;
    ck_assert_int_eq(hag_plugin_add(g, &two, NULL, now(), &id), 0);
    was[0] = ends[0][0];
    was[1] = ends[1][0];
    ck_assert_int_eq(hag_epoll_ready(e, now()), 0);
    ck_assert(renewed == was[0] || renewed == was[1]);
    ck_assert_int_eq(told, 1);
    ck_assert_int_eq(told_anew, 0);
}
END_TEST

static int readable(int ms)
{
    struct pollfd p = {.fd = (int)hag_epoll_fd(e), .events = POLLIN};

    return poll(&p, 1, ms);
}

START_TEST(what_is_not_watched_does_not_wake)
{
    hag_plugin_id id;

    ck_assert_int_eq(hag_plugin_add(g, &idle_plugin, NULL, now(), &id), 0);
    ck_assert_int_eq(readable(0), 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(hag_epoll_run(e, now()), 0);
    }
    ck_assert_int_eq(idle.full, 1);
    ck_assert_int_eq(idle.empty, 0);
    ck_assert_int_eq(idle.broken, 1);
    ck_assert_uint_eq(idle.broken_events, HAG_FD_WRITE); /* only what was asked for */
    ck_assert_int_eq(readable(20), 0);
    hag_epoll_free(e); /* with a descriptor still watched */
    e = NULL;
}
END_TEST

START_TEST(what_is_due_wakes_at_once)
{
    hag_cluster c;

    ck_assert_int_eq(hag_cluster_add(g, "due", 0, 0, now(), &c), 0);
    ck_assert_int_eq(hag_epoll_run(e, now()), 0);
    ck_assert_int_eq(readable(20), 0);
    ck_assert_int_eq(hag_cluster_pause(g, c, "me", 60000, now()), 0);
    ck_assert_int_eq((int)hag_timeout(g, now()), 0); /* an event waits */
    ck_assert_int_eq(hag_epoll_arm(e, now()), 0);
    ck_assert_int_eq(readable(20), 1);
}
END_TEST

START_TEST(bad_arguments)
{
    hag_epoll *none = NULL;

    ck_assert_int_eq(hag_epoll_new(NULL, &none), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_epoll_new(g, NULL), HAG_ERR_INVAL);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(hag_epoll_run(NULL, 1), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_epoll_ready(NULL, 1), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_epoll_arm(NULL, 1), HAG_ERR_INVAL);
    ck_assert_int_eq((int)hag_epoll_fd(NULL), HAG_ERR_INVAL);
    hag_epoll_free(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("epoll");
    TCase *t = tcase_create("epoll");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, with_hooks);
    tcase_add_test(t, without_hooks);
    tcase_add_test(t, a_number_is_used_again);
    tcase_add_test(t, what_is_not_watched_does_not_wake);
    tcase_add_test(t, what_is_due_wakes_at_once);
    tcase_add_test(t, bad_arguments);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
