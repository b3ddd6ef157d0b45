"""Links that HubSpot does not tell are not links that were cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.paths import HOST

from cs_connector.errors import NotPermitted, Unavailable
from cs_connector.ports import Action, Change, Read, Verdict
from cs_connector.testing.surroundings import surroundings

BATCH = f"{HOST}/crm/associations/2026-03/contacts/companies/batch/read"
NONE = {"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}

ONE = {"results": [{"id": "1", "properties": {}}]}


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    adapter = HubSpot(HubSpot.Settings(access_token="t0"), surroundings())
    yield adapter
    adapter.close()


@responses.activate
@pytest.mark.parametrize(
    "said", [{"results": [], "errors": [{"category": "INTERNAL_ERROR"}]}, {"error": "x"}]
)
def test_links_that_could_not_be_read_do_not_count_as_cut(hubspot: HubSpot, said: dict[str, Any]) -> None:
    responses.get(f"{HOST}/crm/objects/2026-03/contacts", json=ONE)
    responses.post(BATCH, status=207, json=said)
    with pytest.raises(Unavailable):
        list(hubspot.read(Read("contacts/companies", ())))


@responses.activate
def test_a_record_without_links_has_none(hubspot: HubSpot) -> None:
    responses.get(f"{HOST}/crm/objects/2026-03/contacts", json=ONE)
    responses.post(BATCH, status=207, json={"results": [], "errors": [NONE]})
    ((record,),) = [found.records for found in hubspot.read(Read("contacts/companies", ()))]
    assert json.loads(record.payload)["all"] == ""


@responses.activate
def test_links_that_do_not_move_on_are_stopped(hubspot: HubSpot) -> None:
    responses.get(f"{HOST}/crm/objects/2026-03/contacts", json=ONE)
    more = {"from": {"id": "1"}, "to": [{"toObjectId": 7}], "paging": {"next": {"after": "7"}}}
    responses.post(BATCH, json={"results": [more]})
    with pytest.raises(Unavailable, match="do not move on"):
        list(hubspot.read(Read("contacts/companies", ())))


@responses.activate
@pytest.mark.parametrize(("category", "parent"), [("HUBSPOT_DEFINED", "7"), ("USER_DEFINED", None)])
def test_a_label_of_their_own_with_the_number_of_the_parent_is_no_parent(
    hubspot: HubSpot, category: str, parent: str | None
) -> None:
    responses.get(f"{HOST}/crm/objects/2026-03/companies", json=ONE)
    kinds = [{"category": category, "typeId": 14, "label": "Reseller"}]
    found = {"from": {"id": "1"}, "to": [{"toObjectId": 7, "associationTypes": kinds}]}
    responses.post(BATCH.replace("contacts", "companies"), json={"results": [found]})
    ((record,),) = [page.records for page in hubspot.read(Read("companies/companies", ()))]
    assert json.loads(record.payload)["parent"] == parent


@responses.activate
@pytest.mark.parametrize("lacking", ["companies", "contacts"])
def test_of_two_links_that_are_not_made_the_one_that_waits_counts(hubspot: HubSpot, lacking: str) -> None:
    made = {"id": "9", "properties": {"cs_key": "k1"}, "new": True}
    responses.post(f"{HOST}/crm/objects/2026-03/tasks/batch/upsert", json={"results": [made]})
    for end in ("companies", "contacts"):
        refused = {"category": "MISSING_SCOPES" if end == lacking else "NOT_FOUND", "message": f"no {end}"}
        refused |= (
            {"errors": [{"context": {"requiredGranularScopes": [f"no {end}"]}}]} if end == lacking else {}
        )
        url = f"{HOST}/crm/associations/2026-03/tasks/{end}/batch/associate/default"
        responses.post(url, status=403 if end == lacking else 404, json=refused)
    ends = (("companies", "77"), ("contacts", "88"))
    values = {"hs_task_subject": "x"}
    task = Change("marketing", "tasks", Action.UPSERT, "k1", values, key_field="cs_key", associate=ends)
    (receipt,) = hubspot.write([task])
    assert (receipt.verdict, receipt.record_id, receipt.code) == (Verdict.LATER, "9", NotPermitted.code)
    assert "no companies" in receipt.message
    assert "no contacts" in receipt.message
