#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every symbol that the POSIX library exports is either a reserved name or a function that docs/posix.md lists."""

import re
import subprocess
import sys

_, option, nm, library, page = sys.argv
assert option == "--nm"
done = subprocess.run([nm, "-g", "--defined-only", library], stdout=subprocess.PIPE, text=True, check=True)
exported = {fields[2] for fields in map(str.split, done.stdout.splitlines()) if len(fields) == 3}
with open(page, encoding="utf-8") as file:
    documented = set(re.findall(r"\b[a-z_][a-z0-9_]*\b", file.read()))
wrong = sorted(name for name in exported if not name.startswith("_") and name not in documented)
for name in wrong:
    print(f"'{name}' is exported but docs/posix.md does not list it (private? then sys/posix/private_names.h)")
print(f"{len(exported)} names, {len(wrong)} wrong")
sys.exit(bool(wrong) or len(exported) < 100)
