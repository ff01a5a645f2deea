/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

/* What is written for each probe: the action with its digest, and the facts as far as they differ
 * from the last ones of that node. Of equal width is what every probe writes, for speed.
 *
 * TAKEN_PROBE     [place of the plugin] index of the node (24 bits) and flags (8), digest (32)
 * COMPLETE_USUAL  index (24), generation less that of the last one (8), position less the last (32),
 *                 HAG__DONE_; position_age, link_idle
 * COMPLETE_PROBE  index, i: generation less that of the last one, HAG__DONE_, ...
 * COMPLETE        op, HAG__DONE_, ... facts less zero */

#define PROBE   10u /* a node, flags, a digest */
#define PLAIN   20u /* an op, a generation, what was done */
#define NUMBERS 80u /* the most that those of facts take */
#define PAIRS   2u  /* of the lineage, that are compared at once */

static uint64_t text_word(uint64_t h, const char *s)
{
    return hag__log_mix(h, hag__log_sum(0, (const uint8_t *)s, strlen(s)));
}

/* What can be set in a probe, its texts apart: those the host gave with the node. */
static inline uint32_t digest_probe(const struct hag_action *a)
{
    uint64_t whom = a->node + 3 * a->cluster + 5 * a->user_node + 9 * a->user_cluster;
    uint64_t h = (a->op * 0x9e3779b97f4a7c15u + a->deadline) * 0xbf58476d1ce4e5b9u +
                 whom * 0x94d049bb133111ebu + a->term * 0xd6e8feb86659fd93u;

    return (uint32_t)(h ^ h >> 32);
}

/* Of every member, texts and bytes included. */
static uint64_t digest(const struct hag_action *a)
{
    const uint64_t numbers[] = {
        a->kind,     a->op,           a->cluster,   a->node,     a->target,
        a->term,     a->generation,   a->deadline,  a->arg,      a->version,
        a->expected, a->user_cluster, a->user_node, a->ttl,      a->flags,
        a->event,    a->severity,     a->reason,    a->endpoint, a->procedure,
        a->step,     a->attempt,      a->alert,     a->naddrs,   a->nbytes};
    const char *const texts[] = {a->request,     a->cluster_name, a->node_name, a->node_addr,
                                 a->target_name, a->target_addr,  a->text};
    uint64_t h = 0;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        h = hag__log_mix(h, numbers[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        h = text_word(h, texts[i]);
    for (uint32_t i = 0; i < a->naddrs; i++)
        h = text_word(h, a->addrs[i]);
    if (a->nbytes > 0)
        h = hag__log_mix(h, hag__log_sum(0, a->bytes, (size_t)a->nbytes));
    return hag__log_final(h);
}

static inline void put_probe(struct hag__recorder *r, const struct hag_action *a, uint8_t *p)
{
    hag__put_32(p, ((uint32_t)a->op & HAG__INDEX_MAX) | a->flags << 24);
    hag__put_32(p + 4, digest_probe(a));
    r->at = p + 8;
}

static void note_plugin_probe(struct hag__recorder *r, const struct hag_action *a, uint32_t plugin)
{
    uint8_t *p = hag__entry(r, HAG__CALL_PLUGIN_PROBE, 1 + PROBE);

    if (p == NULL)
        return;
    *p = (uint8_t)plugin;
    put_probe(r, a, p + 1);
}

static void note_other(hag_guard *g, const struct hag_action *a, uint32_t plugin)
{
    uint64_t numbers[1 + HAG__TAKEN_COUNT] = {plugin};
    uint64_t *n = numbers + 1;
    int host = plugin == HAG__BY_HOST;

    n[HAG__TAKEN_KIND] = a->kind;
    n[HAG__TAKEN_OP] = a->op;
    n[HAG__TAKEN_CLUSTER] = a->cluster;
    n[HAG__TAKEN_NODE] = a->node;
    n[HAG__TAKEN_TARGET] = a->target;
    n[HAG__TAKEN_FLAGS] = a->flags;
    n[HAG__TAKEN_PROCEDURE] = a->procedure;
    n[HAG__TAKEN_STEP] = a->step;
    n[HAG__TAKEN_ENDPOINT] = a->endpoint;
    n[HAG__TAKEN_EVENT] = a->event;
    n[HAG__TAKEN_ALERT] = a->alert;
    n[HAG__TAKEN_REASON] = a->reason;
    n[HAG__TAKEN_TERM] = a->term;
    n[HAG__TAKEN_ARG] = a->arg;
    n[HAG__TAKEN_DIGEST] = digest(a);
    hag__note(g, host ? HAG__CALL_TAKEN : HAG__CALL_PLUGIN_TAKEN, host ? n : numbers, NULL);
}

void hag__note_taken(hag_guard *g, const struct hag_action *a)
{
    struct hag__recorder *r = g->rec;
    uint8_t *p;

    if (a->kind != HAG_DO_PROBE) {
        note_other(g, a, HAG__BY_HOST);
        return;
    }
    p = hag__entry(r, HAG__CALL_TAKEN_PROBE, PROBE);
    if (p != NULL)
        put_probe(r, a, p);
}

void hag__note_plugin_taken(hag_guard *g, const struct hag_action *a, uint32_t plugin)
{
    if (a->kind != HAG_DO_PROBE)
        note_other(g, a, plugin);
    else
        note_plugin_probe(g->rec, a, plugin);
}

static inline struct hag__last *last_of(struct hag__recorder *r, uint32_t index)
{
    uint32_t n = r->nlast;
    void *grown;

    if (index < n)
        return &r->last[index];
    for (n = n > 0 ? n : 16; n <= index; n *= 2)
        ;
    grown = hag__realloc(&r->host, r->last, r->nlast * sizeof(*r->last), n * sizeof(*r->last));
    if (grown == NULL) {
        hag__recorder_stop(r->guard, HAG__STOPPED_MEMORY);
        return NULL;
    }
    r->last = grown;
    memset(r->last + r->nlast, 0, (n - r->nlast) * sizeof(*r->last));
    r->nlast = n;
    return &r->last[index];
}

static inline uint64_t word(const void *p, size_t i)
{
    uint64_t w;

    memcpy(&w, (const uint8_t *)p + 8 * i, sizeof(w));
    return w;
}

/* How many there are beyond those that every node has. */
static uint32_t beyond(const struct hag_facts *f)
{
    return f->nlineage > PAIRS ? f->nlineage - PAIRS : 0;
}

static const char *stream(const struct hag_facts *f, uint32_t i)
{
    return f->streams[i] != NULL ? f->streams[i] : "";
}

__attribute__((noinline)) static int same_rest(const struct hag__last *l, const struct hag_facts *f)
{
    const size_t ids = beyond(f) * sizeof(f->lineage[0]), forks = beyond(f) * sizeof(f->fork[0]);
    const uint8_t *at = l->rest != NULL ? l->rest : l->near;

    if (ids > 0 &&
        (memcmp(at, f->lineage + PAIRS, ids) != 0 || memcmp(at + ids, f->fork + PAIRS, forks) != 0))
        return 0;
    at += ids + forks;
    for (uint32_t i = 0; i < f->nstreams; i++) {
        if (strcmp((const char *)at + 4, stream(f, i)) != 0)
            return 0;
        at += hag__get_32(at);
    }
    return 1;
}

/* Who it is and whom it is with: what seldom changes. Whole words, with what lies behind an end. */
static inline int same_who(const struct hag__last *l, const struct hag_facts *f)
{
    uint64_t differs = 0;

    for (size_t i = 0; i < 8; i++)
        differs |= l->ids[i] ^ word(f->identity, i);
    for (size_t i = 0; i < 8; i++)
        differs |= l->upstream[i] ^ word(f->upstream, i);
    for (size_t i = 0; i < PAIRS; i++)
        differs |= l->forks[i] ^ f->fork[i];
    return differs == 0 && ((f->nlineage <= PAIRS && f->nstreams == 0) || same_rest(l, f));
}

static size_t rest_size(const struct hag_facts *f)
{
    size_t n = beyond(f) * (sizeof(f->lineage[0]) + sizeof(f->fork[0]));

    for (uint32_t i = 0; i < f->nstreams; i++)
        n += 4 + strlen(stream(f, i)) + 1;
    return n;
}

static uint8_t *put_text(uint8_t *p, const char *s)
{
    size_t n = strlen(s) + 1;

    memcpy(p, s, n);
    return p + n;
}

/* Keeps it for comparison; 0: no memory. */
static int keep_who(struct hag__recorder *r, struct hag__last *l, const struct hag_facts *f)
{
    const size_t ids = beyond(f) * sizeof(f->lineage[0]), forks = beyond(f) * sizeof(f->fork[0]);
    size_t n = rest_size(f);
    uint8_t *p;

    memcpy(l->ids, (const uint8_t *)f + offsetof(struct hag_facts, identity), sizeof(l->ids));
    memcpy(l->forks, f->fork, sizeof(l->forks));
    memcpy(l->upstream, f->upstream, sizeof(l->upstream));
    if (n > l->cap && n > sizeof(l->near)) {
        p = hag__realloc(&r->host, l->rest, l->cap, n);
        if (p == NULL) {
            hag__recorder_stop(r->guard, HAG__STOPPED_MEMORY);
            return 0;
        }
        l->rest = p;
        l->cap = (uint32_t)n;
    }
    p = l->rest != NULL ? l->rest : l->near;
    memcpy(p, f->lineage + PAIRS, ids);
    memcpy(p + ids, f->fork + PAIRS, forks);
    p += ids + forks;
    for (uint32_t i = 0; i < f->nstreams; i++) {
        uint8_t *end = put_text(p + 4, stream(f, i));

        hag__put_32(p, (uint32_t)(end - p));
        p = end;
    }
    return 1;
}

/* At most so much of it is written. */
static size_t who_size(const struct hag_facts *f)
{
    return 20 + HAG_ID_SIZE + f->nlineage * (size_t)(HAG_ID_SIZE + 10) + HAG_ADDR_MAX +
           rest_size(f);
}

static uint8_t *put_who(uint8_t *p, const struct hag_facts *f)
{
    const size_t ids = sizeof(f->identity) + f->nlineage * sizeof(f->lineage[0]);

    p = hag__put_u(p, f->nlineage);
    p = hag__put_u(p, f->nstreams);
    memcpy(p, (const uint8_t *)f + offsetof(struct hag_facts, identity), ids);
    p += ids;
    for (uint32_t i = 0; i < f->nlineage; i++)
        p = hag__put_u(p, f->fork[i]);
    p = put_text(p, f->upstream);
    for (uint32_t i = 0; i < f->nstreams; i++)
        p = put_text(p, stream(f, i));
    return p;
}

static inline uint32_t low(uint64_t word)
{
    uint32_t half;

    memcpy(&half, &word, sizeof(half));
    return half;
}

static inline uint32_t high(uint64_t word)
{
    uint32_t half;

    memcpy(&half, (const uint8_t *)&word + sizeof(half), sizeof(half));
    return half;
}

/* Two numbers that lie in one word. */
static inline uint8_t *put_pair(uint8_t *p, uint64_t is, uint64_t was)
{
    p = hag__put_i(p, (uint64_t)low(is) - low(was));
    return hag__put_i(p, (uint64_t)high(is) - high(was));
}

enum { RESULT, STATE, POSITION, AGES, LINK, LOAD, COUNTS, STREAMS };

static inline uint32_t differing(const uint64_t *is, const uint64_t *was)
{
    return (is[POSITION] != was[POSITION] ? HAG__FACTS_POSITION : 0u) |
           (is[AGES] != was[AGES] ? HAG__FACTS_AGES : 0u) |
           (is[LINK] != was[LINK] ? HAG__FACTS_LINK : 0u) |
           (is[STATE] != was[STATE] ? HAG__FACTS_STATE : 0u) |
           (is[RESULT] != was[RESULT] ? HAG__FACTS_RESULT : 0u) |
           (is[LOAD] != was[LOAD] || low(is[COUNTS]) != low(was[COUNTS]) ? HAG__FACTS_LOAD : 0u) |
           (high(is[COUNTS]) != high(was[COUNTS]) || is[STREAMS] != was[STREAMS] ? HAG__FACTS_WHO
                                                                                 : 0u);
}

static inline uint8_t *put_numbers(uint8_t *p, uint32_t mask, const uint64_t *is,
                                   const uint64_t *was)
{
    if (mask & HAG__FACTS_POSITION)
        p = hag__put_i(p, is[POSITION] - was[POSITION]);
    if (mask & HAG__FACTS_AGES)
        p = put_pair(p, is[AGES], was[AGES]);
    if (mask & HAG__FACTS_LINK)
        p = put_pair(p, is[LINK], was[LINK]);
    if (mask & HAG__FACTS_STATE)
        p = put_pair(p, is[STATE], was[STATE]);
    if (mask & HAG__FACTS_RESULT)
        p = hag__put_i(p, (uint64_t)high(is[RESULT]) - high(was[RESULT]));
    if (mask & HAG__FACTS_LOAD) {
        p = put_pair(p, is[LOAD], was[LOAD]);
        p = hag__put_i(p, (uint64_t)low(is[COUNTS]) - low(was[COUNTS]));
    }
    return p;
}

_Static_assert(sizeof(((struct hag__last *)0)->ids) >= (1 + PAIRS) * HAG_ID_SIZE &&
                   sizeof(((struct hag__last *)0)->upstream) == HAG_ADDR_MAX,
               "what is compared at once covers what is written");
_Static_assert(offsetof(struct hag_facts, identity) == sizeof(((struct hag__last *)0)->numbers) &&
                   offsetof(struct hag_facts, position) == 8 * POSITION &&
                   offsetof(struct hag_facts, nstreams) == 8 * STREAMS,
               "the numbers of facts are compared word by word");

/* What is to be written of some facts, against what was told of that node before. */
struct change {
    uint64_t is[8];
    const uint64_t *was;
    uint32_t mask;
    size_t room;
};

/* l NULL: against nothing, and nothing is kept. 0: no memory. */
static inline int compare(struct hag__recorder *r, struct hag__last *l, const struct hag_facts *f,
                          struct change *c)
{
    static const struct hag__last nothing;

    c->was = l != NULL ? l->numbers : nothing.numbers;
    memcpy(c->is, f, sizeof(c->is));
    memset(c->is, 0, sizeof(f->size));
    c->mask = differing(c->is, c->was);
    c->room = NUMBERS;
    if ((c->mask & HAG__FACTS_WHO) == 0 && (l == NULL || !same_who(l, f)))
        c->mask |= HAG__FACTS_WHO;
    if ((c->mask & HAG__FACTS_WHO) == 0)
        return 1;
    c->room += who_size(f);
    return l == NULL || keep_who(r, l, f);
}

static inline int is_more(const struct hag_result *res)
{
    return (res->reason | res->fence | res->fence_for | res->retry_after) != 0 || res->text != NULL;
}

/* The usual answer: only where the store has come to and when that was read are new. 0: it is not. */
static inline int note_usual(struct hag__recorder *r, hag_op op, const struct hag_result *res,
                             const struct hag_facts *f, int by_plugin)
{
    uint32_t index = (uint32_t)op & HAG__INDEX_MAX;
    struct hag__last *l;
    uint64_t *was, moved, ages;
    uint32_t gens, done;
    uint8_t *p;

    if (index >= r->nlast || is_more(res))
        return 0;
    l = &r->last[index];
    was = l->numbers;
    moved = f->position - was[POSITION];
    gens = ((uint32_t)(op >> HAG__INDEX_BITS) & HAG__GEN_MAX) - l->gen;
    if (((f->result ^ high(was[RESULT])) | (word(f, STATE) ^ was[STATE]) |
         (word(f, LINK) ^ was[LINK]) | (word(f, LOAD) ^ was[LOAD]) |
         (word(f, COUNTS) ^ was[COUNTS]) | (word(f, STREAMS) ^ was[STREAMS]) | moved >> 32 |
         gens >> 8) != 0 ||
        !same_who(l, f))
        return 0;
    p = hag__entry(r, HAG__CALL_COMPLETE_USUAL, PLAIN + NUMBERS);
    if (p == NULL)
        return 1;
    hag__put_32(p, index | gens << 24);
    hag__put_32(p + 4, (uint32_t)moved);
    l->gen += gens;
    was[POSITION] += moved;
    done = res->outcome | (uint32_t)by_plugin * HAG__DONE_BY_PLUGIN | HAG__DONE_FACTS;
    ages = word(f, AGES);
    r->at = p + 9;
    if (ages != was[AGES]) {
        done |= HAG__DONE_AGES;
        r->at = put_pair(p + 9, ages, was[AGES]);
        was[AGES] = ages;
    }
    p[8] = (uint8_t)done;
    return 1;
}

/* What lies behind the ends is no part of the facts, but it is compared. */
static void tidy(struct hag_facts *f)
{
    size_t len = strlen(f->upstream), n = f->nlineage;

    f->reserved = 0;
    memset(f->lineage + n, 0, sizeof(f->lineage) - n * sizeof(f->lineage[0]));
    memset(f->fork + n, 0, sizeof(f->fork) - n * sizeof(f->fork[0]));
    memset(f->upstream + len, 0, sizeof(f->upstream) - len);
}

void hag__note_probe_ended(hag_guard *g, hag_op op, const struct hag_result *res,
                           const struct hag_facts *f, int by_plugin)
{
    struct hag_facts clean;

    if (f != NULL && note_usual(g->rec, op, res, f, by_plugin))
        return;
    if (f != NULL) {
        clean = *f;
        tidy(&clean);
        f = &clean;
        if (note_usual(g->rec, op, res, f, by_plugin))
            return;
    }
    hag__note_complete(g, op, res, f, by_plugin);
}

void hag__note_complete(hag_guard *g, hag_op op, const struct hag_result *res,
                        const struct hag_facts *f, int by_plugin)
{
    struct hag__recorder *r = g->rec;
    int probe = hag__handle_kind(op) == HAG__KIND_PROBE && f != NULL;
    int more = is_more(res);
    uint32_t done = res->outcome | (by_plugin ? (uint32_t)HAG__DONE_BY_PLUGIN : 0u) |
                    (f != NULL ? (uint32_t)HAG__DONE_FACTS : 0u) |
                    (more ? (uint32_t)HAG__DONE_MORE : 0u);
    struct hag__last *l = NULL;
    struct change c;
    uint8_t *p;

    memset(&c, 0, sizeof(c));
    if (probe) {
        l = last_of(r, hag__handle_index(op));
        if (l == NULL)
            return;
    }
    if (f != NULL && !compare(r, l, f, &c))
        return;
    if (more)
        c.room += 30 + (res->text != NULL ? strlen(res->text) + 11 : 0);
    p = hag__entry(r, probe ? HAG__CALL_COMPLETE_PROBE : HAG__CALL_COMPLETE, PLAIN + c.room);
    if (p == NULL)
        return;
    if (probe) {
        p = hag__put_u(p, hag__handle_index(op));
        p = hag__put_i(p, (uint64_t)hag__handle_gen(op) - l->gen);
        l->gen = hag__handle_gen(op);
    } else {
        p = hag__put_u(p, op);
    }
    *p++ = (uint8_t)done;
    if (more) {
        size_t n = res->text != NULL ? strlen(res->text) + 1 : 0;

        p = hag__put_u(p, res->reason);
        p = hag__put_u(p, res->fence);
        p = hag__put_u(p, res->fence_for);
        p = hag__put_u(p, res->retry_after);
        p = hag__put_u(p, n);
        if (n > 0)
            memcpy(p, res->text, n);
        p += n;
    }
    if (f != NULL) {
        *p++ = (uint8_t)c.mask;
        p = put_numbers(p, c.mask, c.is, c.was);
        if (c.mask & HAG__FACTS_WHO)
            p = put_who(p, f);
        if (l != NULL && c.mask != 0)
            memcpy(l->numbers, c.is, sizeof(c.is));
    }
    r->at = p;
}
