/* SPDX-License-Identifier: MIT */
#include "judging.h"

/* Each kind: what the probe meets, whether the agent says dead, its grace and its reason. */
static const struct {
    uint32_t result, facts;
    uint8_t agent;
    uint32_t key[2]; /* of a replica, of a primary */
    uint8_t kind, why;
} kinds[] = {
    {HAG_PROBE_TIMEOUT,
     0,
     N,
     {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
     HAG_KIND_SILENT,
     HAG_WHY_SILENT},
    {HAG_PROBE_UNREACHABLE,
     0,
     N,
     {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
     HAG_KIND_SILENT,
     HAG_WHY_SILENT},
    {HAG_PROBE_REFUSED,
     0,
     N,
     {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
     HAG_KIND_REFUSING,
     HAG_WHY_REFUSING},
    {HAG_PROBE_GARBLED,
     0,
     N,
     {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
     HAG_KIND_REFUSING,
     HAG_WHY_GARBLED},
    {HAG_PROBE_TIMEOUT,
     HAG_FACT_ACCEPTED,
     N,
     {HAG_P_FROZEN_AFTER, HAG_P_FROZEN_AFTER},
     HAG_KIND_FROZEN,
     HAG_WHY_FROZEN},
    {HAG_PROBE_NOT_SERVING,
     0,
     N,
     {HAG_P_SERVE_AFTER, HAG_P_SERVE_AFTER},
     HAG_KIND_NOT_SERVING,
     HAG_WHY_NOT_SERVING},
    {HAG_PROBE_REFUSED, 0, B, {HAG_P_GONE_AFTER, HAG_P_GONE_AFTER}, HAG_KIND_GONE, HAG_WHY_GONE},
};

START_TEST(graces_are_exact)
{
    for (size_t i = 0; i < UNIT_COUNT(kinds); i++)
        for (uint8_t primary = 0; primary < 2; primary++) {
            struct hag__verdict_in in = silent_primary();
            struct hag__verdict_out out;
            hag_time grace;

            settings.v[HAG_P_DOWN_AFTER] = 60000;
            settings.v[HAG_P_DOWN_AFTER_REPLICA] = 61000;
            settings.v[HAG_P_GONE_AFTER] = 62000;
            settings.v[HAG_P_FROZEN_AFTER] = 63000;
            settings.v[HAG_P_SERVE_AFTER] = 300000;
            grace = (hag_time)settings.v[kinds[i].key[primary]];
            health = bad_series(kinds[i].result, kinds[i].facts);
            in.agent = kinds[i].agent;
            in.is_primary = primary;

            in.now = SINCE + grace - 1;
            out = hag__verdict(&in);
            ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
            ck_assert_uint_eq(out.why, HAG_WHY_GRACE);
            ck_assert_uint_eq(out.kind, kinds[i].kind);
            ck_assert_uint_eq(out.grace_end, SINCE + grace);
            ck_assert_uint_eq(out.again, SINCE + grace);

            in.now = SINCE + grace;
            out = hag__verdict(&in);
            ck_assert_uint_eq(out.verdict, HAG_VERDICT_DOWN);
            ck_assert_uint_eq(out.kind, kinds[i].kind);
            ck_assert_uint_eq(out.why, kinds[i].why);
            ck_assert_uint_eq(out.again, HAG__NEVER);
        }
}
END_TEST

START_TEST(sixty_seconds_are_the_default)
{
    struct hag__verdict_in in = silent_primary();

    in.now = SINCE + 59999;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    in.now = SINCE + 60000;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    in.is_primary = 0;
    in.now = SINCE + 59999;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    in.now = SINCE + 60000;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(a_series_that_is_not_suspect_changes_nothing)
{
    struct hag__verdict_in in = silent_primary();

    for (uint8_t was = HAG_VERDICT_UNKNOWN; was <= HAG_VERDICT_UP; was++) {
        struct hag__verdict_out out;

        hag__health_init(&health);
        for (int i = 0; i < 2; i++)
            health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE, SINCE, &settings);
        in.previous = was;
        in.agent = B;
        out = hag__verdict(&in);
        ck_assert_uint_eq(out.verdict, was);
        ck_assert_uint_eq(out.why, HAG_WHY_FEW_PROBES);
        ck_assert_uint_eq(out.kind, HAG_KIND_NONE);
        ck_assert_uint_eq(out.grace_end, HAG__NEVER);
        health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE, SINCE, &settings);
        ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    }
}
END_TEST

START_TEST(fall_probes_must_have_failed)
{
    struct hag__verdict_in in = silent_primary();

    /* suspect by three bad answers, but only two of them failed */
    hag__health_init(&health);
    health = hag__health_next(&health, HAG_PROBE_NOT_SERVING, 0, SINCE, SINCE, &settings);
    for (hag_time i = 1; i < 3; i++)
        health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE + i, SINCE + i, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_FEW_PROBES);
    health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE + 3, SINCE + 3, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);

    /* the same for answers that do not serve */
    hag__health_init(&health);
    health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE, SINCE, &settings);
    for (hag_time i = 1; i < 3; i++)
        health =
            hag__health_next(&health, HAG_PROBE_NOT_SERVING, 0, SINCE + i, SINCE + i, &settings);
    in.now = SINCE + 300000;
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_FEW_PROBES);
    health = hag__health_next(&health, HAG_PROBE_NOT_SERVING, 0, SINCE + 3, SINCE + 3, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(one_good_answer_holds_and_rise_of_them_clear)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    health = hag__health_next(&health, HAG_PROBE_OK, 0, in.now, in.now, &settings);
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(out.why, HAG_WHY_ANSWERS);
    health = hag__health_next(&health, HAG_PROBE_OK, 0, in.now, in.now, &settings);
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_UP);
    ck_assert_uint_eq(out.kind, HAG_KIND_NONE);
    ck_assert_uint_eq(out.why, HAG_WHY_ANSWERS);
    ck_assert_uint_eq(out.grace_end, HAG__NEVER);
}
END_TEST

START_TEST(down_is_final_for_the_series)
{
    struct hag__verdict_in in = silent_primary();

    in.previous = HAG_VERDICT_DOWN;
    in.now = SINCE + 10; /* however the settings were changed meanwhile */
    in.others = G;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_SILENT);
    health = hag__health_next(&health, HAG_PROBE_OK, 0, in.now, in.now, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    health = hag__health_next(&health, HAG_PROBE_DENIED, 0, in.now, in.now, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    health = hag__health_next(&health, HAG_PROBE_OK, 0, in.now, in.now, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_UP);
}
END_TEST

START_TEST(sightings_veto_and_the_alarm_has_its_time)
{
    for (uint8_t primary = 0; primary < 2; primary++) {
        struct hag__verdict_in in = silent_primary();
        struct hag__verdict_out out;

        in.is_primary = primary;
        in.others = G;
        in.now = SINCE + GRACE - 1;
        out = hag__verdict(&in);
        ck_assert_uint_eq(out.why, HAG_WHY_GRACE);
        ck_assert_uint_eq(out.again, SINCE + GRACE);
        in.now = SINCE + GRACE;
        out = hag__verdict(&in);
        ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
        ck_assert_uint_eq(out.why, HAG_WHY_SEEN_BY_OTHERS);
        ck_assert_uint_eq(out.again, SINCE + GRACE + 300000);
        in.now = SINCE + GRACE + 300000;
        out = hag__verdict(&in);
        ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
        ck_assert_uint_eq(out.again, HAG__NEVER);
        in.others = B;
        ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    }
}
END_TEST

START_TEST(silence_that_nobody_confirms_holds_a_primary_only)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    in.links = N;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(out.why, HAG_WHY_ALONE);
    ck_assert_uint_eq(out.again, HAG__NEVER);
    in.now = SINCE + GRACE - 1;
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_GRACE);
    in.now = SINCE + GRACE;
    in.is_primary = 0;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    in.is_primary = 1;
    settings.v[HAG_P_ALONE] = HAG_ALONE_PROMOTE;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_DOWN);
    ck_assert_uint_eq(out.why, HAG_WHY_SILENT);
}
END_TEST

START_TEST(a_store_that_says_it_does_not_serve_is_not_silent)
{
    struct hag__verdict_in in = silent_primary();

    in.links = N;
    health = bad_series(HAG_PROBE_NOT_SERVING, 0);
    in.now = SINCE + 300000;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(one_that_does_not_serve_is_not_saved_by_being_seen)
{
    struct hag__verdict_in in = silent_primary();

    health = bad_series(HAG_PROBE_NOT_SERVING, 0);
    in.links = G;
    in.others = G;
    in.now = SINCE + 299999;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    in.now = SINCE + 300000;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    ck_assert_uint_eq(hag__verdict(&in).kind, HAG_KIND_NOT_SERVING);
}
END_TEST

START_TEST(the_others_are_looked_at_first)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    in.round_done = 0;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(out.why, HAG_WHY_ROUND_PENDING);
    ck_assert_uint_eq(out.ask_round, 1);
    in.links = N; /* their answers may be what is missing */
    ck_assert_uint_eq(hag__verdict(&in).ask_round, 1);
    in.now = SINCE + GRACE - 1;
    ck_assert_uint_eq(hag__verdict(&in).ask_round, 0);
    in.now = SINCE + GRACE;
    in.is_primary = 0;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(evidence_must_be_newer_than_a_stall)
{
    struct hag__verdict_in in = silent_primary();

    in.resumed_at = SINCE + 4001; /* the newest probe was sent at 4000 */
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_GUARD_STALLED);
    in.resumed_at = SINCE + 4000;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(reborn_empty_is_down_at_once)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    probe_says(G);
    in.reborn_empty = 1;
    in.others = G;
    in.round_done = 0;
    in.previous = HAG_VERDICT_UP;
    in.now = SINCE;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_DOWN);
    ck_assert_uint_eq(out.kind, HAG_KIND_GONE);
    ck_assert_uint_eq(out.why, HAG_WHY_REBORN_EMPTY);
    in.reborn_empty = 0;
    in.previous = HAG_VERDICT_DOWN;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_UP);
}
END_TEST

START_TEST(denied_is_an_alarm_and_no_evidence)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    /* up stays up, however long */
    probe_says(G);
    health = hag__health_next(&health, HAG_PROBE_DENIED, 0, SINCE, SINCE, &settings);
    in.previous = HAG_VERDICT_UP;
    in.now = SINCE + 100 * GRACE;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_UP);
    ck_assert_uint_eq(out.why, HAG_WHY_DENIED);

    /* a suspicion neither ends nor goes on to a condemnation */
    in = silent_primary();
    health = hag__health_next(&health, HAG_PROBE_DENIED, 0, in.now, in.now, &settings);
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(out.why, HAG_WHY_DENIED);
    in.others = G;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);

    /* others may still bring it down, by its own series */
    in.others = B;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_DOWN);
    ck_assert_uint_eq(out.why, HAG_WHY_SILENT);
}
END_TEST

START_TEST(others_bring_down_what_the_guard_cannot_read)
{
    struct hag__verdict_in in = silent_primary();

    probe_says(G);
    health = hag__health_next(&health, HAG_PROBE_DENIED, 0, SINCE, SINCE, &settings);
    in.previous = HAG_VERDICT_UP;
    in.others = B;
    in.now = SINCE + 10 * GRACE;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(hag__verdict(&in).grace_end, HAG__NEVER);

    in.accused_at = in.now - GRACE + 1;
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_GRACE);
    in.accused_at = in.now - GRACE;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
    in.resumed_at = in.accused_at + 1;
    ck_assert_uint_eq(hag__verdict(&in).why, HAG_WHY_GUARD_STALLED);
    in.resumed_at = 0;

    /* one failed probe before the password was changed is no series */
    health = hag__health_next(&health, HAG_PROBE_TIMEOUT, 0, SINCE, SINCE, &settings);
    health = hag__health_next(&health, HAG_PROBE_DENIED, 0, SINCE, SINCE, &settings);
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_DOWN);
}
END_TEST

START_TEST(an_agent_that_calls_a_live_store_dead_has_lost_it)
{
    struct hag__verdict_in in = silent_primary();
    struct hag__verdict_out out;

    probe_says(G);
    in.agent = B;
    out = hag__verdict(&in);
    ck_assert_uint_eq(out.verdict, HAG_VERDICT_UP);
    ck_assert_uint_eq(out.kind, HAG_KIND_CONTROL_LOST);
    ck_assert_uint_eq(out.grace_end, HAG__NEVER);
}
END_TEST

START_TEST(time_does_not_wrap)
{
    struct hag__verdict_in in = silent_primary();

    in.now = HAG__NEVER - 1;
    health.since = HAG__NEVER - 2;
    ck_assert_uint_eq(hag__verdict(&in).verdict, HAG_VERDICT_SUSPECT);
    ck_assert_uint_eq(hag__verdict(&in).grace_end, HAG__NEVER);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        graces_are_exact,
        sixty_seconds_are_the_default,
        a_series_that_is_not_suspect_changes_nothing,
        fall_probes_must_have_failed,
        one_good_answer_holds_and_rise_of_them_clear,
        down_is_final_for_the_series,
        sightings_veto_and_the_alarm_has_its_time,
        silence_that_nobody_confirms_holds_a_primary_only,
        a_store_that_says_it_does_not_serve_is_not_silent,
        one_that_does_not_serve_is_not_saved_by_being_seen,
        the_others_are_looked_at_first,
        evidence_must_be_newer_than_a_stall,
        reborn_empty_is_down_at_once,
        denied_is_an_alarm_and_no_evidence,
        others_bring_down_what_the_guard_cannot_read,
        an_agent_that_calls_a_live_store_dead_has_lost_it,
        time_does_not_wrap,
        NULL,
    };

    return unit_run("judging", tests);
}
