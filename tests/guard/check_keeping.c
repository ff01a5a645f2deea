/* SPDX-License-Identifier: MIT
 *
 * Names, pauses, limits, and what stands there at the start (U2 to U8, S7, S12, S14, S17).
 */
#include "losses.h"

/* U4 */
START_TEST(replica_killed)
{
    begin(3, NULL);
    rig_kill(&r, 2);
    rig_run(&r, 158000);
    ASSERT_NAME(REPLICA, A23);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_verdict(&r, 2), HAG_VERDICT_DOWN);
    ASSERT_NAME(REPLICA, A2);
    ASSERT_NAME(PRIMARY, A1);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_DEGRADED);
    rig_revive(&r, 2, 0);
    rig_for(&r, 10000);
    ASSERT_NAME(REPLICA, A23);
    must_be_healthy(0);
    nothing_was_touched();
    rig_end(&r);
}
END_TEST

START_TEST(last_replica_stays)
{
    begin(2, NULL);
    rig_kill(&r, 1);
    rig_run(&r, 200000);
    ck_assert_uint_eq(rig_verdict(&r, 1), HAG_VERDICT_DOWN);
    ASSERT_NAME(REPLICA, A2);
    ASSERT_NAME(PRIMARY, A1);
    rig_end(&r);
}
END_TEST

START_TEST(last_replica_is_withdrawn)
{
    static const char *const s[] = {"withdraw_replica", "on", NULL};

    begin(2, s);
    rig_kill(&r, 1);
    rig_run(&r, 200000);
    ASSERT_NAME(REPLICA, "");
    ASSERT_NAME(PRIMARY, A1);
    rig_end(&r);
}
END_TEST

/* U2: with nobody left the replica name is withdrawn until a new one is in sync, its debt paid. */
START_TEST(no_replica_after_promotion)
{
    begin(2, NULL);
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ASSERT_NAME(PRIMARY, A2);
    ASSERT_NAME(REPLICA, "");
    rig_revive(&r, 0, 0);
    rig_for(&r, 10000);
    ASSERT_NAME(REPLICA, "");
    rig_for(&r, 20000);
    ASSERT_NAME(REPLICA, A1);
    must_be_healthy(1);
    rig_end(&r);
}
END_TEST

/* S14: publish + ttl x debt_factor, to the millisecond. */
START_TEST(debt)
{
    static const char *const s[] = {"ttl", "3s", "debt_factor", "5", NULL};
    hag_time published;

    begin(2, s);
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, 0, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 1000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    published = r.moved[PRIMARY];
    ck_assert_int_eq(rig__link_up(&r, &r.s[0]), 1);
    rig_run(&r, published + 14999);
    ASSERT_NAME(REPLICA, "");
    rig_run(&r, published + 15001);
    ASSERT_NAME(REPLICA, A1);
    ck_assert_uint_ge(r.moved[REPLICA], published + 15000);
    rig_end(&r);
}
END_TEST

/* U8 */
START_TEST(dns_down)
{
    begin(3, NULL);
    r.dns_down = 1;
    rig_kill(&r, 0);
    rig_run(&r, 210000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ASSERT_NAME(PRIMARY, A1);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NAME_STALE), 0);
    rig_run(&r, 230000);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NAME_STALE), 1);
    r.dns_down = 0;
    rig_for(&r, 40000);
    ASSERT_NAME(PRIMARY, A2);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NAME_STALE), 0);
    rig_end(&r);
}
END_TEST

/* Read and found wrong: written again until it is true. */
START_TEST(dns_lies)
{
    uint32_t updates;

    begin(3, NULL);
    updates = r.acts[HAG_DO_ENDPOINT_UPDATE];
    r.dns_lies = 4;
    rig_kill(&r, 0);
    rig_run(&r, 200000);
    ck_assert_uint_ge(r.acts[HAG_DO_ENDPOINT_UPDATE], updates + 4);
    ASSERT_NAME(PRIMARY, A2);
    ck_assert_uint_eq(rig_info(&r).procedure, 0);
    rig_end(&r);
}
END_TEST

START_TEST(dns_cannot_be_read)
{
    uint32_t updates, checks;

    begin(3, NULL);
    r.dns_unread = 6;
    rig_kill(&r, 0);
    updates = r.acts[HAG_DO_ENDPOINT_UPDATE];
    checks = r.acts[HAG_DO_ENDPOINT_CHECK];
    rig_run(&r, 200000);
    /* S15: nothing is concluded from it, it is only read again */
    ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_UPDATE], updates + 2);
    ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_CHECK], checks + 2 + 6);
    ck_assert_uint_eq(rig_info(&r).procedure, 0);
    rig_end(&r);
}
END_TEST

/* S12 */
START_TEST(max_switches)
{
    static const char *const s[] = {"max_switches", "2", "hold_down", "0", NULL};

    begin(2, s);
    for (int k = 0; k < 2; k++) {
        uint32_t p = rig_primary(&r);

        rig_kill(&r, p);
        rig_for(&r, 70000);
        ck_assert_uint_eq(rig_primary(&r), 1 - p);
        rig_revive(&r, p, 0);
        rig_for(&r, 60000);
    }
    rig_kill(&r, 0);
    rig_for(&r, 200000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_HELD), 1);
    ck_assert_uint_eq(rig_info(&r).reason, HAG_WHY_MAX_SWITCHES);
    rig_for(&r, 3600000); /* the hour is over for the first of them */
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* S12: so many at once; the others follow when one has ended. */
START_TEST(max_failovers)
{
    static const char *const s[] = {"max_failovers", "1", "fence", "required", NULL};
    hag_cluster other;
    struct hag_cluster_info i = {.size = sizeof(i)};

    rig_world(&r, 3);
    rig_guard(&r, s);
    ck_assert_int_eq(hag_cluster_add(r.g, "carts", r.p, 0, 0, &other), HAG_OK);
    for (uint32_t k = 3; k < 5; k++) {
        struct rig_store *t = &r.s[k];
        struct hag_node_spec spec = {.size = sizeof(spec), .name = t->name, .addr = t->addr};

        *t = (struct rig_store){.boot = 1,
                                .history = 50,
                                .priority = 100,
                                .position = 5,
                                .fence = HAG_FENCE_DEMOTED,
                                .primary = k == 3,
                                .upstream = k == 3 ? RIG_NOBODY : 3};
        (void)snprintf(t->name, sizeof(t->name), "n%u", k + 1);
        (void)snprintf(t->addr, sizeof(t->addr), "127.0.0.2:%u", 7001 + k);
        ck_assert_int_eq(hag_node_add(r.g, other, &spec, 0, &t->node), HAG_OK);
    }
    r.n = 5;
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_for(&r, 5000);
    rig_kill(&r, 3);
    rig_for(&r, 80000);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_FAILOVER);
    ck_assert_int_eq(hag_cluster_get(r.g, other, &i), HAG_OK);
    ck_assert_uint_eq(i.procedure, 0);
    ck_assert_uint_eq(i.reason, HAG_WHY_MAX_FAILOVERS);
    ck_assert_uint_eq(i.alerts >> HAG_ALERT_HELD & 1, 1);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, 0, r.now), HAG_OK);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_info(&r).failovers, 1);
    ck_assert_int_eq(hag_cluster_get(r.g, other, &i), HAG_OK);
    ck_assert_uint_eq(i.procedure, HAG_PROC_FAILOVER);
    rig_end(&r);
}
END_TEST

/* S17 */
START_TEST(pause)
{
    begin(3, NULL);
    ck_assert_int_eq(hag_cluster_pause(r.g, r.c, "ann", 200000, r.now), HAG_OK);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_PAUSED);
    ck_assert_str_eq(rig_info(&r).paused_by, "ann");
    rig_kill(&r, 0);
    rig_run(&r, 299000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_DOWN);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_PAUSED_UNHEALTHY), 1);
    ck_assert_int_eq(says("paused by ann"), 1);
    rig_run(&r, 301500);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_PAUSED_UNHEALTHY), 0);
    ck_assert_uint_eq(rig_find(&r, HAG_EV_RESUMED, RIG_NOBODY, 0)->at, 300000);
    rig_end(&r);
}
END_TEST

START_TEST(resume_by_hand)
{
    begin(3, NULL);
    ck_assert_int_eq(hag_cluster_pause(r.g, r.c, "ann", 2000000, r.now), HAG_OK);
    rig_kill(&r, 0);
    rig_run(&r, 200000);
    ck_assert_int_eq(hag_cluster_resume(r.g, r.c, r.now), HAG_OK);
    rig_for(&r, 1500);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* A guard that is not the sole decider, or has nobody to commit or promote, only advises. */
START_TEST(advises)
{
    static const struct hag_options one_of_many = {.size = sizeof(one_of_many), .seed = 1};
    static const char *const accept[] = {"volatile", "accept", NULL};
    static const struct {
        uint64_t unhandled;
        uint32_t why;
        const struct hag_options *opt;
        const char *const *settings;
    } rows[] = {
        {0, HAG_WHY_ADVISING, &one_of_many, NULL},
        {1u << HAG_DO_COMMIT, HAG_WHY_NO_HANDLER, NULL, NULL},
        {1u << HAG_DO_PROMOTE, HAG_WHY_NO_HANDLER, NULL, NULL},
        {1u << HAG_DO_COMMIT, HAG_WHY_NONE, NULL, accept},
    };

    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        struct hag_answer a = {.size = sizeof(a)};

        r.opt = rows[k].opt;
        rig_world(&r, 3);
        r.unhandled = rows[k].unhandled;
        rig_guard(&r, rows[k].settings);
        rig_settle(&r);
        rig_kill(&r, 0);
        rig_run(&r, 200000);
        if (rows[k].why == HAG_WHY_NONE) {
            ck_assert_uint_eq(rig_primary(&r), 1);
            ck_assert_uint_eq(rig_info(&r).deciding, 1);
        } else {
            nothing_was_touched();
            ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_UPDATE], 0);
            ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_DOWN);
            ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_ADVISING), 1);
            ck_assert_uint_eq(rig_info(&r).deciding, 0);
            ck_assert_int_eq(says("it only advises"), 1);
            ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, 0, r.now, &a), HAG_ERR_REFUSED);
            ck_assert_uint_eq(a.reasons[0], rows[k].why);
        }
        rig_end(&r);
    }
    r.opt = NULL;
}
END_TEST

/* What nobody handles is done without, and said once. */
START_TEST(unhandled)
{
    rig_world(&r, 3);
    r.unhandled = 1u << HAG_DO_FENCE | 1u << HAG_DO_DISCONNECT | 1u << HAG_DO_PERSIST_ROLE |
                  1u << HAG_DO_ENDPOINT_UPDATE | 1u << HAG_DO_ENDPOINT_CHECK;
    rig_guard(&r, NULL);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    for (uint32_t kind = 1; kind < HAG_DO_MAX; kind++) {
        uint32_t told = 0;

        for (uint32_t i = 0; i < r.nev; i++)
            told += r.ev[i].event == HAG_EV_UNHANDLED && r.ev[i].arg == kind;
        ck_assert_uint_le(told, 1);
        if (kind == HAG_DO_FENCE || kind == HAG_DO_PERSIST_ROLE)
            ck_assert_uint_eq(told, 1);
    }
    rig_end(&r);
}
END_TEST

/* S11, at the start: two that say so are not guessed between. */
START_TEST(two_primaries_at_start)
{
    for (int k = 0; k < 3; k++) {
        rig_world(&r, 3);
        r.s[2].primary = 1;
        r.s[2].upstream = RIG_NOBODY;
        if (k == 1)
            r.s[2].flags = HAG_NODE_PRIMARY;
        rig_guard(&r, NULL);
        rig_run(&r, 60000);
        if (k != 1) {
            nothing_was_touched();
            ck_assert_uint_eq(rig_state(&r), HAG_STATE_OBSERVING);
            ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_TWO_PRIMARIES), 1);
        }
        if (k == 2) { /* the operator says who */
            ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[0].node, r.now), HAG_OK);
            rig_for(&r, 20000);
        }
        if (k != 0) {
            rig_for(&r, 60000);
            must_be_healthy(k == 1 ? 2 : 0);
        }
        rig_end(&r);
    }
}
END_TEST

START_TEST(primary_dead_at_start)
{
    rig_world(&r, 3);
    rig_kill(&r, 0);
    rig_guard(&r, NULL);
    rig_run(&r, 58000);
    nothing_was_touched();
    rig_run(&r, 200000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    /* in sync with it? nobody has seen that: an operator has to say */
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 1);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, HAG_OPERATE_DATA_LOSS, r.now, NULL), HAG_OK);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* S7: an unknown history is not admitted until somebody says so. */
START_TEST(unknown_node)
{
    rig_world(&r, 3);
    r.s[2].history = 99;
    r.histories = 99;
    r.s[2].upstream = RIG_NOBODY;
    rig_guard(&r, NULL);
    rig_run(&r, 60000);
    nothing_was_touched();
    ck_assert_int_eq(rig_node_alerting(&r, 2, HAG_ALERT_UNKNOWN_NODE), 1);
    ASSERT_NAME(REPLICA, A2);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[1].node, r.now), HAG_ERR_NOT_FOUND);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[2].node, r.now), HAG_OK);
    rig_for(&r, 10000);
    must_be_healthy(0);
    ASSERT_NAME(REPLICA, A23);
    rig_end(&r);
}
END_TEST

/* Somebody pointed a standby elsewhere: put back once it lasts, not at once. */
START_TEST(wrong_upstream)
{
    begin(3, NULL);
    r.s[2].upstream = 1;
    rig_for(&r, 1500);
    ck_assert_uint_eq(r.acts[HAG_DO_FOLLOW], 0);
    rig_for(&r, 10000);
    ck_assert_uint_eq(r.acts[HAG_DO_FOLLOW], 1);
    must_be_healthy(0);
    rig_end(&r);
}
END_TEST

/* Promoted by hand while the primary lives: the primary of the record stays, the other is a replica. */
START_TEST(promoted_by_hand)
{
    begin(3, NULL);
    r.s[2].primary = 1;
    r.s[2].upstream = RIG_NOBODY;
    r.s[2].older = r.s[2].history;
    r.s[2].fork = r.s[2].position;
    r.s[2].history = ++r.histories;
    rig_for(&r, 1200);
    ck_assert_int_eq(rig_alert(&r, HAG_ALERT_TWO_PRIMARIES), 1);
    rig_for(&r, 20000);
    must_be_healthy(0);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_TWO_PRIMARIES), 0);
    rig_end(&r);
}
END_TEST

/* redis#3837: nobody is a primary. */
START_TEST(cycle)
{
    begin(3, NULL);
    r.s[0].primary = 0;
    r.s[0].upstream = 1;
    rig_for(&r, 5000);
    ck_assert_int_eq(rig_alert(&r, HAG_ALERT_CYCLE), 1);
    rig_end(&r);
}
END_TEST

START_TEST(readonly)
{
    begin(3, NULL);
    r.s[0].readonly = 1;
    rig_for(&r, 120000);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_READONLY), 1);
    nothing_was_touched();
    r.s[0].readonly = 0;
    rig_for(&r, 2000);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_READONLY), 0);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {replica_killed,
                            last_replica_stays,
                            last_replica_is_withdrawn,
                            no_replica_after_promotion,
                            debt,
                            dns_down,
                            dns_lies,
                            dns_cannot_be_read,
                            max_switches,
                            max_failovers,
                            pause,
                            resume_by_hand,
                            advises,
                            unhandled,
                            two_primaries_at_start,
                            primary_dead_at_start,
                            unknown_node,
                            wrong_upstream,
                            promoted_by_hand,
                            cycle,
                            readonly,
                            NULL};

    return unit_run("keeping", tests);
}
