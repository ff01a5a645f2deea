/* SPDX-License-Identifier: MIT
 *
 * Bad arguments: the right code, a message with a cure, nothing written.
 */
#include "api.h"

START_TEST(guards)
{
    struct hag_options o = {.size = sizeof(o), .flags = 4};
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

/* Steps are counted as hag_cluster_get() counts them, and each has a name of its own. */
START_TEST(steps)
{
    static const uint32_t kinds[] = {HAG_PROC_FAILOVER, HAG_PROC_SWITCHOVER, HAG_PROC_REJOIN,
                                     HAG_PROC_SAFEGUARD};

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        uint32_t n = 0, acts = 0;

        for (const char *name; (name = hag_step_name(kinds[k], n)) != NULL; n++) {
            for (uint32_t i = 0; i < n; i++)
                ck_assert_str_ne(hag_step_name(kinds[k], i), name);
            acts += hag_step_action(kinds[k], n) != 0;
        }
        ck_assert_uint_ge(n, 4);
        ck_assert_uint_gt(acts, 0);
        ck_assert_uint_lt(acts, n);
        ck_assert_ptr_null(hag_step_name(kinds[k], n + 1));
        ck_assert_uint_eq(hag_step_action(kinds[k], n), 0);
    }
    ck_assert_str_eq(hag_step_name(HAG_PROC_FAILOVER, 1), "commit-term");
    ck_assert_uint_eq(hag_step_action(HAG_PROC_FAILOVER, 1), HAG_DO_COMMIT);
    ck_assert_str_eq(hag_step_name(HAG_PROC_SAFEGUARD, 2), "hold");
    ck_assert_uint_eq(hag_step_action(HAG_PROC_SAFEGUARD, 2), 0);
    ck_assert_ptr_null(hag_step_name(HAG_PROC_NONE, 0));
    ck_assert_ptr_null(hag_step_name(HAG_PROC_BACKUP, 0));
    ck_assert_ptr_null(hag_step_name(999, 0));
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
    const TTest *tests[] = {guards,
                            policies,
                            clusters,
                            foreign_nodes,
                            nodes,
                            limits,
                            sources,
                            plugins,
                            messages,
                            steps,
                            explain_fits,
                            round_trip,
                            names_follow_changes,
                            NULL};

    return unit_run("api", tests);
}
