# SPDX-License-Identifier: BSD-2-Clause
"""How names of a description become names in C."""

from model import Bool, Const, Enum, Flags, Int, Lease, Status, Struct

C_KEYWORDS = frozenset('''auto break case char const continue default do double else enum extern
float for goto if inline int long register restrict return short signed sizeof static struct switch
typedef union unsigned void volatile while asm typeof bool true false errno NULL OK linux unix'''.split())

# Parameters of the generated functions, and what their bodies use.
STUB_NAMES = frozenset('ep deadline ctx rq reply status ops'.split())

BUILTIN_TYPES = frozenset('u8 u16 u32 u64 i32 i64 bool status string bytes handle'.split())


def upper(*parts):
    return '_'.join(parts).upper()


def type_name(decl):
    return f'{decl.owner}_{decl.name}'


def constant(decl, value=None):
    return upper(decl.owner, decl.name, *([value.name] if value else []))


def op_prefix(unit, op):
    return upper(unit.name, op.name)


def lease_constant(unit, op, lease):
    return f'{op_prefix(unit, op)}_LEASE_{lease.name.upper()}'


def cap_constant(unit, op, param):
    return f'{op_prefix(unit, op)}_{param.name.upper()}_MAX'


def scalar_c(kind):
    """The C type of a value that fits a register."""
    if isinstance(kind, Int):
        return kind.c
    if isinstance(kind, Bool):
        return 'bool'
    if isinstance(kind, Status):
        return 'status_t'
    if isinstance(kind, Flags):
        return kind.base.c
    if isinstance(kind, Enum):
        return f'enum {type_name(kind)}'
    raise TypeError(kind)


def length_name(param):
    """The second parameter of a buffer."""
    if isinstance(param, Lease):
        return param.name + {'bytes': '_len', 'structs': '_count', 'string': '_size'}[param.kind]
    return param.name + '_len'


def file_scope(unit):
    """(C name, what it comes from) of all that a file defines."""
    p = unit.name
    if unit.kind == 'protocol':
        yield f'struct {p}_ops', 'the protocol'
        yield f'{p}_dispatch', 'the protocol'
        yield f'{p}_protocol', 'the protocol'
        yield upper(p, 'NUMBER'), 'the protocol'
    for decl in unit.decls:
        if isinstance(decl, Const):
            yield constant(decl), f"constant '{decl.name}'"
            continue
        what = f"type '{decl.name}'"
        if isinstance(decl, Flags):
            yield constant(decl) + '_ALL', what
        else:
            yield f'struct {type_name(decl)}', what  # enums and structs share C's tags
            yield type_name(decl) + '_valid', what
        if not isinstance(decl, Struct):
            for value in decl.values:
                yield constant(decl, value), f"value '{value.name}' of '{decl.name}'"
    for op in unit.ops:
        what = f"operation '{op.name}'"
        for suffix in ('', '_until', '_reply'):
            yield f'{p}_{op.name}{suffix}', what
        yield op_prefix(unit, op) + '_OP', what
        for param in op.params:
            if isinstance(param, Lease):
                yield lease_constant(unit, op, param), what
            if has_cap(param):
                yield cap_constant(unit, op, param), what


def has_cap(param):
    return isinstance(param, Lease) or hasattr(param.type, 'max')
