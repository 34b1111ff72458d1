# SPDX-License-Identifier: BSD-2-Clause
"""A guest's serial console under a script's control: send, expect, and what must never appear.

Patterns see the text as a person would: no carriage returns, no escape sequences. Each expect goes on where the last
one matched."""

import os
import re
import selectors
import subprocess
import time

import qemu

READ_SIZE = 65536
ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-Za-z]|[=>78cDEHM])")
PARTIAL_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*|\][^\x07]{0,256}|[()])?$")


class ConsoleError(Exception):
    """The guest did not do what the script says; the message is the reason."""


class Console:
    def __init__(self, command, log_path, header="", forbid=(), deadline_s=120.0, clock=time.monotonic):
        self.clock = clock
        self.deadline = clock() + deadline_s
        self.deadline_s = deadline_s
        self.forbid = [re.compile(pattern, re.MULTILINE) for pattern in forbid]
        self.text = ""  # cleaned
        self.raw = ""  # as it came
        self.position = 0  # in text: where the next expect looks
        self.raw_position = 0
        self.checked = 0  # in text: whole lines up to here hold nothing forbidden
        self.partial = ""
        self.to_send = b""
        self.variables = {}
        self.log = open(log_path, "wb")
        if header:
            self.log.write(header.encode() + b"\n")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            preexec_fn=qemu.die_with_parent)
        self.input = self.process.stdin.fileno()
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.output, selectors.EVENT_READ)
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.selector.close()
        self.log.close()

    # ---- bytes ------------------------------------------------------------------------------------------------

    def take(self, data):
        self.log.write(data)
        self.log.flush()
        decoded = data.decode("utf-8", "replace")
        self.raw += decoded
        fresh = self.partial + decoded
        partial = PARTIAL_ESCAPE.search(fresh)
        self.partial = partial.group(0) if partial else ""
        if partial:
            fresh = fresh[:partial.start()]
        self.text += ESCAPE.sub("", fresh).replace("\r", "")

    def check_forbidden(self):
        end = self.text.rfind("\n") + 1 if not self.ended else len(self.text)
        for pattern in self.forbid:
            found = pattern.search(self.text, self.checked, end)
            if found:
                start = self.text.rfind("\n", 0, found.start()) + 1
                shown = self.text[start:].split("\n", 1)[0]
                self.drain(quiet_s=1.0)
                raise ConsoleError(f"forbidden output: {shown.strip()}")
        self.checked = max(self.checked, end)

    def pump(self, wait_s):
        """Moves what is there to move; waits at most so long for something. True if there was output."""
        if self.ended:
            return False
        if self.to_send:
            self.selector.register(self.input, selectors.EVENT_WRITE)
        try:
            events = self.selector.select(max(0.0, wait_s))
        finally:
            if self.to_send:
                self.selector.unregister(self.input)
        heard = False
        for key, _ in events:
            if key.fileobj == self.input:
                try:
                    self.to_send = self.to_send[os.write(self.input, self.to_send):]
                except BlockingIOError:
                    pass
                except BrokenPipeError:
                    self.to_send = b""
            else:
                data = os.read(self.output, READ_SIZE)
                if data:
                    self.take(data)
                    heard = True
                else:
                    self.ended = True
        return heard

    def drain(self, quiet_s):
        """Lets a report that has begun come to its end."""
        stop = self.clock() + 10 * quiet_s
        while not self.ended and self.clock() < stop and self.pump(quiet_s):
            pass

    def left(self, what):
        remaining = self.deadline - self.clock()
        if remaining <= 0:
            raise ConsoleError(f"no {what} within {self.deadline_s:g} s")
        return remaining

    # ---- the script's verbs -----------------------------------------------------------------------------------

    def fill(self, text):
        """{name} stands for what an earlier expect captured under that name."""
        return re.sub(r"\{(\w+)\}", lambda found: self.variables.get(found.group(1), found.group(0)), text)

    def expect(self, pattern, raw=False):
        def escaped(found):
            value = self.variables.get(found.group(1))
            return found.group(0) if value is None else re.escape(value)

        compiled = re.compile(re.sub(r"\{([A-Za-z_]\w*)\}", escaped, pattern), re.MULTILINE)
        while True:
            text, position = (self.raw, self.raw_position) if raw else (self.text, self.position)
            found = compiled.search(text, position)
            self.check_forbidden()
            if found:
                if raw:
                    self.raw_position = found.end()
                else:
                    self.position = found.end()
                self.variables.update({k: v for k, v in found.groupdict().items() if v is not None})
                return found
            if self.ended:
                raise ConsoleError(f"the machine stopped before /{pattern}/ appeared")
            self.pump(min(1.0, self.left(f"/{pattern}/")))

    def send(self, text):
        self.to_send += self.fill(text).encode()
        self.pump(0)

    def wait_exit(self):
        """The exit status, once the process has ended."""
        while not self.ended:
            self.pump(min(1.0, self.left("power-off")))
            self.check_forbidden()
        self.check_forbidden()
        try:
            return self.process.wait(timeout=max(1.0, self.deadline - self.clock()))
        except subprocess.TimeoutExpired:
            raise ConsoleError("the machine closed its console but did not stop") from None
