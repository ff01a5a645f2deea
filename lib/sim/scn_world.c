/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* The statements that describe the world. */

static const struct scn_form forms[] = {
    {"engine", "redis|dragonfly|postgresql", NULL, SCN_W_ENGINE, 0, NULL},
    {"cluster", "name",
     "plan=startup|hobbyist|business|premium|custom mode=active-passive|active-active "
     "durable=yes|no",
     SCN_W_CLUSTER, 0, NULL},
    {"policy", "settings", NULL, SCN_W_POLICY, 0, NULL},
    {"node", "name",
     "primary standby read-replica no-promote nosync stopped empty zone=name priority=int lag=dur "
     "region=name host=name",
     SCN_W_NODE, 0, NULL},
    {"guard", "name?", "zone=name stopped", SCN_W_GUARD, 0, NULL},
    {"observer", "name", "zone=name", SCN_W_OBSERVER, 0, NULL},
    {"witness", "name", "zone=name", SCN_W_WITNESS, 0, NULL},
    {"agent", "node on|off", NULL, SCN_W_AGENT, 0, NULL},
    {"zones", "name name? name? name?", NULL, SCN_W_ZONES, 0, NULL},
    {"slot", "node name logical|physical", "db=name created=off consumed=yes|no", SCN_W_SLOT, 0,
     "keep replication slots"},
    {"backup", "", "every=dur last=dur archive=yes|no", SCN_W_BACKUP, 0,
     "take and restore backups"},
    {"store", "etcd", NULL, SCN_W_STORE, 0, "share work between guards through a store"},
    {"clients", "rate", "zone=name", SCN_W_CLIENTS, 0, NULL},
    {"world", "",
     "rtt=dur create=dur sync=dur restore=dur restart=dur promote=dur fence=dur dns=dur ttl=dur",
     SCN_W_WORLD, 0, NULL},
    {"until", "dur", NULL, SCN_W_UNTIL, 0, NULL},
};

enum {
    NODE_PRIMARY,
    NODE_STANDBY,
    NODE_READ,
    NODE_NOPROMOTE,
    NODE_NOSYNC,
    NODE_STOPPED,
    NODE_EMPTY,
    NODE_ZONE,
    NODE_PRIORITY,
    NODE_LAG,
    NODE_REGION,
    NODE_HOST
};

static uint8_t given(const struct scn_value *v)
{
    return v->type != SCN_T_NONE;
}

static int need_cluster(struct hag_scenario *s, const struct scn_stmt *t)
{
    if (s->nclusters == 0)
        return scn_fail(s, t->line, t->col,
                        "%s belongs to a cluster; write \"cluster NAME\" above it", t->form->verb);
    return 1;
}

static int cluster(struct hag_scenario *s, const struct scn_stmt *t)
{
    struct scn_cluster *c;

    if (scn_find_cluster(s, t->v[0].text) != SCN_NONE)
        return scn_fail(s, t->line, t->v[0].col, "there is a cluster %s already", t->v[0].text);
    if (s->nclusters == 4000)
        return scn_fail(s, t->line, t->col, "at most 4000 clusters");
    s->clusters = scn_more(s, s->clusters, s->nclusters, &s->cap_clusters, sizeof(*c));
    c = &s->clusters[s->nclusters++];
    memset(c, 0, sizeof(*c));
    c->name = t->v[0].text;
    c->line = t->line;
    c->durable = (uint8_t)(given(&t->opt[2]) && t->opt[2].n == 0);
    c->engine = s->engine;
    /* business is what the defaults say */
    if (given(&t->opt[0]) && t->opt[0].n != 2 && t->opt[0].n != 4)
        scn_lacks(s, t->line, t->opt[0].col, "follow the plans startup and premium");
    if (given(&t->opt[1]) && t->opt[1].n == 1)
        scn_lacks(s, t->line, t->opt[1].col, "run a cluster active-active");
    return 1;
}

static int setting(struct hag_scenario *s, const struct scn_stmt *t)
{
    struct scn_cluster *c = &s->clusters[s->nclusters - 1];
    struct scn_setting *all = scn_alloc(s, (c->nsettings + t->nsettings) * sizeof(*all));

    if (c->nsettings > 0)
        memcpy(all, c->settings, c->nsettings * sizeof(*all));
    for (uint32_t i = 0; i < t->nsettings; i++) {
        const char *eq = strchr(t->setting[i].text, '=');
        char *key = scn_alloc(s, (size_t)(eq - t->setting[i].text) + 1);

        memcpy(key, t->setting[i].text, (size_t)(eq - t->setting[i].text));
        all[c->nsettings + i].key = key;
        all[c->nsettings + i].value = eq + 1;
        all[c->nsettings + i].line = t->line;
        all[c->nsettings + i].col = t->setting[i].col;
    }
    c->settings = all;
    c->nsettings += t->nsettings;
    return 1;
}

static int node(struct hag_scenario *s, const struct scn_stmt *t)
{
    struct scn_node *n;
    uint32_t in_cluster = 0;

    for (uint32_t i = 0; i < s->nnodes; i++) {
        if (s->nodes[i].cluster + 1u != s->nclusters)
            continue;
        in_cluster++;
        if (strcmp(s->nodes[i].name, t->v[0].text) == 0)
            return scn_fail(s, t->line, t->v[0].col, "there is a node %s already", t->v[0].text);
        if (s->nodes[i].primary && given(&t->opt[NODE_PRIMARY]))
            return scn_fail(s, t->line, t->opt[NODE_PRIMARY].col,
                            "%s is the primary already; a cluster has one", s->nodes[i].name);
    }
    if (in_cluster == HAG_NODES_MAX)
        return scn_fail(s, t->line, t->col, "a cluster has at most %d nodes", HAG_NODES_MAX);
    if (given(&t->opt[NODE_PRIMARY]) && given(&t->opt[NODE_STANDBY]))
        return scn_fail(s, t->line, t->opt[NODE_STANDBY].col, "primary or standby, not both");
    s->nodes = scn_more(s, s->nodes, s->nnodes, &s->cap_nodes, sizeof(*n));
    n = &s->nodes[s->nnodes++];
    memset(n, 0, sizeof(*n));
    n->name = t->v[0].text;
    n->cluster = (uint16_t)(s->nclusters - 1);
    n->primary = given(&t->opt[NODE_PRIMARY]);
    n->read_replica = given(&t->opt[NODE_READ]);
    n->no_promote = given(&t->opt[NODE_NOPROMOTE]);
    n->stopped = given(&t->opt[NODE_STOPPED]);
    n->empty = given(&t->opt[NODE_EMPTY]);
    n->zone = t->opt[NODE_ZONE].text;
    n->host = t->opt[NODE_HOST].text;
    n->priority = (int32_t)t->opt[NODE_PRIORITY].n;
    n->lag = (uint64_t)t->opt[NODE_LAG].n;
    n->line = t->line;
    n->col = t->v[0].col;
    if (t->opt[NODE_PRIORITY].n > 1000000 || t->opt[NODE_PRIORITY].n < -1000000)
        return scn_fail(s, t->line, t->opt[NODE_PRIORITY].col,
                        "priority is between -1000000 and 1000000");
    if (given(&t->opt[NODE_NOSYNC]))
        scn_lacks(s, t->line, t->opt[NODE_NOSYNC].col, "leave a node out of synchronous commit");
    if (given(&t->opt[NODE_REGION]))
        scn_lacks(s, t->line, t->opt[NODE_REGION].col, "tell regions apart");
    return 1;
}

static int guard(struct hag_scenario *s, const struct scn_stmt *t)
{
    struct scn_guard *g;
    const char *name = given(&t->v[0]) ? t->v[0].text : "guard";

    if (scn_find_guard(s, name) != SCN_NONE)
        return scn_fail(s, t->line, t->col, "there is a guard %s already", name);
    s->guards = scn_more(s, s->guards, s->nguards, &s->cap_guards, sizeof(*g));
    g = &s->guards[s->nguards++];
    g->name = name;
    g->zone = t->opt[0].text;
    g->stopped = given(&t->opt[1]);
    if (s->nguards > 1)
        scn_lacks(s, t->line, t->col, "run several guards");
    return 1;
}

static int watcher(struct hag_scenario *s, const struct scn_stmt *t, struct scn_place **all,
                   uint32_t *n, uint32_t *cap)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp((*all)[i].name, t->v[0].text) == 0)
            return scn_fail(s, t->line, t->v[0].col, "there is a %s %s already", t->form->verb,
                            t->v[0].text);
    }
    if (*n == 8)
        return scn_fail(s, t->line, t->col, "at most 8 of these");
    *all = scn_more(s, *all, *n, cap, sizeof(**all));
    (*all)[*n].name = t->v[0].text;
    (*all)[*n].zone = t->opt[0].text;
    ++*n;
    return 1;
}

static int take(struct hag_scenario *s, const struct scn_stmt *t)
{
    uint64_t *figures[] = {&s->world.rtt,     &s->world.create,  &s->world.sync,
                           &s->world.restore, &s->world.restart, &s->world.promote,
                           &s->world.fence,   &s->world.dns,     &s->world.ttl};

    switch (t->form->id) {
    case SCN_W_ENGINE:
        s->engine = (uint8_t)t->v[0].n;
        for (uint32_t i = 0; i < s->nclusters; i++)
            s->clusters[i].engine = s->engine;
        return 1;
    case SCN_W_CLUSTER:
        return cluster(s, t);
    case SCN_W_POLICY:
        return need_cluster(s, t) && setting(s, t);
    case SCN_W_NODE:
        return need_cluster(s, t) && node(s, t);
    case SCN_W_GUARD:
        return guard(s, t);
    case SCN_W_OBSERVER:
        return watcher(s, t, &s->observers, &s->nobservers, &s->cap_observers);
    case SCN_W_WITNESS:
        scn_lacks(s, t->line, t->col, "ask a witness");
        return watcher(s, t, &s->witnesses, &s->nwitnesses, &s->cap_witnesses);
    case SCN_W_AGENT:
        s->nodes[t->v[0].n].agent_off = (uint8_t)t->v[1].n;
        return 1;
    case SCN_W_CLIENTS:
        if (!need_cluster(s, t))
            return 0;
        if (t->v[0].n == 0 || t->v[0].n > 100000)
            return scn_fail(s, t->line, t->v[0].col, "clients write 1/s to 100000/s");
        s->clusters[s->nclusters - 1].rate = (uint32_t)t->v[0].n;
        s->clusters[s->nclusters - 1].clients = 1;
        s->clusters[s->nclusters - 1].client_zone = t->opt[0].text;
        return 1;
    case SCN_W_WORLD:
        for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
            if (given(&t->opt[i]))
                *figures[i] = (uint64_t)t->opt[i].n;
        }
        if (s->world.rtt == 0)
            return scn_fail(s, t->line, t->opt[0].col, "rtt is at least 1ms");
        return 1;
    case SCN_W_UNTIL:
        s->until = (uint64_t)t->v[0].n;
        s->until_given = 1;
        if (s->until > 400ull * 86400000)
            return scn_fail(s, t->line, t->v[0].col, "a run lasts at most 400d");
        return 1;
    case SCN_W_BACKUP:
        return need_cluster(s, t);
    default:
        return 1;
    }
}

int scn_world_line(struct hag_scenario *s, const struct scn_line *l)
{
    struct scn_form with_at[sizeof(forms) / sizeof(forms[0]) + 3];
    const uint32_t n = sizeof(forms) / sizeof(forms[0]);
    struct scn_stmt t;

    /* these three stand in the table only to be named when a word is none of all */
    memcpy(with_at, forms, sizeof(forms));
    memset(&with_at[n], 0, 3 * sizeof(with_at[0]));
    with_at[n].verb = "at";
    with_at[n + 1].verb = "when";
    with_at[n + 2].verb = "expect";
    with_at[n].words = with_at[n + 1].words = with_at[n + 2].words = "'never-matched";
    if (!scn_match(s, l, 0, with_at, n + 3, "statement", &t))
        return 0;
    if (t.form->lacks != NULL)
        scn_lacks(s, l->line, l->w[0].col, t.form->lacks);
    return take(s, &t);
}

/* The settings are tried on a guard of their own: it has the words for what is wrong. */
static int check_settings(struct hag_scenario *s, const struct scn_cluster *c)
{
    hag_guard *g;
    hag_policy p;
    int ok = 1;

    if (c->nsettings == 0)
        return 1;
    if (hag_guard_new(NULL, &g) != HAG_OK)
        return 0;
    (void)hag_policy_new(g, &p);
    for (uint32_t i = 0; i < c->nsettings && ok; i++) {
        const struct scn_setting *t = &c->settings[i];
        int32_t err = hag_policy_set_text(g, p, scn_setting_name(t->key, t->value), t->value);

        if (err == HAG_ERR_NOT_FOUND && scn_setting_later(t->key)) {
            char what[100];

            (void)snprintf(what, sizeof(what), "follow the setting %.60s", t->key);
            scn_lacks(s, t->line, t->col, what);
        } else if (err != HAG_OK) {
            ok = scn_fail(s, t->line, t->col, "policy: %s", hag_errmsg(g));
        }
    }
    if (ok && hag_policy_check(g, p) != HAG_OK)
        ok = scn_fail(s, c->settings[0].line, c->settings[0].col, "policy: %s", hag_errmsg(g));
    (void)hag_guard_destroy(g);
    return ok;
}

int scn_world_done(struct hag_scenario *s)
{
    if (s->nclusters == 0)
        return scn_fail(s, s->nlines > 0 ? s->lines[s->nlines - 1].line : 1, 1,
                        "there is no cluster; write \"cluster NAME\" and its nodes");
    for (uint32_t c = 0; c < s->nclusters; c++) {
        uint32_t primary = SCN_NONE, n = 0;

        for (uint32_t i = 0; i < s->nnodes; i++) {
            if (s->nodes[i].cluster != c)
                continue;
            n++;
            if (s->nodes[i].primary)
                primary = i;
        }
        if (n == 0)
            return scn_fail(s, s->clusters[c].line, 1,
                            "cluster %s has no nodes; write \"node NAME primary\" below it",
                            s->clusters[c].name);
        if (primary == SCN_NONE)
            return scn_fail(s, s->clusters[c].line, 1,
                            "no node of cluster %s is its primary; add \"primary\" to one",
                            s->clusters[c].name);
        for (uint32_t i = 0; i < s->nnodes; i++) {
            if (s->nodes[i].cluster == c)
                s->nodes[i].first_upstream = (uint16_t)(i == primary ? SCN_NONE : primary);
        }
        if (!check_settings(s, &s->clusters[c]))
            return 0;
    }
    if (s->nguards == 0) {
        s->guards = scn_more(s, s->guards, 0, &s->cap_guards, sizeof(*s->guards));
        memset(&s->guards[0], 0, sizeof(s->guards[0]));
        s->guards[0].name = "guard";
        s->nguards = 1;
    }
    return 1;
}
