/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scn.h"

/* A scenario from its text. Statements may come in any order, so the world is read first, then the
 * names that later statements make, then what happens and what must be so. */

#define UNTIL_AFTER 600000u /* default: 10 minutes after the last statement's time */

static int is(const struct scn_line *l, const char *verb)
{
    return strcmp(l->w[0].text, verb) == 0;
}

static int is_deed(const struct scn_line *l)
{
    return is(l, "at") || is(l, "when");
}

/* "new1", "new2", ...: nodes that only later versions create may be named all the same. */
static int implied_nodes(struct hag_scenario *s)
{
    for (uint32_t i = 0; i < s->nlines; i++) {
        const struct scn_line *l = &s->lines[i];

        for (uint32_t k = 0; k < l->n; k++) {
            const char *w = l->w[k].text;
            struct scn_node *n;

            if (strncmp(w, "new", 3) != 0 || w[3] < '1' || w[3] > '9' || strlen(w) > 5 ||
                strspn(w + 3, "0123456789") != strlen(w + 3) || scn_find_node(s, w) != SCN_NONE)
                continue;
            s->nodes = scn_more(s, s->nodes, s->nnodes, &s->cap_nodes, sizeof(*n));
            n = &s->nodes[s->nnodes++];
            memset(n, 0, sizeof(*n));
            n->name = w;
            n->later = 1;
            n->first_upstream = SCN_NONE;
        }
    }
    return 1;
}

static int read_all(struct hag_scenario *s)
{
    for (int pass = 0; pass < 2; pass++) { /* agent and slot speak of nodes */
        for (uint32_t i = 0; i < s->nlines; i++) {
            const struct scn_line *l = &s->lines[i];

            if (is_deed(l) || is(l, "expect") || (is(l, "agent") || is(l, "slot")) != pass)
                continue;
            if (!scn_world_line(s, l))
                return 0;
        }
    }
    if (!scn_world_done(s))
        return 0;
    for (uint32_t i = 0; i < s->nlines; i++) {
        if (is_deed(&s->lines[i]) && !scn_deed_names(s, &s->lines[i]))
            return 0;
    }
    if (!implied_nodes(s))
        return 0;
    for (uint32_t i = 0; i < s->nlines; i++) {
        if (is_deed(&s->lines[i]) && !scn_deed_line(s, &s->lines[i]))
            return 0;
        if (is(&s->lines[i], "expect") && !scn_expect_line(s, &s->lines[i]))
            return 0;
    }
    return 1;
}

static uint64_t last_time(const struct hag_scenario *s)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < s->ndeeds - s->nwhens; i++) {
        if (s->deeds[i].at + s->deeds[i].dur > last)
            last = s->deeds[i].at + s->deeds[i].dur;
    }
    for (uint32_t i = 0; i < s->nexpects; i++) {
        if (s->expects[i].from > last)
            last = s->expects[i].from;
        if (s->expects[i].to != UINT64_MAX && s->expects[i].to > last)
            last = s->expects[i].to;
    }
    return last;
}

static int times_fit(struct hag_scenario *s)
{
    if (!s->until_given) {
        s->until = last_time(s) + UNTIL_AFTER;
        return 1;
    }
    for (uint32_t i = 0; i < s->ndeeds - s->nwhens; i++) {
        if (s->deeds[i].at > s->until)
            return scn_fail(s, s->deeds[i].line, s->deeds[i].col,
                            "this is after the end; raise \"until\"");
    }
    for (uint32_t i = 0; i < s->nexpects; i++) {
        const struct scn_expect *x = &s->expects[i];

        if (x->from > s->until || (x->to != UINT64_MAX && x->to > s->until))
            return scn_fail(s, x->line, x->col, "this is after the end; raise \"until\"");
    }
    return 1;
}

int32_t hag_scenario_parse(const char *file, const char *text, size_t len, hag_scenario **ret,
                           char *why, size_t whylen)
{
    struct hag_scenario *s;

    if (ret == NULL || (text == NULL && len > 0))
        return HAG_ERR_INVAL;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return HAG_ERR_NOMEM;
    s->why = why;
    s->whylen = whylen;
    if (whylen > 0)
        why[0] = '\0';
    {
        char *copy = scn_alloc(s, strlen(file != NULL ? file : "scenario") + 1);

        strcpy(copy, file != NULL ? file : "scenario");
        s->file = copy;
    }
    s->engine = HAG_SIM_POSTGRESQL;
    s->world = (struct scn_world){.rtt = 1,
                                  .create = 120000,
                                  .sync = 60000,
                                  .restore = 300000,
                                  .restart = 2000,
                                  .promote = 200,
                                  .fence = 50,
                                  .dns = 50,
                                  .ttl = 5000};
    if (!scn_split(s, text, len) || !read_all(s) || !times_fit(s)) {
        int32_t err = s->err;

        hag_scenario_free(s);
        return err;
    }
    s->why = NULL;
    *ret = s;
    return HAG_OK;
}

const char *hag_scenario_lacks(const hag_scenario *s)
{
    return s->lacks[0] != '\0' ? s->lacks : NULL;
}
