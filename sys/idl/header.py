# SPDX-License-Identifier: BSD-2-Clause
"""Writes protocols/NAME.h."""

import os

import signature
import source
from emit import Writer, bits, literal
from model import Array, Bool, Const, Enum, Flags, Int, Lease, Status, String, Struct
from names import (cap_constant, constant, has_cap, lease_constant, op_prefix,
                   scalar_c, type_name, upper)


def op_comment(unit, op, what):
    """Documentation of an operation with all that a caller must know."""
    lines = list(op.doc)
    for param in op.params:
        text = ' '.join(param.doc)
        notes = []
        if isinstance(param, Lease):
            unit_name = {'bytes': 'bytes', 'structs': 'structs', 'string': 'bytes of text'}[param.kind]
            notes.append(f'at most {param.max} {unit_name}')
        elif has_cap(param):
            notes.append(f'at most {param.type.max} bytes')
        if text or notes:
            lines.append(f'{param.name}: ' + '; '.join(filter(None, [text, *notes])))
    lines.append('Errors: ' + (', '.join(op.errors) if op.errors else 'none of its own')
                 + '. ' + ('Idempotent.' if op.idempotent else 'Not idempotent.'))
    return what + lines


def _include_guard(writer, unit):
    writer.comment([f'Generated from {os.path.basename(unit.path)} by sys/idl: do not edit.'])
    writer.line('#pragma once')
    writer.line()
    writer.lines(['#include <stdbool.h>', '#include <stddef.h>', '#include <stdint.h>'])
    writer.line()
    for other in unit.imports:
        writer.line(f'#include "protocols/{other.name}.h"')
    writer.line('#include "sys/lib/ipc_stub.h"')
    writer.line()


def _const(writer, decl):
    writer.comment(decl.doc)
    writer.line(f'#define {constant(decl)} {literal(decl.value, decl.base)}')
    writer.line()


def _enum(writer, decl):
    writer.comment(decl.doc)
    writer.line(f'enum {type_name(decl)} {{')
    for value in decl.values:
        writer.comment(value.doc, 1)
        number = literal(value.value, decl.base) if value.value > 0x7fffffff else value.value
        writer.line(f'{constant(decl, value)} = {number},', 1)
    writer.line('};')
    writer.line()
    writer.line(f'static inline bool {type_name(decl)}_valid(uint64_t value)')
    writer.line('{')
    numbers = sorted(v.value for v in decl.values)
    if numbers == list(range(len(numbers))):
        writer.line(f'return value <= {numbers[-1]};', 1)
    else:
        writer.line('switch (value) {', 1)
        for number in numbers:
            writer.line(f'case {number}u:', 1)
        writer.line('return true;', 2)
        writer.line('default:', 1)
        writer.line('return false;', 2)
        writer.line('}', 1)
    writer.line('}')
    writer.line()


def _flags(writer, decl):
    writer.comment(decl.doc + [f'A {decl.base.c} of:'])
    for value in decl.values:
        writer.comment(value.doc)
        writer.line(f'#define {constant(decl, value)} {bits(value.value, decl.base)}')
    writer.line(f'#define {constant(decl)}_ALL {bits(decl.mask, decl.base)}')
    writer.line()


def _member(member):
    kind, name = member.type, member.name
    if isinstance(kind, Struct):
        return f'struct {type_name(kind)} {name};'
    if isinstance(kind, String):
        return f'char {name}[{kind.size}];'
    if isinstance(kind, Array):
        return f'uint8_t {name}[{kind.count}];'
    if isinstance(kind, Status):
        return f'int32_t {name}; /* status */'
    if isinstance(kind, Flags):
        return f'{kind.base.c} {name}; /* {constant(kind)}_… */'
    if isinstance(kind, Enum):
        return f'{kind.base.c} {name}; /* enum {type_name(kind)} */'
    assert isinstance(kind, (Int, Bool))
    return f'{scalar_c(kind)} {name};'


def _struct(writer, decl):
    writer.comment(decl.doc)
    c_type = f'struct {type_name(decl)}'
    writer.line(f'{c_type} {{')
    for member in decl.members:
        writer.comment(member.doc, 1)
        writer.line(_member(member), 1)
    writer.line('};')
    writer.line(f'_Static_assert(sizeof({c_type}) == {decl.size}, "size of {type_name(decl)}");')
    for member in decl.members:
        writer.line(f'_Static_assert(offsetof({c_type}, {member.name}) == {member.offset},')
        writer.line(f'\t       "offset of {type_name(decl)}.{member.name}");')
    writer.line()
    writer.comment(['Are its enums, flags and booleans in range, and its strings ended? For structs out '
                    'of lent memory.'])
    writer.line(f'bool {type_name(decl)}_valid(const {c_type} *value);')
    writer.line()


def _op_constants(writer, unit, op):
    writer.line(f'#define {op_prefix(unit, op)}_OP {op.number}u')
    for param in op.params:
        if isinstance(param, Lease):
            writer.line(f'#define {lease_constant(unit, op, param)} {param.index}u')
        if has_cap(param):
            cap = param.max if isinstance(param, Lease) else param.type.max
            suffix = 'ull' if cap > 0xffffffff else 'u'
            writer.line(f'#define {cap_constant(unit, op, param)} {cap}{suffix}')


def _client(writer, unit, op):
    name = f'{unit.name}_{op.name}'
    writer.comment(op_comment(unit, op, []))
    if op.often:
        source.client(writer, unit, op)
    else:
        writer.call(f'status_t {name}_until', ['handle_t ep', 'uint64_t deadline', *signature.client(op)],
                    ';')
    writer.call(f'static inline status_t {name}', ['handle_t ep', *signature.client(op)], '')
    writer.line('{')
    writer.call(f'return {name}_until', ['ep', 'DEADLINE_NEVER', *signature.client_arguments(op)],
                ';', 1)
    writer.line('}')
    writer.line()


def write(unit):
    writer = Writer()
    _include_guard(writer, unit)
    writer.comment(unit.doc)
    if unit.kind == 'protocol':
        writer.line(f'#define {upper(unit.name, "NUMBER")} {unit.number}u')
    writer.line()
    for decl in unit.decls:
        kinds = {Const: _const, Enum: _enum, Flags: _flags, Struct: _struct}
        kinds[type(decl)](writer, decl)
    if unit.kind == 'protocol':
        for op in unit.ops:
            _op_constants(writer, unit, op)
        writer.line()
        writer.comment(['Client: each of these calls the server and waits for the answer; _until gives up at '
                        'the deadline.', 'Handles that are sent are gone afterwards, whatever is returned.'])
        writer.line()
        for op in unit.ops:
            _client(writer, unit, op)
        writer.comment(['Server: an entry answers the call with OK, an error or IPC_DEFERRED.'])
        writer.line(f'struct {unit.name}_ops {{')
        for op in unit.ops:
            writer.call(f'status_t (*{op.name})', signature.handler(op), ';', 1)
        writer.line('};')
        writer.call(f'status_t {unit.name}_dispatch', [f'const struct {unit.name}_ops *ops', 'void *ctx',
                                                       'struct ipc_request *rq'], ';')
        writer.line(f'extern const struct ipc_protocol {unit.name}_protocol;')
        writer.line()
        writer.comment(['Server: answer a call that was deferred. The reply handle and the handles that are '
                        'sent are gone', 'afterwards, whatever is returned; results count only with OK.'])
        for op in unit.ops:
            writer.call(f'status_t {unit.name}_{op.name}_reply', signature.answer(op), ';')
    return writer.text()
