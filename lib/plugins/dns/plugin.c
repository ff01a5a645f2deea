/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <haguard/plugin_dns.h>

#include "dns.h"

#define UPDATES_MAX 256 /* a descriptor each, and one more for each server where all are updated */
#define CHECKS_MAX  64  /* three answers each, through one socket for each server */

/* --- small things that all parts use ---------------------------------------------------------- */

void *hag__dns_alloc(struct hag__dns *d, size_t n)
{
    void *p = d->host->realloc(d->host->ctx, NULL, 0, n);

    if (p)
        memset(p, 0, n);
    return p;
}

void hag__dns_free(struct hag__dns *d, void *p, size_t n)
{
    if (p)
        d->host->realloc(d->host->ctx, p, n, 0);
}

void hag__dns_log(struct hag__dns *d, int32_t level, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!d->host->log)
        return;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n > 0)
        d->host->log(d->host->ctx, level, line,
                     (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

int hag__dns_watch(struct hag__dns *d, int fd, uint32_t events, struct hag__dns_exchange *x,
                   struct hag__dns_channel *c)
{
    uint32_t at = (uint32_t)fd;

    if (events && at >= d->nfds) {
        uint32_t room = at + 64;
        void *p = d->host->realloc(d->host->ctx, d->fds, d->nfds * sizeof(*d->fds),
                                   room * sizeof(*d->fds));
        if (!p)
            return -1;
        d->fds = p;
        memset(d->fds + d->nfds, 0, (room - d->nfds) * sizeof(*d->fds));
        d->nfds = room;
    }
    if (at < d->nfds) {
        d->fds[at].exchange = events ? x : NULL;
        d->fds[at].channel = events ? c : NULL;
    }
    return d->host->watch(d->host->ctx, fd, events);
}

/* --- ops -------------------------------------------------------------------------------------- */

void hag__dns_op_say(struct hag__dns_op *op, const struct hag__dns_addr *server, const char *fmt,
                     ...)
{
    char name[HAG_ADDR_MAX], text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hag__dns_addr_format(server, name);
    if (op->ntext + strlen(name) + strlen(text) + 4 >= sizeof(op->text))
        return;
    op->ntext += (uint32_t)snprintf(op->text + op->ntext, sizeof(op->text) - op->ntext, "%s%s %s",
                                    op->ntext ? "; " : "", name, text);
}

void hag__dns_op_done(struct hag__dns_op *op, uint32_t outcome, uint32_t reason)
{
    op->done = 1;
    op->outcome = outcome;
    op->reason = reason;
    hag__dns_op_queue(op);
}

void hag__dns_op_queue(struct hag__dns_op *op)
{
    if (op->queued)
        return;
    op->queued = 1;
    op->next_done = op->d->done;
    op->d->done = op;
}

static void op_stop(struct hag__dns_op *op)
{
    hag__dns_line_leave(op);
    if (op->kind == HAG_DO_ENDPOINT_UPDATE)
        hag__dns_update_stop(op);
    else
        hag__dns_check_stop(op);
    op->done = 1;
}

static void op_free(struct hag__dns_op *op)
{
    struct hag__dns *d = op->d;

    if (op->prev)
        op->prev->next = op->next;
    else
        d->ops = op->next;
    if (op->next)
        op->next->prev = op->prev;
    hag__dns_free(d, op, op->size);
}

static void complete(struct hag__dns *d, hag_op op, uint32_t outcome, uint32_t reason,
                     const char *text)
{
    struct hag_result res;

    memset(&res, 0, sizeof(res));
    res.size = sizeof(res);
    res.outcome = outcome;
    res.reason = reason;
    res.text = text[0] ? text : NULL;
    (void)d->host->complete(d->host->ctx, op, &res);
}

void hag__dns_settle(struct hag__dns *d)
{
    while (d->done) {
        struct hag__dns_op *op = d->done;
        hag_op id = op->op;

        d->done = op->next_done;
        op->queued = 0;
        op->op = 0;
        hag__dns_line_leave(op);
        if (id)
            complete(d, id, op->outcome, op->reason, op->text);
        if (!op->busy)
            op_free(op);
    }
}

/* The last thing of every entry. */
static void leave(struct hag__dns *d)
{
    hag_time at, due;

    do {
        hag__dns_settle(d);
        hag__dns_lines_go(d);
    } while (d->done);
    hag__dns_resolver_go(d);
    at = d->timers.first ? d->timers.first->at : 0;
    due = hag__dns_channels_due(d, &d->authorities);
    if (due && (!at || due < at))
        at = due;
    due = hag__dns_channels_due(d, &d->resolver.channels);
    if (due && (!at || due < at))
        at = due;
    if (at == d->wake)
        return;
    d->wake = at;
    d->host->wake(d->host->ctx, at);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void dns_close(void *self)
{
    struct hag__dns *d = self;

    for (struct hag__dns_op *op = d->ops; op; op = op->next) {
        op->op = 0;
        op_stop(op);
    }
    /* tells those that are asked for, which then are not busy */
    hag__dns_channels_close(&d->authorities);
    hag__dns_resolver_close(d);
    hag__dns_library_close(d);
    while (d->ops)
        op_free(d->ops);
    if (d->fds)
        hag__dns_free(d, d->fds, d->nfds * sizeof(*d->fds));
    hag__dns_config_wipe(&d->cfg);
    hag__dns_free(d, d, sizeof(*d));
}

static int32_t dns_open(const struct hag_host *host, const char *config, hag_time now, void **self,
                        char *why, size_t whylen)
{
    struct hag__dns *d = host->realloc(host->ctx, NULL, 0, sizeof(*d));
    int32_t err;

    if (!d) {
        snprintf(why, whylen, "out of memory");
        return HAG_ERR_NOMEM;
    }
    memset(d, 0, sizeof(*d));
    d->host = host;
    d->now = now;
    d->updates.most = UPDATES_MAX;
    d->checks.most = CHECKS_MAX;
    err = hag__dns_config_read(&d->cfg, config, why, whylen);
    if (!err)
        err = hag__dns_library_open(d, why, whylen);
    if (!err)
        err = hag__dns_channels_open(d, &d->authorities, &d->cfg.servers, why, whylen);
    if (err) {
        dns_close(d);
        return err;
    }
    *self = d;
    return 0;
}

/* A twentieth of the time is enough for a loop that is late, but no more than 50 ms. */
static hag_time before(hag_time deadline, hag_time now)
{
    uint64_t left = deadline > now ? deadline - now : 0;
    uint64_t margin = left / 20;

    if (margin > 50)
        margin = 50;
    if (margin < 2 && left > 2)
        margin = 2;
    return now + left - margin;
}

/* Fills op from the action. Returns 0, or -1 with what is wrong in why. */
static int read_action(struct hag__dns_op *op, const struct hag_action *a, char *why, size_t n)
{
    struct hag__dns *d = op->d;

    if (!a->cluster_name || strlen(a->cluster_name) >= sizeof(op->mark.cluster)) {
        snprintf(why, n, "the action has no cluster name of at most 63 characters");
        return -1;
    }
    if (hag__dns_name_expand(d->cfg.names[a->endpoint], a->cluster_name, d->cfg.zone, op->name, why,
                             n))
        return -1;
    for (uint32_t i = 0; i < a->naddrs; i++) {
        struct hag__dns_addr addr;
        if (hag__dns_addr_parse(a->addrs[i], strlen(a->addrs[i]), 0, &addr)) {
            snprintf(why, n, "%.60s is no numeric address, as in 192.0.2.1:6379", a->addrs[i]);
            return -1;
        }
        hag__dns_set_add(&op->want, addr.ip.bytes, addr.ip.len);
    }
    if (op->want.overfull) {
        snprintf(why, n, "more than %d addresses for one name", HAG_NODES_MAX);
        return -1;
    }
    op->mark.term = a->term;
    op->mark.generation = a->generation;
    memcpy(op->mark.cluster, a->cluster_name, strlen(a->cluster_name) + 1);
    /* rounded down: nobody may keep an answer for longer than the guard counts on (S14) */
    op->ttl = a->ttl / 1000 > INT32_MAX ? INT32_MAX : (uint32_t)(a->ttl / 1000);
    op->end = before(a->deadline, d->now);
    if (hag__dns_random(&op->mark.id, sizeof(op->mark.id))) {
        snprintf(why, n, "the system has no random numbers yet");
        return -1;
    }
    return 0;
}

static void dns_start(void *self, const struct hag_action *a, hag_time now)
{
    struct hag__dns *d = self;
    int update = a->kind == HAG_DO_ENDPOINT_UPDATE;
    struct hag__dns_op *op;
    char why[160];

    d->now = now > d->now ? now : d->now;
    if (d->cfg.resolvers.only) {
        complete(d, a->op, HAG_RES_FAIL, HAG_WHY_BAD_CONFIG,
                 "this instance of dns has resolvers and nothing else; add servers, zone, "
                 "name.primary and key-file");
        return;
    }
    if (a->endpoint > HAG_ENDPOINT_REPLICA || !d->cfg.names[a->endpoint][0]) {
        complete(d, a->op, HAG_RES_OK, HAG_WHY_NONE, "no name is configured for this endpoint");
        return;
    }
    op = update ? hag__dns_update_new(d) : hag__dns_check_new(d);
    if (!op) {
        complete(d, a->op, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, "out of memory");
        return;
    }
    op->d = d;
    op->kind = a->kind;
    op->next = d->ops;
    if (d->ops)
        d->ops->prev = op;
    d->ops = op;
    if (read_action(op, a, why, sizeof(why))) {
        op_free(op);
        complete(d, a->op, HAG_RES_FAIL, HAG_WHY_BAD_CONFIG, why);
        return;
    }
    op->op = a->op;
    hag__dns_line_join(op);
    leave(d);
}

static void dns_cancel(void *self, hag_op id)
{
    struct hag__dns *d = self;
    struct hag__dns_op *op = d->ops;

    while (op && op->op != id)
        op = op->next;
    if (!op || !id)
        return;
    op->op = 0;
    op_stop(op);
    hag__dns_op_queue(op);
    leave(d);
}

static void dns_forget(void *self, hag_node node)
{
    (void)self; /* nothing is held for a node */
    (void)node;
}

static void dns_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    struct hag__dns *d = self;

    d->now = now > d->now ? now : d->now;
    if (fd >= 0 && (uint64_t)fd < d->nfds) {
        struct hag__dns_watched w = d->fds[fd];
        if (w.exchange)
            hag__dns_update_ready(w.exchange->owner);
        else if (w.channel)
            hag__dns_channel_ready(w.channel, (int)fd, events);
    }
    leave(d);
}

static void dns_tick(void *self, hag_time now)
{
    struct hag__dns *d = self;
    struct hag__dns_timer *t;

    d->now = now > d->now ? now : d->now;
    d->wake = 0;
    /* those set anew meanwhile are later than now, so this ends */
    while ((t = d->timers.first) != NULL && t->at <= d->now) {
        hag__dns_timer_stop(&d->timers, t);
        t->fire(t);
    }
    hag__dns_channels_tick(d, &d->authorities);
    hag__dns_channels_tick(d, &d->resolver.channels);
    leave(d);
}

const struct hag_plugin hag_plugin_dns = {
    .size = sizeof(struct hag_plugin),
    .abi = HAG_PLUGIN_ABI,
    .name = "dns",
    .handles = 1u << HAG_DO_ENDPOINT_UPDATE | 1u << HAG_DO_ENDPOINT_CHECK,
    .open = dns_open,
    .start = dns_start,
    .cancel = dns_cancel,
    .forget = dns_forget,
    .ready = dns_ready,
    .tick = dns_tick,
    .close = dns_close,
};

#ifdef HAG_PLUGIN_MODULE

__attribute__((visibility("default"))) const struct hag_plugin *hag_plugin_entry(uint32_t host_abi);

const struct hag_plugin *hag_plugin_entry(uint32_t host_abi)
{
    return host_abi >> 16 == HAG_PLUGIN_ABI >> 16 ? &hag_plugin_dns : NULL;
}

#endif
