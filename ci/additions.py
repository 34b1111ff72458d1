# SPDX-License-Identifier: BSD-2-Clause
"""Files that one boot gets beside what the build packed: `run --add FILE[=PATH]`, and `add` of system tests."""

import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import build
from ui import Failure

sys.path.insert(0, str(build.ROOT / "boot"))

import pack  # noqa: E402

OBJCOPY = "riscv64-unknown-elf-objcopy"
MANIFEST_SECTION = b".veridian.bind"
ELF_MAGIC = b"\x7fELF"
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
ELF_SECTION = struct.Struct("<IIQQQQIIQQ")
ELF_PROGRAM = struct.Struct("<IIQQQQQQ")
CLASS_64, LITTLE_ENDIAN = 2, 1
TYPE_NAMES = {1: "an object file", 3: "position independent", 4: "a core dump"}
TYPE_PROGRAM = 2
MACHINE_RISCV = 243
SEGMENT_INTERPRETER = 3


@dataclass
class Addition:
    name: str  # in the archive
    path: Path


class BadElf(Exception):
    pass


def table(data, layout, offset, entry_size, count):
    if count and (entry_size != layout.size or offset + count * entry_size > len(data)):
        raise BadElf("is a damaged ELF file")
    return [layout.unpack_from(data, offset + i * entry_size) for i in range(count)]


def is_driver(data):
    """Whether a program has a driver's manifest. BadElf: it is no program for this system."""
    if data[:4] != ELF_MAGIC:
        raise BadElf("is not an ELF file")
    if len(data) < ELF_HEADER.size:
        raise BadElf("is a damaged ELF file")
    (ident, kind, machine, _, _, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum,
     shstrndx) = ELF_HEADER.unpack_from(data)
    if machine != MACHINE_RISCV or ident[4] != CLASS_64 or ident[5] != LITTLE_ENDIAN:
        raise BadElf("is not an ELF file for riscv64")
    if kind != TYPE_PROGRAM:
        raise BadElf(f"is {TYPE_NAMES.get(kind, 'of an unknown type')}, not a program linked for Veridian")
    if any(segment[0] == SEGMENT_INTERPRETER for segment in table(data, ELF_PROGRAM, phoff, phentsize, phnum)):
        raise BadElf("needs another system's dynamic linker: it is not linked for Veridian")
    sections = table(data, ELF_SECTION, shoff, shentsize, shnum)
    if shstrndx >= len(sections):
        return False
    strings = data[sections[shstrndx][4]:][:sections[shstrndx][5]]
    return any(strings[section[0]:].split(b"\0", 1)[0] == MANIFEST_SECTION for section in sections)


def parse(spec, base=None):
    """`FILE[=PATH]`; FILE may contain `=` itself, and is relative to base."""
    base = Path(base) if base else Path()
    path, name = base / spec, ""
    if not os.path.exists(path) and "=" in spec:  # Path.exists raises where a name is too long
        file, _, name = spec.rpartition("=")
        path = base / file
        if not name:
            raise Failure(f"--add {spec}: no path in the archive after the '='")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Failure(f"--add {spec}: there is no file {path}") from None
    except OSError as error:
        raise Failure(f"--add {spec}: {path}: {error.strerror}") from None
    try:
        driver = is_driver(data)
    except BadElf as error:
        if data[:4] == ELF_MAGIC:
            raise Failure(f"--add {spec}: {path} {error}") from None
        if not name:
            raise Failure(
                f"--add {spec}: {path} {error}: to add it as a file, say where it goes: {spec}=PATH") from None
        driver = False
    name = name.lstrip("/") or f"{'drivers' if driver else 'bin'}/{path.name.removesuffix('.elf')}"
    try:
        pack.check_name(name)
    except ValueError as error:
        raise Failure(f"--add {spec}: {error}") from None
    return Addition(name, path)


def parse_all(specs, base=None):
    return [parse(spec, base) for spec in specs]


def make(flavour, additions, output, without=()):
    """The flavour's boot archive with the additions, as a file of its own. without: folders that are left out."""
    archive = [entry for entry in pack.unpack((build.folder(flavour) / "boot.cpio").read_bytes())
               if entry[0].split("/", 1)[0] not in without]
    taken = {name: None for name, _, _ in archive}
    for addition in additions:
        if addition.name in taken:
            first = taken[addition.name]
            whose = f"{first} is added as" if first else "the boot archive has"
            raise Failure(f"--add {addition.path}: {whose} {addition.name} already; name another place: "
                          f"--add {addition.path}=PATH")
        taken[addition.name] = addition.path
        try:
            archive.append((addition.name, *pack.read_file(str(addition.path), OBJCOPY)))
        except FileNotFoundError as error:
            raise Failure(f"--add {addition.path}: {error.filename} is missing: run ci/setup") from None
        except subprocess.CalledProcessError:
            raise Failure(f"--add {addition.path}: {OBJCOPY} cannot read it") from None
    output.parent.mkdir(parents=True, exist_ok=True)
    pack.replace_file(str(output), pack.pack(archive))
    return output
