/* SPDX-License-Identifier: MIT
 *
 * plugin_dns.h - the DNS plugin, for hosts that link it in. Others load haguard_dns.so by
 * hag_plugin_load(). Its settings are in doc/dns.md.
 */
#ifndef HAGUARD_PLUGIN_DNS_H
#define HAGUARD_PLUGIN_DNS_H

#include <haguard/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct hag_plugin hag_plugin_dns;

#ifdef __cplusplus
}
#endif

#endif
