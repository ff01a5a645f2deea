/* SPDX-License-Identifier: MIT
 *
 * What the tests of the interface share: a small healthy cluster, a plugin that does nothing.
 */
#ifndef API_H
#define API_H

#include "../unit/unit.h"
#include "rig.h"

#include <haguard/plugin.h>
#include <stdio.h>

static struct rig r;
static hag_source eye;

static inline void begin(void)
{
    rig_start(&r, 2, NULL);
    ck_assert_int_eq(hag_source_add(r.g, r.c, HAG_SOURCE_OBSERVER, 0, "eye", &eye), HAG_OK);
    rig_run(&r, 5000);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
}

#define POISON 0x5a5a5a5a5a5a5a5aull

/* What an out-parameter looks like when nobody wrote it. */
static inline int untouched(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        if (b[i] != 0x5a)
            return 0;
    }
    return 1;
}

static inline void wants(int32_t got, int32_t err, const char *message)
{
    ck_assert_msg(got == err, "%d, not %d: %s", got, err, hag_errmsg(r.g));
    if (message != NULL)
        ck_assert_msg(strstr(hag_errmsg(r.g), message) != NULL, "\"%s\" lacks \"%s\"",
                      hag_errmsg(r.g), message);
}

static inline int32_t p_open(const struct hag_host *host, const char *config, hag_time now,
                             void **self, char *why, size_t whylen)
{
    (void)host;
    (void)now;
    *self = &r;
    if (config[0] != '\0')
        (void)snprintf(why, whylen, "no good: %s", config);
    return config[0] != '\0' ? HAG_ERR_INVAL : HAG_OK;
}
static inline void p_start(void *self, const struct hag_action *a, hag_time now)
{
    (void)self;
    (void)a;
    (void)now;
}
static inline void p_op(void *self, hag_op op)
{
    (void)self;
    (void)op;
}
static inline void p_ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    (void)self;
    (void)fd;
    (void)events;
    (void)now;
}
static inline void p_tick(void *self, hag_time now)
{
    (void)self;
    (void)now;
}
static inline void p_close(void *self)
{
    (void)self;
}

static const struct hag_plugin plain = {.size = sizeof(plain),
                                        .abi = HAG_PLUGIN_ABI,
                                        .name = "plain",
                                        .open = p_open,
                                        .start = p_start,
                                        .cancel = p_op,
                                        .forget = p_op,
                                        .ready = p_ready,
                                        .tick = p_tick,
                                        .close = p_close};

#endif
