/* SPDX-License-Identifier: MIT
 *
 * Losses of a primary, and what comes of each step (6, 7, 8).
 */
#include "losses.h"

/* U1: 60 s from the sending of the first failed probe, the name unchanged meanwhile; U2 after it. */
START_TEST(killed)
{
    const struct rig_event *down;
    hag_time first;

    begin(3, NULL);
    ASSERT_NAME(PRIMARY, A1);
    ASSERT_NAME(REPLICA, A23);
    rig_kill(&r, 0);
    rig_run(&r, 105000);
    first = rig_node(&r, 0).grace_end - 60000;
    ck_assert_uint_ge(first, 100000);
    rig_run(&r, first + 59999);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_SUSPECT);
    ASSERT_NAME(PRIMARY, A1);
    ASSERT_NAME(REPLICA, A23);
    nothing_was_touched();
    rig_run(&r, first + 60500);
    down = rig_find(&r, HAG_EV_DOWN, 0, 0);
    ck_assert_ptr_nonnull(down);
    ck_assert_uint_eq(down->at, first + 60000);
    ASSERT_NAME(PRIMARY, A2);
    ASSERT_NAME(REPLICA, "127.0.0.1:7003");
    ck_assert_uint_le(r.moved[PRIMARY], first + 60010);
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_UNLIKELY);
    ck_assert_uint_eq(rig_info(&r).failovers, 1);
    ck_assert_uint_eq(rig_info(&r).term, 2);
    rig_revive(&r, 0, 0);
    rig_for(&r, 60000);
    must_be_healthy(1);
    ASSERT_NAME(REPLICA, "127.0.0.1:7001 127.0.0.1:7003");
    ck_assert_int_eq(r.s[0].primary, 0);
    ck_assert_uint_eq(r.s[0].upstream, 1);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 1);
    rig_end(&r);
}
END_TEST

/* The order of design 8, as the host sees it. */
static uint32_t seen[64], nseen;

static void note(struct rig *w, const struct hag_action *a)
{
    (void)w;
    if (a->kind != HAG_DO_PROBE && a->kind != HAG_DO_EVENT && nseen < 64 &&
        (nseen == 0 || seen[nseen - 1] != a->kind))
        seen[nseen++] = a->kind;
}

START_TEST(order_of_steps)
{
    static const uint32_t want[] = {HAG_DO_COMMIT, HAG_DO_FENCE,   HAG_DO_DETACH,
                                    HAG_DO_COMMIT, HAG_DO_PROMOTE, HAG_DO_ENDPOINT_UPDATE,
                                    HAG_DO_COMMIT, HAG_DO_FOLLOW};

    begin(3, NULL);
    nseen = 0;
    r.watch = note;
    rig_kill(&r, 0);
    rig_for(&r, 62000);
    ck_assert_uint_ge(nseen, UNIT_COUNT(want));
    for (uint32_t i = 0; i < UNIT_COUNT(want); i++)
        ck_assert_msg(seen[i] == want[i], "step %u is %s, not %s", i,
                      hag_name(HAG_NAMES_ACTION, seen[i]), hag_name(HAG_NAMES_ACTION, want[i]));
    ck_assert_uint_eq(seen[nseen - 2], HAG_DO_PERSIST_ROLE);
    ck_assert_uint_eq(seen[nseen - 1], HAG_DO_COMMIT);
    rig_end(&r);
}
END_TEST

START_TEST(both_die)
{
    begin(2, NULL);
    rig_kill(&r, 0);
    rig_kill(&r, 1);
    rig_run(&r, 300000);
    ck_assert_uint_ne(rig_info(&r).alerts & (1u << HAG_ALERT_NO_CANDIDATE | 1u << HAG_ALERT_ALONE),
                      UINT64_MAX);
    nothing_was_touched();
    rig_revive(&r, 0, 0);
    rig_revive(&r, 1, 0);
    rig_for(&r, 60000);
    must_be_healthy(0);
    rig_end(&r);
}
END_TEST

START_TEST(promote_refused)
{
    begin(3, NULL);
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_REFUSE;
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 2);
    ck_assert_uint_eq(rig_info(&r).term, 3); /* another candidate, another term */
    ck_assert_uint_eq(r.s[1].upstream, 2);
    rig_revive(&r, 0, 0);
    rig_for(&r, 60000);
    must_be_healthy(2);
    rig_end(&r);
}
END_TEST

START_TEST(promote_refused_by_all)
{
    begin(3, NULL);
    r.s[1].deed[HAG_DO_PROMOTE] = r.s[2].deed[HAG_DO_PROMOTE] = RIG_REFUSE;
    rig_kill(&r, 0);
    rig_run(&r, 162000);
    ck_assert_uint_eq(rig_primary(&r), 0);
    ck_assert_uint_le(rig_writers(&r), 0);
    rig_run(&r, 200000);
    ck_assert_uint_le(r.acts[HAG_DO_PROMOTE], 80); /* it does not hammer */
    memset(r.s[2].deed, 0, sizeof(r.s[2].deed));
    rig_for(&r, 60000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    rig_end(&r);
}
END_TEST

/* It happened, but nobody says so: the next probe sees it. */
START_TEST(promote_mute)
{
    begin(3, NULL);
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_MUTE;
    rig_kill(&r, 0);
    rig_run(&r, 163000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 1);
    rig_end(&r);
}
END_TEST

/* S3: never heard of again: it is an ex-primary of its term, fenced before another one. */
START_TEST(promote_hangs)
{
    begin(3, NULL);
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_HANG;
    rig_kill(&r, 0);
    rig_run(&r, 400000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_ptr_nonnull(rig_find(&r, HAG_EV_FENCE, 1, 0));
    ck_assert_uint_le(rig_find(&r, HAG_EV_FENCE, 1, 0)->at, rig_find(&r, HAG_EV_PROMOTE, 2, 0)->at);
    ck_assert_uint_ge(rig_info(&r).term, 3);
    rig_end(&r);
}
END_TEST

START_TEST(promote_late)
{
    begin(3, NULL);
    r.s[1].deed[HAG_DO_PROMOTE] = RIG_LATE;
    rig_kill(&r, 0);
    rig_run(&r, 500000);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_int_eq(r.s[rig_primary(&r)].primary, 1);
    rig_end(&r);
}
END_TEST

/* S13: nobody eligible, nothing touched, and why not stands in the explanation. */
START_TEST(unfit)
{
    rig_world(&r, 3);
    r.s[1].priority = 0;
    r.s[2].flags = HAG_NODE_NO_PROMOTE;
    rig_guard(&r, NULL);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 300000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_LOST);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 1);
    ck_assert_int_eq(says("priority-zero"), 1);
    ck_assert_int_eq(says("excluded"), 1);
    ck_assert_uint_eq(rig_info(&r).term, 1);
    r.s[1].priority = 1;
    rig_for(&r, 2000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 0);
    rig_end(&r);
}
END_TEST

/* U11 */
START_TEST(read_replica)
{
    rig_world(&r, 2);
    r.s[1].flags = HAG_NODE_READ_REPLICA;
    rig_guard(&r, NULL);
    rig_settle(&r);
    ASSERT_NAME(REPLICA, A2);
    rig_kill(&r, 0);
    rig_run(&r, 300000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_node(&r, 1).refusal, HAG_WHY_READ_REPLICA);
    rig_end(&r);
}
END_TEST

START_TEST(candidate_dies_on_the_way)
{
    begin(3, NULL);
    r.s[1].delay[HAG_DO_PROMOTE] = 2000;
    rig_kill(&r, 0);
    while (r.acts[HAG_DO_PROMOTE] == 0)
        rig_for(&r, 10);
    rig_kill(&r, 1);
    rig_for(&r, 180000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    ck_assert_uint_eq(rig_writers(&r), 1);
    rig_end(&r);
}
END_TEST

START_TEST(promoted_dies_right_after)
{
    begin(3, NULL);
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_kill(&r, 1);
    rig_run(&r, 300000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ASSERT_NAME(PRIMARY, "127.0.0.1:7003");
    rig_revive(&r, 0, 0);
    rig_revive(&r, 1, 0);
    rig_for(&r, 60000);
    must_be_healthy(2); /* also the first one, whose history is two promotions old */
    rig_end(&r);
}
END_TEST

/* S2: without a durable term nothing is done. */
/* S4: a standby that has not met the new primary counts for as long as that one has not served
 * longer than `fresh`: afterwards too much would be missing. */
static void promoted_dies_unmet(hag_time after)
{
    begin(3, NULL);
    rig_kill(&r, 0);
    r.s[2].link_stopped = 1;
    while (rig_primary(&r) != 1)
        rig_for(&r, 1);
    rig_for(&r, after);
    rig_kill(&r, 1);
    rig_for(&r, 120000);
}

START_TEST(promoted_dies_unmet_at_once)
{
    promoted_dies_unmet(1000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    rig_end(&r);
}
END_TEST

START_TEST(promoted_dies_unmet_later)
{
    struct hag_node_info i = {.size = sizeof(i)};

    promoted_dies_unmet(30000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 1);
    ck_assert_int_eq(hag_node_get(r.g, r.s[2].node, &i), HAG_OK);
    ck_assert_uint_eq(i.refusal, HAG_WHY_NEVER_SYNCED);
    rig_end(&r);
}
END_TEST

/* A soft fence held writes; the replica that it becomes is not left holding scripts. */
START_TEST(soft_fence_is_lifted_in_the_rejoin)
{
    begin(3, NULL);
    r.s[0].fence = HAG_FENCE_SOFT;
    r.s[0].fence_for = 60000;
    r.s[0].frozen = 1;
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    r.s[0].frozen = 0;
    rig_for(&r, 10000);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_UNQUIESCE, 0), 1);
    ck_assert_int_eq(r.s[0].quiesced, 0);
    rig_end(&r);
}
END_TEST

START_TEST(disk_full)
{
    begin(3, NULL);
    r.disk_full = 1;
    rig_kill(&r, 0);
    rig_run(&r, 300000);
    nothing_was_touched();
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_COMMIT_FAILED), 1);
    ck_assert_uint_le(r.commits, 30);
    r.disk_full = 0;
    rig_for(&r, 35000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_COMMIT_FAILED), 0);
    rig_end(&r);
}
END_TEST

START_TEST(commit_mute)
{
    for (int mute = 1; mute <= 3; mute++) {
        begin(3, NULL);
        r.commit_mute = mute;
        rig_kill(&r, 0);
        rig_run(&r, 300000);
        ck_assert_uint_eq(rig_primary(&r), 1);
        ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 1);
        ck_assert_uint_eq(rig_info(&r).term, 2);
        ck_assert_uint_eq(rig_info(&r).version, r.record_version);
        rig_end(&r);
    }
}
END_TEST

/* S16 */
START_TEST(fence_required)
{
    static const char *const s[] = {"fence", "required", NULL};

    begin(3, s);
    rig_kill(&r, 0);
    rig_run(&r, 400000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_FENCE_UNCONFIRMED), 1);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, 0, r.now), HAG_OK);
    rig_for(&r, 3000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_IMPOSSIBLE);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_FENCE_UNCONFIRMED), 0);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, 0, r.now), HAG_ERR_NOT_FOUND);
    rig_end(&r);
}
END_TEST

/* A soft fence is not enough where it is required, and leaves two writers unlikely where it is not. */
START_TEST(fence_soft)
{
    static const char *const required[] = {"fence", "required", NULL};

    for (int k = 0; k < 2; k++) {
        rig_world(&r, 3);
        r.s[0].fence = HAG_FENCE_SOFT;
        r.s[0].fence_for = 600000;
        rig_guard(&r, k == 0 ? NULL : required);
        rig_settle(&r);
        ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, 0, r.now, NULL), HAG_OK);
        rig_for(&r, 900);
        ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], k == 0 ? 1 : 0);
        ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_FENCE_UNCONFIRMED), k == 0 ? 0 : 1);
        rig_end(&r);
    }
}
END_TEST

/* S13: one good answer before promote leaves; every step is taken back. */
START_TEST(primary_answers_again)
{
    static const char *const s[] = {"fence", "required", "fence_wait", "10s", NULL};
    uint64_t lost;

    begin(3, s);
    r.s[0].frozen = 1;
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_FAILOVER);
    lost = r.s[1].position;
    r.s[0].frozen = 0;
    rig_for(&r, 20000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_ptr_nonnull(rig_find(&r, HAG_EV_ABORT, RIG_NOBODY, 0));
    ck_assert_uint_eq(rig_find(&r, HAG_EV_ABORT, RIG_NOBODY, 0)->reason, HAG_WHY_PRIMARY_RETURNED);
    must_be_healthy(0);
    ck_assert_uint_gt(r.s[1].position, lost);
    rig_end(&r);
}
END_TEST

/* ... also while the standbys are being cut off: they are attached again. */
START_TEST(primary_answers_while_detaching)
{
    begin(3, NULL);
    r.s[2].delay[HAG_DO_DETACH] = 3000;
    r.s[0].frozen = 1;
    while (r.acts[HAG_DO_DETACH] < 2)
        rig_for(&r, 10);
    rig_for(&r, 10);
    ck_assert_uint_eq(r.s[1].upstream, RIG_NOBODY);
    r.s[0].frozen = 0;
    rig_for(&r, 30000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    must_be_healthy(0);
    ck_assert_uint_eq(r.s[1].upstream, 0);
    ck_assert_uint_eq(r.s[2].upstream, 0);
    ck_assert_uint_eq(rig_info(&r).failovers, 0);
    rig_end(&r);
}
END_TEST

/* S5: one that cannot be detached is read twice, with its link down. */
START_TEST(undetachable)
{
    rig_world(&r, 3);
    r.unhandled = 1u << HAG_DO_DETACH;
    rig_guard(&r, NULL);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* S4, S5: the one with more, whatever was last read in the routine. */
START_TEST(most_data_wins)
{
    rig_world(&r, 4);
    r.s[1].lag = 3000;
    r.s[2].lag = 10;
    r.s[3].lag = 2000;
    r.s[3].priority = 200;
    rig_guard(&r, NULL);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    rig_end(&r);
}
END_TEST

START_TEST(preferred_zone)
{
    rig_world(&r, 3);
    (void)snprintf(r.s[2].zone, sizeof(r.s[2].zone), "west");
    rig_guard(&r, NULL);
    ck_assert_int_eq(hag_cluster_prefer_zone(r.g, r.c, "west"), HAG_OK);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 101000);
    rig_run(&r, 165000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    rig_end(&r);
}
END_TEST

/* Frozen right when the guard orders it to follow: bounded, and put right later. */
START_TEST(repoint_is_bounded)
{
    begin(4, NULL);
    r.s[2].deed[HAG_DO_FOLLOW] = RIG_HANG;
    rig_kill(&r, 0);
    rig_run(&r, 200000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_eq(r.s[3].upstream, 1);
    ck_assert_uint_eq(rig_info(&r).failovers, 1);
    r.s[2].deed[HAG_DO_FOLLOW] = RIG_OK;
    rig_revive(&r, 0, 0);
    rig_for(&r, 60000);
    must_be_healthy(1);
    ck_assert_uint_eq(r.s[2].upstream, 1);
    rig_end(&r);
}
END_TEST

/* The operator orders it without graces; nobody at all, nothing done. */
START_TEST(by_order)
{
    struct hag_answer a = {.size = sizeof(a)};

    begin(3, NULL);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, HAG_OPERATE_DRY_RUN, r.now, &a), HAG_OK);
    ck_assert_uint_eq(a.target, rig_info(&r).candidate);
    rig_for(&r, 1000);
    nothing_was_touched();
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, r.s[2].node, 0, r.now, &a), HAG_OK);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 2);
    rig_for(&r, 30000);
    must_be_healthy(2);
    rig_end(&r);
}
END_TEST

START_TEST(data_loss_order)
{
    static const char *const s[] = {"max_lag_bytes", "100", NULL};
    struct hag_answer a = {.size = sizeof(a)};

    rig_world(&r, 2);
    r.s[1].lag = 5000;
    rig_guard(&r, s);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_run(&r, 200000);
    nothing_was_touched();
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, 0, r.now, &a), HAG_ERR_REFUSED);
    ck_assert_uint_eq(a.reasons[0], HAG_WHY_NO_CANDIDATE);
    ck_assert_uint_eq(a.reasons[1], HAG_WHY_STALE);
    ck_assert_uint_eq(a.about[1], r.s[1].node);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, HAG_OPERATE_DATA_LOSS, r.now, &a), HAG_OK);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

START_TEST(hold_down)
{
    begin(3, NULL);
    ck_assert_int_eq(hag_cluster_switchover(r.g, r.c, r.s[1].node, 0, r.now, NULL), HAG_OK);
    rig_for(&r, 30000);
    ck_assert_uint_eq(rig_node(&r, 0).refusal, HAG_WHY_HOLD_DOWN);
    rig_kill(&r, 1);
    rig_for(&r, 70000);
    ck_assert_uint_eq(rig_primary(&r), 2); /* n1 would come first by name */
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {killed,
                            order_of_steps,
                            both_die,
                            promote_refused,
                            promote_refused_by_all,
                            promote_mute,
                            promote_hangs,
                            promote_late,
                            unfit,
                            read_replica,
                            candidate_dies_on_the_way,
                            promoted_dies_right_after,
                            promoted_dies_unmet_at_once,
                            promoted_dies_unmet_later,
                            soft_fence_is_lifted_in_the_rejoin,
                            disk_full,
                            commit_mute,
                            fence_required,
                            fence_soft,
                            primary_answers_again,
                            primary_answers_while_detaching,
                            undetachable,
                            most_data_wins,
                            preferred_zone,
                            repoint_is_bounded,
                            by_order,
                            data_loss_order,
                            hold_down,
                            NULL};

    return unit_run("failover", tests);
}
