#!/bin/sh
# SPDX-License-Identifier: MIT
# The primary is killed: a standby is promoted, the name moves, nothing that had reached a standby is
# lost, and the old primary comes back as a replica.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
guard
started
writer steady "$T/name.primary" --rate 500 --wait 1
until_true 20 more_by steady a 200
end_server a

check 'a standby is promoted' new_primary
check 'a was marked down first' before down a promote "$NEW"
check 'the term was recorded first' before commit - promote "$NEW"
check 'the other was cut off first, so that positions could be compared' \
    before detach $OTHER promote "$NEW"
check 'the primary name moves to it' until_true 30 name_is primary "$NEW"
check 'writes go on through the name' until_true 30 more_by steady "$NEW" 100
check 'the other follows it' until_true 30 all_follow "$NEW" $OTHER
check 'the replica name lists the other alone' until_true 30 name_is replica $OTHER
check 'the failover ends' until_true 30 said end '[^ ]+' '[^ ]+' 'failover is done'
check 'it was promoted once, and nobody else' \
    same "$(times_said promote)/$(times_said promote "$NEW")" 1/1
check 'the other resumed without a full copy' same "$(full_copies "$NEW")" 0
check 'the new role survives a restart' not grep -q '^replicaof' "$T/$NEW/redis.conf"
check 'that of the other, too' grep -q "^replicaof 127.0.0.1 $(port "$NEW")" "$T/$OTHER/redis.conf"

again a
check 'a comes back as a replica' until_true 30 all_follow "$NEW" a $OTHER
check 'it enters the replica name' until_true 30 name_is replica a $OTHER
end_writer steady
check 'the primary name moved once' same "$(name_history primary)" "$(addr a)
$(addr "$NEW")"
verify steady "$NEW" --replicas 1
note "writes that a standby had: $acked"
check 'of them, none is lost' test "$acked" -ge 300 -a "$lost" = 0
check 'what was there before is there' has "$NEW" before 1000
check 'on a, too' until_true 10 has a before 1000
verify steady "$NEW" --port "$PORT_a"
note "all writes that a acknowledged: $acked, lost: $lost"
end_guard
finish
