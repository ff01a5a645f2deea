/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* Matches a line against rows of a grammar. In `words` of a row each word is a type by name, 'literal,
 * a|b (one of these) or "settings" (the rest is key=value); in `options` a word is a flag and key=type
 * an option. The row that gets furthest says what is wrong. */

struct attempt {
    uint32_t reached; /* word at which it stopped */
    uint32_t col;
    char wrong[200], allowed[400];
};

static const struct {
    const char *name;
    uint8_t type;
    const char *text;
} types[] = {
    {"name", SCN_T_NAME, "a name of letters, digits, '_', '.' and '-'"},
    {"node", SCN_T_NODE, "a node"},
    {"cluster", SCN_T_CLUSTER, "a cluster"},
    {"guard", SCN_T_GUARD, "a guard"},
    {"place", SCN_T_PLACE,
     "a node, guard, observer, witness, zone NAME, clients, dns, ns1, ns2 or store"},
    {"dur", SCN_T_DURATION, "a duration such as 250ms, 60s, 5m, 2h or 3d"},
    {"off", SCN_T_OFFSET, "a duration with a sign such as -129s or +1h"},
    {"size", SCN_T_SIZE, "a size such as 4096, 64k, 16m or 2g"},
    {"int", SCN_T_INT, "a whole number"},
    {"pct", SCN_T_PERCENT, "a percentage from 0% to 100%"},
    {"ratio", SCN_T_RATIO, "a ratio such as 1/4"},
    {"rate", SCN_T_RATE, "a rate such as 100/s"},
    {"lag", SCN_T_LAG, "a duration such as 5s, a size such as 64k, stopped or paused"},
    {"action", SCN_T_ACTION, "an action"},
    {"target", SCN_T_TARGET, "a node, primary or replica"},
    {"why", SCN_T_REASON, "a reason"},
};

static void expected(const char *spec, size_t len, char *buf, size_t size)
{
    if (*spec == '\'') {
        (void)snprintf(buf, size, "%.*s", (int)len - 1, spec + 1);
        return;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strlen(types[i].name) == len && strncmp(types[i].name, spec, len) == 0) {
            (void)snprintf(buf, size, "%s", types[i].text);
            return;
        }
    }
    if (len == 8 && strncmp(spec, "settings", 8) == 0)
        (void)snprintf(buf, size, "settings, as in down_after=60s");
    else
        (void)snprintf(buf, size, "%.*s", (int)len, spec);
}

static int place(const struct hag_scenario *s, const struct scn_line *l, uint32_t *i,
                 struct scn_value *v)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } fixed[] = {
        {"clients", SCN_P_CLIENTS}, {"dns", SCN_P_DNS},     {"ns1", SCN_P_NS1},
        {"ns2", SCN_P_NS2},         {"store", SCN_P_STORE},
    };
    const char *w = l->w[*i].text;
    const char *next = *i + 1 < l->n ? l->w[*i + 1].text : NULL;

    v->type = SCN_T_PLACE;
    v->text = w;
    v->n = scn_find_node(s, w);
    v->m = SCN_P_NODE;
    if (v->n != SCN_NONE)
        return 1;
    for (size_t k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++) {
        if (strcmp(w, fixed[k].word) == 0) {
            v->m = fixed[k].kind;
            v->n = 0;
            return 1;
        }
    }
    if (strcmp(w, "zone") == 0 && next != NULL) {
        ++*i;
        v->m = SCN_P_ZONE;
        v->text = next;
        v->n = 0;
        return scn_is_zone(s, next);
    }
    if (strcmp(w, "guard") == 0 || strcmp(w, "observer") == 0 || strcmp(w, "witness") == 0) {
        v->m = *w == 'g' ? SCN_P_GUARD : *w == 'o' ? SCN_P_OBSERVER : SCN_P_WITNESS;
        v->n = SCN_NONE; /* the first, or all: one is usual */
        if (next == NULL)
            goto first;
        w = next;
        ++*i;
    }
    for (uint32_t k = 0; k < s->nguards; k++) {
        if (strcmp(s->guards[k].name, w) == 0) {
            v->m = SCN_P_GUARD;
            v->n = k;
            return 1;
        }
    }
    for (uint32_t k = 0; k < s->nobservers; k++) {
        if (strcmp(s->observers[k].name, w) == 0) {
            v->m = SCN_P_OBSERVER;
            v->n = k;
            return 1;
        }
    }
    for (uint32_t k = 0; k < s->nwitnesses; k++) {
        if (strcmp(s->witnesses[k].name, w) == 0) {
            v->m = SCN_P_WITNESS;
            v->n = k;
            return 1;
        }
    }
    if (v->n != SCN_NONE)
        return 0;
    --*i;
first:
    v->n = 0;
    if (v->m == SCN_P_OBSERVER)
        return s->nobservers > 0;
    if (v->m == SCN_P_WITNESS)
        return s->nwitnesses > 0;
    return v->m == SCN_P_GUARD;
}

static int choice(const char *spec, size_t len, const char *w, struct scn_value *v)
{
    size_t wl = strlen(w), at = 0;

    for (int64_t k = 0; at <= len; k++) {
        const char *bar = memchr(spec + at, '|', len - at);
        size_t one = bar == NULL ? len - at : (size_t)(bar - spec) - at;

        if (one == wl && strncmp(spec + at, w, wl) == 0) {
            v->type = SCN_T_CHOICE;
            v->n = k;
            return 1;
        }
        at += one + 1;
    }
    return 0;
}

static int one_value(const struct hag_scenario *s, uint8_t type, const char *w, struct scn_value *v)
{
    v->type = type;
    v->text = w;
    switch (type) {
    case SCN_T_NAME:
        return scn_name_ok(w, strlen(w));
    case SCN_T_NODE:
        v->n = scn_find_node(s, w);
        return v->n != SCN_NONE;
    case SCN_T_CLUSTER:
        v->n = scn_find_cluster(s, w);
        return v->n != SCN_NONE;
    case SCN_T_GUARD:
        v->n = scn_find_guard(s, w);
        return v->n != SCN_NONE;
    case SCN_T_LAG:
        v->m = strcmp(w, "stopped") == 0                     ? SCN_LAG_STOPPED
               : strcmp(w, "paused") == 0                    ? SCN_LAG_PAUSED
               : scn_number(w, SCN_T_DURATION, &v->n, &v->m) ? SCN_LAG_TIME
                                                             : SCN_LAG_SIZE;
        if (v->m == SCN_LAG_SIZE) {
            int64_t ignored;

            return scn_number(w, SCN_T_SIZE, &v->n, &ignored);
        }
        return 1;
    case SCN_T_ACTION:
        v->n = scn_find_name(HAG_NAMES_ACTION, HAG_DO_MAX, w);
        return v->n != 0 || scn_action_later(w);
    case SCN_T_TARGET:
        v->n = scn_find_node(s, w);
        v->m = 0;
        if (v->n != SCN_NONE)
            return 1;
        v->m = 1;
        v->n = strcmp(w, "replica") == 0;
        return v->n || strcmp(w, "primary") == 0;
    case SCN_T_REASON:
        v->n = scn_find_name(HAG_NAMES_WHY, HAG_WHY_MAX, w);
        return v->n != 0;
    default:
        return scn_number(w, type, &v->n, &v->m);
    }
}

static uint8_t type_named(const char *spec, size_t len)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strlen(types[i].name) == len && strncmp(types[i].name, spec, len) == 0)
            return types[i].type;
    }
    return SCN_T_NONE;
}

static void allowed_here(const struct hag_scenario *s, const char *spec, size_t len, char *buf,
                         size_t size)
{
    uint8_t type = type_named(spec, len);

    buf[0] = '\0';
    if (type == SCN_T_NODE || type == SCN_T_PLACE)
        scn_list_nodes(s, buf, size);
    else if (type == SCN_T_ACTION)
        scn_list_names(HAG_NAMES_ACTION, HAG_DO_EVENT, buf, size);
    else if (type == SCN_T_REASON)
        scn_list_names(HAG_NAMES_WHY, HAG_WHY_MAX, buf, size);
    else if (type == SCN_T_CLUSTER)
        for (uint32_t i = 0; i < s->nclusters; i++) {
            size_t at = strlen(buf);

            (void)snprintf(buf + at, size - at, "%s%s", i > 0 ? " " : "", s->clusters[i].name);
        }
}

static void stop(struct attempt *a, uint32_t at, uint32_t col, const char *wrong)
{
    a->reached = at;
    a->col = col;
    a->allowed[0] = '\0';
    (void)snprintf(a->wrong, sizeof(a->wrong), "%s", wrong);
}

static void stop_value(const struct hag_scenario *s, struct attempt *a, const struct scn_line *l,
                       uint32_t at, const char *spec, size_t len, const char *w)
{
    char want[200], text[200];

    expected(spec, len, want, sizeof(want));
    if (at >= l->n) {
        (void)snprintf(text, sizeof(text), "the line ends where %.120s is expected", want);
        stop(a, at, l->w[l->n - 1].col + (uint32_t)strlen(l->w[l->n - 1].text), text);
    } else {
        (void)snprintf(text, sizeof(text), "'%.60s' is not %.110s", w, want);
        stop(a, at, l->w[at].col, text);
    }
    allowed_here(s, spec, len, a->allowed, sizeof(a->allowed));
}

/* The option that a word of the line is; -1: none. */
static int find_option(const char *options, const char *w, const char **spec, size_t *speclen,
                       const char **value)
{
    const char *o = options;

    for (int k = 0; o != NULL && *o != '\0'; k++) {
        size_t len = strcspn(o, " ");
        const char *eq = memchr(o, '=', len);
        size_t keylen = eq == NULL ? len : (size_t)(eq - o);

        if (strncmp(w, o, keylen) == 0 && (w[keylen] == '=' || w[keylen] == '\0')) {
            *spec = eq == NULL ? NULL : eq + 1;
            *speclen = eq == NULL ? 0 : len - keylen - 1;
            *value = w[keylen] == '=' ? w + keylen + 1 : NULL;
            return k;
        }
        o += len;
        while (*o == ' ')
            o++;
    }
    return -1;
}

static int options(const struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                   const struct scn_form *f, struct scn_stmt *out, struct attempt *a)
{
    for (; i < l->n; i++) {
        const char *w = l->w[i].text, *spec, *value;
        struct scn_value *v;
        size_t len;
        char text[200];
        int k;

        if ((f->flags & SCN_F_FOR) && strcmp(w, "for") == 0) {
            struct scn_value d;

            if (i + 1 >= l->n || !scn_number(l->w[i + 1].text, SCN_T_DURATION, &d.n, &d.m) ||
                d.n == 0) {
                i++;
                stop_value(s, a, l, i, "dur", 3, i < l->n ? l->w[i].text : "");
                return 0;
            }
            out->dur = (uint64_t)d.n;
            i++;
            continue;
        }
        k = find_option(f->options, w, &spec, &len, &value);
        if (k < 0 || (spec == NULL) != (value == NULL)) {
            if (f->options == NULL && !(f->flags & SCN_F_FOR))
                (void)snprintf(text, sizeof(text), "'%.60s' is one word too many", w);
            else
                (void)snprintf(text, sizeof(text), "'%.60s' cannot stand here", w);
            stop(a, i, l->w[i].col, text);
            (void)snprintf(a->allowed, sizeof(a->allowed), "%s%s%s",
                           f->options != NULL ? f->options : "",
                           f->options != NULL && (f->flags & SCN_F_FOR) ? " " : "",
                           f->flags & SCN_F_FOR ? "for DURATION" : "");
            return 0;
        }
        v = &out->opt[k];
        if (v->type != SCN_T_NONE) {
            (void)snprintf(text, sizeof(text), "'%.60s' stands here twice", w);
            stop(a, i, l->w[i].col, text);
            return 0;
        }
        v->col = l->w[i].col;
        if (spec == NULL) {
            v->type = SCN_T_FLAG;
            continue;
        }
        v->text = value;
        if (type_named(spec, len) != SCN_T_NONE ? !one_value(s, type_named(spec, len), value, v)
                                                : !choice(spec, len, value, v)) {
            stop_value(s, a, l, i, spec, len, value);
            a->col = l->w[i].col + (uint32_t)(value - w);
            return 0;
        }
    }
    return 1;
}

static int one_form(const struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                    const struct scn_form *f, struct scn_stmt *out, struct attempt *a)
{
    const char *spec = f->words;
    uint32_t nv = 0;

    while (*spec != '\0') {
        size_t len = strcspn(spec, " ");
        size_t plain = spec[len - 1] == '?' ? len - 1 : len;
        const char *w = i < l->n ? l->w[i].text : "";
        struct scn_value *v = &out->v[nv < SCN_VALUES ? nv : SCN_VALUES - 1];
        uint8_t type = type_named(spec, plain);
        int ok;

        if (strncmp(spec, "settings", plain) == 0 && plain == 8) {
            for (; i < l->n; i++) {
                const char *eq = strchr(l->w[i].text, '=');

                if (eq == NULL || eq == l->w[i].text || eq[1] == '\0') {
                    stop_value(s, a, l, i, spec, plain, l->w[i].text);
                    return 0;
                }
                if (out->nsettings == SCN_OPTIONS) {
                    stop(a, i, l->w[i].col, "too many settings in one line; write another one");
                    return 0;
                }
                out->setting[out->nsettings].text = l->w[i].text;
                out->setting[out->nsettings++].col = l->w[i].col;
            }
            if (out->nsettings == 0) {
                stop_value(s, a, l, i, spec, plain, "");
                return 0;
            }
            return 1;
        }
        v->col = i < l->n ? l->w[i].col : 0;
        if (*spec == '\'')
            ok = strlen(w) == plain - 1 && strncmp(w, spec + 1, plain - 1) == 0;
        else if (type == SCN_T_PLACE)
            ok = i < l->n && place(s, l, &i, v);
        else if (type != SCN_T_NONE)
            ok = i < l->n && one_value(s, type, w, v);
        else
            ok = i < l->n && choice(spec, plain, w, v);
        if (!ok && plain != len) { /* optional */
            memset(v, 0, sizeof(*v));
            nv++;
        } else if (!ok) {
            stop_value(s, a, l, i, spec, plain, w);
            return 0;
        } else {
            nv += *spec != '\'';
            i++;
        }
        spec += len;
        while (*spec == ' ')
            spec++;
    }
    return options(s, l, i, f, out, a);
}

int scn_match(struct hag_scenario *s, const struct scn_line *l, uint32_t from,
              const struct scn_form *forms, uint32_t nforms, const char *what, struct scn_stmt *out)
{
    struct attempt best, a;
    const char *verb = from < l->n ? l->w[from].text : "";
    char verbs[700];
    int seen = 0;

    memset(&best, 0, sizeof(best));
    verbs[0] = '\0';
    for (uint32_t k = 0; k < nforms; k++) {
        const struct scn_form *f = &forms[k];

        if (strcmp(f->verb, verb) != 0) {
            size_t at = strlen(verbs);

            if (k == 0 || strcmp(forms[k - 1].verb, f->verb) != 0)
                (void)snprintf(verbs + at, sizeof(verbs) - at, "%s%s", at > 0 ? " " : "", f->verb);
            continue;
        }
        memset(out, 0, sizeof(*out));
        memset(&a, 0, sizeof(a));
        out->form = f;
        out->text = l->text;
        out->line = l->line;
        out->col = l->w[from].col;
        if (one_form(s, l, from + 1, f, out, &a))
            return 1;
        if (!seen || a.reached > best.reached)
            best = a;
        else if (a.reached == best.reached && best.allowed[0] == '\0')
            (void)snprintf(best.allowed, sizeof(best.allowed), "%s", a.allowed);
        seen = 1;
    }
    if (!seen) {
        if (from >= l->n)
            return scn_fail(s, l->line, l->w[l->n - 1].col, "%s is missing; allowed: %s", what,
                            verbs);
        return scn_fail(s, l->line, l->w[from].col, "'%.60s' is no %s; allowed: %s", verb, what,
                        verbs);
    }
    if (best.allowed[0] != '\0')
        return scn_fail(s, l->line, best.col, "%s: %s; allowed: %s", verb, best.wrong,
                        best.allowed);
    return scn_fail(s, l->line, best.col, "%s: %s", verb, best.wrong);
}
