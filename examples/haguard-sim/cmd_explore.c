/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

/* explore: random worlds, all rules on. A breach is made as small as it goes and written as a file. */

#define JOBS_MAX     64
#define BREACHES_MAX 1000

struct search {
    uint64_t from, to;
    uint32_t minutes, jobs, breaches; /* of one job; then it stops */
    const char *out;
};

#define FLAGS (HAG_SIM_REPEAT | HAG_SIM_LIVENESS)

static void write_breach(const struct search *s, uint64_t seed, const char *rule, char *text)
{
    char name[400];
    FILE *f;
    char *small = minimise(text, seed, FLAGS, rule);

    (void)snprintf(name, sizeof(name), "%s/seed-%llu-%s.scn", s->out, (unsigned long long)seed,
                   rule);
    f = fopen(name, "w");
    if (f != NULL) {
        fprintf(f, "# rule %s, found by: haguard-sim explore --seeds %llu..%llu\n", rule,
                (unsigned long long)seed, (unsigned long long)seed);
        fputs(small, f);
        (void)fclose(f);
    }
    printf("seed %llu: rule %s broke: %s (haguard-sim run --strict --seed %llu)\n",
           (unsigned long long)seed, rule, f != NULL ? name : "could not be written",
           (unsigned long long)seed);
    (void)fflush(stdout);
    free(small);
}

static int one_seed(const struct search *s, uint64_t seed)
{
    char *text = draw_scenario(seed), rule[40];
    struct hag_sim_figures a, b;
    int bad = play_text(text, seed, FLAGS, rule, sizeof(rule), &a);

    if (bad < 0) {
        printf("seed %llu: the scenario that was drawn is wrong:\n%s", (unsigned long long)seed,
               text);
        free(text);
        return 1;
    }
    if (bad == 0 && seed % 64 == 0) { /* the same seed is the same run */
        (void)play_text(text, seed, FLAGS, rule, sizeof(rule), &b);
        if (a.digest != b.digest) {
            (void)strcpy(rule, "determinism");
            bad = 1;
        }
    }
    if (bad > 0)
        write_breach(s, seed, rule, text);
    free(text);
    return bad > 0;
}

static int job(const struct search *s, uint32_t k)
{
    time_t end = time(NULL) + 60 * (time_t)s->minutes;
    uint64_t ran = 0;
    int bad = 0;

    for (uint64_t seed = s->from + k; seed <= s->to && bad < (int)s->breaches; seed += s->jobs) {
        bad += one_seed(s, seed);
        ran++;
        if (s->minutes > 0 && ran % 64 == 0 && time(NULL) >= end)
            break;
    }
    printf("job %u: %llu worlds, %d breaches\n", k + 1, (unsigned long long)ran, bad);
    (void)fflush(stdout);
    return bad > 0 ? EXIT_FAILED : EXIT_HELD;
}

static int range(const char *w, struct search *s)
{
    char *end;

    if (w == NULL || *w < '0' || *w > '9')
        return 0;
    s->from = s->to = strtoull(w, &end, 10);
    if (strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
        s->to = strtoull(end + 2, &end, 10);
    return *end == '\0' && s->to >= s->from;
}

static int count(const char *w, uint32_t most, uint32_t *n)
{
    char *end;
    unsigned long v;

    if (w == NULL || *w < '1' || *w > '9')
        return 0;
    v = strtoul(w, &end, 10);
    *n = (uint32_t)v;
    return *end == '\0' && v <= most;
}

int cmd_explore(int argc, char **argv)
{
    struct search s = {.from = 1, .to = 10000, .jobs = 1, .breaches = 10, .out = "."};
    int worst = EXIT_HELD, given = 0;

    for (int i = 0; i < argc; i += 2) {
        const char *w = i + 1 < argc ? argv[i + 1] : NULL;
        int ok = 0;

        if (strcmp(argv[i], "--seeds") == 0)
            ok = given = range(w, &s);
        else if (strcmp(argv[i], "--minutes") == 0)
            ok = count(w, 100000, &s.minutes);
        else if (strcmp(argv[i], "--jobs") == 0)
            ok = count(w, JOBS_MAX, &s.jobs);
        else if (strcmp(argv[i], "--breaches") == 0)
            ok = count(w, BREACHES_MAX, &s.breaches);
        else if (strcmp(argv[i], "--out") == 0 && w != NULL)
            ok = (s.out = w) != NULL;
        if (!ok) {
            fprintf(stderr,
                    "haguard-sim: explore %s: wrong; allowed: --seeds A..B --minutes N --jobs N "
                    "(1 to %d) --breaches N --out DIR\n",
                    argv[i], JOBS_MAX);
            return EXIT_WRONG;
        }
    }
    if (s.minutes > 0 && !given)
        s.to = UINT64_MAX - JOBS_MAX;
    if (s.jobs == 1)
        return job(&s, 0);
    for (uint32_t k = 0; k < s.jobs; k++) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(job(&s, k));
        if (pid < 0) {
            perror("haguard-sim: fork");
            return EXIT_WRONG;
        }
    }
    for (uint32_t k = 0; k < s.jobs; k++) {
        int status;

        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_HELD)
            worst = EXIT_FAILED;
    }
    return worst;
}
