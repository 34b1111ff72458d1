# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian fmt`: all C sources of ours in the style of .clang-format."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import build
from ui import Failure, line

VERSION = 14  # others lay out some lines differently; the one of Debian 12 decides
BATCH = 16


def tool():
    """(program, None) or (None, why there is none)"""
    here = "none"
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            here = subprocess.run([name, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
            found = re.search(r"version (\d+)", here)
            if found and int(found.group(1)) == VERSION:
                return name, None
    return None, f"needs clang-format {VERSION}; here is: {here}"


def sources():
    """Ours: what git tracks or would track; third-party sources are ignored by git."""
    done = subprocess.run(  # safe.directory: a checkout that belongs to someone else is fine for listing
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.c", "*.h"],
        cwd=build.ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure("fmt: the list of sources comes from git, and this is no git checkout")
    return sorted(name for name in set(done.stdout.split("\0")) if name and (build.ROOT / name).is_file())


def batches(names):
    return [names[i:i + BATCH] for i in range(0, len(names), BATCH)]


def check():
    """(number of files, text of the complaints)"""
    program, why = tool()
    if not program:
        raise Failure(f"fmt: {why}")
    names = sources()

    def run(batch):
        done = subprocess.run(
            [program, "--dry-run", "-Werror", *batch], cwd=build.ROOT, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        return done.returncode, done.stdout

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(run, batches(names)))
    complaints = "".join(output for status, output in results if status != 0)
    return len(names), complaints


def bad_files(complaints):
    """File -> first line that is off"""
    first = {}
    for name, number in re.findall(r"^(\S+?):(\d+):\d+: error:", complaints, re.MULTILINE):
        first.setdefault(name, int(number))
    return first


def fmt(options):
    program, why = tool()
    if not program:
        raise Failure(f"fmt: {why}")
    if options.check:
        _, complaints = check()
        bad = bad_files(complaints)
        for name, number in bad.items():
            line(f"{name}:{number}: not formatted")
        if complaints:
            raise Failure(f"fmt: {len(bad)} files to format: run ./veridian fmt" if bad else complaints)
        return 0
    names = sources()
    before = {name: (build.ROOT / name).read_bytes() for name in names}

    def run(batch):
        subprocess.run([program, "-i", *batch], cwd=build.ROOT, check=True)

    with ThreadPoolExecutor() as pool:
        list(pool.map(run, batches(names)))
    for name in names:
        if (build.ROOT / name).read_bytes() != before[name]:
            line(f"formatted {name}")
    return 0
