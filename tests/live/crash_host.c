/* SPDX-License-Identifier: MIT
 *
 * A host on the epoll adapter that ends, as by SIGKILL, right before or right after an action is
 * carried out: what a restart between any two steps comes to is tested with it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <haguard/adapter_epoll.h>
#include <haguard/hooks.h>
#include <haguard/plugin_redis.h>

#define DIED 99

static const char usage[] = "usage: crash_host --record FILE --names DIRECTORY --node "
                            "NAME=HOST:PORT ... [--set KEY=VALUE]\n"
                            "                  [--die-before ACTION[:N]] [--die-after ACTION[:N]]\n"
                            "  it ends with status 99 at the Nth such action after SIGUSR1";

enum { BEFORE, AFTER };

static struct {
    uint32_t kind;
    int left; /* so many more of them until the end */
} death[2];

static volatile sig_atomic_t armed;
static hag_guard *guard;
static const char *record, *names;
static uint64_t kept;

static void arm(int number)
{
    (void)number;
    armed = 1;
}

static hag_time now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (hag_time)t.tv_sec * 1000 + (hag_time)t.tv_nsec / 1000000;
}

static void reached(int when, uint32_t kind)
{
    if (armed && death[when].kind == kind && --death[when].left == 0) {
        fflush(stdout);
        _exit(DIED);
    }
}

static void set_death(int when, char *spec)
{
    char *n = strchr(spec, ':');

    if (n != NULL)
        *n++ = '\0';
    for (uint32_t kind = 1; kind < HAG_DO_MAX; kind++)
        if (strcmp(hag_name(HAG_NAMES_ACTION, kind), spec) == 0)
            death[when].kind = kind;
    death[when].left = n != NULL ? atoi(n) : 1;
    if (death[when].kind == 0 || death[when].left < 1)
        errx(2, "%s: no such action\n%s", spec, usage);
}

/* --- the redis plugin, with a look at what it is asked and what it answers ---------------------- */

static struct hag_host between; /* what the plugin sees of the guard */
static const struct hag_host *real;
static struct {
    hag_op op;
    uint32_t kind;
} at_work[256];

static int32_t on_complete(void *ctx, hag_op op, const struct hag_result *result)
{
    for (size_t i = 0; i < sizeof(at_work) / sizeof(at_work[0]); i++) {
        if (at_work[i].op == op) {
            at_work[i].op = 0;
            reached(AFTER, at_work[i].kind);
        }
    }
    return real->complete(ctx, op, result);
}

static int32_t open_between(const struct hag_host *host, const char *config, hag_time now,
                            void **self, char *why, size_t whylen)
{
    real = host;
    between = *host;
    between.complete = on_complete;
    return hag_plugin_redis.open(&between, config, now, self, why, whylen);
}

static void start_between(void *self, const struct hag_action *a, hag_time now)
{
    size_t i = 0;

    reached(BEFORE, a->kind);
    while (i + 1 < sizeof(at_work) / sizeof(at_work[0]) && at_work[i].op != 0)
        i++;
    at_work[i].op = a->op;
    at_work[i].kind = a->kind;
    hag_plugin_redis.start(self, a, now);
}

/* --- what the host itself does ------------------------------------------------------------------ */

static void complete(hag_op op, int ok)
{
    struct hag_result r = {.size = sizeof(r), .outcome = ok ? HAG_RES_OK : HAG_RES_FAIL};

    hag_op_complete(guard, op, &r, now_ms());
}

static int replace(const char *path, const char *head, const void *bytes, size_t n)
{
    char next[PATH_MAX];
    int fd, ok;

    snprintf(next, sizeof(next), "%s.next", path);
    fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return 0;
    ok = dprintf(fd, "%s\n", head) > 0 && write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0;
    return close(fd) == 0 && ok && rename(next, path) == 0;
}

static void on_commit(hag_guard *g, const struct hag_action *a, void *ud)
{
    char head[64];
    int ok;

    (void)g, (void)ud;
    reached(BEFORE, a->kind);
    snprintf(head, sizeof(head), "haguard-record %llu", (unsigned long long)a->version);
    ok = (a->expected == kept || a->version == kept) && replace(record, head, a->bytes, a->nbytes);
    if (ok)
        kept = a->version;
    reached(AFTER, a->kind);
    complete(a->op, ok);
}

static void on_endpoint_update(hag_guard *g, const struct hag_action *a, void *ud)
{
    char path[PATH_MAX], addrs[HAG_NODES_MAX * HAG_ADDR_MAX] = "";
    int ok;

    (void)g, (void)ud;
    reached(BEFORE, a->kind);
    for (uint32_t i = 0; i < a->naddrs; i++)
        strcat(strcat(addrs, i > 0 ? " " : ""), a->addrs[i]);
    snprintf(path, sizeof(path), "%s/name.%s", names, hag_name(HAG_NAMES_ENDPOINT, a->endpoint));
    ok = replace(path, addrs, "", 0);
    reached(AFTER, a->kind);
    complete(a->op, ok);
}

static void on_event(hag_guard *g, const struct hag_action *a, void *ud)
{
    const char *why =
        a->alert != 0 ? hag_name(HAG_NAMES_ALERT, a->alert) : hag_name(HAG_NAMES_WHY, a->reason);

    (void)g, (void)ud;
    printf("%llu %s %s %s %s\n", (unsigned long long)now_ms(), hag_name(HAG_NAMES_EVENT, a->event),
           a->node_name != NULL && a->node_name[0] != '\0' ? a->node_name : "-", why, a->text);
    fflush(stdout);
}

static void load_record(hag_cluster c)
{
    unsigned long long version;
    static uint8_t bytes[65536];
    size_t n = 0;
    FILE *f = fopen(record, "re");

    if (f == NULL)
        return;
    if (fscanf(f, "haguard-record %llu", &version) == 1 && fgetc(f) == '\n')
        n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    if (hag_cluster_restore(guard, c, bytes, n, now_ms()) != 0)
        errx(1, "%s: %s", record, hag_errmsg(guard));
    kept = version;
}

static void must(int32_t r)
{
    if (r != 0)
        errx(1, "%s", hag_errmsg(guard));
}

int main(int argc, char **argv)
{
    struct hag_options options = {.size = sizeof(options), .flags = HAG_OPTION_SOLE};
    struct hag_node_spec spec = {.size = sizeof(spec)};
    struct hag_plugin wrapped = hag_plugin_redis;
    hag_epoll *loop;
    hag_plugin_id plugin;
    hag_policy policy;
    hag_cluster c;
    hag_node node;

    options.seed = now_ms() ^ (uint64_t)getpid() << 32;
    if (argc % 2 == 0)
        errx(2, "%s", usage);
    wrapped.open = open_between;
    wrapped.start = start_between;
    signal(SIGUSR1, arm);
    must(hag_guard_new(&options, &guard));
    must(hag_epoll_new(guard, &loop));
    must(hag_plugin_add(guard, &wrapped, "", now_ms(), &plugin));
    must(hag_set_hook(guard, HAG_DO_COMMIT, on_commit, NULL));
    must(hag_set_hook(guard, HAG_DO_ENDPOINT_UPDATE, on_endpoint_update, NULL));
    must(hag_set_hook(guard, HAG_DO_EVENT, on_event, NULL));
    must(hag_policy_new(guard, &policy));
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 1; i < argc; i += 2) {
            char *value = argv[i + 1], *eq = strchr(value, '=');

            if (strcmp(argv[i], "--record") == 0)
                record = value;
            else if (strcmp(argv[i], "--names") == 0)
                names = value;
            else if (pass == 0 && strcmp(argv[i], "--die-before") == 0)
                set_death(BEFORE, value);
            else if (pass == 0 && strcmp(argv[i], "--die-after") == 0)
                set_death(AFTER, value);
            else if (pass == 0 && strcmp(argv[i], "--set") == 0 && eq != NULL)
                *eq = '\0', must(hag_policy_set_text(guard, policy, value, eq + 1));
            else if (pass == 1 && strcmp(argv[i], "--node") == 0 && eq != NULL)
                *eq = '\0', spec.name = value, spec.addr = eq + 1,
                must(hag_node_add(guard, c, &spec, now_ms(), &node));
        }
        if (pass == 0) {
            must(hag_cluster_add(guard, "crash", policy, 0, now_ms(), &c));
            must(hag_cluster_bind(guard, c, plugin, now_ms()));
        }
    }
    if (record == NULL || names == NULL)
        errx(2, "%s", usage);
    load_record(c);
    for (;;) {
        struct pollfd p = {.fd = (int)hag_epoll_fd(loop), .events = POLLIN};

        hag_epoll_run(loop, now_ms());
        poll(&p, 1, -1);
    }
}
