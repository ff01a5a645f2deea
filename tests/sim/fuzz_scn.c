/* SPDX-License-Identifier: MIT
 *
 * libFuzzer: any bytes are either a scenario or refused with file, line and column.
 *   clang -fsanitize=fuzzer,address,undefined ... tests/sim/fuzz_scn.c; corpus: fuzz_corpus.tar.xz
 */
#include <stdlib.h>
#include <string.h>

#include <haguard/sim.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[1200];
    hag_scenario *s;

    if (hag_scenario_parse("fuzz", (const char *)data, size, &s, why, sizeof(why)) == HAG_OK)
        hag_scenario_free(s);
    else if (strncmp(why, "fuzz:", 5) != 0)
        abort();
    return 0;
}
