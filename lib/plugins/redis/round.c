/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "actions.h"
#include "dragonfly.h"
#include "replies.h"

/* --- answers ---------------------------------------------------------------------------------- */

static void note(struct hag__redis_act *a, uint32_t i, uint32_t why, const char *text, size_t len)
{
    if (i >= a->ncommands && !(a->step->flags & HAG__READS) && !a->batch->aborted)
        return; /* done, though not seen */
    /* the answers of one round of kills count as one, and so do those that read facts */
    uint32_t k = i < a->ncommands && i < HAG__STEP_COMMANDS ? i : 0;

    if (a->why[k] != HAG_WHY_NONE)
        return;
    a->why[k] = why;
    hag__redis_error_text(a->error[k], sizeof(a->error[k]), text, len);
}

static void list_clients(struct hag__redis_act *a, const char *text)
{
    struct sockaddr_storage own;
    socklen_t n = sizeof(own);
    char host[INET6_ADDRSTRLEN] = "", mine[HAG_ADDR_MAX] = "";

    if (getsockname((int)a->conn->fd, (struct sockaddr *)&own, &n) == 0) {
        const struct sockaddr_in *v4 = (const void *)&own;
        const struct sockaddr_in6 *v6 = (const void *)&own;
        int is6 = own.ss_family == AF_INET6;
        inet_ntop(own.ss_family, is6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, host,
                  sizeof(host));
        (void)hag__redis_addr_format(host, ntohs(is6 ? v6->sin6_port : v4->sin_port), mine);
    }
    a->nkill = 0;
    while (a->nkill < HAG__ROUND_COMMANDS &&
           (text = hag__redis_client_next(text, mine, a->kill[a->nkill])) != NULL)
        a->nkill++;
}

static void on_text(struct hag__redis_act *a, uint32_t i, const redisReply *reply)
{
    struct hag__redis_info info;

    if (i < a->ncommands) {
        list_clients(a, reply->str);
        return;
    }
    memset(&info, 0, sizeof(info));
    a->node->r->streams.n = 0;
    info.streams = &a->node->r->streams;
    hag__redis_info_parse(&info, reply->str, reply->len);
    if (info.seen & HAG__INFO_ROLE) {
        uint32_t empty = a->empty;
        if (hag__redis_node_facts(a->conn, &info) == 0) {
            a->facts = 1;
            a->node->r->facts.flags |= empty;
            a->node->r->facts.position_age =
                (uint32_t)(a->node->r->now - (a->batch ? a->batch->at : a->node->r->now));
            memcpy(a->upstream, a->node->r->facts.upstream, sizeof(a->upstream));
        }
    } else if (info.seen & HAG__INFO_KEYSPACE) {
        a->empty = info.seen & HAG__INFO_KEYS ? 0 : HAG_FACT_EMPTY;
    } else {
        hag__redis_learn_server(a->conn, reply->str, reply->len);
    }
}

void hag__redis_round_reply(void *owner, struct hag__redis_batch *b, uint32_t i,
                            const redisReply *reply)
{
    struct hag__redis_act *a = owner;
    const struct hag__redis_error *e;
    static const char odd[] = "an answer of a kind that this command has not";

    (void)b;
    if (reply->type == REDIS_REPLY_ERROR) {
        e = hag__redis_error_find(reply->str, reply->len);
        if (a->conn->flags & HAG__CONN_DENIED && e->why == HAG_WHY_DENIED)
            note(a, i, HAG_WHY_DENIED, "AUTH was refused", 16);
        else
            note(a, i, e->why ? e->why : HAG_WHY_STORE_ERROR, reply->str, reply->len);
        return;
    }
    int wants_text = i >= a->ncommands ||
                     strcmp(a->step->commands[0] ? a->step->commands[0] : "", "CLIENT LIST") == 0;
    if (wants_text && reply->type == REDIS_REPLY_STRING)
        on_text(a, i, reply);
    else if (wants_text ||
             (reply->type != REDIS_REPLY_STATUS && reply->type != REDIS_REPLY_INTEGER))
        note(a, i, HAG_WHY_PROTOCOL, odd, sizeof(odd) - 1);
}

/* --- questions -------------------------------------------------------------------------------- */

static const char *word(struct hag__redis_act *a, const char *w, char *room, size_t n)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"$port", a->target.port},
                   {"$dead", a->node->r->cfg.dead_port},
                   {"$ms", a->ms},
                   {"$seconds", a->seconds}};

    if (strcmp(w, "$host") == 0)
        return a->target.host;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(w, numbers[i].name) != 0)
            continue;
        snprintf(room, n, "%llu", (unsigned long long)numbers[i].value);
        return room;
    }
    return w;
}

/* What becomes of the words of one command: they point into text and numbers. */
struct words {
    char text[64];
    char number[HAG__REDIS_ARGS][24];
};

static void expand(struct hag__redis_act *a, const char *command, struct words *w,
                   struct hag__redis_command *out)
{
    snprintf(w->text, sizeof(w->text), "%s", command);
    out->argc = 0;
    for (char *s = w->text; s && out->argc < HAG__REDIS_ARGS;) {
        char *space = strchr(s, ' ');
        if (space)
            *space++ = '\0';
        out->argv[out->argc] = word(a, s, w->number[out->argc], sizeof(w->number[out->argc]));
        out->argc++;
        s = space;
    }
}

int hag__redis_round_send(struct hag__redis_act *a, const struct hag__redis_owner *fn)
{
    static const struct hag__redis_command server = {2, {"INFO", "server"}},
                                           keyspace = {2, {"INFO", "keyspace"}},
                                           replication = {2, {"INFO", "replication"}};
    struct hag__redis_command cmd[HAG__ROUND_COMMANDS + 3];
    struct words words[HAG__STEP_COMMANDS];
    struct hag__redis_conn *c = a->conn;
    uint32_t n = 0;

    memset(cmd, 0, sizeof(cmd));
    for (uint32_t i = 0; i < HAG__STEP_COMMANDS && a->step->commands[i]; i++)
        expand(a, a->step->commands[i], &words[i], &cmd[n++]);
    if (!a->step->commands[0] && !(a->step->flags & HAG__FACTS))
        for (; n < a->nkill; n++)
            cmd[n] = (struct hag__redis_command){4, {"CLIENT", "KILL", "ADDR", a->kill[n]}};
    a->ncommands = n;
    if (a->step->flags & HAG__FACTS) {
        if (!(c->flags & HAG__CONN_SERVER))
            cmd[n++] = server;
        cmd[n++] = keyspace;
        cmd[n++] = replication;
    }
    a->batch = hag__redis_conn_send(c, cmd, n, a->step->flags & HAG__ATOMIC, fn, a);
    if (!a->batch)
        return -1;
    hag__redis_conn_flush(c);
    return 0;
}
