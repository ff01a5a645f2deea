#!/bin/sh
# SPDX-License-Identifier: MIT
# haguardd: arguments, the shipped example, and every kind of mistake in a configuration.
. "$(dirname "$0")/lib.sh"

check "haguardd checks the shipped example" "$HAGUARDD" --check \
    --config "$HERE/../../examples/haguardd/haguard.conf"
check "haguardd says that it has no mistakes" has 'no mistakes'
check "haguardd --help" "$HAGUARDD" --help
check "haguardd --help names --check" has '--check'
check "haguardd --version" "$HAGUARDD" --version
check "haguardd --version names a version" has '^haguardd [0-9]'
exits "haguardd refuses an option that is none" 2 "$HAGUARDD" --chek
exits "haguardd refuses a word" 2 "$HAGUARDD" start
exits "haguardd refuses a file that is not there" 1 "$HAGUARDD" --check --config "$T/none"
check "haguardd says how to name another" has '--config names another'
exits "haguardd refuses a directory as file" 1 "$HAGUARDD" --check --config "$T"
exits "haguardctl needs a command" 2 "$HAGUARDCTL"
exits "haguardctl refuses an option that is none" 2 "$HAGUARDCTL" status --verbose
exits "haguardctl tells when there is no daemon" 3 "$HAGUARDCTL" --socket "$T/none" status
check "haguardctl --help" "$HAGUARDCTL" --help
check "haguardctl --help has the exit status" has 'exit status'
check "haguardctl --version" "$HAGUARDCTL" --version

# what only shows when it starts
start_fails() { # NAME PATTERN
    timeout 10 "$HAGUARDD" --config "$CONF" >"$T/check" 2>&1
    _status=$?
    [ $_status != 0 ] && [ $_status -lt 124 ] && has "$2"
    report $? "haguardd $1"
}
{ conf_head; echo '[store r]'; conf_cluster one r none a=7001; } >"$CONF"
touch "$T/file"
sed "s|^state-dir=.*|state-dir=$T/file|" "$CONF" >"$T/conf2"
CONF=$T/conf2 start_fails "needs a directory for its state" 'name another'
sed "s|^state-dir=.*|state-dir=$T/no/state|" "$CONF" >"$T/conf2"
CONF=$T/conf2 start_fails "needs a place for it" 'make its parent'
sed "s|^socket=.*|socket=$T/no/sock|" "$CONF" >"$T/conf2"
CONF=$T/conf2 start_fails "needs a place for its socket" 'make its directory'
sed "s|^socket=.*|socket=$T/file|" "$CONF" >"$T/conf2"
CONF=$T/conf2 start_fails "removes no file that is no socket" 'another kind'
check "the file is still there" test -f "$T/file"

python3 "$HERE/mistakes.py" "$HAGUARDD" >"$T/cases"
cat "$T/cases"
finish
