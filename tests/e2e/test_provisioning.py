"""CRMs that have nothing of ours: what is missing is shown, put there, filled, and taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox, made, started

CRMS = ("salesforce", "hubspot", "zendesk", "hubspot_emea")
pytestmark = pytest.mark.slow


OVERLAY = """\
version: 1
extends: hubspot
write:
  - object: p{portal}_cs_relationship
    source: relationship
    by: key
    key_field: cs_key
    associate: companies
    fields:
      name: {{column: name, length: 80}}
      cs_renewal_date: {{column: renewal_on, type: date}}
      cs_health_score: {{column: score, type: number}}
      cs_health_band: band
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Iterator[Sandbox]:
    with started(tmp_path_factory.mktemp("bare"), env, "--bare", accounts=20) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def untouched(running: Sandbox) -> int:
    return running.snapshot()


@pytest.fixture
def bare(running: Sandbox, untouched: int) -> Sandbox:
    running.restore(untouched)
    return running


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
    told = project.do("audit", "show", "--record", "Account.CS_Key__c", "--json").json["rows"]
    assert [row["verdict"] for row in told] == ["created", "deleted"]
    project.do("audit", "verify")
    assert all("cs_key" not in row["organization_fields"] for row in bare.organizations())
    assert counts(project.do("provision", "plan", "--json").json) == wanted


@pytest.mark.long
def test_relationships_are_records_of_a_portal_that_has_custom_objects(
    bare: Sandbox, project: Project
) -> None:
    kind = f"p{bare.block('hubspot')['portal_id']}_cs_relationship"
    project.do("provision", "apply", "--with", "relationships")
    project.edit("    adapter: hubspot\n", "    adapter: hubspot\n    mapping: marketing\n")
    overlay = OVERLAY.format(portal=bare.block("hubspot")["portal_id"])
    (project.root / "mappings").mkdir(exist_ok=True)
    (project.root / "mappings" / "marketing.yml").write_text(overlay)
    project.do("run")
    page = bare.call(
        "hubspot", "GET", f"/crm/v3/objects/{kind}", params={"properties": "cs_health_band", "limit": 100}
    )
    assert page["results"]
    assert all(row["properties"]["cs_health_band"] for row in page["results"])
    writes = {line["object"]: line for line in project.do("run", "--json").json["writes"]}
    assert writes[kind]["created"] + writes[kind]["updated"] == 0
    told = project.do("provision", "destroy", "hubspot", "--with", "relationships", "--yes", "--json").json
    (site,) = told["connections"]
    filled = {piece["kind"]: piece["filled"] for piece in site["pieces"] if piece["filled"]}
    assert filled == {"object": len(page["results"])}
    assert {piece["result"]["verdict"] for piece in site["pieces"]} == {"deleted"}
    assert counts(project.do("provision", "plan", "hubspot", "--json").json)["hubspot"].keys() == {"there"}


@pytest.mark.long
def test_tasks_are_ours_again_after_everything_was_taken_out_and_put_back(
    bare: Sandbox, project: Project
) -> None:
    project.do("provision", "apply")
    project.do("run")
    project.do("run")
    fields = "Id, CS_Key__c, CS_Rule__c, CS_Call_Type__c, CS_Relationship_Name__c, Description"
    ours = f"SELECT {fields} FROM Task WHERE CS_Key__c != null ORDER BY Id"
    before, engaged = bare.soql(ours), len(bare.soql("SELECT Id FROM CS_Relationship__c"))
    assert before
    project.do("provision", "destroy", "--yes")
    project.do("provision", "apply")
    assert not bare.soql(ours)
    project.do("run")
    assert bare.soql(ours) == before
    assert len(bare.soql("SELECT Id FROM CS_Relationship__c")) == engaged
    assert project.do("plan", "--json").json["changes"] == []
