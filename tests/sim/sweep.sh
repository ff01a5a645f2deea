#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fault at every step of every procedure; one line "ok - sim/sweep: PROCEDURE" each. Pairs of faults
# take many minutes: haguard-sim sweep --jobs N.
#   sh tests/sim/sweep.sh HAGUARD-SIM
set -u
sim=$1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0

verdict() { # NAME STATUS-WANTED STATUS
    if [ "$2" = "$3" ]; then
        echo "ok - sim/sweep: $1"
    else
        sed 's/^/# /' "$out/said"
        for file in "$out"/*.scn; do
            [ -e "$file" ] && sed 's/^/# /' "$file"
        done
        echo "not ok - sim/sweep: $1 (exit $3, wanted $2)"
        failed=1
    fi
}

for procedure in failover switchover rejoin safeguard; do
    "$sim" sweep --singles --procedure "$procedure" --out "$out" >"$out/said" 2>&1
    got=$?
    runs=$(sed -n 's/^faults x .*: \([0-9]*\) runs, played \1$/\1/p' "$out/said")
    [ "${runs:-0}" -gt 1000 ] || got=${got}-without-runs
    verdict "$procedure, ${runs:-no} runs" 0 "$got"
done
"$sim" sweep --singles --jobs 3 --procedure safeguard --out "$out" >"$out/three" 2>&1
sed -n '/^safeguard: 4 steps/,$p' "$out/said" >"$out/one"
sed -n '/^safeguard: 4 steps/,$p' "$out/three" | cmp - "$out/one" >"$out/said" 2>&1
verdict 'three jobs play what one does' 0 $?
"$sim" sweep --procedure backup >"$out/said" 2>&1
verdict 'a procedure that there is not' 2 $?
"$sim" sweep --jobs 0 >"$out/said" 2>&1
verdict 'no jobs' 2 $?
exit "$failed"
