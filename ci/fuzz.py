# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian fuzz`: libFuzzer on the parsers, on the host, with address and undefined-behaviour checks.

A target is tests/fuzz/NAME.c with LLVMFuzzerTestOneInput, and comment lines of its own (either kind of comment):
  // fuzz-sources: sys/lib/elf.c kernel/boot/cpio.c     what it is linked with, relative to the checkout; `libfdt` is known
  // fuzz-flags: -DNAME=1                               more for the compiler, if needed
  // fuzz-corpus: tests/data/dtb                        more folders of inputs to start from, if needed
  // fuzz-runs: 100000                                  inputs that `./veridian test` tries: always the same ones, about five seconds' worth
A source may be a pattern (kernel/platform/*.c). Inputs to start from are in tests/fuzz/corpus/NAME/; what a run finds grows in build/fuzz/NAME/corpus."""

import os
import re
import shutil
import subprocess
import time

import build
from ui import Failure, line, progress

FOLDER = build.ROOT / "tests" / "fuzz"
OUTPUT = build.BUILD / "fuzz"
FLAGS = [
    "-g", "-O1", "-std=gnu11", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all",
    "-fsanitize=address,undefined", "-Wall", "-Wextra", "-Werror", "-I.", "-Ibuild/release", "-Ibuild/release/sys",
]
INPUT_SECONDS = 20  # longer for one input is a hang
RSS_LIMIT_MB = 2048
REPORT_LINES = 30
CHECK_SEED = 1


def targets():
    """A file with a main() is no target but a part of other tests, such as one that replays a corpus without a fuzzer."""
    return sorted(path.stem for path in FOLDER.glob("*.c") if not re.search(r"\bmain\(", path.read_text()))


def compiler():
    for name in ("clang", "clang-14"):
        if shutil.which(name):
            return name
    raise Failure("fuzz: clang is not installed: run ci/setup base check")


def header_value(name, key):
    text = (FOLDER / f"{name}.c").read_text()
    found = re.search(rf"^\s*(?://|/?\*) {key}:\s*(.*?)\s*(?:\*/)?$", text, re.MULTILINE)
    return found.group(1).split() if found else []


def expand(name, source):
    if "*" not in source:
        return [source]
    found = sorted(str(path.relative_to(build.ROOT)) for path in build.ROOT.glob(source))
    if not found:
        raise Failure(f"fuzz: tests/fuzz/{name}.c: nothing matches {source}")
    return found


def libfdt_folder():
    wrap = build.wrap_values(build.ROOT / "subprojects" / "libfdt.wrap")
    return f"subprojects/{wrap['directory']}/libfdt"


def compile_object(command, source, flags, folder):
    """The object's path; compiled only when it or a header it used has changed."""
    target = folder / (source.replace("/", "_") + ".o")
    depends = target.with_suffix(".d")
    settings = target.with_suffix(".flags")
    wanted = " ".join([command, *flags])
    if target.exists() and depends.exists() and settings.exists() and settings.read_text() == wanted:
        made = target.stat().st_mtime
        names = depends.read_text().replace("\\\n", " ").split(":", 1)[1].split()
        try:
            if all(os.stat(build.ROOT / name).st_mtime <= made for name in names):
                return target, False
        except FileNotFoundError:
            pass
    done = subprocess.run(
        [command, *flags, "-MD", "-MF", str(depends), "-c", source, "-o", str(target)],
        cwd=build.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        target.unlink(missing_ok=True)
        raise Failure(f"{done.stdout.rstrip()}\nfuzz: {source} does not compile")
    settings.write_text(wanted)
    return target, True


def make(name):
    """Builds a target; its program's path."""
    progress(f"fuzz: building {name}")
    sources = header_value(name, "fuzz-sources")
    if not sources:
        raise Failure(f"fuzz: tests/fuzz/{name}.c has no line '// fuzz-sources:'")
    folder = OUTPUT / name
    folder.mkdir(parents=True, exist_ok=True)
    command = compiler()
    flags = FLAGS + header_value(name, "fuzz-flags")
    plain = []  # third-party: checked as it runs, but its warnings are not ours
    if "libfdt" in sources:
        sources.remove("libfdt")
        flags += ["-isystem", libfdt_folder()]
        plain = sorted(str(path.relative_to(build.ROOT)) for path in (build.ROOT / libfdt_folder()).glob("*.c"))
    sources = [file for source in sources for file in expand(name, source)]
    objects = []
    for source in [os.path.relpath(FOLDER / f"{name}.c", build.ROOT), *sources]:
        objects.append(compile_object(command, source, [*flags, "-fsanitize=fuzzer-no-link"], folder))
    for source in plain:
        objects.append(compile_object(command, source, [*flags, "-w", "-fsanitize=fuzzer-no-link"], folder))
    program = folder / name
    if not program.exists() or any(fresh for _, fresh in objects):
        done = subprocess.run(
            [command, "-fsanitize=fuzzer,address,undefined", "-o", str(program), *(str(path) for path, _ in objects)],
            cwd=build.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure(f"{done.stdout.rstrip()}\nfuzz: {name} does not link")
    return program


def report_lines(text):
    """The checkers' report, from where it starts: what went wrong and where."""
    lines = text.splitlines()
    start = next((i for i, row in enumerate(lines) if re.search(r"ERROR: |runtime error: ", row)), None)
    return lines[-REPORT_LINES:] if start is None else lines[start:start + REPORT_LINES]


def check_runs(name):
    value = header_value(name, "fuzz-runs")
    if len(value) != 1 or not value[0].isdigit() or int(value[0]) == 0:
        raise Failure(f"fuzz: tests/fuzz/{name}.c has no line '// fuzz-runs: NUMBER'")
    return int(value[0])


def check(name):
    """As run(), but the same inputs every time and on every machine: so many, from this seed, from the committed corpus."""
    runs = check_runs(name)
    fresh = OUTPUT / name / "check"  # the fuzzer writes what is new to it to the first folder it is given
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    # Named one by one: what is in a folder would come in the order in which the host's file system keeps it.
    inputs = OUTPUT / name / "inputs"
    inputs.write_text(",".join(str(path) for folder in given(name) for path in sorted(folder.rglob("*")) if path.is_file()))
    return drive(name, [fresh], [f"-seed_inputs=@{inputs}", f"-runs={runs}", f"-seed={CHECK_SEED}", "-reload=0"], f"{runs} inputs")


def run(name, seconds):
    """(inputs tried, reason for failure or None, tail of the log)"""
    found = OUTPUT / name / "corpus"
    found.mkdir(parents=True, exist_ok=True)
    return drive(name, [found, *given(name)], [f"-max_total_time={seconds}"], f"{seconds} s")


def given(name):
    """Folders with committed inputs."""
    folders = [FOLDER / "corpus" / name, *(build.ROOT / path for path in header_value(name, "fuzz-corpus"))]
    return [folder for folder in folders if folder.is_dir()]


def drive(name, folders, limits, said):
    program = make(name)
    folder = OUTPUT / name
    log = folder / "log"
    command = [
        str(program), *(str(path) for path in folders), *limits,
        f"-artifact_prefix={folder}/failed-", f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={RSS_LIMIT_MB}", "-print_final_stats=1",
    ]
    progress(f"fuzz: {name} for {said}")
    with open(log, "wb") as file:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT).returncode
    text = log.read_text(errors="replace")
    tried = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text)
    count = int(tried[-1]) if tried else 0
    if status != 0:
        artifact = re.findall(r"Test unit written to (\S+)", text)
        reason = f"failed; the input is {os.path.relpath(artifact[-1])}" if artifact else f"ended with status {status}"
        return count, reason, report_lines(text)
    if count == 0:
        return 0, "tried no input", text.splitlines()[-20:]
    return count, None, []


def fuzz(options):
    names = targets()
    if options.name:
        if options.name not in names:
            raise Failure(f"fuzz: no target '{options.name}'; there are: {' '.join(names) or 'none'}")
        names = [options.name]
    if not names:
        raise Failure("fuzz: there are no targets in tests/fuzz")
    build.build("release")  # for generated headers
    bad = 0
    for name in names:
        started = time.monotonic()
        count, reason, tail = run(name, options.seconds)
        line(f"{name}: {reason or 'ok'}, {count} inputs in {time.monotonic() - started:.1f} s")
        if reason:
            bad += 1
            for text in tail:
                line(f"  | {text}")
    return 1 if bad else 0
