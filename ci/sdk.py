# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian sdk`: a folder with all that programs and drivers outside of this tree are built with. It works wherever
it is moved to, and names neither this checkout nor this machine. sdk/README.md is for those who use it."""

import configparser
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import build
from ui import Failure, line, progress, progress_end

TEMPLATES = build.ROOT / "sdk"
MARK = "veridian-sdk"  # the file that tells an SDK from any other folder
TOOL = "riscv64-unknown-elf-"
HEADER_FOLDERS = ("sys/abi", "sys/lib", "sys/driver")
OTHER_HEADERS = build.ROOT / "sys" / "lib" / "host"  # for the tree's own tests
OWN_LIBC_HEADERS = ("subprojects/packagefiles/picolibc/newlib/libc/machine/riscv", "sys/posix/include",
                    "sys/posix/wrap")
HOST_LIBFDT_HEADERS = ("libfdt_internal.h",)
DOCUMENTS = ("write-a-driver.md", "drivers.md", "idl.md", "posix.md")
LICENCES = {
    "libfdt": ("README.license", "BSD-2-Clause", "GPL"),
    "picolibc": ("COPYING.picolibc", "COPYING.NEWLIB", "COPYING.GPL2"),
}
COMPILER = "riscv64-veridian-"
BINUTILS = ("ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "size", "strip")
EMPTY_LIBRARIES = ("libm.a", "libpthread.a", "librt.a")  # all of them is in libc.a; here for those that ask for them
DRIVER_LIBRARIES = ("libdriver.a", "libfdt.a")


def read_list(flavour="release"):
    """What the build says an SDK is made of (sdk.list in the build folder): section -> lines"""
    sections = {}
    for text in (build.folder(flavour) / "sdk.list").read_text().splitlines():
        if text.startswith("["):
            current = sections.setdefault(text[1:-1], [])
        else:
            current.append(text)
    return sections


def paths(names):
    return [(build.folder("release") / name).resolve() for name in names]


def copy(source, target):
    if target.exists():
        raise Failure(f"sdk: two files want to be {target.name}; the second is {source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def tool(name, *arguments):
    try:
        return subprocess.run([TOOL + name, *map(str, arguments)], check=True, cwd=build.ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    except FileNotFoundError:
        raise Failure(f"sdk: {TOOL}{name} is not installed: run ci/setup") from None
    except subprocess.CalledProcessError as error:
        raise Failure(f"sdk: {TOOL}{name}: {error.stdout.strip()}") from None


def arch_flags():
    """(for the compiler, for the linker), as the tree's own programs have them"""
    ini = configparser.ConfigParser()
    ini.read(build.ROOT / "ci" / "riscv64.ini")
    options = ini["built-in options"]
    compiler, linker = (
        [flag.strip(" '") for flag in options[key].strip("[]").split(",")] for key in ("c_args", "c_link_args"))
    return [flag for flag in compiler if not flag.startswith("-W")], linker


def put_headers(folder, parts):
    """Of the C library into include, of the system into include/veridian."""
    done = subprocess.run(["meson", "introspect", "--install-plan", str(build.folder("release"))],
                          stdout=subprocess.PIPE, text=True, check=True)
    include = folder / "include"
    for group in ("headers", "configure"):
        for source, entry in json.loads(done.stdout).get(group, {}).items():
            found = re.match(r"(?:.*/include|\{includedir\})/(.+)", entry["destination"])
            if found and "/picolibc" in source:
                copy(Path(source), include / found.group(1))
    for ours in OWN_LIBC_HEADERS:  # they replace picolibc's
        for header in sorted((build.ROOT / ours).rglob("*.h")):
            name = header.relative_to(build.ROOT / ours)
            text = header.read_text()
            if "#include_next" in text:  # or stand before them; here all are in one folder
                (include / "picolibc" / name).parent.mkdir(parents=True, exist_ok=True)
                (include / name).rename(include / "picolibc" / name)
                text = text.replace(f"#include_next <{name}>", f"#include <picolibc/{name}>")
            (include / name).unlink(missing_ok=True)
            (include / name).parent.mkdir(parents=True, exist_ok=True)
            (include / name).write_text(text)
    for name in HEADER_FOLDERS:
        for header in sorted((build.ROOT / name).rglob("*.h")):
            if OTHER_HEADERS not in header.parents:
                copy(header, include / "veridian" / header.relative_to(build.ROOT))
    for generated in paths(parts["protocols"]):
        if generated.suffix == ".h":
            copy(generated, include / "veridian" / "protocols" / generated.name)
    for header in sorted(paths(parts["libfdt"])[0].parent.glob("*.h")):
        if header.name not in HOST_LIBFDT_HEADERS:
            copy(header, include / "veridian" / header.name)


def whole_archive(source, target):
    """The build's own archives are thin: they name their objects, and those stay in the build folder."""
    with open(source, "rb") as file:
        if file.read(7) != b"!<thin>":
            copy(source, target)
            return
    members = [name if os.path.isabs(name) else build.ROOT / name for name in tool("ar", "t", source).splitlines()]
    tool("ar", "qcsD", target, *members)


def put_libraries(folder, parts):
    lib = folder / "lib"
    lib.mkdir()
    programs, drivers = [], []
    for source in paths(parts["libraries"]):
        target = lib / source.name
        whole_archive(source, target)
        tool("objcopy", "--enable-deterministic-archives", "--strip-debug", target)
        (drivers if source.name in DRIVER_LIBRARIES else programs).append(source.name)
    for name in EMPTY_LIBRARIES:
        tool("ar", "qcsD", lib / name)
    # They need each other in both directions. The linker looks for them in the folder of this file first.
    (lib / "libuser.a").write_text(
        f"/* The libraries of every program, searched together. */\nGROUP({' '.join(programs)} -lgcc)\n")
    copy(build.ROOT / "sys" / "lib" / "user.ld", lib / "veridian.ld")


def put_host(folder, parts):
    """The driver library for tests on the building machine: sources, since everybody's compiler differs."""
    host = folder / "host"
    own = [source.relative_to(build.ROOT / "sys") for source in paths(parts["host"])]
    for name in own:
        copy(build.ROOT / "sys" / name, host / name)
    sources = paths(parts["libfdt"])
    # What a system header includes is spared the warnings that the user's own code gets.
    (host / "libfdt").mkdir()
    (host / "libfdt" / "quiet.h").write_text("#pragma GCC system_header\n#include LIBFDT_SOURCE\n")
    for source in sources:
        copy(source, host / "libfdt" / source.name)
        (host / source.name).write_text(f'#define LIBFDT_SOURCE "{source.name}"\n#include "libfdt/quiet.h"\n')
    for name in HOST_LIBFDT_HEADERS:
        copy(sources[0].parent / name, host / "libfdt" / name)
    protocols = [generated for generated in paths(parts["protocols"]) if generated.suffix == ".c"]
    for generated in protocols:
        copy(generated, host / "protocols" / generated.name)
    return [*map(str, own), *(source.name for source in sources), *(f"protocols/{source.name}" for source in protocols)]


def put_commands(folder):
    for source in sorted((build.ROOT / "sys" / "idl").glob("*.py")):
        copy(source, folder / "idl" / source.name)
    for script in sorted((TEMPLATES / "bin").iterdir()):
        copy(script, folder / "bin" / script.name)
    for name in BINUTILS:
        (folder / "bin" / f"{COMPILER}{name}").write_text(f'#!/bin/sh\nexec {TOOL}{name} "$@"\n')
    for name, target in ((f"{COMPILER}cc", f"{COMPILER}gcc"), (f"{COMPILER}pkg-config", "veridian-pkg-config")):
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/{target}" "$@"\n')


def put_licences(folder):
    copy(build.ROOT / "LICENSE", folder / "licences" / "veridian" / "LICENSE")
    for name, files in LICENCES.items():
        wrap = build.wrap_values(build.ROOT / "subprojects" / f"{name}.wrap")
        for file in files:
            copy(build.ROOT / "subprojects" / wrap["directory"] / file, folder / "licences" / name / file)


def put_templates(folder, parts, host_files):
    compiler, linker = arch_flags()
    values = {
        "VERSION": parts["version"][0],
        "ARCH_CFLAGS": " ".join(compiler),
        "ARCH_CFLAGS_MESON": ", ".join(f"'{flag}'" for flag in compiler),
        "ARCH_LDFLAGS_MESON": ", ".join(f"'{flag}'" for flag in linker),
        "CFLAGS": " ".join(parts["cflags"]),
        "LDFLAGS": " ".join(linker + parts["ldflags"]),
        "DRIVER_LDFLAGS": " ".join(parts["driver_ldflags"]),
        "HOST_FILES": " ".join(host_files),
    }
    targets = {
        "README.md": "README.md",
        "veridian.ini.in": "veridian.ini",
        "riscv64-veridian.ini.in": "riscv64-veridian.ini",
        "cmake/riscv64-veridian.cmake": "riscv64-veridian.cmake",
        "cmake/Platform/Veridian.cmake": "cmake/Platform/Veridian.cmake",
        "riscv64-veridian-gcc.in": "bin/riscv64-veridian-gcc",
        "veridian.pc.in": "lib/pkgconfig/veridian.pc",
        "veridian-driver.pc.in": "lib/pkgconfig/veridian-driver.pc",
    }
    for name, target in targets.items():
        text = (TEMPLATES / name).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        (folder / target).write_text(text)
    for script in (folder / "bin").iterdir():
        script.chmod(0o755)
    shutil.copytree(TEMPLATES / "examples", folder / "examples")
    for name in DOCUMENTS:
        if (build.ROOT / "docs" / name).exists():
            copy(build.ROOT / "docs" / name, folder / "doc" / name)
    copy(build.folder("release") / "sys" / "protocols" / "protocols.md", folder / "doc" / "protocols.md")
    (folder / MARK).write_text(values["VERSION"] + "\n")


def check_relocatable(folder):
    here = str(build.ROOT).encode()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and here in file.read_bytes():
            raise Failure(f"sdk: {file.relative_to(folder)} names this checkout ({build.ROOT}): a bug of ./veridian sdk")


def make(output):
    """The tree must have been built. Replaces an earlier SDK, and nothing else."""
    output = Path(output).absolute()
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise Failure(f"sdk: {output} is there and no folder")
    if output.exists() and any(output.iterdir()) and not (output / MARK).exists():
        raise Failure(f"sdk: {output} is there and no SDK: name an empty folder, or one that is not there yet")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".veridian-sdk-") as scratch:
            folder = Path(scratch) / "sdk"
            folder.mkdir()
            parts = read_list()
            progress("sdk: making")
            put_headers(folder, parts)
            put_libraries(folder, parts)
            host_files = put_host(folder, parts)
            put_commands(folder)
            put_licences(folder)
            put_templates(folder, parts, host_files)
            check_relocatable(folder)
            if output.exists():
                os.replace(output, Path(scratch) / "old")
            os.replace(folder, output)
    except OSError as error:
        raise Failure(f"sdk: {error.filename or output}: {error.strerror}") from None
    finally:
        progress_end()
    return output


def sdk(options):
    build.build("release")
    output = make(options.output or build.BUILD / "sdk")
    line(f"{os.path.relpath(output)}: README.md in it says how to use it")
    return 0
