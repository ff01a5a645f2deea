/* SPDX-License-Identifier: MIT */
#include "engine/settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define TIB    ((int64_t)1 << 40)

/* Where the words "none" and "off" stand for a value. */
#define NO_WORD INT64_MIN

struct row {
    struct hag_setting s;
    int64_t none;
};

#define TIME(KEY, NAME, DEF, MIN, MAX, TEXT)                                                       \
    {                                                                                              \
        {sizeof(struct hag_setting), KEY, DEF, MIN, MAX, NAME, "ms", NULL, TEXT}, NO_WORD          \
    }
#define COUNTER(KEY, NAME, DEF, MIN, MAX, TEXT)                                                    \
    {                                                                                              \
        {sizeof(struct hag_setting), KEY, DEF, MIN, MAX, NAME, "count", NULL, TEXT}, NO_WORD       \
    }
#define WORD(KEY, NAME, DEF, MAX, WORDS, TEXT)                                                     \
    {                                                                                              \
        {sizeof(struct hag_setting), KEY, DEF, 0, MAX, NAME, "word", WORDS, TEXT}, NO_WORD         \
    }

static const struct row rows[] = {
    TIME(HAG_P_PROBE_EVERY, "probe_every", SECOND, 10, HOUR, "how often each node is probed"),
    TIME(HAG_P_PROBE_TIMEOUT, "probe_timeout", SECOND, 10, 10 * MINUTE,
         "how long an answer to a probe may take"),
    COUNTER(HAG_P_FALL, "fall", 3, 1, 100, "failed probes in a row that make a node suspect"),
    COUNTER(HAG_P_RISE, "rise", 2, 1, 100, "good answers in a row that clear a suspicion"),
    TIME(HAG_P_DOWN_AFTER, "down_after", 60 * SECOND, 100, 7 * DAY,
         "how long a primary may be silent or refusing before it is down"),
    TIME(HAG_P_DOWN_AFTER_REPLICA, "down_after_replica", 60 * SECOND, 100, 7 * DAY,
         "the same for every other node"),
    TIME(HAG_P_GONE_AFTER, "gone_after", 60 * SECOND, 0, 7 * DAY,
         "how long after its process is proven dead a node is down"),
    TIME(HAG_P_FROZEN_AFTER, "frozen_after", 60 * SECOND, 100, 7 * DAY,
         "how long a node may accept connections without answering before it is down"),
    TIME(HAG_P_SERVE_AFTER, "serve_after", 300 * SECOND, 100, 7 * DAY,
         "how long a node may be alive without serving (loading, syncing) before it is down"),
    TIME(HAG_P_FRESH, "fresh", 5 * SECOND, 10, 10 * MINUTE,
         "how old a sighting by others may be and still keep a node from being down"),
    TIME(HAG_P_VETO_LIMIT, "veto_limit", 300 * SECOND, SECOND, DAY,
         "how long after the grace sightings by others may go on before there is an alarm"),
    COUNTER(HAG_P_CONFIRM, "confirm", 2, 1, HAG_SOURCES_MAX,
            "others that must agree where the guard itself cannot tell that a process is dead"),
    WORD(HAG_P_ALONE, "alone", HAG_ALONE_HOLD, HAG_ALONE_PROMOTE, "hold|promote",
         "what happens when only the guard misses a primary and nobody confirms it"),
    {{sizeof(struct hag_setting), HAG_P_DOUBT_MIN, 8, 0, 1000000, "doubt_min", "count", NULL,
      "so many nodes that vanish at once make the guard doubt itself; off: never"},
     0},
    {{sizeof(struct hag_setting), HAG_P_MAX_LAG, -1, -1, 7 * DAY, "max_lag", "ms", NULL,
      "how far behind in time a node may be and still be promoted"},
     -1},
    {{sizeof(struct hag_setting), HAG_P_POSITION_TOLERANCE, 0, 0, TIB, "position_tolerance",
      "bytes", NULL, "positions that differ by no more than this count as equal in an election"},
     0},
    WORD(HAG_P_FENCE, "fence", HAG_FENCE_POLICY_BEST_EFFORT, HAG_FENCE_POLICY_REQUIRED,
         "best-effort|required",
         "whether a promotion waits until writes on the old primary are impossible"),
    TIME(HAG_P_FENCE_WAIT, "fence_wait", SECOND, 10, 10 * MINUTE,
         "how long a best-effort fence is waited for"),
    TIME(HAG_P_PROMOTE_TIMEOUT, "promote_timeout", 60 * SECOND, 100, HOUR,
         "how long a promotion may take"),
    TIME(HAG_P_QUIESCE_MAX, "quiesce_max", 10 * SECOND, 100, 10 * MINUTE,
         "how long a switchover may keep the primary from taking writes"),
    TIME(HAG_P_HOLD_DOWN, "hold_down", 300 * SECOND, 0, 7 * DAY,
         "how long a demoted node is not chosen again while there is another"),
    COUNTER(HAG_P_MAX_SWITCHES, "max_switches", 4, 1, 16,
            "automatic changes of the primary of a cluster in an hour"),
    COUNTER(HAG_P_MAX_FAILOVERS, "max_failovers", 16, 1, 1000000,
            "failovers of this guard that run at once"),
    TIME(HAG_P_NAMES_WITHIN, "names_within", 60 * SECOND, 100, DAY,
         "how long a name may lag behind at a server before there is an alert"),
    COUNTER(HAG_P_REPOINT_PARALLEL, "repoint_parallel", 2, 1, HAG_NODES_MAX,
            "standbys that are pointed to a new primary at once"),
    TIME(HAG_P_TTL, "ttl", 5 * SECOND, 0, DAY, "how long resolvers may keep an answer for a name"),
    COUNTER(HAG_P_DEBT_FACTOR, "debt_factor", 4, 1, 1000,
            "the address of an old primary stays unused for ttl times this"),
    WORD(HAG_P_WITHDRAW_REPLICA, "withdraw_replica", HAG_OFF, HAG_ON, "off|on",
         "whether the last replica leaves the replica name when it is down"),
    WORD(HAG_P_DETACH_ON_BREAK, "detach_on_break", HAG_AUTO, HAG_AUTO, "off|on|auto",
         "whether standbys are cut off at once when their primary's process is gone; auto: where "
         "its data does not survive it"),
    WORD(HAG_P_VOLATILE, "volatile", HAG_VOLATILE_REFUSE, HAG_VOLATILE_ACCEPT, "refuse|accept",
         "whether a cluster is acted upon when nobody keeps its record"),
    {{sizeof(struct hag_setting), HAG_P_MAX_LAG_BYTES, -1, -1, 1024 * TIB, "max_lag_bytes", "bytes",
      NULL, "how far behind in data a node may be and still be promoted"},
     -1},
    TIME(HAG_P_COMMIT_TIMEOUT, "commit_timeout", 5 * SECOND, 10, 10 * MINUTE,
         "how long making a record durable may take"),
    TIME(HAG_P_STEP_TIMEOUT, "step_timeout", 5 * SECOND, 10, 10 * MINUTE,
         "how long any other step of a procedure may take"),
    TIME(HAG_P_RETRY_EVERY, "retry_every", SECOND, 10, 10 * MINUTE,
         "how long to wait before the first retry of a step"),
    WORD(
        HAG_P_REJOIN_UNKNOWN, "rejoin_unknown", HAG_OFF, HAG_ON, "off|on",
        "whether a former member that returns with data of no common history is made a replica and "
        "loses that data; redis forgets its history when it restarts from an AOF"),
    TIME(HAG_P_RETRY_MAX, "retry_max", 30 * SECOND, 10, HOUR,
         "how long waits between retries grow at most"),
};

static const struct row *find_row(uint32_t key)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].s.key == key)
            return &rows[i];
    return NULL;
}

const struct hag_setting *hag__setting(uint32_t key)
{
    const struct row *row = find_row(key);

    return row ? &row->s : NULL;
}

const struct hag_setting *hag__setting_at(uint32_t i)
{
    return i < COUNT(rows) ? &rows[i].s : NULL;
}

const struct hag_setting *hag__setting_named(const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].s.name, name) == 0)
            return &rows[i].s;
    return NULL;
}

int32_t hag_setting_get(uint32_t i, struct hag_setting *out)
{
    const struct hag_setting *s = hag__setting_at(i);
    uint32_t size;

    if (!out)
        return HAG_ERR_INVAL;
    size = out->size;
    if (size < sizeof(size))
        return HAG_ERR_ABI;
    if (!s)
        return HAG_ERR_NOT_FOUND;
    if (size > sizeof(*s)) {
        memset((char *)out + sizeof(*s), 0, size - sizeof(*s));
        memcpy(out, s, sizeof(*s));
    } else {
        memcpy(out, s, size);
    }
    out->size = size;
    return HAG_OK;
}

void hag__settings_default(struct hag__settings *s)
{
    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < COUNT(rows); i++)
        s->v[rows[i].s.key] = rows[i].s.def;
}

static int is_unit(const struct hag_setting *s, const char *unit)
{
    return strcmp(s->unit, unit) == 0;
}

/* The n-th of the words separated by |; its length goes to len, NULL past the end. */
static const char *nth_word(const char *words, int64_t n, size_t *len)
{
    while (n-- > 0) {
        words = strchr(words, '|');
        if (!words)
            return NULL;
        words++;
    }
    *len = strcspn(words, "|");
    return words;
}

static void add_value(struct hag__text *t, uint32_t key, int64_t value)
{
    const struct row *row = find_row(key);
    const char *word;
    size_t len;

    if (!row)
        hag__text_add(t, "?");
    else if (value == row->none && (value < 0 || is_unit(&row->s, "count")))
        hag__text_add(t, value < 0 ? "none" : "off");
    else if (is_unit(&row->s, "ms") && value >= 0)
        hag__text_duration(t, (uint64_t)value);
    else if (row->s.words && value >= 0 && (word = nth_word(row->s.words, value, &len)) != NULL)
        hag__text_add(t, "%.*s", (int)len, word);
    else
        hag__text_add(t, "%" PRId64, value);
}

void hag__settings_format(uint32_t key, int64_t value, char *buf, size_t len)
{
    struct hag__text t;

    hag__text_init(&t, buf, len);
    add_value(&t, key, value);
}

static int32_t no_such(struct hag__text *t, const char *name)
{
    hag__text_add(t, "there is no setting %s; hag_setting_get() lists them all", name);
    return HAG_ERR_NOT_FOUND;
}

int32_t hag__settings_set(struct hag__settings *s, uint32_t key, int64_t value, char *why,
                          size_t whylen)
{
    const struct hag_setting *row = hag__setting(key);
    struct hag__text t;
    char number[32];

    hag__text_init(&t, why, whylen);
    if (!row) {
        struct hag__text n;

        hag__text_init(&n, number, sizeof(number));
        hag__text_add(&n, "with key %" PRIu32, key);
        return no_such(&t, number);
    }
    if (value < row->min || value > row->max) {
        hag__text_add(&t, "%s cannot be ", row->name);
        if (row->words)
            hag__text_add(&t, "%" PRId64, value);
        else
            add_value(&t, key, value);
        hag__text_add(&t, "; it goes from ");
        add_value(&t, key, row->min);
        hag__text_add(&t, " to ");
        add_value(&t, key, row->max);
        return HAG_ERR_RANGE;
    }
    s->v[key] = value;
    return HAG_OK;
}

static int32_t parse_word(const struct hag_setting *row, const char *value, int64_t *v)
{
    const char *word;
    size_t len;

    for (*v = 0; (word = nth_word(row->words, *v, &len)) != NULL; ++*v)
        if (strlen(value) == len && memcmp(word, value, len) == 0)
            return HAG_OK;
    return HAG_ERR_INVAL;
}

/* A count is a size without a unit. */
static int32_t parse_count(const char *value, int64_t *v)
{
    return value[strspn(value, "0123456789")] == '\0' ? hag__parse_size(value, v) : HAG_ERR_INVAL;
}

static int32_t parse_value(const struct hag_setting *row, const char *value, int64_t *v)
{
    int64_t none = find_row(row->key)->none;

    if (none != NO_WORD && (strcmp(value, "none") == 0 || strcmp(value, "off") == 0)) {
        *v = none;
        return HAG_OK;
    }
    if (row->words)
        return parse_word(row, value, v);
    if (is_unit(row, "ms"))
        return hag__parse_duration(value, v);
    if (is_unit(row, "bytes"))
        return hag__parse_size(value, v);
    return parse_count(value, v);
}

static void add_wanted(struct hag__text *t, const struct hag_setting *row)
{
    if (row->words) {
        const char *word;
        size_t len;

        for (int64_t i = 0; (word = nth_word(row->words, i, &len)) != NULL; i++)
            hag__text_add(t, "%s%.*s", i ? " or " : "", (int)len, word);
        return;
    }
    hag__text_add(t, "%s",
                  is_unit(row, "ms")      ? "a time such as 250ms, 60s, 5m, 2h"
                  : is_unit(row, "bytes") ? "a size such as 100, 64k, 16m, 1g"
                                          : "a whole number");
    if (find_row(row->key)->none != NO_WORD)
        hag__text_add(t, " or none");
}

int32_t hag__settings_parse(struct hag__settings *s, const char *name, const char *value, char *why,
                            size_t whylen)
{
    const struct hag_setting *row = hag__setting_named(name);
    struct hag__text t;
    int64_t v;
    int32_t err;

    hag__text_init(&t, why, whylen);
    if (!row)
        return no_such(&t, name);
    err = parse_value(row, value, &v);
    if (err == HAG_OK)
        return hag__settings_set(s, row->key, v, why, whylen);
    if (err == HAG_ERR_RANGE) {
        hag__text_add(&t, "%s cannot be %s; it goes to ", name, value);
        add_value(&t, row->key, row->max);
        return err;
    }
    hag__text_add(&t, "%s wants ", name);
    add_wanted(&t, row);
    hag__text_add(&t, ", not \"%s\"", value);
    return err;
}

/* A grace must leave room for the probes that have to fail in it, or it would never be what
 * decides. Those of a dead process are refused at once, the others take their timeout. */
static const struct {
    uint8_t key;
    uint8_t waits; /* the last of them may take its whole timeout */
} graces[] = {
    {HAG_P_DOWN_AFTER, 1},   {HAG_P_DOWN_AFTER_REPLICA, 1}, {HAG_P_GONE_AFTER, 0},
    {HAG_P_FROZEN_AFTER, 1}, {HAG_P_SERVE_AFTER, 1},
};

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int32_t check_grace(const struct hag__settings *s, uint32_t key, int waits,
                           struct hag__text *t)
{
    const int64_t *v = s->v;
    int64_t timeout = v[HAG_P_PROBE_TIMEOUT], every = v[HAG_P_PROBE_EVERY];
    int64_t need = waits ? (v[HAG_P_FALL] - 1) * max_of(every, timeout) + timeout
                         : (v[HAG_P_FALL] - 1) * every;

    if (v[key] >= need)
        return HAG_OK;
    hag__text_add(t, "%s=", hag__setting(key)->name);
    add_value(t, key, v[key]);
    hag__text_add(
        t, " is too short for fall=%" PRId64 " probes to fail in it (probe_every=", v[HAG_P_FALL]);
    add_value(t, HAG_P_PROBE_EVERY, every);
    hag__text_add(t, ", probe_timeout=");
    add_value(t, HAG_P_PROBE_TIMEOUT, timeout);
    hag__text_add(t, "): set it to ");
    add_value(t, key, need);
    hag__text_add(t, " or more, or lower the others");
    return HAG_ERR_CONFLICT;
}

/* One setting must be at least another one; a value below 0 is none and fits everything. */
static const struct {
    uint8_t high;
    uint8_t low;
    const char *why;
} orders[] = {
    {HAG_P_FRESH, HAG_P_PROBE_EVERY, "what standbys see would be too old before it is read again"},
    {HAG_P_QUIESCE_MAX, HAG_P_PROBE_TIMEOUT, "the writes of a switchover could not be seen to end"},
    {HAG_P_MAX_LAG_BYTES, HAG_P_POSITION_TOLERANCE,
     "a node that counts as equally good would be too far behind"},
    {HAG_P_RETRY_MAX, HAG_P_RETRY_EVERY, "the longest wait would be shorter than the first"},
};

int32_t hag__settings_check(const struct hag__settings *s, char *why, size_t whylen)
{
    struct hag__text t;

    hag__text_init(&t, why, whylen);
    for (size_t i = 0; i < COUNT(graces); i++)
        if (check_grace(s, graces[i].key, graces[i].waits, &t))
            return HAG_ERR_CONFLICT;
    for (size_t i = 0; i < COUNT(orders); i++) {
        const struct hag_setting *high = hag__setting(orders[i].high);
        const struct hag_setting *low = hag__setting(orders[i].low);

        if (s->v[high->key] < 0 || s->v[high->key] >= s->v[low->key])
            continue;
        hag__text_add(&t, "%s=", high->name);
        add_value(&t, high->key, s->v[high->key]);
        hag__text_add(&t, " is less than %s=", low->name);
        add_value(&t, low->key, s->v[low->key]);
        hag__text_add(&t, ": %s; raise %s or lower %s", orders[i].why, high->name, low->name);
        return HAG_ERR_CONFLICT;
    }
    return HAG_OK;
}

hag_time hag__grace(const struct hag__settings *s, uint32_t kind, int is_primary)
{
    static const uint8_t key[][2] = {
        [HAG_KIND_NONE] = {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
        [HAG_KIND_GONE] = {HAG_P_GONE_AFTER, HAG_P_GONE_AFTER},
        [HAG_KIND_FROZEN] = {HAG_P_FROZEN_AFTER, HAG_P_FROZEN_AFTER},
        [HAG_KIND_SILENT] = {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
        [HAG_KIND_REFUSING] = {HAG_P_DOWN_AFTER_REPLICA, HAG_P_DOWN_AFTER},
        [HAG_KIND_NOT_SERVING] = {HAG_P_SERVE_AFTER, HAG_P_SERVE_AFTER},
    };

    if (kind >= COUNT(key))
        return HAG__NEVER;
    return (hag_time)s->v[key[kind][is_primary != 0]];
}
