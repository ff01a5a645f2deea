/* SPDX-License-Identifier: MIT
 *
 * dns.h - an instance of the plugin: its ops, sockets and channels, and who may call whom.
 *
 *   plugin -> update -> exchange -> sockets          update: reads, then orders, at the masters
 *          -> check   -> channel -> c-ares           check: asks every server
 *   host   -> resolve -> channel                     resolve: asks until one has answered
 *
 * An exchange is pulled, it calls nobody. c-ares calls back into channel alone, which hands answers
 * to check and resolve; these only note them, and the last thing that every entry does completes and
 * frees. So nothing is ever freed inside a callback.
 */
#ifndef HAG_DNS_DNS_H
#define HAG_DNS_DNS_H

#include "config.h"
#include "meanings.h"
#include "message.h"
#include "system.h"

struct hag__dns;
struct hag__dns_channels;

/* --- timers ----------------------------------------------------------------------------------- */

struct hag__dns_timer {
    hag_time at; /* 0: not set */
    struct hag__dns_timer *prev;
    struct hag__dns_timer *next;
    void (*fire)(struct hag__dns_timer *t);
};

/* Sorted by time. Times to wait are of a few lengths, so the place of a new one is near the end. */
struct hag__dns_timers {
    struct hag__dns_timer *first;
    struct hag__dns_timer *last;
};

void hag__dns_timer_set(struct hag__dns_timers *s, struct hag__dns_timer *t, hag_time at);
void hag__dns_timer_stop(struct hag__dns_timers *s, struct hag__dns_timer *t);

/* --- exchange: one message to one server, and what comes back --------------------------------- */

enum {
    HAG__X_PENDING = 0,
    HAG__X_MESSAGE = 1, /* bytes are there: the caller takes them, or asks for the next */
    HAG__X_REFUSED = 2, /* nobody listens there */
    HAG__X_UNREACHABLE = 3,
    HAG__X_CLOSED = 4, /* the other side ended the connection */
    HAG__X_TIMEOUT = 5,
    HAG__X_FLOODED = 6, /* too many answers that are none */
    HAG__X_OURS = 7     /* our own machine is at its limits */
};

struct hag__dns_exchange {
    struct hag__dns *d;
    void *owner; /* update: the leg */
    const struct hag__dns_addr *to;
    const struct hag__dns_message *m;
    int fd; /* -1: none */
    uint32_t tcp;
    uint32_t connected;
    uint32_t copies; /* times that m was handed to the system, in whole or in part */
    uint32_t taken;  /* datagrams that came */
    uint32_t events;
    int32_t err; /* errno of the cause */
    uint32_t reserved;
    size_t written; /* TCP: the two bytes of length counted */
    size_t nread;
    size_t room;
    uint8_t *in;  /* TCP: the answer, after its length */
    hag_time due; /* when hag__dns_exchange_due() is to be called */
    hag_time begun;
    hag_time end;
    struct hag__dns_addr from; /* who sent the message at hand */
    uint8_t head[2];
};

/* Begins; PENDING, or why not. */
uint32_t hag__dns_exchange_begin(struct hag__dns_exchange *x, const struct hag__dns_addr *to,
                                 const struct hag__dns_message *m, uint32_t tcp, hag_time end);

/* After its descriptor became ready: MESSAGE with its bytes, which live until the next call of any
 * exchange; PENDING; or why it ended. To be called until it is not MESSAGE. */
uint32_t hag__dns_exchange_next(struct hag__dns_exchange *x, const uint8_t **wire, size_t *n);

/* At its time: sends again, or TIMEOUT. */
uint32_t hag__dns_exchange_due(struct hag__dns_exchange *x);

void hag__dns_exchange_end(struct hag__dns_exchange *x);

/* --- channel: c-ares, one for each server ----------------------------------------------------- */

/* One of the two is told, here or later, exactly once: answer has bytes that claim to be one. */
struct hag__dns_question {
    struct hag__dns *d;
    void *owner;
    void (*answer)(struct hag__dns_question *q, const uint8_t *wire, size_t n);
    void (*unread)(struct hag__dns_question *q, uint32_t reason, const char *text);
    struct hag__dns_channel *channel; /* that was asked */
    uint32_t server;
    uint32_t type; /* HAG__DNS_A, _AAAA or _TXT */
};

struct hag__dns_channel {
    struct hag__dns *d;
    struct hag__dns_channels *all;
    void *ares;
};

/* Those of one list of servers, of equal timeouts. */
struct hag__dns_channels {
    uint32_t n;
    uint32_t asked; /* questions that c-ares has at work */
    hag_time due;   /* the first of its timeouts; 0: not looked for yet */
    struct hag__dns_channel at[HAG__DNS_SERVERS];
};

int32_t hag__dns_library_open(struct hag__dns *d, char *why, size_t n);
void hag__dns_library_close(struct hag__dns *d);

int32_t hag__dns_channels_open(struct hag__dns *d, struct hag__dns_channels *s,
                               const struct hag__dns_servers *to, char *why, size_t n);
void hag__dns_channels_close(struct hag__dns_channels *s);

void hag__dns_channel_ask(struct hag__dns_channel *c, const struct hag__dns_message *m,
                          struct hag__dns_question *q);
void hag__dns_channel_ready(struct hag__dns_channel *c, int fd, uint32_t events);

/* Lets time pass; the time when that is next due, 0: never. */
void hag__dns_channels_tick(struct hag__dns *d, struct hag__dns_channels *s);
hag_time hag__dns_channels_due(struct hag__dns *d, struct hag__dns_channels *s);

/* --- names for the host: hag_dns_resolve() ---------------------------------------------------- */

struct hag__dns_lookup;

struct hag__dns_resolver {
    struct hag__dns_lookup *first; /* in the order of asking: at work, then waiting */
    struct hag__dns_lookup *last;
    struct hag__dns_lookup *waiting; /* the first that waits */
    uint32_t open;
    uint32_t running;
    uint32_t closing;
    uint32_t best; /* the server that answered last: asked first, until the channels are closed */
    uint64_t serial;
    struct hag__dns_system system;
    struct hag__dns_channels channels; /* open while there is something to ask */
    struct hag__dns_found found;       /* room to read an answer into */
};

/* Begins, goes on with and completes what it can. */
void hag__dns_resolver_go(struct hag__dns *d);
void hag__dns_resolver_close(struct hag__dns *d);

/* --- ops -------------------------------------------------------------------------------------- */

#define HAG__DNS_RESULT_MAX 480

struct hag__dns_op {
    struct hag__dns *d;
    struct hag__dns_op *prev; /* in d->ops */
    struct hag__dns_op *next;
    struct hag__dns_op *next_done;
    struct hag__dns_op *ahead; /* in the line, while it waits for its turn */
    struct hag__dns_op *behind;
    struct hag__dns_timer waiting;
    hag_op op; /* 0: nobody waits any more */
    uint32_t kind;
    uint32_t done;   /* nothing more is done for it */
    uint32_t queued; /* in d->done */
    uint32_t state;  /* HAG__DNS_OUT, _WAITING or _RUNNING */
    uint32_t busy;   /* callbacks that still have its address: it is freed after the last */
    uint32_t size;   /* bytes to free */
    hag_time end;    /* a little before the guard's deadline */
    uint32_t ttl;    /* seconds */
    uint32_t outcome;
    uint32_t reason;
    uint32_t ntext;
    struct hag__dns_mark mark; /* the one that should be there */
    struct hag__dns_set want;
    char name[HAG__DNS_NAME_MAX];
    char text[HAG__DNS_RESULT_MAX];
};

/* Adds "SERVER: TEXT" to what the op will say. */
void hag__dns_op_say(struct hag__dns_op *op, const struct hag__dns_addr *server, const char *fmt,
                     ...) __attribute__((format(printf, 3, 4)));
void hag__dns_op_done(struct hag__dns_op *op, uint32_t outcome, uint32_t reason);
void hag__dns_op_queue(struct hag__dns_op *op);

struct hag__dns_op *hag__dns_update_new(struct hag__dns *d);
void hag__dns_update_start(struct hag__dns_op *op);
void hag__dns_update_stop(struct hag__dns_op *op);
void hag__dns_update_ready(void *leg);

struct hag__dns_op *hag__dns_check_new(struct hag__dns *d);
void hag__dns_check_start(struct hag__dns_op *op);
void hag__dns_check_stop(struct hag__dns_op *op);

/* Ops begin in turn, so many at a time: more would run out of descriptors, or have more answers come
 * at once than the buffer of one socket holds. */
enum { HAG__DNS_OUT = 0, HAG__DNS_WAITING = 1, HAG__DNS_RUNNING = 2 };

struct hag__dns_line {
    struct hag__dns_op *first;
    struct hag__dns_op *last;
    uint32_t running;
    uint32_t most;
};

void hag__dns_line_join(struct hag__dns_op *op);
void hag__dns_line_leave(struct hag__dns_op *op);

/* Begins those whose turn it is. */
void hag__dns_lines_go(struct hag__dns *d);

/* --- the instance ----------------------------------------------------------------------------- */

struct hag__dns_watched {
    struct hag__dns_exchange *exchange;
    struct hag__dns_channel *channel;
};

struct hag__dns {
    const struct hag_host *host;
    struct hag__dns_config cfg;
    struct hag__dns_timers timers;
    struct hag__dns_op *ops;
    struct hag__dns_line updates;
    struct hag__dns_line checks;
    struct hag__dns_op *done;     /* to be completed, or freed */
    struct hag__dns_watched *fds; /* by descriptor */
    uint32_t nfds;
    uint32_t stale_key; /* a server refused it: read it again */
    hag_time now;
    hag_time wake;
    struct hag__dns_channels authorities;
    struct hag__dns_resolver resolver;
    uint32_t library; /* c-ares was begun */
    uint32_t reserved;
    struct hag__dns_answer answer; /* room to read one into */
    uint8_t datagram[HAG__DNS_ANSWER_MAX];
};

void *hag__dns_alloc(struct hag__dns *d, size_t n); /* zeroed */
void hag__dns_free(struct hag__dns *d, void *p, size_t n);
void hag__dns_log(struct hag__dns *d, int32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Has a descriptor watched for one of the two; events 0 before it is closed. Returns 0 or -1. */
int hag__dns_watch(struct hag__dns *d, int fd, uint32_t events, struct hag__dns_exchange *x,
                   struct hag__dns_channel *c);

/* Completes what is done. */
void hag__dns_settle(struct hag__dns *d);

#endif
