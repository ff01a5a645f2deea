/* SPDX-License-Identifier: MIT */
#ifndef HAG__PROCEDURE_H
#define HAG__PROCEDURE_H

#include "engine/settings.h"

/* Procedures are tables (design 8). The shell walks them; it knows no procedure by name. */

enum {
    HAG__FORM_ACT = 1,   /* one action */
    HAG__FORM_EACH = 2,  /* the same action for every member of a set */
    HAG__FORM_DECIDE = 3 /* a rule is asked; it may answer "not yet" until the deadline */
};

/* Whom a step concerns. */
enum {
    HAG__WHO_CLUSTER = 0,
    HAG__WHO_OLD = 1, /* the primary that is being replaced */
    HAG__WHO_CANDIDATE = 2,
    HAG__WHO_NODE = 3,     /* the one node of a rejoin */
    HAG__WHO_STANDBYS = 4, /* every standby that answers */
    HAG__WHO_LINKLESS = 5, /* standbys that answer and have lost their link */
    HAG__WHO_REST = 6,     /* who answers and must follow the new primary */
    HAG__WHO_DETACHED = 7, /* whom the guard cut off */
    HAG__WHO_MEMBERS = 8,  /* every node that answers, the new primary with them */
    HAG__WHO_LATE = 9      /* standbys that answer now and were not asked to detach */
};

/* Rules that a DECIDE step asks. */
enum {
    HAG__ASK_PRE_ELECT = 1,    /* is anybody eligible on facts known before? (S13) */
    HAG__ASK_FENCED = 2,       /* is the fence as strong as the policy wants? (S16) */
    HAG__ASK_ELECT = 3,        /* who, on fresh frozen positions? (S4, S5) */
    HAG__ASK_ROUND = 4,        /* was everybody probed since the guard stood still? */
    HAG__ASK_CONFIRMED = 5,    /* is the candidate read as a primary? fail: as a standby */
    HAG__ASK_NEXT = 6,         /* leave this candidate out */
    HAG__ASK_SETTLED = 7,      /* is a node of unknown promotion down or fenced? unknown: primary */
    HAG__ASK_TAKE_OVER = 8,    /* the candidate is the primary now; names begin to move */
    HAG__ASK_NAMES = 9,        /* are the names true at every server? */
    HAG__ASK_SWITCH = 10,      /* may a switchover begin, and to whom? */
    HAG__ASK_DRAINED = 11,     /* has the candidate everything up to the final position? */
    HAG__ASK_STILL_QUIET = 12, /* does the quiet time of the old primary still last? */
    HAG__ASK_FOLLOWS = 13,     /* does the node report the right upstream? */
    HAG__ASK_BACK = 14,        /* does the old incarnation of the primary answer? */
    HAG__ASK_STILL_FIT = 15    /* may the candidate be promoted on what it says now? */
};

enum {
    HAG__STEP_FORWARD = 1,      /* cannot be taken back */
    HAG__STEP_RETRY = 2,        /* on FAIL and UNKNOWN the same step again, with back-off */
    HAG__STEP_IF_ANSWERS = 4,   /* passed over when its node does not answer */
    HAG__STEP_IF_DEMOTED = 8,   /* passed over unless its node was demoted by this procedure */
    HAG__STEP_IF_PRIMARY = 16,  /* passed over unless its node reports to be a primary */
    HAG__STEP_IF_DRAINS = 32,   /* passed over when the store drains by itself */
    HAG__STEP_NEW_TERM = 64,    /* commit: raises the term */
    HAG__STEP_CLOSE = 128,      /* commit: the procedure is no longer open */
    HAG__STEP_PAIR = 256,       /* a loop with the step before: both share one deadline */
    HAG__STEP_IF_QUIESCED = 512 /* passed over unless the guard holds its writes */
};

/* Where a step can lead besides another step. */
enum {
    HAG__END_OK = 200,      /* done */
    HAG__END_REFUSED = 201, /* nothing was touched */
    HAG__END_UNDO = 202,    /* every step taken is undone by its inverse, then the record closed */
    HAG__END_RETRY = 203    /* given up for now; the reconciler comes back later */
};

struct hag__step {
    const char *name;
    uint8_t form;
    uint8_t what; /* HAG_DO_ or HAG__ASK_ */
    uint8_t who;
    uint8_t target;   /* HAG__WHO_, 0 for none */
    uint8_t deadline; /* HAG_P_ */
    uint8_t ok, fail, unknown;
    uint8_t spent;    /* the deadline of a DECIDE or of a loop has passed */
    uint8_t inverse;  /* HAG_DO_, 0 for none */
    uint8_t parallel; /* EACH: HAG_P_ that bounds how many at once, 0: all */
    uint16_t flags;
};

struct hag__procedure {
    const char *name;
    uint8_t kind; /* HAG_PROC_ */
    uint8_t rank; /* S1: the lower number goes first */
    uint8_t n;
    uint8_t
        look_again; /* from there to the point of no return a stall leads back; 0: no such step */
    uint8_t point_of_no_return; /* first step that may have changed who the primary is */
    const struct hag__step *steps;
};

const struct hag__procedure *hag__procedure(uint32_t kind); /* NULL: not in this version */

extern const struct hag__procedure hag__failover;
extern const struct hag__procedure hag__switchover;
extern const struct hag__procedure hag__rejoin;
extern const struct hag__procedure hag__safeguard;

/* Steps at which a restarted guard enters (design 9). */
enum {
    HAG__FAILOVER_NAME_CANDIDATE = 9,
    HAG__FAILOVER_STILL_FIT = 11,
    HAG__FAILOVER_UNSURE = 16,
    HAG__FAILOVER_TAKE_OVER = 18,
    HAG__SWITCHOVER_BACK = 12,
    HAG__SWITCHOVER_TAKE_OVER = 15
};

#endif
