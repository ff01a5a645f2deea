#!/bin/sh
# SPDX-License-Identifier: MIT
# While a failover runs and DNS stands still: reloaded, with its dns section changed, killed and
# started again. The names come true all the same, and nobody is promoted twice.
. "$(dirname "$0")/lib.sh"
with_dns

P1=$(free_port)
start_knot k1 "$P1"
P2=$(free_port)
start_knot k2 "$P2"
A=$(free_port)
start_redis a "$A"
B=$(free_port)
start_redis b "$B" --bind 127.0.0.1 127.0.0.2 --replicaof 127.0.0.1 "$A"
C=$(free_port)
start_redis c "$C" --bind 127.0.0.1 127.0.0.3 --replicaof 127.0.0.1 "$A"
until_true 10 linked "$B"
until_true 10 linked "$C"
X=$(free_port)
start_redis x "$X"
PORT=$(free_port)
{
    conf_head "metrics=127.0.0.1:$PORT"
    echo "names_within=120s
ttl=1s
debt_factor=1
hold_down=0s
max_switches=16
[store r]
[dns zone]
servers=127.0.0.1:$P1,[::1]:$P2
update=all
zone=$ZONE
name.primary=%c.db.$ZONE
name.replica=%c-ro.db.$ZONE
key-name=haguard
key-file=$T/secret
timeout=500ms
[cluster one]
store=r
dns=zone
node.a=127.0.0.1:$A
node.b=127.0.0.2:$B
node.c=127.0.0.3:$C no-promote"
} >"$CONF"
name_is() { # NAME ADDRESSES: at both servers
    [ "$(at "$P1" "$1" A)" = "$2" ] && [ "$(at "$P2" "$1" A)" = "$2" ]
}
metrics() { python3 "$HERE/metrics.py" "http://127.0.0.1:$PORT/metrics" "$@"; }
history() { cli "$B" info replication | sed -n 's/^master_replid://p'; } # each promotion begins a new one
masters() { # how many say that they are
    for _port in $A $B $C; do cli "$_port" role | sed -n 1p; done | grep -c master
}
start_daemon
check "healthy" until_true 30 state_is healthy one
check "the name leads to a" until_true 20 name_is one.db 127.0.0.1
check "the replica name to the others" until_true 20 name_is one-ro.db "127.0.0.2 127.0.0.3"
term=$(field term one)

kill -STOP "$PID_k1" "$PID_k2"
kill -KILL "$PID_a"
check "a failover begins" until_true 30 said ' promote '
check "and waits for the name" until_true 20 field_is procedure failover one
term2=$(field term one)
[ "$term2" -gt "$term" ]
report $? "in a new term"

# a reload: settings, another cluster
printf '[cluster two]\nstore=r\non-endpoint=none\nnode.x=127.0.0.1:%s\n' "$X" >>"$CONF"
sed -i 's/^max_switches=.*/max_switches=15/' "$CONF"
exits "a reload while it runs" 0 ctl reload
check "the other cluster is guarded" until_true 20 primary_is x two
check "it still runs" field_is procedure failover one
is "in the same term" "$(field term one)" "$term2"
# another: the dns section, whose updates are in flight
sed -i 's/^timeout=.*/timeout=400ms/' "$CONF"
exits "a reload of its dns section while it runs" 0 ctl reload
check "which is opened anew" said 'reload .*done: .*1 stores or dns opened anew'
sleep 1
check "it still runs then" field_is procedure failover one
check "metrics can be parsed while it runs" metrics 'haguard_cluster_state{cluster=one,state=failover}=1' \
    'haguard_node_primary{cluster=one,node=b}=1'

# killed and started again, twice
once=$(history)
for round in 1 2; do
    kill -KILL "$DAEMON"
    wait "$DAEMON" 2>/dev/null
    forget_output
    start_daemon
    check "killed $round: its record goes on" until_true 10 said 'one .*record .*term .* goes on'
    check "killed $round: b is the primary" until_true 20 primary_is b one
    [ "$(field term one)" -ge "$term2" ]
    report $? "killed $round: the term does not fall"
done
kill -CONT "$PID_k1" "$PID_k2"
check "DNS back: the name leads to b" until_true 60 name_is one.db 127.0.0.2
check "DNS back: the replica name leads to c" until_true 60 name_is one-ro.db 127.0.0.3
check "nothing runs any more" until_true 60 field_is procedure null one
is "one store is a master" "$(masters)" 1
start_redis a "$A"
check "the old primary becomes a replica" until_true 60 linked "$A"
check "and is in the replica name" until_true 60 name_is one-ro.db "127.0.0.1 127.0.0.3"
check "healthy again" until_true 60 state_is healthy one
is "still one store is a master" "$(masters)" 1
is "nobody was promoted twice" "$(history)" "$once"
check "metrics can be parsed" metrics 'haguard_cluster_state{cluster=one,state=healthy}=1'
end_daemon
is "it ends cleanly" "$RC" 0
finish
