/* SPDX-License-Identifier: MIT
 *
 * daemon.h - what the parts of haguardd share.
 */
#ifndef HAGUARDD_DAEMON_H
#define HAGUARDD_DAEMON_H

#include <uv.h>

#include <haguard/adapter_uv.h>
#include <haguard/hooks.h>
#include <haguard/plugin.h>

#include "conf.h"

struct app {
    uv_loop_t loop;
    hag_guard *guard; /* NULL once it ends */
    hag_uv *adapter;
    struct conf *conf; /* in force */
    const char *file;  /* where it was read */
    struct records *records;
    struct recording *recording; /* NULL: nothing is recorded */
    struct log *log;
    struct events *events;
    struct control *control;
    struct scrape *scrape;
    struct resolve *resolve; /* names of nodes */
    struct job *jobs; /* commands that move names, in the order in which they were asked for */
};

struct service { /* a cluster that is guarded; its address is the user word of the cluster */
    struct app *app;
    hag_cluster id;
    struct record *record;
    char *name;
    char *command;          /* moves its names; NULL: nobody does */
    uint64_t last_failover; /* ms that the last one took */
    uint64_t last_switchover;
};

#endif
