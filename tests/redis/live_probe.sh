#!/bin/sh
# SPDX-License-Identifier: MIT
# What a probe finds, on real servers and on servers that misbehave.
. "$(dirname "$0")/lib.sh"

P=$(free_port) R=$(free_port) L=$(free_port) M=$(free_port)
A=127.0.0.1:$P B=127.0.0.1:$R
start_redis primary "$P" --busy-reply-threshold 100 --enable-protected-configs yes
start_redis replica "$R" --replicaof 127.0.0.1 "$P" --replica-priority 40
cli "$P" set a b >/dev/null
until_true 5 linked "$R"
sleep 1.1 # acknowledged once

RUN=$(cli "$P" info server | tr -d '\r' | sed -n 's/^run_id://p')
ID=$(cli "$P" info replication | tr -d '\r' | sed -n 's/^master_replid://p')
drive "probe $A" "probe $B"
expect "a primary's facts" 1.outcome=ok 1.result=ok 1.role=primary \
    '1.flags=POSITION,READS,WRITES,VOLATILE,' "1.identity=$RUN" "1.lineage0=$ID@0" \
    "1.streams=$B," '1.position=[1-9][0-9]*'
expect "a standby's facts" 2.result=ok 2.role=standby \
    '2.flags=POSITION,LINK_UP,READS,VOLATILE,PRIORITY,' "2.lineage0=$ID@0" "2.upstream=$A" \
    2.priority=999960 2.link_beat=10000 '2.link_idle=[0-9][0-9]*' '2.position=[1-9][0-9]*'

drive "probe $A quiet" "probe $A quiet" allocations "probe $A quiet" "probe $A quiet" \
    "probe $A quiet" allocations
is "a steady probe allocates nothing" "$(grep -c '^allocations=' "$T/o") $(grep '^allocations=' \
    "$T/o" | sort -u | wc -l)" "2 1"

cli "$P" config set save '3600 1' >/dev/null
cli "$P" config set repl-ping-replica-period 3 >/dev/null
cli "$R" config set repl-ping-replica-period 3 >/dev/null
drive "probe $A" "probe $B"
expect "durable when save is set" '1.flags=POSITION,READS,WRITES,' 2.link_beat=3000

# --- what a store says instead ---
mkdir "$T/gone"
cli "$P" config set dir "$T/gone" >/dev/null
rmdir "$T/gone"
cli "$P" bgsave >/dev/null
until_true 5 sh -c "$REDIS_CLI -p $P info persistence | grep -q rdb_last_bgsave_status:err"
drive "probe $A"
expect "MISCONF is read-only" 1.result=ok 1.role=primary '1.flags=POSITION,READS,READONLY,' \
    '1.text=MISCONF.*'
cli "$P" config set dir "$T/primary" >/dev/null
cli "$P" config set save '' >/dev/null
cli "$P" config set stop-writes-on-bgsave-error no >/dev/null

drive "probe $A quiet" "sh ($REDIS_CLI -p $P eval 'while true do end' 0 >/dev/null 2>&1 &)" \
    "sleep 300" "probe $A" "probe $A fresh" "sh $REDIS_CLI -p $P script kill >/dev/null" \
    "sleep 300" "probe $A"
expect "BUSY is alive and read-only, and its role is known on the held connection" 2.result=ok \
    2.role=primary 2.flags=READONLY, "2.identity=$RUN" '2.text=BUSY.*'
expect "BUSY on a fresh connection: alive" 3.result=ok 3.role=unknown 3.flags=READONLY,
expect "after SCRIPT KILL all is well" 4.result=ok 4.role=primary \
    '4.flags=POSITION,READS,WRITES,VOLATILE,'

cli "$R" config set replica-serve-stale-data no >/dev/null
cli "$R" replicaof 127.0.0.1 1 >/dev/null
sleep 0.2
drive "probe $B"
expect "MASTERDOWN is alive and serves no reads" 1.result=ok 1.role=standby \
    '1.flags=POSITION,VOLATILE,PRIORITY,' 1.upstream=127.0.0.1:1
cli "$R" config set replica-serve-stale-data yes >/dev/null
cli "$R" replicaof 127.0.0.1 "$P" >/dev/null

start_redis loader "$L" --dbfilename l.rdb --enable-debug-command yes
cli "$L" debug populate 20000 k 20 >/dev/null
cli "$L" save >/dev/null
kill -KILL "$PID_loader"
wait "$PID_loader" 2>/dev/null
"$REDIS_SERVER" --port "$L" --dir "$T/loader" --dbfilename l.rdb --save '' --key-load-delay 300 \
    --loading-process-events-interval-bytes 1024 --logfile "$T/loader/log" >/dev/null 2>&1 &
PIDS="$PIDS $!"
until_true 5 sh -c "$REDIS_CLI -p $L ping | grep -q LOADING"
drive "probe 127.0.0.1:$L"
expect "LOADING is not serving" 1.outcome=ok 1.result=not-serving 1.reason=not-serving \
    1.role=primary '1.text=LOADING.*'
never "LOADING is no word of emptiness" EMPTY

start_redis few "$M" --maxclients 1
drive "sh ($REDIS_CLI -p $M blpop nothing 5 >/dev/null 2>&1 &)" "sleep 200" \
    "probe 127.0.0.1:$M"
expect "no room for another client is not serving" 1.result=not-serving '1.text=ERR max number.*'

# --- no answer ---
drive "probe 127.0.0.1:$(free_port)"
expect "nobody listens: refused" 1.outcome=ok 1.result=refused 1.reason=refusing

drive "probe $A quiet" "sh kill -STOP $PID_primary" "probe $A timeout=600" \
    "probe $A timeout=600" "sh kill -CONT $PID_primary" "sleep 100" "probe $A"
expect "a stopped process accepts and does not answer" 2.result=timeout 2.flags=ACCEPTED, \
    3.result=timeout 3.flags=ACCEPTED, 2.outcome=ok
below "its probe ends before the deadline" "$(value 2.ms)" 600
expect "it goes on" 4.result=ok

start_python bad "$HERE/bad_server.py" mute garbage unasked short types array nested endless \
    norole close reset greet
eval "$PORT_bad"
drive "probe 127.0.0.1:$PORT_mute timeout=400"
expect "mute: timeout, accepted" 1.result=timeout 1.flags=ACCEPTED,

# a full listen queue: the machine is there, the connection is not accepted
start_python full -c "
import socket, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
c = [socket.socket() for i in range(8)]
for x in c: x.setblocking(False); x.connect_ex(s.getsockname())
print(s.getsockname()[1], flush=True)
time.sleep(60)"
drive "probe 127.0.0.1:$PORT_full timeout=400"
expect "not accepted: timeout without ACCEPTED" 1.result=timeout 1.flags=
drive -c connect-timeout=100ms "probe 127.0.0.1:$PORT_full timeout=900" \
    "promote 127.0.0.1:$PORT_full timeout=900"
expect "connect-timeout ends it earlier" 1.result=timeout 2.outcome=fail 2.reason=no-connection
below "and soon" "$(value 2.ms)" 400

# --- answers that are none ---
for mode in garbage unasked short types array nested endless norole; do
    eval "port=\$PORT_$mode"
    drive "probe 127.0.0.1:$port" "probe 127.0.0.1:$port" "promote 127.0.0.1:$port" \
        "detach 127.0.0.1:$port"
    case $mode in
    short) expect "$mode: closed in the answer" 1.outcome=ok 1.result=refused ;;
    *) expect "$mode: garbled, with a reason" 1.outcome=ok 1.result=garbled '1.text=..*' \
        2.result=garbled ;;
    esac
    never "$mode: no order succeeds" '^[34].outcome=ok'
done
for mode in close reset; do
    eval "port=\$PORT_$mode"
    drive "probe 127.0.0.1:$port" "promote 127.0.0.1:$port"
    expect "$mode: refused" 1.outcome=ok 1.result=refused
    never "$mode: no order succeeds" '^2.outcome=ok'
done

# both are there before the host looks: its write meets a connection that is gone
drive "probe 127.0.0.1:$PORT_greet later" "freeze 200" wait
expect "what it says before it closes is heard, and no signal ends the host" \
    1.result=not-serving '1.text=.*max number of clients.*'

# --- the held connection ---
drive -c fresh-every=1h "probe $A quiet" "sh $REDIS_CLI -p $P client kill type normal >/dev/null" \
    "sleep 100" "probe $A"
expect "a held connection that is closed is told at once" "notice=$A seen=4" 2.result=ok

drive -c fresh-every=1h "probe $A quiet" "probe $A quiet" "probe $A fresh quiet" "sleep 50"
never "one that we replace is not" notice
N=$(cli "$P" info stats | tr -d '\r' | sed -n 's/^total_connections_received://p')
drive -c fresh-every=1h "probe $A quiet" "probe $A quiet" "probe $A quiet"
is "probes share one connection" $(($(cli "$P" info stats | tr -d '\r' |
    sed -n 's/^total_connections_received://p') - N)) 2
N=$(cli "$P" info stats | tr -d '\r' | sed -n 's/^total_connections_received://p')
drive -c fresh-every=100ms "probe $A quiet" "sleep 150" "probe $A quiet" "sleep 150" \
    "probe $A quiet" "sleep 150" "probe $A quiet urgent"
is "fresh ones come at their rate, not when it is urgent" $(($(cli "$P" info stats | tr -d '\r' |
    sed -n 's/^total_connections_received://p') - N)) 4

# a held connection that hangs, while the store is well: only its packets are lost. The double
# answers new connections and not the old one.
start_python stuck "$HERE/stuck_server.py" 1
drive -c fresh-every=1h "probe 127.0.0.1:$PORT_stuck" "probe 127.0.0.1:$PORT_stuck timeout=600" \
    "probe 127.0.0.1:$PORT_stuck"
expect "a fresh connection decides when the held one hangs" 1.result=ok 2.result=ok 3.result=ok
below "after half of the time" "$(value 2.ms)" 500
below "and is held from then on" "$(value 3.ms)" 200

# --- at any moment ---
drive "probe $A later" cancel "probe $A" "probe $A later" cancel "probe $A fresh later" cancel \
    "probe $A later" "forget $A" "sleep 50" "probe $A" "probe $A later"
expect "cancel, forget and close in flight" 2.result=ok 6.result=ok
drive "probe $A quiet" "promote $A later" cancel "probe $A later" "forget $A" "follow $A \
    target=$B later"
expect "the same with orders" 
drive "probe $A quiet" "probe $A later timeout=300" "freeze 700" wait
never "a host that stood still blames nobody" '^2.result=timeout'

drive "probe localhost:6379" "probe $P" "probe [::1]" "follow $A target=$A" "follow $A target=x:1"
expect "addresses that are none" 1.outcome=fail 1.reason=bad-config 2.outcome=fail \
    3.outcome=fail 4.reason=target-unfit 5.reason=bad-config

kill -KILL "$PID_primary"
wait "$PID_primary" 2>/dev/null
drive "probe $A" "probe $B"
expect "a standby of a dead primary" 1.result=refused 2.result=ok 2.role=standby \
    '2.flags=POSITION,READS,VOLATILE,PRIORITY,' 2.link_idle=-1

if python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
    V=$(free_port)
    W=$(free_port)
    start_redis six "$V" --bind ::1 127.0.0.1
    start_redis seven "$W" --bind ::1 127.0.0.1
    drive "follow [::1]:$W target=[::1]:$V" "sleep 1500" "probe [::1]:$W" "probe [::1]:$V"
    expect "IPv6" 1.outcome=ok 2.result=ok "2.upstream=\[::1\]:$V" "3.streams=\[::1\]:$W,"
else
    echo "skip - redis/live_probe: IPv6: there is no ::1"
fi
finish
