/* SPDX-License-Identifier: MIT */
#include "base/table.h"
#include "unit.h"

struct item {
    uint64_t value;
    uint32_t more[5];
};

START_TEST(handles_hold_their_parts)
{
    static const uint32_t gens[] = {1, 2, HAG__GEN_MAX - 1, HAG__GEN_MAX};
    static const uint32_t indexes[] = {0, 1, 1000, HAG__INDEX_MAX};

    for (uint32_t kind = HAG__KIND_CLUSTER; kind <= HAG__KIND_PLUGIN; kind++)
        for (size_t g = 0; g < UNIT_COUNT(gens); g++)
            for (size_t i = 0; i < UNIT_COUNT(indexes); i++) {
                uint64_t h = hag__handle(kind, gens[g], indexes[i]);

                ck_assert_uint_lt(h, (uint64_t)1 << 53);
                ck_assert_uint_eq(hag__handle_kind(h), kind);
                ck_assert_uint_eq(hag__handle_gen(h), gens[g]);
                ck_assert_uint_eq(hag__handle_index(h), indexes[i]);
            }
}
END_TEST

START_TEST(old_and_foreign_handles_are_told_apart)
{
    struct unit_mem mem;
    struct hag__table t;
    uint64_t first, second;
    uint32_t i = 77;

    unit_mem_init(&mem);
    hag__table_init(&t, &mem.alloc, HAG__KIND_NODE, sizeof(struct item));
    ck_assert_int_eq(hag__table_find(&t, 0, &i), HAG_ERR_BAD_HANDLE);
    first = hag__table_handle(&t, hag__table_add(&t));
    ck_assert_int_eq(hag__table_find(&t, first, &i), HAG_OK);
    ck_assert_uint_eq(i, 0);

    i = 77;
    ck_assert_int_eq(hag__table_find(&t, hag__handle(HAG__KIND_CLUSTER, 1, 0), &i),
                     HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag__table_find(&t, hag__handle(HAG__KIND_NODE, 0, 0), &i),
                     HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag__table_find(&t, hag__handle(HAG__KIND_NODE, 1, 1), &i),
                     HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag__table_find(&t, first | (uint64_t)1 << 53, &i), HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag__table_find(&t, hag__handle(HAG__KIND_NODE, 2, 0), &i), HAG_ERR_STALE);

    hag__table_del(&t, 0);
    ck_assert_int_eq(hag__table_find(&t, first, &i), HAG_ERR_STALE);
    ck_assert_int_eq(hag__table_find(&t, hag__handle(HAG__KIND_NODE, 2, 0), &i), HAG_ERR_STALE);
    ck_assert_uint_eq(i, 77);

    second = hag__table_handle(&t, hag__table_add(&t));
    ck_assert_uint_ne(first, second);
    ck_assert_int_eq(hag__table_find(&t, first, &i), HAG_ERR_STALE);
    ck_assert_int_eq(hag__table_find(&t, second, &i), HAG_OK);
    hag__table_done(&t);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

START_TEST(generations_wrap_to_one)
{
    struct unit_mem mem;
    struct hag__table t;

    unit_mem_init(&mem);
    hag__table_init(&t, &mem.alloc, HAG__KIND_OP, sizeof(struct item));
    hag__table_add(&t);
    /* A block begins with its first slot, a slot with its generation. */
    *(uint32_t *)t.blocks[0] = HAG__GEN_MAX;
    ck_assert_uint_eq(hag__handle_gen(hag__table_handle(&t, 0)), HAG__GEN_MAX);
    hag__table_del(&t, 0);
    ck_assert_uint_eq(hag__table_add(&t), 0);
    ck_assert_uint_eq(hag__handle_gen(hag__table_handle(&t, 0)), 1);
    hag__table_done(&t);
}
END_TEST

START_TEST(slots_are_zeroed_and_reused_last_in_first_out)
{
    struct unit_mem mem;
    struct hag__table t;
    static const struct item zero;

    unit_mem_init(&mem);
    hag__table_init(&t, &mem.alloc, HAG__KIND_NODE, sizeof(struct item));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(hag__table_add(&t), i);
        ck_assert_mem_eq(hag__table_at(&t, i), &zero, sizeof(zero));
        memset(hag__table_at(&t, i), 0xff, sizeof(zero));
    }
    hag__table_del(&t, 0);
    hag__table_del(&t, 2);
    ck_assert_uint_eq(t.live, 1);
    ck_assert_uint_eq(hag__table_next(&t, 0), 1);
    ck_assert_uint_eq(hag__table_next(&t, 2), HAG__NIL);
    ck_assert_uint_eq(hag__table_add(&t), 2);
    ck_assert_mem_eq(hag__table_at(&t, 2), &zero, sizeof(zero));
    ck_assert_uint_eq(hag__table_add(&t), 0);
    ck_assert_uint_eq(hag__table_add(&t), 3);
    hag__table_done(&t);
}
END_TEST

START_TEST(items_never_move)
{
    struct unit_mem mem;
    struct hag__table t;
    enum { N = 20000 };
    void **at = malloc(N * sizeof(*at));

    unit_mem_init(&mem);
    hag__table_init(&t, &mem.alloc, HAG__KIND_NODE, 300);
    for (uint32_t i = 0; i < N; i++) {
        ck_assert_uint_eq(hag__table_add(&t), i);
        at[i] = hag__table_at(&t, i);
        ck_assert_uint_eq((uintptr_t)at[i] % 8, 0);
        *(uint32_t *)at[i] = i;
    }
    for (uint32_t i = 0; i < N; i++) {
        ck_assert_ptr_eq(hag__table_at(&t, i), at[i]);
        ck_assert_uint_eq(*(uint32_t *)at[i], i);
    }
    /* Blocks, not items, are allocated. */
    ck_assert_uint_lt(mem.blocks, N / 100);
    hag__table_done(&t);
    ck_assert_uint_eq(mem.blocks, 0);
    free(at);
}
END_TEST

START_TEST(random_use_agrees_with_a_naive_list)
{
    enum { N = 500 };
    static uint64_t handle[N], value[N];
    static uint8_t live[N];

    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct unit_mem mem;
        struct hag__table t;
        uint64_t rnd = seed;
        uint32_t n = 0;

        unit_mem_init(&mem);
        memset(handle, 0, sizeof(handle));
        memset(live, 0, sizeof(live));
        hag__table_init(&t, &mem.alloc, HAG__KIND_SOURCE, 8u + 8u * unit_below(&rnd, 200));
        for (int step = 0; step < 3000; step++) {
            uint32_t k = unit_below(&rnd, N), i, walked = 0;

            if (!live[k] && unit_below(&rnd, 3) > 0) {
                i = hag__table_add(&t);
                ck_assert_uint_ne(i, HAG__NIL);
                handle[k] = hag__table_handle(&t, i);
                value[k] = hag__random(&rnd);
                *(uint64_t *)hag__table_at(&t, i) = value[k];
                live[k] = 1;
                n++;
            } else if (live[k]) {
                ck_assert_int_eq(hag__table_find(&t, handle[k], &i), HAG_OK);
                ck_assert_uint_eq(*(uint64_t *)hag__table_at(&t, i), value[k]);
                hag__table_del(&t, i);
                live[k] = 0;
                n--;
            } else if (handle[k]) {
                ck_assert_int_eq(hag__table_find(&t, handle[k], &i), HAG_ERR_STALE);
            }
            ck_assert_uint_eq(t.live, n);
            if (step % 100 != 0)
                continue;
            for (i = hag__table_next(&t, 0); i != HAG__NIL; i = hag__table_next(&t, i + 1))
                walked += (uint32_t)hag__table_is_live(&t, i);
            ck_assert_uint_eq(walked, n);
        }
        hag__table_done(&t);
        ck_assert_uint_eq(mem.blocks, 0);
    }
}
END_TEST

START_TEST(a_reserve_holds_and_a_refused_one_changes_nothing)
{
    struct unit_mem mem;
    struct hag__table t;
    uint32_t nth = 0;
    int32_t err = HAG_ERR_NOMEM;

    unit_mem_init(&mem);
    hag__table_init(&t, &mem.alloc, HAG__KIND_NODE, 500);
    hag__table_add(&t);
    ck_assert_int_eq(hag__table_reserve(&t, HAG__INDEX_MAX + 2), HAG_ERR_LIMIT);
    while (err == HAG_ERR_NOMEM) {
        struct hag__table before = t;

        unit_refuse(&mem, ++nth);
        err = hag__table_reserve(&t, 2000);
        if (err == HAG_OK)
            break;
        ck_assert_int_eq(err, HAG_ERR_NOMEM);
        ck_assert_uint_eq(t.nblocks, before.nblocks);
        ck_assert_uint_eq(t.live, 1);
        ck_assert_int_eq(hag__table_is_live(&t, 0), 1);
    }
    ck_assert_uint_gt(nth, 10);
    unit_refuse(&mem, 1);
    for (uint32_t i = 1; i < 2000; i++)
        ck_assert_uint_eq(hag__table_add(&t), i);
    while (hag__table_add(&t) != HAG__NIL)
        ;
    ck_assert_uint_eq(t.live, t.used);
    hag__table_done(&t);
    ck_assert_uint_eq(mem.blocks, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        handles_hold_their_parts,
        old_and_foreign_handles_are_told_apart,
        generations_wrap_to_one,
        slots_are_zeroed_and_reused_last_in_first_out,
        items_never_move,
        random_use_agrees_with_a_naive_list,
        a_reserve_holds_and_a_refused_one_changes_nothing,
        NULL,
    };

    return unit_run("table", tests);
}
