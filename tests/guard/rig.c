/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static uint64_t position_of(const struct rig *r, const struct rig_store *s);

static int link_up(const struct rig *r, const struct rig_store *s)
{
    const struct rig_store *u;

    if (s->primary || s->upstream >= r->n || s->link_stopped)
        return 0;
    u = &r->s[s->upstream];
    return !u->dead && !s->dead && u->history == s->history;
}

static uint64_t position_of(const struct rig *r, const struct rig_store *s)
{
    if (s->primary)
        return s->position;
    if (link_up(r, s)) {
        uint64_t p = position_of(r, &r->s[s->upstream]);

        return p > s->lag ? p - s->lag : 0;
    }
    return s->position;
}

static void freeze_positions(struct rig *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        if (!r->s[i].dead)
            r->s[i].position = position_of(r, &r->s[i]);
    }
}

static void grow(struct rig *r, uint64_t ms)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i];

        if (r->writes && s->primary && !s->dead && !s->frozen && !s->quiesced && !s->loading)
            s->position += ms;
    }
    freeze_positions(r);
}

/* A standby that can reach its upstream takes its history, or copies everything. */
static void connect_links(struct rig *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i], *u;

        if (s->dead || s->frozen || s->primary || s->upstream >= r->n || s->link_stopped)
            continue;
        u = &r->s[s->upstream];
        if (u->dead || u->frozen || u->history == s->history)
            continue;
        if (u->older != s->history || s->position > u->fork)
            s->empty = u->empty; /* a full copy */
        s->history = u->history;
        s->older = u->older;
        s->fork = u->fork;
        s->position = position_of(r, u);
    }
}

static void put_id(uint8_t id[HAG_ID_SIZE], uint32_t v, uint32_t salt)
{
    memset(id, 0, HAG_ID_SIZE);
    memcpy(id, &v, sizeof(v));
    memcpy(id + 4, &salt, sizeof(salt));
    id[19] = 1;
}

static void facts(const struct rig *r, uint32_t i, struct hag_facts *f, const char **streams)
{
    const struct rig_store *s = &r->s[i];

    memset(f, 0, sizeof(*f));
    f->size = sizeof(*f);
    f->link_idle = f->lag = HAG_UNKNOWN_MS;
    f->role = s->primary ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
    f->flags = HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_PRIORITY;
    f->priority = s->priority;
    if (s->primary && !s->quiesced)
        f->flags |= HAG_FACT_WRITES;
    if (link_up(r, s)) {
        f->flags |= HAG_FACT_LINK_UP;
        f->link_idle = r->s[s->upstream].frozen ? 60000 : 100;
        f->link_beat = 1000;
    }
    if (s->syncing)
        f->flags |= HAG_FACT_SYNCING;
    if (s->empty)
        f->flags |= HAG_FACT_EMPTY;
    if (s->is_volatile)
        f->flags |= HAG_FACT_VOLATILE;
    f->position = position_of(r, s);
    put_id(f->identity, s->boot, i + 1);
    f->nlineage = s->older != 0 ? 2 : 1;
    put_id(f->lineage[0], s->history, 77);
    put_id(f->lineage[1], s->older, 77);
    f->fork[1] = s->fork;
    if (!s->primary)
        (void)snprintf(f->upstream, sizeof(f->upstream), "%s",
                       s->upstream < r->n ? r->s[s->upstream].addr : "127.0.0.1:1");
    f->streams = streams;
    for (uint32_t k = 0; s->primary && k < r->n; k++) {
        if (r->s[k].upstream == i && link_up(r, &r->s[k]) && !r->s[k].frozen)
            streams[f->nstreams++] = r->s[k].addr;
    }
}

static void complete(struct rig *r, hag_op op, uint32_t outcome, uint32_t reason, uint32_t fence,
                     const struct hag_facts *f)
{
    struct hag_result res = {.size = sizeof(res),
                             .outcome = outcome,
                             .reason = reason,
                             .fence = fence,
                             .text = outcome == HAG_RES_FAIL ? "told to fail" : NULL,
                             .facts = f};

    (void)hag_op_complete(r->g, op, &res, r->now);
}

static void probed(struct rig *r, const struct rig_due *d)
{
    const struct rig_store *s = &r->s[d->node];
    const char *streams[RIG_NODES];
    struct hag_facts f;

    if (s->frozen || s->cut)
        return; /* the deadline says it */
    facts(r, d->node, &f, streams);
    if (s->dead)
        f.result = HAG_PROBE_REFUSED;
    else if (s->denied)
        f.result = HAG_PROBE_DENIED;
    else if (s->loading)
        f.result = HAG_PROBE_NOT_SERVING;
    complete(r, d->op, HAG_RES_OK, 0, 0, &f);
}

static void apply(struct rig *r, const struct rig_due *d)
{
    struct rig_store *s = &r->s[d->node];

    freeze_positions(r);
    switch (d->kind) {
    case HAG_DO_DETACH:
        s->upstream = RIG_NOBODY;
        break;
    case HAG_DO_FENCE:
        s->primary = 0;
        s->upstream = RIG_NOBODY;
        break;
    case HAG_DO_UNFENCE:
        s->primary = 1;
        break;
    case HAG_DO_FOLLOW:
        s->primary = 0;
        s->upstream = (uint8_t)d->target;
        break;
    case HAG_DO_PROMOTE:
        if (s->primary)
            break;
        s->older = s->history;
        s->fork = s->position;
        s->history = ++r->histories;
        s->primary = 1;
        break;
    case HAG_DO_QUIESCE:
        s->quiesced = 1;
        break;
    case HAG_DO_UNQUIESCE:
        s->quiesced = 0;
        break;
    default:
        break;
    }
    connect_links(r);
}

static void happen(struct rig *r, struct rig_due *d)
{
    const struct rig_store *s = &r->s[d->node];

    if (d->kind == HAG_DO_PROBE) {
        probed(r, d);
        return;
    }
    if (s->dead) {
        complete(r, d->op, HAG_RES_FAIL, HAG_WHY_NO_CONNECTION, 0, NULL);
        return;
    }
    if (s->frozen || s->cut || d->how == RIG_HANG)
        return;
    if (d->how == RIG_REFUSE) {
        complete(r, d->op, HAG_RES_FAIL, HAG_WHY_DENIED, 0, NULL);
        return;
    }
    apply(r, d);
    if (d->how != RIG_MUTE)
        complete(r, d->op, HAG_RES_OK, 0, d->kind == HAG_DO_FENCE ? HAG_FENCE_DEMOTED : 0, NULL);
}

static void on_event(struct rig *r, const struct hag_action *a)
{
    struct rig_event *e = &r->ev[r->nev % RIG_EVENTS];

    r->nev++;
    e->at = r->now;
    e->event = a->event;
    e->reason = a->reason;
    e->alert = a->alert;
    e->procedure = a->procedure;
    e->endpoint = a->endpoint;
    e->severity = a->severity;
    e->node = a->node;
    e->arg = a->arg;
    (void)snprintf(e->text, sizeof(e->text), "%s", a->text);
    if (r->verbose)
        printf("%8.3f %-10s %-4s %s\n", (double)r->now / 1000, hag_name(HAG_NAMES_EVENT, a->event),
               a->node_name, a->text);
}

static uint32_t store_of(const struct rig *r, hag_node n)
{
    for (uint32_t i = 0; i < r->n; i++) {
        if (r->s[i].node == n)
            return i;
    }
    return RIG_NOBODY;
}

static void hook(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct rig *r = ud;
    struct rig_due *d = NULL;

    (void)g;
    r->acts[a->kind]++;
    if (r->stop_at_action == (int)a->kind)
        r->stopped = 1;
    if (r->stopped)
        return;
    switch (a->kind) {
    case HAG_DO_EVENT:
        on_event(r, a);
        return;
    case HAG_DO_CANCEL:
    case HAG_DO_FORGET:
        return;
    case HAG_DO_COMMIT:
        r->commits++;
        if (r->disk_full) {
            complete(r, a->op, HAG_RES_FAIL, HAG_WHY_DISK, 0, NULL);
            return;
        }
        if (a->expected != r->record_version &&
            !(a->version == r->record_version && a->nbytes == r->record_len &&
              memcmp(a->bytes, r->record, r->record_len) == 0)) {
            complete(r, a->op, HAG_RES_FAIL, HAG_WHY_VERSION, 0, NULL);
            return;
        }
        memcpy(r->record, a->bytes, a->nbytes);
        r->record_len = a->nbytes;
        r->record_version = a->version;
        if (r->commit_mute > 0)
            r->commit_mute--;
        else
            complete(r, a->op, HAG_RES_OK, 0, 0, NULL);
        return;
    case HAG_DO_ENDPOINT_UPDATE:
    case HAG_DO_ENDPOINT_CHECK: {
        char *to = r->name[a->endpoint];
        size_t len = 0;

        if (r->dns_down) {
            complete(r, a->op, HAG_RES_FAIL, HAG_WHY_NO_CONNECTION, 0, NULL);
            return;
        }
        to[0] = '\0';
        for (uint32_t i = 0; i < a->naddrs; i++)
            len += (size_t)snprintf(to + len, sizeof(r->name[0]) - len, "%s%s", i ? " " : "",
                                    a->addrs[i]);
        complete(r, a->op, HAG_RES_OK, 0, 0, NULL);
        return;
    }
    default:
        break;
    }
    for (uint32_t i = 0; i < 256 && d == NULL; i++) {
        if (!r->due[i].used)
            d = &r->due[i];
    }
    if (d == NULL)
        return;
    d->used = 1;
    d->op = a->op;
    d->kind = a->kind;
    d->node = store_of(r, a->node);
    d->target = a->target != 0 ? store_of(r, a->target) : RIG_NOBODY;
    d->arg = a->arg;
    d->how = r->s[d->node].deed[a->kind];
    d->at = r->now + 1 + r->s[d->node].delay[a->kind];
}

static void make_guard(struct rig *r, const char *const *settings)
{
    struct hag_options o = {.size = sizeof(o), .flags = HAG_OPTION_SOLE, .seed = 1};

    if (r->opt != NULL)
        o = *r->opt;
    if (hag_guard_new(&o, &r->g) != HAG_OK || hag_policy_new(r->g, &r->p) != HAG_OK)
        abort();
    for (; settings != NULL && *settings != NULL; settings += 2) {
        if (hag_policy_set_text(r->g, r->p, settings[0], settings[1]) != HAG_OK) {
            fprintf(stderr, "rig: %s\n", hag_errmsg(r->g));
            abort();
        }
    }
    (void)hag_guard_set_policy(r->g, r->p);
    (void)hag_set_hook(r->g, 0, hook, r);
    if (hag_cluster_add(r->g, "orders", r->p, 0, r->now, &r->c) != HAG_OK) {
        fprintf(stderr, "rig: %s\n", hag_errmsg(r->g));
        abort();
    }
    for (uint32_t i = 0; i < r->n; i++) {
        struct hag_node_spec spec = {
            .size = sizeof(spec), .name = r->s[i].name, .addr = r->s[i].addr, .user = i};

        if (hag_node_add(r->g, r->c, &spec, r->now, &r->s[i].node) != HAG_OK)
            abort();
    }
}

void rig_start(struct rig *r, uint32_t nodes, const char *const *settings)
{
    const struct hag_options *opt = r->opt;
    int verbose = r->verbose || getenv("RIG_VERBOSE") != NULL;

    memset(r, 0, sizeof(*r));
    r->opt = opt;
    r->verbose = verbose;
    r->n = nodes;
    r->writes = 1;
    r->histories = 1;
    for (uint32_t i = 0; i < nodes; i++) {
        struct rig_store *s = &r->s[i];

        (void)snprintf(s->name, sizeof(s->name), "n%u", i + 1);
        (void)snprintf(s->addr, sizeof(s->addr), "127.0.0.1:%u", 7001 + i);
        s->primary = i == 0;
        s->upstream = i == 0 ? RIG_NOBODY : 0;
        s->boot = 1;
        s->history = 1;
        s->priority = 100;
        s->position = 1000;
    }
    make_guard(r, settings);
}

void rig_end(struct rig *r)
{
    (void)hag_guard_destroy(r->g);
}

void rig_settle(struct rig *r)
{
    rig_run(r, 100000);
}

void rig_restart_guard(struct rig *r, const char *const *settings)
{
    (void)hag_guard_destroy(r->g);
    memset(r->due, 0, sizeof(r->due));
    r->stopped = 0;
    r->stop_at_action = 0;
    make_guard(r, settings);
    if (r->record_len > 0 &&
        hag_cluster_restore(r->g, r->c, r->record, r->record_len, r->now) != HAG_OK) {
        fprintf(stderr, "rig: %s\n", hag_errmsg(r->g));
        abort();
    }
}

static hag_time next_due(const struct rig *r)
{
    hag_time at = UINT64_MAX;

    for (uint32_t i = 0; i < 256; i++) {
        if (r->due[i].used && r->due[i].at < at)
            at = r->due[i].at;
    }
    return at;
}

void rig_run(struct rig *r, hag_time until)
{
    while (!r->stopped) {
        int64_t wait;
        hag_time at, due;

        while (hag_dispatch(r->g, r->now) > 0)
            ;
        if (r->stopped)
            return;
        wait = hag_timeout(r->g, r->now);
        at = wait < 0 ? until : r->now + (hag_time)wait;
        due = next_due(r);
        if (due < at)
            at = due;
        if (at > until)
            at = until;
        if (at > r->now) {
            grow(r, at - r->now);
            r->now = at;
            connect_links(r);
        }
        for (uint32_t i = 0; i < 256; i++) {
            if (r->due[i].used && r->due[i].at <= r->now) {
                struct rig_due d = r->due[i];

                r->due[i].used = 0;
                happen(r, &d);
            }
        }
        if (r->now >= until && next_due(r) > until && hag_timeout(r->g, r->now) != 0)
            return;
    }
}

void rig_kill(struct rig *r, uint32_t i)
{
    freeze_positions(r);
    r->s[i].dead = 1;
}

void rig_revive(struct rig *r, uint32_t i, int empty)
{
    struct rig_store *s = &r->s[i];

    s->dead = 0;
    s->boot++;
    s->quiesced = 0;
    if (empty) {
        s->empty = 1;
        s->position = 0;
        s->history = ++r->histories;
        s->older = 0;
    }
    connect_links(r);
}

const struct rig_event *rig_find(const struct rig *r, uint32_t event, uint32_t node, hag_time from)
{
    for (uint32_t i = 0; i < r->nev && i < RIG_EVENTS; i++) {
        const struct rig_event *e = &r->ev[i];

        if (e->event == event && e->at >= from &&
            (node == RIG_NOBODY || e->node == r->s[node].node))
            return e;
    }
    return NULL;
}

uint32_t rig_count(const struct rig *r, uint32_t event, uint32_t node)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->nev && i < RIG_EVENTS; i++)
        n += r->ev[i].event == event &&
             (node == RIG_NOBODY || r->ev[i].node == r->s[node].node);
    return n;
}

int rig_alert(const struct rig *r, uint32_t alert)
{
    for (uint32_t i = 0; i < r->nev && i < RIG_EVENTS; i++) {
        if (r->ev[i].event == HAG_EV_ALERT && r->ev[i].alert == alert)
            return 1;
    }
    return 0;
}

uint32_t rig_state(const struct rig *r)
{
    struct hag_cluster_info i = {.size = sizeof(i)};

    return hag_cluster_get(r->g, r->c, &i) == HAG_OK ? i.state : 99;
}

uint32_t rig_verdict(const struct rig *r, uint32_t n)
{
    struct hag_node_info i = {.size = sizeof(i)};

    return hag_node_get(r->g, r->s[n].node, &i) == HAG_OK ? i.verdict : 99;
}

uint32_t rig_primary(const struct rig *r)
{
    struct hag_cluster_info i = {.size = sizeof(i)};

    return hag_cluster_get(r->g, r->c, &i) == HAG_OK ? store_of(r, i.primary) : 99;
}

uint32_t rig_writers(const struct rig *r)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n; i++)
        n += r->s[i].primary && !r->s[i].dead && !r->s[i].frozen && !r->s[i].quiesced;
    return n;
}

void rig_dump(const struct rig *r)
{
    char buf[4096];

    (void)hag_cluster_explain(r->g, r->c, r->now, buf, sizeof(buf));
    printf("%s", buf);
}
