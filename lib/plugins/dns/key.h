/* SPDX-License-Identifier: MIT
 *
 * key.h - the TSIG key: read from a file or the environment, never told.
 */
#ifndef HAG_DNS_KEY_H
#define HAG_DNS_KEY_H

#include "name.h"

#define HAG__DNS_SECRET_MAX 512

struct hag__dns_key {
    char name[HAG__DNS_NAME_MAX];     /* empty: not known yet */
    char algorithm[16];               /* empty: not known yet */
    char secret[HAG__DNS_SECRET_MAX]; /* base64 */
};

/* Whether the plugin can sign with it. */
int hag__dns_algorithm(const char *name, size_t n);

/* Reads text: the secret alone, NAME:SECRET, ALGORITHM:NAME:SECRET, or a key of a configuration
 * file of Knot or BIND. What it says of name and algorithm must agree with what key has already. Returns
 * 0, or -1 with what is wrong, without the secret, in why. */
int hag__dns_key_read(struct hag__dns_key *key, const char *text, size_t len, char *why, size_t n);

#endif
