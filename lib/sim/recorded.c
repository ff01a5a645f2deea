/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* What the guards of a run recorded, and whether playing it again comes to the same. */

static void take(hag_guard *g, struct sim_recording *r)
{
    size_t cap = 0, n;
    int32_t more;

    do {
        if (cap - r->n < 65536) {
            cap = cap * 2 + 65536;
            r->bytes = realloc(r->bytes, cap);
            if (r->bytes == NULL)
                abort();
        }
        more = hag_record_take(g, r->bytes + r->n, cap - r->n, &n);
        if (more >= 0)
            r->n += n;
    } while (more > 0);
}

static void play_again(struct hag_sim *w, const struct sim_recording *r)
{
    struct hag_replay_result res = {.size = sizeof(res)};
    int32_t err = hag_replay(r->bytes, r->n, NULL, &res);

    if (err != HAG_OK)
        sim_breach(w, "replay", "a log cannot be played again: %s", hag_strerror(err));
    else if (res.verdict != HAG_REPLAY_SAME)
        sim_breach(w, "replay", "at %llu ms of a log: recorded %s; today %s",
                   (unsigned long long)res.at, res.recorded, res.today);
    else if (res.ending != HAG_REPLAY_WHOLE)
        sim_breach(w, "replay", "a log ends as %u: %s", res.ending, res.why);
}

void sim_recorded(struct hag_sim *w)
{
    struct sim_recording r = {0};

    if ((w->flags & (HAG_SIM_RECORD | HAG_SIM_REPLAY)) == 0 || w->guard.g == NULL)
        return;
    (void)hag_record_end(w->guard.g);
    take(w->guard.g, &r);
    if (r.n == 0) { /* it was taken before */
        free(r.bytes);
        return;
    }
    if (w->flags & HAG_SIM_REPLAY)
        play_again(w, &r);
    sim_grow((void **)&w->recordings, w->nrecordings, &w->caprecordings, sizeof(r));
    w->recordings[w->nrecordings++] = r;
}

const uint8_t *hag_sim_log(const hag_sim *w, uint32_t i, size_t *n)
{
    if (n == NULL || i >= w->nrecordings)
        return NULL;
    *n = w->recordings[i].n;
    return w->recordings[i].bytes;
}
