/* SPDX-License-Identifier: MIT */
#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

/* Time as the host passes it in (4, 5.6), without a rig: every call by hand. */

static hag_guard *g;
static hag_cluster c;
static hag_node n[2];
static hag_op probe[2], other;
static uint32_t events[HAG_EV_MAX], other_kind, nprobes;
static hag_time probe_deadline;

static void take(hag_guard *guard, const struct hag_action *a, void *ud)
{
    (void)guard;
    (void)ud;
    if (a->kind == HAG_DO_EVENT) {
        events[a->event]++;
    } else if (a->kind == HAG_DO_PROBE) {
        probe[a->node == n[1]] = a->op;
        probe_deadline = a->deadline;
        nprobes++;
    } else if (a->kind != HAG_DO_CANCEL && a->kind != HAG_DO_FORGET) {
        other = a->op;
        other_kind = a->kind;
    }
}

static void setup(const struct hag_options *opt)
{
    static const struct hag_options sole = {.size = sizeof(sole), .flags = HAG_OPTION_SOLE};
    struct hag_node_spec a = {.size = sizeof(a), .name = "a", .addr = "127.0.0.1:1"};
    struct hag_node_spec b = {.size = sizeof(b), .name = "b", .addr = "127.0.0.1:2"};

    memset(events, 0, sizeof(events));
    nprobes = other_kind = 0;
    probe[0] = probe[1] = other = 0;
    ck_assert_int_eq(hag_guard_new(opt != NULL ? opt : &sole, &g), HAG_OK);
    ck_assert_int_eq(hag_set_hook(g, 0, take, NULL), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(g, "x", 0, 0, 1000, &c), HAG_OK);
    ck_assert_int_eq(hag_node_add(g, c, &a, 1000, &n[0]), HAG_OK);
    ck_assert_int_eq(hag_node_add(g, c, &b, 1000, &n[1]), HAG_OK);
}

static void answer(int which, uint32_t result, hag_time now)
{
    struct hag_facts f = {.size = sizeof(f),
                          .result = result,
                          .role = which == 0 ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY,
                          .flags = HAG_FACT_POSITION | HAG_FACT_READS,
                          .link_idle = HAG_UNKNOWN_MS,
                          .lag = HAG_UNKNOWN_MS,
                          .nlineage = 1,
                          .lineage = {{7}},
                          .identity = {1}};
    struct hag_result r = {.size = sizeof(r), .facts = &f};

    if (which == 1)
        (void)snprintf(f.upstream, sizeof(f.upstream), "127.0.0.1:1");
    ck_assert_int_eq(hag_op_complete(g, probe[which], &r, now), HAG_OK);
    probe[which] = 0;
}

static uint32_t verdict(int which)
{
    struct hag_node_info i = {.size = sizeof(i)};

    ck_assert_int_eq(hag_node_get(g, n[which], &i), HAG_OK);
    return i.verdict;
}

static void ok_commit(hag_time now)
{
    struct hag_result r = {.size = sizeof(r)};

    if (other != 0)
        (void)hag_op_complete(g, other, &r, now);
    other = 0;
}

/* Lets it be, millisecond by millisecond where it wants, the primary refusing, the other fine. */
static void live(hag_time from, hag_time to, uint32_t result)
{
    for (hag_time now = from; now <= to;) {
        int64_t wait;

        while (hag_dispatch(g, now) > 0)
            ;
        ok_commit(now);
        if (probe[0] != 0)
            answer(0, result, now);
        if (probe[1] != 0)
            answer(1, HAG_PROBE_OK, now);
        wait = hag_timeout(g, now);
        ck_assert_int_ge(wait, 0);
        now += (hag_time)wait;
    }
}

static hag_time began(void)
{
    struct hag_node_info i = {.size = sizeof(i)};

    ck_assert_int_eq(hag_node_get(g, n[0], &i), HAG_OK);
    ck_assert_uint_gt(i.grace_end, 60000);
    return i.grace_end - 60000;
}

/* 59.999 s and 60.000 s. */
START_TEST(grace)
{
    hag_time first;

    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_UP);
    live(10001, 15000, HAG_PROBE_REFUSED);
    first = began();
    live(15001, first + 59999, HAG_PROBE_REFUSED);
    ck_assert_int_eq(hag_advance(g, first + 59999), 0);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_SUSPECT);
    ck_assert_int_eq(hag_timeout(g, first + 59999) <= 1, 1);
    (void)hag_advance(g, first + 60000);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_DOWN);
    (void)hag_guard_destroy(g);
}
END_TEST

/* A step back is no time passed; time goes on from there. */
START_TEST(clock_back)
{
    hag_time first;

    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    live(10001, 15000, HAG_PROBE_REFUSED);
    first = began();
    ck_assert_int_ge(hag_advance(g, 5000), 0);
    ck_assert_int_ge(hag_timeout(g, 5000), 0);
    ck_assert_int_le(hag_timeout(g, 5000), 1000);
    ck_assert_uint_eq(began(), first - 10000); /* the same moment, in the host's new time */
    live(5001, first - 10000 + 59999, HAG_PROBE_REFUSED);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_SUSPECT);
    live(first + 50000, first + 53000, HAG_PROBE_REFUSED);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_DOWN);
    ck_assert_uint_eq(events[HAG_EV_STALLED], 0);
    (void)hag_guard_destroy(g);
}
END_TEST

/* Readings that cross by a little never make time run faster. */
START_TEST(clock_jitter)
{
    hag_time first;

    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    live(10001, 15000, HAG_PROBE_REFUSED);
    first = began();
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_ge(hag_advance(g, 14500), 0);
        ck_assert_int_ge(hag_advance(g, 15000), 0);
    }
    ck_assert_uint_eq(began(), first);
    (void)hag_guard_destroy(g);
}
END_TEST

/* A leap of an hour spends no grace: it has its full rest to run after it. */
START_TEST(leap)
{
    const hag_time hour = 3600000;
    struct hag_node_info i = {.size = sizeof(i)};
    hag_time first, late;

    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    live(10001, 40000, HAG_PROBE_REFUSED);
    first = began();
    late = hour - (hag_time)hag_timeout(g, 40000);
    ck_assert_int_ge(hag_advance(g, 40000 + hour), 0);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_SUSPECT);
    ck_assert_int_eq(hag_node_get(g, n[0], &i), HAG_OK);
    /* in host time the end has moved by the stall */
    ck_assert_uint_ge(i.grace_end, first + 60000 + late - 1000);
    ck_assert_uint_le(i.grace_end, first + 60000 + late + 1000);
    live(40000 + hour, i.grace_end - 1, HAG_PROBE_REFUSED);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_SUSPECT);
    live(i.grace_end, i.grace_end + 3000, HAG_PROBE_REFUSED);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_DOWN);
    ck_assert_uint_eq(events[HAG_EV_STALLED], 1);
    (void)hag_guard_destroy(g);
}
END_TEST

/* The host slept over the end of the grace: it looks again before it condemns. */
START_TEST(suspended_over_the_end)
{
    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    live(10001, 60000, HAG_PROBE_REFUSED);
    ck_assert_int_ge(hag_advance(g, 60000 + 7200000), 0);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_SUSPECT);
    live(60000 + 7200000, 60000 + 7200000 + 5000, HAG_PROBE_OK);
    ck_assert_uint_eq(verdict(0), HAG_VERDICT_UP);
    (void)hag_guard_destroy(g);
}
END_TEST

/* A stall spends no deadline of an op in flight; up to stall_after it is mere lateness. */
START_TEST(deadline_and_stall)
{
    static const struct {
        hag_time late;
        int unknown;
    } rows[] = {{0, 1}, {900, 1}, {100000, 0}};

    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        hag_time at = 1000;

        setup(NULL);
        for (; other == 0 || other_kind != HAG_DO_COMMIT; at += 10) {
            while (hag_dispatch(g, at) > 0)
                ;
            for (int i = 0; i < 2; i++) {
                if (probe[i] != 0)
                    answer(i, HAG_PROBE_OK, at);
            }
        }
        at -= 10; /* the commit was taken then: 5 s */
        for (hag_time t = at; t < at + 5000; t += 100) {
            while (hag_dispatch(g, t) > 0)
                ;
            for (int i = 0; i < 2; i++) {
                if (probe[i] != 0)
                    answer(i, HAG_PROBE_OK, t);
            }
        }
        ck_assert_uint_eq(events[HAG_EV_FAILED], 0);
        while (hag_dispatch(g, at + 4999) > 0)
            ;
        ck_assert_uint_eq(events[HAG_EV_FAILED], 0);
        while (hag_dispatch(g, at + 5000 + rows[k].late) > 0)
            ;
        if (rows[k].unknown)
            ck_assert_uint_eq(events[HAG_EV_FAILED], 1);
        else
            ck_assert_uint_eq(events[HAG_EV_STALLED], 1);
        other = 0;
        (void)hag_guard_destroy(g);
    }
}
END_TEST

START_TEST(stall_after_is_an_option)
{
    struct hag_options o = {.size = sizeof(o), .flags = HAG_OPTION_SOLE, .stall_after = 50};
    hag_time due;

    setup(&o);
    live(1000, 5000, HAG_PROBE_OK);
    due = 5000 + (hag_time)hag_timeout(g, 5000);
    while (hag_dispatch(g, due + 50) > 0)
        ;
    ck_assert_uint_eq(events[HAG_EV_STALLED], 0);
    for (int i = 0; i < 2; i++) {
        if (probe[i] != 0)
            answer(i, HAG_PROBE_OK, due + 50);
    }
    due += 50 + (hag_time)hag_timeout(g, due + 50);
    while (hag_dispatch(g, due + 51) > 0)
        ;
    ck_assert_uint_eq(events[HAG_EV_STALLED], 1);
    (void)hag_guard_destroy(g);
}
END_TEST

/* hag_timeout is exact: one millisecond before there is nothing to do, then there is. */
START_TEST(timeout_is_exact)
{
    setup(NULL);
    live(1000, 30000, HAG_PROBE_OK);
    for (hag_time now = 30000; now < 60000;) {
        int64_t wait = hag_timeout(g, now);
        uint32_t before = nprobes;

        ck_assert_int_gt(wait, 0);
        if (wait > 1) {
            ck_assert_int_eq(hag_dispatch(g, now + (hag_time)wait - 1), 0);
            ck_assert_uint_eq(nprobes, before); /* never early */
            ck_assert_int_eq(hag_timeout(g, now + (hag_time)wait - 1), 1);
        }
        now += (hag_time)wait;
        ck_assert_int_eq(hag_timeout(g, now), 0);
        while (hag_dispatch(g, now) > 0)
            ;
        ck_assert_uint_gt(nprobes, before);
        for (int i = 0; i < 2; i++) {
            if (probe[i] != 0)
                answer(i, HAG_PROBE_OK, now);
        }
        while (hag_dispatch(g, now) > 0)
            ;
    }
    (void)hag_guard_destroy(g);
}
END_TEST

START_TEST(a_probe_ends_at_its_deadline)
{
    struct hag_node_info i = {.size = sizeof(i)};

    setup(NULL);
    live(1000, 10000, HAG_PROBE_OK);
    for (hag_time now = 10000; probe[0] == 0; now++) {
        while (hag_dispatch(g, now) > 0)
            ;
        if (probe[1] != 0)
            answer(1, HAG_PROBE_OK, now);
    }
    ck_assert_int_eq(hag_advance(g, probe_deadline - 1), 0);
    ck_assert_int_eq(hag_node_get(g, n[0], &i), HAG_OK);
    ck_assert_uint_eq(i.result, HAG_PROBE_OK);
    ck_assert_int_ge(hag_advance(g, probe_deadline), 0);
    ck_assert_int_eq(hag_node_get(g, n[0], &i), HAG_OK);
    ck_assert_uint_eq(i.result, HAG_PROBE_TIMEOUT);
    ck_assert_uint_eq(i.fails, 1);
    {
        struct hag_facts f = {.size = sizeof(f), .role = HAG_ROLE_PRIMARY};
        struct hag_result late = {.size = sizeof(late), .facts = &f};

        ck_assert_int_eq(hag_op_complete(g, probe[0], &late, probe_deadline), HAG_ERR_STALE);
        ck_assert_int_eq(hag_op_progress(g, probe[0], 5000, probe_deadline), HAG_ERR_RANGE);
    }
    (void)hag_guard_destroy(g);
}
END_TEST

/* Nothing is due in a guard without clusters. */
START_TEST(empty)
{
    ck_assert_int_eq(hag_guard_new(NULL, &g), HAG_OK);
    ck_assert_int_eq(hag_timeout(g, 0), -1);
    ck_assert_int_eq(hag_advance(g, 5), 0);
    ck_assert_int_eq(hag_timeout(g, 1000), -1);
    ck_assert_int_eq(hag_advance(g, UINT64_MAX), HAG_ERR_INVAL);
    (void)hag_guard_destroy(g);
}
END_TEST

/* One call does a bounded amount of work, and says when there is more. */
START_TEST(max_work)
{
    struct hag_options o = {.size = sizeof(o), .flags = HAG_OPTION_SOLE, .max_work = 4};
    uint32_t calls = 0;
    hag_cluster more;

    setup(&o);
    for (uint32_t i = 0; i < 30; i++) {
        char name[16], addr[32];
        struct hag_node_spec s = {.size = sizeof(s), .name = "n", .addr = addr};
        hag_node ignored;

        (void)snprintf(name, sizeof(name), "c%u", i);
        (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u", 100 + i);
        ck_assert_int_eq(hag_cluster_add(g, name, 0, 0, 1000, &more), HAG_OK);
        ck_assert_int_eq(hag_node_add(g, more, &s, 1000, &ignored), HAG_OK);
    }
    while (hag_dispatch(g, 1990) > 0) {
        ck_assert_uint_le(nprobes, 4 * ++calls);
        ck_assert_uint_lt(calls, 1000);
    }
    ck_assert_uint_eq(nprobes, 32);
    ck_assert_uint_ge(calls, 7);
    (void)hag_guard_destroy(g);
}
END_TEST

/* The same inputs give the same outputs. */
START_TEST(same_again)
{
    static struct rig a, b;

    rig_start(&a, 3, NULL);
    rig_start(&b, 3, NULL);
    rig_run(&a, 100000);
    for (hag_time t = 1; t <= 1000; t++) /* however often the host looks in */
        rig_run(&b, t * 100);
    rig_kill(&a, 0);
    rig_kill(&b, 0);
    rig_run(&a, 200000);
    rig_run(&b, 200000);
    ck_assert_uint_eq(a.nev, b.nev);
    for (uint32_t i = 0; i < a.nev; i++) {
        ck_assert_uint_eq(a.ev[i].at, b.ev[i].at);
        ck_assert_str_eq(a.ev[i].text, b.ev[i].text);
    }
    ck_assert_uint_eq(a.record_len, b.record_len);
    ck_assert_int_eq(memcmp(a.record, b.record, a.record_len), 0);
    rig_end(&a);
    rig_end(&b);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {grace,
                            clock_back,
                            clock_jitter,
                            leap,
                            suspended_over_the_end,
                            deadline_and_stall,
                            stall_after_is_an_option,
                            timeout_is_exact,
                            a_probe_ends_at_its_deadline,
                            empty,
                            max_work,
                            same_again,
                            NULL};

    return unit_run("time", tests);
}
