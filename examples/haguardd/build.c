/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "build.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <haguard/plugin.h>
#include <haguard/plugin_redis.h>
#ifdef HAGUARDD_DNS
#    include <haguard/plugin_dns.h>
#endif

#include "records.h"

static const struct {
    const char *name;
    const struct hag_plugin *desc;
} built_in[] = {
    {"redis", &hag_plugin_redis},
#ifdef HAGUARDD_DNS
    {"dns", &hag_plugin_dns},
#endif
};

int32_t build_plugin(hag_guard *g, const struct conf *c, const struct conf_plugin *p,
                     const char *settings, hag_time now, hag_plugin_id *ret)
{
    char path[4096];

    if (!settings)
        settings = p->settings;
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
        if (strcmp(built_in[i].name, p->module) == 0)
            return hag_plugin_add(g, built_in[i].desc, settings, now, ret);
    if (!c->plugin_dir || strchr(p->module, '/'))
        return hag_plugin_load(g, p->module, settings, now, ret);
    snprintf(path, sizeof(path), "%s/haguard_%s.so", c->plugin_dir, p->module);
    return hag_plugin_load(g, path, settings, now, ret);
}

int32_t build_resolver(hag_guard *g, const struct conf *c, hag_time now, hag_plugin_id *ret)
{
#ifdef HAGUARDD_DNS
    char settings[1024];

    snprintf(settings, sizeof(settings), "resolvers=%s\n", c->resolvers);
    return hag_plugin_add(g, &hag_plugin_dns, settings, now, ret);
#else
    (void)g, (void)c, (void)now, (void)ret;
    return HAG_OK;
#endif
}

static int boundary(const char *at)
{
    return !isalnum((unsigned char)*at) && *at != '-' && *at != '_' && *at != '.';
}

/* Whether a message speaks of a key: as KEY=... or "KEY" (sure), or as a word of its own. */
static int speaks_of(const char *message, const char *key, int sure)
{
    size_t n = strlen(key);

    for (const char *at = message; (at = strstr(at, key)); at++) {
        char after = at[n];

        if (at > message && !boundary(at - 1))
            continue;
        if (after == '=' || (after == '"' && at > message && at[-1] == '"'))
            return 1;
        if (!sure && (after == '\0' || boundary(at + n)))
            return 1;
    }
    return 0;
}

static const struct ini_setting *spoken_of(const struct ini_section *s, const char *message,
                                           int sure)
{
    for (const struct ini_setting *k = s ? s->settings : NULL; k; k = k->next)
        if (strcmp(k->key, "plugin") != 0 && speaks_of(message, k->key, sure))
            return k;
    return NULL;
}

/* Takes the line of a setting out. */
static void leave_out(char *settings, const struct ini_setting *k)
{
    size_t n = strlen(k->key);

    for (char *line = settings; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, k->key, n) == 0 && line[n] == '=') {
            char *next = strchr(line, '\n') + 1;

            memmove(line, next, strlen(next) + 1);
            return;
        }
    }
}

static int has(const char *settings, const char *key)
{
    size_t n = strlen(key);

    for (const char *line = settings; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, key, n) == 0 && line[n] == '=')
            return 1;
    return 0;
}

/* Whether a message only follows from what was left out: "user needs a password-file". */
static int follows(const struct conf_plugin *p, const char *settings, const char *message)
{
    for (const struct ini_setting *k = p->at->settings; k; k = k->next)
        if (strcmp(k->key, "plugin") != 0 && !has(settings, k->key) &&
            speaks_of(message, k->key, 0))
            return 1;
    return 0;
}

/* The setting that a plugin complains of: named for certain, or else a word of its first sentence (a
 * list of all settings may come after it). */
static const struct ini_setting *complained_of(const struct conf_plugin *p, const char *settings,
                                               const char *message, int *only_follows)
{
    const struct ini_setting *k = spoken_of(p->at, message, 1);
    const char *end = strstr(message, ". ");
    char first[256];

    snprintf(first, sizeof(first), "%.*s", end ? (int)(end - message) : (int)strlen(message),
             message);
    *only_follows = !k && follows(p, settings, first);
    return k || *only_follows ? k : spoken_of(p->at, first, 0);
}

/* A plugin names one mistake and stops. The setting that it names is left out and it is asked again,
 * so that all are found. */
static void try_plugin(hag_guard *g, const struct conf *c, const struct conf_plugin *p,
                       hag_plugin_id *id, struct mistakes *m)
{
    char *settings = must(strdup(p->settings));
    const struct ini_setting *k = NULL;

    *id = 0;
    do {
        const char *message;
        int only_follows;

        if (build_plugin(g, c, p, settings, 0, id) == HAG_OK)
            break;
        message = hag_errmsg(g);
        k = complained_of(p, settings, message, &only_follows);
        if (only_follows)
            break;
        if (!k && ini_find(p->at, "plugin"))
            mistake(m, ini_find(p->at, "plugin")->line,
                    "%s; write plugin=%s, or a path, or set plugin-dir", message, built_in[0].name);
        else
            mistake(m, k ? k->line : p->at->line, "%s", message);
        if (k && !has(settings, k->key))
            break;
        if (k)
            leave_out(settings, k);
    } while (k);
    free(settings);
}

static void set_all(hag_guard *g, hag_policy p, const struct ini_section *s, struct mistakes *m)
{
    for (const struct ini_setting *k = s ? s->settings : NULL; k; k = k->next)
        if (conf_is_setting(k->key) && hag_policy_set_text(g, p, k->key, k->value) != HAG_OK)
            mistake(m, k->line, "%s", hag_errmsg(g));
}

hag_policy build_policy(hag_guard *g, const struct conf *c, const struct conf_cluster *k,
                        struct mistakes *m)
{
    struct mistakes of_defaults = {0};
    hag_policy p;

    if (hag_policy_new(g, &p) != HAG_OK)
        return 0;
    set_all(g, p, c->defaults, k ? &of_defaults : m); /* those of the defaults are told once */
    if (k)
        set_all(g, p, k->at, m);
    mistakes_free(&of_defaults);
    return p;
}

static void check_policy(hag_guard *g, const struct conf *c, const struct conf_cluster *k,
                         hag_policy p, struct mistakes *m)
{
    const struct ini_section *at = k ? k->at : c->defaults;
    const struct ini_setting *s;

    if (hag_policy_check(g, p) == HAG_OK)
        return;
    s = spoken_of(at, hag_errmsg(g), 1);
    if (!s && k && c->defaults && spoken_of(c->defaults, hag_errmsg(g), 1))
        return; /* the defaults alone contradict each other, and that is told there */
    mistake(m, s ? s->line : at ? at->line : 0, "%s", hag_errmsg(g));
}

static void try_nodes(hag_guard *g, const struct conf_cluster *k, hag_cluster id,
                      struct mistakes *m)
{
    const struct conf_node *primary = NULL;

    for (size_t i = 0; i < k->nnodes; i++) {
        const struct conf_node *n = &k->nodes[i];
        struct hag_node_spec spec = n->spec;
        char nowhere[HAG_ADDR_MAX];
        hag_node node;

        spec.addr = n->addr;
        if (n->host) { /* nothing is resolved here: any address will do (RFC 6666) */
            snprintf(nowhere, sizeof(nowhere), "[100::%zx]:%.5s", i + 1, n->port);
            spec.addr = nowhere;
        }
        if (*spec.addr && hag_node_add(g, id, &spec, 0, &node) != HAG_OK)
            mistake(m, n->at->line, "%s", hag_errmsg(g));
        if ((n->spec.flags & HAG_NODE_PRIMARY) && primary)
            mistake(m, n->at->line, "node %s is marked primary, and so is %s; mark one of them",
                    n->spec.name, primary->spec.name);
        if (n->spec.flags & HAG_NODE_PRIMARY)
            primary = n;
    }
}

static void try_record(hag_guard *g, const struct conf_cluster *k, hag_cluster id, const char *dir,
                       struct mistakes *m)
{
    uint64_t version;
    uint8_t *bytes;
    int32_t err;
    size_t n;

    int failed = record_read(dir, k->name, &bytes, &n, &version);

    if (failed != 0 && failed != EBADMSG && failed != EACCES && failed != ENOTDIR) {
        mistake(m, k->at->line, "the record of %s in %s cannot be read: %s; repair the disk",
                k->name, dir, strerror(failed));
        return;
    }
    if (n == 0)
        return;
    err = hag_cluster_restore(g, id, bytes, n, 0);
    if (err != HAG_OK && err != HAG_ERR_DAMAGED)
        mistake(m, k->at->line, "%s", hag_errmsg(g));
    free(bytes);
}

static void try_cluster(hag_guard *g, const struct conf *c, const struct conf_cluster *k,
                        const hag_plugin_id *ids, int with_record, struct mistakes *m)
{
    size_t before = m->n;
    hag_policy p = build_policy(g, c, k, m);
    hag_cluster id;

    if (m->n == before)
        check_policy(g, c, k, p, m);
    /* without its settings, so that a mistake in them hides none in the nodes */
    if (hag_cluster_add(g, k->name, 0, 0, 0, &id) != HAG_OK) {
        mistake(m, k->at->line, "%s", hag_errmsg(g));
        hag_policy_free(g, p);
        return;
    }
    before = m->n;
    try_nodes(g, k, id, m);
    if (*k->zone && hag_cluster_prefer_zone(g, id, k->zone) != HAG_OK)
        mistake(m, ini_find(k->at, "prefer-zone")->line, "%s", hag_errmsg(g));
    if (k->store && ids[k->store - c->plugins] &&
        hag_cluster_bind(g, id, ids[k->store - c->plugins], 0) != HAG_OK)
        mistake(m, k->at->line, "%s", hag_errmsg(g));
    if (k->dns && ids[k->dns - c->plugins] &&
        hag_cluster_bind(g, id, ids[k->dns - c->plugins], 0) != HAG_OK)
        mistake(m, k->at->line, "%s", hag_errmsg(g));
    if (with_record && c->state_dir && m->n == before)
        try_record(g, k, id, c->state_dir, m);
    hag_policy_free(g, p);
}

struct place {
    char addr[320]; /* or NAME:PORT */
    const struct conf_cluster *cluster;
    const struct conf_node *node;
};

static int by_addr(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = strcmp(x->addr, y->addr);

    return order != 0 ? order : x->node->at->line - y->node->at->line;
}

/* One store in two clusters would have two masters. */
static void check_shared(const struct conf *c, struct mistakes *m)
{
    struct place *all = NULL;
    size_t n = 0, most = 0;

    for (size_t i = 0; i < c->nclusters; i++)
        most += c->clusters[i].nnodes;
    all = must(calloc(most + 1, sizeof(*all)));
    for (size_t i = 0; i < c->nclusters; i++) {
        const struct conf_cluster *k = &c->clusters[i];

        for (size_t j = 0; j < k->nnodes; j++) {
            const struct conf_node *node = &k->nodes[j];

            all[n].cluster = k;
            all[n].node = node;
            if (node->host)
                snprintf(all[n].addr, sizeof(all[n].addr), "%s:%s", node->host, node->port);
            else
                snprintf(all[n].addr, sizeof(all[n].addr), "%s", node->addr);
            n += *all[n].addr != '\0';
        }
    }
    qsort(all, n, sizeof(*all), by_addr);
    for (size_t i = 1; i < n; i++)
        if (strcmp(all[i - 1].addr, all[i].addr) == 0 &&
            (all[i].node->host || all[i - 1].cluster != all[i].cluster))
            mistake(m, all[i].node->at->line,
                    "%s is node %s of cluster %s already, at line %d; a store belongs to one "
                    "cluster",
                    all[i].addr, all[i - 1].node->spec.name, all[i - 1].cluster->name,
                    all[i - 1].node->at->line);
    free(all);
}

static int32_t ignore(hag_guard *g, hag_plugin_id p, int64_t fd, uint32_t events, void *ud)
{
    (void)g, (void)p, (void)fd, (void)events, (void)ud;
    return 0;
}

void build_try(const struct conf *c, const struct conf *running, struct mistakes *m)
{
    hag_plugin_id *ids = must(calloc(c->nplugins + 1, sizeof(*ids)));
    struct hag_options options = {.size = sizeof(options), .flags = HAG_OPTION_SOLE};
    size_t before = m->n;
    hag_plugin_id resolver;
    hag_policy defaults;
    hag_guard *g;

    must(hag_guard_new(&options, &g) == HAG_OK ? g : NULL);
    hag_set_watch(g, ignore, NULL);
    for (size_t i = 0; i < c->nplugins; i++)
        try_plugin(g, c, &c->plugins[i], &ids[i], m);
    if (c->resolve != RESOLVE_OFF && build_resolver(g, c, 0, &resolver) != HAG_OK)
        mistake(
            m,
            ini_find(c->general, ini_find(c->general, "resolvers") ? "resolvers" : "resolve")->line,
            "%s", hag_errmsg(g));
    before = m->n;
    defaults = build_policy(g, c, NULL, m);
    if (m->n == before)
        check_policy(g, c, NULL, defaults, m);
    hag_policy_free(g, defaults);
    for (size_t i = 0; i < c->nclusters; i++)
        try_cluster(g, c, &c->clusters[i], ids,
                    !running || !conf_cluster(running, c->clusters[i].name), m);
    check_shared(c, m);
    hag_guard_destroy(g);
    free(ids);
}
