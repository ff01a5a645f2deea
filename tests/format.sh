#!/bin/sh
# SPDX-License-Identifier: MIT
# Every source file is as clang-format 14 writes it.
cd "$(dirname "$0")/.." || exit 1
version=$(clang-format --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
if [ "$version" != 14 ]; then
    echo "skip - format: clang-format is $version, not 14"
    exit 0
fi
sources() { # those of the repository; all of them in a tree that is none
    if [ -e .git ]; then
        git -c safe.directory="$PWD" ls-files '*.c' '*.h'
    else
        find include lib examples tests bench -name '*.[ch]'
    fi
}
sources | while IFS= read -r file; do
    [ -e "$file" ] || continue # removed, not yet committed
    if out=$(clang-format --dry-run -Werror "$file" 2>&1); then
        echo "ok - format/$file"
    else
        printf '%s\n' "$out" | head -n 3
        echo "not ok - format/$file"
    fi
done
