/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "addr.h"
#include "facts.h"

/* Redis prefers the lower replica-priority, haguard the higher one; 0 means never in both. */
#define PRIORITY_TOP 1000000

static int32_t priority(int64_t p)
{
    if (p <= 0)
        return 0;
    return p >= PRIORITY_TOP ? 1 : (int32_t)(PRIORITY_TOP - p);
}

static int zero(const uint8_t id[HAG_ID_SIZE])
{
    static const uint8_t none[HAG_ID_SIZE];

    return memcmp(id, none, HAG_ID_SIZE) == 0;
}

static void lineage(struct hag_facts *f, const struct hag__redis_info *i)
{
    f->nlineage = 0;
    if (!(i->seen & HAG__INFO_REPLID) || zero(i->replid))
        return;
    memcpy(f->lineage[0], i->replid, HAG_ID_SIZE);
    f->fork[0] = 0;
    f->nlineage = 1;
    /* second_repl_offset is the first byte that is not of the old history (redis 7.0
     * replication.c, shiftReplicationId): 78 was shown after a promotion at 77. */
    if (!(i->seen & HAG__INFO_REPLID2) || zero(i->replid2) || i->second_offset < 1)
        return;
    memcpy(f->lineage[1], i->replid2, HAG_ID_SIZE);
    f->fork[1] = (uint64_t)(i->second_offset - 1);
    f->nlineage = 2;
}

static void primary(struct hag_facts *f, const struct hag__redis_info *i, uint32_t flavour)
{
    f->flags |= HAG_FACT_READS | HAG_FACT_WRITES;
    /* Dragonfly has no offset on a primary (SF:2968); a field of that name would be no position. */
    if (flavour != HAG__REDIS_DRAGONFLY && i->seen & HAG__INFO_MASTER_OFFSET &&
        i->master_offset >= 0) {
        f->flags |= HAG_FACT_POSITION;
        f->position = (uint64_t)i->master_offset;
    }
    if (i->streams) {
        f->streams = i->streams->ptr;
        f->nstreams = i->streams->n;
    }
}

/* Whether the first copy is complete. Redis: without a link, 0 or 1 stands for "no known primary"
 * (server.c 5989), which is also what an interrupted full sync leaves. Dragonfly: the offset is
 * printed only after the full sync; link up says no more than that TCP is connected. */
static int synced(const struct hag__redis_info *i, uint32_t flavour)
{
    if (i->syncing != 0 || !(i->seen & HAG__INFO_SLAVE_OFFSET) || i->slave_offset < 0)
        return 0;
    if (flavour == HAG__REDIS_DRAGONFLY)
        return 1;
    return i->link_up || i->slave_offset > 1;
}

static void standby(struct hag_facts *f, const struct hag__redis_info *i, uint32_t flavour)
{
    f->flags |= HAG_FACT_READS;
    if (synced(i, flavour)) {
        f->flags |= HAG_FACT_POSITION;
        f->position = (uint64_t)i->slave_offset;
    } else {
        f->flags |= HAG_FACT_SYNCING;
    }
    if (i->link_up && (flavour != HAG__REDIS_DRAGONFLY || !(f->flags & HAG_FACT_SYNCING))) {
        f->flags |= HAG_FACT_LINK_UP;
        if (i->seen & HAG__INFO_LAST_IO && i->last_io >= 0 && i->last_io < 4000000)
            f->link_idle = (uint32_t)i->last_io * 1000;
    }
    if (i->seen & HAG__INFO_PRIORITY) {
        f->flags |= HAG_FACT_PRIORITY;
        f->priority = priority(i->priority);
    }
    if (i->seen & HAG__INFO_MASTER_HOST && i->master_port > 0 && i->master_port <= 65535 &&
        hag__redis_addr_format(i->master_host, (uint32_t)i->master_port, f->upstream))
        f->upstream[0] = '\0';
}

int hag__redis_facts_from(struct hag_facts *f, const struct hag__redis_info *i, uint32_t flavour)
{
    if (!(i->seen & HAG__INFO_ROLE))
        return -1;
    f->role = i->role;
    lineage(f, i);
    if (i->role == HAG_ROLE_PRIMARY)
        primary(f, i, flavour);
    else
        standby(f, i, flavour);
    return 0;
}
