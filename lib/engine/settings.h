/* SPDX-License-Identifier: MIT */
#ifndef HAG__SETTINGS_H
#define HAG__SETTINGS_H

#include "base/public.h"

/* The values of all settings, by key. A cluster holds a counted copy. */
struct hag__settings {
    int64_t v[HAG_P_COUNT];
};

const struct hag_setting *hag__setting(uint32_t key);  /* NULL: no such key */
const struct hag_setting *hag__setting_at(uint32_t i); /* i-th of the table; NULL past the end */
const struct hag_setting *hag__setting_named(const char *name);

void hag__settings_default(struct hag__settings *s);
/* Bounds; writes what is wrong and what is allowed into why. NOT_FOUND, RANGE. */
int32_t hag__settings_set(struct hag__settings *s, uint32_t key, int64_t value, char *why,
                          size_t whylen);
/* "60s", "required", "16m", "none": as the unit of the setting wants it. INVAL too. */
int32_t hag__settings_parse(struct hag__settings *s, const char *name, const char *value, char *why,
                            size_t whylen);
/* As a whole (design 5.13): a grace shorter than the probes that must fail in it, evidence that is
 * too old before it can be read again, bounds that cross. CONFLICT, with cause and cure in why. */
int32_t hag__settings_check(const struct hag__settings *s, char *why, size_t whylen);
/* The value as text, the way parse reads it. */
void hag__settings_format(uint32_t key, int64_t value, char *buf, size_t len);

/* The grace of a kind of trouble (5.5), of a primary or of another node; HAG__NEVER for a kind that
 * never brings a node down. */
hag_time hag__grace(const struct hag__settings *s, uint32_t kind, int is_primary);

#endif
