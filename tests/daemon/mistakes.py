# SPDX-License-Identifier: MIT
"""mistakes.py HAGUARDD - each kind of mistake is found at its line, with a cure, and starts nothing."""
import os
import re
import subprocess
import sys
import tempfile

daemon = sys.argv[1]
tmp = tempfile.mkdtemp()
HEAD = f"[haguard]\nstate-dir={tmp}/state\n"
STORE = "[store r]\n"
CLUSTER = "[cluster c]\nstore=r\non-endpoint=none\nnode.a=127.0.0.1:7001\n"
GOOD = HEAD + STORE + CLUSTER  # cluster at line 4, node.a at line 7


def general(line):
    return HEAD + line + "\n" + STORE + CLUSTER, 3


def cluster(line):
    return GOOD + line + "\n", 8


def store(line):
    return HEAD + STORE + line + "\n" + CLUSTER, 4


# name, (text, line), what the message must say
CASES = [
    ("a word that is no setting of haguard", general("sokcet=/x"), "did you mean socket"),
    ("a state directory that is no path", (HEAD.replace(tmp, "rel") + STORE + CLUSTER, 2),
     "whole path"),
    ("a socket that is too long", general("socket=/" + "x" * 120), "shorter"),
    ("a socket that is no path", general("socket=sock"), "whole path"),
    ("a mode that is no number", general("socket-mode=rw"), "octal"),
    ("a mode for everybody", general("socket-mode=0666"), "socket-group"),
    ("a group that is not there", general("socket-group=no-such-group"), "create it"),
    ("metrics for everybody", general("metrics=0.0.0.0:9187"), "127.0.0.1"),
    ("metrics for a network", general("metrics=[2001:db8::1]:9187"), "loopback"),
    ("metrics without a port", general("metrics=127.0.0.1"), "HOST:PORT"),
    ("metrics at a port that is none", general("metrics=127.0.0.1:99999"), "HOST:PORT"),
    ("a log of another kind", general("log=xml"), "people or json"),
    ("a plugin directory that is no path", general("plugin-dir=here"), "whole path"),
    ("a name without letters", general("name="), "choose another"),
    ("a word for resolve that is none", general("resolve=yes"), "off, on, ipv4 or ipv6"),
    ("resolvers without resolve", general("resolvers=127.0.0.1"), "add resolve=on"),
    ("resolvers that are none", (HEAD + "resolve=on\nresolvers=ns1\n" + STORE + CLUSTER, 4),
     "system, or 1 to 8 different addresses"),
    ("no state directory", ("[haguard]\n" + STORE + CLUSTER, 1), "state-dir=/var/lib/haguard"),
    ("no cluster", (HEAD + STORE, 0), r"\[cluster NAME\]"),
    ("a setting before all sections", ("x=1\n" + GOOD, 1), r"\[haguard\] before"),
    ("a section of another kind", (GOOD + "[clutser d]\n", 8), "did you mean cluster"),
    ("a section without an end", (GOOD + "[cluster d\n", 8), "']' is missing"),
    ("a section of three words", (GOOD + "[cluster d e]\n", 8), "as in"),
    ("a cluster without a name", (GOOD + "[cluster]\n", 8), "needs a name"),
    ("defaults with a name", (GOOD + "[defaults x]\n", 8), "has no name"),
    ("two sections of one name", (GOOD + "[store r]\n", 8), "at line 3"),
    ("a line that is no setting", cluster("down_after"), "KEY=VALUE"),
    ("a setting that is given twice", cluster("store=r"), "at line 5"),
    ("a key that is too long", cluster("node." + "n" * 60 + "=127.0.0.1:7002"), "shorter name"),
    ("a line that is too long", cluster("on-endpoint=" + "x" * 300), "begins with a blank"),
    ("settings that are indented", (HEAD + STORE + "[cluster c]\n  store=r\n  on-endpoint=none\n", 5),
     "first column"),
    ("a default that is no setting", (GOOD + "[defaults]\nfalls=3\n", 9), "did you mean fall"),
    ("a default that is no time", (GOOD + "[defaults]\ndown_after=soon\n", 9), "60s"),
    ("a default out of bounds", (GOOD + "[defaults]\nfall=0\n", 9), "from 1 to"),
    ("defaults that contradict each other", (GOOD + "[defaults]\ndown_after=200ms\n", 9), "set it to"),
    ("a setting of a cluster that is none", cluster("down_aftre=3s"), "did you mean down_after"),
    ("a word that is like nothing", cluster("xyzzy=3s"), r"haguard.conf\(5\)"),
    ("a time that is none", cluster("down_after=60 seconds"), "60s"),
    ("a word that is no choice", cluster("fence=always"), "best-effort or required"),
    ("a grace that is too short", cluster("down_after=500ms"), "set it to 3s or more"),
    ("a setting of the guard in a cluster", cluster("max_failovers=3"), r"\[defaults\]"),
    ("a zone that is none", cluster("prefer-zone=a b"), "zone is"),
    ("a cluster without a store", (GOOD.replace("store=r\n", ""), 4), "store=NAME"),
    ("a store that is not there", (GOOD.replace("store=r\n", "store=x\n"), 5), r"no \[store x\]"),
    ("a dns that is not there", (GOOD.replace("on-endpoint=none", "dns=x"), 6), r"no \[dns x\]"),
    ("nobody who moves the name", (GOOD.replace("on-endpoint=none\n", ""), 4), "on-endpoint=COMMAND"),
    ("two who move the name", cluster("dns=x"), "keep one of them|no .dns x"),
    ("a command without words", (GOOD.replace("=none", "="), 6), "write one"),
    ("a command that a comment cuts", (GOOD.replace("=none", "=echo a ; echo b"), 6), "without a blank"),
    ("a cluster without nodes", (GOOD.replace("node.a=127.0.0.1:7001\n", ""), 4), "node.NAME"),
    ("a cluster whose name is none", (GOOD.replace("[cluster c]", "[cluster c/d]"), 4), "letters, digits"),
    ("a node without an address", cluster("node.b="), "192.0.2.1:6379"),
    ("a node with a name as address", cluster("node.b=localhost:7002"),
     r"localhost is a name; write a numeric address, .*resolve=on in \[haguard\]"),
    ("a node with a name and no port", cluster("node.b=localhost"), "numeric host:port"),
    ("a node with a name that is none", cluster("node.b=db..example:7002"), "numeric host:port"),
    ("a node with a number that is none", cluster("node.b=192.0.2.300:7002"), "numeric host:port"),
    ("a node with a port that is none", cluster("node.b=localhost:70020"), "numeric host:port"),
    ("a node whose name is that of another", (HEAD + "resolve=on\n" + STORE + CLUSTER +
                                              "node.b=DB:7002\nnode.d=db:7002\n", 10),
     "db:7002 is node b of cluster c already, at line 9"),
    ("a name in two clusters", (HEAD + "resolve=on\n" + STORE + CLUSTER + "node.b=db:7002\n" +
                                CLUSTER.replace("[cluster c]", "[cluster d]").replace("7001", "7003") +
                                "node.b=db:7002\n", 14), "of cluster c already, at line 9"),
    ("a node without a port", cluster("node.b=127.0.0.2"), "numeric host:port"),
    ("a node with a word that is none", cluster("node.b=127.0.0.1:7002 no-promot"), "did you mean no-promote"),
    ("a node with a priority that is none", cluster("node.b=127.0.0.1:7002 priority=high"), "whole number"),
    ("a node with a zone that is none", cluster("node.b=127.0.0.1:7002 zone=a/b"), "zone is"),
    ("a node with an advertised name", cluster("node.b=127.0.0.1:7002 advertised=db:7002"), "numeric"),
    ("two nodes of one address", cluster("node.b=127.0.0.1:7001"), "node a"),
    ("two nodes marked primary", (GOOD.replace(":7001", ":7001 primary") +
                                  "node.b=127.0.0.1:7002 primary\n", 8), "mark one"),
    ("a store of two clusters", (GOOD + "[cluster d]\nstore=r\non-endpoint=none\nnode.x=127.0.0.1:7001\n", 11),
     "at line 7"),
    ("a setting of a plugin that is none", store("fresh-evry=10s"), "fresh-every"),
    ("a value that a plugin does not take", store("connect-timeout=never"), "10ms to 60s"),
    ("a password in the configuration", store("password=x"), "password-file"),
    ("a password file that is not there", store(f"password-file={tmp}/none"), "No such file"),
    ("a user without a password", store("user=x"), "add password-file"),
    ("settings of a plugin that exclude each other", store(f"password-file=/etc/hostname\npassword-env=X"), "keep one"),
    ("a plugin that is not there", store("plugin=nowhere"), "plugin-dir"),
    ("a plugin that is no plugin", store("plugin=/etc/hostname"), "hostname"),
]


def run(*args):
    return subprocess.run([daemon, *args], capture_output=True, text=True, timeout=30)


def test(name, problems):
    for p in problems:
        print("#", p)
    print(f"{'not ok' if problems else 'ok'} - daemon/config: names {name}")


def check(name, text, line, pattern):
    path = f"{tmp}/conf"
    with open(path, "w") as f:
        f.write(text)
    for args in (["--check", "--config", path], ["--config", path]):
        r = run(*args)
        where = f"{path}:{line}: " if line else f"{path}: "
        said = [m for m in r.stderr.splitlines() if m.startswith(where)]
        if r.returncode != 1:
            return [f"{args}: status {r.returncode}", r.stderr]
        if not any(re.search(pattern, m) for m in said):
            return [f"nothing like /{pattern}/ at line {line}:", *r.stderr.splitlines()]
        if os.path.exists(f"{tmp}/state"):
            return ["something was started"]
    return []


for name, (text, line), pattern in CASES:
    test(name, check(name, text, line, pattern))

# All of them at once: a mistake hides no other.
many = HEAD + "log=xml\n" + STORE + "fresh-every=1\nconnect-timeout=1\npassword=x\n" + \
    "[cluster c]\nstore=r\non-endpoint=none\nnode.a=x\nnode.b=y\nfall=0\nrise=0\n"
with open(f"{tmp}/conf", "w") as f:
    f.write(many)
lines = {int(m) for m in re.findall(r"conf:(\d+):", run("--check", "--config", f"{tmp}/conf").stderr)}
want = {3, 5, 6, 7, 11, 12, 13, 14}
test("every mistake, not only the first", [] if lines == want else [f"lines {lines}, not {want}"])

with open(f"{tmp}/conf", "w") as f:
    f.write(GOOD.replace("127.0.0.1:7001", "db-1.example.org:7001") + "node.b=127.0.0.1:7001\nnode.c=db-2:7001\n")
r = run("--check", "--config", f"{tmp}/conf")
lines = [int(m) for m in re.findall(r"conf:(\d+):", r.stderr)]
test("each name, once", [] if lines == [7, 9] else [r.stderr])
with open(f"{tmp}/conf") as f:
    good = f.read().replace("[haguard]\n", "[haguard]\nresolve=on\n")
with open(f"{tmp}/conf", "w") as f:
    f.write(good)
r = run("--check", "--config", f"{tmp}/conf")
test("nothing when names are resolved", [] if r.returncode == 0 else [r.stderr])

with open(f"{tmp}/conf", "wb") as f:
    f.write(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
r = run("--check", "--config", f"{tmp}/conf")
test("nothing in a file with BOM and CRLF", [] if r.returncode == 0 else [r.stderr])
for junk in (b"", b"\0" * 1000, bytes(range(256)) * 40, b"[" * 5000, b"=\n" * 500, b"a" * 100000):
    with open(f"{tmp}/conf", "wb") as f:
        f.write(junk)
    r = subprocess.run([daemon, "--check", "--config", f"{tmp}/conf"], capture_output=True, timeout=30)
    test(f"something in {len(junk)} bytes of junk",
         [] if r.returncode == 1 and r.stderr else [f"status {r.returncode}"])
