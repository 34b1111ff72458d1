#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every symbol that the POSIX library exports is either a reserved name or a function that docs/posix.md lists; and of
what picolibc's archive defines as well, ours is linked, because each file of ours with such a name is asked for by name.

names.py --nm NM POSIX_LIBRARY PAGE PICOLIBC NAME...    NAME: what programs are linked with as --undefined
"""

import re
import subprocess
import sys

_, option, nm, library, page, picolibc, *first = sys.argv
assert option == "--nm"


def exports(archive):
    """[(member, name)]"""
    done = subprocess.run([nm, "-A", "-g", "--defined-only", archive], stdout=subprocess.PIPE, text=True, check=True)
    lines = [line.rsplit(":", 1) for line in done.stdout.splitlines()]
    return [(member, fields.split()[2]) for member, fields in lines if len(fields.split()) == 3]


ours = exports(library)
exported = {name for _, name in ours}
with open(page, encoding="utf-8") as file:
    documented = set(re.findall(r"\b[a-z_][a-z0-9_]*\b", file.read()))
wrong = sorted(name for name in exported if not name.startswith("_") and name not in documented)
for name in wrong:
    print(f"'{name}' is exported but docs/posix.md does not list it (private? then sys/posix/private_names.h)")

theirs = {name for _, name in exports(picolibc)}
linked = {member for member, name in ours if name in first}
late = sorted({name for member, name in ours if name in theirs and member not in linked})
for name in late:
    print(f"'{name}' is in picolibc too, whose may be linked instead: a name of its file belongs into posix_first (meson.build)")

print(f"{len(exported)} names, {len(wrong) + len(late)} wrong; {len(theirs)} in picolibc")
sys.exit(bool(wrong or late) or len(exported) < 100 or len(theirs) < 500)
