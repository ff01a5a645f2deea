/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <string.h>

#define WAYS 4u

static int before(const struct hag__heap_entry *a, const struct hag__heap_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->id < b->id;
}

static void put(struct hag__heap *h, uint32_t place, struct hag__heap_entry e)
{
    h->entries[place] = e;
    h->places[e.id] = place;
}

static void sift_up(struct hag__heap *h, uint32_t place, struct hag__heap_entry e)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / WAYS;

        if (!before(&e, &h->entries[parent]))
            break;
        put(h, place, h->entries[parent]);
        place = parent;
    }
    put(h, place, e);
}

static void sift_down(struct hag__heap *h, uint32_t place, struct hag__heap_entry e)
{
    for (;;) {
        uint64_t child = (uint64_t)place * WAYS + 1;
        uint64_t end = child + WAYS < h->n ? child + WAYS : h->n;
        uint32_t best = (uint32_t)child;

        if (child >= h->n)
            break;
        for (uint32_t c = best + 1; c < end; c++)
            if (before(&h->entries[c], &h->entries[best]))
                best = c;
        if (!before(&h->entries[best], &e))
            break;
        put(h, place, h->entries[best]);
        place = best;
    }
    put(h, place, e);
}

static void place_anew(struct hag__heap *h, uint32_t place, struct hag__heap_entry e)
{
    if (place > 0 && before(&e, &h->entries[(place - 1) / WAYS]))
        sift_up(h, place, e);
    else
        sift_down(h, place, e);
}

void hag__heap_init(struct hag__heap *h, const struct hag__alloc *mem)
{
    memset(h, 0, sizeof(*h));
    h->mem = mem;
}

void hag__heap_done(struct hag__heap *h)
{
    hag__free(h->mem, h->entries, h->cap * sizeof(*h->entries));
    hag__free(h->mem, h->places, h->cap_places * sizeof(*h->places));
    hag__heap_init(h, h->mem);
}

int32_t hag__heap_reserve(struct hag__heap *h, uint32_t ids)
{
    void *entries = h->entries, *places = h->places;

    if (ids <= h->nplaces)
        return HAG_OK;
    if (hag__grow(h->mem, &entries, &h->cap, ids, sizeof(*h->entries)))
        return HAG_ERR_NOMEM;
    h->entries = entries;
    if (hag__grow(h->mem, &places, &h->cap_places, ids, sizeof(*h->places)))
        return HAG_ERR_NOMEM;
    h->places = places;
    while (h->nplaces < ids)
        h->places[h->nplaces++] = HAG__NIL;
    return HAG_OK;
}

void hag__heap_set(struct hag__heap *h, uint32_t id, hag_time at)
{
    struct hag__heap_entry e = {at, id};

    if (at == HAG__NEVER)
        hag__heap_del(h, id);
    else if (h->places[id] == HAG__NIL)
        sift_up(h, h->n++, e);
    else
        place_anew(h, h->places[id], e);
}

void hag__heap_del(struct hag__heap *h, uint32_t id)
{
    uint32_t place = id < h->nplaces ? h->places[id] : HAG__NIL;

    if (place == HAG__NIL)
        return;
    h->places[id] = HAG__NIL;
    if (place != --h->n)
        place_anew(h, place, h->entries[h->n]);
}

hag_time hag__heap_at(const struct hag__heap *h, uint32_t id)
{
    if (id >= h->nplaces || h->places[id] == HAG__NIL)
        return HAG__NEVER;
    return h->entries[h->places[id]].at;
}

hag_time hag__heap_first(const struct hag__heap *h)
{
    return h->n ? h->entries[0].at : HAG__NEVER;
}

uint32_t hag__heap_pop_due(struct hag__heap *h, hag_time now)
{
    uint32_t id;

    if (h->n == 0 || h->entries[0].at > now)
        return HAG__NIL;
    id = h->entries[0].id;
    hag__heap_del(h, id);
    return id;
}
