/* SPDX-License-Identifier: MIT
 *
 * failover-probe PID HOST:PORT... [dns NAME HOST:PORT...] - kills PID and tries to write to every
 * address until one accepts; asks every DNS server for NAME until each has just the address that
 * accepts writes. Prints the time of the kill, its monotonic ms, the ms from the kill to the
 * accepted write, and the time of that write; with dns also the ms from the kill to the moment from
 * which on every server had the right answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <hiredis/hiredis.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define WRITE_US 500 /* between tries to write */
#define ASK_MS   1   /* between questions to a DNS server */
#define LIMIT_S  60
#define MANY     8

struct accepted {
    in_addr_t host;
    double at; /* monotonic ms */
    double wall;
};

struct dns_server {
    const char *text;
    in_addr_t is; /* 0: not one address */
    double at;    /* since when it is that */
};

static struct pollfd fds[MANY + 1]; /* the writers, then each DNS server */
static struct dns_server servers[MANY];
static struct accepted accepted;
static uint8_t *question;
static size_t question_len;
static int nservers;

static double now_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void wall_clock(double ms, char out[32])
{
    time_t seconds = (time_t)(ms / 1e3);
    size_t n = strftime(out, 16, "%H:%M:%S", localtime(&seconds));

    snprintf(out + n, 16, ".%03d", (int)(ms - (double)seconds * 1e3));
}

static struct sockaddr_in read_address(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char host[64];
    uint16_t port;

    if (sscanf(text, "%63[^:]:%hu", host, &port) != 2 ||
        inet_pton(AF_INET, host, &a.sin_addr) != 1) {
        errx(2, "%s: not HOST:PORT", text);
    }
    a.sin_port = htons(port);
    return a;
}

/* Each address has its own process, so that one that hangs holds nobody up. */
static void try_until_accepted(struct sockaddr_in to, int tell)
{
    struct timeval patience = {.tv_usec = 200000};
    const char *host = inet_ntoa(to.sin_addr);
    struct accepted a = {.host = to.sin_addr.s_addr};
    redisContext *r = NULL;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        redisReply *reply;

        if (!r) {
            r = redisConnectWithTimeout(host, ntohs(to.sin_port), patience);
            redisSetTimeout(r, patience);
        }
        reply = redisCommand(r, "SET failover-probe 1");
        if (reply && reply->type == REDIS_REPLY_STATUS) {
            a.at = now_ms(CLOCK_MONOTONIC);
            a.wall = now_ms(CLOCK_REALTIME);
            _exit(write(tell, &a, sizeof(a)) != sizeof(a));
        }
        if (!reply) {
            redisFree(r);
            r = NULL;
        } else {
            freeReplyObject(reply);
        }
        usleep(WRITE_US);
    }
}

static void add_server(const char *text)
{
    struct sockaddr_in to = read_address(text);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        err(1, "%s", text);
    }
    servers[nservers++].text = text;
    fds[nservers] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void set_question(const char *name)
{
    ldns_pkt *p;

    if (ldns_pkt_query_new_frm_str(&p, name, LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, 0) !=
            LDNS_STATUS_OK ||
        ldns_pkt2wire(&question, p, &question_len) != LDNS_STATUS_OK) {
        errx(2, "%s: not a name", name);
    }
    ldns_pkt_free(p);
}

/* The one address of an answer with authority; 0 when it is none. */
static in_addr_t only_address(const uint8_t *wire, size_t n)
{
    in_addr_t addr = 0;
    ldns_pkt *p;

    if (ldns_wire2pkt(&p, wire, n) != LDNS_STATUS_OK) {
        return 0;
    }
    if (ldns_pkt_aa(p) && ldns_pkt_get_rcode(p) == LDNS_RCODE_NOERROR && ldns_pkt_ancount(p) == 1) {
        const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(p), 0);

        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_A) {
            memcpy(&addr, ldns_rdf_data(ldns_rr_rdf(rr, 0)), sizeof(addr));
        }
    }
    ldns_pkt_free(p);
    return addr;
}

/* Asks all DNS servers, and takes for ASK_MS what comes: their answers, the word of a writer. */
static void turn(void)
{
    double until = now_ms(CLOCK_MONOTONIC) + ASK_MS;
    uint8_t wire[4096];

    for (int i = 1; i <= nservers; i++) {
        send(fds[i].fd, question, question_len, 0);
    }
    while (now_ms(CLOCK_MONOTONIC) < until) {
        poll(fds, (nfds_t)nservers + 1, ASK_MS);
        for (int i = 1; i <= nservers; i++) {
            struct dns_server *s = &servers[i - 1];
            ssize_t n = recv(fds[i].fd, wire, sizeof(wire), 0);
            in_addr_t is = n > 0 ? only_address(wire, (size_t)n) : s->is;

            if (is != s->is) {
                s->is = is;
                s->at = now_ms(CLOCK_MONOTONIC);
            }
        }
        if (fds[0].revents & POLLIN && !accepted.host &&
            read(fds[0].fd, &accepted, sizeof(accepted)) != sizeof(accepted)) {
            err(1, "a writer");
        }
    }
}

/* When the last server had the right answer, as far as all have it; else 0. */
static double all_right(void)
{
    double last = accepted.at;

    for (int i = 0; i < nservers; i++) {
        if (!accepted.host || servers[i].is != accepted.host) {
            return 0;
        }
        last = servers[i].at > last ? servers[i].at : last;
    }
    return last;
}

int main(int argc, char **argv)
{
    char killed_at[32], written_at[32];
    int ends[2], n = 2, nwriters;
    double killed, right;

    while (n < argc && strcmp(argv[n], "dns") != 0) {
        n++;
    }
    nwriters = n - 2;
    if (nwriters < 1 || nwriters > MANY || argc - n > MANY + 2 || (n < argc && argc - n < 3)) {
        errx(2, "usage: failover-probe PID HOST:PORT... [dns NAME HOST:PORT...]");
    }
    if (pipe(ends) != 0) {
        err(1, "pipe");
    }
    for (int i = 0; i < nwriters; i++) {
        struct sockaddr_in to = read_address(argv[i + 2]);

        if (fork() == 0) {
            try_until_accepted(to, ends[1]);
        }
    }
    fds[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    if (n < argc) {
        set_question(argv[n + 1]);
    }
    for (int i = n + 2; i < argc; i++) {
        add_server(argv[i]);
    }
    for (int i = 0; i < 200; i++) { /* the writers are connected, and the servers have answered */
        turn();
    }
    for (int i = 0; i < nservers; i++) {
        if (!servers[i].is) {
            errx(1, "%s does not have just one address for %s", servers[i].text, argv[n + 1]);
        }
    }
    wall_clock(now_ms(CLOCK_REALTIME), killed_at);
    killed = now_ms(CLOCK_MONOTONIC);
    if (kill((pid_t)atoi(argv[1]), SIGKILL) != 0) {
        err(1, "kill %s", argv[1]);
    }
    while ((right = all_right()) <= 0) {
        turn();
        if (now_ms(CLOCK_MONOTONIC) > killed + LIMIT_S * 1e3) {
            errx(1, "%s within %d s",
                 accepted.host ? "the name is not right" : "no write was accepted", LIMIT_S);
        }
    }
    wall_clock(accepted.wall, written_at);
    printf("%s %.0f %.3f %s", killed_at, killed, accepted.at - killed, written_at);
    printf(nservers > 0 ? " %.3f\n" : "\n", right - killed);
    return 0;
}
