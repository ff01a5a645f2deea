/* SPDX-License-Identifier: MIT */
#ifndef HAG__HASH_H
#define HAG__HASH_H

#include "base/alloc.h"

/* A map from text to an index: open addressing without graves; the text itself is kept by the owner
 * and asked for through name(). Seeded, so that names chosen by others cannot make it slow
 * (SipHash-1-3). */
struct hag__names_slot {
    uint32_t hash;  /* its low half: most other names are told apart without reading them */
    uint32_t index; /* index + 1; 0 free */
};

struct hag__names {
    const struct hag__alloc *mem;
    struct hag__names_slot *slots;
    uint32_t cap; /* a power of two, or 0 */
    uint32_t n;
    uint64_t seed;
    const char *(*name)(const void *owner, uint32_t index);
    const void *owner;
};

void hag__names_init(struct hag__names *m, const struct hag__alloc *mem, uint64_t seed,
                     const char *(*name)(const void *owner, uint32_t index), const void *owner);
void hag__names_done(struct hag__names *m);
/* After it returns 0, more adds up to n names in all cannot fail. NOMEM, LIMIT. */
int32_t hag__names_reserve(struct hag__names *m, uint32_t n);
/* name is not in it yet. */
void hag__names_add(struct hag__names *m, const char *name, uint32_t index);
/* The owner still has the name. Nothing happens when it is not in the map. */
void hag__names_del(struct hag__names *m, const char *name);
uint32_t hag__names_find(const struct hag__names *m, const char *name); /* HAG__NIL */

uint64_t hag__hash(uint64_t seed, const void *p, size_t n);
uint64_t hag__mix(uint64_t x);         /* splitmix64's finaliser */
uint64_t hag__random(uint64_t *state); /* splitmix64 */
uint32_t hag__crc32c(const void *p, size_t n);

#endif
