/* SPDX-License-Identifier: MIT */
#ifndef PAIR_H
#define PAIR_H

#include <haguard/plugin.h>

/* A plugin whose store is a socket pair: each probe opens one, waits for its own byte to come back
 * and closes it, so that descriptor numbers are used again and again. Every third probe is answered
 * by tick() instead. */
extern const struct hag_plugin pair_plugin;

struct pair_counts {
    int probes, ready, tick;
    int wrong; /* events that nobody asked for */
};
extern struct pair_counts pair;

/* Two nodes of a cluster that the plugin watches. */
hag_cluster pair_cluster(hag_guard *g, hag_time now);

#endif
