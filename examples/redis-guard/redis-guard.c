/* SPDX-License-Identifier: MIT
 *
 * redis-guard guards one Redis cluster: all that a host of haguard does, in one file. It runs the
 * guard in its loop, keeps the record, moves the service name and tells people what happens.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <haguard/adapter_uv.h>
#include <haguard/hooks.h>
#include <haguard/plugin_redis.h>

static const char usage[] =
    "usage: redis-guard --record FILE {--primary HOST:PORT | --node NAME=HOST:PORT ...} ...\n"
    "  --record FILE          what must survive a restart is kept here\n"
    "  --primary HOST:PORT    finds the nodes: this primary is asked for its replicas\n"
    "  --node NAME=HOST:PORT  a node; once for each; addresses are numeric\n"
    "  --cluster NAME         the service (default: redis)\n"
    "  --on-endpoint COMMAND  moves the service name: run by sh with HAGUARD_CLUSTER,\n"
    "                         HAGUARD_ENDPOINT (primary, replica), HAGUARD_ADDRS (HOST:PORT ...),\n"
    "                         HAGUARD_TERM, HAGUARD_GENERATION; exits with 0 when it is done\n"
    "  --down-after TIME      how long any node may be silent (default: 60s)\n"
    "  --set KEY=VALUE        another setting, as in fall=5\n"
    "  --user NAME            log in to the stores as this user,\n"
    "  --password-file FILE   with the password in this file\n"
    "  --plugin FILE          load the redis plugin from here\n"
    "signals: USR1 explains, USR2 switches over, TERM ends\n";

struct app {
    uv_loop_t loop;
    hag_guard *guard;
    hag_cluster cluster;
    char **argv;        /* options and their values */
    const char *record; /* the file that keeps it */
    int directory;      /* of that file */
    uint64_t kept;      /* version of the record in it, 0: none */
};

/* The value of an option that is given for the nth time, NULL if it is not. */
static char *option(const struct app *app, const char *name, int nth)
{
    for (char **arg = app->argv; *arg; arg += 2) {
        if (strcmp(*arg, name) == 0 && nth-- == 0) {
            return arg[1];
        }
    }
    return NULL;
}

static void check_options(const struct app *app)
{
    char line[64];

    for (char **arg = app->argv; *arg; arg += 2) {
        if (strcmp(*arg, "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        }
        snprintf(line, sizeof(line), "\n  %s ", *arg);
        if (!strstr(usage, line)) {
            errx(2, "%s: no such option; --help lists them", *arg);
        }
        if (!arg[1] || (strstr("--node --set", *arg) && !strchr(arg[1], '='))) {
            errx(2, "%s: its value is missing or not as --help shows it", *arg);
        }
    }
    if (!option(app, "--record", 0) || strlen(option(app, "--record", 0)) > PATH_MAX - 16) {
        errx(2, "--record FILE is missing or too long: it keeps what must survive a restart");
    }
    if (!option(app, "--primary", 0) == !option(app, "--node", 0)) {
        errx(2, "give either --primary HOST:PORT or --node NAME=HOST:PORT for each node");
    }
}

/* One line of the timeline. */
static void say(const char *event, const char *node, const char *why, const char *text)
{
    struct timespec t;
    char at[16];

    clock_gettime(CLOCK_REALTIME, &t);
    strftime(at, sizeof(at), "%H:%M:%S", localtime(&t.tv_sec));
    printf("%s.%03ld  %-10s  %-8s  %-16s  %s\n", at, t.tv_nsec / 1000000, event,
           node && *node ? node : "-", why && strcmp(why, "none") ? why : "-", text ? text : "");
}

static void on_event(hag_guard *g, const struct hag_action *a, void *ud)
{
    (void)g, (void)ud;
    say(hag_name(HAG_NAMES_EVENT, a->event), a->node_name,
        hag_name(a->alert ? HAG_NAMES_ALERT : HAG_NAMES_WHY, a->alert ? a->alert : a->reason),
        a->text);
}

static void on_signal(uv_signal_t *s, int number)
{
    struct app *app = s->data;
    char text[8192] = "";

    if (number == SIGUSR1) {
        hag_cluster_explain(app->guard, app->cluster, uv_now(s->loop), text, sizeof(text));
        say("explain", NULL, NULL, text);
    } else if (number != SIGUSR2) {
        uv_stop(s->loop);
    } else if (hag_cluster_switchover(app->guard, app->cluster, 0, 0, uv_now(s->loop), NULL) != 0) {
        say("refused", NULL, "operator", hag_errmsg(app->guard));
    }
}

static void complete(struct app *app, hag_op op, uint32_t outcome, uint32_t why, const char *text)
{
    struct hag_result r = {.size = sizeof(r), .outcome = outcome, .reason = why, .text = text};

    hag_op_complete(app->guard, op, &r, uv_now(&app->loop)); /* STALE: it was too late */
}

static const char *beside(const struct app *app, const char *ending)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s%s", app->record, ending);
    return path;
}

static void load_record(struct app *app)
{
    int lock = open(beside(app, ".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* till we end */
    unsigned long long version = 0;
    char copy[PATH_MAX];
    uint8_t bytes[65536];
    size_t n = 0;

    app->directory = open(dirname(strcpy(copy, app->record)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || app->directory < 0 || lockf(lock, F_TLOCK, 0) != 0) {
        err(1, "%s: each redis-guard needs a record of its own", beside(app, ".lock"));
    }
    FILE *f = fopen(app->record, "re");
    if (!f && errno == ENOENT) {
        return; /* the first start */
    } else if (!f) {
        err(1, "%s", app->record);
    }
    if (fscanf(f, "haguard-record %llu", &version) == 1 && fgetc(f) == '\n') {
        n = fread(bytes, 1, sizeof(bytes), f);
    }
    fclose(f);
    int32_t r = n == 0
                    ? HAG_ERR_DAMAGED
                    : hag_cluster_restore(app->guard, app->cluster, bytes, n, uv_now(&app->loop));
    if (r == HAG_ERR_DAMAGED && rename(app->record, beside(app, ".damaged")) == 0) {
        say("record", NULL, "damaged", beside(app, ".damaged has it; starting without"));
    } else if (r != 0) {
        errx(1, "%s: %s", app->record, hag_errmsg(app->guard));
    } else {
        app->kept = version;
    }
}

static int write_synced(const char *path, const struct hag_action *a)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int ok = fd >= 0 && dprintf(fd, "haguard-record %llu\n", (unsigned long long)a->version) > 0 &&
             write(fd, a->bytes, a->nbytes) == (ssize_t)a->nbytes && fsync(fd) == 0;

    return fd >= 0 && close(fd) == 0 && ok;
}

/* A matter of milliseconds, and nothing may happen before it is durable: done here and now. */
static void on_commit(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct app *app = ud;

    (void)g;
    if (a->expected != app->kept && a->version != app->kept) {
        complete(app, a->op, HAG_RES_FAIL, HAG_WHY_VERSION, "the file has another version");
    } else if (!write_synced(beside(app, ".next"), a) ||
               rename(beside(app, ".next"), app->record) != 0) {
        complete(app, a->op, HAG_RES_FAIL, HAG_WHY_DISK, strerror(errno));
    } else {
        int ok = fsync(app->directory) == 0;

        app->kept = a->version;
        complete(app, a->op, ok ? HAG_RES_OK : HAG_RES_UNKNOWN, ok ? HAG_WHY_NONE : HAG_WHY_DISK,
                 ok ? NULL : strerror(errno));
    }
}

struct job {
    uv_process_t process;
    struct app *app;
    hag_op op;
};

static void free_job(uv_handle_t *h)
{
    free(h->data);
}

static void on_end(uv_process_t *process, int64_t status, int ended_by)
{
    struct job *job = process->data;
    int bad = status != 0 || ended_by != 0;
    char text[64];

    snprintf(text, sizeof(text), "it ended with status %d, signal %d", (int)status, ended_by);
    complete(job->app, job->op, bad ? HAG_RES_FAIL : HAG_RES_OK, bad ? HAG_WHY_HOST_ERROR : 0,
             text);
    uv_close((uv_handle_t *)process, free_job);
}

/* timeout(1) ends the command, and all that it started, at the deadline. */
static void on_endpoint_update(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct app *app = ud;
    struct job *job = calloc(1, sizeof(*job));
    int64_t left = (int64_t)(a->deadline - uv_now(&app->loop));
    char addrs[HAG_NODES_MAX * HAG_ADDR_MAX] = "", number[32];
    const char *args[] = {"timeout", "-sKILL", number, "sh", "-c", option(app, "--on-endpoint", 0),
                          NULL};
    uv_stdio_container_t to[] = {
        {UV_IGNORE, {0}}, {UV_INHERIT_FD, {.fd = 2}}, {UV_INHERIT_FD, {.fd = 2}}};
    uv_process_options_t options = {
        .file = args[0], .args = (char **)args, .exit_cb = on_end, .stdio = to, .stdio_count = 3};

    (void)g;
    for (uint32_t i = 0; i < a->naddrs; i++) {
        strcat(strcat(addrs, i ? " " : ""), a->addrs[i]);
    }
    setenv("HAGUARD_ADDRS", addrs, 1);
    setenv("HAGUARD_CLUSTER", a->cluster_name, 1);
    setenv("HAGUARD_ENDPOINT", hag_name(HAG_NAMES_ENDPOINT, a->endpoint), 1);
    snprintf(number, sizeof(number), "%llu", (unsigned long long)a->term);
    setenv("HAGUARD_TERM", number, 1);
    snprintf(number, sizeof(number), "%llu", (unsigned long long)a->generation);
    setenv("HAGUARD_GENERATION", number, 1);
    snprintf(number, sizeof(number), "%.3f", left > 0 ? (double)left / 1000 : 0.001);
    if (!job) {
        err(1, "no memory");
    }
    *job = (struct job){.app = app, .op = a->op, .process.data = job};
    int r = uv_spawn(&app->loop, &job->process, &options);
    if (r != 0) {
        complete(app, a->op, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, uv_strerror(r));
        uv_close((uv_handle_t *)&job->process, free_job);
    }
}

static void add_node(struct app *app, char *pair, uint32_t flags)
{
    struct hag_node_spec spec = {.size = sizeof(spec), .flags = flags};
    hag_node node;

    spec.name = strsep(&pair, "=");
    spec.addr = pair;
    if (hag_node_add(app->guard, app->cluster, &spec, uv_now(&app->loop), &node) != 0) {
        errx(2, "--node %s=%s: %s", spec.name, spec.addr, hag_errmsg(app->guard));
    }
}

static void add_found(struct app *app, const char *host, const char *port, uint32_t flags)
{
    char pair[256];

    snprintf(pair, sizeof(pair), strchr(host, ':') ? "%s-%s=[%s]:%s" : "%s-%s=%s:%s", host, port,
             host, port);
    for (char *p = pair; *p != '='; p++) {
        *p = *p == ':' ? '.' : *p; /* names have no ':' */
    }
    say("found", NULL, NULL, pair); /* so that --node can name it while this primary is down */
    add_node(app, pair, flags);
}

static void find_nodes(struct app *app, const char *primary)
{
    struct timeval patience = {.tv_sec = 3};
    char host[64], port[8], *line, *rest;

    if (sscanf(primary, "[%63[^]]]:%7[0-9]", host, port) != 2 &&
        sscanf(primary, "%63[^:]:%7[0-9]", host, port) != 2) {
        errx(2, "--primary %s: write HOST:PORT, as in 127.0.0.1:6379", primary);
    }
    redisContext *r = redisConnectWithTimeout(host, atoi(port), patience);
    if (!r) {
        err(1, "--primary %s", primary);
    }
    redisSetTimeout(r, patience);
    redisReply *reply = redisCommand(r, "INFO replication");
    if (!reply || !reply->str || !strstr(reply->str, "role:master")) {
        errx(1, "--primary %s: %s; name the nodes with --node instead", primary,
             !reply                             ? r->errstr
             : reply->type == REDIS_REPLY_ERROR ? reply->str
                                                : "is a replica");
    }
    add_found(app, host, port, HAG_NODE_PRIMARY);
    for (line = strtok_r(reply->str, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (sscanf(line, "slave%*d:ip=%63[^,],port=%7[0-9]", host, port) == 2) {
            add_found(app, host, port, 0);
        }
    }
    freeReplyObject(reply);
    redisFree(r);
}

static void set(struct app *app, hag_policy p, const char *key, const char *value)
{
    if (hag_policy_set_text(app->guard, p, key, value) != 0) {
        errx(2, "%s=%s: %s", key, value, hag_errmsg(app->guard));
    }
}

static void add_cluster(struct app *app)
{
    static const char *const graces[] = {"down_after", "down_after_replica", "gone_after",
                                         "frozen_after"};
    const char *user = option(app, "--user", 0), *password = option(app, "--password-file", 0);
    const char *name = option(app, "--cluster", 0), *file = option(app, "--plugin", 0);
    const char *grace = option(app, "--down-after", 0);
    char config[PATH_MAX + 512], *pair;
    hag_time now = uv_now(&app->loop);
    hag_plugin_id plugin;
    hag_policy p;

    snprintf(config, sizeof(config), "%s%s\n%s%s", user ? "user=" : "", user ? user : "",
             password ? "password-file=" : "", password ? password : "");
    if ((file ? hag_plugin_load(app->guard, file, config, now, &plugin)
              : hag_plugin_add(app->guard, &hag_plugin_redis, config, now, &plugin)) != 0 ||
        hag_policy_new(app->guard, &p) != 0) {
        errx(1, "%s", hag_errmsg(app->guard));
    }
    for (int i = 0; grace && i < 4; i++) {
        set(app, p, graces[i], grace);
    }
    for (int i = 0; (pair = option(app, "--set", i)); i++) {
        char *key = strsep(&pair, "=");
        set(app, p, key, pair);
    }
    if (hag_cluster_add(app->guard, name ? name : "redis", p, 0, now, &app->cluster) != 0 ||
        hag_cluster_bind(app->guard, app->cluster, plugin, now) != 0) {
        errx(2, "%s", hag_errmsg(app->guard));
    }
    for (int i = 0; (pair = option(app, "--node", i)); i++) {
        add_node(app, pair, 0);
    }
    if (option(app, "--primary", 0)) {
        find_nodes(app, option(app, "--primary", 0));
    }
}

int main(int argc, char **argv)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    static uv_signal_t signals[4];
    static struct app app;
    struct hag_options options = {.size = sizeof(options), .flags = HAG_OPTION_SOLE};
    hag_uv *adapter;

    setlinebuf(stdout);
    app.argv = argc > 0 ? argv + 1 : argv;
    check_options(&app);
    app.record = option(&app, "--record", 0);
    options.seed = uv_hrtime();
    if (uv_loop_init(&app.loop) != 0 || hag_guard_new(&options, &app.guard) != 0 ||
        hag_uv_new(app.guard, &app.loop, &adapter) != 0) {
        err(1, "cannot start");
    }
    signal(SIGPIPE, SIG_IGN); /* a store that hangs up must not end us */
    for (int i = 0; i < 4; i++) {
        uv_signal_init(&app.loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, numbers[i]);
        signals[i].data = &app;
    }
    hag_set_hook(app.guard, HAG_DO_EVENT, on_event, &app);
    hag_set_hook(app.guard, HAG_DO_COMMIT, on_commit, &app);
    hag_set_hook(app.guard, HAG_DO_ENDPOINT_UPDATE,
                 option(&app, "--on-endpoint", 0) ? on_endpoint_update : NULL, &app);
    add_cluster(&app);
    load_record(&app);

    uv_run(&app.loop, UV_RUN_DEFAULT); /* until a signal stops it */

    hag_uv_free(adapter);
    hag_guard_destroy(app.guard);
    return 0;
}
