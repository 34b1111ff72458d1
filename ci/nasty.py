# SPDX-License-Identifier: BSD-2-Clause
"""The disks of the system test `nasty`: made once by tests/images, each run gets copies."""

import subprocess
import sys

import build
import image

sys.path.append(str(build.ROOT / "tests" / "images"))

import make  # noqa: E402


def copies(log_path, count):
    return [log_path.with_suffix(f".nasty{number}") for number in range(count)]


def attach(log_path):
    """Paths of disks to be written to."""
    with build.locked("nasty"):
        made = make.disks(build.BUILD / "nasty")
    out = copies(log_path, len(made))
    for source, target in zip(made, out):
        subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)
    return out


def good_wrong(log_path):
    """What e2fsck has to say against the good file system, empty: nothing. The copies are gone after that."""
    first, *others = copies(log_path, len(make.names()))
    good = log_path.with_suffix(".good")
    make.extract_good(first, good)
    done = subprocess.run(["e2fsck", "-fn", str(good)], env=make.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for path in (first, *others, good):
        path.unlink(missing_ok=True)
    return "" if done.returncode == 0 else "the good file system: " + " ".join(done.stdout.split())[-400:]
