/* SPDX-License-Identifier: MIT
 *
 * config.h - the settings of an instance. doc/redis.md lists them.
 */
#ifndef HAG_REDIS_CONFIG_H
#define HAG_REDIS_CONFIG_H

#include <haguard/plugin.h>

#define HAG__REDIS_PATH_MAX   512
#define HAG__REDIS_SECRET_MAX 512

enum { HAG__REDIS_AUTO = 0, HAG__REDIS_REDIS = 1, HAG__REDIS_VALKEY = 2, HAG__REDIS_DRAGONFLY = 3 };

struct hag__redis_config {
    uint32_t flavour;
    uint32_t tls;
    uint32_t dead_port;
    uint32_t connect_timeout; /* ms */
    uint64_t fresh_every;     /* ms */
    char user[128];
    char password_file[HAG__REDIS_PATH_MAX];
    char password_env[128];
    char tls_ca[HAG__REDIS_PATH_MAX];
    char tls_cert[HAG__REDIS_PATH_MAX];
    char tls_key[HAG__REDIS_PATH_MAX];
    uint32_t npassword; /* 0: none */
    char password[HAG__REDIS_SECRET_MAX];
};

/* Reads lines of key=value and the password they point to. Returns 0, or a HAG_ERR_ and the cure
 * in why. */
int32_t hag__redis_config_read(struct hag__redis_config *c, const char *text, char *why, size_t n);

/* Reads the password again from where it is kept. On an error the old one stays. */
int32_t hag__redis_config_password(struct hag__redis_config *c, char *why, size_t n);

/* Overwrites the secret. */
void hag__redis_config_wipe(struct hag__redis_config *c);

#endif
