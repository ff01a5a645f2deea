/* SPDX-License-Identifier: MIT
 *
 * The log of a recorder, as the guard writes it and the replay reads it. A log is a head of 8 bytes
 * and chunks; a chunk is the length of its payload, a check (both 32 bits, little-endian) and the
 * payload. The check takes in that of the chunk before, so that a chunk that is changed, missing or
 * out of its place is found. The payloads together are entries, one after the other: a byte that
 * says which, with HAG__CALL_LATER set when time has moved on; then the difference to the time of
 * the entry before, as an 'i'; then what its shape says.
 */
#ifndef HAG__RECORDER_FORMAT_H
#define HAG__RECORDER_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HAG__LOG_VERSION 1u
#define HAG__LOG_HEAD    8u /* "HAGREC" and the version, little-endian */
#define HAG__CHUNK_HEAD  8u
#define HAG__CHUNK_MOST  (64u << 20) /* longer is none */

/* Calls that run foreign code are written when they begin; what that calls comes next, and END. */
enum {
    HAG__CALL_NONE = 0,
    HAG__CALL_START = 1,   /* the first: library version, options */
    HAG__CALL_STOPPED = 2, /* the last: HAG__STOPPED_ */
    HAG__CALL_CLOCK = 3,   /* the time of day */
    HAG__CALL_TIME = 4,    /* a call that changed nothing else */
    HAG__CALL_ADVANCE = 5,
    HAG__CALL_DISPATCH = 6, /* ... TAKEN ... END ... END */
    HAG__CALL_NEXT = 7,     /* ... TAKEN or NOTHING; these alone where there is no plugin */
    HAG__CALL_NOTHING = 8,
    HAG__CALL_END = 9,           /* a result */
    HAG__CALL_TAKEN = 10,        /* an action for the host */
    HAG__CALL_TAKEN_PROBE = 11,  /* ... a probe */
    HAG__CALL_PLUGIN_TAKEN = 12, /* place of the plugin, then as TAKEN ... END */
    HAG__CALL_PLUGIN_PROBE = 13,
    HAG__CALL_PLUGIN_CANCEL = 14, /* place, op ... END */
    HAG__CALL_PLUGIN_FORGET = 15, /* place, node ... END */
    HAG__CALL_PLUGIN_TICK = 16,   /* place ... END */
    HAG__CALL_COMPLETE = 17,
    HAG__CALL_COMPLETE_PROBE = 18,
    HAG__CALL_SETTLE = 19, /* a completion that was refused: op or 0, by a plugin */
    HAG__CALL_PROGRESS = 20,
    HAG__CALL_PLUGIN_PROGRESS = 21,
    HAG__CALL_PLUGIN_WAKE = 22,
    HAG__CALL_PLUGIN_ADD = 23,    /* place, name, handles ... END */
    HAG__CALL_PLUGIN_REMOVE = 24, /* ... END */
    HAG__CALL_FD_READY = 25,      /* ... END */
    HAG__CALL_HANDLES = 26,
    HAG__CALL_SET_HOOK = 27,
    HAG__CALL_GUARD_POLICY = 28,
    HAG__CALL_POLICY_NEW = 29,
    HAG__CALL_POLICY_FREE = 30,
    HAG__CALL_POLICY_SET = 31,
    HAG__CALL_POLICY_TEXT = 32,
    HAG__CALL_CLUSTER_ADD = 33,
    HAG__CALL_CLUSTER_REMOVE = 34,
    HAG__CALL_CLUSTER_RESTORE = 35,
    HAG__CALL_CLUSTER_BIND = 36,
    HAG__CALL_CLUSTER_POLICY = 37,
    HAG__CALL_CLUSTER_ZONE = 38,
    HAG__CALL_CLUSTER_PAUSE = 39,
    HAG__CALL_CLUSTER_RESUME = 40,
    HAG__CALL_CLUSTER_FAILOVER = 41,
    HAG__CALL_CLUSTER_SWITCHOVER = 42,
    HAG__CALL_CLUSTER_CONFIRM = 43,
    HAG__CALL_NODE_ADD = 44,
    HAG__CALL_NODE_REMOVE = 45,
    HAG__CALL_NODE_SET = 46,
    HAG__CALL_NODE_PROBE = 47,
    HAG__CALL_SOURCE_ADD = 48,
    HAG__CALL_SOURCE_REMOVE = 49,
    HAG__CALL_OBSERVE = 50,
    HAG__CALL_COMPLETE_USUAL = 51,
    HAG__CALL_CLUSTER_UNBIND = 52,
    HAG__CALL_MAX = 53,
    HAG__CALL_LATER = 128
};

/* Why there is nothing after it. */
enum {
    HAG__STOPPED_BY_HOST = 0,
    HAG__STOPPED_FULL = 1,   /* nobody took it in time */
    HAG__STOPPED_MEMORY = 2, /* none for the log */
    HAG__STOPPED_REFUSED = 3 /* the guard itself was refused memory: that cannot be played again */
};

/* The numbers of a TAKEN, in order; its digest is of the whole action. */
enum {
    HAG__TAKEN_KIND,
    HAG__TAKEN_OP,
    HAG__TAKEN_CLUSTER,
    HAG__TAKEN_NODE,
    HAG__TAKEN_TARGET,
    HAG__TAKEN_FLAGS,
    HAG__TAKEN_PROCEDURE,
    HAG__TAKEN_STEP,
    HAG__TAKEN_ENDPOINT,
    HAG__TAKEN_EVENT,
    HAG__TAKEN_ALERT,
    HAG__TAKEN_REASON,
    HAG__TAKEN_TERM,
    HAG__TAKEN_ARG,
    HAG__TAKEN_DIGEST,
    HAG__TAKEN_COUNT
};
#define HAG__TAKEN_SHAPE "uuuuuuuuuuuuuuu"

/* Shape: u an unsigned number, 7 bits a byte, low ones first; i a signed one, zigzag; s a text: its
 * length + 1 (0: NULL), itself and a zero; b bytes: their length and themselves. '*': see
 * recorder_facts.c. What a call gave back comes last. */
#define HAG__NUMBERS_MOST 16
#define HAG__TEXTS_MOST   6

static const char *const hag__call_shapes[HAG__CALL_MAX] = {
    [HAG__CALL_START] = "uuuuu",
    [HAG__CALL_STOPPED] = "u",
    [HAG__CALL_CLOCK] = "u",
    [HAG__CALL_TIME] = "",
    [HAG__CALL_ADVANCE] = "",
    [HAG__CALL_DISPATCH] = "",
    [HAG__CALL_NEXT] = "",
    [HAG__CALL_NOTHING] = "",
    [HAG__CALL_END] = "i",
    [HAG__CALL_TAKEN] = HAG__TAKEN_SHAPE,
    [HAG__CALL_TAKEN_PROBE] = "*",
    [HAG__CALL_PLUGIN_TAKEN] = "u" HAG__TAKEN_SHAPE,
    [HAG__CALL_PLUGIN_PROBE] = "*",
    [HAG__CALL_PLUGIN_CANCEL] = "uu",
    [HAG__CALL_PLUGIN_FORGET] = "uu",
    [HAG__CALL_PLUGIN_TICK] = "u",
    [HAG__CALL_COMPLETE] = "*",
    [HAG__CALL_COMPLETE_PROBE] = "*",
    [HAG__CALL_SETTLE] = "uu",
    [HAG__CALL_PROGRESS] = "uu",
    [HAG__CALL_PLUGIN_PROGRESS] = "uu",
    [HAG__CALL_PLUGIN_WAKE] = "uu",
    [HAG__CALL_PLUGIN_ADD] = "uus",
    [HAG__CALL_PLUGIN_REMOVE] = "u",
    [HAG__CALL_FD_READY] = "u",
    [HAG__CALL_HANDLES] = "u",
    [HAG__CALL_SET_HOOK] = "uu",
    [HAG__CALL_GUARD_POLICY] = "u",
    [HAG__CALL_POLICY_NEW] = "u",
    [HAG__CALL_POLICY_FREE] = "u",
    [HAG__CALL_POLICY_SET] = "uui",
    [HAG__CALL_POLICY_TEXT] = "uss",
    [HAG__CALL_CLUSTER_ADD] = "uusu",
    [HAG__CALL_CLUSTER_REMOVE] = "u",
    [HAG__CALL_CLUSTER_RESTORE] = "ub",
    [HAG__CALL_CLUSTER_BIND] = "uu",
    [HAG__CALL_CLUSTER_UNBIND] = "uu",
    [HAG__CALL_CLUSTER_POLICY] = "uu",
    [HAG__CALL_CLUSTER_ZONE] = "us",
    [HAG__CALL_CLUSTER_PAUSE] = "uus",
    [HAG__CALL_CLUSTER_RESUME] = "u",
    [HAG__CALL_CLUSTER_FAILOVER] = "uuuuuu",
    [HAG__CALL_CLUSTER_SWITCHOVER] = "uuuuuu",
    [HAG__CALL_CLUSTER_CONFIRM] = "uu",
    [HAG__CALL_NODE_ADD] = "uuiusssssu",
    [HAG__CALL_NODE_REMOVE] = "u",
    [HAG__CALL_NODE_SET] = "uuiusssss",
    [HAG__CALL_NODE_PROBE] = "u",
    [HAG__CALL_SOURCE_ADD] = "uuusu",
    [HAG__CALL_SOURCE_REMOVE] = "u",
    [HAG__CALL_OBSERVE] = "uuuu",
    [HAG__CALL_COMPLETE_USUAL] = "*",
};

/* The second byte of a completion. */
enum {
    HAG__DONE_OUTCOME = 3, /* HAG_RES_ */
    HAG__DONE_BY_PLUGIN = 4,
    HAG__DONE_FACTS = 8, /* they come last */
    HAG__DONE_MORE = 16, /* reason, fence, fence_for, retry_after, text come first */
    HAG__DONE_AGES = 32  /* USUAL: position_age and link_idle follow */
};

/* Which facts differ from the last ones of the node. Numbers are differences, zigzag. */
enum {
    HAG__FACTS_POSITION = 1,
    HAG__FACTS_AGES = 2,  /* position_age, link_idle */
    HAG__FACTS_LINK = 4,  /* link_beat, lag */
    HAG__FACTS_STATE = 8, /* role, flags */
    HAG__FACTS_RESULT = 16,
    HAG__FACTS_LOAD = 32, /* priority, cpu, memory */
    HAG__FACTS_WHO = 64   /* nlineage, nstreams, identity, lineage, forks, upstream, streams */
};

static inline uint64_t hag__log_word(const uint8_t *p, size_t n)
{
    uint64_t w = 0;

    if (n == 8) { /* one load, where that is the order of the machine */
        w = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
            (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
            (uint64_t)p[7] << 56;
        return w;
    }
    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << (8 * i);
    return w;
}

static inline uint64_t hag__log_mix(uint64_t h, uint64_t w)
{
    return ((h << 23 | h >> 41) ^ w) * 0x9e3779b97f4a7c15u;
}

static inline uint64_t hag__log_final(uint64_t h)
{
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

/* Four sums side by side: one would wait for itself. */
static inline uint64_t hag__log_sum(uint64_t seed, const uint8_t *p, size_t n)
{
    uint64_t h[4] = {seed, seed + 1, seed + 2, seed + 3};
    size_t i = 0;

    for (; i + 32 <= n; i += 32) {
        h[0] = hag__log_mix(h[0], hag__log_word(p + i, 8));
        h[1] = hag__log_mix(h[1], hag__log_word(p + i + 8, 8));
        h[2] = hag__log_mix(h[2], hag__log_word(p + i + 16, 8));
        h[3] = hag__log_mix(h[3], hag__log_word(p + i + 24, 8));
    }
    for (int k = 0; i + 8 <= n; i += 8, k++)
        h[k] = hag__log_mix(h[k], hag__log_word(p + i, 8));
    h[3] = hag__log_mix(h[3], hag__log_word(p + i, n - i));
    seed = hag__log_mix(n, h[0]);
    seed = hag__log_mix(seed, h[1]);
    seed = hag__log_mix(seed, h[2]);
    return hag__log_final(hag__log_mix(seed, h[3]));
}

/* Of a chunk, after one with the check before; the first comes after the head. */
static inline uint32_t hag__chunk_check(uint32_t before, const uint8_t *payload, size_t n)
{
    return (uint32_t)hag__log_sum(before, payload, n);
}

/* The op of a probe: as base/table.h has its handle. */
static inline uint64_t hag__log_probe(uint32_t index, uint32_t gen)
{
    return (uint64_t)6 << 49 | (uint64_t)gen << 24 | index;
}

static inline uint8_t *hag__put_u(uint8_t *p, uint64_t v)
{
    while (v > 127) {
        *p++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static inline uint64_t hag__zigzag(uint64_t v)
{
    return v << 1 ^ (0 - (v >> 63));
}

static inline uint64_t hag__zagzig(uint64_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

static inline uint8_t *hag__put_i(uint8_t *p, uint64_t v)
{
    return hag__put_u(p, hag__zigzag(v));
}

static inline uint32_t hag__get_32(const uint8_t *p)
{
    return (uint32_t)hag__log_word(p, 4);
}

static inline void hag__put_32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

#endif
