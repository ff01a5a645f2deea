/* SPDX-License-Identifier: MIT
 *
 * A small world in virtual time for tests of the guard: stores that replicate, answer after a
 * millisecond, and break as told. It speaks to the guard through the public interface only.
 */
#ifndef RIG_H
#define RIG_H

#include <haguard/hooks.h>

#define RIG_NODES  8
#define RIG_EVENTS 4096
#define RIG_NOBODY 255

enum { RIG_OK = 0, RIG_REFUSE = 1, RIG_HANG = 2, RIG_MUTE = 3, RIG_LATE = 4 };

struct rig_store {
    char name[16];
    char addr[32];
    hag_node node;
    int dead, frozen, cut; /* cut: from the guard alone */
    int loading, denied;
    int primary;
    uint8_t upstream;   /* whom it follows, RIG_NOBODY: a dead port */
    int link_stopped;
    int empty, is_volatile, syncing;
    int quiesced;
    uint32_t boot;
    uint64_t position;  /* while it does not follow or write */
    uint32_t history;   /* newest lineage id */
    uint32_t older;     /* id before it, 0 none */
    uint64_t fork;
    uint64_t lag;       /* bytes it stays behind */
    int32_t priority;
    uint8_t deed[HAG_DO_MAX];    /* RIG_ per action */
    uint64_t delay[HAG_DO_MAX];  /* ms beside the usual one */
};

struct rig_event {
    hag_time at;
    uint32_t event, reason, alert, procedure, endpoint, severity;
    hag_node node;
    uint64_t arg;
    char text[200];
};

struct rig_due {
    hag_time at;
    hag_op op;
    uint32_t kind, node, target;
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
    struct rig_due due[256];
    struct rig_event ev[RIG_EVENTS];
    uint32_t nev;
    uint32_t histories;
    int writes; /* positions grow by one each ms on a primary that takes writes */
    uint8_t record[4096];
    size_t record_len;
    uint64_t record_version;
    int disk_full, commit_mute;
    uint32_t commits;
    char name[2][256];
    int dns_down;
    uint32_t acts[HAG_DO_MAX]; /* asked */
    int verbose;
    int stop_at_action; /* kind at which run stops (the guard is "killed" there), 0 none */
    int stopped;
    const struct hag_options *opt;
};

void rig_start(struct rig *r, uint32_t nodes, const char *const *settings); /* name, value, ..., NULL */
void rig_end(struct rig *r);
void rig_settle(struct rig *r);               /* until it is healthy; starts at 0, ends at 100 s */
void rig_run(struct rig *r, hag_time until);  /* lets time pass */
void rig_restart_guard(struct rig *r, const char *const *settings); /* kill -9, then its record */
void rig_kill(struct rig *r, uint32_t i);
void rig_revive(struct rig *r, uint32_t i, int empty);

const struct rig_event *rig_find(const struct rig *r, uint32_t event, uint32_t node, hag_time from);
uint32_t rig_count(const struct rig *r, uint32_t event, uint32_t node);
int rig_alert(const struct rig *r, uint32_t alert); /* ever raised */
uint32_t rig_state(const struct rig *r);
uint32_t rig_verdict(const struct rig *r, uint32_t i);
uint32_t rig_primary(const struct rig *r); /* the guard's belief */
uint32_t rig_writers(const struct rig *r); /* the world's truth: how many take writes */
void rig_dump(const struct rig *r);

#endif
