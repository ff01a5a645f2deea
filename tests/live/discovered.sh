#!/bin/sh
# SPDX-License-Identifier: MIT
# A primary is given, its replicas are found: a failover works, and the record fits the nodes that are
# found from the new primary after a restart.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
guard_raw --primary "$(addr a)"
started
check 'both replicas were found' name_is replica b c
explain
for node in b c; do
    check "$node is known by its address" \
        grep -q "127.0.0.1-$(port $node): up, reports standby" "$T/explained"
done
end_server a
node_of() { echo "127.0.0.1-$(port "$1")"; }
check 'a standby is promoted' until_true 30 said promote
NEW=b OTHER=c
said promote "$(node_of b)" || { NEW=c OTHER=b; }
check 'the primary name moves' until_true 30 name_is primary $NEW
check 'the other follows' until_true 30 all_follow $NEW $OTHER
check 'nothing is lost' has $NEW before 1000
until_true 30 said end
again a
check 'the old one comes back' until_true 30 all_follow $NEW a $OTHER
until_true 30 name_is replica a $OTHER
end_guard

: >"$T/names.log"
guard_raw --primary "$(addr $NEW)"
until_true 30 sh -c "[ \$(grep -c . '$T/names.log') -ge 2 ]"
check 'a restart with the new primary keeps the term' same \
    "$(sed -n 's/^primary \([0-9]*\) [0-9]* .*/\1/p' "$T/names.log" | tail -n 1)" 2
check 'and the names' name_is primary $NEW
check 'both of them' until_true 20 name_is replica a $OTHER
check 'it promotes nobody' same "$(times_said promote)" 1
end_guard
finish
