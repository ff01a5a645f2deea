/* SPDX-License-Identifier: MIT */
#include "../unit/unit.h"
#include "rig.h"

/* Ops: completed exactly once, late, twice, after a removal, never (4, S3, S18). */

static struct rig r;
static hag_op last[HAG_DO_MAX];
static hag_time deadline[HAG_DO_MAX];
static uint32_t attempts[HAG_DO_MAX];
static char request[HAG_DO_MAX][160];

static void note(struct rig *w, const struct hag_action *a)
{
    (void)w;
    last[a->kind] = a->op;
    deadline[a->kind] = a->deadline;
    attempts[a->kind]++;
    strncpy(request[a->kind], a->request, sizeof(request[0]) - 1);
}

static void begin(void)
{
    rig_start(&r, 3, NULL);
    r.watch = note;
    rig_settle(&r);
    memset(attempts, 0, sizeof(attempts));
}

static int32_t complete(hag_op op, uint32_t outcome)
{
    struct hag_result res = {.size = sizeof(res), .outcome = outcome};

    return hag_op_complete(r.g, op, &res, r.now);
}

/* A switchover held at its quiesce. */
static void hold_at_quiesce(void)
{
    begin();
    r.s[0].deed[HAG_DO_QUIESCE] = RIG_HANG;
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, r.s[1].node, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 100);
    ck_assert_uint_eq(attempts[HAG_DO_QUIESCE], 1);
}

START_TEST(double_completion)
{
    hold_at_quiesce();
    r.s[0].quiesced = 1;
    ck_assert_int_eq(complete(last[HAG_DO_QUIESCE], HAG_RES_OK), HAG_OK);
    ck_assert_int_eq(complete(last[HAG_DO_QUIESCE], HAG_RES_OK), HAG_ERR_STALE);
    ck_assert_int_eq(complete(last[HAG_DO_QUIESCE], HAG_RES_FAIL), HAG_ERR_STALE);
    ck_assert_str_ne(hag_errmsg(r.g), "");
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

START_TEST(bad_results_leave_it_open)
{
    struct hag_result res = {.size = sizeof(res)};
    struct hag_facts f = {.size = sizeof(f), .result = 99};
    hag_op op;

    hold_at_quiesce();
    op = last[HAG_DO_QUIESCE];
    ck_assert_int_eq(hag_op_complete(r.g, op, NULL, r.now), HAG_ERR_INVAL);
    res.outcome = 3;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    res.outcome = HAG_RES_OK;
    res.fence = HAG_FENCE_OFF + 1;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    res.fence = 0;
    res.reason = HAG_WHY_MAX;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    res.reason = 0;
    res.facts = &f;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    f.result = 0;
    f.role = 3;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    f.role = 0;
    f.nlineage = HAG_LINEAGE_MAX + 1;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    f.nlineage = 0;
    f.nstreams = 1;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_ERR_RANGE);
    f.nstreams = 0;
    r.s[0].quiesced = 1;
    ck_assert_int_eq(hag_op_complete(r.g, op, &res, r.now), HAG_OK);
    rig_end(&r);
}
END_TEST

/* At the deadline it is UNKNOWN; what comes later is stale and makes the guard look at once. */
START_TEST(late)
{
    uint32_t probes;

    hold_at_quiesce();
    rig_run(&r, deadline[HAG_DO_QUIESCE] - 1);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_FAILED, RIG_NOBODY), 0);
    rig_run(&r, deadline[HAG_DO_QUIESCE]);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_FAILED, 0), 1);
    ck_assert_uint_eq(attempts[HAG_DO_CANCEL], 1);
    ck_assert_uint_eq(last[HAG_DO_CANCEL], last[HAG_DO_QUIESCE]);
    rig_for(&r, 130); /* between two probes */
    probes = attempts[HAG_DO_PROBE];
    ck_assert_int_eq(complete(last[HAG_DO_QUIESCE], HAG_RES_OK), HAG_ERR_STALE);
    rig_for(&r, 1);
    ck_assert_uint_eq(attempts[HAG_DO_PROBE], probes + 1);
    rig_end(&r);
}
END_TEST

START_TEST(progress)
{
    hag_time first;

    hold_at_quiesce();
    first = deadline[HAG_DO_QUIESCE];
    ck_assert_int_eq(hag_op_progress(r.g, last[HAG_DO_QUIESCE], 0, r.now), HAG_ERR_RANGE);
    ck_assert_int_eq(hag_op_progress(r.g, last[HAG_DO_QUIESCE], 86400001, r.now), HAG_ERR_RANGE);
    rig_run(&r, first - 10);
    ck_assert_int_eq(hag_op_progress(r.g, last[HAG_DO_QUIESCE], 3000, r.now), HAG_OK);
    rig_run(&r, first - 10 + 2999);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_FAILED, RIG_NOBODY), 0);
    rig_run(&r, first - 10 + 3000);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_FAILED, RIG_NOBODY), 1);
    ck_assert_int_eq(hag_op_progress(r.g, last[HAG_DO_QUIESCE], 3000, r.now), HAG_ERR_STALE);
    ck_assert_int_eq(hag_op_progress(r.g, r.c, 3000, r.now), HAG_ERR_BAD_HANDLE);
    rig_end(&r);
}
END_TEST

START_TEST(after_removal_of_the_cluster)
{
    hold_at_quiesce();
    ck_assert_int_eq(hag_cluster_remove(r.g, r.c, r.now), HAG_OK);
    while (hag_dispatch(r.g, r.now) > 0)
        ;
    ck_assert_uint_eq(last[HAG_DO_CANCEL], last[HAG_DO_QUIESCE]);
    ck_assert_int_eq(complete(last[HAG_DO_QUIESCE], HAG_RES_OK), HAG_ERR_STALE);
    ck_assert_int_eq(complete(last[HAG_DO_PROBE], HAG_RES_OK), HAG_ERR_STALE);
    ck_assert_int_eq(hag_timeout(r.g, r.now), -1);
    rig_end(&r);
}
END_TEST

START_TEST(after_removal_of_the_node)
{
    hag_op probe;

    begin();
    r.s[2].cut = 1;
    rig_for(&r, 1500);
    r.s[2].deed[HAG_DO_FOLLOW] = RIG_HANG;
    r.s[2].cut = 0;
    r.s[2].upstream = 1;
    while (attempts[HAG_DO_FOLLOW] == 0)
        rig_for(&r, 100);
    probe = last[HAG_DO_PROBE];
    ck_assert_int_eq(hag_node_remove(r.g, r.s[2].node, r.now), HAG_OK);
    ck_assert_int_eq(complete(last[HAG_DO_FOLLOW], HAG_RES_OK), HAG_ERR_STALE);
    rig_for(&r, 5000);
    (void)complete(probe, HAG_RES_OK);
    ck_assert_uint_eq(rig_info(&r).nodes, 2);
    ck_assert_uint_eq(rig_info(&r).procedure, 0);
    rig_for(&r, 60000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_REPLICA], "127.0.0.1:7002");
    rig_end(&r);
}
END_TEST

/* An action that nobody has taken is withdrawn, and is no evidence. */
START_TEST(never_taken)
{
    begin();
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, r.s[1].node, 0, r.now, NULL), HAG_OK);
    ck_assert_int_eq(hag_cluster_remove(r.g, r.c, r.now), HAG_OK);
    while (hag_dispatch(r.g, r.now) > 0)
        ;
    ck_assert_uint_eq(attempts[HAG_DO_COMMIT], 0);
    ck_assert_uint_eq(attempts[HAG_DO_CANCEL], 0);
    rig_end(&r);
}
END_TEST

START_TEST(untaken_probe_is_no_evidence)
{
    begin();
    /* the host does not look in, but lets time pass */
    for (hag_time t = r.now; t < r.now + 200000; t += 500)
        ck_assert_int_ge(hag_advance(r.g, t), 0);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_UP);
    ck_assert_uint_eq(rig_node(&r, 0).fails, 0);
    rig_end(&r);
}
END_TEST

/* The durable id: the same request is asked again under the same name, another one under another. */
START_TEST(request_ids)
{
    char first[160];

    begin();
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_HANG;
    rig_kill(&r, 0);
    while (attempts[HAG_DO_PROMOTE] == 0)
        rig_for(&r, 10);
    strncpy(first, request[HAG_DO_PROMOTE], sizeof(first));
    ck_assert_ptr_nonnull(strstr(first, "orders/2/"));
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_OK;
    r.now += 10;
    rig_restart_guard(&r, NULL);
    rig_for(&r, 20000);
    ck_assert_uint_eq(attempts[HAG_DO_PROMOTE], 2);
    ck_assert_str_eq(request[HAG_DO_PROMOTE], first);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_for(&r, 20000);
    rig_revive(&r, 0, 0);
    rig_for(&r, 20000);
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, 0, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 2000);
    ck_assert_uint_eq(attempts[HAG_DO_PROMOTE], 3);
    ck_assert_str_ne(request[HAG_DO_PROMOTE], first);
    rig_end(&r);
}
END_TEST

/* A probe that ends with FAIL was never made; one with OK needs facts. */
START_TEST(probe_outcomes)
{
    begin();
    for (int k = 0; k < 2; k++) {
        struct hag_node_info before;

        rig_for(&r, 300); /* none is in flight then */
        r.s[1].cut = 1;
        last[HAG_DO_PROBE] = 0;
        ck_assert_int_eq(hag_node_probe(r.g, r.s[1].node, r.now), HAG_OK);
        while (hag_dispatch(r.g, r.now) > 0)
            ;
        ck_assert_uint_ne(last[HAG_DO_PROBE], 0);
        before = rig_node(&r, 1);
        if (k == 0) {
            ck_assert_int_eq(complete(last[HAG_DO_PROBE], HAG_RES_OK), HAG_ERR_INVAL);
            ck_assert_int_eq(complete(last[HAG_DO_PROBE], HAG_RES_FAIL), HAG_OK);
            ck_assert_uint_eq(rig_node(&r, 1).fails, before.fails);
        } else {
            ck_assert_int_eq(complete(last[HAG_DO_PROBE], HAG_RES_UNKNOWN), HAG_OK);
            ck_assert_uint_eq(rig_node(&r, 1).fails, before.fails + 1);
        }
        ck_assert_int_eq(complete(last[HAG_DO_PROBE], HAG_RES_UNKNOWN), HAG_ERR_STALE);
        r.s[1].cut = 0;
        memset(r.due, 0, sizeof(r.due));
        rig_for(&r, 5000);
    }
    rig_end(&r);
}
END_TEST

static uint32_t inside;

static void at_once(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct hag_result res = {.size = sizeof(res)};

    (void)ud;
    inside++;
    ck_assert_int_eq(hag_op_complete(g, a->op, &res, r.now), HAG_OK);
    ck_assert_int_eq(hag_op_complete(g, a->op, &res, r.now), HAG_ERR_STALE);
}

/* An op may be completed inside its own hook. */
START_TEST(completed_in_its_hook)
{
    begin();
    ck_assert_int_eq(hag_set_hook(r.g, HAG_DO_DETACH, at_once, NULL), HAG_OK);
    inside = 0;
    rig_kill(&r, 0);
    rig_for(&r, 65000);
    ck_assert_uint_eq(inside, 2);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* Polling: the kinds that the host names come out, the others are done without. */
START_TEST(polled)
{
    hag_guard *g;
    hag_cluster c;
    hag_node node;
    struct hag_node_spec s = {.size = sizeof(s), .name = "a", .addr = "127.0.0.1:1"};
    struct hag_action a = {.size = sizeof(a)};
    int got = 0;

    ck_assert_int_eq(hag_guard_new(NULL, &g), HAG_OK);
    ck_assert_int_eq(hag_handles(g, 1u << HAG_DO_PROBE), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(g, "x", 0, 42, 0, &c), HAG_OK);
    s.user = 43;
    ck_assert_int_eq(hag_node_add(g, c, &s, 0, &node), HAG_OK);
    for (hag_time t = 0; t < 1500 && !got; t += 10) {
        (void)hag_advance(g, t);
        while (hag_next_action(g, t, &a) == 1) {
            ck_assert_uint_eq(a.kind, HAG_DO_PROBE);
            ck_assert_uint_eq(a.node, node);
            ck_assert_uint_eq(a.user_node, 43);
            ck_assert_uint_eq(a.user_cluster, 42);
            ck_assert_str_eq(a.node_addr, "127.0.0.1:1");
            ck_assert_uint_eq(a.deadline, t + 1000);
            got = 1;
        }
    }
    ck_assert_int_eq(got, 1);
    ck_assert_int_eq(hag_next_action(g, 2000, NULL), HAG_ERR_INVAL);
    a.size = 8;
    ck_assert_int_eq(hag_next_action(g, 2000, &a), HAG_ERR_ABI);
    (void)hag_guard_destroy(g);
}
END_TEST

/* Garbage in the place of an op. */
START_TEST(no_ops)
{
    static const uint64_t bad[] = {0, 1, 42, 1ull << 53, UINT64_MAX, 5ull << 49};

    begin();
    for (uint32_t i = 0; i < UNIT_COUNT(bad); i++)
        ck_assert_int_eq(complete(bad[i], HAG_RES_OK), HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(complete(r.c, HAG_RES_OK), HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(complete(r.s[0].node, HAG_RES_OK), HAG_ERR_BAD_HANDLE);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {double_completion,
                            bad_results_leave_it_open,
                            late,
                            progress,
                            after_removal_of_the_cluster,
                            after_removal_of_the_node,
                            never_taken,
                            untaken_probe_is_no_evidence,
                            request_ids,
                            probe_outcomes,
                            completed_in_its_hook,
                            polled,
                            no_ops,
                            NULL};

    return unit_run("ops", tests);
}
