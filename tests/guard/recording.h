/* SPDX-License-Identifier: MIT
 *
 * What the tests of the recorder share: taking a log, playing it again, changing bytes of it.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "../unit/unit.h"
#include "rig.h"

#include <haguard/sim.h>
#include <stdio.h>

#include "sim/log.h"

struct recording {
    uint8_t *v;
    size_t n, cap;
};

/* What waits, in pieces of at most so many bytes. Returns what the last call said. */
static inline int32_t take_pieces(hag_guard *g, struct recording *to, size_t piece)
{
    int32_t more;
    size_t n;

    do {
        if (to->cap - to->n < piece) {
            to->cap = 2 * to->cap + piece;
            to->v = realloc(to->v, to->cap);
            ck_assert_ptr_nonnull(to->v);
        }
        n = SIZE_MAX;
        more = hag_record_take(g, to->v + to->n, piece, &n);
        if (more < 0) {
            ck_assert_uint_eq(n, SIZE_MAX);
            return more;
        }
        ck_assert_uint_le(n, piece);
        to->n += n;
    } while (more > 0);
    return more;
}

static inline void take_all(hag_guard *g, struct recording *to)
{
    ck_assert_int_eq(hag_record_end(g), HAG_OK);
    ck_assert_int_eq(take_pieces(g, to, 65536), 0);
}

static inline struct hag_replay_result played(const struct recording *l, size_t n)
{
    struct hag_replay_result res = {.size = sizeof(res)};

    ck_assert_int_eq(hag_replay(l->v, n, NULL, &res), HAG_OK);
    return res;
}

static inline void must_be_same(const struct recording *l)
{
    struct hag_replay_result res = played(l, l->n);

    ck_assert_msg(res.verdict == HAG_REPLAY_SAME, "at %llu, byte %llu: recorded %s; today %s",
                  (unsigned long long)res.at, (unsigned long long)res.offset, res.recorded,
                  res.today);
    ck_assert_msg(res.ending == HAG_REPLAY_WHOLE, "it ends as %u: %s", res.ending, res.why);
}

static inline void drop_recording(struct recording *l)
{
    free(l->v);
    *l = (struct recording){0};
}

/* The checks of a log that was changed are right again. */
static inline void check_anew(struct recording *l)
{
    uint32_t check = 0;

    for (size_t at = HAG__LOG_HEAD; at < l->n;) {
        size_t len = hag__get_32(l->v + at);

        check = hag__chunk_check(check, l->v + at + HAG__CHUNK_HEAD, len);
        hag__put_32(l->v + at + 4, check);
        at += HAG__CHUNK_HEAD + len;
    }
}

/* How often each call is in it. */
static inline void count_calls(const struct recording *l, uint32_t count[HAG__CALL_MAX])
{
    struct log_entry e;
    struct log log;

    memset(count, 0, HAG__CALL_MAX * sizeof(*count));
    ck_assert_int_eq(log_open(&log, l->v, l->n), HAG_OK);
    while (log_next(&log, &e))
        count[e.call]++;
    ck_assert_int_eq(log.state, LOG_END);
    log_close(&log);
}

/* Which test has which call: each must be in one, or it is not known to be recorded. */
enum { IN_ALL = 1, IN_POLLING, IN_BESIDE, IN_OPERATING, IN_LIFE, IN_RESTORED };

static const uint8_t in_test[HAG__CALL_MAX] = {
    [HAG__CALL_START] = IN_ALL,
    [HAG__CALL_STOPPED] = IN_ALL,
    [HAG__CALL_TAKEN] = IN_ALL,
    [HAG__CALL_CLUSTER_ADD] = IN_ALL,
    [HAG__CALL_NODE_ADD] = IN_ALL,
    [HAG__CALL_CLOCK] = IN_POLLING,
    [HAG__CALL_TIME] = IN_POLLING,
    [HAG__CALL_ADVANCE] = IN_POLLING,
    [HAG__CALL_NOTHING] = IN_POLLING,
    [HAG__CALL_TAKEN_PROBE] = IN_POLLING,
    [HAG__CALL_COMPLETE] = IN_POLLING,
    [HAG__CALL_COMPLETE_PROBE] = IN_POLLING,
    [HAG__CALL_COMPLETE_USUAL] = IN_POLLING,
    [HAG__CALL_SETTLE] = IN_POLLING,
    [HAG__CALL_HANDLES] = IN_POLLING,
    [HAG__CALL_GUARD_POLICY] = IN_POLLING,
    [HAG__CALL_POLICY_NEW] = IN_POLLING,
    [HAG__CALL_POLICY_FREE] = IN_POLLING,
    [HAG__CALL_POLICY_SET] = IN_POLLING,
    [HAG__CALL_POLICY_TEXT] = IN_POLLING,
    [HAG__CALL_CLUSTER_POLICY] = IN_POLLING,
    [HAG__CALL_CLUSTER_ZONE] = IN_POLLING,
    [HAG__CALL_CLUSTER_PAUSE] = IN_POLLING,
    [HAG__CALL_CLUSTER_RESUME] = IN_POLLING,
    [HAG__CALL_NODE_SET] = IN_POLLING,
    [HAG__CALL_NODE_PROBE] = IN_POLLING,
    [HAG__CALL_SOURCE_ADD] = IN_POLLING,
    [HAG__CALL_SOURCE_REMOVE] = IN_POLLING,
    [HAG__CALL_OBSERVE] = IN_POLLING,
    [HAG__CALL_NEXT] = IN_BESIDE,
    [HAG__CALL_PROGRESS] = IN_OPERATING,
    [HAG__CALL_CLUSTER_CONFIRM] = IN_OPERATING,
    [HAG__CALL_NODE_REMOVE] = IN_OPERATING,
    [HAG__CALL_DISPATCH] = IN_LIFE,
    [HAG__CALL_END] = IN_LIFE,
    [HAG__CALL_PLUGIN_TAKEN] = IN_LIFE,
    [HAG__CALL_PLUGIN_PROBE] = IN_LIFE,
    [HAG__CALL_PLUGIN_CANCEL] = IN_LIFE,
    [HAG__CALL_PLUGIN_FORGET] = IN_LIFE,
    [HAG__CALL_PLUGIN_TICK] = IN_LIFE,
    [HAG__CALL_PLUGIN_PROGRESS] = IN_LIFE,
    [HAG__CALL_PLUGIN_WAKE] = IN_LIFE,
    [HAG__CALL_PLUGIN_ADD] = IN_LIFE,
    [HAG__CALL_PLUGIN_REMOVE] = IN_LIFE,
    [HAG__CALL_FD_READY] = IN_LIFE,
    [HAG__CALL_SET_HOOK] = IN_LIFE,
    [HAG__CALL_CLUSTER_REMOVE] = IN_LIFE,
    [HAG__CALL_CLUSTER_BIND] = IN_LIFE,
    [HAG__CALL_CLUSTER_UNBIND] = IN_LIFE,
    [HAG__CALL_CLUSTER_FAILOVER] = IN_LIFE,
    [HAG__CALL_CLUSTER_SWITCHOVER] = IN_LIFE,
    [HAG__CALL_CLUSTER_RESTORE] = IN_RESTORED,
};

static inline void has_all(const struct recording *l, uint8_t test)
{
    uint32_t count[HAG__CALL_MAX];

    count_calls(l, count);
    for (uint32_t i = 1; i < HAG__CALL_MAX; i++) {
        ck_assert_msg(hag__call_shapes[i] != NULL && in_test[i] != 0, "no test has entry %u", i);
        if (in_test[i] == test || in_test[i] == IN_ALL)
            ck_assert_msg(count[i] > 0, "entry %u is not in it", i);
    }
}

#endif
