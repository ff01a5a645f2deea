/* SPDX-License-Identifier: MIT
 *
 * nodes.h - the line of a node: node.NAME=HOST:PORT [zone=Z] [no-promote] ...
 */
#ifndef HAGUARDD_NODES_H
#define HAGUARDD_NODES_H

#include "conf.h"

/* Fills n; what is wrong goes to m. Whether addresses and names are good is for the guard to say. */
void node_read(struct conf_node *n, const struct ini_setting *s, struct mistakes *m);

/* Whether two nodes of one name are configured alike. */
int node_same(const struct conf_node *a, const struct conf_node *b);

#endif
