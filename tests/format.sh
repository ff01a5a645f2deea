#!/bin/sh
# SPDX-License-Identifier: MIT
# Every source file is as clang-format 14 writes it.
cd "$(dirname "$0")/.." || exit 1
version=$(clang-format --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
if [ "$version" != 14 ]; then
    echo "skip - format: clang-format is $version, not 14"
    exit 0
fi
git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard '*.c' '*.h' |
    while IFS= read -r file; do
        if [ -e "$file" ] && clang-format --dry-run -Werror "$file"; then
            echo "ok - format/$file"
        else
            echo "not ok - format/$file"
        fi
    done
