#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh BUILD PREFIX - installs BUILD to its PREFIX, copies a project out of the tree and builds
# it there with nothing but pkg-config.
set -u
build=$1
prefix=$2
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

check() { # NAME STATUS
    if [ "$2" = 0 ]; then echo "ok - consumer/$1"; else echo "not ok - consumer/$1"; fi
}
is() { # NAME WANTED COMMAND...: the last line of its output has WANTED in it
    name=$1 wanted=$2
    shift 2
    "$@" >"$dir/out" 2>&1
    cat "$dir/out"
    tail -n 1 "$dir/out" | grep -q -e "$wanted"
    check "$name" $?
}

rm -rf "$prefix"
meson install -C "$build" >/dev/null
check install $?
cp "$here"/*.c "$dir"
cd "$dir" || exit 1
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name haguard.pc)")
LD_LIBRARY_PATH=${PKG_CONFIG_PATH%/pkgconfig}
export PKG_CONFIG_PATH LD_LIBRARY_PATH
plugindir=$(pkg-config --variable=plugindir haguard)
warn='-std=c11 -Wall -Wextra -Wpedantic -Werror'

# shellcheck disable=SC2046,SC2086 # words are wanted
{
gcc $warn main.c $(pkg-config --cflags --libs haguard) -o shared
check shared-builds $?
is shared-runs '^consumer observing' ./shared

gcc $warn -static main.c $(pkg-config --static --cflags --libs haguard) -o static
check static-builds $?
is static-runs '^consumer observing' env -i ./static

gcc $warn -D_GNU_SOURCE uv.c $(pkg-config --cflags --libs haguard-uv libuv) -o uv
check uv-builds $?
is uv-runs '^uv$' ./uv
gcc $warn epoll.c $(pkg-config --cflags --libs haguard-epoll) -o epoll
check epoll-builds $?
is epoll-runs '^epoll$' ./epoll

# Plugins: in the plugin directory and anywhere else, and those that cannot be used.
cflags=$(pkg-config --cflags haguard)
gcc $warn -shared -fPIC plugin.c $cflags -o "$plugindir/haguard_pretend.so"
check plugin-builds $?
gcc $warn -shared -fPIC -DABI=0x00020000u plugin.c $cflags -o newer.so
gcc $warn -shared -fPIC -DHAG_PLUGIN_ENTRY_MISSING -Dhag_plugin_entry=other_entry plugin.c $cflags -o none.so
}
echo 'no library' >text.so
is plugin-by-name '^consumer healthy' ./shared pretend
cp "$plugindir/haguard_pretend.so" here.so
is plugin-by-path '^consumer healthy' ./shared ./here.so
is plugin-of-another-abi 'ABI' ./shared ./newer.so
is plugin-without-entry 'hag_plugin_entry' ./shared ./none.so
is plugin-that-is-none 'text.so' ./shared ./text.so
is plugin-that-is-not-there 'nowhere' ./shared nowhere
is plugin-redis '^consumer ' ./shared redis

test -x "$prefix/bin/redis-guard"
check program $?
is program-runs '^signals:' "$prefix/bin/redis-guard" --help

# The sketch in README.md is a whole program.
sed -n '/^```c$/,/^```$/p' "$here/../../README.md" | sed '/^```/d' >readme.c
# shellcheck disable=SC2046,SC2086 # words are wanted
gcc $warn readme.c $(pkg-config --cflags --libs haguard) -o readme
check readme-builds $?
