#!/bin/sh
# SPDX-License-Identifier: MIT
# A switchover while clients write as fast as they can: no acknowledged write is lost, and the old
# primary ends as a replica. Three times, since it is a matter of timing.
. "$(dirname "$0")/lib/live.sh"

# a quiesced Redis still pings its replicas: between promotion and demotion that would be a byte of
# its own, and the replicas would have to copy everything
trio 'repl-ping-replica-period 3600'
guard --set hold_down=0s
started
writer one "$T/name.primary"
writer two "$T/name.primary"
primary=a
switched() { [ "$(times_said end '[^ ]+' '[^ ]+' 'switchover is done')" -ge "$1" ]; }
for round in 1 2 3; do
    until_true 20 more_by one "$primary" 500
    until_true 20 acknowledged_to "$primary" 1 # or they are empty, and nobody may be promoted
    was=$primary
    kill -USR2 "$PID_guard"
    check "round $round: the switchover ends" until_true 30 switched $round
    primary=$(awk '$2 == "promote" { n = $3 } END { print n }' "$T/timeline")
    others=$(echo a b c | tr ' ' '\n' | grep -v "$primary")
    check "round $round: to another one" not same "$primary" "$was"
    check "round $round: the name moved" until_true 10 name_is primary "$primary"
    # shellcheck disable=SC2086 # words are wanted
    check "round $round: all follow it" until_true 30 all_follow "$primary" $others
    # shellcheck disable=SC2086
    check "round $round: the old one is in the replica name" until_true 30 name_is replica $others
    check "round $round: clients write to it" until_true 30 more_by two "$primary" 500
done
end_writer one
end_writer two
for id in one two; do
    verify $id "$primary"
    note "client $id: acknowledged $acked, lost $lost"
    check "client $id: no acknowledged write is lost" test "$acked" -ge 2000 -a "$lost" = 0
done
pauses=$(awk '
    NR > 1 && $2 != port && $1 - at > longest { longest = $1 - at }
    { at = $1; port = $2 }
    END { printf "%d", longest / 1000000 }' "$T/one.log")
note "the longest time without a write at a switchover: $pauses ms"
check 'nothing was copied in full' same "$(full_copies b)$(full_copies c)" 00
check 'no failover was needed' not said begin '[^ ]+' '[^ ]+' failover
end_guard
finish
