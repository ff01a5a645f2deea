/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <haguard/hooks.h>
#include <haguard/plugin.h>

/* consumer [PLUGIN] - loads a plugin if one is named, watches a cluster of one node with it, and
 * prints the state of the cluster; what went wrong otherwise. */
int main(int argc, char **argv)
{
    struct hag_node_spec spec = {.size = sizeof(spec), .name = "a", .addr = "127.0.0.1:1"};
    struct hag_cluster_info info = {.size = sizeof(info)};
    hag_guard *g;
    hag_plugin_id plugin = 0;
    hag_cluster cluster;
    hag_node node;
    hag_time now = 1;

    if (hag_version() != HAG_VERSION_NUM || hag_guard_new(NULL, &g) != 0) {
        printf("header %x, library %x\n", HAG_VERSION_NUM, hag_version());
        return 1;
    }
    if (argc > 1 && hag_plugin_load(g, argv[1], NULL, now, &plugin) != 0) {
        printf("%s\n", hag_errmsg(g));
        hag_guard_destroy(g);
        return 1;
    }
    if (hag_cluster_add(g, "consumer", 0, 0, now, &cluster) != 0 ||
        hag_node_add(g, cluster, &spec, now, &node) != 0 ||
        (plugin && hag_cluster_bind(g, cluster, plugin, now) != 0)) {
        printf("%s\n", hag_errmsg(g));
        return 1;
    }
    for (; now < 10000; now += 100) {
        hag_dispatch(g, now);
    }
    hag_cluster_get(g, cluster, &info);
    printf("%s %s\n", info.name, hag_name(HAG_NAMES_STATE, info.state));
    return hag_guard_destroy(g) == 0 ? 0 : 1;
}
