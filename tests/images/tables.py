# SPDX-License-Identifier: BSD-2-Clause
"""Disks with nasty partition tables, each a disk of its own: nothing on them can be mounted."""

import struct
import zlib

SECTOR = 512
SECTORS = 4096
HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
ENTRY = struct.Struct("<16s16sQQQ72s")
GIANT = 0xFFFFFFFF
LAST = SECTORS - 1


def gpt(entries, **changes):
    """A disk with that table twice. entries: (first, last); changes: of fields of both headers, checksums made to fit."""
    disk = bytearray(SECTORS * SECTOR)
    disk[446:462] = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, LAST)
    disk[510:512] = b"\x55\xaa"
    table = b"".join(ENTRY.pack(b"t" * 16, bytes([number + 1]) * 16, first, last, 0, f"part{number}".encode("utf-16le"))
                     for number, (first, last) in enumerate(entries)).ljust(128 * ENTRY.size, b"\0")
    for at, other, where in ((1, LAST, 2), (LAST, 1, LAST - 32)):
        disk[where * SECTOR:where * SECTOR + len(table)] = table
        fields = {"where": where, "count": 128, "size": ENTRY.size, "crc": zlib.crc32(table), "first": 34, "last": LAST - 33, "header": 92,
                  "at": at, "other": other} | changes

        def packed(crc, fields=fields):
            return HEADER.pack(b"EFI PART", 0x10000, fields["header"], crc, 0, fields["at"], fields["other"], fields["first"],
                               fields["last"], b"d" * 16, fields["where"], fields["count"], fields["size"], fields["crc"])

        disk[at * SECTOR:at * SECTOR + HEADER.size] = packed(zlib.crc32(packed(0)))
    return disk


def mbr(entries, disk=None, at=0):
    disk = disk or bytearray(SECTORS * SECTOR)
    for number, (kind, start, count) in enumerate(entries):
        where = at * SECTOR + 446 + 16 * number
        disk[where:where + 16] = struct.pack("<BBBBBBBBII", 0, 0, 0, 0, kind, 0, 0, 0, start, count)
    disk[at * SECTOR + 510:at * SECTOR + 512] = b"\x55\xaa"
    return disk


def logical_ring():
    """An extended partition whose parts lead to each other."""
    disk = mbr([(0x05, 1000, 2000)])
    mbr([(0x83, 10, 50), (0x05, 100, 500)], disk, 1000)
    return mbr([(0x83, 10, 50), (0x05, 0, 500)], disk, 1100)


def bad_checksums():
    disk = gpt([(100, 200)])
    for at in (1, LAST):
        disk[at * SECTOR + 16] ^= 0xFF
    return disk


DISKS = {
    "gpt-overlap": lambda: gpt([(100, 2000), (1000, 3000), (100, 100), (50, 4000)]),
    "gpt-outside": lambda: gpt([(100, SECTORS + 5), (1 << 40, 1 << 41), (200, 100), (0, 40), (GIANT << 32, GIANT << 32 | GIANT)]),
    "gpt-giant": lambda: gpt([(100, 200)], count=GIANT, size=GIANT & ~7),
    "gpt-ring": lambda: gpt([(100, 200)], where=1, at=1, other=1),
    "gpt-checksums": bad_checksums,
    "mbr-ring": logical_ring,
}
