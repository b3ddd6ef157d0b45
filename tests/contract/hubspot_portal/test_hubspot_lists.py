"""Lists: filled by hand, once by filters, or always by filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hubspot.crm.lists import (
    ListCreateRequest,
    ListFilterUpdateRequest,
    ListSearchRequest,
    MembershipChangeRequest,
    PublicAndFilterBranch,
    PublicEnumerationPropertyOperation,
    PublicMultiStringPropertyOperation,
    PublicOrFilterBranch,
    PublicPropertyFilter,
)

from .house import House, company

LISTS = "/crm/v3/lists"
NEW = {"name": "Risky", "objectTypeId": "0-2", "processingType": "MANUAL"}


@pytest.fixture
def risky(house: House) -> str:
    house.load("companies", *(company(n, name=f"C{n}") for n in range(1, 6)))
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


def where(*groups: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """An OR of ANDs of conditions on properties."""
    branches = [
        {
            "filterBranchType": "AND",
            "filters": [{"filterType": "PROPERTY", "property": p, "operation": o} for p, o in group],
        }
        for group in groups
    ]
    return {"filterBranchType": "OR", "filterBranches": branches}


def operation(kind: str, operator: str, **more: Any) -> dict[str, Any]:
    return {"operationType": kind, "operator": operator, **more}


def dynamic(house: House, filters: dict[str, Any], name: str = "Active", kind: str = "DYNAMIC") -> str:
    body = {**NEW, "name": name, "processingType": kind, "filterBranch": filters}
    return str(house.post(LISTS, body)["list"]["listId"])


def test_the_client_makes_a_list_that_fills_itself(house: House) -> None:
    house.load(
        "companies",
        *(company(n, name=f"C{n}", **({"industry": "BANKING"} if n % 2 else {})) for n in range(1, 6)),
    )
    api = house.client().crm.lists
    media = PublicEnumerationPropertyOperation(
        include_objects_with_no_value_set=False,
        operation_type="ENUMERATION",
        operator="IS_ANY_OF",
        values=["BANKING"],
    )
    named = PublicMultiStringPropertyOperation(
        include_objects_with_no_value_set=False,
        operation_type="MULTISTRING",
        operator="ENDS_WITH",
        values=["2", "4"],
    )

    def branch(name: str, asked: Any) -> Any:
        condition = PublicPropertyFilter(filter_type="PROPERTY", _property=name, operation=asked)
        inner = PublicAndFilterBranch(
            filter_branch_type="AND", filter_branch_operator="AND", filter_branches=[], filters=[condition]
        )
        return PublicOrFilterBranch(
            filter_branch_type="OR", filter_branch_operator="OR", filter_branches=[inner], filters=[]
        )

    made = api.lists_api.create(
        ListCreateRequest(
            name="Media",
            object_type_id="0-2",
            processing_type="DYNAMIC",
            filter_branch=branch("industry", media),
        )
    ).list
    assert [r.record_id for r in api.memberships_api.get_page(made.list_id).results] == ["1", "3", "5"]
    house.call("PATCH", "/crm/v3/objects/companies/2", {"properties": {"industry": "BANKING"}})
    house.call("DELETE", "/crm/v3/objects/companies/3")
    assert [r.record_id for r in api.memberships_api.get_page(made.list_id).results] == ["1", "2", "5"]
    changed = api.lists_api.update_list_filters(
        made.list_id, ListFilterUpdateRequest(filter_branch=branch("name", named))
    ).updated_list
    assert (changed.list_version, changed.size) == (2, 2)
    told = house.call("GET", f"{LISTS}/{made.list_id}?includeFilters=true").json()["list"]["filterBranch"]
    assert told["filterBranches"][0]["filters"][0]["operation"] == {
        "includeObjectsWithNoValueSet": False,
        "operationType": "MULTISTRING",
        "operator": "ENDS_WITH",
        "values": ["2", "4"],
    }
    (own,) = api.memberships_api.get_lists("0-2", "4").results
    assert own.list_id == made.list_id


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (("industry", operation("ALL_PROPERTY", "IS_KNOWN")), "123"),
        (("industry", operation("ALL_PROPERTY", "IS_NOT_KNOWN")), "4"),
        (("industry", operation("ENUMERATION", "IS_NONE_OF", values=["BANKING"])), "23"),
        (
            (
                "industry",
                operation("ENUMERATION", "IS_NONE_OF", values=["BANKING"], includeObjectsWithNoValueSet=True),
            ),
            "234",
        ),
        (("numberofemployees", operation("NUMBER", "IS_GREATER_THAN_OR_EQUAL_TO", value=20)), "23"),
        (
            ("numberofemployees", operation("NUMBER_RANGED", "IS_NOT_BETWEEN", lowerBound=15, upperBound=25)),
            "13",
        ),
        (("name", operation("STRING", "CONTAINS", value="ACME")), "12"),
        (("name", operation("MULTISTRING", "IS_NOT_EQUAL_TO", values=["acme 1", "Brook"])), "24"),
        (("hs_object_id", operation("NUMBER", "IS_LESS_THAN", value=3)), "12"),
    ],
)
def test_conditions_of_lists(house: House, condition: Any, wanted: str) -> None:
    house.load(
        "companies",
        company(1, name="Acme 1", industry="BANKING", numberofemployees="10"),
        company(2, name="Acme 2", industry="INTERNET", numberofemployees="20"),
        company(3, name="Brook", industry="INTERNET", numberofemployees="30"),
        company(4, name="Cove"),
    )
    assert members(house, dynamic(house, where([condition]))) == list(wanted)
    both = where([condition, ("name", operation("STRING", "STARTS_WITH", value="acme"))])
    assert members(house, dynamic(house, both, "And")) == [n for n in wanted if n in "12"]
    either = where([condition], [("name", operation("STRING", "STARTS_WITH", value="acme"))])
    assert members(house, dynamic(house, either, "Or")) == sorted({*wanted, "1", "2"})


def test_a_list_that_is_filled_once_stays_as_it_was(house: House, risky: str) -> None:
    known = where([("name", operation("ALL_PROPERTY", "IS_KNOWN"))])
    once, always = (dynamic(house, known, kind, kind) for kind in ("SNAPSHOT", "DYNAMIC"))
    before = house.portal.snapshot()
    house.load("companies", company(6, name="C6"))
    assert members(house, once) == ["1", "2", "3", "4", "5"]
    assert members(house, always) == ["1", "2", "3", "4", "5", "6"]
    assert house.call("PUT", f"{LISTS}/{always}/memberships/add", ["1"]).status_code == 400
    assert house.call("PUT", f"{LISTS}/{once}/memberships/remove", ["1"]).status_code == 200
    assert house.call("PUT", f"{LISTS}/{risky}/memberships/add-from/{always}").status_code == 204
    assert len(members(house, risky)) == 6
    house.portal.restore(before)
    assert (len(members(house, once)), len(members(house, always)), members(house, risky)) == (5, 5, [])


ANY = where([("name", operation("ALL_PROPERTY", "IS_KNOWN"))])
EVENT = {"filterBranchType": "UNIFIED_EVENTS", "filters": []}


@pytest.mark.parametrize(
    ("filters", "status"),
    [
        ({"filterBranchType": "OR"}, 400),
        ({"filterBranchType": "AND", "filterBranches": ANY["filterBranches"]}, 400),
        (where([("cats", operation("ALL_PROPERTY", "IS_KNOWN"))]), 400),
        (where([("name", operation("NUMBER", "IS_EQUAL_TO", value=1))]), 400),
        (where([("name", operation("MULTISTRING", "IS_EQUAL_TO"))]), 400),
        (where([("name", operation("STRING", "HAS_EVER_BEEN_EQUAL_TO", value="a"))]), 501),
        (where([("createdate", operation("TIME_POINT", "IS_AFTER"))]), 501),
        ({"filterBranchType": "OR", "filterBranches": [EVENT]}, 501),
        (
            {
                "filterBranchType": "OR",
                "filterBranches": [
                    {"filterBranchType": "AND", "filters": [{"filterType": "IN_LIST", "listId": "1"}]}
                ],
            },
            501,
        ),
    ],
)
def test_filters_that_cannot_be(house: House, risky: str, filters: Any, status: int) -> None:
    body = {**NEW, "name": "Odd", "processingType": "DYNAMIC", "filterBranch": filters}
    assert house.call("POST", LISTS, body).status_code == status
    made = dynamic(house, ANY)
    refused = house.call("PUT", f"{LISTS}/{made}/update-list-filters", {"filterBranch": filters})
    assert refused.status_code == status
    assert len(members(house, made)) == 5
    by_hand = house.call("PUT", f"{LISTS}/{risky}/update-list-filters", {"filterBranch": ANY})
    assert by_hand.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**NEW, "name": "A", "processingType": "DYNAMIC"}, 400),
        ({**NEW, "name": "A", "filterBranch": ANY}, 400),
        ({**NEW, "processingType": "ODD"}, 400),
        ({**NEW, "objectTypeId": "cats"}, 400),
        ({**NEW}, 409),
        ({"name": "A"}, 400),
    ],
)
def test_lists_that_cannot_be(house: House, risky: str, body: dict[str, Any], status: int) -> None:
    assert house.call("POST", LISTS, body).status_code == status
    assert house.call("PUT", f"{LISTS}/{risky}/update-list-filters", {}).status_code == 400
