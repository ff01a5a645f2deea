/* SPDX-License-Identifier: MIT */
#ifndef HAGUARD_SIM_TOOL_H
#define HAGUARD_SIM_TOOL_H

#include <stdio.h>

#include <haguard/sim.h>

enum { EXIT_HELD = 0, EXIT_FAILED = 1, EXIT_WRONG = 2 };

struct run_options {
    int quiet, json, colour;
    int strict; /* as explore plays it: ops completed twice, and every cluster serves at the end */
    const char *svg;
    const char *record;
    uint64_t seed;
    const char *only; /* a cluster, or NULL */
};

/* NULL: said on stderr. The caller frees the text; *n is its length. */
char *read_file(const char *name, size_t *n);

void print_time(FILE *f, hag_time at);
void print_timeline(FILE *f, const hag_sim *r, const struct run_options *o);
void print_findings(FILE *f, const char *file, const hag_sim *r, const struct run_options *o);
void print_json(FILE *f, const char *file, const hag_sim *r, uint64_t seed);
int print_svg(const char *name, const hag_sim *r);

/* A string, and a member after another, of JSON; nothing for a value that is "". */
void print_string(FILE *f, const char *s);
void print_member(FILE *f, const char *key, const char *value);

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explore(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_replay(int argc, char **argv);

/* explore: a random scenario as text; drawn from the seed alone. */
char *draw_scenario(uint64_t seed);
/* Statements are left out as long as the same rule breaks; the caller frees the result. */
char *minimise(const char *text, uint64_t seed, uint32_t flags, const char *rule);
/* Plays text. Returns the number of failures, -1: not a scenario. rule: the first broken one. */
int play_text(const char *text, uint64_t seed, uint32_t flags, char *rule, size_t rulelen,
              struct hag_sim_figures *fig);

#endif
