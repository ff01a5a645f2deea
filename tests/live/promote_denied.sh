#!/bin/sh
# SPDX-License-Identifier: MIT
# The first candidate refuses to be promoted, since the guard's user may not say REPLICAOF NO ONE
# there: the second one is promoted, and the first follows it.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
echo secret >"$T/password"
RIGHTS='+ping +info +config|get +config|rewrite +client|pause +client|unpause +client|kill +multi +exec'
for node in a c; do
    # shellcheck disable=SC2086 # words are wanted
    ask $node ACL SETUSER haguard on '>secret' $RIGHTS +replicaof >/dev/null
done
# shellcheck disable=SC2086
ask b ACL SETUSER haguard on '>secret' $RIGHTS '+replicaof|127.0.0.1' >/dev/null
guard --user haguard --password-file "$T/password"
started
# b is the first candidate for certain
ask b CONFIG SET replica-priority 10 >/dev/null
b_first() {
    explain
    grep -q 'b: .*would be promoted now' "$T/explained"
}
check 'b would be chosen' until_true 20 b_first
end_server a

check 'b is elected' until_true 30 said elect b
check 'it refuses, and the reason is told' until_true 30 said failed b denied 'promote'
check 'c is promoted' until_true 30 said promote c
check 'the primary name moves to c' until_true 30 name_is primary c
check 'b follows c' until_true 30 all_follow c b
check 'it enters the replica name' until_true 30 name_is replica b
check 'b was never promoted' same "$(times_said promote)" 1
check 'the candidate is asked once, not again and again' same "$(times_said failed b denied promote)" 1
check 'it did not take long' before failed b promote c
check 'nothing is lost' has c before 1000
check 'a new term was recorded for the second candidate' said commit - - 'term 3'
end_guard
finish
