/* SPDX-License-Identifier: MIT
 *
 * A small world in virtual time for tests of the guard: stores that replicate, answer after a
 * millisecond, and break as told. It speaks to the guard through the public interface only.
 */
#ifndef RIG_H
#define RIG_H

#include <haguard/hooks.h>

#define RIG_NODES  8
#define RIG_EVENTS 8192
#define RIG_DUES   256
#define RIG_NOBODY 255

/* What a store makes of an order: does it, refuses it, never does it, does it and never says so, does
 * it only after the deadline. */
enum { RIG_OK = 0, RIG_REFUSE = 1, RIG_HANG = 2, RIG_MUTE = 3, RIG_LATE = 4 };

struct rig_store {
    char name[16];
    char addr[32];
    char zone[16], host[16]; /* "": none given */
    uint32_t flags;          /* HAG_NODE_ */
    int32_t host_priority;
    hag_node node;
    int dead, frozen, cut; /* cut: from the guard alone */
    int loading, denied, readonly, leaving, self_drains;
    int primary;
    uint8_t upstream; /* whom it follows, RIG_NOBODY: a dead port */
    int link_stopped;
    int undetachable; /* says yes and goes on receiving */
    int empty, is_volatile, syncing;
    int quiesced;
    hag_time quiet_until; /* it ends by itself then */
    int was_primary;      /* when it was fenced */
    uint32_t boot;
    uint64_t position; /* while it does not follow or write */
    uint32_t history;  /* newest lineage id */
    uint32_t older;    /* id before it, 0 none */
    uint64_t fork;
    uint64_t lag; /* bytes it stays behind */
    int32_t priority;
    uint32_t fence, fence_for;  /* what a fence comes to here */
    uint8_t deed[HAG_DO_MAX];   /* RIG_ per action */
    uint64_t delay[HAG_DO_MAX]; /* ms beside the usual one */
};

struct rig_event {
    hag_time at;
    uint32_t event, reason, alert, procedure, endpoint, severity;
    hag_node node, target;
    uint64_t arg;
    char text[200];
};

struct rig_due {
    hag_time at;
    hag_time deadline;
    hag_op op; /* 0: the guard that asked is gone */
    uint32_t kind, node, target, flags;
    uint64_t arg;
    uint32_t how;
    int used;
};

struct rig {
    hag_guard *g;
    hag_cluster c;
    hag_policy p;
    hag_time now;
    uint32_t n;
    struct rig_store s[RIG_NODES];
    struct rig_due due[RIG_DUES];
    struct rig_event ev[RIG_EVENTS];
    uint32_t nev;
    uint32_t histories;
    int writes; /* positions grow by one each ms on a primary that takes writes */
    uint8_t record[4096];
    size_t record_len;
    uint64_t record_version;
    uint64_t record_term; /* the highest that was made durable */
    int disk_full, commit_mute, commit_hang;
    uint32_t commits;
    char name[2][256];
    hag_time moved[2];         /* when the name was last written */
    int dns_unread;            /* so many checks come to nothing */
    int dns_down, dns_lies;    /* lies: the check finds something else */
    uint32_t acts[HAG_DO_MAX]; /* asked */
    int verbose;
    int stop_at_action;  /* kind at which run stops (the guard is "killed" there), 0 none */
    uint32_t stop_after; /* ... or at this many orders (all but probes and events), 0 none */
    uint32_t orders;
    int stop_does; /* the order at which it stops is carried out all the same */
    int stopped;
    uint64_t unhandled;            /* kinds (1 << HAG_DO_) without a hook */
    const struct hag_options *opt; /* NULL: the usual ones, and the end plays it all again */
    const char *const *settings;
    void (*watch)(struct rig *r, const struct hag_action *a); /* sees every action */
    void *ud;
};

/* A world of so many stores, the first the primary; then a guard over it. settings: name, value, ...,
 * NULL. Between the two a test may change the stores. */
void rig_world(struct rig *r, uint32_t nodes);
void rig_guard(struct rig *r, const char *const *settings);
void rig_start(struct rig *r, uint32_t nodes, const char *const *settings); /* both */
void rig_end(struct rig *r);
void rig_settle(struct rig *r);              /* until it is healthy; starts at 0, ends at 100 s */
void rig_run(struct rig *r, hag_time until); /* lets time pass */
void rig_for(struct rig *r, hag_time ms);
void rig_restart_guard(struct rig *r, const char *const *settings); /* kill -9, then its record */
void rig_kill(struct rig *r, uint32_t i);
void rig_revive(struct rig *r, uint32_t i, int empty);
void rig_deeds(struct rig *r, uint32_t i, uint32_t how); /* of every action */

const struct rig_event *rig_find(const struct rig *r, uint32_t event, uint32_t node, hag_time from);
uint32_t rig_count(const struct rig *r, uint32_t event, uint32_t node);
int rig_alert(const struct rig *r, uint32_t alert);    /* ever raised */
int rig_alerting(const struct rig *r, uint32_t alert); /* of the cluster, now */
int rig_node_alerting(const struct rig *r, uint32_t i, uint32_t alert);
uint32_t rig_state(const struct rig *r);
uint32_t rig_verdict(const struct rig *r, uint32_t i);
uint32_t rig_primary(const struct rig *r); /* the guard's belief */
uint32_t rig_writers(const struct rig *r); /* the world's truth: how many take writes */
uint32_t rig_store_of(const struct rig *r, hag_node n);
struct hag_cluster_info rig_info(const struct rig *r);
struct hag_node_info rig_node(const struct rig *r, uint32_t i);
const char *rig_explain(const struct rig *r); /* lives until the next call */
void rig_dump(const struct rig *r);

/* The stores themselves (stores.c). */
int rig__link_up(const struct rig *r, const struct rig_store *s);
uint64_t rig__position(const struct rig *r, const struct rig_store *s);
void rig__grow(struct rig *r, uint64_t ms);
void rig__connect(struct rig *r);
void rig__facts(const struct rig *r, uint32_t i, struct hag_facts *f, const char **streams);
void rig__apply(struct rig *r, const struct rig_due *d);

#endif
