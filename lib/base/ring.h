/* SPDX-License-Identifier: MIT */
#ifndef HAG__RING_H
#define HAG__RING_H

#include "base/alloc.h"

/* First in, first out, of 64-bit words. Room is reserved when things are added, so a push within the
 * reserve cannot fail. */
struct hag__ring {
    const struct hag__alloc *mem;
    uint64_t *words;
    uint32_t cap; /* a power of two, or 0 */
    uint32_t head;
    uint32_t n;
};

void hag__ring_init(struct hag__ring *r, const struct hag__alloc *mem);
void hag__ring_done(struct hag__ring *r);
/* Room for n in all, those in it included; keeps them in order. NOMEM, LIMIT. */
int32_t hag__ring_reserve(struct hag__ring *r, uint32_t n);
int hag__ring_push(struct hag__ring *r, uint64_t word); /* 0 when full */
int hag__ring_pop(struct hag__ring *r, uint64_t *word); /* 0 when empty */

#endif
