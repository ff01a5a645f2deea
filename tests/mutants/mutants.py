# SPDX-License-Identifier: MIT
"""mutants.py TOP BUILD SCRATCH [NAME...] - plays mutants.txt and worlds.txt: each changed line is
compiled alone and linked with the objects of BUILD. It must make one of its tests fail; one of
worlds.txt must break its rule in random worlds, and no other rule."""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

LIMIT = 20  # seconds a test may run; one that hangs has noticed
KEYS = ("mutant", "rule", "file", "test", "-", "+")
WORLD_KEYS = ("mutant", "rule", "file", "seeds", "-", "+")
SIMULATOR = "haguard-sim"


def stanzas(path, keys):
    """The table: stanzas of "key value" lines, apart by an empty line."""
    rows, row = [], {}
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(list(f) + ["\n"], 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if line:
                key, _, value = line.partition(" ")
                if key not in keys or key in row:
                    sys.exit(f"{path}:{number}: expected one each of {', '.join(keys)}")
                row[key] = value
            elif row:
                if set(row) != set(keys):
                    sys.exit(f"{path}:{number}: missing: {', '.join(set(keys) - set(row))}")
                rows.append(row)
                row = {}
    names = [row["mutant"] for row in rows]
    for name in names:
        if names.count(name) > 1:
            sys.exit(f"{path}: there are two mutants {name}")
    return rows


class Build:
    def __init__(self, top, build, scratch):
        self.top, self.build, self.scratch = top, build, scratch
        with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
            self.commands = json.load(f)
        out = subprocess.run(["meson", "introspect", "--targets", build], check=True,
                             capture_output=True)
        self.targets = {t["name"]: os.path.relpath(t["filename"][0], build)
                        for t in json.loads(out.stdout) if t["type"] == "executable"}

    def compile(self, file, source, out):
        """Compiles source the way file is compiled; the error text, or ""."""
        path = os.path.join(self.top, file)
        for command in self.commands:
            if os.path.realpath(os.path.join(self.build, command["file"])) == path:
                break
        else:
            return f"{file} is not part of the build"
        words, args = iter(shlex.split(command["command"])), []
        for word in words:
            if word in ("-MQ", "-MF", "-o", "-c"):
                next(words)
            elif word not in ("-MD", "-Werror"):
                args.append(word)
        return self.run(args + ["-O0", "-g0", "-w", "-fdiagnostics-color=never", "-o", out, "-c",
                               source])[1]

    def link(self, target, extra, out):
        commands = subprocess.run(["ninja", "-C", self.build, "-t", "commands", "-s",
                                   self.targets[target]], check=True, capture_output=True)
        args = shlex.split(commands.stdout.decode().splitlines()[-1])
        at = args.index("-o")
        args[at + 1:at + 2] = [out] + extra  # before the archive, whose member is then not taken
        return self.run(args)[1]

    def run(self, args, env=None, limit=300):
        done = subprocess.run(args, cwd=self.build, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
                              env=env)
        text = done.stdout.decode(errors="replace")
        return done.returncode, text if done.returncode else ""

    def passes(self, program):
        env = dict(os.environ, CK_FORK="no", CK_VERBOSITY="silent")
        try:
            return self.run([program], env, LIMIT)[0] == 0
        except subprocess.TimeoutExpired:
            return False

    def broken_rules(self, simulator, seeds, out):
        """seeds: A..B of random worlds, or a scenario file"""
        if seeds.endswith(".scn"):
            args = ["run", "--quiet", "--strict", os.path.join(self.top, seeds)]
        else:
            args = ["explore", "--seeds", seeds, "--breaches", "2", "--out", out]
        env = dict(os.environ, LD_LIBRARY_PATH=os.path.join(self.build, "lib"))
        done = subprocess.run([simulator] + args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, env=env)
        rules = set(re.findall(r"rule (\S+) broke", done.stdout.decode(errors="replace")))
        return rules or {"expectation"} if done.returncode == 1 else rules


def play(build, row):
    """What became of a mutant: "" when it was caught."""
    name = row["mutant"]
    with open(os.path.join(build.top, row["file"]), encoding="utf-8") as f:
        text = f.read()
    before, after = row["-"], row["+"]
    if text.count(before) != 1:
        return f"its original stands {text.count(before)} times in {row['file']}, not once"
    where = os.path.join(build.scratch, name)
    os.mkdir(where)
    source, obj = os.path.join(where, os.path.basename(row["file"])), os.path.join(where, "m.o")
    with open(source, "w", encoding="utf-8") as f:
        f.write(text.replace(before, after))
    error = build.compile(row["file"], source, obj)
    if error:
        return "does not compile\n" + "\n".join(error.splitlines()[:5])
    if "seeds" in row:
        program = os.path.join(where, SIMULATOR)
        error = build.link(SIMULATOR, [obj], program)
        if error:
            return "does not link\n" + error
        broken = build.broken_rules(program, row["seeds"], where)
        os.remove(program)
        return "" if broken == {row["rule"]} else f"broke {broken}, not {row['rule']}"
    for test in row["test"].split():
        program = os.path.join(where, test)
        error = build.link("check_" + test, [obj], program)
        if error:
            return "does not link\n" + error
        caught = not build.passes(program)
        os.remove(program)
        if caught:
            return ""
    return f"survived {row['test']} (rule {row['rule']})"


def main():
    top, where, scratch, *only = sys.argv[1:]
    rows = stanzas(os.path.join(top, "tests/mutants/mutants.txt"), KEYS)
    rows += stanzas(os.path.join(top, "tests/mutants/worlds.txt"), WORLD_KEYS)
    unknown = set(only) - {row["mutant"] for row in rows}
    if unknown:
        sys.exit(f"no such mutant: {', '.join(sorted(unknown))}")
    rows = [row for row in rows if not only or row["mutant"] in only]
    build = Build(os.path.realpath(top), where, scratch)
    tests = sorted({test for row in rows for test in row.get("test", "").split()})
    worlds = [row for row in rows if "seeds" in row]
    if worlds and SIMULATOR not in build.targets:
        print("skip - mutants/worlds: haguard-sim was not built")
        rows = [row for row in rows if "seeds" not in row]
        worlds = []
    for test in tests:
        if "check_" + test not in build.targets:
            sys.exit(f"there is no test program check_{test} in the build")
    subprocess.run(["ninja", "-C", where, "-j2", "--quiet", "lib/libhaguard.a"]
                   + [build.targets["check_" + test] for test in tests]
                   + [build.targets[SIMULATOR]] * bool(worlds),
                   check=True, stdout=subprocess.DEVNULL)
    failed = 0
    for test in tests:  # a test that fails anyway catches nothing
        if not build.passes(os.path.join(where, build.targets["check_" + test])):
            print(f"not ok - mutants/{test} passes without a mutant", flush=True)
            failed += 1
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for row, what in zip(rows, pool.map(lambda row: play(build, row), rows)):
            if what:
                print(f"not ok - mutant {row['mutant']} {what}", flush=True)
            else:
                print(f"ok - mutant {row['mutant']} caught", flush=True)
            failed += bool(what)
    sys.exit(failed > 0)


main()
