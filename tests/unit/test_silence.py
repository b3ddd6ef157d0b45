"""A field that can no longer be read moves, joins and revives nobody: what was last known stays, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.identity.report import report
from cs_connector.runner.relations import unified
from cs_connector.testing import FixedClock

pytestmark = pytest.mark.slow

CONNECTION = """
  {name}:
    adapter: files
    write: false
    mapping: books
    settings:
      root: {name}
      objects:
        accounts: {{pattern: accounts.csv, key: [id]}}
        contracts: {{pattern: contracts.csv, key: [id]}}
"""
MAPPING = """version: 1
crm: files
read:
  - object: accounts
    entity: account
    fields:
      name: name
      domain: domain
      parent_id: {link: account, object: accounts, field: parent}
  - object: contracts
    entity: subscription
    fields:
      account_id: {link: account, object: accounts, field: account}
      product: product
      type: sort
      status: state
      currency: money
      arr: value
"""
HEADERS = ("id,name,domain,parent", "id,account,value,product,sort,state,money")
SHOP = ("7,Brightwater Analytics,brightwater.example,", "c,7,1,Pumps,Subscription,Active,EUR")
FIRST = (
    "1,North,north.example,\n2,North,north.example,1\n3,West,west.example,\n4,Brightwater Analytics,bwa.example,3",
    "k,1,100,Pumps,Subscription,Cancelled,EUR\nm,3,5,Taps,Trial,Active,EUR\nn,3,9000,Taps,Trial,Active,JPY",
)
LOST = (
    "1,North\n2,North Ltd\n3,West\n4,Brightwater Analytics\n5,New",
    "k,1,100\nm,3,7\nn,3,9000",
)
BACK = (
    "1,North,north.example,\n2,North Ltd,north.example,1\n3,West,west.example,\n4,Brightwater Analytics,bwa.example,3\n5,New,new.example,3",
    "k,1,100,Pumps,Subscription,Active,EUR\nm,3,7,Taps,Trial,Active,EUR",
)
STEPS = (
    (HEADERS, FIRST),
    (("id,name", "id,account,value"), LOST),
    (("id,name", "id,account,value"), LOST),
    (HEADERS, BACK),
)
HIDDEN = ("product", "sort", "state", "money")
TREE = "SELECT a.name, p.name FROM account a LEFT JOIN account p ON p.account_id = a.parent_id ORDER BY ALL"
SOLD = "SELECT a.name, r.product, r.type, r.status, a.customer_status, r.arr::INTEGER FROM relationship r JOIN account a USING (account_id) ORDER BY ALL"
WHO = "SELECT connection, record_id, entity_id FROM link WHERE entity = 'account' AND method <> 'mentioned' ORDER BY ALL"


class Told(NamedTuple):
    """What is known after a run, and of the first day from then."""

    notes: Sequence[str]
    moves: Sequence[dict[str, Any]]
    tree: list[Any]
    sold: list[Any]
    who: list[Any]
    first_tree: list[Any]


def written(folder: Path, headers: Sequence[str], rows: Sequence[str]) -> None:
    for name, header, text in zip(("accounts", "contracts"), headers, rows, strict=True):
        (folder / f"{name}.csv").write_text(f"{header}\n{text}\n")


def asked(engine: Engine, query: str, day: date | None = None) -> list[Any]:
    with unified(engine, day) as con:
        return con.execute(query).fetchall()


def ran(folder: Path, day: date) -> Told:
    engine = open_engine(open_project(folder, registry.shipped()), day, exclusive=True)
    engine.clock = engine.store.state.clock = FixedClock(
        datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    )
    for job in ("sync", "unify"):
        registry.job(job)(engine)
    now = [asked(engine, query) for query in (TREE, SOLD, WHO)]
    told = Told(engine.summary.notes, report(engine)["moves"], *now, asked(engine, TREE, date(2026, 11, 10)))
    engine.close()
    return told


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """A day on which all is told, two on which much is lost, and one on which it is back."""
    folder = tmp_path_factory.mktemp("silence")
    for name in ("crm", "shop", "mappings"):
        (folder / name).mkdir()
    connections = "".join(CONNECTION.format(name=name) for name in ("crm", "shop"))
    (folder / "cs-connector.yml").write_text(f"version: 1\nconnections:{connections}")
    (folder / "mappings" / "books.yml").write_text(MAPPING)
    written(folder / "shop", HEADERS, SHOP)
    found = []
    for day, (headers, rows) in enumerate(STEPS, 10):
        written(folder / "crm", headers, rows)
        found.append(ran(folder, date(2026, 11, day)))
    return found


def test_nobody_moves_in_the_tree_until_it_is_known_again(days: list[Told]) -> None:
    stays = [("Brightwater Analytics", "West"), ("Brightwater Analytics", None), ("New", None), ("North", None), ("North Ltd", "North"), ("West", None)]  # fmt: skip
    assert [told.tree for told in days[1:3]] == [stays, stays]
    assert [told.moves for told in days[:3]] == [[], [], []]
    assert [(move["name"], move["from"], move["to"]) for move in days[3].moves] == [("New", None, "West")]


def test_the_tree_of_an_earlier_day_is_as_it_was(days: list[Told]) -> None:
    assert [told.first_tree for told in days] == [days[0].tree] * 4
    assert ("North", "North") in days[0].tree


def test_nobody_becomes_one_with_a_namesake_whose_domain_was_another(days: list[Told]) -> None:
    for told in days[1:]:
        assert [row for row in told.who if row[1] != "5"] == days[0].who


def test_what_had_ended_stays_so_a_trial_stays_one_and_two_currencies_are_not_added(days: list[Told]) -> None:
    for told in days[:3]:
        assert told.sold == [
            ("Brightwater Analytics", "Pumps", "Subscription", "Active", "Customer", 1),
            ("North", "Pumps", "Subscription", "Ended", "Former customer", 0),
            ("West", "Taps", "Trial", "Active", "Trial", None),
        ]
    assert days[3].sold[1] == ("North", "Pumps", "Subscription", "Active", "Customer", 100)


def test_what_stays_is_said_with_its_field(days: list[Told]) -> None:
    assert not any("cannot be read" in note for told in (days[0], days[3]) for note in told.notes)
    for told in days[1:3]:
        assert {note for note in told.notes if "cannot be read" in note} == {
            "crm accounts.parent cannot be read, so 2 accounts stay under the parent that was last known",
            "crm accounts.parent cannot be read, so who is who among its known records stays as it is",
            "crm accounts.domain cannot be read, so who is who among its known records stays as it is",
            *(
                f"crm contracts.{field} cannot be read, so 3 subscriptions stay as it last said"
                for field in HIDDEN
            ),
        }
