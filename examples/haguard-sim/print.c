/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tool.h"

/* The timeline and the verdict for people, and both for programs. */

void print_time(FILE *f, hag_time at)
{
    fprintf(f, "%8llu.%03llu", (unsigned long long)(at / 1000), (unsigned long long)(at % 1000));
}

static const char *paint(const struct run_options *o, const struct hag_sim_event *e)
{
    static const char *const by_severity[] = {"\033[2m", "", "\033[33m", "\033[31m"};

    if (!o->colour)
        return "";
    if (e->deed)
        return "\033[1;35m";
    return e->severity < 4 ? by_severity[e->severity] : "";
}

static int many_clusters(const hag_sim *r)
{
    const struct hag_sim_event *e;
    const char *first = NULL;

    for (uint32_t i = 0; (e = hag_sim_event(r, i)) != NULL; i++) {
        if (e->cluster[0] == '\0')
            continue;
        if (first != NULL && strcmp(first, e->cluster) != 0)
            return 1;
        first = e->cluster;
    }
    return 0;
}

void print_timeline(FILE *f, const hag_sim *r, const struct run_options *o)
{
    const struct hag_sim_event *e;
    int many = many_clusters(r);

    for (uint32_t i = 0; (e = hag_sim_event(r, i)) != NULL; i++) {
        print_time(f, e->at);
        if (e->deed) {
            fprintf(f, "  %s%s%s\n", paint(o, e), e->name, o->colour ? "\033[0m" : "");
            continue;
        }
        fprintf(f, "    %s", paint(o, e));
        if (many)
            fprintf(f, "%-10s ", e->cluster);
        fprintf(f, "%-8s %-22s %s%s\n", e->node, e->name, e->text, o->colour ? "\033[0m" : "");
    }
}

void print_findings(FILE *f, const char *file, const hag_sim *r, const struct run_options *o)
{
    const struct hag_sim_finding *x;
    uint32_t held = 0, failed = 0;

    for (uint32_t i = 0; (x = hag_sim_finding(r, i)) != NULL; i++) {
        if (x->held) {
            held++;
            continue;
        }
        failed++;
        if (x->line == 0) {
            fprintf(f, "%s: safety rule %s broke at ", file, x->wanted);
            fprintf(f, "%llu.%03llus: %s\n", (unsigned long long)(x->at / 1000),
                    (unsigned long long)(x->at % 1000), x->seen);
        } else {
            fprintf(f, "%s:%u:%u: %s: %s\n", file, x->line, x->column, x->wanted, x->seen);
        }
    }
    fprintf(f, "%s%s: %u held, %u failed%s\n",
            !o->colour   ? ""
            : failed > 0 ? "\033[31m"
                         : "\033[32m",
            file, held, failed, o->colour ? "\033[0m" : "");
}

void print_string(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

void print_member(FILE *f, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    fprintf(f, ",\"%s\":", key);
    print_string(f, value);
}

void print_json(FILE *f, const char *file, const hag_sim *r, uint64_t seed)
{
    const struct hag_sim_figures *g = hag_sim_figures(r);
    const struct hag_sim_event *e;
    const struct hag_sim_finding *x;

    fprintf(f, "{\"file\":");
    print_string(f, file);
    fprintf(f, ",\"seed\":%llu,\"ok\":%s,\"length\":%llu,\"events\":[", (unsigned long long)seed,
            hag_sim_failures(r) == 0 ? "true" : "false", (unsigned long long)hag_sim_length(r));
    for (uint32_t i = 0; (e = hag_sim_event(r, i)) != NULL; i++) {
        fprintf(f, "%s\n{\"at\":%llu", i > 0 ? "," : "", (unsigned long long)e->at);
        print_member(f, e->deed ? "statement" : "event", e->name);
        print_member(f, "cluster", e->cluster);
        print_member(f, "node", e->node);
        print_member(f, "reason", e->reason);
        if (!e->deed)
            print_member(f, "severity", hag_name(HAG_NAMES_SEVERITY, e->severity));
        print_member(f, "text", e->text);
        fputc('}', f);
    }
    fprintf(f, "],\"findings\":[");
    for (uint32_t i = 0; (x = hag_sim_finding(r, i)) != NULL; i++) {
        fprintf(f, "%s\n{\"held\":%s,\"line\":%u,\"column\":%u", i > 0 ? "," : "",
                x->held ? "true" : "false", x->line, x->column);
        print_member(f, x->line == 0 ? "rule" : "expected", x->wanted);
        if (!x->held)
            print_member(f, "seen", x->seen);
        fputc('}', f);
    }
    fprintf(f,
            "],\"figures\":{\"downtime\":%llu,\"total_downtime\":%llu,\"two_writers\":%llu,"
            "\"lost_writes\":%llu,\"writes\":%llu}}\n",
            (unsigned long long)g->downtime, (unsigned long long)g->total_downtime,
            (unsigned long long)g->two_writers, (unsigned long long)g->lost_writes,
            (unsigned long long)g->writes);
}
