# SPDX-License-Identifier: BSD-2-Clause
"""`./veridian test`: layout of the sources, unit tests on the host, a short fuzzing, and the system booted in QEMU."""

import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Callable

import build
import fmt
import fuzz
import ports
import sdk_examples
import system
from outcome import Outcome
from ui import Failure, line, note, progress

HOST_TIMEOUT_S = 300
DONE = re.compile(r"^DONE (\d+) passed, (\d+) failed", re.MULTILINE)


@dataclass
class Job:
    name: str
    run: Callable[[], Outcome]


def check_format():
    program, why = fmt.tool()
    if not program:
        return Outcome(skipped=why)
    count, complaints = fmt.check()
    if complaints:
        bad = fmt.bad_files(complaints)
        return Outcome(failed=1, reason=f"{len(bad)} of {count} files: run ./veridian fmt",
                       tail=[f"{name}:{number}" for name, number in bad.items()] or complaints.splitlines()[:20])
    return Outcome(passed=1)


def check_host(test):
    log = build.BUILD / "test-logs" / ("host-" + re.sub(r"[^\w.-]+", "-", test["name"]) + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, **test["env"])
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    outcome = Outcome(log=os.path.relpath(log))
    with open(log, "wb") as file:
        try:
            status = subprocess.run(
                test["cmd"], cwd=test["workdir"] or build.folder("release"), env=environment, stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, timeout=HOST_TIMEOUT_S).returncode
        except subprocess.TimeoutExpired:
            outcome.reason = f"no end within {HOST_TIMEOUT_S} s"
            status = None
    text = log.read_text(errors="replace")
    counts = DONE.findall(text)
    outcome.passed, outcome.failed = (sum(int(row[i]) for row in counts) for i in (0, 1))
    if status == 0 and not counts:
        outcome.passed = 1
    elif status == 0 and outcome.passed + outcome.failed == 0:
        outcome.reason = "ran no test"
    elif status != 0 and not outcome.reason:
        outcome.reason = f"ended with status {status}" if status > 0 else f"ended by signal {-status}"
    if outcome.failed and not outcome.reason:
        outcome.reason = f"{outcome.failed} failed"
    if outcome.reason:
        outcome.failed = max(1, outcome.failed)
        outcome.tail = fuzz.report_lines(text)
    return outcome


def check_fuzz(name):
    _, reason, tail = fuzz.check(name)
    if reason:
        return Outcome(failed=1, reason=reason, tail=tail)
    return Outcome(passed=1)


def wanted(name, filters):
    return not filters or any(text in name for text in filters)


def plan(filters, settings=()):
    """The jobs that the filters select, and the system's flavours they need."""
    groups = [Job("format", check_format)] if wanted("format", filters) else []
    groups += [Job(f"fuzz/{name}", lambda name=name: check_fuzz(name))
               for name in fuzz.targets() if wanted(f"fuzz/{name}", filters)]
    own_jobs = sdk_examples.jobs() | ports.jobs()
    groups += [Job(name, run) for name, run in own_jobs.items() if wanted(name, filters)]
    cases = [case for case in system.cases(settings) if wanted(case.name, filters)]
    return groups, cases


def host_jobs(filters):
    jobs = []
    for test in build.introspect_tests("release"):
        if not any(suite == "host" or suite.endswith(":host") for suite in test["suite"]):
            continue
        name = f"host/{test['name']}"
        if wanted(name, filters):
            jobs.append(Job(name, lambda test=test: check_host(test)))
    return jobs


def guarded(job):
    started = time.monotonic()
    try:
        outcome = job.run()
    except Failure as error:
        outcome = Outcome(failed=1, reason=str(error))
    return outcome, time.monotonic() - started


def show(job, outcome, seconds):
    if outcome.skipped:
        line(f"skip  {job.name}: {outcome.skipped}")
        return
    count = outcome.passed + outcome.failed
    detail = f", {count} results" if count > 1 else ""
    if not outcome.reason and outcome.failed == 0:
        line(f"ok    {job.name} ({seconds:.1f} s{detail})")
        return
    line(f"FAIL  {job.name} ({seconds:.1f} s{detail}): {outcome.reason}")
    for text in outcome.tail:
        line(f"      | {text}")
    if outcome.log:
        line(f"      whole log: {outcome.log}")


def run_all(jobs, workers, totals):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        pending = {pool.submit(guarded, job): job for job in jobs}
        try:
            for done, future in enumerate(as_completed(pending), start=1):
                job = pending[future]
                outcome, seconds = future.result()
                show(job, outcome, seconds)
                totals["passed"] += outcome.passed
                totals["failed"] += outcome.failed
                totals["skipped"] += bool(outcome.skipped)
                progress(f"test: {done} of {len(jobs)}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def built(flavour, totals):
    """Whether the flavour could be built; if not, that is one failed result, and shown once."""
    if flavour in totals["builds"]:
        return totals["builds"][flavour]
    try:
        build.build(flavour)
        totals["builds"][flavour] = True
    except Failure as error:
        line(str(error))
        totals["failed"] += 1
        totals["builds"][flavour] = False
    return totals["builds"][flavour]


def check(options):
    first, cases = plan(options.filters, options.set)
    if options.list:
        build.build("release")
        for job in first[:1] + host_jobs(options.filters) + first[1:] + cases:
            line(job.name)
        return 0
    totals = {"passed": 0, "failed": 0, "skipped": 0, "builds": {}}
    run_all([job for job in first if job.name == "format"], 1, totals)
    if built("release", totals):
        run_all(host_jobs(options.filters), options.jobs, totals)
        run_all([job for job in first if job.name != "format"], options.jobs, totals)
    ready = [flavour for flavour in sorted({case.kernel for case in cases}) if built(flavour, totals)]
    jobs = [Job(case.name, lambda case=case: system.run(case)) for case in cases if case.kernel in ready]
    run_all(jobs, options.jobs, totals)
    if totals["skipped"]:
        note(f"{totals['skipped']} skipped")
    line(f"{totals['passed']} passed, {totals['failed']} failed")
    if totals["passed"] + totals["failed"] == 0:
        raise Failure(f"test: nothing matches {' '.join(options.filters)}" if options.filters else "test: no tests ran")
    return 1 if totals["failed"] else 0
