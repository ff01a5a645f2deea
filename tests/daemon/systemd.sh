#!/bin/sh
# SPDX-License-Identifier: MIT
# Readiness, reload, watchdog and end as the service manager sees them, and the unit file.
. "$(dirname "$0")/lib.sh"
PORT_a=$(free_port)
start_redis a "$PORT_a"
{
    conf_head
    echo '[store r]'
    conf_cluster one r none "a=$PORT_a"
} >"$CONF"
told() { grep -q -e "$1" "$T/told"; }
for address in "$T/notify" "@haguardd-test-$$"; do
    rm -f "$T/told" "$T/manager.out"
    start_python manager "$HERE/systemd.py" "$address" "$T/told"
    until_true 30 test -s "$T/manager.out"
    start_daemon env NOTIFY_SOCKET="$address" WATCHDOG_USEC=400000
    case $address in @*) kind="an abstract socket" ;; *) kind="a socket" ;; esac
    check "$kind: is ready" until_true 10 told '^READY=1$'
    check "$kind: serves when it is ready" ctl status
    check "$kind: feeds the watchdog" until_true 5 sh -c "[ \$(grep -c '^WATCHDOG=1\$' '$T/told') -ge 3 ]"
    kill -HUP "$DAEMON"
    check "$kind: tells of a reload" until_true 5 told '^RELOADING=1|MONOTONIC_USEC=[0-9][0-9]*|*$'
    check "$kind: is ready again" until_true 5 sh -c "[ \$(grep -c '^READY=1\$' '$T/told') = 2 ]"
    kill -STOP "$DAEMON"
    sleep 0.6
    before=$(grep -c WATCHDOG "$T/told")
    sleep 1
    is "$kind: a daemon that stands still starves the watchdog" "$(grep -c WATCHDOG "$T/told")" "$before"
    kill -CONT "$DAEMON"
    end_daemon
    is "$kind: ends cleanly" "$RC" 0
    check "$kind: tells that it stops" until_true 5 told '^STOPPING=1$'
    kill "$PID_manager"
done
start_daemon env NOTIFY_SOCKET="$T/nobody" WATCHDOG_PID=1 WATCHDOG_USEC=100000
check "works when the manager does not listen" ctl status
end_daemon

# the journal: a priority instead of the time
python3 - "$HAGUARDD" "$CONF" >"$T/journal" <<'EOF'
import os, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
st = os.fstat(theirs.fileno())
p = subprocess.Popen([sys.argv[1], "--config", sys.argv[2]], stdout=theirs,
                     env=dict(os.environ, JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino}"))
time.sleep(1)
p.terminate()
p.wait()
print(ours.recv(65536).decode(), end="")
EOF
check "the journal gets priorities" grep -q '^<5>notice .* started ' "$T/journal"

unit=$HAG_BUILD/examples/haguardd/haguardd.service
check "the unit has a watchdog and is of type notify" sh -c "grep -q '^Type=notify' $unit && grep -q '^WatchdogSec=' $unit"
check "nothing in it is left to fill in" sh -c "! grep '@[A-Z]*@' $unit"
if command -v systemd-analyze >/dev/null 2>&1; then
    sed "s|^Exec.*=.*haguardd |ExecStart=$HAGUARDD |; /^ExecStart=.*--check/d; /^Documentation/d" "$unit" >"$T/haguardd.service"
    systemd-analyze verify "$T/haguardd.service" >"$T/check" 2>&1
    grep haguardd.service "$T/check"
    check "systemd takes the unit" sh -c "! grep -q 'haguardd.service:.*' '$T/check'"
fi
finish
