# SPDX-License-Identifier: BSD-2-Clause
"""Positions in a description, and the list of mistakes found in it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Pos:
    path: str
    line: int
    column: int


class Diagnostics:
    """Collects messages, so that one run reports every mistake."""

    def __init__(self):
        self._found = set()

    def error(self, pos, message):
        self._found.add((pos, message))

    def __len__(self):
        return len(self._found)

    def lines(self):
        return [f'{pos.path}:{pos.line}:{pos.column}: {message}'
                for pos, message in sorted(self._found)]
