#!/bin/sh
# SPDX-License-Identifier: MIT
# Plays every scenario of tests/scenarios; one line "ok - FILE" or "not ok - FILE" each. Files in bad/ say
# in their first line what must come of them: "# exit CODE: TEXT that is part of what is said".
#   sh tests/sim/run_scenarios.sh HAGUARD-SIM [FILE...]
set -u
sim=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
failed=0

no() {
    echo "not ok - $1"
    sed 's/^/# /' "$out"
    failed=1
}

[ $# -gt 0 ] || set -- $(find tests/scenarios -name '*.scn' | LC_ALL=C sort)
for file in "$@"; do
    first=$(head -n 1 "$file")
    "$sim" run --quiet "$file" >"$out" 2>&1
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
        ;;
    esac
done
exit "$failed"
