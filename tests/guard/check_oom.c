/* SPDX-License-Identifier: MIT
 *
 * Each allocation in turn is refused, over a whole life: setup, failover, rejoin, removal. A call
 * either succeeds or says NOMEM and has changed nothing; with memory back, all goes on (4, S18).
 */
#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

static struct unit_mem mem;
static struct rig r;
static struct hag_options options;

static void begin(uint32_t refuse)
{
    unit_mem_init(&mem);
    options = (struct hag_options){.size = sizeof(options),
                                   .flags = HAG_OPTION_SOLE,
                                   .seed = 1,
                                   .ud = &mem,
                                   .realloc = unit_realloc};
    r.opt = &options;
    unit_refuse(&mem, refuse);
}

/* Everything that a host can see. */
static void see(char *buf, size_t len)
{
    size_t at = 0;

    (void)hag_advance(r.g, r.now); /* what is told of times is as of the newest call */
    buf[0] = '\0';
    for (hag_cluster c = hag_cluster_next(r.g, 0); c != 0; c = hag_cluster_next(r.g, c)) {
        struct hag_cluster_info i = {.size = sizeof(i)};

        (void)hag_cluster_get(r.g, c, &i);
        at += (size_t)snprintf(buf + at, len - at, "%s %u %u %llu\n", i.name, i.nodes, i.ops,
                               (unsigned long long)i.paused_until);
        for (hag_node n = hag_node_next(r.g, c, 0); n != 0; n = hag_node_next(r.g, c, n)) {
            struct hag_node_info ni = {.size = sizeof(ni)};

            (void)hag_node_get(r.g, n, &ni);
            at += (size_t)snprintf(buf + at, len - at, " %s %s %s %d\n", ni.name, ni.addr,
                                   ni.advertised, ni.priority);
        }
        (void)hag_cluster_explain(r.g, c, r.now, buf + at, len - at);
        at += strlen(buf + at);
    }
}

static uint64_t made[4];

static int32_t step(uint32_t k)
{
    static const struct hag_node_spec spec = {
        .size = sizeof(spec), .name = "late", .addr = "127.0.0.1:60", .zone = "a"};
    static const struct hag_node_spec changed = {
        .size = sizeof(changed), .addr = "127.0.0.1:61", .priority = 4};
    uint8_t record[2048];

    switch (k) {
    case 0:
        return hag_policy_new(r.g, &made[0]);
    case 1:
        return hag_cluster_add(r.g, "second", 0, 0, r.now, &made[1]);
    case 2:
        return hag_node_add(r.g, made[1], &spec, r.now, &made[2]);
    case 3:
        return hag_source_add(r.g, made[1], HAG_SOURCE_AGENT, made[2], "s", &made[3]);
    case 4:
        return hag_node_set(r.g, made[2], &changed, r.now);
    case 5:
        return hag_cluster_pause(r.g, made[1], "me", 1000, r.now);
    case 6:
        return hag_cluster_prefer_zone(r.g, made[1], "a");
    case 7:
        (void)hag_policy_set(r.g, r.p, HAG_P_FALL, 4);
        return hag_cluster_set_policy(r.g, made[1], r.p, r.now);
    case 8: {
        int32_t err;

        memcpy(record, r.record, r.record_len);
        err = hag_cluster_restore(r.g, made[1], record, r.record_len, r.now);
        return err == HAG_ERR_NOT_FOUND ? HAG_OK : err;
    }
    case 9:
        return hag_node_remove(r.g, made[2], r.now);
    case 10:
        return hag_cluster_switchover(r.g, r.c, 0, 0, r.now, NULL);
    default:
        return hag_cluster_remove(r.g, made[1], r.now);
    }
}

/* The calls of a host, each with its n-th allocation refused until it succeeds. */
START_TEST(every_call)
{
    static char before[16384], after[16384];

    begin(0);
    rig_start(&r, 3, NULL);
    rig_run(&r, 5000);
    for (uint32_t k = 0; k < 12; k++) {
        int32_t err = HAG_ERR_NOMEM;

        for (uint32_t nth = 1; err == HAG_ERR_NOMEM; nth++) {
            uint64_t was[4];

            ck_assert_uint_lt(nth, 100);
            memcpy(was, made, sizeof(was));
            see(before, sizeof(before));
            unit_refuse(&mem, nth);
            err = step(k);
            unit_refuse(&mem, 0);
            ck_assert_msg(err == HAG_OK || err == HAG_ERR_NOMEM, "step %u: %d %s", k, err,
                          hag_errmsg(r.g));
            if (err == HAG_OK)
                break;
            ck_assert_str_ne(hag_errmsg(r.g), "");
            see(after, sizeof(after));
            ck_assert_msg(strcmp(before, after) == 0, "step %u changed\n%s\ninto\n%s", k, before,
                          after);
            ck_assert_int_eq(memcmp(was, made, sizeof(was)), 0);
        }
        rig_for(&r, 100);
    }
    rig_for(&r, 30000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

START_TEST(a_new_guard)
{
    for (uint32_t nth = 1;; nth++) {
        hag_guard *g = NULL;
        int32_t err;

        begin(nth);
        err = hag_guard_new(&options, &g);
        if (err == HAG_OK) {
            (void)hag_guard_destroy(g);
            ck_assert_uint_eq(mem.blocks, 0);
            ck_assert_uint_gt(nth, 2);
            return;
        }
        ck_assert_int_eq(err, HAG_ERR_NOMEM);
        ck_assert_ptr_null(g);
        ck_assert_uint_eq(mem.blocks, 0);
    }
}
END_TEST

/* While time passes nobody hears of a refusal: for a while there is no memory at all, from the n-th
 * allocation on; then it is back. */
static void famine(uint32_t nth, hag_time lasts)
{
    begin(0);
    rig_start(&r, 3, NULL);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 160700);
    unit_refuse(&mem, nth);
    rig_for(&r, lasts);
    unit_refuse(&mem, 0);
    rig_run(&r, 320000);
    ck_assert_msg(rig_primary(&r) == 1 && rig_writers(&r) == 1, "from allocation %u:\n%s", nth,
                  rig_explain(&r));
    ck_assert_str_eq(r.name[HAG_ENDPOINT_PRIMARY], r.s[1].addr);
    rig_revive(&r, 0, 0);
    rig_for(&r, 1000);
    unit_refuse(&mem, nth);
    rig_for(&r, lasts);
    unit_refuse(&mem, 0);
    rig_for(&r, 100000);
    ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY, "%s", rig_explain(&r));
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, r.s[2].node, 0, r.now, NULL), HAG_OK);
    unit_refuse(&mem, nth);
    rig_for(&r, lasts);
    unit_refuse(&mem, 0);
    rig_for(&r, 200000);
    ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY && rig_writers(&r) == 1, "%s",
                  rig_explain(&r));
    rig_end(&r);
    ck_assert_uint_eq(mem.blocks, 0);
}

START_TEST(while_time_passes)
{
    for (uint32_t nth = 1; nth <= 24; nth++) {
        famine(nth, 400);
        famine(nth, 20000);
    }
}
END_TEST

/* A probe whose facts could not be kept stays open, and may be completed again. */
START_TEST(complete_again)
{
    begin(0);
    rig_start(&r, 2, NULL);
    rig_settle(&r);
    for (uint32_t i = 0; i < 2; i++) {
        r.s[i].older = r.s[i].history;
        r.s[i].fork = 5;
        r.s[i].history = 77; /* a lineage never seen before */
    }
    unit_refuse(&mem, 1);
    rig_for(&r, 5000);
    unit_refuse(&mem, 0);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

/* Nothing is allocated on the path of a healthy probe (11). */
START_TEST(health_allocates_nothing)
{
    begin(0);
    rig_start(&r, 3, NULL);
    rig_settle(&r);
    unit_refuse(&mem, 0);
    rig_for(&r, 600000);
    ck_assert_uint_eq(mem.calls, 0);
    rig_end(&r);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_call, a_new_guard, while_time_passes, complete_again, health_allocates_nothing, NULL};

    return unit_run("oom", tests);
}
