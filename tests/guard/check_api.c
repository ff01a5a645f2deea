/* SPDX-License-Identifier: MIT
 *
 * Bad input to every public function: the right code, a message with a cure, nothing written.
 */
#include "../unit/unit.h"
#include "rig.h"

#include <haguard/plugin.h>
#include <stdio.h>

static struct rig r;
static hag_source eye;

static void begin(void)
{
    rig_start(&r, 2, NULL);
    ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "eye", &eye), HAG_OK);
    rig_run(&r, 5000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
}

#define POISON 0x5a5a5a5a5a5a5a5aull

/* What an out-parameter looks like when nobody wrote it. */
static int untouched(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        if (b[i] != 0x5a)
            return 0;
    }
    return 1;
}

static void wants(int32_t got, int32_t err, const char *message)
{
    ck_assert_msg(got == err, "%d, not %d: %s", got, err, hag_errmsg(r.g));
    if (message != NULL)
        ck_assert_msg(strstr(hag_errmsg(r.g), message) != NULL, "\"%s\" lacks \"%s\"",
                      hag_errmsg(r.g), message);
}

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
    default:
        return hag_cluster_bind(r.g, r.c, h, r.now);
    }
}

static const uint8_t kind_of[37] = {
    CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER,
    CLUSTER, CLUSTER, CLUSTER, CLUSTER, NODE,    NODE,    NODE,    NODE,    NODE,    NODE,
    NODE,    NODE,    POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,  POLICY,
    SOURCE,  SOURCE,  OP,      OP,      PLUGIN,  PLUGIN,  PLUGIN,
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

static int32_t p_open(const struct hag_host *host, const char *config, hag_time now, void **self,
                      char *why, size_t whylen)
{
    (void)host;
    (void)now;
    *self = &r;
    if (config[0] != '\0')
        (void)snprintf(why, whylen, "no good: %s", config);
    return config[0] != '\0' ? HAG_ERR_INVAL : HAG_OK;
}
static void p_start(void *self, const struct hag_action *a, hag_time now)
{
    (void)self;
    (void)a;
    (void)now;
}
static void p_op(void *self, hag_op op)
{
    (void)self;
    (void)op;
}
static void p_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    (void)self;
    (void)fd;
    (void)events;
    (void)now;
}
static void p_tick(void *self, hag_time now)
{
    (void)self;
    (void)now;
}
static void p_close(void *self)
{
    (void)self;
}

static const struct hag_plugin plain = {.size = sizeof(plain),
                                        .abi = HAG_PLUGIN_ABI,
                                        .name = "plain",
                                        .open = p_open,
                                        .start = p_start,
                                        .cancel = p_op,
                                        .forget = p_op,
                                        .ready = p_ready,
                                        .tick = p_tick,
                                        .close = p_close};

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

/* --- structs: older, ours, newer --- */

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
        uint32_t size;
        const char *name;
    } rows[] = {{sizeof(struct hag_options), "hag_options"},
                {sizeof(struct hag_node_spec), "hag_node_spec"},
                {sizeof(struct hag_result), "hag_result"},
                {sizeof(struct hag_facts), "hag_facts"}};

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
            u.size = size;
            ck_assert_msg(take_struct(k, &u) == HAG_ERR_ABI, "%s of %u", rows[k].name, size);
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

/* --- arguments --- */

START_TEST(guards)
{
    struct hag_options o = {.size = sizeof(o), .flags = 2};
    hag_guard *g = (hag_guard *)&o;

    ck_assert_int_eq(hag_guard_new(NULL, NULL), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_guard_new(&o, &g), HAG_ERR_INVAL);
    ck_assert_ptr_eq(g, (hag_guard *)&o);
    begin();
    wants(hag_handles(r.g, 1ull << HAG_DO_MAX), HAG_ERR_RANGE, "16");
    wants(hag_set_hook(r.g, HAG_DO_MAX, NULL, NULL), HAG_ERR_RANGE, "17");
    ck_assert_int_eq(hag_advance(r.g, UINT64_MAX), HAG_ERR_INVAL);
    rig_end(&r);
}
END_TEST

START_TEST(policies)
{
    int64_t v = 7;

    begin();
    wants(hag_policy_new(r.g, NULL), HAG_ERR_INVAL, "ret");
    wants(hag_policy_set(r.g, r.p, 0, 1), HAG_ERR_NOT_FOUND, "hag_setting_get");
    wants(hag_policy_set(r.g, r.p, 999, 1), HAG_ERR_NOT_FOUND, "999");
    wants(hag_policy_set(r.g, r.p, HAG_P_FALL, 0), HAG_ERR_RANGE, "from 1 to 100");
    wants(hag_policy_set_text(r.g, r.p, NULL, "1"), HAG_ERR_INVAL, "NULL");
    wants(hag_policy_set_text(r.g, r.p, "fall", NULL), HAG_ERR_INVAL, "NULL");
    wants(hag_policy_set_text(r.g, r.p, "fell", "1"), HAG_ERR_NOT_FOUND, "fell");
    wants(hag_policy_set_text(r.g, r.p, "fall", "x"), HAG_ERR_INVAL, "whole number");
    wants(hag_policy_get(r.g, r.p, HAG_P_FALL, NULL), HAG_ERR_INVAL, "ret");
    wants(hag_policy_get(r.g, r.p, 999, &v), HAG_ERR_NOT_FOUND, "999");
    ck_assert_int_eq(v, 7);
    ck_assert_int_eq(hag_policy_set_text(r.g, r.p, "down_after", "1s"), HAG_OK);
    wants(hag_policy_check(r.g, r.p), HAG_ERR_CONFLICT, "set it to 3s or more");
    wants(hag_cluster_set_policy(r.g, r.c, r.p, r.now), HAG_ERR_CONFLICT, "down_after");
    {
        hag_cluster c = POISON;

        wants(hag_cluster_add(r.g, "other", r.p, 0, r.now, &c), HAG_ERR_CONFLICT, "down_after");
        ck_assert_uint_eq(c, POISON);
    }
    ck_assert_int_eq(hag_setting_get(0, NULL), HAG_ERR_INVAL);
    rig_end(&r);
}
END_TEST

START_TEST(clusters)
{
    static const char *const bad[] = {
        NULL,  "",         "a b",
        "a/b", "\xc3\xa4", "0123456789012345678901234567890123456789012345678901234567890123"};
    hag_cluster c = POISON;

    begin();
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        wants(hag_cluster_add(r.g, bad[i], 0, 0, r.now, &c), HAG_ERR_INVAL, "letters, digits");
    wants(hag_cluster_add(r.g, "orders", 0, 0, r.now, &c), HAG_ERR_EXISTS, "orders");
    wants(hag_cluster_add(r.g, "x", 0, 0, r.now, NULL), HAG_ERR_INVAL, "ret");
    ck_assert_uint_eq(c, POISON);
    wants(hag_cluster_prefer_zone(r.g, r.c, "a b"), HAG_ERR_INVAL, "zone");
    ck_assert_int_eq(hag_cluster_prefer_zone(r.g, r.c, NULL), HAG_OK);
    wants(hag_cluster_pause(r.g, r.c, NULL, 5, r.now), HAG_ERR_INVAL, "owner");
    wants(hag_cluster_pause(r.g, r.c, "", 5, r.now), HAG_ERR_INVAL, "owner");
    wants(hag_cluster_pause(r.g, r.c, "me", 0, r.now), HAG_ERR_RANGE, "30 days");
    wants(hag_cluster_pause(r.g, r.c, "me", 30ull * 86400000 + 1, r.now), HAG_ERR_RANGE, "30 days");
    wants(hag_cluster_resume(r.g, r.c, r.now), HAG_ERR_NOT_FOUND, "not paused");
    wants(hag_cluster_confirm(r.g, r.c, 0, r.now), HAG_ERR_NOT_FOUND, "waits for nothing");
    wants(hag_cluster_failover(r.g, r.c, 0, 8, r.now, NULL), HAG_ERR_RANGE, "0x8");
    wants(hag_cluster_switchover(r.g, r.c, 0, HAG_OPERATE_DATA_LOSS, r.now, NULL), HAG_ERR_RANGE,
          "0x2");
    wants(hag_cluster_explain(r.g, r.c, r.now, NULL, 5), HAG_ERR_INVAL, "buf");
    wants(hag_cluster_get(r.g, r.c, NULL), HAG_ERR_INVAL, "out");
    rig_for(&r, 3000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    rig_end(&r);
}
END_TEST

/* A node of another cluster is not taken for one of this. */
START_TEST(foreign_nodes)
{
    struct hag_node_spec s = {.size = sizeof(s), .name = "f", .addr = "127.0.0.1:50"};
    hag_cluster c;
    hag_node n;
    hag_source src = POISON;

    begin();
    ck_assert_int_eq(hag_cluster_add(r.g, "other", 0, 0, r.now, &c), HAG_OK);
    ck_assert_int_eq(hag_node_add(r.g, c, &s, r.now, &n), HAG_OK);
    wants(hag_cluster_failover(r.g, r.c, n, 0, r.now, NULL), HAG_ERR_INVAL, "orders");
    wants(hag_cluster_switchover(r.g, r.c, n, 0, r.now, NULL), HAG_ERR_INVAL, "orders");
    wants(hag_cluster_confirm(r.g, r.c, n, r.now), HAG_ERR_INVAL, "orders");
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_AGENT, n, "x", &src), HAG_ERR_INVAL, "another");
    wants(hag_observe(r.g, eye, n, HAG_SEEN_ALIVE, 0, r.now), HAG_ERR_RANGE, "eye");
    ck_assert_uint_eq(hag_node_next(r.g, r.c, n), 0);
    ck_assert_uint_eq(src, POISON);
    rig_end(&r);
}
END_TEST

START_TEST(nodes)
{
    static const char *const bad[] = {
        NULL,    "",      "localhost:1", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536",
        "::1:5", "[::1]", "1.2.3:4"};
    struct hag_node_spec s = {.size = sizeof(s), .name = "q", .addr = "127.0.0.1:50"};
    hag_node n = POISON;

    begin();
    wants(hag_node_add(r.g, r.c, NULL, r.now, &n), HAG_ERR_INVAL, "spec");
    wants(hag_node_add(r.g, r.c, &s, r.now, NULL), HAG_ERR_INVAL, "ret");
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        s.addr = bad[i];
        wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "host:port");
        s.addr = "127.0.0.1:50";
        s.advertised = bad[i];
        if (bad[i] != NULL)
            wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "host:port");
        s.advertised = NULL;
    }
    s.addr = r.s[0].addr;
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_EXISTS, "n1");
    s.addr = "127.0.0.1:50";
    s.name = "n2";
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_EXISTS, "n2");
    s.name = "a b";
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "name");
    s.name = "q";
    s.zone = "a b";
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "zone");
    s.zone = NULL;
    s.host = "a b";
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "host");
    s.host = NULL;
    s.flags = 8;
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, "0x8");
    s.flags = 0;
    s.reserved = 1;
    wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_INVAL, NULL);
    s.reserved = 0;
    wants(hag_node_set(r.g, r.s[1].node, &s, r.now), HAG_ERR_INVAL, "keeps its name");
    s.name = NULL;
    s.addr = r.s[0].addr;
    wants(hag_node_set(r.g, r.s[1].node, &s, r.now), HAG_ERR_EXISTS, "n1");
    wants(hag_node_remove(r.g, r.s[0].node, r.now), HAG_ERR_BUSY, "switch over first");
    wants(hag_node_get(r.g, r.s[0].node, NULL), HAG_ERR_INVAL, "out");
    ck_assert_uint_eq(n, POISON);
    ck_assert_uint_eq(rig_info(&r).nodes, 2);
    for (uint32_t i = 1; i < HAG_DO_MAX; i++)
        ck_assert_int_eq(hag_set_hook(r.g, i, NULL, NULL), HAG_OK);
    wants(hag_node_probe(r.g, r.s[0].node, r.now), HAG_ERR_UNSUPPORTED, "bind a plugin");
    rig_end(&r);
}
END_TEST

START_TEST(limits)
{
    hag_node n = POISON;
    hag_source src;
    char name[16], addr[32];

    begin();
    for (uint32_t i = 2; i <= HAG_NODES_MAX; i++) {
        struct hag_node_spec s = {.size = sizeof(s), .name = name, .addr = addr};

        (void)snprintf(name, sizeof(name), "m%u", i);
        (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u", i);
        if (i < HAG_NODES_MAX) {
            ck_assert_int_eq(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_OK);
        } else {
            n = POISON;
            wants(hag_node_add(r.g, r.c, &s, r.now, &n), HAG_ERR_LIMIT, "64");
            ck_assert_uint_eq(n, POISON);
        }
    }
    for (uint32_t i = 1; i <= HAG_SOURCES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%u", i);
        if (i < HAG_SOURCES_MAX)
            ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, name, &src), HAG_OK);
        else
            wants(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, name, &src), HAG_ERR_LIMIT,
                  "16");
    }
    rig_end(&r);
}
END_TEST

START_TEST(sources)
{
    hag_source s = POISON;

    begin();
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "eye", &s), HAG_ERR_EXISTS, "eye");
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, NULL, &s), HAG_ERR_INVAL, "name");
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "b", NULL), HAG_ERR_INVAL, NULL);
    wants(hag_source_add(r.g, r.c, 0, 0, "b", &s), HAG_ERR_INVAL, "kind");
    wants(hag_source_add(r.g, r.c, 4, 0, "b", &s), HAG_ERR_INVAL, "kind");
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_AGENT, 0, "b", &s), HAG_ERR_INVAL, "agent");
    wants(hag_source_add(r.g, r.c, HAG_SOURCE_TRAFFIC, r.s[0].node, "b", &s), HAG_ERR_INVAL,
          "agent");
    wants(hag_observe(r.g, eye, r.s[0].node, 0, 0, r.now), HAG_ERR_RANGE, NULL);
    wants(hag_observe(r.g, eye, r.s[0].node, HAG_SEEN_BROKEN + 1, 0, r.now), HAG_ERR_RANGE, NULL);
    ck_assert_uint_eq(s, POISON);
    rig_end(&r);
}
END_TEST

START_TEST(plugins)
{
    struct hag_plugin bad = plain;
    hag_plugin_id p = POISON, more[8];

    begin();
    wants(hag_plugin_add(r.g, NULL, NULL, r.now, &p), HAG_ERR_INVAL, "NULL");
    wants(hag_plugin_add(r.g, &plain, NULL, r.now, NULL), HAG_ERR_INVAL, "ret");
    wants(hag_plugin_add(r.g, &plain, "x=1", r.now, &p), HAG_ERR_PLUGIN, "no good: x=1");
    bad.abi = HAG_PLUGIN_ABI + 0x10000;
    wants(hag_plugin_add(r.g, &bad, NULL, r.now, &p), HAG_ERR_ABI, "rebuild");
    bad = plain;
    bad.size = 8;
    wants(hag_plugin_add(r.g, &bad, NULL, r.now, &p), HAG_ERR_ABI, "incomplete");
    bad = plain;
    bad.tick = NULL;
    wants(hag_plugin_add(r.g, &bad, NULL, r.now, &p), HAG_ERR_ABI, "incomplete");
    bad = plain;
    bad.abi = HAG_PLUGIN_ABI + 1; /* a newer minor will do */
    ck_assert_int_eq(hag_plugin_add(r.g, &bad, NULL, r.now, &more[0]), HAG_OK);
    wants(hag_plugin_load(r.g, NULL, NULL, r.now, &p), HAG_ERR_INVAL, "file");
    wants(hag_plugin_load(r.g, "/nowhere.so", NULL, r.now, &p), HAG_ERR_PLUGIN, "nowhere");
    ck_assert_uint_eq(p, POISON);
    for (uint32_t i = 1; i <= 4; i++)
        ck_assert_int_eq(hag_plugin_add(r.g, &plain, NULL, r.now, &more[i]), HAG_OK);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(hag_cluster_bind(r.g, r.c, more[i], r.now), HAG_OK);
    wants(hag_cluster_bind(r.g, r.c, more[0], r.now), HAG_ERR_EXISTS, "bound");
    wants(hag_cluster_bind(r.g, r.c, more[4], r.now), HAG_ERR_LIMIT, "4");
    rig_end(&r);
}
END_TEST

/* An error is told; the next success does not hide it, the next error does. */
START_TEST(messages)
{
    begin();
    ck_assert_str_eq(hag_errmsg(r.g), "");
    (void)hag_cluster_resume(r.g, r.c, r.now);
    ck_assert_str_eq(hag_errmsg(r.g), "orders is not paused");
    ck_assert_int_eq(hag_cluster_pause(r.g, r.c, "me", 1000, r.now), HAG_OK);
    ck_assert_str_eq(hag_errmsg(r.g), "orders is not paused");
    for (int32_t e = HAG_ERR_CONFLICT; e <= 0; e++)
        ck_assert_str_ne(hag_strerror(e), hag_strerror(-999));
    ck_assert_ptr_nonnull(hag_strerror(-999));
    ck_assert_ptr_null(hag_name(HAG_NAMES_ACTION, HAG_DO_MAX));
    ck_assert_ptr_null(hag_name(999, 1));
    ck_assert_ptr_null(hag_why_text(HAG_WHY_MAX));
    rig_end(&r);
}
END_TEST

/* explain: as snprintf; never beyond the end. */
START_TEST(explain_fits)
{
    char whole[4096], part[4096];
    int32_t len;

    begin();
    len = hag_cluster_explain(r.g, r.c, r.now, NULL, 0);
    ck_assert_int_gt(len, 100);
    ck_assert_int_eq(hag_cluster_explain(r.g, r.c, r.now, whole, sizeof(whole)), len);
    ck_assert_uint_eq(strlen(whole), (size_t)len);
    for (size_t n = 1; n <= (size_t)len + 1; n += 7) {
        memset(part, 0x5a, sizeof(part));
        ck_assert_int_eq(hag_cluster_explain(r.g, r.c, r.now, part, n), len);
        ck_assert_uint_eq(strlen(part), n - 1);
        ck_assert_int_eq(memcmp(part, whole, n - 1), 0);
        ck_assert_int_eq(untouched((uint8_t *)part + n, sizeof(part) - n), 1);
    }
    rig_end(&r);
}
END_TEST

/* Inputs are copied; the walk goes in the order of adding; what is set is what is read. */
START_TEST(round_trip)
{
    char name[] = "copy", addr[] = "127.0.0.1:0050", zone[] = "z1";
    struct hag_node_spec s = {.size = sizeof(s),
                              .name = name,
                              .addr = addr,
                              .zone = zone,
                              .advertised = "[::1]:7",
                              .priority = -3,
                              .user = 99,
                              .flags = HAG_NODE_NO_PROMOTE};
    struct hag_node_info i = {.size = sizeof(i)};
    hag_cluster c, d;
    hag_node n;

    begin();
    ck_assert_int_eq(hag_cluster_add(r.g, name, 0, 5, r.now, &c), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(r.g, "later", 0, 6, r.now, &d), HAG_OK);
    (void)snprintf(addr, sizeof(addr), "127.0.0.1:50");
    ck_assert_int_eq(hag_node_add(r.g, c, &s, r.now, &n), HAG_OK);
    memset(name, 'x', 4);
    memset(addr, 'x', 5);
    memset(zone, 'x', 2);
    ck_assert_uint_eq(hag_cluster_find(r.g, "copy"), c);
    ck_assert_uint_eq(hag_cluster_next(r.g, 0), r.c);
    ck_assert_uint_eq(hag_cluster_next(r.g, r.c), c);
    ck_assert_uint_eq(hag_cluster_next(r.g, c), d);
    ck_assert_uint_eq(hag_cluster_next(r.g, d), 0);
    ck_assert_int_eq(hag_node_get(r.g, n, &i), HAG_OK);
    ck_assert_str_eq(i.name, "copy");
    ck_assert_str_eq(i.addr, "127.0.0.1:50");
    ck_assert_str_eq(i.advertised, "[::1]:7");
    ck_assert_str_eq(i.zone, "z1");
    ck_assert_str_eq(i.host, "127.0.0.1");
    ck_assert_int_eq(i.priority, -3);
    ck_assert_uint_eq(i.user, 99);
    ck_assert_uint_eq(i.flags, HAG_NODE_NO_PROMOTE);
    ck_assert_uint_eq(i.cluster, c);
    rig_end(&r);
}
END_TEST

/* The names follow a node that is removed, and an address that is changed (U8). */
START_TEST(names_follow_changes)
{
    struct hag_node_spec s = {
        .size = sizeof(s), .addr = "127.0.0.1:7002", .advertised = "192.0.2.9:1"};
    uint64_t generation;

    rig_start(&r, 3, NULL);
    rig_run(&r, 5000);
    generation = rig_info(&r).generation_replica;
    ck_assert_int_eq(hag_node_set(r.g, r.s[1].node, &s, r.now), HAG_OK);
    rig_for(&r, 3000);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_REPLICA], "192.0.2.9:1 127.0.0.1:7003");
    ck_assert_uint_gt(rig_info(&r).generation_replica, generation);
    generation = rig_info(&r).generation_replica;
    ck_assert_int_eq(hag_node_remove(r.g, r.s[2].node, r.now), HAG_OK);
    rig_for(&r, 3000);
    ck_assert_str_eq(r.name[HAG_ENDPOINT_REPLICA], "192.0.2.9:1");
    ck_assert_uint_gt(rig_info(&r).generation_replica, generation);
    rig_end(&r);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {null_guard,    wrong_handles, stale_handles,
                            generations,   structs_taken, structs_given,
                            guards,        policies,      clusters,
                            foreign_nodes, nodes,         limits,
                            sources,       plugins,       messages,
                            explain_fits,  round_trip,    names_follow_changes,
                            NULL};

    return unit_run("api", tests);
}
