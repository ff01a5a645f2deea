/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"

/* The durable state of one cluster (design 9): small, versioned, checked. Big-endian.
 *
 *   "HAGR" format:1 flags:1 reserved:2 length:4 version:8 term:8 generations:8+8 number:4
 *   procedure:1 step:1 cause:1 primary:1 old:1 candidate:1 (indices of the members below, 255 none)
 *   identity:20 position:8 pairs:1 {id:20 fork:8}... name:1+n
 *   members:1 {name:1+n marks:2 fence:1 names:1 maybe-term:8 debt:4
 *     identity:20}...  crc32c:4
 */
#define FORMAT      1
#define FIXED       (4 + 1 + 1 + 2 + 4 + 8 + 8 + 16 + 4 + 6 + HAG_ID_SIZE + 8 + 1)
#define NOBODY_HERE 255u
#define CONDEMNED   1u

struct out {
    uint8_t *p;
    size_t cap, len;
};

static void put(struct out *o, const void *p, size_t n)
{
    if (o->len + n <= o->cap)
        memcpy(o->p + o->len, p, n);
    o->len += n;
}

static void put_u(struct out *o, uint64_t v, size_t bytes)
{
    uint8_t b[8];

    for (size_t i = 0; i < bytes; i++)
        b[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
    put(o, b, bytes);
}

static void put_name(struct out *o, const char *s)
{
    size_t n = strlen(s);

    put_u(o, n, 1);
    put(o, s, n);
}

static uint8_t index_of(const struct hag__cluster *c, uint32_t place)
{
    uint8_t index = 0;

    if (place >= c->nplaces || c->nodes[place] == HAG__NIL)
        return NOBODY_HERE;
    for (uint32_t i = 0; i < place; i++)
        index = (uint8_t)(index + (c->nodes[i] != HAG__NIL));
    return index;
}

static void put_member(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                       struct out *o)
{
    const uint16_t kept = HAG__MARK_DETACHED | HAG__MARK_FENCED | HAG__MARK_QUIESCED |
                          HAG__MARK_MAYBE | HAG__MARK_SYNCED | HAG__MARK_TRUSTED |
                          HAG__MARK_ACCUSED | HAG__MARK_MET | HAG__MARK_MEMBER;
    uint64_t debt = n->debt_until > g->now ? n->debt_until - g->now : 0;
    uint64_t in_names = (c->names[0].have >> n->place & 1) | (c->names[1].have >> n->place & 1)
                                                                 << 1;

    put_name(o, n->texts->name);
    put_u(o, n->marks & kept, 2);
    put_u(o, n->fence, 1);
    put_u(o, in_names, 1);
    put_u(o, n->maybe_term, 8);
    put_u(o, debt < UINT32_MAX ? debt : UINT32_MAX, 4);
    put(o, n->identity, HAG_ID_SIZE);
}

size_t hag__record_encode(const hag_guard *g, const struct hag__cluster *c, uint64_t version,
                          uint64_t term, int close, uint8_t *buf, size_t cap)
{
    const struct hag__run *r = &c->run;
    const struct hag__node *p = hag__member(g, c, c->primary);
    int open =
        !close && (r->kind == HAG_PROC_FAILOVER || r->kind == HAG_PROC_SWITCHOVER) && !r->undoing;
    struct out o = {buf, cap, 0};
    uint32_t members = 0;

    for (uint32_t i = 0; i < c->nplaces; i++)
        members += c->nodes[i] != HAG__NIL;
    put(&o, "HAGR", 4);
    put_u(&o, FORMAT, 1);
    put_u(&o, p != NULL && p->verdict == HAG_VERDICT_DOWN ? CONDEMNED : 0, 1);
    put_u(&o, 0, 2);
    put_u(&o, 0, 4); /* length, below */
    put_u(&o, version, 8);
    put_u(&o, term, 8);
    put_u(&o, c->names[0].generation, 8);
    put_u(&o, c->names[1].generation, 8);
    put_u(&o, c->number, 4);
    put_u(&o, open ? r->kind : 0, 1);
    put_u(&o, open ? r->step : 0, 1);
    put_u(&o, open ? r->cause : 0, 1);
    put_u(&o, index_of(c, c->primary), 1);
    put_u(&o, index_of(c, open ? r->old : c->old), 1);
    put_u(&o, index_of(c, open ? r->candidate : HAG__NOBODY), 1);
    put(&o, c->identity, HAG_ID_SIZE);
    put_u(&o, c->position, 8);
    put_u(&o, c->lineage == NULL ? 0 : c->lineage->n, 1);
    for (uint32_t i = 0; c->lineage != NULL && i < c->lineage->n; i++) {
        put(&o, c->lineage->pair[i].id, HAG_ID_SIZE);
        put_u(&o, c->lineage->pair[i].fork, 8);
    }
    put_name(&o, c->name);
    put_u(&o, members, 1);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL)
            put_member(g, c, n, &o);
    }
    if (o.len + 4 <= cap) {
        struct out head = {buf + 8, 4, 0};

        put_u(&head, o.len + 4, 4);
        put_u(&o, hag__crc32c(buf, o.len), 4);
    } else {
        o.len += 4;
    }
    return o.len;
}

struct in {
    const uint8_t *p;
    size_t len, at;
    int bad;
};

static const uint8_t *get(struct in *i, size_t n)
{
    const uint8_t *p = i->p + i->at;

    if (i->bad || n > i->len - i->at) {
        i->bad = 1;
        return NULL;
    }
    i->at += n;
    return p;
}

static uint64_t get_u(struct in *i, size_t bytes)
{
    const uint8_t *p = get(i, bytes);
    uint64_t v = 0;

    for (size_t b = 0; p != NULL && b < bytes; b++)
        v = v << 8 | p[b];
    return v;
}

static void get_name(struct in *i, char name[HAG_NAME_MAX])
{
    size_t n = (size_t)get_u(i, 1);
    const uint8_t *p = n < HAG_NAME_MAX ? get(i, n) : NULL;

    name[0] = '\0';
    if (p == NULL) {
        i->bad = 1;
        return;
    }
    memcpy(name, p, n);
    name[n] = '\0';
    if (!hag__name_ok(name))
        i->bad = 1;
}

struct member {
    char name[HAG_NAME_MAX];
    uint64_t maybe_term;
    uint32_t debt;
    uint16_t marks;
    uint8_t fence, names;
    uint8_t identity[HAG_ID_SIZE];
    uint8_t place; /* HAG__NOBODY: not a node of the cluster now */
};

struct decoded {
    uint64_t version, term, generation[2], position;
    uint32_t number;
    uint8_t flags, procedure, step, cause, primary, old, candidate, nmembers;
    uint8_t identity[HAG_ID_SIZE];
    uint32_t npairs;
    struct hag__lineage_pair pair[HAG_LINEAGE_MAX];
    char name[HAG_NAME_MAX];
    struct member member[HAG_NODES_MAX];
};

static int read_all(struct in *i, struct decoded *d)
{
    const uint8_t *p = get(i, 4);
    uint64_t length;

    memset(d, 0, sizeof(*d));
    if (p == NULL || memcmp(p, "HAGR", 4) != 0 || get_u(i, 1) != FORMAT)
        return 0;
    d->flags = (uint8_t)get_u(i, 1);
    (void)get_u(i, 2);
    length = get_u(i, 4);
    if (length != i->len || i->len < FIXED + 8 ||
        hag__crc32c(i->p, i->len - 4) !=
            ((uint32_t)i->p[i->len - 4] << 24 | (uint32_t)i->p[i->len - 3] << 16 |
             (uint32_t)i->p[i->len - 2] << 8 | (uint32_t)i->p[i->len - 1]))
        return 0;
    i->len -= 4;
    d->version = get_u(i, 8);
    d->term = get_u(i, 8);
    d->generation[0] = get_u(i, 8);
    d->generation[1] = get_u(i, 8);
    d->number = (uint32_t)get_u(i, 4);
    d->procedure = (uint8_t)get_u(i, 1);
    d->step = (uint8_t)get_u(i, 1);
    d->cause = (uint8_t)get_u(i, 1);
    d->primary = (uint8_t)get_u(i, 1);
    d->old = (uint8_t)get_u(i, 1);
    d->candidate = (uint8_t)get_u(i, 1);
    p = get(i, HAG_ID_SIZE);
    if (p != NULL)
        memcpy(d->identity, p, HAG_ID_SIZE);
    d->position = get_u(i, 8);
    d->npairs = (uint32_t)get_u(i, 1);
    if (d->npairs > HAG_LINEAGE_MAX)
        return 0;
    for (uint32_t n = 0; n < d->npairs; n++) {
        p = get(i, HAG_ID_SIZE);
        if (p != NULL)
            memcpy(d->pair[n].id, p, HAG_ID_SIZE);
        d->pair[n].fork = get_u(i, 8);
    }
    get_name(i, d->name);
    d->nmembers = (uint8_t)get_u(i, 1);
    if (d->nmembers > HAG_NODES_MAX)
        return 0;
    for (uint32_t n = 0; n < d->nmembers; n++) {
        struct member *m = &d->member[n];

        get_name(i, m->name);
        m->marks = (uint16_t)get_u(i, 2);
        m->fence = (uint8_t)get_u(i, 1);
        m->names = (uint8_t)get_u(i, 1);
        m->maybe_term = get_u(i, 8);
        m->debt = (uint32_t)get_u(i, 4);
        p = get(i, HAG_ID_SIZE);
        if (p != NULL)
            memcpy(m->identity, p, HAG_ID_SIZE);
        m->place = HAG__NOBODY;
    }
    return !i->bad && i->at == i->len;
}

static uint8_t place_in(const struct decoded *d, uint8_t index)
{
    return index < d->nmembers ? d->member[index].place : HAG__NOBODY;
}

static int32_t match(hag_guard *g, const struct hag__cluster *c, struct decoded *d)
{
    const struct hag__procedure *p = hag__procedure(d->procedure);

    if (strcmp(d->name, c->name) != 0)
        return hag__error(g, HAG_ERR_NOT_FOUND, "this is the record of cluster %s, not of %s",
                          d->name, c->name);
    if (d->procedure != 0 && (p == NULL || d->step >= p->n))
        return hag__error(g, HAG_ERR_DAMAGED,
                          "the record of %s holds a procedure that this version does not know",
                          c->name);
    for (uint32_t n = 0; n < d->nmembers; n++) {
        for (uint32_t i = 0; i < c->nplaces; i++) {
            const struct hag__node *m = hag__member(g, c, i);

            if (m != NULL && strcmp(m->texts->name, d->member[n].name) == 0)
                d->member[n].place = (uint8_t)i;
        }
    }
    if (d->primary != NOBODY_HERE && place_in(d, d->primary) == HAG__NOBODY)
        return hag__error(g, HAG_ERR_NOT_FOUND,
                          "the record of %s names %s as primary, which is no node of it; add that "
                          "node before the record is restored",
                          c->name, d->primary < d->nmembers ? d->member[d->primary].name : "?");
    return HAG_OK;
}

static void apply(hag_guard *g, struct hag__cluster *c, const struct decoded *d,
                  struct hag__lineage *l)
{
    c->version = d->version;
    c->term = d->term;
    c->number = d->number;
    c->names[0].generation = d->generation[0];
    c->names[1].generation = d->generation[1];
    memcpy(c->identity, d->identity, HAG_ID_SIZE);
    c->position = d->position;
    hag__lineage_release(g, &c->lineage);
    c->lineage = l;
    c->primary = place_in(d, d->primary);
    c->old = place_in(d, d->old);
    c->resume_kind = d->procedure;
    c->resume_step = d->step;
    c->resume_cause = d->cause;
    c->resume_candidate = place_in(d, d->candidate);
    for (uint32_t n = 0; n < d->nmembers; n++) {
        struct hag__node *m = hag__member(g, c, d->member[n].place);

        if (m == NULL)
            continue;
        m->marks |= d->member[n].marks;
        m->fence = d->member[n].fence <= HAG_FENCE_OFF ? d->member[n].fence : 0;
        if (m->fence == HAG_FENCE_SOFT)
            m->fence = HAG_FENCE_NONE; /* it may have ended meanwhile */
        m->maybe_term = d->member[n].maybe_term;
        /* the marks speak of this incarnation; another one that answers sheds them */
        memcpy(m->identity, d->member[n].identity, HAG_ID_SIZE);
        if (d->member[n].debt > 0)
            m->debt_until = g->now + d->member[n].debt;
        for (int i = 0; i < 2; i++) {
            if (d->member[n].names >> i & 1)
                c->names[i].have |= 1ull << m->place;
        }
    }
    c->names[0].want = c->names[0].have;
    c->names[1].want = c->names[1].have;
    c->flags |= HAG__CLUSTER_RESTORED;
    if (d->flags & CONDEMNED)
        c->flags |= HAG__CLUSTER_CONDEMNED;
    if (d->procedure != 0)
        c->flags |= HAG__CLUSTER_RESUME;
}

int32_t hag__record_decode(hag_guard *g, struct hag__cluster *c, const uint8_t *bytes, size_t n)
{
    struct in i = {bytes, n, 0, 0};
    struct hag__lineage *l = NULL;
    struct decoded d;
    int32_t err;

    if (!read_all(&i, &d))
        return hag__error(g, HAG_ERR_DAMAGED,
                          "the record of %s is damaged or of another format; set it aside and let "
                          "the guard find the primary by itself",
                          c->name);
    err = match(g, c, &d);
    if (err != HAG_OK)
        return err;
    if (d.npairs > 0) {
        l = hag__zalloc(&g->mem, sizeof(*l) + d.npairs * sizeof(l->pair[0]));
        if (l == NULL)
            return hag__error(g, HAG_ERR_NOMEM, "no memory for the record of %s", c->name);
        l->refs = 1;
        l->n = d.npairs;
        memcpy(l->pair, d.pair, d.npairs * sizeof(l->pair[0]));
    }
    apply(g, c, &d, l);
    return HAG_OK;
}
