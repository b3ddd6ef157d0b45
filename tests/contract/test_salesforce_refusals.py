"""What the simulated org once answered as if it were right: hidden records, made-up places, numbers that are none."""

from __future__ import annotations

import base64

import pytest

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org

FIELDS = "<fullName>Account.No__c</fullName><label>No</label><type>AutoNumber</type><displayFormat>{0}</displayFormat>"
CODE = "<fullName>Account.Code__c</fullName><label>Code</label><type>Text</type><length>20</length>"
RECORD_TYPE = (
    "<fullName>Account.Partner</fullName><label>Partner</label><active>true</active>"
    "<picklistValues><picklist>Nope</picklist></picklistValues>"
)


@pytest.fixture
def org():
    return Org()


def soap(org, kind, action, inside):
    """One component of the Metadata API, asked for by hand."""
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><SessionHeader><sessionId>'
        f"{org.token}</sessionId></SessionHeader></e:Header><e:Body><{action}>"
        f'<metadata xsi:type="{kind}">{inside}</metadata></{action}></e:Body></e:Envelope>'
    )
    answer = org.sim.handle(Request("POST", "/services/Soap/m/66.0", "", {}, text.encode()))
    return answer.status, bytes(answer.body).decode()


def test_a_hidden_record_is_there_for_no_request(org):
    account = org.create("Account", Name="Hidden", CS_Key__c="k")
    org.sim.control({"hide": {"object": "Account", "share": 1}})
    for path in (account, "CS_Key__c/k"):
        assert org.error("GET", f"sobjects/Account/{path}")[:2] == (404, "NOT_FOUND")
    assert org.get("GET", "composite/sobjects/Account", ids=account, fields="Name") == [None]
    readonly = (403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    assert org.error("PATCH", f"sobjects/Account/{account}", {"Name": "B"}) == readonly
    assert org.error("DELETE", f"sobjects/Account/{account}") == readonly
    assert org.error("PATCH", "sobjects/Account/CS_Key__c/k", {"Name": "B"}) == (
        400,
        "DUPLICATE_VALUE",
        "duplicate value found: <unknown> duplicates value on record with id: <unknown>",
    )
    org.sim.control({"hide": {"object": "Account", "share": 0}})
    assert org.names("") == ["Hidden"]


@pytest.mark.parametrize("place", ["30", "99999", "²", "9" * 5000])
def test_a_place_in_a_query_that_no_page_gave_is_refused(place):
    org = Org(profile="small")
    for n in range(30):
        org.create("Account", Name=f"A{n}")
    locator = org.soql("SELECT Id FROM Account")["nextRecordsUrl"].rpartition("/")[2].partition("-")[0]
    assert org.error("GET", f"query/{locator}-{place}")[:2] == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize("place", ["-5", "2", "99999", " 1", "1_0", "9" * 5000])
def test_a_locator_of_bulk_results_that_no_page_gave_is_refused(org, place):
    for name in "AB":
        org.create("Account", Name=name)
    job = org.get("POST", "jobs/query", {"operation": "query", "query": "SELECT Name FROM Account"})["id"]
    for _ in range(2):
        org.get("GET", f"jobs/query/{job}")
    locator = base64.b64encode(place.encode()).decode().rstrip("=")
    assert org.error("GET", f"jobs/query/{job}/results", locator=locator)[:2] == (400, "INVALIDJOB")
    assert org.call("GET", f"jobs/query/{job}/results", locator="MQ").body == b'"Name"\n"B"\n'


def test_digits_that_are_no_number_are_refused_in_the_words_of_the_vendor(org):
    for version in ("v²7.0", f"v{'6' * 5000}.0"):
        request = Request(
            "GET", f"/services/data/{version}/limits", "", {"authorization": f"Bearer {org.token}"}, b""
        )
        assert org.sim.handle(request).status == 404
    fault = org.sim.handle(Request("POST", "/services/Soap/u/².0", "", {}, b""))
    assert b"UNSUPPORTED_API_VERSION" in bytes(fault.body)
    for end in (f"LIMIT {'9' * 5000}", f"WHERE CreatedDate = LAST_N_DAYS:{'9' * 5000}"):
        assert org.error("GET", "query", q=f"SELECT Id FROM Account {end}")[:2] == (400, "MALFORMED_QUERY")


def test_a_fault_is_a_document_whatever_the_call_held(org):
    fault = org.sim.handle(Request("POST", "/services/Soap/u/\x00\x1b.0", "", {}, b""))
    assert "\ufffd\ufffd.0" in bytes(fault.body).decode()


def test_the_seconds_of_a_replication_window_do_not_count(org):
    org.pass_time(seconds=15)
    account = org.create("Account", Name="A")
    org.pass_time(minutes=5)
    late = {"start": "2026-11-22T12:00:30Z", "end": "2026-11-22T12:03:59Z"}
    assert org.get("GET", "sobjects/Account/updated/", **late) == {
        "ids": [account],
        "latestDateCovered": "2026-11-22T12:03:00.000+0000",
    }
    early = {"start": "2026-11-22T11:58:00Z", "end": "2026-11-22T12:00:59Z"}
    assert org.get("GET", "sobjects/Account/updated/", **early)["ids"] == []
    within = {"start": "2026-11-22T12:00:10Z", "end": "2026-11-22T12:00:59Z"}
    assert org.error("GET", "sobjects/Account/updated/", **within)[1] == "INVALID_REPLICATION_DATE"


def test_like_takes_no_null(org):
    status, code, why = org.error("GET", "query", q="SELECT Id FROM Account WHERE Name LIKE NULL")
    assert (status, code) == (400, "INVALID_FIELD")
    assert why.endswith("must be of type string and should be enclosed in quotes")


@pytest.mark.parametrize("months", [9_999_999, -99_999])
def test_a_contract_ends_within_the_calendar(org, months):
    body = {"AccountId": org.create("Account", Name="A"), "StartDate": "2026-01-01", "ContractTerm": months}
    assert org.error("POST", "sobjects/Contract", body)[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")
    contract = org.create("Contract", **{**body, "ContractTerm": 12})
    assert org.names(f"WHERE Id = '{contract}'", "EndDate", "Contract") == ["2026-12-31"]


def test_a_record_type_that_is_refused_leaves_nothing(org):
    assert "no Picklist named Nope" in soap(org, "RecordType", "createMetadata", RECORD_TYPE)[1]
    assert org.names("", source="RecordType") == []


def test_a_number_to_start_with_is_one(org):
    status, told = soap(
        org, "CustomField", "createMetadata", f"{FIELDS}<startingNumber>first</startingNumber>"
    )
    assert (status, "<success>false</success>" in told) == (200, True)
    assert "No__c" not in {f["name"] for f in org.get("GET", "sobjects/Account/describe")["fields"]}


def test_a_field_with_two_equal_values_cannot_become_unique(org):
    twins = [org.create("Account", Name=name, Code__c=name) for name in ("same", "Same")]
    asked = f"{CODE}<externalId>true</externalId><unique>true</unique>"
    assert "duplicate values" in soap(org, "CustomField", "updateMetadata", asked)[1]
    org.call("DELETE", f"sobjects/Account/{twins[0]}")
    assert "<success>true</success>" in soap(org, "CustomField", "updateMetadata", asked)[1]


def test_a_field_that_tells_small_letters_from_large_ones_can_become_unique(org):
    twins = [org.create("Account", Name=name, Code__c=name) for name in ("same", "Same")]
    asked = f"{CODE}<caseSensitive>true</caseSensitive><externalId>true</externalId><unique>true</unique>"
    assert "<success>true</success>" in soap(org, "CustomField", "updateMetadata", asked)[1]
    body = {"Name": "third", "Code__c": "same"}
    assert twins[0] in org.error("POST", "sobjects/Account", body)[2]


def test_a_number_with_two_zeros_cannot_become_unique(org):
    number = (
        "<fullName>Account.Rank__c</fullName><label>Rank</label><type>Number</type>"
        "<precision>4</precision><scale>0</scale><required>true</required>"
    )
    assert "<success>true</success>" in soap(org, "CustomField", "createMetadata", number)[1]
    for name in ("one", "two"):
        org.create("Account", Name=name, Rank__c=0)
    asked = f"{number}<unique>true</unique>"
    assert "duplicate values" in soap(org, "CustomField", "updateMetadata", asked)[1]


def test_a_lookup_of_a_loaded_org_keeps_what_it_refers_to(org):
    told = {name: org.get("GET", f"sobjects/{name}/describe") for name in ("Account", "Subscription__c")}
    for child in told["Account"]["childRelationships"]:
        child["restrictedDelete"] |= child["field"] == "Account__c"
    org.sim.install({"$shape": {f"describe/{name}": document for name, document in told.items()}})
    account = org.create("Account", Name="A")
    org.create("Subscription__c", Account__c=account)
    assert org.error("DELETE", f"sobjects/Account/{account}")[:2] == (400, "DELETE_FAILED")
