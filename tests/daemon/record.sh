#!/bin/sh
# SPDX-License-Identifier: MIT
# haguardd --record: what it did in a real failover is decided again, byte for byte, by haguard-sim replay.
. "$(dirname "$0")/lib.sh"
SIM=$HAG_BUILD/examples/haguard-sim/haguard-sim
LOG=$T/recording

echo hunter2-first >"$T/password"
redis_pair a b --requirepass hunter2-first --masterauth hunter2-first 2>/dev/null
linked_with_password() {
    "$REDIS_CLI" -p "$1" -a hunter2-first --no-auth-warning info replication | grep -q master_link_status:up
}
until_true 10 linked_with_password "$PORT_b"
redis_pair c d
conf_one() {
    conf_head
    printf '[store locked]\npassword-file=%s\n' "$T/password"
    conf_cluster one locked true "a=$PORT_a" "b=$PORT_b"
}
conf_one >"$CONF"
plain=$HAGUARDD
recorded() { # ARG...: the daemon is started so
    printf '#!/bin/sh\n%s\nexec "%s" "$@" --record "%s"\n' "$1" "$plain" "$LOG" >"$T/recorded"
    chmod +x "$T/recorded"
    HAGUARDD=$T/recorded
}

# where it cannot be written
exits "a directory that is not there" 1 "$HAGUARDD" --config "$CONF" --record "$T/no/such/recording"
check "is told with its cure" has 'make its directory'
exits "what is no regular file" 1 "$HAGUARDD" --config "$CONF" --record "$T"
check "is told with its cure, too" has 'name another one'
check "and is left alone" test -d "$T"
exits "--check does not make one" 0 "$HAGUARDD" --check --config "$CONF" --record "$LOG"
check "there is none" test ! -e "$LOG"
exits "--record wants a file" 2 "$HAGUARDD" --config "$CONF" --record

# a failover, a reload, another cluster, an operator
recorded :
start_daemon
check "is healthy" until_true 20 state_is healthy one
kill -KILL "$PID_a"
check "fails over" until_true 40 primary_is b one
is "it is for its owner" "$(stat -c %a "$LOG")" 600
sleep 0.3
exits "while it runs: what there is plays" 0 "$SIM" replay --quiet "$LOG"
check "and lacks its end" has 'no end mark'
cp "$T/password" "$T/password2" # the store is opened anew
{
    conf_one | sed 's|/password$|/password2|'
    echo '[store r]'
    conf_cluster two r true "c=$PORT_c" "d=$PORT_d"
} >"$CONF"
exits "reload" 0 ctl reload
check "guards another cluster" until_true 20 state_is healthy two
exits "switchover" 0 ctl switchover two --wait
exits "pause" 0 ctl pause two --for 1h --owner night-shift
end_daemon
is "ends cleanly" "$RC" 0
exits "the whole of it is decided the same" 0 "$SIM" replay "$LOG"
check "with the promotion of one" has 'b was promoted'
check "with that of two" has 'd was promoted'
check "with the time of day" has "^$(date -u +%Y)-[0-9-]*T[0-9:.]*Z  one .* down "
check "with its end" sh -c "! grep -q 'no end mark' '$T/check'"
exits "as JSON" 0 "$SIM" replay --json --actions "$LOG"
check "it is JSON, with a reason for each decision" python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
assert r["same"] is True and r["ending"] == "whole", r
begun = [e for e in r["timeline"] if e.get("event") == "begin"]
assert {e["reason"] for e in begun} >= {"primary-down", "operator"}, begun
assert any(e.get("action") == "promote" for e in r["timeline"])' "$T/check"
check "no password is in it" sh -c "! grep -q hunter2 '$LOG'"
cp "$LOG" "$T/whole"
forget_output

# damaged, cut off, of something else
python3 - "$LOG" <<'END'
import sys
with open(sys.argv[1], "r+b") as f:
    data = bytearray(f.read())
    data[len(data) // 2] ^= 0x20
    f.seek(0)
    f.write(data)
END
exits "damaged: told" 2 "$SIM" replay "$LOG"
check "where, and what was before" has 'byte [0-9]* of [0-9]*: what begins here is not what was written'
check "what came before was played" has 'decides the same'
head -c 2000 "$T/whole" >"$LOG"
exits "cut off: told" 2 "$SIM" replay "$LOG"
check "where" has 'cut off'
exits "the configuration is no log" 2 "$SIM" replay "$CONF"
check "and what is one is told" has 'haguardd --record'
exits "one that is not there" 2 "$SIM" replay "$T/none"

# again: the old one is kept; killed at once: what was written plays
start_daemon
check "starts again" until_true 20 primary_is b one
sleep 0.3
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
is "the one before is kept" "$(wc -c <"$LOG.1" | tr -d ' ')" 2000
exits "killed: what there is plays" 0 "$SIM" replay --quiet "$LOG"
check "and lacks its end" has 'no end mark'

# no room: that is said once, and the clusters are guarded all the same
recorded "trap '' XFSZ; ulimit -f 12" # 6 kB for a file
start_daemon
check "no room: told" until_true 30 said 'recording .*ends here: file too large'
check "no room: guards all the same" until_true 20 state_is healthy two
kill -KILL "$PID_d"
check "no room: fails over all the same" until_true 40 primary_is c two
is "no room: told once" "$(grep -c 'ends here' "$T/o")" 1
end_daemon
is "no room: ends cleanly" "$RC" 0
exits "no room: what there is plays, up to where it is cut" 2 "$SIM" replay --quiet "$LOG"
check "no room: it is the same until there" has 'decides the same'

finish
