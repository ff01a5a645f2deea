/* SPDX-License-Identifier: MIT
 *
 * haguard.h - all that a host program needs: the guard, its clusters, nodes, policies and sources,
 * events in and actions out. This file is the reference; the design is in doc/design.md.
 *
 * Rules that hold for every function:
 *   - One guard belongs to one thread at a time. There are no globals.
 *   - Arguments come as guard, handle, inputs, now, results. On an error no result is written and
 *     nothing has changed; hag_errmsg() then says what was wrong and how to cure it.
 *   - What is passed in is copied. Text in an action belongs to the guard; see hag_next_action().
 *   - "In a hook: yes" means that the function may be called from a hook. Only hag_dispatch,
 *     hag_next_action, hag_fd_ready, hag_plugin_add, hag_plugin_load, hag_plugin_remove and
 *     hag_guard_destroy may not; they answer HAG_ERR_BUSY there. The log, realloc and watch
 *     callbacks may not call haguard at all.
 *   - A guard pointer that is NULL gives HAG_ERR_INVAL. A handle of the wrong kind gives
 *     HAG_ERR_BAD_HANDLE, one whose object is gone HAG_ERR_STALE.
 */
#ifndef HAGUARD_HAGUARD_H
#define HAGUARD_HAGUARD_H

#include <stddef.h>
#include <stdint.h>

#include <haguard/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hag_guard hag_guard; /* the decision engine and all that it owns */
typedef uint64_t hag_cluster;       /* handles: kind | generation | index, below 2^53; 0 is none */
typedef uint64_t hag_node;
typedef uint64_t hag_policy;
typedef uint64_t hag_source;
typedef uint64_t hag_op;
typedef uint64_t hag_plugin_id;
typedef uint64_t hag_time; /* milliseconds of the host's monotonic clock */

#define HAG_ADDR_MAX    64 /* "[2001:db8::1]:65535" and its end fit */
#define HAG_NAME_MAX    64 /* longest name of a cluster, node, zone, host or source, with its end */
#define HAG_ID_SIZE     20 /* bytes of an identity or a lineage id */
#define HAG_LINEAGE_MAX 16 /* lineage pairs that facts can carry */
#define HAG_NODES_MAX   64 /* nodes of one cluster */
#define HAG_SOURCES_MAX 16 /* sources of one cluster */
#define HAG_REASONS_MAX 16 /* reasons in one answer */
#define HAG_UNKNOWN_MS  0xffffffffu

/* Errors. Each has a paragraph in the manual. */
enum {
    HAG_OK = 0,
    HAG_ERR_INVAL = -1,        /* an argument is malformed */
    HAG_ERR_NOMEM = -2,        /* the allocator refused */
    HAG_ERR_BAD_HANDLE = -3,   /* not a handle of this kind */
    HAG_ERR_STALE = -4,        /* the object, or the op, is gone */
    HAG_ERR_EXISTS = -5,       /* the name or address is taken */
    HAG_ERR_NOT_FOUND = -6,    /* nothing of that name */
    HAG_ERR_BUSY = -7,         /* not from inside a hook, or not at this moment */
    HAG_ERR_RANGE = -8,        /* a number is outside its bounds */
    HAG_ERR_LIMIT = -9,        /* a fixed limit is reached */
    HAG_ERR_ABI = -10,         /* a struct or a plugin of another ABI */
    HAG_ERR_PLUGIN = -11,      /* the plugin could not be loaded or opened */
    HAG_ERR_UNSUPPORTED = -12, /* not built in, or not handled by anybody */
    HAG_ERR_REFUSED = -13,     /* preconditions failed; struct hag_answer lists them */
    HAG_ERR_DAMAGED = -14,     /* a record's bytes are not what was written */
    HAG_ERR_CONFLICT = -15     /* settings contradict each other */
};

/* Outcome of an action. UNKNOWN is not FAIL: it may have happened, or may still happen. */
enum { HAG_RES_OK = 0, HAG_RES_FAIL = 1, HAG_RES_UNKNOWN = 2 };

/* What a probe met. All but the first three count toward down; DENIED is an alarm, no evidence. */
enum {
    HAG_PROBE_OK = 0,
    HAG_PROBE_NOT_SERVING = 1, /* alive: loading, starting up, syncing */
    HAG_PROBE_DENIED = 2,      /* wrong password or no permission */
    HAG_PROBE_REFUSED = 3,     /* the machine answered, nobody listens */
    HAG_PROBE_UNREACHABLE = 4, /* no route */
    HAG_PROBE_TIMEOUT = 5,     /* no answer; with HAG_FACT_ACCEPTED the connection was accepted */
    HAG_PROBE_GARBLED = 6,     /* an answer that is none */
    HAG_PROBE_NONE = 7         /* not probed yet */
};

enum { HAG_ROLE_UNKNOWN = 0, HAG_ROLE_PRIMARY = 1, HAG_ROLE_STANDBY = 2 };

enum { HAG_VERDICT_UNKNOWN = 0, HAG_VERDICT_UP = 1, HAG_VERDICT_SUSPECT = 2, HAG_VERDICT_DOWN = 3 };

/* Of which kind the trouble is (design 5.5). */
enum {
    HAG_KIND_NONE = 0,
    HAG_KIND_GONE = 1,        /* process or machine proven dead, or reborn without its data */
    HAG_KIND_FROZEN = 2,      /* accepts, never answers */
    HAG_KIND_SILENT = 3,      /* nothing comes back */
    HAG_KIND_REFUSING = 4,    /* the machine answers, the store does not */
    HAG_KIND_NOT_SERVING = 5, /* alive, but not ready for too long */
    HAG_KIND_CONTROL_LOST = 6 /* agent dead, store alive: never a failover */
};

/* What a cluster is doing. */
enum {
    HAG_STATE_OBSERVING = 0, /* just added or restored: looking before acting */
    HAG_STATE_HEALTHY = 1,
    HAG_STATE_DEGRADED = 2, /* the primary serves, something else is wrong */
    HAG_STATE_SUSPECT = 3,  /* the primary does not answer */
    HAG_STATE_FAILOVER = 4,
    HAG_STATE_SWITCHOVER = 5,
    HAG_STATE_RESTORE = 6,
    HAG_STATE_PAUSED = 7,
    HAG_STATE_CONFLICT = 8, /* two claims to be primary that only a human can settle */
    HAG_STATE_LOST = 9      /* the primary is down and nobody may be promoted */
};

enum {
    HAG_PROC_NONE = 0,
    HAG_PROC_FAILOVER = 1,
    HAG_PROC_RESTORE = 2,
    HAG_PROC_SWITCHOVER = 3,
    HAG_PROC_REPLACEMENT = 4,
    HAG_PROC_REJOIN = 5,
    HAG_PROC_RESTART = 6,
    HAG_PROC_PLANCHANGE = 7,
    HAG_PROC_SLOTS = 8,
    HAG_PROC_BACKUP = 9,
    HAG_PROC_SAFEGUARD = 10 /* standbys of a broken memory-only primary are held (S8) */
};

enum { HAG_ENDPOINT_PRIMARY = 0, HAG_ENDPOINT_REPLICA = 1 };

enum { HAG_FENCE_NONE = 0, HAG_FENCE_SOFT = 1, HAG_FENCE_DEMOTED = 2, HAG_FENCE_OFF = 3 };

/* Whether a second writer is impossible or only unlikely (S16). */
enum { HAG_WRITERS_UNLIKELY = 0, HAG_WRITERS_IMPOSSIBLE = 1 };

enum {
    HAG_SEVERITY_INFO = 0,
    HAG_SEVERITY_NOTICE = 1,
    HAG_SEVERITY_WARNING = 2,
    HAG_SEVERITY_ALARM = 3
};

enum { HAG_LOG_DEBUG = 0, HAG_LOG_INFO = 1, HAG_LOG_WARN = 2, HAG_LOG_ERROR = 3 };

/* Actions: what the host is asked to do. The table with inputs, inverses and outcomes is
 * doc/actions.md. Values never change; those not listed here yet are reserved. */
enum {
    HAG_DO_PROBE = 1,
    HAG_DO_DETACH = 2,  /* node stops receiving from its primary, keeps its data */
    HAG_DO_FOLLOW = 3,  /* node follows target */
    HAG_DO_QUIESCE = 4, /* node takes no writes for arg ms */
    HAG_DO_UNQUIESCE = 5,
    HAG_DO_FENCE = 6, /* node must not take writes any more */
    HAG_DO_UNFENCE = 7,
    HAG_DO_PROMOTE = 8,    /* node becomes the primary; HAG_ACT_PLANNED in a switchover */
    HAG_DO_DISCONNECT = 9, /* end the client sessions of node */
    HAG_DO_PERSIST_ROLE = 10,
    HAG_DO_ENDPOINT_UPDATE = 11, /* the name should have exactly addrs */
    HAG_DO_ENDPOINT_CHECK = 12,  /* does every authoritative server say addrs? */
    HAG_DO_COMMIT = 13,          /* make bytes durable as version, if expected is the one kept */
    HAG_DO_CANCEL = 14,          /* op is no longer wanted; no answer is expected */
    HAG_DO_FORGET = 15,          /* node is gone: drop what is held for it; no answer is expected */
    HAG_DO_EVENT = 16,           /* something happened; no answer is expected */
    HAG_DO_MAX = 17
};

/* Flags of an action. */
enum {
    HAG_ACT_FRESH = 1,   /* probe: use a new connection */
    HAG_ACT_PLANNED = 2, /* promote: the old primary is alive and quiesced */
    HAG_ACT_URGENT = 4,  /* a decision waits for this */
    HAG_ACT_UNDO = 8     /* this takes an earlier step back */
};

/* Events, in HAG_DO_EVENT. They tell what is true or done. */
enum {
    HAG_EV_SUSPECT = 1,
    HAG_EV_DOWN = 2,
    HAG_EV_UP = 3,
    HAG_EV_SERVING = 4,
    HAG_EV_COMMIT = 5,
    HAG_EV_FENCE = 6,
    HAG_EV_DETACH = 7,
    HAG_EV_QUIESCE = 8,
    HAG_EV_UNQUIESCE = 9,
    HAG_EV_ELECT = 10,
    HAG_EV_PROMOTE = 11,
    HAG_EV_FOLLOW = 12,
    HAG_EV_DISCONNECT = 13,
    HAG_EV_ENDPOINT = 14,
    HAG_EV_BEGIN = 15,
    HAG_EV_END = 16,
    HAG_EV_ABORT = 17,
    HAG_EV_ALERT = 18,
    HAG_EV_CLEARED = 19,
    HAG_EV_REFUSED = 20,
    HAG_EV_VETO = 21,
    HAG_EV_HOLD = 22,
    HAG_EV_STORM = 23,
    HAG_EV_CONFLICT = 24,
    HAG_EV_RESUMED = 25,
    HAG_EV_PRIMARY = 26,   /* who the primary is was learnt or has changed */
    HAG_EV_ADMIT = 27,     /* a node is in sync again */
    HAG_EV_IDENTITY = 28,  /* a node restarted: a new incarnation answers */
    HAG_EV_FAILED = 29,    /* an action answered FAIL or UNKNOWN */
    HAG_EV_STALLED = 30,   /* the guard itself stood still */
    HAG_EV_UNHANDLED = 31, /* nobody handles an action of this kind; it is done without */
    HAG_EV_LOST = 32,      /* events were dropped because nobody took them; arg says how many */
    HAG_EV_PAUSE = 33,
    HAG_EV_UNFENCE = 34,
    HAG_EV_MAX = 35
};

/* Alerts, in HAG_EV_ALERT and HAG_EV_CLEARED: raised once, cleared once. */
enum {
    HAG_ALERT_DENIED = 1,
    HAG_ALERT_ROLE_MISMATCH = 2,
    HAG_ALERT_REPLICATION_MISMATCH = 3,
    HAG_ALERT_TWO_PRIMARIES = 4,
    HAG_ALERT_CYCLE = 5,
    HAG_ALERT_READONLY = 6,
    HAG_ALERT_CONTROL_LOST = 7,
    HAG_ALERT_NO_CANDIDATE = 8,
    HAG_ALERT_SEEN_BY_OTHERS = 9,
    HAG_ALERT_PAUSED_UNHEALTHY = 10,
    HAG_ALERT_NAME_STALE = 11,
    HAG_ALERT_CONFLICT = 12,
    HAG_ALERT_ADVISING = 13,
    HAG_ALERT_COMMIT_FAILED = 14,
    HAG_ALERT_UNKNOWN_NODE = 15,
    HAG_ALERT_GUARD_BLIND = 16,
    HAG_ALERT_ALONE = 17, /* silent for its grace, but nobody confirms it */
    HAG_ALERT_FENCE_UNCONFIRMED = 18,
    HAG_ALERT_HELD = 19, /* a failover is due but limits or a storm hold it */
    HAG_ALERT_MAX = 20
};

/* Reasons: why a verdict, a refusal, a result or an event. */
enum {
    HAG_WHY_NONE = 0,
    /* of a node */
    HAG_WHY_SILENT = 1,
    HAG_WHY_FROZEN = 2,
    HAG_WHY_REFUSING = 3,
    HAG_WHY_GONE = 4,
    HAG_WHY_NOT_SERVING = 5,
    HAG_WHY_GARBLED = 6,
    HAG_WHY_DENIED = 7,
    HAG_WHY_REBORN_EMPTY = 8,
    HAG_WHY_CONTROL_LOST = 9,
    HAG_WHY_SEEN_BY_OTHERS = 10,
    HAG_WHY_ALONE = 11,
    HAG_WHY_GRACE = 12,
    HAG_WHY_FEW_PROBES = 13,
    HAG_WHY_ROUND_PENDING = 14,
    HAG_WHY_ANSWERS = 15,
    HAG_WHY_IDENTITY_CHANGED = 16,
    HAG_WHY_READONLY = 17,
    HAG_WHY_NOT_PROBED = 18,
    HAG_WHY_AGENT_SAYS_DEAD = 19,
    /* why a node is not the candidate */
    HAG_WHY_IS_PRIMARY = 30,
    HAG_WHY_DOWN = 31,
    HAG_WHY_NOT_ANSWERING = 32,
    HAG_WHY_DIVERGED = 33,
    HAG_WHY_INCOMPARABLE = 34,
    HAG_WHY_NEVER_SYNCED = 35,
    HAG_WHY_SYNCING = 36,
    HAG_WHY_EMPTY = 37,
    HAG_WHY_EXCLUDED = 38,
    HAG_WHY_PRIORITY_ZERO = 39,
    HAG_WHY_STALE = 40,
    HAG_WHY_NO_POSITION = 41,
    HAG_WHY_NOT_FRESH = 42,
    HAG_WHY_NOT_DETACHED = 43,
    HAG_WHY_WRONG_ROLE = 44,
    HAG_WHY_MAYBE_PRIMARY = 45,
    HAG_WHY_HOLD_DOWN = 46,
    HAG_WHY_PROMOTE_FAILED = 47,
    HAG_WHY_LEAVING = 48,
    HAG_WHY_BEHIND = 49,
    HAG_WHY_OTHER_ZONE = 50,
    HAG_WHY_LOWER_PRIORITY = 51,
    HAG_WHY_LATER_NAME = 52,
    HAG_WHY_OTHER_CHOSEN = 53,
    HAG_WHY_READ_REPLICA = 54,
    /* why something is not done, or not yet */
    HAG_WHY_PAUSED = 70,
    HAG_WHY_ADVISING = 71,
    HAG_WHY_NO_HANDLER = 72,
    HAG_WHY_COMMIT_FAILED = 73,
    HAG_WHY_NO_CANDIDATE = 74,
    HAG_WHY_UNSETTLED = 75,
    HAG_WHY_RUNNING = 76,
    HAG_WHY_NO_PRIMARY = 77,
    HAG_WHY_CONFLICT = 78,
    HAG_WHY_MAX_SWITCHES = 79,
    HAG_WHY_MAX_FAILOVERS = 80,
    HAG_WHY_STORM = 81,
    HAG_WHY_FENCE_UNCONFIRMED = 82,
    HAG_WHY_TARGET_UNFIT = 83,
    HAG_WHY_OBSERVING = 84,
    HAG_WHY_GUARD_BLIND = 85,
    HAG_WHY_GUARD_STALLED = 86,
    HAG_WHY_NOT_DRAINED = 87,
    HAG_WHY_NOT_CONFIRMED = 88,
    HAG_WHY_NAME_STALE = 89,
    HAG_WHY_DEBT = 90,
    /* of an action's result */
    HAG_WHY_TIMEOUT = 110,
    HAG_WHY_CANCELLED = 111,
    HAG_WHY_NO_CONNECTION = 112,
    HAG_WHY_UNSUPPORTED = 113,
    HAG_WHY_PROTOCOL = 114,
    HAG_WHY_STORE_ERROR = 115,
    HAG_WHY_HOST_ERROR = 116,
    HAG_WHY_DISK = 117,
    HAG_WHY_VERSION = 118,
    HAG_WHY_BAD_CONFIG = 119,
    /* what set something going */
    HAG_WHY_OPERATOR = 130,
    HAG_WHY_PRIMARY_DOWN = 131,
    HAG_WHY_PRIMARY_RETURNED = 132,
    HAG_WHY_PREEMPTED = 133,
    HAG_WHY_RESTARTED = 134,
    HAG_WHY_FOUND = 135,
    HAG_WHY_RETURNED = 136,
    HAG_WHY_WRONG_UPSTREAM = 137,
    HAG_WHY_BROKEN = 138,
    HAG_WHY_EXPIRED = 139,
    HAG_WHY_RECORD = 140,
    HAG_WHY_MAX = 141
};

/* Settings: keys of hag_policy_set(). Names, defaults and bounds: hag_setting_get(). Values never
 * change; gaps are reserved for settings of later versions. */
enum {
    HAG_P_PROBE_EVERY = 1,
    HAG_P_PROBE_TIMEOUT = 2,
    HAG_P_FALL = 3,
    HAG_P_RISE = 4,
    HAG_P_DOWN_AFTER = 5,
    HAG_P_DOWN_AFTER_REPLICA = 6,
    HAG_P_GONE_AFTER = 7,
    HAG_P_FROZEN_AFTER = 8,
    HAG_P_SERVE_AFTER = 9,
    HAG_P_FRESH = 13,
    HAG_P_VETO_LIMIT = 14,
    HAG_P_CONFIRM = 15,
    HAG_P_ALONE = 16,
    HAG_P_DOUBT_MIN = 18,
    HAG_P_MAX_LAG = 19,
    HAG_P_POSITION_TOLERANCE = 20,
    HAG_P_FENCE = 21,
    HAG_P_FENCE_WAIT = 22,
    HAG_P_PROMOTE_TIMEOUT = 23,
    HAG_P_QUIESCE_MAX = 24,
    HAG_P_HOLD_DOWN = 25,
    HAG_P_MAX_SWITCHES = 26,
    HAG_P_MAX_FAILOVERS = 27,
    HAG_P_NAMES_WITHIN = 32,
    HAG_P_REPOINT_PARALLEL = 34,
    HAG_P_TTL = 42,
    HAG_P_DEBT_FACTOR = 43,
    HAG_P_WITHDRAW_REPLICA = 44,
    HAG_P_DETACH_ON_BREAK = 47,
    HAG_P_VOLATILE = 48,
    HAG_P_MAX_LAG_BYTES = 49,
    HAG_P_COMMIT_TIMEOUT = 50,
    HAG_P_STEP_TIMEOUT = 51,
    HAG_P_RETRY_EVERY = 52,
    HAG_P_RETRY_MAX = 53,
    HAG_P_REJOIN_UNKNOWN = 54,
    HAG_P_COUNT = 55
};

/* Values of settings that are words. */
enum { HAG_ALONE_HOLD = 0, HAG_ALONE_PROMOTE = 1 };
enum { HAG_FENCE_POLICY_BEST_EFFORT = 0, HAG_FENCE_POLICY_REQUIRED = 1 };
enum { HAG_OFF = 0, HAG_ON = 1, HAG_AUTO = 2 };
enum { HAG_VOLATILE_REFUSE = 0, HAG_VOLATILE_ACCEPT = 1 };

/* Flags of facts. */
enum {
    HAG_FACT_POSITION = 1,      /* position is known */
    HAG_FACT_LINK_UP = 2,       /* standby: connected to its upstream */
    HAG_FACT_SYNCING = 4,       /* standby: first copy not complete */
    HAG_FACT_READS = 8,         /* serves reads */
    HAG_FACT_WRITES = 16,       /* serves writes */
    HAG_FACT_READONLY = 32,     /* a primary that refuses writes (disk, failed save) */
    HAG_FACT_EMPTY = 64,        /* holds no data */
    HAG_FACT_VOLATILE = 128,    /* what it holds does not survive its process */
    HAG_FACT_ACCEPTED = 256,    /* TIMEOUT: the connection was accepted */
    HAG_FACT_PRIORITY = 512,    /* priority is known; 0 means never */
    HAG_FACT_LEAVING = 1024,    /* announced a planned stop */
    HAG_FACT_SELF_DRAINS = 2048 /* a planned promotion pauses and drains by itself */
};

/* Flags of a node. */
enum {
    HAG_NODE_PRIMARY = 1,     /* a hint for a cluster without a record: this one is the primary */
    HAG_NODE_NO_PROMOTE = 2,  /* never promoted */
    HAG_NODE_READ_REPLICA = 4 /* added by hand for reads: never promoted (U11) */
};

/* Who says something. */
enum {
    HAG_SOURCE_AGENT = 1,    /* the agent beside one node; about other nodes it is an observer */
    HAG_SOURCE_OBSERVER = 2, /* another program that watches the nodes */
    HAG_SOURCE_TRAFFIC = 3   /* the host's own client traffic */
};

/* What it says, in hag_observe(). */
enum {
    HAG_SEEN_ALIVE = 1,   /* answered it just now */
    HAG_SEEN_FAILING = 2, /* did not answer it */
    HAG_SEEN_DEAD = 3,    /* the process is proven dead (an agent, of its own store) */
    HAG_SEEN_BROKEN = 4   /* a held connection was closed by the other side: look at once */
};

enum {
    HAG_OPTION_SOLE = 1,  /* this guard is the only decider of its clusters */
    HAG_OPTION_RECORD = 2 /* it keeps a log of what it is told and does: hag_record_take() */
};

/* Flags of hag_cluster_failover() and hag_cluster_switchover(). */
enum { HAG_OPERATE_DRY_RUN = 1, HAG_OPERATE_DATA_LOSS = 2 };

struct hag_options {
    uint32_t size; /* sizeof(struct hag_options) */
    uint32_t flags;
    uint64_t seed;        /* spreads the probes; the same seed gives the same run */
    uint32_t max_work;    /* timers handled in one call; 0: 10000 */
    uint32_t stall_after; /* a call later than this many ms after it was due is a stall; 0: 1000 */
    void *ud;
    /* realloc(ud, p, old, size): allocates (p NULL), resizes, frees (size 0). NULL: the C library. */
    void *(*realloc)(void *ud, void *p, size_t osize, size_t nsize);
    /* One ready line, without its end. NULL: no log. */
    void (*log)(void *ud, int32_t level, const char *msg, size_t len);
    /* Bytes of the recorder's log that may wait to be taken; 0: 16 MB. When more would have to wait
     * the recording ends there, and says so to log; the guard works on. */
    uint64_t record_max;
};

/* What a probe learnt. Lineage: pairs of an id and the position up to which data of that id was
 * taken, newest first; fork[0] is unused (the newest id has no end). */
struct hag_facts {
    uint32_t size;
    uint32_t result; /* HAG_PROBE_ */
    uint32_t role;
    uint32_t flags; /* HAG_FACT_ */
    uint64_t position;
    uint32_t position_age; /* ms between reading the position and completing the op */
    uint32_t link_idle;    /* ms since the upstream last spoke; HAG_UNKNOWN_MS */
    uint32_t link_beat;    /* ms at which an idle upstream speaks; 0: unknown */
    uint32_t lag;          /* ms behind; HAG_UNKNOWN_MS */
    int32_t priority;      /* higher is preferred; 0: never */
    uint32_t cpu;          /* per mille */
    uint32_t memory;       /* per mille */
    uint32_t nlineage;
    uint32_t nstreams;
    uint32_t reserved;
    uint8_t identity[HAG_ID_SIZE]; /* of this incarnation; zero: unknown */
    uint8_t lineage[HAG_LINEAGE_MAX][HAG_ID_SIZE];
    uint64_t fork[HAG_LINEAGE_MAX];
    char upstream[HAG_ADDR_MAX]; /* whom a standby follows, host:port */
    const char *const *streams;  /* addresses of standbys that acknowledged within 2 s */
};

/* How an action ended. */
struct hag_result {
    uint32_t size;
    uint32_t outcome;              /* HAG_RES_ */
    uint32_t reason;               /* HAG_WHY_ */
    uint32_t fence;                /* of a fence: HAG_FENCE_ */
    uint32_t fence_for;            /* ms until it ends by itself; 0: it does not */
    uint32_t retry_after;          /* ms; 0: the guard chooses */
    const char *text;              /* one line for people; may be NULL */
    const struct hag_facts *facts; /* of a probe; welcome with any other action */
};

/* One thing to do. Which members are set for which kind: doc/actions.md. */
struct hag_action {
    uint32_t size;
    uint32_t kind; /* HAG_DO_ */
    hag_op op;
    hag_cluster cluster;
    hag_node node;
    hag_node target;
    uint64_t user_cluster;
    uint64_t user_node;
    uint64_t term;
    uint64_t generation; /* of an endpoint */
    hag_time deadline;   /* complete before this time of the host's clock */
    uint64_t arg;
    uint64_t version;  /* commit: of bytes */
    uint64_t expected; /* commit: of what they replace; 0: nothing yet */
    uint64_t ttl;      /* endpoint_update: ms */
    uint32_t flags;    /* HAG_ACT_ */
    uint32_t event;
    uint32_t severity;
    uint32_t reason;
    uint32_t endpoint;
    uint32_t procedure;
    uint32_t step;
    uint32_t attempt;
    uint32_t alert;
    uint32_t naddrs;
    uint64_t nbytes;
    const char *request; /* durable id of this request: a repeat is the same request */
    const char *cluster_name;
    const char *node_name;
    const char *node_addr;
    const char *target_name;
    const char *target_addr;
    const char *text;
    const char *const *addrs; /* advertised addresses, in the order of node names */
    const uint8_t *bytes;
};

struct hag_node_spec {
    uint32_t size;
    uint32_t flags;   /* HAG_NODE_ */
    int32_t priority; /* higher is preferred; 0 is the usual one */
    uint32_t reserved;
    uint64_t user;
    const char *name;
    const char *addr;       /* numeric host:port to probe, [v6]:port */
    const char *advertised; /* numeric, for the endpoints; NULL: addr */
    const char *zone;       /* may be NULL */
    const char *host;       /* may be NULL: the host part of addr */
};

struct hag_node_info {
    uint32_t size;
    uint32_t flags;
    uint64_t user;
    hag_cluster cluster;
    uint32_t role; /* what the cluster has it as */
    uint32_t reported_role;
    uint32_t verdict;
    uint32_t kind;
    uint32_t reason;  /* of the verdict */
    uint32_t refusal; /* why it would not be promoted now; HAG_WHY_NONE: it would be */
    uint32_t result;  /* of the last probe */
    uint32_t facts;   /* HAG_FACT_ of the last good probe */
    uint32_t fails;   /* failed probes in the running series */
    int32_t priority;
    hag_time since;     /* of the verdict */
    hag_time grace_end; /* when it may be marked down; 0: not failing */
    hag_time last_good; /* 0: never */
    uint64_t position;
    uint64_t alerts;  /* bit per HAG_ALERT_ */
    const char *name; /* these live until the node is removed or set */
    const char *addr;
    const char *advertised;
    const char *zone;
    const char *host;
};

struct hag_cluster_info {
    uint32_t size;
    uint32_t state;
    uint64_t user;
    uint64_t term;
    uint64_t version;   /* of the record kept by commit */
    hag_node primary;   /* 0: not known */
    hag_node candidate; /* who would be promoted now; 0: nobody */
    uint32_t procedure;
    uint32_t step;
    uint32_t reason;  /* of the state */
    uint32_t writers; /* HAG_WRITERS_ */
    uint32_t nodes;
    uint32_t ops;       /* in flight or queued, probes apart */
    uint32_t failovers; /* ended well since the cluster was added */
    uint32_t deciding;  /* 0: it advises */
    uint64_t generation_primary;
    uint64_t generation_replica;
    uint64_t alerts;
    hag_time paused_until; /* 0: not paused */
    const char *name;
    const char *step_name;
    const char *paused_by;
};

/* What a request to fail over or switch over was answered. */
struct hag_answer {
    uint32_t size;
    uint32_t nreasons;
    hag_node target;
    uint32_t reasons[HAG_REASONS_MAX];
    hag_node about[HAG_REASONS_MAX]; /* the node that a reason speaks of, or 0 */
};

struct hag_setting {
    uint32_t size;
    uint32_t key;
    int64_t def;
    int64_t min;
    int64_t max;
    const char *name;
    const char *unit;  /* "ms", "count", "bytes", "word" */
    const char *words; /* unit "word": the words from 0 on, separated by | */
    const char *text;
};

/* --- version and names ------------------------------------------------------------------------ */

/* The version of the library that runs: 0xMMmmpp. In a hook: yes. Errors: none. Since 0.1. */
uint32_t hag_version(void);

/* One line for an error code; never NULL. In a hook: yes. Errors: none. Since 0.1. */
const char *hag_strerror(int32_t err);

/* What the last failed call on this guard found wrong and how to cure it; "" before the first.
 * Lives until the next failed call. In a hook: yes. Errors: none. Since 0.1. */
const char *hag_errmsg(const hag_guard *g);

enum {
    HAG_NAMES_ACTION = 1,
    HAG_NAMES_EVENT = 2,
    HAG_NAMES_ALERT = 3,
    HAG_NAMES_WHY = 4,
    HAG_NAMES_VERDICT = 5,
    HAG_NAMES_KIND = 6,
    HAG_NAMES_STATE = 7,
    HAG_NAMES_PROCEDURE = 8,
    HAG_NAMES_PROBE = 9,
    HAG_NAMES_ROLE = 10,
    HAG_NAMES_OUTCOME = 11,
    HAG_NAMES_FENCE = 12,
    HAG_NAMES_ENDPOINT = 13,
    HAG_NAMES_SEVERITY = 14
};

/* The name of a constant, as events and the manual write it; NULL if there is none.
 * In a hook: yes. Errors: none. Since 0.1. */
const char *hag_name(uint32_t names, uint32_t value);

/* A sentence for people about a reason; NULL if there is none. In a hook: yes. Since 0.1. */
const char *hag_why_text(uint32_t why);

/* The name of a step of a procedure (HAG_PROC_), as step in a hag_cluster_info counts them, from 0;
 * NULL past the last one, and for a procedure that this version does not have. A host that shows
 * progress says "step 3 of 24". In a hook: yes. Errors: none. Since 0.1. */
const char *hag_step_name(uint32_t procedure, uint32_t step);

/* What a step of a procedure asks of the host: HAG_DO_; 0 for a step that only decides, or that
 * there is not. In a hook: yes. Errors: none. Since 0.1. */
uint32_t hag_step_action(uint32_t procedure, uint32_t step);

/* --- the guard -------------------------------------------------------------------------------- */

/* Makes a guard. opt may be NULL: defaults, and the guard advises. The caller destroys it.
 * In a hook: yes. Errors: INVAL, NOMEM, ABI. Since 0.1. */
int32_t hag_guard_new(const struct hag_options *opt, hag_guard **ret);

/* Ends a guard: plugins are told to cancel and close, host ops are dropped, and nothing is called
 * afterwards. NULL is fine. In a hook: no. Errors: BUSY. Since 0.1. */
int32_t hag_guard_destroy(hag_guard *g);

/* Lets time pass: handles what is due. Returns 1 when more is due than one call may do, else 0.
 * In a hook: yes. Errors: INVAL. Since 0.1. */
int32_t hag_advance(hag_guard *g, hag_time now);

/* Milliseconds until hag_advance() has work: 0 when something is due or an action waits, -1 when
 * nothing ever will be. In a hook: yes. Errors: -1 for a NULL guard. Since 0.1. */
int64_t hag_timeout(const hag_guard *g, hag_time now);

/* Takes the next action that no plugin handles, running plugins for theirs. Returns 1 when out was
 * filled, 0 when there is none. The op's deadline starts now. out->size must be set. Text lives
 * until the next call of this function or of hag_dispatch. In a hook: no.
 * Errors: INVAL, ABI, BUSY. Since 0.1. */
int32_t hag_next_action(hag_guard *g, hag_time now, struct hag_action *out);

/* Tells which kinds of action (bit 1 << HAG_DO_...) the host handles by hag_next_action(). Hooks
 * and plugins count by themselves. In a hook: yes. Errors: INVAL, RANGE. Since 0.1. */
int32_t hag_handles(hag_guard *g, uint64_t kinds);

/* Uses a policy for what concerns the guard as a whole (doubt_min, max_failovers). The values are
 * copied. In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_guard_set_policy(hag_guard *g, hag_policy p);

/* --- ops -------------------------------------------------------------------------------------- */

/* Reports how an action ended; exactly once for each op. A second, a late one or one after a removal
 * is STALE, which is normal. result is copied. In a hook: yes, also for the hook's own op.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE, RANGE (an outcome or a number of facts that does not exist),
 * NOMEM (the op stays open: try again). Since 0.1. */
int32_t hag_op_complete(hag_guard *g, hag_op op, const struct hag_result *result, hag_time now);

/* Says that an op is still at work and needs ms more from now. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, RANGE (0, or more than a day). Since 0.1. */
int32_t hag_op_progress(hag_guard *g, hag_op op, uint32_t ms, hag_time now);

/* --- policies --------------------------------------------------------------------------------- */

/* Makes a policy with the defaults. In a hook: yes. Errors: INVAL, NOMEM, LIMIT. Since 0.1. */
int32_t hag_policy_new(hag_guard *g, hag_policy *ret);

/* Frees a policy; clusters that use it keep their copy. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_policy_free(hag_guard *g, hag_policy p);

/* Sets one setting; clusters see it after hag_cluster_set_policy(). In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, NOT_FOUND (no such key), RANGE. Since 0.1. */
int32_t hag_policy_set(hag_guard *g, hag_policy p, uint32_t key, int64_t value);

/* The same from text, as configuration files have it: "down_after", "60s". In a hook: yes.
 * Errors: as hag_policy_set(), INVAL for a value that cannot be read. Since 0.1. */
int32_t hag_policy_set_text(hag_guard *g, hag_policy p, const char *name, const char *value);

/* Reads one setting. In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, NOT_FOUND. Since 0.1. */
int32_t hag_policy_get(const hag_guard *g, hag_policy p, uint32_t key, int64_t *ret);

/* Checks the settings as a whole; hag_errmsg() names the contradiction and its cure. Adding a
 * cluster checks too. In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, CONFLICT. Since 0.1. */
int32_t hag_policy_check(hag_guard *g, hag_policy p);

/* The i-th setting of the table, from 0. out->size must be set. In a hook: yes.
 * Errors: INVAL, ABI, NOT_FOUND (past the end). Since 0.1. */
int32_t hag_setting_get(uint32_t i, struct hag_setting *out);

/* --- clusters --------------------------------------------------------------------------------- */

/* Adds a cluster. name: letters, digits, '_', '.', '-'. p: 0 for the defaults; its values are
 * copied. user comes back in every action. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, EXISTS, CONFLICT, NOMEM, LIMIT. Since 0.1. */
int32_t hag_cluster_add(hag_guard *g, const char *name, hag_policy p, uint64_t user, hag_time now,
                        hag_cluster *ret);

/* Forgets a cluster with its nodes and sources; nothing is done to the stores. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_cluster_remove(hag_guard *g, hag_cluster c, hag_time now);

/* Gives back the last committed record after a restart: the guard looks first, then resumes or
 * unwinds. Call it after the nodes were added and before time passes. bytes are copied.
 * In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, DAMAGED, NOT_FOUND (a record of another
 * cluster), BUSY (already at work), NOMEM. Since 0.1. */
int32_t hag_cluster_restore(hag_guard *g, hag_cluster c, const uint8_t *bytes, size_t n,
                            hag_time now);

/* Binds a plugin: it handles for this cluster what it can; the first bound wins, at most four.
 * In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, EXISTS, LIMIT. Since 0.1. */
int32_t hag_cluster_bind(hag_guard *g, hag_cluster c, hag_plugin_id p, hag_time now);

/* Releases a plugin: what it handled is handled by the next one bound, by a hook or by the host. Its
 * ops in flight for this cluster are cancelled and end UNKNOWN, names that it kept are written anew.
 * To replace one, bind the other first: nothing of the cluster is lost. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, NOT_FOUND (not bound), NOMEM. Since 0.1. */
int32_t hag_cluster_unbind(hag_guard *g, hag_cluster c, hag_plugin_id p, hag_time now);

/* Replaces the settings of a cluster; graces that run are measured anew against them.
 * In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, CONFLICT. Since 0.1. */
int32_t hag_cluster_set_policy(hag_guard *g, hag_cluster c, hag_policy p, hag_time now);

/* Zone to prefer among equally good candidates; NULL or "" for none. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, NOMEM. Since 0.1. */
int32_t hag_cluster_prefer_zone(hag_guard *g, hag_cluster c, const char *zone);

/* No procedure is begun for ms; owner is named in status and events. Again: replaces it.
 * In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, RANGE (0, or more than 30 days). Since 0.1. */
int32_t hag_cluster_pause(hag_guard *g, hag_cluster c, const char *owner, uint64_t ms,
                          hag_time now);

/* Ends a pause at once. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, NOT_FOUND (not paused). Since 0.1. */
int32_t hag_cluster_resume(hag_guard *g, hag_cluster c, hag_time now);

/* Orders a failover, without graces. to: 0 lets the guard choose. DATA_LOSS lifts, for this one
 * decision, the refusals for staleness and missing fresh positions. DRY_RUN only answers.
 * out may be NULL; its size must be set. In a hook: yes.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE, RANGE, REFUSED (out lists every reason). Since 0.1. */
int32_t hag_cluster_failover(hag_guard *g, hag_cluster c, hag_node to, uint32_t flags, hag_time now,
                             struct hag_answer *out);

/* Orders a switchover in place: the old primary is quiesced, drained and becomes a replica.
 * As hag_cluster_failover(); DATA_LOSS is not taken. Since 0.1. */
int32_t hag_cluster_switchover(hag_guard *g, hag_cluster c, hag_node to, uint32_t flags,
                               hag_time now, struct hag_answer *out);

/* The operator's word for what the cluster waits for: that the old primary is off (fence), that an
 * unknown node belongs here (node), that a storm is real, or who the primary is in a conflict
 * (node). In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, NOT_FOUND (it waits for nothing). Since 0.1. */
int32_t hag_cluster_confirm(hag_guard *g, hag_cluster c, hag_node n, hag_time now);

/* What a cluster is doing. out->size must be set. In a hook: yes.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_cluster_get(const hag_guard *g, hag_cluster c, struct hag_cluster_info *out);

/* In words: what is it doing, why, what is it waiting for, who would be promoted now and why not
 * each other node. Writes at most n bytes with their end; returns the length without it, which may
 * be more. buf may be NULL with n 0. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_cluster_explain(const hag_guard *g, hag_cluster c, hag_time now, char *buf, size_t n);

/* The cluster of that name, 0 if there is none. In a hook: yes. Errors: none. Since 0.1. */
hag_cluster hag_cluster_find(const hag_guard *g, const char *name);

/* The cluster after prev in the order of adding, from 0; 0 at the end. A prev that is gone ends
 * the walk. In a hook: yes. Errors: none. Since 0.1. */
hag_cluster hag_cluster_next(const hag_guard *g, hag_cluster prev);

/* --- nodes ------------------------------------------------------------------------------------ */

/* Adds a node; it is looked at before it counts. In a hook: yes.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE, EXISTS (name or address), NOMEM, LIMIT. Since 0.1. */
int32_t hag_node_add(hag_guard *g, hag_cluster c, const struct hag_node_spec *spec, hag_time now,
                     hag_node *ret);

/* Forgets a node; nothing is done to the store. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, BUSY (the primary of its cluster). Since 0.1. */
int32_t hag_node_remove(hag_guard *g, hag_node n, hag_time now);

/* Changes flags, priority, user, addresses, zone and host; the name must be the same or NULL. A new
 * address sets the verdict back to unknown. In a hook: yes.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE, EXISTS, NOMEM. Since 0.1. */
int32_t hag_node_set(hag_guard *g, hag_node n, const struct hag_node_spec *spec, hag_time now);

/* What is known of a node. out->size must be set. In a hook: yes.
 * Errors: INVAL, ABI, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_node_get(const hag_guard *g, hag_node n, struct hag_node_info *out);

/* The node of that name, 0 if there is none. In a hook: yes. Errors: none. Since 0.1. */
hag_node hag_node_find(const hag_guard *g, hag_cluster c, const char *name);

/* The node after prev in its cluster, from 0; 0 at the end. In a hook: yes. Since 0.1. */
hag_node hag_node_next(const hag_guard *g, hag_cluster c, hag_node prev);

/* Asks for a probe at once instead of at its time. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, UNSUPPORTED (nobody probes). Since 0.1. */
int32_t hag_node_probe(hag_guard *g, hag_node n, hag_time now);

/* --- sources ---------------------------------------------------------------------------------- */

/* Adds somebody who sees nodes of a cluster. node: whose agent it is (HAG_SOURCE_AGENT), else 0.
 * In a hook: yes. Errors: INVAL, BAD_HANDLE, STALE, EXISTS, NOMEM, LIMIT. Since 0.1. */
int32_t hag_source_add(hag_guard *g, hag_cluster c, uint32_t kind, hag_node node, const char *name,
                       hag_source *ret);

/* Forgets a source and what it said. In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_source_remove(hag_guard *g, hag_source s, hag_time now);

/* What a source saw of a node, age ms ago. HAG_SEEN_BROKEN only makes the guard look at once and
 * needs no source (0). In a hook: yes.
 * Errors: INVAL, BAD_HANDLE, STALE, RANGE (seen, or a node of another cluster). Since 0.1. */
int32_t hag_observe(hag_guard *g, hag_source s, hag_node n, uint32_t seen, uint32_t age,
                    hag_time now);

/* --- the recorder ----------------------------------------------------------------------------- */

/* A guard that was made with HAG_OPTION_RECORD keeps a log of every input and of every action that it
 * hands out. "haguard-sim replay" and hag_replay() play it again. It has names, addresses and states
 * of nodes, texts of answers, settings of policies and records; never the settings of plugins, where
 * passwords are. The log is a stream: what is taken is written one after the other. */

/* Takes the next bytes of the log, at most cap. Returns 1 when more are waiting, else 0; *got may be 0.
 * In a hook: yes. Errors: INVAL, UNSUPPORTED (this guard does not record), LIMIT (the recording has
 * ended, since more than record_max waited, and all of it was taken), NOMEM (likewise, for want of
 * memory, of the log's own or of the guard's). Since 0.1. */
int32_t hag_record_take(hag_guard *g, uint8_t *buf, size_t cap, size_t *got);

/* Ends the recording with a mark, so that whoever reads the log knows that it is whole. What waits can
 * still be taken; a recording cannot be taken up again. Twice is fine. In a hook: yes.
 * Errors: INVAL, UNSUPPORTED. Since 0.1. */
int32_t hag_record_end(hag_guard *g);

/* Notes the time of day in the log: unix_ms since 1970 at now. A replay can then say when things
 * happened. It changes nothing else, and nothing without a recorder. In a hook: yes.
 * Errors: INVAL. Since 0.1. */
int32_t hag_record_clock(hag_guard *g, uint64_t unix_ms, hag_time now);

#ifdef __cplusplus
}
#endif

#endif
