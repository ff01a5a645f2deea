/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "show.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mistakes.h"

#define COLUMNS_MAX 9

struct table {
    const char *const *head; /* ends with NULL */
    char **cells;
    size_t n;
};

struct show {
    struct table clusters;
    struct table nodes;
};

static const char *const cluster_head[] = {"CLUSTER",   "STATE", "TERM",   "PRIMARY",
                                           "CANDIDATE", "DOING", "ALERTS", NULL};
static const char *const node_head[] = {"CLUSTER", "NODE",  "ADDRESS",    "ROLE",   "VERDICT",
                                        "FOR",     "PROBE", "PROMOTABLE", "ALERTS", NULL};

struct show *show_new(void)
{
    struct show *s = must(calloc(1, sizeof(*s)));

    s->clusters.head = cluster_head;
    s->nodes.head = node_head;
    return s;
}

static void cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void cell(struct table *t, const char *fmt, ...)
{
    char *text;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    t->cells = must(realloc(t->cells, (t->n + 1) * sizeof(*t->cells)));
    t->cells[t->n++] = must(text);
}

static size_t columns(const struct table *t)
{
    size_t n = 0;

    while (t->head[n])
        n++;
    return n;
}

static void print_row(const char *const *row, const size_t *width, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%-*s%s", i + 1 < n ? (int)width[i] : 0, row[i], i + 1 < n ? "  " : "\n");
}

static void print_table(struct table *t)
{
    size_t n = columns(t), width[COLUMNS_MAX] = {0};

    for (size_t i = 0; i < n; i++)
        width[i] = strlen(t->head[i]);
    for (size_t i = 0; i < t->n; i++)
        if (strlen(t->cells[i]) > width[i % n])
            width[i % n] = strlen(t->cells[i]);
    print_row(t->head, width, n);
    for (size_t i = 0; i < t->n; i += n)
        print_row((const char *const *)t->cells + i, width, n);
    for (size_t i = 0; i < t->n; i++)
        free(t->cells[i]);
    free(t->cells);
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "-";
}

static long long number(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

static int is_true(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

/* "3d4h", "12m5s", "250ms": the two largest units. */
static const char *duration(long long ms, char out[32])
{
    static const struct {
        long long ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};

    for (size_t i = 0; i < 4; i++) {
        long long rest = ms % units[i].ms;

        if (ms < units[i].ms)
            continue;
        if (i < 3 && rest / units[i + 1].ms > 0)
            snprintf(out, 32, "%lld%s%lld%s", ms / units[i].ms, units[i].unit,
                     rest / units[i + 1].ms, units[i + 1].unit);
        else
            snprintf(out, 32, "%lld%s", ms / units[i].ms, units[i].unit);
        return out;
    }
    snprintf(out, 32, "%lldms", ms);
    return out;
}

static void alerts(struct table *t, const json_t *line)
{
    const json_t *list = json_object_get(line, "alerts");
    char joined[1024] = "";
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list) && n < sizeof(joined) - 64; i++)
        n += (size_t)snprintf(joined + n, 64, "%s%s", i ? "," : "",
                              json_string_value(json_array_get(list, i)));
    cell(t, "%s", n > 0 ? joined : "-");
}

static void show_cluster(struct show *s, const json_t *line)
{
    struct table *t = &s->clusters;
    char time[32];

    cell(t, "%s", text(line, "cluster"));
    cell(t, "%s", text(line, "state"));
    cell(t, "%lld", number(line, "term"));
    cell(t, "%s", text(line, "primary"));
    cell(t, "%s", text(line, "candidate"));
    if (json_is_string(json_object_get(line, "procedure")))
        cell(t, "%s: %s", text(line, "procedure"), text(line, "step"));
    else if (json_is_string(json_object_get(line, "paused_by")))
        cell(t, "paused by %s for %s", text(line, "paused_by"),
             duration(number(line, "paused_ms"), time));
    else if (!is_true(line, "deciding"))
        cell(t, "only advises");
    else
        cell(t, "%s", strcmp(text(line, "reason"), "none") == 0 ? "-" : text(line, "reason"));
    alerts(t, line);
}

static void show_node(struct show *s, const json_t *line)
{
    const char *role = text(line, "role"), *reported = text(line, "reported_role");
    struct table *t = &s->nodes;
    char time[32];

    cell(t, "%s", text(line, "cluster"));
    cell(t, "%s", text(line, "node"));
    cell(t, "%s", text(line, "addr"));
    if (strcmp(role, reported) == 0 || strcmp(reported, "unknown") == 0)
        cell(t, "%s", role);
    else
        cell(t, "%s (reports %s)", role, reported);
    if (number(line, "grace_ms") > 0)
        cell(t, "%s (%s, %s left)", text(line, "verdict"), text(line, "reason"),
             duration(number(line, "grace_ms"), time));
    else if (strcmp(text(line, "verdict"), "up") == 0)
        cell(t, "up");
    else
        cell(t, "%s (%s)", text(line, "verdict"), text(line, "reason"));
    cell(t, "%s", duration(number(line, "since_ms"), time));
    cell(t, "%s", text(line, "probe"));
    cell(t, "%s%s",
         strcmp(role, "primary") == 0                       ? "-"
         : json_is_string(json_object_get(line, "refusal")) ? "no: "
                                                            : "yes",
         strcmp(role, "primary") != 0 && json_is_string(json_object_get(line, "refusal"))
             ? text(line, "refusal")
             : "");
    alerts(t, line);
}

static void show_answer(struct show *s, const json_t *line)
{
    const json_t *reasons = json_object_get(line, "reasons");

    (void)s;
    printf("%s of %s to %s: %s\n", text(line, "order"), text(line, "cluster"), text(line, "target"),
           is_true(line, "refused")   ? "refused"
           : is_true(line, "dry_run") ? "it could begin now"
                                      : "ordered");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *r = json_array_get(reasons, i);
        int of_node = json_is_string(json_object_get(r, "node"));

        printf("  %s%s%s: %s\n", of_node ? text(r, "node") : "", of_node ? ": " : "",
               text(r, "reason"), text(r, "text"));
    }
}

static void show_explain(struct show *s, const json_t *line)
{
    (void)s;
    fputs(text(line, "text"), stdout);
}

/* What stores said is part of it: nothing in it may steer a terminal. */
static void show_event(struct show *s, const json_t *line)
{
    char out[2048];
    const char *alert = text(line, "alert"), *reason = text(line, "reason");

    (void)s;
    snprintf(out, sizeof(out), "%s  %-7s  %-12s  %-10s  %-10s  %-16s  %s", text(line, "time"),
             text(line, "severity"), text(line, "cluster"), text(line, "event"), text(line, "node"),
             *alert != '-'                 ? alert
             : strcmp(reason, "none") == 0 ? "-"
                                           : reason,
             text(line, "text"));
    for (char *p = out; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
    puts(out);
    fflush(stdout);
}

static void show_lost(struct show *s, const json_t *line)
{
    (void)s;
    fprintf(stderr, "haguardctl: %lld events were lost: they were not read in time\n",
            number(line, "count"));
}

static void show_mistake(struct show *s, const json_t *line)
{
    (void)s;
    printf("%s:%lld: %s\n", text(line, "file"), number(line, "line"), text(line, "text"));
}

static const struct {
    const char *type;
    void (*show)(struct show *s, const json_t *line);
} kinds[] = {
    {"cluster", show_cluster}, {"node", show_node},   {"answer", show_answer},
    {"explain", show_explain}, {"event", show_event}, {"lost", show_lost},
    {"mistake", show_mistake},
};

void show_line(struct show *s, const json_t *line)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].type, text(line, "type")) == 0)
            kinds[i].show(s, line);
}

void show_end(struct show *s)
{
    if (s->clusters.n > 0)
        print_table(&s->clusters);
    if (s->nodes.n > 0) {
        puts("");
        print_table(&s->nodes);
    }
    free(s);
}
