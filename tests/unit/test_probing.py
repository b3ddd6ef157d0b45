"""What a probe concludes, from answers that are made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cs_connector.errors import NotPermitted, UsageError
from cs_connector.ports import Answer, Ask
from cs_connector.runner.assumptions import Assumption
from cs_connector.runner.probing import outline, tried
from cs_connector.transport.looking import look


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 11, 25, 12, tzinfo=UTC)

    def sleep(self, seconds: float) -> None: ...


class Scripted:
    """Gives prepared answers in order, and keeps what it was asked."""

    def __init__(self, *answers: Answer | Exception | None) -> None:
        self.answers, self.asked = list(answers), list[Ask]()

    def look(self, ask: Ask) -> Answer | None:
        self.asked.append(ask)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def said(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, body)


def result(crm: Scripted, *steps: dict[str, Any], look: str = "look", unseen: str = "") -> tuple[str, str]:
    said = {"id": "X1", "claim": "c", "used": (), "look": look, "steps": steps, "unseen": unseen}
    one = Assumption.model_validate(said)
    found = tried(crm, Noon(), one)
    return found["verdict"], found["why"]


@pytest.mark.parametrize(
    ("expect", "holds"),
    [
        ({"status": 200}, True),
        ({"status": 422}, False),
        ({"has": "rows.0.id"}, True),
        ({"has": "rows.1"}, False),
        ({"kind": {"rows": "list", "rows.0.gone": "null"}}, True),
        ({"kind": {"rows.0.id": "number"}}, False),
        ({"is": {"rows.0.name": "Ann"}}, True),
        ({"is": {"rows.0.name": "Bo"}}, False),
        ({"some": {"rows": {"name": "Ann", "id": "7"}}}, True),
        ({"some": {"rows": {"name": "Bo"}}}, False),
        ({"header": "x-left-*"}, True),
        ({"header": "x-right"}, False),
    ],
)
def test_each_expectation(expect: dict[str, Any], holds: bool) -> None:
    crm = Scripted(said({"rows": [{"id": "7", "name": "Ann", "gone": None}]}, headers={"x-left-today": "3"}))
    verdict, why = result(crm, {"get": "/rows", "expect": [expect]})
    assert verdict == ("confirmed" if holds else "refuted")
    assert "Ann" not in why


def test_what_was_kept_goes_into_the_next_step() -> None:
    crm = Scripted(said({"rows": [{"id": 7}]}), said({}))
    steps = (
        {"get": "/rows", "query": {"since": "{-10m:epoch}"}, "keep": {"id": "rows.0.id"}},
        {"search": "/search", "body": {"after": "{id}", "before": "{now:millis}"}},
    )
    assert result(crm, *steps) == ("confirmed", "")
    assert crm.asked[0].query == {"since": "1795607400"}
    assert crm.asked[1].body == {"after": "7", "before": "1795608000000"}


def test_what_reading_shows_only_a_part_of_is_not_called_confirmed() -> None:
    step = {"get": "/rows", "expect": [{"status": 200}]}
    verdict, why = result(Scripted(said({})), step, unseen="that none is missing")
    assert (verdict, why) == ("in part", "no reading shows that none is missing")
    refuted = {"get": "/rows", "expect": [{"status": 404}]}
    assert result(Scripted(said({})), refuted, unseen="that none is missing")[0] == "refuted"


def test_what_cannot_be_tested() -> None:
    assert result(Scripted())[0] == "untestable"
    assert result(Scripted(), look="")[1].startswith("only a write")
    for answer in (None, NotPermitted("not allowed")):
        assert result(Scripted(answer), {"get": "/rows"})[0] == "untestable"
    assert result(Scripted(said({}, 404)), {"get": "/rows", "needs": 200}) == (
        "untestable",
        "/rows answered 404",
    )
    assert (
        result(Scripted(said({"rows": []})), {"get": "/rows", "keep": {"id": "rows.0.id"}})[0] == "untestable"
    )


def test_an_outline_has_no_values() -> None:
    record = {"name": "Ann", "score": 3, "tags": ["vip"], "deep": {"deeper": {"deepest": {"x": 1}}}}
    assert outline([record, record]) == [
        {"name": "text", "score": "number", "tags": ["text"], "deep": {"deeper": {"deepest": "object"}}}
    ]


def test_a_probe_cannot_write() -> None:
    with pytest.raises(UsageError, match="not a search"):
        look(None, "https://crm.example", Ask("/records", body={"name": "x"}))  # type: ignore[arg-type]
