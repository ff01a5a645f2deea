/* SPDX-License-Identifier: MIT
 *
 * endpoint.h - moves service names by a command of the user.
 */
#ifndef HAGUARDD_ENDPOINT_H
#define HAGUARDD_ENDPOINT_H

#include "daemon.h"

/* The hooks for HAG_DO_ENDPOINT_UPDATE and HAG_DO_CANCEL; ud is the app. */
void endpoint_update(hag_guard *g, const struct hag_action *a, void *ud);
void endpoint_cancel(hag_guard *g, const struct hag_action *a, void *ud);

/* Ends the commands that run. */
void endpoint_end(struct app *app);

#endif
