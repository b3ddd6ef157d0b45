"""The sandbox: what a request costs above a bare loop, what a million tickets weigh, how quick a kept one starts."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import msgspec

from .asked import ASKED, pages
from .asking import Line, Stored, cpu_of, resident
from .cost import Broken
from .results import Row, judge
from .size import Yard
from .tickets import EACH

ALLOWED = 600  # MB
SINGLES, PAGES, BATCH = 2_000, 50, 5
TWICE = 2.0
HEAD = 300  # bytes of a page that begin it: its locator is among them
PORT = re.compile(rb"127\.0\.0\.1:\d+")
LOCATOR = re.compile(r"(?<=/queryAll/)\w+(?=-)")  # of Salesforce's pages; each start of an org has its own


@dataclass(slots=True)
class Server:
    """A process that answers; `began` is what it cost until it said so: CPU and wall seconds."""

    process: subprocess.Popen[str]
    said: str
    began: tuple[float, float]

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(slots=True)
class Asker:
    """A line to a server, and the locator of that server's pages once it has named one."""

    line: Line
    pid: int
    locator: str = ""

    def ask(self, target: str, extra: str) -> bytes:
        """The body, without what differs from server to server: its port and its locator."""
        body = self.line.ask(LOCATOR.sub(self.locator, target) if self.locator else target, extra).body
        if found := LOCATOR.search(body[:HEAD].decode("latin-1")):
            self.locator = found[0]
        return _plain(body)


@dataclass(slots=True)
class Costs:
    """By what was asked: CPU seconds of each few requests, of the simulator and of the bare loop in turns."""

    found: dict[str, list[list[float]]] = field(default_factory=dict)

    def add(self, name: str, spent: list[list[float]]) -> None:
        """Of every few requests the run is kept that met the least noise."""
        before = self.found.get(name, spent)
        self.found[name] = [list(map(min, *pair)) for pair in zip(before, spent, strict=True)]

    def each(self, name: str, requests: int) -> tuple[float, float]:
        """Microseconds a request."""
        ours, bare = (sum(batches) / requests * 1e6 for batches in self.found[name])
        return ours, bare


@dataclass(frozen=True, slots=True)
class Script:
    """What is asked, and the answers that the bare loop sends: in the file `answers`.

    `listed` was asked for before the sandbox was kept; `strange` are fields that nobody asked for until then.
    """

    ones: list[str]
    listed: list[str]
    strange: list[str]
    extra: str
    stored: dict[str, Stored]
    answers: Path

    def plan(self) -> Iterator[tuple[str, list[str], str]]:
        """What is measured, in this order: its name, targets, and headers."""
        yield "one", self.ones, ""
        yield "same", self.ones, ""
        yield "first", self.listed, self.extra
        yield "again", self.listed, self.extra
        if self.strange:
            yield "strange", self.strange, self.extra


def measure(yard: Yard) -> list[Row]:
    rows: list[Row] = []
    with _together():
        for crm in ASKED:
            rows += _crm(crm, yard)
    return rows


@contextmanager
def _together() -> Iterator[None]:
    """Client and servers on one core, so that none sleeps: what waking a core costs is no work of a server."""
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(free)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, free)


def _crm(crm: str, yard: Yard) -> list[Row]:
    accounts, folder = yard.size.kept, yard.folder / f"kept-{crm}"
    command = [sys.executable, "-m", "bench.crm", crm]
    with _up([*command, str(accounts), str(folder)]) as filled:
        made = f"filled and saved in {filled.began[1]:.0f} s, {filled.began[0]:.0f} CPU s"
    costs, starts, memory = Costs(), list[tuple[float, ...]](), 0.0
    with _up([*command, "0", str(folder)]) as server:
        script = _script(crm, accounts, server, yard.folder)
    for _ in range(yard.size.times + 1):
        with _up([*command, "0"]) as empty:
            nothing = empty.began
        with _up([*command, "0", str(folder)]) as server:
            _compare(crm, server, script, costs)
            memory = max(memory, resident(server.pid))
            starts.append((*server.began, *nothing))
    fresh = Costs()
    for _ in range(yard.size.times):
        with _up([*command, str(accounts)]) as server:
            _compare(crm, server, script, fresh)
    tickets = f"{accounts * EACH:,} tickets"
    return [
        *_requests(crm, costs, script, tickets, "the sandbox was asked once, kept and started again"),
        *_requests(crm, fresh, script, tickets, "nobody asked before", "just filled, "),
        judge("sandbox", f"{crm}: memory with {tickets}", memory, None, ALLOWED, f"MB resident; {made}"),
        *_start(crm, starts, tickets),
    ]


def _requests(
    crm: str, costs: Costs, script: Script, tickets: str, before: str, state: str = ""
) -> Iterator[Row]:
    asked = ASKED[crm]("")
    what = {
        "one": "a record by id, first read",
        "same": "a record by id, read again",
        "first": f"{asked.page}, first read of each page",
        "again": f"{asked.page}, read again by another client",
        "strange": f"{asked.page}, fields that nobody asked for before",
    }
    for name, targets, _ in script.plan():
        size = 1 if targets is script.ones else asked.size
        ours, bare = costs.each(name, len(targets))
        note = (
            f"CPU µs of the server a request ({(ours - bare) / size:.2f} a record above the bare loop), {tickets} on "
            "disk, five requests in turns; the bare loop is the same HTTP server and hands out the stored answer; "
            f"{before}"
        )
        yield judge("sandbox", f"{crm}: {state}{what[name]} / bare loop", ours, bare, TWICE, note)


def _start(crm: str, starts: Sequence[tuple[float, ...]], tickets: str) -> Iterator[Row]:
    cpu, wall, empty_cpu, empty_wall = (min(column) for column in zip(*starts, strict=True))
    note = f"s; {tickets}; least of {len(starts)} starts"
    yield judge("sandbox", f"{crm}: CPU to start a kept one / an empty one", cpu, empty_cpu, TWICE, note)
    yield judge("sandbox", f"{crm}: wall to start a kept one / an empty one", wall, empty_wall, TWICE, note)


def _script(crm: str, accounts: int, server: Server, folder: Path) -> Script:
    """Ask once, and keep the answers; the sandbox is kept as it is then, as one that is stopped and started again."""
    block = json.loads(server.said)[crm]
    asked, count = ASKED[crm](block["base_url"]), accounts * EACH
    later = range(count // 2, count)  # pages begin with the others, which nobody has read before
    ones = [asked.one(n) for n in random.Random(1).sample(later, min(SINGLES, len(later)))]
    stored: dict[str, Stored] = {}
    with _line(crm, server) as line:

        def ask(target: str) -> bytes:
            answer = stored[_key(target)] = line.ask(target, asked.extra)
            return answer.body

        listed = list(pages(asked, ask, PAGES))
        _save(server)
        other = asked.strange()
        strange = list(pages(other, ask, PAGES)) if other else []
        for target in ones:
            stored[_key(target)] = line.ask(target)
    _check(list(stored.values()))
    answers = folder / "answers"
    answers.write_bytes(msgspec.msgpack.encode(stored))
    return Script(ones, listed, strange, asked.extra, stored, answers)


def _compare(crm: str, server: Server, script: Script, costs: Costs) -> None:
    """Ask the simulator and the bare loop in turns, so that the noise of the machine meets both."""
    with _up([sys.executable, "-m", "bench.bare", str(script.answers)]) as bare:
        for name, targets, extra in script.plan():
            with _line(crm, server) as line, _line(crm, server, int(bare.said)) as other:
                pair = (Asker(line, server.pid), Asker(other, bare.pid))
                costs.add(name, _in_turns(pair, targets, extra, script))


def _in_turns(pair: Sequence[Asker], targets: Sequence[str], extra: str, script: Script) -> list[list[float]]:
    """CPU seconds of each few requests, of each of two; the first request of a connection is left out."""
    spent: list[list[float]] = [[] for _ in pair]
    for asker in pair:
        asker.ask(script.ones[0], "")
    for at in range(0, len(targets), BATCH):
        for own, asker in zip(spent, pair, strict=True):
            own.append(_spent(asker, targets[at : at + BATCH], extra, script))
    return spent


def _spent(asker: Asker, targets: Sequence[str], extra: str, script: Script) -> float:
    """CPU seconds of a process for these requests. Raises Broken for another answer than before."""
    before = cpu_of(asker.pid)
    answers = [asker.ask(target, extra) for target in targets]
    spent = cpu_of(asker.pid) - before
    for target, answer in zip(targets, answers, strict=True):
        if answer != _plain(script.stored[_key(target)].body):
            raise Broken(f"{target} was answered otherwise than before: {answer[:300]!r}")
    return spent


def _plain(body: bytes) -> bytes:
    """An answer without its server's port and locator."""
    head = LOCATOR.sub("", body[:HEAD].decode("latin-1")).encode("latin-1")
    return PORT.sub(b"", head + body[HEAD:])


def _save(server: Server) -> None:
    """Keep the sandbox in its folder."""
    url, name = json.loads(server.said)["control_url"], json.dumps({"name": "filled"})
    with urlopen(Request(f"{url}/snapshot", name.encode(), {"Content-Type": "application/json"})):
        """It is written once the answer is there."""


def _line(crm: str, server: Server, port: int | None = None) -> Line:
    """To the simulator, or to another port with the same words."""
    block = json.loads(server.said)[crm]
    return Line(port or urlsplit(block["base_url"]).port or 0, block["access_token"])


def _key(target: str) -> str:
    """How the bare loop knows a request: its path is decoded, its query is not."""
    path, _, query = target.partition("?")
    return f"{unquote(path)}?{query}"


def _check(answers: Sequence[Stored]) -> None:
    bad = next((answer for answer in answers if answer.status != 200), None)
    if bad is not None:
        raise Broken(f"a simulator answered {bad.status}: {bad.body[:300]!r}")


@contextmanager
def _up(command: Sequence[str]) -> Iterator[Server]:
    """A process that prints a line once it answers. Raises Broken."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said:
            raise Broken(f"not up: {' '.join(command)}")
        yield Server(process, said, (cpu_of(process.pid), time.monotonic() - began))
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout:
            process.stdout.close()
