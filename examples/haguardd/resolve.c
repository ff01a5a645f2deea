/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAGUARDD_DNS
#    include <haguard/plugin_dns.h>
#endif

#include "addresses.h"
#include "buf.h"
#include "build.h"
#include "events.h"
#include "nodes.h"
#include "records.h"
#include "reload.h"

int resolve_waits(const struct conf_cluster *k)
{
    for (size_t i = 0; i < k->nnodes; i++)
        if (k->nodes[i].host && !*k->nodes[i].addr)
            return 1;
    return 0;
}

void resolve_carry(const struct conf *old, struct conf *new)
{
    for (size_t i = 0; i < new->nclusters; i++) {
        struct conf_cluster *k = &new->clusters[i];
        const struct conf_cluster *was = conf_cluster(old, k->name);

        for (size_t j = 0; was && j < k->nnodes; j++) {
            const struct conf_node *n = conf_node(was, k->nodes[j].spec.name);

            if (k->nodes[j].host && n)
                memcpy(k->nodes[j].addr, n->addr, sizeof(n->addr));
        }
    }
}

#ifdef HAGUARDD_DNS

#    define SOONEST  5000   /* ms until a name that was found is asked for again */
#    define LATEST   300000 /* ... whatever its TTL */
#    define RETRY    1000   /* ms, doubled with each failure in a row */
#    define RETRY_TO 30000
#    define TOGETHER 100 /* ms: what is due within this time is done at once */

struct entry { /* a node with a name */
    struct resolve *r;
    char *cluster;
    char *node;
    char *host;
    unsigned mode;       /* RESOLVE_ */
    unsigned six;        /* IPv6 is asked for now */
    hag_dns_query query; /* 0: none is open */
    hag_time at;         /* when to ask */
    unsigned wait;       /* after the last failure */
    int used;
    char *told; /* what is wrong, as it was said; NULL: nothing */
    /* the answer */
    int answered;
    uint32_t result, ttl, naddrs;
    char ip[HAG_ADDR_MAX];
    char *text;
};

struct resolve {
    uv_timer_t timer; /* first, so that a handle is its resolve */
    struct app *app;
    hag_plugin_id plugin; /* 0: names are not resolved */
    char *settings;
    struct entry **v; /* sorted */
    size_t n;
    struct addresses *kept;
    int moved; /* since the addresses were saved */
};

static void on_timer(uv_timer_t *t);

static void wake(struct resolve *r, uint64_t ms)
{
    if (!uv_is_closing((uv_handle_t *)&r->timer))
        uv_timer_start(&r->timer, on_timer, ms, 0);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* In the plugin's turn, so it is only noted. */
static void on_result(void *ud, const struct hag_dns_result *a)
{
    struct entry *e = ud;

    e->query = 0;
    e->at = 0;
    if (a->reason == HAG_WHY_CANCELLED)
        return;
    e->answered = 1;
    e->result = a->result;
    e->ttl = a->ttl;
    e->naddrs = a->naddrs;
    snprintf(e->ip, sizeof(e->ip), "%s", a->naddrs > 0 ? a->addrs[0] : "");
    free(e->text);
    e->text = must(strdup(a->text));
    wake(e->r, 0);
}

static void ask(struct entry *e, hag_time now)
{
    struct app *app = e->r->app;
    hag_dns *d = hag_plugin_self(app->guard, e->r->plugin, &hag_plugin_dns);

    if (hag_dns_resolve(d, e->host, e->six || e->mode == RESOLVE_IPV6 ? HAG_DNS_IPV6 : HAG_DNS_IPV4,
                        on_result, e, &e->query) != HAG_OK)
        e->at = now + RETRY; /* no memory, or too many */
}

/* --- telling ---------------------------------------------------------------------------------- */

static void trouble(struct entry *e, const struct conf_cluster *k, const struct conf_node *n,
                    const char *text)
{
    struct app *app = e->r->app;
    int found = *n->addr != '\0';

    if (e->told && strcmp(e->told, text) == 0)
        return;
    free(e->told);
    e->told = must(strdup(text));
    say(app, found ? HAG_SEVERITY_WARNING : HAG_SEVERITY_ALARM, "resolve", k->name,
        "%s:%d: node %s: %s; %s%s", app->file, n->at->line, n->spec.name, text,
        found        ? "it stays at "
        : k->service ? "it is not guarded until it is found"
                     : "the cluster is not guarded until it is found",
        n->addr);
}

static void no_trouble(struct entry *e, const struct conf_cluster *k, const struct conf_node *n)
{
    if (e->told)
        say(e->r->app, HAG_SEVERITY_NOTICE, "resolve", k->name, "node %s: %s is found again, at %s",
            n->spec.name, e->host, n->addr);
    free(e->told);
    e->told = NULL;
}

/* --- moving ----------------------------------------------------------------------------------- */

/* Who else is there. One store in two clusters would have two masters. */
static const struct conf_node *taken(const struct conf *c, const struct conf_node *n,
                                     const char *addr, const struct conf_cluster **by)
{
    for (size_t i = 0; i < c->nclusters; i++) {
        *by = &c->clusters[i];
        for (size_t j = 0; j < (*by)->nnodes; j++) {
            const struct conf_node *other = &(*by)->nodes[j];

            if (other != n && strcmp(other->addr, addr) == 0)
                return other;
        }
    }
    return NULL;
}

/* The guard learns it. Returns 0, or -1: hag_errmsg() says why. */
static int put(struct app *app, struct conf_cluster *k, struct conf_node *n, const char *was)
{
    hag_node node;

    if (!k->service) {
        if (!resolve_waits(k) && !records_busy(app->records, k->name))
            live__add_cluster(app, app->conf, k);
        return 0;
    }
    node = hag_node_find(app->guard, k->service->id, n->spec.name);
    if (node == 0) {
        live__add_node(app, k, n);
        return 0;
    }
    if (hag_node_set(app->guard, node, node_spec(n), uv_now(&app->loop)) != HAG_OK)
        return -1;
    say(app, HAG_SEVERITY_NOTICE, "resolve", k->name,
        "node %s: it is at %s now, not at %s any more", n->spec.name, n->addr, was);
    return 0;
}

/* The node is found at ip. */
static int place(struct entry *e, struct conf_cluster *k, struct conf_node *n, const char *ip)
{
    const struct conf_cluster *by;
    const struct conf_node *other;
    char addr[HAG_ADDR_MAX], was[HAG_ADDR_MAX], text[512];

    snprintf(addr, sizeof(addr), strchr(ip, ':') ? "[%.46s]:%.5s" : "%.46s:%.5s", ip, n->port);
    memcpy(was, n->addr, sizeof(was));
    other = strcmp(addr, was) == 0 ? NULL : taken(e->r->app->conf, n, addr, &by);
    if (other) {
        snprintf(text, sizeof(text),
                 "%s is %s, where node %s of cluster %s is; a store is one node", e->host, ip,
                 other->spec.name, by->name);
        trouble(e, k, n, text);
        return -1;
    }
    memcpy(n->addr, addr, sizeof(addr));
    if ((strcmp(addr, was) != 0 || !k->service) && put(e->r->app, k, n, was)) {
        memcpy(n->addr, was, sizeof(was));
        trouble(e, k, n, hag_errmsg(e->r->app->guard));
        return -1;
    }
    e->r->moved |= strcmp(addr, was) != 0;
    return 0;
}

/* It was not found. One that was never found may be where it was before the restart. */
static void not_found(struct entry *e, struct conf_cluster *k, struct conf_node *n, const char *why)
{
    const char *ip = *n->addr ? NULL : addresses_find(e->r->kept, e->host);

    if (!ip || place(e, k, n, ip) == 0)
        trouble(e, k, n, why);
}

static unsigned next_retry(struct entry *e)
{
    unsigned wait = e->wait == 0 ? RETRY : e->wait * 2;

    e->wait = wait > RETRY_TO ? RETRY_TO : wait;
    return e->wait;
}

static unsigned kept_for(struct entry *e)
{
    unsigned ttl = e->ttl > LATEST / 1000 ? LATEST : (unsigned)e->ttl * 1000;

    e->wait = 0;
    return ttl < SOONEST ? SOONEST : ttl;
}

static void apply(struct entry *e, hag_time now)
{
    struct conf_cluster *k = conf_cluster(e->r->app->conf, e->cluster);
    struct conf_node *n = (struct conf_node *)(uintptr_t)conf_node(k, e->node);
    char text[512];
    int bad = 1;

    e->answered = 0;
    if (e->result == HAG_DNS_NO_ADDRESS && e->mode == RESOLVE_ON && !e->six) {
        e->six = 1;
        e->at = now;
        return;
    }
    e->six = 0;
    if (e->result == HAG_DNS_FOUND && e->naddrs == 1) {
        bad = place(e, k, n, e->ip);
        if (!bad)
            no_trouble(e, k, n);
    } else if (e->result == HAG_DNS_FOUND) {
        snprintf(text, sizeof(text), "%.400s; a node is one store: give it a name of its own",
                 e->text);
        trouble(e, k, n, text);
    } else if (e->result == HAG_DNS_NO_ADDRESS && e->mode == RESOLVE_ON) {
        snprintf(text, sizeof(text), "%.400s has no address", e->host);
        not_found(e, k, n, text);
    } else {
        not_found(e, k, n, e->text);
    }
    e->at = now + (bad ? next_retry(e) : kept_for(e));
}

static void save(struct resolve *r)
{
    struct buf b = {0};

    for (size_t i = 0; i < r->n; i++) {
        const struct conf_cluster *k = conf_cluster(r->app->conf, r->v[i]->cluster);
        const struct conf_node *n = conf_node(k, r->v[i]->node);
        const char *ip = n->addr + (*n->addr == '[');

        if (*ip)
            buf_add(&b, "%s %.*s\n", r->v[i]->host,
                    (int)(*n->addr == '[' ? strcspn(ip, "]") : strcspn(ip, ":")), ip);
    }
    buf_put(&b, "", 0);
    addresses_save(r->kept, must(b.p));
    r->moved = 0;
}

static void on_timer(uv_timer_t *t)
{
    struct resolve *r = (struct resolve *)t;
    hag_time now = uv_now(t->loop), next = UINT64_MAX;

    if (!r->app->guard)
        return;
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i]->answered)
            apply(r->v[i], now);
    for (size_t i = 0; i < r->n; i++) {
        struct entry *e = r->v[i];

        if (e->query == 0 && e->at <= now + TOGETHER && r->plugin != 0)
            ask(e, now);
        if (e->query == 0 && e->at < next)
            next = e->at;
    }
    if (r->moved)
        save(r);
    if (next != UINT64_MAX)
        wake(r, next > now ? next - now : TOGETHER);
}

/* --- the list --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    int order = strcmp(x->cluster, y->cluster);

    if (order == 0)
        order = strcmp(x->node, y->node);
    return order != 0 ? order : strcmp(x->host, y->host);
}

static void drop(struct entry *e)
{
    struct app *app = e->r->app;

    if (e->query != 0 && app->guard)
        hag_dns_cancel(hag_plugin_self(app->guard, e->r->plugin, &hag_plugin_dns), e->query);
    free(e->cluster);
    free(e->node);
    free(e->host);
    free(e->told);
    free(e->text);
    free(e);
}

static struct entry *entry_of(struct resolve *r, const struct conf_cluster *k,
                              const struct conf_node *n)
{
    struct entry key = {.cluster = (char *)(uintptr_t)k->name,
                        .node = (char *)(uintptr_t)n->spec.name,
                        .host = (char *)(uintptr_t)n->host};
    struct entry *p = &key, **found = NULL, *e;

    if (r->n > 0)
        found = bsearch(&p, r->v, r->n, sizeof(*r->v), by_name);
    if (found)
        return *found;
    e = must(calloc(1, sizeof(*e)));
    e->r = r;
    e->cluster = must(strdup(k->name));
    e->node = must(strdup(n->spec.name));
    e->host = must(strdup(n->host));
    return e;
}

void resolve_sync(struct app *app)
{
    struct resolve *r = app->resolve;
    struct entry **v = NULL;
    size_t n = 0;

    for (size_t i = 0; i < app->conf->nclusters; i++) {
        const struct conf_cluster *k = &app->conf->clusters[i];

        for (size_t j = 0; j < k->nnodes; j++) {
            struct entry *e;

            if (!k->nodes[j].host)
                continue;
            e = entry_of(r, k, &k->nodes[j]);
            e->used = 1;
            if (e->mode != app->conf->resolve) { /* a new one, too */
                e->mode = app->conf->resolve;
                e->at = 0;
            }
            v = must(realloc(v, (n + 1) * sizeof(*v)));
            v[n++] = e;
        }
    }
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i]->used)
            drop(r->v[i]);
    free(r->v);
    r->v = v;
    r->n = n;
    for (size_t i = 0; i < n; i++)
        v[i]->used = 0;
    if (n > 0)
        qsort(v, n, sizeof(*v), by_name);
    wake(r, 0);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int use(struct app *app, const struct conf *c)
{
    struct resolve *r = app->resolve;
    hag_plugin_id was = r->plugin, id = 0;
    char *settings = c->resolve ? must(strdup(c->resolvers)) : NULL;

    if (r->settings && settings && strcmp(r->settings, settings) == 0) {
        free(settings);
        return 0;
    }
    if (settings && build_resolver(app->guard, c, uv_now(&app->loop), &id) != HAG_OK) {
        free(settings);
        return -1;
    }
    free(r->settings);
    r->settings = settings;
    r->plugin = id;
    if (was != 0) /* what is open there is asked for anew */
        hag_plugin_remove(app->guard, was, uv_now(&app->loop));
    return 0;
}

int resolve_open(struct app *app)
{
    struct resolve *r = must(calloc(1, sizeof(*r)));

    r->app = app;
    app->resolve = r;
    uv_timer_init(&app->loop, &r->timer);
    r->kept = addresses_open(app);
    return use(app, app->conf);
}

void resolve_change(struct app *app, const struct conf *new)
{
    if (use(app, new))
        say(app, HAG_SEVERITY_ALARM, "reload", NULL, "resolvers stay as they were: %s",
            hag_errmsg(app->guard));
}

static void on_closed(uv_handle_t *h)
{
    free(h);
}

void resolve_close(struct app *app)
{
    struct resolve *r = app->resolve;

    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        drop(r->v[i]);
    free(r->v);
    free(r->settings);
    addresses_close(r->kept);
    app->resolve = NULL;
    uv_close((uv_handle_t *)&r->timer, on_closed);
}

#else

int resolve_open(struct app *app)
{
    (void)app;
    return 0;
}

void resolve_change(struct app *app, const struct conf *new)
{
    (void)app, (void)new;
}

void resolve_sync(struct app *app)
{
    (void)app;
}

void resolve_close(struct app *app)
{
    (void)app;
}

#endif
