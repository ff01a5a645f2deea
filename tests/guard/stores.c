/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "rig.h"

/* What the stores of the rig do among themselves. */

int rig__link_up(const struct rig *r, const struct rig_store *s)
{
    const struct rig_store *u;

    if (s->primary || s->upstream >= r->n || s->link_stopped)
        return 0;
    u = &r->s[s->upstream];
    return u != s && !u->dead && !s->dead && u->history == s->history;
}

/* Down the chain of links; a ring of stores that follow each other has no source. */
static uint64_t position_of(const struct rig *r, const struct rig_store *s, uint32_t depth)
{
    uint64_t p;

    if (s->primary || depth >= r->n || !rig__link_up(r, s) || r->s[s->upstream].frozen)
        return s->position;
    p = position_of(r, &r->s[s->upstream], depth + 1);
    p = p > s->lag ? p - s->lag : 0;
    return p > s->position ? p : s->position;
}

uint64_t rig__position(const struct rig *r, const struct rig_store *s)
{
    return position_of(r, s, 0);
}

static void keep_positions(struct rig *r)
{
    uint64_t p[RIG_NODES];

    for (uint32_t i = 0; i < r->n; i++)
        p[i] = rig__position(r, &r->s[i]);
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i];

        if (!s->dead && !s->frozen)
            s->position = p[i];
        if (!s->dead && rig__link_up(r, s))
            s->empty = r->s[s->upstream].empty;
    }
}

void rig__grow(struct rig *r, uint64_t ms)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i];

        if (s->quiesced && s->quiet_until != 0 && r->now >= s->quiet_until)
            s->quiesced = 0;
        if (r->writes && s->primary && !s->dead && !s->frozen && !s->quiesced && !s->loading) {
            s->position += ms;
            s->empty &= ms == 0;
        }
    }
    keep_positions(r);
}

/* A standby that can reach its upstream takes its history, or copies everything. */
void rig__connect(struct rig *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i], *u;

        if (s->dead || s->frozen || s->primary || s->upstream >= r->n || s->link_stopped)
            continue;
        u = &r->s[s->upstream];
        if (u == s || u->dead || u->frozen || u->loading || u->history == s->history)
            continue;
        if (u->older != s->history || s->position > u->fork) {
            s->empty = u->empty; /* a full copy */
            s->position = rig__position(r, u);
        }
        s->history = u->history;
        s->older = u->older;
        s->fork = u->fork;
    }
    keep_positions(r);
}

static void put_id(uint8_t id[HAG_ID_SIZE], uint32_t v, uint32_t salt)
{
    memset(id, 0, HAG_ID_SIZE);
    memcpy(id, &v, sizeof(v));
    memcpy(id + 4, &salt, sizeof(salt));
    id[19] = 1;
}

static uint32_t flags_of(const struct rig *r, const struct rig_store *s)
{
    uint32_t f = HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_PRIORITY;

    f |= s->primary && !s->quiesced ? HAG_FACT_WRITES : 0;
    f |= rig__link_up(r, s) ? HAG_FACT_LINK_UP : 0;
    f |= s->syncing ? HAG_FACT_SYNCING : 0;
    f |= s->empty ? HAG_FACT_EMPTY : 0;
    f |= s->is_volatile ? HAG_FACT_VOLATILE : 0;
    f |= s->readonly ? HAG_FACT_READONLY : 0;
    f |= s->leaving ? HAG_FACT_LEAVING : 0;
    f |= s->self_drains ? HAG_FACT_SELF_DRAINS : 0;
    return f;
}

void rig__facts(const struct rig *r, uint32_t i, struct hag_facts *f, const char **streams)
{
    const struct rig_store *s = &r->s[i];

    memset(f, 0, sizeof(*f));
    f->size = sizeof(*f);
    f->link_idle = f->lag = HAG_UNKNOWN_MS;
    f->role = s->primary ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
    f->flags = flags_of(r, s);
    f->priority = s->priority;
    if (f->flags & HAG_FACT_LINK_UP) {
        f->link_idle = r->s[s->upstream].frozen ? 60000 : 100;
        f->link_beat = 1000;
    }
    f->position = rig__position(r, s);
    put_id(f->identity, s->boot, i + 1);
    f->nlineage = s->older != 0 ? 2 : 1;
    put_id(f->lineage[0], s->history, 77);
    put_id(f->lineage[1], s->older, 77);
    f->fork[1] = s->fork;
    if (!s->primary)
        (void)snprintf(f->upstream, sizeof(f->upstream), "%s",
                       s->upstream < r->n ? r->s[s->upstream].addr : "127.0.0.1:1");
    f->streams = streams;
    for (uint32_t k = 0; s->primary && k < r->n; k++) {
        if (r->s[k].upstream == i && rig__link_up(r, &r->s[k]) && !r->s[k].frozen)
            streams[f->nstreams++] = r->s[k].addr;
    }
}

static void promote(struct rig *r, struct rig_store *s, const struct rig_due *d)
{
    if (s->primary)
        return;
    if ((d->flags & HAG_ACT_PLANNED) && s->self_drains && d->target < r->n) {
        r->s[d->target].quiesced = 1; /* it hands over by itself */
        s->position = rig__position(r, &r->s[d->target]);
    }
    s->older = s->history;
    s->fork = s->position;
    s->history = ++r->histories;
    s->primary = 1;
    s->quiesced = 0;
    s->upstream = RIG_NOBODY;
}

void rig__apply(struct rig *r, const struct rig_due *d)
{
    struct rig_store *s = &r->s[d->node];

    keep_positions(r);
    switch (d->kind) {
    case HAG_DO_DETACH:
        if (!s->undetachable)
            s->upstream = RIG_NOBODY;
        break;
    case HAG_DO_FENCE:
        if (s->fence < HAG_FENCE_DEMOTED) {
            s->quiesced = s->primary;
            break;
        }
        s->was_primary |= s->primary;
        s->primary = 0;
        s->upstream = RIG_NOBODY;
        break;
    case HAG_DO_UNFENCE:
        s->primary |= s->was_primary;
        s->was_primary = s->quiesced = 0;
        break;
    case HAG_DO_FOLLOW:
        s->primary = s->was_primary = 0;
        s->upstream = (uint8_t)d->target;
        break;
    case HAG_DO_PROMOTE:
        promote(r, s, d);
        break;
    case HAG_DO_QUIESCE:
        s->quiesced = 1;
        s->quiet_until = r->now + d->arg;
        break;
    case HAG_DO_UNQUIESCE:
        s->quiesced = 0;
        break;
    default:
        break;
    }
    rig__connect(r);
}
