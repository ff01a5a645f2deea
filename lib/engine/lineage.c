/* SPDX-License-Identifier: MIT */
#include "engine/lineage.h"

#include <string.h>

static int is_zero(const uint8_t id[HAG_ID_SIZE])
{
    static const uint8_t zero[HAG_ID_SIZE];

    return memcmp(id, zero, HAG_ID_SIZE) == 0;
}

uint32_t hag__lineage_place(const struct hag__lineage *a, const uint8_t id[HAG_ID_SIZE])
{
    if (is_zero(id))
        return HAG__NIL;
    for (uint32_t i = 0; i < a->n; i++)
        if (memcmp(a->pair[i].id, id, HAG_ID_SIZE) == 0)
            return i;
    return HAG__NIL;
}

uint32_t hag__lineage_relate(const struct hag__lineage *a, uint64_t a_pos,
                             const struct hag__lineage *b, uint64_t b_pos)
{
    uint32_t a_in_b, b_in_a;

    if (!a || !b || !hag__lineage_related(a, b))
        return HAG__LINEAGE_INCOMPARABLE;
    a_in_b = hag__lineage_place(b, a->pair[0].id);
    b_in_a = hag__lineage_place(a, b->pair[0].id);
    if (a_in_b == 0)
        return HAG__LINEAGE_SAME;
    if (a_in_b != HAG__NIL && b_in_a == HAG__NIL && a_pos <= b->pair[a_in_b].fork)
        return HAG__LINEAGE_ANCESTOR;
    if (b_in_a != HAG__NIL && a_in_b == HAG__NIL && b_pos <= a->pair[b_in_a].fork)
        return HAG__LINEAGE_DESCENDANT;
    return HAG__LINEAGE_DIVERGED;
}

int hag__lineage_related(const struct hag__lineage *a, const struct hag__lineage *b)
{
    for (uint32_t i = 0; a && b && i < a->n; i++)
        if (hag__lineage_place(b, a->pair[i].id) != HAG__NIL)
            return 1;
    return 0;
}

int hag__lineage_equal(const struct hag__lineage *a, const struct hag_facts *f)
{
    if (!a || a->n != f->nlineage)
        return 0;
    for (uint32_t i = 0; i < a->n; i++) {
        if (memcmp(a->pair[i].id, f->lineage[i], HAG_ID_SIZE) != 0)
            return 0;
        if (i > 0 && a->pair[i].fork != f->fork[i])
            return 0;
    }
    return 1;
}
