/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "dns.h"

static struct hag__dns_line *line_of(struct hag__dns_op *op)
{
    return op->kind == HAG_DO_ENDPOINT_UPDATE ? &op->d->updates : &op->d->checks;
}

static void unlink_op(struct hag__dns_line *l, struct hag__dns_op *op)
{
    *(op->ahead ? &op->ahead->behind : &l->first) = op->behind;
    *(op->behind ? &op->behind->ahead : &l->last) = op->ahead;
    op->ahead = op->behind = NULL;
    op->state = HAG__DNS_OUT;
    hag__dns_timer_stop(&op->d->timers, &op->waiting);
}

/* What was not begun has changed nothing, and has read nothing. */
static void too_late(struct hag__dns_timer *t)
{
    struct hag__dns_op *op =
        (struct hag__dns_op *)(void *)((char *)t - offsetof(struct hag__dns_op, waiting));
    struct hag__dns_line *l = line_of(op);

    unlink_op(l, op);
    snprintf(op->text, sizeof(op->text), "its turn did not come: %u others are at work",
             l->running);
    hag__dns_op_done(op, op->kind == HAG_DO_ENDPOINT_UPDATE ? HAG_RES_FAIL : HAG_RES_UNKNOWN,
                     HAG_WHY_TIMEOUT);
}

void hag__dns_line_join(struct hag__dns_op *op)
{
    struct hag__dns_line *l = line_of(op);

    op->ahead = l->last;
    *(l->last ? &l->last->behind : &l->first) = op;
    l->last = op;
    op->state = HAG__DNS_WAITING;
    op->waiting.fire = too_late;
    hag__dns_timer_set(&op->d->timers, &op->waiting, op->end);
}

void hag__dns_line_leave(struct hag__dns_op *op)
{
    struct hag__dns_line *l = line_of(op);

    if (op->state == HAG__DNS_RUNNING)
        l->running--;
    else if (op->state == HAG__DNS_WAITING)
        unlink_op(l, op);
    op->state = HAG__DNS_OUT;
}

static void go(struct hag__dns_line *l, void (*start)(struct hag__dns_op *op))
{
    while (l->first && l->running < l->most) {
        struct hag__dns_op *op = l->first;
        unlink_op(l, op);
        op->state = HAG__DNS_RUNNING;
        l->running++;
        start(op);
    }
}

void hag__dns_lines_go(struct hag__dns *d)
{
    go(&d->updates, hag__dns_update_start);
    go(&d->checks, hag__dns_check_start);
}
