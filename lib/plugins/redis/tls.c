/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "redis.h"

#if HIREDIS_MAJOR >= 1 && defined(HAG_REDIS_TLS)

#    include <hiredis/hiredis_ssl.h>

int32_t hag__redis_tls_open(struct hag__redis *r, char *why, size_t n)
{
    const struct hag__redis_config *c = &r->cfg;
    redisSSLContextError err = REDIS_SSL_CTX_NONE;

    redisInitOpenSSL();
    r->tls = redisCreateSSLContext(c->tls_ca[0] ? c->tls_ca : NULL, NULL,
                                   c->tls_cert[0] ? c->tls_cert : NULL,
                                   c->tls_key[0] ? c->tls_key : NULL, NULL, &err);
    if (r->tls)
        return 0;
    snprintf(why, n, "redis: TLS cannot be set up: %s; look at tls-ca, tls-cert and tls-key",
             redisSSLContextGetError(err));
    return HAG_ERR_INVAL;
}

int hag__redis_tls_begin(struct hag__redis_conn *c)
{
    return redisInitiateSSLWithContext(&c->ac->c, c->r->tls) == REDIS_OK ? 0 : -1;
}

void hag__redis_tls_close(struct hag__redis *r)
{
    if (r->tls)
        redisFreeSSLContext(r->tls);
    r->tls = NULL;
}

#else

int32_t hag__redis_tls_open(struct hag__redis *r, char *why, size_t n)
{
    (void)r;
    snprintf(why, n,
             "redis: TLS is not supported by this hiredis (%d.%d.%d); use 1.0 or later built with "
             "SSL, or tls=off",
             HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    return HAG_ERR_UNSUPPORTED;
}

int hag__redis_tls_begin(struct hag__redis_conn *c)
{
    (void)c;
    return -1;
}

void hag__redis_tls_close(struct hag__redis *r)
{
    (void)r;
}

#endif
