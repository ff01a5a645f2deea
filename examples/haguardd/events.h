/* SPDX-License-Identifier: MIT
 *
 * events.h - what happens, told to people, to programs that follow, and kept for a while.
 */
#ifndef HAGUARDD_EVENTS_H
#define HAGUARDD_EVENTS_H

#include "daemon.h"

struct events;

struct events *events_open(struct app *app);
void events_close(struct events *e);

/* The hook for HAG_DO_EVENT. */
void events_hook(hag_guard *g, const struct hag_action *a, void *ud);

/* Something of the daemon itself; what is one word, cluster may be NULL. */
void say(struct app *app, uint32_t severity, const char *what, const char *cluster, const char *fmt,
         ...) __attribute__((format(printf, 5, 6)));

/* The newest events as lines of JSON, oldest first: calls give for each. */
void events_recent(const struct events *e, void (*give)(void *ud, const char *line, size_t n),
                   void *ud);

/* How many events of a kind there were. */
uint64_t events_count(const struct events *e, uint32_t event);

#endif
