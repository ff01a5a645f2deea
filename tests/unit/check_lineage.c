/* SPDX-License-Identifier: MIT */
#include "engine/lineage.h"
#include "unit.h"

/* "b@100 a" is a history whose newest id is b; data of a was taken up to 100. */
union history {
    struct hag__lineage head;
    char room[sizeof(struct hag__lineage) + HAG_LINEAGE_MAX * sizeof(struct hag__lineage_pair)];
};

static const struct hag__lineage *history(union history *h, const char *text)
{
    uint64_t fork = 12345; /* of pair 0: has no meaning */

    memset(h, 0, sizeof(*h));
    h->head.refs = 1;
    while (*text) {
        struct hag__lineage_pair *pair = &h->head.pair[h->head.n++];
        char *end;

        memset(pair->id, *text == '0' ? 0 : *text, HAG_ID_SIZE);
        pair->fork = fork;
        text++;
        if (*text != '@')
            break;
        fork = strtoull(text + 1, &end, 10);
        text = end + 1;
    }
    return &h->head;
}

static const struct {
    const char *a;
    uint64_t a_pos;
    const char *b;
    uint64_t b_pos;
    uint32_t ab, ba;
} rows[] = {
    {"a", 10, "a", 90, HAG__LINEAGE_SAME, HAG__LINEAGE_SAME},
    {"a", 10, "b", 10, HAG__LINEAGE_INCOMPARABLE, HAG__LINEAGE_INCOMPARABLE},
    /* b was promoted at 100: an old standby that stands at or below that is its ancestor */
    {"a", 99, "b@100 a", 200, HAG__LINEAGE_ANCESTOR, HAG__LINEAGE_DESCENDANT},
    {"a", 100, "b@100 a", 200, HAG__LINEAGE_ANCESTOR, HAG__LINEAGE_DESCENDANT},
    {"a", 101, "b@100 a", 200, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    /* through several promotions */
    {"a", 100, "c@300 b@100 a", 400, HAG__LINEAGE_ANCESTOR, HAG__LINEAGE_DESCENDANT},
    {"a", 101, "c@300 b@100 a", 400, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    {"b@100 a", 300, "c@300 b@100 a", 400, HAG__LINEAGE_ANCESTOR, HAG__LINEAGE_DESCENDANT},
    {"b@100 a", 301, "c@300 b@100 a", 400, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    /* a store that keeps fewer pairs */
    {"b@100 a", 300, "c@300 b", 400, HAG__LINEAGE_ANCESTOR, HAG__LINEAGE_DESCENDANT},
    /* two went on from the same history */
    {"b@100 a", 100, "c@100 a", 100, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    {"b@100 a", 150, "c@120 a", 150, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    /* each claims to go on from the other: nonsense is never safe */
    {"b@100 a", 100, "a@100 b", 100, HAG__LINEAGE_DIVERGED, HAG__LINEAGE_DIVERGED},
    /* an id of zeros is no id */
    {"0", 10, "0", 10, HAG__LINEAGE_INCOMPARABLE, HAG__LINEAGE_INCOMPARABLE},
    {"b@100 0", 10, "0", 10, HAG__LINEAGE_INCOMPARABLE, HAG__LINEAGE_INCOMPARABLE},
};

START_TEST(histories_relate)
{
    union history a, b;

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        const struct hag__lineage *x = history(&a, rows[i].a), *y = history(&b, rows[i].b);

        ck_assert_msg(hag__lineage_relate(x, rows[i].a_pos, y, rows[i].b_pos) == rows[i].ab,
                      "row %d", (int)i);
        ck_assert_msg(hag__lineage_relate(y, rows[i].b_pos, x, rows[i].a_pos) == rows[i].ba,
                      "row %d, the other way", (int)i);
        ck_assert_int_eq(hag__lineage_related(x, y), rows[i].ab != HAG__LINEAGE_INCOMPARABLE);
        ck_assert_int_eq(hag__lineage_related(y, x), rows[i].ab != HAG__LINEAGE_INCOMPARABLE);
    }
}
END_TEST

START_TEST(an_unknown_history_is_incomparable)
{
    union history a;
    const struct hag__lineage *x = history(&a, "a");

    ck_assert_uint_eq(hag__lineage_relate(x, 1, NULL, 1), HAG__LINEAGE_INCOMPARABLE);
    ck_assert_uint_eq(hag__lineage_relate(NULL, 1, x, 1), HAG__LINEAGE_INCOMPARABLE);
    ck_assert_uint_eq(hag__lineage_relate(NULL, 1, NULL, 1), HAG__LINEAGE_INCOMPARABLE);
    ck_assert_int_eq(hag__lineage_related(x, NULL), 0);
    ck_assert_int_eq(hag__lineage_related(NULL, x), 0);
}
END_TEST

START_TEST(ids_have_a_place)
{
    union history a;
    const struct hag__lineage *x = history(&a, "c@300 b@100 a");
    uint8_t id[HAG_ID_SIZE];

    for (uint32_t i = 0; i < 3; i++) {
        memset(id, 'c' - (int)i, sizeof(id));
        ck_assert_uint_eq(hag__lineage_place(x, id), i);
    }
    id[HAG_ID_SIZE - 1]++;
    ck_assert_uint_eq(hag__lineage_place(x, id), HAG__NIL);
}
END_TEST

START_TEST(facts_are_compared_without_the_fork_of_the_newest)
{
    union history a;
    const struct hag__lineage *x = history(&a, "b@100 a");
    struct hag_facts f;

    memset(&f, 0, sizeof(f));
    f.nlineage = 2;
    memset(f.lineage[0], 'b', HAG_ID_SIZE);
    memset(f.lineage[1], 'a', HAG_ID_SIZE);
    f.fork[0] = 777;
    f.fork[1] = 100;
    ck_assert_int_eq(hag__lineage_equal(x, &f), 1);
    ck_assert_int_eq(hag__lineage_equal(NULL, &f), 0);
    f.fork[1] = 101;
    ck_assert_int_eq(hag__lineage_equal(x, &f), 0);
    f.fork[1] = 100;
    f.nlineage = 1;
    ck_assert_int_eq(hag__lineage_equal(x, &f), 0);
    f.nlineage = 2;
    f.lineage[0][HAG_ID_SIZE - 1]++;
    ck_assert_int_eq(hag__lineage_equal(x, &f), 0);
    f.nlineage = 0;
    ck_assert_int_eq(hag__lineage_equal(NULL, &f), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        histories_relate,
        an_unknown_history_is_incomparable,
        ids_have_a_place,
        facts_are_compared_without_the_fork_of_the_newest,
        NULL,
    };

    return unit_run("lineage", tests);
}
