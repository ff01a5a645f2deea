#!/bin/sh
# SPDX-License-Identifier: MIT
# The promoted node is killed right after its promotion: the third one is promoted after its grace.
# Once in the middle of the failover, by the very command that moves the name, and once at its end.
. "$(dirname "$0")/lib/live.sh"

last_promoted() { awk '$2 == "promote" { n = $3 } END { print n }' "$T/timeline"; }
promoted() { [ "$(last_promoted)" = "$1" ]; }
ended() { [ "$(times_said end '[^ ]+' '[^ ]+' 'failover is done')" -ge "$1" ]; }

# round NAME WHEN
round() {
    rm -rf "$T"/[abc] "$T"/name.* "$T/names.log" "$T/timeline" "$T/record" "$T"/shown.*
    trio
    # b is chosen first
    ask b CONFIG SET replica-priority 10 >/dev/null
    fill a before 1000
    guard
    started
    if [ "$2" = middle ]; then
        cp "$T/hook" "$T/hook.was"
        { echo "[ \"\$HAGUARD_ADDRS\" = $(addr b) ] && [ \$HAGUARD_ENDPOINT = primary ] && kill -KILL $PID_b"
            cat "$T/hook.was"
        } >"$T/hook.new"
        mv "$T/hook.new" "$T/hook"
    fi
    end_server a
    check "$1: b is promoted" until_true 30 promoted b
    if [ "$2" = end ]; then
        until_true 30 ended 1
        until_true 20 all_follow b c
        fill b between 100
        until_true 10 has c between 100
        end_server b
    fi
    check "$1: b is marked down" until_true 30 said down b
    [ "$2" = end ] || mv "$T/hook.was" "$T/hook"
    check "$1: c is promoted" until_true 40 promoted c
    check "$1: the primary name moves to c" until_true 30 name_is primary c
    check "$1: nothing is lost" has c before 1000
    [ "$2" = middle ] || check "$1: nor what b took" has c between 100
    again a
    again b
    check "$1: both come back as replicas of c" until_true 40 all_follow c a b
    check "$1: the replica name lists them" until_true 30 name_is replica a b
    check "$1: there were two promotions" same "$(times_said promote)" 2
    check "$1: each had a term of its own" same "$(sed -n 's/.*term \([0-9]*\) is recorded.*/\1/p' \
        "$T/timeline" | sort -u | wc -l)" 3
    end_guard
    for node in a b c; do
        end_server $node
    done
}
round 'in the middle' middle
round 'at the end' end
finish
