/* SPDX-License-Identifier: MIT
 *
 * What the tests of losses share: one world, played with the settings a user gets.
 */
#ifndef LOSSES_H
#define LOSSES_H

#include "../unit/unit.h"
#include "rig.h"

#include <stdio.h>

static struct rig r;

#define ASSERT_NAME(which, want) ck_assert_str_eq(r.name[which], want)
#define PRIMARY                  HAG_ENDPOINT_PRIMARY
#define REPLICA                  HAG_ENDPOINT_REPLICA

static const char A1[] = "127.0.0.1:7001", A2[] = "127.0.0.1:7002";
static const char A23[] = "127.0.0.1:7002 127.0.0.1:7003";

static inline void begin(uint32_t nodes, const char *const *settings)
{
    rig_start(&r, nodes, settings);
    rig_settle(&r);
    ck_assert_uint_eq(rig_state(&r), HAG_STATE_HEALTHY);
    ck_assert_uint_eq(rig_primary(&r), 0);
}

static inline void must_be_healthy(uint32_t primary)
{
    ck_assert_msg(rig_state(&r) == HAG_STATE_HEALTHY, "%s", rig_explain(&r));
    ck_assert_uint_eq(rig_primary(&r), primary);
    ck_assert_uint_eq(rig_writers(&r), 1);
    ck_assert_int_eq(r.s[primary].primary, 1);
    ASSERT_NAME(PRIMARY, r.s[primary].addr);
    ck_assert_uint_eq(rig_info(&r).writers, HAG_WRITERS_IMPOSSIBLE);
}

static inline void nothing_was_touched(void)
{
    ck_assert_uint_eq(r.acts[HAG_DO_DETACH], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_FENCE], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_PROMOTE], 0);
    ck_assert_uint_eq(r.acts[HAG_DO_FOLLOW], 0);
}

static inline int says(const char *what)
{
    return strstr(rig_explain(&r), what) != NULL;
}

#endif
