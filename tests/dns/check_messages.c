/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ldns/ldns.h>

#include "check_dns.h"
#include "dns.h"

/* Messages as they go out, and answers of all kinds: good, forged, damaged, cut off. */

#define SECRET "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZQ=="
#define NAME   "shop.db.example.test"

static const struct hag__dns_key ours = {"haguard", "hmac-sha256", SECRET};
static struct hag__dns_texts before;
static struct hag__dns_set addrs;
static const struct hag__dns_mark mark = {7, 12, 0xabcdef, "shop"};
static struct hag__dns_answer answer;

static void had_text(const char *text, int is_mark)
{
    size_t n = strlen(text);

    before.at[before.n] = (uint16_t)before.used;
    before.len[before.n] = (uint16_t)(n + 1);
    before.bytes[before.used] = (uint8_t)n;
    memcpy(before.bytes + before.used + 1, text, n);
    before.used += (uint32_t)n + 1;
    before.marks |= (uint32_t)is_mark << before.n++;
}

static void want_addr(const char *ip)
{
    struct hag__dns_addr a;

    ck_assert_int_eq(hag__dns_addr_parse(ip, strlen(ip), 1, &a), 0);
    hag__dns_set_add(&addrs, a.ip.bytes, a.ip.len);
}

static void setup(void)
{
    memset(&before, 0, sizeof(before));
    memset(&addrs, 0, sizeof(addrs));
}

static struct hag__dns_message update(void)
{
    struct hag__dns_change c = {"example.test", NAME, &ours, &before, &addrs, &mark, 5};
    struct hag__dns_message m;

    ck_assert_int_eq(hag__dns_update(&c, &m), 0);
    return m;
}

static ldns_pkt *parsed(const struct hag__dns_message *m)
{
    ldns_pkt *p = NULL;

    ck_assert_int_eq(ldns_wire2pkt(&p, m->wire, m->n), LDNS_STATUS_OK);
    return p;
}

static void records_are(ldns_rr_list *list, const char *want)
{
    char *text = ldns_rr_list2str(list), *none;

    while ((none = strstr(text, "\t\\# 0")) != NULL) /* what ldns writes for no data */
        memmove(none, none + 5, strlen(none + 5) + 1);
    ck_assert_str_eq(text, want);
    free(text);
}

START_TEST(an_update_of_a_new_name)
{
    want_addr("192.0.2.2");
    want_addr("192.0.2.1");
    want_addr("2001:db8::1");
    struct hag__dns_message m = update();
    ldns_pkt *p = parsed(&m);

    ck_assert_int_eq(ldns_pkt_get_opcode(p), LDNS_PACKET_UPDATE);
    ck_assert(!ldns_pkt_rd(p) && !ldns_pkt_qr(p));
    ck_assert_uint_eq(ldns_pkt_id(p), m.id);
    records_are(ldns_pkt_question(p), "example.test.\tIN\tSOA\n");
    records_are(ldns_pkt_answer(p), NAME ".\t0\tNONE\tTXT\n");
    records_are(ldns_pkt_authority(p),
                NAME ".\t0\tANY\tA\n" NAME ".\t0\tANY\tAAAA\n" NAME ".\t5\tIN\tA\t192.0.2.1\n" NAME
                     ".\t5\tIN\tA\t192.0.2.2\n" NAME ".\t5\tIN\tAAAA\t2001:db8::1\n" NAME
                     ".\t5\tIN\tTXT\t\"haguard cluster=shop term=7 gen=12 id=0000000000abcdef\"\n");
    ck_assert_ptr_nonnull(ldns_pkt_tsig(p));
    ck_assert(ldns_pkt_tsig_verify(p, m.wire, m.n, "haguard", SECRET, NULL));
    ldns_pkt_free(p);
    hag__dns_message_free(&m);
}
END_TEST

START_TEST(an_update_of_a_name_with_records)
{
    had_text("v=spf1 -all", 0);
    had_text("haguard term=1 gen=1", 1);
    had_text("haguard term=2 gen=1", 1);
    struct hag__dns_message m = update();
    ldns_pkt *p = parsed(&m);

    records_are(ldns_pkt_answer(p), NAME ".\t0\tIN\tTXT\t\"v=spf1 -all\"\n" NAME
                                         ".\t0\tIN\tTXT\t\"haguard term=1 gen=1\"\n" NAME
                                         ".\t0\tIN\tTXT\t\"haguard term=2 gen=1\"\n");
    records_are(ldns_pkt_authority(p),
                NAME ".\t0\tANY\tA\n" NAME ".\t0\tANY\tAAAA\n" NAME
                     ".\t0\tNONE\tTXT\t\"haguard term=1 gen=1\"\n" NAME
                     ".\t0\tNONE\tTXT\t\"haguard term=2 gen=1\"\n" NAME
                     ".\t5\tIN\tTXT\t\"haguard cluster=shop term=7 gen=12 id=0000000000abcdef\"\n");
    ldns_pkt_free(p);
    hag__dns_message_free(&m);
}
END_TEST

START_TEST(a_question)
{
    struct hag__dns_message m;

    ck_assert_int_eq(hag__dns_query(NAME, HAG__DNS_TXT, 0, &m), 0);
    ldns_pkt *p = parsed(&m);
    ck_assert(!ldns_pkt_rd(p) && !ldns_pkt_qr(p));
    records_are(ldns_pkt_question(p), NAME ".\tIN\tTXT\n");
    ck_assert_uint_eq(m.question, strlen(NAME) + 2 + 4);
    ldns_pkt_free(p);
    hag__dns_message_free(&m);
}
END_TEST

START_TEST(ids_differ)
{
    uint32_t same = 0;
    uint16_t last = 0;

    for (int i = 0; i < 64; i++) {
        struct hag__dns_message m;
        ck_assert_int_eq(hag__dns_query(NAME, HAG__DNS_A, 0, &m), 0);
        same += m.id == last;
        last = m.id;
        hag__dns_message_free(&m);
    }
    ck_assert_uint_lt(same, 3);
}
END_TEST

/* --- answers to updates ----------------------------------------------------------------------- */

struct reply {
    uint8_t *wire;
    size_t n;
};

static ldns_pkt *bare_reply(const struct hag__dns_message *m, uint32_t rcode)
{
    ldns_pkt *p = ldns_pkt_query_new(ldns_dname_new_frm_str("example.test"), LDNS_RR_TYPE_SOA,
                                     LDNS_RR_CLASS_IN, 0);

    ldns_pkt_set_opcode(p, LDNS_PACKET_UPDATE);
    ldns_pkt_set_qr(p, true);
    ldns_pkt_set_rd(p, false);
    ldns_pkt_set_id(p, m->id);
    ldns_pkt_set_rcode(p, (uint8_t)rcode);
    return p;
}

static struct reply reply(const struct hag__dns_message *m, uint32_t rcode, const char *name,
                          const char *secret, const char *algorithm, const void *mac)
{
    ldns_pkt *p = bare_reply(m, rcode);
    struct reply r = {NULL, 0};

    if (secret)
        ck_assert_int_eq(ldns_pkt_tsig_sign(p, name, secret, 300, algorithm, mac), LDNS_STATUS_OK);
    ck_assert_int_eq(ldns_pkt2wire(&r.wire, p, &r.n), LDNS_STATUS_OK);
    ldns_pkt_free(p);
    return r;
}

static uint32_t read_as(const struct hag__dns_message *m, struct reply *r, uint32_t rcode)
{
    struct hag__dns_reply got;

    ck_assert_ptr_null(hag__dns_strange(m, r->wire, r->n));
    ck_assert_int_eq(hag__dns_read_reply(r->wire, r->n, m, &ours, &got), 0);
    ck_assert_uint_eq(got.rcode, rcode);
    free(r->wire);
    return got.signature;
}

START_TEST(signatures)
{
    struct hag__dns_message m = update(), other = update();
    struct reply r = reply(&m, 0, "haguard", SECRET, "hmac-sha256.", m.mac);

    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_SIGNED);
    r = reply(&m, 8, "HAGUARD", SECRET, "hmac-sha256.", m.mac);
    ck_assert_uint_eq(read_as(&m, &r, 8), HAG__DNS_SIGNED);
    r = reply(&m, 0, NULL, NULL, NULL, NULL);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_UNSIGNED);
    r = reply(&m, 0, "haguard", "AAAA", "hmac-sha256.", m.mac);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_FORGED);
    r = reply(&m, 0, "another", SECRET, "hmac-sha256.", m.mac);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_FORGED);
    r = reply(&m, 0, "haguard", SECRET, "hmac-sha1.", m.mac);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_FORGED);
    /* an answer is bound to its update: that of another one, or of none, does not do */
    r = reply(&m, 0, "haguard", SECRET, "hmac-sha256.", other.mac);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_FORGED);
    r = reply(&m, 0, "haguard", SECRET, "hmac-sha256.", NULL);
    ck_assert_uint_eq(read_as(&m, &r, 0), HAG__DNS_FORGED);
    hag__dns_message_free(&m);
    hag__dns_message_free(&other);
}
END_TEST

START_TEST(no_changed_bit_is_believed)
{
    struct hag__dns_message m = update();
    struct reply r = reply(&m, 0, "haguard", SECRET, "hmac-sha256.", m.mac);
    struct hag__dns_reply got;
    uint32_t still = 0;

    for (size_t bit = 0; bit < r.n * 8; bit++) {
        r.wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!hag__dns_strange(&m, r.wire, r.n) &&
            hag__dns_read_reply(r.wire, r.n, &m, &ours, &got) == 0 &&
            got.signature == HAG__DNS_SIGNED) {
            /* the name, class, TTL and original id of the signature itself are not signed */
            ck_assert_uint_eq(got.rcode, 0);
            ck_assert_uint_eq(got.error, 0);
            ck_assert_uint_eq(got.truncated, 0);
            still++;
        }
        r.wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_uint_le(still, (9 + 2 + 4 + 2) * 8);
    for (size_t n = 0; n < r.n; n++)
        ck_assert(hag__dns_read_reply(r.wire, n, &m, &ours, &got) ||
                  got.signature != HAG__DNS_SIGNED);
    free(r.wire);
    hag__dns_message_free(&m);
}
END_TEST

START_TEST(a_long_answer_is_not_handed_to_ldns)
{
    struct hag__dns_message m = update();
    struct reply r = reply(&m, 0, "haguard", SECRET, "hmac-sha256.", m.mac);
    uint8_t *big = calloc(1, 65535);
    struct hag__dns_reply got;

    memcpy(big, r.wire, r.n);
    ck_assert_int_eq(hag__dns_read_reply(big, 65535, &m, &ours, &got), -1);
    ck_assert_ptr_nonnull(hag__dns_strange(&m, big, 65535));
    free(big);
    free(r.wire);
    hag__dns_message_free(&m);
}
END_TEST

/* --- is it an answer at all? ------------------------------------------------------------------ */

START_TEST(strange_answers)
{
    struct hag__dns_message m, u = update();
    uint8_t wire[512];

    ck_assert_int_eq(hag__dns_query(NAME, HAG__DNS_A, 0, &m), 0);
    memcpy(wire, m.wire, m.n);
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n)); /* our own question */
    wire[2] |= 0x80;
    ck_assert_ptr_null(hag__dns_strange(&m, wire, m.n));
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, 11));
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n - 1));
    ck_assert_ptr_nonnull(hag__dns_strange(&u, wire, m.n));
    wire[13] ^= 0x20; /* capital letters are the same */
    ck_assert_ptr_null(hag__dns_strange(&m, wire, m.n));
    wire[13] ^= 1;
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n));
    wire[13] ^= 1;
    wire[0] ^= 1;
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n));
    wire[0] ^= 1;
    wire[2] |= 0x28;
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n));
    wire[2] &= (uint8_t)~0x28;
    wire[5] = 0; /* no question: only a refusal may leave it out */
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n));
    wire[3] |= 5;
    ck_assert_ptr_null(hag__dns_strange(&m, wire, m.n));
    wire[5] = 2;
    ck_assert_ptr_nonnull(hag__dns_strange(&m, wire, m.n));
    hag__dns_message_free(&m);
    hag__dns_message_free(&u);
}
END_TEST

/* --- answers to questions --------------------------------------------------------------------- */

static struct reply says(const char *records)
{
    ldns_pkt *p =
        ldns_pkt_query_new(ldns_dname_new_frm_str(NAME), LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN, 0);
    struct reply r = {NULL, 0};
    char line[300];

    ldns_pkt_set_qr(p, true);
    ldns_pkt_set_aa(p, true);
    while (*records) {
        ldns_rr *rr;
        size_t n = strcspn(records, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)n, records);
        ck_assert_int_eq(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, rr);
        records += n + (records[n] != '\0');
    }
    ck_assert_int_eq(ldns_pkt2wire(&r.wire, p, &r.n), LDNS_STATUS_OK);
    ldns_pkt_free(p);
    return r;
}

static void understand(const char *records, uint32_t type)
{
    struct reply r = says(records);

    ck_assert_int_eq(hag__dns_read_answer(r.wire, r.n, NAME, type, 5, &answer), 0);
    free(r.wire);
}

START_TEST(texts)
{
    understand(NAME ". 5 IN TXT \"v=spf1\"\n" NAME ". 5 IN TXT \"haguard term=1 gen=9\"\n"
                    "SHOP.db.example.test. 5 IN TXT \"haguard term=2 gen=1 cluster=shop\"\n"
                    "other.example.test. 5 IN TXT \"haguard term=9 gen=9\"\n" NAME
                    ". 5 CH TXT \"haguard term=8 gen=8\"\n" NAME ". 5 IN TXT \"two\" \"strings\"",
               HAG__DNS_TXT);
    ck_assert_uint_eq(answer.flags, HAG__DNS_AUTHORITATIVE);
    ck_assert_uint_eq(answer.texts.n, 4);
    ck_assert_uint_eq(answer.texts.marks, 6);
    ck_assert_uint_eq(answer.texts.mark.term, 2);
    ck_assert_str_eq(answer.texts.mark.cluster, "shop");
    ck_assert_uint_eq(answer.texts.len[3], 1 + 3 + 1 + 7);
    understand(NAME ". 5 IN TXT \"haguard term=x\"", HAG__DNS_TXT);
    ck_assert_uint_eq(answer.texts.damaged, 1);
    ck_assert_uint_eq(answer.texts.marks, 0);
    understand("", HAG__DNS_TXT);
    ck_assert_uint_eq(answer.texts.n, 0);
}
END_TEST

START_TEST(what_was_read_is_the_prerequisite)
{
    understand(NAME ". 60 IN TXT \"two\" \"strings\" \"\"\n" NAME
                    ". 5 IN TXT \"haguard term=1 gen=9\"",
               HAG__DNS_TXT);
    before = answer.texts;
    struct hag__dns_message m = update();
    ldns_pkt *p = parsed(&m);
    records_are(ldns_pkt_answer(p), NAME ".\t0\tIN\tTXT\t\"two\" \"strings\" \"\"\n" NAME
                                         ".\t0\tIN\tTXT\t\"haguard term=1 gen=9\"\n");
    ldns_pkt_free(p);
    hag__dns_message_free(&m);
}
END_TEST

START_TEST(addresses)
{
    understand(NAME ". 5 IN A 192.0.2.2\n" NAME ". 5 IN A 192.0.2.1\n" NAME
                    ". 5 IN AAAA 2001:db8::1",
               HAG__DNS_A);
    want_addr("192.0.2.1");
    want_addr("192.0.2.2");
    ck_assert(hag__dns_set_same(&answer.set, &addrs, 4));
    ck_assert(hag__dns_set_same(&answer.set, &addrs, 16));
    ck_assert_uint_eq(answer.flags, HAG__DNS_AUTHORITATIVE);
    understand(NAME ". 6 IN A 192.0.2.2", HAG__DNS_A);
    ck_assert_uint_eq(answer.flags, HAG__DNS_AUTHORITATIVE | HAG__DNS_OTHER_TTL);
    understand(NAME ". 5 IN CNAME ns.example.test.\nns.example.test. 5 IN A 192.0.2.1", HAG__DNS_A);
    ck_assert_uint_eq(answer.flags, HAG__DNS_AUTHORITATIVE | HAG__DNS_ALIAS);
    ck_assert_uint_eq(answer.set.n, 0);
}
END_TEST

START_TEST(too_many_texts)
{
    char all[4096] = "";

    for (int i = 0; i < HAG__DNS_TEXTS_MAX + 1; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), NAME ". 5 IN TXT \"%d\"\n", i);
    understand(all, HAG__DNS_TXT);
    ck_assert_uint_eq(answer.flags & HAG__DNS_TOO_MUCH, HAG__DNS_TOO_MUCH);
    ck_assert_uint_eq(answer.texts.n, HAG__DNS_TEXTS_MAX);
    all[0] = '\0';
    for (int i = 0; i < 12; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), NAME ". 5 IN TXT \"%d%0200d\"\n", i,
                 0);
    understand(all, HAG__DNS_TXT);
    ck_assert_uint_eq(answer.flags & HAG__DNS_TOO_MUCH, HAG__DNS_TOO_MUCH);
    ck_assert_uint_le(answer.texts.used, HAG__DNS_TEXT_BYTES);
}
END_TEST

/* --- anything --------------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static size_t spoil(uint8_t *wire, size_t n, size_t room)
{
    for (uint32_t i = any(6); i; i--)
        wire[any((uint32_t)n)] = (uint8_t)any(256);
    if (any(4) == 0)
        n = any((uint32_t)n) + 1;
    if (any(8) == 0)
        while (n < room && any(40))
            wire[n++] = (uint8_t)any(256);
    /* a place where a pointer of a name may point to itself or beyond */
    if (any(3) == 0 && n > 14) {
        size_t at = 12 + any((uint32_t)n - 13);
        wire[at] = (uint8_t)(0xc0 | any(2));
        wire[at + 1] = (uint8_t)any(256);
    }
    return n;
}

START_TEST(whatever_comes)
{
    struct hag__dns_message m = update();
    struct reply sources[3] = {
        reply(&m, 0, "haguard", SECRET, "hmac-sha256.", m.mac),
        says(NAME ". 5 IN TXT \"haguard term=1 gen=9\"\n" NAME ". 5 IN TXT \"a\" \"b\""),
        says(NAME ". 5 IN A 192.0.2.2\n" NAME ". 5 IN AAAA 2001:db8::1")};
    static const uint32_t types[] = {HAG__DNS_TXT, HAG__DNS_A, HAG__DNS_AAAA};

    seed = 20240607u + (uint32_t)_i;
    for (uint32_t turn = 0; turn < 1500; turn++) {
        const struct reply *from = &sources[any(3)];
        struct hag__dns_reply got;
        uint8_t room[600];
        /* from the heap, so that a byte too far is seen */
        memcpy(room, from->wire, from->n);
        size_t n = spoil(room, from->n, sizeof(room));
        uint8_t *wire = malloc(n);
        memcpy(wire, room, n);
        (void)hag__dns_strange(&m, wire, n);
        if (hag__dns_read_answer(wire, n, NAME, types[any(3)], 5, &answer) == 0) {
            ck_assert_uint_le(answer.texts.n, HAG__DNS_TEXTS_MAX);
            ck_assert_uint_le(answer.texts.used, HAG__DNS_TEXT_BYTES);
            ck_assert_uint_le(answer.set.n, HAG_NODES_MAX);
            before = answer.texts; /* what was understood can be a prerequisite */
            struct hag__dns_message again = update();
            hag__dns_message_free(&again);
        }
        if (hag__dns_read_reply(wire, n, &m, &ours, &got) == 0 && got.signature == HAG__DNS_SIGNED)
            ck_assert_uint_eq(got.rcode | got.error, 0);
        free(wire);
    }
    for (size_t i = 0; i < COUNT(sources); i++)
        free(sources[i].wire);
    hag__dns_message_free(&m);
}
END_TEST

Suite *dns_messages(void)
{
    Suite *s = suite_create("dns_messages");
    TCase *t = tcase_create("out");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, an_update_of_a_new_name);
    tcase_add_test(t, an_update_of_a_name_with_records);
    tcase_add_test(t, a_question);
    tcase_add_test(t, ids_differ);
    suite_add_tcase(s, t);
    t = tcase_create("in");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, signatures);
    tcase_add_test(t, no_changed_bit_is_believed);
    tcase_add_test(t, a_long_answer_is_not_handed_to_ldns);
    tcase_add_test(t, strange_answers);
    tcase_add_test(t, texts);
    tcase_add_test(t, what_was_read_is_the_prerequisite);
    tcase_add_test(t, addresses);
    tcase_add_test(t, too_many_texts);
    suite_add_tcase(s, t);
    t = tcase_create("anything");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, whatever_comes, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
