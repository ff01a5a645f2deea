#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one test script within a time limit, its output in one piece.
out=$(mktemp)
timeout -k 10 "${LIMIT:-240}" sh "$1" >"$out" 2>&1 </dev/null
status=$?
echo "# $1"
cat "$out"
if [ $status = 77 ]; then
    echo "skip - $1: $(sed -n 's/^1\.\.0 # SKIP //p' "$out")"
    rm -f "$out"
    exit 0
fi
if [ $status = 124 ] || [ $status = 137 ]; then
    echo "not ok - $1: did not end within ${LIMIT:-240} s"
elif [ $status != 0 ] && ! grep -q '^not ok - ' "$out"; then
    echo "not ok - $1: status $status"
elif ! grep -q -e '^ok - ' -e '^not ok - ' -e '^skip - ' "$out"; then
    echo "not ok - $1: it tested nothing"
fi
rm -f "$out"
