# SPDX-License-Identifier: BSD-2-Clause
"""Splits a description into tokens: names, numbers, documentation lines and punctuation."""

import re
from dataclasses import dataclass

from diag import Pos

NAME, NUMBER, DOC, PUNCT, END = 'name', 'number', 'documentation', 'punctuation', 'end of file'

_TOKEN = re.compile(r'''
    (?P<space>[ \t]+)
  | (?P<doc>///[^\n]*)
  | (?P<comment>//[^\n]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][A-Za-z0-9_]*)
  | (?P<punct><<|\.\.|[{}()\[\];:,=+\-*|.])
''', re.VERBOSE)
_NUMBER = re.compile(r'0[xX][0-9A-Fa-f]+|0|[1-9][0-9]*')


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    pos: Pos
    value: int = 0

    def describe(self):
        if self.kind == END:
            return 'the end of the file'
        if self.kind == DOC:
            return 'documentation'
        return f"'{self.text}'"


def tokenize(path, text, diags):
    tokens = []
    lines = text.split('\n')
    for number, line in enumerate(lines, 1):
        line = line.rstrip('\r')
        column = 0
        while column < len(line):
            pos = Pos(path, number, column + 1)
            match = _TOKEN.match(line, column)
            if not match:
                shown = line[column] if line[column].isprintable() else f'\\x{ord(line[column]):02x}'
                diags.error(pos, f"unexpected character '{shown}'")
                column += 1
                continue
            column = match.end()
            kind, found = match.lastgroup, match.group()
            if kind == 'name':
                tokens.append(Token(NAME, found, pos))
            elif kind == 'number':
                if not _NUMBER.fullmatch(found):
                    diags.error(pos, f"'{found}' is not a number: write 10 or 0x0a")
                    tokens.append(Token(NUMBER, found, pos, 0))
                else:
                    tokens.append(Token(NUMBER, found, pos, int(found, 0)))
            elif kind == 'doc':
                tokens.append(Token(DOC, found[3:].strip(), pos))
            elif kind == 'punct':
                tokens.append(Token(PUNCT, found, pos))
    tokens.append(Token(END, '', Pos(path, len(lines), len(lines[-1]) + 1)))
    return tokens
