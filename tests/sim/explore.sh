#!/bin/sh
# SPDX-License-Identifier: MIT
# Random worlds with all rules on, and the what-if of the README with its picture.
#   sh tests/sim/explore.sh HAGUARD-SIM
set -u
sim=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0

check() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$out/said" 2>&1; then
        echo "ok - sim/$name"
    else
        sed 's/^/# /' "$out/said"
        cat "$out"/*.scn 2>/dev/null | sed 's/^/# /'
        echo "not ok - sim/$name"
        failed=1
    fi
}

check 'explore: 10000 random worlds, no breach' \
    "$sim" explore --seeds 1..10000 --jobs 2 --out "$out"
check 'replay: 1000 random worlds, decided again from their logs' "$sim" replay --seeds 1..1000
cd "$top" || exit 1
check 'what-if: holds' "$sim" run --svg "$out/picture" examples/haguard-sim/what-if.scn
check 'what-if: the picture is the one in the manual' cmp "$out/picture" doc/what-if.svg

# what a fuzzer found interesting: each file is a scenario or refused, and nothing ends by a signal
mkdir "$out/corpus"
tar -xJf tests/sim/fuzz_corpus.tar.xz -C "$out/corpus"
corpus() {
    set -- "$out/corpus"/*
    [ $# -gt 500 ] && printf '%s\n' "$@" | xargs -n 100 sh -c '"$@" >/dev/null 2>&1; [ $? -le 2 ]' - "$sim" check
}
check 'the corpus of the fuzzer is read or refused' corpus
exit "$failed"
