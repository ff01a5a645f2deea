/* SPDX-License-Identifier: MIT */
#include "engine/election.h"

#include <string.h>

typedef const struct hag__election *election;
typedef const struct hag__candidate *candidate;

static uint32_t relation(election e, candidate c)
{
    return hag__lineage_relate(c->lineage, c->position, e->lineage, e->position);
}

static int is_primary(election e, candidate c)
{
    (void)e;
    return c->is_primary;
}

static int is_read_replica(election e, candidate c)
{
    (void)e;
    return c->read_replica;
}

static int is_excluded(election e, candidate c)
{
    (void)e;
    return c->no_promote;
}

static int is_down(election e, candidate c)
{
    (void)e;
    return c->verdict == HAG_VERDICT_DOWN;
}

static int is_denied(election e, candidate c)
{
    (void)e;
    return c->result == HAG_PROBE_DENIED;
}

static int is_unprobed(election e, candidate c)
{
    (void)e;
    return c->result == HAG_PROBE_NONE;
}

static int does_not_serve(election e, candidate c)
{
    (void)e;
    return c->result == HAG_PROBE_NOT_SERVING;
}

static int does_not_answer(election e, candidate c)
{
    (void)e;
    return c->result != HAG_PROBE_OK;
}

static int may_be_primary(election e, candidate c)
{
    (void)e;
    return c->maybe_primary;
}

static int has_failed(election e, candidate c)
{
    (void)e;
    return c->promote_failed;
}

static int has_wrong_role(election e, candidate c)
{
    (void)e;
    return c->role != HAG_ROLE_STANDBY;
}

static int is_leaving(election e, candidate c)
{
    (void)e;
    return (c->facts & HAG_FACT_LEAVING) != 0;
}

static int has_priority_zero(election e, candidate c)
{
    (void)e;
    return (c->facts & HAG_FACT_PRIORITY) != 0 && c->store_priority == 0;
}

static int is_syncing(election e, candidate c)
{
    (void)e;
    return (c->facts & HAG_FACT_SYNCING) != 0;
}

/* A cluster that never held anything may still fail over. */
static int is_empty(election e, candidate c)
{
    return (c->facts & HAG_FACT_EMPTY) != 0 && !e->primary_empty;
}

static int is_incomparable(election e, candidate c)
{
    return relation(e, c) == HAG__LINEAGE_INCOMPARABLE;
}

/* A descendant was promoted once. It counts as a standby of the lost primary only as long as it has
 * written nothing of its own since. */
static int has_diverged(election e, candidate c)
{
    uint32_t how = relation(e, c);

    if (how == HAG__LINEAGE_DESCENDANT) {
        uint32_t place = hag__lineage_place(c->lineage, e->lineage->pair[0].id);

        return c->position > c->lineage->pair[place].fork;
    }
    return how == HAG__LINEAGE_DIVERGED;
}

static int was_never_synced(election e, candidate c)
{
    (void)e;
    return !c->synced;
}

static int has_no_position(election e, candidate c)
{
    (void)e;
    return (c->facts & HAG_FACT_POSITION) == 0;
}

static int lags_in_time(election e, candidate c)
{
    int64_t max = e->settings->v[HAG_P_MAX_LAG];

    return max >= 0 && (c->lag == HAG_UNKNOWN_MS || c->lag > max);
}

static int lags_in_data(election e, candidate c)
{
    int64_t max = e->settings->v[HAG_P_MAX_LAG_BYTES];

    return max >= 0 && e->position > c->position && e->position - c->position > (uint64_t)max;
}

static int has_lost_its_link(election e, candidate c)
{
    return e->planned && !c->link_up;
}

static int may_still_receive(election e, candidate c)
{
    return e->final && !e->planned && !c->detached && !(c->stable && !c->link_up);
}

static int is_not_fresh(election e, candidate c)
{
    return e->final && !c->fresh;
}

/* S4 in the order in which reasons are told: what a person decided, what the node is, what it holds.
 * Age is all that an operator's data-loss order lifts. */
static const struct {
    int (*holds)(election e, candidate c);
    uint8_t why;
    uint8_t is_age;
} vetoes[] = {
    {is_primary, HAG_WHY_IS_PRIMARY, 0},
    {is_read_replica, HAG_WHY_READ_REPLICA, 0},
    {is_excluded, HAG_WHY_EXCLUDED, 0},
    {is_down, HAG_WHY_DOWN, 0},
    {is_denied, HAG_WHY_DENIED, 0},
    {is_unprobed, HAG_WHY_NOT_PROBED, 0},
    {does_not_serve, HAG_WHY_NOT_SERVING, 0},
    {does_not_answer, HAG_WHY_NOT_ANSWERING, 0},
    {may_be_primary, HAG_WHY_MAYBE_PRIMARY, 0},
    {has_failed, HAG_WHY_PROMOTE_FAILED, 0},
    {has_wrong_role, HAG_WHY_WRONG_ROLE, 0},
    {is_leaving, HAG_WHY_LEAVING, 0},
    {has_priority_zero, HAG_WHY_PRIORITY_ZERO, 0},
    {is_syncing, HAG_WHY_SYNCING, 0},
    {is_empty, HAG_WHY_EMPTY, 0},
    {is_incomparable, HAG_WHY_INCOMPARABLE, 0},
    {has_diverged, HAG_WHY_DIVERGED, 0},
    {was_never_synced, HAG_WHY_NEVER_SYNCED, 1},
    {has_no_position, HAG_WHY_NO_POSITION, 1},
    {lags_in_time, HAG_WHY_STALE, 1},
    {lags_in_data, HAG_WHY_STALE, 1},
    {has_lost_its_link, HAG_WHY_WRONG_UPSTREAM, 0},
    {may_still_receive, HAG_WHY_NOT_DETACHED, 0},
    {is_not_fresh, HAG_WHY_NOT_FRESH, 1},
};

static uint8_t veto(election e, candidate c)
{
    for (size_t i = 0; i < sizeof(vetoes) / sizeof(vetoes[0]); i++)
        if (!(vetoes[i].is_age && e->data_loss) && vetoes[i].holds(e, c))
            return vetoes[i].why;
    return HAG_WHY_NONE;
}

/* How much of the lost primary's data a candidate has: the place of its history in the primary's,
 * 0 the newest, then its position in that history. */
struct amount {
    uint32_t history;
    uint64_t position;
};

static struct amount amount_of(election e, candidate c)
{
    uint32_t place = hag__lineage_place(e->lineage, c->lineage->pair[0].id);
    struct amount a;

    /* Not in it: a descendant without writes of its own, so it stands in the newest. */
    a.history = place == HAG__NIL ? 0 : place;
    a.position = (c->facts & HAG_FACT_POSITION) ? c->position : 0;
    return a;
}

static int has_more(struct amount a, struct amount b)
{
    return a.history != b.history ? a.history < b.history : a.position > b.position;
}

/* What is known of the contest among those who are still in it. */
struct contest {
    struct amount most;
    uint8_t in_zone;
    int64_t priority;
    const char *name;
};

static int is_behind(election e, candidate c, const struct contest *best)
{
    struct amount a = amount_of(e, c);
    uint64_t tolerance = (uint64_t)e->settings->v[HAG_P_POSITION_TOLERANCE];

    return a.history != best->most.history || best->most.position - a.position > tolerance;
}

/* The host's word first, then the store's own: their scales have nothing in common. */
static int64_t priority_of(candidate c)
{
    int32_t own = (c->facts & HAG_FACT_PRIORITY) ? c->store_priority : 0;

    return c->priority * ((int64_t)1 << 32) + own;
}

static int is_of_other_zone(election e, candidate c, const struct contest *best)
{
    (void)e;
    return !c->in_zone && best->in_zone;
}

static int has_lower_priority(election e, candidate c, const struct contest *best)
{
    (void)e;
    return priority_of(c) < best->priority;
}

static int has_later_name(election e, candidate c, const struct contest *best)
{
    (void)e;
    return strcmp(c->name, best->name) > 0;
}

static const struct {
    int (*loses)(election e, candidate c, const struct contest *best);
    uint8_t why;
} keys[] = {
    {is_behind, HAG_WHY_BEHIND},
    {is_of_other_zone, HAG_WHY_OTHER_ZONE},
    {has_lower_priority, HAG_WHY_LOWER_PRIORITY},
    {has_later_name, HAG_WHY_LATER_NAME},
};

static struct contest best_of(election e, const struct hag__elected *out)
{
    struct contest best = {{UINT32_MAX, 0}, 0, INT64_MIN, NULL};

    for (uint32_t i = 0; i < e->n; i++) {
        candidate c = &e->members[i];

        if (out->refusal[i] != HAG_WHY_NONE)
            continue;
        if (has_more(amount_of(e, c), best.most))
            best.most = amount_of(e, c);
        if (c->in_zone)
            best.in_zone = 1;
        if (priority_of(c) > best.priority)
            best.priority = priority_of(c);
        if (!best.name || strcmp(c->name, best.name) < 0)
            best.name = c->name;
    }
    return best;
}

/* Automatic moves do not go back to a node just demoted; an operator may name it (S12). */
static void bar_held_down(election e, struct hag__elected *out)
{
    int others = 0;

    for (uint32_t i = 0; i < e->n; i++)
        others += out->refusal[i] == HAG_WHY_NONE && !e->members[i].held_down;
    for (uint32_t i = 0; i < e->n; i++)
        if (others && out->refusal[i] == HAG_WHY_NONE && e->members[i].held_down)
            out->refusal[i] = HAG_WHY_HOLD_DOWN;
}

static void rank(election e, struct hag__elected *out)
{
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        struct contest best = best_of(e, out);

        for (uint32_t i = 0; i < e->n; i++)
            if (out->refusal[i] == HAG_WHY_NONE && keys[k].loses(e, &e->members[i], &best))
                out->refusal[i] = keys[k].why;
    }
}

void hag__elect(const struct hag__election *e, struct hag__elected *out)
{
    memset(out, 0, sizeof(*out));
    out->winner = HAG__NIL;
    for (uint32_t i = 0; i < e->n; i++) {
        out->refusal[i] = veto(e, &e->members[i]);
        if (out->refusal[i] == HAG_WHY_NONE && e->to != HAG__NIL && e->to != i)
            out->refusal[i] = HAG_WHY_OTHER_CHOSEN;
    }
    bar_held_down(e, out);
    rank(e, out);
    for (uint32_t i = 0; i < e->n; i++)
        if (out->refusal[i] == HAG_WHY_NONE)
            out->winner = i;
}
