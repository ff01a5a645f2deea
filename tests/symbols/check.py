# SPDX-License-Identifier: MIT
"""check.py BUILD - what the libraries export is what the headers declare and document."""
import re
import subprocess
import sys
from pathlib import Path

build = Path(sys.argv[1])
top = Path(__file__).resolve().parents[2]
include = top / "include/haguard"


def check(name, problems):
    for problem in problems:
        print(problem)
    print(f"{'not ok' if problems else 'ok'} - symbols/{name}")


def differences(what, have, want):
    return [f"{what}: {s} is missing" for s in sorted(want - have)] + \
           [f"{what}: {s} is too much" for s in sorted(have - want)]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported(library):
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if line.split()[-2] != "A"}


def declared(*headers):
    """Functions and objects of the headers, and those without a comment that says since when."""
    names, undocumented = set(), []
    for header in headers:
        text = (include / header).read_text()
        for m in re.finditer(r"(?:(/\*(?:[^*]|\*(?!/))*\*/)\n)?^(?!typedef|#|enum|struct \w+ \{)"
                             r"[a-z][\w* ]*?\b(hag_\w+)\(", text, re.M):
            names.add(m.group(2))
            if "Since 0." not in (m.group(1) or ""):
                undocumented.append(f"{header}: {m.group(2)} has no comment with 'Since'")
    return names, undocumented


def needed(library):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", library)))


core, undocumented = declared("haguard.h", "hooks.h", "plugin.h")
so = build / "lib/libhaguard.so"
script = (top / "lib/haguard.map").read_text()
mapped = set(re.findall(r"^\s+(hag_\w+);", script, re.M))

check("documented", undocumented)
check("map", differences("haguard.map", mapped, core))
check("exported", differences("libhaguard.so", exported(so), core))
check("versioned", [] if "HAGUARD_0.1" in run("nm", "-D", so) else ["no symbol version HAGUARD_0.1"])
check("needed", differences("libhaguard.so needs", needed(so) - {"ld-linux-x86-64.so.2"},
                            {"libc.so.6"}))
soname = re.findall(r"\(SONAME\).*\[(.*)\]", run("readelf", "-d", so))
check("soname", [] if soname == ["libhaguard.so.0"] else [f"soname {soname}"])

static = run("nm", "-g", "--defined-only", build / "lib/libhaguard.a")
names = {line.split()[-1] for line in static.splitlines() if len(line.split()) == 3}
# what AddressSanitizer and the like add is not ours
check("static", [f"libhaguard.a: {n} has no prefix of ours" for n in sorted(names)
                 if not n.startswith(("hag_", "__"))])

for loop in ("uv", "epoll"):
    names, undocumented = declared(f"adapter_{loop}.h")
    so = build / f"lib/adapters/libhaguard-{loop}.so"
    check(f"adapter-{loop}", undocumented + differences(so.name, exported(so), names))

names, undocumented = declared("sim.h")
mapped = set(re.findall(r"^\s+(hag_\w+);", (top / "lib/sim/haguard-sim.map").read_text(), re.M))
check("sim", undocumented + differences("haguard-sim.map", mapped, names))
check("plugin-headers", declared("plugin_redis.h", "plugin_dns.h")[1])

for module in sorted((build / "lib/plugins").glob("*/*.so")):
    check(f"plugin-{module.name}", differences(module.name, exported(module), {"hag_plugin_entry"}))
    undefined = run("nm", "-D", "--undefined-only", module)
    check(f"plugin-{module.name}-links-nothing",
          [line for line in undefined.splitlines() if " hag_" in line])
