/* SPDX-License-Identifier: MIT */
#include "sim/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A log is played again: a new guard is told all that the first one was told, in the same order and
 * at the same times, and records it too. What it records is compared byte for byte. */

static void fail(struct replay *r, int32_t err)
{
    r->over = 1;
    if (r->failed == HAG_OK)
        r->failed = err;
}

static int room(struct replay *r, struct replay_bytes *b, size_t n)
{
    size_t cap = b->cap > 0 ? b->cap : 4096;
    uint8_t *grown;

    if (b->n + n <= b->cap)
        return 1;
    while (cap < b->n + n)
        cap *= 2;
    grown = realloc(b->v, cap);
    if (grown == NULL) {
        fail(r, HAG_ERR_NOMEM);
        return 0;
    }
    b->v = grown;
    b->cap = cap;
    return 1;
}

static int append(struct replay *r, struct replay_bytes *b, const uint8_t *p, size_t n)
{
    if (!room(r, b, n))
        return 0;
    memcpy(b->v + b->n, p, n);
    b->n += n;
    return 1;
}

static hag_time since(const struct replay *r, hag_time now)
{
    return r->has_begun ? now - r->begun : 0;
}

static int mark(struct replay *r, const struct log_entry *e)
{
    if (r->nmarks == r->cap_marks) {
        uint32_t cap = r->cap_marks > 0 ? 2 * r->cap_marks : 64;
        struct replay_mark *grown = realloc(r->marks, cap * sizeof(*grown));

        if (grown == NULL) {
            fail(r, HAG_ERR_NOMEM);
            return 0;
        }
        r->marks = grown;
        r->cap_marks = cap;
    }
    r->marks[r->nmarks++] =
        (struct replay_mark){.at = r->want.n, .offset = e->offset, .now = e->now};
    return 1;
}

const struct log_entry *replay_ahead(struct replay *r)
{
    if (r->over)
        return NULL;
    if (!r->have_ahead) {
        if (!log_next(&r->log, &r->ahead)) {
            r->over = 1;
            return NULL;
        }
        if (r->ahead.call == HAG__CALL_STOPPED) {
            static const uint32_t endings[] = {HAG_REPLAY_WHOLE, HAG_REPLAY_FULL, HAG_REPLAY_NOMEM,
                                               HAG_REPLAY_NOMEM};

            r->res->ending = endings[r->ahead.n[0] < 4 ? r->ahead.n[0] : 0];
            r->over = 1;
            return NULL;
        }
        r->have_ahead = 1;
    }
    return &r->ahead;
}

const struct log_entry *replay_take(struct replay *r)
{
    if (replay_ahead(r) == NULL)
        return NULL;
    r->e = r->ahead;
    if (r->ahead.result.facts != NULL)
        r->e.result.facts = &r->e.facts;
    r->have_ahead = 0;
    if (r->e.later && !r->has_begun) {
        r->has_begun = 1;
        r->begun = r->e.now;
    }
    r->res->entries++;
    r->res->at = since(r, r->e.now);
    if (!mark(r, &r->e) || !append(r, &r->want, r->e.bytes, r->e.len))
        return NULL;
    return &r->e;
}

static void take_raw(struct replay *r)
{
    int32_t more;
    size_t n;

    r->raw.n = 0;
    do {
        if (!room(r, &r->raw, 4096))
            return;
        more = hag_record_take(r->g, r->raw.v + r->raw.n, r->raw.cap - r->raw.n, &n);
        if (more < 0) {
            fail(r, HAG_ERR_NOMEM);
            return;
        }
        r->raw.n += n;
    } while (more > 0);
}

/* What the guard has written goes to made, without the heads of its chunks. */
static void collect(struct replay *r)
{
    size_t at = 0;

    take_raw(r);
    while (at + HAG__CHUNK_HEAD <= r->raw.n) {
        size_t len = hag__get_32(r->raw.v + at);

        at += HAG__CHUNK_HEAD;
        if (!append(r, &r->made, r->raw.v + at, len))
            return;
        at += len;
    }
}

static void drop(struct replay_bytes *b, size_t n)
{
    memmove(b->v, b->v + n, b->n - n);
    b->n -= n;
}

static const struct log_entry *peek(const struct replay_bytes *b, size_t at, struct log_entry *e)
{
    return at < b->n && log_peek(b->v + at, b->n - at, e) ? e : NULL;
}

/* The first byte that differs is at k: of which entry, and what is there now? */
static void found(struct replay *r, size_t k)
{
    struct log_entry was, is;
    uint32_t m = r->nmarks;
    size_t at;

    while (m > 0 && r->marks[m - 1].at > k)
        m--;
    at = m > 0 ? r->marks[m - 1].at : 0;
    if (m > 0) {
        r->res->offset = r->marks[m - 1].offset;
        r->res->at = since(r, r->marks[m - 1].now);
    }
    replay_differs(r, peek(&r->want, at, &was), peek(&r->made, at, &is));
}

void replay_compare(struct replay *r)
{
    size_t n, k;
    uint32_t m = 0;

    if (r->over && r->res->verdict != HAG_REPLAY_SAME)
        return;
    collect(r);
    n = r->want.n < r->made.n ? r->want.n : r->made.n;
    for (k = 0; k < n && r->want.v[k] == r->made.v[k]; k++)
        ;
    /* that time has passed is written with what comes next, so the made one may be behind */
    if (k < n || (r->made.n > r->want.n && !r->over)) {
        found(r, k);
        return;
    }
    if (n == 0)
        return;
    drop(&r->want, n);
    drop(&r->made, n);
    for (uint32_t i = 0; i < r->nmarks; i++) {
        if (r->marks[i].at < n)
            continue;
        r->marks[m] = r->marks[i];
        r->marks[m++].at -= n;
    }
    r->nmarks = m;
}

void replay_differs(struct replay *r, const struct log_entry *e, const struct log_entry *made)
{
    struct hag_replay_result *res = r->res;

    r->over = 1;
    if (res->verdict == HAG_REPLAY_DIFFERS)
        return;
    res->verdict = HAG_REPLAY_DIFFERS;
    replay_say(r, e, res->recorded, sizeof(res->recorded));
    replay_say(r, made, res->today, sizeof(res->today));
}

/* Something that was recorded before the last entry that was taken was not made; when only that time
 * has passed, that is written with what comes next. */
static int behind(struct replay *r, uint32_t nmarks)
{
    struct log_entry left;

    for (uint32_t i = 0; i < nmarks; i++) {
        size_t at = r->marks[i].at;

        if (peek(&r->want, at, &left) != NULL && left.call == HAG__CALL_TIME)
            continue;
        found(r, at);
        return 1;
    }
    return 0;
}

void replay_broken(struct replay *r, const struct log_entry *e)
{
    replay_compare(r);
    if (r->over || (r->nmarks > 0 && behind(r, r->nmarks - 1)))
        return;
    r->over = 1;
    r->log.state = LOG_DAMAGED;
    r->log.bad = e->offset;
    r->log.why = "what is here is out of its place";
}

void replay_told(struct replay *r, const struct hag_action *a)
{
    hag_time at = r->e.now;

    r->res->actions++;
    r->res->events += a->kind == HAG_DO_EVENT;
    if (r->o->told != NULL && !r->over)
        r->o->told(r->o->ud, since(r, at), r->unix_ms != 0 ? r->unix_ms + at : 0, a);
}

void replay_name(struct replay *r, int of, uint64_t handle, const char *name)
{
    uint32_t index = (uint32_t)(handle & 0xffffffu), n = r->nnames[of];
    struct replay_name *grown;

    if (index >= n) {
        for (n = n > 0 ? n : 64; n <= index; n *= 2)
            ;
        grown = realloc(r->names[of], n * sizeof(*grown));
        if (grown == NULL) {
            fail(r, HAG_ERR_NOMEM);
            return;
        }
        memset(grown + r->nnames[of], 0, (n - r->nnames[of]) * sizeof(*grown));
        r->names[of] = grown;
        r->nnames[of] = n;
    }
    r->names[of][index].handle = handle;
    r->names[of][index].name = name;
}

int32_t replay_inside(struct replay *r)
{
    const struct log_entry *e;

    replay_compare(r);
    while ((e = replay_take(r)) != NULL) {
        if (e->call == HAG__CALL_END)
            return (int32_t)(int64_t)e->n[0];
        replay_call(r, e);
        replay_compare(r);
    }
    return HAG_OK;
}

static void begin(struct replay *r)
{
    struct hag_options o = {.size = sizeof(o), .record_max = UINT64_MAX};
    const struct log_entry *e = replay_take(r);

    if (e == NULL)
        return;
    if (e->call != HAG__CALL_START) {
        replay_broken(r, e);
        return;
    }
    r->res->version = (uint32_t)e->n[0];
    o.flags = (uint32_t)e->n[1] | HAG_OPTION_RECORD;
    o.seed = e->n[2];
    o.max_work = (uint32_t)e->n[3];
    o.stall_after = (uint32_t)e->n[4];
    r->failed = hag_guard_new(&o, &r->g);
    if (r->failed != HAG_OK) {
        r->over = 1;
        return;
    }
    take_raw(r); /* the version may be another one: that is no difference */
    r->want.n = r->nmarks = 0;
}

static void play(struct replay *r)
{
    const struct log_entry *e;

    begin(r);
    while ((e = replay_take(r)) != NULL) {
        replay_call(r, e);
        replay_compare(r);
    }
    if (r->failed != HAG_OK || r->res->verdict != HAG_REPLAY_SAME || r->g == NULL)
        return;
    replay_compare(r);
    if (r->res->verdict == HAG_REPLAY_SAME)
        (void)behind(r, r->nmarks);
}

static void ending(struct replay *r)
{
    static const uint32_t endings[] = {[LOG_END] = HAG_REPLAY_RUNNING,
                                       [LOG_CUT] = HAG_REPLAY_CUT,
                                       [LOG_DAMAGED] = HAG_REPLAY_DAMAGED};
    struct hag_replay_result *res = r->res;

    if (res->verdict == HAG_REPLAY_SAME)
        res->at = since(r, r->log.now);
    if (r->unix_ms != 0)
        res->unix_ms = r->unix_ms + r->begun + res->at;
    if (r->log.state == LOG_NOMEM)
        fail(r, HAG_ERR_NOMEM);
    if (r->failed != HAG_OK || res->verdict != HAG_REPLAY_SAME || res->ending != 0)
        return;
    if (r->g == NULL && r->log.state == LOG_END) {
        r->log.state = LOG_CUT;
        r->log.why = "it has nothing but its head";
    }
    if (r->log.state >= LOG_END && r->log.state <= LOG_DAMAGED)
        res->ending = endings[r->log.state];
    if (r->log.state == LOG_CUT || r->log.state == LOG_DAMAGED) {
        res->offset = r->log.bad;
        (void)snprintf(res->why, sizeof(res->why), "%s", r->log.why);
    }
}

static void end(struct replay *r)
{
    r->over = 1; /* what plugins are told now is no part of the log */
    if (r->g != NULL)
        (void)hag_guard_destroy(r->g);
    log_close(&r->log);
    for (uint32_t i = 0; i < REPLAY_PLUGINS; i++)
        free(r->plugins[i]);
    for (int i = 0; i < 2; i++)
        free(r->names[i]);
    free(r->want.v);
    free(r->made.v);
    free(r->raw.v);
    free(r->marks);
    free(r);
}

int32_t hag_replay(const uint8_t *log, size_t n, const struct hag_replay_options *opt,
                   struct hag_replay_result *out)
{
    static const struct hag_replay_options none;
    struct hag_replay_result res = {.size = sizeof(res)};
    struct replay *r;
    int32_t err;

    if (log == NULL || out == NULL)
        return HAG_ERR_INVAL;
    if (out->size < sizeof(*out) || (opt != NULL && opt->size < sizeof(*opt)))
        return HAG_ERR_ABI;
    r = calloc(1, sizeof(*r));
    if (r == NULL)
        return HAG_ERR_NOMEM;
    r->o = opt != NULL ? opt : &none;
    r->res = &res;
    err = log_open(&r->log, log, n);
    if (err == HAG_OK) {
        play(r);
        ending(r);
        err = r->failed;
    }
    end(r);
    if (err == HAG_OK) {
        res.size = out->size;
        *out = res;
    }
    return err;
}
