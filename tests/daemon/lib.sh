# SPDX-License-Identifier: MIT
# Shared by the tests of haguardd: what the live tests of redis have, and a daemon of one's own.
DRIVE=${DRIVE:-none}
. "$(dirname "$0")/../redis/lib.sh"
SELF=daemon/$(basename "$0" .sh)
: "${HAG_BUILD:?set HAG_BUILD to the build directory}"
HAGUARDD=$HAG_BUILD/examples/haguardd/haguardd
HAGUARDCTL=$HAG_BUILD/examples/haguardd/haguardctl
[ -x "$HAGUARDD" ] || { echo "1..0 # SKIP haguardd was not built"; exit 77; }
SOCK=$T/sock
CONF=$T/conf
STATE=$T/state
export HAGUARDCTL SOCK CONF STATE T

# What every configuration here begins with. Graces are short, so that there is something to see.
conf_head() {
    cat <<EOF
[haguard]
state-dir=$STATE
socket=$SOCK
${1:-}
[defaults]
probe_every=200ms
probe_timeout=300ms
fresh=1s
down_after=2s
down_after_replica=2s
gone_after=2s
frozen_after=2s
retry_every=200ms
retry_max=500ms
EOF
}
# conf_cluster NAME STORE COMMAND NODE=PORT...
conf_cluster() {
    printf '[cluster %s]\nstore=%s\non-endpoint=%s\n' "$1" "$2" "$3"
    shift 3
    for _node in "$@"; do
        echo "node.${_node%%=*}=127.0.0.1:${_node#*=}"
    done
}

# start_daemon [WRAPPER...]: sets DAEMON; its output goes to $T/o and $T/e.
start_daemon() {
    "$@" "$HAGUARDD" --config "$CONF" >>"$T/o" 2>>"$T/e" &
    DAEMON=$!
    PIDS="$PIDS $DAEMON"
    until_true 10 ctl status
}
end_daemon() { # sets RC
    kill "$DAEMON"
    wait "$DAEMON"
    RC=$?
}
ctl() { "$HAGUARDCTL" --socket "$SOCK" "$@"; }
said() { grep -q -e "$1" "$T/o"; }
forget_output() { : >"$T/o"; }

# By the clock: asking the daemon takes a while on a busy machine.
until_true() { # SECONDS COMMAND...
    _until=$(($(date +%s) + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le $_until ] || return 1
        sleep 0.05
    done
}

# with_dns: name servers too, as tests/dns/lib.sh has them. To be called before anything is started.
with_dns() {
    rm -rf "$T" # theirs has a key in it
    . "$HERE/../dns/lib.sh"
    SOCK=$T/sock CONF=$T/conf STATE=$T/state
    export SOCK CONF STATE T
    printf '[haguard]\nresolve=on\n' >"$CONF"
    if "$HAGUARDD" --check --config "$CONF" 2>&1 | grep -q 'built without dns'; then
        echo "1..0 # SKIP haguardd was built without dns"
        exit 77
    fi
    report() {
        NTESTS=$((NTESTS + 1))
        [ "$1" = 0 ] && { echo "ok - $SELF: $2"; return 0; }
        NFAILED=$((NFAILED + 1))
        sed 's/^/# /' "$T/o" "$T/e"
        echo "not ok - $SELF: $2"
    }
    until_true() {
        _until=$(($(date +%s) + $1))
        shift
        while ! "$@" >/dev/null 2>&1; do
            [ "$(date +%s)" -le $_until ] || return 1
            sleep 0.05
        done
    }
}

check() { # NAME COMMAND...
    _what=$1
    shift
    "$@" >"$T/check.new" 2>&1
    _status=$?
    [ "$1" = has ] || mv "$T/check.new" "$T/check"
    [ $_status = 0 ] || sed 's/^/# /' "$T/check"
    report $_status "$_what"
}
# exits NAME STATUS COMMAND...: it ends with just this status.
exits() {
    _what=$1 _wanted=$2
    shift 2
    "$@" >"$T/check" 2>&1
    _status=$?
    if [ $_status = "$_wanted" ]; then
        report 0 "$_what"
    else
        echo "# status $_status, not $_wanted"
        sed 's/^/# /' "$T/check"
        report 1 "$_what"
    fi
}
has() { grep -q -e "$1" "$T/check"; }

# field KEY [CLUSTER [NODE]]: a value of status --json
field() {
    if [ -n "${3:-}" ]; then
        _which="\"type\":\"node\",\"cluster\":\"$2\",\"node\":\"$3\""
    else
        _which='"type":"cluster"'
    fi
    ctl --json status ${2:+"$2"} | grep -F "$_which" | sed -n "s/.*\"$1\":\"*\([^\",}]*\).*/\1/p"
}
field_is() { [ "$(field "$1" "${3:-}" "${4:-}")" = "$2" ]; }
primary_is() { field_is primary "$1" "$2"; }
state_is() { field_is state "$1" "$2"; }

# redis_pair NAME1 NAME2 [ARG...]: a primary and its replica; sets PORT_ of each
redis_pair() {
    _a=$1 _b=$2
    shift 2
    eval "PORT_$_a=$(free_port)"
    eval "start_redis $_a \$PORT_$_a \"\$@\""
    eval "PORT_$_b=$(free_port)"
    eval "start_redis $_b \$PORT_$_b --replicaof 127.0.0.1 \$PORT_$_a \"\$@\""
    eval "until_true 10 linked \$PORT_$_b"
}
