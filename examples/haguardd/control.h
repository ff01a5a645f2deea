/* SPDX-License-Identifier: MIT
 *
 * control.h - the socket of haguardctl: lines of words in, lines of JSON out. Every buffer is bounded;
 * who sends nonsense, too much, or does not read what it asked for harms only itself.
 */
#ifndef HAGUARDD_CONTROL_H
#define HAGUARDD_CONTROL_H

#include "daemon.h"

struct control;

/* NULL: why says what is wrong and its cure. */
struct control *control_open(struct app *app, char *why, size_t n);
void control_close(struct control *c);

/* A line for all who follow events. c may be NULL. */
void control_publish(struct control *c, const char *line, size_t n);

#endif
