/* SPDX-License-Identifier: MIT */
#include "engine/names.h"
#include "unit.h"

/* Every constant that people see, as SCENARIOS and the manual write it. */
static const struct {
    uint32_t names, value;
    const char *name;
} rows[] = {
    {HAG_NAMES_ACTION, HAG_DO_PROBE, "probe"},
    {HAG_NAMES_ACTION, HAG_DO_PERSIST_ROLE, "persist_role"},
    {HAG_NAMES_EVENT, HAG_EV_SUSPECT, "suspect"},
    {HAG_NAMES_EVENT, HAG_EV_UNFENCE, "unfence"},
    {HAG_NAMES_EVENT, HAG_EV_CLEARED, "cleared"},
    {HAG_NAMES_ALERT, HAG_ALERT_SEEN_BY_OTHERS, "seen-by-others"},
    {HAG_NAMES_ALERT, HAG_ALERT_NO_CANDIDATE, "no-candidate"},
    {HAG_NAMES_ALERT, HAG_ALERT_ROLE_MISMATCH, "role-mismatch"},
    {HAG_NAMES_ALERT, HAG_ALERT_HELD, "held"},
    {HAG_NAMES_WHY, HAG_WHY_SILENT, "silent"},
    {HAG_NAMES_WHY, HAG_WHY_UNSETTLED, "unsettled"},
    {HAG_NAMES_WHY, HAG_WHY_RECORD, "record"},
    {HAG_NAMES_VERDICT, HAG_VERDICT_SUSPECT, "suspect"},
    {HAG_NAMES_KIND, HAG_KIND_NOT_SERVING, "not-serving"},
    {HAG_NAMES_KIND, HAG_KIND_CONTROL_LOST, "control-lost"},
    {HAG_NAMES_STATE, HAG_STATE_OBSERVING, "observing"},
    {HAG_NAMES_STATE, HAG_STATE_LOST, "lost"},
    {HAG_NAMES_PROCEDURE, HAG_PROC_PLANCHANGE, "plan-change"},
    {HAG_NAMES_PROBE, HAG_PROBE_UNREACHABLE, "unreachable"},
    {HAG_NAMES_ROLE, HAG_ROLE_STANDBY, "standby"},
    {HAG_NAMES_OUTCOME, HAG_RES_UNKNOWN, "unknown"},
    {HAG_NAMES_FENCE, HAG_FENCE_DEMOTED, "demoted"},
    {HAG_NAMES_ENDPOINT, HAG_ENDPOINT_REPLICA, "replica"},
    {HAG_NAMES_SEVERITY, HAG_SEVERITY_ALARM, "alarm"},
};

/* Which values have names: lo to hi, without holes. */
static const struct {
    uint32_t names, lo, hi;
} spans[] = {
    {HAG_NAMES_ACTION, 1, HAG_DO_MAX - 1},
    {HAG_NAMES_EVENT, 1, HAG_EV_MAX - 1},
    {HAG_NAMES_ALERT, 1, HAG_ALERT_MAX - 1},
    {HAG_NAMES_VERDICT, 0, HAG_VERDICT_DOWN},
    {HAG_NAMES_KIND, 0, HAG_KIND_CONTROL_LOST},
    {HAG_NAMES_STATE, 0, HAG_STATE_LOST},
    {HAG_NAMES_PROCEDURE, 0, HAG_PROC_SAFEGUARD},
    {HAG_NAMES_PROBE, 0, HAG_PROBE_NONE},
    {HAG_NAMES_ROLE, 0, HAG_ROLE_STANDBY},
    {HAG_NAMES_OUTCOME, 0, HAG_RES_UNKNOWN},
    {HAG_NAMES_FENCE, 0, HAG_FENCE_OFF},
    {HAG_NAMES_ENDPOINT, 0, HAG_ENDPOINT_REPLICA},
    {HAG_NAMES_SEVERITY, 0, HAG_SEVERITY_ALARM},
    /* reasons come in groups */
    {HAG_NAMES_WHY, 0, HAG_WHY_AGENT_SAYS_DEAD},
    {HAG_NAMES_WHY, HAG_WHY_IS_PRIMARY, HAG_WHY_READ_REPLICA},
    {HAG_NAMES_WHY, HAG_WHY_PAUSED, HAG_WHY_DEBT},
    {HAG_NAMES_WHY, HAG_WHY_TIMEOUT, HAG_WHY_BAD_CONFIG},
    {HAG_NAMES_WHY, HAG_WHY_OPERATOR, HAG_WHY_RECORD},
};

START_TEST(names_are_as_people_write_them)
{
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        ck_assert_str_eq(hag_name(rows[i].names, rows[i].value), rows[i].name);
        ck_assert_str_eq(hag__name(rows[i].names, rows[i].value), rows[i].name);
    }
}
END_TEST

static int is_named(uint32_t names, uint32_t value)
{
    for (size_t i = 0; i < UNIT_COUNT(spans); i++)
        if (spans[i].names == names && value >= spans[i].lo && value <= spans[i].hi)
            return 1;
    return 0;
}

START_TEST(every_constant_has_a_name_and_nothing_else_has)
{
    for (uint32_t names = 0; names < HAG_NAMES_SEVERITY + 3; names++)
        for (uint32_t value = 0; value < 300; value++) {
            const char *name = hag_name(names, value);

            ck_assert_msg((name != NULL) == is_named(names, value), "%u %u", names, value);
            if (!name) {
                ck_assert_str_eq(hag__name(names, value), "?");
                continue;
            }
            ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-_"), strlen(name));
            ck_assert(names == HAG_NAMES_ACTION || strchr(name, '_') == NULL);
        }
    ck_assert_ptr_null(hag_name(HAG_NAMES_EVENT, UINT32_MAX));
    ck_assert_ptr_null(hag_name(UINT32_MAX, 1));
}
END_TEST

START_TEST(no_two_constants_share_a_name)
{
    for (uint32_t names = 1; names <= HAG_NAMES_SEVERITY; names++)
        for (uint32_t a = 0; a < 200; a++)
            for (uint32_t b = 0; b < a && hag_name(names, a); b++)
                ck_assert_str_ne(hag__name(names, a), hag__name(names, b));
}
END_TEST

START_TEST(every_reason_has_a_sentence)
{
    for (uint32_t why = 0; why < 300; why++) {
        const char *text = hag_why_text(why);

        ck_assert_int_eq(text != NULL, hag_name(HAG_NAMES_WHY, why) != NULL);
        if (!text)
            continue;
        ck_assert(text[0] >= 'A' && text[0] <= 'Z');
        ck_assert(text[strlen(text) - 1] == '.');
        for (uint32_t other = 0; other < why; other++)
            ck_assert(!hag_why_text(other) || strcmp(hag_why_text(other), text) != 0);
    }
}
END_TEST

START_TEST(every_error_has_a_line)
{
    const char *none = hag_strerror(1);

    for (int32_t err = HAG_OK; err >= HAG_ERR_CONFLICT; err--) {
        ck_assert_str_ne(hag_strerror(err), none);
        for (int32_t other = HAG_OK; other > err; other--)
            ck_assert_str_ne(hag_strerror(err), hag_strerror(other));
    }
    ck_assert_str_eq(hag_strerror(HAG_ERR_CONFLICT - 1), none);
    ck_assert_str_eq(hag_strerror(INT32_MIN), none);
    ck_assert_str_eq(hag_strerror(INT32_MAX), none);
}
END_TEST

START_TEST(the_version_is_the_headers)
{
    ck_assert_uint_eq(hag_version(), HAG_VERSION_NUM);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_are_as_people_write_them,
        every_constant_has_a_name_and_nothing_else_has,
        no_two_constants_share_a_name,
        every_reason_has_a_sentence,
        every_error_has_a_line,
        the_version_is_the_headers,
        NULL,
    };

    return unit_run("names", tests);
}
