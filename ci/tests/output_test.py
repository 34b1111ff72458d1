# SPDX-License-Identifier: BSD-2-Clause
"""What is read out of the guest's output: backtraces, panics, prompts, benchmark figures."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench  # noqa: E402
import run  # noqa: E402
from symbols import BacktraceFilter  # noqa: E402
from ui import Failure  # noqa: E402


class Names:
    """Stands in for the symbolizer."""

    def __init__(self):
        self.asked = []

    def name(self, frame, address, program=None):
        self.asked.append((frame, address, program))
        return None if address == 0xBAD00000 else f"f{frame} (a.c:1)"


class BacktraceTest(unittest.TestCase):
    def check(self, text, expected, asked):
        for step in (1, 3, len(text)):  # however the bytes are cut
            names = Names()
            backtrace = BacktraceFilter(names)
            out = b"".join(backtrace.feed(text[i:i + step]) for i in range(0, len(text), step))
            self.assertEqual(out, expected)
            self.assertEqual(names.asked, asked)

    def test_frames_get_names_and_nothing_else_changes(self):
        self.check(
            b"x\r\n  #0 0xffffffff80001234\r\n  #1 0xffffffff80001238 ?\n[  1.5]   #12 0x0000000000401000 drivers/ns16550\n\x1b[1mend",
            b"x\r\n  #0 0xffffffff80001234 f0 (a.c:1)\r\n  #1 0xffffffff80001238 ? f1 (a.c:1)\n"
            b"[  1.5]   #12 0x0000000000401000 drivers/ns16550 f12 (a.c:1)\n\x1b[1mend",
            [(0, 0xFFFFFFFF80001234, None), (1, 0xFFFFFFFF80001238, None), (12, 0x401000, "drivers/ns16550")])

    def test_frames_in_the_log(self):
        self.check(
            b"[    0.527743] ERROR devmgr:   #0 0x0000000000102b06 drivers/edu\n",
            b"[    0.527743] ERROR devmgr:   #0 0x0000000000102b06 drivers/edu f0 (a.c:1)\n",
            [(0, 0x102B06, "drivers/edu")])

    def test_unknown_address_stays_as_it_is(self):
        self.check(b" #1 0xbad00000\n", b" #1 0xbad00000\n", [(1, 0xBAD00000, None)])

    def test_what_is_no_frame(self):
        for text in (b"# 0xffffffff80001234\n", b"#1 0x12\n", b"say #1 0xffffffff80001234\n",
                     b"#1 0xffffffff80001234 a b\n", b" " * 1000 + b"#1 0xffffffff80001234\n", b"\xff\xfe#\n"):
            self.check(text, text, [])


class WatchTest(unittest.TestCase):
    def watch(self, *parts):
        watch = run.Watch()
        for now, part in enumerate(parts):
            watch.feed(part, float(now))
        return watch

    def test_panic_is_found_even_when_cut(self):
        self.assertEqual(self.watch(b"ok\r\n[  0.1] PA", b"NIC: x\r\n").panicked, 1.0)
        self.assertEqual(self.watch(b"PANIC").panicked, 0.0)
        self.assertIsNone(self.watch(b"echo PANIC\r\nDON'T PANIC\r\n").panicked)

    def test_restart_counts_only_after_a_panic(self):
        self.assertFalse(self.watch(b"OpenSBI v1.5\r\n").restarted)
        self.assertFalse(self.watch(b"OpenSBI v1.5\r\nPANIC\r\n").restarted)
        self.assertTrue(self.watch(b"OpenSBI v1.5\r\nPANIC\r\n", b"\r\nOpenSBI v1.5\r\n").restarted)

    def test_prompt(self):
        self.assertTrue(self.watch(b"x\r\n\x1b[1m/> \x1b[0m").at_prompt())
        self.assertFalse(self.watch(b"x\r\n/> ls").at_prompt())


class InputTest(unittest.TestCase):
    def test_lines_arrive_as_typed_after_the_start(self):
        import selectors
        source, give = os.pipe()
        take, sink = os.pipe()
        os.write(give, b"ps\nshutdown\n")
        os.close(give)
        with selectors.DefaultSelector() as selector:
            piped = run.Input(source, sink, selector)
            self.assertFalse(selector.get_map())
            piped.start()
            piped.start()
            while selector.get_map():
                for key, mask in selector.select(1):
                    key.data.readable() if mask & selectors.EVENT_READ else key.data.writable()
        self.assertEqual(os.read(take, 100), b"ps\rshutdown\r")
        for descriptor in (source, sink, take):
            os.close(descriptor)


class BenchTest(unittest.TestCase):
    def test_figures(self):
        text = ("OpenSBI v1.5\n[ 0.1] cpu 3\nsyscall_null 47 instructions 50\n[    0.200000] boot 1.25 ms -\n"
                "[    0.300000] DONE 2\nafter 1\n")
        self.assertEqual(bench.parse(text, "g"), [
            ("syscall_null", "47", "instructions", "50"), ("boot", "1.25", "ms", "-")])

    def test_what_is_wrong_is_an_error(self):
        for text, message in [
            ("a 1 x -\n", "no DONE line"),
            ("a 1 x -\nDONE 2\n", "1 figures came, the program printed 2"),
            ("DONE 0\n", "no figures"),
            ("a 1 x\nDONE 1\n", "garbled line 1"),
            ("a 1 x 5 6\nDONE 1\n", "garbled line 1"),
            ("a 1 x five\nDONE 1\n", "garbled line 1"),
            ("a 1 x -\na 1 x -\nDONE 2\n", "printed twice"),
        ]:
            with self.subTest(text=text), self.assertRaisesRegex(Failure, message):
                bench.parse(text, "g")


if __name__ == "__main__":
    unittest.main()
