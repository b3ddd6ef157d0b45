"""Pages of a large table that lies in a file are those of the same table in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from cs_connector.adapters.salesforce.simulator.soql import query as soql

from bench.tickets import DAY, rows
from cs_connector import registry
from cs_connector.sandbox.blocks import MOST, SIZE, Blocks
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.keeping import Folder
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

FIELDS = "Id, CaseNumber, ContactId, Subject, Status, Priority, ClosedDate, IsClosed, CreatedDate, IsDeleted"
QUERIES = (
    f"queryAll?q=SELECT {FIELDS} FROM Case ORDER BY SystemModstamp, Id",
    f"query?q=SELECT {FIELDS} FROM Case ORDER BY SystemModstamp, Id",
    "query?q=SELECT Id, Subject, Description FROM Case ORDER BY Id",
    "query?q=SELECT Subject, Id FROM Case ORDER BY SystemModstamp, Id",
    "query?q=SELECT Id FROM Case ORDER BY SystemModstamp, Id LIMIT 30 OFFSET 900",
    "query?q=SELECT Id, Account.Name FROM Case ORDER BY SystemModstamp, Id LIMIT 30",
    "queryAll?q=SELECT Id, Subject FROM Case WHERE SystemModstamp > 2026-10-01T00:00:00Z ORDER BY SystemModstamp, Id",
)
ODD = ('"Ünï\\çødé" \n\t', "", "x" * 255, "नमस्ते 🙂")


class Org:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.start()
        self.block = sandbox.document()["salesforce"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.block['access_token']}"
        self.session.headers["Sforce-Query-Options"] = "batchSize=200"

    def ask(self, method, path, body=None):
        url = f"{self.block['base_url']}/services/data/v67.0/{path}"
        return self.session.request(method, url, json=body, timeout=30)

    def pages(self, query):
        """Each page, of its locator only the place: none is that of another start."""
        answer = self.ask("GET", query).json()
        yield answer if isinstance(answer, list) else placed(answer)
        while isinstance(answer, dict) and answer.get("nextRecordsUrl"):
            answer = self.ask("GET", answer["nextRecordsUrl"].removeprefix("/services/data/v67.0/")).json()
            yield placed(answer)

    def close(self):
        self.session.close()
        self.sandbox.stop()


def placed(answer):
    onward = answer.get("nextRecordsUrl")
    return {**answer, "nextRecordsUrl": onward.rpartition("-")[2]} if onward else answer


def empty():
    sandbox = Sandbox([("salesforce", registry.simulator("salesforce"))], DAY, profile="unlimited")
    sandbox.world.clock.move(to=DAY + timedelta(minutes=20), running=False)
    return sandbox


def seeded():
    for number, row in enumerate(rows("salesforce", 102)):
        odd = {"Subject": ODD[number // 20 % len(ODD)]} if row.object == "Case" and number % 20 == 0 else {}
        late = {"IsDeleted": True} if row.object == "Case" and number % 300 == 7 else {}
        yield SeedRow(row.object, {**row.record, **odd, **late})


@pytest.fixture
def orgs(tmp_path):
    """The same org in memory, and as it was kept."""
    made = empty()
    made.load("salesforce", seeded())
    with Folder(tmp_path) as folder:
        made.keep(folder, {})
        made.snapshots.save("filled")
        kept = empty()
        kept.snapshots.resume(folder.find())
        pair = Org(made), Org(kept)
        yield pair
        for org in pair:
            org.close()


def same(orgs):
    for query in QUERIES:
        first, second = (list(org.pages(query)) for org in orgs)
        assert first == second, query
        assert sum(len(page["records"]) for page in first) == first[0]["totalSize"]


@pytest.mark.slow
def test_pages_of_a_kept_org_are_those_of_the_org(orgs):
    same(orgs)
    for org in orgs:
        org.ask("PATCH", f"sobjects/Case/{sales_id('500', 3)}", {"Subject": "Changed", "Status": "New"})
        org.ask("DELETE", f"sobjects/Case/{sales_id('500', 500)}")
        org.ask("POST", "sobjects/Case", {"Subject": "New one"})
    same(orgs)
    for org in orgs:
        org.sandbox.snapshot()
        org.sandbox.simulators["salesforce"].control(
            {"remove_field": {"object": "Case", "field": "Priority"}}
        )
    refused = [org.ask("GET", QUERIES[0]).json() for org in orgs]
    assert refused[0] == refused[1]
    assert refused[0][0]["errorCode"] == "INVALID_FIELD"
    for org in orgs:
        org.sandbox.restore()
        org.sandbox.simulators["salesforce"].calm()
    same(orgs)


@pytest.mark.slow
def test_rows_that_were_asked_for_lie_ready_at_the_next_start(orgs, tmp_path):
    first, kept = orgs
    same(orgs)
    folder = first.sandbox.snapshots.folder
    kept.sandbox.keep(folder, {})
    kept.sandbox.snapshots.save("asked")
    assert list(tmp_path.glob("*.rows"))
    again = empty()
    again.snapshots.resume(folder.find("asked"))
    again.keep(folder, {})
    org = Org(again)
    same((first, org))
    for each in (first, org):
        each.ask("PATCH", f"sobjects/Case/{sales_id('500', 3)}", {"Subject": "Changed", "Status": "New"})
        each.ask("DELETE", f"sobjects/Case/{sales_id('500', 500)}")
    same((first, org))
    laid = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.rows")}
    again.snapshots.save("asked")
    assert laid.items() <= {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.rows")}.items()
    org.close()


@pytest.mark.slow
def test_queries_that_were_asked_are_compiled_at_the_next_start(orgs, monkeypatch):
    first, kept = orgs
    same(orgs)
    often = kept.sandbox.simulators["salesforce"].snapshot().often
    assert [each.text for each in often] == [asked(query) for query in QUERIES if "Account.Name" not in query]
    for org in orgs:
        org.sandbox.simulators["salesforce"].control(
            {"remove_field": {"object": "Case", "field": "Description"}}
        )
    folder = first.sandbox.snapshots.folder
    kept.sandbox.keep(folder, {})
    kept.sandbox.snapshots.save("asked")
    again = empty()
    again.snapshots.resume(folder.find("asked"))
    wanted = [page["records"] for page in first.pages(QUERIES[0])]
    monkeypatch.setattr(soql, "Selection", None)
    org = Org(again)
    assert [page["records"] for page in org.pages(QUERIES[0])] == wanted
    org.close()


def asked(query):
    return query.partition("?q=")[2]


@pytest.mark.slow
def test_a_page_that_was_sent_stays_what_it_was(orgs):
    """Pages are drawn into memory that is used again."""
    _, kept = orgs
    answers = [list(kept.pages(query)) for query in QUERIES]
    assert [list(kept.pages(query)) for query in QUERIES] == answers


def test_after_many_answers_at_once_no_more_memory_is_kept_than_was_at_hand_before():
    """What was got in one piece goes back to the system only as a whole."""
    blocks = Blocks()
    blocks.ready()
    taken = [blocks.take(SIZE) for _ in range(2 * MOST)]
    for block in reversed(taken):
        blocks.give(block)
    again = [blocks.take(SIZE) for _ in range(MOST)]
    assert {id(block) for block in again} == {id(block) for block in taken[:MOST]}
