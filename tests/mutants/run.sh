#!/bin/sh
# SPDX-License-Identifier: MIT
# Breaks one line at a time and sees whether the unit tests notice: sh tests/mutants/run.sh
#   [--build DIR]   a meson build to take objects and commands from; else build/gcc, else a new one
#   [NAME...]       only these mutants
set -eu
export LC_ALL=C

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/gcc
if [ "${1:-}" = --build ]; then
    build=$(cd "$2" && pwd)
    shift 2
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ ! -e "$build/build.ninja" ]; then
    build=$scratch/build
    meson setup "$build" "$top" -Dtests=enabled -Dredis=disabled -Dlibuv=disabled \
        -Dexamples=false >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
fi
python3 "$top/tests/mutants/mutants.py" "$top" "$build" "$scratch" "$@"
