/* SPDX-License-Identifier: MIT
 *
 * Small worlds with random faults. After every action the rules of design 7 are asked; when the
 * faults have ended, the cluster has to come to rest. RIG_SEED=n plays one world, RIG_WORLDS=n so many.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

#define WORLDS 3000
#define GROUPS 8
#define BOOT   20000u

struct world {
    struct rig r;
    uint64_t seed, state;
    int calm;         /* no faults any more */
    int lost;         /* data was lost by a fault, not by a decision */
    uint32_t ordered; /* the last that was to be promoted */
    uint64_t ordered_term;
    const char *settings[64];
};

static const char *const base[] = {
    "down_after",   "5s", "down_after_replica", "5s",  "frozen_after", "5s",
    "gone_after",   "5s", "serve_after",        "10s", "hold_down",    "10s",
    "retry_max",    "4s", "promote_timeout",    "5s",  "veto_limit",   "10s",
    "max_switches", "16", "names_within",       "10s", "quiesce_max",  "5s",
    "step_timeout", "2s", "commit_timeout",     "2s",  "ttl",          "1s",
    NULL,
};

static const char *const extra[][3] = {
    {"fence", "required", NULL},      {"alone", "promote", NULL},
    {"repoint_parallel", "1", NULL},  {"detach_on_break", "on", NULL},
    {"withdraw_replica", "on", NULL}, {"position_tolerance", "500", NULL},
};

static void complain(const struct world *w, const char *what)
{
    char text[200];

    (void)snprintf(text, sizeof(text), "seed %llu at %llu: %s", (unsigned long long)w->seed,
                   (unsigned long long)w->r.now, what);
    fprintf(stderr, "%s\n%s", text, rig_explain(&w->r));
    ck_abort_msg("%s", text);
}

static int promotion_under_way(const struct rig *r, hag_node but)
{
    for (uint32_t i = 0; i < RIG_DUES; i++) {
        const struct rig_due *d = &r->due[i];

        if (d->used && d->kind == HAG_DO_PROMOTE && d->op != 0 && r->s[d->node].node != but &&
            d->deadline > r->now && !r->s[d->node].dead)
            return 1;
    }
    return 0;
}

/* S4: what it holds. */
static void promote_is_safe(struct world *w, const struct hag_action *a)
{
    struct rig *r = &w->r;
    uint32_t i = rig_store_of(r, a->node), p = rig_primary(r);
    const struct rig_store *s = &r->s[i];
    int first;

    if (a->term > r->record_term)
        complain(w, "S2: a promotion before the commit of its term");
    if (promotion_under_way(r, a->node))
        complain(w, "S1: two promotions in flight");
    if (s->flags & (HAG_NODE_NO_PROMOTE | HAG_NODE_READ_REPLICA))
        complain(w, "U11: one that must not be promoted");
    if (s->priority == 0)
        complain(w, "S4: priority 0");
    if (s->syncing)
        complain(w, "S4: one that is syncing");
    if (rig_node(r, i).facts & HAG_FACT_EMPTY)
        complain(w, "S4: an empty one");
    if (w->ordered_term == a->term && w->ordered != i)
        complain(w, "S3: two candidates in one term");
    first = w->ordered_term != a->term;
    w->ordered = i;
    w->ordered_term = a->term;
    if (p < r->n && !r->s[p].dead && !r->s[p].frozen && s->history != r->s[p].history &&
        s->older != r->s[p].history && !s->primary && !r->s[p].is_volatile)
        complain(w, "S4: one that has diverged");
    /* S5: of those who could be read and are cut off, nobody has more */
    for (uint32_t k = 0; k < r->n && a->procedure == HAG_PROC_FAILOVER && first; k++) {
        const struct rig_store *o = &r->s[k];
        uint32_t why = rig_node(r, k).refusal;

        if (k == i || k == p || o->dead || o->frozen || o->cut || o->primary ||
            o->upstream != RIG_NOBODY || o->history != s->history)
            continue;
        if ((why == HAG_WHY_NONE || why == HAG_WHY_LATER_NAME || why == HAG_WHY_LOWER_PRIORITY) &&
            o->position > s->position + 500 && rig_node(r, k).position > rig_node(r, i).position)
            complain(w, "S5: another one has more");
    }
}

static void watch(struct rig *r, const struct hag_action *a)
{
    struct world *w = r->ud;

    switch (a->kind) {
    case HAG_DO_PROMOTE:
        promote_is_safe(w, a);
        break;
    case HAG_DO_FENCE:
    case HAG_DO_ENDPOINT_UPDATE:
        if (a->term > r->record_term)
            complain(w, "S2: an order before the commit of its term");
        break;
    case HAG_DO_FOLLOW:
        if (a->target == a->node || a->target == 0)
            complain(w, "S9: told to follow itself, or nobody");
        break;
    default:
        break;
    }
}

static uint32_t pick(struct world *w, uint32_t n)
{
    return unit_below(&w->state, n);
}

static void one_deed(struct world *w, struct rig_store *s)
{
    static const uint8_t kinds[] = {HAG_DO_PROMOTE,   HAG_DO_DETACH,  HAG_DO_FOLLOW,
                                    HAG_DO_FENCE,     HAG_DO_QUIESCE, HAG_DO_UNQUIESCE,
                                    HAG_DO_DISCONNECT};
    uint8_t kind = kinds[pick(w, sizeof(kinds))];

    s->deed[kind] = (uint8_t)pick(w, 5);
    s->delay[kind] = pick(w, 3) == 0 ? pick(w, 3000) : 0;
}

static void fault(struct world *w)
{
    struct rig *r = &w->r;
    struct rig_store *s = &r->s[pick(w, r->n)];
    uint32_t i = (uint32_t)(s - r->s), p = rig_primary(r);

    if (pick(w, 3) == 0 && p < r->n) { /* the primary is where it hurts */
        i = p;
        s = &r->s[i];
    }
    switch (pick(w, 16)) {
    case 0:
    case 1:
        if (!s->dead)
            rig_kill(r, i);
        break;
    case 2:
        if (s->dead)
            rig_revive(r, i, s->is_volatile);
        break;
    case 3:
        s->frozen = !s->frozen;
        break;
    case 4:
        s->cut = !s->cut;
        break;
    case 5:
    case 6:
        one_deed(w, s);
        break;
    case 7:
        r->disk_full = !r->disk_full;
        break;
    case 8:
        r->commit_mute = (int)pick(w, 3);
        break;
    case 9:
        r->dns_down = !r->dns_down;
        break;
    case 10:
        rig_restart_guard(r, r->settings);
        break;
    case 11:
        (void)hag_cluster_switchover(r->g, r->c, 0, 0, r->now, NULL);
        break;
    case 12:
        (void)hag_cluster_failover(r->g, r->c, 0, 0, r->now, NULL);
        break;
    case 13:
        r->stop_after = r->orders + 1 + pick(w, 12); /* killed in the middle of whatever comes */
        r->stop_does = (int)pick(w, 2);
        break;
    case 14:
        s->loading = !s->loading;
        break;
    default:
        if (!s->dead) {
            rig_kill(r, i);
            (void)hag_observe(r->g, 0, s->node, HAG_SEEN_BROKEN, 0, r->now);
        }
        break;
    }
}

static void let_run(struct world *w, hag_time until)
{
    rig_run(&w->r, until);
    while (w->r.stopped) { /* it was killed on the way */
        w->r.now += 1 + pick(w, 2000);
        rig_restart_guard(&w->r, w->r.settings);
        rig_run(&w->r, until);
    }
}

static void heal(struct world *w)
{
    struct rig *r = &w->r;

    r->disk_full = r->dns_down = r->commit_mute = r->commit_hang = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        struct rig_store *s = &r->s[i];

        s->frozen = s->cut = s->loading = 0;
        memset(s->deed, 0, sizeof(s->deed));
        memset(s->delay, 0, sizeof(s->delay));
        if (s->dead)
            rig_revive(r, i, s->is_volatile);
    }
    r->stop_after = 0;
}

/* At rest: healthy, one writer, the names true; or it says for whom it waits. */
static int waits_for_somebody(const struct rig *r)
{
    const uint64_t said = 1ull << HAG_ALERT_NO_CANDIDATE | 1ull << HAG_ALERT_CONFLICT |
                          1ull << HAG_ALERT_TWO_PRIMARIES | 1ull << HAG_ALERT_HELD |
                          1ull << HAG_ALERT_FENCE_UNCONFIRMED | 1ull << HAG_ALERT_CYCLE |
                          1ull << HAG_ALERT_UNKNOWN_NODE;
    uint64_t alerts = rig_info(r).alerts;

    for (uint32_t i = 0; i < r->n; i++)
        alerts |= rig_node(r, i).alerts & 1ull << HAG_ALERT_UNKNOWN_NODE;
    return (alerts & said) != 0;
}

static void at_rest(struct world *w)
{
    struct rig *r = &w->r;
    uint32_t p = rig_primary(r);

    if (rig_state(r) != HAG_STATE_HEALTHY) {
        if (!waits_for_somebody(r))
            complain(w, "liveness: it neither came to rest nor says what it waits for");
        return;
    }
    if (rig_writers(r) != 1)
        complain(w, "M1: not exactly one writer at rest");
    if (p >= r->n || !r->s[p].primary)
        complain(w, "the primary is not the one the guard takes it for");
    if (strcmp(r->name[HAG_ENDPOINT_PRIMARY], r->s[p].addr) != 0)
        complain(w, "U8: the primary name is not true");
    for (uint32_t i = 0; i < r->n; i++) {
        if (i != p && !rig__link_up(r, &r->s[i]))
            complain(w, "a standby is not linked at rest");
    }
    if (rig_info(r).procedure != 0)
        complain(w, "something runs for ever");
}

static void settings_of(struct world *w)
{
    uint32_t n = 0;

    for (; base[n] != NULL; n++)
        w->settings[n] = base[n];
    for (uint32_t i = 0; i < UNIT_COUNT(extra); i++) {
        if (pick(w, 5) != 0)
            continue;
        w->settings[n++] = extra[i][0];
        w->settings[n++] = extra[i][1];
    }
    w->settings[n] = NULL;
}

static void play(uint64_t seed)
{
    static struct world w;
    struct rig *r = &w.r;
    uint32_t faults;
    int keeps_nothing;

    w.seed = seed;
    w.state = hag__mix(seed + 1);
    w.ordered_term = 0;
    settings_of(&w);
    rig_world(r, 2 + pick(&w, 4));
    r->ud = &w;
    r->watch = watch;
    keeps_nothing = pick(&w, 6) == 0;
    for (uint32_t i = 0; i < r->n; i++) {
        r->s[i].is_volatile = keeps_nothing;
        r->s[i].undetachable = pick(&w, 12) == 0;
        r->s[i].lag = pick(&w, 3) == 0 ? pick(&w, 2000) : 0;
        if (pick(&w, 12) == 0)
            r->s[i].priority = 0;
        if (pick(&w, 12) == 0)
            r->s[i].flags = i == 0 ? 0 : HAG_NODE_NO_PROMOTE;
    }
    rig_guard(r, w.settings);
    let_run(&w, BOOT);
    faults = 3 + pick(&w, 12);
    for (uint32_t k = 0; k < faults; k++) {
        fault(&w);
        let_run(&w, r->now + (pick(&w, 2) ? pick(&w, 200) : pick(&w, 9000)));
    }
    heal(&w);
    let_run(&w, r->now + 120000);
    at_rest(&w);
    rig_end(r);
}

/* Valgrind is thirty times slower, and the sanitizers have seen them all. */
static uint64_t worlds(void)
{
    const char *many = getenv("RIG_WORLDS"), *preload = getenv("LD_PRELOAD");

    if (many != NULL)
        return strtoull(many, NULL, 10);
    return preload != NULL && strstr(preload, "vgpreload") != NULL ? WORLDS / 15 : WORLDS;
}

START_TEST(random_worlds)
{
    const char *one = getenv("RIG_SEED");
    uint64_t first = one != NULL ? strtoull(one, NULL, 10) : (uint64_t)_i * WORLDS / GROUPS;
    uint64_t last = first + (one != NULL ? 1 : worlds() / GROUPS);

    if (one != NULL && _i > 0)
        return;
    for (uint64_t seed = first; seed < last; seed++)
        play(seed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random");
    TCase *tc = tcase_create("random");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, random_worlds, 0, GROUPS);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
