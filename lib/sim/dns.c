/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

/* Two authoritative servers and the resolvers in front of the clients. A resolver asks again whenever
 * its answer has expired; that is simulated only while an answer could be a new one. */

static int differs(const struct hag_sim *w, uint32_t cluster, const struct sim_cohort *k)
{
    const struct sim_cluster *c = &w->cl[cluster];
    uint64_t has = k->cached == SIM_NOBODY ? 0 : 1ull << w->st[k->cached].place;

    return c->answer[0][0] != has || c->answer[1][0] != has;
}

static void ask_later(struct hag_sim *w, uint32_t cluster, uint32_t i)
{
    struct sim_cohort *k = &w->cl[cluster].cohort[i];
    uint64_t at;

    if (k->asking || !differs(w, cluster, k))
        return;
    k->asking = 1;
    at = k->ttl == 0 ? w->now : (w->now - k->phase % k->ttl) / k->ttl * k->ttl + k->phase + k->ttl;
    if (k->ttl == 0 && w->cl[cluster].answer[0][0] != w->cl[cluster].answer[1][0])
        at++;
    sim_push(
        w, (struct sim_due){.at = at, .kind = SIM_RESOLVE, .node = (uint16_t)cluster, .index = i});
}

void sim_publish(struct hag_sim *w, uint32_t cluster, uint32_t endpoint, uint64_t set)
{
    struct sim_cluster *c = &w->cl[cluster];

    for (int ns = 0; ns < 2; ns++) {
        if (!c->stale[ns])
            c->answer[ns][endpoint] = set;
    }
    sim_changed(w);
    for (uint32_t i = 0; endpoint == HAG_ENDPOINT_PRIMARY && c->rate > 0 && i < SIM_COHORTS; i++)
        ask_later(w, cluster, i);
}

int sim_names_are(const struct hag_sim *w, uint32_t cluster, uint32_t endpoint, uint64_t set)
{
    const struct sim_cluster *c = &w->cl[cluster];

    return c->answer[0][endpoint] == set && c->answer[1][endpoint] == set;
}

void sim_resolve(struct hag_sim *w, uint32_t cluster, uint32_t i)
{
    struct sim_cluster *c = &w->cl[cluster];
    struct sim_cohort *k = &c->cohort[i];
    uint32_t ns = sim_below(w, 2);
    uint64_t set;

    k->asking = 0;
    if (!sim_both(w, c->clients_place, sim_place(w, SCN_P_NS1 + (uint8_t)ns, 0)))
        ns ^= 1; /* the other one */
    if (sim_both(w, c->clients_place, sim_place(w, SCN_P_NS1 + (uint8_t)ns, 0))) {
        set = c->answer[ns][HAG_ENDPOINT_PRIMARY];
        k->cached = SIM_NOBODY;
        for (uint32_t p = 0; p < c->n; p++) {
            if (set >> p & 1) {
                k->cached = (uint16_t)sim_node_at(w, cluster, p);
                break;
            }
        }
        sim_refresh(w, cluster);
    }
    ask_later(w, cluster, i);
}
