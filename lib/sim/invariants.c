/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* The safety rules of the design, held against the world's truth. Rules about orders are looked at when
 * an order leaves the guard, rules about the world whenever it has changed. */

#define NEWEST_MS                                                                                  \
    5000u /* a world that changed less than this ago may not be known to the guard yet */

static struct sim_store *store_of(struct hag_sim *w, const struct hag_action *a)
{
    return &w->st[a->user_node];
}

static const char *name_of(const struct hag_sim *w, const struct hag_action *a)
{
    return sim_node_name(w, (uint32_t)a->user_node);
}

/* S2: nothing that cannot be taken back before its term is on disk. */
static void term_is_recorded(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_record *r = &w->cl[a->user_cluster].record;

    if (a->term != r->term)
        sim_breach(w, "S2", "%s of %s leaves in term %llu, but the record has term %llu",
                   hag_name(HAG_NAMES_ACTION, a->kind), name_of(w, a), (unsigned long long)a->term,
                   (unsigned long long)r->term);
}

/* S4: the world knows what the candidate holds. */
static void fit_to_be_promoted(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_store *s = store_of(w, a);
    const struct scn_node *n = &w->s->nodes[a->user_node];
    const struct sim_cluster *c = &w->cl[a->user_cluster];

    if (n->no_promote || n->read_replica)
        sim_breach(w, n->read_replica ? "U11" : "S4", "%s may never be promoted", name_of(w, a));
    if (c->data_loss || w->hand_made)
        return;
    if (s->link == SIM_LINK_SYNCS && s->changed_at + NEWEST_MS < w->now)
        sim_breach(w, "S4", "%s is still copying", name_of(w, a));
    if (s->position == 0 && !s->primary && s->changed_at + NEWEST_MS < w->now)
        for (uint32_t p = 0; p < c->n; p++) {
            const struct sim_store *m = &w->st[sim_node_at(w, (uint32_t)a->user_cluster, p)];

            if (m->position > 0 && m != s)
                sim_breach(w, "S4", "%s holds nothing, %s does", name_of(w, a),
                           sim_node_name(w, (uint32_t)(m - w->st)));
        }
}

/* S4, S5: nobody else whom the guard hears holds more of the same history. */
static void nobody_has_more(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_store *s = store_of(w, a);
    const struct sim_cluster *c = &w->cl[a->user_cluster];
    const struct scn_cluster *sc = &w->s->clusters[a->user_cluster];

    if (c->to != SIM_NOBODY || c->data_loss || w->faults_on_actions || w->hand_made ||
        w->check_links || (a->flags & HAG_ACT_PLANNED))
        return;
    for (uint32_t i = 0; i < sc->nsettings; i++) {
        if (strcmp(sc->settings[i].key, "position_tolerance") == 0)
            return;
    }
    for (uint32_t p = 0; p < c->n; p++) {
        uint32_t node = sim_node_at(w, (uint32_t)a->user_cluster, p);
        const struct sim_store *m = &w->st[node];
        const struct scn_node *n = &w->s->nodes[node];

        if (m == s || !sim_running(m) || m->frozen || m->denied || m->slow_m || m->primary ||
            m->deadlock || m->loading_until > w->now || n->no_promote || n->read_replica ||
            m->history != s->history || m->changed_at + NEWEST_MS > w->now || !m->there ||
            w->guard.nodes[node] == 0 || (c->ever_primary >> p & 1) ||
            m->told_result != HAG_PROBE_OK)
            continue;
        if (sim_position(w, m) > sim_position(w, s))
            sim_breach(w, "S5", "%s holds more than %s, which is promoted", sim_node_name(w, node),
                       name_of(w, a));
    }
}

/* S13: no promotion leaves while the primary answers well. */
static void primary_is_away(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_cluster *c = &w->cl[a->user_cluster];

    if (a->procedure != HAG_PROC_FAILOVER || c->orders > 0 || w->hand_made)
        return;
    for (uint32_t p = 0; p < c->n; p++) {
        uint32_t node = sim_node_at(w, (uint32_t)a->user_cluster, p);
        const struct sim_store *s = &w->st[node];

        if (!(c->answer[0][HAG_ENDPOINT_PRIMARY] >> p & 1) || c->answer[0][0] != c->answer[1][0] ||
            node == a->user_node)
            continue;
        if (s->told_result == HAG_PROBE_OK && s->told_role == HAG_ROLE_PRIMARY && s->told_at > 0 &&
            s->told_at + 900 > w->now && s->up && s->boot == s->told_boot && !s->fenced &&
            s->position > 0 && !(s->engine != HAG_SIM_POSTGRESQL && !s->durable && s->boot > 1))
            sim_breach(w, "S13", "%s is promoted while %s answered as a primary %llu ms ago",
                       name_of(w, a), sim_node_name(w, node),
                       (unsigned long long)(w->now - s->told_at));
    }
}

static void one_promotion(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_cluster *c = &w->cl[a->user_cluster];
    const struct sim_store *s = store_of(w, a);

    if (c->promote_open & ~(1ull << s->place))
        sim_breach(w, "S1", "%s is promoted while another promotion is in flight", name_of(w, a));
    if (c->promoted != SIM_NOBODY && c->promoted != a->user_node && a->term <= c->promoted_term)
        sim_breach(w, "S3", "%s and %s are both promoted in term %llu", name_of(w, a),
                   sim_node_name(w, c->promoted), (unsigned long long)a->term);
    c->promoted = (uint16_t)a->user_node;
    c->promoted_term = a->term;
    c->promote_open |= 1ull << s->place;
}

/* S12: so many automatic changes an hour, and no more. */
static void not_too_often(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_cluster *c = &w->cl[a->user_cluster];
    uint32_t recent = 0, most = 4;
    const struct scn_cluster *sc = &w->s->clusters[a->user_cluster];

    for (uint32_t i = 0; i < sc->nsettings; i++) {
        if (strcmp(sc->settings[i].key, "max_switches") == 0)
            most = 16;
    }
    if (a->procedure != HAG_PROC_FAILOVER || c->orders > 0 || w->guard_disturbed)
        return;
    for (uint32_t i = 0; i < c->switches && i < 64; i++)
        recent += c->switch_at[i] + 3600000 > w->now;
    if (recent > most)
        sim_breach(w, "S12", "promotion number %u within an hour", recent + 1);
}

static void follow_is_sane(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_store *s = store_of(w, a);
    uint32_t target = a->target != 0 ? sim_node_of_addr(w, a->target_addr) : SIM_NOBODY;
    uint32_t at = target, steps = 0;

    if (target == SIM_NOBODY) {
        sim_breach(w, "S9", "%s is told to follow without a target", name_of(w, a));
        return;
    }
    if (target == a->user_node)
        sim_breach(w, "S9", "%s is told to follow itself", name_of(w, a));
    while (at < w->nst && at != a->user_node && !w->st[at].primary && steps++ < w->nst)
        at = w->st[at].upstream;
    if (at == a->user_node && !w->hand_made && !(a->flags & HAG_ACT_UNDO) && !s->primary)
        sim_breach(w, "S9", "%s would follow %s, which follows it", name_of(w, a),
                   sim_node_name(w, target));
    /* S7: an ex-primary is fenced before it is pointed anywhere */
    if (a->procedure == HAG_PROC_REJOIN && s->told_role == HAG_ROLE_PRIMARY &&
        s->told_result == HAG_PROBE_OK && !s->fence_asked)
        sim_breach(w, "S7", "%s was a primary and is told to follow before it was fenced",
                   name_of(w, a));
}

static void names_are_sane(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_cluster *c = &w->cl[a->user_cluster];
    uint32_t cluster = (uint32_t)a->user_cluster;

    if (a->endpoint == HAG_ENDPOINT_PRIMARY && a->naddrs != 1)
        sim_breach(w, "S15", "the primary name would have %u addresses", a->naddrs);
    for (uint32_t i = 0; i < a->naddrs; i++) {
        uint32_t node = sim_node_of_addr(w, a->addrs[i]);
        const struct sim_store *s;

        if (node == SIM_NOBODY || w->st[node].cluster != cluster)
            continue;
        s = &w->st[node];
        if (a->endpoint == HAG_ENDPOINT_PRIMARY) {
            if (!s->primary && s->changed_at + NEWEST_MS < w->now && !w->hand_made &&
                !(c->ever_primary >> s->place & 1))
                sim_breach(w, "S6", "%s becomes the primary name but is a standby",
                           sim_node_name(w, node));
            continue;
        }
        if (c->answer[0][HAG_ENDPOINT_REPLICA] >> s->place & 1)
            continue; /* published earlier: it may stay */
        if (s->primary && s->changed_at + NEWEST_MS < w->now && !w->hand_made)
            sim_breach(w, "S6", "%s enters the replica name but is a primary",
                       sim_node_name(w, node));
        if (s->link != SIM_LINK_FLOWS && s->link != SIM_LINK_SILENT &&
            s->changed_at + NEWEST_MS < w->now && !w->hand_made)
            sim_breach(w, "S6", "%s enters the replica name but is not in sync",
                       sim_node_name(w, node));
        /* a jump of its clock costs the guard the time that it cannot have seen */
        if (c->debt[s->place] > w->now + (w->guard_disturbed ? 1500 : 0))
            sim_breach(w, "S14", "%s enters the replica name %llu ms before its debt ends",
                       sim_node_name(w, node), (unsigned long long)(c->debt[s->place] - w->now));
    }
}

void sim_rules_action(struct hag_sim *w, const struct hag_action *a)
{
    switch (a->kind) {
    case HAG_DO_PROMOTE:
        term_is_recorded(w, a);
        one_promotion(w, a);
        fit_to_be_promoted(w, a);
        nobody_has_more(w, a);
        primary_is_away(w, a);
        not_too_often(w, a);
        return;
    case HAG_DO_FENCE:
        term_is_recorded(w, a);
        store_of(w, a)->fence_asked = 1;
        return;
    case HAG_DO_FOLLOW:
        follow_is_sane(w, a);
        return;
    case HAG_DO_ENDPOINT_UPDATE: {
        struct sim_cluster *c = &w->cl[a->user_cluster];

        if (a->term > c->record.term)
            sim_breach(w, "S2", "a name is written in term %llu, but the record has term %llu",
                       (unsigned long long)a->term, (unsigned long long)c->record.term);
        names_are_sane(w, a);
        return;
    }
    default:
        return;
    }
}

void sim_rules_done(struct hag_sim *w, const struct sim_op *o, uint32_t outcome)
{
    struct sim_cluster *c = &w->cl[o->cluster];

    if (o->kind == HAG_DO_PROMOTE) {
        /* what is unknown stays open until the guard's own deadline; a new term must follow then */
        c->promote_open &= ~(1ull << w->st[o->node].place);
        if (outcome == HAG_RES_FAIL && c->promoted == o->node)
            c->promoted = SIM_NOBODY;
    }
    if (o->kind == HAG_DO_ENDPOINT_UPDATE && o->endpoint == HAG_ENDPOINT_PRIMARY &&
        outcome == HAG_RES_OK) {
        for (uint32_t p = 0; p < c->n; p++) {
            if (!(o->set >> p & 1) && (c->named >> p & 1))
                c->debt[p] = w->now + 4 * w->s->world.ttl - 100;
        }
        c->named = o->set;
    }
}

void sim_rules_event(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_cluster *c = a->cluster != 0 ? &w->cl[a->user_cluster] : NULL;

    if (c == NULL)
        return;
    if (a->event == HAG_EV_BEGIN && c->paused_until > w->now && w->guard.gen <= 1)
        sim_breach(w, "S17", "%s begins while the cluster is paused",
                   hag_name(HAG_NAMES_PROCEDURE, a->procedure));
    if (a->event == HAG_EV_IDENTITY)
        store_of(w, a)->fence_asked = 0;
    if (a->event == HAG_EV_END && a->procedure == HAG_PROC_FAILOVER) {
        if (c->switches < 64)
            c->switch_at[c->switches] = w->now;
        c->switches++;
        c->to = SIM_NOBODY;
        c->data_loss = 0;
    }
    if (a->event == HAG_EV_END && a->procedure == HAG_PROC_REJOIN && a->node != 0)
        store_of(w, a)->fence_asked = 0;
}

/* S16: the guard may not call impossible what is. */
static void writers(struct hag_sim *w, uint32_t cluster)
{
    struct hag_cluster_info info;
    const struct sim_cluster *c = &w->cl[cluster];

    if (c->two_since == UINT64_MAX || w->guard.g == NULL || w->guard.paused || w->hand_made)
        return;
    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    if (hag_cluster_get(w->guard.g, c->handle, &info) == HAG_OK &&
        info.writers == HAG_WRITERS_IMPOSSIBLE && w->now > c->two_since + NEWEST_MS)
        sim_breach(w, "S16",
                   "two nodes take client writes since %llu ms, and the guard says that "
                   "this is impossible",
                   (unsigned long long)(w->now - c->two_since));
}

void sim_rules_world(struct hag_sim *w)
{
    for (uint32_t c = 0; c < w->ncl; c++)
        writers(w, c);
    if (w->guard.wild && w->now > SIM_BASE) {
        sim_breach(w, "S10", "the guard waits for ever: no timer is armed");
        w->guard.wild = 0;
    }
}

/* Liveness: once the faults have stopped, every cluster serves again. */
void sim_rules_end(struct hag_sim *w)
{
    if (!(w->flags & HAG_SIM_LIVENESS) || w->guard.g == NULL)
        return;
    for (uint32_t i = 0; i < w->ncl; i++) {
        struct sim_cluster *c = &w->cl[i];
        uint64_t primaries = 0;

        for (uint32_t p = 0; p < c->n; p++) {
            const struct sim_store *s = &w->st[sim_node_at(w, i, p)];

            /* one that holds nothing of this cluster is a stranger, which a human has to judge */
            if (sim_takes_writes(w, s) && s->position > 0)
                primaries |= 1ull << p;
        }
        if (primaries == 0 || (primaries & (primaries - 1)) != 0)
            sim_breach(w, "liveness", "cluster %s has %s primary at the end",
                       w->s->clusters[i].name, primaries == 0 ? "no" : "more than one");
        else if (!sim_names_are(w, i, HAG_ENDPOINT_PRIMARY, primaries))
            sim_breach(w, "liveness", "the primary name of %s is not its primary at the end",
                       w->s->clusters[i].name);
    }
}
