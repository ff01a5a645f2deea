/* SPDX-License-Identifier: MIT
 *
 * drive - a host of the plugin and nothing else: runs actions one after the other on poll(2) and
 * prints how each ended, as N.key=value. For the live tests.
 *
 *   drive [-c key=value]... COMMAND...
 *
 * A COMMAND is one argument of words:
 *   ACTION ADDR [target=ADDR] [arg=N] [timeout=MS] [fresh] [planned] [urgent] [later] [quiet]
 *                       later: does not wait for its end
 *   wait                until everything has ended
 *   sleep MS            lets the plugin work on
 *   freeze MS           stands still, as a stalled host does
 *   cancel              the newest action
 *   forget ADDR
 *   say TEXT            prints it
 *   sh COMMAND...       runs it
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <haguard/plugin_redis.h>

#define OPS   64
#define FDS   64
#define NODES 16

static struct {
    int64_t fd;
    uint32_t events;
} fds[FDS];

static struct {
    hag_op op; /* 0: ended */
    char name[16];
    int quiet;
    hag_time started;
    hag_time deadline;
} ops[OPS];

static char nodes[NODES][HAG_ADDR_MAX];
static const struct hag_plugin *const plugin = &hag_plugin_redis;
static void *self;
static hag_time wake_at;
static uint32_t nops, nfds;
static uint64_t live, allocations;
static int failed;

static const struct {
    const char *name;
    uint32_t kind;
} kinds[] = {{"probe", HAG_DO_PROBE},           {"detach", HAG_DO_DETACH},
             {"follow", HAG_DO_FOLLOW},         {"quiesce", HAG_DO_QUIESCE},
             {"unquiesce", HAG_DO_UNQUIESCE},   {"fence", HAG_DO_FENCE},
             {"unfence", HAG_DO_UNFENCE},       {"promote", HAG_DO_PROMOTE},
             {"disconnect", HAG_DO_DISCONNECT}, {"persist_role", HAG_DO_PERSIST_ROLE}};

static const char *const outcomes[] = {"ok", "fail", "unknown"};
static const char *const results[] = {"ok",          "not-serving", "denied",  "refused",
                                      "unreachable", "timeout",     "garbled", "none"};
static const char *const roles[] = {"unknown", "primary", "standby"};
static const char *const fences[] = {"none", "soft", "demoted", "off"};
static const char *const flag_names[] = {"POSITION", "LINK_UP",  "SYNCING", "READS",
                                         "WRITES",   "READONLY", "EMPTY",   "VOLATILE",
                                         "ACCEPTED", "PRIORITY", "LEAVING", "SELF_DRAINS"};

static const struct {
    uint32_t why;
    const char *name;
} whys[] = {{HAG_WHY_NONE, "none"},
            {HAG_WHY_SILENT, "silent"},
            {HAG_WHY_REFUSING, "refusing"},
            {HAG_WHY_NOT_SERVING, "not-serving"},
            {HAG_WHY_GARBLED, "garbled"},
            {HAG_WHY_DENIED, "denied"},
            {HAG_WHY_WRONG_ROLE, "wrong-role"},
            {HAG_WHY_TARGET_UNFIT, "target-unfit"},
            {HAG_WHY_TIMEOUT, "timeout"},
            {HAG_WHY_NO_CONNECTION, "no-connection"},
            {HAG_WHY_UNSUPPORTED, "unsupported"},
            {HAG_WHY_PROTOCOL, "protocol"},
            {HAG_WHY_STORE_ERROR, "store-error"},
            {HAG_WHY_HOST_ERROR, "host-error"},
            {HAG_WHY_DISK, "disk"},
            {HAG_WHY_BAD_CONFIG, "bad-config"},
            {HAG_WHY_BROKEN, "broken"},
            {HAG_WHY_LEAVING, "leaving"}};

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

static void hex(char *out, const uint8_t *id)
{
    for (int i = 0; i < HAG_ID_SIZE; i++)
        sprintf(out + 2 * i, "%02x", id[i]);
}

static void print_facts(uint32_t n, const struct hag_facts *f)
{
    char id[2 * HAG_ID_SIZE + 1];

    printf("%u.result=%s\n%u.role=%s\n%u.flags=", n, results[f->result], n, roles[f->role], n);
    for (uint32_t i = 0; i < 12; i++)
        if (f->flags & 1u << i)
            printf("%s,", flag_names[i]);
    printf("\n%u.position=%" PRIu64 "\n%u.position_age=%u\n", n, f->position, n, f->position_age);
    printf("%u.link_idle=%d\n%u.link_beat=%u\n%u.priority=%d\n", n, (int)f->link_idle, n,
           f->link_beat, n, f->priority);
    hex(id, f->identity);
    printf("%u.identity=%s\n", n, id);
    for (uint32_t i = 0; i < f->nlineage; i++) {
        hex(id, f->lineage[i]);
        printf("%u.lineage%u=%s@%" PRIu64 "\n", n, i, id, f->fork[i]);
    }
    printf("%u.upstream=%s\n%u.streams=", n, f->upstream, n);
    for (uint32_t i = 0; i < f->nstreams; i++)
        printf("%s,", f->streams[i]);
    printf("\n");
}

static int32_t host_complete(void *ctx, hag_op op, const struct hag_result *r)
{
    (void)ctx;
    if (op == 0 || op > nops || ops[op - 1].op == 0)
        return HAG_ERR_STALE;
    ops[op - 1].op = 0;
    live--;
    if (ops[op - 1].quiet)
        return 0;
    uint32_t n = (uint32_t)op;
    printf("%u.action=%s\n%u.outcome=%s\n%u.reason=%s\n%u.ms=%" PRIu64 "\n", n, ops[op - 1].name, n,
           outcomes[r->outcome], n, why_name(r->reason), n, now_ms() - ops[op - 1].started);
    if (r->text)
        printf("%u.text=%s\n", n, r->text);
    if (strcmp(ops[op - 1].name, "fence") == 0)
        printf("%u.fence=%s\n%u.fence_for=%u\n", n, fences[r->fence], n, r->fence_for);
    if (r->facts)
        print_facts(n, r->facts);
    return 0;
}

static int32_t host_progress(void *ctx, hag_op op, uint32_t ms)
{
    (void)ctx;
    if (op == 0 || op > nops || ops[op - 1].op == 0)
        return HAG_ERR_STALE;
    ops[op - 1].deadline = now_ms() + ms;
    printf("%u.progress=%u\n", (uint32_t)op, ms);
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
    if (nfds == FDS)
        return -1;
    fds[nfds].fd = fd;
    fds[nfds++].events = events;
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
    printf("notice=%s seen=%u\n", nodes[node - 1], seen);
}

static void host_log(void *ctx, int32_t level, const char *msg, size_t len)
{
    (void)ctx;
    printf("log=%d %.*s\n", level, (int)len, msg);
}

static void *host_realloc(void *ctx, void *p, size_t osize, size_t nsize)
{
    (void)ctx;
    (void)osize;
    if (nsize) {
        allocations++;
        return realloc(p, nsize);
    }
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
    struct pollfd p[FDS];
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

static hag_node node_of(const char *addr)
{
    for (hag_node i = 0; i < NODES; i++) {
        if (nodes[i][0] == '\0')
            snprintf(nodes[i], sizeof(nodes[i]), "%s", addr);
        if (strcmp(nodes[i], addr) == 0)
            return i + 1;
    }
    exit(2);
}

static void start(uint32_t kind, char *rest)
{
    struct hag_action a;
    uint64_t timeout = 1000;
    char *addr = strtok(rest, " ");
    int later = 0;

    if (!addr || nops == OPS)
        exit(2);
    memset(&a, 0, sizeof(a));
    a.size = sizeof(a);
    a.kind = kind;
    a.op = ++nops;
    a.node = node_of(addr);
    a.node_addr = addr;
    memset(&ops[a.op - 1], 0, sizeof(ops[0]));
    for (char *w; (w = strtok(NULL, " ")) != NULL;) {
        if (strncmp(w, "target=", 7) == 0) {
            a.target_addr = w + 7;
            a.target = node_of(w + 7);
        } else if (strncmp(w, "arg=", 4) == 0) {
            a.arg = strtoull(w + 4, NULL, 10);
        } else if (strncmp(w, "timeout=", 8) == 0) {
            timeout = strtoull(w + 8, NULL, 10);
        } else if (strcmp(w, "fresh") == 0) {
            a.flags |= HAG_ACT_FRESH;
        } else if (strcmp(w, "planned") == 0) {
            a.flags |= HAG_ACT_PLANNED;
        } else if (strcmp(w, "urgent") == 0) {
            a.flags |= HAG_ACT_URGENT;
        } else if (strcmp(w, "later") == 0) {
            later = 1;
        } else if (strcmp(w, "quiet") == 0) {
            ops[a.op - 1].quiet = 1;
        } else {
            exit(2);
        }
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind)
            snprintf(ops[a.op - 1].name, sizeof(ops[0].name), "%s", kinds[i].name);
    ops[a.op - 1].op = a.op;
    ops[a.op - 1].started = now_ms();
    ops[a.op - 1].deadline = a.deadline = now_ms() + timeout;
    live++;
    plugin->start(self, &a, now_ms());
    while (!later && ops[a.op - 1].op)
        turn(now_ms() + 1000);
}

static void command(char *text)
{
    char *rest = strchr(text, ' ');

    if (rest)
        *rest++ = '\0';
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, text) == 0) {
            start(kinds[i].kind, rest);
            return;
        }
    }
    if (strcmp(text, "wait") == 0) {
        while (live)
            turn(now_ms() + 1000);
    } else if (strcmp(text, "sleep") == 0 && rest) {
        for (hag_time end = now_ms() + strtoull(rest, NULL, 10); now_ms() < end;)
            turn(end);
    } else if (strcmp(text, "freeze") == 0 && rest) {
        uint64_t ms = strtoull(rest, NULL, 10);
        struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
        nanosleep(&t, NULL);
    } else if (strcmp(text, "cancel") == 0) {
        if (ops[nops - 1].op)
            live--;
        ops[nops - 1].op = 0;
        plugin->cancel(self, nops);
    } else if (strcmp(text, "forget") == 0 && rest) {
        plugin->forget(self, node_of(rest));
    } else if (strcmp(text, "say") == 0 && rest) {
        printf("%s\n", rest);
    } else if (strcmp(text, "allocations") == 0) {
        printf("allocations=%" PRIu64 "\n", allocations);
    } else if (strcmp(text, "sh") == 0 && rest) {
        fflush(stdout);
        if (system(rest) < 0)
            exit(2);
    } else {
        exit(2);
    }
}

int main(int argc, char **argv)
{
    char config[2048] = "", why[512] = "";
    int i = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; i + 1 < argc && strcmp(argv[i], "-c") == 0; i += 2) {
        size_t n = strlen(config);
        snprintf(config + n, sizeof(config) - n, "%s\n", argv[i + 1]);
    }
    int32_t err = plugin->open(&host, config, now_ms(), &self, why, sizeof(why));
    if (err) {
        printf("open=%d %s\n", err, why);
        return 3;
    }
    for (; i < argc; i++)
        command(argv[i]);
    plugin->close(self);
    if (nfds)
        printf("leak=%u descriptors are watched after close\n", nfds);
    return failed || nfds ? 1 : 0;
}
