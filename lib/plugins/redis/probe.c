/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "dragonfly.h"
#include "facts.h"
#include "redis.h"
#include "replies.h"

/* The questions of a probe. PING tells what no INFO does (MISCONF, LOADING, MASTERDOWN); what a
 * process cannot change is asked once for each connection. INFO replication is last, so that the
 * facts are read and handed over in one go. */
enum { PING, KEYSPACE, SERVER, SAVE, APPENDONLY, BEAT, REPLICATION };

static const struct hag__redis_command first[] = {
    [PING] = {1, {"PING"}},
    [KEYSPACE] = {2, {"INFO", "keyspace"}},
    [SERVER] = {2, {"INFO", "server"}},
    [SAVE] = {3, {"CONFIG", "GET", "save"}},
    [APPENDONLY] = {3, {"CONFIG", "GET", "appendonly"}},
    [BEAT] = {3, {"CONFIG", "GET", "repl-ping-*"}},
    [REPLICATION] = {2, {"INFO", "replication"}},
};

static const struct hag__redis_command steady[] = {
    {1, {"PING"}},
    {2, {"INFO", "keyspace"}},
    {2, {"INFO", "replication"}},
};

#define NFIRST  (sizeof(first) / sizeof(first[0]))
#define NSTEADY (sizeof(steady) / sizeof(steady[0]))

static const uint32_t steady_is[NSTEADY] = {PING, KEYSPACE, REPLICATION};

#define LATE 100 /* ms */

static struct hag__redis_node *node_of(struct hag__redis_timer *t)
{
    return (struct hag__redis_node *)(void *)((char *)t -
                                              offsetof(struct hag__redis_node, probe.timer));
}

/* --- facts ------------------------------------------------------------------------------------ */

static void clear_facts(struct hag__redis *r)
{
    memset(&r->facts, 0, sizeof(r->facts));
    r->facts.size = sizeof(r->facts);
    r->facts.link_idle = HAG_UNKNOWN_MS;
    r->facts.lag = HAG_UNKNOWN_MS;
}

void hag__redis_learn_server(struct hag__redis_conn *c, const char *text, size_t len)
{
    struct hag__redis_info i;
    uint32_t set = c->r->cfg.flavour;

    memset(&i, 0, sizeof(i));
    hag__redis_info_parse(&i, text, len);
    if (!(i.seen & (HAG__INFO_RUN_ID | HAG__INFO_UPTIME)))
        return;
    if (i.flavour == HAG__REDIS_AUTO)
        i.flavour = HAG__REDIS_REDIS;
    c->flavour = set == HAG__REDIS_AUTO ? i.flavour : set;
    c->node->flavour = c->flavour;
    if (i.seen & HAG__INFO_RUN_ID)
        memcpy(c->identity, i.run_id, HAG_ID_SIZE);
    c->pid = i.pid;
    c->uptime = i.uptime;
    c->uptime_at = c->r->now;
    c->flags |= HAG__CONN_SERVER;
}

/* Until the first byte of the stream, a position of 0 is that of a standby in sync, too: one that
 * was seen in sync is not taken for one that never was. (An interrupted full sync shows 1.) */
static void remember_sync(struct hag__redis_node *n, struct hag_facts *f,
                          const struct hag__redis_info *i)
{
    if (f->role != HAG_ROLE_STANDBY || !f->nlineage)
        return;
    if (f->flags & HAG_FACT_LINK_UP && f->flags & HAG_FACT_POSITION) {
        memcpy(n->synced_as, f->identity, HAG_ID_SIZE);
        memcpy(n->synced_with, f->lineage[0], HAG_ID_SIZE);
    } else if (f->flags & HAG_FACT_SYNCING && !i->syncing && i->slave_offset == 0 &&
               memcmp(n->synced_as, f->identity, HAG_ID_SIZE) == 0 &&
               memcmp(n->synced_with, f->lineage[0], HAG_ID_SIZE) == 0) {
        f->flags &= ~(uint32_t)HAG_FACT_SYNCING;
        f->flags |= HAG_FACT_POSITION;
    }
}

int hag__redis_node_facts(struct hag__redis_conn *c, const struct hag__redis_info *i)
{
    struct hag__redis_node *n = c->node;
    struct hag_facts *f = &c->r->facts;
    int dragonfly = c->flavour == HAG__REDIS_DRAGONFLY;

    clear_facts(c->r);
    f->flags = dragonfly ? HAG_FACT_SELF_DRAINS : 0;
    if (hag__redis_facts_from(f, i, c->flavour))
        return -1;
    n->role = f->role;
    n->role_at = c->r->now;
    memcpy(f->identity, c->identity, HAG_ID_SIZE);
    if (!dragonfly)
        remember_sync(n, f, i);
    if (dragonfly && !n->memory)
        n->memory = hag__redis_alloc(c->r, sizeof(*n->memory));
    if (dragonfly && n->memory && c->flags & HAG__CONN_SERVER)
        hag__redis_dragonfly_facts(n->memory, i, c->pid, c->uptime, c->uptime_at, f);
    if (c->flags & HAG__CONN_CONFIG) {
        n->fades = c->flags & HAG__CONN_VOLATILE ? HAG_FACT_VOLATILE : 0;
        n->beat = c->beat;
    }
    f->flags |= n->fades;
    if (f->role == HAG_ROLE_STANDBY && !dragonfly)
        f->link_beat = n->beat ? n->beat : 10000;
    return 0;
}

/* --- the end of a probe ----------------------------------------------------------------------- */

static void drop(struct hag__redis_node *n, uint32_t which)
{
    struct hag__redis_attempt *a = &n->probe.attempt[which];
    struct hag__redis_batch *b = a->batch;

    a->batch = NULL;
    if (!b)
        return;
    b->owner = NULL;
    if (which == HAG__FRESH)
        hag__redis_conn_close(b->conn, HAG_PROBE_NONE, "no longer needed");
}

static void finish(struct hag__redis_node *n, uint32_t outcome, uint32_t why, const char *text)
{
    struct hag_result res;

    hag__redis_timer_stop(&n->r->timers, &n->probe.timer);
    drop(n, HAG__HELD);
    drop(n, HAG__FRESH);
    memset(&res, 0, sizeof(res));
    res.size = sizeof(res);
    res.outcome = outcome;
    res.reason = why;
    res.text = text && text[0] ? text : NULL;
    res.facts = outcome == HAG_RES_OK ? &n->r->facts : NULL;
    n->failed = outcome != HAG_RES_OK || n->r->facts.result != HAG_PROBE_OK;
    hag__redis_complete(n->r, &n->probe.op, &res);
}

static const uint32_t whys[] = {
    [HAG_PROBE_OK] = HAG_WHY_NONE,
    [HAG_PROBE_NOT_SERVING] = HAG_WHY_NOT_SERVING,
    [HAG_PROBE_DENIED] = HAG_WHY_DENIED,
    [HAG_PROBE_REFUSED] = HAG_WHY_REFUSING,
    [HAG_PROBE_UNREACHABLE] = HAG_WHY_SILENT,
    [HAG_PROBE_TIMEOUT] = HAG_WHY_TIMEOUT,
    [HAG_PROBE_GARBLED] = HAG_WHY_GARBLED,
    [HAG_PROBE_NONE] = HAG_WHY_HOST_ERROR,
};

static void finish_bad(struct hag__redis_node *n, uint32_t result, uint32_t flags, const char *text)
{
    char line[128];

    /* text may be of a connection that finish() closes */
    snprintf(line, sizeof(line), "%s", text);
    if (result == HAG_PROBE_NONE) {
        finish(n, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, line);
        return;
    }
    clear_facts(n->r);
    n->r->facts.result = result;
    n->r->facts.flags = flags;
    finish(n, HAG_RES_OK, whys[result], line);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Which of two results says more: what the store is not allowed to tell hides all else, garbage
 * makes the rest doubtful. */
static uint32_t worse(uint32_t a, uint32_t b)
{
    static const uint32_t weight[] = {
        [HAG_PROBE_OK] = 0,
        [HAG_PROBE_NOT_SERVING] = 1,
        [HAG_PROBE_GARBLED] = 2,
        [HAG_PROBE_DENIED] = 3,
    };

    return weight[a] >= weight[b] ? a : b;
}

static void note(struct hag__redis_attempt *a, uint32_t result, const char *text, size_t len)
{
    if (!a->text[0] && text)
        hag__redis_error_text(a->text, sizeof(a->text), text, len);
    a->result = worse(a->result, result);
}

static void note_error(struct hag__redis_conn *c, struct hag__redis_attempt *a, uint32_t what,
                       const redisReply *reply)
{
    const struct hag__redis_error *e = hag__redis_error_find(reply->str, reply->len);

    if (what == SAVE || what == APPENDONLY || what == BEAT) {
        c->flags |= HAG__CONN_CONFIG; /* CONFIG may be denied: defaults serve */
        return;
    }
    note(a, e->result, reply->str, reply->len);
    a->facts |= e->facts;
    a->hints |= e->hints;
}

static int pair_is(const redisReply *reply, const char *value)
{
    const redisReply *v;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return 0;
    v = reply->element[1];
    return v && v->type == REDIS_REPLY_STRING && v->len == strlen(value) &&
           memcmp(v->str, value, v->len) == 0;
}

static void on_config(struct hag__redis_conn *c, uint32_t what, const redisReply *reply)
{
    uint64_t seconds;
    const redisReply *v;

    c->flags |= HAG__CONN_CONFIG;
    if (what == SAVE && pair_is(reply, ""))
        c->flags |= HAG__CONN_NO_SAVE;
    if (what == APPENDONLY && pair_is(reply, "no"))
        c->flags |= HAG__CONN_NO_AOF;
    if (c->flags & HAG__CONN_NO_SAVE && c->flags & HAG__CONN_NO_AOF)
        c->flags |= HAG__CONN_VOLATILE;
    if (what != BEAT || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return;
    v = reply->element[1];
    if (v && v->type == REDIS_REPLY_STRING &&
        hag__redis_number(v->str, v->len, 86400, &seconds) == 0)
        c->beat = (uint32_t)seconds * 1000;
}

static void on_info(struct hag__redis_conn *c, struct hag__redis_attempt *a, uint32_t what,
                    const redisReply *reply)
{
    struct hag__redis_info i;

    if (what == SERVER) {
        hag__redis_learn_server(c, reply->str, reply->len);
        if (!(c->flags & HAG__CONN_SERVER))
            note(a, HAG_PROBE_GARBLED, "INFO server names no process", 28);
        return;
    }
    memset(&i, 0, sizeof(i));
    if (what == REPLICATION) {
        c->r->streams.n = 0;
        i.streams = &c->r->streams;
    }
    hag__redis_info_parse(&i, reply->str, reply->len);
    if (what == KEYSPACE) {
        if (i.seen & HAG__INFO_KEYSPACE && !(i.seen & HAG__INFO_KEYS))
            a->facts |= HAG_FACT_EMPTY;
        return;
    }
    if (hag__redis_node_facts(c, &i) == 0)
        a->seen |= 1u << REPLICATION;
    else
        note(a, HAG_PROBE_GARBLED, "INFO replication names no role", 30);
}

static void reply_cb(void *owner, struct hag__redis_batch *b, uint32_t i, const redisReply *reply)
{
    struct hag__redis_node *n = owner;
    struct hag__redis_attempt *a = &n->probe.attempt[n->probe.attempt[HAG__HELD].batch != b];
    uint32_t what = b->ncommands == NFIRST ? i : steady_is[i];

    if (reply->type == REDIS_REPLY_ERROR) {
        note_error(b->conn, a, what, reply);
        return;
    }
    switch (what) {
    case PING:
        if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "PONG") != 0)
            note(a, HAG_PROBE_GARBLED, "PING was not answered by PONG", 29);
        else
            a->seen |= 1u << PING;
        break;
    case KEYSPACE:
    case SERVER:
    case REPLICATION:
        /* a verbatim string of RESP3 has a type of its own, but we never ask for RESP3 */
        if (reply->type == REDIS_REPLY_STRING)
            on_info(b->conn, a, what, reply);
        else
            note(a, HAG_PROBE_GARBLED, "INFO was not answered by a text", 31);
        break;
    default:
        on_config(b->conn, what, reply);
        break;
    }
}

/* What all answers together mean; facts are those of INFO replication, if it was answered. */
static void conclude(struct hag__redis_node *n, struct hag__redis_conn *c,
                     struct hag__redis_attempt *a, hag_time asked)
{
    struct hag_facts *f = &n->r->facts;
    int info = (a->seen & 1u << REPLICATION) != 0;

    if (!info) {
        clear_facts(n->r);
        if (a->hints & HAG__REPLY_STALLED && c == n->held) {
            /* nothing ran since, so the process is what it was */
            f->role = n->role;
            memcpy(f->identity, c->identity, HAG_ID_SIZE);
        }
        if (a->seen & 1u << PING && a->hints & HAG__REPLY_LOADING) {
            a->facts |= HAG_FACT_LEAVING; /* Dragonfly, taken over: PONG, but INFO says LOADING */
            snprintf(a->text, sizeof(a->text), "a takeover from it is in progress");
        }
    }
    if (c->flags & HAG__CONN_DENIED) {
        a->result = HAG_PROBE_DENIED;
        snprintf(a->text, sizeof(a->text), "AUTH was refused");
    }
    /* The first copy of a standby makes it answer LOADING: that is SYNCING, not a store in trouble. */
    if (a->result == HAG_PROBE_NOT_SERVING && info && f->role == HAG_ROLE_STANDBY &&
        f->flags & HAG_FACT_SYNCING && a->hints & HAG__REPLY_LOADING)
        a->result = HAG_PROBE_OK;
    f->result = a->result;
    f->flags |= a->facts;
    if (a->hints & (HAG__REPLY_LOADING | HAG__REPLY_STALLED))
        f->flags &= ~(uint32_t)(HAG_FACT_READS | HAG_FACT_WRITES | HAG_FACT_EMPTY);
    if (a->hints & HAG__REPLY_STALE)
        f->flags &= ~(uint32_t)HAG_FACT_READS;
    if (f->flags & HAG_FACT_READONLY)
        f->flags &= ~(uint32_t)HAG_FACT_WRITES;
    /* A store that is not readable gives no facts to rely on. */
    if (a->result == HAG_PROBE_DENIED || a->result == HAG_PROBE_GARBLED) {
        clear_facts(n->r);
        f->result = a->result;
    }
    f->position_age = (uint32_t)(n->r->now - asked);
}

static void done_cb(void *owner, struct hag__redis_batch *b)
{
    struct hag__redis_node *n = owner;
    uint32_t which = n->probe.attempt[HAG__HELD].batch == b ? HAG__HELD : HAG__FRESH;
    struct hag__redis_attempt *a = &n->probe.attempt[which];
    struct hag__redis_conn *c = b->conn;
    char text[sizeof(a->text)];

    a->batch = NULL;
    conclude(n, c, a, b->at);
    memcpy(text, a->text, sizeof(text));
    if (which == HAG__FRESH) {
        if (n->r->facts.result == HAG_PROBE_OK || n->r->facts.result == HAG_PROBE_NOT_SERVING) {
            drop(n, HAG__HELD);
            if (n->held)
                hag__redis_conn_retire(n->held);
            n->held = c;
            n->fresh_due = n->r->now + n->r->cfg.fresh_every;
        } else {
            hag__redis_conn_close(c, HAG_PROBE_NONE, "no longer needed");
        }
    }
    finish(n, HAG_RES_OK, whys[n->r->facts.result], text);
}

/* --- attempts --------------------------------------------------------------------------------- */

static void try_fresh(struct hag__redis_node *n);

static void lost_cb(void *owner, struct hag__redis_batch *b)
{
    struct hag__redis_node *n = owner;
    struct hag__redis_conn *c = b->conn;

    if (n->probe.attempt[HAG__HELD].batch == b) {
        n->probe.attempt[HAG__HELD].batch = NULL;
        if (!n->probe.tried)
            try_fresh(n);
        return;
    }
    struct hag__redis_attempt *a = &n->probe.attempt[HAG__FRESH];
    a->batch = NULL;
    /* What it said before it closed tells more than that it closed. */
    if (a->result == HAG_PROBE_NOT_SERVING || a->result == HAG_PROBE_DENIED)
        finish_bad(n, a->result, 0, a->text);
    else if (c->said)
        finish_bad(n, c->said->result, 0, c->said->prefix);
    else
        finish_bad(n, c->cause, 0, c->text);
}

static const struct hag__redis_owner owner_fn = {reply_cb, done_cb, lost_cb};

static int ask(struct hag__redis_node *n, uint32_t which, struct hag__redis_conn *c)
{
    struct hag__redis_attempt *a = &n->probe.attempt[which];
    int all = !(c->flags & HAG__CONN_SERVER) || !(c->flags & HAG__CONN_CONFIG);

    memset(a, 0, sizeof(*a));
    a->batch = all ? hag__redis_conn_send(c, first, NFIRST, 0, &owner_fn, n)
                   : hag__redis_conn_send(c, steady, NSTEADY, 0, &owner_fn, n);
    if (!a->batch)
        return -1;
    hag__redis_conn_flush(c);
    return 0;
}

static void try_fresh(struct hag__redis_node *n)
{
    struct hag__redis_conn *c = hag__redis_conn_open(n->r, n);

    n->probe.tried = 1;
    if (!c) {
        finish_bad(n, HAG_PROBE_NONE, 0, "out of memory");
        return;
    }
    if (c->state != HAG__CONN_CLOSED && ask(n, HAG__FRESH, c) == 0)
        return;
    /* The end of c came before there was a batch to tell of it. When only our own machine is short
     * of something, a held connection that was asked may still answer. */
    if (c->cause == HAG_PROBE_NONE && n->probe.attempt[HAG__HELD].batch)
        return;
    finish_bad(n, c->cause, 0, c->text);
}

static int healthy(const struct hag__redis_conn *c)
{
    return c && c->state == HAG__CONN_OPEN && !c->due;
}

void hag__redis_probe_start(struct hag__redis_node *n, const struct hag_action *a)
{
    struct hag__redis *r = n->r;
    hag_time now = r->now;
    int urgent = (a->flags & HAG_ACT_URGENT) != 0;
    int fresh = (a->flags & HAG_ACT_FRESH) || n->failed || (!urgent && now >= n->fresh_due);

    n->probe.end = hag__redis_before(a->deadline, now);
    n->probe.late = 0;
    n->probe.tried = 0;
    memset(n->probe.attempt, 0, sizeof(n->probe.attempt));
    hag__redis_timer_set(&r->timers, &n->probe.timer, n->probe.end);
    if (fresh || !healthy(n->held)) {
        try_fresh(n);
        return;
    }
    hag__redis_timer_set(&r->timers, &n->probe.timer, now + (n->probe.end - now) / 2);
    if (ask(n, HAG__HELD, n->held))
        try_fresh(n);
}

/* At half time a held connection has not answered: a fresh one finds out whether it is the
 * connection or the store. At the end, only the fresh one can say that the machine accepts. */
void hag__redis_probe_timer(struct hag__redis_timer *t, hag_time now)
{
    struct hag__redis_node *n = node_of(t);
    struct hag__redis_batch *b = n->probe.attempt[HAG__FRESH].batch;

    if (now < n->probe.end) {
        hag__redis_timer_set(&n->r->timers, t, n->probe.end);
        if (!n->probe.tried)
            try_fresh(n);
        return;
    }
    if (now > n->probe.end + LATE && !n->probe.late) {
        n->probe.late = 1; /* it was us who stood still: answers may lie in the sockets */
        hag__redis_timer_set(&n->r->timers, t, now + LATE);
        return;
    }
    /* Dragonfly: INFO replication waits for a takeover to end, which is no death (SF:2968). */
    uint32_t seen = n->probe.attempt[HAG__HELD].seen | n->probe.attempt[HAG__FRESH].seen;
    if (n->flavour == HAG__REDIS_DRAGONFLY && seen & 1u << PING) {
        finish_bad(n, HAG_PROBE_NOT_SERVING, 0, "it says PONG, and INFO waits: a takeover by it");
        return;
    }
    uint32_t accepted = b && b->conn->state == HAG__CONN_OPEN ? HAG_FACT_ACCEPTED : 0;
    finish_bad(n, HAG_PROBE_TIMEOUT, accepted,
               accepted ? "it accepts connections and does not answer"
                        : "no answer, and no connection was accepted");
}

void hag__redis_probe_cancel(struct hag__redis_node *n)
{
    hag__redis_timer_stop(&n->r->timers, &n->probe.timer);
    drop(n, HAG__HELD);
    drop(n, HAG__FRESH);
}
