from __future__ import annotations

import pytest

from .house import organization, seed, user

OPTIONS = [{"name": "Gold", "value": "gold"}, {"name": "Free", "value": "free"}]


def make(api, noun="organization", **more):
    body = {f"{noun}_field": {"key": "plan", "title": "Plan", "type": "text", **more}}
    return api("POST", f"{noun}_fields.json", body)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "x", "x"),
        ("textarea", 5, "5"),
        ("checkbox", "true", True),
        ("checkbox", None, False),
        ("date", "2027-01-12", "2027-01-12T00:00:00+00:00"),
        ("date", "2027-01-12T00:00:00+00:00", "2027-01-12T00:00:00+00:00"),
        ("integer", "12", 12),
        ("integer", 9_007_199_254_740_993, 9_007_199_254_740_993),
        ("integer", "-9007199254740993", -9_007_199_254_740_993),
        ("integer", 12.0, 12),
        ("decimal", "1.5", 1.5),
        ("decimal", None, None),
    ],
)
def test_a_value_is_told_in_the_type_of_its_field(api, kind, given, kept):
    seed(api, organization(1))
    assert make(api, type=kind).status_code == 201
    body = {"organization": {"organization_fields": {"plan": given}}}
    shown = api("PUT", "organizations/1.json", body).json()["organization"]
    assert shown["organization_fields"]["plan"] == kept


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("checkbox", "maybe"),
        ("date", "tomorrow"),
        ("integer", 1.5),
        ("integer", True),
        ("integer", "1_000"),
        ("date", "20270112"),
        ("date", "2027-W02-2"),
        ("decimal", "much"),
        ("decimal", "nan"),
        ("decimal", "inf"),
        ("decimal", "1e999"),
        ("decimal", "1_000.5"),
        ("dropdown", "silver"),
        ("multiselect", ["gold", "silver"]),
        ("regexp", "123"),
        ("text", {"a": 1}),
    ],
)
def test_a_value_of_another_type_is_refused(api, kind, wrong):
    seed(api, user(1))
    more = {"regexp_for_validation": "^[a-z]+$"} if kind == "regexp" else {"custom_field_options": OPTIONS}
    assert make(api, "user", type=kind, **more).status_code == 201
    answer = api("PUT", "users/1.json", {"user": {"user_fields": {"plan": wrong}}})
    assert (answer.status_code, answer.json()["error"]) == (422, "RecordInvalid")


def test_the_value_of_an_option_is_a_text(api):
    seed(api, organization(1))
    made = make(api, type="dropdown", custom_field_options=[{"name": "Five", "value": 5}])
    assert made.json()["organization_field"]["custom_field_options"][0]["value"] == "5"
    shown = api(
        "PUT", "organizations/1.json", {"organization": {"organization_fields": {"plan": "5"}}}
    ).json()
    assert shown["organization"]["organization_fields"]["plan"] == "5"
    assert shown["organization"]["tags"] == ["5"]


@pytest.mark.parametrize("pattern", [r"\A\p{Alpha}+\z", r"^\h+$", "[0-9"])
def test_a_pattern_in_the_vendors_own_language_that_is_not_read_here_refuses_nothing(api, pattern):
    seed(api, user(1))
    assert make(api, "user", type="regexp", regexp_for_validation=pattern).status_code == 201
    assert api("PUT", "users/1.json", {"user": {"user_fields": {"plan": "abc"}}}).status_code == 200


def test_neither_key_nor_type_can_be_changed(api):
    ident = make(api).json()["organization_field"]["id"]
    for change in ({"key": "other"}, {"type": "integer"}):
        answer = api("PUT", f"organization_fields/{ident}.json", {"organization_field": change})
        assert (answer.status_code, list(answer.json()["details"])) == (422, list(change))
    kept = {"organization_field": {"key": "plan", "title": "New title", "colour": "red"}}
    answer = api("PUT", f"organization_fields/{ident}.json", kept)
    assert answer.json()["organization_field"]["raw_title"] == "New title"
    assert "colour" in answer.headers["x-zendesk-api-warn"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": ""}, "title"),
        ({"key": ""}, "key"),
        ({"key": "with space"}, "key"),
        ({"key": "cs_health_score"}, "key"),
        ({"type": "money"}, "type"),
        ({"type": "dropdown"}, "custom_field_options"),
        ({"type": "dropdown", "custom_field_options": [OPTIONS[0], OPTIONS[0]]}, "custom_field_options"),
        ({"type": "regexp"}, "regexp_for_validation"),
    ],
)
def test_a_definition_that_breaks_a_rule_is_refused(api, more, field):
    answer = make(api, **more)
    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])


@pytest.mark.parametrize("options", [["gold"], [None], [1], [[]], [{"name": "Gold", "value": ["gold"]}]])
def test_options_that_are_none_are_refused(api, options):
    answer = make(api, type="dropdown", custom_field_options=options)
    assert (answer.status_code, list(answer.json()["details"])) == (422, ["custom_field_options"])


def test_options_are_added_changed_and_deleted(api):
    make(api, "user", type="dropdown", custom_field_options=OPTIONS)
    path = "user_fields/plan/options"
    added = api("POST", f"{path}.json", {"custom_field_option": {"name": "Trial", "value": "trial"}})
    assert added.status_code == 201
    ident = added.json()["custom_field_option"]["id"]
    renamed = {"custom_field_option": {"id": ident, "name": "Try", "value": "trial"}}
    assert api("POST", f"{path}.json", renamed).status_code == 200
    assert [o["name"] for o in api.get(f"{path}.json")["custom_field_options"]] == ["Gold", "Free", "Try"]
    assert api("DELETE", f"{path}/{ident}.json").status_code == 204
    assert api("GET", f"{path}/{ident}.json").status_code == 404
    field = api.get("user_fields/plan.json")["user_field"]
    assert [o["value"] for o in field["custom_field_options"]] == ["gold", "free"]


def test_a_new_field_is_shown_by_every_record_at_once(api):
    seed(api, organization(1))
    before = api.get("organizations/1.json")["organization"]["organization_fields"]
    make(api)
    after = api.get("organizations/1.json")["organization"]["organization_fields"]
    assert after == {**before, "plan": None}
    api("DELETE", "organization_fields/plan.json")
    assert api.get("organizations/1.json")["organization"]["organization_fields"] == before


def test_system_fields_stay(api):
    system = api.get("ticket_fields.json")["ticket_fields"][0]
    assert (system["removable"], "key" in system) == (False, False)
    assert api("DELETE", f"ticket_fields/{system['id']}.json").status_code == 422
