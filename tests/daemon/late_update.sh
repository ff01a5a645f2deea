#!/bin/sh
# SPDX-License-Identifier: MIT
# A name goes from A to C and back to A, and the order for C arrives at the end: it is refused.
. "$(dirname "$0")/lib.sh"
with_dns

P=$(free_port)
start_knot k "$P"
start_relay "$P" 127.0.0.3
A=$(free_port)
start_redis a "$A"
C=$(free_port)
start_redis c "$C" --bind 127.0.0.1 127.0.0.3 --replicaof 127.0.0.1 "$A"
until_true 10 linked "$C"
{
    conf_head
    echo "names_within=2s
ttl=1s
debt_factor=1
hold_down=0s
max_switches=16
[store r]
[dns zone]
servers=127.0.0.1:$P
update-servers=127.0.0.1:$R
zone=$ZONE
name.primary=%c.db.$ZONE
key-name=haguard
key-file=$T/secret
timeout=400ms
[cluster one]
store=r
dns=zone
node.a=127.0.0.1:$A
node.c=127.0.0.3:$C"
} >"$CONF"
name_is() { [ "$(at "$P" one.db A)" = "$1" ]; }
stale() { ctl --json status one | grep -q '"type":"cluster".*name-stale'; }
fresh() { ! stale; }
kept() { [ "$(grep -c '^kept' "$T/relay.out")" -ge "$1" ]; }
kept_n() { grep -c '^kept' "$T/relay.out"; }
release() {
    : >"$T/codes"
    _before=$(wc -l <"$T/relay.out")
    kill -USR1 "$PID_relay"
    until_true 10 sh -c "tail -n +$((_before + 1)) '$T/relay.out' | grep -q '^done'"
    tail -n +$((_before + 1)) "$T/relay.out" | sed -n 's/^code //p' | sort -u | tr '\n' ' ' >"$T/codes"
}
stays() { # for as long as orders are tried again
    _i=0
    while [ $_i -lt 20 ]; do
        name_is "$1" && [ "$(mark "$P" one.db)" = "$2" ] || return 1
        _i=$((_i + 1))
        sleep 0.1
    done
}
start_daemon
check "the name leads to A" until_true 20 name_is 127.0.0.1
check "healthy" until_true 20 state_is healthy one

# no order for C gets through until A is in place again
exits "to C" 0 ctl switchover one --to c
check "C is the primary" until_true 20 primary_is c one
check "the orders for its name are on their way" until_true 20 kept 2
check "the name still leads to A" name_is 127.0.0.1
check "which is an alarm" until_true 20 stale
check "the switchover has ended" until_true 40 field_is procedure null one
first=$(mark "$P" one.db)
until_true 20 ctl switchover one --to a
check "A is the primary again" until_true 20 primary_is a one
check "and true" until_true 40 fresh
newer=$(mark "$P" one.db)
check "its mark is a newer one" [ "$first" != "$newer" ]
release
is "the late orders for C are refused (NXRRSET, 8)" "$(cat "$T/codes")" "8 "
check "the name stays" stays 127.0.0.1 "$newer"
check "nothing is wrong" until_true 20 state_is healthy one

# a copy of an order for C is late, which got through by another copy
n=$(kept_n)
kill -USR2 "$PID_relay"
until_true 5 grep -q '^again' "$T/relay.out"
until_true 20 ctl switchover one --to c
check "to C again, which gets through" until_true 40 name_is 127.0.0.3
is "while one copy of the order is on its way" "$(kept_n)" $((n + 1))
check "and is true" until_true 40 state_is healthy one
until_true 20 ctl switchover one --to a
check "and back to A" until_true 40 name_is 127.0.0.1
check "true again" until_true 40 state_is healthy one
newer=$(mark "$P" one.db)
release
is "the late copy is refused (NXRRSET, 8)" "$(cat "$T/codes")" "8 "
check "the name stays at A" stays 127.0.0.1 "$newer"
check "nothing is wrong with it" state_is healthy one
end_daemon
is "it ends cleanly" "$RC" 0
finish
