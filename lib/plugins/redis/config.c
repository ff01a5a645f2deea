/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config.h"

enum { TEXT, DURATION, NUMBER, CHOICE };

struct key {
    const char *name;
    uint32_t kind;
    uint32_t room; /* TEXT: bytes; NUMBER, DURATION: bytes of the member */
    size_t at;
    uint64_t min;
    uint64_t max;
    const char *words; /* CHOICE: the words from 0 on; else what a good value looks like */
};

#define MEMBER(m)                                                                                  \
    (uint32_t)sizeof(((struct hag__redis_config *)0)->m), offsetof(struct hag__redis_config, m)

static const struct key keys[] = {
    {"user", TEXT, MEMBER(user), 0, 0, "a name of at most 127 bytes"},
    {"password-file", TEXT, MEMBER(password_file), 0, 0, "a path of at most 511 bytes"},
    {"password-env", TEXT, MEMBER(password_env), 0, 0, "the name of an environment variable"},
    {"flavour", CHOICE, MEMBER(flavour), 0, 0, "auto|redis|valkey|dragonfly"},
    {"fresh-every", DURATION, MEMBER(fresh_every), 100, 3600000, "100ms to 1h, as in 10s"},
    {"connect-timeout", DURATION, MEMBER(connect_timeout), 10, 60000, "10ms to 60s, as in 2s"},
    {"dead-port", NUMBER, MEMBER(dead_port), 1, 65535, "a port from 1 to 65535"},
    {"tls", CHOICE, MEMBER(tls), 0, 0, "off|on"},
    {"tls-ca", TEXT, MEMBER(tls_ca), 0, 0, "a path of at most 511 bytes"},
    {"tls-cert", TEXT, MEMBER(tls_cert), 0, 0, "a path of at most 511 bytes"},
    {"tls-key", TEXT, MEMBER(tls_key), 0, 0, "a path of at most 511 bytes"},
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

static const struct {
    const char *name;
    uint64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

static int duration(const char *s, size_t n, uint64_t max, uint64_t *out)
{
    size_t digits = 0;
    uint64_t v;

    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (n - digits != strlen(units[i].name) ||
            memcmp(s + digits, units[i].name, n - digits) != 0)
            continue;
        if (hag__redis_number(s, digits, max / units[i].ms, &v))
            return -1;
        *out = v * units[i].ms;
        return 0;
    }
    return -1;
}

static int choice(const char *s, size_t n, const char *words, uint64_t *out)
{
    for (uint64_t i = 0; words; i++) {
        const char *end = strchr(words, '|');
        size_t len = end ? (size_t)(end - words) : strlen(words);
        if (len == n && memcmp(words, s, n) == 0) {
            *out = i;
            return 0;
        }
        words = end ? end + 1 : NULL;
    }
    return -1;
}

static int store(const struct key *k, struct hag__redis_config *c, const char *s, size_t n)
{
    char *at = (char *)c + k->at;
    uint64_t v = 0;
    uint32_t v32;
    int err;

    switch (k->kind) {
    case TEXT:
        if (n == 0 || n >= k->room)
            return -1;
        memcpy(at, s, n);
        at[n] = '\0';
        return 0;
    case DURATION:
        err = duration(s, n, k->max, &v) || v < k->min;
        break;
    case NUMBER:
        err = hag__redis_number(s, n, k->max, &v) || v < k->min;
        break;
    default:
        err = choice(s, n, k->words, &v);
        break;
    }
    if (err)
        return -1;
    v32 = (uint32_t)v;
    if (k->room == sizeof(v))
        memcpy(at, &v, sizeof(v));
    else
        memcpy(at, &v32, sizeof(v32));
    return 0;
}

static int32_t unknown_key(const char *s, size_t n, char *why, size_t whylen)
{
    int len = snprintf(why, whylen, "redis: there is no setting \"%.*s\"; there are",
                       (int)(n > 40 ? 40 : n), s);

    if (n == 8 && memcmp(s, "password", 8) == 0)
        len = snprintf(why, whylen,
                       "redis: a password is not written into the settings; use "
                       "password-file or password-env. There are");
    for (size_t i = 0; i < NKEYS && len > 0 && (size_t)len < whylen; i++)
        len += snprintf(why + len, whylen - (size_t)len, "%s %s", i ? "," : "", keys[i].name);
    return HAG_ERR_NOT_FOUND;
}

static void trim(const char **s, size_t *n)
{
    while (*n && ((*s)[0] == ' ' || (*s)[0] == '\t')) {
        (*s)++;
        (*n)--;
    }
    while (*n && strchr(" \t\r", (*s)[*n - 1]))
        (*n)--;
}

static int32_t line(struct hag__redis_config *c, const char *s, size_t n, char *why, size_t whylen)
{
    trim(&s, &n);
    if (n == 0 || s[0] == '#')
        return 0;
    const char *eq = memchr(s, '=', n);
    size_t nkey = eq ? (size_t)(eq - s) : n;
    const char *name = s, *value = eq ? eq + 1 : s + n;
    size_t nvalue = eq ? n - nkey - 1 : 0;
    trim(&name, &nkey);
    trim(&value, &nvalue);
    for (size_t i = 0; i < NKEYS; i++) {
        if (strlen(keys[i].name) != nkey || memcmp(keys[i].name, name, nkey) != 0)
            continue;
        if (eq && store(&keys[i], c, value, nvalue) == 0)
            return 0;
        snprintf(why, whylen, "redis: %s=%.*s is not possible; it takes %s", keys[i].name,
                 (int)(nvalue > 60 ? 60 : nvalue), value, keys[i].words);
        return HAG_ERR_INVAL;
    }
    return unknown_key(name, nkey, why, whylen);
}

static int32_t conflict(char *why, size_t n, const char *text)
{
    snprintf(why, n, "redis: %s", text);
    return HAG_ERR_CONFLICT;
}

static int32_t check(const struct hag__redis_config *c, char *why, size_t n)
{
    int secret = c->password_file[0] || c->password_env[0];

    if (c->password_file[0] && c->password_env[0])
        return conflict(why, n, "password-file and password-env exclude each other; keep one");
    if (c->user[0] && !secret)
        return conflict(why, n, "user needs a password; add password-file or password-env");
    if (!c->tls && (c->tls_ca[0] || c->tls_cert[0] || c->tls_key[0]))
        return conflict(why, n, "tls-ca, tls-cert and tls-key do nothing without tls=on; add it");
    if (!c->tls_cert[0] != !c->tls_key[0])
        return conflict(why, n, "tls-cert and tls-key come together; add the other one");
    return 0;
}

int32_t hag__redis_config_read(struct hag__redis_config *c, const char *text, char *why, size_t n)
{
    memset(c, 0, sizeof(*c));
    c->fresh_every = 10000;
    c->connect_timeout = 2000;
    c->dead_port = 1;
    for (const char *s = text ? text : ""; *s;) {
        const char *end = strchr(s, '\n');
        size_t len = end ? (size_t)(end - s) : strlen(s);
        int32_t err = line(c, s, len, why, n);
        if (err)
            return err;
        s += len + (end ? 1 : 0);
    }
    int32_t err = check(c, why, n);
    return err ? err : hag__redis_config_password(c, why, n);
}

static int32_t use(struct hag__redis_config *c, const char *s, size_t n, const char *from,
                   char *why, size_t whylen)
{
    while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
        n--;
    if (n == 0 || n > sizeof(c->password)) {
        snprintf(why, whylen, "redis: the password in %s is %s", from,
                 n ? "longer than 512 bytes" : "empty; write one line with the password");
        return HAG_ERR_INVAL;
    }
    memcpy(c->password, s, n);
    c->npassword = (uint32_t)n;
    return 0;
}

int32_t hag__redis_config_password(struct hag__redis_config *c, char *why, size_t n)
{
    if (c->password_env[0]) {
        const char *s = getenv(c->password_env);
        if (!s) {
            snprintf(why, n, "redis: the environment has no %s; set it or use password-file",
                     c->password_env);
            return HAG_ERR_NOT_FOUND;
        }
        return use(c, s, strlen(s), c->password_env, why, n);
    }
    if (!c->password_file[0])
        return 0;
    char text[HAG__REDIS_SECRET_MAX + 3];
    FILE *f = fopen(c->password_file, "re");
    size_t len = f ? fread(text, 1, sizeof(text), f) : 0;
    int failed = !f || ferror(f);
    int err = errno;
    if (f)
        fclose(f);
    int32_t ret;
    if (failed) {
        snprintf(why, n, "redis: cannot read password-file %s: %s", c->password_file,
                 strerror(err));
        ret = HAG_ERR_NOT_FOUND;
    } else {
        ret = use(c, text, len, c->password_file, why, n);
    }
    explicit_bzero(text, sizeof(text));
    return ret;
}

void hag__redis_config_wipe(struct hag__redis_config *c)
{
    explicit_bzero(c->password, sizeof(c->password));
    c->npassword = 0;
}
