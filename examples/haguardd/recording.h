/* SPDX-License-Identifier: MIT
 *
 * recording.h - keeps the guard's log in a file, for haguard-sim replay. It is written by another
 * thread: a slow disk holds up no decision.
 */
#ifndef HAGUARDD_RECORDING_H
#define HAGUARDD_RECORDING_H

#include "daemon.h"

struct recording;

/* A file that is there already becomes FILE.1. NULL: why says what to do. */
struct recording *recording_open(const char *file, char *why, size_t len);
/* From now on what the guard tells goes into the file, several times a second. NULL is fine. */
void recording_start(struct app *app);
/* The end of the recording; what is still to be written is, while the loop runs. NULL is fine. */
void recording_end(struct app *app);

#endif
