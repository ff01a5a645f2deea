/* SPDX-License-Identifier: MIT
 *
 * haguardd guards many clusters: it reads a configuration, keeps records, moves names, tells what
 * happens, and can be asked.
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "commands.h"
#include "control.h"
#include "daemon.h"
#include "endpoint.h"
#include "events.h"
#include "live.h"
#include "log.h"
#include "notify.h"
#include "recording.h"
#include "records.h"
#include "scrape.h"

#ifndef HAGUARDD_CONFIG
#    define HAGUARDD_CONFIG "/etc/haguard/haguard.conf"
#endif

static const char usage[] =
    "usage: haguardd [--config FILE] [--record FILE] [--check]\n"
    "  --config FILE  the configuration (default: " HAGUARDD_CONFIG ")\n"
    "  --record FILE  keeps what the guard is told and does, for haguard-sim replay\n"
    "  --check        says what is wrong with it, and does nothing else\n"
    "  --version      says which version this is\n"
    "  --help         says this\n"
    "signals: HUP reads the configuration again, TERM ends; haguardctl(1) asks and orders\n";

struct arguments {
    const char *config, *record;
    int check;
};

static struct arguments read_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"record", required_argument, NULL, 'r'},
        {"check", no_argument, NULL, 'k'},        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {0}};
    struct arguments a = {.config = HAGUARDD_CONFIG};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a.config = optarg;
            break;
        case 'r':
            a.record = optarg;
            break;
        case 'k':
            a.check = 1;
            break;
        case 'v':
            printf("haguardd %s\n", HAG_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "haguardd: %s is no option\n%s", argv[optind], usage);
        exit(2);
    }
    return a;
}

static void print_mistakes(struct mistakes *m)
{
    mistakes_sort(m);
    for (size_t i = 0; i < m->n; i++) {
        if (m->v[i].line > 0)
            fprintf(stderr, "%s:%d: %s\n", m->file, m->v[i].line, m->v[i].text);
        else
            fprintf(stderr, "%s: %s\n", m->file, m->v[i].text);
    }
    fprintf(stderr, "haguardd: %zu mistake%s in %s; nothing was started\n", m->n,
            m->n == 1 ? "" : "s", m->file);
}

/* Everything is right, or the program ends here. */
static struct conf *read_config(const char *file)
{
    struct mistakes m = {0};
    struct conf *c = conf_read(file, &m);

    build_try(c, NULL, &m);
    if (m.n == 0)
        return c;
    print_mistakes(&m);
    mistakes_free(&m);
    conf_free(c);
    exit(1);
}

void reload_now(struct app *app, struct mistakes *m)
{
    char state[96];

    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
             (unsigned long long)uv_hrtime() / 1000);
    notify(state);
    live_reload(app, m);
    for (size_t i = 0; i < m->n; i++)
        say(app, HAG_SEVERITY_WARNING, "reload", NULL, "%s:%d: %s", app->file, m->v[i].line,
            m->v[i].text);
    if (m->n > 0)
        say(app, HAG_SEVERITY_WARNING, "reload", NULL, "%zu mistake%s: nothing was changed", m->n,
            m->n == 1 ? "" : "s");
    notify("READY=1");
}

static void on_hup(uv_signal_t *s, int number)
{
    struct mistakes m = {0};

    (void)number;
    reload_now(s->data, &m);
    mistakes_free(&m);
}

static void on_term(uv_signal_t *s, int number)
{
    (void)number;
    uv_stop(s->loop);
}

static void on_watchdog(uv_timer_t *t)
{
    (void)t; /* the loop turns: that is what it asks */
    notify("WATCHDOG=1");
}

static void on_commit(hag_guard *g, const struct hag_action *a, void *ud)
{
    const struct service *s = (const struct service *)(uintptr_t)a->user_cluster;

    (void)g, (void)ud;
    if (s && s->record)
        record_commit(s->record, a);
}

static void on_committed(void *ud, hag_op op, uint32_t outcome, uint32_t why, const char *text)
{
    struct hag_result r = {.size = sizeof(r), .outcome = outcome, .reason = why, .text = text};
    struct app *app = ud;

    if (app->guard)
        hag_op_complete(app->guard, op, &r, uv_now(&app->loop)); /* STALE: it was too late */
}

/* May run inside any call of the library, so it only writes. */
static void on_log(void *ud, int32_t level, const char *msg, size_t len)
{
    struct app *app = ud;
    char line[1024];
    int n;

    if (level < HAG_LOG_WARN || !app->log)
        return;
    n = snprintf(line, sizeof(line), "%s%.*s\n", log_is_journal(app->log) ? "<4>" : "# ", (int)len,
                 msg);
    log_write(app->log, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

static void make_guard(struct app *app)
{
    struct hag_options o = {.size = sizeof(o), .flags = HAG_OPTION_SOLE, .log = on_log, .ud = app};

    o.seed = uv_hrtime();
    if (app->recording)
        o.flags |= HAG_OPTION_RECORD;
    if (hag_guard_new(&o, &app->guard) != HAG_OK ||
        hag_uv_new(app->guard, &app->loop, &app->adapter) != HAG_OK)
        errx(1, "no memory");
    hag_set_hook(app->guard, HAG_DO_EVENT, events_hook, app);
    hag_set_hook(app->guard, HAG_DO_COMMIT, on_commit, app);
    hag_set_hook(app->guard, HAG_DO_ENDPOINT_UPDATE, endpoint_update, app);
    hag_set_hook(app->guard, HAG_DO_CANCEL, endpoint_cancel, app);
}

struct handles {
    uv_signal_t hup, term, interrupt;
    uv_timer_t watchdog;
};

static void watch_signals(struct app *app, struct handles *h)
{
    const struct {
        uv_signal_t *handle;
        uv_signal_cb fn;
        int number;
    } signals[] = {
        {&h->hup, on_hup, SIGHUP}, {&h->term, on_term, SIGTERM}, {&h->interrupt, on_term, SIGINT}};

    signal(SIGPIPE, SIG_IGN); /* who hangs up must not end us */
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        uv_signal_init(&app->loop, signals[i].handle);
        uv_signal_start(signals[i].handle, signals[i].fn, signals[i].number);
        signals[i].handle->data = app;
    }
    uv_timer_init(&app->loop, &h->watchdog);
    if (notify_watchdog() > 0) {
        uint64_t every = notify_watchdog() / 2;

        uv_timer_start(&h->watchdog, on_watchdog, every, every);
    }
}

static void start(struct app *app, struct conf *c)
{
    char why[512] = "";

    app->records = records_open(&app->loop, c->state_dir, on_committed, app, why, sizeof(why));
    if (!app->records)
        errx(1, "%s", why);
    make_guard(app);
    recording_start(app);
    live_start(app, c);
    app->control = control_open(app, why, sizeof(why));
    if (!app->control)
        errx(1, "%s", why);
    app->scrape = scrape_open(app, why, sizeof(why));
    if (!app->scrape && *why)
        errx(1, "%s", why);
    say(app, HAG_SEVERITY_NOTICE, "started", NULL, "haguardd %s guards %zu cluster%s", HAG_VERSION,
        c->nclusters, c->nclusters == 1 ? "" : "s");
    notify("READY=1");
}

/* The guard ends first; then the loop turns until every handle is closed, which also lets records
 * that are being written be finished. */
static void end(struct app *app, struct handles *h)
{
    uv_handle_t *ours[] = {(uv_handle_t *)&h->hup, (uv_handle_t *)&h->term,
                           (uv_handle_t *)&h->interrupt, (uv_handle_t *)&h->watchdog};

    notify("STOPPING=1");
    say(app, HAG_SEVERITY_NOTICE, "stopped", NULL, "haguardd ends; nothing was done to the stores");
    hag_uv_free(app->adapter);
    recording_end(app);
    hag_guard_destroy(app->guard);
    app->guard = NULL;
    endpoint_end(app);
    control_close(app->control);
    app->control = NULL;
    scrape_close(app->scrape);
    live_end(app);
    records_close(app->records);
    log_close(app->log);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        uv_close(ours[i], NULL);
    uv_run(&app->loop, UV_RUN_DEFAULT);
    uv_loop_close(&app->loop);
    events_close(app->events);
}

int main(int argc, char **argv)
{
    struct arguments a = read_arguments(argc, argv);
    static struct handles handles;
    static struct app app;
    struct conf *c = read_config(a.config);

    if (a.check) {
        printf("%s: %zu cluster%s, no mistakes\n", a.config, c->nclusters,
               c->nclusters == 1 ? "" : "s");
        conf_free(c);
        return 0;
    }
    app.file = a.config;
    app.conf = c;
    uv_loop_init(&app.loop);
    if (a.record) {
        char why[512] = "";

        app.recording = recording_open(a.record, why, sizeof(why));
        if (!app.recording)
            errx(1, "%s", why);
    }
    app.log = log_open(&app.loop, STDOUT_FILENO);
    app.events = events_open(&app);
    watch_signals(&app, &handles);
    start(&app, c);
    uv_run(&app.loop, UV_RUN_DEFAULT); /* until a signal stops it */
    end(&app, &handles);
    return 0;
}
