# SPDX-License-Identifier: MIT
"""cffi_host.py API OFFSETS BUILD - a host in Python: no callback, only polling."""
import sys

import cffi

api, offsets, build = sys.argv[1:]
ffi = cffi.FFI()


def check(name, good, *said):
    if not good:
        print(*said)
    print(f"{'ok' if good else 'not ok'} - ffi/cffi {name}")


ffi.cdef(open(api, encoding="ascii").read())
check("cdef", True)
UNKNOWN_MS = 0xFFFFFFFF  # HAG_UNKNOWN_MS, a macro
hag = ffi.dlopen(f"{build}/lib/libhaguard.so")
check("version", hag.hag_version() == 0x000100, hex(hag.hag_version()))

wrong = []
for line in open(offsets, encoding="ascii"):
    what, value = line.split()
    struct, _, member = what.partition(".")
    ours = ffi.offsetof(f"struct {struct}", member) if member else ffi.sizeof(f"struct {struct}")
    if ours != int(value):
        wrong.append(f"{what}: {ours} here, {value} in C")
known = {line.split()[0] for line in open(offsets, encoding="ascii")}
for struct in {k.partition(".")[0] for k in known}:
    for member, _ in ffi.typeof(f"struct {struct}").fields:
        if f"{struct}.{member}" not in known:
            wrong.append(f"{struct}.{member} was not compared")
check("offsets", not wrong and len(known) > 100, wrong)


def new(struct, **members):
    s = ffi.new(f"struct {struct} *", members)
    s.size = ffi.sizeof(f"struct {struct}")
    return s


# A primary and a standby that answer; the guard must learn who is who and then see one die.
g = ffi.new("hag_guard **")
assert hag.hag_guard_new(new("hag_options", flags=hag.HAG_OPTION_SOLE, seed=1), g) == 0
g = g[0]
handle = ffi.new("uint64_t *")
now = 1000
kinds = [hag.HAG_DO_PROBE, hag.HAG_DO_COMMIT, hag.HAG_DO_PROMOTE, hag.HAG_DO_EVENT]
assert hag.hag_handles(g, sum(1 << k for k in kinds)) == 0
assert hag.hag_cluster_add(g, b"py", 0, 7, now, handle) == 0
cluster = handle[0]
nodes = {}
for name, port in ((b"a", b"127.0.0.1:1"), (b"b", b"127.0.0.1:2")):
    keep = (ffi.new("char[]", name), ffi.new("char[]", port))
    spec = new("hag_node_spec", name=keep[0], addr=keep[1])
    assert hag.hag_node_add(g, cluster, spec, now, handle) == 0, ffi.string(hag.hag_errmsg(g))
    nodes[handle[0]] = name
check("names", hag.hag_cluster_find(g, b"py") == cluster)

action = new("hag_action")
events, probes, position, dead = [], 0, 1000, False


def facts_of(name):
    f = new("hag_facts", link_idle=UNKNOWN_MS, lag=UNKNOWN_MS, nlineage=1)
    f.lineage[0][0] = 42
    f.identity[0] = name[0]
    f.position = position
    f.flags = hag.HAG_FACT_POSITION | hag.HAG_FACT_READS
    if name == b"a" and dead:
        f.result = hag.HAG_PROBE_REFUSED
    elif name == b"a":
        f.role = hag.HAG_ROLE_PRIMARY
        f.flags |= hag.HAG_FACT_WRITES
    else:
        f.role = hag.HAG_ROLE_STANDBY
        f.flags |= 0 if dead else hag.HAG_FACT_LINK_UP
        f.upstream = b"127.0.0.1:1"
    return f


def pump():
    global probes
    while True:
        hag.hag_advance(g, now)
        r = hag.hag_next_action(g, now, action)
        if r != 1:
            return r
        if action.kind == hag.HAG_DO_EVENT:
            events.append((action.event, ffi.string(action.text).decode()))
        elif action.kind == hag.HAG_DO_PROBE:
            probes += 1
            result = new("hag_result", facts=facts_of(nodes[action.node]))
            assert hag.hag_op_complete(g, action.op, result, now) == 0
        elif action.kind != hag.HAG_DO_CANCEL:
            assert hag.hag_op_complete(g, action.op, new("hag_result"), now) == 0


def run(ms):
    global now, position
    end = now + ms
    while now < end:
        assert pump() == 0
        wait = hag.hag_timeout(g, now)
        now += max(1, min(wait if wait >= 0 else 100, 100))
        position += 10


run(5000)
info = new("hag_cluster_info")
assert hag.hag_cluster_get(g, cluster, info) == 0
check("healthy", info.state == hag.HAG_STATE_HEALTHY and info.user == 7 and
      nodes.get(info.primary) == b"a", info.state, events)
check("probes", 6 <= probes <= 40, probes)
check("handles", all(n < 2 ** 53 for n in list(nodes) + [cluster]))
dead = True
run(70000)
check("down", any(e == hag.HAG_EV_DOWN for e, _ in events), events)
text = ffi.new("char[]", 4096)
check("explain", hag.hag_cluster_explain(g, cluster, now, text, 4096) > 20)
check("refusal", hag.hag_node_add(g, cluster, new("hag_node_spec"), now, handle) < 0 and
      len(ffi.string(hag.hag_errmsg(g))) > 5)
check("destroy", hag.hag_guard_destroy(g) == 0)
