# SPDX-License-Identifier: MIT
"""replay.py HAGUARD-SIM - what haguard-sim replay says of a log, of one that was recorded under other
settings, and of one that is damaged. The format of a log is written down here a second time."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WORLD = """engine postgresql
cluster orders
policy down_after=20s
node n1 primary
node n2
node n3
at 30s lose n1
until 600s
"""
MASK = (1 << 64) - 1
failed = False


def mix(h, word):
    return ((h << 23 | h >> 41) & MASK ^ word) * 0x9e3779b97f4a7c15 & MASK


def check_of(before, data):
    h = [before, before + 1, before + 2, before + 3]
    whole = len(data) // 8
    for k in range(whole):
        h[k % 4] = mix(h[k % 4], int.from_bytes(data[8 * k:8 * k + 8], "little"))
    h[3] = mix(h[3], int.from_bytes(data[8 * whole:], "little"))
    total = len(data)
    for part in h:
        total = mix(total, part)
    total = (total ^ total >> 32) * 0xd6e8feb86659fd93 & MASK
    return (total ^ total >> 32) & 0xffffffff


def chunks(log):
    assert log[:8] == b"HAGREC\x01\0", log[:8]
    at, check, out = 8, 0, []
    while at < len(log):
        n, given = (int.from_bytes(log[at + i:at + i + 4], "little") for i in (0, 4))
        payload = log[at + 8:at + 8 + n]
        check = check_of(check, payload)
        assert check == given, f"the check at {at}"
        out.append(payload)
        at += 8 + n
    return out


def log_of(payloads):
    out, check = b"HAGREC\x01\0", 0
    for p in payloads:
        check = check_of(check, p)
        out += len(p).to_bytes(4, "little") + check.to_bytes(4, "little") + p
    return out


def report(name, ok, said=""):
    global failed
    failed = failed or not ok
    if not ok:
        print("\n".join("# " + line for line in str(said).splitlines()))
    print(f"{'ok' if ok else 'not ok'} - sim/replay: {name}")


def replay(sim, file, *args):
    done = subprocess.run([sim, "replay", *args, file], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def main(sim):
    work = tempfile.TemporaryDirectory()
    file, world = Path(work.name) / "log", Path(work.name) / "world.scn"
    world.write_text(WORLD)
    subprocess.run([sim, "run", "--quiet", "--record", file, world], check=True, stdout=subprocess.DEVNULL)
    log = file.read_bytes()
    parts = chunks(log)
    report("the log is as its format says, and more than one chunk", len(parts) > 1, len(parts))

    code, out, err = replay(sim, file)
    report("the same: exit 0", code == 0 and err == "" and "decides the same" in out, out + err)
    report("what was decided, and why", "n1 is down: " in out and "- silent" in out and "was promoted" in out, out)
    report("only decisions", "-> " not in out, out)
    code, out, _ = replay(sim, file, "--actions")
    report("--actions: the orders too", code == 0 and "-> promote" in out and "-> probe" not in out, out)
    code, out, _ = replay(sim, file, "--quiet")
    report("--quiet: one line", code == 0 and out.count("\n") == 1, out)
    code, out, _ = replay(sim, file, "--json")
    said = json.loads(out)
    begin = [e for e in said["timeline"] if e.get("event") == "begin"]
    report("--json", said["same"] and said["ending"] == "whole" and begin[0]["reason"] == "primary-down", out)

    payloads = [p.replace(b"20s\0", b"30s\0") for p in parts]
    assert payloads != parts
    other = Path(work.name) / "other"
    other.write_bytes(log_of(payloads))
    code, out, err = replay(sim, other)
    report("recorded under another setting: exit 1", code == 1, out + err)
    report("where, what was recorded, what would be decided",
           "differs at" in out and "recorded by haguard" in out and "decided by haguard" in out and
           "event down in orders" in out.replace(" n1", ""), out)
    report("what came before was played", "suspect" in out, out)
    code, out, _ = replay(sim, other, "--json", "--quiet")
    said = json.loads(out)
    report("--json says it too", code == 1 and not said["same"] and said["recorded"] != said["today"], out)

    for name, data, text in (("cut off", log[:-9], "cut off"),
                             ("a byte is another", log[:900] + bytes([log[900] ^ 1]) + log[901:], "not what was written"),
                             ("chunks that changed places", log[:8] + log[8 + 8 + len(parts[0]):], "not what was written")):
        other.write_bytes(data)
        code, out, err = replay(sim, other)
        report(f"{name}: exit 2, told", code == 2 and text in err and "byte " in err, out + err)
    for name, data in (("empty", b""), ("a scenario", WORLD.encode())):
        other.write_bytes(data)
        code, out, err = replay(sim, other)
        report(f"{name}: exit 2, no log", code == 2 and "not a recorder's log" in err and out == "", out + err)
    other.write_bytes(b"HAGREC\x02\0" + log[8:])
    code, out, err = replay(sim, other)
    report("a later format: exit 2", code == 2 and "later format" in err, err)
    code, out, err = replay(sim, Path(work.name) / "none")
    report("no file: exit 2", code == 2 and "No such file" in err, err)
    code, out, err = replay(sim, file, "--wrong")
    report("a wrong option: exit 2, told what is allowed", code == 2 and "--actions" in err, err)
    done = subprocess.run([sim, "replay"], capture_output=True, text=True)
    report("nothing to play: exit 2", done.returncode == 2 and "needs a log" in done.stderr, done.stderr)
    return failed


sys.exit(main(sys.argv[1]))
