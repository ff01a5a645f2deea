/* SPDX-License-Identifier: MIT
 *
 * Logs that are cut off, damaged or forged, recordings that end for want of room or memory, and code
 * that decides otherwise than it was recorded.
 */
#include "recording.h"

#include <stdio.h>

static struct rig r;
static struct hag_options options;
static struct recording whole, other;

/* A short life with a failover. */
static void short_life(const char *const *settings)
{
    options = (struct hag_options){
        .size = sizeof(options), .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD, .seed = 7};
    r.opt = &options;
    rig_world(&r, 2);
    r.writes = 0;
    rig_guard(&r, settings);
    rig_run(&r, 5000);
    rig_kill(&r, 0);
    ck_assert_int_eq(hag_cluster_failover(r.g, r.c, 0, HAG_OPERATE_DATA_LOSS, r.now, NULL), HAG_OK);
    rig_for(&r, 2000);
    ck_assert_uint_eq(rig_primary(&r), 1);
}

static void record(const char *const *settings)
{
    short_life(settings);
    ck_assert_int_eq(take_pieces(r.g, &whole, 65536), 0);
    rig_for(&r, 1000); /* a second chunk */
    take_all(r.g, &whole);
    rig_end(&r);
    must_be_same(&whole);
}

static void copy(void)
{
    drop_recording(&other);
    other.v = malloc(whole.n);
    ck_assert_ptr_nonnull(other.v);
    memcpy(other.v, whole.v, whole.n);
    other.n = other.cap = whole.n;
}

/* 1: it is told that the log is not what was written. The bytes are their own block, so that reading
 * past their end is seen. */
static int told(const uint8_t *bytes, size_t n)
{
    struct hag_replay_result res = {.size = sizeof(res)};
    uint8_t *exact = malloc(n > 0 ? n : 1);
    int32_t err;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, n);
    err = hag_replay(exact, n, NULL, &res);
    free(exact);
    if (err != HAG_OK) {
        ck_assert_msg(err == HAG_ERR_DAMAGED || err == HAG_ERR_UNSUPPORTED, "%d", err);
        return 1;
    }
    ck_assert_uint_eq(res.verdict, HAG_REPLAY_SAME); /* what came before is as it was */
    ck_assert_int_eq(res.ending == HAG_REPLAY_CUT || res.ending == HAG_REPLAY_DAMAGED,
                     res.why[0] != '\0');
    if (res.why[0] != '\0')
        ck_assert_uint_le(res.offset, n);
    return res.ending != HAG_REPLAY_WHOLE;
}

START_TEST(cut_off)
{
    uint64_t actions = 0;

    record(NULL);
    for (size_t n = 0; n < whole.n; n++) {
        struct hag_replay_result res = {.size = sizeof(res)};

        ck_assert_msg(told(whole.v, n), "cut at %zu of %zu", n, whole.n);
        if (n < HAG__LOG_HEAD)
            continue;
        ck_assert_int_eq(hag_replay(whole.v, n, NULL, &res), HAG_OK);
        ck_assert_uint_ge(res.actions, actions); /* more of it, more is played */
        actions = res.actions;
    }
    ck_assert_uint_gt(actions, 10);
    drop_recording(&whole);
}
END_TEST

START_TEST(flipped)
{
    record(NULL);
    copy();
    for (size_t i = 0; i < whole.n; i++) {
        other.v[i] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(told(other.v, other.n), "bit %zu of byte %zu of %zu", i % 8, i, whole.n);
        other.v[i] = whole.v[i];
    }
    /* chunks that changed places, one that is missing, one twice */
    {
        size_t first = HAG__CHUNK_HEAD + hag__get_32(whole.v + HAG__LOG_HEAD);
        size_t rest = whole.n - HAG__LOG_HEAD - first;

        memcpy(other.v + HAG__LOG_HEAD, whole.v + HAG__LOG_HEAD + first, rest);
        ck_assert_int_eq(told(other.v, HAG__LOG_HEAD + rest), 1);
        memcpy(other.v + HAG__LOG_HEAD + rest, whole.v + HAG__LOG_HEAD, first);
        ck_assert_int_eq(told(other.v, other.n), 1);
    }
    drop_recording(&whole);
    drop_recording(&other);
}
END_TEST

/* A log whose checks are right can say anything: it is played or refused, and nothing else. */
START_TEST(forged)
{
    static const uint8_t values[] = {0, 1, 127, 128, 255};
    uint32_t same = 0, differs = 0, refused = 0;
    uint64_t random = 1;

    record(NULL);
    for (size_t i = 0; i < whole.n; i++) {
        struct hag_replay_result res = {.size = sizeof(res)};
        size_t v = unit_below(&random, 6);
        int32_t err;

        copy();
        other.v[i] = v < 5 ? values[v] : (uint8_t)(other.v[i] + 1);
        if (hag__get_32(other.v + HAG__LOG_HEAD) + HAG__LOG_HEAD + HAG__CHUNK_HEAD > other.n)
            continue;
        for (size_t at = HAG__LOG_HEAD; at < other.n;) { /* lengths stay as they are */
            if (i >= at && i < at + 4)
                other.v[i] = whole.v[i];
            at += HAG__CHUNK_HEAD + hag__get_32(whole.v + at);
        }
        check_anew(&other);
        err = hag_replay(other.v, other.n, NULL, &res);
        if (err != HAG_OK)
            refused++;
        else if (res.verdict == HAG_REPLAY_DIFFERS)
            differs++;
        else if (res.ending == HAG_REPLAY_WHOLE)
            same++;
        else
            refused++;
    }
    ck_assert_uint_gt(differs, 100);
    ck_assert_uint_gt(refused, 20);
    /* what changes nothing: users' words, unused facts, bytes that were this already */
    ck_assert_uint_lt(same, whole.n / 3);
    drop_recording(&whole);
    drop_recording(&other);
}
END_TEST

static size_t find(const struct recording *l, const char *what, size_t n)
{
    for (size_t i = 0; i + n <= l->n; i++) {
        if (memcmp(l->v + i, what, n) == 0)
            return i;
    }
    ck_abort_msg("not in the log");
    return 0;
}

/* As if another version, or other settings, had recorded it: the first difference is told. */
START_TEST(decides_otherwise)
{
    static const char *const s[] = {"probe_timeout", "900ms", NULL};
    struct hag_replay_result res;
    size_t at;

    record(s);
    copy();
    at = find(&other, "900ms", 6);
    other.v[at] = '8';
    check_anew(&other);
    res = played(&other, other.n);
    ck_assert_uint_eq(res.verdict, HAG_REPLAY_DIFFERS);
    ck_assert_uint_eq(res.ending, 0);
    ck_assert_uint_gt(res.offset, at);
    ck_assert_msg(strncmp(res.recorded, "probe n", 7) == 0 &&
                      strncmp(res.today, "probe n", 7) == 0 && strcmp(res.recorded, res.today) != 0,
                  "recorded %s; today %s", res.recorded, res.today);
    drop_recording(&whole);
    drop_recording(&other);
}
END_TEST

/* The last call is refused today, and nothing comes after it. */
START_TEST(last_is_missing)
{
    struct hag_replay_result res;
    hag_policy p;
    hag_guard *g;
    size_t at;

    options = (struct hag_options){.size = sizeof(options), .flags = HAG_OPTION_RECORD};
    ck_assert_int_eq(hag_guard_new(&options, &g), HAG_OK);
    ck_assert_int_eq(hag_policy_new(g, &p), HAG_OK);
    ck_assert_int_eq(take_pieces(g, &whole, 100), 0);
    ck_assert_int_eq(hag_policy_set_text(g, p, "fall", "5"), HAG_OK);
    take_all(g, &whole);
    must_be_same(&whole);
    at = find(&whole, "fall", 4);
    whole.v[at] = 'b'; /* there is no such setting */
    check_anew(&whole);
    res = played(&whole, whole.n);
    ck_assert_uint_eq(res.verdict, HAG_REPLAY_DIFFERS);
    ck_assert_ptr_nonnull(strstr(res.recorded, "hag_policy_set_text"));
    ck_assert_str_eq(res.today, "nothing");
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    drop_recording(&whole);
}
END_TEST

START_TEST(no_log)
{
    struct hag_replay_result res = {.size = sizeof(res)};
    const uint8_t later[] = {'H', 'A', 'G', 'R', 'E', 'C', 2, 0};
    struct hag_replay_options bad = {.size = 1};

    ck_assert_int_eq(hag_replay((const uint8_t *)"", 0, NULL, &res), HAG_ERR_DAMAGED);
    ck_assert_int_eq(hag_replay((const uint8_t *)"at 5s kill a", 12, NULL, &res), HAG_ERR_DAMAGED);
    ck_assert_int_eq(hag_replay(later, sizeof(later), NULL, &res), HAG_ERR_UNSUPPORTED);
    ck_assert_int_eq(hag_replay(NULL, 8, NULL, &res), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_replay(later, 8, NULL, NULL), HAG_ERR_INVAL);
    ck_assert_int_eq(hag_replay(later, 8, &bad, &res), HAG_ERR_ABI);
    res.size = 4;
    ck_assert_int_eq(hag_replay(later, 8, NULL, &res), HAG_ERR_ABI);
}
END_TEST

static uint32_t warnings;

static void on_log(void *ud, int32_t level, const char *msg, size_t len)
{
    (void)ud;
    if (level == HAG_LOG_WARN && len > 20 && strstr(msg, "recording ends") != NULL)
        warnings++;
}

/* Nobody takes it: it ends, says so, and the guard works on as if nothing had been. */
START_TEST(full)
{
    struct hag_replay_result res;

    warnings = 0;
    options = (struct hag_options){.size = sizeof(options),
                                   .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD,
                                   .log = on_log,
                                   .record_max = 20000};
    r.opt = &options;
    rig_start(&r, 3, NULL);
    rig_settle(&r);
    ck_assert_uint_eq(warnings, 0);
    rig_for(&r, 500000);
    ck_assert_uint_eq(warnings, 1);
    rig_kill(&r, 0);
    rig_for(&r, 100000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), 0);
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), HAG_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(hag_errmsg(r.g), "record_max"));
    ck_assert_uint_le(whole.n, 20000);
    ck_assert_uint_gt(whole.n, 15000);
    res = played(&whole, whole.n);
    ck_assert_uint_eq(res.verdict, HAG_REPLAY_SAME);
    ck_assert_uint_eq(res.ending, HAG_REPLAY_FULL);
    ck_assert_uint_gt(res.at, 100000);
    rig_end(&r);
    drop_recording(&whole);
}
END_TEST

/* As long as it is taken, the limit is none. */
START_TEST(taken_in_time)
{
    options = (struct hag_options){
        .size = sizeof(options), .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD, .record_max = 1};
    r.opt = &options;
    rig_start(&r, 3, NULL);
    for (int i = 0; i < 600; i++) {
        rig_for(&r, 1000);
        ck_assert_int_eq(take_pieces(r.g, &whole, 999), 0);
    }
    take_all(r.g, &whole);
    must_be_same(&whole);
    ck_assert_uint_gt(whole.n, 30000);
    rig_end(&r);
    drop_recording(&whole);
}
END_TEST

/* An allocator that refuses what the recorder asks for: its buffer, which doubles. */
static struct unit_mem mem;
static int refuse_growth;

static void *no_growth(void *ud, void *p, size_t osize, size_t nsize)
{
    if (refuse_growth && osize >= 4096 && nsize == 2 * osize)
        return NULL;
    return unit_realloc(ud, p, osize, nsize);
}

START_TEST(no_memory_for_it)
{
    struct hag_replay_result res;

    unit_mem_init(&mem);
    warnings = 0;
    options = (struct hag_options){.size = sizeof(options),
                                   .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD,
                                   .ud = &mem,
                                   .log = on_log,
                                   .realloc = no_growth};
    r.opt = &options;
    rig_start(&r, 3, NULL);
    refuse_growth = 1;
    rig_settle(&r); /* every call of the rig must succeed */
    ck_assert_uint_eq(warnings, 1);
    refuse_growth = 0;
    rig_kill(&r, 0);
    rig_for(&r, 100000);
    ck_assert_uint_eq(rig_primary(&r), 1);
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), 0);
    ck_assert_int_eq(take_pieces(r.g, &whole, 1000), HAG_ERR_NOMEM);
    res = played(&whole, whole.n);
    ck_assert_uint_eq(res.verdict, HAG_REPLAY_SAME);
    ck_assert_uint_eq(res.ending, HAG_REPLAY_NOMEM);
    rig_end(&r);
    ck_assert_uint_eq(mem.blocks, 0);
    drop_recording(&whole);
}
END_TEST

/* The n-th allocation of a life is refused, be it of the guard or of the recorder: calls say so or
 * succeed, and what was recorded until then is the same when it is played again. */
static int one_refused(uint32_t nth)
{
    struct hag_node_spec spec = {.size = sizeof(spec)};
    struct hag_facts f = {.size = sizeof(f), .nlineage = 3, .role = HAG_ROLE_PRIMARY};
    struct hag_result res = {.size = sizeof(res), .facts = &f};
    struct hag_action a = {.size = sizeof(a)};
    struct hag_replay_result rep;
    hag_guard *g = NULL;
    hag_cluster c = 0;
    hag_node n;
    hag_time now = 1000;
    int32_t err;

    unit_mem_init(&mem);
    unit_refuse(&mem, nth);
    options = (struct hag_options){.size = sizeof(options),
                                   .flags = HAG_OPTION_SOLE | HAG_OPTION_RECORD,
                                   .ud = &mem,
                                   .realloc = unit_realloc};
    f.flags = HAG_FACT_POSITION | HAG_FACT_WRITES;
    err = hag_guard_new(&options, &g);
    if (err != HAG_OK) {
        ck_assert_int_eq(err, HAG_ERR_NOMEM);
        ck_assert_uint_eq(mem.blocks, 0);
        return 1;
    }
    (void)hag_handles(g, (1u << HAG_DO_PROBE) | (1u << HAG_DO_COMMIT));
    (void)hag_cluster_add(g, "one", 0, 0, now, &c);
    for (uint32_t i = 0; i < 40; i++) {
        char name[8], addr[32];

        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u", 100 + i);
        spec.name = name;
        spec.addr = addr;
        spec.flags = i == 0 ? HAG_NODE_PRIMARY : 0;
        err = hag_node_add(g, c, &spec, now, &n);
        ck_assert_int_eq(err == HAG_OK || err == HAG_ERR_NOMEM || c == 0, 1);
    }
    for (uint32_t i = 0; i < 60; i++) {
        ck_assert_int_ge(hag_advance(g, now += 100), 0);
        while (hag_next_action(g, now, &a) > 0) {
            f.lineage[0][0] = (uint8_t)(1 + i / 20);
            f.position = now;
            res.facts = a.kind == HAG_DO_PROBE ? &f : NULL;
            if (a.op != 0 && a.kind != HAG_DO_CANCEL)
                (void)hag_op_complete(g, a.op, &res, now);
        }
    }
    unit_refuse(&mem, 0);
    (void)hag_record_end(g);
    ck_assert_int_eq(take_pieces(g, &whole, 65536), 0);
    err = take_pieces(g, &whole, 65536);
    rep = played(&whole, whole.n);
    ck_assert_msg(rep.verdict == HAG_REPLAY_SAME, "allocation %u: recorded %s; today %s", nth,
                  rep.recorded, rep.today);
    ck_assert_uint_eq(rep.ending, err == HAG_OK ? HAG_REPLAY_WHOLE : HAG_REPLAY_NOMEM);
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    ck_assert_uint_eq(mem.blocks, 0);
    drop_recording(&whole);
    return err != HAG_OK;
}

START_TEST(each_allocation)
{
    uint32_t nth = 1;

    while (one_refused(nth))
        nth++;
    ck_assert_uint_gt(nth, 60);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {cut_off,          flipped,         forged, decides_otherwise,
                                  last_is_missing,  no_log,          full,   taken_in_time,
                                  no_memory_for_it, each_allocation, NULL};

    return unit_run("recorder_damage", tests);
}
