"""What a CRM says is printed as it is: never as colours, pictures or a crash."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cs_connector.console import Screen, reports

ODD = "Acme [/] [red]Ltd[/red] :fire:"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "200")
    return Screen(color=False)


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    return said.out + said.err


def test_names_and_values_of_a_plan_are_printed_as_they_are(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"connection": "sales", "object": "Task", "action": "update", "key": "k", "name": ODD}
    document: dict[str, Any] = {
        "plan": "P1",
        "as_of": "2026-11-25",
        "digest": "d" * 64,
        "population": {"accounts": 1, "reasons": {ODD: 1}},
        "changes": [change | {"fields": {ODD: [None, ODD]}}],
        "guard": [{"rule": "tasks", "ok": True, "figure": 1.0, "limit": 2.0}],
        "held": {"values": 1, "text": ODD},
    }
    reports.plan(screen, document)
    assert shown(capsys).count(ODD) == 5


def test_an_explanation_prints_names_ids_and_reasons_as_they_are(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    measure = {
        "group": ODD, "measure": ODD, "known": True, "score": 1.0, "carried": False, "value": 1.0, "weight": 1.0,
        "contribution": 1.0, "sources": [{"connection": "sales", "object": "Account", "id": ODD}],
    }  # fmt: skip
    document: dict[str, Any] = {
        "id": "a1", "name": ODD, "score": 1, "band": "red", "interval": [0, 1], "scorecard": ODD,
        "as_of": "2026-11-25", "coverage": 1.0, "measures": [measure], "uncapped": 1.0, "rounding": 0.0,
        "overrides": [{"fired": True, "cap": 40, "name": ODD, "reason": ODD}],
        "relationships": [{"id": "r1", "name": ODD, "band": "red", "score": 1}],
    }  # fmt: skip
    reports.explain(screen, document)
    assert shown(capsys).count(ODD) == 8


def test_levers_checks_runs_and_attention_print_as_they_are(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.levers(
        screen, {"target": 70, "reachable": True, "levers": [{"measure": "tickets", "sentence": ODD}]}
    )
    reports.checks(screen, [{"ok": False, "name": ODD, "text": ODD, "fix": ODD}])
    reports.attention(screen, [(ODD, 10, "red", 1, date(2026, 1, 1), ODD)])
    reports.writes(screen, [{"connection": "sales", "object": ODD} | dict.fromkeys(
        ("created", "updated", "cleared", "unchanged", "rejected"), 0)])  # fmt: skip
    with screen.step(ODD):
        pass
    screen.plain(ODD)
    assert shown(capsys).count(ODD) == 9
