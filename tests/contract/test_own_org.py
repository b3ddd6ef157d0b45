"""A sandbox like one's own systems: what discover saved comes back from the sandbox that it shaped."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import requests

from cs_connector import cli, registry
from cs_connector.config import open_project
from cs_connector.demo import own_org, project, sandbox
from cs_connector.errors import ConfigError, UsageError
from cs_connector.runner import discovering, open_engine
from cs_connector.unify import load_mapping

DAY = date(2026, 11, 25)
HOST = re.compile(r"http://127\.0\.0\.1:\d+")


@contextmanager
def up(**wanted):
    running = sandbox.start(sandbox.Order(1, as_of=DAY, **wanted), lambda _: None)
    try:
        yield running
    finally:
        running.stop()


def discover(running, folder: Path, *objects: str, connection: str | None = None) -> Path:
    """Save what the systems of a sandbox say of themselves, by a project that is wired to it."""
    document = folder / "sandbox.json"
    folder.mkdir()
    document.write_text(json.dumps(running.document))
    project.make(folder / "acme", document)
    engine = open_engine(open_project(folder / "acme", registry.shipped()), None)
    try:
        discovering.discover(engine, connection, folder / "shape", objects)
    finally:
        engine.close()
    return folder / "shape"


def contents(shape: Path) -> dict[str, str]:
    paths = (p for p in shape.rglob("*.json"))
    return {str(p.relative_to(shape)): HOST.sub("HOST", p.read_text()) for p in paths}


@pytest.fixture(scope="module")
def demo():
    """The demo company, for tests that do not mind more records in it."""
    with up(accounts=20) as running:
        yield running


@pytest.fixture(scope="module")
def saved(demo, tmp_path_factory):
    """The demo company's systems as discover saves them."""
    return discover(demo, tmp_path_factory.mktemp("own") / "first")


@pytest.mark.slow
def test_what_was_saved_comes_back(saved, tmp_path):
    with up(shape=saved) as running:
        again = discover(running, tmp_path / "second")
    first, second = contents(saved), contents(again)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
    assert len(first) > 60


def test_nothing_saved_is_a_record_or_a_person(saved):
    whole = "".join(contents(saved).values())
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", whole) == []
    assert "Aurora Freight" not in whole
    assert [
        word for word in ("createdUserId", "creator_user_id", "access_token") if f'"{word}' in whole
    ] == []


def test_a_mapping_is_proposed_for_each_system_and_fits_it(saved):
    folder = saved.parent / "acme" / "mappings"
    paths = sorted(folder.glob("*.proposed.yml"))
    names = ("hubspot", "hubspot_emea", "salesforce", "zendesk")
    assert [p.name for p in paths] == [f"{name}.proposed.yml" for name in names]
    for path in paths:
        mapping = load_mapping(path)
        shipped = load_mapping(registry.shipped()[0] / f"{mapping.crm}.yml")
        assert {r.object for r in shipped.read} <= {r.object for r in mapping.read}
    found = {r.object: r for r in load_mapping(folder / "hubspot.proposed.yml").read}
    assert found["companies"].fields["csm_judgement"].field == "hs_csm_sentiment"


class Tenant:
    """Asks a shaped Salesforce over HTTP."""

    def __init__(self, running):
        block = running.document["salesforce"]
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {block['access_token']}"
        self.base = block["base_url"] + "/services/data/v66.0/"

    def ask(self, method, path, body=None, **query):
        answer = self.http.request(method, self.base + path, json=body, params=query)
        return answer.status_code, answer.json() if answer.content else None


KIND = {
    "active": True, "available": True, "defaultRecordTypeMapping": False, "developerName": "Partner", "master": False,
    "name": "Partner", "recordTypeId": "0124S000000AbcdQAC", "urls": {"layout": "/services/data/v67.0/x"},
}  # fmt: skip


def changed(saved: Path, folder: Path, **changes) -> Path:
    """The same shape after the admin did something to these objects."""
    shutil.copytree(saved, folder)
    for name, change in changes.items():
        path = folder / "salesforce" / "describe" / f"{name}.json"
        told = json.loads(path.read_text())
        change(told, {f["name"]: f for f in told["fields"]})
        path.write_text(json.dumps(told))
    return folder


def placed(like):
    """A geolocation of the org's own, and its two parts."""
    own = like | {"custom": True, "nillable": True}
    part = own | {"type": "double", "compoundFieldName": "Spot__c", "precision": 18, "scale": 15, "length": 0}
    whole = {"name": "Spot__c", "type": "location", "createable": False, "updateable": False}
    return [own | whole, *(part | {"name": f"Spot__{name}__s"} for name in ("Latitude", "Longitude"))]


def strict(told, fields):
    fields["Site"] |= {"nillable": False, "defaultedOnCreate": False}
    fields["AccountNumber"] |= {"length": 5, "byteLength": 15}
    fields["Rating"] |= {"restrictedPicklist": True}
    fields["Sic"] |= {"createable": False, "updateable": False}
    told["fields"] += placed(fields["Site"])
    told["fields"].remove(fields["Fax"])
    told["recordTypeInfos"].append(KIND)
    child = told["childRelationships"][0]
    told["childRelationships"].append(child | {"childSObject": "Invoice__x", "relationshipName": "Invoices"})


def locked(told, _):
    told |= {"createable": False, "updateable": False, "deletable": False}


@pytest.fixture(scope="module")
def theirs(saved, tmp_path_factory):
    """An org that differs from the demo company's: with rules, with an object less and with one that was only listed."""
    folder = tmp_path_factory.mktemp("theirs") / "shape"
    shape = changed(saved, folder, Account=strict, Subscription__c=locked)
    listing = shape / "salesforce" / "sobjects.json"
    told = json.loads(listing.read_text())
    told["sobjects"] = [s for s in told["sobjects"] if s["name"] != "AccountTeamMember"]
    told["sobjects"].append(told["sobjects"][0] | {"name": "Invoice__x", "custom": True})
    listing.write_text(json.dumps(told))
    (shape / "salesforce" / "describe" / "AccountTeamMember.json").unlink()
    with up(shape=shape) as running:
        yield Tenant(running)


GOOD = {"Name": "A", "Site": "Here"}


@pytest.mark.parametrize(
    ("code", "record"),
    [
        ("REQUIRED_FIELD_MISSING", {"Name": "A"}),
        ("STRING_TOO_LONG", GOOD | {"AccountNumber": "123456"}),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", GOOD | {"Rating": "Tepid"}),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", GOOD | {"Sic": "1"}),
        ("INVALID_FIELD", GOOD | {"Fax": "1"}),
    ],
)
def test_what_the_org_demands_the_sandbox_demands(theirs, code, record):
    status, body = theirs.ask("POST", "sobjects/Account", record)
    assert (status, body[0]["errorCode"]) == (400, code)
    assert theirs.ask("POST", "sobjects/Account", GOOD)[0] == 201


def test_a_place_is_shown_whole_and_by_its_parts(theirs):
    place = {"Spot__Latitude__s": 59.9, "Spot__Longitude__s": 10.7}
    found = [
        theirs.ask(
            "GET", f"sobjects/Account/{theirs.ask('POST', 'sobjects/Account', GOOD | given)[1]['id']}"
        )[1]
        for given in (place, {})
    ]
    assert [row["Spot__c"] for row in found] == [{"latitude": 59.9, "longitude": 10.7}, None]
    whole = {"Spot__c": {"latitude": 1, "longitude": 2}}
    assert theirs.ask("POST", "sobjects/Account", GOOD | whole)[1][0]["errorCode"] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_objects_that_the_org_has_not_are_not_there(theirs):
    for name in ("AccountTeamMember", "Attachment"):
        assert theirs.ask("GET", "query", q=f"SELECT Id FROM {name}")[1][0]["errorCode"] == "INVALID_TYPE"


def test_an_object_that_was_only_listed_says_so(theirs):
    status, body = theirs.ask("GET", "query", q="SELECT Id FROM Invoice__x")
    assert (status, "was not saved" in body[0]["message"]) == (501, True)
    status, body = theirs.ask("GET", "query", q="SELECT Id, (SELECT Id FROM Invoices) FROM Account")
    assert (status, "Invoices of Account is not simulated" in body[0]["message"]) == (501, True)
    assert "Invoice__x" in {s["name"] for s in theirs.ask("GET", "sobjects")[1]["sobjects"]}


def test_an_object_that_the_login_only_reads(theirs):
    assert theirs.ask("GET", "query", q="SELECT Id FROM Subscription__c")[0] == 200
    status, body = theirs.ask("POST", "sobjects/Subscription__c", {"Name": "A"})
    assert (status, body[0]["errorCode"]) == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")


def test_record_types_of_the_org(theirs):
    rows = theirs.ask("GET", "query", q="SELECT Id, DeveloperName FROM RecordType")[1]["records"]
    assert [(r["Id"], r["DeveloperName"]) for r in rows] == [(KIND["recordTypeId"], "Partner")]
    assert theirs.ask("POST", "sobjects/Account", GOOD | {"RecordTypeId": KIND["recordTypeId"]})[0] == 201


def test_only_what_is_selected(demo, tmp_path):
    shape = discover(demo, tmp_path / "one", "Account", connection="salesforce")
    assert sorted(contents(shape)) == [
        "salesforce/describe/Account.json",
        "salesforce/sobjects.json",
        "shape.json",
    ]
    with pytest.raises(UsageError, match="no object Nope__c"):
        discover(demo, tmp_path / "none", "Nope__c", connection="salesforce")


def command(*words: object) -> int:
    """The exit code of the real command, in this process."""
    try:
        cli.app([str(word) for word in words], standalone_mode=False)
    except Exception as error:  # noqa: BLE001 — as the program does
        return cli.failed(error)
    return 0


def test_the_command(demo, tmp_path, capsys):
    (tmp_path / "sandbox.json").write_text(json.dumps(demo.document))
    project.make(tmp_path / "acme", tmp_path / "sandbox.json")
    flags = ("--project", tmp_path / "acme", "--out", tmp_path / "shape")
    assert command("discover", "zendesk", "--json", *flags) == 0
    told = json.loads(capsys.readouterr().out)
    proposed = tmp_path / "acme" / "mappings" / "zendesk.proposed.yml"
    assert told == {
        "schema": "discover/1", "folder": str(tmp_path / "shape"),
        "systems": [{"name": "zendesk", "crm": "zendesk", "documents": 3, "proposed": str(proposed)}],
    }  # fmt: skip
    assert proposed.exists()
    assert command("discover", "zendsk", *flags) == 2
    assert "zendesk" in capsys.readouterr().err
    assert command("discover", "files", *flags) == 2
    assert "says nothing of its fields" in " ".join(capsys.readouterr().err.split())
    assert command("discover", "zendesk", "--project", tmp_path / "acme", "--out", tmp_path) == 2
    assert "holds something else" in " ".join(capsys.readouterr().err.split())
    assert sorted(contents(tmp_path / "shape")) == [
        "shape.json", "zendesk/organization_fields.json", "zendesk/ticket_fields.json", "zendesk/user_fields.json"
    ]  # fmt: skip


TABLES = {
    "salesforce/Account.csv": "Id,Name,Segment__c,NumberOfEmployees,Customer_Since__c\n001Kd00000000A1,Acme,Enterprise,12,2024-02-29\n001Kd00000000A2,Bob,,,\n",
    "salesforce/Contact.csv": "LastName,AccountId,HasOptedOutOfEmail\nMiller,001Kd00000000A1,true\n",
    "hubspot/companies.csv": "id,name,cs_health_score\n7,Acme,12\n",
    "hubspot/contacts.csv": "id,email,associatedcompanyid\n8,m@acme.example,7\n",
    "zendesk/organizations.csv": "id,name,domain_names,organization_fields.cs_health_score\n9,Acme,acme.example;acme.test,12\n",
}  # fmt: skip


def tables(folder: Path, texts=TABLES) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_tables_fill_the_sandbox(saved, tmp_path):
    with up(shape=saved, fill=tables(tmp_path)) as running:
        assert "accounts" not in running.document
        org = Tenant(running)
        query = "SELECT Name, Segment__c, NumberOfEmployees, Customer_Since__c FROM Account ORDER BY Name"
        rows = [
            {k: v for k, v in r.items() if k != "attributes"}
            for r in org.ask("GET", "query", q=query)[1]["records"]
        ]
        assert rows == [
            {
                "Name": "Acme",
                "Segment__c": "Enterprise",
                "NumberOfEmployees": 12,
                "Customer_Since__c": "2024-02-29",
            },
            {"Name": "Bob", "Segment__c": None, "NumberOfEmployees": None, "Customer_Since__c": None},
        ]
        found = org.ask("GET", "query", q="SELECT Account.Name, HasOptedOutOfEmail FROM Contact")[1][
            "records"
        ]
        assert [(r["Account"]["Name"], r["HasOptedOutOfEmail"]) for r in found] == [("Acme", True)]
        hub = running.document["hubspot"]
        head = {"Authorization": f"Bearer {hub['access_token']}"}
        company = requests.get(
            f"{hub['base_url']}/crm/v3/objects/companies/7?properties=cs_health_score",
            headers=head,
            timeout=9,
        )
        assert company.json()["properties"]["cs_health_score"] == "12"
        desk = running.document["zendesk"]
        head = {"Authorization": f"Bearer {desk['access_token']}"}
        organization = requests.get(
            f"{desk['base_url']}/api/v2/organizations/9.json", headers=head, timeout=9
        ).json()["organization"]
        assert (organization["organization_fields"]["cs_health_score"], organization["domain_names"]) == (
            12,
            ["acme.example", "acme.test"],
        )
        begun = running.sandbox.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert (organization["created_at"], organization["updated_at"]) == (begun, begun)
        assert running.sandbox.world.ledger.entries() == []


def test_recorded_exchanges_fill_an_org_of_ones_own_and_add_the_fields_that_they_need(saved, tmp_path):
    url = "/services/data/v60.0/sobjects/Account/0015g00000AbCdEAAV"
    seen = {
        "attributes": {"type": "Account", "url": url},
        "Name": "Acme",
        "Rank__c": 3,
        "Segment__c": "Enterprise",
    }
    lines = {"salesforce": json.dumps({"method": "GET", "path": url, "status": 200, "response_body": seen})}
    (tmp_path / "recorded").mkdir()
    for crm in ("salesforce", "hubspot", "zendesk"):
        (tmp_path / "recorded" / f"{crm}.jsonl").write_text(lines.get(crm, ""))
    table = {"salesforce/Account.csv": "Name,Rank__c\nBob,4\n"}
    with up(shape=saved, recorded=tmp_path, fill=tables(tmp_path / "fill", table)) as running:
        org = Tenant(running)
        rows = org.ask("GET", "query", q="SELECT Name, Rank__c, Segment__c FROM Account ORDER BY Name")[1][
            "records"
        ]
        assert [tuple(r.values())[1:] for r in rows] == [("Acme", 3, "Enterprise"), ("Bob", 4, None)]
        told = json.loads((saved / "salesforce" / "describe" / "Account.json").read_text())["fields"]
        fields = {f["name"] for f in org.ask("GET", "sobjects/Account/describe")[1]["fields"]}
        assert fields == {f["name"] for f in told} | {"Rank__c"}


def test_a_standard_field_that_shows_anothers_value_does_so_in_ones_own_org(theirs):
    contact = theirs.ask("POST", "sobjects/Contact", {"LastName": "Kim", "Email": "kim@acme.example"})[1][
        "id"
    ]
    case = theirs.ask("POST", "sobjects/Case", {"ContactId": contact})[1]["id"]
    assert theirs.ask("GET", f"sobjects/Case/{case}")[1]["ContactEmail"] == "kim@acme.example"


BAD = {
    "Account has no such field": ("salesforce/Account.csv", "Name,Nmae\nA,\n", 1),
    "this line has 3 cells, and the first one 2": ("salesforce/Account.csv", 'Name,Site\n"a\nb",c\nd,e,f\n', 4),
    "neither true nor false": ("salesforce/Contact.csv", "LastName,HasOptedOutOfEmail\nA,true\nB,perhaps\n", 3),
    "value not of required type: many": ("salesforce/Account.csv", "Name,NumberOfEmployees\nA,many\n", 2),
    "bad value for restricted picklist field": ("salesforce/Account.csv", "Name,Segment__c\nA,Tiny\n", 2),
    "the column Name is there twice": ("salesforce/Account.csv", "Name,Name\nA,B\n", 1),
    "this org has no object Acount": ("salesforce/Acount.csv", "Name\nA\n", None),
    "companies have no such property": ("hubspot/companies.csv", "id,nmae\n1,A\n", 1),
    "organizations have no such column": ("zendesk/organizations.csv", "id,nmae\n", 1),
    "was not a valid number": ("hubspot/companies.csv", "id,annualrevenue\n1,much\n", 2),
    "001000000000001AAA is there twice": ("salesforce/Account.csv", "Id,Name\n001000000000001AAA,A\n001000000000001,B\n", 3),
    "the record 7 is there twice": ("hubspot/companies.csv", "id,name\n7,A\n,B\n,C\n7,D\n", 5),
    "the record 8 is there twice": ("zendesk/organizations.csv", "id,name\n8,A\n8,B\n", 3),
    "value outside of valid range": ("salesforce/Account.csv", f"Name,NumberOfEmployees\nA,{'9' * 40}\n", 2),
    "yesterday is not a time": ("zendesk/organizations.csv", "id,name,created_at\n8,A,yesterday\n", 2),
    "tomorrow is not a time": ("hubspot/companies.csv", "id,name,createdAt\n7,A,tomorrow\n", 2),
    "great is none of new, open, pending, hold, solved, closed": ("zendesk/tickets.csv", "id,status\n8,great\n", 2),
    "boss is none of end-user, agent, admin": ("zendesk/users.csv", "id,role\n8,boss\n", 2),
    "five is none of offered, unoffered, good, bad": ("zendesk/satisfaction_ratings.csv", "id,score\n8,five\n", 2),
    "is not a valid value for a integer field": ("zendesk/organizations.csv", "id,organization_fields.cs_health_score\n1,x\n", 2),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_a_bad_table_is_named_with_its_line(demo, message, tmp_path):
    name, text, line = BAD[message]
    folder = tables(tmp_path, {name: text})
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        own_org.load_tables(demo.sandbox, folder, iter)
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == (str(folder / name), line)


def test_nothing_is_started_with_a_bad_table(tmp_path):
    with (
        pytest.raises(ConfigError, match="no such field"),
        up(fill=tables(tmp_path, {"salesforce/Account.csv": "A\n"})),
    ):
        pass


def test_folders_that_are_none(tmp_path):
    with pytest.raises(UsageError, match=r"shape\.json does not exist"), up(shape=tmp_path):
        pass
    (tmp_path / "salesfroce").mkdir()
    with pytest.raises(UsageError, match="is of no simulated system"), up(fill=tmp_path):
        pass
    (tmp_path / "shape.json").write_text('{"schema": "shape/9"}')
    with pytest.raises(ConfigError, match="is of the version shape/9"), up(shape=tmp_path):
        pass


@pytest.mark.parametrize("what", ["shape", "recorded", "fill"])
def test_a_number_of_accounts_beside_what_else_fills_the_sandbox_is_refused(tmp_path, what):
    with pytest.raises(UsageError, match="--accounts is the size of the demo company"):
        sandbox.start(sandbox.Order(1, 20, **{what: tmp_path}), lambda _: None)


def test_a_describe_that_is_none_is_named(saved, tmp_path):
    def cut(told, _):
        del told["fields"]

    shape = changed(saved, tmp_path / "shape", Account=cut)
    with pytest.raises(ConfigError, match="describe/Account is not a describe"), up(shape=shape):
        pass


@pytest.mark.recorded
def test_recorded_describes_come_back_whole(tmp_path):
    """Describes of a real org, of a version older than the sandbox serves."""
    data = os.environ.get("CS_CONNECTOR_DATA")
    if not data:
        pytest.skip("CS_CONNECTOR_DATA names no recorded exchanges")
    lines = (Path(data) / "recorded" / "salesforce.jsonl").read_text().splitlines()
    told = {
        b["name"]: b
        for b in (json.loads(line)["response_body"] for line in lines)
        if isinstance(b, dict) and "childRelationships" in b
    }
    folder = tmp_path / "salesforce" / "describe"
    folder.mkdir(parents=True)
    (tmp_path / "shape.json").write_text(
        '{"schema": "shape/1", "systems": [{"name": "salesforce", "crm": "salesforce"}]}'
    )
    for name, body in told.items():
        (folder / f"{name}.json").write_text(json.dumps(body))
    with up(shape=tmp_path) as running:
        org = Tenant(running)
        for name, body in told.items():
            assert placeless(org.ask("GET", f"sobjects/{name}/describe")[1]) == placeless(body), name


def placeless(body):
    """Without host and version, which are the sandbox's own."""
    return json.loads(re.sub(r"https?://[^/\"]+", "HOST", re.sub(r"/v\d+\.0/", "/v/", json.dumps(body))))
