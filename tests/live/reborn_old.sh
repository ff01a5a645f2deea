#!/bin/sh
# SPDX-License-Identifier: MIT
# A primary without persistence restarts and finds an old file, which it got when it was a replica: it
# has data, but not all of it. It is not taken for the same primary; a standby with everything is.
. "$(dirname "$0")/lib/live.sh"

# the standbys copy a that has data: that is in the file that each of them keeps
server a
fill a before 1000
server b "replicaof 127.0.0.1 $PORT_a"
server c "replicaof 127.0.0.1 $PORT_a"
until_true 20 all_follow a b c
guard --set hold_down=0s
started
fit() {
    explain
    grep -q 'would be promoted now' "$T/explained"
}
until_true 20 fit
kill -USR2 "$PID_guard" # whoever it is has the file of its first copy, and becomes the primary
check 'a standby becomes the primary' new_primary
OLD=$NEW
until_true 30 name_is primary "$OLD"
until_true 30 all_follow "$OLD" a $OTHER
until_true 30 name_is replica a $OTHER
fill "$OLD" later 1000
until_true 10 has a later 1000
until_true 10 has $OTHER later 1000
: >"$T/timeline"
end_server "$OLD"
launch "$OLD"
check 'another one is promoted' until_true 30 said promote
NEW=$(awk '$2 == "promote" { print $3; exit }' "$T/timeline")
THIRD=a
[ "$NEW" != a ] || THIRD=$OTHER
check 'it is another one' not same "$NEW" "$OLD"
check 'the old one was found without its data' said down "$OLD" reborn-empty
check 'the primary name moves' until_true 30 name_is primary "$NEW"
check 'the third follows' until_true 30 all_follow "$NEW" "$THIRD"
check 'the new primary has everything' has "$NEW" before 1000
check 'also what came last' has "$NEW" later 1000
check 'the third has it, too' until_true 10 has "$THIRD" later 1000
check 'the old one comes back as a replica' until_true 30 follows "$OLD" "$NEW"
check 'with everything' until_true 10 has "$OLD" later 1000
end_guard
finish
