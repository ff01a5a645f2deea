/* SPDX-License-Identifier: MIT
 *
 * reload.h - the steps that the start and a reload have in common.
 */
#ifndef HAGUARDD_RELOAD_H
#define HAGUARDD_RELOAD_H

#include "daemon.h"

int live__add_cluster(struct app *app, const struct conf *c, struct conf_cluster *k);
void live__remove_cluster(struct app *app, struct service *s);
void live__add_node(struct app *app, const struct conf_cluster *k, struct conf_node *n);
void live__set_command(struct service *s, const struct conf_cluster *k);
void live__set_defaults(struct app *app, const struct conf *c);

#endif
