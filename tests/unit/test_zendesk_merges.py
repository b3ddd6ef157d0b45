"""Which organization a deleted one went into is asked once, and known as long as anybody may refer to the deleted one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from cs_connector.adapters.zendesk import Zendesk

from cs_connector.ports import Read
from cs_connector.testing.surroundings import MemoryNotes, surroundings
from tests.contract.adapter_kit import read_all

API = "https://acme.zendesk.com/api/v2"
MADE, GONE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.fixture
def notes() -> MemoryNotes:
    return MemoryNotes()


@pytest.fixture
def zendesk(notes: MemoryNotes) -> Iterator[Zendesk]:
    settings = Zendesk.Settings(subdomain="acme", access_token="t0")
    adapter = Zendesk(settings, surroundings("service", notes=notes))
    yield adapter
    adapter.close()


def export(*gone: int) -> None:
    """Organizations that are deleted, and one that lives."""
    rows: list[dict[str, Any]] = [{"id": n, "updated_at": GONE, "deleted_at": GONE} for n in gone]
    rows.append({"id": 999, "updated_at": GONE, "deleted_at": None})
    body = {"organizations": rows, "end_of_stream": True, "end_time": 1767312000}
    responses.upsert("GET", f"{API}/incremental/organizations.json", json=body)


def merges(*losers: int, of: int, status: int = 200) -> None:
    """Of organizations up to `of`, these went into 999."""
    for n in range(1, of + 1):
        told = [{"loser_id": n, "winner_id": 999}] if n in losers else []
        url = f"{API}/organizations/{n}/merges.json"
        responses.get(url, json={"organization_merges": told}, status=status)


def into(adapter: Zendesk, cursor: str | None = None) -> tuple[dict[str, str], str]:
    """Those that went into another one, and where the next reading begins."""
    reading = read_all(adapter, "organizations", cursor=cursor)
    told = {key: json.loads(r.payload).get("mergedInto") for key, r in reading.records.items()}
    return {key: winner for key, winner in told.items() if winner}, reading.cursor


def asked() -> int:
    return sum("/merges" in str(call.request.url) for call in responses.calls)


@responses.activate
def test_a_merge_is_still_known_when_all_organizations_are_read_anew(zendesk: Zendesk) -> None:
    merges(2, 3, of=3)
    export(1)
    none, cursor = into(zendesk)
    assert (none, asked()) == ({}, 0), "nobody refers to what was gone before the first reading"
    export(1, 2)
    assert into(zendesk, cursor)[0] == {"2": "999"}
    before = asked()
    export(1, 2, 3)
    responses.get(f"{API}/organizations/count.json", json={"count": {"value": 4}})
    assert not zendesk.estimate(Read("organizations", ())).exact
    assert into(zendesk)[0] == {"2": "999", "3": "999"}, "3 went since, and nobody has read it before"
    assert asked() - before == 2, "2 is known, of 1 and 3 it is not"


@responses.activate
def test_among_many_that_were_deleted_merges_are_found(zendesk: Zendesk) -> None:
    merges(10, 55, of=120)
    export()
    _, cursor = into(zendesk)
    export(*range(1, 121))
    assert into(zendesk, cursor)[0] == {"10": "999", "55": "999"}
    assert asked() == 55 + 50, "after fifty that went into no other nobody is asked any more"


@responses.activate
def test_a_login_that_may_not_see_merges_reads_organizations_all_the_same(zendesk: Zendesk) -> None:
    merges(of=1, status=403)
    export()
    _, cursor = into(zendesk)
    export(1)
    assert set(read_all(zendesk, "organizations", cursor=cursor).records) == {"1", "999"}


@responses.activate
@pytest.mark.parametrize("page", [{}, {"meta": {}}], ids=["no meta", "no mark"])
def test_a_page_of_memberships_without_its_mark_is_not_taken_for_the_last(
    zendesk: Zendesk, page: dict[str, Any]
) -> None:
    from cs_connector.errors import Unavailable

    responses.get(f"{API}/organization_memberships.json", json={"organization_memberships": [], **page})
    with pytest.raises(Unavailable, match="cannot be understood"):
        read_all(zendesk, "organization_memberships")
