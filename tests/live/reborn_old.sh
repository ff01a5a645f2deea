#!/bin/sh
# SPDX-License-Identifier: MIT
# A primary without persistence restarts and finds an old file, which it got when it was a replica: it
# has data, but not all of it. It is not taken for the same primary; a standby with everything is.
. "$(dirname "$0")/lib/live.sh"

trio
fill a before 1000
guard --set hold_down=0s
started
kill -USR2 "$PID_guard" # b has the file of its first copy, and becomes the primary
check 'b is the primary' until_true 30 name_is primary b
until_true 30 all_follow b a c
until_true 30 name_is replica a c
fill b later 1000
end_server b
launch b
check 'another one is promoted' until_true 30 said promote '[ac]'
NEW=$(awk '$2 == "promote" { n = $3 } END { print n }' "$T/timeline")
check 'b did have old data' until_true 20 said down b reborn-empty
check 'the primary name moves to it' until_true 30 name_is primary "$NEW"
OTHER=c
[ "$NEW" = a ] || OTHER=a
check 'the other follows it' until_true 30 all_follow "$NEW" $OTHER
check 'the new primary has everything' has "$NEW" before 1000
check 'also what came last' has "$NEW" later 1000
check 'the other has it, too' until_true 10 has $OTHER later 1000
not_writable() { ask b SET stray 1 | grep -q READONLY; }
check 'the old one takes no writes' until_true 20 not_writable
end_guard
finish
