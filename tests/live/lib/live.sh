# SPDX-License-Identifier: MIT
# For the live tests: real servers on free ports of loopback in a temporary directory, redis-guard
# beside them, all ended by their pid. HAG_BUILD is the build to test.
set -u
export LC_ALL=C
HERE=$(cd "$(dirname "$0")" && pwd)
HAG_TOP=$(cd "$HERE/../.." && pwd)
HAG_BUILD=${HAG_BUILD:-$HAG_TOP/build/gcc}
GUARD=$HAG_BUILD/examples/redis-guard/redis-guard
TEST=live/$(basename "$0" .sh)
T=$(mktemp -d)
PIDS=
FAILED=0

skip_all() { # WHY
    echo "skip - $TEST: $1"
    exit 0
}
for _tool in redis-server redis-cli python3 timeout; do
    command -v $_tool >/dev/null || skip_all "$_tool is not installed"
done
[ -x "$GUARD" ] || { echo "not ok - $TEST: $GUARD was not built"; exit 1; }

clean_up() {
    for _pid in $PIDS; do
        kill -CONT "$_pid" 2>/dev/null
        kill -KILL "$_pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$T"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# --- saying what came out ---------------------------------------------------------------------

check() { # NAME COMMAND...
    _name=$1
    shift
    if "$@"; then
        echo "ok - $TEST: $_name"
        return
    fi
    FAILED=$((FAILED + 1))
    echo "# failed: $*"
    # what was said since the last failure
    for _file in timeline names.log guard.err; do
        tail -n +$(($(cat "$T/shown.$_file" 2>/dev/null || echo 0) + 1)) "$T/$_file" 2>/dev/null |
            tail -n 60 | sed "s|^|# $_file: |"
        wc -l <"$T/$_file" >"$T/shown.$_file" 2>/dev/null
    done
    echo "not ok - $TEST: $_name"
}
note() { echo "# $*"; }
finish() { exit $((FAILED > 0)); }

# until_true SECONDS COMMAND...
until_true() {
    _end=$(($(date +%s) + $1 + 1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt $_end ] || return 1
        sleep 0.05
    done
}
not() { ! "$@"; }
same() { [ "$1" = "$2" ]; }

# --- servers ------------------------------------------------------------------------------------

PORT=$((10000 + $$ * 37 % 20000)) # below the ports that the kernel gives to clients

# value_of NAME, where NAME is PORT_x or PID_x
value_of() { eval "printf '%s\n' \"\$$1\""; }
port() { value_of "PORT_$1"; }
pid() { value_of "PID_$1"; }
addr() { echo "127.0.0.1:$(port "$1")"; }

ask() { # NAME COMMAND...
    _port=$(port "$1")
    shift
    timeout 3 redis-cli -h 127.0.0.1 -p "$_port" "$@" 2>/dev/null | tr -d '\r'
}
info() { # NAME SECTION FIELD
    ask "$1" INFO "$2" | sed -n "s/^$3://p"
}
answers() { [ "$(info "$1" server process_id)" = "$(pid "$1")" ]; }

launch() { # NAME [OPTION...]: starts it with its configuration file
    _who=$1
    shift
    redis-server "$T/$_who/redis.conf" "$@" >>"$T/$_who/log" 2>&1 &
    eval "PID_$_who=$!"
    PIDS="$PIDS $!"
}
started_or_ended() { ! kill -0 "$(pid "$1")" 2>/dev/null || answers "$1"; }
# server NAME [LINE...]: LINEs go into its configuration file
server() {
    _server=$1 _tries=0
    shift
    mkdir -p "$T/$_server"
    while :; do
        PORT=$((PORT + 1))
        eval "PORT_$_server=$PORT"
        {
            printf '%s\n' 'bind 127.0.0.1' "port $PORT" "dir $T/$_server" 'save ""' \
                'repl-diskless-sync-delay 0' 'repl-ping-replica-period 1'
            [ $# = 0 ] || printf '%s\n' "$@"
        } >"$T/$_server/redis.conf"
        launch "$_server"
        # a port that is taken ends the server
        until_true 20 started_or_ended "$_server" && answers "$_server" && return
        [ $((_tries += 1)) -lt 20 ] || { check "$_server starts" false; finish; }
    done
}
again() { # NAME [OPTION...]: starts it again where it was
    launch "$@"
    until_true 20 answers "$1" || echo "# $1 does not start again"
}
end_server() { # NAME [SIGNAL]
    kill "-${2:-KILL}" "$(pid "$1")"
    wait "$(pid "$1")" 2>/dev/null
}

is_primary() { [ "$(info "$1" replication role)" = master ]; }
follows() { # NAME OTHER: with its link up
    ask "$1" INFO replication >"$T/follows"
    grep -qx "master_port:$(port "$2")" "$T/follows" && grep -qx 'master_link_status:up' "$T/follows"
}
all_follow() { # PRIMARY NAME...
    _primary=$1
    shift
    is_primary "$_primary" || return
    for _one in "$@"; do
        follows "$_one" "$_primary" || return
    done
}
full_copies() { info "$1" stats sync_full; } # that NAME has sent as a primary

# trio [LINE...]: a is the primary of b and c
trio() {
    server a "$@"
    server b "replicaof 127.0.0.1 $PORT_a" "$@"
    server c "replicaof 127.0.0.1 $PORT_a" "$@"
    until_true 20 all_follow a b c || echo "# b and c do not follow a"
}

# fill NAME PREFIX COUNT: keys that each of its standbys has. A standby whose link is up may still
# get nothing, until its first acknowledgement (repl-diskless-sync).
fill() {
    ask "$1" EVAL "for i = 1, $3 do redis.call('SET', '$2:' .. i, i) end" 0 >/dev/null
    until_true 20 acknowledged_to "$1" "$(info "$1" replication master_repl_offset)" ||
        echo "# not each standby of $1 has $2"
}
acknowledged_to() { # NAME OFFSET
    ask "$1" INFO replication | sed -n 's/^slave[0-9]*:.*state=\([a-z_]*\),offset=\([0-9]*\),.*/\1 \2/p' |
        awk -v to="$2" '$1 != "online" || $2 < to { bad = 1 } END { exit bad }'
}
has() { # NAME PREFIX COUNT: all of them, with their values
    [ "$(ask "$1" EVAL_RO "local n = 0 for i = 1, $3 do
        if redis.call('GET', '$2:' .. i) == tostring(i) then n = n + 1 end end return n" 0)" = "$3" ]
}

# --- the guard ----------------------------------------------------------------------------------

# short, so that a test does not take minutes; the rules are the same
SETTINGS='--down-after 2s --set probe_every=200ms --set probe_timeout=500ms --set fresh=2s
    --set retry_every=200ms --set retry_max=1s --set ttl=250ms'
cat >"$T/hook" <<'END'
printf '%s %s %s %s\n' "$HAGUARD_ENDPOINT" "$HAGUARD_TERM" "$HAGUARD_GENERATION" "$HAGUARD_ADDRS" >>names.log
printf '%s\n' "$HAGUARD_ADDRS" >"name.$HAGUARD_ENDPOINT.new"
mv "name.$HAGUARD_ENDPOINT.new" "name.$HAGUARD_ENDPOINT"
END

# guard [OPTION...]: with the nodes a, b, c, as far as there are such
NODES='a b c'
guard() {
    _nodes=
    for _node in $NODES; do
        _nodes="$_nodes --node $_node=$(addr "$_node")"
    done
    # shellcheck disable=SC2086 # words are wanted
    guard_raw $_nodes "$@"
}
guard_raw() {
    # shellcheck disable=SC2086
    (cd "$T" && exec "$GUARD" --record "${RECORD:-$T/record}" --on-endpoint 'sh ./hook' $SETTINGS "$@" \
        >>"$T/timeline" 2>>"$T/guard.err") &
    PID_guard=$!
    PIDS="$PIDS $PID_guard"
}
# A restart may not be noticed by what an earlier guard said.
end_guard() {
    kill -TERM "$PID_guard"
    wait "$PID_guard"
    STATUS=$?
    check 'the guard ends cleanly' clean_end
}
clean_end() { [ "$STATUS" = 0 ] && [ ! -s "$T/guard.err" ]; }

# The timeline has lines: TIME  EVENT  NODE  REASON  TEXT
said() { # EVENT [NODE [REASON [TEXT]]]: regular expressions of whole words, TEXT of a part
    grep -Eq "^[0-9:.]+ +(${1:-[^ ]+}) +(${2:-[^ ]+}) +(${3:-[^ ]+}) .*${4:-}" "$T/timeline"
}
times_said() {
    grep -Ec "^[0-9:.]+ +(${1:-[^ ]+}) +(${2:-[^ ]+}) +(${3:-[^ ]+}) .*${4:-}" "$T/timeline"
}
# before EVENT NODE EVENT NODE: the first of the one comes before the first of the other
before() {
    awk -v a="$1" -v an="$2" -v b="$3" -v bn="$4" '
        $2 == a && $3 == an && !x { x = NR }
        $2 == b && $3 == bn && !y { y = NR }
        END { exit !(x && y && x < y) }' "$T/timeline"
}
# new_primary: waits for the promotion; sets NEW, and OTHER to the standby that was not chosen
new_primary() {
    until_true 30 said promote || return
    NEW=$(awk '$2 == "promote" { print $3; exit }' "$T/timeline")
    OTHER=c
    [ "$NEW" = b ] || OTHER=b
}
name_is() { # primary|replica NODE...
    _which=$1 _want=
    shift
    for _node in "$@"; do
        _want="$_want $(addr "$_node")"
    done
    [ -e "$T/name.$_which" ] && [ "$(sorted "$(cat "$T/name.$_which")")" = "$(sorted "$_want")" ]
}
sorted() {
    # shellcheck disable=SC2086
    printf '%s\n' $1 | sort | tr '\n' ' '
}
# The addresses that the name ever had, one a line, repeated ones once.
name_history() { sed -n "s/^$1 [0-9]* [0-9]* //p" "$T/names.log" | uniq; }

# started: the guard knows who is who and the names are right
started() {
    if ! until_true 30 name_is primary a || ! until_true 30 name_is replica b c; then
        check 'the guard finds the cluster' false
        finish
    fi
    # every record is kept before the test goes on
    until_true 10 test -s "$T/record"
}
explain() { # to $T/explained
    _lines=$(wc -l <"$T/timeline")
    kill -USR1 "$PID_guard"
    until_true 10 explained
}
explained() {
    tail -n +$((_lines + 1)) "$T/timeline" >"$T/explained"
    grep -q ' explain ' "$T/explained"
}

# --- clients ------------------------------------------------------------------------------------

# writer ID TARGET [OPTION...]: TARGET is a file with the name, or an address; its acknowledged
# writes stand in $T/ID.log
writer() {
    _id=$1
    shift
    python3 "$HERE/lib/client.py" write "$T/$_id.log" "$@" 2>"$T/$_id.err" &
    eval "PID_$_id=$!"
    PIDS="$PIDS $!"
    until_true 20 test -s "$T/$_id.log" || echo "# $_id writes nothing"
}
end_writer() { # ID
    kill -TERM "$(pid "$1")"
    wait "$(pid "$1")" 2>/dev/null
}
acknowledged_by() { # ID NODE: how many
    cat "$T/$1.log" 2>/dev/null | grep -c " $(port "$2") "
}
more_by() { # ID NODE COUNT
    [ "$(acknowledged_by "$1" "$2")" -ge "$3" ]
}
# verify ID NODE [OPTION...]: sets acked and lost
verify() {
    _id=$1 _node=$2
    shift 2
    acked='' lost=''
    eval "$(python3 "$HERE/lib/client.py" verify "$T/$_id.log" "$(addr "$_node")" "$@")"
}
clock() { python3 "$HERE/lib/client.py" clock; }
