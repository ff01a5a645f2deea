/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "recording.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define EVERY 100   /* ms between two looks for what is there */
#define CLOCK 60000 /* ms after which the time of day is noted again: it may have been set */

struct bytes {
    uint8_t *v;
    size_t n, cap;
};

struct recording {
    struct app *app; /* NULL once the guard is gone */
    uv_loop_t *loop;
    int fd;
    char *file;
    uv_timer_t timer;
    uv_fs_t req;
    int writing, over, closed;
    struct bytes out, next; /* out is being written */
    size_t done;            /* of out */
    uint64_t clock_at;
};

/* The one before is kept: it may be what somebody restarted the daemon for. */
static int keep_old(const char *file, char *why, size_t len)
{
    struct stat st;
    char *old;
    int ok;

    if (lstat(file, &st) != 0)
        return 1; /* making it says what is wrong */
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, len, "--record %s: that is no regular file; name another one", file);
        return 0;
    }
    if (asprintf(&old, "%s.1", file) < 0)
        errx(1, "no memory");
    ok = rename(file, old) == 0;
    if (!ok)
        snprintf(why, len, "--record %s: the old one cannot be kept as %s: %s", file, old,
                 strerror(errno));
    free(old);
    return ok;
}

struct recording *recording_open(const char *file, char *why, size_t len)
{
    struct recording *r;
    int fd;

    if (!keep_old(file, why, len))
        return NULL;
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(why, len, "--record %s: %s; make its directory writable, or name another file",
                 file, strerror(errno));
        return NULL;
    }
    r = must(calloc(1, sizeof(*r)));
    r->file = must(strdup(file));
    r->fd = fd;
    return r;
}

static void free_when_done(struct recording *r)
{
    if (r->writing || !r->closed)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->out.v);
    free(r->next.v);
    free(r->file);
    free(r);
}

/* Nothing is recorded any more, and that is said once. */
static void give_up(struct recording *r, const char *why)
{
    if (r->over)
        return;
    r->over = 1;
    r->out.n = r->next.n = r->done = 0;
    if (!r->app) {
        warnx("%s lacks its end: %s", r->file, why);
        return;
    }
    hag_record_end(r->app->guard);
    uv_timer_stop(&r->timer);
    say(r->app, HAG_SEVERITY_WARNING, "recording", NULL,
        "%s ends here: %s; the clusters are guarded all the same", r->file, why);
}

static void write_out(struct recording *r);

static void on_written(uv_fs_t *req)
{
    struct recording *r = req->data;
    ssize_t did = req->result;

    uv_fs_req_cleanup(req);
    r->writing = 0;
    if (did < 0) {
        give_up(r, uv_strerror((int)did));
    } else {
        r->done += (size_t)did;
        write_out(r);
    }
    if (!r->app)
        free_when_done(r);
}

static void write_out(struct recording *r)
{
    struct bytes was = r->out;
    uv_buf_t buf;

    if (r->writing || r->over)
        return;
    if (r->done == r->out.n) {
        r->out = r->next;
        r->next = was;
        r->next.n = r->done = 0;
    }
    if (r->done == r->out.n)
        return;
    buf = uv_buf_init((char *)r->out.v + r->done, (unsigned)(r->out.n - r->done));
    r->req.data = r;
    r->writing = uv_fs_write(r->loop, &r->req, r->fd, &buf, 1, -1, on_written) == 0;
}

/* What the guard has goes to next. 0: the recording has ended by itself. */
static int take(struct recording *r)
{
    struct bytes *b = &r->next;
    int32_t more;
    size_t n;

    do {
        if (b->cap - b->n < 4096) {
            b->cap = 2 * b->cap + 65536;
            b->v = must(realloc(b->v, b->cap));
        }
        more = hag_record_take(r->app->guard, b->v + b->n, b->cap - b->n, &n);
        if (more >= 0)
            b->n += n;
    } while (more > 0);
    return more == 0;
}

static void note_clock(struct recording *r)
{
    struct timespec t;
    uint64_t now = uv_now(r->loop);

    if (r->clock_at != 0 && now - r->clock_at < CLOCK)
        return;
    r->clock_at = now;
    clock_gettime(CLOCK_REALTIME, &t);
    hag_record_clock(r->app->guard, (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000, now);
}

/* While a write takes long, the guard keeps the log: up to its limit, and then it says so. */
static void on_timer(uv_timer_t *timer)
{
    struct recording *r = timer->data;

    note_clock(r);
    if (r->writing)
        return;
    if (!take(r)) {
        give_up(r, hag_errmsg(r->app->guard));
        return;
    }
    write_out(r);
}

void recording_start(struct app *app)
{
    struct recording *r = app->recording;

    if (!r)
        return;
    r->app = app;
    r->loop = &app->loop;
    note_clock(r);
    uv_timer_init(r->loop, &r->timer);
    r->timer.data = r;
    uv_timer_start(&r->timer, on_timer, EVERY, EVERY);
    uv_unref((uv_handle_t *)&r->timer);
}

static void on_closed(uv_handle_t *h)
{
    struct recording *r = h->data;

    r->closed = 1;
    free_when_done(r);
}

void recording_end(struct app *app)
{
    struct recording *r = app->recording;

    if (!r)
        return;
    app->recording = NULL;
    if (!r->over) {
        hag_record_end(app->guard);
        (void)take(r);
    }
    r->app = NULL;
    write_out(r);
    uv_close((uv_handle_t *)&r->timer, on_closed);
}
