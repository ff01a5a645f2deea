/* SPDX-License-Identifier: MIT
 *
 * sim.h - the simulated world and its scenario language, for tests of a host's policies. It is a
 * library of its own, libhaguard-sim; the language is described in haguard_scn(7). A run plays a
 * scenario in virtual time against a real guard: the same scenario and seed give the same run, byte
 * for byte.
 */
#ifndef HAGUARD_SIM_H
#define HAGUARD_SIM_H

#include <haguard/haguard.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hag_scenario hag_scenario;
typedef struct hag_sim hag_sim;

enum { HAG_SIM_REDIS = 0, HAG_SIM_DRAGONFLY = 1, HAG_SIM_POSTGRESQL = 2 };

/* Flags of a run. */
enum {
    HAG_SIM_TEXT = 1,    /* events carry a sentence for people */
    HAG_SIM_LANES = 2,   /* keep what a picture needs */
    HAG_SIM_REPEAT = 4,  /* complete every op twice: the second must be refused as stale */
    HAG_SIM_LIVENESS = 8 /* at the end every cluster that keeps its data must serve */
};

struct hag_sim_options {
    uint32_t size; /* sizeof(struct hag_sim_options) */
    uint32_t flags;
    uint64_t seed;
};

/* What happened, as the guard or the world told it. Texts live as long as the run. */
struct hag_sim_event {
    hag_time at; /* ms since the start of the scenario */
    uint32_t severity;
    uint32_t deed; /* 1: a statement of the scenario took effect */
    const char *cluster;
    const char *node;   /* "" where there is none */
    const char *name;   /* "promote", "alert no-candidate", ... */
    const char *reason; /* "" where there is none */
    const char *text;   /* "" without HAG_SIM_TEXT */
};

/* One expectation, or one breach of a safety rule, and what came of it. */
struct hag_sim_finding {
    uint32_t line, column; /* 0: a safety rule */
    uint32_t held;
    uint32_t reserved;
    hag_time at;
    const char *wanted;
    const char *seen;
};

/* What a lane of the picture shows from a time on. */
struct hag_sim_change {
    hag_time at;
    const char *lane;
    const char *state;
};

struct hag_sim_figures {
    uint64_t downtime, total_downtime; /* ms */
    uint64_t two_writers;              /* ms */
    uint64_t lost_writes, writes;
    uint64_t events; /* of all kinds that the world went through */
    uint64_t digest; /* of all that happened: equal for equal runs */
};

/* Reads a scenario. On an error nothing is made and why says file:line:column, what is wrong and what
 * was allowed. Errors: INVAL, NOMEM. Since 0.1. */
int32_t hag_scenario_parse(const char *file, const char *text, size_t len, hag_scenario **ret,
                           char *why, size_t whylen);
void hag_scenario_free(hag_scenario *s);

/* What of it this version cannot do yet, with file:line:column; NULL: nothing. Since 0.1. */
const char *hag_scenario_lacks(const hag_scenario *s);

/* Plays a scenario to its end; the scenario must outlive the run. opt may be NULL.
 * Errors: INVAL, ABI, NOMEM, UNSUPPORTED (see hag_scenario_lacks). Since 0.1. */
int32_t hag_sim_run(const hag_scenario *s, const struct hag_sim_options *opt, hag_sim **ret);
void hag_sim_free(hag_sim *r);

/* The i-th event, finding or change; NULL past the end. Findings: expectations in the order of the
 * file, then breaches. Since 0.1. */
const struct hag_sim_event *hag_sim_event(const hag_sim *r, uint32_t i);
const struct hag_sim_finding *hag_sim_finding(const hag_sim *r, uint32_t i);
const struct hag_sim_change *hag_sim_change(const hag_sim *r, uint32_t i);
const struct hag_sim_figures *hag_sim_figures(const hag_sim *r);

/* What became of the i-th "when" statement, in the order of the file: the step that the procedure was
 * seen at when it took effect, and in *at, which may be NULL, the time in ms. NULL: it never did, or
 * there is no such statement. Since 0.1. */
const char *hag_sim_when(const hag_sim *r, uint32_t i, hag_time *at);

/* How many findings did not hold. Since 0.1. */
uint32_t hag_sim_failures(const hag_sim *r);
/* ms that were played. Since 0.1. */
hag_time hag_sim_length(const hag_sim *r);
/* The name of the i-th lane, in the order of the picture; NULL past the end. Since 0.1. */
const char *hag_sim_lane(const hag_sim *r, uint32_t i);

#ifdef __cplusplus
}
#endif

#endif
