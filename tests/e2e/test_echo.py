"""Our own writes never come back as news: idle runs write nothing, and make no call that writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox, made, started

pytestmark = [pytest.mark.slow]

WRITES = (
    {"crm": "salesforce", "path": "composite/sobjects|jobs/ingest"},
    {"crm": "hubspot", "method": "POST", "path": "batch/(create|update|upsert)"},
    {"crm": "hubspot_emea", "method": "POST", "path": "batch/(create|update|upsert)"},
    {"crm": "zendesk", "path": "organizations/(create_or_update|update_many|create_many)"},
)
REFUSING = [rule | {"do": {"status": 500, "body": {}}} for rule in WRITES]
SAID = ("CS_Health_Score__c", "CS_Health_Band__c", "CS_Health_Reason__c", "CS_Health_Cap__c")


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]
) -> Iterator[tuple[Sandbox, Project]]:
    """CRMs whose clock no other test uses, and a project that has written to them once."""
    folder: Path = tmp_path_factory.mktemp("echo")
    with started(folder, env, accounts=20) as sandbox:
        project = made(sandbox, folder / "project", env)
        _run(project)
        yield sandbox, project


def test_ten_idle_cycles_make_no_call_that_writes(company: tuple[Sandbox, Project]) -> None:
    """Hours pass, and a call that writes would fail."""
    sandbox, project = company
    before = len(sandbox.ledger())
    sandbox.faults(*REFUSING)
    ends = []
    for _ in range(10):
        sandbox.advance("PT1H")
        ends.append(_run(project))
    sandbox.faults()
    assert sandbox.ledger(before) == []
    assert {summary["as_of"] for summary in ends} == {"2026-11-25"}
    assert [line for s in ends for line in s["writes"] if line["updated"] or line["rejected"]] == []


@pytest.mark.long
def test_when_the_date_moves_only_what_health_says_is_written_and_once(
    company: tuple[Sandbox, Project],
) -> None:
    """Another score, band, cap or reason is behind every write: a suggestion or a date alone is none."""
    sandbox, project = company
    for period in ("P1D", "P1D"):
        before = len(sandbox.ledger())
        sandbox.advance(period)
        _run(project)
        wrote = [e for e in sandbox.ledger(before) if e["object"] == "Account"]
        assert [e for e in wrote if not _said(e)] == []
        before = len(sandbox.ledger())
        sandbox.advance("PT5M")
        _run(project)
        assert sandbox.ledger(before) == []


@pytest.mark.long
def test_ten_days_on_which_nothing_is_known_anew_tell_only_of_bands_caps_and_large_moves(
    tmp_path: Path, env: dict[str, str]
) -> None:
    """Nothing ticks: a score that drifts with the days by a few points is not written again."""
    with started(tmp_path, env, accounts=20) as sandbox:
        project = made(sandbox, tmp_path / "project", env)
        _run(project)
        for _ in range(3):
            before = len(sandbox.ledger())
            sandbox.advance("P1D")
            _run(project)
            wrote = [e for e in sandbox.ledger(before) if e["object"] == "Account"]
            assert [e for e in wrote if not _news(e)] == []


def _news(entry: dict[str, Any]) -> bool:
    was, now = entry["before"] or {}, entry["after"]
    named = (
        "CS_Health_Band__c",
        "CS_Health_Cap__c",
        "CS_Health_Trend__c",
        "CS_Stage__c",
        "CS_Customer_Status__c",
    )
    if any(name in now and now[name] != was.get(name) for name in named):
        return True
    old, new = was.get("CS_Health_Score__c"), now.get("CS_Health_Score__c", was.get("CS_Health_Score__c"))
    return old is None or new is None or abs(float(old) - float(new)) >= 5


def _run(project: Project) -> dict[str, Any]:
    return dict(project.do("run", "--json").json)


def _said(entry: dict[str, Any]) -> bool:
    was = entry["before"] or {}
    return any(name in entry["after"] and entry["after"][name] != was.get(name) for name in SAID)
