/* SPDX-License-Identifier: MIT */
#ifndef ELECTING_H
#define ELECTING_H

#include "engine/election.h"
#include "unit.h"

enum { MEMBERS = 4 };

/* Histories of one or two ids. */
union history {
    struct hag__lineage head;
    char room[sizeof(struct hag__lineage) + 2 * sizeof(struct hag__lineage_pair)];
};

static struct hag__settings settings;
static struct hag__candidate members[MEMBERS];
static struct hag__election e;
static struct hag__elected out;
static union history of_primary, older, promoted, foreign, forked;

static inline const struct hag__lineage *history(union history *h, int id, int before,
                                                 uint64_t fork)
{
    memset(h, 0, sizeof(*h));
    h->head.n = before ? 2 : 1;
    memset(h->head.pair[0].id, id, HAG_ID_SIZE);
    if (before) {
        memset(h->head.pair[1].id, before, HAG_ID_SIZE);
        h->head.pair[1].fork = fork;
    }
    return &h->head;
}

/* The primary d (of history p@500 o, position 1000) was lost; a, b and c are as good as each other. */
static inline void begin(void)
{
    static const char *const names[MEMBERS] = {"a", "b", "c", "d"};
    const struct hag__lineage *lineage = history(&of_primary, 'p', 'o', 500);

    history(&older, 'o', 0, 0);
    history(&promoted, 'q', 'p', 990);
    history(&foreign, 'x', 0, 0);
    history(&forked, 'y', 'p', 400);
    hag__settings_default(&settings);
    memset(members, 0, sizeof(members));
    for (int i = 0; i < MEMBERS; i++) {
        struct hag__candidate *m = &members[i];

        m->name = names[i];
        m->lineage = lineage;
        m->position = 990;
        m->store_priority = 100;
        m->facts = HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_PRIORITY;
        m->role = HAG_ROLE_STANDBY;
        m->verdict = HAG_VERDICT_UP;
        m->result = HAG_PROBE_OK;
        m->synced = 1;
        m->detached = 1;
        m->fresh = 1;
        m->in_zone = 1;
    }
    members[3].is_primary = 1;
    memset(&e, 0, sizeof(e));
    e.members = members;
    e.n = MEMBERS;
    e.settings = &settings;
    e.lineage = lineage;
    e.position = 1000;
    e.final = 1;
    e.to = HAG__NIL;
}

static inline void winner_is(uint32_t place)
{
    hag__elect(&e, &out);
    ck_assert_uint_eq(out.winner, place);
    if (place != HAG__NIL)
        ck_assert_uint_eq(out.refusal[place], HAG_WHY_NONE);
}

#endif
