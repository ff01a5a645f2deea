/* SPDX-License-Identifier: MIT
 *
 * addr.h - numeric host:port, as haguard, Redis and hiredis each write it.
 */
#ifndef HAG_REDIS_ADDR_H
#define HAG_REDIS_ADDR_H

#include <haguard/plugin.h>

struct hag__redis_addr {
    char host[HAG_ADDR_MAX];
    uint16_t port;
};

/* "192.0.2.1:6379" or "[2001:db8::1]:6379". Returns 0, or -1 when it is not numeric. */
int hag__redis_addr_parse(const char *text, struct hag__redis_addr *out);

/* Writes host:port, with brackets for IPv6. Returns 0, or -1 when it does not fit. */
int hag__redis_addr_format(const char *host, uint32_t port, char out[HAG_ADDR_MAX]);

/* A whole decimal number from 0 to max. Returns 0 or -1. */
int hag__redis_number(const char *s, size_t n, uint64_t max, uint64_t *out);

#endif
