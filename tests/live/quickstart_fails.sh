#!/bin/sh
# SPDX-License-Identifier: MIT
# The quickstart does not claim what did not happen: with replicas that may not be promoted it ends
# with an error, says what it waited for, and leaves nothing behind.
. "$(dirname "$0")/lib/live.sh"

mkdir "$T/bin" "$T/tmp"
REAL=$(command -v redis-server)
printf '#!/bin/sh\nexec "%s" "$@" --replica-priority 0\n' "$REAL" >"$T/bin/redis-server"
chmod +x "$T/bin/redis-server"
# --down-after 5s is the default there; it waits for 30 s beyond
PATH=$T/bin:$PATH TMPDIR=$T/tmp timeout -k 10 200 sh "$HAG_TOP/examples/quickstart.sh" \
    --down-after 3s >"$T/out" 2>&1
status=$?
sed 's/^/# /' "$T/out" | tail -n 20
check 'it ends with an error' same $status 1
check 'it says what did not happen' grep -q 'failed: waited in vain for writes' "$T/out"
check 'the guard said why' grep -q 'no-candidate' "$T/out"
check 'it does not say that all went well' not grep -q 'went as it should' "$T/out"
check 'it leaves no files' same "$(ls -A "$T/tmp")" ''
check 'it leaves no processes' not pgrep -f "$T/tmp"
finish
