/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "nodes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    uint32_t flag;
} flags[] = {
    {"primary", HAG_NODE_PRIMARY},
    {"no-promote", HAG_NODE_NO_PROMOTE},
    {"read-replica", HAG_NODE_READ_REPLICA},
};

static int read_flag(struct conf_node *n, const char *word)
{
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].word, word) == 0) {
            n->spec.flags |= flags[i].flag;
            return 1;
        }
    }
    return 0;
}

static void read_priority(struct conf_node *n, const char *value, const struct ini_setting *s,
                          struct mistakes *m)
{
    char *end;
    long v;

    errno = 0;
    v = strtol(value, &end, 10);
    if (*value == '\0' || isspace((unsigned char)*value) || *end != '\0' || errno != 0 ||
        v < -1000000 || v > 1000000)
        mistake(m, s->line,
                "priority=%s: write a whole number from -1000000 to 1000000; the higher one is "
                "preferred, 0 is the usual one",
                value);
    n->spec.priority = (int32_t)v;
}

static void read_word(struct conf_node *n, char *word, const struct ini_setting *s,
                      struct mistakes *m)
{
    static const char *const words[] = {"zone",    "host",       "advertised",   "priority",
                                        "primary", "no-promote", "read-replica", NULL};
    const char **texts[] = {&n->spec.zone, &n->spec.host, &n->spec.advertised};
    char *equals = strchr(word, '=');
    const char *near;

    if (!equals && read_flag(n, word))
        return;
    if (equals)
        *equals = '\0';
    for (size_t i = 0; equals && i < 3; i++) {
        if (strcmp(word, words[i]) == 0) {
            *texts[i] = equals + 1;
            return;
        }
    }
    if (equals && strcmp(word, "priority") == 0) {
        read_priority(n, equals + 1, s, m);
        return;
    }
    near = meant(word, words);
    mistake(m, s->line,
            "a node takes no word %s%s%s%s; it takes zone=Z, host=H, advertised=HOST:PORT, "
            "priority=N, primary, no-promote and read-replica",
            word, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

void node_read(struct conf_node *n, const struct ini_setting *s, struct mistakes *m)
{
    char *save = NULL, *word;

    memset(n, 0, sizeof(*n));
    n->at = s;
    n->spec.size = sizeof(n->spec);
    n->spec.name = s->key + strlen("node.");
    n->words = must(strdup(s->value));
    n->spec.addr = strtok_r(n->words, " \t", &save);
    if (!n->spec.addr) {
        mistake(m, s->line, "%s has no address; write HOST:PORT, as in 192.0.2.1:6379", s->key);
        n->spec.addr = "";
    }
    while ((word = strtok_r(NULL, " \t", &save)))
        read_word(n, word, s, m);
}

int node_same(const struct conf_node *a, const struct conf_node *b)
{
    return strcmp(a->at->value, b->at->value) == 0;
}
