/* SPDX-License-Identifier: MIT */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <haguard/hooks.h>
#include <haguard/plugin.h>
#include <haguard/sim.h>

#include "sim/log.h"

#define REPLAY_PLUGINS 64u

struct replay;

struct replay_plugin { /* stands in for one that the host had */
    struct hag_plugin desc;
    struct replay *r;
    const struct hag_host *host;
    uint32_t place;
    hag_plugin_id id;
};

/* Bytes that wait to be compared. */
struct replay_bytes {
    uint8_t *v;
    size_t n, cap;
};

struct replay_mark { /* where an entry begins in what is wanted */
    size_t at, offset;
    hag_time now;
};

struct replay_name {
    uint64_t handle;
    const char *name;
};

struct replay {
    struct log log;
    struct log_entry e, ahead;
    int have_ahead;
    hag_guard *g;
    const struct hag_replay_options *o;
    struct hag_replay_result *res;
    int over; /* nothing more is played */
    int32_t failed;
    int has_begun; /* at this time of the host's clock */
    hag_time begun;
    uint64_t unix_ms; /* at 0 of the clock; 0: not known */
    struct replay_plugin *plugins[REPLAY_PLUGINS];
    struct replay_bytes want, made, raw;
    struct replay_mark *marks;
    uint32_t nmarks, cap_marks;
    struct replay_name *names[2]; /* by index */
    uint32_t nnames[2];
};

/* The next entry is taken; NULL: there is none, or nothing more is played. */
const struct log_entry *replay_take(struct replay *r);
const struct log_entry *replay_ahead(struct replay *r); /* ... looked at */
/* What the guard has written so far is what was recorded, or the replay is over. */
void replay_compare(struct replay *r);
/* It is over: what was recorded is e (NULL: nothing), today's code does otherwise (made, or NULL). */
void replay_differs(struct replay *r, const struct log_entry *e, const struct log_entry *made);
void replay_broken(struct replay *r, const struct log_entry *e); /* an entry in the wrong place */
void replay_told(struct replay *r, const struct hag_action *a);
enum { REPLAY_NODES = 0, REPLAY_CLUSTERS = 1 };
void replay_name(struct replay *r, int of, uint64_t handle, const char *name);
/* What host or plugin code did inside a call, up to its END, which is taken too: its result. */
int32_t replay_inside(struct replay *r);
/* One entry that is no part of another. */
void replay_call(struct replay *r, const struct log_entry *e);

/* A call that is told no time comes after whatever told it. */
void replay_untimed(struct replay *r, const struct log_entry *e);
void replay_must_end(struct replay *r); /* of a call in which others came */

/* replay_plugins.c */
void replay_plugin_add(struct replay *r, const struct log_entry *e);
void replay_plugin_remove(struct replay *r, const struct log_entry *e);
void replay_plugin_wake(struct replay *r, const struct log_entry *e);
void replay_fd_ready(struct replay *r, const struct log_entry *e);
/* Which plugin completes is all the same to the guard. NULL: there is none. */
const struct hag_host *replay_host(struct replay *r, const struct log_entry *e);

/* replay_say.c: an entry in words. */
void replay_say(const struct replay *r, const struct log_entry *e, char *buf, size_t cap);

#endif
