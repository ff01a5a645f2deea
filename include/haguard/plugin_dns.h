/* SPDX-License-Identifier: MIT
 *
 * plugin_dns.h - the DNS plugin, for hosts that link it in. Others load haguard_dns.so by
 * hag_plugin_load(). Its settings are in doc/dns.md.
 *
 * An instance also resolves names, such as those of nodes, in the host's loop:
 *
 *   hag_plugin_add(g, &hag_plugin_dns, "resolvers=system", now, &p);
 *   hag_dns_resolve(hag_plugin_self(g, p, &hag_plugin_dns), "db1.example.org", HAG_DNS_ANY, fn, ud,
 *                   &query);
 */
#ifndef HAGUARD_PLUGIN_DNS_H
#define HAGUARD_PLUGIN_DNS_H

#include <haguard/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct hag_plugin hag_plugin_dns;

typedef struct hag__dns hag_dns; /* an instance; hag_plugin_self() has it */
typedef uint64_t hag_dns_query;  /* a question that is open; 0 is none */

enum { HAG_DNS_ANY = 0, HAG_DNS_IPV4 = 4, HAG_DNS_IPV6 = 6 };

/* What came of it. Only the first three are about the name: UNKNOWN says nothing, and what was known
 * before goes on being true. */
enum {
    HAG_DNS_FOUND = 0,
    HAG_DNS_NO_NAME = 1,    /* there is no such name (NXDOMAIN) */
    HAG_DNS_NO_ADDRESS = 2, /* the name is there, but has no address of that family */
    HAG_DNS_UNKNOWN = 3     /* it could not be read */
};

struct hag_dns_result {
    uint32_t size;
    uint32_t result; /* HAG_DNS_ */
    uint32_t reason; /* of UNKNOWN: HAG_WHY_ */
    uint32_t ttl;    /* seconds that the addresses may be kept; 0: not said, as in /etc/hosts */
    uint32_t naddrs; /* 0 unless FOUND */
    uint32_t reserved;
    const char *const *addrs; /* numeric, without a port: IPv4 first, in order, each once */
    const char *name;         /* as it was asked for, in small letters, without a last dot */
    const char *text;         /* one line for people */
};

/* Told what came of a question, exactly once unless it was cancelled. r and its texts live until it
 * returns. It runs inside hag_advance(), hag_dispatch(), hag_next_action() or hag_fd_ready(), never
 * inside hag_dns_resolve(), and may call what a hook may. When the instance is closed, those that
 * are open are told UNKNOWN, reason HAG_WHY_CANCELLED; then haguard must not be called. */
typedef void (*hag_dns_fn)(void *ud, const struct hag_dns_result *r);

/* Asks for the addresses of a name, of a family (HAG_DNS_ANY: both, and both must be read). name: 1
 * to 253 letters, digits, '-', '_' and '.', not an address; with a last dot it is complete, and the
 * search list of this machine is not used. 64 are asked for at once, others wait for their turn.
 * It counts as a call of haguard: see hag_timeout() afterwards. In a hook: yes.
 * Errors: INVAL, BUSY (the instance is being closed), NOMEM, LIMIT (16384 are open). Since 0.1. */
int32_t hag_dns_resolve(hag_dns *d, const char *name, uint32_t family, hag_dns_fn fn, void *ud,
                        hag_dns_query *ret);

/* Takes a question back: its function is not called any more. In a hook: yes, also inside a
 * hag_dns_fn. Errors: INVAL, STALE (it has been told, or cancelled before). Since 0.1. */
int32_t hag_dns_cancel(hag_dns *d, hag_dns_query q);

#ifdef __cplusplus
}
#endif

#endif
