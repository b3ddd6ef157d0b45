"""A plan file is applied as it was made, in the project that made it, and once; a person may let it over its limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.act import planfile, switch
from cs_connector.act.guarding import past
from cs_connector.act.guarding.guard import Check
from cs_connector.act.plan import Planned
from cs_connector.act.planfile import PlanFile
from cs_connector.cli import plans
from cs_connector.config import open_project
from cs_connector.errors import GuardStopped, Unavailable, UsageError
from cs_connector.ports import Action, Capabilities, FieldInfo, ObjectInfo, Usage, Verdict
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.applying import apply_plan
from cs_connector.runner.deciding import Held
from cs_connector.runner.plans import checking, making, permission
from cs_connector.runner.plans.holding import Kept
from cs_connector.store import leases, tables
from cs_connector.store.audit import Audit, Entry
from cs_connector.testing import Memory, MemorySettings, System, surroundings

PROJECT = """\
version: 1
connections:
  exports: {adapter: files, settings: {root: ., objects: {usage: {pattern: "*.csv", key: [tenant]}}}}
"""
CHANGE = Planned(
    "exports",
    "Task",
    "call",
    "K1",
    "upsert",
    "Key",
    None,
    (("Subject", None, "call"),),
    (("Account", "a1"),),
    "why",
)
GUARD = {"rule": "tasks created", "ok": True, "figure": 1.0, "limit": 200.0}
REASON = "looked at with the whole team"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(permission.NO_WRITES, raising=False)
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    yield opened
    opened.close()


def made(engine: Engine, changes: Iterable[Planned] = (CHANGE,), **more: Any) -> PlanFile:
    now = engine.clock.now()
    head = {
        "plan": "P1",
        "created_at": now.isoformat(timespec="seconds"),
        "expires_at": (now + making.LIFE).isoformat(timespec="seconds"),
        "as_of": engine.as_of.isoformat(),
        "config_hash": engine.config_hash(),
        "data_epoch": engine.store.facts.version(),
        "connections": list(making.connections(engine, making.written(engine))),
        "guard": [GUARD],
    } | more
    path = engine.project.state / "plans" / "last.json"
    planfile.write(path, (planfile.row(c, "Acme") for c in changes), lambda: head)
    file = PlanFile(path)
    engine.mark_stage(making.made(file.head), file.head["digest"])
    return file


def edited(file: PlanFile, edit: Any) -> PlanFile:
    """What somebody saved who opened the file in an editor of JSON."""
    document = json.loads(file.path.read_text())
    edit(document)
    file.path.write_text(json.dumps(document, indent=2))
    return PlanFile(file.path)


def rows(engine: Engine, table: sa.Table) -> list[Any]:
    with engine.store.state.read() as db:
        return list(db.execute(sa.select(table)))


def test_a_plan_that_nobody_touched_may_be_applied(engine: Engine) -> None:
    file = made(engine)
    assert checking.check(engine, file, REASON) == {"exports": 1}
    assert list(file.changes()) == [CHANGE]


def test_it_is_the_same_plan_however_its_json_is_laid_out(engine: Engine) -> None:
    file = edited(made(engine), lambda _: None)
    assert file.digest() == file.head["digest"]
    assert list(file.changes()) == [CHANGE]


EDITS: dict[str, Any] = {
    "plan": lambda d: d.update(plan="P2"),
    "expires_at": lambda d: d.update(expires_at="2999-01-01T00:00:00+00:00"),
    "as_of": lambda d: d.update(as_of="2001-01-01"),
    "config_hash": lambda d: d.update(config_hash="0"),
    "data_epoch": lambda d: d.update(data_epoch=99),
    "connections": lambda d: d["connections"][0].update(sandbox=not d["connections"][0]["sandbox"]),
    "guard": lambda d: d["guard"][0].update(limit=9999.0),
    "no guard": lambda d: d.update(guard=[]),
    "one more change": lambda d: d["changes"].append(d["changes"][0]),
    "one change less": lambda d: d["changes"].pop(),
    "source": lambda d: d["changes"][0].update(source="account"),
    "key_field": lambda d: d["changes"][0].update(key_field="Subject"),
    "associate": lambda d: d["changes"][0].update(associate=[["Account", "a2"]]),
    "record_id": lambda d: d["changes"][0].update(record_id="r9"),
    "send": lambda d: d["changes"][0].update(send="create"),
    "field": lambda d: d["changes"][0]["fields"].update(Subject=[None, "other"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_anything_that_is_sent_or_judged_is_noticed(engine: Engine, edit: str) -> None:
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, edited(made(engine), EDITS[edit]), REASON)
    assert "it was edited" in caught.value.why


def test_an_edit_with_a_digest_of_its_own_is_noticed_too(engine: Engine) -> None:
    file = edited(made(engine), EDITS["field"])
    digest = file.digest()
    file = edited(file, lambda d: d.update(digest=digest))
    assert file.digest() == file.head["digest"]
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, file, REASON)
    assert "nobody made it here as it stands" in caught.value.why


@pytest.mark.parametrize("gone", ["changes", "guard", "digest", "expires_at"])
def test_half_a_plan_is_said_to_be_one(engine: Engine, gone: str) -> None:
    with pytest.raises(UsageError, match="not a whole plan"):
        checking.check(engine, edited(made(engine), lambda d: d.pop(gone)), REASON)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_file_that_breaks_off_is_said_to_be_half_of_one(engine: Engine, share: float) -> None:
    file = made(engine, [CHANGE] * 50)
    text = file.path.read_bytes()
    file.path.write_bytes(text[: int(len(text) * share)])
    with pytest.raises(UsageError, match="not a whole plan"):
        checking.check(engine, PlanFile(file.path))


@pytest.mark.parametrize("text", [b"", b"plan", b"[]", b'{"schema":"run/1"}', b"\xff\xfe"])
def test_a_file_that_is_no_plan_is_refused(engine: Engine, text: bytes) -> None:
    path = engine.project.state / "other.json"
    path.write_bytes(text)
    with pytest.raises(UsageError, match="is not a plan"):
        checking.check(engine, PlanFile(path))


def test_a_plan_is_for_its_owner_alone_to_read(engine: Engine) -> None:
    """It has texts of tasks and names of people in clear."""
    again = made(engine).path
    again.chmod(0o644)
    assert made(engine).path.stat().st_mode & 0o777 == 0o600


def test_a_plan_is_applied_once_however_it_ended(engine: Engine) -> None:
    file = made(engine, ())
    assert apply_plan(engine, file).status == "done"
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, file)
    assert caught.value.why == "it was applied already"


def test_what_is_applied_is_on_record_with_the_day_of_the_plan(engine: Engine) -> None:
    """`audit show` tells by it from which scores a value is."""
    file = made(engine, (), as_of="2026-01-02")
    assert engine.lease is not None
    leases.release(engine.store.state, engine.lease)
    plans.apply(file.path, root=engine.project.root, quiet=True)
    assert [(row.job, row.as_of) for row in rows(engine, tables.runs)] == [("apply", date(2026, 1, 2))]


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "older than a day": ({"expires_at": "2026-01-01T00:00:00+00:00"}, "good until 2026-01-01 00:00 UTC"),
    "of other files": ({"config_hash": "0"}, "the configuration has changed since"),
    "of other data": ({"data_epoch": 99}, "it was made from version 99"),
    "of another project": ({"connections": [{"name": "sales"}]}, "nothing is written here to sales"),
    "of another org": (
        {"connections": [{"name": "exports", "org_id": "X", "install_id": ""}]},
        "exports was X and is",
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_plan_is_refused_with_what_differs_and_nobody_can_approve_it(engine: Engine, what: str) -> None:
    more, says = OTHERS[what]
    with pytest.raises(GuardStopped, match="cannot be applied") as caught:
        checking.check(engine, made(engine, **more), REASON)
    assert says in caught.value.why
    assert rows(engine, tables.approved_plans) == []


def test_a_plan_is_stale_once_anything_was_written_since(engine: Engine) -> None:
    """Two plans of one state: the second would be written over what people did after the first."""
    file = made(engine, audit_row=making.audited(engine))
    taken = Entry("exports", "Task", "K0", "t0", Action.UPSERT, Verdict.CREATED, None, {"Subject": "x"})
    with engine.store.state.begin() as db:
        Audit().append(db, engine.clock.now(), engine.run, [taken])
    with pytest.raises(GuardStopped, match="cannot be applied") as caught:
        checking.check(engine, file, REASON)
    assert "something was written since" in caught.value.why


def test_the_files_that_have_changed_since_are_named(engine: Engine) -> None:
    file = made(engine, files=permission.files(engine), config_hash="0")
    with (engine.project.root / "cs-connector.yml").open("a") as settings:
        settings.write("memory: 2GB\n")
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, file)
    assert "the configuration has changed since: cs-connector.yml" in caught.value.why


# Approval


def test_the_first_write_to_an_org_needs_a_persons_word_and_then_none(engine: Engine) -> None:
    with pytest.raises(GuardStopped, match="first write to") as caught:
        checking.check(engine, made(engine))
    assert "apply --approve" in caught.value.fix
    checking.check(engine, made(engine), REASON)
    (row,) = rows(engine, tables.approved_orgs)
    assert (row.connection, row.reason, row.who) == ("exports", REASON, engine.actor)
    assert any(REASON in note for note in engine.summary.notes)
    checking.check(engine, made(engine))


def test_an_unattended_run_does_not_write_to_an_org_that_nobody_approved(engine: Engine) -> None:
    with pytest.raises(GuardStopped, match="first write to"):
        permission.grant(engine, [], ["exports"])
    permission.grant(engine, [], [])  # nothing to write, nothing to approve


def test_a_limit_is_broken_only_with_a_name_and_a_reason_on_record(engine: Engine) -> None:
    over = GUARD | {"ok": False, "figure": 300.0, "connection": "exports", "text": "new tasks"}
    checking.check(engine, made(engine), "first")
    with pytest.raises(GuardStopped, match="safety limit") as caught:
        checking.check(engine, made(engine, guard=[over]))
    assert "exports: 300 new tasks, at most 200 allowed" in caught.value.why
    checking.check(engine, made(engine, guard=[over]), REASON)
    (row,) = rows(engine, tables.approved_plans)
    assert (row.plan, row.reason, row.who) == ("P1", REASON, engine.actor)
    assert row.limits == [{"connection": "exports", "rule": "tasks created", "figure": 300, "limit": 200}]
    assert any("over its limits (exports tasks created)" in note for note in engine.summary.notes)


def test_a_plan_that_takes_a_run_back_is_made_and_let_through_by_undo(engine: Engine) -> None:
    """`plan` would put another one in its place, and `apply --approve` would then let that through."""
    checking.check(engine, made(engine), "first")
    over = GUARD | {"ok": False, "figure": 300.0, "connection": "exports", "text": "records that are deleted"}
    back = {"undoes": {"run": "4F21AB", "at": "", "actor": "ada", "selected": ["exports.Account"]}}
    with pytest.raises(GuardStopped, match="safety limit") as caught:
        checking.check(engine, made(engine, guard=[over], **back))
    assert caught.value.fix == (
        "see it with: cs-connector undo 4F21AB --select exports.Account; if it is too much, take back less with: --select CONNECTION.OBJECT; "
        'if it is right: cs-connector undo 4F21AB --select exports.Account --yes --approve "WHY IT IS RIGHT"'
    )
    with pytest.raises(GuardStopped, match="cannot be applied") as caught:
        checking.check(engine, made(engine, **back, config_hash="another"))
    assert caught.value.fix == "make a new one with: cs-connector undo 4F21AB --select exports.Account"


def test_a_plan_that_takes_a_run_back_counts_the_look_at_every_record() -> None:
    crm = SimpleNamespace(
        capabilities=Capabilities(batch=200, seen=100), cost=lambda changes: 1, usage=lambda: Usage(1)
    )
    bill = making.Bill(cast("Engine", SimpleNamespace(adapter=lambda _name: crm)), making.every)
    changes = [replace(CHANGE, key=f"K{n}", action="delete") for n in range(250)]
    assert list(bill.counted(changes)) == changes
    (line,) = bill.lines()
    assert line["needed"] == 2 + 3, "two calls that write, three that look"


def test_a_plan_in_a_file_of_its_own_is_let_through_by_its_name(engine: Engine) -> None:
    """Without it, `apply --approve` would let through whatever was planned last."""
    newest = made(engine)
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, newest)
    assert 'cs-connector apply --approve "' in caught.value.fix
    mine = PlanFile(newest.path.rename(engine.project.state / "mine.json"))
    with pytest.raises(GuardStopped) as caught:
        checking.check(engine, mine)
    assert f'cs-connector apply {mine.path} --approve "' in caught.value.fix


def test_what_is_applied_tells_later_plans_what_is_usual(engine: Engine) -> None:
    checking.check(engine, made(engine), REASON)
    (row,) = rows(engine, tables.applied_plans)
    assert row.figures == {"": {"tasks created": 1}}
    assert row.files == permission.files(engine)
    assert permission.changed(engine) == []
    (engine.project.root / "scorecards").mkdir()
    (engine.project.root / "scorecards" / "mine.yml").write_text("version: 1\n")
    assert permission.changed(engine) == ["scorecards/mine.yml"]


def test_an_undo_clears_no_file_of_suspicion_and_is_no_usual_night(engine: Engine) -> None:
    checking.check(engine, made(engine), REASON)
    (engine.project.root / "scorecards").mkdir()
    (engine.project.root / "scorecards" / "mine.yml").write_text("version: 1\n")
    back = {"undoes": {"run": "4F21AB", "at": "", "actor": "ada", "selected": []}}
    checking.check(engine, made(engine, **back), REASON)
    assert permission.changed(engine) == ["scorecards/mine.yml"]
    assert len(rows(engine, tables.applied_plans)) == 1


def test_a_file_in_the_place_of_one_that_ships_is_noticed(engine: Engine) -> None:
    checking.check(engine, made(engine), REASON)
    (engine.project.root / "mappings").mkdir()
    (engine.project.root / "mappings" / "customers.yml").write_text("version: 1\nany_of: [won_opportunity]\n")
    with (engine.project.root / "cs-connector.yml").open("a") as settings:
        settings.write("memory: 2GB\n")
    assert permission.changed(engine) == ["cs-connector.yml", "mappings/customers.yml"]
    with engine.store.state.read() as db:
        assert permission.meaning(engine, past.read(db)) == ["mappings/customers.yml"]


def test_a_changed_file_that_writes_nothing_is_not_behind_what_comes_later(engine: Engine) -> None:
    checking.check(engine, made(engine), REASON)
    (engine.project.root / "scorecards").mkdir()
    (engine.project.root / "scorecards" / "mine.yml").write_text("version: 1\n")
    permission.grant(engine, [Check("as of", 30, 1, "days")], [])
    assert permission.changed(engine) == ["scorecards/mine.yml"], "another day tells nothing"
    permission.grant(engine, [Check("as of", 0, 1, "days")], [])
    assert permission.changed(engine) == []


def changed_file(engine: Engine) -> list[str]:
    """A project that wrote, and has a file since that may be wrong; returns its name."""
    checking.check(engine, made(engine), REASON)
    (engine.project.root / "scorecards").mkdir()
    (engine.project.root / "scorecards" / "mine.yml").write_text("version: 1\n")
    return ["scorecards/mine.yml"]


@pytest.mark.parametrize("changes", [(), (CHANGE,)])
def test_a_plan_that_is_not_whole_clears_no_file_of_suspicion(
    engine: Engine, changes: tuple[Planned, ...]
) -> None:
    suspect = changed_file(engine)
    checking.check(engine, made(engine, changes, held={"whole": False}, plan="P2"))
    assert permission.changed(engine) == suspect
    checking.check(engine, made(engine, changes, held={"whole": True}, plan="P3"))
    assert permission.changed(engine) == []


def test_an_undo_without_a_change_clears_none_either(engine: Engine) -> None:
    suspect = changed_file(engine)
    back = {"undoes": {"run": "4F21AB", "at": "", "actor": "ada", "selected": []}}
    checking.check(engine, made(engine, (), **back))
    assert permission.changed(engine) == suspect


@pytest.mark.parametrize(
    ("held", "whole"),
    [
        (Held(0, ()), (True, True)),
        (Held(3, ("crm Account.Name",)), (False, False)),
        (Held(0, (), away={"crm": Unavailable("down")}), (True, True)),
        (Held(0, (), Kept(stops=1, objects=1)), (False, False)),
        (Held(0, (), Kept(missed=Counter({("crm", "Account"): 1}))), (False, True)),
        (Held(0, (), Kept(stops=1)), (False, True)),
    ],
)
def test_a_plan_is_whole_where_nothing_is_hidden_and_one_without_changes_where_nothing_stayed_out(
    held: Held, whole: tuple[bool, bool]
) -> None:
    assert (held.whole(0), held.whole(1)) == whole


# The switch


def test_nothing_is_written_while_a_person_has_stopped_it(engine: Engine) -> None:
    with engine.store.state.begin() as db:
        switch.stop(db, "wrong weights", "ada", engine.clock.now())
    with pytest.raises(GuardStopped, match="all writes are stopped") as caught:
        checking.check(engine, made(engine), REASON)
    assert "wrong weights" in caught.value.why
    with engine.store.state.begin() as db:
        switch.allow(db, "ada", engine.clock.now())
    checking.check(engine, made(engine), REASON)


@pytest.mark.parametrize(("value", "stops"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_a_variable_of_the_environment_stops_writes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, value: str, stops: bool
) -> None:
    monkeypatch.setenv(permission.NO_WRITES, value)
    assert (permission.stopped(engine) is not None) == stops


def test_the_project_file_stops_writes(engine: Engine) -> None:
    path = engine.project.root / "cs-connector.yml"
    path.write_text(PROJECT + "safety: {writes: false}\n")
    engine.project = open_project(engine.project.root, registry.shipped())
    assert permission.stopped(engine) == "safety: has writes: false in cs-connector.yml"


# Size


def test_a_long_plan_is_read_a_change_at_a_time(engine: Engine) -> None:
    file = made(engine, [CHANGE] * 2000)
    first = next(iter(file.changes()))
    assert first == CHANGE
    assert sum(1 for _ in file.rows()) == 2000
    assert "_whole" not in vars(file)  # it was never held as one document
    assert msgspec.json.decode(file.path.read_bytes())["plan"] == "P1"


class Stopping(Memory):
    """A person stops all writes while the first batch is under way."""

    capabilities = Capabilities(upsert=frozenset({"Task"}), batch=2)
    engine: Engine
    sent = 0

    def write(self, changes: Any) -> Any:
        self.sent += len(changes)
        with self.engine.store.state.begin() as db:
            switch.stop(db, "wrong weights", "ada", self.engine.clock.now())
        return super().write(changes)


def test_a_stop_holds_from_the_next_batch_on(engine: Engine) -> None:
    fields = FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text")
    crm = Stopping(MemorySettings(), surroundings("exports"), System((ObjectInfo("Task", fields),)))
    crm.engine = engine
    engine._adapters["exports"] = crm
    file = made(engine, [replace(CHANGE, key=f"K{n}", associate=()) for n in range(5)])
    with pytest.raises(GuardStopped, match="all writes are stopped") as caught:
        apply_plan(engine, file, REASON)
    assert crm.sent == 2
    assert "what was sent before is on record" in caught.value.safe
    with pytest.raises(GuardStopped, match="all writes are stopped"):
        checking.check(engine, made(engine, plan="P2"), REASON)
