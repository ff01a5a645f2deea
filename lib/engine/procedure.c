/* SPDX-License-Identifier: MIT */
#include "engine/procedure.h"

const struct hag__procedure *hag__procedure(uint32_t kind)
{
    static const struct hag__procedure *const all[] = {
        &hag__failover,
        &hag__switchover,
        &hag__rejoin,
        &hag__safeguard,
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->kind == kind)
            return all[i];
    }
    return NULL;
}
