/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ares.h>

#include "dns.h"

/* c-ares 1.28 knows messages in parsed form and calls the older functions deprecated; Debian 12 has
 * 1.18, Debian 13 has 1.34. */
#define HAVE_RECORDS (ARES_VERSION >= 0x011c00)
/* Since 1.31 it may answer from a cache, unless told not to. */
#define HAVE_CACHE (ARES_VERSION >= 0x011f00)

static ares_channel native(const struct hag__dns_channel *c)
{
    return c->ares;
}

/* Synchronous, and before c-ares closes fd: its number is used again at once. */
static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
    struct hag__dns_channel *c = data;
    uint32_t events = (readable ? HAG_FD_READ : 0u) | (writable ? HAG_FD_WRITE : 0u);

    if (hag__dns_watch(c->d, fd, events, NULL, c))
        hag__dns_log(c->d, HAG_LOG_WARN,
                     "dns: the host cannot watch one more descriptor; a check will time out");
}

static int open_one(struct hag__dns_channel *c, const struct hag__dns_addr *to, uint32_t tcp,
                    uint32_t timeout)
{
    char none[] = "/dev/null", only_dns[] = "b", server[HAG_ADDR_MAX];
    struct ares_options o;
    ares_channel channel;
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
               ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;

    memset(&o, 0, sizeof(o));
    /* NOCHECKRESP: a SERVFAIL is an answer that we want to tell, not a reason to ask again */
    o.flags = ARES_FLAG_NORECURSE | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
              ARES_FLAG_NOCHECKRESP | (tcp ? ARES_FLAG_USEVC : 0);
    o.tries = 2;
    o.timeout = (int)(timeout / 3 ? timeout / 3 : 1); /* the second try waits twice as long */
    o.lookups = only_dns;
    o.sock_state_cb = on_socket;
    o.sock_state_cb_data = c;
    o.resolvconf_path = none; /* nothing of this machine's own resolver is used */
#if HAVE_CACHE
    o.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    int err = ares_init_options(&channel, &o, mask);
    if (err)
        return err;
    hag__dns_addr_format(to, server);
    err = ares_set_servers_ports_csv(channel, server);
    if (err) {
        ares_destroy(channel);
        return err;
    }
    c->ares = channel;
    return 0;
}

int32_t hag__dns_library_open(struct hag__dns *d, char *why, size_t n)
{
    int err = ares_library_init(ARES_LIB_INIT_ALL);

    if (err) {
        snprintf(why, n, "c-ares: %s", ares_strerror(err));
        return HAG_ERR_NOMEM;
    }
    d->library = 1;
    return 0;
}

void hag__dns_library_close(struct hag__dns *d)
{
    if (d->library)
        ares_library_cleanup();
    d->library = 0;
}

int32_t hag__dns_channels_open(struct hag__dns *d, struct hag__dns_channels *s,
                               const struct hag__dns_servers *to, char *why, size_t n)
{
    char server[HAG_ADDR_MAX];

    for (uint32_t i = 0; i < to->n; i++) {
        s->at[i].d = d;
        s->at[i].all = s;
        int err =
            open_one(&s->at[i], &to->addrs[i], d->cfg.tcp == HAG__DNS_TCP_ALWAYS, d->cfg.timeout);
        if (err) {
            hag__dns_addr_format(&to->addrs[i], server);
            snprintf(why, n, "c-ares cannot use %s: %s", server, ares_strerror(err));
            return err == ARES_ENOMEM ? HAG_ERR_NOMEM : HAG_ERR_PLUGIN;
        }
        s->n++;
    }
    return 0;
}

void hag__dns_channels_close(struct hag__dns_channels *s)
{
    while (s->n)
        ares_destroy(native(&s->at[--s->n]));
    s->due = 0;
}

static void began(struct hag__dns_question *q, struct hag__dns_channel *c)
{
    q->channel = c;
    c->all->asked++;
}

/* One question is no longer at work. */
static void ended(const struct hag__dns_question *q)
{
    q->channel->all->asked--;
}

static void unread(struct hag__dns_question *q, int status)
{
    static const struct {
        int status;
        uint32_t reason;
    } rows[] = {{ARES_ETIMEOUT, HAG_WHY_TIMEOUT},
                {ARES_EBADRESP, HAG_WHY_PROTOCOL},
                {ARES_EFORMERR, HAG_WHY_PROTOCOL},
                {ARES_ENOMEM, HAG_WHY_HOST_ERROR}};
    uint32_t reason = HAG_WHY_NO_CONNECTION;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].status == status)
            reason = rows[i].reason;
    q->unread(q, reason, ares_strerror(status));
}

#if HAVE_RECORDS

static void on_answer(void *arg, ares_status_t status, size_t timeouts,
                      const ares_dns_record_t *record)
{
    struct hag__dns_question *q = arg;
    unsigned char *wire = NULL;
    size_t n = 0;

    (void)timeouts;
    ended(q);
    if (record && ares_dns_write(record, &wire, &n) == ARES_SUCCESS)
        q->answer(q, wire, n);
    else
        unread(q, status == ARES_SUCCESS ? ARES_ENOMEM : (int)status);
    ares_free_string(wire);
}

void hag__dns_channel_ask(struct hag__dns_channel *c, const struct hag__dns_message *m,
                          struct hag__dns_question *q)
{
    ares_dns_record_t *record = NULL;
    ares_status_t err = ares_dns_parse(m->wire, m->n, 0, &record);

    if (err == ARES_SUCCESS) {
        began(q, c);
        (void)ares_send_dnsrec(native(c), record, on_answer, q, NULL);
    } else {
        unread(q, (int)err);
    }
    ares_dns_record_destroy(record);
}

#else

static void on_answer(void *arg, int status, int timeouts, unsigned char *wire, int n)
{
    struct hag__dns_question *q = arg;

    (void)timeouts;
    ended(q);
    if (status == ARES_SUCCESS && wire && n > 0)
        q->answer(q, wire, (size_t)n);
    else
        unread(q, status);
}

void hag__dns_channel_ask(struct hag__dns_channel *c, const struct hag__dns_message *m,
                          struct hag__dns_question *q)
{
    began(q, c);
    ares_send(native(c), m->wire, (int)m->n, on_answer, q);
}

#endif

void hag__dns_channel_ready(struct hag__dns_channel *c, int fd, uint32_t events)
{
    ares_process_fd(native(c), events & HAG_FD_READ ? fd : ARES_SOCKET_BAD,
                    events & HAG_FD_WRITE ? fd : ARES_SOCKET_BAD);
}

void hag__dns_channels_tick(struct hag__dns *d, struct hag__dns_channels *s)
{
    if (!s->due || s->due > d->now)
        return;
    s->due = 0;
    for (uint32_t i = 0; i < s->n; i++)
        ares_process_fd(native(&s->at[i]), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* c-ares 1.18 looks through all its questions to tell the first timeout, so it is asked rarely: what
 * is asked later also times out later. */
hag_time hag__dns_channels_due(struct hag__dns *d, struct hag__dns_channels *s)
{
    if (!s->asked)
        s->due = 0;
    if (!s->asked || s->due)
        return s->due;
    for (uint32_t i = 0; i < s->n; i++) {
        struct timeval tv;
        if (!ares_timeout(native(&s->at[i]), NULL, &tv))
            continue;
        hag_time due = d->now + (hag_time)tv.tv_sec * 1000 + ((hag_time)tv.tv_usec + 999) / 1000;
        if (!s->due || due < s->due)
            s->due = due;
    }
    return s->due;
}
