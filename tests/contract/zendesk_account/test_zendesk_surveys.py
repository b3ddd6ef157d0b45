from __future__ import annotations

from datetime import timedelta
from typing import Any

from cs_connector.sandbox.wire import SeedRow

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
