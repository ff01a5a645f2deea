/* SPDX-License-Identifier: MIT */
#include "meanings.h"

/* RFC 2136 2.2, 3 and RFC 8945 5.2. The first row that fits counts. */
static const struct hag__dns_meaning of_updates[] = {
    {HAG__RCODE_NOTAUTH, HAG__TSIG_BADKEY, HAG_WHY_DENIED, HAG__MEANS_NEVER | HAG__MEANS_KEY,
     "does not know our key for this (BADKEY); compare key-name, key-algorithm and its rights"},
    {HAG__RCODE_NOTAUTH, HAG__TSIG_BADSIG, HAG_WHY_DENIED, HAG__MEANS_NEVER | HAG__MEANS_KEY,
     "has another secret for our key (BADSIG); compare the secrets"},
    {HAG__RCODE_NOTAUTH, HAG__TSIG_BADTRUNC, HAG_WHY_DENIED, HAG__MEANS_NEVER,
     "wants longer signatures (BADTRUNC); compare key-algorithm"},
    {HAG__RCODE_NOTAUTH, HAG__TSIG_BADTIME, HAG_WHY_HOST_ERROR, HAG__MEANS_NEVER,
     "has another time (BADTIME); set the clocks"},
    {HAG__RCODE_NOTAUTH, 0, HAG_WHY_BAD_CONFIG, HAG__MEANS_NEVER,
     "is no authority for the zone (NOTAUTH); check zone and update-servers"},
    {HAG__RCODE_FORMERR, 0, HAG_WHY_PROTOCOL, HAG__MEANS_NEVER,
     "does not understand the update (FORMERR)"},
    {HAG__RCODE_SERVFAIL, 0, HAG_WHY_STORE_ERROR, HAG__MEANS_AGAIN,
     "failed at it (SERVFAIL); its log says why"},
    {HAG__RCODE_NOTIMP, 0, HAG_WHY_UNSUPPORTED, HAG__MEANS_NEVER,
     "takes no updates (NOTIMP); check update-servers"},
    {HAG__RCODE_REFUSED, 0, HAG_WHY_DENIED, HAG__MEANS_NEVER | HAG__MEANS_KEY,
     "does not let our key change this name (REFUSED); check what it may update"},
    {HAG__RCODE_NOTZONE, 0, HAG_WHY_BAD_CONFIG, HAG__MEANS_NEVER,
     "has the name in another zone (NOTZONE); check zone"},
};

static const struct hag__dns_meaning of_queries[] = {
    {HAG__RCODE_SERVFAIL, 0, HAG_WHY_STORE_ERROR, HAG__MEANS_AGAIN,
     "cannot answer (SERVFAIL); its log says why"},
    {HAG__RCODE_REFUSED, 0, HAG_WHY_DENIED, 0,
     "does not answer us (REFUSED); check that it serves the zone"},
    {HAG__RCODE_NOTIMP, 0, HAG_WHY_UNSUPPORTED, 0, "answers no such questions (NOTIMP)"},
    {HAG__RCODE_FORMERR, 0, HAG_WHY_PROTOCOL, 0, "does not understand the question (FORMERR)"},
    {HAG__RCODE_NOTAUTH, 0, HAG_WHY_BAD_CONFIG, 0,
     "is no authority for the zone (NOTAUTH); check zone and servers"},
};

static const struct hag__dns_meaning other = {0, 0, HAG_WHY_PROTOCOL, HAG__MEANS_AGAIN,
                                              "answered with a code that makes no sense here"};

static const struct hag__dns_meaning *find(const struct hag__dns_meaning *rows, size_t n,
                                           uint32_t rcode, uint32_t error)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].rcode == rcode && (rows[i].error == 0 || rows[i].error == error))
            return &rows[i];
    return &other;
}

const struct hag__dns_meaning *hag__dns_meaning_update(uint32_t rcode, uint32_t error)
{
    return find(of_updates, sizeof(of_updates) / sizeof(of_updates[0]), rcode, error);
}

const struct hag__dns_meaning *hag__dns_meaning_query(uint32_t rcode)
{
    return find(of_queries, sizeof(of_queries) / sizeof(of_queries[0]), rcode, 0);
}
