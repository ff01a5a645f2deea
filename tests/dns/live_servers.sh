#!/bin/sh
# SPDX-License-Identifier: MIT
# Servers that are down, frozen, stale, and cured; keys that are wrong, and put right.
. "$(dirname "$0")/lib.sh"

P=$(free_port)
Q=$(free_port)
start_knot one "$P"
start_knot two "$Q"

# --- two servers without transfer between them ---
drive "$P,$Q" "update shop 192.0.2.1:1" "check shop 192.0.2.1:1"
expect "the first is updated, the second is stale" 1.outcome=ok 2.outcome=fail 2.reason=name-stale \
    "2.text=127.0.0.1:$Q has no TXT record of haguard"
drive "$Q" "update shop 192.0.2.1:1"
drive "$P,$Q" "check shop 192.0.2.1:1"
expect "cured: both are right" 1.outcome=ok
EXTRA=update=all
drive "$P,$Q" "update shop 192.0.2.2:1 gen=2" "check shop 192.0.2.2:1 gen=2"
expect "update=all" 1.outcome=ok 2.outcome=ok
drive "$Q" "update shop 192.0.2.3:1 gen=3"
drive "$P,$Q" "check shop 192.0.2.2:1 gen=2" "update shop 192.0.2.2:1 gen=2"
expect "one of them has a newer generation: both actions say so" 1.outcome=fail 1.reason=version \
    2.outcome=fail 2.reason=version "2.text=127.0.0.1:$Q has term 1 generation 3, newer.*"
EXTRA="update-servers=127.0.0.1:$Q"
drive "$P" "update apart 192.0.2.1:1" "check apart 192.0.2.1:1"
expect "update-servers: others are updated than are checked" 1.outcome=ok 2.outcome=fail
is "there it is" "$(at "$Q" apart.db A)$(at "$P" apart.db A)" 192.0.2.1
EXTRA=

# --- down ---
kill "$PID_one"
wait "$PID_one" 2>/dev/null
drive "$P" "update down 192.0.2.1:1 timeout=700" "check down 192.0.2.1:1 timeout=700"
expect "nobody listens: failed for certain, and unread" 1.outcome=fail 1.reason=no-connection \
    "1.text=127.0.0.1:$P has nobody listening: Connection refused" 2.outcome=unknown \
    2.reason=no-connection
EXTRA=tcp=always
drive "$P" "update down 192.0.2.1:1 timeout=700" "check down 192.0.2.1:1 timeout=700"
expect "by TCP too" 1.outcome=fail 1.reason=no-connection 2.outcome=unknown
EXTRA=
drive "$P,$Q" "update down 192.0.2.1:1" "check down 192.0.2.1:1"
expect "the next server takes it; the check says who was not read" 1.outcome=ok 2.outcome=unknown \
    "2.text=127.0.0.1:$P was not read: .*"
below "at once" "$(value 1.ms)" 1500
EXTRA=update=all
drive "$P,$Q" "update down 192.0.2.2:1 gen=2 timeout=2500"
expect "where all are wanted, it has failed" 1.outcome=fail 1.reason=no-connection
is "though it is at the other" "$(at "$Q" down.db A)" 192.0.2.2
EXTRA=
# up again while an update waits
(
    sleep 0.4
    exec "$KNOTD" -c "$T/one/conf" >"$T/one/out" 2>&1
) &
PID_one=$!
PIDS="$PIDS $PID_one"
drive "$P" "update back 192.0.2.1:1 timeout=6000" "check back 192.0.2.1:1"
expect "up again: it gets there within the same action" 1.outcome=ok 2.outcome=ok
below "soon" "$(value 1.ms)" 3000

# --- frozen ---
kill -STOP "$PID_one"
EXTRA=timeout=300ms
drive "$P" "update ice 192.0.2.1:1 timeout=700" "check ice 192.0.2.1:1 timeout=700"
expect "frozen: nothing was ordered; unread" 1.outcome=fail 1.reason=timeout 2.outcome=unknown
drive "$P,$Q" "update ice 192.0.2.1:1 timeout=6000" "check ice 192.0.2.9:1 timeout=6000"
expect "the next server takes it; a wrong answer counts more than none" 1.outcome=ok 2.outcome=fail \
    2.reason=name-stale
below "after one timeout" "$(value 1.ms)" 3000
EXTRA=
kill -CONT "$PID_one"
until_true 5 serves "$P"
drive "$P" "update thaw 192.0.2.1:1 later" "sh kill -STOP $PID_one" "freeze 300" \
    "sh kill -CONT $PID_one" wait "check thaw 192.0.2.1:1"
expect "a host that stands still for a while" 1.outcome=ok 2.outcome=ok
drive "$P" "check thaw 192.0.2.1:1 later" "freeze 2500" wait
expect "even for longer than the deadline: read late, or unknown" '1.outcome=\(ok\|unknown\)'

# --- keys ---
printf '%s\n' "bm90IHRoZSBzZWNyZXQgb2YgdGhlIHRlc3Q=" >"$T/wrong"
run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" -c key-name=haguard \
    -c "key-file=$T/wrong" "update key 192.0.2.1:1" \
    "sh cp $T/secret $T/wrong" "update key 192.0.2.1:1"
expect "a wrong secret is told; a right one in the file is picked up" 1.outcome=fail \
    1.reason=denied '1.text=.*another secret for our key (BADSIG).*' 2.outcome=ok
never "no secret is told" "$SECRET"
run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" -c key-name=nobody \
    -c "key-file=$T/secret" "update key 192.0.2.3:1 gen=2"
expect "a key that nobody knows" 1.outcome=fail 1.reason=denied '1.text=.*(BADKEY).*'
run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" -c key-name=powerless \
    -c "key-file=$T/secret" "update key 192.0.2.3:1 gen=2"
expect "a key without the right" 1.outcome=fail 1.reason=denied
run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" -c key-name=haguard \
    -c key-algorithm=hmac-sha512 -c "key-file=$T/secret" "update key 192.0.2.3:1 gen=2"
expect "another algorithm" 1.outcome=fail 1.reason=denied '1.text=.*(BADKEY).*'
run -c "servers=127.0.0.1:$P" -c zone=example.org -c "name.primary=%c.db.example.org" \
    -c key-name=haguard -c "key-file=$T/secret" "update key 192.0.2.3:1" "check key 192.0.2.3:1"
expect "a zone that it does not have" 1.outcome=fail 1.reason=denied 2.outcome=unknown \
    2.reason=denied
run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.child.$ZONE" \
    -c key-name=haguard -c "key-file=$T/secret" "update key 192.0.2.3:1" "check key 192.0.2.3:1"
expect "a part of the zone that was given away: a referral is no empty name" 1.outcome=fail \
    1.reason=bad-config '1.text=.*is no authority for.*' 2.outcome=unknown 2.reason=bad-config
is "nothing of all that was written" "$(at "$P" key.db A)" 192.0.2.1
finish
