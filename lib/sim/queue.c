/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sim/world.h"

/* What is due, by time, statements of the scenario first, then in the order of asking; and the one
 * source of chance. */

static int before(const struct sim_due *a, const struct sim_due *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if ((a->kind == SIM_DEED) != (b->kind == SIM_DEED))
        return a->kind == SIM_DEED;
    return a->seq < b->seq;
}

void sim_push(struct hag_sim *w, struct sim_due d)
{
    struct sim_heap *h = &w->heap;
    uint32_t i;

    if (d.at > w->end + 1)
        return; /* after the end of the run */
    sim_grow((void **)&h->v, h->n, &h->cap, sizeof(d));
    d.seq = h->seq++;
    for (i = h->n++; i > 0 && before(&d, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
        h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = d;
}

int sim_pop(struct hag_sim *w, struct sim_due *d)
{
    struct sim_heap *h = &w->heap;
    const struct sim_due *last;
    uint32_t i = 0;

    if (h->n == 0)
        return 0;
    *d = h->v[0];
    last = &h->v[--h->n];
    for (;;) {
        uint32_t c = 2 * i + 1;

        if (c >= h->n)
            break;
        if (c + 1 < h->n && before(&h->v[c + 1], &h->v[c]))
            c++;
        if (!before(&h->v[c], last))
            break;
        h->v[i] = h->v[c];
        i = c;
    }
    h->v[i] = *last;
    return 1;
}

uint64_t sim_random(struct hag_sim *w) /* splitmix64 */
{
    uint64_t z = (w->rng += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t sim_below(struct hag_sim *w, uint32_t n)
{
    return n == 0 ? 0 : (uint32_t)((sim_random(w) >> 32) * n >> 32);
}
