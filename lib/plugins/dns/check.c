/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dns.h"

/* endpoint_check: asks every authoritative server for the mark and the addresses. What could not be
 * read is unknown, never empty (S15). */

enum { ASKED = 0, RIGHT = 1, UNREAD = 2, STALE = 3, NEWER = 4 };

#define GATHER 50 /* ms that others get, once one server has answered wrongly */

static const uint32_t types[] = {HAG__DNS_TXT, HAG__DNS_A, HAG__DNS_AAAA};

#define NTYPES (sizeof(types) / sizeof(types[0]))

struct side {
    uint32_t due;   /* answers still to come */
    uint32_t state; /* the worst that was found */
    uint32_t reason;
    uint32_t reserved;
    char text[144];
};

struct hag__dns_check {
    struct hag__dns_op op; /* first: ops are found by this */
    struct hag__dns_timer timer;
    struct side sides[HAG__DNS_SERVERS];
    struct hag__dns_question questions[HAG__DNS_SERVERS][NTYPES];
};

/* Of several findings at one server the gravest is told. */
static void found(struct side *s, uint32_t state, uint32_t reason, const char *text)
{
    if (state <= s->state)
        return;
    s->state = state;
    s->reason = reason;
    snprintf(s->text, sizeof(s->text), "%s", text);
}

static void finish(struct hag__dns_check *c)
{
    uint32_t outcome = HAG_RES_OK, reason = HAG_WHY_NONE, worst = RIGHT;
    struct hag__dns *d = c->op.d;

    for (uint32_t i = 0; i < d->cfg.servers.n; i++) {
        struct side *s = &c->sides[i];
        if (s->due)
            found(s, UNREAD, HAG_WHY_TIMEOUT, "has not answered yet");
        if (s->state > worst) {
            worst = s->state;
            reason = s->reason;
            outcome = worst >= STALE ? HAG_RES_FAIL : HAG_RES_UNKNOWN;
        }
        if (s->state >= UNREAD)
            hag__dns_op_say(&c->op, &d->cfg.servers.addrs[i], "%s", s->text);
    }
    hag__dns_timer_stop(&d->timers, &c->timer);
    hag__dns_op_done(&c->op, outcome, reason);
}

static void fire(struct hag__dns_timer *t)
{
    finish((struct hag__dns_check *)(void *)((char *)t - offsetof(struct hag__dns_check, timer)));
}

static void see_mark(const struct hag__dns_check *c, struct side *s,
                     const struct hag__dns_answer *a)
{
    const struct hag__dns_mark *m = &a->texts.mark, *want = &c->op.mark;
    char text[144];

    if (a->texts.damaged || (a->flags & HAG__DNS_TOO_MUCH)) {
        found(s, UNREAD, HAG_WHY_BAD_CONFIG, "has a TXT record of haguard that cannot be read");
        return;
    }
    if (!a->texts.marks) {
        found(s, STALE, HAG_WHY_NAME_STALE, "has no TXT record of haguard");
        return;
    }
    int order = hag__dns_mark_order(m, want);
    snprintf(text, sizeof(text),
             "has term %" PRIu64 " generation %" PRIu64 " instead of %" PRIu64 " and %" PRIu64,
             m->term, m->generation, want->term, want->generation);
    if (order > 0)
        found(s, NEWER, HAG_WHY_VERSION, text);
    else if (order < 0)
        found(s, STALE, HAG_WHY_NAME_STALE, text);
    else if (m->cluster[0] && strcmp(m->cluster, want->cluster) != 0)
        found(s, STALE, HAG_WHY_BAD_CONFIG, "has the name of another cluster there");
    else
        found(s, RIGHT, HAG_WHY_NONE, "");
}

static void see_addresses(const struct hag__dns_check *c, struct side *s,
                          const struct hag__dns_answer *a, uint32_t len)
{
    char is[60], should[60], text[144];

    if (hag__dns_set_same(&a->set, &c->op.want, len)) {
        found(s, RIGHT, HAG_WHY_NONE, "");
        return;
    }
    hag__dns_set_format(&a->set, len, is, sizeof(is));
    hag__dns_set_format(&c->op.want, len, should, sizeof(should));
    snprintf(text, sizeof(text), "says %s instead of %s", is, should);
    found(s, STALE, HAG_WHY_NAME_STALE, text);
}

static void see(const struct hag__dns_check *c, struct side *s, uint32_t type, const uint8_t *wire,
                size_t n)
{
    struct hag__dns_answer *a = &c->op.d->answer;

    if (hag__dns_read_answer(wire, n, c->op.name, type, c->op.ttl, a)) {
        found(s, UNREAD, HAG_WHY_PROTOCOL, "sends a damaged answer");
    } else if (a->rcode != HAG__RCODE_NOERROR && a->rcode != HAG__RCODE_NXDOMAIN) {
        const struct hag__dns_meaning *m = hag__dns_meaning_query(a->rcode);
        found(s, UNREAD, m->reason, m->text);
    } else if (a->flags & HAG__DNS_TRUNCATED) {
        found(s, UNREAD, HAG_WHY_PROTOCOL, "cuts its answer off");
    } else if (!(a->flags & HAG__DNS_AUTHORITATIVE)) {
        found(s, UNREAD, HAG_WHY_BAD_CONFIG, "is no authority for the name; check servers");
    } else if (a->flags & HAG__DNS_ALIAS) {
        found(s, STALE, HAG_WHY_BAD_CONFIG, "has the name as an alias (CNAME); delete it");
    } else if (type == HAG__DNS_TXT) {
        see_mark(c, s, a);
    } else {
        see_addresses(c, s, a, type == HAG__DNS_A ? 4 : 16);
    }
}

/* Whether the check still wants this answer. */
static int wanted(struct hag__dns_check *c)
{
    c->op.busy--;
    if (c->op.done && !c->op.busy)
        hag__dns_op_queue(&c->op);
    return !c->op.done;
}

static void one_less(struct hag__dns_check *c, struct side *s)
{
    struct hag__dns *d = c->op.d;
    uint32_t due = 0, wrong = 0;

    s->due--;
    for (uint32_t i = 0; i < d->cfg.servers.n; i++) {
        due += c->sides[i].due;
        wrong |= c->sides[i].state >= STALE;
    }
    if (due == 0)
        finish(c);
    else if (wrong && c->timer.at > d->now + GATHER)
        hag__dns_timer_set(&d->timers, &c->timer, d->now + GATHER);
}

static void answer(struct hag__dns_question *q, const uint8_t *wire, size_t n)
{
    struct hag__dns_check *c = q->owner;

    if (!wanted(c))
        return;
    see(c, &c->sides[q->server], q->type, wire, n);
    one_less(c, &c->sides[q->server]);
}

static void unread(struct hag__dns_question *q, uint32_t reason, const char *text)
{
    struct hag__dns_check *c = q->owner;
    char line[144];

    if (!wanted(c))
        return;
    snprintf(line, sizeof(line), "was not read: %.100s", text);
    found(&c->sides[q->server], UNREAD, reason, line);
    one_less(c, &c->sides[q->server]);
}

struct hag__dns_op *hag__dns_check_new(struct hag__dns *d)
{
    struct hag__dns_check *c = hag__dns_alloc(d, sizeof(*c));

    if (!c)
        return NULL;
    c->op.size = sizeof(*c);
    c->timer.fire = fire;
    return &c->op;
}

void hag__dns_check_start(struct hag__dns_op *op)
{
    struct hag__dns_check *c = (struct hag__dns_check *)(void *)op;
    struct hag__dns *d = op->d;
    hag_time end = d->now + d->cfg.timeout;

    hag__dns_timer_set(&d->timers, &c->timer, end < op->end ? end : op->end);
    /* all are counted first: an answer may come while the next is asked */
    for (uint32_t i = 0; i < d->cfg.servers.n; i++) {
        c->sides[i].due = NTYPES;
        c->op.busy += NTYPES;
    }
    for (uint32_t i = 0; i < d->cfg.servers.n; i++) {
        for (uint32_t j = 0; j < NTYPES; j++) {
            struct hag__dns_question *q = &c->questions[i][j];
            struct hag__dns_message m;
            q->d = d;
            q->owner = c;
            q->answer = answer;
            q->unread = unread;
            q->server = i;
            q->type = types[j];
            if (hag__dns_query(op->name, q->type, 0, &m))
                unread(q, HAG_WHY_HOST_ERROR, "this host is at its limits");
            else
                hag__dns_channel_ask(&d->authorities.at[i], &m, q);
            hag__dns_message_free(&m);
        }
    }
}

void hag__dns_check_stop(struct hag__dns_op *op)
{
    struct hag__dns_check *c = (struct hag__dns_check *)(void *)op;

    hag__dns_timer_stop(&op->d->timers, &c->timer);
}
