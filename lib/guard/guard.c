/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

#define MAX_WORK    10000u
#define STALL_AFTER 1000u
#define EVENTS_MIN  256u

int32_t hag__error(hag_guard *g, int32_t err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(g->errmsg, sizeof(g->errmsg), fmt, ap);
    va_end(ap);
    return err;
}

void hag__log(hag_guard *g, int32_t level, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    int n;

    if (g->log == NULL)
        return;
    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    g->log(g->ud, level, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

int32_t hag__check(const hag_guard *g)
{
    return g != NULL && g->magic == HAG__MAGIC ? HAG_OK : HAG_ERR_INVAL;
}

static hag_time first_due(const hag_guard *g)
{
    hag_time at = hag__heap_first(&g->node_timers);
    hag_time ops = hag__heap_first(&g->op_timers);
    hag_time clusters = hag__heap_first(&g->cluster_timers);

    if (ops < at)
        at = ops;
    return clusters < at ? clusters : at;
}

/* A call that comes later than its timer by more than stall_after: the host, or its clock, stood
 * still or leapt. Nobody was watched meanwhile, so that time counts for nothing (5.6). */
static void notice_stall(hag_guard *g, hag_time own)
{
    hag_time due = first_due(g);
    hag_time late;

    if (due == HAG__NEVER)
        return;
    if (due < g->now)
        due = g->now;
    if (own <= due)
        return;
    late = own - due;
    if (late <= g->stall_after)
        return;
    g->skew += late;
    g->now = own - late;
    g->resumed_at = g->now;
    hag__event(g, NULL, NULL, HAG_EV_STALLED, HAG_SEVERITY_WARNING, HAG_WHY_GUARD_STALLED)->arg =
        late;
}

int32_t hag__enter(hag_guard *g, hag_time host_now)
{
    hag_time own;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (host_now == HAG__NEVER)
        return hag__error(g, HAG_ERR_INVAL, "now is not a time; pass the monotonic clock in ms");
    if (g->rec != NULL && g->rec->owed != host_now)
        hag__recorder_time(g->rec, host_now);
    if (!g->started) {
        g->started = 1;
        g->host_now = host_now;
        g->now = host_now;
        g->resumed_at = host_now;
        return HAG_OK;
    }
    if (host_now <= g->host_now) {
        /* a step back is no time passed. Out of a small one the clock comes by itself (readings that
         * cross); from a larger one time goes on (the difference may wrap) */
        if (g->host_now - host_now > g->stall_after) {
            g->skew -= g->host_now - host_now;
            g->host_now = host_now;
        }
        return HAG_OK;
    }
    g->host_now = host_now;
    own = host_now - g->skew;
    notice_stall(g, own);
    own = host_now - g->skew;
    if (own > g->now)
        g->now = own;
    return HAG_OK;
}

void hag__leave(hag_guard *g)
{
    uint32_t work = g->max_work;

    while (g->dirty_head != HAG__NIL && work-- > 0) {
        struct hag__cluster *c = hag__cluster(g, g->dirty_head);

        g->dirty_head = c->dirty_next;
        if (g->dirty_head == HAG__NIL)
            g->dirty_tail = HAG__NIL;
        c->flags &= ~(uint32_t)HAG__CLUSTER_DIRTY;
        hag__reconcile(g, c);
    }
}

hag_time hag__host_time(const hag_guard *g, hag_time own)
{
    return own == HAG__NEVER ? 0 : own + g->skew;
}

static int zero(const uint8_t *p, size_t n)
{
    while (n-- > 0) {
        if (*p++ != 0)
            return 0;
    }
    return 1;
}

int32_t hag__take_struct(hag_guard *g, void *full, size_t ours, const void *given, size_t min,
                         const char *what)
{
    uint32_t size;

    memset(full, 0, ours);
    memcpy(&size, given, sizeof(size));
    if (size < min) {
        return g == NULL
                   ? HAG_ERR_ABI
                   : hag__error(g, HAG_ERR_ABI, "%s.size is %u; set it to sizeof, at least %zu",
                                what, size, min);
    }
    if (size > ours && !zero((const uint8_t *)given + ours, size - ours)) {
        return g == NULL
                   ? HAG_ERR_ABI
                   : hag__error(g, HAG_ERR_ABI,
                                "%s uses members that this library does not know; use haguard "
                                "of the headers it was built with",
                                what);
    }
    memcpy(full, given, size < ours ? size : ours);
    memcpy(full, &(uint32_t){(uint32_t)ours}, sizeof(uint32_t));
    return HAG_OK;
}

int32_t hag__give_struct(hag_guard *g, const void *full, size_t ours, void *out, size_t min,
                         const char *what)
{
    uint32_t size;

    memcpy(&size, out, sizeof(size));
    if (size < min) {
        return g == NULL
                   ? HAG_ERR_ABI
                   : hag__error(g, HAG_ERR_ABI, "%s.size is %u; set it to sizeof, at least %zu",
                                what, size, min);
    }
    memcpy((uint8_t *)out + sizeof(size), (const uint8_t *)full + sizeof(size),
           (size < ours ? size : ours) - sizeof(size));
    if (size > ours)
        memset((uint8_t *)out + ours, 0, size - ours);
    return HAG_OK;
}

static const char *cluster_name(const void *owner, uint32_t index)
{
    const hag_guard *g = owner;

    return hag__cluster(g, index)->name;
}

#define OPTIONS_ALL (HAG_OPTION_SOLE | HAG_OPTION_RECORD)
#define OPTIONS_MIN (offsetof(struct hag_options, log) + sizeof(void (*)(void)))

int32_t hag_guard_new(const struct hag_options *opt, hag_guard **ret)
{
    struct hag_options o = {.size = sizeof(o)};
    struct hag__alloc mem;
    hag_guard *g;

    if (ret == NULL)
        return HAG_ERR_INVAL;
    if (opt != NULL) {
        int32_t err = hag__take_struct(NULL, &o, sizeof(o), opt, OPTIONS_MIN, "hag_options");

        if (err != HAG_OK)
            return err;
        if ((o.flags & ~(uint32_t)OPTIONS_ALL) != 0)
            return HAG_ERR_INVAL;
    }
    mem.fn = o.realloc != NULL ? o.realloc : hag__alloc_libc;
    mem.ud = o.ud;
    g = hag__zalloc(&mem, sizeof(*g));
    if (g == NULL)
        return HAG_ERR_NOMEM;
    g->mem = mem;
    g->cap_events = EVENTS_MIN;
    g->events = hag__zalloc(&mem, EVENTS_MIN * sizeof(*g->events));
    if (g->events == NULL) {
        hag__free(&mem, g, sizeof(*g));
        return HAG_ERR_NOMEM;
    }
    g->flags = o.flags;
    g->ud = o.ud;
    g->log = o.log;
    g->seed = o.seed;
    g->max_work = o.max_work != 0 ? o.max_work : MAX_WORK;
    g->stall_after = o.stall_after != 0 ? o.stall_after : STALL_AFTER;
    g->first_cluster = g->last_cluster = HAG__NIL;
    g->dirty_head = g->dirty_tail = HAG__NIL;
    hag__settings_default(&g->settings);
    hag__table_init(&g->clusters, &g->mem, HAG__KIND_CLUSTER, sizeof(struct hag__cluster));
    hag__table_init(&g->nodes, &g->mem, HAG__KIND_NODE, sizeof(struct hag__node));
    hag__table_init(&g->policies, &g->mem, HAG__KIND_POLICY, sizeof(struct hag__policy));
    hag__table_init(&g->sources, &g->mem, HAG__KIND_SOURCE, sizeof(struct hag__source));
    hag__table_init(&g->ops, &g->mem, HAG__KIND_OP, sizeof(struct hag__op));
    hag__table_init(&g->plugins, &g->mem, HAG__KIND_PLUGIN, sizeof(struct hag__plugin));
    hag__names_init(&g->cluster_names, &g->mem, g->seed, cluster_name, g);
    hag__heap_init(&g->node_timers, &g->mem);
    hag__heap_init(&g->op_timers, &g->mem);
    hag__heap_init(&g->cluster_timers, &g->mem);
    hag__ring_init(&g->ring, &g->mem);
    if (hag__ring_reserve(&g->ring, EVENTS_MIN) != HAG_OK) {
        hag__free(&mem, g->events, EVENTS_MIN * sizeof(*g->events));
        hag__free(&mem, g, sizeof(*g));
        return HAG_ERR_NOMEM;
    }
    g->magic = HAG__MAGIC;
    if ((o.flags & HAG_OPTION_RECORD) != 0 && hag__recorder_new(g, o.record_max) != HAG_OK) {
        (void)hag_guard_destroy(g);
        return HAG_ERR_NOMEM;
    }
    *ret = g;
    return HAG_OK;
}

int32_t hag_guard_destroy(hag_guard *g)
{
    struct hag__alloc mem;

    if (g == NULL)
        return HAG_OK;
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY,
                          "a guard cannot be destroyed inside a hook; do it after hag_dispatch");
    hag__recorder_free(g);
    hag__plugins_close(g);
    while (g->first_cluster != HAG__NIL) {
        (void)hag_cluster_remove(g, hag__table_handle(&g->clusters, g->first_cluster), g->host_now);
    }
    for (uint32_t i = hag__table_next(&g->policies, 0); i != HAG__NIL;
         i = hag__table_next(&g->policies, i + 1))
        hag__table_del(&g->policies, i);
    hag__table_done(&g->clusters);
    hag__table_done(&g->nodes);
    hag__table_done(&g->policies);
    hag__table_done(&g->sources);
    hag__table_done(&g->ops);
    hag__table_done(&g->plugins);
    hag__names_done(&g->cluster_names);
    hag__heap_done(&g->node_timers);
    hag__heap_done(&g->op_timers);
    hag__heap_done(&g->cluster_timers);
    hag__ring_done(&g->ring);
    mem = g->mem;
    hag__free(&mem, g->dropped_record, g->dropped_size);
    hag__free(&mem, g->events, g->cap_events * sizeof(*g->events));
    g->magic = 0;
    hag__free(&mem, g, sizeof(*g));
    return HAG_OK;
}

int32_t hag__advance(hag_guard *g)
{
    uint32_t work;

    for (work = 0; work < g->max_work; work++) {
        uint32_t id;

        if ((id = hag__heap_pop_due(&g->op_timers, g->now)) != HAG__NIL)
            hag__op_due(g, id);
        else if ((id = hag__heap_pop_due(&g->node_timers, g->now)) != HAG__NIL)
            hag__node_due(g, id);
        else if ((id = hag__heap_pop_due(&g->cluster_timers, g->now)) != HAG__NIL)
            hag__cluster_due(g, id);
        else
            break;
    }
    hag__doubt(g);
    hag__leave(g);
    return g->dirty_head != HAG__NIL || first_due(g) <= g->now ? 1 : 0;
}

int32_t hag_advance(hag_guard *g, hag_time now)
{
    int32_t err = hag__enter(g, now);

    if (err != HAG_OK)
        return err;
    if (g->rec != NULL)
        hag__note_bare(g->rec, HAG__CALL_ADVANCE);
    return hag__advance(g);
}

int64_t hag_timeout(const hag_guard *g, hag_time now)
{
    hag_time at, plugins;

    if (hag__check(g) != HAG_OK)
        return -1;
    if (g->ring.n > 0 || g->dirty_head != HAG__NIL)
        return 0;
    at = first_due(g);
    plugins = hag__plugins_next(g);
    if (plugins < at)
        at = plugins;
    if (at == HAG__NEVER)
        return -1;
    now = now < g->host_now ? g->now : now - g->skew;
    return at <= now ? 0 : (int64_t)(at - now);
}

int32_t hag_handles(hag_guard *g, uint64_t kinds)
{
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (kinds >> HAG_DO_MAX != 0)
        return hag__error(g, HAG_ERR_RANGE, "bit %d is the last kind of action there is",
                          HAG_DO_MAX - 1);
    hag__note(g, HAG__CALL_HANDLES, &kinds, NULL);
    g->handles = kinds;
    for (uint32_t i = g->first_cluster; i != HAG__NIL; i = hag__cluster(g, i)->order_next)
        hag__dirty(g, hag__cluster(g, i));
    return HAG_OK;
}

int32_t hag_guard_set_policy(hag_guard *g, hag_policy p)
{
    uint32_t i;
    int32_t err;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    err = hag__find(g, &g->policies, p, "policy", &i);
    if (err != HAG_OK)
        return err;
    hag__note(g, HAG__CALL_GUARD_POLICY, &p, NULL);
    g->settings = ((struct hag__policy *)hag__table_at(&g->policies, i))->settings;
    return HAG_OK;
}

const char *hag_errmsg(const hag_guard *g)
{
    return hag__check(g) == HAG_OK ? g->errmsg : "";
}

int32_t hag__find(hag_guard *g, const struct hag__table *t, uint64_t h, const char *what,
                  uint32_t *index)
{
    int32_t err = hag__table_find(t, h, index);

    if (err == HAG_ERR_STALE)
        return hag__error(g, err, "this %s is gone; drop the handle", what);
    if (err != HAG_OK)
        return hag__error(g, err, "not the handle of a %s", what);
    return HAG_OK;
}

struct hag__cluster *hag__cluster(const hag_guard *g, uint32_t index)
{
    return hag__table_at(&g->clusters, index);
}

struct hag__node *hag__node(const hag_guard *g, uint32_t index)
{
    return hag__table_at(&g->nodes, index);
}

struct hag__node *hag__member(const hag_guard *g, const struct hag__cluster *c, uint32_t place)
{
    if (place >= c->nplaces || c->nodes[place] == HAG__NIL)
        return NULL;
    return hag__node(g, c->nodes[place]);
}

uint32_t hag__node_index(const hag_guard *g, const struct hag__node *n)
{
    return hag__cluster(g, n->cluster)->nodes[n->place];
}

uint64_t hag__node_handle(const hag_guard *g, const struct hag__node *n)
{
    return hag__table_handle(&g->nodes, hag__node_index(g, n));
}

uint64_t hag__place_handle(const hag_guard *g, const struct hag__cluster *c, uint32_t place)
{
    const struct hag__node *n = hag__member(g, c, place);

    return n == NULL ? 0 : hag__node_handle(g, n);
}

const struct hag__settings *hag__of(const struct hag__cluster *c)
{
    return &c->policy->settings;
}

int64_t hag__setting_of(const struct hag__cluster *c, uint32_t key)
{
    return c->policy->settings.v[key];
}

uint32_t hag__place_of_addr(const hag_guard *g, const struct hag__cluster *c, const char *addr)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL &&
            (strcmp(n->texts->addr, addr) == 0 || strcmp(n->texts->advertised, addr) == 0))
            return i;
    }
    return HAG__NOBODY;
}
