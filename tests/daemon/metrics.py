# SPDX-License-Identifier: MIT
"""metrics.py URL [FAMILY{LABEL=VALUE,...}=NUMBER]... - reads metrics as strictly as the text format
0.0.4 has it, and more: one piece per family, HELP and TYPE before it, no sample twice."""
import re
import sys
import urllib.request

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)( -?\d+)?$")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+|Inf)|NaN")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


def parse(text):
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    if "\r" in text:
        raise ValueError("line ends are \\n alone")
    families, samples, current = {}, {}, None
    for n, line in enumerate(text[:-1].split("\n"), 1):
        where = f"line {n}: {line}"
        m = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.*)", line)
        if m:
            what, name, rest = m.groups()
            if name != current and name in families:
                raise ValueError(f"{where}: the family is there already")
            current = name
            kind = families.setdefault(name, {})
            if what in kind:
                raise ValueError(f"{where}: a second {what}")
            if what == "TYPE" and rest not in TYPES:
                raise ValueError(f"{where}: no such type")
            if what == "HELP" and re.search(r"\\[^\\n]|\\$", rest):
                raise ValueError(f"{where}: a backslash that escapes nothing")
            kind[what] = rest
            continue
        if line.startswith("#") or not line:
            raise ValueError(f"{where}: neither HELP nor TYPE nor a sample")
        m = SAMPLE.fullmatch(line)
        if not m:
            raise ValueError(f"{where}: no sample")
        name, labels, value = m.group(1), m.group(2) or "", m.group(m.lastindex if not m.group(
            m.re.groups) else m.re.groups - 1)
        if name != current:
            raise ValueError(f"{where}: outside its family {current}")
        if set(families[name]) != {"HELP", "TYPE"}:
            raise ValueError(f"{where}: HELP and TYPE come before")
        pairs = re.findall(LABEL, labels)
        if len({k for k, _ in pairs}) != len(pairs):
            raise ValueError(f"{where}: a label twice")
        if not NUMBER.fullmatch(value):
            raise ValueError(f"{where}: {value} is no number")
        key = (name, tuple(sorted(pairs)))
        if key in samples:
            raise ValueError(f"{where}: the sample is there already")
        if families[name]["TYPE"] == "counter" and not name.endswith("_total"):
            raise ValueError(f"{where}: a counter is named _total")
        samples[key] = float(value)
    return families, samples


def self_test():
    """The parser refuses what it should."""
    good = '# HELP a b\n# TYPE a gauge\na{x="y\\"z\\\\"} 1\na 2.5\n'
    parse(good)
    bad = ["a 1", "a 1\n", good + good, good.replace(" 1\n", " x\n"), good.replace('y\\"', 'y"'),
           good.replace("gauge", "gouge"), good + "a 2.5\n", good.replace("# HELP a b\n", ""),
           good.replace("\n", "\r\n"), good + "\n", good.replace("gauge", "counter"),
           good + "# HELP b c\n# TYPE b gauge\na 3\n", good.replace('"} 1', '",x="q"} 1')]
    for text in bad:
        try:
            parse(text)
        except ValueError:
            continue
        raise SystemExit(f"the parser took {text!r}")


self_test()
with urllib.request.urlopen(sys.argv[1], timeout=10) as r:
    if not r.headers["Content-Type"].startswith("text/plain; version=0.0.4"):
        sys.exit(f"Content-Type {r.headers['Content-Type']}")
    families, samples = parse(r.read().decode())
for name, kind in families.items():
    if not name.startswith("haguard_") or not kind["HELP"]:
        sys.exit(f"{name}: name or HELP")
failed = False
for want in sys.argv[2:]:
    m = re.fullmatch(r"(\w+)(?:\{(.*)\})?(=|<=|>)([\d.]+)", want)
    labels = tuple(sorted(tuple(p.split("=")) for p in m.group(2).split(","))) if m.group(2) else ()
    got, number = samples.get((m.group(1), labels)), float(m.group(4))
    ok = got is not None and {"=": got == number, "<=": got <= number, ">": got > number}[m.group(3)]
    if not ok:
        print(f"{want}: it is {got}")
        failed = True
sys.exit(failed)
