/* SPDX-License-Identifier: MIT
 *
 * message.h - DNS messages: what we ask and order, and what is read from answers. ldns is used in
 * message.c and reply.c alone.
 */
#ifndef HAG_DNS_MESSAGE_H
#define HAG_DNS_MESSAGE_H

#include "addr.h"
#include "key.h"
#include "mark.h"

#define HAG__DNS_TEXTS_MAX  16   /* TXT records at one name */
#define HAG__DNS_TEXT_BYTES 2048 /* of them all */
#define HAG__DNS_ANSWER_MAX 16384
#define HAG__DNS_UDP_MAX    512 /* RFC 1035 4.2.1; longer messages go by TCP */

enum { HAG__DNS_A = 1, HAG__DNS_CNAME = 5, HAG__DNS_TXT = 16, HAG__DNS_AAAA = 28 };

struct hag__dns_message {
    uint8_t *wire; /* NULL: none */
    size_t n;
    void *mac; /* of an update: what its answer is signed with */
    uint16_t id;
    uint16_t question; /* bytes of the question section */
    uint32_t reserved;
};

void hag__dns_message_free(struct hag__dns_message *m);

/* n random bytes. Returns 0, or -1 when the system has none. */
int hag__dns_random(void *out, size_t n);

/* The TXT records of a name, as they were read. */
struct hag__dns_texts {
    uint32_t n;
    uint32_t used;
    uint32_t marks;   /* bit per record that is a mark */
    uint32_t damaged; /* a record begins as a mark and is none */
    uint16_t at[HAG__DNS_TEXTS_MAX];
    uint16_t len[HAG__DNS_TEXTS_MAX];
    struct hag__dns_mark mark; /* the newest; if marks */
    uint8_t bytes[HAG__DNS_TEXT_BYTES];
};

/* Asks name for records of a type; recurse: the server is to ask others. Returns 0 or -1. */
int hag__dns_query(const char *name, uint32_t type, uint32_t recurse, struct hag__dns_message *out);

struct hag__dns_change {
    const char *zone;
    const char *name;
    const struct hag__dns_key *key;
    const struct hag__dns_texts *before; /* the prerequisite: these TXT records and no others */
    const struct hag__dns_set *addrs;
    const struct hag__dns_mark *mark;
    uint32_t ttl; /* seconds */
};

/* The signed order to give name exactly addrs and mark. Returns 0 or -1. */
int hag__dns_update(const struct hag__dns_change *c, struct hag__dns_message *out);

/* Whether wire can be the answer to m. Returns NULL, or what is strange about it. */
const char *hag__dns_strange(const struct hag__dns_message *m, const uint8_t *wire, size_t n);

enum {
    HAG__DNS_TRUNCATED = 1,
    HAG__DNS_AUTHORITATIVE = 2,
    HAG__DNS_ALIAS = 4,    /* the name is a CNAME */
    HAG__DNS_TOO_MUCH = 8, /* more TXT records than there is room for */
    HAG__DNS_OTHER_TTL = 16,
    HAG__DNS_RECURSIVE = 32 /* the server asks others for us */
};

struct hag__dns_answer {
    uint32_t rcode;
    uint32_t flags;
    struct hag__dns_set set;     /* of the type asked for */
    struct hag__dns_texts texts; /* if TXT was asked for */
};

/* Reads the answer to a query. OTHER_TTL: an address has another one than ttl. Returns 0, or -1
 * when it is not one. */
int hag__dns_read_answer(const uint8_t *wire, size_t n, const char *name, uint32_t type,
                         uint32_t ttl, struct hag__dns_answer *out);

/* What a resolver says of a name: aliases are followed. */
struct hag__dns_found {
    uint32_t rcode;
    uint32_t flags;
    uint32_t ttl; /* the least of those that lead to the addresses */
    uint32_t reserved;
    struct hag__dns_set set;
};

/* Reads the answer of a resolver. HAG__DNS_ALIAS: the name leads to another. Returns 0, or -1 when it
 * is not an answer. */
int hag__dns_read_found(const uint8_t *wire, size_t n, const char *name, uint32_t type,
                        struct hag__dns_found *out);

enum {
    HAG__DNS_SIGNED = 0,
    HAG__DNS_UNSIGNED = 1, /* no TSIG, or one without a signature, as some refusals have */
    HAG__DNS_FORGED = 2    /* a signature that is not that of our key */
};

struct hag__dns_reply {
    uint32_t rcode;
    uint32_t error; /* of TSIG */
    uint32_t signature;
    uint32_t truncated;
    uint64_t theirs; /* BADTIME: the server's clock, in seconds */
};

/* Reads the answer to an update. Returns 0, or -1 when it is not one. */
int hag__dns_read_reply(const uint8_t *wire, size_t n, const struct hag__dns_message *m,
                        const struct hag__dns_key *key, struct hag__dns_reply *out);

#endif
