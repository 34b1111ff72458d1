# SPDX-License-Identifier: BSD-2-Clause
"""Turns a parsed description into a model, and reports everything that is wrong with it."""

import re
from pathlib import Path

import model
import names
import syntax

LOWER = re.compile(r'[a-z]([a-z0-9_]*[a-z0-9])?$')
UPPER = re.compile(r'[A-Z]([A-Z0-9_]*[A-Z0-9])?$')

PROTOCOL_NUMBER_MAX = 0x7fff  # the label's top bit is the kernel's
OP_NUMBER_MAX = 0xffff


class _Bad(Exception):
    """What is looked at cannot be used; it has been reported."""


class Loader:
    """Reads files, each once, with what they import."""

    def __init__(self, abi, diags):
        self.abi = abi
        self.diags = diags
        self.units = {}  # resolved path: Unit, or None while it is read or if it is broken
        self.loading = []

    def load(self, path, wanted_by=None):
        """The Unit of a file, or None."""
        path = Path(path)
        key = path.resolve()
        if key in self.loading:
            self.diags.error(wanted_by, f"'{path.stem}' imports itself")
            return None
        if key not in self.units:
            try:
                text = path.read_bytes().decode('utf-8')
            except UnicodeDecodeError:
                self.diags.error(wanted_by or _start(path), f"'{path.name}' is not UTF-8 text")
                return None
            except OSError as error:
                self.diags.error(wanted_by or _start(path),
                                 f"cannot read '{path.name}': {error.strerror}")
                return None
            self.loading.append(key)
            tree = syntax.parse(str(path), text, self.diags)
            self.units[key] = _Checker(self, tree).run() if tree else None
            self.loading.pop()
        return self.units[key]


def _fill(members, offset, align):
    """Makes a gap before `align` a member of its own, so that initializers zero it and nothing that
    a process did not mean to send lies between the members."""
    gap = -offset % align
    if gap:
        members.append(model.Member(f'pad{offset}_', model.Array(gap), offset, []))
    return offset + gap


def _start(path):
    return syntax.Pos(str(path), 1, 1)


class _Checker:
    def __init__(self, loader, tree):
        self.loader = loader
        self.abi = loader.abi
        self.diags = loader.diags
        self.tree = tree
        self.scope = {}    # name: what this file declares
        self.imports = {}  # name: Unit or None
        self.used = set()  # imports that something refers to

    def error(self, pos, message):
        self.diags.error(pos, message)

    def bad(self, pos, message):
        self.error(pos, message)
        raise _Bad()

    # -- names and documentation --

    def spelling(self, name, pattern, what):
        if not pattern.match(name.text):
            case = 'lower_case' if pattern is LOWER else 'UPPER_CASE'
            self.error(name.pos, f"{what} '{name.text}' must be written in {case}, "
                                 'beginning with a letter and not ending in _')
        elif '__' in name.text:
            self.error(name.pos, f"{what} '{name.text}' must not hold two underscores in a row")

    def documented(self, doc, pos, what):
        if not any(doc):
            self.error(pos, f'{what} needs documentation: write /// before it')

    def unique(self, seen, key, pos, what):
        if key in seen:
            self.error(pos, f'{what} is taken: see line {seen[key].line}')
            return False
        seen[key] = pos
        return True

    # -- numbers --

    def number(self, expr):
        if expr.op == 'number':
            return expr.value
        if expr.op == 'name':
            found = self.lookup(expr.name, 'constant')
            if not isinstance(found, model.Const):
                self.bad(expr.pos, f"'{expr.name.text}' is not a constant")
            return found.value
        if expr.op == '-' and expr.right is None:
            return -self.number(expr.left)
        left, right = self.number(expr.left), self.number(expr.right)
        if expr.op == '+':
            result = left + right
        elif expr.op == '-':
            result = left - right
        elif expr.op == '*':
            result = left * right
        elif expr.op == '|':
            if left < 0 or right < 0:
                self.bad(expr.pos, '| takes numbers that are not negative')
            result = left | right
        else:
            if left < 0 or not 0 <= right <= 63:
                self.bad(expr.pos, '<< shifts a number that is not negative by 0 to 63')
            result = left << right
        if abs(result) >= 1 << 64:
            self.bad(expr.pos, 'the result does not fit 64 bits')
        return result

    def number_in(self, expr, low, high, what):
        value = self.number(expr)
        if not low <= value <= high:
            self.bad(expr.pos, f'{what} must be {low} to {high}, not {value}')
        return value

    # -- references --

    def lookup(self, ref, what):
        if ref.scope is None:
            if ref.name.text not in self.scope:
                self.bad(ref.pos, f"unknown {what} '{ref.text}'")
            found = self.scope[ref.name.text]
        else:
            if ref.scope.text not in self.imports:
                self.bad(ref.pos, f"'{ref.scope.text}' is not imported: write "
                                  f"'import {ref.scope.text};'")
            self.used.add(ref.scope.text)
            unit = self.imports[ref.scope.text]
            if unit is None:
                raise _Bad()  # its own mistakes have been reported
            found = next((d for d in unit.decls if d.name == ref.name.text), None)
            if found is None:
                self.bad(ref.pos, f"'{ref.scope.text}' declares no {what} '{ref.name.text}'")
        if found is None:
            raise _Bad()  # declared, but wrong
        return found

    def int_type(self, name, allowed, what):
        if name.text not in allowed:
            self.bad(name.pos, f"the type of {what} must be one of {' '.join(allowed)}, "
                               f"not '{name.text}'")
        return model.INTS[name.text]

    def value_type(self, expr, place):
        """The type of a parameter or a member (place says which, for messages)."""
        if expr.form == 'string':
            return model.String(self.number_in(expr.cap, 1, 4095, 'the max of a string'))
        if expr.form == 'array':
            return model.Array(self.number_in(expr.cap, 1, 65535, 'the number of bytes'))
        if expr.form == 'structs':
            self.bad(expr.pos, f'a list of structs is lent, it cannot be {place}')
        if expr.form == 'bytes':
            if place == 'a member':
                self.bad(expr.pos, 'a member has a fixed size: write bytes[N]')
            cap = self.number(expr.cap)
            if not 1 <= cap < model.WORD_BYTES:
                self.bad(expr.cap.pos, f'bytes max {cap} do not fit the words of a message, which '
                                       f'take 1 to {model.WORD_BYTES - 1}: lend them instead')
            return model.Bytes(cap)
        if expr.form == 'handle':
            if place == 'a member':
                self.bad(expr.pos, 'a handle cannot be a member: make it a parameter')
            return self.handle(expr)
        word = expr.ref.text
        if word in model.INTS:
            return model.INTS[word]
        if word == 'bool':
            return model.Bool()
        if word == 'status':
            return model.Status()
        found = self.lookup(expr.ref, 'type')
        if isinstance(found, model.Const):
            self.bad(expr.pos, f"'{word}' is a constant, not a type")
        return found

    def handle(self, expr):
        kind = expr.object.text
        if kind == 'any':
            if not expr.unchecked:
                self.bad(expr.object.pos, "'handle any' must be 'unchecked': "
                                          'its type is not looked at')
            if expr.rights:
                self.bad(expr.rights[0].pos, "'handle any' has no rights to name")
            return model.Handle('any', (), (), False)
        if kind not in self.abi.objects:
            self.bad(expr.object.pos, f"unknown object type '{kind}': "
                                      f"one of {' '.join(sorted(self.abi.objects))} any")
        rights, seen = [], {}
        for right in expr.rights:
            c_name = self.abi.right(kind, right.text)
            if c_name is None:
                self.error(right.pos, f"'{kind}' has no right '{right.text}': "
                                      f"one of {' '.join(self.abi.rights_of(kind))}")
            elif self.unique(seen, c_name, right.pos, f"right '{right.text}'"):
                rights.append((c_name, right.text))
        return model.Handle(kind, tuple(r[0] for r in rights), tuple(r[1] for r in rights),
                            not expr.unchecked)

    # -- declarations --

    def const(self, decl):
        self.spelling(decl.name, UPPER, 'constant')
        base = self.int_type(decl.base, list(model.INTS), 'a constant')
        value = self.number_in(decl.value, base.low, base.high, f"a constant of type {base.name}")
        return model.Const(self.tree.name.text, decl.name.text, base, value, decl.doc)

    def empty(self, decl, what):
        if not decl.broken:
            self.error(decl.name.pos, f"'{decl.name.text}' has no {what}")
        raise _Bad()

    def enum(self, decl):
        self.spelling(decl.name, LOWER, decl.kind)
        is_flags = decl.kind == 'flags'
        allowed = ['u8', 'u16', 'u32'] + (['u64'] if is_flags else [])
        base = self.int_type(decl.base, allowed, 'flags' if is_flags else 'an enum')
        if not decl.members:
            self.empty(decl, 'values')
        values, seen_names, seen_values = [], {}, {}
        for member in decl.members:
            self.spelling(member.name, UPPER, 'value')
            self.unique(seen_names, member.name.text, member.name.pos,
                        f"the name '{member.name.text}'")
            try:
                value = self.number_in(member.value, 0, base.high, f'a value of type {base.name}')
            except _Bad:
                continue
            if is_flags and (value == 0 or value & (value - 1)):
                self.error(member.value.pos, f'a flag is one bit, such as 1 << 3, not {value}')
            elif self.unique(seen_values, value, member.value.pos, f'the value {value}'):
                values.append(model.Value(member.name.text, value, member.doc))
        kind = model.Flags if is_flags else model.Enum
        return kind(self.tree.name.text, decl.name.text, base, values, decl.doc)

    def struct(self, decl):
        self.spelling(decl.name, LOWER, 'struct')
        if not decl.members:
            self.empty(decl, 'members')
        members, seen, broken, offset, align = [], {}, False, 0, 1
        for member in decl.members:
            self.spelling(member.name, LOWER, 'member')
            self.unique(seen, member.name.text, member.name.pos, f"the name '{member.name.text}'")
            if member.name.text in names.C_KEYWORDS:
                self.error(member.name.pos, f"'{member.name.text}' is a word of C")
            try:
                kind = self.value_type(member.type, 'a member')
            except _Bad:
                broken = True
                continue
            offset = _fill(members, offset, kind.align)
            members.append(model.Member(member.name.text, kind, offset, member.doc))
            offset += kind.size
            align = max(align, kind.align)
        offset = _fill(members, offset, align)
        if broken:
            raise _Bad()
        return model.Struct(self.tree.name.text, decl.name.text, members, offset, align,
                            decl.doc)

    def declarations(self):
        seen, decls = {}, []
        for decl in self.tree.decls:
            self.documented(decl.doc, decl.name.pos, f"{decl.kind} '{decl.name.text}'")
            if decl.name.text in names.BUILTIN_TYPES or decl.name.text in names.C_KEYWORDS:
                self.error(decl.name.pos, f"'{decl.name.text}' is a word of the language")
                continue
            if not self.unique(seen, decl.name.text, decl.name.pos, f"the name '{decl.name.text}'"):
                continue
            build = {'const': self.const, 'enum': self.enum, 'flags': self.enum,
                     'struct': self.struct}[decl.kind]
            try:
                found = build(decl)
                decls.append(found)
            except _Bad:
                found = None
            self.scope[decl.name.text] = found
        return decls

    # -- operations --

    def lease(self, param, index):
        expr = param.type
        struct, kind = None, expr.form
        if kind == 'string':
            top = model.STRING_COPY_MAX if param.direction == 'lend in' else 65535
            cap = self.number_in(expr.cap, 1, top, 'the max of a lent string')
        elif kind == 'bytes':
            cap = self.number_in(expr.cap, 1, model.LEASE_LEN_MAX, 'the max of a lease')
        elif kind == 'structs':
            struct = self.lookup(expr.ref, 'struct')
            if not isinstance(struct, model.Struct):
                self.bad(expr.pos, f"'{expr.ref.text}' is not a struct: lend bytes")
            cap = self.number_in(expr.cap, 1, model.LEASE_LEN_MAX // struct.size,
                                 'the max of a lease')
        else:
            self.bad(expr.pos, "what is lent is 'bytes max N', 'string max N' or 'STRUCT[] max N'")
        return model.Lease(param.name.text, param.direction[5:], kind, cap, struct, index,
                           param.doc)

    def signature(self, op_name, params):
        """The C parameters must have different names, which the stubs do not use themselves."""
        seen = {}
        for tree, param in params:
            wanted = [param.name]
            if isinstance(param, model.Lease):
                if param.kind != 'string' or param.direction == 'out':
                    wanted.append(names.length_name(param))
            elif isinstance(param.type, model.Bytes):
                wanted.append(names.length_name(param))
            for name in wanted:
                if name in names.C_KEYWORDS or name in names.STUB_NAMES:
                    self.error(tree.name.pos, f"'{name}' cannot be a parameter: "
                                              'C or the stubs use the name')
                else:
                    self.unique(seen, name, tree.name.pos,
                                f"the parameter name '{name}' of '{op_name}'")

    def parameters(self, op):
        used = {'in': 0, 'out': 0}
        handles = {'in': 0, 'out': 0}
        leases, params, late, told = 0, [], [], []
        for tree in op.params:
            self.spelling(tree.name, LOWER, 'parameter')
            try:
                if tree.direction.startswith('lend'):
                    param = self.lease(tree, leases)
                    leases += 1
                    if leases == model.LEASES_MAX + 1:
                        self.error(tree.name.pos, f'more than {model.LEASES_MAX} leases')
                    if tree.counts:
                        self.error(tree.counts.pos, "only an 'out' parameter counts")
                    if tree.told:
                        told.append((tree, param))
                else:
                    if tree.told:
                        self.error(tree.told.pos, "only of what is lent the length is told")
                    kind = self.value_type(tree.type, 'a parameter in the words')
                    param = model.Param(tree.name.text, tree.direction, kind, 0, tree.doc)
                    if isinstance(kind, model.Handle):
                        param.offset = handles[tree.direction]
                        handles[tree.direction] += 1
                        if handles[tree.direction] == model.HANDLES_MAX + 1:
                            self.error(tree.name.pos, f'more than {model.HANDLES_MAX} handles '
                                                      f"of '{tree.direction}'")
                    else:
                        param.offset = used[tree.direction] + -used[tree.direction] % kind.align
                        end = param.offset + kind.size
                        if end > model.WORD_BYTES >= used[tree.direction]:
                            self.error(tree.name.pos,
                                       f"'{tree.name.text}' does not fit: '{op.name.text}' needs "
                                       f"{end} bytes of '{tree.direction}' up to here and the words "
                                       f'of a message hold {model.WORD_BYTES}; lend it instead')
                        used[tree.direction] = end
                    if tree.counts:
                        late.append((tree, param))
            except _Bad:
                continue
            params.append((tree, param))
        for tree, lease in told:
            lease.told = used['in'] + -used['in'] % 4
            used['in'] = lease.told + 4
            if lease.told + 4 > model.WORD_BYTES:
                self.error(tree.told.pos, f"no room in the words of '{op.name.text}' to tell the length")
            if lease.max > 0xffffffff:
                self.error(tree.told.pos, 'a length that is told is a u32')
        understood = [p for _, p in params]
        broken = {p.name.text for p in op.params} - {p.name for p in understood}
        for tree, param in late:
            if tree.counts.text not in broken:
                self.counts(tree, param, understood)
        self.signature(op.name.text, params)
        return understood

    def counts(self, tree, param, params):
        target = next((p for p in params if p.name == tree.counts.text), None)
        if param.direction != 'out' or not (isinstance(param.type, model.Int)
                                            and not param.type.signed):
            self.error(tree.counts.pos, "only an 'out' parameter of type u8 to u64 counts")
        elif (not isinstance(target, model.Lease) or target.direction != 'out'
              or target.kind == 'string'):
            self.error(tree.counts.pos, f"'{tree.counts.text}' is not a 'lend out' of bytes or "
                                        'structs of this operation')
        elif any(p.counts == target.name for p in params if isinstance(p, model.Param)):
            self.error(tree.counts.pos, f"'{target.name}' is counted twice")
        else:
            param.counts = target.name

    def op_errors(self, op):
        if op.errors is None:
            if op.broken:
                return []  # the line may be there
            self.error(op.name.pos, f"operation '{op.name.text}' does not say which errors it "
                                    "answers: write 'errors …;' or 'errors none;'")
            return []
        seen = {}
        for error in op.errors:
            if error.text not in self.abi.errors:
                self.error(error.pos, f"unknown error '{error.text}'")
            else:
                self.unique(seen, error.text, error.pos, f"error '{error.text}'")
        return list(seen)

    def reserved(self):
        numbers = {}
        for item in self.tree.reserved:
            try:
                first = self.number_in(item.first, 1, OP_NUMBER_MAX, 'a reserved number')
                last = self.number_in(item.last, 1, OP_NUMBER_MAX, 'a reserved number')
            except _Bad:
                continue
            if last < first:
                self.error(item.last.pos, f'the range ends before it begins: {first}..{last}')
            for number in range(first, last + 1):
                if number in numbers:
                    self.error(item.first.pos, f'{number} is reserved twice: '
                                               f'see line {numbers[number].line}')
                    break
                numbers[number] = item.first.pos
        return numbers

    def operations(self):
        reserved = self.reserved()
        seen_names, seen_numbers, ops = {}, {}, []
        for tree in self.tree.ops:
            self.spelling(tree.name, LOWER, 'operation')
            self.documented(tree.doc, tree.name.pos, f"operation '{tree.name.text}'")
            self.unique(seen_names, tree.name.text, tree.name.pos, f"operation '{tree.name.text}'")
            if tree.name.text in names.C_KEYWORDS:
                self.error(tree.name.pos, f"'{tree.name.text}' is a word of C")
            number = 0
            try:
                number = self.number_in(tree.number, 1, OP_NUMBER_MAX, "an operation's number")
                if number in reserved:
                    self.error(tree.number.pos, f'number {number} is reserved: '
                                                f'see line {reserved[number].line}')
                self.unique(seen_numbers, number, tree.number.pos, f'number {number}')
            except _Bad:
                pass
            op = model.Op(tree.name.text, number, tree.doc, self.op_errors(tree), tree.idempotent, tree.often)
            op.params = self.parameters(tree)
            ops.append(op)
        return ops, sorted(reserved)

    # -- files --

    def import_files(self, files):
        units, seen = [], {}
        for name in self.tree.imports:
            if not self.unique(seen, name.text, name.pos, f"import '{name.text}'"):
                continue
            path = Path(self.tree.path).parent / f'{name.text}.idl'
            unit = self.loader.load(path, name.pos)
            self.imports[name.text] = unit
            if unit:
                units.append(unit)
                files += [f for f in unit.files if f not in files]
        return units

    def run(self):
        tree = self.tree
        before = len(self.diags)
        name = tree.name
        files = [tree.path]
        self.spelling(name, LOWER, tree.kind)
        if Path(tree.path).name != f'{name.text}.idl':
            self.error(name.pos, f"{tree.kind} '{name.text}' must be in a file called "
                                 f"'{name.text}.idl'")
        if name.text in names.C_KEYWORDS:
            self.error(name.pos, f"'{name.text}' is a word of C")
        self.documented(tree.doc, name.pos, f"{tree.kind} '{name.text}'")
        number = 0
        if tree.number is not None:
            try:
                number = self.number_in(tree.number, 1, PROTOCOL_NUMBER_MAX, "a protocol's number")
            except _Bad:
                pass
        if tree.kind == 'types':
            for op in tree.ops:
                self.error(op.name.pos, "a 'types' file has no operations")
            for item in tree.reserved:
                self.error(item.first.pos, "a 'types' file reserves no numbers")
            tree.ops, tree.reserved = [], []
        units = self.import_files(files)
        decls = self.declarations()
        ops, reserved = self.operations()
        for imported in tree.imports:
            if self.imports[imported.text] and imported.text not in self.used:
                self.error(imported.pos, f"'{imported.text}' is imported and not used")
        if tree.kind == 'protocol' and not tree.ops:
            self.error(name.pos, f"protocol '{name.text}' has no operations")
        unit = model.Unit(tree.kind, name.text, number, tree.doc, units, decls, ops, reserved,
                          tree.path, name.pos, tree.number.pos if tree.number else None, files)
        if len(self.diags) != before:
            return None
        self.c_names(unit)
        return unit if len(self.diags) == before else None

    def c_names(self, unit):
        """Different names of a description can make the same name in C."""
        positions = {f"operation '{t.name.text}'": t.name.pos for t in self.tree.ops}
        for decl in self.tree.decls:
            what = 'constant' if decl.kind == 'const' else 'type'
            positions[f"{what} '{decl.name.text}'"] = decl.name.pos
            for member in decl.members:
                positions[f"value '{member.name.text}' of '{decl.name.text}'"] = member.name.pos
        seen = {}
        for c_name, what in names.file_scope(unit):
            if c_name in seen:
                self.error(positions.get(what, self.tree.name.pos),
                           f"{what} and {seen[c_name]} are both '{c_name}' in C: rename one")
            seen.setdefault(c_name, what)


def check_together(units, diags):
    """What only shows when all protocols are looked at: their names and numbers differ."""
    names_seen, numbers_seen = {}, {}
    for unit in units:
        if unit.name in names_seen:
            diags.error(unit.pos, f"'{unit.name}' is also {names_seen[unit.name].path}")
        names_seen.setdefault(unit.name, unit)
        if unit.kind != 'protocol':
            continue
        if unit.number in numbers_seen:
            other = numbers_seen[unit.number]
            diags.error(unit.number_pos, f"protocol number {unit.number} is taken by "
                                         f"'{other.name}' ({other.path}:{other.number_pos.line})")
        numbers_seen.setdefault(unit.number, unit)
