#!/bin/sh
# SPDX-License-Identifier: MIT
# The guard is killed right before and right after each action of a failover, and started again: in
# the end there is one primary, the name points to it, the others follow, and nothing is lost.
. "$(dirname "$0")/lib/live.sh"
HOST=$HAG_BUILD/tests/live/crash_host
[ -x "$HOST" ] || { echo "not ok - $TEST: $HOST was not built"; exit 1; }
# one after the other costs 4 s each, so some run at once
AT_ONCE=4
ALL=$T

host() { # [OPTION...]
    "$HOST" --record "$T/record" --names "$T" --node "a=$(addr a)" --node "b=$(addr b)" \
        --node "c=$(addr c)" --set down_after=1s --set gone_after=1s --set frozen_after=1s \
        --set down_after_replica=1s --set probe_every=100ms --set probe_timeout=400ms \
        --set fall=2 --set fresh=1s --set retry_every=100ms --set retry_max=500ms \
        --set ttl=50ms --set fence_wait=200ms "$@" >>"$T/timeline" 2>>"$T/guard.err" &
    PID_host=$!
    PIDS="$PIDS $!"
}
gone() { ! kill -0 "$PID_host" 2>/dev/null; }
one_primary() {
    _n=0
    for _node in b c; do
        is_primary $_node && _n=$((_n + 1)) && NEW=$_node
    done
    [ $_n = 1 ]
}
settled() {
    one_primary || return
    OTHER=c
    [ "$NEW" = b ] || OTHER=b
    name_is primary "$NEW" && all_follow "$NEW" $OTHER
}

# crash WHEN ACTION: in a shell and a directory of its own
crash() (
    T=$ALL/$1-$2 PIDS='' NEW='' OTHER=''
    mkdir "$T"
    trap clean_up EXIT
    PORT=$((PORT + 20 * number))
    trio 'save 3600 100000000'
    fill a before 200
    until_true 20 has c before 200
    host "--die-$1" "$2"
    until_true 20 name_is primary a && until_true 20 name_is replica b c
    sleep 0.5 # and the record has it
    kill -USR1 "$PID_host"
    sleep 0.2
    gone && { bad "it ended before the failover"; exit; }
    end_server a
    until_true 40 gone || { bad "it never came to this action"; exit; }
    wait "$PID_host"
    status=$?
    [ $status = 99 ] || { bad "the host ended with $status"; exit; }
    echo '--- again' >>"$T/timeline"
    host
    until_true 60 settled || { bad 'nobody is the primary that all follow and the name points to'; exit; }
    has "$NEW" before 200 || { bad 'data is lost'; exit; }
    [ "$(ask "$NEW" SET through the-name)" = OK ] || { bad 'the new primary takes no writes'; exit; }
    again a
    until_true 40 all_follow "$NEW" $OTHER a || { bad 'the old primary does not follow'; exit; }
    until_true 40 name_is replica $OTHER a || { bad 'the replica name is wrong'; exit; }
    one_primary || { bad 'there are two primaries'; exit; }
    gone && { bad 'the host ended'; exit; }
    [ ! -s "$T/guard.err" ] || { bad 'it complained'; exit; }
    echo "ok - $TEST: $1 $2"
)
bad() {
    sed 's/^/# /' "$T/timeline" "$T/guard.err"
    for node in b c; do
        info $node replication 'role' | sed "s/^/# $node: /"
    done
    echo "# the primary name: $(cat "$T/name.primary")"
    echo "not ok - $TEST: $when $action: $1"
}

number=0 running=''
# With a dead primary; commit: the term, the candidate, the end; probes are no steps of their own.
for action in ${ACTIONS:-commit:1 fence detach:1 detach:2 commit:2 promote endpoint_update:1 \
    endpoint_update:2 follow persist_role:1 persist_role:2 commit:3}; do
    for when in before after; do
        number=$((number + 1))
        crash $when "$action" >"$ALL/out.$number" 2>&1 &
        running="$running $!"
        PIDS="$PIDS $!"
        if [ $((number % AT_ONCE)) = 0 ]; then
            # shellcheck disable=SC2086 # words are wanted
            wait $running
            running=''
        fi
    done
done
# shellcheck disable=SC2086
wait $running
cat "$ALL"/out.*
[ "$(cat "$ALL"/out.* | grep -c '^ok - ')" = $number ]
exit
