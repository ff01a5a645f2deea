/* SPDX-License-Identifier: MIT
 *
 * libFuzzer: any bytes are either a log that is played again or refused. The checks of the chunks are
 * made right first, so that what lies behind them is met.
 *   clang -fsanitize=fuzzer,address,undefined ... tests/sim/fuzz_log.c; corpus: logs of
 *   haguard-sim run --record, each cut to some kB
 */
#include <stdlib.h>
#include <string.h>

#include <haguard/sim.h>

#include "guard/recorder_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hag_replay_result res = {.size = sizeof(res)};
    uint8_t *log = malloc(size > 0 ? size : 1);
    size_t at = HAG__LOG_HEAD;
    uint32_t check = 0;

    if (log == NULL)
        abort();
    memcpy(log, data, size);
    while (size > HAG__CHUNK_HEAD && at < size - HAG__CHUNK_HEAD) {
        size_t len = hag__get_32(log + at);

        if (len > size - at - HAG__CHUNK_HEAD) {
            len = size - at - HAG__CHUNK_HEAD;
            hag__put_32(log + at, (uint32_t)len);
        }
        check = hag__chunk_check(check, log + at + HAG__CHUNK_HEAD, len);
        hag__put_32(log + at + 4, check);
        at += HAG__CHUNK_HEAD + len;
    }
    if (hag_replay(log, size, NULL, &res) == HAG_OK && res.verdict > HAG_REPLAY_DIFFERS)
        abort();
    free(log);
    return 0;
}
