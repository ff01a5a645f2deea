/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* The safety rules of the design, held against the world's truth. Rules about orders are looked at when
 * an order leaves the guard, rules about the world whenever it has changed. */

#define NEWEST_MS                                                                                  \
    5000u /* a world that changed less than this ago may not be known to the guard yet */

#define ENDLESS_MS 60000u /* without faults no procedure takes so long */

#define ROUND_MS 2500u /* a probe that was lost is not repeated sooner */

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

    /* a commit whose answer was lost may have recorded a newer term than the guard can act in */
    if (a->term != r->term && (a->kind == HAG_DO_PROMOTE || a->term != r->told))
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
            m->deadlock || m->leaving || m->loading_until > w->now || n->no_promote ||
            n->read_replica || m->history != s->history || m->booted_at + NEWEST_MS > w->now ||
            m->linked_boot != m->boot /* S4: not in sync since its own start */ || !m->there ||
            w->guard.nodes[node] == 0 || (c->ever_primary >> p & 1) ||
            m->told_result != HAG_PROBE_OK ||
            (m->lost_at > m->told_at && m->lost_at + ROUND_MS > w->now))
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

/* S3: a node of unknown promotion that is lost by the rules of a lost primary. */
static int is_given_up(const struct hag_sim *w, uint32_t node)
{
    struct hag_node_info info;

    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    return w->now >= w->st[node].promotion_end &&
           hag_node_get(w->guard.g, w->guard.nodes[node], &info) == HAG_OK &&
           info.verdict == HAG_VERDICT_DOWN;
}

static void one_promotion(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_cluster *c = &w->cl[a->user_cluster];
    struct sim_store *s = store_of(w, a);

    for (uint32_t p = 0; p < c->n; p++) {
        uint32_t node = sim_node_at(w, (uint32_t)a->user_cluster, p);
        const struct sim_store *m = &w->st[node];

        if (m != s && (c->promote_open >> p & 1) != 0 &&
            !((m->promotion_settled || is_given_up(w, node)) && a->term > m->promotion_term))
            sim_breach(w, "S1", "%s is promoted while another promotion is in flight",
                       name_of(w, a));
    }
    s->promotion_settled = 0;
    s->promotion_term = a->term;
    s->promotion_end = w->now + (a->deadline - sim_guard_now(w));
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

/* It changed so long ago that the guard has seen it, unless it stood still: what it had ready to hand
 * out before it did leaves when it goes on. */
static int may_be_known(const struct hag_sim *w, const struct sim_store *s)
{
    uint64_t since = s->changed_at > w->guard.resumed_at ? s->changed_at : w->guard.resumed_at;

    return since + NEWEST_MS < w->now;
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
            if (!s->primary && may_be_known(w, s) && !w->hand_made &&
                !(c->ever_primary >> s->place & 1))
                sim_breach(w, "S6", "%s becomes the primary name but is a standby",
                           sim_node_name(w, node));
            continue;
        }
        if ((c->answer[0][HAG_ENDPOINT_REPLICA] | c->answer[1][HAG_ENDPOINT_REPLICA]) >> s->place &
            1)
            continue; /* published earlier: it may stay */
        if (s->primary && may_be_known(w, s) && !w->hand_made)
            sim_breach(w, "S6", "%s enters the replica name but is a primary",
                       sim_node_name(w, node));
        if (s->link != SIM_LINK_FLOWS && s->link != SIM_LINK_SILENT && may_be_known(w, s) &&
            !w->hand_made)
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
    if ((o->kind == HAG_DO_FOLLOW || o->kind == HAG_DO_FENCE) && outcome == HAG_RES_OK &&
        w->now >= w->st[o->node].promotion_end)
        w->st[o->node].promotion_settled = 1;
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
    /* a jump of its clock costs the guard up to a timer's length */
    if (a->event == HAG_EV_BEGIN && w->guard.gen <= 1 && c->paused_at < w->now &&
        c->paused_until > w->now + (w->guard_disturbed ? 1500 : 0))
        sim_breach(w, "S17", "%s begins while the cluster is paused",
                   hag_name(HAG_NAMES_PROCEDURE, a->procedure));
    if (a->event == HAG_EV_BEGIN || a->event == HAG_EV_END || a->event == HAG_EV_ABORT)
        c->busy_since = a->event == HAG_EV_BEGIN ? w->now : 0;
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

static int descends(const struct hag_sim *w, uint32_t history, uint32_t from)
{
    while (history != 0 && history != from)
        history = w->hist[history].parent;
    return history == from;
}

static int alerted(const struct hag_sim *w, const struct sim_cluster *c, uint32_t alert)
{
    struct hag_cluster_info info;

    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    return hag_cluster_get(w->guard.g, c->handle, &info) == HAG_OK &&
           (info.alerts >> alert & 1) != 0;
}

static int machines_lost(const struct hag_sim *w, uint32_t cluster)
{
    int n = 0;

    for (uint32_t p = 0; p < w->cl[cluster].n; p++) {
        const struct sim_store *s = &w->st[sim_node_at(w, cluster, p)];

        n += s->there && !s->machine;
    }
    return n;
}

/* alone=hold: with no other to confirm that a primary is gone, a human has to (5.7). */
static int nobody_confirms(const struct hag_sim *w, uint32_t cluster)
{
    struct hag_node_info info;

    for (uint32_t p = 0; p < w->cl[cluster].n; p++) {
        uint32_t node = sim_node_at(w, cluster, p);

        memset(&info, 0, sizeof(info));
        info.size = sizeof(info);
        if (!w->st[node].machine &&
            hag_node_get(w->guard.g, w->guard.nodes[node], &info) == HAG_OK &&
            (info.alerts >> HAG_ALERT_ALONE & 1) != 0)
            return 1;
    }
    return 0;
}

/* A store that comes up in the role it was configured for may have copied older data over the newest,
 * or the machine that had it is lost, or somebody has emptied a store: then nobody is fit, and a human has to choose. */
static int newest_data_is_gone(const struct hag_sim *w, uint32_t cluster)
{
    const struct sim_cluster *c = &w->cl[cluster];
    const struct scn_cluster *sc = &w->s->clusters[cluster];
    int lost = machines_lost(w, cluster), wiped = 0, bounded = 0;

    if (lost == c->n)
        return 1;
    /* what others have of it may be older than the policy allows, or the guard never saw that their
     * copy was whole (S4) */
    for (uint32_t i = 0; i < sc->nsettings; i++)
        bounded |= strncmp(sc->settings[i].key, "max_lag", 7) == 0;
    for (uint32_t p = 0; p < c->n; p++)
        wiped |= w->st[sim_node_at(w, cluster, p)].wiped;
    for (uint32_t p = 0; p < c->n && !wiped; p++) {
        const struct sim_store *s = &w->st[sim_node_at(w, cluster, p)];

        if ((s->engine == HAG_SIM_POSTGRESQL && !lost) ||
            (s->machine && !bounded && descends(w, s->history, c->chosen) &&
             (s->primary || descends(w, s->linked_history, c->chosen))))
            return 0;
    }
    return alerted(w, c, HAG_ALERT_NO_CANDIDATE) || (lost && nobody_confirms(w, cluster));
}

/* Nobody but a human can say that a machine which is gone for ever takes no writes. */
static int fence_waits_for_a_word(const struct hag_sim *w, uint32_t cluster)
{
    const struct scn_cluster *sc = &w->s->clusters[cluster];
    int required = 0;

    for (uint32_t i = 0; i < sc->nsettings; i++) {
        if (strcmp(sc->settings[i].key, "fence") == 0)
            required = strcmp(sc->settings[i].value, "required") == 0;
    }
    return required && machines_lost(w, cluster) &&
           alerted(w, &w->cl[cluster], HAG_ALERT_FENCE_UNCONFIRMED);
}

/* One whose data has nothing to do with the cluster's, as far as stores of its kind can tell, is a stranger, which a human has to judge. */
static int is_stranger(const struct hag_sim *w, const struct sim_cluster *c,
                       const struct sim_store *s)
{
    uint32_t theirs = s->engine == HAG_SIM_POSTGRESQL ? HAG_LINEAGE_MAX : 2, ours;

    for (uint32_t h = s->history; s->position > 0 && h != 0 && theirs > 0; theirs--) {
        ours = s->engine == HAG_SIM_POSTGRESQL ? HAG_LINEAGE_MAX : 2;
        for (uint32_t k = c->chosen; k != 0 && ours > 0; k = w->hist[k].parent, ours--)
            if (k == h)
                return 0;
        h = w->hist[h].parent;
    }
    return 1;
}

static int keeps_its_data(const struct hag_sim *w, uint32_t cluster)
{
    const struct sim_store *s = &w->st[sim_node_at(w, cluster, 0)];

    return s->engine == HAG_SIM_POSTGRESQL || s->durable;
}

/* Liveness: once the faults have stopped, every cluster that keeps its data serves again. */
void sim_rules_end(struct hag_sim *w)
{
    if (!(w->flags & HAG_SIM_LIVENESS) || w->guard.g == NULL)
        return;
    for (uint32_t i = 0; i < w->ncl; i++) {
        struct sim_cluster *c = &w->cl[i];
        uint64_t primaries = 0;
        int wiped = 0;

        if (!keeps_its_data(w, i) || newest_data_is_gone(w, i) || fence_waits_for_a_word(w, i))
            continue;
        for (uint32_t p = 0; p < c->n; p++) {
            const struct sim_store *s = &w->st[sim_node_at(w, i, p)];

            if (sim_takes_writes(w, s) && !is_stranger(w, c, s))
                primaries |= 1ull << p;
            else if (sim_takes_writes(w, s) && s->wiped)
                wiped = 1;
        }
        /* a primary that should have kept its data, and was given new clients before the guard saw it:
         * stores that forget their history when they restart look the same */
        if (wiped)
            continue;
        if (primaries == 0 || (primaries & (primaries - 1)) != 0)
            sim_breach(w, "liveness", "cluster %s has %s primary at the end",
                       w->s->clusters[i].name, primaries == 0 ? "no" : "more than one");
        else if (!sim_names_are(w, i, HAG_ENDPOINT_PRIMARY, primaries))
            sim_breach(w, "liveness", "the primary name of %s is not its primary at the end",
                       w->s->clusters[i].name);
        else if (c->busy_since != 0 && c->busy_since + ENDLESS_MS < w->now &&
                 !alerted(w, c, HAG_ALERT_FENCE_UNCONFIRMED))
            sim_breach(w, "liveness", "a procedure of %s runs since %llu s at the end",
                       w->s->clusters[i].name,
                       (unsigned long long)((w->now - c->busy_since) / 1000));
    }
}
