/* SPDX-License-Identifier: MIT */
#include "sim/replay.h"

#include <stdlib.h>

/* Plugins stand in for those that the host had: when the guard calls one, what that did then is done
 * again. */

/* The guard calls a plugin: so it did then. */
static int called(struct replay_plugin *p, uint32_t call, uint32_t or_call)
{
    const struct log_entry *e = replay_ahead(p->r);

    if (e == NULL)
        return 0;
    if (e->call != call && e->call != or_call) {
        replay_compare(p->r);
        return 0;
    }
    (void)replay_take(p->r);
    return 1;
}

static int32_t p_open(const struct hag_host *host, const char *config, hag_time now, void **self,
                      char *why, size_t whylen)
{
    struct replay_plugin *p = (struct replay_plugin *)(uintptr_t)config; /* as it was handed in */
    int32_t result;

    (void)now, (void)why, (void)whylen;
    p->host = host;
    *self = p;
    result = replay_inside(p->r);
    if (result != HAG_OK)
        p->host = NULL;
    return result;
}

static void p_start(void *self, const struct hag_action *a, hag_time now)
{
    struct replay_plugin *p = self;

    (void)now;
    if (!called(p, HAG__CALL_PLUGIN_TAKEN, HAG__CALL_PLUGIN_PROBE))
        return;
    replay_compare(p->r);
    if (a->kind != HAG_DO_EVENT) /* the host hears of these, too */
        replay_told(p->r, a);
    (void)replay_inside(p->r);
}

static void p_cancel(void *self, hag_op op)
{
    struct replay_plugin *p = self;

    (void)op;
    if (called(p, HAG__CALL_PLUGIN_CANCEL, HAG__CALL_NONE))
        (void)replay_inside(p->r);
}

static void p_forget(void *self, hag_node node)
{
    struct replay_plugin *p = self;

    (void)node;
    if (called(p, HAG__CALL_PLUGIN_FORGET, HAG__CALL_NONE))
        (void)replay_inside(p->r);
}

static void p_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    struct replay_plugin *p = self;

    (void)fd, (void)events, (void)now;
    (void)replay_inside(p->r);
}

static void p_tick(void *self, hag_time now)
{
    struct replay_plugin *p = self;

    (void)now;
    if (called(p, HAG__CALL_PLUGIN_TICK, HAG__CALL_NONE))
        (void)replay_inside(p->r);
}

static void p_close(void *self)
{
    struct replay_plugin *p = self;

    p->host = NULL;
}

static struct replay_plugin *plugin(struct replay *r, const struct log_entry *e, uint64_t place)
{
    if (place < REPLAY_PLUGINS && r->plugins[place] != NULL && r->plugins[place]->host != NULL)
        return r->plugins[place];
    replay_broken(r, e);
    return NULL;
}

void replay_plugin_add(struct replay *r, const struct log_entry *e)
{
    struct replay_plugin *p = calloc(1, sizeof(*p));
    uint64_t place = e->n[0];

    if (p == NULL || place >= REPLAY_PLUGINS || e->t[0] == NULL) {
        replay_broken(r, e);
        free(p);
        return;
    }
    p->r = r;
    p->place = (uint32_t)place;
    p->desc = (struct hag_plugin){.size = sizeof(p->desc),
                                  .abi = HAG_PLUGIN_ABI,
                                  .name = e->t[0],
                                  .handles = e->n[1],
                                  .open = p_open,
                                  .start = p_start,
                                  .cancel = p_cancel,
                                  .forget = p_forget,
                                  .ready = p_ready,
                                  .tick = p_tick,
                                  .close = p_close};
    free(r->plugins[place]);
    r->plugins[place] = p;
    (void)hag_plugin_add(r->g, &p->desc, (const char *)(const void *)p, e->now, &p->id);
}

void replay_plugin_remove(struct replay *r, const struct log_entry *e)
{
    (void)hag_plugin_remove(r->g, e->n[0], e->now);
    replay_must_end(r);
}

void replay_fd_ready(struct replay *r, const struct log_entry *e)
{
    (void)hag_fd_ready(r->g, e->n[0], 0, 0, e->now);
}

void replay_plugin_wake(struct replay *r, const struct log_entry *e)
{
    struct replay_plugin *p = plugin(r, e, e->n[0]);

    replay_untimed(r, e);
    if (p != NULL)
        p->host->wake(p->host->ctx, e->n[1]);
}

/* Which plugin completes is all the same to the guard. */
const struct hag_host *replay_host(struct replay *r, const struct log_entry *e)
{
    for (uint32_t i = 0; i < REPLAY_PLUGINS; i++) {
        if (r->plugins[i] != NULL && r->plugins[i]->host != NULL)
            return r->plugins[i]->host;
    }
    replay_broken(r, e);
    return NULL;
}
