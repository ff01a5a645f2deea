/* SPDX-License-Identifier: MIT
 *
 * A scenario as it was read: what the world is, what happens, what must be so. Made by the parser,
 * never changed afterwards; many runs may share one.
 */
#ifndef HAG__SIM_SCN_H
#define HAG__SIM_SCN_H

#pragma GCC visibility push(default)
#include <haguard/sim.h>
#pragma GCC visibility pop

#define SCN_WORDS   64 /* words of one line */
#define SCN_VALUES  4  /* positional values of a statement */
#define SCN_OPTIONS 12
#define SCN_NONE    0xffffu
#define SCN_NO_TIME UINT64_MAX /* of a statement that waits for a step */
#define SCN_LIST    16         /* names in one list, events in one order */

/* What a word can mean. */
enum {
    SCN_T_NONE = 0,
    SCN_T_NAME,     /* a name, not looked up */
    SCN_T_NODE,     /* n: index of a node */
    SCN_T_CLUSTER,  /* n: index of a cluster */
    SCN_T_GUARD,    /* n: index of a guard */
    SCN_T_PLACE,    /* m: SCN_P_, n: index, text: name of a zone */
    SCN_T_DURATION, /* n: ms */
    SCN_T_OFFSET,   /* n: ms, with a sign */
    SCN_T_SIZE,
    SCN_T_INT,
    SCN_T_PERCENT, /* n: per mille */
    SCN_T_RATIO,   /* n/m */
    SCN_T_RATE,    /* n: a second */
    SCN_T_LAG,     /* m: SCN_LAG_, n: ms or bytes */
    SCN_T_CHOICE,  /* n: which of the words allowed */
    SCN_T_ACTION,  /* n: HAG_DO_, or 0 with text: known, but not to this version */
    SCN_T_TARGET,  /* of an action: m 0: a node n, 1: an endpoint n */
    SCN_T_REASON,  /* n: HAG_WHY_ */
    SCN_T_SETTING, /* text: "key=value" */
    SCN_T_FLAG
};

enum {
    SCN_P_NODE,
    SCN_P_GUARD,
    SCN_P_OBSERVER,
    SCN_P_WITNESS,
    SCN_P_ZONE,
    SCN_P_CLIENTS,
    SCN_P_DNS,
    SCN_P_NS1,
    SCN_P_NS2,
    SCN_P_STORE
};
enum { SCN_LAG_TIME, SCN_LAG_SIZE, SCN_LAG_STOPPED, SCN_LAG_PAUSED };

struct scn_word {
    const char *text;
    uint32_t col;
};

struct scn_line {
    uint32_t line;
    uint32_t n;
    const char *text; /* as written, for reports */
    struct scn_word w[SCN_WORDS];
};

struct scn_value {
    uint8_t type; /* SCN_T_NONE: not given */
    uint32_t col;
    const char *text;
    int64_t n, m;
};

/* One row of the grammar: a verb and what may follow it. */
struct scn_form {
    const char *verb;
    const char *words;   /* "node place 'literal"; see scn_match.c */
    const char *options; /* "key=type flag"; any order; NULL: none */
    uint16_t id;
    uint8_t flags;
    const char *lacks; /* not NULL: what this version cannot do yet */
};
enum { SCN_F_FOR = 1, SCN_F_CLUSTER = 2, SCN_F_OPERATOR = 4, SCN_F_WINDOWED = 8 };

struct scn_stmt {
    const struct scn_form *form;
    const char *text;
    uint32_t line, col;
    uint64_t at;  /* of an "at" statement */
    uint64_t dur; /* "for"; 0: none */
    /* of a "when" statement; procedure 0: it is none */
    uint16_t cluster;
    uint8_t procedure, step;
    struct scn_value v[SCN_VALUES];
    struct scn_value opt[SCN_OPTIONS]; /* in the order of form->options */
    struct scn_value setting[SCN_OPTIONS];
    uint32_t nsettings;
};

/* World statements. */
enum {
    SCN_W_ENGINE = 1,
    SCN_W_CLUSTER,
    SCN_W_POLICY,
    SCN_W_NODE,
    SCN_W_GUARD,
    SCN_W_OBSERVER,
    SCN_W_WITNESS,
    SCN_W_AGENT,
    SCN_W_ZONES,
    SCN_W_SLOT,
    SCN_W_BACKUP,
    SCN_W_STORE,
    SCN_W_CLIENTS,
    SCN_W_WORLD,
    SCN_W_UNTIL
};

/* What happens. */
enum {
    SCN_D_CRASH = 1,
    SCN_D_LOSE,
    SCN_D_FREEZE,
    SCN_D_FREEZE_HOST,
    SCN_D_THAW,
    SCN_D_START,
    SCN_D_RESTART,
    SCN_D_ISOLATE,
    SCN_D_CUT,
    SCN_D_HEAL,
    SCN_D_HEAL_ALL,
    SCN_D_HEAL_NODE,
    SCN_D_LOSS,
    SCN_D_DELAY,
    SCN_D_LAG,
    SCN_D_DIVERGE,
    SCN_D_LOAD,
    SCN_D_SLOW,
    SCN_D_DENY,
    SCN_D_ALLOW,
    SCN_D_ALLOW_ACTION,
    SCN_D_LOADING,
    SCN_D_READONLY,
    SCN_D_DEADLOCK,
    SCN_D_ROLE,
    SCN_D_FOLLOW,
    SCN_D_READDRESS,
    SCN_D_REUSE,
    SCN_D_CLOCK,
    SCN_D_AGENT,
    SCN_D_MAINTENANCE,
    SCN_D_REFUSE,
    SCN_D_HANG,
    SCN_D_LATE,
    SCN_D_MUTE,
    SCN_D_DNS_FAIL,
    SCN_D_DNS_STALE,
    SCN_D_PAUSE_GUARD,
    SCN_D_KILL_GUARD,
    SCN_D_CLOCK_GUARD,
    SCN_D_STORE_DOWN,
    SCN_D_DISK_FULL,
    SCN_D_ARCHIVE,
    SCN_D_BACKUP_BROKEN,
    SCN_D_BELIEVE,
    SCN_D_MAJOR,
    SCN_D_SWITCHOVER,
    SCN_D_FAILOVER,
    SCN_D_PLAN,
    SCN_D_PAUSE,
    SCN_D_RESUME,
    SCN_D_CONFIRM,
    SCN_D_ADD,
    SCN_D_FORGET,
    SCN_D_REPLACE,
    SCN_D_SLOT,
    SCN_D_POLICY,
    SCN_D_MAX
};

/* A node as declared, added or merely named ("new1"). */
struct scn_node {
    const char *name;
    uint16_t cluster;
    uint16_t first_upstream; /* the declared primary; SCN_NONE for it */
    const char *zone, *host;
    int32_t priority;
    uint64_t lag;
    uint8_t primary, read_replica, no_promote, stopped, empty, agent_off;
    uint8_t later; /* not there at the start */
    uint32_t line, col;
};

struct scn_setting {
    const char *key, *value;
    uint32_t line, col;
};

struct scn_cluster {
    const char *name;
    uint8_t engine, durable;
    uint32_t rate; /* client writes a second; 0: no clients */
    const char *client_zone;
    uint8_t clients;
    struct scn_setting *settings;
    uint32_t nsettings;
    uint32_t line;
};

struct scn_guard {
    const char *name, *zone;
    uint8_t stopped;
};

struct scn_place {
    const char *name, *zone;
};

/* An event as an expectation names it. */
struct scn_event {
    uint8_t event; /* HAG_EV_; SIM_EV_ASK: an action handed to the host */
    uint8_t what;  /* alert, procedure, endpoint or action, 0: any */
    uint8_t has_what;
    uint8_t reason;     /* 0: any */
    uint16_t node;      /* SCN_NONE: any */
    uint16_t target;    /* SCN_NONE: any */
    uint16_t cluster;   /* SCN_NONE: any */
    uint8_t impossible; /* cannot happen in this version */
    const char *text;
};

enum {
    SCN_X_EVENT = 1, /* occurs */
    SCN_X_NEVER,
    SCN_X_ONCE,
    SCN_X_ORDER,
    SCN_X_GAP,
    SCN_X_AT,     /* a state at a moment */
    SCN_X_DURING, /* a state from..until */
    SCN_X_FIGURE
};
enum { SCN_OP_EQ, SCN_OP_NE, SCN_OP_LE, SCN_OP_GE };
enum {
    SCN_S_PRIMARY = 1,
    SCN_S_ENDPOINT,
    SCN_S_VERDICT,
    SCN_S_KIND,
    SCN_S_CLUSTER,
    SCN_S_TERM,
    SCN_S_SYNC,
    SCN_S_FORWARD,
    SCN_S_GUARD,
    SCN_S_WRITERS,
    SCN_S_NODES,
    SCN_S_SLOT,
    SCN_S_WORLD_PRIMARY,
    SCN_S_WRITABLE,
    SCN_S_READABLE,
    SCN_S_ZONE,
    SCN_S_DOWNTIME,
    SCN_S_TOTAL_DOWNTIME,
    SCN_S_LOST_WRITES,
    SCN_S_TWO_WRITERS,
    SCN_S_REPORT
};

struct scn_state {
    uint8_t what; /* SCN_S_ */
    uint8_t endpoint;
    uint8_t op;
    uint8_t nlist;
    uint16_t cluster; /* SCN_NONE: the first, or all for a figure */
    uint16_t node;
    int64_t n;        /* wanted: a word, a count or ms */
    const char *name; /* wanted: a name */
    uint64_t list;    /* wanted: nodes by place in their cluster */
};

struct scn_expect {
    uint8_t kind;
    uint8_t windowed; /* not before the window since the last "at" statement */
    uint8_t op;
    uint8_t nevents;
    uint32_t line, col;
    const char *text;
    uint64_t from, to;
    uint64_t gap;
    struct scn_state state;
    struct scn_event events[SCN_LIST];
};

struct scn_world {
    uint64_t rtt, create, sync, restore, restart, promote, fence, dns, ttl;
};

struct hag_scenario {
    const char *file;
    struct scn_chunk *chunks;
    char *why;
    size_t whylen;
    int32_t err;
    struct scn_line *lines;
    uint32_t nlines, cap_lines;
    struct scn_cluster *clusters;
    uint32_t nclusters, cap_clusters;
    struct scn_node *nodes;
    uint32_t nnodes, cap_nodes;
    struct scn_guard *guards;
    uint32_t nguards, cap_guards;
    struct scn_place *observers;
    uint32_t nobservers, cap_observers;
    struct scn_place *witnesses;
    uint32_t nwitnesses, cap_witnesses;
    struct scn_stmt
        *deeds; /* "at" in the order of time and file, then "when" in that of the file */
    uint32_t ndeeds, cap_deeds, nwhens;
    struct scn_expect *expects;
    uint32_t nexpects, cap_expects;
    struct scn_world world;
    uint8_t engine, store;
    uint64_t until;
    uint8_t until_given;
    uint8_t judges_writes;
    /* first thing that this version cannot do, if any */
    char lacks[256];
};

/* scn_lex.c */
void *scn_alloc(struct hag_scenario *s, size_t size);
void *scn_more(struct hag_scenario *s, void *array, uint32_t n, uint32_t *cap, size_t size);
int scn_split(struct hag_scenario *s, const char *text, size_t len);
int scn_fail(struct hag_scenario *s, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void scn_lacks(struct hag_scenario *s, uint32_t line, uint32_t col, const char *what);
int scn_number(const char *w, uint8_t type, int64_t *n, int64_t *m); /* 0: not one */
int scn_name_ok(const char *w, size_t len);

/* scn_names.c: what the words stand for */
uint32_t scn_find_node(const struct hag_scenario *s, const char *w);
uint32_t scn_find_cluster(const struct hag_scenario *s, const char *w);
uint32_t scn_find_guard(const struct hag_scenario *s, const char *w);
uint32_t scn_place_in_cluster(const struct hag_scenario *s, uint32_t node);
int scn_is_zone(const struct hag_scenario *s, const char *w);
uint32_t scn_find_name(uint32_t names, uint32_t most, const char *w); /* 0: none */
void scn_list_names(uint32_t names, uint32_t most, char *buf, size_t len);
void scn_list_nodes(const struct hag_scenario *s, char *buf, size_t len);
int scn_action_later(const char *w);                              /* an action of later versions */
int scn_setting_later(const char *w);                             /* a setting of later versions */
const char *scn_setting_name(const char *key, const char *value); /* max_lag in bytes */

/* scn_match.c: one line against rows of a grammar */
int scn_match(struct hag_scenario *s, const struct scn_line *l, uint32_t from,
              const struct scn_form *forms, uint32_t nforms, const char *what,
              struct scn_stmt *out);

/* scn_world.c, scn_deeds.c, scn_expect.c, scn_state.c */
int scn_world_line(struct hag_scenario *s, const struct scn_line *l);
int scn_world_done(struct hag_scenario *s);
int scn_deed_line(struct hag_scenario *s, const struct scn_line *l);
int scn_deed_names(struct hag_scenario *s, const struct scn_line *l); /* nodes that "add" makes */
int scn_expect_line(struct hag_scenario *s, const struct scn_line *l);
int scn_event(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
              struct scn_event *e);
int scn_is_event(const char *w);
int scn_state(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
              struct scn_state *st); /* with operator and value */
int scn_is_figure(const char *w);
int scn_operator(const char *w); /* -1: none */

#define SIM_EV_ASK 200

/* Orders that a "refused" event names, beside the procedures. */
enum {
    SIM_ORDER_PLAN = 100,
    SIM_ORDER_POLICY,
    SIM_ORDER_ADD,
    SIM_ORDER_FORGET,
    SIM_ORDER_PAUSE,
    SIM_ORDER_RESUME,
    SIM_ORDER_CONFIRM
};

extern const struct scn_form scn_deed_forms[];
extern const uint32_t scn_ndeed_forms;

#endif
