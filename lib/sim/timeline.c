/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* What happened, for people, for expectations and for pictures. Settling before time 0 is not told. */

const char *sim_text(struct hag_sim *w, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = scn_alloc(w->texts, n);

    memcpy(copy, text, n);
    return copy;
}

void sim_digest(struct hag_sim *w, uint64_t v)
{
    w->fig.digest = (w->fig.digest ^ v) * UINT64_C(0x100000001b3);
    w->fig.digest ^= w->fig.digest >> 29;
}

static uint16_t node_of(const struct hag_sim *w, hag_node h)
{
    if (h == 0)
        return SIM_NOBODY;
    for (uint32_t i = 0; i < w->nst; i++) {
        if (w->guard.nodes[i] == h)
            return (uint16_t)i;
    }
    return SIM_NOBODY;
}

static struct sim_log *new_log(struct hag_sim *w)
{
    struct sim_log *l;

    sim_grow((void **)&w->log, w->nlog, &w->caplog, sizeof(*l));
    l = &w->log[w->nlog++];
    memset(l, 0, sizeof(*l));
    l->at = w->now - SIM_BASE;
    l->cluster = l->node = l->target = SIM_NOBODY;
    return l;
}

static struct hag_sim_event *tell(struct hag_sim *w, const char *name, const char *cluster,
                                  const char *node, const char *text)
{
    struct hag_sim_event *e;

    sim_grow((void **)&w->events, w->nevents, &w->capevents, sizeof(*e));
    e = &w->events[w->nevents++];
    memset(e, 0, sizeof(*e));
    e->at = w->now - SIM_BASE;
    e->name = sim_text(w, name);
    e->cluster = cluster;
    e->node = node;
    e->reason = "";
    e->text = sim_text(w, text);
    return e;
}

static const char *cluster_name(const struct hag_sim *w, uint32_t c)
{
    return c < w->ncl ? w->s->clusters[c].name : "";
}

static void full_name(const struct hag_action *a, char *buf, size_t len)
{
    const char *event = hag_name(HAG_NAMES_EVENT, a->event), *more = NULL;

    switch (a->event) {
    case HAG_EV_ALERT:
    case HAG_EV_CLEARED:
        more = hag_name(HAG_NAMES_ALERT, a->alert);
        break;
    case HAG_EV_BEGIN:
    case HAG_EV_END:
    case HAG_EV_ABORT:
    case HAG_EV_REFUSED:
        more = hag_name(HAG_NAMES_PROCEDURE, a->procedure);
        break;
    case HAG_EV_ENDPOINT:
        more = hag_name(HAG_NAMES_ENDPOINT, a->endpoint);
        break;
    default:
        break;
    }
    (void)snprintf(buf, len, "%s%s%s", event != NULL ? event : "?", more != NULL ? " " : "",
                   more != NULL ? more : "");
}

void sim_heard(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_log *l;

    if (w->now < SIM_BASE)
        return;
    l = new_log(w);
    l->event = (uint8_t)a->event;
    l->reason = (uint8_t)a->reason;
    l->what = (uint8_t)(a->event == HAG_EV_ALERT || a->event == HAG_EV_CLEARED ? a->alert
                        : a->event == HAG_EV_ENDPOINT                          ? a->endpoint
                                                                               : a->procedure);
    l->cluster = a->cluster != 0 ? (uint16_t)a->user_cluster : SIM_NOBODY;
    l->node = node_of(w, a->node);
    l->target = node_of(w, a->target);
    if (a->event == HAG_EV_REFUSED && w->answering) {
        l->nmore = (uint8_t)w->answer.nreasons;
        for (uint32_t i = 0; i < w->answer.nreasons; i++)
            l->more[i] = (uint8_t)w->answer.reasons[i];
        w->answering = 0;
    }
    sim_digest(w, w->now);
    sim_digest(w, (uint64_t)l->event << 48 | (uint64_t)l->what << 40 | (uint64_t)l->reason << 32 |
                      (uint64_t)l->node << 16 | l->target);
    if (w->flags & HAG_SIM_TEXT) {
        const char *why = a->reason != 0 ? hag_name(HAG_NAMES_WHY, a->reason) : NULL;
        char name[100];
        struct hag_sim_event *e;

        full_name(a, name, sizeof(name));
        e = tell(w, name, cluster_name(w, l->cluster),
                 l->node != SIM_NOBODY ? sim_node_name(w, l->node) : "", a->text);
        e->severity = a->severity;
        if (why != NULL)
            e->reason = why;
    }
}

void sim_told(struct hag_sim *w, const struct hag_action *a)
{
    struct sim_log *l;

    if (w->now < SIM_BASE)
        return;
    l = new_log(w);
    l->event = SIM_EV_ASK;
    l->what = (uint8_t)a->kind;
    l->cluster = (uint16_t)a->user_cluster;
    l->node = a->node != 0 ? (uint16_t)a->user_node : SIM_NOBODY;
    l->target = node_of(w, a->target);
    sim_digest(w, w->now << 8 | a->kind);
}

void sim_note(struct hag_sim *w, const struct scn_stmt *t)
{
    const char *rest = t->text;

    if (!(w->flags & HAG_SIM_TEXT))
        return;
    /* "at 100s" is told by the time, "when failover promote" by what stands around it */
    for (int words = t->procedure != 0 ? 3 : 2; words > 0; words--) {
        rest += strcspn(rest, " \t");
        rest += strspn(rest, " \t");
    }
    tell(w, rest, "", "", "")->deed = 1;
}

void sim_refused(struct hag_sim *w, uint32_t cluster, uint32_t what, uint32_t reason,
                 const char *text)
{
    static const char *const names[] = {"plan",  "policy", "add",    "forget",
                                        "pause", "resume", "confirm"};
    struct sim_log *l = new_log(w);
    char name[100];

    l->event = HAG_EV_REFUSED;
    l->what = (uint8_t)what;
    l->reason = (uint8_t)reason;
    l->cluster = (uint16_t)cluster;
    if (what < SIM_ORDER_PLAN) {
        l->nmore = (uint8_t)w->answer.nreasons;
        for (uint32_t i = 0; i < w->answer.nreasons; i++)
            l->more[i] = (uint8_t)w->answer.reasons[i];
    }
    if (!(w->flags & HAG_SIM_TEXT))
        return;
    (void)snprintf(name, sizeof(name), "refused %s",
                   what >= SIM_ORDER_PLAN ? names[what - SIM_ORDER_PLAN]
                                          : hag_name(HAG_NAMES_PROCEDURE, what));
    tell(w, name, cluster_name(w, cluster), "", text)->severity = HAG_SEVERITY_WARNING;
}

/* --- lanes of the picture ------------------------------------------------------------------------ */

static void lane(struct hag_sim *w, uint32_t i, const char *name, const char *state)
{
    struct hag_sim_change *c;

    if (i >= sizeof(w->lane_state) / sizeof(w->lane_state[0]) ||
        (w->lane_state[i] != NULL && strcmp(w->lane_state[i], state) == 0))
        return;
    sim_grow((void **)&w->changes, w->nchanges, &w->capchanges, sizeof(*c));
    c = &w->changes[w->nchanges++];
    c->at = w->now < SIM_BASE ? 0 : w->now - SIM_BASE;
    c->lane = name;
    c->state = sim_text(w, state);
    w->lane_state[i] = c->state;
}

static const char *life(const struct hag_sim *w, const struct sim_store *s)
{
    if (!s->there)
        return "absent";
    if (!s->machine)
        return "lost";
    if (s->host_frozen || s->frozen)
        return "frozen";
    if (!s->up)
        return "down";
    if (s->loading_until > w->now)
        return "loading";
    if (s->primary)
        return s->fenced ? "fenced" : s->quiet_until > w->now ? "quiet" : "primary";
    return s->link == SIM_LINK_FLOWS   ? "standby"
           : s->link == SIM_LINK_SYNCS ? "syncing"
                                       : "detached";
}

static void set_text(const struct hag_sim *w, uint32_t c, uint64_t set, char *buf, size_t len)
{
    buf[0] = '\0';
    for (uint32_t p = 0; p < w->cl[c].n; p++) {
        size_t at = strlen(buf);

        if (set >> p & 1)
            (void)snprintf(buf + at, len - at, "%s%s", at > 0 ? " " : "",
                           sim_node_name(w, sim_node_at(w, c, p)));
    }
    if (buf[0] == '\0')
        (void)snprintf(buf, len, "none");
}

void sim_lanes(struct hag_sim *w)
{
    const struct sim_cluster *c = &w->cl[0];
    uint32_t i = 0;
    char text[300];

    if (!(w->flags & HAG_SIM_LANES) || w->now < SIM_BASE)
        return;
    for (uint32_t p = 0; p < c->n && p < 60; p++, i++) {
        uint32_t n = sim_node_at(w, 0, p);

        lane(w, i, sim_node_name(w, n), life(w, &w->st[n]));
    }
    for (uint32_t e = 0; e < 2; e++, i++) {
        if (c->answer[0][e] == c->answer[1][e])
            set_text(w, 0, c->answer[0][e], text, sizeof(text));
        else
            (void)snprintf(text, sizeof(text), "servers differ");
        lane(w, i, e == 0 ? "name primary" : "name replica", text);
    }
    if (c->rate > 0) {
        uint64_t set = 0;
        int off = 0;

        for (uint32_t k = 0; k + 1 < SIM_COHORTS; k++) {
            if (c->cohort[k].conn == SIM_NOBODY)
                off = 1;
            else
                set |= 1ull << w->st[c->cohort[k].conn].place;
        }
        set_text(w, 0, set, text, sizeof(text));
        if (set != 0 && off)
            (void)strncat(text, " (some)", sizeof(text) - strlen(text) - 1);
        lane(w, i, "client writes", text);
    }
}
