#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The interactive shell at a terminal of the build machine: keys, job control, history. terminal.py SHELL"""
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time

WAIT_S = 5  # only tells that nothing will come any more


class Failure(Exception):
    pass


class Terminal:
    """A shell on a pseudo-terminal of its own."""

    def __init__(self, shell, home, login=False, **more):
        self.seen = b""
        env = {"PATH": "/bin:/usr/bin", "HOME": home, "LC_ALL": "C.UTF-8", "TERM": "xterm", "VSH": shell, "COLUMNS": "200",
               "PS1": "<$?>", "ASAN_OPTIONS": "detect_leaks=0", **more}
        if login:  # as a service gets a console: a terminal, and no session with it
            self.fd, slave = pty.openpty()
            self.pid = os.fork()
            if self.pid == 0:
                os.setsid()
                for number in range(3):
                    os.dup2(slave, number)
        else:
            self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(shell, [shell, "-l"] if login else [shell], env)
        if login:
            os.close(slave)

    def send(self, text):
        os.write(self.fd, text.encode() if isinstance(text, str) else text)

    def expect(self, pattern):
        """Reads until the pattern comes; what was before it is dropped."""
        regex = re.compile(pattern.encode(), re.S)
        end = time.monotonic() + WAIT_S
        while True:
            found = regex.search(self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise Failure(f"nothing like {pattern!r} in {self.seen[-600:]!r}")
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                more = b""
            if not more:
                raise Failure(f"the shell has ended; nothing like {pattern!r} in {self.seen[-600:]!r}")
            self.seen += more

    def prompt(self, status=0):
        self.expect(f"<{status}>")

    def told(self, pattern):
        """What the shell says of a job before one of its prompts, however many of them it takes."""
        end = time.monotonic() + WAIT_S
        while not re.search(pattern.encode(), self.expect(r"(.*?)<\d+>").group(1), re.S):
            if time.monotonic() > end:
                raise Failure(f"nothing like {pattern!r} before any prompt")
            time.sleep(0.05)
            self.send("\r")

    def run(self, line, pattern=None, status=0):
        """A command, what it prints, and the prompt after it."""
        self.send(line + "\r")
        if pattern is not None:
            self.expect("\n" + pattern)
        self.prompt(status)

    def end(self):
        self.send("exit\r")
        try:
            while True:
                self.expect(".")
        except Failure:
            pass
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def started(terminal, name="sleep"):
    """Waits until the program that was just typed in runs in the foreground."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            group = os.tcgetpgrp(terminal.fd)
            if group != terminal.pid and name in open(f"/proc/{group}/comm", encoding="utf-8").read():
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise Failure(f"{name} does not run in the foreground")


def keys(t, home):
    t.run("echo one", "one")
    t.run("false", status=1)
    t.send("echo typed\x03")
    t.prompt(130)
    t.send("echo 'a\r")
    t.expect("> ")
    t.send("b'\r")
    t.expect("\na\r?\nb\r?\n")
    t.prompt()
    t.send("cat <<E\r")
    t.expect("> ")
    t.send("in document\r")
    t.expect("> ")
    t.send("E\r")
    t.expect("\nin document\r?\n")
    t.prompt()
    t.send("if")
    t.send("\r")
    t.expect("> ")
    t.send("\x03")
    t.prompt(130)
    t.run("echo ${x?gone}; echo no", "vsh: x: gone\r?\n", status=2)
    t.run("fi", "vsh: 'fi' has no beginning here", status=2)
    t.run("PS1='[\\w \\u \\$] <$?>'", r"\[~ \w+ [#$]\] ")
    t.run("PS1='<$?>'")


def interrupts(t, home):
    t.send("sleep 1000\r")
    started(t)
    t.send("\x03")
    t.prompt(130)
    t.send("sleep 1000; echo not reached\r")
    started(t)
    t.send("\x03")
    t.prompt(130)
    t.send("echo loops; while :; do :; done\r")
    t.expect("\nloops")
    t.send("\x03")
    t.prompt(130)
    t.send("while :; do sleep 1000; done\r")
    started(t)
    t.send("\x03")
    t.prompt(130)
    t.send("(echo subshell; sleep 1000; :)\r")
    t.expect("\nsubshell")
    t.send("\x03")
    t.prompt(130)
    t.send("sleep 1000 | cat | cat\r")
    started(t)
    t.send("\x03")
    t.prompt(130)
    t.send("x=$(echo asked >/dev/tty; sleep 1000); echo not reached\r")
    t.expect("\nasked")
    t.send("\x03")
    t.prompt(130)
    t.send("read x\r")
    time.sleep(0.2)
    t.send("\x03")
    t.prompt(130)
    t.send("trap 'echo trapped' INT\r")
    t.prompt()
    t.run("kill -INT $$", "trapped")
    t.run("trap - INT")


def jobs(t, home):
    t.send("sleep 1000\r")
    started(t)
    t.send("\x1a")
    t.expect(r"\[1\] \+ Stopped +sleep 1000")
    t.prompt(148)
    t.run("jobs", r"\[1\] \+ Stopped +sleep 1000")
    t.run("bg", r"\[1\] sleep 1000 &")
    t.run("jobs", r"\[1\] \+ Running +sleep 1000")
    t.send("fg\r")
    t.expect("\nsleep 1000\r?\n")
    started(t)
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt(148)
    t.run("exit", "vsh: exit: there are stopped jobs", status=1)
    t.run("kill %1")
    t.run("wait", None)
    t.run("sleep 1000 & sleep 1001 & jobs", r"\[1\] \d+\r?\n\[2\] \d+\r?\n\[1\] - Running +sleep 1000\r?\n\[2\] \+ Running +sleep 1001")
    t.run("kill -9 %1; wait %1", status=137)
    t.run("kill %?1001; wait %2", status=143)
    t.send("sleep 0.05 &\r")
    t.told(r"\[1\] . Done +sleep 0.05")
    t.send("sh -c 'sleep 0.05; exit 3' &\r")
    t.told(r"Done\(3\)")
    # What reads from the background stands still.
    t.send("cat &\r")
    t.told(r"\[1\] \+ Stopped \(SIGTTIN\) +cat")
    t.send("fg\r")
    t.expect("\ncat\r?\n")
    started(t, "cat")
    t.send("line for cat\r")
    t.expect("line for cat\r?\nline for cat")
    t.send("\x04")
    t.prompt()
    # A pipeline is one job.
    t.send("sleep 1000 | cat\r")
    started(t)
    t.send("\x1a")
    t.expect(r"\[1\] \+ Stopped +sleep 1000 \| cat")
    t.prompt(148)
    t.send("fg\r")
    t.expect("cat\r?\n")
    started(t)
    t.send("\x03")
    t.prompt(130)
    t.run("fg", "vsh: fg: %%: no such job", status=1)
    t.run("set +m; sleep 0 & wait; set -m; case $- in *m*) echo control;; esac", r"\[1\] \d+\r?\ncontrol")
    t.run("set -o pipefail; (exit 4) | true", status=4)
    t.run("set +o pipefail")
    # Modes that a program leaves behind after it was ended do not stay.
    t.send("sh -c 'stty -echo; kill -9 $$'\r")
    t.prompt(137)
    t.run("stty | cat | while read l; do case $l in *-echo*) echo lost;; esac; done; echo modes", "modes")


def history(t, home):
    t.run("echo remembered")
    t.send("\x1b[A\r")
    t.expect("\nremembered")
    t.prompt()
    t.run(" echo kept out")
    kept = open(f"{home}/.vsh_history", encoding="utf-8").read()
    if "echo remembered\n" not in kept or "kept out" in kept:
        raise Failure(f"the history file is {kept!r}")


def pasting(t, home):
    """What is pasted runs when Enter is typed, and is one entry of the history."""
    t.send("\x1b[200~echo first\recho second\r\x1b[201~")
    time.sleep(0.3)
    if b"\nfirst" in t.seen:
        raise Failure("pasted text ran by itself")
    t.send("\r")
    t.expect("\nfirst\r?\nsecond")
    t.prompt()
    t.send("\x1b[A\r")
    t.expect("\nfirst\r?\nsecond")
    t.prompt()
    t.send("for i in 1 2\r")
    t.expect("> ")
    t.send("do echo loop$i; done\r")
    t.expect("\nloop1\r?\nloop2")
    t.prompt()
    t.send("\x1b[A\r")
    t.expect("\nloop1\r?\nloop2")
    t.prompt()
    t.run("PS1='\\e[1mbold\\e[0m\\n<$?>'")
    t.run("echo x", "x\r?\n\x1b\\[1mbold\x1b\\[0m\r?\n")


def history_again(t, home):
    """Another shell, after the first was killed."""
    t.send("\x12remem")
    t.expect("echo remembered")
    t.send("\r")
    t.expect("\nremembered")
    t.prompt()


def startup(t, home):
    t.run("echo $from_rc", "yes")
    t.run("hello you", "hello you")


def login(t, home):
    t.run("case $- in *m*) echo control;; esac; echo $profile", "control\r?\nread")
    t.send("sleep 1000\r")
    started(t)
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt(148)
    t.run("kill %1")


def completion(t, home):
    t.send("echo lonely_fi\t\r")
    t.expect("\nlonely_file ?\r?\n")
    t.prompt()


def main():
    shell = os.path.abspath(sys.argv[1])
    home = tempfile.mkdtemp()
    with open(f"{home}/.vshrc", "w", encoding="utf-8") as file:
        file.write("from_rc=yes\nalias hello='echo hello'\n")
    with open(f"{home}/.profile", "w", encoding="utf-8") as file:
        file.write("profile=read\nPS1='<$?>'\n")  # /etc/profile is the build machine's
    open(f"{home}/lonely_file", "w", encoding="utf-8").close()
    failed = 0
    for part in (keys, interrupts, jobs, pasting, history, history_again, startup, completion, login):
        t = Terminal(shell, home, login=part is login)
        try:
            t.prompt()
            part(t, home)
            if part is history:
                os.kill(t.pid, signal.SIGKILL)
                os.waitpid(t.pid, 0)
                os.close(t.fd)
            elif t.end() < 0:
                raise Failure("the shell was ended by a signal")
            print(f"{part.__name__}: good")
        except Failure as failure:
            failed += 1
            print(f"{part.__name__}: FAILED: {failure}")
            try:
                os.kill(t.pid, signal.SIGKILL)
                os.waitpid(t.pid, 0)
            except OSError:
                pass
    shutil.rmtree(home)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
