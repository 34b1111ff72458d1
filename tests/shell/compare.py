#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the scripts of this folder with a shell of the build machine and compares what they print and how they end with NAME.out.
   compare.py SHELL [NAME...]    --record: NAME.out is written anew, with SHELL as the reference (Debian's dash)."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(shell, script):
    """Output and status of a script in an empty folder, as the same script's text on any system."""
    env = {"PATH": "/bin:/usr/bin", "HOME": "/", "LC_ALL": "C", "VSH": shell}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([shell, script], cwd=folder, env=env, stdin=subprocess.DEVNULL, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout + f"status {done.returncode}\n".encode(), done.stderr


def main():
    arguments = [a for a in sys.argv[1:] if a != "--record"]
    shell = os.path.abspath(arguments[0])
    failed = 0
    names = arguments[1:] or sorted(path.stem for path in HERE.glob("*.sh") if path.stem != "all")
    for name in names:
        wanted = HERE / f"{name}.out"
        got, said = run(shell, str(HERE / f"{name}.sh"))
        if "--record" in sys.argv:
            wanted.write_bytes(got)
        elif got != wanted.read_bytes():
            failed += 1
            print(f"{name}: differs")
            for number, (a, b) in enumerate(zip(wanted.read_text().splitlines(), got.decode(errors="replace").splitlines()), 1):
                if a != b:
                    print(f"  line {number}: wanted {a!r}, got {b!r}")
                    break
            else:
                print(f"  {len(wanted.read_text().splitlines())} lines wanted, got {len(got.splitlines())}")
            print("  " + said.decode(errors="replace")[-600:])
    print(f"{len(names)} scripts, {failed} differ")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
