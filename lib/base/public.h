/* SPDX-License-Identifier: MIT
 *
 * The public headers as the library's own sources include them: what they declare is exported,
 * everything else is hidden (the headers carry no attributes, so that bindings can parse them raw).
 */
#ifndef HAG__PUBLIC_H
#define HAG__PUBLIC_H

#pragma GCC visibility push(default)
#include <haguard/haguard.h>
#include <haguard/hooks.h>
#include <haguard/plugin.h>
#pragma GCC visibility pop

#define HAG__NEVER UINT64_MAX /* no time */
#define HAG__NIL   UINT32_MAX /* no index */

#endif
