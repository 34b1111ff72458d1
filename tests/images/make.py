# SPDX-License-Identifier: BSD-2-Clause
"""The disks of the test system/nasty: some with a partition for each nasty image of a file system, and a good one; and those with
nasty partition tables.

The name of a partition says what is expected of it: TYPE-EXPECTATION-NAME, both by their first letters."""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.path.insert(0, str(FOLDER.parent.parent / "ci"))

import ext4  # noqa: E402
import fat  # noqa: E402
import image  # noqa: E402
import tables  # noqa: E402
from maker import MakerError, environment, tool  # noqa: E402

SECTOR = 512
ALIGNMENT = 2048
NAME_MAX = 36  # of a partition
GOOD = "good"
GOOD_BYTES = 16 << 20
PER_DISK = 40  # a disk's driver hands out 64 windows, one for each partition that is opened
LINUX_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


def all_images():
    return [*ext4.images, *fat.images]


def label(entry):
    text = f"{entry.type[0]}-{entry.expect[0]}-{entry.name}"
    if len(text) > NAME_MAX:
        raise MakerError(f"{text}: the name of a partition has at most {NAME_MAX} characters")
    return text


def make_good(path):
    with open(path, "wb") as file:
        file.truncate(GOOD_BYTES)
    tool(["mkfs.ext4", "-q", "-F", str(path)])
    return GOOD, path


def write_disk(path, files, folder):
    """files: (name of the partition, image)"""
    partitions, start = [], ALIGNMENT
    for name, file in files:
        size = file.stat().st_size // SECTOR
        partitions.append({"name": name, "start": start, "size": size, "type": LINUX_TYPE})
        start += (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    image.write(path, partitions, {}, folder, start + ALIGNMENT)
    for (_, file), partition in zip(files, partitions):
        image.copy_sparse(file, path, partition["start"] * SECTOR)


def sources_digest():
    digest = hashlib.sha256()
    for file in sorted(FOLDER.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def names():
    count = (len(all_images()) + PER_DISK) // PER_DISK  # with the good one
    return [*(f"images{number}" for number in range(count)), *tables.DISKS]


def disks(folder):
    """The disks' paths, first the one with the good file system. Made once in that folder; copy what is to be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in names()]
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == sources_digest() and all(path.exists() for path in paths):
        return paths
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        files = [make_good(work / GOOD)]
        for number, entry in enumerate(all_images()):
            entry.make(work / f"image{number}")
            files.append((label(entry), work / f"image{number}"))
        for path in paths[:-len(tables.DISKS)]:
            write_disk(work / "whole", files[:PER_DISK], work)
            shutil.move(work / "whole", path)
            del files[:PER_DISK]
    for name, make in tables.DISKS.items():
        (folder / name).write_bytes(make())
    stamp.write_text(sources_digest())
    return paths


def extract_good(disk, target):
    """The good partition of a disk that was used, as a file."""
    with open(disk, "rb") as whole, open(target, "wb") as part:
        whole.seek(ALIGNMENT * SECTOR)
        part.write(whole.read(GOOD_BYTES))
