/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <haguard/plugin_dns.h>

#include "dns.h"

/* hag_dns_resolve(): each family is asked for by itself, at one server after the other until one has
 * answered well. What could not be read is unknown, never empty (S15). */

#define AT_ONCE  64    /* answers that fit into the buffer of one socket */
#define OPEN_MAX 16384 /* with those that wait */

enum { WAITING = 0, RUNNING = 1 };           /* of a lookup */
enum { READY = 0, ASKED = 1, ANSWERED = 2 }; /* of each of its families */

struct half {
    struct hag__dns_question q;
    struct hag__dns_lookup *l;
    uint32_t len; /* of its addresses: 4 or 16 */
    uint32_t state;
    uint32_t name;       /* of the search list, from 0 */
    uint32_t tried;      /* servers, for this name */
    uint32_t no_address; /* one of the names is there */
    uint32_t result;     /* HAG_DNS_ */
    uint32_t reason;
    char asked[HAG__DNS_NAME_MAX];
    char text[192]; /* what is wrong */
};

struct hag__dns_lookup {
    struct hag__dns *d;
    struct hag__dns_lookup *prev;
    struct hag__dns_lookup *next;
    hag_dns_fn fn; /* NULL: cancelled */
    void *ud;
    uint64_t id;
    uint32_t state;
    uint32_t complete; /* it had a dot at its end */
    uint32_t ttl;
    uint32_t nhalves;
    struct half halves[2];
    struct hag__dns_set set;
    char name[HAG__DNS_NAME_MAX];
};

/* --- the list --------------------------------------------------------------------------------- */

static void append(struct hag__dns_resolver *r, struct hag__dns_lookup *l)
{
    l->prev = r->last;
    *(r->last ? &r->last->next : &r->first) = l;
    r->last = l;
    if (!r->waiting)
        r->waiting = l;
    r->open++;
}

static void take_out(struct hag__dns_resolver *r, struct hag__dns_lookup *l)
{
    if (r->waiting == l)
        r->waiting = l->next;
    *(l->prev ? &l->prev->next : &r->first) = l->next;
    *(l->next ? &l->next->prev : &r->last) = l->prev;
    r->running -= l->state == RUNNING;
    r->open--;
}

/* --- one family ------------------------------------------------------------------------------- */

static void end(struct half *h, uint32_t result, uint32_t reason)
{
    h->state = ANSWERED;
    h->result = result;
    h->reason = reason;
}

/* This server did not answer well: the next one may. */
static void bad_server(struct half *h, uint32_t reason, const char *text)
{
    const struct hag__dns_resolver *r = &h->l->d->resolver;
    char server[HAG_ADDR_MAX];

    hag__dns_addr_format(&r->system.servers.addrs[h->q.server], server);
    snprintf(h->text, sizeof(h->text), "%s %s", server, text);
    h->state = READY;
    if (++h->tried >= r->channels.n)
        end(h, HAG_DNS_UNKNOWN, reason);
}

static void next_name(struct half *h)
{
    h->state = READY;
    h->tried = 0;
    h->name++;
}

static void bad_code(struct half *h, uint32_t rcode)
{
    static const struct {
        uint32_t rcode;
        const char *text;
    } rows[] = {{HAG__RCODE_SERVFAIL, "cannot tell (SERVFAIL)"},
                {HAG__RCODE_REFUSED, "does not answer us (REFUSED)"},
                {HAG__RCODE_NOTIMP, "answers no such questions (NOTIMP)"},
                {HAG__RCODE_FORMERR, "does not understand the question (FORMERR)"},
                {HAG__RCODE_NOTAUTH, "is no authority for it (NOTAUTH)"}};
    const char *text = "answered with a code that makes no sense here";

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].rcode == rcode)
            text = rows[i].text;
    bad_server(h, hag__dns_meaning_query(rcode)->reason, text);
}

static void take_addresses(struct half *h, const struct hag__dns_found *f)
{
    struct hag__dns_lookup *l = h->l;

    if (f->set.overfull) {
        snprintf(h->text, sizeof(h->text), "it has more than %d addresses", HAG_NODES_MAX);
        end(h, HAG_DNS_UNKNOWN, HAG_WHY_UNSUPPORTED);
        return;
    }
    for (uint32_t i = 0; i < f->set.n; i++)
        hag__dns_set_add(&l->set, f->set.ips[i].bytes, f->set.ips[i].len);
    if (f->ttl < l->ttl)
        l->ttl = f->ttl;
    end(h, HAG_DNS_FOUND, HAG_WHY_NONE);
}

/* Nothing is taken for empty that may only be an answer of somebody who does not know. */
static void answer(struct hag__dns_question *q, const uint8_t *wire, size_t n)
{
    struct half *h = q->owner;
    struct hag__dns_resolver *r = &q->d->resolver;
    struct hag__dns_found *f = &r->found;

    if (hag__dns_read_found(wire, n, h->asked, q->type, f)) {
        bad_server(h, HAG_WHY_PROTOCOL, "sends a damaged answer");
    } else if (f->rcode != HAG__RCODE_NOERROR && f->rcode != HAG__RCODE_NXDOMAIN) {
        bad_code(h, f->rcode);
    } else if (f->flags & HAG__DNS_TRUNCATED) {
        bad_server(h, HAG_WHY_PROTOCOL, "cuts its answer off");
    } else if (!(f->flags & (HAG__DNS_RECURSIVE | HAG__DNS_AUTHORITATIVE))) {
        bad_server(h, HAG_WHY_BAD_CONFIG, "asks no others for us; use a server that does");
    } else if (f->set.n) {
        r->best = q->server;
        take_addresses(h, f);
    } else if ((f->flags & HAG__DNS_ALIAS) && !(f->flags & HAG__DNS_RECURSIVE)) {
        bad_server(h, HAG_WHY_BAD_CONFIG,
                   "does not follow the alias there; use a server that does");
    } else {
        r->best = q->server;
        h->no_address |= f->rcode == HAG__RCODE_NOERROR;
        next_name(h);
    }
}

static void unread(struct hag__dns_question *q, uint32_t reason, const char *text)
{
    char line[120];

    if (reason == HAG_WHY_TIMEOUT)
        snprintf(line, sizeof(line), "does not answer");
    else if (reason == HAG_WHY_NO_CONNECTION)
        snprintf(line, sizeof(line), "cannot be reached");
    else
        snprintf(line, sizeof(line), "was not read: %.90s", text);
    bad_server(q->owner, reason, line);
}

/* Whether /etc/hosts has the name: then it alone counts, for both families. */
static int look_up_here(struct half *h)
{
    const struct hag__dns_resolver *r = &h->l->d->resolver;
    struct hag__dns_found f = {.flags = 0};

    if (!r->system.hosts || h->name || h->tried)
        return 0;
    hag__dns_hosts(&r->channels.at[0], h->l->name, h->len, &f.set);
    if (f.set.n) {
        take_addresses(h, &f);
        return 1;
    }
    hag__dns_hosts(&r->channels.at[0], h->l->name, 20 - h->len, &f.set);
    if (f.set.n)
        end(h, HAG_DNS_NO_ADDRESS, HAG_WHY_NONE);
    return f.set.n != 0;
}

static void ask(struct half *h)
{
    struct hag__dns_lookup *l = h->l;
    struct hag__dns_resolver *r = &l->d->resolver;
    struct hag__dns_message m;

    if (look_up_here(h))
        return;
    if (hag__dns_system_name(&r->system, l->name, l->complete, h->name, h->asked)) {
        end(h, h->no_address ? HAG_DNS_NO_ADDRESS : HAG_DNS_NO_NAME, HAG_WHY_NONE);
        return;
    }
    if (!h->asked[0]) {
        next_name(h);
        return;
    }
    h->q.d = l->d;
    h->q.owner = h;
    h->q.answer = answer;
    h->q.unread = unread;
    h->q.type = h->len == 4 ? HAG__DNS_A : HAG__DNS_AAAA;
    h->q.server = h->tried ? (h->q.server + 1) % r->channels.n : r->best;
    if (hag__dns_query(h->asked, h->q.type, 1, &m)) {
        snprintf(h->text, sizeof(h->text), "this host is at its limits");
        end(h, HAG_DNS_UNKNOWN, HAG_WHY_HOST_ERROR);
    } else {
        h->state = ASKED; /* before: it may be answered inside */
        hag__dns_channel_ask(&r->channels.at[h->q.server], &m, &h->q);
    }
    hag__dns_message_free(&m);
}

/* --- both families ---------------------------------------------------------------------------- */

static const char *const families[] = {[4] = "IPv4 ", [16] = "IPv6 "};

static void describe(const struct hag__dns_lookup *l, const struct half *wrong,
                     struct hag_dns_result *res, char *text, size_t n)
{
    char list[160];

    hag__dns_set_format(&l->set, 0, list, sizeof(list));
    if (res->result == HAG_DNS_FOUND)
        snprintf(text, n, "%s is %s", l->name, list);
    else if (res->result == HAG_DNS_NO_NAME)
        snprintf(text, n, "%s does not exist (NXDOMAIN)", l->name);
    else if (res->result == HAG_DNS_NO_ADDRESS)
        snprintf(text, n, "%s has no %saddress", l->name,
                 l->nhalves == 2 ? "" : families[l->halves[0].len]);
    else
        snprintf(text, n, "%s was not read: %s", l->name, wrong->text);
}

/* The last that is done with it: tells its result, wrong being a half that was not read, or NULL. */
static void tell(struct hag__dns_lookup *l, const struct half *wrong)
{
    char addrs[HAG_NODES_MAX][HAG_ADDR_MAX], text[HAG__DNS_NAME_MAX + 240];
    const char *list[HAG_NODES_MAX];
    struct hag_dns_result res = {.size = sizeof(res), .result = HAG_DNS_NO_NAME, .name = l->name};
    struct hag__dns *d = l->d;

    for (uint32_t i = 0; i < l->nhalves; i++)
        if (l->halves[i].result == HAG_DNS_NO_ADDRESS)
            res.result = HAG_DNS_NO_ADDRESS;
    if (l->set.n)
        res.result = HAG_DNS_FOUND;
    if (wrong) {
        res.result = HAG_DNS_UNKNOWN;
        res.reason = wrong->reason;
    }
    if (res.result == HAG_DNS_FOUND) {
        res.ttl = l->ttl;
        res.naddrs = l->set.n;
        for (uint32_t i = 0; i < l->set.n; i++) {
            hag__dns_ip_format(&l->set.ips[i], addrs[i]);
            list[i] = addrs[i];
        }
        res.addrs = list;
    }
    describe(l, wrong, &res, text, sizeof(text));
    res.text = text;
    take_out(&d->resolver, l);
    if (l->fn)
        l->fn(l->ud, &res);
    hag__dns_free(d, l, sizeof(*l));
}

static int all_answered(const struct hag__dns_lookup *l)
{
    for (uint32_t i = 0; i < l->nhalves; i++)
        if (l->halves[i].state != ANSWERED)
            return 0;
    return 1;
}

/* Tells of one that has ended. Returns 1, or 0 when there is none. */
static int tell_one(struct hag__dns_resolver *r)
{
    for (struct hag__dns_lookup *l = r->first; l != r->waiting; l = l->next) {
        const struct half *wrong = NULL;
        if (!all_answered(l))
            continue;
        for (uint32_t i = 0; i < l->nhalves; i++)
            if (l->halves[i].result == HAG_DNS_UNKNOWN)
                wrong = &l->halves[i];
        tell(l, wrong);
        return 1;
    }
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int open_channels(struct hag__dns *d, char *why, size_t n)
{
    struct hag__dns_resolver *r = &d->resolver;

    if (r->channels.n)
        return 0;
    if (d->cfg.resolvers.servers.n) {
        memset(&r->system, 0, sizeof(r->system));
        r->system.servers = d->cfg.resolvers.servers;
    } else {
        hag__dns_system_read(&r->system);
    }
    r->best = 0;
    if (!hag__dns_channels_open(d, &r->channels, &r->system.servers, why, n))
        return 0;
    hag__dns_channels_close(&r->channels);
    return -1;
}

/* Those whose turn it is. */
static void begin(struct hag__dns *d)
{
    struct hag__dns_resolver *r = &d->resolver;
    char why[120] = "";

    while (r->waiting && r->running < AT_ONCE) {
        struct hag__dns_lookup *l = r->waiting;
        r->waiting = l->next;
        l->state = RUNNING;
        r->running++;
        if (!open_channels(d, why, sizeof(why)))
            continue;
        for (uint32_t i = 0; i < l->nhalves; i++) {
            snprintf(l->halves[i].text, sizeof(l->halves[i].text), "%s", why);
            end(&l->halves[i], HAG_DNS_UNKNOWN, HAG_WHY_HOST_ERROR);
        }
    }
}

void hag__dns_resolver_go(struct hag__dns *d)
{
    struct hag__dns_resolver *r = &d->resolver;
    int more;

    do {
        more = 0;
        begin(d);
        for (struct hag__dns_lookup *l = r->first; l != r->waiting; l = l->next) {
            for (uint32_t i = 0; i < l->nhalves; i++) {
                if (l->halves[i].state != READY)
                    continue;
                if (l->fn)
                    ask(&l->halves[i]);
                else
                    end(&l->halves[i], HAG_DNS_UNKNOWN, HAG_WHY_CANCELLED);
                more = 1;
            }
        }
        more |= tell_one(r);
    } while (more);
    if (!r->first)
        hag__dns_channels_close(&r->channels);
}

void hag__dns_resolver_close(struct hag__dns *d)
{
    struct hag__dns_resolver *r = &d->resolver;
    struct half closed = {.reason = HAG_WHY_CANCELLED, .text = "the instance is closed"};

    r->closing = 1;
    hag__dns_channels_close(&r->channels);
    while (r->first)
        tell(r->first, &closed);
}

/* --- for the host ----------------------------------------------------------------------------- */

/* A name, and no address. */
static int is_name(const char *name)
{
    const char *last = strrchr(name, '.');

    last = last ? last + 1 : name;
    return last[strspn(last, "0123456789")] != '\0';
}

int32_t hag_dns_resolve(hag_dns *d, const char *name, uint32_t family, hag_dns_fn fn, void *ud,
                        hag_dns_query *ret)
{
    size_t n = name ? strlen(name) : 0;
    struct hag__dns_lookup *l;
    char why[1];

    if (!d || !fn || !ret ||
        (family != HAG_DNS_ANY && family != HAG_DNS_IPV4 && family != HAG_DNS_IPV6))
        return HAG_ERR_INVAL;
    if (d->resolver.closing)
        return HAG_ERR_BUSY;
    if (d->resolver.open >= OPEN_MAX)
        return HAG_ERR_LIMIT;
    l = hag__dns_alloc(d, sizeof(*l));
    if (!l)
        return HAG_ERR_NOMEM;
    if (hag__dns_name_read(name ? name : "", n, l->name, why, sizeof(why)) || !is_name(l->name)) {
        hag__dns_free(d, l, sizeof(*l));
        return HAG_ERR_INVAL;
    }
    l->d = d;
    l->fn = fn;
    l->ud = ud;
    l->ttl = INT32_MAX;
    l->complete = name[n - 1] == '.';
    if (family != HAG_DNS_IPV6)
        l->halves[l->nhalves++].len = 4;
    if (family != HAG_DNS_IPV4)
        l->halves[l->nhalves++].len = 16;
    for (uint32_t i = 0; i < l->nhalves; i++)
        l->halves[i].l = l;
    l->id = ++d->resolver.serial;
    append(&d->resolver, l);
    *ret = l->id;
    /* it begins in the instance's own turn, with the time of then */
    d->wake = d->now ? d->now : 1;
    d->host->wake(d->host->ctx, d->wake);
    return HAG_OK;
}

int32_t hag_dns_cancel(hag_dns *d, hag_dns_query q)
{
    struct hag__dns_lookup *l;

    if (!d)
        return HAG_ERR_INVAL;
    l = d->resolver.first;
    while (l && l->id != q)
        l = l->next;
    if (!l || !l->fn)
        return HAG_ERR_STALE;
    l->fn = NULL;
    if (l->state == WAITING) { /* else c-ares has its address until it answers */
        take_out(&d->resolver, l);
        hag__dns_free(d, l, sizeof(*l));
    }
    return HAG_OK;
}
