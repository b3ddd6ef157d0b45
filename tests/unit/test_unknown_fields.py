"""A field that cannot be seen is unknown: no default for it, nothing cleared for it, nothing written to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector import registry
from cs_connector.act import plan
from cs_connector.act.differences import comparing
from cs_connector.errors import GuardStopped
from cs_connector.ports import FieldInfo, ObjectInfo, Page
from cs_connector.runner import Engine, drift
from cs_connector.store import shapes
from cs_connector.store.state import State
from cs_connector.testing import FixedClock
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile
from cs_connector.unify.run import read

from .act_kit import MAPPING, TODAY, Tables
from .engine_kit import engine_of

READS = MappingFile.model_validate(
    {
        "version": 1,
        "crm": "memory",
        "read": [
            {
                "object": "Account",
                "entity": "account",
                "where": [{"field": "Active", "known": True}],
                "same_as": {"crm": "salesforce", "object": "Account", "field": "Other"},
                "fields": {
                    "name": "Owner.Name",
                    "kind": {"field": "Stage", "values": {"c": "customer"}, "default": "prospect"},
                },
            },
            {
                "object": "Role",
                "entity": "person",
                "adds_to": {"link": "person", "object": "Contact", "field": "Contact"},
                "fields": {
                    "decision_maker": {"field": "Roles", "contains": "D"},
                    "champion": {"const": True, "only_if": {"field": "Roles", "any_of": ["C"]}},
                },
            },
        ],
    }
)


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Tables]:
    state = State(f"sqlite:///{tmp_path / 'state.db'}", FixedClock())
    made = Tables(state)
    made.con.execute("CREATE TABLE wanted_relationship(key VARCHAR)")
    yield made
    made.con.close()
    state.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_of(Described(), tmp_path) as opened:
        yield opened


class Described:
    """A system of which only the description matters."""

    def __init__(self) -> None:
        self.fields = {
            "Account": {"Active": "boolean", "Other": "string", "Stage": "string"},
            "Role": {"Contact": "string", "Roles": "string"},
        }

    def seek(self, _name: str, _fields: list[str]) -> list[FieldInfo]:
        return []

    def describe(self, objects: list[str]) -> list[ObjectInfo]:
        return [
            ObjectInfo(name, tuple(FieldInfo(n, t) for n, t in self.fields[name].items())) for name in objects
        ]


def look(
    engine: Engine, changed: dict[str, dict[str, str]] | None = None, mapping: MappingFile = READS
) -> dict[str, Any]:
    """One look at the system, of which some objects have other fields than usual."""
    system: Any = engine.adapter("crm")
    system.fields = Described().fields | (changed or {})
    engine.summary.notes.clear()
    return drift.look(engine, Source("crm", "memory", 0, mapping))


def staged(lost: dict[str, frozenset[str]]) -> tuple[Any, Any]:
    """What is staged of an account and of a role, as if some fields were lost."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE raw(id VARCHAR, modified_at VARCHAR, deleted BOOLEAN, payload VARCHAR)")
        con.execute("""INSERT INTO raw VALUES ('1', NULL, FALSE, '{"Active": true, "Contact": "3"}')""")
        read(con, [Source("crm", "memory", 0, READS, lost)], lambda _connection, _name: "raw")
        account = con.execute("SELECT kind FROM stage_account").fetchone()
        return account, con.execute("SELECT decision_maker, champion FROM stage_person").fetchone()


def test_an_unknown_field_has_no_default() -> None:
    assert staged({}) == (("prospect",), (False, None))
    assert staged({"Account": frozenset({"Stage"}), "Role": frozenset({"Roles"})}) == ((None,), (None, None))


def test_while_a_field_is_unknown_nothing_is_cleared(crm: Tables) -> None:
    crm.account(score=None, band=None, arr=1300)
    crm.account(2, renewal_on=None)
    crm.account(3, arr=0)
    crm.plan()
    assert comparing.hold(crm.con) == 4
    (change,) = plan.changes(crm.con)
    assert change.values == {"ARR": "1300.00"}


def test_while_a_field_is_unknown_no_relationship_ends(crm: Tables) -> None:
    crm.plan()
    crm.con.execute(
        "INSERT INTO plan_change VALUES ('crm', 'Rel', 'relationship', 'k1', 'upsert', 'Key', 'r1', "
        """'[{"f": "Status", "c": "status", "a": "Active", "b": "Ended"}]', NULL, NULL)"""
    )
    assert comparing.hold(crm.con) == 1
    assert list(plan.changes(crm.con)) == []


def test_tasks_are_not_held(crm: Tables) -> None:
    crm.account()
    crm.call()
    crm.plan()
    assert comparing.hold(crm.con) == 0
    assert [c.object for c in plan.changes(crm.con)] == ["Task"]


@pytest.mark.parametrize(
    ("lost", "written"),
    [
        ({"Account": frozenset({"ARR"})}, ["Account", "Task"]),
        ({"Account": frozenset({"ARR"}), "Task": frozenset({"Key"})}, ["Account"]),
        ({"Account": frozenset({"ARR"}), "Task": frozenset({"Closed"})}, ["Account"]),
    ],
)
def test_what_is_not_there_is_not_written(
    crm: Tables, lost: dict[str, frozenset[str]], written: list[str]
) -> None:
    crm.account(arr=1300, score=71)
    crm.call()
    with crm.state.read() as db:
        source = Source("crm", "memory", 0, MAPPING, lost)
        comparing.compare(crm.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY)
    found = {change.object: change.values for change in plan.changes(crm.con)}
    assert sorted(found) == written
    assert "ARR" not in found["Account"]
    assert found["Account"]["Health_Score"] == "71"


ACCOUNT = Described().fields["Account"]


@pytest.mark.parametrize(
    "changed",
    [
        {"Account": {**ACCOUNT, "Active": "double"}},
        {"Account": {n: t for n, t in ACCOUNT.items() if n != "Active"}},
        {"Account": {n: t for n, t in ACCOUNT.items() if n != "Other"}},
        {"Role": {"Roles": "string"}},
    ],
)
def test_a_changed_field_that_decides_what_counts_stops_the_run(
    engine: Engine, changed: dict[str, dict[str, str]]
) -> None:
    look(engine)
    with pytest.raises(GuardStopped, match=r"crm (Account|Role)\.\w+ is gone"):
        look(engine, changed)
    look(engine)


def test_the_way_out_for_a_field_of_ours_that_is_gone_is_to_make_it_again(engine: Engine) -> None:
    ours = [
        {"object": "Account", "source": "account", "by": "record", "fields": {"Active": {"column": "band"}}}
    ]
    mapping = MappingFile.model_validate(READS.model_dump(exclude_unset=True) | {"write": ours})
    gone = {"Account": {"Other": "string", "Stage": "string"}}
    for each, ways_out in ((READS, False), (mapping, True)):
        look(engine, mapping=each)
        with pytest.raises(GuardStopped) as caught:
            look(engine, gone, each)
        assert ("cs-connector provision apply crm" in caught.value.fix) is ways_out


def kept(engine: Engine) -> str | None:
    return engine.store.landing.cursor("crm", "Account")


def test_a_field_that_comes_back_is_read_for_all_records(engine: Engine) -> None:
    look(engine)
    engine.store.landing.append(engine.lease, engine.run, "crm", "Account", Page((), "c1", done=True))
    without = {"Account": {n: t for n, t in ACCOUNT.items() if n != "Stage"}}
    assert "Stage" not in look(engine, without)["Account"].fields
    assert kept(engine) == "c1"
    assert "Stage" in look(engine)["Account"].fields
    assert kept(engine) is None
    assert engine.summary.notes == ["crm Account is read anew: Stage was not read before"]


def test_a_newly_mapped_field_is_read_for_all_records(engine: Engine) -> None:
    rules = READS.model_dump()
    del rules["read"][0]["fields"]["kind"]
    look(engine, mapping=MappingFile.model_validate(rules))
    engine.store.landing.append(engine.lease, engine.run, "crm", "Account", Page((), "c1", done=True))
    look(engine, mapping=MappingFile.model_validate(rules))
    assert kept(engine) == "c1"
    look(engine)
    assert kept(engine) is None


def test_accepting_a_change_does_not_make_a_lost_field_a_known_one(engine: Engine) -> None:
    look(engine)
    engine.accepted = frozenset({"crm.Account"})
    changed = {"Account": {"Active": "double", "Other": "string"}}
    assert "Stage" not in look(engine, changed)["Account"].fields
    assert [note.partition(":")[0] for note in engine.summary.notes] == [
        "crm Account.Stage is gone or hidden from this login"
    ]


def test_an_object_of_which_a_field_is_unknown_counts_as_not_read_to_the_end(engine: Engine) -> None:
    store = engine.store
    for name in ("usage", "invoices"):
        store.landing.append(engine.lease, engine.run, "crm", name, Page((), "c", done=True))
    shapes.keep(store.state, "crm", {"invoices": {"amount": "string>", "due": "string"}}, engine.clock.now())
    registry.job("unify")(engine)
    with engine.tables(["feed"]) as con:
        feeds = dict(con.execute("SELECT entity, complete FROM feed").fetchall())
    assert feeds == {"usage": True, "invoice": False}


def test_a_field_that_is_read_and_written_under_two_names_is_told_once(engine: Engine) -> None:
    """Such as a field of Zendesk's organizations: written by its name alone, and read below organization_fields."""
    rules = READS.model_dump() | {"write_root": "own"}
    rules["read"][0]["fields"]["name"] = {"field": "own.Tier"}
    rules["write"] = [
        {"object": "Account", "source": "account", "fields": {"Tier": "stage", "Mark": "stage"}}
    ]
    mapping = MappingFile.model_validate(rules)
    plain = Described().fields["Account"]
    look(
        engine,
        {"Account": plain | {"Tier": "text", "own.Tier": "text", "Mark": "text", "own.Mark": "text"}},
        mapping,
    )
    look(engine, None, mapping)
    assert [note.partition(" is ")[0] for note in engine.summary.notes] == [
        "crm Account.Mark",
        "crm Account.own.Tier",
    ]
