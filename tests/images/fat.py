# SPDX-License-Identifier: BSD-2-Clause
"""Nasty FAT images: mkfs.fat's, poked into. All structures are where mkfs.fat puts them with the options given."""

import struct

from maker import Image, tool

SECTOR = 512
MIB = 1 << 20
FAT12, FAT16, FAT32 = (["-F", str(bits), "-s", "1"] for bits in (12, 16, 32))
SIZES = {12: MIB, 16: 8 * MIB, 32: 40 * MIB}
END = {16: 0xFFFF, 32: 0x0FFFFFFF}
ENTRY = 32
GIANT = 0xFFFFFFFF

images = []


def image(expect, bits=16):
    """expect: as in ext4.py"""

    def add(function):
        options = ["-F", str(bits), "-s", "1", "-n", "NASTY", "-i", "6e617374", "--invariant"]
        images.append(Fat(function.__name__.replace("_", "-"), expect, options, SIZES[bits], function))
        images[-1].bits = bits
        return function

    return add


class Fat(Image):
    type = "fat"
    bits = 0

    def make(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(self.size)
        tool(["mkfs.fat", *self.options, str(path)])
        source = path.with_name("content")
        for name, count in (("ONE.TXT", 3000), ("TWO.TXT", 3000), ("A/DEEP.TXT", 700), ("a long name of a file.text", 10)):
            source.write_bytes(name.encode()[:1] * count)
            if "/" in name:
                tool(["mmd", "-i", str(path), "::/A", "::/A/B"])
            tool(["mcopy", "-i", str(path), str(source), f"::/{name}"])
        source.unlink()
        boot = self.bytes(0, SECTOR)
        reserved, fats, roots = struct.unpack_from("<HBH", boot, 14)
        self.fat_size = struct.unpack_from("<H", boot, 22)[0] or struct.unpack_from("<I", boot, 36)[0]
        self.fat_at = reserved * SECTOR
        self.root_at = self.fat_at + fats * self.fat_size * SECTOR
        self.data_at = self.root_at + roots * ENTRY
        self.damage(self)

    def word(self, offset, layout, value):
        """A field of the boot sector."""
        self.poke(offset, struct.pack(layout, value))

    def link(self, cluster, to):
        """The next cluster of a chain, in both tables."""
        for number in range(2):
            at = self.fat_at + number * self.fat_size * SECTOR
            size, layout = (2, "<H") if self.bits == 16 else (4, "<I")
            self.poke(at + cluster * size, struct.pack(layout, to))

    def entry(self, name, folder=None):
        """Where the entry of a short name is; folder: the first cluster of its directory."""
        at = self.root_at if folder is None else self.cluster(folder)
        data = self.bytes(at, 16 * SECTOR)
        stem, _, suffix = name.partition(".") if name not in (".", "..") else (name, "", "")
        return at + data.index(stem.encode().ljust(8) + suffix.encode().ljust(3))

    def cluster(self, number):
        return self.data_at + (number - 2) * SECTOR

    def first(self, name, folder=None):
        return struct.unpack("<H", self.bytes(self.entry(name, folder) + 26, 2))[0]


# ---- the boot sector ----

@image("mounted")
def no_signature(fs):
    fs.poke(510, b"\0\0")


@image("refused")
def sectors_of_no_bytes(fs):
    fs.word(11, "<H", 0)


@image("refused")
def sectors_of_odd_size(fs):
    fs.word(11, "<H", 513)


@image("refused")
def sectors_giant(fs):
    fs.word(11, "<H", 32768)


@image("refused")
def clusters_of_three(fs):
    fs.word(13, "<B", 3)


@image("refused")
def clusters_of_none(fs):
    fs.word(13, "<B", 0)


@image("refused")
def nothing_reserved(fs):
    fs.word(14, "<H", 0)


@image("any")
def everything_reserved(fs):
    fs.word(14, "<H", 0xFFFF)


@image("refused")
def no_tables(fs):
    fs.word(16, "<B", 0)


@image("refused")
def many_tables(fs):
    fs.word(16, "<B", 255)


@image("any")
def table_too_small(fs):
    fs.word(22, "<H", 1)


@image("refused")
def table_giant(fs):
    fs.word(22, "<H", 0xFFFF)


@image("refused")
def no_root_entries(fs):
    fs.word(17, "<H", 0)


@image("any")
def root_entries_odd(fs):
    fs.word(17, "<H", 513)


@image("refused")
def sectors_beyond_the_end(fs):
    fs.word(32 if fs.bytes(19, 2) == b"\0\0" else 19, "<H", 0xFFFF)


@image("refused")
def truncated(fs):
    fs.cut(MIB)


@image("any", 12)
def truncated_12(fs):
    fs.cut(64 << 10)


@image("any", 32)
def root_at_cluster_zero(fs):
    fs.word(44, "<I", 0)


@image("any", 32)
def root_beyond_the_end(fs):
    fs.word(44, "<I", 0x0FFFFFF0)


@image("any", 32)
def root_in_a_ring(fs):
    fs.link(2, 2)


@image("mounted", 32)
def information_nonsense(fs):
    fs.poke(SECTOR + 488, struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFF0))


# ---- chains ----

@image("mounted")
def chain_in_a_ring(fs):
    first = fs.first("ONE.TXT")
    fs.link(first + 3, first)


@image("mounted")
def chain_of_one_in_a_ring(fs):
    fs.link(fs.first("ONE.TXT"), fs.first("ONE.TXT"))


@image("mounted")
def chains_crossed(fs):
    """Two files share their ends."""
    fs.link(fs.first("ONE.TXT") + 1, fs.first("TWO.TXT") + 1)


@image("mounted")
def chain_leaves_the_volume(fs):
    fs.link(fs.first("ONE.TXT") + 1, 0xFFE0)


@image("mounted")
def chain_into_free(fs):
    fs.link(fs.first("ONE.TXT") + 1, 0)


@image("mounted")
def chain_into_one(fs):
    fs.link(fs.first("ONE.TXT") + 1, 1)


@image("mounted")
def chain_into_bad(fs):
    fs.link(fs.first("ONE.TXT") + 1, 0xFFF7)


@image("mounted")
def chain_into_a_directory(fs):
    fs.link(fs.first("ONE.TXT") + 1, fs.first("A"))


@image("mounted")
def tables_differ(fs):
    fs.poke(fs.fat_at + fs.fat_size * SECTOR + fs.first("ONE.TXT") * 2, b"\0\0")


@image("any")
def everything_free(fs):
    fs.poke(fs.fat_at + 4, bytes(60))
    fs.poke(fs.fat_at + fs.fat_size * SECTOR + 4, bytes(60))


# ---- entries ----

@image("mounted")
def directory_chain_in_a_ring(fs):
    fs.link(fs.first("A"), fs.first("A"))


@image("mounted")
def directory_in_itself(fs):
    fs.poke(fs.entry("B", fs.first("A")) + 26, struct.pack("<H", fs.first("A")))


@image("mounted")
def dotdot_of_itself(fs):
    fs.poke(fs.entry("..", fs.first("A")) + 26, struct.pack("<H", fs.first("A")))


@image("mounted")
def directory_is_a_file(fs):
    fs.poke(fs.entry("A") + 11, b"\x20")


@image("mounted")
def file_is_a_directory(fs):
    fs.poke(fs.entry("ONE.TXT") + 11, b"\x10")


@image("mounted")
def file_giant(fs):
    fs.poke(fs.entry("ONE.TXT") + 28, struct.pack("<I", GIANT))


@image("mounted")
def file_without_clusters(fs):
    fs.poke(fs.entry("ONE.TXT") + 26, b"\0\0")


@image("mounted")
def file_beyond_the_end(fs):
    fs.poke(fs.entry("ONE.TXT") + 26, struct.pack("<H", 0xFFEE))


@image("mounted")
def names_with_slashes(fs):
    fs.poke(fs.entry("ONE.TXT"), b"/./..//")


@image("mounted")
def long_name_out_of_order(fs):
    at = fs.entry("ALONGN~1.TEX")
    fs.poke(at - ENTRY, b"\x7f")


@image("mounted")
def long_name_checksum(fs):
    fs.poke(fs.entry("ALONGN~1.TEX") - ENTRY + 13, b"\x99\x00")


@image("mounted")
def long_name_without_end(fs):
    fs.poke(fs.entry("ALONGN~1.TEX"), b"\xe5")
