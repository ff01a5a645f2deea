/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* The operator's hand. What the guard refuses is an event, with every reason that it gave. */

static hag_node handle(const struct hag_sim *w, const struct scn_value *v)
{
    return v->type == SCN_T_NONE ? 0 : w->guard.nodes[v->n];
}

static void order(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_guard *g = &w->guard;
    struct sim_cluster *c = &w->cl[t->v[0].n];
    int fail = t->form->id == SCN_D_FAILOVER;
    const struct scn_value *dry = &t->opt[fail ? 2 : 1];
    uint32_t flags = dry->type != SCN_T_NONE ? HAG_OPERATE_DRY_RUN : 0;
    int32_t err;

    memset(&w->answer, 0, sizeof(w->answer));
    w->answer.size = sizeof(w->answer);
    if (fail && t->opt[1].type != SCN_T_NONE)
        flags |= HAG_OPERATE_DATA_LOSS;
    err = fail ? hag_cluster_failover(g->g, c->handle, handle(w, &t->opt[0]), flags,
                                      sim_guard_now(w), &w->answer)
               : hag_cluster_switchover(g->g, c->handle, handle(w, &t->opt[0]), flags,
                                        sim_guard_now(w), &w->answer);
    if (err == HAG_ERR_REFUSED) {
        if (flags & HAG_OPERATE_DRY_RUN)
            sim_refused(w, (uint32_t)t->v[0].n, fail ? HAG_PROC_FAILOVER : HAG_PROC_SWITCHOVER,
                        w->answer.reasons[0], hag_errmsg(g->g));
        else
            w->answering = 1; /* its event is to come; it gets the other reasons */
        return;
    }
    if (err != HAG_OK) {
        sim_refused(w, (uint32_t)t->v[0].n, fail ? HAG_PROC_FAILOVER : HAG_PROC_SWITCHOVER, 0,
                    hag_errmsg(g->g));
        return;
    }
    if (flags & HAG_OPERATE_DRY_RUN)
        return;
    c->orders++;
    c->to = t->opt[0].type == SCN_T_NONE ? SIM_NOBODY : (uint16_t)t->opt[0].n;
    c->data_loss = (flags & HAG_OPERATE_DATA_LOSS) != 0;
}

static int32_t policy(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_guard *g = &w->guard;
    uint32_t cluster = (uint32_t)t->v[0].n;
    hag_policy p = sim_policy(w, cluster);
    int32_t err = HAG_OK;

    for (uint32_t i = 0; i < t->nsettings && err == HAG_OK; i++) {
        char key[HAG_NAME_MAX];
        const char *eq = strchr(t->setting[i].text, '=');
        size_t n = (size_t)(eq - t->setting[i].text);

        if (n >= sizeof(key))
            n = sizeof(key) - 1;
        memcpy(key, t->setting[i].text, n);
        key[n] = '\0';
        err = hag_policy_set_text(g->g, p, scn_setting_name(key, eq + 1), eq + 1);
    }
    if (err == HAG_OK)
        err = hag_cluster_set_policy(g->g, w->cl[cluster].handle, p, sim_guard_now(w));
    (void)hag_policy_free(g->g, p);
    return err;
}

static int32_t add(struct hag_sim *w, const struct scn_stmt *t)
{
    uint32_t node = scn_find_node(w->s, t->v[0].text);
    struct sim_store *s = &w->st[node];
    const struct sim_cluster *c = &w->cl[s->cluster];
    struct hag_node_spec spec;
    int32_t err;

    if (s->there)
        return HAG_ERR_EXISTS;
    memset(&spec, 0, sizeof(spec));
    spec.size = sizeof(spec);
    spec.name = t->v[0].text;
    spec.addr = s->addr;
    spec.zone = t->opt[1].text;
    spec.host = t->opt[5].text;
    spec.priority = (int32_t)t->opt[4].n;
    spec.user = node;
    spec.flags = (t->opt[2].type != SCN_T_NONE ? HAG_NODE_READ_REPLICA : 0u) |
                 (t->opt[3].type != SCN_T_NONE ? HAG_NODE_NO_PROMOTE : 0u);
    err = hag_node_add(w->guard.g, c->handle, &spec, sim_guard_now(w), &w->guard.nodes[node]);
    if (err != HAG_OK)
        return err;
    (void)hag_source_add(w->guard.g, c->handle, HAG_SOURCE_AGENT, w->guard.nodes[node],
                         t->v[0].text, &w->guard.agents[node]);
    s->there = s->machine = s->agent = 1;
    /* an empty standby of whoever is the primary behind the name */
    for (uint32_t p = 0; p < c->n; p++) {
        if (c->answer[0][HAG_ENDPOINT_PRIMARY] >> p & 1)
            s->kept_upstream = (uint16_t)sim_node_at(w, s->cluster, p);
    }
    sim_boot(w, node, 1);
    return HAG_OK;
}

static int32_t forget(struct hag_sim *w, uint32_t node)
{
    int32_t err = hag_node_remove(w->guard.g, w->guard.nodes[node], sim_guard_now(w));

    if (err == HAG_OK) {
        if (w->guard.agents[node] != 0)
            (void)hag_source_remove(w->guard.g, w->guard.agents[node], sim_guard_now(w));
        w->guard.agents[node] = 0;
        w->guard.nodes[node] = 0;
    }
    return err;
}

void sim_operate(struct hag_sim *w, const struct scn_stmt *t)
{
    struct sim_guard *g = &w->guard;
    uint32_t cluster = (uint32_t)t->v[0].n, what = 0;
    int32_t err = HAG_OK;
    hag_time now = sim_guard_now(w);

    if (g->g == NULL)
        return; /* nobody is there to take the order */
    g->touched = 1;
    switch (t->form->id) {
    case SCN_D_SWITCHOVER:
    case SCN_D_FAILOVER:
        order(w, t);
        return;
    case SCN_D_PAUSE:
        what = SIM_ORDER_PAUSE;
        err = hag_cluster_pause(g->g, w->cl[cluster].handle, "operator",
                                t->dur > 0 ? t->dur : 86400000, now);
        if (err == HAG_OK)
            w->cl[cluster].paused_at = w->now;
        w->cl[cluster].paused_until = w->now + (t->dur > 0 ? t->dur : 86400000);
        break;
    case SCN_D_RESUME:
        what = SIM_ORDER_RESUME;
        err = hag_cluster_resume(g->g, w->cl[cluster].handle, now);
        w->cl[cluster].paused_until = 0;
        break;
    case SCN_D_CONFIRM:
        what = SIM_ORDER_CONFIRM;
        err = hag_cluster_confirm(g->g, w->cl[cluster].handle, handle(w, &t->opt[0]), now);
        w->hand_made = 1;
        break;
    case SCN_D_ADD:
        what = SIM_ORDER_ADD;
        cluster = w->s->nodes[scn_find_node(w->s, t->v[0].text)].cluster;
        err = add(w, t);
        break;
    case SCN_D_FORGET:
        what = SIM_ORDER_FORGET;
        cluster = w->s->nodes[t->v[0].n].cluster;
        err = forget(w, (uint32_t)t->v[0].n);
        break;
    case SCN_D_POLICY:
        what = SIM_ORDER_POLICY;
        err = policy(w, t);
        break;
    default:
        return;
    }
    if (err != HAG_OK)
        sim_refused(w, cluster, what, 0, hag_errmsg(g->g));
}
