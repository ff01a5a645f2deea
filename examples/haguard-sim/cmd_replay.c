/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

/* replay: the log of a recorder, from any host. */

struct replaying {
    int quiet, json, actions, colour;
    uint32_t told;
};

/* As large as it is: logs have no limit. */
static uint8_t *read_log(const char *name, size_t *n)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    size_t cap = 1 << 20, got = 0;
    uint8_t *bytes = f != NULL ? malloc(cap) : NULL;
    int failed = errno;

    *n = 0;
    while (bytes != NULL && (got = fread(bytes + *n, 1, cap - *n, f)) > 0) {
        *n += got;
        if (*n == cap) {
            uint8_t *more = realloc(bytes, cap *= 2);

            if (more == NULL)
                free(bytes);
            bytes = more;
            failed = ENOMEM;
        }
    }
    if (bytes != NULL && ferror(f)) {
        failed = errno;
        free(bytes);
        bytes = NULL;
    }
    if (bytes == NULL)
        fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(failed));
    if (f != NULL && f != stdin)
        (void)fclose(f);
    return bytes;
}

/* Of the day when the log has it, else since its beginning. */
static void print_moment(FILE *f, hag_time at, uint64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm day;
    char text[40];

    if (unix_ms == 0 || gmtime_r(&seconds, &day) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &day) == 0)
        print_time(f, at);
    else
        fprintf(f, "%s.%03uZ", text, (unsigned)(unix_ms % 1000));
}

static const char *word(uint32_t of, uint32_t value)
{
    const char *name = hag_name(of, value);

    return name != NULL ? name : "";
}

static void event_name(const struct hag_action *a, char *buf, size_t cap)
{
    (void)snprintf(buf, cap, "%s%s%s", word(HAG_NAMES_EVENT, a->event), a->alert != 0 ? " " : "",
                   a->alert != 0 ? word(HAG_NAMES_ALERT, a->alert) : "");
}

static void tell_json(struct replaying *r, hag_time at, uint64_t unix_ms,
                      const struct hag_action *a)
{
    char name[100];

    printf("%s\n{\"at\":%llu", r->told++ > 0 ? "," : "", (unsigned long long)at);
    if (unix_ms != 0)
        printf(",\"unix_ms\":%llu", (unsigned long long)unix_ms);
    if (a->kind == HAG_DO_EVENT) {
        event_name(a, name, sizeof(name));
        print_member(stdout, "event", name);
    } else {
        print_member(stdout, "action", word(HAG_NAMES_ACTION, a->kind));
    }
    print_member(stdout, "cluster", a->cluster_name);
    print_member(stdout, "node", a->node_name);
    print_member(stdout, "target", a->target_name);
    if (a->reason != 0)
        print_member(stdout, "reason", word(HAG_NAMES_WHY, a->reason));
    if (a->kind == HAG_DO_EVENT) {
        print_member(stdout, "severity", word(HAG_NAMES_SEVERITY, a->severity));
        print_member(stdout, "text", a->text);
    } else {
        print_member(stdout, "request", a->request);
    }
    printf(",\"term\":%llu}", (unsigned long long)a->term);
}

static void tell_text(const struct replaying *r, hag_time at, uint64_t unix_ms,
                      const struct hag_action *a)
{
    static const char *const paints[] = {"\033[2m", "", "\033[33m", "\033[31m"};
    const char *paint =
        r->colour && a->kind == HAG_DO_EVENT && a->severity < 4 ? paints[a->severity] : "";
    char name[100];

    print_moment(stdout, at, unix_ms);
    if (a->kind == HAG_DO_EVENT)
        event_name(a, name, sizeof(name));
    else
        (void)snprintf(name, sizeof(name), "-> %s", word(HAG_NAMES_ACTION, a->kind));
    printf("  %s%-12s %-8s %-22s %s%s%s%s\n", paint, a->cluster_name, a->node_name, name,
           a->kind == HAG_DO_EVENT ? a->text : a->target_name,
           a->kind == HAG_DO_EVENT && a->reason != 0 ? " - " : "",
           a->kind == HAG_DO_EVENT && a->reason != 0 ? word(HAG_NAMES_WHY, a->reason) : "",
           paint[0] != '\0' ? "\033[0m" : "");
}

static void tell(void *ud, hag_time at, uint64_t unix_ms, const struct hag_action *a)
{
    struct replaying *r = ud;

    if (r->quiet || (a->kind != HAG_DO_EVENT && (!r->actions || a->kind == HAG_DO_PROBE)))
        return;
    if (r->json)
        tell_json(r, at, unix_ms, a);
    else
        tell_text(r, at, unix_ms, a);
}

static const char *const endings[] = {
    [0] = "",
    [HAG_REPLAY_WHOLE] = "",
    [HAG_REPLAY_RUNNING] = ("it has no end mark: the guard was at work or was killed, or its last "
                            "part is missing"),
    [HAG_REPLAY_FULL] = "the recording ended there, since nobody took the log in time",
    [HAG_REPLAY_NOMEM] = "the recording ended there, for want of memory",
    [HAG_REPLAY_CUT] = "",
    [HAG_REPLAY_DAMAGED] = "",
};
static const char *const ending_names[] = {"",      "whole", "running", "full",
                                           "nomem", "cut",   "damaged"};

static void version_text(uint32_t v, char *buf, size_t cap)
{
    (void)snprintf(buf, cap, "%u.%u.%u", v >> 16 & 255, v >> 8 & 255, v & 255);
}

static void conclude_json(const struct hag_replay_result *res)
{
    char version[32];

    version_text(res->version, version, sizeof(version));
    printf("],\"same\":%s,\"entries\":%llu,\"actions\":%llu,\"length\":%llu",
           res->verdict == HAG_REPLAY_SAME ? "true" : "false", (unsigned long long)res->entries,
           (unsigned long long)res->actions, (unsigned long long)res->at);
    print_member(stdout, "version", version);
    print_member(stdout, "ending", ending_names[res->ending]);
    if (res->verdict != HAG_REPLAY_SAME || res->why[0] != '\0')
        printf(",\"offset\":%llu", (unsigned long long)res->offset);
    print_member(stdout, "why", res->why);
    print_member(stdout, "recorded", res->recorded);
    print_member(stdout, "today", res->today);
    printf("}\n");
}

static void conclude_text(const char *name, const struct hag_replay_result *res)
{
    char then[32], now[32];

    if (res->version == 0) /* not even its beginning is there */
        return;
    version_text(res->version, then, sizeof(then));
    version_text(hag_version(), now, sizeof(now));
    if (res->verdict != HAG_REPLAY_SAME) {
        printf("%s: differs at ", name);
        print_moment(stdout, res->at, res->unix_ms);
        printf(", byte %llu\n  recorded by haguard %s: %s\n  decided by haguard %s:  %s\n",
               (unsigned long long)res->offset, then, res->recorded, now, res->today);
        return;
    }
    printf("%s: %llu actions (%llu events) in %llu.%03llus, recorded by haguard %s: %s decides the "
           "same\n",
           name, (unsigned long long)res->actions, (unsigned long long)res->events,
           (unsigned long long)(res->at / 1000), (unsigned long long)(res->at % 1000), then, now);
    if (endings[res->ending][0] != '\0')
        printf("%s: %s\n", name, endings[res->ending]);
}

static int one_log(const char *name, struct replaying *r)
{
    struct hag_replay_options o = {.size = sizeof(o), .ud = r, .told = tell};
    struct hag_replay_result res = {.size = sizeof(res)};
    size_t n;
    uint8_t *log = read_log(name, &n);
    int32_t err;

    if (log == NULL)
        return EXIT_WRONG;
    r->told = 0;
    if (r->json) {
        printf("{\"file\":");
        print_string(stdout, name);
        printf(",\"timeline\":[");
    }
    err = hag_replay(log, n, &o, &res);
    free(log);
    if (err != HAG_OK) {
        if (r->json)
            printf("]}\n");
        fprintf(stderr, "haguard-sim: %s: %s\n", name,
                err == HAG_ERR_DAMAGED
                    ? "not a recorder's log; haguardd --record and hag_record_take write those"
                : err == HAG_ERR_UNSUPPORTED
                    ? "a log of a later format; use the haguard-sim of the version that wrote it"
                    : hag_strerror(err));
        return EXIT_WRONG;
    }
    if (r->json)
        conclude_json(&res);
    else
        conclude_text(name, &res);
    if (res.why[0] != '\0') {
        (void)fflush(stdout);
        fprintf(stderr, "haguard-sim: %s: byte %llu of %zu: %s; what came before was played\n",
                name, (unsigned long long)res.offset, n, res.why);
    }
    return res.verdict != HAG_REPLAY_SAME ? EXIT_FAILED
           : res.why[0] != '\0'           ? EXIT_WRONG
                                          : EXIT_HELD;
}

/* Random worlds, as explore draws them; each is recorded, and played again. */
static int drawn(uint64_t from, uint64_t to)
{
    uint64_t bad = 0;

    for (uint64_t seed = from; seed <= to; seed++) {
        char *text = draw_scenario(seed), rule[400];

        (void)play_text(text, seed, HAG_SIM_REPEAT | HAG_SIM_REPLAY, rule, sizeof(rule), NULL);
        if (strcmp(rule, "replay") == 0) {
            printf("seed %llu: what was recorded is not the same when it is played again "
                   "(haguard-sim explore draws it)\n",
                   (unsigned long long)seed);
            bad++;
        }
        free(text);
    }
    printf("%llu worlds recorded and played again, %llu differ\n",
           (unsigned long long)(to - from + 1), (unsigned long long)bad);
    return bad > 0 ? EXIT_FAILED : EXIT_HELD;
}

static int seeds(const char *w, uint64_t *from, uint64_t *to)
{
    char *end;

    if (w == NULL || *w < '0' || *w > '9')
        return 0;
    *from = *to = strtoull(w, &end, 10);
    if (strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
        *to = strtoull(end + 2, &end, 10);
    return *end == '\0' && *to >= *from;
}

int cmd_replay(int argc, char **argv)
{
    struct replaying r = {0};
    int worst = EXIT_HELD, files = 0, draws = 0;
    uint64_t from = 0, to = 0;

    r.colour = isatty(1) && getenv("NO_COLOR") == NULL;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            r.json = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            r.quiet = 1;
        } else if (strcmp(argv[i], "--actions") == 0) {
            r.actions = 1;
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc &&
                   seeds(argv[i + 1], &from, &to)) {
            draws = 1;
            i++;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            fprintf(stderr,
                    "haguard-sim: replay %s: wrong; allowed: --json --quiet --actions --seeds "
                    "A..B\n",
                    argv[i]);
            return EXIT_WRONG;
        } else {
            argv[files++] = argv[i];
        }
    }
    if (draws && files == 0)
        return drawn(from, to);
    if (files == 0 || draws) {
        fprintf(stderr, "haguard-sim: replay needs a log, or --seeds A..B\n");
        return EXIT_WRONG;
    }
    for (int i = 0; i < files; i++) {
        int got = one_log(argv[i], &r);

        if (got > worst)
            worst = got;
    }
    return worst;
}
