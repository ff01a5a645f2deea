#!/bin/sh
# SPDX-License-Identifier: MIT
# Every action on real servers, looked at from the servers' side.
. "$(dirname "$0")/lib.sh"

P=$(free_port) R=$(free_port) S=$(free_port)
A=127.0.0.1:$P B=127.0.0.1:$R C=127.0.0.1:$S
mkdir "$T/conf"
echo "# kept by hand" >"$T/conf/primary.conf"
# no PING into the stream: positions stay what they are
start_redis_conf primary "$P" "$T/conf/primary.conf" --repl-diskless-sync-delay 0 \
    --repl-ping-replica-period 3600
start_redis replica "$R"
start_redis third "$S"
field() {
    cli "$1" info "$2" | tr -d '\r' | sed -n "s/^$3://p"
}
cli "$P" set k 1 >/dev/null

# --- follow ---
drive "follow $B target=$A" "follow $C target=$A" "follow $B target=$A"
expect "follow, twice the same" 1.outcome=ok 1.role=standby "1.upstream=$A" 2.outcome=ok \
    3.outcome=ok '1.flags=.*SYNCING.*'
until_true 5 linked "$R"
until_true 5 linked "$S"
is "the replica has the data" "$(cli "$R" get k)" 1

# --- detach ---
drive "probe $C" "detach $C" "probe $C"
expect "in sync, before the first byte of the stream: position 0, and not syncing" 1.position=0 \
    '1.flags=POSITION,LINK_UP,.*' '2.flags=POSITION,READS,.*' '3.flags=POSITION,READS,.*' \
    3.position=0
drive "probe $C" "follow $C target=$A"
expect "but who did not see it in sync says syncing" '1.flags=SYNCING,.*'
until_true 5 linked "$S"
cli "$P" set k 1 >/dev/null
# a diskless sync sends nothing before the first acknowledgement, up to a second after the link is up
streams() { [ "$(field "$1" replication slave_repl_offset)" -gt 0 ]; }
until_true 5 streams "$R"
until_true 5 streams "$S"
ID=$(field "$P" replication master_replid)
FULL=$(field "$P" stats sync_full)
OK=$(field "$P" stats sync_partial_ok)
drive "detach $B" "probe $B" "detach $B"
expect "detach keeps role, position and lineage" 1.outcome=ok 1.role=standby \
    1.upstream=127.0.0.1:1 2.role=standby 2.upstream=127.0.0.1:1 "2.lineage0=$ID@0" \
    '2.position=[1-9][0-9]*' '2.flags=POSITION,READS,VOLATILE,PRIORITY,' 3.outcome=ok
cli "$P" set k 2 >/dev/null
sleep 0.3
is "it receives nothing any more" "$(cli "$R" get k)" 1
is "and takes no writes" "$(cli "$R" set k 9)" "READONLY You can't write against a read only replica."
drive "follow $B target=$A"
until_true 5 linked "$R"
until_true 2 sh -c "[ \"\$($REDIS_CLI -p $R get k)\" = 2 ]"
is "it resumes partially" "$(field "$P" stats sync_full) $(($(field "$P" stats sync_partial_ok) - \
    OK)) $(cli "$R" get k)" "$FULL 1 2"
drive "detach $A"
expect "a primary is not detached" 1.outcome=fail 1.reason=wrong-role
is "and stays what it is" "$(field "$P" replication role)" master
drive "probe $A" "detach $A"
expect "nor when its role is known" 2.outcome=fail 2.reason=wrong-role
drive -c dead-port=9 "detach $C" "probe $C" "follow $C target=$A"
expect "dead-port is a setting" 2.upstream=127.0.0.1:9
until_true 5 linked "$S"

# --- quiesce ---
drive "quiesce $A arg=60000" "probe $A"
expect "quiesce, and the position is read in the same round" 1.outcome=ok 1.role=primary \
    '1.position=[1-9][0-9]*' 2.result=ok
timeout 0.4 "$REDIS_CLI" -p "$P" set k 3 >/dev/null 2>&1
is "writes wait" "$? $(cli "$P" get k)" "124 2"
drive "unquiesce $A" "unquiesce $A"
expect "unquiesce, twice" 1.outcome=ok 2.outcome=ok
is "writes go on" "$(cli "$P" set k 4)" OK
drive "quiesce $A arg=300"
sleep 0.4
is "a pause ends by itself" "$(timeout 1 "$REDIS_CLI" -p "$P" set k 5)" OK

# --- disconnect ---
"$REDIS_CLI" -p "$P" blpop nothing 20 >/dev/null 2>&1 &
CLIENT=$!
"$REDIS_CLI" -p "$P" subscribe channel >/dev/null 2>&1 &
SUB=$!
PIDS="$PIDS $CLIENT $SUB"
sleep 0.2
FULL=$(field "$P" stats sync_full)
OK=$(field "$P" stats sync_partial_ok)
drive "probe $A" "disconnect $A" "probe $A" "sleep 50"
expect "disconnect" 2.outcome=ok 3.result=ok
never "our own connection is no failure" notice
is "clients are gone" "$(cli "$P" client list type normal | grep -c 'cmd=blpop') \
$(cli "$P" client list type pubsub | grep -c subscribe)" "0 0"
is "replicas are not" "$(field "$P" replication connected_slaves) $(field "$P" stats sync_full) \
$(field "$P" stats sync_partial_ok)" "2 $FULL $OK"
kill "$CLIENT" "$SUB" 2>/dev/null
drive "probe $A" "probe $A later fresh" "disconnect $A later" wait "sleep 100"
expect "disconnect while a probe is under way" 2.outcome=ok 3.outcome=ok

# --- promote ---
drive "probe $B" "promote $B" "promote $B" "probe $B"
expect "promote, twice" 2.outcome=ok 2.role=primary "2.lineage1=$ID@$(value 2.position)" \
    3.outcome=ok 3.role=primary 4.role=primary '4.flags=.*WRITES.*' \
    "4.identity=$(field "$R" server run_id)"
is "one round trip, with its facts" "$(field "$R" replication role)" master
drive "follow $C target=$B"
until_true 5 linked "$S"
is "another follows it partially" "$(field "$R" stats sync_full) \
$(field "$R" stats sync_partial_ok)" "0 1"

# --- fence ---
drive "fence $A arg=5000" "fence $A arg=5000" "probe $A"
expect "a fence with a config file is lasting" 1.outcome=ok 1.fence=demoted 1.fence_for=0 \
    1.role=standby 1.upstream=127.0.0.1:1 2.fence=demoted 3.role=standby
is "it is in the file" "$(grep -c '^replicaof 127.0.0.1 1$' "$T/conf/primary.conf")" 1
is "what was written by hand is too" "$(grep -c 'kept by hand' "$T/conf/primary.conf")" 1
is "no write" "$(cli "$P" set k 6)" "READONLY You can't write against a read only replica."
is "and its data" "$(cli "$P" get k)" 5
drive "unfence $A" "probe $A" "unfence $A"
expect "unfence" 1.outcome=ok 1.role=primary 2.role=primary 3.outcome=ok
is "is lasting too" "$(grep -c '^replicaof' "$T/conf/primary.conf")" 0
drive "follow $A target=$B" "unfence $A" "probe $A"
expect "unfence leaves alone who follows another" 2.outcome=ok 3.role=standby "3.upstream=$B"
drive "persist_role $A"
expect "persist_role" 1.outcome=ok
is "in the file" "$(grep -c "^replicaof 127.0.0.1 $R\$" "$T/conf/primary.conf")" 1
drive "fence $B" "persist_role $B" "unfence $B"
expect "without a config file a fence is soft, and persist_role fails" 1.outcome=ok 1.fence=soft \
    1.fence_for=0 1.reason=unsupported '1.text=demoted, but .*' 2.outcome=fail \
    2.reason=unsupported 3.outcome=ok

# --- no answer ---
drive "promote 127.0.0.1:$(free_port)" "fence 127.0.0.1:$(free_port)"
expect "nobody there: certainly not done" 1.outcome=fail 1.reason=no-connection 2.outcome=fail
drive "probe $C quiet" "sh kill -STOP $PID_third" "promote $C timeout=500" \
    "detach $C timeout=300" "sh kill -CONT $PID_third" "sleep 200" "probe $C"
expect "sent and not answered: unknown" 2.outcome=unknown 2.reason=timeout
below "before the deadline" "$(value 2.ms)" 500
expect "what only asked is no unknown" 3.outcome=fail
expect "it had happened" 4.role=primary
drive "follow $C target=$B" "probe $C quiet" "sh kill -STOP $PID_third" \
    "promote $C timeout=2000 later" "sleep 100" "sh kill -KILL $PID_third" wait
expect "the store dies with the order in its hands: unknown" 3.outcome=unknown 3.reason=broken
below "and at once" "$(value 3.ms)" 500

# --- order and latency ---
drive "probe $B quiet" "quiesce $B arg=5000 later" "unquiesce $B later" "fence $B later" \
    "unfence $B later" "promote $B later" wait "probe $B"
expect "orders to one node keep their order" 2.outcome=ok 3.outcome=ok 4.outcome=ok \
    5.outcome=ok 6.outcome=ok 7.role=primary
timeout 1 "$REDIS_CLI" -p "$R" set k 7 >/dev/null
is "none of them is left over" $? 0
start_python stuck "$HERE/stuck_server.py" 1
drive -c fresh-every=1h "probe 127.0.0.1:$PORT_stuck" \
    "probe 127.0.0.1:$PORT_stuck timeout=1000 later" "sleep 50" \
    "unquiesce 127.0.0.1:$PORT_stuck timeout=900" wait
expect "a stuck connection delays no order" 3.outcome=ok
below "it takes a fresh one" "$(value 3.ms)" 200
finish
