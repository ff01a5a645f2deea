/* SPDX-License-Identifier: MIT
 *
 * drive - a host of the plugin and nothing else: runs actions one after the other on poll(2) and
 * prints how each ended, as N.key=value. For the live tests.
 *
 *   drive [-c key=value]... COMMAND...
 *
 * A COMMAND is one argument of words:
 *   update NAME [ADDR]... [term=N] [gen=N] [ttl=MS] [timeout=MS] [replica] [later]
 *   check  NAME ...     NAME is the cluster; later: does not wait for its end
 *   wait                until everything has ended
 *   sleep MS            lets the plugin work on
 *   freeze MS           stands still, as a stalled host does
 *   cancel              the newest action
 *   resolve NAME [4|6] [later]   what hag_dns_resolve() has of it
 *   forget              cancels the newest question of these
 *   ask N NAME          resolves NAME0, NAME1 ... at once, and says how many were found
 *   many N NAME ADDR    updates NAME0, NAME1 ... at once, then checks them at once
 *   nowatch             from now on no descriptor can be watched
 *   nomem               from now on there is no memory
 *   sh COMMAND...       runs it
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <haguard/plugin_dns.h>

#define OPS   1024
#define FDS   1024
#define ADDRS 64

static struct {
    int64_t fd;
    uint32_t events;
} fds[FDS];

static struct {
    hag_op op; /* 0: ended */
    const char *name;
    uint32_t quiet;
    hag_time started;
    hag_time deadline;
} ops[OPS];

static const struct hag_plugin *const plugin = &hag_plugin_dns;
static void *self;
static hag_time wake_at;
static uint32_t nops, nfds, most_fds, oks;
static uint64_t live;
static int64_t memory;
static int failed, nowatch, nomem;

static const char *const outcomes[] = {"ok", "fail", "unknown"};

static const struct {
    uint32_t why;
    const char *name;
} whys[] = {{HAG_WHY_NONE, "none"},
            {HAG_WHY_DENIED, "denied"},
            {HAG_WHY_NAME_STALE, "name-stale"},
            {HAG_WHY_TIMEOUT, "timeout"},
            {HAG_WHY_NO_CONNECTION, "no-connection"},
            {HAG_WHY_UNSUPPORTED, "unsupported"},
            {HAG_WHY_PROTOCOL, "protocol"},
            {HAG_WHY_STORE_ERROR, "store-error"},
            {HAG_WHY_HOST_ERROR, "host-error"},
            {HAG_WHY_VERSION, "version"},
            {HAG_WHY_BAD_CONFIG, "bad-config"}};

static const char *why_name(uint32_t why)
{
    for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
        if (whys[i].why == why)
            return whys[i].name;
    return "?";
}

static hag_time now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (hag_time)t.tv_sec * 1000 + (hag_time)t.tv_nsec / 1000000;
}

static int32_t host_complete(void *ctx, hag_op op, const struct hag_result *r)
{
    (void)ctx;
    if (op == 0 || op > nops || ops[op - 1].op == 0)
        return HAG_ERR_STALE;
    ops[op - 1].op = 0;
    live--;
    oks += r->outcome == HAG_RES_OK;
    if (ops[op - 1].quiet && r->outcome == HAG_RES_OK)
        return 0;
    uint32_t n = (uint32_t)op;
    printf("%u.action=%s\n%u.outcome=%s\n%u.reason=%s\n%u.ms=%" PRIu64 "\n", n, ops[op - 1].name, n,
           outcomes[r->outcome], n, why_name(r->reason), n, now_ms() - ops[op - 1].started);
    if (r->text)
        printf("%u.text=%s\n", n, r->text);
    return 0;
}

static int32_t host_progress(void *ctx, hag_op op, uint32_t ms)
{
    (void)ctx;
    if (op == 0 || op > nops || ops[op - 1].op == 0)
        return HAG_ERR_STALE;
    ops[op - 1].deadline = now_ms() + ms;
    return 0;
}

static int32_t host_watch(void *ctx, int64_t fd, uint32_t events)
{
    (void)ctx;
    for (uint32_t i = 0; i < nfds; i++) {
        if (fds[i].fd != fd)
            continue;
        fds[i].events = events;
        if (!events)
            fds[i] = fds[--nfds];
        return 0;
    }
    if (!events)
        return 0;
    if (nfds == FDS || nowatch)
        return -1;
    fds[nfds].fd = fd;
    fds[nfds++].events = events;
    if (nfds > most_fds)
        most_fds = nfds;
    return 0;
}

static void host_wake(void *ctx, hag_time at)
{
    (void)ctx;
    wake_at = at;
}

static void host_notice(void *ctx, hag_node node, uint32_t seen)
{
    (void)ctx;
    (void)node;
    (void)seen;
}

static void host_log(void *ctx, int32_t level, const char *msg, size_t len)
{
    (void)ctx;
    printf("log=%d %.*s\n", level, (int)len, msg);
}

/* The sizes that it is told must be true. */
static void *host_realloc(void *ctx, void *p, size_t osize, size_t nsize)
{
    (void)ctx;
    if (nsize && nomem)
        return NULL;
    memory += (int64_t)nsize - (int64_t)osize;
    if (nsize)
        return realloc(p, nsize);
    free(p);
    return NULL;
}

static const struct hag_host host = {.size = sizeof(struct hag_host),
                                     .abi = HAG_PLUGIN_ABI,
                                     .complete = host_complete,
                                     .progress = host_progress,
                                     .watch = host_watch,
                                     .wake = host_wake,
                                     .notice = host_notice,
                                     .log = host_log,
                                     .realloc = host_realloc};

/* An op that its plugin left open past its deadline is what the tests are to find. */
static void expire(hag_time now)
{
    for (uint32_t i = 0; i < nops; i++) {
        if (!ops[i].op || now < ops[i].deadline)
            continue;
        ops[i].op = 0;
        live--;
        failed = 1;
        printf("%u.action=%s\n%u.outcome=overdue\n", i + 1, ops[i].name, i + 1);
    }
}

static void turn(hag_time until)
{
    static struct pollfd p[FDS];
    hag_time now = now_ms(), next = until;
    uint32_t n = nfds;

    if (wake_at && wake_at < next)
        next = wake_at;
    for (uint32_t i = 0; i < n; i++) {
        p[i].fd = (int)fds[i].fd;
        p[i].events = (short)((fds[i].events & HAG_FD_READ ? POLLIN : 0) |
                              (fds[i].events & HAG_FD_WRITE ? POLLOUT : 0));
        p[i].revents = 0;
    }
    poll(p, n, next > now ? (int)(next - now) : 0);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t ev = 0;
        if (p[i].revents & (POLLIN | POLLHUP | POLLERR))
            ev |= HAG_FD_READ;
        if (p[i].revents & (POLLOUT | POLLHUP | POLLERR))
            ev |= HAG_FD_WRITE;
        if (ev)
            plugin->ready(self, p[i].fd, ev, now_ms());
    }
    now = now_ms();
    if (wake_at && now >= wake_at)
        plugin->tick(self, now);
    expire(now);
}

/* --- names ------------------------------------------------------------------------------------ */

static hag_dns_query newest;

static void told(void *ud, const struct hag_dns_result *r)
{
    static const char *const results[] = {"found", "no-name", "no-address", "unknown"};
    uint32_t n = (uint32_t)(uintptr_t)ud;

    if (r->size != sizeof(*r) || !ops[n - 1].op)
        exit(2);
    ops[n - 1].op = 0;
    live--;
    oks += r->result == HAG_DNS_FOUND;
    if (ops[n - 1].quiet)
        return;
    printf("%u.result=%s\n%u.reason=%s\n%u.ttl=%u\n%u.addrs=", n, results[r->result], n,
           r->reason == HAG_WHY_CANCELLED ? "cancelled" : why_name(r->reason), n, r->ttl, n);
    for (uint32_t i = 0; i < r->naddrs; i++)
        printf("%s%s", i ? " " : "", r->addrs[i]);
    printf("\n%u.text=%s\n%u.ms=%" PRIu64 "\n", n, r->text, n, now_ms() - ops[n - 1].started);
}

static uint32_t resolve(const char *name, uint32_t family, uint32_t quiet)
{
    if (nops == OPS)
        exit(2);
    memset(&ops[nops], 0, sizeof(ops[0]));
    ops[nops].name = "resolve";
    ops[nops].op = nops + 1;
    ops[nops].quiet = quiet;
    ops[nops].started = now_ms();
    ops[nops].deadline = now_ms() + 60000;
    nops++;
    live++;
    int32_t err = hag_dns_resolve(self, name, family, told, (void *)(uintptr_t)nops, &newest);
    if (err) {
        printf("%u.error=%d\n", nops, err);
        ops[nops - 1].op = 0;
        live--;
    }
    return nops;
}

static void resolve_words(char *rest)
{
    const char *name = strtok(rest, " ");
    uint32_t family = HAG_DNS_ANY, later = 0, n;

    for (char *w; (w = strtok(NULL, " ")) != NULL;) {
        if (strcmp(w, "later") == 0)
            later = 1;
        else
            family = (uint32_t)strtoul(w, NULL, 10);
    }
    n = resolve(name ? name : "", family, 0);
    while (!later && ops[n - 1].op)
        turn(now_ms() + 1000);
}

static void wait_for_all(void);

static void ask_many(char *rest)
{
    uint32_t n = (uint32_t)strtoul(strtok(rest, " "), NULL, 10);
    const char *base = strtok(NULL, " ");
    hag_time began = now_ms();

    oks = 0;
    for (uint32_t i = 0; i < n; i++) {
        char name[300];
        snprintf(name, sizeof(name), "a%u.%.250s", i, base);
        resolve(name, HAG_DNS_IPV4, 1);
    }
    wait_for_all();
    printf("many_found=%u\nmany_found_ms=%" PRIu64 "\nmany_fds=%u\n", oks, now_ms() - began,
           most_fds);
}

/* --- actions ---------------------------------------------------------------------------------- */

static struct hag_action *begin(struct hag_action *a, uint32_t kind, const char *cluster)
{
    if (nops == OPS)
        exit(2);
    memset(a, 0, sizeof(*a));
    a->size = sizeof(*a);
    a->kind = kind;
    a->op = ++nops;
    a->cluster_name = cluster;
    a->term = 1;
    a->generation = 1;
    a->ttl = 5000;
    memset(&ops[a->op - 1], 0, sizeof(ops[0]));
    ops[a->op - 1].name = kind == HAG_DO_ENDPOINT_UPDATE ? "update" : "check";
    return a;
}

static void go(struct hag_action *a, uint64_t timeout)
{
    ops[a->op - 1].op = a->op;
    ops[a->op - 1].started = now_ms();
    ops[a->op - 1].deadline = a->deadline = now_ms() + timeout;
    live++;
    plugin->start(self, a, now_ms());
}

static void start(uint32_t kind, char *rest)
{
    const char *addrs[ADDRS], *cluster = strtok(rest, " ");
    struct hag_action a;
    uint64_t timeout = 2000;
    int later = 0;

    begin(&a, kind, cluster);
    a.addrs = addrs;
    for (char *w; (w = strtok(NULL, " ")) != NULL;) {
        if (strncmp(w, "term=", 5) == 0)
            a.term = strtoull(w + 5, NULL, 10);
        else if (strncmp(w, "gen=", 4) == 0)
            a.generation = strtoull(w + 4, NULL, 10);
        else if (strncmp(w, "ttl=", 4) == 0)
            a.ttl = strtoull(w + 4, NULL, 10);
        else if (strncmp(w, "timeout=", 8) == 0)
            timeout = strtoull(w + 8, NULL, 10);
        else if (strcmp(w, "replica") == 0)
            a.endpoint = HAG_ENDPOINT_REPLICA;
        else if (strcmp(w, "later") == 0)
            later = 1;
        else if (a.naddrs < ADDRS)
            addrs[a.naddrs++] = w;
    }
    go(&a, timeout);
    while (!later && ops[a.op - 1].op)
        turn(now_ms() + 1000);
}

static void wait_for_all(void)
{
    while (live)
        turn(now_ms() + 1000);
}

static void many(char *rest)
{
    uint32_t n = (uint32_t)strtoul(strtok(rest, " "), NULL, 10);
    const char *base = strtok(NULL, " "), *addr = strtok(NULL, " ");
    static const uint32_t kinds[] = {HAG_DO_ENDPOINT_UPDATE, HAG_DO_ENDPOINT_CHECK};

    for (uint32_t k = 0; k < 2; k++) {
        hag_time began = now_ms();
        oks = 0;
        for (uint32_t i = 0; i < n; i++) {
            char name[HAG_NAME_MAX];
            struct hag_action a;
            snprintf(name, sizeof(name), "%.40s%u", base, i);
            begin(&a, kinds[k], name);
            a.addrs = &addr;
            a.naddrs = 1;
            ops[a.op - 1].quiet = 1;
            go(&a, 20000);
        }
        wait_for_all();
        printf("many_%s=%u\nmany_%s_ms=%" PRIu64 "\nmany_fds=%u\n", k ? "checks" : "updates", oks,
               k ? "checks" : "updates", now_ms() - began, most_fds);
    }
}

static void command(char *text)
{
    char *rest = strchr(text, ' ');
    hag_time until;

    if (rest)
        *rest++ = '\0';
    until = now_ms() + (rest ? strtoull(rest, NULL, 10) : 0);
    if (strcmp(text, "update") == 0) {
        start(HAG_DO_ENDPOINT_UPDATE, rest);
    } else if (strcmp(text, "check") == 0) {
        start(HAG_DO_ENDPOINT_CHECK, rest);
    } else if (strcmp(text, "wait") == 0) {
        wait_for_all();
    } else if (strcmp(text, "sleep") == 0) {
        while (now_ms() < until)
            turn(until);
    } else if (strcmp(text, "freeze") == 0) {
        while (now_ms() < until)
            poll(NULL, 0, (int)(until - now_ms()));
    } else if (strcmp(text, "cancel") == 0) {
        plugin->cancel(self, nops);
        live -= ops[nops - 1].op != 0;
        ops[nops - 1].op = 0;
    } else if (strcmp(text, "many") == 0) {
        many(rest);
    } else if (strcmp(text, "resolve") == 0) {
        resolve_words(rest);
    } else if (strcmp(text, "ask") == 0) {
        ask_many(rest);
    } else if (strcmp(text, "forget") == 0) {
        printf("forget=%d\n", hag_dns_cancel(self, newest));
        live -= ops[nops - 1].op != 0;
        ops[nops - 1].op = 0;
    } else if (strcmp(text, "nowatch") == 0) {
        nowatch = 1;
    } else if (strcmp(text, "nomem") == 0) {
        nomem = 1;
    } else if (strcmp(text, "sh") == 0) {
        if (system(rest) != 0)
            exit(2);
    } else {
        exit(2);
    }
}

int main(int argc, char **argv)
{
    char config[4096] = "", why[160] = "";
    int i = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; i + 1 < argc && strcmp(argv[i], "-c") == 0; i += 2) {
        size_t n = strlen(config);
        snprintf(config + n, sizeof(config) - n, "%s\n", argv[i + 1]);
    }
    int32_t err = plugin->open(&host, config, now_ms(), &self, why, sizeof(why));
    if (err) {
        printf("open=%d %s\n", err, why);
        if (memory)
            printf("leak=%" PRId64 " bytes\n", memory);
        return memory ? 1 : 3;
    }
    for (; i < argc; i++)
        command(argv[i]);
    plugin->close(self);
    if (nfds)
        printf("leak=%u descriptors are watched after close\n", nfds);
    if (memory)
        printf("leak=%" PRId64 " bytes\n", memory);
    return failed || nfds || memory ? 1 : 0;
}
