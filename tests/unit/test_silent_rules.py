"""What a lost field says goes on where that rule alone said it: not for other rules, not against who still says it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from cs_connector.unify import Source, evidence, identity
from cs_connector.unify.declared import silence
from cs_connector.unify.mapping import MappingFile
from cs_connector.unify.run import read

from .test_identity import World, world
from .unify_kit import Records, con, latest, rows

__all__ = ["con", "world"]

Lost = Mapping[str, frozenset[str]]


def crm(name: str, *rules: dict[str, Any], lost: Lost | None = None, rank: int = 0) -> Source:
    told = MappingFile.model_validate({"version": 1, "crm": name, "read": rules})
    return Source(name, name, rank, told, lost or {})


def held(con: duckdb.DuckDBPyConnection, records: Records, *sources: Source) -> None:
    read(con, sources, latest(con, records))
    silence.hold(con, sources)


def sold(con: duckdb.DuckDBPyConnection, **ends: str) -> None:
    """What the last run knew of the ends of deals."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in silence.KEPT.items())
    con.execute(f"CREATE TABLE subscription_before({columns})")
    for record, end in ends.items():
        key = "sub_" + hashlib.md5(f"x|Deal|{record}".encode()).hexdigest()[:16]
        con.execute("INSERT INTO subscription_before(subscription_id, end_on) VALUES (?, ?)", [key, end])


def ending(kind: str, field: str) -> dict[str, Any]:
    where = [{"field": "Kind", "any_of": [kind]}]
    return {
        "object": "Deal",
        "entity": "subscription",
        "name": kind,
        "where": where,
        "fields": {"end_on": field},
    }


def test_a_record_of_another_rule_that_was_emptied_stays_empty(con: duckdb.DuckDBPyConnection) -> None:
    sold(con, a="2026-03-01", b="2026-04-01")
    source = crm("x", ending("old", "EndA"), ending("new", "EndB"), lost={"Deal": frozenset({"EndA"})})
    held(con, {("x", "Deal"): [{"Id": "a", "Kind": "old"}, {"Id": "b", "Kind": "new", "EndB": None}]}, source)
    assert rows(con, "SELECT record_id, end_on FROM stage_subscription ORDER BY 1") == [
        ("a", date(2026, 3, 1)),
        ("b", None),
    ]
    assert rows(con, "SELECT record_id, field FROM held") == [("a", "EndA")]


def test_what_another_record_still_says_counts(con: duckdb.DuckDBPyConnection) -> None:
    sold(con, a="2026-03-01", b="2026-04-01")
    own = {"object": "Deal", "entity": "subscription", "fields": {"end_on": "End"}}
    to = {"link": "subscription", "object": "Deal", "field": "Deal"}
    more = {"object": "Term", "entity": "subscription", "adds_to": to, "fields": {"end_on": "Until"}}
    records: Records = {
        ("x", "Deal"): [{"Id": "a"}, {"Id": "b"}],
        ("x", "Term"): [{"Id": "t", "Deal": "a", "Until": "2027-01-01"}],
    }
    held(con, records, crm("x", own, more, lost={"Deal": frozenset({"End"})}))
    assert rows(con, "SELECT record_id, end_on FROM stage_subscription ORDER BY 1") == [
        ("a", None),
        ("b", date(2026, 4, 1)),
        ("t", date(2027, 1, 1)),
    ]


def accounts(**more: Any) -> dict[str, Any]:
    return {"object": "Account", "entity": "account", "fields": {"name": "Name", **more}}


def told(con: duckdb.DuckDBPyConnection, *sources: Source) -> tuple[list[Any], list[Any]]:
    """Whose known records are not compared anew, and what is said of it."""
    held(con, {}, *sources)
    return rows(con, "SELECT * FROM frozen ORDER BY ALL"), rows(con, "SELECT * FROM unseen ORDER BY ALL")


@pytest.mark.parametrize(
    ("lost", "frozen"), [({"Old"}, []), ({"Site", "Old"}, [("account", "x", "Account")])]
)
def test_who_still_has_a_domain_to_read_is_compared(
    con: duckdb.DuckDBPyConnection, lost: set[str], frozen: list[Any]
) -> None:
    source = crm("x", accounts(domain={"first": ["Site", "Old"]}), lost={"Account": frozenset(lost)})
    assert told(con, source)[0] == frozen


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("land", ([], [])),
        ("above", ([("account", "sf", "Account")], [("account", "portal", "firms", "above")])),
    ],
)
def test_who_adds_to_another_systems_records_keeps_them_from_being_compared_by_what_it_lends_alone(
    con: duckdb.DuckDBPyConnection, lost: str, expected: tuple[list[Any], list[Any]]
) -> None:
    parent = {"link": "account", "object": "Account", "crm": "sf", "field": "above"}
    to = {"link": "account", "object": "Account", "crm": "sf", "field": "in_crm"}
    firms = {"object": "firms", "entity": "account", "adds_to": to}
    firms["fields"] = {"country": "land", "parent_id": parent}
    portal = crm("portal", firms, lost={"firms": frozenset({lost})}, rank=1)
    assert told(con, crm("sf", accounts()), portal) == expected


def test_a_parent_that_another_record_still_tells_counts(con: duckdb.DuckDBPyConnection) -> None:
    link = {"link": "account", "object": "Account", "field": "Above"}
    to = {"link": "account", "object": "Account", "field": "Below"}
    tied = {"object": "Tie", "entity": "account", "adds_to": to, "fields": {"parent_id": link}}
    records: Records = {
        ("x", "Account"): [{"Id": n, "Name": f"Firm {n}", "Above": "3" if n < "3" else None} for n in "1234"]
    }
    source = crm("x", accounts(parent_id=link), tied)
    held(con, records, source)
    con.execute("CREATE TABLE previous_link(entity VARCHAR, connection VARCHAR, object VARCHAR, record_id VARCHAR, method VARCHAR, entity_id VARCHAR)")  # fmt: skip
    identity.resolve(con, date(2026, 11, 1))
    for table in identity.left(con):
        con.execute(f"CREATE OR REPLACE TABLE before_{table} AS SELECT * FROM after_{table}")
    records["x", "Tie"] = [{"Id": "t", "Below": "1", "Above": "4"}]
    held(con, records, crm("x", accounts(parent_id=link | {"field": "Gone"}), tied, lost={"Account": frozenset({"Gone"})}))  # fmt: skip
    assert rows(con, "SELECT record_id, parent_id FROM stage_account WHERE parent_id IS NOT NULL ORDER BY 1") == [
        ("2", "x|Account|3"),
        ("t", "x|Account|4"),
    ]  # fmt: skip


def test_after_an_upgrade_with_a_hidden_field_nobody_comes_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.has("sales", "1", "Brightwater Analytics", domain="brightwater.example")
    world.has("marketing", "2", "Brightwater Analytics", domain="brightwater.example")
    known = world.link()
    assert known["1"] == known["2"]
    world.has("sales", "1", "Brightwater Analytics")
    world.con.execute("INSERT INTO frozen VALUES ('account', 'sales', 'account')")
    monkeypatch.setattr(evidence, "EDITION", evidence.EDITION + 1)
    shown = evidence.ACCOUNTS.shown
    object.__setattr__(evidence.ACCOUNTS, "shown", shown.replace("|' ||", "~' ||"))  # keys of another edition
    try:
        world.has("sales", "3", "Alder Works", domain="alder.example")
        for _ in range(2):
            found = world.link()
            assert (found["1"], found["2"]) == (known["1"], known["2"])
            assert not world.rows("SELECT * FROM now_account WHERE kept")
            assert world.rows("SELECT count(*) FROM now_account_pair") == [(1,)]
    finally:
        object.__setattr__(evidence.ACCOUNTS, "shown", shown)
    world.con.execute("DELETE FROM frozen")
    world.has("sales", "1", "Brightwater Analytics", domain="brightwater.example")
    found = world.link()
    assert (found["1"], found["2"]) == (known["1"], known["2"])
