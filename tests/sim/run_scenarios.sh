#!/bin/sh
# SPDX-License-Identifier: MIT
# Plays every scenario of tests/scenarios; one line "ok - FILE" or "not ok - FILE" each. Files in bad/ say
# in their first line what must come of them: "# exit CODE: TEXT that is part of what is said". What the
# guards of the others recorded is played again, and must be the same.
#   sh tests/sim/run_scenarios.sh HAGUARD-SIM [FILE...]
set -u
sim=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
dir=$(mktemp -d) || exit 1
out=$dir/out
trap 'rm -rf "$dir"' EXIT
failed=0

no() {
    echo "not ok - $1"
    sed 's/^/# /' "$out"
    failed=1
}

[ $# -gt 0 ] || set -- $(find tests/scenarios -name '*.scn' | LC_ALL=C sort)
for file in "$@"; do
    first=$(head -n 1 "$file")
    rm -f "$dir"/log*
    "$sim" run --quiet --record "$dir/log" "$file" >"$out" 2>&1
    got=$?
    case $first in
    '# exit '*)
        want=${first#\# exit }
        text=${want#*: }
        want=${want%%:*}
        if [ "$got" = "$want" ] && grep -qF -- "$text" "$out"; then
            echo "ok - $file"
        else
            echo "# exit $got, wanted $want with: $text" >>"$out"
            no "$file"
        fi
        ;;
    *)
        if [ "$got" = 0 ]; then
            echo "ok - $file"
        else
            no "$file"
        fi
        if "$sim" replay --quiet "$dir"/log* >"$out" 2>&1; then
            echo "ok - $file, again from its log"
        else
            no "$file, again from its log"
        fi
        ;;
    esac
done
exit "$failed"
