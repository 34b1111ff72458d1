# SPDX-License-Identifier: BSD-2-Clause
"""The C parameters that an operation's stubs, handlers and deferred answers have."""

from model import Array, Bytes, Handle, Lease, String, Struct
from names import length_name, scalar_c, type_name


def _sent(param):
    """A value that the function is given."""
    kind, name = param.type, param.name
    if isinstance(kind, Handle):
        return [f'handle_t {name}']
    if isinstance(kind, Struct):
        return [f'const struct {type_name(kind)} *{name}']
    if isinstance(kind, String):
        return [f'const char *{name}']
    if isinstance(kind, Array):
        return [f'const uint8_t {name}[{kind.count}]']
    if isinstance(kind, Bytes):
        return [f'const uint8_t *{name}', f'size_t {length_name(param)}']
    return [f'{scalar_c(kind)} {name}']


def _received(param):
    """A value that the function hands back."""
    kind, name = param.type, param.name
    if isinstance(kind, Handle):
        return [f'handle_t *{name}']
    if isinstance(kind, Struct):
        return [f'struct {type_name(kind)} *{name}']
    if isinstance(kind, String):
        return [f'char {name}[{kind.size}]']
    if isinstance(kind, Array):
        return [f'uint8_t {name}[{kind.count}]']
    if isinstance(kind, Bytes):
        return [f'uint8_t {name}[{kind.max}]', f'size_t *{length_name(param)}']
    return [f'{scalar_c(kind)} *{name}']


def _lease(lease):
    const = 'const ' if lease.direction == 'in' else ''
    if lease.kind == 'string':
        buffer = f'{const}char *{lease.name}'
        return [buffer] if lease.direction == 'in' else [buffer, f'size_t {length_name(lease)}']
    if lease.kind == 'structs':
        buffer = f'{const}struct {type_name(lease.struct)} *{lease.name}'
    else:
        buffer = f'{const}void *{lease.name}'
    return [buffer, f'size_t {length_name(lease)}']


def _lease_handler(lease):
    if lease.kind == 'string' and lease.direction == 'in':
        return [f'const char *{lease.name}']
    return [f'size_t {length_name(lease)}']


def client(op):
    result = []
    for param in op.params:
        if isinstance(param, Lease):
            result += _lease(param)
        else:
            result += _sent(param) if param.direction == 'in' else _received(param)
    return result


def client_arguments(op):
    """The names alone, to pass them on."""
    return [text.split('[')[0].split()[-1].lstrip('*') for text in client(op)]


def handler(op):
    result = []
    for param in op.params:
        if isinstance(param, Lease):
            result += _lease_handler(param)
        else:
            result += _sent(param) if param.direction == 'in' else _received(param)
    return ['void *ctx', 'struct ipc_request *rq'] + result


def answer(op):
    result = ['handle_t reply', 'status_t status']
    for param in op.params:
        if not isinstance(param, Lease) and param.direction == 'out':
            result += _sent(param)
    return result
