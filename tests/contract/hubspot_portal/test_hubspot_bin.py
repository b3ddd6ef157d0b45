"""What was archived, merged, or erased for good."""

from __future__ import annotations

from datetime import timedelta

from hubspot.crm.contacts import PublicGdprDeleteInput

from .house import House, company

COMPANIES, CONTACTS = "/crm/v3/objects/companies", "/crm/v3/objects/contacts"


def test_the_recycle_bin_is_emptied_after_ninety_days(house: House) -> None:
    house.load("companies", company(1), company(2))
    house.call("DELETE", f"{COMPANIES}/1")
    house.clock.advance(timedelta(days=50))
    house.call("DELETE", f"{COMPANIES}/2")

    def thrown() -> list[str]:
        return [r["id"] for r in house.call("GET", f"{COMPANIES}?archived=true").json()["results"]]

    assert thrown() == ["1", "2"]
    assert house.call("GET", f"{COMPANIES}/1?archived=true").json()["archivedAt"].startswith("2026-11-01")
    house.clock.advance(timedelta(days=41))
    assert thrown() == ["2"]
    assert house.call("GET", f"{COMPANIES}/1?archived=true").status_code == 404


def test_an_archived_record_cannot_be_written_or_linked(house: House) -> None:
    house.load("companies", company(1, cs_key="k"))
    house.load("contacts", company(20))
    house.call("DELETE", f"{COMPANIES}/1")
    assert house.call("PATCH", f"{COMPANIES}/1", {"properties": {"name": "A"}}).status_code == 404
    assert (
        house.call("PUT", "/crm/v4/objects/contacts/20/associations/default/companies/1").status_code == 404
    )
    row = {"id": "k", "idProperty": "cs_key", "properties": {"name": "B"}}
    made = house.post(f"{COMPANIES}/batch/upsert", {"inputs": [row]})["results"][0]
    assert made["new"] is True
    assert made["id"] != "1"


def test_merged_contacts_keep_both_addresses(house: House) -> None:
    house.load(
        "contacts", company(20, email="a@x.test", firstname="A"), company(21, email="b@x.test", lastname="B")
    )
    made = house.post(f"{CONTACTS}/merge", {"primaryObjectId": "20", "objectIdToMerge": "21"})
    wanted = "email,firstname,lastname,hs_additional_emails,hs_all_contact_vids,hs_merged_object_ids"
    read = house.call("GET", f"{CONTACTS}/21?properties={wanted}").json()
    assert read["id"] == made["id"]
    properties = {name: read["properties"][name] for name in wanted.split(",")}
    assert properties == {
        "email": "a@x.test",
        "firstname": "A",
        "lastname": "B",
        "hs_additional_emails": "b@x.test",
        "hs_all_contact_vids": f"20;21;{made['id']}",
        "hs_merged_object_ids": "20;21",
    }
    batch = house.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": "20"}, {"id": "21"}]})
    assert [r["id"] for r in batch["results"]] == [made["id"]]
    again = house.call("POST", CONTACTS, {"properties": {"email": "B@x.test"}})
    assert (again.status_code, again.json()["message"].endswith(f"Existing ID: {made['id']}")) == (409, True)
    assert house.call("GET", f"{CONTACTS}/b@x.test?idProperty=email").json()["id"] == made["id"]
    changed = house.call("PATCH", f"{CONTACTS}/20", {"properties": {"firstname": "C"}}).json()
    assert changed["id"] == made["id"]


def test_a_merge_of_merged_ones_names_them_all(house: House) -> None:
    house.load("companies", *(company(n, name=f"C{n}", domain=f"c{n}.test") for n in range(1, 4)))
    first = house.post(f"{COMPANIES}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"})["id"]
    last = house.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": "3"})["id"]
    wanted = "hs_merged_object_ids,hs_additional_domains"
    for old in ("1", "2", "3", first):
        read = house.call("GET", f"{COMPANIES}/{old}?properties={wanted}").json()
        assert read["id"] == last
    assert read["properties"]["hs_merged_object_ids"] == f"1;2;{first};3"
    assert read["properties"]["hs_additional_domains"] == "c2.test;c3.test"
    assert (
        house.call(
            "POST", f"{COMPANIES}/merge", {"primaryObjectId": last, "objectIdToMerge": "1"}
        ).status_code
        == 400
    )
    assert (
        house.call(
            "POST", f"{COMPANIES}/merge", {"primaryObjectId": last, "objectIdToMerge": "9"}
        ).status_code
        == 404
    )


def test_a_person_is_erased_for_good(house: House) -> None:
    house.load("contacts", company(20, email="a@x.test"), company(21, email="b@x.test"))
    house.client().crm.contacts.basic_api.purge(
        PublicGdprDeleteInput(object_id="a@x.test", id_property="email")
    )
    assert (
        house.call("POST", "/crm/objects/2026-03/contacts/gdpr-delete", {"objectId": "21"}).status_code == 204
    )
    assert house.call("GET", f"{CONTACTS}?archived=true").json()["results"] == []
    assert house.call("GET", f"{CONTACTS}/20?propertiesWithHistory=email").status_code == 404
    for email in ("a@x.test", "B@x.test"):
        again = house.call("POST", CONTACTS, {"properties": {"email": email}})
        assert (again.status_code, "GDPR" in again.text) == (400, True)
    assert house.search("contacts")["total"] == 0
