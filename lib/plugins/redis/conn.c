/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "reader.h"
#include "redis.h"
#include "replies.h"

/* --- what hiredis asks of the event loop ------------------------------------------------------ */

static void add_read(void *p)
{
    ((struct hag__redis_conn *)p)->want |= HAG_FD_READ;
}

static void del_read(void *p)
{
    ((struct hag__redis_conn *)p)->want &= ~(uint32_t)HAG_FD_READ;
}

static void add_write(void *p)
{
    ((struct hag__redis_conn *)p)->want |= HAG_FD_WRITE;
}

static void del_write(void *p)
{
    ((struct hag__redis_conn *)p)->want &= ~(uint32_t)HAG_FD_WRITE;
}

static void unwatch(struct hag__redis_conn *c)
{
    struct hag__redis *r = c->r;

    if (c->events)
        (void)r->host->watch(r->host->ctx, c->fd, 0);
    c->events = 0;
    if (c->fd >= 0 && (uint64_t)c->fd < r->nfds && r->fds[c->fd] == c)
        r->fds[c->fd] = NULL;
}

/* Marks the end; whoever waits is told in hag__redis_settle(). */
static void ended(struct hag__redis_conn *c, uint32_t cause, const char *text)
{
    if (c->state == HAG__CONN_CLOSED)
        return;
    hag__redis_timer_stop(&c->r->timers, &c->timer);
    c->state = HAG__CONN_CLOSED;
    c->cause = cause;
    hag__redis_error_text(c->text, sizeof(c->text), text, strlen(text));
    c->closing = c->r->closing;
    c->r->closing = c;
}

/* hiredis is about to free the context, on its own or because we asked; fd is still open. */
static void cleanup(void *p)
{
    struct hag__redis_conn *c = p;
    redisAsyncContext *ac = c->ac;

    if (!ac)
        return;
    c->ac = NULL;
    unwatch(c);
    if (c->state == HAG__CONN_CLOSED)
        return;
    if (c->flags & HAG__CONN_FLOODED) {
        ended(c, HAG_PROBE_GARBLED, "it sent what nobody asked for, or too much");
    } else if (ac->c.err == REDIS_ERR_EOF) {
        c->flags |= HAG__CONN_BY_PEER;
        ended(c, HAG_PROBE_REFUSED, "it closed the connection");
    } else if (ac->c.err == REDIS_ERR_IO) {
        uint32_t cause = hag__redis_cause_text(ac->c.errstr, HAG_PROBE_GARBLED);
        if (cause == HAG_PROBE_REFUSED)
            c->flags |= HAG__CONN_BY_PEER;
        ended(c, cause, ac->c.errstr);
    } else {
        uint32_t denied = c->r->cfg.tls && strstr(ac->c.errstr, "certificate");
        ended(c, denied ? HAG_PROBE_DENIED : HAG_PROBE_GARBLED, ac->c.errstr);
    }
}

static void drop_context(struct hag__redis_conn *c)
{
    redisAsyncContext *ac = c->ac;

    if (!ac || c->flags & HAG__CONN_BUSY)
        return;
    unwatch(c);
    c->ac = NULL; /* what hiredis calls from here on is ignored */
    redisAsyncFree(ac);
}

void hag__redis_conn_close(struct hag__redis_conn *c, uint32_t cause, const char *text)
{
    ended(c, cause, text);
    drop_context(c);
}

void hag__redis_conn_retire(struct hag__redis_conn *c)
{
    c->flags |= HAG__CONN_RETIRED;
    if (c->node->held == c)
        c->node->held = NULL;
    for (struct hag__redis_batch *b = c->head; b; b = b->next)
        if (b->owner && b->owner != c)
            return;
    hag__redis_conn_close(c, HAG_PROBE_NONE, "no longer needed");
}

/* --- reading and writing ---------------------------------------------------------------------- */

/* hiredis writes without MSG_NOSIGNAL: a store that goes away must not end the host by SIGPIPE. A
 * signal that the host had blocked is left to it. */
static void handle(struct hag__redis_conn *c, void (*fn)(redisAsyncContext *))
{
    static const struct timespec zero;
    sigset_t pipe, old;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    int blocked = pthread_sigmask(SIG_BLOCK, &pipe, &old) == 0;
    c->flags |= HAG__CONN_BUSY;
    fn(c->ac);
    c->flags &= ~(uint32_t)HAG__CONN_BUSY;
    if (!blocked || sigismember(&old, SIGPIPE))
        return;
    if (!c->ac)
        while (sigtimedwait(&pipe, NULL, &zero) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void do_read(struct hag__redis_conn *c)
{
    if (c->r->cfg.tls) {
        handle(c, redisAsyncHandleRead); /* TLS may write while it reads */
        return;
    }
    c->flags |= HAG__CONN_BUSY;
    redisAsyncHandleRead(c->ac);
    c->flags &= ~(uint32_t)HAG__CONN_BUSY;
}

static void do_write(struct hag__redis_conn *c)
{
    handle(c, redisAsyncHandleWrite);
    /* A write that fails ends the connection at once: what is not marked here was never sent. */
    for (struct hag__redis_batch *b = c->ac ? c->head : NULL; b; b = b->next)
        b->sent = 1;
}

/* After hiredis was at work: closes what was marked, tells the host what to watch. */
static void after(struct hag__redis_conn *c)
{
    struct hag__redis *r = c->r;

    if (!c->ac)
        return;
    if (c->state == HAG__CONN_CLOSED) {
        drop_context(c);
        return;
    }
    if (c->ac->c.reader->len > c->limit) {
        hag__redis_conn_close(c, HAG_PROBE_GARBLED, "its answer is larger than can be");
        return;
    }
    if (c->flags & HAG__CONN_RETIRED && !c->due) {
        hag__redis_conn_close(c, HAG_PROBE_NONE, "no longer needed");
        return;
    }
    uint32_t want = c->state == HAG__CONN_CONNECTING ? (uint32_t)HAG_FD_WRITE : c->want;
    if (want == c->events)
        return;
    if (r->host->watch(r->host->ctx, c->fd, want)) {
        hag__redis_conn_close(c, HAG_PROBE_NONE, "the host cannot watch another descriptor");
        return;
    }
    c->events = want;
}

/* A server that takes no more clients says so at once and closes: its words come before our write,
 * which would meet the closed connection. Returns whether they are there. */
static int connected(struct hag__redis_conn *c)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(peer), nerr;
    char byte;
    int err = 0;
    ssize_t spoke = recv((int)c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    nerr = sizeof(err);
    if (spoke < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        err = errno; /* reading took the error of connecting */
    else if (getsockopt((int)c->fd, SOL_SOCKET, SO_ERROR, &err, &nerr))
        err = errno;
    if (spoke > 0)
        err = 0;
    else if (!err && getpeername((int)c->fd, (struct sockaddr *)&peer, &n)) {
        if (errno == ENOTCONN)
            return 0; /* not yet */
        err = errno;
    }
    if (err) {
        hag__redis_conn_close(c, hag__redis_cause_errno(err), strerror(err));
        return 0;
    }
    hag__redis_timer_stop(&c->r->timers, &c->timer);
    c->state = HAG__CONN_OPEN;
    c->last_reply = c->r->now;
    if (c->r->cfg.tls && hag__redis_tls_begin(c))
        hag__redis_conn_close(c, HAG_PROBE_GARBLED, "TLS could not be begun");
    return spoke > 0;
}

void hag__redis_conn_ready(struct hag__redis_conn *c, uint32_t events)
{
    if (c->state == HAG__CONN_CONNECTING) {
        events = connected(c) ? HAG_FD_READ | HAG_FD_WRITE : HAG_FD_WRITE;
    }
    if (c->state == HAG__CONN_OPEN && events & HAG_FD_READ)
        do_read(c);
    if (c->state == HAG__CONN_OPEN && c->ac && events & HAG_FD_WRITE && c->want & HAG_FD_WRITE)
        do_write(c);
    after(c);
}

void hag__redis_conn_flush(struct hag__redis_conn *c)
{
    if (c->flags & HAG__CONN_BUSY)
        return;
    if (c->state == HAG__CONN_OPEN && c->want & HAG_FD_WRITE)
        do_write(c);
    after(c);
}

/* --- opening ---------------------------------------------------------------------------------- */

static int take_fd(struct hag__redis_conn *c)
{
    struct hag__redis *r = c->r;
    uint32_t n = r->nfds ? r->nfds : 64;

    while ((uint64_t)c->fd >= n)
        n *= 2;
    if (n != r->nfds) {
        void *p =
            r->host->realloc(r->host->ctx, r->fds, r->nfds * sizeof(*r->fds), n * sizeof(*r->fds));
        if (!p)
            return -1;
        r->fds = p;
        memset(r->fds + r->nfds, 0, (n - r->nfds) * sizeof(*r->fds));
        r->nfds = n;
    }
    r->fds[c->fd] = c;
    return 0;
}

static void connect_timer(struct hag__redis_timer *t, hag_time now)
{
    struct hag__redis_conn *c =
        (struct hag__redis_conn *)(void *)((char *)t - offsetof(struct hag__redis_conn, timer));

    (void)now;
    hag__redis_conn_close(c, HAG_PROBE_TIMEOUT, "the connection was not accepted in time");
}

static void begin(struct hag__redis_conn *c)
{
    redisAsyncContext *ac = redisAsyncConnect(c->node->addr.host, c->node->addr.port);

    if (!ac) {
        ended(c, HAG_PROBE_NONE, "out of memory");
        return;
    }
    if (ac->err) {
        ended(c, hag__redis_cause_text(ac->errstr, HAG_PROBE_NONE), ac->errstr);
        redisAsyncFree(ac);
        return;
    }
    c->ac = ac;
    c->fd = ac->c.fd;
    (void)fcntl((int)c->fd, F_SETFD, FD_CLOEXEC); /* hosts run commands */
    ac->ev.data = c;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    hag__redis_reader_guard(c);
    if (take_fd(c) || hag__redis_auth(c)) {
        hag__redis_conn_close(c, HAG_PROBE_NONE, "out of memory");
        return;
    }
    hag__redis_timer_set(&c->r->timers, &c->timer, c->r->now + c->r->cfg.connect_timeout);
    after(c);
}

struct hag__redis_conn *hag__redis_conn_open(struct hag__redis *r, struct hag__redis_node *n)
{
    struct hag__redis_conn *c;

    if (hag__redis_timers_reserve(&r->timers))
        return NULL;
    c = hag__redis_alloc(r, sizeof(*c));
    if (!c) {
        hag__redis_timers_release(&r->timers);
        return NULL;
    }
    c->r = r;
    c->node = n;
    c->fd = -1;
    c->limit = HAG__REDIS_ANSWER_MAX;
    c->timer.fire = connect_timer;
    c->next = n->conns;
    if (c->next)
        c->next->prev = c;
    n->conns = c;
    begin(c);
    return c;
}

/* --- ends ------------------------------------------------------------------------------------- */

static void unlink_conn(struct hag__redis_conn *c)
{
    struct hag__redis_node *n = c->node;

    if (c->prev)
        c->prev->next = c->next;
    else
        n->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    if (n->held == c)
        n->held = NULL;
}

static void bury(struct hag__redis_conn *c)
{
    struct hag__redis *r = c->r;
    int broken = c->node->held == c && c->flags & HAG__CONN_BY_PEER;
    struct hag__redis_batch *b;

    if (c->node->held == c)
        c->node->held = NULL;
    if (broken)
        r->host->notice(r->host->ctx, c->node->handle, HAG_SEEN_BROKEN);
    while ((b = c->head) != NULL) {
        c->head = b->next;
        if (b->owner)
            b->fn->lost(b->owner, b);
        hag__redis_batch_free(r, b);
    }
    unlink_conn(c);
    hag__redis_timers_release(&r->timers);
    hag__redis_free(r, c, sizeof(*c));
}

void hag__redis_settle(struct hag__redis *r)
{
    struct hag__redis_conn *c;

    while ((c = r->closing) != NULL) {
        r->closing = c->closing;
        bury(c);
    }
}
