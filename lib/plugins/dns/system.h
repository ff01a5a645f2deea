/* SPDX-License-Identifier: MIT
 *
 * system.h - how this machine resolves names: resolv.conf(5) and hosts(5).
 */
#ifndef HAG_DNS_SYSTEM_H
#define HAG_DNS_SYSTEM_H

#include "config.h"

#define HAG__DNS_DOMAINS 6 /* of a search list */

struct hag__dns_channel;

struct hag__dns_system {
    struct hag__dns_servers servers;
    uint32_t hosts; /* /etc/hosts comes first */
    uint32_t ndots; /* so many dots, and a name is asked for as it is before the search list */
    uint32_t ndomains;
    char domains[HAG__DNS_DOMAINS][HAG__DNS_NAME_MAX];
};

/* Reads the bytes of a resolv.conf; host is this machine's name. What it does not know it skips. */
void hag__dns_system_parse(struct hag__dns_system *s, const char *text, size_t n, const char *host);
void hag__dns_system_read(struct hag__dns_system *s);

/* The i-th name to ask for, from 0; empty where it would be too long. complete: without the search
 * list. Returns 0, or -1 when there are no more. */
int hag__dns_system_name(const struct hag__dns_system *s, const char *name, uint32_t complete,
                         uint32_t i, char out[HAG__DNS_NAME_MAX]);

/* Adds what /etc/hosts says of a name, of addresses of len bytes. Any channel will do. */
void hag__dns_hosts(const struct hag__dns_channel *c, const char *name, uint32_t len,
                    struct hag__dns_set *out);

#endif
