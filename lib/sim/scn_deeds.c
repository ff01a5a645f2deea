/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/scn.h"

/* What happens: faults and the operator's hand. A row with `lacks` is read and checked like any other,
 * and refused when the scenario is to be played. */

#define FOR SCN_F_FOR
#define OP  SCN_F_OPERATOR

const struct scn_form scn_deed_forms[] = {
    {"crash", "node", NULL, SCN_D_CRASH, FOR, NULL},
    {"lose", "node", NULL, SCN_D_LOSE, 0, NULL},
    {"freeze", "node", NULL, SCN_D_FREEZE, FOR, NULL},
    {"freeze-host", "node", NULL, SCN_D_FREEZE_HOST, FOR, NULL},
    {"thaw", "node", NULL, SCN_D_THAW, 0, NULL},
    {"start", "node", "empty", SCN_D_START, 0, NULL},
    {"restart", "node", "empty loading=dur", SCN_D_RESTART, FOR, NULL},
    {"isolate", "place", NULL, SCN_D_ISOLATE, FOR, NULL},
    {"cut", "place place", "oneway", SCN_D_CUT, FOR, NULL},
    {"heal", "'all", NULL, SCN_D_HEAL_ALL, 0, NULL},
    {"heal", "place place", NULL, SCN_D_HEAL, 0, NULL},
    {"heal", "place", NULL, SCN_D_HEAL_NODE, 0, NULL},
    {"loss", "place place pct", NULL, SCN_D_LOSS, FOR, NULL},
    {"delay", "place place dur", NULL, SCN_D_DELAY, FOR, NULL},
    {"lag", "node lag", NULL, SCN_D_LAG, FOR, NULL},
    {"diverge", "node", "by=dur", SCN_D_DIVERGE, 0, NULL},
    {"load", "node", "cpu=pct mem=pct", SCN_D_LOAD, FOR, "watch CPU and memory"},
    {"slow", "node", "answers=ratio", SCN_D_SLOW, FOR, NULL},
    {"deny", "node", NULL, SCN_D_DENY, FOR, NULL},
    {"allow", "action target", NULL, SCN_D_ALLOW_ACTION, 0, NULL},
    {"allow", "node", NULL, SCN_D_ALLOW, 0, NULL},
    {"loading", "node", NULL, SCN_D_LOADING, FOR, NULL},
    {"readonly", "node", NULL, SCN_D_READONLY, FOR, NULL},
    {"deadlock", "node", NULL, SCN_D_DEADLOCK, FOR, NULL},
    {"role", "node primary|standby", NULL, SCN_D_ROLE, 0, NULL},
    {"follow", "node node", NULL, SCN_D_FOLLOW, 0, NULL},
    {"readdress", "node", NULL, SCN_D_READDRESS, 0, NULL},
    {"reuse", "node node", NULL, SCN_D_REUSE, FOR, NULL},
    {"clock", "'guard off", NULL, SCN_D_CLOCK_GUARD, 0, NULL},
    {"clock", "'guard guard off", NULL, SCN_D_CLOCK_GUARD, 0, NULL},
    {"clock", "node off", NULL, SCN_D_CLOCK, FOR, NULL},
    {"agent", "node on|off", NULL, SCN_D_AGENT, FOR, NULL},
    {"maintenance", "node", NULL, SCN_D_MAINTENANCE, FOR, NULL},
    {"refuse", "action target?", "times=int reason=why", SCN_D_REFUSE, FOR, NULL},
    {"hang", "action target?", "times=int", SCN_D_HANG, FOR, NULL},
    {"late", "action target? dur", "times=int", SCN_D_LATE, FOR, NULL},
    {"mute", "action target?", "times=int", SCN_D_MUTE, FOR, NULL},
    {"dns", "'fail", NULL, SCN_D_DNS_FAIL, FOR, NULL},
    {"dns", "'stale ns1|ns2", NULL, SCN_D_DNS_STALE, FOR, NULL},
    {"pause", "'guard guard?", NULL, SCN_D_PAUSE_GUARD, FOR, NULL},
    {"pause", "cluster", NULL, SCN_D_PAUSE, FOR | OP, NULL},
    {"kill", "'guard guard?", NULL, SCN_D_KILL_GUARD, FOR, NULL},
    {"store", "'down", NULL, SCN_D_STORE_DOWN, FOR, "share work between guards through a store"},
    {"disk-full", "'guard guard?", NULL, SCN_D_DISK_FULL, FOR, NULL},
    {"archive", "node 'broken", NULL, SCN_D_ARCHIVE, FOR, "take and restore backups"},
    {"backup", "'broken", NULL, SCN_D_BACKUP_BROKEN, FOR, "take and restore backups"},
    {"believe", "guard cluster node", NULL, SCN_D_BELIEVE, 0, "run several guards"},
    {"major-upgrade", "cluster", NULL, SCN_D_MAJOR, OP, "upgrade to another major version"},
    {"switchover", "cluster", "to=node dry-run maintenance", SCN_D_SWITCHOVER, OP, NULL},
    {"failover", "cluster", "to=node data-loss dry-run", SCN_D_FAILOVER, OP, NULL},
    {"plan", "cluster startup|hobbyist|business|premium|custom", NULL, SCN_D_PLAN, OP,
     "change a plan"},
    {"resume", "cluster", NULL, SCN_D_RESUME, OP, NULL},
    {"confirm", "cluster", "node=node", SCN_D_CONFIRM, OP, NULL},
    {"add", "name", "cluster=cluster zone=name read-replica no-promote priority=int host=name",
     SCN_D_ADD, OP, NULL},
    {"forget", "node", NULL, SCN_D_FORGET, OP, NULL},
    {"replace", "node", NULL, SCN_D_REPLACE, OP, "replace a node"},
    {"slot", "node name logical|physical", "db=name", SCN_D_SLOT, OP, "keep replication slots"},
    {"policy", "cluster settings", NULL, SCN_D_POLICY, OP, NULL},
};
const uint32_t scn_ndeed_forms = sizeof(scn_deed_forms) / sizeof(scn_deed_forms[0]);

/* Nodes that exist only later have to be known before any other statement is read. */
int scn_deed_names(struct hag_scenario *s, const struct scn_line *l)
{
    uint32_t at = l->w[0].text[0] == 'w' ? 4 : 3; /* behind "when PROCEDURE STEP add" */
    const char *w = l->n > at ? l->w[at].text : "";
    struct scn_node *n;
    uint32_t c = 0;

    if (l->n <= at || strcmp(l->w[at - 1].text, "add") != 0)
        return 1;
    for (uint32_t i = at + 1; i < l->n; i++) {
        if (strncmp(l->w[i].text, "cluster=", 8) == 0)
            c = scn_find_cluster(s, l->w[i].text + 8);
    }
    if (c == SCN_NONE || !scn_name_ok(w, strlen(w)))
        return 1; /* said when the line is read */
    if (scn_find_node(s, w) != SCN_NONE)
        return scn_fail(s, l->line, l->w[at].col, "there is a node %s already", w);
    s->nodes = scn_more(s, s->nodes, s->nnodes, &s->cap_nodes, sizeof(*n));
    n = &s->nodes[s->nnodes++];
    memset(n, 0, sizeof(*n));
    n->name = w;
    n->cluster = (uint16_t)c;
    n->later = 1;
    n->line = l->line;
    n->col = l->w[at].col;
    n->first_upstream = SCN_NONE;
    return 1;
}

static int wants_guard_alone(const struct scn_stmt *t)
{
    return t->form->id == SCN_D_PAUSE_GUARD || t->form->id == SCN_D_KILL_GUARD ||
           t->form->id == SCN_D_DISK_FULL;
}

static int check(struct hag_scenario *s, struct scn_stmt *t)
{
    uint16_t id = t->form->id;

    if (id >= SCN_D_REFUSE && id <= SCN_D_MUTE) {
        if (t->v[0].n == 0)
            scn_lacks(s, t->line, t->v[0].col, "do this action");
        if (t->v[0].n >= HAG_DO_CANCEL)
            return scn_fail(s, t->line, t->v[0].col, "%s asks for no answer; nothing can go wrong",
                            t->v[0].text);
        if (t->opt[0].type != SCN_T_NONE && (t->opt[0].n < 1 || t->opt[0].n > 1000000))
            return scn_fail(s, t->line, t->opt[0].col, "times is 1 to 1000000");
    }
    if ((id == SCN_D_LOADING && t->dur == 0))
        return scn_fail(s, t->line, t->col, "loading needs \"for DURATION\"");
    if (id == SCN_D_RESTART && t->dur == 0)
        t->dur = s->world.restart;
    if (wants_guard_alone(t) && t->v[0].type == SCN_T_NONE) {
        t->v[0].type = SCN_T_GUARD;
        t->v[0].n = 0;
    }
    if (id == SCN_D_CLOCK_GUARD && t->v[1].type == SCN_T_NONE) {
        t->v[1] = t->v[0];
        t->v[0].n = 0;
    }
    if (id == SCN_D_FOLLOW && t->v[0].n == t->v[1].n)
        return scn_fail(s, t->line, t->v[1].col, "a node cannot follow itself");
    if (id == SCN_D_FOLLOW && s->nodes[t->v[0].n].cluster != s->nodes[t->v[1].n].cluster)
        return scn_fail(s, t->line, t->v[1].col, "%s belongs to another cluster", t->v[1].text);
    if (id == SCN_D_REUSE && s->nodes[t->v[0].n].cluster == s->nodes[t->v[1].n].cluster)
        return scn_fail(s, t->line, t->v[1].col, "%s belongs to the same cluster", t->v[1].text);
    if ((id == SCN_D_SWITCHOVER || id == SCN_D_FAILOVER) && t->opt[0].type != SCN_T_NONE &&
        s->nodes[t->opt[0].n].cluster != t->v[0].n)
        return scn_fail(s, t->line, t->opt[0].col, "%s is no node of %s", t->opt[0].text,
                        t->v[0].text);
    if (id == SCN_D_SWITCHOVER && t->opt[2].type != SCN_T_NONE)
        scn_lacks(s, t->line, t->opt[2].col, "renew all nodes in a switchover");
    if (id == SCN_D_DIVERGE && t->opt[0].type == SCN_T_NONE)
        return scn_fail(s, t->line, t->col, "diverge needs by=DURATION");
    if (id == SCN_D_SLOW && t->opt[0].type == SCN_T_NONE)
        return scn_fail(s, t->line, t->col, "slow needs answers=N/M");
    if (id == SCN_D_HEAL_NODE && t->v[0].m != SCN_P_NODE && t->v[0].m != SCN_P_GUARD &&
        t->v[0].m != SCN_P_ZONE && t->v[0].m != SCN_P_OBSERVER)
        return scn_fail(s, t->line, t->v[0].col, "heal needs two places, or a node, or all");
    if (t->form->lacks != NULL)
        scn_lacks(s, t->line, t->col, t->form->lacks);
    return 1;
}

static void keep(struct hag_scenario *s, const struct scn_stmt *t)
{
    uint32_t i;

    s->deeds = scn_more(s, s->deeds, s->ndeeds, &s->cap_deeds, sizeof(*t));
    /* in the order of time, then of the file */
    for (i = s->ndeeds; i > 0 && s->deeds[i - 1].at > t->at; i--)
        s->deeds[i] = s->deeds[i - 1];
    s->deeds[i] = *t;
    s->ndeeds++;
}

/* Procedures that have steps, or the steps of one. */
static void list_steps(uint32_t procedure, char *buf, size_t len)
{
    buf[0] = '\0';
    for (uint32_t i = 0;; i++) {
        const char *w =
            procedure != 0 ? hag_step_name(procedure, i) : hag_name(HAG_NAMES_PROCEDURE, i);
        size_t at = strlen(buf);

        if (w == NULL)
            return;
        if (procedure != 0 || hag_step_name(i, 0) != NULL)
            (void)snprintf(buf + at, len - at, "%s%s", at > 0 ? " " : "", w);
    }
}

/* when PROCEDURE STEP FAULT...: once, at the first sight of the step. */
static int when_line(struct hag_scenario *s, const struct scn_line *l)
{
    struct scn_stmt t;
    char allowed[500];
    const char *w = l->n > 1 ? l->w[1].text : "", *name;
    const struct scn_word *last = &l->w[l->n - 1];
    uint32_t end = last->col + (uint32_t)strlen(last->text);
    uint32_t procedure = scn_find_name(HAG_NAMES_PROCEDURE, HAG_PROC_SAFEGUARD + 1, w);
    uint32_t step = 0, cluster = 0;

    if (hag_step_name(procedure, 0) == NULL) {
        list_steps(0, allowed, sizeof(allowed));
        return scn_fail(s, l->line, l->n > 1 ? l->w[1].col : end,
                        "'%.60s' is no procedure; allowed: %s", w, allowed);
    }
    w = l->n > 2 ? l->w[2].text : "";
    while ((name = hag_step_name(procedure, step)) != NULL && strcmp(name, w) != 0)
        step++;
    if (name == NULL) {
        list_steps(procedure, allowed, sizeof(allowed));
        return scn_fail(s, l->line, l->n > 2 ? l->w[2].col : end,
                        "'%.60s' is no step of a %s; allowed: %s", w, l->w[1].text, allowed);
    }
    if (!scn_match(s, l, 3, scn_deed_forms, scn_ndeed_forms, "fault or order", &t) || !check(s, &t))
        return 0;
    for (uint32_t c = 0; c < s->nclusters; c++) /* the one above, as with "node" */
        cluster = s->clusters[c].line < l->line ? c : cluster;
    t.at = SCN_NO_TIME;
    t.cluster = (uint16_t)cluster;
    t.procedure = (uint8_t)procedure;
    t.step = (uint8_t)step;
    keep(s, &t);
    s->nwhens++;
    return 1;
}

int scn_deed_line(struct hag_scenario *s, const struct scn_line *l)
{
    struct scn_stmt t;
    int64_t at, ignored;

    if (strcmp(l->w[0].text, "when") == 0)
        return when_line(s, l);
    if (l->n < 2 || !scn_number(l->w[1].text, SCN_T_DURATION, &at, &ignored))
        return scn_fail(s, l->line, l->n < 2 ? l->w[0].col + 2 : l->w[1].col,
                        "'%s' is no time; write it as in \"at 100s crash pg1\"",
                        l->n < 2 ? "" : l->w[1].text);
    if (!scn_match(s, l, 2, scn_deed_forms, scn_ndeed_forms, "fault or order", &t) || !check(s, &t))
        return 0;
    t.at = (uint64_t)at;
    keep(s, &t);
    return 1;
}
