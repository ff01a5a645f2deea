#!/bin/sh
# SPDX-License-Identifier: MIT
# The Dragonfly flavour against a double: its answers are transcripts/dragonfly.txt.
. "$(dirname "$0")/lib.sh"

start_python double "$HERE/dragonfly_double.py"
N=$PORT_double D=127.0.0.1:$PORT_double
# double WHAT KEY=VALUE...: WHAT is for the reader
double() {
    shift
    cli "$N" DOUBLE RESET "$@" >/dev/null
}
log() {
    cli "$N" DOUBLE LOG
}
d40=dddddddddddddddddddddddddddddddddddddddd
c40=cccccccccccccccccccccccccccccccccccccccc

double primary state=primary
drive "probe $D" "probe $D"
expect "a primary: identity is its replid, no position, drains by itself" 1.result=ok \
    1.role=primary 1.flags=READS,WRITES,SELF_DRAINS, 1.identity=$d40 1.lineage0=$d40@0 \
    1.streams=127.0.0.1:6391, 2.identity=$d40
drive "detach $D" "persist_role $D" "promote $D" "promote $D planned timeout=20000"
expect "what it cannot" 1.outcome=fail 1.reason=unsupported '1.text=.*break_replication.*' \
    2.outcome=fail 2.reason=unsupported 3.outcome=ok 3.role=primary 4.outcome=ok
is "nothing was sent for it" "$(log)" "REPLICAOF NO ONE
REPLTAKEOVER 8"

double stable state=stable age=1000
drive "probe $D" "probe $D fresh" "promote $D" "probe $D fresh"
expect "a standby in stable sync" 1.result=ok 1.role=standby \
    '1.flags=POSITION,LINK_UP,READS,PRIORITY,SELF_DRAINS,' 1.position=1234 1.lineage0=$c40@0 \
    1.upstream=127.0.0.1:6390 1.link_beat=0 1.priority=999900
ID=$(value 1.identity)
expect "keeps its identity over connections and a promotion" "2.identity=$ID" "4.identity=$ID" \
    3.outcome=ok 4.role=primary
is "it has one" "$(echo "$ID" | grep -c '^00*$') ${#ID}" "0 40"
expect "and says what it came from" 4.lineage0=$d40@0 4.lineage1=$c40@1234

double restarted state=stable age=1000
drive "probe $D" "sh $REDIS_CLI -p $N DOUBLE SET age=0 >/dev/null" "probe $D fresh"
A=$(value 1.identity)
never "a restarted process has another identity" "2.identity=$A"

double reborn state=primary
drive "probe $D" "sh $REDIS_CLI -p $N DOUBLE SET own=e >/dev/null" "probe $D fresh"
expect "another replid of a primary is another process" 1.identity=$d40 \
    2.identity=eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee

double syncing state=full-sync
drive "probe $D"
expect "full sync: link up means nothing, LOADING is no trouble" 1.result=ok 1.role=standby \
    1.flags=SYNCING,PRIORITY,SELF_DRAINS, 1.upstream=127.0.0.1:6390

double lost state=lost-link
drive "probe $D"
expect "a lost link keeps the position" 1.flags=POSITION,READS,PRIORITY,SELF_DRAINS, \
    1.position=1234

double older state=older
drive "probe $D"
expect "role:replica" 1.role=standby 1.flags=POSITION,LINK_UP,READS,PRIORITY,SELF_DRAINS,

double loading state=loading
drive "probe $D"
expect "a primary that loads" 1.result=not-serving 1.role=primary 1.flags=SELF_DRAINS,

double taken state=taken-over
drive "probe $D"
expect "PONG and LOADING: taken over" 1.result=not-serving 1.role=unknown 1.flags=LEAVING, \
    '1.text=.*takeover.*'
double leaving state=shutting-down
drive "probe $D"
expect "shutting down" 1.result=not-serving 1.flags=LEAVING,
double admin state=primary denied=INFO
drive "probe $D" "promote $D"
expect "admin only: denied" 1.result=denied 2.outcome=fail 2.reason=denied

# --- takeover ---
double takes state=stable hold=1.2
drive "probe $D quiet" "promote $D planned timeout=30000 later" "sleep 100" \
    "probe $D timeout=500" wait "probe $D"
expect "a planned promotion is a takeover, and a role probe that hangs meanwhile is no dead node" \
    2.outcome=ok 2.role=primary 3.result=not-serving 4.result=ok 4.role=primary
is "with the seconds that are left less 11" "$(log)" "REPLTAKEOVER 18"
never "the held connection is not blocked by it" overdue
double short state=stable
drive "promote $D planned timeout=3000"
expect "where time is short it asks for more" 1.progress=12000 1.outcome=ok
is "and gives the least" "$(log)" "REPLTAKEOVER 1"
double unready state=stable takeover=full-sync
drive "promote $D planned timeout=20000" "probe $D"
expect "refused" 1.outcome=fail 1.reason=store-error '1.text=ERR Full sync not done' 2.role=standby
double failed state=stable takeover=failed
drive "promote $D planned timeout=20000"
expect "failed" 1.outcome=fail '1.text=.*Takeover failed!'
double silent state=stable hold=20
drive "promote $D planned timeout=12500 later" "sleep 300" cancel "sleep 50" "probe $D timeout=400"
expect "cancelled while it runs" 2.result=not-serving

# --- follow ---
double follower state=primary
start_python target "$HERE/dragonfly_double.py"
T2=127.0.0.1:$PORT_target
drive "follow $D target=$T2" "probe $D" "follow $D target=127.0.0.1:$(free_port) timeout=25000"
expect "follow" 1.progress=22000 1.outcome=ok "1.upstream=$T2" 2.role=standby 3.outcome=fail \
    '3.text=ERR could not connect.*'
double chained state=primary of_replica=1
drive "follow $D target=$T2"
expect "a replica of a replica is refused" 1.outcome=fail 1.reason=target-unfit

# --- fence, clients ---
double fenced state=primary
drive "fence $D arg=4000" "unfence $D" "quiesce $D arg=500" "unquiesce $D"
expect "a fence is soft" 1.outcome=ok 1.fence=soft 1.fence_for=4000 2.outcome=ok 3.outcome=ok \
    4.outcome=ok
is "by a pause of writes" "$(log)" "CLIENT PAUSE 4000 WRITE
CLIENT UNPAUSE
CLIENT PAUSE 500 WRITE
CLIENT UNPAUSE"
double crowded state=primary clients=70
drive "probe $D quiet" "disconnect $D" "probe $D"
expect "disconnect" 2.outcome=ok 3.result=ok
never "our own is no failure" notice
is "all but replication" "$(log | grep -c '^CLIENT KILL ADDR 192') \
$(log | grep -c '192.0.2.1:1001$')" "69 0"
drive -c flavour=redis "disconnect $D"
expect "told to be Redis it fails" 1.outcome=fail
finish
