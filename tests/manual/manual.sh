#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual: clean, complete, and what is written from the sources is up to date.
: "${HAG_BUILD:?set HAG_BUILD to the build directory}"
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
command -v mandoc >/dev/null 2>&1 || { echo "1..0 # SKIP mandoc is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -std=c11 -I"$top/include" -I"$HAG_BUILD/include" -o "$dir/print" "$here/print_settings.c" \
    "$HAG_BUILD/lib/libhaguard.a" || exit 1
python3 "$here/manual.py" "$HAG_BUILD" "$dir/print"
