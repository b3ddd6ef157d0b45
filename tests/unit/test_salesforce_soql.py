"""SOQL: what the simulated org finds, and what it refuses."""

from __future__ import annotations

import pytest

from tests.contract.salesforce_org import Org


@pytest.fixture(scope="module")
def org():
    org = Org()
    org.load(
        "User", {"Id": "005000000000001AAA", "Name": "Ada Lind", "LastName": "Lind", "Username": "a@x.test"}
    )
    org.load(
        "Account",
        {"Name": "Aurora", "AnnualRevenue": 10, "Industry": "Energy", "OwnerId": "005000000000001AAA"},
        {"Name": "borealis", "AnnualRevenue": 20, "Industry": "Media"},
        {"Name": "Cirrus 100%", "AnnualRevenue": 30, "CreatedDate": "2020-01-05T00:00:00.000+0000"},
        {"Name": "D'Arc", "Industry": "Media", "CS_Band__c": "Red", "CS_Health_Score__c": 40.0},
    )
    ids = org.names("ORDER BY Name", "Id")
    org.load(
        "Contact",
        {"LastName": "One", "FirstName": "Ann", "AccountId": ids[0]},
        {"LastName": "Two", "AccountId": ids[0]},
        {"LastName": "Three", "AccountId": ids[1]},
        {"LastName": "Alone"},
    )
    org.load(
        "Subscription__c",
        {"Account__c": ids[1], "Start__c": "2026-11-20", "Live__c": True},
        {"Start__c": "2026-01-01"},
    )
    org.load("Account", {"Name": "Child", "ParentId": ids[0]})
    return org


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("WHERE Name = 'AURORA'", ["Aurora"]),
        ("WHERE name LIKE '_UR%A'", ["Aurora"]),
        ("WHERE Name LIKE 'cirrus 100\\%'", ["Cirrus 100%"]),
        ("WHERE Name = 'D\\'Arc'", ["D'Arc"]),
        ("WHERE AnnualRevenue > 10 AND AnnualRevenue <= 30 ORDER BY Name DESC", ["Cirrus 100%", "borealis"]),
        (
            "WHERE (Industry = 'media' OR Name = 'Aurora') AND AnnualRevenue != null ORDER BY Name",
            ["Aurora", "borealis"],
        ),
        ("WHERE NOT Industry = 'Media' ORDER BY Name", ["Aurora", "Child", "Cirrus 100%"]),
        ("WHERE Industry NOT IN ('Energy', 'Media') ORDER BY Name", ["Child", "Cirrus 100%"]),
        ("WHERE Industry != 'Media' ORDER BY Name", ["Aurora", "Child", "Cirrus 100%"]),
        ("WHERE Industry = null ORDER BY Name", ["Child", "Cirrus 100%"]),
        ("WHERE CreatedDate < 2021-01-01T00:00:00Z", ["Cirrus 100%"]),
        ("WHERE CreatedDate = TODAY ORDER BY Name LIMIT 2 OFFSET 1", ["borealis", "Child"]),
        ("WHERE CreatedDate < LAST_N_YEARS:2", ["Cirrus 100%"]),
        ("WHERE Owner.Name = 'ada lind'", ["Aurora"]),
        ("WHERE Parent.Owner.Name LIKE 'Ada%'", ["Child"]),
        ("WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Three')", ["borealis"]),
        ("WHERE Id IN (SELECT Account__c FROM Subscription__c WHERE Live__c = true)", ["borealis"]),
        (
            "ORDER BY AnnualRevenue DESC NULLS LAST, Name",
            ["Cirrus 100%", "borealis", "Aurora", "Child", "D'Arc"],
        ),
    ],
)
def test_where_finds_what_salesforce_would(org, where, found):
    assert org.names(where) == found


def test_parents_children_and_null_parents_have_the_real_shape(org):
    answer = org.soql(
        "SELECT Name, Owner.Name, Parent.Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account a "
        "WHERE a.Name IN ('Aurora', 'Child') ORDER BY Name"
    )
    first, second = answer["records"]
    assert first["Owner"]["Name"] == "Ada Lind"
    assert first["Owner"]["attributes"]["type"] == "User"
    assert first["Parent"] is None
    assert first["Contacts"]["totalSize"] == 2
    assert [c["LastName"] for c in first["Contacts"]["records"]] == ["One", "Two"]
    assert second["Contacts"] is None
    assert second["Parent"]["Name"] == "Aurora"
    assert next(iter(first)) == "attributes"
    assert "Id" not in first


def test_count_and_groups(org):
    assert org.soql("SELECT COUNT() FROM Account") == {"totalSize": 5, "done": True, "records": []}
    grouped = org.soql(
        "SELECT Industry, COUNT(Id), SUM(AnnualRevenue) total FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC"
    )
    rows = {r["Industry"]: (r["expr0"], r["total"]) for r in grouped["records"]}
    assert rows == {"Energy": (1, 10), "Media": (2, 20), None: (2, 30)}
    assert grouped["records"][0]["attributes"] == {"type": "AggregateResult"}


def test_a_formula_shows_what_its_fields_hold(org):
    assert org.names("WHERE Name = 'D\\'Arc'", "Label__c") == ["Red 40"]
    assert org.names("WHERE Name = 'Aurora'", "Label__c") == [""]


def test_field_names_come_back_in_the_case_of_the_schema(org):
    assert "AnnualRevenue" in org.soql("SELECT ANNUALREVENUE FROM account LIMIT 1")["records"][0]


def test_ids_of_15_characters_find_the_record(org):
    long = org.names("WHERE Name = 'Aurora'", "Id")[0]
    assert org.names(f"WHERE Id = '{long[:15]}'") == ["Aurora"]


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Id != null",
            "MALFORMED_QUERY",
            "unexpected token: 'AND'",
        ),
        ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT * FROM Account", "MALFORMED_QUERY", "'*'"),
        ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY", "-1"),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "mismatched character '<EOF>'"),
        ("SELECT Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Account'"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "sObject type 'Nope__c' is not supported"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue = '1'",
            "INVALID_FIELD",
            "should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Name = 1", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "type dateTime"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Account WHERE Id = 'zzz'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: zzz"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "grouped"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected"),
    ],
)
def test_a_bad_query_is_refused_with_the_code_of_salesforce(org, text, code, hint):
    status, found, message = org.error("GET", "query", q=text)
    assert (status, found) == (400, code)
    assert hint in message
