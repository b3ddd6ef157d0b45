"""What a CRM says is printed as it is: never as colours, pictures or a crash."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from cs_connector.console import Screen, plan, reasons, reports
from cs_connector.errors import ConnectorError
from cs_connector.runner import Summary

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
    for line in plan.lines(head(name=ODD)):
        screen.plain(line)
    assert " ".join(shown(capsys).split()).count(ODD) == 7


def head(name: str = "Acme", **more: Any) -> dict[str, Any]:
    """What a plan says of itself: one account that changes band, and one limit that stops it."""
    at: dict[str, Any] = {"connection": "sales", "object": "Account"}
    counts = {"created": 0, "updated": 1, "clearing": 1, "deleted": 0, "unchanged": 9}
    return {
        "plan": "P1",
        "as_of": "2026-11-25",
        "expires_at": "2026-11-26T09:00:00+00:00",
        "population": {"accounts": 12, "Customer": 10, "reasons": {name: 2}},
        "counts": [at | counts],
        "calls": [{"connection": "sales", "needed": 1, "left": 500, "share": 0.002, "objects": [{"object": "Account", "needed": 1}]}],
        "tasks": {"opened": 1, "text": 0, "owner": 0, "other": 0, "held": {name: 2}},
        "bands": [{"account": name, "from": "green", "to": "red", "why": name, "revenue": 1200.0, "currency": "USD"}],
        "samples": [at | {"kind": "clear", "key": "k", "name": name, "revenue": None, "fields": {"Score": ["70", None]}}],
        "connections": [{"name": "sales", "org": "Acme", "org_id": "00D1", "sandbox": False, "approved": True}],
        "guard": [{"rule": "x", "ok": False, "figure": 21, "limit": 20, "connection": "sales", "text": "records", "detail": name}],
        "changed_files": [],
        "stopped": None,
        "held": {"values": 1, "text": name},
        "notes": [],
    } | more  # fmt: skip


def test_a_plan_is_read_on_a_terminal_whatever_there_is_of_it() -> None:
    names = [f"object {n} of a long name" for n in range(5)]
    one = head()
    many = head(
        name="A name that does not end " * 9,
        counts=[one["counts"][0] | {"object": name, "updated": 20_000} for name in names],
        samples=[one["samples"][0] | {"object": name, "kind": kind} for name in names for kind in ("clear", "create", "update")],
        bands=one["bands"] * 40_000,
        guard=one["guard"] * 60,
        notes=["A note that is longer than one line of the terminal, as notes are at times, and says a lot"] * 9,
    )  # fmt: skip
    told = list(plan.lines(many))
    assert len(told) <= 60
    assert max(map(len, told)) <= 80
    assert "100,000 changes, nothing is written" in told


def test_a_plan_says_what_stops_it_and_how_it_is_let_through() -> None:
    org = head()["connections"][0] | {"approved": False}
    told = "\n".join(
        plan.lines(head(connections=[org], stopped="ada stopped all writes", changed_files=["a.yml"]))
    )
    assert "STOP  sales: 21 records, at most 20 (Acme)" in told
    assert "Acme  green to red  1,200 USD a year" in told
    assert "changed since the last write: a.yml" in told
    assert "NEW   the first write to Acme (production, 00D1)" in told
    assert "STOP  all writes are stopped: ada stopped all writes" in told
    assert 'cs-connector apply --approve "WHY IT IS RIGHT"' in told


def test_a_plan_asks_no_word_for_connections_that_it_does_not_write_to() -> None:
    known = head()["connections"][0]
    files = known | {"name": "exports", "org": "files", "approved": False}
    told = "\n".join(plan.lines(head(connections=[known, files], guard=[])))
    assert "NEW" not in told
    assert "write it with:    cs-connector apply" in told
    assert "--approve" not in told


def test_the_examples_of_a_plan_begin_with_tasks_and_leave_out_no_kind() -> None:
    at = head()["samples"][0]
    places = [("marketing", "companies"), ("sales", "Account"), ("sales", "CS_Heartbeat__c"), ("sales", "CS_Relationship__c"),
              ("sales", "Snapshot"), ("sales", "Task"), ("support", "organizations"), ("uk", "companies")]  # fmt: skip
    sources = {"CS_Heartbeat__c": "heartbeat", "Task": "call"}
    samples = [
        at | {"connection": c, "object": o, "source": sources.get(o, "account"), "kind": "update"}
        for c, o in places
    ]
    told = [line for line in plan.lines(head(samples=samples)) if line.startswith("for example")]
    assert told[0] == "for example sales Task"
    assert {line.split(" ", 2)[2] for line in told} == {
        f"{c} {o}" for c, o in places if o != "CS_Heartbeat__c"
    }


def test_an_explanation_prints_names_ids_and_reasons_as_they_are(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    measure = {
        "group": ODD, "path": [ODD], "measure": ODD, "title": ODD, "known": True, "score": 1.0, "carried": False, "value": 1.0, "weight": 1.0,
        "contribution": 1.0, "sources": [{"connection": "sales", "object": "Account", "id": ODD}],
    }  # fmt: skip
    document: dict[str, Any] = {
        "id": "a1", "name": ODD, "score": 1, "band": "red", "interval": [0, 1], "scorecard": ODD,
        "as_of": "2026-11-25", "coverage": 1.0, "measures": [measure], "uncapped": 1.0, "rounding": 0.0, "roll_up": 0, "contradictions": [], "retired": [],
        "overrides": [{"fired": True, "cap": 40, "name": ODD, "reason": ODD, "until": None, "known": True, "outcomes": None}],
        "relationships": [{"id": "r1", "name": ODD, "band": "red", "score": 1}],
    }  # fmt: skip
    reports.explain(screen, document)
    assert shown(capsys).count(ODD) == 9


def test_levers_checks_runs_and_attention_print_as_they_are(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    cap = {"cap": 60, "reason": ODD, "fix": ODD}
    lever = {"measure": "tickets", "sentence": ODD}
    reports.levers(screen, {"target": 70, "uncapped": 65.0, "caps": [cap], "others": [], "levers": [lever]})
    reports.checks(screen, [{"ok": False, "name": ODD, "text": ODD, "fix": ODD}])
    reports.attention(screen, [(ODD, 10, "red", 1, date(2026, 1, 1), ODD)])
    reports.attention(screen, [])
    reports.writes(screen, [{"connection": "sales", "object": ODD} | dict.fromkeys(
        ("created", "updated", "cleared", "unchanged", "rejected"), 0)])  # fmt: skip
    with screen.step(ODD):
        pass
    screen.plain(ODD)
    told = shown(capsys)
    assert told.count(ODD) == 11
    assert told.count("need attention") == 1  # no heading without a list


@pytest.mark.parametrize("deleted", [0, 63])
def test_deleted_records_have_a_column_of_their_own_where_there_are_any(
    screen: Screen, capsys: pytest.CaptureFixture[str], deleted: int
) -> None:
    line = {"created": 0, "updated": 0, "cleared": 0, "deleted": deleted, "unchanged": 0, "rejected": 0}
    reports.writes(screen, [{"connection": "sales", "object": "Task", **line}])
    told = shown(capsys)
    assert ("deleted" in told, "63" in told) == (bool(deleted), bool(deleted))


def test_a_change_is_printed_as_it_is_and_its_column_adds_up(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"measure": "m", "override": None, "title": ODD, "text": ODD}
    document: dict[str, Any] = {
        "id": "a1", "name": ODD, "reading": "known", "change": -42, "days": {"known": [], "restated": []},
        "from": {"on": "2026-10-31", "score": 82, "band": "green", "scorecard": ODD},
        "to": {"on": "2026-11-25", "score": 40, "band": "red", "scorecard": ODD},
        "parts": {"value": -2.26, "cap": -39.33, "coverage": -1e-14, "configuration": 0.0, "roll_up": 0.0, "rounding": -0.41},
        "lines": [
            line | {"kind": "value", "points": -2.26},
            line | {"kind": "cap", "points": -39.33, "title": None},
            line | {"kind": "coverage", "points": -1e-14},
        ],
    }  # fmt: skip
    reasons.why_changed(screen, document)
    told = shown(capsys)
    assert told.count(ODD) == 7
    assert "40 red on 25 Nov 2026, was 82 green on 31 Oct 2026 (-42)" in told
    assert "-0.0" not in told
    points = {
        title: float(points) for points, title in re.findall(r"^ +([-+][0-9.]+)  (.+)$", told, re.MULTILINE)
    }
    assert points["rounding"] == -0.4
    assert sum(
        v for t, v in points.items() if t in ("what the customer did", "facts that cap the score", "rounding")
    ) == (pytest.approx(points["together"]))


def test_a_change_without_a_score_before_says_why_there_are_no_points(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    now = {"on": "2026-11-25", "score": 40, "band": "red", "scorecard": "standard"}
    document: dict[str, Any] = {
        "id": "a1", "name": None, "reading": "restated", "change": None, "days": {"known": ["2026-10-31", "2026-11-25"]},
        "from": None, "to": now, "parts": None, "lines": [],
    }  # fmt: skip
    reasons.why_changed(screen, document)
    assert "It had no score on the first day" in shown(capsys)
    document["from"] = now | {"on": "2026-10-31", "score": None, "band": "unknown"}
    reasons.why_changed(screen, document)
    told = shown(capsys)
    assert "Nothing was known on the first day" in told
    assert "--reading known" in told


def test_why_not_prints_conditions_as_a_tree(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    leaf: dict[str, Any] = {"text": ODD, "holds": None, "values": {"m": None}, "joined": "", "parts": []}
    tree = {
        "text": ODD,
        "holds": False,
        "values": {},
        "joined": "all",
        "parts": [leaf, leaf | {"holds": True, "values": {"m": 7.5}}],
    }
    checks = [{"name": "scored", "ok": True, "text": ODD}, {"name": "condition", "ok": False, "text": ODD}]
    document: dict[str, Any] = {
        "id": "a1", "name": ODD, "as_of": date(2026, 11, 25), "rule": ODD, "list": None, "when": ODD, "because": ODD,
        "words": {"m": {"title": ODD, "unit": "days"}},
        "relationships": [{"id": "r1", "name": ODD, "because": ODD, "checks": checks, "condition": tree}],
    }  # fmt: skip
    reasons.why_not(screen, document)
    told = shown(capsys)
    assert told.count(ODD) == 10
    assert f"      yes {ODD}  {ODD}: 7.5 days" in told
    reasons.why_not(screen, document | {"relationships": []})
    assert f"no rule speaks of it: {ODD}" in shown(capsys)
    reasons.why_not(screen, document | {"list": "attention", "listed": False})
    assert "is not in the list" in shown(capsys)


def test_an_error_with_many_reasons_has_each_on_a_line_of_its_own(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    why = [
        "changed since the last write: scorecards/standard.yml",
        "sales: 67 records whose score changes, at most 13 allowed (usual are 2; most points are lost by Usage 55)",
        "hubspot: 60 records whose score changes, at most 12 allowed",
    ]
    screen.error(ConnectorError("the plan was stopped", why="; ".join(why), fix="one; two"))
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"  why   {why[0]};",
        f"        {why[1]};",
        f"        {why[2]}",
        "  fix   one; two",
    ]


@pytest.mark.parametrize("command", [["measure", "schema"], ["--help"], ["measure", "check", "--json"]])
def test_a_reader_that_goes_away_ends_a_command_without_a_word(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "cs-connector.yml").write_text("version: 1\nconnections: {}\n")
    with Popen(
        [sys.executable, "-m", "cs_connector", *command], stdout=PIPE, stderr=PIPE, cwd=tmp_path
    ) as one:
        assert one.stdout and one.stderr
        one.stdout.close()
        assert (one.stderr.read(), one.wait()) == (b"", 141)


def test_every_account_that_is_not_scored_is_counted_under_a_reason() -> None:
    reasons = {
        "a prospect": 23,
        "called a customer, but has no subscription": 6,
        "a partner": 4,
        "no subscription": 1,
    }
    told = list(plan.lines(head(population={"accounts": 104, "Not scored": 34, "reasons": reasons})))
    why = " ".join(told[2:4])
    assert sum(int(count) for count in re.findall(r"(\d+) [a-z]", why)) == 34
    assert "1 for other reasons" in " ".join(why.split())


def test_a_run_that_writes_nothing_says_nothing_of_writing(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run said that there is nothing to write, and its plan had 320 changes."""
    document = Summary(run="R1", as_of="2026-11-25", status="done").document()
    reports.run(screen, document)
    assert "tasks " in (told := shown(capsys))
    assert "writ" not in told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.12345, "0.1235"), (9_876.5, "9876"), (125_000.0, "125,000"), (-1_234_567.0, "-1,234,567")],
)
def test_a_large_value_is_explained_in_digits(
    value: float, told: str, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    measure = {
        "measure": "calls", "path": ["Usage"], "title": "Calls of the API", "known": True, "score": 1.0, "carried": False, "value": value,
        "weight": 1.0, "contribution": 1.0, "sources": [],
    }  # fmt: skip
    reports.explain(screen, {
        "id": "a1", "name": "A", "score": 1, "band": "red", "interval": [0, 1], "scorecard": "standard", "as_of": "2026-11-25", "coverage": 1.0,
        "measures": [measure], "uncapped": None, "contradictions": [], "retired": [], "overrides": [], "relationships": [],
    })  # fmt: skip
    assert f" {told} →" in shown(capsys)
