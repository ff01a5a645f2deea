/* SPDX-License-Identifier: MIT
 *
 * secrets.h - whether files that a plugin was given (passwords, keys) have changed.
 */
#ifndef HAGUARDD_SECRETS_H
#define HAGUARDD_SECRETS_H

#include <stdint.h>

#include "inifile.h"

/* A number that changes when a file that the settings name has another content. */
uint64_t secrets_print(const struct ini_section *s);

#endif
