/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* What each kind of action does to the world, how long it takes, and what can go wrong with it. */

enum { AT_NODE, AT_NAMES, AT_DISK };

struct deed {
    uint8_t where;
    uint64_t (*takes)(const struct hag_sim *w);
    int (*done)(struct hag_sim *w, struct sim_op *o); /* 0: refused by the store */
};

static uint64_t no_time(const struct hag_sim *w)
{
    (void)w;
    return 0;
}
static uint64_t fsync_time(const struct hag_sim *w)
{
    (void)w;
    return 1;
}
static uint64_t promote_time(const struct hag_sim *w)
{
    return w->s->world.promote;
}
static uint64_t fence_time(const struct hag_sim *w)
{
    return w->s->world.fence;
}
static uint64_t dns_time(const struct hag_sim *w)
{
    return w->s->world.dns;
}

static int detach(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    if (s->primary)
        return 0;
    sim_demote(w, o->node, SIM_NOBODY);
    return 1;
}

static int follow(struct hag_sim *w, struct sim_op *o)
{
    if (o->target == SIM_NOBODY || o->target == o->node)
        return 0;
    w->st[o->node].quiet_until = 0;
    sim_demote(w, o->node, o->target);
    return 1;
}

static int quiesce(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    sim_settle(w, s->cluster);
    s->quiet_until = w->now + o->arg;
    sim_push(w, (struct sim_due){.at = s->quiet_until, .kind = SIM_STORE, .node = o->node});
    sim_refresh(w, s->cluster);
    return 1;
}

static int unquiesce(struct hag_sim *w, struct sim_op *o)
{
    sim_settle(w, w->st[o->node].cluster);
    w->st[o->node].quiet_until = 0;
    sim_refresh(w, w->st[o->node].cluster);
    return 1;
}

/* Demoted towards nothing: a fence that copies or flushes no data (S7). */
static int fence(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    sim_settle(w, s->cluster);
    if (s->primary)
        s->fenced = 1;
    else
        sim_demote(w, o->node, SIM_NOBODY);
    if (s->engine == HAG_SIM_POSTGRESQL)
        s->kept_primary = 0; /* standby.signal outlives its process */
    s->rate = 0;
    s->changed_at = w->now;
    o->fence = HAG_FENCE_DEMOTED;
    sim_refresh(w, s->cluster);
    return 1;
}

/* What was demoted towards nothing serves again, whatever it was before. */
static int unfence(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    if (!s->primary && s->upstream == SIM_NOBODY) {
        sim_promote(w, o->node);
        return 1;
    }
    sim_settle(w, s->cluster);
    if (s->fenced && s->engine == HAG_SIM_POSTGRESQL)
        s->kept_primary = 1;
    s->fenced = 0;
    sim_refresh(w, s->cluster);
    return 1;
}

static int promote(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    if (s->loading_until > w->now)
        return 0;
    if (o->flags & HAG_ACT_PLANNED && o->target != SIM_NOBODY && s->engine == HAG_SIM_DRAGONFLY) {
        struct sim_store *old = &w->st[o->target];

        /* REPLTAKEOVER: the old one takes no more writes and is drained */
        if (!sim_running(old) || old->frozen || s->link != SIM_LINK_FLOWS)
            return 0;
        sim_settle(w, s->cluster);
        old->fenced = 1;
        old->rate = 0;
        s->position = old->position;
        s->since = w->now;
    }
    sim_promote(w, o->node);
    w->cl[s->cluster].ever_primary |= 1ull << s->place;
    return 1;
}

static int disconnect(struct hag_sim *w, struct sim_op *o)
{
    sim_disconnect(w, o->node);
    return 1;
}

static int persist(struct hag_sim *w, struct sim_op *o)
{
    struct sim_store *s = &w->st[o->node];

    if (s->engine == HAG_SIM_DRAGONFLY)
        return 0; /* there is no CONFIG REWRITE */
    s->kept_primary = s->primary && !s->fenced;
    s->kept_upstream = s->upstream;
    return 1;
}

static int update(struct hag_sim *w, struct sim_op *o)
{
    if (w->dns_fail > 0)
        return 0;
    sim_publish(w, o->cluster, o->endpoint, o->set);
    return 1;
}

static int check(struct hag_sim *w, struct sim_op *o)
{
    if (w->dns_fail > 0) {
        o->outcome = HAG_RES_UNKNOWN;
        return 1;
    }
    return sim_names_are(w, o->cluster, o->endpoint, o->set);
}

static const struct deed deeds[HAG_DO_MAX] = {
    [HAG_DO_DETACH] = {AT_NODE, no_time, detach},
    [HAG_DO_FOLLOW] = {AT_NODE, no_time, follow},
    [HAG_DO_QUIESCE] = {AT_NODE, no_time, quiesce},
    [HAG_DO_UNQUIESCE] = {AT_NODE, no_time, unquiesce},
    [HAG_DO_FENCE] = {AT_NODE, fence_time, fence},
    [HAG_DO_UNFENCE] = {AT_NODE, fence_time, unfence},
    [HAG_DO_PROMOTE] = {AT_NODE, promote_time, promote},
    [HAG_DO_DISCONNECT] = {AT_NODE, no_time, disconnect},
    [HAG_DO_PERSIST_ROLE] = {AT_NODE, no_time, persist},
    [HAG_DO_ENDPOINT_UPDATE] = {AT_NAMES, dns_time, update},
    [HAG_DO_ENDPOINT_CHECK] = {AT_NAMES, dns_time, check},
    [HAG_DO_COMMIT] = {AT_DISK, fsync_time, NULL},
};

static uint32_t new_op(struct hag_sim *w)
{
    uint32_t i = w->free_op;

    if (i != UINT32_MAX) {
        w->free_op = w->ops[i].next_free;
    } else {
        i = w->nops;
        sim_grow((void **)&w->ops, w->nops, &w->capops, sizeof(*w->ops));
        w->nops++;
    }
    memset(&w->ops[i], 0, sizeof(w->ops[i]));
    return i;
}

static void free_op(struct hag_sim *w, uint32_t i)
{
    w->ops[i].next_free = w->free_op;
    w->free_op = i;
}

static struct sim_spell *spell(struct hag_sim *w, const struct hag_action *a, uint32_t node)
{
    for (uint32_t i = 0; i < w->nspells; i++) {
        struct sim_spell *p = &w->spells[i];

        if (!p->active || p->action != a->kind || p->times == 0)
            continue;
        if (p->node != SIM_NOBODY &&
            (p->to_endpoint ? a->endpoint != p->node || deeds[a->kind].where != AT_NAMES
                            : node != p->node))
            continue;
        if (p->times != UINT32_MAX)
            p->times--;
        return p;
    }
    return NULL;
}

static uint64_t set_of_addrs(struct hag_sim *w, const struct hag_action *a)
{
    uint64_t set = 0;

    for (uint32_t i = 0; i < a->naddrs; i++) {
        uint32_t n = sim_node_of_addr(w, a->addrs[i]);

        if (n == SIM_NOBODY || w->st[n].cluster != a->user_cluster)
            sim_breach(w, "S6", "an update names %s, which is nobody's address", a->addrs[i]);
        else
            set |= 1ull << w->st[n].place;
    }
    return set;
}

void sim_ask(struct hag_sim *w, const struct hag_action *a)
{
    const struct deed *d = &deeds[a->kind];
    uint32_t i, node = d->where == AT_NODE ? (uint32_t)a->user_node : SIM_NOBODY;
    uint32_t guard = sim_place(w, SCN_P_GUARD, 0);
    const struct sim_spell *p;
    struct sim_op *o;
    uint64_t ms;

    if (d->takes == NULL)
        return;
    i = new_op(w);
    o = &w->ops[i];
    o->op = a->op;
    o->kind = (uint8_t)a->kind;
    o->node = (uint16_t)node;
    o->target = a->target != 0 ? (uint16_t)sim_node_of_addr(w, a->target_addr) : SIM_NOBODY;
    o->cluster = (uint16_t)a->user_cluster;
    o->endpoint = (uint8_t)a->endpoint;
    o->flags = (uint8_t)a->flags;
    o->gen = w->guard.gen;
    o->arg = a->arg;
    o->sent_term = a->term;
    o->outcome = HAG_RES_OK;
    if (d->where == AT_NAMES)
        o->set = set_of_addrs(w, a);
    p = spell(w, a, node);
    if (p != NULL) {
        o->how = p->deed;
        o->reason = p->reason;
        o->late = p->late;
    }
    if (d->where == AT_DISK) { /* the bytes are only ours now */
        if (o->how == SCN_D_REFUSE) {
            o->outcome = HAG_RES_FAIL;
        } else if (o->how != SCN_D_HANG && !sim_commit(w, a, &o->reason)) {
            o->outcome = HAG_RES_FAIL;
        }
        o->done = 1;
    }
    ms = d->takes(w);
    if (d->where == AT_NODE) {
        uint64_t to = sim_travel(w, guard, w->st[node].answered_by, w->s->world.rtt / 2);

        if (to == UINT64_MAX || o->how == SCN_D_HANG) {
            sim_rules_done(w, o, HAG_RES_UNKNOWN);
            free_op(w, i);
            return;
        }
        ms += to;
    } else if (d->where == AT_NAMES) {
        uint32_t ns = sim_place(w, SCN_P_NS1, 0);

        if (o->how == SCN_D_HANG || !sim_both(w, guard, ns)) {
            free_op(w, i);
            return;
        }
    } else if (o->how == SCN_D_HANG) {
        free_op(w, i);
        return;
    }
    if (o->how == SCN_D_LATE)
        ms += o->late;
    sim_push(w, (struct sim_due){.at = w->now + ms, .kind = SIM_OP, .index = i});
}

/* The moment at which it happens. */
void sim_op_due(struct hag_sim *w, const struct sim_due *due)
{
    struct sim_op *o = &w->ops[due->index];
    const struct deed *d = &deeds[o->kind];
    uint64_t back = 0;

    if (d->where == AT_NODE) {
        uint32_t at = w->st[o->node].answered_by;
        struct sim_store *s = &w->st[at];

        if (!s->machine || s->host_frozen || (s->up && s->frozen)) {
            sim_rules_done(w, o, HAG_RES_UNKNOWN); /* nothing happens, nobody answers */
            free_op(w, due->index);
            return;
        }
        if (!s->up || s->denied || o->how == SCN_D_REFUSE || at != o->node) {
            o->outcome = HAG_RES_FAIL;
            if (o->reason == 0)
                o->reason = !s->up      ? HAG_WHY_NO_CONNECTION
                            : s->denied ? HAG_WHY_DENIED
                                        : HAG_WHY_STORE_ERROR;
        } else if (!d->done(w, o)) {
            o->outcome = HAG_RES_FAIL;
            o->reason = HAG_WHY_STORE_ERROR;
        }
        back =
            sim_travel(w, at, sim_place(w, SCN_P_GUARD, 0), w->s->world.rtt - w->s->world.rtt / 2);
        w->dirty = 1;
    } else if (d->where == AT_NAMES) {
        if (o->how == SCN_D_REFUSE) {
            o->outcome = HAG_RES_FAIL;
        } else if (!d->done(w, o)) {
            o->outcome = HAG_RES_FAIL;
            if (o->reason == 0)
                o->reason = w->dns_fail > 0 ? HAG_WHY_NO_CONNECTION : HAG_WHY_NAME_STALE;
        }
        w->dirty = 1;
    }
    if (back == UINT64_MAX || o->how == SCN_D_MUTE) {
        sim_rules_done(w, o, HAG_RES_UNKNOWN);
        free_op(w, due->index);
        return;
    }
    if (back == 0) {
        struct sim_due now = *due;

        now.at = w->now;
        sim_answer_due(w, &now);
        return;
    }
    sim_push(w, (struct sim_due){.at = w->now + back, .kind = SIM_ANSWER, .index = due->index});
}

void sim_answer_due(struct hag_sim *w, const struct sim_due *due)
{
    struct sim_op o = w->ops[due->index];
    struct sim_guard *g = &w->guard;
    struct hag_result r;
    int32_t err;

    if (g->g != NULL && g->gen == o.gen && g->paused) {
        sim_push(w,
                 (struct sim_due){.at = g->paused_until, .kind = SIM_ANSWER, .index = due->index});
        return;
    }
    free_op(w, due->index);
    sim_rules_done(w, &o, o.outcome);
    if (g->g == NULL || g->gen != o.gen)
        return;
    memset(&r, 0, sizeof(r));
    r.size = sizeof(r);
    r.outcome = o.outcome;
    r.reason = o.reason;
    r.fence = o.outcome == HAG_RES_OK ? o.fence : 0;
    err = hag_op_complete(g->g, o.op, &r, sim_guard_now(w));
    g->touched = 1;
    if (err == HAG_OK && o.kind == HAG_DO_COMMIT && o.outcome == HAG_RES_OK)
        w->cl[o.cluster].record.told = o.sent_term;
    if (err != HAG_OK && err != HAG_ERR_STALE)
        sim_breach(w, "S18", "completing %s answered %s: %s", hag_name(HAG_NAMES_ACTION, o.kind),
                   hag_strerror(err), hag_errmsg(g->g));
    if (w->flags & HAG_SIM_REPEAT) {
        err = hag_op_complete(g->g, o.op, &r, sim_guard_now(w));
        if (err != HAG_ERR_STALE)
            sim_breach(w, "S18", "completing %s a second time answered %s, not stale",
                       hag_name(HAG_NAMES_ACTION, o.kind), hag_strerror(err));
    }
}
