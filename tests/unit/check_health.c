/* SPDX-License-Identifier: MIT */
#include "engine/health.h"
#include "unit.h"

enum {
    O = HAG_PROBE_OK,
    N = HAG_PROBE_NOT_SERVING,
    D = HAG_PROBE_DENIED,
    R = HAG_PROBE_REFUSED,
    T = HAG_PROBE_TIMEOUT
};

static struct hag__settings settings;

static void begin(struct hag__health *h)
{
    hag__settings_default(&settings);
    hag__health_init(h);
}

/* One answer a second, the i-th to a probe sent at i seconds and taken 100 ms later. */
static struct hag__health play(const int *answers, size_t n)
{
    struct hag__health h;

    begin(&h);
    for (size_t i = 0; i < n; i++)
        h = hag__health_next(&h, (uint32_t)answers[i], 0, i * 1000, i * 1000 + 100, &settings);
    return h;
}

#define PLAY(...) play((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void is_calm(struct hag__health h)
{
    ck_assert_uint_eq(h.since, HAG__NEVER);
    ck_assert_uint_eq(h.last_bad_sent, HAG__NEVER);
    ck_assert_uint_eq(h.fails, 0);
    ck_assert_uint_eq(h.dull, 0);
    ck_assert_uint_eq(h.goods, 0);
    ck_assert_uint_eq(h.kind, HAG_KIND_NONE);
    ck_assert_int_eq(hag__health_suspect(&h, &settings), 0);
}

START_TEST(at_first_nothing_is_known)
{
    struct hag__health h;

    begin(&h);
    is_calm(h);
    ck_assert_uint_eq(h.result, HAG_PROBE_NONE);
    ck_assert_uint_eq(h.last_good, HAG__NEVER);
}
END_TEST

START_TEST(each_result_has_its_kind)
{
    static const struct {
        uint32_t result, facts, kind;
    } rows[] = {
        {HAG_PROBE_OK, 0, HAG_KIND_NONE},
        {HAG_PROBE_NOT_SERVING, 0, HAG_KIND_NOT_SERVING},
        {HAG_PROBE_DENIED, 0, HAG_KIND_NONE},
        {HAG_PROBE_REFUSED, 0, HAG_KIND_REFUSING},
        {HAG_PROBE_UNREACHABLE, 0, HAG_KIND_SILENT},
        {HAG_PROBE_TIMEOUT, 0, HAG_KIND_SILENT},
        {HAG_PROBE_TIMEOUT, HAG_FACT_ACCEPTED, HAG_KIND_FROZEN},
        {HAG_PROBE_TIMEOUT, HAG_FACT_POSITION, HAG_KIND_SILENT},
        {HAG_PROBE_REFUSED, HAG_FACT_ACCEPTED, HAG_KIND_REFUSING},
        {HAG_PROBE_GARBLED, 0, HAG_KIND_REFUSING},
        {HAG_PROBE_NONE, 0, HAG_KIND_NONE},
        {HAG_PROBE_NONE + 1, 0, HAG_KIND_NONE},
        {UINT32_MAX, 0, HAG_KIND_NONE},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        struct hag__health h, next;
        unsigned counts = rows[i].kind != HAG_KIND_NONE;
        unsigned dull = rows[i].kind == HAG_KIND_NOT_SERVING;

        ck_assert_uint_eq(hag__health_kind(rows[i].result, rows[i].facts), rows[i].kind);
        begin(&h);
        next = hag__health_next(&h, rows[i].result, rows[i].facts, 5000, 6000, &settings);
        ck_assert_uint_eq(next.result, (uint8_t)rows[i].result);
        ck_assert_uint_eq(next.kind, rows[i].kind);
        ck_assert_uint_eq(next.since, counts ? 5000 : HAG__NEVER);
        ck_assert_uint_eq(next.last_bad_sent, counts ? 5000 : HAG__NEVER);
        ck_assert_uint_eq(next.fails, counts && !dull);
        ck_assert_uint_eq(next.dull, dull);
        ck_assert_uint_eq(next.last_good, rows[i].result == HAG_PROBE_OK ? 6000 : HAG__NEVER);
    }
}
END_TEST

START_TEST(the_grace_runs_from_the_sending_of_the_first_failed_probe)
{
    struct hag__health h = PLAY(O, O, T, T, T, T);

    ck_assert_uint_eq(h.since, 2000);
    ck_assert_uint_eq(h.last_bad_sent, 5000);
    ck_assert_uint_eq(h.last_good, 1100);
    ck_assert_uint_eq(h.fails, 4);
}
END_TEST

START_TEST(fall_bad_answers_make_it_suspect)
{
    struct hag__health two = PLAY(T, T), three = PLAY(T, T, T), dull = PLAY(N, N, N);
    struct hag__health mixed = PLAY(N, T, N);

    ck_assert_int_eq(hag__health_suspect(&two, &settings), 0);
    ck_assert_int_eq(hag__health_suspect(&three, &settings), 1);
    ck_assert_int_eq(hag__health_suspect(&dull, &settings), 1);
    ck_assert_int_eq(hag__health_suspect(&mixed, &settings), 1);
    ck_assert_uint_eq(dull.fails, 0);
    ck_assert_uint_eq(dull.dull, 3);
    ck_assert_uint_eq(mixed.fails, 1);
    ck_assert_uint_eq(mixed.dull, 2);
    settings.v[HAG_P_FALL] = 4;
    ck_assert_int_eq(hag__health_suspect(&three, &settings), 0);
}
END_TEST

START_TEST(before_suspicion_one_good_answer_is_enough)
{
    is_calm(PLAY(T, O));
    is_calm(PLAY(T, T, O));
    is_calm(PLAY(N, N, O));
}
END_TEST

START_TEST(one_lucky_answer_does_not_clear_suspicion)
{
    struct hag__health one = PLAY(T, T, T, O), again = PLAY(T, T, T, O, T, O);

    ck_assert_uint_eq(one.since, 0);
    ck_assert_uint_eq(one.goods, 1);
    ck_assert_uint_eq(one.fails, 3);
    ck_assert_uint_eq(one.result, HAG_PROBE_OK);
    ck_assert_uint_eq(again.since, 0);
    ck_assert_uint_eq(again.goods, 1);
    ck_assert_uint_eq(again.fails, 4);
    is_calm(PLAY(T, T, T, O, O));
    is_calm(PLAY(T, T, T, O, T, O, O));
    is_calm(PLAY(N, N, N, O, O));
}
END_TEST

START_TEST(rise_of_one_and_of_many)
{
    struct hag__health h = PLAY(T, T, T);

    settings.v[HAG_P_RISE] = 1;
    is_calm(hag__health_next(&h, O, 0, 9000, 9000, &settings));
    settings.v[HAG_P_RISE] = 100;
    for (int i = 0; i < 99; i++) {
        h = hag__health_next(&h, O, 0, 9000, 9000, &settings);
        ck_assert_uint_eq(h.since, 0);
    }
    is_calm(hag__health_next(&h, O, 0, 9000, 9000, &settings));
}
END_TEST

START_TEST(a_change_of_kind_never_restarts_the_clock)
{
    struct hag__health h = PLAY(T, T, R, N);

    ck_assert_uint_eq(h.since, 0);
    ck_assert_uint_eq(h.kind, HAG_KIND_NOT_SERVING);
    h = hag__health_next(&h, T, HAG_FACT_ACCEPTED, 4000, 4100, &settings);
    ck_assert_uint_eq(h.since, 0);
    ck_assert_uint_eq(h.kind, HAG_KIND_FROZEN);
    ck_assert_uint_eq(h.fails, 4);
    ck_assert_uint_eq(h.dull, 1);
}
END_TEST

START_TEST(denied_neither_starts_nor_breaks_a_series)
{
    struct hag__health h = PLAY(O, D, D, D, D, D);

    is_calm(h);
    ck_assert_uint_eq(h.result, HAG_PROBE_DENIED);
    ck_assert_uint_eq(h.last_good, 100);

    h = PLAY(T, T, D);
    ck_assert_uint_eq(h.since, 0);
    ck_assert_uint_eq(h.fails, 2);
    ck_assert_uint_eq(h.last_bad_sent, 1000);
    ck_assert_uint_eq(h.kind, HAG_KIND_SILENT);

    h = PLAY(T, T, T, O, D);
    ck_assert_uint_eq(h.goods, 1);
    is_calm(PLAY(T, T, T, O, D, O));
}
END_TEST

START_TEST(counters_do_not_wrap)
{
    struct hag__health h = PLAY(T);

    for (int i = 0; i < 70000; i++)
        h = hag__health_next(&h, T, 0, 1000, 1000, &settings);
    ck_assert_uint_eq(h.fails, UINT16_MAX);
    for (int i = 0; i < 70000; i++)
        h = hag__health_next(&h, N, 0, 1000, 1000, &settings);
    ck_assert_uint_eq(h.dull, UINT16_MAX);
    ck_assert_int_eq(hag__health_suspect(&h, &settings), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        at_first_nothing_is_known,
        each_result_has_its_kind,
        the_grace_runs_from_the_sending_of_the_first_failed_probe,
        fall_bad_answers_make_it_suspect,
        before_suspicion_one_good_answer_is_enough,
        one_lucky_answer_does_not_clear_suspicion,
        rise_of_one_and_of_many,
        a_change_of_kind_never_restarts_the_clock,
        denied_neither_starts_nor_breaks_a_series,
        counters_do_not_wrap,
        NULL,
    };

    return unit_run("health", tests);
}
