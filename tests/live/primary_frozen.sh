#!/bin/sh
# SPDX-License-Identifier: MIT
# The primary is frozen, and thawed after the promotion: it comes back as a replica, and no write that
# was acknowledged after the promotion is lost. What a client that only knows the old address gets
# acknowledged between the thaw and the fence is counted.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
guard
started
writer steady "$T/name.primary" --rate 300 --wait 1
writer stuck "$(addr a)" --rate 1000 --timeout 60
until_true 20 more_by steady a 100
kill -STOP "$PID_a"

check 'a standby is promoted' new_primary
check 'a was found frozen' said down a frozen
check 'the primary name moves' until_true 30 name_is primary "$NEW"
check 'writes go on through the name' until_true 30 more_by steady "$NEW" 100
promoted=$(clock)
until_true 30 said end '[^ ]+' '[^ ]+' 'failover is done'
sleep 1 # the guard's patience with the frozen one goes on

thawed=$(clock)
kill -CONT "$PID_a"
check 'a comes back as a replica' until_true 30 all_follow "$NEW" a $OTHER
replica=$(clock)
check 'it enters the replica name' until_true 30 name_is replica a $OTHER
more=$(($(acknowledged_by steady "$NEW") + 100))
check 'writes still go on' until_true 30 more_by steady "$NEW" $more
end_writer steady
end_writer stuck

verify steady "$NEW" --since "$promoted"
check 'no write that was acknowledged after the promotion is lost' \
    test "$acked" -ge 100 -a "$lost" = 0
check 'all through the new primary' same "$(awk -v t="$thawed" -v p="$PORT_a" \
    '$1 > t && $2 == p' "$T/steady.log" | wc -l)" 0
verify steady "$NEW" --replicas 1
check 'nor one that a standby had before' test "$acked" -ge 200 -a "$lost" = 0
verify stuck "$NEW" --since "$thawed" --until "$replica"
note "to the old address, between thaw and fence: acknowledged $acked, lost $lost, in at most" \
    "$(((replica - thawed) / 1000000)) ms"
stuck=$acked
verify stuck "$NEW" --since "$replica"
check 'nothing is acknowledged at the old address afterwards' same "$acked" 0
# One request waits in the socket of the frozen server, the rest come at 1000/s until the fence.
check 'between the thaw and the fence, next to nothing' test "$stuck" -le 500
check 'the primary name moved once' same "$(name_history primary)" "$(addr a)
$(addr "$NEW")"
check 'what was there before is there' has "$NEW" before 1000
check 'on a, too' until_true 10 has a before 1000
end_guard
finish
