/* SPDX-License-Identifier: MIT */
#ifndef HAG__ELECTION_H
#define HAG__ELECTION_H

#include "engine/lineage.h"
#include "engine/settings.h"

/* One member as the election sees it. Names decide the last tie, so they are unique. */
struct hag__candidate {
    const char *name;
    const struct hag__lineage *lineage;
    uint64_t position;
    int32_t priority;       /* the host's */
    int32_t store_priority; /* the store's own: decides where the host's are equal */
    uint32_t lag;           /* ms behind while the primary was last seen; HAG_UNKNOWN_MS */
    uint32_t facts;         /* HAG_FACT_ of the last good answer */
    uint8_t role;           /* HAG_ROLE_ it reported */
    uint8_t verdict;
    uint8_t result;     /* HAG_PROBE_ of the newest answer */
    uint8_t is_primary; /* the cluster's primary (or the old one) */
    uint8_t no_promote, read_replica;
    uint8_t synced; /* was in sync with this primary since its own last start */
    uint8_t detached;
    uint8_t link_up;
    uint8_t fresh;          /* position read in this election (final choice only) */
    uint8_t stable;         /* two equal reads with the link down: counts as detached (S5) */
    uint8_t maybe_primary;  /* promotion of unknown outcome in an older term */
    uint8_t promote_failed; /* refused in this procedure */
    uint8_t held_down;      /* demoted less than hold_down ago */
    uint8_t in_zone;        /* of the preferred zone; 1 for all where none is set */
};

struct hag__election {
    const struct hag__candidate *members;
    uint32_t n;
    const struct hag__settings *settings;
    const struct hag__lineage *lineage; /* of the lost primary as last seen; NULL: unknown */
    uint64_t position;                  /* its last seen position */
    uint8_t primary_empty; /* it held no data either, in the incarnation that was lost */
    uint8_t final; /* 0: pre-election on facts known before (S13); 1: on fresh, frozen positions */
    uint8_t planned;   /* switchover: the primary is alive; links are up */
    uint8_t data_loss; /* the operator's order for one decision */
    uint32_t to;       /* the only one allowed, or HAG__NIL */
};

struct hag__elected {
    uint32_t winner;                /* index, or HAG__NIL */
    uint8_t refusal[HAG_NODES_MAX]; /* HAG_WHY_; NONE for the winner */
};

/* S4, S5: the safe set first, each refusal with its reason; then position (with
 * position_tolerance), preferred zone, priority, name. Held-down nodes only where nobody else is, or
 * by name. Positions are compared within one history only; of two histories of the lost primary the
 * newer one has more. n is at most HAG_NODES_MAX; refusal[] is by place in members. */
void hag__elect(const struct hag__election *e, struct hag__elected *out);

#endif
