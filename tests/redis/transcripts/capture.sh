#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the redis-*.txt of this directory anew, from the redis-server at hand. check_redis.c has
# the role and the flags that each is to give; ids and ports differ with every run, and are read
# from the text.
DRIVE=none
. "$(dirname "$0")/../lib.sh"
P=$(free_port) R=$(free_port) S=$(free_port)
# cli turns line ends into newlines: the bytes are taken from the socket instead
take() {
    python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
f = s.makefile("rwb")
f.write(b"INFO " + sys.argv[2].encode() + b"\r\n"); f.flush()
n = int(f.readline()[1:])
sys.stdout.buffer.write(f.read(n))' "$1" "$2" >"$HERE/redis-$3.txt"
}
start_redis primary "$P" --enable-debug-command yes
start_redis replica "$R"
start_redis third "$S"
take "$P" server server
sed -i 's|^executable:.*/|executable:/usr/bin/|; s|^os:Linux [^ ]*|os:Linux 6.1.0|' \
    "$HERE/redis-server.txt"
take "$P" keyspace keyspace-empty
take "$P" replication virgin
cli "$R" replicaof 127.0.0.1 1 >/dev/null
sleep 0.2
take "$R" replication never-synced
cli "$P" debug populate 3000 key 50 >/dev/null
cli "$P" config set rdb-key-save-delay 500 >/dev/null
cli "$R" replicaof 127.0.0.1 "$P" >/dev/null
until_true 5 sh -c "$REDIS_CLI -p $R info replication | grep -q sync_in_progress:1"
take "$R" replication syncing
cli "$P" config set rdb-key-save-delay 0 >/dev/null
until_true 9 linked "$R"
cli "$S" replicaof 127.0.0.1 "$P" >/dev/null
until_true 5 linked "$S"
cli "$P" set a b >/dev/null
sleep 1.2
take "$P" replication primary
take "$P" keyspace keyspace
take "$R" replication standby
cli "$R" replicaof 127.0.0.1 1 >/dev/null
sleep 1.1
take "$R" replication detached
cli "$R" replicaof no one >/dev/null
cli "$R" set x y >/dev/null
take "$R" replication promoted
cli "$R" replicaof 127.0.0.1 1 >/dev/null
take "$R" replication demoted
# a full sync that ends while its data are being loaded: no known primary any more
Q=$(free_port)
start_redis empty "$Q" --repl-diskless-load on-empty-db \
    --loading-process-events-interval-bytes 1024
cli "$P" config set rdb-key-save-delay 500 >/dev/null
cli "$Q" replicaof 127.0.0.1 "$P" >/dev/null
until_true 9 sh -c "$REDIS_CLI -p $Q info persistence | grep -q loading:1"
sleep 0.3
kill -KILL "$PID_primary"
until_true 9 sh -c "$REDIS_CLI -p $Q info persistence | grep -q loading:0"
take "$Q" replication interrupted
