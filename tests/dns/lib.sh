# SPDX-License-Identifier: MIT
# Shared by the live tests: name servers on free ports in a temporary directory, ended by their pid.
# DRIVE is the driver program (drive.c); KNOTD may name another server.
set -u
: "${DRIVE:?set DRIVE to the built driver program}"
KNOTD=${KNOTD:-knotd}
HERE=$(cd "$(dirname "$0")" && pwd)
for tool in "$KNOTD" kdig knsupdate python3; do
    command -v "$tool" >/dev/null 2>&1 || { echo "1..0 # SKIP $tool is not installed"; exit 77; }
done

T=$(mktemp -d)
PIDS=
NTESTS=0
NFAILED=0
SECRET=c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZQ==
ZONE=example.test

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

printf '%s\n' "$SECRET" >"$T/secret"

# free_port: one that nobody has, with TCP and UDP, on 127.0.0.1 and ::1.
free_port() {
    python3 -c 'import socket
while True:
    t = socket.socket(); t.bind(("127.0.0.1", 0)); p = t.getsockname()[1]
    try:
        for f, k, a in ((socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"),
                        (socket.AF_INET6, socket.SOCK_DGRAM, "::1"),
                        (socket.AF_INET6, socket.SOCK_STREAM, "::1")):
            s = socket.socket(f, k); s.bind((a, p)); s.close()
        break
    except OSError:
        pass
print(p)'
}

# write_knot NAME PORT: its configuration and zone.
write_knot() {
    mkdir -p "$T/$1/db"
    cat >"$T/$1/conf" <<END
server:
  rundir: "$T/$1"
  pidfile: "$T/$1/pid"
  listen: [127.0.0.1@$2, ::1@$2]
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "$T/$1/db"
log:
  - target: "$T/$1/log"
    any: info
key:
  - id: haguard
    algorithm: hmac-sha256
    secret: $SECRET
  - id: strong
    algorithm: hmac-sha512
    secret: $SECRET
  - id: powerless
    algorithm: hmac-sha256
    secret: $SECRET
acl:
  - id: haguard
    key: [haguard, strong]
    action: update
  - id: powerless
    key: powerless
    action: notify
template:
  - id: default
    storage: "$T/$1"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
  - domain: $ZONE
    file: zone
    acl: [haguard, powerless]
END
    cat >"$T/$1/zone" <<END
\$ORIGIN $ZONE.
\$TTL 5
@ SOA ns host 1 60 60 600 5
@ NS ns
ns A 127.0.0.1
alias.db CNAME ns
*.wild.db TXT "of the wildcard"
*.wild.db A 192.0.2.99
child NS ns.child
ns.child A 192.0.2.1
END
}

# start_knot NAME PORT: begins with an empty zone; sets PID_NAME.
start_knot() {
    write_knot "$1" "$2"
    "$KNOTD" -c "$T/$1/conf" >"$T/$1/out" 2>&1 &
    eval "PID_$1=$!"
    PIDS="$PIDS $!"
    until_true 10 serves "$2" || { echo "# knotd $1 does not start"; cat "$T/$1/out" "$T/$1/log"; }
}

serves() {
    kdig +timeout=1 +retry=0 +short @127.0.0.1 -p "$1" "$ZONE" SOA | grep -q .
}

# start_double: a server that does what a name says; sets PORT_double
start_double() {
    python3 "$HERE/double.py" "$SECRET" >"$T/double.out" 2>"$T/double.err" &
    PIDS="$PIDS $!"
    until_true 10 test -s "$T/double.out"
    PORT_double=$(head -n 1 "$T/double.out")
}

# start_relay PORT [ADDRESS]: a path to the server there that keeps updates (relay.py); sets PID_relay and R
start_relay() {
    : >"$T/relay.out"
    python3 "$HERE/../dns/relay.py" "$@" >"$T/relay.out" 2>"$T/relay.err" &
    PID_relay=$!
    PIDS="$PIDS $PID_relay"
    until_true 10 test -s "$T/relay.out"
    R=$(head -n 1 "$T/relay.out")
}

# at PORT NAME TYPE: what a server says, sorted, on one line.
at() {
    kdig +timeout=1 +retry=1 +short @127.0.0.1 -p "$1" "$2.$ZONE" "$3" | sort | tr '\n' ' ' |
        sed 's/ $//'
}

# mark PORT NAME: term and generation in its TXT record
mark() {
    at "$1" "$2" TXT | sed -n 's/.*term=\([0-9]*\) gen=\([0-9]*\).*/\1 \2/p'
}

# by_hand PORT LINE...: an update by somebody else
by_hand() {
    _port=$1
    shift
    {
        printf 'server 127.0.0.1 %s\nzone %s.\nkey hmac-sha256:haguard:%s\n' "$_port" "$ZONE" \
            "$SECRET"
        printf '%s\n' "$@"
        echo send
    } | knsupdate >/dev/null 2>&1
}

# until_true SECONDS COMMAND...
until_true() {
    _n=$(($1 * 20))
    shift
    while [ $_n -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.05
        _n=$((_n - 1))
    done
    return 1
}

# drive PORTS ARG...: with the usual settings for the servers on PORTS (as in 5301,5302); output to
# $T/o, exit status in RC. EXTRA holds further settings, without spaces.
EXTRA=
drive() {
    _servers=$(echo "$1" | sed 's/[0-9][0-9]*/127.0.0.1:&/g')
    shift
    _extra=
    for _e in $EXTRA; do
        _extra="$_extra -c $_e"
    done
    # shellcheck disable=SC2086
    run -c "servers=$_servers" -c zone="$ZONE" -c "name.primary=%c.db.$ZONE" \
        -c "name.replica=%c-ro.db.$ZONE" -c key-name=haguard -c "key-file=$T/secret" $_extra "$@"
}

run() {
    timeout 30 "$DRIVE" "$@" >"$T/o" 2>"$T/e"
    RC=$?
}

report() {
    NTESTS=$((NTESTS + 1))
    if [ "$1" = 0 ]; then
        echo "ok - $2"
        return 0
    fi
    echo "not ok - $2"
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
