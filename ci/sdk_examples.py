# SPDX-License-Identifier: BSD-2-Clause
"""Builds the examples of the SDK as somebody would who has nothing but an SDK: it is made, moved elsewhere, and used
from there, outside of the checkout. For `./veridian test`: the jobs sdk/…, and `examples` of system tests."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import additions
import build
import sdk
from outcome import Outcome
from ui import Failure

TIMEOUT_S = 300
LOG_TAIL_LINES = 40
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
lock = threading.RLock()  # jobs run in threads; each thing is made once


def names():
    return sorted(path.parent.name for path in (sdk.TEMPLATES / "examples").glob("*/meson.build"))


def once(function):
    """The function's result, or its Failure again."""
    results = {}

    @functools.wraps(function)
    def wrapper(*arguments):
        with lock:
            if arguments not in results:
                try:
                    results[arguments] = (function(*arguments), None)
                except Failure as failure:
                    results[arguments] = (None, failure)
            result, failure = results[arguments]
        if failure:
            raise failure
        return result
    return wrapper


@once
def workshop():
    """A folder outside of the checkout that holds an SDK that has been moved, at a path with a blank."""
    folder = Path(tempfile.mkdtemp(prefix="veridian-sdk-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = sdk.make(folder / "made" / "sdk")
    moved = folder / "moved to" / "the sdk"
    moved.parent.mkdir()
    os.rename(made, moved)
    return folder, moved


def run(command, folder, path):
    environment = {"PATH": f"{path / 'bin'}:{SYSTEM_PATH}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Failure(f"'{' '.join(map(str, command))}' did not end within {TIMEOUT_S} s") from None
    except FileNotFoundError:
        raise Failure(f"{command[0]} is not installed: run ci/setup base check") from None
    if done.returncode != 0:
        raise Failure(f"'{' '.join(map(str, command))}' ended with status {done.returncode}:\n"
                      + "\n".join(done.stdout.splitlines()[-LOG_TAIL_LINES:]))
    return done.stdout


@once
def built(name):
    """(what to add to a boot archive, number of host tests passed)"""
    folder, path = workshop()
    source = folder / name
    shutil.copytree(sdk.TEMPLATES / "examples" / name, source)
    run(["meson", "setup", "build", "--cross-file", str(path / "veridian.ini")], source, path)
    run(["ninja", "-C", "build"], source, path)
    run(["meson", "test", "-C", "build", "--no-rebuild", "--print-errorlogs"], source, path)
    tests = len(json.loads(run(["meson", "introspect", "--tests", "build"], source, path)))
    found = []
    for target in json.loads(run(["meson", "introspect", "--targets", "build"], source, path)):
        for file in target["filename"] if target["type"] == "executable" else ():
            try:
                additions.is_driver(Path(file).read_bytes())
            except additions.BadElf:
                continue  # for the building machine: a host test
            found.append(file)
    if (source / "Makefile").exists():
        run(["make"], source, path)
        found.append(f"{source / name}=bin/{name}-make")
    if not found:
        raise Failure(f"the example {name} builds no program for Veridian")
    return found, tests


def programs(name):
    if name not in names():
        raise Failure(f"the SDK has no example '{name}'; it has: {' '.join(names())}")
    return built(name)[0]


def check_refusals():
    """What `./veridian sdk --output` must leave alone, and what it replaces."""
    folder, _ = workshop()
    other = folder / "other"
    other.mkdir()
    (other / "mine").write_text("precious")
    for target in (other, other / "mine"):
        try:
            sdk.make(target)
        except Failure:
            continue
        raise Failure(f"an SDK was made over {target.name}")
    if [path.name for path in other.iterdir()] != ["mine"] or (other / "mine").read_text() != "precious":
        raise Failure("a refused --output was changed")
    again = Path(os.path.relpath(folder)) / "again"  # as somebody types it
    again.mkdir()
    first = contents(sdk.make(again))
    if contents(sdk.make(again)) != first:
        raise Failure("two SDKs of the same build differ")
    return Outcome(passed=3)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check_headers():
    """Each header of the SDK can be included first and alone."""
    folder, path = workshop()
    include = path / "include" / "veridian"
    headers = sorted(str(header.relative_to(include)) for part in ("sys", "protocols")
                     for header in (include / part).rglob("*.h") if header.parent != include / "sys/driver/host")
    flags = run(["veridian-pkg-config", "--cflags", "veridian"], folder, path)
    source = folder / "headers"
    source.mkdir()
    compiled = []
    for number, header in enumerate(headers):
        (source / f"{number}.c").write_text(f'#include "{header}"\n')
        compiled.append(f"{number}.c")
    compiler = f"riscv64-unknown-elf-gcc -fsyntax-only -Wall -Wextra -Werror {flags.strip()}"
    run(["sh", "-c", f"{compiler} {' '.join(compiled)}"], source, path)
    return Outcome(passed=len(headers))


def check_posix_headers():
    """The C library's headers against what POSIX has them declare, and docs/posix.md's list of what is absent."""
    folder, path = workshop()
    flags, libraries = (run(["veridian-pkg-config", option, "veridian"], folder, path).strip() for option in ("--cflags", "--libs"))
    tests = build.ROOT / "tests" / "posix" / "headers"
    command = [f"python3 -B '{tests}/headers.py' --page '{build.ROOT}/docs/posix.md' '{tests}/functions.txt' '{folder}/posix-headers'",
               f"riscv64-unknown-elf-gcc {flags} -- {libraries}"]
    output = run(["sh", "-c", " ".join(command)], folder, path)
    return Outcome(passed=int(output.strip().splitlines()[-1].split()[0]))


def check_example(name):
    _, tests = built(name)
    return Outcome(passed=1 + tests)


def jobs():
    """name -> function"""
    return {"sdk/refusals": check_refusals, "sdk/headers": check_headers, "sdk/posix_headers": check_posix_headers} | {
        f"sdk/{name}": lambda name=name: check_example(name) for name in names()}
