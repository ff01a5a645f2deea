/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <string.h>

#define SLOTS_MIN 16u
#define NAMES_MAX (1u << 24)

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t little_endian(const unsigned char *p, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << (8 * i);
    return w;
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein), its key drawn from the seed. */
uint64_t hag__hash(uint64_t seed, const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t k0 = seed, k1 = hag__mix(seed);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};
    size_t whole = n & ~(size_t)7;
    uint64_t last = (uint64_t)n << 56 | little_endian(s + whole, n & 7);

    for (size_t i = 0; i <= whole; i += 8) {
        uint64_t m = i < whole ? little_endian(s + i, 8) : last;

        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hag__mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t hag__random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return hag__mix(*state);
}

/* CRC-32C (Castagnoli), reflected 0x82f63b78, four bits at a time: records are small. */
uint32_t hag__crc32c(const void *p, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *s = p;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        crc ^= s[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static uint32_t hash_of(const struct hag__names *m, const char *name)
{
    return (uint32_t)hag__hash(m->seed, name, strlen(name));
}

void hag__names_init(struct hag__names *m, const struct hag__alloc *mem, uint64_t seed,
                     const char *(*name)(const void *owner, uint32_t index), const void *owner)
{
    memset(m, 0, sizeof(*m));
    m->mem = mem;
    m->seed = seed;
    m->name = name;
    m->owner = owner;
}

void hag__names_done(struct hag__names *m)
{
    hag__free(m->mem, m->slots, m->cap * sizeof(*m->slots));
    hag__names_init(m, m->mem, m->seed, m->name, m->owner);
}

static void insert(struct hag__names_slot *slots, uint32_t cap, struct hag__names_slot slot)
{
    uint32_t at = slot.hash & (cap - 1);

    while (slots[at].index != 0)
        at = (at + 1) & (cap - 1);
    slots[at] = slot;
}

int32_t hag__names_reserve(struct hag__names *m, uint32_t n)
{
    struct hag__names_slot *slots;
    uint32_t cap = m->cap ? m->cap : SLOTS_MIN;

    if (n > NAMES_MAX)
        return HAG_ERR_LIMIT;
    /* At most two thirds full: there is always a free slot to end a search. */
    while ((uint64_t)n * 3 > (uint64_t)cap * 2)
        cap *= 2;
    if (cap == m->cap)
        return HAG_OK;
    slots = hag__zalloc(m->mem, cap * sizeof(*slots));
    if (!slots)
        return HAG_ERR_NOMEM;
    for (uint32_t i = 0; i < m->cap; i++)
        if (m->slots[i].index != 0)
            insert(slots, cap, m->slots[i]);
    hag__free(m->mem, m->slots, m->cap * sizeof(*m->slots));
    m->slots = slots;
    m->cap = cap;
    return HAG_OK;
}

void hag__names_add(struct hag__names *m, const char *name, uint32_t index)
{
    struct hag__names_slot slot = {hash_of(m, name), index + 1};

    insert(m->slots, m->cap, slot);
    m->n++;
}

static uint32_t slot_of(const struct hag__names *m, const char *name)
{
    uint32_t hash, at;

    if (m->n == 0)
        return HAG__NIL;
    hash = hash_of(m, name);
    for (at = hash & (m->cap - 1); m->slots[at].index != 0; at = (at + 1) & (m->cap - 1))
        if (m->slots[at].hash == hash &&
            strcmp(m->name(m->owner, m->slots[at].index - 1), name) == 0)
            return at;
    return HAG__NIL;
}

uint32_t hag__names_find(const struct hag__names *m, const char *name)
{
    uint32_t at = slot_of(m, name);

    return at == HAG__NIL ? HAG__NIL : m->slots[at].index - 1;
}

void hag__names_del(struct hag__names *m, const char *name)
{
    uint32_t mask = m->cap - 1;
    uint32_t hole = slot_of(m, name);

    if (hole == HAG__NIL)
        return;
    m->n--;
    /* Later names of the same run move up, unless that would put them before their own place. */
    for (uint32_t at = (hole + 1) & mask; m->slots[at].index != 0; at = (at + 1) & mask) {
        uint32_t from_home = (at - m->slots[at].hash) & mask;

        if (from_home >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole].index = 0;
}
