/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/hash.h"
#include "unit.h"

START_TEST(hashes_are_siphash_1_3)
{
    static const struct {
        uint64_t seed;
        const char *text;
        uint64_t hash;
    } rows[] = {
        /* Reckoned with another implementation, checked against SipHash's published vector. */
        {0, "", 0xd1fba762150c532cu},
        {1, "a", 0xe799b7db072af824u},
        {42, "orders", 0x75a08512331ced98u},
        {42, "12345678", 0xd4849b994bcce976u},
        {0xdeadbeefcafef00du, "abcdefghijklmno", 0xd87a201d3e419a39u},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        ck_assert_uint_eq(hag__hash(rows[i].seed, rows[i].text, strlen(rows[i].text)),
                          rows[i].hash);
}
END_TEST

START_TEST(checksums_are_crc32c)
{
    static const uint8_t zeros[32];
    uint8_t ones[32], up[32];

    for (size_t i = 0; i < 32; i++) {
        ones[i] = 0xff;
        up[i] = (uint8_t)i;
    }
    ck_assert_uint_eq(hag__crc32c("", 0), 0);
    ck_assert_uint_eq(hag__crc32c("123456789", 9), 0xe3069283u);
    /* RFC 3720, B.4 */
    ck_assert_uint_eq(hag__crc32c(zeros, 32), 0x8a9136aau);
    ck_assert_uint_eq(hag__crc32c(ones, 32), 0x62a8ab43u);
    ck_assert_uint_eq(hag__crc32c(up, 32), 0x46dd794eu);
}
END_TEST

START_TEST(random_numbers_are_splitmix64)
{
    uint64_t state = 1234567;

    ck_assert_uint_eq(hag__random(&state), 6457827717110365317u);
    ck_assert_uint_eq(hag__random(&state), 3203168211198807973u);
    ck_assert_uint_eq(hag__random(&state), 9817491932198370423u);
}
END_TEST

enum { NAMES = 2000 };

struct owner {
    char names[NAMES][16];
};

static const char *name_of(const void *owner, uint32_t index)
{
    return ((const struct owner *)owner)->names[index];
}

static struct owner *new_owner(void)
{
    struct owner *o = malloc(sizeof(*o));

    for (int i = 0; i < NAMES; i++)
        snprintf(o->names[i], sizeof(o->names[i]), "n%d", i);
    return o;
}

START_TEST(random_use_of_names_agrees_with_a_naive_list)
{
    struct owner *o = new_owner();
    static uint8_t in[NAMES];

    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct unit_mem mem;
        struct hag__names m;
        uint64_t rnd = seed;
        uint32_t n = 0, limit = 20 + unit_below(&rnd, NAMES - 20);

        unit_mem_init(&mem);
        memset(in, 0, sizeof(in));
        hag__names_init(&m, &mem.alloc, seed, name_of, o);
        ck_assert_uint_eq(hag__names_find(&m, "n0"), HAG__NIL);
        hag__names_del(&m, "n0");
        for (int step = 0; step < 6000; step++) {
            uint32_t i = unit_below(&rnd, limit);

            ck_assert_uint_eq(hag__names_find(&m, o->names[i]), in[i] ? i : HAG__NIL);
            if (in[i]) {
                hag__names_del(&m, o->names[i]);
                n--;
            } else {
                ck_assert_int_eq(hag__names_reserve(&m, n + 1), HAG_OK);
                hag__names_add(&m, o->names[i], i);
                n++;
            }
            in[i] = !in[i];
            ck_assert_uint_eq(m.n, n);
        }
        for (uint32_t i = 0; i < NAMES; i++)
            ck_assert_uint_eq(hag__names_find(&m, o->names[i]), in[i] ? i : HAG__NIL);
        ck_assert_uint_eq(hag__names_find(&m, "never"), HAG__NIL);
        hag__names_done(&m);
        ck_assert_uint_eq(mem.blocks, 0);
    }
    free(o);
}
END_TEST

START_TEST(coming_and_going_needs_no_memory_after_a_reserve)
{
    struct owner *o = new_owner();
    struct unit_mem mem;
    struct hag__names m;

    unit_mem_init(&mem);
    hag__names_init(&m, &mem.alloc, 3, name_of, o);
    ck_assert_int_eq(hag__names_reserve(&m, 10), HAG_OK);
    unit_refuse(&mem, 1);
    for (uint32_t i = 0; i < NAMES; i++) {
        ck_assert_int_eq(hag__names_reserve(&m, 10), HAG_OK);
        hag__names_add(&m, o->names[i], i);
        if (i >= 9)
            hag__names_del(&m, o->names[i - 9]);
    }
    ck_assert_uint_eq(m.n, 9);
    ck_assert_int_eq(hag__names_reserve(&m, 1000), HAG_ERR_NOMEM);
    ck_assert_int_eq(hag__names_reserve(&m, UINT32_MAX), HAG_ERR_LIMIT);
    for (uint32_t i = 0; i < NAMES; i++)
        ck_assert_uint_eq(hag__names_find(&m, o->names[i]), i >= NAMES - 9 ? i : HAG__NIL);
    hag__names_done(&m);
    free(o);
}
END_TEST

static uint32_t longest_run(const struct hag__names *m)
{
    uint32_t run = 0, longest = 0;

    for (uint32_t i = 0; i < m->cap; i++) {
        run = m->slots[i].index ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

START_TEST(another_seed_puts_names_elsewhere)
{
    struct owner *o = new_owner();

    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct unit_mem mem;
        struct hag__names m;

        unit_mem_init(&mem);
        hag__names_init(&m, &mem.alloc, seed, name_of, o);
        ck_assert_int_eq(hag__names_reserve(&m, NAMES), HAG_OK);
        for (uint32_t i = 0; i < NAMES; i++)
            hag__names_add(&m, o->names[i], i);
        ck_assert_uint_lt(longest_run(&m), 100);
        hag__names_done(&m);
    }
    ck_assert_uint_ne(hag__hash(1, "orders", 6), hag__hash(2, "orders", 6));
    free(o);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hashes_are_siphash_1_3,
        checksums_are_crc32c,
        random_numbers_are_splitmix64,
        random_use_of_names_agrees_with_a_naive_list,
        coming_and_going_needs_no_memory_after_a_reserve,
        another_seed_puts_names_elsewhere,
        NULL,
    };

    return unit_run("hash", tests);
}
