/* SPDX-License-Identifier: MIT */
#include "../unit/unit.h"
#include "engine/actions.h"
#include "engine/procedure.h"

/* Walks every table (design 8). */

static const struct hag__procedure *const all[] = {&hag__failover, &hag__switchover, &hag__rejoin,
                                                   &hag__safeguard};

#define EACH(p)                                                                                    \
    for (size_t p##_i = 0; p##_i < UNIT_COUNT(all); p##_i++)                                       \
        for (const struct hag__procedure *p = all[p##_i]; p != NULL; p = NULL)

static void leads_to(const struct hag__step *s, uint8_t next[4])
{
    next[0] = s->ok;
    next[1] = s->fail;
    next[2] = s->unknown;
    next[3] = s->spent;
}

static int is_end(uint8_t next)
{
    return next >= HAG__END_OK && next <= HAG__END_RETRY;
}

START_TEST(outcomes_lead_somewhere)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            uint8_t next[4];

            leads_to(&p->steps[i], next);
            for (int k = 0; k < 4; k++)
                ck_assert_msg(next[k] < p->n || is_end(next[k]), "%s: %s leads to %u", p->name,
                              p->steps[i].name, next[k]);
        }
    }
}
END_TEST

START_TEST(every_step_is_reached)
{
    EACH(p)
    {
        uint64_t seen = 1;

        for (uint32_t round = 0; round < p->n; round++) {
            for (uint32_t i = 0; i < p->n; i++) {
                uint8_t next[4];

                leads_to(&p->steps[i], next);
                for (int k = 0; k < 4 && (seen >> i & 1); k++)
                    seen |= next[k] < p->n ? 1ull << next[k] : 0;
            }
        }
        ck_assert_msg(seen == (1ull << p->n) - 1, "%s: steps %llx are reached", p->name,
                      (unsigned long long)seen);
    }
}
END_TEST

START_TEST(every_step_reaches_an_end)
{
    EACH(p)
    {
        uint64_t ends = 0;

        for (uint32_t round = 0; round < p->n; round++) {
            for (uint32_t i = 0; i < p->n; i++) {
                uint8_t next[4];

                leads_to(&p->steps[i], next);
                for (int k = 0; k < 4; k++)
                    ends |= is_end(next[k]) || (ends >> next[k] & 1) ? 1ull << i : 0;
            }
        }
        ck_assert_msg(ends == (1ull << p->n) - 1, "%s: only %llx end", p->name,
                      (unsigned long long)ends);
    }
}
END_TEST

START_TEST(every_step_has_a_deadline)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            const struct hag_setting *s = hag__setting(p->steps[i].deadline);

            ck_assert_msg(s != NULL && strcmp(s->unit, "ms") == 0, "%s: %s has no deadline",
                          p->name, p->steps[i].name);
        }
    }
}
END_TEST

/* What is done can be taken back, or is forward-only and says so; a commit is only ever added to. */
START_TEST(every_change_has_an_inverse)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            const struct hag__step *s = &p->steps[i];
            const struct hag__action_row *a = hag__action(s->what);

            if (s->form == HAG__FORM_DECIDE || s->what == HAG_DO_COMMIT)
                continue;
            ck_assert_msg(a != NULL, "%s: %s does nothing that there is", p->name, s->name);
            if (s->inverse != 0) {
                ck_assert_uint_eq(s->inverse, a->inverse);
                ck_assert_uint_eq(s->flags & HAG__STEP_FORWARD, 0);
            } else if (a->flags & HAG__ACT_CHANGES) {
                ck_assert_msg(s->flags & HAG__STEP_FORWARD, "%s: %s cannot be undone", p->name,
                              s->name);
            }
        }
    }
}
END_TEST

/* Undoing goes back over what can be undone: a step that ends in UNDO has nothing forward-only before
 * it on its way, but for what settles a candidate again. */
START_TEST(what_is_forward_is_not_undone)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            uint8_t next[4];

            leads_to(&p->steps[i], next);
            for (int k = 0; k < 4; k++) {
                if (next[k] != HAG__END_UNDO)
                    continue;
                for (uint32_t b = 0; b < i; b++)
                    ck_assert_msg(!(p->steps[b].flags & HAG__STEP_FORWARD) ||
                                      p->steps[b].what == HAG_DO_PROMOTE ||
                                      p->steps[b].who == HAG__WHO_CANDIDATE,
                                  "%s: %s is undone after %s", p->name, p->steps[i].name,
                                  p->steps[b].name);
            }
        }
    }
}
END_TEST

/* A way that comes back to an earlier or the same step pauses, or waits for something outside. */
START_TEST(no_loop_without_a_pause)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            const struct hag__step *s = &p->steps[i];
            uint8_t next[4];

            leads_to(s, next);
            for (int k = 0; k < 4; k++) {
                int waits = 0;

                if (next[k] > i)
                    continue;
                if (next[k] == i)
                    waits = (s->flags & HAG__STEP_RETRY) || s->form == HAG__FORM_DECIDE;
                for (uint32_t b = next[k]; b <= i; b++)
                    waits |= p->steps[b].form != HAG__FORM_DECIDE;
                ck_assert_msg(waits, "%s: %s spins", p->name, s->name);
            }
        }
    }
}
END_TEST

/* A loop of two shares a deadline, and once that is spent it does not go round again. */
START_TEST(pairs_end)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            const struct hag__step *s = &p->steps[i];

            if (!(s->flags & HAG__STEP_PAIR))
                continue;
            ck_assert_uint_gt(i, 0);
            ck_assert_uint_eq(s->unknown, i - 1);
            ck_assert_uint_ne(s->spent, i - 1);
            ck_assert_uint_ne(s->spent, i);
            ck_assert_uint_eq(s->form, HAG__FORM_DECIDE);
            ck_assert_uint_eq(p->steps[i - 1].what, HAG_DO_PROBE);
        }
    }
}
END_TEST

/* The least commits that any way from the beginning meets before a step. */
static uint32_t commits_before(const struct hag__procedure *p, uint32_t step)
{
    uint32_t least[64];

    for (uint32_t i = 0; i < p->n; i++)
        least[i] = i == 0 ? 0 : UINT32_MAX;
    for (uint32_t round = 0; round < p->n; round++) {
        for (uint32_t i = 0; i < p->n; i++) {
            uint32_t after = least[i];
            uint8_t next[4];

            if (least[i] == UINT32_MAX)
                continue;
            leads_to(&p->steps[i], next);
            for (int k = 0; k < 4; k++) {
                uint32_t n = after + (p->steps[i].what == HAG_DO_COMMIT &&
                                      p->steps[i].form == HAG__FORM_ACT && k == 0);

                if (next[k] < p->n && n < least[next[k]])
                    least[next[k]] = n;
            }
        }
    }
    return least[step];
}

/* S2: and that the candidate is in the record before it is ordered. */
START_TEST(commits_come_first)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n; i++) {
            const struct hag__step *s = &p->steps[i];
            int claims =
                s->form == HAG__FORM_ACT &&
                (s->what == HAG_DO_PROMOTE || s->what == HAG_DO_FENCE || s->what == HAG_DO_QUIESCE);

            if (p->kind != HAG_PROC_FAILOVER && p->kind != HAG_PROC_SWITCHOVER)
                continue;
            if (claims || (s->form == HAG__FORM_DECIDE && s->what == HAG__ASK_TAKE_OVER))
                ck_assert_uint_ge(commits_before(p, i), 1);
            if (s->form == HAG__FORM_ACT && s->what == HAG_DO_PROMOTE)
                ck_assert_uint_ge(commits_before(p, i), p->kind == HAG_PROC_FAILOVER ? 2 : 1);
            if (s->flags & HAG__STEP_FORWARD)
                ck_assert_uint_ge(commits_before(p, i), 1);
        }
    }
}
END_TEST

START_TEST(names_are_unique)
{
    EACH(p)
    {
        ck_assert_str_ne(p->name, "");
        for (uint32_t i = 0; i < p->n; i++) {
            ck_assert_str_ne(p->steps[i].name, "");
            for (uint32_t b = 0; b < i; b++)
                ck_assert_str_ne(p->steps[i].name, p->steps[b].name);
        }
        for (size_t b = 0; b < p_i; b++) {
            ck_assert_str_ne(p->name, all[b]->name);
            ck_assert_uint_ne(p->kind, all[b]->kind);
            ck_assert_uint_ne(p->rank, all[b]->rank);
        }
    }
}
END_TEST

/* S1: failover > switchover > safeguard > rejoin. */
START_TEST(ranks)
{
    ck_assert_uint_lt(hag__failover.rank, hag__switchover.rank);
    ck_assert_uint_lt(hag__switchover.rank, hag__safeguard.rank);
    ck_assert_uint_lt(hag__safeguard.rank, hag__rejoin.rank);
}
END_TEST

START_TEST(look_up)
{
    EACH(p)
    {
        ck_assert_ptr_eq(hag__procedure(p->kind), p);
    }
    ck_assert_ptr_null(hag__procedure(HAG_PROC_NONE));
    ck_assert_ptr_null(hag__procedure(HAG_PROC_BACKUP));
    ck_assert_ptr_null(hag__procedure(UINT32_MAX));
}
END_TEST

/* Who changed the primary for certain stands at the point of no return, and not before it. */
START_TEST(point_of_no_return)
{
    EACH(p)
    {
        for (uint32_t i = 0; i < p->n && i < p->point_of_no_return; i++)
            ck_assert_uint_ne(
                p->steps[i].what == HAG_DO_PROMOTE && p->steps[i].form == HAG__FORM_ACT, 1);
        if (p->point_of_no_return < p->n)
            ck_assert_uint_eq(p->steps[p->point_of_no_return].what, HAG_DO_PROMOTE);
    }
}
END_TEST

/* S9: nobody is pointed at the new primary before it was confirmed. */
START_TEST(promote_confirm_then_point)
{
    EACH(p)
    {
        uint32_t confirmed = p->n;

        for (uint32_t i = 0; i < p->n; i++) {
            if (p->steps[i].form == HAG__FORM_DECIDE && p->steps[i].what == HAG__ASK_TAKE_OVER)
                confirmed = i;
            if (p->kind != HAG_PROC_REJOIN && p->steps[i].what == HAG_DO_FOLLOW &&
                p->steps[i].form != HAG__FORM_DECIDE && p->steps[i].target == HAG__WHO_CANDIDATE)
                ck_assert_uint_lt(confirmed, i);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {outcomes_lead_somewhere,
                            every_step_is_reached,
                            every_step_reaches_an_end,
                            every_step_has_a_deadline,
                            every_change_has_an_inverse,
                            what_is_forward_is_not_undone,
                            no_loop_without_a_pause,
                            pairs_end,
                            commits_come_first,
                            names_are_unique,
                            ranks,
                            look_up,
                            point_of_no_return,
                            promote_confirm_then_point,
                            NULL};

    return unit_run("procedure", tests);
}
