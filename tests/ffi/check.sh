#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh BUILD - the headers as bindings read them: through the preprocessor and no further.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The binding's own language knows the integer types, so the system's headers are left out.
printf '#include <haguard/%s>\n' haguard.h hooks.h plugin.h adapter_epoll.h adapter_uv.h |
    gcc -E -P -std=c99 -nostdinc -I"$here/empty" -I"$top/include" -I"$build/include" - >"$dir/api.h" ||
    { echo "not ok - ffi/preprocess"; exit 1; }

# Every member of every struct: where the compiler puts it.
if python3 "$here/offsets.py" "$dir/api.h" >"$dir/offsets.c" &&
    gcc -std=c99 -Wall -Werror -I"$top/include" -I"$build/include" -o "$dir/print" "$dir/offsets.c" &&
    "$dir/print" >"$dir/offsets"; then
    echo "ok - ffi/offsets-of-c"
else
    echo "not ok - ffi/offsets-of-c"
fi
/usr/bin/python3 "$here/cffi_host.py" "$dir/api.h" "$dir/offsets" "$build" ||
    echo "not ok - ffi/cffi ended with $?"
luajit "$here/luajit_host.lua" "$dir/api.h" "$dir/offsets" "$build" ||
    echo "not ok - ffi/luajit ended with $?"
