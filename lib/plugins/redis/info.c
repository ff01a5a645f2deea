/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "addr.h"
#include "info.h"

struct span {
    const char *s;
    size_t n;
};

static int is(struct span v, const char *word)
{
    return v.n == strlen(word) && memcmp(v.s, word, v.n) == 0;
}

static int integer(struct span v, int64_t *out)
{
    uint64_t u;
    int minus = v.n && v.s[0] == '-';

    if (hag__redis_number(v.s + minus, v.n - (size_t)minus, INT64_MAX, &u))
        return -1;
    *out = minus ? -(int64_t)u : (int64_t)u;
    return 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int id(struct span v, uint8_t out[HAG_ID_SIZE])
{
    uint8_t bin[HAG_ID_SIZE];

    if (v.n != 2 * HAG_ID_SIZE)
        return -1;
    for (size_t i = 0; i < HAG_ID_SIZE; i++) {
        int hi = nibble(v.s[2 * i]), lo = nibble(v.s[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return -1;
        bin[i] = (uint8_t)(hi << 4 | lo);
    }
    memcpy(out, bin, sizeof(bin));
    return 0;
}

static int word(struct span v, char *out, size_t room)
{
    if (v.n == 0 || v.n >= room)
        return -1;
    for (size_t i = 0; i < v.n; i++)
        if (v.s[i] <= ' ' || v.s[i] > '~')
            return -1;
    memcpy(out, v.s, v.n);
    out[v.n] = '\0';
    return 0;
}

static int role(struct span v, uint32_t *out)
{
    if (is(v, "master"))
        *out = HAG_ROLE_PRIMARY;
    else if (is(v, "slave") || is(v, "replica")) /* Dragonfly: replica in older builds */
        *out = HAG_ROLE_STANDBY;
    else
        return -1;
    return 0;
}

enum { INTEGER, ID, WORD, ROLE, LINK, FLAVOUR };

struct field {
    const char *name;
    uint32_t seen;
    uint32_t kind;
    size_t at;
    uint32_t arg; /* WORD: room; FLAVOUR: which */
};

#define AT(m) offsetof(struct hag__redis_info, m)

static const struct field fields[] = {
    {"role", HAG__INFO_ROLE, ROLE, AT(role), 0},
    {"master_host", HAG__INFO_MASTER_HOST, WORD, AT(master_host), HAG_ADDR_MAX},
    {"master_port", HAG__INFO_MASTER_PORT, INTEGER, AT(master_port), 0},
    {"master_link_status", HAG__INFO_LINK, LINK, AT(link_up), 0},
    {"master_last_io_seconds_ago", HAG__INFO_LAST_IO, INTEGER, AT(last_io), 0},
    {"master_link_down_since_seconds", HAG__INFO_DOWN_SINCE, INTEGER, AT(down_since), 0},
    {"master_sync_in_progress", HAG__INFO_SYNCING, INTEGER, AT(syncing), 0},
    {"slave_repl_offset", HAG__INFO_SLAVE_OFFSET, INTEGER, AT(slave_offset), 0},
    {"master_repl_offset", HAG__INFO_MASTER_OFFSET, INTEGER, AT(master_offset), 0},
    {"master_replid", HAG__INFO_REPLID, ID, AT(replid), 0},
    {"master_replid2", HAG__INFO_REPLID2, ID, AT(replid2), 0},
    {"second_repl_offset", HAG__INFO_SECOND_OFFSET, INTEGER, AT(second_offset), 0},
    {"slave_priority", HAG__INFO_PRIORITY, INTEGER, AT(priority), 0},
    {"replica_priority", HAG__INFO_PRIORITY, INTEGER, AT(priority), 0},
    {"run_id", HAG__INFO_RUN_ID, ID, AT(run_id), 0},
    {"process_id", HAG__INFO_PID, INTEGER, AT(pid), 0},
    {"uptime_in_seconds", HAG__INFO_UPTIME, INTEGER, AT(uptime), 0},
    {"redis_version", HAG__INFO_VERSION, WORD, AT(version), 24},
    {"valkey_version", 0, FLAVOUR, AT(flavour), HAG__REDIS_VALKEY},
    {"dragonfly_version", 0, FLAVOUR, AT(flavour), HAG__REDIS_DRAGONFLY},
};

static void known(struct hag__redis_info *i, const struct field *f, struct span v)
{
    void *at = (char *)i + f->at;
    int err = 0;

    switch (f->kind) {
    case INTEGER:
        err = integer(v, at);
        break;
    case ID:
        err = id(v, at);
        break;
    case WORD:
        err = word(v, at, f->arg);
        break;
    case ROLE:
        err = role(v, at);
        break;
    case LINK:
        *(uint32_t *)at = is(v, "up") ? 1 : 0;
        break;
    default:
        *(uint32_t *)at = f->arg;
        break;
    }
    if (!err)
        i->seen |= f->seen;
}

static int member(struct span list, const char *name, struct span *out)
{
    size_t n = strlen(name);

    while (list.n) {
        const char *comma = memchr(list.s, ',', list.n);
        size_t len = comma ? (size_t)(comma - list.s) : list.n;
        if (len > n && memcmp(list.s, name, n) == 0 && list.s[n] == '=') {
            out->s = list.s + n + 1;
            out->n = len - n - 1;
            return 0;
        }
        len += comma ? 1 : 0;
        list.s += len;
        list.n -= len;
    }
    return -1;
}

/* slave0:ip=192.0.2.7,port=6379,state=online,offset=50,lag=0 - lag is in seconds on Redis, in
 * journal records on Dragonfly (which has no offset and says online only in stable sync). */
static void slave(struct hag__redis_info *i, struct span v)
{
    struct hag__redis_streams *st = i->streams;
    struct span ip, port, state, lag, offset;
    int64_t nport, nlag;
    char host[HAG_ADDR_MAX];

    if (!st || st->n == HAG_NODES_MAX)
        return;
    if (member(v, "ip", &ip) || member(v, "port", &port) || member(v, "state", &state) ||
        member(v, "lag", &lag))
        return;
    if (word(ip, host, sizeof(host)) || integer(port, &nport) || integer(lag, &nlag))
        return;
    if (nport < 1 || nport > 65535 || nlag < 0 ||
        (!is(state, "online") && !is(state, "stable_sync")))
        return;
    if (nlag > 2 && member(v, "offset", &offset) == 0)
        return;
    if (hag__redis_addr_format(host, (uint32_t)nport, st->addr[st->n]) == 0) {
        st->ptr[st->n] = st->addr[st->n];
        st->n++;
    }
}

static void line(struct hag__redis_info *i, struct span l)
{
    if (is(l, "# Keyspace"))
        i->seen |= HAG__INFO_KEYSPACE;
    const char *colon = memchr(l.s, ':', l.n);
    if (!colon || colon == l.s || l.s[0] == '#')
        return;
    struct span name = {l.s, (size_t)(colon - l.s)};
    struct span value = {colon + 1, l.n - name.n - 1};
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
        if (is(name, fields[f].name)) {
            known(i, &fields[f], value);
            return;
        }
    }
    int64_t no;
    struct span digits = {name.s + 5, name.n > 5 ? name.n - 5 : 0};
    if (name.n > 5 && memcmp(name.s, "slave", 5) == 0 && integer(digits, &no) == 0)
        slave(i, value);
    struct span db = {name.s + 2, name.n > 2 ? name.n - 2 : 0};
    if (name.n > 2 && memcmp(name.s, "db", 2) == 0 && integer(db, &no) == 0 &&
        (value.n < 7 || memcmp(value.s, "keys=0,", 7) != 0))
        i->seen |= HAG__INFO_KEYS;
}

void hag__redis_info_parse(struct hag__redis_info *i, const char *text, size_t len)
{
    while (len) {
        const char *nl = memchr(text, '\n', len);
        size_t n = nl ? (size_t)(nl - text) : len;
        struct span l = {text, n && text[n - 1] == '\r' ? n - 1 : n};
        /* A last line without its end may be cut in a number: it is not believed. */
        if (nl)
            line(i, l);
        n += nl ? 1 : 0;
        text += n;
        len -= n;
    }
}
