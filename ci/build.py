# SPDX-License-Identifier: BSD-2-Clause
"""Configures and builds with Meson and Ninja. Says nothing when nothing is to do, and shows the compiler's own words
when something fails."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from ui import Failure, progress, progress_end

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
FLAVOURS = {"release": [], "checked": ["-Dchecked=true"]}
LOG_TAIL_LINES = 60


def folder(flavour):
    return BUILD / flavour


def kernel_elf(flavour):
    return folder(flavour) / "kernel" / "kernel.elf"


@contextlib.contextmanager
def locked(name):
    """One builder at a time, should two commands run at once in the same checkout."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / f".{name}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("build: waiting for another build of this checkout")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wrap_values(path):
    values = {}
    for text in path.read_text().splitlines():
        key, found, value = text.partition("=")
        if found and not text.startswith("#"):
            values[key.strip()] = value.strip()
    return values


def overlay_fingerprint(wrap, values):
    digest = hashlib.sha256(wrap.read_bytes())
    for key in ("patch_directory", "diff_files"):
        for name in filter(None, (part.strip() for part in values.get(key, "").split(","))):
            path = ROOT / "subprojects" / "packagefiles" / name
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.is_file():
                    digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def refresh_subprojects():
    """Meson keeps an unpacked source even when its wrap or overlay has changed: unpack such a one anew."""
    cache = ROOT / "subprojects" / "packagecache"
    for wrap in sorted((ROOT / "subprojects").glob("*.wrap")):
        values = wrap_values(wrap)
        unpacked = ROOT / "subprojects" / values["directory"]
        stamp = cache / f"{wrap.stem}.overlay"
        fingerprint = overlay_fingerprint(wrap, values)
        current = stamp.read_text() if stamp.exists() else None
        if current == fingerprint and unpacked.is_dir():
            continue
        if unpacked.is_dir():
            shutil.rmtree(unpacked)
        # Unpacked here rather than left to Ninja, which would miss the files that went.
        run_logged(["meson", "subprojects", "download", wrap.stem], "unpack")
        stamp.write_text(fingerprint)


def run_logged(command, name):
    log = BUILD / f"{name}.log"
    with open(log, "w") as file:
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        progress_end()
        tail = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        raise Failure("\n".join(tail) + f"\nbuild: '{' '.join(map(str, command))}' failed")


def configure(flavour):
    build = folder(flavour)
    cross = ROOT / "ci" / "riscv64.ini"
    used = build / "cross.ini"
    # Meson reads the flags of a cross file only once.
    if (build / "build.ninja").exists() and used.exists() and used.read_bytes() == cross.read_bytes():
        return
    progress(f"build: configuring {flavour}")
    shutil.rmtree(build, ignore_errors=True)  # a half-configured folder would be taken for a whole one
    run_logged(["meson", "setup", str(build), "--cross-file", str(cross), *FLAVOURS[flavour]], f"configure-{flavour}")
    shutil.copyfile(cross, used)


def ninja(flavour, targets=()):
    command = ["ninja", "-C", str(folder(flavour)), *targets]
    environment = dict(os.environ, NINJA_STATUS="[%f/%t] ")
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:
        output = []
        for text in process.stdout:
            step = re.match(r"\[(\d+)/(\d+)\] ", text)
            if step:
                progress(f"build: {flavour} {step.group(1)} of {step.group(2)}")
            else:
                output.append(text.rstrip("\n"))
    progress_end()
    if process.returncode != 0:
        first = next((i for i, text in enumerate(output) if text.startswith("FAILED:") or "ERROR:" in text), 0)
        # After each FAILED: comes the whole command; the compiler's own words follow.
        shown = [text for before, text in zip([""] + output[first:], output[first:])
                 if not before.startswith("FAILED:") and not text.startswith("ninja: ")]
        raise Failure("\n".join(shown[:200]) + f"\nbuild: {flavour} failed")


def build(flavour="release", targets=()):
    with locked(flavour):
        with locked("subprojects"):
            refresh_subprojects()
        configure(flavour)
        ninja(flavour, targets)


def unbootable(flavour):
    """What is missing for a machine to boot, or None."""
    for name in ("Image", "boot.cpio"):
        if not (folder(flavour) / name).exists():
            return f"{flavour} made no {name}: is a folder missing its meson.build?"
    if "sbin/init" not in archive_map(flavour):
        return f"the boot archive of {flavour} has no sbin/init"
    return None


def build_system(flavour="release"):
    """The kernel image and the boot archive."""
    build(flavour)
    missing = unbootable(flavour)
    if missing:
        raise Failure(f"build: {missing}")


def archive_map(flavour):
    """Archive path -> file in the build or source folder, as packed last."""
    listing = folder(flavour) / "boot.cpio.map"
    if not listing.exists():
        return {}
    entries = {}
    for text in listing.read_text().splitlines():
        name, _, path = text.partition("=")
        entries[name] = folder(flavour) / path
    return entries


def introspect_tests(flavour):
    done = subprocess.run(
        ["meson", "introspect", "--tests", str(folder(flavour))], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)
