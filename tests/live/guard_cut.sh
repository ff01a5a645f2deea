#!/bin/sh
# SPDX-License-Identifier: MIT
# The guard's link to the primary is cut while clients and standbys are fine: no promotion, but an
# alarm; all is well when it is healed. In network namespaces of the test's own: one for the primary,
# one for standbys and clients, one for the guard, and a switch between them.
. "$(dirname "$0")/lib/live.sh"

command -v ip >/dev/null || skip_all 'ip (iproute2) is not installed'
ns=hag$$
spaces="$ns-p $ns-s $ns-g $ns-sw"
clean_up_all() {
    clean_up
    for space in $spaces; do
        ip netns del "$space" 2>/dev/null
    done
}
trap clean_up_all EXIT
for space in $spaces; do
    ip netns add "$space" 2>/dev/null || skip_all 'network namespaces may not be made here'
    ip -n "$space" link set lo up
done
ip -n $ns-sw link add switch type bridge 2>/dev/null || skip_all 'a bridge may not be made here'
ip -n $ns-sw link set switch up
host=0
for side in p s g; do
    host=$((host + 1))
    ip -n $ns-sw link add to-$side type veth peer name eth0 netns $ns-$side
    ip -n $ns-sw link set to-$side master switch up
    ip -n $ns-$side addr add 192.0.2.$host/24 dev eth0
    ip -n $ns-$side link set eth0 up
done

inside() { # SIDE COMMAND...
    _side=$1
    shift
    ip netns exec "$ns-$_side" "$@"
}
# a on 192.0.2.1, b and c on 192.0.2.2; what lib/live.sh asks for goes into the right namespace
side_of() { [ "$1" = a ] && echo p || echo s; }
host_of() { [ "$1" = a ] && echo 192.0.2.1 || echo 192.0.2.2; }
addr() { echo "$(host_of "$1"):$(port "$1")"; }
ask() {
    _who=$1
    shift
    inside s timeout 3 redis-cli -h "$(host_of "$_who")" -p "$(port "$_who")" "$@" 2>/dev/null |
        tr -d '\r'
}
PORT_a=7001 PORT_b=7002 PORT_c=7003
for node in a b c; do
    mkdir "$T/$node"
    printf '%s\n' "bind $(host_of $node)" "port $(port $node)" "dir $T/$node" 'protected-mode no' \
        'save ""' 'repl-diskless-sync-delay 0' 'repl-ping-replica-period 1' >"$T/$node/redis.conf"
    [ $node = a ] || echo "replicaof 192.0.2.1 7001" >>"$T/$node/redis.conf"
    ip netns exec "$ns-$(side_of $node)" redis-server "$T/$node/redis.conf" >"$T/$node/log" 2>&1 &
    eval "PID_$node=$!"
    PIDS="$PIDS $!"
done
check 'the servers start' until_true 20 all_follow a b c
fill a before 1000

GUARD_WAS=$GUARD
printf '#!/bin/sh\nexec ip netns exec %s "%s" "$@"\n' "$ns-g" "$GUARD_WAS" >"$T/redis-guard"
chmod +x "$T/redis-guard"
GUARD=$T/redis-guard
guard --set veto_limit=2s
started
ip netns exec "$ns-s" python3 "$HERE/lib/client.py" write "$T/steady.log" "$T/name.primary" --rate 50 &
PID_steady=$!
PIDS="$PIDS $PID_steady"
until_true 20 more_by steady a 10

# cut WHAT: how the guard's packets are lost
cut() {
    case $1 in
    silently) ip -n $ns-p route add blackhole 192.0.2.3/32 ;; # what the primary answers is dropped
    audibly) ip -n $ns-g route add unreachable 192.0.2.1/32 ;;
    esac
}
heal() {
    case $1 in
    silently) ip -n $ns-p route del blackhole 192.0.2.3/32 ;;
    audibly) ip -n $ns-g route del unreachable 192.0.2.1/32 ;;
    esac
}
again_up() { [ "$(times_said up a)" -ge "$1" ]; }
alarms() { [ "$(times_said alert '[^ ]+' seen-by-others)" -ge "$1" ]; }
cuts=0
for how in silently audibly; do
    cuts=$((cuts + 1))
    writes=$(acknowledged_by steady a)
    cut $how
    check "cut $how: the guard suspects a" until_true 20 said suspect a
    check "cut $how: there is an alarm in the end" until_true 30 alarms $cuts
    sleep 2
    explain
    check "cut $how: explain says why nothing happens" \
        grep -Eq 'a: suspect .*alert seen-by-others' "$T/explained"
    check "cut $how: a is not marked down" not said down a
    check "cut $how: no failover begins" not said begin
    check "cut $how: a is the primary of both" all_follow a b c
    check "cut $how: clients go on" until_true 10 more_by steady a $((writes + 100))
    check "cut $how: the names are as they were" same "$(wc -l <"$T/names.log")" 2
    heal $how
    check "healed: a answers again" until_true 30 again_up $cuts
    over() { [ "$(times_said cleared '[^ ]+' '[^ ]+' seen-by-others)" -ge $cuts ]; }
    check "healed: the alarm ends" until_true 20 over
done
check 'no failover began' not said begin
check 'the primary name was written once' same "$(grep -c '^primary ' "$T/names.log")" 1
kill -TERM "$PID_steady"

# The guard is not blind to the real thing: cut off and then dead, too.
cut silently
until_true 20 said suspect a
kill -KILL "$PID_a"
check 'cut off and really dead: a standby is promoted' new_primary
check 'the primary name moves' until_true 30 name_is primary "$NEW"
check 'nothing is lost' has "$NEW" before 1000
end_guard
finish
