# SPDX-License-Identifier: MIT
"""restart.py HAGUARD-SIM - a guard that is killed and restored from its record at any event ends where
the one that lived on ends: the same primary, the same names, one promotion, nothing lost."""
import json
import os
import subprocess
import sys
import tempfile

WORLD = """engine {engine}
cluster orders durable=yes
policy down_after=10s gone_after=10s ttl=1s
node n1 zone=a primary
node n2 zone=b priority=5
node n3 zone=c
clients 50/s zone=c
world ttl=1s
"""
CASES = {  # what happens, and what must be so at the end
    "failover": ("at 20s crash n1 for 30s\n", "n2", "n1 n3", 1),
    "failover, the old one lost": ("at 20s lose n1\n", "n2", "n3", 1),
    "failover by order": ("at 20s failover orders\n", "n2", "n1 n3", 1),
    "switchover": ("at 20s switchover orders to=n2\n", "n2", "n1 n3", 1),
    "replica down": ("at 20s crash n3 for 40s\n", "n1", "n2 n3", 0),
    "restart within the grace": ("at 20s crash n1 for 5s\n", "n1", "n2 n3", 0),
    # PostgreSQL: clients of the old name reach n1 again, which then needs pg_rewind
    "redis, names cannot be written": ("at 20s crash n1 for 30s\nat 25s dns fail for 20s\n",
                                "n2", "n1 n3", 1),
}


# An order that went down with the guard before its term was recorded was never given.
NOT_GIVEN = ("n1", "n2 n3", 0)


def play(sim, text, args):
    with tempfile.NamedTemporaryFile("w", suffix=".scn") as f:
        f.write(text)
        f.flush()
        done = subprocess.run([sim, "run"] + args + [f.name], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()


def expectations(primary, replicas, promotions, killed):
    text = f"expect at 290s primary = {primary}\nexpect at 290s world primary = {primary}\n"
    text += f"expect at 290s endpoint primary = {primary}\n"
    text += f"expect at 290s endpoint replica = {replicas}\n"
    # a promotion that happened but whose answer went down with the guard is found, not told again
    if promotions == 0:
        text += "expect never promote\n"
    elif not killed:
        text += f"expect once promote {primary}\n"
    for other in {"n1", "n2", "n3"} - {primary}:
        text += f"expect never promote {other}\n"
    return text + "expect at 290s term <= 4\nuntil 300s\n"


def times(sim, text):
    code, out = play(sim, text, ["--json"])
    if code != 0:
        return None
    at = set()
    for event in json.loads(out)["events"]:
        for after in (0, 1):
            at.add(int(event["at"]) + after)
    return sorted(t for t in at if 0 < t < 200000)


def main():
    sim, failed = sys.argv[1], 0
    for engine in ("redis", "postgresql"):
        for name, (deeds, primary, replicas, promotions) in CASES.items():
            if name.startswith("redis, ") and engine != "redis":
                continue
            world = WORLD.format(engine=engine) + deeds
            at = times(sim, world + expectations(primary, replicas, promotions, False))
            not_given, short = 0, name.removeprefix("redis, ")
            bad = [] if at else ["the world without a restart fails"]
            for t in at or []:
                text = (world + f"at {t}ms kill guard for 1ms\n" +
                        expectations(primary, replicas, promotions, True))
                code, out = play(sim, text, ["--quiet"])
                if code != 0 and " orders" in deeds:
                    code, _ = play(sim, world + f"at {t}ms kill guard for 1ms\n" +
                                   expectations(*NOT_GIVEN, True), ["--quiet"])
                    not_given += code == 0
                if code != 0:
                    bad.append(f"killed at {t} ms:\n{out}")
            if not_given > 4:
                bad.append(f"the order was lost {not_given} times")
            for what in bad[:3]:
                print("# " + what.replace("\n", "\n# "))
            print(f"{'not ok' if bad else 'ok'} - sim/restart: {engine}, {short}, at each of "
                  f"{len(at or [])} moments", flush=True)
            failed |= bool(bad)
    sys.exit(failed)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
