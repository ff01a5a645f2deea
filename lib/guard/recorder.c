/* SPDX-License-Identifier: MIT */
#include "guard/recorder.h"

#include <string.h>

#include "guard/guard.h"

#define FIRST     4096u
#define MOST      (16u << 20)
#define MOST_EVER (1ull << 40)
#define CHUNK     32768u /* a chunk that is longer is closed */
#define TAIL      32u    /* kept free for the last entry */

/* The guard's own memory. What the allocator refuses is no part of the log, so that is its end. */
static void *watched(void *ud, void *p, size_t osize, size_t nsize)
{
    struct hag__recorder *r = ud;
    void *got = hag__realloc(&r->host, p, osize, nsize);

    if (got == NULL && nsize > 0)
        hag__recorder_stop(r->guard, HAG__STOPPED_REFUSED);
    return got;
}

static void set_end(struct hag__recorder *r)
{
    size_t end = r->cap - TAIL;

    if (end > r->chunk + CHUNK)
        end = r->chunk + CHUNK;
    r->end = r->buf + end;
}

int32_t hag__recorder_new(hag_guard *g, uint64_t most)
{
    struct hag__recorder *r = hag__zalloc(&g->mem, sizeof(*r));
    uint64_t numbers[] = {hag_version(), g->flags & (uint32_t)~HAG_OPTION_RECORD, g->seed,
                          g->max_work, g->stall_after};

    if (r == NULL)
        return HAG_ERR_NOMEM;
    r->buf = hag__zalloc(&g->mem, FIRST);
    if (r->buf == NULL) {
        hag__free(&g->mem, r, sizeof(*r));
        return HAG_ERR_NOMEM;
    }
    memcpy(r->buf, "HAGREC", 6);
    r->buf[6] = HAG__LOG_VERSION & 255u;
    r->buf[7] = HAG__LOG_VERSION >> 8;
    r->cap = FIRST;
    r->most = (size_t)(most == 0 ? MOST : most > MOST_EVER ? MOST_EVER : most);
    if (r->most < 2 * FIRST)
        r->most = 2 * FIRST;
    r->chunk = HAG__LOG_HEAD;
    r->at = r->buf + r->chunk + HAG__CHUNK_HEAD;
    set_end(r);
    r->guard = g;
    r->host = g->mem;
    g->mem.fn = watched;
    g->mem.ud = r;
    g->rec = g->recorder = r;
    hag__note(g, HAG__CALL_START, numbers, NULL);
    return HAG_OK;
}

const struct hag__alloc *hag__host_mem(const hag_guard *g)
{
    return g->recorder != NULL ? &g->recorder->host : &g->mem;
}

void hag__recorder_free(hag_guard *g)
{
    struct hag__recorder *r = g->recorder;

    if (r == NULL)
        return;
    g->mem = r->host;
    g->rec = g->recorder = NULL;
    for (uint32_t i = 0; i < r->nlast; i++)
        hag__free(&g->mem, r->last[i].rest, r->last[i].cap);
    hag__free(&g->mem, r->last, r->nlast * sizeof(*r->last));
    hag__free(&g->mem, r->buf, r->cap);
    hag__free(&g->mem, r, sizeof(*r));
}

/* The chunk is whole; the next one begins behind it. There is room for its head. */
static void close_chunk(struct hag__recorder *r)
{
    uint8_t *head = r->buf + r->chunk;
    size_t n = (size_t)(r->at - head) - HAG__CHUNK_HEAD;

    if (n == 0)
        return;
    r->check = hag__chunk_check(r->check, head + HAG__CHUNK_HEAD, n);
    hag__put_32(head, (uint32_t)n);
    hag__put_32(head + 4, r->check);
    r->chunk = (size_t)(r->at - r->buf);
    r->at += HAG__CHUNK_HEAD;
}

static const char *const whys[] = {
    [HAG__STOPPED_BY_HOST] = "the host ended it",
    [HAG__STOPPED_FULL] =
        ("nobody took it in time; call hag_record_take more often or allow a larger "
         "record_max"),
    [HAG__STOPPED_MEMORY] = "no memory for it",
    [HAG__STOPPED_REFUSED] = "the guard was refused memory, which cannot be replayed",
};

void hag__recorder_stop(hag_guard *g, uint32_t why)
{
    struct hag__recorder *r = g->recorder;
    uint8_t *p;

    if (r == NULL || r->stopped)
        return;
    r->end = r->buf + r->cap; /* the tail is for this */
    p = hag__entry(r, HAG__CALL_STOPPED, 1);
    r->at = hag__put_u(p, why);
    close_chunk(r);
    r->stopped = 1;
    r->why = (uint8_t)why;
    r->end = r->at;
    g->rec = NULL;
    if (why != HAG__STOPPED_BY_HOST)
        hag__log(g, HAG_LOG_WARN, "the recording ends here: %s", whys[why]);
}

/* What the host has makes way. */
static void move_up(struct hag__recorder *r)
{
    size_t used = (size_t)(r->at - r->buf) - r->taken;

    memmove(r->buf, r->buf + r->taken, used);
    r->at = r->buf + used;
    r->chunk -= r->taken;
    r->taken = 0;
}

static int grow(struct hag__recorder *r, size_t want)
{
    size_t used = (size_t)(r->at - r->buf), cap = r->cap;
    uint8_t *grown;

    if (want > r->most) {
        hag__recorder_stop(r->guard, HAG__STOPPED_FULL);
        return 0;
    }
    while (cap < want)
        cap *= 2;
    if (cap > r->most)
        cap = r->most;
    grown = hag__realloc(&r->host, r->buf, r->cap, cap);
    if (grown == NULL) {
        hag__recorder_stop(r->guard, HAG__STOPPED_MEMORY);
        return 0;
    }
    r->buf = grown;
    r->cap = cap;
    r->at = grown + used;
    return 1;
}

int hag__recorder_room(struct hag__recorder *r, size_t n)
{
    size_t want;

    if (r->stopped)
        return 0;
    if ((size_t)(r->at - r->buf) - r->chunk > CHUNK / 2)
        close_chunk(r);
    want = (size_t)(r->at - r->buf) + n + TAIL;
    if (want > r->cap && (r->taken > r->cap / 2 || want > r->most)) {
        want -= r->taken;
        move_up(r);
    }
    if (want > r->cap && !grow(r, want))
        return 0;
    set_end(r);
    if (r->end < r->at + n) /* longer than a chunk mostly is */
        r->end = r->at + n;
    return 1;
}

void hag__recorder_time(struct hag__recorder *r, hag_time now)
{
    /* the call before left no entry, but the clock has seen its time */
    if (r->owed != r->written)
        hag__note_bare(r, HAG__CALL_TIME);
    r->owed = now;
}

static size_t longest(const char *shape, const uint64_t *numbers, const char *const *texts)
{
    size_t n = 0;

    for (; *shape != '\0'; shape++) {
        n += 10;
        if (*shape == 's' && *texts != NULL)
            n += strlen(*texts) + 1;
        if (*shape == 'b')
            n += (size_t)*numbers;
        if (*shape == 's' || *shape == 'b')
            texts++;
        if (*shape != 's')
            numbers++;
    }
    return n;
}

void hag__note(hag_guard *g, uint32_t call, const uint64_t *numbers, const char *const *texts)
{
    struct hag__recorder *r = g->rec;
    const char *shape = hag__call_shapes[call];
    uint8_t *p;
    size_t n;

    if (r == NULL)
        return;
    p = hag__entry(r, call, longest(shape, numbers, texts));
    if (p == NULL)
        return;
    for (; *shape != '\0'; shape++) {
        switch (*shape) {
        case 's':
            n = *texts == NULL ? 0 : strlen(*texts) + 1;
            p = hag__put_u(p, n);
            if (n > 0)
                memcpy(p, *texts, n);
            p += n;
            texts++;
            break;
        case 'b':
            n = (size_t)*numbers++;
            p = hag__put_u(p, n);
            memcpy(p, *texts++, n);
            p += n;
            break;
        case 'i':
            p = hag__put_i(p, *numbers++);
            break;
        default:
            p = hag__put_u(p, *numbers++);
            break;
        }
    }
    r->at = p;
}

void hag__note_end(hag_guard *g, int32_t result)
{
    uint8_t *p;

    if (g->rec == NULL)
        return;
    p = hag__entry(g->rec, HAG__CALL_END, 10);
    if (p != NULL)
        g->recorder->at = hag__put_i(p, (uint64_t)(int64_t)result);
}

int32_t hag_record_take(hag_guard *g, uint8_t *buf, size_t cap, size_t *got)
{
    struct hag__recorder *r;
    size_t n;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    r = g->recorder;
    if (r == NULL)
        return hag__error(g, HAG_ERR_UNSUPPORTED,
                          "nothing is recorded; make the guard with HAG_OPTION_RECORD");
    if (got == NULL || (buf == NULL && cap > 0))
        return hag__error(g, HAG_ERR_INVAL, "buf or got is NULL");
    if (!r->stopped) {
        close_chunk(r);
        set_end(r);
    }
    n = r->chunk - r->taken;
    if (n == 0 && r->stopped && r->why != HAG__STOPPED_BY_HOST)
        return hag__error(g, r->why == HAG__STOPPED_FULL ? HAG_ERR_LIMIT : HAG_ERR_NOMEM,
                          "the recording has ended: %s", whys[r->why]);
    if (n > cap)
        n = cap;
    if (n > 0)
        memcpy(buf, r->buf + r->taken, n);
    r->taken += n;
    *got = n;
    if (r->taken < r->chunk)
        return 1;
    if (!r->stopped) {
        r->taken = r->chunk = 0;
        r->at = r->buf + HAG__CHUNK_HEAD;
        set_end(r);
    }
    return 0;
}

int32_t hag_record_end(hag_guard *g)
{
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (g->recorder == NULL)
        return hag__error(g, HAG_ERR_UNSUPPORTED,
                          "nothing is recorded; make the guard with HAG_OPTION_RECORD");
    hag__recorder_stop(g, HAG__STOPPED_BY_HOST);
    return HAG_OK;
}

int32_t hag_record_clock(hag_guard *g, uint64_t unix_ms, hag_time now)
{
    int32_t err = hag__enter(g, now);

    if (err == HAG_OK)
        hag__note(g, HAG__CALL_CLOCK, &unix_ms, NULL);
    return err;
}
