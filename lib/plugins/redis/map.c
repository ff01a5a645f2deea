/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "map.h"

struct hag__redis_slot {
    uint64_t key; /* 0: empty */
    void *value;
};

static uint32_t home(const struct hag__redis_map *m, uint64_t key)
{
    /* handles count up: Fibonacci hashing spreads neighbours */
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & m->mask;
}

static struct hag__redis_slot *find(const struct hag__redis_map *m, uint64_t key)
{
    uint32_t i = home(m, key);

    while (m->slots[i].key && m->slots[i].key != key)
        i = (i + 1) & m->mask;
    return &m->slots[i];
}

void *hag__redis_map_get(const struct hag__redis_map *m, uint64_t key)
{
    return m->slots ? find(m, key)->value : NULL;
}

static int grow(struct hag__redis_map *m)
{
    uint32_t n = m->slots ? (m->mask + 1) * 2 : 64;
    struct hag__redis_map old = *m;

    m->slots = m->host->realloc(m->host->ctx, NULL, 0, n * sizeof(*m->slots));
    if (!m->slots) {
        m->slots = old.slots;
        return -1;
    }
    memset(m->slots, 0, n * sizeof(*m->slots));
    m->mask = n - 1;
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].key)
            *find(m, old.slots[i].key) = old.slots[i];
    hag__redis_map_free(&old);
    return 0;
}

int hag__redis_map_put(struct hag__redis_map *m, uint64_t key, void *value)
{
    if ((!m->slots || (m->used + 1) * 4 > (m->mask + 1) * 3) && grow(m))
        return -1;
    struct hag__redis_slot *s = find(m, key);
    if (!s->key)
        m->used++;
    s->key = key;
    s->value = value;
    return 0;
}

void hag__redis_map_remove(struct hag__redis_map *m, uint64_t key)
{
    if (!m->slots)
        return;
    struct hag__redis_slot *s = find(m, key);
    if (!s->key)
        return;
    m->used--;
    /* Close the gap: move up whoever would not be found past it any more. */
    uint32_t hole = (uint32_t)(s - m->slots);
    for (uint32_t i = (hole + 1) & m->mask; m->slots[i].key; i = (i + 1) & m->mask) {
        uint32_t h = home(m, m->slots[i].key);
        if (((i - h) & m->mask) >= ((i - hole) & m->mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].key = 0;
    m->slots[hole].value = NULL;
}

void *hag__redis_map_any(const struct hag__redis_map *m)
{
    for (uint32_t i = 0; m->used && i <= m->mask; i++)
        if (m->slots[i].key)
            return m->slots[i].value;
    return NULL;
}

void hag__redis_map_free(struct hag__redis_map *m)
{
    if (m->slots)
        m->host->realloc(m->host->ctx, m->slots, (m->mask + 1) * sizeof(*m->slots), 0);
    m->slots = NULL;
    m->mask = 0;
    m->used = 0;
}
