/* SPDX-License-Identifier: MIT */
#include "timers.h"

int hag__redis_timers_reserve(struct hag__redis_timers *h)
{
    if (h->reserved + 2 > h->room) {
        uint32_t room = h->room ? h->room * 2 : 64;
        void *p = h->host->realloc(h->host->ctx, h->heap, h->room * sizeof(*h->heap),
                                   room * sizeof(*h->heap));
        if (!p)
            return -1;
        h->heap = p;
        h->room = room;
    }
    h->reserved++;
    return 0;
}

void hag__redis_timers_release(struct hag__redis_timers *h)
{
    h->reserved--;
}

static void place(struct hag__redis_timers *h, uint32_t i, struct hag__redis_timer *t)
{
    h->heap[i] = t;
    t->pos = i;
}

/* Puts t where it belongs, starting at the free place i. */
static void settle(struct hag__redis_timers *h, uint32_t i, struct hag__redis_timer *t)
{
    while (i > 1 && h->heap[i / 2]->at > t->at) {
        place(h, i, h->heap[i / 2]);
        i /= 2;
    }
    for (;;) {
        uint32_t child = i * 2;
        if (child > h->n)
            break;
        if (child < h->n && h->heap[child + 1]->at < h->heap[child]->at)
            child++;
        if (h->heap[child]->at >= t->at)
            break;
        place(h, i, h->heap[child]);
        i = child;
    }
    place(h, i, t);
}

void hag__redis_timer_set(struct hag__redis_timers *h, struct hag__redis_timer *t, hag_time at)
{
    t->at = at;
    settle(h, t->pos ? t->pos : ++h->n, t);
}

void hag__redis_timer_stop(struct hag__redis_timers *h, struct hag__redis_timer *t)
{
    uint32_t i = t->pos;

    if (!i)
        return;
    t->pos = 0;
    struct hag__redis_timer *last = h->heap[h->n--];
    if (last != t)
        settle(h, i, last);
}

hag_time hag__redis_timers_next(const struct hag__redis_timers *h)
{
    return h->n ? h->heap[1]->at : 0;
}

struct hag__redis_timer *hag__redis_timers_take(struct hag__redis_timers *h, hag_time now)
{
    if (!h->n || h->heap[1]->at > now)
        return NULL;
    struct hag__redis_timer *t = h->heap[1];
    hag__redis_timer_stop(h, t);
    return t;
}

void hag__redis_timers_free(struct hag__redis_timers *h)
{
    if (h->heap)
        h->host->realloc(h->host->ctx, h->heap, h->room * sizeof(*h->heap), 0);
    h->heap = NULL;
    h->n = h->room = 0;
}
