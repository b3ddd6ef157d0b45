"""The simulator driven by HubSpot's own client."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInputUpsert,
    PublicObjectSearchRequest,
)
from hubspot.crm.companies.exceptions import ApiException
from hubspot.crm.properties import PropertyCreate

from .house import House, company


def test_the_client_pages_through_a_list(house: House) -> None:
    house.load("companies", *(company(n, name=f"C{n}", domain=f"c{n}.test") for n in range(1, 131)))
    api = house.client().crm.companies.basic_api
    first = api.get_page(limit=100, properties=["name", "phone", "no_such"])
    rest = api.get_page(limit=100, after=first.paging.next.after)
    assert [r.id for r in first.results + rest.results] == [str(n) for n in range(1, 131)]
    assert rest.paging is None
    assert first.results[0].properties == {
        "createdate": "2026-10-01T08:00:00.000Z",
        "hs_lastmodifieddate": "2026-10-01T08:00:00.000Z",
        "hs_object_id": "1",
        "name": "C1",
        "phone": None,
    }


def test_the_client_searches(house: House) -> None:
    house.load("companies", *(company(n, n % 28 + 1, name=f"C{n}") for n in range(1, 301)))
    api = house.client().crm.companies.search_api
    wanted = PublicObjectSearchRequest(
        filter_groups=[
            {
                "filters": [
                    {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1792195200000"}
                ]
            }
        ],
        sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        properties=["name"],
        limit=20,
    )
    found = api.do_search(public_object_search_request=wanted)
    expected = [n for n in range(300, 0, -1) if n % 28 + 1 >= 17]
    assert found.total == len(expected)
    assert [int(r.id) for r in found.results] == expected[:20]
    assert found.paging.next.after == "20"


def test_the_client_upserts_by_a_unique_property(house: House) -> None:
    api = house.client().crm.companies.batch_api

    def upsert(score: str) -> Any:
        inputs = [
            {"id": key, "idProperty": "cs_key", "properties": {"name": key, "cs_health_score": score}}
            for key in ("a", "b")
        ]
        return api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))

    first, second = upsert("72"), upsert("40")
    assert [r.new for r in first.results + second.results] == [True, True, False, False]
    assert {r.id for r in first.results} == {r.id for r in second.results}
    entries = house.world.ledger.entries()
    assert [e["action"] for e in entries] == ["create", "create", "update", "update"]
    changed = {e["before"]["cs_health_score"]: e["after"]["cs_health_score"] for e in entries[2:]}
    assert changed == {"72": "40"}


def test_the_client_links_and_reads_associations(house: House) -> None:
    house.load("companies", company(10, name="A"), company(11, name="B"))
    house.load("contacts", company(20, email="x@a.test"), company(21, email="y@a.test"))
    api = house.client().crm.associations.v4.batch_api
    pairs = [{"from": {"id": "20"}, "to": {"id": "10"}}]
    api.create_default("contacts", "companies", BatchInputPublicDefaultAssociationMultiPost(inputs=pairs))
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    primary = [{"from": {"id": "20"}, "to": {"id": "11"}, "types": spec}]
    api.create("contacts", "companies", BatchInputPublicAssociationMultiPost(inputs=primary))
    ids = [{"id": "10"}, {"id": "11"}]
    read = api.get_page("companies", "contacts", BatchInputPublicFetchAssociationsBatchRequest(inputs=ids))
    types = {r._from.id: [t.type_id for t in r.to[0].association_types] for r in read.results}
    assert types == {"10": [280], "11": [2, 280]}
    contact = house.client().crm.contacts.basic_api.get_by_id("20", properties=["associatedcompanyid"])
    assert contact.properties["associatedcompanyid"] == "11"
    api.archive("companies", "contacts", {"inputs": [{"from": {"id": "11"}, "to": [{"id": "20"}]}]})
    again = house.call("GET", "/crm/v3/objects/contacts/20?properties=associatedcompanyid").json()
    assert again["properties"]["associatedcompanyid"] is None


def test_the_client_creates_a_property_once(house: House) -> None:
    api = house.client().crm.properties.core_api
    egg = PropertyCreate(
        name="cs_next_step", label="Next", type="string", field_type="text", group_name="cs_health"
    )
    made = api.create("companies", egg)
    assert made.name == "cs_next_step"
    assert made.modification_metadata.read_only_value is False
    with pytest.raises(Exception, match="already exists") as caught:
        api.create("companies", egg)
    assert caught.value.status == 409
    assert "cs_next_step" in {p.name for p in api.get_all("companies").results}


def test_the_client_sees_a_batch_fail_as_a_whole(house: House) -> None:
    house.load("companies", company(1, name="A"), company(2, name="B"))
    inputs = [
        {"id": "1", "properties": {"cs_health_band": "green"}},
        {"id": "2", "properties": {"cs_health_band": "purple", "foo": "1"}},
    ]
    with pytest.raises(ApiException) as caught:
        house.client().crm.companies.batch_api.update({"inputs": inputs})
    assert caught.value.status == 400
    assert '\\"PROPERTY_DOESNT_EXIST\\"' in caught.value.body
    assert '\\"INVALID_OPTION\\"' in caught.value.body
    assert len(house.world.ledger) == 0
