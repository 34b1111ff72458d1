# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian run`: QEMU's serial line on this terminal, until the guest powers off."""

import os
import re
import select
import selectors
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import additions
import build
import debug
import disk
import image
import qemu
from symbols import BacktraceFilter, Symbolizer
from ui import note

ESCAPE_KEY = 29  # Ctrl-]; QEMU's own choice, Ctrl-A, is a shell editing key
PANIC_QUIET_S = 2.0  # the kernel's report is complete when nothing follows for so long
PANIC_MAX_S = 15.0
PROMPT_QUIET_S = 2.0  # a program that reads without a prompt: send piped input when it has gone quiet
READ_SIZE = 65536
ANSI = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")
PROMPT = re.compile(rb"[>$#] $")
PANIC = re.compile(rb"^(?:\[[^\]\n]*\]\s*)?PANIC", re.MULTILINE)
FIRMWARE_BANNER = re.compile(rb"^OpenSBI v", re.MULTILINE)
TAIL_SIZE = 4096


class Input:
    """Piped input waits for the guest's first prompt: bytes that reach a UART before its driver set it up are lost."""

    def __init__(self, source, sink, selector):
        self.source, self.sink, self.selector = source, sink, selector
        self.pending = b""
        self.open = True
        self.started = False

    def start(self):
        if self.started:
            return
        self.started = True
        os.set_blocking(self.sink, False)
        self.selector.register(self.source, selectors.EVENT_READ, self)

    def readable(self):
        data = os.read(self.source, READ_SIZE)
        if not data:
            self.open = False
            self.selector.unregister(self.source)
            return
        self.pending += data.replace(b"\n", b"\r")  # what the Enter key sends
        self.selector.unregister(self.source)
        self.selector.register(self.sink, selectors.EVENT_WRITE, self)

    def writable(self):
        try:
            self.pending = self.pending[os.write(self.sink, self.pending):]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.pending, self.open = b"", False
        if not self.pending:
            self.selector.unregister(self.sink)
            if self.open:
                self.selector.register(self.source, selectors.EVENT_READ, self)


class Watch:
    """Finds a panic, and the machine's restart after it, in the output."""

    def __init__(self):
        self.tail = b""
        self.panicked = None
        self.restarted = False

    def feed(self, data, now):
        self.tail = (self.tail + data.replace(b"\r", b""))[-TAIL_SIZE - len(data):]
        if self.panicked is None:
            found = PANIC.search(self.tail)
            if not found:
                return
            self.panicked = now
            self.tail = self.tail[found.end():]
        if FIRMWARE_BANNER.search(self.tail):
            self.restarted = True

    def at_prompt(self):
        return PROMPT.search(ANSI.sub(b"", self.tail[-256:])) is not None


def write_all(descriptor, data):
    while data:
        try:
            data = data[os.write(descriptor, data):]
        except BlockingIOError:
            # QEMU makes its end of the terminal non-blocking, and that is the same open file as this one.
            select.select([], [descriptor], [])


def pump(process, machine, piped, added):
    """Moves bytes until QEMU ends. True when the guest panicked."""
    output = process.stdout.fileno()
    shown = BacktraceFilter(Symbolizer(machine.flavour, additions=added))
    watch = Watch()
    with selectors.PollSelector() as selector:  # epoll takes neither files nor /dev/null as standard input
        selector.register(output, selectors.EVENT_READ)
        source = Input(sys.stdin.fileno(), process.stdin.fileno(), selector) if piped else None
        heard = time.monotonic()
        while True:
            events = selector.select(timeout=0.2)
            now = time.monotonic()
            for key, mask in events:
                if key.fileobj == output:
                    data = os.read(output, READ_SIZE)
                    if not data:
                        return watch.panicked is not None
                    heard = now
                    watch.feed(data, now)
                    write_all(sys.stdout.fileno(), shown.feed(data))
                elif mask & selectors.EVENT_READ:
                    key.data.readable()
                else:
                    key.data.writable()
            quiet = now - heard > PROMPT_QUIET_S and not qemu.boots_from_disk(machine)  # a loader pauses, and takes keys as its own
            if source and watch.tail and (watch.at_prompt() or quiet):
                source.start()
            if not machine.gdb and watch.panicked is not None:
                if watch.restarted or now - heard > PANIC_QUIET_S or now - watch.panicked > PANIC_MAX_S:
                    return True


def boot(machine, added=()):
    """Runs the machine on this terminal; the exit status of the command."""
    piped = not sys.stdin.isatty()
    if piped:
        console = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    else:
        console = [
            "-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console",
            "-mon", "chardev=console,mode=readline", "-echr", str(ESCAPE_KEY),
        ]
        note("Ctrl-] x ends QEMU, Ctrl-] c switches to its monitor and back")
    if machine.gdb:
        machine.gdb.unlink(missing_ok=True)
        note("waiting for a debugger: run ./veridian gdb in another terminal")
    settings = None if piped else termios.tcgetattr(sys.stdin)
    process = subprocess.Popen(
        qemu.command(machine, console),
        stdin=subprocess.PIPE if piped else None, stdout=subprocess.PIPE, bufsize=0,
        preexec_fn=qemu.die_with_parent,
    )
    try:
        panicked = pump(process, machine, piped, added)
        if panicked and process.poll() is None:
            process.kill()  # not terminate(): QEMU would add a message of its own
        status = process.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if settings:
            os.set_blocking(sys.stdin.fileno(), True)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)
        if machine.gdb:
            machine.gdb.unlink(missing_ok=True)
    if panicked:
        note("run: the kernel panicked; its report is above")
        return 1
    if status != 0:
        note(f"run: QEMU ended with status {status}" if status > 0 else f"run: QEMU was ended by signal {-status}")
        return 1
    return 0


def run(options):
    flavour = "checked" if options.checked else "release"
    added = additions.parse_all(options.add)
    build.build_system(flavour)
    machine = qemu.Machine(
        board=options.board, flavour=flavour, smp=options.smp, mem=options.mem, machine=options.machine,
        cpu=options.cpu, append=options.append, firmware=options.firmware,
        gdb=debug.socket_path() if options.gdb else None, extra=options.qemu_args,
    )
    with tempfile.TemporaryDirectory(dir=build.BUILD, prefix=".run-") as scratch:
        without = () if "test/" in options.append or qemu.boots_from_disk(machine) else ("test",)
        if added or without:
            machine.archive = additions.make(flavour, added, Path(scratch) / "boot.cpio", without)
        machine.disks, locks = disk.prepare(options, flavour)
        if qemu.boots_from_disk(machine):
            machine.disks.insert(0, image.make(
                machine.board, flavour, options.append, Path(scratch) / "disk.img" if added else None, machine.archive))
        with locks:
            return boot(machine, added)
