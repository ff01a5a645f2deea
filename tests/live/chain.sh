#!/bin/sh
# SPDX-License-Identifier: MIT
# One after the other is killed and returns. A node that was just demoted is not chosen while there is
# another candidate, and chosen when there is none.
. "$(dirname "$0")/lib/live.sh"

trio
# by priority, a would always be chosen, then b
ask a CONFIG SET replica-priority 1 >/dev/null
ask b CONFIG SET replica-priority 10 >/dev/null
for node in a b c; do
    ask $node CONFIG REWRITE >/dev/null
done
guard
started
last_promoted() { awk '$2 == "promote" { n = $3 } END { print n }' "$T/timeline"; }
promoted() { [ "$(last_promoted)" = "$1" ]; }

fill a first 500
end_server a
check 'a killed: b is promoted' until_true 30 promoted b
check 'c follows' until_true 30 all_follow b c
again a
check 'a back: it follows b' until_true 30 all_follow b a c
check 'it is in the replica name' until_true 30 name_is replica a c
fill b second 500
until_true 10 has c second 500

end_server b
check 'b killed: c is promoted, since a was demoted a moment ago' until_true 30 promoted c
check 'a follows c' until_true 30 all_follow c a
fill c third 500
until_true 10 has a third 500

end_server c
check 'c killed: a is promoted again, since nobody else is left' until_true 30 promoted a
check 'the primary name is back at a' until_true 30 name_is primary a
again b
again c
check 'b and c back: they follow a' until_true 40 all_follow a b c
check 'the replica name lists them' until_true 30 name_is replica b c
for key in first second third; do
    for node in a b c; do
        check "$node has what was written $key" until_true 10 has $node $key 500
    done
done
check 'the name went round' same "$(name_history primary | wc -l)" 4
end_guard
finish
