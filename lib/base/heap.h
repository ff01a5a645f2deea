/* SPDX-License-Identifier: MIT */
#ifndef HAG__HEAP_H
#define HAG__HEAP_H

#include "base/alloc.h"

/* Timers: a 4-ary heap of (time, id) with the place of each id, one entry for an id at most.
 * Ties go by id, so that the same run gives the same order. */
struct hag__heap_entry {
    hag_time at;
    uint32_t id;
};

struct hag__heap {
    const struct hag__alloc *mem;
    struct hag__heap_entry *entries;
    uint32_t *places; /* by id; HAG__NIL when not in the heap */
    uint32_t n;
    uint32_t cap;
    uint32_t nplaces; /* ids known */
    uint32_t cap_places;
};

void hag__heap_init(struct hag__heap *h, const struct hag__alloc *mem);
void hag__heap_done(struct hag__heap *h);
int32_t hag__heap_reserve(struct hag__heap *h, uint32_t ids);      /* ids 0..ids-1 can be set */
void hag__heap_set(struct hag__heap *h, uint32_t id, hag_time at); /* HAG__NEVER removes */
void hag__heap_del(struct hag__heap *h, uint32_t id);
hag_time hag__heap_at(const struct hag__heap *h, uint32_t id); /* HAG__NEVER if not set */
hag_time hag__heap_first(const struct hag__heap *h);           /* HAG__NEVER if empty */
uint32_t hag__heap_pop_due(struct hag__heap *h, hag_time now); /* id, or HAG__NIL if none is due */

#endif
