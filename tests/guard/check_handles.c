/* SPDX-License-Identifier: MIT
 *
 * No guard, handles of another kind or of what is gone, structs of another size.
 */
#include "api.h"

START_TEST(null_guard)
{
    hag_guard *no = NULL;
    uint64_t h = POISON;
    int64_t v = 7;
    struct hag_result res = {.size = sizeof(res)};
    struct hag_action a = {.size = sizeof(a)};
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "a", .addr = "127.0.0.1:1"};
    struct hag_cluster_info ci = {.size = sizeof(ci)};
    struct hag_node_info ni = {.size = sizeof(ni)};
    char buf[8] = "ZZZ";
    size_t n;
    const int32_t said[] = {
        hag_advance(no, 0),
        hag_next_action(no, 0, &a),
        hag_handles(no, 0),
        hag_guard_set_policy(no, 1),
        hag_op_complete(no, 1, &res, 0),
        hag_op_progress(no, 1, 1, 0),
        hag_policy_new(no, &h),
        hag_policy_free(no, 1),
        hag_policy_set(no, 1, HAG_P_FALL, 1),
        hag_policy_set_text(no, 1, "fall", "1"),
        hag_policy_get(no, 1, HAG_P_FALL, &v),
        hag_policy_check(no, 1),
        hag_cluster_add(no, "x", 0, 0, 0, &h),
        hag_cluster_remove(no, 1, 0),
        hag_cluster_restore(no, 1, (const uint8_t *)"x", 1, 0),
        hag_cluster_bind(no, 1, 1, 0),
        hag_cluster_unbind(no, 1, 1, 0),
        hag_cluster_set_policy(no, 1, 1, 0),
        hag_cluster_prefer_zone(no, 1, ""),
        hag_cluster_pause(no, 1, "me", 1, 0),
        hag_cluster_resume(no, 1, 0),
        hag_cluster_failover(no, 1, 0, 0, 0, NULL),
        hag_cluster_switchover(no, 1, 0, 0, 0, NULL),
        hag_cluster_confirm(no, 1, 0, 0),
        hag_cluster_get(no, 1, &ci),
        hag_cluster_explain(no, 1, 0, buf, sizeof(buf)),
        hag_node_add(no, 1, &spec, 0, &h),
        hag_node_remove(no, 1, 0),
        hag_node_set(no, 1, &spec, 0),
        hag_node_get(no, 1, &ni),
        hag_node_probe(no, 1, 0),
        hag_source_add(no, 1, HAG_SOURCE_OBSERVER, 0, "x", &h),
        hag_source_remove(no, 1, 0),
        hag_observe(no, 1, 1, HAG_SEEN_ALIVE, 0, 0),
        hag_set_hook(no, 0, NULL, NULL),
        hag_dispatch(no, 0),
        hag_set_watch(no, NULL, NULL),
        hag_fd_ready(no, 1, 1, 1, 0),
        hag_plugin_add(no, NULL, NULL, 0, &h),
        hag_plugin_load(no, "x", NULL, 0, &h),
        hag_plugin_remove(no, 1, 0),
        hag_record_take(no, (uint8_t *)buf, sizeof(buf), &n),
        hag_record_end(no),
        hag_record_clock(no, 1, 0),
    };

    for (size_t i = 0; i < UNIT_COUNT(said); i++)
        ck_assert_msg(said[i] == HAG_ERR_INVAL, "call %zu says %d", i, said[i]);
    ck_assert_uint_eq(h, POISON);
    ck_assert_int_eq(v, 7);
    ck_assert_str_eq(buf, "ZZZ");
    ck_assert_int_eq(hag_guard_destroy(no), HAG_OK);
    ck_assert_int_eq(hag_timeout(no, 0), -1);
    ck_assert_str_eq(hag_errmsg(no), "");
    ck_assert_uint_eq(hag_cluster_find(no, "x"), 0);
    ck_assert_uint_eq(hag_cluster_next(no, 0), 0);
    ck_assert_uint_eq(hag_node_find(no, 1, "x"), 0);
    ck_assert_uint_eq(hag_node_next(no, 1, 0), 0);
}
END_TEST

/* Each function that takes a handle, by the kind that it wants. */
enum { CLUSTER = 1, NODE = 2, POLICY = 3, SOURCE = 4, OP = 5, PLUGIN = 7 };

static int32_t with(uint32_t k, uint64_t h)
{
    struct hag_result res = {.size = sizeof(res)};
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "q", .addr = "127.0.0.1:99"};
    struct hag_cluster_info ci = {.size = sizeof(ci)};
    struct hag_node_info ni = {.size = sizeof(ni)};
    uint64_t ret;
    int64_t v;

    switch (k) {
    case 0:
        return hag_cluster_remove(r.g, h, r.now);
    case 1:
        return hag_cluster_restore(r.g, h, (const uint8_t *)"x", 1, r.now);
    case 2:
        return hag_cluster_bind(r.g, h, 1, r.now);
    case 3:
        return hag_cluster_set_policy(r.g, h, 0, r.now);
    case 4:
        return hag_cluster_prefer_zone(r.g, h, "z");
    case 5:
        return hag_cluster_pause(r.g, h, "me", 1, r.now);
    case 6:
        return hag_cluster_resume(r.g, h, r.now);
    case 7:
        return hag_cluster_failover(r.g, h, 0, 0, r.now, NULL);
    case 8:
        return hag_cluster_switchover(r.g, h, 0, 0, r.now, NULL);
    case 9:
        return hag_cluster_confirm(r.g, h, 0, r.now);
    case 10:
        return hag_cluster_get(r.g, h, &ci);
    case 11:
        return hag_cluster_explain(r.g, h, r.now, NULL, 0);
    case 12:
        return hag_node_add(r.g, h, &spec, r.now, &ret);
    case 13:
        return hag_source_add(r.g, h, HAG_SOURCE_OBSERVER, 0, "q", &ret);
    case 14:
        return hag_node_remove(r.g, h, r.now);
    case 15:
        return hag_node_set(r.g, h, &spec, r.now);
    case 16:
        return hag_node_get(r.g, h, &ni);
    case 17:
        return hag_node_probe(r.g, h, r.now);
    case 18:
        return hag_observe(r.g, eye, h, HAG_SEEN_ALIVE, 0, r.now);
    case 19:
        return hag_source_add(r.g, r.c, HAG_SOURCE_AGENT, h, "q", &ret);
    case 20:
        return hag_cluster_failover(r.g, r.c, h, 0, r.now, NULL);
    case 21:
        return hag_cluster_confirm(r.g, r.c, h, r.now);
    case 22:
        return hag_policy_free(r.g, h);
    case 23:
        return hag_policy_set(r.g, h, HAG_P_FALL, 3);
    case 24:
        return hag_policy_set_text(r.g, h, "fall", "3");
    case 25:
        return hag_policy_get(r.g, h, HAG_P_FALL, &v);
    case 26:
        return hag_policy_check(r.g, h);
    case 27:
        return hag_guard_set_policy(r.g, h);
    case 28:
        return hag_cluster_add(r.g, "q", h, 0, r.now, &ret);
    case 29:
        return hag_cluster_set_policy(r.g, r.c, h, r.now);
    case 30:
        return hag_source_remove(r.g, h, r.now);
    case 31:
        return hag_observe(r.g, h, r.s[0].node, HAG_SEEN_ALIVE, 0, r.now);
    case 32:
        return hag_op_complete(r.g, h, &res, r.now);
    case 33:
        return hag_op_progress(r.g, h, 5, r.now);
    case 34:
        return hag_plugin_remove(r.g, h, r.now);
    case 35:
        return hag_fd_ready(r.g, h, 3, HAG_FD_READ, r.now);
    case 36:
        return hag_cluster_bind(r.g, r.c, h, r.now);
    case 37:
        return hag_cluster_unbind(r.g, h, 1, r.now);
    default:
        return hag_cluster_unbind(r.g, r.c, h, r.now);
    }
}

static const uint8_t kind_of[39] = {
    CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER,
    CLUSTER, CLUSTER, CLUSTER, CLUSTER, NODE,    NODE,    NODE,    NODE,    NODE,    NODE,
    NODE,    NODE,    POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,
    SOURCE,  SOURCE,  OP,      OP,      PLUGIN,  PLUGIN,  PLUGIN,  CLUSTER, PLUGIN,
};

START_TEST(wrong_handles)
{
    uint64_t bad[12];
    uint32_t n = 0;

    begin();
    bad[n++] = r.c;
    bad[n++] = r.s[0].node;
    bad[n++] = r.p;
    bad[n++] = eye;
    bad[n++] = 1;
    bad[n++] = UINT64_MAX;
    bad[n++] = 1ull << 53;
    bad[n++] = r.c | 1ull << 53;       /* the right one and more */
    bad[n++] = r.s[0].node | 0xfff000; /* an index never used */
    for (uint32_t k = 0; k < UNIT_COUNT(kind_of); k++) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t kind = (uint32_t)(bad[i] >> 49);

            if (kind == kind_of[k] && bad[i] != (r.s[0].node | 0xfff000))
                continue;
            ck_assert_msg(with(k, bad[i]) == HAG_ERR_BAD_HANDLE, "call %u with %llx", k,
                          (unsigned long long)bad[i]);
            ck_assert_str_ne(hag_errmsg(r.g), "");
        }
    }
    ck_assert_uint_eq(hag_node_find(r.g, r.s[0].node, "n1"), 0);
    ck_assert_uint_eq(hag_node_next(r.g, r.p, 0), 0);
    ck_assert_uint_eq(hag_node_next(r.g, r.c, r.c), 0);
    ck_assert_uint_eq(hag_cluster_next(r.g, r.s[0].node), 0);
    rig_for(&r, 5000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

START_TEST(stale_handles)
{
    uint64_t gone[8];
    hag_cluster c;
    hag_plugin_id p;

    begin();
    ck_assert_int_eq(hag_cluster_add(r.g, "brief", 0, 0, r.now, &c), HAG_OK);
    gone[CLUSTER] = c;
    {
        struct hag_node_spec s = {.size = sizeof(s), .name = "b", .addr = "127.0.0.1:50"};

        ck_assert_int_eq(hag_node_add(r.g, c, &s, r.now, &gone[NODE]), HAG_OK);
        ck_assert_int_eq(hag_source_add(r.g, c, HAG_SOURCE_AGENT, gone[NODE], "s", &gone[SOURCE]),
                         HAG_OK);
        ck_assert_uint_eq(hag_node_find(r.g, c, "b"), gone[NODE]);
    }
    ck_assert_int_eq(hag_policy_new(r.g, &gone[POLICY]), HAG_OK);
    ck_assert_int_eq(hag_plugin_add(r.g, &plain, NULL, r.now, &p), HAG_OK);
    gone[PLUGIN] = p;
    ck_assert_int_eq(hag_plugin_remove(r.g, p, r.now), HAG_OK);
    ck_assert_int_eq(hag_policy_free(r.g, gone[POLICY]), HAG_OK);
    ck_assert_int_eq(hag_cluster_remove(r.g, c, r.now), HAG_OK);
    for (uint32_t k = 0; k < UNIT_COUNT(kind_of); k++) {
        if (kind_of[k] == OP)
            continue;
        ck_assert_msg(with(k, gone[kind_of[k]]) == HAG_ERR_STALE, "call %u: %s", k,
                      hag_errmsg(r.g));
        ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "gone"));
    }
    ck_assert_uint_eq(hag_cluster_find(r.g, "brief"), 0);
    ck_assert_uint_eq(hag_cluster_next(r.g, c), 0);
    ck_assert_uint_eq(hag_node_next(r.g, c, 0), 0);
    rig_end(&r);
}
END_TEST

/* A slot that is used again has another handle, and every handle fits a double. */
START_TEST(generations)
{
    hag_cluster last = 0;

    begin();
    for (int i = 0; i < 1000; i++) {
        struct hag_node_spec s = {.size = sizeof(s), .name = "b", .addr = "127.0.0.1:50"};
        hag_cluster c;
        hag_node n;

        ck_assert_int_eq(hag_cluster_add(r.g, "brief", 0, 0, r.now, &c), HAG_OK);
        ck_assert_int_eq(hag_node_add(r.g, c, &s, r.now, &n), HAG_OK);
        ck_assert_uint_lt(c | n, 1ull << 53);
        ck_assert_uint_eq((uint64_t)(double)n, n);
        ck_assert_uint_ne(c, last);
        if (last != 0)
            ck_assert_int_eq(hag_cluster_remove(r.g, last, r.now), HAG_ERR_STALE);
        ck_assert_int_eq(hag_cluster_remove(r.g, c, r.now), HAG_OK);
        last = c;
    }
    rig_end(&r);
}
END_TEST

/* Structs: older than ours, ours, newer. */

static int32_t take_struct(uint32_t k, void *p)
{
    uint64_t h;
    hag_guard *g = NULL;
    int32_t err;

    switch (k) {
    case 0:
        err = hag_guard_new(p, &g);
        (void)hag_guard_destroy(g);
        return err;
    case 1:
        err = hag_node_add(r.g, r.c, p, r.now, &h);
        if (err == HAG_OK)
            ck_assert_int_eq(hag_node_remove(r.g, h, r.now), HAG_OK);
        return err;
    case 2:
        err = hag_op_complete(r.g, 0, p, r.now);
        return err == HAG_ERR_BAD_HANDLE ? HAG_OK : err; /* the struct was read */
    default: {
        struct hag_result res = {.size = sizeof(res), .facts = p};

        err = hag_op_complete(r.g, 0, &res, r.now);
        return err == HAG_ERR_BAD_HANDLE ? HAG_OK : err;
    }
    }
}

static int32_t give_struct(uint32_t k, void *p)
{
    switch (k) {
    case 0:
        return hag_cluster_get(r.g, r.c, p);
    case 1:
        return hag_node_get(r.g, r.s[0].node, p);
    case 2:
        return hag_cluster_failover(r.g, r.c, 0, HAG_OPERATE_DRY_RUN, r.now, p);
    case 3:
        return hag_setting_get(0, p);
    default: {
        int32_t err = hag_next_action(r.g, r.now, p);

        return err > 0 ? HAG_OK : err;
    }
    }
}

START_TEST(structs_taken)
{
    static const struct {
        uint32_t size, least;
        const char *name;
    } rows[] = {
        {sizeof(struct hag_options), offsetof(struct hag_options, record_max), "hag_options"},
        {sizeof(struct hag_node_spec), sizeof(struct hag_node_spec), "hag_node_spec"},
        {sizeof(struct hag_result), sizeof(struct hag_result), "hag_result"},
        {sizeof(struct hag_facts), sizeof(struct hag_facts), "hag_facts"}};

    begin();
    for (uint32_t k = 0; k < UNIT_COUNT(rows); k++) {
        union {
            uint32_t size;
            struct hag_node_spec spec;
            uint8_t bytes[2048];
            uint64_t align;
        } u;
        uint32_t ours = rows[k].size;

        memset(&u, 0, sizeof(u));
        if (k == 1) {
            u.spec.name = "q";
            u.spec.addr = "127.0.0.1:50";
        }
        for (uint32_t size = 0; size < ours; size++) {
            int32_t err;

            u.size = size;
            err = take_struct(k, &u);
            ck_assert_msg((err == HAG_OK) == (size >= rows[k].least) &&
                              (err == HAG_OK || err == HAG_ERR_ABI),
                          "%s of %u", rows[k].name, size);
            if (k != 0)
                ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), rows[k].name));
        }
        u.size = ours;
        ck_assert_int_eq(take_struct(k, &u), HAG_OK);
        u.size = ours + 64;
        ck_assert_int_eq(take_struct(k, &u), HAG_OK);
        for (uint32_t i = ours; i < ours + 64; i++) {
            u.bytes[i] = 1;
            ck_assert_int_eq(take_struct(k, &u), HAG_ERR_ABI);
            u.bytes[i] = 0;
        }
        u.bytes[ours + 64] = 1; /* not ours to look at */
        ck_assert_int_eq(take_struct(k, &u), HAG_OK);
    }
    rig_end(&r);
}
END_TEST

START_TEST(structs_given)
{
    static const uint32_t ours[] = {sizeof(struct hag_cluster_info), sizeof(struct hag_node_info),
                                    sizeof(struct hag_answer), sizeof(struct hag_setting),
                                    sizeof(struct hag_action)};

    begin();
    ck_assert_int_eq(hag_handles(r.g, (1u << HAG_DO_MAX) - 2), HAG_OK);
    for (uint32_t k = 0; k < UNIT_COUNT(ours); k++) {
        union {
            uint32_t size;
            uint8_t bytes[2048];
            uint64_t align;
        } u;

        /* a setting of an older size is a shorter one */
        for (uint32_t size = 0; size < (k == 3 ? 4 : ours[k]); size++) {
            memset(&u, 0x5a, sizeof(u));
            u.size = size;
            ck_assert_msg(give_struct(k, &u) == HAG_ERR_ABI, "struct %u of %u", k, size);
            ck_assert_uint_eq(u.size, size);
            ck_assert_int_eq(untouched(u.bytes + 4, sizeof(u) - 4), 1);
        }
        memset(&u, 0x5a, sizeof(u));
        u.size = ours[k];
        if (k == 4)
            (void)hag_cluster_pause(r.g, r.c, "me", 5, r.now); /* an event to take */
        ck_assert_int_eq(give_struct(k, &u), HAG_OK);
        ck_assert_uint_eq(u.size, ours[k]);
        ck_assert_int_eq(untouched(u.bytes + 4, ours[k] - 4), 0);
        ck_assert_int_eq(untouched(u.bytes + ours[k], sizeof(u) - ours[k]), 1);
        memset(&u, 0x5a, sizeof(u));
        u.size = ours[k] + 40;
        if (k == 4)
            (void)hag_cluster_pause(r.g, r.c, "me", 5, r.now);
        ck_assert_int_eq(give_struct(k, &u), HAG_OK);
        for (uint32_t i = ours[k]; i < ours[k] + 40; i++)
            ck_assert_uint_eq(u.bytes[i], 0); /* what it does not know is zero */
        ck_assert_int_eq(untouched(u.bytes + ours[k] + 40, sizeof(u) - ours[k] - 40), 1);
    }
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {null_guard,    wrong_handles, stale_handles, generations,
                            structs_taken, structs_given, NULL};

    return unit_run("handles", tests);
}
