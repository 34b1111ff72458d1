# SPDX-License-Identifier: BSD-2-Clause
"""Parses a description into a tree that still names things as the author did; check.py gives
the names their meaning. After a mistake the parser goes on behind the next ';' or '}'."""

from dataclasses import dataclass, field
from typing import Any, List, Optional

from diag import Pos
from lexer import DOC, END, NAME, NUMBER, PUNCT, tokenize


@dataclass
class Name:
    text: str
    pos: Pos


@dataclass
class Expr:
    """op: 'number' (value), 'name' (name), '-' with one side, or an operator with two."""
    op: str
    pos: Pos
    value: int = 0
    name: Any = None
    left: Any = None
    right: Any = None


@dataclass
class Ref:
    """A name, or FILE.name of an imported file."""
    name: Name
    scope: Optional[Name] = None

    @property
    def pos(self):
        return (self.scope or self.name).pos

    @property
    def text(self):
        return f'{self.scope.text}.{self.name.text}' if self.scope else self.name.text


@dataclass
class TypeExpr:
    """form: 'name', 'string' (cap), 'bytes' (cap), 'array' (bytes[size] as cap), 'structs'
    (NAME[] max cap), 'handle'."""
    form: str
    pos: Pos
    ref: Optional[Ref] = None
    cap: Optional[Expr] = None
    object: Optional[Name] = None
    rights: List[Name] = field(default_factory=list)
    unchecked: bool = False


@dataclass
class Member:
    name: Name
    value: Optional[Expr]
    type: Optional[TypeExpr]
    doc: List[str]


@dataclass
class Decl:
    """kind: 'const', 'enum', 'flags' or 'struct'."""
    kind: str
    name: Name
    doc: List[str]
    base: Optional[Name] = None
    value: Optional[Expr] = None
    members: List[Member] = field(default_factory=list)
    broken: bool = False  # something in its body was not understood


@dataclass
class Param:
    """direction: 'in', 'out', 'lend in' or 'lend out'."""
    direction: str
    name: Name
    type: TypeExpr
    doc: List[str]
    counts: Optional[Name] = None
    told: Optional[Name] = None


@dataclass
class Op:
    name: Name
    number: Expr
    doc: List[str]
    params: List[Param] = field(default_factory=list)
    errors: Optional[List[Name]] = None
    idempotent: bool = False
    often: bool = False
    broken: bool = False


@dataclass
class Reserved:
    first: Expr
    last: Expr


@dataclass
class File:
    path: str
    kind: str = ''  # 'protocol' or 'types'
    name: Optional[Name] = None
    number: Optional[Expr] = None
    doc: List[str] = field(default_factory=list)
    imports: List[Name] = field(default_factory=list)
    decls: List[Decl] = field(default_factory=list)  # in order
    ops: List[Op] = field(default_factory=list)
    reserved: List[Reserved] = field(default_factory=list)


class _Mistake(Exception):
    """Thrown after a report, to get out to where parsing can go on."""


class _Parser:
    def __init__(self, path, text, diags):
        self.diags = diags
        self.tokens = tokenize(path, text, diags)
        self.at = 0
        self.file = File(path)

    # -- tokens --

    @property
    def token(self):
        return self.tokens[self.at]

    def advance(self):
        token = self.token
        if token.kind != END:
            self.at += 1
        return token

    def fail(self, message, pos=None):
        self.diags.error(pos or self.token.pos, message)
        raise _Mistake()

    def is_punct(self, text):
        return self.token.kind == PUNCT and self.token.text == text

    def is_word(self, text):
        return self.token.kind == NAME and self.token.text == text

    def accept(self, text):
        if self.token.kind in (PUNCT, NAME) and self.token.text == text:
            return self.advance()
        return None

    def expect(self, text, where):
        token = self.accept(text)
        if not token:
            self.fail(f"expected '{text}' {where}, found {self.token.describe()}")
        return token

    def name(self, what):
        if self.token.kind != NAME:
            self.fail(f'expected {what}, found {self.token.describe()}')
        token = self.advance()
        return Name(token.text, token.pos)

    def doc(self):
        lines = []
        while self.token.kind == DOC:
            lines.append(self.advance().text)
        return lines

    def resync(self, depth):
        """Skips to behind the ';' or '}' that ends the broken piece; depth: braces open there."""
        level = depth
        while self.token.kind != END:
            if self.is_punct('{'):
                level += 1
            elif self.is_punct('}'):
                if level == depth and depth > 0:
                    return  # the '}' belongs to the enclosing body
                level = max(level - 1, 0)
                if level == depth:
                    self.advance()
                    return
            elif self.is_punct(';') and level == depth:
                self.advance()
                return
            self.advance()

    # -- expressions --

    def expr(self):
        return self.binary(0)

    _LEVELS = (('|',), ('<<',), ('+', '-'), ('*',))

    def binary(self, level):
        if level == len(self._LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.token.kind == PUNCT and self.token.text in self._LEVELS[level]:
            op = self.advance()
            right = self.binary(level + 1)
            left = Expr(op.text, left.pos, left=left, right=right)
        return left

    def unary(self):
        pos = self.token.pos
        if self.accept('-'):
            return Expr('-', pos, left=self.unary())
        if self.accept('('):
            inner = self.expr()
            self.expect(')', 'after the expression')
            return inner
        if self.token.kind == NUMBER:
            return Expr('number', pos, value=self.advance().value)
        if self.token.kind == NAME:
            return Expr('name', pos, name=self.ref('a constant'))
        return self.fail(f'expected a number or a constant, found {self.token.describe()}')

    def ref(self, what):
        first = self.name(what)
        if self.accept('.'):
            return Ref(self.name('a name after the dot'), first)
        return Ref(first)

    # -- types --

    def type(self):
        pos = self.token.pos
        if self.token.kind != NAME:
            self.fail(f'expected a type, found {self.token.describe()}')
        if self.is_word('string'):
            self.advance()
            self.expect('max', "after 'string'")
            return TypeExpr('string', pos, cap=self.expr())
        if self.is_word('bytes'):
            self.advance()
            if self.accept('['):
                size = self.expr()
                self.expect(']', 'after the number of bytes')
                return TypeExpr('array', pos, cap=size)
            self.expect('max', "or '[' after 'bytes'")
            return TypeExpr('bytes', pos, cap=self.expr())
        if self.is_word('handle'):
            return self.handle_type()
        ref = self.ref('a type')
        if self.accept('['):
            self.expect(']', "after '[' (write NAME[] max N)")
            self.expect('max', "after '[]'")
            return TypeExpr('structs', pos, ref=ref, cap=self.expr())
        return TypeExpr('name', pos, ref=ref)

    def handle_type(self):
        pos = self.advance().pos
        result = TypeExpr('handle', pos, object=self.name('an object type after handle'))
        if self.accept('('):
            while not self.is_punct(')'):
                result.rights.append(self.name('a right'))
                if not self.accept(','):
                    break
            self.expect(')', 'after the rights')
        if self.accept('unchecked'):
            result.unchecked = True
        return result

    # -- declarations --

    def members(self, decl, separator, parse):
        """A body of members, each followed by the separator (',' may be left out at the end)."""
        members = decl.members
        self.expect('{', 'before the members')
        while not self.is_punct('}') and self.token.kind != END:
            start = self.at
            try:
                doc = self.doc()
                if self.is_punct('}'):
                    self.fail('documentation with nothing behind it', self.tokens[self.at - 1].pos)
                members.append(parse(doc))
                if not self.accept(separator) and not (separator == ',' and self.is_punct('}')):
                    self.fail(f"expected '{separator}' after the member, "
                              f'found {self.token.describe()}')
            except _Mistake:
                decl.broken = True
                while (self.token.kind != END and not self.is_punct('}')
                       and not self.is_punct(separator)):
                    self.advance()
                if not self.accept(separator) and self.at == start:
                    break
        self.expect('}', 'after the members')

    def value_member(self, doc):
        name = self.name('a name')
        self.expect('=', f"after '{name.text}': every value is written out")
        return Member(name, self.expr(), None, doc)

    def struct_member(self, doc):
        name = self.name('a member')
        self.expect(':', f"after '{name.text}'")
        return Member(name, None, self.type(), doc)

    def declaration(self, kind, doc):
        decl = Decl(kind, self.name(f'a name after {kind}'), doc)
        if kind != 'struct':
            self.expect(':', f"and a type after '{decl.name.text}'")
            decl.base = self.name('an integer type')
        if kind == 'const':
            self.expect('=', 'before the value')
            decl.value = self.expr()
            self.expect(';', 'after the constant')
        elif kind == 'struct':
            self.members(decl, ';', self.struct_member)
        else:
            self.members(decl, ',', self.value_member)
        self.file.decls.append(decl)

    def operation(self, doc):
        name = self.name('the name of the operation')
        self.expect('=', 'and a number after the name')
        op = Op(name, self.expr(), doc)
        self.file.ops.append(op)
        self.expect('{', 'before the body of the operation')
        while not self.is_punct('}') and self.token.kind != END:
            try:
                self.statement(op)
            except _Mistake:
                op.broken = True
                self.resync(1)
        self.expect('}', 'after the operation')

    def statement(self, op):
        doc = self.doc()
        word = self.token
        if doc and word.text not in ('in', 'out', 'lend'):
            self.fail('documentation that no parameter follows', self.tokens[self.at - 1].pos)
        if self.accept('errors'):
            if op.errors is not None:
                self.fail("a second 'errors'", word.pos)
            op.errors = []
            if not self.accept('none'):
                op.errors.append(self.name("an error or 'none'"))
                while self.accept(','):
                    op.errors.append(self.name('an error'))
        elif self.accept('idempotent'):
            if op.idempotent:
                self.fail("a second 'idempotent'", word.pos)
            op.idempotent = True
        elif self.accept('often'):
            if op.often:
                self.fail("a second 'often'", word.pos)
            op.often = True
        elif self.accept('in') or self.accept('out'):
            self.param(op, word.text, doc)
        elif self.accept('lend'):
            if not (self.is_word('in') or self.is_word('out')):
                self.fail(f"expected 'in' or 'out' after 'lend', found {self.token.describe()}")
            self.param(op, 'lend ' + self.advance().text, doc)
        else:
            self.fail("expected 'in', 'out', 'lend', 'errors', 'idempotent' or 'often', "
                      f'found {word.describe()}')
        self.expect(';', 'here')

    def param(self, op, direction, doc):
        name = self.name('the name of a parameter')
        self.expect(':', f"and a type after '{name.text}'")
        param = Param(direction, name, self.type(), doc)
        if self.is_word('told'):
            param.told = self.name('told')
        if self.accept('counts'):
            param.counts = self.name('the lend out that is counted')
        op.params.append(param)

    def reserve(self):
        while True:
            first = self.expr()
            last = self.expr() if self.accept('..') else first
            self.file.reserved.append(Reserved(first, last))
            if not self.accept(','):
                break
        self.expect(';', "after 'reserved'")

    def head(self):
        doc = self.doc()
        if self.accept('protocol'):
            self.file.kind = 'protocol'
        elif self.accept('types'):
            self.file.kind = 'types'
        else:
            self.fail("a file begins with 'protocol NAME = NUMBER;' or 'types NAME;', "
                      f'found {self.token.describe()}')
        self.file.doc = doc
        self.file.name = self.name('a name')
        if self.file.kind == 'protocol':
            self.expect('=', 'and a number after the name')
            self.file.number = self.expr()
        self.expect(';', f'after the {self.file.kind} line')

    def item(self):
        doc = self.doc()
        word = self.token
        undocumented = word.kind == NAME and word.text in ('import', 'reserved')
        if doc and (undocumented or word.kind == END):
            self.fail('documentation with nothing behind it', self.tokens[self.at - 1].pos)
        if word.kind == END:
            return
        if self.accept('import'):
            self.file.imports.append(self.name('the name of a file'))
            self.expect(';', "after 'import'")
        elif self.accept('reserved'):
            self.reserve()
        elif self.accept('op'):
            self.operation(doc)
        elif word.kind == NAME and word.text in ('const', 'enum', 'flags', 'struct'):
            self.advance()
            self.declaration(word.text, doc)
        else:
            self.fail("expected 'const', 'enum', 'flags', 'struct', 'op', 'reserved' or 'import', "
                      f'found {word.describe()}')

    def parse(self):
        try:
            self.head()
        except _Mistake:
            if self.file.name is None:
                return None  # nothing that follows would make sense
            self.resync(0)
        while self.token.kind != END:
            before = self.at
            try:
                self.item()
            except _Mistake:
                self.resync(0)
                if self.at == before:
                    self.advance()
        return self.file


def parse(path, text, diags):
    """The tree of a description, or None if not even its first line could be read."""
    return _Parser(path, text, diags).parse()
