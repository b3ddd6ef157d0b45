"""Our fields in a simulated Zendesk account that has none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cs_connector.adapters.zendesk import Zendesk, provisioning
from cs_connector.adapters.zendesk.simulator import ZendeskAccount

from cs_connector.ports import Ask, Piece, Receipt, Verdict
from cs_connector.sandbox.faults import Do, Rule
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from tests.contract.adapter_kit import START, Around, QuickClock


class Account:
    """An account without our fields, with an adapter on it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.simulator = sandbox, sandbox.simulators["zendesk"]
        login = {k: v for k, v in self.simulator.credentials().items() if k != "refresh_token"}
        around = Around("service", QuickClock(sandbox.world.clock))
        self.adapter = Zendesk(Zendesk.Settings(**login), around.lent)

    def install(self, pieces: Sequence[Piece]) -> dict[str, Receipt]:
        receipts = self.adapter.install(pieces)
        assert [r.key for r in receipts] == [f"{p.kind} {p.name}" for p in pieces]
        return {p.name: r for p, r in zip(pieces, receipts, strict=True)}

    def differing(self, pieces: Sequence[Piece]) -> list[str]:
        there = self.adapter.present(pieces)
        return [p.name for p, found in zip(pieces, there, strict=True) if found != p]

    def values(self) -> list[dict[str, Any]]:
        body = self.adapter.look(Ask("/organizations.json")).body
        return [organization["organization_fields"] for organization in body["organizations"]]


@pytest.fixture
def account() -> Iterator[Account]:
    with Sandbox([("zendesk", ZendeskAccount)], START) as sandbox:
        yield Account(sandbox)


def named(pieces: Sequence[Piece], name: str) -> Piece:
    return next(piece for piece in pieces if piece.name == name)


def test_every_field_is_made_once_with_one_call(account: Account) -> None:
    pieces = account.adapter.face(["people"])
    assert {p.kind for p in pieces} == {"organization_field", "user_field"}
    account.adapter.check()
    before = account.adapter.usage().used
    assert {r.verdict for r in account.install(pieces).values()} == {Verdict.CREATED}
    assert account.adapter.usage().used - before == len(pieces) + 2
    assert account.differing(pieces) == []


def test_core_are_the_seven_that_agents_need_with_tags_of_our_own(account: Account) -> None:
    pieces = account.adapter.face(())
    assert len(pieces) == 7
    tags = [o["value"] for p in pieces for o in p.body.get("custom_field_options", ())]
    assert tags
    assert all(tag.startswith("cs_") for tag in tags)


TICKET_FIELD = {
    "key": "cs_reported_by", "type": "tagger", "title": "Reported By", "agent_description": "Who reported it first.",
    "custom_field_options": [{"name": "Customer", "value": "cs_by_customer"}, {"name": "Us", "value": "cs_by_us"}],
}  # fmt: skip


def test_fields_of_tickets_are_known_by_the_key_that_agents_read(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provisioning, "declared", lambda: {"ticket_fields": [TICKET_FIELD]})
    account.sandbox.install("zendesk", {"ticket_fields": [{"type": "text", "title": "Reported By"}]})
    (piece,) = account.adapter.face(())
    assert (piece.kind, piece.body["agent_description"]) == (
        "ticket_field",
        "Who reported it first. (cs_reported_by)",
    )
    assert account.adapter.present([piece]) == [None]
    assert account.install([piece])["cs_reported_by"].verdict is Verdict.CREATED
    assert account.differing([piece]) == []
    renamed = replace(piece, body={**piece.body, "title": "First Reported By"})
    assert account.install([renamed])["cs_reported_by"].verdict is Verdict.UPDATED
    assert account.differing([renamed]) == []
    account.adapter.remove([renamed])
    fields = account.adapter.look(Ask("/ticket_fields.json")).body["ticket_fields"]
    assert [field["title"] for field in fields if field["removable"]] == ["Reported By"]


def test_only_an_admin_may_define_fields_and_is_asked_for_by_name(account: Account) -> None:
    account.simulator.control({"settings": {"role": "agent"}})
    said = account.install(account.adapter.face(()))
    assert {r.verdict for r in said.values()} == {Verdict.REJECTED}
    assert "only an admin may define fields" in said["cs_key"].message


def test_what_zendesk_refuses_is_told_in_its_words_and_stops_no_other(account: Account) -> None:
    pieces = list(account.adapter.face(()))
    band = named(pieces, "cs_health_band")
    twice = [*band.body["custom_field_options"], {"name": "Red again", "value": "cs_health_red"}]
    pieces[pieces.index(band)] = replace(band, body={**band.body, "custom_field_options": twice})
    said = account.install(pieces)
    assert said["cs_health_band"].verdict is Verdict.REJECTED
    assert "values must be unique" in said["cs_health_band"].message
    assert said["cs_health_score"].verdict is Verdict.CREATED


def test_the_type_of_a_field_stays_what_it_is(account: Account) -> None:
    account.sandbox.install(
        "zendesk", {"organization_fields": [{"key": "cs_health_score", "type": "text", "title": "T"}]}
    )
    score = named(account.adapter.face(()), "cs_health_score")
    assert account.differing([score]) == ["cs_health_score"]
    said = account.install([score])["cs_health_score"]
    assert (said.verdict, "cannot be changed" in said.message) == (Verdict.REJECTED, True)


def test_a_new_option_leaves_the_values_of_the_others(account: Account) -> None:
    pieces = account.adapter.face(())
    account.install(pieces)
    record = {"id": 7, "name": "Acme", "organization_fields": {"cs_health_band": "cs_health_red"}}
    account.sandbox.load("zendesk", [SeedRow("organizations", record)])
    numbers = options(account)
    band = named(pieces, "cs_health_band")
    more = [*band.body["custom_field_options"], {"name": "Lost", "value": "cs_health_lost"}]
    new = replace(band, body={**band.body, "custom_field_options": more})
    assert account.install([new])["cs_health_band"].verdict is Verdict.UPDATED
    assert account.differing([new]) == []
    assert numbers.items() <= options(account).items()
    assert [each["cs_health_band"] for each in account.values()] == ["cs_health_red"]


def options(account: Account) -> dict[str, int]:
    """The options of the band with their numbers."""
    fields = account.adapter.look(Ask("/organization_fields.json")).body["organization_fields"]
    band = next(field for field in fields if field["key"] == "cs_health_band")
    return {o["value"]: o["id"] for o in band["custom_field_options"]}


def test_an_answer_that_is_lost_leaves_open_what_became_of_its_field(account: Account) -> None:
    pieces = account.adapter.face(())
    account.sandbox.faults.replace(
        [Rule(Do(drop="after"), method="POST", path="organization_fields", times=1)]
    )
    said = account.install(pieces)
    assert [n for n, r in said.items() if r.verdict is Verdict.UNKNOWN] == ["cs_key"]
    assert account.differing(pieces) == []


def test_removing_takes_the_fields_and_what_is_gone_already_counts_as_removed(account: Account) -> None:
    pieces = account.adapter.face(["people"])
    account.install(pieces[1:])
    assert {r.verdict for r in account.adapter.remove(list(reversed(pieces)))} == {Verdict.DELETED}
    assert set(account.adapter.present(pieces)) == {None}
