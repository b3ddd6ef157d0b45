"""The Salesforce adapter against the simulated org, over real HTTP and through every fault that loses data."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import cs_connector.adapters.salesforce as package
import msgspec
import pytest
import requests
from cryptography.fernet import Fernet
from cs_connector.adapters.salesforce import Salesforce
from ruamel.yaml import YAML

from cs_connector.errors import NotPermitted, QuotaExhausted
from cs_connector.ports import Action, Change, Read, Surroundings, Verdict
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from cs_connector.transport import SandboxTime
from cs_connector.vault import Vault

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIELDS = ("Name", "Industry")


def account(n: int) -> SeedRow:
    return SeedRow("Account", {"Name": f"Account {n}", "Industry": "Retail"})


class World:
    """One sandbox with one org, and adapters on it."""

    def __init__(self, stack: ExitStack, folder: Path, profile: str = "vendor") -> None:
        from cs_connector.adapters.salesforce.simulator import SalesforceOrg

        self.sandbox = Sandbox([("salesforce", SalesforceOrg)], START, profile=profile)
        stack.callback(self.sandbox.stop)
        self.sandbox.start()
        own = YAML(typ="safe").load(Path(package.__file__).with_name("install.yml"))
        self.sandbox.install("salesforce", own)
        self.clock = SandboxTime(self.sandbox.control.base_url)
        self.vault = Vault(folder / "vault", Fernet.generate_key())
        self.stack = stack

    @property
    def login(self) -> dict[str, str]:
        return self.sandbox.document()["salesforce"]

    def adapter(self, **more: str) -> Salesforce:
        login = self.login
        given = {
            "base_url": login["base_url"],
            "client_id": login["client_id"],
            "username": login["username"],
            "private_key_file": login["private_key_file"],
            "audience": login["audience"],
        }
        around = Surroundings("sales", self.clock, self.vault)
        made = Salesforce(Salesforce.Settings(**(given | more)), around)
        self.stack.callback(made.close)
        return made

    def load(self, *rows: SeedRow) -> None:
        self.sandbox.load("salesforce", rows)

    def fault(self, **rule: object) -> None:
        url = f"{self.sandbox.control.base_url}/faults"
        requests.post(url, json={"rules": [rule]}, timeout=5).raise_for_status()

    def order(self, **order: object) -> None:
        self.sandbox.simulators["salesforce"].control(order)

    def ledger(self) -> list[dict]:
        return self.sandbox.world.ledger.entries()


@pytest.fixture
def world(tmp_path):
    with ExitStack() as stack:
        yield World(stack, tmp_path)


@pytest.fixture
def small(tmp_path):
    with ExitStack() as stack:
        yield World(stack, tmp_path, "small")


def read(adapter, cursor=None, fields=FIELDS, object_name="Account"):
    pages = list(adapter.read(Read(object_name, fields, cursor)))
    return [record for page in pages for record in page.records], pages[-1]


def names(records):
    return sorted({msgspec.json.decode(r.payload)["Name"] for r in records if not r.deleted})


def upsert(key: str, **fields: object) -> Change:
    return Change("sales", "Task", Action.UPSERT, key, {"Subject": key} | fields, "CS_Key__c")


def test_it_knows_which_organisation_it_is_in(world):
    identity = world.adapter().check()
    assert identity.org_id == world.login["org_id"]
    assert identity.crm == "salesforce"


def test_client_credentials_log_in_too(world):
    login = world.login
    adapter = world.adapter(auth="client_credentials", client_secret=login["client_secret"])
    assert adapter.check().org_id == login["org_id"]


def test_it_describes_what_is_there(world):
    (task,) = world.adapter().describe(["Task", "Nothing__c"])
    fields = {field.name: field for field in task.fields}
    assert fields["CS_Key__c"].unique
    assert "High" in fields["Priority"].values
    assert task.incremental


def test_every_record_is_read_over_many_pages(small):
    small.load(*(account(n) for n in range(150)))
    records, last = read(small.adapter())
    assert len({r.id for r in records}) == 150
    assert last.done


def test_a_read_stopped_after_any_page_misses_nothing(small):
    small.load(*(account(n) for n in range(90)))
    pages = list(small.adapter().read(Read("Account", FIELDS)))
    assert len(pages) > 2
    for at, page in enumerate(pages[:-1]):
        seen = {r.id for earlier in pages[: at + 1] for r in earlier.records}
        rest, _ = read(small.adapter(), page.cursor)
        assert len(seen | {r.id for r in rest}) == 90


def test_changes_and_deletions_arrive_in_the_next_run(world):
    world.load(account(1), account(2))
    adapter = world.adapter()
    records, last = read(adapter)
    ids = {msgspec.json.decode(r.payload)["Name"]: r.id for r in records}
    world.clock.sleep(3600)
    adapter.write(
        [Change("sales", "Account", Action.UPDATE, "a", {"Name": "Moved"}, record_id=ids["Account 1"])]
    )
    session = adapter._session
    session.delete(f"{adapter._root()}/sobjects/Account/{ids['Account 2']}")
    changed, _ = read(adapter, last.cursor)
    assert {(r.id, r.deleted) for r in changed} == {(ids["Account 1"], False), (ids["Account 2"], True)}


@pytest.mark.parametrize("lag", [90, 1_200])
def test_a_record_that_is_committed_late_is_not_missed(world, lag):
    adapter = world.adapter()
    _, last = read(adapter)
    world.order(commit_lag_s=lag)
    adapter._session.post(f"{adapter._root()}/sobjects/Account", json={"Name": "Late"})
    _, last = read(adapter, last.cursor)
    for _ in range(6):
        world.clock.sleep(300)
        records, last = read(adapter, last.cursor)
        if "Late" in names(records):
            return
    pytest.fail("the late record never arrived")


def test_a_second_upsert_updates_and_clears(world):
    adapter = world.adapter()
    (first,) = adapter.write([upsert("k1", Priority="High", Description="x")])
    (second,) = adapter.write([upsert("k1", Priority="High", Description=None)])
    assert (first.verdict, second.verdict) == (Verdict.CREATED, Verdict.UPDATED)
    assert first.record_id == second.record_id
    assert adapter.find("Task", "CS_Key__c", ["k1", "other"]) == {"k1": first.record_id}
    assert world.ledger()[-1]["after"]["Description"] is None


def test_one_bad_record_stops_no_other(world):
    changes = [upsert("k1"), upsert("k2", Subject="x" * 300), upsert("k3")]
    receipts = world.adapter().write(changes)
    assert [(r.key, r.verdict) for r in receipts] == [
        ("k1", Verdict.CREATED),
        ("k2", Verdict.REJECTED),
        ("k3", Verdict.CREATED),
    ]
    assert receipts[1].code == "STRING_TOO_LONG"


@pytest.mark.parametrize("do", [{"drop": "after"}, {"reset": "after"}, {"truncate": 20}, {"status": 503}])
def test_an_upsert_whose_answer_is_lost_happens_once(world, do):
    adapter = world.adapter()
    adapter.check()
    world.fault(path="/composite/sobjects", times=1, do=do)
    (receipt,) = adapter.write([upsert("k1")])
    assert receipt.verdict in (Verdict.CREATED, Verdict.UPDATED)
    assert [e["action"] for e in world.ledger() if e["object"] == "Task"].count("create") == 1


def test_a_create_whose_answer_is_lost_is_unknown_and_not_repeated(world):
    adapter = world.adapter()
    adapter.check()
    world.fault(path="/composite/sobjects", times=1, do={"drop": "after"})
    (receipt,) = adapter.write([Change("sales", "Task", Action.CREATE, "k", {"Subject": "x"})])
    assert receipt.verdict is Verdict.UNKNOWN
    assert [e["action"] for e in world.ledger() if e["object"] == "Task"] == ["create"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "do",
    [{"drop": "before"}, {"reset": "after"}, {"truncate": 100}, {"status": 502}, {"expire_token": True}],
)
def test_reads_survive_what_networks_do(small, do):
    small.load(*(account(n) for n in range(60)))
    adapter = small.adapter()
    adapter.check()
    small.fault(path="/query", after=1, times=1 if "expire_token" in do else 2, do=do)
    records, _ = read(adapter)
    assert len({r.id for r in records}) == 60


def test_a_spent_allowance_stops_at_once(world):
    adapter = world.adapter()
    adapter.check()
    world.order(daily_quota_left=0)
    before = adapter.usage().used
    with pytest.raises(QuotaExhausted):
        read(adapter)
    assert adapter.usage().used == before + 1


def test_the_allowance_is_known_after_any_call(world):
    adapter = world.adapter()
    adapter.check()
    usage = adapter.usage()
    assert usage.limit is not None
    assert usage.left is not None
    assert 0 < usage.left < usage.limit


def test_a_hidden_field_is_named(world):
    world.fault(path="/describe", times=1, do={"remove_field": {"object": "Account", "field": "Industry"}})
    adapter = world.adapter()
    with pytest.raises(NotPermitted, match="Industry"):
        for _ in range(2):
            read(adapter)
