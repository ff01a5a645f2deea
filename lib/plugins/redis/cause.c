/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "redis.h"

/* NONE: our own machine is at its limits, which says nothing of the node. */
static const struct {
    int err;
    uint32_t cause;
} causes[] = {
    {ECONNREFUSED, HAG_PROBE_REFUSED},
    {ECONNRESET, HAG_PROBE_REFUSED},
    {ECONNABORTED, HAG_PROBE_REFUSED},
    {EPIPE, HAG_PROBE_REFUSED},
    {EHOSTUNREACH, HAG_PROBE_UNREACHABLE},
    {ENETUNREACH, HAG_PROBE_UNREACHABLE},
    {EHOSTDOWN, HAG_PROBE_UNREACHABLE},
    {ENETDOWN, HAG_PROBE_UNREACHABLE},
    {EACCES, HAG_PROBE_UNREACHABLE},
    {EPERM, HAG_PROBE_UNREACHABLE},
    {ENONET, HAG_PROBE_UNREACHABLE},
    {ETIMEDOUT, HAG_PROBE_TIMEOUT},
    {EMFILE, HAG_PROBE_NONE},
    {ENFILE, HAG_PROBE_NONE},
    {ENOMEM, HAG_PROBE_NONE},
    {ENOBUFS, HAG_PROBE_NONE},
    {EADDRNOTAVAIL, HAG_PROBE_NONE},
    {EAFNOSUPPORT, HAG_PROBE_NONE},
};

#define NCAUSES (sizeof(causes) / sizeof(causes[0]))

uint32_t hag__redis_cause_errno(int err)
{
    for (size_t i = 0; i < NCAUSES; i++)
        if (causes[i].err == err)
            return causes[i].cause;
    return HAG_PROBE_UNREACHABLE;
}

/* hiredis keeps the text of an errno, not its number. */
uint32_t hag__redis_cause_text(const char *text, uint32_t otherwise)
{
    for (size_t i = 0; i < NCAUSES; i++)
        if (strstr(text, strerror(causes[i].err)))
            return causes[i].cause;
    return otherwise;
}
