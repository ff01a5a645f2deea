/* SPDX-License-Identifier: MIT
 *
 * Who is down and who is not: what others see, reborn stores, the guard's own doubt (5, S8).
 */
#include "losses.h"

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

/* S4: half a copy is no copy, also when its sync has ended with its primary. */
START_TEST(half_a_copy)
{
    begin(2, NULL);
    r.s[1].syncing = 1;
    rig_for(&r, 3000);
    rig_kill(&r, 0);
    r.s[1].syncing = 0;
    rig_for(&r, 70000);
    nothing_was_touched();
    ck_assert_uint_eq(rig_node(&r, 1).refusal, HAG_WHY_NEVER_SYNCED);
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
START_TEST(safeguard_wants_a_refusal)
{
    for (int lost = 0; lost < 2; lost++) { /* nor on lost links alone */
        rig_world(&r, 3);
        for (uint32_t i = 0; i < 3; i++)
            r.s[i].is_volatile = 1;
        rig_guard(&r, NULL);
        rig_settle(&r);
        r.s[0].cut = 1; /* broken for the guard only: it gets no answer, not a refusal */
        r.s[1].link_stopped = r.s[2].link_stopped = lost;
        ck_assert_int_eq(hag_observe(r.g, 0, r.s[0].node, HAG_SEEN_BROKEN, 0, r.now), HAG_OK);
        rig_for(&r, 10000);
        ck_assert_uint_eq(r.acts[HAG_DO_DETACH], 0);
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
    const TTest *tests[] = {frozen,
                            cut,
                            cut_without_writes,
                            denied,
                            loading,
                            reborn_empty,
                            reborn_empty_without_candidate,
                            half_a_copy,
                            safeguard_holds,
                            safeguard_then_failover,
                            safeguard_gives_back,
                            safeguard_off,
                            safeguard_by_setting,
                            safeguard_wants_a_refusal,
                            alone,
                            sick_observer,
                            veto_ends,
                            agent_says_dead,
                            control_lost,
                            self_doubt,
                            change_of_policy,
                            NULL};

    return unit_run("evidence", tests);
}
