/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* Directional links between places. What was cut, lost or delayed is kept as a list in the order of
 * doing; the matrix is made from it anew at every change. */

#define RTO_MS 200u /* TCP sends again after this, then after twice as long, and so on */

uint32_t sim_place(const struct hag_sim *w, uint8_t kind, uint32_t index)
{
    uint32_t at = w->nst;

    switch (kind) {
    case SCN_P_NODE:
        return index;
    case SCN_P_GUARD:
        return at + index;
    case SCN_P_OBSERVER:
        return at + w->s->nguards + index;
    case SCN_P_WITNESS:
        return at + w->s->nguards + w->s->nobservers + index;
    default:
        break;
    }
    at += w->s->nguards + w->s->nobservers + w->s->nwitnesses;
    switch (kind) {
    case SCN_P_CLIENTS: /* one place for each cluster's */
        return at + index;
    case SCN_P_NS1:
        return at + w->ncl;
    case SCN_P_NS2:
        return at + w->ncl + 1;
    default:
        return at + w->ncl + 2; /* the store */
    }
}

static const char *zone_of(const struct hag_sim *w, uint32_t place)
{
    const struct hag_scenario *s = w->s;

    if (place < w->nst)
        return s->nodes[place].zone;
    place -= w->nst;
    if (place < s->nguards)
        return s->guards[place].zone;
    place -= s->nguards;
    if (place < s->nobservers)
        return s->observers[place].zone;
    place -= s->nobservers;
    if (place < s->nwitnesses)
        return s->witnesses[place].zone;
    place -= s->nwitnesses;
    if (place < w->ncl)
        return s->clusters[place].client_zone;
    return NULL;
}

/* Whether a place is one of those that a word of the scenario means. */
static int means(const struct hag_sim *w, const struct scn_value *v, uint32_t place)
{
    switch (v->m) {
    case SCN_P_ZONE: {
        const char *zone = zone_of(w, place);

        return zone != NULL && strcmp(zone, v->text) == 0;
    }
    case SCN_P_CLIENTS: {
        uint32_t first = sim_place(w, SCN_P_CLIENTS, 0);

        return place >= first && place < first + w->ncl;
    }
    case SCN_P_DNS:
        return place == sim_place(w, SCN_P_NS1, 0) || place == sim_place(w, SCN_P_NS2, 0);
    default:
        return place == sim_place(w, (uint8_t)v->m, (uint32_t)v->n);
    }
}

static void apply(struct hag_sim *w, const struct sim_snip *n)
{
    uint32_t np = w->nplaces;

    for (uint32_t a = 0; a < np; a++) {
        int in_a = means(w, &n->a, a);

        for (uint32_t b = 0; in_a && b < np; b++) {
            struct sim_wire *to = &w->wires[a * np + b], *from = &w->wires[b * np + a];

            if (a == b)
                continue;
            if (n->deed == SCN_D_ISOLATE ? means(w, &n->a, b) : !means(w, &n->b, b))
                continue;
            switch (n->deed) {
            case SCN_D_ISOLATE:
                to->cut = from->cut = 1;
                break;
            case SCN_D_CUT:
                to->cut = 1;
                if (!n->oneway)
                    from->cut = 1;
                break;
            case SCN_D_LOSS:
                to->loss = from->loss = (uint16_t)n->value;
                break;
            case SCN_D_DELAY:
                to->delay = from->delay = n->value;
                break;
            default: /* heal */
                memset(to, 0, sizeof(*to));
                memset(from, 0, sizeof(*from));
                break;
            }
        }
    }
}

static void remake(struct hag_sim *w)
{
    memset(w->wires, 0, (size_t)w->nplaces * w->nplaces * sizeof(*w->wires));
    w->check_links = 0;
    for (uint32_t i = 0; i < w->nsnips; i++) {
        if (w->snips[i].active) {
            w->check_links = 1;
            apply(w, &w->snips[i]);
        }
    }
    for (uint32_t c = 0; c < w->ncl; c++)
        sim_refresh(w, c);
}

void sim_snip(struct hag_sim *w, uint8_t deed, const struct scn_stmt *t, uint32_t stmt)
{
    struct sim_snip *n;

    sim_grow((void **)&w->snips, w->nsnips, &w->capsnips, sizeof(*n));
    n = &w->snips[w->nsnips++];
    memset(n, 0, sizeof(*n));
    n->deed = deed;
    n->active = 1;
    n->a = t->v[0];
    n->b = t->v[1];
    n->oneway = t->opt[0].type != SCN_T_NONE;
    n->value = (uint32_t)t->v[2].n;
    n->stmt = stmt;
    for (uint32_t i = 0; deed == SCN_D_HEAL_NODE && i + 1 < w->nsnips; i++) {
        struct sim_snip *m = &w->snips[i];

        /* what was done to one place is over, whoever was at the other end */
        if ((m->a.m == n->a.m && m->a.n == n->a.n &&
             (m->a.m != SCN_P_ZONE || strcmp(m->a.text, n->a.text) == 0)) ||
            (m->deed != SCN_D_ISOLATE && m->b.m == n->a.m && m->b.n == n->a.n))
            m->active = 0;
    }
    if (deed == SCN_D_HEAL_NODE)
        n->active = 0;
    remake(w);
}

void sim_unsnip(struct hag_sim *w, uint32_t stmt)
{
    for (uint32_t i = 0; i < w->nsnips; i++) {
        if (w->snips[i].stmt == stmt)
            w->snips[i].active = 0;
    }
    remake(w);
}

void sim_heal_all(struct hag_sim *w)
{
    w->nsnips = 0;
    remake(w);
}

int sim_reach(const struct hag_sim *w, uint32_t a, uint32_t b)
{
    return !w->check_links || !w->wires[a * w->nplaces + b].cut;
}

int sim_both(const struct hag_sim *w, uint32_t a, uint32_t b)
{
    return !w->check_links ||
           (!w->wires[a * w->nplaces + b].cut && !w->wires[b * w->nplaces + a].cut);
}

uint64_t sim_travel(struct hag_sim *w, uint32_t a, uint32_t b, uint64_t ms)
{
    const struct sim_wire *l;
    uint32_t rto = RTO_MS;

    if (!w->check_links)
        return ms;
    l = &w->wires[a * w->nplaces + b];
    if (l->cut || l->loss >= 1000)
        return UINT64_MAX;
    ms += l->delay;
    while (l->loss > 0 && sim_below(w, 1000) < l->loss && rto < 120000) {
        ms += rto;
        rto *= 2;
    }
    return ms;
}
