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
    HAG_SIM_TEXT = 1,     /* events carry a sentence for people */
    HAG_SIM_LANES = 2,    /* keep what a picture needs */
    HAG_SIM_REPEAT = 4,   /* complete every op twice: the second must be refused as stale */
    HAG_SIM_LIVENESS = 8, /* at the end every cluster that keeps its data must serve */
    HAG_SIM_RECORD = 16,  /* the guards record: hag_sim_log() */
    HAG_SIM_REPLAY = 32   /* ... and what they recorded must be the same when it is played again */
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

/* Reads a scenario; the caller frees it. On an error nothing is made and why says file:line:column,
 * what is wrong and what was allowed. In a hook: yes. Errors: INVAL, NOMEM. Since 0.1. */
int32_t hag_scenario_parse(const char *file, const char *text, size_t len, hag_scenario **ret,
                           char *why, size_t whylen);

/* Frees a scenario, after the runs that played it. NULL is fine. In a hook: yes. Errors: none.
 * Since 0.1. */
void hag_scenario_free(hag_scenario *s);

/* What of it this version cannot do yet, with file:line:column; NULL: nothing. It lives as long as
 * the scenario. In a hook: yes. Errors: none. Since 0.1. */
const char *hag_scenario_lacks(const hag_scenario *s);

/* Plays a scenario to its end; the scenario must outlive the run, which the caller frees. opt may be
 * NULL. In a hook: yes.
 * Errors: INVAL, ABI, NOMEM, UNSUPPORTED (see hag_scenario_lacks). Since 0.1. */
int32_t hag_sim_run(const hag_scenario *s, const struct hag_sim_options *opt, hag_sim **ret);

/* Frees a run with all that was got of it. NULL is fine. In a hook: yes. Errors: none. Since 0.1. */
void hag_sim_free(hag_sim *r);

/* The i-th event from 0, in the order of time; NULL past the end. In a hook: yes. Errors: none.
 * Since 0.1. */
const struct hag_sim_event *hag_sim_event(const hag_sim *r, uint32_t i);

/* The i-th finding from 0: expectations in the order of the file, then breaches of safety rules; NULL
 * past the end. In a hook: yes. Errors: none. Since 0.1. */
const struct hag_sim_finding *hag_sim_finding(const hag_sim *r, uint32_t i);

/* The i-th change of a lane from 0, in the order of time; NULL past the end, and without
 * HAG_SIM_LANES. In a hook: yes. Errors: none. Since 0.1. */
const struct hag_sim_change *hag_sim_change(const hag_sim *r, uint32_t i);

/* What was measured. In a hook: yes. Errors: none. Since 0.1. */
const struct hag_sim_figures *hag_sim_figures(const hag_sim *r);

/* What became of the i-th "when" statement, in the order of the file: the step that the procedure was
 * seen at when it took effect, and in *at, which may be NULL, the time in ms. NULL: it never did, or
 * there is no such statement. In a hook: yes. Errors: none. Since 0.1. */
const char *hag_sim_when(const hag_sim *r, uint32_t i, hag_time *at);

/* How many findings did not hold. In a hook: yes. Errors: none. Since 0.1. */
uint32_t hag_sim_failures(const hag_sim *r);

/* Milliseconds that were played. In a hook: yes. Errors: none. Since 0.1. */
hag_time hag_sim_length(const hag_sim *r);

/* The name of the i-th lane from 0, in the order of the picture; NULL past the end. In a hook: yes.
 * Errors: none. Since 0.1. */
const char *hag_sim_lane(const hag_sim *r, uint32_t i);

/* The log of the i-th guard from 0 of a run with HAG_SIM_RECORD: a guard that is restarted is another
 * one. It lives as long as the run. NULL past the end. In a hook: yes. Errors: none. Since 0.1. */
const uint8_t *hag_sim_log(const hag_sim *r, uint32_t i, size_t *n);

/* --- replay ----------------------------------------------------------------------------------- */

/* Does today's code decide as it was recorded? */
enum { HAG_REPLAY_SAME = 0, HAG_REPLAY_DIFFERS = 1 };

/* How the log ends, unless the replay stopped at a difference before. */
enum {
    HAG_REPLAY_WHOLE = 1,   /* with its end mark */
    HAG_REPLAY_RUNNING = 2, /* without: the guard was at work, or was killed */
    HAG_REPLAY_FULL = 3,    /* nobody took it in time, then the recording ended */
    HAG_REPLAY_NOMEM = 4,   /* the guard or its recorder was refused memory, likewise */
    HAG_REPLAY_CUT = 5,     /* cut off in the middle */
    HAG_REPLAY_DAMAGED = 6  /* what comes then is not what was written */
};

struct hag_replay_options {
    uint32_t size; /* sizeof(struct hag_replay_options) */
    uint32_t reserved;
    void *ud;
    /* Told each action that was handed out, events among them, in their order: at ms since the first
     * time in the log; unix_ms is the time of day, 0 when the log has none. a lives until it returns. */
    void (*told)(void *ud, hag_time at, uint64_t unix_ms, const struct hag_action *a);
};

struct hag_replay_result {
    uint32_t size;
    uint32_t verdict; /* HAG_REPLAY_SAME or _DIFFERS */
    uint32_t ending;  /* HAG_REPLAY_WHOLE, ...; 0: there was a difference before */
    uint32_t version; /* of the library that recorded, as hag_version() */
    uint64_t entries, actions, events;
    uint64_t offset; /* of the difference or the damage, in bytes */
    hag_time at;     /* ms since the first time in the log: of the difference, or of the end */
    uint64_t unix_ms;
    char recorded[256]; /* what differs: as it was recorded */
    char today[256];    /* ... and as it is decided today */
    char why[128];      /* what is wrong with a log that is CUT or DAMAGED */
};

/* Plays a recorder's log again (see hag_record_take()), from any host: a new guard is told the same at
 * the same times, and what it does is compared byte for byte. Nothing outside of it is touched. opt may
 * be NULL; out->size must be set. In a hook: yes. Errors: INVAL, ABI, NOMEM, DAMAGED (not a log),
 * UNSUPPORTED (a log of a later format). Since 0.1. */
int32_t hag_replay(const uint8_t *log, size_t n, const struct hag_replay_options *opt,
                   struct hag_replay_result *out);

#ifdef __cplusplus
}
#endif

#endif
