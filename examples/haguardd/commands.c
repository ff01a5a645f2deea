/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "commands.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "live.h"
#include "views.h"

#define WORDS_MAX 8

struct request {
    struct app *app;
    hag_cluster cluster;
    const char *cluster_name;
    const char *words[WORDS_MAX]; /* after the command and the cluster */
    size_t n;
    int follow;
    struct buf *out;
};

void command_end(struct buf *out, int code, const char *text)
{
    json_begin(out);
    json_text(out, "type", "end");
    json_number(out, "code", (uint64_t)code);
    json_text(out, "text", text);
    json_end(out);
}

static hag_time now(const struct request *r)
{
    return uv_now(&r->app->loop);
}

/* The value behind KEY=, NULL when there is none. */
static const char *value(const struct request *r, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < r->n; i++)
        if (strncmp(r->words[i], key, n) == 0 && r->words[i][n] == '=')
            return r->words[i] + n + 1;
    return NULL;
}

static int flag(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->words[i], name) == 0)
            return 1;
    return 0;
}

/* NOT_FOUND: there is nothing to resume or to confirm. */
static void end(const struct request *r, int32_t err)
{
    int refused = err == HAG_ERR_REFUSED || err == HAG_ERR_NOT_FOUND;
    int code = err == HAG_OK ? CODE_DONE : refused ? CODE_REFUSED : CODE_FAILED;

    command_end(r->out, code, err == HAG_OK ? "done" : hag_errmsg(r->app->guard));
}

/* 0 and an answer when a node is named that is none. */
static int find_node(const struct request *r, const char *name, hag_node *node)
{
    char text[160];

    *node = name ? hag_node_find(r->app->guard, r->cluster, name) : 0;
    if (!name || *node != 0)
        return 1;
    snprintf(text, sizeof(text), "cluster %s has no node %.63s; status lists them", r->cluster_name,
             name);
    command_end(r->out, CODE_NOT_FOUND, text);
    return 0;
}

static void do_status(struct request *r)
{
    hag_cluster c = r->cluster;

    if (c != 0) {
        view_cluster(r->app, c, r->out);
    } else {
        while ((c = hag_cluster_next(r->app->guard, c)) != 0)
            view_cluster(r->app, c, r->out);
        for (size_t i = 0; i < r->app->conf->nclusters; i++)
            if (!r->app->conf->clusters[i].service)
                view_waiting(&r->app->conf->clusters[i], r->out);
    }
    end(r, HAG_OK);
}

static void do_explain(struct request *r)
{
    int32_t n = hag_cluster_explain(r->app->guard, r->cluster, now(r), NULL, 0);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);

    if (!text) {
        command_end(r->out, CODE_FAILED, n < 0 ? hag_errmsg(r->app->guard) : "no memory");
        return;
    }
    hag_cluster_explain(r->app->guard, r->cluster, now(r), text, (size_t)n + 1);
    json_begin(r->out);
    json_text(r->out, "type", "explain");
    json_text(r->out, "cluster", r->cluster_name);
    json_text(r->out, "text", text);
    json_end(r->out);
    free(text);
    end(r, HAG_OK);
}

typedef int32_t order_fn(hag_guard *g, hag_cluster c, hag_node to, uint32_t flags, hag_time now,
                         struct hag_answer *out);

static void order(struct request *r, const char *what, order_fn *fn, uint32_t flags)
{
    struct hag_answer a = {.size = sizeof(a)};
    int dry = flag(r, "dry-run");
    hag_node to;
    int32_t err;

    if (!find_node(r, value(r, "to"), &to))
        return;
    err = fn(r->app->guard, r->cluster, to, flags | (dry ? HAG_OPERATE_DRY_RUN : 0u), now(r), &a);
    json_begin(r->out);
    json_text(r->out, "type", "answer");
    json_text(r->out, "order", what);
    json_text(r->out, "cluster", r->cluster_name);
    json_flag(r->out, "dry_run", dry);
    json_flag(r->out, "refused", err != HAG_OK);
    json_text(r->out, "target", view_node_name(r->app, a.target));
    json_list(r->out, "reasons");
    for (uint32_t i = 0; i < a.nreasons; i++) {
        json_item(r->out);
        json_text(r->out, "reason", hag_name(HAG_NAMES_WHY, a.reasons[i]));
        json_text(r->out, "node", view_node_name(r->app, a.about[i]));
        json_text(r->out, "text", hag_why_text(a.reasons[i]));
        json_item_end(r->out);
    }
    json_list_end(r->out);
    json_end(r->out);
    if (err == HAG_OK && !dry)
        say(r->app, HAG_SEVERITY_NOTICE, "order", r->cluster_name, "%s by haguardctl", what);
    if (err == HAG_OK)
        command_end(r->out, CODE_DONE, dry ? "it could begin" : "ordered");
    else
        end(r, err);
}

static void do_failover(struct request *r)
{
    order(r, "failover", hag_cluster_failover,
          flag(r, "data-loss") ? (uint32_t)HAG_OPERATE_DATA_LOSS : 0u);
}

static void do_switchover(struct request *r)
{
    order(r, "switchover", hag_cluster_switchover, 0);
}

/* 90s, 15m, 1h, 2d, 500ms; 0: none of these. */
static uint64_t duration(const char *s)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    uint64_t v = 0;
    size_t digits = 0;

    while (isdigit((unsigned char)s[digits]) && digits < 10)
        v = v * 10 + (uint64_t)(s[digits++] - '0');
    for (size_t i = 0; digits > 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(s + digits, units[i].unit) == 0)
            return v * units[i].ms;
    return 0;
}

static void do_pause(struct request *r)
{
    const char *time = value(r, "for"), *owner = value(r, "owner");
    uint64_t ms = time ? duration(time) : 0;

    if (ms == 0) {
        command_end(
            r->out, CODE_USAGE,
            "a pause needs the time that it lasts, as for=1h; so that it is never forgotten");
        return;
    }
    end(r, hag_cluster_pause(r->app->guard, r->cluster, owner && *owner ? owner : "haguardctl", ms,
                             now(r)));
}

static void do_resume(struct request *r)
{
    end(r, hag_cluster_resume(r->app->guard, r->cluster, now(r)));
}

static void do_confirm(struct request *r)
{
    hag_node node;

    if (!find_node(r, value(r, "node"), &node))
        return;
    end(r, hag_cluster_confirm(r->app->guard, r->cluster, node, now(r)));
}

static void give(void *ud, const char *line, size_t n)
{
    buf_put(ud, line, n);
}

static void do_events(struct request *r)
{
    r->follow = flag(r, "follow");
    if (!flag(r, "new"))
        events_recent(r->app->events, give, r->out);
    if (!r->follow)
        end(r, HAG_OK);
}

static void do_reload(struct request *r)
{
    struct mistakes m = {0};
    int refused;

    reload_now(r->app, &m);
    refused = m.n > 0;
    for (size_t i = 0; i < m.n; i++) {
        json_begin(r->out);
        json_text(r->out, "type", "mistake");
        json_text(r->out, "file", r->app->file);
        json_number(r->out, "line", (uint64_t)m.v[i].line);
        json_text(r->out, "text", m.v[i].text);
        json_end(r->out);
    }
    mistakes_free(&m);
    command_end(r->out, refused ? CODE_REFUSED : CODE_DONE,
                refused ? "the configuration has mistakes; nothing was changed" : "done");
}

enum { NO_CLUSTER, MAY_HAVE_CLUSTER, A_CLUSTER };

static const struct command {
    const char *name;
    void (*run)(struct request *r);
    int cluster;
    const char *takes; /* words, and keys before '=', each between blanks */
} commands[] = {
    {"status", do_status, MAY_HAVE_CLUSTER, " "},
    {"explain", do_explain, A_CLUSTER, " "},
    {"failover", do_failover, A_CLUSTER, " to= data-loss dry-run "},
    {"switchover", do_switchover, A_CLUSTER, " to= dry-run "},
    {"pause", do_pause, A_CLUSTER, " for= owner= "},
    {"resume", do_resume, A_CLUSTER, " "},
    {"confirm", do_confirm, A_CLUSTER, " node= "},
    {"events", do_events, NO_CLUSTER, " follow new "},
    {"reload", do_reload, NO_CLUSTER, " "},
};

static int taken(const struct command *c, const char *word)
{
    char key[64];
    size_t n = strcspn(word, "=");

    n += word[n] == '=';
    if (n == 0 || n > sizeof(key) - 3 || strcspn(word, " ") < n)
        return 0;
    snprintf(key, sizeof(key), " %.*s ", (int)n, word);
    return strstr(c->takes, key) != NULL;
}

static void usage(struct buf *out, const char *what, const char *word)
{
    char text[200];

    snprintf(text, sizeof(text), "%s \"%.60s\"; haguardctl(1) has all that can be asked", what,
             word);
    command_end(out, CODE_USAGE, text);
}

int command_run(struct app *app, char *line, struct buf *out)
{
    struct request r = {.app = app, .out = out};
    const struct command *c = commands, *past = commands + sizeof(commands) / sizeof(commands[0]);
    char *rest = line, *name, *word;
    size_t n = strlen(line);

    if (n > 0 && line[n - 1] == '\r')
        line[n - 1] = '\0';
    name = strsep(&rest, "\t");
    while (c < past && strcmp(c->name, name) != 0)
        c++;
    if (c == past) {
        usage(out, "there is no command", name);
        return 0;
    }
    while ((word = strsep(&rest, "\t"))) {
        if (c->cluster != NO_CLUSTER && !r.cluster_name) {
            r.cluster_name = word;
            r.cluster = hag_cluster_find(app->guard, word);
        } else if (r.n == WORDS_MAX || !taken(c, word)) {
            usage(out, "the command does not take", word);
            return 0;
        } else {
            r.words[r.n++] = word;
        }
    }
    if (c->cluster == A_CLUSTER && !r.cluster_name) {
        usage(out, "name a cluster after", name);
        return 0;
    }
    if (r.cluster_name && r.cluster == 0) {
        char text[160];

        snprintf(text, sizeof(text),
                 conf_cluster(app->conf, r.cluster_name)
                     ? "cluster %.63s waits until its nodes are resolved; status lists them"
                     : "there is no cluster %.63s; status lists them",
                 r.cluster_name);
        command_end(out, CODE_NOT_FOUND, text);
        return 0;
    }
    c->run(&r);
    return r.follow;
}
