/* SPDX-License-Identifier: MIT
 *
 * failover-probe PID HOST:PORT... - kills PID and tries to write to every address until one accepts.
 * Prints the time of the kill, its monotonic ms, the ms from the kill to the accepted write, and the
 * time of that write.
 */
#define _GNU_SOURCE
#include <err.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_US 500
#define LIMIT_S   60

static double now_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void wall_clock(char out[32])
{
    struct timespec t;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &t);
    n = strftime(out, 16, "%H:%M:%S", localtime(&t.tv_sec));
    snprintf(out + n, 16, ".%03d", (int)(t.tv_nsec / 1000000));
}

/* Each address has its own process, so that one that hangs holds nobody up. */
static void try_until_accepted(const char *addr)
{
    struct timeval patience = {.tv_usec = 200000};
    char host[64], port[8];
    redisContext *r = NULL;

    if (sscanf(addr, "%63[^:]:%7[0-9]", host, port) != 2) {
        errx(2, "%s: not HOST:PORT", addr);
    }
    alarm(LIMIT_S);
    for (;;) {
        redisReply *reply;

        if (!r) {
            r = redisConnectWithTimeout(host, atoi(port), patience);
            redisSetTimeout(r, patience);
        }
        reply = redisCommand(r, "SET failover-probe 1");
        if (reply && reply->type == REDIS_REPLY_STATUS) {
            _exit(0);
        }
        if (!reply) {
            redisFree(r);
            r = NULL;
        } else {
            freeReplyObject(reply);
        }
        usleep(PERIOD_US);
    }
}

int main(int argc, char **argv)
{
    char killed_at[32], written_at[32];
    pid_t children[8];
    double killed;
    int status = 0, n = argc - 2;

    if (argc < 3 || n > 8) {
        errx(2, "usage: failover-probe PID HOST:PORT...");
    }
    for (int i = 0; i < n; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            try_until_accepted(argv[i + 2]);
        }
    }
    usleep(200000); /* they are connected */
    wall_clock(killed_at);
    killed = now_ms(CLOCK_MONOTONIC);
    if (kill((pid_t)atoi(argv[1]), SIGKILL) != 0) {
        err(1, "kill %s", argv[1]);
    }
    if (wait(&status) < 0 || status != 0) {
        errx(1, "no write was accepted within %d s", LIMIT_S);
    }
    wall_clock(written_at);
    printf("%s %.0f %.3f %s\n", killed_at, killed, now_ms(CLOCK_MONOTONIC) - killed, written_at);
    for (int i = 0; i < n; i++) {
        kill(children[i], SIGKILL);
    }
    return 0;
}
