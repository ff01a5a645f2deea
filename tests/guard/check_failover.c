/* SPDX-License-Identifier: MIT
 *
 * What the design promises of losses (6, 7), played with the settings a user gets.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

static struct rig r;

#define ASSERT_NAME(which, want) ck_assert_str_eq(r.name[which], want)
#define PRIMARY                  HAG_ENDPOINT_PRIMARY
#define REPLICA                  HAG_ENDPOINT_REPLICA

static const char A1[] = "127.0.0.1:7001", A2[] = "127.0.0.1:7002";
static const char A23[] = "127.0.0.1:7002 127.0.0.1:7003";

static void begin(uint32_t nodes, const char *const *settings)
{
    rig_start(&r, nodes, settings);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(rig_primary(&r), 0);
}

static void must_be_healthy(uint32_t primary)
{
    ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY, "%s", rig_explain(&r));
    ck_assert_uint_eq(rig_primary(&r), primary);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_int_eq(r.s[primary].primary, 1);
    ASSERT_NAME(PRIMARY, r.s[primary].addr);
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_IMPOSSIBLE);
}

static void nothing_was_touched(void)
{
    ck_assert_uint_eq(r.acts[HAG_DO_DETACH], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_FENCE], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_FOLLOW], 0);
}

static int says(const char *what)
{
    return strstr(rig_explain(&r), what) != NULL;
}

static hag_source source(uint32_t kind, uint32_t node, const char *name)
{
    hag_source s = 0;

    ck_assert_int_eq(
        hag_source_add(r.g, r.c, kind, kind == HAG_SOURCE_AGENT ? r.s[node].node : 0, name, &s),
        HAG_OK);
    return s;
}

static void observe_for(hag_source s, uint32_t node, uint32_t seen, hag_time ms)
{
    for (hag_time end = r.now + ms; r.now < end;) {
        ck_assert_int_eq(hag_observe(r.g, s, r.s[node].node, seen, 0, r.now), HAG_OK);
        rig_for(&r, 1000);
    }
}

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
                                    HAG_DO_FOLLOW};

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

START_TEST(frozen)
{
    begin(3, NULL);
    r.s[0].frozen = 1;
    rig_run(&r, 158000);
    nothing_was_touched();
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_node(&r, 0).kind, HAG_KIND_FROZEN);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ASSERT_NAME(PRIMARY, A2);
    r.s[0].frozen = 0; /* thawed: two that take writes until it is fenced */
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_UNLIKELY);
    rig_for(&r, 10000);
    ck_assert_uint_eq(rig_writers(&r), 1);
    rig_for(&r, 60000);
    must_be_healthy(1);
    rig_end(&r);
}
END_TEST

/* 5.7: the standbys still see it. */
START_TEST(cut)
{
    begin(3, NULL);
    r.s[0].cut = 1;
    rig_run(&r, 100000 + 60000 + 295000);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(rig_node(&r, 0).reason, HAG_WHY_SEEN_BY_OTHERS);
    ck_assert_int_eq(rig_alert(&r, HAG_ALERT_SEEN_BY_OTHERS), 0);
    rig_run(&r, 100000 + 60000 + 305000);
    ck_assert_int_eq(rig_alert(&r, HAG_ALERT_SEEN_BY_OTHERS), 1);
    rig_run(&r, 1000000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_count(&r, HAG_EV_ALERT, 0), 1);
    r.s[0].cut = 0;
    rig_for(&r, 5000);
    must_be_healthy(0);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_CLEARED, 0), 1);
    rig_end(&r);
}
END_TEST

/* A standby whose link is up although nothing moves (no writes) is told by its heartbeat alone. */
START_TEST(cut_without_writes)
{
    begin(3, NULL);
    r.writes = 0;
    rig_for(&r, 10000);
    r.s[0].cut = 1;
    rig_for(&r, 200000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    rig_end(&r);
}
END_TEST

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

/* 5.1: wrong password. */
START_TEST(denied)
{
    begin(3, NULL);
    r.s[0].denied = 1;
    rig_run(&r, 400000);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_UP);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_DENIED), 1);
    nothing_was_touched();
    r.s[0].denied = 0;
    rig_for(&r, 5000);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_DENIED), 0);
    must_be_healthy(0);
    rig_end(&r);
}
END_TEST

/* 5.5: loading has a grace of its own. */
START_TEST(loading)
{
    begin(3, NULL);
    r.s[0].loading = 1;
    rig_run(&r, 100000 + 298000);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    nothing_was_touched();
    rig_run(&r, 100000 + 310000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* S8: reborn empty at the same address, within its grace. */
START_TEST(reborn_empty)
{
    begin(3, NULL);
    r.writes = 0;
    rig_kill(&r, 0);
    r.s[1].link_stopped = r.s[2].link_stopped = 1; /* they have not come round to copying it yet */
    rig_for(&r, 3000);
    rig_revive(&r, 0, 1);
    rig_for(&r, 2000);
    r.s[1].link_stopped = r.s[2].link_stopped = 0;
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_eq(rig_find(&r, HAG_EV_DOWN, 0, 0)->reason, HAG_WHY_REBORN_EMPTY);
    rig_for(&r, 60000);
    must_be_healthy(1);
    ck_assert_int_eq(r.s[1].empty | r.s[2].empty, 0);
    ck_assert_uint_gt(r.s[2].position, 100000);
    rig_end(&r);
}
END_TEST

/* S8: fenced even where nobody may be promoted, once, and its standbys stay cut off from it. */
START_TEST(reborn_empty_without_candidate)
{
    rig_world(&r, 2);
    r.s[1].priority = 0;
    rig_guard(&r, NULL);
    rig_settle(&r);
    r.writes = 0;
    rig_kill(&r, 0);
    r.s[1].link_stopped = 1;
    rig_for(&r, 3000);
    rig_revive(&r, 0, 1);
    rig_for(&r, 2000);
    r.s[1].link_stopped = 0;
    rig_for(&r, 60000);
    ck_assert_int_eq(r.s[0].primary, 0);
    ck_assert_uint_eq(r.acts[HAG_DO_FENCE], 1);
    ck_assert_uint_eq(r.acts[HAG_DO_UNFENCE], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_int_eq(r.s[1].empty, 0);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 1);
    r.s[1].priority = 1; /* looked at again at every change */
    rig_for(&r, 3000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

static void world_in_memory(const char *const *settings)
{
    rig_world(&r, 3);
    for (uint32_t i = 0; i < 3; i++)
        r.s[i].is_volatile = 1;
    rig_guard(&r, settings);
    rig_settle(&r);
    rig_kill(&r, 0);
    ck_assert_int_eq(hag_observe(r.g, 0, r.s[0].node, HAG_SEEN_BROKEN, 0, r.now), HAG_OK);
    rig_for(&r, 500);
}

START_TEST(safeguard_holds)
{
    world_in_memory(NULL);
    ck_assert_uint_eq(r.s[1].upstream, RIG_NOBODY);
    ck_assert_uint_eq(r.s[2].upstream, RIG_NOBODY);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_SAFEGUARD);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    rig_revive(&r, 0, 1);
    rig_for(&r, 3000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(r.s[1].empty | r.s[2].empty, 0);
    rig_for(&r, 60000);
    /* it took writes in between: what they left is nobody's but an operator's to drop (S7) */
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_UNKNOWN_NODE), 1);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[0].node, r.now), HAG_OK);
    rig_for(&r, 60000);
    must_be_healthy(1);
    rig_end(&r);
}
END_TEST

/* What the links said before they were cut still counts (5.7): it is not held as alone. */
START_TEST(safeguard_then_failover)
{
    world_in_memory(NULL);
    rig_run(&r, 158000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    rig_run(&r, 170000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

START_TEST(safeguard_gives_back)
{
    world_in_memory(NULL);
    ck_assert_uint_eq(r.s[1].upstream, RIG_NOBODY);
    r.s[0].dead = 0; /* it was only the connection: the old identity answers */
    rig_for(&r, 5000);
    ck_assert_uint_eq(r.s[1].upstream, 0);
    ck_assert_uint_eq(r.s[2].upstream, 0);
    must_be_healthy(0);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    rig_end(&r);
}
END_TEST

START_TEST(safeguard_off)
{
    static const char *const s[] = {"detach_on_break", "off", NULL};

    world_in_memory(s);
    ck_assert_uint_eq(r.acts[HAG_DO_DETACH], 0);
    rig_end(&r);
}
END_TEST

START_TEST(safeguard_by_setting)
{
    static const char *const on[] = {"detach_on_break", "on", NULL};

    for (int k = 0; k < 2; k++) { /* auto: not for a store that keeps its data */
        begin(3, k == 0 ? NULL : on);
        rig_kill(&r, 0);
        ck_assert_int_eq(hag_observe(r.g, 0, r.s[0].node, HAG_SEEN_BROKEN, 0, r.now), HAG_OK);
        rig_for(&r, 500);
        ck_assert_uint_eq(r.acts[HAG_DO_DETACH], k == 0 ? 0 : 2);
        rig_end(&r);
    }
}
END_TEST

/* A standby whose link lives is left alone: then the primary has not died. */
START_TEST(safeguard_leaves_live_links)
{
    rig_world(&r, 3);
    for (uint32_t i = 0; i < 3; i++)
        r.s[i].is_volatile = 1;
    rig_guard(&r, NULL);
    rig_settle(&r);
    r.s[0].cut = 1; /* broken for the guard only: it gets no answer, not a refusal */
    ck_assert_int_eq(hag_observe(r.g, 0, r.s[0].node, HAG_SEEN_BROKEN, 0, r.now), HAG_OK);
    rig_for(&r, 10000);
    ck_assert_uint_eq(r.acts[HAG_DO_DETACH], 0);
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

/* 5.7: two nodes, and the other one saw nothing either way. */
START_TEST(alone)
{
    static const char *const promote[] = {"alone", "promote", NULL};

    for (int k = 0; k < 2; k++) {
        rig_world(&r, 2);
        rig_guard(&r, k == 0 ? NULL : promote);
        rig_settle(&r);
        r.s[1].syncing = 1; /* its link says nothing */
        rig_for(&r, 3000);
        r.s[0].cut = 1;
        rig_for(&r, 58000);
        r.s[1].syncing = 0;
        r.s[1].link_stopped = k; /* what there is when it is decided */
        rig_for(&r, 20000);
        if (k == 0)
            nothing_was_touched();
        rig_end(&r);
    }
    /* the standby is cut too: nobody confirms */
    for (int k = 0; k < 2; k++) {
        begin(2, k == 0 ? NULL : promote);
        r.s[0].frozen = 1;
        r.s[1].denied = 1;
        rig_for(&r, 100000);
        ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_ALONE), k == 0);
        ck_assert_uint_eq(rig_verdict(&r, 0), k == 0 ? HAG_VERDICT_SUSPECT : HAG_VERDICT_DOWN);
        nothing_was_touched(); /* who is denied is no candidate */
        rig_end(&r);
    }
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

/* 5.7: a bad row, not a bad column: whoever accuses everybody is the sick one. */
START_TEST(sick_observer)
{
    static const char *const one[] = {"confirm", "1", NULL};
    hag_source s;

    begin(2, one);
    s = source(HAG_SOURCE_OBSERVER, 0, "eye");
    r.s[0].frozen = 1;  /* its kernel holds the link up and silent for 60 s: that agrees */
    r.s[1].syncing = 1; /* ... but not of one that is syncing */
    for (int k = 0; k < 100; k++) {
        (void)hag_observe(r.g, s, r.s[0].node, HAG_SEEN_FAILING, 0, r.now);
        (void)hag_observe(r.g, s, r.s[1].node, HAG_SEEN_FAILING, 0, r.now);
        rig_for(&r, 1000);
    }
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(rig_node(&r, 0).reason, HAG_WHY_ALONE);
    for (int k = 0; k < 10; k++) {
        (void)hag_observe(r.g, s, r.s[0].node, HAG_SEEN_FAILING, 0, r.now);
        (void)hag_observe(r.g, s, r.s[1].node, HAG_SEEN_ALIVE, 0, r.now);
        rig_for(&r, 1000);
    }
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_DOWN);
    rig_end(&r);
}
END_TEST

/* A sighting by an observer vetoes while it is fresh, and not a millisecond longer. */
START_TEST(veto_ends)
{
    hag_source s;
    hag_time last;

    begin(3, NULL);
    s = source(HAG_SOURCE_TRAFFIC, 0, "proxy");
    rig_kill(&r, 0);
    observe_for(s, 0, HAG_SEEN_ALIVE, 100000);
    ck_assert_uint_eq(rig_node(&r, 0).reason, HAG_WHY_SEEN_BY_OTHERS);
    nothing_was_touched();
    last = r.now - 1000;
    rig_run(&r, last + 4900);
    nothing_was_touched();
    rig_run(&r, last + 7000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

/* 5.8: seconds, on the word of the agent of a dead process. */
START_TEST(agent_says_dead)
{
    static const char *const s[] = {"gone_after", "2s", NULL};
    hag_source agent;
    hag_time at;

    begin(3, s);
    agent = source(HAG_SOURCE_AGENT, 0, "agent1");
    rig_kill(&r, 0);
    at = r.now;
    observe_for(agent, 0, HAG_SEEN_DEAD, 10000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_uint_le(rig_find(&r, HAG_EV_PROMOTE, 1, 0)->at, at + 5500);
    ck_assert_uint_ge(rig_find(&r, HAG_EV_DOWN, 0, 0)->at, at + 2000);
    ck_assert_uint_eq(rig_node(&r, 0).kind, HAG_KIND_GONE);
    rig_end(&r);
}
END_TEST

/* 5.5: the agent is dead, the store lives: no failover. */
START_TEST(control_lost)
{
    static const char *const s[] = {"gone_after", "2s", NULL};
    hag_source agent;

    begin(3, s);
    agent = source(HAG_SOURCE_AGENT, 0, "agent1");
    observe_for(agent, 0, HAG_SEEN_DEAD, 100000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_UP);
    ck_assert_int_eq(rig_node_alerting(&r, 0, HAG_ALERT_CONTROL_LOST), 1);
    rig_end(&r);
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

/* 5.10: two clusters on two hosts, and nobody answers: it is the guard. */
START_TEST(self_doubt)
{
    static const char *const s[] = {"doubt_min", "4", "alone", "promote", NULL};
    hag_cluster other;

    rig_world(&r, 3);
    for (uint32_t i = 0; i < 3; i++)
        (void)snprintf(r.s[i].host, sizeof(r.s[i].host), "h%u", i);
    rig_guard(&r, s);
    ck_assert_int_eq(hag_cluster_add(r.g, "carts", r.p, 0, 0, &other), HAG_OK);
    for (uint32_t i = 3; i < 5; i++) {
        struct rig_store *t = &r.s[i];
        struct hag_node_spec spec = {.size = sizeof(spec), .name = t->name, .addr = t->addr};

        (void)snprintf(t->name, sizeof(t->name), "n%u", i + 1);
        (void)snprintf(t->addr, sizeof(t->addr), "127.0.0.2:%u", 7001 + i);
        *t = (struct rig_store){.boot = 1,
                                .history = 50,
                                .priority = 100,
                                .position = 5,
                                .fence = HAG_FENCE_DEMOTED,
                                .primary = i == 3,
                                .upstream = i == 3 ? RIG_NOBODY : 3};
        (void)snprintf(t->name, sizeof(t->name), "n%u", i + 1);
        (void)snprintf(t->addr, sizeof(t->addr), "127.0.0.2:%u", 7001 + i);
        ck_assert_int_eq(hag_node_add(r.g, other, &spec, 0, &t->node), HAG_OK);
    }
    r.n = 5;
    rig_settle(&r);
    for (uint32_t i = 0; i < 5; i++)
        r.s[i].cut = 1;
    rig_for(&r, 300000);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_GUARD_BLIND), 1);
    nothing_was_touched();
    for (uint32_t i = 1; i < 5; i++)
        r.s[i].cut = 0; /* one of them is still away: its grace begins now */
    r.s[1].link_stopped = r.s[2].link_stopped = 1;
    rig_for(&r, 2000);
    ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_GUARD_BLIND), 0);
    nothing_was_touched();
    rig_for(&r, 70000);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 1);
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

/* 5.9: one round of probes after a change of the settings. */
START_TEST(change_of_policy)
{
    begin(3, NULL);
    rig_kill(&r, 0);
    rig_run(&r, 130000);
    ck_assert_int_eq(hag_policy_set_text(r.g, r.p, "down_after", "20s"), HAG_OK);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    ck_assert_int_eq(hag_cluster_set_policy(r.g, r.c, r.p, r.now), HAG_OK);
    ck_assert_uint_eq(rig_verdict(&r, 0), HAG_VERDICT_SUSPECT);
    rig_for(&r, 1100);
    ck_assert_uint_eq(rig_primary(&r), 1);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {killed,
                            order_of_steps,
                            frozen,
                            cut,
                            cut_without_writes,
                            replica_killed,
                            last_replica_stays,
                            last_replica_is_withdrawn,
                            no_replica_after_promotion,
                            debt,
                            both_die,
                            denied,
                            loading,
                            reborn_empty,
                            reborn_empty_without_candidate,
                            safeguard_holds,
                            safeguard_then_failover,
                            safeguard_gives_back,
                            safeguard_off,
                            safeguard_by_setting,
                            safeguard_leaves_live_links,
                            promote_refused,
                            promote_refused_by_all,
                            promote_mute,
                            promote_hangs,
                            promote_late,
                            unfit,
                            read_replica,
                            candidate_dies_on_the_way,
                            promoted_dies_right_after,
                            disk_full,
                            commit_mute,
                            dns_down,
                            dns_lies,
                            fence_required,
                            fence_soft,
                            alone,
                            max_switches,
                            hold_down,
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
                            sick_observer,
                            veto_ends,
                            agent_says_dead,
                            control_lost,
                            primary_answers_again,
                            primary_answers_while_detaching,
                            undetachable,
                            most_data_wins,
                            preferred_zone,
                            repoint_is_bounded,
                            by_order,
                            data_loss_order,
                            self_doubt,
                            max_failovers,
                            change_of_policy,
                            NULL};

    return unit_run("failover", tests);
}
