from __future__ import annotations

import pytest

from .house import numbers, organization, seed, ticket, user


def comments(api, number, **query):
    rows = api.get(f"tickets/{number}/comments.json", **query)["comments"]
    return [(row["body"], row["public"]) for row in rows]


def put(api, number, **changes):
    return api("PUT", f"tickets/{number}.json", {"ticket": changes})


def test_a_comment_is_public_unless_the_ticket_began_in_private(api):
    def begun(**comment):
        body = {"ticket": {"subject": "S", "comment": {"body": "first", **comment}}}
        return api("POST", "tickets.json", body).json()["ticket"]["id"]

    shown, hidden = begun(), begun(public=False)
    for number in (shown, hidden):
        put(api, number, comment={"body": "second"})
    put(api, shown, comment={"body": "note", "public": False})
    assert comments(api, shown) == [("first", True), ("second", True), ("note", False)]
    assert comments(api, hidden) == [("first", False), ("second", False)]
    assert api.get(f"tickets/{hidden}.json")["ticket"]["is_public"] is False
    assert comments(api, shown, sort_order="desc")[0] == ("note", False)


def test_words_for_true_and_false_say_whether_a_comment_is_public_and_other_words_are_refused(api):
    def begin(**comment):
        return api(
            "POST", "tickets.json", {"ticket": {"subject": "S", "comment": {"body": "first", **comment}}}
        )

    for said, public in (("false", False), (0, False), ("true", True), (1, True), (None, True)):
        assert comments(api, begin(public=said).json()["ticket"]["id"]) == [("first", public)]
    for wrong in ({"public": "no"}, {"public": []}, {"body": ["first"]}, {"body": {"a": 1}}):
        answer = begin(**wrong)
        assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Invalid attribute")


def test_a_ticket_that_was_always_there_begins_with_its_description(api):
    seed(api, user(7), ticket(1, description="Printer on fire", requester_id=7))
    put(api, 1, status="pending", comment={"body": "On it", "public": False})
    assert comments(api, 1) == [("Printer on fire", True), ("On it", False)]
    audits = api.get("tickets/1/audits.json")["audits"]
    events = [(event["type"], event.get("field_name")) for event in audits[-1]["events"]]
    assert events == [("Comment", None), ("Change", "status")]
    assert numbers(api.get("tickets/1/audits.json")["audits"]) == numbers(audits)


def test_a_closed_ticket_is_frozen(api):
    seed(api, ticket(1))
    assert put(api, 1, status="closed").status_code == 200
    for change in ({"status": "open"}, {"comment": {"body": "x"}}, {"tags": ["x"]}):
        answer = put(api, 1, **change)
        assert (answer.status_code, list(answer.json()["details"])) == (422, ["status"])
    assert api.get("tickets/1.json")["ticket"]["status"] == "closed"


def test_a_task_has_a_due_date_and_nothing_else_has(api):
    body = {"ticket": {"subject": "Call", "type": "task", "due_at": "2026-12-01T09:00:00Z"}}
    body["ticket"]["comment"] = {"body": "Call them", "public": False}
    made = api("POST", "tickets.json", body).json()["ticket"]
    assert (made["type"], made["due_at"]) == ("task", "2026-12-01T09:00:00Z")
    for given, kept in (
        ("2026-12-02", "2026-12-02T00:00:00Z"),
        ("2026-12-02T01:30:00+02:00", "2026-12-01T23:30:00Z"),
    ):
        assert put(api, made["id"], due_at=given).json()["ticket"]["due_at"] == kept
    for wrong in ("soon", "2026-02-30", 5, ["2026-12-01"]):
        answer = put(api, made["id"], due_at=wrong)
        assert answer.status_code == 400
        assert "due_at It must be an acceptable ISO 8601 date format" in answer.json()["error"]["message"]
    assert put(api, made["id"], type="question").json()["ticket"]["due_at"] is None


def test_a_ticket_belongs_to_the_organization_of_its_requester(api):
    seed(api, organization(1), user(7, organization_id=1, email="ada@example.test"))
    body = {"ticket": {"subject": "S", "comment": {"body": "x"}, "requester": {"email": "ada@example.test"}}}
    made = api("POST", "tickets.json", body).json()["ticket"]
    assert (made["requester_id"], made["organization_id"]) == (7, 1)
    body["ticket"]["requester"] = {"name": "New", "email": "new@example.test"}
    unknown = api("POST", "tickets.json", body).json()["ticket"]
    assert api.get(f"users/{unknown['requester_id']}.json")["user"]["name"] == "New"


def test_own_fields_are_told_twice_and_checked(api):
    options = [{"name": "Gold", "value": "gold"}, {"name": "Free", "value": "free"}]
    field = {"type": "tagger", "title": "Plan", "custom_field_options": options}
    ident = api("POST", "ticket_fields.json", {"ticket_field": field}).json()["ticket_field"]["id"]
    seed(api, ticket(1, tags=["vip"]))
    shown = put(api, 1, custom_fields=[{"id": ident, "value": "gold"}]).json()["ticket"]
    assert shown["custom_fields"] == shown["fields"] == [{"id": ident, "value": "gold"}]
    assert shown["tags"] == ["vip", "gold"]
    assert put(api, 1, custom_fields={str(ident): "silver"}).status_code == 422
    assert put(api, 1, remove_tags=["vip"], additional_tags=["New"]).json()["ticket"]["tags"] == [
        "gold",
        "new",
    ]


def test_a_deleted_ticket_comes_back_or_goes_for_good(api):
    seed(api, *(ticket(number, status="pending", subject=f"S {number}") for number in (1, 2, 3)))
    job = api.job(api("DELETE", "tickets/destroy_many.json?ids=1,2,99"))
    assert [result.get("error") for result in job["results"]] == [None, None, "TicketNotFound"]
    rows = api.get("deleted_tickets.json")["deleted_tickets"]
    assert [(row["id"], row["previous_state"]) for row in rows] == [(1, "pending"), (2, "pending")]
    assert api("PUT", "deleted_tickets/1/restore.json").status_code == 200
    assert api.get("tickets/1.json")["ticket"]["status"] == "pending"
    job = api.job(api("DELETE", "deleted_tickets/2.json"))
    assert (job["results"], job["total"]) == ({"success": True}, None)
    assert api.get("deleted_tickets.json")["deleted_tickets"] == []
    assert api("PUT", "deleted_tickets/2/restore.json").status_code == 404
    api.wait(minutes=2)
    exported = api.get("incremental/tickets/cursor.json", start_time=0)["tickets"]
    scrubbed = next(row for row in exported if row["id"] == 2)
    assert (scrubbed["status"], scrubbed["subject"]) == ("deleted", "SCRUBBED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "done"}, "status"),
        ({"priority": "P1"}, "priority"),
        ({"type": "bug"}, "type"),
        ({"requester_id": 99}, "requester"),
        ({"organization_id": 99}, "organization"),
        ({"comment": {"body": ""}}, "base"),
    ],
)
def test_a_ticket_that_breaks_a_rule_is_refused(api, change, field):
    seed(api, ticket(1))
    answer = put(api, 1, **change)
    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])
    assert api.ledger() == []


def test_a_metric_is_wrapped_in_a_list_when_it_is_asked_for_by_itself(api):
    seed(api, ticket(1, metric_set={"reply_time_in_minutes": {"calendar": 16, "business": 8}}))
    of_ticket = api.get("tickets/1/metrics.json")["ticket_metric"]
    assert of_ticket["reply_time_in_minutes"]["calendar"] == 16
    assert api.get("ticket_metrics/1.json")["ticket_metric"] == [of_ticket]
    assert api.get("ticket_metrics.json")["ticket_metrics"] == [of_ticket]


@pytest.mark.parametrize("api", ["vendor"], indirect=True)
def test_updates_of_one_ticket_have_a_rate_of_their_own(api):
    seed(api, ticket(1))
    answers = [put(api, 1, priority="high" if n % 2 else "low") for n in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[0].headers["zendesk-ratelimit-per-ticket-updates"].startswith("total=30; remaining=29")
    assert int(answers[-1].headers["x-rate-limit-remaining"]) > 600


def test_an_idempotency_key_is_bound_to_its_body(api):
    body = {"ticket": {"subject": "S", "comment": {"body": "x"}}}
    keyed = {"headers": {"Idempotency-Key": "k"}}
    assert api("POST", "tickets.json", body, **keyed).headers["x-idempotency-lookup"] == "miss"
    body["ticket"]["subject"] = "T"
    answer = api("POST", "tickets.json", body, **keyed)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "IdempotentRequestError",
        "description": "Request parameters don't match the given idempotency key",
    }


def test_a_new_ticket_has_the_tags_of_its_requester_and_organization(api):
    seed(api, organization(1, tags=["premium"]), user(7, organization_id=1, tags=["manager"]))
    asked = {"comment": {"body": "x"}, "requester_id": 7, "tags": ["own"]}
    made = api("POST", "tickets.json", {"ticket": asked}).json()["ticket"]
    assert made["tags"] == ["own", "manager", "premium"]
    changed = api("PUT", f"tickets/{made['id']}.json", {"ticket": {"tags": ["own"]}}).json()["ticket"]
    assert changed["tags"] == ["own"]


@pytest.mark.parametrize(
    "wrong", [{"priority": "highest"}, {"organization_id": 404}, {"assignee_id": 404}, {"due_at": "soon"}]
)
def test_a_ticket_that_is_refused_makes_no_requester(api, wrong):
    asked = {"comment": {"body": "Help"}, "requester": {"name": "New", "email": "new@example.com"}}
    assert api("POST", "tickets", {"ticket": asked | wrong}).status_code in (400, 422)
    assert (api.get("users.json")["users"], api.ledger()) == ([], [])
    assert api("POST", "tickets", {"ticket": asked}).status_code == 201
    assert [user["email"] for user in api.get("users.json")["users"]] == ["new@example.com"]
