/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"

/* Never NULL: without room the event is written where nobody reads it, and counted. */
struct hag__event *hag__event(hag_guard *g, const struct hag__cluster *c, const struct hag__node *n,
                              uint32_t event, uint32_t severity, uint32_t reason)
{
    struct hag__event *e = &g->spare_event;

    if (g->n_events == g->cap_events || !hag__ring_push(&g->ring, (uint64_t)HAG_DO_EVENT << 53)) {
        g->lost_events++;
    } else {
        e = &g->events[(g->head_event + g->n_events) % g->cap_events];
        g->n_events++;
    }
    memset(e, 0, sizeof(*e));
    e->event = (uint8_t)event;
    e->severity = (uint8_t)severity;
    e->reason = (uint8_t)reason;
    if (c != NULL) {
        e->cluster = hag__table_handle(&g->clusters, c->index);
        e->term = c->term;
        e->procedure = c->run.kind;
        e->step = c->run.step;
    }
    if (n != NULL)
        e->node = hag__node_handle(g, n);
    return e;
}

void hag__detail(struct hag__event *e, const char *text)
{
    if (e != NULL && text != NULL) {
        size_t n = 0;

        /* a plugin's words come from the network: one line, printable */
        while (text[n] != '\0' && n < sizeof(e->detail) - 1) {
            unsigned char ch = (unsigned char)text[n];

            e->detail[n] = (char)(ch < 0x20 || ch == 0x7f ? ' ' : ch);
            n++;
        }
        e->detail[n] = '\0';
    }
}

static const uint8_t alert_severity[HAG_ALERT_MAX] = {
    [HAG_ALERT_DENIED] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_ROLE_MISMATCH] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_REPLICATION_MISMATCH] = HAG_SEVERITY_WARNING,
    [HAG_ALERT_TWO_PRIMARIES] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_CYCLE] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_READONLY] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_CONTROL_LOST] = HAG_SEVERITY_WARNING,
    [HAG_ALERT_NO_CANDIDATE] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_SEEN_BY_OTHERS] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_PAUSED_UNHEALTHY] = HAG_SEVERITY_WARNING,
    [HAG_ALERT_NAME_STALE] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_CONFLICT] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_ADVISING] = HAG_SEVERITY_WARNING,
    [HAG_ALERT_COMMIT_FAILED] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_UNKNOWN_NODE] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_GUARD_BLIND] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_ALONE] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_FENCE_UNCONFIRMED] = HAG_SEVERITY_ALARM,
    [HAG_ALERT_HELD] = HAG_SEVERITY_ALARM,
};

/* Raised once, cleared once. n NULL: the cluster's own. */
void hag__alert(hag_guard *g, struct hag__cluster *c, struct hag__node *n, uint32_t alert,
                uint32_t reason, int on)
{
    uint32_t *have = n != NULL ? &n->alerts : &c->alerts;
    struct hag__event *e;

    if (((*have >> alert) & 1u) == (on ? 1u : 0u))
        return;
    *have ^= 1u << alert;
    e = hag__event(g, c, n, on ? HAG_EV_ALERT : HAG_EV_CLEARED,
                   on ? alert_severity[alert] : HAG_SEVERITY_NOTICE, reason);
    e->alert = (uint8_t)alert;
}

static const char *node_name(const hag_guard *g, hag_node h)
{
    uint32_t i;

    if (h == 0)
        return "";
    if (hag__table_find(&g->nodes, h, &i) != HAG_OK)
        return "(removed)";
    return hag__node(g, i)->texts->name;
}

static void names_of_set(const hag_guard *g, hag_cluster h, uint64_t set, struct hag__text *t)
{
    const struct hag__cluster *c;
    const char *gap = "";
    uint32_t ci;

    if (hag__table_find(&g->clusters, h, &ci) != HAG_OK)
        return;
    c = hag__cluster(g, ci);
    if (set == 0)
        hag__text_add(t, "nobody");
    for (uint32_t i = 0; i < c->nplaces; i++) {
        const struct hag__node *n = hag__member(g, c, i);

        if (n != NULL && (set >> i & 1) != 0) {
            hag__text_add(t, "%s%s", gap, n->texts->name);
            gap = ", ";
        }
    }
}

/* A sentence per event. %n node, %t target, %w the reason's sentence, %p procedure, %a alert,
 * %d duration of arg, %s set of arg, %x action of arg, %e endpoint, %# arg. */
static const char *const sentences[HAG_EV_MAX] = {
    [HAG_EV_SUSPECT] = "%n does not answer as it should: %w",
    [HAG_EV_DOWN] = "%n is down: %w",
    [HAG_EV_UP] = "%n answers again",
    [HAG_EV_SERVING] = "%n serves",
    [HAG_EV_COMMIT] = "term %# is recorded",
    [HAG_EV_FENCE] = "%n is fenced (%f)",
    [HAG_EV_UNFENCE] = "%n is no longer fenced",
    [HAG_EV_DETACH] = "%n receives nothing any more and keeps its data",
    [HAG_EV_QUIESCE] = "%n takes no writes for now",
    [HAG_EV_UNQUIESCE] = "%n holds no writes back any more",
    [HAG_EV_ELECT] = "%n is the best candidate at position %#",
    [HAG_EV_PROMOTE] = "%n was promoted",
    [HAG_EV_FOLLOW] = "%n follows %t",
    [HAG_EV_DISCONNECT] = "the clients of %n were disconnected",
    [HAG_EV_ENDPOINT] = "the %e name points to %s",
    [HAG_EV_BEGIN] = "%p begins: %w",
    [HAG_EV_END] = "%p is done after %d",
    [HAG_EV_ABORT] = "%p was given up: %w",
    [HAG_EV_ALERT] = "%a: %w",
    [HAG_EV_CLEARED] = "%a is over",
    [HAG_EV_REFUSED] = "%p is refused: %w",
    [HAG_EV_VETO] = "%n is not marked down: %w",
    [HAG_EV_HOLD] = "a failover that is due is held: %w",
    [HAG_EV_STORM] = "many clusters lost their primary at once: %w",
    [HAG_EV_CONFLICT] = "conflict: %w",
    [HAG_EV_RESUMED] = "goes on: %w",
    [HAG_EV_PRIMARY] = "%n is the primary: %w",
    [HAG_EV_ADMIT] = "%n is in sync",
    [HAG_EV_IDENTITY] = "%n was restarted",
    [HAG_EV_FAILED] = "%x on %n: %o, %w",
    [HAG_EV_STALLED] = "the guard stood still for %d; that time counts for nothing",
    [HAG_EV_UNHANDLED] = "nobody handles %x; it is done without",
    [HAG_EV_LOST] = "%# events were lost because nobody took them",
    [HAG_EV_PAUSE] = "paused: %w",
};

static void one_mark(const hag_guard *g, const struct hag__event *e, char mark, struct hag__text *t)
{
    const char *why = hag_why_text(e->reason);

    switch (mark) {
    case 'n':
        hag__text_add(t, "%s", e->node != 0 ? node_name(g, e->node) : "the cluster");
        break;
    case 't':
        hag__text_add(t, "%s", node_name(g, e->target));
        break;
    case 'w':
        hag__text_add(t, "%s", why != NULL ? why : "");
        break;
    case 'p':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_PROCEDURE, e->procedure));
        break;
    case 'a':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_ALERT, e->alert));
        break;
    case 'd':
        hag__text_duration(t, e->arg);
        break;
    case 's':
        names_of_set(g, e->cluster, e->arg, t);
        break;
    case 'x':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_ACTION, (uint32_t)e->arg));
        break;
    case 'e':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_ENDPOINT, e->endpoint));
        break;
    case 'f':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_FENCE, (uint32_t)e->arg));
        break;
    case 'o':
        hag__text_add(t, "%s", hag__name(HAG_NAMES_OUTCOME, e->outcome));
        break;
    case '#':
        hag__text_add(t, "%llu", (unsigned long long)e->arg);
        break;
    default:
        break;
    }
}

void hag__event_text(const hag_guard *g, const struct hag__event *e, struct hag__text *t)
{
    const char *s = e->event < HAG_EV_MAX ? sentences[e->event] : NULL;

    if (s == NULL)
        return;
    for (; *s != '\0'; s++) {
        if (*s == '%')
            one_mark(g, e, *++s, t);
        else
            hag__text_add(t, "%c", *s);
    }
    if (e->detail[0] != '\0')
        hag__text_add(t, " (%s)", e->detail);
}
