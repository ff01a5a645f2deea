#!/bin/sh
# SPDX-License-Identifier: MIT
# Passwords and permissions: what is denied, what is picked up, and that no secret is ever told.
. "$(dirname "$0")/lib.sh"

P=$(free_port) R=$(free_port)
A=127.0.0.1:$P B=127.0.0.1:$R
# the line that doc/redis.md tells users to write
RIGHTS=$(sed -n 's/^ACL SETUSER haguard on >PASSWORD //p' "$HERE/../../doc/redis.md")
start_redis primary "$P" --requirepass first-secret-1
start_redis_conf replica "$R" /dev/null --replicaof 127.0.0.1 "$P" --masterauth first-secret-1
export REDISCLI_AUTH=first-secret-1
secrets='first-secret\|second-secret\|guard-secret'
printf 'first-secret-1\n' >"$T/pw"
printf 'nonsense-x\n' >"$T/wrong"

drive "probe $A" "promote $A"
expect "no password: denied" 1.outcome=ok 1.result=denied 1.reason=denied 1.flags= \
    2.outcome=fail 2.reason=denied
drive -c "password-file=$T/wrong" "probe $A" "promote $A"
expect "a wrong one: denied, an order too" 1.result=denied '1.text=AUTH was refused' \
    2.outcome=fail 2.reason=denied '2.text=AUTH was refused'
never "and it is not told" nonsense-x
drive -c "password-file=$T/pw" "probe $A" "probe $A" "promote $A"
expect "the right one" 1.result=ok 2.result=ok 3.outcome=ok
HAG_TEST_PW=first-secret-1 drive -c password-env=HAG_TEST_PW "probe $A"
expect "from the environment" 1.result=ok

# the password is changed on the store first and in the file later
drive -c "password-file=$T/pw" -c fresh-every=1h "probe $A" \
    "sh REDISCLI_AUTH=first-secret-1 $REDIS_CLI -p $P config set requirepass second-secret-2 \
>/dev/null" "probe $A" "probe $A fresh" "sh printf second-secret-2 >$T/pw" "probe $A" "probe $A"
expect "a changed password is picked up" 1.result=ok 2.result=ok 3.result=denied 4.result=ok \
    5.result=ok
never "no secret is told" "$secrets"
export REDISCLI_AUTH=second-secret-2

drive -c "password-file=$T/none" "probe $A"
is "a missing file is an error of open" "$RC $(grep -c 'cannot read password-file' "$T/o")" "3 1"
drive -c "password-env=HAG_NO_SUCH" "probe $A"
is "and so is a missing variable" "$RC $(grep -c 'has no HAG_NO_SUCH' "$T/o")" "3 1"
drive -c password=second-secret-2
is "a literal password is refused, and the cure named" \
    "$RC $(grep -c 'password-file or password-env' "$T/o")" "3 1"
never "and not repeated" "$secrets"
drive -c tls=on
is "TLS is refused where hiredis has none, or is set up" \
    "$(grep -c 'TLS is not supported by this hiredis' "$T/o")" \
    "$([ "$RC" = 3 ] && echo 1 || echo 0)"

# needless AUTH: the store has no password, which is no failure
N=$(free_port)
start_redis open "$N"
printf second-secret-2 >"$T/pw"
drive -c "password-file=$T/pw" "probe 127.0.0.1:$N" "promote 127.0.0.1:$N"
expect "a store without a password" 1.result=ok 2.outcome=ok
# AUTH renamed: the error repeats the arguments of the command
K=$(free_port)
start_redis renamed "$K" --rename-command AUTH OTHER
drive -c "password-file=$T/pw" "probe 127.0.0.1:$K" "promote 127.0.0.1:$K"
expect "AUTH renamed: denied" 1.result=denied
never "no secret in what is told of it" "$secrets"

# --- ACL ---
REDISCLI_AUTH=first-secret-1 cli "$R" config set masterauth second-secret-2 >/dev/null
unset REDISCLI_AUTH
printf guard-secret-3 >"$T/guard"
acl() {
    # shellcheck disable=SC2086
    cli "$N" acl setuser haguard reset on '>guard-secret-3' "$@" >/dev/null
}
guard() {
    drive -c user=haguard -c "password-file=$T/guard" "$@"
}
C=127.0.0.1:$N

# shellcheck disable=SC2086
acl $RIGHTS
[ -n "$RIGHTS" ] || report 1 "doc/redis.md has the line"
guard "probe $C" "promote $C" "quiesce $C arg=200" "unquiesce $C" "disconnect $C" \
    "persist_role $C" "fence $C arg=500" "unfence $C" "follow $C target=$A" "detach $C" "probe $C"
expect "the documented rights are enough for all" 1.result=ok 2.outcome=ok 3.outcome=ok \
    4.outcome=ok 5.outcome=ok 6.reason=unsupported 7.outcome=ok 7.fence=soft 7.reason=unsupported \
    8.outcome=ok 9.outcome=ok 10.outcome=ok 11.result=ok
# each of them is needed
for right in $RIGHTS; do
    less=
    for r in $RIGHTS; do
        [ "$r" = "$right" ] || less="$less $r"
    done
    # shellcheck disable=SC2086
    acl $less
    cli "$N" replicaof no one >/dev/null
    cli "$N" config set save '' >/dev/null
    guard "probe $C fresh" "promote $C" "quiesce $C arg=200" "unquiesce $C" "disconnect $C" \
        "persist_role $C" "fence $C arg=500" "unfence $C"
    bad=0
    grep -q 'denied\|NOPERM' "$T/o" || grep '1.flags' "$T/o" | grep -qv VOLATILE || bad=1
    report $bad "without $right something is denied"
    never "without $right: nothing hangs" 'outcome=unknown'
done

acl +@all -replicaof
guard "probe $C" "promote $C" "follow $C target=$A" "fence $C arg=700"
expect "without replicaof: denied at once, and a fence is soft" 1.result=ok 2.outcome=fail \
    2.reason=denied '2.text=NOPERM.*replicaof.*' 3.outcome=fail 3.reason=denied 4.outcome=ok \
    4.fence=soft 4.fence_for=700
below "in one round trip" "$(value 2.ms)" 100
acl +@all -replicaof -client
guard "probe $C" "fence $C arg=700"
expect "nor may it pause: no fence" 2.outcome=fail 2.reason=denied 2.fence=none
acl +@all -config
guard "probe $C" "persist_role $C" "fence $C arg=300" "unfence $C"
expect "without config: a probe is ok, its role is not persisted" 1.result=ok \
    '1.flags=POSITION,READS,WRITES,EMPTY,' 2.outcome=fail 2.reason=denied 3.outcome=ok \
    3.fence=soft 3.reason=denied 4.outcome=ok
acl +@all -info
guard "probe $C" "promote $C"
expect "without info: denied" 1.result=denied 1.role=unknown 2.outcome=fail 2.reason=denied
guard -c flavour=redis "quiesce $C arg=200" "unquiesce $C"
expect "but what was done is not called failed because it cannot be looked at" 1.outcome=ok \
    2.outcome=ok
acl +@all -ping
guard "probe $C"
expect "without ping: denied" 1.result=denied
finish
