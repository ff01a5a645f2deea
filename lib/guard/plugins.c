/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

/* Instances of plugins: what they are offered, when they run, how they end. The time they are told is
 * the guard's own, so that their deadlines stand still and step back with it (4). */

#define PLUGIN_MIN (offsetof(struct hag_plugin, close) + sizeof(void (*)(void)))

struct hag__plugin *hag__plugin_at(const hag_guard *g, uint32_t place)
{
    struct hag__plugin *p;

    if (place >= g->plugins.used || !hag__table_is_live(&g->plugins, place))
        return NULL;
    p = hag__table_at(&g->plugins, place);
    return p->open ? p : NULL;
}

static int32_t host_complete(void *ctx, hag_op op, const struct hag_result *result)
{
    struct hag__plugin *p = ctx;
    int32_t err = hag__complete(p->guard, op, result, HAG__SAID_BY_PLUGIN);

    if (err == HAG_ERR_STALE)
        hag__note(p->guard, HAG__CALL_SETTLE, (const uint64_t[]){op, 1}, NULL);
    return err;
}

static int32_t host_progress(void *ctx, hag_op op, uint32_t ms)
{
    struct hag__plugin *p = ctx;
    int32_t err = hag__progress(p->guard, op, ms);

    if (err == HAG_OK)
        hag__note(p->guard, HAG__CALL_PLUGIN_PROGRESS, (const uint64_t[]){op, ms}, NULL);
    return err;
}

static int32_t host_watch(void *ctx, int64_t fd, uint32_t events)
{
    struct hag__plugin *p = ctx;
    hag_guard *g = p->guard;

    if (g->watch == NULL)
        return -1;
    return g->watch(g, hag__table_handle(&g->plugins, p->place), fd, events, g->watch_ud);
}

static void host_wake(void *ctx, hag_time at)
{
    struct hag__plugin *p = ctx;

    hag__note(p->guard, HAG__CALL_PLUGIN_WAKE, (const uint64_t[]){p->place, at}, NULL);
    p->wake_at = at == 0 ? HAG__NEVER : at;
}

static void host_notice(void *ctx, hag_node node, uint32_t seen)
{
    struct hag__plugin *p = ctx;

    if (seen == HAG_SEEN_BROKEN)
        (void)hag_observe(p->guard, 0, node, seen, 0, p->guard->host_now);
}

static void host_log(void *ctx, int32_t level, const char *msg, size_t len)
{
    struct hag__plugin *p = ctx;

    if (p->guard->log != NULL)
        p->guard->log(p->guard->ud, level, msg, len);
}

static void *host_realloc(void *ctx, void *ptr, size_t osize, size_t nsize)
{
    struct hag__plugin *p = ctx;

    const struct hag__alloc *mem = hag__host_mem(p->guard);

    return hag__realloc(mem, ptr, osize, nsize);
}

int32_t hag_set_watch(hag_guard *g, hag_watch_fn fn, void *ud)
{
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    g->watch = fn;
    g->watch_ud = ud;
    return HAG_OK;
}

static int32_t usable(hag_guard *g, const struct hag_plugin *d)
{
    if (d == NULL)
        return hag__error(g, HAG_ERR_INVAL, "the plugin's descriptor is NULL");
    if (d->abi >> 16 != HAG_PLUGIN_ABI >> 16)
        return hag__error(
            g, HAG_ERR_ABI,
            "the plugin speaks ABI %u.%u, this library %u.%u; rebuild the plugin with "
            "the headers of this haguard",
            d->abi >> 16, d->abi & 0xffff, HAG_PLUGIN_ABI >> 16, HAG_PLUGIN_ABI & 0xffff);
    if (d->size < PLUGIN_MIN || d->name == NULL || d->open == NULL || d->start == NULL ||
        d->cancel == NULL || d->forget == NULL || d->ready == NULL || d->tick == NULL ||
        d->close == NULL)
        return hag__error(g, HAG_ERR_ABI,
                          "the plugin's descriptor is incomplete (size %u of %zu, or a member is "
                          "NULL); fill every member",
                          d->size, PLUGIN_MIN);
    return HAG_OK;
}

int32_t hag_plugin_add(hag_guard *g, const struct hag_plugin *desc, const char *config,
                       hag_time now, hag_plugin_id *ret)
{
    int32_t err = hag__enter(g, now);
    char why[160] = "";
    struct hag__plugin *p;
    uint32_t place;

    if (err != HAG_OK)
        return err;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "a plugin may not be added inside a hook");
    if (ret == NULL)
        return hag__error(g, HAG_ERR_INVAL, "ret is NULL");
    err = usable(g, desc);
    if (err != HAG_OK)
        return err;
    if (g->plugins.live >= HAG__PLUGINS - 1)
        return hag__error(g, HAG_ERR_LIMIT, "%u plugins are open, the most there can be",
                          g->plugins.live);
    place = hag__table_add(&g->plugins);
    if (place == HAG__NIL)
        return hag__error(g, HAG_ERR_NOMEM, "no memory for plugin %s", desc->name);
    p = hag__table_at(&g->plugins, place);
    p->desc = desc;
    p->guard = g;
    p->place = place;
    p->wake_at = HAG__NEVER;
    p->host.size = sizeof(p->host);
    p->host.abi = HAG_PLUGIN_ABI;
    p->host.ctx = p;
    p->host.complete = host_complete;
    p->host.progress = host_progress;
    p->host.watch = host_watch;
    p->host.wake = host_wake;
    p->host.notice = host_notice;
    p->host.log = host_log;
    p->host.realloc = host_realloc;
    hag__note(g, HAG__CALL_PLUGIN_ADD, (const uint64_t[]){place, desc->handles}, &desc->name);
    g->in_hook++;
    err = desc->open(&p->host, config != NULL ? config : "", g->now, &p->self, why, sizeof(why));
    g->in_hook--;
    hag__note_end(g, err);
    if (err != HAG_OK) {
        hag__table_del(&g->plugins, place);
        why[sizeof(why) - 1] = '\0';
        return hag__error(g, err == HAG_ERR_NOMEM ? err : HAG_ERR_PLUGIN, "plugin %s: %s",
                          desc->name, why[0] != '\0' ? why : "it could not be opened");
    }
    p->open = 1;
    *ret = hag__table_handle(&g->plugins, place);
    return HAG_OK;
}

void *hag_plugin_self(const hag_guard *g, hag_plugin_id h, const struct hag_plugin *desc)
{
    const struct hag__plugin *p;
    uint32_t place;

    if (hag__check(g) != HAG_OK || hag__table_find(&g->plugins, h, &place) != HAG_OK)
        return NULL;
    p = hag__plugin_at(g, place);
    return p != NULL && p->desc == desc ? p->self : NULL;
}

/* Its ops in flight become UNKNOWN: nobody can say what comes of them. */
static void abandon_ops(hag_guard *g, uint32_t place)
{
    struct hag_result r = {.size = sizeof(r),
                           .outcome = HAG_RES_UNKNOWN,
                           .reason = HAG_WHY_CANCELLED,
                           .text = "the plugin was removed"};

    for (uint32_t i = hag__table_next(&g->ops, 0); i != HAG__NIL;
         i = hag__table_next(&g->ops, i + 1)) {
        const struct hag__op *op = hag__table_at(&g->ops, i);

        if (op->state == HAG__OP_IN_FLIGHT && op->handler == place)
            hag__op_finish(g, i, &r);
    }
}

static void close_one(hag_guard *g, uint32_t place)
{
    struct hag__plugin *p = hag__table_at(&g->plugins, place);

    p->open = 0;
    g->in_hook++;
    p->desc->close(p->self);
    g->in_hook--;
    hag__table_del(&g->plugins, place);
}

int32_t hag_plugin_remove(hag_guard *g, hag_plugin_id h, hag_time now)
{
    int32_t err = hag__enter(g, now);
    uint32_t place;

    if (err != HAG_OK)
        return err;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "a plugin may not be removed inside a hook");
    err = hag__find(g, &g->plugins, h, "plugin", &place);
    if (err != HAG_OK)
        return err;
    hag__note(g, HAG__CALL_PLUGIN_REMOVE, &h, NULL);
    close_one(g, place);
    for (uint32_t i = g->first_cluster; i != HAG__NIL; i = hag__cluster(g, i)->order_next) {
        struct hag__cluster *c = hag__cluster(g, i);

        if (hag__is_bound(c, place)) {
            hag__binding_drop(c, place);
            hag__dirty(g, c);
        }
    }
    abandon_ops(g, place);
    hag__leave(g);
    hag__note_end(g, HAG_OK);
    return HAG_OK;
}

int32_t hag_fd_ready(hag_guard *g, hag_plugin_id h, int64_t fd, uint32_t events, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__plugin *p;
    uint32_t place;

    if (err != HAG_OK)
        return err;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "hag_fd_ready may not be called inside a hook");
    err = hag__find(g, &g->plugins, h, "plugin", &place);
    if (err != HAG_OK)
        return err;
    p = hag__table_at(&g->plugins, place);
    hag__note(g, HAG__CALL_FD_READY, &h, NULL);
    g->in_hook++;
    p->desc->ready(p->self, fd, events, g->now);
    g->in_hook--;
    hag__note_end(g, HAG_OK);
    hag__leave(g);
    return HAG_OK;
}

void hag__plugins_due(hag_guard *g)
{
    for (uint32_t i = 0; i < g->plugins.used; i++) {
        struct hag__plugin *p = hag__plugin_at(g, i);

        if (p == NULL || p->wake_at > g->now)
            continue;
        p->wake_at = HAG__NEVER;
        hag__note(g, HAG__CALL_PLUGIN_TICK, (const uint64_t[]){i}, NULL);
        g->in_hook++;
        p->desc->tick(p->self, g->now);
        g->in_hook--;
        hag__note_end(g, HAG_OK);
    }
}

hag_time hag__plugins_next(const hag_guard *g)
{
    hag_time at = HAG__NEVER;

    for (uint32_t i = 0; i < g->plugins.used; i++) {
        const struct hag__plugin *p = hag__plugin_at(g, i);

        if (p != NULL && p->wake_at < at)
            at = p->wake_at;
    }
    return at;
}

/* At the end of a guard: each op in flight is cancelled once, then the instance closes. */
void hag__plugins_close(hag_guard *g)
{
    for (uint32_t i = 0; i < g->plugins.used; i++) {
        struct hag__plugin *p = hag__plugin_at(g, i);

        if (p == NULL)
            continue;
        g->in_hook++;
        for (uint32_t o = hag__table_next(&g->ops, 0); o != HAG__NIL;
             o = hag__table_next(&g->ops, o + 1)) {
            const struct hag__op *op = hag__table_at(&g->ops, o);

            if (op->state == HAG__OP_IN_FLIGHT && op->handler == i)
                p->desc->cancel(p->self, hag__table_handle(&g->ops, o));
        }
        g->in_hook--;
        close_one(g, i);
    }
}
