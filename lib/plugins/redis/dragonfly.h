/* SPDX-License-Identifier: MIT
 *
 * dragonfly.h - what Dragonfly does not tell and Redis does: who a process is, and what a promoted
 * node came from. No I/O.
 */
#ifndef HAG_REDIS_DRAGONFLY_H
#define HAG_REDIS_DRAGONFLY_H

#include "info.h"

/* What is remembered of one node between answers. */
struct hag__redis_memory {
    int64_t pid;
    int64_t started; /* ms of the host's clock, to a second or two */
    uint32_t known;
    uint32_t own_known;
    uint8_t identity[HAG_ID_SIZE];
    uint8_t own[HAG_ID_SIZE];    /* its own replid, shown while it is a primary */
    uint8_t origin[HAG_ID_SIZE]; /* whom it followed; zero: nobody */
    uint64_t position;           /* the last one as a standby */
};

/* Sets f->identity, and the second lineage of a node that was seen to be promoted. i has role and
 * replid; pid and uptime (seconds, as read at uptime_at) are of the same process. */
void hag__redis_dragonfly_facts(struct hag__redis_memory *m, const struct hag__redis_info *i,
                                int64_t pid, int64_t uptime, hag_time uptime_at,
                                struct hag_facts *f);

/* The next client to disconnect from the text of CLIENT LIST: writes its addr, returns the rest of
 * the text, or NULL at its end. own is our address and skipped, and so are replication clients. */
const char *hag__redis_client_next(const char *list, const char *own, char addr[HAG_ADDR_MAX]);

/* Seconds for REPLTAKEOVER when ms are left: the replica waits up to 10 s more for its primary. */
uint32_t hag__redis_takeover_seconds(uint64_t ms);

#endif
