#!/bin/sh
# SPDX-License-Identifier: MIT
# A primary without a disk is killed and starts again, empty, at once: its standbys keep the data, one
# is promoted, the empty one becomes its replica. It is a race of milliseconds, so five times.
. "$(dirname "$0")/lib/live.sh"
ROUNDS=5

# a replica without a disk keeps the file of its first copy otherwise, and finds it when it restarts
trio 'rdb-del-sync-files yes'
fill a before 5000
guard --set max_switches=16 --set hold_down=0s
started
primary=a lost=0 kept=0
promotions() { [ "$(times_said promote)" -ge "$1" ]; }
one_round() {
    fill "$primary" "round$round" 100
    was=$primary
    end_server "$was"
    launch "$was" # it starts in some 10 ms; its standbys try again within 1 s
    until_true 30 promotions "$round" || return
    primary=$(awk '$2 == "promote" { n = $3 } END { print n }' "$T/timeline")
    others=$(echo a b c | tr ' ' '\n' | grep -v "$primary")
    # shellcheck disable=SC2086 # words are wanted
    until_true 30 name_is primary "$primary" && until_true 40 all_follow "$primary" $others &&
        until_true 30 name_is replica $others
}
for round in 1 2 3 4 5; do
    check "round $round: another one is promoted and all follow it" one_round
    check "round $round: it is another one" not same "$primary" "$was"
    if has "$primary" before 5000 && has "$primary" "round$round" 100; then
        kept=$((kept + 1))
    else
        lost=$((lost + 1))
    fi
done
note "data kept in $kept rounds, lost in $lost"
check 'no data is lost' same "$kept/$lost" "$ROUNDS/0"
for round in 1 2 3 4 5; do
    check "what was written before round $round is there" has "$primary" "round$round" 100
done
for node in a b c; do
    check "$node has all of it" until_true 10 has $node before 5000
done
end_guard
finish
