# SPDX-License-Identifier: BSD-2-Clause
"""Nasty ext4 images: each a good one and what was done to it. debugfs keeps checksums right while it writes nonsense, so that the
nonsense itself is met; what it cannot write is poked into images without checksums."""

import re
import struct
import subprocess

from maker import Image, MakerError, environment, tool

BLOCK = 1024
MIB = 1 << 20
BASE = ["-b", str(BLOCK), "-N", "256", "-I", "256", "-U", "6e617374-7900-4000-8000-000000000001",
        "-E", "root_owner=0:0,hash_seed=6e617374-7900-4000-8000-000000000002"]
PLAIN = ["-O", "^has_journal,^metadata_csum"]
CHECKED = ["-O", "^has_journal"]
JOURNAL = ["-J", "size=1", "-O", "^metadata_csum"]
SUPER = 1024
GIANT = 0xFFFFFFFF

images = []


def image(expect, options=(), size=2 * MIB):
    """expect: `refused`: it cannot be mounted; `mounted`: it can, and its good parts are there; `any`."""

    def add(function):
        images.append(Ext4(function.__name__.replace("_", "-"), expect, [*BASE, *(options or CHECKED)], size, function))
        return function

    return add


class Ext4(Image):
    type = "ext4"

    def make(self, path):
        self.path = path
        tree = path.with_name("tree")
        if not tree.exists():
            fill(tree)
        with open(path, "wb") as file:
            file.truncate(self.size)
        tool(["mkfs.ext4", "-q", "-F", *self.options, "-d", str(tree), str(path)])
        self.damage(self)

    def debugfs(self, *commands, ask=False):
        out = subprocess.run(["debugfs", "-w", "-f", "-", str(self.path)], input="\n".join(commands) + "\n", env=environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = [row for row in out.stdout.splitlines() if not row.startswith(("debugfs", "Journal", "Checksum set"))]
        if out.returncode != 0 or not ask and said:
            raise MakerError(f"{self.name}: debugfs: {' '.join(commands)}: {out.stdout}")
        return out.stdout

    def inode(self, name):
        found = re.search(r"Inode: (\d+)", self.debugfs(f"stat {name}", ask=True))
        return int(found.group(1))

    def inode_at(self, number):
        found = re.search(r"located at block (\d+), offset 0x([0-9a-f]+)", self.debugfs(f"imap <{number}>", ask=True))
        return int(found.group(1)) * BLOCK + int(found.group(2), 16)

    def block(self, name, number=0):
        """Number of a block of a file."""
        return int(re.findall(r"^(\d+)$", self.debugfs(f"bmap {name} {number}", ask=True), re.MULTILINE)[0])

    def set_super(self, **values):
        self.debugfs(*(f"ssv {name} {value}" for name, value in values.items()))

    def set_group(self, **values):
        self.debugfs(*(f"set_bg 0 {name} {value}" for name, value in values.items()), "set_bg 0 checksum calc")

    def set_inode(self, name, **values):
        self.debugfs(*(f"sif {name} {field} {value}" for field, value in values.items()))

    def set_extents(self, name, *words):
        """The words of i_block."""
        self.debugfs(*(f"sif {name} block[{number}] {value}" for number, value in enumerate(words)))


def fill(tree):
    (tree / "a" / "b" / "c").mkdir(parents=True)
    (tree / "many").mkdir()
    for number in range(120):
        (tree / "many" / f"entry-{number:0{number % 60}}").write_text("x")
    (tree / "plain").write_bytes(b"plain" * 6000)
    (tree / "second").write_bytes(b"second" * 3000)
    (tree / "a" / "deep").write_text("deep")
    (tree / "link").symlink_to("plain")
    (tree / "slow").symlink_to("n" * 200)


def header(entries, room=4, depth=0):
    """The first three words of a block of extents."""
    return struct.unpack("<III", struct.pack("<HHHHI", 0xF30A, entries, room, depth, 0))


# ---- the superblock ----

@image("refused")
def super_checksum(fs):
    fs.poke(SUPER + 0x78, b"changed")  # the label


@image("refused", PLAIN)
def super_magic(fs):
    fs.poke(SUPER + 0x38, b"\0\0")


@image("refused")
def blocks_beyond_the_end(fs):
    fs.set_super(blocks_count=1 << 20)


@image("refused")
def truncated(fs):
    fs.cut(MIB)


@image("refused", PLAIN)
def blocks_giant(fs):
    fs.poke(SUPER + 0x04, struct.pack("<I", GIANT))
    fs.poke(SUPER + 0x150, struct.pack("<I", GIANT))


@image("refused", PLAIN)
def block_size_giant(fs):
    fs.poke(SUPER + 0x18, struct.pack("<I", 31))


@image("refused", PLAIN)
def block_size_64k(fs):
    fs.poke(SUPER + 0x18, struct.pack("<I", 6))


@image("refused", PLAIN)
def first_block_elsewhere(fs):
    fs.poke(SUPER + 0x14, struct.pack("<I", 77))


@image("refused", PLAIN)
def no_blocks_in_groups(fs):
    fs.poke(SUPER + 0x20, struct.pack("<I", 0))


@image("refused", PLAIN)
def giant_groups(fs):
    fs.poke(SUPER + 0x20, struct.pack("<I", GIANT))


@image("refused", PLAIN)
def no_inodes_in_groups(fs):
    fs.poke(SUPER + 0x28, struct.pack("<I", 0))


@image("refused", PLAIN)
def inodes_giant(fs):
    fs.poke(SUPER, struct.pack("<I", GIANT))
    fs.poke(SUPER + 0x28, struct.pack("<I", GIANT))


@image("refused", PLAIN)
def inode_size_odd(fs):
    fs.poke(SUPER + 0x58, struct.pack("<H", 131))


@image("refused", PLAIN)
def inode_size_giant(fs):
    fs.poke(SUPER + 0x58, struct.pack("<H", 0x8000))


@image("refused", PLAIN)
def descriptor_size_one(fs):
    fs.poke(SUPER + 0xFE, struct.pack("<H", 1))


@image("refused")
def feature_unknown(fs):
    fs.set_super(feature_incompat="0x800002c2")


@image("any", PLAIN)
def free_counts_giant(fs):
    fs.poke(SUPER + 0x0C, struct.pack("<II", GIANT, GIANT))
    fs.set_group(free_blocks_count=65535, free_inodes_count=65535)


# ---- group descriptors and bitmaps ----

@image("any")
def inode_table_on_the_superblock(fs):
    fs.set_group(inode_table=1)


@image("any")
def inode_table_beyond_the_end(fs):
    fs.set_group(inode_table=1 << 30)


@image("any")
def bitmaps_on_the_inode_table(fs):
    table = re.search(r"Inode table at (\d+)", subprocess.run(
        ["dumpe2fs", str(fs.path)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout).group(1)
    fs.set_group(block_bitmap=table, inode_bitmap=table)


@image("any", PLAIN)
def everything_free(fs):
    """The bitmaps say that metadata is free."""
    for name in ("Block", "Inode"):
        out = subprocess.run(["dumpe2fs", str(fs.path)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        at = int(re.search(rf"{name} bitmap at (\d+)", out.stdout).group(1))
        fs.poke(at * BLOCK, bytes(BLOCK))


# ---- directories ----

@image("any")
def directory_in_itself(fs):
    fs.debugfs("ln /a /a/b/c/again", "ln / /a/root")


@image("mounted", PLAIN)
def entry_length_zero(fs):
    fs.poke(fs.block("/a") * BLOCK + 4, struct.pack("<H", 0))


@image("mounted", PLAIN)
def entry_longer_than_its_block(fs):
    fs.poke(fs.block("/a") * BLOCK + 4, struct.pack("<H", 0xFFFC))


@image("mounted", PLAIN)
def entry_name_longer_than_entry(fs):
    fs.poke(fs.block("/a") * BLOCK + 6, b"\xff")


@image("mounted", PLAIN)
def entry_leads_nowhere(fs):
    block = fs.block("/a") * BLOCK
    fs.poke(block + 24, struct.pack("<I", GIANT))  # behind . and ..


@image("mounted", PLAIN)
def dotdot_leads_nowhere(fs):
    fs.poke(fs.block("/a") * BLOCK + 12, struct.pack("<I", 250))


@image("mounted", PLAIN)
def entry_with_slashes(fs):
    fs.poke(fs.block("/a") * BLOCK + 24 + 8, b"/")


@image("mounted", PLAIN)
def entry_of_reserved_inodes(fs):
    fs.poke(fs.block("/a") * BLOCK + 24, struct.pack("<I", 7))


@image("refused", PLAIN)
def root_is_a_file(fs):
    fs.set_inode("<2>", mode="0100644")


@image("mounted", PLAIN)
def directory_giant(fs):
    fs.set_inode("/a", size=1 << 40)


@image("mounted", PLAIN)
def index_of_itself(fs):
    """Each entry of the directory's index leads to the index."""
    subprocess.run(["e2fsck", "-fyD", str(fs.path)], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    block = fs.block("/many") * BLOCK
    data = fs.bytes(block, BLOCK)
    count = struct.unpack_from("<H", data, 0x22)[0]
    for number in range(count):
        fs.poke(block + 0x20 + 8 * number + 4, struct.pack("<I", 0))


@image("mounted", PLAIN)
def index_giant(fs):
    subprocess.run(["e2fsck", "-fyD", str(fs.path)], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    fs.poke(fs.block("/many") * BLOCK + 0x1E, b"\xff\xff" + struct.pack("<HH", 0xFFFF, 0xFFFF))


# ---- files ----

@image("mounted")
def extent_on_the_superblock(fs):
    fs.set_extents("/plain", *header(1), 0, 30, 1)


@image("mounted")
def extent_on_the_inode_table(fs):
    fs.set_extents("/plain", *header(1), 0, 100, 3)


@image("mounted")
def extent_beyond_the_end(fs):
    fs.set_extents("/plain", *header(1), 0, 30, 1 << 30)


@image("mounted")
def extents_overlap_each_other(fs):
    second = fs.block("/second")
    fs.set_extents("/plain", *header(3), 0, 20, second, 10, 20, second, 5, 3, second)


@image("mounted")
def extent_of_no_length(fs):
    fs.set_extents("/plain", *header(1), 0, 0, 500)


@image("mounted")
def extents_too_many(fs):
    fs.set_extents("/plain", *header(0xFFFF, 4))


@image("mounted")
def extents_too_deep(fs):
    fs.set_extents("/plain", *header(1, 4, 0xFFFF), 0, 500, 0)


@image("mounted", PLAIN)
def extents_in_a_ring(fs):
    """A block of the tree whose only entry leads to itself."""
    block = fs.block("/plain")
    fs.poke(block * BLOCK, struct.pack("<HHHHI", 0xF30A, 1, 84, 1, 0) + struct.pack("<IIHH", 0, block, 0, 0))
    fs.set_extents("/plain", *header(1, 4, 2), 0, block, 0)


@image("mounted")
def extent_at_the_last_block(fs):
    fs.set_extents("/plain", *header(1), GIANT, 0x8000, 500)


@image("mounted")
def file_giant(fs):
    fs.set_inode("/plain", size=(1 << 63) - 1)


@image("mounted")
def link_giant(fs):
    fs.set_inode("/slow", size=1 << 33)
    fs.set_inode("/link", size=59)


@image("mounted", ["-O", "^has_journal,^extent,^64bit,^metadata_csum"])
def block_map_in_a_ring(fs):
    block = fs.block("/plain", 13)
    fs.poke(block * BLOCK, struct.pack("<I", block) * (BLOCK // 4))
    fs.set_inode("/plain", **{"block[IND]": block, "block[DIND]": block, "block[TIND]": block, "size": 1 << 30})


@image("mounted")
def times_beyond_ours(fs):
    fs.set_inode("/plain", **{f"{name}_extra": GIANT for name in ("atime", "mtime", "ctime")}, mtime="0x7fffffff")


# ---- orphans ----

@image("any")
def orphans_in_a_ring(fs):
    one, two = fs.inode("/plain"), fs.inode("/second")
    fs.set_inode(f"<{one}>", links_count=0, dtime=two)
    fs.set_inode(f"<{two}>", links_count=0, dtime=one)
    fs.set_super(last_orphan=one)


@image("any")
def orphan_root(fs):
    fs.set_inode("<2>", links_count=0)
    fs.set_super(last_orphan=2)


@image("any")
def orphan_beyond_the_end(fs):
    fs.set_super(last_orphan=GIANT)


@image("any", JOURNAL, 4 * MIB)
def orphan_journal(fs):
    fs.set_inode("<8>", links_count=0)
    fs.set_super(last_orphan=8)


# ---- the journal ----

def journal_poke(fs, offset, data):
    fs.poke(fs.block("<8>") * BLOCK + offset, data)


def replay(fs, blocks, content=b"\xff" * BLOCK):
    """A committed transaction that puts the content into each of the blocks."""
    source = fs.path.with_name("content")
    source.write_bytes(content * len(blocks))
    fs.debugfs("jo", f"jw -b {','.join(map(str, blocks))} {source}", "jc")
    source.unlink()


@image("any", JOURNAL, 4 * MIB)
def journal_writes_the_superblock(fs):
    replay(fs, [1])


@image("any", JOURNAL, 4 * MIB)
def journal_writes_descriptors(fs):
    replay(fs, [2, 3])


@image("any", JOURNAL, 4 * MIB)
def journal_crosses_itself(fs):
    """What is replayed lies in the journal, its own first block among it."""
    first = fs.block("<8>")
    replay(fs, [first, first + 1, first + 2, first + 3, first + 4])


@image("any", JOURNAL, 4 * MIB)
def journal_writes_beyond_the_end(fs):
    replay(fs, [300])
    first = fs.block("<8>")
    fs.poke((first + 1) * BLOCK + 12, struct.pack(">I", GIANT))  # the first tag of the descriptor


@image("any", JOURNAL, 4 * MIB)
def journal_without_end(fs):
    """More tags than blocks: the flag of the last one is missing."""
    replay(fs, [300, 301])
    first = fs.block("<8>")
    fs.poke((first + 1) * BLOCK + 12, struct.pack(">II", 300, 0) * 120)


@image("any", JOURNAL, 4 * MIB)
def journal_giant(fs):
    replay(fs, [300])
    journal_poke(fs, 0x10, struct.pack(">I", GIANT))


@image("any", JOURNAL, 4 * MIB)
def journal_starts_beyond_its_end(fs):
    replay(fs, [300])
    journal_poke(fs, 0x1C, struct.pack(">I", GIANT - 1))


@image("any", JOURNAL, 4 * MIB)
def journal_first_block_zero(fs):
    replay(fs, [300])
    journal_poke(fs, 0x14, struct.pack(">I", 0))


@image("refused", JOURNAL, 4 * MIB)
def journal_feature_unknown(fs):
    replay(fs, [300])
    journal_poke(fs, 0x28, struct.pack(">I", 0x80000000))


@image("any", JOURNAL, 4 * MIB)
def journal_is_a_directory(fs):
    fs.set_super(journal_inum=2)


@image("any", JOURNAL, 4 * MIB)
def journal_on_the_superblock(fs):
    fs.set_extents("<8>", *header(1), 0, 1024, 0)


@image("any", JOURNAL, 4 * MIB)
def journal_sparse(fs):
    """All its blocks are missing but the first."""
    fs.set_extents("<8>", *header(1), 0, 1, fs.block("<8>"))
