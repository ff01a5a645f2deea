/* SPDX-License-Identifier: MIT */
#ifndef HAG__HEALTH_H
#define HAG__HEALTH_H

#include "engine/settings.h"

/* The series of answers of one node (5.6). */
struct hag__health {
    hag_time since;         /* sending of the first probe of the running bad series; HAG__NEVER */
    hag_time last_bad_sent; /* HAG__NEVER: none in this series */
    hag_time last_good;     /* when the last good answer came; HAG__NEVER: never */
    uint16_t fails;         /* failed probes in the series, not-serving apart */
    uint16_t dull;          /* not-serving answers in the series */
    uint8_t goods;          /* good answers in a row while suspect, the newest with them */
    uint8_t kind;           /* HAG_KIND_ of the newest bad answer */
    uint8_t result;         /* HAG_PROBE_ of the newest answer, HAG_PROBE_NONE at first */
    uint8_t pad;
};

void hag__health_init(struct hag__health *h);

/* The series after one more answer to a probe sent at sent, taken at now.
 *  - ok before suspicion breaks the series; after it, only rise of them in a row do.
 *  - denied, or none, changes nothing but result.
 *  - not-serving starts or goes on with a series of its own kind, counted in dull.
 *  - everything else counts in fails.
 * A change of kind keeps since. */
struct hag__health hag__health_next(const struct hag__health *h, uint32_t result, uint32_t facts,
                                    hag_time sent, hag_time now, const struct hag__settings *s);

/* The series is fall bad answers long, of whatever kinds. */
int hag__health_suspect(const struct hag__health *h, const struct hag__settings *s);
uint32_t hag__health_kind(uint32_t result, uint32_t facts); /* HAG_KIND_ of one bad answer */

#endif
