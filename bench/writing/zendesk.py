"""Writing to Zendesk: organizations in jobs of a hundred, beside the bare loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cs_connector.adapters.zendesk import Zendesk

from bench.results import Row, judge
from bench.size import Yard
from cs_connector.ports import Action, Change, Value
from cs_connector.sandbox.wire import SeedRow

from .kit import AREA, BESIDES, TWICE, Sent, around, done, health, least, loop, simulator, watched

FIRST = 1000
MADE = "2026-01-02T03:04:05Z"
TIMES = 3
BATCH = 100
QUEUE, PAUSE = 30, 5.0  # jobs that may wait at once, and the seconds in which they are done
STATUS = {"customer": "cs_customer"}


def rows(count: int) -> Iterator[SeedRow]:
    for n in range(count):
        record = {"id": FIRST + n, "name": f"Organization {n}", "created_at": MADE, "updated_at": MADE}
        yield SeedRow("organizations", record)


def measure(yard: Yard) -> Iterator[Row]:
    count = yard.size.written
    with simulator(yard.folder / "writing-zendesk", "zendesk", count) as bed:
        login = bed.document["zendesk"]
        named = {name: login[name] for name in ("base_url", "subdomain", "access_token")}
        lent = around(bed, "zendesk")
        adapter = Zendesk(Zendesk.Settings(**named), lent)
        sets = [[_update(n, turn) for n in range(count)] for turn in (0, 1)]
        sent = [_recorded(adapter, changes) for changes in sets]
        with loop(login["base_url"], login["access_token"]) as ask:

            def ours(turn: int) -> None:
                done([r.verdict for r in adapter.write(sets[turn % 2])], count)

            def bare(turn: int) -> None:
                for n, each in enumerate(sent[turn % 2]):
                    if n % QUEUE == 0:
                        lent.clock.sleep(PAUSE)
                    ask(each)

            mine, theirs = least(TIMES, ours, bare)
        adapter.close()
    note = f"CPU seconds of {count:,} changes, beside requests that sends the same bytes; least of {TIMES}"
    yield judge(AREA, "Zendesk: organizations by id", mine, theirs, TWICE, note)
    calls, fewest = len(sent[0]), -(-count // BATCH)
    assert calls == adapter.cost(sets[0]), "the adapter foretells its calls"
    note = f"beside {fewest:,} of a hundred each; one tells of a hundred jobs"
    yield judge(AREA, "Zendesk: calls, organizations by id", calls - fewest, None, BESIDES, note)


def _recorded(adapter: Zendesk, changes: Sequence[Change]) -> list[Sent]:
    with watched(adapter._transport) as sent:  # noqa: SLF001
        done([r.verdict for r in adapter.write(changes)], len(changes))
    return list(sent)


def _update(number: int, turn: int) -> Change:
    told = health(number, turn)
    fields: dict[str, Value] = {
        "cs_key": f"A{number:07}",
        "cs_health_band": f"cs_health_{told['band']}",
        "cs_health_score": told["score"],
        "cs_health_reason": told["reason"],
        "cs_renewal_date": told["renewal_date"],
        "cs_csm_name": f"Manager {number % 30}",
        "cs_customer_status": STATUS[str(told["status"])],
    }
    return Change(
        "zendesk", "organizations", Action.UPDATE, f"A{number:07}", fields, record_id=str(FIRST + number)
    )
