# SPDX-License-Identifier: BSD-2-Clause
"""Boards as their board.toml describes them, and the QEMU command lines made from that."""

import ctypes
import functools
import os
import re
import shutil
import signal
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import build
from ui import Failure

BINARY = os.environ.get("VERIDIAN_QEMU_BINARY", "qemu-system-riscv64")
PR_SET_PDEATHSIG = 1


@dataclass
class Machine:
    board: str = "qemu-virt"
    flavour: str = "release"
    smp: int | None = None
    mem: str | None = None
    machine: str | None = None
    cpu: str = "rv64"
    disks: list = field(default_factory=list)
    disk_device: str | None = None  # instead of the board's
    append: str = ""
    firmware: str | None = None
    dtb: Path | None = None
    gdb: Path | None = None
    icount: bool = False
    kernel: Path | None = None  # instead of the flavour's own
    archive: Path | None = None  # likewise
    extra: list = field(default_factory=list)


def board_names():
    return sorted(path.parent.name for path in (build.ROOT / "boards").glob("*/board.toml"))


def load_board(name):
    path = build.ROOT / "boards" / name / "board.toml"
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise Failure(f"no board '{name}'; there are: {' '.join(board_names())}") from None
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{path.relative_to(build.ROOT)}: {error}") from None


@functools.cache
def version_text():
    if not shutil.which(BINARY):
        raise Failure(f"{BINARY} is not installed: run ci/setup")
    done = subprocess.run([BINARY, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[0]


@functools.cache
def version():
    found = re.search(r"version (\d+)\.(\d+)", version_text())
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def cpu_unusable(board, name):
    """Why this QEMU cannot show that CPU, or None."""
    needed = board.get("cpu", {}).get(name, {}).get("min_qemu", 0)
    if version()[0] < needed:
        return f"cpu {name} needs QEMU {needed}, this is {version()[0]}.{version()[1]}"
    return None


def firmware_of(machine):
    """The board's entry for the machine's firmware: {} for QEMU's own."""
    if not machine.firmware:
        return {}
    known = load_board(machine.board).get("firmware", {})
    if machine.firmware not in known:
        raise Failure(f"board {machine.board} has no firmware '{machine.firmware}'; it has: {' '.join(known) or 'none'}")
    return known[machine.firmware]


def boots_from_disk(machine):
    """A boot loader finds kernel and archive on the disk image; otherwise QEMU puts them in memory."""
    return "loader" in firmware_of(machine)


def firmware_missing(machine):
    """The firmware's file that is not here, or None."""
    entry = firmware_of(machine)
    for key in ("loader", "bios"):
        if key in entry and not (build.ROOT / entry[key]).exists():
            return f"firmware {machine.firmware} is not here ({entry[key]}): run ci/setup base check"
    return None


def comma_safe(path):
    return str(path).replace(",", ",,")


def command(machine, console):
    """console: QEMU's arguments for the serial line"""
    board = load_board(machine.board)
    settings = board["qemu"]
    cpus = board.get("cpu", {})
    unusable = cpu_unusable(board, machine.cpu)
    if unusable:
        raise Failure(unusable)
    kind = settings["machine"] + (f",{machine.machine}" if machine.machine else "")
    output = build.folder(machine.flavour)
    line = [
        BINARY, "-nodefaults", "-display", "none",
        "-machine", kind,
        "-smp", str(machine.smp or settings["smp"]),
        "-m", machine.mem or settings["mem"],
    ]
    if machine.cpu in cpus:
        line += ["-cpu", cpus[machine.cpu]["model"]]
    elif machine.cpu != "rv64":
        line += ["-cpu", machine.cpu]
    line += settings.get("args", [])
    firmware = firmware_of(machine)
    missing = firmware_missing(machine)
    if missing:
        raise Failure(missing)
    if "bios" in firmware or "bios" in settings:
        line += ["-bios", str(build.ROOT / firmware.get("bios", settings.get("bios")))]
    dtb = machine.dtb or settings.get("dtb")
    if dtb:
        line += ["-dtb", str(build.ROOT / dtb)]
    if "loader" in firmware:
        line += ["-kernel", str(build.ROOT / firmware["loader"])]
    else:
        line += ["-kernel", str(machine.kernel or output / "Image"), "-initrd", str(machine.archive or output / "boot.cpio")]
        if machine.append:
            line += ["-append", machine.append]
    for number, disk in enumerate(machine.disks):
        if "disk" not in settings:
            raise Failure(f"board {machine.board} takes no disks")
        line += ["-drive", f"if=none,id=disk{number},format=raw,file={comma_safe(disk)}"]
        line += ["-device", f"{machine.disk_device or settings['disk']},drive=disk{number}"]
    if machine.icount:
        line += ["-icount", "shift=0,sleep=off", "-seed", "1"]  # the seed is in the device tree that is read
    if machine.gdb:
        line += ["-chardev", f"socket,id=gdb,server=on,wait=off,path={comma_safe(machine.gdb)}"]
        line += ["-gdb", "chardev:gdb", "-S"]
    return line + console + machine.extra


def die_with_parent():
    """For preexec_fn: no QEMU outlives the command that started it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
