from __future__ import annotations

import pytest

from .house import numbers, organization, seed, ticket, user


def members(api, number):
    return api.get(f"organizations/{number}/organization_memberships.json")["organization_memberships"]


def home(api, number):
    return api.get(f"users/{number}.json")["user"]["organization_id"]


def test_a_user_brings_a_membership_that_is_the_default(api):
    seed(api, organization(1), user(7, organization_id=1), user(8))
    (row,) = members(api, 1)
    assert (row["user_id"], row["default"], row["organization_name"]) == (7, True, "Org 1")
    assert numbers(api.get("organizations/1/users.json")["users"]) == [7]
    assert api.get("users/8/organization_memberships.json")["organization_memberships"] == []


def test_a_user_can_be_in_several_organizations_of_which_one_is_the_default(api):
    seed(api, organization(1), organization(2), user(7, organization_id=1))
    body = {"organization_membership": {"user_id": 7, "organization_id": 2}}
    made = api("POST", "organization_memberships.json", body)
    assert (made.status_code, made.json()["organization_membership"]["default"]) == (201, None)
    twice = api("POST", "organization_memberships.json", body)
    assert twice.json()["details"]["user_id"][0]["error"] == "DuplicateValue"
    assert numbers(api.get("users/7/organizations.json")["organizations"]) == [1, 2]
    assert home(api, 7) == 1
    ident = made.json()["organization_membership"]["id"]
    rows = api("PUT", f"users/7/organization_memberships/{ident}/make_default.json").json()
    assert [row["organization_id"] for row in rows["organization_memberships"]] == [2, 1]
    assert home(api, 7) == 2
    assert api("DELETE", f"organization_memberships/{ident}.json").status_code == 204
    assert home(api, 7) == 1


@pytest.mark.parametrize("many", [True, False])
def test_open_tickets_follow_a_user_to_the_new_organization(api, many):
    seed(api, organization(1), organization(2), user(7, organization_id=1))
    seed(
        api,
        *(ticket(n, organization_id=1, requester_id=7, status=s) for n, s in ((1, "open"), (2, "closed"))),
    )
    api.order(settings={"many_organizations": many})
    api("PUT", "users/7.json", {"user": {"organization_id": 2}})
    assert (members(api, 1), len(members(api, 2))) == ([], 1)
    assert numbers(api.get("organizations/2/tickets.json")["tickets"]) == [1]
    assert numbers(api.get("organizations/1/tickets.json")["tickets"]) == [2]


def test_open_tickets_lose_an_organization_that_their_requester_leaves(api):
    seed(api, organization(1), organization(2), user(7, organization_id=1))
    seed(
        api,
        *(ticket(n, organization_id=1, requester_id=7, status=s) for n, s in ((1, "open"), (2, "closed"))),
    )
    body = {"organization_membership": {"organization_id": 2}}
    api("POST", "users/7/organization_memberships.json", body)
    (old,) = members(api, 1)
    assert api("DELETE", f"users/7/organizations/{1}.json").status_code == 204
    assert (home(api, 7), members(api, 1), old["default"]) == (2, [], True)
    shown = api.get("tickets/show_many.json", ids="1,2")["tickets"]
    assert [row["organization_id"] for row in shown] == [None, 1]


def test_another_membership_becomes_the_default_one_without_moving_tickets(api):
    seed(api, organization(1), organization(2), user(7, organization_id=1))
    seed(api, ticket(1, organization_id=1, requester_id=7))
    api("POST", "users/7/organization_memberships.json", {"organization_membership": {"organization_id": 2}})
    api("PUT", "users/7.json", {"user": {"organization_id": 2}})
    assert (len(members(api, 1)), len(members(api, 2)), home(api, 7)) == (1, 1, 2)
    assert api.get("tickets/1.json")["ticket"]["organization_id"] == 1


def test_a_deleted_organization_leaves_its_people_and_tickets_behind(api):
    seed(api, organization(1), user(7, organization_id=1), ticket(1, organization_id=1, requester_id=7))
    api("DELETE", "organizations/1.json")
    assert home(api, 7) is None
    assert api.get("tickets/1.json")["ticket"]["organization_id"] is None
    assert api("GET", "organizations/1.json").json()["error"] == "RecordNotFound"
    assert api("POST", "organizations.json", {"organization": {"name": "Org 1"}}).status_code == 201


def test_a_merge_moves_everything_to_the_winner(api):
    seed(api, organization(1, domain_names=["one.test"]), organization(2, domain_names=["two.test"]))
    seed(api, user(7, organization_id=1), user(8, organization_id=2))
    seed(api, ticket(1, organization_id=1, requester_id=7))
    answer = api("POST", "organizations/1/merge.json", {"organization_merge": {"winner_id": 2}})
    merge = answer.json()["organization_merge"]
    assert (answer.status_code, merge["loser_id"], merge["winner_id"], merge["status"]) == (201, 1, 2, "new")
    seen = [api.get(merge["url"])["organization_merge"]["status"] for _ in range(2)]
    assert seen == ["in_progress", "complete"]
    assert api.get("organizations/2.json")["organization"]["domain_names"] == ["two.test", "one.test"]
    assert numbers(api.get("organizations/2/users.json")["users"]) == [7, 8]
    assert numbers(api.get("organizations/2/tickets.json")["tickets"]) == [1]
    assert api("GET", "organizations/1.json").status_code == 404
    api.wait(minutes=2)
    rows = api.get("incremental/organizations.json", start_time=0)["organizations"]
    assert {row["id"]: bool(row["deleted_at"]) for row in rows} == {1: True, 2: False}
    assert [entry["action"] for entry in api.ledger() if entry["object"] == "organizations"] == ["merge"]
    itself = api("POST", "organizations/2/merge.json", {"organization_merge": {"winner_id": 2}})
    assert itself.status_code == 422


def test_a_new_user_is_mapped_by_the_domain_to_the_first_organization_by_name(api):
    seed(api, organization(1, name="Zeta", domain_names=["two.test"]))
    seed(api, organization(2, name="Alpha", domain_names=["two.test"]))
    body = {"user": {"name": "Ada", "email": "ada@two.test"}}
    assert api("POST", "users.json", body).json()["user"]["organization_id"] == 2
    assert len(members(api, 2)) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a|b"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "New", "domain_names": ["not a domain"]}, "domain_names"),
        ({"name": "org 1"}, "name"),
    ],
)
def test_an_organization_that_breaks_a_rule_is_refused(api, asked, field):
    seed(api, organization(1))
    answer = api("POST", "organizations.json", {"organization": asked})
    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])


def test_external_ids_need_not_be_unique(api):
    seed(api, organization(1, external_id="A"))
    body = {"organization": {"name": "Two", "external_id": "A"}}
    assert api("POST", "organizations.json", body).status_code == 201
    assert len(api.get("organizations/search.json", external_id="A")["organizations"]) == 2


def test_related_counts_are_told(api):
    seed(api, organization(1), user(7, organization_id=1), ticket(1, organization_id=1, requester_id=7))
    assert api.get("organizations/1/related.json") == {
        "organization_related": {"tickets_count": 1, "users_count": 1}
    }
    assert api.get("users/7/related.json")["user_related"]["requested_tickets"] == 1
    assert numbers(api.get("organizations/autocomplete.json", name="org")["organizations"]) == [1]


def test_memberships_are_made_and_ended_in_jobs(api):
    seed(api, organization(1), organization(2), user(7, organization_id=1))
    rows = [{"user_id": 7, "organization_id": 2}, {"user_id": 7, "organization_id": 1}]
    body = {"organization_memberships": rows}
    job = api.job(api("POST", "organization_memberships/create_many.json", body))
    assert [result.get("error") for result in job["results"]] == [None, "OrganizationMembershipCreateFailed"]
    ident = job["results"][0]["id"]
    job = api.job(api("DELETE", f"organization_memberships/destroy_many.json?ids={ident}"))
    assert job["results"][0]["success"] is True
    assert members(api, 2) == []


def test_lists_are_never_older_than_their_records(api):
    seed(api, organization(1), user(7, organization_id=1))
    path = "organization_memberships.json?page[size]=10"
    assert api.get(path)["organization_memberships"][0]["organization_name"] == "Org 1"
    api("PUT", "organizations/1.json", {"organization": {"name": "Other"}})
    (row,) = api.get(path)["organization_memberships"]
    assert row["organization_name"] == "Other"
    api("DELETE", f"organization_memberships/{row['id']}.json")
    assert api.get(path)["organization_memberships"] == []
    listed = api.get("organizations.json?page[size]=10")["organizations"]
    assert [found["name"] for found in listed] == ["Other"]
