/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* The guard has room for 160 characters of what is wrong, so it is said in few. */

struct key {
    const char *name;
    int (*store)(void *at, size_t room, const char *s, size_t n, const char *words);
    size_t room;
    size_t at;
    const char *words; /* what a good value looks like */
};

static int store_text(void *at, size_t room, const char *s, size_t n, const char *words)
{
    (void)words;
    if (n == 0 || n >= room)
        return -1;
    memcpy(at, s, n);
    ((char *)at)[n] = '\0';
    return 0;
}

static int store_domain(void *at, size_t room, const char *s, size_t n, const char *words)
{
    char why[1];

    (void)room;
    (void)words;
    return hag__dns_name_read(s, n, at, why, sizeof(why));
}

static int store_choice(void *at, size_t room, const char *s, size_t n, const char *words)
{
    (void)room;
    for (uint32_t i = 0; words; i++) {
        const char *end = strchr(words, '|');
        size_t len = end ? (size_t)(end - words) : strlen(words);
        if (len == n && memcmp(words, s, n) == 0) {
            memcpy(at, &i, sizeof(i));
            return 0;
        }
        words = end ? end + 1 : NULL;
    }
    return -1;
}

static int store_duration(void *at, size_t room, const char *s, size_t n, const char *words)
{
    size_t digits = 0;
    uint64_t v, unit;
    uint32_t ms;

    (void)room;
    (void)words;
    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    if (n - digits == 2 && memcmp(s + digits, "ms", 2) == 0)
        unit = 1;
    else if (n - digits == 1 && s[digits] == 's')
        unit = 1000;
    else
        return -1;
    if (hag__dns_number(s, digits, 60000 / unit, &v) || v * unit < 20)
        return -1;
    ms = (uint32_t)(v * unit);
    memcpy(at, &ms, sizeof(ms));
    return 0;
}

static int store_servers(void *at, size_t room, const char *s, size_t n, const char *words)
{
    struct hag__dns_servers *list = at;
    const char *end = s + n;

    (void)room;
    (void)words;
    memset(list, 0, sizeof(*list));
    for (;;) {
        const char *comma = memchr(s, ',', (size_t)(end - s));
        const char *stop = comma ? comma : end;
        struct hag__dns_addr a;
        while (s < stop && *s == ' ')
            s++;
        while (stop > s && stop[-1] == ' ')
            stop--;
        if (list->n == HAG__DNS_SERVERS || hag__dns_addr_parse(s, (size_t)(stop - s), 53, &a))
            return -1;
        for (uint32_t i = 0; i < list->n; i++)
            if (hag__dns_addr_same(&list->addrs[i], &a))
                return -1;
        list->addrs[list->n++] = a;
        if (!comma)
            return 0;
        s = comma + 1;
    }
}

static int store_resolvers(void *at, size_t room, const char *s, size_t n, const char *words)
{
    struct hag__dns_resolvers *r = at;

    r->said = 1;
    memset(&r->servers, 0, sizeof(r->servers));
    if (n == 6 && memcmp(s, "system", 6) == 0)
        return 0;
    return store_servers(&r->servers, room, s, n, words);
}

#define MEMBER(m) sizeof(((struct hag__dns_config *)0)->m), offsetof(struct hag__dns_config, m)

static const char servers_are[] = "1 to 8 different addresses, as in 192.0.2.1:53,[2001:db8::1]:53";

static const struct key keys[] = {
    {"servers", store_servers, MEMBER(servers), servers_are},
    {"update-servers", store_servers, MEMBER(masters), servers_are},
    {"update", store_choice, MEMBER(update), "first|all"},
    {"zone", store_domain, MEMBER(zone), "a domain name, as in db.example.org"},
    {"name.primary", store_text, MEMBER(names[HAG_ENDPOINT_PRIMARY]),
     "a name with %c for the cluster, as in %c.db.example.org"},
    {"name.replica", store_text, MEMBER(names[HAG_ENDPOINT_REPLICA]),
     "a name with %c for the cluster, as in %c-ro.db.example.org"},
    {"key-name", store_domain, MEMBER(key_name), "the name of a TSIG key"},
    {"key-algorithm", store_text, MEMBER(key_algorithm), "hmac-sha256, hmac-sha512 or hmac-sha1"},
    {"key-file", store_text, MEMBER(key_file), "a path of at most 511 bytes"},
    {"key-env", store_text, MEMBER(key_env), "the name of an environment variable"},
    {"resolvers", store_resolvers, MEMBER(resolvers),
     "system, or 1 to 8 different addresses, as in 192.0.2.1:53"},
    {"timeout", store_duration, MEMBER(timeout), "20ms to 60s, as in 2s"},
    {"tcp", store_choice, MEMBER(tcp), "auto|always"},
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

static int32_t unknown_key(const char *s, size_t n, char *why, size_t whylen)
{
    int len;

    if (n == 3 && memcmp(s, "key", 3) == 0) {
        snprintf(why, whylen, "a key is not written into the settings; use key-file or key-env");
        return HAG_ERR_NOT_FOUND;
    }
    len = snprintf(why, whylen, "no setting \"%.*s\"; there are", (int)(n > 20 ? 20 : n), s);
    for (size_t i = 0; i < NKEYS && len > 0 && (size_t)len < whylen; i++)
        len += snprintf(why + len, whylen - (size_t)len, " %s", keys[i].name);
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

static int32_t line(struct hag__dns_config *c, const char *s, size_t n, char *why, size_t whylen)
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
        const struct key *k = &keys[i];
        if (strlen(k->name) != nkey || memcmp(k->name, name, nkey) != 0)
            continue;
        if (eq && k->store((char *)c + k->at, k->room, value, nvalue, k->words) == 0)
            return 0;
        snprintf(why, whylen, "%s=%.*s is not possible; it takes %s", k->name,
                 (int)(nvalue > 40 ? 40 : nvalue), value, k->words);
        return HAG_ERR_INVAL;
    }
    return unknown_key(name, nkey, why, whylen);
}

static int32_t conflict(char *why, size_t n, const char *text)
{
    snprintf(why, n, "%s", text);
    return HAG_ERR_CONFLICT;
}

static int32_t check_names(const struct hag__dns_config *c, char *why, size_t n)
{
    char name[2][HAG__DNS_NAME_MAX], text[120];
    int32_t both = 0;

    for (uint32_t i = 0; i < 2; i++) {
        if (!c->names[i][0])
            continue;
        both++;
        if (hag__dns_name_expand(c->names[i], "c", c->zone, name[i], text, sizeof(text))) {
            snprintf(why, n, "name.%s: %s", i == HAG_ENDPOINT_PRIMARY ? "primary" : "replica",
                     text);
            return HAG_ERR_INVAL;
        }
    }
    if (both == 0)
        return conflict(why, n, "which name? Add name.primary=%c.ZONE, and name.replica");
    if (both == 2 && strcmp(name[0], name[1]) == 0)
        return conflict(why, n, "name.primary and name.replica are the same name; change one");
    return 0;
}

/* Whether nothing is said of a zone: then names of others are resolved, and no more. */
static int only_resolves(const struct hag__dns_config *c)
{
    return c->resolvers.said && !c->servers.n && !c->masters.n && !c->zone[0] &&
           !c->names[HAG_ENDPOINT_PRIMARY][0] && !c->names[HAG_ENDPOINT_REPLICA][0] &&
           !c->key_file[0] && !c->key_env[0] && !c->key_name[0];
}

static int32_t check(const struct hag__dns_config *c, char *why, size_t n)
{
    if (!c->servers.n)
        return conflict(why, n, "servers is missing; list the zone's authoritative servers");
    if (!c->zone[0])
        return conflict(why, n, "zone is missing; say in which zone the names are");
    if (c->key_file[0] && c->key_env[0])
        return conflict(why, n, "key-file and key-env are both set; keep one");
    if (!c->key_file[0] && !c->key_env[0])
        return conflict(why, n, "updates are signed: set key-file or key-env to a TSIG key");
    if (c->key_algorithm[0] && !hag__dns_algorithm(c->key_algorithm, strlen(c->key_algorithm)))
        return conflict(why, n, "key-algorithm takes hmac-sha256, hmac-sha512 or hmac-sha1");
    return check_names(c, why, n);
}

int32_t hag__dns_config_read(struct hag__dns_config *c, const char *text, char *why, size_t n)
{
    memset(c, 0, sizeof(*c));
    c->timeout = 2000;
    for (const char *s = text ? text : ""; *s;) {
        const char *end = strchr(s, '\n');
        size_t len = end ? (size_t)(end - s) : strlen(s);
        int32_t err = line(c, s, len, why, n);
        if (err)
            return err;
        s += len + (end ? 1 : 0);
    }
    c->resolvers.only = (uint32_t)only_resolves(c);
    int32_t err = c->resolvers.only ? 0 : check(c, why, n);
    if (err || c->resolvers.only)
        return err;
    if (!c->masters.n)
        c->masters = c->servers;
    return hag__dns_config_key(c, why, n);
}

static int32_t use(struct hag__dns_config *c, const char *s, size_t n, const char *from, char *why,
                   size_t whylen)
{
    struct hag__dns_key key;
    char bad[120];
    int32_t ret = HAG_ERR_INVAL;

    memset(&key, 0, sizeof(key));
    memcpy(key.name, c->key_name, sizeof(key.name));
    memcpy(key.algorithm, c->key_algorithm, sizeof(key.algorithm));
    if (hag__dns_key_read(&key, s, n, bad, sizeof(bad))) {
        snprintf(why, whylen, "%.60s: %s", from, bad);
    } else if (!key.name[0]) {
        snprintf(why, whylen, "%.60s has the secret only; add key-name", from);
    } else {
        if (!key.algorithm[0])
            snprintf(key.algorithm, sizeof(key.algorithm), "hmac-sha256");
        c->key = key;
        ret = 0;
    }
    explicit_bzero(&key, sizeof(key));
    return ret;
}

int32_t hag__dns_config_key(struct hag__dns_config *c, char *why, size_t n)
{
    char text[4096];

    if (c->key_env[0]) {
        const char *s = getenv(c->key_env);
        if (!s) {
            snprintf(why, n, "the environment has no %.60s; set it or use key-file", c->key_env);
            return HAG_ERR_NOT_FOUND;
        }
        return use(c, s, strlen(s), c->key_env, why, n);
    }
    FILE *f = fopen(c->key_file, "re");
    size_t len = f ? fread(text, 1, sizeof(text), f) : 0;
    int failed = !f || ferror(f);
    int err = errno;
    int32_t ret;
    if (f)
        fclose(f);
    if (failed) {
        snprintf(why, n, "cannot read key-file %.80s: %s", c->key_file, strerror(err));
        ret = HAG_ERR_NOT_FOUND;
    } else if (len == sizeof(text)) {
        snprintf(why, n, "key-file %.80s is longer than a key; write one key into it", c->key_file);
        ret = HAG_ERR_INVAL;
    } else {
        ret = use(c, text, len, c->key_file, why, n);
    }
    explicit_bzero(text, sizeof(text));
    return ret;
}

void hag__dns_config_wipe(struct hag__dns_config *c)
{
    explicit_bzero(&c->key, sizeof(c->key));
}
