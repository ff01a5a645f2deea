/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "guard/guard.h"

#ifndef HAG_PLUGINDIR
#    define HAG_PLUGINDIR "/usr/lib/haguard/plugins"
#endif

#ifdef HAG_NO_DLOPEN

int32_t hag_plugin_load(hag_guard *g, const char *file, const char *config, hag_time now,
                        hag_plugin_id *ret)
{
    (void)file;
    (void)config;
    (void)now;
    (void)ret;
    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    return hag__error(g, HAG_ERR_UNSUPPORTED,
                      "loading plugins was built out; link the plugin and use hag_plugin_add");
}

#else

#    include <dlfcn.h>

int32_t hag_plugin_load(hag_guard *g, const char *file, const char *config, hag_time now,
                        hag_plugin_id *ret)
{
    const struct hag_plugin *desc;
    hag_plugin_entry_fn entry;
    char path[512];
    void *lib, *symbol;
    int n;

    if (hag__check(g) != HAG_OK)
        return HAG_ERR_INVAL;
    if (g->in_hook > 0)
        return hag__error(g, HAG_ERR_BUSY, "a plugin may not be loaded inside a hook");
    if (file == NULL || file[0] == '\0')
        return hag__error(g, HAG_ERR_INVAL, "the plugin's file is missing");
    if (strchr(file, '/') != NULL)
        n = snprintf(path, sizeof(path), "%s", file);
    else
        n = snprintf(path, sizeof(path), "%s/haguard_%s.so", HAG_PLUGINDIR, file);
    if (n < 0 || (size_t)n >= sizeof(path))
        return hag__error(g, HAG_ERR_INVAL, "the plugin's path is longer than %zu",
                          sizeof(path) - 1);
    /* never closed: libraries behind it may keep threads and exit handlers */
    lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (lib == NULL)
        return hag__error(g, HAG_ERR_PLUGIN, "%.200s", dlerror());
    symbol = dlsym(lib, HAG_PLUGIN_ENTRY);
    if (symbol == NULL)
        return hag__error(g, HAG_ERR_PLUGIN, "%.150s exports no %s; it is no haguard plugin", path,
                          HAG_PLUGIN_ENTRY);
    memcpy(&entry, &symbol, sizeof(entry)); /* the way POSIX gives for function pointers */
    g->in_hook++;
    desc = entry(HAG_PLUGIN_ABI);
    g->in_hook--;
    if (desc == NULL)
        return hag__error(g, HAG_ERR_ABI,
                          "%.120s does not work with plugin ABI %u.%u; rebuild it with the headers "
                          "of this haguard",
                          path, HAG_PLUGIN_ABI >> 16, HAG_PLUGIN_ABI & 0xffff);
    return hag_plugin_add(g, desc, config, now, ret);
}

#endif
