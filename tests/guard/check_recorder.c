/* SPDX-License-Identifier: MIT
 *
 * The recorder: every call of the interface goes into the log, and a guard that is told the same again
 * does the same, byte for byte (10).
 */
#include "recorded.h"

/* What is refused leaves no mark but the time, and what is late may still stir things up. */
static void mistakes(hag_guard *g, hag_cluster c, hag_time now)
{
    struct hag_result bad = {.size = sizeof(bad), .outcome = 9};
    struct hag_result good = {.size = sizeof(good)};
    struct hag_facts f = {.size = sizeof(f), .role = 77};

    ck_assert_int_eq(hag_op_complete(g, 0, &good, now + 1), HAG_ERR_BAD_HANDLE);
    for (uint32_t i = 0; i < npolled; i++) {
        (void)hag_op_complete(g, polled[i], &bad, now + 2);
        good.facts = &f;
        ck_assert_int_eq(hag_op_complete(g, polled[i], &good, now + 3), HAG_ERR_RANGE);
        good.facts = NULL;
        (void)hag_op_progress(g, polled[i], 0, now + 4);
        (void)hag_op_complete(g, polled[i], &good, now + 5);
    }
    ck_assert_int_eq(hag_node_probe(g, 1, now + 6), HAG_ERR_BAD_HANDLE);
    ck_assert_int_eq(hag_cluster_pause(g, c, "me", 0, now + 7), HAG_ERR_RANGE);
    ck_assert_int_eq(hag_cluster_failover(g, c, 0, HAG_OPERATE_DRY_RUN, now + 8, NULL),
                     HAG_ERR_REFUSED);
    ck_assert_int_eq(hag_cluster_switchover(g, c, 0, 0, now + 9, NULL), HAG_ERR_REFUSED);
}

START_TEST(polling)
{
    static const char *const advertised = "127.0.0.1:1001";
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "a", .addr = "127.0.0.1:1"};
    hag_guard *g;
    hag_policy p;
    hag_cluster c;
    hag_node n, m;
    hag_source s;
    hag_time now = 1000;

    options = (struct hag_options){.size = sizeof(options),
                                   .flags = HAG_OPTION_RECORD | HAG_OPTION_SOLE,
                                   .seed = 3,
                                   .max_work = 5,
                                   .stall_after = 400};
    ck_assert_int_eq(hag_guard_new(&options, &g), HAG_OK);
    ck_assert_int_eq(hag_record_clock(g, 1800000000000, now), HAG_OK);
    ck_assert_int_eq(hag_handles(g, (1ull << HAG_DO_MAX) - 1), HAG_OK);
    ck_assert_int_eq(hag_policy_new(g, &p), HAG_OK);
    ck_assert_int_eq(hag_policy_set(g, p, HAG_P_DOWN_AFTER, 5000), HAG_OK);
    ck_assert_int_eq(hag_policy_set_text(g, p, "fall", "2"), HAG_OK);
    ck_assert_int_eq(hag_guard_set_policy(g, p), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(g, "one", p, 5, now, &c), HAG_OK);
    spec.flags = HAG_NODE_PRIMARY;
    spec.priority = -3;
    spec.user = UINT64_MAX;
    ck_assert_int_eq(hag_node_add(g, c, &spec, now, &n), HAG_OK);
    spec.flags = 0;
    spec.name = "b";
    spec.addr = "[::1]:2";
    spec.advertised = advertised;
    spec.zone = "z";
    spec.host = "h";
    ck_assert_int_eq(hag_node_add(g, c, &spec, now, &m), HAG_OK);
    ck_assert_int_eq(hag_source_add(g, c, HAG_SOURCE_OBSERVER, 0, "eye", &s), HAG_OK);
    for (int i = 0; i < 100; i++) {
        poll(g, now += 97, i > 20);
        if (i == 60) /* it is asked at once */
            ck_assert_int_eq(hag_observe(g, s, n, HAG_SEEN_FAILING, 3, now), HAG_OK);
    }
    mistakes(g, c, now);
    now -= 2000; /* the clock steps back, then leaps */
    for (int i = 0; i < 20; i++)
        poll(g, now += 97, 1);
    now += 100000;
    for (int i = 0; i < 20; i++)
        poll(g, now += 97, i % 2);
    ck_assert_int_eq(hag_cluster_pause(g, c, "me", 3000, now), HAG_OK);
    ck_assert_int_eq(hag_cluster_resume(g, c, now), HAG_OK);
    ck_assert_int_eq(hag_policy_set_text(g, p, "fall", "3"), HAG_OK);
    ck_assert_int_eq(hag_cluster_set_policy(g, c, p, now), HAG_OK);
    ck_assert_int_eq(hag_policy_free(g, p), HAG_OK);
    ck_assert_int_eq(hag_cluster_prefer_zone(g, c, "z"), HAG_OK);
    ck_assert_int_eq(hag_cluster_prefer_zone(g, c, NULL), HAG_OK);
    spec.advertised = NULL;
    spec.priority = 5;
    ck_assert_int_eq(hag_node_set(g, m, &spec, now), HAG_OK);
    ck_assert_int_eq(hag_node_probe(g, m, now), HAG_OK);
    ck_assert_int_eq(hag_observe(g, 0, m, HAG_SEEN_BROKEN, 0, now), HAG_OK);
    for (int i = 0; i < 20; i++)
        poll(g, now += 97, 1);
    ck_assert_int_eq(hag_source_remove(g, s, now), HAG_OK);
    ck_assert_int_eq(hag_handles(g, 1u << HAG_DO_PROBE), HAG_OK);
    for (int i = 0; i < 20; i++)
        poll(g, now += 97, 1);
    (void)hag_cluster_confirm(g, c, n, now);
    (void)hag_node_remove(g, m, now);
    for (int i = 0; i < 20; i++)
        poll(g, now += 97, 1);
    take_all(g, &whole);
    must_be_same(&whole);
    has_all(&whole, IN_POLLING);
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    drop_recording(&whole);
    npolled = 0;
}
END_TEST

/* The operator's word, and an op that takes longer. */
START_TEST(operating)
{
    static const char *const s[] = {"fence", "required", NULL};
    uint32_t extended = 0;

    begin(4);
    rig_end(&r);
    rig_guard(&r, s);
    rig_settle(&r);
    r.s[0].frozen = 1;
    r.s[0].delay[HAG_DO_FENCE] = 900;
    while (extended == 0 && r.now < 200000) {
        rig_for(&r, 50);
        for (uint32_t i = 0; i < RIG_DUES; i++) {
            if (r.due[i].used && r.due[i].kind == HAG_DO_FENCE)
                extended += hag_op_progress(r.g, r.due[i].op, 5000, r.now) == HAG_OK;
        }
        if (rig_alerting(&r, HAG_ALERT_FENCE_UNCONFIRMED))
            break;
    }
    rig_run(&r, 400000);
    ck_assert_int_eq(hag_cluster_confirm(r.g, r.c, 0, r.now), HAG_OK);
    rig_for(&r, 20000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(hag_node_remove(r.g, r.s[3].node, r.now), HAG_OK);
    rig_for(&r, 20000);
    take_all(r.g, &whole);
    must_be_same(&whole);
    has_all(&whole, IN_OPERATING);
    rig_end(&r);
    drop_recording(&whole);
}
END_TEST

START_TEST(failovers)
{
    begin(5);
    rig_settle(&r);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t p = rig_primary(&r);

        rig_kill(&r, p);
        rig_for(&r, 100000);
        rig_revive(&r, p, 0);
        rig_for(&r, 310000);
    }
    ck_assert_uint_ge(rig_info(&r).failovers, 3);
    end();
}
END_TEST

/* A guard that goes on from a record. */
START_TEST(restored)
{
    static const uint32_t stops[] = {HAG_DO_FENCE, HAG_DO_DETACH, HAG_DO_PROMOTE, HAG_DO_FOLLOW};

    for (size_t i = 0; i < UNIT_COUNT(stops); i++) {
        begin(3);
        rig_settle(&r);
        rig_kill(&r, 0);
        r.stop_at_action = (int)stops[i];
        rig_for(&r, 100000);
        ck_assert_int_eq(r.stopped, 1);
        take_all(r.g, &whole);
        must_be_same(&whole);
        drop_recording(&whole);
        rig_restart_guard(&r, NULL);
        rig_for(&r, 100000);
        take_all(r.g, &whole);
        has_all(&whole, IN_RESTORED);
        must_be_same(&whole);
        rig_end(&r);
        drop_recording(&whole);
    }
}
END_TEST

/* The log can be taken at any time, in any pieces, inside a hook too. */
static struct recording by_piece;
static size_t piece;

static void taking(struct rig *rig, const struct hag_action *a)
{
    (void)a;
    ck_assert_int_eq(take_pieces(rig->g, &by_piece, piece), 0);
}

START_TEST(pieces)
{
    static const size_t sizes[] = {1, 7, 100, 65536};

    for (size_t i = 0; i < UNIT_COUNT(sizes); i++) {
        piece = sizes[i];
        begin(3);
        r.watch = taking;
        rig_settle(&r);
        rig_kill(&r, 0);
        rig_for(&r, 100000);
        ck_assert_int_eq(hag_record_end(r.g), HAG_OK);
        ck_assert_int_eq(take_pieces(r.g, &by_piece, piece), 0);
        must_be_same(&by_piece);
        rig_end(&r);
        drop_recording(&by_piece);
    }
}
END_TEST

/* Without it nothing changes: the same actions, the same events, no allocation more. */
static uint64_t seen_hash;

static void hash_it(struct rig *rig, const struct hag_action *a)
{
    (void)rig;
    seen_hash = hag__log_mix(seen_hash, a->kind ^ a->op ^ a->deadline << 8 ^ a->node ^ a->term);
    seen_hash = hag__log_mix(seen_hash, hag__log_sum(1, (const uint8_t *)a->text, strlen(a->text)));
}

START_TEST(changes_nothing)
{
    struct unit_mem mem;
    uint64_t hash[2];
    uint32_t calls[2];

    for (uint32_t on = 0; on < 2; on++) {
        uint8_t byte;
        size_t n = 3;

        unit_mem_init(&mem);
        options = (struct hag_options){.size = sizeof(options),
                                       .flags = HAG_OPTION_SOLE | (on ? HAG_OPTION_RECORD : 0),
                                       .seed = 7,
                                       .realloc = unit_realloc,
                                       .ud = &mem};
        r.opt = &options;
        seen_hash = 0;
        rig_world(&r, 3);
        r.watch = hash_it;
        rig_guard(&r, NULL);
        rig_settle(&r);
        rig_kill(&r, 0);
        rig_for(&r, 100000);
        hash[on] = seen_hash;
        calls[on] = mem.calls;
        if (!on) {
            ck_assert_int_eq(hag_record_take(r.g, &byte, 1, &n), HAG_ERR_UNSUPPORTED);
            ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "HAG_OPTION_RECORD"));
            ck_assert_int_eq(hag_record_end(r.g), HAG_ERR_UNSUPPORTED);
            ck_assert_int_eq(hag_record_clock(r.g, 1, r.now), HAG_OK);
            ck_assert_uint_eq(n, 3);
        }
        rig_end(&r);
        ck_assert_uint_eq(mem.blocks, 0);
    }
    ck_assert_uint_eq(hash[0], hash[1]);
    ck_assert_uint_lt(calls[0], calls[1]);
}
END_TEST

START_TEST(arguments)
{
    uint8_t byte;
    size_t n = 3;

    ck_assert_int_eq(hag_record_take(NULL, &byte, 1, &n), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_record_end(NULL), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_record_clock(NULL, 1, 1), HAG_ERR_INVAL);
    begin(2);
    ck_assert_int_eq(hag_record_take(r.g, &byte, 1, NULL), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_record_take(r.g, NULL, 1, &n), HAG_ERR_INVAL);
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(hag_record_take(r.g, NULL, 0, &n), 1);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(hag_record_end(r.g), HAG_OK);
    ck_assert_int_eq(hag_record_end(r.g), HAG_OK);
    rig_for(&r, 10000); /* it works on, and nothing of that is recorded */
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), 0);
    n = whole.n;
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), 0);
    ck_assert_uint_eq(whole.n, n);
    must_be_same(&whole);
    rig_end(&r);
    drop_recording(&whole);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {polling, operating,       failovers, restored,
                                  pieces,  changes_nothing, arguments, NULL};

    return unit_run("recorder", tests);
}
