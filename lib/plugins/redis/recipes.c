/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "replies.h"

/* A single command is a transaction of its own; MULTI joins it with the INFO that shows what it
 * did, so that nothing comes between. A fence is no transaction on purpose: a demotion that cannot
 * be persisted is better than none. */

typedef const struct hag__redis_step *judged;

static judged judge_all(struct hag__redis_act *a)
{
    for (uint32_t i = 0; i < a->ncommands && i < HAG__STEP_COMMANDS; i++) {
        if (a->why[i] == HAG_WHY_NONE)
            continue;
        hag__redis_act_result(a, HAG_RES_FAIL, a->why[i], a->error[i]);
        return NULL;
    }
    hag__redis_act_result(a, HAG_RES_OK, HAG_WHY_NONE, NULL);
    return NULL;
}

static judged judge_promote(struct hag__redis_act *a)
{
    judge_all(a);
    if (a->res.outcome == HAG_RES_OK && a->facts && a->node->role != HAG_ROLE_PRIMARY)
        hag__redis_act_result(a, HAG_RES_FAIL, HAG_WHY_STORE_ERROR,
                              "it said OK and is a replica still: another order overtook this one");
    return NULL;
}

/* --- quiesce ---------------------------------------------------------------------------------- */

/* Before 6.2 a pause holds every client, this guard's questions among them: the node would look
 * frozen, and its final position could not be read. So there is no fallback. */
static judged judge_quiesce(struct hag__redis_act *a)
{
    judge_all(a);
    if (a->res.outcome == HAG_RES_FAIL && a->res.reason == HAG_WHY_UNSUPPORTED)
        hag__redis_act_result(a, HAG_RES_FAIL, HAG_WHY_UNSUPPORTED,
                              "CLIENT PAUSE for writes alone needs Redis 6.2 or later");
    return NULL;
}

static const struct hag__redis_step pause_writes = {
    HAG__FACTS, {"CLIENT PAUSE $ms WRITE"}, judge_quiesce};

static const struct hag__redis_step unpause = {HAG__FACTS, {"CLIENT UNPAUSE"}, judge_all};

/* --- fence ------------------------------------------------------------------------------------ */

static void soft(struct hag__redis_act *a, uint32_t why, uint32_t fence_for, const char *text,
                 const char *error)
{
    char line[sizeof(a->text)];

    snprintf(line, sizeof(line), "%s: %s", text, error);
    hag__redis_act_result(a, HAG_RES_OK, why, line);
    a->res.fence = HAG_FENCE_SOFT;
    a->res.fence_for = fence_for;
}

static judged judge_pause_fence(struct hag__redis_act *a)
{
    char before[112] = "Dragonfly has no role that survives without a primary";

    if (a->why[0] == HAG_WHY_NONE) {
        if (a->text[0])
            hag__redis_error_text(before, sizeof(before), a->text, strlen(a->text));
        soft(a, HAG_WHY_NONE, (uint32_t)a->ms, "writes are held, but it was not demoted", before);
        return NULL;
    }
    return judge_all(a);
}

static const struct hag__redis_step fence_pause = {
    HAG__FACTS, {"CLIENT PAUSE $ms WRITE"}, judge_pause_fence};

static judged judge_fence(struct hag__redis_act *a)
{
    if (a->why[0] != HAG_WHY_NONE) {
        memcpy(a->text, a->error[0], sizeof(a->error[0])); /* told with the result of the pause */
        return &fence_pause;
    }
    if (a->why[1] != HAG_WHY_NONE) {
        soft(a, a->why[1], 0, "demoted, but after a restart it is a primary again", a->error[1]);
        return NULL;
    }
    hag__redis_act_result(a, HAG_RES_OK, HAG_WHY_NONE, NULL);
    a->res.fence = HAG_FENCE_DEMOTED;
    return NULL;
}

static const struct hag__redis_step fence_demote = {
    HAG__FACTS, {"REPLICAOF " HAG__DEAD_HOST " $dead", "CONFIG REWRITE"}, judge_fence};

/* --- unfence ---------------------------------------------------------------------------------- */

static judged judge_lift(struct hag__redis_act *a)
{
    if (a->why[0] != HAG_WHY_NONE) {
        hag__redis_act_result(a, HAG_RES_FAIL, a->why[0], a->error[0]);
        return NULL;
    }
    /* what is left to do may not be possible here: no pause before 6.2, no config file */
    hag__redis_act_result(a, HAG_RES_OK, a->why[2], a->why[2] ? a->error[2] : NULL);
    return NULL;
}

static judged judge_unpause(struct hag__redis_act *a)
{
    if (a->why[0] == HAG_WHY_UNSUPPORTED)
        a->why[0] = HAG_WHY_NONE; /* what knows no pause has none */
    return judge_all(a);
}

static const struct hag__redis_step lift_demotion = {
    HAG__FACTS, {"REPLICAOF NO ONE", "CLIENT UNPAUSE", "CONFIG REWRITE"}, judge_lift};
static const struct hag__redis_step lift_pause = {HAG__FACTS, {"CLIENT UNPAUSE"}, judge_unpause};

/* Only what follows the dead address was demoted by us; a node that follows another is left so. */
static judged judge_look(struct hag__redis_act *a)
{
    if (!a->facts) {
        hag__redis_act_result(a, HAG_RES_FAIL, a->why[0] ? a->why[0] : HAG_WHY_PROTOCOL,
                              a->why[0] ? a->error[0] : "INFO replication names no role");
        return NULL;
    }
    if (a->node->role == HAG_ROLE_STANDBY && hag__redis_is_dead(a->node->r, a->upstream))
        return &lift_demotion;
    return &lift_pause;
}

static const struct hag__redis_step unfence_look = {HAG__READS | HAG__FACTS, {NULL}, judge_look};

/* --- disconnect on Dragonfly: CLIENT KILL has no TYPE ----------------------------------------- */

#define LISTINGS_MAX 64

static const struct hag__redis_step list_clients;

static judged judge_kill(struct hag__redis_act *a)
{
    a->changed = 1;
    if (a->why[0] == HAG_WHY_DENIED)
        return judge_all(a);
    if (a->rounds < LISTINGS_MAX)
        return &list_clients; /* one that has gone by itself is an error, and no matter */
    hag__redis_act_result(a, HAG_RES_FAIL, HAG_WHY_STORE_ERROR,
                          "clients come back faster than they are disconnected");
    return NULL;
}

static const struct hag__redis_step kill_clients = {0, {NULL}, judge_kill};

static judged judge_list(struct hag__redis_act *a)
{
    if (a->why[0] == HAG_WHY_NONE && a->nkill)
        return &kill_clients;
    return judge_all(a);
}

static const struct hag__redis_step list_clients = {
    HAG__READS | HAG__CUTS_CLIENTS, {"CLIENT LIST"}, judge_list};

/* --- the rest --------------------------------------------------------------------------------- */

static const struct hag__redis_step detach = {
    HAG__ATOMIC | HAG__FACTS, {"REPLICAOF " HAG__DEAD_HOST " $dead"}, judge_all};
static const struct hag__redis_step follow = {
    HAG__ATOMIC | HAG__FACTS, {"REPLICAOF $host $port"}, judge_all};
static const struct hag__redis_step promote = {
    HAG__ATOMIC | HAG__FACTS, {"REPLICAOF NO ONE"}, judge_promote};
static const struct hag__redis_step disconnect = {
    HAG__ATOMIC | HAG__CUTS_CLIENTS,
    {"CLIENT KILL TYPE normal SKIPME yes", "CLIENT KILL TYPE pubsub SKIPME yes"},
    judge_all};
static const struct hag__redis_step persist = {0, {"CONFIG REWRITE"}, judge_all};

/* Dragonfly's REPLICAOF connects to the target before it answers: up to 20 s. */
static const struct hag__redis_step df_follow = {
    HAG__OWN_CONN | HAG__FACTS, {"REPLICAOF $host $port"}, judge_all};
static const struct hag__redis_step df_promote = {HAG__FACTS, {"REPLICAOF NO ONE"}, judge_promote};
static const struct hag__redis_step df_takeover = {
    HAG__OWN_CONN | HAG__FACTS, {"REPLTAKEOVER $seconds"}, judge_promote};

/* No commands: who is it? */
static judged judge_ask(struct hag__redis_act *a)
{
    (void)a;
    return NULL;
}

const struct hag__redis_step hag__redis_ask = {HAG__READS | HAG__FACTS, {NULL}, judge_ask};

/* The first row that fits is taken: kind, flavour, planned, target, standby, extra ms. */
static const struct hag__redis_recipe recipes[] = {
    {HAG_DO_PROMOTE, HAG__REDIS_LIKE, 0, 0, 0, 0, &promote, NULL},
    {HAG_DO_PROMOTE, HAG__DRAGONFLY_ONLY, 1, 0, 0, 12000, &df_takeover, NULL},
    {HAG_DO_PROMOTE, HAG__DRAGONFLY_ONLY, 0, 0, 0, 0, &df_promote, NULL},
    {HAG_DO_FOLLOW, HAG__REDIS_LIKE, 0, 1, 0, 0, &follow, NULL},
    {HAG_DO_FOLLOW, HAG__DRAGONFLY_ONLY, 0, 1, 0, 22000, &df_follow, NULL},
    {HAG_DO_DETACH, HAG__REDIS_LIKE, 0, 0, 1, 0, &detach, NULL},
    {HAG_DO_DETACH, HAG__DRAGONFLY_ONLY, 0, 0, 0, 0, NULL,
     "Dragonfly cannot be detached: REPLICAOF to a dead port fails and the old role stays; start "
     "it "
     "with --break_replication_on_master_restart=true"},
    {HAG_DO_QUIESCE, HAG__ANY, 0, 0, 0, 0, &pause_writes, NULL},
    {HAG_DO_UNQUIESCE, HAG__ANY, 0, 0, 0, 0, &unpause, NULL},
    {HAG_DO_FENCE, HAG__REDIS_LIKE, 0, 0, 0, 0, &fence_demote, NULL},
    {HAG_DO_FENCE, HAG__DRAGONFLY_ONLY, 0, 0, 0, 0, &fence_pause, NULL},
    {HAG_DO_UNFENCE, HAG__ANY, 0, 0, 0, 0, &unfence_look, NULL},
    {HAG_DO_DISCONNECT, HAG__REDIS_LIKE, 0, 0, 0, 0, &disconnect, NULL},
    {HAG_DO_DISCONNECT, HAG__DRAGONFLY_ONLY, 0, 0, 0, 0, &list_clients, NULL},
    {HAG_DO_PERSIST_ROLE, HAG__REDIS_LIKE, 0, 0, 0, 0, &persist, NULL},
    {HAG_DO_PERSIST_ROLE, HAG__DRAGONFLY_ONLY, 0, 0, 0, 0, NULL,
     "Dragonfly keeps no role over a restart: start replicas with --replicaof"},
};

const struct hag__redis_recipe *hag__redis_recipe_find(uint32_t kind, uint32_t flavour,
                                                       uint32_t planned)
{
    uint32_t like = flavour == HAG__REDIS_DRAGONFLY ? HAG__DRAGONFLY_ONLY : HAG__REDIS_LIKE;

    for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
        const struct hag__redis_recipe *r = &recipes[i];
        if (r->kind == kind && (r->flavour == HAG__ANY || r->flavour == like) &&
            (!r->planned || planned))
            return r;
    }
    return NULL;
}

int hag__redis_is_dead(const struct hag__redis *r, const char *upstream)
{
    char dead[HAG_ADDR_MAX];

    return hag__redis_addr_format(HAG__DEAD_HOST, r->cfg.dead_port, dead) == 0 &&
           strcmp(dead, upstream) == 0;
}
