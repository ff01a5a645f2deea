/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <string.h>

/* Blocks stay below this, so that one policy does not cost a megabyte and a million nodes not a
 * million allocations. */
#define BLOCK_BYTES    65536u
#define BLOCK_BITS_MIN 4u
#define BLOCK_BITS_MAX 10u

struct slot {
    uint32_t gen;
    uint32_t next; /* free slots: the next one, or HAG__NIL; live ones: LIVE */
};

#define LIVE (UINT32_MAX - 1)

/* A block: its slots, then its items. */

static size_t block_bytes(const struct hag__table *t)
{
    return ((size_t)t->item_size + sizeof(struct slot)) << t->block_bits;
}

static uint64_t capacity(const struct hag__table *t)
{
    return (uint64_t)t->nblocks << t->block_bits;
}

static struct slot *slot_at(const struct hag__table *t, uint32_t index)
{
    struct slot *slots = t->blocks[index >> t->block_bits];

    return slots + (index & ((1u << t->block_bits) - 1));
}

uint64_t hag__handle(uint32_t kind, uint32_t gen, uint32_t index)
{
    return (uint64_t)kind << (HAG__GEN_BITS + HAG__INDEX_BITS) | (uint64_t)gen << HAG__INDEX_BITS |
           index;
}

uint32_t hag__handle_kind(uint64_t h)
{
    /* Not masked: a number of 2^53 or more is of no kind. */
    return (uint32_t)(h >> (HAG__GEN_BITS + HAG__INDEX_BITS));
}

uint32_t hag__handle_gen(uint64_t h)
{
    return (uint32_t)(h >> HAG__INDEX_BITS) & HAG__GEN_MAX;
}

uint32_t hag__handle_index(uint64_t h)
{
    return (uint32_t)h & HAG__INDEX_MAX;
}

void hag__table_init(struct hag__table *t, const struct hag__alloc *mem, uint32_t kind,
                     uint32_t item_size)
{
    memset(t, 0, sizeof(*t));
    t->mem = mem;
    t->kind = kind;
    t->item_size = (item_size + 7) & ~7u;
    t->free_head = HAG__NIL;
    t->block_bits = BLOCK_BITS_MAX;
    while (t->block_bits > BLOCK_BITS_MIN && block_bytes(t) > BLOCK_BYTES)
        t->block_bits--;
}

static void drop_blocks(struct hag__table *t, uint32_t keep)
{
    while (t->nblocks > keep)
        hag__free(t->mem, t->blocks[--t->nblocks], block_bytes(t));
}

void hag__table_done(struct hag__table *t)
{
    drop_blocks(t, 0);
    hag__free(t->mem, t->blocks, t->cap_blocks * sizeof(*t->blocks));
    hag__table_init(t, t->mem, t->kind, t->item_size);
}

int32_t hag__table_reserve(struct hag__table *t, uint32_t n)
{
    uint32_t before = t->nblocks;
    uint32_t need = (uint32_t)(((uint64_t)n + (1u << t->block_bits) - 1) >> t->block_bits);
    void *array = t->blocks;

    if (n > HAG__INDEX_MAX + 1u)
        return HAG_ERR_LIMIT;
    if (need <= before)
        return HAG_OK;
    if (hag__grow(t->mem, &array, &t->cap_blocks, need, sizeof(*t->blocks)))
        return HAG_ERR_NOMEM;
    t->blocks = array;
    while (t->nblocks < need) {
        void *block = hag__realloc(t->mem, NULL, 0, block_bytes(t));

        if (!block) {
            drop_blocks(t, before);
            return HAG_ERR_NOMEM;
        }
        t->blocks[t->nblocks++] = block;
    }
    return HAG_OK;
}

uint32_t hag__table_add(struct hag__table *t)
{
    struct slot *slot;
    uint32_t index = t->free_head;

    if (index != HAG__NIL) {
        slot = slot_at(t, index);
        t->free_head = slot->next;
    } else {
        if (t->used == capacity(t) && hag__table_reserve(t, t->used + 1))
            return HAG__NIL;
        index = t->used++;
        slot = slot_at(t, index);
        slot->gen = 1;
    }
    slot->next = LIVE;
    t->live++;
    memset(hag__table_at(t, index), 0, t->item_size);
    return index;
}

void hag__table_del(struct hag__table *t, uint32_t index)
{
    struct slot *slot = slot_at(t, index);

    slot->gen = slot->gen == HAG__GEN_MAX ? 1 : slot->gen + 1;
    slot->next = t->free_head;
    t->free_head = index;
    t->live--;
}

void *hag__table_at(const struct hag__table *t, uint32_t index)
{
    char *block = t->blocks[index >> t->block_bits];
    size_t items = (size_t)1 << t->block_bits;

    return block + items * sizeof(struct slot) + (index & (items - 1)) * t->item_size;
}

int hag__table_is_live(const struct hag__table *t, uint32_t index)
{
    return index < t->used && slot_at(t, index)->next == LIVE;
}

uint64_t hag__table_handle(const struct hag__table *t, uint32_t index)
{
    return hag__handle(t->kind, slot_at(t, index)->gen, index);
}

int32_t hag__table_find(const struct hag__table *t, uint64_t handle, uint32_t *index)
{
    uint32_t i = hag__handle_index(handle);
    uint32_t gen = hag__handle_gen(handle);

    if (hag__handle_kind(handle) != t->kind || gen == 0 || i >= t->used)
        return HAG_ERR_BAD_HANDLE;
    if (slot_at(t, i)->gen != gen || !hag__table_is_live(t, i))
        return HAG_ERR_STALE;
    *index = i;
    return HAG_OK;
}

uint32_t hag__table_next(const struct hag__table *t, uint32_t from)
{
    for (uint32_t i = from; i < t->used; i++)
        if (slot_at(t, i)->next == LIVE)
            return i;
    return HAG__NIL;
}
