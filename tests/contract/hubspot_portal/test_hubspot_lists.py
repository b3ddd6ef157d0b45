"""Static lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hubspot.crm.lists import ListCreateRequest, ListSearchRequest, MembershipChangeRequest

from .house import House, company

LISTS = "/crm/v3/lists"
NEW = {"name": "Risky", "objectTypeId": "0-2", "processingType": "MANUAL"}


@pytest.fixture
def risky(house: House) -> str:
    house.load("companies", *(company(n) for n in range(1, 6)))
    return str(house.post(LISTS, NEW)["list"]["listId"])


def members(house: House, number: str, path: str = "memberships") -> list[str]:
    found = house.call("GET", f"{LISTS}/{number}/{path}").json()["results"]
    return [r["recordId"] for r in found]


def test_the_client_makes_fills_and_finds_a_list(house: House) -> None:
    house.load("companies", *(company(n) for n in range(1, 6)))
    api = house.client().crm.lists
    made = api.lists_api.create(
        ListCreateRequest(name="A", object_type_id="0-2", processing_type="MANUAL")
    ).list
    change = MembershipChangeRequest(record_ids_to_add=["3", "1", "9"], record_ids_to_remove=[])
    done = api.memberships_api.add_and_remove(made.list_id, change)
    assert (done.records_ids_added, done.record_ids_missing) == (["3", "1"], ["9"])
    assert [r.record_id for r in api.memberships_api.get_page(made.list_id).results] == ["1", "3"]
    found = api.lists_api.do_search(
        ListSearchRequest(
            query="a", list_ids=[], processing_types=[], additional_properties=[], offset=0, count=5
        )
    )
    assert (found.total, [each.list_id for each in found.lists]) == (1, [made.list_id])
    assert api.lists_api.get_by_id(made.list_id).list.size == 2
    assert api.lists_api.get_by_name("A", "0-2").list.list_id == made.list_id
    (own,) = api.memberships_api.get_lists("0-2", "3").results
    assert own.list_id == made.list_id


def test_records_join_and_leave(house: House, risky: str) -> None:
    for number in ("4", "2", "5"):
        house.clock.advance(timedelta(seconds=1))
        house.call("PUT", f"{LISTS}/{risky}/memberships/add", [number])
    assert members(house, risky) == ["2", "4", "5"]
    assert members(house, risky, "memberships/join-order") == ["4", "2", "5"]
    page = house.call("GET", f"{LISTS}/{risky}/memberships?limit=2").json()
    rest = house.call("GET", f"{LISTS}/{risky}/memberships?after={page['paging']['next']['after']}").json()
    assert [r["recordId"] for r in page["results"] + rest["results"]] == ["2", "4", "5"]
    other = house.post(LISTS, {**NEW, "name": "Other"})["list"]["listId"]
    assert house.call("PUT", f"{LISTS}/{other}/memberships/add-from/{risky}").status_code == 204
    house.call("DELETE", f"{LISTS}/{risky}/memberships")
    assert (members(house, risky), members(house, other)) == ([], ["2", "4", "5"])
    made = house.post("/crm/v3/objects/companies/merge", {"primaryObjectId": "2", "objectIdToMerge": "1"})[
        "id"
    ]
    house.call("DELETE", "/crm/v3/objects/companies/5")
    assert members(house, other) == ["4", made]


def test_a_list_is_renamed_deleted_and_restored(house: House, risky: str) -> None:
    assert (
        house.call("PUT", f"{LISTS}/{risky}/update-list-name?listName=Calm").json()["updatedList"]["name"]
        == "Calm"
    )
    before = house.portal.snapshot()
    assert house.call("DELETE", f"{LISTS}/{risky}").status_code == 204
    assert house.call("GET", f"{LISTS}/{risky}").status_code == 404
    assert house.call("PUT", f"{LISTS}/{risky}/restore").status_code == 204
    assert house.call("GET", f"{LISTS}/{risky}").json()["list"]["name"] == "Calm"
    house.call("PUT", f"{LISTS}/{risky}/memberships/add", ["1"])
    house.portal.restore(before)
    assert members(house, risky) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**NEW, "processingType": "DYNAMIC", "filterBranch": {"filterBranchType": "OR"}}, 501),
        ({**NEW, "processingType": "ODD"}, 400),
        ({**NEW, "objectTypeId": "cats"}, 400),
        ({**NEW}, 409),
        ({"name": "A"}, 400),
    ],
)
def test_lists_that_cannot_be(house: House, risky: str, body: dict[str, Any], status: int) -> None:
    assert house.call("POST", LISTS, body).status_code == status
    assert house.call("PUT", f"{LISTS}/{risky}/update-list-filters", {}).status_code == 501
