"""doctor --probe against the sandbox: it behaves as assumed, and the report holds no value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .stage import Project, Sandbox

pytestmark = pytest.mark.slow


def test_every_probe_answers_and_none_is_refuted(ran: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    before = len(sandbox.ledger())
    file = tmp_path / "probes.json"
    found = ran.do("doctor", "--probe", "--out", str(file), "--json").json["probes"]
    verdicts = {(p["connection"], p["id"]): p["verdict"] for p in found}
    assert [(p["connection"], p["id"], p["why"]) for p in found if p["verdict"] == "refuted"] == []
    assert (
        verdicts["salesforce", "SF12"]
        == verdicts["hubspot", "HS9"]
        == verdicts["zendesk", "ZD1"]
        == "confirmed"
    )
    assert all(p["steps"] for p in found if p["verdict"] == "confirmed")
    assert len(sandbox.ledger()) == before
    assert json.loads(file.read_text())["probes"] == found


def test_the_file_to_send_holds_no_value(ran: Project, tmp_path: Path) -> None:
    """Names of keys and types: nothing of a record, of a person or of a login."""
    file = tmp_path / "probes.json"
    ran.do("doctor", "--probe", "salesforce", "--out", str(file))
    text = file.read_text()
    values = {
        word
        for probe in json.loads(text)["probes"]
        for step in probe["steps"]
        for word in words(step["keys"])
    }
    assert values <= {"text", "number", "boolean", "null", "list", "object"}
    assert "Aurora" not in text
    assert "@" not in text


def words(value: object) -> set[str]:
    if isinstance(value, dict):
        return {word for inner in value.values() for word in words(inner)}
    return {word for inner in value for word in words(inner)} if isinstance(value, list) else {str(value)}


def test_without_probe_a_connection_makes_no_sense(fresh: Project) -> None:
    assert "go with --probe" in fresh.do("doctor", "salesforce", code=2).err
