/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* A random world with random faults, as a scenario file. The mix of faults is drawn for each seed: with
 * all kinds on, everything would always fail and nothing interesting happen. */

struct draw {
    uint64_t state;
    char *text;
    size_t n, cap;
    uint32_t nodes;
    int has_clients;
};

static uint64_t rnd(struct draw *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(struct draw *d, uint32_t n)
{
    return (uint32_t)((rnd(d) >> 32) * n >> 32);
}

static int chance(struct draw *d, uint32_t percent)
{
    return below(d, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static void add(struct draw *d, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (d->cap - d->n < 200) {
        char *more = realloc(d->text, d->cap * 2);

        if (more == NULL)
            abort();
        d->text = more;
        d->cap *= 2;
    }
    va_start(ap, fmt);
    n = vsnprintf(d->text + d->n, d->cap - d->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        d->n += (size_t)n;
}

static uint32_t node(struct draw *d)
{
    return 1 + below(d, d->nodes);
}

static uint32_t seconds(struct draw *d)
{
    static const uint32_t most[] = {3, 10, 45, 90};

    return 1 + below(d, most[below(d, 4)]);
}

static void place(struct draw *d, char *buf, size_t len)
{
    uint32_t k = below(d, 10);

    if (k < 6)
        (void)snprintf(buf, len, "n%u", node(d));
    else if (k < 8)
        (void)snprintf(buf, len, "guard");
    else if (k < 9 && d->has_clients)
        (void)snprintf(buf, len, "clients");
    else
        (void)snprintf(buf, len, "dns");
}

static void f_crash(struct draw *d)
{
    add(d, "crash n%u for %us", node(d), seconds(d));
}
static void f_freeze(struct draw *d)
{
    add(d, "%s n%u for %us", chance(d, 50) ? "freeze" : "freeze-host", node(d), seconds(d));
}
static void f_isolate(struct draw *d)
{
    add(d, "isolate n%u for %us", node(d), seconds(d));
}
static void f_guard_off(struct draw *d)
{
    add(d, "isolate guard for %us", seconds(d));
}
static void f_zone(struct draw *d)
{
    static const char zones[] = "abc";

    add(d, "isolate zone %c for %us", zones[below(d, d->nodes < 3 ? d->nodes : 3)], seconds(d));
}
static void f_cut(struct draw *d)
{
    char a[16], b[16];

    place(d, a, sizeof(a));
    do
        place(d, b, sizeof(b));
    while (strcmp(a, b) == 0);
    add(d, "cut %s %s%s for %us", a, b, chance(d, 40) ? " oneway" : "", seconds(d));
}
static void f_loss(struct draw *d)
{
    add(d, "loss n%u guard %u%% for %us", node(d), 1 + below(d, 60), seconds(d));
}
static void f_delay(struct draw *d)
{
    add(d, "delay n%u guard %ums for %us", node(d), 10 + below(d, 2000), seconds(d));
}
static void f_lag(struct draw *d)
{
    uint32_t n = node(d);

    if (chance(d, 40))
        add(d, "lag n%u stopped for %us", n, seconds(d));
    else
        add(d, "lag n%u %us for %us", n, 1 + below(d, 20), seconds(d));
}
static void f_slow(struct draw *d)
{
    add(d, "slow n%u answers=1/%u for %us", node(d), 2 + below(d, 5), seconds(d));
}
static void f_sick(struct draw *d)
{
    static const char *const kinds[] = {"deny", "readonly", "deadlock", "loading", "maintenance"};

    add(d, "%s n%u for %us", kinds[below(d, 5)], node(d), seconds(d));
}
static void f_agent(struct draw *d)
{
    add(d, "agent n%u off for %us", node(d), seconds(d));
}
static void f_action(struct draw *d)
{
    static const char *const kinds[] = {"refuse", "hang", "mute"};
    static const char *const actions[] = {"promote", "fence",     "detach",    "follow",
                                          "quiesce", "unquiesce", "disconnect"};
    const char *action = actions[below(d, 7)];

    if (chance(d, 25))
        add(d, "late %s n%u %us times=1 for 300s", action, node(d), 1 + below(d, 90));
    else
        add(d, "%s %s n%u times=%u for 300s", kinds[below(d, 3)], action, node(d), 1 + below(d, 3));
}
static void f_names(struct draw *d)
{
    if (chance(d, 60))
        add(d, "dns fail for %us", seconds(d));
    else
        add(d, "dns stale ns%u for %us", 1 + below(d, 2), seconds(d));
}
static void f_disk(struct draw *d)
{
    static const char *const kinds[] = {"hang", "mute"};

    if (chance(d, 60))
        add(d, "disk-full guard for %us", seconds(d));
    else
        add(d, "%s commit times=1 for 300s", kinds[below(d, 2)]);
}
static void f_guard_kill(struct draw *d)
{
    add(d, "kill guard for %us", seconds(d));
}
static void f_guard_pause(struct draw *d)
{
    add(d, "pause guard for %us", seconds(d));
}
static void f_clock(struct draw *d)
{
    add(d, "clock guard %c%us", chance(d, 50) ? '+' : '-', 1 + below(d, 3600));
}
static void f_switchover(struct draw *d)
{
    if (chance(d, 50))
        add(d, "switchover orders");
    else
        add(d, "switchover orders to=n%u", node(d));
}
static void f_failover(struct draw *d)
{
    add(d, "failover orders");
}
static void f_pause(struct draw *d)
{
    add(d, "pause orders for %us", seconds(d));
}

static const struct {
    void (*draw)(struct draw *);
    uint32_t weight;
} faults[] = {
    {f_crash, 5},      {f_freeze, 3},      {f_isolate, 4}, {f_guard_off, 1},  {f_zone, 2},
    {f_cut, 4},        {f_loss, 2},        {f_delay, 2},   {f_lag, 3},        {f_slow, 2},
    {f_sick, 3},       {f_agent, 1},       {f_action, 5},  {f_names, 2},      {f_disk, 2},
    {f_guard_kill, 3}, {f_guard_pause, 2}, {f_clock, 1},   {f_switchover, 3}, {f_failover, 1},
    {f_pause, 1},
};
#define NFAULTS (sizeof(faults) / sizeof(faults[0]))

static void world(struct draw *d)
{
    static const char *const engines[] = {"postgresql", "redis", "dragonfly"};
    static const uint32_t downs[] = {5, 10, 30, 60};
    uint32_t engine = below(d, 3);

    d->nodes = 2 + below(d, 3);
    add(d, "engine %s\ncluster orders%s\n", engines[engine],
        engine > 0 && chance(d, 60) ? " durable=yes" : "");
    add(d, "policy down_after=%us", downs[below(d, 4)]);
    if (chance(d, 40))
        add(d, " gone_after=%us", 3 + below(d, 10));
    if (chance(d, 20))
        add(d, " alone=promote");
    if (chance(d, 20))
        add(d, " max_lag=%us", 2 + below(d, 10));
    if (chance(d, 15))
        add(d, " fence=required");
    if (chance(d, 20))
        add(d, " hold_down=%us", below(d, 120));
    add(d, "\n");
    for (uint32_t i = 1; i <= d->nodes; i++) {
        add(d, "node n%u zone=%c%s", i, 'a' + (int)((i - 1) % 3), i == 1 ? " primary" : "");
        if (i > 2 && chance(d, 15))
            add(d, " read-replica");
        if (chance(d, 20))
            add(d, " priority=%u", below(d, 5));
        add(d, "\n");
    }
    if (chance(d, 30))
        add(d, "guard zone=%c\n", 'a' + (int)below(d, 3));
    if (chance(d, 30))
        add(d, "observer o1 zone=c\n");
    if (chance(d, 40))
        for (uint32_t i = 1; i <= d->nodes; i++)
            add(d, "agent n%u off\n", i);
    d->has_clients = chance(d, 80);
    if (d->has_clients)
        add(d, "clients 100/s zone=%c\n", 'a' + (int)below(d, 3));
    if (chance(d, 30))
        add(d, "world rtt=%ums ttl=%us promote=%ums\n", 1 + below(d, 40), 1 + below(d, 30),
            10 + below(d, 3000));
}

char *draw_scenario(uint64_t seed)
{
    struct draw d = {.state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .cap = 4096};
    uint8_t on[NFAULTS];
    uint32_t total = 0, n;
    uint64_t at = 100000;

    d.text = malloc(d.cap);
    if (d.text == NULL)
        abort();
    world(&d);
    for (size_t i = 0; i < NFAULTS; i++) {
        on[i] = (uint8_t)chance(&d, 30);
        total += on[i] ? faults[i].weight : 0;
    }
    if (total == 0) {
        on[0] = 1;
        total = faults[0].weight;
    }
    n = 1 + below(&d, 6);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t pick = below(&d, total), i = 0;

        for (;; i++) {
            if (!on[i])
                continue;
            if (pick < faults[i].weight)
                break;
            pick -= faults[i].weight;
        }
        /* often close to the one before, so that they meet in one procedure */
        at += chance(&d, 50) ? below(&d, 3000) : below(&d, 70000);
        add(&d, "at %llums ", (unsigned long long)at);
        faults[i].draw(&d);
        add(&d, "\n");
    }
    add(&d, "until %llus\n", (unsigned long long)(at / 1000 + 700));
    return d.text;
}
