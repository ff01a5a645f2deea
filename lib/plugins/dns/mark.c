/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "mark.h"

static const char begin[] = "haguard ";
static const char digits[] = "0123456789abcdef";

void hag__dns_mark_format(const struct hag__dns_mark *m, char out[HAG__DNS_MARK_MAX])
{
    snprintf(out, HAG__DNS_MARK_MAX, "%scluster=%s term=%" PRIu64 " gen=%" PRIu64 " id=%016" PRIx64,
             begin, m->cluster, m->term, m->generation, m->id);
}

static int hex(const char *s, size_t n, uint64_t *out)
{
    uint64_t v = 0;

    if (n == 0 || n > 16)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const char *digit = memchr(digits, s[i], sizeof(digits) - 1);
        if (!digit)
            return -1;
        v = v << 4 | (uint64_t)(digit - digits);
    }
    *out = v;
    return 0;
}

static int name(const char *s, size_t n, char out[HAG_NAME_MAX])
{
    if (n == 0 || n >= HAG_NAME_MAX || memchr(s, '\0', n))
        return -1;
    memcpy(out, s, n);
    out[n] = '\0';
    return 0;
}

enum { TERM = 1, GEN = 2 };

static int field(const char *s, size_t n, struct hag__dns_mark *m, uint32_t *seen)
{
    const char *eq = memchr(s, '=', n);

    if (!eq)
        return -1;
    size_t nkey = (size_t)(eq - s), nvalue = n - nkey - 1;
    if (nkey == 4 && memcmp(s, "term", 4) == 0) {
        *seen |= TERM;
        return hag__dns_number(eq + 1, nvalue, UINT64_MAX, &m->term);
    }
    if (nkey == 3 && memcmp(s, "gen", 3) == 0) {
        *seen |= GEN;
        return hag__dns_number(eq + 1, nvalue, UINT64_MAX, &m->generation);
    }
    if (nkey == 2 && memcmp(s, "id", 2) == 0)
        return hex(eq + 1, nvalue, &m->id);
    if (nkey == 7 && memcmp(s, "cluster", 7) == 0)
        return name(eq + 1, nvalue, m->cluster);
    return 0; /* a later version's */
}

int hag__dns_mark_parse(const uint8_t *text, size_t n, struct hag__dns_mark *out)
{
    const char *s = (const char *)text, *end = s + n;
    uint32_t seen = 0;

    memset(out, 0, sizeof(*out));
    if (n < sizeof(begin) - 1 || memcmp(s, begin, sizeof(begin) - 1) != 0)
        return 0;
    for (s += sizeof(begin) - 1; s < end;) {
        const char *space = memchr(s, ' ', (size_t)(end - s));
        size_t len = space ? (size_t)(space - s) : (size_t)(end - s);
        if (len && field(s, len, out, &seen))
            return -1;
        s += len + (space ? 1 : 0);
    }
    return seen == (TERM | GEN) ? 1 : -1;
}

int hag__dns_mark_order(const struct hag__dns_mark *a, const struct hag__dns_mark *b)
{
    if (a->term != b->term)
        return a->term < b->term ? -1 : 1;
    if (a->generation != b->generation)
        return a->generation < b->generation ? -1 : 1;
    return 0;
}
