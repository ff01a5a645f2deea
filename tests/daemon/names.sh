#!/bin/sh
# SPDX-License-Identifier: MIT
# Commands that move names: retried until they work, ended when they hang, and the newest one wins.
. "$(dirname "$0")/lib.sh"
redis_pair a b
cat >"$T/move" <<'END'
#!/bin/sh
echo "try $HAGUARD_ENDPOINT $HAGUARD_ADDRS $HAGUARD_TERM $HAGUARD_GENERATION" >>"$T/tries"
[ "$HAGUARD_ENDPOINT" = primary ] || exit 0
case $(cat "$T/mode") in
fail) exit 3 ;;
hang) sleep 8765431 ;;
slow) sleep 12 ;;
esac
echo "$HAGUARD_ADDRS" >>"$T/name"
END
chmod +x "$T/move"
{
    conf_head
    echo '[store r]'
    conf_cluster one r "$T/move &&
  true" "a=$PORT_a" "b=$PORT_b"
    printf 'hold_down=0s\nmax_switches=16\nstep_timeout=30s\nnames_within=1s\n'
} >"$CONF"
tries() { grep -c '^try primary' "$T/tries"; }
name_is() { [ "$(tail -n 1 "$T/name" 2>/dev/null)" = "127.0.0.1:$1" ]; }
echo fail >"$T/mode"
start_daemon
check "a command that fails is run again" until_true 20 sh -c "[ \$(grep -c '^try primary' '$T/tries') -ge 4 ]"
check "its status is told" said 'ended with status 3'
check "alarm" until_true 20 said ' alert .*name-stale'
echo ok >"$T/mode"
check "until it works" until_true 20 name_is "$PORT_a"
check "the alarm ends" until_true 20 said ' cleared .*name-stale'
n=$(tries)
sleep 2
is "and no more" "$(tries)" "$n"
until_true 20 state_is healthy one

# an old command that is slow does not win against a newer one
echo slow >"$T/mode"
ctl switchover one --to b >"$T/check" 2>&1
until_true 20 grep -q "^try primary 127.0.0.1:$PORT_b " "$T/tries"
sleep 0.5
echo ok >"$T/mode" # for those that come
until_true 20 primary_is b one
until_true 10 linked "$PORT_a"
until_true 10 field_is candidate a one
kill -KILL "$PID_b"
check "a failover back while the command runs" until_true 40 primary_is a one
check "a newer command" until_true 20 sh -c "tail -n 3 '$T/tries' | grep -q '^try primary 127.0.0.1:$PORT_a '"
sleep 14
check "the newest one wins" name_is "$PORT_a"
start_redis b "$PORT_b" --replicaof 127.0.0.1 "$PORT_a"
until_true 40 state_is healthy one

# one that hangs
sed -i 's/^step_timeout.*/step_timeout=1s/' "$CONF"
ctl reload >"$T/check" 2>&1
until_true 20 state_is healthy one
echo hang >"$T/mode"
ctl switchover one --to b >"$T/check" 2>&1
check "a command that hangs begins" until_true 20 pgrep -f '^sleep 8765431'
forget_output
check "it is ended at its deadline" until_true 20 said ' failed .*endpoint_update'
echo ok >"$T/mode"
check "and run again" until_true 40 name_is "$PORT_b"
check "nothing of it stays behind" until_true 5 sh -c "! pgrep -f '^sleep 8765431'"
echo hang >"$T/mode"
ctl switchover one --to a >"$T/check" 2>&1
until_true 20 pgrep -f '^sleep 8765431'
end_daemon
is "it ends cleanly while a command runs" "$RC" 0
check "and takes the command with it" until_true 5 sh -c "! pgrep -f '^sleep 8765431'"
finish
