"""Which records are there at all: an answer that is no list never passes for an empty one."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.paths import HOST
from cs_connector.adapters.zendesk import Zendesk

from cs_connector.errors import AdapterError
from cs_connector.testing.surroundings import surroundings

COMPANIES = f"{HOST}/crm/objects/2026-03/companies"
ORGANIZATIONS = "https://acme.zendesk.com/api/v2/organizations"
ODD = [(404, {"error": "RecordNotFound"}), (422, {"error": "x"}), (200, {"error": "x"}), (200, "<html>")]


def zendesk() -> Zendesk:
    return Zendesk(Zendesk.Settings(subdomain="acme", access_token="t0"), surroundings())


def hubspot() -> HubSpot:
    return HubSpot(HubSpot.Settings(access_token="t0"), surroundings())


def body(said: Any) -> dict[str, Any]:
    return {"body": said} if isinstance(said, str) else {"json": said}


@responses.activate
@pytest.mark.parametrize(("status", "said"), ODD)
def test_a_list_of_ids_that_is_refused_is_not_an_empty_one(status: int, said: Any) -> None:
    responses.get(f"{ORGANIZATIONS}.json", status=status, **body(said))
    responses.get(COMPANIES, status=status, **body(said))
    with pytest.raises(AdapterError):
        list(zendesk().ids("organizations"))
    with pytest.raises(AdapterError):
        list(hubspot().ids("companies"))


@responses.activate
def test_a_list_of_ids_that_does_not_move_on_is_not_read_for_ever() -> None:
    stuck = {"organizations": [{"id": 1}], "meta": {"has_more": True, "after_cursor": "c1"}}
    responses.get(f"{ORGANIZATIONS}.json", json=stuck)
    responses.get(COMPANIES, json={"results": [{"id": "1"}], "paging": {"next": {"after": "1"}}})
    with pytest.raises(AdapterError, match="move on"):
        list(zendesk().ids("organizations"))
    with pytest.raises(AdapterError, match="move on"):
        list(hubspot().ids("companies"))


@responses.activate
@pytest.mark.parametrize(("status", "said"), ODD)
def test_a_count_that_is_refused_is_no_count(status: int, said: Any) -> None:
    responses.get(f"{ORGANIZATIONS}/count.json", status=status, **body(said))
    responses.post(f"{COMPANIES}/search", status=status, **body(said))
    assert zendesk().total("organizations") is None
    assert hubspot().total("companies") is None


def test_tickets_are_not_counted_because_the_list_leaves_out_archived_ones() -> None:
    assert zendesk().total("tickets") is None
