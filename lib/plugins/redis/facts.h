/* SPDX-License-Identifier: MIT
 *
 * facts.h - from what INFO says to what haguard asks. No I/O, no allocation.
 */
#ifndef HAG_REDIS_FACTS_H
#define HAG_REDIS_FACTS_H

#include "info.h"

/* Fills role, lineage, position, link, priority, upstream, streams and the flags that follow from
 * them. Identity, age, beat, emptiness and durability are the caller's. Returns 0, or -1 when the
 * text has no role: then facts are as they were. */
int hag__redis_facts_from(struct hag_facts *f, const struct hag__redis_info *i, uint32_t flavour);

#endif
