/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "key.h"

/* hmac-sha384 and hmac-sha224 are not there: ldns 1.8 cannot sign with them. */
static const char *const algorithms[] = {"hmac-sha256", "hmac-sha512", "hmac-sha1"};

struct span {
    const char *at;
    size_t n;
};

int hag__dns_algorithm(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strlen(algorithms[i]) == n && strncasecmp(algorithms[i], name, n) == 0)
            return 1;
    return 0;
}

static int base64(const char *s, size_t n)
{
    size_t pad = 0;

    while (pad < 2 && n > pad && s[n - 1 - pad] == '=')
        pad++;
    if (n == 0 || n % 4 != 0 || n >= HAG__DNS_SECRET_MAX)
        return 0;
    for (size_t i = 0; i < n - pad; i++)
        if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z') ||
              (s[i] >= '0' && s[i] <= '9') || s[i] == '+' || s[i] == '/'))
            return 0;
    return n > pad;
}

static struct span word(const char **s, const char *end)
{
    struct span w;

    while (*s < end && strchr(" \t\r\n\"';{}-", **s))
        (*s)++;
    w.at = *s;
    while (*s < end && !strchr(" \t\r\n\"';{}", **s))
        (*s)++;
    w.n = (size_t)(*s - w.at);
    return w;
}

static int is(struct span w, const char *text)
{
    return w.n == strlen(text) && memcmp(w.at, text, w.n) == 0;
}

/* key "NAME" { algorithm A; secret "S"; }; and key: - id: NAME algorithm: A secret: S differ only
 * in their marks. The first key of the file counts. */
static void from_file(const char *s, const char *end, struct span *name, struct span *alg,
                      struct span *secret)
{
    while (s < end && !secret->n) {
        struct span w = word(&s, end);
        if (w.n == 0)
            break;
        if (w.at[0] == '#' || (w.n > 1 && w.at[0] == '/' && w.at[1] == '/')) {
            const char *nl = memchr(w.at, '\n', (size_t)(end - w.at));
            s = nl ? nl : end;
        } else if (is(w, "key") || is(w, "id:")) {
            *name = word(&s, end);
        } else if (is(w, "algorithm") || is(w, "algorithm:")) {
            *alg = word(&s, end);
        } else if (is(w, "secret") || is(w, "secret:")) {
            *secret = word(&s, end);
        }
    }
}

/* [[ALGORITHM:]NAME:]SECRET, as kdig and knsupdate take it */
static void from_line(const char *s, size_t n, struct span *name, struct span *alg,
                      struct span *secret)
{
    const char *first = memchr(s, ':', n);
    const char *second = first ? memchr(first + 1, ':', n - (size_t)(first - s) - 1) : NULL;

    if (second) {
        *alg = (struct span){s, (size_t)(first - s)};
        *name = (struct span){first + 1, (size_t)(second - first - 1)};
        *secret = (struct span){second + 1, n - (size_t)(second - s) - 1};
    } else if (first) {
        *name = (struct span){s, (size_t)(first - s)};
        *secret = (struct span){first + 1, n - (size_t)(first - s) - 1};
    } else {
        *secret = (struct span){s, n};
    }
}

static int take(struct hag__dns_key *key, struct span name, struct span alg, struct span secret,
                char *why, size_t n)
{
    char text[HAG__DNS_NAME_MAX], bad[100];

    if (name.n) {
        if (hag__dns_name_read(name.at, name.n, text, bad, sizeof(bad))) {
            snprintf(why, n, "the key's name is not possible: %s", bad);
            return -1;
        }
        if (key->name[0] && strcmp(key->name, text) != 0) {
            snprintf(why, n, "it has the key %.60s, but key-name says %.60s", text, key->name);
            return -1;
        }
        memcpy(key->name, text, strlen(text) + 1);
    }
    if (alg.n) {
        if (!hag__dns_algorithm(alg.at, alg.n)) {
            snprintf(why, n, "its algorithm is none of hmac-sha256, hmac-sha512, hmac-sha1");
            return -1;
        }
        if (key->algorithm[0] &&
            (strlen(key->algorithm) != alg.n || strncasecmp(key->algorithm, alg.at, alg.n) != 0)) {
            snprintf(why, n, "its algorithm is not %s, as key-algorithm says", key->algorithm);
            return -1;
        }
        for (size_t i = 0; i < alg.n; i++)
            key->algorithm[i] =
                (char)(alg.at[i] >= 'A' && alg.at[i] <= 'Z' ? alg.at[i] + 32 : alg.at[i]);
        key->algorithm[alg.n] = '\0';
    }
    if (!base64(secret.at, secret.n)) {
        snprintf(why, n, "it has no secret in base64 of at most %d characters",
                 HAG__DNS_SECRET_MAX - 1);
        return -1;
    }
    memcpy(key->secret, secret.at, secret.n);
    key->secret[secret.n] = '\0';
    return 0;
}

int hag__dns_key_read(struct hag__dns_key *key, const char *text, size_t len, char *why, size_t n)
{
    struct span name = {NULL, 0}, alg = {NULL, 0}, secret = {NULL, 0};
    struct hag__dns_key copy = *key;
    int err;

    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    while (len && strchr(" \t\r\n", text[0])) {
        text++;
        len--;
    }
    if (memchr(text, '\n', len) || memchr(text, ' ', len))
        from_file(text, text + len, &name, &alg, &secret);
    else
        from_line(text, len, &name, &alg, &secret);
    err = take(&copy, name, alg, secret, why, n);
    if (!err)
        *key = copy;
    explicit_bzero(&copy, sizeof(copy));
    return err;
}
