/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <ldns/ldns.h>

#include "message.h"

#define HEADER 12
#define FUDGE  300 /* seconds that the clocks may differ; RFC 8945 10 */

void hag__dns_message_free(struct hag__dns_message *m)
{
    free(m->wire);
    ldns_rdf_deep_free(m->mac);
    memset(m, 0, sizeof(*m));
}

int hag__dns_random(void *out, size_t n)
{
    return getrandom(out, n, GRND_NONBLOCK) == (ssize_t)n ? 0 : -1;
}

/* --- records ---------------------------------------------------------------------------------- */

static ldns_rdf *name_of(const char *text)
{
    return ldns_dname_new_frm_str(text);
}

static ldns_rr *record(const char *owner, ldns_rr_type type, ldns_rr_class class, uint32_t ttl)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *name = name_of(owner);

    if (!rr || !name) {
        ldns_rr_free(rr);
        ldns_rdf_deep_free(name);
        return NULL;
    }
    ldns_rr_set_owner(rr, name);
    ldns_rr_set_type(rr, type);
    ldns_rr_set_class(rr, class);
    ldns_rr_set_ttl(rr, ttl);
    return rr;
}

/* Puts rr, which may be NULL, into list. Returns 0, or -1 without memory. */
static int put(ldns_rr_list *list, ldns_rr *rr)
{
    if (rr && ldns_rr_list_push_rr(list, rr))
        return 0;
    ldns_rr_free(rr);
    return -1;
}

static int with_data(ldns_rr *rr, ldns_rdf_type type, const uint8_t *bytes, size_t n)
{
    ldns_rdf *data = rr ? ldns_rdf_new_frm_data(type, n, bytes) : NULL;

    if (!data || !ldns_rr_push_rdf(rr, data)) {
        ldns_rdf_deep_free(data);
        return -1;
    }
    return 0;
}

static int put_data(ldns_rr_list *list, ldns_rr *rr, ldns_rdf_type type, const uint8_t *bytes,
                    size_t n)
{
    if (with_data(rr, type, bytes, n) == 0)
        return put(list, rr);
    ldns_rr_free(rr);
    return -1;
}

/* The i-th TXT record that was there, of a class that says what is meant by it. */
static int put_text(ldns_rr_list *list, const struct hag__dns_change *c, uint32_t i,
                    ldns_rr_class class)
{
    ldns_rr *rr = record(c->name, LDNS_RR_TYPE_TXT, class, 0);
    const uint8_t *s = c->before->bytes + c->before->at[i];
    size_t left = c->before->len[i];

    while (rr && left && s[0] < left) {
        size_t n = (size_t)s[0] + 1;
        if (with_data(rr, LDNS_RDF_TYPE_STR, s, n)) {
            ldns_rr_free(rr);
            return -1;
        }
        s += n;
        left -= n;
    }
    return put(list, rr);
}

/* RFC 2136 2.4: class IN with data means that exactly this set is there, NONE that none is. */
static int prerequisites(ldns_rr_list *list, const struct hag__dns_change *c)
{
    int err = 0;

    if (c->before->n == 0)
        return put(list, record(c->name, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_NONE, 0));
    for (uint32_t i = 0; i < c->before->n; i++)
        err |= put_text(list, c, i, LDNS_RR_CLASS_IN);
    return err;
}

/* RFC 2136 2.5: class ANY takes a whole set away, NONE one record, IN adds. TXT records of others
 * stay. */
static int changes(ldns_rr_list *list, const struct hag__dns_change *c)
{
    char mark[HAG__DNS_MARK_MAX];
    uint8_t text[HAG__DNS_MARK_MAX];
    int err = 0;

    err |= put(list, record(c->name, LDNS_RR_TYPE_A, LDNS_RR_CLASS_ANY, 0));
    err |= put(list, record(c->name, LDNS_RR_TYPE_AAAA, LDNS_RR_CLASS_ANY, 0));
    for (uint32_t i = 0; i < c->before->n; i++)
        if (c->before->marks >> i & 1)
            err |= put_text(list, c, i, LDNS_RR_CLASS_NONE);
    for (uint32_t i = 0; i < c->addrs->n; i++) {
        const struct hag__dns_ip *ip = &c->addrs->ips[i];
        ldns_rr_type type = ip->len == 16 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A;
        err |= put_data(list, record(c->name, type, LDNS_RR_CLASS_IN, c->ttl),
                        ip->len == 16 ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, ip->bytes, ip->len);
    }
    hag__dns_mark_format(c->mark, mark);
    text[0] = (uint8_t)strlen(mark);
    memcpy(text + 1, mark, text[0]);
    err |= put_data(list, record(c->name, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN, c->ttl),
                    LDNS_RDF_TYPE_STR, text, (size_t)text[0] + 1);
    return err;
}

/* --- messages --------------------------------------------------------------------------------- */

/* The question is the first thing after the header and never compressed. */
static uint16_t question_size(const uint8_t *wire, size_t n)
{
    size_t at = HEADER;

    while (at < n && wire[at] && wire[at] < 64)
        at += (size_t)wire[at] + 1;
    return at + 5 <= n && wire[at] == 0 ? (uint16_t)(at + 5 - HEADER) : 0;
}

static int finish(ldns_pkt *p, struct hag__dns_message *out)
{
    uint8_t *wire = NULL;

    if (ldns_pkt2wire(&wire, p, &out->n) != LDNS_STATUS_OK)
        return -1;
    out->wire = malloc(out->n); /* theirs is of 64 KB, whatever is in it */
    if (out->wire)
        memcpy(out->wire, wire, out->n);
    LDNS_FREE(wire);
    if (!out->wire)
        return -1;
    out->id = ldns_pkt_id(p);
    out->question = question_size(out->wire, out->n);
    return 0;
}

int hag__dns_query(const char *name, uint32_t type, uint32_t recurse, struct hag__dns_message *out)
{
    ldns_rdf *owner = name_of(name);
    ldns_pkt *p = owner ? ldns_pkt_query_new(owner, (ldns_rr_type)type, LDNS_RR_CLASS_IN,
                                             recurse ? LDNS_RD : 0)
                        : NULL;
    uint16_t id;
    int err = -1;

    memset(out, 0, sizeof(*out));
    if (p && hag__dns_random(&id, sizeof(id)) == 0) {
        ldns_pkt_set_id(p, id);
        err = finish(p, out);
    }
    if (!p)
        ldns_rdf_deep_free(owner);
    ldns_pkt_free(p);
    return err;
}

static int sign(ldns_pkt *p, const struct hag__dns_key *key, struct hag__dns_message *out)
{
    char algorithm[sizeof(key->algorithm) + 1];

    snprintf(algorithm, sizeof(algorithm), "%s.", key->algorithm);
    if (ldns_pkt_tsig_sign(p, key->name, key->secret, FUDGE, algorithm, NULL) != LDNS_STATUS_OK)
        return -1;
    out->mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(p), 3));
    return out->mac ? 0 : -1;
}

int hag__dns_update(const struct hag__dns_change *c, struct hag__dns_message *out)
{
    ldns_rr_list *need = ldns_rr_list_new(), *change = ldns_rr_list_new();
    ldns_rdf *zone = name_of(c->zone);
    ldns_pkt *p = NULL;
    uint16_t id;
    int err = -1;

    memset(out, 0, sizeof(*out));
    if (need && change && zone && prerequisites(need, c) == 0 && changes(change, c) == 0 &&
        hag__dns_random(&id, sizeof(id)) == 0) {
        p = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, need, change, NULL);
        zone = p ? NULL : zone;
    }
    if (p) {
        ldns_pkt_set_rd(p, false); /* ldns asks for recursion even here */
        ldns_pkt_set_id(p, id);
        err = sign(p, c->key, out) || finish(p, out) ? -1 : 0;
    }
    if (err)
        hag__dns_message_free(out);
    ldns_rdf_deep_free(zone);
    ldns_rr_list_deep_free(need);
    ldns_rr_list_deep_free(change);
    ldns_pkt_free(p);
    return err;
}

/* --- is it an answer to this message? --------------------------------------------------------- */

static int same_question(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tolower(a[i]) != tolower(b[i]))
            return 0;
    return 1;
}

const char *hag__dns_strange(const struct hag__dns_message *m, const uint8_t *wire, size_t n)
{
    if (n < HEADER)
        return "bytes that are no DNS message";
    if (n > HAG__DNS_ANSWER_MAX)
        return "an answer that is too long";
    if ((wire[0] << 8 | wire[1]) != m->id)
        return "an answer with another id";
    if (!(wire[2] & 0x80))
        return "a question instead of an answer";
    if ((wire[2] & 0x78) != (m->wire[2] & 0x78))
        return "an answer to another kind of message";
    uint32_t nquestions = (uint32_t)(wire[4] << 8 | wire[5]);
    /* the question may be left out of a refusal and of the answer to an update */
    if (nquestions == 0 && ((wire[3] & 15) || (m->wire[2] & 0x78)))
        return NULL;
    if (nquestions != 1 || n < HEADER + (size_t)m->question ||
        !same_question(wire + HEADER, m->wire + HEADER, m->question))
        return "an answer to another question";
    return NULL;
}
