/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mistakes.h"

#define LONGEST  65536 /* of a record; they are a few kB with 64 nodes */
#define FILE_MAX (HAG_NAME_MAX + 20)

struct job { /* one write, in the thread pool */
    uv_work_t work;
    struct record *record;
    hag_op op; /* the newest one that asked for just this */
    uint64_t version;
    uint64_t nbytes;
    uint8_t *bytes;
    int renamed;
    int error;
};

struct record {
    struct record *next;
    struct records *store;
    char name[HAG_NAME_MAX];
    uint64_t kept;       /* version in the file, 0: none */
    struct job *running; /* one at a time: they share a temporary file */
    struct job *waiting; /* the newest of those that came meanwhile */
    int dropped;
};

struct records {
    uv_loop_t *loop;
    struct record *all;
    records_done *done; /* NULL: closed */
    void *ud;
    int dir;
    int lock;
};

static void free_job(struct job *job)
{
    if (job)
        free(job->bytes);
    free(job);
}

static void release(struct record *r)
{
    struct record **at = &r->store->all;

    if (!r->dropped || r->running)
        return;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (!r->store->all && !r->store->done) {
        close(r->store->dir);
        close(r->store->lock);
        free(r->store);
    }
    free(r);
}

struct records *records_open(uv_loop_t *loop, const char *dir, records_done *done, void *ud,
                             char *why, size_t n)
{
    struct records *s = must(calloc(1, sizeof(*s)));
    char pid[32] = "";

    *s = (struct records){.loop = loop, .done = done, .ud = ud, .dir = -1, .lock = -1};
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        snprintf(why, n, "state-dir %s cannot be made: %s; make its parent, or name another", dir,
                 strerror(errno));
    else if ((s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        snprintf(why, n, "state-dir %s cannot be opened: %s; name another", dir, strerror(errno));
    else if ((s->lock = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) <
             0)
        snprintf(why, n,
                 "state-dir %s cannot be written to: %s; give it to the user that runs this", dir,
                 strerror(errno));
    else if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        if (read(s->lock, pid, sizeof(pid) - 1) > 0)
            pid[strcspn(pid, "\n")] = '\0';
        snprintf(why, n,
                 "state-dir %s is in use by the haguardd of pid %s; each needs one of its own", dir,
                 *pid ? pid : "?");
    } else {
        snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
        if (ftruncate(s->lock, 0) == 0 && pwrite(s->lock, pid, strlen(pid), 0) < 0)
            errno = 0; /* it only helps people */
        return s;
    }
    if (s->dir >= 0)
        close(s->dir);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
    return NULL;
}

void records_close(struct records *s)
{
    struct record *r, *next;

    if (!s)
        return;
    s->done = NULL;
    if (!s->all) {
        close(s->dir);
        close(s->lock);
        free(s);
        return;
    }
    for (r = s->all; r; r = next) {
        next = r->next; /* the last one frees the store */
        records_drop(r);
    }
}

static struct record *find(const struct records *s, const char *cluster)
{
    struct record *r = s->all;

    while (r && strcmp(r->name, cluster) != 0)
        r = r->next;
    return r;
}

int records_busy(const struct records *s, const char *cluster)
{
    const struct record *r = find(s, cluster);

    return r && r->running;
}

struct record *records_take(struct records *s, const char *cluster)
{
    struct record *r = find(s, cluster);

    if (!r) {
        r = must(calloc(1, sizeof(*r)));
        r->store = s;
        snprintf(r->name, sizeof(r->name), "%s", cluster);
        r->next = s->all;
        s->all = r;
    }
    r->dropped = 0;
    return r;
}

void records_drop(struct record *r)
{
    r->dropped = 1;
    free_job(r->waiting);
    r->waiting = NULL;
    release(r);
}

static void file_name(char name[FILE_MAX], const struct record *r, const char *ending)
{
    snprintf(name, FILE_MAX, "%s.record%s", r->name, ending);
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t did = write(fd, p, n);

        if (did < 0 && errno == EINTR)
            continue;
        if (did <= 0)
            return -1;
        p += did;
        n -= (size_t)did;
    }
    return 0;
}

/* In the thread pool: only the job, and what of the record never changes, is used. */
static void write_file(uv_work_t *work)
{
    struct job *job = work->data;
    char name[FILE_MAX], next[FILE_MAX], head[64];
    int dir = job->record->store->dir, fd, n;

    file_name(name, job->record, "");
    file_name(next, job->record, ".next");
    n = snprintf(head, sizeof(head), "haguard-record %" PRIu64 "\n", job->version);
    errno = 0;
    fd = openat(dir, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        job->error = errno;
        return;
    }
    if (write_all(fd, (const uint8_t *)head, (size_t)n) != 0 ||
        write_all(fd, job->bytes, (size_t)job->nbytes) != 0 || fsync(fd) != 0)
        job->error = errno ? errno : EIO;
    if (close(fd) != 0 && job->error == 0)
        job->error = errno;
    if (job->error == 0 && renameat(dir, next, dir, name) != 0)
        job->error = errno;
    if (job->error != 0) {
        unlinkat(dir, next, 0); /* a full disk has better uses */
        return;
    }
    job->renamed = 1;
    if (fsync(dir) != 0)
        job->error = errno;
}

static void start(struct record *r, struct job *job);

static void answer(const struct record *r, const struct job *job, uint32_t outcome, uint32_t why,
                   const char *text)
{
    if (r->store->done && !r->dropped)
        r->store->done(r->store->ud, job->op, outcome, why, text);
}

static void on_written(uv_work_t *work, int status)
{
    struct job *job = work->data, *next;
    struct record *r = job->record;

    if (status != 0)
        job->error = ECANCELED;
    r->running = NULL;
    if (job->renamed)
        r->kept = job->version;
    if (job->error == 0)
        answer(r, job, HAG_RES_OK, HAG_WHY_NONE, NULL);
    else /* renamed but not synced: it may be there after a crash, or not */
        answer(r, job, job->renamed ? HAG_RES_UNKNOWN : HAG_RES_FAIL, HAG_WHY_DISK,
               strerror(job->error));
    free_job(job);
    next = r->waiting;
    r->waiting = NULL;
    if (next)
        start(r, next);
    release(r);
}

static void start(struct record *r, struct job *job)
{
    int err;

    r->running = job;
    err = uv_queue_work(r->store->loop, &job->work, write_file, on_written);
    if (err != 0) {
        r->running = NULL;
        answer(r, job, HAG_RES_FAIL, HAG_WHY_DISK, uv_strerror(err));
        free_job(job);
    }
}

static int same(const struct job *job, const struct hag_action *a)
{
    return job && job->version == a->version && job->nbytes == a->nbytes &&
           memcmp(job->bytes, a->bytes, (size_t)a->nbytes) == 0;
}

void record_commit(struct record *r, const struct hag_action *a)
{
    struct job ask = {.op = a->op}, *job;

    if (same(r->running, a)) { /* a disk that takes its time: it need not be written twice */
        r->running->op = a->op;
        return;
    }
    if (a->expected != r->kept && a->version != r->kept) {
        answer(r, &ask, HAG_RES_FAIL, HAG_WHY_VERSION, "the file has another version");
        return;
    }
    job = calloc(1, sizeof(*job));
    if (!job || a->nbytes > LONGEST || !(job->bytes = malloc((size_t)a->nbytes + 1))) {
        free(job);
        answer(r, &ask, HAG_RES_FAIL, HAG_WHY_HOST_ERROR, "no memory");
        return;
    }
    memcpy(job->bytes, a->bytes, (size_t)a->nbytes);
    job->work.data = job;
    job->record = r;
    job->op = a->op;
    job->version = a->version;
    job->nbytes = a->nbytes;
    if (r->running) {
        free_job(r->waiting); /* its op has passed its deadline, or it would not be asked again */
        r->waiting = job;
        return;
    }
    start(r, job);
}

int record_read(const char *dir, const char *cluster, uint8_t **bytes, size_t *n, uint64_t *version)
{
    char path[4096], head[64];
    uint8_t *all = must(malloc(LONGEST + 1));
    FILE *f;
    int err;

    *bytes = NULL;
    *n = 0;
    *version = 0;
    snprintf(path, sizeof(path), "%s/%s.record", dir, cluster);
    f = fopen(path, "re");
    if (!f) {
        free(all);
        return errno == ENOENT ? 0 : errno;
    }
    errno = 0;
    if (fgets(head, sizeof(head), f) && strchr(head, '\n') &&
        sscanf(head, "haguard-record %" SCNu64, version) == 1)
        *n = fread(all, 1, LONGEST + 1, f);
    err = ferror(f) ? errno : 0;
    fclose(f);
    if (err == 0 && (*n == 0 || *n > LONGEST))
        err = EBADMSG;
    if (err != 0) {
        free(all);
        *n = 0;
        return err;
    }
    *bytes = all;
    return 0;
}

void record_kept(struct record *r, uint64_t version)
{
    r->kept = version;
}

int record_set_aside(struct record *r)
{
    char name[FILE_MAX], damaged[FILE_MAX];
    int dir = r->store->dir;

    file_name(name, r, "");
    file_name(damaged, r, ".damaged");
    if (renameat(dir, name, dir, damaged) != 0)
        return errno;
    return fsync(dir) == 0 ? 0 : errno;
}
