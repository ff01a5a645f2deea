/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>
#include <ldns/ldns.h>

#include "message.h"

/* Reads what a server, or somebody who would like to be one, has sent. */

static ldns_pkt *parse(const uint8_t *wire, size_t n)
{
    ldns_pkt *p = NULL;

    if (n > HAG__DNS_ANSWER_MAX || ldns_wire2pkt(&p, wire, n) != LDNS_STATUS_OK)
        return NULL;
    return p;
}

/* --- answers to queries ----------------------------------------------------------------------- */

static void add_text(struct hag__dns_answer *a, const ldns_rr *rr)
{
    struct hag__dns_texts *t = &a->texts;
    struct hag__dns_mark mark;
    size_t n = 0;

    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        n += ldns_rdf_size(ldns_rr_rdf(rr, i));
    if (t->n == HAG__DNS_TEXTS_MAX || n > sizeof(t->bytes) - t->used) {
        a->flags |= HAG__DNS_TOO_MUCH;
        return;
    }
    t->at[t->n] = (uint16_t)t->used;
    t->len[t->n] = (uint16_t)n;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *string = ldns_rr_rdf(rr, i);
        memcpy(t->bytes + t->used, ldns_rdf_data(string), ldns_rdf_size(string));
        t->used += (uint32_t)ldns_rdf_size(string);
    }
    const uint8_t *first = t->bytes + t->at[t->n];
    int is = n && first[0] < n ? hag__dns_mark_parse(first + 1, first[0], &mark) : 0;
    if (is < 0)
        t->damaged = 1;
    if (is > 0) {
        if (!t->marks || hag__dns_mark_order(&mark, &t->mark) > 0)
            t->mark = mark;
        t->marks |= 1u << t->n;
    }
    t->n++;
}

static void add_address(struct hag__dns_answer *a, const ldns_rr *rr, uint32_t ttl)
{
    const ldns_rdf *data = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;
    size_t len = data ? ldns_rdf_size(data) : 0;

    if (len != 4 && len != 16)
        return;
    hag__dns_set_add(&a->set, ldns_rdf_data(data), (uint32_t)len);
    if (ldns_rr_ttl(rr) != ttl)
        a->flags |= HAG__DNS_OTHER_TTL;
}

int hag__dns_read_answer(const uint8_t *wire, size_t n, const char *name, uint32_t type,
                         uint32_t ttl, struct hag__dns_answer *out)
{
    ldns_pkt *p = parse(wire, n);
    ldns_rdf *owner = ldns_dname_new_frm_str(name);

    memset(out, 0, sizeof(*out));
    if (!p || !owner) {
        ldns_pkt_free(p);
        ldns_rdf_deep_free(owner);
        return -1;
    }
    out->rcode = ldns_pkt_get_rcode(p);
    out->flags =
        (ldns_pkt_tc(p) ? HAG__DNS_TRUNCATED : 0) | (ldns_pkt_aa(p) ? HAG__DNS_AUTHORITATIVE : 0);
    const ldns_rr_list *list = ldns_pkt_answer(p);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
            ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
            continue;
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME)
            out->flags |= HAG__DNS_ALIAS;
        else if ((uint32_t)ldns_rr_get_type(rr) != type)
            continue;
        else if (type == HAG__DNS_TXT)
            add_text(out, rr);
        else
            add_address(out, rr, ttl);
    }
    ldns_pkt_free(p);
    ldns_rdf_deep_free(owner);
    return 0;
}

/* --- answers of resolvers --------------------------------------------------------------------- */

#define ALIASES 16 /* in a row; more are a circle */

static void no_longer_than(struct hag__dns_found *f, const ldns_rr *rr)
{
    uint32_t ttl = ldns_rr_ttl(rr) > INT32_MAX ? 0 : ldns_rr_ttl(rr); /* RFC 2181 8 */

    f->ttl = ttl < f->ttl ? ttl : f->ttl;
}

static const ldns_rr *alias_of(const ldns_rr_list *list, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && ldns_rr_rd_count(rr) == 1 &&
            ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
            ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
            return rr;
    }
    return NULL;
}

static void find_addresses(struct hag__dns_found *f, const ldns_rr_list *list, const ldns_rdf *name,
                           uint32_t type)
{
    const ldns_rr *alias;

    for (int i = 0; i < ALIASES && (alias = alias_of(list, name)) != NULL; i++) {
        f->flags |= HAG__DNS_ALIAS;
        no_longer_than(f, alias);
        name = ldns_rr_rdf(alias, 0);
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        uint32_t len = type == HAG__DNS_A ? 4 : 16;
        if ((uint32_t)ldns_rr_get_type(rr) != type || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
            ldns_rr_rd_count(rr) != 1 || ldns_rdf_size(ldns_rr_rdf(rr, 0)) != len ||
            ldns_dname_compare(ldns_rr_owner(rr), name) != 0)
            continue;
        hag__dns_set_add(&f->set, ldns_rdf_data(ldns_rr_rdf(rr, 0)), len);
        no_longer_than(f, rr);
    }
}

int hag__dns_read_found(const uint8_t *wire, size_t n, const char *name, uint32_t type,
                        struct hag__dns_found *out)
{
    ldns_pkt *p = parse(wire, n);
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    int err = p && owner && ldns_pkt_qr(p) ? 0 : -1;

    memset(out, 0, sizeof(*out));
    out->ttl = INT32_MAX;
    if (!err) {
        out->rcode = ldns_pkt_get_rcode(p);
        out->flags = (ldns_pkt_tc(p) ? HAG__DNS_TRUNCATED : 0) |
                     (ldns_pkt_aa(p) ? HAG__DNS_AUTHORITATIVE : 0) |
                     (ldns_pkt_ra(p) ? HAG__DNS_RECURSIVE : 0);
        find_addresses(out, ldns_pkt_answer(p), owner, type);
    }
    ldns_pkt_free(p);
    ldns_rdf_deep_free(owner);
    return err;
}

/* --- answers to updates ----------------------------------------------------------------------- */

static uint64_t number(const ldns_rdf *rdf, size_t skip)
{
    uint64_t v = 0;

    for (size_t i = skip; i < ldns_rdf_size(rdf); i++)
        v = v << 8 | ldns_rdf_data(rdf)[i];
    return v;
}

/* The answer names its algorithm itself: another one than ours is not even looked at. */
static int same_algorithm(const ldns_rr *tsig, const struct hag__dns_key *key)
{
    char *text = ldns_rdf2str(ldns_rr_rdf(tsig, 0));
    size_t n = text ? strlen(text) : 0;
    int same = n == strlen(key->algorithm) + 1 && strncasecmp(text, key->algorithm, n - 1) == 0;

    LDNS_FREE(text);
    return same;
}

static uint32_t verify(ldns_pkt *p, const uint8_t *wire, size_t n, const struct hag__dns_message *m,
                       const struct hag__dns_key *key)
{
    ldns_rr *tsig = ldns_pkt_tsig(p);
    bool good;

    if (ldns_rdf_size(ldns_rr_rdf(tsig, 3)) <= 2)
        return HAG__DNS_UNSIGNED;
    if (!same_algorithm(tsig, key))
        return HAG__DNS_FORGED;
    good = ldns_pkt_tsig_verify(p, wire, n, key->name, key->secret, m->mac);
    ldns_pkt_set_tsig(p, tsig); /* ldns forgets it when it fails halfway */
    return good ? HAG__DNS_SIGNED : HAG__DNS_FORGED;
}

int hag__dns_read_reply(const uint8_t *wire, size_t n, const struct hag__dns_message *m,
                        const struct hag__dns_key *key, struct hag__dns_reply *out)
{
    ldns_pkt *p = parse(wire, n);
    const ldns_rr *tsig;

    memset(out, 0, sizeof(*out));
    if (!p)
        return -1;
    out->rcode = ldns_pkt_get_rcode(p);
    out->truncated = ldns_pkt_tc(p) ? 1 : 0;
    out->signature = HAG__DNS_UNSIGNED;
    tsig = ldns_pkt_tsig(p);
    if (tsig && ldns_rr_rd_count(tsig) == 7) {
        out->error = (uint32_t)number(ldns_rr_rdf(tsig, 5), 0);
        /* RFC 8945 5.2.3: BADTIME has the server's clock as other data, 6 bytes after the length */
        if (ldns_rdf_size(ldns_rr_rdf(tsig, 6)) == 8)
            out->theirs = number(ldns_rr_rdf(tsig, 6), 2);
        out->signature = verify(p, wire, n, m, key);
    }
    ldns_pkt_free(p);
    return 0;
}
