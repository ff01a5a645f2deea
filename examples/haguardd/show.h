/* SPDX-License-Identifier: MIT
 *
 * show.h - answers of haguardd for people: tables, sentences, reasons.
 */
#ifndef HAGUARDCTL_SHOW_H
#define HAGUARDCTL_SHOW_H

#include <jansson.h>

struct show;

struct show *show_new(void);

/* Takes one line of an answer. */
void show_line(struct show *s, const json_t *line);

/* Prints what was collected, and frees s. */
void show_end(struct show *s);

#endif
