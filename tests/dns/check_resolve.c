/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ldns/ldns.h>

#include <haguard/plugin_dns.h>

#include "check_dns.h"
#include "dns.h"

/* --- resolv.conf ------------------------------------------------------------------------------ */

static const struct {
    const char *text, *host;
    const char *servers; /* with a blank behind each */
    const char *domains;
    uint32_t ndots;
} files[] = {
    {"", "db1", "127.0.0.1:53 ", "", 1},
    {"", "db1.example.test", "127.0.0.1:53 ", "example.test ", 1},
    {"nameserver 192.0.2.1\nnameserver\t2001:db8::1 \r\n", "db1", "192.0.2.1:53 [2001:db8::1]:53 ",
     "", 1},
    {"# nameserver 192.0.2.9\n;nameserver 192.0.2.9\n  nameserver 192.0.2.1\nnameserver 192.0.2.1",
     "db1", "192.0.2.1:53 ", "", 1},
    {"nameserver fe80::1%eth0\nnameserver ns.example.test\nnameserver\nnameserver 192.0.2.1\n",
     "db1", "192.0.2.1:53 ", "", 1},
    {"search a.test b.test\nsearch C.test  d.test.\noptions ndots:5 timeout:1 rotate\n",
     "db1.example.test", "127.0.0.1:53 ", "c.test d.test ", 5},
    {"domain a.test\noptions ndots:99\n", "db1", "127.0.0.1:53 ", "a.test ", 15},
    {"search a b c d e f g h\noptions ndots:0\n", "x", "127.0.0.1:53 ", "a b c d e f ", 0},
    {"options ndots:x ndots: ndots\nsearch a..b *\n", "x.y", "127.0.0.1:53 ", "", 1},
    {"searching a.test\nnameservers 192.0.2.1\noption ndots:3\n", "x", "127.0.0.1:53 ", "", 1},
    {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
     "nameserver 192.0.2.5\nnameserver 192.0.2.6\nnameserver 192.0.2.7\nnameserver 192.0.2.8\n"
     "nameserver 192.0.2.9\n",
     "x",
     "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53 192.0.2.5:53 192.0.2.6:53 "
     "192.0.2.7:53 192.0.2.8:53 ",
     "", 1},
};

static struct hag__dns_system sys;

START_TEST(a_file)
{
    char got[400] = "", addr[HAG_ADDR_MAX];

    hag__dns_system_parse(&sys, files[_i].text, strlen(files[_i].text), files[_i].host);
    for (uint32_t i = 0; i < sys.servers.n; i++) {
        hag__dns_addr_format(&sys.servers.addrs[i], addr);
        strcat(strcat(got, addr), " ");
    }
    ck_assert_str_eq(got, files[_i].servers);
    got[0] = '\0';
    for (uint32_t i = 0; i < sys.ndomains; i++)
        strcat(strcat(got, sys.domains[i]), " ");
    ck_assert_str_eq(got, files[_i].domains);
    ck_assert_uint_eq(sys.ndots, files[_i].ndots);
    ck_assert_uint_eq(sys.hosts, 1);
}
END_TEST

static const struct {
    const char *options, *name;
    uint32_t complete;
    const char *asked; /* with a blank behind each */
} orders[] = {
    {"", "db1", 0, "db1 "},
    {"search a.test b.test", "db1", 0, "db1.a.test db1.b.test db1 "},
    {"search a.test b.test", "db1", 1, "db1 "},
    {"search a.test b.test", "db1.x", 0, "db1.x db1.x.a.test db1.x.b.test "},
    {"search a.test\noptions ndots:2", "db1.x", 0, "db1.x.a.test db1.x "},
    {"search a.test\noptions ndots:2", "db1.x.y", 0, "db1.x.y db1.x.y.a.test "},
    {"search a.test\noptions ndots:0", "db1", 0, "db1 db1.a.test "},
};

START_TEST(an_order)
{
    char got[400] = "", name[HAG__DNS_NAME_MAX];

    hag__dns_system_parse(&sys, orders[_i].options, strlen(orders[_i].options), "x");
    for (uint32_t i = 0; !hag__dns_system_name(&sys, orders[_i].name, orders[_i].complete, i, name);
         i++)
        strcat(strcat(got, name), " ");
    ck_assert_str_eq(got, orders[_i].asked);
}
END_TEST

START_TEST(names_that_would_be_too_long_are_left_out)
{
    char label[64], name[HAG__DNS_NAME_MAX], out[HAG__DNS_NAME_MAX];

    memset(label, 'a', 63);
    label[63] = '\0';
    snprintf(name, sizeof(name), "%s.%s.%s.%.57s", label, label, label, label);
    ck_assert_uint_eq(strlen(name), 249);
    hag__dns_system_parse(&sys, "search abc abcd", 15, "x");
    ck_assert_int_eq(hag__dns_system_name(&sys, name, 0, 1, out), 0);
    ck_assert_uint_eq(strlen(out), 253);
    ck_assert_int_eq(hag__dns_system_name(&sys, name, 0, 2, out), 0);
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(hag__dns_system_name(&sys, name, 0, 3, out), -1);
}
END_TEST

/* --- answers ---------------------------------------------------------------------------------- */

static const struct {
    const char *records;
    uint32_t type;
    const char *want;
    uint32_t flags, ttl;
} answers[] = {
    {"", HAG__DNS_A, "none", 0, INT32_MAX},
    {"db.test. 7 IN A 192.0.2.2\ndb.test. 5 IN A 192.0.2.1\n", HAG__DNS_A, "192.0.2.1 192.0.2.2", 0,
     5},
    {"DB.test. 7 IN AAAA 2001:db8::1\ndb.test. 5 IN A 192.0.2.1\n", HAG__DNS_AAAA, "2001:db8::1", 0,
     7},
    {"other.test. 7 IN A 192.0.2.2\n", HAG__DNS_A, "none", 0, INT32_MAX},
    {"db.test. 7 CH A 192.0.2.2\n", HAG__DNS_A, "none", 0, INT32_MAX},
    /* the order of records says nothing */
    {"b.test. 9 IN A 192.0.2.2\na.test. 3 IN CNAME b.test.\ndb.test. 60 IN CNAME A.test.\n",
     HAG__DNS_A, "192.0.2.2", HAG__DNS_ALIAS, 3},
    {"db.test. 60 IN CNAME a.test.\nother.test. 9 IN A 192.0.2.2\n", HAG__DNS_A, "none",
     HAG__DNS_ALIAS, 60},
    {"db.test. 60 IN CNAME db.test.\n", HAG__DNS_A, "none", HAG__DNS_ALIAS, 60},
    {"db.test. 60 IN CNAME a.test.\na.test. 60 IN CNAME db.test.\n", HAG__DNS_A, "none",
     HAG__DNS_ALIAS, 60},
    {"db.test. 4294967295 IN A 192.0.2.2\n", HAG__DNS_A, "192.0.2.2", 0, 0},
};

static uint8_t *says(const char *records, size_t *n)
{
    ldns_pkt *p =
        ldns_pkt_query_new(ldns_dname_new_frm_str("db.test"), LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, 0);
    uint8_t *wire;

    ldns_pkt_set_qr(p, true);
    while (*records) {
        char line[200];
        ldns_rr *rr;
        size_t len = strcspn(records, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, records);
        ck_assert_int_eq(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_pkt_push_rr(p, LDNS_SECTION_ANSWER, rr);
        records += len + 1;
    }
    ck_assert_int_eq(ldns_pkt2wire(&wire, p, n), LDNS_STATUS_OK);
    ldns_pkt_free(p);
    return wire;
}

static struct hag__dns_found found;

START_TEST(an_answer)
{
    size_t n;
    uint8_t *wire = says(answers[_i].records, &n);
    char text[200];

    ck_assert_int_eq(hag__dns_read_found(wire, n, "db.test", answers[_i].type, &found), 0);
    hag__dns_set_format(&found.set, 0, text, sizeof(text));
    ck_assert_str_eq(text, answers[_i].want);
    ck_assert_uint_eq(found.flags, answers[_i].flags);
    ck_assert_uint_eq(found.ttl, answers[_i].ttl);
    free(wire);
}
END_TEST

START_TEST(the_header_of_an_answer)
{
    static const struct {
        size_t at;
        uint8_t bits;
        uint32_t flag;
    } bits[] = {
        {2, 4, HAG__DNS_AUTHORITATIVE}, {2, 2, HAG__DNS_TRUNCATED}, {3, 0x80, HAG__DNS_RECURSIVE}};
    size_t n;
    uint8_t *wire = says("", &n);

    for (size_t i = 0; i < COUNT(bits); i++) {
        wire[bits[i].at] |= bits[i].bits;
        ck_assert_int_eq(hag__dns_read_found(wire, n, "db.test", HAG__DNS_A, &found), 0);
        ck_assert_uint_eq(found.flags, bits[i].flag);
        wire[bits[i].at] &= (uint8_t)~bits[i].bits;
    }
    wire[3] |= 3;
    ck_assert_int_eq(hag__dns_read_found(wire, n, "db.test", HAG__DNS_A, &found), 0);
    ck_assert_uint_eq(found.rcode, HAG__RCODE_NXDOMAIN);
    wire[2] &= 0x7f; /* a question */
    ck_assert_int_eq(hag__dns_read_found(wire, n, "db.test", HAG__DNS_A, &found), -1);
    free(wire);
}
END_TEST

START_TEST(any_bytes)
{
    size_t n;
    uint8_t *good = says(answers[5].records, &n);
    uint32_t seed = 77;

    for (uint32_t turn = 0; turn < 5000; turn++) {
        seed = seed * 1664525u + 1013904223u;
        size_t len = turn % 2 ? n : (seed >> 8) % (n + 1);
        uint8_t *wire = malloc(len + !len); /* from the heap, so that a byte too far is seen */
        memcpy(wire, good, len);
        if (len)
            wire[(seed >> 4) % len] ^= (uint8_t)(1u << (seed >> 29));
        if (hag__dns_read_found(wire, len, "db.test", HAG__DNS_A, &found) == 0)
            ck_assert_uint_le(found.set.n, HAG_NODES_MAX);
        free(wire);
    }
    free(good);
}
END_TEST

/* --- hag_dns_resolve() ------------------------------------------------------------------------ */

static hag_time wake_at;
static uint32_t told, watched;
static struct hag_dns_result last;
static hag_dns *d;

static int32_t host_watch(void *ctx, int64_t fd, uint32_t events)
{
    (void)ctx, (void)fd;
    watched += events != 0;
    return 0;
}

static void host_wake(void *ctx, hag_time at)
{
    (void)ctx;
    wake_at = at;
}

static void *host_realloc(void *ctx, void *p, size_t osize, size_t nsize)
{
    (void)ctx, (void)osize;
    if (nsize)
        return realloc(p, nsize);
    free(p);
    return NULL;
}

static const struct hag_host host = {.size = sizeof(struct hag_host),
                                     .abi = HAG_PLUGIN_ABI,
                                     .watch = host_watch,
                                     .wake = host_wake,
                                     .realloc = host_realloc};

static void on_result(void *ud, const struct hag_dns_result *r)
{
    hag_dns_query *q = ud, other;

    told++;
    last = *r;
    ck_assert_uint_eq(r->naddrs, 0);
    ck_assert_uint_gt(strlen(r->text), 0);
    /* its own question has ended, and while the instance closes there are no new ones */
    if (q && *q)
        ck_assert_int_eq(hag_dns_cancel(d, *q), HAG_ERR_STALE);
    if (r->reason == HAG_WHY_CANCELLED)
        ck_assert_int_eq(hag_dns_resolve(d, "b.test", 0, on_result, NULL, &other), HAG_ERR_BUSY);
}

static void open_it(void)
{
    char why[160] = "";
    void *self;

    ck_assert_int_eq(hag_plugin_dns.open(&host, "resolvers=127.0.0.1:9\ntimeout=20ms\n", 1000,
                                         &self, why, sizeof(why)),
                     0);
    d = self;
    told = watched = 0;
    wake_at = 0;
}

START_TEST(arguments)
{
    static const char *const bad[] = {"",       ".",   "a..b",       "a b",    "192.0.2.1", "1",
                                      "a.b.99", "::1", "\303\244.b", "*.test", "a/b",       "a:1"};
    hag_dns_query q = 7;

    open_it();
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(hag_dns_resolve(d, bad[i], 0, on_result, NULL, &q) == HAG_ERR_INVAL, "%s",
                      bad[i]);
    ck_assert_int_eq(hag_dns_resolve(NULL, "a", 0, on_result, NULL, &q), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_resolve(d, NULL, 0, on_result, NULL, &q), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_resolve(d, "a", 0, NULL, NULL, &q), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_resolve(d, "a", 0, on_result, NULL, NULL), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_resolve(d, "a", 5, on_result, NULL, &q), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_cancel(NULL, 1), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_dns_cancel(d, 1), HAG_ERR_STALE);
    ck_assert_uint_eq(q, 7);
    ck_assert_uint_eq(wake_at, 0);
    hag_plugin_dns.close(d);
    ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(nothing_is_told_or_sent_inside_resolve)
{
    hag_dns_query q = 0, r = 0;

    open_it();
    ck_assert_int_eq(hag_dns_resolve(d, "A.test.", 0, on_result, &q, &q), HAG_OK);
    ck_assert_int_eq(hag_dns_resolve(d, "c.test", HAG_DNS_IPV6, on_result, NULL, &r), HAG_OK);
    ck_assert_uint_ne(q, r);
    ck_assert_uint_eq(told, 0);
    ck_assert_uint_eq(watched, 0);
    ck_assert_uint_gt(wake_at, 0);
    ck_assert_uint_le(wake_at, 1000);
    ck_assert_int_eq(hag_dns_cancel(d, r), HAG_OK);
    ck_assert_int_eq(hag_dns_cancel(d, r), HAG_ERR_STALE);
    for (uint32_t i = 0; i < 1000 && !told; i++) { /* c-ares has a clock of its own */
        hag_plugin_dns.tick(d, 2000 + i * 100);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(last.result, HAG_DNS_UNKNOWN);
    ck_assert_uint_eq(last.size, sizeof(last));
    ck_assert_int_eq(hag_dns_resolve(d, "d.test", 0, on_result, NULL, &r), HAG_OK);
    hag_plugin_dns.tick(d, 900000); /* on its way */
    ck_assert_int_eq(hag_dns_cancel(d, r), HAG_OK);
    ck_assert_int_eq(hag_dns_cancel(d, r), HAG_ERR_STALE);
    hag_plugin_dns.close(d);
    ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(those_that_are_open_are_told_at_the_end)
{
    hag_dns_query q[3] = {0, 0, 0};

    open_it();
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(hag_dns_resolve(d, "a.test", 0, on_result, &q[i], &q[i]), HAG_OK);
    ck_assert_int_eq(hag_dns_cancel(d, q[1]), HAG_OK);
    hag_plugin_dns.close(d);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(last.result, HAG_DNS_UNKNOWN);
    ck_assert_uint_eq(last.reason, HAG_WHY_CANCELLED);
}
END_TEST

START_TEST(there_is_an_end_to_what_can_be_open)
{
    hag_dns_query q;
    uint32_t n = 0;

    open_it();
    while (n < 100000 && hag_dns_resolve(d, "a.test", 4, on_result, NULL, &q) == HAG_OK)
        n++;
    ck_assert_uint_eq(n, 16384);
    ck_assert_int_eq(hag_dns_resolve(d, "a.test", 4, on_result, NULL, &q), HAG_ERR_LIMIT);
    hag_plugin_dns.close(d);
    ck_assert_uint_eq(told, n);
}
END_TEST

Suite *dns_resolve(void)
{
    Suite *s = suite_create("dns_resolve");
    TCase *t = tcase_create("system");

    EACH(t, a_file, files);
    EACH(t, an_order, orders);
    tcase_add_test(t, names_that_would_be_too_long_are_left_out);
    suite_add_tcase(s, t);
    t = tcase_create("answers");
    EACH(t, an_answer, answers);
    tcase_add_test(t, the_header_of_an_answer);
    tcase_add_test(t, any_bytes);
    suite_add_tcase(s, t);
    t = tcase_create("resolve");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, arguments);
    tcase_add_test(t, nothing_is_told_or_sent_inside_resolve);
    tcase_add_test(t, those_that_are_open_are_told_at_the_end);
    tcase_add_test(t, there_is_an_end_to_what_can_be_open);
    suite_add_tcase(s, t);
    return s;
}
