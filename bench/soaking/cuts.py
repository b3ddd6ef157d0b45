"""Answers that end too early, at every byte: a part of a page is never taken for a page, or for the end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cs_connector import registry
from cs_connector.errors import AdapterError
from cs_connector.ports import Adapter, Page, Read, Surroundings
from cs_connector.sandbox.wire import Request, Response
from cs_connector.testing import MemoryTokens

from .naive import Around
from .town import Builder, Town
from .tries import Tried, Try

Wrap = Callable[[Adapter], Any]
Cut = Callable[[Response, int], Response]


class Case(NamedTuple):
    """What is read and which of its answers are cut: those whose path has `part` in it."""

    crm: str
    object: str
    part: str
    later: bool = False
    settings: Mapping[str, Any] = {}


CASES = {
    "query": Case("salesforce", "Account", "/queryAll"),
    "changes": Case("salesforce", "Contact", "/queryAll", later=True),
    "bulk": Case("salesforce", "Account", "/results", settings={"bulk_from": 0}),
    "list": Case("hubspot", "companies", "objects/"),
    "search and bin": Case("hubspot", "contacts", "objects/", later=True),
    "links": Case("hubspot", "contacts/companies", "associations/"),
    "export": Case("zendesk", "tickets", "/incremental/"),
    "timed export": Case("zendesk", "organizations", "/incremental/"),
    "changed users": Case("zendesk", "users", "/incremental/", later=True),
    "memberships": Case("zendesk", "organization_memberships", "/organization_memberships"),
}
LONGEST = 1 << 20  # bytes of an answer
MANY = {"salesforce": 23, "hubspot": 3, "zendesk": 11}  # records: a page and a bit


def broken(answer: Response, at: int) -> Response:
    """The connection ended: the length says that more should come."""
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    return Response(answer.status, answer.body[:at], headers)


def belied(answer: Response, at: int) -> Response:
    """Something in between cut it and corrected the length."""
    return Response(answer.status, answer.body[:at], {**answer.headers, "content-length": str(at)})


def unsaid(answer: Response, at: int) -> Response:
    """Nobody said how long it would be."""
    return Response(answer.status, answer.body[:at], {**answer.headers, "content-length": ""})


CUTS: tuple[Cut, ...] = (broken, belied, unsaid)


@dataclass
class Bench:
    """A town with an adapter that can be asked again and again, always from the same moment on."""

    town: Town
    case: Case
    adapter: Any
    cursor: str | None
    state: object

    def pages(self) -> Iterator[Page]:
        self.town.simulator.restore(self.state)
        return iter(
            self.adapter.read(Read(self.case.object, self.town.fields(self.case.object), self.cursor))
        )

    def answers(self) -> list[int]:
        """How long the answers are that will be cut."""
        sizes: list[int] = []

        def note(request: Request, answer: Response) -> Response:
            if self.concerns(request):
                sizes.append(len(answer.body))
            return answer

        self.town.alter = note
        list(self.pages())
        return sizes

    def concerns(self, request: Request) -> bool:
        return self.case.part in request.path


@contextmanager
def everywhere(folder: Path) -> Iterator[Try]:
    """A seed is one case at every 11th byte: a row of 110 seeds cuts all answers of all cases at every byte.

    The next row has other records, and cuts each byte in another way.
    """
    with _cutting(folder, lambda adapter: adapter, 11) as attempt:
        yield attempt


@contextmanager
def sampled(folder: Path) -> Iterator[Try]:
    """The same, at some of the bytes."""
    with _cutting(folder, lambda adapter: adapter, 101) as attempt:
        yield attempt


@contextmanager
def trusting(folder: Path) -> Iterator[Try]:
    """Naive: where no page can be read, there is none."""
    with _cutting(folder, Trusting, 41) as attempt:
        yield attempt


class Trusting(Around):
    def read(self, read: Read) -> Iterator[Page]:
        last = read.cursor or ""
        try:
            for page in self.adapter.read(read):
                last = page.cursor
                yield page
        except AdapterError:
            yield Page((), last, done=True)


@contextmanager
def _cutting(folder: Path, wrap: Wrap, step: int) -> Iterator[Try]:
    builder = Builder(folder, "small")
    names = list(CASES)

    def attempt(seed: int) -> Tried:
        turn, number = divmod(seed, len(names))
        row, first = divmod(turn, step)
        case, dice = CASES[names[number]], random.Random(f"{number} {row}")
        with builder.near(case.crm, dice, (case.object,)) as town:
            return _cut_all(_prepared(town, case, dice, wrap), range(first, LONGEST, step), row)

    yield attempt


def _prepared(town: Town, case: Case, dice: random.Random, wrap: Wrap) -> Bench:
    town.hand.fill(case.object, dice, MANY[case.crm])
    town.pass_time(minutes=2)
    adapter, cursor = wrap(_adapter(town, case)), None
    if case.later:
        read = Read(case.object, town.fields(case.object), None)
        cursor = list(adapter.read(read))[-1].cursor
        town.pass_time(minutes=30)
        town.hand.fill(case.object, dice, MANY[case.crm])
        town.pass_time(minutes=30)
    return Bench(town, case, adapter, cursor, town.simulator.snapshot())


def _adapter(town: Town, case: Case) -> Adapter:
    kind: Any = registry.adapter(case.crm)
    given = town.project.settings.connections[case.crm].settings
    settings = kind.Settings.model_validate({**given, **case.settings})
    adapter: Adapter = kind(settings, Surroundings(case.crm, town.reader, MemoryTokens()))
    return adapter


def _cut_all(bench: Bench, where: range, row: int) -> Tried:
    bench.town.alter = lambda _, answer: answer
    whole = _content(bench.pages())
    sizes = bench.answers()
    places = [(number, at) for number, size in enumerate(sizes) for at in where if at < size]
    for count, (number, at) in enumerate(places, 1):
        cut = CUTS[(at + row) % len(CUTS)]
        if problem := _cut(bench, number, at, cut, whole):
            place = f"answer {number} of {bench.case.object} cut at {at} of {sizes[number]}, {cut.__name__}"
            return Tried(f"{bench.case.crm}: {place}: {problem}", count)
    return Tried("" if sizes else f"no answer of {bench.case} was cut", len(places))


def _cut(bench: Bench, number: int, at: int, cut: Cut, whole: Mapping[str, bytes]) -> str:
    """Cut one answer and all that take its place when it is asked for again."""
    seen: list[tuple[str, str, bytes]] = []

    def alter(request: Request, answer: Response) -> Response:
        if not bench.concerns(request):
            return answer
        asked = (request.path, request.query_string, request.body)
        if asked not in seen:
            seen.append(asked)
        return cut(answer, at) if seen.index(asked) == number else answer

    bench.town.alter = alter
    pages: list[Page] = []
    with suppress(AdapterError):
        for page in bench.pages():
            list(page.records)  # records may be made only when they are landed
            pages.append(page)
    return _judged(pages, whole)


def _judged(pages: list[Page], whole: Mapping[str, bytes]) -> str:
    found = _content(pages)
    odd = [key for key, payload in found.items() if whole.get(key) != payload]
    if odd:
        return f"{odd[0]} is not what was sent"
    if pages and pages[-1].done and found != whole:
        return f"{len(found)} of {len(whole)} records were taken for all"
    return ""


def _content(pages: Iterable[Page]) -> dict[str, bytes]:
    return {record.id: record.payload for page in pages for record in page.records}


NAIVE = {"a broken page is the end": trusting}
