/* SPDX-License-Identifier: MIT */
#include "sweep.h"

/* Whatever goes wrong is over within half a minute, and all waits are short: the rest of a run is for
 * seeing that the cluster serves again. */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char sweep_policy[] =
    "policy down_after=5s down_after_replica=5s gone_after=3s frozen_after=5s "
    "serve_after=15s hold_down=0s\n"
    "policy retry_max=4s names_within=10s promote_timeout=3s quiesce_max=5s "
    "step_timeout=3s commit_timeout=3s max_switches=16\n"
    "world ttl=1s sync=5s promote=500ms\n"
    "clients 50/s\n";
const char sweep_tail[] = "until 140s\n";

#define R  "engine redis\ncluster orders\n"
#define RD "engine redis\ncluster orders durable=yes\n"
#define D  "engine dragonfly\ncluster orders\n"
#define P  "engine postgresql\ncluster orders\n"

const struct sweep_shape sweep_shapes[] = {
    {1, REDIS_VOLATILE, "1 redis", R},         {1, POSTGRESQL, "1 postgresql", P},
    {2, REDIS_VOLATILE, "2 redis", R},         {2, REDIS_DURABLE, "2 durable redis", RD},
    {2, POSTGRESQL, "2 postgresql", P},        {3, REDIS_VOLATILE, "3 redis", R},
    {3, REDIS_DURABLE, "3 durable redis", RD}, {3, DRAGONFLY, "3 dragonfly", D},
    {3, POSTGRESQL, "3 postgresql", P},
};
const uint32_t sweep_nshapes = COUNT(sweep_shapes);

#define KEEP (REDIS_DURABLE | POSTGRESQL)
#define LOSE (REDIS_VOLATILE | DRAGONFLY)

/* The first world of a procedure goes through all its steps; the others visit what it passes over. */
const struct sweep_world sweep_worlds[] = {
    {"crash", HAG_PROC_FAILOVER, NULL, NULL, 2, 3, ANY, "at 20s crash n1 for 30s\n"},
    {"alone", HAG_PROC_FAILOVER, NULL, "commit-term", 1, 1, ANY, "at 20s restart n1 for 9s\n"},
    {"returning", HAG_PROC_FAILOVER, "commit-term", "promote", 2, 3, KEEP,
     "at 10s hang fence n1 times=1\nat 20s isolate n1 for 12s\n"},
    {"order", HAG_PROC_FAILOVER, NULL, NULL, 3, 3, POSTGRESQL, "at 20s failover orders\n"},
    {"fence-required", HAG_PROC_FAILOVER, "fence-old", "fence-enough", 2, 3, KEEP,
     "policy fence=required\nat 20s isolate n1 for 20s\n"},
    {"stalled", HAG_PROC_FAILOVER, "look-again", "look-again", 2, 3, KEEP,
     "at 20s crash n1 for 30s\nwhen failover fence-old freeze n2 for 9500ms\n"
     "when failover fence-old pause guard for 9s\n"},
    {"late-standby", HAG_PROC_FAILOVER, "detach-late", "elect", 3, 3, KEEP,
     "at 10s hang fence n1 times=1\nat 15s cut n3 guard\nat 20s failover orders\n"
     "when failover detach heal n3 guard\nwhen failover fresh-positions freeze n2 for 1500ms\n"},
    {"slow-disk", HAG_PROC_FAILOVER, "commit-candidate", "promote", 2, 3, KEEP,
     "at 20s crash n1 for 30s\nwhen failover commit-candidate delay n2 guard 450ms for 10s\n"
     "when failover commit-candidate late commit 2500ms times=1\n"},
    {"refused", HAG_PROC_FAILOVER, "promote", "leave-out", 2, 3, KEEP,
     "at 20s crash n1 for 30s\nat 10s refuse promote n2 times=1\n"},
    {"unsure", HAG_PROC_FAILOVER, "confirm-role", "settle-unsure", 2, 3, KEEP,
     "at 20s crash n1 for 40s\nat 10s mute promote n2 times=1\n"
     "when failover read-role isolate n2 for 14s\n"},
    {"order", HAG_PROC_SWITCHOVER, NULL, NULL, 2, 3, ANY, "at 20s switchover orders\n"},
    {"alone", HAG_PROC_SWITCHOVER, NULL, "commit-term", 1, 1, ANY, "at 20s switchover orders\n"},
    {"stalled", HAG_PROC_SWITCHOVER, NULL, "commit-term", 3, 3, KEEP,
     "at 15s freeze n3 for 7s\nat 20s pause guard for 5s\nat 20s switchover orders\n"},
    {"lagging", HAG_PROC_SWITCHOVER, "read-candidate", "still-quiet", 2, 3, KEEP,
     "at 10s lag n2 2s\nat 20s switchover orders\n"},
    {"hung", HAG_PROC_SWITCHOVER, "confirm-role", "fence-unsure", 2, 3, KEEP,
     "at 10s hang promote n2 times=1\nat 20s switchover orders\n"},
    {"unsure", HAG_PROC_SWITCHOVER, "confirm-role", "publish", 2, 3, KEEP,
     "policy down_after_replica=30s\nat 10s mute promote n2 times=1\n"
     "at 20s switchover orders\nwhen switchover read-role isolate n2 for 14s\n"},
    {"not-demoted", HAG_PROC_SWITCHOVER, "demote-old", "disconnect-old", 2, 3, KEEP,
     "at 10s refuse follow n1 times=1\nat 20s switchover orders\n"},
    {"returned", HAG_PROC_REJOIN, NULL, NULL, 2, 3, ANY, "at 20s crash n1 for 20s\n"},
    {"slow", HAG_PROC_REJOIN, "read-upstream", "verify-upstream", 2, 3, KEEP,
     "at 20s crash n1 for 20s\nat 10s hang follow n1 times=1\n"},
    {"detached", HAG_PROC_REJOIN, "follow-primary", "persist-role", 3, 3, KEEP,
     "at 20s crash n1 for 20s\nwhen failover re-point refuse follow n3 times=1\n"},
    {"quiesced", HAG_PROC_REJOIN, "follow-primary", "unquiesce-returned", 2, 3, KEEP,
     "at 20s switchover orders\nwhen switchover promote cut n1 guard for 12s\n"},
    {"crash", HAG_PROC_SAFEGUARD, NULL, NULL, 2, 3, LOSE, "at 20s crash n1 for 30s\n"},
    {"restart", HAG_PROC_SAFEGUARD, NULL, NULL, 2, 3, LOSE, "at 20s restart n1 for 1s\n"},
};
const uint32_t sweep_nworlds = COUNT(sweep_worlds);

#define AT_NODE(N, LEAST)                                                                          \
    {LEAST, "crash " N " for 12s"}, {LEAST, "restart " N " for 1s"},                               \
        {LEAST, "restart " N " for 2s empty"}, {LEAST, "lose " N},                                 \
        {LEAST, "freeze " N " for 12s"}, {LEAST, "freeze-host " N " for 12s"},                     \
        {LEAST, "isolate " N " for 12s"}, {LEAST, "isolate " N " for 2s"},                         \
        {LEAST, "cut " N " guard for 12s"}, {LEAST, "cut " N " guard oneway for 9s"},              \
        {LEAST, "cut guard " N " oneway for 9s"}, {LEAST, "deny " N " for 12s"},                   \
        {LEAST, "deadlock " N " for 12s"}, {LEAST, "readonly " N " for 12s"},                      \
        {LEAST, "slow " N " answers=1/3 for 15s"},                                                 \
    {                                                                                              \
        LEAST, "loading " N " for 10s"                                                             \
    }

const struct sweep_fault sweep_faults[] = {
    AT_NODE("n1", 1),
    AT_NODE("n2", 2),
    AT_NODE("n3", 3),
    {1, "heal n1"},
    {1, "start n1"},
    {2, "cut n1 n2 for 12s"},
    {3, "cut n2 n3 for 12s"},
    {2, "lag n2 stopped for 12s"},
    {3, "lag n3 stopped for 12s"},
    {1, "isolate guard for 12s"},
    {1, "kill guard"},
    {1, "kill guard for 9s"},
    {1, "pause guard for 2s"},
    {1, "pause guard for 15s"},
    {1, "clock guard +60s"},
    {1, "clock guard -60s"},
    {1, "disk-full guard for 8s"},
    {1, "hang commit times=1"},
    {1, "mute commit times=1"},
    {1, "dns fail for 15s"},
    {1, "dns stale ns2 for 15s"},
    {1, "mute endpoint_update times=1"},
    {1, "cut guard dns for 12s"},
    {1, "switchover orders"},
    {1, "failover orders"},
};
const uint32_t sweep_nfaults = COUNT(sweep_faults);

const struct sweep_action_fault sweep_action_faults[] = {
    {"refuse", "times=1"}, {"refuse", "for 15s"}, {"hang", "times=1"},    {"hang", "for 15s"},
    {"mute", "times=1"},   {"mute", "for 15s"},   {"late", "2s times=1"}, {"late", "12s times=1"},
};
const uint32_t sweep_naction_faults = COUNT(sweep_action_faults);

#define AT_ONCE "it is decided at once; its faults come with what follows"

const struct sweep_unseen sweep_unseen[] = {
    {HAG_PROC_FAILOVER, "leave-out", AT_ONCE},
    {HAG_PROC_SWITCHOVER, "check", AT_ONCE},
    {HAG_PROC_SWITCHOVER, "still-quiet", AT_ONCE},
    {HAG_PROC_SWITCHOVER, "still-fit", AT_ONCE},
    {HAG_PROC_SAFEGUARD, "re-attach",
     "a store of this world that refuses connections is dead, and comes back as another one"},
};
const uint32_t sweep_nunseen = COUNT(sweep_unseen);
