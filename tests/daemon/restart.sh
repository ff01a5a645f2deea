#!/bin/sh
# SPDX-License-Identifier: MIT
# The daemon is killed while a failover runs, and started again; records that are damaged or in use.
. "$(dirname "$0")/lib.sh"
redis_pair a b
hook="test -e $T/go || sleep 60; echo \"\$HAGUARD_ENDPOINT \$HAGUARD_ADDRS\" >>$T/names"
{
    conf_head
    echo '[store r]'
    conf_cluster one r "$hook" "a=$PORT_a" "b=$PORT_b"
} >"$CONF"
touch "$T/go"
start_daemon
check "guards one" until_true 20 state_is healthy one
sleep 1
is "keeps a record" "$(head -c 15 "$STATE/one.record")" haguard-record\ 

# a second daemon
timeout 10 "$HAGUARDD" --config "$CONF" >"$T/check" 2>&1
check "a second one is refused" has "in use by the haguardd of pid $DAEMON"
sed "s|^state-dir=.*|state-dir=$T/state2|" "$CONF" >"$T/conf2"
timeout 10 "$HAGUARDD" --config "$T/conf2" >"$T/check" 2>&1
check "a second one on its socket is refused" has "socket $SOCK is in use"
check "the first one still answers" ctl status

# killed in the middle of a failover
rm -f "$T/go"
kill -KILL "$PID_a"
check "a failover begins" until_true 20 said ' promote '
term=$(field term one)
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
touch "$T/go"
: >"$T/names"
forget_output
start_daemon
check "the failover goes on after a restart" until_true 30 state_is degraded one
check "with the promoted node" primary_is b one
check "the name leads there" until_true 20 grep -q "^primary 127.0.0.1:$PORT_b\$" "$T/names"
check "it says that it goes on" said 'record .*term .* goes on'
[ "$(field term one)" -ge "$term" ]
report $? "the term does not fall"
check "b is a primary" sh -c "$REDIS_CLI -p $PORT_b role | head -n 1 | grep -q master"
start_redis a "$PORT_a"
check "the old primary becomes a replica" until_true 30 linked "$PORT_a"
end_daemon
is "it ends cleanly" "$RC" 0

# damage
cp "$STATE/one.record" "$T/whole"
damaged() { # NAME COMMAND...: the record is what the command prints
    _name=$1
    shift
    "$@" >"$STATE/one.record"
    cp "$STATE/one.record" "$T/was"
    rm -f "$STATE/one.record.damaged"
    forget_output
    start_daemon
    check "$_name is said" said ' alarm .* record .*damaged'
    check "$_name is kept aside" cmp "$T/was" "$STATE/one.record.damaged"
    check "$_name does not keep it from its work" until_true 20 primary_is b one
    check "$_name is replaced" until_true 10 test -s "$STATE/one.record"
    end_daemon
}
damaged "a record with a wrong byte" env LC_ALL=C sed '$ s/.$/#/' "$T/whole"
damaged "a record that is cut" head -c 40 "$T/whole"
damaged "a record that is empty" true
damaged "a record of another kind" echo hello
cp "$T/whole" "$STATE/one.record"

# a record that names a node that is not there any more
sed '/^node.b=/d' "$CONF" >"$T/conf2"
timeout 10 "$HAGUARDD" --config "$T/conf2" >"$T/check" 2>&1
check "a node that the record has as primary is missed" has "conf2:[0-9]*: .*names b as primary"
finish
