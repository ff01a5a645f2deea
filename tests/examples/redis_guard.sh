#!/bin/sh
# SPDX-License-Identifier: MIT
# redis-guard: arguments, discovery, record, service name, signals, the plugin from a file.
. "$(dirname "$0")/../redis/lib.sh"
guard=$HAG_BUILD/examples/redis-guard/redis-guard

# refuses NAME PATTERN ARG...: it ends at once, not with 0, and says PATTERN.
refuses() {
    name=$1 pattern=$2
    shift 2
    # what it holds when it gives up is no leak
    ASAN_OPTIONS=detect_leaks=0 timeout 10 "$guard" "$@" >"$T/o" 2>"$T/e"
    RC=$?
    [ $RC != 0 ] && [ $RC != 124 ] && [ $RC -lt 126 ] && grep -q -e "$pattern" "$T/e"
    report $? "refuses $name"
}
start_guard() { # ARG...: sets GUARD
    "$guard" "$@" >"$T/o" 2>"$T/e" &
    GUARD=$!
    PIDS="$PIDS $GUARD"
}
end_guard() {
    kill "$GUARD"
    wait "$GUARD"
    RC=$?
}
said() { grep -q -e "$1" "$T/o"; }
check() { # NAME COMMAND...
    name=$1
    shift
    "$@"
    report $? "$name"
}

refuses "an option that is none" '--help lists them' --nodes x
refuses "an option without a value" 'value is missing' --record
refuses "no record" '--record FILE is missing' --node a=127.0.0.1:1
refuses "no nodes" 'either --primary' --record "$T/r"
refuses "both ways to name nodes" 'either --primary' --record "$T/r" --primary 127.0.0.1:1 --node a=127.0.0.1:2
refuses "a node without a name" '--node' --record "$T/r" --node 127.0.0.1:1
refuses "a node without a port" 'port\|numeric\|HOST:PORT' --record "$T/r" --node a=127.0.0.1
refuses "a node that is a name" 'numeric' --record "$T/r" --node a=localhost:6379
refuses "two nodes of one name" 'a' --record "$T/r" --node a=127.0.0.1:1 --node a=127.0.0.1:2
refuses "two nodes of one address" '127.0.0.1:1' --record "$T/r" --node a=127.0.0.1:1 --node b=127.0.0.1:1
refuses "a setting that is none" 'speed' --record "$T/r" --node a=127.0.0.1:1 --set speed=1
refuses "a value that is none" 'fall' --record "$T/r" --node a=127.0.0.1:1 --set fall=x
refuses "a grace that is none" 'down_after' --record "$T/r" --node a=127.0.0.1:1 --down-after soon
refuses "a grace shorter than its probes" 'probe' --record "$T/r" --node a=127.0.0.1:1 --down-after 500ms
refuses "a cluster's name with a blank" 'name' --record "$T/r" --node a=127.0.0.1:1 --cluster 'a b'
refuses "a plugin that is not there" 'nowhere.so' --record "$T/r" --node a=127.0.0.1:1 --plugin ./nowhere.so
refuses "a password file that is not there" "$T/none" --record "$T/r" --node a=127.0.0.1:1 --password-file "$T/none"
refuses "a place for the record that is none" 'No such file' --record "$T/none/r" --node a=127.0.0.1:1
refuses "a primary that is down" 'refused; name the nodes' --record "$T/r" --primary "127.0.0.1:$(free_port)"
refuses "a primary without a port" 'HOST:PORT' --record "$T/r" --primary 127.0.0.1
timeout 10 "$guard" --help >"$T/o" 2>"$T/e"
check "explains its options" said '--on-endpoint'
check "leaves no record behind" test ! -e "$T/r"

P=$(free_port) R=$(free_port)
start_redis primary "$P"
start_redis replica "$R" --replicaof 127.0.0.1 "$P"
until_true 10 linked "$R"
until_true 10 sh -c "$REDIS_CLI -p $P info replication | grep -q 'state=online'"

refuses "a replica as the primary" 'replica' --record "$T/r" --primary "127.0.0.1:$R"

# found from its primary; the command moves the name
# shellcheck disable=SC2016 # for the guard's shell
hook='echo "$HAGUARD_CLUSTER $HAGUARD_ENDPOINT $HAGUARD_ADDRS" >>"$NAMES"
    test "$HAGUARD_TERM" -ge 1 && test "$HAGUARD_GENERATION" -ge 1'
NAMES=$T/names
export NAMES
start_guard --record "$T/r" --primary "127.0.0.1:$P" --cluster one --on-endpoint "$hook" --down-after 5s
check "moves the primary name" until_true 15 grep -q "^one primary 127.0.0.1:$P\$" "$NAMES"
check "moves the replica name" until_true 15 grep -q "^one replica 127.0.0.1:$R\$" "$NAMES"
check "keeps a record" until_true 5 grep -q '^haguard-record' "$T/r"
timeout 10 "$guard" --record "$T/r" --primary "127.0.0.1:$P" >"$T/o2" 2>&1
check "refuses a record that is in use" grep -q 'own' "$T/o2"
kill -USR1 "$GUARD"
check "explains at SIGUSR1" until_true 5 said ' explain '
kill -USR2 "$GUARD"
check "switches over at SIGUSR2" until_true 20 grep -q "^one primary 127.0.0.1:$R\$" "$NAMES"
check "tells of the end" until_true 20 said ' end .*switchover is done'
check "the new primary is one" sh -c "$REDIS_CLI -p $R role | head -n 1 | grep -q master"
check "the old one follows" until_true 20 linked "$P"
end_guard
is "ends cleanly" "$RC" 0

# a restart goes on from the record
: >"$NAMES"
A=127.0.0.1-$P=127.0.0.1:$P B=127.0.0.1-$R=127.0.0.1:$R # as they were found
start_guard --record "$T/r" --node "$A" --node "$B" --cluster one --on-endpoint "$hook"
sleep 3
end_guard
is "restarts" "$RC" 0
check "a restart moves nothing back" sh -c "! grep -q '^one primary 127.0.0.1:$P\$' '$NAMES'"
refuses "the record of another cluster" 'of cluster one' --record "$T/r" --node "$A" --cluster two

# a damaged record is set aside
cp "$T/r" "$T/whole"
for damage in 's/^haguard-record/haguard-letter/' '$ s/.$/#/'; do
    LC_ALL=C sed "$damage" "$T/whole" >"$T/r"
    rm -f "$T/r.damaged"
    cp "$T/r" "$T/was"
    start_guard --record "$T/r" --node "$A" --node "$B" --cluster one
    check "sets a damaged record aside" until_true 10 said ' record .*damaged'
    check "keeps what was damaged" cmp "$T/was" "$T/r.damaged"
    check "makes a new one" until_true 10 grep -q '^haguard-record' "$T/r"
    end_guard
done

# a command that fails is tried again; one that hangs is ended
printf '#!/bin/sh\necho try >>"$NAMES"; [ "$(wc -l <"$NAMES")" -gt 2 ]\n' >"$T/hook"
: >"$NAMES"
rm -f "$T/r"
start_guard --record "$T/r" --node "$A" --node "$B" --on-endpoint "sh $T/hook"
check "tells of a command that failed" until_true 20 said ' failed .*endpoint_update'
check "tries it again" until_true 30 sh -c "[ \$(wc -l <'$NAMES') -ge 4 ]"
end_guard
rm -f "$T/r"
start_guard --record "$T/r" --node "$A" --node "$B" --set step_timeout=1s --on-endpoint 'sleep 7654321'
check "starts the command" until_true 20 pgrep -f '^sleep 7654321'
check "ends a command that hangs" until_true 20 said ' failed .*endpoint_update'
end_guard
check "leaves no command behind" until_true 5 sh -c "! pgrep -f '^sleep 7654321'"

# the record's place goes away: no commit, and it says so
mkdir "$T/place"
start_guard --record "$T/place/r" --node "$A" --node "$B"
until_true 20 test -e "$T/place/r"
rm -rf "$T/place"
kill -USR2 "$GUARD"
check "tells that it cannot commit" until_true 20 said 'commit-failed'
end_guard

module=$(find "$HAG_BUILD/lib/plugins" -name 'haguard_redis.so' | head -n 1)
rm -f "$T/r"
start_guard --record "$T/r" --node "$A" --node "$B" --plugin "$module"
check "works with the plugin from a file" until_true 20 said ' primary '
end_guard
is "with a loaded plugin ends cleanly" "$RC" 0

# password
"$REDIS_CLI" -p "$P" config set requirepass secret-word >/dev/null
"$REDIS_CLI" -p "$R" config set requirepass secret-word >/dev/null
echo secret-word >"$T/password"
rm -f "$T/r"
start_guard --record "$T/r" --node "$A" --node "$B" --password-file "$T/password"
check "logs in" until_true 20 said ' primary '
end_guard
rm -f "$T/r"
start_guard --record "$T/r" --node "$A" --node "$B"
check "tells that it may not" until_true 20 said ' denied '
end_guard
check "never tells the password" sh -c "! grep -q secret-word '$T/o' '$T/e'"
finish
