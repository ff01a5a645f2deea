/* SPDX-License-Identifier: MIT
 *
 * record CLUSTERS - what the recorder adds to a healthy probe: time passes, the probe is taken and
 * completed with facts, and the log is taken. Two guards of clusters of three nodes, one of which
 * records, in turns.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <haguard/haguard.h>

#define NODES  3u
#define ROUNDS 41
#define EVERY  100u   /* ms between two takes */
#define SLICE  50000u /* probes of a round */

struct store {
    struct hag_facts facts;
    char addr[32];
    const char *streams[NODES - 1];
};

struct fleet {
    hag_guard *g;
    hag_time now;
    struct store *stores;
    int records;
    hag_time taken;
    uint64_t log;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_stores(struct fleet *f, unsigned clusters)
{
    f->stores = calloc(clusters * NODES, sizeof(*f->stores));
    if (f->stores == NULL)
        abort();
    for (unsigned i = 0; i < clusters * NODES; i++) {
        struct store *s = &f->stores[i];
        unsigned c = i / NODES;

        snprintf(s->addr, sizeof(s->addr), "10.%u.%u.%u:6379", c >> 8 & 255, c & 255,
                 (c >> 16) * NODES + i % NODES + 1);
        s->facts.size = sizeof(s->facts);
        s->facts.flags = HAG_FACT_POSITION | HAG_FACT_READS;
        s->facts.link_idle = s->facts.lag = HAG_UNKNOWN_MS;
        s->facts.nlineage = 2;
        s->facts.fork[1] = 55;
        memset(s->facts.lineage[0], 7, sizeof(s->facts.lineage[0]));
        memset(s->facts.lineage[1], 9, sizeof(s->facts.lineage[1]));
        memset(s->facts.identity, (int)(i % NODES + 1), sizeof(s->facts.identity));
        s->facts.role = i % NODES == 0 ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
        if (i % NODES == 0) {
            s->facts.flags |= HAG_FACT_WRITES;
            s->facts.nstreams = NODES - 1;
            s->facts.streams = s->streams;
            s->streams[0] = s[1].addr;
            s->streams[1] = s[2].addr;
        } else {
            s->facts.flags |= HAG_FACT_LINK_UP;
            s->facts.link_beat = 10000;
            s->facts.lag = 0;
            memcpy(s->facts.upstream, s[-(int)(i % NODES)].addr, sizeof(s->addr));
        }
    }
}

static void make(struct fleet *f, unsigned clusters, int records)
{
    struct hag_options o = {.size = sizeof(o), .flags = HAG_OPTION_SOLE, .seed = 1};

    if (records)
        o.flags |= HAG_OPTION_RECORD;
    f->records = records;
    f->now = 1000;
    make_stores(f, clusters);
    if (hag_guard_new(&o, &f->g) != HAG_OK || hag_handles(f->g, (1ull << HAG_DO_MAX) - 1) != HAG_OK)
        abort();
    for (unsigned i = 0; i < clusters * NODES; i++) {
        struct hag_node_spec spec = {.size = sizeof(spec), .addr = f->stores[i].addr, .user = i};
        static hag_cluster c;
        hag_node n;
        char name[32];

        snprintf(name, sizeof(name), "cluster%u", i / NODES);
        if (i % NODES == 0 && hag_cluster_add(f->g, name, 0, i, f->now, &c) != HAG_OK)
            abort();
        spec.name = i % NODES == 0 ? "n1" : i % NODES == 1 ? "n2" : "n3";
        spec.flags = i % NODES == 0 ? HAG_NODE_PRIMARY : 0;
        if (hag_node_add(f->g, c, &spec, f->now, &n) != HAG_OK)
            abort();
    }
}

static void take(struct fleet *f)
{
    static uint8_t buf[1 << 16];
    size_t n;
    int32_t more;

    do {
        more = hag_record_take(f->g, buf, sizeof(buf), &n);
        if (more < 0)
            abort();
        f->log += n;
    } while (more > 0);
}

/* Returns ns for each probe. */
static double run(struct fleet *f, unsigned probes)
{
    struct hag_action a = {.size = sizeof(a)};
    unsigned done = 0;
    double begun = seconds();

    while (done < probes) {
        int64_t wait = hag_timeout(f->g, f->now);

        f->now += wait > 0 ? (hag_time)wait : 0;
        if (hag_advance(f->g, f->now) < 0)
            abort();
        while (hag_next_action(f->g, f->now, &a) > 0) {
            struct hag_result r = {.size = sizeof(r)};

            if (a.kind == HAG_DO_PROBE) {
                struct hag_facts *facts = &f->stores[a.user_node].facts;

                facts->position = f->now * 7;
                r.facts = facts;
                done++;
            }
            if (a.op != 0 && a.kind != HAG_DO_CANCEL)
                (void)hag_op_complete(f->g, a.op, &r, f->now);
        }
        if (f->records && f->now - f->taken >= EVERY) {
            take(f);
            f->taken = f->now;
        }
    }
    return (seconds() - begun) * 1e9 / done;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    unsigned clusters = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    double off[ROUNDS], cost[ROUNDS];
    static struct fleet plain, recorded;
    unsigned warm = clusters * NODES * 20;
    uint64_t before;

    if (clusters == 0 || clusters > 1000000)
        return 2;
    make(&plain, clusters, 0);
    make(&recorded, clusters, 1);
    run(&plain, warm);
    run(&recorded, warm);
    before = recorded.log;
    for (int i = 0; i < ROUNDS; i++) {
        off[i] = run(&plain, SLICE);
        cost[i] = run(&recorded, SLICE) - off[i];
    }
    qsort(off, ROUNDS, sizeof(off[0]), by_size);
    qsort(cost, ROUNDS, sizeof(cost[0]), by_size);
    printf("record_off_ns_%u %.0f ns\n", clusters, off[ROUNDS / 2]);
    printf("record_cost_pct_%u %.1f %%\n", clusters, 100 * cost[ROUNDS / 2] / off[ROUNDS / 2]);
    printf("record_bytes_%u %.1f bytes/probe\n", clusters,
           (double)(recorded.log - before) / (ROUNDS * SLICE));
    hag_guard_destroy(plain.g);
    hag_guard_destroy(recorded.g);
    return 0;
}
