#!/bin/sh
# SPDX-License-Identifier: MIT
# Replicas are killed, one after the other: the primary name never changes, the first leaves the
# replica name, the last one stays in it; both come back.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
guard
started
writer steady "$T/name.primary" --rate 200

end_server b
check 'b is marked down' until_true 30 said down b refusing
check 'b leaves the replica name' until_true 30 name_is replica c
end_server c
check 'c is marked down' until_true 30 said down c refusing
sleep 1
check 'the last one stays in the replica name' name_is replica c
explain
check 'explain says that nobody could be promoted' \
    grep -q 'b: down .*would not be promoted: down' "$T/explained"

again b
check 'b follows a again' until_true 30 follows b a
check 'b takes the place of c in the replica name' until_true 30 name_is replica b
again c
check 'c follows a again' until_true 30 follows c a
check 'both are in the replica name' until_true 30 name_is replica b c
check 'the guard saw both return' until_true 30 said up '[bc]'
end_writer steady
verify steady a
check 'no write was refused or lost meanwhile' \
    test "$acked" -ge 200 -a "$lost" = 0 -a ! -s "$T/steady.err"
check 'b has everything, too' until_true 10 has b before 1000
check 'nobody was promoted' not said promote
check 'no failover began' not said begin '[^ ]+' '[^ ]+' failover
check 'the primary name was written once' same "$(grep -c '^primary ' "$T/names.log")" 1
check 'a was never in doubt' not said suspect a
end_guard
finish
