"""Writing to a simulated Zendesk account: jobs that fail or wait, users' tags, fields that are not there, lost lives."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from cs_connector.adapters.zendesk import Zendesk

from cs_connector.ports import Action, Change, Surroundings, Verdict
from cs_connector.sandbox.wire import SeedRow
from cs_connector.testing import MemoryNotes

from .zendesk_kit import Account, change


class Dead(BaseException):
    """The end of a process."""


def many(account: Account, count: int) -> list[Change]:
    account.simulator.load(
        SeedRow("organizations", {"id": 2000 + n, "name": f"More {n}"}) for n in range(count)
    )
    return [change(str(2000 + n), cs_health_score=n % 100) for n in range(count)]


def fields(account: Account, record: str) -> dict[str, Any]:
    return account.other("GET", f"/api/v2/organizations/{record}.json")["organization"]["organization_fields"]


def fault(account: Account, **rule: Any) -> None:
    rules = {"rules": [{"crm": "zendesk", **rule}]}
    requests.post(f"{account.sandbox.control.base_url}/faults", json=rules).raise_for_status()


def test_jobs_are_opened_one_after_another_and_asked_for_together(account: Account) -> None:
    changes = many(account, 3450)  # 35 jobs, and at most 30 may wait
    account.adapter.write(changes[:1])
    before = account.adapter.usage().used
    receipts = account.adapter.write(changes)
    assert {r.verdict for r in receipts} == {Verdict.UPDATED}
    assert account.adapter.usage().used - before == 36 == account.adapter.cost(changes)


@pytest.mark.parametrize("end", ["failed", "killed"])
def test_after_a_job_that_ends_badly_the_organizations_tell(account: Account, end: str) -> None:
    account.simulator.control({"settings": {"ends_as": end}})
    receipts = account.adapter.write([change("1", cs_health_score=5), change("999", cs_health_score=6)])
    assert [(r.verdict, r.code) for r in receipts] == [(Verdict.UPDATED, ""), (Verdict.GONE, "NOT_DONE")]


def test_a_queue_that_stays_full_is_for_later(account: Account) -> None:
    body = {"error": "TooManyJobs", "description": "You have too many jobs queued"}
    fault(account, path="update_many", after=1, times=99, do={"status": 429, "body": body})
    receipts = account.adapter.write(many(account, 150))
    assert [r.verdict for r in receipts] == [Verdict.UPDATED] * 100 + [Verdict.LATER] * 50


def test_tags_that_people_set_stay(account: Account) -> None:
    account.other("PUT", "/api/v2/organizations/1.json", {"organization": {"tags": ["vip", "emea"]}})
    for band in ("cs_health_green", "cs_health_red"):
        account.adapter.write([change("1", cs_health_band=band)])
    held = account.other("GET", "/api/v2/organizations/1.json")["organization"]["tags"]
    assert sorted(held) == ["cs_health_red", "emea", "vip"]


def test_tags_themselves_are_never_written(account: Account) -> None:
    account.other("PUT", "/api/v2/organizations/1.json", {"organization": {"tags": ["vip"]}})
    (receipt,) = account.adapter.write([change("1", tags="ours")])
    assert receipt.verdict is Verdict.REJECTED
    assert account.other("GET", "/api/v2/organizations/1.json")["organization"]["tags"] == ["vip"]


def test_a_field_that_zendesk_leaves_out_without_a_word_is_not_called_written(account: Account) -> None:
    wrong, right = account.adapter.write([change("1", cs_health_scroe=5), change("2", cs_health_score=5)])
    assert (wrong.verdict, wrong.code, right.verdict) == (Verdict.REJECTED, "FIELD_IGNORED", Verdict.UPDATED)
    assert "cs_health_scroe" in wrong.message


def test_organizations_are_made_once_by_their_external_id_and_taken_away(account: Account) -> None:
    def named(key: str) -> Change:
        given = {"name": f"Org {key}", "cs_health_score": 7}
        return Change("service", "organizations", Action.UPSERT, key, given, key_field="external_id")

    first, second = account.adapter.write([named("A1"), named("X9")])
    assert (first.verdict, second.verdict, first.record_id) == (Verdict.UPDATED, Verdict.CREATED, "1")
    (again,) = account.adapter.write([named("X9")])
    assert (again.verdict, again.record_id) == (Verdict.UPDATED, second.record_id)
    remove = Change("service", "organizations", Action.DELETE, "d", {}, record_id=second.record_id)
    assert [r.verdict for r in account.adapter.resume([named("X9"), remove])] == [
        Verdict.CREATED,
        Verdict.LATER,
    ]
    assert [r.verdict for r in account.adapter.write([remove])] == [Verdict.DELETED]
    assert [r.verdict for r in account.adapter.resume([named("X9"), remove])] == [
        Verdict.LATER,
        Verdict.DELETED,
    ]


def test_the_next_life_asks_for_the_jobs_that_this_one_noted(account: Account) -> None:
    notes = MemoryNotes()
    around = Surroundings("service", account.clock, account.around.tokens, notes=notes)
    changes = [change("1", cs_health_score=5), change("999", cs_health_score=6)]

    def die(_: float) -> None:
        raise Dead

    first = Zendesk(account.settings, around)
    first.write([change("2", cs_health_score=1)])
    assert not notes.kept, "what is settled needs no note"
    account.clock.sleep, slept = die, account.clock.sleep  # type: ignore[method-assign]
    with pytest.raises(Dead):
        first.write(changes)
    account.clock.sleep = slept  # type: ignore[method-assign]
    assert len(notes.kept) == 1, "noted before it is asked for"
    second = Zendesk(account.settings, around)
    seen = second.resume([*changes, change("3", cs_health_score=7)])
    assert [(r.verdict, r.code) for r in seen] == [
        (Verdict.UPDATED, ""), (Verdict.GONE, "OrganizationNotFound"), (Verdict.LATER, "NOT_DONE"),
    ]  # fmt: skip
    assert not notes.kept
    first.close()
    second.close()


def test_a_note_is_kept_until_somebody_asks_for_its_changes_or_zendesk_has_forgotten_them(
    account: Account,
) -> None:
    notes = MemoryNotes()
    around = Surroundings("service", account.clock, account.around.tokens, notes=notes)
    adapter = Zendesk(account.settings, around)
    dropped, notes.drop = notes.drop, lambda name: None  # type: ignore[method-assign]
    first, gone = change("1", cs_health_score=5), change("999", cs_health_score=6)
    adapter.write([first])
    adapter.write([gone])
    notes.drop = dropped  # type: ignore[method-assign]
    assert [r.verdict for r in adapter.resume([first])] == [Verdict.UPDATED]
    assert len(notes.kept) == 1, "the next hundred is asked for next"
    assert [r.code for r in adapter.resume([gone])] == ["OrganizationNotFound"]
    assert not notes.kept
    notes.keep("write job J9", '{"job":"J9","at":"2020-01-02T03:04:05+00:00","marks":[["9",9]]}')
    adapter.resume([first])
    assert not notes.kept
    adapter.close()


def test_a_note_of_other_values_does_not_answer_for_these(account: Account) -> None:
    notes = MemoryNotes()
    around = Surroundings("service", account.clock, account.around.tokens, notes=notes)
    adapter = Zendesk(account.settings, around)
    kept: dict[str, str] = {}
    notes.drop = lambda name: None  # type: ignore[method-assign,assignment]
    adapter.write([change("1", cs_health_score=5)])
    kept |= notes.kept
    assert kept
    (seen,) = adapter.resume([change("1", cs_health_score=6)])
    assert (seen.verdict, seen.code) == (Verdict.LATER, "NOT_DONE")
    adapter.close()


def test_an_organization_has_a_page_for_agents(account: Account) -> None:
    assert (
        account.adapter.address("organizations", "7") == f"{account.settings.base_url}/agent/organizations/7"
    )
    assert account.adapter.address("nothing", "7") is None


def test_an_id_that_is_none_is_refused_and_stops_no_other(account: Account) -> None:
    receipts = account.adapter.write([change("x7", cs_health_score=5), change("2", cs_health_score=5)])
    assert [r.verdict for r in receipts] == [Verdict.REJECTED, Verdict.UPDATED]
