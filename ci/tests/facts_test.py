# SPDX-License-Identifier: BSD-2-Clause
"""Unit tests of the comparison of facts: that it fails when it should."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import facts  # noqa: E402

LINUX = 'open: a: 0\nopen: b: ENOENT\nlocks: c: "x y"\nfacts: 3\n'


def compared(text, differences="", may_leave_out=(), on="tmpfs", chapters=None):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(differences)
        file.flush()
        listed = facts.differences_read(Path(file.name), on)
    return facts.compare(facts.parse(LINUX), facts.parse(text, chapters), listed, may_leave_out)


class Same(unittest.TestCase):
    def test_same(self):
        self.assertEqual(compared(LINUX), ([], 3))

    def test_order_does_not_count(self):
        lines = LINUX.splitlines()
        self.assertEqual(compared("\n".join(lines[2::-1] + lines[3:])), ([], 3))

    def test_log(self):
        text = "[    0.100000] vfs: started\r\n" + "".join(f"[   12.345678] {line}\r\n" for line in LINUX.splitlines())
        self.assertEqual(compared(text, chapters={"open", "locks"}), ([], 3))


class Wrong(unittest.TestCase):
    def check(self, part, *arguments, **more):
        wrong, good = compared(*arguments, **more)
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn(part, wrong[0])
        return good

    def test_another_result(self):
        self.assertEqual(self.check("ENOENT on Linux, EIO here", LINUX.replace("ENOENT", "EIO")), 2)

    def test_missing(self):
        self.check("locks: 1 facts are missing", LINUX.replace('locks: c: "x y"\n', "").replace("3", "2"))

    def test_lost_on_the_way(self):
        wrong, _ = compared(LINUX.replace('locks: c: "x y"\n', ""))
        self.assertTrue(any("counted 3" in text for text in wrong), wrong)

    def test_not_known(self):
        self.check("not known of Linux", LINUX.replace("facts: 3", "open: new: 0\nfacts: 4"))

    def test_twice(self):
        self.check("two facts have this name", LINUX.replace("facts: 3", "open: a: 0\nfacts: 4"))

    def test_no_end(self):
        self.check("did not come to its end", LINUX.replace("facts: 3\n", ""))

    def test_left_out(self):
        text = 'open: a: 0\nopen: b: ENOENT\nlocks: left out\nfacts: 2\n'
        self.check("locks: left out", text)
        self.assertEqual(compared(text, may_leave_out={"locks"}), ([], 2))
        self.assertEqual(compared(text, "locks\n  ours: left out\n  why: none yet\n"), ([], 2))

    def test_chapter_that_ended_early(self):
        wrong, _ = compared('open: a: 0\nopen: line 7, mkdir("d"): EIO\nlocks: c: "x y"\nfacts: 2\n')
        self.assertTrue(any("line 7" in text for text in wrong), wrong)

    def test_other_lines_on_the_host(self):
        with self.assertRaises(facts.FactsError):
            compared(LINUX + "a warning\n")


class Allowed(unittest.TestCase):
    OURS = LINUX.replace("ENOENT", "EIO")
    LISTED = "open: b\n  linux: ENOENT\n  ours: EIO\n  why: because\n"

    def test_allowed(self):
        self.assertEqual(compared(self.OURS, self.LISTED), ([], 3))
        self.assertEqual(compared(self.OURS, self.LISTED.replace("open: b", "open: *")), ([], 3))

    def test_allows_only_what_it_says(self):
        wrong, _ = compared(LINUX.replace("ENOENT", "EPERM"), self.LISTED)
        self.assertEqual(len(wrong), 2, wrong)  # the result, and a difference that there is not

    def test_not_there_any_more(self):
        wrong, _ = compared(LINUX, self.LISTED)
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn("there is no such difference", wrong[0])

    def test_on(self):
        listed = self.LISTED + "  on: fat ext4\n"
        self.assertEqual(compared(self.OURS, listed, on="fat"), ([], 3))
        self.assertEqual(len(compared(self.OURS, listed, on="tmpfs")[0]), 1)
        self.assertEqual(compared(LINUX, listed, on="tmpfs"), ([], 3))

    def test_incomplete(self):
        for text in ("open: b\n  linux: 0\n  ours: EIO\n", "  ours: EIO\n", "open: b\n  what: EIO\n"):
            with self.assertRaises(facts.FactsError, msg=text):
                compared(LINUX, text)


if __name__ == "__main__":
    unittest.main()
