/* SPDX-License-Identifier: MIT
 *
 * map.h - finds the object of a handle: open addressing, no allocation once it is large enough.
 */
#ifndef HAG_REDIS_MAP_H
#define HAG_REDIS_MAP_H

#include <haguard/plugin.h>

struct hag__redis_map {
    const struct hag_host *host;
    struct hag__redis_slot *slots;
    uint32_t mask; /* slots - 1; 0: none allocated */
    uint32_t used;
};

void *hag__redis_map_get(const struct hag__redis_map *m, uint64_t key);

/* key is not 0 and not in the map yet. Returns 0, or -1 without memory. */
int hag__redis_map_put(struct hag__redis_map *m, uint64_t key, void *value);

void hag__redis_map_remove(struct hag__redis_map *m, uint64_t key);

/* Any value, or NULL when the map is empty. */
void *hag__redis_map_any(const struct hag__redis_map *m);

void hag__redis_map_free(struct hag__redis_map *m);

#endif
