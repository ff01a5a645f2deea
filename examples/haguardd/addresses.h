/* SPDX-License-Identifier: MIT
 *
 * addresses.h - where names were found last, kept in the state directory for a start without DNS.
 */
#ifndef HAGUARDD_ADDRESSES_H
#define HAGUARDD_ADDRESSES_H

#include "daemon.h"

struct addresses;

/* Reads what is kept; what cannot be read is left out. */
struct addresses *addresses_open(struct app *app);

/* The address of a name, NULL if there is none. */
const char *addresses_find(const struct addresses *a, const char *host);

/* Writes lines of "NAME ADDRESS" in place of those that are kept, in a thread of its own. Takes
 * text, which is from malloc(). */
void addresses_save(struct addresses *a, char *text);

/* What is being written is finished while the loop runs. */
void addresses_close(struct addresses *a);

#endif
