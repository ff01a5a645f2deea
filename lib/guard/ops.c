/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

/* Words of the ring: handle | kind << 53 | plugin << 58. An event has no handle. */

uint32_t hag__handler(const hag_guard *g, const struct hag__cluster *c, uint32_t kind)
{
    for (uint32_t i = 0; i < c->nplugins; i++) {
        const struct hag__plugin *p = hag__plugin_at(g, c->plugins[i]);

        if (p != NULL && (p->desc->handles >> kind & 1) != 0)
            return c->plugins[i];
    }
    if (g->hooks[kind].fn != NULL || g->hooks[0].fn != NULL || (g->handles >> kind & 1) != 0)
        return HAG__BY_HOST;
    return HAG__BY_NOBODY;
}

int hag__handled(hag_guard *g, struct hag__cluster *c, uint32_t kind)
{
    if (hag__handler(g, c, kind) != HAG__BY_NOBODY)
        return 1;
    if ((c->told >> kind & 1) == 0) {
        c->told |= 1ull << kind;
        hag__event(g, c, NULL, HAG_EV_UNHANDLED, HAG_SEVERITY_WARNING, HAG_WHY_NO_HANDLER)->arg =
            kind;
    }
    return 0;
}

struct hag__op *hag__op_new(hag_guard *g, struct hag__cluster *c, uint32_t kind, uint64_t *handle)
{
    uint32_t index = hag__table_add(&g->ops);
    struct hag__op *op;
    uint64_t h;

    if (index == HAG__NIL)
        return NULL;
    if (hag__heap_reserve(&g->op_timers, index + 1) != HAG_OK ||
        hag__ring_reserve(&g->ring, g->ring.n + 1) != HAG_OK) {
        hag__table_del(&g->ops, index);
        return NULL;
    }
    op = hag__table_at(&g->ops, index);
    op->cluster = c->index;
    op->node = op->target = HAG__NIL;
    op->kind = (uint8_t)kind;
    op->state = HAG__OP_QUEUED;
    op->handler = HAG__NOBODY;
    op->prev = HAG__NIL;
    op->next = c->ops;
    if (c->ops != HAG__NIL)
        ((struct hag__op *)hag__table_at(&g->ops, c->ops))->prev = index;
    c->ops = index;
    h = hag__table_handle(&g->ops, index);
    (void)hag__ring_push(&g->ring, h | (uint64_t)kind << 53);
    if (handle != NULL)
        *handle = h;
    return op;
}

static void unlink_op(hag_guard *g, struct hag__op *op)
{
    struct hag__cluster *c = hag__cluster(g, op->cluster);

    if (op->prev == HAG__NIL)
        c->ops = op->next;
    else
        ((struct hag__op *)hag__table_at(&g->ops, op->prev))->next = op->next;
    if (op->next != HAG__NIL)
        ((struct hag__op *)hag__table_at(&g->ops, op->next))->prev = op->prev;
}

/* What was asked of a store and not answered may still happen, and then its answer comes late (4). */
static void remember(hag_guard *g, uint32_t index)
{
    const struct hag__op *op = hag__table_at(&g->ops, index);
    const struct hag__action_row *row = hag__action(op->kind);
    uint32_t at = g->n_ended % HAG__ENDED;

    if (row == NULL || (row->flags & HAG__ACT_CHANGES) == 0 || op->node == HAG__NIL)
        return;
    g->ended[at].op = hag__table_handle(&g->ops, index);
    g->ended[at].node = hag__table_handle(&g->nodes, op->node);
    g->n_ended++;
}

/* Whoever carries it out is told that its answer is not waited for any longer. */
static void cancel(hag_guard *g, uint32_t index)
{
    const struct hag__op *op = hag__table_at(&g->ops, index);

    remember(g, index);
    (void)hag__ring_push(&g->ring, hag__table_handle(&g->ops, index) |
                                       (uint64_t)HAG_DO_CANCEL << 53 |
                                       (uint64_t)(op->handler & 63u) << 58);
}

static void withdraw(hag_guard *g, uint32_t index)
{
    struct hag__op *op = hag__table_at(&g->ops, index);

    if (op->state == HAG__OP_WITHDRAWN)
        return;
    unlink_op(g, op);
    if (op->state == HAG__OP_QUEUED) {
        op->state = HAG__OP_WITHDRAWN; /* freed when its word comes out of the ring */
        return;
    }
    cancel(g, index);
    hag__heap_del(&g->op_timers, index);
    hag__table_del(&g->ops, index);
}

void hag__op_withdraw(hag_guard *g, uint64_t h)
{
    uint32_t index;

    if (h != 0 && hag__table_find(&g->ops, h, &index) == HAG_OK)
        withdraw(g, index);
}

static int of_node(const struct hag__op *op, uint32_t node)
{
    return op->node == node || op->target == node;
}

static int of_run(const struct hag__op *op, uint32_t number)
{
    return op->number == number && op->kind != HAG_DO_ENDPOINT_UPDATE &&
           op->kind != HAG_DO_ENDPOINT_CHECK && op->kind != HAG_DO_COMMIT;
}

static int any(const struct hag__op *op, uint32_t ignored)
{
    (void)op;
    (void)ignored;
    return 1;
}

static void withdraw_if(hag_guard *g, struct hag__cluster *c,
                        int (*wanted)(const struct hag__op *, uint32_t), uint32_t arg)
{
    uint32_t next;

    for (uint32_t i = c->ops; i != HAG__NIL; i = next) {
        const struct hag__op *op = hag__table_at(&g->ops, i);

        next = op->next;
        if (wanted(op, arg))
            withdraw(g, i);
    }
}

void hag__ops_of_node(hag_guard *g, struct hag__cluster *c, uint32_t node)
{
    withdraw_if(g, c, of_node, node);
}

/* Names and records outlive the procedure that asked for them. */
void hag__ops_of_run(hag_guard *g, struct hag__cluster *c, uint32_t number)
{
    if (number != 0)
        withdraw_if(g, c, of_run, number);
}

void hag__ops_of_cluster(hag_guard *g, struct hag__cluster *c)
{
    withdraw_if(g, c, any, 0);
}

/* The end of an op, whatever it was: frees it, then tells whoever asked. */
void hag__op_finish(hag_guard *g, uint32_t index, const struct hag_result *r)
{
    struct hag__op op = *(struct hag__op *)hag__table_at(&g->ops, index);
    struct hag__cluster *c = hag__cluster(g, op.cluster);
    struct hag__node *n = op.node == HAG__NIL ? NULL : hag__node(g, op.node);

    hag__heap_del(&g->op_timers, index);
    unlink_op(g, hag__table_at(&g->ops, index));
    hag__table_del(&g->ops, index);
    if (r->outcome != HAG_RES_OK && op.kind != HAG_DO_ENDPOINT_CHECK) {
        struct hag__event *e = hag__event(g, c, n, HAG_EV_FAILED,
                                          op.kind == HAG_DO_FENCE || op.kind == HAG_DO_DISCONNECT ||
                                                  op.kind == HAG_DO_PERSIST_ROLE
                                              ? HAG_SEVERITY_NOTICE
                                              : HAG_SEVERITY_WARNING,
                                          r->reason);

        e->arg = op.kind;
        e->outcome = (uint8_t)r->outcome;
        hag__detail(e, r->text);
    }
    if (n != NULL)
        hag__mark(g, c, n, &op, r);
    /* what came along with the answer is newer than the order; without memory it is left to a probe.
     * Before a store serves, its role and history are not those of its data yet (redis LOADING) */
    if (n != NULL && r->outcome == HAG_RES_OK && r->facts != NULL &&
        r->facts->result == HAG_PROBE_OK && n->health.result != HAG_PROBE_NOT_SERVING)
        (void)hag__facts_take(g, c, n, r->facts, g->now);
    if (op.kind == HAG_DO_COMMIT)
        hag__commit_answer(g, c, &op, r);
    else if (op.kind == HAG_DO_ENDPOINT_UPDATE || op.kind == HAG_DO_ENDPOINT_CHECK)
        hag__names_answer(g, c, &op, r);
    else if (op.number != 0 && op.number == c->run.number)
        hag__step_answer(g, c, &op, r);
    hag__dirty(g, c);
}

/* Nobody can say what comes of it. */
static void give_up(hag_guard *g, uint32_t index, uint32_t why, const char *text)
{
    struct hag_result r = {
        .size = sizeof(r), .outcome = HAG_RES_UNKNOWN, .reason = why, .text = text};

    cancel(g, index);
    hag__op_finish(g, index, &r);
}

/* 4: at the deadline the outcome is UNKNOWN. */
void hag__op_due(hag_guard *g, uint32_t index)
{
    give_up(g, index, HAG_WHY_TIMEOUT, "no answer before the deadline");
}

void hag__ops_of_plugin(hag_guard *g, const struct hag__cluster *c, uint32_t place)
{
    for (uint32_t i = hag__table_next(&g->ops, 0); i != HAG__NIL;
         i = hag__table_next(&g->ops, i + 1)) {
        const struct hag__op *op = hag__table_at(&g->ops, i);

        if (op->state == HAG__OP_IN_FLIGHT && op->handler == place && op->cluster == c->index)
            give_up(g, i, HAG_WHY_CANCELLED, "the plugin was released");
    }
}

#define RESULT_MIN (offsetof(struct hag_result, facts) + sizeof(void *))
#define FACTS_MIN  (offsetof(struct hag_facts, streams) + sizeof(void *))

static int32_t read_facts(hag_guard *g, const struct hag_facts *given, struct hag_facts *f)
{
    int32_t err = hag__take_struct(g, f, sizeof(*f), given, FACTS_MIN, "hag_facts");

    if (err != HAG_OK)
        return err;
    if (f->result > HAG_PROBE_GARBLED)
        return hag__error(g, HAG_ERR_RANGE, "facts.result %u is no HAG_PROBE_ result", f->result);
    if (f->role > HAG_ROLE_STANDBY)
        return hag__error(g, HAG_ERR_RANGE, "facts.role %u is no HAG_ROLE_", f->role);
    if (f->nlineage > HAG_LINEAGE_MAX)
        return hag__error(g, HAG_ERR_RANGE, "facts.nlineage is %u; at most %d pairs fit",
                          f->nlineage, HAG_LINEAGE_MAX);
    if (f->nstreams > HAG_NODES_MAX || (f->nstreams > 0 && f->streams == NULL))
        return hag__error(g, HAG_ERR_RANGE, "facts.nstreams is %u; at most %d, in streams",
                          f->nstreams, HAG_NODES_MAX);
    f->upstream[HAG_ADDR_MAX - 1] = '\0';
    return HAG_OK;
}

static int32_t finish_probe(hag_guard *g, uint32_t node, const struct hag_result *r,
                            struct hag_facts *f, int have_facts)
{
    if (r->outcome == HAG_RES_FAIL) {
        hag__probe_drop(g, hag__node(g, node)); /* none was made: no evidence */
        return HAG_OK;
    }
    if (!have_facts || r->outcome == HAG_RES_UNKNOWN) {
        memset(f, 0, sizeof(*f));
        f->size = sizeof(*f);
        f->result = HAG_PROBE_TIMEOUT;
        f->link_idle = f->lag = HAG_UNKNOWN_MS;
    }
    return hag__probe_ended(g, node, f);
}

/* 4: a late answer changes nothing, but what it speaks of may have happened: look at once. */
static void late(hag_guard *g, hag_op h)
{
    uint32_t node;

    for (uint32_t i = 0; i < HAG__ENDED; i++) {
        if (g->ended[i].op != h || h == 0)
            continue;
        g->ended[i].op = 0;
        if (hag__table_find(&g->nodes, g->ended[i].node, &node) == HAG_OK)
            hag__probe_now(g, hag__node(g, node), HAG_ACT_URGENT);
    }
}

int32_t hag__complete(hag_guard *g, hag_op h, const struct hag_result *given, int by)
{
    struct hag_result r;
    struct hag_facts f;
    struct hag__op *op;
    int have_facts = 0;
    uint32_t index;
    int32_t err;

    if (given == NULL)
        return hag__error(g, HAG_ERR_INVAL, "the result is NULL");
    if (g->rec != NULL)
        hag__recorder_soon(g->rec, h);
    err = hag__take_struct(g, &r, sizeof(r), given, RESULT_MIN, "hag_result");
    if (err != HAG_OK)
        return err;
    if (r.outcome > HAG_RES_UNKNOWN || r.fence > HAG_FENCE_OFF || r.reason >= HAG_WHY_MAX)
        return hag__error(g, HAG_ERR_RANGE, "outcome %u, fence %u or reason %u does not exist",
                          r.outcome, r.fence, r.reason);
    if (r.facts != NULL) {
        err = read_facts(g, r.facts, &f);
        if (err != HAG_OK)
            return err;
        r.facts = &f;
        have_facts = 1;
    }
    if (hag__handle_kind(h) == HAG__KIND_PROBE) {
        struct hag__node *n;

        index = hag__handle_index(h);
        if (!hag__table_is_live(&g->nodes, index))
            return hag__error(g, HAG_ERR_STALE, "the node of this probe is gone");
        n = hag__node(g, index);
        if (n->probe_gen != hag__handle_gen(h) || n->probe_state != HAG__PROBE_IN_FLIGHT)
            return hag__error(g, HAG_ERR_STALE, "this probe of %s has ended before",
                              n->texts->name);
        if (!have_facts && r.outcome == HAG_RES_OK)
            return hag__error(g, HAG_ERR_INVAL,
                              "a probe that ends OK needs facts; set result.facts");
        if (g->rec != NULL && by != HAG__SAID_BY_NONE)
            hag__note_probe_ended(g, h, &r, have_facts ? &f : NULL, by == HAG__SAID_BY_PLUGIN);
        return finish_probe(g, index, &r, &f, have_facts);
    }
    if (hag__handle_kind(h) != HAG__KIND_OP)
        return hag__error(g, HAG_ERR_BAD_HANDLE, "not an op");
    err = hag__table_find(&g->ops, h, &index);
    if (err == HAG_OK) {
        op = hag__table_at(&g->ops, index);
        if (op->state != HAG__OP_IN_FLIGHT)
            err = HAG_ERR_STALE;
    }
    if (err != HAG_OK) {
        late(g, h);
        return hag__error(g, err,
                          "this op has ended before: done, cancelled, or past its deadline");
    }
    if (g->rec != NULL && by != HAG__SAID_BY_NONE)
        hag__note_complete(g, h, &r, have_facts ? &f : NULL, by == HAG__SAID_BY_PLUGIN);
    hag__op_finish(g, index, &r);
    return HAG_OK;
}

int32_t hag_op_complete(hag_guard *g, hag_op op, const struct hag_result *result, hag_time now)
{
    int32_t err = hag__enter(g, now);

    if (err != HAG_OK)
        return err;
    err = hag__complete(g, op, result, HAG__SAID_BY_HOST);
    if (err != HAG_OK)
        hag__note(g, HAG__CALL_SETTLE, (const uint64_t[]){err == HAG_ERR_STALE ? op : 0, 0}, NULL);
    hag__leave(g);
    return err;
}

int32_t hag__progress(hag_guard *g, hag_op h, uint32_t ms)
{
    const uint32_t longest = 24 * HAG__HOUR;
    uint32_t index;
    int32_t err;

    if (ms == 0 || ms > longest)
        return hag__error(g, HAG_ERR_RANGE, "an op can be extended by 1 ms to a day");
    if (hag__handle_kind(h) == HAG__KIND_PROBE)
        return hag__error(g, HAG_ERR_RANGE, "a probe's deadline is part of its meaning");
    err = hag__find(g, &g->ops, h, "op", &index);
    if (err != HAG_OK)
        return err;
    if (((struct hag__op *)hag__table_at(&g->ops, index))->state != HAG__OP_IN_FLIGHT)
        return hag__error(g, HAG_ERR_STALE, "this op is not in flight");
    hag__heap_set(&g->op_timers, index, g->now + ms);
    return HAG_OK;
}

int32_t hag_op_progress(hag_guard *g, hag_op op, uint32_t ms, hag_time now)
{
    int32_t err = hag__enter(g, now);

    if (err == HAG_OK)
        err = hag__progress(g, op, ms);
    if (err == HAG_OK)
        hag__note(g, HAG__CALL_PROGRESS, (const uint64_t[]){op, ms}, NULL);
    return err;
}
