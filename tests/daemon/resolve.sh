#!/bin/sh
# SPDX-License-Identifier: MIT
# Nodes that have names: found at the start and after a reload, followed when they move, kept where
# they are when DNS fails; and nothing is asked by --check.
. "$(dirname "$0")/lib.sh"
with_dns

P=$(free_port)
start_knot k "$P"
A=$(free_port)
start_redis a "$A"
B=$(free_port)
start_redis b "$B" --bind 127.0.0.1 127.0.0.2 127.0.0.22 --replicaof 127.0.0.1 "$A"
until_true 10 linked "$B"
# points NAME TTL [TYPE] ADDRESS...
points() {
    _n=$1 _ttl=$2 _type=A
    shift 2
    case $1 in AAAA) _type=$1; shift ;; esac
    set -- "$@" --
    while [ "$1" != -- ]; do
        set -- "$@" "update add $_n.$ZONE. $_ttl $_type $1"
        shift
    done
    shift
    by_hand "$P" "update delete $_n.$ZONE. $_type" "$@"
}
points a 1 127.0.0.1
points b 1 127.0.0.2
config_head() {
    conf_head "resolve=on
resolvers=127.0.0.1:$P${1:-}"
    echo '[store r]'
}
one() {
    printf '[cluster one]\nstore=r\non-endpoint=%s\n' "echo \"\$HAGUARD_ENDPOINT \$HAGUARD_ADDRS\" >>$T/names"
    printf 'node.a=%s\nnode.b=%s\n' "${1:-a.$ZONE:$A}" "${2:-B.Example.Test:$B}"
    echo hold_down=0s
}
{ config_head; one; } >"$CONF"
addr_is() { field_is addr "$2" one "$1"; }
name_is() { [ "$(grep "^$1 " "$T/names" 2>/dev/null | tail -n 1)" = "$1 $2" ]; }
line_of() { grep -n "^$1" "$CONF" | tail -n 1 | cut -d: -f1; }

# --check asks nobody, and the names of the file are only read
kill -STOP "$PID_k"
python3 - "$HAGUARDD" "$CONF" "$T/conf.nobody" >"$T/check" <<'END'
import socket, subprocess, sys, time
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
tcp = socket.socket()
tcp.bind(udp.getsockname())
tcp.listen()
udp.setblocking(False)
tcp.setblocking(False)
with open(sys.argv[2]) as f, open(sys.argv[3], "w") as out:
    out.writelines(f"resolvers=127.0.0.1:{udp.getsockname()[1]}\n" if line.startswith("resolvers=") else line
                   for line in f)
begun = time.monotonic()
print("status", subprocess.run([sys.argv[1], "--check", "--config", sys.argv[3]], capture_output=True).returncode,
      "quick" if time.monotonic() - begun < 2 else "slow")
for name, call in (("udp", lambda: udp.recv(100)), ("tcp", tcp.accept)):
    try:
        call()
        print(name, "was asked")
    except BlockingIOError:
        pass
END
is "--check asks nobody" "$(cat "$T/check")" "status 0 quick"
kill -CONT "$PID_k"

start_daemon
check "nodes are found by their names" until_true 20 state_is healthy one
is "a is where its name leads" "$(field addr one a)" "127.0.0.1:$A"
is "b is where its name leads" "$(field addr one b)" "127.0.0.2:$B"
is "its machine is its name" "$(field host one b)" "b.$(echo $ZONE)"
check "names that are moved get addresses" until_true 10 name_is replica "127.0.0.2:$B"
check "addresses are kept" until_true 5 grep -q "^b.$ZONE 127.0.0.2\$" "$STATE/addresses"
is "for its user" "$(stat -c %a "$STATE/addresses")" 600

# a name that moves
forget_output
points b 1 127.0.0.22
check "a node is followed" until_true 20 addr_is b "127.0.0.22:$B"
check "it is said" said 'resolve .*node b: it is at 127.0.0.22:.* now, not at 127.0.0.2:'
check "it proves itself there" until_true 20 state_is healthy one
check "the replica name follows" until_true 20 name_is replica "127.0.0.22:$B"
check "the new address is kept" until_true 5 grep -q "^b.$ZONE 127.0.0.22\$" "$STATE/addresses"

# a name that is gone, is several, or is somebody else's: it stays
forget_output
by_hand "$P" "update delete b.$ZONE. A"
check "a name without an address is told" until_true 20 said "warning .*$CONF:$(line_of node.b): node b: b.$ZONE does not exist (NXDOMAIN); it stays at 127.0.0.22:$B"
points b 1 127.0.0.2 127.0.0.22
check "a name of several addresses is told" until_true 40 said 'node b: .*is 127.0.0.2 127.0.0.22; a node is one store.*; it stays at'
points b 1 127.0.0.1
sed "s/^node.b=.*/node.b=b.$ZONE:$A/" "$CONF" >"$T/conf.new"
cp "$CONF" "$T/conf.old"
cp "$T/conf.new" "$CONF"
exits "reload: another port" 0 ctl reload
check "a name that leads to another node is told" until_true 40 said 'node b: .*is 127.0.0.1, where node a of cluster one is'
is "the node stays where it is" "$(field addr one b)" "127.0.0.22:$B"
check "the cluster does not mind" state_is healthy one
cp "$T/conf.old" "$CONF"
exits "reload: the right port" 0 ctl reload
forget_output
points b 1 127.0.0.22
check "it is told when it is found again" until_true 40 said 'notice .*node b: .* is found again, at 127.0.0.22:'

# DNS fails: nothing changes, a failover goes well, and a restart knows where the nodes were
forget_output
kill -STOP "$PID_k"
check "DNS down: it is told" until_true 40 said 'warning .*node a: .* was not read: 127.0.0.1:.* does not answer; it stays at'
check "DNS down: nothing changes" state_is healthy one
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
forget_output
start_daemon
check "DNS down: a start says what it waits for" until_true 5 sh -c '"$HAGUARDCTL" --socket "$SOCK" status | grep -q "^one *resolving .*unresolved"'
exits "DNS down: orders are refused meanwhile" 4 ctl switchover one
check "they say why" has 'waits until its nodes are resolved'
check "DNS down: a start takes them where they were" until_true 40 state_is healthy one
is "that is" "$(field addr one b)" "127.0.0.22:$B"
check "it is told" said 'node b: .* was not read: .*; it stays at 127.0.0.22:'
kill -KILL "$PID_a"
check "DNS down: a failover" until_true 40 primary_is b one
check "clients are led there" until_true 20 name_is primary "127.0.0.22:$B"
kill -CONT "$PID_k"
start_redis a "$A"
check "the old primary comes back" until_true 40 linked "$A"
check "DNS back: it is told" until_true 60 said 'notice .*node a: .* is found again'

# reload: another cluster with a name that is not there, then is; mistakes
C=$(free_port)
start_redis c "$C"
printf '[cluster two]\nstore=r\non-endpoint=none\nnode.c=c.%s:%s\n' "$ZONE" "$C" >"$T/two"
cat "$T/conf.old" "$T/two" >"$CONF"
forget_output
exits "a reload with a name that is not there" 0 ctl reload
check "it is an alarm with its line" until_true 10 said "alarm .*$CONF:$(line_of node.c): node c: c.$ZONE does not exist (NXDOMAIN); the cluster is not guarded until it is found"
exits "the cluster is not guarded" 4 ctl status two
check "it is listed" sh -c '"$HAGUARDCTL" --socket "$SOCK" status | grep -q "^two *c *c.example.test .*unresolved"'
points c 1 127.0.0.1
check "it is guarded when the name is there" until_true 40 primary_is c two
check "that is told" said 'notice .*node c: .* is found again, at 127.0.0.1:'
sed -i "s/^node.c=.*/&\nnode.d=d.$ZONE:$C/" "$CONF"
exits "a reload with one more node" 0 ctl reload
check "which is not there" until_true 10 said 'alarm .*node d: .*; it is not guarded until it is found'
check "its cluster is guarded" primary_is c two
sed -i "s/^node.d=.*/node.d=c.$ZONE:$C/" "$CONF"
exits "one name twice is a mistake" 1 ctl reload
check "that names both" has "c.$ZONE:$C is node c of cluster two already, at line"
points d 1 127.0.0.1
sed -i '/^node.d=/d' "$CONF"
exits "a node that was never found is taken out" 0 ctl reload
sed -i "s/^node.c=.*/node.c=127.0.0.1:$C/" "$CONF"
exits "a number instead of the name" 0 ctl reload
is "nothing has changed by that" "$(field addr two c)" "127.0.0.1:$C"
check "it goes on" primary_is c two
sed "s/^resolve=.*/resolve=off/; /^resolvers=/d" "$CONF" >"$T/conf.off"
cp "$T/conf.off" "$CONF"
exits "names without resolve are mistakes" 1 ctl reload
check "with the cure" has "a.$ZONE is a name; write a numeric address.* or set resolve=on"

# resolvers change while it runs; IPv6 where there is no IPv4
points a 1 127.0.0.1
{ config_head ",127.0.0.1:$(free_port)"; one; } >"$CONF"
exits "other resolvers" 0 ctl reload
S=$(free_port)
start_redis s "$S" --bind 127.0.0.1 ::1
points s 1 AAAA ::1
printf '[cluster six]\nstore=r\non-endpoint=none\nnode.s=s.%s:%s\n' "$ZONE" "$S" >>"$CONF"
exits "a name of IPv6" 0 ctl reload
check "is found" until_true 20 field_is addr "[::1]:$S" six s
is "it is found there" "$(field addr six s)" "[::1]:$S"
points s 1 127.0.0.1
check "IPv4 comes first" until_true 20 field_is addr "127.0.0.1:$S" six s
sed -i 's/^resolve=on/resolve=ipv6/' "$CONF"
sed -i 's/^node.\([ab]\)=.*:\([0-9]*\)$/node.\1=127.0.0.1:\2/' "$CONF"
exits "IPv6 alone" 0 ctl reload
check "is IPv6" until_true 20 field_is addr "[::1]:$S" six s

end_daemon
is "it ends cleanly" "$RC" 0
finish
