"""Two connections of one vendor: their records bear the same ids, and are never mixed."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow]

PORTALS = ("hubspot", "hubspot_emea")


def test_records_of_two_portals_are_kept_apart(ran, sandbox, tmp_path):
    there = {p: {c["id"]: c["properties"]["name"] for c in sandbox.companies(p)} for p in PORTALS}
    shared = there["hubspot"].keys() & there["hubspot_emea"].keys()
    assert len(shared) >= 5, "the portals must share ids, or this test proves nothing"
    found = ran.export(tmp_path / "out")
    for portal in PORTALS:
        read = {r["id"] for r in found["records"] if (r["connection"], r["object"]) == (portal, "companies")}
        assert read == there[portal].keys()
    names = {a["account_id"]: a["name"] for a in found["account"]}
    of = {
        (k["connection"], k["record_id"]): names[k["entity_id"]]
        for k in found["links"]
        if k["entity"] == "account" and k["object"] == "companies"
    }
    differ = [i for i in shared if of["hubspot", i] != of["hubspot_emea", i]]
    assert len(differ) >= 5, "one id, two accounts"


def test_what_is_written_to_a_portal_is_about_its_own_company(ran, sandbox, done, tmp_path):
    found = ran.export(tmp_path / "out")
    belongs = {
        (k["connection"], k["record_id"], k["entity_id"])
        for k in found["links"]
        if k["object"] == "companies"
    }
    wrote = [e for e in done.ledger if e["crm"] in PORTALS]
    assert {e["crm"] for e in wrote} == set(PORTALS)
    for entry in wrote:
        assert (entry["crm"], entry["id"], entry["after"]["cs_key"]) in belongs
    pinned = {(c["id"], c["properties"]["cs_key"]) for c in sandbox.companies("hubspot_emea")}
    customers = {a["account_id"] for a in found["account"] if a["customer_status"]}
    assert {key for _, key in pinned if key} <= customers


def test_a_change_in_one_portal_is_a_change_in_one_portal(ran, sandbox):
    sandbox.advance("PT3M")
    ran.do("sync", "--json", code=None)
    shared = "9104000001"
    path = f"/crm/v3/objects/companies/{shared}"
    sandbox.call("hubspot_emea", "PATCH", path, json={"properties": {"name": "Alpenrose Inns"}})
    sandbox.advance("PT3M")
    lines = ran.do("sync", "--json", code=None).json["objects"]
    changed = {(x["connection"], x["object"]): x["changed"] for x in lines if x["changed"]}
    assert changed == {("hubspot_emea", "companies"): 1}
