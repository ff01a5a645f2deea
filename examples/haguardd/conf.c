/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "conf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "nodes.h"
#include "secrets.h"

#ifndef HAGUARDD_SOCKET
#    define HAGUARDD_SOCKET "/run/haguard/haguardd.sock"
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef void read_fn(struct conf *c, const struct ini_setting *s, struct mistakes *m);

static void read_name(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    if (*s->value == '\0' || strlen(s->value) >= HAG_NAME_MAX)
        mistake(m, s->line, "name is 1 to %d characters; choose another", HAG_NAME_MAX - 1);
    c->name = s->value;
}

static void read_path(const struct ini_setting *s, struct mistakes *m, const char **to)
{
    if (*s->value != '/')
        mistake(m, s->line, "%s=%s: write the whole path, from / on", s->key, s->value);
    *to = s->value;
}

static void read_state_dir(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    read_path(s, m, &c->state_dir);
}

static void read_plugin_dir(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    read_path(s, m, &c->plugin_dir);
}

static void read_socket(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

    read_path(s, m, &c->socket);
    if (strlen(s->value) > most)
        mistake(m, s->line, "socket is longer than %zu characters; choose a shorter path", most);
}

static void read_socket_mode(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    char *end;
    unsigned long mode = strtoul(s->value, &end, 8);

    if (!isdigit((unsigned char)*s->value) || *end != '\0' || mode > 0777 || !(mode & 0200)) {
        mistake(m, s->line, "socket-mode=%s: write an octal mode as in 0600 or 0660", s->value);
    } else if (mode & 0002) {
        mistake(m, s->line,
                "socket-mode=%s lets everybody order failovers; use 0660 and socket-group",
                s->value);
    }
    c->socket_mode = (unsigned)mode;
}

static void read_socket_group(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    if (!getgrnam(s->value))
        mistake(m, s->line, "socket-group=%s: there is no such group; create it or leave this out",
                s->value);
    c->socket_group = s->value;
}

static int is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static void read_metrics(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    unsigned long port;
    char *colon, *end;

    if (strcmp(s->value, "off") == 0)
        return;
    c->metrics = must(strdup(s->value));
    colon = strrchr(c->metrics, ':');
    if (!colon || !isdigit((unsigned char)colon[1]) ||
        (port = strtoul(colon + 1, &end, 10)) > 65535 || *end != '\0') {
        mistake(m, s->line, "metrics=%s: write HOST:PORT as in 127.0.0.1:9187, or off", s->value);
        return;
    }
    *colon = '\0';
    c->metrics_host = c->metrics;
    if (*c->metrics == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        c->metrics_host++;
    }
    c->metrics_port = (unsigned)port;
    if (!is_loopback(c->metrics_host))
        mistake(m, s->line,
                "metrics=%s is not on loopback, and there is no password; use 127.0.0.1 or [::1] "
                "and a proxy that asks for one",
                s->value);
}

static void read_log(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    c->json = strcmp(s->value, "json") == 0;
    if (!c->json && strcmp(s->value, "people") != 0)
        mistake(m, s->line, "log=%s: write people or json", s->value);
}

static void read_resolve(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    static const char *const words[] = {"off", "on", "ipv4", "ipv6"};

    for (unsigned i = 0; i < COUNT(words); i++) {
        if (strcmp(s->value, words[i]) != 0)
            continue;
        c->resolve = i;
#ifndef HAGUARDD_DNS
        if (i != RESOLVE_OFF)
            mistake(m, s->line, "resolve=%s: this haguardd was built without dns; write addresses",
                    s->value);
#endif
        return;
    }
    mistake(m, s->line, "resolve=%s: write off, on, ipv4 or ipv6", s->value);
    c->resolve = RESOLVE_ON; /* so that no node is complained of, too */
}

static void read_resolvers(struct conf *c, const struct ini_setting *s, struct mistakes *m)
{
    (void)m; /* the plugin says what is wrong */
    c->resolvers = s->value;
}

static const struct {
    const char *key;
    read_fn *read;
} general[] = {
    {"name", read_name},
    {"state-dir", read_state_dir},
    {"socket", read_socket},
    {"socket-mode", read_socket_mode},
    {"socket-group", read_socket_group},
    {"metrics", read_metrics},
    {"log", read_log},
    {"plugin-dir", read_plugin_dir},
    {"resolve", read_resolve},
    {"resolvers", read_resolvers},
};

int conf_is_setting(const char *key)
{
    struct hag_setting s = {.size = sizeof(s)};

    for (uint32_t i = 0; hag_setting_get(i, &s) == HAG_OK; i++)
        if (strcmp(s.name, key) == 0)
            return 1;
    return 0;
}

/* "; did you mean X?" or what else helps against a word that is none. */
static void no_such(struct mistakes *m, int line, const char *what, const char *word,
                    const char *const *words, const char *help)
{
    const char *near = meant(word, words);

    if (near)
        mistake(m, line, "there is no %s %s; did you mean %s?", what, word, near);
    else
        mistake(m, line, "there is no %s %s; %s", what, word, help);
}

static int one_line(const struct ini_setting *s, struct mistakes *m)
{
    if (!strchr(s->value, '\n'))
        return 1;
    mistake(m, s->line,
            "%s takes one line, and the next one begins with a blank, which continues it; begin "
            "each setting in the first column",
            s->key);
    return 0;
}

static void read_general(struct conf *c, struct mistakes *m)
{
    const char *words[COUNT(general) + 1] = {NULL};

    for (size_t i = 0; i < COUNT(general); i++)
        words[i] = general[i].key;
    for (const struct ini_setting *s = c->general->settings; s; s = s->next) {
        size_t i = 0;

        while (i < COUNT(general) && strcmp(general[i].key, s->key) != 0)
            i++;
        if (i == COUNT(general))
            no_such(m, s->line, "setting of [haguard]", s->key, words,
                    "haguard.conf(5) lists them");
        else if (one_line(s, m))
            general[i].read(c, s, m);
    }
}

/* Settings of the library's table; what concerns the guard as a whole has its place in [defaults]. */
static int is_policy(const struct ini_setting *s, int in_cluster, struct mistakes *m)
{
    if (!conf_is_setting(s->key))
        return 0;
    if (in_cluster && (strcmp(s->key, "doubt_min") == 0 || strcmp(s->key, "max_failovers") == 0))
        mistake(m, s->line, "%s concerns all clusters together; put it into [defaults]", s->key);
    return one_line(s, m) || 1;
}

#define MOST_SETTINGS 128

static void setting_words(const char **words, size_t n)
{
    struct hag_setting s = {.size = sizeof(s)};

    for (uint32_t i = 0; i < MOST_SETTINGS - n - 1 && hag_setting_get(i, &s) == HAG_OK; i++)
        words[n + i] = s.name;
}

static void read_defaults(struct conf *c, struct mistakes *m)
{
    const char *words[MOST_SETTINGS] = {NULL};

    setting_words(words, 0);
    for (const struct ini_setting *s = c->defaults ? c->defaults->settings : NULL; s; s = s->next)
        if (!is_policy(s, 0, m))
            no_such(m, s->line, "setting", s->key, words, "haguard.conf(5) lists them");
}

static void read_plugin(struct conf *c, struct conf_plugin *p, struct mistakes *m)
{
    const char *built_in = strcmp(p->at->kind, "dns") == 0 ? "dns" : "redis";
    struct ini_section *at = (struct ini_section *)(uintptr_t)p->at;
    size_t size = 1;

    (void)c;
    p->name = at->name;
    p->module = built_in;
    for (const struct ini_setting *s = at->settings; s; s = s->next)
        size += strlen(s->key) + strlen(s->value) + 2;
    p->settings = must(calloc(1, size));
    for (const struct ini_setting *s = at->settings; s; s = s->next) {
        if (!one_line(s, m))
            continue;
        if (strcmp(s->key, "plugin") == 0)
            p->module = s->value;
        else
            sprintf(p->settings + strlen(p->settings), "%s=%s\n", s->key, s->value);
    }
    p->files = secrets_print(at);
}

static struct conf_plugin *refer(const struct conf *c, const struct ini_setting *s,
                                 struct mistakes *m)
{
    struct conf_plugin *p = conf_plugin(c, s->key, s->value);

    if (!p)
        mistake(m, s->line, "there is no [%s %s]; add it, or name one that is there", s->key,
                s->value);
    return p;
}

static void read_command(struct conf_cluster *c, const struct ini_setting *s, struct mistakes *m)
{
    if (s->cut)
        mistake(m, s->line,
                "' ;' begins a comment and would cut the command; write ';' without a blank before "
                "it, or one command a line");
    if (*s->value == '\0')
        mistake(m, s->line,
                "on-endpoint has no command; write one, or none if nobody is to be told");
    c->command = strcmp(s->value, "none") == 0 ? NULL : s->value;
}

static void check_cluster(struct conf_cluster *c, int has_command, struct mistakes *m)
{
    if (!ini_find(c->at, "store"))
        mistake(m, c->at->line, "cluster %s has no store; add store=NAME of a [store NAME]",
                c->name);
    if (!ini_find(c->at, "dns") && !has_command)
        mistake(m, c->at->line,
                "cluster %s has no name to move; add dns=NAME, on-endpoint=COMMAND, or "
                "on-endpoint=none",
                c->name);
    if (ini_find(c->at, "dns") && has_command)
        mistake(m, c->at->line, "cluster %s has both dns and on-endpoint; keep one of them",
                c->name);
    if (c->nnodes == 0)
        mistake(m, c->at->line, "cluster %s has no nodes; add node.NAME=HOST:PORT for each",
                c->name);
}

static void read_cluster(struct conf *conf, struct conf_cluster *c, struct mistakes *m)
{
    const char *words[MOST_SETTINGS] = {"store", "dns", "on-endpoint", "prefer-zone", NULL};
    int has_command = 0;

    setting_words(words, 4);
    c->name = c->at->name;
    c->zone = "";
    for (const struct ini_setting *s = c->at->settings; s; s = s->next) {
        if (strcmp(s->key, "on-endpoint") == 0) {
            read_command(c, s, m);
            has_command = 1;
        } else if (is_policy(s, 1, m)) {
            continue;
        } else if (!one_line(s, m)) {
            continue;
        } else if (strcmp(s->key, "store") == 0) {
            c->store = refer(conf, s, m);
        } else if (strcmp(s->key, "dns") == 0) {
            c->dns = refer(conf, s, m);
        } else if (strcmp(s->key, "prefer-zone") == 0) {
            c->zone = s->value;
        } else if (strncmp(s->key, "node.", 5) == 0) {
            c->nodes = must(realloc(c->nodes, (c->nnodes + 1) * sizeof(*c->nodes)));
            node_read(&c->nodes[c->nnodes++], s, m);
        } else {
            no_such(m, s->line, "setting", s->key, words,
                    "haguard.conf(5) lists them; nodes are node.NAME");
        }
    }
    check_cluster(c, has_command, m);
}

/* Names of nodes are resolved where that is wanted. */
static void check_names(const struct conf *c, struct mistakes *m)
{
    const struct ini_setting *resolvers = c->general ? ini_find(c->general, "resolvers") : NULL;

    if (resolvers && c->resolve == RESOLVE_OFF)
        mistake(m, resolvers->line, "resolvers is of no use without resolve; add resolve=on");
    for (size_t i = 0; i < c->nclusters && c->resolve == RESOLVE_OFF; i++) {
        for (size_t j = 0; j < c->clusters[i].nnodes; j++) {
            const struct conf_node *n = &c->clusters[i].nodes[j];

            if (n->host)
                mistake(m, n->at->line,
                        "%s is a name; write a numeric address, as in 192.0.2.1:%s, or set "
                        "resolve=on in [haguard]",
                        n->host, n->port);
        }
    }
}

static void read_sections(struct conf *c, struct mistakes *m)
{
    static const char *const kinds[] = {"haguard", "defaults", "store", "dns", "cluster", NULL};

    for (const struct ini_section *s = c->ini->sections; s; s = s->next) {
        int named = strcmp(s->kind, "haguard") != 0 && strcmp(s->kind, "defaults") != 0;

        if (strcmp(s->kind, "cluster") == 0)
            c->nclusters++;
        else if (strcmp(s->kind, "store") == 0 || strcmp(s->kind, "dns") == 0)
            c->nplugins++;
        else if (strcmp(s->kind, "haguard") == 0)
            c->general = s;
        else if (strcmp(s->kind, "defaults") == 0)
            c->defaults = s;
        else {
            no_such(m, s->line, "kind of section", s->kind, kinds,
                    "there are haguard, defaults, store, dns and cluster");
            continue;
        }
        if (named != (*s->name != '\0'))
            mistake(m, s->line,
                    named ? "[%s] needs a name, as in [%s NAME]" : "[%s] has no name; write [%s]",
                    s->kind, s->kind);
    }
}

struct conf *conf_read(const char *file, struct mistakes *m)
{
    struct conf *c = must(calloc(1, sizeof(*c)));
    size_t plugins = 0, clusters = 0;

    m->file = file;
    c->file = file;
    c->name = "haguardd";
    c->socket = HAGUARDD_SOCKET;
    c->socket_mode = 0600;
    c->resolvers = "system";
    c->ini = ini_read(file, m);
    read_sections(c, m);
    c->plugins = must(calloc(c->nplugins + 1, sizeof(*c->plugins)));
    c->clusters = must(calloc(c->nclusters + 1, sizeof(*c->clusters)));
    for (const struct ini_section *s = c->ini->sections; s; s = s->next) {
        if (strcmp(s->kind, "store") == 0 || strcmp(s->kind, "dns") == 0) {
            c->plugins[plugins].at = s;
            read_plugin(c, &c->plugins[plugins++], m);
        }
    }
    for (const struct ini_section *s = c->ini->sections; s; s = s->next) {
        if (strcmp(s->kind, "cluster") == 0) {
            c->clusters[clusters].at = s;
            read_cluster(c, &c->clusters[clusters++], m);
        }
    }
    if (c->general)
        read_general(c, m);
    read_defaults(c, m);
    check_names(c, m);
    if (m->n == 0 && !c->state_dir)
        mistake(m, c->general ? c->general->line : 0,
                "state-dir is missing from [haguard]; the records of the clusters need a "
                "directory, as in state-dir=/var/lib/haguard");
    if (m->n == 0 && c->nclusters == 0)
        mistake(m, 0, "there is no cluster; add a [cluster NAME]");
    return c;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->nplugins; i++)
        free(c->plugins[i].settings);
    for (size_t i = 0; i < c->nclusters; i++) {
        for (size_t n = 0; n < c->clusters[i].nnodes; n++)
            free(c->clusters[i].nodes[n].words);
        free(c->clusters[i].nodes);
    }
    free(c->plugins);
    free(c->clusters);
    free(c->metrics);
    ini_free(c->ini);
    free(c);
}

struct conf_plugin *conf_plugin(const struct conf *c, const char *kind, const char *name)
{
    for (size_t i = 0; i < c->nplugins; i++)
        if (strcmp(c->plugins[i].at->kind, kind) == 0 && strcmp(c->plugins[i].name, name) == 0)
            return &c->plugins[i];
    return NULL;
}

struct conf_cluster *conf_cluster(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->nclusters; i++)
        if (strcmp(c->clusters[i].name, name) == 0)
            return &c->clusters[i];
    return NULL;
}

const struct conf_node *conf_node(const struct conf_cluster *c, const char *name)
{
    for (size_t i = 0; i < c->nnodes; i++)
        if (strcmp(c->nodes[i].spec.name, name) == 0)
            return &c->nodes[i];
    return NULL;
}
