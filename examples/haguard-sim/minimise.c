/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Makes a scenario that breaks a rule smaller: lines go as long as the same rule breaks. */

#define LINES 200

int play_text(const char *text, uint64_t seed, uint32_t flags, char *rule, size_t rulelen,
              struct hag_sim_figures *fig)
{
    struct hag_sim_options o = {.size = sizeof(o), .flags = flags, .seed = seed};
    const struct hag_sim_finding *f;
    hag_scenario *s;
    hag_sim *r;
    char why[1200];
    int failures;

    rule[0] = '\0';
    if (hag_scenario_parse("drawn", text, strlen(text), &s, why, sizeof(why)) != HAG_OK) {
        (void)snprintf(rule, rulelen, "parse");
        return -1;
    }
    if (hag_sim_run(s, &o, &r) != HAG_OK) {
        hag_scenario_free(s);
        return -1;
    }
    failures = (int)hag_sim_failures(r);
    for (uint32_t i = 0; rule[0] == '\0' && (f = hag_sim_finding(r, i)) != NULL; i++) {
        if (!f->held)
            (void)snprintf(rule, rulelen, "%s", f->wanted);
    }
    if (fig != NULL)
        *fig = *hag_sim_figures(r);
    hag_sim_free(r);
    hag_scenario_free(s);
    return failures;
}

static char *join(char *const *lines, const uint8_t *out, uint32_t n)
{
    size_t len = 1;
    char *text;

    for (uint32_t i = 0; i < n; i++)
        len += strlen(lines[i]) + 1;
    text = malloc(len);
    if (text == NULL)
        abort();
    text[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        if (out[i])
            continue;
        strcat(text, lines[i]);
        strcat(text, "\n");
    }
    return text;
}

static int may_go(const char *line)
{
    return strncmp(line, "cluster", 7) != 0 && strncmp(line, "until", 5) != 0 &&
           strncmp(line, "engine", 6) != 0 && strstr(line, " primary") == NULL;
}

char *minimise(const char *text, uint64_t seed, uint32_t flags, const char *rule)
{
    char *copy = malloc(strlen(text) + 1), *lines[LINES], *best;
    uint8_t out[LINES] = {0};
    uint32_t n = 0;
    int smaller;

    if (copy == NULL)
        abort();
    strcpy(copy, text);
    for (char *p = strtok(copy, "\n"); p != NULL && n < LINES; p = strtok(NULL, "\n"))
        lines[n++] = p;
    do {
        smaller = 0;
        for (uint32_t i = n; i-- > 0;) {
            char broke[40], *less;

            if (out[i] || !may_go(lines[i]))
                continue;
            out[i] = 1;
            less = join(lines, out, n);
            if (strcmp(rule, "determinism") == 0 ||
                play_text(less, seed, flags, broke, sizeof(broke), NULL) <= 0 ||
                strcmp(broke, rule) != 0)
                out[i] = 0;
            else
                smaller = 1;
            free(less);
        }
    } while (smaller);
    best = join(lines, out, n);
    free(copy);
    return best;
}
