# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian gdb`: a debugger on the machine that `./veridian run --gdb` holds."""

import os
from pathlib import Path

import build
from ui import Failure


def socket_path():
    """In the shorter of its two forms: the system takes no more than about a hundred characters."""
    path = build.BUILD / "gdb.sock"
    return min(path, Path(os.path.relpath(path)), key=lambda form: len(str(form)))


def debug(options):
    flavour = "checked" if options.checked else "release"
    kernel = build.kernel_elf(flavour)
    if not kernel.exists():
        raise Failure("gdb: nothing is built; start the machine first: ./veridian run --gdb")
    if not socket_path().exists():
        raise Failure("gdb: no machine is waiting; in another terminal: ./veridian run --gdb")
    line = [
        "gdb-multiarch", "-q",
        "-ex", "set architecture riscv:rv64",
        "-ex", f"set substitute-path /veridian {build.ROOT}",
        "-ex", f"file {kernel}",
    ]
    archive = build.archive_map(flavour)
    for program in options.programs:
        if program not in archive:
            raise Failure(f"gdb: the boot archive has no '{program}'; it has: {' '.join(sorted(archive))}")
        line += ["-ex", f"add-symbol-file {archive[program]}"]
    line += ["-ex", f"target remote {socket_path()}"]
    try:
        os.execvp(line[0], line)
    except FileNotFoundError:
        raise Failure("gdb: gdb-multiarch is not installed: run ci/setup") from None
