# SPDX-License-Identifier: BSD-2-Clause
"""The console engine against small programs that play the guest."""

import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import system  # noqa: E402
from console import Console, ConsoleError  # noqa: E402

SHELL = r"""
import os, sys
print("booting\r\n\x1b[1m/> \x1b[0m", end="", flush=True)
for line in iter(lambda: b"".join(iter(lambda: os.read(0, 1), b"\r")), b"quit"):
    print("\r\nyou said \x1b[32m%s\x1b[0m\r\npid %d\r\n/> " % (line.decode(), 4711), end="", flush=True)
"""


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = Path(self.folder.name) / "log"

    def console(self, program, deadline_s=30.0, forbid=()):
        return Console([sys.executable, "-c", program], self.log, "header", forbid, deadline_s)

    def run_spec(self, code, **spec):
        with self.console(code, forbid=system.forbidden(spec)) as console:
            system.script(spec, console)

    def fails(self, pattern, code, **spec):
        with self.assertRaisesRegex(ConsoleError, pattern):
            self.run_spec(code, **spec)

    def test_dialogue_with_captures(self):
        with self.console(SHELL) as console:
            console.expect("^/> ")
            console.send("first\r")
            console.expect(r"^you said first$")
            console.expect(r"^pid (?P<pid>\d+)$")
            console.send("kill {pid} {unknown}\r")
            console.expect(r"said kill {pid} \{unknown\}")
            console.expect(r"\x1b\[32mkill", raw=True)
            console.send("quit\r")
            self.assertEqual(console.wait_exit(), 0)
        self.assertIn(b"\x1b[32m", self.log.read_bytes())
        self.assertTrue(self.log.read_bytes().startswith(b"header\n"))

    def test_expect_goes_on_after_the_last_match(self):
        with self.console("print('a 1\\na 2')") as console:
            self.assertEqual(console.expect(r"a (\d)").group(1), "1")
            self.assertEqual(console.expect(r"a (\d)").group(1), "2")
            with self.assertRaisesRegex(ConsoleError, "stopped before"):
                console.expect(r"a (\d)")

    def test_escape_sequence_split_between_reads(self):
        program = ("import sys, time\n"
                   "for part in ('x\\x1b', '[3', '1my\\r', '\\n'):\n"
                   "    print(part, end='', flush=True); time.sleep(0.05)")
        with self.console(program) as console:
            console.expect("^xy$")

    def test_silence_ends_at_the_deadline(self):
        with self.console("import time; time.sleep(60)", deadline_s=0.3) as console:
            with self.assertRaisesRegex(ConsoleError, "no /never/ within"):
                console.expect("never")

    def test_big_input_to_a_slow_reader_does_not_block(self):
        program = ("import os, time\nn = 0\nwhile n < 1000000:\n"
                   "    n += len(os.read(0, 4096))\nprint('read', n)")
        with self.console(program) as console:
            console.send("z" * 1000000)
            console.expect("read 1000000")

    def test_forbidden_output_ends_the_test_with_its_line(self):
        panic = "print('fine\\n[  0.1] PANIC: stack\\n  #0 0x1\\n/> ', flush=True)"
        self.fails("forbidden output: .*PANIC: stack", panic, expect=[{"expect": "^/> "}])
        self.run_spec(panic, expect=[{"expect": "^/> "}], panic=True)
        self.fails("forbidden output: FAIL x", "print('FAIL x: y\\n/> ')", expect=[{"expect": "/> "}])
        self.fails("forbidden output: an odd word", "print('an odd word\\n/> ')",
                   expect=[{"expect": "/> "}], forbid=["odd"])

    def test_forbidden_last_line_without_newline(self):
        self.fails("forbidden", "print('done\\nPANIC', end='')", expect=[{"expect": "done"}], exit="poweroff")

    def test_program_protocol(self):
        self.run_spec("print('PASS a\\nPASS b\\nDONE 2 passed, 0 failed')", program="p")
        self.fails("1 failed", "print('PASS a\\nFAIL b: no\\nPASS c\\nDONE 2 passed, 1 failed')", program="p")
        self.fails("but the program says", "print('PASS a\\nDONE 2 passed, 0 failed')", program="p")
        self.fails("ran no test", "print('DONE 0 passed, 0 failed')", program="p")
        self.fails(r"stopped before.*after 1 results", "print('PASS a')", program="p")
        self.fails("forbidden", "print('PASS a\\nPANIC\\nDONE 1 passed, 0 failed')", program="p")

    def test_exit_status_and_restart_are_noticed(self):
        self.fails("status 3", "print('hi'); raise SystemExit(3)", expect=[{"expect": "hi"}])
        twice = "print('OpenSBI v1.5\\nhi\\nOpenSBI v1.5')"
        self.fails("restarted", twice, expect=[{"expect": "hi"}])
        self.run_spec(twice, expect=[{"expect": "hi"}], exit="any")
        self.fails("stopped instead of restarting", "print('OpenSBI v1.5\\nhi')", expect=[{"expect": "hi"}],
                   exit="reboot")

    def test_halt_is_running_on_in_silence(self):
        halted = "import time; print('halted', flush=True); time.sleep(%g); print('%s', flush=True); time.sleep(60)"
        self.run_spec(halted % (60, ""), expect=[{"expect": "halted"}], exit="halt")
        self.fails("went on: more", halted % (0.5, "more"), expect=[{"expect": "halted"}], exit="halt")
        self.fails("stopped instead of halting", "print('halted')", expect=[{"expect": "halted"}], exit="halt")

    def test_shown_sees_what_came_before_too(self):
        self.run_spec("print('a\\n  #0 0x0000000000000001 ?\\nb')", expect=[{"expect": "b"}, {"shown": "^a$"}], exit="any")
        self.fails("stopped before /c/ was shown", "print('a')", expect=[{"shown": "c"}], exit="any")


class SpecTest(unittest.TestCase):
    def load(self, text):
        # in the checkout, since messages name files relative to it
        with tempfile.NamedTemporaryFile("w", suffix=".toml", dir=Path(__file__).parent) as file:
            file.write(text)
            file.flush()
            return system.load(Path(file.name))

    def test_good(self):
        (_, spec), = self.load('program = "test/x"\nsmp = [1]')
        self.assertEqual(spec, {"program": "test/x", "smp": [1]})

    def test_variants_are_tests_of_their_own(self):
        tests = self.load('program = "test/x"\nsmp = [1]\n'
                          '[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nsmp = [4]\nappend = "noasid"')
        self.assertEqual([name.rsplit("-", 1)[1] for name, _ in tests], ["a", "b"])
        self.assertEqual([spec for _, spec in tests], [
            {"program": "test/x", "smp": [1]}, {"program": "test/x", "smp": [4], "append": "noasid"}])

    def test_every_bug_that_can_be_provoked_has_a_test(self):
        source = (system.build.ROOT / "kernel/check/provoke.c").read_text()
        bugs = re.findall(r'^\t\{"([\w-]+)", \w+\},$', source, re.MULTILINE)
        self.assertGreater(len(bugs), 10)
        tested = {spec["append"] for name, spec in system.load(system.FOLDER / "provoke.toml")}
        self.assertEqual(tested, {f"provoke={bug}" for bug in bugs})

    def test_backtrace_is_in_order(self):
        self.assertEqual(system.missing_in("#0 a\n#1 b", ["a$", "^#1 b"]), "")
        self.assertIn("/a/", system.missing_in("#0 b\n#1 c", ["b", "a"]))
        self.assertIn("/a/", system.missing_in("#0 a\n#1 b", ["b", "a"]))

    def test_mistakes_are_named(self):
        for text, message in [
            ("", "needs 'program' or 'expect'"),
            ('programm = "x"', "unknown key 'programm'"),
            ('program = 3', "must be of type str"),
            ('program = "x"\ntimeout = true', "must be of type int"),
            ('program = "x"\nsmp = []', "'smp' is empty"),
            ('program = "x"\nkernels = ["debug"]', "no kernel 'debug'"),
            ('program = "x"\nexit = "explode"', "exit must be one of"),
            ('expect = [{expect = "("}]', "bad regular expression"),
            ('expect = [{wait = 3}]', "step 1 must have"),
            ('expect = [{expect = "a", send = "b"}]', "step 1 must have"),
            ('program = "x', "Unterminated string"),
            ('program = "x"\nbacktrace = ["("]', "bad regular expression"),
            ('program = "x"\nvariants = [{smp = [1]}]', "variant 1 must be a table with a name"),
            ('program = "x"\nvariants = [{name = "a"}, {name = "a"}]', "variant 2: there is a "),
            ('program = "x"\nvariants = [{name = "a", smp = []}]', "'smp' is empty"),
        ]:
            with self.subTest(text=text), self.assertRaisesRegex(system.Failure, message):
                self.load(text)


if __name__ == "__main__":
    unittest.main()
