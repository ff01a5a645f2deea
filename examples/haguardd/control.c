/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "commands.h"

#define LINE_MAX_BYTES 4096         /* of a request */
#define CLIENTS        256          /* at once */
#define PATIENCE       30000        /* ms for half a request, or for an answer that nobody reads */
#define BACKLOG_MAX    (256 * 1024) /* events that a follower may lag behind */
#define SWEEP          1000

struct client {
    uv_pipe_t pipe; /* first, so that a handle is its client */
    struct client *next;
    struct control *control;
    uint64_t moved; /* when it last did something */
    size_t queued;  /* bytes that were to be written at that time */
    unsigned long lost;
    int follows;
    int ends; /* nothing more comes from it, or is wanted of it */
    size_t n;
    char in[LINE_MAX_BYTES];
};

struct control {
    struct app *app;
    uv_pipe_t listener;
    uv_timer_t sweep;
    struct client *clients;
    unsigned n;
    int open; /* handles */
    int closing;
};

struct reply {
    uv_write_t write;
    char *text;
};

static void free_control(struct control *c)
{
    if (c->closing && c->open == 0 && c->n == 0)
        free(c);
}

static void on_client_closed(uv_handle_t *h)
{
    struct client *cl = (struct client *)h;
    struct control *c = cl->control;

    c->n--;
    free(cl);
    free_control(c);
}

static void drop(struct client *cl)
{
    struct client **at = &cl->control->clients;

    if (uv_is_closing((uv_handle_t *)&cl->pipe))
        return;
    while (*at != cl)
        at = &(*at)->next;
    *at = cl->next;
    uv_close((uv_handle_t *)&cl->pipe, on_client_closed);
}

static void serve(struct client *cl);

static void on_written(uv_write_t *w, int status)
{
    struct client *cl = (struct client *)w->handle;
    struct reply *r = w->data;

    free(r->text);
    free(r);
    if (status < 0 || uv_is_closing((uv_handle_t *)&cl->pipe)) {
        drop(cl);
        return;
    }
    cl->moved = uv_now(&cl->control->app->loop);
    if (uv_stream_get_write_queue_size((uv_stream_t *)&cl->pipe) == 0)
        serve(cl);
}

/* Takes text. */
static void reply(struct client *cl, char *text, size_t n)
{
    struct reply *r = calloc(1, sizeof(*r));
    uv_buf_t b = uv_buf_init(text, (unsigned)n);

    if (!r || !text) {
        free(r);
        free(text);
        drop(cl);
        return;
    }
    r->text = text;
    r->write.data = r;
    if (uv_write(&r->write, (uv_stream_t *)&cl->pipe, &b, 1, on_written) != 0) {
        free(text);
        free(r);
        drop(cl);
    }
}

static void reply_end(struct client *cl, int code, const char *text)
{
    struct buf b = {0};

    cl->ends = 1;
    command_end(&b, code, text);
    if (b.failed)
        buf_free(&b);
    reply(cl, b.p, b.len);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b);

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    struct client *cl = (struct client *)h;

    (void)suggested;
    *b = uv_buf_init(cl->in + cl->n, (unsigned)(sizeof(cl->in) - cl->n));
}

/* One request at a time: the next one waits, unread, until the answer has left. */
static void serve(struct client *cl)
{
    uv_stream_t *s = (uv_stream_t *)&cl->pipe;
    char *end = memchr(cl->in, '\n', cl->n);
    struct buf out = {0};
    size_t used;

    if (cl->follows || !end) {
        if (cl->ends && uv_stream_get_write_queue_size(s) == 0) {
            drop(cl);
        } else if (!cl->follows && cl->n == sizeof(cl->in)) {
            uv_read_stop(s);
            cl->n = 0;
            reply_end(cl, CODE_USAGE, "the request is longer than 4096 bytes");
        } else if (!cl->ends) {
            uv_read_start(s, on_alloc, on_read);
        }
        return;
    }
    uv_read_stop(s);
    used = (size_t)(end - cl->in) + 1;
    *end = '\0';
    if (strlen(cl->in) + 1 != used) {
        cl->n = 0;
        reply_end(cl, CODE_USAGE, "the request has a zero byte");
        return;
    }
    cl->follows = command_run(cl->control->app, cl->in, &out);
    cl->n -= used;
    memmove(cl->in, cl->in + used, cl->n);
    if (out.failed)
        buf_free(&out);
    if (cl->follows)
        uv_read_start(s, on_alloc, on_read); /* to see it leave */
    if (out.len > 0 || !cl->follows)
        reply(cl, out.p, out.len);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct client *cl = (struct client *)s;

    (void)b;
    if (n == 0)
        return;
    if (n < 0) {
        cl->ends = 1;
        if (n != UV_EOF || cl->follows || uv_stream_get_write_queue_size(s) == 0)
            drop(cl);
        else
            uv_read_stop(s);
        return;
    }
    cl->moved = uv_now(&cl->control->app->loop);
    if (cl->follows)
        return; /* it has nothing to say any more */
    cl->n += (size_t)n;
    serve(cl);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *c = listener->data;
    struct client *cl;

    if (status < 0)
        return;
    cl = calloc(1, sizeof(*cl));
    if (!cl)
        return;
    cl->control = c;
    cl->moved = uv_now(&c->app->loop);
    uv_pipe_init(&c->app->loop, &cl->pipe, 0);
    cl->next = c->clients;
    c->clients = cl;
    c->n++;
    if (uv_accept(listener, (uv_stream_t *)&cl->pipe) != 0)
        drop(cl);
    else if (c->n > CLIENTS)
        reply_end(cl, CODE_FAILED, "there are too many clients; try again");
    else
        uv_read_start((uv_stream_t *)&cl->pipe, on_alloc, on_read);
}

/* Who neither asks nor reads makes room for others. */
static void on_sweep(uv_timer_t *t)
{
    struct control *c = t->data;
    uint64_t now = uv_now(&c->app->loop);
    struct client *next;

    for (struct client *cl = c->clients; cl; cl = next) {
        size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&cl->pipe);

        next = cl->next;
        if (queued < cl->queued || (cl->follows && queued == 0))
            cl->moved = now;
        cl->queued = queued;
        if (now - cl->moved > PATIENCE)
            drop(cl);
    }
}

void control_publish(struct control *c, const char *line, size_t n)
{
    struct client *next;

    for (struct client *cl = c ? c->clients : NULL; cl; cl = next) {
        uv_stream_t *s = (uv_stream_t *)&cl->pipe;
        char *copy;

        next = cl->next;
        if (!cl->follows)
            continue;
        if (uv_stream_get_write_queue_size(s) + n > BACKLOG_MAX) {
            cl->lost++;
            continue;
        }
        if (cl->lost > 0) {
            struct buf b = {0};

            json_begin(&b);
            json_text(&b, "type", "lost");
            json_number(&b, "count", cl->lost);
            json_end(&b);
            cl->lost = 0;
            if (b.failed)
                buf_free(&b);
            reply(cl, b.p, b.len);
            if (uv_is_closing((uv_handle_t *)&cl->pipe))
                continue;
        }
        copy = malloc(n);
        if (copy)
            memcpy(copy, line, n);
        reply(cl, copy, n);
    }
}

/* A file that a daemon left behind is removed, a socket that somebody listens on is not. */
static int clear_path(const char *path, char *why, size_t n)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct stat st;
    int fd, err;

    if (lstat(path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(why, n, "socket %s is a file of another kind; remove it or name another path",
                 path);
        return -1;
    }
    strcpy(to.sun_path, path); /* its length was checked with the configuration */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    err = fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (err == ECONNREFUSED && unlink(path) == 0)
        return 0;
    snprintf(why, n, "socket %s is in use by another process%s%s; end it or name another path",
             path, err ? ": " : "", err ? strerror(err) : "");
    return -1;
}

static int set_owner(const struct conf *conf, char *why, size_t n)
{
    const struct group *g = conf->socket_group ? getgrnam(conf->socket_group) : NULL;

    if ((g && chown(conf->socket, (uid_t)-1, g->gr_gid) != 0) ||
        chmod(conf->socket, conf->socket_mode) != 0) {
        snprintf(why, n, "socket %s cannot be given to group %s with mode %04o: %s", conf->socket,
                 conf->socket_group ? conf->socket_group : "of this process", conf->socket_mode,
                 strerror(errno));
        return -1;
    }
    return 0;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct control *c = h->data;

    c->open--;
    free_control(c);
}

struct control *control_open(struct app *app, char *why, size_t n)
{
    struct control *c;
    mode_t mask;
    int err;

    if (clear_path(app->conf->socket, why, n) != 0)
        return NULL;
    c = must(calloc(1, sizeof(*c)));
    c->app = app;
    uv_pipe_init(&app->loop, &c->listener, 0);
    uv_timer_init(&app->loop, &c->sweep);
    c->listener.data = c->sweep.data = c;
    c->open = 2;
    mask = umask(0177); /* nobody else before it has its mode */
    err = uv_pipe_bind(&c->listener, app->conf->socket);
    umask(mask);
    if (err == 0 && set_owner(app->conf, why, n) != 0) {
        control_close(c);
        return NULL;
    }
    if (err == 0)
        err = uv_listen((uv_stream_t *)&c->listener, 511, on_connection);
    if (err != 0) {
        snprintf(why, n, "socket %s cannot be made: %s; make its directory, or name another path",
                 app->conf->socket, uv_strerror(err));
        control_close(c);
        return NULL;
    }
    uv_timer_start(&c->sweep, on_sweep, SWEEP, SWEEP);
    return c;
}

void control_close(struct control *c)
{
    if (!c)
        return;
    c->closing = 1;
    while (c->clients)
        drop(c->clients);
    uv_close((uv_handle_t *)&c->listener, on_handle_closed);
    uv_close((uv_handle_t *)&c->sweep, on_handle_closed);
}
