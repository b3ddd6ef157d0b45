"""Settings of tasks that name nobody, or several, are told: nothing else would show it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from cs_connector.errors import ConfigError
from cs_connector.runner.identity import people


def engine(**named: str) -> Any:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE \"user\" AS SELECT * FROM (VALUES ('u1', 'Maya Gomez', 'maya@acme.example', TRUE), "
        "('u2', 'Ann Lee', 'ann@acme.example', FALSE), ('u3', 'Jo Kim', 'jo@acme.example', NULL), "
        "('u4', 'Jo Kim', 'kim@acme.example', TRUE)) AS u(user_id, name, email, active)"
    )
    tasks = SimpleNamespace(**{"manager": None, "fallback_owner": None} | named)
    return SimpleNamespace(
        project=SimpleNamespace(
            settings=SimpleNamespace(tasks=tasks),
            document=SimpleNamespace(error=lambda _where, what, fix: ConfigError(what, fix=fix)),
        ),
        store=SimpleNamespace(facts=SimpleNamespace(datasets=lambda _prefix: ["entity/user"])),
        tables=lambda _names: nullcontext(con),
    )


@pytest.mark.parametrize(
    ("called", "says"),
    [
        ("maya@acme.example.org", "nobody whom the CRMs know"),
        ("Ann Lee", "somebody who is not active any more"),
        ("jo kim", "2 people: the first counts"),
    ],
)
def test_a_setting_that_does_not_name_one_active_user_is_told_in_plans_and_by_doctor(
    called: str, says: str
) -> None:
    made = engine(manager="Maya Gomez", fallback_owner=called)
    assert people.notes(made) == [f"tasks.fallback_owner names {says}; see cs-connector doctor"]
    with pytest.raises(ConfigError, match=f"tasks.fallback_owner names {says}: {called}") as told:
        people.check(made)
    assert ("maya@acme.example" in told.value.fix) == called.startswith("maya")


def test_those_who_are_named_by_name_or_address_whatever_its_case_are_in_order() -> None:
    made = engine(manager="MAYA@acme.example", fallback_owner="maya gomez")
    assert people.notes(made) == []
    assert people.check(made) == "manager, fallback_owner known and active"
    assert people.check(engine()) == ""
