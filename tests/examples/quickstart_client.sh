#!/bin/sh
# SPDX-License-Identifier: MIT
# The quickstart's client follows a name: it asks the DNS server, keeps an answer for its TTL and no
# longer, and counts what was lost.
DRIVE=${DRIVE:-none}
. "$(dirname "$0")/../dns/lib.sh"
client=$HAG_BUILD/examples/quickstart-client
[ -x "$client" ] || { echo "1..0 # SKIP the client was not built"; exit 77; }
report() {
    NTESTS=$((NTESTS + 1))
    [ "$1" = 0 ] && { echo "ok - quickstart_client: $2"; return 0; }
    NFAILED=$((NFAILED + 1))
    sed 's/^/# /' "$T/o"
    echo "not ok - quickstart_client: $2"
}
check() { # NAME COMMAND...
    _what=$1
    shift
    "$@" 2>/dev/null
    report $? "$_what"
}
said() { grep -q -e "$1" "$T/o"; }

D=$(free_port)
start_knot k "$D"
P=$(free_port)
for host in 127.0.0.2 127.0.0.3; do
    mkdir "$T/$host"
    redis-server --bind $host --port "$P" --dir "$T/$host" --save '' --appendonly no \
        >"$T/$host/out" 2>&1 &
    eval "PID_${host##*.}=$!"
    PIDS="$PIDS $!"
    until_true 10 redis-cli -h $host -p "$P" ping
done
name_to() { # ADDRESS
    by_hand "$D" "update delete shop.$ZONE. A" "update add shop.$ZONE. 3 A $1"
}

: >"$T/o"
name_to 127.0.0.2
"$client" "127.0.0.1:$D" "shop.$ZONE" "$P" "$T/result" >"$T/o" 2>&1 &
CLIENT=$!
PIDS="$PIDS $CLIENT"
check "writes where the name leads" until_true 10 said 'writes to 127.0.0.2 succeed,'
sleep 4 # the answer has expired; the connection holds
kill -KILL "$PID_2"
check "says when writes fail" until_true 10 said 'writes fail'
sleep 0.5 # it has asked again
name_to 127.0.0.3
moved=$(date +%s%N)
check "goes where the name leads now" until_true 10 said 'writes to 127.0.0.3 succeed again'
took=$((($(date +%s%N) - moved) / 1000000))
check "keeps an answer for its TTL ($took ms)" [ $took -gt 1900 ]
check "but no longer" [ $took -lt 3500 ]
sleep 0.3
kill "$CLIENT"
wait "$CLIENT"
is "ends well" $? 0
acknowledged='' lost='' failing=''
. "$T/result"
is "writes do not fail at the end" "$failing" 0
stored=$(redis-cli -h 127.0.0.3 -p "$P" dbsize)
check "counts what it wrote" [ "$acknowledged" -gt 100 ]
# the two servers know nothing of each other: what the first one had is lost
is "counts what was lost" "$lost" "$((acknowledged - stored))"

# a name without an address, a server that is none
"$client" "127.0.0.1:$D" "nothing.$ZONE" "$P" "$T/result" >"$T/o" 2>&1 &
CLIENT=$!
PIDS="$PIDS $CLIENT"
sleep 0.5
kill "$CLIENT"
wait "$CLIENT"
is "does not end well without an address" $? 1
check "and says why" said 'has no address'
"$client" 127.0.0.1 "shop.$ZONE" "$P" "$T/result" >"$T/o" 2>&1
is "needs a server with a port" $? 2
check "and says so" said 'not HOST:PORT'
finish
