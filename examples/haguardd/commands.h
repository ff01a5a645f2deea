/* SPDX-License-Identifier: MIT
 *
 * commands.h - what the control socket can be asked.
 */
#ifndef HAGUARDD_COMMANDS_H
#define HAGUARDD_COMMANDS_H

#include "buf.h"
#include "daemon.h"

/* How a request ended: the code of its last line, and what haguardctl exits with. */
enum {
    CODE_DONE = 0,
    CODE_REFUSED = 1,
    CODE_USAGE = 2,
    CODE_NO_DAEMON = 3, /* of haguardctl */
    CODE_NOT_FOUND = 4,
    CODE_FAILED = 5
};

/* Does what a line of words, separated by tabs, asks for, and adds the lines of the answer. Returns 1
 * when events are to follow. */
int command_run(struct app *app, char *line, struct buf *out);

/* The last line of an answer. */
void command_end(struct buf *out, int code, const char *text);

#endif
