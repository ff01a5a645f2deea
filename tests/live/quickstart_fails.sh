#!/bin/sh
# SPDX-License-Identifier: MIT
# The quickstart does not claim what did not happen: it ends with an error, says what it waited for,
# and leaves nothing behind, also of a server that stands still.
. "$(dirname "$0")/lib/live.sh"
mkdir "$T/bin" "$T/tmp"

# quickstart: with $T/bin before everything else. --down-after 5s is the default there; it waits for
# 30 s beyond.
quickstart() {
    PATH=$T/bin:$PATH TMPDIR=$T/tmp timeout -k 10 200 sh "$HAG_TOP/examples/quickstart.sh" \
        --down-after 3s >"$T/out" 2>&1
}
failed() { # WHAT STATUS PATTERN
    sed 's/^/# /' "$T/out" | tail -n 20
    check "$1: it ends with an error" same "$2" 1
    check "$1: it says what did not happen" grep -q "failed: $3" "$T/out"
    check "$1: it does not say that all went well" not grep -q 'went as it should' "$T/out"
    check "$1: it leaves no files" same "$(ls -A "$T/tmp")" ''
    check "$1: it leaves no processes" not pgrep -f "$T/tmp"
}
wrap() { # PROGRAM LINE...: what runs instead of it; REAL is the true one
    _real=$(PATH=$PATH:/usr/sbin command -v "$1")
    _program=$T/bin/$1
    shift
    printf '%s\n' '#!/bin/sh' "REAL=$_real" "$@" >"$_program"
    chmod +x "$_program"
}

wrap redis-server 'exec "$REAL" "$@" --replica-priority 0'
quickstart
failed 'no candidate' $? 'waited in vain for writes'
check 'no candidate: haguardd said why' grep -q 'no-candidate' "$T/out"
rm "$T/bin/redis-server"

# a key that may not update anything
wrap knotd 'sed -i "s/action: update/action: notify/" "$2"' 'exec "$REAL" "$@"'
quickstart
failed 'updates refused' $? 'waited in vain for the name'
check 'updates refused: haguardd said why' grep -q ' failed .* denied ' "$T/out"
rm "$T/bin/knotd"

# the DNS server stands still from before the failover on
quickstart &
quickstart=$!
until_true 60 grep -q ' client .* succeed,' "$T/out"
knotd=$(pgrep -f "knotd -c $T/tmp/")
check 'DNS stands still: there is a server' kill -STOP "$knotd"
wait $quickstart
failed 'DNS stands still' $? 'waited in vain for writes'
check 'DNS stands still: the failover was done all the same' grep -q ' promote  *[bc] ' "$T/out"
finish
