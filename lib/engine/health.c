/* SPDX-License-Identifier: MIT */
#include "engine/health.h"

static void end_series(struct hag__health *h)
{
    h->since = HAG__NEVER;
    h->last_bad_sent = HAG__NEVER;
    h->fails = 0;
    h->dull = 0;
    h->goods = 0;
    h->kind = HAG_KIND_NONE;
}

void hag__health_init(struct hag__health *h)
{
    end_series(h);
    h->last_good = HAG__NEVER;
    h->result = HAG_PROBE_NONE;
    h->pad = 0;
}

int hag__health_suspect(const struct hag__health *h, const struct hag__settings *s)
{
    return (int64_t)h->fails + h->dull >= s->v[HAG_P_FALL];
}

uint32_t hag__health_kind(uint32_t result, uint32_t facts)
{
    static const uint8_t kind[] = {
        [HAG_PROBE_OK] = HAG_KIND_NONE,
        [HAG_PROBE_NOT_SERVING] = HAG_KIND_NOT_SERVING,
        [HAG_PROBE_DENIED] = HAG_KIND_NONE,
        [HAG_PROBE_REFUSED] = HAG_KIND_REFUSING,
        [HAG_PROBE_UNREACHABLE] = HAG_KIND_SILENT,
        [HAG_PROBE_TIMEOUT] = HAG_KIND_SILENT,
        [HAG_PROBE_GARBLED] = HAG_KIND_REFUSING,
        [HAG_PROBE_NONE] = HAG_KIND_NONE,
    };

    if (result == HAG_PROBE_TIMEOUT && (facts & HAG_FACT_ACCEPTED))
        return HAG_KIND_FROZEN;
    return result < sizeof(kind) ? kind[result] : HAG_KIND_NONE;
}

static void good_answer(struct hag__health *h, hag_time now, const struct hag__settings *s)
{
    h->last_good = now;
    if (h->goods < UINT8_MAX)
        h->goods++;
    if (!hag__health_suspect(h, s) || h->goods >= s->v[HAG_P_RISE])
        end_series(h);
}

static void bad_answer(struct hag__health *h, uint32_t kind, hag_time sent)
{
    uint16_t *count = kind == HAG_KIND_NOT_SERVING ? &h->dull : &h->fails;

    if (h->since == HAG__NEVER)
        h->since = sent;
    h->last_bad_sent = sent;
    h->kind = (uint8_t)kind;
    h->goods = 0;
    if (*count < UINT16_MAX)
        ++*count;
}

struct hag__health hag__health_next(const struct hag__health *h, uint32_t result, uint32_t facts,
                                    hag_time sent, hag_time now, const struct hag__settings *s)
{
    struct hag__health next = *h;
    uint32_t kind = hag__health_kind(result, facts);

    next.result = (uint8_t)result;
    if (result == HAG_PROBE_OK)
        good_answer(&next, now, s);
    else if (kind != HAG_KIND_NONE)
        bad_answer(&next, kind, sent);
    return next;
}
