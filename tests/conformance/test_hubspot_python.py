"""hubspot-api-client of Python, unmodified, with the host of the simulator."""

from __future__ import annotations

from typing import Any

import hubspot
import pytest
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ApiException
from hubspot.crm.properties import PropertyCreate
from hubspot.crm.schemas import ObjectSchemaEgg

from .stage import Crms

CLIENT = "hubspot-api-client (Python)"


@pytest.fixture(scope="module")
def client(crms: Crms) -> hubspot.HubSpot:
    return hubspot.HubSpot(access_token=crms.hubspot["access_token"], host=crms.hubspot["base_url"])


@pytest.fixture(scope="module")
def made(client: hubspot.HubSpot) -> list[str]:
    """Three companies of our own."""
    inputs = [{"properties": {"name": f"Py {n}", "domain": f"py{n}.example"}} for n in range(3)]
    body = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    answer = client.crm.companies.batch_api.create(
        batch_input_simple_public_object_batch_input_for_create=body
    )
    assert answer.status == "COMPLETE"
    found = {r.properties["name"]: r.id for r in answer.results}
    return [found[f"Py {n}"] for n in range(3)]


def test_log_in_by_refresh_token(crms: Crms, client: hubspot.HubSpot) -> None:
    login = crms.hubspot
    answer = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        refresh_token=login["refresh_token"],
        client_id=login["client_id"],
        client_secret=login["client_secret"],
    )
    fresh = hubspot.HubSpot(access_token=answer.access_token, host=login["base_url"])
    assert fresh.crm.owners.owners_api.get_page(limit=1).results


def test_get_all(client: hubspot.HubSpot) -> None:
    found = [r.id for r in client.crm.contacts.get_all()]
    assert len(set(found)) == len(found) > 100


def test_pages_of_a_list(client: hubspot.HubSpot) -> None:
    api = client.crm.companies.basic_api
    first = api.get_page(limit=20, properties=["name", "domain"])
    then = api.get_page(limit=20, after=first.paging.next.after)
    assert not {r.id for r in first.results} & {r.id for r in then.results}
    assert set(first.results[0].properties) >= {"name", "domain", "hs_object_id"}


def test_create_read_update_archive(crms: Crms, client: hubspot.HubSpot) -> None:
    done = crms.watch("hubspot", "companies")
    api = client.crm.companies.basic_api
    new = SimplePublicObjectInputForCreate(properties={"name": "Py one", "domain": "pyone.example"})
    one = api.create(simple_public_object_input_for_create=new).id
    api.update(one, simple_public_object_input=SimplePublicObjectInput(properties={"city": "Oslo"}))
    assert api.get_by_id(one, properties=["city"]).properties["city"] == "Oslo"
    api.archive(one)
    assert [e["action"] for e in done()] == ["create", "update", "delete"]
    with pytest.raises(ApiException) as gone:
        api.get_by_id(one)
    assert gone.value.status == 404
    assert api.get_by_id(one, archived=True).archived is True


def test_property_history(client: hubspot.HubSpot, made: list[str]) -> None:
    api = client.crm.companies.basic_api
    api.update(made[0], simple_public_object_input=SimplePublicObjectInput(properties={"city": "Bergen"}))
    found = api.get_by_id(made[0], properties_with_history=["city"])
    assert found.properties_with_history["city"][0].value == "Bergen"


def test_search(client: hubspot.HubSpot) -> None:
    known = (
        client.crm.companies.basic_api.get_page(limit=1, properties=["name"]).results[0].properties["name"]
    )
    wanted = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "name", "operator": "EQ", "value": known}]}],
        properties=["name"],
        limit=10,
    )
    found = client.crm.companies.search_api.do_search(public_object_search_request=wanted)
    assert {r.properties["name"] for r in found.results} == {known}


def test_a_search_of_many_pages(client: hubspot.HubSpot) -> None:
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        wanted = PublicObjectSearchRequest(
            filter_groups=[{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}],
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=30,
            after=after,
        )
        page = client.crm.contacts.search_api.do_search(public_object_search_request=wanted)
        seen += [r.id for r in page.results]
        after = page.paging.next.after
    assert [int(i) for i in seen] == sorted({int(i) for i in seen})


def test_batch_read_and_update(client: hubspot.HubSpot, made: list[str]) -> None:
    api = client.crm.companies.batch_api
    inputs = [{"id": one, "properties": {"city": f"City {n}"}} for n, one in enumerate(made)]
    body = BatchInputSimplePublicObjectBatchInput(inputs=inputs)
    assert len(api.update(batch_input_simple_public_object_batch_input=body).results) == 3
    ask = BatchReadInputSimplePublicObjectId(inputs=[{"id": one} for one in made], properties=["city"])
    found = api.read(batch_read_input_simple_public_object_id=ask).results
    assert {r.id: r.properties["city"] for r in found} == {one: f"City {n}" for n, one in enumerate(made)}


def test_batch_read_of_a_record_that_is_not_there(client: hubspot.HubSpot, made: list[str]) -> None:
    ask = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": made[0]}, {"id": "999999999"}], properties=["name"]
    )
    found = client.crm.companies.batch_api.read(batch_read_input_simple_public_object_id=ask)
    assert [r.id for r in found.results] == [made[0]]
    assert found.num_errors == 1
    assert found.errors[0].category == "OBJECT_NOT_FOUND"


def test_batch_upsert(crms: Crms, client: hubspot.HubSpot) -> None:
    done = crms.watch("hubspot", "tasks")
    api = client.crm.objects.batch_api
    for subject, new in (("One", True), ("Two", False)):
        each = {
            "id": "py-1",
            "idProperty": "cs_key",
            "properties": {"hs_task_subject": subject, "hs_timestamp": "1764150000000"},
        }
        body = BatchInputSimplePublicObjectBatchInputUpsert(inputs=[each])
        answer = api.upsert("tasks", batch_input_simple_public_object_batch_input_upsert=body)
        assert [r.new for r in answer.results] == [new]
    assert [e["action"] for e in done()] == ["create", "update"]


def test_batch_archive(crms: Crms, client: hubspot.HubSpot) -> None:
    new = BatchInputSimplePublicObjectBatchInputForCreate(inputs=[{"properties": {"name": "Py gone"}}])
    api = client.crm.companies.batch_api
    one = api.create(batch_input_simple_public_object_batch_input_for_create=new).results[0].id
    done = crms.watch("hubspot", "companies")
    api.archive(batch_input_simple_public_object_id=BatchInputSimplePublicObjectId(inputs=[{"id": one}]))
    assert [(e["action"], e["id"]) for e in done()] == [("delete", one)]


def test_a_whole_batch_is_refused(client: hubspot.HubSpot) -> None:
    inputs = [{"properties": {"name": "Py ok"}}, {"properties": {"no_such_property": "1"}}]
    body = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    with pytest.raises(ApiException) as refused:
        client.crm.companies.batch_api.create(batch_input_simple_public_object_batch_input_for_create=body)
    assert refused.value.status == 400


def test_associations(client: hubspot.HubSpot, made: list[str]) -> None:
    contact = client.crm.contacts.basic_api.create(
        simple_public_object_input_for_create=SimplePublicObjectInputForCreate(
            properties={"email": "py@py0.example"}
        )
    ).id
    api = client.crm.associations.v4
    kinds = api.schema.definitions_api.get_all("contacts", "companies").results
    plain = next(k for k in kinds if k.label is None)
    spec = [AssociationSpec(association_category=plain.category, association_type_id=plain.type_id)]
    api.basic_api.create("contacts", contact, "companies", made[0], association_spec=spec)
    assert [
        str(r.to_object_id) for r in api.basic_api.get_page("contacts", contact, "companies").results
    ] == [made[0]]
    ask = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": made[0]}])
    found = api.batch_api.get_page(
        "companies", "contacts", batch_input_public_fetch_associations_batch_request=ask
    )
    assert contact in {str(to.to_object_id) for to in found.results[0].to}
    many: list[dict[str, Any]] = [
        {"from": {"id": contact}, "to": {"id": made[1]}, "types": [s.to_dict() for s in spec]}
    ]
    many[0]["types"] = [{"associationCategory": plain.category, "associationTypeId": plain.type_id}]
    body = BatchInputPublicAssociationMultiPost(inputs=many)
    api.batch_api.create("contacts", "companies", batch_input_public_association_multi_post=body)
    assert len(api.basic_api.get_page("contacts", contact, "companies").results) == 2
    api.basic_api.archive("contacts", contact, "companies", made[0])
    assert len(api.basic_api.get_page("contacts", contact, "companies").results) == 1


def test_properties(client: hubspot.HubSpot) -> None:
    api = client.crm.properties.core_api
    new = PropertyCreate(
        name="py_note", label="Py", type="string", field_type="text", group_name="companyinformation"
    )
    assert api.create("companies", property_create=new).name == "py_note"
    assert "py_note" in {p.name for p in api.get_all("companies").results}
    api.archive("companies", "py_note")
    assert "py_note" not in {p.name for p in api.get_all("companies").results}
    assert client.crm.properties.groups_api.get_all("companies").results


def test_owners(client: hubspot.HubSpot) -> None:
    found = client.crm.owners.get_all()
    assert all(o.email for o in found)
    assert client.crm.owners.owners_api.get_by_id(int(found[0].id)).id == found[0].id


def test_pipelines(client: hubspot.HubSpot) -> None:
    (pipeline, *_) = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert {s.metadata["isClosed"] for s in pipeline.stages} == {"true", "false"}


def test_schemas(client: hubspot.HubSpot) -> None:
    egg = ObjectSchemaEgg(
        name="py_thing",
        labels={"singular": "Py thing", "plural": "Py things"},
        primary_display_property="thing_name",
        required_properties=["thing_name"],
        properties=[{"name": "thing_name", "label": "Name", "type": "string", "fieldType": "text"}],
        associated_objects=["COMPANY"],
    )
    schema = client.crm.schemas.core_api.create(object_schema_egg=egg)
    assert schema.object_type_id.startswith("2-")
    assert "py_thing" in {s.name for s in client.crm.schemas.core_api.get_all().results}
    new = SimplePublicObjectInputForCreate(properties={"thing_name": "First"})
    client.crm.objects.basic_api.create(schema.object_type_id, simple_public_object_input_for_create=new)
    page = client.crm.objects.basic_api.get_page(schema.object_type_id, properties=["thing_name"])
    assert [r.properties["thing_name"] for r in page.results] == ["First"]


@pytest.mark.parametrize("kind", ["deals", "tickets"])
def test_other_objects(client: hubspot.HubSpot, kind: str) -> None:
    page = getattr(client.crm, kind).basic_api.get_page(limit=5, associations=["companies"])
    assert all(r.created_at for r in page.results)


def test_feedback_submissions(client: hubspot.HubSpot) -> None:
    page = client.crm.objects.basic_api.get_page(
        "feedback_submissions", limit=5, properties=["hs_survey_type", "hs_value"]
    )
    assert {r.properties["hs_survey_type"] for r in page.results} <= {"NPS", "CSAT", "CES"}
    assert page.results


def test_a_merge_makes_a_new_record(client: hubspot.HubSpot) -> None:
    api = client.crm.companies.basic_api
    new = (SimplePublicObjectInputForCreate(properties={"name": f"Py merge {n}"}) for n in range(2))
    kept, lost = (api.create(simple_public_object_input_for_create=one).id for one in new)
    merged = api.merge(PublicMergeInput(primary_object_id=kept, object_id_to_merge=lost))
    assert merged.id not in (kept, lost)
    shown = api.get_by_id(merged.id, properties=["hs_merged_object_ids"]).properties["hs_merged_object_ids"]
    assert set(shown.split(";")) == {kept, lost}
