/* SPDX-License-Identifier: MIT
 *
 * Reads the log of a recorder, entry by entry, and stops at the first byte that cannot be right.
 */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <haguard/haguard.h>

#include "guard/recorder_format.h"

struct log_node { /* what was told of a node last */
    struct hag_facts facts;
    uint32_t gen;
    const char **streams;
};

struct log_entry {
    uint32_t call;
    int later; /* time has moved on */
    hag_time now;
    size_t offset; /* in the log */
    const uint8_t *bytes;
    size_t len;
    uint64_t n[HAG__NUMBERS_MOST];
    const char *t[HAG__TEXTS_MOST];
    /* of a completion */
    struct hag_result result;
    struct hag_facts facts;
    int by_plugin;
    uint32_t index; /* of a probe: that of its node, and its generation */
    uint32_t gen;
};

enum { LOG_GOES_ON = 0, LOG_END = 1, LOG_CUT = 2, LOG_DAMAGED = 3, LOG_NOMEM = 4 };

struct log {
    const uint8_t *bytes;
    size_t n;
    size_t at;                  /* where the next chunk begins */
    const uint8_t *next, *stop; /* of the open chunk */
    uint32_t check;
    hag_time now;
    int state; /* LOG_ */
    size_t bad;
    const char *why;
    struct log_node *nodes; /* by index */
    uint32_t nnodes, added;
    struct log_node order; /* what the answer to an order told */
};

/* 0, or an error: DAMAGED (not a log), UNSUPPORTED (of a format that this version cannot read). */
int32_t log_open(struct log *l, const uint8_t *bytes, size_t n);
void log_close(struct log *l);
/* The next entry; 0 at the end, state says which. */
int log_next(struct log *l, struct log_entry *e);
/* The first of some entries without their log, such as the replay's own; of completions it is of no
 * use. 0: there is none. */
int log_peek(const uint8_t *bytes, size_t n, struct log_entry *e);

#endif
