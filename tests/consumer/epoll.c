/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <haguard/adapter_epoll.h>

int main(void)
{
    hag_guard *g;
    hag_epoll *e;

    if (hag_guard_new(NULL, &g) != 0 || hag_epoll_new(g, &e) != 0 || hag_epoll_fd(e) < 0 ||
        hag_epoll_run(e, 1) != 0) {
        return 1;
    }
    hag_epoll_free(e);
    puts("epoll");
    return hag_guard_destroy(g) == 0 ? 0 : 1;
}
