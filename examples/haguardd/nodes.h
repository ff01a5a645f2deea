/* SPDX-License-Identifier: MIT
 *
 * nodes.h - the line of a node: node.NAME=HOST:PORT [zone=Z] [no-promote] ...
 */
#ifndef HAGUARDD_NODES_H
#define HAGUARDD_NODES_H

#include "conf.h"

/* Fills n, but for spec.addr: see node_spec(). What is wrong goes to m. Whether addresses and names
 * are good is for the guard to say. */
void node_read(struct conf_node *n, const struct ini_setting *s, struct mistakes *m);

/* For the guard, with the address as it is known. */
const struct hag_node_spec *node_spec(struct conf_node *n);

/* Whether two nodes are at the same port of the same host, by their names. */
int node_same_host(const struct conf_node *a, const struct conf_node *b);

/* Whether two nodes of one name are configured alike. */
int node_same(const struct conf_node *a, const struct conf_node *b);

#endif
