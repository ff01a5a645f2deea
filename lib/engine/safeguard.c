/* SPDX-License-Identifier: MIT */
#include "engine/procedure.h"

enum { LOOK, DETACH, HOLD, REATTACH, STEPS };

/* S8, detach_on_break: a memory-only primary that restarts is empty, and its standbys would copy
 * that (dragonfly-operator#302: lost by one millisecond). A standby whose link still lives is left
 * alone: then the primary has not died. */
static const struct hag__step steps[STEPS] = {
    [LOOK] = {.name = "look-at-links",
              .form = HAG__FORM_EACH,
              .what = HAG_DO_PROBE,
              .who = HAG__WHO_STANDBYS,
              .deadline = HAG_P_PROBE_TIMEOUT,
              .ok = DETACH,
              .fail = DETACH,
              .unknown = DETACH,
              .spent = DETACH},
    [DETACH] = {.name = "detach",
                .form = HAG__FORM_EACH,
                .what = HAG_DO_DETACH,
                .who = HAG__WHO_LINKLESS,
                .deadline = HAG_P_STEP_TIMEOUT,
                .ok = HOLD,
                .fail = HOLD,
                .unknown = HOLD,
                .spent = HOLD,
                .inverse = HAG_DO_FOLLOW},
    [HOLD] = {.name = "hold",
              .form = HAG__FORM_DECIDE,
              .what = HAG__ASK_BACK,
              .who = HAG__WHO_OLD,
              .deadline = HAG_P_RETRY_MAX,
              .ok = REATTACH,
              .fail = HAG__END_OK,
              .unknown = HOLD,
              .spent = HOLD},
    [REATTACH] = {.name = "re-attach",
                  .form = HAG__FORM_EACH,
                  .what = HAG_DO_FOLLOW,
                  .who = HAG__WHO_DETACHED,
                  .target = HAG__WHO_OLD,
                  .deadline = HAG_P_STEP_TIMEOUT,
                  .ok = HAG__END_OK,
                  .fail = HAG__END_OK,
                  .unknown = HAG__END_OK,
                  .spent = HAG__END_OK,
                  .flags = HAG__STEP_FORWARD},
};

const struct hag__procedure hag__safeguard = {
    .name = "safeguard",
    .kind = HAG_PROC_SAFEGUARD,
    .rank = 4,
    .n = STEPS,
    .point_of_no_return = STEPS,
    .steps = steps,
};
