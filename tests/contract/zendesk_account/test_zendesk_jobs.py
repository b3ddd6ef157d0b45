from __future__ import annotations

import pytest

from .house import organization, seed, ticket


def test_a_job_is_told_of_for_an_hour(api):
    seed(api, organization(1))
    body = {"organizations": [{"id": 1, "notes": "x"}]}
    url = api("PUT", "organizations/update_many.json", body).json()["job_status"]["url"]
    assert api.get("job_statuses.json")["count"] == 1
    api.wait(minutes=59)
    assert api.get(url)["job_status"]["status"] == "completed"
    api.wait(minutes=2)
    assert api("GET", url).status_code == 404
    assert api.get("job_statuses.json")["count"] == 0


def test_only_the_last_hundred_jobs_are_told_of(api):
    seed(api, organization(1))
    body = {"organizations": [{"id": 1, "notes": "x"}]}
    keys = []
    for _ in range(101):
        keys.append(api("PUT", "organizations/update_many.json", body).json()["job_status"]["id"])
        api.sandbox.simulators["zendesk"]._state.jobs[keys[-1]]["looks"] = 2
    assert api("GET", f"job_statuses/{keys[0]}.json").status_code == 404
    assert api.get(f"job_statuses/{keys[1]}.json")["job_status"]["id"] == keys[1]


@pytest.mark.parametrize("end", ["failed", "killed"])
def test_a_job_can_end_badly(api, end):
    seed(api, organization(1))
    api.order(settings={"ends_as": end})
    job = api.job(api("PUT", "organizations/update_many.json?ids=1", {"organization": {"notes": "x"}}))
    assert (job["status"], job["results"]) == (end, None)


def test_jobs_are_shown_together(api):
    seed(api, ticket(1), ticket(2))
    keys = [
        api("PUT", f"tickets/update_many.json?ids={n}", {"ticket": {"priority": "low"}}).json()["job_status"][
            "id"
        ]
        for n in (1, 2)
    ]
    shown = api.get("job_statuses/show_many.json", ids=",".join([*keys, "none"]))["job_statuses"]
    assert [job["id"] for job in shown] == keys


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "organizations/update_many.json", {"organizations": [{"id": n} for n in range(101)]}, 400),
        ("PUT", "organizations/update_many.json", {"organizations": []}, 400),
        ("PUT", "organizations/update_many.json", {"organizations": "x"}, 400),
        ("PUT", "organizations/update_many.json?ids=1", {}, 400),
        ("DELETE", "organizations/destroy_many.json", None, 400),
        ("POST", "users/create_many.json", {"users": [{"name": "x"}] * 101}, 400),
    ],
)
def test_a_job_that_cannot_begin_is_refused(api, method, path, body, status):
    assert api(method, path, body).status_code == status
    assert api.get("job_statuses.json")["count"] == 0


def test_a_record_that_is_lost_is_named_by_its_number_however_it_was_asked_for(api):
    answer = api("PUT", "organizations/update_many.json?ids=999", {"organization": {"notes": "x"}})
    assert api.job(answer)["results"] == [
        {"index": 0, "error": "OrganizationNotFound", "id": 999, "details": "Not found"}
    ]
