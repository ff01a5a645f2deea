/* SPDX-License-Identifier: MIT
 *
 * What the recorder writes: a digest of every member of an action, and facts as they were told.
 */
#include "recording.h"

#include "guard/guard.h"
#include "guard/recorder.h"

static struct hag_options options;
static struct recording whole;

/* The bytes that an action leaves in the log. */
static size_t bytes_of(const struct hag_action *a, uint8_t *buf, size_t cap)
{
    hag_guard *g;
    size_t n;

    options = (struct hag_options){.size = sizeof(options), .flags = HAG_OPTION_RECORD};
    ck_assert_int_eq(hag_guard_new(&options, &g), HAG_OK);
    ck_assert_int_eq(hag_record_take(g, buf, cap, &n), 0);
    hag__note_taken(g, a);
    ck_assert_int_eq(hag_record_take(g, buf, cap, &n), 0);
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    return n;
}

static int differ(const struct hag_action *a, const struct hag_action *b)
{
    uint8_t x[256], y[256];
    size_t n = bytes_of(a, x, sizeof(x)), m = bytes_of(b, y, sizeof(y));

    return n != m || memcmp(x, y, n) != 0;
}

/* Whatever of an action is another, so is what is written of it. */
START_TEST(every_member)
{
    static const uint8_t record[] = {1, 2, 3, 4, 5, 6, 7, 8, 9},
                         changed[] = {1, 2, 3, 4, 5, 6, 7, 8, 8};
    static const char *const addrs[] = {"a", "b"}, *const other[] = {"a", "c"};
    const struct hag_action whole_action = {.size = sizeof(whole_action),
                                            .kind = HAG_DO_COMMIT,
                                            .request = "r",
                                            .cluster_name = "a name of more than eight",
                                            .node_name = "n",
                                            .node_addr = "127.0.0.1:1",
                                            .target_name = "t",
                                            .target_addr = "",
                                            .text = "words",
                                            .naddrs = 2,
                                            .addrs = addrs,
                                            .nbytes = sizeof(record),
                                            .bytes = record};
    const size_t texts[] = {
        offsetof(struct hag_action, request),     offsetof(struct hag_action, cluster_name),
        offsetof(struct hag_action, node_name),   offsetof(struct hag_action, node_addr),
        offsetof(struct hag_action, target_name), offsetof(struct hag_action, target_addr),
        offsetof(struct hag_action, text)};
    struct hag_action a;

    ck_assert_int_eq(differ(&whole_action, &whole_action), 0);
    for (size_t i = offsetof(struct hag_action, op); i < offsetof(struct hag_action, nbytes); i++) {
        if (i >= offsetof(struct hag_action, naddrs) && i < offsetof(struct hag_action, naddrs) + 4)
            continue;
        a = whole_action;
        ((uint8_t *)&a)[i] ^= 0x40;
        ck_assert_msg(differ(&a, &whole_action), "byte %zu", i);
    }
    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        const char *text = "another";

        a = whole_action;
        memcpy((uint8_t *)&a + texts[i], &text, sizeof(text));
        ck_assert_msg(differ(&a, &whole_action), "text %zu", i);
    }
    a = whole_action;
    a.addrs = other;
    ck_assert_int_eq(differ(&a, &whole_action), 1);
    a = whole_action;
    a.naddrs = 1;
    ck_assert_int_eq(differ(&a, &whole_action), 1);
    a = whole_action;
    a.bytes = changed;
    ck_assert_int_eq(differ(&a, &whole_action), 1);
    a = whole_action;
    a.nbytes--;
    ck_assert_int_eq(differ(&a, &whole_action), 1);
}
END_TEST

/* Of a probe, what can be set in one. */
START_TEST(every_member_of_probes)
{
    const struct hag_action probe = {.size = sizeof(probe), .kind = HAG_DO_PROBE, .op = 77};
    const size_t members[] = {
        offsetof(struct hag_action, op),        offsetof(struct hag_action, cluster),
        offsetof(struct hag_action, node),      offsetof(struct hag_action, user_cluster),
        offsetof(struct hag_action, user_node), offsetof(struct hag_action, term),
        offsetof(struct hag_action, deadline)};
    struct hag_action a = probe;

    a.flags = HAG_ACT_URGENT;
    ck_assert_int_eq(differ(&a, &probe), 1);
    for (size_t i = 0; i < UNIT_COUNT(members); i++) {
        for (size_t bit = 0; bit < 64; bit++) {
            a = probe;
            ((uint8_t *)&a)[members[i] + bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert_msg(differ(&a, &probe), "member %zu, bit %zu", i, bit);
        }
    }
}
END_TEST

/* Some other facts than the last ones, mostly in little. */
static void vary(uint64_t *random, struct hag_facts *f, const char **streams)
{
    static const char *const words[] = {"127.0.0.1:2",
                                        "[::1]:9",
                                        "10.11.12.13:14",
                                        "[2001:db8:1111:2222:3333:4444:5555:6666]:16379",
                                        "[2001:db8:1111:2222:3333:4444:5555:6666]:16378",
                                        "[2001:db8:11:22:33:44:55]:6378", /* 30 */
                                        "[2001:db8:111:22:33:44:55]:6378",
                                        "[2001:db8:111:222:33:44:55]:6378",
                                        "",
                                        NULL};
    uint32_t i = unit_below(random, HAG_LINEAGE_MAX);

    switch (unit_below(random, 24)) {
    case 0:
        f->role = unit_below(random, 3);
        break;
    case 1:
        f->flags = unit_below(random, 4096);
        break;
    case 2:
        f->position = hag__random(random);
        break;
    case 3:
        f->link_beat = f->lag = HAG_UNKNOWN_MS;
        break;
    case 4:
        f->lag = unit_below(random, 1000);
        break;
    case 5:
        f->priority = (int32_t)unit_below(random, 3) - 1;
        break;
    case 6:
        f->cpu = unit_below(random, 1000);
        f->memory = unit_below(random, 1000);
        break;
    case 7:
        f->nlineage = unit_below(random, HAG_LINEAGE_MAX + 1);
        break;
    case 8:
        f->lineage[i][unit_below(random, HAG_ID_SIZE)] ^= 1;
        break;
    case 9:
        f->fork[i] = hag__random(random) >> unit_below(random, 64);
        break;
    case 10:
        f->identity[unit_below(random, HAG_ID_SIZE)] ^= 1;
        break;
    case 11:
        (void)snprintf(f->upstream, sizeof(f->upstream), "%s", words[unit_below(random, 9)]);
        break;
    case 12:
        f->nstreams = unit_below(random, 4);
        break;
    case 13:
        streams[unit_below(random, 3)] = words[unit_below(random, 10)];
        break;
    case 14:
        f->result = unit_below(random, HAG_PROBE_GARBLED + 1);
        break;
    default:
        f->position += unit_below(random, 100000);
        f->position_age = unit_below(random, 3);
        f->link_idle = unit_below(random, 2) * 1000;
        break;
    }
}

static void same_facts(const struct hag_facts *f, const struct hag_facts *k)
{
    ck_assert_uint_eq(f->result, k->result);
    ck_assert_uint_eq(f->role, k->role);
    ck_assert_uint_eq(f->flags, k->flags);
    ck_assert_uint_eq(f->position, k->position);
    ck_assert_uint_eq(f->position_age, k->position_age);
    ck_assert_uint_eq(f->link_idle, k->link_idle);
    ck_assert_uint_eq(f->link_beat, k->link_beat);
    ck_assert_uint_eq(f->lag, k->lag);
    ck_assert_int_eq(f->priority, k->priority);
    ck_assert_uint_eq(f->cpu, k->cpu);
    ck_assert_uint_eq(f->memory, k->memory);
    ck_assert_uint_eq(f->nlineage, k->nlineage);
    ck_assert_uint_eq(f->nstreams, k->nstreams);
    ck_assert_mem_eq(f->identity, k->identity, HAG_ID_SIZE);
    ck_assert_mem_eq(f->lineage, k->lineage, f->nlineage * sizeof(f->lineage[0]));
    ck_assert_mem_eq(f->fork, k->fork, f->nlineage * sizeof(f->fork[0]));
    ck_assert_str_eq(f->upstream, k->upstream);
    for (uint32_t i = 0; i < f->nstreams; i++)
        ck_assert_str_eq(f->streams[i] != NULL ? f->streams[i] : "", k->streams[i]);
}

/* What was told of nodes is in the log as it was told, and no more of it than is new. */
START_TEST(facts)
{
    enum { TOLD = 6000 };
    static struct hag_facts told[TOLD], now_of[3];
    static const char *streams[TOLD][3], *streams_of[3][3];
    static struct hag_result results[TOLD];
    struct log_entry e;
    struct log log;
    hag_guard *g;
    hag_cluster c;
    hag_node n[3];
    hag_time now = 1000;
    uint64_t random = 5;
    uint32_t ntold = 0, k = 0;

    options = (struct hag_options){.size = sizeof(options), .flags = HAG_OPTION_RECORD};
    ck_assert_int_eq(hag_guard_new(&options, &g), HAG_OK);
    ck_assert_int_eq(hag_handles(g, 1u << HAG_DO_PROBE), HAG_OK);
    ck_assert_int_eq(hag_cluster_add(g, "one", 0, 0, now, &c), HAG_OK);
    for (uint32_t i = 0; i < 3; i++) {
        char name[8], addr[32];
        struct hag_node_spec spec = {.size = sizeof(spec), .name = name, .addr = addr, .user = i};

        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u", 1 + i);
        ck_assert_int_eq(hag_node_add(g, c, &spec, now, &n[i]), HAG_OK);
        now_of[i].size = sizeof(now_of[i]);
        now_of[i].streams = streams_of[i];
    }
    while (ntold < TOLD) {
        struct hag_action a = {.size = sizeof(a)};

        (void)hag_advance(g, now += 50);
        while (ntold < TOLD && hag_next_action(g, now, &a) > 0) {
            struct hag_facts *f = &now_of[a.user_node];
            struct hag_result *res = &results[ntold];

            ck_assert_uint_eq(a.kind, HAG_DO_PROBE);
            vary(&random, f, streams_of[a.user_node]);
            memcpy(streams[ntold], streams_of[a.user_node], sizeof(streams[ntold]));
            told[ntold] = *f;
            told[ntold].streams = streams[ntold];
            res->size = sizeof(*res);
            res->facts = &told[ntold];
            if (unit_below(&random, 9) == 0)
                res->text = "some words";
            if (unit_below(&random, 9) == 0)
                res->retry_after = 17;
            ck_assert_int_eq(hag_op_complete(g, a.op, res, now), HAG_OK);
            ntold++;
        }
    }
    take_all(g, &whole);
    ck_assert_int_eq(log_open(&log, whole.v, whole.n), HAG_OK);
    while (log_next(&log, &e)) {
        if (e.call != HAG__CALL_COMPLETE_PROBE && e.call != HAG__CALL_COMPLETE_USUAL)
            continue;
        same_facts(&told[k], &e.facts);
        ck_assert_ptr_eq(e.result.facts, &e.facts);
        ck_assert_uint_eq(e.result.retry_after, results[k].retry_after);
        ck_assert_int_eq(e.result.text != NULL, results[k].text != NULL);
        if (e.result.text != NULL)
            ck_assert_str_eq(e.result.text, results[k].text);
        k++;
    }
    ck_assert_uint_eq(k, TOLD);
    ck_assert_int_eq(log.state, LOG_END);
    log_close(&log);
    must_be_same(&whole);
    ck_assert_int_eq(hag_guard_destroy(g), HAG_OK);
    drop_recording(&whole);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_member, every_member_of_probes, facts, NULL};

    return unit_run("recorder_bytes", tests);
}
