"""A sandbox that was just filled lays its large tables in files, and nobody can tell but by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from bench.tickets import DAY, rows
from cs_connector import registry
from cs_connector.demo.sandbox import Order, start
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.up import Sandbox

TICKETS = {
    "salesforce": "/services/data/v67.0/query?q=SELECT Id, Subject, Status FROM Case",
    "hubspot": "/crm/v3/objects/tickets?limit=100&properties=subject,hs_pipeline_stage",
    "zendesk": "/api/v2/tickets.json?page[size]=100",
}
FIRST = sales_id("500", 1)


def filled(crm, place=None):
    sandbox = Sandbox([(crm, registry.simulator(crm))], DAY, profile="unlimited")
    sandbox.world.clock.move(to=DAY + timedelta(minutes=20), running=False)
    sandbox.load(crm, rows(crm, 110))
    if place is not None:
        sandbox.snapshots.lay(place)
    sandbox.start()
    return sandbox


def asked(sandbox, crm, path=None, method="GET", body=None):
    block = sandbox.document()[crm]
    answer = requests.request(
        method,
        block["base_url"] + (path or TICKETS[crm]),
        headers={"Authorization": f"Bearer {block['access_token']}"},
        json=body,
        timeout=30,
    )
    return answer.text.replace(block["base_url"], "")


@pytest.mark.parametrize("crm", sorted(TICKETS))
def test_a_page_is_the_same_from_a_file_as_from_memory(crm, tmp_path):
    plain, laid = filled(crm), filled(crm, tmp_path)
    try:
        assert list(tmp_path.glob("*.pack")), "a table of 1,100 tickets is large"
        assert asked(laid, crm) == asked(plain, crm)
    finally:
        plain.stop()
        laid.stop()


def test_what_is_written_and_brought_back_is_seen_over_the_file(tmp_path):
    sandbox = filled("salesforce", tmp_path)
    path = f"/services/data/v67.0/sobjects/Case/{FIRST}"
    try:
        before = asked(sandbox, "salesforce")
        number = sandbox.snapshot()
        asked(sandbox, "salesforce", path, "PATCH", {"Subject": "Changed by hand"})
        assert "Changed by hand" in asked(sandbox, "salesforce")
        sandbox.restore(number)
        assert asked(sandbox, "salesforce") == before
    finally:
        sandbox.stop()


def test_the_files_go_with_the_sandbox(tmp_path):
    day = datetime(2026, 11, 20, tzinfo=UTC).date()
    running = start(Order(1, accounts=20, as_of=day, files=tmp_path / "files"), lambda _: None)
    scratch = running.scratch
    assert scratch is not None
    assert scratch.exists()
    running.stop()
    assert not scratch.exists()


def test_a_portal_laid_in_files_knows_its_contacts(tmp_path):
    """What a kind of record has of its own goes by what it is, not by which object of this process it is."""
    sandbox = filled("hubspot", tmp_path)
    body = {"properties": {"email": "taken@acme.example"}}
    try:
        asked(sandbox, "hubspot", "/crm/v3/objects/contacts", "POST", body)
        again = asked(sandbox, "hubspot", "/crm/v3/objects/contacts", "POST", body)
        assert '"category":"CONFLICT"' in again
    finally:
        sandbox.stop()
