/* SPDX-License-Identifier: MIT */
#include "electing.h"

/* One thing that is wrong with a, for each veto. */
static void old_primary(struct hag__candidate *m)
{
    m->is_primary = 1;
}
static void read_replica(struct hag__candidate *m)
{
    m->read_replica = 1;
}
static void excluded(struct hag__candidate *m)
{
    m->no_promote = 1;
}
static void down(struct hag__candidate *m)
{
    m->verdict = HAG_VERDICT_DOWN;
}
static void denied(struct hag__candidate *m)
{
    m->result = HAG_PROBE_DENIED;
}
static void unprobed(struct hag__candidate *m)
{
    m->result = HAG_PROBE_NONE;
}
static void not_serving(struct hag__candidate *m)
{
    m->result = HAG_PROBE_NOT_SERVING;
}
static void refusing(struct hag__candidate *m)
{
    m->result = HAG_PROBE_REFUSED;
}
static void silent(struct hag__candidate *m)
{
    m->result = HAG_PROBE_TIMEOUT;
}
static void garbled(struct hag__candidate *m)
{
    m->result = HAG_PROBE_GARBLED;
}
static void maybe_primary(struct hag__candidate *m)
{
    m->maybe_primary = 1;
}
static void promote_failed(struct hag__candidate *m)
{
    m->promote_failed = 1;
}
static void role_primary(struct hag__candidate *m)
{
    m->role = HAG_ROLE_PRIMARY;
}
static void role_unknown(struct hag__candidate *m)
{
    m->role = HAG_ROLE_UNKNOWN;
}
static void leaving(struct hag__candidate *m)
{
    m->facts |= HAG_FACT_LEAVING;
}
static void priority_zero(struct hag__candidate *m)
{
    m->store_priority = 0;
    m->priority = 7;
}
static void syncing(struct hag__candidate *m)
{
    m->facts |= HAG_FACT_SYNCING;
}
static void empty(struct hag__candidate *m)
{
    m->facts |= HAG_FACT_EMPTY;
}
static void foreign_data(struct hag__candidate *m)
{
    m->lineage = &foreign.head;
}
static void unknown_data(struct hag__candidate *m)
{
    m->lineage = NULL;
}
static void forked_data(struct hag__candidate *m)
{
    m->lineage = &forked.head;
}
static void older_but_beyond(struct hag__candidate *m)
{
    m->lineage = &older.head;
    m->position = 501;
}
static void own_writes(struct hag__candidate *m)
{
    m->lineage = &promoted.head;
    e.position = 990;
    m->position = 991;
}
static void never_synced(struct hag__candidate *m)
{
    m->synced = 0;
}
static void no_position(struct hag__candidate *m)
{
    m->facts &= ~(uint32_t)HAG_FACT_POSITION;
}
static void late(struct hag__candidate *m)
{
    settings.v[HAG_P_MAX_LAG] = 5000;
    m->lag = 5001;
}
static void late_who_knows(struct hag__candidate *m)
{
    settings.v[HAG_P_MAX_LAG] = 5000;
    m->lag = HAG_UNKNOWN_MS;
}
static void short_of_data(struct hag__candidate *m)
{
    settings.v[HAG_P_MAX_LAG_BYTES] = 10;
    m->position = 989;
}
static void not_detached(struct hag__candidate *m)
{
    m->detached = 0;
}
static void stable_but_linked(struct hag__candidate *m)
{
    m->detached = 0;
    m->stable = 1;
    m->link_up = 1;
}
static void link_down_but_moving(struct hag__candidate *m)
{
    m->detached = 0;
    m->link_up = 0;
}
static void not_fresh(struct hag__candidate *m)
{
    m->fresh = 0;
}

enum { ALWAYS = 0, AGE = 1, FINAL = 2 };

static const struct {
    void (*spoil)(struct hag__candidate *m);
    uint8_t why;
    uint8_t how; /* AGE: a data-loss order lifts it; FINAL: only in the final choice */
} vetoes[] = {
    {old_primary, HAG_WHY_IS_PRIMARY, ALWAYS},
    {read_replica, HAG_WHY_READ_REPLICA, ALWAYS},
    {excluded, HAG_WHY_EXCLUDED, ALWAYS},
    {down, HAG_WHY_DOWN, ALWAYS},
    {denied, HAG_WHY_DENIED, ALWAYS},
    {unprobed, HAG_WHY_NOT_PROBED, ALWAYS},
    {not_serving, HAG_WHY_NOT_SERVING, ALWAYS},
    {refusing, HAG_WHY_NOT_ANSWERING, ALWAYS},
    {silent, HAG_WHY_NOT_ANSWERING, ALWAYS},
    {garbled, HAG_WHY_NOT_ANSWERING, ALWAYS},
    {maybe_primary, HAG_WHY_MAYBE_PRIMARY, ALWAYS},
    {promote_failed, HAG_WHY_PROMOTE_FAILED, ALWAYS},
    {role_primary, HAG_WHY_WRONG_ROLE, ALWAYS},
    {role_unknown, HAG_WHY_WRONG_ROLE, ALWAYS},
    {leaving, HAG_WHY_LEAVING, ALWAYS},
    {priority_zero, HAG_WHY_PRIORITY_ZERO, ALWAYS},
    {syncing, HAG_WHY_SYNCING, ALWAYS},
    {empty, HAG_WHY_EMPTY, ALWAYS},
    {foreign_data, HAG_WHY_INCOMPARABLE, ALWAYS},
    {unknown_data, HAG_WHY_INCOMPARABLE, ALWAYS},
    {forked_data, HAG_WHY_DIVERGED, ALWAYS},
    {older_but_beyond, HAG_WHY_DIVERGED, ALWAYS},
    {own_writes, HAG_WHY_DIVERGED, ALWAYS},
    {never_synced, HAG_WHY_NEVER_SYNCED, AGE},
    {no_position, HAG_WHY_NO_POSITION, AGE},
    {late, HAG_WHY_STALE, AGE},
    {late_who_knows, HAG_WHY_STALE, AGE},
    {short_of_data, HAG_WHY_STALE, AGE},
    {not_detached, HAG_WHY_NOT_DETACHED, FINAL},
    {stable_but_linked, HAG_WHY_NOT_DETACHED, FINAL},
    {link_down_but_moving, HAG_WHY_NOT_DETACHED, FINAL},
    {not_fresh, HAG_WHY_NOT_FRESH, AGE | FINAL},
};

/* a alone, so that nothing but the veto decides. */
static void alone(size_t i, uint8_t final, uint8_t planned, uint8_t data_loss)
{
    begin();
    e.n = 1;
    e.final = final;
    e.planned = planned;
    e.data_loss = data_loss;
    if (planned)
        members[0].link_up = 1;
    if (i < UNIT_COUNT(vetoes))
        vetoes[i].spoil(&members[0]);
}

START_TEST(every_veto_refuses_by_itself_and_says_why)
{
    alone(UNIT_COUNT(vetoes), 1, 0, 0);
    winner_is(0);
    for (size_t i = 0; i < UNIT_COUNT(vetoes); i++) {
        alone(i, 1, 0, 0);
        hag__elect(&e, &out);
        ck_assert_msg(out.winner == HAG__NIL && out.refusal[0] == vetoes[i].why, "veto %d (%s): %s",
                      (int)i, hag_name(HAG_NAMES_WHY, vetoes[i].why),
                      hag_name(HAG_NAMES_WHY, out.refusal[0]));
    }
}
END_TEST

START_TEST(a_pre_election_asks_what_is_known_before)
{
    for (size_t i = 0; i < UNIT_COUNT(vetoes); i++) {
        alone(i, 0, 0, 0);
        winner_is(vetoes[i].how & FINAL ? 0 : HAG__NIL);
    }
}
END_TEST

START_TEST(a_data_loss_order_lifts_age_and_nothing_else)
{
    for (size_t i = 0; i < UNIT_COUNT(vetoes); i++) {
        alone(i, 1, 0, 1);
        hag__elect(&e, &out);
        ck_assert_msg(out.winner == (vetoes[i].how & AGE ? 0 : HAG__NIL), "veto %d", (int)i);
    }
}
END_TEST

START_TEST(a_switchover_wants_a_link_instead_of_none)
{
    for (size_t i = 0; i < UNIT_COUNT(vetoes); i++) {
        alone(i, 0, 1, 0);
        hag__elect(&e, &out);
        if (vetoes[i].spoil == link_down_but_moving)
            ck_assert_uint_eq(out.refusal[0], HAG_WHY_WRONG_UPSTREAM);
        else
            ck_assert_uint_eq(out.winner, vetoes[i].how & FINAL ? 0 : HAG__NIL);
    }
    alone(UNIT_COUNT(vetoes), 1, 1, 0);
    members[0].detached = 0;
    winner_is(0);
    members[0].link_up = 0;
    winner_is(HAG__NIL);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_WRONG_UPSTREAM);
}
END_TEST

START_TEST(limits_are_exact)
{
    begin();
    e.n = 1;
    settings.v[HAG_P_MAX_LAG] = 5000;
    members[0].lag = 5000;
    winner_is(0);
    members[0].lag = 5001;
    winner_is(HAG__NIL);
    settings.v[HAG_P_MAX_LAG] = 0;
    members[0].lag = 0;
    winner_is(0);
    members[0].lag = 1;
    winner_is(HAG__NIL);
    settings.v[HAG_P_MAX_LAG] = -1;
    members[0].lag = HAG_UNKNOWN_MS;
    winner_is(0);

    settings.v[HAG_P_MAX_LAG_BYTES] = 10;
    members[0].position = 990;
    winner_is(0);
    members[0].position = 989;
    winner_is(HAG__NIL);
    members[0].position = 5000; /* further than the primary was last seen */
    winner_is(0);
    settings.v[HAG_P_MAX_LAG_BYTES] = 0;
    members[0].position = 1000;
    winner_is(0);
    members[0].position = 999;
    winner_is(HAG__NIL);
}
END_TEST

START_TEST(stable_without_a_link_counts_as_detached)
{
    begin();
    e.n = 1;
    members[0].detached = 0;
    members[0].stable = 1;
    winner_is(0);
}
END_TEST

START_TEST(an_unknown_primary_compares_to_nobody)
{
    begin();
    e.lineage = NULL;
    winner_is(HAG__NIL);
    ck_assert_uint_eq(out.refusal[0], HAG_WHY_INCOMPARABLE);
    e.data_loss = 1;
    winner_is(HAG__NIL);
}
END_TEST

START_TEST(a_cluster_that_never_held_data_may_fail_over)
{
    begin();
    e.n = 1;
    empty(&members[0]);
    winner_is(HAG__NIL);
    e.primary_empty = 1;
    winner_is(0);
}
END_TEST

/* Whatever the members are like: one winner at most, it passes alone, and their order is nothing. */
START_TEST(random_elections_keep_the_rules)
{
    uint64_t rnd = 1;

    for (int round = 0; round < 20000; round++) {
        struct hag__candidate turned[MEMBERS];
        uint32_t winner, winners = 0;

        begin();
        e.final = (uint8_t)unit_below(&rnd, 2);
        settings.v[HAG_P_POSITION_TOLERANCE] = unit_below(&rnd, 4);
        for (uint32_t i = 0; i < MEMBERS; i++) {
            struct hag__candidate *m = &members[i];

            m->position = 990 + unit_below(&rnd, 5);
            m->priority = (int32_t)unit_below(&rnd, 3) - 1;
            m->in_zone = (uint8_t)unit_below(&rnd, 2);
            m->held_down = unit_below(&rnd, 5) == 0;
            if (unit_below(&rnd, 3) == 0)
                vetoes[unit_below(&rnd, UNIT_COUNT(vetoes))].spoil(m);
        }
        hag__elect(&e, &out);
        winner = out.winner;
        for (uint32_t i = 0; i < MEMBERS; i++) {
            winners += out.refusal[i] == HAG_WHY_NONE;
            turned[i] = members[MEMBERS - 1 - i];
        }
        ck_assert_uint_eq(winners, winner != HAG__NIL);
        e.members = turned;
        hag__elect(&e, &out);
        ck_assert_uint_eq(out.winner, winner == HAG__NIL ? HAG__NIL : MEMBERS - 1 - winner);
        if (winner == HAG__NIL)
            continue;
        e.members = &members[winner];
        e.n = 1;
        winner_is(0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_veto_refuses_by_itself_and_says_why,
        a_pre_election_asks_what_is_known_before,
        a_data_loss_order_lifts_age_and_nothing_else,
        a_switchover_wants_a_link_instead_of_none,
        limits_are_exact,
        stable_without_a_link_counts_as_detached,
        an_unknown_primary_compares_to_nobody,
        a_cluster_that_never_held_data_may_fail_over,
        random_elections_keep_the_rules,
        NULL,
    };

    return unit_run("vetoes", tests);
}
