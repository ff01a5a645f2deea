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
check promoted grep -q ' promoted: [bc]  *+ 5\.' "$out"
check named grep -q 'name moved to 127\.0\.0\.[34]  *+ 5\.' "$out"
check resumed grep -q 'writes succeed again  *+ [56]\.' "$out"
check explained grep -q '^cluster shop: .*, term 2, primary [bc]$' "$out"
check files [ -z "$(ls -A "$TMPDIR")" ]
none() { ! pgrep -f "$1" >/dev/null; }
check processes none "$TMPDIR"
servers=$(sed -n -e 's/^[abc] \(127[0-9.]*:[0-9]*\) .*/\1/p' \
    -e 's/^Knot.* \(127[0-9.]*:[0-9]*\): .*/\1/p' "$out")
check 'four servers' [ "$(echo "$servers" | wc -l)" = 4 ]
closed() { # HOST:PORT
    python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
sys.exit(socket.socket().connect_ex((host, int(port))) == 0)' "$1"
}
for server in $servers; do
    check 'server closed' closed "$server"
done

for bad in '--down-after' '--down-after 5' '--down-after xs' '--speed 3'; do
    # shellcheck disable=SC2086 # words are wanted
    said=$(sh "$HAG_TOP/examples/quickstart.sh" $bad 2>&1) && said=''
    check "refuses $bad" [ -n "$said" ]
done
