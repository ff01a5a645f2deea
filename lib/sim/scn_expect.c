/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* What must be so: windows, orders, states at moments, figures. */

static int when(struct hag_scenario *s, const struct scn_line *l, uint32_t i, uint64_t *at)
{
    int64_t n, m;

    if (i >= l->n)
        return scn_fail(s, l->line, l->w[l->n - 1].col + (uint32_t)strlen(l->w[l->n - 1].text),
                        "a time is missing after '%s'", l->w[l->n - 1].text);
    if (!scn_number(l->w[i].text, SCN_T_DURATION, &n, &m))
        return scn_fail(s, l->line, l->w[i].col, "'%.60s' is no time; write it as in 160s",
                        l->w[i].text);
    *at = (uint64_t)n;
    return 1;
}

/* "160s..161s" */
static int window(struct hag_scenario *s, const struct scn_line *l, uint32_t i, uint64_t *from,
                  uint64_t *to)
{
    char copy[64];
    char *dots;
    int64_t a, b, m;

    (void)snprintf(copy, sizeof(copy), "%s", i < l->n ? l->w[i].text : "");
    dots = strstr(copy, "..");
    if (dots == NULL)
        return 0;
    *dots = '\0';
    if (!scn_number(copy, SCN_T_DURATION, &a, &m) || !scn_number(dots + 2, SCN_T_DURATION, &b, &m))
        return scn_fail(s, l->line, l->w[i].col, "'%.60s' is no window; write it as in 160s..161s",
                        l->w[i].text);
    if (b < a)
        return scn_fail(s, l->line, l->w[i].col, "the window ends before it begins");
    *from = (uint64_t)a;
    *to = (uint64_t)b;
    return 1;
}

static int nothing_left(struct hag_scenario *s, const struct scn_line *l, uint32_t i)
{
    if (i < l->n)
        return scn_fail(s, l->line, l->w[i].col, "'%.60s' is one word too many", l->w[i].text);
    return 1;
}

/* An event up to a trailing "by T". */
static int occurrence(struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                      struct scn_expect *x)
{
    uint32_t end = l->n;

    if (end > i + 2 && strcmp(l->w[end - 2].text, "by") == 0) {
        if (x->kind != SCN_X_EVENT || x->windowed || x->to != UINT64_MAX)
            return scn_fail(s, l->line, l->w[end - 2].col, "one time is enough; leave \"by\" out");
        if (!when(s, l, end - 1, &x->to))
            return 0;
        end -= 2;
    }
    x->nevents = 1;
    if (!scn_event(s, l, &i, end, &x->events[0]))
        return 0;
    return i == end || nothing_left(s, l, i);
}

static int order(struct hag_scenario *s, const struct scn_line *l, uint32_t i, struct scn_expect *x)
{
    x->kind = SCN_X_ORDER;
    while (i < l->n) {
        uint32_t end = i;

        while (end < l->n && strcmp(l->w[end].text, "<") != 0)
            end++;
        if (x->nevents == SCN_LIST)
            return scn_fail(s, l->line, l->w[i].col, "at most %d events in an order", SCN_LIST);
        if (end == i)
            return scn_fail(s, l->line, l->w[i].col, "an event is missing before '<'");
        if (!scn_event(s, l, &i, end, &x->events[x->nevents++]))
            return 0;
        if (end + 1 == l->n)
            return scn_fail(s, l->line, l->w[end].col, "an event is missing after '<'");
        i = end + 1;
    }
    if (x->nevents < 2)
        return scn_fail(s, l->line, l->w[0].col,
                        "an order has at least two events: expect order fence pg1 < promote pg2");
    return 1;
}

static int gap(struct hag_scenario *s, const struct scn_line *l, uint32_t i, struct scn_expect *x)
{
    uint32_t dots = i, op = i;
    int which;

    x->kind = SCN_X_GAP;
    while (dots < l->n && strcmp(l->w[dots].text, "..") != 0)
        dots++;
    while (op < l->n && scn_operator(l->w[op].text) < 0)
        op++;
    if (dots >= op || op >= l->n)
        return scn_fail(s, l->line, l->w[0].col, "a gap reads: expect gap EVENT .. EVENT >= 60s");
    which = scn_operator(l->w[op].text);
    x->op = (uint8_t)which;
    x->nevents = 2;
    if (!scn_event(s, l, &i, dots, &x->events[0]))
        return 0;
    i = dots + 1;
    return scn_event(s, l, &i, op, &x->events[1]) && when(s, l, op + 1, &x->gap) &&
           nothing_left(s, l, op + 2);
}

static int state_at(struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                    struct scn_expect *x)
{
    return scn_state(s, l, &i, l->n, &x->state) && nothing_left(s, l, i);
}

static int figure(struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                  struct scn_expect *x)
{
    uint32_t end = l->n;

    x->kind = SCN_X_FIGURE;
    if (end > i + 2 && strcmp(l->w[end - 2].text, "at") == 0) {
        if (!when(s, l, end - 1, &x->from))
            return 0;
        x->kind = SCN_X_AT;
        x->to = x->from;
        end -= 2;
    }
    if (!scn_state(s, l, &i, end, &x->state))
        return 0;
    return i == end || nothing_left(s, l, i);
}

/* "expect endpoint replica = pg2": a state, not an event */
static int reads_as_state(const struct scn_line *l, uint32_t i)
{
    for (; i < l->n; i++) {
        if (scn_operator(l->w[i].text) >= 0)
            return 1;
    }
    return 0;
}

static int forms(struct hag_scenario *s, const struct scn_line *l, struct scn_expect *x)
{
    const char *w = l->n > 1 ? l->w[1].text : "";
    uint32_t i = 2;

    if (strcmp(w, "order") == 0)
        return order(s, l, 2, x);
    if (strcmp(w, "gap") == 0)
        return gap(s, l, 2, x);
    if (strcmp(w, "always") == 0) {
        x->kind = SCN_X_DURING;
        return state_at(s, l, 2, x);
    }
    if (strcmp(w, "at") == 0) {
        x->kind = SCN_X_AT;
        if (!when(s, l, 2, &x->from))
            return 0;
        x->to = x->from;
        return state_at(s, l, 3, x);
    }
    if (strcmp(w, "from") == 0) {
        x->kind = SCN_X_DURING;
        if (!when(s, l, 2, &x->from))
            return 0;
        if (l->n < 5 || strcmp(l->w[3].text, "until") != 0)
            return scn_fail(s, l->line, l->w[1].col,
                            "write: expect from 170s until 290s STATE = VALUE");
        if (!when(s, l, 4, &x->to))
            return 0;
        if (x->to < x->from)
            return scn_fail(s, l->line, l->w[4].col, "the time ends before it begins");
        return state_at(s, l, 5, x);
    }
    if (strcmp(w, "by") == 0) {
        if (!when(s, l, 2, &x->to))
            return 0;
        return occurrence(s, l, 3, x);
    }
    if (strcmp(w, "once") == 0) {
        x->kind = SCN_X_ONCE;
        return occurrence(s, l, 2, x);
    }
    if (strcmp(w, "never") == 0) {
        x->kind = SCN_X_NEVER;
        if (l->n > 2 && strcmp(l->w[2].text, "in") == 0) {
            if (!window(s, l, 3, &x->from, &x->to))
                return scn_fail(s, l->line, l->w[2].col, "write: expect never in 0s..150s promote");
            i = 4;
        }
        return occurrence(s, l, i, x);
    }
    if (window(s, l, 1, &x->from, &x->to)) {
        x->windowed = 1;
        return occurrence(s, l, 2, x);
    }
    if (s->err != HAG_OK)
        return 0;
    if (l->n > 1 && (scn_is_figure(w) || reads_as_state(l, 1))) {
        if (!scn_is_figure(w))
            return scn_fail(
                s, l->line, l->w[1].col,
                "a state needs its time: expect at 160s, from 160s until 200s or always");
        return figure(s, l, 1, x);
    }
    if (l->n > 1 && !scn_is_event(w))
        return scn_fail(s, l->line, l->w[1].col,
                        "'%.60s' is nothing to expect; allowed: T..T by never once at from always "
                        "order gap, an event or a figure",
                        w);
    return occurrence(s, l, 1, x);
}

int scn_expect_line(struct hag_scenario *s, const struct scn_line *l)
{
    struct scn_expect x;
    uint32_t k;

    memset(&x, 0, sizeof(x));
    x.kind = SCN_X_EVENT;
    x.to = UINT64_MAX;
    x.line = l->line;
    x.col = l->w[0].col;
    x.text = l->text;
    if (!forms(s, l, &x))
        return 0;
    /* what cannot happen never happens; to wait for it makes no sense yet */
    for (k = 0; k < x.nevents && x.kind != SCN_X_NEVER; k++) {
        char what[100];

        if (!x.events[k].impossible)
            continue;
        (void)snprintf(what, sizeof(what), "let \"%.60s\" happen", x.events[k].text);
        scn_lacks(s, l->line, l->w[0].col, what);
    }
    s->expects = scn_more(s, s->expects, s->nexpects, &s->cap_expects, sizeof(x));
    s->expects[s->nexpects++] = x;
    return 1;
}
