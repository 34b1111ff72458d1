# SPDX-License-Identifier: BSD-2-Clause
"""Projects of others, unchanged, and small ones of ours, built as somebody would who has nothing but an SDK: with their own
configure scripts, Makefiles, Meson or CMake files. For `./veridian test`: the jobs ports/…, and `ports` of system tests."""

import shutil

import build
import sdk_examples
from sdk_examples import once, run
from ui import Failure

OWN = build.ROOT / "tests" / "sdk"
TOOLS = ["CC=riscv64-veridian-gcc", "AR=riscv64-veridian-ar rcu", "RANLIB=riscv64-veridian-ranlib"]
JOBS = "-j2"


def upstream(name, folder):
    """A copy of an unpacked source package"""
    wrap = build.wrap_values(build.ROOT / "subprojects" / f"{name}.wrap")
    source = build.ROOT / "subprojects" / wrap["directory"]
    if not source.is_dir():
        raise Failure(f"the source of {name} is not unpacked: run ./veridian build")
    shutil.copytree(source, folder / name)
    (folder / name / "meson.build").unlink()  # the one file that is ours
    return folder / name


def own(name, folder):
    shutil.copytree(OWN / name, folder / f"own-{name}")
    shutil.copy(OWN / "asks.c", folder / f"own-{name}")
    return folder / f"own-{name}"


def build_zlib(folder, path):
    source = upstream("zlib", folder)
    run(["env", "CHOST=riscv64-veridian", "./configure", "--static"], source, path)
    run(["make", JOBS], source, path)
    return {source / "example": "bin/zlib-example", source / "minigzip": "bin/minigzip"}


def build_lua(folder, path):
    source = upstream("lua", folder)
    run(["make", JOBS, "generic", *TOOLS], source, path)
    return {source / "src" / "lua": "test/sdk-lua", build.ROOT / "tests" / "lua" / "suite.lua": "test/suite.lua"}


def build_configure(folder, path):
    """A configure script that compiles and links its questions, out of the source folder"""
    source = own("configure", folder)
    (source / "build").mkdir()
    run(["../configure", "--host=riscv64-veridian"], source / "build", path)
    run(["make"], source / "build", path)
    return {source / "build" / "asks": "bin/asks-configure"}


def build_meson(folder, path):
    source = own("meson", folder)
    run(["meson", "setup", "build", "--cross-file", str(path / "riscv64-veridian.ini")], source, path)
    run(["ninja", "-C", "build"], source, path)
    return {source / "build" / "asks": "bin/asks-meson"}


def build_cmake(folder, path):
    source = own("cmake", folder)
    run(["cmake", "-B", "build", f"-DCMAKE_TOOLCHAIN_FILE={path / 'riscv64-veridian.cmake'}"], source, path)
    run(["cmake", "--build", "build"], source, path)
    return {source / "build" / "asks": "bin/asks-cmake"}


PORTS = {"zlib": build_zlib, "lua": build_lua, "configure": build_configure, "meson": build_meson, "cmake": build_cmake}


@once
def built(name):
    """What to add to a boot archive, "FILE=PATH\""""
    if name not in PORTS:
        raise Failure(f"there is no port '{name}'; there are: {' '.join(PORTS)}")
    folder, path = sdk_examples.workshop()
    if name == "cmake" and not shutil.which("cmake", path=sdk_examples.SYSTEM_PATH):
        return None
    return [f"{file}={place}" for file, place in PORTS[name](folder, path).items()]


def programs(name):
    return built(name) or []


def check(name):
    found = built(name)
    if found is None:
        return sdk_examples.Outcome(skipped=f"{name} is not installed")
    return sdk_examples.Outcome(passed=len(found))


def jobs():
    """name -> function"""
    return {f"ports/{name}": lambda name=name: check(name) for name in PORTS}
