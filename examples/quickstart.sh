#!/bin/sh
# SPDX-License-Identifier: MIT
# A failover to watch: builds haguard, starts three Redis servers, a guard and a client, kills the
# primary and shows what happens. Everything runs on loopback, in a temporary directory.
set -eu
export LC_ALL=C

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
sh "$top/examples/install-packages.sh" gcc libc6-dev meson ninja-build pkg-config \
    libhiredis-dev libuv1-dev redis-server redis-tools || fail "packages are missing"
mkdir -p "$build"
log=$build/quickstart.log
build_all() {
    [ -e "$build/build.ninja" ] ||
        meson setup "$build" "$top" -Dtests=disabled -Dbuildtype=release || return
    meson compile -C "$build"
}
if ! build_all >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "the build did not succeed; the whole log is $log"
fi
echo "in ${build#"$top"/}"
guard=$build/examples/redis-guard/redis-guard
client=$build/examples/quickstart-client
for program in "$guard" "$client"; do
    [ -x "$program" ] || fail "$program was not built; see $log"
done

step "2. Start a primary and two replicas"
dir=$(mktemp -d "${TMPDIR:-/tmp}/haguard-quickstart.XXXXXX")
pids=''
client_pid=''
guard_pid=''

clean_up() {
    status=$?
    trap - EXIT INT TERM HUP
    for pid in $client_pid $guard_pid $pids; do
        kill "$pid" 2>/dev/null || :
    done
    for pid in $client_pid $guard_pid $pids; do
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

ask() { # PORT COMMAND...
    port=$1
    shift
    timeout 3 redis-cli -h 127.0.0.1 -p "$port" "$@" 2>/dev/null | tr -d '\r'
}

# start_server NAME [PRIMARY-PORT]: sets port and pid. A port that is taken makes the server end.
next_port=$((20000 + $$ % 20000))
start_server() {
    tries=0
    while [ $tries -lt 50 ]; do
        tries=$((tries + 1))
        next_port=$((next_port + 1))
        mkdir -p "$dir/$1"
        cat >"$dir/$1/redis.conf" <<EOF
bind 127.0.0.1
port $next_port
dir $dir/$1
appendonly yes
repl-diskless-sync-delay 0
repl-ping-replica-period 1
EOF
        [ $# -lt 2 ] || echo "replicaof 127.0.0.1 $2" >>"$dir/$1/redis.conf"
        redis-server "$dir/$1/redis.conf" >"$dir/$1/log" 2>&1 &
        pid=$!
        n=0
        while kill -0 $pid 2>/dev/null && [ $n -lt 50 ]; do
            if [ "$(ask $next_port INFO server | sed -n 's/^process_id://p')" = $pid ]; then
                port=$next_port
                pids="$pids $pid"
                return
            fi
            sleep 0.1
            n=$((n + 1))
        done
        kill -9 $pid 2>/dev/null || :
    done
    cat "$dir/$1/log" >&2
    fail "redis-server does not start"
}

start_server a
port_a=$port pid_a=$pid
start_server b "$port_a"
port_b=$port
start_server c "$port_a"
port_c=$port
for port in $port_b $port_c; do
    n=0
    until [ "$(ask "$port" INFO replication | sed -n 's/^master_link_status://p')" = up ]; do
        n=$((n + 1))
        [ $n -lt 100 ] || fail "the replica on port $port does not follow its primary"
        sleep 0.1
    done
done
echo "a 127.0.0.1:$port_a  primary"
echo "b 127.0.0.1:$port_b  replica"
echo "c 127.0.0.1:$port_c  replica"

step "3. Start redis-guard and a client; the grace is $grace (default 60s)"
echo "${dim}The service name is a file. The guard has it rewritten; the client reads it to connect.$off"
echo
name=$dir/name.primary
# shellcheck disable=SC2016 # the guard's shell expands them
hook='printf "%s\n" "$HAGUARD_ADDRS" >"$NAME_DIR/name.$HAGUARD_ENDPOINT.new" &&
    mv "$NAME_DIR/name.$HAGUARD_ENDPOINT.new" "$NAME_DIR/name.$HAGUARD_ENDPOINT"'
timeline=$dir/timeline
mkfifo "$dir/pipe"
tee "$timeline" <"$dir/pipe" | sed -u \
    -e "s/^\(.\{12\}  \(down\|suspect\|alert\|failed\|abort\|killed\).*\)/$red\1$off/" \
    -e "s/^\(.\{12\}  \(promote\|endpoint\|primary\|end\|admit\).*\)/$green\1$off/" \
    -e "s/^\(.\{12\}  client.*\)/$blue\1$off/" &
show_pid=$!
exec 3>"$dir/pipe"
NAME_DIR=$dir "$guard" --cluster quickstart --record "$dir/record" --on-endpoint "$hook" \
    --down-after "$grace" --node "a=127.0.0.1:$port_a" --node "b=127.0.0.1:$port_b" \
    --node "c=127.0.0.1:$port_c" >&3 2>&1 &
guard_pid=$!

alive() { kill -0 "$guard_pid" 2>/dev/null || fail "redis-guard ended; its last words are above"; }
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
said() { grep -q "$1" "$timeline"; }

wait_for 20 "the name" test -s "$name"
"$client" "$name" "$dir/result" >&3 2>&1 &
client_pid=$!
wait_for 10 "the first write" said ' client .* writes succeed,'
sleep 2

now() { date +%H:%M:%S.%3N; }
killed=$(now)
kill -9 "$pid_a"
printf '%s  %-10s  %-8s  %-16s  %s\n' "$killed" killed a SIGKILL \
    "the primary is killed by this script; a failover is due in $grace" >&3
wait_for $((grace_s + 30)) "writes that succeed again" said ' client .* succeed again'
new_primary=$(cut -d' ' -f1 "$name")
wait_for 30 "the end of the failover" said '  end  *.* failover '
sleep 1
follower=$port_c
[ "$new_primary" = "127.0.0.1:$port_b" ] || follower=$port_b
follows() { [ "$(ask "$follower" INFO replication | sed -n 's/^master_port://p')" = "${new_primary##*:}" ]; }
wait_for 20 "the other replica to follow $new_primary" follows

kill "$client_pid"
wait "$client_pid" || fail "the client could not look for its writes"
client_pid=''
kill "$guard_pid"
wait "$guard_pid" || fail "redis-guard did not end cleanly"
guard_pid=''
exec 3>&-
wait "$show_pid" || :

# after PATTERN [FILE]: seconds from the kill to the first such line behind it
after() {
    awk -v killed="$killed" -v pattern="$1" '
        function ms(t, p) { split(t, p, /[:.]/); return ((p[1] * 60 + p[2]) * 60 + p[3]) * 1000 + p[4] }
        / killed /  { armed = 1; next }
        armed && $0 ~ pattern {
            d = ms($1) - ms(killed)
            printf "%.3f\n", (d < 0 ? d + 86400000 : d) / 1000
            exit
        }' "${2:-$timeline}"
}
detected=$(after '^[^ ]+ +down +a ')
promoted=$(after '^[^ ]+ +promote +')
printf ' killed \n%s name\n' "$(date -r "$name" +%H:%M:%S.%3N)" >"$dir/moved"
moved=$(after ' name$' "$dir/moved")
writes=$(after ' client .* succeed again')
who=$(awk '$2 == "promote" { print $3; exit }' "$timeline")
times=$(awk '$2 == "promote"' "$timeline" | wc -l)
acknowledged='' lost='' failing=''
# shellcheck disable=SC1091 # written by the client
. "$dir/result"

step "4. What happened"
row() { printf '  %-32s %s\n' "$1" "$2"; }
row "primary killed" "$killed"
row "detected: a marked down" "+ ${detected:-never} s   (the grace is $grace)"
row "promoted: ${who:-nobody}" "+ ${promoted:-never} s"
row "name moved to $new_primary" "+ ${moved:-never} s"
row "writes succeed again" "+ ${writes:-never} s"
row "writes acknowledged" "$acknowledged"
row "acknowledged writes lost" "$lost"
if [ "$lost" != 0 ]; then
    echo "  (Redis replicates asynchronously: what a primary acknowledged in its last moment may be lost.)"
fi

for time in "$detected" "$promoted" "$moved" "$writes"; do
    [ -n "$time" ] || fail "a step of the failover is missing"
done
[ "$times" = 1 ] || fail "$times promotions instead of one"
[ "$failing" = 0 ] || fail "writes failed at the end"
[ "$(ask "${new_primary##*:}" INFO replication | sed -n 's/^role://p')" = master ] ||
    fail "the name does not lead to a primary"
awk -v d="$detected" -v g="$grace_s" 'BEGIN { exit !(d >= g - 1.2) }' ||
    fail "the primary was replaced before its grace was over"
printf '\n%sThe failover went as it should.%s Servers, guard and files are gone now; %s is left.\n' \
    "$green" "$off" "${build#"$top"/}"
