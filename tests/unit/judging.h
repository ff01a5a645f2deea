/* SPDX-License-Identifier: MIT */
#ifndef JUDGING_H
#define JUDGING_H

#include "engine/verdict.h"
#include "unit.h"

enum { N = HAG__SAW_NONE, G = HAG__SAW_GOOD, B = HAG__SAW_BAD };

#define SINCE ((hag_time)100000)
#define GRACE ((hag_time)60000)

static struct hag__settings settings;
static struct hag__health health;

static inline struct hag__health bad_series(uint32_t result, uint32_t facts)
{
    struct hag__health h;

    hag__health_init(&h);
    for (hag_time i = 0; i < 5; i++)
        h = hag__health_next(&h, result, facts, SINCE + i * 1000, SINCE + i * 1000, &settings);
    return h;
}

static inline void probe_says(uint32_t column)
{
    hag__health_init(&health);
    if (column == G)
        health = hag__health_next(&health, HAG_PROBE_OK, 0, SINCE, SINCE, &settings);
    else if (column == B)
        health = bad_series(HAG_PROBE_TIMEOUT, 0);
}

/* A silent primary whose standbys have lost their links too, one second past its grace. */
static inline struct hag__verdict_in silent_primary(void)
{
    struct hag__verdict_in in;

    hag__settings_default(&settings);
    probe_says(B);
    memset(&in, 0, sizeof(in));
    in.health = &health;
    in.settings = &settings;
    in.now = SINCE + GRACE + 1000;
    in.links = B;
    in.is_primary = 1;
    in.round_done = 1;
    in.previous = HAG_VERDICT_SUSPECT;
    return in;
}

#endif
