/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* uv.h wants pthread_rwlock_t */
#pragma GCC visibility push(default)
#include <haguard/adapter_uv.h>
#pragma GCC visibility pop

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <haguard/hooks.h>
#include <haguard/plugin.h>

struct watched {
    uv_poll_t poll; /* first, so that a handle is its watched */
    hag_uv *u;
    hag_plugin_id plugin;
    uint32_t events;
    int fd;
};

struct hag_uv {
    hag_guard *g; /* NULL once freed */
    uv_loop_t *loop;
    uv_prepare_t prepare;
    uv_timer_t timer;
    struct watched **by_fd; /* descriptors are small numbers */
    size_t nfd;
    int open; /* of prepare and timer */
};

static void free_watched(uv_handle_t *h)
{
    free(h);
}

static void on_ready(uv_poll_t *poll, int status, int uv_events)
{
    struct watched *w = (struct watched *)poll;
    uint32_t events = 0;

    if (uv_events & UV_READABLE) {
        events |= HAG_FD_READ;
    }
    if (uv_events & UV_WRITABLE) {
        events |= HAG_FD_WRITE;
    }
    if (status < 0) {
        events = w->events; /* reading or writing tells the plugin what is wrong */
    }
    hag_fd_ready(w->u->g, w->plugin, w->fd, events, uv_now(w->u->loop));
}

static int reserve(hag_uv *u, size_t n)
{
    struct watched **p;

    if (n <= u->nfd) {
        return 0;
    }
    n = n < 64 ? 64 : n * 2;
    p = realloc(u->by_fd, n * sizeof(*p));
    if (!p) {
        return -1;
    }
    memset(p + u->nfd, 0, (n - u->nfd) * sizeof(*p));
    u->by_fd = p;
    u->nfd = n;
    return 0;
}

static void unwatch(hag_uv *u, size_t fd)
{
    struct watched *w = u->by_fd[fd];

    if (!w) {
        return;
    }
    u->by_fd[fd] = NULL;
    uv_poll_stop(&w->poll); /* takes effect now: the number may be used again at once */
    uv_close((uv_handle_t *)&w->poll, free_watched);
}

static int32_t on_watch(hag_guard *g, hag_plugin_id p, int64_t fd, uint32_t events, void *ud)
{
    hag_uv *u = ud;
    struct watched *w;
    int mask = 0;

    (void)g;
    if (fd < 0 || fd > INT32_MAX || reserve(u, (size_t)fd + 1) != 0) {
        return -1;
    }
    if (events == 0) {
        unwatch(u, (size_t)fd);
        return 0;
    }
    w = u->by_fd[fd];
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w) {
            return -1;
        }
        if (uv_poll_init(u->loop, &w->poll, (int)fd) != 0) {
            free(w);
            return -1;
        }
        w->u = u;
        w->fd = (int)fd;
        u->by_fd[fd] = w;
    }
    w->plugin = p;
    w->events = events;
    if (events & HAG_FD_READ) {
        mask |= UV_READABLE;
    }
    if (events & HAG_FD_WRITE) {
        mask |= UV_WRITABLE;
    }
    if (uv_poll_start(&w->poll, mask, on_ready) != 0) {
        unwatch(u, (size_t)fd);
        return -1;
    }
    return 0;
}

static void on_timer(uv_timer_t *t)
{
    (void)t; /* it only wakes the loop, which then prepares */
}

static void on_prepare(uv_prepare_t *p)
{
    hag_uv *u = p->data;
    int64_t ms;

    uv_update_time(u->loop);
    hag_dispatch(u->g, uv_now(u->loop));
    if (!u->g) {
        return; /* a hook freed us */
    }
    ms = hag_timeout(u->g, uv_now(u->loop));
    if (ms < 0) {
        uv_timer_stop(&u->timer);
    } else {
        uv_timer_start(&u->timer, on_timer, (uint64_t)ms, 0);
    }
}

static void on_closed(uv_handle_t *h)
{
    hag_uv *u = h->data;

    if (--u->open == 0) {
        free(u);
    }
}

int32_t hag_uv_new(hag_guard *g, uv_loop_t *loop, hag_uv **ret)
{
    hag_uv *u;

    if (!g || !loop || !ret) {
        return HAG_ERR_INVAL;
    }
    u = calloc(1, sizeof(*u));
    if (!u) {
        return HAG_ERR_NOMEM;
    }
    u->g = g;
    u->loop = loop;
    u->open = 2;
    uv_prepare_init(loop, &u->prepare);
    uv_timer_init(loop, &u->timer);
    u->prepare.data = u->timer.data = u;
    uv_prepare_start(&u->prepare, on_prepare);
    hag_set_watch(g, on_watch, u);
    *ret = u;
    return HAG_OK;
}

void hag_uv_free(hag_uv *u)
{
    size_t fd;

    if (!u) {
        return;
    }
    hag_set_watch(u->g, NULL, NULL);
    for (fd = 0; fd < u->nfd; fd++) {
        unwatch(u, fd);
    }
    free(u->by_fd);
    u->g = NULL;
    uv_close((uv_handle_t *)&u->prepare, on_closed);
    uv_close((uv_handle_t *)&u->timer, on_closed);
}
