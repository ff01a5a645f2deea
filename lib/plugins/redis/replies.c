/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "replies.h"

/* BUSY: the store is alive, so it is no reason to take its role away; it runs nothing, so it serves
 * no writes. OK with READONLY alerts a human (SCRIPT KILL) and starts no failover.
 * A command that is unknown has been renamed, which is a matter of configuration as denied is. */
static const struct hag__redis_error errors[] = {
    {"NOAUTH", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"WRONGPASS", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"NOPERM", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"DENIED", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0}, /* protected mode */
    {"invalid password", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"operation not permitted", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"Cannot execute restricted command", HAG_PROBE_DENIED, HAG_WHY_DENIED, 0, 0},
    {"Client sent AUTH, but no password", HAG_PROBE_OK, HAG_WHY_NONE, 0, HAG__REPLY_AUTH_NEEDLESS},
    {"AUTH <password> called without any", HAG_PROBE_OK, HAG_WHY_NONE, 0, HAG__REPLY_AUTH_NEEDLESS},
    {"LOADING", HAG_PROBE_NOT_SERVING, HAG_WHY_NOT_SERVING, 0, HAG__REPLY_LOADING},
    {"MASTERDOWN", HAG_PROBE_OK, HAG_WHY_STORE_ERROR, 0, HAG__REPLY_STALE},
    {"MISCONF", HAG_PROBE_OK, HAG_WHY_DISK, HAG_FACT_READONLY, 0},
    {"BUSY ", HAG_PROBE_OK, HAG_WHY_NOT_SERVING, HAG_FACT_READONLY, HAG__REPLY_STALLED},
    {"READONLY", HAG_PROBE_OK, HAG_WHY_WRONG_ROLE, 0, 0},
    {"max number of clients reached", HAG_PROBE_NOT_SERVING, HAG_WHY_NOT_SERVING, 0, 0},
    {"Can not execute during SHUTTING", HAG_PROBE_NOT_SERVING, HAG_WHY_LEAVING, HAG_FACT_LEAVING,
     0},
    {"Errors trying to SHUTDOWN", HAG_PROBE_NOT_SERVING, HAG_WHY_STORE_ERROR, 0, 0},
    {"EXECABORT", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0, HAG__REPLY_ABORTED},
    {"unknown command", HAG_PROBE_DENIED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"unknown subcommand", HAG_PROBE_DENIED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"Unknown subcommand", HAG_PROBE_DENIED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"syntax error", HAG_PROBE_GARBLED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"REPLICAOF not allowed", HAG_PROBE_GARBLED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"Replicating a replica is unsupported", HAG_PROBE_GARBLED, HAG_WHY_TARGET_UNFIT, 0, 0},
    {"The server is running without a config", HAG_PROBE_GARBLED, HAG_WHY_UNSUPPORTED, 0, 0},
    {"Rewriting config file", HAG_PROBE_GARBLED, HAG_WHY_DISK, 0, 0},
};

static const struct hag__redis_error other = {"", HAG_PROBE_GARBLED, HAG_WHY_STORE_ERROR, 0, 0};

const struct hag__redis_error *hag__redis_error_find(const char *text, size_t len)
{
    if (len > 4 && memcmp(text, "ERR ", 4) == 0) {
        text += 4;
        len -= 4;
    }
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        size_t n = strlen(errors[i].prefix);
        if (len >= n && memcmp(text, errors[i].prefix, n) == 0)
            return &errors[i];
    }
    return &other;
}

void hag__redis_error_text(char *out, size_t n, const char *text, size_t len)
{
    size_t i = 0;

    for (; i < len && i + 1 < n && text[i] != '\r' && text[i] != '\n'; i++)
        out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    out[i] = '\0';
}
