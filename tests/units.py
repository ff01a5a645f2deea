# SPDX-License-Identifier: MIT
"""units.py BUILD PREFIX [--wrapper COMMAND] [--env KEY=VALUE]... - runs the tests of a meson build,
two at a time, and prints a line for each test case."""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

CASE = re.compile(r"^(not ok|ok) \d+ - (.*)$")


def tests_of(build):
    out = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True)
    return json.loads(out.stdout)


def run(test, args):
    """The lines for one test program, and its output when something failed."""
    name = f"{args.prefix}/{test['name']}"
    env = dict(os.environ, **test["env"], **dict(e.split("=", 1) for e in args.env))
    command = shlex.split(args.wrapper) + test["cmd"]
    limit = max(test["timeout"], 30) * (20 if args.wrapper else 2)
    try:
        done = subprocess.run(command, env=env, cwd=test["workdir"], timeout=limit,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        output, status = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + f"\nstopped after {limit} s\n"
        status = -1
    if test["protocol"] != "tap":
        return [f"{'ok' if status == 0 else 'not ok'} - {name}"], output if status else ""
    cases = [m for m in map(CASE.match, output.splitlines()) if m]
    lines = []
    for number, case in enumerate(cases, 1):
        words = case.group(2)
        # Check writes "file:suite:test: Passed"; a test that loops has the same name each time
        words = re.sub(r": Passed$", "", words)
        lines.append(f"{case.group(1)} - {name} {number} {words}")
    bad = any(line.startswith("not ok") for line in lines)
    plan = re.search(r"^1\.\.(\d+)$", output, re.M)
    if not cases or (plan and int(plan.group(1)) != len(cases)):
        lines.append(f"not ok - {name}: ended early, status {status}")
    elif status != 0 and not bad:
        lines.append(f"not ok - {name}: status {status}")
    failed = any(line.startswith("not ok") for line in lines)
    return lines, output if failed else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("prefix")
    parser.add_argument("--wrapper", default="")
    parser.add_argument("--env", action="append", default=[])
    args = parser.parse_args()
    bad = False
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for lines, output in pool.map(lambda t: run(t, args), tests_of(args.build)):
            # the output first, without what would be counted as cases
            sys.stdout.write(re.sub(r"^(ok|not ok) ", r"  \1 ", output, flags=re.M))
            print("\n".join(lines))
            bad = bad or any(line.startswith("not ok") for line in lines)
    return 1 if bad else 0


sys.exit(main())
