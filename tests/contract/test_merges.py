"""What each CRM tells of merged records, as the adapter reads it, says who goes on in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from cs_connector import registry
from cs_connector.ports import RawRecord
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.aliases import collect

from .adapter_kit import read_all
from .hubspot_kit import FIELDS, OBJECTS, Portal
from .test_salesforce_adapter import World, account, read
from .test_salesforce_metadata import soap
from .zendesk_kit import Account

RAW = "raw(id VARCHAR, modified_at VARCHAR, deleted BOOLEAN, payload VARCHAR)"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def aliases(crm: str, name: str, records: Sequence[RawRecord]) -> dict[str, str]:
    """Who goes on as whom, by the latest of what was read of each record."""
    mapping = load_mapping(registry.shipped()[0] / f"{crm}.yml")
    source = Source(crm, crm, 0, mapping, merging=registry.adapter(crm).capabilities.merging)
    newest = {r.id: r for r in records}
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE {RAW}")
        con.execute(f"CREATE TABLE none AS SELECT * FROM {RAW.partition('(')[0]}")
        rows = [(r.id, r.modified_at, r.deleted, r.payload.decode()) for r in newest.values()]
        con.executemany("INSERT INTO raw VALUES (?, ?, ?, ?)", rows)
        collect(con, [source], lambda _connection, wanted: "raw" if wanted == name else "none")
        return dict(con.execute('SELECT id, "into" FROM alias').fetchall())


def test_salesforce_names_the_master_of_what_was_merged(stack: ExitStack, tmp_path: Path) -> None:
    world = World(stack, tmp_path)
    adapter = world.adapter()
    world.load(*(account(n) for n in range(4)))
    first, page = read(adapter, fields=("Name",))
    a, b, c = sorted(r.id for r in first)[:3]
    for master, loser in ((b, a), (c, b)):
        body = f"<masterRecord><type>Account</type><Id>{master}</Id></masterRecord><recordToMergeIds>{loser}</recordToMergeIds>"
        answer = soap(world.sandbox, "u/66.0", f"<merge><request>{body}</request></merge>")
        assert "<success>true</success>" in answer.text
    changed, _page = read(adapter, page.cursor, ("Name",))
    assert aliases("salesforce", "Account", [*first, *changed]) == {a: c, b: c}
    whole, _page = read(adapter, fields=("Name",))
    assert aliases("salesforce", "Account", whole) == {a: c, b: c}


def test_hubspot_lists_what_was_merged_on_the_one_that_goes_on(stack: ExitStack) -> None:
    portal = Portal()
    stack.callback(portal.close)
    first = read_all(portal.adapter, "companies", FIELDS)
    portal.later(hours=1)
    winner = _merge(portal, "1001", "1002")
    last = _merge(portal, winner, "1003")
    portal.later(minutes=1)
    changed = read_all(portal.adapter, "companies", FIELDS, first.cursor)
    expected = {"1001": last, "1002": last, "1003": last, winner: last}
    found = aliases("hubspot", "companies", [*first.records.values(), *changed.records.values()])
    assert found == expected
    whole = read_all(portal.adapter, "companies", FIELDS)
    assert aliases("hubspot", "companies", list(whole.records.values())) == expected


def test_zendesk_is_asked_for_the_winner(stack: ExitStack) -> None:
    desk = Account("vendor")
    stack.callback(desk.close)
    first = read_all(desk.adapter, "organizations")
    for loser, winner in ((4, 5), (5, 6)):
        body = {"organization_merge": {"winner_id": winner}}
        desk.other("POST", f"/api/v2/organizations/{loser}/merge.json", body)
    desk.later(minutes=5)
    changed = read_all(desk.adapter, "organizations", cursor=first.cursor)
    found = aliases("zendesk", "organizations", [*first.records.values(), *changed.records.values()])
    assert found == {"4": "6", "5": "6"}


def _merge(portal: Portal, winner: str, loser: str) -> str:
    body = {"primaryObjectId": winner, "objectIdToMerge": loser}
    return str(portal.other("POST", f"{OBJECTS}/companies/merge", body)["id"])
