/* SPDX-License-Identifier: MIT
 *
 * resolve.h - finds nodes that have names: at the start, after a reload, and whenever DNS says that
 * an answer is old. A node whose name cannot be read, or is gone, stays where it was last.
 */
#ifndef HAGUARDD_RESOLVE_H
#define HAGUARDD_RESOLVE_H

#include "daemon.h"

/* At the start, with app->conf in force. Returns 0, or -1: hag_errmsg() says why. */
int resolve_open(struct app *app);

/* Before a new configuration is in force: its nodes are where they are now. */
void resolve_carry(const struct conf *old, struct conf *new);

/* Uses the settings of new for what is asked from now on. */
void resolve_change(struct app *app, const struct conf *new);

/* Asks for those that app->conf has, and for no others. */
void resolve_sync(struct app *app);

/* Whether a cluster has nodes that were never found; it cannot be guarded yet. */
int resolve_waits(const struct conf_cluster *k);

/* Forgets everything; the guard is gone. */
void resolve_close(struct app *app);

#endif
