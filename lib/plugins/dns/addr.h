/* SPDX-License-Identifier: MIT
 *
 * addr.h - numeric addresses, and sets of them as a name has them.
 */
#ifndef HAG_DNS_ADDR_H
#define HAG_DNS_ADDR_H

#include <sys/socket.h>

#include <haguard/plugin.h>

struct hag__dns_ip {
    uint32_t len; /* 4 or 16 */
    uint8_t bytes[16];
};

struct hag__dns_addr {
    struct hag__dns_ip ip;
    uint16_t port;
};

/* Sorted, each once. */
struct hag__dns_set {
    uint32_t n;
    uint32_t overfull; /* there were more */
    struct hag__dns_ip ips[HAG_NODES_MAX];
};

/* "192.0.2.1:53", "[2001:db8::1]:53". With port not 0 it may be left out, the brackets too.
 * Returns 0, or -1 when it is not numeric. */
int hag__dns_addr_parse(const char *text, size_t n, uint16_t port, struct hag__dns_addr *out);

void hag__dns_addr_format(const struct hag__dns_addr *a, char out[HAG_ADDR_MAX]);
void hag__dns_ip_format(const struct hag__dns_ip *ip, char out[HAG_ADDR_MAX]);

socklen_t hag__dns_addr_native(const struct hag__dns_addr *a, struct sockaddr_storage *out);
void hag__dns_addr_from(const struct sockaddr_storage *in, struct hag__dns_addr *out);
int hag__dns_addr_same(const struct hag__dns_addr *a, const struct hag__dns_addr *b);

void hag__dns_set_add(struct hag__dns_set *s, const uint8_t *bytes, uint32_t len);

/* Whether both have the same addresses of len bytes. */
int hag__dns_set_same(const struct hag__dns_set *a, const struct hag__dns_set *b, uint32_t len);

/* The addresses of len bytes (0: all) for people, cut where there is no room. */
void hag__dns_set_format(const struct hag__dns_set *s, uint32_t len, char *out, size_t room);

/* A whole decimal number from 0 to max. Returns 0 or -1. */
int hag__dns_number(const char *s, size_t n, uint64_t max, uint64_t *out);

#endif
