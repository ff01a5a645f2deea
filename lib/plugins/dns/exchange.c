/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dns.h"

#define TAKEN_MAX 64 /* datagrams; if the answer is not among them, we give up */

static const struct {
    int err;
    uint32_t cause;
} causes[] = {
    {ECONNREFUSED, HAG__X_REFUSED}, {ECONNRESET, HAG__X_CLOSED}, {EPIPE, HAG__X_CLOSED},
    {ETIMEDOUT, HAG__X_TIMEOUT},    {EMFILE, HAG__X_OURS},       {ENFILE, HAG__X_OURS},
    {ENOMEM, HAG__X_OURS},          {ENOBUFS, HAG__X_OURS},      {EADDRNOTAVAIL, HAG__X_OURS},
    {EAFNOSUPPORT, HAG__X_OURS},
};

static uint32_t cause_of(struct hag__dns_exchange *x, int err)
{
    x->err = err;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (causes[i].err == err)
            return causes[i].cause;
    return HAG__X_UNREACHABLE;
}

static int busy(int err)
{
    return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static uint32_t watch(struct hag__dns_exchange *x, uint32_t events)
{
    if (x->events == events)
        return HAG__X_PENDING;
    if (hag__dns_watch(x->d, x->fd, events, x, NULL)) {
        x->err = ENOBUFS;
        return HAG__X_OURS;
    }
    x->events = events;
    return HAG__X_PENDING;
}

void hag__dns_exchange_end(struct hag__dns_exchange *x)
{
    if (x->fd >= 0) {
        (void)hag__dns_watch(x->d, x->fd, 0, NULL, NULL);
        close(x->fd);
    }
    x->fd = -1;
    x->events = 0;
    hag__dns_free(x->d, x->in, x->room);
    x->in = NULL;
    x->room = 0;
}

/* --- UDP -------------------------------------------------------------------------------------- */

/* Not connected, so that an answer from elsewhere is seen and can be told; IP_RECVERR (ip(7)) has
 * what ICMP says of the server reported all the same. */
static uint32_t send_datagram(struct hag__dns_exchange *x)
{
    struct sockaddr_storage to;
    socklen_t len = hag__dns_addr_native(x->to, &to);

    if (sendto(x->fd, x->m->wire, x->m->n, 0, (struct sockaddr *)&to, len) < 0) {
        if (busy(errno)) /* as good as lost: it is sent again in time */
            return HAG__X_PENDING;
        return cause_of(x, errno);
    }
    x->copies++;
    return HAG__X_PENDING;
}

static uint32_t next_datagram(struct hag__dns_exchange *x, const uint8_t **wire, size_t *n)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    ssize_t got =
        recvfrom(x->fd, x->d->datagram, sizeof(x->d->datagram), 0, (struct sockaddr *)&from, &len);

    if (got >= 0) {
        if (++x->taken > TAKEN_MAX)
            return HAG__X_FLOODED;
        hag__dns_addr_from(&from, &x->from);
        *wire = x->d->datagram;
        *n = (size_t)got;
        return HAG__X_MESSAGE;
    }
    return busy(errno) ? HAG__X_PENDING : cause_of(x, errno);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static uint32_t write_stream(struct hag__dns_exchange *x)
{
    uint8_t length[2] = {(uint8_t)(x->m->n >> 8), (uint8_t)x->m->n};

    while (x->written < x->m->n + 2) {
        struct iovec io[2] = {{length + x->written, 2 - x->written}, {x->m->wire, x->m->n}};
        struct msghdr h = {.msg_iov = io, .msg_iovlen = 2};
        if (x->written >= 2) {
            io[1].iov_base = x->m->wire + (x->written - 2);
            io[1].iov_len = x->m->n + 2 - x->written;
            h.msg_iov = io + 1;
            h.msg_iovlen = 1;
        }
        ssize_t n = sendmsg(x->fd, &h, MSG_NOSIGNAL);
        if (n < 0)
            return busy(errno) ? watch(x, HAG_FD_READ | HAG_FD_WRITE) : cause_of(x, errno);
        x->copies = 1;
        x->written += (size_t)n;
    }
    return watch(x, HAG_FD_READ);
}

static uint32_t read_stream(struct hag__dns_exchange *x, const uint8_t **wire, size_t *n)
{
    for (;;) {
        uint8_t *to = x->in ? x->in + x->nread - 2 : x->head + x->nread;
        size_t want = x->in ? x->room - (x->nread - 2) : 2 - x->nread;
        ssize_t got = want ? recv(x->fd, to, want, 0) : 0;
        if (got < 0)
            return busy(errno) ? HAG__X_PENDING : cause_of(x, errno);
        if (got == 0 && want) {
            x->err = 0;
            return HAG__X_CLOSED;
        }
        x->nread += (size_t)got;
        if (!x->in && x->nread == 2) {
            size_t len = (size_t)(x->head[0] << 8 | x->head[1]);
            if (len == 0 || len > HAG__DNS_ANSWER_MAX)
                return HAG__X_FLOODED;
            x->in = hag__dns_alloc(x->d, len);
            if (!x->in)
                return cause_of(x, ENOMEM);
            x->room = len;
        }
        if (x->in && x->nread == x->room + 2) {
            x->from = *x->to;
            *wire = x->in;
            *n = x->room;
            return HAG__X_MESSAGE;
        }
    }
}

static uint32_t finish_connect(struct hag__dns_exchange *x)
{
    int err = 0;
    socklen_t len = sizeof(err);

    if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &err, &len))
        err = errno;
    if (err)
        return cause_of(x, err);
    /* readiness alone may be stale: the peer's address is there when it is connected */
    struct sockaddr_storage peer;
    len = sizeof(peer);
    if (getpeername(x->fd, (struct sockaddr *)&peer, &len))
        return errno == ENOTCONN ? HAG__X_PENDING : cause_of(x, errno);
    x->connected = 1;
    return write_stream(x);
}

/* --- both ------------------------------------------------------------------------------------- */

static uint32_t begin_stream(struct hag__dns_exchange *x)
{
    struct sockaddr_storage to;
    socklen_t len = hag__dns_addr_native(x->to, &to);

    x->due = x->end;
    if (connect(x->fd, (struct sockaddr *)&to, len) == 0) {
        x->connected = 1;
        return write_stream(x);
    }
    return errno == EINPROGRESS || errno == EINTR ? watch(x, HAG_FD_WRITE) : cause_of(x, errno);
}

static uint32_t begin_datagrams(struct hag__dns_exchange *x)
{
    int on = 1;
    uint32_t what;

    if (x->to->ip.len == 16)
        (void)setsockopt(x->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    else
        (void)setsockopt(x->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    x->due = x->begun + (x->end - x->begun) / 4;
    what = watch(x, HAG_FD_READ);
    return what == HAG__X_PENDING ? send_datagram(x) : what;
}

uint32_t hag__dns_exchange_begin(struct hag__dns_exchange *x, const struct hag__dns_addr *to,
                                 const struct hag__dns_message *m, uint32_t tcp, hag_time end)
{
    struct hag__dns *d = x->d;
    void *owner = x->owner;

    memset(x, 0, sizeof(*x));
    x->d = d;
    x->owner = owner;
    x->to = to;
    x->m = m;
    x->tcp = tcp || m->n > HAG__DNS_UDP_MAX;
    x->begun = d->now;
    x->end = end;
    x->fd = socket(to->ip.len == 16 ? AF_INET6 : AF_INET,
                   (x->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return cause_of(x, errno);
    return x->tcp ? begin_stream(x) : begin_datagrams(x);
}

uint32_t hag__dns_exchange_next(struct hag__dns_exchange *x, const uint8_t **wire, size_t *n)
{
    if (x->tcp) {
        uint32_t what = HAG__X_PENDING;
        if (x->in && x->nread == x->room + 2) { /* the one answer was not taken */
            x->err = 0;
            return HAG__X_CLOSED;
        }
        if (!x->connected)
            what = finish_connect(x);
        else if (x->written < x->m->n + 2)
            what = write_stream(x);
        if (what != HAG__X_PENDING || !x->connected)
            return what;
        return read_stream(x, wire, n);
    }
    return next_datagram(x, wire, n);
}

uint32_t hag__dns_exchange_due(struct hag__dns_exchange *x)
{
    hag_time quarter = (x->end - x->begun) / 4;

    if (x->tcp || x->d->now >= x->end) {
        x->err = 0;
        return HAG__X_TIMEOUT;
    }
    /* again at a quarter and at a half */
    x->due = x->d->now < x->begun + 2 * quarter ? x->begun + 2 * quarter : x->end;
    return send_datagram(x);
}
