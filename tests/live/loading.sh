#!/bin/sh
# SPDX-License-Identifier: MIT
# The primary restarts and takes long to load its data. Before serve_after has passed it is waited
# for; when it has, a standby is promoted.
. "$(dirname "$0")/lib/live.sh"

# with a save rule the data counts as durable, and the standbys stay attached
trio 'loading-process-events-interval-bytes 1024' 'save 3600 100000000'
fill a before 20000
ask a SAVE >/dev/null
guard --set serve_after=25s
started
loads() { [ "$(info a persistence loading)" = 1 ]; }

# 20000 keys, 150 us each: 3 s and more, on a busy machine three times that
end_server a
launch a --key-load-delay 150
check 'a loads its data' until_true 10 loads
check 'the guard sees it' until_true 10 said suspect a
check 'a serves again' until_true 30 is_primary a
loaded() { [ "$(info a persistence loading)" = 0 ]; }
check 'it is done with loading' until_true 30 loaded
check 'its restart is noticed' until_true 30 said identity a
check 'and that it answers again' until_true 30 said up a
check 'the standbys follow again' until_true 30 all_follow a b c
check 'no failover began, although it took longer than the grace of silence' not said begin
check 'nothing is lost' has a before 20000

# the file has to know the history that the standbys follow now
ask a CONFIG SET key-load-delay 0 >/dev/null
ask a SAVE >/dev/null
# 20000 keys, 3 ms each: 60 s and more
end_server a
killed=$(date +%s)
launch a --key-load-delay 3000
check 'a loads again' until_true 10 loads
check 'a standby is promoted in the end' until_true 60 said promote
took=$(($(date +%s) - killed))
new_primary
note "after $took s"
check 'a was not serving for too long' said down a not-serving
check 'not before serve_after' test $took -ge 24
check 'a was still loading then' loads
check 'the primary name moves' until_true 30 name_is primary "$NEW"
check 'nothing is lost' has "$NEW" before 20000
check 'the other follows' until_true 30 follows $OTHER "$NEW"
ask a CONFIG SET key-load-delay 0 >/dev/null
check 'a becomes a replica when it has loaded' until_true 60 all_follow "$NEW" a $OTHER
check 'with all the data' until_true 10 has a before 20000
runs_scripts() { timeout 2 redis-cli -p "$PORT_a" EVAL 'return 7' 0 | grep -q 7; }
check 'the pause that fenced it is lifted' until_true 10 runs_scripts
end_guard
finish
