# SPDX-License-Identifier: BSD-2-Clause
"""What became of one test."""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: str = ""
    reason: str = ""
    tail: list = field(default_factory=list)
    log: str = ""
