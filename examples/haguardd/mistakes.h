/* SPDX-License-Identifier: MIT
 *
 * mistakes.h - what is wrong with a configuration: all of it, each with file, line and cure.
 */
#ifndef HAGUARDD_MISTAKES_H
#define HAGUARDD_MISTAKES_H

#include <stddef.h>

struct mistakes {
    struct mistake {
        int line; /* 0: of the file as a whole */
        char *text;
    } * v;
    size_t n;
    const char *file;
};

void mistake(struct mistakes *m, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* In the order of lines. */
void mistakes_sort(struct mistakes *m);
void mistakes_free(struct mistakes *m);

/* The one of the words (an array that ends with NULL) that word may have been meant to be, or NULL. */
const char *meant(const char *word, const char *const *words);

/* p, or the end of the program when there is no memory: only before the guard runs and where the
 * configuration is read. */
void *must(void *p);

#endif
