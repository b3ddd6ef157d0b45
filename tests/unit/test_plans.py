"""A plan file is applied as it was made, in the project that made it, and once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cs_connector.act.plan import Planned
from cs_connector.config import open_project
from cs_connector.errors import GuardStopped, UsageError
from cs_connector.runner import Engine, open_engine, plans
from cs_connector.runner.applying import apply_plan

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


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    opened = open_engine(open_project(tmp_path, ()), exclusive=True)
    yield opened
    opened.close()


def document(engine: Engine, *changes: Planned) -> dict[str, Any]:
    now = engine.clock.now()
    made: dict[str, Any] = {
        "schema": "plan/1",
        "plan": "P1",
        "created_at": now.isoformat(timespec="seconds"),
        "expires_at": (now + plans.LIFE).isoformat(timespec="seconds"),
        "as_of": engine.as_of.isoformat(),
        "config_hash": engine.config_hash(),
        "data_epoch": engine.store.facts.version(),
        "connections": plans._connections(engine),
        "changes": [plans._written(c, "Acme") for c in changes],
        "guard": [{"rule": "tasks created", "ok": True, "figure": 1.0, "limit": 200.0}],
    }
    return made | {"digest": plans._digest(made, changes)}


def test_a_plan_that_nobody_touched_may_be_applied(engine: Engine) -> None:
    assert plans.check(engine, document(engine, CHANGE)) == [CHANGE]


EDITS: dict[str, Any] = {
    "plan": lambda d: d.update(plan="P2"),
    "expires_at": lambda d: d.update(expires_at="2999-01-01T00:00:00+00:00"),
    "as_of": lambda d: d.update(as_of="2001-01-01"),
    "config_hash": lambda d: d.update(config_hash="0"),
    "data_epoch": lambda d: d.update(data_epoch=99),
    "connections": lambda d: d["connections"][0].update(sandbox=not d["connections"][0]["sandbox"]),
    "guard": lambda d: d["guard"][0].update(limit=9999.0),
    "no guard": lambda d: d.update(guard=[]),
    "source": lambda d: d["changes"][0].update(source="account"),
    "key_field": lambda d: d["changes"][0].update(key_field="Subject"),
    "associate": lambda d: d["changes"][0].update(associate=[["Account", "a2"]]),
    "record_id": lambda d: d["changes"][0].update(record_id="r9"),
    "send": lambda d: d["changes"][0].update(send="create"),
    "field": lambda d: d["changes"][0]["fields"].update(Subject=[None, "other"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_anything_that_is_sent_or_judged_is_noticed(engine: Engine, edit: str) -> None:
    changed = copy.deepcopy(document(engine, CHANGE))
    EDITS[edit](changed)
    with pytest.raises(GuardStopped) as caught:
        plans.check(engine, changed)
    assert "it was edited" in caught.value.why


@pytest.mark.parametrize("gone", ["changes", "guard", "digest", "expires_at"])
def test_half_a_plan_is_said_to_be_one(engine: Engine, gone: str) -> None:
    half = document(engine, CHANGE)
    del half[gone]
    with pytest.raises(UsageError, match="not a whole plan"):
        plans.check(engine, half)


def test_a_plan_is_applied_once_however_it_ended(engine: Engine) -> None:
    made = document(engine)
    assert apply_plan(engine, made).status == "done"
    with pytest.raises(GuardStopped) as caught:
        plans.check(engine, made)
    assert caught.value.why == "it was applied already"
