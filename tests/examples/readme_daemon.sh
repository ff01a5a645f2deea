#!/bin/sh
# SPDX-License-Identifier: MIT
# README.md, "Run the daemon": its commands, just as they are printed, one after the other, in a copy of
# the sources and with a home directory of its own. Only a port that is taken here is another one.
T=$(mktemp -d)
export HOME="$T/home"
trap 'clean_up' EXIT
trap 'exit 1' INT TERM HUP
clean_up() {
    [ -z "${group:-}" ] || kill -KILL "-$group" 2>/dev/null
    for port in ${ports:-}; do # those that are daemons, if they are ours
        redis-cli -p "$port" config get dir 2>/dev/null | grep -q "^$T/" &&
            redis-cli -p "$port" shutdown nosave >/dev/null 2>&1
    done
    rm -rf "$T"
}
check() { # NAME COMMAND...
    name=$1
    shift
    result='not ok'
    ! "$@" >/dev/null 2>&1 || result=ok
    echo "$result - readme_daemon/$name"
}
soon() { # COMMAND...
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        "$@" && return
        sleep 0.25
    done
    return 1
}
said() { grep -q -e "$1" "$T/out"; }
not() { ! "$@"; }
logged() { grep -q -e "$1" "$HOME/haguard/log"; }
listens() { # PORT
    python3 -c 'import socket, sys
sys.exit(socket.socket().connect_ex(("127.0.0.1", int(sys.argv[1]))) != 0)' "$1"
}
free_port() {
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

mkdir "$HOME" "$T/sources"
(cd "$HAG_TOP" && tar -cf - --exclude=./build --exclude=./.git .) | tar -xf - -C "$T/sources"
awk '/^## / { here = $0 == "## Run the daemon" }
    here && /^```sh$/ { on = 1; next }
    /^```$/ { on = 0 }
    on' "$HAG_TOP/README.md" >"$T/commands"
ports=''
for port in $(grep -o '^printf .port [0-9]*' "$T/commands" | grep -o '[0-9]*$'); do
    if listens "$port"; then
        other=$(free_port)
        echo "# port $port is taken; $other instead"
        sed -i "s/\\b$port\\b/$other/g" "$T/commands"
        port=$other
    fi
    ports="$ports $port"
done
check 'two servers are started' [ "$(echo "$ports" | wc -w)" = 2 ]

cd "$T/sources" || exit 1
setsid timeout 200 sh -e "$T/commands" >"$T/out" 2>&1 &
group=$!
wait $group
status=$?
sed 's/^/# /' "$T/out" | grep -v -e '^# Installing ' -e '^# Configuring ' -e '^# \[[0-9]*/'
check 'every command succeeds' [ $status = 0 ]
check 'the shipped example has no mistakes' said 'examples/haguard.conf: .* no mistakes'
check 'status is shown' said '^orders  *healthy '
check 'explain is shown' said 'would be promoted now'
check 'a switchover is done' said ' end  *b .*switchover is done'
check 'a failover is done' said ' end  *a .*failover is done'
check 'nothing was lost' said '^hello$'
check 'the log has them' logged ' end  *a .*failover is done'
check 'the command told clients' logged '^clients find the primary at 127.0.0.1:'
check 'it ended cleanly' soon logged ' stopped '
unwanted() { logged ' failed .*persist_role'; }
check 'roles are kept by the servers' not unwanted
for port in $ports; do
    check 'server ended' soon not listens "$port"
done
check 'nothing runs any more' soon not pgrep -g "$group"
