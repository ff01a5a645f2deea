/* SPDX-License-Identifier: MIT */
#include "electing.h"

START_TEST(equals_are_decided_by_name)
{
    begin();
    winner_is(0);
    ck_assert_uint_eq(out.refusal[1], HAG_WHY_LATER_NAME);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_LATER_NAME);
    ck_assert_uint_eq(out.refusal[3], HAG_WHY_IS_PRIMARY);
    members[0].name = "z";
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_LATER_NAME);
}
END_TEST

START_TEST(nobody_wins_among_nobody)
{
    begin();
    e.n = 0;
    winner_is(HAG__NIL);
    e.n = MEMBERS;
    for (int i = 0; i < 3; i++)
        members[i].no_promote = 1;
    winner_is(HAG__NIL);
}
END_TEST

START_TEST(a_promoted_node_without_writes_of_its_own_is_a_standby_again)
{
    begin();
    members[0].lineage = &promoted.head;
    e.position = 980;
    members[0].position = 990;
    winner_is(0);
    members[1].position = 995; /* stands in the same history, and further */
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_BEHIND);
}
END_TEST

START_TEST(more_data_wins_over_everything_else)
{
    begin();
    members[0].priority = 100;
    members[1].position = 991;
    members[1].in_zone = 0;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_BEHIND);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_BEHIND);
}
END_TEST

START_TEST(an_older_history_has_less_whatever_its_position)
{
    static const uint64_t positions[] = {500, 499, 498, 0};

    for (size_t i = 0; i < UNIT_COUNT(positions); i++) {
        begin();
        settings.v[HAG_P_POSITION_TOLERANCE] = 1000;
        members[0].lineage = &older.head;
        members[0].position = positions[i];
        members[1].position = 499;
        members[2].no_promote = 1;
        winner_is(1);
        ck_assert_uint_eq(out.refusal[0], HAG_WHY_BEHIND);
        members[1].no_promote = 1;
        winner_is(0);
    }
}
END_TEST

START_TEST(tolerance_makes_near_positions_equal)
{
    begin();
    settings.v[HAG_P_POSITION_TOLERANCE] = 5;
    members[0].position = 995;
    members[1].position = 990;
    members[1].priority = 1;
    members[2].position = 989;
    members[2].priority = 100;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_LOWER_PRIORITY);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_BEHIND);
    settings.v[HAG_P_POSITION_TOLERANCE] = 4;
    winner_is(0);
    ck_assert_uint_eq(out.refusal[1], HAG_WHY_BEHIND);
}
END_TEST

START_TEST(the_zone_comes_before_priority)
{
    begin();
    members[0].in_zone = 0;
    members[0].priority = 100;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_OTHER_ZONE);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_LATER_NAME);
    members[1].no_promote = members[2].no_promote = 1;
    winner_is(0);
}
END_TEST

START_TEST(priority_comes_before_the_name)
{
    begin();
    members[2].priority = 101;
    members[1].priority = 102;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_LOWER_PRIORITY);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_LOWER_PRIORITY);
}
END_TEST

START_TEST(the_stores_priority_counts_where_the_hosts_are_equal)
{
    begin();
    members[1].store_priority = 101;
    winner_is(1);
    members[1].facts &= ~(uint32_t)HAG_FACT_PRIORITY;
    winner_is(0);
    ck_assert_uint_eq(out.refusal[1], HAG_WHY_LOWER_PRIORITY);
    begin();
    members[1].store_priority = INT32_MAX;
    members[1].priority = -1; /* the host's word goes first */
    winner_is(0);
    members[2].priority = 1;
    members[2].store_priority = INT32_MIN;
    winner_is(2);
}
END_TEST

START_TEST(a_node_just_demoted_comes_last)
{
    begin();
    members[0].held_down = 1;
    members[0].position = 999;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_HOLD_DOWN);
    members[1].held_down = members[2].held_down = 1;
    winner_is(0);
    ck_assert_uint_eq(out.refusal[1], HAG_WHY_BEHIND);
    begin();
    members[0].held_down = 1;
    e.to = 0; /* an operator may name it */
    winner_is(0);
}
END_TEST

START_TEST(a_named_target_wins_or_nobody_does)
{
    begin();
    e.to = 2;
    members[0].position = 999;
    members[1].no_promote = 1;
    winner_is(2);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_OTHER_CHOSEN);
    ck_assert_uint_eq(out.refusal[1], HAG_WHY_EXCLUDED);
    ck_assert_uint_eq(out.refusal[3], HAG_WHY_IS_PRIMARY);
    members[2].read_replica = 1;
    winner_is(HAG__NIL);
    ck_assert_uint_eq(out.refusal[2], HAG_WHY_READ_REPLICA);
}
END_TEST

static void no_position(struct hag__candidate *m)
{
    m->facts &= ~(uint32_t)HAG_FACT_POSITION;
}

START_TEST(without_positions_the_rest_decides)
{
    begin();
    e.data_loss = 1;
    for (int i = 0; i < 3; i++) {
        no_position(&members[i]);
        members[i].position = (uint64_t)(900 - i);
    }
    members[1].facts |= HAG_FACT_POSITION;
    winner_is(1);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_BEHIND);
    no_position(&members[1]);
    members[2].priority = 200;
    winner_is(2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        equals_are_decided_by_name,
        nobody_wins_among_nobody,
        a_promoted_node_without_writes_of_its_own_is_a_standby_again,
        more_data_wins_over_everything_else,
        an_older_history_has_less_whatever_its_position,
        tolerance_makes_near_positions_equal,
        the_zone_comes_before_priority,
        priority_comes_before_the_name,
        the_stores_priority_counts_where_the_hosts_are_equal,
        a_node_just_demoted_comes_last,
        a_named_target_wins_or_nobody_does,
        without_positions_the_rest_decides,
        NULL,
    };

    return unit_run("election", tests);
}
