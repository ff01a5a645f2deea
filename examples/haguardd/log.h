/* SPDX-License-Identifier: MIT
 *
 * log.h - lines to standard output that never hold up the loop: when nobody takes them, they wait in
 * a bounded buffer, and what does not fit is counted.
 */
#ifndef HAGUARDD_LOG_H
#define HAGUARDD_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct log;

struct log *log_open(uv_loop_t *loop, int fd);

/* Writes a line, with its end. */
void log_write(struct log *l, const char *line, size_t n);

/* Whether lines go to the journal, which knows the time and wants a <priority>. */
int log_is_journal(const struct log *l);

/* Writes what can be written and lets go; the loop has to turn once more. */
void log_close(struct log *l);

#endif
