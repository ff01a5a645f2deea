/* SPDX-License-Identifier: MIT
 *
 * haguardctl asks a running haguardd, and gives it orders.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <haguard/version.h>

#include "commands.h"
#include "show.h"

#ifndef HAGUARDD_SOCKET
#    define HAGUARDD_SOCKET "/run/haguard/haguardd.sock"
#endif

#define PATIENCE 30 /* seconds for an answer */

static const char usage[] =
    "usage: haguardctl [--socket PATH] [--json] COMMAND\n"
    "  status [CLUSTER]               what everything is doing\n"
    "  explain CLUSTER                what it waits for, who would be promoted and why not others\n"
    "  failover CLUSTER [--to NODE] [--data-loss] [--dry-run] [--wait]\n"
    "  switchover CLUSTER [--to NODE] [--dry-run] [--wait]\n"
    "  pause CLUSTER --for TIME [--owner NAME]   begins nothing for that time, as 30m or 2h\n"
    "  resume CLUSTER                 ends a pause\n"
    "  confirm CLUSTER [NODE]         your word for what the cluster waits for\n"
    "  events [--follow]              what happened, and what happens\n"
    "  reload                         reads the configuration again\n"
    "exit status: 0 done, 1 refused, 2 usage, 3 no daemon, 4 no such cluster or node, 5 failed\n";

static const struct {
    const char *option;
    const char *word; /* with '=': takes a value */
} options[] = {
    {"--to", "to="},
    {"--for", "for="},
    {"--owner", "owner="},
    {"--follow", "follow"},
    {"--data-loss", "data-loss"},
    {"--dry-run", "dry-run"},
};

struct arguments {
    const char *socket;
    int json;
    int wait;
    int follow;
    const char *command;
    const char *cluster;
    char request[4096];
};

static void __attribute__((noreturn, format(printf, 1, 2))) misused(const char *fmt, ...)
{
    va_list ap;

    fputs("haguardctl: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs("; --help shows what there is\n", stderr);
    exit(CODE_USAGE);
}

static void add_word(struct arguments *a, const char *key, const char *word)
{
    size_t n = strlen(a->request);
    int more;

    if (strpbrk(word, "\t\n\r"))
        misused("%s: no tabs and no line ends", key);
    more = snprintf(a->request + n, sizeof(a->request) - n, "%s%s%s", n ? "\t" : "", key, word);
    if (more < 0 || (size_t)more >= sizeof(a->request) - n - 2)
        misused("that is too long");
}

static const char *value_of(char **argv, int *i)
{
    if (!argv[*i + 1])
        misused("%s needs a value", argv[*i]);
    return argv[++*i];
}

static void add_option(struct arguments *a, char **argv, int *i)
{
    for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
        if (strcmp(options[k].option, argv[*i]) != 0)
            continue;
        a->follow |= strcmp(options[k].word, "follow") == 0;
        if (options[k].word[strlen(options[k].word) - 1] == '=')
            add_word(a, options[k].word, value_of(argv, i));
        else
            add_word(a, options[k].word, "");
        return;
    }
    misused("there is no option %s", argv[*i]);
}

static void add_name(struct arguments *a, const char *name)
{
    if (!a->command)
        a->command = name;
    else if (!a->cluster)
        a->cluster = name;
    else if (strcmp(a->command, "confirm") != 0)
        misused("%s is too much for %s", name, a->command);
}

/* Names first, whatever the order in which they were given. */
static void read_arguments(int argc, char **argv, struct arguments *a)
{
    const struct passwd *user = getpwuid(getuid());
    const char *node = NULL;
    int owner = 0, i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--socket") == 0) {
            a->socket = value_of(argv, &i);
        } else if (strcmp(argv[i], "--json") == 0) {
            a->json = 1;
        } else if (strcmp(argv[i], "--wait") == 0) {
            a->wait = 1;
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(CODE_DONE);
        } else if (strcmp(argv[i], "--version") == 0) {
            printf("haguardctl %s\n", HAG_VERSION);
            exit(CODE_DONE);
        } else if (*argv[i] == '-') {
            owner |= strcmp(argv[i], "--owner") == 0;
            i += argv[i + 1] && (strcmp(argv[i], "--to") == 0 || strcmp(argv[i], "--for") == 0 ||
                                 strcmp(argv[i], "--owner") == 0);
        } else {
            if (a->cluster)
                node = argv[i];
            add_name(a, argv[i]);
        }
    }
    if (!a->command)
        misused("name a command");
    add_word(a, a->command, "");
    if (a->cluster)
        add_word(a, a->cluster, "");
    if (node)
        add_word(a, "node=", node);
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--socket") == 0)
            i++;
        else if (*argv[i] == '-' && strcmp(argv[i], "--json") != 0 &&
                 strcmp(argv[i], "--wait") != 0)
            add_option(a, argv, &i);
    }
    if (a->wait && strcmp(a->command, "failover") != 0 && strcmp(a->command, "switchover") != 0)
        misused("--wait is for failover and switchover");
    if (strcmp(a->command, "pause") == 0 && !owner && user)
        add_word(a, "owner=", user->pw_name);
}

static FILE *open_socket(const char *path, int follow)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = follow ? 0 : PATIENCE};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FILE *f;

    if (strlen(path) >= sizeof(to.sun_path))
        misused("--socket %s is too long", path);
    strcpy(to.sun_path, path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
        err(CODE_NO_DAEMON, "%s: is haguardd running, and may you ask it?", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    f = fdopen(fd, "r+");
    if (!f)
        err(CODE_FAILED, "no memory");
    return f;
}

static void ask(FILE *f, const char *request)
{
    if (fprintf(f, "%s\n", request) < 0 || fflush(f) != 0)
        err(CODE_NO_DAEMON, "the daemon does not listen");
}

/* The next line of an answer, to be freed; the program ends when there is none. */
static json_t *next(FILE *f, char **line, size_t *room)
{
    json_error_t why;
    json_t *o;

    errno = 0;
    if (getline(line, room, f) < 0)
        errx(errno == EAGAIN ? CODE_FAILED : CODE_NO_DAEMON, "%s",
             errno == EAGAIN ? "the daemon does not answer" : "the daemon hung up");
    o = json_loads(*line, 0, &why);
    if (!json_is_object(o))
        errx(CODE_FAILED, "the daemon does not speak as it should: %s", why.text);
    return o;
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

/* Reads an answer to its end and returns its code. */
static int read_answer(FILE *f, const struct arguments *a)
{
    struct show *show = show_new();
    char *line = NULL;
    size_t room = 0;
    int code = -1;

    while (code < 0) {
        json_t *o = next(f, &line, &room);

        if (a->json)
            fputs(line, stdout);
        if (a->json && a->follow)
            fflush(stdout);
        if (strcmp(text(o, "type"), "end") == 0) {
            code = (int)json_integer_value(json_object_get(o, "code"));
            if (code != CODE_DONE)
                fprintf(stderr, "haguardctl: %s\n", text(o, "text"));
        } else if (!a->json) {
            show_line(show, o);
        }
        json_decref(o);
    }
    show_end(show);
    free(line);
    return code;
}

/* Reads events until the ordered procedure ends. */
static int wait_for_end(FILE *f, const struct arguments *a)
{
    struct show *show = show_new();
    char *line = NULL;
    size_t room = 0;
    int code = -1;

    while (code < 0) {
        json_t *o = next(f, &line, &room);
        int ours = strcmp(text(o, "cluster"), a->cluster) == 0;

        if (ours && a->json)
            fputs(line, stdout);
        else if (ours)
            show_line(show, o);
        if (ours && strcmp(text(o, "procedure"), a->command) == 0) {
            if (strcmp(text(o, "event"), "end") == 0)
                code = CODE_DONE;
            if (strcmp(text(o, "event"), "abort") == 0)
                code = CODE_FAILED;
        }
        json_decref(o);
    }
    show_end(show);
    free(line);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments a = {.socket = HAGUARDD_SOCKET};
    FILE *events = NULL, *f;
    int code;

    read_arguments(argc, argv, &a);
    if (a.wait && a.cluster) {
        events = open_socket(a.socket, 1);
        ask(events, "events\tfollow\tnew");
    }
    f = open_socket(a.socket, a.follow);
    ask(f, a.request);
    code = read_answer(f, &a);
    if (code == CODE_DONE && events && !strstr(a.request, "\tdry-run"))
        code = wait_for_end(events, &a);
    fclose(f);
    if (events)
        fclose(events);
    if (fflush(stdout) != 0 && errno != EPIPE)
        err(CODE_FAILED, "standard output");
    return code;
}
