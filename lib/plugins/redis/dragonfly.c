/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dragonfly.h"

/* An uptime in whole seconds and the way of the answer move the start that follows from it. */
#define START_SLACK 2500

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static void derive(uint8_t id[HAG_ID_SIZE], int64_t pid, int64_t started)
{
    uint64_t h = mix(mix(UINT64_C(0x68616775617264), (uint64_t)pid), (uint64_t)started);

    for (size_t i = 0; i < HAG_ID_SIZE; i++) {
        if (i % 8 == 0)
            h = mix(h, i + 1);
        id[i] = (uint8_t)(h >> (8 * (i % 8)));
    }
}

static int same_process(const struct hag__redis_memory *m, const struct hag__redis_info *i,
                        int64_t pid, int64_t started)
{
    int64_t off = m->started - started;

    if (!m->known || m->pid != pid || off > START_SLACK || off < -START_SLACK)
        return 0;
    return i->role != HAG_ROLE_PRIMARY || !m->own_known ||
           memcmp(m->own, i->replid, HAG_ID_SIZE) == 0;
}

/* There is no run_id. A primary shows the replid of its process; a standby shows its primary's, so
 * its identity is made from process id and start. Whichever came first stays for the whole life of
 * the process: a promotion is no restart. */
static void identify(struct hag__redis_memory *m, const struct hag__redis_info *i, int64_t pid,
                     int64_t started)
{
    if (!same_process(m, i, pid, started)) {
        memset(m, 0, sizeof(*m));
        m->known = 1;
        m->pid = pid;
        m->started = started;
        if (i->role == HAG_ROLE_PRIMARY)
            memcpy(m->identity, i->replid, HAG_ID_SIZE);
        else
            derive(m->identity, pid, started);
    }
    if (i->role == HAG_ROLE_PRIMARY) {
        m->own_known = 1;
        memcpy(m->own, i->replid, HAG_ID_SIZE);
    }
}

void hag__redis_dragonfly_facts(struct hag__redis_memory *m, const struct hag__redis_info *i,
                                int64_t pid, int64_t uptime, hag_time uptime_at,
                                struct hag_facts *f)
{
    static const uint8_t none[HAG_ID_SIZE];

    if (!(i->seen & HAG__INFO_REPLID))
        return;
    identify(m, i, pid, (int64_t)uptime_at - uptime * 1000);
    memcpy(f->identity, m->identity, HAG_ID_SIZE);
    if (i->role == HAG_ROLE_STANDBY) {
        if (f->flags & HAG_FACT_POSITION) {
            memcpy(m->origin, i->replid, HAG_ID_SIZE);
            m->position = f->position;
        }
        return;
    }
    /* A promoted node shows a lineage of its own and not what it came from, as Redis does in
     * replid2. We saw it as a standby: the position is at least this. */
    if (memcmp(m->origin, none, HAG_ID_SIZE) != 0 && f->nlineage == 1) {
        memcpy(f->lineage[1], m->origin, HAG_ID_SIZE);
        f->fork[1] = m->position;
        f->nlineage = 2;
    }
}

static int word_at(const char *line, const char *end, const char *name, const char **value,
                   size_t *n)
{
    size_t len = strlen(name);

    for (const char *s = line; s < end;) {
        const char *space = memchr(s, ' ', (size_t)(end - s));
        const char *stop = space ? space : end;
        if ((size_t)(stop - s) > len && memcmp(s, name, len) == 0 && s[len] == '=') {
            *value = s + len + 1;
            *n = (size_t)(stop - s) - len - 1;
            return 0;
        }
        s = space ? space + 1 : end;
    }
    return -1;
}

const char *hag__redis_client_next(const char *list, const char *own, char addr[HAG_ADDR_MAX])
{
    while (*list) {
        const char *end = strchr(list, '\n');
        const char *stop = end ? end : list + strlen(list);
        const char *a, *name;
        size_t na, nname;
        int found = word_at(list, stop, "addr", &a, &na) == 0 && na > 0 && na < HAG_ADDR_MAX;
        if (found && word_at(list, stop, "name", &name, &nname) == 0 && nname >= 5 &&
            memcmp(name, "repl_", 5) == 0)
            found = 0;
        list = end ? end + 1 : stop;
        if (!found || (strlen(own) == na && memcmp(own, a, na) == 0))
            continue;
        memcpy(addr, a, na);
        addr[na] = '\0';
        return list;
    }
    return NULL;
}

uint32_t hag__redis_takeover_seconds(uint64_t ms)
{
    return ms > 12000 ? (uint32_t)((ms - 11000) / 1000) : 1;
}
