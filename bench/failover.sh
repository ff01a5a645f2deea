#!/bin/sh
# SPDX-License-Identifier: MIT
# failover.sh BUILD [ROUNDS] - how long until a write is accepted again after the primary was killed,
# with redis-guard and with Redis' own Sentinel (three, quorum 2), and with haguardd until each of two
# authoritative DNS servers (Knot) has the right answer. All with a grace of 5 s on one primary and two
# replicas. Two processes try to write to the replicas twice in a millisecond; the DNS servers are
# asked once in a millisecond.
#
# Counted from the kill + 5000 ms, so whatever is done on top of the grace counts: noticing, probing,
# voting, choosing, promoting, signed updates.
set -u
PATH=$PATH:/usr/sbin:/sbin # for knotd
build=$1
rounds=${2:-10}
grace_ms=5000
guard=$build/examples/redis-guard/redis-guard
daemon=$build/examples/haguardd/haguardd
ctl=$build/examples/haguardd/haguardctl
probe=$build/bench/failover-probe
log=$build/failover-rounds.log
dir=$(mktemp -d)
pids=''

end_all() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    pids=''
}
trap 'end_all; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

ask() {
    port=$1
    shift
    timeout 3 redis-cli -h 127.0.0.1 -p "$port" "$@" 2>/dev/null | tr -d '\r'
}
give_up() { echo "failover: $*" >&2; exit 1; }
until_true() { # SECONDS WHAT COMMAND...
    left=$(($1 * 20)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || give_up "waited in vain for $what"
        sleep 0.05
    done
}

# serve NAME COMMAND LINE...: starts redis-server or redis-sentinel with these lines of configuration
# on a free port; sets port and pid.
next_port=$((20000 + $$ % 20000))
serve() {
    name=$1 program=$2
    shift 2
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        next_port=$((next_port + 1))
        rm -rf "${dir:?}/$name"
        mkdir "$dir/$name"
        printf '%s\n' "bind 127.0.0.1" "port $next_port" "dir $dir/$name" "$@" >"$dir/$name/conf"
        "$program" "$dir/$name/conf" >"$dir/$name/log" 2>&1 &
        pid=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            kill -0 $pid 2>/dev/null || break
            if [ "$(ask $next_port INFO server | sed -n 's/^process_id://p')" = $pid ]; then
                pids="$pids $pid"
                port=$next_port
                return
            fi
            sleep 0.05
        done
        kill -9 $pid 2>/dev/null
    done
    give_up "$program does not start; see $dir/$name/log"
}

# A cluster: sets primary_pid, port_a, port_b, port_c, and addr_a, addr_b, addr_c with an address of its
# own for each, because DNS knows no ports.
start_cluster() {
    serve_node a 127.0.0.2
    primary_pid=$pid port_a=$port addr_a=127.0.0.2:$port
    serve_node b 127.0.0.3 "replicaof 127.0.0.2 $port_a"
    port_b=$port addr_b=127.0.0.3:$port
    serve_node c 127.0.0.4 "replicaof 127.0.0.2 $port_a"
    port_c=$port addr_c=127.0.0.4:$port
    for replica in $port_b $port_c; do
        until_true 20 "replica $replica" linked "$replica"
    done
}
serve_node() { # NAME HOST [LINE]
    serve "$1" redis-server "bind 127.0.0.1 $2" "replica-announce-ip $2" 'appendonly yes' \
        'repl-diskless-sync-delay 0' "${3:-}"
}
linked() { ask "$1" INFO replication | grep -q '^master_link_status:up'; }
ready_sentinel() {
    ask "$1" SENTINEL MASTER m | tr '\n' ' ' | grep -q 'num-slaves 2 num-other-sentinels 2 '
}
guard_ready() { [ "$(grep -c ' is in sync' "$dir/timeline")" -ge 2 ] || [ -s "$dir/name" ]; }
phase() { awk -v seed="$1$$" 'BEGIN { srand(seed); printf "%.3f\n", 1 + rand() }'; }

# Prints: ms from kill + grace to the first accepted write, then what the guard says of its own grace.
round_guard() {
    start_cluster
    rm -f "$dir/record" "$dir/record".* "$dir/name"
    # shellcheck disable=SC2016 # for the guard's shell
    NAME=$dir/name "$guard" --record "$dir/record" --down-after "${grace_ms}ms" \
        --on-endpoint '[ $HAGUARD_ENDPOINT != primary ] || echo "$HAGUARD_ADDRS" >"$NAME"' \
        --node "a=$addr_a" --node "b=$addr_b" --node "c=$addr_c" >"$dir/timeline" 2>&1 &
    pids="$pids $!"
    until_true 20 "redis-guard" guard_ready
    sleep "$(phase "$1")"
    "$probe" "$primary_pid" "$addr_b" "$addr_c" >"$dir/measured" ||
        give_up "no write was accepted; the timeline: $(cat "$dir/timeline")"
    sleep 0.2 # the last lines of the timeline
    down=$(awk '$2 == "down" && $3 == "a" { print $1; exit }' "$dir/timeline")
    read -r killed _ since written <"$dir/measured"
    awk -v since="$since" -v written="$written" -v down="$down" -v killed="$killed" \
        -v grace=$grace_ms '
        function ms(t, p) { split(t, p, /[:.]/); return ((p[1] * 60 + p[2]) * 60 + p[3]) * 1000 + p[4] }
        BEGIN { printf "%.2f %.1f %.1f\n", since - grace, ms(down) - ms(killed), ms(written) - ms(down) }'
    end_all
}

# start_knot NAME: a DNS server of its own on a free port; sets port.
zone=db.test
start_knot() {
    name=$1
    mkdir -p "$dir/$name"
    printf '%s\n' "@ 60 SOA ns.$zone. host.$zone. 1 3600 600 86400 1" "@ 60 NS ns.$zone." \
        'ns 60 A 127.0.0.1' "@ 60 TXT $name-$$" >"$dir/$name/zone"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        next_port=$((next_port + 1))
        cat >"$dir/$name/conf" <<EOF
include: "$dir/key"
server:
  rundir: "$dir/$name"
  listen: 127.0.0.1@$next_port
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "$dir/$name"
log:
  - target: stderr
    any: info
acl:
  - id: haguard
    key: haguard
    action: update
zone:
  - domain: $zone
    storage: "$dir/$name"
    file: zone
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    acl: haguard
EOF
        knotd -c "$dir/$name/conf" >"$dir/$name/log" 2>&1 &
        pid=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            kill -0 $pid 2>/dev/null || break
            if [ "$(dns $next_port $zone TXT)" = "\"$name-$$\"" ]; then
                pids="$pids $pid"
                port=$next_port
                return
            fi
            sleep 0.1
        done
        kill -9 $pid 2>/dev/null
    done
    give_up "knotd does not start; see $dir/$name/log"
}
dns() { kdig +timeout=1 +retry=0 +short @127.0.0.1 -p "$1" "$2" "$3" 2>/dev/null; }
daemon_ready() {
    [ "$(dns "$port_k1" shop.$zone A)" = 127.0.0.2 ] &&
        [ "$(dns "$port_k2" shop.$zone A)" = 127.0.0.2 ] &&
        "$ctl" --socket "$dir/sock" status shop | grep -q '^shop  *healthy '
}

# Prints: ms from kill + grace to the right answer at both servers, and to the first accepted write.
round_dns() {
    start_cluster
    keymgr -t haguard hmac-sha256 >"$dir/key" || give_up "keymgr makes no key"
    start_knot k1
    port_k1=$port
    start_knot k2
    port_k2=$port
    rm -rf "$dir/state"
    cat >"$dir/haguard.conf" <<EOF
[haguard]
state-dir = $dir/state
socket    = $dir/sock
[defaults]
down_after         = ${grace_ms}ms
down_after_replica = ${grace_ms}ms
gone_after         = ${grace_ms}ms
frozen_after       = ${grace_ms}ms
[store redis]
[dns knot]
servers      = 127.0.0.1:$port_k1,127.0.0.1:$port_k2
update       = all
zone         = $zone
name.primary = %c.$zone
name.replica = %c-ro.$zone
key-file     = $dir/key
[cluster shop]
store  = redis
dns    = knot
node.a = $addr_a
node.b = $addr_b
node.c = $addr_c
EOF
    "$daemon" --config "$dir/haguard.conf" >"$dir/timeline" 2>&1 &
    pids="$pids $!"
    until_true 20 "haguardd" daemon_ready
    sleep "$(phase "$1")"
    "$probe" "$primary_pid" "$addr_b" "$addr_c" dns shop.$zone "127.0.0.1:$port_k1" \
        "127.0.0.1:$port_k2" >"$dir/measured" ||
        give_up "the name did not move; the timeline: $(cat "$dir/timeline")"
    read -r _ _ written _ named <"$dir/measured"
    awk -v named="$named" -v written="$written" -v grace=$grace_ms \
        'BEGIN { printf "%.2f %.2f\n", named - grace, written - grace }'
    end_all
}

round_sentinel() {
    start_cluster
    ports=''
    for name in s1 s2 s3; do
        serve $name redis-sentinel "sentinel monitor m 127.0.0.2 $port_a 2" \
            "sentinel down-after-milliseconds m $grace_ms"
        ports="$ports $port"
    done
    for port in $ports; do
        until_true 40 "sentinel $port" ready_sentinel "$port"
    done
    sleep "$(phase "$1")"
    "$probe" "$primary_pid" "$addr_b" "$addr_c" >"$dir/measured" ||
        give_up "no write was accepted with Sentinel"
    read -r _ _ since _ <"$dir/measured"
    awk -v since="$since" -v grace=$grace_ms 'BEGIN { printf "%.2f\n", since - grace }'
    end_all
}

echo "# failover: ms after kill + $grace_ms ms; each round is in ${log#"$PWD"/}"
: >"$log"
for i in $(seq "$rounds"); do
    # no subshells: who gives up ends what was started
    round_guard "$i" >"$dir/guard.ms"
    round_dns "$i" >"$dir/dns.ms"
    round_sentinel "$i" >"$dir/sentinel.ms"
    read -r ours <"$dir/guard.ms"
    read -r named <"$dir/dns.ms"
    read -r theirs <"$dir/sentinel.ms"
    echo "$ours $named $theirs" >>"$log"
    # shellcheck disable=SC2086 # words are wanted
    printf '# round %s: guard %s ms (down at kill + %s ms, write %s ms later), %s %s ms (write %s ms), %s\n' \
        "$i" $ours 'haguardd names' $named "sentinel $theirs ms"
done

# column N: its median, least and most
column() {
    awk -v n="$1" '{ print $n }' "$log" | sort -n | awk '{ v[NR] = $1 } END {
        m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
        printf "%.1f %.1f %.1f\n", m, v[1], v[NR] }'
}
print() { # NAME COLUMN
    # shellcheck disable=SC2046 # words are wanted
    set -- "$1" $(column "$2")
    echo "$1_ms $2 ms"
    echo "$1_min_ms $3 ms"
    echo "$1_max_ms $4 ms"
}
print failover_write 1
print failover_write_after_down 3
print failover_dns 4
print sentinel_write 6
