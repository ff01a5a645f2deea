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

/* A plugin that watches, from when it is added: a full pipe, which it stops watching when it is told,
 * and leaves open; an empty pipe; and the end of a pipe that nobody reads, for writing. */
extern const struct hag_plugin idle_plugin;

struct idle_counts {
    int full, empty, broken;
    uint32_t broken_events;
};
extern struct idle_counts idle;

/* Two nodes of a cluster that the plugin watches. */
hag_cluster pair_cluster(hag_guard *g, hag_time now);

#endif
