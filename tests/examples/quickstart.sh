#!/bin/sh
# SPDX-License-Identifier: MIT
# The quickstart ends well, says what it should and leaves nothing behind.
out=$(mktemp)
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$out" "$TMPDIR"' EXIT
sh "$HAG_TOP/examples/quickstart.sh" >"$out" 2>&1
status=$?
cat "$out"

check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then echo "ok - quickstart/$name"; else echo "not ok - quickstart/$name"; fi
}
check status [ $status = 0 ]
check promoted grep -q ' promoted: [bc]  *+ 5' "$out"
check resumed grep -q 'writes succeed again  *+ 5' "$out"
check files [ -z "$(ls -A "$TMPDIR")" ]
none() { ! pgrep -f "$1" >/dev/null; }
check processes none "$TMPDIR"
for port in $(sed -n 's/^[abc] 127.0.0.1:\([0-9]*\) .*/\1/p' "$out"); do
    check "port closed" none "redis-server.*:$port"
done

for bad in '--down-after' '--down-after 5' '--down-after xs' '--speed 3'; do
    # shellcheck disable=SC2086 # words are wanted
    said=$(sh "$HAG_TOP/examples/quickstart.sh" $bad 2>&1) && said=''
    check "refuses $bad" [ -n "$said" ]
done
