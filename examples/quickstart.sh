#!/bin/sh
# SPDX-License-Identifier: MIT
# A failover to watch: builds haguard, starts three Redis servers, a DNS server, haguardd and a client
# that follows the service name, kills the primary and shows what happens. Everything runs on loopback,
# in a temporary directory.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin # for knotd

usage() {
    cat <<'EOF'
usage: sh examples/quickstart.sh [--down-after TIME]
  --down-after TIME  how long the primary must be silent before it is replaced (5s here, so that
                     there is something to see; haguard's default is 60s)
EOF
}

grace=5s
while [ $# -gt 0 ]; do
    case $1 in
    --down-after)
        [ $# -ge 2 ] || { usage >&2; exit 2; }
        grace=$2
        shift 2 ;;
    --help) usage; exit 0 ;;
    *) echo "quickstart: $1: no such option" >&2; usage >&2; exit 2 ;;
    esac
done
case $grace in
*[!0-9smh]* | [!0-9]*) grace_s= ;;
*s) grace_s=${grace%s} ;;
*m) grace_s=$((${grace%m} * 60)) ;;
*h) grace_s=$((${grace%h} * 3600)) ;;
*) grace_s= ;;
esac
case $grace_s in
'' | *[!0-9]*) echo "quickstart: --down-after $grace: write it as 5s, 60s or 2m" >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/quickstart

if [ -t 1 ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') off=$(printf '\033[0m')
    red=$(printf '\033[31m') green=$(printf '\033[32m') blue=$(printf '\033[36m')
else
    bold='' dim='' off='' red='' green='' blue=''
fi

step() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
fail() { printf '\n%sfailed: %s%s\n' "$red" "$*" "$off" >&2; exit 1; }

step "1. Build"
sh "$top/examples/install-packages.sh" gcc libc6-dev meson ninja-build pkg-config libhiredis-dev \
    libuv1-dev libldns-dev libc-ares-dev libinih-dev libmicrohttpd-dev libjansson-dev redis-server \
    redis-tools knot knot-dnsutils || fail "packages are missing"
mkdir -p "$build"
log=$build/quickstart.log
daemon=$build/examples/haguardd/haguardd
ctl=$build/examples/haguardd/haguardctl
client=$build/examples/quickstart-client
# A build that was set up when something was missing has no daemon: it is set up anew.
build_all() {
    if [ ! -e "$build/build.ninja" ] || [ ! -x "$daemon" ]; then
        rm -rf "$build/build.ninja" "$build/meson-private"
        meson setup "$build" "$top" -Dbuildtype=release -Dtests=disabled -Dredis=enabled \
            -Ddns=enabled -Dlibuv=enabled -Dhaguardd=enabled || return
    fi
    meson compile -C "$build"
}
if ! build_all >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "the build did not succeed; the whole log is $log"
fi
echo "in ${build#"$top"/}"
for program in "$daemon" "$ctl" "$client"; do
    [ -x "$program" ] || fail "$program was not built; see $log"
done

step "2. Start a primary, two replicas and a DNS server"
dir=$(mktemp -d "${TMPDIR:-/tmp}/haguard-quickstart.XXXXXX")
pids='' # of the servers
daemon_pid='' client_pid='' watch_pid=''

clean_up() {
    status=$?
    trap - EXIT INT TERM HUP
    for pid in $watch_pid $client_pid $daemon_pid $pids; do
        kill "$pid" 2>/dev/null || :
    done
    for pid in $watch_pid $client_pid $daemon_pid $pids; do
        n=0
        while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do
            sleep 0.1
            n=$((n + 1))
        done
        kill -9 "$pid" 2>/dev/null || :
    done
    exec 3>&- # or tee would wait for more
    wait
    rm -rf "$dir"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# DNS has addresses, but no ports: each Redis server has an address of its own and the same port.
host_of() {
    case $1 in
    a) echo 127.0.0.2 ;;
    b) echo 127.0.0.3 ;;
    c) echo 127.0.0.4 ;;
    esac
}
info() { # NODE SECTION FIELD
    timeout 3 redis-cli -h "$(host_of "$1")" -p "$port" INFO "$2" 2>/dev/null | tr -d '\r' |
        sed -n "s/^$3://p"
}
dns() { # NAME TYPE: what the DNS server says, on one line
    kdig +timeout=1 +retry=0 +short @127.0.0.1 -p "$dns_port" "$1" "$2" 2>/dev/null | sort |
        xargs 2>/dev/null
}

# comes_up PID COMMAND...: waits until the command succeeds; fails when the process ends before.
comes_up() {
    pid=$1
    shift
    n=0
    until "$@"; do
        n=$((n + 1))
        [ $n -lt 100 ] || return 1
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
}
serves() { [ "$(info "$1" server process_id)" = "$2" ]; }
start_redis() { # NODE
    mkdir -p "$dir/$1"
    cat >"$dir/$1/redis.conf" <<EOF
bind $(host_of "$1")
port $port
dir $dir/$1
appendonly yes
replica-announce-ip $(host_of "$1")
repl-diskless-sync-delay 0
repl-ping-replica-period 1
EOF
    [ "$1" = a ] || echo "replicaof $(host_of a) $port" >>"$dir/$1/redis.conf"
    redis-server "$dir/$1/redis.conf" >"$dir/$1/log" 2>&1 &
    pids="$pids $!"
    comes_up $! serves "$1" $!
}
in_sync() { [ "$(info "$1" replication master_link_status)" = up ]; }

# A port that is taken makes a server end; then the next one is tried.
port=$((20000 + $$ % 20000))
last_port=$((port + 50))
until start_redis a && pid_a=$! && start_redis b && start_redis c; do
    [ $port -lt $last_port ] || { cat "$dir"/?/log >&2; fail "redis-server does not start"; }
    port=$((port + 1))
    # shellcheck disable=SC2086 # words are wanted
    kill -9 $pids 2>/dev/null || :
    pids=''
done
for node in b c; do
    comes_up "$pid_a" in_sync $node || fail "the replica $node does not follow its primary"
done
echo "a $(host_of a):$port  primary"
echo "b $(host_of b):$port  replica"
echo "c $(host_of c):$port  replica"

zone=db.test
knows() { [ "$(dns $zone TXT)" = "quickstart $$" ]; }
start_knot() {
    cat >"$dir/dns/knot.conf" <<EOF
include: "$dir/dns/key"
server:
  rundir: "$dir/dns"
  listen: 127.0.0.1@$dns_port
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "$dir/dns"
log:
  - target: stderr
    any: info
acl:
  - id: haguard
    key: haguard
    action: update
zone:
  - domain: $zone
    storage: "$dir/dns"
    file: zone
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    acl: haguard
EOF
    knotd -c "$dir/dns/knot.conf" >"$dir/dns/log" 2>&1 &
    dns_pid=$!
    pids="$pids $dns_pid"
    comes_up $dns_pid knows
}
mkdir "$dir/dns"
keymgr -t haguard hmac-sha256 >"$dir/dns/key" || fail "keymgr makes no key"
cat >"$dir/dns/zone" <<EOF
\$ORIGIN $zone.
\$TTL 60
@ SOA ns host 1 3600 600 86400 1
@ NS ns
@ TXT "quickstart $$"
ns A 127.0.0.1
EOF
dns_port=$((port + 1))
until start_knot; do
    [ $dns_port -lt $((last_port + 50)) ] || { cat "$dir/dns/log" >&2; fail "knotd does not start"; }
    kill -9 $dns_pid 2>/dev/null || :
    dns_port=$((dns_port + 1))
done
echo "Knot, a DNS server, at 127.0.0.1:$dns_port: the zone $zone, for updates that are signed (TSIG)"

step "3. Start haguardd and a client; the grace is $grace (default 60s)"
cat >"$dir/haguard.conf" <<EOF
[haguard]
state-dir = $dir/state
socket    = $dir/sock

[defaults]
down_after         = $grace
down_after_replica = $grace
gone_after         = $grace
frozen_after       = $grace
ttl                = 1s

[store redis]
plugin = redis

[dns knot]
servers      = 127.0.0.1:$dns_port
zone         = $zone
name.primary = %c.$zone
name.replica = %c-ro.$zone
key-file     = $dir/dns/key

[cluster shop]
store  = redis
dns    = knot
node.a = $(host_of a):$port
node.b = $(host_of b):$port
node.c = $(host_of c):$port
EOF
"$daemon" --check --config "$dir/haguard.conf" >"$dir/check" 2>&1 ||
    { cat "$dir/check" >&2; fail "haguardd does not take its configuration"; }
name=shop.$zone
echo "${dim}The service name is $name. haguardd moves it at the DNS server; the client asks there for it,"
echo "as often as the TTL of an answer (1s) makes it ask again.$off"
echo
timeline=$dir/timeline
: >"$timeline"
mkfifo "$dir/pipe"
columns='.{12}  [^ ]+ +[^ ]+ +'
tee "$timeline" <"$dir/pipe" | sed -u -E \
    -e "s/^$columns(down|suspect|alert|failed|abort|killed) .*/$red&$off/" \
    -e "s/^$columns(promote|endpoint|primary|end|admit) .*/$green&$off/" \
    -e "s/^$columns(client|dns) .*/$blue&$off/" &
show_pid=$!
exec 3>"$dir/pipe"

now() { date +%H:%M:%S.%3N; }
tell() { # TIME EVENT NODE REASON TEXT, in the columns of haguardd
    at=$1
    shift
    printf '%s  %-7s  %-12s  %-10s  %-10s  %-16s  %s\n' "$at" - - "$@" >&3
}
watch_name() { # as one who asks the DNS server all the time
    was=''
    while sleep 0.05; do
        is=$(dns $name A)
        if [ -n "$is" ] && [ "$is" != "$was" ]; then
            tell "$(now)" dns - - "$name is $is"
            was=$is
        fi
    done
}
watch_name &
watch_pid=$!
"$daemon" --config "$dir/haguard.conf" >&3 2>&1 &
daemon_pid=$!

alive() {
    kill -0 "$daemon_pid" 2>/dev/null || fail "haguardd ended; its last words are above"
    kill -0 "$dns_pid" 2>/dev/null || { cat "$dir/dns/log" >&2; fail "the DNS server ended"; }
}
wait_for() { # SECONDS WHAT COMMAND...
    left=$(($1 * 20))
    what=$2
    shift 2
    until "$@"; do
        alive
        left=$((left - 1))
        [ $left -gt 0 ] || fail "waited in vain for $what"
        sleep 0.05
    done
}
said() { # EVENT TEXT
    grep -Eq "^$columns$1 .*$2" "$timeline"
}

wait_for 20 "the name" said dns "$name is $(host_of a)"
"$client" "127.0.0.1:$dns_port" $name "$port" "$dir/result" >&3 2>&1 &
client_pid=$!
wait_for 10 "the first write" said client 'succeed,'
sleep 2

killed=$(now)
kill -9 "$pid_a"
tell "$killed" killed a SIGKILL "the primary is killed by this script; a failover is due in $grace"
wait_for $((grace_s + 30)) "writes that succeed again" said client 'succeed again'
wait_for 30 "the end of the failover" said end 'failover is done'
new_addr=$(dns $name A)
case $new_addr in
"$(host_of b)") new=b follower=c ;;
"$(host_of c)") new=c follower=b ;;
*) fail "$name is '$new_addr' at the DNS server, which is no replica" ;;
esac
follows() { [ "$(info $follower replication master_host)" = "$new_addr" ] && in_sync $follower; }
wait_for 20 "$follower to follow $new" follows
replica_name() { [ "$(dns shop-ro.$zone A)" = "$(host_of $follower)" ]; }
wait_for 20 "the name of the replicas to be that of $follower" replica_name
sleep 1

for words in status 'explain shop'; do
    printf '\n%s$ haguardctl %s%s\n' "$dim" "$words" "$off"
    # shellcheck disable=SC2086 # words are wanted
    "$ctl" --socket "$dir/sock" $words || fail "haguardctl gets no answer"
done >"$dir/asked"
kill "$client_pid"
wait "$client_pid" || fail "the client could not look for its writes"
client_pid=''
kill "$daemon_pid"
wait "$daemon_pid" || fail "haguardd did not end cleanly"
daemon_pid=''
kill "$watch_pid"
wait "$watch_pid" 2>/dev/null || :
watch_pid=''
exec 3>&-
wait "$show_pid" || :

# after EVENT NODE TEXT: seconds from the kill to the first such line behind it
after() {
    awk -v killed="$killed" -v event="$1" -v node="$2" -v text="$3" '
        function ms(t, p) { split(t, p, /[:.]/); return ((p[1] * 60 + p[2]) * 60 + p[3]) * 1000 + p[4] }
        $4 == "killed" { armed = 1; next }
        armed && $4 == event && $5 ~ node && $0 ~ text {
            d = ms($1) - ms(killed)
            printf "%.3f\n", (d < 0 ? d + 86400000 : d) / 1000
            exit
        }' "$timeline"
}
detected=$(after down '^a$' '')
promoted=$(after promote '' '')
moved=$(after dns '' " is $new_addr\$")
writes=$(after client '' 'succeed again')
who=$(awk '$4 == "promote" { print $5; exit }' "$timeline")
times=$(awk '$4 == "promote"' "$timeline" | wc -l)
acknowledged='' lost='' failing=''
# shellcheck disable=SC1091 # written by the client
. "$dir/result"

step "4. What haguardd says when it is asked"
cat "$dir/asked"

step "5. What happened"
row() { printf '  %-32s %s\n' "$1" "$2"; }
row "primary killed" "$killed"
row "detected: a marked down" "+ ${detected:-never} s   (the grace is $grace)"
row "promoted: ${who:-nobody}" "+ ${promoted:-never} s"
row "name moved to $new_addr" "+ ${moved:-never} s   (at the DNS server, asked every 50 ms)"
row "writes succeed again" "+ ${writes:-never} s   (an answer before that may be kept for 1 s)"
row "writes acknowledged" "$acknowledged"
row "acknowledged writes lost" "$lost"
if [ "$lost" != 0 ]; then
    echo "  (Redis replicates asynchronously: what a primary acknowledged in its last moment may be lost.)"
fi

for time in "$detected" "$promoted" "$moved" "$writes"; do
    [ -n "$time" ] || fail "a step of the failover is missing"
done
[ "$times" = 1 ] || fail "$times promotions instead of one"
[ "$who" = $new ] || fail "$who was promoted, but the name leads to $new"
[ "$failing" = 0 ] || fail "writes failed at the end"
[ "$(info $new replication role)" = master ] || fail "the name does not lead to a primary"
awk -v d="$detected" -v g="$grace_s" 'BEGIN { exit !(d >= g - 1.2) }' ||
    fail "the primary was replaced before its grace was over"
printf '\n%sThe failover went as it should.%s Servers, daemon and files are gone now; %s is left.\n' \
    "$green" "$off" "${build#"$top"/}"
