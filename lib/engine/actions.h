/* SPDX-License-Identifier: MIT */
#ifndef HAG__ACTIONS_H
#define HAG__ACTIONS_H

#include "base/public.h"

enum {
    HAG__GROUP_LOOK,
    HAG__GROUP_STORES,
    HAG__GROUP_NAMES,
    HAG__GROUP_COORDINATE,
    HAG__GROUP_TELL
};
enum {
    HAG__ACT_CHANGES = 1, /* carries a request id; late completions ask for a probe */
    HAG__ACT_NEEDED = 2,  /* cannot be done without */
    HAG__ACT_ANSWERS = 4, /* has an op to complete */
    HAG__ACT_FORWARD = 8  /* no inverse: can only go forward */
};

/* One row of doc/actions.md. */
struct hag__action_row {
    const char *name;
    uint8_t kind;
    uint8_t group;
    uint8_t inverse; /* HAG_DO_, 0 for none */
    uint8_t flags;
    uint8_t deadline; /* HAG_P_ that bounds it, 0 where it needs none */
};

const struct hag__action_row *hag__action(uint32_t kind); /* NULL: no such kind */

#endif
