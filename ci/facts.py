# SPDX-License-Identifier: BSD-2-Clause
"""Compares what files do on two systems: outputs of tests/posix against what Linux answers.

  facts.py check PROGRAM         runs it on this machine's ext4 and tmpfs, and compares
  facts.py compare FILE [ON]     an output, for example the log of a system test, of a Veridian with file system ON
  facts.py update PROGRAM        writes tests/posix/expected/linux.txt anew

tests/posix/differences.txt lists the differences that are allowed, with the reason for each:

  rename: rename of .*           as in the output, up to the result; * and ? stand for any text and character
    linux: EBUSY                 what Linux answers; * where there are several
    ours: EINVAL                 what we answer; `left out` for a chapter
    on: fat                      only on these file systems; without the line, everywhere
    why: one line

A line that allows nothing any more is an error like a difference that is not listed.
"""

import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "posix"
EXPECTED = FOLDER / "expected" / "linux.txt"
DIFFERENCES = FOLDER / "differences.txt"
LEFT_OUT = "left out"
TIMEOUT_S = 240
COMPARED_ON = ("ext4", "tmpfs")
STAMP = re.compile(r"^\[ *\d+\.\d+\] ")
TOTAL = re.compile(r"^facts: (\d+)$")


class FactsError(Exception):
    pass


@dataclass
class Facts:
    results: dict = field(default_factory=dict)  # by "chapter: name"
    left_out: list = field(default_factory=list)
    repeated: list = field(default_factory=list)
    total: int = -1  # what the program counted; -1: it did not come so far


def parse(text, chapters=None):
    """Facts of an output. Other lines are skipped when the chapters are known, and are an error otherwise."""
    facts = Facts()
    for line in text.splitlines():
        line = STAMP.sub("", line.rstrip("\r"))
        chapter, _, rest = line.partition(": ")
        if TOTAL.match(line):
            facts.total = int(TOTAL.match(line).group(1))
        elif chapters is not None and chapter not in chapters:
            continue
        elif rest == LEFT_OUT:
            facts.left_out.append(chapter)
        elif ": " in rest:
            name, _, result = line.rpartition(": ")
            if name in facts.results:
                facts.repeated.append(name)
            facts.results[name] = result
        else:
            raise FactsError(f"not a fact: {line}")
    return facts


def chapter_of(name):
    return name.partition(": ")[0]


@dataclass
class Difference:
    name: str
    linux: str = ""
    ours: str = ""
    why: str = ""
    on: str = ""
    line: int = 0
    used: bool = False

    def covers(self, name, linux, ours):
        return (fnmatch.fnmatchcase(name, self.name) and fnmatch.fnmatchcase(linux, self.linux)
                and fnmatch.fnmatchcase(ours, self.ours))


def differences_read(path, on):
    """Those that count on that file system."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            found.append(Difference(name=line.strip(), line=number))
            continue
        key, _, value = line.strip().partition(": ")
        if not found or key not in ("linux", "ours", "why", "on") or not value or getattr(found[-1], key):
            raise FactsError(f"{path.name}:{number}: not understood: {line.strip()}")
        setattr(found[-1], key, value)
    for difference in found:
        if not (difference.ours and difference.why) or (difference.ours != LEFT_OUT and not difference.linux):
            raise FactsError(f"{path.name}:{difference.line}: it needs linux, ours and why")
    return [difference for difference in found if not difference.on or on in difference.on.split()]


def compare(expected, actual, differences, may_leave_out=()):
    """What is wrong, as texts, and the number of facts that are as expected or allowed to differ."""
    wrong = [f"{name}: two facts have this name" for name in actual.repeated]
    good = 0
    out = set()
    for chapter in actual.left_out:
        allowed = [d for d in differences if d.name == chapter and d.ours == LEFT_OUT]
        for difference in allowed:
            difference.used = True
        out.add(chapter)
        if not allowed and chapter not in may_leave_out:
            wrong.append(f"{chapter}: left out")
    missing = {}
    for name, linux in expected.results.items():
        if chapter_of(name) in out:
            continue
        if name not in actual.results:
            missing[chapter_of(name)] = missing.get(chapter_of(name), []) + [name]
            continue
        ours = actual.results[name]
        allowed = [d for d in differences if d.covers(name, linux, ours)]
        if ours == linux or allowed:
            good += 1
        else:
            wrong.append(f"{name}: {linux} on Linux, {ours} here")
        if ours != linux:
            for difference in allowed:
                difference.used = True
    for name, result in actual.results.items():
        if name not in expected.results:
            wrong.append(f"{name}: {result}, and not known of Linux")
    for chapter, names in missing.items():
        wrong.append(f"{chapter}: {len(names)} facts are missing, first: {names[0]}")
    if actual.total < 0:
        wrong.append("the program did not come to its end")
    elif actual.total != len(actual.results) + len(actual.repeated):
        wrong.append(f"the program counted {actual.total} facts, there are {len(actual.results)}")
    wrong += [f"{DIFFERENCES.name}:{d.line}: {d.name}: there is no such difference" for d in differences
              if not d.used and chapter_of(d.name) not in out]
    return wrong, good


def expected_read():
    facts = parse(EXPECTED.read_text())
    if facts.repeated or facts.left_out or facts.total != len(facts.results):
        raise FactsError(f"{EXPECTED.name} is damaged: write it anew")
    return facts


def compare_veridian(text, on):
    expected = expected_read()
    chapters = {chapter_of(name) for name in expected.results}
    return compare(expected, parse(text, chapters), differences_read(DIFFERENCES, on))


# ---- on this machine ----

def file_system_of(folder):
    """Its type, by the longest mount point above it."""
    best = ("", "unknown")
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            _, point, kind = line.split()[:3]
            point = point.replace("\\040", " ").rstrip("/")
            if (os.path.realpath(folder) + "/").startswith(point + "/") and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def folders():
    """Where to run: one folder of each type that is compared, by its type; or any folder, with an empty type."""
    found = {}
    for folder in (tempfile.gettempdir(), "/dev/shm", "/var/tmp", os.getcwd()):
        if os.path.isdir(folder) and os.access(folder, os.W_OK):
            kind = file_system_of(folder)
            if kind in COMPARED_ON:
                found.setdefault(kind, folder)
    return found or {"": tempfile.gettempdir()}


def reachable_by_others(folder):
    path = Path(folder).resolve()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def output_of(program, folder):
    with tempfile.TemporaryDirectory(prefix="facts-", dir=folder) as work:
        os.chmod(work, 0o755)  # for other users
        done = subprocess.run([os.path.abspath(program), work], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, encoding="utf-8", errors="backslashreplace")
    if done.returncode != 0:
        raise FactsError(f"ended with status {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def check(program):
    failed = passed = 0
    for kind, folder in folders().items():
        facts = parse(output_of(program, folder))
        may_leave_out = set()
        if os.geteuid() != 0:
            may_leave_out = {"as_root", "as_user"}
        elif not reachable_by_others(folder):
            may_leave_out = {"as_user"}
        if kind:
            wrong, good = compare(expected_read(), facts, [], may_leave_out)
        else:
            print(f"{folder} is neither of {', '.join(COMPARED_ON)}: the program runs, nothing is compared")
            wrong, good = [], 1
        for text in wrong:
            print(f"{kind} in {folder}: {text}")
        failed += len(wrong)
        passed += good
    print(f"DONE {passed} passed, {failed} failed")
    return 1 if failed else 0


def update(program):
    facts = None
    for kind, folder in folders().items():
        text = output_of(program, folder)
        other = parse(text)
        if not kind or other.left_out or other.repeated:
            raise FactsError("run this as user 0 where there is ext4 or tmpfs; left out: "
                             f"{other.left_out}; twice: {other.repeated}")
        if facts and facts.results != other.results:
            differ = [name for name in facts.results if facts.results[name] != other.results.get(name)]
            raise FactsError(f"file systems differ: {differ}")
        facts = other
    EXPECTED.parent.mkdir(exist_ok=True)
    EXPECTED.write_text(text)
    print(f"{len(facts.results)} facts")
    return 0


def main(arguments):
    try:
        if len(arguments) == 2 and arguments[0] == "check":
            return check(arguments[1])
        if len(arguments) == 2 and arguments[0] == "update":
            return update(arguments[1])
        if len(arguments) in (2, 3) and arguments[0] == "compare":
            text = Path(arguments[1]).read_text(errors="backslashreplace")
            wrong, good = compare_veridian(text, arguments[2] if len(arguments) == 3 else "tmpfs")
            print("\n".join(wrong + [f"DONE {good} passed, {len(wrong)} failed"]))
            return 1 if wrong else 0
    except (FactsError, subprocess.TimeoutExpired, OSError) as error:
        print(error)
        return 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
