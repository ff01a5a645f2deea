/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "engine/election.h"
#include "guard/guard.h"

/* In words: what a cluster is doing, why, what it waits for, who would be promoted, why not the
 * others (design 10). */

static const char *name_of(const hag_guard *g, const struct hag__cluster *c, uint32_t place)
{
    const struct hag__node *n = hag__member(g, c, place);

    return n == NULL ? "nobody" : n->texts->name;
}

static void doing(const hag_guard *g, const struct hag__cluster *c, struct hag__text *t)
{
    const struct hag__run *r = &c->run;

    hag__text_add(t, "cluster %s: %s", c->name, hag__name(HAG_NAMES_STATE, c->state));
    if (c->state_why != HAG_WHY_NONE)
        hag__text_add(t, " (%s)", hag_why_text(c->state_why));
    hag__text_add(t, ", term %llu, primary %s\n", (unsigned long long)c->term,
                  name_of(g, c, c->primary));
    if (r->kind == 0)
        return;
    hag__text_add(t, "  running: %s since ", hag__name(HAG_NAMES_PROCEDURE, r->kind));
    hag__text_duration(t, g->now - r->begun_at);
    hag__text_add(t, ", because %s; at step %s", hag_why_text(r->cause),
                  r->undoing ? "undo" : hag__procedure(r->kind)->steps[r->step].name);
    if (r->pending != 0) {
        const char *gap = ", waiting for ";

        for (uint32_t i = 0; i < c->nplaces; i++) {
            if (r->pending >> i & 1) {
                hag__text_add(t, "%s%s", gap, name_of(g, c, i));
                gap = ", ";
            }
        }
        if (c->commit_op != 0)
            hag__text_add(t, ", waiting for the record to be durable");
    }
    hag__text_add(t, "\n");
}

static void waiting(const hag_guard *g, const struct hag__cluster *c, struct hag__text *t)
{
    const struct hag__node *p = hag__member(g, c, c->primary);
    uint32_t why = HAG_WHY_NONE;

    if (!hag__decides(g, c, &why))
        hag__text_add(t, "  it only advises: %s\n", hag_why_text(why));
    if (c->flags & HAG__CLUSTER_OBSERVING)
        hag__text_add(t, "  it looks at every node before it acts\n");
    if (c->paused_until != 0) {
        hag__text_add(t, "  paused by %s for another ", c->paused_by);
        hag__text_duration(t, c->paused_until > g->now ? c->paused_until - g->now : 0);
        hag__text_add(t, "\n");
    }
    if (p != NULL && p->verdict == HAG_VERDICT_SUSPECT) {
        hag__text_add(t, "  %s is suspect: %s", p->texts->name, hag_why_text(p->why));
        if (p->grace_end != HAG__NEVER && p->grace_end > g->now) {
            hag__text_add(t, "; its grace ends in ");
            hag__text_duration(t, p->grace_end - g->now);
        }
        hag__text_add(t, "\n");
    }
    if (p != NULL && p->verdict == HAG_VERDICT_DOWN && c->held_why != HAG_WHY_NONE)
        hag__text_add(t, "  a failover is due but held: %s\n", hag_why_text(c->held_why));
    for (int i = 0; i < 2; i++) {
        if (c->names[i].untrue_since == HAG__NEVER)
            continue;
        hag__text_add(t, "  the %s name is not yet what it should be, for ",
                      hag__name(HAG_NAMES_ENDPOINT, (uint32_t)i));
        hag__text_duration(t, g->now - c->names[i].untrue_since);
        hag__text_add(t, "\n");
    }
    for (uint32_t a = 1; a < HAG_ALERT_MAX; a++) {
        if (c->alerts >> a & 1u)
            hag__text_add(t, "  alert: %s\n", hag__name(HAG_NAMES_ALERT, a));
    }
    hag__text_add(t, "  two writers are %s\n",
                  hag__writers(g, c) == HAG_WRITERS_IMPOSSIBLE ? "impossible" : "unlikely");
}

static void one_node(const hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                     const struct hag__elected *who, struct hag__text *t)
{
    hag__text_add(t, "  %s: %s", n->texts->name, hag__name(HAG_NAMES_VERDICT, n->verdict));
    if (n->verdict != HAG_VERDICT_UP)
        hag__text_add(t, " (%s)", hag_why_text(n->why));
    hag__text_add(t, ", reports %s", hag__name(HAG_NAMES_ROLE, n->role));
    if (n->facts & HAG_FACT_POSITION)
        hag__text_add(t, " at %llu", (unsigned long long)n->position);
    if (n->role == HAG_ROLE_STANDBY)
        hag__text_add(t, ", link %s",
                      n->facts & HAG_FACT_SYNCING   ? "syncing"
                      : n->facts & HAG_FACT_LINK_UP ? "up"
                                                    : "down");
    if (n->marks & HAG__MARK_DETACHED)
        hag__text_add(t, ", detached by the guard");
    if (n->marks & HAG__MARK_FENCED)
        hag__text_add(t, ", fenced (%s)", hag__name(HAG_NAMES_FENCE, n->fence));
    for (uint32_t a = 1; a < HAG_ALERT_MAX; a++) {
        if (n->alerts >> a & 1u)
            hag__text_add(t, ", alert %s", hag__name(HAG_NAMES_ALERT, a));
    }
    if (n->place == c->primary)
        hag__text_add(t, "\n");
    else if (n->place == who->winner)
        hag__text_add(t, "; would be promoted now\n");
    else
        hag__text_add(t, "; would not be promoted: %s (%s)\n",
                      hag__name(HAG_NAMES_WHY, who->refusal[n->place]),
                      hag_why_text(who->refusal[n->place]));
    (void)g;
}

int32_t hag_cluster_explain(const hag_guard *g, hag_cluster h, hag_time now, char *buf, size_t n)
{
    hag_guard *w = (hag_guard *)(uintptr_t)g; /* for the error message only */
    const struct hag__cluster *c;
    struct hag__elected who;
    struct hag__text t;
    uint32_t ci;
    int32_t err;

    (void)now;
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (buf == NULL && n > 0)
        return hag__error(w, HAG_ERR_INVAL, "buf is NULL but n is %zu", n);
    err = hag__find(w, &g->clusters, h, "cluster", &ci);
    if (err != HAG_OK)
        return err;
    c = hag__cluster(g, ci);
    hag__choose(g, c, 0, 0, 0, HAG__NOBODY, &who);
    hag__text_init(&t, buf, n);
    doing(g, c, &t);
    waiting(g, c, &t);
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *m = hag__member(g, c, i);

        if (m != NULL)
            one_node(g, c, m, &who, &t);
    }
    return t.len > INT_MAX ? INT_MAX : (int32_t)t.len;
}
