/* SPDX-License-Identifier: MIT
 *
 * hooks.h - callbacks instead of polling: a thin layer that drains the actions of a guard.
 */
#ifndef HAGUARD_HOOKS_H
#define HAGUARD_HOOKS_H

#include <haguard/haguard.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Does what an action says, or starts it. It returns nothing: only hag_op_complete() reports, then
 * or later, so that a hook that fails half-way is a late op and not a success. a and its text live
 * until the hook returns. A hook must return normally (no longjmp, no exception). */
typedef void (*hag_hook)(hag_guard *g, const struct hag_action *a, void *ud);

/* Sets the hook for one kind of action; kind 0 sets the one for every kind without its own. NULL
 * takes it away. In a hook: yes. Errors: INVAL, RANGE (no such kind). Since 0.1. */
int32_t hag_set_hook(hag_guard *g, uint32_t kind, hag_hook fn, void *ud);

/* Advances and hands every waiting action to its plugin or hook, at most max_work of them. Returns 1
 * when more is waiting, else 0. In a hook: no. Errors: INVAL, BUSY. Since 0.1. */
int32_t hag_dispatch(hag_guard *g, hag_time now);

#ifdef __cplusplus
}
#endif

#endif
