/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* Whether what was expected is so. States are looked at while the run goes on, events at its end. */

static const char *seconds(uint64_t ms, char *buf, size_t len)
{
    if (ms % 1000 == 0)
        (void)snprintf(buf, len, "%llus", (unsigned long long)(ms / 1000));
    else
        (void)snprintf(buf, len, "%llu.%03llus", (unsigned long long)(ms / 1000),
                       (unsigned long long)(ms % 1000));
    return buf;
}

/* --- states --------------------------------------------------------------------------------------- */

struct seen {
    int64_t n;
    uint64_t set;
    const char *name; /* a word, or NULL */
    uint8_t kind;     /* 0 number, 1 set, 2 word, 3 time */
};

static uint64_t place_of_handle(const struct hag_sim *w, hag_node h)
{
    for (uint32_t i = 0; h != 0 && i < w->nst; i++) {
        if (w->guard.nodes[i] == h)
            return 1ull << w->st[i].place;
    }
    return 0;
}

static void of_cluster(struct hag_sim *w, const struct scn_state *st, uint32_t c, struct seen *v)
{
    struct hag_cluster_info info;

    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    if (w->guard.g == NULL || hag_cluster_get(w->guard.g, w->cl[c].handle, &info) != HAG_OK) {
        v->kind = 2;
        v->name = "(no guard)";
        v->n = -1;
        return;
    }
    switch (st->what) {
    case SCN_S_PRIMARY:
        v->kind = 1;
        v->set = place_of_handle(w, info.primary);
        return;
    case SCN_S_CLUSTER:
        v->kind = 2;
        v->n = info.state;
        v->name = hag_name(HAG_NAMES_STATE, info.state);
        return;
    case SCN_S_TERM:
        v->n = (int64_t)info.term;
        return;
    case SCN_S_WRITERS:
        v->kind = 2;
        v->n = info.writers;
        v->name = info.writers ? "impossible" : "unlikely";
        return;
    case SCN_S_NODES:
        v->n = info.nodes;
        return;
    default: /* guard */
        v->kind = 2;
        v->n = !info.deciding ? 1
               : (info.alerts >> HAG_ALERT_HELD & 1) || (info.alerts >> HAG_ALERT_GUARD_BLIND & 1)
                   ? 2
                   : 0;
        v->name = v->n == 0 ? "deciding" : v->n == 1 ? "advising" : "holding";
        return;
    }
}

static void of_node(struct hag_sim *w, const struct scn_state *st, struct seen *v)
{
    struct hag_node_info info;

    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    v->kind = 2;
    v->n = -1;
    v->name = "(unknown to the guard)";
    if (w->guard.g == NULL || w->guard.nodes[st->node] == 0 ||
        hag_node_get(w->guard.g, w->guard.nodes[st->node], &info) != HAG_OK)
        return;
    v->n = st->what == SCN_S_VERDICT ? info.verdict : info.kind;
    v->name =
        hag_name(st->what == SCN_S_VERDICT ? HAG_NAMES_VERDICT : HAG_NAMES_KIND, (uint32_t)v->n);
}

static uint64_t world_primaries(const struct hag_sim *w, uint32_t c)
{
    uint64_t set = 0;

    for (uint32_t p = 0; p < w->cl[c].n; p++) {
        if (sim_takes_writes(w, &w->st[sim_node_at(w, c, p)]))
            set |= 1ull << p;
    }
    return set;
}

static uint64_t figure(const struct hag_sim *w, const struct scn_state *st)
{
    uint64_t sum = 0;

    for (uint32_t c = 0; c < w->ncl; c++) {
        const struct sim_cluster *k = &w->cl[c];

        if (st->cluster != SCN_NONE && st->cluster != c)
            continue;
        sum += st->what == SCN_S_DOWNTIME         ? k->downtime
               : st->what == SCN_S_TOTAL_DOWNTIME ? k->total_downtime
               : st->what == SCN_S_LOST_WRITES    ? k->lost
                                                  : k->two_total;
    }
    return sum;
}

static void look(struct hag_sim *w, const struct scn_state *st, struct seen *v)
{
    uint32_t c = st->cluster == SCN_NONE ? 0 : st->cluster;
    const struct sim_cluster *k = &w->cl[c];

    memset(v, 0, sizeof(*v));
    switch (st->what) {
    case SCN_S_ENDPOINT:
        v->kind = 1;
        v->set = k->answer[0][st->endpoint];
        if (v->set != k->answer[1][st->endpoint]) {
            v->kind = 2;
            v->name = "(the servers differ)";
        }
        return;
    case SCN_S_VERDICT:
    case SCN_S_KIND:
        of_node(w, st, v);
        return;
    case SCN_S_SYNC:
        v->kind = 2;
        v->name = "async";
        return;
    case SCN_S_FORWARD:
        v->kind = 1;
        return;
    case SCN_S_WORLD_PRIMARY:
        v->kind = 1;
        v->set = world_primaries(w, c);
        return;
    case SCN_S_WRITABLE:
    case SCN_S_READABLE:
        v->kind = 2;
        v->n = st->what == SCN_S_WRITABLE ? sim_writable(w, c) : sim_readable(w, c);
        v->name = v->n ? "yes" : "no";
        return;
    case SCN_S_ZONE:
        v->kind = 2;
        v->name = w->s->nodes[st->node].zone != NULL ? w->s->nodes[st->node].zone : "none";
        v->n = st->name != NULL && strcmp(v->name, st->name) == 0 ? st->n : -1;
        return;
    case SCN_S_DOWNTIME:
    case SCN_S_TOTAL_DOWNTIME:
    case SCN_S_TWO_WRITERS:
        v->kind = 3;
        v->n = (int64_t)figure(w, st);
        return;
    case SCN_S_LOST_WRITES:
        v->n = (int64_t)figure(w, st);
        return;
    default:
        of_cluster(w, st, c, v);
        return;
    }
}

static int holds(const struct scn_state *st, const struct seen *v)
{
    switch (st->op) {
    case SCN_OP_LE:
        return v->n <= st->n;
    case SCN_OP_GE:
        return v->n >= st->n;
    default: {
        int is_list = st->what == SCN_S_PRIMARY || st->what == SCN_S_ENDPOINT ||
                      st->what == SCN_S_WORLD_PRIMARY || st->what == SCN_S_FORWARD;
        int same = is_list ? v->kind == 1 && v->set == st->list : v->n == st->n;

        return (st->op == SCN_OP_EQ) == same;
    }
    }
}

static void describe(const struct hag_sim *w, const struct scn_state *st, const struct seen *v,
                     char *buf, size_t len)
{
    uint32_t c = st->cluster == SCN_NONE ? 0 : st->cluster;
    char t[40];

    buf[0] = '\0';
    if (v->kind == 1) {
        for (uint32_t p = 0; p < w->cl[c].n; p++) {
            size_t at = strlen(buf);

            if (v->set >> p & 1)
                (void)snprintf(buf + at, len - at, "%s%s", at > 0 ? " " : "",
                               sim_node_name(w, sim_node_at(w, c, p)));
        }
        if (v->set == 0)
            (void)snprintf(buf, len, "none");
    } else if (v->kind == 2) {
        (void)snprintf(buf, len, "%s", v->name != NULL ? v->name : "?");
    } else if (v->kind == 3) {
        (void)snprintf(buf, len, "%s", seconds((uint64_t)v->n, t, sizeof(t)));
    } else {
        (void)snprintf(buf, len, "%lld", (long long)v->n);
    }
}

static void finding(struct hag_sim *w, const struct scn_expect *x, int held, uint64_t at,
                    const char *seen)
{
    struct hag_sim_finding *f;

    sim_grow((void **)&w->findings, w->nfindings, &w->capfindings, sizeof(*f));
    f = &w->findings[w->nfindings++];
    memset(f, 0, sizeof(*f));
    f->line = x->line;
    f->column = x->col;
    f->held = held != 0;
    f->at = at;
    f->wanted = x->text;
    f->seen = sim_text(w, seen);
    w->failures += !held;
}

/* Looks at states that matter between now and until, in which nothing changes. */
void sim_states(struct hag_sim *w, uint64_t until)
{
    uint64_t now, then;

    if (until <= SIM_BASE || !w->s->nexpects)
        return;
    now = w->now < SIM_BASE ? 0 : w->now - SIM_BASE;
    then = until - SIM_BASE;
    for (uint32_t i = 0; i < w->s->nexpects; i++) {
        const struct scn_expect *x = &w->s->expects[i];
        struct seen v;

        if (x->kind == SCN_X_AT
                ? x->from < now || x->from >= then || w->state_held[i] != 0
                : x->kind != SCN_X_DURING || w->state_held[i] == 2 || x->from >= then ||
                      x->to <= now || (!w->dirty && w->state_held[i] == 1))
            continue;
        look(w, &x->state, &v);
        w->state_held[i] = holds(&x->state, &v) ? 1 : 2;
        w->state_at[i] = x->from > now ? x->from : now;
        if (w->state_held[i] == 2) {
            char text[300], t[40], said[400];

            describe(w, &x->state, &v, text, sizeof(text));
            (void)snprintf(said, sizeof(said), "it was %s at %s", text,
                           seconds(w->state_at[i], t, sizeof(t)));
            w->state_said[i] = sim_text(w, said);
        }
    }
}

/* --- events --------------------------------------------------------------------------------------- */

static int matches(const struct scn_event *e, const struct sim_log *l)
{
    if (e->impossible || e->event != l->event || (e->has_what && e->what != l->what) ||
        (e->node != SCN_NONE && e->node != l->node) ||
        (e->target != SCN_NONE && e->target != l->target) ||
        (e->cluster != SCN_NONE && e->cluster != l->cluster))
        return 0;
    if (e->reason == 0 || e->reason == l->reason)
        return 1;
    for (uint32_t i = 0; i < l->nmore; i++) {
        if (l->more[i] == e->reason)
            return 1;
    }
    return 0;
}

static uint64_t last_deed_before(const struct hag_sim *w, uint64_t at)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < w->s->ndeeds && w->s->deeds[i].at <= at; i++)
        last = w->s->deeds[i].at;
    return last;
}

static void occurs(struct hag_sim *w, const struct scn_expect *x)
{
    uint64_t since = x->windowed ? last_deed_before(w, x->from) : 0;
    uint64_t outside = UINT64_MAX, early = UINT64_MAX;
    char said[200], t[40];

    for (uint32_t i = 0; i < w->nlog; i++) {
        const struct sim_log *l = &w->log[i];

        if (!matches(&x->events[0], l) || l->at < since)
            continue;
        if (l->at < x->from) {
            if (early == UINT64_MAX)
                early = l->at;
        } else if (l->at <= x->to && early == UINT64_MAX) {
            finding(w, x, 1, l->at, "");
            return;
        } else if (outside == UINT64_MAX) {
            outside = l->at;
        }
    }
    if (early != UINT64_MAX)
        (void)snprintf(said, sizeof(said), "it happened before, at %s",
                       seconds(early, t, sizeof(t)));
    else if (outside != UINT64_MAX)
        (void)snprintf(said, sizeof(said), "it happened at %s", seconds(outside, t, sizeof(t)));
    else
        (void)snprintf(said, sizeof(said), "it did not happen");
    finding(w, x, 0, early != UINT64_MAX ? early : outside, said);
}

static void counted(struct hag_sim *w, const struct scn_expect *x)
{
    uint64_t at = 0, second = 0;
    uint32_t n = 0;
    char said[200], t[40];

    for (uint32_t i = 0; i < w->nlog; i++) {
        const struct sim_log *l = &w->log[i];

        if (!matches(&x->events[0], l) || l->at < x->from || l->at > x->to)
            continue;
        if (n++ == 0)
            at = l->at;
        else if (n == 2)
            second = l->at;
    }
    if (x->kind == SCN_X_NEVER)
        (void)snprintf(said, sizeof(said), "it happened at %s", seconds(at, t, sizeof(t)));
    else if (n == 0)
        (void)snprintf(said, sizeof(said), "it did not happen");
    else
        (void)snprintf(said, sizeof(said), "it happened %u times, the second at %s", n,
                       seconds(second, t, sizeof(t)));
    finding(w, x, x->kind == SCN_X_NEVER ? n == 0 : n == 1, at, said);
}

static void ordered(struct hag_sim *w, const struct scn_expect *x)
{
    uint32_t k = 0;
    char said[200];

    for (uint32_t i = 0; i < w->nlog && k < x->nevents; i++)
        k += (uint32_t)matches(&x->events[k], &w->log[i]);
    (void)snprintf(said, sizeof(said), "number %u, %s, did not happen after the ones before it",
                   k + 1, k < x->nevents ? x->events[k].text : "");
    finding(w, x, k == x->nevents, 0, said);
}

static void gap(struct hag_sim *w, const struct scn_expect *x)
{
    uint64_t a = UINT64_MAX, b = UINT64_MAX, ms;
    char said[200], t[40];
    int ok;

    for (uint32_t i = 0; i < w->nlog; i++) {
        if (a == UINT64_MAX && matches(&x->events[0], &w->log[i]))
            a = w->log[i].at;
        else if (a != UINT64_MAX && b == UINT64_MAX && matches(&x->events[1], &w->log[i]))
            b = w->log[i].at;
    }
    if (b == UINT64_MAX) {
        finding(w, x, 0, 0,
                a == UINT64_MAX ? "the first did not happen"
                                : "the second did not happen after the first");
        return;
    }
    ms = b - a;
    ok = x->op == SCN_OP_GE   ? ms >= x->gap
         : x->op == SCN_OP_LE ? ms <= x->gap
         : x->op == SCN_OP_EQ ? ms == x->gap
                              : ms != x->gap;
    (void)snprintf(said, sizeof(said), "it was %s", seconds(ms, t, sizeof(t)));
    finding(w, x, ok, b, said);
}

void sim_judge(struct hag_sim *w)
{
    for (uint32_t i = 0; i < w->s->nexpects; i++) {
        const struct scn_expect *x = &w->s->expects[i];
        struct seen v;
        char text[300], said[400];

        switch (x->kind) {
        case SCN_X_EVENT:
            occurs(w, x);
            break;
        case SCN_X_NEVER:
        case SCN_X_ONCE:
            counted(w, x);
            break;
        case SCN_X_ORDER:
            ordered(w, x);
            break;
        case SCN_X_GAP:
            gap(w, x);
            break;
        case SCN_X_FIGURE:
            look(w, &x->state, &v);
            describe(w, &x->state, &v, text, sizeof(text));
            (void)snprintf(said, sizeof(said), "it was %s", text);
            finding(w, x, holds(&x->state, &v), w->now - SIM_BASE, said);
            break;
        default:
            finding(w, x, w->state_held[i] == 1, w->state_at[i],
                    w->state_held[i] == 2 ? w->state_said[i] : "the run did not come to it");
            break;
        }
    }
    for (uint32_t i = 0; i < w->nbreaches; i++) {
        struct hag_sim_finding *f;

        sim_grow((void **)&w->findings, w->nfindings, &w->capfindings, sizeof(*f));
        f = &w->findings[w->nfindings++];
        memset(f, 0, sizeof(*f));
        f->at = w->breaches[i].at;
        f->wanted = w->breaches[i].rule;
        f->seen = sim_text(w, w->breaches[i].text);
        w->failures++;
    }
}

void sim_breach(struct hag_sim *w, const char *rule, const char *fmt, ...)
{
    struct sim_breach *b;
    va_list ap;

    for (uint32_t i = 0; i < w->nbreaches; i++) {
        if (strcmp(w->breaches[i].rule, rule) == 0)
            return; /* the first one tells enough */
    }
    sim_grow((void **)&w->breaches, w->nbreaches, &w->capbreaches, sizeof(*b));
    b = &w->breaches[w->nbreaches++];
    b->at = w->now < SIM_BASE ? 0 : w->now - SIM_BASE;
    b->rule = rule;
    va_start(ap, fmt);
    (void)vsnprintf(b->text, sizeof(b->text), fmt, ap);
    va_end(ap);
}
