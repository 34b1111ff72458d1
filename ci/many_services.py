# SPDX-License-Identifier: BSD-2-Clause
"""Many services with random dependencies, and what init must make of them: each that can starts after all that it depends on are up, the others
at the same time; those that cannot start are named with their reason. The same seed gives the same services."""

import random
import re

MISSING_EVERY, RING_EVERY = 40, 67  # one service of so many depends on nothing that there is, or on itself by two others
PARALLEL = 8  # so many at least are on their way at one moment

STARTED = re.compile(r"init: (m\d+) is started")
READY = re.compile(r"init: (m\d+) is ready")
REFUSED = re.compile(r"service '(m\d+)' cannot start: (.*?)\r?$", re.MULTILINE)


class Service:
    def __init__(self, name):
        self.name, self.needs, self.notify, self.sleep_ms, self.reason = name, [], False, 0, ""


def make(count, seed):
    dice = random.Random(seed)
    services = [Service(f"m{number:03}") for number in range(count)]
    for number, service in enumerate(services):
        service.needs = [s.name for s in dice.sample(services[:number], min(number, dice.choice([0, 0, 1, 1, 2, 3, 5])))]
        service.notify = dice.random() < 0.6
        service.sleep_ms = dice.randrange(60)
    by_name = {service.name: service for service in services}
    for service in services[MISSING_EVERY - 1::MISSING_EVERY]:
        service.needs.insert(dice.randrange(len(service.needs) + 1), f"{service.name}-nowhere")
        service.reason = f"depends on '{service.name}-nowhere', which is not a service"
    for number in range(RING_EVERY - 1, count - 2, RING_EVERY):
        ring = [s for s in services[number:number + 3] if not s.reason]
        for service, needed in zip(ring, ring[1:] + ring[:1]):
            service.needs = [needed.name] if len(ring) > 1 else service.needs + [service.name]
            service.reason = "its dependencies form a cycle: "
    grew = True
    while grew:  # what depends on those cannot start either
        grew = False
        for service in services:
            bad = [name for name in service.needs if by_name.get(name) and by_name[name].reason]
            if bad and not service.reason:
                service.reason, grew = "depends on '", True
    dice.shuffle(services)
    return services


def text(services, policy=""):
    tables = []
    for s in services:
        arguments = [f"sleep={s.sleep_ms}"] + ["ready"] * s.notify
        tables.append(f'[[services]]\nname = "{s.name}"\npath = "/test/service"\nargs = {arguments}\n'
                      f'depends_on = {s.needs}\nreadiness = "{"notify" if s.notify else "started"}"\n{policy}')
    return "\n".join(tables)


def wrong(services, log):
    """What is not as it must be in init's part of the log, or an empty string."""
    first = {}
    for pattern, kind in ((STARTED, "started"), (READY, "ready")):
        for found in pattern.finditer(log):
            first.setdefault((found.group(1), kind), found.start())
    refused = dict(REFUSED.findall(log))
    events = []
    for s in services:
        started, up = first.get((s.name, "started")), first.get((s.name, "ready" if s.notify else "started"))
        if s.reason:
            if started is not None:
                return f"{s.name} was started, but {s.reason}"
            if not refused.get(s.name, "").startswith(s.reason):
                return f"{s.name} was not refused with '{s.reason}…' but '{refused.get(s.name, '')}'"
            continue
        if s.name in refused:
            return f"{s.name} was refused: {refused[s.name]}"
        if started is None or up is None:
            return f"{s.name} was not {'started' if started is None else 'ready'}"
        events += [(started, 1), (up, -1)] if s.notify else []
        for need in s.needs:
            needed = next(other for other in services if other.name == need)
            if first.get((need, "ready" if needed.notify else "started"), started) >= started:
                return f"{s.name} was started before {need} was up"
    most = under_way = 0
    for _, step in sorted(events):
        under_way += step
        most = max(most, under_way)
    return "" if most >= PARALLEL else f"never more than {most} services were starting at one time"
