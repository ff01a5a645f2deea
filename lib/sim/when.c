/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/world.h"

/* "when" statements: they take effect at the first sight of a step, as early as a host can have one: on
 * an action that is being handed out, before the world carries it out, or after a call of the guard. A
 * step that decides takes no time, as a rule: then the first sight is that of what follows it. */

/* These speak to the guard, which cannot be done while it hands out an action. */
static int needs_the_guard(const struct scn_form *f)
{
    return (f->flags & SCN_F_OPERATOR) || f->id == SCN_D_KILL_GUARD || f->id == SCN_D_PAUSE_GUARD ||
           f->id == SCN_D_CLOCK_GUARD || f->id == SCN_D_READDRESS;
}

static void take_effect(struct hag_sim *w, uint32_t i, uint32_t step, int handing_out)
{
    uint32_t stmt = w->s->ndeeds - w->s->nwhens + i;
    const struct scn_form *f = w->s->deeds[stmt].form;

    w->whens[i] = (struct sim_when){.done = 1, .step = (uint8_t)step, .at = w->now};
    w->waiting--;
    if (handing_out && needs_the_guard(f)) {
        w->guard.dying |= f->id == SCN_D_KILL_GUARD;
        sim_push(w, (struct sim_due){.at = w->now, .kind = SIM_DEED, .index = stmt});
    } else {
        sim_deed(w, stmt);
    }
}

/* The step of an action that belongs to the procedure, not to its undoing; UINT32_MAX: none. */
static uint32_t step_of(const struct hag_action *a, hag_cluster cluster, uint32_t procedure)
{
    if (a == NULL || a->cluster != cluster || a->procedure != procedure ||
        (a->flags & HAG_ACT_UNDO) || (a->kind == HAG_DO_EVENT && a->event == HAG_EV_REFUSED))
        return UINT32_MAX;
    return a->step;
}

/* Where the guard says that the procedure is; UINT32_MAX: nowhere. */
static uint32_t step_now(const struct hag_sim *w, hag_cluster cluster, uint32_t procedure)
{
    struct hag_cluster_info info;

    memset(&info, 0, sizeof(info));
    info.size = sizeof(info);
    if (hag_cluster_get(w->guard.g, cluster, &info) != HAG_OK || info.procedure != procedure ||
        strcmp(info.step_name, "undo") == 0)
        return UINT32_MAX;
    return info.step;
}

static int is_at(const struct scn_stmt *t, uint32_t step)
{
    return step == t->step ||
           (step != UINT32_MAX && step > t->step && hag_step_action(t->procedure, t->step) == 0);
}

void sim_when(struct hag_sim *w, const struct hag_action *a)
{
    const struct sim_guard *g = &w->guard;

    for (uint32_t i = 0; w->waiting > 0 && i < w->s->nwhens; i++) {
        const struct scn_stmt *t = &w->s->deeds[w->s->ndeeds - w->s->nwhens + i];
        hag_cluster cluster = w->cl[t->cluster].handle;
        uint32_t told, now = UINT32_MAX;

        if (w->whens[i].done || g->g == NULL || g->paused || g->dying || w->now < SIM_BASE)
            continue;
        told = step_of(a, cluster, t->procedure);
        if (a == NULL || a->kind != HAG_DO_EVENT)
            now = step_now(w, cluster, t->procedure);
        /* while actions wait in the guard's queue, one of them may tell of an earlier step */
        if (a == NULL && g->touched && now != t->step)
            continue;
        if (is_at(t, told) && now != t->step)
            take_effect(w, i, told, 1);
        else if (is_at(t, now))
            take_effect(w, i, now, a != NULL);
    }
}

const char *hag_sim_when(const hag_sim *w, uint32_t i, hag_time *at)
{
    if (i >= w->s->nwhens || w->whens == NULL || !w->whens[i].done)
        return NULL;
    if (at != NULL)
        *at = w->whens[i].at - SIM_BASE;
    return hag_step_name(w->s->deeds[w->s->ndeeds - w->s->nwhens + i].procedure, w->whens[i].step);
}
