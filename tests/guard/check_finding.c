/* SPDX-License-Identifier: MIT
 *
 * What stands there at the start, what somebody else changed, what nobody handles (4, 5.12, S7, S11).
 */
#include "losses.h"

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
/* As redis with an AOF does: the killed primary comes back with its data and a history of its own. */
static void returns_without_its_history(const char *const *settings)
{
    rig_world(&r, 3);
    rig_guard(&r, settings);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_revive(&r, 0, 0);
    r.s[0].history = ++r.histories;
    r.s[0].older = 0;
    rig_for(&r, 60000);
}

START_TEST(former_member_without_history)
{
    static const char *const on[] = {"rejoin_unknown", "on", NULL};

    returns_without_its_history(NULL);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_UNKNOWN_NODE), 1);
    ck_assert_int_eq(r.s[0].primary, 1);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[0].node, r.now), HAG_OK);
    rig_for(&r, 30000);
    must_be_healthy(1);
    rig_end(&r);

    returns_without_its_history(on);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_UNKNOWN_NODE), 0);
    must_be_healthy(1);
    rig_end(&r);
}
END_TEST

/* The setting speaks of former members, not of whoever answers at a configured address. */
START_TEST(stranger_in_spite_of_the_setting)
{
    static const char *const on[] = {"rejoin_unknown", "on", NULL};

    rig_world(&r, 3);
    r.s[2].history = 99;
    r.histories = 99;
    r.s[2].upstream = RIG_NOBODY;
    rig_guard(&r, on);
    rig_run(&r, 60000);
    nothing_was_touched();
    ck_assert_int_eq(rig_node_alerting(&r, 2, HAG_ALERT_UNKNOWN_NODE), 1);
    rig_end(&r);
}
END_TEST

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
    const TTest *tests[] = {advises,
                            unhandled,
                            two_primaries_at_start,
                            primary_dead_at_start,
                            unknown_node,
                            former_member_without_history,
                            stranger_in_spite_of_the_setting,
                            wrong_upstream,
                            promoted_by_hand,
                            cycle,
                            readonly,
                            NULL};

    return unit_run("finding", tests);
}
