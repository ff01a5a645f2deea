/* SPDX-License-Identifier: MIT
 *
 * Plugins that are released from a cluster, or give way to others: nothing of the cluster is lost.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <haguard/plugin.h>
#include <stdio.h>

static struct rig r;

struct double_ { /* an instance: answers, or keeps what it is asked */
    const struct hag_host *host;
    hag_plugin_id id;
    int answers;
    uint32_t asked[HAG_DO_MAX];
    uint32_t cancelled, forgotten, generation[2];
    hag_op last[HAG_DO_MAX];
};

static struct double_ a, b, *opening;

static int32_t d_open(const struct hag_host *host, const char *config, hag_time now, void **self,
                      char *why, size_t whylen)
{
    (void)config, (void)now, (void)why, (void)whylen;
    opening->host = host;
    *self = opening;
    return HAG_OK;
}

static void d_start(void *self, const struct hag_action *act, hag_time now)
{
    struct double_ *d = self;
    struct hag_result res = {.size = sizeof(res)};
    const char *streams[RIG_NODES];
    struct hag_facts f;

    (void)now;
    d->asked[act->kind]++;
    d->last[act->kind] = act->op;
    if (act->kind == HAG_DO_ENDPOINT_UPDATE)
        d->generation[act->endpoint] = (uint32_t)act->generation;
    if (!d->answers)
        return;
    if (act->kind == HAG_DO_PROBE) {
        rig__facts(&r, rig_store_of(&r, act->node), &f, streams);
        res.facts = &f;
    }
    (void)d->host->complete(d->host->ctx, act->op, &res);
}

static void d_cancel(void *self, hag_op op)
{
    struct double_ *d = self;
    struct hag_result res = {.size = sizeof(res)};

    d->cancelled++;
    ck_assert_int_eq(d->host->complete(d->host->ctx, op, &res), HAG_ERR_STALE);
}

static void d_forget(void *self, hag_node node)
{
    ck_assert_uint_ne(rig_store_of(&r, node), RIG_NOBODY);
    ((struct double_ *)self)->forgotten++;
}

static void d_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    (void)self, (void)fd, (void)events, (void)now;
}

static void d_tick(void *self, hag_time now)
{
    (void)self, (void)now;
}

static void d_close(void *self)
{
    (void)self;
}

static struct hag_plugin of_names = {.size = sizeof(of_names),
                                     .abi = HAG_PLUGIN_ABI,
                                     .name = "names",
                                     .handles =
                                         1u << HAG_DO_ENDPOINT_UPDATE | 1u << HAG_DO_ENDPOINT_CHECK,
                                     .open = d_open,
                                     .start = d_start,
                                     .cancel = d_cancel,
                                     .forget = d_forget,
                                     .ready = d_ready,
                                     .tick = d_tick,
                                     .close = d_close};
static struct hag_plugin of_promotions, of_probes;

static void add(struct double_ *d, const struct hag_plugin *desc, int answers)
{
    memset(d, 0, sizeof(*d));
    opening = d;
    d->answers = answers;
    ck_assert_int_eq(hag_plugin_add(r.g, desc, NULL, r.now, &d->id), HAG_OK);
    ck_assert_ptr_eq(hag_plugin_self(r.g, d->id, desc), d);
}

static void bind(const struct double_ *d)
{
    ck_assert_int_eq(hag_cluster_bind(r.g, r.c, d->id, r.now), HAG_OK);
}

static void unbind(const struct double_ *d)
{
    ck_assert_int_eq(hag_cluster_unbind(r.g, r.c, d->id, r.now), HAG_OK);
}

static void setup(void)
{
    of_promotions = of_probes = of_names;
    of_promotions.handles = 1u << HAG_DO_PROMOTE;
    of_probes.handles = 1u << HAG_DO_PROBE;
}

START_TEST(only_what_is_bound)
{
    struct hag_plugin other = of_names;
    hag_cluster second;

    rig_start(&r, 2, NULL);
    ck_assert_int_eq(hag_cluster_add(r.g, "second", 0, 0, r.now, &second), HAG_OK);
    add(&a, &of_names, 1);
    add(&b, &of_names, 1);
    ck_assert_int_eq(hag_cluster_unbind(r.g, r.c, a.id, r.now), HAG_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "not bound to orders"));
    bind(&a);
    ck_assert_int_eq(hag_cluster_unbind(r.g, r.c, b.id, r.now), HAG_ERR_NOT_FOUND);
    ck_assert_int_eq(hag_cluster_unbind(r.g, second, a.id, r.now), HAG_ERR_NOT_FOUND);
    unbind(&a);
    ck_assert_int_eq(hag_cluster_unbind(r.g, r.c, a.id, r.now), HAG_ERR_NOT_FOUND);
    for (int i = 0; i < 20; i++) { /* its place is free again */
        bind(&a);
        bind(&b);
        unbind(&a);
        unbind(&b);
    }
    /* an instance is known by its descriptor */
    ck_assert_ptr_null(hag_plugin_self(r.g, a.id, &other));
    ck_assert_ptr_null(hag_plugin_self(r.g, r.c, &of_names));
    ck_assert_ptr_null(hag_plugin_self(r.g, 0, &of_names));
    ck_assert_ptr_null(hag_plugin_self(NULL, a.id, &of_names));
    ck_assert_int_eq(hag_plugin_remove(r.g, a.id, r.now), HAG_OK);
    ck_assert_ptr_null(hag_plugin_self(r.g, a.id, &of_names));
    rig_end(&r);
}
END_TEST

START_TEST(names_are_written_anew_by_who_keeps_them_now)
{
    uint64_t term;

    rig_start(&r, 2, NULL);
    add(&a, &of_names, 1);
    add(&b, &of_names, 1);
    bind(&a);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_UPDATE], 0);
    ck_assert_uint_ge(a.asked[HAG_DO_ENDPOINT_UPDATE], 2);
    term = rig_info(&r).term;
    memset(a.asked, 0, sizeof(a.asked));
    bind(&b); /* the first bound wins */
    rig_for(&r, 20000);
    ck_assert_uint_eq(b.asked[HAG_DO_ENDPOINT_UPDATE] + a.asked[HAG_DO_ENDPOINT_UPDATE], 0);
    unbind(&a);
    rig_for(&r, 5000);
    ck_assert_uint_eq(a.asked[HAG_DO_ENDPOINT_UPDATE], 0);
    ck_assert_uint_eq(b.asked[HAG_DO_ENDPOINT_UPDATE], 2);
    ck_assert_uint_eq(b.asked[HAG_DO_ENDPOINT_CHECK], 2);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_gt(b.generation[i], a.generation[i]);
    ck_assert_uint_eq(a.forgotten, 2);
    ck_assert_uint_eq(b.forgotten, 0);
    unbind(&b); /* then it is the host's */
    rig_for(&r, 5000);
    ck_assert_uint_eq(r.acts[HAG_DO_ENDPOINT_UPDATE], 2);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_PRIMARY], "127.0.0.1:7001");
    bind(&a); /* and no longer */
    rig_for(&r, 5000);
    ck_assert_uint_eq(a.asked[HAG_DO_ENDPOINT_UPDATE], 2);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(rig_info(&r).term, term);
    ck_assert_uint_eq(rig_count(&r, HAG_EV_BEGIN, RIG_NOBODY), 0);
    rig_end(&r);
}
END_TEST

START_TEST(an_update_in_flight_is_cancelled_and_made_by_the_next)
{
    const struct rig_event *e;
    struct hag_result res = {.size = sizeof(res)};

    rig_start(&r, 2, NULL);
    add(&a, &of_names, 0);
    add(&b, &of_promotions, 0);
    bind(&a);
    bind(&b);
    rig_run(&r, 4000);
    ck_assert_uint_eq(a.asked[HAG_DO_ENDPOINT_UPDATE], 2);
    unbind(&b); /* which has none of them */
    rig_for(&r, 10);
    ck_assert_uint_eq(a.cancelled, 0);
    ck_assert_ptr_null(rig_find(&r, HAG_EV_FAILED, RIG_NOBODY, 0));
    unbind(&a);
    rig_for(&r, 5000);
    ck_assert_uint_eq(a.cancelled, 2);
    e = rig_find(&r, HAG_EV_FAILED, RIG_NOBODY, 0);
    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(e->reason, HAG_WHY_CANCELLED);
    ck_assert_ptr_nonnull(strstr(e->text, "released"));
    ck_assert_int_eq(hag_op_complete(r.g, a.last[HAG_DO_ENDPOINT_UPDATE], &res, r.now),
                     HAG_ERR_STALE);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_PRIMARY], "127.0.0.1:7001");
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

START_TEST(a_promotion_in_flight_is_unknown_and_the_failover_goes_on)
{
    const struct rig_event *e;
    hag_time at;

    rig_start(&r, 3, NULL);
    add(&a, &of_promotions, 0);
    bind(&a);
    rig_settle(&r);
    rig_kill(&r, 0);
    rig_for(&r, 63000);
    ck_assert_uint_eq(a.asked[HAG_DO_PROMOTE], 1);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_FAILOVER);
    at = r.now;
    unbind(&a);
    ck_assert_uint_eq(rig_info(&r).procedure, HAG_PROC_FAILOVER);
    rig_for(&r, 90000);
    ck_assert_uint_eq(a.cancelled, 1);
    ck_assert_uint_eq(a.forgotten, 3);
    ck_assert_uint_eq(a.asked[HAG_DO_PROMOTE], 1);
    e = rig_find(&r, HAG_EV_FAILED, RIG_NOBODY, at);
    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(e->reason, HAG_WHY_CANCELLED);
    ck_assert_uint_ne(rig_primary(&r), 0);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_uint_eq(rig_info(&r).failovers, 1);
    rig_end(&r);
}
END_TEST

START_TEST(a_probe_in_flight_is_no_evidence)
{
    struct hag_result res = {.size = sizeof(res), .outcome = HAG_RES_UNKNOWN};
    uint32_t before;

    rig_start(&r, 2, NULL);
    add(&a, &of_probes, 1);
    bind(&a);
    rig_settle(&r);
    before = r.acts[HAG_DO_PROBE];
    ck_assert_uint_eq(before, 0);
    a.answers = 0;
    rig_for(&r, 1000); /* both are at work */
    unbind(&a);
    ck_assert_int_eq(hag_op_complete(r.g, a.last[HAG_DO_PROBE], &res, r.now), HAG_ERR_STALE);
    rig_for(&r, 1); /* it is looked at anew at once */
    ck_assert_uint_eq(r.acts[HAG_DO_PROBE], before + 2);
    rig_for(&r, 50);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(rig_node(&r, i).result, HAG_PROBE_OK);
        ck_assert_uint_eq(rig_node(&r, i).fails, 0);
    }
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(a.cancelled, 0);
    ck_assert_uint_eq(a.forgotten, 2);
    rig_end(&r);
}
END_TEST

START_TEST(with_nobody_else_it_is_told_and_nothing_is_probed)
{
    r.unhandled = 0;
    rig_world(&r, 2);
    r.unhandled = 1u << HAG_DO_PROBE;
    rig_guard(&r, NULL);
    add(&a, &of_probes, 1);
    bind(&a);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    unbind(&a);
    rig_for(&r, 5000);
    ck_assert_ptr_nonnull(rig_find(&r, HAG_EV_UNHANDLED, RIG_NOBODY, 0));
    add(&b, &of_probes, 1);
    bind(&b);
    rig_for(&r, 5000);
    ck_assert_uint_gt(b.asked[HAG_DO_PROBE], 4);
    rig_end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bindings");
    TCase *tc = tcase_create("bindings");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, only_what_is_bound);
    tcase_add_test(tc, names_are_written_anew_by_who_keeps_them_now);
    tcase_add_test(tc, an_update_in_flight_is_cancelled_and_made_by_the_next);
    tcase_add_test(tc, a_promotion_in_flight_is_unknown_and_the_failover_goes_on);
    tcase_add_test(tc, a_probe_in_flight_is_no_evidence);
    tcase_add_test(tc, with_nobody_else_it_is_told_and_nothing_is_probed);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
