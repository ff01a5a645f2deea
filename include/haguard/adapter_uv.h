/* SPDX-License-Identifier: MIT
 *
 * adapter_uv.h - a guard in a libuv loop: its plugins' descriptors, its timer, its actions. Link
 * with libhaguard-uv (pkg-config haguard-uv).
 */
#ifndef HAGUARD_ADAPTER_UV_H
#define HAGUARD_ADAPTER_UV_H

#include <haguard/haguard.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hag_uv hag_uv;
struct uv_loop_s; /* uv_loop_t */

/* Runs guard g in loop. Before the loop waits, each time, hooks are run by hag_dispatch() and the
 * timer is set by hag_timeout(), so the host's own calls of haguard need nothing else. Make it
 * before plugins are added: it sets hag_set_watch(). Time is that of the loop: pass uv_now(loop) as
 * now in every call. The loop stays alive while the adapter is; g and loop must outlive it. The
 * caller frees it. In a hook: no. Errors: INVAL, NOMEM. Since 0.1. */
int32_t hag_uv_new(hag_guard *g, struct uv_loop_s *loop, hag_uv **ret);

/* Lets go of the guard at once and of the loop as soon as it turns: run the loop once more before
 * uv_loop_close(). Call it before hag_guard_destroy(), and destroy the guard without going back to
 * the loop, since its plugins are deaf from here on. NULL is fine. In a hook: no. Errors: none.
 * Since 0.1. */
void hag_uv_free(hag_uv *u);

#ifdef __cplusplus
}
#endif

#endif
