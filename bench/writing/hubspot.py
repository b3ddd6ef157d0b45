"""Writing to HubSpot: companies by id and tasks by key, beside the bare loop and the models of HubSpot's own client."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cs_connector.adapters.hubspot import HubSpot

from bench.bed import Bed
from bench.cost import Broken, spend
from bench.results import Row, judge
from bench.size import Yard
from bench.tickets import DAY
from cs_connector.ports import Action, Change, Surroundings, Value
from cs_connector.sandbox.wire import SeedRow

from . import applied
from .kit import AREA, BESIDES, TWICE, Sent, Tokens, cpu, done, health, least, loop, simulator, watched

FIRST = 1000
MADE = "2026-01-02T03:04:05.678Z"
TIMES = 3
BATCH = 100
TOGETHER = 1000
ROWS = 200  # that a program writes one by one
PROGRAM = Path(__file__).parents[1] / "peers" / "drt_hubspot.py"
_NAMES = {
    "status": "cs_customer_status",
    "score": "cs_health_score",
    "band": "cs_health_band",
    "trend": "cs_health_trend",
    "change_3m": "cs_health_change_3m",
    "reason": "cs_health_reason",
    "driver": "cs_health_driver",
    "next_step": "cs_next_step",
    "cap": "cs_health_cap",
    "coverage": "cs_health_coverage",
    "band_since": "cs_band_since",
    "changed_on": "cs_health_changed_on",
    "renewal_date": "cs_renewal_date",
    "arr": "cs_arr",
}
Make = Callable[[int, int], Change]


class Unpaced:
    """A clock that never waits: the pause between calls, which HubSpot asks for, costs time and no work."""

    def now(self) -> datetime:
        return DAY

    def sleep(self, seconds: float) -> None: ...


def rows(count: int) -> Iterator[SeedRow]:
    for n in range(count):
        properties = {"name": f"Company {n}", "domain": f"c{n}.example"}
        record = {"id": str(FIRST + n), "properties": properties, "createdAt": MADE, "updatedAt": MADE}
        yield SeedRow("companies", record)


def measure(yard: Yard) -> Iterator[Row]:
    count = yard.size.written
    with simulator(yard.folder / "writing-hubspot", "hubspot", count) as bed:
        login = bed.document["hubspot"]
        settings = HubSpot.Settings(access_token=login["access_token"], base_url=login["base_url"])
        adapter = HubSpot(settings, Surroundings("hubspot", Unpaced(), Tokens()))
        yield from _beside(yard, bed, adapter, "companies by id", _update)
        yield from _beside(yard, bed, adapter, "tasks by key", _upsert)
        yield _linked(adapter, min(count, TOGETHER))
        if yard.size.peers:
            yield _models(bed, adapter, count)
            yield from yard.attempt("drt", lambda: [_drt(bed, adapter)])
        adapter.close()


def _beside(yard: Yard, bed: Bed, adapter: HubSpot, what: str, make: Make) -> Iterator[Row]:
    count = yard.size.written
    sets = [[make(n, turn) for n in range(count)] for turn in (0, 1)]
    sent = [_recorded(adapter, changes) for changes in sets]
    login = bed.document["hubspot"]
    with loop(login["base_url"], login["access_token"]) as ask:

        def ours(turn: int) -> None:
            done([r.verdict for r in adapter.write(sets[turn % 2])], count)

        def bare(turn: int) -> None:
            for each in sent[turn % 2]:
                ask(each)

        mine, theirs = least(TIMES, ours, bare)
        if make is _update:
            folder = yard.folder / "applied-hubspot"
            yield from applied.measure(folder, f"HubSpot: {what}", adapter, sets, bare, TIMES)
    note = f"CPU seconds of {count:,} changes, beside requests that posts the same bytes; least of {TIMES}"
    yield judge(AREA, f"HubSpot: {what}", mine, theirs, TWICE, note)
    calls, fewest = len(sent[0]), -(-count // BATCH)
    assert calls == adapter.cost(sets[0]), "the adapter foretells its calls"
    yield judge(
        AREA, f"HubSpot: calls, {what}", calls - fewest, None, BESIDES, f"beside {fewest:,} of a hundred each"
    )


def _linked(adapter: HubSpot, count: int) -> Row:
    """Tasks with the company that they belong to, as many as are written at once."""
    tasks = (_upsert(n, 3) for n in range(count))
    ends = ((("companies", str(FIRST + n)),) for n in range(count))
    changes = [replace(task, associate=end) for task, end in zip(tasks, ends, strict=True)]
    calls, fewest = len(_recorded(adapter, changes)), -(-count // BATCH)
    note = f"beside {fewest:,} of a hundred each; a call more for every thousand associations"
    return judge(AREA, f"HubSpot: calls, {count:,} tasks with companies", calls - fewest, None, BESIDES, note)


def _recorded(adapter: HubSpot, changes: Sequence[Change]) -> list[Sent]:
    with watched(adapter._transport) as sent:  # noqa: SLF001
        done([r.verdict for r in adapter.write(changes)], len(changes))
    return list(sent)


def _models(bed: Bed, adapter: HubSpot, count: int) -> Row:
    """The client library as its pages show it: an object of each input, and one of each result."""
    import hubspot
    from hubspot.crm.companies import BatchInputSimplePublicObjectBatchInput, SimplePublicObjectBatchInput

    changes = [_update(n, 2) for n in range(count)]
    login = bed.document["hubspot"]
    client = hubspot.HubSpot(access_token=login["access_token"], host=login["base_url"])
    api = client.crm.companies.batch_api

    def batch(some: Sequence[Change]) -> int:
        inputs = [SimplePublicObjectBatchInput(id=c.record_id, properties=_texts(c)) for c in some]
        answer = api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
        return len(answer.results)

    def theirs() -> None:
        got = sum(batch(changes[at : at + BATCH]) for at in range(0, count, BATCH))
        assert got == count, f"{got:,} of {count:,}"

    def ours() -> None:
        done([r.verdict for r in adapter.write(changes)], count)

    cost = cpu(theirs)
    note = (
        f"CPU seconds of {count:,} updates; against: batch_api.update of hubspot-api-client with its models"
    )
    return judge(AREA, "HubSpot: its own models", cpu(ours), cost, None, note)


def _drt(bed: Bed, adapter: HubSpot) -> Row:
    """Another program that writes rows of a warehouse into CRMs, one call a row; a few are enough to see it."""
    home = Path(sys.prefix) / "bench" / "drt"
    if not (home / ".ready").exists():
        raise Broken("it is not installed; run: make peers")
    login = bed.document["hubspot"]
    words = [home / "bin" / "python", PROGRAM, login["base_url"], login["access_token"], str(ROWS)]
    told = json.loads(spend(words).out)
    assert told["written"] == ROWS, f"{told['written']} of {ROWS}"
    changes = [_row(n) for n in range(ROWS)]
    mine = cpu(lambda: done([r.verdict for r in adapter.write(changes)], ROWS))
    pace = ROWS / told["wall"]
    note = f"CPU seconds of {ROWS} rows; against: drt 1.2.1, which wrote {pace:.1f} rows a second"
    return judge(AREA, "HubSpot: drt", mine, told["cpu"], None, note)


def _row(number: int) -> Change:
    fields: dict[str, Value] = {
        "name": f"Row {number}",
        "cs_health_score": str(number % 101),
        "cs_health_band": "green",
        "cs_health_reason": f"{number % 101}: a decision maker scored 2 of 10.",
    }
    return Change("hubspot", "companies", Action.UPSERT, f"row{number:06}", fields, key_field="cs_key")


def _texts(change: Change) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in change.fields.items()}


def _update(number: int, turn: int) -> Change:
    fields: dict[str, Value] = {_NAMES[name]: value for name, value in health(number, turn).items()}
    return Change(
        "hubspot", "companies", Action.UPDATE, f"A{number:07}", fields, record_id=str(FIRST + number)
    )


def _upsert(number: int, turn: int) -> Change:
    told = health(number, turn)
    fields: dict[str, Value] = {
        "hs_task_subject": f"Risk: Company {number} – {told['reason']}"[:80],
        "hs_task_body": f"WHY {told['reason']} DO NEXT {told['next_step']} CLOSES WHEN the score is above 50",
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "HIGH" if turn % 2 else "MEDIUM",
        "hs_timestamp": told["renewal_date"],
    }
    return Change("hubspot", "tasks", Action.UPSERT, f"T{number:07}", fields, key_field="cs_key")
