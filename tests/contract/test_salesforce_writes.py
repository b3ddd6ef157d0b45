"""The simulated Salesforce org: single records, what refuses them, and what a write brings with it."""

from __future__ import annotations

import json

import pytest
from cs_connector.adapters.salesforce.simulator.schema.schema import ValidationRule

from .salesforce_org import Org

ACCOUNT = "001Kd0000000001AAA"


@pytest.fixture
def org():
    return Org()


def field(org, object_name, name, record_id):
    return org.get("GET", f"sobjects/{object_name}/{record_id}", fields=name)[name]


def actions(org):
    return [(e["object"], e["action"]) for e in org.ledger.entries()]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (
            "GET",
            "nope",
            (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: nope"),
        ),
        ("GET", "003Kd00000000010AA", (400, "MALFORMED_ID", "Account ID: id value of incorrect type: ")),
        ("GET", "001Kd0000000001AAB", (400, "MALFORMED_ID", "Account ID: id value of incorrect type: ")),
        ("PATCH", "001Kd0000000999", (404, "NOT_FOUND", "The requested resource does not exist")),
        ("DELETE", "001Kd0000000999", (404, "NOT_FOUND", "The requested resource does not exist")),
        ("PUT", "001Kd0000000999", (405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed.")),
    ],
)
def test_a_wrong_id_is_told_from_one_that_is_not_there(org, method, path, expected):
    status, code, message = org.error(method, f"sobjects/Account/{path}", {"Name": "x"})
    assert (status, code) == expected[:2]
    assert message.startswith(expected[2])


def test_the_same_record_has_a_short_and_a_long_id(org):
    record_id = org.create("Account", Name="A")
    assert org.call("PATCH", f"sobjects/Account/{record_id[:15]}", {"nAmE": "B"}).status == 204
    assert field(org, "Account", "Name", record_id) == "B"
    assert org.call("PATCH", f"sobjects/Account/{record_id}", {}).status == 204


UNREAD = (
    "Cannot deserialize instance of {} or request may be missing a required field at [line:{}, column:{}]"
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"Name": "x",}', "Unexpected character ('}' (code 125)) at [line:1, column:14]"),
        (b'{"Name": "x"', "Unexpected end-of-input at [line:1, column:13]"),
        (b"", "The HTTP entity body is required, but this request has none."),
        (
            b'{"Name": "x",\n "AnnualRevenue": "much"}',
            UNREAD.format("currency from VALUE_STRING value much", 2, 2),
        ),
        (b'{"Name": {"a": 1}}', UNREAD.format("string from START_OBJECT value {", 1, 2)),
        (b'{"Name": "x", "ParentId": ["1"]}', UNREAD.format("reference from START_ARRAY value [", 1, 15)),
    ],
)
def test_json_that_cannot_be_read_says_where(org, body, message):
    assert org.error("POST", "sobjects/Account", body) == (400, "JSON_PARSER_ERROR", message)
    assert len(org.ledger) == 0


@pytest.mark.parametrize("value", ["2026-13-01", "tomorrow", "2026-01-01T00:00:00+02:00", "", 20260101])
def test_a_date_must_be_one(org, value):
    assert org.error("POST", "sobjects/Subscription__c", {"Start__c": value})[1] == "JSON_PARSER_ERROR"


def test_a_list_where_a_record_is_due(org):
    status, code, message = org.error("POST", "sobjects/Account", b'[{"Name": "x"}]')
    assert (status, code) == (400, "INVALID_FIELD")
    assert "Json Deserialization failed" in message


def test_only_json_is_read(org):
    plain = org.call("POST", "sobjects/Account", b"Name=x", {"content-type": "text/plain"})
    assert plain.status == 415
    assert json.loads(plain.body)[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"
    assert org.call("POST", "sobjects/Account", b"<a/>", {"content-type": "application/xml"}).status == 501


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (
            {"Id": ACCOUNT, "Name": "x"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "cannot specify Id in an insert call",
        ),
        ({"Name": "x", "OwnerId": None}, "INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank"),
        ({"Name": "x", "Nope": 1}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Account"),
    ],
)
def test_a_new_record_is_refused_with_the_words_of_salesforce(org, fields, code, message):
    assert org.error("POST", "sobjects/Account", fields) == (400, code, message)


def test_an_update_names_the_record_in_its_path_only(org):
    record_id = org.create("Account", Name="A")
    assert org.error("PATCH", f"sobjects/Account/{record_id}", {"Id": record_id})[1:] == (
        "INVALID_FIELD",
        "The Id field should not be specified in the sobject data.",
    )


def test_an_inactive_colleague_cannot_own_anything(org):
    org.load("User", {"Id": "005Kd0000000777IAA", "LastName": "Gone", "IsActive": False})
    status, code, _ = org.error("POST", "sobjects/Account", {"Name": "x", "OwnerId": "005Kd0000000777"})
    assert (status, code) == (400, "INACTIVE_OWNER_OR_USER")


def test_null_clears_a_field_and_a_required_one_cannot_be_cleared(org):
    record_id = org.create("Account", Name="A", Phone="1")
    org.call("PATCH", f"sobjects/Account/{record_id}", {"Phone": None})
    assert field(org, "Account", "Phone", record_id) is None
    assert org.error("PATCH", f"sobjects/Account/{record_id}", {"Name": ""})[1] == "REQUIRED_FIELD_MISSING"


def test_too_long_texts_are_cut_only_when_the_client_wants_it(org):
    headers = {"sforce-allow-field-truncation": "true"}
    assert org.error("POST", "sobjects/Account", {"Name": "x" * 300})[1] == "STRING_TOO_LONG"
    made = json.loads(org.call("POST", "sobjects/Account", {"Name": "x" * 300}, headers).body)
    assert len(field(org, "Account", "Name", made["id"])) == 255


def test_a_client_that_cannot_send_patch_names_the_method(org):
    record_id = org.create("Account", Name="A")
    assert org.call("POST", f"sobjects/Account/{record_id}", {"Name": "B"}, _HttpMethod="PATCH").status == 204
    assert field(org, "Account", "Name", record_id) == "B"


def test_a_record_is_read_and_deleted_by_its_external_id(org):
    record_id = org.create("Account", Name="A", CS_Key__c="a/b c")
    assert org.get("GET", "sobjects/Account/CS_Key__c/a%2Fb c")["Id"] == record_id
    assert org.call("DELETE", "sobjects/Account/CS_Key__c/A%2FB C").status == 204
    assert org.error("GET", "sobjects/Account/CS_Key__c/a%2Fb c")[:2] == (404, "NOT_FOUND")


def test_an_upsert_may_be_kept_from_creating(org):
    assert org.error("PATCH", "sobjects/Account/CS_Key__c/k", {"Name": "x"}, updateOnly="true")[0] == 404
    assert len(org.ledger) == 0


def test_related_records_are_reached_over_the_relationship(org):
    account = org.create("Account", Name="A", CS_Key__c="k")
    contact = org.create("Contact", LastName="Lind", AccountId=account)
    org.create("Contact", LastName="Elsewhere")
    found = org.get("GET", f"sobjects/Account/{account}/Contacts", fields="LastName")
    assert [r["LastName"] for r in found["records"]] == ["Lind"]
    assert found["records"][0]["attributes"]["type"] == "Contact"
    assert org.get("GET", f"sobjects/Contact/{contact}/Account")["Name"] == "A"
    assert org.error("GET", f"sobjects/Account/{account}/Nonsense")[:2] == (404, "NOT_FOUND")


def test_an_account_is_written_only_as_the_client_knew_it(org):
    record_id = org.create("Account", Name="A")
    path = f"sobjects/Account/{record_id}"
    first = org.call("GET", path)
    tag = {"if-match": first.headers["ETag"]}
    assert org.call("GET", path, headers={"if-none-match": first.headers["ETag"]}).status == 304
    assert org.call("PATCH", path, {"Name": "B"}, tag).status == 204
    assert org.call("PATCH", path, {"Name": "C"}, tag).status == 412
    assert org.call("PATCH", path, {"Name": "C"}, {"if-match": "rubbish"}).status == 400
    assert field(org, "Account", "Name", record_id) == "B"


def test_a_record_that_did_not_change_is_not_sent_again(org):
    record_id = org.create("Contact", LastName="L")
    path = f"sobjects/Contact/{record_id}"
    then = org.call("GET", path).headers["Last-Modified"]
    assert then == "Sun, 22 Nov 2026 12:00:00 GMT"
    same = org.call("GET", path, headers={"if-modified-since": then})
    assert (same.status, same.body) == (304, b"")
    org.pass_time(seconds=5)
    org.call("PATCH", path, {"LastName": "M"})
    assert org.call("GET", path, headers={"if-modified-since": then}).status == 200
    assert org.call("PATCH", path, {"LastName": "N"}, {"if-unmodified-since": then}).status == 412


def test_no_account_stands_above_itself(org):
    top = org.create("Account", Name="Top")
    middle = org.create("Account", Name="Middle", ParentId=top)
    low = org.create("Account", Name="Low", ParentId=middle)
    status, code, _ = org.error("PATCH", f"sobjects/Account/{top}", {"ParentId": low})
    assert (status, code) == (400, "CIRCULAR_DEPENDENCY")
    assert field(org, "Account", "ParentId", top) is None


def test_a_closed_task_dates_its_account_and_moves_only_the_systems_stamp(org):
    account = org.create("Account", Name="A")
    task = org.create("Task", Subject="Call", WhatId=account, ActivityDate="2026-11-20")
    assert field(org, "Account", "LastActivityDate", account) is None
    org.pass_time(seconds=60)
    org.call("PATCH", f"sobjects/Task/{task}", {"Status": "Completed"})
    row = org.get("GET", f"sobjects/Account/{account}")
    assert row["LastActivityDate"] == "2026-11-20"
    assert (row["LastModifiedDate"], row["SystemModstamp"]) == (
        "2026-11-22T12:00:00.000+0000",
        "2026-11-22T12:01:00.000+0000",
    )
    assert actions(org) == [("Account", "create"), ("Task", "create"), ("Task", "update")]
    org.call("PATCH", f"sobjects/Task/{task}", {"Status": "In Progress"})
    assert field(org, "Account", "LastActivityDate", account) is None


def test_a_new_owner_of_an_account_gets_its_contacts_and_open_deals(org):
    other = org.create("User", LastName="New", Username="n@x.test", Email="n@x.test")
    account = org.create("Account", Name="A")
    contact = org.create("Contact", LastName="L", AccountId=account)
    won = org.create(
        "Opportunity", Name="D", AccountId=account, StageName="Closed Won", CloseDate="2026-11-22"
    )
    org.call("PATCH", f"sobjects/Account/{account}", {"OwnerId": other})
    assert field(org, "Contact", "OwnerId", contact) == other
    assert field(org, "Opportunity", "OwnerId", won) != other


def refuse_red(org, formula, **more):
    rule = {"object": "Account", "formula": formula, "message": "Not like that", **more}
    assert org.sim.objection({"validation_rule": rule}) is None
    org.sim.control({"validation_rule": rule})


def test_a_validation_rule_refuses_a_record_with_its_own_words(org):
    refuse_red(org, 'AND(ISPICKVAL(CS_Band__c, "Red"), ISBLANK(Phone))', field="Phone")
    answer = org.call("POST", "sobjects/Account", {"Name": "x", "CS_Band__c": "Red"})
    assert json.loads(answer.body) == [
        {"message": "Not like that", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Phone"]}
    ]
    assert org.create("Account", Name="x", CS_Band__c="Red", Phone="1")
    org.sim.calm()
    assert org.create("Account", Name="x", CS_Band__c="Red")


def test_a_validation_rule_can_look_at_what_was_before(org):
    refuse_red(
        org,
        "!ISNEW() && ISCHANGED(CS_Health_Score__c) && CS_Health_Score__c < PRIORVALUE(CS_Health_Score__c) - 50",
    )
    record_id = org.create("Account", Name="A", CS_Health_Score__c=90)
    assert (
        org.error("PATCH", f"sobjects/Account/{record_id}", {"CS_Health_Score__c": 10})[2] == "Not like that"
    )
    assert org.call("PATCH", f"sobjects/Account/{record_id}", {"CS_Health_Score__c": 60}).status == 204


def test_a_rule_that_cannot_be_understood_is_refused_when_it_is_made(org):
    rule = {"object": "Account", "formula": "VLOOKUP(Name, Name, Name)", "message": "m"}
    assert "beyond what is simulated" in org.sim.objection({"validation_rule": rule})


def test_a_rule_that_came_otherwise_and_cannot_be_understood_lets_nothing_pass(org):
    account = org.sim._state.schema.objects["account"]
    account.rules["R"] = ValidationRule("R", "VLOOKUP(Name, Name, Name)", "m")
    expected = "The formula of the validation rule R is not simulated."
    assert org.error("POST", "sobjects/Account", {"Name": "x"}) == (501, "NOT_IMPLEMENTED", expected)
    body = {"records": [{"attributes": {"type": "Account"}, "Name": "x"}]}
    (result,) = org.get("POST", "composite/sobjects", body)
    assert result["errors"][0]["statusCode"] == "NOT_IMPLEMENTED"
    assert org.names("") == []


def test_a_duplicate_is_saved_only_when_the_client_insists(org):
    org.sim.control({"duplicate_rule": {"object": "Account", "fields": ["Name", "Phone"]}})
    first = org.create("Account", Name="Acme", Phone="1")
    answer = org.call("POST", "sobjects/Account", {"Name": "ACME", "Phone": "1"})
    (error,) = json.loads(answer.body)
    assert (answer.status, error["errorCode"], error["message"]) == (
        400, "DUPLICATES_DETECTED", "Use one of these records?",
    )  # fmt: skip
    (match,) = error["duplicateResut"]["matchResults"]
    assert match["matchRecords"][0]["record"]["Id"] == first
    allow = {"sforce-duplicate-rule-header": "allowSave=true"}
    assert org.call("POST", "sobjects/Account", {"Name": "ACME", "Phone": "1"}, allow).status == 201
    assert org.create("Account", Name="Acme", Phone="2")


def test_a_duplicate_rule_that_blocks_blocks_all(org):
    org.sim.control({"duplicate_rule": {"object": "Account", "fields": ["Name"], "blocks": True}})
    org.create("Account", Name="Acme")
    allow = {"sforce-duplicate-rule-header": "allowSave=true"}
    assert org.call("POST", "sobjects/Account", {"Name": "acme"}, allow).status == 400


def test_a_locked_row_is_free_again_after_its_time(org):
    record_id = org.create("Account", Name="A")
    org.sim.control({"lock_rows": {"object": "Account", "ids": [record_id], "seconds": 30}})
    status, code, message = org.error("PATCH", f"sobjects/Account/{record_id}", {"Name": "B"})
    assert (status, code) == (400, "UNABLE_TO_LOCK_ROW")
    assert message == f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    assert (
        org.error("POST", "sobjects/Contact", {"LastName": "L", "AccountId": record_id})[1]
        == "UNABLE_TO_LOCK_ROW"
    )
    org.pass_time(seconds=31)
    assert org.call("PATCH", f"sobjects/Account/{record_id}", {"Name": "B"}).status == 204


def test_pages_can_be_short_and_locators_can_end(org):
    org.load("Account", *[{"Name": f"A{n}"} for n in range(25)])
    org.sim.control({"short_pages": 10})
    page = org.soql("SELECT Name FROM Account")
    assert (len(page["records"]), page["done"]) == (10, False)
    org.sim.control({"expire_locators": True})
    path = page["nextRecordsUrl"].removeprefix("/services/data/v67.0/")
    assert org.error("GET", path)[1] == "INVALID_QUERY_LOCATOR"


def test_a_hidden_or_protected_field_cannot_be_written(org):
    fields = org.get(
        "GET", "query", q="SELECT Id, PermissionsEdit FROM FieldPermissions WHERE Field = 'Account.Code__c'"
    )
    (row,) = fields["records"]
    org.call("PATCH", f"sobjects/FieldPermissions/{row['Id']}", {"PermissionsEdit": False})
    assert (
        org.error("POST", "sobjects/Account", {"Name": "x", "Code__c": "1"})[1]
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    org.call("DELETE", f"sobjects/FieldPermissions/{row['Id']}")
    assert org.error("POST", "sobjects/Account", {"Name": "x", "Code__c": "1"})[1:] == (
        "INVALID_FIELD",
        "No such column 'Code__c' on sobject of type Account",
    )


def test_a_number_is_the_same_external_id_however_it_is_written(org):
    number = {
        "name": "Number__c",
        "type": "Number",
        "precision": 18,
        "scale": 0,
        "externalId": True,
        "unique": True,
    }
    org.sim.install({"Account": {"fields": [number]}})
    first = json.loads(org.call("PATCH", "sobjects/Account/Number__c/5", {"Name": "A"}).body)
    again = json.loads(org.call("PATCH", "sobjects/Account/Number__c/5.0", {"Name": "B"}).body)
    assert (again["id"], again["created"]) == (first["id"], False)
    assert org.get("GET", "sobjects/Account/Number__c/05")["Name"] == "B"
    assert org.error("GET", "sobjects/Account/Number__c/five")[0] == 400


@pytest.mark.parametrize("bounds", [{"seconds": 60}, {"times": 1}])
def test_a_lock_that_is_over_stays_so_when_a_snapshot_comes_back(bounds):
    org = Org()
    account = org.create("Account", Name="A")

    def write():
        return org.call("PATCH", f"sobjects/Account/{account}", {"Name": "B"}).status

    org.sim.control({"lock_rows": {"object": "Account", "share": 1.0, **bounds}})
    held = org.sim.snapshot()
    assert write() == 400
    org.pass_time(minutes=2)
    over = org.sim.snapshot()
    org.sim.restore(over)
    assert write() == 204
    org.sim.restore(held)
    assert write() == (204 if "seconds" in bounds else 400)
