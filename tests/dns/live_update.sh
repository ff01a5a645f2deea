#!/bin/sh
# SPDX-License-Identifier: MIT
# Updates and checks at a real name server.
. "$(dirname "$0")/lib.sh"

P=$(free_port)
start_knot one "$P"
serial() {
    kdig +short @127.0.0.1 -p "$P" "$ZONE" SOA | cut -d ' ' -f 3
}

drive "$P" "update shop 192.0.2.1:6379 term=7 gen=12" "check shop 192.0.2.1:6379 term=7 gen=12"
expect "an update, and a check that finds it" 1.outcome=ok 1.reason=none 2.outcome=ok 2.reason=none
is "the address is there" "$(at "$P" shop.db A)" 192.0.2.1
is "the mark is there" "$(mark "$P" shop.db)" "7 12"
is "no port and no other type" "$(at "$P" shop.db AAAA)" ""
before=$(serial)
drive "$P" "update shop 192.0.2.1:6379 term=7 gen=12" "update shop 192.0.2.1:6380 term=7 gen=12"
expect "the same again is well" 1.outcome=ok 2.outcome=ok
is "and changes nothing" "$(serial)" "$before"
drive "$P" "update shop 192.0.2.1:6379 term=7 gen=12 ttl=9000"
is "another time to live is written" \
    "$(kdig @127.0.0.1 -p "$P" "shop.db.$ZONE" A +noall +answer | awk '{ print $2 }')" 9
drive "$P" "update shop 192.0.2.1:6379 term=7 gen=12 ttl=1999" \
    "sh kdig @127.0.0.1 -p $P "shop.db.$ZONE" A +noall +answer | awk '{ print \"ttl=\" \$2 }'" \
    "update shop 192.0.2.1:6379 term=7 gen=12 ttl=10" \
    "sh kdig @127.0.0.1 -p $P "shop.db.$ZONE" A +noall +answer | awk '{ print \"ttl=\" \$2 }'"
expect "it is rounded down, so that no debt is too short" ttl=1 ttl=0

drive "$P" "update shop 192.0.2.3:1 192.0.2.1:1 192.0.2.2:2 192.0.2.1:3 term=7 gen=13 replica" \
    "check shop 192.0.2.1:1 192.0.2.2:2 192.0.2.3:1 term=7 gen=13 replica"
expect "several addresses, in any order, each once" 1.outcome=ok 2.outcome=ok
is "they are at the other name" "$(at "$P" shop-ro.db A)" "192.0.2.1 192.0.2.2 192.0.2.3"
is "the first name is as it was" "$(at "$P" shop.db A)" 192.0.2.1
drive "$P" "update shop 192.0.2.2:2 term=7 gen=14 replica" \
    "check shop 192.0.2.2:2 term=7 gen=14 replica"
expect "fewer addresses" 1.outcome=ok 2.outcome=ok
is "the others are gone" "$(at "$P" shop-ro.db A)" 192.0.2.2
drive "$P" "update shop term=7 gen=15 replica" "check shop term=7 gen=15 replica" \
    "check shop 192.0.2.2:2 term=7 gen=15 replica"
expect "none at all" 1.outcome=ok 2.outcome=ok 3.outcome=fail 3.reason=name-stale \
    "3.text=127.0.0.1:$P says none instead of 192.0.2.2"
is "the mark stays" "$(mark "$P" shop-ro.db)" "7 15"
drive "$P" "update shop [2001:db8::1]:6379 192.0.2.1:6379 term=7 gen=16" \
    "check shop [2001:db8::1]:6379 192.0.2.1:6379 term=7 gen=16" \
    "update shop [2001:db8:0::0:2]:1 term=7 gen=17" "check shop [2001:db8::2]:1 term=7 gen=17"
expect "AAAA beside A, and alone" 1.outcome=ok 2.outcome=ok 3.outcome=ok 4.outcome=ok
is "AAAA alone is there" "$(at "$P" shop.db AAAA)$(at "$P" shop.db A)" 2001:db8::2
drive "$P" "check shop [2001:db8::3]:1 term=7 gen=17" "check shop [2001:db8::2]:1 term=7 gen=18" \
    "check shop [2001:db8::2]:1 term=7 gen=16" "check other 192.0.2.1:1"
expect "what a check finds" 1.outcome=fail 1.reason=name-stale \
    "1.text=127.0.0.1:$P says 2001:db8::2 instead of 2001:db8::3" 2.outcome=fail \
    2.reason=name-stale "2.text=127.0.0.1:$P has term 7 generation 17 instead of 7 and 18" \
    3.outcome=fail 3.reason=version 4.outcome=fail 4.reason=name-stale

# --- what is at the name already ---
by_hand "$P" "update add mine.db.$ZONE. 60 TXT \"v=spf1 -all\"" \
    "update add mine.db.$ZONE. 60 TXT \"two\" \"strings\"" \
    "update add mine.db.$ZONE. 60 A 192.0.2.77" "update add mine.db.$ZONE. 60 MX 5 mx.$ZONE."
drive "$P" "update mine 192.0.2.1:1" "update mine 192.0.2.2:1 gen=2" "check mine 192.0.2.2:1 gen=2"
expect "records of others at the name do not disturb" 1.outcome=ok 2.outcome=ok 3.outcome=ok
is "nor are they touched" \
    "$(at "$P" mine.db MX) $(at "$P" mine.db TXT | sed 's/id=[0-9a-f]*/id=X/')" \
    '5 mx.example.test. "haguard cluster=mine term=1 gen=2 id=X" "two" "strings" "v=spf1 -all"'
drive "$P" "update alias 192.0.2.1:1" "check alias 192.0.2.1:1"
expect "an alias is refused: an update would silently not be carried out" 1.outcome=fail \
    1.reason=bad-config '1.text=.*is an alias.*delete it\|1.text=.*as an alias (CNAME); delete it' \
    2.outcome=fail 2.reason=bad-config
drive "$P" "check x.wild 192.0.2.99:1" "update x.wild 192.0.2.1:1" "update x.wild 192.0.2.2:1 gen=2"
expect "a name that a wildcard covers" 1.outcome=fail 2.outcome=ok 3.outcome=ok
is "has its own records now" "$(at "$P" x.wild.db A) $(mark "$P" x.wild.db)" "192.0.2.2 1 2"
drive "$P" "update UPPER 192.0.2.1:1" "update upper 192.0.2.2:1 gen=2" "check upper 192.0.2.1:1"
expect "two clusters with one name are told apart" 1.outcome=ok 2.outcome=fail 2.reason=bad-config \
    '2.text=.* as the name of cluster UPPER; .*' 3.outcome=fail 3.reason=bad-config
by_hand "$P" "update add hand.db.$ZONE. 5 TXT \"haguard term=3 gen=1\""
drive "$P" "update hand 192.0.2.1:1 term=2" "update hand 192.0.2.1:1 term=3 gen=2"
expect "a mark written by hand counts" 1.outcome=fail 1.reason=version 2.outcome=ok
by_hand "$P" "update add torn.db.$ZONE. 5 TXT \"haguard term=x\""
drive "$P" "update torn 192.0.2.1:1 term=2" "check torn 192.0.2.1:1"
expect "a damaged one stops it, and is no answer" 1.outcome=fail 1.reason=bad-config \
    '1.text=.*damaged haguard TXT record.*delete it' 2.outcome=fail
is "nothing was written" "$(at "$P" torn.db A)" ""

# --- large, many, long ---
EXTRA=
set --
i=0
while [ $i -lt 64 ]; do
    set -- "$@" "[2001:db8:1:2:3:4:5:$i]:1"
    i=$((i + 1))
done
drive "$P" "update large $* gen=2" "check large $* gen=2"
expect "64 addresses: orders and answers that need TCP" 1.outcome=ok 2.outcome=ok
is "all are there" "$(at "$P" large.db AAAA | wc -w)" 64
drive "$P" "many 400 crowd 192.0.2.9:1"
expect "400 names at once" many_updates=400 many_checks=400
below "not more than some hundred descriptors at a time" "$(value many_fds)" 300
below "updates in little time" "$(value many_updates_ms)" 5000
below "checks in little time" "$(value many_checks_ms)" 1500
LONG=$(printf '%063d' 1)
drive "$P" "update $LONG 192.0.2.1:1" "update a..b 192.0.2.1:1" "update a.b 192.0.2.1:1" \
    "update shop name.example.org:1 gen=30" "update shop 192.0.2.1 gen=30" \
    "update shop 192.0.2.1:1 gen=30 [fe80::1%eth0]:1"
expect "names and addresses that cannot be" 1.outcome=ok 2.outcome=fail 2.reason=bad-config \
    3.outcome=ok 4.outcome=fail 4.reason=bad-config '4.text=.*is no numeric address.*' \
    5.outcome=fail 5.reason=bad-config 6.outcome=fail

# --- ways to the server ---
run -c "servers=[::1]:$P" -c "zone=$ZONE." -c "name.primary=%c.db.$ZONE." -c key-name=HAGUARD. \
    -c "key-file=$T/secret" "update six 192.0.2.1:1" "check six 192.0.2.1:1" "update six replica"
expect "by IPv6; a name that is not configured is nobody's business" 1.outcome=ok 2.outcome=ok \
    3.outcome=ok '3.text=no name is configured.*'
EXTRA=tcp=always
drive "$P" "update tcp 192.0.2.1:1" "check tcp 192.0.2.1:1" "update tcp 192.0.2.1:1" \
    "update tcp 192.0.2.2:1"
expect "by TCP alone" 1.outcome=ok 2.outcome=ok 3.outcome=ok 4.outcome=ok
EXTRA=
cat >"$T/knotkey" <<END
# hmac-sha512:strong:$SECRET
key:
  - id: strong
    algorithm: hmac-sha512
    secret: $SECRET
END
cat >"$T/bindkey" <<END
key "strong" {
	algorithm hmac-sha512;
	secret "$SECRET";
};
END
printf 'hmac-sha512:strong:%s' "$SECRET" >"$T/linekey"
for form in knot bind line; do
    run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" \
        -c "key-file=$T/${form}key" "update sha512 192.0.2.1:1 gen=1$form"
    expect "a key as $form writes it, with hmac-sha512" 1.outcome=ok
done
HAG_TEST_KEY=$SECRET run -c "servers=127.0.0.1:$P" -c "zone=$ZONE" -c "name.primary=%c.db.$ZONE" \
    -c key-env=HAG_TEST_KEY -c key-name=haguard "update env 192.0.2.1:1"
expect "a key from the environment" 1.outcome=ok

# --- ends before the end ---
drive "$P" "update gone 192.0.2.1:1 later" cancel "check gone 192.0.2.1:1 later" cancel \
    "update gone 192.0.2.2:1 gen=2 timeout=1 later" "sleep 50" "check shop 192.0.2.1:1 later" \
    "update later 192.0.2.1:1 later"
never "cancelled, too short, closed in the middle: nothing leaks or hangs" 'leak\|overdue\|AddressSan'
is "and it ends well" "$RC" 0
drive "$P" nowatch "update gone 192.0.2.2:1 gen=3 timeout=300" \
    "check gone 192.0.2.2:1 gen=3 timeout=300"
expect "a host that watches nothing" 1.outcome=fail 1.reason=host-error 2.outcome=unknown
EXTRA=tcp=always
drive "$P" "update gone 192.0.2.2:1 gen=3 later" nomem wait "update gone 192.0.2.2:1 gen=3" \
    "check gone 192.0.2.2:1 gen=3"
expect "no memory" 1.outcome=fail 1.reason=host-error 2.outcome=fail 2.reason=host-error \
    '2.text=out of memory' 3.outcome=fail 3.reason=host-error
finish
