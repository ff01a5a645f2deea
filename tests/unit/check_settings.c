/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "engine/settings.h"
#include "unit.h"

/* Every setting as people write its default, design 11. */
static const struct {
    uint32_t key;
    const char *name;
    const char *def;
} expected[] = {
    {HAG_P_PROBE_EVERY, "probe_every", "1s"},
    {HAG_P_PROBE_TIMEOUT, "probe_timeout", "1s"},
    {HAG_P_FALL, "fall", "3"},
    {HAG_P_RISE, "rise", "2"},
    {HAG_P_DOWN_AFTER, "down_after", "60s"},
    {HAG_P_DOWN_AFTER_REPLICA, "down_after_replica", "60s"},
    {HAG_P_GONE_AFTER, "gone_after", "60s"},
    {HAG_P_FROZEN_AFTER, "frozen_after", "60s"},
    {HAG_P_SERVE_AFTER, "serve_after", "5m"},
    {HAG_P_FRESH, "fresh", "5s"},
    {HAG_P_VETO_LIMIT, "veto_limit", "5m"},
    {HAG_P_CONFIRM, "confirm", "2"},
    {HAG_P_ALONE, "alone", "hold"},
    {HAG_P_DOUBT_MIN, "doubt_min", "8"},
    {HAG_P_MAX_LAG, "max_lag", "none"},
    {HAG_P_POSITION_TOLERANCE, "position_tolerance", "0"},
    {HAG_P_FENCE, "fence", "best-effort"},
    {HAG_P_FENCE_WAIT, "fence_wait", "1s"},
    {HAG_P_PROMOTE_TIMEOUT, "promote_timeout", "60s"},
    {HAG_P_QUIESCE_MAX, "quiesce_max", "10s"},
    {HAG_P_HOLD_DOWN, "hold_down", "5m"},
    {HAG_P_MAX_SWITCHES, "max_switches", "4"},
    {HAG_P_MAX_FAILOVERS, "max_failovers", "16"},
    {HAG_P_NAMES_WITHIN, "names_within", "60s"},
    {HAG_P_REPOINT_PARALLEL, "repoint_parallel", "2"},
    {HAG_P_TTL, "ttl", "5s"},
    {HAG_P_DEBT_FACTOR, "debt_factor", "4"},
    {HAG_P_WITHDRAW_REPLICA, "withdraw_replica", "off"},
    {HAG_P_DETACH_ON_BREAK, "detach_on_break", "auto"},
    {HAG_P_VOLATILE, "volatile", "refuse"},
    {HAG_P_MAX_LAG_BYTES, "max_lag_bytes", "none"},
    {HAG_P_COMMIT_TIMEOUT, "commit_timeout", "5s"},
    {HAG_P_STEP_TIMEOUT, "step_timeout", "5s"},
    {HAG_P_RETRY_EVERY, "retry_every", "1s"},
    {HAG_P_REJOIN_UNKNOWN, "rejoin_unknown", "off"},
    {HAG_P_RETRY_MAX, "retry_max", "30s"},
};

START_TEST(every_setting_is_there_with_its_default)
{
    struct hag__settings s;

    hag__settings_default(&s);
    ck_assert_ptr_null(hag__setting_at(UNIT_COUNT(expected)));
    for (size_t i = 0; i < UNIT_COUNT(expected); i++) {
        const struct hag_setting *row = hag__setting(expected[i].key);
        char buf[32];

        ck_assert_ptr_nonnull(row);
        ck_assert_str_eq(row->name, expected[i].name);
        ck_assert_ptr_eq(hag__setting_named(expected[i].name), row);
        hag__settings_format(row->key, s.v[row->key], buf, sizeof(buf));
        ck_assert_str_eq(buf, expected[i].def);
    }
    for (uint32_t key = 0; key < HAG_P_COUNT + 2; key++) {
        int known = 0;

        for (size_t i = 0; i < UNIT_COUNT(expected); i++)
            known |= expected[i].key == key;
        ck_assert_int_eq(hag__setting(key) != NULL, known);
    }
}
END_TEST

START_TEST(rows_make_sense)
{
    for (uint32_t i = 0; hag__setting_at(i); i++) {
        const struct hag_setting *row = hag__setting_at(i);
        size_t words = 1;

        ck_assert_int_le(row->min, row->def);
        ck_assert_int_le(row->def, row->max);
        ck_assert_int_lt(row->min, row->max);
        ck_assert_uint_gt(strlen(row->text), 20);
        ck_assert_int_eq(strcmp(row->unit, "word") == 0, row->words != NULL);
        ck_assert(strstr("ms count bytes word", row->unit) != NULL);
        if (!row->words)
            continue;
        for (const char *p = row->words; *p; p++)
            words += *p == '|';
        ck_assert_uint_eq(words, (size_t)row->max + 1);
        ck_assert_int_eq(row->min, 0);
    }
}
END_TEST

START_TEST(bounds_hold_and_a_refused_value_changes_nothing)
{
    struct hag__settings s, before;
    char why[200];

    hag__settings_default(&s);
    for (uint32_t i = 0; hag__setting_at(i); i++) {
        const struct hag_setting *row = hag__setting_at(i);

        ck_assert_int_eq(hag__settings_set(&s, row->key, row->min, why, sizeof(why)), HAG_OK);
        ck_assert_int_eq(s.v[row->key], row->min);
        ck_assert_int_eq(hag__settings_set(&s, row->key, row->max, why, sizeof(why)), HAG_OK);
        ck_assert_int_eq(s.v[row->key], row->max);
        before = s;
        ck_assert_int_eq(hag__settings_set(&s, row->key, row->min - 1, why, sizeof(why)),
                         HAG_ERR_RANGE);
        ck_assert(strstr(why, row->name) != NULL);
        ck_assert_int_eq(hag__settings_set(&s, row->key, row->max + 1, NULL, 0), HAG_ERR_RANGE);
        ck_assert_int_eq(hag__settings_set(&s, row->key, INT64_MIN, why, sizeof(why)),
                         HAG_ERR_RANGE);
        ck_assert_int_eq(hag__settings_set(&s, row->key, INT64_MAX, why, sizeof(why)),
                         HAG_ERR_RANGE);
        ck_assert_mem_eq(&s, &before, sizeof(s));
    }
    ck_assert_int_eq(hag__settings_set(&s, HAG_P_COUNT, 1, why, sizeof(why)), HAG_ERR_NOT_FOUND);
    ck_assert_int_eq(hag__settings_set(&s, 10, 1, why, sizeof(why)), HAG_ERR_NOT_FOUND);
    ck_assert(strstr(why, "10") != NULL);
    ck_assert_int_eq(hag__settings_set(&s, UINT32_MAX, 1, why, sizeof(why)), HAG_ERR_NOT_FOUND);
    ck_assert_mem_eq(&s, &before, sizeof(s));
    ck_assert_int_eq(hag__settings_set(&s, HAG_P_DOWN_AFTER, 20, why, sizeof(why)), HAG_ERR_RANGE);
    ck_assert_str_eq(why, "down_after cannot be 20ms; it goes from 100ms to 7d");
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct hag__settings s;
    char buf[40], why[200];

    for (uint32_t i = 0; hag__setting_at(i); i++) {
        const struct hag_setting *row = hag__setting_at(i);
        const int64_t values[] = {row->def, row->min, row->max, row->min + 1, row->max - 1};

        for (size_t k = 0; k < UNIT_COUNT(values); k++) {
            hag__settings_default(&s);
            s.v[row->key] = INT64_MIN;
            hag__settings_format(row->key, values[k], buf, sizeof(buf));
            ck_assert_msg(hag__settings_parse(&s, row->name, buf, why, sizeof(why)) == HAG_OK,
                          "%s=%s: %s", row->name, buf, why);
            ck_assert_int_eq(s.v[row->key], values[k]);
        }
    }
}
END_TEST

START_TEST(text_that_cannot_be_read_names_what_is_wanted)
{
    static const struct {
        const char *name, *value;
        int32_t err;
        const char *why;
    } rows[] = {
        {"down_after", "60", HAG_ERR_INVAL,
         "down_after wants a time such as 250ms, 60s, 5m, 2h, not \"60\""},
        {"down_after", "none", HAG_ERR_INVAL,
         "down_after wants a time such as 250ms, 60s, 5m, 2h, not \"none\""},
        {"down_after", "30d", HAG_ERR_RANGE, "down_after cannot be 30d; it goes from 100ms to 7d"},
        {"down_after", "99999999999999999999d", HAG_ERR_RANGE,
         "down_after cannot be 99999999999999999999d; it goes to 7d"},
        {"max_lag", "much", HAG_ERR_INVAL,
         "max_lag wants a time such as 250ms, 60s, 5m, 2h or none, not \"much\""},
        {"max_lag_bytes", "5s", HAG_ERR_INVAL,
         "max_lag_bytes wants a size such as 100, 64k, 16m, 1g or none, not \"5s\""},
        {"fall", "3k", HAG_ERR_INVAL, "fall wants a whole number, not \"3k\""},
        {"fall", "-1", HAG_ERR_INVAL, "fall wants a whole number, not \"-1\""},
        {"fall", "0", HAG_ERR_RANGE, "fall cannot be 0; it goes from 1 to 100"},
        {"fence", "require", HAG_ERR_INVAL, "fence wants best-effort or required, not \"require\""},
        {"fence", "", HAG_ERR_INVAL, "fence wants best-effort or required, not \"\""},
        {"fence", "best-effort|required", HAG_ERR_INVAL,
         "fence wants best-effort or required, not \"best-effort|required\""},
        {"fences", "required", HAG_ERR_NOT_FOUND,
         "there is no setting fences; hag_setting_get() lists them all"},
    };
    struct hag__settings s, before;

    hag__settings_default(&s);
    before = s;
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        char why[200];

        ck_assert_int_eq(hag__settings_parse(&s, rows[i].name, rows[i].value, why, sizeof(why)),
                         rows[i].err);
        ck_assert_str_eq(why, rows[i].why);
    }
    ck_assert_mem_eq(&s, &before, sizeof(s));
}
END_TEST

START_TEST(words_for_nothing_are_read)
{
    static const struct {
        const char *name, *value;
        uint32_t key;
        int64_t v;
    } rows[] = {
        {"max_lag", "none", HAG_P_MAX_LAG, -1},
        {"max_lag", "off", HAG_P_MAX_LAG, -1},
        {"max_lag", "0", HAG_P_MAX_LAG, 0},
        {"max_lag_bytes", "none", HAG_P_MAX_LAG_BYTES, -1},
        {"max_lag_bytes", "16m", HAG_P_MAX_LAG_BYTES, 16 << 20},
        {"doubt_min", "off", HAG_P_DOUBT_MIN, 0},
        {"position_tolerance", "none", HAG_P_POSITION_TOLERANCE, 0},
        {"withdraw_replica", "off", HAG_P_WITHDRAW_REPLICA, HAG_OFF},
        {"withdraw_replica", "on", HAG_P_WITHDRAW_REPLICA, HAG_ON},
        {"detach_on_break", "off", HAG_P_DETACH_ON_BREAK, HAG_OFF},
        {"detach_on_break", "auto", HAG_P_DETACH_ON_BREAK, HAG_AUTO},
        {"alone", "promote", HAG_P_ALONE, HAG_ALONE_PROMOTE},
        {"volatile", "accept", HAG_P_VOLATILE, HAG_VOLATILE_ACCEPT},
        {"fence", "required", HAG_P_FENCE, HAG_FENCE_POLICY_REQUIRED},
    };
    struct hag__settings s;

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        hag__settings_default(&s);
        s.v[rows[i].key] = 77;
        ck_assert_int_eq(hag__settings_parse(&s, rows[i].name, rows[i].value, NULL, 0), HAG_OK);
        ck_assert_int_eq(s.v[rows[i].key], rows[i].v);
    }
}
END_TEST

/* Settings that differ from the defaults, and the one the check must name, or NULL. */
static const struct {
    const char *set[4][2];
    const char *named;
} wholes[] = {
    {{{NULL}}, NULL},
    {{{"down_after", "5s"}}, NULL},
    {{{"down_after", "3s"}}, NULL},
    {{{"down_after", "2.999s"}}, "down_after=2.999s"},
    {{{"down_after", "1s"}, {"fall", "1"}}, NULL},
    {{{"down_after", "999ms"}, {"fall", "1"}}, "down_after"},
    {{{"down_after", "1s"}, {"probe_every", "250ms"}, {"probe_timeout", "250ms"}}, NULL},
    {{{"down_after", "749ms"}, {"probe_every", "250ms"}, {"probe_timeout", "250ms"}}, "down_after"},
    {{{"probe_timeout", "21s"}}, "down_after=60s"},
    {{{"probe_timeout", "20s"}, {"quiesce_max", "20s"}}, NULL},
    {{{"probe_every", "29.500s"}, {"fresh", "1m"}}, NULL},
    {{{"probe_every", "29.501s"}, {"fresh", "1m"}}, "down_after"},
    {{{"down_after_replica", "2s"}}, "down_after_replica"},
    {{{"frozen_after", "2s"}}, "frozen_after"},
    {{{"serve_after", "2s"}}, "serve_after"},
    {{{"gone_after", "2s"}}, NULL},
    {{{"gone_after", "1.999s"}}, "gone_after"},
    {{{"gone_after", "0"}, {"fall", "1"}}, NULL},
    {{{"fresh", "999ms"}}, "fresh=999ms is less than probe_every=1s"},
    {{{"fresh", "1s"}}, NULL},
    {{{"quiesce_max", "500ms"}}, "quiesce_max"},
    {{{"max_lag_bytes", "100"}, {"position_tolerance", "101"}}, "max_lag_bytes"},
    {{{"max_lag_bytes", "100"}, {"position_tolerance", "100"}}, NULL},
    {{{"max_lag_bytes", "none"}, {"position_tolerance", "101"}}, NULL},
    {{{"retry_max", "999ms"}}, "retry_max"},
    {{{"retry_max", "1s"}}, NULL},
};

START_TEST(contradictions_are_named_with_their_cure)
{
    for (size_t i = 0; i < UNIT_COUNT(wholes); i++) {
        struct hag__settings s;
        char why[300] = "";
        int32_t err;

        hag__settings_default(&s);
        for (size_t k = 0; k < 4 && wholes[i].set[k][0]; k++)
            ck_assert_int_eq(
                hag__settings_parse(&s, wholes[i].set[k][0], wholes[i].set[k][1], NULL, 0), HAG_OK);
        err = hag__settings_check(&s, why, sizeof(why));
        ck_assert_msg(err == (wholes[i].named ? HAG_ERR_CONFLICT : HAG_OK), "row %d: %s", (int)i,
                      why);
        if (!wholes[i].named) {
            ck_assert_str_eq(why, "");
            continue;
        }
        ck_assert_msg(strncmp(why, wholes[i].named, strlen(wholes[i].named)) == 0, "%s", why);
        ck_assert_msg(strstr(why, "set it to") || strstr(why, "raise"), "%s", why);
        ck_assert_int_eq(hag__settings_check(&s, NULL, 0), HAG_ERR_CONFLICT);
    }
}
END_TEST

START_TEST(the_cure_cures)
{
    struct hag__settings s;
    char why[300], *value;

    hag__settings_default(&s);
    ck_assert_int_eq(hag__settings_parse(&s, "down_after", "1s", NULL, 0), HAG_OK);
    ck_assert_int_eq(hag__settings_check(&s, why, sizeof(why)), HAG_ERR_CONFLICT);
    ck_assert_str_eq(why, "down_after=1s is too short for fall=3 probes to fail in it "
                          "(probe_every=1s, probe_timeout=1s): set it to 3s or more, or lower the "
                          "others");
    value = strstr(why, "set it to ") + strlen("set it to ");
    value[strcspn(value, " ")] = '\0';
    ck_assert_int_eq(hag__settings_parse(&s, "down_after", value, NULL, 0), HAG_OK);
    ck_assert_int_eq(hag__settings_check(&s, why, sizeof(why)), HAG_OK);
}
END_TEST

START_TEST(each_kind_of_trouble_has_its_grace)
{
    struct hag__settings s;

    hag__settings_default(&s);
    s.v[HAG_P_DOWN_AFTER] = 1001;
    s.v[HAG_P_DOWN_AFTER_REPLICA] = 1002;
    s.v[HAG_P_GONE_AFTER] = 1003;
    s.v[HAG_P_FROZEN_AFTER] = 1004;
    s.v[HAG_P_SERVE_AFTER] = 1005;
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_SILENT, 1), 1001);
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_SILENT, 0), 1002);
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_REFUSING, 1), 1001);
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_REFUSING, 0), 1002);
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_NONE, 1), 1001);
    ck_assert_uint_eq(hag__grace(&s, HAG_KIND_NONE, 0), 1002);
    for (int primary = 0; primary < 2; primary++) {
        ck_assert_uint_eq(hag__grace(&s, HAG_KIND_GONE, primary), 1003);
        ck_assert_uint_eq(hag__grace(&s, HAG_KIND_FROZEN, primary), 1004);
        ck_assert_uint_eq(hag__grace(&s, HAG_KIND_NOT_SERVING, primary), 1005);
        ck_assert_uint_eq(hag__grace(&s, HAG_KIND_CONTROL_LOST, primary), HAG__NEVER);
        ck_assert_uint_eq(hag__grace(&s, 99, primary), HAG__NEVER);
    }
}
END_TEST

START_TEST(the_public_table_grows_at_its_end_only)
{
    struct {
        struct hag_setting s;
        uint64_t tail;
    } out;

    memset(&out, 0xee, sizeof(out));
    ck_assert_int_eq(hag_setting_get(0, NULL), HAG_ERR_INVAL);
    out.s.size = 3;
    ck_assert_int_eq(hag_setting_get(0, &out.s), HAG_ERR_ABI);
    out.s.size = sizeof(out.s);
    ck_assert_int_eq(hag_setting_get(UNIT_COUNT(expected), &out.s), HAG_ERR_NOT_FOUND);
    ck_assert_uint_eq(out.s.key, 0xeeeeeeee);

    ck_assert_int_eq(hag_setting_get(0, &out.s), HAG_OK);
    ck_assert_uint_eq(out.s.size, sizeof(out.s));
    ck_assert_str_eq(out.s.name, "probe_every");
    ck_assert_uint_eq(out.tail, 0xeeeeeeeeeeeeeeee);

    memset(&out, 0xee, sizeof(out));
    out.s.size = offsetof(struct hag_setting, def);
    ck_assert_int_eq(hag_setting_get(1, &out.s), HAG_OK);
    ck_assert_uint_eq(out.s.key, HAG_P_PROBE_TIMEOUT);
    ck_assert_int_eq(out.s.def, (int64_t)0xeeeeeeeeeeeeeeee);

    memset(&out, 0xee, sizeof(out));
    out.s.size = sizeof(out);
    ck_assert_int_eq(hag_setting_get(2, &out.s), HAG_OK);
    ck_assert_uint_eq(out.s.size, sizeof(out));
    ck_assert_uint_eq(out.tail, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_setting_is_there_with_its_default,
        rows_make_sense,
        bounds_hold_and_a_refused_value_changes_nothing,
        what_is_written_is_read_back,
        text_that_cannot_be_read_names_what_is_wanted,
        words_for_nothing_are_read,
        contradictions_are_named_with_their_cure,
        the_cure_cures,
        each_kind_of_trouble_has_its_grace,
        the_public_table_grows_at_its_end_only,
        NULL,
    };

    return unit_run("settings", tests);
}
