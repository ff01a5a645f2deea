#!/bin/sh
# SPDX-License-Identifier: MIT
# SIGHUP changes what changed and nothing else, also while a failover runs; a mistake changes nothing.
. "$(dirname "$0")/lib.sh"
redis_pair a b
redis_pair x y
{
    conf_head
    echo '[store r]'
    printf '[store locked]\npassword-file=%s\n' "$T/password"
} >"$T/head"
# the command takes its time, so that a failover is running for long
conf_cluster one r 'sleep 12' "a=$PORT_a" "b=$PORT_b" >"$T/one"
conf_cluster two locked none "x=$PORT_x" "y=$PORT_y" >"$T/two"
printf 'step_timeout=20s\n' >>"$T/one"
for port in $PORT_x $PORT_y; do
    cli "$port" config set masterauth first-word >/dev/null
    cli "$port" config set requirepass first-word >/dev/null
done
echo first-word >"$T/password"
cat "$T/head" "$T/one" "$T/two" >"$CONF"
start_daemon
check "guards one" until_true 25 state_is healthy one
check "guards two" until_true 25 state_is healthy two

reload() { # STATUS
    forget_output
    kill -HUP "$DAEMON"
    until_true 10 said ' reload '
}
reload
check "a reload that changes nothing" said 'reload .*done: 0 added, 0 removed, 0 changed; 0 stores'

# mistakes
cat "$T/head" "$T/one" >"$CONF"
printf 'down_after=soon\nfalls=3\n' >>"$CONF"
reload
check "a reload with mistakes says so" until_true 5 said '2 mistakes: nothing was changed'
check "and names them" said "$CONF:[0-9]*: .*did you mean fall"
check "and changes nothing" field_is state healthy two
exits "haguardctl reload is refused" 1 ctl reload
check "and tells the mistakes" has "$CONF:[0-9]*: down_after wants"
sed "s|^state-dir=.*|state-dir=$T/other|" "$T/head" >"$CONF"
cat "$T/one" "$T/two" >>"$CONF"
exits "what cannot change while it runs" 1 ctl reload
check "is said with its cure" has 'restart it'

# a failover of one runs; meanwhile everything else changes
cat "$T/head" "$T/one" "$T/two" >"$CONF"
kill -KILL "$PID_a"
check "a failover begins" until_true 20 state_is failover one
for port in $PORT_x $PORT_y; do
    "$REDIS_CLI" -a first-word -p "$port" config set requirepass second-word >/dev/null 2>&1
    "$REDIS_CLI" -a second-word -p "$port" config set masterauth second-word >/dev/null 2>&1
done
"$REDIS_CLI" -a second-word -p "$PORT_x" client kill type normal >/dev/null 2>&1
echo second-word >"$T/password"
PORT_p=$(free_port)
start_redis p "$PORT_p"
conf_cluster three r none "p=$PORT_p" >"$T/three"
sed -i 's/^node.y=.*/& no-promote/' "$T/two"
cat "$T/head" "$T/one" "$T/two" "$T/three" >"$CONF"
check "the failover still runs" state_is failover one
reload
check "a reload while a failover runs" said 'done: 1 added, 0 removed, 1 changed; 1 stores'
check "the failover ends well" until_true 30 field_is failovers 1 one
check "with the other node as primary" primary_is b one
check "three is guarded" until_true 20 primary_is p three
check "two logs in with the new password" until_true 20 field_is probe ok two x
check "two is healthy" until_true 20 state_is healthy two
check "no password is told" sh -c "! grep -q 'first-word\|second-word' '$T/o' '$T/e'"
is "a flag of a node has changed" "$(field no_promote two y)" true

# what may not be taken away now
sed '/^node.b=/d' "$T/one" >"$T/one2"
cat "$T/head" "$T/one2" "$T/two" "$T/three" >"$CONF"
exits "the primary cannot be taken out" 1 ctl reload
check "the cure is said" has 'switch over'

# settings of one cluster, and the end of another
sed 's/^step_timeout.*/step_timeout=25s/' "$T/one" >"$T/one2"
cat "$T/head" "$T/one2" "$T/two" >"$CONF"
forget_output
exits "haguardctl reload" 0 ctl reload
check "one is changed, three is removed" said 'done: 0 added, 1 removed, 1 changed; 0 stores'
exits "three is gone" 4 ctl status three
check "its record stays" test -e "$STATE/three.record"

# another store: the cluster goes on as it is
term=$(field term one)
cp "$STATE/one.record" "$T/record"
sed 's/^store=r/store=other/' "$T/one2" >"$T/one3"
{ cat "$T/head"; echo '[store other]'; cat "$T/one3" "$T/two"; } >"$CONF"
forget_output
exits "another store" 0 ctl reload
check "one is changed" said 'done: 0 added, 0 removed, 1 changed; 1 stores'
check "its primary is known all the time" primary_is b one
is "in its term" "$(field term one)" "$term"
is "its failover is remembered" "$(field failovers one)" 1
check "it is probed by the other store" until_true 10 field_is probe ok one b
sleep 1
check "nothing was looked for anew" sh -c "! grep -q ' one .* \(record\|primary\) ' '$T/o'"
check "its record is the same" cmp "$T/record" "$STATE/one.record"
# a store that asks with a wrong password is noticed, so it is really the other one
echo wrong >"$T/password2"
sed -i "s|^\[store other\]|&\npassword-file=$T/password2|" "$CONF"
cli "$PORT_b" config set requirepass third-word >/dev/null
exits "that store with a password" 0 ctl reload
check "which is wrong" until_true 20 field_is probe denied one b
echo third-word >"$T/password2"
exits "the right one" 0 ctl reload
check "is noticed too" until_true 20 field_is probe ok one b
is "and it still remembers" "$(field failovers one)" 1

end_daemon
is "it ends cleanly" "$RC" 0
finish
