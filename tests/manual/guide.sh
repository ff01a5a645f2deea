#!/bin/sh
# SPDX-License-Identifier: MIT
# The program of doc/guide.md: its pieces are one file, which compiles without a warning and does what
# the guide says.
DRIVE=${DRIVE:-none}
. "$(dirname "$0")/../redis/lib.sh"
SELF=manual/guide
top=$(cd "$HERE/../.." && pwd)
: "${HAG_BUILD:?set HAG_BUILD to the build directory}"
[ -e "$HAG_BUILD/lib/adapters/libhaguard-uv.so" ] || { echo "1..0 # SKIP the libuv adapter was not built"; exit 77; }

awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$top/doc/guide.md" >"$T/host.c"
compiles() { # CC
    # shellcheck disable=SC2046 # words are wanted
    "$1" -std=c11 -Wall -Wextra -Wconversion -Werror -I"$top/include" -I"$HAG_BUILD/include" -o "$T/host" \
        "$T/host.c" -L"$HAG_BUILD/lib" -L"$HAG_BUILD/lib/adapters" -lhaguard-uv -lhaguard \
        -Wl,-rpath,"$HAG_BUILD/lib" -Wl,-rpath,"$HAG_BUILD/lib/adapters" \
        $(pkg-config --cflags --libs libuv)
}
for cc in clang gcc; do
    command -v $cc >/dev/null 2>&1 || continue
    compiles $cc >"$T/o" 2>"$T/e"
    report $? "its code compiles with $cc"
done
if command -v clang-format >/dev/null 2>&1 && clang-format --version | grep -q 'version 14'; then
    clang-format --style=file:"$top/.clang-format" "$T/host.c" | diff "$T/host.c" - >"$T/o"
    report $? "its code is formatted"
fi

said() { grep -q -e "$1" "$T/o"; }
A=$(free_port)
start_redis a "$A"
B=$(free_port)
start_redis b "$B" --replicaof 127.0.0.1 "$A"
until_true 10 linked "$B"
start_host() {
    "$T/host" "$HAG_BUILD/lib/plugins/redis/haguard_redis.so" "$T/record" 127.0.0.1:"$A" 127.0.0.1:"$B" \
        >"$T/o" 2>"$T/e" &
    HOST=$!
    PIDS="$PIDS $HOST"
}
start_host
until_true 20 said "^clients go to 127.0.0.1:$A\$"
report $? "it finds the primary"
sleep 2
kill -KILL "$PID_a"
until_true 30 said "^clients go to 127.0.0.1:$B\$"
report $? "it promotes the replica"
said "^promote: "
report $? "it tells people"
start_redis a "$A"
until_true 30 linked "$A"
report $? "the old primary becomes a replica"
kill "$HOST"
wait "$HOST"
is "it ends cleanly" $? 0
start_host
until_true 20 said 'The record says so'
report $? "it goes on from its record"
kill "$HOST"
wait "$HOST"
is "it ends cleanly again" $? 0
"$T/host" ./nowhere.so "$T/record" 127.0.0.1:"$A" >"$T/o" 2>"$T/e"
grep -q 'nowhere.so' "$T/e"
report $? "it says what is wrong"
finish
