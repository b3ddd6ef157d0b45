"""One declaration, and all that is made of it: face, source package, mapping, simulated org."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cs_connector.adapters.salesforce as package
import cs_connector.mappings as mappings
import pytest
from cs_connector.adapters.salesforce.provisioning import declaration
from cs_connector.adapters.salesforce.provisioning.face import face
from cs_connector.adapters.salesforce.provisioning.package import PLACE, files, path_of, source, write
from ruamel.yaml import YAML

from cs_connector.ports import CORE, Piece
from tests.contract.salesforce_org import Org

from .salesforce_site import own
from .wsdl import faults

ALL = face(declaration.parts())
DECLARED = {f"{owner}.{spec['name']}" for owner, spec in declaration.fields()}
OBJECTS = {piece.name for piece in ALL if piece.kind == "CustomObject"}
MAPPING = YAML(typ="safe").load(Path(mappings.__file__).with_name("salesforce.yml"))


def labels(kind: str, owner: str = "", *, part: str = CORE) -> list[str]:
    pieces = [p for p in ALL if p.kind == kind and p.name.startswith(owner) and p.part == part]
    return [str(p.body.get("label") or p.body.get("name") or p.body.get("title")) for p in pieces]


def test_people_find_what_they_were_promised() -> None:
    assert labels("ListView", "Account.") == [
        "CS My Customers", "CS Needs Attention", "CS Declining", "CS Renewing in 120 Days", "CS Health Unknown",
    ]  # fmt: skip
    assert labels("ListView", "CS_Relationship__c.") == [
        "My Relationships",
        "My Red",
        "Renewing in 120 Days",
        "Without Owner",
    ]
    assert labels("ListView", "Task.") == ["My CS Tasks"]
    assert labels("PermissionSet") == ["CS Connector Integration", "CS Health Viewer", "CS Manager"]
    assert labels("Report", part="reports") == [
        "ARR by Health", "Revenue at Risk by Renewal Quarter", "Risk by Main Driver", "Band Moves This Month", "Book by CSM",
        "Renewals Next 120 Days by Health", "Open CS Tasks by Owner and Age", "Outcomes by Rule", "Groups with a Red Account",
        "Unknown and Low Coverage",
    ]  # fmt: skip
    assert labels("Dashboard", part="reports") == ["Customer Health", "My Book"]
    shared = {p.name: p.body["sharingModel"] for p in ALL if p.kind == "CustomObject"}
    assert shared == {
        "CS_Relationship__c": "Private",
        "CS_Health_Snapshot__c": "Private",
        "CS_Heartbeat__c": "Read",
    }


def test_core_stands_without_any_part_and_each_part_by_itself() -> None:
    """What a permission set names is installed with it; a part adds to core and takes nothing away."""
    for chosen in [(), *((part,) for part in declaration.parts()), tuple(declaration.parts())]:
        pieces = face(chosen)
        there = {p.name for p in pieces if p.kind == "CustomField"}
        named = {f["field"] for p in pieces if p.kind == "PermissionSet" for f in p.body["fieldPermissions"]}
        assert {n.replace("Task.", "Activity.").replace("Event.", "Activity.") for n in named} == there
        assert {p.part for p in pieces} == {CORE, *chosen}
        assert {p.name for p in face(())} <= {p.name for p in pieces}


def test_names_are_unique_and_fit() -> None:
    assert [k for k, n in Counter((p.kind, p.name) for p in ALL).items() if n > 1] == []
    for piece in ALL:
        label = piece.body.get("label") or piece.body.get("name") or ""
        assert len(label) <= 40, piece.name
        assert len(str(piece.body.get("inlineHelpText", ""))) <= 510, piece.name
        assert len(piece.name.rpartition(".")[2].rpartition("/")[2]) <= 40, piece.name


def test_who_may_write_what() -> None:
    """The connector never edits what people enter, nor people what the connector writes; nobody edits a formula."""
    theirs = {f"{o}.{s['name']}" for o, s in declaration.fields() if s.get("theirs")}
    formulas = {f"{o}.{s['name']}" for o, s in declaration.fields() if declaration.is_formula(s)}
    edited = {p.name: _edited(p) for p in ALL if p.kind == "PermissionSet"}
    assert edited["CS_Connector_Integration"] == DECLARED - theirs - formulas
    assert edited["CS_Manager"] == theirs
    assert edited["CS_Health_Viewer"] == set()


def _edited(piece: Piece) -> set[str]:
    fields = {f["field"] for f in piece.body["fieldPermissions"] if f["editable"]}
    return {name.replace("Task.", "Activity.").replace("Event.", "Activity.") for name in fields}


def mapped(section: str) -> set[str]:
    """The fields of ours that a mapping names, by their object; the fields of tasks live on activities."""
    named = {(block["object"], name) for block in MAPPING[section] for name in _names(section, block)}
    ours = {(o, n) for o, n in named if n.startswith("CS_") or (o in OBJECTS and n.endswith("__c"))}
    return {f"{'Activity' if o == 'Task' else o}.{n}" for o, n in ours}


def _names(section: str, block: dict) -> list[str]:
    if section == "write":
        return [*block["fields"], *filter(None, [block.get("key_field")])]
    given = [v.get("field", "") if isinstance(v, dict) else v for v in block["fields"].values()]
    return [name for name in given if isinstance(name, str) and "." not in name]


def test_everything_that_a_mapping_names_is_installed() -> None:
    assert mapped("write") - DECLARED == set()
    assert mapped("read") - DECLARED == set()


def test_what_a_mapping_writes_the_connector_may_write_and_what_it_reads_of_people_is_theirs() -> None:
    (integration,) = (p for p in ALL if p.name == "CS_Connector_Integration" and p.kind == "PermissionSet")
    assert mapped("write") <= _edited(integration)


def test_a_simulated_org_that_is_seeded_has_the_same_fields() -> None:
    org = Org()
    org.sim.install(own("install.yml"))
    schema = org.sim._state.schema.objects
    for owner, spec in declaration.fields():
        for name in ("task", "event") if owner == "Activity" else (owner.lower(),):
            assert spec["name"].lower() in schema[name].fields, f"{owner}.{spec['name']}"
    for name in OBJECTS:
        held = {f.name for f in schema[name.lower()].fields.values() if f.custom}
        assert held == {n.partition(".")[2] for n in DECLARED if n.startswith(f"{name}.")}


def test_the_source_package_is_what_is_declared() -> None:
    written = {p.relative_to(PLACE).as_posix(): p.read_text() for p in PLACE.rglob("*") if p.is_file()}
    assert sorted(written) == sorted(files())
    assert [name for name, text in files().items() if written[name] != text] == []  # make sfdx


def test_writing_the_package_again_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path)
    old = tmp_path / "force-app/main/default/objects/Account/fields/Old__c.field-meta.xml"
    old.write_text("<CustomField/>")
    write(tmp_path)
    assert not old.exists()
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == set(files())


def test_the_package_is_valid_by_the_schema_of_the_metadata_api() -> None:
    found = {name: faults(text) for name, text in files().items() if name.endswith(".xml")}
    assert {name: errors for name, errors in found.items() if errors} == {}
    assert len(found) > 100


BAD = {
    "unknown metadata type": ("<CustomField ", "<CustomFild ", "</CustomField>", "</CustomFild>"),
    "enumeration": ("<type>Picklist<", "<type>Piklist<"),
    "not expected": ("<label>Health</label>", "<label>Health</label><colour>red</colour>"),
    "not a valid value": ("<restricted>true<", "<restricted>maybe<"),
}


@pytest.mark.parametrize("message", BAD)
def test_the_schema_refuses_what_the_api_does_not_know(message: str) -> None:
    (band,) = (p for p in ALL if p.name == "Account.CS_Health_Band__c")
    text, changes = source(band), BAD[message]
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        text = text.replace(old, new)
    assert message in " ".join(faults(text))


def test_a_file_lies_where_the_tools_of_salesforce_look_for_it() -> None:
    paths = {(p.kind, p.name): path_of(p) for p in ALL if p.kind != "PermissionSetAssignment"}
    main = "force-app/main/default"
    assert (
        paths["CustomField", "Activity.CS_Key__c"]
        == f"{main}/objects/Activity/fields/CS_Key__c.field-meta.xml"
    )
    assert (
        paths["Report", "CS_Reports/Book_by_CSM"]
        == "reports-app/main/default/reports/CS_Reports/Book_by_CSM.report-meta.xml"
    )
    assert len(set(paths.values())) == len(paths)
    assert Path(package.__file__).with_name("sfdx") == PLACE
