/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"

int hag__dns_number(const char *s, size_t n, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    if (n == 0 || n > 20)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        uint64_t digit = (uint64_t)(s[i] - '0');
        if (digit > max || v > (max - digit) / 10)
            return -1;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

static int parse_ip(const char *text, size_t n, struct hag__dns_ip *out)
{
    char copy[HAG_ADDR_MAX];

    if (n == 0 || n >= sizeof(copy))
        return -1;
    memcpy(copy, text, n);
    copy[n] = '\0';
    memset(out, 0, sizeof(*out));
    out->len = memchr(copy, ':', n) ? 16 : 4;
    return inet_pton(out->len == 16 ? AF_INET6 : AF_INET, copy, out->bytes) == 1 ? 0 : -1;
}

int hag__dns_addr_parse(const char *text, size_t n, uint16_t port, struct hag__dns_addr *out)
{
    const char *host = text, *end = text + n, *colon = NULL;
    size_t nhost = n;
    uint64_t v = port;

    if (n && text[0] == '[') {
        const char *close = memchr(text, ']', n);
        if (!close)
            return -1;
        host = text + 1;
        nhost = (size_t)(close - host);
        if (!memchr(host, ':', nhost))
            return -1;
        colon = close + 1 < end ? close + 1 : NULL;
        if (colon && *colon != ':')
            return -1;
    } else {
        colon = memchr(text, ':', n);
        if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
            if (!port) /* which colon begins the port cannot be told */
                return -1;
            colon = NULL;
        }
        if (colon)
            nhost = (size_t)(colon - text);
    }
    if (!colon && !port)
        return -1;
    if (colon && (hag__dns_number(colon + 1, (size_t)(end - colon - 1), 65535, &v) || v == 0))
        return -1;
    if (parse_ip(host, nhost, &out->ip))
        return -1;
    out->port = (uint16_t)v;
    return 0;
}

void hag__dns_ip_format(const struct hag__dns_ip *ip, char out[HAG_ADDR_MAX])
{
    if (!inet_ntop(ip->len == 16 ? AF_INET6 : AF_INET, ip->bytes, out, HAG_ADDR_MAX))
        snprintf(out, HAG_ADDR_MAX, "?");
}

void hag__dns_addr_format(const struct hag__dns_addr *a, char out[HAG_ADDR_MAX])
{
    char ip[HAG_ADDR_MAX];

    hag__dns_ip_format(&a->ip, ip);
    snprintf(out, HAG_ADDR_MAX, a->ip.len == 16 ? "[%.46s]:%u" : "%.46s:%u", ip, a->port);
}

socklen_t hag__dns_addr_native(const struct hag__dns_addr *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (a->ip.len == 16) {
        struct sockaddr_in6 s6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
        memcpy(&s6.sin6_addr, a->ip.bytes, 16);
        memcpy(out, &s6, sizeof(s6));
        return sizeof(s6);
    }
    struct sockaddr_in s4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&s4.sin_addr, a->ip.bytes, 4);
    memcpy(out, &s4, sizeof(s4));
    return sizeof(s4);
}

void hag__dns_addr_from(const struct sockaddr_storage *in, struct hag__dns_addr *out)
{
    memset(out, 0, sizeof(*out));
    if (in->ss_family == AF_INET6) {
        struct sockaddr_in6 s6;
        memcpy(&s6, in, sizeof(s6));
        out->ip.len = 16;
        memcpy(out->ip.bytes, &s6.sin6_addr, 16);
        out->port = ntohs(s6.sin6_port);
    } else {
        struct sockaddr_in s4;
        memcpy(&s4, in, sizeof(s4));
        out->ip.len = 4;
        memcpy(out->ip.bytes, &s4.sin_addr, 4);
        out->port = ntohs(s4.sin_port);
    }
}

static int order(const struct hag__dns_ip *a, const uint8_t *bytes, uint32_t len)
{
    return a->len != len ? (a->len < len ? -1 : 1) : memcmp(a->bytes, bytes, len);
}

int hag__dns_addr_same(const struct hag__dns_addr *a, const struct hag__dns_addr *b)
{
    return a->port == b->port && order(&a->ip, b->ip.bytes, b->ip.len) == 0;
}

void hag__dns_set_add(struct hag__dns_set *s, const uint8_t *bytes, uint32_t len)
{
    uint32_t at = 0;

    while (at < s->n && order(&s->ips[at], bytes, len) < 0)
        at++;
    if (at < s->n && order(&s->ips[at], bytes, len) == 0)
        return;
    if (s->n == HAG_NODES_MAX) {
        s->overfull = 1;
        return;
    }
    memmove(&s->ips[at + 1], &s->ips[at], (s->n - at) * sizeof(s->ips[0]));
    memset(&s->ips[at], 0, sizeof(s->ips[at]));
    s->ips[at].len = len;
    memcpy(s->ips[at].bytes, bytes, len);
    s->n++;
}

int hag__dns_set_same(const struct hag__dns_set *a, const struct hag__dns_set *b, uint32_t len)
{
    uint32_t i = 0, j = 0;

    if (a->overfull || b->overfull)
        return 0;
    for (;; i++, j++) {
        while (i < a->n && a->ips[i].len != len)
            i++;
        while (j < b->n && b->ips[j].len != len)
            j++;
        if (i == a->n || j == b->n)
            return i == a->n && j == b->n;
        if (order(&a->ips[i], b->ips[j].bytes, len) != 0)
            return 0;
    }
}

void hag__dns_set_format(const struct hag__dns_set *s, uint32_t len, char *out, size_t room)
{
    size_t used = 0;
    char ip[HAG_ADDR_MAX];

    snprintf(out, room, "none");
    for (uint32_t i = 0; i < s->n; i++) {
        if (len && s->ips[i].len != len)
            continue;
        hag__dns_ip_format(&s->ips[i], ip);
        size_t need = strlen(ip) + (used ? 1 : 0);
        if (used + need + 5 > room) {
            snprintf(out + used, room - used, " ...");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%s", used ? " " : "", ip);
    }
}
