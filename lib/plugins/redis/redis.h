/* SPDX-License-Identifier: MIT
 *
 * redis.h - an instance of the plugin: its nodes, connections and ops, and who may call whom.
 *
 *   plugin -> probe, actions -> conn -> hiredis
 *
 * hiredis calls back into conn alone. A reply is handed to the owner of its batch; the end of a
 * connection only marks it, and hag__redis_settle(), the last thing that every entry does, tells the
 * owners and frees it. So no context is ever freed inside its own callback.
 */
#ifndef HAG_REDIS_REDIS_H
#define HAG_REDIS_REDIS_H

#include <hiredis/hiredis.h>
#include <hiredis/async.h>

#include "addr.h"
#include "config.h"
#include "info.h"
#include "map.h"
#include "timers.h"

struct hag__redis_node;
struct hag__redis_conn;
struct hag__redis_batch;
struct hag__redis_act;

/* --- commands and batches --------------------------------------------------------------------- */

#define HAG__REDIS_ARGS 8

struct hag__redis_command {
    int argc;
    const char *argv[HAG__REDIS_ARGS];
};

struct hag__redis_owner {
    /* The answer to the i-th command of the batch, from 0. */
    void (*reply)(void *owner, struct hag__redis_batch *b, uint32_t i, const redisReply *reply);
    /* All answers of the batch are there; it is gone after this. */
    void (*done)(void *owner, struct hag__redis_batch *b);
    /* The connection ended first; it is gone after this. */
    void (*lost)(void *owner, struct hag__redis_batch *b);
};

struct hag__redis_batch {
    struct hag__redis_batch *next;
    struct hag__redis_conn *conn;
    const struct hag__redis_owner *fn;
    void *owner; /* NULL: nobody waits any more */
    hag_time at;
    uint32_t ncommands;
    uint32_t due;    /* answers still to come, those to MULTI and EXEC counted */
    uint32_t atomic; /* in MULTI and EXEC */
    uint32_t aborted;
    uint32_t sent; /* it may have reached the store */
};

/* --- connections ------------------------------------------------------------------------------ */

enum { HAG__CONN_CONNECTING = 0, HAG__CONN_OPEN = 1, HAG__CONN_CLOSED = 2 };

enum {
    HAG__CONN_BUSY = 1,    /* hiredis is at work on it */
    HAG__CONN_FLOODED = 2, /* answers that nobody asked for, or too large */
    HAG__CONN_RETIRED = 4, /* to be closed when nothing is due */
    HAG__CONN_BY_PEER = 8, /* the other side ended it */
    HAG__CONN_DENIED = 16, /* AUTH was refused */
    HAG__CONN_SERVER = 32, /* INFO server was read */
    HAG__CONN_CONFIG = 64, /* CONFIG GET was asked */
    HAG__CONN_VOLATILE = 128,
    HAG__CONN_NO_SAVE = 256,
    HAG__CONN_NO_AOF = 512
};

struct hag__redis_conn {
    struct hag__redis *r;
    struct hag__redis_node *node;
    struct hag__redis_conn *prev; /* of the node */
    struct hag__redis_conn *next;
    struct hag__redis_conn *closing; /* next in r->closing */
    redisAsyncContext *ac;           /* NULL: gone */
    const redisReplyObjectFunctions *base;
    const struct hag__redis_error *said; /* instead of an answer to AUTH; NULL: nothing */
    struct hag__redis_batch *head;
    struct hag__redis_batch *tail;
    struct hag__redis_timer timer; /* of connecting */
    int64_t fd;
    hag_time last_reply;
    uint32_t state;
    uint32_t flags;
    uint32_t want;   /* HAG_FD_ that hiredis wants */
    uint32_t events; /* HAG_FD_ that the host watches */
    uint32_t due;    /* answers still to come */
    uint32_t cause;  /* CLOSED: HAG_PROBE_; NONE when the fault is ours */
    uint32_t limit;  /* bytes of unread answer */
    uint32_t beat;   /* ms, 0: not known */
    uint32_t flavour;
    uint8_t identity[HAG_ID_SIZE];
    int64_t pid;
    int64_t uptime;
    hag_time uptime_at;
    char text[112]; /* CLOSED: why */
};

/* Begins to connect; AUTH is queued first. NULL: no memory. The connection may be CLOSED at once. */
struct hag__redis_conn *hag__redis_conn_open(struct hag__redis *r, struct hag__redis_node *n);

/* Queues commands. NULL: nothing was queued and the connection is CLOSED. */
struct hag__redis_batch *hag__redis_conn_send(struct hag__redis_conn *c,
                                              const struct hag__redis_command *cmd, uint32_t n,
                                              uint32_t atomic, const struct hag__redis_owner *fn,
                                              void *owner);

/* Writes what is queued now, if the connection is open: no turn of the loop is waited for. */
void hag__redis_conn_flush(struct hag__redis_conn *c);

void hag__redis_conn_ready(struct hag__redis_conn *c, uint32_t events);

/* Ends it; owners are told by hag__redis_settle(). */
void hag__redis_conn_close(struct hag__redis_conn *c, uint32_t cause, const char *text);

/* Ends it as soon as nothing is due. */
void hag__redis_conn_retire(struct hag__redis_conn *c);

void hag__redis_settle(struct hag__redis *r);

/* batch.c, for conn.c. AUTH is queued if there is a password. Returns 0, or -1 without memory. */
int hag__redis_auth(struct hag__redis_conn *c);
void hag__redis_batch_free(struct hag__redis *r, struct hag__redis_batch *b);

/* --- what went wrong, by the text of an errno ------------------------------------------------- */

uint32_t hag__redis_cause_errno(int err);
uint32_t hag__redis_cause_text(const char *text, uint32_t otherwise);

/* --- ops -------------------------------------------------------------------------------------- */

enum { HAG__OP_PROBE = 0, HAG__OP_ACT = 1 };

struct hag__redis_op {
    hag_op op; /* 0: none */
    uint32_t kind;
    uint32_t reserved;
};

/* What one connection has said so far to one probe. */
struct hag__redis_attempt {
    struct hag__redis_batch *batch; /* NULL: not under way */
    uint32_t result;                /* the worst so far */
    uint32_t facts;                 /* HAG_FACT_ */
    uint32_t hints;                 /* HAG__REPLY_ */
    uint32_t seen;                  /* bit per command answered well */
    char text[112];
};

enum { HAG__HELD = 0, HAG__FRESH = 1 };

struct hag__redis_probe {
    struct hag__redis_op op; /* first: ops find it by this */
    struct hag__redis_timer timer;
    struct hag__redis_attempt attempt[2]; /* HAG__HELD, HAG__FRESH */
    hag_time end;
    uint32_t tried; /* a fresh connection was, in this probe */
    uint32_t late;  /* it got a little more time, because we came late */
};

struct hag__redis_node {
    struct hag__redis *r;
    hag_node handle;
    struct hag__redis_addr addr;
    struct hag__redis_conn *conns;
    struct hag__redis_conn *held; /* one of conns, or NULL */
    struct hag__redis_act *acts;  /* under way, oldest first */
    struct hag__redis_probe probe;
    hag_time fresh_due;
    uint32_t failed; /* the last probe was not answered well: the next is fresh */
    uint32_t flavour;
    uint32_t role;  /* as last read; UNKNOWN after an order */
    uint32_t fades; /* what it holds does not survive its process, as last read */
    uint32_t beat;  /* ms, as last read */
    uint32_t reserved;
    hag_time role_at;
    uint8_t synced_as[HAG_ID_SIZE];   /* the incarnation that was last seen with its link up, */
    uint8_t synced_with[HAG_ID_SIZE]; /* and the lineage that it had then */
    struct hag__redis_memory *memory; /* Dragonfly: what it does not tell (dragonfly.h) */
    char addr_text[HAG_ADDR_MAX];
};

struct hag__redis {
    const struct hag_host *host;
    struct hag__redis_config cfg;
    struct hag__redis_timers timers;
    struct hag__redis_map nodes;
    struct hag__redis_map ops;
    struct hag__redis_conn **fds;
    uint32_t nfds;
    uint32_t stale_secret; /* AUTH was refused: read the password again */
    struct hag__redis_conn *closing;
    struct hag__redis_batch *batches; /* free */
    struct hag__redis_act *free_acts;
    hag_time now;
    hag_time wake;
    void *tls;
    struct hag_facts facts; /* of the op that is being completed */
    struct hag__redis_streams streams;
};

void *hag__redis_alloc(struct hag__redis *r, size_t n); /* zeroed */
void hag__redis_free(struct hag__redis *r, void *p, size_t n);
void hag__redis_log(struct hag__redis *r, int32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Completes the op, if there still is one, and clears it. */
void hag__redis_complete(struct hag__redis *r, struct hag__redis_op *op,
                         const struct hag_result *res);

/* A time a little before the deadline, so that we answer before the guard gives up. */
hag_time hag__redis_before(hag_time deadline, hag_time now);

/* --- probe.c, actions.c ----------------------------------------------------------------------- */

void hag__redis_probe_start(struct hag__redis_node *n, const struct hag_action *a);
void hag__redis_probe_cancel(struct hag__redis_node *n);
void hag__redis_probe_timer(struct hag__redis_timer *t, hag_time now);

/* Empty facts, and those of the node that i was read from on c. Returns -1 without a role. */
int hag__redis_node_facts(struct hag__redis_conn *c, const struct hag__redis_info *i);

/* Takes what INFO server says of the process behind c. */
void hag__redis_learn_server(struct hag__redis_conn *c, const char *text, size_t len);

void hag__redis_act_start(struct hag__redis_node *n, const struct hag_action *a);
void hag__redis_act_cancel(struct hag__redis_act *a);
void hag__redis_acts_free(struct hag__redis *r);

/* --- tls.c ------------------------------------------------------------------------------------ */

int32_t hag__redis_tls_open(struct hag__redis *r, char *why, size_t n);
int hag__redis_tls_begin(struct hag__redis_conn *c);
void hag__redis_tls_close(struct hag__redis *r);

#endif
