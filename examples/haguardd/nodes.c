/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "nodes.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
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

/* A numeric address in its one spelling; what is none stays as it is, for the guard to refuse. */
static void read_numeric(struct conf_node *n, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    int six = len > 2 && text[0] == '[' && colon[-1] == ']';
    unsigned char bytes[16];
    char ip[HAG_ADDR_MAX];

    snprintf(n->addr, sizeof(n->addr), "%s", text);
    if (len == 0 || len >= sizeof(ip))
        return;
    snprintf(ip, sizeof(ip), "%.*s", (int)(six ? len - 2 : len), text + six);
    if (inet_pton(six ? AF_INET6 : AF_INET, ip, bytes) == 1 &&
        inet_ntop(six ? AF_INET6 : AF_INET, bytes, ip, sizeof(ip)))
        snprintf(n->addr, sizeof(n->addr), six ? "[%.46s]%.8s" : "%.46s%.8s", ip, colon);
}

/* The length of a domain name at the beginning of text, 0 if there is none. */
static size_t name_length(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_."), label = 0;
    const char *last;

    for (size_t i = 0; i < n; i++) {
        label = text[i] == '.' ? 0 : label + 1;
        if (label > 63 || (text[i] == '.' && (i == 0 || text[i - 1] == '.')))
            return 0;
    }
    if (n == 0 || n > 253)
        return 0;
    last = text + n - (text[n - 1] == '.');
    while (last > text && last[-1] != '.')
        last--;
    return strspn(last, "0123456789") < n - (size_t)(last - text) - (text[n - 1] == '.') ? n : 0;
}

/* NAME:PORT, split in place; 0 when it is something else. */
static int read_host(struct conf_node *n, char *text)
{
    size_t len;

    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    len = name_length(text);
    if (len == 0 || text[len] != ':' || strlen(text + len + 1) > 5 ||
        text[len + 1 + strspn(text + len + 1, "0123456789")] != '\0' || atoi(text + len + 1) < 1 ||
        atoi(text + len + 1) > 65535)
        return 0;
    text[len] = '\0';
    n->host = text;
    n->port = text + len + 1;
    if (len < HAG_NAME_MAX) /* the machine stays the same when its address changes */
        n->spec.host = text;
    return 1;
}

void node_read(struct conf_node *n, const struct ini_setting *s, struct mistakes *m)
{
    char *save = NULL, *word, *address;

    memset(n, 0, sizeof(*n));
    n->at = s;
    n->spec.size = sizeof(n->spec);
    n->spec.name = s->key + strlen("node.");
    n->words = must(strdup(s->value));
    address = strtok_r(n->words, " \t", &save);
    if (!address)
        mistake(m, s->line, "%s has no address; write HOST:PORT, as in 192.0.2.1:6379", s->key);
    else if (!read_host(n, address))
        read_numeric(n, address);
    while ((word = strtok_r(NULL, " \t", &save)))
        read_word(n, word, s, m);
}

const struct hag_node_spec *node_spec(struct conf_node *n)
{
    n->spec.addr = n->addr;
    return &n->spec;
}

int node_same_host(const struct conf_node *a, const struct conf_node *b)
{
    return a->host && b->host && strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

int node_same(const struct conf_node *a, const struct conf_node *b)
{
    return strcmp(a->at->value, b->at->value) == 0;
}
