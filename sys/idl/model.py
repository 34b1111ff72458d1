# SPDX-License-Identifier: BSD-2-Clause
"""A checked description: every name resolved, every size and offset computed."""

from dataclasses import dataclass, field
from typing import Any, List, Optional

WORD_BYTES = 48    # of the six words of a message
HANDLES_MAX = 4
LEASES_MAX = 4
LEASE_LEN_MAX = (1 << 38) - 1
STRING_COPY_MAX = 1024  # longest string that a dispatch copies to its stack


@dataclass(frozen=True)
class Int:
    name: str
    size: int
    signed: bool

    @property
    def align(self):
        return self.size

    @property
    def c(self):
        return f'{"" if self.signed else "u"}int{8 * self.size}_t'

    @property
    def low(self):
        return -(1 << (8 * self.size - 1)) if self.signed else 0

    @property
    def high(self):
        return (1 << (8 * self.size - (1 if self.signed else 0))) - 1


INTS = {t.name: t for t in (Int('u8', 1, False), Int('u16', 2, False), Int('u32', 4, False),
                            Int('u64', 8, False), Int('i32', 4, True), Int('i64', 8, True))}


@dataclass(frozen=True)
class Bool:
    name = 'bool'
    size = 1
    align = 1


@dataclass(frozen=True)
class Status:
    name = 'status'
    size = 4
    align = 4


@dataclass
class Value:
    """A value of an enum or flags."""
    name: str
    value: int
    doc: List[str]


@dataclass
class Enum:
    owner: str
    name: str
    base: Int
    values: List[Value]
    doc: List[str]

    @property
    def size(self):
        return self.base.size

    align = size


@dataclass
class Flags(Enum):
    @property
    def mask(self):
        result = 0
        for value in self.values:
            result |= value.value
        return result


@dataclass
class Const:
    owner: str
    name: str
    base: Int
    value: int
    doc: List[str]


@dataclass
class Member:
    name: str
    type: Any
    offset: int
    doc: List[str]


@dataclass
class Struct:
    owner: str
    name: str
    members: List[Member]
    size: int
    align: int
    doc: List[str]


@dataclass(frozen=True)
class String:
    """In words or in a struct: with its NUL."""
    max: int

    @property
    def size(self):
        return self.max + 1

    align = 1


@dataclass(frozen=True)
class Array:
    """Exactly this many bytes."""
    count: int

    @property
    def size(self):
        return self.count

    align = 1


@dataclass(frozen=True)
class Bytes:
    """A length byte and up to max bytes, in words only."""
    max: int

    @property
    def size(self):
        return self.max + 1

    align = 1


@dataclass(frozen=True)
class Handle:
    object: str       # 'any' or a type of sys/abi/handle.h
    rights: tuple     # C names
    right_names: tuple
    checked: bool
    size = 0
    align = 1


@dataclass
class Param:
    name: str
    direction: str    # 'in' or 'out'
    type: Any
    offset: int       # in the words; handles: their place among the handles
    doc: List[str]
    counts: Optional[str] = None


@dataclass
class Lease:
    name: str
    direction: str    # 'in': the server reads; 'out': it writes
    kind: str         # 'bytes', 'string' or 'structs'
    max: int          # bytes, or structs
    struct: Optional[Struct]
    index: int
    doc: List[str]
    told: Optional[int] = None  # where in the words its length is, as a u32


@dataclass
class Op:
    name: str
    number: int
    doc: List[str]
    errors: List[str]
    idempotent: bool
    often: bool  # the client's stub is inlined
    params: List[Any] = field(default_factory=list)  # Param and Lease, in order

    def select(self, direction, handles):
        return [p for p in self.params if isinstance(p, Param) and p.direction == direction
                and isinstance(p.type, Handle) == handles]

    @property
    def leases(self):
        return [p for p in self.params if isinstance(p, Lease)]


@dataclass
class Unit:
    """One file."""
    kind: str         # 'protocol' or 'types'
    name: str
    number: int       # 0 for types
    doc: List[str]
    imports: List['Unit']
    decls: List[Any]  # Const, Enum, Flags, Struct in order
    ops: List[Op]
    reserved: List[int]
    path: str
    pos: Any = None         # of the name
    number_pos: Any = None
    files: List[str] = field(default_factory=list)  # every file read, itself first
