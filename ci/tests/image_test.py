# SPDX-License-Identifier: BSD-2-Clause
"""The disk image: partitions where board.toml says, files that come back whole, the same bytes each time."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import build  # noqa: E402
import image  # noqa: E402
import qemu  # noqa: E402


class ImageTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        output = self.path / "release"
        output.mkdir()
        self.kernel = os.urandom(300_001)
        self.archive = os.urandom(2_000_003)
        (output / "Image").write_bytes(self.kernel)
        (output / "boot.cpio").write_bytes(self.archive)
        patch = mock.patch.object(build, "BUILD", self.path)
        patch.start()
        self.addCleanup(patch.stop)

    def make(self, append=""):
        return image.make("qemu-virt", "release", append)

    def file_in(self, disk, name):
        start = qemu.load_board("qemu-virt")["image"]["partition"][2]["start"] * 512
        return subprocess.run(
            ["mtype", "-i", f"{disk}@@{start}", f"::/{name}"], stdout=subprocess.PIPE, check=True).stdout

    def test_partitions(self):
        board = qemu.load_board("qemu-virt")["image"]["partition"]
        environment = dict(os.environ, PATH=os.environ["PATH"] + ":" + image.SBIN)
        done = subprocess.run(
            ["sfdisk", "--json", str(self.make())], env=environment, stdout=subprocess.PIPE, check=True)
        table = json.loads(done.stdout)["partitiontable"]
        self.assertEqual(table["label"], "gpt")
        found = table["partitions"]
        self.assertEqual([(p["name"], p["start"], p["type"], p["uuid"]) for p in found],
                         [(p["name"], p["start"], p["type"], p["uuid"]) for p in board])
        self.assertEqual([p.get("attrs") for p in found], [None, None, "LegacyBIOSBootable"])

    def test_files_come_back(self):
        disk = self.make("console=test")
        self.assertEqual(self.file_in(disk, "Image"), self.kernel)
        self.assertEqual(self.file_in(disk, "boot.cpio"), self.archive)
        self.assertIn(b"  append console=test\n", self.file_in(disk, "extlinux/extlinux.conf"))

    def test_without_arguments_there_is_no_append_line(self):
        self.assertNotIn(b"append", self.file_in(self.make(), "extlinux/extlinux.conf"))

    def test_same_input_same_bytes(self):
        first = self.make().read_bytes()
        self.make().unlink()
        time.sleep(2.1)  # FAT counts in two seconds
        self.assertTrue(self.make().read_bytes() == first, "two images of the same files differ")

    def test_current_image_is_left_alone_and_a_stale_one_is_not(self):
        disk = self.make()
        before = disk.stat().st_mtime_ns
        self.assertEqual(self.make().stat().st_mtime_ns, before)
        (self.path / "release" / "Image").write_bytes(b"new")
        self.assertEqual(self.file_in(self.make(), "Image"), b"new")

    def test_grows_with_its_files(self):
        big = self.path / "release" / "boot.cpio"
        with open(big, "wb") as file:
            file.truncate(150 << 20)
        self.assertEqual(len(self.file_in(self.make(), "boot.cpio")), 150 << 20)


if __name__ == "__main__":
    unittest.main()
