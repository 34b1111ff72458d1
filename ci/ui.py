# SPDX-License-Identifier: BSD-2-Clause
"""What the commands say to people: errors that end a command, and a progress line that leaves nothing behind."""

import sys
import threading


class Failure(Exception):
    """Ends a command with a message and a status; the message names the culprit and what to do."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


_lock = threading.Lock()
_shown = False


def progress(text):
    """Shows what is going on, in place of the last such line. Only on a terminal."""
    global _shown
    if not sys.stderr.isatty():
        return
    with _lock:
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
        _shown = True


def progress_end():
    global _shown
    with _lock:
        if _shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            _shown = False


def line(text=""):
    progress_end()
    with _lock:
        print(text, flush=True)


def note(text):
    progress_end()
    with _lock:
        print(text, file=sys.stderr, flush=True)
