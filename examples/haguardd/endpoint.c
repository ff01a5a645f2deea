/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "endpoint.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_ONCE 16 /* commands; others wait */
#define NVARS   5

struct job {
    struct job *next;
    uv_process_t process;
    struct app *app;
    hag_op op; /* 0: nobody waits for it any more */
    hag_time deadline;
    uint32_t endpoint;
    int running;
    char *command;
    char *cluster;
    char *vars[NVARS];
};

static void complete(struct app *app, hag_op op, uint32_t outcome, uint32_t why, const char *text)
{
    struct hag_result r = {.size = sizeof(r), .outcome = outcome, .reason = why, .text = text};

    if (app->guard && op)
        hag_op_complete(app->guard, op, &r, uv_now(&app->loop)); /* STALE: it was too late */
}

static void free_job(struct job *job)
{
    for (size_t i = 0; i < NVARS; i++)
        free(job->vars[i]);
    free(job->command);
    free(job->cluster);
    free(job);
}

static void unlink_job(const struct job *job)
{
    struct job **at = &job->app->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

static void run_next(struct app *app);

static void on_closed(uv_handle_t *h)
{
    free_job(h->data);
}

static void on_end(uv_process_t *process, int64_t status, int ended_by)
{
    struct job *job = process->data;
    int bad = status != 0 || ended_by != 0;
    char text[96];

    if (ended_by != 0 || status == 124 || status == 137) /* as timeout(1) tells it */
        snprintf(text, sizeof(text), "the command was ended at its deadline");
    else
        snprintf(text, sizeof(text), "the command ended with status %" PRId64, status);
    complete(job->app, job->op, bad ? HAG_RES_FAIL : HAG_RES_OK,
             bad ? HAG_WHY_HOST_ERROR : HAG_WHY_NONE, bad ? text : NULL);
    unlink_job(job);
    uv_close((uv_handle_t *)process, on_closed);
    run_next(job->app);
}

/* Whether an earlier command for the same name still runs: the later one must win. */
static int name_is_busy(const struct job *job)
{
    for (const struct job *j = job->app->jobs; j != job; j = j->next)
        if (j->endpoint == job->endpoint && strcmp(j->cluster, job->cluster) == 0)
            return 1;
    return 0;
}

/* timeout(1) ends the command, and all that it started, at the deadline. */
static int start(struct job *job, int64_t left)
{
    size_t n = 0;
    char **env, seconds[32];
    char *args[] = {(char *)(uintptr_t) "timeout",
                    (char *)(uintptr_t) "-sKILL",
                    seconds,
                    (char *)(uintptr_t) "sh",
                    (char *)(uintptr_t) "-c",
                    job->command,
                    NULL};
    uv_stdio_container_t to[] = {
        {UV_IGNORE, {0}}, {UV_INHERIT_FD, {.fd = 2}}, {UV_INHERIT_FD, {.fd = 2}}};
    uv_process_options_t options = {
        .file = args[0], .args = args, .exit_cb = on_end, .stdio = to, .stdio_count = 3};
    int err;

    while (environ[n])
        n++;
    env = calloc(n + NVARS + 1, sizeof(*env));
    if (!env)
        return UV_ENOMEM;
    memcpy(env, job->vars, sizeof(job->vars));
    n = NVARS;
    for (char **var = environ; *var; var++)
        if (strncmp(*var, "HAGUARD_", strlen("HAGUARD_")) != 0)
            env[n++] = *var;
    options.env = env;
    snprintf(seconds, sizeof(seconds), "%.3f", (double)left / 1000);
    job->process.data = job;
    err = uv_spawn(&job->app->loop, &job->process, &options);
    free(env);
    return err;
}

static void run_next(struct app *app)
{
    unsigned running = 0;
    struct job *next;

    if (!app->guard)
        return;
    for (const struct job *j = app->jobs; j; j = j->next)
        running += (unsigned)j->running;
    for (struct job *j = app->jobs; j && running < AT_ONCE; j = next) {
        int64_t left = (int64_t)(j->deadline - uv_now(&app->loop));
        int err;

        next = j->next;
        if (j->running || name_is_busy(j))
            continue;
        if (left <= 0) {
            complete(app, j->op, HAG_RES_FAIL, HAG_WHY_TIMEOUT, "too many commands at once");
            unlink_job(j);
            free_job(j);
            continue;
        }
        j->running = 1;
        running++;
        err = start(j, left);
        if (err != 0) {
            complete(app, j->op, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, uv_strerror(err));
            unlink_job(j);
            uv_close((uv_handle_t *)&j->process, on_closed);
            running--;
        }
    }
}

static int set_vars(struct job *job, const struct hag_action *a)
{
    char addrs[HAG_NODES_MAX * HAG_ADDR_MAX] = "";
    int n = 0;

    for (uint32_t i = 0; i < a->naddrs && i < HAG_NODES_MAX; i++)
        n += snprintf(addrs + n, sizeof(addrs) - (size_t)n, "%s%s", i ? " " : "", a->addrs[i]);
    return asprintf(&job->vars[0], "HAGUARD_ADDRS=%s", addrs) >= 0 &&
           asprintf(&job->vars[1], "HAGUARD_CLUSTER=%s", a->cluster_name) >= 0 &&
           asprintf(&job->vars[2], "HAGUARD_ENDPOINT=%s",
                    hag_name(HAG_NAMES_ENDPOINT, a->endpoint)) >= 0 &&
           asprintf(&job->vars[3], "HAGUARD_TERM=%" PRIu64, a->term) >= 0 &&
           asprintf(&job->vars[4], "HAGUARD_GENERATION=%" PRIu64, a->generation) >= 0;
}

void endpoint_update(hag_guard *g, const struct hag_action *a, void *ud)
{
    const struct service *s = (const struct service *)(uintptr_t)a->user_cluster;
    struct app *app = ud;
    struct job *job, **tail = &app->jobs;

    (void)g;
    if (!s || !s->command) {
        complete(app, a->op, HAG_RES_OK, HAG_WHY_NONE, NULL);
        return;
    }
    job = calloc(1, sizeof(*job));
    if (!job || !(job->command = strdup(s->command)) || !(job->cluster = strdup(a->cluster_name)) ||
        !set_vars(job, a)) {
        if (job)
            free_job(job);
        complete(app, a->op, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, "no memory");
        return;
    }
    job->app = app;
    job->op = a->op;
    job->deadline = a->deadline;
    job->endpoint = a->endpoint;
    while (*tail)
        tail = &(*tail)->next;
    *tail = job;
    run_next(app);
}

void endpoint_cancel(hag_guard *g, const struct hag_action *a, void *ud)
{
    const struct app *app = ud;
    struct job *job = app->jobs;

    (void)g;
    while (job && job->op != a->op)
        job = job->next;
    if (!job)
        return;
    job->op = 0;
    if (job->running) {
        uv_process_kill(&job->process, SIGTERM); /* timeout(1) passes it on */
    } else {
        unlink_job(job);
        free_job(job);
    }
}

void endpoint_end(struct app *app)
{
    struct job *next;

    for (struct job *job = app->jobs; job; job = next) {
        next = job->next;
        if (job->running) {
            uv_process_kill(&job->process, SIGTERM);
            uv_close((uv_handle_t *)&job->process, on_closed);
        } else {
            free_job(job);
        }
    }
    app->jobs = NULL;
}
