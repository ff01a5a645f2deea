/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "unit.h"

START_TEST(text_is_cut_but_always_ended)
{
    char buf[8];
    struct hag__text t;

    memset(buf, 'x', sizeof(buf));
    hag__text_init(&t, buf, sizeof(buf));
    ck_assert_str_eq(buf, "");
    hag__text_add(&t, "%s", "abc");
    hag__text_add(&t, "%d", 12);
    ck_assert_str_eq(buf, "abc12");
    hag__text_add(&t, "%s", "6789");
    ck_assert_str_eq(buf, "abc1267");
    ck_assert_uint_eq(t.len, 9);
    hag__text_add(&t, "more");
    ck_assert_str_eq(buf, "abc1267");
    ck_assert_uint_eq(t.len, 13);

    hag__text_init(&t, NULL, 0);
    hag__text_add(&t, "%s", "abc");
    ck_assert_uint_eq(t.len, 3);
}
END_TEST

START_TEST(durations_are_written_as_people_say_them)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {1, "1ms"},
        {250, "250ms"},
        {999, "999ms"},
        {1000, "1s"},
        {1250, "1.250s"},
        {1001, "1.001s"},
        {60000, "60s"},
        {90000, "90s"},
        {119000, "119s"},
        {120000, "2m"},
        {300000, "5m"},
        {3600000, "60m"},
        {7200000, "2h"},
        {86400000, "24h"},
        {172800000, "2d"},
        {7200001, "7200.001s"},
        {259200000, "3d"},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        char buf[32];
        struct hag__text t;
        int64_t back = -1;

        hag__text_init(&t, buf, sizeof(buf));
        hag__text_duration(&t, rows[i].ms);
        ck_assert_str_eq(buf, rows[i].text);
        ck_assert_int_eq(hag__parse_duration(buf, &back), HAG_OK);
        ck_assert_uint_eq((uint64_t)back, rows[i].ms);
    }
}
END_TEST

START_TEST(durations_are_read)
{
    static const struct {
        const char *text;
        int32_t err;
        int64_t ms;
    } rows[] = {
        {"250ms", HAG_OK, 250},
        {"60s", HAG_OK, 60000},
        {"5m", HAG_OK, 300000},
        {"2h", HAG_OK, 7200000},
        {"3d", HAG_OK, 259200000},
        {"0", HAG_OK, 0},
        {"0s", HAG_OK, 0},
        {"1.5s", HAG_OK, 1500},
        {"0.25h", HAG_OK, 900000},
        {"007s", HAG_OK, 7000},
        {"9223372036854775807ms", HAG_OK, INT64_MAX},
        {"9223372036854775808ms", HAG_ERR_RANGE, 0},
        {"99999999999999999999999s", HAG_ERR_RANGE, 0},
        {"9223372036854776s", HAG_ERR_RANGE, 0},
        {"9223372036854775.807s", HAG_OK, INT64_MAX},
        {"9223372036854775.808s", HAG_ERR_RANGE, 0},
        {"106751991168d", HAG_ERR_RANGE, 0},
        {"60", HAG_ERR_INVAL, 0},
        {"", HAG_ERR_INVAL, 0},
        {"s", HAG_ERR_INVAL, 0},
        {"-5s", HAG_ERR_INVAL, 0},
        {"+5s", HAG_ERR_INVAL, 0},
        {" 5s", HAG_ERR_INVAL, 0},
        {"5s ", HAG_ERR_INVAL, 0},
        {"5 s", HAG_ERR_INVAL, 0},
        {"5S", HAG_ERR_INVAL, 0},
        {"5w", HAG_ERR_INVAL, 0},
        {"1.s", HAG_ERR_INVAL, 0},
        {".5s", HAG_ERR_INVAL, 0},
        {"1.5ms", HAG_ERR_INVAL, 0},
        {"1.0001s", HAG_ERR_INVAL, 0},
        {"0.0", HAG_ERR_INVAL, 0},
        {"1e3s", HAG_ERR_INVAL, 0},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        int64_t ms = -7;

        ck_assert_msg(hag__parse_duration(rows[i].text, &ms) == rows[i].err, "%s", rows[i].text);
        ck_assert_int_eq(ms, rows[i].err ? -7 : rows[i].ms);
    }
}
END_TEST

START_TEST(sizes_are_read)
{
    static const struct {
        const char *text;
        int32_t err;
        int64_t bytes;
    } rows[] = {
        {"0", HAG_OK, 0},
        {"100", HAG_OK, 100},
        {"10k", HAG_OK, 10240},
        {"4m", HAG_OK, 4194304},
        {"1g", HAG_OK, 1073741824},
        {"9223372036854775807", HAG_OK, INT64_MAX},
        {"9223372036854775808", HAG_ERR_RANGE, 0},
        {"8589934592g", HAG_ERR_RANGE, 0},
        {"8589934591g", HAG_OK, INT64_MAX - 1073741823},
        {"", HAG_ERR_INVAL, 0},
        {"k", HAG_ERR_INVAL, 0},
        {"1K", HAG_ERR_INVAL, 0},
        {"1kb", HAG_ERR_INVAL, 0},
        {"-1", HAG_ERR_INVAL, 0},
        {"1.5g", HAG_ERR_INVAL, 0},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        int64_t bytes = -7;

        ck_assert_msg(hag__parse_size(rows[i].text, &bytes) == rows[i].err, "%s", rows[i].text);
        ck_assert_int_eq(bytes, rows[i].err ? -7 : rows[i].bytes);
    }
}
END_TEST

START_TEST(names_are_letters_digits_and_three_signs)
{
    char longest[HAG_NAME_MAX + 1];

    memset(longest, 'a', sizeof(longest));
    longest[HAG_NAME_MAX - 1] = '\0';
    ck_assert_int_eq(hag__name_ok(longest), 1);
    longest[HAG_NAME_MAX - 1] = 'a';
    longest[HAG_NAME_MAX] = '\0';
    ck_assert_int_eq(hag__name_ok(longest), 0);
    ck_assert_int_eq(hag__name_ok("Az09_.-"), 1);
    ck_assert_int_eq(hag__name_ok(""), 0);
    ck_assert_int_eq(hag__name_ok(NULL), 0);
    for (int c = 1; c < 256; c++) {
        char name[] = {'a', (char)c, '\0'};
        int good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '.' || c == '-';

        ck_assert_int_eq(hag__name_ok(name), good);
    }
}
END_TEST

START_TEST(addresses_have_one_spelling)
{
    static const struct {
        const char *in, *out;
        size_t host;
    } rows[] = {
        {"1.2.3.4:6379", "1.2.3.4:6379", 7},
        {"255.255.255.255:65535", "255.255.255.255:65535", 15},
        {"0.0.0.0:1", "0.0.0.0:1", 7},
        {"[::1]:6379", "[::1]:6379", 5},
        {"[::]:1", "[::]:1", 4},
        {"[0:0:0:0:0:0:0:1]:6379", "[::1]:6379", 5},
        {"[2001:DB8::1]:5432", "[2001:db8::1]:5432", 13},
        {"[2001:0db8:0000:0000:0000:0000:0002:0001]:80", "[2001:db8::2:1]:80", 15},
        {"[2001:db8:0:1:1:1:1:1]:80", "[2001:db8:0:1:1:1:1:1]:80", 22},
        {"[2001:db8::1:1:1:1:1]:80", "[2001:db8:0:1:1:1:1:1]:80", 22},
        {"[2001:0:0:1:0:0:0:1]:80", "[2001:0:0:1::1]:80", 15},
        {"[2001:db8:0:0:1:0:0:1]:80", "[2001:db8::1:0:0:1]:80", 19},
        {"[1:0:0:0:0:0:0:0]:80", "[1::]:80", 5},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 41},
        {"[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80", 16},
        {"[::ffff:102:304]:80", "[::ffff:1.2.3.4]:80", 16},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        char out[HAG_ADDR_MAX];
        size_t host = 0;

        ck_assert_msg(hag__addr_normal(rows[i].in, out, &host) == HAG_OK, "%s", rows[i].in);
        ck_assert_str_eq(out, rows[i].out);
        ck_assert_uint_eq(host, rows[i].host);
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const rows[] = {
        "",
        ":",
        ":6379",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "1.2.3.4:99999999999",
        "1.2.3.4:06379",
        "1.2.3.4:+80",
        "1.2.3.4: 80",
        "1.2.3.4:80 ",
        "1.2.3:80",
        "1.2.3.4.5:80",
        "1.2.3.256:80",
        "01.2.3.4:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[:]:80",
        "[fe80::1%eth0]:80",
        "[1.2.3.4]:80",
        "localhost:80",
        "[localhost]:80",
        "1.2.3.4:80:80",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:80",
    };
    char out[HAG_ADDR_MAX] = "kept";
    size_t host = 3;

    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        ck_assert_msg(hag__addr_normal(rows[i], out, &host) == HAG_ERR_INVAL, "%s", rows[i]);
    ck_assert_int_eq(hag__addr_normal(NULL, out, &host), HAG_ERR_INVAL);
    ck_assert_str_eq(out, "kept");
    ck_assert_uint_eq(host, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_is_cut_but_always_ended,
        durations_are_written_as_people_say_them,
        durations_are_read,
        sizes_are_read,
        names_are_letters_digits_and_three_signs,
        addresses_have_one_spelling,
        what_is_no_address_is_refused,
        NULL,
    };

    return unit_run("text", tests);
}
