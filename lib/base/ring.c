/* SPDX-License-Identifier: MIT */
#include "base/ring.h"

#include <string.h>

#define RING_MIN 16u
#define RING_MAX (1u << 28)

void hag__ring_init(struct hag__ring *r, const struct hag__alloc *mem)
{
    memset(r, 0, sizeof(*r));
    r->mem = mem;
}

void hag__ring_done(struct hag__ring *r)
{
    hag__free(r->mem, r->words, r->cap * sizeof(*r->words));
    hag__ring_init(r, r->mem);
}

int32_t hag__ring_reserve(struct hag__ring *r, uint32_t n)
{
    uint32_t cap = r->cap ? r->cap : RING_MIN;
    uint64_t *words;

    if (n <= r->cap)
        return HAG_OK;
    if (n > RING_MAX)
        return HAG_ERR_LIMIT;
    while (cap < n)
        cap *= 2;
    words = hag__realloc(r->mem, NULL, 0, cap * sizeof(*words));
    if (!words)
        return HAG_ERR_NOMEM;
    for (uint32_t i = 0; i < r->n; i++)
        words[i] = r->words[(r->head + i) & (r->cap - 1)];
    hag__free(r->mem, r->words, r->cap * sizeof(*r->words));
    r->words = words;
    r->cap = cap;
    r->head = 0;
    return HAG_OK;
}

int hag__ring_push(struct hag__ring *r, uint64_t word)
{
    if (r->n == r->cap)
        return 0;
    r->words[(r->head + r->n++) & (r->cap - 1)] = word;
    return 1;
}

int hag__ring_pop(struct hag__ring *r, uint64_t *word)
{
    if (r->n == 0)
        return 0;
    *word = r->words[r->head];
    r->head = (r->head + 1) & (r->cap - 1);
    r->n--;
    return 1;
}
