# SPDX-License-Identifier: MIT
"""manual.py BUILD SETTINGS - the manual is clean, and has everything that there is. SETTINGS is the
program that prints the settings' section."""
import ctypes
import re
import subprocess
import sys
from pathlib import Path

build, print_settings = Path(sys.argv[1]), sys.argv[2]
top = Path(__file__).resolve().parents[2]
doc = top / "doc"
sys.path.insert(0, str(doc))
sys.dont_write_bytecode = True
import functions  # noqa: E402

header = (top / "include/haguard/haguard.h").read_text()
page = {p.name: p.read_text() for p in sorted(doc.glob("*.[1-9]"))}
lib = ctypes.CDLL(str(build / "lib/libhaguard.so"))
lib.hag_name.restype = ctypes.c_char_p


def check(name, problems):
    for p in problems:
        print("#", p)
    print(f"{'not ok' if problems else 'ok'} - manual/{name}")


def same(what, have, want):
    return [f"{what}: {x} is missing" for x in sorted(want - have)] + \
           [f"{what}: {x} is too much" for x in sorted(have - want)]


def constants(prefix):
    found = re.findall(rf"\b(HAG_{prefix}_\w+) = (-?\d+)", header)
    return {name: int(value) for name, value in found if not name.endswith(("_MAX", "_COUNT"))}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


for name in page:
    out = run("mandoc", "-Tlint", "-W", "warning", str(doc / name))
    check(f"lint-{name}", out.splitlines())

settings = re.search(r'\.\\" settings begin\n(.*)\.\\" settings end', page["haguard.conf.5"], re.S)
want = run(print_settings)
check("settings", [] if want and settings and settings[1] == want else
      ["the settings' section is not what print_settings prints; put that between the marks"])

check("functions-written", [] if functions.page() == page["haguard_functions.3"] else
      ["haguard_functions.3 is not what functions.py writes; run it"])
mapped = set()
for script in ("lib/haguard.map", "lib/sim/haguard-sim.map"):
    mapped |= set(re.findall(r"^\s+(hag_\w+);", (top / script).read_text(), re.M))
for name in ("adapter_uv.h", "adapter_epoll.h", "plugin_redis.h", "plugin_dns.h"):
    text = (top / "include/haguard" / name).read_text()
    mapped |= set(re.findall(r"^(?!typedef)[a-z][\w *]*\b(hag_\w+)\(", text, re.M))
check("headers", same("functions.py", set(functions.HEADERS) | {"version.h"},
                      {p.name for p in (top / "include/haguard").glob("*.h")} | {"version.h"}))
shown = set(re.findall(r"^\.It Fn (hag_\w+)$", page["haguard_functions.3"], re.M))
check("functions", same("haguard_functions.3", shown, mapped))
check("prototypes", same("SYNOPSIS", set(re.findall(r"^\.Fo (hag_\w+)$", page["haguard_functions.3"],
                                                    re.M)), mapped))
links = {p.stem for p in (build / "doc").glob("hag_*.3")
         if p.read_text() == ".so man3/haguard_functions.3\n"}
check("links", same("link pages", links, mapped))

errors = set(constants("ERR")) | {"HAG_OK"}
check("errors", same("haguard_errors.3", set(re.findall(r"^\.It Dv (HAG_\w+)$", page["haguard_errors.3"],
                                                        re.M)), errors))
paragraphs = dict(re.findall(r"^\.It Dv (HAG_ERR_\w+)\n(.*?)(?=^\.It|^\.El)", page["haguard_errors.3"],
                             re.M | re.S))
check("errors-say-that-nothing-changed",
      [f"{n}: what changed?" for n, t in paragraphs.items()
       if not re.search(r"Nothing\s(has changed|was\s(begun|taken))", t)])

severity = dict(re.findall(r"\[(HAG_ALERT_\w+)\] = HAG_SEVERITY_(\w+)",
                           (top / "lib/guard/events.c").read_text()))
alerts = {f"{lib.hag_name(3, v).decode()} {severity[n].lower()}" for n, v in constants("ALERT").items()}
check("alerts", same("haguard.7", {f"{a} {s}" for a, s in re.findall(
    r"^\.It Em (\S+) Pq (\w+)$", page["haguard.7"], re.M)}, alerts))

actions = set(constants("DO"))
check("actions", [f"haguard_hooks.7: {a} is missing" for a in sorted(actions)
                  if not re.search(rf"\b{a}\b", page["haguard_hooks.7"])])

conf = page["haguard.conf.5"]
for plugin in sorted(p.name for p in (top / "lib/plugins").iterdir() if (p / "config.c").exists()):
    keys = set(re.findall(r'^    \{"([a-z.-]+)", \w+, ', (top / f"lib/plugins/{plugin}/config.c").read_text(),
                          re.M))
    text = (doc / f"{plugin}.md").read_text() if (doc / f"{plugin}.md").exists() else ""
    check(f"plugin-{plugin}", [] if len(keys) > 5 else [f"{plugin}: its table was not found"])
    check(f"plugin-{plugin}-conf", [f"haguard.conf.5: {k} of {plugin} is missing" for k in sorted(keys)
                                    if f"Cm {k} Ns =" not in conf])
    check(f"plugin-{plugin}-md", [f"{plugin}.md: {k} is missing" for k in sorted(keys)
                                  if f"`{k}`" not in text])

haguardd = top / "examples/haguardd"
source = {p.name: p.read_text() for p in haguardd.glob("*.c")}
keys = set(re.findall(r'^    \{"([a-z-]+)", read_\w+\},', source["conf.c"], re.M))
check("haguardd-settings", [f"haguard.conf.5: {k} is missing" for k in sorted(keys)
                            if f".It Cm {k} Ns =" not in conf] + ([] if len(keys) > 5 else ["no table"]))
words = set(re.findall(r'^    \{"([a-z-]+)", HAG_NODE_', source["nodes.c"], re.M))
check("node-words", [f"haguard.conf.5: {w} is missing" for w in sorted(words)
                     if f".It Cm {w}\n" not in conf] + ([] if words else ["no table"]))
families = set(re.findall(r'"(haguard_[a-z_]+)", ?"(?:gauge|counter)"', source["metrics.c"]))
check("metrics", [f"haguardd.8: {f} is missing" for f in sorted(families)
                  if not re.search(rf"\b{f}\b", page["haguardd.8"])] + ([] if len(families) > 15 else ["no table"]))
commands = set(re.findall(r'^    \{"([a-z]+)", do_\w+,', source["commands.c"], re.M))
check("commands", [f"{where}: {c} is missing" for c in sorted(commands)
                   for where, text, mark in (("haguardctl.1", page["haguardctl.1"], f"Cm {c}"),
                                             ("--help", source["haguardctl.c"], f'"  {c}'))
                   if mark not in text] + ([] if len(commands) > 5 else ["no table"]))
codes = dict(re.findall(r"(CODE_\w+) = (\d)", (haguardd / "commands.h").read_text()))
check("exit-status", same("haguardctl.1", set(re.findall(r"^\.It (\d)$", page["haguardctl.1"], re.M)),
                          set(codes.values())))
options = set(re.findall(r'"--([a-z-]+)"', source["haguardctl.c"]))
check("options", [f"haguardctl.1: --{o} is missing" for o in sorted(options)
                  if f"Fl -{o}" not in page["haguardctl.1"]])
options = set(re.findall(r'^ .*\{"([a-z]+)", (?:required|no)_argument', source["main.c"], re.M))
check("haguardd-options", [f"haguardd.8: --{o} is missing" for o in sorted(options)
                           if f"Fl -{o}" not in page["haguardd.8"]] + ([] if options else ["no table"]))

known = {p.rsplit(".", 1)[0] for p in page} | {"longjmp", "sleep", "getaddrinfo", "sh"}
check("references", [f"{p}: {x} is no page" for p, text in page.items()
                     for x in re.findall(r"^\.Xr (\S+)", text, re.M) if x not in known])
