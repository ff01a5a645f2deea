/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dns.h"

/* endpoint_update. A leg goes from server to server until one has taken the order, or has one
 * server of its own where all are to be updated. At a server:
 *
 *   TEXT    read the mark: newer than ours ends it; ours leads to A; older, or none, to ORDER
 *   A, AAAA compare the addresses: equal ends it well, else ORDER
 *   ORDER   the update; its prerequisite: the TXT records that were read. Not met: TEXT again
 *   PAUSE   every server failed and it may be better soon
 */
enum { TEXT = 0, A = 1, AAAA = 2, ORDER = 3, PAUSE = 4, DONE = 5 };

#define PAUSE_MIN     50   /* ms */
#define PAUSE_MAX     1000 /* ms */
#define CONFLICTS_MAX 8    /* times that somebody else was faster, at one server in one round */
#define IGNORE        100  /* beside HAG__X_: not the answer, wait for the next */

struct leg {
    struct hag__dns_op *op;
    struct hag__dns_exchange x;
    struct hag__dns_message m;
    struct hag__dns_timer timer;
    uint32_t step;
    uint32_t first; /* of the masters */
    uint32_t n;
    uint32_t at;
    uint32_t again; /* a failure of this round may be better soon */
    uint32_t pause;
    uint32_t conflicts;
    uint32_t copies; /* of the order, at this server, that may have arrived */
    uint32_t maybe;  /* an earlier order may have been carried out */
    uint32_t outcome;
    uint32_t reason;
    uint32_t ntext;
    char strange[136]; /* what came instead of an answer */
    char text[288];
    struct hag__dns_texts before;
};

struct update {
    struct hag__dns_op op; /* first: ops are found by this */
    uint32_t nlegs;
    uint32_t open;
    struct leg legs[];
};

static const struct hag__dns_addr *server(const struct leg *l)
{
    return &l->op->d->cfg.masters.addrs[l->first + l->at];
}

/* --- the end ---------------------------------------------------------------------------------- */

static void finish(struct update *u)
{
    uint32_t outcome = HAG_RES_OK, reason = HAG_WHY_NONE;

    for (uint32_t i = 0; i < u->nlegs; i++) {
        const struct leg *l = &u->legs[i];
        if (l->outcome == HAG_RES_OK)
            continue;
        if (reason == HAG_WHY_NONE || l->reason == HAG_WHY_VERSION)
            reason = l->reason;
        if (outcome != HAG_RES_UNKNOWN)
            outcome = l->outcome;
        if (u->op.ntext + strlen(l->text) + 3 < sizeof(u->op.text))
            u->op.ntext +=
                (uint32_t)snprintf(u->op.text + u->op.ntext, sizeof(u->op.text) - u->op.ntext,
                                   "%s%s", u->op.ntext ? "; " : "", l->text);
    }
    /* a newer mark at one server: whatever comes of the rest, this order is out of date */
    hag__dns_op_done(&u->op, reason == HAG_WHY_VERSION ? HAG_RES_FAIL : outcome, reason);
}

static void let_go(struct leg *l)
{
    if (l->step == ORDER)
        l->copies += l->x.copies;
    hag__dns_exchange_end(&l->x);
    l->x.copies = 0;
}

static uint32_t done(struct leg *l, uint32_t outcome, uint32_t reason)
{
    struct update *u = (struct update *)(void *)l->op;

    let_go(l);
    hag__dns_message_free(&l->m);
    hag__dns_timer_stop(&l->op->d->timers, &l->timer);
    l->step = DONE;
    l->outcome = outcome;
    l->reason = reason;
    if (--u->open == 0)
        finish(u);
    return HAG__X_PENDING;
}

/* --- one step --------------------------------------------------------------------------------- */

static uint32_t send_it(struct leg *l, uint32_t tcp)
{
    struct hag__dns *d = l->op->d;
    hag_time end = d->now + d->cfg.timeout;

    let_go(l);
    return hag__dns_exchange_begin(&l->x, server(l), &l->m,
                                   tcp || d->cfg.tcp == HAG__DNS_TCP_ALWAYS,
                                   end < l->op->end ? end : l->op->end);
}

static uint32_t ask(struct leg *l, uint32_t step)
{
    static const uint32_t types[] = {
        [TEXT] = HAG__DNS_TXT, [A] = HAG__DNS_A, [AAAA] = HAG__DNS_AAAA};

    let_go(l);
    l->step = step;
    hag__dns_message_free(&l->m);
    return hag__dns_query(l->op->name, types[step], 0, &l->m) ? HAG__X_OURS : send_it(l, 0);
}

static uint32_t order(struct leg *l)
{
    struct hag__dns *d = l->op->d;
    struct hag__dns_change c = {.zone = d->cfg.zone,
                                .name = l->op->name,
                                .key = &d->cfg.key,
                                .before = &l->before,
                                .addrs = &l->op->want,
                                .mark = &l->op->mark,
                                .ttl = l->op->ttl};

    let_go(l);
    l->step = ORDER;
    hag__dns_message_free(&l->m);
    return hag__dns_update(&c, &l->m) ? HAG__X_OURS : send_it(l, 0);
}

static uint32_t arrive(struct leg *l)
{
    l->copies = 0;
    l->conflicts = 0;
    l->strange[0] = '\0';
    return ask(l, TEXT);
}

__attribute__((format(printf, 4, 5))) static uint32_t failed(struct leg *l, uint32_t reason,
                                                             uint32_t flags, const char *fmt, ...)
{
    struct hag__dns *d = l->op->d;
    char name[HAG_ADDR_MAX], text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hag__dns_addr_format(server(l), name);
    if (l->ntext + 1 < sizeof(l->text)) {
        int n = snprintf(l->text + l->ntext, sizeof(l->text) - l->ntext, "%s%s %s",
                         l->ntext ? "; " : "", name, text);
        l->ntext = l->ntext + (uint32_t)n < sizeof(l->text) ? l->ntext + (uint32_t)n
                                                            : (uint32_t)sizeof(l->text) - 1;
    }
    let_go(l);
    if (l->copies && !(flags & HAG__MEANS_NEVER))
        l->maybe = 1;
    l->again |= flags & HAG__MEANS_AGAIN;
    d->stale_key |= flags & HAG__MEANS_KEY;
    if (l->reason == HAG_WHY_NONE)
        l->reason = reason;
    if (reason == HAG_WHY_VERSION)
        return done(l, HAG_RES_FAIL, reason);
    if (d->now < l->op->end && l->at + 1 < l->n) {
        l->at++;
        return arrive(l);
    }
    if (d->now + l->pause + PAUSE_MIN < l->op->end && l->again) {
        l->step = PAUSE;
        return HAG__X_PENDING;
    }
    return done(l, l->maybe ? HAG_RES_UNKNOWN : HAG_RES_FAIL, l->reason);
}

static uint32_t begin_round(struct leg *l)
{
    l->at = 0;
    l->again = 0;
    l->ntext = 0;
    l->text[0] = '\0';
    l->reason = HAG_WHY_NONE;
    return arrive(l);
}

/* --- what came back --------------------------------------------------------------------------- */

static uint32_t ignore(struct leg *l, const char *what)
{
    char from[HAG_ADDR_MAX];

    hag__dns_addr_format(&l->x.from, from);
    snprintf(l->strange, sizeof(l->strange), "%.60s from %s", what, from);
    return IGNORE;
}

static uint32_t lost(struct leg *l, uint32_t cause)
{
    static const struct {
        uint32_t reason;
        const char *text;
    } rows[] = {[HAG__X_REFUSED] = {HAG_WHY_NO_CONNECTION, "has nobody listening"},
                [HAG__X_UNREACHABLE] = {HAG_WHY_NO_CONNECTION, "cannot be reached"},
                [HAG__X_CLOSED] = {HAG_WHY_NO_CONNECTION, "closed the connection"},
                [HAG__X_TIMEOUT] = {HAG_WHY_TIMEOUT, "does not answer"},
                [HAG__X_FLOODED] = {HAG_WHY_PROTOCOL, "sends too much that is no answer"},
                [HAG__X_OURS] = {HAG_WHY_HOST_ERROR, "was not asked: this host is at its limits"}};
    uint32_t reason = rows[cause].reason;

    /* who can flood a port cannot get into a connection */
    if (cause == HAG__X_FLOODED && !l->x.tcp)
        return send_it(l, 1);
    if (l->strange[0] && reason != HAG_WHY_HOST_ERROR)
        reason = HAG_WHY_PROTOCOL;
    return failed(l, reason, HAG__MEANS_AGAIN, "%s%s%s%s%s", rows[cause].text, l->x.err ? ": " : "",
                  l->x.err ? strerror(l->x.err) : "", l->strange[0] ? "; there was only " : "",
                  l->strange);
}

static int same_texts(const struct hag__dns_texts *a, const struct hag__dns_texts *b)
{
    return a->n == b->n && a->used == b->used && memcmp(a->bytes, b->bytes, a->used) == 0;
}

static uint32_t read_mark(struct leg *l, const struct hag__dns_answer *a)
{
    const struct hag__dns_mark *m = &a->texts.mark, *ours = &l->op->mark;

    if (a->flags & HAG__DNS_TOO_MUCH)
        return failed(l, HAG_WHY_BAD_CONFIG, 0, "has too many TXT records at %.100s; remove some",
                      l->op->name);
    if (a->texts.damaged)
        return failed(l, HAG_WHY_BAD_CONFIG, 0,
                      "has a damaged haguard TXT record at %.100s; delete it", l->op->name);
    /* read, not met, and read the same: it comes from a wildcard, and the name itself has none */
    if (l->conflicts && !a->texts.marks && same_texts(&l->before, &a->texts))
        memset(&l->before, 0, sizeof(l->before));
    else
        l->before = a->texts;
    if (!a->texts.marks)
        return order(l);
    if (m->cluster[0] && strcmp(m->cluster, ours->cluster) != 0)
        return failed(l, HAG_WHY_BAD_CONFIG, 0,
                      "has %.80s as the name of cluster %s; give each its own, or delete its TXT",
                      l->op->name, m->cluster);
    int order_of = hag__dns_mark_order(m, ours);
    if (order_of > 0)
        return failed(l, HAG_WHY_VERSION, HAG__MEANS_NEVER,
                      "has term %" PRIu64 " generation %" PRIu64 ", newer than ours, %" PRIu64
                      " and %" PRIu64,
                      m->term, m->generation, ours->term, ours->generation);
    return order_of == 0 ? ask(l, A) : order(l);
}

static uint32_t answered(struct leg *l, const uint8_t *wire, size_t n)
{
    struct hag__dns_answer *a = &l->op->d->answer;
    static const uint32_t types[] = {
        [TEXT] = HAG__DNS_TXT, [A] = HAG__DNS_A, [AAAA] = HAG__DNS_AAAA};

    if (hag__dns_read_answer(wire, n, l->op->name, types[l->step], l->op->ttl, a))
        return ignore(l, "a damaged answer");
    if (a->flags & HAG__DNS_TRUNCATED)
        return l->x.tcp ? failed(l, HAG_WHY_PROTOCOL, 0, "cuts its answers off even with TCP")
                        : send_it(l, 1);
    if (a->rcode != HAG__RCODE_NOERROR && a->rcode != HAG__RCODE_NXDOMAIN) {
        const struct hag__dns_meaning *m = hag__dns_meaning_query(a->rcode);
        return failed(l, m->reason, m->flags, "%s", m->text);
    }
    /* what is not said with authority may be a referral: it says nothing of what is there */
    if (!(a->flags & HAG__DNS_AUTHORITATIVE))
        return failed(l, HAG_WHY_BAD_CONFIG, 0,
                      "is no authority for %.100s; check zone and servers", l->op->name);
    if (a->flags & HAG__DNS_ALIAS)
        return failed(l, HAG_WHY_BAD_CONFIG, 0, "has %.100s as an alias (CNAME); delete it",
                      l->op->name);
    if (l->step == TEXT)
        return read_mark(l, a);
    if ((a->flags & HAG__DNS_OTHER_TTL) ||
        !hag__dns_set_same(&a->set, &l->op->want, l->step == A ? 4 : 16))
        return order(l);
    return l->step == A ? ask(l, AAAA) : done(l, HAG_RES_OK, HAG_WHY_NONE);
}

static void clock_text(uint64_t seconds, char out[32])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (seconds > INT32_MAX * 4ull || !gmtime_r(&t, &tm) ||
        !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, 32, "%" PRIu64, seconds);
}

static uint32_t other_time(struct leg *l, const struct hag__dns_reply *r)
{
    uint64_t ours = (uint64_t)time(NULL);
    char mine[32], its[32];

    clock_text(ours, mine);
    clock_text(r->theirs, its);
    return failed(l, HAG_WHY_HOST_ERROR, HAG__MEANS_NEVER,
                  "has another time (BADTIME): its clock says %s, ours %s, %" PRIu64
                  " s apart; set them right",
                  its, mine, r->theirs > ours ? r->theirs - ours : ours - r->theirs);
}

static uint32_t ordered(struct leg *l, const uint8_t *wire, size_t n)
{
    struct hag__dns *d = l->op->d;
    const struct hag__dns_meaning *m;
    struct hag__dns_reply r;

    if (hag__dns_read_reply(wire, n, &l->m, &d->cfg.key, &r))
        return ignore(l, "a damaged answer");
    if (r.signature == HAG__DNS_FORGED)
        return ignore(l, "an answer with a wrong signature");
    m = hag__dns_meaning_update(r.rcode, r.error);
    if (r.signature == HAG__DNS_UNSIGNED) {
        if (r.rcode == HAG__RCODE_NOERROR)
            return ignore(l, "an answer without a signature");
        if (r.rcode == HAG__RCODE_YXRRSET || r.rcode == HAG__RCODE_NXRRSET)
            return ignore(l, "an unsigned refusal");
        /* A refusal may be unsigned (RFC 8945 5.2), so anybody can make one: it is believed when it
         * comes over a connection, which nobody off the path can get into. */
        if (!l->x.tcp) {
            (void)ignore(l, "an unsigned refusal");
            return send_it(l, 1);
        }
        return failed(l, m->reason, m->flags, "%s", m->text);
    }
    if (r.truncated)
        return l->x.tcp ? failed(l, HAG_WHY_PROTOCOL, 0, "cuts its answers off even with TCP")
                        : send_it(l, 1);
    if (r.rcode == HAG__RCODE_NOERROR)
        return done(l, HAG_RES_OK, HAG_WHY_NONE);
    if (r.rcode == HAG__RCODE_YXRRSET || r.rcode == HAG__RCODE_NXRRSET) {
        if (++l->conflicts < CONFLICTS_MAX)
            return ask(l, TEXT);
        return failed(l, HAG_WHY_STORE_ERROR, HAG__MEANS_AGAIN,
                      "has %.100s changed by others all the time", l->op->name);
    }
    if (r.rcode == HAG__RCODE_NOTAUTH && r.error == HAG__TSIG_BADTIME)
        return other_time(l, &r);
    /* the one copy that was sent is the one that was refused */
    return failed(l, m->reason, m->flags | (l->copies + l->x.copies == 1 ? HAG__MEANS_NEVER : 0u),
                  "%s", m->text);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void arm(struct leg *l)
{
    struct hag__dns *d = l->op->d;
    hag_time at = l->x.due;

    if (l->step == DONE)
        return;
    if (l->step == PAUSE) {
        at = d->now + l->pause;
        l->pause = l->pause * 2 < PAUSE_MAX ? l->pause * 2 : PAUSE_MAX;
    }
    hag__dns_timer_set(&d->timers, &l->timer, at < l->op->end ? at : l->op->end);
}

static void go_on(struct leg *l, uint32_t what)
{
    while (what != HAG__X_PENDING)
        what = lost(l, what);
    arm(l);
}

void hag__dns_update_ready(void *leg)
{
    struct leg *l = leg;
    const uint8_t *wire = NULL;
    uint32_t what;
    size_t n = 0;

    do {
        what = hag__dns_exchange_next(&l->x, &wire, &n);
        if (what != HAG__X_MESSAGE)
            continue;
        const char *strange = hag__dns_addr_same(&l->x.from, l->x.to)
                                  ? hag__dns_strange(&l->m, wire, n)
                                  : "an answer";
        if (strange)
            what = ignore(l, strange);
        else
            what = l->step == ORDER ? ordered(l, wire, n) : answered(l, wire, n);
    } while (what == IGNORE);
    go_on(l, what);
}

static void fire(struct hag__dns_timer *t)
{
    struct leg *l = (struct leg *)(void *)((char *)t - offsetof(struct leg, timer));

    if (l->step == PAUSE)
        go_on(l, begin_round(l));
    else
        go_on(l, hag__dns_exchange_due(&l->x));
}

struct hag__dns_op *hag__dns_update_new(struct hag__dns *d)
{
    uint32_t nlegs = d->cfg.update == HAG__DNS_ALL ? d->cfg.masters.n : 1;
    size_t size = sizeof(struct update) + nlegs * sizeof(struct leg);
    struct update *u = hag__dns_alloc(d, size);

    if (!u)
        return NULL;
    u->op.size = (uint32_t)size;
    u->nlegs = nlegs;
    for (uint32_t i = 0; i < nlegs; i++) {
        u->legs[i].op = &u->op;
        u->legs[i].x.fd = -1;
        u->legs[i].x.d = d;
        u->legs[i].x.owner = &u->legs[i];
        u->legs[i].timer.fire = fire;
        u->legs[i].first = nlegs > 1 ? i : 0;
        u->legs[i].n = nlegs > 1 ? 1 : d->cfg.masters.n;
        u->legs[i].pause = PAUSE_MIN;
    }
    return &u->op;
}

void hag__dns_update_start(struct hag__dns_op *op)
{
    struct update *u = (struct update *)(void *)op;
    struct hag__dns *d = op->d;
    char why[160];

    if (d->stale_key) {
        if (hag__dns_config_key(&d->cfg, why, sizeof(why)))
            hag__dns_log(d, HAG_LOG_WARN, "dns: the key was not read again: %s", why);
        d->stale_key = 0;
    }
    u->open = u->nlegs;
    for (uint32_t i = 0; i < u->nlegs; i++)
        go_on(&u->legs[i], begin_round(&u->legs[i]));
}

void hag__dns_update_stop(struct hag__dns_op *op)
{
    struct update *u = (struct update *)(void *)op;

    for (uint32_t i = 0; i < u->nlegs; i++) {
        hag__dns_exchange_end(&u->legs[i].x);
        hag__dns_message_free(&u->legs[i].m);
        hag__dns_timer_stop(&op->d->timers, &u->legs[i].timer);
    }
}
