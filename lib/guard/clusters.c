/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

#define CLUSTER_OPS    4u /* record, two names, one step */
#define CLUSTER_EVENTS 16u
#define EVENTS_MAX     65536u

void hag__dirty(hag_guard *g, struct hag__cluster *c)
{
    uint32_t index;

    if (c->flags & HAG__CLUSTER_DIRTY)
        return;
    index = hag__cluster_index(g, c);
    c->flags |= HAG__CLUSTER_DIRTY;
    c->dirty_next = HAG__NIL;
    if (g->dirty_tail == HAG__NIL)
        g->dirty_head = index;
    else
        hag__cluster(g, g->dirty_tail)->dirty_next = index;
    g->dirty_tail = index;
}

void hag__wake_by(struct hag__cluster *c, hag_time at)
{
    if (at < c->wake_at)
        c->wake_at = at;
}

uint32_t hag__cluster_index(const hag_guard *g, const struct hag__cluster *c)
{
    (void)g;
    return c->index;
}

static int32_t reserve_events(hag_guard *g, uint32_t clusters)
{
    uint64_t want = (uint64_t)clusters * CLUSTER_EVENTS;
    struct hag__event *grown;
    uint32_t cap = g->cap_events;

    while (cap < want && cap < EVENTS_MAX)
        cap *= 2;
    if (cap == g->cap_events)
        return HAG_OK;
    grown = hag__zalloc(&g->mem, cap * sizeof(*grown));
    if (grown == NULL)
        return HAG_ERR_NOMEM;
    for (uint32_t i = 0; i < g->n_events; i++)
        grown[i] = g->events[(g->head_event + i) % g->cap_events];
    hag__free(&g->mem, g->events, g->cap_events * sizeof(*g->events));
    g->events = grown;
    g->cap_events = cap;
    g->head_event = 0;
    return HAG_OK;
}

int32_t hag__reserve_ops(hag_guard *g, uint32_t more)
{
    uint64_t want = g->reserved_ops + more;
    uint64_t words;
    int32_t err;

    if (want > HAG__INDEX_MAX)
        return HAG_ERR_LIMIT;
    err = hag__table_reserve(&g->ops, (uint32_t)want);
    if (err == HAG_OK)
        err = hag__heap_reserve(&g->op_timers, (uint32_t)want);
    /* an op can be named twice (as an action and as its cancel), a node twice (probe and forget) */
    words = 2 * want + 2 * ((uint64_t)g->nodes.live + 1) + g->cap_events;
    if (err == HAG_OK)
        err = words > UINT32_MAX / 2 ? HAG_ERR_LIMIT : hag__ring_reserve(&g->ring, (uint32_t)words);
    if (err == HAG_OK)
        g->reserved_ops = want;
    return err;
}

static void name_state_init(struct hag__name_state *s)
{
    memset(s, 0, sizeof(*s));
    s->retry_at = HAG__NEVER;
    s->untrue_since = HAG__NEVER;
    s->moved_from = HAG__NOBODY;
}

int32_t hag_cluster_add(hag_guard *g, const char *name, hag_policy p, uint64_t user, hag_time now,
                        hag_cluster *ret)
{
    int32_t err = hag__enter(g, now);
    struct hag__policy *policy;
    struct hag__cluster *c;
    uint32_t index;
    size_t size;
    char *copy;

    if (err != HAG_OK)
        return err;
    if (ret == NULL)
        return hag__error(g, HAG_ERR_INVAL, "ret is NULL");
    if (name == NULL || !hag__name_ok(name))
        return hag__error(g, HAG_ERR_INVAL,
                          "a cluster's name is 1 to %d letters, digits, '_', '.' or '-'",
                          HAG_NAME_MAX - 1);
    if (hag__names_find(&g->cluster_names, name) != HAG__NIL)
        return hag__error(g, HAG_ERR_EXISTS, "there is a cluster %s already", name);
    policy = hag__policy_copy(g, p, &err);
    if (policy == NULL)
        return err;
    size = strlen(name) + 1;
    copy = hag__zalloc(&g->mem, size);
    err = copy == NULL ? HAG_ERR_NOMEM : HAG_OK;
    if (err == HAG_OK)
        err = hag__table_reserve(&g->clusters, g->clusters.live + 1);
    if (err == HAG_OK)
        err = hag__heap_reserve(&g->cluster_timers, g->clusters.used + 1);
    if (err == HAG_OK)
        err = hag__names_reserve(&g->cluster_names, g->cluster_names.n + 1);
    if (err == HAG_OK)
        err = reserve_events(g, g->clusters.live + 1);
    if (err == HAG_OK)
        err = hag__reserve_ops(g, CLUSTER_OPS);
    if (err != HAG_OK) {
        if (copy != NULL)
            hag__free(&g->mem, copy, size);
        hag__policy_release(g, policy);
        return hag__error(g, err, "no room for cluster %s: %s", name, hag_strerror(err));
    }
    index = hag__table_add(&g->clusters);
    c = hag__cluster(g, index);
    memcpy(copy, name, size);
    c->index = index;
    c->name = copy;
    c->name_size = size;
    c->user = user;
    c->policy = policy;
    c->primary = c->old = HAG__NOBODY;
    c->state = HAG_STATE_OBSERVING;
    c->flags = HAG__CLUSTER_OBSERVING;
    c->config_at = g->now;
    c->wake_at = HAG__NEVER;
    c->ops = HAG__NIL;
    c->commit_retry_at = HAG__NEVER;
    c->resume_candidate = HAG__NOBODY;
    name_state_init(&c->names[0]);
    name_state_init(&c->names[1]);
    hag__run_clear(g, c);
    c->order_prev = g->last_cluster;
    c->order_next = HAG__NIL;
    if (g->last_cluster == HAG__NIL)
        g->first_cluster = index;
    else
        hag__cluster(g, g->last_cluster)->order_next = index;
    g->last_cluster = index;
    hag__names_add(&g->cluster_names, copy, index);
    *ret = hag__table_handle(&g->clusters, index);
    hag__note(g, HAG__CALL_CLUSTER_ADD, (const uint64_t[]){p, user, *ret}, &name);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

static struct hag__cluster *find(hag_guard *g, hag_cluster h, hag_time now, int32_t *err)
{
    uint32_t i;

    *err = hag__enter(g, now);
    if (*err == HAG_OK)
        *err = hag__find(g, &g->clusters, h, "cluster", &i);
    return *err == HAG_OK ? hag__cluster(g, i) : NULL;
}

static void unlink_dirty(hag_guard *g, struct hag__cluster *c, uint32_t index)
{
    uint32_t *at = &g->dirty_head;
    uint32_t before = HAG__NIL;

    if (!(c->flags & HAG__CLUSTER_DIRTY))
        return;
    while (*at != index) {
        before = *at;
        at = &hag__cluster(g, *at)->dirty_next;
    }
    *at = c->dirty_next;
    if (g->dirty_tail == index)
        g->dirty_tail = before;
}

int32_t hag_cluster_remove(hag_guard *g, hag_cluster h, hag_time now)
{
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);
    uint32_t index;

    if (c == NULL)
        return err;
    index = hag__cluster_index(g, c);
    err = hag__ring_reserve(&g->ring, g->ring.n + 2 * c->nplaces + (uint32_t)g->ops.live + 1);
    if (err != HAG_OK)
        return hag__error(g, err, "no memory to remove cluster %s; try again", c->name);
    hag__note(g, HAG__CALL_CLUSTER_REMOVE, &h, NULL);
    unlink_dirty(g, c, index);
    c->flags |= HAG__CLUSTER_DIRTY; /* nothing below puts it back */
    if (c->run.kind == HAG_PROC_FAILOVER)
        g->failovers--;
    hag__ops_of_cluster(g, c);
    for (uint32_t i = c->nsources; i-- > 0;)
        hag__source_drop(g, c->sources[i]);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        if (c->nodes[i] != HAG__NIL)
            hag__node_drop(g, c->nodes[i]);
    }
    hag__free(&g->mem, c->sights, c->sights_size);
    hag__free(&g->mem, c->nodes, c->cap_nodes * sizeof(*c->nodes));
    hag__record_drop(g, c);
    hag__free(&g->mem, c->paused_by, c->paused_by_size);
    hag__lineage_release(g, &c->lineage);
    hag__policy_release(g, c->policy);
    hag__heap_del(&g->cluster_timers, index);
    if (c->order_prev == HAG__NIL)
        g->first_cluster = c->order_next;
    else
        hag__cluster(g, c->order_prev)->order_next = c->order_next;
    if (c->order_next == HAG__NIL)
        g->last_cluster = c->order_prev;
    else
        hag__cluster(g, c->order_next)->order_prev = c->order_prev;
    hag__names_del(&g->cluster_names, c->name);
    hag__free(&g->mem, c->name, c->name_size);
    g->reserved_ops -= CLUSTER_OPS;
    hag__table_del(&g->clusters, index);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_cluster_set_policy(hag_guard *g, hag_cluster h, hag_policy p, hag_time now)
{
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);
    struct hag__policy *policy;

    if (c == NULL)
        return err;
    policy = hag__policy_copy(g, p, &err);
    if (policy == NULL)
        return err;
    hag__note(g, HAG__CALL_CLUSTER_POLICY, (const uint64_t[]){h, p}, NULL);
    hag__policy_release(g, c->policy);
    c->policy = policy;
    c->config_at = g->now; /* 5.9: nothing is decided before everybody was probed once more */
    hag__judge_all(g, c);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_cluster_prefer_zone(hag_guard *g, hag_cluster h, const char *zone)
{
    int32_t err;
    struct hag__cluster *c;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    c = find(g, h, g->host_now, &err);
    if (c == NULL)
        return err;
    if (zone == NULL)
        zone = "";
    if (zone[0] != '\0' && !hag__name_ok(zone))
        return hag__error(g, HAG_ERR_INVAL, "a zone is 1 to %d letters, digits, '_', '.' or '-'",
                          HAG_NAME_MAX - 1);
    hag__note(g, HAG__CALL_CLUSTER_ZONE, &h, &zone);
    (void)snprintf(c->zone, sizeof(c->zone), "%s", zone);
    return HAG_OK;
}

/* Somebody else keeps the names from now on, who has nothing of what was written before. */
static void redo_names(struct hag__cluster *c)
{
    for (int i = 0; i < 2; i++)
        c->names[i].redo |= c->names[i].known;
}

static uint32_t binding(const struct hag__cluster *c, uint32_t place)
{
    uint32_t at = 0;

    while (at < c->nplugins && c->plugins[at] != place)
        at++;
    return at;
}

int hag__is_bound(const struct hag__cluster *c, uint32_t place)
{
    return binding(c, place) < c->nplugins;
}

void hag__binding_drop(struct hag__cluster *c, uint32_t place)
{
    uint32_t at = binding(c, place);

    memmove(&c->plugins[at], &c->plugins[at + 1], c->nplugins - at - 1u);
    c->nplugins--;
}

int32_t hag_cluster_bind(hag_guard *g, hag_cluster h, hag_plugin_id p, hag_time now)
{
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);
    uint32_t place;

    if (c == NULL)
        return err;
    err = hag__find(g, &g->plugins, p, "plugin", &place);
    if (err != HAG_OK)
        return err;
    if (hag__is_bound(c, place))
        return hag__error(g, HAG_ERR_EXISTS, "the plugin is bound to %s already", c->name);
    if (c->nplugins == HAG__BINDINGS)
        return hag__error(g, HAG_ERR_LIMIT, "%s has %d plugins already, the most there can be",
                          c->name, HAG__BINDINGS);
    hag__note(g, HAG__CALL_CLUSTER_BIND, (const uint64_t[]){h, p}, NULL);
    c->plugins[c->nplugins++] = (uint8_t)place;
    if (hag__handler(g, c, HAG_DO_ENDPOINT_UPDATE) == place)
        redo_names(c);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        if (c->nodes[i] != HAG__NIL)
            hag__node_arm(g, hag__node(g, c->nodes[i]));
    }
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

/* What a plugin held for the nodes of a cluster is let go; a probe that it had at work is no evidence. */
static void release_nodes(hag_guard *g, struct hag__cluster *c, uint32_t place, int probed)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        struct hag__node *n = hag__member(g, c, i);

        if (n == NULL)
            continue;
        (void)hag__ring_push(&g->ring, hag__node_handle(g, n) | (uint64_t)HAG_DO_FORGET << 53 |
                                           (uint64_t)place << 58);
        if (probed) {
            hag__probe_drop(g, n);
            n->probe_at = g->now;
        }
        hag__node_arm(g, n);
    }
}

int32_t hag_cluster_unbind(hag_guard *g, hag_cluster h, hag_plugin_id p, hag_time now)
{
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);
    uint32_t place;
    int probed, named;

    if (c == NULL)
        return err;
    err = hag__find(g, &g->plugins, p, "plugin", &place);
    if (err != HAG_OK)
        return err;
    if (!hag__is_bound(c, place))
        return hag__error(g, HAG_ERR_NOT_FOUND, "the plugin is not bound to %s", c->name);
    if (hag__ring_reserve(&g->ring, g->ring.n + c->nplaces + (uint32_t)g->ops.live + 1) != HAG_OK)
        return hag__error(g, HAG_ERR_NOMEM, "no memory to release a plugin of %s; try again",
                          c->name);
    hag__note(g, HAG__CALL_CLUSTER_UNBIND, (const uint64_t[]){h, p}, NULL);
    probed = hag__handler(g, c, HAG_DO_PROBE) == place;
    named = hag__handler(g, c, HAG_DO_ENDPOINT_UPDATE) == place;
    hag__binding_drop(c, place);
    hag__ops_of_plugin(g, c, place);
    release_nodes(g, c, place, probed);
    if (named)
        redo_names(c);
    if (probed)
        c->config_at = g->now; /* 5.9: nothing is decided before everybody was probed once more */
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_cluster_pause(hag_guard *g, hag_cluster h, const char *owner, uint64_t ms, hag_time now)
{
    const uint64_t longest = 30ull * 24 * HAG__HOUR;
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);
    size_t size;
    char *copy;

    if (c == NULL)
        return err;
    if (owner == NULL || owner[0] == '\0' || strlen(owner) >= HAG_NAME_MAX)
        return hag__error(g, HAG_ERR_INVAL, "a pause needs an owner of 1 to %d characters",
                          HAG_NAME_MAX - 1);
    if (ms == 0 || ms > longest)
        return hag__error(g, HAG_ERR_RANGE, "a pause lasts from 1 ms to 30 days");
    size = strlen(owner) + 1;
    copy = hag__zalloc(&g->mem, size);
    if (copy == NULL)
        return hag__error(g, HAG_ERR_NOMEM, "no memory for the owner of a pause");
    hag__note(g, HAG__CALL_CLUSTER_PAUSE, (const uint64_t[]){h, ms}, &owner);
    memcpy(copy, owner, size);
    hag__free(&g->mem, c->paused_by, c->paused_by_size);
    c->paused_by = copy;
    c->paused_by_size = size;
    c->paused_until = g->now + ms;
    hag__detail(hag__event(g, c, NULL, HAG_EV_PAUSE, HAG_SEVERITY_NOTICE, HAG_WHY_OPERATOR), owner);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_cluster_resume(hag_guard *g, hag_cluster h, hag_time now)
{
    int32_t err;
    struct hag__cluster *c = find(g, h, now, &err);

    if (c == NULL)
        return err;
    if (c->paused_until == 0)
        return hag__error(g, HAG_ERR_NOT_FOUND, "%s is not paused", c->name);
    hag__note(g, HAG__CALL_CLUSTER_RESUME, &h, NULL);
    c->paused_until = 0;
    hag__event(g, c, NULL, HAG_EV_RESUMED, HAG_SEVERITY_NOTICE, HAG_WHY_OPERATOR);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

hag_cluster hag_cluster_find(const hag_guard *g, const char *name)
{
    uint32_t i;

    if (hag__check(g) != HAG_OK || name == NULL)
        return 0;
    i = hag__names_find(&g->cluster_names, name);
    return i == HAG__NIL ? 0 : hag__table_handle(&g->clusters, i);
}

hag_cluster hag_cluster_next(const hag_guard *g, hag_cluster prev)
{
    uint32_t i;

    if (hag__check(g) != HAG_OK)
        return 0;
    if (prev == 0)
        i = g->first_cluster;
    else if (hag__table_find(&g->clusters, prev, &i) == HAG_OK)
        i = hag__cluster(g, i)->order_next;
    else
        i = HAG__NIL;
    return i == HAG__NIL ? 0 : hag__table_handle(&g->clusters, i);
}
