#!/bin/sh
# SPDX-License-Identifier: MIT
# The password of the primary changes: no failover, an alarm; when the guard's password file is
# corrected all is well, and the new password is good for a failover.
. "$(dirname "$0")/lib/live.sh"

REDISCLI_AUTH=old
export REDISCLI_AUTH
trio 'requirepass old' 'masterauth old'
echo old >"$T/password"
guard --password-file "$T/password"
started

ask a CONFIG SET requirepass new >/dev/null
REDISCLI_AUTH=new
ask a CLIENT KILL TYPE normal SKIPME yes >/dev/null
check 'there is an alarm' until_true 30 said alert a denied
sleep 5 # more than twice the grace
check 'a is not marked down' not said down
check 'no failover begins' not said begin
check 'a is still the primary' is_primary a
check 'the names are as they were' \
    same "$(name_history primary)/$(name_history replica | wc -l)" "$(addr a)/1"
explain
check 'explain names the alarm' grep -q 'a: .*alert denied' "$T/explained"

for node in b c; do
    REDISCLI_AUTH=old
    ask $node CONFIG SET masterauth new requirepass new >/dev/null
done
REDISCLI_AUTH=new
ask a CONFIG SET masterauth new >/dev/null
echo new >"$T/password"
check 'the alarm ends when the file has the new password' until_true 30 said cleared a
explain
check 'it is gone from explain' not grep -q 'denied' "$T/explained"

end_server a
check 'with the new password a failover works' new_primary
check 'the primary name moves' until_true 30 name_is primary "$NEW"
check 'the other follows' until_true 30 all_follow "$NEW" $OTHER
check 'no password is in the timeline' not grep -Ewq 'old|new' "$T/timeline"
end_guard
finish
