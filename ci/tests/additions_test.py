# SPDX-License-Identifier: BSD-2-Clause
"""`run --add`: where a file goes, and that every refusal names the culprit."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import additions  # noqa: E402
import build  # noqa: E402
from ui import Failure  # noqa: E402

RISCV, X86 = 243, 62


def elf(sections=(), machine=RISCV, kind=2, ident=(2, 1), segments=()):
    """A file with nothing in it but its tables."""
    names = b"\0" + b"\0".join(name.encode() for name in [*sections, ".shstrtab"]) + b"\0"
    phoff = additions.ELF_HEADER.size
    at = phoff + len(segments) * additions.ELF_PROGRAM.size
    table = [bytes(64)]
    for name in [*sections, ".shstrtab"]:
        size = len(names) if name == ".shstrtab" else 0
        start = names.index(b"\0" + name.encode() + b"\0") + 1
        table.append(additions.ELF_SECTION.pack(start, 3, 0, 0, at, size, 0, 0, 1, 0))
    header = additions.ELF_HEADER.pack(
        b"\x7fELF" + bytes(ident) + bytes(10), kind, machine, 1, 0, phoff, at + len(names), 0, 64,
        additions.ELF_PROGRAM.size, len(segments), additions.ELF_SECTION.size, len(table), len(table) - 1)
    programs = b"".join(additions.ELF_PROGRAM.pack(segment, 0, 0, 0, 0, 0, 0, 0) for segment in segments)
    return header + programs + names + b"".join(table)


class AdditionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)

    def file(self, name, data):
        path = self.path / name
        path.write_bytes(data)
        return str(path)

    def refused(self, spec, *words):
        with self.assertRaises(Failure) as caught:
            additions.parse(spec)
        for word in (spec.partition("=")[0], *words):
            self.assertIn(word, str(caught.exception))

    def test_default_places(self):
        driver = self.file("mine.elf", elf([".text", ".veridian.bind"]))
        program = self.file("tool", elf([".text", ".veridian.bind2", "x.veridian.bind"]))
        self.assertEqual(additions.parse(driver).name, "drivers/mine")
        self.assertEqual(additions.parse(program).name, "bin/tool")
        self.assertEqual(additions.parse(self.file("stripped", elf())).name, "bin/stripped")
        self.assertEqual(additions.parse("tool", self.path).path, self.path / "tool")

    def test_other_places(self):
        driver = self.file("d", elf([".veridian.bind"]))
        self.assertEqual(additions.parse(driver + "=test/drivers/x").name, "test/drivers/x")
        self.assertEqual(additions.parse(driver + "=/bin/x").name, "bin/x")
        text = self.file("a=b", b"words\n")
        self.assertEqual(additions.parse(text + "=etc/words").name, "etc/words")
        self.assertEqual(additions.parse(text + "=etc/words").path, Path(text))

    def test_refusals(self):
        self.refused(str(self.path / "absent"), "no file")
        self.refused(str(self.path / "absent") + "=bin/x", "no file")
        self.refused(str(self.path), "directory")
        self.refused(self.file("text", b"#!/bin/sh\n"), "not an ELF file", "=PATH")
        self.refused(self.file("empty", b""), "not an ELF file")
        self.refused(self.file("host", elf(machine=X86)), "not an ELF file for riscv64")
        self.refused(self.file("host2", elf(machine=X86)) + "=bin/x", "not an ELF file for riscv64")
        self.refused(self.file("rv32", elf(ident=(1, 1))), "riscv64")
        self.refused(self.file("big", elf(ident=(2, 2))), "riscv64")
        self.refused(self.file("mine.o", elf(kind=1)), "object file")
        self.refused(self.file("pie", elf(kind=3)), "position independent")
        self.refused(self.file("linux", elf(segments=[1, 3])), "another system's")
        program = self.file("p", elf())
        for path in ("a//b", "../x", "x/", "n" * 256):
            self.refused(f"{program}={path}", "bad archive path")
        self.refused(program + "=", "no path")

    def test_damaged_files(self):
        whole = elf([".text", ".veridian.bind"], segments=[1])
        for size in range(4, len(whole)):
            self.refused(self.file("cut", whole[:size]), "ELF file")
        for at in range(len(whole)):
            for value in (0, 0x7f, 0xff):
                spoilt = whole[:at] + bytes([value]) + whole[at + 1:]
                try:
                    additions.parse(self.file("spoilt", spoilt))
                except Failure:
                    pass  # any other exception fails the test

    def test_archive(self):
        release = self.path / "release"
        release.mkdir()
        packed = [("sbin/init", b"\x7fELF", True), ("bin/tool", b"#!", True), ("etc/motd", b"hello", False)]
        (release / "boot.cpio").write_bytes(additions.pack.pack(packed))
        text = self.file("text", b"words")
        added = additions.parse(text + "=etc/words")
        with mock.patch.object(build, "BUILD", self.path):
            made = additions.make("release", [added], self.path / "out" / "boot.cpio")
            self.assertEqual(additions.pack.unpack(made.read_bytes()), packed + [("etc/words", b"words", False)])
            with self.assertRaisesRegex(Failure, "text.*boot archive has etc/motd already.*=PATH"):
                additions.make("release", [additions.parse(text + "=etc/motd")], self.path / "boot.cpio")
            with self.assertRaisesRegex(Failure, "text is added as etc/words already"):
                additions.make("release", [added, added], self.path / "boot.cpio")
            self.assertFalse((self.path / "boot.cpio").exists())


if __name__ == "__main__":
    unittest.main()
