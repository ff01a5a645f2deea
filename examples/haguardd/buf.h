/* SPDX-License-Identifier: MIT
 *
 * buf.h - text that grows. Out of memory is remembered, not reported at each step: ask at the end.
 */
#ifndef HAGUARDD_BUF_H
#define HAGUARDD_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *p; /* ends with a zero byte unless it failed or is empty */
    size_t len;
    size_t cap;
    int failed;
};

void buf_put(struct buf *b, const char *s, size_t n);
void buf_add(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* Objects of JSON, one a line. A key of NULL is for members of an array. What is no UTF-8 becomes
 * U+FFFD, so that a line can always be parsed. */
void json_begin(struct buf *b);
void json_end(struct buf *b);                                      /* and ends the line */
void json_text(struct buf *b, const char *key, const char *value); /* NULL: null */
void json_number(struct buf *b, const char *key, uint64_t value);
void json_signed(struct buf *b, const char *key, int64_t value);
void json_flag(struct buf *b, const char *key, int value);
void json_list(struct buf *b, const char *key);
void json_item(struct buf *b); /* an object in a list; ends with json_item_end() */
void json_item_end(struct buf *b);
void json_list_end(struct buf *b);

#endif
