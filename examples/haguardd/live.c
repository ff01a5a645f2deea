/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "live.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "events.h"
#include "nodes.h"
#include "records.h"
#include "reload.h"
#include "resolve.h"

/* The record of a cluster that was just set up goes to the guard before it looks at anything. */
static void restore(struct app *app, const struct service *s)
{
    struct hag_cluster_info info = {.size = sizeof(info)};
    uint64_t version;
    uint8_t *bytes;
    int32_t r = HAG_OK;
    size_t n;
    int failed = record_read(app->conf->state_dir, s->name, &bytes, &n, &version);

    record_kept(s->record, 0);
    if (failed != 0 && failed != EBADMSG)
        say(app, HAG_SEVERITY_ALARM, "record", s->name, "it cannot be read: %s", strerror(failed));
    if (n > 0)
        r = hag_cluster_restore(app->guard, s->id, bytes, n, uv_now(&app->loop));
    free(bytes);
    if (r == HAG_ERR_DAMAGED || failed == EBADMSG) {
        int kept = record_set_aside(s->record);

        say(app, HAG_SEVERITY_ALARM, "record", s->name,
            kept == 0 ? "it is damaged; %s/%s.record.damaged has it now, and the guard finds the "
                        "primary by looking"
                      : "it is damaged and could not be set aside in %s (%s)",
            app->conf->state_dir, kept == 0 ? s->name : strerror(kept));
    } else if (r != HAG_OK) {
        say(app, HAG_SEVERITY_ALARM, "record", s->name, "%s", hag_errmsg(app->guard));
    } else if (n > 0) {
        hag_cluster_get(app->guard, s->id, &info);
        record_kept(s->record, info.version);
        say(app, HAG_SEVERITY_INFO, "record", s->name, "term %llu goes on",
            (unsigned long long)info.term);
    }
}

void live__add_node(struct app *app, const struct conf_cluster *k, struct conf_node *n)
{
    hag_node node;

    if (*n->addr == '\0') /* when it is found */
        return;
    if (hag_node_add(app->guard, k->service->id, node_spec(n), uv_now(&app->loop), &node) != HAG_OK)
        say(app, HAG_SEVERITY_ALARM, "config", k->name, "node %s is not guarded: %s", n->spec.name,
            hag_errmsg(app->guard));
}

void live__set_command(struct service *s, const struct conf_cluster *k)
{
    free(s->command);
    s->command = k->command ? must(strdup(k->command)) : NULL;
}

int live__add_cluster(struct app *app, const struct conf *c, struct conf_cluster *k)
{
    struct service *s = must(calloc(1, sizeof(*s)));
    struct mistakes none = {0};
    hag_policy p = build_policy(app->guard, c, k, &none);
    hag_time now = uv_now(&app->loop);

    *s = (struct service){.app = app, .name = must(strdup(k->name))};
    if (hag_cluster_add(app->guard, k->name, p, (uint64_t)(uintptr_t)s, now, &s->id) != HAG_OK) {
        say(app, HAG_SEVERITY_ALARM, "config", k->name, "it is not guarded: %s",
            hag_errmsg(app->guard));
        hag_policy_free(app->guard, p);
        free(s->name);
        free(s);
        return 0;
    }
    hag_policy_free(app->guard, p);
    k->service = s;
    live__set_command(s, k);
    for (size_t i = 0; i < k->nnodes; i++)
        live__add_node(app, k, &k->nodes[i]);
    if (hag_cluster_prefer_zone(app->guard, s->id, k->zone) != HAG_OK ||
        hag_cluster_bind(app->guard, s->id, k->store->id, now) != HAG_OK ||
        (k->dns && hag_cluster_bind(app->guard, s->id, k->dns->id, now) != HAG_OK))
        say(app, HAG_SEVERITY_ALARM, "config", k->name, "%s", hag_errmsg(app->guard));
    s->record = records_take(app->records, k->name);
    restore(app, s);
    return 1;
}

void live__remove_cluster(struct app *app, struct service *s)
{
    if (app->guard && hag_cluster_remove(app->guard, s->id, uv_now(&app->loop)) != HAG_OK)
        say(app, HAG_SEVERITY_ALARM, "config", s->name, "%s", hag_errmsg(app->guard));
    records_drop(s->record);
    free(s->command);
    free(s->name);
    free(s);
}

void live__set_defaults(struct app *app, const struct conf *c)
{
    struct mistakes none = {0};
    hag_policy p = build_policy(app->guard, c, NULL, &none);

    if (hag_guard_set_policy(app->guard, p) != HAG_OK)
        say(app, HAG_SEVERITY_ALARM, "config", NULL, "%s", hag_errmsg(app->guard));
    hag_policy_free(app->guard, p);
}

void live_start(struct app *app, struct conf *c)
{
    app->conf = c;
    for (size_t i = 0; i < c->nplugins; i++)
        if (build_plugin(app->guard, c, &c->plugins[i], NULL, uv_now(&app->loop),
                         &c->plugins[i].id) != HAG_OK)
            errx(1, "[%s %s]: %s", c->plugins[i].at->kind, c->plugins[i].name,
                 hag_errmsg(app->guard));
    live__set_defaults(app, c);
    if (resolve_open(app))
        errx(1, "[haguard] resolvers: %s", hag_errmsg(app->guard));
    for (size_t i = 0; i < c->nclusters; i++)
        if (!resolve_waits(&c->clusters[i]) && !live__add_cluster(app, c, &c->clusters[i]))
            errx(1, "cluster %s: %s", c->clusters[i].name, hag_errmsg(app->guard));
    resolve_sync(app);
}

void live_end(struct app *app)
{
    for (size_t i = 0; app->conf && i < app->conf->nclusters; i++)
        if (app->conf->clusters[i].service)
            live__remove_cluster(app, app->conf->clusters[i].service);
    resolve_close(app);
    conf_free(app->conf);
    app->conf = NULL;
}
