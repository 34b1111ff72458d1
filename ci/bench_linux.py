# SPDX-License-Identifier: BSD-2-Clause
"""The groups `linux-files`, `linux-disk`, `linux-programs` and `linux-pipes` of `./veridian bench`: the programs of bench/posix on Veridian and on Linux, in the same
QEMU with the same memory, disk and firmware, by turns. Only what was asked for by name is run: Debian's kernel and a compiler for it
are fetched first (ci/setup peer). What is printed for each figure is `name ours linux ratio target`, medians of RUNS runs."""

import re
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import additions
import build
import image
import linux_guest
import qemu
from console import Console, ConsoleError
from ui import Failure, line, progress, progress_end

RUNS = 3
TIMEOUT_S = 1200
MEMORY = "1G"
SERVICES = "etc/init/bench-linux.toml"
SYSTEM_SERVICES = build.ROOT / "userland" / "etc" / "init" / "services.toml"
FIGURE = re.compile(r"^([a-z][a-z0-9_]*) (\d+\.\d) (\S+)$", re.MULTILINE)
JOB_END = r"^JOB (?:DONE|FAILED)(.*)\n"
FORBID = [r"^(?:\[[^\]\n]*\]\s*)?(?:Kernel panic|PANIC)"]
DISK_MODULES = ["virtio_mmio", "virtio_blk"]
EXT4_MODULES = [*DISK_MODULES, "crc32c_generic", "ext4"]
COUNTED = ["-icount", "shift=0,sleep=on"]  # a guest that waits for the disk must not see its clock run ahead
FILE_MIB = 256  # for linux-disk
PROGRAMS = "/system/bench/posix"  # where Veridian has them
DISK = "/disk"  # where the ext4 is mounted
SETTLE_S = 5  # Linux has threads that go on preparing things for a while and take half of the hart

# Lines of a job: `run PROGRAM ARGUMENT…`, `mount`, `umount`, `forget` (what is in the page cache of a raw disk). {disk}: its path
FILES_JOB = ["run fs {tmp} tmpfs 20", "mount", "run fs {mounted} ext4 10 sync", "umount"]
PROGRAMS_JOB = ["run threads", "run memory", "run signals", "run spawn {programs}/tiny"]
PIPES_JOB = ["run pipe {programs}/pipe", "run poll"]
THROUGHPUT = ["seq_w", "seq_r", "seq_w_direct", "seq_r_direct", "iops_r 2 1", "iops_w 2 1", "iops_r 2 8", "iops_w 2 8"]


@dataclass
class Group:
    counted: bool  # in instructions: less is better; else throughput: more is
    target: float  # ours by Linux's
    jobs: dict  # part of the figures' names -> lines
    programs: tuple = ("fs", "blk")  # of bench/posix
    disk: bool = True
    modules: list = field(default_factory=lambda: EXT4_MODULES)


def throughput_job(path, before, after):
    steps = []
    for arguments in THROUGHPUT:
        mode, *rest = arguments.split()
        steps += [*before, " ".join(["run blk", mode, path, str(FILE_MIB), *rest]), *after]
    return steps


GROUPS = {
    "linux-files": Group(True, 0.5, {"": FILES_JOB}),
    "linux-programs": Group(True, 0.25, {"": PROGRAMS_JOB}, ("threads", "memory", "signals", "spawn", "tiny"), disk=False, modules=[]),
    "linux-pipes": Group(True, 0.25, {"": PIPES_JOB}, ("pipe", "poll"), disk=False, modules=[]),
    "linux-disk": Group(False, 1.0, {
        "ext4_": throughput_job("{mounted}/file", ["mount"], ["umount"]),
        "raw_": throughput_job("{disk}", ["forget"], []),
    }),
}


# ---- the two systems ----

def linux_job(steps):
    out = ["mount tmpfs none /tmp", f"sleep {SETTLE_S}"]
    for step in steps:
        verb, _, rest = step.format(tmp="/tmp", mounted=DISK, disk="/dev/vda", programs="/bin").partition(" ")
        out.append({"run": f"run /bin/{rest}", "mount": f"mount ext4 /dev/vda {DISK}", "umount": f"umount {DISK}",
                    "forget": "write /proc/sys/vm/drop_caches 3"}[verb])
    return out


def linux_machine(group, part, steps):
    archive = linux_guest.make(f"{part}initrd", {f"bin/{name}": f"bench/posix/{name}.c" for name in group.programs}, group.modules,
                               linux_job(steps))
    append = f"{linux_guest.CONSOLE} {linux_guest.COUNTING if group.counted else ''}".strip()
    return qemu.Machine(smp=1, mem=MEMORY, append=append, kernel=linux_guest.kernel(), archive=archive)


def veridian_commands(steps, counted):
    out = [f"mkdir {DISK}", f"sleep {SETTLE_S}"]
    for step in steps:
        verb, _, rest = step.format(tmp="/tmp", mounted=DISK, disk="/dev/disk0", programs=PROGRAMS).partition(" ")
        out.append({"run": f"{'INSTRET=1 ' if counted else ''}{PROGRAMS}/{rest}", "mount": f"mount -t ext4 /dev/disk0 {DISK}",
                    "umount": f"umount {DISK}", "forget": "true"}[verb])
    return f"{' && '.join(out)} && echo JOB DONE || echo JOB FAILED; shutdown"


def veridian_services(commands):
    """The system's services with the job instead of the shell."""
    text = SYSTEM_SERVICES.read_text()
    tables = re.split(r"(?m)^(?=\[\[services\]\])", text)
    kept = [table for table in tables if 'name = "shell"' not in table]
    job = ('[[services]]\nname = "job"\npath = "/bin/vsh"\n' f"args = ['-c', '{commands}']\n" 'depends_on = ["devmgr", "vfs", "procd", "tty"]\n'
           'capabilities = ["files", "mounts", "processes", "bootfs", "devices", "power"]\nconsole = true\n')
    if len(kept) != len(tables) - 1 or "'" in commands:
        raise Failure(f"bench: {SYSTEM_SERVICES.relative_to(build.ROOT)} is not what ci/bench_linux.py knows")
    return "".join([*kept, job])


def veridian_machine(group, part, steps, append):
    services = linux_guest.OUTPUT / f"{part}services.toml"
    services.write_text(veridian_services(veridian_commands(steps, group.counted)))
    programs = build.folder("release") / "bench"
    added = [additions.Addition(SERVICES, services)]
    added += [additions.Addition(f"bench/posix/{name}", programs / f"bench-posix-{name}") for name in group.programs]
    archive = additions.make("release", added, linux_guest.OUTPUT / f"{part}boot.cpio")
    return qemu.Machine(smp=1, mem=MEMORY, append=f"services={SERVICES} {append}".strip(), archive=archive)


# ---- runs ----

def make_disk(path, raw):
    """An ext4 as mkfs makes it, with the file that is read and written; or bytes."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        file = path if raw else tree / "file"
        with open("/dev/urandom", "rb") as source, open(file, "wb") as target:
            for _ in range(FILE_MIB):
                target.write(source.read(1 << 20))
        if not raw:
            path.unlink(missing_ok=True)
            subprocess.run(["truncate", "-s", f"{4 * FILE_MIB}M", str(path)], check=True)
            image.tool(["mkfs.ext4", "-q", "-F", "-E", "root_owner=0:0", "-d", str(tree), str(path)])


def run(machine, label, disk, counted, extra):
    machine.disks = [disk] if disk else []
    machine.extra = [*(COUNTED if counted else []), *extra]
    command = qemu.command(machine, ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"])
    log = linux_guest.OUTPUT / f"{label}.log"
    with Console(command, log, f"{qemu.version_text()}\n{' '.join(command)}", FORBID, TIMEOUT_S) as console:
        try:
            end = console.expect(JOB_END)
            console.wait_exit()
        except ConsoleError as error:
            raise Failure(f"{tail(console)}\nbench: {label}: {error}; the log is {log.relative_to(build.ROOT)}") from None
        if "FAILED" in end.group(0):
            raise Failure(f"{tail(console)}\nbench: {label}: {end.group(0).strip()}; the log is {log.relative_to(build.ROOT)}")
        return {name: (float(value), unit) for name, value, unit in FIGURE.findall(console.text)}


def tail(console):
    return "\n".join(f"  | {row}" for row in console.text.splitlines()[-20:])


def compare(ours, theirs, group):
    """Rows for people. ours, theirs: {name: [(value, unit)]} of all runs."""
    if set(ours) != set(theirs):
        raise Failure(f"bench: figures that only one system has: {' '.join(sorted(set(ours) ^ set(theirs)))}")
    rows = []
    for name, values in ours.items():
        mine, other = (statistics.median(value for value, _ in found) for found in (values, theirs[name]))
        unit = values[0][1]
        ratio = mine / other if other else float("inf")
        missed = ratio > group.target if group.counted else ratio < group.target
        target = f"{'<=' if group.counted else '>='}{group.target:.2f}"
        rows.append((name, f"{mine:.0f}", f"{other:.0f}", unit, f"{ratio:.2f}", target, "missed" if missed else ""))
    return rows


def table(rows):
    rows = [("name", "ours", "linux", "unit", "ratio", "target", "")] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for name, *numbers, mark in rows:
        cells = [f"{number:>{width}}" for number, width in zip(numbers, widths[1:])]
        line(f"{name:<{widths[0]}}  {'  '.join(cells)}  {mark}".rstrip())


def measure(name, append="", extra=()):
    group = GROUPS[name]
    linux_guest.OUTPUT.mkdir(parents=True, exist_ok=True)
    ours, theirs = {}, {}
    for part, steps in group.jobs.items():
        systems = [("veridian", veridian_machine(group, part, steps, append), ours), ("linux", linux_machine(group, part, steps), theirs)]
        pristine = linux_guest.OUTPUT / "disk.pristine"
        disk = linux_guest.OUTPUT / "disk" if group.disk else None
        if disk:
            progress(f"bench: {name}: making a disk")
            make_disk(pristine, raw=part == "raw_")
        for number in range(RUNS):
            for system, machine, figures in systems:
                if disk:
                    shutil.copyfile(pristine, disk)
                progress(f"bench: {name}: {part}{system}, run {number + 1} of {RUNS}")
                seed = ["-seed", str(number + 1)]
                for figure, value in run(machine, f"{part}{system}", disk, group.counted, [*seed, *extra]).items():
                    figures.setdefault(part + figure, []).append(value)
                if disk and part != "raw_":
                    image.tool(["e2fsck", "-fn", str(disk)])  # fast and wrong is no figure
        if disk:
            pristine.unlink()
            disk.unlink()
    progress_end()
    return compare(ours, theirs, group)


def bench(names, append="", extra=()):
    linux_guest.set_up()
    for name in names:
        rows = measure(name, append, extra)
        line(f"{name}: {linux_guest.name()}, {qemu.version_text()}, {RUNS} runs of each by turns, -m {MEMORY}, one hart"
             f"{', instructions' if GROUPS[name].counted else ''}:")
        table(rows)
    return 0
