/* SPDX-License-Identifier: MIT
 *
 * config.h - the settings of an instance. doc/dns.md lists them.
 */
#ifndef HAG_DNS_CONFIG_H
#define HAG_DNS_CONFIG_H

#include "addr.h"
#include "key.h"
#include "name.h"

#define HAG__DNS_SERVERS  8
#define HAG__DNS_PATH_MAX 512

enum { HAG__DNS_FIRST = 0, HAG__DNS_ALL = 1 };
enum { HAG__DNS_TCP_AUTO = 0, HAG__DNS_TCP_ALWAYS = 1 };

struct hag__dns_servers {
    uint32_t n;
    struct hag__dns_addr addrs[HAG__DNS_SERVERS];
};

struct hag__dns_resolvers {
    uint32_t said;                   /* in the settings */
    uint32_t only;                   /* the instance does nothing else */
    struct hag__dns_servers servers; /* none: those of this machine */
};

struct hag__dns_config {
    struct hag__dns_servers servers; /* that are checked */
    struct hag__dns_servers masters; /* that are updated */
    struct hag__dns_resolvers resolvers;
    uint32_t update;
    uint32_t tcp;
    uint32_t timeout; /* ms, of one attempt at one server */
    uint32_t reserved;
    char zone[HAG__DNS_NAME_MAX];
    char names[2][HAG__DNS_NAME_MAX]; /* patterns by HAG_ENDPOINT_; empty: none */
    char key_name[HAG__DNS_NAME_MAX]; /* as the settings say */
    char key_algorithm[16];
    char key_file[HAG__DNS_PATH_MAX];
    char key_env[128];
    struct hag__dns_key key;
};

/* Reads lines of key=value and the key that they point to. Returns 0, or a HAG_ERR_ and the cure in
 * why. */
int32_t hag__dns_config_read(struct hag__dns_config *c, const char *text, char *why, size_t n);

/* Reads the key again from where it is kept. On an error the old one stays. */
int32_t hag__dns_config_key(struct hag__dns_config *c, char *why, size_t n);

/* Overwrites the secret. */
void hag__dns_config_wipe(struct hag__dns_config *c);

#endif
