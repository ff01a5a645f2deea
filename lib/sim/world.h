/* SPDX-License-Identifier: MIT
 *
 * The world of one run: stores, links, names, clients, agents and the host of the guard. What is true
 * lives here; the guard only hears what a real host could tell it.
 */
#ifndef HAG__SIM_WORLD_H
#define HAG__SIM_WORLD_H

#include <haguard/hooks.h>

#include "sim/scn.h"

#define SIM_BASE    10000u   /* the world settles before time 0 */
#define SIM_CLOCK   1000000u /* what the guard's clock showed at the beginning */
#define SIM_NOBODY  0xffffu
#define SIM_FINE    1000u              /* positions are kept in thousandths of a byte */
#define SIM_WRITE   (1000u * SIM_FINE) /* one client write: 1000 bytes */
#define SIM_COHORTS 6 /* clients by the phase of their resolver; the last behind a slow one */
#define SIM_SILENCE                                                                                \
    60000u /* a link that hears nothing is given up (repl-timeout, wal_receiver_timeout) */
#define SIM_SEGS    4
#define SIM_STREAMS HAG_NODES_MAX

/* Things that happen at a time. Statements of the scenario come before everything else. */
enum {
    SIM_DEED = 0,
    SIM_PROBE,
    SIM_PROBE_END, /* accepted, and no answer until the deadline */
    SIM_OP,
    SIM_ANSWER,
    SIM_UNDO,
    SIM_AGENT,
    SIM_OBSERVER,
    SIM_SIGHT, /* a report that was under way for long */
    SIM_RESOLVE,
    SIM_STORE,  /* a store has something due: sync, retry, loading, quiet time */
    SIM_BROKEN, /* a held connection was closed */
    SIM_GUARD,  /* the guard goes on, or is started again */
    SIM_ORDER   /* an operator whose order waited for a guard that stood still */
};

struct sim_due {
    uint64_t at;
    uint32_t seq;
    uint8_t kind, flags;
    uint16_t node;
    uint32_t index;
    uint32_t gen; /* of the guard */
    uint64_t op;
};

struct sim_heap {
    struct sim_due *v;
    uint32_t n, cap, seq;
};

/* Data: a tree of histories. A store holds one of them up to a position. */
struct sim_history {
    uint32_t parent;
    uint32_t cluster;
    uint64_t fork;  /* position at which it left its parent */
    uint64_t acked; /* clients were told of writes up to here */
};

enum { SIM_LINK_NONE, SIM_LINK_FLOWS, SIM_LINK_SILENT, SIM_LINK_SYNCS, SIM_LINK_BROKEN };

struct sim_segment {
    uint64_t at, position;
    uint32_t rate;
};

struct sim_store {
    uint16_t cluster, place; /* of the scenario's clusters; place in its cluster */
    uint8_t there;           /* exists: declared, or added since */
    uint8_t wiped;           /* somebody emptied it, although it keeps its data */
    uint8_t engine, durable;
    uint8_t machine; /* 0: lost */
    uint8_t up;      /* the process runs */
    uint8_t frozen, host_frozen, denied, readonly, deadlock, leaving, agent;
    uint8_t primary, fenced, link, link_stopped, paused;
    uint8_t kept_primary; /* what it would be after a restart */
    uint16_t upstream, kept_upstream;
    uint16_t sync_source;
    uint16_t answered_by; /* whoever has its address now */
    uint32_t slow_n, slow_m, slow_at;
    uint32_t boot, moves; /* moves: readdressed so often */
    uint32_t history, rate;
    uint64_t position, since; /* position at since, growing by rate */
    uint64_t link_since, sync_end, retry_at, loading_until, quiet_until;
    uint64_t lag_ms, lag_bytes;
    uint64_t booted_at;
    uint64_t changed_at; /* role, link or life */
    uint64_t served_at;  /* newest moment at which it was a healthy standby of a primary */
    struct sim_segment segs[SIM_SEGS];
    uint32_t nsegs;
    uint32_t stamp;
    struct hag_facts facts;
    const char *streams[SIM_STREAMS];
    char addr[40];
    /* what the guard was told and asked, for the invariants */
    uint64_t told_at, lost_at; /* an answer to a probe; a probe that went astray */
    uint8_t told_role, told_result, fence_asked, quiesced_asked;
    uint8_t promotion_settled; /* read as a standby, or made one, since its promotion's deadline */
    uint64_t promotion_term, promotion_end;
    uint32_t told_boot, linked_boot,
        linked_history; /* of the last good answer; of the last one with its link up */
};

struct sim_cohort {
    uint16_t cached; /* what its resolver answers */
    uint16_t conn;   /* node that takes its writes now, SIM_NOBODY: none */
    uint32_t share;  /* per 10 000 */
    uint32_t phase;
    uint64_t ttl;
    uint64_t off_since; /* cannot write since; UINT64_MAX: it can */
    uint64_t longest, total;
    uint8_t asking; /* a RESOLVE is due */
};

struct sim_record {
    uint8_t *bytes;
    size_t n, cap;
    uint64_t version, term;
    uint64_t told; /* the newest term that the guard knows to be recorded */
};

struct sim_cluster {
    hag_cluster handle;
    uint32_t first; /* in members */
    uint16_t n;
    uint32_t rate;
    uint16_t clients_place;
    uint32_t bg_rate;
    struct sim_cohort cohort[SIM_COHORTS];
    uint64_t answer[2][2];         /* [server][endpoint]: set of nodes by place */
    uint8_t stale[2];              /* that server keeps what it has */
    uint64_t two_since, two_total; /* two nodes take client writes */
    uint64_t writes;
    uint64_t downtime, total_downtime, lost;
    struct sim_record record;
    uint64_t ever_primary; /* places that were a primary by the guard's will or from the start */
    uint64_t paused_at;
    uint32_t chosen;   /* the history that the last promotion began */
    uint64_t debt[64]; /* by place: its address may be taken for the primary's until then */
    /* orders in flight, for the invariants */
    uint64_t named;        /* places that the primary name has */
    uint64_t promote_open; /* places with a promotion whose end is not known */
    uint64_t promoted_term;
    uint16_t promoted; /* last one ordered */
    uint16_t to;       /* an operator's order names it */
    uint8_t data_loss;
    uint64_t paused_until;
    uint64_t orders; /* of an operator */
    uint32_t switches;
    uint64_t switch_at[64];
    uint64_t busy_since; /* a procedure runs; 0: none, or it is not known since when */
};

struct sim_op {
    hag_op op;
    uint32_t next_free;
    uint8_t kind, used, how, endpoint, flags, done, outcome;
    uint8_t fence;
    uint16_t node, target, cluster;
    uint32_t reason, gen;
    uint64_t arg, late, set, sent_term;
};

/* refuse, hang, late, mute */
struct sim_spell {
    uint8_t deed; /* SCN_D_ */
    uint8_t action;
    uint8_t to_endpoint;
    uint16_t node; /* or endpoint; SIM_NOBODY: any */
    uint32_t times, reason, stmt;
    uint64_t late;
    uint8_t active;
};

struct sim_wire {
    uint8_t cut;
    uint16_t loss; /* per mille */
    uint32_t delay;
};

/* What was done to links, in the order of doing. */
struct sim_snip {
    uint8_t deed, active, oneway;
    struct scn_value a, b;
    uint32_t value, stmt;
};

/* A "when" statement and what became of it. */
struct sim_when {
    uint8_t done, step;
    uint64_t at;
};

struct sim_guard {
    hag_guard *g;
    hag_policy policy;
    uint8_t alive, paused, disk_full, touched, wild;
    uint8_t dying; /* was killed while it handed out actions: the rest never leaves */
    uint32_t gen;
    uint64_t paused_until, start_at;
    uint64_t resumed_at; /* it stood still until then */
    int64_t offset;
    uint64_t wake;
    hag_source *agents;    /* by node */
    hag_source *observers; /* by cluster and observer */
    hag_node *nodes;
    uint64_t settled_at;
};

/* An event as expectations look for it. */
struct sim_log {
    uint64_t at;
    uint8_t event, what, endpoint, reason;
    uint16_t cluster, node, target;
    uint8_t more[HAG_REASONS_MAX]; /* of a refusal */
    uint8_t nmore;
};

struct sim_breach {
    uint64_t at;
    const char *rule;
    char text[200];
};

struct sim_recording {
    uint8_t *bytes;
    size_t n;
};

struct hag_sim {
    const struct hag_scenario *s;
    uint32_t flags;
    uint64_t seed, rng;
    uint64_t now, end;
    uint8_t over, dirty, check_links;
    uint32_t stamp;
    struct sim_heap heap;
    struct sim_store *st;
    uint32_t nst;
    uint16_t *members; /* nodes, cluster by cluster */
    struct sim_cluster *cl;
    uint32_t ncl;
    struct sim_history *hist;
    uint32_t nhist, caphist;
    struct sim_op *ops;
    uint32_t nops, capops, free_op;
    struct sim_spell *spells;
    uint32_t nspells;
    struct sim_snip *snips;
    uint32_t nsnips, capsnips;
    struct sim_wire *wires;
    uint32_t nplaces;
    struct sim_guard guard;
    struct sim_when *whens;
    uint32_t waiting; /* of whens */
    uint32_t dns_fail;
    uint8_t faults_on_actions, hand_made, guard_disturbed;
    uint32_t last_deed_kind;
    struct hag_answer answer; /* of the order under way */
    uint8_t answering;

    struct sim_log *log;
    uint32_t nlog, caplog;
    struct sim_recording *recordings; /* of its guards, one after the other */
    uint32_t nrecordings, caprecordings;
    struct hag_sim_event *events;
    uint32_t nevents, capevents;
    struct hag_sim_finding *findings;
    uint32_t nfindings, capfindings;
    struct hag_sim_change *changes;
    uint32_t nchanges, capchanges;
    struct sim_breach *breaches;
    uint32_t nbreaches, capbreaches;
    uint8_t *state_held; /* by expectation: 0 not looked at, 1 held, 2 failed */
    uint64_t *state_at;
    const char **state_said;
    struct hag_scenario *texts; /* arena */
    struct hag_sim_figures fig;
    uint64_t nevents_seen;
    uint32_t failures;
    const char *lane_state[3 * 64];
};

static inline uint32_t sim_node_at(const struct hag_sim *w, uint32_t cluster, uint32_t place)
{
    return w->members[w->cl[cluster].first + place];
}

/* recorded.c */
void sim_recorded(struct hag_sim *w); /* the guard's log is taken, and played again */

/* queue.c */
void sim_push(struct hag_sim *w, struct sim_due d);
int sim_pop(struct hag_sim *w, struct sim_due *d);
uint64_t sim_random(struct hag_sim *w);
uint32_t sim_below(struct hag_sim *w, uint32_t n);

/* world.c */
int sim_build(struct hag_sim *w);
void sim_drop(struct hag_sim *w);
void sim_changed(struct hag_sim *w);
void sim_grow(void **array, uint32_t n, uint32_t *cap, size_t size);
const char *sim_node_name(const struct hag_sim *w, uint32_t node);
void sim_address(struct hag_sim *w, uint32_t node);
uint32_t sim_node_of_addr(const struct hag_sim *w, const char *addr);

/* store.c */
uint64_t sim_position(const struct hag_sim *w, const struct sim_store *s);
void sim_settle(struct hag_sim *w,
                uint32_t cluster); /* positions as they are now become the base */
void sim_refresh(struct hag_sim *w, uint32_t cluster); /* links and writers after a change */
void sim_store_due(struct hag_sim *w, uint32_t node);
int sim_running(const struct sim_store *s);
int sim_takes_writes(const struct hag_sim *w, const struct sim_store *s);
int sim_serves_reads(const struct sim_store *s);
void sim_stop(struct hag_sim *w, uint32_t node);
void sim_boot(struct hag_sim *w, uint32_t node, int empty);
void sim_promote(struct hag_sim *w, uint32_t node);
void sim_demote(struct hag_sim *w, uint32_t node, uint32_t upstream);
uint32_t sim_new_history(struct hag_sim *w, uint32_t cluster, uint32_t parent, uint64_t fork);
const struct hag_facts *sim_facts(struct hag_sim *w, uint32_t node);
uint64_t sim_survived(const struct hag_sim *w, uint32_t history, uint64_t position, uint32_t of);

/* link.c */
uint32_t sim_place(const struct hag_sim *w, uint8_t kind, uint32_t index);
int sim_reach(const struct hag_sim *w, uint32_t a, uint32_t b); /* one way */
int sim_both(const struct hag_sim *w, uint32_t a, uint32_t b);
uint64_t sim_travel(struct hag_sim *w, uint32_t a, uint32_t b, uint64_t ms); /* UINT64_MAX: lost */
void sim_snip(struct hag_sim *w, uint8_t deed, const struct scn_stmt *t, uint32_t stmt);
void sim_unsnip(struct hag_sim *w, uint32_t stmt);
void sim_heal_all(struct hag_sim *w);

/* dns.c, clients.c */
void sim_publish(struct hag_sim *w, uint32_t cluster, uint32_t endpoint, uint64_t set);
int sim_names_are(const struct hag_sim *w, uint32_t cluster, uint32_t endpoint, uint64_t set);
void sim_resolve(struct hag_sim *w, uint32_t cluster, uint32_t cohort);
void sim_clients(struct hag_sim *w, uint32_t cluster);
void sim_disconnect(struct hag_sim *w, uint32_t node);
void sim_writing_done(struct hag_sim *w);
int sim_writable(const struct hag_sim *w, uint32_t cluster);
int sim_readable(const struct hag_sim *w, uint32_t cluster);

/* agent.c */
void sim_agent(struct hag_sim *w, uint32_t node);
void sim_observer(struct hag_sim *w, uint32_t i);
void sim_sight(struct hag_sim *w, const struct sim_due *d);

/* host.c, probe.c */
int sim_guard_start(struct hag_sim *w);
void sim_guard_stop(struct hag_sim *w);
void sim_guard_run(struct hag_sim *w);
uint64_t sim_guard_now(const struct hag_sim *w);
void sim_hook(hag_guard *g, const struct hag_action *a, void *ud);
void sim_probe_asked(struct hag_sim *w, const struct hag_action *a);
void sim_probe_due(struct hag_sim *w, const struct sim_due *d);
void sim_op_due(struct hag_sim *w, const struct sim_due *d);
void sim_answer_due(struct hag_sim *w, const struct sim_due *d);
void sim_ask(struct hag_sim *w, const struct hag_action *a);
int32_t sim_add_node(struct hag_sim *w, uint32_t node);
hag_policy sim_policy(struct hag_sim *w, uint32_t cluster);
int sim_commit(struct hag_sim *w, const struct hag_action *a, uint32_t *reason);

/* when.c: a is the action that is being handed out, or NULL */
void sim_when(struct hag_sim *w, const struct hag_action *a);

/* deeds.c, operator.c */
void sim_deed(struct hag_sim *w, uint32_t stmt);
void sim_undo(struct hag_sim *w, uint32_t stmt);
void sim_operate(struct hag_sim *w, const struct scn_stmt *t);

/* timeline.c */
void sim_heard(struct hag_sim *w, const struct hag_action *a);
void sim_told(struct hag_sim *w, const struct hag_action *a); /* an action was handed over */
void sim_note(struct hag_sim *w, const struct scn_stmt *t);
void sim_refused(struct hag_sim *w, uint32_t cluster, uint32_t what, uint32_t reason,
                 const char *text);
const char *sim_text(struct hag_sim *w, const char *text);
void sim_lanes(struct hag_sim *w);
void sim_digest(struct hag_sim *w, uint64_t v);

/* expect.c, invariants.c */
void sim_states(struct hag_sim *w, uint64_t until); /* nothing changes before until */
void sim_judge(struct hag_sim *w);
void sim_breach(struct hag_sim *w, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sim_rules_action(struct hag_sim *w, const struct hag_action *a);
void sim_rules_event(struct hag_sim *w, const struct hag_action *a);
void sim_rules_world(struct hag_sim *w);
void sim_rules_done(struct hag_sim *w, const struct sim_op *o, uint32_t outcome);
void sim_rules_end(struct hag_sim *w);

#endif
