# SPDX-License-Identifier: BSD-2-Clause
"""Writes protocols/NAME.c: client stubs, dispatch, deferred answers. Names that the bodies use
themselves end in an underscore, which no name of a description does."""

import os

import signature
from emit import Writer
from model import Array, Bool, Bytes, Enum, Flags, Handle, Int, Lease, Status, String, Struct
from names import (cap_constant, constant, length_name, op_prefix, scalar_c, type_name, upper)


def _is_scalar(kind):
    return isinstance(kind, (Int, Bool, Status, Enum))


# ---- what goes into words ---------------------------------------------------------------------

def _unsigned(kind):
    """The unsigned C type as wide as a scalar travels."""
    return f'uint{8 * kind.size}_t'


def _part(param):
    """A scalar as its piece of a word."""
    kind, shift = param.type, 8 * (param.offset % 8)
    if kind.size == 8:
        return f'(uint64_t){param.value}'
    narrow = '' if isinstance(kind, (Bool, Flags)) or isinstance(kind, Int) and not kind.signed \
        else f'({_unsigned(kind)})'
    text = f'(uint64_t){narrow}{param.value}'
    return f'{text} << {shift}' if shift else text


class _Value:
    """A parameter together with the C expressions that hold it."""

    def __init__(self, param, value, length=None):
        self.type = param.type
        self.offset = param.offset
        self.value = value
        self.length = length


def _strings_in(struct, base):
    """Offsets and caps of every string in a struct that lies at base."""
    for member in struct.members:
        if isinstance(member.type, String):
            yield base + member.offset, member.type.max
        elif isinstance(member.type, Struct):
            yield from _strings_in(member.type, base + member.offset)


def _encode(writer, values, words, every_word, fail, depth):
    """Puts values into words. fail: statement for a value that cannot be sent. every_word: assign
    zero where nothing goes."""
    for word in range(6):
        parts = [_part(v) for v in values if _is_scalar(v.type) and v.offset // 8 == word]
        if parts:
            text = ' | '.join(parts)
            if len(parts) == 1 and '<<' not in text:
                text = text.replace('(uint64_t)', '', 1)
            if depth * 8 + len(words) + len(text) + 10 > 100:
                text = (' |\n' + '\t' * (depth + 2)).join(parts)
            writer.line(f'{words}[{word}] = {text};', depth)
        elif every_word:
            writer.line(f'{words}[{word}] = 0;', depth)
    for v in values:
        kind = v.type
        if isinstance(kind, String):
            writer.line(f'if (ipc_put_string({words}, {v.offset}, {kind.max}, {v.value}) != OK)', depth)
            writer.lines(fail, depth + 1)
        elif isinstance(kind, Array):
            writer.line(f'ipc_put_bytes({words}, {v.offset}, {v.value}, {kind.count});', depth)
        elif isinstance(kind, Bytes):
            writer.line(f'if ({v.length} > {kind.max})', depth)
            writer.lines(fail, depth + 1)
            writer.line(f'ipc_put_byte({words}, {v.offset}, (uint8_t){v.length});', depth)
            writer.line(f'ipc_put_bytes({words}, {v.offset + 1}, {v.value}, {v.length});', depth)
        elif isinstance(kind, Struct):
            writer.line(f'ipc_put_bytes({words}, {v.offset}, {v.value}, sizeof(*{v.value}));', depth)
            for offset, cap in _strings_in(kind, v.offset):
                writer.line(f'if (ipc_trim_string({words}, {offset}, {cap}) != OK)', depth)
                writer.lines(fail, depth + 1)


# ---- what comes out of words ------------------------------------------------------------------

def _piece(param, words):
    """A scalar's bits out of its word."""
    kind, word, shift = param.type, param.offset // 8, 8 * (param.offset % 8)
    text = f'{words}[{word}]'
    if kind.size == 8:
        return f'(int64_t){text}' if isinstance(kind, Int) and kind.signed else text
    inner = f'({text} >> {shift})' if shift else text
    if isinstance(kind, Status) or isinstance(kind, Int) and kind.signed:
        return f'(int32_t){inner}'
    return f'({_unsigned(kind)}){inner}'


def _raw_c(kind):
    """The C type of a scalar as it comes, before it is known to be in range."""
    if isinstance(kind, Status) or isinstance(kind, Int) and kind.signed:
        return f'int{8 * kind.size}_t'
    return _unsigned(kind)


def _out_of_range(kind, name):
    """The C condition that a received scalar is wrong, or None if it cannot be."""
    if isinstance(kind, Bool):
        return f'{name} > 1'
    if isinstance(kind, Status):
        return f'!ipc_status_valid({name})'
    if isinstance(kind, Flags):
        if kind.mask == kind.base.high:
            return None
        return f'({name} & ~{constant(kind)}_ALL) != 0'
    if isinstance(kind, Enum):
        return f'!{type_name(kind)}_valid({name})'
    return None


def _converted(kind, name):
    """A received scalar that was found in range, as its C type."""
    if isinstance(kind, Bool):
        return f'{name} != 0'
    if isinstance(kind, Enum) and not isinstance(kind, Flags):
        return f'(enum {type_name(kind)}){name}'
    return name


def _decode(writer, params, words, fail, copy):
    """Takes values out of words into locals called NAME_ and checks them. copy: strings and bytes
    also become locals; otherwise they are only looked at."""
    for param in params:
        kind, name, offset = param.type, param.name + '_', param.offset
        wrong = None
        if _is_scalar(kind):
            writer.line(f'{_raw_c(kind)} {name} = {_piece(param, words)};', 1)
            wrong = _out_of_range(kind, name)
        elif isinstance(kind, Struct):
            writer.line(f'struct {type_name(kind)} {name};', 1)
            writer.line(f'ipc_get_bytes({words}, {offset}, &{name}, sizeof({name}));', 1)
            wrong = f'!{type_name(kind)}_valid(&{name})'
        elif isinstance(kind, String):
            if copy:
                writer.line(f'char {name}[{kind.size}];', 1)
                wrong = f'ipc_get_string({words}, {offset}, {kind.max}, {name}) != OK'
            else:
                wrong = f'!ipc_string_ends((const char *){words} + {offset}, {kind.size})'
        elif isinstance(kind, Array):
            if copy:
                writer.line(f'uint8_t {name}[{kind.count}];', 1)
                writer.line(f'ipc_get_bytes({words}, {offset}, {name}, {kind.count});', 1)
        elif isinstance(kind, Bytes):
            length = length_name(param) + '_'
            writer.line(f'size_t {length} = ipc_get_byte({words}, {offset});', 1)
            if copy:
                writer.line(f'uint8_t {name}[{kind.max}];', 1)
            wrong = f'{length} > {kind.max}'
        if wrong:
            writer.line(f'if ({wrong})', 1)
            writer.lines(fail, 2)
        if isinstance(kind, Bytes) and copy:
            writer.line(f'ipc_get_bytes({words}, {offset + 1}, {name}, {length});', 1)


# ---- types -------------------------------------------------------------------------------------

def _struct_valid(writer, struct):
    conditions = []
    for member in struct.members:
        kind, text = member.type, f'value->{member.name}'
        if isinstance(kind, Bool):
            # A bool that holds something else must not be read as one.
            conditions.append(f'*(const unsigned char *)&{text} <= 1')
        elif isinstance(kind, String):
            conditions.append(f'ipc_string_ends({text}, sizeof({text}))')
        elif isinstance(kind, Struct):
            conditions.append(f'{type_name(kind)}_valid(&{text})')
        elif _is_scalar(kind):
            wrong = _out_of_range(kind, text)
            if wrong and wrong.startswith('!'):
                conditions.append(wrong[1:])
            elif wrong:
                conditions.append(wrong.replace('!= 0', '== 0'))
    writer.line(f'bool {type_name(struct)}_valid(const struct {type_name(struct)} *value)')
    writer.line('{')
    if not conditions:
        writer.line('(void)value;', 1)
        writer.line('return true;', 1)
    else:
        writer.line('return ' + (' &&\n\t       ').join(conditions) + ';', 1)
    writer.line('}')
    writer.line()


# ---- client ------------------------------------------------------------------------------------

def _lend(writer, unit, op, refuse):
    """Fills leases_ and checks the caps."""
    for lease in op.leases:
        cap = cap_constant(unit, op, lease)
        target = f'leases_[{lease.index}]'
        access = 'LEASE_READ' if lease.direction == 'in' else 'LEASE_WRITE'
        if lease.kind == 'string' and lease.direction == 'in':
            writer.line(f'if (ipc_lend_string(&{target}, {lease.name}, {cap}) != OK)', 1)
            writer.lines(refuse, 2)
            continue
        length = length_name(lease)
        if lease.kind == 'string':
            writer.line(f'if ({length} > {cap} + 1)', 1)
            writer.line(f'{length} = {cap} + 1;', 2)
            writer.line(f'if ({length} != 0)', 1)
            writer.line(f'{lease.name}[0] = \'\\0\';', 2)
        else:
            writer.line(f'if ({length} > {cap})', 1)
            writer.lines(refuse, 2)
            if lease.kind == 'structs':
                length = f'{length} * sizeof(*{lease.name})'
        writer.line(f'{target} = IPC_LEASE({lease.name}, {length}, {access});', 1)


def _check_lent(writer, op, malformed):
    """What the server wrote into lent memory, as far as the description speaks of it."""
    for param in op.params:
        if isinstance(param, Lease):
            if param.kind == 'string' and param.direction == 'out':
                length = length_name(param)
                writer.line(f'if ({length} != 0 && !ipc_string_ends({param.name}, {length}))', 1)
                writer.lines(malformed, 2)
        elif param.counts:
            lease = next(l for l in op.leases if l.name == param.counts)
            writer.line(f'if ({param.name}_ > {length_name(lease)})', 1)
            writer.lines(malformed, 2)
            if lease.kind == 'structs':
                writer.line(f'for (size_t i_ = 0; i_ < {param.name}_; i_++) {{', 1)
                writer.line(f'if (!{type_name(lease.struct)}_valid(&{lease.name}[i_]))', 2)
                writer.lines(malformed, 3)
                writer.line('}', 1)


def _hand_back(writer, outs, handles):
    """Gives the caller the results; it may want none of them."""
    for param in outs:
        kind, name = param.type, param.name
        writer.line(f'if ({name})', 1)
        if isinstance(kind, String):
            writer.line(f'(void)ipc_get_string(m_.w, {param.offset}, {kind.max}, {name});', 2)
        elif isinstance(kind, Array):
            writer.line(f'ipc_get_bytes(m_.w, {param.offset}, {name}, {kind.count});', 2)
        elif isinstance(kind, Bytes):
            writer.line(f'ipc_get_bytes(m_.w, {param.offset + 1}, {name}, {length_name(param)}_);', 2)
            writer.line(f'if ({length_name(param)})', 1)
            writer.line(f'*{length_name(param)} = {length_name(param)}_;', 2)
        elif isinstance(kind, Struct):
            writer.line(f'*{name} = {name}_;', 2)
        else:
            writer.line(f'*{name} = {_converted(kind, name + "_")};', 2)
    for param in handles:
        writer.line(f'if ({param.name})', 1)
        writer.line(f'*{param.name} = m_.handles[{param.offset}];', 2)
        writer.line('else', 1)
        writer.line(f'ipc_close(m_.handles[{param.offset}]);', 2)


def client(writer, unit, op):
    """The function that calls, for NAME.c, or for NAME.h where it is to be inlined."""
    in_handles, out_handles = op.select('in', True), op.select('out', True)
    ins, outs = op.select('in', False), op.select('out', False)
    inline = 'static inline __attribute__((always_inline)) ' if op.often else ''
    writer.call(f'{inline}status_t {unit.name}_{op.name}_until',
                ['handle_t ep', 'uint64_t deadline', *signature.client(op)], '')
    writer.line('{')
    writer.line('struct ipc_msg m_ = {', 1)
    writer.line(f'.info = MSG_INFO(IPC_LABEL({upper(unit.name, "NUMBER")}, {op_prefix(unit, op)}_OP), '
                f'{len(in_handles)}, {len(op.leases)}),', 2)
    if in_handles:
        writer.line(f'.handles = {{{", ".join(p.name for p in in_handles)}}},', 2)
    writer.line('};', 1)
    leases = 'NULL'
    if op.leases:
        leases = 'leases_'
        writer.line(f'struct lease leases_[{len(op.leases)}];', 1)
    writer.line('status_t st_;', 1)
    writer.line()

    refuse = ['return ERR_INVALID;']
    if in_handles:
        refuse = [f'return ipc_refuse(&m_, {len(in_handles)}, ERR_INVALID);']
    malformed = ['return ERR_PROTOCOL;']
    if out_handles:
        malformed = [f'return ipc_refuse(&m_, {len(out_handles)}, ERR_PROTOCOL);']
    _lend(writer, unit, op, refuse)
    _encode(writer, [_Value(p, p.name, length_name(p)) for p in ins], 'm_.w', False, refuse, 1)
    for lease in op.leases:
        if lease.told is None:
            continue
        length = f'(leases_[{lease.index}].info & LEASE_LEN_MAX)'
        if lease.kind == 'structs':
            length = f'{length_name(lease)}'
        writer.line(f'm_.w[{lease.told // 8}] |= (uint64_t)(uint32_t){length} << {lease.told % 8 * 8};', 1)
    writer.line(f'st_ = ipc_transact(ep, &m_, {leases}, deadline, {len(in_handles)}, '
                f'{len(out_handles)});', 1)
    writer.line('if (st_ != OK)', 1)
    writer.line('return st_;', 2)
    _decode(writer, outs, 'm_.w', malformed, False)
    _check_lent(writer, op, malformed)
    _hand_back(writer, outs, out_handles)
    writer.line('return OK;', 1)
    writer.line('}')
    writer.line()


# ---- server ------------------------------------------------------------------------------------

_MALFORMED = ['return ipc_request_finish(rq, ERR_PROTOCOL, 0);']
_FAILED = ['if (st_ != OK)', '\treturn ipc_request_finish(rq, st_, 0);']


def _handle_checks(writer, handles):
    for param in handles:
        if not param.type.checked:
            continue
        rights = ' | '.join(param.type.rights) or '0'
        writer.call('st_ = ipc_handle_check',
                    [f'rq->msg.handles[{param.offset}]', f'OBJ_{param.type.object.upper()}', rights],
                    ';', 1)
        writer.lines(_FAILED, 1)


def _told(writer, unit, op, lease):
    """The length comes with the message; whether so much was lent shows when it is used."""
    cap = cap_constant(unit, op, lease)
    text = lease.kind == 'string' and lease.direction == 'in'
    length = lease.name + '_told_' if text else length_name(lease) + '_'
    top = f'{cap} + 1' if lease.kind == 'string' and not text else cap
    writer.line(f'size_t {length} = (uint32_t)(rq->msg.w[{lease.told // 8}] >> {lease.told % 8 * 8});', 1)
    writer.line(f'if ({length} > {top})', 1)
    writer.lines(_MALFORMED, 2)
    if text:
        writer.line(f'char {lease.name}_[{cap} + 1];', 1)
        writer.line(f'st_ = ipc_told_string(rq, {lease.index}, {length}, {lease.name}_);', 1)
        writer.lines(_FAILED, 1)


def _lease_checks(writer, unit, op):
    for lease in op.leases:
        cap = cap_constant(unit, op, lease)
        if lease.told is not None:
            _told(writer, unit, op, lease)
            continue
        if lease.kind == 'string' and lease.direction == 'in':
            writer.line(f'char {lease.name}_[{cap} + 1];', 1)
            writer.line(f'st_ = ipc_lease_string(rq, {lease.index}, {cap}, {lease.name}_);', 1)
        else:
            length = length_name(lease) + '_'
            access = 'LEASE_READ' if lease.direction == 'in' else 'LEASE_WRITE'
            size = f'sizeof(struct {type_name(lease.struct)})' if lease.kind == 'structs' else '1'
            top = f'{cap} + 1' if lease.kind == 'string' else cap
            writer.line(f'size_t {length};', 1)
            writer.call('st_ = ipc_lease_check',
                        ['rq', f'{lease.index}', access, size, top, f'&{length}'], ';', 1)
        writer.lines(_FAILED, 1)


def _handler_arguments(op):
    result = ['ctx', 'rq']
    for param in op.params:
        name = param.name + '_'
        if isinstance(param, Lease):
            text_in = param.kind == 'string' and param.direction == 'in'
            result.append(name if text_in else length_name(param) + '_')
            continue
        kind, out = param.type, param.direction == 'out'
        if isinstance(kind, (String, Array)):
            result.append(name)
        elif isinstance(kind, Bytes):
            result += [name, ('&' if out else '') + length_name(param) + '_']
        elif out:
            result.append('&' + name)
        elif isinstance(kind, Struct):
            result.append('&' + name)
        elif isinstance(kind, Handle):
            result.append(f'rq->msg.handles[{param.offset}]')
        else:
            result.append(_converted(kind, name))
    return result


def _out_locals(writer, op):
    for param in op.params:
        if isinstance(param, Lease) or param.direction != 'out':
            continue
        kind, name = param.type, param.name + '_'
        if isinstance(kind, Handle):
            writer.line(f'handle_t {name} = HANDLE_NONE;', 1)
        elif isinstance(kind, Struct):
            writer.line(f'struct {type_name(kind)} {name} = {{0}};', 1)
        elif isinstance(kind, String):
            writer.line(f'char {name}[{kind.size}] = {{0}};', 1)
        elif isinstance(kind, Array):
            writer.line(f'uint8_t {name}[{kind.count}] = {{0}};', 1)
        elif isinstance(kind, Bytes):
            writer.line(f'uint8_t {name}[{kind.max}] = {{0}};', 1)
            writer.line(f'size_t {length_name(param)}_ = 0;', 1)
        elif isinstance(kind, Enum) and not isinstance(kind, Flags):
            writer.line(f'{scalar_c(kind)} {name} = (enum {type_name(kind)})0;', 1)
        else:
            writer.line(f'{scalar_c(kind)} {name} = 0;', 1)


def _server_value(param):
    """An out local as something to encode."""
    name = param.name + '_'
    value = f'(&{name})' if isinstance(param.type, Struct) else name
    return _Value(param, value, length_name(param) + '_')


def _serve(writer, unit, op):
    out_handles = op.select('out', True)
    outs = op.select('out', False)
    ins = op.select('in', False)
    writer.call(f'static IPC_SERVE status_t {unit.name}_{op.name}_serve_',
                [f'const struct {unit.name}_ops *ops', 'void *ctx', 'struct ipc_request *rq'], '')
    writer.line('{')
    if ins:
        writer.line('const uint64_t *const w_ = rq->msg.w;', 1)
    writer.line('status_t st_;', 1)
    writer.line()
    writer.line(f'if (ipc_request_check(rq, {len(op.select("in", True))}, {len(op.leases)}) != OK)', 1)
    writer.lines(_MALFORMED, 2)
    writer.line(f'if (!ops->{op.name})', 1)
    writer.line('return ipc_request_finish(rq, ERR_UNSUPPORTED, 0);', 2)
    _decode(writer, ins, 'w_', _MALFORMED, True)
    _handle_checks(writer, op.select('in', True))
    _lease_checks(writer, unit, op)
    _out_locals(writer, op)
    arguments = _handler_arguments(op)
    writer.call(f'st_ = ops->{op.name}', arguments, ';', 1)
    fail = _MALFORMED
    if out_handles:
        names = ', '.join(p.name + '_' for p in out_handles)
        count = len(out_handles)
        writer.line(f'const handle_t handles_[] = {{{names}}};', 1)
        writer.line(f'if (st_ == OK && !ipc_handles_given(handles_, {count}))', 1)
        writer.line('st_ = ERR_PROTOCOL;', 2)
        writer.line('if (st_ != OK)', 1)
        writer.line(f'return ipc_request_finish(rq, ipc_drop(handles_, {count}, st_), 0);', 2)
        fail = [f'return ipc_request_finish(rq, ipc_drop(handles_, {count}, ERR_PROTOCOL), 0);']
    else:
        writer.lines(_FAILED, 1)
    _encode(writer, [_server_value(p) for p in outs], 'rq->msg.w', True, fail, 1)
    for param in out_handles:
        writer.line(f'rq->msg.handles[{param.offset}] = {param.name}_;', 1)
    writer.line(f'rq->msg.info = MSG_INFO(0, {len(out_handles)}, 0);', 1)
    writer.line('return OK;', 1)
    writer.line('}')
    writer.line()


def _dispatch(writer, unit):
    writer.call(f'status_t {unit.name}_dispatch', [f'const struct {unit.name}_ops *ops', 'void *ctx',
                                                   'struct ipc_request *rq'], '')
    writer.line('{')
    writer.line('switch (MSG_LABEL(rq->msg.info)) {', 1)
    for op in unit.ops:
        writer.line(f'case IPC_LABEL({upper(unit.name, "NUMBER")}, {op_prefix(unit, op)}_OP):', 1)
        writer.line(f'return {unit.name}_{op.name}_serve_(ops, ctx, rq);', 2)
    writer.line('default: return ipc_request_finish(rq, ERR_NO_SYSCALL, 0);', 1)
    writer.line('}', 1)
    writer.line('}')
    writer.line()
    writer.call(f'static status_t {unit.name}_dispatch_any_',
                ['const void *ops', 'void *ctx', 'struct ipc_request *rq'], '')
    writer.line('{')
    writer.line(f'return {unit.name}_dispatch(ops, ctx, rq);', 1)
    writer.line('}')
    writer.line()
    writer.line(f'static const struct ipc_op_info {unit.name}_op_infos_[] = {{')
    for op in sorted(unit.ops, key=lambda o: o.number):
        idempotent = 'true' if op.idempotent else 'false'
        writer.line(f'{{{op_prefix(unit, op)}_OP, {idempotent}, "{op.name}"}},', 1)
    writer.line('};')
    writer.line()
    writer.line(f'const struct ipc_protocol {unit.name}_protocol = {{')
    writer.lines([f'.name = "{unit.name}",', f'.number = {upper(unit.name, "NUMBER")},',
                  f'.op_count = {len(unit.ops)},', f'.ops = {unit.name}_op_infos_,',
                  f'.dispatch = {unit.name}_dispatch_any_,'], 1)
    writer.line('};')
    writer.line()


def _reply(writer, unit, op):
    outs, handles = op.select('out', False), op.select('out', True)
    writer.call(f'status_t {unit.name}_{op.name}_reply', signature.answer(op), '')
    writer.line('{')
    if handles:
        names = ', '.join(p.name for p in handles)
        writer.line(f'struct ipc_msg m_ = {{.handles = {{{names}}}}};', 1)
    else:
        writer.line('struct ipc_msg m_ = {0};', 1)
    writer.line()
    if outs:
        writer.line('if (status == OK) {', 1)
        _encode(writer, [_Value(p, p.name, length_name(p)) for p in outs], 'm_.w', False,
                [f'return ipc_answer(reply, &m_, ERR_PROTOCOL, {len(handles)});'], 2)
        writer.line('}', 1)
    writer.line(f'return ipc_answer(reply, &m_, status, {len(handles)});', 1)
    writer.line('}')
    writer.line()


def write(unit):
    writer = Writer()
    writer.comment([f'Generated from {os.path.basename(unit.path)} by sys/idl: do not edit.'])
    writer.line(f'#include "protocols/{unit.name}.h"')
    writer.line()
    for decl in unit.decls:
        if isinstance(decl, Struct):
            _struct_valid(writer, decl)
    if unit.kind == 'protocol':
        for op in unit.ops:
            if not op.often:
                client(writer, unit, op)
        for op in unit.ops:
            _serve(writer, unit, op)
        _dispatch(writer, unit)
        for op in unit.ops:
            _reply(writer, unit, op)
    return writer.text()
