#!/bin/sh
# SPDX-License-Identifier: MIT
# haguardd and haguardctl on a real cluster: a failover, and everything that an operator does.
. "$(dirname "$0")/lib.sh"
redis_pair a b
PORT_c=$(free_port)
start_redis c "$PORT_c" --replicaof 127.0.0.1 "$PORT_a"
until_true 10 linked "$PORT_c"
{
    conf_head
    echo '[store r]'
    conf_cluster one r "echo \"\$HAGUARD_CLUSTER \$HAGUARD_ENDPOINT \$HAGUARD_ADDRS\" >>$T/names" \
        "a=$PORT_a" "b=$PORT_b" "c=$PORT_c"
    printf 'max_switches=16\nhold_down=0s\n'
} >"$CONF"
name_is() { [ "$(grep "^one $1 " "$T/names" | tail -n 1)" = "one $1 $2" ]; }
start_daemon

check "finds the primary" until_true 15 primary_is a one
check "becomes healthy" until_true 15 state_is healthy one
check "moves the primary name" until_true 10 name_is primary "127.0.0.1:$PORT_a"
check "moves the replica name" until_true 10 name_is replica "127.0.0.1:$PORT_b 127.0.0.1:$PORT_c"
is "its socket is for its user" "$(stat -c %a "$SOCK")" 600
is "its record is for its user" "$(stat -c %a "$STATE/one.record")" 600

exits "status" 0 ctl status
check "status is a table" has '^CLUSTER  *STATE  *TERM  *PRIMARY'
check "status has the nodes" has "^one  *b  *127.0.0.1:$PORT_b  *standby  *up"
exits "status of a cluster that is none" 4 ctl status two
exits "explain" 0 ctl explain one
check "explain tells who would be promoted" has 'would be promoted now'
exits "explain needs a cluster" 2 ctl explain
exits "a command that is none" 2 ctl promote one
exits "a word that is not taken" 2 ctl pause one --to a
exits "json status" 0 ctl --json status
check "json status is JSON, and ends" python3 -c '
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
assert [l["type"] for l in lines] == ["cluster", "node", "node", "node", "end"], lines
assert lines[0]["primary"] == "a" and lines[-1]["code"] == 0' "$T/check"

# dry runs touch nothing
exits "switchover --dry-run" 0 ctl switchover one --dry-run
check "it says that it could begin" has 'could begin'
exits "failover --dry-run" 0 ctl failover one --to c --dry-run
exits "switchover --dry-run to the primary" 1 ctl switchover one --to a --dry-run
check "it says why not" has 'is-primary\|target-unfit'
exits "switchover to a node that is none" 4 ctl switchover one --to z --dry-run
check "the primary is still the same" primary_is a one
is "nothing was ordered" "$(ctl events | grep -c ' begin ')" 0

# pause
exits "pause needs a time" 2 ctl pause one
exits "pause needs a time that is one" 2 ctl pause one --for soon
exits "pause" 0 ctl pause one --for 1h --owner 'the night shift'
check "status shows who paused" until_true 5 sh -c '"$HAGUARDCTL" --socket "$SOCK" status | grep -q "paused by the night shift"'
exits "switchover while paused" 1 ctl switchover one
check "it says that it is paused" has 'paused'
exits "resume" 0 ctl resume one
exits "resume of what is not paused" 1 ctl resume one
exits "confirm of what nobody asks" 1 ctl confirm one

# switchover
exits "switchover --wait" 0 ctl switchover one --to b --wait
check "it shows what happens" has ' promote  *b '
check "b is the primary" primary_is b one
check "the name leads to b" until_true 10 name_is primary "127.0.0.1:$PORT_b"
check "a follows" until_true 20 linked "$PORT_a"
check "becomes healthy again" until_true 30 state_is healthy one

# failover
ctl events --follow >"$T/followed" 2>&1 &
FOLLOWER=$!
PIDS="$PIDS $FOLLOWER"
kill -KILL "$PID_b"
check "fails over" until_true 30 sh -c '[ "$("$HAGUARDCTL" --socket "$SOCK" --json status one | head -n 1 | grep -c "\"failovers\":1")" = 1 ]'
new=$(field primary one)
eval "port=\$PORT_$new"
check "the name leads to the new primary" until_true 10 name_is primary "127.0.0.1:$port"
check "the new primary is one" sh -c "$REDIS_CLI -p $port role | head -n 1 | grep -q master"
check "the new primary takes writes" sh -c "$REDIS_CLI -p $port set k v | grep -q OK"
check "people read what happened" said ' promote .*was promoted'
check "who follows reads it too" until_true 5 grep -q ' promote ' "$T/followed"
below "a failover took less than 5 s" "$(field last_failover_ms one)" 5000
check "events has the last ones" sh -c '"$HAGUARDCTL" --socket "$SOCK" events | grep -q " end .*failover is done"'

end_daemon
is "it ends cleanly" "$RC" 0
check "its socket is gone" test ! -e "$SOCK"
check "who follows is told" until_true 5 grep -q 'hung up' "$T/followed"
check "it says so" said ' stopped '
finish
