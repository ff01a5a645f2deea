/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <ares.h>

#include "dns.h"

/* Both files are read again whenever there is something to ask after a while, so that a change is
 * seen. */

#define RESOLV_CONF "/etc/resolv.conf"
#define NDOTS_MAX   15

/* The next word of a line; NULL at its end. */
static const char *word(const char **s, const char *end, size_t *n)
{
    const char *begin;

    while (*s < end && strchr(" \t\r", **s))
        (*s)++;
    begin = *s;
    while (*s < end && !strchr(" \t\r", **s))
        (*s)++;
    *n = (size_t)(*s - begin);
    return *n ? begin : NULL;
}

static void add_server(struct hag__dns_system *s, const char *text, size_t n)
{
    struct hag__dns_addr a;

    if (s->servers.n == HAG__DNS_SERVERS || hag__dns_addr_parse(text, n, 53, &a))
        return;
    for (uint32_t i = 0; i < s->servers.n; i++)
        if (hag__dns_addr_same(&s->servers.addrs[i], &a))
            return;
    s->servers.addrs[s->servers.n++] = a;
}

static void add_domain(struct hag__dns_system *s, const char *text, size_t n)
{
    char why[1];

    if (s->ndomains < HAG__DNS_DOMAINS &&
        hag__dns_name_read(text, n, s->domains[s->ndomains], why, sizeof(why)) == 0)
        s->ndomains++;
}

static void add_option(struct hag__dns_system *s, const char *text, size_t n)
{
    uint64_t v;

    if (n > 6 && memcmp(text, "ndots:", 6) == 0 &&
        hag__dns_number(text + 6, n - 6, UINT32_MAX, &v) == 0)
        s->ndots = v < NDOTS_MAX ? (uint32_t)v : NDOTS_MAX;
}

static int is(const char *text, size_t n, const char *what)
{
    return n == strlen(what) && memcmp(text, what, n) == 0;
}

static void read_line(struct hag__dns_system *s, const char *at, const char *end)
{
    size_t nkey, n;
    const char *key = word(&at, end, &nkey), *w;

    if (!key || *key == '#' || *key == ';')
        return;
    int search = is(key, nkey, "search") || is(key, nkey, "domain");
    if (search) /* the last of them counts */
        s->ndomains = 0;
    while ((w = word(&at, end, &n)) != NULL) {
        if (search)
            add_domain(s, w, n);
        else if (is(key, nkey, "nameserver"))
            add_server(s, w, n);
        else if (is(key, nkey, "options"))
            add_option(s, w, n);
    }
}

void hag__dns_system_parse(struct hag__dns_system *s, const char *text, size_t n, const char *host)
{
    const char *end = text + n, *dot = strchr(host, '.');

    memset(s, 0, sizeof(*s));
    s->hosts = 1;
    s->ndots = 1;
    if (dot) /* unless the file says it */
        add_domain(s, dot + 1, strlen(dot + 1));
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        read_line(s, text, stop);
        text = stop < end ? stop + 1 : end;
    }
    if (!s->servers.n)
        add_server(s, "127.0.0.1", 9);
}

void hag__dns_system_read(struct hag__dns_system *s)
{
    char text[16384], host[HAG__DNS_NAME_MAX] = "";
    FILE *f = fopen(RESOLV_CONF, "re");
    size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

    if (f)
        fclose(f);
    if (gethostname(host, sizeof(host)))
        host[0] = '\0';
    host[sizeof(host) - 1] = '\0';
    hag__dns_system_parse(s, text, n, host);
}

int hag__dns_system_name(const struct hag__dns_system *s, const char *name, uint32_t complete,
                         uint32_t i, char out[HAG__DNS_NAME_MAX])
{
    uint32_t dots = 0, own;

    for (const char *c = name; *c; c++)
        dots += *c == '.';
    own = complete || dots >= s->ndots ? 0 : s->ndomains; /* when the name itself has its turn */
    if (i == own) {
        memcpy(out, name, strlen(name) + 1);
        return 0;
    }
    if (complete || i > s->ndomains)
        return -1;
    int n = snprintf(out, HAG__DNS_NAME_MAX, "%s.%s", name, s->domains[i > own ? i - 1 : i]);
    if (n > 253)
        out[0] = '\0';
    return 0;
}

void hag__dns_hosts(const struct hag__dns_channel *c, const char *name, uint32_t len,
                    struct hag__dns_set *out)
{
    struct hostent *host = NULL;

    if (ares_gethostbyname_file(c->ares, name, len == 4 ? AF_INET : AF_INET6, &host))
        return;
    for (char **a = host->h_addr_list; *a; a++)
        if ((uint32_t)host->h_length == len)
            hag__dns_set_add(out, (const uint8_t *)*a, len);
    ares_free_hostent(host);
}
