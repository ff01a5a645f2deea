/* SPDX-License-Identifier: MIT */
#include "engine/procedure.h"

const struct hag__procedure *hag__procedure(uint32_t kind)
{
    static const struct hag__procedure *const all[] = {
        &hag__failover,
        &hag__switchover,
        &hag__rejoin,
        &hag__safeguard,
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->kind == kind)
            return all[i];
    }
    return NULL;
}

static const struct hag__step *step_at(uint32_t procedure, uint32_t step)
{
    const struct hag__procedure *p = hag__procedure(procedure);

    return p != NULL && step < p->n ? &p->steps[step] : NULL;
}

const char *hag_step_name(uint32_t procedure, uint32_t step)
{
    const struct hag__step *s = step_at(procedure, step);

    return s != NULL ? s->name : NULL;
}

uint32_t hag_step_action(uint32_t procedure, uint32_t step)
{
    const struct hag__step *s = step_at(procedure, step);

    return s != NULL && s->form != HAG__FORM_DECIDE ? s->what : 0;
}
