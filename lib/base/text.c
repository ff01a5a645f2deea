/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit sizes[] = {
    {"", 1},
    {"k", 1024},
    {"m", 1024 * 1024},
    {"g", 1024 * 1024 * 1024},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void hag__text_init(struct hag__text *t, char *buf, size_t cap)
{
    t->buf = buf;
    t->cap = cap;
    t->len = 0;
    if (cap > 0)
        buf[0] = '\0';
}

void hag__text_add(struct hag__text *t, const char *fmt, ...)
{
    size_t room = t->len < t->cap ? t->cap - t->len : 0;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(room ? t->buf + t->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += (size_t)n;
}

void hag__text_duration(struct hag__text *t, uint64_t ms)
{
    /* A unit is used from two of it on: people say 60s and 90s, but 5m. */
    for (size_t i = COUNT(durations) - 1; i > 1; i--) {
        uint64_t factor = (uint64_t)durations[i].factor;

        if (ms % factor == 0 && ms / factor >= 2) {
            hag__text_add(t, "%" PRIu64 "%s", ms / factor, durations[i].name);
            return;
        }
    }
    if (ms % 1000 == 0)
        hag__text_add(t, "%" PRIu64 "s", ms / 1000);
    else if (ms < 1000)
        hag__text_add(t, "%" PRIu64 "ms", ms);
    else
        hag__text_add(t, "%" PRIu64 ".%03us", ms / 1000, (unsigned)(ms % 1000));
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

/* Digits into v; how many there were goes to n, and past all of them when they are too many. */
static const char *read_digits(const char *s, uint64_t *v, size_t *n, int *over)
{
    *v = 0;
    *over = 0;
    for (*n = 0; is_digit(s[*n]); ++*n) {
        uint64_t digit = (uint64_t)(s[*n] - '0');

        if (*v > (INT64_MAX - digit) / 10)
            *over = 1;
        else
            *v = *v * 10 + digit;
    }
    return s + *n;
}

int32_t hag__parse_duration(const char *s, int64_t *ms)
{
    static const int64_t scale[] = {1, 10, 100, 1000};
    uint64_t whole, part = 0;
    size_t ndigits, nparts = 0;
    int over, over_part = 0;
    const struct unit *unit;
    int64_t extra;

    s = read_digits(s, &whole, &ndigits, &over);
    if (ndigits > 0 && *s == '.') {
        s = read_digits(s + 1, &part, &nparts, &over_part);
        if (nparts == 0 || nparts > 3)
            return HAG_ERR_INVAL;
    }
    unit = find_unit(durations, COUNT(durations), s);
    if (!unit && *s == '\0' && whole == 0 && nparts == 0)
        unit = &durations[0];
    if (ndigits == 0 || !unit || (int64_t)part * unit->factor % scale[nparts] != 0)
        return HAG_ERR_INVAL;
    extra = (int64_t)part * unit->factor / scale[nparts];
    if (over || whole > (uint64_t)((INT64_MAX - extra) / unit->factor))
        return HAG_ERR_RANGE;
    *ms = (int64_t)whole * unit->factor + extra;
    return HAG_OK;
}

int32_t hag__parse_size(const char *s, int64_t *bytes)
{
    uint64_t v;
    size_t ndigits;
    int over;
    const struct unit *unit;

    s = read_digits(s, &v, &ndigits, &over);
    unit = find_unit(sizes, COUNT(sizes), s);
    if (ndigits == 0 || !unit)
        return HAG_ERR_INVAL;
    if (over || v > (uint64_t)(INT64_MAX / unit->factor))
        return HAG_ERR_RANGE;
    *bytes = (int64_t)v * unit->factor;
    return HAG_OK;
}

int hag__name_ok(const char *s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-";
    size_t n = s ? strspn(s, allowed) : 0;

    return n > 0 && n < HAG_NAME_MAX && s[n] == '\0';
}

/* RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::",
 * IPv4 in an IPv6 address (::ffff:0:0/96) with dots. */
static void write_ipv6(struct hag__text *t, const unsigned char b[16])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    int start = -1, length = 1;

    if (memcmp(b, mapped, sizeof(mapped)) == 0) {
        hag__text_add(t, "[::ffff:%u.%u.%u.%u]", b[12], b[13], b[14], b[15]);
        return;
    }
    for (int i = 0; i < 8; i++) {
        int n = 0;

        while (i + n < 8 && b[2 * (i + n)] == 0 && b[2 * (i + n) + 1] == 0)
            n++;
        if (n > length) {
            start = i;
            length = n;
        }
    }
    hag__text_add(t, "[");
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            hag__text_add(t, "::");
            i += length - 1;
            continue;
        }
        hag__text_add(t, "%s%x", i == 0 || (start >= 0 && i == start + length) ? "" : ":",
                      (unsigned)(b[2 * i] << 8 | b[2 * i + 1]));
    }
    hag__text_add(t, "]");
}

/* A port without a leading zero; 0 when it is none. */
static unsigned read_port(const char *s)
{
    unsigned port = 0;
    size_t n = 0;

    while (n < 5 && is_digit(s[n]))
        port = port * 10 + (unsigned)(s[n++] - '0');
    return n > 0 && s[n] == '\0' && s[0] != '0' && port <= 65535 ? port : 0;
}

int32_t hag__addr_normal(const char *s, char *out, size_t *host_len)
{
    unsigned char b[16];
    char host[HAG_ADDR_MAX], written[HAG_ADDR_MAX];
    const char *colon = s ? strrchr(s, ':') : NULL;
    size_t n = colon ? (size_t)(colon - s) : 0;
    unsigned port = colon ? read_port(colon + 1) : 0;
    struct hag__text t;

    if (port == 0 || n < 2 || n >= sizeof(host))
        return HAG_ERR_INVAL;
    hag__text_init(&t, written, sizeof(written));
    if (s[0] == '[' && s[n - 1] == ']') {
        memcpy(host, s + 1, n - 2);
        host[n - 2] = '\0';
        if (inet_pton(AF_INET6, host, b) != 1)
            return HAG_ERR_INVAL;
        write_ipv6(&t, b);
    } else {
        memcpy(host, s, n);
        host[n] = '\0';
        if (inet_pton(AF_INET, host, b) != 1)
            return HAG_ERR_INVAL;
        hag__text_add(&t, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    }
    *host_len = t.len;
    hag__text_add(&t, ":%u", port);
    memcpy(out, written, t.len + 1);
    return HAG_OK;
}
