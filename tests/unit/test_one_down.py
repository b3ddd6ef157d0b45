"""A connection that cannot be read keeps no other one from being read; all are told at the end, the worst decides the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.act import outbox
from cs_connector.act.plan import Planned
from cs_connector.config import open_project
from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    ConnectorError,
    FencedOut,
    GuardStopped,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from cs_connector.ports import FieldInfo, Identity, ObjectInfo, Page, Read
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.applying import write
from cs_connector.runner.reading import withdrawn
from cs_connector.runner.reading.halted import Objects
from cs_connector.runner.running import prepare, recorded
from cs_connector.runner.settling import box, settle
from cs_connector.store import tables
from cs_connector.testing import Fault, Memory, MemorySettings, System, surroundings

MAPPING = """
version: 1
crm: memory
read:
  - {object: Account, entity: account, fields: {name: Name}}
  - {object: Case, entity: ticket, where: [{field: Kind, none_of: [spam]}], fields: {priority: Name}}
"""
OBJECTS = (
    ObjectInfo("Account", (FieldInfo("Name", "string"),)),
    ObjectInfo("Case", (FieldInfo("Name", "string"), FieldInfo("Kind", "string"))),
    ObjectInfo("Task", (FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text"))),
)
NAMES = ("one", "two", "three")


class Counting(Memory):
    """Counts its records; with `refused`, an object that it may not read any more comes back as an empty last page."""

    refused = ""
    org = ""
    uncounted: AdapterError | None = None

    def check(self) -> Identity:
        found = super().check()
        return replace(found, org_id=self.org) if self.org else found

    def total(self, name: str) -> int:
        if error := self.uncounted:
            self.uncounted = None
            raise error
        return sum(not row.deleted for row in self._system.rows.get(name, {}).values())

    def read(self, read: Read) -> Iterator[Page]:
        if read.object == self.refused:
            return iter([Page((), read.cursor or "0", done=True)])
        return super().read(read)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A project of three CRMs in memory, 30 accounts and as many cases in each."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "base.yml").write_text(MAPPING)
    one = "{adapter: files, mapping: base, settings: {root: ., objects: {}}}"
    lines = "".join(f"  {name}: {one}\n" for name in NAMES)
    (tmp_path / "cs-connector.yml").write_text(f"version: 1\nconnections:\n{lines}")
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    opened.store.state.clock.sleep = lambda _seconds: None  # type: ignore[method-assign]
    for name in NAMES:
        system = System(OBJECTS, page=10)
        for n in range(30):
            system.put("Account", {"Name": f"A{n}"})
            system.put("Case", {"Name": f"C{n}", "Kind": "call"})
        opened._adapters[name] = Counting(MemorySettings(org_id=name), surroundings(name), system)
    yield opened
    opened.close()


def crm(engine: Engine, name: str) -> Counting:
    found = engine.adapter(name)
    assert isinstance(found, Counting)
    return found


def down(engine: Engine, name: str, error: AdapterError, method: Any = "check") -> None:
    crm(engine, name)._system.faults.append(Fault(method, error, times=9))


def sync(engine: Engine) -> ConnectorError | None:
    engine.summary.objects.clear()
    engine.summary.notes.clear()
    engine.described.clear()
    try:
        registry.job("sync")(engine)
    except ConnectorError as stopped:
        return stopped
    return None


def were_read(engine: Engine) -> list[str]:
    return list(dict.fromkeys(line.connection for line in engine.summary.objects))


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unavailable("it is down"), 4), (AuthFailed("no login"), 3), (QuotaExhausted("the day is spent"), 4)],
)
def test_a_crm_that_cannot_be_read_keeps_no_other_from_being_read(
    engine: Engine, error: AdapterError, code: int
) -> None:
    down(engine, "one", error)
    stopped = sync(engine)
    assert were_read(engine) == ["two", "three"]
    assert stopped is error
    assert (stopped.exit_code, stopped.what) == (code, f"one: {stopped.args[0]}")
    assert stopped.safe == (
        "nothing was written to any CRM, and what was read before is kept; read as usual: two, three"
    )


def test_all_that_stopped_are_told_together_and_the_worst_says_how_the_run_ends(engine: Engine) -> None:
    down(engine, "one", QuotaExhausted("the day is spent", fix="run it again tomorrow"))
    down(engine, "three", AuthFailed("no login", why="it expired", fix="log in again"))
    stopped = sync(engine)
    assert isinstance(stopped, AdapterError)
    assert (stopped.exit_code, stopped.code) == (3, "CSC-AUTH")
    assert stopped.what == "2 connections could not be read to their end"
    assert stopped.why == "one: the day is spent; three: no login (it expired)"
    assert stopped.fix == "one: run it again tomorrow; three: log in again"
    assert stopped.safe.endswith("read as usual: two")
    assert were_read(engine) == ["two"]
    assert [line.connection for line in engine.summary.calls] == list(NAMES), "what was asked is counted"


def test_what_helps_several_is_said_once(engine: Engine) -> None:
    for name in ("one", "two"):
        down(engine, name, Unavailable("the proxy refuses", fix="open the proxy"))
    stopped = sync(engine)
    assert stopped is not None
    assert (stopped.exit_code, stopped.fix) == (4, "one, two: open the proxy")


def test_one_that_breaks_off_in_the_middle_keeps_what_it_had_and_the_others_go_on(engine: Engine) -> None:
    crm(engine, "one")._system.faults.append(Fault("read", Unavailable("gone"), after=2))
    assert isinstance(sync(engine), Unavailable)
    assert objects_read(engine, "one") == ["Case"]
    assert were_read(engine) == list(NAMES)
    assert sync(engine) is None
    assert engine.store.live("one", "Account") == engine.store.live("two", "Account") == 30


def test_a_run_ends_there_and_says_so_on_its_record(engine: Engine) -> None:
    """Nothing is scored from the half of what there is."""
    down(engine, "one", Unavailable("it is down", why="503"))
    with pytest.raises(Unavailable):
        recorded(engine, "run", lambda: registry.job("sync")(engine))
    assert (engine.summary.exit, engine.summary.status) == (4, "stopped: one: it is down")
    assert engine.summary.notes == ["one: it is down (503); it was not read to its end"]


def test_far_fewer_records_of_one_say_nothing_of_the_others(engine: Engine) -> None:
    sync(engine)
    lost = crm(engine, "one")._system
    lost.rows["Account"] = dict(list(lost.rows["Account"].items())[:5])
    down(engine, "two", Unavailable("it is down"))
    stopped = sync(engine)
    assert isinstance(stopped, GuardStopped)
    assert stopped.exit_code == 5
    assert "one suddenly shows far fewer records (Account: 30 before, 5 now); two: it is down" in stopped.why
    assert were_read(engine) == ["three"]
    assert engine.store.live("one", "Account") == 30, "nothing was deleted"


def test_a_field_that_decides_and_is_gone_stops_its_own_connection_only(engine: Engine) -> None:
    sync(engine)
    crm(engine, "one")._system.objects = (OBJECTS[0], ObjectInfo("Case", OBJECTS[0].fields), OBJECTS[2])
    stopped = sync(engine)
    assert isinstance(stopped, GuardStopped)
    assert "Case.Kind is gone" in stopped.what
    assert "nothing of one was read" in stopped.safe
    assert were_read(engine) == ["two", "three"]


def test_another_org_stops_everything_and_is_not_said_to_have_stopped_what_was_done(engine: Engine) -> None:
    sync(engine)
    crm(engine, "two").org = "other"
    down(engine, "one", Unavailable("it is down"))
    stopped = sync(engine)
    assert isinstance(stopped, GuardStopped)
    assert stopped.safe == "nothing of that org was read, and nothing was written to it"
    assert were_read(engine) == []
    assert engine.summary.notes == ["one: it is down; it was not read to its end"], "it is not forgotten"


def declare(engine: Engine, name: str, org_id: str | None) -> None:
    settings = engine.project.settings
    one = settings.connections[name].model_copy(update={"org_id": org_id})
    connections = {**settings.connections, name: one}
    engine.project = replace(
        engine.project, settings=settings.model_copy(update={"connections": connections})
    )


def test_the_project_file_cannot_put_another_org_in_the_place_of_the_one_that_is_known(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.identify("two")
    crm(engine, "two").org = "other"
    declare(engine, "two", "other")
    with pytest.raises(GuardStopped, match="not the memory that it was"):
        engine.identify("two")
    monkeypatch.setattr(Counting, "capabilities", replace(Counting.capabilities, writes=False))
    engine.identify("two")  # such as a folder that moved
    declare(engine, "two", None)
    engine.identify("two")
    crm(engine, "two").org = "two"
    with pytest.raises(GuardStopped) as stopped:
        engine.identify("two")
    assert "write org_id: two below two:" in stopped.value.fix


def test_an_org_that_is_not_the_declared_one_is_not_remembered(engine: Engine) -> None:
    declare(engine, "two", "two")
    crm(engine, "two").org = "other"
    with pytest.raises(GuardStopped):
        engine.identify("two")
    crm(engine, "two").org = ""
    engine.identify("two")
    declare(engine, "two", None)
    engine.identify("two")


def test_a_lost_lease_stops_everything(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_engine: Engine) -> None:
        raise FencedOut("another process took over")

    monkeypatch.setattr(Engine, "beat", lost)
    assert isinstance(sync(engine), FencedOut)
    assert were_read(engine) == []


def test_one_whose_last_writes_cannot_be_looked_up_waits_and_the_others_are_read(engine: Engine) -> None:
    down(engine, "two", Unavailable("no answer"), "write")
    change = Planned("two", "Task", "call", "k", "upsert", "Key", None, (("Subject", None, "x"),), (), "")
    with pytest.raises(Unavailable):
        write(engine, [change], {"two": 1})
    down(engine, "two", Unavailable("it is down"))
    with pytest.raises(Unavailable, match="it is down"):
        settle(engine)
    assert isinstance(sync(engine), Unavailable)
    assert were_read(engine) == ["one", "three"]
    with engine.store.state.read() as db:
        assert [line.state for line in outbox.waiting(db)] == ["inflight"]


def test_what_is_in_flight_is_looked_up_before_a_plan_is_made_and_told_where_nobody_answers(
    engine: Engine,
) -> None:
    sync(engine)
    down(engine, "two", Unavailable("no answer"), "write")
    change = Planned("two", "Task", "call", "k", "upsert", "Key", None, (("Subject", None, "x"),), (), "")
    with pytest.raises(Unavailable):
        write(engine, [change], {"two": 1})
    down(engine, "two", Unavailable("it is down"))
    engine.summary.notes.clear()
    prepare(engine, ())
    assert engine.summary.notes == [
        "what became of the last changes of two is not known, so this may be out of date: two: it is down"
    ]
    crm(engine, "two")._system.faults.clear()
    prepare(engine, ())
    assert "1 were not: those are planned anew" in engine.summary.notes[-1]
    with engine.store.state.read() as db:
        assert outbox.waiting(db) == []


def test_an_undo_that_was_cut_short_is_not_said_to_be_planned_anew(engine: Engine) -> None:
    change = Planned("two", "Task", "call", "k", "delete", None, "r", (("Subject", "x", None),), (), "")
    for run, values in (("R1", {"job": "run"}), (engine.run, {"job": "undo"})):
        with engine.store.state.begin() as db:
            db.execute(sa.insert(tables.runs).values(id=run, status="done", **values))
    with engine.store.state.begin() as db:
        now = engine.clock.now()
        db.execute(sa.insert(tables.undone).values(run="R1", by_run=engine.run, at=now))
    list(box(engine).lay([change]))
    settle(engine)
    assert engine.summary.notes == [
        "1 changes that an earlier run had planned and not sent are let go",
        "the undo of run R1 was cut short; take back the rest with: cs-connector undo R1",
    ]


def test_an_object_that_may_not_be_read_any_more_is_named_and_counts_as_not_read(engine: Engine) -> None:
    """Adapters take an optional object that they may not read for one that the CRM's plan does not have."""
    crm(engine, "one").refused = "Case"
    assert sync(engine) is None
    (note,) = engine.summary.notes
    assert note.startswith("one Case is not there for this login, so nothing of it is read")
    assert sync(engine) is None
    assert engine.summary.notes == [], "it was never there, and was told once"
    assert complete(engine) == {"Account": True, "Case": False}
    assert withdrawn.names(engine, "one") == [], "it is no loss"
    crm(engine, "one").refused = ""
    sync(engine)
    assert complete(engine) == {"Account": True, "Case": True}
    crm(engine, "one").refused = "Case"
    for _ in range(2):
        assert sync(engine) is None
        (note,) = engine.summary.notes
        assert note.startswith("one Case cannot be read any more, as it could until 20")
        assert complete(engine) == {"Account": True, "Case": False}
        assert withdrawn.names(engine, "one") == ["Case"]
    crm(engine, "one").refused = ""
    sync(engine)
    assert engine.summary.notes == []
    assert complete(engine) == {"Account": True, "Case": True}
    assert withdrawn.names(engine, "one") == []


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("entity: ticket, fields: {priority: Subject}", False),
        (
            "entity: account, adds_to: {link: account, object: Account, field: Key}, fields: {domain: Subject}",
            True,
        ),
    ],
)
def test_an_entity_lacks_what_an_object_that_is_not_there_may_have(
    tmp_path: Path, engine: Engine, rule: str, kept: bool
) -> None:
    """What only adds to others keeps nobody from being counted."""
    (tmp_path / "mappings" / "base.yml").write_text(f"{MAPPING}  - {{object: Task, {rule}}}\n")
    crm(engine, "one").refused = "Task"
    sync(engine)
    assert complete(engine) == {"Account": True, "Case": True, "Task": kept}


def test_an_object_of_which_a_part_was_read_is_not_whole_when_it_may_not_be_read_any_more(
    engine: Engine,
) -> None:
    crm(engine, "one")._system.faults.append(Fault("read", Unavailable("503"), after=1))
    sync(engine)
    crm(engine, "one").refused = "Account"
    sync(engine)
    assert complete(engine) == {"Account": False, "Case": True}


def complete(engine: Engine) -> dict[str, bool]:
    feeds = tables.feeds
    with engine.store.state.read() as db:
        rows = db.execute(sa.select(feeds).where(feeds.c.connection == "one").order_by(feeds.c.object))
        return {row.object: row.complete for row in rows}


def objects_read(engine: Engine, connection: str) -> list[str]:
    return [line.object for line in engine.summary.objects if line.connection == connection]


@pytest.mark.parametrize("kind", [AuthFailed, RateLimited, QuotaExhausted, Unavailable])
def test_what_ends_a_connection_is_met_once_where_its_objects_are_described(
    engine: Engine, kind: type[AdapterError]
) -> None:
    fault = Fault("describe", kind("no"), times=9)
    crm(engine, "one")._system.faults.append(fault)
    assert isinstance(sync(engine), kind)
    assert fault.times == 8, "a CRM that is away is waited for long, and limits are not there to be tried"
    assert were_read(engine) == ["two", "three"]


@pytest.mark.parametrize(
    ("kind", "when"),
    [
        *product((NotPermitted, AdapterError, Unavailable), ("read", "counted")),
        *product((NotPermitted, AdapterError), ("describe",)),
    ],
)
def test_an_object_that_fails_keeps_no_other_of_its_connection_from_being_read(
    engine: Engine, kind: type[AdapterError], when: str
) -> None:
    error = kind("no")
    if when == "counted":
        sync(engine)
        crm(engine, "one").uncounted = error
    else:
        crm(engine, "one")._system.faults.append(Fault(when, error, times=2 if when == "describe" else 1))
    assert sync(engine) is error
    assert objects_read(engine, "one") == ["Case"]
    assert were_read(engine) == list(NAMES)
    assert error.what == f"one Account: {error.args[0]}"
    assert engine.summary.notes == [f"one Account: {error.args[0]}; it was not read to its end"]
    assert sync(engine) is None
    assert engine.store.live("one", "Account") == 30


@pytest.mark.parametrize(("kind", "tried"), [(NotPermitted, 2), (Unavailable, 2), (AuthFailed, 1)])
def test_objects_that_cannot_be_read_are_told_together_and_what_meets_all_is_met_once(
    engine: Engine, kind: type[AdapterError], tried: int
) -> None:
    faults = [Fault("read", kind("no"), times=1) for _ in range(3)]
    crm(engine, "one")._system.faults += faults
    stopped = sync(engine)
    assert isinstance(stopped, kind)
    assert objects_read(engine, "one") == []
    assert sum(fault.times for fault in faults) == 3 - tried
    if tried > 1:
        assert (stopped.what, stopped.why) == (
            "one: 2 objects could not be read to their end",
            "one Account: no; one Case: no",
        )


def test_a_crm_that_is_away_for_two_objects_running_is_not_asked_for_a_third() -> None:
    notes: list[str] = []
    failed = Objects("one", notes)
    for name, error in (("A", Unavailable("503")), ("B", NotPermitted("no")), ("C", Unavailable("503"))):
        with failed.attempt(name):
            raise error
    with pytest.raises(NotPermitted, match="no") as stopped, failed.attempt("D"):
        raise Unavailable("503")
    assert stopped.value.what == "one: 4 objects could not be read to their end"
    assert notes == [
        f"one {name}; it was not read to its end" for name in ("A: 503", "B: no", "C: 503", "D: 503")
    ]
