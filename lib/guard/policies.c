/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guard/guard.h"
#include "guard/recorder.h"

static struct hag__policy *find(const hag_guard *g, hag_policy p, int32_t *err)
{
    uint32_t i;

    if (hag__check(g) != HAG_OK) {
        *err = HAG_ERR_INVAL;
        return NULL;
    }
    *err = hag__find((hag_guard *)(uintptr_t)g, &g->policies, p, "policy", &i);
    return *err == HAG_OK ? hag__table_at(&g->policies, i) : NULL;
}

int32_t hag_policy_new(hag_guard *g, hag_policy *ret)
{
    struct hag__policy *p;
    uint32_t i;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (ret == NULL)
        return hag__error(g, HAG_ERR_INVAL, "ret is NULL");
    i = hag__table_add(&g->policies);
    if (i == HAG__NIL)
        return hag__error(g, HAG_ERR_NOMEM, "no memory for a policy");
    p = hag__table_at(&g->policies, i);
    hag__settings_default(&p->settings);
    *ret = hag__table_handle(&g->policies, i);
    hag__note(g, HAG__CALL_POLICY_NEW, ret, NULL);
    return HAG_OK;
}

int32_t hag_policy_free(hag_guard *g, hag_policy p)
{
    uint32_t i;
    int32_t err;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    err = hag__find(g, &g->policies, p, "policy", &i);
    if (err == HAG_OK) {
        hag__note(g, HAG__CALL_POLICY_FREE, &p, NULL);
        hag__table_del(&g->policies, i);
    }
    return err;
}

int32_t hag_policy_set(hag_guard *g, hag_policy p, uint32_t key, int64_t value)
{
    int32_t err;
    struct hag__policy *pol = find(g, p, &err);

    if (pol == NULL)
        return err;
    err = hag__settings_set(&pol->settings, key, value, g->errmsg, sizeof(g->errmsg));
    if (err == HAG_OK)
        hag__note(g, HAG__CALL_POLICY_SET, (const uint64_t[]){p, key, (uint64_t)value}, NULL);
    return err;
}

int32_t hag_policy_set_text(hag_guard *g, hag_policy p, const char *name, const char *value)
{
    int32_t err;
    struct hag__policy *pol = find(g, p, &err);

    if (pol == NULL)
        return err;
    if (name == NULL || value == NULL)
        return hag__error(g, HAG_ERR_INVAL, "the name or the value of the setting is NULL");
    err = hag__settings_parse(&pol->settings, name, value, g->errmsg, sizeof(g->errmsg));
    if (err == HAG_OK)
        hag__note(g, HAG__CALL_POLICY_TEXT, &p, (const char *const[]){name, value});
    return err;
}

int32_t hag_policy_get(const hag_guard *g, hag_policy p, uint32_t key, int64_t *ret)
{
    int32_t err;
    struct hag__policy *pol = find(g, p, &err);
    hag_guard *w = (hag_guard *)(uintptr_t)g; /* for the message only */

    if (pol == NULL)
        return err;
    if (ret == NULL)
        return hag__error(w, HAG_ERR_INVAL, "ret is NULL");
    if (hag__setting(key) == NULL)
        return hag__error(w, HAG_ERR_NOT_FOUND, "there is no setting with key %u", key);
    *ret = pol->settings.v[key];
    return HAG_OK;
}

int32_t hag_policy_check(hag_guard *g, hag_policy p)
{
    int32_t err;
    struct hag__policy *pol = find(g, p, &err);

    if (pol == NULL)
        return err;
    return hag__settings_check(&pol->settings, g->errmsg, sizeof(g->errmsg));
}

/* Clusters with equal settings share one copy where they were added with the same policy in a row;
 * looking further would cost more than it saves. */
struct hag__policy *hag__policy_copy(hag_guard *g, hag_policy p, int32_t *err)
{
    struct hag__settings s;
    struct hag__policy *copy;

    if (p == 0) {
        hag__settings_default(&s);
    } else {
        struct hag__policy *pol = find(g, p, err);

        if (pol == NULL)
            return NULL;
        s = pol->settings;
    }
    *err = hag__settings_check(&s, g->errmsg, sizeof(g->errmsg));
    if (*err != HAG_OK)
        return NULL;
    if (g->last_cluster != HAG__NIL) {
        copy = hag__cluster(g, g->last_cluster)->policy;
        if (memcmp(&copy->settings, &s, sizeof(s)) == 0) {
            copy->refs++;
            return copy;
        }
    }
    copy = hag__zalloc(&g->mem, sizeof(*copy));
    if (copy == NULL) {
        *err = hag__error(g, HAG_ERR_NOMEM, "no memory for the settings of a cluster");
        return NULL;
    }
    copy->refs = 1;
    copy->settings = s;
    return copy;
}

void hag__policy_release(hag_guard *g, struct hag__policy *p)
{
    if (p != NULL && --p->refs == 0)
        hag__free(&g->mem, p, sizeof(*p));
}
