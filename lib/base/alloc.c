/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void *hag__alloc_libc(void *ud, void *p, size_t osize, size_t nsize)
{
    (void)ud;
    (void)osize;
    if (nsize == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, nsize);
}

void *hag__realloc(const struct hag__alloc *mem, void *p, size_t osize, size_t nsize)
{
    return mem->fn(mem->ud, p, osize, nsize);
}

void *hag__zalloc(const struct hag__alloc *mem, size_t size)
{
    void *p = size > 0 ? mem->fn(mem->ud, NULL, 0, size) : NULL;

    if (p)
        memset(p, 0, size);
    return p;
}

void hag__free(const struct hag__alloc *mem, void *p, size_t size)
{
    if (p)
        mem->fn(mem->ud, p, size, 0);
}

int32_t hag__grow(const struct hag__alloc *mem, void **array, uint32_t *cap, uint32_t need,
                  size_t item_size)
{
    uint64_t want = *cap ? *cap : 8;
    void *p;

    if (need <= *cap)
        return HAG_OK;
    while (want < need)
        want *= 2;
    if (want > UINT32_MAX)
        want = need;
    if (want > SIZE_MAX / item_size)
        return HAG_ERR_NOMEM;
    p = hag__realloc(mem, *array, *cap * item_size, (size_t)want * item_size);
    if (!p)
        return HAG_ERR_NOMEM;
    *array = p;
    *cap = (uint32_t)want;
    return HAG_OK;
}
