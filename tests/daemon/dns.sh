#!/bin/sh
# SPDX-License-Identifier: MIT
# haguardd moves real names: DNS down during a failover, a wrong key, a stale server, IPv6.
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
S=$(free_port)
start_redis s "$S" --bind 127.0.0.1 ::1
until_true 10 linked "$B"
{
    conf_head
    echo 'names_within=2s
ttl=1s
debt_factor=1
hold_down=0s
max_switches=16
[store r]
[dns zone]'
    echo "servers=127.0.0.1:$P1,[::1]:$P2
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
[cluster six]
store=r
dns=zone
node.s=[::1]:$S"
} >"$CONF"
name_is() { # NAME TYPE ADDRESS: at both servers
    [ "$(at "$P1" "$1" "$2")" = "$3" ] && [ "$(at "$P2" "$1" "$2")" = "$3" ]
}
stale() { ctl --json status one | grep -q '"type":"cluster".*name-stale'; }
fresh() { ! stale; }
start_daemon
check "the name leads to the primary at both servers" until_true 20 name_is one.db A 127.0.0.1
check "the replica name leads to the replica" until_true 10 name_is one-ro.db A 127.0.0.2
check "a name of IPv6" until_true 20 name_is six.db AAAA ::1
check "it has no address of IPv4" name_is six.db A ''
check "is healthy" until_true 20 state_is healthy one

# DNS stands still during a failover
kill -STOP "$PID_k1" "$PID_k2"
kill -KILL "$PID_a"
check "DNS down: the failover promotes all the same" until_true 40 primary_is b one
check "DNS down: alarm" until_true 20 stale
check "DNS down: explain tells" sh -c '"$HAGUARDCTL" --socket "$SOCK" explain one | grep -q "primary name is not yet"'
kill -CONT "$PID_k1" "$PID_k2"
check "DNS back: the name leads to the new primary" until_true 40 name_is one.db A 127.0.0.2
check "DNS back: the alarm ends" until_true 40 fresh
start_redis a "$A"
check "the old primary comes back as replica" until_true 40 linked "$A"
check "and into the replica name" until_true 40 name_is one-ro.db A 127.0.0.1

# a wrong key, then the right one, each by a reload
cp "$T/secret" "$T/right"
echo d3Jvbmcga2V5IG9mIHRoZSB0ZXN0cyBhbG9uZQ== >"$T/secret"
exits "a wrong key: reload" 0 ctl reload
until_true 20 state_is healthy one
exits "a wrong key: switchover" 0 ctl switchover one --to a
check "a wrong key: is told" until_true 20 said ' failed .*denied .*endpoint_update'
check "a wrong key: alarm" until_true 20 stale
check "a wrong key: the name stays" name_is one.db A 127.0.0.2
cp "$T/right" "$T/secret"
exits "the right key: reload" 0 ctl reload
check "the right key: the name moves" until_true 40 name_is one.db A 127.0.0.1
check "the right key: the alarm ends" until_true 40 fresh
check "no key is told" sh -c "! grep -q '$(cat "$T/right")' '$T/o' '$T/e'"

# one of two servers is away, and comes back without what it knew
check "is healthy again" until_true 60 state_is healthy one
kill -KILL "$PID_k2"
wait "$PID_k2" 2>/dev/null
exits "a stale server: switchover" 0 ctl switchover one --to b
check "a stale server: the other one is right" until_true 20 sh -c "[ \"\$(kdig +short @127.0.0.1 -p $P1 one.db.$ZONE A)\" = 127.0.0.2 ]"
check "a stale server: alarm" until_true 20 stale
start_knot k2 "$P2"
check "cured: both are right" until_true 60 name_is one.db A 127.0.0.2
check "cured: the alarm ends" until_true 40 fresh

# the daemon is killed while DNS stands still
until_true 60 state_is healthy one
kill -STOP "$PID_k1" "$PID_k2"
ctl switchover one --to a >"$T/check" 2>&1
until_true 20 primary_is a one
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
kill -CONT "$PID_k1" "$PID_k2"
start_daemon
check "after a restart the name moves on" until_true 40 name_is one.db A 127.0.0.1

# other names, then a command instead, then the names again: the cluster goes on as it is
until_true 60 state_is healthy one
term=$(field term one)
forget_output
sed -i 's/^name.primary=.*/name.primary=%c.moved.'"$ZONE/" "$CONF"
exits "another name: reload" 0 ctl reload
check "another name: it is written" until_true 20 name_is one.moved A 127.0.0.1
check "another name: healthy" until_true 20 state_is healthy one
sed -i "/^\[cluster one\]/,/^\[/ s|^dns=zone|on-endpoint=echo \"\$HAGUARD_ENDPOINT \$HAGUARD_ADDRS\" >>$T/names|" "$CONF"
exits "a command instead: reload" 0 ctl reload
check "a command instead: it is run" until_true 20 grep -q "^primary 127.0.0.1:$A\$" "$T/names"
check "a command instead: healthy" until_true 20 state_is healthy one
by_hand "$P1" "update delete one.moved.$ZONE. A"
by_hand "$P2" "update delete one.moved.$ZONE. A"
sed -i 's/^on-endpoint=echo.*/dns=zone/' "$CONF"
exits "the names again: reload" 0 ctl reload
check "the names again: written anew" until_true 20 name_is one.moved A 127.0.0.1
is "in the same term" "$(field term one)" "$term"
check "nothing had to be begun" sh -c "! grep -q ' begin ' '$T/o'"
end_daemon
is "it ends cleanly" "$RC" 0
finish
