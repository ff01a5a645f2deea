/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "mistakes.h"

struct kept {
    char *host;
    char *ip;
};

struct addresses {
    uv_work_t work;  /* first, so that the work is its addresses */
    struct app *app; /* NULL: closed */
    struct kept *kept;
    size_t n;
    char *path;
    char *path_next;
    char *writing; /* by the thread */
    char *waiting; /* until it has ended */
    int failed;    /* errno of the last write */
    int told;
};

static int numeric(const char *text)
{
    unsigned char bytes[16];

    return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes) == 1;
}

static void read_kept(struct addresses *a)
{
    FILE *f = fopen(a->path, "re");
    char line[512], host[256], ip[64], rest;

    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%255s %63s %c", host, ip, &rest) != 2 || !numeric(ip))
            continue;
        a->kept = must(realloc(a->kept, (a->n + 1) * sizeof(*a->kept)));
        a->kept[a->n++] = (struct kept){must(strdup(host)), must(strdup(ip))};
    }
    if (f)
        fclose(f);
}

struct addresses *addresses_open(struct app *app)
{
    struct addresses *a = must(calloc(1, sizeof(*a)));

    a->app = app;
    if (asprintf(&a->path, "%s/addresses", app->conf->state_dir) < 0 ||
        asprintf(&a->path_next, "%s/addresses.next", app->conf->state_dir) < 0)
        must(NULL);
    read_kept(a);
    return a;
}

const char *addresses_find(const struct addresses *a, const char *host)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->kept[i].host, host) == 0)
            return a->kept[i].ip;
    return NULL;
}

static void finish(struct addresses *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->kept[i].host);
        free(a->kept[i].ip);
    }
    free(a->kept);
    free(a->path);
    free(a->path_next);
    free(a);
}

static int write_all(int fd, const char *text)
{
    size_t n = strlen(text);

    while (n > 0) {
        ssize_t did = write(fd, text, n);

        if (did < 0 && errno != EINTR)
            return -1;
        text += did > 0 ? did : 0;
        n -= did > 0 ? (size_t)did : 0;
    }
    return fsync(fd);
}

/* In a thread. */
static void on_work(uv_work_t *w)
{
    struct addresses *a = (struct addresses *)w;
    int fd = open(a->path_next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    a->failed = fd < 0 || write_all(fd, a->writing) ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (!a->failed && rename(a->path_next, a->path))
        a->failed = errno;
}

static void begin(struct addresses *a);

static void on_written(uv_work_t *w, int status)
{
    struct addresses *a = (struct addresses *)w;

    (void)status;
    free(a->writing);
    a->writing = NULL;
    if (a->app && a->failed && !a->told)
        say(a->app, HAG_SEVERITY_WARNING, "resolve", NULL,
            "where nodes were found cannot be kept in %s: %s; a start without DNS will miss it",
            a->path, strerror(a->failed));
    a->told = a->failed;
    if (a->waiting)
        begin(a);
    else if (!a->app)
        finish(a);
}

static void begin(struct addresses *a)
{
    a->writing = a->waiting;
    a->waiting = NULL;
    uv_queue_work(a->work.loop, &a->work, on_work, on_written);
}

void addresses_save(struct addresses *a, char *text)
{
    free(a->waiting);
    a->waiting = text;
    a->work.loop = &a->app->loop;
    if (!a->writing)
        begin(a);
}

void addresses_close(struct addresses *a)
{
    a->app = NULL;
    if (!a->writing)
        finish(a);
}
