"""SOQL: what the simulated org finds, and what it refuses."""

from __future__ import annotations

import pytest
from cs_connector.adapters.salesforce.simulator.writing.formula import formula

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
    org.load("Group", {"Id": "00G000000000001AAA", "Name": "Queue"})
    people = org.names("ORDER BY LastName", "Id", "Contact")
    org.load(
        "Case",
        {"AccountId": ids[0], "ContactId": people[1], "OwnerId": "00G000000000001AAA", "Subject": "Down"},
        {"AccountId": ids[0], "ContactId": people[1], "OwnerId": "005000000000001AAA", "Subject": "Slow"},
    )
    org.load(
        "Task",
        {"Subject": "On an account", "WhatId": ids[0], "WhoId": people[1]},
        {"Subject": "On nothing"},
        {"Subject": "Old", "IsArchived": True},
    )
    roles = zip(ids, ["Champion;Evaluator", "Champion", None], strict=False)
    links = [{"ContactId": people[0], "AccountId": i, "Roles": r} for i, r in roles]
    org.load("AccountContactRelation", *links)
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
        (
            "WHERE Id NOT IN (SELECT AccountId FROM Contact) AND ParentId = null ORDER BY Name",
            ["Cirrus 100%", "D'Arc"],
        ),
        ("WHERE Id IN (SELECT AccountId FROM Contact) AND Id IN (SELECT AccountId FROM Case)", ["Aurora"]),
        ("WHERE NOT (Industry = 'Media' OR Name LIKE 'C%')", ["Aurora"]),
        ("WHERE CALENDAR_YEAR(CreatedDate) = 2020", ["Cirrus 100%"]),
        ("WHERE DAY_ONLY(CreatedDate) = 2020-01-05", ["Cirrus 100%"]),
        ("WHERE WEEK_IN_MONTH(CreatedDate) = 1 AND DAY_IN_WEEK(CreatedDate) = 1", ["Cirrus 100%"]),
        ("WHERE CreatedDate IN (2020-01-05T00:00:00Z, TOMORROW)", ["Cirrus 100%"]),
        ("WHERE toLabel(Industry) = 'Energy'", ["Aurora"]),
        ("WHERE Industry > 'f' ORDER BY Name", ["borealis", "D'Arc"]),
        ("USING SCOPE mine", []),
        ("USING SCOPE everything WHERE Name = 'Aurora' WITH SECURITY_ENFORCED LIMIT 1 FOR VIEW", ["Aurora"]),
        ("WHERE Name = 'Aurora' WITH USER_MODE LIMIT 1 ALL ROWS", ["Aurora"]),
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


def test_multi_select_values_are_found_together_or_alone(org):
    def found(condition):
        return len(org.names(f"WHERE Roles {condition}", "Id", "AccountContactRelation"))

    assert found("INCLUDES ('Champion')") == 2
    assert found("INCLUDES ('Champion;Evaluator', 'Influencer')") == 1
    assert found("EXCLUDES ('Champion')") == 1
    assert found("= 'Champion;Evaluator'") == 1


def test_a_parent_of_several_kinds_is_shown_as_a_name(org):
    owners = [
        c["Owner"] for c in org.soql("SELECT Owner.Name, Owner.Type FROM Case ORDER BY Owner.Type")["records"]
    ]
    assert [(o["attributes"]["type"], o["Name"], o["Type"]) for o in owners] == [
        ("Name", "Queue", "Group"),
        ("Name", "Ada Lind", "User"),
    ]
    assert owners[1]["attributes"]["url"].endswith("/sobjects/User/005000000000001AAA")
    assert org.names("WHERE What.Type = 'Account' AND Who.Name = 'Ann One'", "Subject", "Task") == [
        "On an account"
    ]


def test_typeof_shows_what_fits_the_parent(org):
    text = "SELECT TYPEOF What WHEN Account THEN Industry, Owner.Name WHEN Case THEN Subject ELSE Name END FROM Task ORDER BY Subject"
    first, second = (r["What"] for r in org.soql(text)["records"])
    assert (first["attributes"]["type"], first["Industry"], first["Owner"]["Name"]) == (
        "Account",
        "Energy",
        "Ada Lind",
    )
    assert second is None


def test_children_have_children_of_their_own(org):
    text = "SELECT Name, (SELECT LastName, (SELECT Subject FROM Cases ORDER BY Subject DESC LIMIT 1) FROM a.Contacts WHERE FirstName = null OR FirstName = 'Ann') FROM Account a WHERE Name = 'Aurora'"
    (aurora,) = org.soql(text)["records"]
    shown = {c["LastName"]: c["Cases"] for c in aurora["Contacts"]["records"]}
    assert shown["Two"] is None
    assert [c["Subject"] for c in shown["One"]["records"]] == ["Slow"]


def test_archived_activities_are_only_in_query_all(org):
    assert "Old" not in org.names("", "Subject", "Task")
    assert "Old" in [r["Subject"] for r in org.soql("SELECT Subject FROM Task", "queryAll")["records"]]


def test_sums_of_sums(org):
    text = (
        "SELECT Industry, CALENDAR_YEAR(CreatedDate) y, COUNT(Id), GROUPING(Industry) g FROM Account "
        "GROUP BY {}(Industry, CALENDAR_YEAR(CreatedDate)) HAVING COUNT(Id) > 1 ORDER BY COUNT(Id), Industry"
    )
    rolled = {(r["Industry"], r["y"], r["expr0"], r["g"]) for r in org.soql(text.format("ROLLUP"))["records"]}
    assert rolled == {
        ("Media", 2026, 2, 0),
        ("Media", None, 2, 0),
        (None, None, 2, 0),
        (None, None, 5, 1),
    }
    cubed = [(r["Industry"], r["y"], r["expr0"]) for r in org.soql(text.format("CUBE"))["records"]]
    assert (None, 2026, 4) in cubed


def test_a_formula_of_one_field_is_read_as_that_field_so_that_a_parent_is_looked_up_once_for_all():
    def health(row):
        return row["CS_Health_Score__c"]

    assert formula("Account.CS_Health_Score__c", lambda path: health) is health


@pytest.mark.parametrize(
    "text",
    [
        "VALUE(Name)",
        'REGEX(Name, "(")',
        "Name > Amount",
        "TODAY() + 99999999999",
        "Amount * Name",
        "YEAR(Name)",
    ],
)
def test_a_formula_that_ends_in_an_error_gives_nothing(text):
    read = formula(text, lambda path: lambda row: row[path[0]], lambda: "2026-11-22")
    assert read is not None
    assert read({"Name": "Aurora", "Amount": 5.0}) is None


@pytest.mark.parametrize("text", ["CASE(Name, 1, 2)", "CASE(Name, 1, 2, 3, 4)", "CASE(Name)"])
def test_a_case_without_pairs_and_an_end_is_not_understood(text):
    assert formula(text, lambda path: lambda row: row[path[0]]) is None


def test_functions_of_a_shown_value(org):
    (shown,) = org.soql(
        "SELECT FORMAT(AnnualRevenue) told, toLabel(Industry), convertCurrency(AnnualRevenue), FORMAT(CreatedDate) made "
        "FROM Account WHERE Name = 'Aurora'"
    )["records"]
    del shown["attributes"]
    assert shown == {
        "told": "USD 10.00", "Industry": "Energy", "AnnualRevenue": 10, "made": "11/22/2026, 12:00 PM",
    }  # fmt: skip
    assert org.soql("SELECT FORMAT(MAX(AnnualRevenue)) top FROM Account")["records"][0]["top"] == "USD 30.00"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT convertCurrency(Name) FROM Account", "INVALID_FIELD"),
        ("SELECT convertCurrency(BillingAddress) FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE convertCurrency(AnnualRevenue) > 5", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE FORMAT(AnnualRevenue) > 5", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id) FROM Account GROUP BY NumberOfEmployees HAVING FORMAT(NumberOfEmployees) > 1", "MALFORMED_QUERY"),
        ("SELECT COUNT_DISTINCT(BillingAddress) FROM Account", "MALFORMED_QUERY"),
    ],
)  # fmt: skip
def test_functions_are_refused_where_they_do_not_go(org, text, code):
    assert org.error("GET", "query", q=text)[:2] == (400, code)


def test_an_address_is_an_object_of_its_parts(org):
    org.load("Account", {"Name": "Zeta", "BillingCity": "Oslo"})
    (shown,) = org.soql("SELECT BillingAddress FROM Account WHERE Name = 'Zeta'")["records"]
    assert shown["BillingAddress"]["city"] == "Oslo"
    assert shown["BillingAddress"]["street"] is None
    assert org.names("WHERE Name = 'Aurora'", "BillingAddress") == [None]


def test_amounts_are_converted_at_the_rates_of_the_org(org):
    org.load("Account", {"Name": "Euro", "AnnualRevenue": 100, "CurrencyIsoCode": "EUR"})
    rate = org.names("WHERE IsoCode = 'EUR'", "ConversionRate", "CurrencyType")[0]
    (shown,) = org.soql(
        "SELECT convertCurrency(AnnualRevenue) usd, AnnualRevenue FROM Account WHERE Name = 'Euro'"
    )["records"]
    assert shown["AnnualRevenue"] == 100
    assert shown["usd"] == pytest.approx(100 / rate)
    assert rate != 1


def test_a_formula_knows_the_day(org):
    spec = {
        "name": "Age__c",
        "type": "Formula",
        "returns": "Number",
        "label": "Age",
        "formula": "TODAY() - DATEVALUE(CreatedDate)",
    }
    org.sim.install({"Account": {"fields": [spec]}})
    assert org.names("WHERE Name = 'Aurora'", "Age__c") == [0]
    org.pass_time(days=2)
    org.token = org.sim.credentials()["access_token"]
    assert org.names("WHERE Name = 'Aurora'", "Age__c") == [2]
