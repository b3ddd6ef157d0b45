"""A sandbox that was kept answers as before; one that was killed while it was saved is still there."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from bench.tickets import DAY, FIRST, rows
from cs_connector import registry
from cs_connector.errors import UsageError
from cs_connector.sandbox import keeping
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.keeping import Folder
from cs_connector.sandbox.up import Sandbox

ACCOUNTS = 120  # with ten tickets each: more than stay in a dictionary
ROOT = Path(__file__).parents[2]
CASE, ACCOUNT = sales_id("500", 7), sales_id("001", 7)
TICKET, COMPANY = FIRST["tickets"] + 7, FIRST["companies"] + 7
SF = "/services/data/v67.0"
SOQL = f"{SF}/queryAll?q=SELECT Id, Subject, Account.Name, SystemModstamp, IsDeleted FROM Case"
READS = [
    ("salesforce", f"{SOQL} ORDER BY SystemModstamp, Id"),
    (
        "salesforce",
        f"{SOQL} WHERE SystemModstamp >= 2026-06-01T00:00:00Z ORDER BY SystemModstamp, Id LIMIT 20",
    ),
    ("salesforce", f"{SOQL} WHERE AccountId = '{ACCOUNT}'"),
    ("salesforce", f"{SF}/query?q=SELECT COUNT() FROM Case"),
    ("salesforce", f"{SF}/query?q=SELECT Status, COUNT(Id) FROM Case GROUP BY Status"),
    (
        "salesforce",
        f"{SF}/query?q=SELECT Name, (SELECT Subject FROM Cases) FROM Account WHERE Id = '{ACCOUNT}'",
    ),
    ("salesforce", f"{SF}/sobjects/Case/{CASE}"),
    ("salesforce", f"{SF}/sobjects/Case/describe"),
    ("hubspot", "/crm/v3/objects/tickets?limit=100&properties=subject,hs_pipeline_stage,closed_date"),
    ("hubspot", f"/crm/v3/objects/tickets?limit=100&after={TICKET}&associations=companies"),
    ("hubspot", f"/crm/v3/objects/tickets/{TICKET}?associations=companies"),
    ("hubspot", f"/crm/v4/objects/companies/{COMPANY}/associations/tickets"),
    ("hubspot", "/crm/v3/objects/tickets?archived=true"),
    ("zendesk", "/api/v2/tickets.json?page[size]=100"),
    ("zendesk", "/api/v2/tickets.json?page[size]=100&sort=-updated_at"),
    ("zendesk", "/api/v2/tickets.json?per_page=10&page=3"),
    ("zendesk", "/api/v2/tickets/1006.json"),
    ("zendesk", f"/api/v2/organizations/{FIRST['organizations'] + 7}/tickets.json"),
    ("zendesk", "/api/v2/incremental/tickets/cursor.json?start_time=1780000000"),
    ("zendesk", "/api/v2/incremental/tickets.json?start_time=1780000000"),
]
SEARCH = {
    "filterGroups": [
        {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2026-10-01"}]}
    ],
    "sorts": ["hs_object_id"],
    "limit": 50,
}
# Steps of (crm, method, path, body): a change, a deletion and a new record in each.
CHANGES = [
    ("salesforce", "PATCH", f"{SF}/sobjects/Case/{CASE}", {"Subject": "Changed"}),
    ("salesforce", "DELETE", f"{SF}/sobjects/Case/{sales_id('500', 9)}", None),
    ("salesforce", "POST", f"{SF}/sobjects/Case", {"Subject": "New", "AccountId": ACCOUNT}),
    ("hubspot", "PATCH", f"/crm/v3/objects/tickets/{TICKET}", {"properties": {"subject": "Changed"}}),
    ("hubspot", "DELETE", f"/crm/v3/objects/tickets/{TICKET + 2}", None),
    (
        "hubspot",
        "PUT",
        f"/crm/v4/objects/tickets/{TICKET}/associations/default/companies/{COMPANY + 5}",
        None,
    ),
    (
        "hubspot",
        "POST",
        "/crm/v3/objects/tickets",
        {"properties": {"subject": "New", "hs_pipeline_stage": "1"}},
    ),
    ("zendesk", "PUT", "/api/v2/tickets/1006.json", {"ticket": {"subject": "Changed", "priority": "low"}}),
    ("zendesk", "DELETE", "/api/v2/tickets/1011.json", None),
    ("zendesk", "POST", "/api/v2/tickets.json", {"ticket": {"subject": "New", "comment": {"body": "New"}}}),
]


class House:
    """A sandbox with three CRMs and what is needed to talk to them; its clock stands still."""

    def __init__(self, folder: Path | None = None, *, fill: bool = True):
        crms = ("salesforce", "hubspot", "zendesk")
        self.sandbox = Sandbox(
            [(crm, registry.simulator(crm)) for crm in crms], DAY, profile="unlimited", seed=3
        )
        self.sandbox.world.clock.move(to=DAY + timedelta(minutes=20), running=False)
        self.folder = Folder(folder) if folder else None
        if fill:
            for crm in crms:
                self.sandbox.load(crm, rows(crm, ACCOUNTS))
        else:
            self.sandbox.snapshots.resume(self.folder.find())
        if self.folder:
            self.sandbox.keep(self.folder, {})
        self.sandbox.start()
        self.session = requests.Session()
        self.document = self.sandbox.document()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()
        self.sandbox.stop()
        if self.folder:
            self.folder.close()

    def ask(self, crm, method, path, body=None):
        block = self.document[crm]
        headers = {"Authorization": f"Bearer {block['access_token']}"}
        return self.session.request(method, block["base_url"] + path, json=body, headers=headers, timeout=30)

    def reads(self):
        """Everything that is compared; addresses of this run are taken out."""
        found = {path: self.ask(crm, "GET", path) for crm, path in READS}
        found["search"] = self.ask("hubspot", "POST", "/crm/v3/objects/tickets/search", SEARCH)
        assert {path: answer.text for path, answer in found.items() if answer.status_code != 200} == {}
        return {path: re.sub(r"127\.0\.0\.1:\d+", "", answer.text) for path, answer in found.items()}

    def change(self, changes=CHANGES):
        for crm, method, path, body in changes:
            answer = self.ask(crm, method, path, body)
            assert answer.status_code < 300, (path, answer.text)

    def control(self, path, body):
        return self.session.post(self.document["control_url"] + path, json=body, timeout=30)


@pytest.mark.slow
def test_a_kept_sandbox_reads_as_one_in_memory_whatever_is_changed_deleted_and_restored(tmp_path):
    with House(tmp_path) as memory:
        memory.sandbox.snapshots.save("filled")
        before = memory.reads()
        memory.control("/snapshot", {})
        memory.change()
        after = memory.reads()
        assert sum(before[path] != after[path] for path in before) > len(before) / 2
    assert len(list(tmp_path.glob("*.pack"))) >= 4
    with House(tmp_path, fill=False) as packed:
        assert packed.reads() == before
        packed.control("/snapshot", {})
        packed.change()
        assert packed.reads() == after
        packed.control("/restore", {})
        assert packed.reads() == before
        packed.change()
        assert packed.reads() == after
        packed.sandbox.snapshots.save("changed")
    with House(tmp_path, fill=False) as again:
        assert again.reads() == after
        assert len(again.session.get(f"{again.document['control_url']}/ledger", timeout=30).json()) == len(
            CHANGES
        )
        assert again.control("/restore", {"snapshot": "filled"}).json() == {"snapshot": "filled"}
        assert again.reads() == before


def test_logins_dice_and_clock_outlive_the_process(tmp_path):
    with House(tmp_path) as first:
        first.sandbox.world.clock.move(timedelta(hours=1))
        rolled = first.sandbox.world.dice.random()
        first.sandbox.snapshots.save("stopped")
        now = first.sandbox.world.clock.now()
        more = first.sandbox.world.dice.random()
        blocks = {crm: dict(first.document[crm]) for crm in ("salesforce", "hubspot", "zendesk")}
        key = Path(blocks["salesforce"]["private_key_file"]).read_bytes()
    with House(tmp_path, fill=False) as second:
        assert second.sandbox.world.clock.now() == now
        assert not second.sandbox.world.clock.running
        assert rolled != more == second.sandbox.world.dice.random()
        for crm, block in blocks.items():
            same = ("client_id", "client_secret", "access_token", "refresh_token")
            assert [block.get(k) for k in same] == [second.document[crm].get(k) for k in same]
        assert Path(second.document["salesforce"]["private_key_file"]).read_bytes() == key


def test_a_named_snapshot_needs_a_folder_and_a_name_that_a_file_can_have(tmp_path):
    with House() as house:
        answer = house.control("/snapshot", {"name": "before"})
        assert answer.status_code == 400
        assert "--keep DIR" in answer.json()["fix"]
        assert house.control("/restore", {"snapshot": "before"}).status_code == 400
    with House(tmp_path) as house:
        assert house.control("/snapshot", {"name": "../before"}).status_code == 400
        assert house.control("/snapshot", {"name": "before"}).json() == {"snapshot": "before"}
        house.change(CHANGES[:1])
        assert house.control("/restore", {"snapshot": "before"}).json() == {"snapshot": "before"}
        assert house.ask("salesforce", "GET", f"{SF}/sobjects/Case/{CASE}").json()["Subject"] != "Changed"
        assert house.control("/restore", {"snapshot": "after"}).status_code == 400


def test_two_sandboxes_do_not_share_a_folder(tmp_path):
    first = Folder(tmp_path)
    with pytest.raises(UsageError, match="another sandbox uses"):
        Folder(tmp_path)
    first.close()
    Folder(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match="cannot be used") as caught:
            Folder(path)
        assert caught.value.fix


class Died(Exception):
    """The process ends here."""


def small(folder):
    """A sandbox whose saves need one pack."""
    sandbox = Sandbox([("zendesk", registry.simulator("zendesk"))], DAY, profile="unlimited")
    sandbox.load("zendesk", rows("zendesk", ACCOUNTS))
    sandbox.keep(folder, {})
    return sandbox


def test_dying_at_any_step_of_saving_leaves_the_save_before_or_the_new_one(tmp_path, monkeypatch):
    folder = Folder(tmp_path)
    sandbox = small(folder)
    sandbox.snapshots.save("a")
    left = [0]

    def dies(act):
        def acting(*args, **named):
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return act(*args, **named)

        return acting

    monkeypatch.setattr(os, "fsync", dies(os.fsync))
    monkeypatch.setattr(Path, "replace", dies(Path.replace))
    monkeypatch.setattr(Path, "unlink", dies(Path.unlink))
    died = 0
    for step in range(1, 30):
        left[0], marker = step, f"Subject {step}"
        ticket = {**sandbox.simulators["zendesk"]._state.tables["tickets"].records[1001], "subject": marker}
        sandbox.simulators["zendesk"]._state.tables["tickets"].put(ticket)
        try:
            sandbox.snapshots.save("a")
        except Died:
            died += 1
        left[0] = 0
        opened = Sandbox([("zendesk", registry.simulator("zendesk"))], DAY, profile="unlimited")
        opened.snapshots.resume(folder.find())
        found = opened.simulators["zendesk"]._state.tables["tickets"].records
        assert found[1001]["subject"] in (marker, f"Subject {step - 1}", "The export of month 1 stays empty")
        assert len(found) == ACCOUNTS * 10
        opened.stop()
        if died < step:
            break
    assert died >= 5
    sandbox.stop()
    folder.close()
    assert len(list(tmp_path.glob("*.save"))) == 1
    assert list(tmp_path.glob("*.tmp")) == []


KILLED = """
import sys
from pathlib import Path
from cs_connector.sandbox.keeping import Folder
from tests.contract.test_sandbox_keeping import small
folder = Folder(Path(sys.argv[1]))
sandbox = small(folder)
tickets = sandbox.simulators["zendesk"]._state.tables["tickets"]
for number in range(10_000):
    for key in range(1001, 1500):
        tickets.put({**tickets.records[key], "subject": str(number)})
    sandbox.snapshots.save("a")
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 0.013, 0.031])
def test_killed_in_the_middle_of_saving_the_last_whole_save_is_there(tmp_path, wait):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline() for _ in range(3)]
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    folder = Folder(tmp_path)
    opened = Sandbox([("zendesk", registry.simulator("zendesk"))], DAY, profile="unlimited")
    opened.snapshots.resume(folder.find())
    records = opened.simulators["zendesk"]._state.tables["tickets"].records
    subjects = {records[key]["subject"] for key in range(1001, 1500)}
    assert len(subjects) == 1
    assert int(subjects.pop()) >= int(said[-1])
    opened.stop()
    folder.close()


@pytest.fixture
def saved(tmp_path):
    """The path of a save."""
    folder = Folder(tmp_path)
    sandbox = small(folder)
    sandbox.snapshots.save("a")
    sandbox.stop()
    folder.close()
    return next(tmp_path.glob("*.save"))


def test_a_damaged_save_is_refused_and_says_what_to_do(saved):
    data = bytearray(saved.read_bytes())
    data[-10] ^= 1
    saved.write_bytes(data)
    with Folder(saved.parent) as folder, pytest.raises(UsageError, match="damaged"):
        folder.find().read({})


class Command:
    def __reduce__(self):
        return os.system, ("touch stolen",)


@pytest.mark.parametrize("what", [Command(), subprocess.Popen, keeping.Folder])
def test_a_save_can_run_nothing(saved, what):
    head = json.loads(saved.read_bytes().partition(b"\n")[0])
    body = pickle.dumps(what)
    head["digest"] = keeping._digest(body)
    saved.write_bytes(json.dumps(head).encode() + b"\n" + body)
    with Folder(saved.parent) as folder, pytest.raises(UsageError, match="may not hold"):
        folder.find().read({})
    assert not Path("stolen").exists()
