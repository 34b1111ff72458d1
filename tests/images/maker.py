# SPDX-License-Identifier: BSD-2-Clause
"""What all nasty images have in common: a name, what a mount is expected to do, and bytes that are poked into a file."""

import os
import subprocess
from pathlib import Path

SBIN = "/usr/sbin:/sbin"  # mkfs and its like; not in the path of ordinary users
EXPECTATIONS = ("refused", "mounted", "any")


class MakerError(Exception):
    pass


def environment():
    return dict(os.environ, PATH=os.environ.get("PATH", "") + ":" + SBIN, E2FSPROGS_FAKE_TIME="1700000000", LC_ALL="C", MTOOLS_SKIP_CHECK="1")


def tool(command, **options):
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise MakerError(f"{' '.join(map(str, command))} failed:\n{done.stdout.strip()}")
    return done.stdout


class Image:
    """One image of a file system; `type` is the class's."""

    type = ""

    def __init__(self, name, expect, options, size, damage):
        if expect not in EXPECTATIONS:
            raise MakerError(f"{name}: '{expect}' is not one of {' '.join(EXPECTATIONS)}")
        self.name, self.expect, self.options, self.size, self.damage = name, expect, options, size, damage
        self.path = Path()

    def make(self, path):
        raise NotImplementedError

    def poke(self, offset, data):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            if file.read(len(data)) == data:
                raise MakerError(f"{self.name}: what is poked at {offset:#x} is there already")
            file.seek(offset)
            file.write(data)

    def bytes(self, offset, count):
        with open(self.path, "rb") as file:
            file.seek(offset)
            return file.read(count)

    def cut(self, size):
        os.truncate(self.path, size)
