/* SPDX-License-Identifier: MIT
 *
 * meanings.h - what a server means by its codes, in the words of haguard.
 */
#ifndef HAG_DNS_MEANINGS_H
#define HAG_DNS_MEANINGS_H

#include <haguard/plugin.h>

enum {
    HAG__RCODE_NOERROR = 0,
    HAG__RCODE_FORMERR = 1,
    HAG__RCODE_SERVFAIL = 2,
    HAG__RCODE_NXDOMAIN = 3,
    HAG__RCODE_NOTIMP = 4,
    HAG__RCODE_REFUSED = 5,
    HAG__RCODE_YXRRSET = 7,
    HAG__RCODE_NXRRSET = 8,
    HAG__RCODE_NOTAUTH = 9,
    HAG__RCODE_NOTZONE = 10
};

/* of TSIG, RFC 8945 3 */
enum {
    HAG__TSIG_BADSIG = 16,
    HAG__TSIG_BADKEY = 17,
    HAG__TSIG_BADTIME = 18,
    HAG__TSIG_BADTRUNC = 22
};

enum {
    HAG__MEANS_AGAIN = 1, /* it may be better soon */
    HAG__MEANS_NEVER = 2, /* said to each copy of the message: none was carried out */
    HAG__MEANS_KEY = 4    /* the key may have been changed: read it again */
};

struct hag__dns_meaning {
    uint32_t rcode;
    uint32_t error; /* of TSIG; 0: any */
    uint32_t reason;
    uint32_t flags;
    const char *text;
};

/* Of the answer to an update, or to a question; never NULL. */
const struct hag__dns_meaning *hag__dns_meaning_update(uint32_t rcode, uint32_t error);
const struct hag__dns_meaning *hag__dns_meaning_query(uint32_t rcode);

#endif
