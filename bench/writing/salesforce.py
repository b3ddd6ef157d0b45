"""Writing to Salesforce: health of 20,000 accounts by id, and 20,000 records by key, as jobs and as calls of 200."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from cs_connector.adapters.salesforce import Salesforce

from bench.bed import Bed
from bench.results import Row, judge
from bench.size import Yard
from bench.tickets import rows as ticket_rows
from cs_connector.ports import Action, Change, Value
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.wire import SeedRow
from cs_connector.transport import SandboxTime

from . import applied
from .kit import AREA, BESIDES, TWICE, Sent, around, done, health, least, loop, simulator, watched

CONNECTION = "sales"
EACH, A_JOB = 200, 6  # records of a call, and calls of a job (vendor: sObject Collections; Bulk API 2.0)
NEVER = 1_000_000_000
FIELDS = {
    "status": "CS_Customer_Status__c", "score": "CS_Health_Score__c", "band": "CS_Health_Band__c",
    "trend": "CS_Health_Trend__c", "change_3m": "CS_Health_Change_3M__c", "reason": "CS_Health_Reason__c",
    "driver": "CS_Health_Driver__c", "next_step": "CS_Next_Step__c", "cap": "CS_Health_Cap__c",
    "coverage": "CS_Health_Coverage__c", "band_since": "CS_Band_Since__c",
    "changed_on": "CS_Health_Changed_On__c", "renewal_date": "CS_Renewal_Date__c", "arr": "CS_ARR__c",
}  # fmt: skip
CHOICES = frozenset({"status", "band", "trend", "driver"})
OWN = {name: field.removeprefix("CS_") for name, field in FIELDS.items() if name not in ("status", "cap")}


def rows(count: int) -> Iterator[SeedRow]:
    """Accounts, and no tickets."""
    made = ticket_rows("salesforce", count)
    return (row for row, _ in zip(made, range(count), strict=False))


@dataclass(frozen=True, slots=True)
class Kind:
    """What is written, and as jobs or as calls."""

    name: str
    changes: Callable[[int, int], Sequence[Change]]
    bulk_from: int
    calls: Callable[[int], int]


def updates(count: int, turn: int) -> list[Change]:
    return [
        Change(
            CONNECTION, "Account", Action.UPDATE, f"account|{n}", _named(FIELDS, n, turn),
            record_id=sales_id("001", n + 1),
        )
        for n in range(count)
    ]  # fmt: skip


def upserts(count: int, turn: int) -> list[Change]:
    return [
        Change(
            CONNECTION, "CS_Relationship__c", Action.UPSERT, f"relationship|{n:06}",
            {"Account__c": sales_id("001", n // 2 + 1)} | _named(OWN, n, turn), "Key__c",
        )
        for n in range(count)
    ]  # fmt: skip


def _named(fields: Mapping[str, str], number: int, turn: int) -> dict[str, Value]:
    values = health(number, turn)
    values |= {name: str(values[name]).capitalize() for name in CHOICES}
    return {field: values[name] for name, field in fields.items()}


def _collections(count: int) -> int:
    return -(-count // EACH) + BESIDES


KINDS = (
    Kind("health of accounts by id, one job", updates, 0, lambda _: A_JOB),
    Kind("records by key, one job", upserts, 0, lambda _: A_JOB),
    Kind("health of accounts by id, calls of 200", updates, NEVER, _collections),
    Kind("records by key, calls of 200", upserts, NEVER, _collections),
)
READY, MADE = "requests, bytes ready", "requests, bytes made and read with csv"


def measure(yard: Yard) -> list[Row]:
    count = yard.size.written
    with simulator(yard.folder / "written-salesforce", "salesforce", count) as bed:
        return [row for kind in KINDS for row in _kind(yard, bed, kind, count)]


def _kind(yard: Yard, bed: Bed, kind: Kind, count: int) -> Iterator[Row]:
    given = [kind.changes(count, turn) for turn in range(yard.size.times + 1)]
    with _adapter(bed, kind.bulk_from) as adapter, _loop(bed) as post:

        def ours(turn: int) -> None:
            done([receipt.verdict for receipt in adapter.write(given[turn])], count)

        with watched(adapter._session) as sent:  # noqa: SLF001 — what goes out of it
            ours(0)
        seen = tuple(sent)
        works: dict[str, Callable[[int], object]] = {READY: lambda _: post(seen)}
        if kind.bulk_from == 0:
            works[MADE] = lambda turn: _read(post([_filled(each, given[turn]) for each in seen]), count)
        mine, *loops = least(yard.size.times, ours, *works.values())
        if kind is KINDS[0]:
            folder, what = yard.folder / "applied-salesforce", f"salesforce: {kind.name}"
            yield from applied.measure(folder, what, adapter, given, works[MADE], yard.size.times)
    yield from _costs(yard, kind, mine, dict(zip(works, loops, strict=True)), seen)
    said = f"{len(seen)} calls for {count:,} changes"
    yield judge(AREA, f"salesforce: {kind.name}: calls / the least", len(seen), kind.calls(count), 1.0, said)


def _costs(
    yard: Yard, kind: Kind, mine: float, loops: Mapping[str, float], sent: Sequence[Sent]
) -> Iterator[Row]:
    """A job is six calls, so that a loop which neither makes its bytes nor looks at an answer does nothing at all."""
    count, size = yard.size.written, sum(len(each.body) for each in sent)
    note = (
        f"CPU s of this process for {count:,} changes of {size / count:,.0f} bytes, in as many calls and the same bytes; "
        f"{count / mine:,.0f} changes a CPU second; least of {yard.size.times} runs each, in turns"
    )
    for loop_name, bare in loops.items():
        goal = TWICE if loop_name == MADE or len(loops) == 1 else None
        yield judge(AREA, f"salesforce: {kind.name} / {loop_name}", mine, bare, goal, note)


def _filled(sent: Sent, changes: Sequence[Change]) -> Sent:
    """The upload of a job, made as a loop would make it."""
    if sent.method != "PUT":
        return sent
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([changes[0].key_field or "Id", *changes[0].fields])
    for change in changes:
        cells = ("#N/A" if value is None else value for value in change.fields.values())
        writer.writerow([change.record_id or change.key, *cells])
    return Sent(sent.method, sent.target, sent.headers, out.getvalue().encode())


def _read(answers: Sequence[requests.Response], count: int) -> None:
    """Which record came of what: by name. Raises Broken."""
    rows = csv.reader(io.StringIO(answers[-1].text, newline=""))
    head = next(rows)
    name = next(
        n for n, column in enumerate(head) if not column.startswith("sf__") and column in ("Id", "Key__c")
    )
    found = {row[name]: (row[0], row[1]) for row in rows}
    done(["updated" for _ in found], count)


@contextmanager
def _adapter(bed: Bed, bulk_from: int) -> Iterator[Salesforce]:
    block = bed.document["salesforce"]
    names = ("base_url", "client_id", "username", "private_key_file", "audience")
    settings = Salesforce.Settings(**{name: block[name] for name in names}, bulk_write_from=bulk_from)
    adapter = Salesforce(settings, around(bed, CONNECTION))
    try:
        adapter.check()
        yield adapter
    finally:
        adapter.close()


@contextmanager
def _loop(bed: Bed) -> Iterator[Callable[[Sequence[Sent]], list[requests.Response]]]:
    """Sends what the adapter sent; a job has another id every time."""
    block, clock = bed.document["salesforce"], SandboxTime(bed.document["control_url"])
    with loop(block["base_url"], block["access_token"]) as ask:

        def post(sent: Sequence[Sent]) -> list[requests.Response]:
            old = new = ""
            answers: list[requests.Response] = []
            for each in sent:
                if old and each.method == "GET" and each.target.endswith(old):
                    clock.sleep(60)  # until the job is done
                answers.append(ask(_about(each, old, new)))
                if each.target.endswith("/jobs/ingest"):
                    old, new = _job(sent), answers[-1].json()["id"]
            return answers

        yield post


def _job(sent: Sequence[Sent]) -> str:
    targets = (each.target for each in sent)
    return next(t for t in targets if "/jobs/ingest/" in t).split("/jobs/ingest/")[1].split("/")[0]


def _about(each: Sent, old: str, new: str) -> Sent:
    if not old:
        return each
    return Sent(each.method, each.target.replace(old, new), each.headers, each.body)
