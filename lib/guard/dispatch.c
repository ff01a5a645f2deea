/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

/* Actions leave here: to the plugin that is bound for them, to a hook, or to a host that polls. */

#define WORD_HANDLE(w) ((w) & ((1ull << 53) - 1))
#define WORD_KIND(w)   ((uint32_t)((w) >> 53 & 31u))
#define WORD_PLUGIN(w) ((uint32_t)((w) >> 58))

static void fill_cluster(const hag_guard *g, const struct hag__cluster *c, struct hag_action *a)
{
    a->cluster = hag__table_handle(&g->clusters, c->index);
    a->user_cluster = c->user;
    a->cluster_name = c->name;
    a->term = c->term;
}

static void fill_node(const hag_guard *g, const struct hag__node *n, struct hag_action *a)
{
    a->node = hag__node_handle(g, n);
    a->user_node = n->texts->user;
    a->node_name = n->texts->name;
    a->node_addr = n->texts->addr;
}

static void fill_addrs(hag_guard *g, const struct hag__cluster *c, uint64_t set,
                       struct hag_action *a)
{
    const struct hag__node *sorted[HAG_NODES_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);
        uint32_t at;

        if (m == NULL || (set >> i & 1) == 0)
            continue;
        for (at = n; at > 0 && strcmp(sorted[at - 1]->texts->name, m->texts->name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = m;
        n++;
    }
    for (uint32_t i = 0; i < n; i++)
        g->addrs[i] = strcpy(g->kept_addrs[i], sorted[i]->texts->advertised);
    a->addrs = g->addrs;
    a->naddrs = n;
}

static void blank(struct hag_action *a, uint32_t kind)
{
    memset(a, 0, sizeof(*a));
    a->size = sizeof(*a);
    a->kind = kind;
    a->request = a->cluster_name = a->node_name = a->node_addr = "";
    a->target_name = a->target_addr = a->text = "";
}

/* The durable id: the same again after a restart, so that a repeat is the same request. */
static void request_id(hag_guard *g, const struct hag__cluster *c, const struct hag__op *op,
                       struct hag_action *a)
{
    const struct hag__action_row *row = hag__action(op->kind);

    if (row == NULL || (row->flags & HAG__ACT_CHANGES) == 0)
        return;
    if (op->kind == HAG_DO_ENDPOINT_UPDATE)
        (void)snprintf(g->request, sizeof(g->request), "%s/%llu/%s/%llu", c->name,
                       (unsigned long long)c->term, hag__name(HAG_NAMES_ENDPOINT, op->endpoint),
                       (unsigned long long)a->generation);
    else if (op->kind == HAG_DO_COMMIT)
        (void)snprintf(g->request, sizeof(g->request), "%s/record/%llu", c->name,
                       (unsigned long long)c->record_version);
    else
        (void)snprintf(g->request, sizeof(g->request), "%s/%llu/%u/%s%u/%u/%s", c->name,
                       (unsigned long long)c->term, op->number,
                       op->flags & HAG_ACT_UNDO ? "undo" : "", op->step, op->attempt, a->node_name);
    a->request = g->request;
}

static void fill_op(hag_guard *g, uint32_t index, struct hag_action *a)
{
    const struct hag__op *op = hag__table_at(&g->ops, index);
    const struct hag__cluster *c = hag__cluster(g, op->cluster);

    blank(a, op->kind);
    fill_cluster(g, c, a);
    a->op = hag__table_handle(&g->ops, index);
    a->flags = op->flags;
    a->procedure = op->procedure;
    a->step = op->step;
    a->attempt = op->attempt;
    a->arg = op->arg;
    a->endpoint = op->endpoint;
    if (op->node != HAG__NIL)
        fill_node(g, hag__node(g, op->node), a);
    if (op->target != HAG__NIL) {
        const struct hag__node *t = hag__node(g, op->target);

        a->target = hag__node_handle(g, t);
        a->target_name = t->texts->name;
        a->target_addr = t->texts->addr;
    }
    if (op->kind == HAG_DO_ENDPOINT_UPDATE || op->kind == HAG_DO_ENDPOINT_CHECK) {
        a->generation = c->names[op->endpoint].generation;
        a->ttl = (uint64_t)hag__setting_of(c, HAG_P_TTL);
        a->arg = 0;
        fill_addrs(g, c, op->arg, a);
    }
    if (op->kind == HAG_DO_COMMIT) {
        a->bytes = c->record;
        a->nbytes = c->record_len;
        a->version = c->record_version;
        a->expected = c->record_version - 1;
        a->term = c->record_term;
    }
    request_id(g, c, op, a);
}

static void fill_event(hag_guard *g, const struct hag__event *e, struct hag_action *a)
{
    struct hag__text t;
    uint32_t i;

    blank(a, HAG_DO_EVENT);
    if (e->cluster != 0 && hag__table_find(&g->clusters, e->cluster, &i) == HAG_OK)
        fill_cluster(g, hag__cluster(g, i), a);
    a->cluster = e->cluster;
    if (e->node != 0 && hag__table_find(&g->nodes, e->node, &i) == HAG_OK)
        fill_node(g, hag__node(g, i), a);
    a->node = e->node;
    if (e->target != 0 && hag__table_find(&g->nodes, e->target, &i) == HAG_OK) {
        a->target_name = hag__node(g, i)->texts->name;
        a->target_addr = hag__node(g, i)->texts->addr;
    }
    a->target = e->target;
    a->term = e->term;
    a->generation = e->generation;
    a->arg = e->arg;
    a->event = e->event;
    a->severity = e->severity;
    a->reason = e->reason;
    a->alert = e->alert;
    a->procedure = e->procedure;
    a->step = e->step;
    a->endpoint = e->endpoint;
    if (e->event == HAG_EV_ENDPOINT && hag__table_find(&g->clusters, e->cluster, &i) == HAG_OK)
        fill_addrs(g, hag__cluster(g, i), e->arg, a);
    hag__text_init(&t, g->text, sizeof(g->text));
    hag__event_text(g, e, &t);
    a->text = g->text;
}

static void keep_texts(hag_guard *g, struct hag_action *a)
{
    const char **texts[HAG__KEPT] = {&a->cluster_name, &a->node_name, &a->node_addr,
                                     &a->target_name, &a->target_addr};

    for (int i = 0; i < HAG__KEPT; i++)
        *texts[i] = strcpy(g->kept[i], *texts[i]);
    g->kept_record = a->bytes;
}

/* The action that was handed out is done with. */
static void forget_texts(hag_guard *g)
{
    hag__free(&g->mem, g->dropped_record, g->dropped_size);
    g->dropped_record = NULL;
    g->kept_record = NULL;
}

/* S13, for the last moment: promote does not leave once the old primary has answered, nor when the
 * guard stood still while it waited (5.9): the candidate may be another one by now. */
static int still_wanted(hag_guard *g, struct hag__cluster *c, const struct hag__op *op)
{
    const struct hag__run *r = &c->run;

    if (op->kind != HAG_DO_PROMOTE || r->number != op->number || r->kind != HAG_PROC_FAILOVER ||
        r->tries > 1)
        return 1;
    if (r->cause != HAG_WHY_RESTARTED && r->candidate != c->primary && r->looked != g->resumed_at)
        return 0;
    return !(hag__primary_was_missed(c) && hag__primary_returned(g, c));
}

/* Takes an op out of the ring; 0 when it is no longer wanted. */
static int take_op(hag_guard *g, uint64_t handle, struct hag_action *a, uint32_t *by)
{
    uint32_t index = hag__handle_index(handle);
    struct hag__op *op;
    struct hag__cluster *c;
    const struct hag__action_row *row;

    if (hag__table_find(&g->ops, handle, &index) != HAG_OK)
        return 0;
    op = hag__table_at(&g->ops, index);
    if (op->state == HAG__OP_WITHDRAWN) {
        hag__table_del(&g->ops, index);
        return 0;
    }
    if (op->state != HAG__OP_QUEUED)
        return 0;
    c = hag__cluster(g, op->cluster);
    if (!still_wanted(g, c, op)) {
        hag__op_withdraw(g, handle);
        hag__table_del(&g->ops, index);
        c->run.ordered = 0;
        c->run.tries = 0;
        hag__dirty(g, c);
        return 0;
    }
    *by = hag__handler(g, c, op->kind);
    op->state = HAG__OP_IN_FLIGHT;
    op->handler = *by < HAG__PLUGINS ? (uint8_t)*by : HAG__NOBODY;
    row = hag__action(op->kind);
    hag__heap_set(&g->op_timers, index, g->now + (uint64_t)hag__setting_of(c, row->deadline));
    fill_op(g, index, a);
    keep_texts(g, a);
    a->deadline = hag__host_time(g, hag__heap_at(&g->op_timers, index));
    return 1;
}

static int take_probe(hag_guard *g, uint64_t handle, struct hag_action *a, uint32_t *by)
{
    uint32_t index = hag__handle_index(handle);
    struct hag__node *n;
    struct hag__cluster *c;

    if (!hag__table_is_live(&g->nodes, index))
        return 0;
    n = hag__node(g, index);
    c = hag__cluster(g, n->cluster);
    n->in_ring = 0;
    if (n->probe_state != HAG__PROBE_QUEUED)
        return 0;
    *by = hag__handler(g, c, HAG_DO_PROBE);
    if (*by == HAG__BY_NOBODY) {
        hag__probe_drop(g, n);
        return 0;
    }
    blank(a, HAG_DO_PROBE);
    fill_cluster(g, c, a);
    fill_node(g, n, a);
    keep_texts(g, a);
    a->flags = n->probe_flags;
    hag__probe_taken(g, n);
    a->op = hag__handle(HAG__KIND_PROBE, n->probe_gen, index);
    a->deadline = hag__host_time(g, n->probe_deadline);
    return 1;
}

static int take_event(hag_guard *g, struct hag_action *a)
{
    if (g->n_events == 0)
        return 0;
    fill_event(g, &g->events[g->head_event], a);
    keep_texts(g, a);
    g->head_event = (g->head_event + 1) % g->cap_events;
    g->n_events--;
    if (g->lost_events > 0) {
        uint64_t lost = g->lost_events;

        g->lost_events = 0;
        hag__event(g, NULL, NULL, HAG_EV_LOST, HAG_SEVERITY_WARNING, HAG_WHY_NONE)->arg = lost;
    }
    return 1;
}

static void to_plugin(hag_guard *g, uint32_t place, const struct hag_action *a)
{
    struct hag__plugin *p = hag__plugin_at(g, place);

    if (p == NULL)
        return;
    if (g->rec != NULL)
        hag__note_plugin_taken(g, a, place);
    g->in_hook++;
    p->desc->start(p->self, a, g->now);
    g->in_hook--;
    hag__note_end(g, HAG_OK);
}

static void events_to_plugins(hag_guard *g, const struct hag_action *a)
{
    for (uint32_t i = 0; i < HAG__PLUGINS && i < g->plugins.used; i++) {
        const struct hag__plugin *p = hag__plugin_at(g, i);

        if (p != NULL && (p->desc->handles >> HAG_DO_EVENT & 1) != 0)
            to_plugin(g, i, a);
    }
}

/* Words that are no actions: their plugin hears of them. 1 when the host should, too. */
static int aside(hag_guard *g, uint64_t word, struct hag_action *a)
{
    struct hag__plugin *p = hag__plugin_at(g, WORD_PLUGIN(word));
    uint64_t h = WORD_HANDLE(word);

    if (p != NULL) {
        int cancel = WORD_KIND(word) == HAG_DO_CANCEL;

        hag__note(g, cancel ? HAG__CALL_PLUGIN_CANCEL : HAG__CALL_PLUGIN_FORGET,
                  (const uint64_t[]){WORD_PLUGIN(word), h}, NULL);
        g->in_hook++;
        if (cancel)
            p->desc->cancel(p->self, h);
        else
            p->desc->forget(p->self, h);
        g->in_hook--;
        hag__note_end(g, HAG_OK);
        return 0;
    }
    if (WORD_KIND(word) != HAG_DO_CANCEL)
        return 0;
    blank(a, HAG_DO_CANCEL);
    a->op = h;
    return 1;
}

/* The next action for the host; plugins get theirs on the way. */
static int next(hag_guard *g, uint32_t *work, struct hag_action *a)
{
    uint64_t word;

    for (;;) {
        uint32_t by = HAG__BY_HOST;

        forget_texts(g);
        hag__leave(g);
        if (*work == 0 || !hag__ring_pop(&g->ring, &word))
            return 0;
        (*work)--;
        switch (WORD_KIND(word)) {
        case HAG_DO_EVENT:
            if (!take_event(g, a))
                continue;
            events_to_plugins(g, a);
            return 1;
        case HAG_DO_CANCEL:
        case HAG_DO_FORGET:
            if (aside(g, word, a))
                return 1;
            continue;
        case HAG_DO_PROBE:
            if (!take_probe(g, WORD_HANDLE(word), a, &by))
                continue;
            break;
        default:
            if (!take_op(g, WORD_HANDLE(word), a, &by))
                continue;
            break;
        }
        if (by != HAG__BY_HOST && by != HAG__BY_NOBODY) {
            if (a->deadline != 0)
                a->deadline -= g->skew;
            to_plugin(g, by, a);
            continue;
        }
        return 1;
    }
}

static void unhandled(hag_guard *g, const struct hag_action *a)
{
    struct hag_result r = {.size = sizeof(r),
                           .outcome = HAG_RES_FAIL,
                           .reason = HAG_WHY_NO_HANDLER,
                           .text = "nobody handles this kind of action"};

    if (a->op != 0 && a->kind != HAG_DO_CANCEL)
        (void)hag__complete(g, a->op, &r, HAG__SAID_BY_NONE);
}

int32_t hag_next_action(hag_guard *g, hag_time now, struct hag_action *out)
{
    struct hag_action a;
    uint32_t work, size;
    int noted;
    int32_t err = hag__enter(g, now);

    if (err != HAG_OK)
        return err;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "hag_next_action may not be called inside a hook");
    if (out == NULL)
        return hag__error(g, HAG_ERR_INVAL, "out is NULL");
    memcpy(&size, out, sizeof(size));
    if (size < offsetof(struct hag_action, bytes) + sizeof(void *))
        return hag__error(g, HAG_ERR_ABI, "hag_action.size is %u; set it to sizeof, %zu", size,
                          sizeof(a));
    work = g->max_work;
    /* a call that finds nothing to do is not noted; NEXT only where others may come before its end */
    noted = g->rec != NULL && (g->ring.n > 0 || g->dirty_head != HAG__NIL || g->plugins.live > 0);
    if (noted && g->plugins.live > 0)
        hag__note(g, HAG__CALL_NEXT, NULL, NULL);
    hag__plugins_due(g);
    while (next(g, &work, &a)) {
        if ((g->handles >> a.kind & 1) == 0 && a.kind != HAG_DO_CANCEL) {
            unhandled(g, &a);
            continue;
        }
        (void)hag__give_struct(g, &a, sizeof(a), out, sizeof(uint32_t), "hag_action");
        if (g->rec != NULL)
            hag__note_taken(g, &a);
        return 1;
    }
    if (noted)
        hag__note(g, HAG__CALL_NOTHING, NULL, NULL);
    return 0;
}

int32_t hag_set_hook(hag_guard *g, uint32_t kind, hag_hook fn, void *ud)
{
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (kind >= HAG_DO_MAX)
        return hag__error(g, HAG_ERR_RANGE, "%u is no kind of action", kind);
    hag__note(g, HAG__CALL_SET_HOOK, (const uint64_t[]){kind, fn != NULL}, NULL);
    g->hooks[kind].fn = fn;
    g->hooks[kind].ud = ud;
    for (uint32_t i = g->first_cluster; i != HAG__NIL; i = hag__cluster(g, i)->order_next) {
        struct hag__cluster *c = hag__cluster(g, i);

        for (uint32_t n = 0; kind <= HAG_DO_PROBE && n < c->nplaces; n++) {
            if (c->nodes[n] != HAG__NIL)
                hag__node_arm(g, hag__node(g, c->nodes[n]));
        }
        hag__dirty(g, c);
    }
    return HAG_OK;
}

int32_t hag_dispatch(hag_guard *g, hag_time now)
{
    struct hag_action a;
    uint32_t work;
    int32_t more;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "hag_dispatch may not be called inside a hook");
    more = hag__enter(g, now);
    if (more != HAG_OK)
        return more;
    hag__note(g, HAG__CALL_DISPATCH, NULL, NULL);
    more = hag__advance(g);
    work = g->max_work;
    hag__plugins_due(g);
    while (next(g, &work, &a)) {
        const struct hag__hook *h = g->hooks[a.kind].fn != NULL ? &g->hooks[a.kind] : &g->hooks[0];

        if (h->fn == NULL) {
            unhandled(g, &a);
            continue;
        }
        if (g->rec != NULL)
            hag__note_taken(g, &a);
        g->in_hook++;
        h->fn(g, &a, h->ud);
        g->in_hook--;
        hag__note_end(g, HAG_OK);
    }
    hag__note_end(g, HAG_OK);
    return more > 0 || g->ring.n > 0 || g->dirty_head != HAG__NIL ? 1 : 0;
}
