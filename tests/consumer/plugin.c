/* SPDX-License-Identifier: MIT */
#include <haguard/plugin.h>

#ifndef ABI
#    define ABI HAG_PLUGIN_ABI
#endif

/* A plugin outside the tree, which links nothing: every probe finds a serving primary. */
static struct {
    const struct hag_host *host;
} instance;

static int32_t open_it(const struct hag_host *host, const char *config, hag_time now, void **self,
                       char *why, size_t whylen)
{
    (void)config, (void)now, (void)why, (void)whylen;
    instance.host = host;
    *self = &instance;
    return HAG_OK;
}

static void start(void *self, const struct hag_action *a, hag_time now)
{
    struct hag_facts facts = {.size = sizeof(facts)};
    struct hag_result result = {.size = sizeof(result), .facts = &facts};

    (void)self, (void)now;
    facts.role = HAG_ROLE_PRIMARY;
    facts.flags = HAG_FACT_POSITION | HAG_FACT_READS | HAG_FACT_WRITES;
    facts.link_idle = facts.lag = HAG_UNKNOWN_MS;
    facts.identity[0] = 1;
    facts.nlineage = 1;
    facts.lineage[0][0] = 1;
    instance.host->complete(instance.host->ctx, a->op, &result);
}

static void cancel(void *self, hag_op op)
{
    (void)self, (void)op;
}

static void forget(void *self, hag_node node)
{
    (void)self, (void)node;
}

static void ready(void *self, int64_t fd, uint32_t events, hag_time now)
{
    (void)self, (void)fd, (void)events, (void)now;
}

static void tick(void *self, hag_time now)
{
    (void)self, (void)now;
}

static void close_it(void *self)
{
    (void)self;
}

static const struct hag_plugin descriptor = {.size = sizeof(descriptor),
                                             .abi = ABI,
                                             .name = "pretend",
                                             .handles = UINT64_C(1) << HAG_DO_PROBE,
                                             .open = open_it,
                                             .start = start,
                                             .cancel = cancel,
                                             .forget = forget,
                                             .ready = ready,
                                             .tick = tick,
                                             .close = close_it};

const struct hag_plugin *hag_plugin_entry(uint32_t host_abi);

const struct hag_plugin *hag_plugin_entry(uint32_t host_abi)
{
    (void)host_abi;
    return &descriptor;
}
