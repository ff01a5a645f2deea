/* SPDX-License-Identifier: MIT
 *
 * Design 9: the guard dies between any two steps and gets its record back.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

static struct rig r;
static uint32_t promoted; /* places that were told to become the primary */

static void note(struct rig *w, const struct hag_action *a)
{
    if (a->kind == HAG_DO_PROMOTE)
        promoted |= 1u << rig_store_of(w, a->node);
    if (a->kind == HAG_DO_PROMOTE && a->term > w->record_term)
        ck_abort_msg("S2: promoted before its term was durable");
}

enum { FAILOVER, SWITCHOVER };
enum { STAYS_DEAD, COMES_BACK };

static void begin(int what)
{
    rig_start(&r, 3, NULL);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    promoted = 0;
    r.watch = note;
    r.orders = 0;
    if (what == FAILOVER)
        rig_kill(&r, 0);
    else
        ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, r.s[1].node, 0, r.now, NULL), HAG_OK);
}

static void must_end_well(const char *where)
{
    uint32_t p = rig_primary(&r);

    ck_assert_msg(p < 3 && r.s[p].primary && rig_writers(&r) == 1, "%s: %u writers\n%s", where,
                  rig_writers(&r), rig_explain(&r));
    ck_assert_msg((promoted & (promoted - 1)) == 0, "%s: two were promoted: %x", where, promoted);
    ck_assert_msg(strcmp(r.name[HAG_ENDPOINT_PRIMARY], r.s[p].addr) == 0, "%s: the name is %s\n%s",
                  where, r.name[HAG_ENDPOINT_PRIMARY], rig_explain(&r));
    ck_assert_msg(rig_info(&r).procedure == 0, "%s: not ended\n%s", where, rig_explain(&r));
}

static void at_rest(const char *where)
{
    if (r.s[0].dead)
        rig_revive(&r, 0, 0);
    rig_for(&r, 60000);
    must_end_well(where);
    ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY, "%s:\n%s", where, rig_explain(&r));
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(i == rig_primary(&r) || rig__link_up(&r, &r.s[i]), 1);
}

/* Killed at the k-th order, for every k there is, before or after it is carried out. */
static void at_every_order(int what, int does, int old)
{
    char where[64];

    for (uint32_t k = 1;; k++) {
        begin(what);
        r.stop_after = k;
        r.stop_does = does;
        rig_for(&r, 70000);
        if (!r.stopped) {
            rig_end(&r);
            ck_assert_uint_gt(k, 12);
            return;
        }
        (void)snprintf(where, sizeof(where), "order %u%s", k, does ? ", carried out" : "");
        if (old == COMES_BACK && r.s[0].dead)
            rig_revive(&r, 0, 0);
        r.now += 700;
        rig_restart_guard(&r, NULL);
        rig_for(&r, 150000);
        must_end_well(where);
        if (what == FAILOVER && old == STAYS_DEAD)
            ck_assert_msg(rig_primary(&r) != 0, "%s", where);
        at_rest(where);
        rig_end(&r);
    }
}

START_TEST(failover)
{
    at_every_order(FAILOVER, _i & 1, _i >> 1);
}
END_TEST

START_TEST(switchover)
{
    at_every_order(SWITCHOVER, _i & 1, STAYS_DEAD);
}
END_TEST

/* The old primary dies while the guard is away in the middle of a switchover. */
START_TEST(switchover_loses_its_primary)
{
    for (uint32_t k = 1;; k++) {
        begin(SWITCHOVER);
        r.stop_after = k;
        r.stop_does = _i;
        rig_for(&r, 30000);
        if (!r.stopped) {
            rig_end(&r);
            return;
        }
        rig_kill(&r, 0);
        r.now += 700;
        rig_restart_guard(&r, NULL);
        rig_for(&r, 200000);
        must_end_well("switchover without its primary");
        rig_end(&r);
    }
}
END_TEST

/* By the kind of action, each time at the first one. */
START_TEST(at_every_kind)
{
    for (int kind = 1; kind < HAG_DO_MAX; kind++) {
        begin(FAILOVER);
        r.stop_at_action = kind;
        rig_for(&r, 65000);
        if (r.stopped) {
            r.now += 500;
            rig_restart_guard(&r, NULL);
            rig_for(&r, 150000);
            must_end_well(hag_name(HAG_NAMES_ACTION, (uint32_t)kind));
        }
        rig_end(&r);
    }
}
END_TEST

/* Killed twice: also while it resumes. */
START_TEST(twice)
{
    for (uint32_t k = 1; k <= 16; k++) {
        for (uint32_t j = 1; j <= 6; j++) {
            begin(FAILOVER);
            r.stop_after = k;
            r.stop_does = 1;
            rig_for(&r, 70000);
            if (r.stopped) {
                r.now += 700;
                rig_restart_guard(&r, NULL);
                r.stop_after = r.orders + j;
                r.stop_does = (int)(j & 1);
                rig_for(&r, 20000);
            }
            if (r.stopped) {
                r.now += 700;
                rig_restart_guard(&r, NULL);
            }
            r.stop_after = 0;
            rig_for(&r, 150000);
            must_end_well("killed twice");
            rig_end(&r);
        }
    }
}
END_TEST

/* A restart alone changes nothing, and orders nothing. */
START_TEST(quiet)
{
    uint32_t before;
    char name[2][256];

    rig_start(&r, 3, NULL);
    rig_settle(&r);
    memcpy(name, r.name, sizeof(name));
    before = r.acts[HAG_DO_DETACH] + r.acts[HAG_DO_FOLLOW] + r.acts[HAG_DO_FENCE] +
             r.acts[HAG_DO_PROMOTE];
    for (int k = 0; k < 3; k++) {
        rig_restart_guard(&r, NULL);
        rig_for(&r, 10000);
    }
    ck_assert_uint_eq(r.acts[HAG_DO_DETACH] + r.acts[HAG_DO_FOLLOW] + r.acts[HAG_DO_FENCE] +
                          r.acts[HAG_DO_PROMOTE],
                      before);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(rig_info(&r).term, 1);
    ck_assert_int_eq(memcmp(name, r.name, sizeof(name)), 0);
    rig_end(&r);
}
END_TEST

/* The grace is not forgotten: whoever was down before the restart is so after a few probes. */
START_TEST(condemned)
{
    rig_start(&r, 3, NULL);
    rig_settle(&r);
    r.s[1].priority = r.s[2].priority = 0;
    rig_kill(&r, 0);
    rig_for(&r, 70000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_LOST);
    (void)hag_node_probe(r.g, r.s[1].node, r.now);
    rig_for(&r, 5000);
    r.s[1].priority = 1;
    rig_restart_guard(&r, NULL);
    rig_for(&r, 90000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* redis-operator#513: somebody moved the primary while the guard was away. */
START_TEST(moved_meanwhile)
{
    uint64_t term;

    rig_start(&r, 3, NULL);
    rig_settle(&r);
    term = r.record_term;
    r.s[2].older = r.s[2].history;
    r.s[2].fork = r.s[2].position;
    r.s[2].history = ++r.histories;
    r.s[2].primary = 1;
    r.s[2].upstream = RIG_NOBODY;
    r.s[0].primary = 0;
    r.s[0].upstream = r.s[1].upstream = 2;
    rig__connect(&r);
    rig_restart_guard(&r, NULL);
    rig_for(&r, 60000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_uint_gt(r.record_term, term);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_PRIMARY], r.s[2].addr);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

static void fresh_guard(void)
{
    r.opt = NULL;
    (void)hag_guard_destroy(r.g);
    memset(r.due, 0, sizeof(r.due));
    r.now += 10;
    rig_guard(&r, NULL);
}

static int32_t restore(const uint8_t *bytes, size_t n)
{
    return hag_cluster_restore(r.g, r.c, bytes, n, r.now);
}

/* A record that is not what was written changes nothing. */
START_TEST(damaged)
{
    uint8_t bad[4096];
    char before[8192];

    begin(FAILOVER);
    r.stop_at_action = HAG_DO_PROMOTE;
    rig_for(&r, 70000);
    ck_assert_int_eq(r.stopped, 1);
    r.stopped = r.stop_at_action = 0;
    fresh_guard();
    (void)snprintf(before, sizeof(before), "%s", rig_explain(&r));
    for (size_t n = 0; n < r.record_len; n++) {
        memcpy(bad, r.record, r.record_len);
        ck_assert_int_eq(restore(bad, n), HAG_ERR_DAMAGED);
    }
    for (size_t i = 0; i < r.record_len * 8; i++) {
        memcpy(bad, r.record, r.record_len);
        bad[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_int_eq(restore(bad, r.record_len), HAG_ERR_DAMAGED);
        ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "set it aside"));
    }
    memcpy(bad, r.record, r.record_len);
    bad[r.record_len] = 0;
    ck_assert_int_eq(restore(bad, r.record_len + 1), HAG_ERR_DAMAGED);
    ck_assert_int_eq(restore(NULL, 5), HAG_ERR_INVAL);
    ck_assert_str_eq(rig_explain(&r), before);
    ck_assert_uint_eq(rig_info(&r).term, 0);
    ck_assert_int_eq(restore(r.record, r.record_len), HAG_OK);
    rig_for(&r, 100000);
    must_end_well("after the right record");
    rig_end(&r);
}
END_TEST

START_TEST(of_another_cluster)
{
    hag_cluster other;
    hag_node n;

    rig_start(&r, 2, NULL);
    rig_settle(&r);
    fresh_guard();
    ck_assert_int_eq(hag_cluster_add(r.g, "carts", 0, 0, r.now, &other), HAG_OK);
    ck_assert_int_eq(hag_cluster_restore(r.g, other, r.record, r.record_len, r.now),
                     HAG_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "orders"));
    ck_assert_int_eq(hag_cluster_remove(r.g, r.c, r.now), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(r.g, "orders", 0, 0, r.now, &r.c), HAG_OK);
    ck_assert_int_eq(restore(r.record, r.record_len), HAG_ERR_NOT_FOUND); /* no such primary */
    ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "n1"));
    for (uint32_t i = 0; i < 2; i++) {
        struct hag_node_spec spec = {
            .size = sizeof(spec), .name = r.s[i].name, .addr = r.s[i].addr};

        ck_assert_int_eq(hag_node_add(r.g, r.c, &spec, r.now, &n), HAG_OK);
        r.s[i].node = n;
    }
    ck_assert_int_eq(restore(r.record, r.record_len), HAG_OK);
    rig_for(&r, 10000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    ck_assert_int_eq(restore(r.record, r.record_len), HAG_ERR_BUSY);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *const single[] = {
        at_every_kind, twice, quiet, condemned, moved_meanwhile, damaged, of_another_cluster};
    Suite *suite = suite_create("restart");
    TCase *tc = tcase_create("restart");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, failover, 0, 4);
    tcase_add_loop_test(tc, switchover, 0, 2);
    tcase_add_loop_test(tc, switchover_loses_its_primary, 0, 2);
    for (size_t i = 0; i < UNIT_COUNT(single); i++)
        tcase_add_test(tc, single[i]);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
