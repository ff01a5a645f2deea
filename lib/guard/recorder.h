/* SPDX-License-Identifier: MIT
 *
 * The recorder: what a guard was told and what it handed out, in the order in which it happened.
 */
#ifndef HAG__RECORDER_H
#define HAG__RECORDER_H

#include "base/alloc.h"
#include "guard/recorder_format.h"

#define HAG__NEAR 56 /* two streams of IPv4 */

/* What was told of a node last, as it lies in its facts: the numbers, the identity with the newest of
 * the lineage, their forks, the upstream. */
struct hag__last {
    uint64_t numbers[8]; /* the first 64 bytes, size blanked */
    uint64_t ids[8];
    uint64_t forks[2];
    uint64_t upstream[8];
    uint32_t gen; /* of the probe that ended last */
    uint32_t cap;
    /* of the lineage and the forks, and the streams, each after its size; NULL: it is near */
    uint8_t *rest;
    uint8_t near[HAG__NEAR];
};

struct hag__recorder {
    uint8_t *at;      /* where the next entry goes */
    uint8_t *end;     /* as far as it may go without further thought */
    hag_time written; /* the time that the log has come to */
    hag_time owed;    /* that of the newest call */
    uint8_t *buf;
    size_t cap, most;
    size_t taken; /* bytes of buf that the host has */
    size_t chunk; /* where the open chunk begins */
    uint32_t check;
    uint8_t stopped; /* nothing more is written */
    uint8_t why;     /* HAG__STOPPED_ */
    hag_guard *guard;
    struct hag__alloc host; /* the host's allocator; the guard's own is watched */
    struct hag__last *last; /* by index of the node */
    uint32_t nlast;
};

int32_t hag__recorder_new(hag_guard *g, uint64_t most);
void hag__recorder_free(hag_guard *g);
void hag__recorder_stop(hag_guard *g, uint32_t why);

/* For n bytes more; 0: the recording has been stopped. */
int hag__recorder_room(struct hag__recorder *r, size_t n);

/* Room for an entry of at most n bytes, its first byte and its time apart, which are written; NULL:
 * none, and nothing is recorded from here on. The writer sets at to its end. */
static inline uint8_t *hag__entry(struct hag__recorder *r, uint32_t call, size_t n)
{
    uint64_t later = r->owed - r->written;
    uint8_t *p;

    if (r->end - r->at < (ptrdiff_t)n + 11 && !hag__recorder_room(r, n + 11))
        return NULL;
    p = r->at;
    if (later == 0) {
        *p = (uint8_t)call;
        return p + 1;
    }
    *p = (uint8_t)(call | HAG__CALL_LATER);
    r->written = r->owed;
    return hag__put_i(p + 1, later);
}

/* A call has come at another time than the one before. */
void hag__recorder_time(struct hag__recorder *r, hag_time now);

/* What was told of a node last will be looked at. */
static inline void hag__recorder_soon(const struct hag__recorder *r, hag_op op)
{
    uint64_t index = op & ((1u << 24) - 1);

    if (index < r->nlast) {
        for (size_t i = 0; i < sizeof(*r->last); i += 64)
            __builtin_prefetch((const char *)&r->last[index] + i);
    }
}

/* An entry of nothing else. */
static inline void hag__note_bare(struct hag__recorder *r, uint32_t call)
{
    uint8_t *p = hag__entry(r, call, 0);

    if (p != NULL)
        r->at = p;
}

/* An entry by its shape. Nothing when nothing is recorded. A 'b' has its length in numbers and its
 * bytes in texts. */
void hag__note(hag_guard *g, uint32_t call, const uint64_t *numbers, const char *const *texts);
void hag__note_end(hag_guard *g, int32_t result);

/* An action as it is handed out, to the host or to the plugin in a place. */
void hag__note_taken(hag_guard *g, const struct hag_action *a);
void hag__note_plugin_taken(hag_guard *g, const struct hag_action *a, uint32_t plugin);
/* A completion that is about to be carried out; f NULL: no facts. The first is for probes. */
void hag__note_probe_ended(hag_guard *g, hag_op op, const struct hag_result *r,
                           const struct hag_facts *f, int by_plugin);
void hag__note_complete(hag_guard *g, hag_op op, const struct hag_result *r,
                        const struct hag_facts *f, int by_plugin);

#endif
