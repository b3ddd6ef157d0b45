"""Entities answer as they were known on an earlier day, from the records that had been read by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.errors import UsageError
from cs_connector.runner import Engine, known, open_engine
from cs_connector.runner.relations import unified
from cs_connector.store import shapes
from cs_connector.testing import FixedClock

pytestmark = pytest.mark.slow

PROJECT = """version: 1
connections:
  crm:
    adapter: files
    write: false
    mapping: books
    settings:
      root: data
      objects:
        accounts: {pattern: accounts.csv, key: [id]}
        contracts: {pattern: contracts.csv, key: [id]}
"""
MAPPING = """version: 1
crm: files
read:
  - object: accounts
    entity: account
    distinct: true
    fields:
      name: name
      parent_id: {link: account, object: accounts, field: parent}
  - object: contracts
    entity: subscription
    fields:
      account_id: {link: account, object: accounts, field: account}
      product: product
      arr: value
      renewal_on: renewal
"""
FIRST = (
    "id,name,parent\n1,North,\n2,South,1\n",
    "id,account,product,value,renewal\nk,2,Pumps,100,2027-01-01\n",
)
LATER = (
    "id,name,parent\n1,North,\n2,South Ltd,\n",
    "id,account,product,value,renewal\nk,2,Pumps,70,2027-06-01\nm,1,Taps,5,\n",
)


def ran(folder: Path, day: int, files: tuple[str, str], *jobs: str) -> Engine:
    """The project after jobs on a day of November."""
    for name, text in zip(("accounts", "contracts"), files, strict=True):
        (folder / "data" / f"{name}.csv").write_text(text)
    engine = open_engine(open_project(folder, registry.shipped()), date(2026, 11, day), exclusive=True)
    engine.clock = engine.store.state.clock = FixedClock(datetime(2026, 11, day, 8, tzinfo=UTC))
    for job in jobs:
        registry.job(job)(engine)
    return engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("known")
    (folder / "data").mkdir()
    (folder / "mappings").mkdir()
    (folder / "cs-connector.yml").write_text(PROJECT)
    (folder / "mappings" / "books.yml").write_text(MAPPING)
    ran(folder, 10, FIRST, "sync").close()
    engine = ran(folder, 20, LATER, "sync", "unify")
    yield engine
    engine.close()


QUERY = """SELECT a.account_id, a.name, p.name, r.name, r.arr::INT, r.renewal_on FROM account a
LEFT JOIN account p ON p.account_id = a.parent_id LEFT JOIN relationship r ON r.account_id = a.account_id ORDER BY r.arr DESC NULLS LAST"""


def test_what_changed_later_is_as_it_was_and_ids_stay(engine: Engine) -> None:
    with unified(engine) as con:
        now = con.execute(QUERY).fetchall()
    with unified(engine, date(2026, 11, 19)) as con:
        then = con.execute(QUERY).fetchall()
    assert [row[1:] for row in now] == [
        ("South Ltd", None, "South Ltd · Pumps", 70, date(2027, 6, 1)),
        ("North", None, "North · Taps", 5, None),
    ]
    assert [row[1:] for row in then] == [
        ("South", "North", "South · Pumps", 100, date(2027, 1, 1)),
        ("North", None, None, None, None),
    ]
    assert [row[0] for row in then] == [row[0] for row in now]


def test_the_last_day_is_as_it_is_now(engine: Engine) -> None:
    with unified(engine) as con, unified(engine, date(2026, 11, 20)) as then:
        for table in ("account", "relationship", "subscription", "link", "stage_reached", "attached"):
            columns = [row[0] for row in then.execute(f'DESCRIBE "{table}"').fetchall()]
            query = f'SELECT {", ".join(columns)} FROM "{table}" ORDER BY ALL'
            assert con.execute(query).fetchall() == then.execute(query).fetchall()


def test_a_day_on_which_nothing_was_known_is_refused(engine: Engine) -> None:
    with (
        pytest.raises(UsageError, match="nothing was known on 2026-11-09") as caught,
        unified(engine, date(2026, 11, 9)),
    ):
        pass
    assert "2026-11-10" in caught.value.why


SOLD = "SELECT product, arr::INT, renewal_on FROM subscription ORDER BY ALL"


def sold(engine: Engine, day: int) -> Sequence[object]:
    with unified(engine, date(2026, 11, day)) as con:
        return con.execute(SOLD).fetchall()


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Engine]:
    """A project of which the contracts told their renewal on the 10th and no longer on the 12th."""
    for name in ("data", "mappings"):
        (tmp_path / name).mkdir()
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    (tmp_path / "mappings" / "books.yml").write_text(MAPPING)
    ran(tmp_path, 10, FIRST, "sync").close()
    engine = ran(tmp_path, 12, (FIRST[0], "id,account,product,value\nk,2,Pumps,70\n"), "sync", "unify")
    yield engine
    engine.close()


def test_a_lost_field_is_as_it_was_and_one_of_another_kind_is_unknown(lost: Engine) -> None:
    """What one of another kind said while it was not believed is there as what it said before."""
    assert [sold(lost, day) for day in (11, 12)] == [
        [("Pumps", 100, date(2027, 1, 1))],
        [("Pumps", 70, None)],
    ]
    state = lost.store.state
    turned = shapes.kept(state, "crm")["contracts"] | {"value": shapes.turned("double", "string")}
    shapes.keep(state, "crm", {"contracts": turned}, lost.clock.now())
    assert [sold(lost, day) for day in (11, 12)] == [
        [("Pumps", None, date(2027, 1, 1))],
        [("Pumps", None, None)],
    ]


def test_records_that_were_only_deleted_last_say_nothing_of_the_fields() -> None:
    with duckdb.connect() as con:
        con.execute(
            """CREATE TABLE seen AS FROM (VALUES ('a', DATE '2026-11-10', false, '{"renewal": null}'),
            ('b', DATE '2026-11-11', true, '{}')) v(id, known_at, deleted, payload)"""
        )
        assert known._told(con, "seen", "$.renewal")
        con.execute("INSERT INTO seen VALUES ('c', '2026-11-11', false, '{}')")
        assert not known._told(con, "seen", "$.renewal")
