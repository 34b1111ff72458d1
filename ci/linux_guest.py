# SPDX-License-Identifier: BSD-2-Clause
"""The Linux that benchmarks are compared with: Debian's kernel for riscv64 as ci/setup fetches it (group `peer`), and an initial
RAM disk with our programs, the kernel modules they need and bench/linux/init.c, which does the lines of a job."""

import lzma
import re
import subprocess
import sys

import build
from ui import Failure, progress

sys.path.insert(0, str(build.ROOT / "boot"))

import pack  # noqa: E402

PEER = build.BUILD / "setup" / "peer"
OUTPUT = build.BUILD / "bench-linux"
COMPILER = "riscv64-linux-gnu-gcc"
FLAGS = ["-std=gnu11", "-O2", "-static", "-s", "-pthread", "-Wall", "-Wextra", "-Werror", "-I."]
CONSOLE = "console=ttyS0 quiet panic=-1"
# The driver of the performance counters stops the instruction counter; without it programs can read it.
COUNTING = "initcall_blacklist=pmu_sbi_devinit INSTRET=1"
MODE_FOLDER, MODE_FILE = 0o040755, 0o100755
SIGNATURE_MARK = b"~Module signature appended~\n"


def set_up():
    done = subprocess.run([str(build.ROOT / "ci" / "setup"), "base", "peer"])
    if done.returncode != 0:
        raise Failure("bench: the Linux to compare with could not be fetched")


def name():
    """Package and version of the kernel."""
    fields = dict(re.findall(r"^(\w+): (.*)$", (PEER / "package").read_text(), re.MULTILINE))
    return f"{fields['Package']} {fields['Version']}"


def kernel():
    return PEER / "kernel"


def program(source):
    """The static program made of a source file, relative to the checkout; compiled each time, which takes a second."""
    progress(f"bench: {source} for Linux")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = OUTPUT / source.replace("/", "_").removesuffix(".c")
    done = subprocess.run([COMPILER, *FLAGS, "-o", str(target), source], cwd=build.ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f"{done.stdout.rstrip()}\nbench: {source} does not compile for Linux")
    return target.read_bytes()


def module_file(wanted):
    plain = wanted.replace("-", "_")
    for path in (PEER / "usr").rglob("*.ko*"):
        if path.name.split(".")[0].replace("-", "_") == plain:
            return path
    return None


def modules(names, found=None):
    """Modules by name, unpacked, each behind those it depends on; what is no module is part of the kernel."""
    found = {} if found is None else found
    for wanted in names:
        path = module_file(wanted)
        if wanted in found or path is None:
            continue
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        modules(filter(None, depends.group(1).decode().split(",")) if depends else [], found)
        if data.endswith(SIGNATURE_MARK):  # checking it takes longer than all the rest of the start
            at = len(data) - len(SIGNATURE_MARK)
            data = data[:at - 12 - int.from_bytes(data[at - 4:at], "big")]
        found[wanted] = data
    return found


def initial_disk(entries):
    """A newc cpio of [(name, bytes)]; folders are made where a name needs one."""
    out = bytearray()
    made = set()

    def add(entry, mode, data):
        raw = entry.encode() + b"\0"
        out.extend(pack.header(len(made) + 1, mode, 1, len(data), len(raw)) + raw)
        out.extend(bytes(-len(out) % 4))
        out.extend(data)
        out.extend(bytes(-len(out) % 4))
        made.add(entry)

    for entry, data in entries:
        parts = entry.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in made:
                add(folder, MODE_FOLDER, b"")
        add(entry, MODE_FILE, data)
    out.extend(pack.header(0, 0, 1, 0, 11) + b"TRAILER!!!\0")
    return bytes(out)


def make(label, programs, wanted_modules, job):
    """The initial RAM disk's path. programs: {name in it: source}; job: lines of bench/linux/init.c, run after the modules."""
    loaded = modules(wanted_modules)
    lines = ["mount devtmpfs dev /dev", "mount proc proc /proc", *(f"load /modules/{entry}.ko" for entry in loaded), *job]
    entries = [("init", program("bench/linux/init.c")), ("job", "".join(f"{line}\n" for line in lines).encode())]
    entries += [(f"modules/{entry}.ko", data) for entry, data in loaded.items()]
    entries += [(entry, program(source)) for entry, source in programs.items()]
    path = OUTPUT / f"{label}.cpio"
    path.write_bytes(initial_disk(entries))
    return path
