/* SPDX-License-Identifier: MIT
 *
 * views.h - clusters and nodes as lines of JSON.
 */
#ifndef HAGUARDD_VIEWS_H
#define HAGUARDD_VIEWS_H

#include "buf.h"
#include "daemon.h"

/* A line for the cluster, then one for each of its nodes. */
void view_cluster(const struct app *app, hag_cluster c, struct buf *out);

/* The same for a cluster that is not guarded yet: its nodes are not all resolved. */
void view_waiting(const struct conf_cluster *k, struct buf *out);

/* NULL when there is no such node. The text lives until the node is changed. */
const char *view_node_name(const struct app *app, hag_node node);

#endif
