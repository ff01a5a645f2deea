/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* What the words of a scenario stand for. */

uint32_t scn_find_cluster(const struct hag_scenario *s, const char *w)
{
    for (uint32_t i = 0; i < s->nclusters; i++) {
        if (strcmp(s->clusters[i].name, w) == 0)
            return i;
    }
    return SCN_NONE;
}

/* "x1", or "other/x1" for a node of another cluster. A bare name is the first one declared. */
uint32_t scn_find_node(const struct hag_scenario *s, const char *w)
{
    const char *slash = strchr(w, '/');

    for (uint32_t i = 0; i < s->nnodes; i++) {
        const struct scn_node *n = &s->nodes[i];
        const char *cluster = s->clusters[n->cluster].name;

        if (slash == NULL) {
            if (strcmp(n->name, w) == 0)
                return i;
        } else if (strncmp(cluster, w, (size_t)(slash - w)) == 0 && cluster[slash - w] == '\0' &&
                   strcmp(n->name, slash + 1) == 0) {
            return i;
        }
    }
    return SCN_NONE;
}

/* Nodes of one cluster are counted in the order of the file; at most 64 fit into a set. */
uint32_t scn_place_in_cluster(const struct hag_scenario *s, uint32_t node)
{
    uint32_t place = 0;

    for (uint32_t i = 0; i < node; i++)
        place += s->nodes[i].cluster == s->nodes[node].cluster;
    return place & 63;
}

uint32_t scn_find_guard(const struct hag_scenario *s, const char *w)
{
    for (uint32_t i = 0; i < s->nguards; i++) {
        if (strcmp(s->guards[i].name, w) == 0)
            return i;
    }
    return SCN_NONE;
}

int scn_is_zone(const struct hag_scenario *s, const char *w)
{
    for (uint32_t i = 0; i < s->nnodes; i++) {
        if (s->nodes[i].zone != NULL && strcmp(s->nodes[i].zone, w) == 0)
            return 1;
    }
    for (uint32_t i = 0; i < s->nguards; i++) {
        if (s->guards[i].zone != NULL && strcmp(s->guards[i].zone, w) == 0)
            return 1;
    }
    for (uint32_t i = 0; i < s->nobservers; i++) {
        if (s->observers[i].zone != NULL && strcmp(s->observers[i].zone, w) == 0)
            return 1;
    }
    for (uint32_t i = 0; i < s->nclusters; i++) {
        if (s->clusters[i].client_zone != NULL && strcmp(s->clusters[i].client_zone, w) == 0)
            return 1;
    }
    return 0;
}

uint32_t scn_find_name(uint32_t names, uint32_t most, const char *w)
{
    for (uint32_t i = 1; i < most; i++) {
        const char *name = hag_name(names, i);

        if (name != NULL && strcmp(name, w) == 0)
            return i;
    }
    return 0;
}

static void add(char *buf, size_t len, const char *w)
{
    size_t at = strlen(buf);

    if (at + strlen(w) + 2 < len)
        (void)snprintf(buf + at, len - at, "%s%s", at > 0 ? " " : "", w);
}

void scn_list_names(uint32_t names, uint32_t most, char *buf, size_t len)
{
    buf[0] = '\0';
    for (uint32_t i = 1; i < most; i++) {
        const char *name = hag_name(names, i);

        if (name != NULL)
            add(buf, len, name);
    }
}

void scn_list_nodes(const struct hag_scenario *s, char *buf, size_t len)
{
    buf[0] = '\0';
    for (uint32_t i = 0; i < s->nnodes; i++)
        add(buf, len, s->nodes[i].name);
}

static int one_of(const char *const *words, size_t n, const char *w)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], w) == 0)
            return 1;
    }
    return 0;
}

int scn_action_later(const char *w)
{
    static const char *const later[] = {
        "restart",   "fetch",         "stop",          "rewind",     "clone",         "sync_mode",
        "create",    "destroy",       "restore",       "forward",    "unforward",     "backup",
        "sync-mode", "expire_backup", "slots_prepare", "slots_sync", "slots_restore",
    };

    return one_of(later, sizeof(later) / sizeof(later[0]), w);
}

int scn_setting_later(const char *w)
{
    static const char *const later[] = {
        "stalled_after", "report_every",     "report_after",       "witness",         "storm_share",
        "storm_min",     "storm_hold",       "cross_zone_extra",   "restart_tries",   "replace",
        "spread",        "forward_for",      "slot_prepare_every", "slot_sync_every", "slot_idle",
        "backup_every",  "prefer_returning", "sync_after",
    };

    return one_of(later, sizeof(later) / sizeof(later[0]), w);
}

const char *scn_setting_name(const char *key, const char *value)
{
    int64_t n, m;

    return strcmp(key, "max_lag") == 0 && scn_number(value, SCN_T_SIZE, &n, &m) &&
                   !scn_number(value, SCN_T_DURATION, &n, &m)
               ? "max_lag_bytes"
               : key;
}
