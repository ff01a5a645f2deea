/* SPDX-License-Identifier: MIT
 *
 * notify.h - tells the service manager how we are (sd_notify(3)); without one it does nothing.
 */
#ifndef HAGUARDD_NOTIFY_H
#define HAGUARDD_NOTIFY_H

#include <stdint.h>

/* Lines of NAME=VALUE, as "READY=1\nSTATUS=...". 0, or what errno is. */
int notify(const char *state);

/* Milliseconds within which the manager wants to hear WATCHDOG=1; 0: it does not. */
uint64_t notify_watchdog(void);

#endif
