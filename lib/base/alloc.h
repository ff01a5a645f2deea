/* SPDX-License-Identifier: MIT */
#ifndef HAG__ALLOC_H
#define HAG__ALLOC_H

#include "base/public.h"

/* One function per guard: allocates, resizes, frees. */
struct hag__alloc {
    void *(*fn)(void *ud, void *p, size_t osize, size_t nsize);
    void *ud;
};

/* The C library's, when the host brings none. */
void *hag__alloc_libc(void *ud, void *p, size_t osize, size_t nsize);

void *hag__realloc(const struct hag__alloc *mem, void *p, size_t osize, size_t nsize);
void *hag__zalloc(const struct hag__alloc *mem, size_t size); /* zeroed; NULL when refused */
void hag__free(const struct hag__alloc *mem, void *p, size_t size);

/* Grows an array so that it can hold need items (doubling); 0 or HAG_ERR_NOMEM with nothing changed.
 * cap counts items. */
int32_t hag__grow(const struct hag__alloc *mem, void **array, uint32_t *cap, uint32_t need,
                  size_t item_size);

#endif
