/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mistakes.h"

#define ROOM       (256 * 1024)
#define RETRY      50   /* ms between attempts while nobody reads */
#define PIPE_PIECE 4096 /* a pipe that is ready takes this much without blocking (PIPE_BUF) */

struct log {
    uv_timer_t retry;
    int fd;
    int is_socket;
    int is_journal;
    size_t len;
    unsigned long lost;
    char text[ROOM];
};

/* JOURNAL_STREAM is device:inode of our own output (systemd.exec(5)). */
static int journal(const struct stat *st)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && device == st->st_dev &&
           inode == st->st_ino;
}

struct log *log_open(uv_loop_t *loop, int fd)
{
    struct log *l = must(calloc(1, sizeof(*l)));
    struct stat st;

    l->fd = fd;
    if (fstat(fd, &st) == 0) {
        l->is_socket = S_ISSOCK(st.st_mode);
        l->is_journal = journal(&st);
    }
    uv_timer_init(loop, &l->retry);
    uv_unref((uv_handle_t *)&l->retry);
    l->retry.data = l;
    return l;
}

int log_is_journal(const struct log *l)
{
    return l->is_journal;
}

/* How much was written; 0 when nobody takes it now. The descriptor is shared with others (a
 * terminal), so it stays a blocking one. */
static size_t put(const struct log *l, const char *s, size_t n)
{
    struct pollfd p = {.fd = l->fd, .events = POLLOUT};
    ssize_t did;

    if (l->is_socket) {
        did = send(l->fd, s, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        if (poll(&p, 1, 0) != 1)
            return 0;
        did = write(l->fd, s, n < PIPE_PIECE ? n : PIPE_PIECE);
    }
    if (did < 0 && errno != EAGAIN && errno != EINTR)
        return n; /* gone: there is nobody to tell */
    return did < 0 ? 0 : (size_t)did;
}

static void flush(struct log *l)
{
    size_t did;

    while (l->len > 0 && (did = put(l, l->text, l->len)) > 0) {
        memmove(l->text, l->text + did, l->len - did);
        l->len -= did;
    }
}

static void on_retry(uv_timer_t *t)
{
    struct log *l = t->data;

    flush(l);
    if (l->len > 0)
        return;
    uv_timer_stop(t);
    if (l->lost > 0) {
        char line[64];
        int n = snprintf(line, sizeof(line), "%lu lines were lost here: nobody read\n", l->lost);

        l->lost = 0;
        log_write(l, line, (size_t)n);
    }
}

void log_write(struct log *l, const char *line, size_t n)
{
    flush(l);
    while (l->len == 0 && n > 0) {
        size_t did = put(l, line, n);

        if (did == 0)
            break;
        line += did;
        n -= did;
    }
    if (n == 0)
        return;
    if (l->len + n > ROOM) {
        l->lost++;
        return;
    }
    memcpy(l->text + l->len, line, n);
    l->len += n;
    uv_timer_start(&l->retry, on_retry, RETRY, RETRY);
}

static void free_log(uv_handle_t *h)
{
    free(h->data);
}

void log_close(struct log *l)
{
    if (!l)
        return;
    flush(l);
    uv_close((uv_handle_t *)&l->retry, free_log);
}
