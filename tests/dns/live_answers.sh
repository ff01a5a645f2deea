#!/bin/sh
# SPDX-License-Identifier: MIT
# Servers that answer badly, and people who answer in their place: each is told apart.
. "$(dirname "$0")/lib.sh"
EXTRA=timeout=400ms

# All cases run at once, the mode of the server in the name of the cluster. The lines that are
# wanted of the n-th action are kept in $T/want.n, its name in $T/name.n.
N=0
: >"$T/commands"
plan() {
    N=$((N + 1))
    printf '%s\n' "$1" >"$T/name.$N"
    printf '%s\n' "$2" >>"$T/commands"
    shift 2
    printf '%s\n' "$@" >"$T/want.$N"
}
# up MODE LINE...: an update; ch: a check
up() {
    _m=$1
    shift
    plan "$_m" "update $_m 192.0.2.1:1 timeout=1500 later" "$@"
}
ch() {
    _m=$1
    shift
    plan "check $_m" "check $_m 192.0.2.1:1 timeout=1500 later" "$@"
}
# told WORDS: how often it came
told() {
    grep -c -x "$1" "$T/double.err"
}
try() {
    start_double
    set --
    while IFS= read -r _line; do
        set -- "$@" "$_line"
    done <"$T/commands"
    drive "$PORT_double" "$@" wait
    cp "$T/o" "$T/all"
    _i=0
    while [ $_i -lt $N ]; do
        _i=$((_i + 1))
        grep "^$_i\." "$T/all" >"$T/o"
        _bad=0
        while IFS= read -r _line; do
            grep -q -x -e "$_i\.$_line" "$T/o" || { echo "# missing: $_line"; _bad=1; }
        done <"$T/want.$_i"
        report $_bad "$(cat "$T/name.$_i")"
    done
    is "all ended in time, and nothing was left" "$RC" 0
}

up ok outcome=ok
up late outcome=ok
up drop outcome=ok
up silent outcome=unknown reason=timeout 'text=127.0.0.1:[0-9]* does not answer'
for mode in unsigned wrongmac otherkey otheralg wrongid wrongsource garbage half; do
    case $mode in
    unsigned) text='an answer without a signature' ;;
    wrongmac | otherkey | otheralg) text='an answer with a wrong signature' ;;
    wrongid) text='an answer with another id' ;;
    wrongsource) text='an answer' ;;
    garbage) text='an answer with another id' ;;
    half) text='a damaged answer' ;;
    esac
    up $mode outcome=unknown reason=protocol \
        "text=127.0.0.1:[0-9]* does not answer; there was only $text from 127.0.0.1:[0-9]*"
done
up flood outcome=ok
up forged outcome=ok
up cut outcome=ok
up pieces outcome=ok
up cutalways outcome=unknown reason=protocol 'text=.*cuts its answers off even with TCP'
up close outcome=unknown reason=no-connection 'text=.*closed the connection'
up long outcome=unknown reason=protocol 'text=.*sends too much that is no answer'
up raceonce outcome=ok
up race outcome=unknown reason=store-error 'text=.*changed by others all the time.*'
up badtime outcome=fail reason=host-error \
    'text=.*(BADTIME): its clock says 20[-0-9T:]*Z, ours 20[-0-9T:]*Z, 3[56].. s apart; set them right'
up servfailonce outcome=ok
up servfail reason=store-error 'text=.*(SERVFAIL).*'
up refused outcome=fail reason=denied 'text=.*(REFUSED).*'
up notzone outcome=fail reason=bad-config 'text=.*(NOTZONE).*'
up notauth outcome=fail reason=bad-config 'text=.*(NOTAUTH).*'
up barenotauth outcome=fail reason=bad-config 'text=.*(NOTAUTH).*'
up notimp outcome=fail reason=unsupported 'text=.*(NOTIMP).*'
up barenotimp outcome=fail reason=unsupported 'text=.*(NOTIMP).*'
up formerr outcome=fail reason=protocol 'text=.*(FORMERR).*'
up nxdomain reason=protocol 'text=.*makes no sense here'

# a question that is not answered well: no order is sent, so the update has failed for certain
for mode in silent garbage half wrongid othername wrongsource question servfail refused formerr \
    notimp notauth referral cutalways alias damaged many; do
    case $mode in
    silent) why=timeout ;;
    refused) why=denied ;;
    notimp) why=unsupported ;;
    servfail) why=store-error ;;
    notauth | referral | alias | damaged | many) why=bad-config ;;
    *) why=protocol ;;
    esac
    up q-$mode outcome=fail reason=$why
    # a check takes none of them for an empty name (S15)
    case $mode in
    alias | damaged | many) ;;
    *) ch q-$mode outcome=unknown ;;
    esac
done
up q-cut outcome=ok
up q-flood outcome=ok
try
is "drop: the order was sent again, by UDP" \
    "$([ "$(told 'udp update drop')" -ge 2 ] && echo yes) $(told 'tcp update drop')" "yes 0"
is "forged: a refusal by UDP is asked again by TCP" "$(told 'tcp update forged')" 1
is "where a question was not answered, nothing was ordered" \
    "$(grep 'update q-' "$T/double.err" | sort -u | tr '\n' ' ')" "udp update q-cut udp update q-flood "
# apart: c-ares 1.34 drops all questions of a connection on which one damaged answer came
drive "$PORT_double" "check q-alias 192.0.2.1:1" "check q-damaged 192.0.2.1:1" \
    "check q-many 192.0.2.1:1" "check q-cut 192.0.2.1:1"
expect "checks that find something wrong" 1.outcome=fail 1.reason=bad-config 2.outcome=fail \
    2.reason=name-stale 3.outcome=fail 3.reason=name-stale 4.outcome=fail 4.reason=name-stale
OKS=$(told 'udp update ok')
EXTRA=timeout=20s
drive "$PORT_double" "update raceonce 192.0.2.1:1 timeout=10000" \
    "update servfailonce 192.0.2.1:1 timeout=10000" "update ok 192.0.2.1:1 timeout=10000"
expect "with time enough" 1.outcome=ok 2.outcome=ok 3.outcome=ok
set --
i=0
while [ $i -lt 64 ]; do
    i=$((i + 1))
    set -- "$@" "check q-silent 192.0.2.1:1 timeout=1500 later"
done
drive "$PORT_double" "$@" "check ok 192.0.2.1:1 timeout=300" "check ok 192.0.2.1:1 timeout=5000"
expect "more checks than there are turns" 1.outcome=unknown 1.reason=timeout 65.outcome=unknown \
    65.reason=timeout '65.text=its turn did not come: 64 others are at work' 66.outcome=fail
is "one order is sent once" "$(($(told 'udp update ok') - OKS))" 1
finish
