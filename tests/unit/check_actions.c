/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "engine/actions.h"
#include "unit.h"

/* doc/actions.md, its rows by the number in their second column. */
#define CELLS 10

static char lines[HAG_DO_MAX][1000];
static char *cells[HAG_DO_MAX][CELLS];

/* | a | b | ... |: the cells without their blanks. */
static int split(char *line, char **cell)
{
    int n = 0;

    for (char *p = strtok(line, "|\n"); p; p = strtok(NULL, "|\n")) {
        char *end = p + strlen(p);

        while (*p == ' ')
            p++;
        while (end > p && end[-1] == ' ')
            *--end = '\0';
        if (n == CELLS)
            return CELLS + 1;
        cell[n++] = p;
    }
    return n;
}

static void read_page(void)
{
    FILE *f = fopen(HAG_DOC_DIR "/actions.md", "r");
    char line[sizeof(lines[0])], copy[sizeof(line)], *cell[CELLS];

    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof(line), f)) {
        unsigned long no;

        if (line[0] != '|')
            continue;
        memcpy(copy, line, sizeof(copy));
        if (split(copy, cell) != CELLS)
            ck_abort_msg("a row has not %d cells: %s", CELLS, line);
        no = strtoul(cell[1], NULL, 10);
        if (no == 0)
            continue;
        ck_assert_uint_lt(no, HAG_DO_MAX);
        ck_assert_ptr_null(cells[no][0]);
        memcpy(lines[no], line, sizeof(line));
        split(lines[no], cells[no]);
    }
    fclose(f);
}

START_TEST(the_page_and_the_table_say_the_same)
{
    static const char *const groups[] = {
        [HAG__GROUP_LOOK] = "look",   [HAG__GROUP_STORES] = "stores",
        [HAG__GROUP_NAMES] = "names", [HAG__GROUP_COORDINATE] = "coordinate",
        [HAG__GROUP_TELL] = "tell",
    };

    read_page();
    for (uint32_t kind = 1; kind < HAG_DO_MAX; kind++) {
        const struct hag__action_row *row = hag__action(kind);
        const char *inverse;
        char **cell = cells[kind];

        ck_assert_ptr_nonnull(row);
        ck_assert_ptr_nonnull(cell[0]);
        ck_assert_str_eq(cell[0], row->name);
        ck_assert_uint_eq(row->kind, kind);
        ck_assert_str_eq(cell[2], groups[row->group]);
        inverse = row->inverse                      ? hag__action(row->inverse)->name
                  : (row->flags & HAG__ACT_FORWARD) ? "none"
                                                    : "-";
        ck_assert_str_eq(cell[4], inverse);
        ck_assert_int_eq(strcmp(cell[6], "-") != 0, (row->flags & HAG__ACT_ANSWERS) != 0);
        ck_assert_str_eq(cell[9], row->flags & HAG__ACT_NEEDED ? "needed" : "done without");
    }
}
END_TEST

START_TEST(rows_fit_together)
{
    for (uint32_t kind = 1; kind < HAG_DO_MAX; kind++) {
        const struct hag__action_row *row = hag__action(kind);
        int changes = (row->flags & HAG__ACT_CHANGES) != 0;
        int answers = (row->flags & HAG__ACT_ANSWERS) != 0;
        int forward = (row->flags & HAG__ACT_FORWARD) != 0;

        /* Who changes something has an inverse or can only go forward, and must be awaited. */
        ck_assert_int_eq(changes, forward || row->inverse != 0);
        ck_assert(!(forward && row->inverse));
        ck_assert(!changes || answers);
        ck_assert_int_eq(answers, row->deadline != 0);
        ck_assert(!(row->flags & HAG__ACT_NEEDED) || answers);
        if (row->inverse)
            ck_assert(hag__action(row->inverse)->flags & HAG__ACT_FORWARD);
    }
    ck_assert_uint_eq(hag__action(HAG_DO_PROMOTE)->deadline, HAG_P_PROMOTE_TIMEOUT);
    ck_assert_uint_eq(hag__action(HAG_DO_COMMIT)->deadline, HAG_P_COMMIT_TIMEOUT);
    ck_assert_uint_eq(hag__action(HAG_DO_PROBE)->deadline, HAG_P_PROBE_TIMEOUT);
    ck_assert_uint_eq(hag__action(HAG_DO_FENCE)->deadline, HAG_P_FENCE_WAIT);
}
END_TEST

START_TEST(other_kinds_are_none)
{
    ck_assert_ptr_null(hag__action(0));
    ck_assert_ptr_null(hag__action(HAG_DO_MAX));
    ck_assert_ptr_null(hag__action(UINT32_MAX));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_page_and_the_table_say_the_same,
        rows_fit_together,
        other_kinds_are_none,
        NULL,
    };

    return unit_run("actions", tests);
}
