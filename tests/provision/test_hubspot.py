"""Our properties and the relationship object in a simulated portal that has none of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.simulator import HubSpotPortal

from cs_connector.ports import Piece, Receipt, Verdict
from cs_connector.sandbox.faults import Do, Rule
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from tests.contract.adapter_kit import START, Around, QuickClock

ALL = ("summary", "relationships")


class Portal:
    """A portal without our fields, with an adapter on it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.simulator = sandbox, sandbox.simulators["hubspot"]
        around = Around("marketing", QuickClock(sandbox.world.clock))
        self.adapter = HubSpot(HubSpot.Settings(**self.simulator.credentials()), around.lent)

    def install(self, pieces: Sequence[Piece]) -> dict[str, Receipt]:
        receipts = self.adapter.install(pieces)
        assert [r.key for r in receipts] == [f"{p.kind} {p.name}" for p in pieces]
        return {p.name: r for p, r in zip(pieces, receipts, strict=True)}

    def has(self, pieces: Sequence[Piece]) -> list[str]:
        there = self.adapter.present(pieces)
        return [p.name for p, found in zip(pieces, there, strict=True) if found is not None]

    def differing(self, pieces: Sequence[Piece]) -> list[str]:
        there = self.adapter.present(pieces)
        return [p.name for p, found in zip(pieces, there, strict=True) if found != p]

    def own(self, kind: str, *properties: dict[str, Any]) -> None:
        """What the portal has of its own."""
        group = {"name": "theirs", "label": "Theirs"}
        shown = [
            {"type": "string", "fieldType": "text", "groupName": "theirs", "label": "L", **p}
            for p in properties
        ]
        self.sandbox.install("hubspot", {kind: {"groups": [group], "properties": shown}})


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Sandbox([("hubspot", HubSpotPortal)], START) as sandbox:
        yield Portal(sandbox)


def named(pieces: Sequence[Piece], name: str) -> Piece:
    return next(piece for piece in pieces if piece.name == name)


def test_everything_is_made_once_with_a_call_for_all_properties_of_an_object(portal: Portal) -> None:
    pieces = portal.adapter.face(ALL)
    assert portal.has(pieces) == []
    before = portal.adapter.usage().used
    assert {r.verdict for r in portal.install(pieces).values()} == {Verdict.CREATED}
    writes = [e for e in portal.sandbox.world.ledger.entries() if e["action"] == "create"]
    assert len(writes) == len(pieces) - 2  # two properties come with the object
    assert portal.adapter.usage().used - before <= 16
    assert portal.differing(pieces) == []


def test_core_is_what_every_portal_can_have(portal: Portal) -> None:
    kinds = {piece.kind for piece in portal.adapter.face(())}
    assert kinds == {"group", "property"}
    assert {p.part for p in portal.adapter.face(ALL)} == {"core", *ALL}


def test_a_portal_without_custom_objects_is_told_what_stands_in(portal: Portal) -> None:
    portal.sandbox.simulators["hubspot"].control(
        {"scopes": ["crm.objects.companies.read", "crm.schemas.companies.write", "tickets", "oauth"]}
    )
    pieces = portal.adapter.face(ALL)
    said = portal.install(pieces)
    assert said["cs_relationship"].verdict is Verdict.REJECTED
    assert "Enterprise" in said["cs_relationship"].message
    assert "`summary` stands in" in said["cs_relationship"].message
    assert said["cs_relationship.cs_key"].verdict is Verdict.REJECTED
    assert said["companies.cs_relationship_summary"].verdict is Verdict.CREATED
    assert (
        said["tasks.cs_key"].verdict is Verdict.REJECTED
    )  # nor may it see tasks: that stops no company property


def test_an_app_that_may_not_change_properties_is_told_the_scope(portal: Portal) -> None:
    portal.sandbox.simulators["hubspot"].control({"scopes": ["crm.objects.companies.read", "oauth"]})
    pieces = [p for p in portal.adapter.face(()) if p.name.startswith("companies.")]
    said = portal.install(pieces)
    assert {r.verdict for r in said.values()} == {Verdict.REJECTED}
    assert "crm.schemas.companies.write" in said["companies.cs_key"].message


def test_one_property_that_is_refused_stops_no_other(portal: Portal) -> None:
    unique = [{"name": f"theirs_{n}", "hasUniqueValue": True} for n in range(10)]
    portal.own("companies", *unique)
    pieces = [p for p in portal.adapter.face(()) if p.name.startswith("companies.")]
    said = portal.install(pieces)
    refused = {name for name, r in said.items() if r.verdict is not Verdict.CREATED}
    assert refused == {"companies.cs_key"}
    assert "at most 10 properties with unique values" in said["companies.cs_key"].message


def test_a_property_of_that_name_which_is_another_one_is_shown_as_it_is(portal: Portal) -> None:
    portal.own("companies", {"name": "cs_health_score", "label": "Our score"})
    (found,) = portal.adapter.present([named(portal.adapter.face(()), "companies.cs_health_score")])
    assert found is not None
    assert (found.body["label"], found.body["type"], found.body["groupName"]) == (
        "Our score",
        "string",
        "theirs",
    )


def test_a_change_is_written_and_options_keep_their_order(portal: Portal) -> None:
    pieces = portal.adapter.face(())
    portal.install(pieces)
    band = named(pieces, "companies.cs_health_band")
    options = [*band.body["options"], {"label": "Churned", "value": "churned"}]
    new = replace(band, body={**band.body, "label": "Ampel", "options": options})
    assert portal.differing([new]) == ["companies.cs_health_band"]
    assert portal.install([new])["companies.cs_health_band"].verdict is Verdict.UPDATED
    assert portal.differing([new]) == []


def test_people_are_asked_for_what_provisioning_needs_as_optional_scopes() -> None:
    settings = HubSpot.Settings(client_id="id", client_secret="secret")
    asked = HubSpot(settings, Around("m", QuickClock()).lent).consent("http://localhost/", "state")
    query = parse_qs(urlsplit(str(asked)).query)
    assert "crm.schemas.companies.write" in query["optional_scope"][0].split()
    assert not {s for s in query["scope"][0].split() if s.startswith("crm.schemas.") and s.endswith(".write")}


def test_an_answer_that_is_lost_leaves_open_what_became_of_its_pieces(portal: Portal) -> None:
    portal.sandbox.faults.replace([Rule(Do(drop="after"), path="batch/create", times=1)])
    pieces = portal.adapter.face(())
    said = portal.install(pieces)
    lost = {n: r for n, r in said.items() if r.verdict is Verdict.UNKNOWN}
    assert set(lost) == {p.name for p in pieces if p.kind == "property" and p.name.startswith("companies.")}
    assert portal.differing(pieces) == []


def test_destroying_takes_objects_with_their_records_and_all_properties(portal: Portal) -> None:
    pieces = portal.adapter.face(ALL)
    portal.install(pieces)
    portal.sandbox.load("hubspot", [relationship(n) for n in range(1, 131)])
    found = dict(zip([p.name for p in pieces], portal.adapter.filled(pieces), strict=True))
    assert found["cs_relationship"] == 130
    assert found["companies.cs_key"] == 0
    receipts = portal.adapter.remove(list(reversed(pieces)))
    assert {r.verdict for r in receipts} == {Verdict.DELETED}
    assert portal.has(pieces) == []
    assert {r.verdict for r in portal.install(pieces).values()} == {Verdict.CREATED}


def relationship(number: int) -> SeedRow:
    moment = "2026-01-02T03:04:05.678Z"
    record = {
        "id": str(number),
        "properties": {"name": f"R {number}"},
        "createdAt": moment,
        "updatedAt": moment,
    }
    return SeedRow("cs_relationship", record)


def test_a_group_with_somebody_elses_properties_stays_and_says_why(portal: Portal) -> None:
    pieces = portal.adapter.face(())
    portal.install(pieces)
    portal.sandbox.install(
        "hubspot",
        {"companies": {"properties": [
            {"name": "theirs", "label": "T", "type": "string", "fieldType": "text", "groupName": "cs_health"},
        ]}},
    )  # fmt: skip
    receipts = portal.adapter.remove(list(reversed(pieces)))
    failed = [r for r in receipts if r.verdict is not Verdict.DELETED]
    assert [(r.key, r.message) for r in failed] == [
        ("group companies.cs_health", "Can't delete or purge a group with active properties")
    ]


def test_a_portal_with_our_object_is_saved_and_made_again(portal: Portal) -> None:
    pieces = portal.adapter.face(ALL)
    portal.install(pieces)
    documents = {document.path: document.body for document in portal.adapter.metadata(())}
    with Sandbox([("hubspot", HubSpotPortal)], START) as sandbox:
        sandbox.install("hubspot", {"$shape": documents})
        assert Portal(sandbox).differing(pieces) == []
