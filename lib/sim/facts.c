/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/world.h"

/* What a probe of a store learns. Everything but positions and idle times changes only with the world,
 * so it is kept until the world has changed. */

#define BEAT_MS 1000u

static void put_id(uint8_t id[HAG_ID_SIZE], uint64_t a, uint64_t b)
{
    memset(id, 0, HAG_ID_SIZE);
    memcpy(id, &a, sizeof(a));
    memcpy(id + 8, &b, sizeof(b));
    id[HAG_ID_SIZE - 1] = 1;
}

static void lineage(const struct hag_sim *w, const struct sim_store *s, struct hag_facts *f)
{
    uint32_t most = s->engine == HAG_SIM_POSTGRESQL ? HAG_LINEAGE_MAX : 2;

    for (uint32_t h = s->history; h != 0 && f->nlineage < most; h = w->hist[h].parent) {
        put_id(f->lineage[f->nlineage++], h, w->seed ^ 77u);
    }
    /* fork[i]: up to where data of id i was taken, which is the fork of the one after it */
    for (uint32_t i = 1, h = s->history; i < f->nlineage; i++, h = w->hist[h].parent)
        f->fork[i] = w->hist[h].fork / SIM_FINE;
}

static void build(struct hag_sim *w, struct sim_store *s)
{
    struct hag_facts *f = &s->facts;
    uint32_t node = (uint32_t)(s - w->st);

    memset(f, 0, sizeof(*f));
    f->size = sizeof(*f);
    f->result = HAG_PROBE_OK;
    f->role = s->primary && !s->fenced ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
    f->flags = HAG_FACT_POSITION;
    f->link_idle = f->lag = HAG_UNKNOWN_MS;
    f->link_beat = BEAT_MS;
    if (sim_serves_reads(s))
        f->flags |= HAG_FACT_READS;
    if (sim_takes_writes(w, s))
        f->flags |= HAG_FACT_WRITES;
    if (s->primary && s->readonly)
        f->flags |= HAG_FACT_READONLY;
    if (s->link == SIM_LINK_FLOWS || s->link == SIM_LINK_SILENT)
        f->flags |= HAG_FACT_LINK_UP;
    if (s->link == SIM_LINK_SYNCS)
        f->flags |= HAG_FACT_SYNCING;
    if (s->engine != HAG_SIM_POSTGRESQL && !s->durable)
        f->flags |= HAG_FACT_VOLATILE;
    if (s->engine == HAG_SIM_DRAGONFLY)
        f->flags |= HAG_FACT_SELF_DRAINS;
    if (s->leaving)
        f->flags |= HAG_FACT_LEAVING;
    put_id(f->identity, s->boot, node + 1u);
    lineage(w, s, f);
    if (!s->primary)
        (void)snprintf(f->upstream, sizeof(f->upstream), "%s",
                       s->upstream < w->nst ? w->st[s->upstream].addr : "127.0.0.1:1");
    f->streams = s->streams;
    for (uint32_t i = 0; i < w->nst && f->nstreams < SIM_STREAMS && s->primary; i++) {
        const struct sim_store *m = &w->st[i];

        if (m->upstream == node && m->link == SIM_LINK_FLOWS)
            s->streams[f->nstreams++] = m->addr;
    }
    s->stamp = w->stamp;
}

const struct hag_facts *sim_facts(struct hag_sim *w, uint32_t node)
{
    struct sim_store *s = &w->st[node];
    struct hag_facts *f = &s->facts;

    if (s->stamp != w->stamp)
        build(w, s);
    f->position = sim_position(w, s) / SIM_FINE;
    if (f->position == 0)
        f->flags |= HAG_FACT_EMPTY;
    else
        f->flags &= ~(uint32_t)HAG_FACT_EMPTY;
    switch (s->link) {
    case SIM_LINK_FLOWS:
        f->link_idle = (uint32_t)(w->now % BEAT_MS);
        f->lag = (uint32_t)s->lag_ms;
        break;
    case SIM_LINK_SILENT:
    case SIM_LINK_BROKEN:
        f->link_idle = (uint32_t)(w->now - s->link_since);
        f->lag = HAG_UNKNOWN_MS;
        break;
    default:
        f->link_idle = f->lag = HAG_UNKNOWN_MS;
        break;
    }
    return f;
}
