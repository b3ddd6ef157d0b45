"""mapping check: every way in which a mapping can ask for what the connection does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.runner.fitting import Problem, fit
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.declared.loading import examine

GOOD = """version: 1
crm: salesforce
read:
  - object: Account
    entity: account
    fields:
      name: Name
      customer_since: Since__c
      kind: {field: Type, values: {Customer: customer, Partner: partner}, default: null}
  - object: Case
    entity: ticket
    where:
      - {field: Status, none_of: [Closed]}
    fields:
      account_id: {link: account, object: Account, field: AccountId}
      opened_at: CreatedDate
      status: {field: Status, values: {Closed: closed}, default: open}
write:
  - object: Account
    source: account
    fields:
      CS_Health_Score__c: {column: score, type: number}
      CS_Health_Band__c: {column: band, values: {green: Green, red: Red}}
      CS_Reason__c: {column: reason, length: 255}
      RecordTypeId: {column: customer_status, type: reference, values: {Trial: 012AAA}}
"""
ACCOUNT = ObjectInfo(
    "Account",
    (
        FieldInfo("Name", "string"),
        FieldInfo("Since__c", "date"),
        FieldInfo("Type", "picklist", values=("Customer", "Partner")),
        FieldInfo("Employees", "int"),
        FieldInfo("CS_Health_Score__c", "double"),
        FieldInfo("CS_Health_Band__c", "picklist", values=("Green", "Yellow", "Red")),
        FieldInfo("CS_Reason__c", "string", length=255),
        FieldInfo("Formula__c", "double", writable=False),
        FieldInfo("RecordTypeId", "reference", refers_to=("RecordType",), choices=("012AAA", "012BBB")),
    ),
)
CASE = ObjectInfo(
    "Case",
    (
        FieldInfo("AccountId", "reference"),
        FieldInfo("CreatedDate", "datetime"),
        FieldInfo("Status", "picklist", values=("New", "Closed")),
    ),
)


def problems(tmp_path: Path, text: str, *objects: ObjectInfo) -> list[Problem]:
    file = tmp_path / "salesforce.yml"
    file.write_text(text)
    mapping = load_mapping(file)
    source = Source("sales", mapping.crm, 0, mapping)
    return fit(source, {o.name: o for o in objects or (ACCOUNT, CASE)})


def test_a_mapping_that_fits_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "what", "fix"),
    [
        ("- object: Case", "- object: Cases", 10, "Cases is not an object", "did you mean 'Case'?"),
        ("name: Name", "name: Nane", 7, "Account.Nane is not a field", "did you mean 'Name'?"),
        (
            "customer_since: Since__c",
            "customer_since: Employees",
            8,
            "account.customer_since is a date, and Account.Employees is a number",
            "map a field of that kind",
        ),
        ("Partner: partner", "Partnr: partner", 9, "Account.Type has no value 'Partnr'", "did you mean 'Partner'?"),
        ("none_of: [Closed]", "none_of: [Shut]", 13, "Case.Status has no value 'Shut'", "it has New, Closed"),
        ("object: Account, field", "object: Acount, field", 15, "Acount is not read", "did you mean 'Account'?"),
        (
            "CS_Health_Score__c: {column: score, type: number}",
            "Formula__c: {column: score, type: number}",
            22,
            "Account.Formula__c may not be written",
            "edit permission",
        ),
        ("column: score, type: number", "column: score, type: date", 22, "is a number, and the mapping writes a date", "type"),
        (
            "Trial: 012AAA", "Trial: 012XYZ", 25,
            "Account.RecordTypeId: 012XYZ is not there, is not active, or is not available to this login", "it may set 012AAA, 012BBB",
        ),
        ("red: Red", "red: Rot", 23, "Account.CS_Health_Band__c has no value 'Rot'", "it has Green, Yellow, Red"),
        ("length: 255", "length: 400", 24, "Account.CS_Reason__c holds 255 characters, not 400", "length: 255"),
        ("CS_Reason__c:", "CS_Reasn__c:", 24, "Account.CS_Reasn__c is not a field", "did you mean 'CS_Reason__c'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_a_way_out(
    tmp_path: Path, right: str, wrong: str, line: int, what: str, fix: str
) -> None:
    assert right in GOOD
    found = problems(tmp_path, GOOD.replace(right, wrong, 1))
    assert any(
        what in p.what and fix in p.fix and p.place.endswith(f"salesforce.yml:{line}") for p in found
    ), found


def test_an_object_that_may_not_be_read_or_written_is_named(tmp_path: Path) -> None:
    closed = ObjectInfo("Account", ACCOUNT.fields, readable=False, writable=False)
    assert [p.what for p in problems(tmp_path, GOOD, closed, CASE)] == [
        "Account may not be read by this login",
        "Account may not be written by this login",
    ]


def test_inputs_and_fields_of_other_objects_are_compared_too(tmp_path: Path) -> None:
    more = (
        "    inputs: {big: {field: Employees, type: date}, owner: Owner__c}\n    fields:\n"
        "      segment: {formula: \"if(known(big), owner, 'x')\"}\n"
        "      industry: {field: Name, through: {object: Case, field: Stats}}\n"
    )
    text = GOOD.replace("    fields:\n", more, 1)
    assert {p.what for p in problems(tmp_path, text)} == {
        "big is a date, and Account.Employees is a number",
        "Account.Owner__c is not a field that this login sees",
        "Case.Stats is not a field that this login sees",
    }


def test_histories_conditions_of_attributes_and_keys_are_compared_too(tmp_path: Path) -> None:
    more = "    source: account\n    by: key\n    key_field: CS_Kye__c\n    closed: {field: Shut__c, any_of: [x]}\n"
    text = GOOD.replace("    source: account\n", more, 1).replace(
        "    where:\n", "    history: [Statsu]\n    where:\n"
    )
    text = text.replace("CreatedDate\n", "{field: CreatedDate, only_if: {field: Status, any_of: [Newer]}}\n")
    assert [(p.what, p.place.rpartition(":")[2]) for p in problems(tmp_path, text)] == [
        ("Case.Statsu is not a field that this login sees", "12"),
        ("Case.Status has no value 'Newer'", "17"),
        ("Account.CS_Kye__c is not a field that this login sees", "23"),
        ("Account.Shut__c is not a field that this login sees", "24"),
    ]


def test_what_was_not_saved_is_not_missing(tmp_path: Path) -> None:
    file = tmp_path / "salesforce.yml"
    file.write_text(GOOD.replace("- object: Case", "- object: Cases").replace("name: Name", "name: Nane"))
    source = Source("sales", "salesforce", 0, load_mapping(file))
    assert [p.what for p in fit(source, {"Account": ACCOUNT}, partly=True)] == [
        "Account.Nane is not a field that this login sees"
    ]


@pytest.mark.parametrize(
    ("name", "told"), [("Acount", ["Acount is not an object that this login sees"]), ("Account/Account", [])]
)
def test_of_what_was_saved_in_part_only_a_slip_of_the_pen_is_told(
    tmp_path: Path, name: str, told: list[str]
) -> None:
    """HubSpot's associations have names of two objects and are saved in no document of their own."""
    file = tmp_path / "salesforce.yml"
    file.write_text(GOOD.replace("- object: Case", f"- object: {name}"))
    source = Source("sales", "salesforce", 0, load_mapping(file))
    assert [p.what for p in fit(source, {"Account": ACCOUNT}, partly=True)] == told


def test_mistakes_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        GOOD.replace("length: 255", "length: 400")
        .replace("name: Name", "name: Nane")
        .replace("CreatedDate", "Made")
    )
    lines = [int(p.place.rpartition(":")[2]) for p in problems(tmp_path, text)]
    assert lines == sorted(lines)
    assert len(lines) == 3


def test_what_is_no_entity_is_left_to_the_mistakes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "salesforce.yml"
    path.write_text(GOOD.replace("entity: ticket", "entity: tikket"))
    seen = examine(path)
    assert [error.what for error in seen.errors] == ["tikket is not an entity"]
    assert seen.mapping is not None
    source = Source("sf", "salesforce", 0, seen.mapping)
    assert fit(source, {"Account": ACCOUNT, "Case": CASE}) == []
