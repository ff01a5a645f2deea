/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "scrape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "metrics.h"

/* The server waits behind one epoll descriptor and has no thread: what it does is done by MHD_run(),
 * when the descriptor is ready or its own timeout is over, and never waits. */

#define CLIENTS  32u
#define PATIENCE 10u /* seconds that a connection may be silent */

struct scrape {
    struct app *app;
    struct MHD_Daemon *http;
    uv_poll_t poll;
    uv_timer_t timer;
    int open;
};

static enum MHD_Result send_text(struct MHD_Connection *to, unsigned code, const char *type,
                                 char *text, size_t n, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(n, text, mode);
    enum MHD_Result did;

    if (!r) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", type);
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, "Allow", "GET, HEAD");
    did = MHD_queue_response(to, code, r);
    MHD_destroy_response(r);
    return did;
}

static enum MHD_Result refuse(struct MHD_Connection *to, unsigned code, const char *text)
{
    return send_text(to, code, "text/plain; charset=utf-8", (char *)(uintptr_t)text, strlen(text),
                     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result on_request(void *ud, struct MHD_Connection *from, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *ndata, void **state)
{
    struct scrape *s = ud;
    struct buf out = {0};

    (void)version, (void)data;
    if (!*state) { /* the first call has the head only */
        *state = s;
        return MHD_YES;
    }
    if (*ndata > 0) {
        *ndata = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse(from, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    if (strcmp(url, "/metrics") != 0)
        return refuse(from, MHD_HTTP_NOT_FOUND, "the metrics are at /metrics\n");
    metrics_write(s->app, &out);
    if (out.failed) {
        buf_free(&out);
        return refuse(from, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
    }
    return send_text(from, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", out.p, out.len,
                     MHD_RESPMEM_MUST_FREE);
}

static void run(struct scrape *s);

static void on_timer(uv_timer_t *t)
{
    run(t->data);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
    (void)status, (void)events;
    run(p->data);
}

static void run(struct scrape *s)
{
    MHD_UNSIGNED_LONG_LONG ms;

    MHD_run(s->http);
    if (MHD_get_timeout(s->http, &ms) == MHD_YES)
        uv_timer_start(&s->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&s->timer);
}

static void on_closed(uv_handle_t *h)
{
    struct scrape *s = h->data;

    if (--s->open == 0)
        free(s);
}

static int listen_at(const struct conf *c)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)c->metrics_port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->metrics_port)};
    int is_six = inet_pton(AF_INET6, c->metrics_host, &six.sin6_addr) == 1;
    const struct sockaddr *at = is_six ? (const struct sockaddr *)(const void *)&six
                                       : (const struct sockaddr *)(const void *)&four;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    inet_pton(AF_INET, c->metrics_host, &four.sin_addr);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, at, is_six ? sizeof(six) : sizeof(four)) == 0 && listen(fd, 64) == 0)
        return fd;
    if (fd >= 0) {
        int err = errno;

        close(fd);
        errno = err;
    }
    return -1;
}

struct scrape *scrape_open(struct app *app, char *why, size_t n)
{
    const union MHD_DaemonInfo *info;
    struct scrape *s;
    int fd;

    if (!app->conf->metrics_host)
        return NULL;
    fd = listen_at(app->conf);
    if (fd < 0) {
        snprintf(why, n, "metrics=%s port %u: %s; choose another port", app->conf->metrics_host,
                 app->conf->metrics_port, strerror(errno));
        return NULL;
    }
    s = must(calloc(1, sizeof(*s)));
    s->app = app;
    s->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s,
                               MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CLIENTS,
                               MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE, MHD_OPTION_END);
    info = s->http ? MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info || uv_poll_init(&app->loop, &s->poll, info->epoll_fd) != 0) {
        if (s->http)
            MHD_stop_daemon(s->http);
        free(s);
        snprintf(why, n, "metrics: libmicrohttpd does not start; leave metrics out");
        return NULL;
    }
    uv_timer_init(&app->loop, &s->timer);
    s->poll.data = s->timer.data = s;
    s->open = 2;
    uv_poll_start(&s->poll, UV_READABLE, on_ready);
    return s;
}

void scrape_close(struct scrape *s)
{
    if (!s)
        return;
    uv_poll_stop(&s->poll);
    uv_close((uv_handle_t *)&s->poll, on_closed);
    uv_close((uv_handle_t *)&s->timer, on_closed);
    MHD_stop_daemon(s->http);
    s->http = NULL;
}
