"""Fields that no attribute takes are passed through by their names; new ones appear, and lost ones are missed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector.errors import MappingError
from cs_connector.ports import Capabilities, FieldInfo, ObjectInfo, Page, Read
from cs_connector.runner import Engine, drift
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.mapping import MappingFile

from .engine_kit import engine_of
from .unify_kit import Records, con, rows, run

__all__ = ["con"]

MAPPING = """
version: 1
crm: {crm}
read:
  - object: Account
    entity: account
    pass: ["*__c", "plan", "!Secret*"]
    {more}
    fields:
      name: Name
      segment: Segment__c
write:
  - object: Account
    source: account
    fields: {{Score__c: score}}
"""
TYPES = {
    "Name": "string",
    "Segment__c": "string",
    "Score__c": "double",
    "Fit__c": "double",
    "Live__c": "boolean",
    "Tier__c": "picklist",
    "Secret__c": "string",
    "Where__c": "location",
    "Industry": "string",
}
RECORD = {
    "Id": "1",
    "Name": "Ember",
    "Segment__c": "Big",
    "Score__c": 7,
    "Fit__c": 12345678901234567.25,
    "Live__c": True,
    "Tier__c": 'Go"ld',
    "Secret__c": "x",
    "Industry": "Metals",
}


def mapping(folder: Path, crm: str = "crm", more: str = "") -> MappingFile:
    path = folder / f"{crm}.yml"
    path.write_text(MAPPING.format(crm=crm, more=more))
    return load_mapping(path)


def source(folder: Path, crm: str = "crm", rank: int = 0, types: Mapping[str, str] = TYPES) -> Source:
    return Source(crm, crm, rank, mapping(folder, crm), types={"Account": types})


def custom(con: duckdb.DuckDBPyConnection) -> list[Any]:
    return [text and json.loads(text) for (text,) in rows(con, "SELECT custom FROM account ORDER BY name")]


def test_what_matches_is_kept_in_its_own_kind_and_nothing_else(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    records: Records = {
        ("crm", "Account"): [RECORD, {"Id": "2", "Name": "Fjord", "Fit__c": None, "Tier__c": ""}]
    }
    run(con, records, [source(tmp_path)])
    assert custom(con) == [{"Fit__c": RECORD["Fit__c"], "Live__c": True, "Tier__c": 'Go"ld'}, None]


def test_what_is_not_of_its_kind_stays_text_and_keeps_its_record(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    odd = {"Id": "1", "Name": "Ember", "Fit__c": "many", "Live__c": "perhaps", "Tier__c": 5}
    run(con, {("crm", "Account"): [odd]}, [source(tmp_path)])
    assert custom(con) == [{"Fit__c": "many", "Live__c": "perhaps", "Tier__c": "5"}]
    assert rows(con, "SELECT * FROM quarantine") == []


def test_numbers_keep_every_digit(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    run(
        con,
        {("crm", "Account"): [{"Id": "1", "Name": "E", "Fit__c": "12345678901234567.25"}]},
        [source(tmp_path)],
    )
    assert rows(con, "SELECT custom FROM account") == [('{"Fit__c":12345678901234567.25}',)]


def test_two_systems_lay_theirs_over_each_other_and_the_first_counts(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first, second = source(tmp_path, "one"), source(tmp_path, "two", 1, TYPES | {"plan": "string"})
    records: Records = {
        ("one", "Account"): [{"Id": "1", "Name": "Ember Retail", "Tier__c": "Gold"}],
        ("two", "Account"): [{"Id": "9", "Name": "Ember Retail", "Tier__c": "Tin", "plan": "Pro"}],
    }
    run(con, records, [first, second])
    assert custom(con) == [{"Tier__c": "Gold", "plan": "Pro"}]


def test_a_pattern_cannot_be_an_attribute(tmp_path: Path) -> None:
    path = tmp_path / "m.yml"
    path.write_text("version: 1\ncrm: c\nread:\n  - {object: A, entity: account, fields: {custom: X__c}}\n")
    with pytest.raises(MappingError, match=r"account\.custom is not an attribute"):
        load_mapping(path)


class Described:
    """A system of which only the description matters."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.fields = dict(TYPES)

    def seek(self, _name: str, _fields: list[str]) -> list[FieldInfo]:
        return []

    def describe(self, objects: list[str]) -> list[ObjectInfo]:
        listed = tuple(FieldInfo(n, t) for n, t in self.fields.items())
        return [ObjectInfo(name, listed) for name in objects]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_of(Described(), tmp_path) as opened:
        yield opened


def look(engine: Engine, folder: Path, more: str = "", **fields: str | None) -> Read:
    """What is to be read of accounts whose fields are others than usual."""
    system: Any = engine.adapter("crm")
    system.fields = {n: t for n, t in (TYPES | fields).items() if t is not None}
    engine.summary.notes.clear()
    return drift.look(engine, Source("crm", "crm", 0, mapping(folder, more=more)))["Account"]


def cursor(engine: Engine) -> str | None:
    return engine.store.landing.cursor("crm", "Account")


def test_what_matches_is_read_but_for_what_is_written_and_what_has_parts(
    engine: Engine, tmp_path: Path
) -> None:
    mapped = {"Name", "Segment__c", "Score__c"}
    assert set(look(engine, tmp_path).fields) == mapped | {"Fit__c", "Live__c", "Tier__c"}
    assert engine.summary.notes == []


def test_a_new_field_appears_by_itself_for_all_records(engine: Engine, tmp_path: Path) -> None:
    look(engine, tmp_path)
    engine.store.landing.append(engine.lease, engine.run, "crm", "Account", Page((), "c", done=True))
    assert "New__c" not in look(engine, tmp_path).fields
    assert cursor(engine) == "c"
    assert "New__c" in look(engine, tmp_path, New__c="string").fields
    assert cursor(engine) is None
    assert engine.summary.notes == ["crm Account is read anew: New__c was not read before"]


def test_a_lost_field_is_named_until_that_is_accepted(engine: Engine, tmp_path: Path) -> None:
    look(engine, tmp_path)
    for _run in range(2):
        assert "Tier__c" not in look(engine, tmp_path, Tier__c=None).fields
        (note,) = engine.summary.notes
        assert note.startswith("crm Account.Tier__c is gone or hidden from this login: it counts as unknown")
        assert note.endswith("cs-connector sync --accept crm.Account")
    engine.accepted = frozenset({"crm.Account"})
    look(engine, tmp_path, Tier__c=None)
    engine.accepted = frozenset()
    look(engine, tmp_path, Tier__c=None)
    assert engine.summary.notes == []


def test_a_lost_field_is_in_no_record(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    lost = Source(
        "crm", "crm", 0, mapping(tmp_path),
        unknown={"Account": frozenset({"Tier__c"})}, types={"Account": TYPES},
    )  # fmt: skip
    run(con, {("crm", "Account"): [RECORD]}, [lost])
    assert "Tier__c" not in custom(con)[0]


def test_history_that_is_asked_for_later_is_read_for_all_records(engine: Engine, tmp_path: Path) -> None:
    system: Any = engine.adapter("crm")
    system.capabilities = Capabilities(history=True)
    look(engine, tmp_path)
    engine.store.landing.append(engine.lease, engine.run, "crm", "Account", Page((), "c", done=True))
    assert look(engine, tmp_path, "history: [Segment__c]").history == ("Segment__c",)
    assert cursor(engine) is None
    engine.store.landing.append(engine.lease, engine.run, "crm", "Account", Page((), "c", done=True))
    look(engine, tmp_path, "history: [Segment__c]")
    assert cursor(engine) == "c"


def test_history_of_a_system_that_has_none_is_a_mistake_with_its_line(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"crm does not tell what Account.Segment__c was before") as error:
        look(engine, tmp_path, "history: [Segment__c]")
    assert (error.value.place and error.value.place.line) == 8


STAGES = """
version: 1
crm: hubspot
root: properties
read:
  - object: companies
    entity: account
    history: [lifecyclestage]
    fields:
      name: name
      customer_since: {field: /propertiesWithHistory.lifecyclestage, reached: [customer, evangelist]}
"""


def test_when_a_stage_was_reached_first(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "hubspot.yml"
    path.write_text(STAGES)
    told = [
        {"value": "evangelist", "timestamp": "2026-05-01T08:00:00Z"},
        {"value": "other", "timestamp": "2026-04-01T08:00:00.123Z"},
        {"value": "customer", "timestamp": "2026-03-01T08:00:00.123Z", "sourceType": "CRM_UI"},
        {"value": "lead", "timestamp": "2026-01-01T08:00:00Z"},
    ]
    records: Records = {
        ("hs", "companies"): [
            {"id": "1", "properties": {"name": "A"}, "propertiesWithHistory": {"lifecyclestage": told}},
            {"id": "2", "properties": {"name": "B"}, "propertiesWithHistory": {"lifecyclestage": told[3:]}},
            {"id": "3", "properties": {"name": "C"}, "propertiesWithHistory": {"lifecyclestage": []}},
            {"id": "4", "properties": {"name": "D"}},
        ]
    }
    run(con, records, [Source("hs", "hubspot", 0, load_mapping(path))])
    found = rows(con, "SELECT name, customer_since::VARCHAR FROM account ORDER BY 1")
    assert found == [("A", "2026-03-01"), ("B", None), ("C", None), ("D", None)]


def test_only_a_date_can_be_when_something_was_reached(tmp_path: Path) -> None:
    path = tmp_path / "hubspot.yml"
    path.write_text(STAGES.replace("customer_since:", "industry:"))
    with pytest.raises(MappingError, match=r"account\.industry is no date") as error:
        load_mapping(path)
    assert (error.value.place and error.value.place.line) == 11
