"""The main job over recorded answers and public tables: whatever came in is somewhere, and the counts add up.

The data is not part of this repository: the variable CS_CONNECTOR_DATA names the folder that holds it.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.demo import project as projects
from cs_connector.demo import sandbox as sandboxes
from cs_connector.runner import open_engine
from cs_connector.runner.exporting import export
from cs_connector.runner.running import ALL, run_jobs
from cs_connector.store import tables

from .stage import DAY, Sandbox

DATA = os.environ.get("CS_CONNECTOR_DATA", "")
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA, reason="CS_CONNECTOR_DATA names no folder"),
]

# What such a company would write itself: whoever is in a CRM is a customer. A column is mapped by mistake.
OWN = {
    "salesforce": """
  - object: Account
    entity: subscription
    fields:
      account_id: {link: account, object: Account, field: Id}
      type: {const: Subscription}
      start_on: CreatedDate
""",
    "hubspot": """
  - object: companies
    entity: subscription
    fields:
      account_id: {link: account, object: companies, field: hs_object_id}
      type: {const: Subscription}
      start_on: createdate
      arr: annualrevenue
      seats: hs_all-funky-a9384-syntax
      renewal_on: city
  - object: deals
    entity: opportunity
    fields:
      stage: dealstage
      amount: amount
      close_on: closedate
  - object: tickets
    entity: ticket
    fields:
      person_id: {link: person, object: contacts, field: hs_object_id}
      status: {field: hs_pipeline_stage, values: {"1706266": closed}, default: open}
      opened_at: createdate
      closed_at: closed_date
""",
    "zendesk": """
  - object: organizations
    entity: subscription
    fields:
      account_id: {link: account, object: organizations, field: id}
      type: {const: Subscription}
      start_on: created_at
""",
}


@dataclass
class Real:
    """A project after two runs over the simulators, which hold what was recorded."""

    crms: Sandbox
    seen: list[dict[str, Any]]
    quarantine: list[tuple[str, str, str, str]]
    exported: dict[str, list[dict[str, str]]]
    accounts: int
    customers: int
    writes: tuple[int, int]


@pytest.fixture(scope="module", params=["as shipped", "own mapping"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder = tmp_path_factory.mktemp("real")
    order = sandboxes.Order(1, profile="unlimited", as_of=date.fromisoformat(DAY), recorded=Path(DATA))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
        running = sandboxes.start(order, lambda _: None)
        try:
            yield from _ran(running, folder, own=request.param == "own mapping")
        finally:
            running.stop()


def _ran(running: sandboxes.Running, folder: Path, own: bool) -> Iterator[Real]:
    file = folder / "sandbox.json"
    file.write_text(json.dumps(running.document))
    projects.make(folder / "project", file)
    if own:
        _map(folder / "project" / "mappings")
    project = open_project(folder / "project", registry.shipped())
    ledger = running.sandbox.world.ledger
    people = run_jobs(project, ALL).population
    first, told = len(ledger), sum(e["object"] != "CS_Heartbeat__c" for e in ledger.entries())
    run_jobs(project, ALL)
    engine = open_engine(project)
    try:
        seen, quarantine = _seen(engine), _quarantine(engine)
        exported = {p.stem: _rows(p) for p in export(engine, folder / "export", "csv")}
    finally:
        engine.close()
    crms = Sandbox(running.document, file)
    assert people is not None
    yield Real(
        crms, seen, quarantine, exported, people.accounts, people.customers, (told, len(ledger) - first)
    )
    crms.close()


def _map(folder: Path) -> None:
    folder.mkdir()
    for name, rules in OWN.items():
        shipped = next(layer / f"{name}.yml" for layer in registry.shipped()).read_text()
        assert "\nread:\n" in shipped
        (folder / f"{name}.yml").write_text(shipped.replace("\nread:\n", "\nread:" + rules, 1))


def _seen(engine: Any) -> list[dict[str, Any]]:
    with engine.tables() as con:
        engine.store.facts.attach(con, "unify/seen", "seen", {})
        found = con.execute("SELECT * FROM seen ORDER BY ALL")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _quarantine(engine: Any) -> list[tuple[str, str, str, str]]:
    table = tables.quarantine
    with engine.store.state.read() as db:
        rows = db.execute(sa.select(table).where(table.c.state == "open"))
        return [(r.connection, r.object, r.record_id, r.reason) for r in rows]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def _there(crms: Sandbox, connection: str, name: str) -> set[str]:
    """The ids of all records of an object, as the simulated CRM lists them."""
    if connection == "salesforce":
        return {row["Id"] for row in crms.soql(f"SELECT Id FROM {name}")}
    return _portal(crms, name) if connection == "hubspot" else _desk(crms, name)


def _portal(crms: Sandbox, name: str) -> set[str]:
    name = name.partition("/")[0]  # links have a record for each of the first kind
    path = "/crm/v3/owners" if name == "owners" else f"/crm/v3/objects/{name}"
    found: set[str] = set()
    for archived in ("false", "true") if name == "owners" else ("false",):
        after: str | None = "0"
        while after is not None:
            params = {"limit": 100, "after": after, "archived": archived}
            page = crms.call("hubspot", "GET", path, params=params)
            found |= {row["id"] for row in page["results"]}
            after = page.get("paging", {}).get("next", {}).get("after")
    return found


def _desk(crms: Sandbox, name: str) -> set[str]:
    """Lists leave out who was deleted; exports do not. An account has ratings or survey responses, not both."""
    exported = name in ("users", "tickets")
    path = f"/api/v2/incremental/{name}/cursor.json?start_time=0" if exported else f"/api/v2/{name}.json"
    if name == "survey_responses":
        path = "/api/v2/guide/survey_responses"
    try:
        page = crms.call("zendesk", "GET", path)
    except requests.HTTPError as refused:
        assert (name, refused.response.status_code) == ("survey_responses", 404)
        return set()
    assert page.get("end_of_stream", True)
    assert page.get("next_page") is None
    return {str(row["id"]) for row in page[name]}


def test_counts_add_up(real: Real) -> None:
    assert sum(row["records"] for row in real.seen) > 400
    for row in real.seen:
        parts = ("deleted", "left_out", "quarantined", "staged")
        assert row["records"] == sum(row[part] for part in parts), row


def test_the_export_has_every_record_of_the_crms(real: Real) -> None:
    held: dict[tuple[str, str], set[str]] = {}
    for row in real.exported["records"]:
        held.setdefault((row["connection"], row["object"]), set()).add(row["id"])
    for connection, name in {(row["connection"], row["object"]) for row in real.seen}:
        assert held.get((connection, name), set()) == _there(real.crms, connection, name), (connection, name)


def test_all_that_was_staged_is_an_entity(real: Real) -> None:
    """Records of one account may be one entity, but each is linked to it; other records are entities themselves.

    What is only added to an entity, as HubSpot's links are, has none where its record was set aside.
    """
    joined = ("account", "person", "user")
    links = (r for r in real.exported["links"] if r["entity"] in joined and "/" not in r["object"])
    linked = {(r["connection"], r["object"], r["record_id"]) for r in links}
    staged = sum(r["staged"] for r in real.seen if r["entity"] in joined and "/" not in r["object"])
    assert len(linked) == staged
    for entity in ("ticket", "opportunity", "subscription"):
        wanted = sum(r["staged"] for r in real.seen if r["entity"] == entity)
        assert len(real.exported[entity]) == wanted, entity


def test_quarantine_says_why(real: Real) -> None:
    by_count = sum(row["quarantined"] for row in real.seen)
    assert by_count == len(real.quarantine)
    assert all(reason for *_, reason in real.quarantine)
    wrong = [reason for _, name, _, reason in real.quarantine if name == "companies"]
    assert all(reason.startswith("city is ") and reason.endswith("not a date") for reason in wrong)


def test_a_second_run_writes_nothing(real: Real) -> None:
    first, second = real.writes
    assert second == 0
    assert (first > 0) == (real.customers > 0)


def test_own_mapping_makes_customers(real: Real) -> None:
    """As shipped, nobody without a subscription is a customer; with rules of their own many are."""
    own = any(r["object"] == "deals" for r in real.seen)
    assert real.accounts > 100
    assert (real.customers > 80) == own
    assert bool(real.quarantine) == own
