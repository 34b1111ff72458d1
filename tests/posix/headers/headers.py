#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The C library's headers against functions.txt: every header compiles alone, as C11 and with POSIX's names alone, without
a warning; it declares what it has to, and a program that uses it links. What is missing must be in docs/posix.md, in the
sections "Absent" (names) and "Absent headers"; and what is there may not be in them.

headers.py --page PAGE FUNCTIONS SCRATCH COMPILER ARGUMENT... -- LINK_ARGUMENT...
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

KINDS = (["-std=gnu11", "-D_GNU_SOURCE"], ["-std=c11", "-D_XOPEN_SOURCE=700"])


def read_functions(path):
    """header -> [name]; a macro is "[name]\""""
    table, header = {}, None
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        if text.startswith("#") or not text.strip():
            continue
        if not text.startswith(" "):
            header, text = text.split(":", 1)
            table[header] = []
        table[header] += text.split()
    return table


def section(page, title):
    """The names in `code` of a section of the page"""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", page, re.M | re.S)
    return set(re.findall(r"`([^`]+)`", found.group(1))) if found else set()


def source(header, names):
    lines = [f"#include <{header}>"]
    for name in names:
        if name.startswith("["):
            name = name.strip("[]")
            lines.append(f"#ifndef {name}\nextern __typeof__({name}) {name};\n#endif")
        else:
            lines.append(f"#undef {name}\n__attribute__((used)) static __typeof__({name}) *const address_of_{name} = {name};")
    return "\n".join(lines) + "\n"


def compile_one(command, scratch, header, names, kind):
    stem = scratch / (re.sub(r"\W", "_", header) + f"_{kind}")
    text = source(header, names)
    if not names:
        text += "extern int nothing;\n"
    stem.with_suffix(".c").write_text(text)
    done = subprocess.run([*command, *KINDS[kind], "-Wall", "-Werror", "-Wno-deprecated-declarations", "-c",
                           "-o", stem.with_suffix(".o"), stem.with_suffix(".c")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout, stem.with_suffix(".o")


def undeclared(output):
    return set(re.findall(r"error: .(\w+). undeclared", output))


def main():
    _, option, page, table, scratch, *rest = sys.argv
    assert option == "--page"
    command, linker = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    page = Path(page).read_text(encoding="utf-8")
    absent, absent_headers = section(page, "Absent"), section(page, "Absent headers")
    scratch = Path(scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    table = read_functions(table)
    wrong, objects, used = [], [], set()

    def check(header):
        names = [name for name in table[header] if name.strip("[]") not in absent]
        result = compile_one(command, scratch, header, names, 0)
        lacking = undeclared(result[1])
        if lacking: # the others are looked at all the same
            again = compile_one(command, scratch, header, [name for name in names if name.strip("[]") not in lacking], 0)
            result = (result[0], result[1], again[2] if again[0] == 0 else None)
        return header, names, result, compile_one(command, scratch, header, [], 1)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, table))
    for header, names, (status, output, built), (posix_status, posix_output, _) in results:
        if f"{header}: No such file" in output:
            if header not in absent_headers:
                wrong.append(f"<{header}> is missing, and docs/posix.md does not say so under 'Absent headers'")
            continue
        if header in absent_headers:
            wrong.append(f"<{header}> is there, and docs/posix.md says that it is not")
        if status:
            names = undeclared(output)
            wrong.append(f"<{header}> does not declare {' '.join(sorted(names))}" if names else
                         f"<{header}> does not compile alone: {output.strip().splitlines()[0]}")
        if built and built.exists():
            objects.append(built)
        if posix_status:
            wrong.append(f"<{header}> does not compile alone as C11: {posix_output.strip().splitlines()[0]}")
        used.update(names)
    start = scratch / "start.c"
    start.write_text("int main(void) { return 0; }\n")
    done = subprocess.run([*command, "-o", scratch / "all", start, *objects, *linker, "-Wl,--no-gc-sections"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    missing = set(re.findall(r"undefined reference to `(\w+)'", done.stdout))
    wrong += [f"{name} is declared but not there, and docs/posix.md does not say so under 'Absent'" for name in sorted(missing)]
    if done.returncode and not missing:
        wrong.append(f"the program with all of them does not link: {done.stdout.strip()[:700]}")
    everything = {name.strip("[]") for names in table.values() for name in names}
    wrong += [f"docs/posix.md has {name} under 'Absent', and no header has to declare it" for name in
              sorted(absent - everything - {"dlfcn.h"})]
    # what is absent is neither declared nor defined
    if absent:
        probe = scratch / "absent.c"
        probe.write_text("".join(f"extern char {name}[];\nchar *at_{name} = {name};\n" for name in sorted(absent)))
        done = subprocess.run([*command, "-fno-builtin", "-w", "-o", scratch / "absent", start, probe, *linker, "-Wl,--no-gc-sections"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lacking = set(re.findall(r"undefined reference to `(\w+)'", done.stdout))
        wrong += [f"{name} is there, and docs/posix.md says that it is absent" for name in sorted(absent - lacking)]
    for text in wrong:
        print(text)
    print(f"{len(table)} headers, {len(used)} functions, {len(absent)} of them absent, {len(wrong)} wrong")
    return bool(wrong) or len(used) < 800


sys.exit(main())
