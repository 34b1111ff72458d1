# SPDX-License-Identifier: BSD-2-Clause
"""The group `boot` of `./veridian bench`: the way to the prompt, the memory in use there, and the sizes of what is booted. The
system itself is measured, as it is booted by `./veridian run`; two services that start when the shell is ready show the memory
and the log. Nothing is typed: the moment of a key would change the figures."""

import re
import subprocess
import sys

import build
import qemu
from console import Console, ConsoleError
from symbols import symbolized
from ui import Failure

sys.path.insert(0, str(build.ROOT / "boot"))

import pack  # noqa: E402

GROUP = "boot"
TIMEOUT_S = 300
SERVICES = "etc/init/bench-boot.toml"
TEXT_BUDGET = 96 << 10
PROMPT_BUDGET_US = 50_000
MEMORY_BUDGET = 12 << 20  # without the programs that only tests and benchmarks use
TEST_FOLDERS = ("test/", "bench/")
PROMPT = "^/> "
SHELL_READY = r"^\[ *\d+\.\d+\] init: shell is ready\n"  # in the log, which is shown behind the prompt
FORBID = [r"^(?:\[[^\]\n]*\]\s*)?PANIC"]
ENTERED = re.compile(r"^\[ *\d+\.\d+\] entered (\d+) us after the clock began to run$", re.MULTILINE)
MEMORY = {"used": "mem_at_prompt", "kernel image": "mem_kernel_image", "kernel objects": "mem_kernel_objects",
          "programs": "mem_programs"}


def stamp_us(text, message):
    found = re.search(rf"^\[ *(\d+)\.(\d{{6}})\] {re.escape(message)}$", text, re.MULTILINE)
    if not found:
        raise Failure(f"bench {GROUP}: the log has no line '{message}'")
    return int(found.group(1)) * 1000000 + int(found.group(2))


def times(log):
    entered = ENTERED.search(log)
    if not entered:
        raise Failure(f"bench {GROUP}: the log does not say when the kernel was entered")
    entry = int(entered.group(1))
    prompt = stamp_us(log, "init: shell is ready")
    return [
        ("boot_reset_to_kernel", entry, "us"),
        ("boot_kernel_to_devmgr", stamp_us(log, "init: devmgr is ready") - entry, "us"),
        ("boot_kernel_to_prompt", prompt - entry, "us", PROMPT_BUDGET_US),
        ("boot_reset_to_prompt", prompt, "us"),
    ]


def memory(shown):
    figures = []
    for row, name in MEMORY.items():
        found = re.search(rf"^ *{row} +(\d+) ", shown, re.MULTILINE)
        if not found:
            raise Failure(f"bench {GROUP}: mem does not tell '{row}'")
        figures.append((name, int(found.group(1)), "bytes"))
    figures.insert(1, ("mem_without_tests", figures[0][1] - tests_bytes(), "bytes", MEMORY_BUDGET))
    return figures


def tests_bytes():
    """What the boot archive holds for tests and benchmarks alone."""
    entries = pack.unpack((build.folder("release") / "boot.cpio").read_bytes())
    return sum(len(data) for name, data, _ in entries if name.startswith(TEST_FOLDERS))


def section_sizes(elf):
    command = ["riscv64-unknown-elf-size", "-A", "-d", str(elf)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)\s", done.stdout, re.MULTILINE)}


def sizes():
    output = build.folder("release")
    return [
        ("size_kernel_text", section_sizes(build.kernel_elf("release"))[".text"], "bytes", TEXT_BUDGET),
        ("size_image", (output / "Image").stat().st_size, "bytes"),
        ("size_boot_archive", (output / "boot.cpio").stat().st_size, "bytes"),
    ]


def measure(append="", extra=()):
    logs = build.BUILD / "bench-logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{GROUP}.log"
    machine = qemu.Machine(smp=1, icount=True, append=f"services={SERVICES} {append}".strip(), extra=list(extra))
    command = qemu.command(machine, ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"])
    with Console(command, log, f"{qemu.version_text()}\n{' '.join(command)}", FORBID, TIMEOUT_S) as console:
        try:
            console.expect(PROMPT)
            console.expect(SHELL_READY)
            shown = console.text
        except ConsoleError as error:
            tail = "\n".join(f"  | {row}" for row in symbolized(console.text, "release").splitlines()[-20:])
            raise Failure(f"{tail}\nbench {GROUP}: {error}; the console's log is {log.relative_to(build.ROOT)}") from None
    figures = times(shown) + memory(shown) + sizes()
    return [(figure[0], str(figure[1]), figure[2], str(figure[3]) if len(figure) > 3 else "-") for figure in figures]
