/* SPDX-License-Identifier: MIT */
#include "engine/verdict.h"

enum { NONE = HAG__SAW_NONE, GOOD = HAG__SAW_GOOD, BAD = HAG__SAW_BAD };

/* probe, agent, others, links; then what they say. */
static const struct hag__verdict_row rows[HAG__VERDICT_ROWS] = {
    /* The guard's own probes tell nothing. One sighting is enough for up; it takes two different
     * witnesses to condemn what the guard has not missed itself, and an agent's word counts as one
     * (5.8). */
    {NONE, NONE, NONE, NONE, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_NOT_PROBED},
    {NONE, NONE, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, NONE, NONE, BAD, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_NOT_PROBED},
    {NONE, NONE, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, NONE, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, NONE, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, NONE, BAD, NONE, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_NOT_PROBED},
    {NONE, NONE, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, NONE, BAD, BAD, HAG__SAYS_FAIL, HAG_KIND_SILENT, HAG_WHY_SILENT},
    {NONE, GOOD, NONE, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, NONE, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, BAD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, GOOD, BAD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, NONE, NONE, HAG__SAYS_UNKNOWN, HAG_KIND_NONE, HAG_WHY_AGENT_SAYS_DEAD},
    {NONE, BAD, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, NONE, BAD, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    {NONE, BAD, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, BAD, NONE, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    {NONE, BAD, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {NONE, BAD, BAD, BAD, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    /* It answers the guard: up, whatever others say; they may be cut off from it themselves. An agent
     * that calls it dead has lost it. */
    {GOOD, NONE, NONE, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, NONE, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, BAD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, NONE, BAD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, NONE, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, NONE, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, BAD, NONE, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, GOOD, BAD, BAD, HAG__SAYS_UP, HAG_KIND_NONE, HAG_WHY_ANSWERS},
    {GOOD, BAD, NONE, NONE, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, NONE, GOOD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, NONE, BAD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, GOOD, NONE, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, GOOD, GOOD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, GOOD, BAD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, BAD, NONE, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, BAD, GOOD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    {GOOD, BAD, BAD, BAD, HAG__SAYS_UP, HAG_KIND_CONTROL_LOST, HAG_WHY_CONTROL_LOST},
    /* The guard misses it. Any fresh sighting is a veto, an agent's word of death notwithstanding: it
     * holds for `fresh` at most (5.7). Without one, whoever else misses it confirms; the agent's word
     * makes it gone (5.8). */
    {BAD, NONE, NONE, NONE, HAG__SAYS_ALONE, HAG_KIND_NONE, HAG_WHY_ALONE},
    {BAD, NONE, NONE, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, NONE, NONE, BAD, HAG__SAYS_FAIL, HAG_KIND_NONE, HAG_WHY_NONE},
    {BAD, NONE, GOOD, NONE, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, NONE, GOOD, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, NONE, GOOD, BAD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, NONE, BAD, NONE, HAG__SAYS_FAIL, HAG_KIND_NONE, HAG_WHY_NONE},
    {BAD, NONE, BAD, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, NONE, BAD, BAD, HAG__SAYS_FAIL, HAG_KIND_NONE, HAG_WHY_NONE},
    {BAD, GOOD, NONE, NONE, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, NONE, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, NONE, BAD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, GOOD, NONE, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, GOOD, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, GOOD, BAD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, BAD, NONE, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, BAD, GOOD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, GOOD, BAD, BAD, HAG__SAYS_VETO, HAG_KIND_NONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, NONE, NONE, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    {BAD, BAD, NONE, GOOD, HAG__SAYS_VETO, HAG_KIND_GONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, NONE, BAD, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    {BAD, BAD, GOOD, NONE, HAG__SAYS_VETO, HAG_KIND_GONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, GOOD, GOOD, HAG__SAYS_VETO, HAG_KIND_GONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, GOOD, BAD, HAG__SAYS_VETO, HAG_KIND_GONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, BAD, NONE, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
    {BAD, BAD, BAD, GOOD, HAG__SAYS_VETO, HAG_KIND_GONE, HAG_WHY_SEEN_BY_OTHERS},
    {BAD, BAD, BAD, BAD, HAG__SAYS_FAIL, HAG_KIND_GONE, HAG_WHY_GONE},
};

const struct hag__verdict_row *hag__verdict_rows(void)
{
    return rows;
}

const struct hag__verdict_row *hag__verdict_row(uint32_t probe, uint32_t agent, uint32_t others,
                                                uint32_t links)
{
    return &rows[((probe * 3 + agent) * 3 + others) * 3 + links];
}

uint32_t hag__kind_why(uint32_t kind)
{
    static const uint8_t why[] = {
        [HAG_KIND_NONE] = HAG_WHY_NONE,
        [HAG_KIND_GONE] = HAG_WHY_GONE,
        [HAG_KIND_FROZEN] = HAG_WHY_FROZEN,
        [HAG_KIND_SILENT] = HAG_WHY_SILENT,
        [HAG_KIND_REFUSING] = HAG_WHY_REFUSING,
        [HAG_KIND_NOT_SERVING] = HAG_WHY_NOT_SERVING,
        [HAG_KIND_CONTROL_LOST] = HAG_WHY_CONTROL_LOST,
    };

    return kind < sizeof(why) ? why[kind] : HAG_WHY_NONE;
}

static uint32_t probe_column(const struct hag__health *h)
{
    if (h->result == HAG_PROBE_NONE || h->result == HAG_PROBE_DENIED)
        return HAG__SAW_NONE;
    return h->since == HAG__NEVER ? HAG__SAW_GOOD : HAG__SAW_BAD;
}

static hag_time later(hag_time t, hag_time by)
{
    return t > HAG__NEVER - by ? HAG__NEVER : t + by;
}

static hag_time future(hag_time t, hag_time now)
{
    return t > now ? t : HAG__NEVER;
}

/* Whether the guard's own series carries the judgement; else what the others say does. */
static int by_series(const struct hag__verdict_in *in)
{
    return hag__health_suspect(in->health, in->settings);
}

static hag_time begun(const struct hag__verdict_in *in)
{
    if (by_series(in))
        return in->health->since;
    return in->accused_at ? in->accused_at : HAG__NEVER;
}

/* Why the evidence of a series whose grace has passed is not enough yet; NONE when it is. */
static uint32_t missing_evidence(const struct hag__verdict_in *in, uint32_t kind)
{
    const struct hag__health *h = in->health;
    hag_time newest = by_series(in) ? h->last_bad_sent : in->accused_at;
    uint16_t count = kind == HAG_KIND_NOT_SERVING ? h->dull : h->fails;

    if (by_series(in) && count < in->settings->v[HAG_P_FALL])
        return HAG_WHY_FEW_PROBES;
    if (h->goods > 0)
        return HAG_WHY_ANSWERS;
    if (newest < in->resumed_at)
        return HAG_WHY_GUARD_STALLED;
    if (in->is_primary && !in->round_done)
        return HAG_WHY_ROUND_PENDING;
    return HAG_WHY_NONE;
}

/* One voice is not enough against a primary's silence (5.7). A store that says itself that it does
 * not serve is not silent. */
static int is_held_alone(const struct hag__verdict_in *in, uint32_t says, uint32_t kind)
{
    return says == HAG__SAYS_ALONE && in->is_primary && kind != HAG_KIND_NOT_SERVING &&
           in->settings->v[HAG_P_ALONE] == HAG_ALONE_HOLD;
}

static void judge_trouble(const struct hag__verdict_in *in, const struct hag__verdict_row *row,
                          struct hag__verdict_out *out)
{
    hag_time end = out->grace_end;
    uint32_t missing = missing_evidence(in, out->kind);

    out->verdict = HAG_VERDICT_SUSPECT;
    if (in->now < end) {
        out->why = HAG_WHY_GRACE;
        out->again = future(end, in->now);
    } else if (row->says == HAG__SAYS_VETO && out->kind != HAG_KIND_NOT_SERVING) {
        /* nobody doubts that one that does not serve is alive: its sighting is no news */
        out->why = HAG_WHY_SEEN_BY_OTHERS;
        out->again = future(later(end, (hag_time)in->settings->v[HAG_P_VETO_LIMIT]), in->now);
    } else if (missing != HAG_WHY_NONE) {
        out->why = (uint8_t)missing;
        out->ask_round = missing == HAG_WHY_ROUND_PENDING;
    } else if (is_held_alone(in, row->says, out->kind)) {
        out->why = HAG_WHY_ALONE;
    } else {
        out->verdict = HAG_VERDICT_DOWN;
    }
}

/* The reason of a node that is down. */
static uint8_t down_why(const struct hag__verdict_in *in, const struct hag__verdict_row *row,
                        uint32_t kind)
{
    if (row->says == HAG__SAYS_FAIL && row->why != HAG_WHY_NONE)
        return row->why;
    if (kind == HAG_KIND_REFUSING && in->health->result == HAG_PROBE_GARBLED)
        return HAG_WHY_GARBLED;
    return (uint8_t)hag__kind_why(kind);
}

static uint8_t kind_of(const struct hag__verdict_in *in, const struct hag__verdict_row *row)
{
    return row->kind != HAG_KIND_NONE ? row->kind : in->health->kind;
}

struct hag__verdict_out hag__verdict(const struct hag__verdict_in *in)
{
    const struct hag__health *h = in->health;
    uint32_t probe = probe_column(h);
    const struct hag__verdict_row *row = hag__verdict_row(probe, in->agent, in->others, in->links);
    int accused =
        row->says == HAG__SAYS_VETO || row->says == HAG__SAYS_ALONE || row->says == HAG__SAYS_FAIL;
    struct hag__verdict_out out = {.verdict = in->previous,
                                   .kind = kind_of(in, row),
                                   .why = row->why,
                                   .grace_end = HAG__NEVER,
                                   .again = HAG__NEVER};

    if (in->reborn_empty) {
        out.verdict = HAG_VERDICT_DOWN;
        out.kind = HAG_KIND_GONE;
        out.why = HAG_WHY_REBORN_EMPTY;
        return out;
    }
    if (accused || by_series(in))
        out.grace_end = later(begun(in), hag__grace(in->settings, out.kind, in->is_primary));

    if (in->previous == HAG_VERDICT_DOWN && probe != HAG__SAW_GOOD)
        out.why = HAG_WHY_NONE;
    else if (probe == HAG__SAW_BAD && !hag__health_suspect(h, in->settings))
        out.why = HAG_WHY_FEW_PROBES;
    else if (accused)
        judge_trouble(in, row, &out);
    else if (h->result == HAG_PROBE_DENIED)
        out.why = HAG_WHY_DENIED;
    else if (row->says == HAG__SAYS_UP)
        out.verdict = HAG_VERDICT_UP;

    if (out.verdict == HAG_VERDICT_DOWN)
        out.why = down_why(in, row, out.kind);
    else if (out.verdict != HAG_VERDICT_SUSPECT)
        out.kind = row->says == HAG__SAYS_UP ? row->kind : HAG_KIND_NONE;
    return out;
}

uint32_t hag__link_says(const struct hag__link_view *l, const struct hag__settings *s)
{
    uint64_t fresh = (uint64_t)s->v[HAG_P_FRESH];
    uint64_t patience = 2 * (uint64_t)l->link_beat;

    if (!l->probed_fresh || !l->follows_it || l->syncing)
        return HAG__SAW_NONE;
    if (l->detached)
        return l->accused_before ? HAG__SAW_BAD : HAG__SAW_NONE;
    if (!l->link_up)
        return HAG__SAW_BAD;
    if (l->moved)
        return HAG__SAW_GOOD;
    if (l->link_idle == HAG_UNKNOWN_MS || l->link_beat == 0)
        return HAG__SAW_NONE;
    return l->link_idle >= (patience > fresh ? patience : fresh) ? HAG__SAW_BAD : HAG__SAW_NONE;
}
