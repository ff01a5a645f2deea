/* SPDX-License-Identifier: MIT */
#ifndef HAG__ENDPOINT_H
#define HAG__ENDPOINT_H

#include "engine/settings.h"

/* What should stand behind the names (U1, U2, U4, S6, S14). Sets are bits by place in the cluster. */
struct hag__endpoint_member {
    uint8_t verdict;
    uint8_t role;    /* reported */
    uint8_t in_sync; /* follows the current primary, link up, first copy complete */
    uint8_t reads;   /* serves reads */
    uint8_t in_debt; /* its address may still be taken for the primary's */
    uint8_t leaving;
    uint8_t since_step; /* its evidence is newer than the last step of a procedure */
};

struct hag__endpoint_in {
    const struct hag__endpoint_member *members;
    uint32_t n;
    uint32_t primary;   /* place, HAG__NIL: none confirmed */
    uint64_t published; /* replica name as it is */
    uint8_t unsure;     /* that is known from a record alone: an update may have been on its way */
    uint8_t trim;       /* a promotion was just confirmed: only what serves stays (U2) */
    uint8_t withdraw_replica;
};

/* The replica name: who newly qualifies enters; who is published stays until it is down, leaves or
 * has become a primary by itself, and even then as long as nobody else is there (U4), unless
 * withdraw_replica; what is known from a record alone stays like one that is down unless it serves; a
 * promotion clears the name of all who do not serve now (U2). An address in debt is never in it
 * (S14). */
uint64_t hag__endpoint_replicas(const struct hag__endpoint_in *in);

#endif
