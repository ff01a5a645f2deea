#!/bin/sh
# SPDX-License-Identifier: MIT
# The control socket: who may use it, and what it bears.
. "$(dirname "$0")/lib.sh"
PORT_a=$(free_port)
start_redis a "$PORT_a"
{
    conf_head "socket-mode=0660
socket-group=daemon"
    echo '[store r]'
    conf_cluster one r none "a=$PORT_a"
} >"$CONF"
start_daemon
check "guards one" until_true 20 primary_is a one
is "the socket has its mode" "$(stat -c %a "$SOCK")" 660
is "the socket has its group" "$(stat -c %G "$SOCK")" daemon
timeout 120 python3 "$HERE/control.py" "$SOCK" "$DAEMON"
[ $? = 0 ] || echo "not ok - daemon/control: control.py did not end"
exits "haguardctl still works" 0 ctl status
end_daemon
is "it ends cleanly" "$RC" 0
check "it complained of nothing" test ! -s "$T/e"
finish
