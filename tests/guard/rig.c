/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <haguard/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPINS 200 /* rounds in one moment that come to nothing */

static void complete(struct rig *r, hag_op op, uint32_t outcome, uint32_t reason,
                     const struct rig_store *fenced, const struct hag_facts *f)
{
    struct hag_result res = {.size = sizeof(res),
                             .outcome = outcome,
                             .reason = reason,
                             .fence = fenced != NULL ? fenced->fence : 0,
                             .fence_for = fenced != NULL ? fenced->fence_for : 0,
                             .text = outcome == HAG_RES_FAIL ? "told to fail" : NULL,
                             .facts = f};

    if (op != 0)
        (void)hag_op_complete(r->g, op, &res, r->now);
}

static void probed(struct rig *r, const struct rig_due *d)
{
    const struct rig_store *s = &r->s[d->node];
    const char *streams[RIG_NODES];
    struct hag_facts f;

    if (s->cut)
        return; /* the deadline says it */
    rig__facts(r, d->node, &f, streams);
    if (s->dead)
        f.result = HAG_PROBE_REFUSED;
    else if (s->frozen)
        f.result = HAG_PROBE_TIMEOUT;
    else if (s->denied)
        f.result = HAG_PROBE_DENIED;
    else if (s->loading)
        f.result = HAG_PROBE_NOT_SERVING;
    if (s->frozen && !s->dead)
        f.flags = HAG_FACT_ACCEPTED;
    complete(r, d->op, HAG_RES_OK, 0, NULL, &f);
}

static void happen(struct rig *r, const struct rig_due *d)
{
    const struct rig_store *s = &r->s[d->node];

    if (d->kind == HAG_DO_PROBE) {
        probed(r, d);
        return;
    }
    if (s->cut || (s->frozen && !s->dead) || d->how == RIG_HANG)
        return;
    if (s->dead) {
        complete(r, d->op, HAG_RES_FAIL, HAG_WHY_NO_CONNECTION, NULL, NULL);
        return;
    }
    if (d->how == RIG_REFUSE) {
        complete(r, d->op, HAG_RES_FAIL, HAG_WHY_DENIED, NULL, NULL);
        return;
    }
    rig__apply(r, d);
    if (d->how != RIG_MUTE)
        complete(r, d->op, HAG_RES_OK, 0, d->kind == HAG_DO_FENCE ? s : NULL, NULL);
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
    e->target = a->target;
    e->arg = a->arg;
    (void)snprintf(e->text, sizeof(e->text), "%s", a->text);
    if (r->verbose)
        printf("%8.3f %-10s %-4s %s\n", (double)r->now / 1000, hag_name(HAG_NAMES_EVENT, a->event),
               a->node_name, a->text);
}

uint32_t rig_store_of(const struct rig *r, hag_node n)
{
    for (uint32_t i = 0; n != 0 && i < r->n; i++) {
        if (r->s[i].node == n)
            return i;
    }
    return RIG_NOBODY;
}

/* A file that is written and renamed: the same version with the same bytes is kept. */
static void commit(struct rig *r, const struct hag_action *a)
{
    int again = a->version == r->record_version && a->nbytes == r->record_len &&
                memcmp(a->bytes, r->record, r->record_len) == 0;

    r->commits++;
    if (r->commit_hang)
        return;
    if (r->disk_full) {
        complete(r, a->op, HAG_RES_FAIL, HAG_WHY_DISK, NULL, NULL);
        return;
    }
    if (a->expected != r->record_version && !again) {
        complete(r, a->op, HAG_RES_FAIL, HAG_WHY_VERSION, NULL, NULL);
        return;
    }
    memcpy(r->record, a->bytes, a->nbytes);
    r->record_len = a->nbytes;
    r->record_version = a->version;
    if (a->term > r->record_term)
        r->record_term = a->term;
    if (r->commit_mute > 0)
        r->commit_mute--;
    else
        complete(r, a->op, HAG_RES_OK, 0, NULL, NULL);
}

static void endpoint(struct rig *r, const struct hag_action *a)
{
    char *to = r->name[a->endpoint];
    size_t len = 0;

    if (a->cluster != r->c) {
        complete(r, a->op, HAG_RES_OK, 0, NULL, NULL);
        return;
    }
    if (r->dns_down) {
        complete(r, a->op, a->kind == HAG_DO_ENDPOINT_CHECK ? HAG_RES_UNKNOWN : HAG_RES_FAIL,
                 HAG_WHY_NO_CONNECTION, NULL, NULL);
        return;
    }
    if (a->kind == HAG_DO_ENDPOINT_CHECK) {
        if (r->dns_unread > 0) {
            r->dns_unread--;
            complete(r, a->op, HAG_RES_UNKNOWN, HAG_WHY_NO_CONNECTION, NULL, NULL);
            return;
        }
        if (r->dns_lies > 0) {
            r->dns_lies--;
            complete(r, a->op, HAG_RES_FAIL, HAG_WHY_NAME_STALE, NULL, NULL);
            return;
        }
        complete(r, a->op, HAG_RES_OK, 0, NULL, NULL);
        return;
    }
    to[0] = '\0';
    r->moved[a->endpoint] = r->now;
    for (uint32_t i = 0; i < a->naddrs; i++)
        len +=
            (size_t)snprintf(to + len, sizeof(r->name[0]) - len, "%s%s", i ? " " : "", a->addrs[i]);
    complete(r, a->op, HAG_RES_OK, 0, NULL, NULL);
}

static struct rig_due *room(struct rig *r)
{
    for (uint32_t i = 0; i < RIG_DUES; i++) {
        if (!r->due[i].used)
            return &r->due[i];
    }
    fprintf(stderr, "rig: too much under way\n");
    abort();
}

static void later(struct rig *r, const struct hag_action *a)
{
    struct rig_due *d = room(r);

    memset(d, 0, sizeof(*d));
    d->used = 1;
    d->op = a->op;
    d->kind = a->kind;
    d->flags = a->flags;
    d->node = rig_store_of(r, a->node);
    d->target = rig_store_of(r, a->target);
    d->arg = a->arg;
    d->deadline = a->deadline;
    d->how = d->node < r->n ? r->s[d->node].deed[a->kind] : RIG_OK;
    d->at = r->now + 1 + (d->node < r->n ? r->s[d->node].delay[a->kind] : 0);
    if (d->how == RIG_LATE)
        d->at = a->deadline + 1;
    if (d->node >= r->n)
        d->used = 0; /* of a node that the test has removed or added by itself */
}

/* 1: the guard is "killed" at this action. */
static int stops(struct rig *r, const struct hag_action *a)
{
    int order = a->kind != HAG_DO_PROBE && a->kind != HAG_DO_EVENT && a->kind != HAG_DO_CANCEL &&
                a->kind != HAG_DO_FORGET && a->kind != HAG_DO_ENDPOINT_CHECK;

    r->orders += (uint32_t)order;
    if (r->stop_at_action != (int)a->kind && !(order && r->stop_after == r->orders))
        return 0;
    r->stopped = 1;
    return 1;
}

static void hook(hag_guard *g, const struct hag_action *a, void *ud)
{
    struct rig *r = ud;

    (void)g;
    r->acts[a->kind]++;
    if (r->stopped || (stops(r, a) && !r->stop_does))
        return;
    if (r->watch != NULL)
        r->watch(r, a);
    switch (a->kind) {
    case HAG_DO_EVENT:
        on_event(r, a);
        return;
    case HAG_DO_CANCEL:
    case HAG_DO_FORGET:
        return;
    case HAG_DO_COMMIT:
        if (a->cluster == r->c)
            commit(r, a);
        else /* of further clusters nothing is kept */
            complete(r, a->op, HAG_RES_OK, 0, NULL, NULL);
        return;
    case HAG_DO_ENDPOINT_UPDATE:
    case HAG_DO_ENDPOINT_CHECK:
        endpoint(r, a);
        return;
    default:
        later(r, a);
        return;
    }
}

static void must(struct rig *r, int32_t err)
{
    if (err == HAG_OK)
        return;
    fprintf(stderr, "rig: %s\n", hag_errmsg(r->g));
    abort();
}

/* What the guard of a test was told is told to another one, which must do the same. */
static void play_again(struct rig *r)
{
    struct hag_replay_result res = {.size = sizeof(res)};
    size_t n = 0, cap = 1 << 16, got;
    uint8_t *log = malloc(cap);
    int32_t more;

    must(r, hag_record_end(r->g));
    while (log != NULL && (more = hag_record_take(r->g, log + n, cap - n, &got)) >= 0) {
        n += got;
        if (more == 0)
            break;
        if (n == cap)
            log = realloc(log, cap *= 2);
    }
    if (log == NULL || hag_replay(log, n, NULL, &res) != HAG_OK || res.verdict != HAG_REPLAY_SAME ||
        res.ending != HAG_REPLAY_WHOLE) {
        fprintf(stderr, "rig: a replay differs at %llu: recorded %s; today %s\n",
                (unsigned long long)res.at, res.recorded, res.today);
        abort();
    }
    free(log);
}

/* The guard ends. */
static void drop_guard(struct rig *r)
{
    if (r->opt == NULL && r->g != NULL)
        play_again(r);
    (void)hag_guard_destroy(r->g);
    r->g = NULL;
}

void rig_guard(struct rig *r, const char *const *settings)
{
    struct hag_options o = {.size = sizeof(o),
                            .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD,
                            .seed = 1,
                            .record_max = UINT64_MAX};

    r->settings = settings;
    if (r->opt != NULL)
        o = *r->opt;
    if (hag_guard_new(&o, &r->g) != HAG_OK)
        abort();
    must(r, hag_policy_new(r->g, &r->p));
    for (; settings != NULL && *settings != NULL; settings += 2)
        must(r, hag_policy_set_text(r->g, r->p, settings[0], settings[1]));
    must(r, hag_guard_set_policy(r->g, r->p));
    for (uint32_t kind = 1; kind < HAG_DO_MAX; kind++) {
        if ((r->unhandled >> kind & 1) == 0)
            must(r, hag_set_hook(r->g, kind, hook, r));
    }
    must(r, hag_cluster_add(r->g, "orders", r->p, 0, r->now, &r->c));
    for (uint32_t i = 0; i < r->n; i++) {
        struct hag_node_spec spec = {.size = sizeof(spec),
                                     .name = r->s[i].name,
                                     .addr = r->s[i].addr,
                                     .flags = r->s[i].flags,
                                     .priority = r->s[i].host_priority,
                                     .zone = r->s[i].zone,
                                     .host = r->s[i].host,
                                     .user = i};

        must(r, hag_node_add(r->g, r->c, &spec, r->now, &r->s[i].node));
    }
}

void rig_world(struct rig *r, uint32_t nodes)
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
        s->fence = HAG_FENCE_DEMOTED;
    }
}

void rig_start(struct rig *r, uint32_t nodes, const char *const *settings)
{
    rig_world(r, nodes);
    rig_guard(r, settings);
}

void rig_end(struct rig *r)
{
    drop_guard(r);
}

void rig_settle(struct rig *r)
{
    rig_run(r, 100000);
}

/* What was ordered before is still on its way in the stores; only nobody waits for it any more. */
void rig_restart_guard(struct rig *r, const char *const *settings)
{
    drop_guard(r);
    for (uint32_t i = 0; i < RIG_DUES; i++) {
        if (r->due[i].kind == HAG_DO_PROBE)
            r->due[i].used = 0;
        r->due[i].op = 0;
    }
    r->stopped = r->stop_at_action = r->stop_does = 0;
    r->stop_after = 0;
    rig_guard(r, settings);
    if (r->record_len > 0)
        must(r, hag_cluster_restore(r->g, r->c, r->record, r->record_len, r->now));
}

static hag_time next_due(const struct rig *r)
{
    hag_time at = UINT64_MAX;

    for (uint32_t i = 0; i < RIG_DUES; i++) {
        if (r->due[i].used && r->due[i].at < at)
            at = r->due[i].at;
    }
    return at;
}

static void all_due(struct rig *r)
{
    for (uint32_t i = 0; i < RIG_DUES; i++) {
        if (r->due[i].used && r->due[i].at <= r->now) {
            struct rig_due d = r->due[i];

            r->due[i].used = 0;
            happen(r, &d);
        }
    }
}

void rig_run(struct rig *r, hag_time until)
{
    uint32_t rounds = 0;
    hag_time last = r->now;

    while (!r->stopped) {
        int64_t wait;
        hag_time at, due;

        rounds = r->now == last ? rounds + 1 : 0;
        last = r->now;
        if (rounds > SPINS) {
            fprintf(stderr, "rig: it spins at %llu\n%s", (unsigned long long)r->now,
                    rig_explain(r));
            abort();
        }
        while (hag_dispatch(r->g, r->now) > 0 && rounds <= SPINS)
            rounds++;
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
            rig__grow(r, at - r->now);
            r->now = at;
            rig__connect(r);
        }
        all_due(r);
        if (r->now >= until && next_due(r) > until && hag_timeout(r->g, r->now) != 0)
            return;
    }
}

void rig_for(struct rig *r, hag_time ms)
{
    rig_run(r, r->now + ms);
}

void rig_kill(struct rig *r, uint32_t i)
{
    rig__grow(r, 0);
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
    rig__connect(r);
}

void rig_deeds(struct rig *r, uint32_t i, uint32_t how)
{
    memset(r->s[i].deed, (int)how, sizeof(r->s[i].deed));
}
