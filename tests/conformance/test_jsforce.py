"""jsforce, unmodified, over http."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from .node_child import NodeChild, NodeFailed
from .stage import MANY, Crms

CLIENT = "jsforce"
Call = Callable[..., Any]
PAGES = "SELECT Id FROM Account WHERE Name LIKE 'Page %'"


@pytest.fixture
def call(node: NodeChild, crms: Crms) -> Call:
    return lambda name, /, **args: node.call("jsforce", name, login=crms.salesforce, **args)


def test_log_in_by_client_credentials(call: Call, crms: Crms) -> None:
    found = call("clientCredentials")
    assert found["user"]["organizationId"] == crms.salesforce["org_id"]
    assert found["found"] == 1


def test_log_in_by_jwt(call: Call, crms: Crms) -> None:
    login = crms.salesforce
    ends = datetime.now(UTC) + timedelta(minutes=3)  # noqa: TID251
    claims = {"iss": login["client_id"], "sub": login["username"], "aud": login["audience"], "exp": ends}
    assertion = jwt.encode(claims, Path(login["private_key_file"]).read_text(), "RS256")
    assert call("jwt", assertion=assertion)["organizationId"] == login["org_id"]


def test_versions(call: Call) -> None:
    assert {"60.0", "67.0"} <= {v["version"] for v in call("versions")}


def test_identity(call: Call, crms: Crms) -> None:
    found = call("identity")
    assert (found["organization_id"], found["username"]) == (
        crms.salesforce["org_id"],
        crms.salesforce["username"],
    )


def test_describe_global(call: Call) -> None:
    assert {"Account", "Subscription__c"} <= set(call("describeGlobal"))


def test_describe(call: Call) -> None:
    found = call("describe", object="Subscription__c")
    assert found["Account__c"] == "reference"
    assert found["Renewal_Date__c"] == "date"


def test_query_more(call: Call) -> None:
    assert call("queryMore", soql=PAGES) == {"total": MANY, "sizes": [2_000, MANY - 2_000]}


def test_query_in_small_pages(call: Call) -> None:
    assert call("autoFetch", soql=PAGES) == MANY


def test_query_with_parents_and_children(call: Call) -> None:
    soql = (
        "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Aurora Freight'"
    )
    (found,) = call("query", soql=soql)
    assert found["Owner"]["Name"]
    assert len(found["Contacts"]["records"]) == found["Contacts"]["totalSize"] > 0


def test_query_groups(call: Call) -> None:
    found = call("query", soql="SELECT Status, COUNT(Id) n FROM Case GROUP BY Status ORDER BY COUNT(Id) DESC")
    assert len(found) > 1
    assert found[0]["n"] >= found[-1]["n"]


def test_find_and_count(call: Call) -> None:
    found = call(
        "find",
        object="Account",
        where={"Name": {"$like": "Page 00%"}},
        fields=["Id", "Name"],
        sort={"Name": -1},
        limit=3,
    )
    assert [r["Name"] for r in found] == ["Page 0099", "Page 0098", "Page 0097"]
    assert call("count", object="Account", where={"Name": {"$like": "Page %"}}) == MANY


def test_a_malformed_query(call: Call) -> None:
    with pytest.raises(NodeFailed) as refused:
        call("query", soql="SELECT FROM Account")
    assert refused.value.code == "MALFORMED_QUERY"


def test_create_retrieve_update_destroy_many(call: Call, crms: Crms) -> None:
    done = crms.watch("salesforce", "Account")
    made = call("create", object="Account", records=[{"Name": f"Js {n}"} for n in range(205)])
    assert all(r["success"] for r in made)
    ids = [r["id"] for r in made]
    assert [r["Name"] for r in call("retrieve", object="Account", ids=ids[:3])] == ["Js 0", "Js 1", "Js 2"]
    updated = call("update", object="Account", records=[{"Id": i, "Industry": "Media"} for i in ids[:3]])
    assert all(r["success"] for r in updated)
    assert all(r["success"] for r in call("destroy", object="Account", ids=ids))
    assert [e["action"] for e in done()] == ["create"] * 205 + ["update"] * 3 + ["delete"] * 205


def test_one_bad_record_among_good_ones(call: Call) -> None:
    good, bad = call("create", object="Account", records=[{"Name": "Js good"}, {"Industry": "Media"}])
    assert (good["success"], bad["success"]) == (True, False)
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    rolled, _ = call("create", object="Account", records=[{"Name": "Js no"}, {}], allOrNone=True)
    assert rolled["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"


def test_upsert_many(call: Call, crms: Crms) -> None:
    done = crms.watch("salesforce", "Task")
    first = [{"CS_Key__c": f"js-{n}", "Subject": "One"} for n in range(3)]
    assert [r["created"] for r in call("upsert", object="Task", records=first, key="CS_Key__c")] == [True] * 3
    again = [{"CS_Key__c": f"js-{n}", "Subject": "Two"} for n in range(2, 4)]
    assert [r["created"] for r in call("upsert", object="Task", records=again, key="CS_Key__c")] == [
        False,
        True,
    ]
    assert [e["action"] for e in done()] == ["create"] * 3 + ["update", "create"]


def test_upsert_one(call: Call) -> None:
    one = {"CS_Key__c": "js-one", "Subject": "One"}
    assert call("upsert", object="Task", records=one, key="CS_Key__c")["created"] is True
    assert call("upsert", object="Task", records=one, key="CS_Key__c")["created"] is False


def test_updated_and_deleted_lists(call: Call) -> None:
    now = datetime.now(UTC)  # noqa: TID251
    span = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(minutes=2)).isoformat()}
    kept, gone = (
        r["id"] for r in call("create", object="Account", records=[{"Name": "Js a"}, {"Name": "Js b"}])
    )
    call("destroy", object="Account", ids=[gone])
    assert kept in call("updated", object="Account", **span)["ids"]
    assert gone in {r["id"] for r in call("deleted", object="Account", **span)["deletedRecords"]}


def test_limits(call: Call) -> None:
    found = call("limits")
    assert found["limits"]["DailyApiRequests"]["Max"] == found["info"]["apiUsage"]["limit"] == 150_000


def test_composite(call: Call, crms: Crms) -> None:
    done = crms.watch("salesforce", "Contact")
    base = "/services/data/v67.0/sobjects"
    requests = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "a", "body": {"Name": "Js C"}},
        {
            "method": "POST",
            "url": f"{base}/Contact",
            "referenceId": "c",
            "body": {"LastName": "J", "AccountId": "@{a.id}"},
        },
    ]
    found = call("composite", allOrNone=True, requests=requests)["compositeResponse"]
    assert [part["httpStatusCode"] for part in found] == [201, 201]
    assert done()[0]["after"]["AccountId"] == found[0]["body"]["id"]


def test_bulk_upsert(call: Call, crms: Crms) -> None:
    done = crms.watch("salesforce", "Task")
    records = [{"CS_Key__c": f"js-bulk{n}", "Subject": f'Bulk {n}, "quoted"'} for n in range(20)]
    records.append({"CS_Key__c": "js-bulk-bad", "Subject": "x" * 300})
    found = call(
        "bulkIngest", object="Task", operation="upsert", externalIdFieldName="CS_Key__c", records=records
    )
    assert found["info"]["numberRecordsFailed"] == len(found["failedResults"]) == 1
    assert found["failedResults"][0]["sf__Error"].startswith("STRING_TOO_LONG:")
    assert {r["sf__Created"] for r in found["successfulResults"]} == {"true"}
    assert {e["after"]["Subject"] for e in done()} == {r["Subject"] for r in records[:-1]}


def test_bulk_query(call: Call) -> None:
    """One page: with more, this client ends its own stream too early, whatever answers."""
    found = call("bulkQuery", soql="SELECT Id, Name FROM Account WHERE Name LIKE 'Page 0%' ORDER BY Name")
    assert [r["Name"] for r in found] == [f"Page {n:04}" for n in range(1_000)]


def test_metadata_of_a_field(call: Call) -> None:
    field = {"fullName": "Account.Js_Note__c", "label": "Js note", "type": "Text", "length": 40}
    assert call("metadataCreate", type="CustomField", metadata=[field])[0]["success"] is True
    assert call("metadataRead", type="CustomField", names=["Account.Js_Note__c"])[0]["label"] == "Js note"
    assert call("metadataDelete", type="CustomField", names=["Account.Js_Note__c"])[0]["success"] is True


def test_metadata_of_an_object(call: Call) -> None:
    thing = {
        "fullName": "Js_Thing__c", "label": "Js thing", "pluralLabel": "Js things", "deploymentStatus": "Deployed",
        "sharingModel": "ReadWrite", "nameField": {"type": "Text", "label": "Name"},
    }  # fmt: skip
    assert call("metadataCreate", type="CustomObject", metadata=[thing])[0]["success"] is True
    assert "Js_Thing__c" in {found["fullName"] for found in call("metadataList", type="CustomObject")}
    assert call("metadataDelete", type="CustomObject", names=["Js_Thing__c"])[0]["success"] is True


def test_merge_and_undelete(call: Call, crms: Crms) -> None:
    made = call("create", object="Account", records=[{"Name": f"Js merge {n}"} for n in range(3)])
    kept, lost, gone = (r["id"] for r in made)
    assert call("merge", object="Account", master=kept, losers=[lost])["success"] in (True, "true")
    assert call("query", soql=f"SELECT Id FROM Account WHERE Id = '{lost}'") == []
    call("destroy", object="Account", ids=[gone])
    call("undelete", ids=[gone])
    assert len(call("query", soql=f"SELECT Id FROM Account WHERE Id = '{gone}'")) == 1


def test_a_tree_of_records(call: Call, crms: Crms) -> None:
    done = crms.watch("salesforce", "Contact")
    contact = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Js branch"}
    root = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Js root",
        "Contacts": {"records": [contact]},
    }
    found = call("tree", object="Account", records=[root])
    assert found["hasErrors"] is False
    ids = {r["referenceId"]: r["id"] for r in found["results"]}
    assert [(e["id"], e["after"]["AccountId"]) for e in done()] == [(ids["c"], ids["a"])]


def test_a_dead_session(node: NodeChild, crms: Crms) -> None:
    login = {**crms.salesforce, "access_token": "00DKd0000000001!nobody"}
    with pytest.raises(NodeFailed) as refused:
        node.call("jsforce", "query", login=login, soql="SELECT Id FROM Account LIMIT 1")
    assert refused.value.code == "INVALID_SESSION_ID"
