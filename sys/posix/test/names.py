#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every symbol that the POSIX library exports is either a reserved name or a function that docs/posix.md lists; and of
what picolibc's archive defines as well, ours is linked: each file of ours with such a name is asked for by name, or nothing else in
picolibc uses the name, so that it is the program that asks for it, and we are asked first.
What the page lists as "ENOSYS:" is what test/enosys.c calls.

names.py --nm NM POSIX_LIBRARY PAGE ENOSYS PICOLIBC NAME...    NAME: what programs are linked with as --undefined
"""

import re
import subprocess
import sys

_, option, nm, library, page, enosys, picolibc, *first = sys.argv
assert option == "--nm"


def exports(archive):
    """[(member, name)]"""
    done = subprocess.run([nm, "-A", "-g", "--defined-only", archive], stdout=subprocess.PIPE, text=True, check=True)
    lines = [line.rsplit(":", 1) for line in done.stdout.splitlines()]
    return [(member, fields.split()[2]) for member, fields in lines if len(fields.split()) == 3]


ours = exports(library)
exported = {name for _, name in ours}
with open(page, encoding="utf-8") as file:
    text = file.read()
documented = set(re.findall(r"\b[a-z_][a-z0-9_]*\b", text))
wrong = sorted(name for name in exported if not name.startswith("_") and name not in documented)
for name in wrong:
    print(f"'{name}' is exported but docs/posix.md does not list it (private? then sys/posix/private_names.h)")

def uses(archive):
    """name -> members that need it from elsewhere"""
    done = subprocess.run([nm, "-A", "-u", archive], stdout=subprocess.PIPE, text=True, check=True)
    found = {}
    for text in done.stdout.splitlines():
        member, _, symbol = text.rpartition(":")
        found.setdefault(symbol.split()[-1], set()).add(member)
    return found


theirs_by_member = {}
for member, name in exports(picolibc):
    theirs_by_member.setdefault(member, set()).add(name)
used = uses(picolibc)
theirs = {name for _, name in exports(picolibc)}
linked = {member for member, name in ours if name in first}
# Those who use it and are not all replaced themselves
askers = {name: {user for user in used.get(name, set()) if not theirs_by_member.get(user, {""}) <= exported} for name in theirs}
late = sorted({name for member, name in ours if name in theirs and member not in linked and askers[name]})
for name in late:
    print(f"'{name}' is in picolibc too, whose may be linked instead: a name of its file belongs into posix_first (meson.build)")

# "ENOSYS: a, b (except so), c." up to the first full stop or colon
lists = re.findall(r"\bENOSYS: ([^.:]*)", re.sub(r"\(.*?\)", "", text))
listed = {name.strip() for found in lists for name in found.split(",") if name.strip()}
with open(enosys, encoding="utf-8") as file:
    called = set(re.findall(r"^\tCALL(?:_TELL)?\((\w+)", file.read(), re.M))
for name in sorted(listed ^ called):
    print(f"'{name}' is {'listed as ENOSYS, but test/enosys.c does not call it' if name in listed else 'in test/enosys.c, but not listed as ENOSYS'}")

print(f"{len(exported)} names, {len(wrong) + len(late) + len(listed ^ called)} wrong; {len(theirs)} in picolibc")
sys.exit(bool(wrong or late or listed ^ called) or len(exported) < 100 or len(theirs) < 500)
