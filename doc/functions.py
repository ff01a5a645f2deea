# SPDX-License-Identifier: MIT
"""functions.py [FILE] - writes haguard_functions.3 from the headers, so that both say the same."""
import re
import sys
import textwrap
from pathlib import Path

doc = Path(__file__).resolve().parent
include = doc.parent / "include/haguard"
HEADERS = ["haguard.h", "hooks.h", "plugin.h", "plugin_redis.h", "plugin_dns.h", "adapter_uv.h",
           "adapter_epoll.h", "sim.h"]
TITLES = {"hooks.h": "Hooks", "plugin.h": "Plugins", "plugin_dns.h": "Names, by the DNS plugin",
          "adapter_uv.h": "In a libuv loop", "adapter_epoll.h": "Behind one descriptor",
          "sim.h": "The simulated world"}
FUNCTION = re.compile(r"/\* --- (?P<group>.*?) -+ \*/|"
                      r"/\*(?P<about>(?:[^*]|\*(?!/))*)\*/\n(?P<proto>[a-z][\w \t*]*?\b(?P<name>hag_\w+)"
                      r"\((?P<args>[^()]*)\);)")


def groups():
    """(title, header, [(name, type, arguments, about)]); also of headers without functions"""
    out = []
    for header in HEADERS:
        text = (include / header).read_text()
        out.append((TITLES.get(header), header, []))
        for m in FUNCTION.finditer(text):
            if m["group"]:
                out.append((m["group"].capitalize(), header, []))
            elif not m["proto"].startswith("typedef"):
                kind = m["proto"][:m["proto"].rindex(m["name"] + "(")].strip()
                args = [re.sub(r"\s+", " ", a).strip() for a in m["args"].split(",")]
                about = re.sub(r"\s*\n \* ?", " ", m["about"]).strip()
                out[-1][2].append((m["name"], kind, args, about))
    return [g for g in out if g[2] or objects(g[1])]


def objects(header):
    return re.findall(r"^extern (const struct hag_\w+ hag_\w+);", (include / header).read_text(), re.M)


def escape(line):
    line = line.replace("\\", "\\e")
    return "\\&" + line if line[:1] in (".", "'") else line


def sentences(text):
    lines = []
    for s in re.split(r"(?<=[.;:]) (?=[A-Z0-9])", text):
        lines += textwrap.wrap(s, 78, break_long_words=False, break_on_hyphens=False)
    return [escape(line) for line in lines]


def prototype(name, kind, args):
    lines = [f".Ft \"{kind}\"", f".Fo {name}"]
    return lines + [f".Fa \"{a}\"" for a in args] + [".Fc"]


def codes(text):
    return re.sub(r"\b([A-Z]{3,}(?:_[A-Z]+)?)\b(?= |,|\.|$|\))",
                  lambda m: f"HAG_ERR_{m[1]}" if m[1] in KNOWN else m[1], text)


KNOWN = set(re.findall(r"HAG_ERR_(\w+)", (include / "haguard.h").read_text()))


def about(name, text):
    body, _, errors = text.partition("Errors: ")
    errors = re.sub(r"\s*Since [\d.]+\.?$", "", errors)
    lines = [f".It Fn {name}"] + sentences(re.sub(r"\s*Since [\d.]+\.?$", "", body.strip()))
    if errors:
        lines += sentences("Errors: " + codes(errors).rstrip(". ") + ".")
    return lines


def page():
    out = ['.\\" SPDX-License-Identifier: MIT', '.\\" Written by functions.py from the headers.',
           ".Dd November 28, 2026", ".Dt HAGUARD_FUNCTIONS 3", ".Os", ".Sh NAME",
           ".Nm haguard_functions", ".Nd every function of haguard", ".Sh LIBRARY",
           "The core library (libhaguard, \\-lhaguard); the adapters are", "libhaguard\\-uv and libhaguard\\-epoll,",
           "the simulated world is libhaguard\\-sim.", "Plugins are linked in from libhaguard_plugin_redis.a and",
           "libhaguard_plugin_dns.a.",
           ".Sh SYNOPSIS"]
    last = None
    for title, header, functions in groups():
        if header != last:
            out.append(f".In haguard/{header}")
            out += [f".Vt extern {o} ;" for o in objects(header)]
            last = header
        for name, kind, args, _ in functions:
            out += prototype(name, kind, args)
    out += [".Sh DESCRIPTION", "Functions that can fail return 0 or a negative", ".Dv HAG_ERR_ ;",
            "then nothing has changed, no result is written, and", ".Fn hag_errmsg",
            "says what was wrong and how to cure it.", "Each code has a paragraph in", ".Xr haguard_errors 3 .",
            "Arguments come as guard, handle, inputs, time, results; what is passed in is copied.",
            "The structures are described in", ".In haguard/haguard.h .",
            "\\(dqIn a hook\\(dq says whether a function may be called from a hook; see",
            ".Xr haguard_hooks 7 ."]
    for title, _, functions in groups():
        if not functions:
            continue
        out += [f".Ss {title}", ".Bl -tag -width Ds"]
        for name, _, _, text in functions:
            out += about(name, text)
        out.append(".El")
    out += [".Sh SEE ALSO", ".Xr haguard_errors 3 ,", ".Xr haguard 7 ,", ".Xr haguard_hooks 7 ,",
            ".Xr haguard_plugin 7 ,", ".Xr haguard_scn 7"]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else doc / "haguard_functions.3").write_text(page())
