"""SOQL that Salesforce refuses: with which code, in which words, and at which place of the text."""

from __future__ import annotations

import pytest

from tests.contract.salesforce_org import Org


@pytest.fixture(scope="module")
def org():
    org = Org()
    org.load("Account", {"Name": "A", "AnnualRevenue": 10, "CurrencyIsoCode": "EUR"})
    return org


BAD = "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Id != null",
            BAD,
            "unexpected token: 'AND'",
        ),
        ("SELECT FROM Account", BAD, "Column:8\nunexpected token: 'FROM'"),
        ("SELECT Id, FROM Account", BAD, "Column:12\nunexpected token: 'FROM'"),
        ("SELECT * FROM Account", BAD, "Column:8\nunexpected token: '*'"),
        ("SELECT Id FROM Account LIMIT -1", BAD, "unexpected token: '-1'"),
        ("SELECT Id FROM Account WHERE Name = 'a", BAD, "mismatched character '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'a\\x'", BAD, "Illegal character sequence '\\x'"),
        ("SELECT Id FROM Account WHERE", BAD, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = :name", BAD, "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", BAD, "unexpected token: 'SOMEDAY'"),
        ("SELECT Id FROM Account WHERE Birth__c = 2026-13-01", "INVALID_FIELD", "No such column 'Birth__c'"),
        ("SELECT Id FROM Account WHERE LastActivityDate = 2026-13-01", BAD, "Invalid date"),
        ("SELECT Id FROM Account WHERE CreatedDate < LAST_N_YEARS:9999", BAD, "Invalid date literal"),
        ("SELECT LOWER(Name) FROM Account", BAD, "unexpected token: '('"),
        ("SELECT COUNT(), Name FROM Account", BAD, "unexpected token: ','"),
        ("SELECT Name n FROM Account", BAD, "only aggregate expressions use field aliasing"),
        ("SELECT Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Account'"),
        ("SELECT Owner.Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'User'"),
        ("SELECT Owner.Website FROM Case", "INVALID_FIELD", "No such column 'Website' on entity 'Name'"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "Column:16\nsObject type 'Nope__c' is not supported"),
        (
            "SELECT Nope.Name FROM Account",
            "INVALID_FIELD",
            "Didn't understand relationship 'Nope' in field path",
        ),
        (
            "SELECT Id, (SELECT Id FROM Nopes) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Nopes' in FROM part",
        ),
        (
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Account",
            "INVALID_FIELD",
            "more than 5 levels",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue = '1'",
            "INVALID_FIELD",
            "should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 1",
            "INVALID_FIELD",
            "type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted = 'true'",
            "INVALID_FIELD",
            "type boolean and should not be",
        ),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "type dateTime"),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
            "can not be filtered in a query call",
        ),
        ("SELECT Id FROM Account WHERE Id = 'zzz'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: zzz"),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted > true",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator",
        ),
        (
            "SELECT Id FROM Account WHERE Industry INCLUDES ('x')",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator",
        ),
        (
            "SELECT Id FROM Account WHERE CALENDAR_YEAR(Name) = 1",
            "INVALID_FIELD",
            "does not support function",
        ),
        ("SELECT Id FROM Account WHERE COUNT(Id) = 1", BAD, "Aggregate expressions are not allowed here"),
        ("SELECT Id FROM Account ORDER BY Description", BAD, "can not be sorted in a query call"),
        ("SELECT Name, COUNT(Id) FROM Account", BAD, "Field must be grouped or aggregated: Name"),
        (
            "SELECT COUNT(Id) FROM Account GROUP BY Type ORDER BY Name",
            BAD,
            "Ordered field must be grouped or aggregated",
        ),
        (
            "SELECT AnnualRevenue FROM Account GROUP BY AnnualRevenue",
            BAD,
            "can not be grouped in a query call",
        ),
        ("SELECT SUM(Name) FROM Account", BAD, "field Name does not support aggregate operator SUM"),
        ("SELECT COUNT(Id) FROM Account LIMIT 1", BAD, "cannot also use LIMIT"),
        ("SELECT COUNT() FROM Account GROUP BY Name", BAD, "COUNT() is not allowed with GROUP BY"),
        ("SELECT Name, Owner.Name FROM Account GROUP BY Name, Owner.Name", BAD, "duplicate alias: Name"),
        (
            "SELECT Id, (SELECT COUNT(Id) FROM Contacts) FROM Account",
            BAD,
            "only root queries support aggregate",
        ),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT FIELDS(ALL) FROM Account", BAD, "must have a LIMIT of at most 200"),
        ("SELECT FIELDS(CUSTOM) FROM Account LIMIT 201", BAD, "must have a LIMIT of at most 200"),
        (
            "SELECT TYPEOF Owner WHEN User THEN Name END FROM Account",
            BAD,
            "TYPEOF needs a polymorphic relationship",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            BAD,
            "not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' AND (Name = 'b' OR Id IN (SELECT AccountId FROM Contact))",
            BAD,
            "only allowed at the top level WHERE expressions",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            BAD,
            "not be on the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Contact)",
            BAD,
            "should point to the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))",
            BAD,
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "SELECT Id FROM Account WHERE "
            + " AND ".join(f"Id IN (SELECT AccountId FROM {o})" for o in ("Contact", "Case", "Asset")),
            BAD,
            "Maximum 2 semi join sub-selects are allowed",
        ),
    ],
)
def test_a_bad_query_is_refused_with_the_code_of_salesforce(org, text, code, hint):
    status, found, message = org.error("GET", "query", q=text)
    assert (status, found) == (400, code), message
    assert hint in message


def test_the_place_is_marked_by_row_and_column(org):
    text = "SELECT Id,\n  Name, Nope__c,\n  Type FROM Account"
    _, _, message = org.error("GET", "query", q=text)
    assert message.startswith(
        "\n  Name, Nope__c,\n        ^\nERROR at Row:2:Column:9\nNo such column 'Nope__c'"
    )
    long = (
        f"SELECT {', '.join(['Id'] * 30)} FROM Account WHERE Nope = 1 AND Name != 'a very long text indeed'"
    )
    line, mark = org.error("GET", "query", q=long)[2].split("\n")[1:3]
    assert line[mark.index("^") :].startswith("Id")
    assert len(line) < 60


def test_a_query_has_at_most_100_000_characters(org):
    query = f"SELECT Id FROM Account WHERE Name = '{'x' * 100_000}'"
    job = {"operation": "query", "query": query}
    assert org.error("POST", "jobs/query", job)[1] == BAD
    assert org.error("GET", "query")[:2] == (400, BAD)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM Account WHERE DISTANCE(Place__c, GEOLOCATION(1, 2), 'mi') < 20",
        "SELECT Title FROM KnowledgeArticleVersion WITH DATA CATEGORY Geography__c AT usa__c",
        "SELECT Id FROM Account USING SCOPE team",
        "SELECT Id FROM Account WHERE AnnualRevenue > EUR500",
    ],
)
def test_what_is_not_simulated_says_so(org, text):
    status, code, message = org.error("GET", "query", q=text)
    assert (status, code) == (501, "NOT_IMPLEMENTED")
    assert message.endswith("is not simulated.")
