/* SPDX-License-Identifier: MIT
 *
 * haguard-sim: plays scenarios in virtual time, and looks for those in which a safety rule breaks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#    include <malloc.h>
#endif

#include "tool.h"

static const char usage[] =
    "usage: haguard-sim run [--json] [--quiet] [--strict] [--svg FILE] [--record LOG] [--seed N] "
    "FILE...\n"
    "       haguard-sim check FILE...\n"
    "       haguard-sim explore [--seeds A..B] [--minutes N] [--jobs N] [--breaches N] [--out "
    "DIR]\n"
    "       haguard-sim sweep [--singles] [--procedure NAME] [--jobs N] [--out DIR]\n"
    "       haguard-sim replay [--json] [--quiet] [--actions] LOG...\n"
    "       haguard-sim bench [--runs N] FILE\n"
    "FILE is a scenario (see haguard_scn(7)); LOG is what a recorder wrote, such as haguardd "
    "--record;\n- reads standard input.\n"
    "Exit status: 0 all that was expected held, or is decided as it was recorded; 1 something did "
    "not;\n2 a file or an option is wrong.\n";

char *read_file(const char *name, size_t *n)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    size_t cap = 65536;
    char *text;

    *n = 0;
    if (f == NULL) {
        fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(errno));
        return NULL;
    }
    text = malloc(cap + 1);
    while (text != NULL) {
        size_t got = fread(text + *n, 1, cap - *n, f);

        *n += got;
        if (got == 0)
            break;
        if (*n == cap) {
            char *more = cap > (8u << 20) ? NULL : realloc(text, 2 * cap + 1);

            if (more == NULL) {
                fprintf(stderr, "haguard-sim: %s: larger than any scenario\n", name);
                free(text);
                text = NULL;
                break;
            }
            text = more;
            cap *= 2;
        }
    }
    if (text != NULL && ferror(f)) {
        fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(errno));
        free(text);
        text = NULL;
    }
    if (f != stdin)
        (void)fclose(f);
    if (text != NULL)
        text[*n] = '\0';
    return text;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"run", cmd_run},     {"check", cmd_check},   {"explore", cmd_explore},
                    {"sweep", cmd_sweep}, {"replay", cmd_replay}, {"bench", cmd_bench}};

#ifdef __GLIBC__
    /* world after world asks for the same memory: to give it back in between costs a sixth */
    (void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 20);
#endif
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        fputs(usage, stdout);
        return EXIT_HELD;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("haguard-sim %s\n", HAG_VERSION);
        return EXIT_HELD;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    if (argc > 1)
        fprintf(stderr, "haguard-sim: %s: no such command\n", argv[1]);
    fputs(usage, stderr);
    return EXIT_WRONG;
}
