/* SPDX-License-Identifier: MIT
 *
 * timers.h - many deadlines behind the host's one: a binary heap of embedded timers.
 */
#ifndef HAG_REDIS_TIMERS_H
#define HAG_REDIS_TIMERS_H

#include <haguard/plugin.h>

struct hag__redis_timer {
    hag_time at;
    uint32_t pos; /* in the heap, from 1; 0: not set */
    uint32_t reserved;
    void (*fire)(struct hag__redis_timer *t, hag_time now);
};

struct hag__redis_timers {
    const struct hag_host *host;
    struct hag__redis_timer **heap; /* from 1 */
    uint32_t n;
    uint32_t room;
    uint32_t reserved; /* timers that may be set at the same time */
};

/* Makes room for one more timer, so that setting it cannot fail. Returns 0, or -1 without memory. */
int hag__redis_timers_reserve(struct hag__redis_timers *h);
void hag__redis_timers_release(struct hag__redis_timers *h);

void hag__redis_timer_set(struct hag__redis_timers *h, struct hag__redis_timer *t, hag_time at);
void hag__redis_timer_stop(struct hag__redis_timers *h, struct hag__redis_timer *t);

/* The first deadline; 0: none. */
hag_time hag__redis_timers_next(const struct hag__redis_timers *h);

/* Takes the first timer that is due; NULL: none is. */
struct hag__redis_timer *hag__redis_timers_take(struct hag__redis_timers *h, hag_time now);

void hag__redis_timers_free(struct hag__redis_timers *h);

#endif
