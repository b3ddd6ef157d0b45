"""doctor --probe against the sandbox: it behaves as assumed, and the report holds no value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .stage import Project, Sandbox, made, started

pytestmark = pytest.mark.slow
KINDS = {"text", "number", "boolean", "null", "list", "object"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Iterator[Sandbox]:
    """With the vendors' limits: they are part of what is assumed."""
    with started(tmp_path_factory.mktemp("probe"), env, "--profile", "vendor", accounts=20) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def project(limited: Sandbox, tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Project:
    return made(limited, tmp_path_factory.mktemp("probe") / "project", env)


def test_every_probe_answers_and_none_is_refuted(project: Project, limited: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "probes.json"
    found = project.do("doctor", "--probe", "--out", str(file), "--json").json["probes"]
    assert [(p["connection"], p["id"], p["why"]) for p in found if p["verdict"] == "refuted"] == []
    verdicts = {(p["connection"], p["id"]): p["verdict"] for p in found}
    assert (
        verdicts["salesforce", "SF4"]
        == verdicts["hubspot", "HS9"]
        == verdicts["zendesk", "ZD1"]
        == "confirmed"
    )
    assert all(p["steps"] for p in found if p["verdict"] == "confirmed")
    assert all(p["why"] for p in found if p["verdict"] == "untestable")
    assert limited.ledger() == []
    assert json.loads(file.read_text())["probes"] == found


def test_the_file_to_send_holds_no_value(project: Project, tmp_path: Path) -> None:
    """Names of keys and types: nothing of a record, of a person or of a login."""
    file = tmp_path / "probes.json"
    project.do("doctor", "--probe", "salesforce", "--out", str(file))
    probes = json.loads(file.read_text())["probes"]
    assert {word for probe in probes for step in probe["steps"] for word in words(step["keys"])} <= KINDS
    assert {key for probe in probes for key in probe} == {
        "connection",
        "crm",
        "id",
        "claim",
        "verdict",
        "why",
        "steps",
    }
    assert "@" not in file.read_text()


def words(value: object) -> set[str]:
    if isinstance(value, dict):
        return {word for inner in value.values() for word in words(inner)}
    return {word for inner in value for word in words(inner)} if isinstance(value, list) else {str(value)}


def test_without_probe_a_connection_makes_no_sense(project: Project) -> None:
    assert "go with --probe" in project.do("doctor", "salesforce", code=2).err
