"""Every way to change something in the simulated Salesforce leaves its entries in the ledger."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .ledger_kit import Known, Step, drive, filled
from .town import Town, opened

API = "/services/data/v67.0/"
TASK = {"attributes": {"type": "Task"}, "Subject": "Call"}
FIELD = (
    '<metadata xsi:type="CustomField"><fullName>Account.Tier__c</fullName><label>{label}</label>'
    "<type>Text</type><length>20</length></metadata>"
)


def sub(method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": f"{API}{path}", "referenceId": "one"} | ({"body": body} if body else {})


STEPS = [
    Step("POST", f"{API}sobjects/Account", {"Name": "A"}, ("Account", "create"), "account"),
    Step("POST", f"{API}sobjects/Account", {"Name": "B"}, ("Account", "create"), "loser"),
    Step("PATCH", f"{API}sobjects/Account/{{account}}", {"Name": "C"}, ("Account", "update")),
    Step("PATCH", f"{API}sobjects/Task/CS_Key__c/k1", {"Subject": "S"}, ("Task", "create"), "task"),
    Step("PATCH", f"{API}sobjects/Task/CS_Key__c/k1", {"Subject": "T"}, ("Task", "update")),
    Step("DELETE", f"{API}sobjects/Task/{{task}}", None, ("Task", "delete")),
    Step("POST", f"{API}composite/sobjects", {"records": [TASK, TASK]}, ("Task", "create"), "task"),
    Step("PATCH", f"{API}composite/sobjects", {"records": [{**TASK, "id": "{task}", "Subject": "U"}]}, ("Task", "update")),
    Step("PATCH", f"{API}composite/sobjects/Task/CS_Key__c", {"records": [{**TASK, "CS_Key__c": "k2"}]}, ("Task", "create")),
    Step("DELETE", f"{API}composite/sobjects?ids={{task}}", None, ("Task", "delete")),
    Step("POST", f"{API}composite", {"compositeRequest": [sub("POST", "sobjects/Task", {"Subject": "V"})]}, ("Task", "create")),
    Step("POST", f"{API}composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": [sub("POST", "sobjects/Task", {"Subject": "W"})]}]}, ("Task", "create")),
    Step("POST", f"{API}composite/batch", {"batchRequests": [{"method": "PATCH", "url": "v67.0/sobjects/Account/{account}", "richInput": {"Name": "D"}}]}, ("Account", "update")),
    Step("POST", f"{API}composite/tree/Account", {"records": [{"attributes": {"type": "Account", "referenceId": "r"}, "Name": "E"}]}, ("Account", "create")),
]  # fmt: skip
JOBS = [
    ("insert", "Subject\nX\n", [("Task", "create")]),
    ("upsert", "CS_Key__c,Subject\nk2,Y\n", [("Task", "update")]),
    ("update", "Id,Subject\n{task},Z\n", [("Task", "update")]),
    ("delete", "Id\n{task}\n", [("Task", "delete")]),
    ("hardDelete", "Id\n{task2}\n", [("Task", "delete"), ("Task", "purge")]),
]
MASTER = "<masterRecord><type>Account</type><Id>{account}</Id></masterRecord>"
SOAP = [
    ("u", "<getServerTimestamp/>", None),
    ("u", f"<merge><request>{MASTER}<recordToMergeIds>{{loser}}</recordToMergeIds></request></merge>", ("Account", "merge")),
    ("u", "<undelete><ids>{task}</ids></undelete>", ("Task", "undelete")),
    ("u", "<emptyRecycleBin><ids>{gone}</ids></emptyRecycleBin>", ("Task", "purge")),
    ("m", f"<createMetadata>{FIELD.format(label='Tier')}</createMetadata>", ("CustomField", "create")),
    ("m", f"<updateMetadata>{FIELD.format(label='Level')}</updateMetadata>", ("CustomField", "update")),
    ("m", f"<upsertMetadata>{FIELD.format(label='Step')}</upsertMetadata>", ("CustomField", "update")),
    ("m", "<deleteMetadata><type>CustomField</type><fullNames>Account.Tier__c</fullNames></deleteMetadata>", ("CustomField", "delete")),
]  # fmt: skip


@pytest.fixture(scope="module")
def town():
    with opened() as town:
        yield town


def task(town: Town) -> str:
    return str(town.call("salesforce", f"{API}sobjects/Task", "POST", json={"Subject": "New"}).json()["id"])


def test_every_change_is_in_the_ledger(town):
    known: Known = {}
    for step in STEPS:
        answer = drive(town, "salesforce", step, known)
        if step.keep:
            known[step.keep] = (answer[0] if isinstance(answer, list) else answer)["id"]


@pytest.mark.parametrize(("operation", "csv", "entries"), JOBS)
def test_every_bulk_operation_is_in_the_ledger(town, operation, csv, entries):
    known = {"task": task(town), "task2": task(town)}
    key = {"externalIdFieldName": "CS_Key__c"} if operation == "upsert" else {}
    if key:
        town.call("salesforce", f"{API}sobjects/Task/CS_Key__c/k2", "PATCH", json={"Subject": "There"})
    asked = {"object": "Task", "operation": operation, "contentType": "CSV", "lineEnding": "LF", **key}
    job = town.call("salesforce", f"{API}jobs/ingest", "POST", json=asked).json()
    path, before = f"{API}jobs/ingest/{job['id']}", len(town.ledger())
    csv_body = {"data": filled(csv, known), "headers": {"content-type": "text/csv"}}
    assert town.call("salesforce", f"{path}/batches", "PUT", **csv_body).ok
    assert town.call("salesforce", path, "PATCH", json={"state": "UploadComplete"}).ok
    for _ in range(10):
        town.advance("PT5S")
        found = town.call("salesforce", path).json()
        if found["state"] == "JobComplete":
            break
    assert (found["state"], found["numberRecordsFailed"]) == ("JobComplete", 0)
    assert [(e["object"], e["action"], e["by"]) for e in town.ledger()[before:]] == [
        (*each, "api") for each in entries
    ]


def soap(town: Town, service: str, body: str) -> str:
    """An envelope as it goes to the partner (u) or the metadata (m) service."""
    space = {"u": "urn:partner.soap.sforce.com", "m": "http://soap.sforce.com/2006/04/metadata"}[service]
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<e:Header><SessionHeader xmlns="{space}"><sessionId>{town.document["salesforce"]["access_token"]}'
        f'</sessionId></SessionHeader></e:Header><e:Body xmlns="{space}">{body}</e:Body></e:Envelope>'
    )
    headers = {"content-type": "text/xml", "SOAPAction": '""'}
    return town.call("salesforce", f"/services/Soap/{service}/67.0", "POST", data=text, headers=headers).text


def test_every_soap_operation_is_in_the_ledger(town):
    known = {name: task(town) for name in ("task", "gone")}
    for name in ("account", "loser"):
        made = town.call("salesforce", f"{API}sobjects/Account", "POST", json={"Name": f"For SOAP {name}"})
        known[name] = made.json()["id"]
    for name in ("task", "gone"):
        town.call("salesforce", f"{API}sobjects/Task/{known[name]}", "DELETE")
    for service, body, entry in SOAP:
        before = len(town.ledger())
        answer = soap(town, service, filled(body, known))
        entries = {(e["object"], e["action"]) for e in town.ledger()[before:]}
        if entry is None:
            assert entries == set()
            continue
        assert re.search(r"<(\w+:)?success>true</", answer), answer
        assert entry in entries, f"{body} left {entries}"
