/* SPDX-License-Identifier: MIT
 *
 * info.h - reads the text of INFO replication, server and keyspace. No I/O, no allocation.
 */
#ifndef HAG_REDIS_INFO_H
#define HAG_REDIS_INFO_H

#include <haguard/plugin.h>

#include "config.h"

/* Which fields a text had. */
enum {
    HAG__INFO_ROLE = 1,
    HAG__INFO_MASTER_HOST = 2,
    HAG__INFO_MASTER_PORT = 4,
    HAG__INFO_LINK = 8,
    HAG__INFO_LAST_IO = 16,
    HAG__INFO_DOWN_SINCE = 32,
    HAG__INFO_SYNCING = 64,
    HAG__INFO_SLAVE_OFFSET = 128,
    HAG__INFO_MASTER_OFFSET = 256,
    HAG__INFO_REPLID = 512,
    HAG__INFO_REPLID2 = 1024,
    HAG__INFO_SECOND_OFFSET = 2048,
    HAG__INFO_PRIORITY = 4096,
    HAG__INFO_RUN_ID = 8192,
    HAG__INFO_PID = 16384,
    HAG__INFO_UPTIME = 32768,
    HAG__INFO_VERSION = 65536,
    HAG__INFO_KEYS = 131072, /* the keyspace has at least one database */
    HAG__INFO_KEYSPACE = 262144
};

/* Standbys that a primary streams to. */
struct hag__redis_streams {
    uint32_t n;
    uint32_t reserved;
    const char *ptr[HAG_NODES_MAX];
    char addr[HAG_NODES_MAX][HAG_ADDR_MAX];
};

struct hag__redis_info {
    uint32_t seen; /* HAG__INFO_ */
    uint32_t role; /* HAG_ROLE_ */
    uint32_t link_up;
    uint32_t flavour; /* HAG__REDIS_, AUTO when the text does not say */
    int64_t master_port;
    int64_t last_io;
    int64_t down_since;
    int64_t syncing;
    int64_t slave_offset;
    int64_t master_offset;
    int64_t second_offset;
    int64_t priority;
    int64_t pid;
    int64_t uptime;
    uint8_t replid[HAG_ID_SIZE];
    uint8_t replid2[HAG_ID_SIZE];
    uint8_t run_id[HAG_ID_SIZE];
    char master_host[HAG_ADDR_MAX];
    char version[24];
    struct hag__redis_streams *streams; /* where to put them; NULL: not wanted */
};

/* Adds what text says to i, which the caller has zeroed. Whatever cannot be read is left out. */
void hag__redis_info_parse(struct hag__redis_info *i, const char *text, size_t len);

#endif
