/* SPDX-License-Identifier: MIT */
#ifndef HAG__VERDICT_H
#define HAG__VERDICT_H

#include "engine/health.h"

/* What one column of evidence says of a node now. */
enum { HAG__SAW_NONE = 0, HAG__SAW_GOOD = 1, HAG__SAW_BAD = 2 };

/* What a row concludes. */
enum {
    HAG__SAYS_UNKNOWN = 0,
    HAG__SAYS_UP = 1,
    HAG__SAYS_VETO = 2,  /* suspect, but somebody sees it: not down while that is fresh */
    HAG__SAYS_ALONE = 3, /* suspect, and nobody confirms: down only where one voice is enough */
    HAG__SAYS_FAIL = 4   /* suspect, confirmed: down when the grace of its kind has passed */
};

/* One row of the table of 5.4. What the columns mean:
 *   probe   the guard's own series: good when it is not running, bad when it is suspect, none when
 *           the newest answer tells nothing (denied, or never probed).
 *   agent   the node's own agent: good when it was just answered, bad when it says that the process
 *           is dead. "It does not answer me" proves no death and belongs to others.
 *   others  everybody else who watches: good as soon as one saw it, bad when one missed it
 *           (`confirm` of them where the probe tells nothing).
 *   links   the standbys' links, by hag__link_says(): good as soon as one is, bad when one is.
 * Only what is younger than `fresh` counts; the rest is none. */
struct hag__verdict_row {
    uint8_t probe, agent, others, links;
    uint8_t says;
    uint8_t kind; /* HAG_KIND_NONE: as the probe met it */
    uint8_t why;  /* HAG_WHY_NONE: that of the kind */
};

#define HAG__VERDICT_ROWS 81
const struct hag__verdict_row *hag__verdict_row(uint32_t probe, uint32_t agent, uint32_t others,
                                                uint32_t links);
const struct hag__verdict_row *hag__verdict_rows(void); /* all, in the order of their columns */

struct hag__verdict_in {
    const struct hag__health *health;
    const struct hag__settings *settings;
    hag_time now;
    hag_time resumed_at; /* the guard's last stall ended; evidence must be newer to condemn */
    uint8_t agent, others, links; /* HAG__SAW_ */
    uint8_t is_primary;
    uint8_t round_done;   /* every other member was probed since the series began (5.9) */
    uint8_t reborn_empty; /* a new incarnation without the data answers (S8) */
    uint8_t previous;     /* verdict so far */
    hag_time accused_at;  /* since when agent, others and links have accused it without a break; a
                             stall of the guard begins it anew. Only used where the guard's own
                             probes tell nothing. 0: not accused */
};

struct hag__verdict_out {
    uint8_t verdict; /* HAG_VERDICT_ */
    uint8_t kind;
    uint8_t why;
    uint8_t ask_round;  /* probe the other members at once: only their answers are missing */
    hag_time grace_end; /* of a suspect series; HAG__NEVER when there is none */
    hag_time again;     /* look again then, if nothing happens before; HAG__NEVER */
};

/* The word for a kind of trouble as a reason. */
uint32_t hag__kind_why(uint32_t kind);

/* 5.4 to 5.9. Down is final for the series: only rise good answers in a row end it. A series that is
 * not yet suspect changes nothing, nor does a denied answer. */
struct hag__verdict_out hag__verdict(const struct hag__verdict_in *in);

/* What a standby's replication link says of its primary (5.4). */
struct hag__link_view {
    uint8_t probed_fresh;   /* the standby's own answer is younger than `fresh` */
    uint8_t follows_it;     /* its upstream is the primary in question */
    uint8_t detached;       /* the guard cut this link */
    uint8_t accused_before; /* ... but it was seen down in this series before the guard cut it */
    uint8_t link_up, syncing;
    uint8_t moved;                 /* its position moved since its last probe, and that is fresh */
    uint32_t link_idle, link_beat; /* ms, as in facts */
};
uint32_t hag__link_says(const struct hag__link_view *l, const struct hag__settings *s); /* SAW_ */

#endif
