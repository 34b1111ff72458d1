# SPDX-License-Identifier: BSD-2-Clause
"""System tests: tests/system/NAME.toml, each booted in QEMU once for every kernel, CPU and number of harts it names.

Keys, all optional:
  about      one line for people
  program    path in the boot archive, run as the first process; prints PASS/FAIL lines and a last line DONE
  arguments  ["case", "name=value"] of the program
  append     more of the kernel command line
  kernels    ["release", "checked"]       cpu   ["rv64"], names of the board or of QEMU
  smp        [1, 4]                       mem, machine, board, firmware, qemu_args   as the options of `run`
  root_disk  true: a disk as `run` makes it; at the end the host's checkers must find nothing wrong with it
  nasty_disks  true: the disks of tests/images; e2fsck must find nothing wrong with the good file system among them
  disk_mib   attaches an empty disk of that size, disk_device as another device than the board's
  add        ["FILE=PATH"], as the option of `run`; FILE is relative to the checkout
  services   TOML of services that start besides the system's own
  many_services  200: so many more with random dependencies (--set services=N, seed=N); what the log says of them is checked
  storm      ["kills=N", "minutes=N"]: a service that kills them at random, with these settings or those of --set
  icount     true: the clock counts instructions and leaps over idle time (one hart)
  lean       true: the archive without tests and benchmarks, as it would be on a small board
  examples   ["fwcfg"]: programs of these examples of the SDK, built with nothing but an SDK, are added likewise
  ports      ["zlib"]: the same with others' projects and the test projects of ci/ports.py
  dtb        the device tree handed over instead of QEMU's: tests/system/NAME.dts
  expect     steps: {expect = "regex"}, {raw = "regex"}, {send = "text\\r"}; a group named x is {x} in later steps,
             {smp} the number of harts;
             {shown = "regex"} looks at everything so far as `run` shows it: with names in backtraces
  forbid     regexes that must not appear, besides a kernel panic and, without `program`, a FAIL line (a program's are
             counted instead, so that all its results are seen)
  facts      "tmpfs": what the program prints are facts (tests/posix), on a file system of that type; they are compared
             with what Linux answers
  core       {program = "path in the archive", shows = ["regex"]}: with root_disk: the only core file in /var/crash, opened by gdb-multiarch,
             shows these in this order: how it ended, the calls of all threads with locals, and the value of crash_data
  panic      true: the kernel is meant to panic
  backtrace  regexes that must appear, in this order, once addresses of frames have their names
  exit       "poweroff" (default without `program`: the guest powers off by itself), "any" (default with it), "reboot",
             "halt" (goes on running, and says nothing more)
  timeout    seconds; detects hangs only, so generous
  variants   tables, each with a name and keys that replace those above: one test each, called FILE-NAME
"""

import itertools
import os
import re
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import additions
import build
import disk
import facts
import image
import many_services
import nasty
import qemu
import ports
import sdk_examples
from console import Console, ConsoleError
from symbols import symbolized
from outcome import Outcome
from ui import Failure

FOLDER = build.ROOT / "tests" / "system"
LOGS = build.BUILD / "test-logs"
TIMEOUT_S = 180
SYSTEM_SERVICES = "etc/init/services.toml"
SERVICES = "etc/init/test.toml"
LONG = 40  # times that, for runs with settings of their own
STAMP = r"^(?:\[ *\d+\.\d+\] )?"  # lines that come through the kernel log carry its time
PANIC = r"^(?:\[[^\]\n]*\]\s*)?PANIC"
FAIL_LINE = STAMP + r"FAIL "
BANNER = re.compile(r"^OpenSBI v", re.MULTILINE)
RESULT = re.compile(STAMP + r"(PASS|FAIL|SKIP) (.+)$", re.MULTILINE)
DONE = re.compile(STAMP + r"DONE (\d+) passed, (\d+) failed", re.MULTILINE)
TAIL_LINES = 40
KEYS = {
    "about": str, "program": str, "arguments": list, "append": str, "kernels": list, "cpu": list, "smp": list, "mem": str, "machine": str,
    "board": str, "firmware": str, "qemu_args": list, "disk_mib": int, "root_disk": bool, "nasty_disks": bool, "disk_device": str, "expect": list,
    "forbid": list, "exit": str, "timeout": int, "panic": bool, "dtb": str, "backtrace": list, "variants": list,
    "add": list, "examples": list, "ports": list, "lean": bool, "facts": str, "services": str, "icount": bool, "many_services": int, "storm": list,
    "core": dict,
}
STEPS = {"expect", "raw", "send", "shown"}
EXITS = {"poweroff", "reboot", "any", "halt"}
HALT_QUIET_S = 2.0


@dataclass
class Case:
    test: str
    kernel: str
    cpu: str
    smp: int
    spec: dict
    settings: tuple = ()

    @property
    def name(self):
        return f"system/{self.test} {self.kernel} {self.cpu} smp{self.smp}"

    @property
    def log_path(self):
        return LOGS / (re.sub(r"[^\w.-]+", "-", self.name.removeprefix("system/")) + ".log")


def load(path):
    """Name and keys of each test in the file."""
    where = path.relative_to(build.ROOT)
    try:
        with open(path, "rb") as file:
            spec = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{where}: {error}") from None
    if "variants" not in spec:
        return [(path.stem, validated(where, spec))]
    tests = {}
    for number, variant in enumerate(spec.pop("variants"), start=1):
        if not isinstance(variant, dict) or not isinstance(variant.get("name"), str):
            raise Failure(f"{where}: variant {number} must be a table with a name")
        name = f"{path.stem}-{variant.pop('name')}"
        if name in tests or "variants" in variant:
            raise Failure(f"{where}: variant {number}: there is a {name} already, or it has variants itself")
        tests[name] = validated(where, {**spec, **variant})
    return list(tests.items())


def validated(where, spec):
    for key, value in spec.items():
        if key not in KEYS:
            raise Failure(f"{where}: unknown key '{key}'; known: {' '.join(KEYS)}")
        if type(value) is not KEYS[key]:
            raise Failure(f"{where}: '{key}' must be of type {KEYS[key].__name__}")
    for number, step in enumerate(spec.get("expect", []), start=1):
        if not isinstance(step, dict) or len(step) != 1 or not STEPS.issuperset(step):
            raise Failure(f"{where}: step {number} must have exactly one of: {' '.join(sorted(STEPS))}")
        if "send" not in step:
            check_regex(where, next(iter(step.values())))
    for pattern in spec.get("forbid", []) + spec.get("backtrace", []):
        check_regex(where, pattern)
    if "program" not in spec and "expect" not in spec:
        raise Failure(f"{where}: needs 'program' or 'expect', else it tests nothing")
    if spec.get("exit", "any") not in EXITS:
        raise Failure(f"{where}: exit must be one of: {' '.join(sorted(EXITS))}")
    for kernel in spec.get("kernels", []):
        if kernel not in build.FLAVOURS:
            raise Failure(f"{where}: no kernel '{kernel}'; there are: {' '.join(build.FLAVOURS)}")
    for key in ("kernels", "cpu", "smp"):
        if key in spec and not spec[key]:
            raise Failure(f"{where}: '{key}' is empty")
    return spec


def check_regex(where, pattern):
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise Failure(f"{where}: bad regular expression {pattern!r}: {error}") from None


def cases(settings=()):
    """settings: "name=value" for the options of test programs."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for name, spec in load(path):
            for kernel, cpu, smp in itertools.product(
                    spec.get("kernels", ["release", "checked"]), spec.get("cpu", ["rv64"]), spec.get("smp", [1, 4])):
                found.append(Case(name, kernel, cpu, smp, spec, tuple(settings)))
    return found


def machine_of(case):
    spec = case.spec
    append = spec.get("append", "")
    if "program" in spec:
        words = [spec["program"], *spec.get("arguments", []), *case.settings]
        append = f"init={','.join(words)} {append}".strip()
    if services_of(case):
        append = f"services={SERVICES} {append}".strip()
    machine = qemu.Machine(
        icount=spec.get("icount", False), board=spec.get("board", "qemu-virt"), flavour=case.kernel, smp=case.smp, mem=spec.get("mem"),
        machine=spec.get("machine"), cpu=case.cpu, append=append, firmware=spec.get("firmware"),
        disk_device=spec.get("disk_device"),
        dtb=case.log_path.with_suffix(".dtb") if "dtb" in spec else None, extra=list(spec.get("qemu_args", [])))
    return machine


def run(case):
    LOGS.mkdir(parents=True, exist_ok=True)
    spec = case.spec
    outcome = Outcome(log=os.path.relpath(case.log_path))
    machine = machine_of(case)
    unusable = qemu.cpu_unusable(qemu.load_board(machine.board), case.cpu) or qemu.firmware_missing(machine)
    if unusable:
        outcome.skipped = unusable
        return outcome
    missing = build.unbootable(case.kernel)
    if missing:
        outcome.failed = 1
        outcome.reason = missing
        return outcome
    added = additions.parse_all(spec.get("add", []), build.ROOT) + [
        addition for name in spec.get("examples", []) for addition in additions.parse_all(sdk_examples.programs(name))] + [
        addition for name in spec.get("ports", []) for addition in additions.parse_all(ports.programs(name))]
    if services_of(case):
        added.append(additions.Addition(SERVICES, services_file(case)))
    present = set(build.archive_map(case.kernel)) | {addition.name for addition in added}
    if "program" in spec and spec["program"] not in present:
        outcome.failed = 1
        outcome.reason = f"the boot archive has no {spec['program']}"
        return outcome
    scratch = case.log_path.with_suffix(".disk")
    if added or spec.get("lean"):
        machine.archive = additions.make(case.kernel, added, case.log_path.with_suffix(".cpio"),
                                         ("test", "bench") if spec.get("lean") else ())
    if machine.dtb:
        compile_dts(FOLDER / f"{spec['dtb']}.dts", machine.dtb)
    if qemu.boots_from_disk(machine):
        machine.disks.append(
            image.make(machine.board, case.kernel, machine.append, case.log_path.with_suffix(".img"), machine.archive))
    if spec.get("root_disk"):
        disk.make(scratch, disk.MIN_SIZE, machine.board, case.kernel, "", quiet=True).close()
        machine.disks.append(scratch)
    if spec.get("nasty_disks"):
        machine.disks += nasty.attach(case.log_path)
    if "disk_mib" in spec:
        with open(scratch, "wb") as file:
            file.truncate(spec["disk_mib"] << 20)
        machine.disks.append(scratch)
    console_args = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    command = qemu.command(machine, console_args)
    header = f"{qemu.version_text()}\n{' '.join(command)}"
    with Console(command, case.log_path, header, forbidden(spec), spec.get("timeout", TIMEOUT_S) * (LONG if case.settings else 1)) as console:
        console.variables["smp"] = str(case.smp)
        try:
            script(spec, console, case.kernel, added)
        except ConsoleError as error:
            outcome.reason = str(error)
        results = RESULT.findall(console.text)
        outcome.passed = sum(kind == "PASS" for kind, _ in results)
        outcome.failed = sum(kind == "FAIL" for kind, _ in results)
        shown = symbolized(console.text, case.kernel, added)
        if not outcome.reason:
            outcome.reason = missing_in(shown, spec.get("backtrace", []))
        if "facts" in spec:
            judge_facts(spec, console.text, outcome)
        if "many_services" in spec and "storm" not in spec and not outcome.reason:
            outcome.reason = many_services.wrong(many_services_of(case), console.text)
    if spec.get("root_disk") and not outcome.reason:
        outcome.reason = disk.wrong(scratch)
    if spec.get("core") and not outcome.reason:
        outcome.reason = core_wrong(spec["core"], case.kernel, scratch)
    if spec.get("nasty_disks"):
        good = nasty.good_wrong(case.log_path)
        outcome.reason = outcome.reason or good
    judge(spec, outcome)
    if outcome.reason:
        outcome.tail = tail_of(shown)
    for leftover in (scratch, case.log_path.with_suffix(".img"), case.log_path.with_suffix(".dtb"),
                     case.log_path.with_suffix(".cpio"), case.log_path.with_suffix(".services")):
        leftover.unlink(missing_ok=True)
    return outcome


def setting(case, name, otherwise):
    values = dict(word.split("=", 1) for word in [*case.spec.get("storm", []), *case.settings])
    return int(values.get(name, otherwise))


def many_services_of(case):
    if "many_services" not in case.spec:
        return []
    return many_services.make(setting(case, "services", case.spec["many_services"]), setting(case, "seed", 1))


def services_of(case):
    """TOML of the services that start besides the system's own."""
    text, many = case.spec.get("services", ""), many_services_of(case)
    storm = "storm" in case.spec
    if many:
        text += many_services.text(many, 'restart_policy = "always"\nrestart_limit = 0\n' if storm else "")
    if storm:
        words = [f"{name}={setting(case, name, 1)}" for name in ("kills", "minutes", "seed")] + [f"vital={setting(case, 'vital', 0)}"]
        words.append(f"services={sum(not service.reason for service in many)}")
        text += ('[[services]]\nname = "storm"\npath = "/test/storm"\ndepends_on = ["shell", "logger"]\nconsole = true\n'
                 f'capabilities = ["system_inspect", "process_control", "files"]\nargs = {words}\n')
    return text


def services_file(case):
    """The system's services with those of the test behind them."""
    path = case.log_path.with_suffix(".services")
    path.write_text(build.archive_map(case.kernel)[SYSTEM_SERVICES].read_text() + "\n" + services_of(case))
    return path


def core_wrong(wanted, flavour, path):
    """What a debugger does not find in the core file that a run has left on its disk; empty: nothing is missing."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".core-") as folder:
        cores = disk.files_of_root(path, "/var/crash", Path(folder))
        if len(cores) != 1:
            return f"{len(cores)} core files on the disk"
        program = build.archive_map(flavour)[wanted["program"]]
        commands = ["bt", r'printf "crash_data = \"%s\"\n", crash_data', "thread apply all bt"]
        done = subprocess.run(["gdb-multiarch", "-batch", "-nx", *(part for command in commands for part in ("-ex", command)), str(program), str(cores[0])],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        return missing_in(done.stdout, wanted["shows"]) and f"{missing_in(done.stdout, wanted['shows'])}: {done.stdout[-2500:]}"


def compile_dts(source, target):
    # -q: a tree that is wrong on purpose needs no warnings
    done = subprocess.run(["dtc", "-q", "-q", "-I", "dts", "-O", "dtb", "-o", str(target), str(source)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f"{source.relative_to(build.ROOT)}: {done.stdout.strip()}")


def missing_in(text, patterns):
    """What is wrong with the order or presence of the patterns, or an empty string."""
    start = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(text, start)
        if not found:
            return f"the backtrace has no /{pattern}/ (after the patterns before it)"
        start = found.end()
    return ""


def tail_of(text):
    lines = text.splitlines()
    # the firmware's page of facts says nothing about the failure
    start = max((i + 1 for i, row in enumerate(lines) if row.startswith("Boot HART MEDELEG")), default=0)
    return lines[start:][-TAIL_LINES:]


def forbidden(spec):
    patterns = list(spec.get("forbid", []))
    if not spec.get("panic"):
        patterns.append(PANIC)
    if "program" not in spec:
        patterns.append(FAIL_LINE)
    return patterns


def judge(spec, outcome):
    if "expect" in spec and not outcome.reason:
        outcome.passed += 1
    if outcome.reason and outcome.failed == 0:
        outcome.failed = 1


def judge_facts(spec, text, outcome):
    """Each fact is a result, like a program's PASS and FAIL lines."""
    try:
        wrong, good = facts.compare_veridian(text, spec["facts"])
    except facts.FactsError as error:
        wrong, good = [str(error)], 0
    outcome.passed += good
    outcome.failed += len(wrong)
    if wrong and not outcome.reason:
        outcome.reason = f"{len(wrong)} facts are not as expected: {wrong[0]}"


def expect_shown(console, pattern, flavour, added):
    compiled = re.compile(pattern, re.MULTILINE)
    while True:
        size = len(console.text)
        if compiled.search(symbolized(console.text, flavour, added)):
            return
        console.check_forbidden()
        if console.ended:
            raise ConsoleError(f"the machine stopped before /{pattern}/ was shown")
        while len(console.text) == size and not console.ended:
            console.pump(min(1.0, console.left(f"/{pattern}/")))


def script(spec, console, flavour="release", added=()):
    for step in spec.get("expect", []):
        (verb, text), = step.items()
        if verb == "send":
            console.send(text)
        elif verb == "shown":
            expect_shown(console, text, flavour, added)
        else:
            console.expect(text, raw=verb == "raw")
    if "program" in spec:
        check_program(console)
    ending = spec.get("exit", "any" if "program" in spec else "poweroff")
    if ending == "any":
        return
    if ending == "reboot":
        starts = len(BANNER.findall(console.text))
        while len(BANNER.findall(console.text)) == starts:
            if console.ended:
                raise ConsoleError("the machine stopped instead of restarting")
            console.pump(min(1.0, console.left("restart")))
            console.check_forbidden()
        return
    if ending == "halt":
        size = len(console.text)
        stop = console.clock() + HALT_QUIET_S
        while console.clock() < stop and not console.ended:
            console.pump(0.1)
        console.check_forbidden()
        if console.ended:
            raise ConsoleError("the machine stopped instead of halting")
        if console.text[size:].strip():
            raise ConsoleError(f"the machine went on: {console.text[size:].strip().splitlines()[0]}")
        return
    status = console.wait_exit()
    if status != 0:
        raise ConsoleError(f"QEMU ended with status {status}")
    if len(BANNER.findall(console.text)) > 1:
        raise ConsoleError("the machine restarted")


def check_program(console):
    """PASS and FAIL lines must be there and agree with the counts of the last line."""
    try:
        done = console.expect(DONE.pattern)
    except ConsoleError as error:
        counted = RESULT.findall(console.text)
        raise ConsoleError(f"{error} (after {len(counted)} results)") from None
    results = RESULT.findall(console.text[:done.start()])
    passed = sum(kind == "PASS" for kind, _ in results)
    failed = sum(kind == "FAIL" for kind, _ in results)
    if (passed, failed) != (int(done.group(1)), int(done.group(2))):
        raise ConsoleError(f"{passed} PASS and {failed} FAIL lines, but the program says: {done.group(0)}")
    if failed:
        raise ConsoleError(f"{failed} failed")
    if passed == 0:
        raise ConsoleError("the program ran no test")
    if len(BANNER.findall(console.text)) > 1:
        raise ConsoleError("the machine restarted")
