# SPDX-License-Identifier: BSD-2-Clause
"""Writing C text: comments, literals, and lines that are not too long."""

WIDTH = 100
TAB = 8


class Writer:
    def __init__(self):
        self._lines = []

    def line(self, text='', depth=0):
        self._lines.append('\t' * depth + text if text else '')

    def lines(self, texts, depth=0):
        for text in texts:
            self.line(text, depth)

    def call(self, head, args, tail, depth=0):
        """head(arg, arg, …)tail, broken under the parenthesis where it is too long."""
        column = depth * TAB + len(head) + 1
        indent = '\t' * (column // TAB) + ' ' * (column % TAB)
        text, used = '\t' * depth + head + '(', column
        for index, arg in enumerate(args):
            last = index == len(args) - 1
            piece = arg + ('' if last else ',')
            room = WIDTH - (len(tail) + 1 if last else 0)
            if index and used + 1 + len(piece) > room:
                self._lines.append(text)
                text, used = indent + piece, column + len(piece)
            else:
                space = ' ' if index else ''
                text, used = text + space + piece, used + len(space) + len(piece)
        self._lines.append(text + ')' + tail)

    def comment(self, doc, depth=0):
        """A comment of these lines of documentation."""
        doc = [_harmless(text) for text in doc]
        while doc and not doc[-1]:
            doc.pop()
        if not doc:
            return
        if len(doc) == 1 and depth * TAB + len(doc[0]) + 6 <= WIDTH:
            self.line(f'/* {doc[0]} */', depth)
            return
        self.line('/*', depth)
        for text in doc:
            self.line(f' * {text}'.rstrip(), depth)
        self.line(' */', depth)

    def text(self):
        result, blank = [], True
        for line in self._lines:
            if line or not blank:
                result.append(line)
            blank = not line
        while result and not result[-1]:
            result.pop()
        return '\n'.join(result) + '\n'


def _harmless(text):
    """Text that neither ends a comment nor seems to begin another."""
    return text.replace('*/', '* /').replace('/*', '/ *')


def literal(value, base):
    if base.signed:
        suffix = 'll' if base.size == 8 else ''
        if value == base.low:
            return f'({value + 1}{suffix} - 1)'
        return f'({value}{suffix})' if value < 0 else f'{value}{suffix}'
    return f'{value}{"ull" if base.size == 8 else "u"}'


def bits(value, base):
    return f'0x{value:x}{"ull" if base.size == 8 else "u"}'
