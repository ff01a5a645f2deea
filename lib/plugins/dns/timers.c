/* SPDX-License-Identifier: MIT */
#include "dns.h"

void hag__dns_timer_stop(struct hag__dns_timers *s, struct hag__dns_timer *t)
{
    if (!t->at)
        return;
    *(t->prev ? &t->prev->next : &s->first) = t->next;
    *(t->next ? &t->next->prev : &s->last) = t->prev;
    t->prev = t->next = NULL;
    t->at = 0;
}

void hag__dns_timer_set(struct hag__dns_timers *s, struct hag__dns_timer *t, hag_time at)
{
    struct hag__dns_timer *before;

    hag__dns_timer_stop(s, t);
    t->at = at ? at : 1;
    before = s->last;
    while (before && before->at > t->at)
        before = before->prev;
    t->prev = before;
    t->next = before ? before->next : s->first;
    *(t->prev ? &t->prev->next : &s->first) = t;
    *(t->next ? &t->next->prev : &s->last) = t;
}
