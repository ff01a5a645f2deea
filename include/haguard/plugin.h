/* SPDX-License-Identifier: MIT
 *
 * plugin.h - what a plugin offers and gets. A plugin includes this header and links nothing of
 * libhaguard; it lives in the host's loop through descriptors and one timer.
 */
#ifndef HAGUARD_PLUGIN_H
#define HAGUARD_PLUGIN_H

#include <haguard/haguard.h>

#ifdef __cplusplus
extern "C" {
#endif

/* major << 16 | minor. The majors must be equal; a minor may differ either way. */
#define HAG_PLUGIN_ABI 0x00010000u

/* The symbol that a module exports, of type hag_plugin_entry_fn. */
#define HAG_PLUGIN_ENTRY "hag_plugin_entry"

enum { HAG_FD_READ = 1, HAG_FD_WRITE = 2 };

/* What the guard offers to an instance of a plugin. ctx comes first in every call. All may be called
 * from open, start, cancel, forget, ready and tick; only watch, log and realloc from close. */
struct hag_host {
    uint32_t size;
    uint32_t abi;
    void *ctx;
    /* As hag_op_complete() and hag_op_progress(), at the time that the guard has now. */
    int32_t (*complete)(void *ctx, hag_op op, const struct hag_result *result);
    int32_t (*progress)(void *ctx, hag_op op, uint32_t ms);
    /* Wants to know when fd is ready; 0 before close(fd). Takes effect before it returns, since fd
     * numbers are used again. Returns 0, or -1 when the host cannot. */
    int32_t (*watch)(void *ctx, int64_t fd, uint32_t events);
    /* tick() is due at this time; one timer for the instance, 0 for none. All times that a plugin is
     * told, deadlines too, are the guard's own: they stand still while the guard did. */
    void (*wake)(void *ctx, hag_time at);
    /* HAG_SEEN_BROKEN: a held connection to node was closed by the other side. */
    void (*notice)(void *ctx, hag_node node, uint32_t seen);
    void (*log)(void *ctx, int32_t level, const char *msg, size_t len);
    void *(*realloc)(void *ctx, void *p, size_t osize, size_t nsize);
};

struct hag_plugin {
    uint32_t size;
    uint32_t abi;
    const char *name;
    uint64_t handles; /* bit 1 << HAG_DO_... */
    /* Makes an instance. config: lines of key=value. On an error returns a negative HAG_ERR_ and
     * writes what is wrong and its cure to why. host lives as long as the instance. */
    int32_t (*open)(const struct hag_host *host, const char *config, hag_time now, void **self,
                    char *why, size_t whylen);
    /* Starts an action; a lives until start returns. The plugin completes a->op, here or later. */
    void (*start)(void *self, const struct hag_action *a, hag_time now);
    /* op is not wanted any more; completing it is harmless. */
    void (*cancel)(void *self, hag_op op);
    /* node was removed or has a new address: let go of its connections. */
    void (*forget)(void *self, hag_node node);
    void (*ready)(void *self, int64_t fd, uint32_t events, hag_time now);
    void (*tick)(void *self, hag_time now);
    void (*close)(void *self);
};

typedef const struct hag_plugin *(*hag_plugin_entry_fn)(uint32_t host_abi);

/* Told which descriptors plugins want watched: events HAG_FD_, 0 for none any more. Returns 0 or -1.
 * It may run inside any call and must not call haguard. */
typedef int32_t (*hag_watch_fn)(hag_guard *g, hag_plugin_id p, int64_t fd, uint32_t events,
                                void *ud);

/* Sets who watches descriptors; before plugins are added. In a hook: yes.
 * Errors: INVAL. Since 0.1. */
int32_t hag_set_watch(hag_guard *g, hag_watch_fn fn, void *ud);

/* A watched descriptor of a plugin is ready. In a hook: no.
 * Errors: INVAL, BUSY, BAD_HANDLE, STALE. Since 0.1. */
int32_t hag_fd_ready(hag_guard *g, hag_plugin_id p, int64_t fd, uint32_t events, hag_time now);

/* Adds a plugin that is linked in. desc must outlive the guard. config may be NULL. In a hook: no.
 * Errors: INVAL, ABI (another major, or an unusable descriptor), PLUGIN (open failed: hag_errmsg()
 * has its words), BUSY, NOMEM, LIMIT. Since 0.1. */
int32_t hag_plugin_add(hag_guard *g, const struct hag_plugin *desc, const char *config,
                       hag_time now, hag_plugin_id *ret);

/* Loads a plugin from a file: a path, or a bare name looked for in the plugin directory. It is never
 * unloaded. In a hook: no. Errors: as hag_plugin_add(), UNSUPPORTED when loading was built out.
 * Since 0.1. */
int32_t hag_plugin_load(hag_guard *g, const char *file, const char *config, hag_time now,
                        hag_plugin_id *ret);

/* The instance itself, for functions that a plugin offers in a header of its own. desc: whose instance
 * it must be. NULL if it is not, or is gone; it lives until the plugin is removed. In a hook: yes.
 * Errors: none. Since 0.1. */
void *hag_plugin_self(const hag_guard *g, hag_plugin_id p, const struct hag_plugin *desc);

/* Closes an instance: its ops in flight become UNKNOWN. In a hook: no.
 * Errors: INVAL, BAD_HANDLE, STALE, BUSY. Since 0.1. */
int32_t hag_plugin_remove(hag_guard *g, hag_plugin_id p, hag_time now);

#ifdef __cplusplus
}
#endif

#endif
