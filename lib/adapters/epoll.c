/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#pragma GCC visibility push(default)
#include <haguard/adapter_epoll.h>
#pragma GCC visibility pop

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <haguard/hooks.h>
#include <haguard/plugin.h>

#define TIMER UINT64_MAX /* key of the timer; no descriptor has it */

struct watched {
    hag_plugin_id plugin;
    uint32_t events; /* HAG_FD_; 0: not watched */
    uint32_t born;   /* tells this use of the number from an earlier one in the same batch */
};

struct hag_epoll {
    hag_guard *g;
    int fd;
    int timer;
    struct watched *by_fd; /* descriptors are small numbers */
    size_t nfd;
    uint32_t births;
};

static int reserve(hag_epoll *e, size_t n)
{
    struct watched *p;

    if (n <= e->nfd) {
        return 0;
    }
    n = n < 64 ? 64 : n * 2;
    p = realloc(e->by_fd, n * sizeof(*p));
    if (!p) {
        return -1;
    }
    memset(p + e->nfd, 0, (n - e->nfd) * sizeof(*p));
    e->by_fd = p;
    e->nfd = n;
    return 0;
}

static int32_t on_watch(hag_guard *g, hag_plugin_id p, int64_t fd, uint32_t events, void *ud)
{
    hag_epoll *e = ud;
    struct watched *w;
    struct epoll_event ev = {0};
    int op;

    (void)g;
    if (fd < 0 || fd > INT32_MAX || reserve(e, (size_t)fd + 1) != 0) {
        return -1;
    }
    w = &e->by_fd[fd];
    if (events == 0) {
        if (w->events != 0) {
            epoll_ctl(e->fd, EPOLL_CTL_DEL, (int)fd, NULL);
        }
        w->events = 0;
        return 0;
    }
    op = w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (op == EPOLL_CTL_ADD) {
        w->born = ++e->births;
    }
    ev.data.u64 = (uint64_t)w->born << 32 | (uint64_t)fd;
    ev.events = (events & HAG_FD_READ ? (uint32_t)EPOLLIN : 0) |
                (events & HAG_FD_WRITE ? (uint32_t)EPOLLOUT : 0);
    if (epoll_ctl(e->fd, op, (int)fd, &ev) != 0) {
        return -1;
    }
    w->plugin = p;
    w->events = events;
    return 0;
}

static int32_t deliver(hag_epoll *e, const struct epoll_event *ev, hag_time now)
{
    int fd = (int)(ev->data.u64 & 0xffffffffu);
    const struct watched *w = &e->by_fd[fd];
    uint32_t events = 0;

    if (w->events == 0 || w->born != ev->data.u64 >> 32) {
        return HAG_OK; /* an earlier one of this batch closed it */
    }
    /* on an error, reading or writing tells the plugin what is wrong */
    if (ev->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        events |= HAG_FD_READ;
    }
    if (ev->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        events |= HAG_FD_WRITE;
    }
    events &= w->events;
    return events ? hag_fd_ready(e->g, w->plugin, fd, events, now) : HAG_OK;
}

int32_t hag_epoll_ready(hag_epoll *e, hag_time now)
{
    struct epoll_event ev[64];
    int32_t r = HAG_OK;
    int i, n;

    if (!e) {
        return HAG_ERR_INVAL;
    }
    n = epoll_wait(e->fd, ev, 64, 0);
    for (i = 0; i < n && r != HAG_ERR_BUSY; i++) {
        /* the timer only wakes: setting it anew makes it unreadable */
        r = ev[i].data.u64 == TIMER ? HAG_OK : deliver(e, &ev[i], now);
    }
    return r == HAG_ERR_BUSY ? r : HAG_OK;
}

int32_t hag_epoll_arm(hag_epoll *e, hag_time now)
{
    struct itimerspec at = {0};
    int64_t ms;

    if (!e) {
        return HAG_ERR_INVAL;
    }
    ms = hag_timeout(e->g, now);
    if (ms >= 0) {
        at.it_value.tv_sec = (time_t)(ms / 1000);
        at.it_value.tv_nsec = ms > 0 ? (long)(ms % 1000) * 1000000 : 1; /* 0 would disarm it */
    }
    timerfd_settime(e->timer, 0, &at, NULL);
    return HAG_OK;
}

int32_t hag_epoll_run(hag_epoll *e, hag_time now)
{
    int32_t r = hag_epoll_ready(e, now);

    if (r == HAG_OK) {
        r = hag_dispatch(e->g, now);
        hag_epoll_arm(e, now);
    }
    return r;
}

int64_t hag_epoll_fd(const hag_epoll *e)
{
    return e ? e->fd : HAG_ERR_INVAL;
}

static void close_all(hag_epoll *e)
{
    if (e->timer >= 0) {
        close(e->timer);
    }
    if (e->fd >= 0) {
        close(e->fd);
    }
    free(e->by_fd);
    free(e);
}

void hag_epoll_free(hag_epoll *e)
{
    if (e) {
        hag_set_watch(e->g, NULL, NULL);
        close_all(e);
    }
}

int32_t hag_epoll_new(hag_guard *g, hag_epoll **ret)
{
    struct epoll_event ev = {.events = EPOLLIN, .data = {.u64 = TIMER}};
    hag_epoll *e;

    if (!g || !ret) {
        return HAG_ERR_INVAL;
    }
    e = calloc(1, sizeof(*e));
    if (!e) {
        return HAG_ERR_NOMEM;
    }
    e->g = g;
    e->fd = epoll_create1(EPOLL_CLOEXEC);
    e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (e->fd < 0 || e->timer < 0 || epoll_ctl(e->fd, EPOLL_CTL_ADD, e->timer, &ev) != 0) {
        close_all(e);
        return HAG_ERR_LIMIT;
    }
    hag_set_watch(g, on_watch, e);
    *ret = e;
    return HAG_OK;
}
