/* SPDX-License-Identifier: MIT */
#include "engine/endpoint.h"
#include "unit.h"

enum { PRIMARY = 0, A = 1, Z = 2, MEMBERS = 3 };

static struct hag__endpoint_member members[MEMBERS];
static struct hag__endpoint_in in;

/* A primary and two standbys that serve; the replica name lists both. */
static void begin(void)
{
    memset(members, 0, sizeof(members));
    for (int i = 0; i < MEMBERS; i++) {
        members[i].verdict = HAG_VERDICT_UP;
        members[i].role = i == PRIMARY ? HAG_ROLE_PRIMARY : HAG_ROLE_STANDBY;
        members[i].in_sync = i != PRIMARY;
        members[i].reads = 1;
        members[i].since_step = 1;
    }
    memset(&in, 0, sizeof(in));
    in.members = members;
    in.n = MEMBERS;
    in.primary = PRIMARY;
    in.published = 1 << A | 1 << Z;
}

static void names(uint64_t want)
{
    ck_assert_uint_eq(hag__endpoint_replicas(&in), want);
}

START_TEST(standbys_that_serve_enter)
{
    begin();
    names(1 << A | 1 << Z);
    in.published = 0;
    names(1 << A | 1 << Z);
}
END_TEST

START_TEST(each_condition_keeps_a_new_one_out)
{
    for (int what = 0; what < 9; what++) {
        begin();
        in.published = 1 << Z;
        members[A].verdict = what == 0 ? HAG_VERDICT_SUSPECT : HAG_VERDICT_UP;
        members[A].role = what == 1 ? HAG_ROLE_UNKNOWN : HAG_ROLE_STANDBY;
        members[A].in_sync = what != 2;
        members[A].reads = what != 3;
        members[A].in_debt = what == 4;
        members[A].leaving = what == 5;
        members[A].since_step = what != 6;
        if (what == 7)
            in.primary = A;
        if (what == 8)
            in.primary = HAG__NIL;
        names(1 << Z);
    }
}
END_TEST

START_TEST(a_published_one_stays_while_it_is_not_down)
{
    for (int what = 0; what < 6; what++) {
        begin();
        members[A].verdict = what == 0 ? HAG_VERDICT_SUSPECT : HAG_VERDICT_UP;
        members[A].role = what == 1 ? HAG_ROLE_UNKNOWN : HAG_ROLE_STANDBY;
        members[A].in_sync = what != 2;
        members[A].reads = what != 3;
        members[A].since_step = what != 4;
        if (what == 5)
            in.primary = HAG__NIL;
        names(1 << A | 1 << Z);
    }
}
END_TEST

START_TEST(who_is_down_leaves_and_returns_when_it_serves)
{
    begin();
    members[A].verdict = HAG_VERDICT_DOWN;
    names(1 << Z);
    in.published = 1 << Z;
    members[A].verdict = HAG_VERDICT_UP;
    members[A].in_sync = 0;
    names(1 << Z);
    members[A].in_sync = 1;
    names(1 << A | 1 << Z);
}
END_TEST

START_TEST(a_lost_last_replica_stays_until_another_is_in)
{
    begin();
    in.published = 1 << A;
    members[A].verdict = HAG_VERDICT_DOWN;
    members[Z].in_sync = 0;
    names(1 << A);
    in.withdraw_replica = 1;
    names(0);
    in.withdraw_replica = 0;
    members[Z].in_sync = 1;
    names(1 << Z);

    begin(); /* both at once: the name keeps what it has */
    members[A].verdict = members[Z].verdict = HAG_VERDICT_DOWN;
    names(1 << A | 1 << Z);
}
END_TEST

START_TEST(who_leaves_or_was_made_a_primary_by_hand_goes_unless_it_is_the_last)
{
    begin();
    members[A].leaving = 1;
    names(1 << Z);
    in.published = 1 << A;
    members[Z].reads = 0;
    names(1 << A);

    begin();
    members[A].role = HAG_ROLE_PRIMARY;
    names(1 << Z);
    in.published = 1 << A;
    members[Z].reads = 0;
    names(1 << A);
}
END_TEST

START_TEST(the_primary_is_not_a_replica)
{
    begin();
    in.published = 1 << PRIMARY | 1 << A;
    in.n = 2;
    names(1 << A);
    in.published = 1 << PRIMARY;
    members[A].verdict = HAG_VERDICT_DOWN;
    names(0);
}
END_TEST

START_TEST(an_address_in_debt_serves_no_other_role)
{
    begin();
    members[A].in_debt = 1;
    names(1 << Z);
    members[Z].in_debt = 1; /* not even as the last one */
    names(0);
}
END_TEST

START_TEST(a_promotion_clears_the_name_of_all_who_do_not_serve)
{
    begin(); /* A was promoted; Z has not followed it yet and serves on */
    in.trim = 1;
    in.primary = A;
    members[PRIMARY].verdict = HAG_VERDICT_DOWN;
    members[A].role = HAG_ROLE_PRIMARY;
    members[Z].in_sync = 0;
    members[Z].since_step = 0;
    names(1 << Z);

    members[Z].verdict = HAG_VERDICT_SUSPECT;
    names(0);
    members[Z].verdict = HAG_VERDICT_DOWN; /* the last one does not stay */
    names(0);
    members[Z].verdict = HAG_VERDICT_UP;
    members[Z].reads = 0;
    names(0);
    members[Z].reads = 1;
    members[Z].role = HAG_ROLE_UNKNOWN;
    names(0);
    members[Z].role = HAG_ROLE_STANDBY;
    in.published = 1 << A; /* who was not in it enters by the usual conditions */
    names(0);
    members[Z].in_sync = members[Z].since_step = 1;
    names(1 << Z);
}
END_TEST

START_TEST(sixty_four_members_fit)
{
    struct hag__endpoint_member many[HAG_NODES_MAX];

    begin();
    for (int i = 0; i < HAG_NODES_MAX; i++)
        many[i] = members[A];
    in.members = many;
    in.n = HAG_NODES_MAX;
    names(~(uint64_t)1);
    in.primary = HAG_NODES_MAX - 1;
    names(UINT64_MAX >> 1);
}
END_TEST

/* Every state of one member, beside one that serves and beside none. */
START_TEST(no_state_of_a_member_breaks_the_rules)
{
    for (uint32_t bits = 0; bits < 1 << 15; bits++) {
        struct hag__endpoint_member *m = &members[A];
        int other = (bits >> 14) & 1, published = (bits >> 4) & 1;
        uint64_t now;

        begin();
        m->verdict = bits & 3;
        m->role = (bits >> 2 & 3) % 3;
        in.published = (uint64_t)published << A;
        m->in_sync = bits >> 5 & 1;
        m->reads = bits >> 6 & 1;
        m->in_debt = bits >> 7 & 1;
        m->leaving = bits >> 8 & 1;
        m->since_step = bits >> 9 & 1;
        in.trim = bits >> 10 & 1;
        in.withdraw_replica = bits >> 11 & 1;
        in.primary = bits >> 12 & 1 ? A : PRIMARY;
        in.n = other ? MEMBERS : 2;
        if (bits >> 13 & 1)
            in.published |= 1 << Z;
        now = hag__endpoint_replicas(&in);

        ck_assert_uint_eq(now & 1 << PRIMARY, 0);
        ck_assert(!other || (now & 1 << Z));
        if (!(now & 1 << A))
            continue;
        ck_assert(in.primary != A && !m->in_debt);
        ck_assert(published || (m->verdict == HAG_VERDICT_UP && m->role == HAG_ROLE_STANDBY &&
                                m->reads && m->in_sync && m->since_step && !m->leaving));
        ck_assert(m->verdict != HAG_VERDICT_DOWN || (!other && !in.trim && !in.withdraw_replica));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        standbys_that_serve_enter,
        each_condition_keeps_a_new_one_out,
        a_published_one_stays_while_it_is_not_down,
        who_is_down_leaves_and_returns_when_it_serves,
        a_lost_last_replica_stays_until_another_is_in,
        who_leaves_or_was_made_a_primary_by_hand_goes_unless_it_is_the_last,
        the_primary_is_not_a_replica,
        an_address_in_debt_serves_no_other_role,
        a_promotion_clears_the_name_of_all_who_do_not_serve,
        sixty_four_members_fit,
        no_state_of_a_member_breaks_the_rules,
        NULL,
    };

    return unit_run("endpoint", tests);
}
