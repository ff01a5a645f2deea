/* SPDX-License-Identifier: MIT
 *
 * records.h - the state directory: one file for the record of each cluster, written so that a crash
 * at any moment leaves the old one or the new one, and never by the thread that decides.
 */
#ifndef HAGUARDD_RECORDS_H
#define HAGUARDD_RECORDS_H

#include <uv.h>

#include <haguard/haguard.h>

struct records;
struct record;

/* Reports how a commit ended; text may be NULL. */
typedef void records_done(void *ud, hag_op op, uint32_t outcome, uint32_t why, const char *text);

/* Takes the directory, and its lock, for this process. NULL: why says what is wrong and its cure. */
struct records *records_open(uv_loop_t *loop, const char *dir, records_done *done, void *ud,
                             char *why, size_t n);

/* Ends it; what is being written is finished while the loop runs, and reported to nobody. */
void records_close(struct records *s);

/* The record of a cluster; it is kept until records_drop(). */
struct record *records_take(struct records *s, const char *cluster);
void records_drop(struct record *r);

/* Whether the file of a cluster is being written now. */
int records_busy(const struct records *s, const char *cluster);

/* Starts to write what a commit says. */
void record_commit(struct record *r, const struct hag_action *a);

/* Gives the bytes of a cluster's file in dir, without a lock; to be freed. n is 0 when there is none.
 * 0, or what errno is when it cannot be read; EBADMSG when it is no record. */
int record_read(const char *dir, const char *cluster, uint8_t **bytes, size_t *n,
                uint64_t *version);

/* The file is of this version. */
void record_kept(struct record *r, uint64_t version);

/* Renames a file that is damaged. 0, or what errno is. */
int record_set_aside(struct record *r);

#endif
