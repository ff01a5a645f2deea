/* SPDX-License-Identifier: MIT
 *
 * The recorder: what the tests of whole lives share, a world that is recorded and a host that polls.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include "recording.h"

static struct rig r;
static struct hag_options options;
static struct recording whole;

static inline void begin(uint32_t nodes)
{
    options = (struct hag_options){
        .size = sizeof(options), .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD, .seed = 7};
    r.opt = &options;
    rig_start(&r, nodes, NULL);
}

static inline void end(void)
{
    take_all(r.g, &whole);
    must_be_same(&whole);
    rig_end(&r);
    drop_recording(&whole);
}

static hag_op polled[256];
static uint32_t npolled;

static inline void poll(hag_guard *g, hag_time now, int answer)
{
    struct hag_action a = {.size = sizeof(a)};

    ck_assert_int_ge(hag_advance(g, now), 0);
    while (hag_next_action(g, now, &a) > 0) {
        struct hag_result res = {.size = sizeof(res)};
        const char *streams[2] = {now / 5000 % 2 ? "127.0.0.1:2" : "127.0.0.1:3", NULL};
        struct hag_facts f = {.size = sizeof(f), .role = HAG_ROLE_PRIMARY, .position = now};

        f.flags = HAG_FACT_POSITION | HAG_FACT_WRITES | HAG_FACT_READS;
        if (now / 6000 % 2)
            f.role = HAG_ROLE_STANDBY;
        if (f.role == HAG_ROLE_STANDBY)
            (void)snprintf(f.upstream, sizeof(f.upstream), "127.0.0.1:%u",
                           (unsigned)(now / 700 % 5));
        f.identity[now / 900 % HAG_ID_SIZE] = 1;
        f.nlineage = 1 + (uint32_t)(now / 4000 % HAG_LINEAGE_MAX);
        for (uint32_t i = 0; i < f.nlineage; i++) {
            memset(f.lineage[i], (int)(1 + i), HAG_ID_SIZE);
            f.fork[i] = i == 0 ? 0 : 10 + i + now / 1500 % 2;
        }
        f.nstreams = now % 3 == 0 ? 2 : 0;
        f.streams = streams;
        f.cpu = (uint32_t)(now / 1000);
        f.priority = (int32_t)(now / 2000 % 3) - 1;
        if (a.kind == HAG_DO_PROBE)
            res.facts = &f;
        if (a.op != 0 && a.kind != HAG_DO_CANCEL && npolled < UNIT_COUNT(polled))
            polled[npolled++] = a.op;
        if (a.op != 0 && a.kind != HAG_DO_CANCEL && answer)
            (void)hag_op_complete(g, a.op, &res, now);
    }
}

#endif
