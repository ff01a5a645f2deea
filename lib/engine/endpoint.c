/* SPDX-License-Identifier: MIT */
#include "engine/endpoint.h"

static uint64_t bit(uint32_t place)
{
    return (uint64_t)1 << place;
}

/* Serves reads as a replica now, whomever it follows. */
static int serves(const struct hag__endpoint_member *m)
{
    return m->verdict == HAG_VERDICT_UP && m->role == HAG_ROLE_STANDBY && m->reads && !m->leaving;
}

/* What a new entry needs (S6): in sync with this primary, seen so since the last step. */
static int may_enter(const struct hag__endpoint_member *m)
{
    return serves(m) && m->in_sync && m->since_step;
}

/* A published entry that only stays while there is no other. */
static int is_lame(const struct hag__endpoint_member *m)
{
    return m->verdict == HAG_VERDICT_DOWN || m->role == HAG_ROLE_PRIMARY || m->leaving;
}

uint64_t hag__endpoint_replicas(const struct hag__endpoint_in *in)
{
    uint64_t good = 0, lame = 0;

    for (uint32_t i = 0; i < in->n; i++) {
        const struct hag__endpoint_member *m = &in->members[i];
        int published = (in->published & bit(i)) != 0;

        if (i == in->primary || m->in_debt)
            continue;
        if (may_enter(m) && in->primary != HAG__NIL)
            good |= bit(i);
        else if (published && in->trim)
            good |= serves(m) ? bit(i) : 0;
        else if (published && (is_lame(m) || (in->unsure && !serves(m))))
            lame |= bit(i);
        else if (published)
            good |= bit(i);
    }
    return good != 0 || in->withdraw_replica ? good : lame;
}
