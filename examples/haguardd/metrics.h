/* SPDX-License-Identifier: MIT
 *
 * metrics.h - the state of everything in the text format of Prometheus (version 0.0.4).
 */
#ifndef HAGUARDD_METRICS_H
#define HAGUARDD_METRICS_H

#include "buf.h"
#include "daemon.h"

void metrics_write(const struct app *app, struct buf *out);

#endif
