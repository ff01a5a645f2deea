/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* States and figures, with the operator and the value that is wanted. */

enum { OF_CLUSTER, OF_NODE, OF_ENDPOINT, OF_GUARD };
enum { AS_NODES, AS_WORD, AS_NUMBER, AS_TIME, AS_YES, AS_NAME };

static const char *const verdicts[] = {"unknown", "up", "suspect", "down", NULL};
static const char *const kinds[] = {"none",     "gone",        "frozen",       "silent",
                                    "refusing", "not-serving", "control-lost", NULL};
static const char *const states[] = {"observing", "healthy",    "degraded", "suspect",
                                     "failover",  "switchover", "restore",  "paused",
                                     "conflict",  "lost",       NULL};
static const char *const syncs[] = {"async", "quorum", NULL};
static const char *const guards[] = {"deciding", "advising", "holding", "standby", NULL};
static const char *const writers[] = {"unlikely", "impossible", NULL};
static const char *const yes_no[] = {"no", "yes", NULL};

static const struct row {
    const char *name;
    uint8_t what, of, as;
    uint8_t world; /* may be written "world NAME" */
    uint8_t figure;
    const char *const *words;
} rows[] = {
    {"primary", SCN_S_PRIMARY, OF_CLUSTER, AS_NODES, 0, 0, NULL},
    {"endpoint", SCN_S_ENDPOINT, OF_ENDPOINT, AS_NODES, 0, 0, NULL},
    {"verdict", SCN_S_VERDICT, OF_NODE, AS_WORD, 0, 0, verdicts},
    {"kind", SCN_S_KIND, OF_NODE, AS_WORD, 0, 0, kinds},
    {"cluster", SCN_S_CLUSTER, OF_CLUSTER, AS_WORD, 0, 0, states},
    {"term", SCN_S_TERM, OF_CLUSTER, AS_NUMBER, 0, 0, NULL},
    {"sync", SCN_S_SYNC, OF_CLUSTER, AS_WORD, 0, 0, syncs},
    {"forward", SCN_S_FORWARD, OF_NODE, AS_NODES, 0, 0, NULL},
    {"guard", SCN_S_GUARD, OF_GUARD, AS_WORD, 0, 0, guards},
    {"writers", SCN_S_WRITERS, OF_CLUSTER, AS_WORD, 0, 0, writers},
    {"nodes", SCN_S_NODES, OF_CLUSTER, AS_NUMBER, 0, 1, NULL},
    {"writable", SCN_S_WRITABLE, OF_CLUSTER, AS_YES, 1, 0, yes_no},
    {"readable", SCN_S_READABLE, OF_CLUSTER, AS_YES, 1, 0, yes_no},
    {"zone", SCN_S_ZONE, OF_NODE, AS_NAME, 1, 0, NULL},
    {"downtime", SCN_S_DOWNTIME, OF_CLUSTER, AS_TIME, 0, 1, NULL},
    {"total-downtime", SCN_S_TOTAL_DOWNTIME, OF_CLUSTER, AS_TIME, 0, 1, NULL},
    {"lost-writes", SCN_S_LOST_WRITES, OF_CLUSTER, AS_NUMBER, 0, 1, NULL},
    {"two-writers", SCN_S_TWO_WRITERS, OF_CLUSTER, AS_TIME, 0, 1, NULL},
};
static const struct row world_primary = {"primary", SCN_S_WORLD_PRIMARY, OF_CLUSTER, AS_NODES, 1, 0,
                                         NULL};

static const char *const operators[] = {"=", "!=", "<=", ">="};

int scn_operator(const char *w)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(operators[i], w) == 0)
            return i;
    }
    return -1;
}

static const struct row *find(const char *w, size_t len)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, w, len) == 0)
            return &rows[i];
    }
    return NULL;
}

int scn_is_figure(const char *w)
{
    const struct row *r = find(w, strlen(w));

    return (r != NULL && r->figure) || strcmp(w, "report") == 0;
}

static int unknown_state(struct hag_scenario *s, const struct scn_line *l, uint32_t i)
{
    char allowed[300] = "";

    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        size_t at = strlen(allowed);

        (void)snprintf(allowed + at, sizeof(allowed) - at, "%s%s", k > 0 ? " " : "", rows[k].name);
    }
    return scn_fail(s, l->line, l->w[i].col, "'%.60s' is no state; allowed: %s world primary",
                    l->w[i].text, allowed);
}

static int cluster_prefix(const struct hag_scenario *s, const char **w, uint16_t *cluster)
{
    const char *slash = strchr(*w, '/');
    char name[HAG_NAME_MAX];
    uint32_t c;

    if (slash == NULL || (size_t)(slash - *w) >= sizeof(name))
        return 0;
    memcpy(name, *w, (size_t)(slash - *w));
    name[slash - *w] = '\0';
    c = scn_find_cluster(s, name);
    if (c == SCN_NONE)
        return 0;
    *cluster = (uint16_t)c;
    *w = slash + 1;
    return 1;
}

static int subject(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                   const struct row *r, struct scn_state *st)
{
    const char *w = *i < end ? l->w[*i].text : "";
    uint32_t found;
    char nodes[300];

    switch (r->of) {
    case OF_NODE:
        found = scn_find_node(s, w);
        scn_list_nodes(s, nodes, sizeof(nodes));
        if (found == SCN_NONE)
            return scn_fail(s, l->line, *i < end ? l->w[*i].col : l->w[*i - 1].col,
                            "%s needs a node; allowed: %s", r->name, nodes);
        st->node = (uint16_t)found;
        st->cluster = s->nodes[found].cluster;
        ++*i;
        return 1;
    case OF_ENDPOINT:
        (void)cluster_prefix(s, &w, &st->cluster);
        if (strcmp(w, "primary") != 0 && strcmp(w, "replica") != 0)
            return scn_fail(s, l->line, *i < end ? l->w[*i].col : l->w[*i - 1].col,
                            "'%.60s' is no endpoint; allowed: primary replica", w);
        st->endpoint = *w == 'r';
        ++*i;
        return 1;
    case OF_GUARD:
        found = scn_find_guard(s, w);
        if (found != SCN_NONE) {
            st->node = (uint16_t)found;
            ++*i;
        }
        return 1;
    default:
        found = scn_find_cluster(s, w);
        if (found != SCN_NONE) {
            st->cluster = (uint16_t)found;
            ++*i;
        }
        return 1;
    }
}

static int word_value(struct hag_scenario *s, const struct scn_line *l, uint32_t i,
                      const struct row *r, struct scn_state *st)
{
    char allowed[200] = "";

    for (int64_t k = 0; r->words[k] != NULL; k++) {
        size_t at = strlen(allowed);

        if (strcmp(r->words[k], l->w[i].text) == 0) {
            st->n = k;
            return 1;
        }
        (void)snprintf(allowed + at, sizeof(allowed) - at, "%s%s", k > 0 ? " " : "", r->words[k]);
    }
    return scn_fail(s, l->line, l->w[i].col, "'%.60s' is no value of %s; allowed: %s", l->w[i].text,
                    r->name, allowed);
}

static int node_list(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                     struct scn_state *st)
{
    for (; *i < end; ++*i) {
        char copy[400], *w = copy, *comma;

        if (strcmp(l->w[*i].text, "none") == 0)
            continue;
        (void)snprintf(copy, sizeof(copy), "%s", l->w[*i].text);
        do {
            uint32_t n;

            comma = strchr(w, ',');
            if (comma != NULL)
                *comma = '\0';
            n = scn_find_node(s, w);
            /* a bare name is one of the cluster in question, if it has one */
            if (st->cluster != SCN_NONE && strchr(w, '/') == NULL) {
                char full[2 * HAG_NAME_MAX];

                (void)snprintf(full, sizeof(full), "%s/%.63s", s->clusters[st->cluster].name, w);
                n = scn_find_node(s, full) != SCN_NONE ? scn_find_node(s, full) : n;
            }
            if (*w != '\0' && n == SCN_NONE) {
                char nodes[300];

                scn_list_nodes(s, nodes, sizeof(nodes));
                return scn_fail(s, l->line, l->w[*i].col, "'%.60s' is no node; allowed: %s none", w,
                                nodes);
            }
            if (*w != '\0') {
                uint32_t place = scn_place_in_cluster(s, n);

                st->list |= 1ull << place;
                st->nlist++;
                if (st->cluster == SCN_NONE)
                    st->cluster = s->nodes[n].cluster;
            }
            if (comma != NULL)
                w = comma + 1;
        } while (comma != NULL);
    }
    return 1;
}

static int value(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                 const struct row *r, struct scn_state *st)
{
    int64_t ignored;
    uint32_t col = l->w[*i - 1].col;

    if (*i >= end)
        return scn_fail(s, l->line, col, "the value is missing after '%s'", l->w[*i - 1].text);
    if (st->op >= SCN_OP_LE && r->as != AS_NUMBER && r->as != AS_TIME)
        return scn_fail(s, l->line, col, "%s can only be compared by = and !=", r->name);
    col = l->w[*i].col;
    switch (r->as) {
    case AS_NODES:
        return node_list(s, l, i, end, st);
    case AS_WORD:
    case AS_YES:
        if (!word_value(s, l, *i, r, st))
            return 0;
        break;
    case AS_NUMBER:
        if (!scn_number(l->w[*i].text, SCN_T_INT, &st->n, &ignored))
            return scn_fail(s, l->line, col, "'%.60s' is no whole number", l->w[*i].text);
        break;
    case AS_TIME:
        if (!scn_number(l->w[*i].text, SCN_T_DURATION, &st->n, &ignored))
            return scn_fail(s, l->line, col, "'%.60s' is no duration; write 62s or 500ms",
                            l->w[*i].text);
        break;
    default:
        st->n = 0;
        st->name = l->w[*i].text;
        break;
    }
    ++*i;
    return 1;
}

static int later(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
                 const char *what, struct scn_state *st)
{
    scn_lacks(s, l->line, l->w[*i].col, what);
    st->what = SCN_S_REPORT;
    while (*i < end && strcmp(l->w[*i].text, "at") != 0)
        ++*i;
    return 1;
}

int scn_state(struct hag_scenario *s, const struct scn_line *l, uint32_t *i, uint32_t end,
              struct scn_state *st)
{
    const char *w = *i < end ? l->w[*i].text : "";
    int world = strcmp(w, "world") == 0, op;
    const struct row *r;

    memset(st, 0, sizeof(*st));
    st->cluster = st->node = SCN_NONE;
    if (*i >= end)
        return scn_fail(s, l->line, l->w[l->n - 1].col, "a state is missing here");
    if (strcmp(w, "report") == 0)
        return later(s, l, i, end, "report figures of a failover", st);
    if (strcmp(w, "slot") == 0)
        return later(s, l, i, end, "keep replication slots", st);
    if (world && ++*i < end)
        w = l->w[*i].text;
    (void)cluster_prefix(s, &w, &st->cluster);
    r = find(w, strlen(w));
    if (world && strcmp(w, "primary") == 0)
        r = &world_primary;
    if (r == NULL || (world && !r->world))
        return unknown_state(s, l, *i < end ? *i : end - 1);
    st->what = r->what;
    ++*i;
    if (!subject(s, l, i, end, r, st))
        return 0;
    op = *i < end ? scn_operator(l->w[*i].text) : -1;
    if (op < 0)
        return scn_fail(s, l->line, *i < end ? l->w[*i].col : l->w[*i - 1].col,
                        "%s needs an operator and a value; allowed: = != <= >=", r->name);
    st->op = (uint8_t)op;
    ++*i;
    if (r->what == SCN_S_DOWNTIME || r->what == SCN_S_TOTAL_DOWNTIME ||
        r->what == SCN_S_LOST_WRITES || r->what == SCN_S_TWO_WRITERS || r->what == SCN_S_WRITABLE) {
        int any = 0;

        for (uint32_t c = 0; c < s->nclusters; c++)
            any |= s->clusters[c].clients && (st->cluster == SCN_NONE || st->cluster == c);
        if (!any)
            return scn_fail(s, l->line, l->w[*i - 1].col,
                            "%s needs writers; add \"clients 100/s\" to the cluster", r->name);
    }
    return value(s, l, i, end, r, st);
}
