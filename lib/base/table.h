/* SPDX-License-Identifier: MIT */
#ifndef HAG__TABLE_H
#define HAG__TABLE_H

#include "base/alloc.h"

/* Handles: kind (4 bits) | generation (25) | index (24), so below 2^53. */
enum {
    HAG__KIND_CLUSTER = 1,
    HAG__KIND_NODE = 2,
    HAG__KIND_POLICY = 3,
    HAG__KIND_SOURCE = 4,
    HAG__KIND_OP = 5,
    HAG__KIND_PROBE = 6, /* an op of a node's probe: index of the node, generation of the probe */
    HAG__KIND_PLUGIN = 7
};

#define HAG__INDEX_BITS 24
#define HAG__GEN_BITS   25
#define HAG__INDEX_MAX  ((1u << HAG__INDEX_BITS) - 1)
#define HAG__GEN_MAX    ((1u << HAG__GEN_BITS) - 1)

uint64_t hag__handle(uint32_t kind, uint32_t gen, uint32_t index);
uint32_t hag__handle_kind(uint64_t h);
uint32_t hag__handle_gen(uint64_t h);
uint32_t hag__handle_index(uint64_t h);

/* A table of equal items in blocks that never move, each slot with a generation that rises when it
 * is freed (1..HAG__GEN_MAX, wrapping to 1), so that an old handle is recognised. Freed slots are
 * reused last in, first out. Items are aligned to 8 bytes. */
struct hag__table {
    const struct hag__alloc *mem;
    void **blocks;
    uint32_t nblocks;
    uint32_t cap_blocks;
    uint32_t kind;
    uint32_t item_size;  /* rounded up to 8 */
    uint32_t block_bits; /* a block holds 1 << block_bits items */
    uint32_t used;       /* slots ever used */
    uint32_t live;
    uint32_t free_head;
};

void hag__table_init(struct hag__table *t, const struct hag__alloc *mem, uint32_t kind,
                     uint32_t item_size);
void hag__table_done(struct hag__table *t);

/* After it returns 0, more adds up to a live count of n cannot fail. NOMEM, LIMIT. */
int32_t hag__table_reserve(struct hag__table *t, uint32_t n);

/* A zeroed slot, or HAG__NIL when nothing was reserved and memory is refused. */
uint32_t hag__table_add(struct hag__table *t);
void hag__table_del(struct hag__table *t, uint32_t index);

/* index must be live (or at least once used for at). */
void *hag__table_at(const struct hag__table *t, uint32_t index);
int hag__table_is_live(const struct hag__table *t, uint32_t index);
uint64_t hag__table_handle(const struct hag__table *t, uint32_t index);

/* HAG_OK and the index; BAD_HANDLE for another kind, a zero or an index never used; STALE. */
int32_t hag__table_find(const struct hag__table *t, uint64_t handle, uint32_t *index);

/* First live index at or after from; HAG__NIL at the end. */
uint32_t hag__table_next(const struct hag__table *t, uint32_t from);

#endif
