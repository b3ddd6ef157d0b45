"""Mapping files: what is wrong is said all at once, with file, line and a way out; a project's file is laid over ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from cs_connector import registry
from cs_connector.act.heartbeat import ours as heartbeat
from cs_connector.act.wanted import EXTRAS, extend, mark, want
from cs_connector.errors import ConfigError, MappingError, Place
from cs_connector.model import ENTITIES
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.runner import judging
from cs_connector.runner.fitting import fit
from cs_connector.unify import MappingFile, Source, load_mapping
from cs_connector.unify.declared.loading import examine
from cs_connector.unify.declared.mistakes import WANTED
from cs_connector.unify.declared.schema import FILES, schema

SHIPPED = registry.shipped()[0]
ROOT = Path(__file__).parents[2]
PLANTED = """\
version: 1
crm: salesforce
read:
  - object: Account
    entity: account
    wehre: []
    fields:
      name: Nane
      industy: Industry
      kind: {field: Type, values: {Customer: customer}}
      owner_user_id: {link: account, object: Account, field: OwnerId}
  - object: Contract
    entity: subscription
    inputs:
      monthly: {field: Monthly__c, type: money}
      signed: {field: Signed__c, type: date}
    fields:
      account_id: {link: account, object: Account, field: AccountId}
      arr: {formula: "monthly * 12 + sined"}
      seats: {formula: features_bought + 1}
      features_bought: {formula: seats - 1}
      renewal_on: {formula: monthly * 2}
      status: {field: State__c, const: Active}
  - object: Ticket__c
    entity: ticket
    fields:
      status: {field: Status, values: {Shut: closed}, default: open}
      opened_at: Employees__c
write:
  - object: Account
    source: account
    fields:
      Score__c: {column: score, type: number}
  - object: Account
    source: relationship
    fields:
      Score__c: {column: score, type: number}
"""
GOLDEN = """\
planted.yml:6:5 read.0.wehre is not a known key | did you mean 'where'?
planted.yml:8 Account.Nane is not a field that this login sees | did you mean 'Name'?
planted.yml:9 account.industy is not an attribute | did you mean 'industry'?
planted.yml:10 the values of account.kind have no default | say what any other value becomes: default: null if it is not known
planted.yml:11 account.owner_user_id is of a user, not of a account | use link: user
planted.yml:19:38 'sined' is not known here at column 16 | did you mean 'signed'?
planted.yml:21 formulas stand on each other in a circle: features_bought → seats → features_bought | let one of them stand on inputs alone
planted.yml:22 the formula gives money, and subscription.renewal_on is a date | change the formula, or map another attribute
planted.yml:23:7 read.1.fields.status is not valid: it has field and const: exactly one of field, first, join, const, formula is needed | correct the value
planted.yml:27 Ticket__c.Status has no value 'Shut' | it has New, Closed
planted.yml:28 ticket.opened_at is a time, and Ticket__c.Employees__c is a number | map a field of that kind, or translate its values
planted.yml:37 Account.Score__c is written from the account and from the relationship: the other one is in planted.yml:33 | let one of them write it
"""
ORG = (
    ObjectInfo("Account", (
        FieldInfo("Name", "string"), FieldInfo("Industry", "string"), FieldInfo("Type", "picklist", values=("Customer", "Partner")),
        FieldInfo("OwnerId", "reference"), FieldInfo("Score__c", "double"),
    )),
    ObjectInfo("Contract", (
        FieldInfo("Monthly__c", "currency"), FieldInfo("Signed__c", "date"), FieldInfo("AccountId", "reference"),
    )),
    ObjectInfo("Ticket__c", (
        FieldInfo("Status", "picklist", values=("New", "Closed")), FieldInfo("Employees__c", "int"),
    )),
)  # fmt: skip


def file(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_text(text)
    return path


def told(error: ConfigError, root: Path) -> str:
    why = f": {error.why}" if error.why else ""
    return f"{error.place} {error.what}{why} | {error.fix}".replace(f"{root}/", "")


def test_every_planted_mistake_is_told_at_once_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    examined = examine(file(tmp_path, "planted.yml", PLANTED))
    assert examined.mapping is not None
    source = Source("sales", "salesforce", 0, examined.mapping)
    lines = [told(error, tmp_path) for error in examined.errors]
    lines += [
        f"{p.place.replace(f'{tmp_path}/', '')} {p.what} | {p.fix}"
        for p in fit(source, {o.name: o for o in ORG})
    ]
    assert "\n".join(sorted(lines, key=lambda line: int(line.split(":")[1].split(" ")[0]))) + "\n" == GOLDEN


READ = "version: 1\ncrm: x\nread:\n  - object: A\n    entity: {entity}\n    fields:\n"


@pytest.mark.parametrize(
    ("entity", "more", "line", "what", "fix"),
    [
        ("account", "      name: {formula: 'industry + 1'}\n      industry: B\n", 7, "+ takes numbers or money, not a text and a number", "formula"),
        ("account", "      name: {formula: 'upper(arr)'}\n      arr: B\n", 7, "upper needs a text, and arr is money", "formula"),
        ("usage", "      value: {field: V, unit: {from: minute, to: hours}}\n", 7, "there is no unit 'minute'", "did you mean 'minutes'?"),
        ("usage", "      value: {field: V, unit: {from: minutes, to: GB}}\n", 7, "minutes is a time and GB is an amount of data", "hours"),
        ("account", "      name: {field: V, unit: {from: minutes, to: hours}}\n", 7, "account.name is no number", "remove unit"),
        ("account", "      name: {lookup: regions, field: R}\n", 7, "no look-up called 'regions'", "lookups/regions.yml"),
        ("account", "      name: N\n    ranges: [{attribute: ar, low: 0, high: 1}]\n", 8, "ar is no number that this rule reads", "none"),
        ("account", "      name: N\n    adds_to: {link: person, object: A, field: X}\n", 8, "it adds to a account, and leads to a person", "link: account"),
        ("account", "      name: {link: account, field: X}\n", 7, "not valid", "value"),
        ("account", "      name: {}\n", 7, "not valid", "value"),
        ("account", "      name: N\n    inputs: {name: B}\n", 8, "name is an attribute of account", "another name"),
        ("account", "      name: N\n    inputs: {b: B}\n", 8, "no formula uses b", "remove it"),
        ("account", "      arr: N\n    convert: {to: EUR, on: 2026-01-01}\n", 8, "there are no rates to convert by", "rates.yml"),
    ],
)  # fmt: skip
def test_what_a_mapping_cannot_mean_is_refused(
    tmp_path: Path, entity: str, more: str, line: int, what: str, fix: str
) -> None:
    found = examine(file(tmp_path, "x.yml", READ.format(entity=entity) + more)).errors
    assert any(
        what in told(e, tmp_path) and fix in e.fix and e.place and e.place.line == line for e in found
    ), [told(e, tmp_path) for e in found]


TWICE = """\
version: 1
crm: x
read:
  - {object: A, entity: ticket, where: [{field: S, any_of: [a]}], fields: {status: S}}
  - {object: A, entity: ticket, where: [{field: S, %s}], fields: {status: S}}
"""


@pytest.mark.parametrize(
    ("condition", "clashes"),
    [
        ("any_of: [b]", 0),
        ("none_of: [a, b]", 0),
        ("known: false", 0),
        ("any_of: [a, b]", 1),
        ("known: true", 1),
    ],
)
def test_one_record_is_not_two_tickets(tmp_path: Path, condition: str, clashes: int) -> None:
    found = examine(file(tmp_path, "x.yml", TWICE % condition)).errors
    assert [e.what for e in found] == [
        "A is read as ticket by two rules that can take the same record"
    ] * clashes


def test_what_we_write_is_not_read_as_what_it_is_made_of(tmp_path: Path) -> None:
    text = (
        READ.format(entity="account")
        + "      arr: ARR__c\nwrite:\n  - object: A\n    source: account\n    fields: {ARR__c: arr}\n"
    )
    (error,) = examine(file(tmp_path, "x.yml", text)).errors
    assert told(error, tmp_path).startswith(
        "x.yml:7 A.ARR__c is written by us, and read as arr: it would feed on itself"
    )


OVER = """\
version: 1
extends: salesforce
read:
  - object: Account
    entity: account
    fields:
      segment: Tier__c
      industry: null
      arr: Value__c
  - {object: Success_Goal__c, entity: goal, remove: true}
  - object: Case
    entity: ticket
    replace: true
    fields: {opened_at: CreatedDate}
  - object: Project__c
    entity: goal
    fields: {status: State__c}
write:
  - object: Account
    source: account
    fields: {CS_Stage__c: null}
"""


def laid(tmp_path: Path, text: str) -> MappingFile:
    return load_mapping(file(tmp_path / "mappings", "salesforce.yml", text), (tmp_path / "mappings", SHIPPED))


def test_a_file_of_the_project_is_laid_over_the_one_that_ships(tmp_path: Path) -> None:
    before, now = load_mapping(SHIPPED / "salesforce.yml"), laid(tmp_path, OVER)
    account = next(r for r in now.read if r.object == "Account")
    old = next(r for r in before.read if r.object == "Account")
    assert {n: f for n, f in account.fields.items() if n not in ("segment", "arr")} == {
        n: f for n, f in old.fields.items() if n not in ("segment", "industry")
    }
    assert (account.fields["segment"].field, account.fields["arr"].field) == ("Tier__c", "Value__c")
    goals = {r.object for r in now.read if r.entity == "goal"}
    assert ("Project__c" in goals, "Success_Goal__c" in goals) == (True, False)
    assert list(next(r for r in now.read if r.object == "Case").fields) == ["opened_at"]
    assert "CS_Stage__c" not in now.write[0].fields
    assert (now.crm, len(now.write)) == (before.crm, len(before.write))


def test_an_overlay_that_changes_nothing_is_the_same_mapping(tmp_path: Path) -> None:
    same = laid(tmp_path, "version: 1\nextends: salesforce\nread: [{object: User, entity: user}]\n")
    assert same.model_dump() == load_mapping(SHIPPED / "salesforce.yml").model_dump()


def test_a_place_is_named_in_the_file_that_it_is_in(tmp_path: Path) -> None:
    document = laid(tmp_path, OVER).document
    assert document is not None
    account = next(n for n, r in enumerate(document.data["read"]) if r["object"] == "Account")
    places = [document.place(("read", account, "fields", name)) for name in ("segment", "name")]
    assert [(Path(p.path).parent.name, p.line) for p in places] == [("mappings", 7), ("mappings", 18)]
    assert places[0].path != places[1].path


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "fix"),
    [
        ("industry: null", "industy: null", 8, "industy is not in salesforce.yml, so it cannot be removed", "did you mean 'industry'?"),
        ("Success_Goal__c", "Sucess_Goal__c", 10, "salesforce.yml has no rule for Sucess_Goal__c as goal", "did you mean 'Success_Goal__c as goal'?"),
        ("extends: salesforce", "extends: salesfors", 2, "there is no mapping called 'salesfors'", "did you mean 'salesforce'?"),
        ("segment: Tier__c", "segmnt: Tier__c", 7, "account.segmnt is not an attribute", "did you mean 'segment'?"),
        ("    replace: true\n", "    replce: true\n", 13, "replce is not a known key", "known keys"),
    ],
)  # fmt: skip
def test_a_mistake_of_an_overlay_is_told_at_its_own_line(
    tmp_path: Path, old: str, new: str, line: int, what: str, fix: str
) -> None:
    assert old in OVER
    with pytest.raises(ConfigError) as caught:
        laid(tmp_path, OVER.replace(old, new))
    place = caught.value.place
    assert place is not None
    assert (Path(place.path).parent.name, place.line) == ("mappings", line)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_rules_of_one_object_are_told_apart_by_name(tmp_path: Path) -> None:
    text = "version: 1\nextends: zendesk\nread:\n  - object: satisfaction_ratings\n    entity: survey_response\n    %sremove: true\n"
    folders = (tmp_path, SHIPPED)
    with pytest.raises(ConfigError, match=r"zendesk\.yml has 2 rules") as caught:
        load_mapping(file(tmp_path, "zendesk.yml", text % ""), folders)
    assert caught.value.fix == "say which: name: answered or unanswered"
    now = load_mapping(file(tmp_path, "zendesk.yml", text % "name: unanswered\n    "), folders)
    assert [r.name for r in now.read if r.object == "satisfaction_ratings"] == ["answered"]


def test_mappings_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    file(tmp_path, "a.yml", "version: 1\nextends: b\n")
    with pytest.raises(ConfigError, match="in a circle") as caught:
        load_mapping(file(tmp_path, "b.yml", "version: 1\nextends: a\n"), (tmp_path,))
    assert caught.value.why == "b.yml → a.yml → b.yml"


def test_a_look_up_serves_more_than_one_attribute(tmp_path: Path) -> None:
    file(tmp_path / "lookups", "regions.yml", "version: 1\nvalues: {N: North, S: South}\ndefault: null\n")
    text = (
        READ.format(entity="subscription")
        + "      region: {field: R, lookup: regions}\n      type: {field: T, lookup: regions}\n"
    )
    fields = load_mapping(file(tmp_path, "x.yml", text)).read[0].fields
    assert [f.values for f in fields.values()] == [{"N": "North", "S": "South"}] * 2
    with pytest.raises(ConfigError, match="default is missing"):
        file(tmp_path / "lookups", "regions.yml", "version: 1\nvalues: {N: North}\n")
        load_mapping(tmp_path / "x.yml")


def test_a_look_up_that_says_nothing_hides_no_other_mistake(tmp_path: Path) -> None:
    text = READ.format(entity="subscription") + "      region: {field: R, lookup: regions}\n      seets: S\n"
    examined = examine(file(tmp_path, "x.yml", text))
    assert [error.place.line if error.place else 0 for error in examined.errors] == [7, 8]
    assert "no look-up called 'regions'" in examined.errors[0].what


def test_a_look_up_takes_yes_and_no_as_a_crm_writes_them_and_asks_for_quotes_of_numbers(
    tmp_path: Path,
) -> None:
    text = READ.format(entity="subscription") + "      region: {field: R, lookup: regions}\n"
    file(tmp_path / "lookups", "regions.yml", "version: 1\nvalues: {true: North, x: South}\ndefault: null\n")
    fields = load_mapping(file(tmp_path, "x.yml", text)).read[0].fields
    assert fields["region"].values == {"true": "North", "x": "South"}
    file(tmp_path / "lookups", "regions.yml", "version: 1\nvalues: {01234: North}\ndefault: null\n")
    with pytest.raises(ConfigError) as caught:
        load_mapping(tmp_path / "x.yml")
    assert "put it in quotes" in caught.value.why
    assert caught.value.place == Place(str(tmp_path / "lookups" / "regions.yml"), 2, 1)


def test_a_translated_number_is_to_be_in_quotes(tmp_path: Path) -> None:
    text = (
        READ.format(entity="subscription") + "      region: {field: R, values: {1: North}, default: null}\n"
    )
    (error,) = examine(file(tmp_path, "x.yml", text)).errors
    assert "put it in quotes" in error.fix


def yaml(text: str) -> Any:
    return json.loads(json.dumps(YAML(typ="safe").load(text), default=str))


def test_the_schema_takes_what_ships_and_overlays_and_nothing_else() -> None:
    check = Draft202012Validator(schema("mapping"))
    others = ("usage_files", "mail_files", "document_files", "market_files")
    for name in ("salesforce", "hubspot", "zendesk", "files", *others):
        assert list(check.iter_errors(yaml((SHIPPED / f"{name}.yml").read_text()))) == []
    assert list(check.iter_errors(yaml(OVER))) == []
    assert not check.is_valid(yaml(OVER.replace("extends: salesforce\n", "")))
    assert not check.is_valid(yaml(PLANTED))
    for bad in ("wehre: []", "inputs: {name: {feild: X}}"):
        assert not check.is_valid(
            yaml(OVER.replace("    entity: account", f"    entity: account\n    {bad}"))
        )


@pytest.mark.parametrize("kind", FILES)
def test_every_schema_is_one_and_takes_what_ships(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    shipped = SHIPPED / f"{kind}.yml"
    if shipped.exists():
        assert list(Draft202012Validator(schema(kind)).iter_errors(yaml(shipped.read_text()))) == []


def test_what_can_be_written_is_what_is_wanted() -> None:
    told = "entity, main BOOLEAN, on_date DATE, entity_id, band, score BIGINT, trend, change_3m BIGINT, reason, driver, next_step, "
    told += "cap DOUBLE, override, override_reason, coverage DOUBLE, band_since DATE, scorecard, account_id, uncapped DOUBLE"
    with duckdb.connect() as con:
        for name in ("account", "relationship", "user", "survey_response"):
            columns = ", ".join(f"{c.name} {c.type}" for c in ENTITIES[name].columns)
            con.execute(f'CREATE TABLE "{name}"({columns})')
        typed = ", ".join(c if " " in c else f"{c} VARCHAR" for c in told.split(", "))
        con.execute(f"CREATE TABLE snapshot({typed})")
        con.execute(
            "CREATE TABLE measure_score(relationship_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, on_date DATE, "
            "group_name VARCHAR, measure VARCHAR, score DOUBLE, weight DOUBLE, contribution DOUBLE); "
            "CREATE TABLE metric_value(relationship_id VARCHAR, account_id VARCHAR, metric VARCHAR, on_date DATE, value DOUBLE, known BOOLEAN)"
        )
        con.execute(
            "CREATE TABLE snapshot_said(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, override VARCHAR, override_reason VARCHAR)"
        )
        con.execute(
            "CREATE TABLE scorecard(scorecard VARCHAR, basis VARCHAR); CREATE TABLE scorecard_then(scorecard VARCHAR, basis VARCHAR); "
            "CREATE TABLE contradiction(relationship_id VARCHAR, account_id VARCHAR, on_date DATE, place BIGINT, text VARCHAR); "
            "CREATE TABLE snapshot_then(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, on_date DATE, scorecard VARCHAR)"
        )
        con.execute(f"CREATE TABLE wanted_call({', '.join(f'{n} {t}' for n, t in judging._CALLS.items())})")
        want(con, date(2026, 11, 25))
        mark(con, date(2026, 11, 25))
        extend(con, date(2026, 11, 25), EXTRAS)
        heartbeat.want(con, None)
        made = {
            source: {row[0] for row in con.execute(f"DESCRIBE wanted_{source}").fetchall()}
            for source in WANTED
        }
    ours = {"account_ref", "owner_ref", "person_ref", "relationship_ref", "changed_on"}
    inner = {
        "account_id",
        "relationship_id",
        "relationship_key",
        "owner_user_id",
        "person_id",
        "written",
        "closing",
        "opened_on",
    }
    for source, columns in WANTED.items():
        assert made[source] >= columns - ours, source
        assert columns >= made[source] - inner, source


def test_a_misspelt_column_is_told(tmp_path: Path) -> None:
    text = "version: 1\ncrm: x\nread: []\nwrite:\n  - object: A\n    source: account\n    fields: {S: scor}\n"
    (error,) = examine(file(tmp_path, "x.yml", text)).errors
    assert (
        told(error, tmp_path)
        == "x.yml:7 scor is nothing that is written of a account | did you mean 'score'?"
    )


def examples() -> Iterator[str]:
    """Every mapping, or part of one, that docs/mapping.md shows, as a whole file."""
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "mapping.md").read_text(), re.DOTALL):
        head, kind = "version: 1\ncrm: salesforce\n", block.split(None, 2)[:2]
        if "extends: " in block:
            yield block
        elif block.startswith(("read:", "write:")):
            yield head + ("read: []\n" if block.startswith("write:") else "") + block
        elif kind == ["-", "object:"]:
            yield f"{head}read:\n{block}"


def test_every_example_of_the_documentation_is_right(tmp_path: Path) -> None:
    (rates,) = re.findall(
        r"```yaml\n(version: 1\nbase: .*?)```", (ROOT / "docs" / "mapping.md").read_text(), re.DOTALL
    )
    file(tmp_path, "rates.yml", rates)
    seen = [examine(file(tmp_path, "x.yml", text), (tmp_path, SHIPPED)) for text in examples()]
    assert len(seen) > 6
    assert [told(error, tmp_path) for one in seen for error in one.errors] == []


def test_a_typo_in_a_mapping_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yml"
    path.write_text(
        "version: 1\ncrm: x\nread:\n  - object: A\n    entity: account\n    fields:\n      nmae: Name\n"
    )
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert caught.value.place is not None
    assert caught.value.place.line == 7
    assert "name" in caught.value.fix


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (
            "read:\n  - object: A\n    entity: account\n    fields:\n      name:\n        field: N\n        values: {}\n",
            9,
        ),
        (
            "read: []\nwrite:\n  - object: A\n    source: account\n    fields:\n      F:\n        column: band\n        values: {}\n",
            10,
        ),
    ],
)
def test_a_translation_without_values_names_the_line(tmp_path: Path, part: str, line: int) -> None:
    path = tmp_path / "m.yml"
    path.write_text(f"version: 1\ncrm: x\n{part}")
    with pytest.raises(MappingError, match="are empty") as caught:
        load_mapping(path)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.fix


def test_a_relationship_without_its_key_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yml"
    path.write_text(
        "version: 1\ncrm: x\nread:\n  - object: R\n    entity: relationship\n    fields:\n      stage: S\n"
    )
    with pytest.raises(MappingError, match="found by its key") as caught:
        load_mapping(path)
    assert caught.value.place is not None
    assert caught.value.place.line == 6
