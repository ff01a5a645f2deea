/* SPDX-License-Identifier: MIT */
#ifndef HAG__TEXT_H
#define HAG__TEXT_H

#include "base/public.h"

/* Text into a fixed buffer: always ended, never past cap; len is what it would have been. */
struct hag__text {
    char *buf;
    size_t cap;
    size_t len;
};

void hag__text_init(struct hag__text *t, char *buf, size_t cap);
void hag__text_add(struct hag__text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "250ms", "1.250s", "60s", "5m", "2h", "3d": exact, and hag__parse_duration() reads it back. */
void hag__text_duration(struct hag__text *t, uint64_t ms);

/* "250ms", "1.5s", "60s", "5m", "2h", "3d"; whole milliseconds. Only 0 needs no unit.
 * Returns 0, or HAG_ERR_INVAL / HAG_ERR_RANGE. */
int32_t hag__parse_duration(const char *s, int64_t *ms);
/* "100", "10k", "4m", "1g" (1024-based). As hag__parse_duration(). */
int32_t hag__parse_size(const char *s, int64_t *bytes);

/* Letters, digits, '_', '.', '-', 1 to HAG_NAME_MAX-1 of them. */
int hag__name_ok(const char *s);

/* Numeric "1.2.3.4:6379" or "[::1]:6379" with a port 1..65535: writes the one way to spell it (for
 * IPv6 RFC 5952) into out (HAG_ADDR_MAX) and the length of the host part, with its brackets, to
 * host_len. 0 or HAG_ERR_INVAL with nothing written. */
int32_t hag__addr_normal(const char *s, char *out, size_t *host_len);

#endif
