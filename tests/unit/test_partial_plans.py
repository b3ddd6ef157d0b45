"""Plans while a CRM is away or something is lost: the others are written, and what is known of that CRM stays known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.act.guarding import past
from cs_connector.act.guarding.guard import Check
from cs_connector.act.outbox import parcels, refused
from cs_connector.act.outbox.line import EMPTY, UNLINKED
from cs_connector.act.outbox.refused import Refusal
from cs_connector.act.plan import Planned
from cs_connector.config import open_project
from cs_connector.errors import GuardStopped, Unavailable
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.runner import Engine, deciding, open_engine
from cs_connector.runner.applying import write
from cs_connector.runner.plans import holding, permission
from cs_connector.runner.settling import box, settle
from cs_connector.store import tables
from cs_connector.testing import Fault, Memory, MemorySettings, System, surroundings
from cs_connector.unify import Source

OBJECTS = (ObjectInfo("Task", (FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text"))),)
CHANGE = Planned("one", "Task", "call", "K1", "upsert", "Key", None, (("Subject", None, "x"),), (), "why")
APPROVED = {"plan": "P1", "digest": "d", "reason": "looked at"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A project of two CRMs that was written to, and has a file since that may be wrong."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(permission.NO_WRITES, raising=False)
    one = "{adapter: files, settings: {root: ., objects: {usage: {pattern: '*.csv', key: [tenant]}}}}"
    text = f"version: 1\nconnections:\n  one: {one}\n  two: {one}\n"
    (tmp_path / "cs-connector.yml").write_text(text)
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    for name in ("one", "two"):
        opened._adapters[name] = Memory(MemorySettings(org_id=name), surroundings(name), System(OBJECTS))
    permission.grant(opened, checks("one", "two"), ["one", "two"], APPROVED)
    (tmp_path / "scorecards").mkdir()
    (tmp_path / "scorecards" / "mine.yml").write_text("version: 1\n")
    yield opened
    opened.close()


def checks(*names: str, figure: float = 1) -> list[Check]:
    found = [Check("fields changed", figure, 20, "records", name) for name in names]
    return [*found, Check("as of", 0, 1, "days")]


def night(engine: Engine, monkeypatch: pytest.MonkeyPatch, days: int, *written: str) -> None:
    """A plan of one that is not whole, so many days from now."""
    now = engine.clock.now() + timedelta(days)
    with monkeypatch.context() as then:
        then.setattr(engine.clock, "now", lambda: now)
        permission.grant(engine, checks("one"), written, whole=False)


def unlinked(engine: Engine, name: str) -> None:
    """A record of a CRM is there and waits for its links."""
    list(box(engine).lay([replace(CHANGE, connection=name, key="K2", associate=(("Account", "a1"),))]))
    with engine.store.state.begin() as db:
        parcels.unpack(db)
        left = {"state": UNLINKED, "record_id": "t2", "fields": EMPTY, "before": EMPTY}
        db.execute(sa.update(tables.outbox).values(left))


def test_a_crm_that_is_down_and_waits_for_links_keeps_no_other_from_being_written(engine: Engine) -> None:
    unlinked(engine, "two")
    two = engine.adapter("two")
    assert isinstance(two, Memory)
    two._system.faults.append(Fault("check", Unavailable("it is down"), times=9))
    assert write(engine, [CHANGE], {"one": 1}) is False
    assert [(line.connection, line.created) for line in engine.summary.writes] == [("one", 1)]
    told = "two: it is down; what is there and not linked yet is linked by a later run"
    assert engine.summary.notes[-1] == told
    settle(engine)
    with engine.store.state.read() as db:
        assert [(line.connection, line.state) for line in parcels.waiting(db)] == [("two", UNLINKED)]


def test_what_is_not_sent_to_a_crm_that_is_away_stays_among_what_was_set_aside(engine: Engine) -> None:
    found = [Refusal(f"{c}|Task|K", c, "Task", "K", None, "", "LONG", "too long") for c in ("one", "two")]
    now = engine.clock.now()
    with engine.store.state.begin() as db:
        refused.check(db, found, "c", "R1", now)
        refused.check(db, [], "c", "R2", now, away=["two"])
        assert list(db.scalars(sa.select(tables.refused.c.connection))) == ["two"]
        refused.check(db, [], "c", "R3", now)
        assert list(db.scalars(sa.select(tables.refused.c.connection))) == []


def test_plans_of_others_push_out_nothing_that_is_known_of_a_crm_that_is_away(engine: Engine) -> None:
    now = engine.clock.now()
    with engine.store.state.begin() as db:
        for n in range(8):
            past.keep(db, f"A{n}", {}, {"": {"as of": 0}, "one": {"x": 1}, "two": {"x": 7}}, now)
        for n in range(30):
            past.keep(db, f"B{n}", {}, {"": {"as of": 0}, "one": {"x": n}}, now)
        found = past.read(db)
        kept = db.scalar(sa.select(sa.func.count()).select_from(tables.applied_plans))
    assert (found.usual("two", "x"), found.began("two", "x")) == (7, True)
    assert found.usual("one", "x") == 24.5, "the last ten, not those that are kept for the other"
    assert kept is not None and kept <= 20


def test_a_plan_clears_a_file_of_suspicion_for_those_that_were_there(engine: Engine) -> None:
    permission.grant(engine, checks("one"), ["one"])
    assert permission.changed(engine, ["one"]) == []
    assert permission.changed(engine, ["two"]) == ["scorecards/mine.yml"]
    permission.grant(engine, checks("one", "two"), ["two"])
    assert permission.changed(engine, ["one", "two"]) == []


def test_one_without_a_change_does_so_too(engine: Engine) -> None:
    permission.grant(engine, checks("one"), [])
    assert permission.changed(engine, ["one"]) == []
    assert permission.changed(engine, ["two"]) == ["scorecards/mine.yml"]


PLAN = """
CREATE TABLE plan_change(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, action VARCHAR,
    key_field VARCHAR, record_id VARCHAR, fields VARCHAR, associate VARCHAR, reason VARCHAR);
CREATE TABLE target AS SELECT unnest(['one', 'two']) AS connection, 'Account' AS object, 'account' AS source,
    9 AS records, 9 AS existing;
CREATE TABLE wanted_account(key VARCHAR, account_id VARCHAR, customer_status VARCHAR, driver VARCHAR);
CREATE TABLE wanted_call(key VARCHAR, owner_user_id VARCHAR, opened_on DATE);
CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR);
"""


def test_only_the_crm_that_comes_back_is_held_to_the_stricter_limits(engine: Engine) -> None:
    permission.grant(engine, checks("one"), ["one"])
    with duckdb.connect() as con:
        con.execute(PLAN)
        found = {(check.connection, check.rule) for check in deciding.limits(engine, con)}
    assert {each for each in found if each[1].startswith("scores ") and each[1] != "scores cleared"} == {
        ("one", "scores moved"),
        ("two", "scores changed"),
    }
    assert len(found) == 2 * (len(found) // 2) + 1, "each limit of each, and that of days"


def test_a_limit_names_no_file_that_is_not_behind_it(engine: Engine) -> None:
    permission.grant(engine, checks("one"), ["one"])
    with pytest.raises(GuardStopped) as stopped:
        permission.grant(engine, checks("one", figure=30), ["one"])
    assert "mine.yml" not in stopped.value.why + stopped.value.fix


@pytest.mark.parametrize("written", [(), ("one",)])
def test_what_stays_lost_keeps_a_file_under_suspicion_for_three_nights(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, written: tuple[str, ...]
) -> None:
    for day in (0, 0, 0, 1):
        night(engine, monkeypatch, day, *written)
        assert permission.changed(engine, ["one"]) == ["scorecards/mine.yml"]
    night(engine, monkeypatch, 2, *written)
    assert permission.changed(engine, ["one"]) == []
    assert permission.changed(engine, ["two"]) == ["scorecards/mine.yml"], "it was away"


def test_a_file_that_changes_again_begins_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    night(engine, monkeypatch, 0, "one")
    night(engine, monkeypatch, 1, "one")
    (engine.project.root / "scorecards" / "mine.yml").write_text("version: 1\n\n")
    night(engine, monkeypatch, 2, "one")
    assert permission.changed(engine, ["one"]) == ["scorecards/mine.yml"]


def source(connection: str, *objects: str) -> Source:
    """As far as it is looked at here: what it writes to."""
    rules = [SimpleNamespace(object=name) for name in objects]
    return cast("Source", SimpleNamespace(connection=connection, mapping=SimpleNamespace(write=rules)))


def test_an_object_with_records_of_ours_that_is_not_written_now_is_hidden(engine: Engine) -> None:
    targets = [source("one", "companies", "snapshots"), source("two", "companies")]
    fitted = [source("one")]
    with engine.store.state.begin() as db:
        assert holding.hidden(db, targets, fitted) == 0, "nobody wrote to any of them"
        for name in ("one", "two"):
            row = {"connection": name, "object": "companies", "record_id": "1", "name": "", "fields": EMPTY}
            more = {"before": EMPTY, "run": "R1", "at": engine.clock.now()}
            db.execute(sa.insert(tables.written).values(row | more))
        assert holding.hidden(db, targets, fitted) == 1, "two is away, and told by itself"
        assert holding.hidden(db, targets, [source("one", "companies")]) == 0


def test_plans_without_a_change_are_kept_once_and_push_out_no_figures(engine: Engine) -> None:
    now = engine.clock.now()
    with engine.store.state.begin() as db:
        for n in range(10):
            past.keep(db, f"A{n}", {}, {"one": {"x": n}}, now)
        for n in range(30):
            past.unharmed(db, f"B{n}", {"a.yml": str(n)}, ["one"], now)
        found = past.read(db)
        kept = db.scalar(sa.select(sa.func.count()).select_from(tables.applied_plans))
    assert found.usual("one", "x") == 4.5
    assert found.changed({"a.yml": "29"}, ["one"]) == []
    assert kept is not None and kept <= 21
