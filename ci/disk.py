# SPDX-License-Identifier: BSD-2-Clause
"""The disk of `./veridian run`: made once, kept between runs. GPT with the partitions of `./veridian image` and an ext4 root behind
them. No root needed. Whoever runs a machine with a disk holds a lock on its file."""

import contextlib
import errno
import fcntl
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import build
import image
import qemu
from ui import Failure, note, progress, progress_end

SECTOR = image.SECTOR
MIB = 1 << 20
DEFAULT_SIZE = 1 << 30
MIN_SIZE = 256 * MIB  # the boot partition, and a root that is worth its name
SIZE = re.compile(r"(\d+)([MG])", re.IGNORECASE)
ROOT_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"  # Linux file system
SLACK = 64 * MIB  # of the host's disk, beyond what a new image takes at once

# What a system finds in its root: mode of each folder. /system is where the boot archive is mounted.
FOLDERS = {
    "boot": 0o755, "dev": 0o755, "etc": 0o755, "home": 0o755, "mnt": 0o755, "proc": 0o555, "root": 0o700, "system": 0o755,
    "tmp": 0o1777, "var": 0o755, "var/log": 0o755, "var/tmp": 0o1777,
}
LINKS = ("bin", "lib", "sbin")  # always; and for every other folder of the archive


def parse_size(text):
    found = SIZE.fullmatch(text)
    size = int(found.group(1)) * (MIB if found.group(2) in "mM" else 1 << 30) if found else 0
    if not found or size < MIN_SIZE:
        raise Failure(f"run: --disk-size {text}: give it as 512M or 2G, at least {MIN_SIZE // MIB}M", 2)
    return size


def default_path():
    return build.BUILD / "disk.img"


def skeleton(folder, flavour):
    """Fills a folder of the host with what the new root holds; the paths in it."""
    archive = build.archive_map(flavour)
    names = list(FOLDERS)
    for name in FOLDERS:
        (folder / name).mkdir()
    for name, source in sorted(archive.items()):
        # services.toml stays the archive's, so that a disk that was made long ago starts what belongs to the system of today.
        if name.startswith("etc/") and not name.startswith("etc/init/"):
            target = folder / name
            for parent in reversed(target.relative_to(folder).parents[:-1]):
                if str(parent) not in names:
                    names.append(str(parent))
                    (folder / parent).mkdir(mode=0o755)
            shutil.copyfile(source, target)
            target.chmod(0o644)
            names.append(name)
    tops = {name.split("/")[0] for name in archive if "/" in name}
    for name in sorted(tops.union(LINKS).difference(FOLDERS)):
        (folder / name).symlink_to(f"system/{name}")
        names.append(name)
    for name, mode in FOLDERS.items():
        (folder / name).chmod(mode)
    return names


def make_root(path, sectors, flavour, folder):
    tree = Path(folder) / "tree"
    tree.mkdir(mode=0o755)
    names = skeleton(tree, flavour)
    with open(path, "wb") as file:
        file.truncate(sectors * SECTOR)
    image.tool(["mkfs.ext4", "-q", "-F", "-L", "root", "-E", "root_owner=0:0", "-d", str(tree), str(path)])
    # mkfs gives the files to whoever owns them here.
    owner = Path(folder) / "owner"
    owner.write_text("".join(f'set_inode_field "/{name}" {field} 0\n' for name in names for field in ("uid", "gid")))
    image.tool(["debugfs", "-w", "-f", str(owner), str(path)])


def make(path, size, board_name, flavour, append, quiet=False):
    board = qemu.load_board(board_name)
    files = image.contents(board_name, flavour, append)
    partitions = [dict(entry) for entry in board["image"]["partition"]]
    for entry in partitions:
        entry["size"] = image.partition_sectors(entry, files)
    start = max(entry["start"] + entry["size"] for entry in partitions)
    end = size // SECTOR - MIB // SECTOR  # the backup table's place
    if end - start < 64 * MIB // SECTOR:
        raise Failure(f"run: {size // MIB} MiB are too few for a disk: {start * SECTOR // MIB} are taken by what it boots from")
    partitions.append({"name": "root", "start": start, "size": end - start, "type": ROOT_TYPE})
    path.parent.mkdir(parents=True, exist_ok=True)
    needed = sum(map(len, files.values())) + SLACK
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise Failure(f"run: no space for {path}: {free // MIB} MiB free there, {needed // MIB} needed")
    progress(f"run: making {path.name}")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".disk-") as folder:
        whole = Path(folder) / "disk"
        image.write(whole, partitions, files, folder, size // SECTOR)
        root = Path(folder) / "root"
        make_root(root, end - start, flavour, folder)
        image.copy_sparse(root, whole, start * SECTOR)
        lock = take_lock(whole)  # before anybody else can find it
        os.replace(whole, path)
    progress_end()
    if not quiet:
        note(f"run: made {os.path.relpath(path)}, a disk of {size // MIB} MiB; it is kept, --fresh starts anew")
    return lock


def wrong(path):
    """What e2fsck and fsck.vfat have to say against the partitions of a disk that was made here; empty: nothing."""
    checkers = {"root": ["e2fsck", "-fn"], "system": ["fsck.vfat", "-n"]}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".disk-") as folder:
        for name, part in partitions(path, checkers, Path(folder)):
            done = subprocess.run([*checkers[name], str(part)], env=tool_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                return f"{name}: {' '.join(done.stdout.split())[-400:]}"
    return ""


def tool_environment():
    return dict(os.environ, PATH=os.environ.get("PATH", "") + ":" + image.SBIN)


def partitions(path, names, folder):
    """(name, file) of these partitions of a disk that was made here, each in a file of its own in the folder."""
    listed = subprocess.run(["sfdisk", "--json", str(path)], env=tool_environment(), stdout=subprocess.PIPE, text=True, check=True).stdout
    with open(path, "rb") as whole:
        for entry in json.loads(listed)["partitiontable"]["partitions"]:
            if entry.get("name") not in names:
                continue
            part = folder / entry["name"]
            whole.seek(entry["start"] * SECTOR)
            with open(part, "wb") as file:
                shutil.copyfileobj(LimitedReader(whole, entry["size"] * SECTOR), file, MIB)
            yield entry["name"], part


def files_of_root(path, directory, folder):
    """The files of a directory of the root file system, copied into the folder."""
    for _, part in partitions(path, ("root",), folder):
        subprocess.run(["debugfs", "-R", f"rdump {directory} {folder}", str(part)], env=tool_environment(), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
    return sorted(file for file in (folder / directory.rsplit("/", 1)[-1]).glob("*") if file.is_file())


class LimitedReader:
    def __init__(self, file, size):
        self.file, self.left = file, size

    def read(self, size):
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data


def take_lock(path):
    """An open file that holds the lock."""
    try:
        file = open(path, "rb")
    except OSError as error:
        raise Failure(f"run: {path}: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise Failure(f"run: {path}: {error.strerror}") from None
        raise Failure(f"run: the disk {path} is in use by another machine that runs") from None
    return file


def check(path):
    """Something that QEMU can take for a disk."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise Failure(f"run: no disk image {path}; --fresh makes one, with a root file system; an empty one: truncate -s 64M {path}"
                      ) from None
    if stat.S_ISBLK(status.st_mode):
        return
    if not stat.S_ISREG(status.st_mode):
        raise Failure(f"run: {path} is no disk image")
    if status.st_size == 0 or status.st_size % SECTOR:
        raise Failure(f"run: {path} is no disk image: its size, {status.st_size} bytes, is no number of sectors")
    if not os.access(path, os.R_OK | os.W_OK):
        raise Failure(f"run: {path} cannot be read and written by you")


def check_own(path):
    with open(path, "rb") as file:
        file.seek(SECTOR)
        if file.read(8) != b"EFI PART":
            raise Failure(f"run: {path} has no partition table, so it is not what was made there; --fresh starts anew")


def prepare(options, flavour):
    """(disks to attach, a context that holds their locks)"""
    named = list(options.disk)
    if "none" in named:
        if len(named) > 1 or options.fresh:
            raise Failure("run: --disk none goes with neither another --disk nor --fresh", 2)
        return [], contextlib.ExitStack()
    board = qemu.load_board(options.board)
    usual = "image" in board and "disk" in board["qemu"]
    if not named and (not usual or "loader" in board.get("firmware", {}).get(options.firmware, {})):
        # A machine that takes no disk, or starts from one that was made for it
        if options.fresh:
            raise Failure("run: --fresh: this machine has no disk of its own; name one with --disk", 2)
        return [], contextlib.ExitStack()
    first = Path(named[0]) if named else default_path()
    size = parse_size(options.disk_size) if options.disk_size else DEFAULT_SIZE
    with build.locked("disk"), contextlib.ExitStack() as locks:
        if options.fresh and first.exists():
            if not first.is_file():
                raise Failure(f"run: --fresh: {first} is no file")
            locks.enter_context(take_lock(first))  # nobody's disk is taken away while it is in use
        if options.fresh or (not named and not first.exists()):
            if not usual:
                raise Failure(f"run: --fresh: board {options.board} has no disk layout")
            locks.enter_context(make(first, size, options.board, flavour, options.append))
        elif options.disk_size:
            raise Failure(f"run: --disk-size is for a new disk, and {first} is there; --fresh starts anew", 2)
        else:
            check(first)
            if not named:
                check_own(first)
            locks.enter_context(take_lock(first))
        for path in named[1:]:
            check(path)
            locks.enter_context(take_lock(path))
        return [str(first), *named[1:]], locks.pop_all()
