/* SPDX-License-Identifier: MIT */
#include "sim/log.h"

#include <stdlib.h>
#include <string.h>

#define INDEX(handle) ((uint32_t)((handle)&0xffffffu))

/* Reading never goes past the end: then it is marked bad and gives zeros. */
struct bytes {
    const uint8_t *at, *end;
    int bad;
};

static uint64_t get_u(struct bytes *b)
{
    uint64_t v = 0;

    for (unsigned shift = 0; b->at < b->end; shift += 7) {
        uint8_t byte = *b->at++;

        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return v;
    }
    b->bad = 1;
    return 0;
}

static uint64_t get_i(struct bytes *b)
{
    return hag__zagzig(get_u(b));
}

static uint32_t get_small(struct bytes *b)
{
    uint64_t v = get_u(b);

    if (v > UINT32_MAX)
        b->bad = 1;
    return (uint32_t)v;
}

static const uint8_t *get_bytes(struct bytes *b, uint64_t n)
{
    const uint8_t *at = b->at;

    if (n > (uint64_t)(b->end - b->at)) {
        b->bad = 1;
        return NULL;
    }
    b->at += n;
    return at;
}

static uint32_t get_32(struct bytes *b)
{
    const uint8_t *p = get_bytes(b, 4);

    return p != NULL ? hag__get_32(p) : 0;
}

static uint8_t get_byte(struct bytes *b)
{
    const uint8_t *p = get_bytes(b, 1);

    return p != NULL ? *p : 0;
}

/* Up to and with its zero. */
static const char *get_ended(struct bytes *b)
{
    const uint8_t *at = b->at;
    const uint8_t *zero = memchr(at, 0, (size_t)(b->end - at));

    if (zero == NULL) {
        b->bad = 1;
        return "";
    }
    b->at = zero + 1;
    return (const char *)at;
}

static const char *get_text(struct bytes *b)
{
    uint64_t n = get_u(b);
    const uint8_t *p = n == 0 ? NULL : get_bytes(b, n);

    if (p != NULL && memchr(p, 0, (size_t)n) != p + n - 1)
        b->bad = 1;
    return (const char *)p;
}

static void by_shape(struct bytes *b, const char *shape, struct log_entry *e)
{
    uint64_t *n = e->n;
    const char **t = e->t;

    for (; *shape != '\0'; shape++) {
        switch (*shape) {
        case 's':
            *t++ = get_text(b);
            break;
        case 'b':
            *n = get_u(b);
            *t++ = (const char *)get_bytes(b, *n++);
            break;
        case 'i':
            *n++ = get_i(b);
            break;
        default:
            *n++ = get_u(b);
            break;
        }
    }
}

static void get_probe(struct bytes *b, struct log_entry *e)
{
    uint32_t word;

    if (e->call == HAG__CALL_PLUGIN_PROBE)
        e->n[0] = get_byte(b);
    word = get_32(b);
    e->index = word & 0xffffffu;
    e->n[1] = word >> 24;
    e->n[2] = get_32(b);
}

static void add(uint32_t *v, struct bytes *b)
{
    *v += (uint32_t)get_i(b);
}

static void get_who(struct bytes *b, struct log_node *n)
{
    struct hag_facts *f = &n->facts;
    const char **streams;
    const uint8_t *p;
    const char *upstream;

    f->nlineage = get_small(b);
    f->nstreams = get_small(b);
    if (f->nlineage > HAG_LINEAGE_MAX || f->nstreams > HAG_NODES_MAX) {
        f->nlineage = f->nstreams = 0;
        b->bad = 1;
        return;
    }
    memset(f->lineage, 0, sizeof(f->lineage));
    memset(f->fork, 0, sizeof(f->fork));
    memset(f->upstream, 0, sizeof(f->upstream));
    p = get_bytes(b, HAG_ID_SIZE * (1u + f->nlineage));
    if (p != NULL) {
        memcpy(f->identity, p, HAG_ID_SIZE);
        memcpy(f->lineage, p + HAG_ID_SIZE, HAG_ID_SIZE * (size_t)f->nlineage);
    }
    for (uint32_t i = 0; i < f->nlineage; i++)
        f->fork[i] = get_u(b);
    upstream = get_ended(b);
    if (strlen(upstream) >= sizeof(f->upstream))
        b->bad = 1;
    else
        memcpy(f->upstream, upstream, strlen(upstream));
    free(n->streams);
    n->streams = streams = calloc(f->nstreams > 0 ? f->nstreams : 1, sizeof(*streams));
    if (streams == NULL) {
        b->bad = 1;
        return;
    }
    for (uint32_t i = 0; i < f->nstreams; i++)
        streams[i] = get_ended(b);
    f->streams = f->nstreams > 0 ? streams : NULL;
}

static void get_facts(struct bytes *b, struct log_node *n)
{
    struct hag_facts *f = &n->facts;
    uint32_t mask = get_byte(b);

    if (mask & HAG__FACTS_POSITION)
        f->position += get_i(b);
    if (mask & HAG__FACTS_AGES) {
        add(&f->position_age, b);
        add(&f->link_idle, b);
    }
    if (mask & HAG__FACTS_LINK) {
        add(&f->link_beat, b);
        add(&f->lag, b);
    }
    if (mask & HAG__FACTS_STATE) {
        add(&f->role, b);
        add(&f->flags, b);
    }
    if (mask & HAG__FACTS_RESULT)
        add(&f->result, b);
    if (mask & HAG__FACTS_LOAD) {
        uint32_t priority = (uint32_t)f->priority;

        add(&priority, b);
        f->priority = (int32_t)priority;
        add(&f->cpu, b);
        add(&f->memory, b);
    }
    if (mask & HAG__FACTS_WHO)
        get_who(b, n);
}

static void finish(struct log_entry *e, const struct log_node *n)
{
    e->facts = n->facts;
    e->facts.size = sizeof(e->facts);
    e->result.facts = &e->facts;
}

static void get_done(struct bytes *b, struct log_entry *e, uint32_t done)
{
    e->result.size = sizeof(e->result);
    e->result.outcome = done & HAG__DONE_OUTCOME;
    e->by_plugin = (done & HAG__DONE_BY_PLUGIN) != 0;
    if ((done & HAG__DONE_MORE) == 0)
        return;
    e->result.reason = get_small(b);
    e->result.fence = get_small(b);
    e->result.fence_for = get_small(b);
    e->result.retry_after = get_small(b);
    e->result.text = get_text(b);
}

static struct log_node *node_of(struct log *l, struct bytes *b, uint32_t index)
{
    if (index < l->nnodes)
        return &l->nodes[index];
    b->bad = 1;
    return NULL;
}

static void get_usual(struct log *l, struct bytes *b, struct log_entry *e)
{
    uint32_t word = get_32(b), moved = get_32(b), done = get_byte(b);
    struct log_node *n = node_of(l, b, word & 0xffffffu);

    if (n == NULL)
        return;
    e->index = word & 0xffffffu;
    n->gen += word >> 24;
    e->gen = n->gen;
    n->facts.position += moved;
    if (done & HAG__DONE_AGES) {
        add(&n->facts.position_age, b);
        add(&n->facts.link_idle, b);
    }
    get_done(b, e, done & ~(uint32_t)HAG__DONE_MORE);
    finish(e, n);
}

static void get_complete(struct log *l, struct bytes *b, struct log_entry *e)
{
    struct log_node *n = &l->order;
    uint32_t done;

    if (e->call == HAG__CALL_COMPLETE_PROBE) {
        e->index = get_small(b);
        n = node_of(l, b, e->index);
        if (n == NULL)
            return;
        n->gen += (uint32_t)get_i(b);
        e->gen = n->gen;
    } else {
        e->n[0] = get_u(b);
        memset(&n->facts, 0, sizeof(n->facts));
    }
    done = get_byte(b);
    get_done(b, e, done);
    if (done & HAG__DONE_FACTS) {
        get_facts(b, n);
        finish(e, n);
    }
}

static int more_nodes(struct log *l, uint32_t index)
{
    uint32_t n = l->nnodes > 0 ? l->nnodes : 64;
    struct log_node *grown;

    if (index < l->nnodes)
        return 1;
    while (n <= index)
        n *= 2;
    grown = realloc(l->nodes, n * sizeof(*grown));
    if (grown == NULL)
        return 0;
    memset(grown + l->nnodes, 0, (n - l->nnodes) * sizeof(*grown));
    l->nodes = grown;
    l->nnodes = n;
    return 1;
}

/* Slots are dense: a node that was added is within as many as were added before. */
static void get_node(struct log *l, struct bytes *b, hag_node made)
{
    uint32_t index = INDEX(made);

    l->added++;
    if (index >= l->added)
        b->bad = 1;
    else if (!more_nodes(l, index))
        l->state = LOG_NOMEM;
}

int32_t log_open(struct log *l, const uint8_t *bytes, size_t n)
{
    memset(l, 0, sizeof(*l));
    if (n < HAG__LOG_HEAD || memcmp(bytes, "HAGREC", 6) != 0)
        return HAG_ERR_DAMAGED;
    if ((bytes[6] | bytes[7] << 8) != (int)HAG__LOG_VERSION)
        return HAG_ERR_UNSUPPORTED;
    l->bytes = bytes;
    l->n = n;
    l->at = HAG__LOG_HEAD;
    l->next = l->stop = bytes + l->at;
    return HAG_OK;
}

void log_close(struct log *l)
{
    for (uint32_t i = 0; i < l->nnodes; i++)
        free(l->nodes[i].streams);
    free(l->nodes);
    free(l->order.streams);
    memset(l, 0, sizeof(*l));
}

static int stop(struct log *l, int state, size_t at, const char *why)
{
    l->state = state;
    l->bad = at;
    l->why = why;
    return 0;
}

static int next_chunk(struct log *l)
{
    size_t left = l->n - l->at;
    const uint8_t *head = l->bytes + l->at;
    uint32_t len;

    if (left == 0)
        return stop(l, LOG_END, l->at, "");
    if (left < HAG__CHUNK_HEAD)
        return stop(l, LOG_CUT, l->at, "it is cut off here");
    len = hag__get_32(head);
    if (len == 0 || len > HAG__CHUNK_MOST)
        return stop(l, LOG_DAMAGED, l->at, "a length here is damaged");
    if (len > left - HAG__CHUNK_HEAD)
        return stop(l, LOG_CUT, l->at, "it is cut off within what begins here, or damaged here");
    if (hag__chunk_check(l->check, head + HAG__CHUNK_HEAD, len) != hag__get_32(head + 4))
        return stop(l, LOG_DAMAGED, l->at, "what begins here is not what was written");
    l->check = hag__get_32(head + 4);
    l->next = head + HAG__CHUNK_HEAD;
    l->stop = l->next + len;
    l->at += HAG__CHUNK_HEAD + len;
    return 1;
}

static int read_entry(struct log *l, struct bytes *b, struct log_entry *e)
{
    uint8_t first = *b->at++;

    e->call = first & ~(uint32_t)HAG__CALL_LATER;
    if (e->call >= HAG__CALL_MAX || hag__call_shapes[e->call] == NULL)
        return 0;
    if (first & HAG__CALL_LATER) {
        e->later = 1;
        l->now += get_i(b);
    }
    e->now = l->now;
    switch (e->call) {
    case HAG__CALL_TAKEN_PROBE:
    case HAG__CALL_PLUGIN_PROBE:
        get_probe(b, e);
        break;
    case HAG__CALL_COMPLETE_USUAL:
        get_usual(l, b, e);
        break;
    case HAG__CALL_COMPLETE_PROBE:
    case HAG__CALL_COMPLETE:
        get_complete(l, b, e);
        break;
    default:
        by_shape(b, hag__call_shapes[e->call], e);
        break;
    }
    if (e->call == HAG__CALL_NODE_ADD)
        get_node(l, b, e->n[4]);
    return !b->bad;
}

int log_next(struct log *l, struct log_entry *e)
{
    struct bytes b;

    if (l->state != LOG_GOES_ON)
        return 0;
    memset(e, 0, sizeof(*e));
    if (l->next == l->stop && !next_chunk(l))
        return 0;
    b = (struct bytes){.at = l->next, .end = l->stop};
    e->bytes = l->next;
    e->offset = (size_t)(l->next - l->bytes);
    if (!read_entry(l, &b, e) || l->state != LOG_GOES_ON)
        return l->state == LOG_NOMEM
                   ? 0
                   : stop(l, LOG_DAMAGED, e->offset, "what is here makes no sense");
    e->len = (size_t)(b.at - l->next);
    l->next = b.at;
    return 1;
}

int log_peek(const uint8_t *bytes, size_t n, struct log_entry *e)
{
    struct bytes b = {.at = bytes, .end = bytes + n};
    struct log none;

    memset(e, 0, sizeof(*e));
    memset(&none, 0, sizeof(none));
    if (n == 0)
        return 0;
    (void)read_entry(&none, &b, e);
    log_close(&none);
    return e->call < HAG__CALL_MAX && hag__call_shapes[e->call] != NULL;
}
