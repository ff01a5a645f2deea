/* SPDX-License-Identifier: MIT
 *
 * The state that the shell keeps. Only files in this directory write it; the rules see const views.
 */
#ifndef HAG__GUARD_H
#define HAG__GUARD_H

#include "base/alloc.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/ring.h"
#include "base/table.h"
#include "base/text.h"
#include "engine/actions.h"
#include "engine/endpoint.h"
#include "engine/lineage.h"
#include "engine/names.h"
#include "engine/procedure.h"
#include "engine/verdict.h"

#define HAG__MAGIC    0x48616721u
#define HAG__NOBODY   0xffu /* no place in a cluster */
#define HAG__STRANGER 0xfeu /* an upstream that is no member */
#define HAG__BINDINGS 4
#define HAG__PLUGINS  64
#define HAG__SWITCHES 16 /* remembered for max_switches */
#define HAG__DETAIL   112
#define HAG__KEPT     5  /* short texts of an action */
#define HAG__ENDED    64 /* orders whose answer may still come late */
#define HAG__LOOP_MS  5  /* between two reads in a loop of a procedure */
#define HAG__HOUR     3600000u

/* Marks of a node: what the guard did to it and what it remembers of it. */
enum {
    HAG__MARK_DETACHED = 1, /* its replication was cut by the guard */
    HAG__MARK_FENCED = 2,
    HAG__MARK_QUIESCED = 4,
    HAG__MARK_MAYBE = 8,     /* promotion of unknown outcome: an ex-primary of its term (S3) */
    HAG__MARK_TRIED = 16,    /* refused to be promoted in this procedure */
    HAG__MARK_SYNCED = 32,   /* was in sync with this primary since its own last start (S4) */
    HAG__MARK_ACCUSED = 64,  /* its link was down before the guard detached it */
    HAG__MARK_TRUSTED = 128, /* an operator said that it belongs here */
    HAG__MARK_REBORN = 256,  /* a new incarnation without the data (S8) */
    HAG__MARK_MET = 512,     /* has been linked to this primary since it became one */
    HAG__MARK_UNSYNCED_READ = 1024, /* read once undetached with its link down (S5) */
    HAG__MARK_STABLE = 2048,        /* ... and a second time the same */
    HAG__MARK_BROKEN = 4096,        /* its held connection broke since its last good answer */
    HAG__MARK_CONFIRMED_OFF = 8192, /* an operator said that it is off */
    HAG__MARK_MEMBER = 16384        /* has been the primary here, or in sync with it */
};

enum { HAG__PROBE_IDLE = 0, HAG__PROBE_QUEUED = 1, HAG__PROBE_IN_FLIGHT = 2 };

/* What is seldom read: one block with the texts behind it. */
struct hag__node_texts {
    size_t size;
    uint64_t user;
    const char *name, *addr, *advertised, *zone, *host;
};

struct hag__node {
    /* read at every probe */
    uint32_t cluster;
    uint32_t probe_gen;
    uint8_t place; /* bit in the sets of its cluster */
    uint8_t flags; /* HAG_NODE_ */
    uint8_t verdict, kind, why;
    uint8_t probe_state;
    uint8_t probe_flags; /* HAG_ACT_ of the next one */
    uint8_t probe_again; /* once more as soon as the one in flight has ended */
    uint8_t in_ring;
    uint8_t role;     /* reported */
    uint8_t upstream; /* place, HAG__STRANGER, HAG__NOBODY */
    uint8_t handler_told;
    uint16_t marks;
    uint16_t fence;          /* strength of the fence in force */
    hag_time probe_at;       /* next one is due */
    hag_time probe_sent;     /* the one in flight was taken */
    hag_time probe_deadline; /* ... and ends */
    hag_time probed;         /* sending of the newest that ended; HAG__NEVER: none yet */
    struct hag__health health;
    hag_time again; /* judge it again then */

    /* of the newest good answer */
    uint64_t position;
    hag_time position_sent; /* sending of the probe that read it */
    hag_time moved_at;      /* its position moved while its link was up */
    hag_time streamed_at;   /* the primary streamed to it */
    struct hag__lineage *lineage;
    uint32_t facts;
    uint32_t link_idle, link_beat, lag;
    int32_t store_priority;
    uint8_t identity[HAG_ID_SIZE];

    uint32_t alerts;
    int32_t priority;
    hag_time since;         /* of the verdict */
    hag_time grace_end;     /* HAG__NEVER */
    hag_time fence_until;   /* a fence that ends by itself; HAG__NEVER */
    hag_time demoted_at;    /* HAG__NEVER */
    hag_time debt_until;    /* its address may be taken for the primary's until then; 0 */
    hag_time rejoin_at;     /* not tried again before */
    hag_time accused_at;    /* others accuse it since then; 0: not */
    hag_time acted_at;      /* when the newest order to it was answered: older facts are stale */
    hag_time strange_since; /* a role or upstream that it should not have; HAG__NEVER */
    uint32_t rejoin_backoff;
    uint64_t maybe_term;
    uint64_t fenced_term; /* in which it was last ordered to be fenced */
    uint64_t still_at;    /* position of a first read while undetached (S5) */
    struct hag__node_texts *texts;
};

enum { HAG__OP_QUEUED = 1, HAG__OP_WITHDRAWN = 2, HAG__OP_IN_FLIGHT = 3 };

struct hag__op {
    uint32_t cluster;
    uint32_t node;   /* HAG__NIL */
    uint32_t target; /* HAG__NIL */
    uint8_t kind;    /* HAG_DO_ */
    uint8_t state;
    uint8_t step, procedure;
    uint8_t attempt;
    uint8_t flags; /* HAG_ACT_ */
    uint8_t endpoint;
    uint8_t handler;     /* plugin place while in flight, HAG__NOBODY: the host */
    uint32_t number;     /* of the procedure; 0: none of its */
    uint32_t next, prev; /* of the same cluster */
    uint64_t arg;
};

/* The copy of a policy that clusters share. */
struct hag__policy {
    uint32_t refs;
    struct hag__settings settings;
};

struct hag__source {
    uint32_t cluster;
    uint32_t node; /* HAG__NIL */
    uint8_t kind;
    uint8_t place; /* row in the cluster's sightings */
    char name[HAG_NAME_MAX];
};

struct hag__sight {
    hag_time at;
    uint32_t seen; /* HAG_SEEN_, 0: nothing */
    uint32_t reserved;
};

enum {
    HAG__NAME_IDLE = 0,
    HAG__NAME_UPDATING = 1,
    HAG__NAME_CHECKING = 2,
    HAG__NAME_WAITING = 3 /* to try again */
};

struct hag__name_state {
    uint64_t have; /* places that an update put there */
    uint64_t want;
    uint64_t generation;
    hag_time retry_at;
    hag_time untrue_since; /* HAG__NEVER: true */
    uint64_t op;
    uint32_t backoff;
    uint8_t state;
    uint8_t check_next; /* retry means reading again, not writing again */
    uint8_t known;      /* have is what this guard wrote */
    uint8_t redo;       /* an address behind it has changed or gone: it has to be written anew */
    uint8_t moved_from; /* primary: who left with the update under way */
};

enum {
    HAG__RUN_ENTER = 0, /* the step has to be started */
    HAG__RUN_WAIT = 1,  /* answers are awaited */
    HAG__RUN_PAUSE = 2  /* next step at retry_at */
};

struct hag__run {
    uint8_t kind; /* HAG_PROC_ */
    uint8_t step;
    uint8_t next; /* after a pause */
    uint8_t phase;
    uint8_t cause;                /* HAG_WHY_ that began it */
    uint8_t why;                  /* newest trouble */
    uint8_t old, candidate, node; /* places */
    uint8_t undoing;
    uint8_t to; /* the only one allowed, HAG__NOBODY */
    uint8_t data_loss;
    uint8_t tries;   /* of this promotion */
    uint8_t loop;    /* step of the running loop + 1 */
    uint8_t demoted; /* the old primary took its demotion */
    uint8_t ordered; /* a promotion has left in this term */
    uint8_t told;    /* ... and was told to have happened */
    uint16_t attempt;
    uint16_t outcomes; /* bits 1 << HAG_RES_ seen in this step */
    uint32_t number;
    uint32_t backoff;
    uint64_t pending; /* places with an answer to come */
    uint64_t queue;   /* places still to be asked */
    uint64_t asked;
    uint64_t detached; /* who was asked to detach in this procedure */
    uint64_t final_position;
    hag_time begun_at, step_at, loop_at, retry_at;
    hag_time quiet_until;
    uint8_t identity[HAG_ID_SIZE]; /* the candidate's when it was chosen; zeros: not known */
    hag_time looked;               /* the end of the stall after which everybody was looked at */
};

enum {
    HAG__CLUSTER_OBSERVING = 1,
    HAG__CLUSTER_DIRTY = 2,
    HAG__CLUSTER_RECORD = 4,      /* the record should be committed again */
    HAG__CLUSTER_TRIM = 8,        /* the replica name is trimmed to who serves (U2) */
    HAG__CLUSTER_RESTORED = 16,   /* a record was given */
    HAG__CLUSTER_RESUME = 32,     /* ... with an open procedure */
    HAG__CLUSTER_CONDEMNED = 64,  /* ... whose primary had been marked down */
    HAG__CLUSTER_WAS_EMPTY = 128, /* the primary held no data when last seen */
    HAG__CLUSTER_CONFIRMED = 256, /* the operator answered what the cluster waits for */
    HAG__CLUSTER_MOVED = 512,     /* the primary name has to follow a take-over */
    HAG__CLUSTER_NEW_TERM = 1024  /* the next commit raises the term; nothing is published before */
};

struct hag__cluster {
    uint32_t index;
    char *name;
    size_t name_size;
    uint64_t user;
    struct hag__policy *policy;
    uint32_t *nodes; /* by place; HAG__NIL where one was removed */
    uint32_t nplaces, cap_nodes;
    uint32_t flags;
    uint32_t dirty_next;
    uint32_t order_next, order_prev; /* in the order of adding */
    uint32_t ops;                    /* first of its ops that are wanted */
    uint32_t alerts;
    uint64_t told; /* kinds that nobody handles, reported */
    uint8_t plugins[HAG__BINDINGS];
    uint8_t nplugins;
    uint8_t primary; /* place */
    uint8_t state, state_why;
    uint8_t held_why; /* why a failover that is due does not begin */
    uint8_t advised;
    uint8_t old; /* who was primary before, for the record */
    uint64_t term, version;
    uint32_t failovers, number;
    hag_time config_at;
    hag_time paused_until; /* 0: not paused */
    hag_time wake_at;      /* wanted by what was looked at in this round */
    char *paused_by;
    size_t paused_by_size;
    char zone[HAG_NAME_MAX];
    hag_time switches[HAG__SWITCHES];
    uint32_t nswitches;

    /* the primary as it was last seen serving */
    uint8_t identity[HAG_ID_SIZE];
    struct hag__lineage *lineage;
    uint64_t position;

    struct hag__name_state names[2];
    struct hag__run run;

    /* commit under way: the very bytes, since an unknown one is repeated as it was */
    uint8_t *record;
    size_t record_cap, record_len;
    uint64_t record_version;
    uint64_t record_term;
    uint64_t commit_op;
    hag_time commit_retry_at;
    uint32_t commit_backoff;
    uint8_t commit_unknown;
    uint8_t commit_wanted; /* another one as soon as this one has ended */
    uint8_t wanted_close;
    uint32_t commit_for, wanted_for; /* number of the procedure that waits, 0: none */
    uint64_t wanted_term;

    /* what a restored record said of its open procedure */
    uint8_t resume_kind, resume_step, resume_candidate, resume_cause;

    uint32_t sources[HAG_SOURCES_MAX];
    uint32_t nsources;
    struct hag__sight *sights; /* by source place and node place */
    size_t sights_size;
};

struct hag__event {
    hag_cluster cluster;
    hag_node node, target;
    uint64_t arg, term, generation;
    uint8_t event, severity, reason, alert;
    uint8_t procedure, step, endpoint, outcome;
    char detail[HAG__DETAIL];
};

struct hag__plugin {
    const struct hag_plugin *desc;
    void *self;
    hag_guard *guard;
    struct hag_host host;
    hag_time wake_at;
    uint32_t place;
    uint8_t open;
};

struct hag__hook {
    hag_hook fn;
    void *ud;
};

struct hag__recorder;

struct hag_guard {
    uint32_t magic;
    uint32_t flags;
    struct hag__recorder *rec;      /* NULL: nothing is recorded */
    struct hag__recorder *recorder; /* ... any more, but some may not have been taken */
    struct hag__alloc mem;
    void *ud;
    void (*log)(void *ud, int32_t level, const char *msg, size_t len);
    uint64_t seed;
    uint32_t max_work;
    uint32_t stall_after;
    int in_hook; /* depth of foreign code */

    /* Two clocks: the host's, and ours that stands still while the guard did (4, 5.6). */
    hag_time host_now;
    hag_time skew; /* host time = own time + skew */
    hag_time now;
    hag_time resumed_at;
    uint8_t started;

    struct hag__settings settings; /* of the guard as a whole */

    struct hag__table clusters, nodes, policies, sources, ops, plugins;
    struct hag__names cluster_names;
    struct hag__heap node_timers, op_timers, cluster_timers;
    struct hag__ring ring;
    uint32_t first_cluster, last_cluster;
    uint32_t dirty_head, dirty_tail;

    struct hag__event *events;
    uint32_t cap_events, head_event, n_events;
    struct hag__event spare_event; /* written when there is no room */
    uint64_t lost_events;
    uint64_t reserved_ops;
    struct {
        uint64_t op, node; /* handles */
    } ended[HAG__ENDED];   /* orders that nobody answered in time; the oldest gives way */
    uint32_t n_ended;

    struct hag__hook hooks[HAG_DO_MAX];
    uint64_t handles;
    hag_watch_fn watch;
    void *watch_ud;

    uint32_t failovers; /* procedures running */
    uint32_t answering; /* nodes whose newest answer was good */
    uint8_t blind;      /* it is the guard that is cut off (5.10) */
    hag_time blind_since;
    uint8_t recheck_blind;

    /* of the action handed out last */
    char request[HAG_NAME_MAX + 64];
    char text[512];
    const char *addrs[HAG_NODES_MAX];
    /* its texts are copies: whoever is named may be changed or removed before its hook returns */
    char kept[HAG__KEPT][HAG_ADDR_MAX];
    char kept_addrs[HAG_NODES_MAX][HAG_ADDR_MAX];
    const uint8_t *kept_record; /* its bytes */
    uint8_t *dropped_record;    /* ... when nobody else needs them any more */
    size_t dropped_size;

    char errmsg[256];
};

/* --- guard.c: entering a call, errors, time ---------------------------------------------------- */
int32_t hag__error(hag_guard *g, int32_t err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void hag__log(hag_guard *g, int32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int32_t hag__enter(hag_guard *g, hag_time host_now); /* magic, clock, stall */
int32_t hag__check(const hag_guard *g);              /* magic alone */
int32_t hag__advance(hag_guard *g);                  /* what is due; 1: more is */
void hag__leave(hag_guard *g);                       /* settles what the call has stirred up */
const struct hag__alloc *hag__host_mem(const hag_guard *g); /* not watched by a recorder */
hag_time hag__host_time(const hag_guard *g, hag_time own);  /* HAG__NEVER: 0 */
/* Struct sizes (4): 0 if usable; copies into full, zero-filled. min is the size of 0.1. */
int32_t hag__take_struct(hag_guard *g, void *full, size_t ours, const void *given, size_t min,
                         const char *what);
int32_t hag__give_struct(hag_guard *g, const void *full, size_t ours, void *out, size_t min,
                         const char *what);

/* --- look-ups ----------------------------------------------------------------------------------- */
int32_t hag__find(hag_guard *g, const struct hag__table *t, uint64_t h, const char *what,
                  uint32_t *index);
struct hag__cluster *hag__cluster(const hag_guard *g, uint32_t index);
struct hag__node *hag__node(const hag_guard *g, uint32_t index);
struct hag__node *hag__member(const hag_guard *g, const struct hag__cluster *c, uint32_t place);
uint32_t hag__cluster_index(const hag_guard *g, const struct hag__cluster *c);
uint32_t hag__node_index(const hag_guard *g, const struct hag__node *n);
uint64_t hag__node_handle(const hag_guard *g, const struct hag__node *n);
uint64_t hag__place_handle(const hag_guard *g, const struct hag__cluster *c, uint32_t place);
const struct hag__settings *hag__of(const struct hag__cluster *c);
int64_t hag__setting_of(const struct hag__cluster *c, uint32_t key);
uint32_t hag__place_of_addr(const hag_guard *g, const struct hag__cluster *c, const char *addr);

/* --- policies.c --- */
struct hag__policy *hag__policy_copy(hag_guard *g, hag_policy p, int32_t *err); /* checked */
void hag__policy_release(hag_guard *g, struct hag__policy *p);

/* --- clusters.c, nodes.c, sources.c --- */
int32_t hag__reserve_ops(hag_guard *g, uint32_t more);
void hag__dirty(hag_guard *g, struct hag__cluster *c);
void hag__wake_by(struct hag__cluster *c, hag_time at);
void hag__node_drop(hag_guard *g, uint32_t index);
void hag__source_drop(hag_guard *g, uint32_t index);
int hag__is_bound(const struct hag__cluster *c, uint32_t place); /* a plugin, by its place */
void hag__binding_drop(struct hag__cluster *c, uint32_t place);  /* it is bound */
void hag__lineage_release(hag_guard *g, struct hag__lineage **l);
struct hag__lineage *hag__lineage_share(struct hag__lineage *l);
int hag__lineage_adopt(hag_guard *g, struct hag__cluster *c, struct hag__lineage *l);
uint32_t hag__sights_say(const hag_guard *g, const struct hag__cluster *c,
                         const struct hag__node *n, int own_agent);

/* --- ops.c --- */
struct hag__op *hag__op_new(hag_guard *g, struct hag__cluster *c, uint32_t kind, uint64_t *handle);
void hag__op_withdraw(hag_guard *g, uint64_t op); /* or cancel, when in flight */
void hag__ops_of_node(hag_guard *g, struct hag__cluster *c, uint32_t node); /* all of a node */
void hag__ops_of_run(hag_guard *g, struct hag__cluster *c, uint32_t number);
void hag__ops_of_cluster(hag_guard *g, struct hag__cluster *c);
/* Those that a plugin has at work for a cluster end UNKNOWN. */
void hag__ops_of_plugin(hag_guard *g, const struct hag__cluster *c, uint32_t place);
void hag__op_due(hag_guard *g, uint32_t index);
void hag__op_finish(hag_guard *g, uint32_t index, const struct hag_result *r);
enum {
    HAG__SAID_BY_NONE = 0,
    HAG__SAID_BY_HOST = 1,
    HAG__SAID_BY_PLUGIN = 2
}; /* for the recorder */
int32_t hag__complete(hag_guard *g, hag_op op, const struct hag_result *result, int by);
int32_t hag__progress(hag_guard *g, hag_op op, uint32_t ms);
uint32_t hag__handler(const hag_guard *g, const struct hag__cluster *c, uint32_t kind);
enum { HAG__BY_NOBODY = 0x100, HAG__BY_HOST = 0x101 }; /* else the place of a plugin */
int hag__handled(hag_guard *g, struct hag__cluster *c, uint32_t kind); /* reports nobody once */

/* --- probes.c --- */
void hag__probe_now(hag_guard *g, struct hag__node *n, uint32_t flags);
void hag__probe_taken(hag_guard *g, struct hag__node *n);
void hag__probe_drop(hag_guard *g, struct hag__node *n);
void hag__node_due(hag_guard *g, uint32_t index);
void hag__node_arm(hag_guard *g, struct hag__node *n);

/* --- ingest.c --- */
int32_t hag__probe_ended(hag_guard *g, uint32_t node, const struct hag_facts *f);
int32_t hag__facts_take(hag_guard *g, struct hag__cluster *c, struct hag__node *n,
                        const struct hag_facts *f, hag_time sent);

/* --- judge.c --- */
void hag__judge(hag_guard *g, struct hag__cluster *c, struct hag__node *n);
void hag__judge_all(hag_guard *g, struct hag__cluster *c);
void hag__doubt(hag_guard *g);
int hag__answers(const struct hag__node *n);
int hag__round_since(const hag_guard *g, const struct hag__cluster *c, hag_time after);
void hag__ask_round(hag_guard *g, struct hag__cluster *c);

/* --- events.c --- */
struct hag__event *hag__event(hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                              uint32_t event, uint32_t severity, uint32_t reason);
void hag__alert(hag_guard *g, struct hag__cluster *c, struct hag__node *n, uint32_t alert,
                uint32_t reason, int on);
void hag__event_text(const hag_guard *g, const struct hag__event *e, struct hag__text *t);
void hag__detail(struct hag__event *e, const char *text); /* NULL event is fine */

/* --- walk.c, steps.c, undo.c, ask.c --- */
enum {
    HAG__SAID_WAIT = 0,
    HAG__SAID_OK = 1,
    HAG__SAID_FAIL = 2,
    HAG__SAID_UNKNOWN = 3,
    HAG__SAID_SPENT = 4
};
int hag__begin(hag_guard *g, struct hag__cluster *c, uint32_t kind, uint32_t cause);
void hag__run_clear(hag_guard *g, struct hag__cluster *c);
void hag__walk(hag_guard *g, struct hag__cluster *c);
void hag__drop_run(hag_guard *g, struct hag__cluster *c, uint32_t why); /* pre-empted */
void hag__run_end(hag_guard *g, struct hag__cluster *c, uint32_t how, uint32_t why);
uint32_t hag__step_start(hag_guard *g, struct hag__cluster *c, const struct hag__step *s);
void hag__step_feed(hag_guard *g, struct hag__cluster *c);
void hag__step_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                      const struct hag_result *r);
void hag__step_probed(hag_guard *g, struct hag__cluster *c, struct hag__node *n, hag_time sent);
void hag__step_committed(hag_guard *g, struct hag__cluster *c, uint32_t outcome, uint32_t reason);
int hag__undo(hag_guard *g, struct hag__cluster *c); /* 1: finished */
uint32_t hag__ask(hag_guard *g, struct hag__cluster *c, uint32_t what);
int hag__keeps_newest(const struct hag__cluster *c, const struct hag__node *n);
int hag__primary_was_missed(const struct hag__cluster *c); /* that is why the failover runs */
int hag__primary_returned(const hag_guard *g, const struct hag__cluster *c);
uint32_t hag__who(const hag_guard *g, const struct hag__cluster *c, uint32_t who, uint64_t *set);
void hag__mark(hag_guard *g, struct hag__cluster *c, struct hag__node *n, const struct hag__op *op,
               const struct hag_result *r);

/* --- choose.c --- */
struct hag__elected;
void hag__choose(const hag_guard *g, const struct hag__cluster *c, int final, int planned,
                 int data_loss, uint32_t to, struct hag__elected *out);

/* --- names.c --- */
void hag__names(hag_guard *g, struct hag__cluster *c);
void hag__names_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                       const struct hag_result *r);
int hag__names_true(const struct hag__cluster *c);
int hag__in_debt(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n);

/* --- record.c, commit.c, restore.c --- */
size_t hag__record_encode(const hag_guard *g, const struct hag__cluster *c, uint64_t version,
                          uint64_t term, int close, uint8_t *buf, size_t cap);
int32_t hag__record_decode(hag_guard *g, struct hag__cluster *c, const uint8_t *bytes, size_t n);
int hag__commit(hag_guard *g, struct hag__cluster *c, uint64_t term, int close, uint32_t number);
void hag__commit_answer(hag_guard *g, struct hag__cluster *c, const struct hag__op *op,
                        const struct hag_result *r);
void hag__commit_due(hag_guard *g, struct hag__cluster *c);
void hag__record_drop(hag_guard *g, struct hag__cluster *c);
void hag__resume(hag_guard *g, struct hag__cluster *c);

/* --- reconcile.c, adopt.c, findings.c --- */
void hag__reconcile(hag_guard *g, struct hag__cluster *c);
void hag__adopt(hag_guard *g, struct hag__cluster *c);
void hag__set_primary(hag_guard *g, struct hag__cluster *c, uint32_t place, uint32_t why);
void hag__findings(hag_guard *g, struct hag__cluster *c);
int hag__strange_lasts(const hag_guard *g, struct hag__cluster *c, struct hag__node *n);
int hag__read_since_order(const hag_guard *g, struct hag__cluster *c, const struct hag__node *n);
int hag__decides(const hag_guard *g, const struct hag__cluster *c, uint32_t *why);
void hag__cluster_due(hag_guard *g, uint32_t index);
uint32_t hag__writers(const hag_guard *g, const struct hag__cluster *c);
void hag__state_update(hag_guard *g, struct hag__cluster *c);

/* --- lost.c --- */
uint32_t hag__failover_hold(const hag_guard *g, const struct hag__cluster *c); /* HAG_WHY_ */
void hag__try_failover(hag_guard *g, struct hag__cluster *c, struct hag__node *p);
int hag__role_lost(hag_guard *g, struct hag__cluster *c, const struct hag__node *p);
int hag__begin_retake(hag_guard *g, struct hag__cluster *c, const struct hag__node *p);

/* --- plugins.c --- */
void hag__plugins_due(hag_guard *g);
void hag__plugins_close(hag_guard *g);
hag_time hag__plugins_next(const hag_guard *g);
struct hag__plugin *hag__plugin_at(const hag_guard *g, uint32_t place);

#endif
