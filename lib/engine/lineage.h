/* SPDX-License-Identifier: MIT */
#ifndef HAG__LINEAGE_H
#define HAG__LINEAGE_H

#include "base/public.h"

/* Histories of data (5.2): pairs of an id and the position up to which data of that id was taken,
 * newest first; the fork of pair 0 has no meaning. Shared between nodes, counted by the shell. */
struct hag__lineage_pair {
    uint8_t id[HAG_ID_SIZE];
    uint32_t reserved;
    uint64_t fork;
};

struct hag__lineage {
    uint32_t refs;
    uint32_t n; /* 1..HAG_LINEAGE_MAX */
    struct hag__lineage_pair pair[];
};

enum {
    HAG__LINEAGE_INCOMPARABLE = 0, /* nothing in common, or one is unknown */
    HAG__LINEAGE_SAME = 1,
    HAG__LINEAGE_ANCESTOR = 2,   /* a is an older history that b continues */
    HAG__LINEAGE_DESCENDANT = 3, /* a continues b */
    HAG__LINEAGE_DIVERGED = 4    /* both went on after what they share */
};

/* How (a, at position a_pos) relates to (b, at b_pos). A history that stands beyond the fork where
 * the other left it has diverged. NULL, and an id of zeros: unknown. */
uint32_t hag__lineage_relate(const struct hag__lineage *a, uint64_t a_pos,
                             const struct hag__lineage *b, uint64_t b_pos);
/* Where id stands in a, from 0 for the newest; HAG__NIL if it does not. */
uint32_t hag__lineage_place(const struct hag__lineage *a, const uint8_t id[HAG_ID_SIZE]);
/* Whether they share any id: the same cluster's data once. */
int hag__lineage_related(const struct hag__lineage *a, const struct hag__lineage *b);
/* Whether a says the same as the facts; never for facts without a lineage. */
int hag__lineage_equal(const struct hag__lineage *a, const struct hag_facts *f);

#endif
