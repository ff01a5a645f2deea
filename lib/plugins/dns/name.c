/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "name.h"

static int fits(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int hag__dns_name_read(const char *text, size_t len, char out[HAG__DNS_NAME_MAX], char *why,
                       size_t n)
{
    size_t label = 0;

    if (len && text[len - 1] == '.')
        len--;
    if (len == 0 || len > 253) {
        snprintf(why, n, "a domain name has 1 to 253 characters");
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
        label = c == '.' ? 0 : label + 1;
        if (c == '.' ? i == 0 || text[i - 1] == '.' || i + 1 == len : label > 63 || !fits(c)) {
            snprintf(why, n,
                     "the parts of a domain name have 1 to 63 letters, digits, '-' or '_' each");
            return -1;
        }
        out[i] = c;
    }
    out[len] = '\0';
    return 0;
}

int hag__dns_name_expand(const char *pattern, const char *cluster, const char *zone,
                         char out[HAG__DNS_NAME_MAX], char *why, size_t n)
{
    char text[2 * HAG__DNS_NAME_MAX];
    size_t used = 0, nzone = strlen(zone);

    for (const char *s = pattern; *s && used < sizeof(text); s++) {
        if (*s != '%') {
            text[used++] = *s;
            continue;
        }
        s++;
        if (*s != 'c') {
            snprintf(why, n, "%%c stands for the cluster, and no other %% is known");
            return -1;
        }
        size_t len = strlen(cluster);
        if (used + len > sizeof(text))
            len = sizeof(text) - used;
        memcpy(text + used, cluster, len);
        used += len;
    }
    if (hag__dns_name_read(text, used, out, why, n))
        return -1;
    size_t len = strlen(out);
    if (len < nzone || strcmp(out + len - nzone, zone) != 0 ||
        (len > nzone && out[len - nzone - 1] != '.')) {
        snprintf(why, n, "%.80s is not in the zone %.60s", out, zone);
        return -1;
    }
    return 0;
}
