/* SPDX-License-Identifier: MIT */
#ifndef HAG__ENGINE_NAMES_H
#define HAG__ENGINE_NAMES_H

#include "base/public.h"

/* As hag_name(); inside the library a name is never NULL: "?" where there is none. */
const char *hag__name(uint32_t names, uint32_t value);

const char *hag__why_name(uint32_t why); /* NULL: no such reason */

#endif
