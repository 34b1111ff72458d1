# SPDX-License-Identifier: BSD-2-Clause
"""Names for the addresses in a backtrace. The console's bytes pass through untouched; only at the end of a line that
is a frame, the function and its place in the source are added.

A frame is `  #N 0xADDRESS` (kernel; a `?` after it means a guess) or `  #N 0xADDRESS PROGRAM` (user), PROGRAM being a path
in the boot archive or its last part; in lines of the log, what stands in front of them there is passed over."""

import os
import re
import subprocess

import build

FRAME = re.compile(rb"^\s*(?:\[[^\]]*\]\s*(?:[A-Z]+\s+)?(?:\w+:\s+)?)?#(\d+)\s+0x([0-9a-fA-F]{8,16})(?:\s+([\w./+-]+|\?))?\s*$")
KERNEL_START = 1 << 63
LINE_MAX = 400  # longer ones are no frames
DEBUG_ROOT = "/veridian/"  # what the build maps the checkout's folder to


class Symbolizer:
    def __init__(self, flavour, addr2line="riscv64-unknown-elf-addr2line", additions=()):
        self.flavour = flavour
        self.additions = additions
        self.addr2line = addr2line
        self.archive = None
        self.known = {}

    def elf(self, address, program):
        if address >= KERNEL_START:
            return build.kernel_elf(self.flavour)
        if program is None:
            return None
        if self.archive is None:
            self.archive = build.archive_map(self.flavour) | {added.name: added.path for added in self.additions}
        if program in self.archive:
            return self.archive[program]
        matches = [path for name, path in self.archive.items() if name.rsplit("/", 1)[-1] == program]
        return matches[0] if len(matches) == 1 else None

    def name(self, frame, address, program=None):
        """'function (file:line)', or None"""
        elf = self.elf(address, program)
        if elf is None or not elf.exists():
            return None
        # Frame 0 is where it stopped; the others are return addresses, whose call is the instruction before.
        place = address - (1 if frame > 0 else 0)
        key = (elf, place)
        if key not in self.known:
            self.known[key] = self.look_up(elf, place)
        return self.known[key]

    def look_up(self, elf, place):
        try:
            done = subprocess.run(
                [self.addr2line, "-f", "-i", "-e", str(elf), hex(place)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return None
        lines = done.stdout.splitlines()
        names = []
        for function, where in zip(lines[::2], lines[1::2]):
            if function == "??":
                continue
            where = os.path.normpath(re.sub(r" \(discriminator \d+\)$", "", where))
            if where.startswith(DEBUG_ROOT):
                where = where[len(DEBUG_ROOT):]
            names.append(f"{function} ({where})" if not where.startswith("?") else function)
        return ", inlined into ".join(names) if names else None


def symbolized(text, flavour, additions=()):
    return BacktraceFilter(Symbolizer(flavour, additions=additions)).feed(text.encode() + b"\n").decode("utf-8", "replace")


class BacktraceFilter:
    """feed(bytes) returns the bytes to show."""

    def __init__(self, symbolizer):
        self.symbolizer = symbolizer
        self.line = bytearray()

    def feed(self, data):
        out = bytearray()
        for byte in data:
            if byte in b"\r\n":
                out += self.suffix()
                self.line.clear()
            elif len(self.line) <= LINE_MAX:
                self.line.append(byte)
            out.append(byte)
        return bytes(out)

    def suffix(self):
        found = FRAME.match(self.line) if b"#" in self.line else None
        if not found:
            return b""
        program = found.group(3).decode() if found.group(3) not in (None, b"?") else None
        name = self.symbolizer.name(int(found.group(1)), int(found.group(2), 16), program)
        return b" " + name.encode() if name else b""
