/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "tool.h"

/* A picture: a lane for each node, one for each name, one for the clients' writes. */

#define LEFT   130
#define WIDTH  1000
#define HEIGHT 26
#define GAP    8
#define TOP    34

static const struct {
    const char *state, *fill;
} fills[] = {
    {"primary", "#2c7fb8"},        {"standby", "#a1d99b"}, {"syncing", "#fee391"},
    {"detached", "#d9d9d9"},       {"fenced", "#bcbddc"},  {"quiet", "#6baed6"},
    {"down", "#de2d26"},           {"lost", "#67000d"},    {"frozen", "#fc9272"},
    {"loading", "#fdae6b"},        {"absent", "#ffffff"},  {"none", "#de2d26"},
    {"servers differ", "#fdae6b"},
};

static const char *fill(const char *state)
{
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        if (strcmp(fills[i].state, state) == 0)
            return fills[i].fill;
    }
    return "#c7e9c0";
}

static double x_of(hag_time at, hag_time from, hag_time to)
{
    return LEFT + (double)(at - from) * WIDTH / (double)(to - from);
}

static void bar(FILE *f, uint32_t row, const char *state, hag_time a, hag_time b, hag_time from,
                hag_time to)
{
    double x0, x1;

    if (b <= from || a >= to)
        return;
    x0 = x_of(a < from ? from : a, from, to);
    x1 = x_of(b > to ? to : b, from, to);
    fprintf(f,
            "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\" fill=\"%s\" "
            "stroke=\"#fff\" stroke-width=\".5\"><title>%s</title></rect>\n",
            x0, TOP + row * (HEIGHT + GAP), x1 - x0, HEIGHT, fill(state), state);
    if (x1 - x0 > 8.0 * (double)strlen(state))
        fprintf(f, "<text x=\"%.1f\" y=\"%u\" font-size=\"11\">%s</text>\n", x0 + 4,
                TOP + row * (HEIGHT + GAP) + 17, state);
}

/* From shortly before the first statement or change to shortly after the last. */
static void span(const hag_sim *r, hag_time *from, hag_time *to)
{
    const struct hag_sim_change *c;
    const struct hag_sim_event *e;
    hag_time first = UINT64_MAX, last = 0, edge;

    for (uint32_t i = 0; (e = hag_sim_event(r, i)) != NULL; i++) {
        if (e->at < first)
            first = e->at;
        if (e->at > last)
            last = e->at;
    }
    for (uint32_t i = 0; (c = hag_sim_change(r, i)) != NULL; i++) {
        if (c->at > 0 && c->at > last)
            last = c->at;
    }
    if (first == UINT64_MAX)
        first = 0;
    edge = (last - first) / 10 + 1000;
    *from = first > edge ? first - edge : 0;
    *to = last + edge < hag_sim_length(r) ? last + edge : hag_sim_length(r);
    if (*to <= *from)
        *to = *from + 1000;
}

static void scale(FILE *f, uint32_t rows, hag_time from, hag_time to)
{
    static const hag_time steps[] = {1000,  2000,   5000,   10000,  20000,   30000,
                                     60000, 120000, 300000, 600000, 3600000, 86400000};
    hag_time step = steps[0];

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && (to - from) / step > 12; i++)
        step = steps[i];
    for (hag_time t = (from + step - 1) / step * step; t <= to; t += step) {
        double x = x_of(t, from, to);

        fprintf(f,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\" stroke=\"#999\" "
                "stroke-width=\".5\"/><text x=\"%.1f\" y=\"%d\" font-size=\"11\" "
                "text-anchor=\"middle\">%llus</text>\n",
                x, TOP - 6, x, TOP + rows * (HEIGHT + GAP), x, TOP - 12,
                (unsigned long long)(t / 1000));
    }
}

int print_svg(const char *name, const hag_sim *r)
{
    FILE *f = fopen(name, "w");
    uint32_t rows = 0, mark = 0;
    const char *lane;
    const struct hag_sim_event *e;
    hag_time from, to;

    if (f == NULL) {
        fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(errno));
        return 0;
    }
    while (hag_sim_lane(r, rows) != NULL)
        rows++;
    span(r, &from, &to);
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
            "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            LEFT + WIDTH + 20, TOP + rows * (HEIGHT + GAP) + 40);
    scale(f, rows, from, to);
    for (uint32_t i = 0; (lane = hag_sim_lane(r, i)) != NULL; i++) {
        const struct hag_sim_change *c, *last = NULL;

        fprintf(f, "<text x=\"8\" y=\"%u\" font-size=\"13\">%s</text>\n",
                TOP + i * (HEIGHT + GAP) + 18, lane);
        for (uint32_t k = 0; (c = hag_sim_change(r, k)) != NULL; k++) {
            if (strcmp(c->lane, lane) != 0)
                continue;
            if (last != NULL)
                bar(f, i, last->state, last->at, c->at, from, to);
            last = c;
        }
        if (last != NULL)
            bar(f, i, last->state, last->at, to, from, to);
    }
    for (uint32_t i = 0; (e = hag_sim_event(r, i)) != NULL; i++) {
        double x = x_of(e->at, from, to);

        if (!e->deed)
            continue;
        fprintf(f,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\" stroke=\"#c51b7d\" "
                "stroke-dasharray=\"3 2\"/><text x=\"%.1f\" y=\"%u\" font-size=\"11\" "
                "fill=\"#c51b7d\">%s</text>\n",
                x, TOP, x, TOP + rows * (HEIGHT + GAP), x + 3,
                TOP + rows * (HEIGHT + GAP) + 12 + 12 * (mark++ % 2), e->name);
    }
    fprintf(f, "</svg>\n");
    if (ferror(f) || fclose(f) != 0) {
        fprintf(stderr, "haguard-sim: %s: %s\n", name, strerror(errno));
        return 0;
    }
    return 1;
}
