#!/bin/sh
# SPDX-License-Identifier: MIT
# The metrics: the grammar, and that they tell the truth before, during and after a failover.
. "$(dirname "$0")/lib.sh"
redis_pair a b
PORT=$(free_port)
URL=http://127.0.0.1:$PORT/metrics
{
    conf_head "metrics=127.0.0.1:$PORT
name=a \"guard\" with a \\ in it"
    echo '[store r]'
    conf_cluster one r none "a=$PORT_a" "b=$PORT_b"
} >"$CONF"
start_daemon
metrics() { python3 "$HERE/metrics.py" "$URL" "$@"; }
check "guards one" until_true 20 state_is healthy one
check "metrics can be parsed" metrics
check "they tell who is primary" metrics 'haguard_node_primary{cluster=one,node=a}=1' \
    'haguard_node_primary{cluster=one,node=b}=0'
check "they tell the state" metrics 'haguard_cluster_state{cluster=one,state=healthy}=1' \
    'haguard_cluster_state{cluster=one,state=failover}=0' 'haguard_cluster_deciding{cluster=one}=1'
check "they tell the verdicts" metrics 'haguard_node_verdict{cluster=one,node=b,verdict=up}=1'
check "they count events" metrics 'haguard_events_total{event=commit}>0' \
    'haguard_events_total{event=promote}=0'
check "they count failovers" metrics 'haguard_cluster_failovers_total{cluster=one}=0'
sed -i 's/^down_after=.*/down_after=10s/; s/^gone_after=.*/gone_after=10s/' "$CONF"
ctl reload >"$T/check" 2>&1
kill -KILL "$PID_a"
check "they tell of a suspicion" until_true 10 metrics \
    'haguard_node_verdict{cluster=one,node=a,verdict=suspect}=1' \
    'haguard_node_grace_left_seconds{cluster=one,node=a}>1' \
    'haguard_node_grace_left_seconds{cluster=one,node=a}<=10' \
    'haguard_node_failed_probes{cluster=one,node=a}>2'
check "they tell of a failover" until_true 30 metrics 'haguard_cluster_failovers_total{cluster=one}=1' \
    'haguard_cluster_last_failover_seconds{cluster=one}>0' 'haguard_events_total{event=promote}=1' \
    'haguard_node_primary{cluster=one,node=b}=1' 'haguard_cluster_term{cluster=one}>1'
"$REDIS_CLI" -p "$PORT_b" config set requirepass unknown >/dev/null
"$REDIS_CLI" -a unknown -p "$PORT_b" client kill type normal >/dev/null 2>&1
check "they tell of an alert" until_true 20 metrics 'haguard_node_alert{alert=denied,cluster=one,node=b}=1'

# HTTP
http() { python3 - "$PORT" "$@" <<'EOF'
import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
c.request(sys.argv[2], sys.argv[3], body=sys.argv[4] if len(sys.argv) > 4 else None)
print(c.getresponse().status)
EOF
}
is "another path is 404" "$(http GET /)" 404
is "another method is 405" "$(http POST /metrics x=y)" 405
is "HEAD is 200" "$(http HEAD /metrics)" 200
python3 - "$PORT" <<'EOF'
import socket, sys
held = []
for i in range(60):  # half requests, junk, and who does not read
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
    s.sendall([b"GET /met", b"\0\xff\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50][i % 3])
    held.append(s)
EOF
check "half requests and junk hold up nobody" ctl status
check "metrics still come" until_true 20 metrics
end_daemon
is "it ends cleanly" "$RC" 0
finish
