/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <haguard/haguard.h>

#define PAIRS 16

struct slot {
    hag_op op; /* 0: free */
    int primary;
    int fd[2]; /* -1: waits for tick() */
};

struct pair_counts pair;
static const struct hag_host *host;
static struct slot slots[PAIRS];

static int32_t open_it(const struct hag_host *h, const char *config, hag_time now, void **self,
                       char *why, size_t whylen)
{
    (void)config, (void)now, (void)why, (void)whylen;
    host = h;
    memset(slots, 0, sizeof(slots));
    memset(&pair, 0, sizeof(pair));
    *self = slots;
    return HAG_OK;
}

static void let_go(struct slot *s)
{
    if (s->fd[0] >= 0) {
        host->watch(host->ctx, s->fd[0], 0);
        close(s->fd[0]);
        close(s->fd[1]);
    }
    s->op = 0;
}

static void answer(struct slot *s)
{
    struct hag_facts f = {.size = sizeof(f)};
    struct hag_result r = {.size = sizeof(r), .facts = &f};
    hag_op op = s->op;

    f.role = s->primary ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
    f.flags =
        HAG_FACT_POSITION | HAG_FACT_READS | (s->primary ? HAG_FACT_WRITES : HAG_FACT_LINK_UP);
    f.position = (uint64_t)pair.probes;
    f.link_idle = 0;
    f.lag = HAG_UNKNOWN_MS;
    f.identity[0] = s->primary ? 1 : 2;
    f.nlineage = 1;
    f.lineage[0][0] = 9;
    if (!s->primary) {
        strcpy(f.upstream, "127.0.0.1:1");
    }
    let_go(s);
    host->complete(host->ctx, op, &r);
}

static void start(void *self, const struct hag_action *a, hag_time now)
{
    struct slot *s = self;

    while (s->op) {
        if (++s == slots + PAIRS) {
            abort();
        }
    }
    s->op = a->op;
    s->primary = strcmp(a->node_name, "a") == 0;
    s->fd[0] = -1;
    if (++pair.probes % 3 == 0) {
        host->wake(host->ctx, now + 5);
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s->fd) != 0 || write(s->fd[1], "x", 1) != 1 ||
        host->watch(host->ctx, s->fd[0], HAG_FD_READ) != 0) {
        abort();
    }
}

static void ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    char c;

    (void)self, (void)now;
    for (struct slot *s = slots; s < slots + PAIRS; s++) {
        if (s->op && s->fd[0] == fd && events == HAG_FD_READ && read(s->fd[0], &c, 1) == 1) {
            pair.ready++;
            answer(s);
            return;
        }
    }
    pair.wrong++;
}

static void tick(void *self, hag_time now)
{
    (void)self, (void)now;
    for (struct slot *s = slots; s < slots + PAIRS; s++) {
        if (s->op && s->fd[0] < 0) {
            pair.tick++;
            answer(s);
        }
    }
}

static void cancel(void *self, hag_op op)
{
    (void)self;
    for (struct slot *s = slots; s < slots + PAIRS; s++) {
        if (s->op == op) {
            let_go(s);
        }
    }
}

static void forget(void *self, hag_node node)
{
    (void)self, (void)node;
}

static void close_it(void *self)
{
    (void)self;
    for (struct slot *s = slots; s < slots + PAIRS; s++) {
        if (s->op) {
            let_go(s);
        }
    }
}

const struct hag_plugin pair_plugin = {.size = sizeof(pair_plugin),
                                       .abi = HAG_PLUGIN_ABI,
                                       .name = "pair",
                                       .handles = UINT64_C(1) << HAG_DO_PROBE,
                                       .open = open_it,
                                       .start = start,
                                       .cancel = cancel,
                                       .forget = forget,
                                       .ready = ready,
                                       .tick = tick,
                                       .close = close_it};

struct idle_counts idle;
static int full[2], empty[2], broken[2];

static int32_t open_idle(const struct hag_host *h, const char *config, hag_time now, void **self,
                         char *why, size_t whylen)
{
    (void)config, (void)now, (void)why, (void)whylen;
    host = h;
    memset(&idle, 0, sizeof(idle));
    *self = &idle;
    if (pipe(full) != 0 || pipe(empty) != 0 || pipe(broken) != 0 || write(full[1], "x", 1) != 1) {
        return HAG_ERR_PLUGIN;
    }
    close(broken[0]);
    host->watch(host->ctx, full[0], HAG_FD_READ);
    host->watch(host->ctx, empty[0], HAG_FD_READ);
    host->watch(host->ctx, broken[1], HAG_FD_WRITE);
    return HAG_OK;
}

static void ready_idle(void *self, int64_t fd, uint32_t events, hag_time now)
{
    (void)self, (void)now;
    if (fd == full[0]) {
        idle.full++;
        host->watch(host->ctx, fd, 0);
    } else if (fd == broken[1]) {
        idle.broken++;
        idle.broken_events |= events;
        host->watch(host->ctx, fd, 0);
    } else {
        idle.empty++;
    }
}

static void close_idle(void *self)
{
    (void)self;
    host->watch(host->ctx, empty[0], 0);
    close(full[0]);
    close(full[1]);
    close(empty[0]);
    close(empty[1]);
    close(broken[1]);
}

const struct hag_plugin idle_plugin = {.size = sizeof(idle_plugin),
                                       .abi = HAG_PLUGIN_ABI,
                                       .name = "idle",
                                       .handles = UINT64_C(1) << HAG_DO_PROBE,
                                       .open = open_idle,
                                       .start = start,
                                       .cancel = cancel,
                                       .forget = forget,
                                       .ready = ready_idle,
                                       .tick = tick,
                                       .close = close_idle};

hag_cluster pair_cluster(hag_guard *g, hag_time now)
{
    static const char *const names[] = {"a", "b"}, *const addrs[] = {"127.0.0.1:1", "127.0.0.1:2"};
    hag_plugin_id plugin;
    hag_cluster cluster;
    hag_policy policy;
    hag_node node;

    if (hag_plugin_add(g, &pair_plugin, NULL, now, &plugin) != 0 ||
        hag_policy_new(g, &policy) != 0 ||
        hag_policy_set_text(g, policy, "probe_every", "100ms") != 0 ||
        hag_policy_set_text(g, policy, "probe_timeout", "100ms") != 0 ||
        hag_cluster_add(g, "pair", policy, 0, now, &cluster) != 0 ||
        hag_cluster_bind(g, cluster, plugin, now) != 0) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        struct hag_node_spec spec = {.size = sizeof(spec), .name = names[i], .addr = addrs[i]};

        if (hag_node_add(g, cluster, &spec, now, &node) != 0) {
            abort();
        }
    }
    return cluster;
}
