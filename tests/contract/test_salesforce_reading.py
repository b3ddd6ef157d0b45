"""Reading from the simulated Salesforce org: pages, bulk queries, limits, versions, and what it does not simulate."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org

DATA = "/services/data/v67.0/"


@pytest.fixture
def org():
    return Org()


def pages(org, text, name="query", batch=None):
    headers = {"sforce-query-options": f"batchSize={batch}"} if batch else None
    page = json.loads(org.call("GET", name, headers=headers, q=text).body)
    yield page
    while not page["done"]:
        page = json.loads(org.call("GET", page["nextRecordsUrl"].removeprefix(DATA), headers=headers).body)
        yield page


def ask(org, method, path, headers=None, body=b""):
    sent = {"authorization": f"Bearer {org.token}", **(headers or {})}
    return org.sim.handle(Request(method, path, "", sent, body))


def test_later_pages_show_what_records_hold_by_then(org):
    org.load("Account", *[{"Name": f"A{n:03}"} for n in range(600)])
    org.load("Account", {"Name": "B", "ParentId": org.names("LIMIT 1", "Id")[0]})
    text = "SELECT Id, Name, (SELECT Name FROM ChildAccounts) FROM Account ORDER BY Name"
    reading = pages(org, text, batch=200)
    first = next(reading)
    last = org.names("WHERE Name IN ('A598', 'A599') ORDER BY Name", "Id")
    org.call("PATCH", f"sobjects/Account/{last[0]}", {"Name": "AAA"})
    org.call("DELETE", f"sobjects/Account/{last[1]}")
    found = [*first["records"], *(r for page in reading for r in page["records"])]
    assert (first["totalSize"], len(found)) == (601, 600)
    assert [r["Name"] for r in found if r["Id"] in last] == ["AAA"]
    assert [len(r["ChildAccounts"]["records"]) for r in found if r["ChildAccounts"]] == [1]


def test_the_children_of_one_record_have_pages_of_their_own(org):
    one, two = (org.create("Account", Name=name) for name in ("One", "Two"))
    org.load("Contact", *[{"LastName": f"C{n:03}", "AccountId": one} for n in range(450)])
    org.load("Contact", {"LastName": "D", "AccountId": two})
    text = "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account ORDER BY Name"
    first, second = list(pages(org, text, batch=200))
    (parent,) = first["records"]
    children = parent["Contacts"]
    names = [c["LastName"] for c in children["records"]]
    while not children["done"]:
        children = org.get("GET", children["nextRecordsUrl"].removeprefix(DATA))
        names += [c["LastName"] for c in children["records"]]
    assert names == [f"C{n:03}" for n in range(450)]
    assert second["records"][0]["Contacts"]["done"]


def test_long_texts_make_small_pages():
    org = Org()
    fields = [{"name": f"Text{n}__c", "type": "LongText", "label": "T", "length": 32000} for n in (1, 2)]
    org.sim.install({"Account": {"fields": fields}})
    org.load("Account", *[{"Name": f"A{n}"} for n in range(300)])
    assert len(org.soql("SELECT Text1__c, Name FROM Account")["records"]) == 300
    assert len(org.soql("SELECT Text1__c, Text2__c FROM Account")["records"]) == 200


def test_an_unknown_locator_is_refused(org):
    assert org.error("GET", "query/01gKd0000000001IAA-2000")[:2] == (400, "INVALID_QUERY_LOCATOR")


def test_groups_have_one_page_only():
    org = Org(profile="small")
    org.load("Account", *[{"Name": f"A{n}"} for n in range(25)])
    grouped = "SELECT Name, COUNT(Id) FROM Account GROUP BY Name"
    assert org.error("GET", "query", q=grouped)[1] == "EXCEEDED_ID_LIMIT"
    assert org.soql(f"{grouped} LIMIT 20")["totalSize"] == 20


def test_the_columns_of_a_query_are_told_as_the_command_line_reads_them(org):
    def columns(text):
        answer = org.get("GET", "query", q=text, columns="true")
        return answer, {c["columnName"]: c for c in answer["columnMetadata"]}

    answer, found = columns(
        "SELECT Id, AnnualRevenue, Owner.Manager.Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account"
    )
    assert (answer["entityName"], answer["keyPrefix"], answer["idSelected"]) == ("Account", "001", True)
    assert list(found) == ["Id", "AnnualRevenue", "Owner", "Contacts"]
    assert found["AnnualRevenue"]["numberType"]
    assert [c["columnName"] for c in found["Owner"]["joinColumns"]] == ["Manager", "Name"]
    assert (found["Contacts"]["aggregate"], found["Contacts"]["joinColumns"][0]["columnName"]) == (
        True,
        "LastName",
    )
    _, found = columns("SELECT Type, COUNT(Id), MAX(AnnualRevenue) top FROM Account GROUP BY Type")
    assert [(c["columnName"], c["displayName"], c["aggregate"]) for c in found.values()] == [
        ("Type", "Type", False),
        ("expr0", "COUNT(Id)", True),
        ("top", "MAX(AnnualRevenue)", True),
    ]


def export(org, query, operation="query", **more):
    return org.get("POST", "jobs/query", {"operation": operation, "query": query, **more})["id"]


def test_a_bulk_query_goes_on_from_look_to_look_and_is_read_by_locators(org):
    org.load("Account", *[{"Name": f'A{n}, "x"', "CreatedDate": "2026-01-02T03:04:05Z"} for n in range(5)])
    job = export(
        org,
        "SELECT Name, CreatedDate, Owner.Name FROM Account ORDER BY Name",
        columnDelimiter="PIPE",
        lineEnding="CRLF",
    )
    status, code, message = org.error("GET", f"jobs/query/{job}/results")
    assert (status, code) == (412, "JOB_NOT_COMPLETE")
    assert message.endswith("Current status: UPLOAD_COMPLETE")
    looks = [org.get("GET", f"jobs/query/{job}") for _ in range(2)]
    assert [look["state"] for look in looks] == ["InProgress", "JobComplete"]
    assert (looks[1]["numberRecordsProcessed"], looks[1]["jobType"], looks[1]["object"]) == (
        5,
        "V2Query",
        "Account",
    )
    first = org.call("GET", f"jobs/query/{job}/results", maxRecords="3")
    assert first.body == (
        b'"Name"|"CreatedDate"|"Owner.Name"\r\n'
        b'"A0, ""x"""|"2026-01-02T03:04:05.000Z"|""\r\n'
        b'"A1, ""x"""|"2026-01-02T03:04:05.000Z"|""\r\n'
        b'"A2, ""x"""|"2026-01-02T03:04:05.000Z"|""\r\n'
    )
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    rest = org.call("GET", f"jobs/query/{job}/results", locator=first.headers["Sforce-Locator"])
    assert (rest.headers["Sforce-NumberOfRecords"], rest.headers["Sforce-Locator"]) == ("2", "null")
    other = ask(org, "GET", f"/services/data/v66.0/jobs/query/{job}/results")
    assert other.status == 409
    assert org.call("DELETE", f"jobs/query/{job}").status == 204
    assert org.error("GET", f"jobs/query/{job}")[0] == 404


def test_a_bulk_query_can_be_aborted_and_can_fail(org):
    job = export(org, "SELECT Id FROM Account")
    assert org.get("PATCH", f"jobs/query/{job}", {"state": "Aborted"})["state"] == "Aborted"
    assert org.error("PATCH", f"jobs/query/{job}", {"state": "Aborted"})[1] == "INVALIDJOBSTATE"
    assert org.error("GET", f"jobs/query/{job}/results")[:2] == (412, "JOB_NOT_COMPLETE")
    job = export(org, "SELECT CS_Band__c FROM Account")
    org.sim.control({"remove_field": {"object": "Account", "field": "CS_Band__c"}})
    org.pass_time(seconds=11)
    failed = org.get("GET", f"jobs/query/{job}")
    assert failed["state"] == "Failed"
    assert "No such column 'CS_Band__c'" in failed["errorMessage"]


def test_time_alone_finishes_a_bulk_query_and_forgets_it(org):
    job = export(org, "SELECT Id FROM Account", "queryAll")
    org.pass_time(seconds=11)
    assert org.call("GET", f"jobs/query/{job}/results").body == b'"Id"\n'
    org.pass_time(days=8)
    org.token = org.sim.credentials()["access_token"]
    assert org.error("GET", f"jobs/query/{job}")[0] == 404


@pytest.mark.parametrize(
    ("query", "code", "hint"),
    [
        ("SELECT COUNT(Id) FROM Account", "API_ERROR", "Aggregate"),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "API_ERROR",
            "Aggregate Relationships not supported",
        ),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 1", "API_ERROR", "OFFSET"),
        ("SELECT TYPEOF What WHEN Account THEN Name END FROM Task", "API_ERROR", "TYPEOF"),
        ("SELECT BillingAddress FROM Account", "FUNCTIONALITY_NOT_ENABLED", "compound data"),
        ("SELECT FIELDS(ALL) FROM Account LIMIT 10", "MALFORMED_QUERY", "unbounded set of fields"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "is not supported"),
    ],
)
def test_what_bulk_does_not_query_is_refused_at_once(org, query, code, hint):
    status, found, message = org.error("POST", "jobs/query", {"operation": "query", "query": query})
    assert (status, found) == (400, code)
    assert hint in message


def test_bulk_jobs_are_listed_by_the_page_and_counted():
    org = Org(profile="small")
    for _ in range(12):
        export(org, "SELECT Id FROM Account")
    first = org.get("GET", "jobs/query")
    assert (len(first["records"]), first["done"]) == (10, False)
    locator = first["nextRecordsUrl"].partition("queryLocator=")[2]
    second = org.get("GET", "jobs/query", queryLocator=locator)
    assert (len(second["records"]), second["done"], second["nextRecordsUrl"]) == (2, True, None)
    left = org.get("GET", "limits")["DailyBulkV2QueryJobs"]
    assert left == {"Max": 100, "Remaining": 88}
    for _ in range(88):
        export(org, "SELECT Id FROM Account")
    status, code, message = org.error(
        "POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"}
    )
    assert (status, code) == (400, "LIMIT_EXCEEDED")
    assert message == "Max bulk v2 query jobs (100) per 24 hrs has been reached (101)"


def used(answer):
    return int(answer.headers["Sforce-Limit-Info"].partition("=")[2].partition("/")[0])


def test_what_a_run_costs_can_be_counted(org):
    before = used(org.call("GET", "limits"))
    parts = [{"method": "GET", "url": f"{DATA}limits", "referenceId": f"r{n}"} for n in range(5)]
    org.call("POST", "composite", {"compositeRequest": parts})
    job = export(org, "SELECT Id FROM Account")
    for _ in range(2):
        org.call("GET", f"jobs/query/{job}")
    answer = org.call("GET", "limits")
    assert used(answer) - before == 5
    assert json.loads(answer.body)["DailyApiRequests"]["Remaining"] == 150_000 - used(answer)


def test_calls_come_back_24_hours_after_they_were_made(org):
    org.sim.control({"daily_quota_left": 1})
    org.pass_time(minutes=70)
    assert org.call("GET", "limits").status == 200
    assert org.error("GET", "limits") == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.pass_time(hours=23)
    org.token = org.sim.credentials()["access_token"]
    answer = org.call("GET", "limits")
    assert (answer.status, used(answer)) == (200, 2)


def test_versions_are_pinned_by_the_request(org):
    listed = json.loads(ask(org, "GET", "/services/data").body)
    assert [v["version"] for v in listed][-8:] == [f"{n}.0" for n in range(60, 68)]
    answers = [ask(org, "GET", f"/services/data/{v}/limits") for v in ("v60.0", "v30.0", "v68.0", "67.0")]
    assert [a.status for a in answers] == [200, 410, 404, 404]
    root = json.loads(ask(org, "GET", "/services/data/v61.0/").body)
    assert root["query"] == "/services/data/v61.0/query"
    text = "SELECT Name, (SELECT LastName, (SELECT Subject FROM Cases) FROM Contacts) FROM Account"
    assert org.call("GET", "query", q=text).status == 200
    old = org.sim.handle(
        Request(
            "GET",
            "/services/data/v57.0/query",
            urlencode({"q": text}),
            {"authorization": f"Bearer {org.token}"},
            b"",
        )
    )
    assert json.loads(old.body)[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    "path",
    [
        "analytics/reports",
        "chatter/users/me",
        "process/rules",
        "ui-api/records/001",
        "search",
        "support",
        "appMenu",
        "knowledgeManagement/settings",
        "jobs/dataexport",
        "actions/standard",
        "sobjects/relevantItems",
        "sobjects/Account/listviews",
        "sobjects/Account/quickActions/x/describe",
        "sobjects/Account/describe/layouts",
        "sobjects/Case/suggestedArticles",
        "sobjects/Case/500000000000001AAA/suggestedArticles",
        "sobjects/User/005000000000001AAA/password",
        "sobjects/Account/001000000000001AAA/richTextImageFields/Note__c/x",
    ],
)
def test_what_a_real_org_has_besides_answers_501(org, path):
    status, code, message = org.error("GET", path)
    assert (status, code) == (501, "NOT_IMPLEMENTED")
    assert message.endswith(" is not simulated.")


def test_the_first_bulk_api_refuses_in_its_own_form(org):
    answer = ask(org, "POST", "/services/async/67.0/job", {"content-type": "application/xml"})
    assert (answer.status, answer.headers["Content-Type"]) == (501, "application/xml")
    assert b"<exceptionCode>FeatureNotEnabled</exceptionCode>" in answer.body
    answer = ask(org, "POST", "/services/async/67.0/job", {"content-type": "application/json"})
    assert json.loads(answer.body)["exceptionCode"] == "FeatureNotEnabled"


def test_an_oversize_head_is_refused(org):
    long = org.call("GET", "query", q="SELECT Id FROM Account WHERE Name = '" + "x" * 17_000 + "'")
    assert (long.status, json.loads(long.body)[0]["errorCode"]) == (414, "URI_TOO_LONG")
    heavy = org.call("GET", "limits", headers={"x-heavy": "x" * 17_000})
    assert heavy.status == 431


def test_only_reading_methods_read(org):
    assert org.error("POST", "query", {})[:2] == (405, "METHOD_NOT_ALLOWED")
    assert org.error("PUT", "limits", {})[:2] == (405, "METHOD_NOT_ALLOWED")
    assert org.error("PUT", "jobs/query", {})[2].endswith("Allowed are GET,POST")
    assert org.error("GET", "query", q="SELECT Id FROM Account", explain="x")[0] == 501


def test_replication_has_its_dates_and_its_most_ids():
    org = Org(profile="small")
    org.load("Account", *[{"Name": "A"} for _ in range(6_001)])
    span = {"start": "2026-11-22T11:00:00Z", "end": "2026-11-22T13:00:00Z"}
    assert org.error("GET", "sobjects/Account/updated", **span)[1] == "EXCEEDED_ID_LIMIT"
    for bad in ({"end": "2026-11-22T11:00:30Z"}, {"start": "yesterday"}, {"start": "2026-10-01T00:00:00Z"}):
        assert org.error("GET", "sobjects/Account/updated", **(span | bad))[1] == "INVALID_REPLICATION_DATE"
    old = span | {"start": "2026-11-03T00:00:00Z"}
    assert org.error("GET", "sobjects/Account/deleted", **old)[1] == "INVALID_REPLICATION_DATE"
    found = org.get("GET", "sobjects/Contact/deleted", **(span | {"end": "2026-11-22T11:30:30Z"}))
    assert found == {
        "deletedRecords": [],
        "earliestDateAvailable": "2026-11-07T12:00:00.000+0000",
        "latestDateCovered": "2026-11-22T11:30:00.000+0000",
    }


def test_records_are_counted_by_object(org):
    org.load("Account", {"Name": "A"}, {"Name": "B"})
    answer = org.get("GET", "limits/recordCount", sObjects="Account,Contact")
    assert answer == {"sObjects": [{"count": 2, "name": "Account"}, {"count": 0, "name": "Contact"}]}
    assert org.error("GET", "limits/nope")[0] == 404


def test_a_locator_from_before_a_restart_is_nobody_elses():
    """The org of another process, which takes the first one's place a second later."""
    first = Org(profile="small")
    first.load("Account", *[{"Name": f"A{n}"} for n in range(30)])
    first.load("Contact", *[{"LastName": f"C{n}"} for n in range(30)])
    kept, locator = first.sim.snapshot(), first.soql("SELECT Id FROM Account")["nextRecordsUrl"]
    second = Org(first.clock.now() + timedelta(seconds=1), profile="small")
    second.sim.restore(kept)
    assert not second.soql("SELECT Id FROM Contact")["done"]
    assert second.error("GET", locator.removeprefix(DATA))[:2] == (400, "INVALID_QUERY_LOCATOR")
