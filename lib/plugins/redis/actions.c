/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "dragonfly.h"
#include "reader.h"

/* A held connection whose last answer is older is not trusted with an order. */
#define HELD_AGE 3000 /* ms */
/* Nor is a role that was read longer ago. */
#define ROLE_AGE 3000

#define PAUSE_DEFAULT 10000
#define PAUSE_MAX     3600000

static void run(struct hag__redis_act *a, const struct hag__redis_step *step);

/* --- the end of an action --------------------------------------------------------------------- */

void hag__redis_act_result(struct hag__redis_act *a, uint32_t outcome, uint32_t why,
                           const char *text)
{
    char line[sizeof(a->text)];

    snprintf(line, sizeof(line), "%s", text ? text : "");
    memcpy(a->text, line, sizeof(line));
    memset(&a->res, 0, sizeof(a->res));
    a->res.size = sizeof(a->res);
    a->res.outcome = outcome;
    a->res.reason = why;
    if (why == HAG_WHY_NOT_SERVING)
        a->res.retry_after = 1000;
}

static int shared(const struct hag__redis_act *a)
{
    for (const struct hag__redis_act *o = a->node->acts; o; o = o->next)
        if (o != a && o->conn == a->conn)
            return 1;
    return 0;
}

/* A good connection of its own is kept where the node has none to hold. */
static void release_conn(struct hag__redis_act *a)
{
    struct hag__redis_conn *c = a->conn;
    struct hag__redis_node *n = a->node;

    a->conn = NULL;
    if (!c || c == n->held || c->state == HAG__CONN_CLOSED)
        return;
    for (const struct hag__redis_act *o = n->acts; o; o = o->next)
        if (o->conn == c)
            return;
    if (!n->held && c->state == HAG__CONN_OPEN && !c->due && !(c->flags & HAG__CONN_DENIED))
        n->held = c;
    else
        hag__redis_conn_retire(c);
}

static void unlink_act(struct hag__redis_act *a)
{
    struct hag__redis_act **at = &a->node->acts;

    hag__redis_timer_stop(&a->node->r->timers, &a->timer);
    if (a->batch)
        a->batch->owner = NULL;
    a->batch = NULL;
    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
}

static void recycle(struct hag__redis_act *a)
{
    struct hag__redis *r = a->node->r;

    a->next = r->free_acts;
    r->free_acts = a;
}

static void finish(struct hag__redis_act *a)
{
    struct hag__redis *r = a->node->r;

    unlink_act(a);
    release_conn(a);
    a->res.text = a->text[0] ? a->text : NULL;
    a->res.facts = a->facts ? &r->facts : NULL;
    hag__redis_complete(r, &a->op, &a->res);
    recycle(a);
}

static void fail(struct hag__redis_act *a, uint32_t why, const char *text)
{
    hag__redis_act_result(a, HAG_RES_FAIL, why, text);
    a->facts = 0;
    finish(a);
}

/* The connection or the time has ended: what was never sent did not happen. */
static void broken(struct hag__redis_act *a, int sent, uint32_t why, const char *text)
{
    int maybe = a->changed || (sent && a->step && !(a->step->flags & HAG__READS));

    hag__redis_act_result(a, maybe ? HAG_RES_UNKNOWN : HAG_RES_FAIL,
                          maybe || sent ? why : HAG_WHY_NO_CONNECTION, text);
    a->facts = 0;
    finish(a);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void choose(struct hag__redis_act *a);

static void done_cb(void *owner, struct hag__redis_batch *b)
{
    struct hag__redis_act *a = owner;

    (void)b;
    a->batch = NULL;
    if (a->step == &hag__redis_ask) {
        if (a->why[0] != HAG_WHY_NONE)
            fail(a, a->why[0], a->error[0]);
        else if (!a->facts || !a->node->flavour)
            fail(a, HAG_WHY_PROTOCOL, "INFO names neither a role nor a process");
        else
            choose(a);
        return;
    }
    const struct hag__redis_step *next = a->step->judge(a);
    if (!next) {
        finish(a);
        return;
    }
    run(a, next);
}

static void lost_cb(void *owner, struct hag__redis_batch *b)
{
    struct hag__redis_act *a = owner;
    struct hag__redis_conn *c = b->conn;
    int sent = b->sent != 0;
    char text[sizeof(c->text)];

    a->batch = NULL;
    a->conn = NULL;
    memcpy(text, c->text, sizeof(text));
    if (a->borrowed && (!sent || a->step->flags & HAG__READS)) {
        a->borrowed = 0;
        run(a, a->step);
        return;
    }
    broken(a, sent, sent ? HAG_WHY_BROKEN : HAG_WHY_NO_CONNECTION, text);
}

static const struct hag__redis_owner owner_fn = {hag__redis_round_reply, done_cb, lost_cb};

/* Orders to one node go out in their order: one connection for all that are under way. Else the
 * held one, when it is idle and answered a moment ago: one round trip. Else a fresh one, so that a
 * stuck connection delays nothing. */
static struct hag__redis_conn *pick(struct hag__redis_act *a, uint32_t flags)
{
    struct hag__redis_node *n = a->node;
    struct hag__redis_conn *c = NULL;

    a->borrowed = 1;
    for (struct hag__redis_act *o = n->acts; o && o != a; o = o->next)
        if (o->conn && o->conn->state != HAG__CONN_CLOSED)
            c = o->conn;
    if (c)
        return c;
    c = n->held;
    if (c && c->state == HAG__CONN_OPEN && !c->due && n->r->now - c->last_reply <= HELD_AGE &&
        !(flags & HAG__OWN_CONN))
        return c;
    a->borrowed = 0;
    return hag__redis_conn_open(n->r, n);
}

static void run(struct hag__redis_act *a, const struct hag__redis_step *step)
{
    a->step = step;
    a->facts = 0;
    a->empty = 0;
    a->rounds++;
    memset(a->why, 0, sizeof(a->why));
    if (!a->conn || a->conn->state == HAG__CONN_CLOSED)
        a->conn = pick(a, step->flags);
    if (!a->conn) {
        fail(a, HAG_WHY_HOST_ERROR, "out of memory");
        return;
    }
    if (a->conn->state == HAG__CONN_CLOSED) {
        broken(a, 0, HAG_WHY_NO_CONNECTION, a->conn->text);
        return;
    }
    if (step->flags & HAG__CUTS_CLIENTS) {
        a->conn->limit = HAG__REDIS_LISTING_MAX;
        if (a->node->held && a->node->held != a->conn)
            hag__redis_conn_retire(a->node->held); /* its end must not look like a failure */
    }
    if (hag__redis_round_send(a, &owner_fn))
        broken(a, 0, HAG_WHY_HOST_ERROR, a->conn->text);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void prolong(struct hag__redis_act *a)
{
    struct hag__redis *r = a->node->r;
    hag_time now = r->now;
    uint64_t left = a->end > now ? a->end - now : 0;
    uint32_t need = a->recipe->extra_ms;

    a->seconds = hag__redis_takeover_seconds(left);
    if (left >= need)
        return;
    if (r->host->progress(r->host->ctx, a->op.op, need) == 0) {
        a->end = now + need - 100;
        hag__redis_timer_set(&r->timers, &a->timer, a->end);
    }
}

static void choose(struct hag__redis_act *a)
{
    struct hag__redis_node *n = a->node;

    a->recipe = hag__redis_recipe_find(a->kind, n->flavour, a->flags & HAG_ACT_PLANNED);
    if (!a->recipe || !a->recipe->step) {
        fail(a, HAG_WHY_UNSUPPORTED,
             a->recipe ? a->recipe->text : "this plugin does not carry out such an action");
        return;
    }
    if (a->recipe->standby) {
        int known = n->role == HAG_ROLE_STANDBY && n->r->now - n->role_at <= ROLE_AGE;
        if (!known && a->step != &hag__redis_ask) {
            run(a, &hag__redis_ask);
            return;
        }
        if (n->role != HAG_ROLE_STANDBY) {
            fail(a, HAG_WHY_WRONG_ROLE, "it is a primary, which has nobody to be detached from");
            return;
        }
    }
    if (a->recipe->extra_ms)
        prolong(a);
    /* whatever it is now, it may be something else after this */
    if (!(a->recipe->step->flags & HAG__READS))
        n->role = HAG_ROLE_UNKNOWN;
    run(a, a->recipe->step);
}

static void act_timer(struct hag__redis_timer *t, hag_time now)
{
    struct hag__redis_act *a =
        (struct hag__redis_act *)(void *)((char *)t - offsetof(struct hag__redis_act, timer));
    struct hag__redis_conn *c = a->conn;
    int sent = a->batch && a->batch->sent;

    (void)now;
    if (a->batch)
        a->batch->owner = NULL;
    a->batch = NULL;
    broken(a, sent, HAG_WHY_TIMEOUT,
           sent ? "the order was sent and not answered in time" : "no connection in time");
    if (c && c->state != HAG__CONN_CLOSED)
        hag__redis_conn_close(c, HAG_PROBE_NONE, "an order on it was not answered in time");
}

static struct hag__redis_act *act_new(struct hag__redis *r)
{
    struct hag__redis_act *a = r->free_acts;

    if (a) {
        r->free_acts = a->next;
        memset(a, 0, sizeof(*a));
        return a;
    }
    if (hag__redis_timers_reserve(&r->timers))
        return NULL;
    a = hag__redis_alloc(r, sizeof(*a));
    if (!a)
        hag__redis_timers_release(&r->timers);
    return a;
}

void hag__redis_acts_free(struct hag__redis *r)
{
    struct hag__redis_act *a;

    while ((a = r->free_acts) != NULL) {
        r->free_acts = a->next;
        hag__redis_timers_release(&r->timers);
        hag__redis_free(r, a, sizeof(*a));
    }
}

static void refuse(struct hag__redis *r, hag_op op, uint32_t why, const char *text)
{
    struct hag_result res;

    memset(&res, 0, sizeof(res));
    res.size = sizeof(res);
    res.outcome = HAG_RES_FAIL;
    res.reason = why;
    res.text = text;
    (void)r->host->complete(r->host->ctx, op, &res);
}

void hag__redis_act_start(struct hag__redis_node *n, const struct hag_action *action)
{
    struct hag__redis *r = n->r;
    struct hag__redis_act *a, **tail = &n->acts;
    struct hag__redis_addr target = {"", 0};

    if (action->kind == HAG_DO_FOLLOW) {
        if (hag__redis_addr_parse(action->target_addr, &target)) {
            refuse(r, action->op, HAG_WHY_BAD_CONFIG,
                   "the target's address must be numeric, as in 192.0.2.1:6379");
            return;
        }
        if (action->target == action->node ||
            (target.port == n->addr.port && strcmp(target.host, n->addr.host) == 0)) {
            refuse(r, action->op, HAG_WHY_TARGET_UNFIT, "a node cannot follow itself");
            return;
        }
    }
    a = act_new(r);
    if (!a || hag__redis_map_put(&r->ops, action->op, a)) {
        if (a) {
            a->next = r->free_acts;
            r->free_acts = a;
        }
        refuse(r, action->op, HAG_WHY_HOST_ERROR, "out of memory");
        return;
    }
    a->op.op = action->op;
    a->op.kind = HAG__OP_ACT;
    a->node = n;
    a->kind = action->kind;
    a->flags = action->flags;
    a->target = target;
    a->ms = action->arg ? action->arg : PAUSE_DEFAULT;
    if (a->ms > PAUSE_MAX)
        a->ms = PAUSE_MAX;
    a->end = hag__redis_before(action->deadline, r->now);
    a->timer.fire = act_timer;
    while (*tail)
        tail = &(*tail)->next;
    *tail = a;
    hag__redis_timer_set(&r->timers, &a->timer, a->end);
    if (n->flavour == HAG__REDIS_AUTO)
        run(a, &hag__redis_ask);
    else
        choose(a);
}

void hag__redis_act_cancel(struct hag__redis_act *a)
{
    struct hag__redis_conn *c = a->conn;
    int mine = c && !a->borrowed && !shared(a);

    unlink_act(a);
    a->conn = NULL;
    if (mine && c->state != HAG__CONN_CLOSED)
        hag__redis_conn_close(c, HAG_PROBE_NONE, "cancelled");
    recycle(a);
}
