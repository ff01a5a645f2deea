/* SPDX-License-Identifier: MIT
 *
 * build.h - from what a configuration says to objects of a guard: of one that only tries, so that
 * every mistake is known before anything begins, and of the one that runs.
 */
#ifndef HAGUARDD_BUILD_H
#define HAGUARDD_BUILD_H

#include "conf.h"

/* Opens an instance with these settings instead of its own if they are not NULL. */
int32_t build_plugin(hag_guard *g, const struct conf *c, const struct conf_plugin *p,
                     const char *settings, hag_time now, hag_plugin_id *ret);

/* An instance that resolves the names of nodes. */
int32_t build_resolver(hag_guard *g, const struct conf *c, hag_time now, hag_plugin_id *ret);

/* A policy of the defaults and the cluster's settings; k NULL: of the defaults alone. Mistakes go to
 * m. The caller frees it. 0: no memory. */
hag_policy build_policy(hag_guard *g, const struct conf *c, const struct conf_cluster *k,
                        struct mistakes *m);

/* Builds everything on a guard of its own and throws it away; the records too, but for those of
 * clusters that are in running (may be NULL). */
void build_try(const struct conf *c, const struct conf *running, struct mistakes *m);

#endif
