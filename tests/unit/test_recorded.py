"""Recorded answers become records as the simulated CRMs hold them; the exchanges here are made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cs_connector.demo import sandbox
from cs_connector.errors import UsageError
from cs_connector.registry import find

ACCOUNT, OTHER = "0015g00000AbCdEAAV", "0015g00000AbCdFAAV"
SOBJECTS = "/services/data/v42.0"


def said(method: str, path: str, sent: object, answer: object, status: int = 200) -> dict[str, Any]:
    return {
        "method": method, "path": path, "query": {}, "request_body": sent, "status": status, "headers": {},
        "response_body": answer,
    }  # fmt: skip


def keep(folder: Path, **exchanges: list[dict[str, Any]]) -> Path:
    (folder / "recorded").mkdir()
    for crm in ("salesforce", "hubspot", "zendesk"):
        lines = (json.dumps(one) for one in exchanges.get(crm, ()))
        (folder / "recorded" / f"{crm}.jsonl").write_text("\n".join(lines))
    return folder


def rows(folder: Path, crm: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Every record by object and id, once a sandbox took all of them."""
    sandbox.start(sandbox.Order(1, as_of=date(2026, 11, 25), recorded=folder), lambda _: None).stop()
    _, found = find("seeders", crm).recorded(folder)
    return {(r.object, str(r.record.get("Id") or r.record["id"])): r.record for r in found}


def test_salesforce_records_are_what_was_accepted_and_last_shown(tmp_path: Path) -> None:
    kind = {"type": "Account"}
    sent = [{"Name": "One", "attributes": kind}, {"Name": "Two", "mail__c": "x", "attributes": kind}]
    answer = [{"id": ACCOUNT, "success": True}, {"id": OTHER, "success": False, "errors": []}]
    url = f"{SOBJECTS}/sobjects/Account/{ACCOUNT}"
    shown = {"attributes": {**kind, "url": url}, "Level__c": 3, "Name": "Uno"}
    exchanges = [
        said("POST", f"{SOBJECTS}/composite/sobjects", {"records": sent}, answer),
        said("GET", url, None, shown),
        said("GET", url, None, [{"errorCode": "NOT_FOUND", "message": "gone"}], 404),
        said("POST", f"{SOBJECTS}/sobjects/Campaign", {"Name": "Spring"}, {"id": "7015g0000AbCdEF", "success": True}),
    ]  # fmt: skip
    found = rows(keep(tmp_path, salesforce=exchanges), "salesforce")
    assert found["Account", ACCOUNT] == {"Id": ACCOUNT, "Name": "Uno", "Level__c": 3}
    assert {name for name, _ in found} == {"Account", "Campaign"}
    assert ("Account", OTHER) not in found


def test_references_of_a_tree_import_become_ids(tmp_path: Path) -> None:
    trees = keep(tmp_path) / "sf_ebikes"
    trees.mkdir()
    plan = [{"sobject": name, "files": [f"{name}.json"]} for name in ("Family__c", "Bike__c")]
    (trees / "plan.json").write_text(json.dumps(plan))
    for name, ref, more in (("Family__c", "F1", {}), ("Bike__c", "B1", {"Family__c": "@F1"})):
        record = {"attributes": {"type": name, "referenceId": ref}, "Name": ref, **more}
        (trees / f"{name}.json").write_text(json.dumps({"records": [record]}))
    found = {name: record for (name, _), record in rows(tmp_path, "salesforce").items()}
    assert found["Bike__c"]["Family__c"] == found["Family__c"]["Id"]


def test_hubspot_keeps_odd_texts_and_drops_links_to_nothing(tmp_path: Path) -> None:
    contact = {
        "vid": 7,
        "properties": {"email": {"value": "a@x.example"}, "associatedcompanyid": {"value": "9"}},
    }
    custom = {
        "id": "5",
        "properties": {"own": "1"},
        "createdAt": "2022-02-17T18:54:22.300Z",
        "updatedAt": "2022-02-17T18:54:22.300Z",
    }
    exchanges = [
        said("GET", "/contacts/v1/contact/email/a@x.example/profile", None, contact),
        said("POST", "/crm/v3/objects/2-77/search", {}, {"total": 1, "results": [custom]}),
        said("POST", "/crm/v3/objects/2-77/search", {}, {"category": "RATE_LIMITS"}, 429),
    ]  # fmt: skip
    seeds = keep(tmp_path, hubspot=exchanges) / "fivetran_hubspot"
    seeds.mkdir()
    head = "id,is_deleted,property_createdate,property_name,property_odd-name\n"
    (seeds / "company_data.csv").write_text(
        head + "3,false,2019-07-05 2:35:26,Acme,\n4,TRUE,2019-07-05 2:35:26,Gone,1\n"
    )
    found = rows(tmp_path, "hubspot")
    assert "associatedcompanyid" not in found["contacts", "7"]["properties"]
    company = found["companies", "3"]
    assert company["properties"]["createdate"] == "2019-07-05 2:35:26"
    assert company["properties"]["odd-name"] == ""
    assert company["updatedAt"] == "2019-07-05T02:35:26Z"
    assert found["companies", "4"]["archived"] is True
    assert ("2-77", "5") in found


def test_an_archived_company_is_in_the_recycle_bin(tmp_path: Path) -> None:
    seeds = keep(tmp_path) / "fivetran_hubspot"
    seeds.mkdir()
    (seeds / "company_data.csv").write_text("id,is_deleted,property_createdate\n4,true,2019-07-05 02:35:26\n")
    running = sandbox.start(sandbox.Order(1, as_of=date(2026, 11, 25), recorded=tmp_path), lambda _: None)
    try:
        portal: Any = running.sandbox.simulators["hubspot"]
        shelf = portal._state.shelf("companies")
        assert list(shelf.bin) == [4]
        assert not shelf.live
    finally:
        running.stop()


def test_zendesk_rows_have_the_types_of_the_wire(tmp_path: Path) -> None:
    users = {"users": [{"id": 8, "name": "Ann", "user_fields": {"own": "x"}}], "count": 1}
    seeds = (
        keep(tmp_path, zendesk=[said("GET", "/api/v2/users/search.json", None, users)]) / "fivetran_zendesk"
    )
    seeds.mkdir()
    (seeds / "user_data.csv").write_text("id,active,name,organization_id,external_id\n9,FALSE,Bo,,\n")
    (seeds / "domain_name_data.csv").write_text(
        "index,organization_id,domain_name\n0,5,x.example\n1,5,y.example\n"
    )
    found = rows(tmp_path, "zendesk")
    wanted = {"id": 9, "active": False, "name": "Bo", "organization_id": None, "external_id": "", "tags": []}
    assert found["users", "9"] == wanted
    assert found["organizations", "5"]["domain_names"] == ["x.example", "y.example"]
    assert ("users", "8") in found


def test_a_folder_without_exchanges_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        sandbox.start(sandbox.Order(1, recorded=tmp_path), lambda _: None)
