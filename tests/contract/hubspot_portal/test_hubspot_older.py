"""The first version of HubSpot's API, as far as it is simulated: contacts by e-mail address, and associations."""

from __future__ import annotations

from typing import Any

from .house import House, company

EMAIL = "ann@older.test"


def write(house: House, **values: str) -> dict[str, Any]:
    sent = [{"property": name, "value": value} for name, value in values.items()]
    return house.post(f"/contacts/v1/contact/createOrUpdate/email/{EMAIL}/", {"properties": sent})


def profile(house: House, email: str = EMAIL) -> Any:
    return house.call("GET", f"/contacts/v1/contact/email/{email}/profile?propertyMode=value_only")


def test_a_contact_is_created_updated_shown_and_deleted(house: House) -> None:
    first = write(house, firstname="Ann", lastname="Old")
    assert write(house, lastname="") == {"vid": first["vid"], "isNew": False}
    shown = profile(house).json()
    values = {name: each["value"] for name, each in shown["properties"].items()}
    assert (values["email"], values["firstname"], values["lastname"]) == (EMAIL, "Ann", "")
    assert values["createdate"].isdecimal()
    assert shown["identity-profiles"][0]["identities"][0]["value"] == EMAIL
    gone = house.call("DELETE", f"/contacts/v1/contact/vid/{first['vid']}")
    assert gone.json() == {"vid": first["vid"], "deleted": True, "reason": "OK"}
    missing = profile(house)
    assert (missing.status_code, missing.headers["x-hubspot-notfound"]) == (404, "true")
    assert missing.json()["category"] == "OBJECT_NOT_FOUND"


def test_a_bad_value_is_told_in_the_older_form(house: House) -> None:
    path = f"/contacts/v1/contact/createOrUpdate/email/{EMAIL}/"
    body = {"properties": [{"property": "closedate", "value": "soon"}]}
    refused = house.call("POST", path, body)
    assert refused.status_code == 400
    (problem,) = refused.json()["validationResults"]
    assert (problem["isValid"], problem["name"]) == (False, "closedate")
    assert profile(house).status_code == 404


def test_the_older_form_with_history_is_not_simulated(house: House) -> None:
    write(house, firstname="Ann")
    assert house.call("GET", f"/contacts/v1/contact/email/{EMAIL}/profile").status_code == 501
    assert house.call("GET", "/contacts/v1/lists/all/contacts/all").status_code == 501


def test_a_company_by_the_older_associations(house: House) -> None:
    house.load("companies", company(7, name="C"))
    contact = write(house, firstname="Ann")["vid"]
    pair = {"fromObjectId": contact, "toObjectId": 7, "category": "HUBSPOT_DEFINED", "definitionId": 1}
    assert house.call("PUT", "/crm-associations/v1/associations", pair).status_code == 204
    path = f"/crm-associations/v1/associations/{contact}/HUBSPOT_DEFINED/1"
    assert house.call("GET", path).json() == {"results": [7], "hasMore": False, "offset": 7}
    assert profile(house).json()["associated-company"]["company-id"] == 7
    assert house.call("PUT", "/crm-associations/v1/associations/delete", pair).status_code == 204
    assert house.call("GET", path).json() == {"results": [], "hasMore": False, "offset": 0}
    assert (
        house.call("GET", f"/crm-associations/v1/associations/{contact}/HUBSPOT_DEFINED/9999").status_code
        == 400
    )
