/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

#include "events.h"

/* Each row is a family: what it tells of a cluster or of a node. A family is written in one piece, as
 * the format wants it. */

struct seen { /* what a row may look at */
    const struct app *app;
    const struct hag_cluster_info *c;
    const struct hag_node_info *n;
    const char *family;
    struct buf *out;
};

static void label(struct buf *out, const char *name, const char *value, int first)
{
    buf_add(out, "%s%s=\"", first ? "{" : ",", name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            buf_add(out, "\\%c", *value);
        else if (*value == '\n')
            buf_add(out, "\\n");
        else
            buf_put(out, value, 1);
    }
    buf_put(out, "\"", 1);
}

/* One sample; extra may be NULL. */
static void sample(const struct seen *s, const char *extra, const char *value, uint64_t number)
{
    buf_add(s->out, "%s", s->family);
    label(s->out, "cluster", s->c->name, 1);
    if (s->n)
        label(s->out, "node", s->n->name, 0);
    if (extra)
        label(s->out, extra, value, 0);
    buf_add(s->out, "} %" PRIu64 "\n", number);
}

static void seconds(const struct seen *s, uint64_t ms)
{
    buf_add(s->out, "%s", s->family);
    label(s->out, "cluster", s->c->name, 1);
    if (s->n)
        label(s->out, "node", s->n->name, 0);
    buf_add(s->out, "} %" PRIu64 ".%03" PRIu64 "\n", ms / 1000, ms % 1000);
}

/* One sample for each value that there is: 1 for the one that holds. */
static void one_of(const struct seen *s, const char *extra, uint32_t names, uint32_t now)
{
    const char *name;

    for (uint32_t v = 0; (name = hag_name(names, v)) != NULL; v++)
        sample(s, extra, name, v == now);
}

static const struct service *service(const struct seen *s)
{
    return (const struct service *)(uintptr_t)s->c->user;
}

static void state(const struct seen *s)
{
    one_of(s, "state", HAG_NAMES_STATE, s->c->state);
}

static void term(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->term);
}

static void deciding(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->deciding);
}

static void has_primary(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->primary != 0);
}

static void has_candidate(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->candidate != 0);
}

static void writers(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->writers == HAG_WRITERS_IMPOSSIBLE);
}

static void ops(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->ops);
}

static void failovers(const struct seen *s)
{
    sample(s, NULL, NULL, s->c->failovers);
}

static void last_failover(const struct seen *s)
{
    seconds(s, service(s)->last_failover);
}

static void last_switchover(const struct seen *s)
{
    seconds(s, service(s)->last_switchover);
}

static void paused(const struct seen *s)
{
    hag_time now = uv_now(&s->app->loop);

    seconds(s, s->c->paused_until > now ? s->c->paused_until - now : 0);
}

static void cluster_alerts(const struct seen *s)
{
    for (uint32_t a = 1; a < HAG_ALERT_MAX; a++)
        if (s->c->alerts >> a & 1)
            sample(s, "alert", hag_name(HAG_NAMES_ALERT, a), 1);
}

static void verdict(const struct seen *s)
{
    one_of(s, "verdict", HAG_NAMES_VERDICT, s->n->verdict);
}

static void is_primary(const struct seen *s)
{
    sample(s, NULL, NULL, s->n->role == HAG_ROLE_PRIMARY);
}

static void grace(const struct seen *s)
{
    hag_time now = uv_now(&s->app->loop);

    if (s->n->grace_end != 0)
        seconds(s, s->n->grace_end > now ? s->n->grace_end - now : 0);
}

static void fails(const struct seen *s)
{
    sample(s, NULL, NULL, s->n->fails);
}

static void eligible(const struct seen *s)
{
    sample(s, NULL, NULL, s->n->refusal == HAG_WHY_NONE);
}

static void node_alerts(const struct seen *s)
{
    for (uint32_t a = 1; a < HAG_ALERT_MAX; a++)
        if (s->n->alerts >> a & 1)
            sample(s, "alert", hag_name(HAG_NAMES_ALERT, a), 1);
}

static const struct family {
    const char *name;
    const char *type;
    const char *help;
    int of_node;
    void (*write)(const struct seen *s);
} families[] = {
    {"haguard_cluster_state", "gauge", "1 for the state that the cluster is in", 0, state},
    {"haguard_cluster_term", "gauge", "the term, which rises before every promotion", 0, term},
    {"haguard_cluster_deciding", "gauge", "1 if it is decided here, 0 if it is only advised", 0,
     deciding},
    {"haguard_cluster_has_primary", "gauge", "1 if it is known who the primary is", 0, has_primary},
    {"haguard_cluster_has_candidate", "gauge", "1 if somebody could be promoted now", 0,
     has_candidate},
    {"haguard_cluster_two_writers_impossible", "gauge",
     "1 if a second writer is impossible, 0 if it is only unlikely", 0, writers},
    {"haguard_cluster_ops_in_flight", "gauge", "actions that were begun and have not ended", 0,
     ops},
    {"haguard_cluster_failovers_total", "counter",
     "failovers that ended well since the daemon began", 0, failovers},
    {"haguard_cluster_last_failover_seconds", "gauge",
     "how long the last failover took, from its beginning to its end; 0 if there was none", 0,
     last_failover},
    {"haguard_cluster_last_switchover_seconds", "gauge",
     "how long the last switchover took; 0 if there was none", 0, last_switchover},
    {"haguard_cluster_pause_left_seconds", "gauge", "how long the cluster stays paused", 0, paused},
    {"haguard_cluster_alert", "gauge", "1 for each alert of the cluster that is raised", 0,
     cluster_alerts},
    {"haguard_node_verdict", "gauge", "1 for what the evidence says of the node", 1, verdict},
    {"haguard_node_primary", "gauge", "1 if the cluster has the node as its primary", 1,
     is_primary},
    {"haguard_node_grace_left_seconds", "gauge",
     "how long the node may still fail before it is down; only while it fails", 1, grace},
    {"haguard_node_failed_probes", "gauge", "failed probes in the running series", 1, fails},
    {"haguard_node_eligible", "gauge", "1 if the node could be promoted now", 1, eligible},
    {"haguard_node_alert", "gauge", "1 for each alert of the node that is raised", 1, node_alerts},
};

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_family(const struct app *app, const struct family *f, struct buf *out)
{
    struct hag_cluster_info c = {.size = sizeof(c)};
    struct hag_node_info n = {.size = sizeof(n)};
    struct seen s = {.app = app, .c = &c, .family = f->name, .out = out};
    hag_cluster id = 0;
    hag_node node;

    head(out, f->name, f->type, f->help);
    while ((id = hag_cluster_next(app->guard, id)) != 0) {
        if (hag_cluster_get(app->guard, id, &c) != HAG_OK)
            continue;
        if (!f->of_node) {
            f->write(&s);
            continue;
        }
        s.n = &n;
        for (node = 0; (node = hag_node_next(app->guard, id, node)) != 0;)
            if (hag_node_get(app->guard, node, &n) == HAG_OK)
                f->write(&s);
    }
}

void metrics_write(const struct app *app, struct buf *out)
{
    uint32_t version = hag_version();

    head(out, "haguard_info", "gauge", "the library that runs; always 1");
    buf_add(out, "haguard_info");
    label(out, "name", app->conf->name, 1);
    buf_add(out, ",version=\"%u.%u.%u\"} 1\n", version >> 16, version >> 8 & 0xff, version & 0xff);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        write_family(app, &families[i], out);
    head(out, "haguard_events_total", "counter", "events by kind since the daemon began");
    for (uint32_t e = 1; e < HAG_EV_MAX; e++) {
        buf_add(out, "haguard_events_total");
        label(out, "event", hag_name(HAG_NAMES_EVENT, e), 1);
        buf_add(out, "} %" PRIu64 "\n", events_count(app->events, e));
    }
}
