# SPDX-License-Identifier: BSD-2-Clause
"""`bench linux-files`, `linux-disk`: what the guests are given, and how figures are compared. Nothing is fetched or booted."""

import lzma
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench_linux  # noqa: E402
import linux_guest  # noqa: E402
from ui import Failure  # noqa: E402


def module(depends, text=b"code"):
    return b"\x7fELF\0depends=" + depends + b"\0" + text


class GuestTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.peer = Path(folder.name)
        patch = mock.patch.object(linux_guest, "PEER", self.peer)
        patch.start()
        self.addCleanup(patch.stop)
        (self.peer / "usr" / "fs").mkdir(parents=True)

    def put(self, name, data):
        packed = name.endswith(".xz")
        (self.peer / "usr" / "fs" / name).write_bytes(lzma.compress(data) if packed else data)

    def test_modules_stand_behind_what_they_need(self):
        self.put("top.ko.xz", module(b"mid-dle,base"))
        self.put("mid_dle.ko", module(b"base"))
        self.put("base.ko", module(b""))
        self.assertEqual(list(linux_guest.modules(["top", "built_in"])), ["base", "mid-dle", "top"])

    def test_signature_is_taken_off(self):
        plain = module(b"")
        signature = b"S" * 300
        trailer = bytes(8) + len(signature).to_bytes(4, "big")
        self.put("signed.ko", plain + signature + trailer + linux_guest.SIGNATURE_MARK)
        self.assertEqual(linux_guest.modules(["signed"]), {"signed": plain})

    def test_initial_disk_makes_folders_once_and_first(self):
        disk = linux_guest.initial_disk([("init", b"1"), ("a/b/one", b"22"), ("a/b/two", b"333")])
        at, seen = 0, []
        while True:
            self.assertEqual(disk[at:at + 6], b"070701")
            fields = [int(disk[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
            name = disk[at + 110:at + 110 + fields[11] - 1].decode()
            data = at + 110 + fields[11]
            data += -data % 4
            if name == "TRAILER!!!":
                break
            seen.append((name, fields[1] >> 12, disk[data:data + fields[6]]))
            at = data + fields[6]
            at += -at % 4
        self.assertEqual(seen, [("init", 8, b"1"), ("a", 4, b""), ("a/b", 4, b""), ("a/b/one", 8, b"22"), ("a/b/two", 8, b"333")])


class CompareTest(unittest.TestCase):
    def test_both_do_the_same(self):
        for group in bench_linux.GROUPS.values():
            for steps in group.jobs.values():
                programs = [step.split(" ")[1:] for step in steps if step.startswith("run ")]
                linux = [line.split(" ")[1:] for line in bench_linux.linux_job(steps) if line.startswith("run ")]
                commands = bench_linux.veridian_commands(steps, group.counted)
                parts = [part.removeprefix("INSTRET=1 ").split(" ") for part in commands.split(" && ") if "bench/posix" in part]
                for words, on_linux, ours in zip(programs, linux, parts, strict=True):
                    self.assertEqual([on_linux[0], ours[0]], [f"/bin/{words[0]}", f"/system/bench/posix/{words[0]}"])
                    same = [word.replace("/dev/vda", "/dev/disk0").replace("/bin/", "/system/bench/posix/") for word in on_linux[1:]]
                    self.assertEqual(same, ours[1:])
                self.assertEqual(commands.count("INSTRET=1"), len(programs) if group.counted else 0)

    def test_the_job_stands_in_the_place_of_the_shell(self):
        services = tomllib.loads(bench_linux.veridian_services("echo x; shutdown"))["services"]
        systems = tomllib.loads(bench_linux.SYSTEM_SERVICES.read_text())["services"]
        self.assertEqual([service["name"] for service in services],
                         [service["name"] for service in systems if service["name"] != "shell"] + ["job"])
        self.assertEqual(services[-1]["args"], ["-c", "echo x; shutdown"])

    def test_targets(self):
        def row(ours, linux, group):
            return bench_linux.compare({"x": [(value, "u") for value in ours]}, {"x": [(value, "u") for value in linux]}, group)[0]

        counted, throughput = bench_linux.Group(True, 0.5, {}), bench_linux.Group(False, 1.0, {})
        self.assertEqual(row([50, 1, 900], [100, 7, 101], counted)[1:], ("50", "100", "u", "0.50", "<=0.50", ""))
        self.assertEqual(row([51], [100], counted)[-1], "missed")
        self.assertEqual(row([100], [100], throughput)[-1], "")
        self.assertEqual(row([99], [100], throughput)[-1], "missed")

    def test_a_figure_of_one_system_is_an_error(self):
        with self.assertRaisesRegex(Failure, "only one system has: x y"):
            bench_linux.compare({"x": [(1, "u")]}, {"y": [(1, "u")]}, bench_linux.Group(True, 0.5, {}))


if __name__ == "__main__":
    unittest.main()
