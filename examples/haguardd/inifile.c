/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "inifile.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* inih hands over keys and values; lines are counted where it reads them, and so are the things that
 * it would pass over in silence: sections that are empty, lines and keys that are too long for it. */

#define KEY_MAX 49 /* inih cuts longer ones */

struct reading {
    FILE *f;
    struct mistakes *m;
    struct ini *ini;
    struct ini_section *section; /* NULL: none yet, or its head is wrong */
    struct ini_setting *last; /* of this section: what a line that begins with a blank continues */
    int line;
    int head_wrong;
    int continues;
    int cut;
};

static const struct ini_section *find_section(const struct reading *r, const char *kind,
                                              const char *name)
{
    for (const struct ini_section *s = r->ini->sections; s; s = s->next)
        if (strcmp(s->kind, kind) == 0 && strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

static void begin_section(struct reading *r, char *head)
{
    char *end = strchr(head, ']'), *save = NULL;
    const char *kind, *name, *more;
    const struct ini_section *same;
    struct ini_section **tail = &r->ini->sections;

    r->section = NULL;
    r->last = NULL;
    r->head_wrong = 1;
    if (!end) {
        mistake(r->m, r->line, "a section begins but its ']' is missing; write [KIND NAME]");
        return;
    }
    *end = '\0';
    kind = strtok_r(head + 1, " \t", &save);
    name = strtok_r(NULL, " \t", &save);
    more = strtok_r(NULL, " \t", &save);
    if (!kind || more) {
        mistake(r->m, r->line, "a section is [KIND] or [KIND NAME], as in [cluster orders]");
        return;
    }
    same = find_section(r, kind, name ? name : "");
    if (same) {
        mistake(r->m, r->line, "[%s%s%s] is there already, at line %d; put both into one", kind,
                name ? " " : "", name ? name : "", same->line);
        return;
    }
    r->head_wrong = 0;
    r->section = must(calloc(1, sizeof(*r->section)));
    r->section->kind = must(strdup(kind));
    r->section->name = must(strdup(name ? name : ""));
    r->section->line = r->line;
    while (*tail)
        tail = &(*tail)->next;
    *tail = r->section;
}

/* What inih gets instead of a line that it must not see. */
static char *nothing(char *s)
{
    strcpy(s, "\n");
    return s;
}

static char *read_line(char *s, int num, void *stream)
{
    struct reading *r = stream;
    const char *from, *equals;

    if (!fgets(s, num, r->f))
        return NULL;
    r->line++;
    if (!strchr(s, '\n') && !feof(r->f)) {
        int c;

        mistake(r->m, r->line,
                "the line is longer than %d characters; go on in a next line that begins with a "
                "blank",
                num - 3);
        while ((c = fgetc(r->f)) != EOF && c != '\n')
            ;
        return nothing(s);
    }
    from = s + (r->line == 1 && strncmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    from += strspn(from, " \t\r\n\f\v");
    r->continues = r->last && from > s && strchr(" \t", *s);
    if (*from == '\0' || strchr(";#", *from))
        return s;
    if (*from == '[' && !r->continues) {
        char *head = must(strdup(from));

        begin_section(r, head);
        free(head);
        return s;
    }
    equals = from + strcspn(from, "=:");
    r->cut = 0;
    for (const char *at = from; (at = strchr(at, ';')); at++)
        r->cut |= at > from && isspace((unsigned char)at[-1]);
    if (r->continues)
        return s;
    if (*equals == '\0') {
        mistake(r->m, r->line,
                "this is no KEY=VALUE; add '=' and a value, or begin the line with #");
        return nothing(s);
    }
    while (equals > from && isspace((unsigned char)equals[-1]))
        equals--;
    if (equals - from > KEY_MAX) {
        mistake(r->m, r->line, "the key is longer than %d characters; choose a shorter name",
                KEY_MAX);
        return nothing(s);
    }
    return s;
}

static int on_setting(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    struct ini_setting **tail;
    const struct ini_setting *same;

    (void)section;
    if (r->continues && r->last) {
        char *joined;

        if (asprintf(&joined, "%s\n%s", r->last->value, value) < 0)
            joined = NULL;
        free(r->last->value);
        r->last->value = must(joined);
        r->last->cut |= r->cut;
        return 1;
    }
    if (!r->section) {
        if (!r->head_wrong)
            mistake(r->m, r->line, "%s belongs to no section; write [haguard] before it", name);
        return 1;
    }
    same = ini_find(r->section, name);
    if (same) {
        mistake(r->m, r->line, "%s is given already, at line %d; keep one of them", name,
                same->line);
        r->last = NULL;
        return 1;
    }
    tail = &r->section->settings;
    while (*tail)
        tail = &(*tail)->next;
    r->last = *tail = must(calloc(1, sizeof(**tail)));
    r->last->key = must(strdup(name));
    r->last->value = must(strdup(value));
    r->last->line = r->line;
    r->last->cut = r->cut;
    return 1;
}

struct ini *ini_read(const char *file, struct mistakes *m)
{
    struct reading r = {.m = m};
    size_t before = m->n;
    int bad;

    r.ini = must(calloc(1, sizeof(*r.ini)));
    r.f = fopen(file, "re");
    if (!r.f) {
        mistake(m, 0, "it cannot be read: %s; --config names another file", strerror(errno));
        return r.ini;
    }
    bad = ini_parse_stream(read_line, &r, on_setting, &r);
    if (ferror(r.f))
        mistake(m, 0, "it cannot be read: %s; --config names another file", strerror(errno));
    else if (bad != 0 && m->n == before)
        mistake(m, bad > 0 ? bad : 0, "this is no KEY=VALUE; correct the line");
    fclose(r.f);
    return r.ini;
}

void ini_free(struct ini *ini)
{
    struct ini_section *s, *next;

    if (!ini)
        return;
    for (s = ini->sections; s; s = next) {
        struct ini_setting *k, *after;

        for (k = s->settings; k; k = after) {
            after = k->next;
            free(k->key);
            free(k->value);
            free(k);
        }
        next = s->next;
        free(s->kind);
        free(s->name);
        free(s);
    }
    free(ini);
}

const struct ini_setting *ini_find(const struct ini_section *s, const char *key)
{
    for (const struct ini_setting *k = s ? s->settings : NULL; k; k = k->next)
        if (strcmp(k->key, key) == 0)
            return k;
    return NULL;
}
