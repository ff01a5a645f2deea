/* SPDX-License-Identifier: MIT */
#include "../unit/unit.h"
#include "rig.h"

/* K8: in place, by order; whatever goes wrong before the promotion is taken back. */

static struct rig r;

static void begin(uint32_t nodes, const char *const *settings)
{
    rig_start(&r, nodes, settings);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
}

static int32_t order(hag_node to, uint32_t flags, struct hag_answer *a)
{
    *a = (struct hag_answer){.size = sizeof(*a)};
    return hag_cluster_switchover(r.g, r.c, to, flags, r.now, a);
}

static void go(hag_node to)
{
    struct hag_answer a;

    ck_assert_int_eq(order(to, 0, &a), HAG_OK);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_SWITCHOVER);
}

static void must_serve(uint32_t primary)
{
    ck_assert_uint_eq(rig_primary(&r), primary);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_int_eq(r.s[primary].primary, 1);
    ck_assert_int_eq(r.s[primary].quiesced, 0);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_PRIMARY], r.s[primary].addr);
}

/* The quiet time, and that the new primary begins with everything the old one had. */
static hag_time quiet_from, quiet_to;
static uint64_t old_position, new_position;

static void note(struct rig *w, const struct hag_action *a)
{
    if (a->kind == HAG_DO_QUIESCE)
        quiet_from = w->now;
    if (a->kind == HAG_DO_ENDPOINT_UPDATE && a->endpoint == HAG_ENDPOINT_PRIMARY)
        quiet_to = w->now;
    if (a->kind == HAG_DO_PROMOTE) {
        old_position = rig__position(w, &w->s[rig_store_of(w, a->target)]);
        new_position = rig__position(w, &w->s[rig_store_of(w, a->node)]);
        ck_assert_uint_ne(a->flags & HAG_ACT_PLANNED, 0);
    }
}

START_TEST(in_place)
{
    begin(3, NULL);
    r.watch = note;
    go(0);
    rig_for(&r, 1000);
    ck_assert_uint_eq(new_position, old_position);
    ck_assert_uint_lt(quiet_to - quiet_from, 20);
    must_serve(rig_primary(&r));
    ck_assert_uint_ne(rig_primary(&r), 0);
    ck_assert_uint_eq(rig_info(&r).procedure, 0);
    ck_assert_uint_eq(rig_info(&r).failovers, 0);
    ck_assert_uint_eq(r.s[0].upstream, rig_primary(&r));
    ck_assert_uint_eq(rig_info(&r).term, 2);
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_IMPOSSIBLE);
    rig_for(&r, 30000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_ptr_nonnull(strstr(r.name[HAG_ENDPOINT_REPLICA], r.s[0].addr));
    rig_end(&r);
}
END_TEST

START_TEST(named_target)
{
    begin(4, NULL);
    go(r.s[3].node);
    rig_for(&r, 30000);
    must_serve(3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(r.s[i].upstream, 3);
    rig_end(&r);
}
END_TEST

/* There and back: hold-down bars automatic moves, not an operator's. */
START_TEST(there_and_back)
{
    begin(2, NULL);
    go(r.s[1].node);
    rig_for(&r, 30000);
    must_serve(1);
    go(r.s[0].node);
    rig_for(&r, 30000);
    must_serve(0);
    rig_end(&r);
}
END_TEST

static void nothing_happens(void)
{
    uint32_t acts = r.acts[HAG_DO_COMMIT] + r.acts[HAG_DO_QUIESCE] + r.acts[HAG_DO_PROMOTE];

    rig_for(&r, 1500);
    ck_assert_uint_eq(r.acts[HAG_DO_COMMIT] + r.acts[HAG_DO_QUIESCE] + r.acts[HAG_DO_PROMOTE],
                      acts);
}

START_TEST(dry_run)
{
    struct hag_answer a;
    uint32_t told;

    begin(3, NULL);
    ck_assert_int_eq(order(r.s[1].node, HAG_OPERATE_DRY_RUN, &a), HAG_OK);
    ck_assert_uint_eq(a.target, r.s[1].node);
    ck_assert_uint_eq(a.nreasons, 0);
    nothing_happens();
    told = r.nev;
    r.s[1].priority = 0;
    rig_for(&r, 1500);
    ck_assert_int_eq(order(r.s[1].node, HAG_OPERATE_DRY_RUN, &a), HAG_ERR_REFUSED);
    rig_for(&r, 100);
    ck_assert_uint_eq(r.nev, told); /* a dry run tells nobody else */
    rig_end(&r);
}
END_TEST

static void breaks_observing(void)
{
    rig_end(&r);
    rig_start(&r, 3, NULL);
}
static void breaks_pause(void)
{
    (void)hag_cluster_pause(r.g, r.c, "me", 60000, r.now);
}
static void breaks_running(void)
{
    r.commit_hang = 1;
    (void)hag_cluster_switchover(r.g, r.c, 0, 0, r.now, NULL);
    rig_for(&r, 10);
}
static void breaks_suspect(void)
{
    rig_kill(&r, 0);
    rig_for(&r, 1500); /* one failed probe is enough to be unsettled */
}
static void breaks_candidates(void)
{
    r.s[1].priority = 0;
    r.s[2].loading = 1;
    rig_for(&r, 1500);
}
static void breaks_link(void)
{
    r.s[1].link_stopped = r.s[2].link_stopped = 1;
    rig_for(&r, 1500);
}
static void breaks_handler(void)
{
    (void)hag_set_hook(r.g, HAG_DO_QUIESCE, NULL, NULL);
}

/* Each precondition that fails is named, and nothing is begun. */
START_TEST(every_reason)
{
    static const struct {
        void (*breaks)(void);
        uint32_t first, also;
        uint32_t about; /* of the second */
    } rows[] = {
        {breaks_observing, HAG_WHY_OBSERVING, HAG_WHY_NO_PRIMARY, RIG_NOBODY},
        {breaks_pause, HAG_WHY_PAUSED, 0, RIG_NOBODY},
        {breaks_running, HAG_WHY_RUNNING, 0, RIG_NOBODY},
        {breaks_suspect, HAG_WHY_UNSETTLED, 0, RIG_NOBODY},
        {breaks_candidates, HAG_WHY_NO_CANDIDATE, HAG_WHY_NOT_SERVING, 2},
        {breaks_link, HAG_WHY_NO_CANDIDATE, HAG_WHY_WRONG_UPSTREAM, 1},
        {breaks_handler, HAG_WHY_NO_HANDLER, 0, RIG_NOBODY},
    };

    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        struct hag_answer a;
        int found = rows[k].also == 0;

        begin(3, NULL);
        rows[k].breaks();
        for (int dry = 1; dry >= 0; dry--) {
            ck_assert_int_eq(order(0, dry ? HAG_OPERATE_DRY_RUN : 0, &a), HAG_ERR_REFUSED);
            ck_assert_uint_ge(a.nreasons, 1);
            ck_assert_msg(a.reasons[0] == rows[k].first, "%u: %s", k,
                          hag_name(HAG_NAMES_WHY, a.reasons[0]));
            for (uint32_t i = 0; i < a.nreasons; i++)
                found |= a.reasons[i] == rows[k].also &&
                         (rows[k].about == RIG_NOBODY || a.about[i] == r.s[rows[k].about].node);
            ck_assert_msg(found, "%u lacks its second reason", k);
            ck_assert_str_ne(hag_errmsg(r.g), "");
        }
        if (rows[k].breaks != breaks_running && rows[k].breaks != breaks_observing)
            nothing_happens();
        rig_end(&r);
    }
}
END_TEST

START_TEST(unfit_target)
{
    struct hag_answer a;

    begin(3, NULL);
    r.s[2].priority = 0;
    rig_for(&r, 1500);
    ck_assert_int_eq(order(r.s[2].node, 0, &a), HAG_ERR_REFUSED);
    ck_assert_uint_eq(a.nreasons, 2);
    ck_assert_uint_eq(a.reasons[0], HAG_WHY_TARGET_UNFIT);
    ck_assert_uint_eq(a.reasons[1], HAG_WHY_PRIORITY_ZERO);
    ck_assert_uint_eq(a.about[1], r.s[2].node);
    ck_assert_int_eq(order(r.s[0].node, 0, &a), HAG_ERR_REFUSED);
    ck_assert_uint_eq(a.reasons[1], HAG_WHY_IS_PRIMARY);
    nothing_happens();
    must_serve(0);
    rig_end(&r);
}
END_TEST

/* Undone within quiesce_max, and writes go on. */
START_TEST(never_drains)
{
    hag_time from;

    begin(2, NULL);
    r.s[1].lag = 5000;
    rig_for(&r, 2000);
    go(0);
    from = r.now;
    rig_for(&r, 100);
    ck_assert_int_eq(r.s[0].quiesced, 1);
    rig_run(&r, from + 10100);
    ck_assert_int_eq(r.s[0].quiesced, 0);
    ck_assert_uint_ge(rig_find(&r, HAG_EV_UNQUIESCE, 0, 0)->at, from + 10000);
    ck_assert_uint_eq(rig_find(&r, HAG_EV_ABORT, RIG_NOBODY, 0)->reason, HAG_WHY_NOT_DRAINED);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    must_serve(0);
    rig_for(&r, 10000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

START_TEST(quiesce_refused_or_lost)
{
    static const uint8_t how[] = {RIG_REFUSE, RIG_HANG, RIG_MUTE, RIG_LATE};

    for (uint32_t k = 0; k < UNIT_COUNT(how); k++) {
        begin(2, NULL);
        r.s[0].deed[HAG_DO_QUIESCE] = how[k];
        go(0);
        rig_for(&r, 120000);
        ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
        must_serve(0);
        ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
        rig_end(&r);
    }
}
END_TEST

/* K8: it falls back to the quiesced old primary once the candidate is read as a standby, or fenced;
 * or the promotion is seen to have happened. */
START_TEST(promote_goes_wrong)
{
    static const struct {
        uint8_t how;
        uint32_t primary;
    } rows[] = {{RIG_REFUSE, 0}, {RIG_HANG, 0}, {RIG_MUTE, 1}, {RIG_LATE, RIG_NOBODY}};

    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        begin(2, NULL);
        r.s[1].deed[HAG_DO_PROMOTE] = rows[k].how;
        go(0);
        rig_for(&r, 300000);
        if (rows[k].primary != RIG_NOBODY)
            ck_assert_uint_eq(rig_primary(&r), rows[k].primary);
        must_serve(rig_primary(&r));
        ck_assert_uint_eq(rig_info(&r).procedure, 0);
        ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
        rig_end(&r);
    }
}
END_TEST

static uint32_t kill_at, kill_whom;

static void kills(struct rig *w, const struct hag_action *a)
{
    if (a->kind == kill_at && !w->s[kill_whom].dead)
        rig_kill(w, kill_whom);
}

/* S1: one that loses its primary becomes a failover; one that loses its candidate is undone. */
START_TEST(someone_dies_on_the_way)
{
    static const uint32_t at[] = {HAG_DO_QUIESCE, HAG_DO_PROMOTE, HAG_DO_ENDPOINT_UPDATE,
                                  HAG_DO_FOLLOW, HAG_DO_DISCONNECT};

    for (uint32_t k = 0; k < UNIT_COUNT(at); k++) {
        for (kill_whom = 0; kill_whom < 2; kill_whom++) {
            begin(3, NULL);
            kill_at = at[k];
            r.watch = kills;
            go(r.s[1].node);
            rig_for(&r, 400000);
            r.watch = NULL;
            /* a new primary that nobody has met yet has no successor (S4), and says so */
            ck_assert_msg(rig_writers(&r) == 1 || rig_alerting(&r, HAG_ALERT_NO_CANDIDATE),
                          "killed %s at %s:\n%s", r.s[kill_whom].name,
                          hag_name(HAG_NAMES_ACTION, kill_at), rig_explain(&r));
            if (kill_whom == 1 && kill_at == HAG_DO_ENDPOINT_UPDATE)
                ck_assert_int_eq(rig_alerting(&r, HAG_ALERT_NO_CANDIDATE), 1);
            if (rig_writers(&r) == 1)
                must_serve(rig_primary(&r));
            rig_revive(&r, kill_whom, 0);
            rig_for(&r, 60000);
            if (rig_node_alerting(&r, kill_whom, HAG_ALERT_UNKNOWN_NODE)) {
                ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, r.s[kill_whom].node, r.now), HAG_OK);
                rig_for(&r, 60000);
            }
            ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY, "%s", rig_explain(&r));
            must_serve(rig_primary(&r));
            rig_end(&r);
        }
    }
}
END_TEST

START_TEST(second_request)
{
    struct hag_answer a;

    begin(3, NULL);
    r.s[1].delay[HAG_DO_PROMOTE] = 1000;
    go(r.s[1].node);
    rig_for(&r, 100);
    ck_assert_int_eq(order(r.s[2].node, 0, &a), HAG_ERR_REFUSED);
    ck_assert_uint_eq(a.reasons[0], HAG_WHY_RUNNING);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, 0, r.now, NULL), HAG_ERR_REFUSED);
    rig_for(&r, 30000);
    must_serve(1);
    rig_end(&r);
}
END_TEST

/* A store that drains by itself is not quiesced (Dragonfly's REPLTAKEOVER). */
START_TEST(self_drains)
{
    rig_world(&r, 3);
    for (uint32_t i = 0; i < 3; i++)
        r.s[i].self_drains = 1;
    rig_guard(&r, NULL);
    rig_settle(&r);
    go(r.s[1].node);
    rig_for(&r, 40000);
    ck_assert_uint_eq(r.acts[HAG_DO_QUIESCE], 0);
    must_serve(1);
    rig_end(&r);
}
END_TEST

START_TEST(demotion_refused)
{
    begin(2, NULL);
    r.s[0].deed[HAG_DO_FOLLOW] = RIG_REFUSE;
    go(0);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_ptr_nonnull(rig_find(&r, HAG_EV_FENCE, 0, 0)); /* else fence it */
    ck_assert_uint_eq(rig_writers(&r), 1);
    r.s[0].deed[HAG_DO_FOLLOW] = RIG_OK;
    rig_for(&r, 60000);
    must_serve(1);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

/* Without a durable term nothing begins. */
START_TEST(disk_full)
{
    begin(2, NULL);
    r.disk_full = 1;
    go(0);
    rig_for(&r, 30000);
    ck_assert_uint_eq(r.acts[HAG_DO_QUIESCE], 0);
    ck_assert_uint_eq(rig_info(&r).procedure, 0);
    must_serve(0);
    r.disk_full = 0;
    rig_for(&r, 40000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {in_place,
                            named_target,
                            there_and_back,
                            dry_run,
                            every_reason,
                            unfit_target,
                            never_drains,
                            quiesce_refused_or_lost,
                            promote_goes_wrong,
                            someone_dies_on_the_way,
                            second_request,
                            self_drains,
                            demotion_refused,
                            disk_full,
                            NULL};

    return unit_run("switchover", tests);
}
