"""The simulated Salesforce org: sessions, limits, records, collections, replication and orders."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org


@pytest.fixture
def org():
    return Org()


def test_a_session_ends_two_hours_after_its_last_use(org):
    org.pass_time(minutes=100)
    assert org.call("GET", "limits").status == 200
    org.pass_time(minutes=100)
    assert org.call("GET", "limits").status == 200
    org.pass_time(minutes=121)
    assert org.error("GET", "limits") == (401, "INVALID_SESSION_ID", "Session expired or invalid")


def test_the_private_key_is_only_for_its_owner(org):
    path = Path(org.sim.credentials()["private_key_file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")


def test_a_wrong_secret_gets_no_token(org):
    def ask(secret):
        login = org.sim.credentials()
        form = f"grant_type=client_credentials&client_id={login['client_id']}&client_secret={secret}"
        answer = org.sim.handle(Request("POST", "/services/oauth2/token", "", {}, form.encode()))
        return answer.status, json.loads(answer.body)

    status, body = ask("wrong")
    assert (status, body["error"]) == (401, "invalid_client")
    status, body = ask(org.sim.credentials()["client_secret"])
    assert status == 200
    assert body["instance_url"] == org.sim.credentials()["base_url"]


def test_every_answer_counts_against_the_day(org):
    org.sim.control({"daily_quota_left": 2})
    answers = [org.call("GET", "limits/") for _ in range(3)]
    assert [a.status for a in answers] == [200, 200, 403]
    assert answers[1].headers["Sforce-Limit-Info"] == "api-usage=150000/150000"
    assert json.loads(answers[2].body) == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]


def test_what_is_not_there_is_an_array_of_one_error(org):
    assert org.error("GET", "nope/") == (404, "NOT_FOUND", "The requested resource does not exist")
    assert org.error("GET", "sobjects/Nope__c/describe")[:2] == (404, "NOT_FOUND")


def test_a_record_lives_through_create_read_update_and_delete(org):
    made = org.call("POST", "sobjects/Account/", {"Name": "Aurora", "AnnualRevenue": "12.4"})
    record_id = json.loads(made.body)["id"]
    assert made.status == 201
    assert made.headers["Location"].endswith(record_id)
    row = org.get("GET", f"sobjects/Account/{record_id[:15]}")
    assert (row["Name"], row["AnnualRevenue"], row["CreatedDate"]) == (
        "Aurora",
        12.0,
        "2026-11-22T12:00:00.000+0000",
    )
    org.pass_time(seconds=30)
    assert org.call("PATCH", f"sobjects/Account/{record_id}", {"Name": "Borealis"}).status == 204
    row = org.get("GET", f"sobjects/Account/{record_id}", fields="Name,SystemModstamp")
    assert row["SystemModstamp"] == "2026-11-22T12:00:30.000+0000"
    assert org.call("DELETE", f"sobjects/Account/{record_id}").status == 204
    assert org.error("GET", f"sobjects/Account/{record_id}")[0] == 404
    assert org.error("PATCH", f"sobjects/Account/{record_id}", {"Name": "x"})[:2] == (
        404,
        "ENTITY_IS_DELETED",
    )
    assert org.names("") == []
    assert org.soql("SELECT Name FROM Account WHERE IsDeleted = true", "queryAll")["totalSize"] == 1
    assert [(e["crm"], e["action"], e["before"], e["after"]) for e in org.ledger.entries()] == [
        ("sales", "create", None, {"Name": "Aurora", "AnnualRevenue": 12.0}),
        ("sales", "update", {"Name": "Aurora"}, {"Name": "Borealis"}),
        ("sales", "delete", {"IsDeleted": False}, {"IsDeleted": True}),
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": "x", "CS_Band__c": "Blue"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Name": "x", "CS_Health_Score__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Name": "x", "CS_Health_Score__c": "many"}, "JSON_PARSER_ERROR"),
        ({"Name": "x", "Nope__c": 1}, "INVALID_FIELD"),
        ({"Name": "x", "CreatedDate": "2020-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x", "ParentId": "nope"}, "MALFORMED_ID"),
        ({"Name": "x", "ParentId": "003Kd0000000001AAA"}, "MALFORMED_ID"),
        ({"Name": "x", "ParentId": "001Kd0000000099"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Name": "x", "OwnerId": "001Kd0000000099"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Name": "x", "CS_Key__c": "TAKEN"}, "DUPLICATE_VALUE"),
    ],
)
def test_a_refused_record_says_which_rule_it_broke_and_changes_nothing(org, fields, code):
    org.create("Account", Name="There", CS_Key__c="taken")
    assert org.error("POST", "sobjects/Account", fields)[:2] == (400, code)
    assert org.names("") == ["There"]
    assert len(org.ledger) == 1


def test_upsert_creates_then_updates_then_refuses_to_choose(org):
    first = org.call("PATCH", "sobjects/Account/CS_Key__c/a%2Fb".replace("%2F", "/"), {"Name": "One"})
    again = org.call("PATCH", "sobjects/Account/cs_key__c/A/B", {"Name": "Two"})
    assert (first.status, again.status) == (201, 200)
    assert json.loads(again.body)["created"] is False
    assert org.names("") == ["Two"]
    for name in "xy":
        org.create("Account", Name=name, Code__c="same")
    several = org.call("PATCH", "sobjects/Account/Code__c/same", {"Name": "z"})
    assert several.status == 300
    assert len(json.loads(several.body)) == 2
    assert org.error("PATCH", "sobjects/Account/Name/x", {})[:2] == (404, "NOT_FOUND")
    assert org.error("PATCH", "sobjects/Account/CS_Key__c/k", {"CS_Key__c": "k"})[:2] == (
        400,
        "INVALID_FIELD",
    )


def records(*given):
    return [{"attributes": {"type": "Account"}, **g} for g in given]


def test_one_bad_record_does_not_stop_the_others(org):
    body = {"allOrNone": False, "records": records({"CS_Key__c": "a", "Name": "A"}, {"CS_Key__c": "b"})}
    good, bad = org.get("PATCH", "composite/sobjects/Account/CS_Key__c", body)
    assert (good["success"], good["created"]) == (True, True)
    assert bad == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }


def test_all_or_none_takes_everything_back(org):
    kept = org.create("Account", Name="Kept", CS_Key__c="a")
    body = {"allOrNone": True, "records": records({"CS_Key__c": "a", "Name": "Gone"}, {"CS_Key__c": "b"})}
    first, second = org.get("PATCH", "composite/sobjects/Account/CS_Key__c", body)
    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.get("GET", f"sobjects/Account/{kept}")["Name"] == "Kept"
    assert len(org.ledger) == 1


def test_collections_create_update_retrieve_and_delete(org):
    made = org.get("POST", "composite/sobjects", {"records": records({"Name": "A"}, {"Name": "B"})})
    ids = [m["id"] for m in made]
    changed = org.get("PATCH", "composite/sobjects", {"records": records({"id": ids[0], "Name": "AA"})})
    assert changed == [{"id": ids[0], "success": True, "errors": []}]
    read = org.get("GET", "composite/sobjects/Account", ids=f"{ids[0]},001000000000000AAA", fields="Name")
    assert (read[0]["Name"], read[1]) == ("AA", None)
    gone = org.get("DELETE", "composite/sobjects", ids=",".join(ids), allOrNone="true")
    assert [g["success"] for g in gone] == [True, True]
    assert org.names("") == []


def test_more_than_200_records_are_refused_whole(org):
    body = {"records": records(*[{"Name": "x"}] * 201)}
    assert org.error("POST", "composite/sobjects", body)[:2] == (400, "INVALID_BATCH_SIZE")
    assert len(org.ledger) == 0


def test_what_salesforce_works_out_itself(org):
    account = org.create("Account", Name="A")
    contact = org.create("Contact", LastName="Lind", FirstName="Ada", AccountId=account)
    assert org.get("GET", f"sobjects/Contact/{contact}")["Name"] == "Ada Lind"
    sub = org.create("Subscription__c", Account__c=account)
    assert org.get("GET", f"sobjects/Subscription__c/{sub}")["Name"] == "S-0001"
    for what in ({"WhatId": account}, {"WhatId": sub}, {"WhoId": contact}):
        task = org.get("GET", f"sobjects/Task/{org.create('Task', Subject='Call', **what)}")
        assert (task["AccountId"], task["Status"], task["IsClosed"]) == (account, "Not Started", False)
    case = org.create("Case", Status="Closed")
    assert org.get("GET", f"sobjects/Case/{case}")["ClosedDate"] == "2026-11-22T12:00:00.000+0000"
    deal = org.create("Opportunity", Name="D", StageName="Closed Won", CloseDate="2026-11-22")
    assert [org.get("GET", f"sobjects/Opportunity/{deal}")[f] for f in ("IsWon", "IsClosed")] == [True, True]


def test_survey_answers_cannot_be_written(org):
    assert org.error("POST", "sobjects/SurveyResponse", {})[1] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_pages_end_and_locators_expire(org):
    org.load("Account", *[{"Name": f"A{n:04}"} for n in range(4500)])
    sizes, page = [], org.soql("SELECT Name FROM Account ORDER BY Name")
    while True:
        sizes.append(len(page["records"]))
        if page["done"]:
            break
        path = page["nextRecordsUrl"].removeprefix("/services/data/v67.0/")
        page = org.get("GET", path)
    assert sizes == [2000, 2000, 500]
    assert page["totalSize"] == 4500
    small = org.call(
        "GET", "query", headers={"sforce-query-options": "batchSize=200"}, q="SELECT Id FROM Account"
    )
    assert len(json.loads(small.body)["records"]) == 200
    org.pass_time(hours=49)
    org.token = org.sim.credentials()["access_token"]
    assert org.error("GET", path)[:2] == (400, "INVALID_QUERY_LOCATOR")


def test_a_late_commit_is_seen_late_with_its_early_stamp(org):
    org.sim.control({"commit_lag_s": 300})
    record_id = org.create("Account", Name="Late")
    span = {"start": "2026-11-22T11:50:00Z", "end": "2026-11-22T12:10:00Z"}
    assert org.names("") == []
    assert org.get("GET", "sobjects/Account/updated/", **span) == {
        "ids": [],
        "latestDateCovered": "2026-11-22T11:55:00.000+0000",
    }
    org.pass_time(seconds=301)
    assert org.names("", "SystemModstamp") == ["2026-11-22T12:00:00.000+0000"]
    assert org.get("GET", "sobjects/Account/updated/", **span)["ids"] == [record_id]


def test_deleted_records_are_listed_with_their_time(org):
    record_id = org.create("Account", Name="A")
    org.call("DELETE", f"sobjects/Account/{record_id}")
    org.pass_time(minutes=2)
    found = org.get(
        "GET", "sobjects/Account/deleted", start="2026-11-22T11:00:00Z", end="2026-11-22T12:02:00Z"
    )
    assert found["deletedRecords"] == [{"id": record_id, "deletedDate": "2026-11-22T12:00:00.000+0000"}]
    assert org.error(
        "GET", "sobjects/Account/deleted", start="2026-01-01T00:00:00Z", end="2026-11-22T12:00:00Z"
    )[1] == ("INVALID_REPLICATION_DATE")


def test_orders_hide_records_remove_fields_and_change_types(org):
    org.load("Account", *[{"Name": f"A{n}", "CS_Health_Score__c": 50.0} for n in range(400)])
    org.sim.control({"hide": {"object": "Account", "share": 0.5}})
    assert 120 < len(org.names("")) < 280
    org.sim.control({"hide": {"object": "Account", "share": 0}})
    org.sim.control({"retype_field": {"object": "Account", "field": "CS_Health_Score__c", "type": "Text"}})
    assert org.names("LIMIT 1", "CS_Health_Score__c") == ["50"]
    org.sim.control({"remove_field": {"object": "Account", "field": "CS_Health_Score__c"}})
    assert org.error("GET", "query", q="SELECT CS_Health_Score__c FROM Account")[1] == "INVALID_FIELD"
    assert org.error("POST", "sobjects/Account", {"Name": "x", "CS_Health_Score__c": 1})[1] == "INVALID_FIELD"
    fields = org.get("GET", "sobjects/Account/describe")["fields"]
    assert "CS_Health_Score__c" not in {f["name"] for f in fields}


def test_a_snapshot_can_be_restored_again_and_again(org):
    record_id = org.create("Account", Name="A", CS_Key__c="k")
    kept = org.sim.snapshot()
    for _ in range(2):
        org.call("PATCH", f"sobjects/Account/{record_id}", {"Name": "B", "CS_Key__c": "other"})
        org.create("Account", Name="C", CS_Key__c="k")
        org.sim.restore(kept)
        assert org.names("") == ["A"]
        assert org.names("WHERE CS_Key__c = 'K'") == ["A"]


def test_a_formula_that_reaches_another_record_follows_it(org):
    contact = org.create("Contact", LastName="A", Email="old@x.example")
    path = f"sobjects/Case/{org.create('Case', Subject='Help', ContactId=contact)}"
    kept = org.sim.snapshot()
    for _ in range(2):
        assert org.get("GET", path)["ContactEmail"] == "old@x.example"
        org.call("PATCH", f"sobjects/Contact/{contact}", {"Email": "new@x.example"})
        assert org.get("GET", path)["ContactEmail"] == "new@x.example"
        org.sim.restore(kept)


def test_describe_tells_what_a_client_may_write(org):
    assert {"Account", "Subscription__c"} <= {o["name"] for o in org.get("GET", "sobjects")["sobjects"]}
    found = org.get("GET", "sobjects/account/describe")
    fields = {f["name"]: f for f in found["fields"]}
    assert (
        fields["CS_Key__c"]["externalId"]
        and fields["CS_Key__c"]["unique"]
        and fields["CS_Key__c"]["idLookup"]
    )
    assert [v["value"] for v in fields["CS_Band__c"]["picklistValues"]] == ["Green", "Yellow", "Red"]
    assert fields["Label__c"]["calculated"] and not fields["Label__c"]["createable"]
    children = {c["relationshipName"]: c for c in found["childRelationships"]}
    assert children["Subscriptions__r"]["childSObject"] == "Subscription__c"
    assert children["Contacts"]["field"] == "AccountId"


def test_a_parent_can_be_named_by_its_external_id(org):
    account = org.create("Account", Name="A", CS_Key__c="k1")
    contact = org.create("Contact", LastName="L", Account={"CS_Key__c": "K1"})
    assert org.get("GET", f"sobjects/Contact/{contact}")["AccountId"] == account
    assert (
        org.error("POST", "sobjects/Contact", {"LastName": "L", "Account": {"CS_Key__c": "no"}})[1]
        == "INVALID_FIELD"
    )


def composite(org, *, all_or_none, last):
    base = "/services/data/v67.0/sobjects"
    first = {"method": "POST", "url": f"{base}/Account", "referenceId": "a", "body": {"Name": "Group"}}
    second = {"method": "POST", "url": f"{base}/Account", "referenceId": "b", "body": last}
    body = {"allOrNone": all_or_none, "compositeRequest": [first, second]}
    return org.get("POST", "composite/", body)["compositeResponse"]


def test_a_composite_request_can_use_what_an_earlier_part_made(org):
    first, second = composite(org, all_or_none=False, last={"Name": "Part", "ParentId": "@{a.id}"})
    assert (first["httpStatusCode"], second["httpStatusCode"]) == (201, 201)
    assert org.names("WHERE Parent.Name = 'Group'") == ["Part"]


def test_a_composite_request_of_all_or_none_leaves_nothing_behind(org):
    first, second = composite(org, all_or_none=True, last={})
    assert first["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert second["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.names("") == []
    assert len(org.ledger) == 0


def bulk(org, operation, text, **more):
    job = org.get("POST", "jobs/ingest", {"object": "Account", "operation": operation, **more})
    assert job["state"] == "Open"
    assert org.call("PUT", f"jobs/ingest/{job['id']}/batches/", text.encode()).status == 201
    assert (
        org.get("PATCH", f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})["state"] == "UploadComplete"
    )
    return job["id"]


def test_a_bulk_job_goes_on_from_look_to_look(org):
    account = org.create("Account", Name="A", Industry="Media", Phone="1", CS_Key__c="k")
    text = 'CS_Key__c,Industry,Phone\n"k",#N/A,\n"",Media,2\n'
    job = bulk(org, "upsert", text, externalIdFieldName="CS_Key__c")
    states = [org.get("GET", f"jobs/ingest/{job}")["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    row = org.get("GET", f"sobjects/Account/{account}")
    assert (row["Industry"], row["Phone"]) == (None, "1")
    failed = org.call("GET", f"jobs/ingest/{job}/failedResults/").body.decode().splitlines()
    assert failed[0] == '"sf__Id","sf__Error","CS_Key__c","Industry","Phone"'
    assert failed[1].startswith('"","MISSING_ARGUMENT:')


def test_a_bulk_job_with_an_unknown_column_fails_whole(org):
    job = bulk(org, "insert", "Name,Nope__c\nA,1\n")
    org.pass_time(seconds=11)
    found = org.get("GET", f"jobs/ingest/{job}")
    assert (found["state"], found["errorMessage"]) == (
        "Failed",
        "InvalidBatch : Field name not found : Nope__c",
    )
    assert org.call("GET", f"jobs/ingest/{job}/unprocessedrecords/").body == b'"Name","Nope__c"\n"A","1"\n'
    assert org.names("") == []


def test_bulk_results_need_a_finished_job_and_its_version(org):
    job = org.get("POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"})["id"]
    assert org.error("GET", f"jobs/query/{job}/results")[1] == "JOB_NOT_COMPLETE"
    org.pass_time(seconds=11)
    assert org.get("GET", f"jobs/query/{job}")["state"] == "JobComplete"
    answer = org.call("GET", f"jobs/query/{job}/results")
    assert answer.body == b'"Id"\n'
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "0")
    assert org.error("GET", f"jobs/query/{job[:-1]}X/results")[0] == 404


def test_deleting_an_account_takes_its_contacts_along(org):
    account = org.create("Account", Name="A")
    org.create("Contact", LastName="L", AccountId=account)
    org.call("DELETE", f"sobjects/Account/{account}")
    assert org.names("", "LastName", "Contact") == []
