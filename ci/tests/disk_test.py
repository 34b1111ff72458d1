# SPDX-License-Identifier: BSD-2-Clause
"""The disk of `run`: what is on it, by other people's tools; that it is kept; and each refusal, which names the culprit."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import build  # noqa: E402
import disk  # noqa: E402
import image  # noqa: E402
from ui import Failure  # noqa: E402

SIZE = "320M"


def tool(*command):
    environment = dict(os.environ, PATH=os.environ["PATH"] + ":" + image.SBIN, MTOOLS_SKIP_CHECK="1")
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class DiskTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        output = self.path / "release"
        output.mkdir()
        (output / "Image").write_bytes(b"kernel")
        (output / "boot.cpio").write_bytes(b"archive")
        (output / "motd").write_text("hello\n")
        (output / "boot.cpio.map").write_text("sbin/init=motd\netc/motd=motd\netc/profile=motd\netc/init/services.toml=motd\ndrivers/uart=motd\n")
        for patch in (mock.patch.object(build, "BUILD", self.path), mock.patch.object(disk, "note")):
            patch.start()
            self.addCleanup(patch.stop)
        self.locks = []
        self.addCleanup(self.unlock)

    def unlock(self):
        for lock in self.locks:
            lock.close()
        self.locks = []

    def prepare(self, *named, fresh=False, size=SIZE, board="qemu-virt", firmware=None):
        options = SimpleNamespace(disk=[str(name) for name in named], fresh=fresh, disk_size=size, board=board, firmware=firmware,
                                  append="")
        disks, locks = disk.prepare(options, "release")
        self.locks.append(locks)
        return disks

    def refused(self, *words, **options):
        with self.assertRaises(Failure) as caught:
            self.prepare(*options.pop("named", ()), **options)
        for word in words:
            self.assertIn(str(word), str(caught.exception))

    def root(self, path):
        """The root file system by itself, and where it lies."""
        table = json.loads(tool("sfdisk", "--json", str(path)))["partitiontable"]
        partition = table["partitions"][-1]
        self.assertEqual((table["label"], partition["name"], partition["type"]), ("gpt", "root", disk.ROOT_TYPE))
        single = self.path / "root.img"
        with open(path, "rb") as source:
            source.seek(partition["start"] * 512)
            single.write_bytes(source.read(partition["size"] * 512))
        return single, table["partitions"]

    def test_what_is_on_it(self):
        made, = self.prepare()
        self.assertEqual(made, str(self.path / "disk.img"))
        self.assertEqual(os.stat(made).st_size, 320 << 20)
        self.assertLess(os.stat(made).st_blocks * 512, 64 << 20)
        single, partitions = self.root(made)
        tool("e2fsck", "-fn", str(single))
        listing = {}
        for row in tool("debugfs", "-R", "ls -l /", str(single)).decode().splitlines():
            fields = row.split()
            if len(fields) > 8:
                listing[fields[-1]] = (int(fields[1], 8), fields[3], fields[4])
        for name, mode in disk.FOLDERS.items():
            if "/" not in name:
                self.assertEqual(listing[name], (0o40000 | mode, "0", "0"), name)
        for name in ("bin", "sbin", "lib", "drivers"):
            self.assertEqual(listing[name][0] & 0o170000, 0o120000, name)
            self.assertIn(f'"system/{name}"', tool("debugfs", "-R", f"stat /{name}", str(single)).decode())
        self.assertEqual(tool("debugfs", "-R", "cat /etc/profile", str(single)), b"hello\n")
        self.assertEqual(tool("debugfs", "-R", "cat /etc/init/services.toml", str(single)), b"")  # the archive's counts
        self.assertIn(b"User:     0   Group:     0", tool("debugfs", "-R", "stat /etc/profile", str(single)))
        boot = next(entry for entry in partitions if entry["name"] == "system")
        for name, data in (("Image", b"kernel"), ("boot.cpio", b"archive")):
            self.assertEqual(tool("mtype", "-i", f"{made}@@{boot['start'] * 512}", f"::/{name}"), data)

    def test_is_kept_until_fresh(self):
        made, = self.prepare()
        self.unlock()
        with open(made, "r+b") as file:
            file.seek(100 << 20)
            file.write(b"mine")
        before = Path(made).read_bytes()
        self.assertEqual(self.prepare(size=None), [made])
        self.unlock()
        self.assertTrue(Path(made).read_bytes() == before)
        self.refused("disk.img", "--fresh")  # a size for what is there
        self.prepare(fresh=True)
        self.assertFalse(Path(made).read_bytes() == before)

    def test_named_disks(self):
        own = self.path / "own.img"
        self.refused("own.img", "--fresh makes one", named=(own,), size=None)
        own.write_bytes(bytes(1 << 20))
        other = self.path / "other.img"
        other.write_bytes(bytes(512))
        self.assertEqual(self.prepare(own, other, size=None), [str(own), str(other)])
        self.assertEqual(own.read_bytes(), bytes(1 << 20))
        self.assertFalse((self.path / "disk.img").exists())
        self.unlock()
        self.prepare(own, fresh=True)
        self.root(own)

    def test_no_disk(self):
        self.assertEqual(self.prepare("none"), [])
        self.assertEqual(self.prepare(firmware="uboot"), [])
        self.assertEqual(self.prepare(board="sifive-unleashed"), [])
        self.assertFalse((self.path / "disk.img").exists())
        self.refused("none", named=("none", "x"))
        self.refused("none", named=("none",), fresh=True)

    def test_refusals(self):
        bad = self.path / "bad.img"
        bad.write_bytes(bytes(1000))
        self.refused(bad, "1000", named=(bad,), size=None)
        bad.write_bytes(b"")
        self.refused(bad, named=(bad,), size=None)
        self.refused(self.path, "no disk image", named=(self.path,), size=None)
        self.refused(self.path, named=(self.path,), fresh=True)
        (self.path / "disk.img").write_bytes(bytes(1 << 20))
        self.refused("disk.img", "--fresh", size=None)
        for size in ("1", "12T", "255M", "-1G", "1.5G", ""):
            if size:
                self.refused(size, size=size, fresh=True)
        with mock.patch.object(disk.shutil, "disk_usage", return_value=SimpleNamespace(free=1 << 20)):
            self.refused("no space", fresh=True)

    def test_one_machine_at_a_time(self):
        made, = self.prepare()
        self.refused("disk.img", "in use", size=None)
        self.refused("disk.img", "in use", fresh=True)
        self.unlock()
        self.prepare(size=None)

    def test_a_failure_leaves_what_was_there(self):
        made, = self.prepare()
        self.unlock()
        before = Path(made).read_bytes()
        with mock.patch.object(image, "tool", side_effect=Failure("image: mkfs failed")):
            self.refused("mkfs", fresh=True)
        self.assertTrue(Path(made).read_bytes() == before)
        self.assertEqual([path.name for path in self.path.iterdir() if path.name.startswith(".disk-")], [])


if __name__ == "__main__":
    unittest.main()
