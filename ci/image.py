# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian image`: a disk image that a board's firmware boots from, GPT with a FAT partition holding the kernel, the
boot archive and extlinux.conf. No root needed, and the same input gives the same bytes."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import build
import qemu
from ui import Failure, line, progress, progress_end

SECTOR = 512
CHUNK = 1 << 20
SBIN = "/usr/sbin:/sbin"  # sfdisk and mkfs.fat; not in the path of ordinary users
EPOCH = 1704067200  # the time of every file in the image: 2024-01-01
VOLUME_ID = "56455249"


def tool(command, **options):
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH), TZ="UTC", MTOOLS_SKIP_CHECK="1")
    environment["PATH"] = environment.get("PATH", "") + ":" + SBIN
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    except FileNotFoundError:
        raise Failure(f"image: {command[0]} is not installed: run ci/setup") from None
    if done.returncode != 0:
        raise Failure(f"image: {' '.join(map(str, command))} failed:\n{done.stdout.strip()}")


def contents(board_name, flavour, append, archive=None):
    """File in the image -> bytes"""
    output = build.folder(flavour)
    script = (build.ROOT / "boards" / board_name / "extlinux.conf").read_text()
    append_line = append.strip()
    lines = [text.replace("@APPEND@", append_line) for text in script.splitlines()
             if append_line or "@APPEND@" not in text]
    return {
        "Image": (output / "Image").read_bytes(),
        "boot.cpio": (archive or output / "boot.cpio").read_bytes(),
        "extlinux/extlinux.conf": ("\n".join(lines) + "\n").encode(),
    }


def make_fat(path, files, sectors, folder):
    with open(path, "wb") as file:
        file.truncate(sectors * SECTOR)
    tool(["mkfs.fat", "--invariant", "-F", "32", "-n", "VERIDIAN", "-i", VOLUME_ID, str(path)])
    made = set()
    for name, data in files.items():
        source = Path(folder) / name.replace("/", "_")
        source.write_bytes(data)
        os.utime(source, (EPOCH, EPOCH))
        parent = os.path.dirname(name)
        if parent and parent not in made:
            tool(["mmd", "-i", str(path), f"::/{parent}"])
            made.add(parent)
        tool(["mcopy", "-m", "-i", str(path), str(source), f"::/{name}"])


def copy_sparse(source, target, offset):
    """Where the source has holes or zeroes, nothing is written: the target is new."""
    with open(source, "rb") as reader, open(target, "r+b") as writer:
        at = 0
        while True:
            try:
                at = os.lseek(reader.fileno(), at, os.SEEK_DATA)
            except OSError:  # no more data
                return
            reader.seek(at)
            chunk = reader.read(CHUNK - at % CHUNK)
            if chunk.count(0) != len(chunk):
                writer.seek(offset + at)
                writer.write(chunk)
            at += len(chunk)


def partition_sectors(partition, files):
    if "size" in partition:
        return partition["size"]
    # A third to spare for FAT's own tables, rounding to clusters, and files added on the spot.
    needed = sum(len(data) for data in files.values()) * 4 // 3 // SECTOR
    return max(partition["min_size"], (needed + 2047) // 2048 * 2048)


def write(path, partitions, files, folder, sectors=None, uuid=None):
    """The partition table and the FAT partitions. sectors: of the whole disk, None: as many as it takes. Without UUIDs (the disk's, a
    partition's `uuid`) they are random."""
    table = ["label: gpt", "unit: sectors", "sector-size: 512"]
    if uuid:
        table.append(f"label-id: {uuid}")
    end = 0
    for partition in partitions:
        size = partition_sectors(partition, files)
        end = max(end, partition["start"] + size)
        fields = [f"start={partition['start']}", f"size={size}", f"type={partition['type']}", f"name=\"{partition['name']}\""]
        if uuid and "uuid" in partition:
            fields.append(f"uuid={partition['uuid']}")
        if partition.get("bootable"):
            fields.append('attrs="LegacyBIOSBootable"')
        table.append(", ".join(fields))
    with open(path, "wb") as file:
        file.truncate((sectors or end + 2048) * SECTOR)  # a whole MiB for the backup table's 33 sectors
    tool(["sfdisk", "--quiet", str(path)], input="\n".join(table) + "\n")
    for partition in partitions:
        if partition.get("filesystem") == "fat32":
            fat = Path(folder) / "fat"
            make_fat(fat, files, partition_sectors(partition, files), folder)
            copy_sparse(fat, path, partition["start"] * SECTOR)


def make(board_name, flavour="release", append="", output=None, archive=None):
    """Returns the image's path; leaves a current one alone. archive: a boot archive instead of the flavour's own"""
    board = qemu.load_board(board_name)
    if "image" not in board:
        raise Failure(f"image: board {board_name} has no image layout")
    stem = "veridian" if board_name == "qemu-virt" else f"veridian-{board_name}"
    if flavour != "release":
        stem += f"-{flavour}"
    path = Path(output) if output else build.BUILD / f"{stem}.img"
    files = contents(board_name, flavour, append, archive)
    digest = hashlib.sha256(Path(__file__).read_bytes() + repr(board["image"]).encode())
    for name, data in files.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    stamp = build.BUILD / f".{path.name}.stamp"
    fingerprint = f"{digest.hexdigest()} {path.resolve()}"
    if path.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return path
    progress(f"image: making {path.name}")
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=build.BUILD) as folder:
        whole = Path(folder) / "disk"
        write(whole, board["image"]["partition"], files, folder, uuid=board["image"]["uuid"])
        os.replace(whole, path)
    if not archive:  # others are of one boot only
        stamp.write_text(fingerprint)
    progress_end()
    return path


def image(options):
    flavour = "checked" if options.checked else "release"
    build.build_system(flavour)
    path = make(options.board, flavour, options.append, options.output)
    line(f"{os.path.relpath(path)}: {path.stat().st_size // CHUNK} MiB, ready to be written to a card or disk")
    return 0
