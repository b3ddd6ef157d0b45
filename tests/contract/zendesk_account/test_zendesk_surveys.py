from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cs_connector.sandbox.wire import BadCell, SeedRow

from .house import AS_OF, at, seed


def test_ratings_are_filtered_by_score_and_time(api):
    rows = [
        SeedRow(
            "satisfaction_ratings",
            {"id": n, "score": score, "ticket_id": n, "created_at": at(n), "comment": note},
        )
        for n, score, note in ((1, "good", "thanks"), (2, "bad", None), (3, "offered", None))
    ]
    seed(api, *rows)

    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in api.get("satisfaction_ratings.json", **query)["satisfaction_ratings"]]

    assert ids() == [1, 2, 3]
    assert ids(score="received") == [1, 2]
    assert ids(score="good_with_comment") == [1]
    start = int((AS_OF - timedelta(minutes=2)).timestamp())
    assert ids(start_time=start, **{"page[size]": 10}) == [1, 2]
    assert api("GET", "guide/survey_responses").status_code == 404


def test_survey_responses_come_by_cursor_from_a_time_on(api):
    rows = [
        {
            "id": f"01J{n}",
            "subject_zrns": [f"zen:ticket:{n}"],
            "answers": [{"type": "rating_scale", "rating": n, "created_at": at(n)}],
        }
        for n in (1, 2, 3)
    ]
    seed(api, *(SeedRow("survey_responses", row) for row in rows))
    page = api.get("guide/survey_responses", **{"page[size]": 2})
    rest = api.get(page["links"]["next"])
    assert [row["id"] for row in page["survey_responses"] + rest["survey_responses"]] == [
        "01J1",
        "01J2",
        "01J3",
    ]
    late = api.get("guide/survey_responses", **{"filter[created_at_start]": at(2)})
    assert [row["id"] for row in late["survey_responses"]] == ["01J1", "01J2"]
    about = api.get("guide/survey_responses", **{"filter[subject_zrns]": "zen:ticket:3"})
    assert [row["id"] for row in about["survey_responses"]] == ["01J3"]
    assert api.get("guide/survey_responses/01J2")["survey_response"]["answers"][0]["rating"] == 2


def test_a_table_brings_survey_responses(api):
    simulator = api.sandbox.simulators["zendesk"]
    answers = '[{"type": "rating_scale", "rating": 4, "created_at": "2026-11-01T10:00:00.000Z"}]'
    given = {"subject_zrns": "zen:ticket:3", "answers": answers, "survey": '{"id": "01J5", "version": 3}'}
    rows = [
        simulator.row("survey_responses", {"id": "01J1WB", "responder_id": "11", **given}),
        simulator.row("survey_responses", {"id": "", "responder_id": "", **given}),
    ]
    seed(api, *rows)
    found = api.get("guide/survey_responses")["survey_responses"]
    assert (found[0]["id"], found[0]["responder_id"], found[0]["survey"]["version"]) == ("01J1WB", 11, 3)
    assert [row["answers"][0]["rating"] for row in found] == [4, 4]
    assert len(found[1]["id"]) == 26
    with pytest.raises(BadCell, match="yesterday is not a value"):
        simulator.row("survey_responses", {"answers": '[{"created_at": "yesterday"}]'})
    for column, text in (("answers", "4"), ("answers", '["good"]'), ("survey", "{"), ("responder_id", "Ann")):
        with pytest.raises(BadCell, match="JSON" if column != "responder_id" else "not a value"):
            simulator.row("survey_responses", {column: text})


def test_a_table_brings_memberships_whose_ids_are_numbers(api):
    cells = {"user_id": "11", "organization_id": "1", "default": "true"}
    _, record = api.sandbox.simulators["zendesk"].row("organization_memberships", cells)
    assert (record["user_id"], record["organization_id"], record["default"]) == (11, 1, True)
    _, record = api.sandbox.simulators["zendesk"].row(
        "tickets", {"follower_ids": "11;12", "external_id": "7"}
    )
    assert (record["follower_ids"], record["external_id"]) == ([11, 12], "7")


def test_times_of_a_table_are_written_as_the_vendor_writes_them(api):
    given = {"created_at": "2026-11-01", "updated_at": "2026-11-01T12:00:00.5+02:00"}
    _, record = api.sandbox.simulators["zendesk"].row("organizations", given)
    assert (record["created_at"], record["updated_at"]) == ("2026-11-01T00:00:00Z", "2026-11-01T10:00:00Z")


def test_of_the_two_forms_one_is_active(api):
    def active():
        found = api.get("account/settings.json")["settings"]["active_features"]
        return found["customer_satisfaction"], found["csat_survey"]

    assert active() == (True, False)
    assert api("GET", "guide/survey_responses").json()["error"] == "InvalidEndpoint"
    api.order(settings={"surveys": True})
    assert active() == (False, True)
    assert api.get("guide/survey_responses")["survey_responses"] == []
    assert api.get("satisfaction_ratings.json")["satisfaction_ratings"] == []
    nothing = api("GET", "guide/content_tags")
    assert (nothing.status_code, nothing.content) == (404, b"")
