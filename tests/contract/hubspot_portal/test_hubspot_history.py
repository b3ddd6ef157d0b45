"""The values that properties had."""

from __future__ import annotations

from datetime import timedelta

from .house import House, company


def test_every_write_leaves_a_version(house: House) -> None:
    house.load("companies", company(1, name="Old"))
    path = "/crm/v3/objects/companies/1"
    for name in ("New", "New", "", "Newest"):
        house.clock.advance(timedelta(minutes=1))
        house.call("PATCH", path, {"properties": {"name": name}})
    read = house.call("GET", f"{path}?propertiesWithHistory=name,domain,no_such").json()
    versions = read["propertiesWithHistory"]["name"]
    assert [v["value"] for v in versions] == ["Newest", "", "New", "Old"]
    assert versions[0]["timestamp"] == read["updatedAt"]
    assert versions[0]["sourceType"] == "INTEGRATION"
    assert versions[0]["sourceId"] == "18221010"
    assert versions[-1]["timestamp"][:19] == read["createdAt"][:19]
    assert read["propertiesWithHistory"].keys() == {"name", "domain"}
    assert read["propertiesWithHistory"]["domain"] == []
    assert (
        house.call("GET", "/crm/v3/objects/companies?limit=51&propertiesWithHistory=name").status_code == 400
    )


def test_history_goes_back_with_a_snapshot_and_on_with_a_batch(house: House) -> None:
    made = house.post("/crm/v3/objects/companies", {"properties": {"name": "A"}})["id"]
    before = house.portal.snapshot()
    house.call("PATCH", f"/crm/v3/objects/companies/{made}", {"properties": {"name": "B"}})
    wanted = {"inputs": [{"id": made}], "properties": ["name"], "propertiesWithHistory": ["name"]}

    def values() -> list[str]:
        read = house.post("/crm/v3/objects/companies/batch/read", wanted)["results"][0]
        return [v["value"] for v in read["propertiesWithHistory"]["name"]]

    assert values() == ["B", "A"]
    house.portal.restore(before)
    assert values() == ["A"]


def test_only_the_newest_versions_are_shown(house: House) -> None:
    house.load("companies", company(1, cs_health_score="0"))
    house.load("contacts", company(20, firstname="0"))
    for kind, number, name, most in (
        ("companies", 1, "cs_health_score", 20),
        ("contacts", 20, "firstname", 45),
    ):
        for n in range(1, 50):
            house.clock.advance(timedelta(seconds=1))
            house.call("PATCH", f"/crm/v3/objects/{kind}/{number}", {"properties": {name: n}})
        read = house.call("GET", f"/crm/v3/objects/{kind}/{number}?propertiesWithHistory={name}").json()
        versions = [v["value"] for v in read["propertiesWithHistory"][name]]
        assert versions == [str(n) for n in range(49, 49 - most, -1)]


def test_a_calculated_value_says_so_and_a_merge_too(house: House) -> None:
    house.load("companies", company(1, name="A"), company(2, name="B"))
    house.load("contacts", company(20))
    house.call("PUT", "/crm/v4/objects/contacts/20/associations/default/companies/1")
    read = house.call("GET", "/crm/v3/objects/contacts/20?propertiesWithHistory=associatedcompanyid").json()
    assert [v["sourceType"] for v in read["propertiesWithHistory"]["associatedcompanyid"]] == ["CALCULATED"]
    merge = {"primaryObjectId": "1", "objectIdToMerge": "2"}
    made = house.post("/crm/v3/objects/companies/merge", merge)["id"]
    merged = house.call("GET", f"/crm/v3/objects/companies/{made}?propertiesWithHistory=name").json()
    assert [v["sourceType"] for v in merged["propertiesWithHistory"]["name"]] == ["MERGE_OBJECTS"]
