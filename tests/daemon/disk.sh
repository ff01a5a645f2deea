#!/bin/sh
# SPDX-License-Identifier: MIT
# The state directory takes nothing more: no promotion without a commit, an alarm, and it heals.
. "$(dirname "$0")/lib.sh"
redis_pair a b
{
    conf_head
    echo '[store r]'
    conf_cluster one r none "a=$PORT_a" "b=$PORT_b"
} >"$CONF"
mkdir "$STATE"

# on a file system of its own that can be filled, where that is allowed; else a directory is in the way
if unshare -m sh -c "mount -t tmpfs -o size=16k none '$STATE'" 2>/dev/null; then
    how="a full disk"
    start_daemon unshare -m sh -c "mount -t tmpfs -o size=16k none '$STATE' && exec \"\$@\"" sh
    fill() { dd if=/dev/zero of="/proc/$DAEMON/root$STATE/fill" bs=1k count=64 2>/dev/null; true; }
    free() { rm "/proc/$DAEMON/root$STATE/fill"; }
else
    how="a file in the way"
    start_daemon
    fill() { mkdir "$STATE/one.record.next"; }
    free() { rmdir "$STATE/one.record.next"; }
fi
check "guards one" until_true 20 state_is healthy one
check "finds its candidate" until_true 10 field_is candidate b one
fill
term=$(field term one)
kill -KILL "$PID_a"
check "$how: alarm" until_true 20 said ' alarm .*alert .*commit-failed'
check "$how: the cause is said" said 'No space left\|Is a directory\|disk'
sleep 3
check "$how: nobody is promoted" sh -c "$REDIS_CLI -p $PORT_b role | head -n 1 | grep -q slave"
check "$how: nothing claims to be" sh -c "! grep -q ' promote ' '$T/o'"
is "$how: the term has not risen" "$(field term one)" "$term"
exits "$how: explain tells" 0 ctl explain one
check "$how: explain names the alert" has 'commit-failed'
free
check "$how: heals" until_true 30 primary_is b one
check "$how: b is promoted" until_true 10 sh -c "$REDIS_CLI -p $PORT_b role | head -n 1 | grep -q master"
check "$how: the alarm ends" until_true 10 said ' cleared .*commit-failed'
end_daemon
is "it ends cleanly" "$RC" 0
finish
