#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header alone, in each language that may include it.
top=$(cd "$(dirname "$0")/../.." && pwd)
inc="-I$top/include -I$top/build/gcc/include"
strict='-pedantic-errors -Wall -Wextra -Wconversion -Wsign-conversion -Wundef -Werror -fsyntax-only'

try() { # COMPILER STANDARD LANGUAGE HEADER
    # shellcheck disable=SC2086 # words are wanted
    if printf '#include <haguard/%s>\n#include <haguard/%s>\nextern int something;\n' "$4" "$4" |
        $1 -std="$2" -x "$3" $strict $inc -; then
        echo "ok - headers/$4 ${1% *} $2"
    else
        echo "not ok - headers/$4 ${1% *} $2"
    fi
}

for path in "$top"/include/haguard/*.h "$top"/build/gcc/include/haguard/version.h; do
    header=${path##*/}
    for cc in gcc clang; do
        try "$cc -Wshadow" c99 c "$header"
        try "$cc -Wshadow" c11 c "$header"
    done
    # in C++ a function hides the constructor of a struct of its name, as stat() does: no shadow
    for cxx in g++ clang++; do
        try $cxx c++11 c++ "$header"
    done
done
