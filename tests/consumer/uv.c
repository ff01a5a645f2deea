/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <uv.h>

#include <haguard/adapter_uv.h>

int main(void)
{
    uv_loop_t loop;
    hag_guard *g;
    hag_uv *u;

    if (uv_loop_init(&loop) != 0 || hag_guard_new(NULL, &g) != 0 || hag_uv_new(g, &loop, &u) != 0) {
        return 1;
    }
    uv_run(&loop, UV_RUN_NOWAIT);
    hag_uv_free(u);
    hag_guard_destroy(g);
    uv_run(&loop, UV_RUN_DEFAULT);
    puts("uv");
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}
