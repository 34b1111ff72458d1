# SPDX-License-Identifier: BSD-2-Clause
"""docs/write-a-driver.md: its code is that of sdk/examples/edu, all of it, and its session is the one that is tested."""

import re
import sys
import tomllib
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import main  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "sdk" / "examples" / "edu"
DOCUMENT = ROOT / "docs" / "write-a-driver.md"
WHOLE = ("edu.c", "meson.build", "protocols/edu.idl", "protocols/meson.build")  # shown to the last line
SOURCE_LANGUAGES = {"c", "idl", "meson"}
# heads, headings, blank lines
UNSHOWN = re.compile(r"(#|//|/\*) SPDX-|/\* .* \*/$|# In a folder of this name|$")


def blocks():
    """(language, file, text) of each fenced block"""
    found = re.findall(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert DOCUMENT.read_text().count("```") == 2 * len(found)
    return found


class TutorialTest(unittest.TestCase):
    def test_code_is_the_example(self):
        count = 0
        for language, name, text in blocks():
            if language in SOURCE_LANGUAGES:
                with self.subTest(file=name, first=text.split("\n", 1)[0]):
                    self.assertTrue(name, "the block does not say which file it is of")
                    self.assertIn("\n" + text, "\n" + (EXAMPLE / name).read_text())
                    count += 1
        self.assertGreater(count, 20)

    def test_the_example_is_shown_whole(self):
        for name in WHOLE:
            shown = {line for language, file, text in blocks() if file == name for line in text.splitlines()}
            for number, line in enumerate((EXAMPLE / name).read_text().splitlines(), start=1):
                if not UNSHOWN.match(line):
                    self.assertIn(line, shown, f"{name}:{number}")

    def test_session_is_the_tested_one(self):
        with open(ROOT / "tests" / "system" / "sdk_edu.toml", "rb") as file:
            steps = tomllib.load(file)["expect"]
        sent = {re.sub(r"\{pid\}", "210", step["send"].rstrip("\r")) for step in steps if "send" in step}
        expected = [re.compile(step["expect"]) for step in steps if "expect" in step]
        lines = [line for language, _, text in blocks() if not language for line in text.splitlines()]
        self.assertGreater(len(lines), 8)
        for line in lines:
            if line.startswith("/> "):
                self.assertIn(line[3:], sent)
            elif not line.startswith("PATH "):
                self.assertTrue(any(pattern.search(line) for pattern in expected), line)

    def test_commands_exist(self):
        count = 0
        for language, _, text in blocks():
            for line in re.findall(r"^\./veridian (.*)$", text, re.MULTILINE) if language == "sh" else ():
                command, *arguments = line.split(" -- ")[0].split()
                main.parser().parse_args([command, *arguments])
                count += 1
        self.assertGreaterEqual(count, 2)

    def test_readme_names_real_options(self):
        readme = (ROOT / "README.md").read_text()
        for option in re.findall(r"^\| `(--[a-z]+)", readme, re.MULTILINE):
            self.assertIn(f"  {option} ", main.HELP)
        for command in re.findall(r"^\| `([a-z]+)[` ]", readme, re.MULTILINE):
            self.assertRegex(main.HELP, rf"(?m)^  {command} ")


if __name__ == "__main__":
    unittest.main()
