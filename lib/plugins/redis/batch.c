/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "redis.h"
#include "replies.h"

static struct hag__redis_batch *batch_new(struct hag__redis *r)
{
    struct hag__redis_batch *b = r->batches;

    if (!b)
        return hag__redis_alloc(r, sizeof(*b));
    r->batches = b->next;
    memset(b, 0, sizeof(*b));
    return b;
}

void hag__redis_batch_free(struct hag__redis *r, struct hag__redis_batch *b)
{
    b->next = r->batches;
    r->batches = b;
}

static void hand_over(struct hag__redis_batch *b, uint32_t i, const redisReply *reply)
{
    if (b->owner)
        b->fn->reply(b->owner, b, i, reply);
}

/* The answers inside MULTI say QUEUED or why not; EXEC then has all of them, or says that there is
 * none because of an error already handed over. */
static void in_transaction(struct hag__redis_batch *b, const redisReply *reply)
{
    uint32_t i = b->ncommands + 2 - b->due;

    if (b->due > 1) {
        if (reply->type == REDIS_REPLY_ERROR && !b->aborted) {
            b->aborted = 1;
            hand_over(b, i ? i - 1 : 0, reply);
        }
        return;
    }
    if (b->aborted)
        return;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == b->ncommands) {
        for (uint32_t k = 0; k < b->ncommands; k++)
            hand_over(b, k, reply->element[k]);
        return;
    }
    hand_over(b, 0, reply); /* an error, or a shape that EXEC has not: the owner says so */
}

static void on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
    struct hag__redis_conn *c = privdata;
    struct hag__redis_batch *b = c->head;

    (void)ac;
    if (!reply || !b || c->state == HAG__CONN_CLOSED)
        return; /* the connection ends; settle() tells */
    c->due--;
    c->last_reply = c->r->now;
    if (b->atomic)
        in_transaction(b, reply);
    else
        hand_over(b, b->ncommands - b->due, reply);
    if (--b->due)
        return;
    c->head = b->next;
    if (!c->head)
        c->tail = NULL;
    if (b->owner)
        b->fn->done(b->owner, b);
    hag__redis_batch_free(c->r, b);
}

static int queue_command(struct hag__redis_conn *c, const struct hag__redis_command *cmd)
{
    /* hiredis 0.14 takes pointers to non-const, but does not write to them */
    const char *argv[HAG__REDIS_ARGS];

    memcpy(argv, cmd->argv, sizeof(argv));
    if (redisAsyncCommandArgv(c->ac, on_reply, c, cmd->argc, argv, NULL) != REDIS_OK)
        return -1;
    c->due++;
    return 0;
}

struct hag__redis_batch *hag__redis_conn_send(struct hag__redis_conn *c,
                                              const struct hag__redis_command *cmd, uint32_t n,
                                              uint32_t atomic, const struct hag__redis_owner *fn,
                                              void *owner)
{
    static const struct hag__redis_command multi = {1, {"MULTI"}}, exec = {1, {"EXEC"}};
    struct hag__redis_batch *b = c->ac ? batch_new(c->r) : NULL;
    int err = 0;

    if (!b) {
        hag__redis_conn_close(c, HAG_PROBE_NONE, "out of memory");
        return NULL;
    }
    b->conn = c;
    b->fn = fn;
    b->owner = owner;
    b->at = c->r->now;
    b->ncommands = n;
    b->atomic = atomic;
    b->due = atomic ? n + 2 : n;
    if (atomic)
        err = queue_command(c, &multi);
    for (uint32_t i = 0; !err && i < n; i++)
        err = queue_command(c, &cmd[i]);
    if (!err && atomic)
        err = queue_command(c, &exec);
    if (err) {
        hag__redis_batch_free(c->r, b);
        hag__redis_conn_close(c, HAG_PROBE_NONE, "out of memory");
        return NULL;
    }
    if (c->tail)
        c->tail->next = b;
    else
        c->head = b;
    c->tail = b;
    return b;
}

/* --- AUTH ------------------------------------------------------------------------------------ */

static void auth_reply(void *owner, struct hag__redis_batch *b, uint32_t i, const redisReply *reply)
{
    struct hag__redis_conn *c = owner;
    const struct hag__redis_error *e;

    (void)b;
    (void)i;
    if (reply->type != REDIS_REPLY_ERROR)
        return;
    e = hag__redis_error_find(reply->str, reply->len);
    if (e->hints & HAG__REPLY_AUTH_NEEDLESS)
        return;
    if (e->result == HAG_PROBE_NOT_SERVING) {
        c->said = e; /* no word on the password: no room for another client */
        return;
    }
    /* The reply's own text is not kept: "unknown command" repeats the arguments. */
    c->flags |= HAG__CONN_DENIED;
    c->r->stale_secret = 1;
}

static void auth_over(void *owner, struct hag__redis_batch *b)
{
    (void)owner;
    (void)b;
}

static const struct hag__redis_owner auth_owner = {auth_reply, auth_over, auth_over};

/* A password that was refused may have been changed where it is kept. */
static void refresh_secret(struct hag__redis *r)
{
    char why[256];

    if (!r->stale_secret)
        return;
    r->stale_secret = 0;
    if (hag__redis_config_password(&r->cfg, why, sizeof(why)))
        hag__redis_log(r, HAG_LOG_WARN, "%s", why);
}

int hag__redis_auth(struct hag__redis_conn *c)
{
    struct hag__redis_config *cfg = &c->r->cfg;
    struct hag__redis_batch *b;

    refresh_secret(c->r);
    const char *argv[3] = {"AUTH", cfg->user, cfg->password};
    size_t len[3] = {4, strlen(cfg->user), cfg->npassword};
    if (!cfg->npassword)
        return 0;
    if (!cfg->user[0]) {
        argv[1] = argv[2];
        len[1] = len[2];
    }
    b = batch_new(c->r);
    if (!b)
        return -1;
    b->conn = c;
    b->fn = &auth_owner;
    b->owner = c;
    b->ncommands = b->due = 1;
    if (redisAsyncCommandArgv(c->ac, on_reply, c, cfg->user[0] ? 3 : 2, argv, len) != REDIS_OK) {
        hag__redis_batch_free(c->r, b);
        return -1;
    }
    c->due++;
    c->head = c->tail = b;
    return 0;
}
