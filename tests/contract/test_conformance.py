"""Every adapter that ships, and the one in memory, through the same conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML

from cs_connector import registry
from cs_connector.errors import Unavailable
from cs_connector.ports import Action, Adapter, Change, FieldInfo, ObjectInfo, Read, Verdict
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from cs_connector.testing import (
    AdapterContract,
    Fault,
    FixedClock,
    Memory,
    MemorySettings,
    MemoryTokens,
    ReadContract,
    Sample,
    System,
    WriteContract,
    surroundings,
)
from cs_connector.testing.surroundings import START

from .adapter_kit import QuickClock

SECRET = "hunter2-hunter2"
ACCOUNT = ObjectInfo("Account", (FieldInfo("Name", "text", length=40), FieldInfo("Key", "text", unique=True)))


def account(key: str, name: str = "Acme") -> Change:
    return Change("memory", "Account", Action.UPSERT, key, {"Name": name}, key_field="Key")


@pytest.fixture
def system() -> System:
    made = System((ACCOUNT,), page=3)
    for n in range(8):
        made.put("Account", {"Name": f"Account {n}"}, f"a{n}")
    return made


@pytest.fixture
def memory(system: System) -> Memory:
    return Memory(MemorySettings(password=SECRET), surroundings("memory"), system)


@contextmanager
def wrong(system: System, fault: Fault) -> Iterator[None]:
    system.faults.append(fault)
    yield
    system.faults.remove(fault)


class TestMemory(AdapterContract):
    @pytest.fixture
    def adapter(self, memory: Memory) -> Memory:
        return memory

    @pytest.fixture
    def sample(self, system: System) -> Sample:
        return Sample(
            "Account",
            ("Name", "Key"),
            change=lambda: system.put("Account", {"Name": "Moved"}, "a1"),
            delete=lambda: system.delete("Account", "a2") or "a2",
            good=account,
            bad=lambda key: account(key, "x" * 41),
            held=lambda key: sum(row.fields.get("Key") == key for row in system.rows["Account"].values()),
            remove=lambda record: Change("memory", "Account", Action.DELETE, "gone", {}, record_id=record),
            losing=lambda: wrong(system, Fault("write", lost=True)),
            busy=lambda: wrong(system, Fault("write", busy=True)),
            secrets=(SECRET,),
            settings=MemorySettings(password=SECRET),
        )


def test_a_fault_happens_when_and_as_often_as_said(memory: Memory, system: System) -> None:
    system.faults.append(Fault("read", Unavailable("gone"), after=1))
    reading = memory.read(Read("Account", ("Name",)))
    first = next(reading)
    with pytest.raises(Unavailable):
        next(reading)
    rest = list(memory.read(Read("Account", ("Name",), first.cursor)))
    assert sum(len(p.records) for p in [first, *rest]) == 8


def test_a_lost_answer_is_unknown_and_the_record_is_there(memory: Memory, system: System) -> None:
    system.faults.append(Fault("write", lost=True))
    (receipt,) = memory.write([account("k1")])
    assert (receipt.verdict, receipt.record_id) == (Verdict.UNKNOWN, None)
    assert set(memory.find("Account", "Key", ["k1"])) == {"k1"}


def test_a_clock_moves_when_somebody_sleeps_and_logins_are_kept() -> None:
    clock, tokens = FixedClock(), MemoryTokens()
    clock.sleep(90)
    assert clock.now() == START + timedelta(seconds=90)
    with tokens.lock("x"):
        tokens.save("x", {"token": "t"})
    assert tokens.load("x") == {"token": "t"}
    assert tokens.load("y") is None


class TestFiles(ReadContract):
    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Adapter:
        for month in (1, 2, 3):
            rows = "".join(f"t{n},2026-0{month}-01,{n}\n" for n in range(3))
            (tmp_path / f"{month}.csv").write_text("tenant,date,value\n" + rows)
        (tmp_path / "9.csv").write_text("tenant,date,value\ngone,2026-01-01,1\n")
        kind: Any = registry.adapter("files")
        shape = {"pattern": "*.csv", "key": ["tenant", "date"], "modified": "date"}
        return kind(kind.Settings(root=tmp_path, objects={"usage": shape}), surroundings("files"))

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        def change() -> str:
            (tmp_path / "2.csv").write_text("tenant,date,value\nt1,2026-02-01,99\n")
            return "t1|2026-02-01"

        def delete() -> str:
            (tmp_path / "9.csv").unlink()
            return "gone|2026-01-01"

        return Sample("usage", ("tenant", "date", "value"), change, delete)


class Running:
    """A simulated CRM that runs, an adapter on it, and another client that changes things meanwhile."""

    def __init__(self, name: str, rows: list[SeedRow], *chosen: str) -> None:
        self.name = name
        kind: Any = registry.adapter(name)
        self.sandbox = Sandbox([(name, registry.simulator(name))], START, profile="small")
        install = files(f"cs_connector.adapters.{name}").joinpath("install.yml").read_text()
        self.sandbox.install(name, YAML(typ="safe").load(install))
        self.sandbox.load(name, rows)
        self.sandbox.start()
        self.login = dict(self.sandbox.simulators[name].credentials())
        self.settings = kind.Settings(**{k: v for k, v in self.login.items() if k in chosen})
        self.adapter = kind(self.settings, surroundings(name, QuickClock(self.sandbox.world.clock)))

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(self.login.get(k, "") for k in ("client_secret", "refresh_token", "access_token"))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        head = {"Authorization": f"Bearer {self.login['access_token']}"}
        answer = requests.request(method, self.login["base_url"] + path, json=body, headers=head, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def held(self, objects: str, field: str, key: str) -> int:
        """How many records were created with a key, by the ledger."""
        made = [
            e
            for e in self.sandbox.world.ledger.entries()
            if e["object"] == objects and e["action"] == "create"
        ]
        return sum(1 for e in made if f"'{key}'" in repr(e["after"]))

    def settle(self) -> None:
        self.sandbox.world.clock.advance(timedelta(minutes=15))

    @contextmanager
    def fault(self, path: str, do: dict[str, Any]) -> Iterator[None]:
        """Something goes wrong with every request to a path, inside the block."""
        for rules in ([{"crm": self.name, "path": path, "times": 999, "do": do}], []):
            url = f"{self.sandbox.control.base_url}/faults"
            requests.post(url, json={"rules": rules}, timeout=10).raise_for_status()
            if rules:
                yield

    def close(self) -> None:
        self.adapter.close()
        self.sandbox.stop()


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


OLD = "2026-01-02T03:04:05.000Z"
LOCKED = {"status": "error", "message": "the portal is locked", "category": "LOCKED"}
QUEUED = {"error": "TooManyJobs", "description": "You have too many jobs queued"}


class TestSalesforce(AdapterContract):
    @pytest.fixture
    def running(self, undo: ExitStack) -> Running:
        rows = [SeedRow("Account", {"Name": f"Account {n}", "Industry": "Retail"}) for n in range(60)]
        wanted = ("base_url", "client_id", "username", "private_key_file", "audience")
        made = Running("salesforce", rows, *wanted)
        undo.callback(made.close)
        return made

    @pytest.fixture
    def adapter(self, running: Running) -> Adapter:
        return running.adapter

    @pytest.fixture
    def sample(self, running: Running) -> Sample:
        ids = sorted(r.id for p in running.adapter.read(Read("Account", ("Name",))) for r in p.records)
        root = f"/services/data/v{running.login['api_version'].lstrip('v')}/sobjects/Account"

        def other(method: str, record: str, body: Any = None) -> str:
            running.call(method, f"{root}/{record}", body)
            return record

        def task(key: str, subject: str = "Call") -> Change:
            return Change("sales", "Task", Action.UPSERT, key, {"Subject": subject}, key_field="CS_Key__c")

        return Sample(
            "Account",
            ("Name", "Industry"),
            change=lambda: other("PATCH", ids[0], {"Name": "Moved"}),
            delete=lambda: other("DELETE", ids[1]),
            settle=running.settle,
            good=task,
            bad=lambda key: task(key, "x" * 300),
            held=lambda key: running.held("Task", "CS_Key__c", key),
            secrets=running.secrets,
            settings=running.settings,
        )


class TestHubSpot(AdapterContract):
    @pytest.fixture
    def running(self, undo: ExitStack) -> Running:
        rows = [
            SeedRow(
                "companies",
                {
                    "id": str(1000 + n),
                    "properties": {"name": f"Company {n}", "domain": f"c{n}.example"},
                    "createdAt": OLD,
                    "updatedAt": OLD,
                },
            )
            for n in range(30)
        ]
        wanted = ("base_url", "token_url", "client_id", "client_secret", "refresh_token", "portal_id")
        made = Running("hubspot", rows, *wanted)
        undo.callback(made.close)
        return made

    @pytest.fixture
    def adapter(self, running: Running) -> Adapter:
        return running.adapter

    @pytest.fixture
    def sample(self, running: Running) -> Sample:
        root = "/crm/objects/2026-03/companies"

        def other(method: str, record: str, body: Any = None) -> str:
            running.call(method, f"{root}/{record}", body)
            return record

        def task(key: str, status: str = "NOT_STARTED") -> Change:
            fields = {"hs_task_subject": key, "hs_timestamp": "2026-12-01", "hs_task_status": status}
            ends = (("companies", "1003"),)
            return Change(
                "marketing", "tasks", Action.UPSERT, key, fields, key_field="cs_key", associate=ends
            )

        return Sample(
            "companies",
            ("name", "domain"),
            change=lambda: other("PATCH", "1001", {"properties": {"name": "Moved"}}),
            delete=lambda: other("DELETE", "1002"),
            settle=running.settle,
            good=task,
            bad=lambda key: task(key, "No such status"),
            held=lambda key: running.held("tasks", "cs_key", key),
            remove=lambda record: Change("marketing", "tasks", Action.DELETE, "gone", {}, record_id=record),
            losing=lambda: running.fault("tasks/batch/upsert", {"drop": "after"}),
            busy=lambda: running.fault("tasks/batch/upsert", {"status": 423, "body": LOCKED}),
            secrets=running.secrets,
            settings=running.settings,
        )


class TestZendesk(WriteContract):
    """Organisations are updated, never created: they have no unique key of ours."""

    @pytest.fixture
    def running(self, undo: ExitStack) -> Running:
        rows = [
            SeedRow("organizations", {"id": n, "name": f"Org {n}", "created_at": OLD, "updated_at": OLD})
            for n in range(1, 30)
        ]
        wanted = ("base_url", "subdomain", "token_url", "client_id", "client_secret", "refresh_token")
        made = Running("zendesk", rows, *wanted)
        undo.callback(made.close)
        return made

    @pytest.fixture
    def adapter(self, running: Running) -> Adapter:
        return running.adapter

    @pytest.fixture
    def sample(self, running: Running) -> Sample:
        def other(method: str, record: str, body: Any = None) -> str:
            running.call(method, f"/api/v2/organizations/{record}.json", body)
            return record

        def score(key: str, record: str) -> Change:
            fields = {"cs_health_score": 70}
            return Change("service", "organizations", Action.UPDATE, key, fields, record_id=record)

        return Sample(
            "organizations",
            ("cs_health_score",),
            change=lambda: other("PUT", "2", {"organization": {"notes": "new"}}),
            delete=lambda: other("DELETE", "3"),
            settle=running.settle,
            good=lambda key: score(key, "4" if key == "k1" else "5"),
            bad=lambda key: Change(
                "service",
                "organizations",
                Action.UPDATE,
                key,
                {"cs_health_score": "no number"},
                record_id="6",
            ),
            remove=lambda record: Change(
                "service", "organizations", Action.DELETE, "gone", {}, record_id=record
            ),
            losing=lambda: running.fault("update_many", {"drop": "after"}),
            busy=lambda: running.fault("update_many", {"status": 429, "body": QUEUED}),
            secrets=running.secrets,
            settings=running.settings,
        )
