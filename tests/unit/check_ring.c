/* SPDX-License-Identifier: MIT */
#include "base/ring.h"
#include "unit.h"

START_TEST(a_push_within_the_reserve_cannot_fail)
{
    struct unit_mem mem;
    struct hag__ring r;
    uint64_t word = 5;

    unit_mem_init(&mem);
    hag__ring_init(&r, &mem.alloc);
    ck_assert_int_eq(hag__ring_push(&r, 1), 0);
    ck_assert_int_eq(hag__ring_pop(&r, &word), 0);
    ck_assert_uint_eq(word, 5);
    ck_assert_int_eq(hag__ring_reserve(&r, 100), HAG_OK);
    unit_refuse(&mem, 1);
    for (uint64_t i = 0; i < 100; i++)
        ck_assert_int_eq(hag__ring_push(&r, i), 1);
    for (uint64_t i = 0; i < 100; i++) {
        ck_assert_int_eq(hag__ring_pop(&r, &word), 1);
        ck_assert_uint_eq(word, i);
    }
    while (hag__ring_push(&r, 0))
        ;
    ck_assert_uint_eq(r.n, r.cap);
    hag__ring_done(&r);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

START_TEST(random_use_agrees_with_a_naive_list)
{
    static uint64_t list[200000];

    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct unit_mem mem;
        struct hag__ring r;
        uint64_t rnd = seed, word;
        uint32_t head = 0, tail = 0;
        int room;

        unit_mem_init(&mem);
        hag__ring_init(&r, &mem.alloc);
        for (int step = 0; step < 5000; step++) {
            switch (unit_below(&rnd, 5)) {
            case 0:
                ck_assert_int_eq(hag__ring_reserve(&r, r.n + unit_below(&rnd, 10)), HAG_OK);
                break;
            case 1:
            case 2:
                room = r.n < r.cap;
                if (room)
                    list[tail++] = rnd;
                ck_assert_int_eq(hag__ring_push(&r, rnd), room);
                break;
            default:
                if (head == tail) {
                    ck_assert_int_eq(hag__ring_pop(&r, &word), 0);
                    break;
                }
                ck_assert_int_eq(hag__ring_pop(&r, &word), 1);
                ck_assert_uint_eq(word, list[head++]);
                break;
            }
            ck_assert_uint_eq(r.n, tail - head);
        }
        hag__ring_done(&r);
        ck_assert_uint_eq(mem.blocks, 0);
    }
}
END_TEST

START_TEST(a_refused_reserve_changes_nothing)
{
    struct unit_mem mem;
    struct hag__ring r, before;
    uint64_t word;

    unit_mem_init(&mem);
    hag__ring_init(&r, &mem.alloc);
    ck_assert_int_eq(hag__ring_reserve(&r, 10), HAG_OK);
    for (uint64_t i = 0; i < 10; i++)
        hag__ring_push(&r, i);
    for (int i = 0; i < 8; i++)
        hag__ring_pop(&r, &word);
    before = r;
    unit_refuse(&mem, 1);
    ck_assert_int_eq(hag__ring_reserve(&r, 100), HAG_ERR_NOMEM);
    ck_assert_int_eq(hag__ring_reserve(&r, UINT32_MAX), HAG_ERR_LIMIT);
    ck_assert_mem_eq(&r, &before, sizeof(r));
    ck_assert_int_eq(hag__ring_pop(&r, &word), 1);
    ck_assert_uint_eq(word, 8);
    hag__ring_done(&r);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_push_within_the_reserve_cannot_fail,
        random_use_agrees_with_a_naive_list,
        a_refused_reserve_changes_nothing,
        NULL,
    };

    return unit_run("ring", tests);
}
