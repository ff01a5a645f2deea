/* SPDX-License-Identifier: MIT
 *
 * reader.h - keeps what a hostile or broken server sends within bounds.
 */
#ifndef HAG_REDIS_READER_H
#define HAG_REDIS_READER_H

#include "redis.h"

#define HAG__REDIS_ANSWER_MAX  (1u << 20)  /* bytes of unread answer: INFO is some KB */
#define HAG__REDIS_LISTING_MAX (16u << 20) /* CLIENT LIST: some 200 bytes for each client */

/* Puts checks before the functions that make reply objects. */
void hag__redis_reader_guard(struct hag__redis_conn *c);

#endif
