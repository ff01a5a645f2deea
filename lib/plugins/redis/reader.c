/* SPDX-License-Identifier: MIT */
#include "reader.h"

/* hiredis asserts that no answer comes without a question (async.c, redisProcessCallbacks), and
 * allocates as many elements as an array announces: both would let a server end its client. What
 * is refused here ends the connection instead. */
#define ELEMENTS_MAX 1024

static const redisReplyObjectFunctions *admit(const redisReadTask *t)
{
    struct hag__redis_conn *c = t->privdata;

    if (!t->parent && !c->due) {
        c->flags |= HAG__CONN_FLOODED;
        return NULL;
    }
    return c->base;
}

static void *make_string(const redisReadTask *t, char *s, size_t n)
{
    const redisReplyObjectFunctions *f = admit(t);

    return f ? f->createString(t, s, n) : NULL;
}

static void *make_integer(const redisReadTask *t, long long v)
{
    const redisReplyObjectFunctions *f = admit(t);

    return f ? f->createInteger(t, v) : NULL;
}

static void *make_nil(const redisReadTask *t)
{
    const redisReplyObjectFunctions *f = admit(t);

    return f ? f->createNil(t) : NULL;
}

#if HIREDIS_MAJOR >= 1
typedef size_t count;
#else
typedef int count;
#endif

static void *make_array(const redisReadTask *t, count n)
{
    struct hag__redis_conn *c = t->privdata;
    const redisReplyObjectFunctions *f = admit(t);

    if (f && n > ELEMENTS_MAX) {
        c->flags |= HAG__CONN_FLOODED;
        return NULL;
    }
    return f ? f->createArray(t, n) : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *make_double(const redisReadTask *t, double v, char *s, size_t n)
{
    const redisReplyObjectFunctions *f = admit(t);

    return f ? f->createDouble(t, v, s, n) : NULL;
}

static void *make_bool(const redisReadTask *t, int v)
{
    const redisReplyObjectFunctions *f = admit(t);

    return f ? f->createBool(t, v) : NULL;
}
#endif

static const redisReplyObjectFunctions guarded = {
    .createString = make_string,
    .createArray = make_array,
    .createInteger = make_integer,
    .createNil = make_nil,
    .freeObject = freeReplyObject,
#if HIREDIS_MAJOR >= 1
    .createDouble = make_double,
    .createBool = make_bool,
#endif
};

void hag__redis_reader_guard(struct hag__redis_conn *c)
{
    redisReader *reader = c->ac->c.reader;

    c->base = reader->fn;
    reader->fn = (redisReplyObjectFunctions *)&guarded; /* only read by hiredis */
    reader->privdata = c;
}
