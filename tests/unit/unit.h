/* SPDX-License-Identifier: MIT
 *
 * What the unit tests share: a main, an allocator that checks sizes and can refuse, seeded numbers.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

#define UNIT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct unit_mem {
    struct hag__alloc alloc;
    size_t blocks;   /* not freed yet */
    uint32_t calls;  /* that wanted memory */
    uint32_t refuse; /* from this call on; 0: never */
};

static inline void *unit_realloc(void *ud, void *p, size_t osize, size_t nsize)
{
    struct unit_mem *m = ud;
    uint64_t *head = p ? (uint64_t *)p - 2 : NULL;

    ck_assert_uint_eq(head ? head[0] : 0, osize);
    if (nsize == 0) {
        m->blocks -= head != NULL;
        free(head);
        return NULL;
    }
    m->calls++;
    if (m->refuse && m->calls >= m->refuse)
        return NULL;
    m->blocks += head == NULL;
    head = realloc(head, nsize + 16);
    ck_assert_ptr_nonnull(head);
    head[0] = nsize;
    if (nsize > osize)
        memset((char *)(head + 2) + osize, 0xa5, nsize - osize);
    return head + 2;
}

static inline void unit_mem_init(struct unit_mem *m)
{
    memset(m, 0, sizeof(*m));
    m->alloc.fn = unit_realloc;
    m->alloc.ud = m;
}

static inline void unit_refuse(struct unit_mem *m, uint32_t nth)
{
    m->calls = 0;
    m->refuse = nth;
}

static inline uint32_t unit_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(hag__random(state) % n);
}

/* One suite, one case: tests[] ends with NULL. */
static inline int unit_run(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 120);
    for (; *tests; tests++)
        tcase_add_test(tc, *tests);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
