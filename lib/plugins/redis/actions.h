/* SPDX-License-Identifier: MIT
 *
 * actions.h - which commands carry out an action, as a table, and one action under way.
 */
#ifndef HAG_REDIS_ACTIONS_H
#define HAG_REDIS_ACTIONS_H

#include "redis.h"

/* The address that a detached or fenced node follows: see doc/redis.md. */
#define HAG__DEAD_HOST "127.0.0.1"

enum {
    HAG__READS = 1,        /* changes nothing */
    HAG__ATOMIC = 2,       /* in MULTI and EXEC */
    HAG__FACTS = 4,        /* INFO comes in the same round */
    HAG__OWN_CONN = 8,     /* it blocks its connection for long */
    HAG__CUTS_CLIENTS = 16 /* our other connections are clients too */
};

enum { HAG__ANY = 0, HAG__REDIS_LIKE = 1, HAG__DRAGONFLY_ONLY = 2 };

#define HAG__STEP_COMMANDS  3
#define HAG__ROUND_COMMANDS 32 /* the most in one round: clients that are killed one by one */

/* One round of commands. Words after $ are replaced: $host $port (of the target), $dead (port),
 * $ms, $seconds. */
struct hag__redis_step {
    uint32_t flags;
    const char *commands[HAG__STEP_COMMANDS];
    /* Looks at the answers: returns the next step, or NULL when the result has been set. */
    const struct hag__redis_step *(*judge)(struct hag__redis_act *a);
};

struct hag__redis_recipe {
    uint32_t kind;     /* HAG_DO_ */
    uint32_t flavour;  /* HAG__ANY, HAG__REDIS_LIKE, HAG__DRAGONFLY_ONLY */
    uint32_t planned;  /* only with HAG_ACT_PLANNED */
    uint32_t target;   /* target_addr is needed */
    uint32_t standby;  /* refused on a primary: its role is read first if it is not known */
    uint32_t extra_ms; /* what it may take at least; the op is prolonged */
    const struct hag__redis_step *step; /* NULL: not possible, and text says why */
    const char *text;
};

/* NULL: this plugin does not do it. flavour: HAG__REDIS_. */
const struct hag__redis_recipe *hag__redis_recipe_find(uint32_t kind, uint32_t flavour,
                                                       uint32_t planned);

extern const struct hag__redis_step hag__redis_ask;

struct hag__redis_act {
    struct hag__redis_op op; /* first: ops find it by this */
    struct hag__redis_timer timer;
    struct hag__redis_act *next;
    struct hag__redis_node *node;
    struct hag__redis_conn *conn;
    struct hag__redis_batch *batch;
    const struct hag__redis_recipe *recipe;
    const struct hag__redis_step *step;
    hag_time end;
    uint64_t ms; /* of a pause */
    uint32_t kind;
    uint32_t flags;     /* HAG_ACT_ */
    uint32_t seconds;   /* of a takeover */
    uint32_t borrowed;  /* conn was there before: one that fails is tried again on a fresh one */
    uint32_t changed;   /* an earlier round changed something */
    uint32_t facts;     /* node facts were read in this round */
    uint32_t empty;     /* HAG_FACT_EMPTY, as read in this round */
    uint32_t ncommands; /* of the step; those that read facts come after them */
    uint32_t rounds;
    uint32_t nkill;
    struct hag__redis_addr target;
    uint32_t why[HAG__STEP_COMMANDS]; /* of each command; HAG_WHY_NONE: it was done */
    char error[HAG__STEP_COMMANDS][112];
    struct hag_result res;
    char upstream[HAG_ADDR_MAX]; /* as read in this round */
    char text[240];
    char kill[HAG__ROUND_COMMANDS][HAG_ADDR_MAX];
};

/* Sets the result. text may be NULL. */
void hag__redis_act_result(struct hag__redis_act *a, uint32_t outcome, uint32_t why,
                           const char *text);

/* round.c: asks what the step says, on a->conn. Returns 0, or -1 when the connection is CLOSED. */
int hag__redis_round_send(struct hag__redis_act *a, const struct hag__redis_owner *fn);
void hag__redis_round_reply(void *owner, struct hag__redis_batch *b, uint32_t i,
                            const redisReply *reply);

/* Whether a node that follows this has been detached or fenced by us. */
int hag__redis_is_dead(const struct hag__redis *r, const char *upstream);

#endif
