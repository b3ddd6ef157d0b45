"""CRMs that have nothing of ours: what is missing is shown, put there, filled, and taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox, made, started

CRMS = ("salesforce", "hubspot", "zendesk", "hubspot_emea")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Iterator[Sandbox]:
    with started(tmp_path_factory.mktemp("bare"), env, "--bare", accounts=20) as running:
        yield running


@pytest.fixture
def project(bare: Sandbox, env: dict[str, str], tmp_path: Path) -> Project:
    return made(bare, tmp_path / "acme", env)


def counts(document: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {site["name"]: site["counts"] for site in document["connections"]}


def schema(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """Every change of fields and objects that the CRMs accepted."""
    return [(e["crm"], e["object"], e["action"]) for e in sandbox.ledger()]


def test_from_nothing_to_scores_in_the_crms_and_back_to_nothing(bare: Sandbox, project: Project) -> None:
    refused = project.do("run", code=3)
    assert "cs-connector provision apply" in refused.talk

    wanted = counts(project.do("provision", "plan", "--json").json)
    assert tuple(wanted) == CRMS
    assert all(set(site) == {"create"} for site in wanted.values())
    assert schema(bare) == []

    told = project.do("provision", "apply").talk
    assert f"✓ {wanted['salesforce']['create']} created" in told
    assert "month ends" in told
    assert "MB more" in told

    written = len(bare.ledger())
    assert "Nothing to do: everything that we need is there." in project.do("provision", "plan").talk
    project.do("provision", "apply")
    assert len(bare.ledger()) == written, "a second apply called a CRM to write"

    project.do("run")
    assert any(row["properties"]["cs_health_band"] for row in bare.companies())
    assert any(row["organization_fields"]["cs_health_score"] for row in bare.organizations())
    assert bare.soql("SELECT Id FROM CS_Relationship__c WHERE Health_Score__c != null")
    assert bare.soql("SELECT Id FROM Task WHERE CS_Key__c != null")
    assert counts(project.do("provision", "plan", "--json").json) == {
        name: {"there": site["create"]} for name, site in wanted.items()
    }

    asked = project.alone("provision", "destroy", code=2)
    assert "nobody is there to say yes" in asked.talk
    assert "records have property companies.cs_health_score" in asked.talk
    project.do("provision", "destroy", "--yes")
    assert all("cs_key" not in row["organization_fields"] for row in bare.organizations())
    assert counts(project.do("provision", "plan", "--json").json) == wanted
