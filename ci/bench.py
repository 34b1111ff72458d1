# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian bench`: benchmark programs on one hart whose clock counts instructions, so that the same build gives the
same numbers on every machine. Except where QEMU's devices take part (bench/GROUP.toml): those answer in the host's time.

A group is a program bench/GROUP in the boot archive, or `boot` (bench_boot.py); bench/GROUP.toml may give it devices
(qemu_args). The program prints one line `name value unit budget` for each figure (`-` for no budget) and a last line `DONE n`,
n being the number of figures.

Groups of bench_linux.py compare with Linux; they are run only when they are named."""

import re
import tomllib

import bench_boot
import bench_linux
import build
import qemu
from console import Console, ConsoleError
from symbols import symbolized
from ui import Failure, line, progress, progress_end

PREFIX = "bench/"
LOGS = build.BUILD / "bench-logs"
TIMEOUT_S = 900
NUMBER = r"-?\d+(?:\.\d+)?"
STAMP = re.compile(r"^\[ *\d+\.\d+\] ")  # lines that come through the kernel log carry its time
FIGURE = re.compile(rf"^([a-z][a-z0-9_]*) ({NUMBER}) (\S+) ({NUMBER}|-)$")
GARBLED = re.compile(rf"^[a-z][a-z0-9_]* {NUMBER}(?: |$)")  # looks like a figure and is none
DONE = re.compile(r"^DONE (\d+)\b.*$")
FORBID = [r"^(?:\[[^\]\n]*\]\s*)?PANIC", r"^FAIL "]


def groups():
    programs = (name for name in build.archive_map("release") if name.startswith(PREFIX))
    return [bench_boot.GROUP] + sorted(name.removeprefix(PREFIX) for name in programs)


def compared(options):
    """The groups of options that compare with Linux."""
    names = [name for name in options.groups if name in bench_linux.GROUPS]
    if names and (len(names) != len(options.groups) or options.twice):
        raise Failure("bench: groups that compare with Linux are run alone, and not twice: they take what is about right", 2)
    return names


def parse(text, group):
    """The figures, in order: list of (name, value, unit, budget)"""
    figures, names = [], set()
    for number, row in enumerate(text.splitlines(), start=1):
        bare = STAMP.sub("", row)
        found = FIGURE.match(bare)
        if found:
            if found.group(1) in names:
                raise Failure(f"bench {group}: '{found.group(1)}' is printed twice")
            names.add(found.group(1))
            figures.append(found.groups())
            continue
        if GARBLED.match(row):  # in the log it may be anything: there the count of DONE tells
            raise Failure(f"bench {group}: garbled line {number}: {row}")
        done = DONE.match(bare)
        if done:
            if int(done.group(1)) != len(figures):
                raise Failure(f"bench {group}: {len(figures)} figures came, the program printed {done.group(1)}")
            if not figures:
                raise Failure(f"bench {group}: no figures")
            return figures
    raise Failure(f"bench {group}: no DONE line")


def settings_path(group):
    return build.ROOT / "bench" / f"{group}.toml"


def devices(group):
    """QEMU's arguments for what the group measures"""
    path = settings_path(group)
    if not path.exists():
        return []
    try:
        with open(path, "rb") as file:
            settings = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{path.relative_to(build.ROOT)}: {error}") from None
    unknown = sorted(set(settings) - {"qemu_args"})
    if unknown:
        raise Failure(f"{path.relative_to(build.ROOT)}: unknown key '{unknown[0]}'; known: qemu_args")
    # The later -icount counts. A guest that waits for the host must not see its clock run ahead to the next timer meanwhile.
    return ["-icount", "shift=0,sleep=on"] + list(settings.get("qemu_args", []))


def measure(group, append="", extra=()):
    progress(f"bench: {group}")
    if group == bench_boot.GROUP:
        figures = bench_boot.measure(append, extra)
        progress_end()
        return figures
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{group}.log"
    machine = qemu.Machine(
        smp=1, icount=True, append=f"init={PREFIX}{group} {append}".strip(), extra=devices(group) + list(extra))
    command = qemu.command(machine, ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"])
    with Console(command, log, f"{qemu.version_text()}\n{' '.join(command)}", FORBID, TIMEOUT_S) as console:
        try:
            console.expect(r"^(?:\[ *\d+\.\d+\] )?DONE \d+.*\n")
        except ConsoleError as error:
            tail = "\n".join(f"  | {row}" for row in symbolized(console.text, "release").splitlines()[-20:])
            raise Failure(f"{tail}\nbench {group}: {error}; the console's log is {log.relative_to(build.ROOT)}") from None
        text = console.text
    progress_end()
    return parse(text, group)


def table(figures):
    rows = []
    for name, value, unit, budget in figures:
        mark = ""
        if budget != "-" and float(value) > float(budget):
            mark = f"  over by {100 * (float(value) / float(budget) - 1):.0f} %" if float(budget) > 0 else "  over"
        rows.append((name, value, unit, budget, mark))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, value, unit, budget, mark in rows:
        line(f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {budget:>{widths[3]}}{mark}".rstrip())


def bench(options):
    build.build_system("release")
    beside_linux = compared(options)
    if beside_linux:
        return bench_linux.bench(beside_linux, options.append, options.qemu_args)
    known = groups()
    wanted = options.groups or known
    for group in wanted:
        if group not in known:
            raise Failure(f"bench: no group '{group}'; there are: {' '.join([*known, *bench_linux.GROUPS])}")
    differing = 0
    for group in wanted:
        exact = not settings_path(group).exists()  # the host's devices answer when they do
        figures = measure(group, options.append, options.qemu_args)
        if len(wanted) > 1:
            line(f"{group}:")
        table(figures)
        if options.twice:
            again = measure(group, options.append, options.qemu_args)
            for first, second in zip(figures, again):
                if first != second:
                    differing += exact
                    line(f"differs: {' '.join(first)} / {' '.join(second)}")
            if len(figures) != len(again):
                differing += 1
                line(f"differs: {len(figures)} figures, then {len(again)}")
    if differing:
        raise Failure(f"bench: {differing} figures differ between two runs")
    return 0
