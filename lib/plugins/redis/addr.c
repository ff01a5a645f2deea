/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"

int hag__redis_number(const char *s, size_t n, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    if (n == 0 || n > 20)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        uint64_t d = (uint64_t)(s[i] - '0');
        if (v > (max - d) / 10)
            return -1;
        v = v * 10 + d;
    }
    if (v > max)
        return -1;
    *out = v;
    return 0;
}

int hag__redis_addr_parse(const char *text, struct hag__redis_addr *out)
{
    unsigned char bin[16];
    struct hag__redis_addr a;
    const char *colon = text ? strrchr(text, ':') : NULL;
    uint64_t port;

    if (!colon || hag__redis_number(colon + 1, strlen(colon + 1), 65535, &port) || port == 0)
        return -1;
    size_t n = (size_t)(colon - text);
    int family = AF_INET;
    if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
        family = AF_INET6;
        text++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof(a.host))
        return -1;
    memcpy(a.host, text, n);
    a.host[n] = '\0';
    a.port = (uint16_t)port;
    if (inet_pton(family, a.host, bin) != 1)
        return -1;
    *out = a;
    return 0;
}

int hag__redis_addr_format(const char *host, uint32_t port, char out[HAG_ADDR_MAX])
{
    char text[HAG_ADDR_MAX + 16];
    int n = strchr(host, ':') ? snprintf(text, sizeof(text), "[%s]:%u", host, port)
                              : snprintf(text, sizeof(text), "%s:%u", host, port);

    if (n < 0 || n >= HAG_ADDR_MAX)
        return -1;
    memcpy(out, text, (size_t)n + 1);
    return 0;
}
