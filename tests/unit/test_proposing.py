"""discover proposes how to read an org that has objects and fields of its own; the proposal is a mapping that loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.runner import Engine, open_engine, proposals
from cs_connector.unify import load_mapping
from cs_connector.unify.mapping import MappingFile
from cs_connector.unify.proposing import propose

BASE = """
version: 1
crm: sales
read:
  - object: User
    entity: user
    fields: {name: Name}
  - object: Account
    entity: account
    same_as: {crm: other, object: companies, field: Company_Id__c}
    fields:
      name: Name
      segment: Segment__c
      industry: {first: [Sector__c, Industry]}
      lifecycle_stage: {const: sold}
  # nobody has these but the demo company
  - object: Subscription__c
    entity: subscription
    fields:
      account_id: {link: account, object: Account, field: Account__c}
      arr: ARR__c
  - object: Contact
    entity: person
    where:
      - {field: Kind__c, known: true}
    fields: {name: Name}
write:
  - object: Account
    source: account
    fields: {CS_Segment__c: stage}
"""


def ref(name: str, to: str, **more: Any) -> FieldInfo:
    return FieldInfo(name, "reference", refers_to=(to,), called=f"{name[:-1]}r.Name", **more)


def picklist(name: str, *values: str, label: str = "") -> FieldInfo:
    return FieldInfo(name, "picklist", label=label, values=values)


ORG = (
    ObjectInfo("User", (FieldInfo("Name", "string"),)),
    ObjectInfo(
        "Account",
        (
            FieldInfo("Name", "string"),
            FieldInfo("Industry", "picklist"),
            picklist("Customer_Tier__c", "A", "B", label="Tier"),
            picklist("CS_Segment__c", "X", label="Segment"),
            ref("Success_Manager__c", "User"),
            FieldInfo("Tier_Date__c", "date"),
        ),
    ),
    ObjectInfo("Contact", (FieldInfo("Name", "string"),)),
    ObjectInfo(
        "abc__Customer_Agreement__c",
        (
            ref("Client__c", "Account", nullable=False),
            ref("Referred_By__c", "Account"),
            ref("Product__c", "Product2"),
            picklist("Agreement_Status__c", "Activated", "Expired", "Draft", label="Status"),
            FieldInfo("ContractStartDate__c", "date"),
            FieldInfo("Next_Renewal_Date__c", "date"),
            FieldInfo("Annual_Value__c", "currency"),
            FieldInfo("Number_of_Seats__c", "double"),
            FieldInfo("Send_Reminder__c", "date"),
            FieldInfo("Seats_Note__c", "textarea"),
        ),
    ),
    ObjectInfo("Contract", (ref("AccountId", "Account"), FieldInfo("EndDate", "date"))),
    ObjectInfo("Success_Goal__c", (ref("Account__c", "Account"), FieldInfo("Target_Date__c", "date"))),
    ObjectInfo("Orphan_Contract__c", (FieldInfo("End_Date__c", "date"),)),
    ObjectInfo("Invoice_Template__c", (ref("Account__c", "Account"), FieldInfo("Body__c", "textarea"))),
    ObjectInfo("Product2", (FieldInfo("Name", "string"),), label="Product"),
)


@pytest.fixture
def mapping(tmp_path: Path) -> MappingFile:
    path = tmp_path / "base.yml"
    path.write_text(BASE)
    return load_mapping(path)


class Shown:
    """A system that describes what was not shown yet."""

    def seek(self, _name: str, _fields: list[str]) -> list[FieldInfo]:
        return []

    def describe(self, objects: list[str]) -> list[ObjectInfo]:
        return [info for info in ORG if info.name in objects]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "base.yml").write_text(BASE)
    (tmp_path / "cs-connector.yml").write_text(
        "version: 1\nconnections:\n  sales: {adapter: files, mapping: base, settings: {root: ., objects: {}}}\n"
        "  more: {adapter: files, mapping: base, settings: {root: ., objects: {}}}\n"
    )
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    opened._adapters |= {"sales": Shown(), "more": Shown()}  # type: ignore[dict-item]
    yield opened
    opened._adapters.clear()
    opened.close()


def proposed(engine: Engine, connection: str = "sales") -> Path:
    source = next(s for s in engine.sources() if s.connection == connection)
    return proposals.write(engine, source, [info for info in ORG if info.name != "Contact"])


def test_an_object_is_known_by_its_name_its_account_and_its_dates(mapping: MappingFile) -> None:
    found = propose(mapping, ORG)
    agreement, goal = found.rules
    assert (agreement.object, agreement.entity, agreement.account.name) == (
        "abc__Customer_Agreement__c", "subscription", "Client__c",
    )  # fmt: skip
    assert {m.attribute: m.info.name for m in agreement.matches} == {
        "product": "Product__c",
        "status": "Agreement_Status__c",
        "start_on": "ContractStartDate__c",
        "renewal_on": "Next_Renewal_Date__c",
        "arr": "Annual_Value__c",
        "seats": "Number_of_Seats__c",
    }
    assert (goal.object, goal.entity) == ("Success_Goal__c", "goal")
    assert [(g.object, g.entity) for g in found.others] == [("Contract", "subscription")]
    assert found.products == ("Product2",)


def test_values_are_translated_where_ours_are_few(mapping: MappingFile) -> None:
    status = next(m for m in propose(mapping, ORG).rules[0].matches if m.attribute == "status")
    assert status.values == {"Activated": "Active", "Expired": "Ended"}
    assert status.left == ("Draft",)


def test_fields_take_the_place_of_those_that_are_not_there_but_not_our_own(mapping: MappingFile) -> None:
    added = propose(mapping, ORG).added
    assert {m.attribute: m.info.name for m in added[1]} == {
        "segment": "Customer_Tier__c",
        "csm_user_id": "Success_Manager__c",
    }
    assert set(added) == {1}


def test_what_an_entity_is_read_from_already_is_not_read_from_something_else_too(
    mapping: MappingFile,
) -> None:
    known = ObjectInfo("Subscription__c", (ref("Account__c", "Account"), FieldInfo("ARR__c", "currency")))
    found = propose(mapping, (*ORG, known))
    assert [g.entity for g in found.rules] == ["goal"]
    assert [g.object for g in found.others] == ["abc__Customer_Agreement__c", "Contract"]


def test_the_file_loads_when_it_is_renamed_and_says_why(engine: Engine, tmp_path: Path) -> None:
    path = proposed(engine)
    assert path == tmp_path / "mappings" / "base.proposed.yml"
    text = path.read_text()
    renamed = path.rename(tmp_path / "mappings" / "base.yml")
    rules = {rule.object: rule for rule in load_mapping(renamed).read}
    assert list(rules) == ["User", "Account", "abc__Customer_Agreement__c", "Success_Goal__c"]
    assert rules["Account"].same_as is None
    assert rules["Account"].fields["industry"].first == ("Industry",)
    assert rules["Account"].fields["lifecycle_stage"].const == "sold"
    assert rules["Account"].fields["segment"].field == "Customer_Tier__c"
    assert rules["Account"].fields["csm_user_id"].link == "user"
    bought = rules["abc__Customer_Agreement__c"]
    assert bought.fields["account_id"].field == "Client__c"
    assert bought.fields["product"].field == "Product__r.Name"
    assert bought.fields["status"].values == {"Activated": "Active", "Expired": "Ended"}
    assert [w.object for w in load_mapping(renamed).write] == ["Account"]
    assert "# left out: Subscription__c as subscription, which is not in this org" in text
    assert "# left out: Contact as person, which cannot be read without Kind__c" in text
    assert "# left out: Company_Id__c, Sector__c, Segment__c of Account, not in this org" in text
    assert "# Contract could be read as subscription too: it refers to an account by AccountId" in text
    assert "no word of ours for Draft" in text
    assert (
        "# abc__Customer_Agreement__c could be read as subscription: it refers to an account by Client__c"
        in text
    )


def test_whatever_an_org_calls_its_fields_the_file_loads(engine: Engine, tmp_path: Path) -> None:
    odd = 'a\x07\n - b: "#\u2028 \ud800'.encode("utf-8", "replace").decode()
    fields = (
        ref("Account__c", "Account"),
        FieldInfo("End__c", "date", label=odd),
        picklist("Contract_Status__c", "Expired", odd, "no: #", label="Status"),
        FieldInfo("ARR__c", "currency"),
    )
    source = next(s for s in engine.sources() if s.connection == "sales")
    path = proposals.write(engine, source, [*ORG[:2], ObjectInfo("Contract__c", fields, label=odd)])
    rules = {rule.object: rule for rule in load_mapping(path).read}
    assert rules["Contract__c"].fields["status"].values == {"Expired": "Ended"}


def test_nothing_is_applied_by_itself(engine: Engine, tmp_path: Path) -> None:
    proposed(engine)
    assert (tmp_path / "mappings" / "base.yml").read_text() == BASE
    assert [len(s.mapping.read) for s in engine.sources()] == [4, 4]


def test_two_connections_with_one_mapping_have_a_proposal_each(engine: Engine) -> None:
    assert [proposed(engine, name).name for name in ("sales", "more")] == [
        "base.proposed.yml",
        "more.proposed.yml",
    ]


COMPUTED = """
version: 1
crm: sales
read:
  - object: Account
    entity: account
    inputs: {size: Customer_Tier__c, gone: Size__c, alone: Industry}
    fields:
      name: Name
      segment: {formula: "concat(size, '!')"}
      industry: {formula: "concat(gone, alone)"}
      kind: {formula: "concat(industry, name)"}
"""


def test_formulas_that_stand_on_nothing_are_left_out(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mappings" / "base.yml").write_text(COMPUTED)
    rule = load_mapping(proposed(engine)).read[0]
    assert {name for name, how in rule.fields.items() if how.formula} == {"segment"}
    assert list(rule.inputs) == ["size"]


COMMENTED = """
version: 1
crm: sales
read:
  - object: User
    entity: user
    fields: {name: Name}
  - object: Account
    entity: account
    fields:
      name: Name
      LAST

  # of people
  # only the names
  - object: Contact
    entity: person
    fields: {name: Name}
"""


@pytest.mark.parametrize(
    "last",
    [
        "industry: Industry", "industry: Industry  # own", "industry: {const: B}", "industry: {const: B}  # own",
        "industry:\n        const: B", "industry: Gone__c",
    ],
)  # fmt: skip
def test_a_comment_stays_before_what_it_is_about(engine: Engine, tmp_path: Path, last: str) -> None:
    """What is added to the fields of a rule comes before it, and what is left out does not take it along."""
    (tmp_path / "mappings" / "base.yml").write_text(COMMENTED.replace("LAST", last))
    lines = [line.strip() for line in proposed(engine).read_text().splitlines()]
    at = lines.index("# of people")
    assert lines[at + 1 : at + 3] == ["# only the names", "- object: Contact"]
    assert any(
        line.startswith("csm_user_id: {") and line.endswith("# reference, 100 % alike") for line in lines[:at]
    )
    assert any(line.endswith("# own") for line in lines[:at]) is ("# own" in last)
