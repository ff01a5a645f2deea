#!/bin/sh
# SPDX-License-Identifier: MIT
# The record cannot be written, because its disk is full or its directory is gone: nobody is promoted,
# there is an alarm; the failover goes on when it can be written again.
. "$(dirname "$0")/lib/live.sh"

RECORD=$T/kept/record
began() {
    check "$1: the guard finds the cluster" until_true 30 name_is primary a
    until_true 30 name_is replica b c
    until_true 10 said commit
    sleep 1 # its last record before the trouble is kept
}
# stopped HOW WHY: what must be so as long as nothing can be recorded
stopped() {
    end_server a
    check "$1: there is an alarm" until_true 30 said alert - '[^ ]+' commit-failed
    check "$1: the reason is told" said failed - disk "$2"
    check "$1: a is down" until_true 30 said down a
    sleep 3
    check "$1: nobody is promoted" not said promote
    check "$1: nobody is cut off" not said detach
    check "$1: a is not even fenced" not said fence
    check "$1: the names are as they were" same "$(wc -l <"$T/names.log")" 2
}
goes_on() {
    check "$1: cured, a standby is promoted" new_primary
    check "$1: the primary name moves" until_true 30 name_is primary "$NEW"
    check "$1: the other follows" until_true 30 all_follow "$NEW" $OTHER
    check "$1: the alarm ends" until_true 20 said cleared - '[^ ]+' commit-failed
    check "$1: nothing is lost" has "$NEW" before 1000
    end_guard
    for node in b c; do
        end_server $node
    done
    rm -f "$T"/name.* "$T/names.log" "$T/timeline" "$T/guard.err" "$T"/shown.*
}

# with a save rule the data counts as durable: else the standbys would be cut off at once
SAVES='save 3600 100000000'
mkdir "$T/kept"
trio "$SAVES"
fill a before 1000
guard
began 'no directory'
mv "$T/kept" "$T/away"
stopped 'no directory' 'No such file or directory'
mv "$T/away" "$T/kept"
goes_on 'no directory'

# a small disk that only the guard and what it starts can see
if ! unshare -m mount -t tmpfs -o size=64k small "$T/kept" 2>/dev/null; then
    echo "skip - live/record_disk_full: mounting is not allowed here"
    finish
fi
cat >"$T/on-small-disk" <<END
#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs -o size=64k small "$T/kept" && exec "\$0" "\$@"' "$GUARD" "\$@"
END
chmod +x "$T/on-small-disk"
GUARD=$T/on-small-disk
trio "$SAVES"
fill a before 1000
guard
began 'a full disk'
inside=/proc/$PID_guard/root$T/kept
check 'a full disk: the record is on it' test -s "$inside/record"
dd if=/dev/zero of="$inside/filler" bs=4k 2>/dev/null
check 'a full disk: it is full' not sh -c "echo x >'$inside/more'" 2>/dev/null
before=$(cksum <"$inside/record")
stopped 'a full disk' 'No space left on device'
check 'a full disk: the last record is whole' same "$(cksum <"$inside/record")" "$before"
rm -f "$inside/filler"
goes_on 'a full disk'
finish
