/* SPDX-License-Identifier: MIT
 *
 * live.h - puts a configuration into force: the first one, and another one while everything runs.
 */
#ifndef HAGUARDD_LIVE_H
#define HAGUARDD_LIVE_H

#include "daemon.h"

/* Builds what c says. It was tried before; what fails now is said and ends the program. */
void live_start(struct app *app, struct conf *c);

/* Reads the file again and changes what it changed. With a mistake nothing changes, and m has it. */
void live_reload(struct app *app, struct mistakes *m);

/* live_reload(), told to the service manager and to those who read events. */
void reload_now(struct app *app, struct mistakes *m);

/* Forgets everything; the guard is gone. */
void live_end(struct app *app);

#endif
