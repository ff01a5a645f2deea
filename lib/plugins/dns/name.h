/* SPDX-License-Identifier: MIT
 *
 * name.h - the DNS name of a cluster, from its pattern.
 */
#ifndef HAG_DNS_NAME_H
#define HAG_DNS_NAME_H

#include <haguard/plugin.h>

#define HAG__DNS_NAME_MAX 256

/* Puts cluster in place of each %c, in small letters and without a last dot. The name must lie in
 * zone. Returns 0, or -1 with what is wrong in why. */
int hag__dns_name_expand(const char *pattern, const char *cluster, const char *zone,
                         char out[HAG__DNS_NAME_MAX], char *why, size_t n);

/* A domain name in small letters and without a last dot. Returns 0, or -1 with what is wrong. */
int hag__dns_name_read(const char *text, size_t len, char out[HAG__DNS_NAME_MAX], char *why,
                       size_t n);

#endif
