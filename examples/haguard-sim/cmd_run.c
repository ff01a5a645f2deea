/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

/* run, check and bench: scenario files. */

static int load(const char *name, hag_scenario **s)
{
    char why[1200];
    size_t n;
    char *text = read_file(name, &n);
    int32_t err;

    if (text == NULL)
        return 0;
    err = hag_scenario_parse(name, text, n, s, why, sizeof(why));
    free(text);
    if (err != HAG_OK) {
        fprintf(stderr, "%s\n", why[0] != '\0' ? why : hag_strerror(err));
        return 0;
    }
    return 1;
}

/* Each guard has a log of its own: FILE, FILE.2, ... */
static int write_logs(const char *file, const hag_sim *r)
{
    const uint8_t *log;
    char name[4096];
    size_t n;

    for (uint32_t i = 0; (log = hag_sim_log(r, i, &n)) != NULL; i++) {
        FILE *f;
        int ok;

        (void)snprintf(name, sizeof(name), i == 0 ? "%s" : "%s.%u", file, i + 1);
        f = fopen(name, "wb");
        ok = f != NULL && fwrite(log, 1, n, f) == n;
        if (f != NULL && fclose(f) != 0)
            ok = 0;
        if (!ok) {
            fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(errno));
            return 0;
        }
    }
    return 1;
}

static int one_file(const char *name, const struct run_options *o)
{
    struct hag_sim_options so = {.size = sizeof(so), .seed = o->seed};
    hag_scenario *s;
    hag_sim *r;
    int32_t err;
    int failed;

    if (!load(name, &s))
        return EXIT_WRONG;
    so.flags = (o->quiet ? 0u : HAG_SIM_TEXT) | (o->svg != NULL ? HAG_SIM_LANES : 0u) |
               (o->strict ? HAG_SIM_REPEAT | HAG_SIM_LIVENESS : 0u) |
               (o->record != NULL ? HAG_SIM_RECORD : 0u);
    err = hag_sim_run(s, &so, &r);
    if (err != HAG_OK) {
        fprintf(stderr, "%s\n",
                err == HAG_ERR_UNSUPPORTED ? hag_scenario_lacks(s) : hag_strerror(err));
        hag_scenario_free(s);
        return EXIT_WRONG;
    }
    if (o->json) {
        print_json(stdout, name, r, o->seed);
    } else {
        if (!o->quiet)
            print_timeline(stdout, r, o);
        print_findings(stdout, name, r, o);
    }
    failed = hag_sim_failures(r) > 0;
    if (o->svg != NULL && !print_svg(o->svg, r))
        failed = 2;
    if (o->record != NULL && !write_logs(o->record, r))
        failed = 2;
    hag_sim_free(r);
    hag_scenario_free(s);
    return failed == 2 ? EXIT_WRONG : failed ? EXIT_FAILED : EXIT_HELD;
}

static int number(const char *w, uint64_t *n)
{
    char *end;

    if (w == NULL || *w < '0' || *w > '9')
        return 0;
    *n = strtoull(w, &end, 10);
    return *end == '\0';
}

int cmd_run(int argc, char **argv)
{
    struct run_options o = {.seed = 1};
    int worst = EXIT_HELD, files = 0;

    o.colour = isatty(1) && getenv("NO_COLOR") == NULL;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o.json = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            o.quiet = 1;
        } else if (strcmp(argv[i], "--strict") == 0) {
            o.strict = 1;
        } else if (strcmp(argv[i], "--svg") == 0 && i + 1 < argc) {
            o.svg = argv[++i];
        } else if (strcmp(argv[i], "--record") == 0 && i + 1 < argc) {
            o.record = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && number(argv[i + 1], &o.seed)) {
            i++;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            fprintf(stderr,
                    "haguard-sim: run %s: wrong; allowed: --json --quiet --strict --svg FILE "
                    "--record LOG "
                    "--seed N\n",
                    argv[i]);
            return EXIT_WRONG;
        } else {
            argv[files++] = argv[i];
        }
    }
    if (files == 0) {
        fprintf(stderr, "haguard-sim: run needs a scenario file\n");
        return EXIT_WRONG;
    }
    if (o.svg != NULL && files > 1) {
        fprintf(stderr, "haguard-sim: --svg makes one picture; give it one file\n");
        return EXIT_WRONG;
    }
    if (o.record != NULL && files > 1) {
        fprintf(stderr, "haguard-sim: --record writes the log of one run; give it one file\n");
        return EXIT_WRONG;
    }
    for (int i = 0; i < files; i++) {
        int got = one_file(argv[i], &o);

        if (got > worst)
            worst = got;
    }
    return worst;
}

int cmd_check(int argc, char **argv)
{
    int worst = EXIT_HELD;

    if (argc == 0) {
        fprintf(stderr, "haguard-sim: check needs a scenario file\n");
        return EXIT_WRONG;
    }
    for (int i = 0; i < argc; i++) {
        hag_scenario *s;

        if (!load(argv[i], &s)) {
            worst = EXIT_WRONG;
            continue;
        }
        if (hag_scenario_lacks(s) != NULL)
            printf("%s\n", hag_scenario_lacks(s));
        else
            printf("%s: ok\n", argv[i]);
        hag_scenario_free(s);
    }
    return worst;
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Worlds per second of CPU time, each with a seed of its own. */
int cmd_bench(int argc, char **argv)
{
    uint64_t runs = 1000, events = 0;
    const char *file = NULL;
    hag_scenario *s;
    double begun, took;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--runs") == 0 && number(argv[i + 1], &runs) && runs > 0)
            i++;
        else if (argv[i][0] != '-' && file == NULL)
            file = argv[i];
        else
            file = NULL;
    }
    if (file == NULL) {
        fprintf(stderr, "haguard-sim: bench needs one scenario file\n");
        return EXIT_WRONG;
    }
    if (!load(file, &s))
        return EXIT_WRONG;
    begun = cpu_seconds();
    for (uint64_t i = 0; i < runs; i++) {
        struct hag_sim_options so = {.size = sizeof(so), .flags = HAG_SIM_REPEAT, .seed = i + 1};
        hag_sim *r;
        int32_t err = hag_sim_run(s, &so, &r);

        if (err != HAG_OK) {
            fprintf(stderr, "%s\n",
                    err == HAG_ERR_UNSUPPORTED ? hag_scenario_lacks(s) : hag_strerror(err));
            return EXIT_WRONG;
        }
        events += hag_sim_figures(r)->events;
        if (hag_sim_failures(r) > 0) {
            struct run_options o = {.seed = i + 1, .quiet = 1};

            fprintf(stderr, "seed %llu:\n", (unsigned long long)(i + 1));
            print_findings(stderr, file, r, &o);
            return EXIT_FAILED;
        }
        hag_sim_free(r);
    }
    took = cpu_seconds() - begun;
    printf("sim_worlds_per_s %.0f worlds/s\n", (double)runs / took);
    printf("sim_events_per_s %.0f events/s\n", (double)events / took);
    hag_scenario_free(s);
    return EXIT_HELD;
}
