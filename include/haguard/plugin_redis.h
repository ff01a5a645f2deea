/* SPDX-License-Identifier: MIT
 *
 * plugin_redis.h - the Redis, Valkey and Dragonfly plugin, for hosts that link it in. Others load
 * haguard_redis.so by hag_plugin_load(). Its settings are in doc/redis.md.
 */
#ifndef HAGUARD_PLUGIN_REDIS_H
#define HAGUARD_PLUGIN_REDIS_H

#include <haguard/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct hag_plugin hag_plugin_redis;

#ifdef __cplusplus
}
#endif

#endif
