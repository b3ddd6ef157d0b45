"""What we put into a Salesforce org, over real HTTP against the simulated one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from cs_connector.act.face import Standing, compare
from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Action, Change, Verdict

from .salesforce_site import ALL, Site, bad, differing, opened

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An org without our fields, which each test finds as it was."""
    with opened(tmp_path_factory.mktemp("org")) as site:
        yield site


@pytest.fixture
def site(place: Site):
    number = place.sandbox.snapshot()
    yield place
    place.fault(crm="salesforce", path="^$", do={"delay_ms": 0})
    place.sandbox.restore(number)


def of(pieces, *kinds):
    return [piece for piece in pieces if piece.kind in kinds]


def change(name, key, fields, **more):
    return Change("sales", name, Action.UPSERT, key, fields, **more)


def test_what_was_installed_is_there_as_declared_and_nothing_of_it_before(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(ALL)
    assert adapter.present(pieces) == [None] * len(pieces)
    receipts = adapter.install(pieces)
    assert bad(receipts) == []
    assert [r.key for r in receipts] == [f"{p.kind} {p.name}" for p in pieces]
    assert {r.verdict for r in receipts} == {Verdict.CREATED}
    assert differing(adapter, pieces) == []


def test_ten_components_go_into_a_call(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(ALL)
    adapter.check()
    before = adapter.usage().used
    adapter.install(pieces)
    runs = [n for kind, n in Counter(p.kind for p in pieces).items() if kind != "PermissionSetAssignment"]
    assert (
        adapter.usage().used - before <= sum(-(-n // 10) for n in runs) + 4
    )  # who we are, and the assignment


def test_installing_again_changes_nothing(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(ALL)
    adapter.install(pieces)
    made = len(site.ledger())
    again = adapter.install(pieces)
    assert {r.verdict for r in again} == {Verdict.UPDATED}
    assert [e for e in site.ledger()[made:] if e["before"] != e["after"]] == []


def test_the_connection_sees_the_fields_and_can_write_them_at_once(site: Site) -> None:
    adapter = site.adapter()
    adapter.install(adapter.face(()))
    (account,) = adapter.write(
        [change("Account", "a", {"Name": "A", "CS_Health_Score__c": 40}, key_field="CS_Key__c")]
    )
    assert account.verdict is Verdict.CREATED, account
    written = adapter.write(
        [
            change("CS_Relationship__c", "r", {"Name": "A · B", "Account__c": account.record_id, "Health_Band__c": "Red"}, key_field="Key__c"),
            change("Task", "t", {"Subject": "Risk", "WhatId": account.record_id, "CS_Call_Type__c": "Risk"}, key_field="CS_Key__c"),
            change("CS_Health_Snapshot__c", "s", {"Account__c": account.record_id, "Score__c": 40}, key_field="Key__c"),
            change("CS_Heartbeat__c", "h", {"Version__c": "1.0"}, key_field="Install_Id__c"),
        ]
    )  # fmt: skip
    assert {r.verdict for r in written} == {Verdict.CREATED}, written
    fields = {f.name: f for f in adapter.describe(["Account"])[0].fields}
    assert fields["CS_Health_Score__c"].writable
    assert not fields["CS_CSM_Judgement__c"].writable  # theirs: we only read it
    assert "CS_Latest_NPS__c" not in fields  # nobody asked for that part
    pieces = [
        p
        for p in adapter.face(())
        if p.name in {"Account.CS_Health_Score__c", "CS_Heartbeat__c", "Account.CS_Stage__c"}
    ]
    counts = dict(zip([p.name for p in pieces], adapter.filled(pieces), strict=True))
    assert counts == {"Account.CS_Health_Score__c": 1, "CS_Heartbeat__c": 1, "Account.CS_Stage__c": 0}


def test_formulas_show_health_where_others_work(site: Site) -> None:
    adapter = site.adapter()
    adapter.install(adapter.face(()))
    fields = {
        "Name": "A",
        "CS_Health_Score__c": 40,
        "CS_Health_Band__c": "Red",
        "CS_Renewal_Date__c": "2026-09-01",
    }
    (account,) = adapter.write([change("Account", "a", fields, key_field="CS_Key__c")])
    case = {"AccountId": account.record_id, "Subject": "x"}
    (made,) = adapter.write([Change("sales", "Case", Action.CREATE, "c", case)])
    found = adapter._client.query(
        f"SELECT CS_Account_Health__c, CS_Account_Renewal__c FROM Case WHERE Id = '{made.record_id}'"
    )
    row = found["records"][0]
    assert (row["CS_Account_Health__c"], row["CS_Account_Renewal__c"]) == ("Red 40", "2026-09-01")


def test_removing_leaves_the_org_as_it_was(site: Site) -> None:
    adapter = site.adapter()
    before = site.components()
    pieces = adapter.face(ALL)
    adapter.install(pieces)
    assert site.components() != before
    receipts = adapter.remove(list(reversed(pieces)))
    assert bad(receipts) == []
    assert {r.verdict for r in receipts} == {Verdict.DELETED}
    assert site.components() == before
    assert adapter.present(pieces) == [None] * len(pieces)


def test_a_permission_set_that_others_have_goes_too(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(())
    adapter.install(pieces)
    found = adapter._client.query("SELECT Id FROM PermissionSet WHERE Name = 'CS_Manager'")["records"][0]
    user = adapter._client.query("SELECT Id FROM User")["records"][0]
    assigned = {"PermissionSetId": found["Id"], "AssigneeId": user["Id"]}
    adapter.write([Change("sales", "PermissionSetAssignment", Action.CREATE, "p", assigned)])
    sets = of(pieces, "PermissionSet")
    assert bad(adapter.remove(sets)) == []


def test_what_people_changed_shows_and_what_they_added_does_not_hide_it(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(())
    adapter.install(pieces)
    view = next(p for p in pieces if p.name == "Account.CS_Declining")
    band = next(p for p in pieces if p.name == "Account.CS_Health_Band__c")
    values = [
        *band.body["valueSet"]["valueSetDefinition"]["value"],
        {"fullName": "Blue", "label": "Blue", "default": False},
    ]
    more = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    adapter.install([replace(view, body={**view.body, "columns": ["ACCOUNT.NAME"]})])
    adapter.install([replace(band, body={**band.body, "valueSet": more, "label": "Customer Health"})])
    shown = {name: now for _, name, _, now in differing(adapter, pieces)}
    assert set(shown) == {view.name, band.name}
    assert shown[view.name]["columns"] == ["ACCOUNT.NAME"]
    assert shown[view.name]["filters"] == view.body["filters"]
    assert shown[band.name]["label"] == "Customer Health"
    assert [v["fullName"] for v in shown[band.name]["valueSet"]["valueSetDefinition"]["value"]][-1] == "Blue"


def test_a_view_that_people_made_under_our_name_is_told_from_ours(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(())
    theirs = replace(
        next(p for p in pieces if p.name == "Account.CS_Declining"),
        body={"label": "Ours, not yours", "filterScope": "Mine", "columns": ["ACCOUNT.NAME"]},
    )
    adapter.install([theirs])
    steps = compare(pieces, adapter.present(pieces), {})
    assert [s.piece.name for s in steps if s.standing is Standing.FOREIGN] == [theirs.name]
    missing = [s.piece for s in steps if s.standing is Standing.CREATE]
    assert len(missing) == len(pieces) - 1
    adapter.install(missing)
    assert [name for _, name, _, _ in differing(adapter, pieces)] == [theirs.name]


def test_one_piece_that_salesforce_refuses_leaves_the_others(site: Site) -> None:
    adapter = site.adapter()
    adapter.install(of(adapter.face(()), "CustomObject", "CustomField"))
    good = of(adapter.face(()), "ListView")[:3]
    odd = replace(good[1], body={**good[1].body, "columns": ["Nobody__c"]})
    receipts = adapter.install([good[0], odd, good[2]])
    assert [r.verdict for r in receipts] == [Verdict.CREATED, Verdict.REJECTED, Verdict.CREATED]
    assert receipts[1].message == "Could not resolve list view column: Nobody__c"


def test_an_ended_session_is_renewed_within_an_installation(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(())
    adapter.check()
    site.fault(crm="salesforce", path="/services/Soap/m/", after=3, times=1, do={"expire_token": True})
    assert bad(adapter.install(pieces)) == []


def test_a_lost_answer_is_asked_for_again(site: Site) -> None:
    adapter = site.adapter()
    pieces = of(adapter.face(()), "CustomObject", "CustomField")
    site.fault(crm="salesforce", path="/services/Soap/m/", after=2, times=1, do={"drop": "after"})
    assert bad(adapter.install(pieces)) == []
    assert differing(adapter, pieces) == []


def test_a_lost_answer_to_a_removal_is_left_open_and_what_follows_put_off(site: Site) -> None:
    adapter = site.adapter()
    pieces = adapter.face(())
    adapter.install(pieces)
    views = of(pieces, "ListView", "CompactLayout")
    site.fault(crm="salesforce", path="/services/Soap/m/", times=1, do={"drop": "after"})
    receipts = adapter.remove(views)
    assert {(r.key.split()[0], r.verdict) for r in receipts} == {
        ("ListView", Verdict.UNKNOWN),
        ("CompactLayout", Verdict.LATER),
    }
    assert adapter.present(of(views, "ListView")) == [None] * 10


def test_without_calls_left_the_rest_is_put_off(site: Site) -> None:
    adapter = site.adapter()
    pieces = of(adapter.face(()), "CustomObject", "CustomField")
    adapter.check()
    site.fault(crm="salesforce", path="/services/Soap/m/", times=1, do={"daily_quota_left": 3})
    receipts = adapter.install(pieces)
    assert len(receipts) == len(pieces)
    assert {r.verdict for r in receipts} == {Verdict.CREATED, Verdict.LATER}
    assert receipts[-1].verdict is Verdict.LATER


def test_room_for_records_is_told(site: Site) -> None:
    adapter = site.adapter()
    room = adapter.storage()
    assert room is not None
    assert (room.allowed, room.record * 1024) == (10240, 2)


def test_an_org_seeded_with_install_yml_has_what_an_installation_makes(tmp_path) -> None:
    with opened(tmp_path, "demo_org.yml", "install.yml") as seeded:
        adapter = seeded.adapter()
        pieces = of(
            adapter.face(ALL), "CustomObject", "CustomField", "CustomTab", "ListView", "CompactLayout"
        )
        assert differing(adapter, pieces) == []


def test_a_part_of_another_system_is_no_error(site: Site) -> None:
    assert site.adapter().face(("relationships",)) == site.adapter().face(())


FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:sf="http://soap.sforce.com/2006/04/metadata"><soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode>'
    "<faultstring>{code}: {text}</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


@pytest.mark.parametrize(
    ("code", "text", "kind", "said"),
    [
        ("INSUFFICIENT_ACCESS", "use of the Metadata API requires a user with Modify Metadata", NotPermitted, "Modify Metadata Through"),
        ("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", AdapterError, "api_version"),
        ("UNKNOWN_EXCEPTION", "An unexpected error occurred", Unavailable, "try again later"),
    ],
)  # fmt: skip
def test_a_whole_call_that_salesforce_refuses_says_what_to_do(site: Site, code, text, kind, said) -> None:
    adapter = site.adapter()
    body = FAULT.format(code=code, text=text)
    site.fault(
        crm="salesforce",
        path="/services/Soap/m/",
        times=9,
        do={"status": 500, "body": body, "headers": {"Content-Type": "text/xml"}},
    )
    with pytest.raises(kind) as caught:
        adapter.present(adapter.face(())[:3])
    assert said in caught.value.fix
    assert text in caught.value.why
