/* SPDX-License-Identifier: MIT
 *
 * quickstart-client DNS-SERVER NAME PORT RESULT-FILE - writes through the service name, 100 times
 * a second, each key once; says when writes stop and go on. At SIGTERM it looks for every
 * acknowledged write and puts the counts into RESULT-FILE. DNS-SERVER is HOST:PORT and is asked for
 * NAME; PORT is that of the stores.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <hiredis/hiredis.h>
#include <ldns/ldns.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_US   10000 /* between writes */
#define RETRY_US    2000  /* between tries while they fail */
#define PATIENCE_US 500000

static volatile sig_atomic_t ending;

static void on_term(int number)
{
    (void)number;
    ending = 1;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* In the columns of haguardd. */
static void say(const char *text)
{
    struct timespec t;
    char at[16];

    clock_gettime(CLOCK_REALTIME, &t);
    strftime(at, sizeof(at), "%H:%M:%S", localtime(&t.tv_sec));
    printf("%s.%03ld  %-7s  %-12s  %-10s  %-10s  %-16s  %s\n", at, t.tv_nsec / 1000000, "-", "-",
           "client", "-", "-", text);
}

struct name {
    ldns_resolver *server;
    ldns_rdf *domain;
    const char *text;
    const char *port;
    char addr[INET_ADDRSTRLEN];
    int64_t expires; /* what was answered may be used until then */
};

static void open_name(struct name *n, const char *server, const char *text, const char *port)
{
    struct timeval patience = {.tv_usec = PATIENCE_US};
    char host[64], number[8];
    ldns_rdf *addr;

    if (sscanf(server, "%63[^:]:%7[0-9]", host, number) != 2) {
        errx(2, "%s: not HOST:PORT", server);
    }
    n->server = ldns_resolver_new();
    n->domain = ldns_dname_new_frm_str(text);
    n->text = text;
    n->port = port;
    addr = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, host);
    if (!n->server || !n->domain || !addr ||
        ldns_resolver_push_nameserver(n->server, addr) != LDNS_STATUS_OK) {
        errx(2, "%s or %s is no address or no name", server, text);
    }
    ldns_rdf_deep_free(addr);
    ldns_resolver_set_port(n->server, (uint16_t)atoi(number));
    ldns_resolver_set_timeout(n->server, patience);
    ldns_resolver_set_retry(n->server, 1);
    ldns_resolver_set_retrans(n->server, 0);
}

/* 1 when there is an address. An answer is kept as long as its TTL allows, and no longer. */
static int ask_name(struct name *n, char *why, size_t size)
{
    ldns_pkt *answer = NULL;
    int found = 0;

    if (now_us() < n->expires) {
        return 1;
    }
    n->expires = 0;
    if (ldns_resolver_query_status(&answer, n->server, n->domain, LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN,
                                   0) != LDNS_STATUS_OK) {
        snprintf(why, size, "the DNS server does not answer");
        return 0;
    }
    for (size_t i = 0; !found && i < ldns_pkt_ancount(answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(answer), i);

        found = ldns_rr_get_type(rr) == LDNS_RR_TYPE_A &&
                inet_ntop(AF_INET, ldns_rdf_data(ldns_rr_rdf(rr, 0)), n->addr, sizeof(n->addr));
        n->expires = found ? now_us() + (int64_t)ldns_rr_ttl(rr) * 1000000 : 0;
    }
    if (!found) {
        snprintf(why, size, "%s has no address", n->text);
    }
    ldns_pkt_free(answer);
    return found;
}

static redisContext *connect_by_name(struct name *n, char *why, size_t size)
{
    struct timeval patience = {.tv_usec = PATIENCE_US};
    redisContext *r;

    if (!ask_name(n, why, size)) {
        return NULL;
    }
    r = redisConnectWithTimeout(n->addr, atoi(n->port), patience);
    if (!r || r->err || redisSetTimeout(r, patience) != REDIS_OK) {
        snprintf(why, size, "%s: %.40s", n->addr, r ? r->errstr : "no memory");
        redisFree(r);
        return NULL;
    }
    return r;
}

/* 1 when the store said OK. A connection that failed, or that leads to a replica, is given up. */
static int write_one(redisContext **r, struct name *name, uint32_t number, char *why, size_t size)
{
    redisReply *reply;
    int ok;

    if (!*r) {
        *r = connect_by_name(name, why, size);
    }
    if (!*r) {
        return 0;
    }
    reply = redisCommand(*r, "SET quickstart:%u %u", number, number);
    ok = reply && reply->type == REDIS_REPLY_STATUS;
    if (!ok) {
        snprintf(why, size, "%.80s", reply ? reply->str : (*r)->errstr);
        redisFree(*r);
        *r = NULL;
    }
    freeReplyObject(reply);
    return ok;
}

static uint32_t count_lost(struct name *name, const uint8_t *acknowledged, uint32_t n)
{
    char why[128];
    redisContext *r = connect_by_name(name, why, sizeof(why));
    uint32_t i, lost = 0;

    if (!r) {
        errx(1, "cannot look for the writes: %s", why);
    }
    for (i = 0; i < n; i++) {
        redisReply *reply;

        if (!acknowledged[i]) {
            continue;
        }
        reply = redisCommand(r, "EXISTS quickstart:%u", i);
        if (!reply || reply->type != REDIS_REPLY_INTEGER) {
            errx(1, "cannot look for the writes: %s", reply ? reply->str : r->errstr);
        }
        lost += reply->integer == 0;
        freeReplyObject(reply);
    }
    redisFree(r);
    return lost;
}

static void say_writes(const struct name *name, const char *how, double after_s)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "writes to %s succeed%s", name->addr, how);

    if (after_s > 0) {
        snprintf(text + n, sizeof(text) - (size_t)n, " after %.3f s", after_s);
    }
    say(text);
}

int main(int argc, char **argv)
{
    static uint8_t acknowledged[10000000];
    const uint32_t max = sizeof(acknowledged);
    uint32_t number = 0, good = 0;
    int64_t last_good = 0, outage_us = 0, next;
    struct name name = {0};
    redisContext *r = NULL;
    char why[128] = "", text[256];
    int failing = 0;
    FILE *f;

    if (argc != 5) {
        errx(2, "usage: quickstart-client DNS-SERVER NAME PORT RESULT-FILE");
    }
    setlinebuf(stdout);
    signal(SIGTERM, on_term);
    signal(SIGPIPE, SIG_IGN);
    open_name(&name, argv[1], argv[2], argv[3]);
    next = now_us();
    for (; !ending && number < max; number++) {
        if (write_one(&r, &name, number, why, sizeof(why))) {
            int64_t now = now_us();

            acknowledged[number] = 1;
            if (good++ == 0) {
                say_writes(&name, ", 100 a second", 0);
            } else if (failing) {
                outage_us = now - last_good;
                say_writes(&name, " again", (double)outage_us / 1e6);
            }
            failing = 0;
            last_good = now;
            next += PERIOD_US;
            next = next < now ? now : next;
        } else {
            if (!failing && good > 0) {
                snprintf(text, sizeof(text), "writes fail: %s", why);
                say(text);
            }
            failing = 1;
            next = now_us() + RETRY_US;
        }
        while (!ending && now_us() < next) {
            usleep((useconds_t)(next - now_us() > 0 ? next - now_us() : 0));
        }
    }
    redisFree(r);
    f = fopen(argv[4], "we");
    if (!f ||
        fprintf(f, "acknowledged=%u\nlost=%u\noutage_ms=%lld\nfailing=%d\n", good,
                count_lost(&name, acknowledged, number), (long long)outage_us / 1000,
                failing) < 0 ||
        fclose(f) != 0) {
        err(1, "%s", argv[4]);
    }
    ldns_rdf_deep_free(name.domain);
    ldns_resolver_deep_free(name.server);
    return 0;
}
