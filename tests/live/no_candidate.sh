#!/bin/sh
# SPDX-License-Identifier: MIT
# The primary is lost and no standby may be promoted: nothing is touched, explain says why, there is
# an alert; as soon as one becomes fit it is promoted.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
ask b CONFIG SET replica-priority 0 >/dev/null
ask c CONFIG SET replica-priority 0 >/dev/null
guard
started
end_server a
check 'a is marked down' until_true 30 said down a
check 'there is an alert' until_true 30 said alert - no-candidate
sleep 2
check 'no failover begins' not said begin '[^ ]+' '[^ ]+' failover
explain
for node in b c; do
    check "explain says why $node is not promoted" \
        grep -q "$node: up.*would not be promoted: priority-zero" "$T/explained"
done
check 'explain says what the cluster is' grep -q 'cluster redis: lost' "$T/explained"
check 'no term was begun' same "$(grep -c 'is recorded' "$T/timeline")" 1
check 'the primary name still points to a' name_is primary a
check 'the replica name serves reads' name_is replica b c
for node in b c; do
    check "$node is still a replica" same "$(info $node replication role)" slave
    check "$node has its data" has $node before 1000
done

ask c CONFIG SET replica-priority 100 >/dev/null
check 'c is promoted when it becomes fit' until_true 30 said promote c
check 'the alert ends' until_true 30 said cleared - '[^ ]+' 'no-candidate'
check 'the primary name moves to c' until_true 30 name_is primary c
check 'b follows c' until_true 30 all_follow c b
check 'nothing is lost' has c before 1000
end_guard
finish
