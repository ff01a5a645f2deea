# SPDX-License-Identifier: MIT
# Shared by the live tests: servers on free ports in a temporary directory, ended by their pid.
# DRIVE is the driver program (drive.c); REDIS_SERVER and REDIS_CLI may name others.
set -u
: "${DRIVE:?set DRIVE to the built driver program}"
REDIS_SERVER=${REDIS_SERVER:-redis-server}
REDIS_CLI=${REDIS_CLI:-redis-cli}
HERE=$(cd "$(dirname "$0")" && pwd)
for tool in "$REDIS_SERVER" "$REDIS_CLI" python3; do
    command -v "$tool" >/dev/null 2>&1 || { echo "1..0 # SKIP $tool is not installed"; exit 77; }
done

T=$(mktemp -d)
PIDS=
NTESTS=0
NFAILED=0

cleanup() {
    for pid in $PIDS; do
        kill -CONT "$pid" 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Prints a port that nobody listens on, on every address.
free_port() {
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_redis NAME PORT [ARG...]: sets PID_NAME.
start_redis() {
    _name=$1 _port=$2
    shift 2
    mkdir -p "$T/$_name"
    "$REDIS_SERVER" --port "$_port" --dir "$T/$_name" --save '' --appendonly no \
        --repl-diskless-sync-delay 0 --logfile "$T/$_name/log" "$@" >"$T/$_name/out" 2>&1 &
    eval "PID_$_name=$!"
    PIDS="$PIDS $!"
    wait_for "$_port"
}

# start_redis_conf NAME PORT FILE [ARG...]: with a configuration file.
start_redis_conf() {
    _name=$1 _port=$2 _conf=$3
    shift 3
    mkdir -p "$T/$_name"
    "$REDIS_SERVER" "$_conf" --port "$_port" --dir "$T/$_name" --save '' --appendonly no \
        --logfile "$T/$_name/log" "$@" >"$T/$_name/out" 2>&1 &
    eval "PID_$_name=$!"
    PIDS="$PIDS $!"
    wait_for "$_port"
}

wait_for() {
    until_true 5 "$REDIS_CLI" -p "$1" ping && return 0
    echo "# nobody listens on port $1"
    return 1
}

# start_python NAME SCRIPT [ARG...]: sets PID_NAME and PORT_NAME, which the script prints first.
start_python() {
    _name=$1
    shift
    python3 "$@" >"$T/$_name.out" 2>"$T/$_name.err" &
    eval "PID_$_name=$!"
    PIDS="$PIDS $!"
    until_true 5 sh -c '[ "$(wc -l <"$1")" -gt 0 ]' - "$T/$_name.out" # a whole line
    eval "PORT_$_name=\$(head -n 1 '$T/$_name.out')"
}

cli() {
    _port=$1
    shift
    "$REDIS_CLI" -p "$_port" "$@" 2>/dev/null
}

# until_true SECONDS COMMAND...
until_true() {
    _n=$(($1 * 40))
    shift
    while [ $_n -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.025
        _n=$((_n - 1))
    done
    return 1
}

linked() {
    cli "$1" info replication | grep -q 'master_link_status:up'
}

# drive ARG...: output to $T/o, exit status in RC.
drive() {
    timeout 30 "$DRIVE" "$@" >"$T/o" 2>"$T/e"
    RC=$?
}

SELF=redis/$(basename "$0" .sh)

report() {
    NTESTS=$((NTESTS + 1))
    if [ "$1" = 0 ]; then
        echo "ok - $SELF: $2"
        return 0
    fi
    echo "not ok - $SELF: $2"
    NFAILED=$((NFAILED + 1))
    sed 's/^/# /' "$T/o" "$T/e" 2>/dev/null
    return 0
}

# expect NAME LINE...: each LINE (a basic regular expression) is a whole line of the output, and the
# driver ended well.
expect() {
    _what=$1 _bad=0
    shift
    [ "$RC" = 0 ] || { echo "# exit status $RC"; _bad=1; }
    for _line in "$@"; do
        grep -q -x -e "$_line" "$T/o" || { echo "# missing: $_line"; _bad=1; }
    done
    report $_bad "$_what"
}

# never NAME LINE: no line of the output is so.
never() {
    if grep -q -e "$2" "$T/o" "$T/e"; then
        report 1 "$1"
    else
        report 0 "$1"
    fi
}

# is NAME GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        report 0 "$1"
    else
        echo "# got: $2"
        echo "# wanted: $3"
        report 1 "$1"
    fi
}

# below NAME GOT LIMIT
below() {
    if [ -n "$2" ] && [ "$2" -lt "$3" ]; then
        report 0 "$1"
    else
        echo "# got: $2, which is not below $3"
        report 1 "$1"
    fi
}

value() {
    sed -n "s/^$1=//p" "$T/o" | tail -n 1
}

finish() {
    echo "1..$NTESTS"
    [ "$NFAILED" = 0 ]
    exit $?
}
