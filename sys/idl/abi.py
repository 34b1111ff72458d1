# SPDX-License-Identifier: BSD-2-Clause
"""What descriptions may name of the kernel's interface: errors, object types and rights. Read out
of the headers in sys/abi, so that there is no second list to keep."""

import re
from pathlib import Path

# How the rights of an object type are prefixed in handle.h, where it is not the type's own name.
_PREFIX = {'endpoint': 'EP', 'notification': 'NT', 'process': 'PROC', 'resource': 'RES'}
_GENERIC = ('DUP', 'MOVE', 'REVOKE', 'INFO')


class Abi:
    def __init__(self, folder):
        status = (folder / 'status.h').read_text()
        handle = (folder / 'handle.h').read_text()
        found = re.findall(r'^\s*(ERR_\w+) = -\d+,\s*/\* (.*?) \*/', status, re.MULTILINE)
        self.errors = dict(found)  # name: what it means
        self.objects = {name.lower() for name in re.findall(r'\bOBJ_(\w+) = \d+', handle)} - {'none'}
        self._rights = set(re.findall(r'\bRIGHT_(\w+) = 1u', handle))
        if not self.errors or not self.objects or not self._rights:
            raise ValueError(f'{folder}: no errors, object types or rights found in its headers')

    def right(self, object_type, name):
        """The C name of a right of this object type, or None."""
        upper = name.upper()
        if upper in _GENERIC:
            return f'RIGHT_{upper}'
        prefix = _PREFIX.get(object_type, object_type.upper())
        for candidate in (f'{prefix}_{upper}', upper if upper == prefix else None):
            if candidate in self._rights:
                return f'RIGHT_{candidate}'
        return None

    def rights_of(self, object_type):
        """All names that `right` knows for this type, for messages."""
        prefix = _PREFIX.get(object_type, object_type.upper())
        own = [r[len(prefix) + 1:] or r for r in sorted(self._rights)
               if r == prefix or r.startswith(prefix + '_')]
        return [name.lower() for name in [*_GENERIC, *own]]


def load(folder):
    return Abi(Path(folder))
