/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap < 256 ? 256 : b->cap;
    char *p;

    while (cap < b->len + more + 1)
        cap *= 2;
    if (b->failed)
        return 0;
    if (cap == b->cap)
        return 1;
    p = realloc(b->p, cap);
    if (!p) {
        b->failed = 1;
        return 0;
    }
    b->p = p;
    b->cap = cap;
    return 1;
}

void buf_put(struct buf *b, const char *s, size_t n)
{
    if (!reserve(b, n))
        return;
    memcpy(b->p + b->len, s, n);
    b->len += n;
    b->p[b->len] = '\0';
}

void buf_add(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !reserve(b, (size_t)n))
        return;
    va_start(ap, fmt);
    vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void buf_free(struct buf *b)
{
    free(b->p);
    memset(b, 0, sizeof(*b));
}

/* How many bytes of s are one character of UTF-8; 0 if they are none (RFC 3629). */
static size_t character(const unsigned char *s)
{
    static const struct {
        unsigned char from, to, low, high;
        size_t n;
    } rows[] = {
        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (s[0] < rows[i].from || s[0] > rows[i].to)
            continue;
        if (rows[i].n > 1 && (s[1] < rows[i].low || s[1] > rows[i].high))
            return 0;
        for (size_t k = 2; k < rows[i].n; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return rows[i].n;
    }
    return 0;
}

static void quoted(struct buf *b, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    buf_put(b, "\"", 1);
    while (*s) {
        size_t n = character(s);

        if (n == 0) {
            buf_add(b, "\\ufffd");
            n = 1;
        } else if (*s == '"' || *s == '\\') {
            buf_add(b, "\\%c", *s);
        } else if (*s == '\n') {
            buf_add(b, "\\n");
        } else if (*s < 0x20 || *s == 0x7f) {
            buf_add(b, "\\u%04x", *s);
        } else {
            buf_put(b, (const char *)s, n);
        }
        s += n;
    }
    buf_put(b, "\"", 1);
}

static void key_of(struct buf *b, const char *key)
{
    if (b->len > 0 && b->p[b->len - 1] != '{' && b->p[b->len - 1] != '[')
        buf_put(b, ",", 1);
    if (key) {
        quoted(b, key);
        buf_put(b, ":", 1);
    }
}

void json_begin(struct buf *b)
{
    buf_put(b, "{", 1);
}

void json_end(struct buf *b)
{
    buf_put(b, "}\n", 2);
}

void json_text(struct buf *b, const char *key, const char *value)
{
    key_of(b, key);
    if (value)
        quoted(b, value);
    else
        buf_add(b, "null");
}

void json_number(struct buf *b, const char *key, uint64_t value)
{
    key_of(b, key);
    buf_add(b, "%" PRIu64, value);
}

void json_signed(struct buf *b, const char *key, int64_t value)
{
    key_of(b, key);
    buf_add(b, "%" PRId64, value);
}

void json_flag(struct buf *b, const char *key, int value)
{
    key_of(b, key);
    buf_add(b, value ? "true" : "false");
}

void json_list(struct buf *b, const char *key)
{
    key_of(b, key);
    buf_put(b, "[", 1);
}

void json_item(struct buf *b)
{
    key_of(b, NULL);
    buf_put(b, "{", 1);
}

void json_item_end(struct buf *b)
{
    buf_put(b, "}", 1);
}

void json_list_end(struct buf *b)
{
    buf_put(b, "]", 1);
}
