/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

#define NODE_OPS 1u /* of a step that concerns every member */
#define SPEC_MIN (offsetof(struct hag_node_spec, host) + sizeof(const char *))

/* A checked spec with its addresses in their one spelling. */
struct spec {
    struct hag_node_spec s;
    char addr[HAG_ADDR_MAX];
    char advertised[HAG_ADDR_MAX];
    char host[HAG_ADDR_MAX];
};

static int32_t bad_label(hag_guard *g, const char *what, const char *s)
{
    if (s == NULL || s[0] == '\0' || hag__name_ok(s))
        return HAG_OK;
    return hag__error(g, HAG_ERR_INVAL, "a %s is 1 to %d letters, digits, '_', '.' or '-'", what,
                      HAG_NAME_MAX - 1);
}

static int32_t read_spec(hag_guard *g, const struct hag_node_spec *given, struct spec *out)
{
    size_t host_len, ignored;
    int32_t err;

    if (given == NULL)
        return hag__error(g, HAG_ERR_INVAL, "the node's spec is NULL");
    memset(out, 0, sizeof(*out));
    err = hag__take_struct(g, &out->s, sizeof(out->s), given, SPEC_MIN, "hag_node_spec");
    if (err != HAG_OK)
        return err;
    if ((out->s.flags & ~7u) != 0 || out->s.reserved != 0)
        return hag__error(g, HAG_ERR_INVAL, "unknown flags 0x%x in a node's spec", out->s.flags);
    if (out->s.addr == NULL || hag__addr_normal(out->s.addr, out->addr, &host_len) != HAG_OK)
        return hag__error(g, HAG_ERR_INVAL,
                          "address %.80s: a numeric host:port is wanted, as 192.0.2.1:6379 or "
                          "[2001:db8::1]:6379; resolve names before",
                          out->s.addr == NULL ? "(NULL)" : out->s.addr);
    if (out->s.advertised == NULL)
        memcpy(out->advertised, out->addr, sizeof(out->addr));
    else if (hag__addr_normal(out->s.advertised, out->advertised, &ignored) != HAG_OK)
        return hag__error(g, HAG_ERR_INVAL,
                          "advertised address %.80s: a numeric host:port is wanted",
                          out->s.advertised);
    err = bad_label(g, "zone", out->s.zone);
    if (err != HAG_OK)
        return err;
    if (out->s.host != NULL && out->s.host[0] != '\0') {
        err = bad_label(g, "host", out->s.host);
        if (err != HAG_OK)
            return err;
        memcpy(out->host, out->s.host, strlen(out->s.host) + 1);
    } else {
        memcpy(out->host, out->addr, host_len);
        out->host[host_len] = '\0';
    }
    out->s.addr = out->addr;
    out->s.advertised = out->advertised;
    out->s.host = out->host;
    if (out->s.zone == NULL)
        out->s.zone = "";
    return HAG_OK;
}

static const char *put(char **at, const char *s)
{
    size_t n = strlen(s) + 1;
    char *here = *at;

    memcpy(here, s, n);
    *at += n;
    return here;
}

static struct hag__node_texts *make_texts(hag_guard *g, const char *name, const struct spec *sp)
{
    size_t size = sizeof(struct hag__node_texts) + strlen(name) + strlen(sp->s.addr) +
                  strlen(sp->s.advertised) + strlen(sp->s.zone) + strlen(sp->s.host) + 5;
    struct hag__node_texts *t = hag__zalloc(&g->mem, size);
    char *at;

    if (t == NULL)
        return NULL;
    at = (char *)(t + 1);
    t->size = size;
    t->user = sp->s.user;
    t->name = put(&at, name);
    t->addr = put(&at, sp->s.addr);
    t->advertised = put(&at, sp->s.advertised);
    t->zone = put(&at, sp->s.zone);
    t->host = put(&at, sp->s.host);
    return t;
}

static void note_spec(hag_guard *g, uint32_t call, uint64_t of, const struct hag_node_spec *s,
                      hag_node made)
{
    hag__note(g, call,
              (const uint64_t[]){of, s->flags, (uint64_t)(int64_t)s->priority, s->user, made},
              (const char *const[]){s->name, s->addr, s->advertised, s->zone, s->host});
}

static int32_t taken(hag_guard *g, const struct hag__cluster *c, const char *name,
                     const struct spec *sp, const struct hag__node *self)
{
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n == NULL || n == self)
            continue;
        if (name != NULL && strcmp(n->texts->name, name) == 0)
            return hag__error(g, HAG_ERR_EXISTS, "%s has a node %s already", c->name, name);
        if (strcmp(n->texts->addr, sp->addr) == 0)
            return hag__error(g, HAG_ERR_EXISTS, "%s is the address of node %s already", sp->addr,
                              n->texts->name);
    }
    return HAG_OK;
}

static void init_node(hag_guard *g, struct hag__node *n)
{
    n->role = HAG_ROLE_UNKNOWN;
    n->upstream = HAG__NOBODY;
    n->verdict = HAG_VERDICT_UNKNOWN;
    n->why = HAG_WHY_NOT_PROBED;
    n->probed = HAG__NEVER;
    n->probe_at = HAG__NEVER;
    n->probe_deadline = HAG__NEVER;
    n->again = HAG__NEVER;
    n->moved_at = n->streamed_at = HAG__NEVER;
    n->position_sent = HAG__NEVER;
    n->grace_end = HAG__NEVER;
    n->fence_until = HAG__NEVER;
    n->demoted_at = HAG__NEVER;
    n->strange_since = HAG__NEVER;
    n->link_idle = n->lag = HAG_UNKNOWN_MS;
    n->since = g->now;
    hag__health_init(&n->health);
}

/* Grows the arrays of a cluster for one more place; nothing visible changes. */
static int32_t reserve_place(hag_guard *g, struct hag__cluster *c)
{
    size_t size = c->nsources * (size_t)(c->nplaces + 1) * sizeof(struct hag__sight);
    int32_t err =
        hag__grow(&g->mem, (void **)&c->nodes, &c->cap_nodes, c->nplaces + 1, sizeof(*c->nodes));
    struct hag__sight *wider;

    if (err != HAG_OK || c->nsources == 0)
        return err;
    wider = hag__zalloc(&g->mem, size);
    if (wider == NULL)
        return HAG_ERR_NOMEM;
    for (uint32_t s = 0; s < c->nsources; s++)
        memcpy(wider + s * (size_t)(c->nplaces + 1), c->sights + s * (size_t)c->nplaces,
               c->nplaces * sizeof(*wider));
    hag__free(&g->mem, c->sights, c->sights_size);
    c->sights = wider;
    c->sights_size = size;
    return HAG_OK;
}

int32_t hag_node_add(hag_guard *g, hag_cluster h, const struct hag_node_spec *given, hag_time now,
                     hag_node *ret)
{
    int32_t err = hag__enter(g, now);
    struct hag__node_texts *texts;
    struct hag__cluster *c;
    struct hag__node *n;
    struct spec sp;
    uint32_t ci, index, place;
    uint64_t every;

    if (err != HAG_OK)
        return err;
    if (ret == NULL)
        return hag__error(g, HAG_ERR_INVAL, "ret is NULL");
    err = hag__find(g, &g->clusters, h, "cluster", &ci);
    if (err == HAG_OK)
        err = read_spec(g, given, &sp);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    if (sp.s.name == NULL || !hag__name_ok(sp.s.name))
        return hag__error(g, HAG_ERR_INVAL,
                          "a node's name is 1 to %d letters, digits, '_', '.' or '-'",
                          HAG_NAME_MAX - 1);
    err = taken(g, c, sp.s.name, &sp, NULL);
    if (err != HAG_OK)
        return err;
    for (place = 0; place < c->nplaces && c->nodes[place] != HAG__NIL; place++)
        ;
    if (place == HAG_NODES_MAX)
        return hag__error(g, HAG_ERR_LIMIT, "%s has %d nodes already, the most there can be",
                          c->name, HAG_NODES_MAX);
    texts = make_texts(g, sp.s.name, &sp);
    err = texts == NULL ? HAG_ERR_NOMEM : HAG_OK;
    if (err == HAG_OK)
        err = hag__table_reserve(&g->nodes, g->nodes.live + 1);
    if (err == HAG_OK)
        err = hag__heap_reserve(&g->node_timers, g->nodes.used + 1);
    if (err == HAG_OK)
        err = hag__reserve_ops(g, NODE_OPS);
    if (err == HAG_OK && place == c->nplaces) {
        err = reserve_place(g, c);
        if (err != HAG_OK)
            g->reserved_ops -= NODE_OPS;
    }
    if (err != HAG_OK) {
        if (texts != NULL)
            hag__free(&g->mem, texts, texts->size);
        return hag__error(g, err, "no room for node %s: %s", sp.s.name, hag_strerror(err));
    }
    index = hag__table_add(&g->nodes);
    n = hag__node(g, index);
    /* the generation of the slot's probes goes on, so that a probe of its last owner is stale */
    n->probe_gen =
        (uint32_t)(hag__mix(g->nodes.used + ((uint64_t)g->host_now << 20) + index) % HAG__GEN_MAX) +
        1;
    init_node(g, n);
    n->cluster = ci;
    n->place = (uint8_t)place;
    n->flags = (uint8_t)sp.s.flags;
    n->priority = sp.s.priority;
    n->texts = texts;
    c->nodes[place] = index;
    if (place == c->nplaces)
        c->nplaces++;
    c->config_at = g->now;
    every = (uint64_t)hag__setting_of(c, HAG_P_PROBE_EVERY);
    /* probes are spread over the period, so that a fleet is not asked in one moment */
    n->probe_at = g->now + hag__mix(g->seed ^ index) % every;
    hag__node_arm(g, n);
    *ret = hag__table_handle(&g->nodes, index);
    note_spec(g, HAG__CALL_NODE_ADD, h, &sp.s, *ret);
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

static void redo_names(struct hag__cluster *c, const struct hag__node *n)
{
    for (int i = 0; i < 2; i++) {
        if (((c->names[i].have | c->names[i].want) >> n->place & 1) != 0)
            c->names[i].redo = 1;
    }
}

void hag__node_drop(hag_guard *g, uint32_t index)
{
    struct hag__node *n = hag__node(g, index);
    struct hag__cluster *c = hag__cluster(g, n->cluster);

    for (uint32_t i = c->nsources; i-- > 0;) {
        struct hag__source *s = hag__table_at(&g->sources, c->sources[i]);

        if (s->node == index)
            hag__source_drop(g, c->sources[i]);
    }
    for (uint32_t i = 0; i < c->nsources; i++)
        memset(&c->sights[i * (size_t)c->nplaces + n->place], 0, sizeof(*c->sights));
    hag__ops_of_node(g, c, index);
    hag__probe_drop(g, n);
    for (uint32_t i = 0; i < c->nplugins; i++) {
        uint64_t what = hag__table_handle(&g->nodes, index);

        /* word: handle | kind << 53 | plugin << 58 */
        (void)hag__ring_push(&g->ring,
                             what | (uint64_t)HAG_DO_FORGET << 53 | (uint64_t)c->plugins[i] << 58);
    }
    if (hag__answers(n))
        g->answering--;
    hag__heap_del(&g->node_timers, index);
    hag__lineage_release(g, &n->lineage);
    hag__free(&g->mem, n->texts, n->texts->size);
    c->nodes[n->place] = HAG__NIL;
    redo_names(c, n);
    for (int i = 0; i < 2; i++) {
        c->names[i].have &= ~(1ull << n->place);
        c->names[i].want &= ~(1ull << n->place);
    }
    if (c->run.kind != 0) {
        c->run.pending &= ~(1ull << n->place);
        c->run.queue &= ~(1ull << n->place);
    }
    if (c->old == n->place)
        c->old = HAG__NOBODY;
    if (c->primary == n->place)
        c->primary = HAG__NOBODY;
    g->reserved_ops -= NODE_OPS;
    hag__table_del(&g->nodes, index);
}

static struct hag__node *find(hag_guard *g, hag_node h, int32_t *err)
{
    uint32_t i;

    *err = hag__find(g, &g->nodes, h, "node", &i);
    return *err == HAG_OK ? hag__node(g, i) : NULL;
}

int32_t hag_node_remove(hag_guard *g, hag_node h, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__cluster *c;
    struct hag__node *n;

    if (err != HAG_OK)
        return err;
    n = find(g, h, &err);
    if (n == NULL)
        return err;
    c = hag__cluster(g, n->cluster);
    if (c->primary == n->place)
        return hag__error(g, HAG_ERR_BUSY,
                          "%s is the primary of %s; switch over first, or remove the cluster",
                          n->texts->name, c->name);
    if (c->run.kind != 0 && (c->run.candidate == n->place || c->run.old == n->place))
        return hag__error(g, HAG_ERR_BUSY, "%s takes part in a running %s; wait for its end",
                          n->texts->name, hag__name(HAG_NAMES_PROCEDURE, c->run.kind));
    err = hag__ring_reserve(&g->ring, g->ring.n + HAG__BINDINGS + NODE_OPS + 2);
    if (err != HAG_OK)
        return hag__error(g, err, "no memory to remove node %s; try again", n->texts->name);
    hag__note(g, HAG__CALL_NODE_REMOVE, &h, NULL);
    hag__node_drop(g, hag__node_index(g, n));
    c->config_at = g->now;
    c->flags |= HAG__CLUSTER_RECORD;
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

int32_t hag_node_set(hag_guard *g, hag_node h, const struct hag_node_spec *given, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__node_texts *texts;
    struct hag__cluster *c;
    struct hag__node *n;
    struct spec sp;
    int moved;

    if (err != HAG_OK)
        return err;
    n = find(g, h, &err);
    if (n == NULL)
        return err;
    err = read_spec(g, given, &sp);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, n->cluster);
    if (sp.s.name != NULL && strcmp(sp.s.name, n->texts->name) != 0)
        return hag__error(g, HAG_ERR_INVAL, "a node keeps its name %s; add another node instead",
                          n->texts->name);
    err = taken(g, c, NULL, &sp, n);
    if (err != HAG_OK)
        return err;
    texts = make_texts(g, n->texts->name, &sp);
    if (texts == NULL || hag__ring_reserve(&g->ring, g->ring.n + HAG__BINDINGS + 2) != HAG_OK) {
        if (texts != NULL)
            hag__free(&g->mem, texts, texts->size);
        return hag__error(g, HAG_ERR_NOMEM, "no memory to change node %s", n->texts->name);
    }
    note_spec(g, HAG__CALL_NODE_SET, h, &sp.s, 0);
    moved = strcmp(n->texts->addr, sp.addr) != 0;
    if (strcmp(n->texts->advertised, sp.advertised) != 0)
        redo_names(c, n);
    hag__free(&g->mem, n->texts, n->texts->size);
    n->texts = texts;
    n->flags = (uint8_t)sp.s.flags;
    n->priority = sp.s.priority;
    if (moved) {
        /* who answers there has to prove itself first (haproxy#51): nothing known carries over */
        if (hag__answers(n))
            g->answering--;
        hag__probe_drop(g, n);
        hag__lineage_release(g, &n->lineage);
        init_node(g, n);
        memset(n->identity, 0, sizeof(n->identity));
        n->facts = 0;
        n->marks &= (uint16_t) ~(HAG__MARK_SYNCED | HAG__MARK_MET | HAG__MARK_TRUSTED |
                                 HAG__MARK_STABLE | HAG__MARK_MEMBER);
        n->probe_at = g->now;
        for (uint32_t i = 0; i < c->nplugins; i++)
            (void)hag__ring_push(&g->ring,
                                 h | (uint64_t)HAG_DO_FORGET << 53 | (uint64_t)c->plugins[i] << 58);
        hag__node_arm(g, n);
        c->names[0].known = c->names[1].known = 0;
    }
    c->config_at = g->now;
    hag__dirty(g, c);
    hag__leave(g);
    return HAG_OK;
}

hag_node hag_node_find(const hag_guard *g, hag_cluster h, const char *name)
{
    const struct hag__cluster *c;
    uint32_t ci;

    if (hag__check(g) != HAG_OK || name == NULL || hag__table_find(&g->clusters, h, &ci) != HAG_OK)
        return 0;
    c = hag__cluster(g, ci);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL && strcmp(n->texts->name, name) == 0)
            return hag__node_handle(g, n);
    }
    return 0;
}

hag_node hag_node_next(const hag_guard *g, hag_cluster h, hag_node prev)
{
    const struct hag__cluster *c;
    uint32_t ci, ni, place = 0;

    if (hag__check(g) != HAG_OK || hag__table_find(&g->clusters, h, &ci) != HAG_OK)
        return 0;
    c = hag__cluster(g, ci);
    if (prev != 0) {
        if (hag__table_find(&g->nodes, prev, &ni) != HAG_OK || hag__node(g, ni)->cluster != ci)
            return 0;
        place = hag__node(g, ni)->place + 1u;
    }
    for (; place < c->nplaces; place++) {
        if (c->nodes[place] != HAG__NIL)
            return hag__table_handle(&g->nodes, c->nodes[place]);
    }
    return 0;
}

int32_t hag_node_probe(hag_guard *g, hag_node h, hag_time now)
{
    int32_t err = hag__enter(g, now);
    struct hag__node *n;

    if (err != HAG_OK)
        return err;
    n = find(g, h, &err);
    if (n == NULL)
        return err;
    if (hag__handler(g, hag__cluster(g, n->cluster), HAG_DO_PROBE) == HAG__BY_NOBODY)
        return hag__error(g, HAG_ERR_UNSUPPORTED,
                          "nobody probes %s; bind a plugin or set a hook for probe",
                          n->texts->name);
    hag__note(g, HAG__CALL_NODE_PROBE, &h, NULL);
    hag__probe_now(g, n, HAG_ACT_URGENT);
    return HAG_OK;
}
