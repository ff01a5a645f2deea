/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

int32_t hag_source_add(hag_guard *g, hag_cluster h, uint32_t kind, hag_node node, const char *name,
                       hag_source *ret)
{
    struct hag__sight *more;
    struct hag__cluster *c;
    struct hag__source *s;
    uint32_t ci, ni = HAG__NIL, index;
    size_t size;
    int32_t err;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    err = hag__find(g, &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    if (ret == NULL || name == NULL || !hag__name_ok(name))
        return hag__error(g, HAG_ERR_INVAL,
                          "a source's name is 1 to %d letters, digits, '_', '.' or '-'",
                          HAG_NAME_MAX - 1);
    if (kind < HAG_SOURCE_AGENT || kind > HAG_SOURCE_TRAFFIC)
        return hag__error(g, HAG_ERR_INVAL, "%u is no kind of source", kind);
    if ((kind == HAG_SOURCE_AGENT) != (node != 0))
        return hag__error(g, HAG_ERR_INVAL, "an agent needs its node, and only an agent has one");
    if (node != 0) {
        err = hag__find(g, &g->nodes, node, "node", &ni);
        if (err != HAG_OK)
            return err;
        if (hag__node(g, ni)->cluster != ci)
            return hag__error(g, HAG_ERR_INVAL, "the agent's node belongs to another cluster");
    }
    for (uint32_t i = 0; i < c->nsources; i++) {
        s = hag__table_at(&g->sources, c->sources[i]);
        if (strcmp(s->name, name) == 0)
            return hag__error(g, HAG_ERR_EXISTS, "%s has a source %s already", c->name, name);
    }
    if (c->nsources == HAG_SOURCES_MAX)
        return hag__error(g, HAG_ERR_LIMIT, "%s has %d sources already, the most there can be",
                          c->name, HAG_SOURCES_MAX);
    size = (c->nsources + 1) * (size_t)c->nplaces * sizeof(*more);
    index = hag__table_add(&g->sources);
    more = index == HAG__NIL ? NULL : hag__zalloc(&g->mem, size > 0 ? size : 1);
    if (more == NULL) {
        if (index != HAG__NIL)
            hag__table_del(&g->sources, index);
        return hag__error(g, HAG_ERR_NOMEM, "no memory for source %s", name);
    }
    if (c->nsources > 0 && c->nplaces > 0)
        memcpy(more, c->sights, c->nsources * (size_t)c->nplaces * sizeof(*more));
    hag__free(&g->mem, c->sights, c->sights_size);
    c->sights = more;
    c->sights_size = size > 0 ? size : 1;
    s = hag__table_at(&g->sources, index);
    s->cluster = ci;
    s->node = ni;
    s->kind = (uint8_t)kind;
    s->place = (uint8_t)c->nsources;
    (void)snprintf(s->name, sizeof(s->name), "%s", name);
    c->sources[c->nsources++] = index;
    *ret = hag__table_handle(&g->sources, index);
    hag__note(g, HAG__CALL_SOURCE_ADD, (const uint64_t[]){h, kind, node, *ret}, &name);
    return HAG_OK;
}

void hag__source_drop(hag_guard *g, uint32_t index)
{
    struct hag__source *s = hag__table_at(&g->sources, index);
    struct hag__cluster *c = hag__cluster(g, s->cluster);
    uint32_t place = s->place;

    c->nsources--;
    for (uint32_t i = place; i < c->nsources; i++) {
        struct hag__source *moved;

        c->sources[i] = c->sources[i + 1];
        moved = hag__table_at(&g->sources, c->sources[i]);
        moved->place = (uint8_t)i;
        memcpy(c->sights + i * (size_t)c->nplaces, c->sights + (i + 1) * (size_t)c->nplaces,
               c->nplaces * sizeof(*c->sights));
    }
    hag__table_del(&g->sources, index);
}

int32_t hag_source_remove(hag_guard *g, hag_source h, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__cluster *c;
    uint32_t i;

    if (err != HAG_OK)
        return err;
    err = hag__find(g, &g->sources, h, "source", &i);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ((struct hag__source *)hag__table_at(&g->sources, i))->cluster);
    hag__note(g, HAG__CALL_SOURCE_REMOVE, &h, NULL);
    hag__source_drop(g, i);
    hag__judge_all(g, c);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_observe(hag_guard *g, hag_source h, hag_node node, uint32_t seen, uint32_t age,
                    hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__cluster *c;
    struct hag__node *n;
    uint32_t si, ni;

    if (err != HAG_OK)
        return err;
    err = hag__find(g, &g->nodes, node, "node", &ni);
    if (err != HAG_OK)
        return err;
    n = hag__node(g, ni);
    c = hag__cluster(g, n->cluster);
    if (seen < HAG_SEEN_ALIVE || seen > HAG_SEEN_BROKEN)
        return hag__error(g, HAG_ERR_RANGE, "%u is nothing that can be seen of a node", seen);
    if (seen == HAG_SEEN_BROKEN) {
        hag__note(g, HAG__CALL_OBSERVE, (const uint64_t[]){0, node, seen, 0}, NULL);
        n->marks |= HAG__MARK_BROKEN;
        hag__probe_now(g, n, HAG_ACT_FRESH | HAG_ACT_URGENT);
        return HAG_OK;
    }
    err = hag__find(g, &g->sources, h, "source", &si);
    if (err != HAG_OK)
        return err;
    {
        struct hag__source *s = hag__table_at(&g->sources, si);
        struct hag__sight *at;
        hag_time when = age < g->now ? g->now - age : 0;

        if (s->cluster != n->cluster)
            return hag__error(g, HAG_ERR_RANGE, "source %s does not belong to the cluster of %s",
                              s->name, n->texts->name);
        at = &c->sights[s->place * (size_t)c->nplaces + n->place];
        hag__note(g, HAG__CALL_OBSERVE, (const uint64_t[]){h, node, seen, age}, NULL);
        if (at->seen != 0 && when < at->at)
            return HAG_OK; /* older than what is known */
        at->at = when;
        at->seen = seen;
    }
    if (seen != HAG_SEEN_ALIVE)
        hag__probe_now(g, n, HAG_ACT_URGENT);
    hag__judge(g, c, n);
    hag__leave(g);
    return HAG_OK;
}

/* 5.7: one that accuses every node it speaks of is itself the sick one (a bad row, no bad column). */
static int accuses_all(const hag_guard *g, const struct hag__cluster *c,
                       const struct hag__sight *row, hag_time fresh)
{
    uint32_t accused = 0, spoken = 0;

    for (uint32_t p = 0; p < c->nplaces; p++) {
        if (row[p].seen == 0 || g->now - row[p].at > fresh)
            continue;
        spoken++;
        accused += row[p].seen != HAG_SEEN_ALIVE;
    }
    return spoken > 1 && accused == spoken;
}

/* What agents and observers say of a node: its own agent, or all the others together. A good sight
 * younger than `fresh` outweighs; bad ones count when `confirm` of the others agree. That its own
 * agent merely misses it is one more accusation; only its word of death is the agent's column. */
uint32_t hag__sights_say(const hag_guard *g, const struct hag__cluster *c,
                         const struct hag__node *n, int own_agent)
{
    hag_time fresh = (hag_time)hag__setting_of(c, HAG_P_FRESH);
    uint32_t bad = 0, others = 0;
    uint32_t need = own_agent ? 1 : (uint32_t)hag__setting_of(c, HAG_P_CONFIRM);

    for (uint32_t i = 0; i < c->nsources; i++) {
        const struct hag__source *s = hag__table_at(&g->sources, c->sources[i]);
        const struct hag__sight *row = &c->sights[i * (size_t)c->nplaces];
        const struct hag__sight *it = &row[n->place];
        int own = s->kind == HAG_SOURCE_AGENT && s->node == c->nodes[n->place];

        if (!own && own_agent)
            continue;
        others += !own;
        if (it->seen == 0 || g->now - it->at > fresh ||
            own_agent != (own && it->seen != HAG_SEEN_FAILING))
            continue;
        if (it->seen == HAG_SEEN_ALIVE)
            return HAG__SAW_GOOD;
        if (own || !accuses_all(g, c, row, fresh))
            bad++;
    }
    if (need > others && others > 0)
        need = others;
    return bad > 0 && bad >= need ? HAG__SAW_BAD : HAG__SAW_NONE;
}
