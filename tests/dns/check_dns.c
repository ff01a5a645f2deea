/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_dns.h"
#include "dns.h"

#define SECRET "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZQ=="

/* --- addresses -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint16_t port;    /* when none is said; 0: one must be */
    const char *want; /* NULL: refused */
} addresses[] = {
    {"192.0.2.1:53", 0, "192.0.2.1:53"},
    {"192.0.2.1", 53, "192.0.2.1:53"},
    {"192.0.2.1", 0, NULL},
    {"[2001:db8::1]:65535", 0, "[2001:db8::1]:65535"},
    {"[2001:DB8:0::1]", 53, "[2001:db8::1]:53"},
    {"2001:db8::1", 53, "[2001:db8::1]:53"},
    {"2001:db8::1", 0, NULL},
    {"[2001:db8::1]", 0, NULL},
    {"[2001:db8::1", 53, NULL},
    {"[2001:db8::1]x", 53, NULL},
    {"[2001:db8::1]53", 53, NULL},
    {"[192.0.2.1]:53", 0, NULL},
    {"192.0.2.1:", 53, NULL},
    {"192.0.2.1:0", 53, NULL},
    {"192.0.2.1:65536", 53, NULL},
    {"192.0.2.1:+5", 53, NULL},
    {"192.0.2.1:18446744073709551617", 53, NULL},
    {"192.0.2:53", 0, NULL},
    {"192.0.2.256:53", 0, NULL},
    {"localhost:53", 0, NULL},
    {"[fe80::1%eth0]:53", 0, NULL},
    {"", 53, NULL},
    {":53", 53, NULL},
    {"[]:53", 0, NULL},
    {"[::ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1", 0, NULL},
};

START_TEST(addr)
{
    struct hag__dns_addr a, b;
    struct sockaddr_storage ss;
    char text[HAG_ADDR_MAX];
    const char *s = addresses[_i].text;
    int err = hag__dns_addr_parse(s, strlen(s), addresses[_i].port, &a);

    ck_assert_msg((err == 0) == (addresses[_i].want != NULL), "%s", s);
    if (err)
        return;
    hag__dns_addr_format(&a, text);
    ck_assert_str_eq(text, addresses[_i].want);
    ck_assert_uint_gt(hag__dns_addr_native(&a, &ss), 0);
    hag__dns_addr_from(&ss, &b);
    ck_assert(hag__dns_addr_same(&a, &b));
    b.port++;
    ck_assert(!hag__dns_addr_same(&a, &b));
}
END_TEST

START_TEST(numbers)
{
    uint64_t v = 7;

    ck_assert_int_eq(hag__dns_number("18446744073709551615", 20, UINT64_MAX, &v), 0);
    ck_assert_uint_eq(v, UINT64_MAX);
    ck_assert_int_eq(hag__dns_number("18446744073709551616", 20, UINT64_MAX, &v), -1);
    ck_assert_int_eq(hag__dns_number("99999999999999999999", 20, UINT64_MAX, &v), -1);
    ck_assert_int_eq(hag__dns_number("65535", 5, 65535, &v), 0);
    ck_assert_int_eq(hag__dns_number("65536", 5, 65535, &v), -1);
    ck_assert_int_eq(hag__dns_number("00", 2, 9, &v), 0);
    ck_assert_int_eq(hag__dns_number("", 0, 9, &v), -1);
    ck_assert_int_eq(hag__dns_number("1 ", 2, 9, &v), -1);
}
END_TEST

static void add(struct hag__dns_set *s, const char *ip)
{
    struct hag__dns_addr a;

    ck_assert_int_eq(hag__dns_addr_parse(ip, strlen(ip), 1, &a), 0);
    hag__dns_set_add(s, a.ip.bytes, a.ip.len);
}

START_TEST(sets)
{
    struct hag__dns_set a, b;
    char text[200], little[20];

    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    ck_assert(hag__dns_set_same(&a, &b, 4) && hag__dns_set_same(&a, &b, 16));
    add(&a, "192.0.2.2");
    add(&a, "2001:db8::1");
    add(&a, "192.0.2.1");
    add(&a, "192.0.2.2");
    ck_assert_uint_eq(a.n, 3);
    hag__dns_set_format(&a, 0, text, sizeof(text));
    ck_assert_str_eq(text, "192.0.2.1 192.0.2.2 2001:db8::1");
    hag__dns_set_format(&a, 16, text, sizeof(text));
    ck_assert_str_eq(text, "2001:db8::1");
    hag__dns_set_format(&a, 4, little, sizeof(little));
    ck_assert_str_eq(little, "192.0.2.1 ...");
    hag__dns_set_format(&b, 4, text, sizeof(text));
    ck_assert_str_eq(text, "none");
    add(&b, "192.0.2.1");
    ck_assert(!hag__dns_set_same(&a, &b, 4) && !hag__dns_set_same(&b, &a, 4));
    ck_assert(!hag__dns_set_same(&a, &b, 16));
    add(&b, "192.0.2.2");
    ck_assert(hag__dns_set_same(&a, &b, 4) && hag__dns_set_same(&b, &a, 4));
    add(&b, "2001:db8::2");
    ck_assert(!hag__dns_set_same(&a, &b, 16));
}
END_TEST

START_TEST(a_set_that_is_too_full_equals_none)
{
    struct hag__dns_set a, b;
    uint8_t ip[4] = {192, 0, 2, 0};

    memset(&a, 0, sizeof(a));
    for (uint32_t i = 0; i <= HAG_NODES_MAX; i++) {
        ip[3] = (uint8_t)i;
        hag__dns_set_add(&a, ip, 4);
        if (i == HAG_NODES_MAX - 1)
            b = a;
    }
    ck_assert_uint_eq(a.overfull, 1);
    ck_assert(!hag__dns_set_same(&a, &b, 4) && !hag__dns_set_same(&b, &a, 4));
    ck_assert(hag__dns_set_same(&b, &b, 4));
}
END_TEST

/* --- names ------------------------------------------------------------------------------------ */

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *pattern, *cluster, *zone, *want; /* want NULL: refused */
} names[] = {
    {"%c.db.example.test", "shop", "example.test", "shop.db.example.test"},
    {"%c.db.example.test.", "Shop", "example.test", "shop.db.example.test"},
    {"%c-ro.Example.TEST", "a_b-c", "example.test", "a_b-c-ro.example.test"},
    {"%c.%c.test", "x.y", "test", "x.y.x.y.test"},
    {"fixed.test", "shop", "test", "fixed.test"},
    {"test", "shop", "test", "test"},
    {"%c.test", L63, "test", L63 ".test"},
    {"a%c.test", L63, "test", NULL},
    {L63 "." L63 "." L63 "."
         "%c",
     L63, L63, NULL},
    {"%c.test", "..", "test", NULL},
    {"%c.test", ".a", "test", NULL},
    {"%c.test", "a.", "test", NULL},
    {"%c.test", "", "test", NULL},
    {"%c.best", "a", "test", NULL},
    {"%ctest", "a", "test", NULL},
    {"%n.test", "a", "test", NULL},
    {"a%", "a", "test", NULL},
    {"%%c.test", "a", "test", NULL},
    {"*.test", "a", "test", NULL},
    {"a b.test", "a", "test", NULL},
    {"\303\244.test", "a", "test", NULL},
    {"%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c.test", L63, "test", NULL},
};

START_TEST(name)
{
    char out[HAG__DNS_NAME_MAX], why[120] = "";
    int err = hag__dns_name_expand(names[_i].pattern, names[_i].cluster, names[_i].zone, out, why,
                                   sizeof(why));

    ck_assert_msg((err == 0) == (names[_i].want != NULL), "%s: %s", names[_i].pattern, why);
    if (!err)
        ck_assert_str_eq(out, names[_i].want);
    else
        ck_assert_uint_gt(strlen(why), 0);
}
END_TEST

/* --- marks ------------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    int is;
    uint64_t term, generation, id;
    const char *cluster;
} marks[] = {
    {"haguard cluster=shop term=7 gen=12 id=00000000000000ff", 1, 7, 12, 255, "shop"},
    {"haguard term=7 gen=12", 1, 7, 12, 0, ""},
    {"haguard gen=12  later=x term=7 ", 1, 7, 12, 0, ""},
    {"haguard term=18446744073709551615 gen=18446744073709551615", 1, UINT64_MAX, UINT64_MAX, 0,
     ""},
    {"v=spf1 -all", 0, 0, 0, 0, ""},
    {"haguardian term=7 gen=12", 0, 0, 0, 0, ""},
    {"haguard", 0, 0, 0, 0, ""},
    {"", 0, 0, 0, 0, ""},
    {"haguard ", -1, 0, 0, 0, ""},
    {"haguard term=7", -1, 0, 0, 0, ""},
    {"haguard gen=7", -1, 0, 0, 0, ""},
    {"haguard term=7 gen", -1, 0, 0, 0, ""},
    {"haguard term= gen=1", -1, 0, 0, 0, ""},
    {"haguard term=-1 gen=1", -1, 0, 0, 0, ""},
    {"haguard term=18446744073709551616 gen=1", -1, 0, 0, 0, ""},
    {"haguard term=7 gen=1 id=", -1, 0, 0, 0, ""},
    {"haguard term=7 gen=1 id=xyz", -1, 0, 0, 0, ""},
    {"haguard term=7 gen=1 id=12345678901234567", -1, 0, 0, 0, ""},
    {"haguard term=7 gen=1 cluster=", -1, 0, 0, 0, ""},
    {"haguard term=7 gen=1 cluster=" L63 "x", -1, 0, 0, 0, ""},
};

START_TEST(mark)
{
    struct hag__dns_mark m;
    const char *s = marks[_i].text;

    ck_assert_int_eq(hag__dns_mark_parse((const uint8_t *)s, strlen(s), &m), marks[_i].is);
    if (marks[_i].is < 1)
        return;
    ck_assert_uint_eq(m.term, marks[_i].term);
    ck_assert_uint_eq(m.generation, marks[_i].generation);
    ck_assert_uint_eq(m.id, marks[_i].id);
    ck_assert_str_eq(m.cluster, marks[_i].cluster);
}
END_TEST

START_TEST(the_longest_mark_fits_and_is_read_again)
{
    struct hag__dns_mark a = {UINT64_MAX, UINT64_MAX, UINT64_MAX, L63}, b;
    char text[HAG__DNS_MARK_MAX];

    hag__dns_mark_format(&a, text);
    ck_assert_uint_lt(strlen(text), sizeof(text) - 1);
    ck_assert_int_eq(hag__dns_mark_parse((const uint8_t *)text, strlen(text), &b), 1);
    ck_assert_int_eq(memcmp(&a, &b, sizeof(a)), 0);
}
END_TEST

START_TEST(terms_come_before_generations)
{
    struct hag__dns_mark a = {2, 1, 9, "x"}, b = {1, 9, 1, "x"}, c = {2, 2, 1, "y"};

    ck_assert_int_gt(hag__dns_mark_order(&a, &b), 0);
    ck_assert_int_lt(hag__dns_mark_order(&b, &a), 0);
    ck_assert_int_lt(hag__dns_mark_order(&a, &c), 0);
    c.generation = 1;
    ck_assert_int_eq(hag__dns_mark_order(&a, &c), 0);
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *name, *algorithm; /* name and algorithm as the settings say */
    const char *want;                    /* NAME/ALGORITHM; NULL: refused */
} key_texts[] = {
    {SECRET, "k", "", "k/"},
    {SECRET "\n", "", "", "/"},
    {"k:" SECRET, "", "", "k/"},
    {"hmac-sha512:K.:" SECRET "\r\n", "", "", "k/hmac-sha512"},
    {"HMAC-SHA256:k:" SECRET, "k", "hmac-sha256", "k/hmac-sha256"},
    {"key \"haguard.\" {\n\talgorithm hmac-sha512;\n\tsecret \"" SECRET "\";\n};\n", "", "",
     "haguard/hmac-sha512"},
    {"// of BIND\nkey haguard { algorithm \"hmac-sha1\"; secret " SECRET "; };", "haguard", "",
     "haguard/hmac-sha1"},
    {"# hmac-sha256:x:AAAA\nkey:\n  - id: haguard\n    algorithm: hmac-sha256\n    secret: " SECRET
     "\n",
     "", "", "haguard/hmac-sha256"},
    {"key:\n- id: a\n  algorithm: hmac-sha256\n  secret: " SECRET
     "\n- id: b\n  algorithm: hmac-sha1\n  secret: AAAA\n",
     "", "", "a/hmac-sha256"},
    {"", "k", "", NULL},
    {"\n", "k", "", NULL},
    {"key:\n- id: a\n", "", "", NULL},
    {"# a remark without an end of line", "k", "", NULL},
    {"b:" SECRET, "k", "", NULL},
    {"hmac-sha1:k:" SECRET, "k", "hmac-sha256", NULL},
    {"hmac-sha384:k:" SECRET, "k", "", NULL},
    {"hmac-md5:k:" SECRET, "k", "", NULL},
    {"k:AAA", "", "", NULL},
    {"k:====", "", "", NULL},
    {"k:AA=A", "", "", NULL},
    {"k:AAA*", "", "", NULL},
    {"a b:" SECRET, "", "", NULL},
    {"..:" SECRET, "", "", NULL},
};

START_TEST(key)
{
    struct hag__dns_key k;
    char why[160] = "", got[HAG__DNS_NAME_MAX + 20];
    int err;

    memset(&k, 0, sizeof(k));
    snprintf(k.name, sizeof(k.name), "%s", key_texts[_i].name);
    snprintf(k.algorithm, sizeof(k.algorithm), "%s", key_texts[_i].algorithm);
    err = hag__dns_key_read(&k, key_texts[_i].text, strlen(key_texts[_i].text), why, sizeof(why));
    ck_assert_msg((err == 0) == (key_texts[_i].want != NULL), "%d: %s", _i, why);
    ck_assert(strstr(why, "c2VjcmV0") == NULL);
    if (err) {
        ck_assert_str_eq(k.secret, "");
        ck_assert_str_eq(k.name, key_texts[_i].name);
        ck_assert_uint_gt(strlen(why), 0);
        return;
    }
    snprintf(got, sizeof(got), "%s/%s", k.name, k.algorithm);
    ck_assert_str_eq(got, key_texts[_i].want);
    ck_assert_str_eq(k.secret, SECRET);
}
END_TEST

/* --- settings --------------------------------------------------------------------------------- */

#define GOOD "servers=127.0.0.1\nzone=example.test\nname.primary=%c.example.test\nkey-name=k\n"

static struct hag__dns_config config;
static char why[160], file[] = "/tmp/check-dns-XXXXXX";

static void write_file(const char *text, size_t n)
{
    int fd;

    strcpy(file + strlen(file) - 6, "XXXXXX");
    fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
    close(fd);
}

static int32_t settings(const char *text)
{
    char all[2048];

    why[0] = '\0';
    setenv("CHECK_DNS_KEY", SECRET, 1);
    snprintf(all, sizeof(all), "%s%s", text,
             strstr(text, "key-file") ? "" : "key-env=CHECK_DNS_KEY\n");
    return hag__dns_config_read(&config, all, why, sizeof(why));
}

START_TEST(settings_and_defaults)
{
    char text[HAG_ADDR_MAX];

    ck_assert_int_eq(settings(GOOD), 0);
    ck_assert_uint_eq(config.servers.n, 1);
    ck_assert_uint_eq(config.masters.n, 1);
    hag__dns_addr_format(&config.masters.addrs[0], text);
    ck_assert_str_eq(text, "127.0.0.1:53");
    ck_assert_uint_eq(config.timeout, 2000);
    ck_assert_uint_eq(config.update, HAG__DNS_FIRST);
    ck_assert_uint_eq(config.tcp, HAG__DNS_TCP_AUTO);
    ck_assert_str_eq(config.key.algorithm, "hmac-sha256");
    ck_assert_str_eq(config.key.secret, SECRET);
    ck_assert_str_eq(config.names[HAG_ENDPOINT_REPLICA], "");
    ck_assert_int_eq(settings(GOOD
                              " # a remark\n\n  servers = 192.0.2.1 , [::1]:5353,2001:db8::2\r\n"
                              "update-servers=192.0.2.9:5\nupdate=all\ntcp=always\ntimeout=20ms\n"
                              "name.replica=%c-ro.example.test\nkey-algorithm=HMAC-SHA512\n"),
                     0);
    ck_assert_uint_eq(config.servers.n, 3);
    hag__dns_addr_format(&config.servers.addrs[1], text);
    ck_assert_str_eq(text, "[::1]:5353");
    ck_assert_uint_eq(config.masters.n, 1);
    ck_assert_uint_eq(config.update, HAG__DNS_ALL);
    ck_assert_uint_eq(config.tcp, HAG__DNS_TCP_ALWAYS);
    ck_assert_uint_eq(config.timeout, 20);
    hag__dns_config_wipe(&config);
    ck_assert_str_eq(config.key.secret, "");
}
END_TEST

/* Added to good settings. Each is refused with these words, none longer than the guard keeps. */
static const struct {
    const char *text;
    int32_t code;
    const char *words;
} mistakes[] = {
    {"server=127.0.0.1", HAG_ERR_NOT_FOUND, "no setting \"server\"; there are servers"},
    {"a-name-of-a-setting-that-does-not-end=1", HAG_ERR_NOT_FOUND,
     "no setting \"a-name-of-a-setting-\""},
    {"key=" SECRET, HAG_ERR_NOT_FOUND, "use key-file or key-env"},
    {"servers=localhost", HAG_ERR_INVAL, "servers=localhost is not possible; it takes 1 to 8"},
    {"servers=", HAG_ERR_INVAL, "is not possible"},
    {"servers=1.1.1.1,", HAG_ERR_INVAL, "is not possible"},
    {"servers=1.1.1.1,,1.1.1.2", HAG_ERR_INVAL, "is not possible"},
    {"servers=1.1.1.1,1.1.1.1:53", HAG_ERR_INVAL, "different addresses"},
    {"servers=1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9",
     HAG_ERR_INVAL, "1 to 8"},
    {"update-servers=x", HAG_ERR_INVAL, "update-servers=x is not possible"},
    {"update=some", HAG_ERR_INVAL, "it takes first|all"},
    {"update=firs", HAG_ERR_INVAL, "it takes first|all"},
    {"tcp=never", HAG_ERR_INVAL, "it takes auto|always"},
    {"resolvers=localhost", HAG_ERR_INVAL, "it takes system, or 1 to 8"},
    {"resolvers=", HAG_ERR_INVAL, "it takes system, or 1 to 8"},
    {"resolvers=system,127.0.0.1", HAG_ERR_INVAL, "it takes system, or 1 to 8"},
    {"timeout=5", HAG_ERR_INVAL, "20ms to 60s, as in 2s"},
    {"timeout=19ms", HAG_ERR_INVAL, "20ms to 60s"},
    {"timeout=61s", HAG_ERR_INVAL, "20ms to 60s"},
    {"timeout=-1s", HAG_ERR_INVAL, "20ms to 60s"},
    {"timeout=s", HAG_ERR_INVAL, "20ms to 60s"},
    {"timeout=99999999999999999999s", HAG_ERR_INVAL, "20ms to 60s"},
    {"zone", HAG_ERR_INVAL, "zone= is not possible"},
    {"zone=a..b", HAG_ERR_INVAL, "zone=a..b is not possible"},
    {"name.primary=%c.example.org", HAG_ERR_INVAL, "c.example.org is not in the zone example.test"},
    {"name.primary=%c.notexample.test", HAG_ERR_INVAL, "is not in the zone"},
    {"name.replica=%n.example.test", HAG_ERR_INVAL, "name.replica: %c stands for the cluster"},
    {"name.replica=%c.EXAMPLE.test.", HAG_ERR_CONFLICT, "the same name; change one"},
    {"key-algorithm=hmac-sha384", HAG_ERR_CONFLICT, "hmac-sha256, hmac-sha512 or hmac-sha1"},
    {"key-env=X\nkey-file=/none", HAG_ERR_CONFLICT, "both set; keep one"},
    {"key-file=/none/such", HAG_ERR_NOT_FOUND, "cannot read key-file /none/such: No such file"},
    {"key-file=/", HAG_ERR_NOT_FOUND, "cannot read key-file /: Is a directory"},
    {"key-file=/dev/zero", HAG_ERR_INVAL, "longer than a key; write one key into it"},
    {"key-file=/dev/null", HAG_ERR_INVAL, "it has no secret in base64"},
};

START_TEST(mistake)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s%s\n", GOOD, mistakes[_i].text);
    ck_assert_int_eq(settings(text), mistakes[_i].code);
    ck_assert_msg(strstr(why, mistakes[_i].words) != NULL, "%s", why);
    ck_assert_uint_lt(strlen(why), sizeof(why) - 1 + (mistakes[_i].code == HAG_ERR_NOT_FOUND));
    ck_assert(strstr(why, "c2VjcmV0") == NULL);
}
END_TEST

static const struct {
    const char *text;
    int32_t code;
    const char *words;
} missing[] = {
    {"", HAG_ERR_CONFLICT, "servers is missing"},
    {"servers=127.0.0.1\n", HAG_ERR_CONFLICT, "zone is missing"},
    {"servers=127.0.0.1\nzone=a\n", HAG_ERR_CONFLICT, "which name?"},
    {"servers=127.0.0.1\nzone=a\nname.replica=%c.a\n", HAG_ERR_INVAL,
     "has the secret only; add key-name"},
};

START_TEST(something_missing)
{
    ck_assert_int_eq(settings(missing[_i].text), missing[_i].code);
    ck_assert_msg(strstr(why, missing[_i].words) != NULL, "%s", why);
}
END_TEST

START_TEST(resolvers)
{
    static const char *const with[] = {"servers=127.0.0.1\n", "zone=a.test\n", "name.primary=a\n",
                                       "update-servers=127.0.0.1\n", "key-name=x\n"};
    char text[200];

    ck_assert_int_eq(settings(GOOD), 0);
    ck_assert_uint_eq(config.resolvers.only, 0);
    ck_assert_uint_eq(config.resolvers.servers.n, 0);
    ck_assert_int_eq(settings(GOOD "resolvers=192.0.2.1,[::1]:5353\n"), 0);
    ck_assert_uint_eq(config.resolvers.only, 0);
    ck_assert_uint_eq(config.resolvers.servers.n, 2);
    ck_assert_uint_eq(config.servers.n, 1);
    ck_assert_int_eq(hag__dns_config_read(&config, "resolvers=system\n", why, sizeof(why)), 0);
    ck_assert_uint_eq(config.resolvers.only, 1);
    ck_assert_uint_eq(config.resolvers.servers.n, 0);
    for (size_t i = 0; i < COUNT(with); i++) { /* then it is no longer without a zone */
        snprintf(text, sizeof(text), "%sresolvers=system\n", with[i]);
        ck_assert_int_ne(hag__dns_config_read(&config, text, why, sizeof(why)), 0);
    }
}
END_TEST

START_TEST(no_key_and_no_variable)
{
    ck_assert_int_eq(hag__dns_config_read(&config, GOOD, why, sizeof(why)), HAG_ERR_CONFLICT);
    ck_assert(strstr(why, "set key-file or key-env") != NULL);
    unsetenv("CHECK_DNS_KEY");
    ck_assert_int_eq(
        hag__dns_config_read(&config, GOOD "key-env=CHECK_DNS_KEY\n", why, sizeof(why)),
        HAG_ERR_NOT_FOUND);
    ck_assert(strstr(why, "has no CHECK_DNS_KEY; set it") != NULL);
}
END_TEST

START_TEST(a_key_file_is_read_again_and_a_bad_one_changes_nothing)
{
    char text[512];

    write_file("hmac-sha512:k:" SECRET, strlen("hmac-sha512:k:" SECRET));
    snprintf(text, sizeof(text), "%skey-file=%s\n", GOOD, file);
    ck_assert_int_eq(settings(text), 0);
    ck_assert_str_eq(config.key.algorithm, "hmac-sha512");
    FILE *f = fopen(file, "w");
    fputs("hmac-sha512:k:AAAA\n", f);
    fclose(f);
    ck_assert_int_eq(hag__dns_config_key(&config, why, sizeof(why)), 0);
    ck_assert_str_eq(config.key.secret, "AAAA");
    f = fopen(file, "w");
    fputs("hmac-sha512:other:BBBB\n", f);
    fclose(f);
    ck_assert_int_eq(hag__dns_config_key(&config, why, sizeof(why)), HAG_ERR_INVAL);
    ck_assert_str_eq(config.key.secret, "AAAA");
    unlink(file);
    ck_assert_int_eq(hag__dns_config_key(&config, why, sizeof(why)), HAG_ERR_NOT_FOUND);
    ck_assert_str_eq(config.key.secret, "AAAA");
}
END_TEST

/* --- codes and timers ------------------------------------------------------------------------- */

START_TEST(every_code_means_something)
{
    for (uint32_t code = 0; code < 4096; code++) {
        ck_assert_uint_ne(hag__dns_meaning_update(code, 0)->reason, HAG_WHY_NONE);
        ck_assert_uint_ne(hag__dns_meaning_query(code)->reason, HAG_WHY_NONE);
    }
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_NOTAUTH, HAG__TSIG_BADKEY)->reason,
                      HAG_WHY_DENIED);
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_NOTAUTH, HAG__TSIG_BADSIG)->reason,
                      HAG_WHY_DENIED);
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_NOTAUTH, HAG__TSIG_BADTIME)->reason,
                      HAG_WHY_HOST_ERROR);
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_NOTAUTH, 0)->reason, HAG_WHY_BAD_CONFIG);
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_NOTAUTH, 99)->reason, HAG_WHY_BAD_CONFIG);
    ck_assert_uint_eq(hag__dns_meaning_update(HAG__RCODE_SERVFAIL, 0)->flags, HAG__MEANS_AGAIN);
}
END_TEST

START_TEST(timers_in_order)
{
    struct hag__dns_timers s = {NULL, NULL};
    struct hag__dns_timer t[50];
    uint32_t seed = 12345, live = 0;

    memset(t, 0, sizeof(t));
    for (uint32_t turn = 0; turn < 5000; turn++) {
        seed = seed * 1664525u + 1013904223u;
        struct hag__dns_timer *one = &t[(seed >> 8) % COUNT(t)];
        if (seed >> 30)
            hag__dns_timer_set(&s, one, 1 + (seed >> 16) % 1000);
        else
            hag__dns_timer_stop(&s, one);
        uint32_t n = 0;
        live = 0;
        for (uint32_t i = 0; i < COUNT(t); i++)
            live += t[i].at != 0;
        for (struct hag__dns_timer *i = s.first; i; i = i->next, n++)
            ck_assert(i->at && (!i->next || (i->at <= i->next->at && i->next->prev == i)));
        ck_assert_uint_eq(n, live);
        ck_assert((s.first == NULL) == (s.last == NULL));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dns");
    TCase *t = tcase_create("addresses");

    EACH(t, addr, addresses);
    tcase_add_test(t, numbers);
    tcase_add_test(t, sets);
    tcase_add_test(t, a_set_that_is_too_full_equals_none);
    suite_add_tcase(s, t);
    t = tcase_create("names");
    EACH(t, name, names);
    EACH(t, mark, marks);
    tcase_add_test(t, the_longest_mark_fits_and_is_read_again);
    tcase_add_test(t, terms_come_before_generations);
    suite_add_tcase(s, t);
    t = tcase_create("settings");
    EACH(t, key, key_texts);
    tcase_add_test(t, settings_and_defaults);
    EACH(t, mistake, mistakes);
    EACH(t, something_missing, missing);
    tcase_add_test(t, resolvers);
    tcase_add_test(t, no_key_and_no_variable);
    tcase_add_test(t, a_key_file_is_read_again_and_a_bad_one_changes_nothing);
    suite_add_tcase(s, t);
    t = tcase_create("parts");
    tcase_add_test(t, every_code_means_something);
    tcase_add_test(t, timers_in_order);
    suite_add_tcase(s, t);

    SRunner *run = srunner_create(s);
    srunner_add_suite(run, dns_messages());
    srunner_add_suite(run, dns_resolve());
    srunner_run_all(run, CK_NORMAL);
    int failed = srunner_ntests_failed(run);
    srunner_free(run);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
