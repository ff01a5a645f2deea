/* SPDX-License-Identifier: MIT
 *
 * Names, pauses and limits (U2 to U8, S2, S6, S12, S14, S15, S17).
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

/* U2: after a promotion only who serves stays, and who is merely suspect does not. */
START_TEST(trimmed)
{
    begin(3, NULL);
    rig_kill(&r, 0);
    rig_run(&r, 150000);
    rig_kill(&r, 2);
    rig_run(&r, 159000);
    ASSERT_NAME(REPLICA, A23);
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_verdict(&r, 2), HAG_VERDICT_SUSPECT);
    ASSERT_NAME(PRIMARY, A2);
    ASSERT_NAME(REPLICA, "");
    rig_end(&r);
}
END_TEST

/* S6: one that follows another than the primary does not enter. */
START_TEST(follows_another)
{
    rig_world(&r, 3);
    r.s[2].upstream = 1;
    r.s[2].deed[HAG_DO_FOLLOW] = RIG_REFUSE;
    rig_guard(&r, NULL);
    rig_run(&r, 60000);
    ASSERT_NAME(REPLICA, A2);
    rig_end(&r);
}
END_TEST

/* S2: nothing is published in a term that is not recorded. */
START_TEST(published_when_recorded)
{
    rig_world(&r, 2);
    r.disk_full = 1;
    rig_guard(&r, NULL);
    rig_run(&r, 20000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_UPDATE], 0);
    r.disk_full = 0;
    rig_for(&r, 40000);
    ASSERT_NAME(PRIMARY, A1);
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
    /* names_within, to the round: nobody has to look in for it */
    ck_assert_uint_le(rig_find(&r, HAG_EV_END, RIG_NOBODY, 0)->at,
                      rig_find(&r, HAG_EV_PRIMARY, 1, 0)->at + 60050);
    r.dns_down = 0;
    rig_for(&r, 40000);
    ASSERT_NAME(PRIMARY, A2);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NAME_STALE), 0);
    rig_end(&r);
}
END_TEST

/* S1: the next failover does not wait for the names of the last one. */
START_TEST(promoted_dies_before_the_names_are_true)
{
    static const char *const slow[] = {"names_within", "10m", NULL};

    begin(3, slow);
    r.dns_down = 1;
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_FAILOVER);
    rig_kill(&r, 1);
    rig_run(&r, 230000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    r.dns_down = 0;
    rig_for(&r, 40000);
    ASSERT_NAME(PRIMARY, r.s[2].addr);
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

int main(void)
{
    const TTest *tests[] = {replica_killed,
                            last_replica_stays,
                            last_replica_is_withdrawn,
                            no_replica_after_promotion,
                            trimmed,
                            follows_another,
                            published_when_recorded,
                            debt,
                            dns_down,
                            promoted_dies_before_the_names_are_true,
                            dns_lies,
                            dns_cannot_be_read,
                            max_switches,
                            max_failovers,
                            pause,
                            resume_by_hand,
                            NULL};

    return unit_run("keeping", tests);
}
