#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packs the boot archive: a newc cpio whose file data lies on page boundaries, so that it can be mapped in place.

The padding is NUL bytes at the end of each name, counted in namesize; ordinary cpio readers stop at the first NUL.
The output depends on the contents alone: no times, owners or inode numbers of the machine it was made on.
"""

import argparse
import os
import subprocess
import sys
import tempfile

PAGE = 4096
HEADER_SIZE = 110
NAME_MAX = 255
MODE_FILE = 0o100000


def align(value, unit):
    return (value + unit - 1) // unit * unit


def header(ino, mode, nlink, size, namesize):
    fields = [ino, mode, 0, 0, nlink, 0, size, 0, 0, 0, 0, namesize, 0]
    return b"070701" + b"".join(b"%08x" % field for field in fields)


def check_name(name):
    if not name or name.startswith("/") or len(name.encode()) > NAME_MAX:
        raise ValueError(f"bad archive path '{name}'")
    if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
        raise ValueError(f"bad archive path '{name}'")


def pack(entries):
    """entries: list of (name, data, executable) -> archive bytes"""
    seen = set()
    out = bytearray()
    for ino, (name, data, executable) in enumerate(entries, start=1):
        check_name(name)
        if name in seen:
            raise ValueError(f"'{name}' is listed twice")
        seen.add(name)
        if len(data) > 0xFFFFFFFF:
            raise ValueError(f"'{name}' is larger than the format's 4 GiB")
        raw = name.encode() + b"\0"
        data_start = align(len(out) + HEADER_SIZE + len(raw), PAGE)
        namesize = data_start - len(out) - HEADER_SIZE
        mode = MODE_FILE | (0o755 if executable else 0o644)
        out += header(ino, mode, 1, len(data), namesize)
        out += raw.ljust(namesize, b"\0")
        out += data
        out += bytes(align(len(out), 4) - len(out))
    trailer = b"TRAILER!!!\0"
    out += header(0, 0, 1, 0, len(trailer)) + trailer
    out += bytes(align(len(out), PAGE) - len(out))
    return bytes(out)


def unpack(archive):
    """What pack made -> its entries"""
    entries, at = [], 0
    while True:
        if archive[at:at + 6] != b"070701" or len(archive) < at + HEADER_SIZE:
            raise ValueError("damaged archive")
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, namesize = fields[1], fields[6], fields[11]
        data_start = align(at + HEADER_SIZE + namesize, 4)
        name = archive[at + HEADER_SIZE:data_start].split(b"\0", 1)[0].decode()
        if name == "TRAILER!!!":
            return entries
        entries.append((name, archive[data_start:data_start + size], bool(mode & 0o111)))
        at = align(data_start + size, 4)


def read_file(path, objcopy):
    with open(path, "rb") as file:
        data = file.read()
    executable = data[:4] == b"\x7fELF"
    if executable and objcopy:
        # Debug information stays in the build folder, where the symbolizer looks for it.
        with tempfile.TemporaryDirectory() as folder:
            stripped = os.path.join(folder, "stripped")
            subprocess.run([objcopy, "--strip-all", path, stripped], check=True)
            with open(stripped, "rb") as file:
                data = file.read()
    return data, executable or data[:2] == b"#!"


def replace_file(path, data):
    partial = path + ".partial"
    with open(partial, "wb") as file:
        file.write(data)
    os.replace(partial, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objcopy", help="program that strips ELF files before packing")
    parser.add_argument("output")
    parser.add_argument("entries", nargs="+", metavar="NAME=FILE")
    options = parser.parse_args()
    entries = []
    try:
        for spec in options.entries:
            name, found, path = spec.partition("=")
            if not found:
                raise ValueError(f"'{spec}' is not NAME=FILE")
            entries.append((name, *read_file(path, options.objcopy)))
        archive = pack(entries)
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"pack: {error}")
    replace_file(options.output, archive)
    # Which file each entry came from, for whoever symbolizes addresses or wants to know what is on board.
    replace_file(options.output + ".map", "".join(spec + "\n" for spec in options.entries).encode())


if __name__ == "__main__":
    main()
