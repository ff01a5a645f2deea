/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"

/* sweep: every fault, and every pair of faults, at every step of every procedure, in worlds of every
 * shape. How many runs that makes is computed from the tables, and counted. */

#define JOBS_MAX   64
#define WORLDS_MAX 64
#define STEPS_MAX  64
#define FILES_MAX  200 /* of breaches that one job writes */
#define TEXT_MAX   3000
#define FLAGS      (HAG_SIM_REPEAT | HAG_SIM_LIVENESS)

struct sweep {
    uint32_t jobs, procedure;
    int singles;
    const char *out;
};

/* When the first fault of a run came: at its step, later in the procedure because the step took no
 * time or was passed over, or never. */
struct tally {
    uint64_t runs, at_step, later, never, breaches;
};

/* What one job found; the parent reads it. */
struct found {
    struct tally t[WORLDS_MAX][STEPS_MAX];
    uint32_t files;
};

static struct found *found; /* by job */

static uint32_t step_called(uint32_t procedure, const char *name, uint32_t otherwise)
{
    const char *is;

    for (uint32_t i = 0; name != NULL && (is = hag_step_name(procedure, i)) != NULL; i++) {
        if (strcmp(is, name) == 0)
            return i;
    }
    return otherwise;
}

static uint32_t steps_of(uint32_t procedure)
{
    uint32_t n = 0;

    while (hag_step_name(procedure, n) != NULL)
        n++;
    return n;
}

static uint32_t first_step(const struct sweep_world *w)
{
    return step_called(w->procedure, w->from, 0);
}

static uint32_t end_step(const struct sweep_world *w)
{
    uint32_t n = steps_of(w->procedure);

    return w->to == NULL ? n : step_called(w->procedure, w->to, n - 1) + 1;
}

static int fits(const struct sweep_world *w, const struct sweep_shape *s)
{
    return s->nodes >= w->least && s->nodes <= w->most && (s->engine & w->engines) != 0;
}

static int has_orders(const struct sweep_world *w, uint32_t step)
{
    uint32_t action = hag_step_action(w->procedure, step);

    return action != 0 && action != HAG_DO_PROBE;
}

/* The k-th fault for a step in a shape; 0: there are no more. */
static int fault(const struct sweep_world *w, uint32_t step, uint32_t nodes, uint32_t k, char *buf,
                 size_t len)
{
    for (uint32_t i = 0; i < sweep_nfaults; i++) {
        if (sweep_faults[i].nodes <= nodes && k-- == 0) {
            (void)snprintf(buf, len, "%s", sweep_faults[i].text);
            return 1;
        }
    }
    if (!has_orders(w, step) || k >= sweep_naction_faults)
        return 0;
    (void)snprintf(buf, len, "%s %s %s", sweep_action_faults[k].what,
                   hag_name(HAG_NAMES_ACTION, hag_step_action(w->procedure, step)),
                   sweep_action_faults[k].how);
    return 1;
}

/* --- what the tables come to ---------------------------------------------------------------------- */

static uint64_t faults_for(uint32_t nodes, int orders)
{
    uint64_t n = orders ? sweep_naction_faults : 0;

    for (uint32_t i = 0; i < sweep_nfaults; i++)
        n += sweep_faults[i].nodes <= nodes;
    return n;
}

static uint64_t computed(const struct sweep *s, const struct sweep_world *w)
{
    uint32_t acting = 0, steps = end_step(w) - first_step(w);
    uint64_t n = 0;

    for (uint32_t i = first_step(w); i < end_step(w); i++)
        acting += (uint32_t)has_orders(w, i);
    for (uint32_t i = 0; i < sweep_nshapes; i++) {
        uint64_t few = faults_for(sweep_shapes[i].nodes, 0);
        uint64_t all = faults_for(sweep_shapes[i].nodes, 1);

        if (!fits(w, &sweep_shapes[i]))
            continue;
        n += acting * all + (steps - acting) * few;
        if (!s->singles)
            n += acting * (all * (all - 1) / 2) + (steps - acting) * (few * (few - 1) / 2);
    }
    return n;
}

/* --- runs ----------------------------------------------------------------------------------------- */

static void write_text(const struct sweep_world *w, const struct sweep_shape *shape, uint32_t step,
                       const char *a, const char *b, char *text)
{
    static const char *const nodes[] = {"node n1 zone=a primary\n", "node n2 zone=b priority=1\n",
                                        "node n3 zone=c\n"};
    const char *procedure = hag_name(HAG_NAMES_PROCEDURE, w->procedure);
    const char *name = hag_step_name(w->procedure, step);
    size_t n = (size_t)snprintf(text, TEXT_MAX, "%s%s", shape->head, sweep_policy);

    for (uint32_t i = 0; i < shape->nodes; i++)
        n += (size_t)snprintf(text + n, TEXT_MAX - n, "%s", nodes[i]);
    n += (size_t)snprintf(text + n, TEXT_MAX - n, "%swhen %s %s %s\n", w->text, procedure, name, a);
    if (b[0] != '\0')
        n += (size_t)snprintf(text + n, TEXT_MAX - n, "when %s %s %s\n", procedure, name, b);
    (void)snprintf(text + n, TEXT_MAX - n, "%s", sweep_tail);
}

static uint32_t whens_of(const char *text)
{
    uint32_t n = 0;

    for (const char *p = text; (p = strstr(p, "when ")) != NULL; p++)
        n += p == text || p[-1] == '\n';
    return n;
}

/* Plays one world. Returns the number of failures, -1: not a scenario. */
static int play(const char *text, uint32_t when, const char *step, struct tally *t, char *rule,
                size_t rulelen)
{
    struct hag_sim_options o = {.size = sizeof(o), .flags = FLAGS, .seed = 1};
    const struct hag_sim_finding *f;
    hag_scenario *s;
    const char *at;
    hag_sim *r;
    char why[1200];
    int failures;

    if (hag_scenario_parse("sweep", text, strlen(text), &s, why, sizeof(why)) != HAG_OK) {
        printf("%s\n%s", why, text);
        return -1;
    }
    if (hag_sim_run(s, &o, &r) != HAG_OK) {
        printf("%s\n%s", hag_scenario_lacks(s) != NULL ? hag_scenario_lacks(s) : "no run", text);
        hag_scenario_free(s);
        return -1;
    }
    at = hag_sim_when(r, when, NULL);
    t->runs++;
    t->never += at == NULL;
    t->at_step += at != NULL && strcmp(at, step) == 0;
    t->later += at != NULL && strcmp(at, step) != 0;
    failures = (int)hag_sim_failures(r);
    rule[0] = '\0';
    for (uint32_t i = 0; rule[0] == '\0' && (f = hag_sim_finding(r, i)) != NULL; i++) {
        if (!f->held)
            (void)snprintf(rule, rulelen, "%s", f->wanted);
    }
    hag_sim_free(r);
    hag_scenario_free(s);
    return failures;
}

/* The first breach of a rule at a step of a world is written, made as small as it goes. */
static void breach(const struct sweep *s, struct found *f, const struct sweep_world *w,
                   const struct sweep_shape *shape, const char *step, const char *rule,
                   const char *a, const char *b, const char *text)
{
    const char *procedure = hag_name(HAG_NAMES_PROCEDURE, w->procedure);
    char name[400];
    char *small;
    FILE *file;

    printf("%s/%s, %s, at %s: %s%s%s: rule %s broke\n", procedure, w->name, shape->name, step, a,
           b[0] != '\0' ? " + " : "", b, rule);
    if (f->files >= FILES_MAX)
        return;
    f->files++;
    small = minimise(text, 1, FLAGS, rule);
    (void)snprintf(name, sizeof(name), "%s/sweep-%s-%s-%s-%s-%d-%u.scn", s->out, rule, procedure,
                   w->name, step, (int)getpid(), f->files);
    file = fopen(name, "w");
    if (file != NULL) {
        fprintf(file, "# rule %s, found by: haguard-sim sweep (run --strict)\n%s", rule, small);
        (void)fclose(file);
    }
    printf("  %s: %s\n", file != NULL ? "written" : "could not be written", name);
    (void)fflush(stdout);
    free(small);
}

struct seen_rules {
    char rule[8][20];
};

static int is_new(struct seen_rules *seen, const char *rule)
{
    for (size_t i = 0; i < sizeof(seen->rule) / sizeof(seen->rule[0]); i++) {
        if (strcmp(seen->rule[i], rule) == 0)
            return 0;
        if (seen->rule[i][0] == '\0') {
            (void)snprintf(seen->rule[i], sizeof(seen->rule[i]), "%s", rule);
            return 1;
        }
    }
    return 0;
}

/* All faults at one step of one world in one shape; a job plays each jobs-th run. */
static int one_step(const struct sweep *s, struct found *f, uint32_t job, uint64_t *number,
                    uint32_t world, const struct sweep_shape *shape, uint32_t step,
                    struct seen_rules *seen)
{
    const struct sweep_world *w = &sweep_worlds[world];
    const char *name = hag_step_name(w->procedure, step);
    struct tally *t = &f->t[world][step];
    char a[100], b[100], text[TEXT_MAX], rule[40];

    for (uint32_t i = 0; fault(w, step, shape->nodes, i, a, sizeof(a)); i++) {
        b[0] = '\0';
        for (uint32_t j = i; j == i || fault(w, step, shape->nodes, j, b, sizeof(b)); j++) {
            if ((*number)++ % s->jobs == job) {
                int bad;

                write_text(w, shape, step, a, b, text);
                bad = play(text, whens_of(w->text), name, t, rule, sizeof(rule));
                if (bad < 0)
                    return 0;
                t->breaches += bad > 0;
                if (bad > 0 && is_new(seen, rule))
                    breach(s, f, w, shape, name, rule, a, b, text);
            }
            if (s->singles)
                break;
        }
    }
    return 1;
}

static int job(const struct sweep *s, uint32_t k)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < sweep_nworlds; i++) {
        const struct sweep_world *w = &sweep_worlds[i];

        if (s->procedure != 0 && w->procedure != s->procedure)
            continue;
        for (uint32_t step = first_step(w); step < end_step(w); step++) {
            struct seen_rules seen;

            memset(&seen, 0, sizeof(seen));
            for (uint32_t j = 0; j < sweep_nshapes; j++) {
                if (fits(w, &sweep_shapes[j]) &&
                    !one_step(s, &found[k], k, &number, i, &sweep_shapes[j], step, &seen))
                    return EXIT_WRONG;
            }
        }
    }
    return EXIT_HELD;
}

/* --- the account ---------------------------------------------------------------------------------- */

static struct tally sum(const struct sweep *s, uint32_t world, uint32_t from, uint32_t end)
{
    struct tally all = {0};

    for (uint32_t k = 0; k < s->jobs; k++) {
        for (uint32_t i = from; i < end; i++) {
            const struct tally *t = &found[k].t[world][i];

            all.runs += t->runs;
            all.at_step += t->at_step;
            all.later += t->later;
            all.never += t->never;
            all.breaches += t->breaches;
        }
    }
    return all;
}

static const char *excuse(uint32_t procedure, const char *step)
{
    for (uint32_t i = 0; i < sweep_nunseen; i++) {
        if (sweep_unseen[i].procedure == procedure && strcmp(sweep_unseen[i].step, step) == 0)
            return sweep_unseen[i].why;
    }
    return NULL;
}

/* One step of a procedure, over all its worlds. */
static int told_step(const struct sweep *s, uint32_t procedure, uint32_t step)
{
    const char *name = hag_step_name(procedure, step), *why = excuse(procedure, name);
    struct tally all = {0};

    for (uint32_t i = 0; i < sweep_nworlds; i++) {
        struct tally t;

        if (sweep_worlds[i].procedure != procedure)
            continue;
        t = sum(s, i, step, step + 1);
        all.runs += t.runs;
        all.at_step += t.at_step;
        all.later += t.later;
        all.never += t.never;
    }
    printf("  %-20s %8llu at it, %8llu later, %8llu never%s%s\n", name,
           (unsigned long long)all.at_step, (unsigned long long)all.later,
           (unsigned long long)all.never, why != NULL ? ": " : "", why != NULL ? why : "");
    if (all.at_step == 0 && why == NULL)
        printf("  %s: no world is seen at this step\n", name);
    if (all.at_step > 0 && why != NULL)
        printf("  %s: is seen, but the table says that it cannot be\n", name);
    return (all.at_step > 0) == (why == NULL);
}

static int told(const struct sweep *s, uint32_t procedure)
{
    struct tally all = {0};
    uint64_t want = 0;
    int ok = 1;

    printf("%s: %u steps\n", hag_name(HAG_NAMES_PROCEDURE, procedure), steps_of(procedure));
    for (uint32_t i = 0; i < sweep_nworlds; i++) {
        const struct sweep_world *w = &sweep_worlds[i];
        struct tally t;
        uint32_t shapes = 0;

        if (w->procedure != procedure)
            continue;
        t = sum(s, i, 0, STEPS_MAX);
        for (uint32_t k = 0; k < sweep_nshapes; k++)
            shapes += (uint32_t)fits(w, &sweep_shapes[k]);
        printf("  %-14s %2u steps, %2u shapes: %llu runs computed, %llu played\n", w->name,
               end_step(w) - first_step(w), shapes, (unsigned long long)computed(s, w),
               (unsigned long long)t.runs);
        want += computed(s, w);
        all.runs += t.runs;
        all.breaches += t.breaches;
    }
    for (uint32_t i = 0; i < steps_of(procedure); i++)
        ok &= told_step(s, procedure, i);
    printf("%s: %llu runs of %llu, %llu with a breach\n", hag_name(HAG_NAMES_PROCEDURE, procedure),
           (unsigned long long)all.runs, (unsigned long long)want,
           (unsigned long long)all.breaches);
    return ok && all.runs == want && all.breaches == 0;
}

static int account(const struct sweep *s)
{
    int ok = 1, any = 0;
    uint64_t runs = 0, want = 0;

    printf("faults: %llu for one node, %llu for two, %llu for three; %u more for the action of a "
           "step%s\n",
           (unsigned long long)faults_for(1, 0), (unsigned long long)faults_for(2, 0),
           (unsigned long long)faults_for(3, 0), sweep_naction_faults,
           s->singles ? "" : "; each alone, and every two of them");
    for (uint32_t p = 1; hag_name(HAG_NAMES_PROCEDURE, p) != NULL; p++) {
        if (hag_step_name(p, 0) != NULL && (s->procedure == 0 || s->procedure == p)) {
            ok &= told(s, p);
            any = 1;
        }
    }
    for (uint32_t i = 0; i < sweep_nworlds; i++) {
        if (s->procedure == 0 || sweep_worlds[i].procedure == s->procedure) {
            want += computed(s, &sweep_worlds[i]);
            runs += sum(s, i, 0, STEPS_MAX).runs;
        }
    }
    printf("faults x steps x procedures x shapes: %llu runs, played %llu%s\n",
           (unsigned long long)want, (unsigned long long)runs, runs == want ? "" : ": they differ");
    return ok && any && runs == want;
}

static int options(int argc, char **argv, struct sweep *s)
{
    for (int i = 0; i < argc; i++) {
        const char *w = i + 1 < argc ? argv[i + 1] : "";
        int ok = 1;

        if (strcmp(argv[i], "--singles") == 0) {
            s->singles = 1;
            continue;
        }
        if (strcmp(argv[i], "--jobs") == 0) {
            s->jobs = (uint32_t)strtoul(w, NULL, 10);
            ok = *w >= '1' && *w <= '9' && strspn(w, "0123456789") == strlen(w) && strlen(w) < 4 &&
                 s->jobs <= JOBS_MAX;
        } else if (strcmp(argv[i], "--procedure") == 0) {
            for (s->procedure = 1; hag_name(HAG_NAMES_PROCEDURE, s->procedure) != NULL &&
                                   strcmp(hag_name(HAG_NAMES_PROCEDURE, s->procedure), w) != 0;)
                s->procedure++;
            ok = hag_step_name(s->procedure, 0) != NULL;
        } else if (strcmp(argv[i], "--out") == 0) {
            s->out = w;
            ok = *w != '\0';
        } else {
            ok = 0;
        }
        if (!ok) {
            fprintf(stderr,
                    "haguard-sim: sweep %s: wrong; allowed: --singles --jobs N (1 to %d) "
                    "--procedure failover|switchover|rejoin|safeguard --out DIR\n",
                    argv[i], JOBS_MAX);
            return 0;
        }
        i++;
    }
    return 1;
}

int cmd_sweep(int argc, char **argv)
{
    struct sweep s = {.jobs = 1, .out = "."};
    int worst = EXIT_HELD;

    if (!options(argc, argv, &s))
        return EXIT_WRONG;
    found = mmap(NULL, s.jobs * sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    if (found == MAP_FAILED) {
        perror("haguard-sim: mmap");
        return EXIT_WRONG;
    }
    (void)fflush(stdout);
    for (uint32_t k = 0; k < s.jobs; k++) {
        pid_t pid = fork();

        if (pid == 0) {
            int status = job(&s, k);

            (void)fflush(stdout);
            _exit(status);
        }
        if (pid < 0) {
            perror("haguard-sim: fork");
            return EXIT_WRONG;
        }
    }
    for (uint32_t k = 0; k < s.jobs; k++) {
        int status;

        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_HELD) {
            printf("a job ended before its work was done\n");
            worst = EXIT_FAILED;
        }
    }
    return account(&s) && worst == EXIT_HELD ? EXIT_HELD : EXIT_FAILED;
}
