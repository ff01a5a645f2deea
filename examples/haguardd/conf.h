/* SPDX-License-Identifier: MIT
 *
 * conf.h - what a configuration file says, and the objects that came of it once it is in force.
 */
#ifndef HAGUARDD_CONF_H
#define HAGUARDD_CONF_H

#include <haguard/haguard.h>

#include "inifile.h"
#include "mistakes.h"

struct service;

struct conf_plugin { /* [store NAME] or [dns NAME] */
    const struct ini_section *at;
    const char *name;
    const char *module; /* built in, in the plugin directory, or a path */
    char *settings;     /* lines of key=value */
    uint64_t files;     /* what the files that it names contain */
    hag_plugin_id id;   /* in force */
};

struct conf_node { /* node.NAME=HOST:PORT ... */
    const struct ini_setting *at;
    struct hag_node_spec spec; /* its text is in words, its address in addr */
    char *words;
    const char *host;        /* a name that is to be resolved; NULL: the address is numeric */
    const char *port;        /* of host */
    char addr[HAG_ADDR_MAX]; /* "": not known yet */
};

struct conf_cluster {
    const struct ini_section *at;
    const char *name;
    struct conf_plugin *store;
    struct conf_plugin *dns; /* NULL: command */
    const char *command;     /* NULL: nobody is told */
    const char *zone;        /* "" for none */
    struct conf_node *nodes;
    size_t nnodes;
    struct service *service; /* in force */
};

enum { RESOLVE_OFF = 0, RESOLVE_ON = 1, RESOLVE_IPV4 = 2, RESOLVE_IPV6 = 3 };

struct conf {
    const char *file;
    struct ini *ini;
    const struct ini_section *general;
    const struct ini_section *defaults; /* settings of every cluster; may be NULL */
    const char *name;
    const char *state_dir;
    const char *socket;
    const char *socket_group; /* NULL: that of the process */
    const char *plugin_dir;   /* NULL: that of the library */
    const char *metrics_host; /* NULL: no metrics */
    unsigned metrics_port;
    unsigned socket_mode;
    unsigned resolve;      /* RESOLVE_: whether nodes may have names */
    const char *resolvers; /* who is asked for them */
    int json;
    struct conf_plugin *plugins;
    size_t nplugins;
    struct conf_cluster *clusters;
    size_t nclusters;
    char *metrics; /* text behind metrics_host */
};

/* Reads a file; everything that is wrong and can be seen without a guard goes to m. Never NULL. */
struct conf *conf_read(const char *file, struct mistakes *m);
void conf_free(struct conf *c);

struct conf_plugin *conf_plugin(const struct conf *c, const char *kind, const char *name);
struct conf_cluster *conf_cluster(const struct conf *c, const char *name);
const struct conf_node *conf_node(const struct conf_cluster *c, const char *name);

/* Whether key is a setting of the library's table. */
int conf_is_setting(const char *key);

#endif
