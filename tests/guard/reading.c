/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rig.h"

/* What a test asks of the rig. */

static const struct rig_event *nth(const struct rig *r, uint32_t i)
{
    return &r->ev[i % RIG_EVENTS];
}

static uint32_t first(const struct rig *r)
{
    return r->nev > RIG_EVENTS ? r->nev - RIG_EVENTS : 0;
}

static int is(const struct rig *r, const struct rig_event *e, uint32_t event, uint32_t node)
{
    return e->event == event && (node == RIG_NOBODY || e->node == r->s[node].node);
}

const struct rig_event *rig_find(const struct rig *r, uint32_t event, uint32_t node, hag_time from)
{
    for (uint32_t i = first(r); i < r->nev; i++) {
        if (nth(r, i)->at >= from && is(r, nth(r, i), event, node))
            return nth(r, i);
    }
    return NULL;
}

uint32_t rig_count(const struct rig *r, uint32_t event, uint32_t node)
{
    uint32_t n = 0;

    for (uint32_t i = first(r); i < r->nev; i++)
        n += (uint32_t)is(r, nth(r, i), event, node);
    return n;
}

int rig_alert(const struct rig *r, uint32_t alert)
{
    for (uint32_t i = first(r); i < r->nev; i++) {
        if (nth(r, i)->event == HAG_EV_ALERT && nth(r, i)->alert == alert)
            return 1;
    }
    return 0;
}

struct hag_cluster_info rig_info(const struct rig *r)
{
    struct hag_cluster_info i = {.size = sizeof(i), .state = 99};

    (void)hag_cluster_get(r->g, r->c, &i);
    return i;
}

struct hag_node_info rig_node(const struct rig *r, uint32_t n)
{
    struct hag_node_info i = {.size = sizeof(i), .verdict = 99};

    (void)hag_node_get(r->g, r->s[n].node, &i);
    return i;
}

int rig_alerting(const struct rig *r, uint32_t alert)
{
    return rig_info(r).alerts >> alert & 1;
}

int rig_node_alerting(const struct rig *r, uint32_t i, uint32_t alert)
{
    return rig_node(r, i).alerts >> alert & 1;
}

uint32_t rig_state(const struct rig *r)
{
    return rig_info(r).state;
}

uint32_t rig_verdict(const struct rig *r, uint32_t n)
{
    return rig_node(r, n).verdict;
}

uint32_t rig_primary(const struct rig *r)
{
    return rig_store_of(r, rig_info(r).primary);
}

uint32_t rig_writers(const struct rig *r)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n; i++)
        n += r->s[i].primary && !r->s[i].dead && !r->s[i].frozen && !r->s[i].quiesced;
    return n;
}

const char *rig_explain(const struct rig *r)
{
    static char text[8192];

    text[0] = '\0';
    (void)hag_cluster_explain(r->g, r->c, r->now, text, sizeof(text));
    return text;
}

void rig_dump(const struct rig *r)
{
    printf("%s", rig_explain(r));
}
