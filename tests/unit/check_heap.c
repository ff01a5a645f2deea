/* SPDX-License-Identifier: MIT */
#include "base/heap.h"
#include "unit.h"

START_TEST(an_empty_heap_has_nothing_due)
{
    struct unit_mem mem;
    struct hag__heap h;

    unit_mem_init(&mem);
    hag__heap_init(&h, &mem.alloc);
    ck_assert_uint_eq(hag__heap_first(&h), HAG__NEVER);
    ck_assert_uint_eq(hag__heap_pop_due(&h, HAG__NEVER), HAG__NIL);
    ck_assert_uint_eq(hag__heap_at(&h, 5), HAG__NEVER);
    hag__heap_del(&h, 5);
    hag__heap_done(&h);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

START_TEST(timers_never_fire_early_and_ties_go_by_id)
{
    struct unit_mem mem;
    struct hag__heap h;

    unit_mem_init(&mem);
    hag__heap_init(&h, &mem.alloc);
    ck_assert_int_eq(hag__heap_reserve(&h, 10), HAG_OK);
    hag__heap_set(&h, 7, 1000);
    hag__heap_set(&h, 2, 1000);
    hag__heap_set(&h, 9, 1000);
    hag__heap_set(&h, 4, 500);
    ck_assert_uint_eq(hag__heap_first(&h), 500);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 499), HAG__NIL);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 500), 4);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 999), HAG__NIL);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 1000), 2);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 1000), 7);
    hag__heap_set(&h, 9, HAG__NEVER);
    ck_assert_uint_eq(hag__heap_at(&h, 9), HAG__NEVER);
    ck_assert_uint_eq(hag__heap_pop_due(&h, 2000), HAG__NIL);
    hag__heap_done(&h);
}
END_TEST

START_TEST(random_use_agrees_with_a_naive_list)
{
    enum { N = 200 };

    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct unit_mem mem;
        struct hag__heap h;
        hag_time at[N], now = 0;
        uint64_t rnd = seed;

        unit_mem_init(&mem);
        hag__heap_init(&h, &mem.alloc);
        ck_assert_int_eq(hag__heap_reserve(&h, N), HAG_OK);
        for (uint32_t i = 0; i < N; i++)
            at[i] = HAG__NEVER;
        for (int step = 0; step < 5000; step++) {
            uint32_t id = unit_below(&rnd, N), first = HAG__NIL;

            switch (unit_below(&rnd, 8)) {
            case 0:
                hag__heap_del(&h, id);
                at[id] = HAG__NEVER;
                break;
            case 1:
                hag__heap_set(&h, id, HAG__NEVER);
                at[id] = HAG__NEVER;
                break;
            case 2:
                now += unit_below(&rnd, 20);
                for (uint32_t i = 0; i < N; i++)
                    if (at[i] <= now && (first == HAG__NIL || at[i] < at[first]))
                        first = i;
                ck_assert_uint_eq(hag__heap_pop_due(&h, now), first);
                if (first != HAG__NIL)
                    at[first] = HAG__NEVER;
                break;
            default:
                at[id] = now + unit_below(&rnd, 50);
                hag__heap_set(&h, id, at[id]);
                break;
            }
            ck_assert_uint_eq(hag__heap_at(&h, id), at[id]);
            for (uint32_t i = 0; i < N; i++)
                if (at[i] != HAG__NEVER && (first == HAG__NIL || at[i] < at[first]))
                    first = i;
            if (first != HAG__NIL && at[first] == HAG__NEVER)
                continue;
            ck_assert_uint_eq(hag__heap_first(&h), first == HAG__NIL ? HAG__NEVER : at[first]);
        }
        hag__heap_done(&h);
        ck_assert_uint_eq(mem.blocks, 0);
    }
}
END_TEST

START_TEST(a_refused_reserve_changes_nothing)
{
    struct unit_mem mem;
    struct hag__heap h;

    unit_mem_init(&mem);
    hag__heap_init(&h, &mem.alloc);
    ck_assert_int_eq(hag__heap_reserve(&h, 4), HAG_OK);
    hag__heap_set(&h, 3, 30);
    hag__heap_set(&h, 1, 10);
    for (uint32_t nth = 1; nth <= 2; nth++) {
        /* The first of the two arrays may have grown already; nothing that counts has. */
        hag__heap_done(&h);
        hag__heap_init(&h, &mem.alloc);
        unit_refuse(&mem, 0);
        ck_assert_int_eq(hag__heap_reserve(&h, 4), HAG_OK);
        hag__heap_set(&h, 3, 30);
        hag__heap_set(&h, 1, 10);
        unit_refuse(&mem, nth);
        ck_assert_int_eq(hag__heap_reserve(&h, 1000), HAG_ERR_NOMEM);
        ck_assert_uint_eq(h.nplaces, 4);
        ck_assert_uint_eq(hag__heap_at(&h, 3), 30);
        ck_assert_uint_eq(hag__heap_pop_due(&h, 30), 1);
        ck_assert_uint_eq(hag__heap_pop_due(&h, 30), 3);
        unit_refuse(&mem, 0);
        ck_assert_int_eq(hag__heap_reserve(&h, 1000), HAG_OK);
        hag__heap_set(&h, 999, 7);
        ck_assert_uint_eq(hag__heap_first(&h), 7);
    }
    hag__heap_done(&h);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_heap_has_nothing_due,
        timers_never_fire_early_and_ties_go_by_id,
        random_use_agrees_with_a_naive_list,
        a_refused_reserve_changes_nothing,
        NULL,
    };

    return unit_run("heap", tests);
}
