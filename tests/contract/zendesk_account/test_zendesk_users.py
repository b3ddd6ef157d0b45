from __future__ import annotations

import pytest

from .house import numbers, organization, seed, ticket, user


def identities(api, number):
    rows = api.get(f"users/{number}/identities.json")["identities"]
    return [(row["value"], row["primary"]) for row in rows]


def test_an_address_becomes_the_primary_one(api):
    seed(api, user(7, email="ada@example.test"))
    body = {"identity": {"type": "email", "value": "new@example.test", "verified": True}}
    made = api("POST", "users/7/identities.json", body)
    assert made.status_code == 201
    assert identities(api, 7) == [("ada@example.test", True), ("new@example.test", False)]
    ident = made.json()["identity"]["id"]
    listed = api("PUT", f"users/7/identities/{ident}/make_primary.json").json()
    assert [row["primary"] for row in listed["identities"]] == [True, False]
    assert api.get("users/7.json")["user"]["email"] == "new@example.test"
    found = api.get("users/search.json", query="ada@example.test")
    assert numbers(found["users"]) == [7]
    taken = {"user": {"name": "Eve", "email": "ada@example.test"}}
    assert api("POST", "users.json", taken).json()["details"]["email"]
    assert api("DELETE", f"users/7/identities/{ident}.json").status_code == 204
    assert api.get("users/7.json")["user"]["email"] == "ada@example.test"


def test_an_address_is_one_and_nobody_elses(api):
    seed(api, user(7, email="ada@example.test"), user(8, email="eve@example.test"))
    first = api.get("users/7/identities.json")["identities"][0]["id"]
    for value in ("no address", "eve@example.test", "EVE@example.test", ["x@example.test"]):
        body = {"identity": {"type": "email", "value": value}}
        assert api("POST", "users/7/identities.json", body).status_code in {400, 422}
        assert api("PUT", f"users/7/identities/{first}.json", body).status_code in {400, 422}
    assert identities(api, 7) == [("ada@example.test", True)]
    body = {"identity": {"value": "Ada.Byron@example.test"}}
    assert api("PUT", f"users/7/identities/{first}.json", body).status_code == 200
    assert api.get("users/7.json")["user"]["email"] == "ada.byron@example.test"


def test_a_merged_user_hands_everything_over(api):
    seed(api, organization(1), organization(2), user(7, email="old@example.test", organization_id=1))
    seed(
        api,
        user(8, email="ada@example.test", organization_id=2),
        ticket(1, requester_id=7, organization_id=1),
    )
    answer = api("PUT", "users/7/merge.json", {"user": {"id": 8}})
    assert (answer.status_code, answer.json()["user"]["id"]) == (200, 8)
    assert identities(api, 8) == [("ada@example.test", True), ("old@example.test", False)]
    moved = api.get("tickets/1.json")["ticket"]
    assert (moved["requester_id"], moved["organization_id"]) == (8, 2)
    assert api("GET", "users/7.json").status_code == 404
    api.wait(minutes=2)
    rows = api.get("incremental/users/cursor.json", start_time=0)["users"]
    assert {row["id"]: row["active"] for row in rows} == {7: False, 8: True}
    assert ("users", "7", "merge") in [(e["object"], e["id"], e["action"]) for e in api.ledger()]


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_only_end_users_are_merged(api, role):
    seed(api, user(7, role=role), user(8))
    assert api("PUT", "users/7/merge.json", {"user": {"id": 8}}).status_code == 422
    assert api("PUT", "users/8/merge.json", {"user": {"id": 9}}).status_code == 404


def test_a_user_with_open_tickets_is_not_deleted(api):
    seed(api, user(7), ticket(1, requester_id=7, status="open"))
    answer = api("DELETE", "users/7.json")
    assert (answer.status_code, list(answer.json()["details"])) == (422, ["base"])
    api("PUT", "tickets/1.json", {"ticket": {"status": "closed"}})
    assert api("DELETE", "users/7.json").status_code == 200


def test_a_deleted_user_is_deleted_for_good_once(api):
    seed(api, user(7, email="ada@example.test", phone="123"))
    assert api("DELETE", "deleted_users/7.json").status_code == 404
    api("DELETE", "users/7.json")
    assert numbers(api.get("deleted_users.json")["deleted_users"]) == [7]
    assert api.get("deleted_users/count.json")["count"]["value"] == 1
    gone = api("DELETE", "deleted_users/7.json").json()["deleted_user"]
    assert (gone["name"], gone["phone"], gone["active"]) == ("Permanently Deleted User", None, False)
    again = api("DELETE", "deleted_users/7.json")
    assert again.json()["details"]["user_id"][0]["error"] == "DuplicateValue"
    assert api.get("deleted_users/7.json")["deleted_user"]["id"] == 7


def test_users_are_listed_by_role(api):
    seed(api, user(1, role="admin"), user(2, role="agent"), user(3))
    assert numbers(api.get("users.json", role="agent")["users"]) == [2]
    assert numbers(api.get("users.json?role[]=admin&role[]=admin")["users"]) == [1]
    assert api("POST", "users.json", {"user": {"name": "X", "role": "boss"}}).json()["details"]["role"]


def test_create_or_update_goes_by_address(api):
    seed(api, user(7, email="ada@example.test"))
    body = {"user": {"name": "Ada Again", "email": "ADA@example.test"}}
    answer = api("POST", "users/create_or_update.json", body)
    assert (answer.status_code, answer.json()["user"]["id"]) == (200, 7)
    many = {"users": [{"name": "B", "email": "b@example.test"}, {"name": "C", "email": "bad"}]}
    job = api.job(api("POST", "users/create_or_update_many.json", many))
    assert [result.get("status") for result in job["results"]] == ["Created", None]
    assert job["results"][1]["details"] == "Email: bad is not properly formatted"
