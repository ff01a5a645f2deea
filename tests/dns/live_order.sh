#!/bin/sh
# SPDX-License-Identifier: MIT
# Two deciders and late messages: the newest term and generation stays, whatever arrives when.
. "$(dirname "$0")/lib.sh"

P=$(free_port)
start_knot one "$P"

release() {
    kill -USR1 "$PID_relay"
    until_true 5 grep -q '^done' "$T/relay.out"
}
codes() {
    sed -n 's/^code //p' "$T/relay.out" | sort -u | tr '\n' ' '
}

drive "$P" "update shop 192.0.2.1:1 term=2 gen=5" "update shop 192.0.2.2:1 term=1 gen=9" \
    "update shop 192.0.2.2:1 term=2 gen=4" "update shop 192.0.2.3:1 term=2 gen=6" \
    "update shop 192.0.2.4:1 term=3 gen=1"
expect "an older term or generation is refused, a newer one is not" 1.outcome=ok 2.outcome=fail \
    2.reason=version \
    "2.text=127.0.0.1:$P has term 2 generation 5, newer than ours, 1 and 9" 3.outcome=fail \
    3.reason=version 4.outcome=ok 5.outcome=ok
is "the newest is there" "$(at "$P" shop.db A) $(mark "$P" shop.db)" "192.0.2.4 3 1"
drive "$P" "update shop 192.0.2.5:1 term=3 gen=1" "check shop 192.0.2.5:1 term=3 gen=1" \
    "update shop 192.0.2.4:1 term=3 gen=1"
expect "the same generation with other addresses is put right" 1.outcome=ok 2.outcome=ok 3.outcome=ok

# A is at work, its order is late; C takes over; A's order arrives.
start_relay "$P"
drive "$R" "update late 192.0.2.1:1 term=1 gen=1 timeout=600"
expect "an order that is not answered is unknown" 1.outcome=unknown 1.reason=timeout
is "the path has kept it, and what was sent again" \
    "$([ "$(grep -c kept "$T/relay.out")" -ge 2 ] && echo yes)" yes
is "it is not at the server" "$(at "$P" late.db TXT)" ""
drive "$P" "update late 192.0.2.2:1 term=2 gen=1"
expect "another guard writes" 1.outcome=ok
release
is "the late one is refused (YXRRSET, 7)" "$(codes)" "7 "
is "what the other wrote stays" "$(at "$P" late.db A) $(mark "$P" late.db)" "192.0.2.2 2 1"
kill "$PID_relay"

# A -> C -> A: the name has again the addresses that the late order was made for
drive "$P" "update abc 192.0.2.1:1 term=1 gen=1"
start_relay "$P"
drive "$R" "update abc 192.0.2.9:1 term=1 gen=2 timeout=600"
expect "late again" 1.outcome=unknown
drive "$P" "update abc 192.0.2.3:1 term=2 gen=2" "update abc 192.0.2.1:1 term=3 gen=3"
expect "A, C, A" 1.outcome=ok 2.outcome=ok
release
is "the late one is refused (NXRRSET, 8)" "$(codes)" "8 "
is "A stays" "$(at "$P" abc.db A) $(mark "$P" abc.db)" "192.0.2.1 3 3"
kill "$PID_relay"

# the same term and generation written twice: even then the late one cannot come after
drive "$P" "update twin 192.0.2.1:1 term=1 gen=1"
start_relay "$P"
drive "$R" "update twin 192.0.2.9:1 term=1 gen=1 timeout=600"
drive "$P" "update twin 192.0.2.2:1 term=1 gen=1" "update twin 192.0.2.1:1 term=1 gen=1"
release
is "each update has an id of its own" "$(codes)" "8 "
is "the last one stays" "$(at "$P" twin.db A)" 192.0.2.1
kill "$PID_relay"

# nothing was newer: the late order is carried out, and the next is content with it
start_relay "$P"
drive "$R" "update lone 192.0.2.1:1 term=1 gen=1 timeout=600"
release
drive "$P" "update lone 192.0.2.1:1 term=1 gen=1" "check lone 192.0.2.1:1 term=1 gen=1"
expect "an unknown one that was carried out" 1.outcome=ok 2.outcome=ok
is "once" "$(codes)$(at "$P" lone.db TXT | grep -c 'gen=1')" "0 7 1"
kill "$PID_relay"

# two guards at one name: what is read by one is changed by the other before its order comes
both() {
    _first=$1 _out=$2
    set --
    i=0
    while [ $i -lt 60 ]; do
        set -- "$@" "update race 192.0.2.$_first:1 gen=$((2 * i + _first)) timeout=4000"
        i=$((i + 1))
    done
    drive "$P" "$@"
    mv "$T/o" "$_out"
}
(
    T_ALL=$T
    mkdir "$T/other"
    cp "$T/secret" "$T/other"
    T=$T/other
    both 2 "$T_ALL/second"
) &
other=$!
both 1 "$T/first"
wait $other
is "two guards at one name: each order got there or was too old" \
    "$(cat "$T/first" "$T/second" | grep -c 'outcome=ok\|reason=version')" 120
is "the last generation stays" "$(at "$P" race.db A) $(mark "$P" race.db)" "192.0.2.2 1 120"
echo "# $(grep -c 'DDNS.*prerequisites not met' "$T/one/log") prerequisites were not met"
finish
