/* SPDX-License-Identifier: MIT
 *
 * adapter_epoll.h - a guard behind one descriptor, for a loop of your own and for hosts that cannot
 * be called back. Link with libhaguard-epoll (pkg-config haguard-epoll). Linux only.
 *
 * Watch hag_epoll_fd() for reading. When it is readable, and after calling haguard for reasons of
 * your own:
 *   - with hooks: call hag_epoll_run();
 *   - without: call hag_epoll_ready(), take actions by hag_next_action() until it returns 0, then
 *     call hag_epoll_arm().
 */
#ifndef HAGUARD_ADAPTER_EPOLL_H
#define HAGUARD_ADAPTER_EPOLL_H

#include <haguard/haguard.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hag_epoll hag_epoll;

/* Makes one descriptor that owns those of all plugins of g and its timer. Make it before plugins
 * are added: it sets hag_set_watch(). g must outlive it. The caller frees it. In a hook: no.
 * Errors: INVAL, NOMEM, LIMIT (no more descriptors for this process). Since 0.1. */
int32_t hag_epoll_new(hag_guard *g, hag_epoll **ret);

/* Closes the descriptor. Call it before hag_guard_destroy(), and destroy the guard right after,
 * since its plugins are deaf from here on. NULL is fine. In a hook: no. Errors: none. Since 0.1. */
void hag_epoll_free(hag_epoll *e);

/* The descriptor: readable when a plugin's descriptor is ready or the guard's timer is due. It
 * belongs to e and stays the same; only watch it. In a hook: yes. Errors: INVAL (e is NULL).
 * Since 0.1. */
int64_t hag_epoll_fd(const hag_epoll *e);

/* Hands what is ready to the plugins and waits for nothing. now: of the host's clock, in ms.
 * In a hook: no. Errors: INVAL, BUSY. Since 0.1. */
int32_t hag_epoll_ready(hag_epoll *e, hag_time now);

/* Sets the timer behind the descriptor by hag_timeout(). In a hook: yes. Errors: INVAL. Since 0.1. */
int32_t hag_epoll_arm(hag_epoll *e, hag_time now);

/* hag_epoll_ready(), then hag_dispatch(), then hag_epoll_arm(). Returns 1 when more is waiting
 * (the descriptor stays readable), else 0. In a hook: no. Errors: INVAL, BUSY. Since 0.1. */
int32_t hag_epoll_run(hag_epoll *e, hag_time now);

#ifdef __cplusplus
}
#endif

#endif
