/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "events.h"
#include "live.h"
#include "nodes.h"
#include "records.h"
#include "resolve.h"

/* First everything that could go wrong is looked at, then what differs is changed. */

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What a process has opened for good. */
static void check_fixed(const struct conf *old, const struct conf *new, struct mistakes *m)
{
    const struct {
        const char *key;
        int same;
    } fixed[] = {
        {"name", same_text(old->name, new->name)},
        {"state-dir", same_text(old->state_dir, new->state_dir)},
        {"socket", same_text(old->socket, new->socket)},
        {"socket-mode", old->socket_mode == new->socket_mode},
        {"socket-group", same_text(old->socket_group, new->socket_group)},
        {"metrics",
         same_text(old->metrics_host, new->metrics_host) && old->metrics_port == new->metrics_port},
        {"plugin-dir", same_text(old->plugin_dir, new->plugin_dir)},
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        const struct ini_setting *s = ini_find(new->general, fixed[i].key);

        if (!fixed[i].same)
            mistake(m,
                    s              ? s->line
                    : new->general ? new->general->line
                                   : 0,
                    "%s cannot change while haguardd runs; restart it, or put the old value back",
                    fixed[i].key);
    }
}

static int same_name(const struct conf_plugin *a, const struct conf_plugin *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

static int other_plugins(const struct conf_cluster *old, const struct conf_cluster *new)
{
    return !same_name(old->store, new->store) || !same_name(old->dns, new->dns);
}

static void check_node(struct app *app, const struct conf_cluster *old,
                       const struct conf_cluster *new, const struct conf_node *n,
                       struct mistakes *m)
{
    const struct conf_node *was = conf_node(old, n->spec.name);

    (void)app;
    for (size_t i = 0; i < old->nnodes; i++) {
        const struct conf_node *other = &old->nodes[i];

        if (other != was && conf_node(new, other->spec.name) &&
            (node_same_host(other, n) || (!n->host && strcmp(other->addr, n->addr) == 0)))
            mistake(m, n->at->line,
                    "node %s takes the address that node %s has until now; change them in two "
                    "reloads",
                    n->spec.name, other->spec.name);
    }
}

static void check_cluster(struct app *app, const struct conf_cluster *old,
                          const struct conf_cluster *new, struct mistakes *m)
{
    struct hag_cluster_info info = {.size = sizeof(info)};
    hag_cluster id = old->service->id;

    hag_cluster_get(app->guard, id, &info);
    for (size_t i = 0; i < old->nnodes; i++) {
        const char *name = old->nodes[i].spec.name;

        if (conf_node(new, name))
            continue;
        if (info.primary != 0 && hag_node_find(app->guard, id, name) == info.primary)
            mistake(m, new->at->line,
                    "node %s is the primary of %s; switch over before it is taken out", name,
                    new->name);
        else if (info.procedure != HAG_PROC_NONE)
            mistake(m, new->at->line, "a %s of %s is running; take node %s out when it has ended",
                    hag_name(HAG_NAMES_PROCEDURE, info.procedure), new->name, name);
    }
    for (size_t i = 0; i < new->nnodes; i++)
        check_node(app, old, new, &new->nodes[i], m);
}

static void check(struct app *app, const struct conf *new, struct mistakes *m)
{
    check_fixed(app->conf, new, m);
    for (size_t i = 0; i < new->nclusters; i++) {
        const struct conf_cluster *old = conf_cluster(app->conf, new->clusters[i].name);

        if (old && old->service)
            check_cluster(app, old, &new->clusters[i], m);
        if ((!old || !old->service) && records_busy(app->records, new->clusters[i].name))
            mistake(m, new->clusters[i].at->line,
                    "the record of %s is being written just now; reload once more",
                    new->clusters[i].name);
    }
}

struct changes {
    unsigned added, removed, changed, plugins;
};

/* Instances that stay are handed over; new ones are opened beside those that they replace. */
static void change_plugins(struct app *app, struct conf *new, struct changes *did)
{
    for (size_t i = 0; i < new->nplugins; i++) {
        struct conf_plugin *p = &new->plugins[i];
        struct conf_plugin *old = conf_plugin(app->conf, p->at->kind, p->name);

        if (old && strcmp(old->module, p->module) == 0 && strcmp(old->settings, p->settings) == 0 &&
            old->files == p->files) {
            p->id = old->id;
            continue;
        }
        did->plugins++;
        if (build_plugin(app->guard, new, p, NULL, uv_now(&app->loop), &p->id) == HAG_OK)
            continue;
        say(app, HAG_SEVERITY_ALARM, "reload", NULL, "[%s %s] %s: %s", p->at->kind, p->name,
            old ? "keeps its old settings" : "is not there", hag_errmsg(app->guard));
        p->id = old ? old->id : 0;
    }
}

static void remove_plugins(struct app *app, const struct conf *new)
{
    for (size_t i = 0; i < app->conf->nplugins; i++) {
        const struct conf_plugin *old = &app->conf->plugins[i];
        const struct conf_plugin *p = conf_plugin(new, old->at->kind, old->name);

        if (old->id != 0 && (!p || p->id != old->id))
            hag_plugin_remove(app->guard, old->id, uv_now(&app->loop));
    }
}

static int same_settings(hag_guard *g, hag_policy a, hag_policy b)
{
    struct hag_setting s = {.size = sizeof(s)};

    for (uint32_t i = 0; hag_setting_get(i, &s) == HAG_OK; i++) {
        int64_t x = 0, y = 0;

        hag_policy_get(g, a, s.key, &x);
        hag_policy_get(g, b, s.key, &y);
        if (x != y)
            return 0;
    }
    return 1;
}

static int change_settings(struct app *app, const struct conf *new, const struct conf_cluster *old,
                           const struct conf_cluster *k)
{
    struct mistakes none = {0};
    hag_policy was = build_policy(app->guard, app->conf, old, &none);
    hag_policy now = build_policy(app->guard, new, k, &none);
    int differs = !same_settings(app->guard, was, now);

    if (differs &&
        hag_cluster_set_policy(app->guard, k->service->id, now, uv_now(&app->loop)) != HAG_OK)
        say(app, HAG_SEVERITY_ALARM, "reload", k->name, "%s", hag_errmsg(app->guard));
    hag_policy_free(app->guard, was);
    hag_policy_free(app->guard, now);
    return differs;
}

static int change_nodes(struct app *app, const struct conf_cluster *old,
                        const struct conf_cluster *k)
{
    hag_cluster id = k->service->id;
    hag_time now = uv_now(&app->loop);
    int changed = 0;

    for (size_t i = 0; i < old->nnodes; i++) {
        const char *name = old->nodes[i].spec.name;
        hag_node node = hag_node_find(app->guard, id, name);

        if (conf_node(k, name))
            continue;
        changed = 1;
        if (node != 0 && hag_node_remove(app->guard, node, now) != HAG_OK)
            say(app, HAG_SEVERITY_ALARM, "reload", k->name, "%s", hag_errmsg(app->guard));
    }
    for (size_t i = 0; i < k->nnodes; i++) {
        struct conf_node *n = &k->nodes[i];
        const struct conf_node *was = conf_node(old, n->spec.name);
        hag_node node = hag_node_find(app->guard, id, n->spec.name);

        if (was && node_same(was, n))
            continue;
        changed = 1;
        if (node == 0)
            live__add_node(app, k, n);
        else if (hag_node_set(app->guard, node, node_spec(n), now) != HAG_OK)
            say(app, HAG_SEVERITY_ALARM, "reload", k->name, "%s", hag_errmsg(app->guard));
    }
    return changed;
}

/* The new one is there before the old one goes: at no moment nobody handles what they do. */
static void rebind(struct app *app, const struct conf_plugin *old, const struct conf_plugin *new,
                   const struct conf_cluster *k)
{
    hag_plugin_id was = old ? old->id : 0, id = new ? new->id : 0;
    hag_time now = uv_now(&app->loop);

    if (was == id)
        return;
    if ((id != 0 && hag_cluster_bind(app->guard, k->service->id, id, now) != HAG_OK) ||
        (was != 0 && hag_cluster_unbind(app->guard, k->service->id, was, now) != HAG_OK))
        say(app, HAG_SEVERITY_ALARM, "reload", k->name, "%s", hag_errmsg(app->guard));
}

static void change_cluster(struct app *app, const struct conf *new, struct conf_cluster *old,
                           struct conf_cluster *k, struct changes *did)
{
    int changed = other_plugins(old, k);

    k->service = old->service;
    old->service = NULL;
    rebind(app, old->store, k->store, k);
    rebind(app, old->dns, k->dns, k);
    changed |= change_settings(app, new, old, k);
    changed |= change_nodes(app, old, k);
    if (strcmp(old->zone, k->zone) != 0) {
        changed = 1;
        hag_cluster_prefer_zone(app->guard, k->service->id, k->zone);
    }
    if (!same_text(old->command, k->command)) {
        changed = 1;
        live__set_command(k->service, k);
    }
    did->changed += (unsigned)changed;
}

static void change(struct app *app, struct conf *new)
{
    struct conf *old = app->conf;
    struct changes did = {0};

    change_plugins(app, new, &did);
    resolve_change(app, new);
    for (size_t i = 0; i < old->nclusters; i++) {
        struct conf_cluster *k = &old->clusters[i];

        if (!k->service || conf_cluster(new, k->name))
            continue;
        say(app, HAG_SEVERITY_NOTICE, "reload", k->name,
            "it is not guarded any more; its record stays in %s", new->state_dir);
        live__remove_cluster(app, k->service);
        k->service = NULL;
        did.removed++;
    }
    for (size_t i = 0; i < new->nclusters; i++) {
        struct conf_cluster *k = &new->clusters[i], *was = conf_cluster(old, k->name);

        if (was && was->service)
            change_cluster(app, new, was, k, &did);
        else if (!resolve_waits(k))
            did.added += (unsigned)live__add_cluster(app, new, k);
    }
    remove_plugins(app, new);
    live__set_defaults(app, new);
    app->conf = new;
    resolve_sync(app);
    say(app, HAG_SEVERITY_NOTICE, "reload", NULL,
        "done: %u added, %u removed, %u changed; %u stores or dns opened anew", did.added,
        did.removed, did.changed, did.plugins);
    conf_free(old);
}

void live_reload(struct app *app, struct mistakes *m)
{
    struct conf *new = conf_read(app->file, m);

    build_try(new, app->conf, m);
    resolve_carry(app->conf, new);
    if (m->n == 0)
        check(app, new, m);
    if (m->n > 0) {
        mistakes_sort(m);
        conf_free(new);
        return;
    }
    change(app, new);
}
