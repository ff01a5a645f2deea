/* SPDX-License-Identifier: MIT
 *
 * mark.h - the TXT record that says whose update a name has: term, generation, and an id of its
 * own, so that no two updates ever leave the same text, and a prerequisite on it holds for one of
 * them only.
 */
#ifndef HAG_DNS_MARK_H
#define HAG_DNS_MARK_H

#include <haguard/plugin.h>

#define HAG__DNS_MARK_MAX 192 /* its end counted; one string of a TXT record holds 255 */

struct hag__dns_mark {
    uint64_t term;
    uint64_t generation;
    uint64_t id;                /* 0: written by hand */
    char cluster[HAG_NAME_MAX]; /* empty: written by hand */
};

void hag__dns_mark_format(const struct hag__dns_mark *m, char out[HAG__DNS_MARK_MAX]);

/* Returns 1 when text is a mark, 0 when it is somebody else's, -1 when it begins as one and is
 * damaged. */
int hag__dns_mark_parse(const uint8_t *text, size_t n, struct hag__dns_mark *out);

/* Below 0 when a is older than b, 0 when of the same term and generation. */
int hag__dns_mark_order(const struct hag__dns_mark *a, const struct hag__dns_mark *b);

#endif
