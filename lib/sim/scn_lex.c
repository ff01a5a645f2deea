/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scn.h"

/* Memory of a scenario, lines into words, words into numbers. */

#define CHUNK   8192
#define LONGEST 4000

struct scn_chunk {
    struct scn_chunk *next;
    size_t used, size;
    max_align_t data[];
};

void *scn_alloc(struct hag_scenario *s, size_t size)
{
    struct scn_chunk *c = s->chunks;
    void *p;

    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (c == NULL || c->size - c->used < size) {
        size_t want = size > CHUNK ? size : CHUNK;

        c = malloc(sizeof(*c) + want);
        if (c == NULL)
            abort(); /* a tool for tests: nothing useful can follow */
        c->next = s->chunks;
        c->used = 0;
        c->size = want;
        s->chunks = c;
    }
    p = (char *)c->data + c->used;
    c->used += size;
    memset(p, 0, size);
    return p;
}

void *scn_more(struct hag_scenario *s, void *array, uint32_t n, uint32_t *cap, size_t size)
{
    void *p;

    if (n < *cap)
        return array;
    *cap = *cap == 0 ? 8 : *cap * 2;
    p = scn_alloc(s, *cap * size);
    if (n > 0)
        memcpy(p, array, n * size);
    return p;
}

void hag_scenario_free(hag_scenario *s)
{
    if (s == NULL)
        return;
    while (s->chunks != NULL) {
        struct scn_chunk *c = s->chunks;

        s->chunks = c->next;
        free(c);
    }
    free(s);
}

int scn_fail(struct hag_scenario *s, uint32_t line, uint32_t col, const char *fmt, ...)
{
    char text[1000];
    va_list ap;

    if (s->err != HAG_OK)
        return 0;
    s->err = HAG_ERR_INVAL;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (s->why != NULL && s->whylen > 0)
        (void)snprintf(s->why, s->whylen, "%s:%u:%u: %s", s->file, line, col, text);
    return 0;
}

void scn_lacks(struct hag_scenario *s, uint32_t line, uint32_t col, const char *what)
{
    if (s->lacks[0] == '\0')
        (void)snprintf(s->lacks, sizeof(s->lacks), "%s:%u:%u: this version cannot %s yet", s->file,
                       line, col, what);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int split_line(struct hag_scenario *s, char *text, uint32_t number)
{
    struct scn_line *l;
    char *copy, *p = text;
    size_t len;

    while (is_blank(*p))
        p++;
    if (*p == '\0' || *p == '#')
        return 1;
    s->lines = scn_more(s, s->lines, s->nlines, &s->cap_lines, sizeof(*s->lines));
    l = &s->lines[s->nlines++];
    memset(l, 0, sizeof(*l));
    l->line = number;
    len = strcspn(p, "#");
    while (len > 0 && is_blank(p[len - 1]))
        len--;
    copy = scn_alloc(s, len + 1);
    memcpy(copy, p, len);
    l->text = copy;
    p[len] = '\0';
    while (*p != '\0') {
        if (l->n == SCN_WORDS)
            return scn_fail(s, number, (uint32_t)(p - text) + 1,
                            "too many words; a statement has at most %d", SCN_WORDS);
        l->w[l->n].text = p;
        l->w[l->n++].col = (uint32_t)(p - text) + 1;
        while (*p != '\0' && !is_blank(*p)) {
            if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
                return scn_fail(s, number, (uint32_t)(p - text) + 1,
                                "byte 0x%02x cannot be in a scenario; it is plain ASCII text",
                                (unsigned char)*p);
            p++;
        }
        if (*p != '\0')
            *p++ = '\0';
        while (is_blank(*p))
            p++;
    }
    return 1;
}

int scn_split(struct hag_scenario *s, const char *text, size_t len)
{
    uint32_t number = 1;

    for (size_t at = 0; at < len; number++) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end == NULL ? len - at : (size_t)(end - (text + at));
        char *copy;

        if (n > LONGEST)
            return scn_fail(s, number, LONGEST, "the line is longer than %d bytes; break it up",
                            LONGEST);
        if (memchr(text + at, '\0', n) != NULL)
            return scn_fail(s, number, 1, "a zero byte: this is no scenario file");
        copy = scn_alloc(s, n + 1);
        memcpy(copy, text + at, n);
        if (!split_line(s, copy, number))
            return 0;
        at += n + 1;
    }
    return 1;
}

int scn_name_ok(const char *w, size_t len)
{
    if (len == 0 || len >= HAG_NAME_MAX)
        return 0;
    for (size_t i = 0; i < len; i++) {
        char c = w[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == '-'))
            return 0;
    }
    return 1;
}

static int digits(const char **w, int64_t *n)
{
    int64_t v = 0;

    if (**w < '0' || **w > '9')
        return 0;
    while (**w >= '0' && **w <= '9') {
        if (v > (INT64_MAX - 9) / 10)
            return 0;
        v = v * 10 + (*(*w)++ - '0');
    }
    *n = v;
    return 1;
}

static const struct {
    const char *unit;
    int64_t times;
    uint8_t type;
} units[] = {
    {"ms", 1, SCN_T_DURATION},
    {"s", 1000, SCN_T_DURATION},
    {"m", 60000, SCN_T_DURATION},
    {"h", 3600000, SCN_T_DURATION},
    {"d", 86400000, SCN_T_DURATION},
    {"", 1, SCN_T_SIZE},
    {"k", 1024, SCN_T_SIZE},
    {"m", 1024 * 1024, SCN_T_SIZE},
    {"g", 1024 * 1024 * 1024, SCN_T_SIZE},
    {"", 1, SCN_T_INT},
    {"%", 10, SCN_T_PERCENT},
    {"/s", 1, SCN_T_RATE},
};

#define MOST (INT64_C(1) << 50)

int scn_number(const char *w, uint8_t type, int64_t *n, int64_t *m)
{
    int64_t v, sign = 1;

    if (type == SCN_T_OFFSET) {
        if (*w == '-')
            sign = -1;
        if (*w == '-' || *w == '+')
            w++;
        type = SCN_T_DURATION;
    } else if (type == SCN_T_INT && *w == '-') {
        sign = -1;
        w++;
    }
    if (!digits(&w, &v) || v > MOST)
        return 0;
    if (type == SCN_T_RATIO) {
        int64_t of;

        if (*w++ != '/' || !digits(&w, &of) || *w != '\0' || of == 0 || v == 0 || v > of ||
            of > 1000000)
            return 0;
        *n = v;
        *m = of;
        return 1;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].type != type || strcmp(units[i].unit, w) != 0)
            continue;
        if (v > MOST / units[i].times)
            return 0;
        *n = sign * v * units[i].times;
        if (type == SCN_T_PERCENT && *n > 1000)
            return 0;
        return 1;
    }
    return 0;
}
