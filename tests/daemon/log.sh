#!/bin/sh
# SPDX-License-Identifier: MIT
# Events as JSON lines; and that nobody who reads them slowly holds up a failover.
. "$(dirname "$0")/lib.sh"
redis_pair a b
{
    conf_head "log=json
name=guard-1"
    echo '[store r]'
    conf_cluster one r none "a=$PORT_a" "b=$PORT_b"
} >"$CONF"
start_daemon
check "guards one" until_true 20 state_is healthy one
ctl switchover one --wait >"$T/check" 2>&1
end_daemon
check "every line is JSON, with what belongs to it" python3 -c '
import datetime, json, sys
kinds = set()
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert o["type"] == "event" and o["guard"] == "guard-1", o
    assert o["severity"] in ("info", "notice", "warning", "alarm"), o
    datetime.datetime.strptime(o["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert o["text"], o
    kinds.add(o["event"])
assert {"started", "primary", "commit", "begin", "promote", "end", "stopped"} <= kinds, kinds' "$T/o"

# a pipe that nobody reads, filled before it begins
mkfifo "$T/pipe"
sleep 1000 <>"$T/pipe" &
PIDS="$PIDS $!"
python3 - "$T/pipe" <<'EOF'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
try:
    while True:
        os.write(fd, b"x" * 4095 + b"\n")
except BlockingIOError:
    pass
EOF
"$HAGUARDD" --config "$CONF" >"$T/pipe" 2>"$T/e" &
DAEMON=$!
PIDS="$PIDS $DAEMON"
check "starts when nobody reads" until_true 10 ctl status
check "guards when nobody reads" until_true 20 state_is healthy one
old=$(field primary one)
eval "kill -KILL \$PID_$old"
check "fails over when nobody reads" until_true 20 field_is failovers 1 one
timeout 3 cat "$T/pipe" >"$T/read"
check "what waited comes when somebody reads" grep -q '"event":"promote"' "$T/read"
end_daemon
is "it ends cleanly" "$RC" 0
finish
