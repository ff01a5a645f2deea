#!/bin/sh
# SPDX-License-Identifier: MIT
# Names for the host: what a server says of them, and that a failed read is never an empty one.
. "$(dirname "$0")/lib.sh"

P=$(free_port)
start_knot one "$P"
Q=$(free_port)
start_knot two "$Q"
DEAD=$(free_port)
LONG=a23456789012345678901234567890123456789012345678901234567890123
for port in $P $Q; do
    set --
    i=0
    while [ $i -lt 60 ]; do
        i=$((i + 1))
        set -- "$@" "update add many.$ZONE. 30 A 192.0.2.$i"
    done
    while [ $i -lt 70 ]; do
        i=$((i + 1))
        set -- "$@" "update add toomany.$ZONE. 30 A 192.0.2.$i"
    done
    by_hand "$port" "$@" "update add db1.$ZONE. 30 A 192.0.2.1" "update add db1.$ZONE. 20 AAAA 2001:db8::1" \
        "update add v4.$ZONE. 30 A 192.0.2.4" "update add v6.$ZONE. 30 AAAA 2001:db8::6" \
        "update add txt.$ZONE. 30 TXT words" "update add www.$ZONE. 7 CNAME db1.$ZONE." \
        "update add gone.$ZONE. 7 CNAME nobody.$ZONE." "update add out.$ZONE. 7 CNAME db.elsewhere.test." \
        "update add $LONG.$ZONE. 30 A 192.0.2.7" "update add *.w.$ZONE. 30 A 192.0.2.8"
    set --
    i=0
    while [ $i -lt 65 ]; do
        i=$((i + 1))
        set -- "$@" "update add toomany.$ZONE. 30 A 192.0.3.$i"
    done
    by_hand "$port" "$@"
done
# ask PORTS COMMAND...: with an instance that only resolves, at 127.0.0.1:PORT,...
ask() {
    _at=$(echo "$1" | sed 's/[0-9][0-9]*/127.0.0.1:&/g')
    shift
    run -c "resolvers=$_at" -c timeout="${WAIT:-2s}" "$@"
}

ask "$P" "resolve db1.$ZONE" "resolve db1.$ZONE 4" "resolve DB1.Example.Test. 6" "resolve v4.$ZONE" \
    "resolve v4.$ZONE 6" "resolve v6.$ZONE" "resolve nobody.$ZONE" "resolve txt.$ZONE" "resolve www.$ZONE" \
    "resolve $LONG.$ZONE 4"
expect "what is there, what is not, and aliases" 1.result=found "1.addrs=192.0.2.1 2001:db8::1" 1.ttl=20 \
    "1.text=db1.$ZONE is 192.0.2.1 2001:db8::1" \
    2.result=found 2.addrs=192.0.2.1 2.ttl=30 3.result=found 3.addrs=2001:db8::1 3.ttl=20 \
    4.result=found 4.addrs=192.0.2.4 5.result=no-address 5.addrs= 5.reason=none \
    "5.text=v4.$ZONE has no IPv6 address" 6.result=found 6.addrs=2001:db8::6 \
    7.result=no-name 7.reason=none "7.text=nobody.$ZONE does not exist (NXDOMAIN)" 8.result=no-address \
    "8.text=txt.$ZONE has no address" 9.result=found "9.addrs=192.0.2.1 2001:db8::1" 9.ttl=7 10.result=found
ask "$P" "resolve many.$ZONE 4" "resolve toomany.$ZONE 4"
expect "an answer that does not fit is asked for by TCP" 1.result=found \
    "1.addrs=192.0.2.1 192.0.2.2 .* 192.0.2.60" 2.result=unknown 2.reason=unsupported \
    "2.text=toomany.$ZONE was not read: it has more than 64 addresses"
ask "$P" "resolve x.child.$ZONE" "resolve out.$ZONE" "resolve db.elsewhere.test"
expect "a server that cannot know" 1.result=unknown 1.reason=bad-config 2.result=unknown \
    2.reason=bad-config 3.result=unknown 3.reason=denied "3.text=.*does not answer us (REFUSED)"

# servers that are down
ask "$DEAD" "resolve db1.$ZONE"
expect "nobody listens" 1.result=unknown 1.reason=no-connection \
    "1.text=db1.$ZONE was not read: 127.0.0.1:$DEAD cannot be reached"
ask "$DEAD,$P" "resolve db1.$ZONE 4" "resolve nobody.$ZONE"
expect "the second server answers" 1.result=found 2.result=no-name
kill -STOP "$PID_one"
WAIT=400ms
ask "$P" "resolve db1.$ZONE"
expect "a server that hangs" 1.result=unknown 1.reason=timeout \
    "1.text=db1.$ZONE was not read: 127.0.0.1:$P does not answer"
below "within its time" "$(value 1.ms)" 1500
ask "$P,$Q" "resolve db1.$ZONE 4 later" "sleep 300" "resolve v4.$ZONE 4 later" "sleep 250" "resolve v4.$ZONE 4" wait
expect "another one answers for it" 1.result=found 2.result=found 3.result=found
below "while there is more to ask, the one that answered is asked first" "$(value 3.ms)" 200
ask "$P" "resolve db1.$ZONE later" "sleep 50" forget "resolve v4.$ZONE later" "sleep 20" "freeze 2000"
expect "cancelled and closed while it hangs" forget=0 2.result=unknown 2.reason=cancelled
never "what was cancelled is not told" '^1\.'
kill -CONT "$PID_one"
WAIT=2s

# its own loop: many at once, without descriptors, without memory
ask "$P,$Q" "ask 1000 w.$ZONE"
expect "a thousand names" many_found=1000
below "in little time" "$(value many_found_ms)" 3000
below "by few sockets" "$(value many_fds)" 10
WAIT=300ms
ask "$P" nowatch "resolve db1.$ZONE 4"
expect "no descriptor can be watched" 1.result=unknown 1.reason=timeout
ask "$P" nomem "resolve db1.$ZONE 4"
expect "there is no memory" 1.error=-2
ask "$P" "resolve db1.$ZONE 4 later" nomem wait
expect "there is none any more" 1.result='[fu].*'
WAIT=2s

# an instance with names of its own does both, and one without does not pretend
drive "$P" "update shop 192.0.2.1:1" "check shop 192.0.2.1:1"
expect "names are kept as before" 1.outcome=ok 2.outcome=ok
EXTRA="resolvers=127.0.0.1:$Q"
drive "$P" "update both 192.0.2.1:1" "resolve db1.$ZONE 4" "resolve both.db.$ZONE 4" "check both 192.0.2.1:1"
expect "both in one" 1.outcome=ok 2.result=found 3.result=no-name 4.outcome=ok
EXTRA=
ask "$P" "update shop 192.0.2.9:1" "check shop 192.0.2.1:1"
expect "an instance that only resolves keeps no names" 1.outcome=fail 1.reason=bad-config 2.outcome=fail
is "and has sent nothing" "$(at "$P" shop.db A)" 192.0.2.1

# answers that are none
start_double
EXTRA=
set --
for mode in silent garbage half wrongid othername question servfail refused formerr notimp notauth referral \
    cutalways alias; do
    set -- "$@" "resolve q-$mode.x.test" # one by one: c-ares 1.34 ends all others with a damaged one
done
WAIT=400ms
ask "$PORT_double" "$@"
is "none of them is taken for an empty name" "$(grep -c 'result=unknown' "$T/o")/$(grep -c result "$T/o")" 14/14
expect "and each has its reason" 1.reason=timeout 7.reason=store-error 8.reason=denied 9.reason=protocol \
    10.reason=unsupported 11.reason=bad-config 12.reason=bad-config 13.reason=protocol
for mode in garbage half question servfail refused formerr notimp notauth referral cutalways; do
    ask "$PORT_double,$P" "resolve q-$mode.$ZONE 4"
    expect "$mode: the next server is asked" 1.result=no-name
done
ask "$PORT_double" "resolve q-cut.x.test 4" "resolve q-nothing.x.test 4"
expect "cut off by UDP only; and nothing there" 1.result=no-address 2.result=no-address
WAIT=2s

# as this machine does
run -c resolvers=system "resolve localhost 4"
expect "/etc/hosts" 1.result=found 1.addrs=127.0.0.1 1.ttl=0
# in a namespace, where /etc/resolv.conf leads to a server of ours
cat >"$T/alone.sh" <<'END'
T=$1 DRIVE=$2 ZONE=$3 KNOTD=$4
ip link set lo up || exit 77
printf 'nameserver 127.0.0.77\nnameserver 127.0.0.1\nsearch none.test %s\n' "$ZONE" >"$T/resolv.conf"
printf '192.0.2.111 db1.%s here\n127.0.0.1 localhost\n' "$ZONE" >"$T/hosts"
mount --bind "$T/resolv.conf" /etc/resolv.conf && mount --bind "$T/hosts" /etc/hosts || exit 77
sed -i 's/listen: .*/listen: 127.0.0.1@53/; s/zone: *$/&/' "$T/sys/conf"
printf '  - domain: none.test\n    file: none\n' >>"$T/sys/conf"
printf '$ORIGIN none.test.\n$TTL 5\n@ SOA ns host 1 60 60 600 5\n@ NS ns.example.test.\n' >"$T/sys/none"
printf 'db2 30 A 192.0.2.2\n' >>"$T/sys/zone"
"$KNOTD" -c "$T/sys/conf" >"$T/sys/out" 2>&1 &
pid=$!
n=0
until kdig +timeout=1 +retry=0 +short @127.0.0.1 "$ZONE" SOA | grep -q . || [ $n -gt 100 ]; do
    n=$((n + 1))
    sleep 0.05
done
timeout 30 "$DRIVE" -c resolvers=system "resolve db2 4" "resolve db2.$ZONE 4" "resolve db1.$ZONE" "resolve here 4" \
    "resolve nobody 4" "resolve db2. 4" \
    "sh printf 'nameserver 127.0.0.1\nsearch none.test\n' >$T/resolv.conf" "resolve db2 4"
status=$?
kill $pid
exit $status
END
write_knot sys 53
unshare -m -n sh "$T/alone.sh" "$T" "$DRIVE" "$ZONE" "$KNOTD" >"$T/o" 2>"$T/e"
RC=$?
if [ $RC = 77 ] || grep -q '^unshare:' "$T/e"; then
    echo "skip - dns/live_resolve: needs root and a kernel that allows network and mount namespaces"
else
    # names without authority here (REFUSED) are unknown: "db2." is none of ours
    expect "resolv.conf: servers, search list, and a change; /etc/hosts first" 1.result=found \
        1.addrs=192.0.2.2 2.result=found 3.result=found 3.addrs=192.0.2.111 4.result=found \
        4.addrs=192.0.2.111 5.result=unknown 6.result=unknown 6.reason=denied 7.result=unknown
fi
finish
