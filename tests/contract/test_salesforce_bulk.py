"""The simulated Salesforce org: Bulk 2.0 ingest jobs from their creation to their results."""

from __future__ import annotations

import csv
import io
import json

import pytest

from .salesforce_org import Org

CSV = {"content-type": "text/csv"}
NOT_PARSED = "InvalidBatch : Failed to parse CSV."
UNESCAPED = "Found unescaped quote. A value with quote should be within a quote"


@pytest.fixture
def org():
    return Org()


def create(org, operation="insert", name="Account", **more):
    job = org.get("POST", "jobs/ingest", {"object": name, "operation": operation, **more})
    assert job["state"] == "Open", job
    return job["id"]


def upload(org, job, text):
    data = text if isinstance(text, bytes) else text.encode()
    return org.call("PUT", f"jobs/ingest/{job}/batches", data, CSV)


def close(org, job):
    return org.get("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})


def state(org, job):
    return org.get("GET", f"jobs/ingest/{job}")


def run(org, text, operation="insert", name="Account", **more):
    """A finished job."""
    job = create(org, operation, name, **more)
    assert upload(org, job, text).status == 201
    close(org, job)
    for _ in range(2):
        found = state(org, job)
    return found


def results(org, job, part, delimiter=","):
    text = org.call("GET", f"jobs/ingest/{job['id']}/{part}").body.decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def test_good_and_bad_rows_end_in_a_complete_job(org):
    taken = org.create("Account", Name="There", CS_Key__c="taken")
    lines = ["Name,CS_Key__c,AnnualRevenue", "A,a,1", ",b,2", "C,taken,3", "D,d,much"]
    job = run(org, "\n".join(lines))
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 4, 3)
    (good,) = results(org, job, "successfulResults")
    assert (good["sf__Created"], good["CS_Key__c"]) == ("true", "a")
    assert org.get("GET", f"sobjects/Account/{good['sf__Id']}")["Name"] == "A"
    errors = {r["CS_Key__c"]: r["sf__Error"] for r in results(org, job, "failedresults/")}
    assert errors == {
        "b": "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
        "taken": f"DUPLICATE_VALUE:duplicate value found: CS_Key__c duplicates value on record with id: {taken}:CS_Key__c --",
        "d": "INVALID_FIELD:Failed to deserialize field at col 2. Due to, 'much' is not a valid value for the type "
        "xsd:double:AnnualRevenue --",
    }
    assert results(org, job, "unprocessedRecords") == []
    assert [e["action"] for e in org.ledger.entries()] == ["create", "create"]


def test_results_are_in_no_order_that_counts(org):
    job = run(org, "Name\n" + "\n".join(f"A{n:03}" for n in range(60)))
    names = [r["Name"] for r in results(org, job, "successfulResults")]
    assert sorted(names) == [f"A{n:03}" for n in range(60)] != names


def test_an_upsert_makes_or_changes_and_clears_only_what_it_says(org):
    org.create("Account", Name="A", Phone="1", Industry="Media", CS_Key__c="a")
    text = "CS_Key__c,Name,Phone,Industry\na,AA,#N/A,\nb,B,2,\nc,once,,\nC,twice,,\n"
    job = run(org, text, "upsert", externalIdFieldName="cs_key__c")
    made = {r["CS_Key__c"]: r["sf__Created"] for r in results(org, job, "successfulResults")}
    assert made == {"a": "false", "b": "true"}
    errors = {r["sf__Error"] for r in results(org, job, "failedResults")}
    assert errors == {"DUPLICATE_VALUE:Duplicate external id specified: c:CS_Key__c --"}
    (row,) = org.soql("SELECT Name, Phone, Industry FROM Account WHERE CS_Key__c = 'a'")["records"]
    assert (row["Name"], row["Phone"], row["Industry"]) == ("AA", None, "Media")


def test_a_parent_is_named_by_its_external_id(org):
    account = org.create("Account", Name="A", CS_Key__c="k")
    job = run(org, "LastName,Account.CS_Key__c\nL,K\nM,nobody\n", name="Contact")
    (bad,) = results(org, job, "failedResults")
    assert bad["sf__Error"].startswith(
        "INVALID_FIELD:Foreign key external ID: nobody not found for field CS_Key__c"
    )
    assert org.names("", "AccountId", "Contact") == [account]


def test_records_are_updated_deleted_and_deleted_for_good_by_id(org):
    ids = [org.create("Account", Name=n) for n in "ABC"]
    run(org, f"Id,Name\n{ids[0][:15]},AA\n", "update")
    assert "AA" in org.names("")
    run(org, f"Id\n{ids[1]}\n", "delete")
    job = run(org, f"Id\n{ids[2]}\n001Kd0000000999\n", "hardDelete")
    (bad,) = results(org, job, "failedResults")
    assert (bad["sf__Id"], bad["sf__Error"]) == (
        "001Kd0000000999",
        "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    )
    left = {
        r["Id"]: r["IsDeleted"] for r in org.soql("SELECT Id, IsDeleted FROM Account", "queryAll")["records"]
    }
    assert left == {ids[0]: False, ids[1]: True}
    assert org.ledger.entries()[-1]["after"] is None


@pytest.mark.parametrize(
    ("delimiter", "name"),
    [(";", "SEMICOLON"), ("\t", "TAB"), ("|", "PIPE"), ("^", "CARET"), ("`", "BACKQUOTE")],
)
def test_dialects_of_csv(org, delimiter, name):
    text = f'"Name"{delimiter}Phone\r\n"A ""quoted""\nname, {delimiter}x"{delimiter}1\r\n'
    job = run(org, text, columnDelimiter=name, lineEnding="CRLF")
    (row,) = results(org, job, "successfulResults", delimiter)
    assert (row["Name"], row["Phone"]) == (f'A "quoted"\nname, {delimiter}x', "1")
    assert org.names("") == [f'A "quoted"\nname, {delimiter}x']


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Name,Nope__c\nA,1\n", "InvalidBatch : Field name not found : Nope__c"),
        ("Name,Nope.Key__c\nA,1\n", "InvalidBatch : Field name not found : Nope.Key__c"),
        ("Name,name\nA,1\n", "InvalidBatch : Duplicate field name : Name"),
        (
            "Name\r\nA\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("Name;Phone\nA;1\n", "InvalidBatch : Field name not found : Name;Phone"),
        (b"Name\n\xff\xfe\n", "InvalidBatch : The file is not in UTF-8: invalid start byte at byte 5"),
        ("\ufeffName\nA\n", "InvalidBatch : Field name not found : \ufeffName"),
        ('Name\n"A\n', f"{NOT_PARSED} EOF reached before closing an opened quote"),
        ('Name,Phone\n"A" ,1\n', f"{NOT_PARSED} Not expecting more text after end quote"),
        ('Name,Phone\nA, "1"\n', f"{NOT_PARSED} {UNESCAPED}"),
        ('Name,Phone\nA,1"\n', f"{NOT_PARSED} {UNESCAPED}"),
        ('\ufeff"Name"\nA\n', f"{NOT_PARSED} {UNESCAPED}"),
        ("", "InvalidBatch : Failed to read query. No data or header found"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job_and_leaves_its_rows(org, text, why):
    job = run(org, text)
    assert (job["state"], job["errorMessage"], job["numberRecordsProcessed"]) == ("Failed", why, 0)
    assert org.names("") == []


def test_a_delete_takes_nothing_but_ids(org):
    job = run(org, f"Id,Name\n{org.create('Account', Name='A')},A\n", "delete")
    assert job["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids"
    assert [r["Name"] for r in results(org, job, "unprocessedrecords")] == ["A"]


def test_a_job_goes_from_state_to_state_and_no_other_way(org):
    job = create(org)
    assert org.error("GET", f"jobs/ingest/{job}/successfulResults")[:2] == (400, "INVALIDJOBSTATE")
    assert org.error("DELETE", f"jobs/ingest/{job}")[:2] == (400, "INVALIDJOBSTATE")
    assert (
        org.call(
            "PUT", f"jobs/ingest/{job}/batches", b"Name\nA\n", {"content-type": "application/json"}
        ).status
        == 415
    )
    assert upload(org, job, "Name\nA\n").status == 201
    assert upload(org, job, "Name\nB\n").status == 409
    assert org.error("PATCH", f"jobs/ingest/{job}", {"state": "JobComplete"})[:2] == (400, "INVALIDJOBSTATE")
    assert close(org, job)["state"] == "UploadComplete"
    assert upload(org, job, "Name\nB\n").status == 409
    assert [state(org, job)["state"] for _ in range(3)] == ["InProgress", "JobComplete", "JobComplete"]
    assert org.error("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"})[:2] == (400, "INVALIDJOBSTATE")
    assert org.call("DELETE", f"jobs/ingest/{job}").status == 204
    assert org.error("GET", f"jobs/ingest/{job}")[0] == 404
    assert org.names("") == ["A"]


def test_an_aborted_job_writes_nothing_and_hands_its_rows_back(org):
    job = create(org)
    upload(org, job, "Name\nA\n")
    close(org, job)
    assert org.get("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"})["state"] == "Aborted"
    org.pass_time(seconds=60)
    assert (org.names(""), state(org, job)["state"]) == ([], "Aborted")
    assert [r["Name"] for r in results(org, {"id": job}, "unprocessedrecords")] == ["A"]


def test_a_job_ends_by_itself_when_nobody_looks(org):
    job = create(org)
    upload(org, job, "Name\nA\n")
    close(org, job)
    org.pass_time(seconds=11)
    assert org.names("") == ["A"]


def test_an_open_job_takes_no_data_after_a_day_and_an_ended_one_is_kept_for_a_week(org):
    job, ended = create(org), run(org, "Name\nA\n")["id"]
    org.pass_time(hours=25)
    org.token = org.sim.credentials()["access_token"]
    assert upload(org, job, "Name\nB\n").status == 400
    assert state(org, ended)["state"] == "JobComplete"
    org.pass_time(days=7)
    org.token = org.sim.credentials()["access_token"]
    assert org.error("GET", f"jobs/ingest/{ended}")[0] == 404


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"object": "Nope__c", "operation": "insert"}, "INVALIDENTITY", "is not supported by the Bulk API"),
        (
            {"object": "SurveyResponse", "operation": "insert"},
            "INVALIDENTITY",
            "is not supported by the Bulk API",
        ),
        ({"object": "Account", "operation": "merge"}, "INVALIDJOB", "Unsupported operation: merge"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB", "External ID was blank for Account"),
        (
            {"object": "Account", "operation": "upsert", "externalIdFieldName": "Phone"},
            "INVALIDJOB",
            "Phone does not match an External ID, Salesforce Id, or indexed field for Account",
        ),
        (
            {"object": "Account", "operation": "insert", "contentType": "JSON"},
            "INVALIDJOB",
            "Unsupported contentType",
        ),
    ],
)
def test_a_job_that_cannot_be_is_refused(org, body, code, words):
    status, found, message = org.error("POST", "jobs/ingest", body)
    assert (status, found) == (400, code)
    assert words in message


def form(job, content, mark="XX"):
    head = f'--{mark}\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n{json.dumps(job)}\r\n'
    data = f'--{mark}\r\nContent-Disposition: form-data; name="content"; filename="c.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return f"{head}{data}{content}\r\n--{mark}--\r\n".encode(), {
        "content-type": f"multipart/form-data; boundary={mark}"
    }


def test_a_small_job_comes_in_one_request(org):
    job = {"object": "Account", "operation": "insert"}
    answer = org.call("POST", "jobs/ingest", *form(job, "Name\nA\nB"))
    made = json.loads(answer.body)
    assert (answer.status, made["state"]) == (200, "UploadComplete")
    org.pass_time(seconds=11)
    assert org.names("ORDER BY Name") == ["A", "B"]
    assert org.call("POST", "jobs/ingest", *form(job, "Name\n" + "x" * 100_000)).status == 400


def test_jobs_are_listed_by_the_page():
    org = Org(profile="small")
    made = [create(org) for _ in range(12)]
    first = org.get("GET", "jobs/ingest")
    assert (first["done"], len(first["records"])) == (False, 10)
    path, _, mark = first["nextRecordsUrl"].removeprefix("/services/data/v67.0/").partition("?queryLocator=")
    second = org.get("GET", path, queryLocator=mark)
    assert [r["id"] for r in first["records"] + second["records"]] == made


def test_the_day_has_so_many_batches():
    org = Org(profile="small")
    rows = "Name\n" + "A\n" * 9_000
    run(org, rows)
    limits = org.get("GET", "limits")["DailyBulkApiBatches"]
    assert limits["Max"] - limits["Remaining"] == 90
    job = run(org, rows)
    assert (job["state"], job["errorMessage"]) == ("Failed", "ExceededQuota : ApiBatchItems Limit exceeded.")


def test_batches_that_run_beside_each_other_fight_over_a_parent():
    org = Org(profile="small")
    ids = [org.create("Account", Name=f"P{n}") for n in range(2)]
    rows = [f"L{n},{ids[0]}" for n in range(150)]
    mixed = run(org, "LastName,AccountId\n" + "\n".join(rows), name="Contact")
    assert mixed["numberRecordsFailed"] == 50
    assert {r["sf__Error"].partition(":")[0] for r in results(org, mixed, "failedResults")} == {
        "UNABLE_TO_LOCK_ROW"
    }
    sorted_by_parent = [f"L{n},{ids[n // 100]}" for n in range(200)]
    calm = run(org, "LastName,AccountId\n" + "\n".join(sorted_by_parent), name="Contact")
    assert calm["numberRecordsFailed"] == 0


def test_jobs_that_run_beside_each_other_fight_over_a_parent(org):
    account = org.create("Account", Name="A")
    jobs = [create(org, name="Contact") for _ in range(2)]
    for n, job in enumerate(jobs):
        upload(org, job, f"LastName,AccountId\nL{n},{account}\n")
        close(org, job)
    org.pass_time(seconds=11)
    ended = [state(org, job) for job in jobs]
    assert [job["numberRecordsFailed"] for job in ended] == [0, 1]
    (bad,) = results(org, ended[1], "failedResults")
    assert (
        bad["sf__Error"]
        == f"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {account}:--"
    )


def test_a_snapshot_brings_a_job_back(org):
    job = create(org)
    upload(org, job, "Name\nA\n")
    kept = org.sim.snapshot()
    close(org, job)
    org.pass_time(seconds=11)
    assert org.names("") == ["A"]
    org.sim.restore(kept)
    assert (org.names(""), state(org, job)["state"]) == ([], "Open")


@pytest.mark.parametrize(
    "text",
    [
        "2018-09-28", "9999-12-31T23:59:59-12:00", "xxxxxxxxxxxxxxxxxxxxxxx+0000", "2018-99-99T99:99:99.000+0000", "2018-W01-1",
        "20180928T100000Z",
    ],
)  # fmt: skip
def test_a_row_with_a_time_that_is_none_fails_alone_and_the_org_goes_on(org, text):
    job = run(
        org,
        f"Subject,DurationInMinutes,StartDateTime\na,60,2026-11-22T10:00:00Z\nb,60,{text}\n",
        name="Event",
    )
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    assert [row["Subject"] for row in results(org, job, "failedResults")] == ["b"]
    org.pass_time(minutes=1)
    assert org.names("WHERE Subject = 'a'", "Subject", "Event") == ["a"]


def test_a_snapshot_holds_how_many_batches_of_the_day_are_used(org):
    def left():
        return org.get("GET", "limits")["DailyBulkApiBatches"]["Remaining"]

    run(org, "Name\nA\n")
    kept, before = org.sim.snapshot(), left()
    run(org, "Name\nB\n")
    assert left() == before - 1
    org.sim.restore(kept)
    assert left() == before
    other = type(org)(org.clock.now())
    other.sim.restore(kept)
    assert other.get("GET", "limits")["DailyBulkApiBatches"]["Remaining"] == before
