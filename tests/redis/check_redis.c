/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "config.h"
#include "dragonfly.h"
#include "facts.h"
#include "info.h"
#include "map.h"
#include "redis.h"
#include "replies.h"
#include "timers.h"

static char text[1 << 16];

static size_t read_file(const char *name)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", TRANSCRIPTS, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    return n;
}

static struct hag__redis_streams streams;
static struct hag__redis_info info;
static struct hag_facts facts;

static int facts_of(const char *s, size_t n, uint32_t flavour)
{
    memset(&info, 0, sizeof(info));
    memset(&facts, 0, sizeof(facts));
    memset(&streams, 0, sizeof(streams));
    facts.link_idle = HAG_UNKNOWN_MS;
    info.streams = &streams;
    hag__redis_info_parse(&info, s, n);
    return hag__redis_facts_from(&facts, &info, flavour);
}

/* The value of a field in the transcript: what the server said, read without the parser. */
static const char *said(const char *field)
{
    static char value[128];
    char head[64];

    snprintf(head, sizeof(head), "\n%s:", field);
    const char *s = strstr(text, head);
    ck_assert_msg(s != NULL, "no %s in the transcript", field);
    s += strlen(head);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(s, "\r\n"), s);
    return value;
}

static void same_id(const uint8_t id[HAG_ID_SIZE], const char *hex)
{
    char is[2 * HAG_ID_SIZE + 1];

    for (int i = 0; i < HAG_ID_SIZE; i++)
        snprintf(is + 2 * i, 3, "%02x", id[i]);
    ck_assert_str_eq(is, hex);
}

/* --- INFO of Redis 7.0, as captured ----------------------------------------------------------- */

static const struct {
    const char *file;
    uint32_t role;
    uint32_t flags;
    uint32_t nlineage;
} captured[] = {
    {"redis-virgin.txt", HAG_ROLE_PRIMARY, HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_WRITES, 1},
    {"redis-primary.txt", HAG_ROLE_PRIMARY, HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_WRITES,
     1},
    {"redis-promoted.txt", HAG_ROLE_PRIMARY, HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_WRITES,
     2},
    {"redis-never-synced.txt", HAG_ROLE_STANDBY,
     HAG_FACT_SYNCING | HAG_FACT_READS | HAG_FACT_PRIORITY, 1},
    {"redis-syncing.txt", HAG_ROLE_STANDBY, HAG_FACT_SYNCING | HAG_FACT_READS | HAG_FACT_PRIORITY,
     1},
    {"redis-standby.txt", HAG_ROLE_STANDBY,
     HAG_FACT_POSITION | HAG_FACT_LINK_UP | HAG_FACT_READS | HAG_FACT_PRIORITY, 1},
    {"redis-detached.txt", HAG_ROLE_STANDBY, HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_PRIORITY,
     1},
    {"redis-demoted.txt", HAG_ROLE_STANDBY, HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_PRIORITY,
     2},
    {"redis-interrupted.txt", HAG_ROLE_STANDBY,
     HAG_FACT_SYNCING | HAG_FACT_READS | HAG_FACT_PRIORITY, 1},
};

START_TEST(captured_replication)
{
    size_t n = read_file(captured[_i].file);

    ck_assert_int_eq(facts_of(text, n, HAG__REDIS_REDIS), 0);
    ck_assert_uint_eq(facts.role, captured[_i].role);
    ck_assert_uint_eq(facts.flags, captured[_i].flags);
    ck_assert_uint_eq(facts.nlineage, captured[_i].nlineage);
    same_id(facts.lineage[0], said("master_replid"));
    if (facts.nlineage == 2) {
        same_id(facts.lineage[1], said("master_replid2"));
        ck_assert_uint_eq(facts.fork[1], strtoull(said("second_repl_offset"), NULL, 10) - 1);
    }
    if (facts.flags & HAG_FACT_POSITION)
        ck_assert_uint_eq(facts.position,
                          strtoull(said(facts.role == HAG_ROLE_PRIMARY ? "master_repl_offset"
                                                                       : "slave_repl_offset"),
                                   NULL, 10));
    if (facts.role == HAG_ROLE_STANDBY) {
        char upstream[64];
        snprintf(upstream, sizeof(upstream), "127.0.0.1:%s", said("master_port"));
        ck_assert_str_eq(facts.upstream, upstream);
        ck_assert_int_eq(facts.priority, 1000000 - 100);
    }
}
END_TEST

START_TEST(captured_streams)
{
    char a[64];
    size_t n = read_file("redis-primary.txt");

    facts_of(text, n, HAG__REDIS_REDIS);
    ck_assert_uint_eq(facts.nstreams, 2);
    const char *port = strstr(text, "slave0:ip=127.0.0.1,port=");
    ck_assert_ptr_nonnull(port);
    port += strlen("slave0:ip=127.0.0.1,port=");
    snprintf(a, sizeof(a), "127.0.0.1:%.*s", (int)strcspn(port, ","), port);
    ck_assert_str_eq(facts.streams[0], a);
}
END_TEST

START_TEST(captured_server)
{
    size_t n = read_file("redis-server.txt");

    memset(&info, 0, sizeof(info));
    hag__redis_info_parse(&info, text, n);
    ck_assert_uint_ne(info.seen & HAG__INFO_RUN_ID, 0);
    same_id(info.run_id, said("run_id"));
    ck_assert_int_eq(info.pid, strtoll(said("process_id"), NULL, 10));
    ck_assert_str_eq(info.version, said("redis_version"));
    ck_assert_uint_eq(info.flavour, HAG__REDIS_AUTO);
}
END_TEST

START_TEST(captured_keyspace)
{
    size_t n = read_file("redis-keyspace.txt");

    memset(&info, 0, sizeof(info));
    hag__redis_info_parse(&info, text, n);
    ck_assert_uint_eq(info.seen, HAG__INFO_KEYSPACE | HAG__INFO_KEYS);
    n = read_file("redis-keyspace-empty.txt");
    memset(&info, 0, sizeof(info));
    hag__redis_info_parse(&info, text, n);
    ck_assert_uint_eq(info.seen, HAG__INFO_KEYSPACE);
}
END_TEST

/* --- INFO, by hand ---------------------------------------------------------------------------- */

static int of(const char *s)
{
    return facts_of(s, strlen(s), HAG__REDIS_REDIS);
}

START_TEST(streams_that_count)
{
    ck_assert_int_eq(of("role:master\r\n"
                        "slave0:ip=192.0.2.1,port=6379,state=online,offset=5,lag=0\r\n"
                        "slave1:ip=192.0.2.2,port=6379,state=online,offset=5,lag=2\r\n"
                        "slave2:ip=192.0.2.3,port=6379,state=online,offset=5,lag=3\r\n"
                        "slave3:ip=192.0.2.4,port=6379,state=wait_bgsave,offset=0,lag=0\r\n"
                        "slave4:ip=2001:db8::1,port=7,state=online,offset=5,lag=1,type=replica\r\n"
                        "slave5:ip=192.0.2.6,port=0,state=online,offset=5,lag=0\r\n"
                        "slave6:ip=192.0.2.7,state=online,offset=5,lag=0\r\n"
                        "slave_priority:1\r\nslavery:ip=192.0.2.8,port=1,state=online,lag=0\r\n"),
                     0);
    ck_assert_uint_eq(facts.nstreams, 3);
    ck_assert_str_eq(facts.streams[0], "192.0.2.1:6379");
    ck_assert_str_eq(facts.streams[1], "192.0.2.2:6379");
    ck_assert_str_eq(facts.streams[2], "[2001:db8::1]:7");
}
END_TEST

START_TEST(streams_are_bounded)
{
    size_t n = 0;

    n += (size_t)snprintf(text + n, sizeof(text) - n, "role:master\r\n");
    for (int i = 0; i < 500; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "slave%d:ip=10.0.0.1,port=%d,state=online,offset=1,lag=0\r\n", i,
                              i + 1);
    ck_assert_int_eq(facts_of(text, n, HAG__REDIS_REDIS), 0);
    ck_assert_uint_eq(facts.nstreams, HAG_NODES_MAX);
}
END_TEST

static const struct {
    const char *value;
    int32_t priority;
} priorities[] = {{"0", 0},      {"1", 999999},     {"100", 999900},
                  {"999999", 1}, {"2147483647", 1}, {"-5", 0}};

START_TEST(priorities_are_turned_round)
{
    char s[128];

    snprintf(s, sizeof(s), "role:slave\r\nslave_priority:%s\r\n", priorities[_i].value);
    ck_assert_int_eq(of(s), 0);
    ck_assert_uint_ne(facts.flags & HAG_FACT_PRIORITY, 0);
    ck_assert_int_eq(facts.priority, priorities[_i].priority);
}
END_TEST

START_TEST(link_idle)
{
    of("role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:3\r\n"
       "slave_repl_offset:9\r\n");
    ck_assert_uint_eq(facts.link_idle, 3000);
    of("role:slave\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n");
    ck_assert_uint_eq(facts.link_idle, HAG_UNKNOWN_MS);
    of("role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:99999999999\r\n");
    ck_assert_uint_eq(facts.link_idle, HAG_UNKNOWN_MS);
}
END_TEST

START_TEST(upstream_by_name_and_v6)
{
    of("role:slave\r\nmaster_host:2001:db8::2\r\nmaster_port:6379\r\n");
    ck_assert_str_eq(facts.upstream, "[2001:db8::2]:6379");
    of("role:slave\r\nmaster_host:db.example\r\nmaster_port:6379\r\n");
    ck_assert_str_eq(facts.upstream, "db.example:6379");
    of("role:slave\r\nmaster_host:"
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nmaster_port:6379\r\n");
    ck_assert_str_eq(facts.upstream, "");
    of("role:slave\r\nmaster_host:h\r\nmaster_port:65536\r\n");
    ck_assert_str_eq(facts.upstream, "");
}
END_TEST

static const char *const no_role[] = {"",
                                      "\r\n",
                                      "role",
                                      "role:",
                                      "role:\r\n",
                                      "role:sentinel\r\n",
                                      "role:master",
                                      "role:mast\r\n",
                                      "# role:master\r\n",
                                      ":master\r\n",
                                      "Role:master\r\n",
                                      "HTTP/1.1 400 Bad Request\r\n\r\n"};

START_TEST(no_role_no_facts)
{
    ck_assert_int_eq(of(no_role[_i]), -1);
    ck_assert_uint_eq(facts.flags, 0);
}
END_TEST

static const char *const odd_ids[] = {"master_replid:", "master_replid:abc",
                                      "master_replid:0000000000000000000000000000000000000000",
                                      "master_replid:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
                                      "master_replid:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"};

START_TEST(an_odd_id_is_no_lineage)
{
    char s[256];

    snprintf(s, sizeof(s), "role:master\r\n%s\r\n", odd_ids[_i]);
    ck_assert_int_eq(of(s), 0);
    ck_assert_uint_eq(facts.nlineage, 0);
}
END_TEST

static const char *const odd_numbers[] = {
    "x", "", "-", "1x", "99999999999999999999999", "-1", " 5", "9223372036854775808"};

START_TEST(an_odd_offset_is_no_position)
{
    char s[256];

    snprintf(s, sizeof(s), "role:master\r\nmaster_repl_offset:%s\r\n", odd_numbers[_i]);
    ck_assert_int_eq(of(s), 0);
    ck_assert_uint_eq(facts.flags & HAG_FACT_POSITION, 0);
    snprintf(s, sizeof(s), "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:%s\r\n",
             odd_numbers[_i]);
    ck_assert_int_eq(of(s), 0);
    ck_assert_uint_eq(facts.flags & (HAG_FACT_POSITION | HAG_FACT_SYNCING), HAG_FACT_SYNCING);
}
END_TEST

/* Whatever comes, the parser ends, stays within its bounds (the sanitizers look) and gives facts
 * that can be read. */
static void look_at_facts(void)
{
    ck_assert_uint_le(facts.nlineage, 2);
    ck_assert_uint_le(facts.nstreams, HAG_NODES_MAX);
    ck_assert_uint_lt(strlen(facts.upstream), HAG_ADDR_MAX);
    for (uint32_t i = 0; i < facts.nstreams; i++)
        ck_assert_uint_lt(strlen(facts.streams[i]), HAG_ADDR_MAX);
}

static char *exact; /* of its own allocation, so that one byte too far is seen */

static void parse_exactly(const char *s, size_t n)
{
    exact = malloc(n ? n : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, s, n);
    for (uint32_t flavour = HAG__REDIS_AUTO; flavour <= HAG__REDIS_DRAGONFLY; flavour++) {
        facts_of(exact, n, flavour);
        look_at_facts();
    }
    free(exact);
}

START_TEST(cut_anywhere)
{
    size_t n = read_file(captured[_i].file);
    uint64_t whole = strtoull(said("master_repl_offset"), NULL, 10);

    for (size_t cut = 0; cut < n; cut++) {
        parse_exactly(text, cut);
        /* a number that is cut is not a smaller number */
        if (facts.role == HAG_ROLE_PRIMARY && facts.flags & HAG_FACT_POSITION)
            ck_assert_uint_eq(facts.position, whole);
    }
}
END_TEST

START_TEST(garbage)
{
    uint64_t seed = 20240607;

    for (int round = 0; round < 20000; round++) {
        size_t n =
            read_file(captured[(size_t)round % (sizeof(captured) / sizeof(captured[0]))].file);
        if (round >= 200) {
            for (int k = 0; k < 1 + round % 40; k++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                text[(seed >> 33) % n] = (char)(seed >> 24);
            }
        } else {
            for (size_t k = 0; k < n; k++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                text[k] = (char)(seed >> 40);
            }
        }
        parse_exactly(text, n);
        if (round >= 3000)
            round += 9;
    }
}
END_TEST

/* --- error replies ---------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t result;
    uint32_t why;
    uint32_t facts;
} errors[] = {
    {"NOAUTH Authentication required.", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0},
    {"WRONGPASS invalid username-password pair or user is disabled.", HAG_PROBE_DENIED,
     HAG_WHY_DENIED, 0},
    {"NOPERM this user has no permissions to run the 'replicaof' command", HAG_PROBE_DENIED,
     HAG_WHY_DENIED, 0},
    {"ERR invalid password", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0},
    {"DENIED Redis is running in protected mode because", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0},
    {"LOADING Redis is loading the dataset in memory", HAG_PROBE_NOT_SERVING, HAG_WHY_NOT_SERVING,
     0},
    {"MASTERDOWN Link with MASTER is down", HAG_PROBE_OK, HAG_WHY_STORE_ERROR, 0},
    {"MISCONF Redis is configured to save RDB snapshots", HAG_PROBE_OK, HAG_WHY_DISK,
     HAG_FACT_READONLY},
    {"BUSY Redis is busy running a script.", HAG_PROBE_OK, HAG_WHY_NOT_SERVING, HAG_FACT_READONLY},
    {"BUSYGROUP Consumer Group name already exists", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0},
    {"ERR max number of clients reached", HAG_PROBE_NOT_SERVING, HAG_WHY_NOT_SERVING, 0},
    {"ERR unknown command 'REPLICAOF', with args beginning with: 'NO' 'ONE' ", HAG_PROBE_DENIED,
     HAG_WHY_UNSUPPORTED, 0},
    {"ERR syntax error", HAG_PROBE_GARBLED, HAG_WHY_UNSUPPORTED, 0},
    {"ERR The server is running without a config file", HAG_PROBE_GARBLED, HAG_WHY_UNSUPPORTED, 0},
    {"ERR Rewriting config file: Permission denied", HAG_PROBE_GARBLED, HAG_WHY_DISK, 0},
    {"ERR Can not execute during SHUTTING DOWN", HAG_PROBE_NOT_SERVING, HAG_WHY_LEAVING,
     HAG_FACT_LEAVING},
    {"ERR Replicating a replica is unsupported", HAG_PROBE_GARBLED, HAG_WHY_TARGET_UNFIT, 0},
    {"", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0},
    {"ERR ", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0},
    {"NOAUT", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0},
    {"something else", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0},
};

START_TEST(error_replies)
{
    const struct hag__redis_error *e =
        hag__redis_error_find(errors[_i].text, strlen(errors[_i].text));

    ck_assert_uint_eq(e->result, errors[_i].result);
    ck_assert_uint_eq(e->why, errors[_i].why);
    ck_assert_uint_eq(e->facts, errors[_i].facts);
}
END_TEST

START_TEST(error_text_is_one_printable_line)
{
    char out[8];

    hag__redis_error_text(out, sizeof(out), "ab\033[1mcd", 8);
    ck_assert_str_eq(out, "ab?[1mc");
    hag__redis_error_text(out, sizeof(out), "ab\r\nnot ok", 10);
    ck_assert_str_eq(out, "ab");
    hag__redis_error_text(out, sizeof(out), "\xff", 1);
    ck_assert_str_eq(out, "?");
}
END_TEST

/* --- settings --------------------------------------------------------------------------------- */

static struct hag__redis_config cfg;
static char why[512];

static int32_t configure(const char *s)
{
    why[0] = '\0';
    return hag__redis_config_read(&cfg, s, why, sizeof(why));
}

START_TEST(config_defaults)
{
    ck_assert_int_eq(configure(NULL), 0);
    ck_assert_uint_eq(cfg.flavour, HAG__REDIS_AUTO);
    ck_assert_uint_eq(cfg.dead_port, 1);
    ck_assert_uint_eq(cfg.fresh_every, 10000);
    ck_assert_uint_eq(cfg.connect_timeout, 2000);
    ck_assert_uint_eq(cfg.tls, 0);
    ck_assert_uint_eq(cfg.npassword, 0);
    ck_assert_int_eq(configure("\n# a remark\n  \t\r\n"), 0);
}
END_TEST

START_TEST(config_values)
{
    setenv("HAG_CHECK_PW", "s3cret\n", 1);
    ck_assert_int_eq(configure("flavour = dragonfly\r\nfresh-every=1m\nconnect-timeout=250ms\n"
                               "dead-port=65535\nuser=guard\npassword-env=HAG_CHECK_PW\n"
                               "tls=on\ntls-ca=/a\ntls-cert=/b\ntls-key=/c"),
                     0);
    ck_assert_uint_eq(cfg.flavour, HAG__REDIS_DRAGONFLY);
    ck_assert_uint_eq(cfg.fresh_every, 60000);
    ck_assert_uint_eq(cfg.connect_timeout, 250);
    ck_assert_uint_eq(cfg.dead_port, 65535);
    ck_assert_str_eq(cfg.user, "guard");
    ck_assert_uint_eq(cfg.npassword, 6);
    ck_assert_mem_eq(cfg.password, "s3cret", 6);
    ck_assert_uint_eq(cfg.tls, 1);
    ck_assert_str_eq(cfg.tls_key, "/c");
    hag__redis_config_wipe(&cfg);
    ck_assert_uint_eq(cfg.npassword, 0);
    ck_assert_mem_ne(cfg.password, "s3cret", 6);
}
END_TEST

/* Each is refused, and the words name the setting and the cure. */
static const struct {
    const char *text;
    int32_t err;
    const char *says;
    const char *cure;
} wrong[] = {
    {"nonsense=1", HAG_ERR_NOT_FOUND, "\"nonsense\"", "fresh-every"},
    {"flavour", HAG_ERR_INVAL, "flavour", "auto|redis|valkey|dragonfly"},
    {"flavour=", HAG_ERR_INVAL, "flavour", "dragonfly"},
    {"flavour=mysql", HAG_ERR_INVAL, "mysql", "auto|redis"},
    {"flavour=auto|redis", HAG_ERR_INVAL, "flavour", "dragonfly"},
    {"fresh-every=10", HAG_ERR_INVAL, "fresh-every", "as in 10s"},
    {"fresh-every=1ms", HAG_ERR_INVAL, "fresh-every", "100ms"},
    {"fresh-every=2h", HAG_ERR_INVAL, "fresh-every", "1h"},
    {"fresh-every=99999999999999999999s", HAG_ERR_INVAL, "fresh-every", "1h"},
    {"fresh-every=-1s", HAG_ERR_INVAL, "fresh-every", "1h"},
    {"connect-timeout=s", HAG_ERR_INVAL, "connect-timeout", "as in 2s"},
    {"dead-port=0", HAG_ERR_INVAL, "dead-port", "1 to 65535"},
    {"dead-port=65536", HAG_ERR_INVAL, "dead-port", "1 to 65535"},
    {"dead-port=1x", HAG_ERR_INVAL, "dead-port", "1 to 65535"},
    {"password=x", HAG_ERR_NOT_FOUND, "not written into the settings", "password-file"},
    {"user=a", HAG_ERR_CONFLICT, "user", "password-file"},
    {"password-file=/a\npassword-env=B", HAG_ERR_CONFLICT, "password-env", "keep one"},
    {"password-file=/nonexistent/pw", HAG_ERR_NOT_FOUND, "/nonexistent/pw", "No such file"},
    {"password-env=HAG_NOT_SET_AT_ALL", HAG_ERR_NOT_FOUND, "HAG_NOT_SET_AT_ALL", "set it"},
    {"tls=yes", HAG_ERR_INVAL, "tls", "off|on"},
    {"tls-ca=/a", HAG_ERR_CONFLICT, "tls-ca", "tls=on"},
    {"tls=on\ntls-cert=/a", HAG_ERR_CONFLICT, "tls-key", "other one"},
    {"flavour=redis\nx=1", HAG_ERR_NOT_FOUND, "\"x\"", "flavour"},
};

START_TEST(config_errors)
{
    ck_assert_int_eq(configure(wrong[_i].text), wrong[_i].err);
    ck_assert_msg(strstr(why, wrong[_i].says) && strstr(why, wrong[_i].cure), "%s", why);
    ck_assert_int_eq(strncmp(why, "redis: ", 7), 0);
}
END_TEST

START_TEST(config_password_file)
{
    char path[] = "/tmp/hag-check-XXXXXX", line[128];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    snprintf(line, sizeof(line), "password-file=%s", path);
    ck_assert_int_eq(configure(line), HAG_ERR_INVAL);
    ck_assert_ptr_nonnull(strstr(why, "empty"));
    ck_assert_int_eq((int)write(fd, "one\r\n", 5), 5);
    ck_assert_int_eq(configure(line), 0);
    ck_assert_mem_eq(cfg.password, "one", 3);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    /* an unreadable one leaves what there was */
    ck_assert_int_eq(hag__redis_config_password(&cfg, why, sizeof(why)), HAG_ERR_INVAL);
    ck_assert_uint_eq(cfg.npassword, 3);
    ck_assert_int_eq((int)pwrite(fd, "two", 3, 0), 3);
    ck_assert_int_eq(hag__redis_config_password(&cfg, why, sizeof(why)), 0);
    ck_assert_mem_eq(cfg.password, "two", 3);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq((int)write(fd, "0123456789012345678901234567890123456789", 40), 40);
    ck_assert_int_eq(configure(line), HAG_ERR_INVAL);
    ck_assert_ptr_nonnull(strstr(why, "longer"));
    ck_assert_ptr_null(strstr(why, "01234"));
    close(fd);
    unlink(path);
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    uint16_t port;
} addresses[] = {
    {"192.0.2.1:6379", "192.0.2.1", 6379},
    {"[2001:db8::1]:1", "2001:db8::1", 1},
    {"[::1]:65535", "::1", 65535},
    {NULL, NULL, 0},
    {"", NULL, 0},
    {":1", NULL, 0},
    {"192.0.2.1", NULL, 0},
    {"192.0.2.1:", NULL, 0},
    {"192.0.2.1:0", NULL, 0},
    {"192.0.2.1:65536", NULL, 0},
    {"192.0.2:1", NULL, 0},
    {"localhost:1", NULL, 0},
    {"2001:db8::1:1", NULL, 0},
    {"[192.0.2.1]:1", NULL, 0},
    {"[]:1", NULL, 0},
    {"192.0.2.1:1 ", NULL, 0},
};

START_TEST(addr)
{
    struct hag__redis_addr a;
    char out[HAG_ADDR_MAX];

    if (!addresses[_i].host) {
        ck_assert_int_eq(hag__redis_addr_parse(addresses[_i].text, &a), -1);
        return;
    }
    ck_assert_int_eq(hag__redis_addr_parse(addresses[_i].text, &a), 0);
    ck_assert_str_eq(a.host, addresses[_i].host);
    ck_assert_uint_eq(a.port, addresses[_i].port);
    ck_assert_int_eq(hag__redis_addr_format(a.host, a.port, out), 0);
    ck_assert_str_eq(out, addresses[_i].text);
}
END_TEST

START_TEST(causes)
{
    ck_assert_uint_eq(hag__redis_cause_text("Connection refused", 99), HAG_PROBE_REFUSED);
    ck_assert_uint_eq(hag__redis_cause_text("x: Connection reset by peer", 99), HAG_PROBE_REFUSED);
    ck_assert_uint_eq(hag__redis_cause_text("No route to host", 99), HAG_PROBE_UNREACHABLE);
    ck_assert_uint_eq(hag__redis_cause_text("Too many open files", 99), HAG_PROBE_NONE);
    ck_assert_uint_eq(hag__redis_cause_text("else", 99), 99);
    ck_assert_uint_eq(hag__redis_cause_errno(ENETUNREACH), HAG_PROBE_UNREACHABLE);
    ck_assert_uint_eq(hag__redis_cause_errno(ECONNREFUSED), HAG_PROBE_REFUSED);
    ck_assert_uint_eq(hag__redis_cause_errno(EMFILE), HAG_PROBE_NONE);
}
END_TEST

/* --- Dragonfly -------------------------------------------------------------------------------- */

static struct hag__redis_memory memory;

static void dragonfly(const char *s, int64_t pid, int64_t uptime, hag_time at)
{
    ck_assert_int_eq(facts_of(s, strlen(s), HAG__REDIS_DRAGONFLY), 0);
    hag__redis_dragonfly_facts(&memory, &info, pid, uptime, at, &facts);
}

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DF_STANDBY                                                                                 \
    "role:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\nmaster_replid:" ID_A      \
    "\r\nslave_repl_offset:50\r\n"
#define DF_PRIMARY "role:master\r\nmaster_replid:" ID_B "\r\n"

START_TEST(dragonfly_identity)
{
    uint8_t first[HAG_ID_SIZE];

    memset(&memory, 0, sizeof(memory));
    dragonfly(DF_STANDBY, 1, 100, 1000000);
    memcpy(first, facts.identity, sizeof(first));
    dragonfly(DF_STANDBY, 1, 101, 1001900); /* seconds are coarse */
    ck_assert_mem_eq(facts.identity, first, HAG_ID_SIZE);
    dragonfly(DF_PRIMARY, 1, 102, 1002000); /* promoted: no restart */
    ck_assert_mem_eq(facts.identity, first, HAG_ID_SIZE);
    ck_assert_uint_eq(facts.nlineage, 2);
    same_id(facts.lineage[0], ID_B);
    same_id(facts.lineage[1], ID_A);
    ck_assert_uint_eq(facts.fork[1], 50);
    dragonfly(DF_PRIMARY, 1, 1, 1010000); /* another start */
    same_id(facts.identity, ID_B);
    ck_assert_uint_eq(facts.nlineage, 1);
    dragonfly(DF_PRIMARY, 2, 1, 1010000); /* another process */
    same_id(facts.identity, ID_B);
    dragonfly("role:master\r\nmaster_replid:" ID_A "\r\n", 2, 1, 1010000); /* another replid */
    same_id(facts.identity, ID_A);
}
END_TEST

START_TEST(dragonfly_has_no_position_before_its_sync)
{
    dragonfly(
        "role:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\nmaster_replid:" ID_A
        "\r\n",
        1, 1, 5000);
    ck_assert_uint_eq(facts.flags & (HAG_FACT_SYNCING | HAG_FACT_POSITION | HAG_FACT_LINK_UP),
                      HAG_FACT_SYNCING);
    dragonfly("role:master\r\nmaster_repl_offset:7\r\nmaster_replid:" ID_A "\r\n", 1, 1, 5000);
    ck_assert_uint_eq(facts.flags & HAG_FACT_POSITION, 0);
}
END_TEST

START_TEST(dragonfly_clients)
{
    static const char list[] = "id=1 addr=10.0.0.1:5 laddr=10.0.0.9:6379 name= db=0\n"
                               "id=2 addr=10.0.0.2:5 name=repl_ctrl\n"
                               "id=3 name=x laddr=10.0.0.3:1\n"
                               "id=4 addr= name=\n\n"
                               "id=5 addr=10.0.0.5:5 name=repl\n"
                               "id=6 addr=10.0.0.6:5\n"
                               "id=7 addr=10.0.0.7:5";
    char a[HAG_ADDR_MAX];
    const char *s = list;

    s = hag__redis_client_next(s, "10.0.0.6:5", a);
    ck_assert_str_eq(a, "10.0.0.1:5");
    s = hag__redis_client_next(s, "10.0.0.6:5", a);
    ck_assert_str_eq(a, "10.0.0.5:5");
    s = hag__redis_client_next(s, "10.0.0.6:5", a);
    ck_assert_str_eq(a, "10.0.0.7:5");
    ck_assert_ptr_null(hag__redis_client_next(s, "10.0.0.6:5", a));
}
END_TEST

START_TEST(takeover_seconds)
{
    ck_assert_uint_eq(hag__redis_takeover_seconds(60000), 49);
    ck_assert_uint_eq(hag__redis_takeover_seconds(13000), 2);
    ck_assert_uint_eq(hag__redis_takeover_seconds(12000), 1);
    ck_assert_uint_eq(hag__redis_takeover_seconds(0), 1);
}
END_TEST

/* --- the map and the timers ------------------------------------------------------------------- */

static uint64_t allocated;

static void *alloc(void *ctx, void *p, size_t o, size_t n)
{
    (void)ctx;
    allocated += n - o;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

static const struct hag_host host = {.size = sizeof(struct hag_host), .realloc = alloc};

START_TEST(map_against_a_plain_array)
{
    struct hag__redis_map m = {.host = &host};
    static char there[1000];
    uint64_t seed = 7;

    memset(there, 0, sizeof(there));
    for (int i = 0; i < 200000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t k = (seed >> 33) % 1000;
        uint64_t key = (k + 1) << (k % 3 ? 0 : 32); /* crowded and spread */
        ck_assert_ptr_eq(hag__redis_map_get(&m, key), there[k] ? &there[k] : NULL);
        if (there[k])
            hag__redis_map_remove(&m, key);
        else
            ck_assert_int_eq(hag__redis_map_put(&m, key, &there[k]), 0);
        there[k] = (char)!there[k];
    }
    hag__redis_map_free(&m);
    ck_assert_uint_eq(allocated, 0);
}
END_TEST

START_TEST(timers_in_order)
{
    struct hag__redis_timers h = {.host = &host};
    static struct hag__redis_timer t[300];
    uint64_t seed = 9;
    hag_time last = 0;
    uint32_t n = 0;

    memset(t, 0, sizeof(t));
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(hag__redis_timers_reserve(&h), 0);
    for (int i = 0; i < 3000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        struct hag__redis_timer *one = &t[(seed >> 33) % 300];
        if (seed >> 60 < 4)
            hag__redis_timer_stop(&h, one);
        else
            hag__redis_timer_set(&h, one, 1 + (seed >> 20) % 1000);
    }
    for (int i = 0; i < 300; i++)
        n += t[i].pos != 0;
    ck_assert_ptr_null(hag__redis_timers_take(&h, hag__redis_timers_next(&h) - 1));
    for (struct hag__redis_timer *one; (one = hag__redis_timers_take(&h, 1000)) != NULL; n--) {
        ck_assert_uint_ge(one->at, last);
        last = one->at;
    }
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(hag__redis_timers_next(&h), 0);
    hag__redis_timers_free(&h);
    ck_assert_uint_eq(allocated, 0);
}
END_TEST

#define EACH(t, test, a) tcase_add_loop_test(t, test, 0, (int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
    Suite *s = suite_create("redis");
    TCase *t = tcase_create("info");

    tcase_set_timeout(t, 120);
    EACH(t, captured_replication, captured);
    tcase_add_test(t, captured_streams);
    tcase_add_test(t, captured_server);
    tcase_add_test(t, captured_keyspace);
    tcase_add_test(t, streams_that_count);
    tcase_add_test(t, streams_are_bounded);
    EACH(t, priorities_are_turned_round, priorities);
    tcase_add_test(t, link_idle);
    tcase_add_test(t, upstream_by_name_and_v6);
    EACH(t, no_role_no_facts, no_role);
    EACH(t, an_odd_id_is_no_lineage, odd_ids);
    EACH(t, an_odd_offset_is_no_position, odd_numbers);
    EACH(t, cut_anywhere, captured);
    tcase_add_test(t, garbage);
    suite_add_tcase(s, t);
    t = tcase_create("replies");
    EACH(t, error_replies, errors);
    tcase_add_test(t, error_text_is_one_printable_line);
    suite_add_tcase(s, t);
    t = tcase_create("config");
    tcase_add_test(t, config_defaults);
    tcase_add_test(t, config_values);
    EACH(t, config_errors, wrong);
    tcase_add_test(t, config_password_file);
    suite_add_tcase(s, t);
    t = tcase_create("parts");
    EACH(t, addr, addresses);
    tcase_add_test(t, causes);
    tcase_add_test(t, map_against_a_plain_array);
    tcase_add_test(t, timers_in_order);
    suite_add_tcase(s, t);
    t = tcase_create("dragonfly");
    tcase_add_test(t, dragonfly_identity);
    tcase_add_test(t, dragonfly_has_no_position_before_its_sync);
    tcase_add_test(t, dragonfly_clients);
    tcase_add_test(t, takeover_seconds);
    suite_add_tcase(s, t);

    SRunner *run = srunner_create(s);
    srunner_run_all(run, CK_NORMAL);
    int failed = srunner_ntests_failed(run);
    srunner_free(run);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
