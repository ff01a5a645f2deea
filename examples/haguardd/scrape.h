/* SPDX-License-Identifier: MIT
 *
 * scrape.h - the metrics over HTTP, by libmicrohttpd inside our loop.
 */
#ifndef HAGUARDD_SCRAPE_H
#define HAGUARDD_SCRAPE_H

#include "daemon.h"

struct scrape;

/* Listens where the configuration says; NULL without an error text: it says nowhere. */
struct scrape *scrape_open(struct app *app, char *why, size_t n);
void scrape_close(struct scrape *s);

#endif
