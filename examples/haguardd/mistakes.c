/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "mistakes.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must(void *p)
{
    if (!p)
        errx(1, "no memory");
    return p;
}

void mistake(struct mistakes *m, int line, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    m->v = must(realloc(m->v, (m->n + 1) * sizeof(*m->v)));
    m->v[m->n++] = (struct mistake){.line = line, .text = must(text)};
}

void mistakes_sort(struct mistakes *m)
{
    /* insertion: it keeps the order of those of one line, and there are few */
    for (size_t i = 1; i < m->n; i++) {
        struct mistake x = m->v[i];
        size_t k = i;

        for (; k > 0 && m->v[k - 1].line > x.line; k--)
            m->v[k] = m->v[k - 1];
        m->v[k] = x;
    }
}

void mistakes_free(struct mistakes *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->v[i].text);
    free(m->v);
    m->v = NULL;
    m->n = 0;
}

/* Levenshtein's distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], na = strlen(a), nb = strlen(b);

    if (na >= 64 || nb >= 64)
        return 64;
    for (size_t k = 0; k <= nb; k++)
        row[k] = k;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t k = 1; k <= nb; k++) {
            size_t change = diagonal + (a[i - 1] != b[k - 1]);
            size_t least = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;

            diagonal = row[k];
            row[k] = change < least ? change : least;
        }
    }
    return row[nb];
}

const char *meant(const char *word, const char *const *words)
{
    size_t best = strlen(word) / 3 + 1;
    const char *nearest = NULL;

    for (; *words; words++) {
        size_t d = distance(word, *words);

        if (d <= best && d < strlen(word)) {
            best = d - (d > 0);
            nearest = *words;
        }
    }
    return nearest;
}
