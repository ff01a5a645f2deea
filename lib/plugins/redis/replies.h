/* SPDX-License-Identifier: MIT
 *
 * replies.h - what an error reply of the store means.
 */
#ifndef HAG_REDIS_REPLIES_H
#define HAG_REDIS_REPLIES_H

#include <haguard/plugin.h>

enum {
    HAG__REPLY_AUTH_NEEDLESS = 1, /* AUTH was sent, none was asked for */
    HAG__REPLY_LOADING = 2,
    HAG__REPLY_STALLED = 4, /* a script or a module holds the store: nothing runs, INFO neither */
    HAG__REPLY_STALE = 8,   /* a replica that serves no reads while its link is down */
    HAG__REPLY_ABORTED = 16 /* EXEC: another reply says why */
};

struct hag__redis_error {
    const char *prefix; /* of the reply's text, after an "ERR " */
    uint32_t result;    /* of a probe: HAG_PROBE_ */
    uint32_t why;       /* of an action: HAG_WHY_ */
    uint32_t facts;     /* HAG_FACT_ that it proves */
    uint32_t hints;     /* HAG__REPLY_ */
};

/* Never NULL: what is not in the table is a STORE_ERROR, and for a probe an answer that is none. */
const struct hag__redis_error *hag__redis_error_find(const char *text, size_t len);

/* The first line of text, printable and cut to fit: it goes into logs. */
void hag__redis_error_text(char *out, size_t n, const char *text, size_t len);

#endif
