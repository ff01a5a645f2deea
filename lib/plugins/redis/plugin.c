/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <haguard/plugin_redis.h>

#include "actions.h"
#include "dragonfly.h"
#include "redis.h"

/* --- small things that all parts use ---------------------------------------------------------- */

void *hag__redis_alloc(struct hag__redis *r, size_t n)
{
    void *p = r->host->realloc(r->host->ctx, NULL, 0, n);

    if (p)
        memset(p, 0, n);
    return p;
}

void hag__redis_free(struct hag__redis *r, void *p, size_t n)
{
    if (p)
        r->host->realloc(r->host->ctx, p, n, 0);
}

void hag__redis_log(struct hag__redis *r, int32_t level, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!r->host->log)
        return;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n > 0)
        r->host->log(r->host->ctx, level, line,
                     (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void hag__redis_complete(struct hag__redis *r, struct hag__redis_op *op,
                         const struct hag_result *res)
{
    hag_op id = op->op;

    if (!id)
        return;
    op->op = 0;
    hag__redis_map_remove(&r->ops, id);
    (void)r->host->complete(r->host->ctx, id, res);
}

/* A twentieth of the time is enough for a loop that is late, but no more than 50 ms. */
hag_time hag__redis_before(hag_time deadline, hag_time now)
{
    uint64_t left = deadline > now ? deadline - now : 0;
    uint64_t margin = left / 20;

    if (margin > 50)
        margin = 50;
    if (margin < 2 && left > 2)
        margin = 2;
    return now + left - margin;
}

/* The last thing of every entry. */
static void leave(struct hag__redis *r)
{
    hag__redis_settle(r);
    hag_time at = hag__redis_timers_next(&r->timers);
    if (at == r->wake)
        return;
    r->wake = at;
    r->host->wake(r->host->ctx, at);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void let_go(struct hag__redis_node *n)
{
    struct hag__redis *r = n->r;

    while (n->acts) {
        struct hag__redis_act *a = n->acts;
        hag__redis_map_remove(&r->ops, a->op.op);
        hag__redis_act_cancel(a);
    }
    if (n->probe.op.op)
        hag__redis_map_remove(&r->ops, n->probe.op.op);
    n->probe.op.op = 0;
    hag__redis_probe_cancel(n);
    n->held = NULL;
    for (struct hag__redis_conn *c = n->conns; c; c = c->next)
        hag__redis_conn_close(c, HAG_PROBE_NONE, "the node was removed");
    hag__redis_settle(r);
    hag__redis_free(r, n->memory, sizeof(*n->memory));
    n->memory = NULL;
}

static void node_free(struct hag__redis_node *n)
{
    struct hag__redis *r = n->r;

    let_go(n);
    hag__redis_map_remove(&r->nodes, n->handle);
    hag__redis_timers_release(&r->timers);
    hag__redis_free(r, n, sizeof(*n));
}

static struct hag__redis_node *node_new(struct hag__redis *r, hag_node handle)
{
    struct hag__redis_node *n;

    if (hag__redis_timers_reserve(&r->timers))
        return NULL;
    n = hag__redis_alloc(r, sizeof(*n));
    if (!n || hag__redis_map_put(&r->nodes, handle, n)) {
        hag__redis_free(r, n, sizeof(*n));
        hag__redis_timers_release(&r->timers);
        return NULL;
    }
    n->r = r;
    n->handle = handle;
    n->probe.timer.fire = hag__redis_probe_timer;
    n->probe.op.kind = HAG__OP_PROBE;
    return n;
}

/* The node of an action, with nothing held of an older address. NULL: why says what is wrong. */
static struct hag__redis_node *node_of(struct hag__redis *r, const struct hag_action *a,
                                       uint32_t *why, const char **text)
{
    struct hag__redis_node *n = hag__redis_map_get(&r->nodes, a->node);
    struct hag__redis_addr addr;

    if (n && strcmp(n->addr_text, a->node_addr ? a->node_addr : "") == 0)
        return n;
    if (strlen(a->node_addr ? a->node_addr : "") >= HAG_ADDR_MAX ||
        hag__redis_addr_parse(a->node_addr, &addr)) {
        *why = HAG_WHY_BAD_CONFIG;
        *text = "the node's address must be numeric, as in 192.0.2.1:6379 or [2001:db8::1]:6379";
        return NULL;
    }
    if (n)
        node_free(n);
    n = node_new(r, a->node);
    if (!n) {
        *why = HAG_WHY_HOST_ERROR;
        *text = "out of memory";
        return NULL;
    }
    n->addr = addr;
    n->flavour = r->cfg.flavour;
    snprintf(n->addr_text, sizeof(n->addr_text), "%s", a->node_addr);
    return n;
}

/* --- entries ---------------------------------------------------------------------------------- */

static void redis_close(void *self)
{
    struct hag__redis *r = self;
    struct hag__redis_node *n;
    struct hag__redis_batch *b;

    while ((n = hag__redis_map_any(&r->nodes)) != NULL)
        node_free(n);
    hag__redis_acts_free(r);
    while ((b = r->batches) != NULL) {
        r->batches = b->next;
        hag__redis_free(r, b, sizeof(*b));
    }
    hag__redis_map_free(&r->nodes);
    hag__redis_map_free(&r->ops);
    hag__redis_timers_free(&r->timers);
    if (r->fds)
        hag__redis_free(r, r->fds, r->nfds * sizeof(*r->fds));
    hag__redis_tls_close(r);
    hag__redis_config_wipe(&r->cfg);
    hag__redis_free(r, r, sizeof(*r));
}

static int32_t redis_open(const struct hag_host *host, const char *config, hag_time now,
                          void **self, char *why, size_t whylen)
{
    struct hag__redis *r = host->realloc(host->ctx, NULL, 0, sizeof(*r));
    int32_t err;

    if (!r) {
        snprintf(why, whylen, "redis: out of memory");
        return HAG_ERR_NOMEM;
    }
    memset(r, 0, sizeof(*r));
    r->host = r->timers.host = r->nodes.host = r->ops.host = host;
    r->now = now;
    err = hag__redis_config_read(&r->cfg, config, why, whylen);
    if (!err && r->cfg.tls)
        err = hag__redis_tls_open(r, why, whylen);
    if (err) {
        redis_close(r);
        return err;
    }
    *self = r;
    return 0;
}

static void refuse(struct hag__redis *r, hag_op op, uint32_t why, const char *text)
{
    struct hag_result res;

    memset(&res, 0, sizeof(res));
    res.size = sizeof(res);
    res.outcome = HAG_RES_FAIL;
    res.reason = why;
    res.text = text;
    (void)r->host->complete(r->host->ctx, op, &res);
}

static void start_probe(struct hag__redis *r, struct hag__redis_node *n, const struct hag_action *a)
{
    if (n->probe.op.op) { /* the guard has given it up, or it would not ask again */
        hag__redis_map_remove(&r->ops, n->probe.op.op);
        n->probe.op.op = 0;
        hag__redis_probe_cancel(n);
    }
    if (hag__redis_map_put(&r->ops, a->op, &n->probe.op)) {
        refuse(r, a->op, HAG_WHY_HOST_ERROR, "out of memory");
        return;
    }
    n->probe.op.op = a->op;
    hag__redis_probe_start(n, a);
}

static void redis_start(void *self, const struct hag_action *a, hag_time now)
{
    struct hag__redis *r = self;
    uint32_t why = HAG_WHY_NONE;
    const char *text = NULL;
    struct hag__redis_node *n;

    r->now = now > r->now ? now : r->now;
    n = node_of(r, a, &why, &text);
    if (!n)
        refuse(r, a->op, why, text);
    else if (a->kind == HAG_DO_PROBE)
        start_probe(r, n, a);
    else
        hag__redis_act_start(n, a);
    leave(r);
}

static void redis_cancel(void *self, hag_op op)
{
    struct hag__redis *r = self;
    struct hag__redis_op *o = hag__redis_map_get(&r->ops, op);

    if (!o)
        return;
    hag__redis_map_remove(&r->ops, op);
    o->op = 0;
    if (o->kind == HAG__OP_PROBE)
        hag__redis_probe_cancel(
            (struct hag__redis_node *)(void *)((char *)o -
                                               offsetof(struct hag__redis_node, probe.op)));
    else
        hag__redis_act_cancel((struct hag__redis_act *)(void *)o);
    leave(r);
}

static void redis_forget(void *self, hag_node node)
{
    struct hag__redis *r = self;
    struct hag__redis_node *n = hag__redis_map_get(&r->nodes, node);

    if (n)
        node_free(n);
    leave(r);
}

static void redis_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    struct hag__redis *r = self;
    struct hag__redis_conn *c = fd >= 0 && (uint64_t)fd < r->nfds ? r->fds[fd] : NULL;

    r->now = now > r->now ? now : r->now;
    if (c)
        hag__redis_conn_ready(c, events);
    leave(r);
}

static void redis_tick(void *self, hag_time now)
{
    struct hag__redis *r = self;
    struct hag__redis_timer *t;

    r->now = now > r->now ? now : r->now;
    r->wake =
        UINT64_MAX; /* the host's timer is spent: leave() tells it the next, or that there is none */
    /* those set anew meanwhile are later than now, so this ends */
    while ((t = hag__redis_timers_take(&r->timers, r->now)) != NULL)
        t->fire(t, r->now);
    leave(r);
}

const struct hag_plugin hag_plugin_redis = {
    .size = sizeof(struct hag_plugin),
    .abi = HAG_PLUGIN_ABI,
    .name = "redis",
    .handles = 1u << HAG_DO_PROBE | 1u << HAG_DO_DETACH | 1u << HAG_DO_FOLLOW |
               1u << HAG_DO_QUIESCE | 1u << HAG_DO_UNQUIESCE | 1u << HAG_DO_FENCE |
               1u << HAG_DO_UNFENCE | 1u << HAG_DO_PROMOTE | 1u << HAG_DO_DISCONNECT |
               1u << HAG_DO_PERSIST_ROLE,
    .open = redis_open,
    .start = redis_start,
    .cancel = redis_cancel,
    .forget = redis_forget,
    .ready = redis_ready,
    .tick = redis_tick,
    .close = redis_close,
};

#ifdef HAG_PLUGIN_MODULE

__attribute__((visibility("default"))) const struct hag_plugin *hag_plugin_entry(uint32_t host_abi);

const struct hag_plugin *hag_plugin_entry(uint32_t host_abi)
{
    return host_abi >> 16 == HAG_PLUGIN_ABI >> 16 ? &hag_plugin_redis : NULL;
}

#endif
