/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "control.h"
#include "log.h"

#define KEPT 256 /* lines for those who ask what was */

struct events {
    uint64_t counts[HAG_EV_MAX];
    char *lines[KEPT];
    size_t next; /* the oldest */
};

struct told { /* one event, for both kinds of reader */
    uint32_t severity;
    const char *event;
    const char *cluster;
    const char *node;
    const char *reason; /* or the alert */
    const char *text;
    const struct hag_action *a; /* NULL: of the daemon itself */
};

struct events *events_open(struct app *app)
{
    (void)app;
    return must(calloc(1, sizeof(struct events)));
}

void events_close(struct events *e)
{
    for (size_t i = 0; e && i < KEPT; i++)
        free(e->lines[i]);
    free(e);
}

static void as_json(const struct app *app, struct buf *b, const struct told *t)
{
    const struct hag_action *a = t->a;
    struct timespec now;
    struct tm tm;
    char at[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    snprintf(at, sizeof(at), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000);
    json_begin(b);
    json_text(b, "type", "event");
    json_text(b, "time", at);
    json_text(b, "guard", app->conf ? app->conf->name : NULL);
    json_text(b, "severity", hag_name(HAG_NAMES_SEVERITY, t->severity));
    json_text(b, "event", t->event);
    json_text(b, "cluster", t->cluster);
    json_text(b, "node", t->node);
    if (a) {
        json_text(b, "reason", hag_name(HAG_NAMES_WHY, a->reason));
        json_text(b, "alert", a->alert ? hag_name(HAG_NAMES_ALERT, a->alert) : NULL);
        json_text(b, "target", a->target_name && *a->target_name ? a->target_name : NULL);
        json_text(b, "procedure",
                  a->procedure ? hag_name(HAG_NAMES_PROCEDURE, a->procedure) : NULL);
        json_number(b, "term", a->term);
    }
    json_text(b, "text", t->text);
    json_end(b);
}

static void as_line(const struct app *app, struct buf *b, const struct told *t)
{
    static const int priority[] = {6, 5, 4, 1}; /* syslog(3): info, notice, warning, alert */
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    if (log_is_journal(app->log))
        buf_add(b, "<%d>", priority[t->severity & 3]);
    else
        buf_add(b, "%02d:%02d:%02d.%03ld  ", tm.tm_hour, tm.tm_min, tm.tm_sec,
                now.tv_nsec / 1000000);
    buf_add(b, "%-7s  %-12s  %-10s  %-10s  %-16s  %s\n", hag_name(HAG_NAMES_SEVERITY, t->severity),
            t->cluster ? t->cluster : "-", t->event, t->node ? t->node : "-",
            t->reason ? t->reason : "-", t->text);
}

static void keep(struct events *e, const char *line, size_t n)
{
    char *copy = strndup(line, n);

    if (!copy)
        return;
    free(e->lines[e->next]);
    e->lines[e->next] = copy;
    e->next = (e->next + 1) % KEPT;
}

static void tell(struct app *app, const struct told *t)
{
    struct buf json = {0}, line = {0};

    as_json(app, &json, t);
    if (!json.failed) {
        keep(app->events, json.p, json.len);
        control_publish(app->control, json.p, json.len);
    }
    if (app->conf && app->conf->json) {
        if (!json.failed)
            log_write(app->log, json.p, json.len);
    } else {
        as_line(app, &line, t);
        if (!line.failed)
            log_write(app->log, line.p, line.len);
    }
    buf_free(&json);
    buf_free(&line);
}

static void note_procedure(const struct hag_action *a)
{
    struct service *s = (struct service *)(uintptr_t)a->user_cluster;

    if (!s || a->event != HAG_EV_END)
        return;
    if (a->procedure == HAG_PROC_FAILOVER)
        s->last_failover = a->arg;
    if (a->procedure == HAG_PROC_SWITCHOVER)
        s->last_switchover = a->arg;
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

void events_hook(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct app *app = ud;
    const char *event = hag_name(HAG_NAMES_EVENT, a->event);
    struct told t = {.severity = a->severity,
                     .event = event ? event : "?",
                     .cluster = or_null(a->cluster_name),
                     .node = or_null(a->node_name),
                     .text = a->text ? a->text : "",
                     .a = a};

    (void)g;
    if (a->event < HAG_EV_MAX)
        app->events->counts[a->event]++;
    note_procedure(a);
    t.reason = a->alert    ? hag_name(HAG_NAMES_ALERT, a->alert)
               : a->reason ? hag_name(HAG_NAMES_WHY, a->reason)
                           : NULL;
    tell(app, &t);
}

void say(struct app *app, uint32_t severity, const char *what, const char *cluster, const char *fmt,
         ...)
{
    struct told t = {.severity = severity, .event = what, .cluster = cluster, .reason = "haguardd"};
    char *text;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    t.text = text ? text : fmt;
    tell(app, &t);
    free(text);
}

void events_recent(const struct events *e, void (*give)(void *ud, const char *line, size_t n),
                   void *ud)
{
    for (size_t i = 0; i < KEPT; i++) {
        const char *line = e->lines[(e->next + i) % KEPT];

        if (line)
            give(ud, line, strlen(line));
    }
}

uint64_t events_count(const struct events *e, uint32_t event)
{
    return event < HAG_EV_MAX ? e->counts[event] : 0;
}
