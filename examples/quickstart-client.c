/* SPDX-License-Identifier: MIT
 *
 * quickstart-client NAME-FILE RESULT-FILE - writes through the service name, 100 times a second,
 * each key once; says when writes stop and go on. At SIGTERM it looks for every acknowledged write
 * and puts the counts into RESULT-FILE. The name is a file whose first word is HOST:PORT.
 */
#define _GNU_SOURCE
#include <err.h>
#include <hiredis/hiredis.h>
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

static void say(const char *what, const char *node, const char *text)
{
    struct timespec t;
    char at[16];

    clock_gettime(CLOCK_REALTIME, &t);
    strftime(at, sizeof(at), "%H:%M:%S", localtime(&t.tv_sec));
    printf("%s.%03ld  %-10s  %-8s  %-16s  %s\n", at, t.tv_nsec / 1000000, what, node, "-", text);
}

/* Asks the name anew for each connection, as a client should. */
static redisContext *connect_by_name(const char *file, char *why, size_t n)
{
    struct timeval patience = {.tv_usec = PATIENCE_US};
    char host[64], port[8];
    redisContext *r;
    FILE *f = fopen(file, "re");
    int found = f && fscanf(f, "%63[^:]:%7[0-9]", host, port) == 2;

    if (f) {
        fclose(f);
    }
    if (!found) {
        snprintf(why, n, "the name has no address");
        return NULL;
    }
    r = redisConnectWithTimeout(host, atoi(port), patience);
    if (!r || r->err || redisSetTimeout(r, patience) != REDIS_OK) {
        snprintf(why, n, "%s:%s: %.40s", host, port, r ? r->errstr : "no memory");
        redisFree(r);
        return NULL;
    }
    return r;
}

/* 1 when the store said OK. A connection that failed, or that leads to a replica, is given up. */
static int write_one(redisContext **r, const char *file, uint32_t number, char *why, size_t n)
{
    redisReply *reply;
    int ok;

    if (!*r) {
        *r = connect_by_name(file, why, n);
    }
    if (!*r) {
        return 0;
    }
    reply = redisCommand(*r, "SET quickstart:%u %u", number, number);
    ok = reply && reply->type == REDIS_REPLY_STATUS;
    if (!ok) {
        snprintf(why, n, "%.80s", reply ? reply->str : (*r)->errstr);
        redisFree(*r);
        *r = NULL;
    }
    freeReplyObject(reply);
    return ok;
}

static uint32_t count_lost(const char *file, const uint8_t *acknowledged, uint32_t n)
{
    char why[128];
    redisContext *r = connect_by_name(file, why, sizeof(why));
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

int main(int argc, char **argv)
{
    static uint8_t acknowledged[10000000];
    const uint32_t max = sizeof(acknowledged);
    uint32_t number = 0, good = 0;
    int64_t last_good = 0, outage_us = 0, next;
    redisContext *r = NULL;
    char why[128] = "", text[256];
    int failing = 0;
    FILE *f;

    if (argc != 3) {
        errx(2, "usage: quickstart-client NAME-FILE RESULT-FILE");
    }
    setlinebuf(stdout);
    signal(SIGTERM, on_term);
    signal(SIGPIPE, SIG_IGN);
    next = now_us();
    for (; !ending && number < max; number++) {
        if (write_one(&r, argv[1], number, why, sizeof(why))) {
            int64_t now = now_us();

            acknowledged[number] = 1;
            if (good++ == 0) {
                say("client", "-", "writes succeed, 100 a second");
            } else if (failing) {
                outage_us = now - last_good;
                snprintf(text, sizeof(text), "writes succeed again after %.3f s",
                         (double)outage_us / 1e6);
                say("client", "-", text);
            }
            failing = 0;
            last_good = now;
            next += PERIOD_US;
            next = next < now ? now : next;
        } else {
            if (!failing && good > 0) {
                snprintf(text, sizeof(text), "writes fail: %s", why);
                say("client", "-", text);
            }
            failing = 1;
            next = now_us() + RETRY_US;
        }
        while (!ending && now_us() < next) {
            usleep((useconds_t)(next - now_us() > 0 ? next - now_us() : 0));
        }
    }
    redisFree(r);
    f = fopen(argv[2], "we");
    if (!f ||
        fprintf(f, "acknowledged=%u\nlost=%u\noutage_ms=%lld\nfailing=%d\n", good,
                count_lost(argv[1], acknowledged, number), (long long)outage_us / 1000,
                failing) < 0 ||
        fclose(f) != 0) {
        err(1, "%s", argv[2]);
    }
    return 0;
}
