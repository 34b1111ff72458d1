# SPDX-License-Identifier: BSD-2-Clause
"""Writes protocols.md: one page for people about all protocols."""

from emit import bits
from model import (Array, Bool, Bytes, Const, Enum, Flags, Handle, Int, Lease, Status, String, Struct)

_COMMON = '''# Protocols

Generated from `sys/protocols/*.idl`; docs/idl.md says how to read and change them.

Besides its own errors, every operation can return ERR_PEER_DIED, ERR_CLOSED, ERR_TIMED_OUT and
ERR_CANCELLED (there was no answer), ERR_PROTOCOL (one side does not keep to the description), ERR_NO_SYSCALL and
ERR_UNSUPPORTED (the server has no such operation), and for bad arguments ERR_INVALID, ERR_HANDLE, ERR_TYPE, ERR_RIGHTS
ERR_NO_HANDLES and ERR_NO_MEMORY; with lent memory also ERR_FAULT and ERR_RANGE.
'''


def _cell(lines):
    return ' '.join(line for line in lines if line).replace('|', '\\|')


def _type(kind, owner):
    if isinstance(kind, (Int, Bool, Status)):
        return f'`{kind.name}`'
    if isinstance(kind, String):
        return f'string, at most {kind.max} bytes'
    if isinstance(kind, Array):
        return f'{kind.count} bytes'
    if isinstance(kind, Bytes):
        return f'at most {kind.max} bytes'
    if isinstance(kind, Handle):
        if kind.object == 'any':
            return 'handle of any type'
        rights = f' with {", ".join(kind.right_names)}' if kind.right_names else ''
        return f'handle: {kind.object}{rights}{"" if kind.checked else " (unchecked)"}'
    scope = '' if kind.owner == owner else f'{kind.owner}.'
    word = 'flags' if isinstance(kind, Flags) else 'enum' if isinstance(kind, Enum) else 'struct'
    return f'{word} `{scope}{kind.name}`'


def _table(lines, head, rows):
    lines.append('| ' + ' | '.join(head) + ' |')
    lines.append('|' + '---|' * len(head))
    lines += ['| ' + ' | '.join(row) + ' |' for row in rows]
    lines.append('')


def _decl(lines, decl, unit):
    kind = {Const: 'const', Enum: 'enum', Flags: 'flags', Struct: 'struct'}[type(decl)]
    base = '' if isinstance(decl, Struct) else f': {decl.base.name}'
    value = f' = {decl.value}' if isinstance(decl, Const) else ''
    lines += [f'#### {kind} `{decl.name}{base}{value}`', '', *decl.doc, '']
    if isinstance(decl, Struct):
        _table(lines, ['offset', 'member', 'type', ''],
               [[str(m.offset), f'`{m.name}`', _type(m.type, unit.name), _cell(m.doc)]
                for m in decl.members])
        lines += [f'{decl.size} bytes.', '']
    elif isinstance(decl, Enum):
        _table(lines, ['value', 'name', ''],
               [[bits(v.value, decl.base).rstrip('ul') if isinstance(decl, Flags) else str(v.value),
                 f'`{v.name}`', _cell(v.doc)] for v in decl.values])


def _param(param, unit):
    if isinstance(param, Lease):
        what = {'bytes': f'at most {param.max} bytes', 'string': f'text, at most {param.max} bytes',
                'structs': ''}[param.kind]
        if param.kind == 'structs':
            what = f'at most {param.max} × {_type(param.struct, unit.name)}'
        if param.told is not None:
            what += ', its length told'
        return [f'lend {param.direction}', f'`{param.name}`', what, _cell(param.doc)]
    counts = f', counts `{param.counts}`' if param.counts else ''
    return [param.direction, f'`{param.name}`', _type(param.type, unit.name) + counts,
            _cell(param.doc)]


def _op(lines, op, unit):
    lines += [f'#### {op.number} `{op.name}`', '', *op.doc, '']
    if op.params:
        _table(lines, ['', 'parameter', 'type', ''], [_param(p, unit) for p in op.params])
    errors = ', '.join(op.errors) if op.errors else 'none of its own'
    again = 'Idempotent: it may be sent again.' if op.idempotent else 'Not idempotent.'
    lines += [f'Errors: {errors}. {again}', '']


def _ranges(numbers):
    """3, 5-7 of [3, 5, 6, 7]."""
    parts = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ', '.join(str(a) if a == b else f'{a}-{b}' for a, b in parts)


def _unit(lines, unit):
    title = f'Protocol {unit.number}: {unit.name}' if unit.kind == 'protocol' else f'Types: {unit.name}'
    lines += [f'## {title}', '', *unit.doc, '', f'`#include "protocols/{unit.name}.h"`', '']
    if unit.decls:
        lines += ['### Constants and types', '']
        for decl in unit.decls:
            _decl(lines, decl, unit)
    if unit.ops:
        lines += ['### Operations', '']
        for op in unit.ops:
            _op(lines, op, unit)
    if unit.reserved:
        lines += [f'Numbers never to be used again: {_ranges(unit.reserved)}.', '']


def write(units, abi):
    lines = _COMMON.split('\n')
    ordered = sorted(units, key=lambda u: (u.kind != 'protocol', u.number, u.name))
    _table(lines, ['number', 'protocol', ''],
           [[str(u.number) if u.number else '', f'[{u.name}](#{_anchor(u)})', _cell(u.doc[:1])]
            for u in ordered])
    for unit in ordered:
        _unit(lines, unit)
    lines += ['## Errors', '']
    _table(lines, ['error', 'meaning'], [[f'`{n}`', _cell([t])] for n, t in abi.errors.items()])
    while not lines[-1]:
        lines.pop()
    return '\n'.join(lines) + '\n'


def _anchor(unit):
    if unit.kind == 'protocol':
        return f'protocol-{unit.number}-{unit.name}'
    return f'types-{unit.name}'
