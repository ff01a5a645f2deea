/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <haguard/haguard.h>

/* The settings' list of haguard.conf(5), from the table of the library. */

static void print_value(const struct hag_setting *s, int64_t v)
{
    static const struct {
        int64_t size;
        const char *unit;
    } times[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}},
      sizes[] = {{INT64_C(1) << 40, "t"}, {1 << 30, "g"}, {1 << 20, "m"}, {1 << 10, "k"}, {1, ""}};
    int is_time = strcmp(s->unit, "ms") == 0, is_size = strcmp(s->unit, "bytes") == 0;

    if (v < 0) {
        printf("none");
        return;
    }
    if (s->words) {
        const char *word = s->words;

        while (v-- > 0)
            word = strchr(word, '|') + 1;
        printf("%.*s", (int)strcspn(word, "|"), word);
        return;
    }
    for (size_t i = 0; (is_time || is_size) && v > 0 && i < 5; i++) {
        int64_t size = is_time ? times[i].size : sizes[i].size;

        if (v % size == 0 && (v > size || size <= 1000)) { /* 60s, not 1m */
            printf("%" PRId64 "%s", v / size, is_time ? times[i].unit : sizes[i].unit);
            return;
        }
    }
    printf("%" PRId64, v);
}

int main(void)
{
    struct hag_setting s = {.size = sizeof(s)};

    for (uint32_t i = 0; hag_setting_get(i, &s) == HAG_OK; i++) {
        printf(".It Cm %s Ns = Ns Ar ", s.name);
        print_value(&s, s.def);
        printf("\n%c%s", s.text[0] - ('a' <= s.text[0] && s.text[0] <= 'z' ? 32 : 0), s.text + 1);
        if (s.words) {
            printf(":\n");
            for (const char *w = s.words; *w; w += strcspn(w, "|") + (w[strcspn(w, "|")] == '|'))
                printf("%s.Cm %.*s%s\n", w == s.words ? "" : "or\n", (int)strcspn(w, "|"), w,
                       w[strcspn(w, "|")] ? "" : " .");
            continue;
        }
        printf("; ");
        print_value(&s, s.min);
        printf(" to ");
        print_value(&s, s.max);
        printf(".\n");
    }
    return 0;
}
