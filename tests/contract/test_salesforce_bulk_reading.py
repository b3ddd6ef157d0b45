"""Large readings go by the Bulk API, and nobody can tell from the records."""

from __future__ import annotations

from contextlib import ExitStack

import msgspec
import pytest
from cs_connector.adapters.salesforce import bulk

from cs_connector.errors import Unavailable
from cs_connector.ports import Read
from cs_connector.sandbox.wire import SeedRow

from .test_salesforce_adapter import World

FIELDS = (
    "Name",
    "IsPersonAccount",
    "AnnualRevenue",
    "NumberOfEmployees",
    "Parent.Name",
    "CreatedDate",
    "Website",
)
MANY = 90


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "ROWS", 20)
    with ExitStack() as stack:
        found = World(stack, tmp_path)
        found.load(*(account(n) for n in range(MANY)))
        yield found


def account(n: int) -> SeedRow:
    fields = {
        "Id": f"001A00000000{n:03d}AAA"[:15],
        "Name": f'Firm "{n}", Ltd.\nsecond line' if n % 7 == 0 else f"Firm {n}",
        "AnnualRevenue": n * 1000.5 if n % 3 else None,
        "NumberOfEmployees": n,
        "ParentId": f"001A00000000{n - 1:03d}AAA"[:15] if n % 2 else None,
        "CreatedDate": f"2026-01-{n % 28 + 1:02d}T08:00:00.000+0000",
    }
    return SeedRow("Account", fields)


def fields_of(world) -> tuple[str, ...]:
    known = {f.name for f in world.adapter().describe(["Account"])[0].fields}
    return tuple(f for f in FIELDS if "." in f or f in known)


def plain(records):
    """Records by id, without the addresses that only one of the two APIs gives."""
    return {r.id: (r.modified_at, r.deleted, bare(msgspec.json.decode(r.payload))) for r in records}


def bare(row):
    held = {k: v for k, v in row.items() if k != "attributes"}
    return {k: bare(v) if isinstance(v, dict) else v for k, v in held.items()}


def read(world, cursor=None, **settings):
    return list(world.adapter(**settings).read(Read("Account", fields_of(world), cursor)))


def everything(pages):
    return [record for page in pages for record in page.records]


@pytest.fixture
def small_pages(monkeypatch):
    """REST pages so small that the first does not hold everything."""
    monkeypatch.setattr(
        "cs_connector.adapters.salesforce.reading._BATCH", {"Sforce-Query-Options": "batchSize=200"}
    )


def test_records_are_the_same_by_both_ways(tmp_path, monkeypatch, world):
    world.load(*(account(n) for n in range(MANY, 330)))
    monkeypatch.setattr(
        "cs_connector.adapters.salesforce.reading._BATCH", {"Sforce-Query-Options": "batchSize=200"}
    )
    by_rest = read(world)
    by_bulk = read(world, bulk_from=100)
    assert plain(everything(by_bulk)) == plain(everything(by_rest))
    assert len(by_bulk) > len(by_rest), "pages of 20 rows"
    assert by_bulk[-1].done
    assert by_bulk[-1].complete_to


def test_a_killed_reading_goes_on_with_its_job(monkeypatch, small_pages, world):
    world.load(*(account(n) for n in range(MANY, 330)))
    started = []
    start = bulk.Bulk.start
    monkeypatch.setattr(bulk.Bulk, "start", lambda self, query: started.append(query) or start(self, query))
    fields = fields_of(world)
    pages = world.adapter(bulk_from=100).read(Read("Account", fields))
    first = [next(pages) for _ in range(4)]
    rest = read(world, first[-1].cursor, bulk_from=100)
    found = [*everything(first), *everything(rest)]
    assert len(found) == len({r.id for r in found}) == 330
    assert len(started) == 1


@pytest.mark.parametrize("state", ["Failed", "gone"])
def test_a_job_that_is_lost_costs_nothing_but_time(monkeypatch, small_pages, world, state):
    world.load(*(account(n) for n in range(MANY, 330)))

    def lost(*_):
        raise bulk.Lost

    monkeypatch.setattr(bulk.Bulk, "_wait" if state == "Failed" else "_results", lost)
    found = everything(read(world, bulk_from=100))
    assert {r.id for r in found} == {r.id for r in everything(read(world))}


def test_results_that_are_not_whole_are_not_taken_for_whole(monkeypatch, small_pages, world):
    world.load(*(account(n) for n in range(MANY, 330)))
    whole = bulk.Rows._cells
    monkeypatch.setattr(bulk.Rows, "_cells", lambda self: (cells[:-1] for cells in whole(self)))
    with pytest.raises(Unavailable, match="not whole"):
        everything(read(world, bulk_from=100))


def test_the_estimate_of_a_bulk_reading_is_the_least_it_costs(world, monkeypatch):
    monkeypatch.setattr("cs_connector.adapters.salesforce.reading.PAGE", 50)
    monkeypatch.setattr("cs_connector.adapters.salesforce.counting.PAGE", 50)
    monkeypatch.setattr("cs_connector.adapters.salesforce.counting.ROWS", 20)
    by_page = world.adapter(bulk_from=40).estimate(Read("Account", ("Name",)))
    by_bulk = world.adapter(bulk_from=39).estimate(Read("Account", ("Name",)))
    assert (by_page.records, by_page.exact) == (MANY, True)
    assert (by_bulk.records, by_bulk.calls, by_bulk.exact) == (MANY, 2 + 3 + 2, False)
