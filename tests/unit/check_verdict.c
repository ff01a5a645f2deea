/* SPDX-License-Identifier: MIT */
#include "judging.h"

START_TEST(rows_stand_in_the_order_of_their_columns)
{
    const struct hag__verdict_row *rows = hag__verdict_rows();

    for (uint32_t p = 0, i = 0; p < 3; p++)
        for (uint32_t a = 0; a < 3; a++)
            for (uint32_t o = 0; o < 3; o++)
                for (uint32_t l = 0; l < 3; l++, i++) {
                    const struct hag__verdict_row *row = hag__verdict_row(p, a, o, l);

                    ck_assert_ptr_eq(row, &rows[i]);
                    ck_assert_uint_eq(row->probe, p);
                    ck_assert_uint_eq(row->agent, a);
                    ck_assert_uint_eq(row->others, o);
                    ck_assert_uint_eq(row->links, l);
                }
}
END_TEST

static void row_is(const struct hag__verdict_row *row, uint32_t says, uint32_t kind, uint32_t why)
{
    ck_assert_msg(row->says == says && row->kind == kind && row->why == why,
                  "row %u %u %u %u says %u, kind %u, why %u", row->probe, row->agent, row->others,
                  row->links, row->says, row->kind, row->why);
}

START_TEST(every_row_follows_the_rules)
{
    for (uint32_t i = 0; i < HAG__VERDICT_ROWS; i++) {
        const struct hag__verdict_row *row = &hag__verdict_rows()[i];
        int seen = row->agent == G || row->others == G || row->links == G;
        int missed = row->others == B || row->links == B;
        int dead = row->agent == B;

        if (row->probe == G && dead)
            row_is(row, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST);
        else if (row->probe == G)
            row_is(row, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS);
        else if (row->probe == B && seen)
            row_is(row, HAG__SAYS_VETO, dead ? HAG_KIND_GONE : HAG_KIND_NONE,
                   HAG_WHY_SEEN_BY_OTHERS);
        else if (row->probe == B && dead)
            row_is(row, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE);
        else if (row->probe == B && missed)
            row_is(row, HAG__SAYS_FAIL, HAG_KIND_NONE, HAG_WHY_NONE);
        else if (row->probe == B)
            row_is(row, HAG__SAYS_ALONE, HAG_KIND_NONE, HAG_WHY_ALONE);
        else if (seen)
            row_is(row, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS);
        else if (dead && missed)
            row_is(row, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE);
        else if (dead)
            row_is(row, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_AGENT_SAYS_DEAD);
        else if (row->others == B && row->links == B)
            row_is(row, HAG__SAYS_FAIL, HAG_KIND_SILENT, HAG_WHY_SILENT);
        else
            row_is(row, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_NOT_PROBED);
    }
}
END_TEST

/* The outcome of each row long after every grace, of a primary and of another node. */
START_TEST(every_row_has_its_outcome)
{
    for (uint32_t i = 0; i < HAG__VERDICT_ROWS; i++)
        for (uint8_t primary = 0; primary < 2; primary++) {
            const struct hag__verdict_row *row = &hag__verdict_rows()[i];
            struct hag__verdict_in in = silent_primary();
            uint32_t want = HAG_VERDICT_SUSPECT;
            struct hag__verdict_out out;

            probe_says(row->probe);
            in.agent = row->agent;
            in.others = row->others;
            in.links = row->links;
            in.accused_at = SINCE;
            in.is_primary = primary;
            in.now = SINCE + 10 * GRACE;
            out = hag__verdict(&in);
            if (row->says == HAG__SAYS_UP)
                want = HAG_VERDICT_UP;
            else if (row->says == HAG__SAYS_FAIL || (row->says == HAG__SAYS_ALONE && !primary))
                want = HAG_VERDICT_DOWN;
            ck_assert_msg(out.verdict == want, "row %u: %u", i, out.verdict);
        }
}
END_TEST

/* More sightings never make it worse. */
START_TEST(a_sighting_never_condemns)
{
    static const uint8_t rank[] = {
        [HAG__SAYS_UP] = 0,    [HAG__SAYS_UNKNOWN] = 1, [HAG__SAYS_VETO] = 2,
        [HAG__SAYS_ALONE] = 3, [HAG__SAYS_FAIL] = 4,
    };

    for (uint32_t i = 0; i < HAG__VERDICT_ROWS; i++) {
        const struct hag__verdict_row *r = &hag__verdict_rows()[i];

        ck_assert_uint_le(rank[hag__verdict_row(G, r->agent, r->others, r->links)->says],
                          rank[r->says]);
        ck_assert_uint_le(rank[hag__verdict_row(r->probe, G, r->others, r->links)->says],
                          rank[r->says]);
        ck_assert_uint_le(rank[hag__verdict_row(r->probe, r->agent, G, r->links)->says],
                          rank[r->says]);
        ck_assert_uint_le(rank[hag__verdict_row(r->probe, r->agent, r->others, G)->says],
                          rank[r->says]);
    }
}
END_TEST

START_TEST(kinds_are_reasons)
{
    for (uint32_t kind = HAG_KIND_GONE; kind <= HAG_KIND_CONTROL_LOST; kind++)
        ck_assert_str_eq(hag_name(HAG_NAMES_WHY, hag__kind_why(kind)),
                         hag_name(HAG_NAMES_KIND, kind));
    ck_assert_uint_eq(hag__kind_why(HAG_KIND_NONE), HAG_WHY_NONE);
    ck_assert_uint_eq(hag__kind_why(99), HAG_WHY_NONE);
}
END_TEST

static const struct {
    struct hag__link_view view;
    uint32_t says;
} links[] = {
    /* fresh, follows, detached, accused, up, syncing, moved, idle, beat */
    {{1, 1, 0, 0, 1, 0, 1, 0, 0}, G},
    {{0, 1, 0, 0, 1, 0, 1, 0, 0}, N},
    {{1, 0, 0, 0, 1, 0, 1, 0, 0}, N},
    {{1, 1, 0, 0, 1, 1, 1, 0, 0}, N},
    {{1, 1, 0, 0, 1, 0, 0, 0, 0}, N},
    {{1, 1, 0, 0, 0, 0, 0, 0, 0}, B},
    {{1, 1, 0, 0, 0, 0, 1, 0, 0}, B},
    {{0, 1, 0, 0, 0, 0, 0, 0, 0}, N},
    {{1, 0, 0, 0, 0, 0, 0, 0, 0}, N},
    {{1, 1, 0, 0, 0, 1, 0, 0, 0}, N},
    /* what the guard cut itself accuses nobody, unless it was down before */
    {{1, 1, 1, 0, 0, 0, 0, 0, 0}, N},
    {{1, 1, 1, 1, 0, 0, 0, 0, 0}, B},
    {{1, 1, 1, 0, 1, 0, 1, 0, 0}, N},
    /* a silent upstream: twice its beat, and at least fresh */
    {{1, 1, 0, 0, 1, 0, 0, 19999, 10000}, N},
    {{1, 1, 0, 0, 1, 0, 0, 20000, 10000}, B},
    {{1, 1, 0, 0, 1, 0, 1, 20000, 10000}, G},
    {{1, 1, 0, 0, 1, 0, 0, 4999, 1000}, N},
    {{1, 1, 0, 0, 1, 0, 0, 5000, 1000}, B},
    {{1, 1, 0, 0, 1, 0, 0, HAG_UNKNOWN_MS, 1000}, N},
    {{1, 1, 0, 0, 1, 0, 0, 90000, 0}, N},
    {{1, 1, 0, 0, 1, 0, 0, 90000, 0xf0000000}, N},
};

START_TEST(links_say_what_they_saw)
{
    hag__settings_default(&settings);
    for (size_t i = 0; i < UNIT_COUNT(links); i++)
        ck_assert_msg(hag__link_says(&links[i].view, &settings) == links[i].says, "link %d",
                      (int)i);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_stand_in_the_order_of_their_columns,
        every_row_follows_the_rules,
        every_row_has_its_outcome,
        a_sighting_never_condemns,
        kinds_are_reasons,
        links_say_what_they_saw,
        NULL,
    };

    return unit_run("verdict", tests);
}
