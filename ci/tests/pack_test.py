# SPDX-License-Identifier: BSD-2-Clause
"""The boot archive's packer: layout, determinism, refusals."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "boot"))

import pack  # noqa: E402


def read_newc(archive):
    """An independent reader, by the format's description: list of (name, mode, data, offset of data)"""
    entries, at = [], 0
    while True:
        magic, fields = archive[at:at + 6], archive[at + 6:at + 110]
        assert magic == b"070701", (at, magic)
        values = [int(fields[i:i + 8], 16) for i in range(0, 104, 8)]
        mode, nlink, mtime, size, namesize, check = values[1], values[4], values[5], values[6], values[11], values[12]
        name_field = archive[at + 110:at + 110 + namesize]
        assert len(name_field) == namesize and name_field.endswith(b"\0")
        name = name_field.split(b"\0", 1)[0].decode()
        data_at = (at + 110 + namesize + 3) // 4 * 4
        if name == "TRAILER!!!":
            return entries
        assert (values[2], values[3], mtime, nlink, check) == (0, 0, 0, 1, 0)
        entries.append((name, mode, archive[data_at:data_at + size], data_at))
        at = (data_at + size + 3) // 4 * 4


class PackTest(unittest.TestCase):
    def test_entries_come_back_in_order_and_on_page_boundaries(self):
        sizes = [0, 1, 3, 4, 4095, 4096, 4097, 100000]
        entries = [(f"dir/file{size}", bytes(i % 251 for i in range(size)), size % 2 == 0) for size in sizes]
        found = read_newc(pack.pack(entries))
        self.assertEqual([(name, data) for name, _, data, _ in found], [(n, d) for n, d, _ in entries])
        for (_, mode, _, data_at), (_, _, executable) in zip(found, entries):
            self.assertEqual(data_at % pack.PAGE, 0)
            self.assertEqual(mode, 0o100755 if executable else 0o100644)

    def test_every_name_length_keeps_the_alignment(self):
        entries = [("n" * length, b"x" * length, False) for length in range(1, pack.NAME_MAX + 1)]
        for name, _, data, data_at in read_newc(pack.pack(entries)):
            self.assertEqual(len(name), len(data))
            self.assertEqual(data_at % pack.PAGE, 0)

    def test_archive_is_whole_pages_and_repeatable(self):
        entries = [("sbin/init", b"\x7fELF", True), ("etc/motd", b"hello\n", False)]
        archive = pack.pack(entries)
        self.assertEqual(len(archive) % pack.PAGE, 0)
        self.assertEqual(archive, pack.pack(entries))

    def test_unpacked_again(self):
        entries = [("n" * length, b"x" * length, length % 2 == 0) for length in range(1, 100)]
        self.assertEqual(pack.unpack(pack.pack(entries)), entries)
        archive = pack.pack(entries)
        for cut in (0, 5, 100, len(archive) // 2, len(archive) - pack.PAGE):
            with self.assertRaises(ValueError):
                pack.unpack(archive[:cut])

    def test_no_entries(self):
        self.assertEqual(read_newc(pack.pack([])), [])

    def test_bad_names_are_refused(self):
        for name in ("", "/abs", "a//b", "a/../b", ".", "a/", "a\0b", "n" * (pack.NAME_MAX + 1), "ü" * 128):
            with self.subTest(name=name), self.assertRaises(ValueError):
                pack.pack([(name, b"", False)])

    def test_duplicates_are_refused(self):
        with self.assertRaises(ValueError):
            pack.pack([("a", b"1", False), ("a", b"2", False)])

    def run_program(self, *arguments):
        return subprocess.run(
            [sys.executable, str(ROOT / "boot" / "pack.py"), *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def test_program_writes_archive_and_map(self):
        with tempfile.TemporaryDirectory() as folder:
            source, output = Path(folder) / "motd", Path(folder) / "boot.cpio"
            source.write_text("#!/bin/vsh\n")
            done = self.run_program(str(output), f"etc/motd={source}")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            (name, mode, data, _), = read_newc(output.read_bytes())
            self.assertEqual((name, mode, data), ("etc/motd", 0o100755, b"#!/bin/vsh\n"))
            self.assertEqual(Path(f"{output}.map").read_text(), f"etc/motd={source}\n")

    def test_program_fails_cleanly_and_leaves_no_archive(self):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "boot.cpio"
            for spec in (f"a={folder}/missing", "no-equals", f"../a={__file__}"):
                done = self.run_program(str(output), spec)
                self.assertEqual(done.returncode, 1)
                self.assertTrue(done.stderr.startswith("pack: "), done.stderr)
                self.assertFalse(output.exists())


if __name__ == "__main__":
    unittest.main()
