/* SPDX-License-Identifier: MIT */
#ifndef CHECK_DNS_H
#define CHECK_DNS_H

#include <check.h>

#define COUNT(a)          (sizeof(a) / sizeof((a)[0]))
#define EACH(t, f, table) tcase_add_loop_test(t, f, 0, (int)COUNT(table))

Suite *dns_messages(void);
Suite *dns_resolve(void);

#endif
